/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swap_state - the swap cache: pages that have a slot, by slot (Linux 4.4,
 * mm/swap_state.c; page_io.c for the transfers).
 *
 * A page stays in the cache, and keeps its slot, until it is written to or the
 * slots run short. So a page that was read back and not changed can be evicted
 * again without writing it.
 */
#include "mm/swap.h"

#include "mm/page_alloc.h"
#include "mm/pagemap.h"

#include <assert.h>
#include <errno.h>

struct address_space *swap_address_space(struct kernel *k, swp_entry_t entry)
{
	assert(swp_type(entry) < MAX_SWAPFILES);
	return &k->swap.swapper_spaces[swp_type(entry)];
}

static struct page *find_swap_page(struct kernel *k, swp_entry_t entry)
{
	return find_get_page(k, swap_address_space(k, entry), swp_offset(entry));
}

/* ---- adding and deleting ---- */

int add_to_swap_cache(struct kernel *k, struct page *page, swp_entry_t entry, gfp_t gfp)
{
	struct address_space *space = swap_address_space(k, entry);
	int err =
	    radix_tree_insert(k, &space->page_tree, swp_offset(entry), page, gfp & ~GFP_ZONEMASK);

	if (err)
		return err;
	get_page(page);
	SetPageSwapCache(page);
	page->private = entry.val;
	space->nrpages++;
	mod_vm_quantity(k, NR_FILE_PAGES, 1);
	mod_vm_quantity(k, NR_SWAPCACHED, 1);
	return 0;
}

void delete_from_swap_cache(struct kernel *k, struct page *page)
{
	swp_entry_t entry = { page->private };
	struct address_space *space = swap_address_space(k, entry);
	void *old = radix_tree_delete(k, &space->page_tree, swp_offset(entry));

	assert(PageSwapCache(page) && old == page);
	(void)old;
	ClearPageSwapCache(page);
	page->private = 0;
	space->nrpages--;
	mod_vm_quantity(k, NR_FILE_PAGES, -1);
	mod_vm_quantity(k, NR_SWAPCACHED, -1);
	swapcache_free(k, entry);
	put_page(k, page);
}

int add_to_swap(struct kernel *k, struct page *page)
{
	swp_entry_t entry = get_swap_page(k);
	int err;

	if (!entry.val)
		return -ENOSPC;
	/* Reclaim itself needs a tree node here: it may dip into the reserves. */
	err = add_to_swap_cache(k, page, entry, __GFP_HIGH | __GFP_NOWARN);
	if (err)
		swapcache_free(k, entry);
	else
		SetPageDirty(page);
	return err;
}

bool try_to_free_swap(struct kernel *k, struct page *page)
{
	if (!PageSwapCache(page) || PageWriteback(page) || page_swapcount(k, page))
		return false;
	delete_from_swap_cache(k, page);
	SetPageDirty(page);
	return true;
}

bool reuse_swap_page(struct kernel *k, struct page *page)
{
	uint32_t users = (uint32_t)page->_mapcount;

	if (users > 1 || !PageSwapCache(page))
		return users <= 1;
	users += page_swapcount(k, page);
	if (users > 1 || PageWriteback(page))
		return users <= 1;
	delete_from_swap_cache(k, page);
	SetPageDirty(page);
	return true;
}

/* ---- looking up and reading ---- */

struct page *lookup_swap_cache(struct kernel *k, swp_entry_t entry)
{
	struct page *page = find_swap_page(k, entry);

	if (page && TestClearPageReadahead(page)) {
		count_vm_event(k, SWAP_RA_HIT);
		k->swap.readahead_hits++;
	}
	return page;
}

static int read_slot(struct kernel *k, swp_entry_t entry, struct page *page)
{
	struct swap_device *device = k->swap.info[swp_type(entry)].device;
	int err;

	if (should_fail(&k->fault_inject, FAIL_SWAP_READ, 0))
		return -EIO;
	k->ops->frame_changed(k->machine, page_to_pfn(k, page));
	err = device->read(device, swp_offset(entry), page_frame(k, page));
	if (err)
		return err;
	SetPageUptodate(page);
	count_vm_event(k, PSWPIN);
	count_vm_events(k, PGPGIN, PAGE_SIZE / KIB);
	event_raise(k->events, &(struct event){ .kind = EVENT_SWAP_IN,
	                                        .pfn = page_to_pfn(k, page),
	                                        .arg = swp_offset(entry) });
	return 0;
}

/* The slot's page from the cache (0) or read from the device (1), with a reference;
 * or -errno. Does not wait. */
static int get_slot_page(struct kernel *k, swp_entry_t entry, gfp_t gfp, struct page **out)
{
	struct page *page = find_swap_page(k, entry);
	int err;

	if (page) {
		*out = page;
		return 0;
	}
	page = alloc_page(k, gfp);
	if (!page)
		return -ENOMEM;
	err = swapcache_prepare(k, entry);
	if (err) {
		put_page(k, page);
		return err;
	}
	SetPageSwapBacked(page);
	err = add_to_swap_cache(k, page, entry, gfp);
	if (err) {
		swapcache_free(k, entry);
		put_page(k, page);
		return err;
	}
	err = read_slot(k, entry, page);
	if (err) {
		delete_from_swap_cache(k, page);
		put_page(k, page);
		return err;
	}
	lru_cache_add(k, page);
	*out = page;
	return 1;
}

int read_swap_cache(struct kernel *k, swp_entry_t entry, gfp_t gfp, struct page **out)
{
	int got = get_slot_page(k, entry, gfp, out);

	if (got > 0)
		k->ops->disk_wait(k->machine, 1, false);
	return got < 0 ? got : 0;
}

/* How many slots to read around one: 1 for random access, more the more of the
 * last ones were used (Linux 4.4: swapin_nr_pages()). */
static uint32_t swapin_nr_pages(struct kernel *k, uint64_t offset)
{
	struct swap_state *swap = &k->swap;
	uint32_t max = 1u << k->config.page_cluster, pages = swap->readahead_hits + 2;

	if (max <= 1)
		return 1;
	if (pages == 2) {
		/* No hits: only a neighbour of the last one looks sequential. */
		if (offset != swap->prev_offset + 1 && offset != swap->prev_offset - 1)
			pages = 1;
		swap->prev_offset = offset;
	} else {
		uint32_t roundup = 4;

		while (roundup < pages)
			roundup <<= 1;
		pages = roundup;
	}
	if (pages > max)
		pages = max;
	/* Not too fast down. */
	if (pages < swap->last_readahead_pages / 2)
		pages = swap->last_readahead_pages / 2;
	swap->readahead_hits = 0;
	swap->last_readahead_pages = pages;
	return pages;
}

/* Slots read in a row are one request. */
static void extend_request(struct kernel *k, uint32_t *request, bool read)
{
	if (read) {
		++*request;
	} else if (*request) {
		k->ops->disk_wait(k->machine, *request, false);
		*request = 0;
	}
}

int swapin_page(struct kernel *k, swp_entry_t entry, gfp_t gfp, struct page **out)
{
	uint64_t target = swp_offset(entry), mask = swapin_nr_pages(k, target) - 1;
	struct page *found = NULL;
	uint32_t request = 0;
	int err = -ENOMEM;

	for (uint64_t offset = target & ~mask; offset <= (target | mask); offset++) {
		bool wanted = offset == target;
		struct page *page = NULL; /* which an error leaves */
		int got = get_slot_page(k, swp_entry(swp_type(entry), offset),
		                        wanted ? gfp : gfp | __GFP_NORETRY | __GFP_NOWARN, &page);

		extend_request(k, &request, got > 0);
		if (wanted) {
			err = got < 0 ? got : 0;
			found = page;
		} else if (got >= 0) {
			if (got > 0) {
				SetPageReadahead(page);
				count_vm_event(k, SWAP_RA);
			}
			put_page(k, page);
		}
	}
	extend_request(k, &request, false);
	if (found)
		*out = found;
	return err;
}

struct page *swapin_readahead(struct kernel *k, swp_entry_t entry, gfp_t gfp)
{
	struct page *page;

	return swapin_page(k, entry, gfp, &page) ? NULL : page;
}

/* ---- writing ---- */

void swap_finish_plug(struct kernel *k)
{
	if (k->swap.plug.nr_pages)
		k->ops->disk_wait(k->machine, k->swap.plug.nr_pages, true);
	k->swap.plug.nr_pages = 0;
}

static void add_to_plug(struct kernel *k, swp_entry_t entry)
{
	if (k->swap.plug.type != swp_type(entry) || k->swap.plug.next_offset != swp_offset(entry) ||
	    k->swap.plug.nr_pages == MAX_REQUEST_PAGES)
		swap_finish_plug(k);
	k->swap.plug.type = swp_type(entry);
	k->swap.plug.next_offset = swp_offset(entry) + 1;
	k->swap.plug.nr_pages++;
}

int swap_writepage(struct kernel *k, struct page *page)
{
	swp_entry_t entry = { page->private };
	struct swap_device *device = k->swap.info[swp_type(entry)].device;
	int err;

	assert(PageSwapCache(page));
	if (should_fail(&k->fault_inject, FAIL_SWAP_WRITE, 0))
		return -EIO;
	err = device->write(device, swp_offset(entry), page_frame(k, page));
	if (err)
		return err;
	ClearPageDirty(page);
	count_vm_event(k, PSWPOUT);
	count_vm_events(k, PGPGOUT, PAGE_SIZE / KIB);
	event_raise(k->events, &(struct event){ .kind = EVENT_SWAP_OUT,
	                                        .pfn = page_to_pfn(k, page),
	                                        .arg = swp_offset(entry) });
	add_to_plug(k, entry);
	return 0;
}
