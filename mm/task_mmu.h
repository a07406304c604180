/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * task_mmu - what the page tables say of an address space, for /proc/PID/smaps,
 * numa_maps and pagemap, and clear_refs (Linux 6.1, fs/proc/task_mmu.c). Looks only:
 * no fault, no count, no accessed bit.
 */
#ifndef PW_MM_TASK_MMU_H
#define PW_MM_TASK_MMU_H

#include "mm/kernel.h"

/* Sums over VMAs, in bytes; proportional ones in 1/4096 bytes: a page counts by its
 * share among all entries that map it. */
#define PSS_SHIFT 12

struct mem_size_stats {
	uint64_t resident;
	uint64_t shared_clean, shared_dirty, private_clean, private_dirty;
	uint64_t referenced, anonymous, swap;
	uint64_t pss, pss_anon, pss_file, pss_shmem, pss_dirty, pss_locked, swap_pss;
};

/* Adds the VMA's pages. */
void smap_gather_stats(struct kernel *k, const struct vm_area_struct *vma,
                       struct mem_size_stats *mss);

/* In pages. */
struct numa_maps {
	uint64_t pages, anon, active, writeback, swapcache, dirty;
	uint64_t node[MAX_NUMNODES]; /* pages of each */
	int32_t mapcount_max;
};

void gather_numa_stats(struct kernel *k, const struct vm_area_struct *vma, struct numa_maps *maps);

/* The word of /proc/PID/pagemap for the page at va; frames only if show_pfn:
 * bits 0-54 frame (or swap type 0-4 and slot 5-54), 56 mapped by this entry alone,
 * 61 of a file or shared memory, 62 swapped, 63 present. */
uint64_t pagemap_entry(struct kernel *k, struct mm_struct *mm, va_t va, bool show_pfn);

/* What is written to /proc/PID/clear_refs. */
enum clear_refs_type { CLEAR_REFS_ALL = 1, CLEAR_REFS_ANON, CLEAR_REFS_MAPPED };

/* Makes the mm's pages of the kind look unused: accessed bits of its entries and the
 * pages' referenced flags; flushes. */
void clear_refs(struct kernel *k, struct mm_struct *mm, enum clear_refs_type type);

#endif
