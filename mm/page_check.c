/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_check - the page allocator's invariants, the slow way: mem_map is read from
 * end to end, and the free lists must say the same. Shares no code with page_alloc.c.
 */
#include "mm/page_alloc.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* What mem_map says, counted; the lists must say the same. */
struct page_census {
	struct zone_census {
		uint64_t free_blocks[MAX_ORDER];
		uint64_t free_pages, pcp_pages, managed_pages;
	} zones[NR_ZONE_IDS]; /* by zone_id() */
};

static bool __attribute__((format(printf, 3, 4)))
invalid(char *what, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(what, size, format, args);
	va_end(args);
	return false;
}

/* Frames inside a free block say nothing of their own. */
static bool block_is_free(const struct kernel *k, pfn_t pfn, uint64_t nr_pages)
{
	for (pfn_t i = pfn + 1; i < pfn + nr_pages; i++) {
		const struct page *page = pfn_to_page(k, i);

		if (page->flags || page->_count || page->_mapcount || page->mapping)
			return false;
	}
	return true;
}

static bool is_free_block(const struct kernel *k, pfn_t pfn, uint64_t order)
{
	return pfn < k->max_pfn && PageBuddy(pfn_to_page(k, pfn)) &&
	       pfn_to_page(k, pfn)->private == order;
}

static bool free_block_is_valid(const struct kernel *k, pfn_t pfn, char *what, size_t size)
{
	const struct page *page = pfn_to_page(k, pfn);
	uint64_t order = page->private, nr_pages = (uint64_t)1 << order;

	if (order >= MAX_ORDER || pfn & (nr_pages - 1) || pfn + nr_pages > k->max_pfn)
		return invalid(what, size, "page_alloc: block %#" PRIx64 " has order %" PRIu64, pfn,
		               order);
	if (page->flags != 1u << PG_buddy || page->_count || page->_mapcount || page->mapping)
		return invalid(what, size, "page_alloc: free block %#" PRIx64 " is in use", pfn);
	if (!block_is_free(k, pfn, nr_pages))
		return invalid(what, size,
		               "page_alloc: a frame of free block %#" PRIx64 " is in use", pfn);
	if (order < MAX_ORDER - 1 && is_free_block(k, pfn ^ nr_pages, order))
		return invalid(what, size,
		               "page_alloc: block %#" PRIx64 " and its buddy are both free", pfn);
	return true;
}

/* One pass over mem_map, block by block. */
static bool take_census(const struct kernel *k, struct page_census *census, char *what, size_t size)
{
	uint64_t nr_pages;

	for (pfn_t pfn = 0; pfn < k->max_pfn; pfn += nr_pages) {
		const struct page *page = pfn_to_page(k, pfn);
		struct zone_census *zone = &census->zones[page_zone_id(k, page)];

		nr_pages = 1;
		if (PageReserved(page))
			continue;
		if (PageBuddy(page)) {
			if (!free_block_is_valid(k, pfn, what, size))
				return false;
			nr_pages = (uint64_t)1 << page->private;
			zone->free_blocks[page->private]++;
			zone->free_pages += nr_pages;
		} else if (PagePcp(page)) {
			if (page->_count || page->_mapcount || page->mapping)
				return invalid(what, size,
				               "page_alloc: per-CPU page %#" PRIx64 " is in use",
				               pfn);
			zone->pcp_pages++;
		}
		zone->managed_pages += nr_pages;
	}
	return true;
}

/* Every entry is a page with this flag, zone and order, and the links agree. Its
 * length is *nr; as many as mem_map has means that no page is on two lists. */
static bool list_is_valid(const struct kernel *k, const struct zone *zone,
                          const struct list_head *list, enum pageflags flag, unsigned order,
                          uint64_t *nr)
{
	const struct list_head *pos;

	list_for_each (pos, list) {
		const struct page *page = list_entry(pos, struct page, lru);

		if (pos->next->prev != pos || !(page->flags >> flag & 1) ||
		    page->private != order || page_zone(k, page) != zone)
			return false;
		++*nr;
	}
	return list->next->prev == list;
}

static bool free_area_is_valid(const struct kernel *k, const struct zone *zone, unsigned order,
                               uint64_t blocks, char *what, size_t size)
{
	const struct free_area *area = &zone->free_area[order];
	uint64_t nr = 0;

	for (int type = 0; type < MIGRATE_TYPES; type++)
		if (!list_is_valid(k, zone, &area->free_list[type], PG_buddy, order, &nr))
			return invalid(what, size, "page_alloc: zone %s order %u: broken free list",
			               zone->name, order);
	if (nr != area->nr_free || nr != blocks)
		return invalid(what, size,
		               "page_alloc: zone %s order %u: nr_free %" PRIu64
		               ", on lists %" PRIu64 ", in mem_map %" PRIu64,
		               zone->name, order, area->nr_free, nr, blocks);
	return true;
}

static bool pagesets_are_valid(const struct kernel *k, const struct zone *zone, uint64_t pages,
                               char *what, size_t size)
{
	uint64_t all = 0;

	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++) {
		const struct per_cpu_pages *pcp = &zone->pageset[cpu];
		uint64_t nr = 0;

		for (int type = 0; type < MIGRATE_TYPES; type++)
			if (!list_is_valid(k, zone, &pcp->lists[type], PG_pcp, 0, &nr))
				return invalid(what, size,
				               "page_alloc: zone %s: broken per-CPU list",
				               zone->name);
		if (nr != pcp->count)
			return invalid(what, size,
			               "page_alloc: zone %s: cpu %u has %" PRIu64 ", not %u pages",
			               zone->name, cpu, nr, pcp->count);
		all += nr;
	}
	if (all != pages)
		return invalid(what, size, "page_alloc: zone %s: a per-CPU page is on no list",
		               zone->name);
	return true;
}

static bool zone_is_valid(const struct kernel *k, const struct zone *zone,
                          const struct zone_census *census, char *what, size_t size)
{
	if (census->managed_pages != zone->managed_pages)
		return invalid(what, size,
		               "page_alloc: zone %s: managed %" PRIu64 ", in mem_map %" PRIu64,
		               zone->name, zone->managed_pages, census->managed_pages);
	if (census->free_pages != zone->nr_free_pages)
		return invalid(what, size,
		               "page_alloc: zone %s: nr_free_pages %" PRIu64
		               ", in mem_map %" PRIu64,
		               zone->name, zone->nr_free_pages, census->free_pages);
	for (unsigned order = 0; order < MAX_ORDER; order++)
		if (!free_area_is_valid(k, zone, order, census->free_blocks[order], what, size))
			return false;
	return pagesets_are_valid(k, zone, census->pcp_pages, what, size);
}

/* Frames in use, by the event counters, and free ones make up all. */
static bool sum_is_valid(const struct kernel *k, char *what, size_t size)
{
	uint64_t allocated = 0;

	for (int type = 0; type < MAX_NR_ZONES; type++)
		allocated += k->vm_events[PGALLOC_DMA + type];
	if (allocated - k->vm_events[PGFREE] + nr_free_pages(k) != k->totalram_pages)
		return invalid(what, size,
		               "page_alloc: allocated %" PRIu64 " - freed %" PRIu64
		               " + free %" PRIu64 " != managed %" PRIu64,
		               allocated, k->vm_events[PGFREE], nr_free_pages(k),
		               k->totalram_pages);
	return true;
}

bool page_alloc_is_valid(const struct kernel *k, char *what, size_t size)
{
	struct page_census census = { 0 };

	if (!take_census(k, &census, what, size))
		return false;
	for_each_node (k, nid) {
		for (int type = 0; type < MAX_NR_ZONES; type++) {
			const struct zone *zone = &NODE_DATA(k, nid)->node_zones[type];

			if (!zone_is_valid(k, zone, &census.zones[zone_id(zone)], what, size))
				return false;
		}
	}
	return sum_is_valid(k, what, size);
}
