/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/pageattr.h"

#include "mm/kernel_map.h"

#include <errno.h>

/* One change on its way. */
struct cpa {
	struct kernel *k;
	va_t va, end; /* what is left to do */
	uint64_t set, clear;
	bool split;
};

/* The entry that maps va, and how many levels above the page table it stands. NULL:
 * there is none. (Linux: lookup_address()) */
static void *lookup_address(const struct kernel *k, va_t va, unsigned *up)
{
	pfn_t table = k->init_mm.pgd;

	for (*up = k->config.paging->nr_levels - 1u;; --*up) {
		void *slot = pgtable_slot(k, table, pgtable_level(k, *up), va);
		uint64_t entry = pgtable_read(k, slot);

		if (!(entry & PTE_P))
			return NULL;
		if (!*up || entry & PTE_PS)
			return slot;
		table = pgtable_entry_pfn(entry);
	}
}

static va_t span_of(const struct kernel *k, unsigned up)
{
	return (va_t)1 << pgtable_level(k, up)->shift;
}

/* In the direct map pages are counted by their size. */
static void count_split(struct kernel *k, va_t va, unsigned up)
{
	if (!is_direct_map_va(k, va))
		return;
	k->direct_pages_count[pgtable_level(k, up)->leaf_size]--;
	k->direct_pages_count[pgtable_level(k, up - 1)->leaf_size] +=
	    (uint64_t)1 << pgtable_level(k, up - 1)->index_bits;
}

/* split_large_page(): the same memory with the same rights, by a table of the next
 * level. */
static int split_large_page(struct cpa *cpa, void *slot, unsigned up)
{
	struct kernel *k = cpa->k;
	const struct paging_level *below = pgtable_level(k, up - 1);
	struct page *page = alloc_page(k, GFP_KERNEL);
	uint64_t entry;

	if (!page)
		return -ENOMEM;
	/* The allocation may reclaim, but never changes this. */
	entry = pgtable_read(k, slot);
	if (up == 1)
		entry &= ~PTE_PS;
	for (va_t i = 0; i < (va_t)1 << below->index_bits; i++)
		pgtable_write(k, pgtable_slot(k, page_to_pfn(k, page), below, i << below->shift),
		              entry + (i << below->shift));
	k->init_mm.nr_ptes++;
	count_split(k, cpa->va, up);
	kernel_map_write(k, slot, page_to_pfn(k, page) << PAGE_SHIFT | KERNEL_TABLE);
	cpa->split = true;
	return 0;
}

/* One entry, or a split that makes the next turn find smaller ones. */
static int change_step(struct cpa *cpa)
{
	struct kernel *k = cpa->k;
	unsigned up;
	void *slot = lookup_address(k, cpa->va, &up);
	va_t span;

	if (!slot)
		return -EFAULT;
	span = span_of(k, up);
	if (cpa->va & (span - 1) || cpa->end - cpa->va < span) {
		uint64_t entry = pgtable_read(k, slot);

		if (((entry & ~cpa->clear) | cpa->set) != entry)
			return split_large_page(cpa, slot, up);
		span -= cpa->va & (span - 1);
	} else {
		kernel_map_write(k, slot, (pgtable_read(k, slot) & ~cpa->clear) | cpa->set);
	}
	cpa->va += span < cpa->end - cpa->va ? span : cpa->end - cpa->va;
	return 0;
}

static int change_page_attr(struct kernel *k, va_t va, uint64_t nr_pages, uint64_t set,
                            uint64_t clear)
{
	struct cpa cpa = {
		.k = k, .va = va, .end = va + nr_pages * PAGE_SIZE, .set = set, .clear = clear
	};
	int err = va & ~PAGE_MASK || va < page_offset(k) ? -EFAULT : 0;

	while (!err && cpa.va < cpa.end)
		err = change_step(&cpa);
	/* A TLB that holds a large page and a piece of it is undefined. */
	if (cpa.split)
		k->ops->flush_tlb_all(k->machine);
	else if (cpa.va > va)
		k->ops->flush_tlb_kernel_range(k->machine, va, cpa.va);
	return err;
}

int set_memory_ro(struct kernel *k, va_t va, uint64_t nr_pages)
{
	return change_page_attr(k, va, nr_pages, 0, PTE_RW);
}

int set_memory_rw(struct kernel *k, va_t va, uint64_t nr_pages)
{
	return change_page_attr(k, va, nr_pages, PTE_RW, 0);
}

int set_memory_nx(struct kernel *k, va_t va, uint64_t nr_pages)
{
	return change_page_attr(k, va, nr_pages, k->config.paging->has_nx ? PTE_NX : 0, 0);
}

int set_memory_x(struct kernel *k, va_t va, uint64_t nr_pages)
{
	return change_page_attr(k, va, nr_pages, 0, k->config.paging->has_nx ? PTE_NX : 0);
}
