/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * madvise - what a program says of its memory, and what it asks of it: madvise,
 * msync, mincore (Linux 4.4 and 6.1, mm/madvise.c, msync.c, mincore.c).
 */
#include "mm/vma.h"

#include "mm/pagemap.h"
#include "mm/swap.h"

#include <errno.h>
#include <string.h>

/* ---- madvise ---- */

/* The flags that the advice leaves, or -EINVAL. */
static int advised_flags(const struct vm_area_struct *vma, int advice, uint64_t *vm_flags)
{
	switch (advice) {
	case MADV_NORMAL_:
		*vm_flags &= ~(uint64_t)(VM_RAND_READ | VM_SEQ_READ);
		return 0;
	case MADV_SEQUENTIAL_:
		*vm_flags = (*vm_flags & ~(uint64_t)VM_RAND_READ) | VM_SEQ_READ;
		return 0;
	case MADV_RANDOM_:
		*vm_flags = (*vm_flags & ~(uint64_t)VM_SEQ_READ) | VM_RAND_READ;
		return 0;
	case MADV_DONTFORK_:
		*vm_flags |= VM_DONTCOPY;
		return 0;
	case MADV_DOFORK_:
		*vm_flags &= ~(uint64_t)VM_DONTCOPY;
		return vma->vm_flags & VM_IO ? -EINVAL : 0;
	case MADV_DONTDUMP_:
		*vm_flags |= VM_DONTDUMP;
		return 0;
	case MADV_DODUMP_:
		*vm_flags &= ~(uint64_t)VM_DONTDUMP;
		return vma->vm_flags & VM_SPECIAL ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static int change_behaviour(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end,
                            int advice)
{
	uint64_t vm_flags = vma->vm_flags;
	int err = advised_flags(vma, advice, &vm_flags);

	if (err || vm_flags == vma->vm_flags)
		return err;
	err = vma_change_flags(k, &vma, start, end, vm_flags);
	return err == -ENOMEM ? -EAGAIN : err; /* as madvise(2) has it */
}

/* Swapped-out pages of the range come into the swap cache. */
static void swapin_range(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end)
{
	struct pte_walk w = pte_walk_range(k, vma->vm_mm, start, end);

	while (pte_walk_next(&w)) {
		pte_t pte = pte_walk_get(&w);
		struct page *page;

		if (!pte_is_swap(pte))
			continue;
		page = swapin_readahead(k, pte_to_swp_entry(k, pte), GFP_HIGHUSER_MOVABLE);
		if (page)
			put_page(k, page);
	}
}

static int will_need(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end)
{
	if (vma->vm_file && !vma->vm_file->f_mapping->shmem)
		force_page_cache_readahead(k, vma->vm_file->f_mapping,
		                           linear_page_index(vma, start),
		                           (end - start) >> PAGE_SHIFT);
	else
		swapin_range(k, vma, start, end);
	return 0;
}

static int dont_need(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end)
{
	if (vma->vm_flags & (VM_LOCKED | VM_PFNMAP))
		return -EINVAL;
	zap_page_range(k, vma, start, end);
	return 0;
}

/* Simplified: the pages go at once. Linux may keep them until memory is short, and
 * before 4.12 did the same as we when there was no swap. */
static int free_lazily(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end)
{
	if (!vma_is_anonymous(vma))
		return -EINVAL;
	return dont_need(k, vma, start, end);
}

static int advise_vma(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end,
                      int advice)
{
	switch (advice) {
	case MADV_WILLNEED_:
		return will_need(k, vma, start, end);
	case MADV_DONTNEED_:
		return dont_need(k, vma, start, end);
	case MADV_FREE_:
		return free_lazily(k, vma, start, end);
	default:
		return change_behaviour(k, vma, start, end, advice);
	}
}

/* MADV_HUGEPAGE and MADV_MERGEABLE belong to kernels that have those features. */
static bool advice_is_valid(int advice)
{
	static const int known[] = { MADV_NORMAL_,   MADV_RANDOM_,        MADV_SEQUENTIAL_,
		                     MADV_WILLNEED_, MADV_DONTNEED_,      MADV_FREE_,
		                     MADV_DONTFORK_, MADV_DOFORK_,        MADV_DONTDUMP_,
		                     MADV_DODUMP_,   MADV_POPULATE_READ_, MADV_POPULATE_WRITE_ };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i] == advice)
			return true;
	return false;
}

/* 0: go on with [start, *end); 1: nothing to do; or -EINVAL. */
static int check_range(va_t start, uint64_t len, va_t *end)
{
	if (start & ~PAGE_MASK || (len && !page_align(len)))
		return -EINVAL;
	*end = start + page_align(len);
	if (*end < start)
		return -EINVAL;
	return *end == start;
}

/* Holes are reported, but do not keep the advice from what lies behind them. */
int do_madvise(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, int advice)
{
	int err, hole = 0;
	va_t end;

	if (!advice_is_valid(advice))
		return -EINVAL;
	err = check_range(start, len, &end);
	if (err)
		return err < 0 ? err : 0;
	if (advice == MADV_POPULATE_READ_ || advice == MADV_POPULATE_WRITE_)
		return madvise_populate(k, mm, start, end, advice == MADV_POPULATE_WRITE_);
	while (start < end) {
		struct vm_area_struct *vma = find_vma(mm, start);
		va_t last;

		if (!vma || vma->vm_start >= end)
			return -ENOMEM;
		if (vma->vm_start > start) {
			hole = -ENOMEM;
			start = vma->vm_start;
		}
		last = vma->vm_end < end ? vma->vm_end : end;
		err = advise_vma(k, vma, start, last, advice);
		if (err)
			return err;
		start = last;
	}
	return hole;
}

/* ---- msync ---- */

static int sync_vma(struct kernel *k, const struct vm_area_struct *vma, va_t start, va_t end,
                    int flags)
{
	if (flags & MS_INVALIDATE_ && vma->vm_flags & VM_LOCKED)
		return -EBUSY;
	if (!(flags & MS_SYNC_) || !vma->vm_file || !(vma->vm_flags & VM_SHARED))
		return 0;
	return filemap_write_and_wait_range(k, vma->vm_file->f_mapping,
	                                    linear_page_index(vma, start),
	                                    linear_page_index(vma, end) - 1);
}

int do_msync(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, int flags)
{
	int hole = 0;
	va_t end;

	if (flags & ~(MS_ASYNC_ | MS_INVALIDATE_ | MS_SYNC_) || start & ~PAGE_MASK ||
	    (flags & (MS_ASYNC_ | MS_SYNC_)) == (MS_ASYNC_ | MS_SYNC_))
		return -EINVAL;
	end = start + page_align(len);
	if (end < start)
		return -ENOMEM;
	while (start < end) {
		const struct vm_area_struct *vma = find_vma(mm, start);
		va_t last;
		int err;

		if (!vma || vma->vm_start >= end)
			return -ENOMEM;
		if (vma->vm_start > start) {
			hole = -ENOMEM;
			start = vma->vm_start;
		}
		last = vma->vm_end < end ? vma->vm_end : end;
		err = sync_vma(k, vma, start, last, flags);
		if (err)
			return err;
		start = last;
	}
	return hole;
}

/* ---- mincore ---- */

static bool cache_has(struct kernel *k, struct address_space *mapping, pgoff_t index)
{
	struct page *page = find_get_page(k, mapping, index);
	bool has;

	if (!page)
		return index < mapping_nr_pages(mapping) &&
		       page_counts_as_cached(k, mapping, index);
	has = PageUptodate(page);
	put_page(k, page);
	return has;
}

static bool swap_cache_has(struct kernel *k, swp_entry_t entry)
{
	return cache_has(k, swap_address_space(k, entry), swp_offset(entry));
}

static bool page_is_in_core(struct kernel *k, const struct vm_area_struct *vma, va_t va)
{
	const pte_slot_t *ptep = pte_lookup(k, vma->vm_mm, va);
	pte_t pte = ptep ? pte_get(k, ptep) : (pte_t){ 0 };

	if (pte_present(pte))
		return true;
	if (!pte_none(pte))
		return swap_cache_has(k, pte_to_swp_entry(k, pte));
	return vma->vm_file && cache_has(k, vma->vm_file->f_mapping, linear_page_index(vma, va));
}

int do_mincore(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, uint8_t *vec)
{
	if (start & ~PAGE_MASK)
		return -EINVAL;
	if (start > mm->task_size || len > mm->task_size - start)
		return -ENOMEM;
	for (va_t va = start; va < start + page_align(len); va += PAGE_SIZE) {
		const struct vm_area_struct *vma = vma_lookup(mm, va);

		if (!vma)
			return -ENOMEM;
		*vec++ = page_is_in_core(k, vma, va);
	}
	return 0;
}
