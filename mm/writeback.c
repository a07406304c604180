/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writeback - dirty pages of files, and when they are written
 * (Linux 4.4, mm/page-writeback.c).
 *
 * Simplified: there is no flusher thread and no age at which pages are written.
 * Who dirties more than the background ratio allows writes it back at once; the
 * rest is written by msync and fsync, by reclaim, and at shutdown.
 */
#include "mm/pagemap.h"

#include "mm/rmap.h"

#include <errno.h>
#include <string.h>

/* The mapping that counts and tags the page's dirt: pages of swap are not counted. */
static struct address_space *accounted_mapping(const struct page *page)
{
	if (PageSwapBacked(page) || PageAnon(page))
		return NULL;
	return page->mapping;
}

void set_page_dirty(struct kernel *k, struct page *page)
{
	struct address_space *mapping = accounted_mapping(page);

	if (TestSetPageDirty(page) || !mapping)
		return;
	radix_tree_tag_set(&mapping->page_tree, page->index);
	mod_vm_quantity(k, NR_DIRTY, 1);
	page_zone(k, page)->nr_file_dirty++;
}

void cancel_dirty_page(struct kernel *k, struct page *page)
{
	struct address_space *mapping = accounted_mapping(page);

	if (!TestClearPageDirty(page) || !mapping)
		return;
	radix_tree_tag_clear(&mapping->page_tree, page->index);
	mod_vm_quantity(k, NR_DIRTY, -1);
	page_zone(k, page)->nr_file_dirty--;
}

/* True if there is something to write. Stores from now on fault, and make the page
 * dirty again. */
static bool clear_page_dirty_for_io(struct kernel *k, struct page *page)
{
	if (page_mapped(page) && page_mkclean(k, page))
		set_page_dirty(k, page);
	if (!PageDirty(page))
		return false;
	cancel_dirty_page(k, page);
	return true;
}

/* Bytes of the last page that lie past the end of the file are not the file's. */
static void clear_past_eof(struct kernel *k, const struct address_space *mapping, struct page *page)
{
	uint64_t used = mapping->i_size % PAGE_SIZE;

	if (!used || page->index != mapping->i_size / PAGE_SIZE)
		return;
	zero_user_segment(k, page, used, PAGE_SIZE);
}

/* 1: written, 0: it was clean, or -errno: it is dirty still. Does not wait. */
static int write_page(struct kernel *k, struct page *page)
{
	struct address_space *mapping = page->mapping;
	int err;

	if (!mapping || mapping->shmem || !clear_page_dirty_for_io(k, page))
		return 0;
	clear_past_eof(k, mapping, page);
	err = mapping->a_ops->writepage
	          ? mapping->a_ops->writepage(mapping, page->index, page_frame(k, page))
	          : -EROFS;
	if (err) {
		set_page_dirty(k, page);
		return err;
	}
	count_vm_events(k, PGPGOUT, PAGE_SIZE / KIB);
	event_raise(k->events, &(struct event){ .kind = EVENT_FILE_WRITE,
	                                        .pfn = page_to_pfn(k, page),
	                                        .arg = page->index });
	return 1;
}

int write_one_page(struct kernel *k, struct page *page)
{
	int written = write_page(k, page);

	if (written > 0)
		k->ops->disk_wait(k->machine, 1, true);
	return written < 0 ? written : 0;
}

/* Pages written in a row are one request to the disk. */
struct write_request {
	pgoff_t next;
	uint32_t nr_pages;
};

static void finish_request(struct kernel *k, struct write_request *request)
{
	if (request->nr_pages)
		k->ops->disk_wait(k->machine, request->nr_pages, true);
	request->nr_pages = 0;
}

static void add_to_request(struct kernel *k, struct write_request *request, pgoff_t index)
{
	if (request->next != index || request->nr_pages == MAX_REQUEST_PAGES)
		finish_request(k, request);
	request->nr_pages++;
	request->next = index + 1;
}

/* Writes at most *budget dirty pages of [*start, end]; *budget is what is left, and
 * *start stands behind the last page looked at. 0 or the first -errno. */
static int write_range(struct kernel *k, struct address_space *mapping, pgoff_t *start, pgoff_t end,
                       uint64_t *budget)
{
	struct write_request request = { 0 };
	int first_error = 0;

	while (*budget && *start <= end) {
		pgoff_t index = *start;
		struct page *page = radix_tree_next_tagged(&mapping->page_tree, &index);
		int written;

		if (!page || index > end)
			break;
		get_page(page);
		written = write_page(k, page);
		put_page(k, page);
		if (written > 0) {
			add_to_request(k, &request, index);
			--*budget;
		} else if (written < 0 && !first_error) {
			first_error = written;
		}
		*start = index + 1;
		if (!*start) /* the last index there is */
			break;
	}
	finish_request(k, &request);
	return first_error;
}

int filemap_write_and_wait_range(struct kernel *k, struct address_space *mapping, pgoff_t start,
                                 pgoff_t end)
{
	uint64_t budget = UINT64_MAX;

	return write_range(k, mapping, &start, end, &budget);
}

static uint64_t free_and_file_pages(const struct kernel *k, const struct zone *zone)
{
	return zone_nr_free_pages(k, zone) + zone->nr_lru[LRU_INACTIVE_FILE] +
	       zone->nr_lru[LRU_ACTIVE_FILE];
}

/* Memory that could hold dirty file pages: what is free beyond the reserves, and
 * the file pages themselves; not high memory, as writing back takes low memory, too
 * (Linux: global_dirtyable_memory(); vm.highmem_is_dirtyable is 0). */
static uint64_t dirtyable_pages(const struct kernel *k)
{
	uint64_t pages = 0, reserve = 0;

	for_each_zone (k, zone) {
		if (is_highmem(k, zone))
			continue;
		reserve += zone->watermark[WMARK_HIGH];
		pages += free_and_file_pages(k, zone);
	}
	return pages > reserve ? pages - reserve : 0;
}

/* Its share of the zone that one for all would give (Linux 4.4: zone_dirtyable_memory()
 * and its dirty_balance_reserve). */
bool zone_dirty_ok(const struct kernel *k, const struct zone *zone)
{
	uint64_t pages = free_and_file_pages(k, zone), reserve = 0;

	for (int type = zone->type; type < MAX_NR_ZONES; type++)
		if (zone->lowmem_reserve[type] > reserve)
			reserve = zone->lowmem_reserve[type];
	reserve += zone->watermark[WMARK_HIGH];
	pages -= reserve < pages ? reserve : pages;
	return zone->nr_file_dirty <= pages * k->config.dirty_ratio / 100;
}

/* Goes round the file from where it stopped the last time. Beginning anew each time,
 * it might write just the page that a program is trying to dirty, for ever. */
static void write_some(struct kernel *k, struct address_space *mapping, uint64_t *budget)
{
	pgoff_t stop = mapping->writeback_index;

	write_range(k, mapping, &mapping->writeback_index, UINT64_MAX, budget);
	if (!*budget || !stop)
		return;
	mapping->writeback_index = 0;
	write_range(k, mapping, &mapping->writeback_index, stop - 1, budget);
}

/* However little memory there is, so many pages may be dirty. */
#define MIN_DIRTY_PAGES 8

static uint64_t dirty_limit(const struct kernel *k)
{
	uint64_t ratio = k->config.dirty_background_ratio, limit;

	if (ratio > k->config.dirty_ratio)
		ratio = k->config.dirty_ratio;
	limit = dirtyable_pages(k) * ratio / 100;
	return limit > MIN_DIRTY_PAGES ? limit : MIN_DIRTY_PAGES;
}

void balance_dirty_pages(struct kernel *k)
{
	uint64_t dirty = vmstat_value(k, NR_DIRTY), limit, budget;
	struct address_space *mapping;

	if (dirty <= MIN_DIRTY_PAGES)
		return;
	limit = dirty_limit(k);
	if (dirty <= limit)
		return;
	budget = dirty - limit;
	list_for_each_entry (mapping, &k->mappings, mappings) {
		if (!budget)
			return;
		if (!mapping->shmem)
			write_some(k, mapping, &budget);
	}
}
