/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/kernel_map.h"

#include "mm/mm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- the direct map ---- */

/* From the end of the kernel image down; its memory is zero. 0: it is used up. */
static pfn_t early_table(struct kernel *k)
{
	if (k->kernel_brk - PAGE_SIZE < k->kernel_image_start)
		return 0;
	k->kernel_brk -= PAGE_SIZE;
	return k->kernel_brk >> PAGE_SHIFT;
}

/* The first 2 or 4 MB of a 32-bit kernel have small pages: memory types change there
 * from one 64 KB to the next (Linux 4.4, split_mem_range()). */
static bool large_page_fits(const struct kernel *k, const struct paging_level *level, pa_t start,
                            pa_t end)
{
	if (!level->leaf || end - start != (pa_t)1 << level->shift)
		return false;
	if (level->leaf_size == PAGE_1G)
		return k->config.has_1g_pages;
	return start || k->config.paging->va_bits != 32;
}

/* An entry `up` levels above the page table, for a table of the kernel's. */
static uint64_t table_entry(const struct kernel *k, pfn_t table, unsigned up)
{
	bool is_top = up == k->config.paging->nr_levels - 1u;

	return table << PAGE_SHIFT | (is_top && pgd_is_fixed(k) ? PTE_PDPTE : KERNEL_TABLE);
}

/* The entry for va, `up` levels above the page table: all above are there. */
static void *kernel_slot(const struct kernel *k, va_t va, unsigned up)
{
	pfn_t table = k->init_mm.pgd;
	unsigned at = k->config.paging->nr_levels - 1u;

	for (; at > up; at--)
		table = pgtable_entry_pfn(
		    pgtable_read(k, pgtable_slot(k, table, pgtable_level(k, at), va)));
	return pgtable_slot(k, table, pgtable_level(k, up), va);
}

/* Maps RAM's [start, end) in a table, `up` levels above the page table. */
static bool map_direct(struct kernel *k, pfn_t table, unsigned up, pa_t start, pa_t end)
{
	const struct paging_level *level = pgtable_level(k, up);
	pa_t next;

	for (pa_t pa = start; pa < end; pa = next) {
		void *slot = pgtable_slot(k, table, level, __va(k, pa));
		pfn_t below;

		next = (pa & ~(((pa_t)1 << level->shift) - 1)) + ((pa_t)1 << level->shift);
		if (next > end)
			next = end;
		if (!up || large_page_fits(k, level, pa, next)) {
			pgtable_write(k, slot, pa | PAGE_KERNEL(k).val | (up ? PTE_PS : 0));
			k->direct_pages_count[level->leaf_size]++;
			continue;
		}
		below = early_table(k);
		if (!below)
			return false;
		k->init_mm.nr_ptes++;
		pgtable_write(k, slot, table_entry(k, below, up));
		if (!map_direct(k, below, up - 1, pa, next))
			return false;
	}
	return true;
}

/* Empty tables for [start, end), which takes less than a top-level entry. */
static bool make_early_tables(struct kernel *k, va_t start, va_t end)
{
	for (unsigned up = k->config.paging->nr_levels - 1u; up; up--) {
		va_t span = (va_t)1 << pgtable_level(k, up)->shift;

		for (va_t va = start & ~(span - 1); va < end; va += span) {
			void *slot = kernel_slot(k, va, up);
			pfn_t table;

			if (pgtable_read(k, slot))
				continue;
			table = early_table(k);
			if (!table)
				return false;
			k->init_mm.nr_ptes++;
			pgtable_write(k, slot, table_entry(k, table, up));
		}
	}
	return true;
}

int kernel_map_init(struct kernel *k)
{
	uint64_t lowmem = k->max_low_pfn << PAGE_SHIFT;

	k->high_memory = page_offset(k) + lowmem;
	k->kernel_brk = k->kernel_image_end;
	k->init_mm.mm_users = k->init_mm.mm_count = 1; /* the kernel itself */
	init_new_context(k, &k->init_mm);
	k->init_mm.pgd = early_table(k);
	if (!k->init_mm.pgd ||
	    !map_direct(k, k->init_mm.pgd, k->config.paging->nr_levels - 1u, 0, lowmem))
		return -ENOMEM;
	if (last_pkmap(k) && !make_early_tables(k, pkmap_base(k), FIXADDR_TOP))
		return -ENOMEM;
	return 0;
}

/* ---- what mms share ---- */

/* Bytes of a top-level table that are the user's. */
static uint64_t user_bytes(const struct kernel *k)
{
	const struct paging_mode *mode = k->config.paging;

	return (pgd_user_end(k) >> mode->level[0].shift) * mode->entry_bytes;
}

void pgd_ctor(const struct kernel *k, struct mm_struct *mm)
{
	uint64_t user = user_bytes(k);

	memcpy((uint8_t *)ram_at(k->ram, mm->pgd << PAGE_SHIFT) + user,
	       (const uint8_t *)ram_at(k->ram, k->init_mm.pgd << PAGE_SHIFT) + user,
	       PAGE_SIZE - user);
}

/* A new top-level entry, for mms that copied theirs before (Linux 5.8,
 * arch_sync_kernel_mappings(); before, vmalloc_fault() fetched it when needed). */
static void sync_top_entry(struct kernel *k, const void *slot, uint64_t entry)
{
	uint64_t offset = (uint64_t)((const uint8_t *)slot -
	                             (uint8_t *)ram_at(k->ram, k->init_mm.pgd << PAGE_SHIFT));
	struct mm_struct *mm;

	list_for_each_entry (mm, &k->mmlist, mmlist)
		pgtable_write(k, (uint8_t *)ram_at(k->ram, mm->pgd << PAGE_SHIFT) + offset, entry);
}

void kernel_map_write(struct kernel *k, void *slot, uint64_t entry)
{
	pgtable_write(k, slot, entry);
	if (page_to_pfn(k, virt_to_page(k, slot)) == k->init_mm.pgd)
		sync_top_entry(k, slot, entry);
}

/* ---- tables of the vmalloc area ---- */

static bool table_make(struct kernel *k, void *slot)
{
	struct page *page = alloc_page(k, GFP_KERNEL | __GFP_ZERO);

	if (!page)
		return false;
	k->init_mm.nr_ptes++;
	kernel_map_write(k, slot, page_to_pfn(k, page) << PAGE_SHIFT | KERNEL_TABLE);
	return true;
}

pte_slot_t *pte_alloc_kernel(struct kernel *k, va_t va)
{
	pgd_t *pgd = pgd_offset(k, &k->init_mm, va);
	pud_t *pud;
	pmd_t *pmd;

	assert(is_vmalloc_va(k, va));
	if (pgd_none(k, pgd) && !table_make(k, pgd))
		return NULL;
	pud = pud_offset(k, pgd, va);
	if (pud_none(k, pud) && !table_make(k, pud))
		return NULL;
	pmd = pmd_offset(k, pud, va);
	if (pmd_none(k, pmd) && !table_make(k, pmd))
		return NULL;
	return pte_offset(k, pmd, va);
}

/* Those that came from the buddy allocator and hang under a table's entries from the
 * first one on, `up` levels above the page table. */
static void free_tables(struct kernel *k, pfn_t table, unsigned up, uint64_t first)
{
	const struct paging_level *level = pgtable_level(k, up);

	for (uint64_t i = first; i < (uint64_t)1 << level->index_bits; i++) {
		void *slot = pgtable_slot(k, table, level, i << level->shift);
		uint64_t entry = pgtable_read(k, slot);

		if (!entry || entry & PTE_PS)
			continue;
		if (up > 1)
			free_tables(k, pgtable_entry_pfn(entry), up - 1, 0);
		if (PageReserved(pfn_to_page(k, pgtable_entry_pfn(entry))))
			continue; /* early_table() */
		pgtable_write(k, slot, 0);
		k->init_mm.nr_ptes--;
		put_page(k, pfn_to_page(k, pgtable_entry_pfn(entry)));
	}
}

/* The first top-level entry that is the kernel's. */
static uint64_t first_kernel_entry(const struct kernel *k)
{
	return pgd_user_end(k) >> k->config.paging->level[0].shift;
}

void kernel_map_finish(struct kernel *k)
{
	free_tables(k, k->init_mm.pgd, k->config.paging->nr_levels - 1u, first_kernel_entry(k));
}

/* ---- looking ---- */

bool slow_virt_to_phys(const struct kernel *k, va_t va, pa_t *pa)
{
	const struct paging_mode *mode = k->config.paging;
	pfn_t table = k->init_mm.pgd;

	for (unsigned depth = 0;; depth++) {
		const struct paging_level *level = &mode->level[depth];
		uint64_t entry = pgtable_read(k, pgtable_slot(k, table, level, va));
		uint64_t below = ((uint64_t)1 << level->shift) - 1;

		if (!(entry & PTE_P))
			return false;
		if (depth == mode->nr_levels - 1u || entry & PTE_PS) {
			*pa = (entry & mode->pa_mask & ~below) + (va & below);
			return true;
		}
		table = pgtable_entry_pfn(entry);
	}
}

/* Below the entries of a table from the first one on. */
static uint64_t count_tables(const struct kernel *k, pfn_t table, unsigned up, uint64_t first)
{
	const struct paging_level *level = pgtable_level(k, up);
	uint64_t nr = 0;

	for (uint64_t i = first; i < (uint64_t)1 << level->index_bits; i++) {
		uint64_t entry = pgtable_read(k, pgtable_slot(k, table, level, i << level->shift));

		if (!entry || entry & PTE_PS)
			continue;
		nr++;
		if (up > 1)
			nr += count_tables(k, pgtable_entry_pfn(entry), up - 1, 0);
	}
	return nr;
}

static uint64_t direct_map_bytes(const struct kernel *k)
{
	uint64_t bytes = 0;

	for (int i = 0; i < NR_PAGE_SIZES; i++)
		bytes += k->direct_pages_count[i] * page_size_bytes(i);
	return bytes;
}

bool kernel_map_is_valid(const struct kernel *k, char *what, size_t size)
{
	const uint8_t *top = ram_at(k->ram, k->init_mm.pgd << PAGE_SHIFT);
	uint64_t user = user_bytes(k), nr;
	const struct mm_struct *mm;

	list_for_each_entry (mm, &k->mmlist, mmlist) {
		const uint8_t *table = ram_at(k->ram, mm->pgd << PAGE_SHIFT);

		if (!memcmp(table + user, top + user, PAGE_SIZE - user))
			continue;
		snprintf(what, size, "kernel_map: an mm has other kernel entries than init_mm");
		return false;
	}
	if (direct_map_bytes(k) != k->high_memory - page_offset(k)) {
		snprintf(what, size, "kernel_map: pages of the direct map");
		return false;
	}
	nr = count_tables(k, k->init_mm.pgd, k->config.paging->nr_levels - 1u,
	                  first_kernel_entry(k));
	if (nr != k->init_mm.nr_ptes)
		snprintf(what, size, "kernel_map: %" PRIu64 " tables, but %" PRIu64 " counted", nr,
		         k->init_mm.nr_ptes);
	return nr == k->init_mm.nr_ptes;
}
