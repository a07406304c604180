/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/vmalloc.h"

#include "mm/kernel_map.h"
#include "mm/tlbflush.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- areas ---- */

static int area_cmp(const struct vm_struct *a, const struct vm_struct *b)
{
	return (a->va > b->va) - (a->va < b->va);
}

RB_GENERATE_INTERNAL(vmap_area_tree, vm_struct, node, area_cmp, static __attribute__((unused)))

struct vm_struct *vm_area_from(const struct kernel *k, va_t va)
{
	struct vm_struct *area = RB_ROOT(&k->vmap_areas), *found = NULL;

	while (area) {
		if (area->va >= va) {
			found = area;
			area = RB_LEFT(area, node);
		} else {
			area = RB_RIGHT(area, node);
		}
	}
	return found;
}

struct vm_struct *find_vm_area(const struct kernel *k, va_t va)
{
	struct vm_struct *area = vm_area_from(k, va);

	return area && area->va == va ? area : NULL;
}

static va_t align_up(va_t va, uint64_t align)
{
	return (va + align - 1) & ~(align - 1);
}

/* The lowest aligned place for size bytes. (Linux 4.4 starts behind the last place
 * found, with the same result: alloc_vmap_area().) */
static bool find_room(struct kernel *k, uint64_t size, uint64_t align, va_t *va)
{
	va_t at = align_up(vmalloc_start(k), align);
	struct vm_struct *area;

	RB_FOREACH (area, vmap_area_tree, &k->vmap_areas) {
		if (at < area->va && size <= area->va - at)
			break;
		at = align_up(area->va + area->size, align);
	}
	*va = at;
	return at < vmalloc_end(k) && size <= vmalloc_end(k) - at;
}

struct vm_struct *get_vm_area(struct kernel *k, uint64_t size, uint64_t align, uint32_t flags,
                              const char *caller)
{
	struct vm_struct *area = kzalloc(k, sizeof(*area), GFP_KERNEL);

	assert(size && !(size & ~PAGE_MASK));
	if (!area)
		return NULL;
	area->size = size + PAGE_SIZE;
	area->flags = flags;
	area->caller = caller;
	if (!find_room(k, area->size, align, &area->va)) {
		printk(k, "vmap allocation for size %" PRIu64 " failed: no room", area->size);
		kfree(k, area);
		return NULL;
	}
	RB_INSERT(vmap_area_tree, &k->vmap_areas, area);
	return area;
}

/* ---- mapping ---- */

static struct pte_walk walk_area(const struct kernel *k, const struct vm_struct *area)
{
	return pte_walk_range(k, &k->init_mm, area->va, area->va + area->size - PAGE_SIZE);
}

bool vmap_page(struct kernel *k, va_t va, pfn_t pfn, pte_t prot)
{
	pte_slot_t *ptep = pte_alloc_kernel(k, va);

	if (!ptep)
		return false;
	assert(pte_none(pte_get(k, ptep)));
	set_pte(k, ptep, pfn_pte(pfn, prot));
	return true;
}

/*
 * In two passes, since a frame must not go before the TLBs have forgotten it: the
 * first takes P away and leaves the frame number, the second frees by it.
 */
void free_vm_area(struct kernel *k, struct vm_struct *area)
{
	struct pte_walk w = walk_area(k, area);
	bool mapped = false;

	while (pte_walk_next(&w)) {
		pte_t pte = pte_walk_get(&w);

		mapped = mapped || !pte_none(pte);
		set_pte(k, w.ptep, (pte_t){ pte.val & ~PTE_P });
	}
	if (mapped)
		flush_tlb_kernel_range(k, area->va, area->va + area->size - PAGE_SIZE);
	w = walk_area(k, area);
	while (pte_walk_next(&w)) {
		pte_t pte = pte_get_and_clear(k, w.ptep);

		if (area->flags & VM_ALLOC && !pte_none(pte)) {
			k->nr_vmalloc_pages--;
			put_page(k, pfn_to_page(k, pte_pfn(pte)));
		}
	}
	RB_REMOVE(vmap_area_tree, &k->vmap_areas, area);
	kfree(k, area);
}

/* ---- vmalloc ---- */

/* __vmalloc_area_node(). False: part of it is there, for free_vm_area(). */
static bool fill_area(struct kernel *k, struct vm_struct *area, uint64_t nr_pages, gfp_t gfp)
{
	while (area->nr_pages < nr_pages) {
		struct page *page = alloc_page(k, gfp | __GFP_NOWARN);

		if (!page)
			return false;
		if (!vmap_page(k, area->va + area->nr_pages * PAGE_SIZE, page_to_pfn(k, page),
		               PAGE_KERNEL(k))) {
			put_page(k, page);
			return false;
		}
		area->nr_pages++;
		k->nr_vmalloc_pages++;
	}
	return true;
}

bool __vmalloc_node_range(struct kernel *k, uint64_t size, gfp_t gfp, const char *caller, va_t *va)
{
	uint64_t nr_pages = size / PAGE_SIZE + (size % PAGE_SIZE != 0);
	struct vm_struct *area;

	if (!nr_pages || nr_pages > k->totalram_pages)
		return false;
	area = get_vm_area(k, nr_pages * PAGE_SIZE, PAGE_SIZE, VM_ALLOC, caller);
	if (!area)
		return false;
	if (!fill_area(k, area, nr_pages, gfp)) {
		printk(k,
		       "%s: vmalloc: allocation failure, allocated %" PRIu64 " of %" PRIu64
		       " bytes",
		       caller, area->nr_pages * PAGE_SIZE, nr_pages * PAGE_SIZE);
		free_vm_area(k, area);
		return false;
	}
	*va = area->va;
	return true;
}

void vfree(struct kernel *k, va_t va)
{
	struct vm_struct *area = find_vm_area(k, va);

	assert(area && area->flags & VM_ALLOC);
	free_vm_area(k, area);
}

bool __vmap(struct kernel *k, struct page *const *pages, uint64_t count, const char *caller,
            va_t *va)
{
	struct vm_struct *area;

	if (!count || count > k->totalram_pages)
		return false;
	area = get_vm_area(k, count * PAGE_SIZE, PAGE_SIZE, VM_MAP, caller);
	if (!area)
		return false;
	for (; area->nr_pages < count; area->nr_pages++) {
		va_t at = area->va + area->nr_pages * PAGE_SIZE;

		if (!vmap_page(k, at, page_to_pfn(k, pages[area->nr_pages]), PAGE_KERNEL(k))) {
			free_vm_area(k, area);
			return false;
		}
	}
	*va = area->va;
	return true;
}

void vunmap(struct kernel *k, va_t va)
{
	struct vm_struct *area = find_vm_area(k, va);

	assert(area && area->flags & VM_MAP);
	free_vm_area(k, area);
}

struct page *vmalloc_to_page(const struct kernel *k, va_t va)
{
	pa_t pa;

	if (!is_vmalloc_va(k, va) || !slow_virt_to_phys(k, va, &pa) ||
	    !pfn_valid(k, pa >> PAGE_SHIFT))
		return NULL;
	return pfn_to_page(k, pa >> PAGE_SHIFT);
}

/* ---- figures ---- */

/* Linux 4.4, s_show(); a function's name without offsets. */
int vmallocinfo_show(const struct kernel *k, const struct vm_struct *area, char *line, size_t size)
{
	char pages[48] = "", phys[32] = "", node[24] = "";

	if (area->nr_pages)
		snprintf(pages, sizeof(pages), " pages=%" PRIu64, area->nr_pages);
	if (area->flags & VM_IOREMAP)
		snprintf(phys, sizeof(phys), " phys=0x%016" PRIx64, area->phys_addr);
	if (area->flags & VM_ALLOC)
		snprintf(node, sizeof(node), " N0=%" PRIu64, area->nr_pages);
	return snprintf(line, size, "0x%0*" PRIx64 "-0x%0*" PRIx64 " %7" PRIu64 " %s%s%s%s%s%s%s",
	                k->config.paging->va_bits == 32 ? 8 : 16, area->va,
	                k->config.paging->va_bits == 32 ? 8 : 16, area->va + area->size, area->size,
	                area->caller, pages, phys, area->flags & VM_IOREMAP ? " ioremap" : "",
	                area->flags & VM_ALLOC ? " vmalloc" : "",
	                area->flags & VM_MAP ? " vmap" : "", node);
}

/* ---- checking ---- */

/* No entries between two areas, nor in the first's guard page. */
static bool gap_is_empty(const struct kernel *k, va_t start, va_t end, char *what, size_t size)
{
	struct pte_walk w = pte_walk_range(k, &k->init_mm, start, end);

	while (pte_walk_next(&w))
		if (!pte_none(pte_walk_get(&w))) {
			snprintf(what, size, "vmalloc: entry at %#" PRIx64 " outside of areas",
			         w.va);
			return false;
		}
	return true;
}

static bool area_is_valid(const struct kernel *k, const struct vm_struct *area, char *what,
                          size_t size)
{
	struct pte_walk w = walk_area(k, area);
	uint64_t nr_pages = 0;

	while (pte_walk_next(&w)) {
		pte_t pte = pte_walk_get(&w);

		if (!pte_accessible(pte) || pte.val & PTE_US ||
		    (area->flags & VM_ALLOC && page_count(pfn_to_page(k, pte_pfn(pte))) < 1)) {
			snprintf(what, size, "vmalloc: entry %#" PRIx64 " at %#" PRIx64, pte.val,
			         w.va);
			return false;
		}
		nr_pages++;
	}
	if (nr_pages * PAGE_SIZE == area->size - PAGE_SIZE)
		return true;
	snprintf(what, size, "vmalloc: area %#" PRIx64 " has %" PRIu64 " entries", area->va,
	         nr_pages);
	return false;
}

bool vmalloc_is_valid(const struct kernel *k, char *what, size_t size)
{
	va_t above = vmalloc_start(k);
	uint64_t nr_pages = 0;
	struct vm_struct *area;

	RB_FOREACH (area, vmap_area_tree, (struct vmap_area_tree *)&k->vmap_areas) {
		if (area->va < above || area->va + area->size > vmalloc_end(k)) {
			snprintf(what, size, "vmalloc: area %#" PRIx64 " below %#" PRIx64, area->va,
			         above);
			return false;
		}
		if (!gap_is_empty(k, above, area->va, what, size) ||
		    !area_is_valid(k, area, what, size) ||
		    !gap_is_empty(k, area->va + area->size - PAGE_SIZE, area->va + area->size, what,
		                  size))
			return false;
		nr_pages += area->flags & VM_ALLOC ? area->nr_pages : 0;
		above = area->va + area->size;
	}
	if (!gap_is_empty(k, above, vmalloc_end(k), what, size))
		return false;
	if (nr_pages != k->nr_vmalloc_pages)
		snprintf(what, size, "vmalloc: %" PRIu64 " pages, but %" PRIu64 " counted",
		         nr_pages, k->nr_vmalloc_pages);
	return nr_pages == k->nr_vmalloc_pages;
}
