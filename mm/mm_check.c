/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_check - what must hold of an mm, derived anew from its VMAs and page tables.
 */
#include "mm/vma.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static bool __attribute__((format(printf, 3, 4)))
invalid(char *what, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(what, size, format, args);
	va_end(args);
	return false;
}

/* What an mm's counters must be. */
struct mm_sums {
	int64_t rss[NR_MM_COUNTERS];
	int32_t map_count;
	struct mm_struct account; /* total_vm and its kind */
	uint64_t locked_vm;
};

static bool vma_is_valid(struct kernel *k, const struct mm_struct *mm,
                         const struct vm_area_struct *vma, va_t above, char *what, size_t size)
{
	struct vm_area_struct twin = *vma;

	vma_set_page_prot(k, &twin);
	if (vma->vm_mm != mm || vma->vm_start < above || vma->vm_start >= vma->vm_end ||
	    vma->vm_end > mm->task_size || (vma->vm_start | vma->vm_end) & ~PAGE_MASK)
		return invalid(what, size, "mm: VMA %#" PRIx64 "-%#" PRIx64 " above %#" PRIx64,
		               vma->vm_start, vma->vm_end, above);
	if (twin.vm_page_prot != vma->vm_page_prot)
		return invalid(what, size, "mm: VMA %#" PRIx64 " has stale vm_page_prot",
		               vma->vm_start);
	if (vma->vm_flags & VM_SHARED && !vma->vm_file && !vma->vm_special)
		return invalid(what, size, "mm: VMA %#" PRIx64 " is shared, but what?",
		               vma->vm_start);
	return true;
}

/* An entry's rights are no more than the VMA's. */
static bool entry_is_valid(struct kernel *k, const struct vm_area_struct *vma, pte_t pte)
{
	if (pte_is_swap(pte))
		return swap_map_at(k, pte_to_swp_entry(k, pte));
	if (!pfn_valid(k, pte_pfn(pte)))
		return false;
	if (pte_write(pte) && (!(vma->vm_flags & VM_WRITE) || is_zero_pfn(k, pte_pfn(pte))))
		return false;
	if (pgtable_is_wide(k) && pte_accessible(pte) && !(pte.val & PTE_NX) &&
	    !(vma->vm_flags & VM_EXEC))
		return false;
	return pte_accessible(pte) == vma_is_accessible(vma);
}

static bool add_entries(struct kernel *k, const struct mm_struct *mm,
                        const struct vm_area_struct *vma, struct mm_sums *sums, char *what,
                        size_t size)
{
	struct pte_walk w = pte_walk_range(k, mm, vma->vm_start, vma->vm_end);

	while (pte_walk_next(&w)) {
		pte_t pte = pte_walk_get(&w);
		const struct page *page;

		if (pte_none(pte))
			continue;
		if (!entry_is_valid(k, vma, pte))
			return invalid(what, size,
			               "mm: entry %#" PRIx64 " at %#" PRIx64 ", vm_flags %#" PRIx64,
			               pte.val, w.va, vma->vm_flags);
		if (pte_is_swap(pte)) {
			sums->rss[MM_SWAPENTS]++;
			continue;
		}
		page = vm_normal_page(k, vma, pte);
		if (page)
			sums->rss[mm_counter(page)]++;
	}
	return true;
}

/* Nothing is mapped where there is no VMA. */
static bool hole_is_empty(struct kernel *k, const struct mm_struct *mm, va_t start, va_t end,
                          char *what, size_t size)
{
	struct pte_walk w = pte_walk_range(k, mm, start, end);

	while (pte_walk_next(&w))
		if (!pte_none(pte_walk_get(&w)))
			return invalid(what, size, "mm: entry at %#" PRIx64 " outside of VMAs",
			               w.va);
	return true;
}

static bool sums_are_valid(const struct mm_struct *mm, const struct mm_sums *sums, char *what,
                           size_t size)
{
	const struct mm_struct *a = &sums->account;

	for (int kind = 0; kind < NR_MM_COUNTERS; kind++)
		if (mm->rss_stat[kind] != sums->rss[kind])
			return invalid(what, size, "mm: rss_stat[%d] is %" PRId64 ", not %" PRId64,
			               kind, mm->rss_stat[kind], sums->rss[kind]);
	if (mm->map_count != sums->map_count)
		return invalid(what, size, "mm: map_count is %d, not %d", mm->map_count,
		               sums->map_count);
	if (mm->total_vm != a->total_vm || mm->exec_vm != a->exec_vm ||
	    mm->stack_vm != a->stack_vm || mm->data_vm != a->data_vm ||
	    mm->shared_vm != a->shared_vm || mm->locked_vm != sums->locked_vm)
		return invalid(what, size,
		               "mm: total %" PRIu64 "/%" PRIu64 ", exec %" PRIu64 "/%" PRIu64
		               ", stack %" PRIu64 "/%" PRIu64 ", data %" PRIu64 "/%" PRIu64
		               ", shared %" PRIu64 "/%" PRIu64 ", locked %" PRIu64 "/%" PRIu64,
		               mm->total_vm, a->total_vm, mm->exec_vm, a->exec_vm, mm->stack_vm,
		               a->stack_vm, mm->data_vm, a->data_vm, mm->shared_vm, a->shared_vm,
		               mm->locked_vm, sums->locked_vm);
	return true;
}

bool mm_is_valid(struct kernel *k, struct mm_struct *mm, char *what, size_t size)
{
	struct mm_sums sums = { 0 };
	struct vm_area_struct *vma;
	va_t above = 0;

	for_each_vma (mm, vma) {
		if (!vma_is_valid(k, mm, vma, above, what, size) ||
		    !hole_is_empty(k, mm, above, vma->vm_start, what, size) ||
		    !add_entries(k, mm, vma, &sums, what, size))
			return false;
		if (find_vma(mm, vma->vm_start) != vma || find_vma(mm, vma->vm_end - 1) != vma)
			return invalid(what, size, "mm: the tree does not have %#" PRIx64,
			               vma->vm_start);
		sums.map_count++;
		vm_stat_account(&sums.account, vma->vm_flags, vma->vm_file,
		                (int64_t)vma_pages(vma));
		if (vma->vm_flags & VM_LOCKED)
			sums.locked_vm += vma_pages(vma);
		above = vma->vm_end;
	}
	if (!hole_is_empty(k, mm, above, mm->task_size, what, size))
		return false;
	if (mm->nr_ptes != count_pgtables(k, mm))
		return invalid(what, size, "mm: nr_ptes is %" PRIu64 ", not %" PRIu64, mm->nr_ptes,
		               count_pgtables(k, mm));
	return sums_are_valid(mm, &sums, what, size);
}
