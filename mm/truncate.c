/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * truncate - taking pages out of the page cache (Linux 4.4, mm/truncate.c).
 */
#include "mm/pagemap.h"

#include "mm/mm.h"

#include <string.h>

static void truncate_item(struct kernel *k, struct address_space *mapping, pgoff_t index,
                          struct page *item)
{
	if (!radix_tree_exceptional(item)) {
		cancel_dirty_page(k, item);
		delete_from_page_cache(k, item);
	} else if (mapping->shmem) {
		shmem_free_swap(k, mapping, index);
	} else {
		delete_exceptional(k, mapping, index);
	}
	if (mapping->shmem)
		shmem_unaccount_page(k, mapping);
}

void truncate_inode_pages(struct kernel *k, struct address_space *mapping, pgoff_t start)
{
	pgoff_t index = start;
	struct page *item;

	unmap_mapping_pages(k, mapping, start);
	while ((item = radix_tree_next(&mapping->page_tree, &index)))
		truncate_item(k, mapping, index, item);
}

/* So that a file that grows again shows zeroes behind its old end. */
static void clear_partial_page(struct kernel *k, struct address_space *mapping)
{
	uint64_t used = mapping->i_size % PAGE_SIZE;
	pgoff_t index = mapping->i_size / PAGE_SIZE;
	struct page *page = NULL;

	if (!used)
		return;
	if (mapping->shmem) { /* it may be in swap, and has no other copy */
		if (!radix_tree_lookup(&mapping->page_tree, index) ||
		    shmem_get_page(k, mapping, index, &page) > FILEMAP_MAJOR)
			return;
	} else {
		page = find_get_page(k, mapping, index);
	}
	if (!page)
		return;
	zero_user_segment(k, page, used, PAGE_SIZE);
	put_page(k, page);
}

void truncate_setsize(struct kernel *k, struct address_space *mapping, uint64_t i_size)
{
	uint64_t old = mapping->i_size;

	mapping->i_size = i_size;
	if (i_size >= old)
		return;
	truncate_inode_pages(k, mapping, mapping_nr_pages(mapping));
	clear_partial_page(k, mapping);
}

/* Somebody else than the cache and the caller uses the page. */
static bool is_busy(const struct page *page)
{
	return PageDirty(page) || PageLocked(page) || page_mapped(page) || page_count(page) != 2;
}

uint64_t invalidate_mapping_pages(struct kernel *k, struct address_space *mapping, pgoff_t start,
                                  pgoff_t end)
{
	pgoff_t index = start;
	uint64_t nr = 0;
	struct page *page;

	if (mapping->shmem)
		return 0;
	while (index <= end && find_get_pages(k, mapping, &index, 1, &page)) {
		if (page->index <= end && !is_busy(page)) {
			/* In a warm machine, what was dropped is cold from now on. */
			if (k->config.page_cache_warm)
				evict_from_page_cache(k, page);
			else
				delete_from_page_cache(k, page);
			nr++;
		}
		put_page(k, page);
		if (!index)
			break;
	}
	return nr;
}

void drop_pagecache(struct kernel *k)
{
	struct address_space *mapping, *next;

	list_for_each_entry_safe (mapping, next, &k->mappings, mappings)
		invalidate_mapping_pages(k, mapping, 0, UINT64_MAX);
	count_vm_event(k, DROP_PAGECACHE);
}
