/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/task_mmu.h"

#include "mm/pagemap.h"
#include "mm/pgtable.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"

#define PM_MMAP_EXCLUSIVE ((uint64_t)1 << 56)
#define PM_FILE ((uint64_t)1 << 61)
#define PM_SWAP ((uint64_t)1 << 62)
#define PM_PRESENT ((uint64_t)1 << 63)

/* ---- smaps ---- */

static void smaps_account(const struct kernel *k, const struct vm_area_struct *vma, pte_t pte,
                          struct mem_size_stats *mss)
{
	const struct page *page = vm_normal_page(k, vma, pte);
	bool dirty, is_private;
	uint64_t pss;

	if (!page)
		return;
	dirty = pte_dirty(pte) || PageDirty(page);
	is_private = page->_mapcount < 2;
	pss = (PAGE_SIZE << PSS_SHIFT) / (is_private ? 1 : (uint64_t)page->_mapcount);
	mss->resident += PAGE_SIZE;
	mss->pss += pss;
	if (PageAnon(page)) {
		mss->anonymous += PAGE_SIZE;
		mss->pss_anon += pss;
	} else if (PageSwapBacked(page)) {
		mss->pss_shmem += pss;
	} else {
		mss->pss_file += pss;
	}
	if (pte_young(pte) || PageReferenced(page))
		mss->referenced += PAGE_SIZE;
	if (vma->vm_flags & VM_LOCKED)
		mss->pss_locked += pss;
	if (dirty)
		mss->pss_dirty += pss;
	if (is_private)
		*(dirty ? &mss->private_dirty : &mss->private_clean) += PAGE_SIZE;
	else
		*(dirty ? &mss->shared_dirty : &mss->shared_clean) += PAGE_SIZE;
}

static void smaps_account_swap(struct kernel *k, swp_entry_t entry, struct mem_size_stats *mss)
{
	const uint16_t *map = swap_map_at(k, entry);
	uint64_t count = map ? *map & ~SWAP_HAS_CACHE : 0;

	mss->swap += PAGE_SIZE;
	mss->swap_pss += (PAGE_SIZE << PSS_SHIFT) / (count > 1 ? count : 1);
}

/* Pages of shared memory that wait in swap: no entry of the VMA says so. */
static uint64_t shmem_swapped_pages(const struct vm_area_struct *vma)
{
	const struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;
	uint64_t index = vma->vm_pgoff, end = vma->vm_pgoff + vma_pages(vma), nr = 0;
	const void *item;

	if (!mapping || !mapping->shmem)
		return 0;
	while ((item = radix_tree_next(&mapping->page_tree, &index)) && index < end) {
		nr += radix_tree_exceptional(item);
		index++;
	}
	return nr;
}

void smap_gather_stats(struct kernel *k, const struct vm_area_struct *vma,
                       struct mem_size_stats *mss)
{
	struct pte_walk w = pte_walk_range(k, vma->vm_mm, vma->vm_start, vma->vm_end);

	mss->swap += shmem_swapped_pages(vma) << PAGE_SHIFT;
	while (pte_walk_next(&w)) {
		pte_t pte = pte_walk_get(&w);

		if (pte_present(pte))
			smaps_account(k, vma, pte, mss);
		else if (pte_is_swap(pte))
			smaps_account_swap(k, pte_to_swp_entry(k, pte), mss);
	}
}

/* ---- numa_maps ---- */

static void gather_page(const struct kernel *k, const struct page *page, bool pte_is_dirty,
                        struct numa_maps *maps)
{
	maps->pages++;
	maps->node[page_to_nid(k, page)]++;
	maps->dirty += pte_is_dirty || PageDirty(page);
	maps->swapcache += PageSwapCache(page);
	maps->active += PageActive(page) || PageUnevictable(page);
	maps->writeback += PageWriteback(page);
	maps->anon += PageAnon(page);
	if (page->_mapcount > maps->mapcount_max)
		maps->mapcount_max = page->_mapcount;
}

void gather_numa_stats(struct kernel *k, const struct vm_area_struct *vma, struct numa_maps *maps)
{
	struct pte_walk w = pte_walk_range(k, vma->vm_mm, vma->vm_start, vma->vm_end);

	if (vma->vm_special) /* the kernel's own pages */
		return;
	while (pte_walk_next(&w)) {
		pte_t pte = pte_walk_get(&w);
		const struct page *page = pte_present(pte) ? vm_normal_page(k, vma, pte) : NULL;

		if (page)
			gather_page(k, page, pte_dirty(pte), maps);
	}
}

/* ---- pagemap ---- */

static uint64_t pagemap_present(struct kernel *k, const struct vm_area_struct *vma, pte_t pte,
                                bool show_pfn)
{
	const struct page *page = vm_normal_page(k, vma, pte);
	uint64_t word = PM_PRESENT | (show_pfn ? pte_pfn(pte) : 0);

	if (page && !PageAnon(page))
		word |= PM_FILE;
	if (page && page->_mapcount == 1)
		word |= PM_MMAP_EXCLUSIVE;
	return word;
}

uint64_t pagemap_entry(struct kernel *k, struct mm_struct *mm, va_t va, bool show_pfn)
{
	const struct vm_area_struct *vma = vma_lookup(mm, va);
	struct pte_walk w = pte_walk_range(k, mm, va, va + PAGE_SIZE);
	pte_t pte;

	if (!vma || !pte_walk_next(&w))
		return 0;
	pte = pte_walk_get(&w);
	if (pte_present(pte))
		return pagemap_present(k, vma, pte, show_pfn);
	if (pte_is_swap(pte)) {
		swp_entry_t entry = pte_to_swp_entry(k, pte);

		return PM_SWAP | (show_pfn ? swp_type(entry) | swp_offset(entry) << 5 : 0);
	}
	return 0;
}

/* ---- clear_refs ---- */

static bool is_wanted(const struct vm_area_struct *vma, enum clear_refs_type type)
{
	if (type == CLEAR_REFS_ANON)
		return !vma->vm_file;
	if (type == CLEAR_REFS_MAPPED)
		return vma->vm_file;
	return true;
}

static void clear_vma_refs(struct kernel *k, struct vm_area_struct *vma)
{
	struct pte_walk w = pte_walk_range(k, vma->vm_mm, vma->vm_start, vma->vm_end);

	while (pte_walk_next(&w)) {
		pte_t pte = pte_walk_get(&w);
		struct page *page = pte_present(pte) ? vm_normal_page(k, vma, pte) : NULL;

		if (!page)
			continue;
		set_pte(k, w.ptep, pte_mkold(pte));
		ClearPageReferenced(page);
	}
}

void clear_refs(struct kernel *k, struct mm_struct *mm, enum clear_refs_type type)
{
	struct vm_area_struct *vma;

	for_each_vma (mm, vma)
		if (!(vma->vm_flags & VM_PFNMAP) && is_wanted(vma, type))
			clear_vma_refs(k, vma);
	flush_tlb_range(k, mm, 0, TLB_FLUSH_ALL, FLUSH_CLEAR_REFS);
}
