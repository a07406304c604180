/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * readahead - how much of a file to read when some of it is wanted
 * (Linux 4.4, mm/readahead.c).
 *
 * The state of an open file is a window, and a mark in it. A reader that comes to
 * the mark has the next window read before it runs dry:
 *
 *                      |<----- async_size ---------|
 *   |------------------- size -------------------->|
 *   |==================#===========================|
 *   ^start             ^page with PG_readahead
 */
#include "mm/pagemap.h"

#include "mm/swap.h"

/* ---- reading ---- */

/* 1: read, 0: it was there already, -1: no memory. */
static int read_page_at(struct kernel *k, struct address_space *mapping, pgoff_t index, bool mark,
                        gfp_t gfp)
{
	struct page *page = radix_tree_lookup(&mapping->page_tree, index);

	if ((page && !radix_tree_exceptional(page)) || page_counts_as_cached(k, mapping, index))
		return 0;
	page = alloc_page(k, gfp);
	if (!page)
		return -1;
	if (add_to_page_cache(k, page, mapping, index, gfp)) {
		put_page(k, page);
		return -1;
	}
	if (mark)
		SetPageReadahead(page);
	/* A page that cannot be read stays, not uptodate: who needs it tries again. */
	if (!read_mapping_page(k, mapping, page))
		event_raise(k->events, &(struct event){ .kind = EVENT_FILE_READ,
		                                        .pfn = page_to_pfn(k, page),
		                                        .arg = index });
	lru_cache_add(k, page);
	put_page(k, page);
	return 1;
}

static void finish_request(struct kernel *k, uint32_t *nr_pages)
{
	if (!*nr_pages)
		return;
	count_vm_events(k, PGPGIN, *nr_pages * (PAGE_SIZE / KIB));
	k->ops->disk_wait(k->machine, *nr_pages, false);
	*nr_pages = 0;
}

uint64_t page_cache_read(struct kernel *k, struct address_space *mapping, pgoff_t start,
                         uint64_t nr, uint64_t lookahead, gfp_t gfp)
{
	pgoff_t end = mapping_nr_pages(mapping);
	uint32_t request = 0;
	uint64_t nr_read = 0;

	for (uint64_t i = 0; i < nr && start + i < end; i++) {
		int got = read_page_at(k, mapping, start + i, i == nr - lookahead, gfp);

		if (got < 0)
			break;
		if (got) {
			nr_read++;
			request++;
		}
		if (!got || request == MAX_REQUEST_PAGES)
			finish_request(k, &request);
	}
	finish_request(k, &request);
	return nr_read;
}

void ra_submit(struct kernel *k, struct address_space *mapping, struct file_ra_state *ra)
{
	page_cache_read(k, mapping, ra->start, ra->size, ra->async_size,
	                mapping->gfp_mask | __GFP_COLD | __GFP_NORETRY | __GFP_NOWARN);
}

void force_page_cache_readahead(struct kernel *k, struct address_space *mapping, pgoff_t start,
                                uint64_t nr)
{
	struct file_ra_state ra = { .start = start };

	while (nr) {
		ra.size = (uint32_t)(nr < MAX_REQUEST_PAGES ? nr : MAX_REQUEST_PAGES);
		if (ra.start >= mapping_nr_pages(mapping))
			break;
		ra_submit(k, mapping, &ra);
		ra.start += ra.size;
		nr -= ra.size;
	}
}

/* ---- deciding ---- */

static uint32_t roundup_pow_of_two(uint32_t n)
{
	return n <= 1 ? 1 : 1u << (32 - __builtin_clz(n - 1));
}

/* The first window for a read of nr pages: 1 page of max 32 gives 4, 8 give 16. */
static uint32_t init_window(uint64_t nr, uint32_t max)
{
	uint32_t size = nr < max ? roundup_pow_of_two((uint32_t)nr) : max;

	if (size <= max / 32)
		return size * 4;
	if (size <= max / 4)
		return size * 2;
	return max;
}

static uint32_t next_window(const struct file_ra_state *ra, uint32_t max)
{
	uint32_t size = ra->size < max / 16 ? ra->size * 4 : ra->size * 2;

	return size < max ? size : max;
}

static bool is_cached(const struct address_space *mapping, pgoff_t index)
{
	const void *item = radix_tree_lookup(&mapping->page_tree, index);

	return item && !radix_tree_exceptional(item);
}

/* Cached pages in a row before index: what a sequential reader leaves behind. */
static uint64_t count_history_pages(const struct address_space *mapping, pgoff_t index,
                                    uint32_t max)
{
	uint64_t nr = 0;

	while (nr < max && nr < index && is_cached(mapping, index - 1 - nr))
		nr++;
	return nr;
}

static bool try_context_readahead(const struct address_space *mapping, struct file_ra_state *ra,
                                  pgoff_t index, uint64_t nr_wanted)
{
	uint64_t size = count_history_pages(mapping, index, ra->ra_pages);

	if (size <= nr_wanted)
		return false;
	if (size >= index) /* from the beginning of the file */
		size *= 2;
	ra->start = index;
	ra->size = (uint32_t)(size + nr_wanted < ra->ra_pages ? size + nr_wanted : ra->ra_pages);
	ra->async_size = 1;
	return true;
}

/* A marked page without a window that fits, as two readers of one file leave it:
 * goes on behind what is cached. */
static bool window_after_mark(const struct address_space *mapping, struct file_ra_state *ra,
                              pgoff_t index, uint64_t nr_wanted)
{
	pgoff_t hole = index + 1;

	while (hole - index <= ra->ra_pages && is_cached(mapping, hole))
		hole++;
	if (hole - index > ra->ra_pages)
		return false;
	ra->start = hole;
	ra->size = (uint32_t)(hole - index + nr_wanted);
	ra->size = next_window(ra, ra->ra_pages);
	ra->async_size = ra->size;
	return true;
}

static void initial_window(struct file_ra_state *ra, pgoff_t index, uint64_t nr_wanted)
{
	ra->start = index;
	ra->size = init_window(nr_wanted, ra->ra_pages);
	ra->async_size = ra->size > nr_wanted ? ra->size - (uint32_t)nr_wanted : ra->size;
}

static bool is_expected(const struct file_ra_state *ra, pgoff_t index)
{
	return index == ra->start + ra->size - ra->async_size || index == ra->start + ra->size;
}

static void advance_window(struct file_ra_state *ra)
{
	ra->start += ra->size;
	ra->size = next_window(ra, ra->ra_pages);
	ra->async_size = ra->size;
}

/* Sets the window to read for index; false: nothing to remember, read only what was
 * asked for (or, at a mark, nothing). */
static bool choose_window(const struct address_space *mapping, struct file_ra_state *ra,
                          bool at_mark, pgoff_t index, uint64_t nr_wanted)
{
	pgoff_t prev = ra->prev_pos >> PAGE_SHIFT;

	if (!index) {
		initial_window(ra, index, nr_wanted);
		return true;
	}
	if (is_expected(ra, index)) {
		advance_window(ra);
		return true;
	}
	if (at_mark)
		return window_after_mark(mapping, ra, index, nr_wanted);
	if (nr_wanted > ra->ra_pages || index == prev || index == prev + 1) {
		initial_window(ra, index, nr_wanted);
		return true;
	}
	return try_context_readahead(mapping, ra, index, nr_wanted);
}

static void ondemand_readahead(struct kernel *k, struct address_space *mapping,
                               struct file_ra_state *ra, bool at_mark, pgoff_t index,
                               uint64_t nr_wanted)
{
	if (!choose_window(mapping, ra, at_mark, index, nr_wanted)) {
		if (!at_mark)
			page_cache_read(k, mapping, index, nr_wanted, 0,
			                mapping->gfp_mask | __GFP_NORETRY | __GFP_NOWARN);
		return;
	}
	/* The reader stands at the mark of this very window: take the next one along. */
	if (index == ra->start && ra->size == ra->async_size) {
		ra->async_size = next_window(ra, ra->ra_pages);
		ra->size += ra->async_size;
	}
	ra_submit(k, mapping, ra);
}

void page_cache_sync_readahead(struct kernel *k, struct address_space *mapping,
                               struct file_ra_state *ra, pgoff_t index, uint64_t nr_wanted)
{
	if (ra->ra_pages)
		ondemand_readahead(k, mapping, ra, false, index, nr_wanted);
}

void page_cache_async_readahead(struct kernel *k, struct address_space *mapping,
                                struct file_ra_state *ra, struct page *page, pgoff_t index,
                                uint64_t nr_wanted)
{
	if (!ra->ra_pages)
		return;
	ClearPageReadahead(page);
	ondemand_readahead(k, mapping, ra, true, index, nr_wanted);
}
