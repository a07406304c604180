/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filemap_check - the invariants of the page cache, the slow way: what the trees hold
 * against what the pages say of themselves, and against the sums.
 */
#include "mm/pagemap.h"

#include "mm/page_alloc.h"

#include <stdio.h>

static bool mapping_is_valid(struct kernel *k, struct address_space *mapping, char *what,
                             size_t size)
{
	uint64_t index = 0, nrpages = 0, nrexceptional = 0, nr_items;
	void *item;

	if (!radix_tree_is_valid(&mapping->page_tree, &nr_items)) {
		snprintf(what, size, "a page cache tree is broken");
		return false;
	}
	for (; (item = radix_tree_next(&mapping->page_tree, &index)); index++) {
		const struct page *page = item;

		if (radix_tree_exceptional(item)) {
			nrexceptional++;
			continue;
		}
		nrpages++;
		if (page->mapping != mapping || page->index != index || page_count(page) < 1 ||
		    PageSwapCache(page) || PageSwapBacked(page) != mapping->shmem) {
			snprintf(what, size, "page cache index %#llx holds pfn %#llx wrongly",
			         (unsigned long long)index,
			         (unsigned long long)page_to_pfn(k, page));
			return false;
		}
		if (!mapping->shmem &&
		    PageDirty(page) != radix_tree_tag_get(&mapping->page_tree, index)) {
			snprintf(what, size, "pfn %#llx: dirty flag and tag differ",
			         (unsigned long long)page_to_pfn(k, page));
			return false;
		}
	}
	if (nrpages != mapping->nrpages || nrexceptional != mapping->nrexceptional) {
		snprintf(what, size, "a mapping's nrpages or nrexceptional is wrong");
		return false;
	}
	return true;
}

/* Counts of dirty pages, by zone_id(), are those of the zones. */
static bool zones_dirt_is_valid(const struct kernel *k, const uint64_t nr_dirty[NR_ZONE_IDS])
{
	for_each_zone (k, zone)
		if (zone->nr_file_dirty != nr_dirty[zone_id(zone)])
			return false;
	return true;
}

/* Every file page of mem_map stands in its mapping's tree, and the sums agree. */
static bool sums_are_valid(struct kernel *k, char *what, size_t size)
{
	uint64_t nr_file = 0, nr_shmem = 0, nr_dirty = 0, nr_swapcached = 0;
	uint64_t dirty_of_zone[NR_ZONE_IDS] = { 0 };

	for (pfn_t pfn = 0; pfn < k->max_pfn; pfn++) {
		const struct page *page = pfn_to_page(k, pfn);

		if (PageSlab(page) || PageTail(page) || !page_count(page))
			continue;
		nr_swapcached += PageSwapCache(page);
		if (!page->mapping || PageAnon(page))
			continue;
		nr_file++;
		nr_shmem += page->mapping->shmem;
		if (PageDirty(page) && !page->mapping->shmem) {
			nr_dirty++;
			dirty_of_zone[page_zone_id(k, page)]++;
		}
		if (radix_tree_lookup(&page->mapping->page_tree, page->index) != page) {
			snprintf(what, size, "pfn %#llx is not in its mapping",
			         (unsigned long long)pfn);
			return false;
		}
	}
	if (vmstat_value(k, NR_FILE_PAGES) != nr_file + nr_swapcached ||
	    vmstat_value(k, NR_SHMEM) != nr_shmem || vmstat_value(k, NR_DIRTY) != nr_dirty ||
	    vmstat_value(k, NR_SWAPCACHED) != nr_swapcached ||
	    !zones_dirt_is_valid(k, dirty_of_zone)) {
		snprintf(what, size, "nr_file_pages, nr_shmem, nr_dirty or nr_swapcached is wrong");
		return false;
	}
	return true;
}

bool filemap_is_valid(struct kernel *k, char *what, size_t size)
{
	struct address_space *mapping;

	list_for_each_entry (mapping, &k->mappings, mappings)
		if (!mapping_is_valid(k, mapping, what, size))
			return false;
	return sums_are_valid(k, what, size);
}
