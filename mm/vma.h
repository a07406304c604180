/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vma - what mmap, mprotect, mremap, madvise, mlock and faults do with VMAs: the
 * tree and list, merging, splitting, limits and accounts. For mm/ alone; others use
 * mm/mm.h.
 *
 * Two neighbours merge if they touch and differ in nothing that a fault or
 * /proc/PID/maps could tell: flags, file and offset, policy, and their anon_vma, where one
 * that has none yet takes over the other's.
 */
#ifndef PW_MM_VMA_H
#define PW_MM_VMA_H

#include "mm/mm.h"
#include "mm/pgtable.h"

/* Linux's defaults of vm.max_map_count, vm.mmap_min_addr and vm.stack_guard_gap. */
#define MAX_MAP_COUNT 65530
#define MMAP_MIN_ADDR ((va_t)64 * KIB)
#define STACK_GUARD_GAP ((uint64_t)256 << PAGE_SHIFT)

#define VM_ACCESS_FLAGS (VM_READ | VM_WRITE | VM_EXEC)
/* Never merged, never grown. */
#define VM_SPECIAL (VM_IO | VM_DONTEXPAND | VM_PFNMAP)

static inline va_t page_align(va_t va)
{
	return (va + PAGE_SIZE - 1) & PAGE_MASK;
}

static inline uint64_t vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

static inline bool vma_is_anonymous(const struct vm_area_struct *vma)
{
	return !vma->vm_file && !vma->vm_special;
}

static inline bool vma_is_accessible(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_ACCESS_FLAGS;
}

/* Where a page of the VMA stands in its file or anon_vma. */
static inline pgoff_t linear_page_index(const struct vm_area_struct *vma, va_t va)
{
	return vma->vm_pgoff + ((va - vma->vm_start) >> PAGE_SHIFT);
}

/* First address that must stay free below the VMA's start. */
static inline va_t vm_start_gap(const struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_GROWSDOWN))
		return vma->vm_start;
	return vma->vm_start > STACK_GUARD_GAP ? vma->vm_start - STACK_GUARD_GAP : 0;
}

static inline uint64_t calc_vm_prot_bits(uint32_t prot)
{
	return (prot & PROT_READ_ ? VM_READ : 0) | (prot & PROT_WRITE_ ? VM_WRITE : 0) |
	       (prot & PROT_EXEC_ ? VM_EXEC : 0);
}

/* ---- tree and list (vma.c) ---- */

/* A copy of *from, or zeroes if NULL; in no tree, list or anon_vma. NULL: no memory. */
struct vm_area_struct *vma_alloc(struct kernel *k, const struct vm_area_struct *from);
/* Into tree and list, its file's i_mmap (whose reference it has taken) and its
 * anon_vma if it has one. */
void vma_link(struct mm_struct *mm, struct vm_area_struct *vma);
/* Out of everything; drops the file's reference and frees it. */
void vma_remove(struct kernel *k, struct mm_struct *mm, struct vm_area_struct *vma);
/* The VMA below the first one that ends above va, or NULL. */
struct vm_area_struct *find_vma_prev(struct mm_struct *mm, va_t va);
struct vm_area_struct *vma_prev(const struct mm_struct *mm, const struct vm_area_struct *vma);
/* The one that has va in it, or NULL. */
struct vm_area_struct *vma_lookup(struct mm_struct *mm, va_t va);

/* ---- merge and split (vma.c) ---- */

/* [start, end) is to become a VMA with these traits; it is free, or the VMAs in it
 * are about to be replaced. If a neighbour can take it over, it does, and is
 * returned (whatever lay in the range is trimmed or gone); else NULL. */
struct vma_traits {
	uint64_t vm_flags;
	struct anon_vma *anon_vma;
	struct file *file;
	pgoff_t pgoff; /* of start */
	struct mempolicy *policy;
};
struct vm_area_struct *vma_merge(struct kernel *k, struct mm_struct *mm, va_t start, va_t end,
                                 const struct vma_traits *traits);
/* Cuts at va; the new VMA is the lower part if new_below. 0, or -ENOMEM: no memory,
 * or (split_vma() alone) too many VMAs. */
int split_vma(struct kernel *k, struct vm_area_struct *vma, va_t va, bool new_below);
int __split_vma(struct kernel *k, struct vm_area_struct *vma, va_t va, bool new_below);
/* Gives [start, end) of the VMA other flags, by merging or splitting; *vmap is the
 * VMA that has the range then. 0 or -ENOMEM. Entries are not touched. */
int vma_change_flags(struct kernel *k, struct vm_area_struct **vmap, va_t start, va_t end,
                     uint64_t vm_flags);
/* vm_page_prot from vm_flags: read-only where the first write has to be noticed. */
void vma_set_page_prot(const struct kernel *k, struct vm_area_struct *vma);
/* A file's shared pages: writes to clean ones fault, to make them dirty. */
bool vma_wants_writenotify(const struct vm_area_struct *vma);

/* ---- limits and accounts (vma.c) ---- */

bool is_data_mapping(uint64_t vm_flags);
/* RLIMIT_AS and RLIMIT_DATA allow that many pages more. */
bool may_expand_vm(const struct mm_struct *mm, uint64_t vm_flags, uint64_t nr_pages);
/* RLIMIT_MEMLOCK does, if the flags lock. */
bool mlock_future_ok(const struct mm_struct *mm, uint64_t vm_flags, uint64_t len);
bool can_do_mlock(const struct mm_struct *mm);
/* nr_pages may be negative. */
void vm_stat_account(struct mm_struct *mm, uint64_t vm_flags, const struct file *file,
                     int64_t nr_pages);
/* Private writable memory counts as committed. */
bool accountable_mapping(const struct file *file, uint64_t vm_flags);
/* Commits pages for the mm (NULL: for a file), or -ENOMEM as config.overcommit_memory
 * says. */
int vm_enough_memory(struct kernel *k, const struct mm_struct *mm, uint64_t nr_pages);
void vm_unacct_memory(struct kernel *k, uint64_t nr_pages);

static inline void update_hiwater_rss(struct mm_struct *mm)
{
	uint64_t rss = get_mm_rss(mm);

	if (rss > mm->hiwater_rss)
		mm->hiwater_rss = rss;
}

static inline void update_hiwater_vm(struct mm_struct *mm)
{
	if (mm->total_vm > mm->hiwater_vm)
		mm->hiwater_vm = mm->total_vm;
}

/* ---- mmap.c ---- */

/* A free range by the rules of mmap(2); flags are MAP_*. The address or -errno. */
int64_t get_unmapped_area(struct mm_struct *mm, va_t hint, uint64_t len, uint32_t flags);
/* Grows a VM_GROWSDOWN VMA down to va, where there is none. 0 or -errno. */
int expand_stack(struct kernel *k, struct vm_area_struct *vma, va_t va);

/* ---- shmem_zero.c ---- */

/* The file behind shared anonymous memory, with one reference. NULL: no memory. */
struct file *shmem_zero_file(struct kernel *k, const struct mm_struct *mm, uint64_t len,
                             uint64_t vm_flags);

/* ---- memory.c ---- */

/* Which present entries went, to flush them in one go: [start, end). */
struct tlb_gather {
	va_t start, end;
	bool freed_tables;
	enum tlb_flush_cause cause;
};

#define TLB_GATHER_INIT(cause) ((struct tlb_gather){ UINT64_MAX, 0, false, cause })

static inline void tlb_gather_page(struct tlb_gather *tlb, va_t va)
{
	if (va < tlb->start)
		tlb->start = va;
	if (va + PAGE_SIZE > tlb->end)
		tlb->end = va + PAGE_SIZE;
}

/* Nothing if nothing was gathered. */
void tlb_gather_flush(struct kernel *k, struct mm_struct *mm, const struct tlb_gather *tlb);

/* Takes every page and swap entry of [start, end) out of the VMA's page tables. */
void unmap_page_range(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end,
                      struct tlb_gather *tlb);
/* The same, and flushes. */
void zap_page_range(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end);

/* Page tables, VMA and rss agree on what the page counts as. */
static inline enum rss_kind mm_counter(const struct page *page)
{
	if (PageAnon(page))
		return MM_ANONPAGES;
	return PageSwapBacked(page) ? MM_SHMEMPAGES : MM_FILEPAGES;
}

/* Handles a fault at va in the VMA, which allows the access. Counts it. */
struct fault_result handle_mm_fault(struct kernel *k, struct vm_area_struct *vma, va_t va,
                                    bool write, bool stack_grew);

/* ---- mlock.c ---- */

/* MADV_POPULATE_READ and _WRITE. 0; -ENOMEM: a hole or no memory, -EFAULT, -EINVAL. */
int madvise_populate(struct kernel *k, struct mm_struct *mm, va_t start, va_t end, bool write);
/* The page of a VM_LOCKED VMA goes to the unevictable list. */
void mlock_vma_page(struct kernel *k, struct page *page);
/* One locked mapping less: back to the other lists if it was the last. */
void munlock_vma_page(struct kernel *k, struct page *page);

#endif
