/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mprotect - other rights for what is mapped (Linux 4.4, mm/mprotect.c; writable at
 * once where no copy is needed: 6.2, can_change_pte_writable()).
 */
#include "mm/vma.h"

#include "mm/swap.h"

#include <errno.h>

#define PROT_SEM 0x8u
#define PROT_GROWSUP 0x02000000u

/* ---- entries ---- */

/* A write fault on the entry would do nothing but make it writable. */
static bool can_change_pte_writable(struct kernel *k, struct vm_area_struct *vma, pte_t pte)
{
	struct page *page;

	if (!(vma->vm_flags & VM_WRITE) || !pte_accessible(pte))
		return false;
	if (vma->vm_flags & VM_SHARED)
		return pte_dirty(pte); /* its page is dirty already */
	page = vm_normal_page(k, vma, pte);
	return page && PageAnon(page) && page->_mapcount == 1 &&
	       (!PageSwapCache(page) || !page_swapcount(k, page));
}

static void change_protection(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end)
{
	struct pte_walk w = pte_walk_range(k, vma->vm_mm, start, end);
	struct tlb_gather tlb = TLB_GATHER_INIT(FLUSH_MPROTECT);

	while (pte_walk_next(&w)) {
		pte_t old = pte_walk_get(&w), new;

		if (!pte_present(old))
			continue;
		new = pte_modify(old, (pte_t){ vma->vm_page_prot });
		if (can_change_pte_writable(k, vma, new))
			new = pte_mkwrite(new);
		if (pte_same(old, new))
			continue;
		set_pte(k, w.ptep, new);
		if (pte_accessible(old))
			tlb_gather_page(&tlb, w.va);
	}
	tlb_gather_flush(k, vma->vm_mm, &tlb);
}

/* ---- VMAs ---- */

/* A private mapping that becomes writable is committed from now on, and counts as
 * data; one that had no page yet and may no longer have any is not (Linux 6.8). 0 or
 * -ENOMEM; *vm_flags may gain or lose VM_ACCOUNT. */
static int charge(struct kernel *k, const struct vm_area_struct *vma, uint64_t nr_pages,
                  uint64_t *vm_flags)
{
	uint64_t old = vma->vm_flags;

	if (!(*vm_flags & VM_WRITE)) {
		if (vma_is_anonymous(vma) && !vma->anon_vma)
			*vm_flags &= ~(uint64_t)VM_ACCOUNT;
		return 0;
	}
	if (!may_expand_vm(vma->vm_mm, *vm_flags, nr_pages) &&
	    may_expand_vm(vma->vm_mm, old, nr_pages))
		return -ENOMEM;
	if (old & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE))
		return 0;
	if (vm_enough_memory(k, vma->vm_mm, nr_pages))
		return -ENOMEM;
	*vm_flags |= VM_ACCOUNT;
	return 0;
}

/* mprotect_fixup() */
static int protect_vma(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end,
                       uint64_t vm_flags)
{
	struct mm_struct *mm = vma->vm_mm;
	uint64_t old = vma->vm_flags, nr_pages = (end - start) >> PAGE_SHIFT;
	int err;

	if (vm_flags == old)
		return 0;
	err = charge(k, vma, nr_pages, &vm_flags);
	if (err)
		return err;
	err = vma_change_flags(k, &vma, start, end, vm_flags);
	if (err) {
		if (vm_flags & ~old & VM_ACCOUNT)
			vm_unacct_memory(k, nr_pages);
		return err;
	}
	if (old & ~vm_flags & VM_ACCOUNT)
		vm_unacct_memory(k, nr_pages);
	change_protection(k, vma, start, end);
	vm_stat_account(mm, old, vma->vm_file, -(int64_t)nr_pages);
	vm_stat_account(mm, vm_flags, vma->vm_file, (int64_t)nr_pages);
	/* Locked memory is there, private writable memory in copies of its own. */
	if ((old & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED && vm_flags & VM_WRITE)
		mm_populate(k, mm, start, end);
	return 0;
}

/* Where a PROT_GROWSDOWN range really starts: at the bottom of its stack. */
static int find_start(const struct vm_area_struct *vma, bool grows_down, va_t *start, va_t end)
{
	if (!vma)
		return -ENOMEM;
	if (!grows_down)
		return vma->vm_start > *start ? -ENOMEM : 0;
	if (vma->vm_start >= end)
		return -ENOMEM;
	*start = vma->vm_start;
	return vma->vm_flags & VM_GROWSDOWN ? 0 : -EINVAL;
}

int do_mprotect(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, uint32_t prot)
{
	bool grows_down = prot & PROT_GROWSDOWN_;
	va_t end;
	int err;

	if (grows_down && prot & PROT_GROWSUP)
		return -EINVAL;
	prot &= ~(PROT_GROWSDOWN_ | PROT_GROWSUP);
	if (start & ~PAGE_MASK)
		return -EINVAL;
	if (!len)
		return 0;
	end = start + page_align(len);
	if (end <= start)
		return -ENOMEM;
	if (prot & ~(PROT_READ_ | PROT_WRITE_ | PROT_EXEC_ | PROT_SEM))
		return -EINVAL;
	err = find_start(find_vma(mm, start), grows_down, &start, end);
	while (!err && start < end) {
		struct vm_area_struct *vma = vma_lookup(mm, start);
		uint64_t vm_flags;
		va_t last;

		if (!vma)
			return -ENOMEM;
		vm_flags = (vma->vm_flags & ~(uint64_t)VM_ACCESS_FLAGS) | calc_vm_prot_bits(prot);
		if (vm_flags & ~(vm_flags >> 4) & VM_ACCESS_FLAGS) /* beyond VM_MAY* */
			return -EACCES;
		last = vma->vm_end < end ? vma->vm_end : end;
		err = protect_vma(k, vma, start, last, vm_flags);
		start = last;
	}
	return err;
}
