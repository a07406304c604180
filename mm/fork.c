/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fork - an address space copied for a child: VMAs one by one, entries only where
 * they cannot be had again by a fault (Linux 4.4, kernel/fork.c, dup_mmap();
 * mm/memory.c, copy_page_range()).
 */
#include "mm/vma.h"

#include "mm/rmap.h"
#include "mm/swap.h"

#include <errno.h>
#include <string.h>

/* Private and perhaps to be written: the first write copies. */
static bool is_cow_mapping(uint64_t vm_flags)
{
	return (vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/* The child's entry for a page, which has one mapping more then; *old is what the
 * parent keeps. */
static pte_t share_page(struct kernel *k, struct mm_struct *child, const struct vm_area_struct *vma,
                        pte_t *old)
{
	struct page *page = vm_normal_page(k, vma, *old);
	pte_t pte;

	if (is_cow_mapping(vma->vm_flags))
		*old = pte_wrprotect(*old);
	pte = *old;
	/* What the parent wrote to a shared page is for its own entry to tell. */
	if (vma->vm_flags & VM_SHARED)
		pte = pte_mkclean(pte);
	if (page) {
		get_page(page);
		page->_mapcount++;
		child->rss_stat[mm_counter(page)]++;
	}
	return pte_mkold(pte);
}

/* copy_one_pte() */
static int copy_entry(struct kernel *k, struct mm_struct *child, const struct vm_area_struct *vma,
                      const struct pte_walk *w, struct tlb_gather *tlb)
{
	pte_slot_t *to = pte_alloc(k, child, w->va);
	pte_t old = pte_walk_get(w), pte; /* after the allocation, which may reclaim */

	if (!to)
		return -ENOMEM;
	if (pte_none(old))
		return 0;
	if (pte_is_swap(old)) {
		if (swap_duplicate(k, pte_to_swp_entry(k, old)))
			return -ENOMEM;
		child->rss_stat[MM_SWAPENTS]++;
		set_pte(k, to, old);
		return 0;
	}
	set_pte(k, to, share_page(k, child, vma, &old));
	pte = pte_walk_get(w);
	if (!pte_same(pte, old)) {
		set_pte(k, w->ptep, old);
		if (pte_accessible(old))
			tlb_gather_page(tlb, w->va);
	}
	return 0;
}

static int copy_page_range(struct kernel *k, struct mm_struct *child,
                           const struct vm_area_struct *vma)
{
	struct pte_walk w = pte_walk_range(k, vma->vm_mm, vma->vm_start, vma->vm_end);
	struct tlb_gather tlb = TLB_GATHER_INIT(FLUSH_FORK);
	int err = 0;

	/* File pages without copies among them fault in again, from the cache. */
	if (!vma->anon_vma && !(vma->vm_flags & VM_PFNMAP))
		return 0;
	while (!err && pte_walk_next(&w))
		if (!pte_none(pte_walk_get(&w)))
			err = copy_entry(k, child, vma, &w, &tlb);
	tlb_gather_flush(k, vma->vm_mm, &tlb);
	return err;
}

static int copy_vma_to(struct kernel *k, struct mm_struct *child, struct vm_area_struct *vma)
{
	uint64_t nr_pages = vma_pages(vma);
	struct vm_area_struct *copy;

	if (vma->vm_flags & VM_ACCOUNT && vm_enough_memory(k, child, nr_pages))
		return -ENOMEM;
	copy = vma_alloc(k, vma);
	if (!copy) {
		if (vma->vm_flags & VM_ACCOUNT)
			vm_unacct_memory(k, nr_pages);
		return -ENOMEM;
	}
	copy->vm_flags &= ~(uint64_t)(VM_LOCKED | VM_LOCKONFAULT); /* locks are not inherited */
	if (copy->vm_file)
		get_file(copy->vm_file);
	vma_link(child, copy);
	vm_stat_account(child, copy->vm_flags, copy->vm_file, (int64_t)nr_pages);
	return copy_page_range(k, child, vma);
}

/* What does not hang on VMAs and pages. */
static void copy_settings(struct mm_struct *child, const struct mm_struct *mm)
{
	child->mmap_base = mm->mmap_base;
	child->task_size = mm->task_size;
	child->start_code = mm->start_code;
	child->end_code = mm->end_code;
	child->start_data = mm->start_data;
	child->end_data = mm->end_data;
	child->start_brk = mm->start_brk;
	child->brk = mm->brk;
	child->start_stack = mm->start_stack;
	child->arg_start = mm->arg_start;
	child->arg_end = mm->arg_end;
	child->env_start = mm->env_start;
	child->env_end = mm->env_end;
	child->vdso = mm->vdso;
	memcpy(child->saved_auxv, mm->saved_auxv, sizeof(mm->saved_auxv));
	child->stack_limit = mm->stack_limit;
	child->data_limit = mm->data_limit;
	child->as_limit = mm->as_limit;
	child->memlock_limit = mm->memlock_limit;
	child->oom_score_adj = mm->oom_score_adj;
}

struct mm_struct *dup_mm(struct kernel *k, struct mm_struct *mm)
{
	struct mm_struct *child = mm_alloc(k);
	struct vm_area_struct *vma;

	if (!child)
		return NULL;
	copy_settings(child, mm);
	for_each_vma (mm, vma) {
		if (vma->vm_flags & VM_DONTCOPY)
			continue;
		if (copy_vma_to(k, child, vma)) {
			mmput(k, child);
			return NULL;
		}
	}
	child->hiwater_rss = get_mm_rss(child);
	child->hiwater_vm = child->total_vm;
	return child;
}
