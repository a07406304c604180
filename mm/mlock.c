/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mlock - memory that reclaim must leave alone, and memory faulted in ahead of its
 * use (Linux 4.4, mm/mlock.c; populate: mm/gup.c).
 */
#include "mm/vma.h"

#include "mm/rmap.h"
#include "mm/swap.h"

#include <errno.h>

/* ---- pages ---- */

/* To the list where it belongs by its PG_mlocked. */
static void sort_page(struct kernel *k, struct page *page)
{
	if (!PageLRU(page))
		return;
	lru_cache_del(k, page);
	putback_lru_page(k, page);
}

void mlock_vma_page(struct kernel *k, struct page *page)
{
	if (TestSetPageMlocked(page))
		return;
	mod_vm_quantity(k, NR_MLOCK, 1);
	sort_page(k, page);
}

void munlock_vma_page(struct kernel *k, struct page *page)
{
	if (!PageMlocked(page) || page_is_mapped_locked(k, page))
		return;
	ClearPageMlocked(page);
	mod_vm_quantity(k, NR_MLOCK, -1);
	sort_page(k, page);
}

/* The pages that the VMA has mapped follow its flags. */
static void sort_vma_pages(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end)
{
	struct pte_walk w = pte_walk_range(k, vma->vm_mm, start, end);

	if (vma->vm_special)
		return;
	while (pte_walk_next(&w)) {
		pte_t pte = pte_walk_get(&w);
		struct page *page = pte_present(pte) ? vm_normal_page(k, vma, pte) : NULL;

		if (!page)
			continue;
		if (vma->vm_flags & VM_LOCKED)
			mlock_vma_page(k, page);
		else
			munlock_vma_page(k, page);
	}
}

/* ---- faulting in ahead ---- */

static int populate_page(struct kernel *k, struct vm_area_struct *vma, va_t va, bool write)
{
	const pte_slot_t *ptep;

	/* A copy-on-write fault may take two rounds, and reclaim may come between. */
	for (int tries = 0; tries < 16; tries++) {
		pte_t pte;

		ptep = pte_lookup(k, vma->vm_mm, va);
		pte = ptep ? pte_get(k, ptep) : (pte_t){ 0 };
		if (pte_accessible(pte) && (!write || pte_write(pte)))
			return 0;
		switch (handle_mm_fault(k, vma, va, write, false).outcome) {
		case FAULT_MINOR_DONE:
		case FAULT_MAJOR_DONE:
			break;
		case FAULT_OOM:
			return -ENOMEM;
		case FAULT_SIGSEGV:
		case FAULT_SIGBUS:
			return -EFAULT;
		}
	}
	return -ENOMEM; /* as soon as it is there, it is taken again */
}

static int populate_vma(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end,
                        bool write)
{
	if (!vma_is_accessible(vma) || vma->vm_flags & (VM_IO | VM_PFNMAP))
		return -EFAULT;
	for (va_t va = start; va < end; va += PAGE_SIZE) {
		int err = populate_page(k, vma, va, write);

		if (err)
			return err;
	}
	return 0;
}

int mm_populate(struct kernel *k, struct mm_struct *mm, va_t start, va_t end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	for (; vma && vma->vm_start < end; vma = vma_next(mm, vma)) {
		va_t first = vma->vm_start > start ? vma->vm_start : start;
		va_t last = vma->vm_end < end ? vma->vm_end : end;
		bool write = (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
		int err;

		if (vma->vm_flags & (VM_LOCKONFAULT | VM_IO | VM_PFNMAP))
			continue;
		err = populate_vma(k, vma, first, last, write);
		if (err)
			return err;
	}
	return 0;
}

int madvise_populate(struct kernel *k, struct mm_struct *mm, va_t start, va_t end, bool write)
{
	for (va_t va = start; va < end;) {
		struct vm_area_struct *vma = vma_lookup(mm, va);
		va_t last;
		int err;

		if (!vma)
			return -ENOMEM;
		if (vma->vm_flags & (VM_IO | VM_PFNMAP) ||
		    !(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
			return -EINVAL;
		last = vma->vm_end < end ? vma->vm_end : end;
		err = populate_vma(k, vma, va, last, write);
		if (err)
			return err;
		va = last;
	}
	return 0;
}

/* ---- the calls ---- */

#define VM_LOCKED_MASK ((uint64_t)(VM_LOCKED | VM_LOCKONFAULT))

/* mlock_fixup() */
static int lock_vma(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end,
                    uint64_t lock_flags)
{
	struct mm_struct *mm = vma->vm_mm;
	uint64_t old = vma->vm_flags, new = (old & ~VM_LOCKED_MASK) | lock_flags;
	uint64_t nr_pages = (end - start) >> PAGE_SHIFT;
	int err;

	if (new == old || old & VM_SPECIAL || vma->vm_special)
		return 0;
	err = vma_change_flags(k, &vma, start, end, new);
	if (err)
		return err;
	if (new &VM_LOCKED && !(old & VM_LOCKED))
		mm->locked_vm += nr_pages;
	else if (!(new &VM_LOCKED) && old & VM_LOCKED)
		mm->locked_vm -= nr_pages;
	sort_vma_pages(k, vma, start, end);
	return 0;
}

/* apply_vma_lock_flags(): up to the first hole. */
static int lock_range(struct kernel *k, struct mm_struct *mm, va_t start, va_t end,
                      uint64_t lock_flags)
{
	if (end < start)
		return -EINVAL;
	while (start < end) {
		struct vm_area_struct *vma = vma_lookup(mm, start);
		va_t last;
		int err;

		if (!vma)
			return -ENOMEM;
		last = vma->vm_end < end ? vma->vm_end : end;
		err = lock_vma(k, vma, start, last, lock_flags);
		if (err)
			return err;
		start = last;
	}
	return 0;
}

/* Pages of the range that count against RLIMIT_MEMLOCK already. */
static uint64_t count_locked_pages(struct mm_struct *mm, va_t start, va_t end)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, start, end);
	uint64_t nr_pages = 0;

	for (; vma && vma->vm_start < end; vma = vma_next(mm, vma)) {
		va_t first = vma->vm_start > start ? vma->vm_start : start;
		va_t last = vma->vm_end < end ? vma->vm_end : end;

		if (vma->vm_flags & VM_LOCKED)
			nr_pages += (last - first) >> PAGE_SHIFT;
	}
	return nr_pages;
}

/* As POSIX wants them: __mlock_posix_error_return(). */
static int posix_error(int err)
{
	if (err == -EFAULT)
		return -ENOMEM;
	return err == -ENOMEM ? -EAGAIN : err;
}

int do_mlock(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, bool lock)
{
	uint64_t nr_pages;
	va_t end;
	int err;

	if (lock && !can_do_mlock(mm))
		return -EPERM;
	len = page_align(len + (start & ~PAGE_MASK));
	start &= PAGE_MASK;
	end = start + len;
	if (!lock)
		return lock_range(k, mm, start, end, 0);
	nr_pages = mm->locked_vm + (len >> PAGE_SHIFT);
	if (nr_pages > mm->memlock_limit >> PAGE_SHIFT)
		nr_pages -= end > start ? count_locked_pages(mm, start, end) : 0;
	if (nr_pages > mm->memlock_limit >> PAGE_SHIFT)
		return -ENOMEM;
	err = lock_range(k, mm, start, end, VM_LOCKED);
	return err ? err : posix_error(mm_populate(k, mm, start, end));
}

/* Locks or unlocks what can be; holes and failures do not matter. */
static void lock_all(struct kernel *k, struct mm_struct *mm, uint64_t lock_flags)
{
	va_t va = 0;
	struct vm_area_struct *vma;

	while ((vma = find_vma(mm, va))) {
		va = vma->vm_end;
		lock_vma(k, vma, vma->vm_start, va, lock_flags);
	}
}

int do_mlockall(struct kernel *k, struct mm_struct *mm, int flags)
{
	uint64_t lock_flags = VM_LOCKED | (flags & MCL_ONFAULT_ ? VM_LOCKONFAULT : 0);

	if (!flags) { /* munlockall(2) */
		mm->def_flags &= ~VM_LOCKED_MASK;
		lock_all(k, mm, 0);
		return 0;
	}
	if (flags & ~(MCL_CURRENT_ | MCL_FUTURE_ | MCL_ONFAULT_) || flags == MCL_ONFAULT_)
		return -EINVAL;
	if (!can_do_mlock(mm))
		return -EPERM;
	if (flags & MCL_CURRENT_ && mm->total_vm > mm->memlock_limit >> PAGE_SHIFT)
		return -ENOMEM;
	mm->def_flags &= ~VM_LOCKED_MASK;
	if (flags & MCL_FUTURE_)
		mm->def_flags |= lock_flags;
	if (!(flags & MCL_CURRENT_))
		return 0;
	lock_all(k, mm, lock_flags);
	mm_populate(k, mm, 0, mm->task_size);
	return 0;
}
