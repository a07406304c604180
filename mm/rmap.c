/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rmap - finding the entries that map a page: its mapping names the VMAs that may,
 * its index says where in each (Linux 2.6.18 and 4.4, mm/rmap.c).
 *
 *   file page   mapping -> i_mmap -> VMAs
 *   anonymous   anon_vma -> head -> VMAs
 *
 *   va = vma->vm_start + (page->index - vma->vm_pgoff) * 4096
 *
 * A page's anon_vma is good as long as the page is mapped: the entry lies in a VMA
 * that holds the anon_vma. What an unmapped page (of the swap cache) names may be
 * gone, so it is set anew when the page is mapped again.
 */
#include "mm/rmap.h"

#include "mm/mempolicy.h"
#include "mm/pagemap.h"
#include "mm/pgtable.h"
#include "mm/swap.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* ---- anon_vma ---- */

static struct anon_vma *page_anon_vma(const struct page *page)
{
	return (struct anon_vma *)((uintptr_t)page->mapping & ~PAGE_MAPPING_ANON);
}

/* A neighbour's anon_vma, if the two could be one VMA but for rights that mprotect()
 * may yet make equal: so that they can still merge then. */
static struct anon_vma *neighbour_anon_vma(const struct vm_area_struct *a,
                                           const struct vm_area_struct *b,
                                           const struct vm_area_struct *owner)
{
	if (!a || !b || !owner->anon_vma || a->vm_end != b->vm_start || a->vm_file != b->vm_file ||
	    (a->vm_flags ^ b->vm_flags) & ~(uint64_t)VM_ACCESS_FLAGS ||
	    b->vm_pgoff != a->vm_pgoff + vma_pages(a) || !mpol_equal(a->vm_policy, b->vm_policy))
		return NULL;
	return owner->anon_vma;
}

static struct anon_vma *find_mergeable_anon_vma(const struct vm_area_struct *vma)
{
	const struct vm_area_struct *next = vma_next(vma->vm_mm, vma);
	const struct vm_area_struct *prev = vma_prev(vma->vm_mm, vma);
	struct anon_vma *anon_vma = next ? neighbour_anon_vma(vma, next, next) : NULL;

	if (!anon_vma && prev)
		anon_vma = neighbour_anon_vma(prev, vma, prev);
	return anon_vma;
}

int anon_vma_prepare(struct kernel *k, struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma;

	if (likely(vma->anon_vma))
		return 0;
	anon_vma = find_mergeable_anon_vma(vma);
	if (!anon_vma) {
		anon_vma = kmem_cache_alloc(k, k->anon_vma_cachep, GFP_KERNEL);
		if (!anon_vma)
			return -ENOMEM;
		INIT_LIST_HEAD(&anon_vma->head);
	}
	vma->anon_vma = anon_vma;
	anon_vma_link(vma);
	return 0;
}

void anon_vma_link(struct vm_area_struct *vma)
{
	list_add_tail(&vma->anon_vma_node, &vma->anon_vma->head);
}

void anon_vma_unlink(struct kernel *k, struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = vma->anon_vma;

	if (!anon_vma)
		return;
	list_del(&vma->anon_vma_node);
	if (list_empty(&anon_vma->head))
		kmem_cache_free(k, k->anon_vma_cachep, anon_vma);
	vma->anon_vma = NULL;
}

/* ---- counting mappings ---- */

static void set_anon_rmap(struct page *page, const struct vm_area_struct *vma, va_t va)
{
	assert(vma->anon_vma);
	page->mapping = (struct address_space *)((uintptr_t)vma->anon_vma | PAGE_MAPPING_ANON);
	page->index = linear_page_index(vma, va);
}

void page_add_new_anon_rmap(struct kernel *k, struct page *page, struct vm_area_struct *vma,
                            va_t address)
{
	SetPageSwapBacked(page);
	page->_mapcount = 1;
	set_anon_rmap(page, vma, address);
	mod_vm_quantity(k, NR_ANON_PAGES, 1);
}

void page_add_anon_rmap(struct kernel *k, struct page *page, struct vm_area_struct *vma,
                        va_t address)
{
	if (page->_mapcount++)
		return;
	set_anon_rmap(page, vma, address);
	mod_vm_quantity(k, NR_ANON_PAGES, 1);
}

void page_add_file_rmap(struct kernel *k, struct page *page)
{
	if (!page->_mapcount++)
		mod_vm_quantity(k, NR_MAPPED, 1);
}

/* munlock without looking at other mappings: there are none. */
static void clear_page_mlock(struct kernel *k, struct page *page)
{
	if (!TestClearPageMlocked(page))
		return;
	mod_vm_quantity(k, NR_MLOCK, -1);
	if (PageLRU(page)) {
		lru_cache_del(k, page);
		putback_lru_page(k, page);
	}
}

void page_remove_rmap(struct kernel *k, struct page *page)
{
	assert(page->_mapcount > 0);
	if (--page->_mapcount)
		return;
	mod_vm_quantity(k, PageAnon(page) ? NR_ANON_PAGES : NR_MAPPED, -1);
	if (unlikely(PageMlocked(page)))
		clear_page_mlock(k, page);
}

/* ---- visiting mappings ---- */

/* One entry that maps the page. */
struct mapping_place {
	struct vm_area_struct *vma;
	va_t va;
	pte_slot_t *ptep;
	pte_t pte;
};

/* False: enough. */
typedef bool (*rmap_visitor)(struct kernel *k, struct page *page, const struct mapping_place *place,
                             void *context);

/* The entry of this VMA that maps the page, if there is one. */
static bool find_place(struct kernel *k, const struct page *page, struct vm_area_struct *vma,
                       struct mapping_place *place)
{
	/* An index below the VMA's wraps, and lies past its end then. */
	pgoff_t offset = page->index - vma->vm_pgoff;

	if (offset >= vma_pages(vma))
		return false;
	place->vma = vma;
	place->va = vma->vm_start + (offset << PAGE_SHIFT);
	place->ptep = pte_lookup(k, vma->vm_mm, place->va);
	if (!place->ptep)
		return false;
	place->pte = pte_get(k, place->ptep);
	return pte_present(place->pte) && pte_pfn(place->pte) == page_to_pfn(k, page);
}

static void visit_anon(struct kernel *k, struct page *page, rmap_visitor visit, void *context)
{
	struct vm_area_struct *vma;
	struct mapping_place place;

	list_for_each_entry (vma, &page_anon_vma(page)->head, anon_vma_node)
		if (find_place(k, page, vma, &place) && !visit(k, page, &place, context))
			return;
}

static void visit_file(struct kernel *k, struct page *page, rmap_visitor visit, void *context)
{
	struct vm_area_struct *vma;
	struct mapping_place place;

	list_for_each_entry (vma, &page->mapping->i_mmap, shared)
		if (find_place(k, page, vma, &place) && !visit(k, page, &place, context))
			return;
}

static void visit_mappings(struct kernel *k, struct page *page, rmap_visitor visit, void *context)
{
	if (!page_mapped(page) || !page->mapping)
		return;
	if (PageAnon(page))
		visit_anon(k, page, visit, context);
	else
		visit_file(k, page, visit, context);
}

static void flush_place(struct kernel *k, const struct mapping_place *place,
                        enum tlb_flush_cause cause)
{
	if (pte_accessible(place->pte))
		flush_tlb_page(k, place->vma->vm_mm, place->va, cause);
}

/* ---- what reclaim asks ---- */

struct reference_count {
	uint32_t referenced;
	uint64_t vm_flags;
};

static bool referenced_one(struct kernel *k, struct page *page, const struct mapping_place *place,
                           void *context)
{
	struct reference_count *count = context;

	count->vm_flags |= place->vma->vm_flags;
	if (place->vma->vm_flags & VM_LOCKED)
		return false; /* it stays, whatever the others say */
	if (!pte_young(place->pte))
		return true;
	set_pte(k, place->ptep, pte_mkold(place->pte));
	/* Who reads once from front to back does not mean to come again. */
	if (!(place->vma->vm_flags & VM_SEQ_READ))
		count->referenced++;
	return true;
}

uint32_t page_referenced(struct kernel *k, struct page *page, uint64_t *vm_flags)
{
	struct reference_count count = { 0 };

	visit_mappings(k, page, referenced_one, &count);
	*vm_flags = count.vm_flags;
	return count.referenced;
}

static bool unmap_one(struct kernel *k, struct page *page, const struct mapping_place *place,
                      void *context)
{
	enum try_to_unmap_result *result = context;
	struct mm_struct *mm = place->vma->vm_mm;
	pte_t left = { 0 };

	if (place->vma->vm_flags & VM_LOCKED) {
		*result = SWAP_MLOCK;
		return false;
	}
	if (PageAnon(page)) {
		swp_entry_t entry = { page->private };

		if (!PageSwapCache(page) || swap_duplicate(k, entry)) {
			*result = SWAP_FAIL;
			return false;
		}
		left = swp_entry_to_pte(k, entry);
		mm->rss_stat[MM_SWAPENTS]++;
	}
	update_hiwater_rss(mm);
	set_pte(k, place->ptep, left);
	flush_place(k, place, FLUSH_RECLAIM);
	if (pte_dirty(place->pte))
		set_page_dirty(k, page);
	mm->rss_stat[mm_counter(page)]--;
	page_remove_rmap(k, page);
	put_page(k, page);
	return true;
}

/* The caller holds a reference of its own. */
enum try_to_unmap_result try_to_unmap(struct kernel *k, struct page *page)
{
	enum try_to_unmap_result result = SWAP_AGAIN;

	visit_mappings(k, page, unmap_one, &result);
	return page_mapped(page) ? result : SWAP_SUCCESS;
}

static bool replace_one(struct kernel *k, struct page *page, const struct mapping_place *place,
                        void *context)
{
	struct page *new = context;

	set_pte(k, place->ptep, pte_with_pfn(place->pte, page_to_pfn(k, new)));
	flush_place(k, place, FLUSH_MIGRATE);
	page->_mapcount--;
	new->_mapcount++;
	get_page(new);
	put_page(k, page);
	return true;
}

void rmap_replace(struct kernel *k, struct page *page, struct page *new)
{
	visit_mappings(k, page, replace_one, new);
}

static bool mkclean_one(struct kernel *k, struct page *page, const struct mapping_place *place,
                        void *context)
{
	uint32_t *cleaned = context;

	if (!(place->vma->vm_flags & VM_SHARED))
		return true;
	if (!pte_dirty(place->pte) && !pte_write(place->pte))
		return true;
	set_pte(k, place->ptep, pte_wrprotect(pte_mkclean(place->pte)));
	flush_place(k, place, FLUSH_WRITEBACK);
	*cleaned += pte_dirty(place->pte);
	return true;
}

uint32_t page_mkclean(struct kernel *k, struct page *page)
{
	uint32_t cleaned = 0;

	visit_mappings(k, page, mkclean_one, &cleaned);
	return cleaned;
}

static bool locked_one(struct kernel *k, struct page *page, const struct mapping_place *place,
                       void *context)
{
	bool *locked = context;

	*locked = place->vma->vm_flags & VM_LOCKED;
	return !*locked;
}

bool page_is_mapped_locked(struct kernel *k, struct page *page)
{
	bool locked = false;

	visit_mappings(k, page, locked_one, &locked);
	return locked;
}

/* ---- checks ---- */

/* The page's mapping leads back to this entry. */
static bool rmap_finds(const struct page *page, const struct vm_area_struct *vma, va_t va)
{
	if (vma->vm_special)
		return true; /* the kernel's own pages have no rmap */
	if (page->index != linear_page_index(vma, va))
		return false;
	if (PageAnon(page))
		return page_anon_vma(page) == vma->anon_vma;
	return vma->vm_file && page->mapping == vma->vm_file->f_mapping;
}

/* Adds `sign` to the _mapcount of every page for each entry that maps it. */
static bool count_mm(struct kernel *k, struct mm_struct *mm, int32_t sign, char *what, size_t size)
{
	struct vm_area_struct *vma;
	bool valid = true;

	for_each_vma (mm, vma) {
		struct pte_walk w = pte_walk_range(k, mm, vma->vm_start, vma->vm_end);

		while (pte_walk_next(&w)) {
			pte_t pte = pte_walk_get(&w);
			struct page *page = pte_present(pte) ? vm_normal_page(k, vma, pte) : NULL;

			if (!page)
				continue;
			page->_mapcount += sign;
			if (valid && !rmap_finds(page, vma, w.va)) {
				snprintf(what, size,
				         "rmap: pfn %#" PRIx64 " does not lead to %#" PRIx64,
				         page_to_pfn(k, page), w.va);
				valid = false;
			}
		}
	}
	return valid;
}

static bool counts_are_zero(struct kernel *k, char *what, size_t size)
{
	for (pfn_t pfn = 0; pfn < k->max_pfn; pfn++) {
		if (!pfn_to_page(k, pfn)->_mapcount)
			continue;
		snprintf(what, size, "rmap: pfn %#" PRIx64 " has _mapcount off by %d", pfn,
		         pfn_to_page(k, pfn)->_mapcount);
		return false;
	}
	return true;
}

static bool totals_are_valid(struct kernel *k, char *what, size_t size)
{
	int64_t anon = 0, mapped = 0, mlocked = 0;

	for (pfn_t pfn = 0; pfn < k->max_pfn; pfn++) {
		const struct page *page = pfn_to_page(k, pfn);

		anon += page_mapped(page) && PageAnon(page);
		mapped += page_mapped(page) && !PageAnon(page);
		mlocked += PageMlocked(page);
	}
	if (anon == k->vm_quantities.value[NR_ANON_PAGES] &&
	    mapped == k->vm_quantities.value[NR_MAPPED] &&
	    mlocked == k->vm_quantities.value[NR_MLOCK])
		return true;
	snprintf(what, size,
	         "rmap: %" PRId64 " anonymous, %" PRId64 " file, %" PRId64 " locked pages mapped; "
	         "nr_anon_pages %" PRId64 ", nr_mapped %" PRId64 ", nr_mlock %" PRId64,
	         anon, mapped, mlocked, k->vm_quantities.value[NR_ANON_PAGES],
	         k->vm_quantities.value[NR_MAPPED], k->vm_quantities.value[NR_MLOCK]);
	return false;
}

/* Counts every mapping down, sees that nothing is left, and counts back up: there is
 * no memory for a second array of counts. */
bool rmap_is_valid(struct kernel *k, char *what, size_t size)
{
	struct mm_struct *mm;
	bool valid;

	if (!totals_are_valid(k, what, size))
		return false;
	valid = true;
	list_for_each_entry (mm, &k->mmlist, mmlist)
		valid &= count_mm(k, mm, -1, what, size);
	valid = valid && counts_are_zero(k, what, size);
	list_for_each_entry (mm, &k->mmlist, mmlist)
		count_mm(k, mm, 1, what, valid ? size : 0);
	return valid;
}
