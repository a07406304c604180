/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pgtable - making and freeing page tables (Linux 4.4, mm/memory.c,
 * __pte_alloc() and free_pgtables(); arch/x86/mm/pgtable.c).
 */
#include "mm/pgtable.h"

#include "mm/kernel_map.h"
#include "mm/maccess.h"

#include <assert.h>
#include <errno.h>

pte_t vm_get_page_prot(const struct kernel *k, uint64_t vm_flags)
{
	uint64_t prot = PTE_P | PTE_US | PTE_A;

	if (!(vm_flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return (pte_t){ PTE_PROTNONE | PTE_A };
	if ((vm_flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED))
		prot |= PTE_RW;
	if (!(vm_flags & VM_EXEC) && pgtable_is_wide(k))
		prot |= PTE_NX;
	return (pte_t){ prot };
}

void touch_table(const struct kernel *k, const void *slot)
{
	struct kernel *changed = (struct kernel *)k; /* slots of kmap_atomic(), for a moment */
	struct page *page = virt_to_page(k, slot);
	va_t va = kmap_atomic(changed, page);

	if (k->counts_accesses)
		kernel_touch(changed, va + ((uintptr_t)slot & ~PAGE_MASK), ACCESS_STORE,
		             k->config.paging->entry_bytes);
	kunmap_atomic(changed, va);
}

/* ---- making ---- */

/* Page tables may be high, tables of upper levels not (Linux 4.4: CONFIG_HIGHPTE,
 * arch/x86/mm/pgtable.c, __userpte_alloc_gfp). */
static gfp_t table_gfp(const struct kernel *k, unsigned up)
{
	return GFP_KERNEL | __GFP_ZERO | (!up && k->config.highpte ? __GFP_HIGHMEM : 0);
}

/* For entries of the level `up` above the page table. */
static struct page *table_alloc(struct kernel *k, unsigned up)
{
	struct page *page = alloc_page(k, table_gfp(k, up));

	if (!page)
		return NULL;
	SetPageTable(page);
	mod_vm_quantity(k, NR_PAGE_TABLE_PAGES, 1);
	return page;
}

static void table_free(struct kernel *k, pfn_t pfn)
{
	struct page *page = pfn_to_page(k, pfn);

	assert(PageTable(page));
	ClearPageTable(page);
	mod_vm_quantity(k, NR_PAGE_TABLE_PAGES, -1);
	put_page(k, page);
}

/* The i-th entry of a table that pgd_is_fixed(). */
static void *fixed_slot(const struct kernel *k, const struct mm_struct *mm, va_t i)
{
	const struct paging_level *top = &k->config.paging->level[0];

	return pgtable_slot(k, mm->pgd, top, i << top->shift);
}

static va_t nr_fixed(const struct kernel *k)
{
	return pgd_is_fixed(k) ? pgd_user_end(k) >> k->config.paging->level[0].shift : 0;
}

static bool preallocate_pmds(struct kernel *k, struct mm_struct *mm)
{
	for (va_t i = 0; i < nr_fixed(k); i++) {
		struct page *page = table_alloc(k, 1);

		if (!page)
			return false;
		mm->nr_ptes++;
		pgtable_write(k, fixed_slot(k, mm, i),
		              page_to_pfn(k, page) << PAGE_SHIFT | PTE_PDPTE);
	}
	return true;
}

int pgd_alloc(struct kernel *k, struct mm_struct *mm)
{
	struct page *page = table_alloc(k, k->config.paging->nr_levels - 1u);

	if (!page)
		return -ENOMEM;
	mm->pgd = page_to_pfn(k, page);
	pgd_ctor(k, mm);
	if (preallocate_pmds(k, mm))
		return 0;
	pgd_free(k, mm);
	return -ENOMEM;
}

void pgd_free(struct kernel *k, struct mm_struct *mm)
{
	for (va_t i = 0; i < nr_fixed(k); i++) {
		uint64_t entry = pgtable_read(k, fixed_slot(k, mm, i));

		if (!entry)
			continue;
		table_free(k, pgtable_entry_pfn(entry));
		mm->nr_ptes--;
	}
	assert(!mm->nr_ptes);
	table_free(k, mm->pgd);
}

/* Hangs a new table, for the level `up` above the page table, under an empty entry. */
static bool table_make(struct kernel *k, struct mm_struct *mm, void *slot, unsigned up)
{
	struct page *page = table_alloc(k, up);

	if (!page)
		return false;
	mm->nr_ptes++;
	pgtable_write(k, slot, page_to_pfn(k, page) << PAGE_SHIFT | PTE_TABLE);
	return true;
}

pte_slot_t *pte_alloc(struct kernel *k, struct mm_struct *mm, va_t va)
{
	pgd_t *pgd = pgd_offset(k, mm, va);
	pud_t *pud;
	pmd_t *pmd;

	if (unlikely(pgd_none(k, pgd)) && !table_make(k, mm, pgd, 2))
		return NULL;
	pud = pud_offset(k, pgd, va);
	if (unlikely(pud_none(k, pud)) && !table_make(k, mm, pud, 1))
		return NULL;
	pmd = pmd_offset(k, pud, va);
	if (unlikely(pmd_none(k, pmd)) && !table_make(k, mm, pmd, 0))
		return NULL;
	return pte_offset(k, pmd, va);
}

/* ---- looking ---- */

/* The page table of va, or NULL and how many levels up (0: the page table itself)
 * the first missing one would have been. */
static pmd_t *pmd_lookup(const struct kernel *k, const struct mm_struct *mm, va_t va,
                         unsigned *missing)
{
	pgd_t *pgd = pgd_offset(k, mm, va);
	pud_t *pud;
	pmd_t *pmd;

	*missing = 2;
	if (pgd_none(k, pgd))
		return NULL;
	pud = pud_offset(k, pgd, va);
	*missing = 1;
	if (pud_none(k, pud))
		return NULL;
	pmd = pmd_offset(k, pud, va);
	*missing = 0;
	return pmd_none(k, pmd) ? NULL : pmd;
}

pte_slot_t *pte_lookup(const struct kernel *k, const struct mm_struct *mm, va_t va)
{
	unsigned missing;
	pmd_t *pmd = pmd_lookup(k, mm, va, &missing);

	return pmd ? pte_offset(k, pmd, va) : NULL;
}

/* The end of what one entry `up` levels above the page table's spans around va. */
static va_t span_end(const struct kernel *k, unsigned up, va_t va)
{
	uint64_t size = (uint64_t)1 << pgtable_level(k, up)->shift;

	return (va & ~(size - 1)) + size;
}

bool pte_walk_next_table(struct pte_walk *w)
{
	while (w->va < w->end) {
		unsigned missing;
		pmd_t *pmd = pmd_lookup(w->k, w->mm, w->va, &missing);
		va_t next = span_end(w->k, missing + 1, w->va);

		if (pmd) {
			w->ptep = pte_offset(w->k, pmd, w->va);
			w->table_end = next < w->end ? next : w->end;
			return true;
		}
		w->va = next;
	}
	w->va = w->table_end = w->end; /* asked again, it says the same */
	w->va -= PAGE_SIZE;
	return false;
}

/* ---- freeing ---- */

struct free_context {
	struct kernel *k;
	struct mm_struct *mm;
	va_t start, end, floor, ceiling;
	bool freed;
};

/* Frees what hangs under the entries of this table for [start, end), `up` levels
 * above the page table; `base` is the first address that the table spans. */
static void free_below(struct free_context *c, pfn_t table, unsigned up, va_t base)
{
	const struct paging_level *level = pgtable_level(c->k, up);
	bool fixed = pgd_is_fixed(c->k) && level == &c->k->config.paging->level[0];
	uint64_t span = (uint64_t)1 << level->shift;
	va_t table_end = base + (span << level->index_bits);
	va_t first = c->start > base ? c->start & ~(span - 1) : base;
	va_t end = c->end < table_end ? c->end : table_end;

	for (va_t va = first; va < end; va += span) {
		void *slot = pgtable_slot(c->k, table, level, va);
		uint64_t entry = pgtable_read(c->k, slot);

		if (!entry)
			continue;
		if (up > 1)
			free_below(c, pgtable_entry_pfn(entry), up - 1, va);
		if (fixed || va < c->floor || va + span > c->ceiling)
			continue; /* a neighbour uses the table too */
		pgtable_write(c->k, slot, 0);
		table_free(c->k, pgtable_entry_pfn(entry));
		c->mm->nr_ptes--;
		c->freed = true;
	}
}

bool free_pgtables(struct kernel *k, struct mm_struct *mm, va_t start, va_t end, va_t floor,
                   va_t ceiling)
{
	struct free_context c = { k, mm, start, end, floor, ceiling, false };

	free_below(&c, mm->pgd, k->config.paging->nr_levels - 1u, 0);
	return c.freed;
}

/* For the addresses of a table that lie below end. */
static uint64_t count_below(const struct kernel *k, pfn_t table, unsigned up, va_t end)
{
	const struct paging_level *level = pgtable_level(k, up);
	va_t span = (va_t)1 << level->shift;
	uint64_t nr = 0;

	for (va_t va = 0; va < end; va += span) {
		uint64_t entry = pgtable_read(k, pgtable_slot(k, table, level, va));

		if (!entry)
			continue;
		nr++;
		if (up > 1)
			nr += count_below(k, pgtable_entry_pfn(entry), up - 1, span);
	}
	return nr;
}

uint64_t count_pgtables(const struct kernel *k, const struct mm_struct *mm)
{
	return count_below(k, mm->pgd, k->config.paging->nr_levels - 1u, pgd_user_end(k));
}
