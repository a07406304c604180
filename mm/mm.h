/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm - address spaces: VMAs, the calls that change them, and page faults
 * (Linux 4.4, mm/mmap.c, mprotect.c, mremap.c, madvise.c, mlock.c, memory.c;
 * arch/x86/mm/fault.c). Addresses, errors and limits as in 6.1; each file names what
 * else is newer. The guest has no capabilities: every limit holds.
 *
 * Calls take and return what the system calls do: addresses, 0, or -errno.
 */
#ifndef PW_MM_MM_H
#define PW_MM_MM_H

#include "mm/kernel.h"

/* Values of the x86 Linux ABI, so that mm/ needs no host header for them. */
#define PROT_NONE_ 0x0u
#define PROT_READ_ 0x1u
#define PROT_WRITE_ 0x2u
#define PROT_EXEC_ 0x4u
#define PROT_GROWSDOWN_ 0x01000000u

#define MAP_SHARED_ 0x01u
#define MAP_PRIVATE_ 0x02u
#define MAP_SHARED_VALIDATE_ 0x03u
#define MAP_FIXED_ 0x10u
#define MAP_ANONYMOUS_ 0x20u
#define MAP_32BIT_ 0x40u
#define MAP_GROWSDOWN_ 0x0100u
#define MAP_LOCKED_ 0x2000u
#define MAP_NORESERVE_ 0x4000u
#define MAP_POPULATE_ 0x8000u
#define MAP_STACK_ 0x20000u
#define MAP_FIXED_NOREPLACE_ 0x100000u

#define MREMAP_MAYMOVE_ 1u
#define MREMAP_FIXED_ 2u
#define MREMAP_DONTUNMAP_ 4u

#define MADV_NORMAL_ 0
#define MADV_RANDOM_ 1
#define MADV_SEQUENTIAL_ 2
#define MADV_WILLNEED_ 3
#define MADV_DONTNEED_ 4
#define MADV_FREE_ 8
#define MADV_DONTFORK_ 10
#define MADV_DOFORK_ 11
#define MADV_DONTDUMP_ 16
#define MADV_DODUMP_ 17
#define MADV_POPULATE_READ_ 22
#define MADV_POPULATE_WRITE_ 23

#define MS_ASYNC_ 1
#define MS_INVALIDATE_ 2
#define MS_SYNC_ 4

#define MCL_CURRENT_ 1
#define MCL_FUTURE_ 2
#define MCL_ONFAULT_ 4

/* ---- life of an mm ---- */

/* NULL: no memory. mm_users is 1. */
struct mm_struct *mm_alloc(struct kernel *k);
/* For fork: a copy that shares every page, to be copied at the first write to private
 * ones. MADV_DONTFORK areas stay behind, locks are not inherited. NULL: no memory. */
struct mm_struct *dup_mm(struct kernel *k, struct mm_struct *mm);
/* The last user unmaps everything and frees page tables and VMAs. */
void mmput(struct kernel *k, struct mm_struct *mm);

/* A reference to the mm_struct and its top-level table alone, as of a CPU that has it
 * loaded; the last one frees them. */
static inline void mmgrab(struct mm_struct *mm)
{
	mm->mm_count++;
}
void mmdrop(struct kernel *k, struct mm_struct *mm);

/* Its name for CPUs (Linux: init_new_context()). */
static inline void init_new_context(struct kernel *k, struct mm_struct *mm)
{
	mm->context = (struct mm_context){ .ctx_id = ++k->last_mm_ctx_id };
}

/* ---- VMAs ---- */

/* First VMA with vm_end > va, or NULL. */
struct vm_area_struct *find_vma(struct mm_struct *mm, va_t va);
/* First VMA that overlaps [start, end), or NULL. */
struct vm_area_struct *find_vma_intersection(struct mm_struct *mm, va_t start, va_t end);
/* In address order; NULL after the last. */
struct vm_area_struct *vma_next(const struct mm_struct *mm, const struct vm_area_struct *vma);

#define for_each_vma(mm, vma) list_for_each_entry (vma, &(mm)->mmap, vm_list)

/* For exec: a VMA with these flags, without merging; the caller has seen that the
 * range is free. special may be NULL. */
int insert_vma(struct kernel *k, struct mm_struct *mm, va_t start, va_t end, uint64_t vm_flags,
               const struct vm_special_mapping *special);

/* mmap(2) with prot and flags of the ABI; file NULL for anonymous; pgoff in
 * pages. The address, or -errno as a negative value. */
int64_t do_mmap(struct kernel *k, struct mm_struct *mm, struct file *file, va_t hint, uint64_t len,
                uint32_t prot, uint32_t flags, pgoff_t pgoff);
int do_munmap(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len);
int do_mprotect(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, uint32_t prot);
int64_t do_mremap(struct kernel *k, struct mm_struct *mm, va_t old, uint64_t old_len,
                  uint64_t new_len, uint32_t flags, va_t new_address);
/* brk(2): the new break, or the old one if it cannot be had. */
va_t do_brk(struct kernel *k, struct mm_struct *mm, va_t brk);
/* For exec: anonymous memory at a fixed place (bss), with mm->def_flags. */
int vm_brk(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len);
int do_madvise(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, int advice);
int do_msync(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, int flags);
/* One byte a page into vec (kernel memory of len/4096 bytes). */
int do_mincore(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, uint8_t *vec);
int do_mlock(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, bool lock);
int do_mlockall(struct kernel *k, struct mm_struct *mm, int flags); /* flags 0: munlockall */

/* ---- page faults ---- */

enum fault_outcome {
	FAULT_MINOR_DONE,
	FAULT_MAJOR_DONE, /* a disk was read for it */
	FAULT_SIGSEGV,    /* si_code says which */
	FAULT_SIGBUS,
	FAULT_OOM /* the OOM killer has been asked; try again or die */
};

#define SEGV_MAPERR_ 1 /* no VMA there */
#define SEGV_ACCERR_ 2 /* the VMA does not allow it */
#define BUS_ADRERR_ 2  /* past the end of file, or a read error */

struct fault_result {
	enum fault_outcome outcome;
	int si_code;
	enum vm_fault_kind kind; /* when done */
};

/* The page fault handler. error_code as the hardware pushes it; without PF_U the
 * fault is the kernel's own, copying to or from user memory. Any address below a
 * stack may grow it (Linux asked for one near the stack pointer before 5.0). Counts
 * pgfault, pgmajfault, mm->min_flt, maj_flt and by kind. */
struct fault_result do_page_fault(struct kernel *k, struct mm_struct *mm, va_t address,
                                  uint32_t error_code, uint64_t ip);

/* Faults [start, end) in as the VMAs allow (MAP_POPULATE, mlock): writable private
 * memory as if written, the rest as if read. Stops at the first page that cannot be
 * had: 0, or -ENOMEM, -EFAULT. */
int mm_populate(struct kernel *k, struct mm_struct *mm, va_t start, va_t end);

/* Unmaps all pages of the mapping from index `start` on, in every mm. */
void unmap_mapping_pages(struct kernel *k, struct address_space *mapping, pgoff_t start);

/* ---- figures ---- */

/* config.overcommit_memory. */
enum { OVERCOMMIT_GUESS, OVERCOMMIT_ALWAYS, OVERCOMMIT_NEVER };

/* Pages that may be committed with OVERCOMMIT_NEVER. */
uint64_t vm_commit_limit(const struct kernel *k);

static inline uint64_t get_mm_rss(const struct mm_struct *mm)
{
	return (uint64_t)(mm->rss_stat[MM_FILEPAGES] + mm->rss_stat[MM_ANONPAGES] +
	                  mm->rss_stat[MM_SHMEMPAGES]);
}

/* Highest RSS so far, now included. */
static inline uint64_t get_mm_hiwater_rss(const struct mm_struct *mm)
{
	uint64_t rss = get_mm_rss(mm);

	return rss > mm->hiwater_rss ? rss : mm->hiwater_rss;
}

/* Called by kernel_boot(). 0; -ENOMEM, or -EINVAL: more RAM than entries can name. */
int mmap_init(struct kernel *k);

/* Order, overlap, flags, counters of one mm. */
bool mm_is_valid(struct kernel *k, struct mm_struct *mm, char *what, size_t size);

#endif
