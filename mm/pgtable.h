/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pgtable - page tables in RAM through Linux's four abstract levels
 * (Linux 4.4, arch/x86/include/asm/pgtable*.h).
 *
 *                 pgd    pud    pmd    pte    entry
 *   four-level    PML4   PDPT   PD     PT     8 bytes
 *   pae           PDPT   -      PD     PT     8 bytes
 *   two-level     PD     -      -      PT     4 bytes
 *
 * A mode with fewer levels folds the middle ones: pud_offset() and pmd_offset()
 * then give the entry above back under another type, and pgd_none() and pud_none()
 * are false, so that code written for four levels serves all modes.
 *
 * A leaf entry is one of four things (bit 0, P, and bit 8 tell them apart):
 *
 *   none       all zero: nothing there
 *   present    P set: what the hardware sees (mmu/paging.h)
 *   PROT_NONE  P clear, bit 8 set: the page stays mapped and counted, but every
 *              access faults, the kernel's too. Frame, A and D keep their places.
 *   swap       P and bit 8 clear:
 *
 *     8 bytes   63                    14 13     9 8 7           1 0
 *              | offset                 | type   |0| 0           |0|
 *     4 bytes   31                     9 8 7  6 5              1 0
 *              | offset                 |0| 0  | type           |0|
 *
 * The type names the swap area (5 bits), the offset its slot: 2^50 slots, or 2^23
 * (32 GB) in 4 bytes.
 */
#ifndef PW_MM_PGTABLE_H
#define PW_MM_PGTABLE_H

#include "mm/page_alloc.h"
#include "mm/swap.h"

/* Upper-level entries: 4 or 8 bytes in RAM, so only pointers to them exist. */
typedef struct pgd pgd_t;
typedef struct pud pud_t;
typedef struct pmd pmd_t;
/* Where a leaf entry lies; its value is a pte_t. */
typedef struct pte_slot pte_slot_t;

/* A leaf entry's value, and the rights that one is made with. */
typedef struct {
	uint64_t val;
} pte_t;

#define PTE_PROTNONE ((uint64_t)1 << 8) /* with P clear; with P set the bit is G */
#define PTE_PFN_MASK ((((uint64_t)1 << 52) - 1) & PAGE_MASK)
/* What mprotect() leaves as it is. */
#define PTE_CHG_MASK (PTE_PFN_MASK | PTE_PWT | PTE_PCD | PTE_A | PTE_D)
/* An entry that points to a table: rights are the leaf's business. */
#define PTE_TABLE (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
/* The same in PAE's top table, where rights are reserved bits. */
#define PTE_PDPTE PTE_P

static inline bool pgtable_is_wide(const struct kernel *k)
{
	return k->config.paging->entry_bytes == 8;
}

static inline uint64_t pgtable_read(const struct kernel *k, const void *slot)
{
	return pgtable_is_wide(k) ? *(const uint64_t *)slot : *(const uint32_t *)slot;
}

/* One access of the kernel's: in the direct map, or by kmap_atomic(). */
void touch_table(const struct kernel *k, const void *slot);

/*
 * Slots are host pointers, whether the table has an address or not (config.highpte).
 * Linux maps such a table from pte_offset_map() to pte_unmap(); here each write of an
 * entry does.
 *
 * Simplified: reads do not map it.
 */
static inline void pgtable_write(const struct kernel *k, void *slot, uint64_t entry)
{
	if (unlikely(k->counts_accesses || k->config.highpte))
		touch_table(k, slot);
	if (pgtable_is_wide(k))
		*(uint64_t *)slot = entry;
	else
		*(uint32_t *)slot = (uint32_t)entry;
}

/* ---- levels ---- */

/* The mode's level that a folded one stands for: up 0 is the page table's. */
static inline const struct paging_level *pgtable_level(const struct kernel *k, unsigned up)
{
	return &k->config.paging->level[k->config.paging->nr_levels - 1 - up];
}

static inline void *pgtable_slot(const struct kernel *k, pfn_t table,
                                 const struct paging_level *level, va_t va)
{
	uint64_t index = va >> level->shift & (((uint64_t)1 << level->index_bits) - 1);

	return (uint8_t *)ram_at(k->ram, table << PAGE_SHIFT) +
	       index * k->config.paging->entry_bytes;
}

static inline pfn_t pgtable_entry_pfn(uint64_t entry)
{
	return (entry & PTE_PFN_MASK) >> PAGE_SHIFT;
}

/* Top-level entries from this address on are the kernel's: 3 GB, or half of all
 * addresses, the other half being those whose sign bits are set. */
static inline va_t pgd_user_end(const struct kernel *k)
{
	unsigned va_bits = k->config.paging->va_bits;

	return va_bits == 32 ? 0xc0000000 : (va_t)1 << (va_bits - 1);
}

/* PAE: CPUs read the top table only when CR3 is loaded. Its entries stay what
 * pgd_alloc() made them. */
static inline bool pgd_is_fixed(const struct kernel *k)
{
	return k->config.paging->first_in_memory != 0;
}

static inline bool pud_is_folded(const struct kernel *k)
{
	return k->config.paging->nr_levels < 4;
}

static inline bool pmd_is_folded(const struct kernel *k)
{
	return k->config.paging->nr_levels < 3;
}

static inline pgd_t *pgd_offset(const struct kernel *k, const struct mm_struct *mm, va_t va)
{
	return (pgd_t *)pgtable_slot(k, mm->pgd, &k->config.paging->level[0], va);
}

static inline bool pgd_none(const struct kernel *k, const pgd_t *pgd)
{
	return !pud_is_folded(k) && !pgtable_read(k, pgd);
}

static inline pud_t *pud_offset(const struct kernel *k, pgd_t *pgd, va_t va)
{
	if (pud_is_folded(k))
		return (pud_t *)pgd;
	return (pud_t *)pgtable_slot(k, pgtable_entry_pfn(pgtable_read(k, pgd)),
	                             pgtable_level(k, 2), va);
}

static inline bool pud_none(const struct kernel *k, const pud_t *pud)
{
	return !pmd_is_folded(k) && !pgtable_read(k, pud);
}

static inline pmd_t *pmd_offset(const struct kernel *k, pud_t *pud, va_t va)
{
	if (pmd_is_folded(k))
		return (pmd_t *)pud;
	return (pmd_t *)pgtable_slot(k, pgtable_entry_pfn(pgtable_read(k, pud)),
	                             pgtable_level(k, 1), va);
}

static inline bool pmd_none(const struct kernel *k, const pmd_t *pmd)
{
	return !pgtable_read(k, pmd);
}

static inline pte_slot_t *pte_offset(const struct kernel *k, const pmd_t *pmd, va_t va)
{
	return (pte_slot_t *)pgtable_slot(k, pgtable_entry_pfn(pgtable_read(k, pmd)),
	                                  pgtable_level(k, 0), va);
}

/* Bytes that one page table, and one entry of the levels above, span. */
static inline uint64_t pmd_size(const struct kernel *k)
{
	return (uint64_t)1 << pgtable_level(k, 1)->shift;
}

static inline uint64_t ptrs_per_pte(const struct kernel *k)
{
	return (uint64_t)1 << pgtable_level(k, 0)->index_bits;
}

static inline uint64_t pte_index(const struct kernel *k, va_t va)
{
	return va >> PAGE_SHIFT & (ptrs_per_pte(k) - 1);
}

/* The entry n places on in the same page table. */
static inline pte_slot_t *pte_advance(const struct kernel *k, pte_slot_t *ptep, int64_t n)
{
	return (pte_slot_t *)((uint8_t *)ptep + n * k->config.paging->entry_bytes);
}

/* ---- leaf entries ---- */

static inline pte_t pte_get(const struct kernel *k, const pte_slot_t *ptep)
{
	return (pte_t){ pgtable_read(k, ptep) };
}

static inline void set_pte(const struct kernel *k, pte_slot_t *ptep, pte_t pte)
{
	pgtable_write(k, ptep, pte.val);
}

static inline pte_t pte_get_and_clear(const struct kernel *k, pte_slot_t *ptep)
{
	pte_t pte = pte_get(k, ptep);

	pgtable_write(k, ptep, 0);
	return pte;
}

static inline bool pte_none(pte_t pte)
{
	return !pte.val;
}

/* It names a frame: mapped, perhaps under PROT_NONE. */
static inline bool pte_present(pte_t pte)
{
	return pte.val & (PTE_P | PTE_PROTNONE);
}

/* The hardware may have it in a TLB. */
static inline bool pte_accessible(pte_t pte)
{
	return pte.val & PTE_P;
}

static inline bool pte_is_swap(pte_t pte)
{
	return pte.val && !pte_present(pte);
}

static inline bool pte_same(pte_t a, pte_t b)
{
	return a.val == b.val;
}

static inline pfn_t pte_pfn(pte_t pte)
{
	return pgtable_entry_pfn(pte.val);
}

static inline bool pte_write(pte_t pte)
{
	return pte.val & PTE_RW;
}

static inline bool pte_dirty(pte_t pte)
{
	return pte.val & PTE_D;
}

static inline bool pte_young(pte_t pte)
{
	return pte.val & PTE_A;
}

static inline pte_t pte_mkwrite(pte_t pte)
{
	return (pte_t){ pte.val | PTE_RW };
}

static inline pte_t pte_wrprotect(pte_t pte)
{
	return (pte_t){ pte.val & ~PTE_RW };
}

static inline pte_t pte_mkdirty(pte_t pte)
{
	return (pte_t){ pte.val | PTE_D };
}

static inline pte_t pte_mkclean(pte_t pte)
{
	return (pte_t){ pte.val & ~PTE_D };
}

static inline pte_t pte_mkyoung(pte_t pte)
{
	return (pte_t){ pte.val | PTE_A };
}

static inline pte_t pte_mkold(pte_t pte)
{
	return (pte_t){ pte.val & ~PTE_A };
}

static inline pte_t pfn_pte(pfn_t pfn, pte_t prot)
{
	return (pte_t){ pfn << PAGE_SHIFT | prot.val };
}

static inline pte_t mk_pte(const struct kernel *k, const struct page *page, pte_t prot)
{
	return pfn_pte(page_to_pfn(k, page), prot);
}

/* The same page with other rights. */
/* The same rights and bits for another frame. */
static inline pte_t pte_with_pfn(pte_t pte, pfn_t pfn)
{
	return (pte_t){ (pte.val & ~PTE_PFN_MASK) | pfn << PAGE_SHIFT };
}

static inline pte_t pte_modify(pte_t pte, pte_t prot)
{
	return (pte_t){ (pte.val & PTE_CHG_MASK) | (prot.val & ~PTE_CHG_MASK) };
}

/* Writable if the VMA is: a private page that is its owner's alone. */
static inline pte_t maybe_mkwrite(pte_t pte, const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_WRITE ? pte_mkwrite(pte) : pte;
}

static inline pte_t swp_entry_to_pte(const struct kernel *k, swp_entry_t entry)
{
	uint64_t type = swp_type(entry), offset = swp_offset(entry);

	return (pte_t){ pgtable_is_wide(k) ? offset << 14 | type << 9 : offset << 9 | type << 1 };
}

static inline swp_entry_t pte_to_swp_entry(const struct kernel *k, pte_t pte)
{
	if (pgtable_is_wide(k))
		return swp_entry(pte.val >> 9 & 0x1f, pte.val >> 14);
	return swp_entry(pte.val >> 1 & 0x1f, pte.val >> 9);
}

/* Rights of a new entry by VM_READ, VM_WRITE, VM_EXEC and VM_SHARED: x86 can
 * neither write without reading nor (4-byte entries) forbid execution; private
 * pages start read-only, so that the first write copies. */
pte_t vm_get_page_prot(const struct kernel *k, uint64_t vm_flags);

static inline bool is_zero_pfn(const struct kernel *k, pfn_t pfn)
{
	return pfn == page_to_pfn(k, k->zero_page);
}

/* The page that a present entry maps and counts, or NULL: the zero page and frames
 * of a VM_PFNMAP area have neither rmap nor rss. */
static inline struct page *vm_normal_page(const struct kernel *k, const struct vm_area_struct *vma,
                                          pte_t pte)
{
	if (unlikely(is_zero_pfn(k, pte_pfn(pte)) || vma->vm_flags & VM_PFNMAP))
		return NULL;
	return pfn_to_page(k, pte_pfn(pte));
}

/* ---- tables (pgtable.c) ---- */

/* A top-level table into mm->pgd, empty but for the kernel's half, which it shares
 * with all others (mm/kernel_map.h), and, where pgd_is_fixed(), for all tables of the
 * next level. 0 or -ENOMEM. */
int pgd_alloc(struct kernel *k, struct mm_struct *mm);
void pgd_free(struct kernel *k, struct mm_struct *mm); /* nothing is left below it */

/* The entry of va; NULL: there is no page table. */
pte_slot_t *pte_lookup(const struct kernel *k, const struct mm_struct *mm, va_t va);
/* The same, tables made as needed; NULL: no memory. */
pte_slot_t *pte_alloc(struct kernel *k, struct mm_struct *mm, va_t va);

/* [start, end) lost its VMAs, and [floor, ceiling) has none: frees the tables that
 * span addresses of the latter alone. True if any was freed: walk caches may hold
 * it, so flush. The leaf entries are clear already. */
bool free_pgtables(struct kernel *k, struct mm_struct *mm, va_t start, va_t end, va_t floor,
                   va_t ceiling);

/* The user's page table pages below the top-level table, by looking. */
uint64_t count_pgtables(const struct kernel *k, const struct mm_struct *mm);

/*
 * Every leaf entry of a range for which there is a page table, in order:
 *
 *   struct pte_walk w = pte_walk_range(k, mm, start, end);
 *   while (pte_walk_next(&w))
 *           ... w.va, w.ptep, pte_walk_get(&w) ...
 */
struct pte_walk {
	const struct kernel *k;
	const struct mm_struct *mm;
	va_t va; /* of the entry at ptep */
	va_t end;
	va_t table_end; /* up to which ptep may be advanced */
	pte_slot_t *ptep;
};

static inline struct pte_walk pte_walk_range(const struct kernel *k, const struct mm_struct *mm,
                                             va_t start, va_t end)
{
	return (struct pte_walk){
		.k = k, .mm = mm, .va = start - PAGE_SIZE, .end = end, .table_end = start
	};
}

bool pte_walk_next_table(struct pte_walk *w);

static inline bool pte_walk_next(struct pte_walk *w)
{
	w->va += PAGE_SIZE;
	if (unlikely(w->va >= w->table_end))
		return pte_walk_next_table(w);
	w->ptep = pte_advance(w->k, w->ptep, 1);
	return true;
}

static inline pte_t pte_walk_get(const struct pte_walk *w)
{
	return pte_get(w->k, w->ptep);
}

#endif
