/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filemap - the page cache: its tree, and getting a page of a file (Linux 4.4,
 * mm/filemap.c). read(2) and write(2) stand in filemap_rw.c.
 */
#include "mm/pagemap.h"

#include "mm/reclaim_policy.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* Faults that miss until read-around is given up (Linux: MMAP_LOTSAMISS). */
#define MMAP_LOTSAMISS 100

void address_space_init(struct kernel *k, struct address_space *mapping,
                        const struct address_space_operations *a_ops, void *host, uint64_t i_size)
{
	memset(mapping, 0, sizeof(*mapping));
	mapping->a_ops = a_ops;
	mapping->host = host;
	mapping->i_size = i_size;
	mapping->gfp_mask = GFP_HIGHUSER_MOVABLE;
	INIT_LIST_HEAD(&mapping->i_mmap);
	INIT_LIST_HEAD(&mapping->mappings);
}

struct address_space *page_mapping(struct kernel *k, const struct page *page)
{
	if (PageSlab(page) || PageTail(page))
		return NULL;
	if (PageSwapCache(page))
		return swap_address_space(k, (swp_entry_t){ page->private });
	return PageAnon(page) ? NULL : page->mapping;
}

/* ---- the tree ---- */

/* On kernel.mappings while there is anything in the tree. */
static void mapping_changed(struct kernel *k, struct address_space *mapping)
{
	bool used = mapping->nrpages || mapping->nrexceptional;

	if (used && list_empty(&mapping->mappings))
		list_add_tail(&mapping->mappings, &k->mappings);
	else if (!used && !list_empty(&mapping->mappings))
		list_del_init(&mapping->mappings);
}

struct page *find_get_page(struct kernel *k, struct address_space *mapping, pgoff_t index)
{
	struct page *page = radix_tree_lookup(&mapping->page_tree, index);

	if (!page || radix_tree_exceptional(page))
		return NULL;
	get_page(page);
	return page;
}

uint32_t find_get_pages(struct kernel *k, struct address_space *mapping, pgoff_t *index, uint32_t n,
                        struct page **pages)
{
	uint32_t found = 0;

	while (found < n) {
		struct page *page = radix_tree_next(&mapping->page_tree, index);

		if (!page)
			break;
		if (!radix_tree_exceptional(page)) {
			get_page(page);
			pages[found++] = page;
		}
		if (++*index == 0)
			break;
	}
	return found;
}

static void account_page(struct kernel *k, struct address_space *mapping, int delta)
{
	mod_vm_quantity(k, NR_FILE_PAGES, delta);
	if (mapping->shmem)
		mod_vm_quantity(k, NR_SHMEM, delta);
}

/* A shadow gives its place to the page; anything else that is there: -EEXIST. */
static int insert_page(struct kernel *k, struct page *page, struct address_space *mapping,
                       pgoff_t index, gfp_t gfp)
{
	void *old = radix_tree_lookup(&mapping->page_tree, index);

	if (!old)
		return radix_tree_insert(k, &mapping->page_tree, index, page, gfp);
	if (!radix_tree_exceptional(old) || mapping->shmem)
		return -EEXIST;
	radix_tree_replace(&mapping->page_tree, index, page);
	mapping->nrexceptional--;
	if (workingset_refault(k, old) && has_active_lists(k))
		SetPageActive(page);
	return 0;
}

/* The page stands in the tree: the rest of adding it. */
static void enter(struct kernel *k, struct page *page, struct address_space *mapping, pgoff_t index)
{
	get_page(page);
	page->mapping = mapping;
	page->index = index;
	mapping->nrpages++;
	mapping_changed(k, mapping);
	account_page(k, mapping, 1);
}

int add_to_page_cache(struct kernel *k, struct page *page, struct address_space *mapping,
                      pgoff_t index, gfp_t gfp)
{
	int err = insert_page(k, page, mapping, index, gfp & ~GFP_ZONEMASK);

	if (!err)
		enter(k, page, mapping, index);
	return err;
}

void replace_in_page_cache(struct kernel *k, struct page *page, void *item)
{
	struct address_space *mapping = page->mapping;

	assert(mapping && !PageAnon(page) && !page_mapped(page));
	if (item) {
		radix_tree_replace(&mapping->page_tree, page->index, item);
		mapping->nrexceptional++;
	} else {
		radix_tree_delete(k, &mapping->page_tree, page->index);
	}
	mapping->nrpages--;
	mapping_changed(k, mapping);
	account_page(k, mapping, -1);
	page->mapping = NULL;
	put_page(k, page);
}

void delete_from_page_cache(struct kernel *k, struct page *page)
{
	assert(!PageDirty(page));
	replace_in_page_cache(k, page, NULL);
}

void evict_from_page_cache(struct kernel *k, struct page *page)
{
	assert(!PageDirty(page));
	replace_in_page_cache(k, page, workingset_eviction(k, page));
}

void put_back_in_page_cache(struct kernel *k, struct page *page, struct address_space *mapping,
                            pgoff_t index)
{
	void *old = radix_tree_replace(&mapping->page_tree, index, page);

	assert(radix_tree_exceptional(old));
	mapping->nrexceptional--;
	enter(k, page, mapping, index);
}

void delete_exceptional(struct kernel *k, struct address_space *mapping, pgoff_t index)
{
	void *old = radix_tree_delete(k, &mapping->page_tree, index);

	assert(radix_tree_exceptional(old));
	mapping->nrexceptional--;
	mapping_changed(k, mapping);
}

/* ---- reading ---- */

void file_ra_state_init(const struct kernel *k, struct file_ra_state *ra)
{
	*ra = (struct file_ra_state){ .ra_pages = k->config.read_ahead_pages,
		                      .prev_pos = UINT64_MAX };
}

bool page_counts_as_cached(struct kernel *k, struct address_space *mapping, pgoff_t index)
{
	if (mapping->shmem || mapping->cold)
		return false;
	return k->config.page_cache_warm && !radix_tree_lookup(&mapping->page_tree, index);
}

int read_mapping_page(struct kernel *k, struct address_space *mapping, struct page *page)
{
	int err = 0;

	if (mapping->a_ops && mapping->a_ops->readpage) {
		k->ops->frame_changed(k->machine, page_to_pfn(k, page));
		err = mapping->a_ops->readpage(mapping, page->index, page_frame(k, page));
	} else {
		clear_highpage(k, page);
	}
	if (!err)
		SetPageUptodate(page);
	return err;
}

enum filemap_result add_filled_page(struct kernel *k, struct address_space *mapping, pgoff_t index,
                                    struct page **out)
{
	struct page *page = alloc_page(k, mapping->gfp_mask);

	if (!page)
		return FILEMAP_NOMEM;
	if (mapping->shmem)
		SetPageSwapBacked(page);
	if (add_to_page_cache(k, page, mapping, index, mapping->gfp_mask)) {
		put_page(k, page);
		return FILEMAP_NOMEM;
	}
	if (read_mapping_page(k, mapping, page)) {
		delete_from_page_cache(k, page);
		put_page(k, page);
		return FILEMAP_ERROR;
	}
	lru_cache_add(k, page);
	*out = page;
	return FILEMAP_HIT;
}

/* A cached page that could not be read, or was brought in for a write that did not
 * come: read now. */
static enum filemap_result read_again(struct kernel *k, struct address_space *mapping,
                                      struct page *page)
{
	if (read_mapping_page(k, mapping, page))
		return FILEMAP_ERROR;
	count_vm_events(k, PGPGIN, PAGE_SIZE / KIB);
	k->ops->disk_wait(k->machine, 1, false);
	return FILEMAP_MAJOR;
}

/* Linux: do_sync_mmap_readahead() */
static void sync_mmap_readahead(struct kernel *k, struct address_space *mapping,
                                struct file_ra_state *ra, uint64_t vm_flags, pgoff_t index)
{
	if (vm_flags & VM_RAND_READ || !ra->ra_pages)
		return;
	if (vm_flags & VM_SEQ_READ) {
		page_cache_sync_readahead(k, mapping, ra, index, ra->ra_pages);
		return;
	}
	if (ra->mmap_miss < MMAP_LOTSAMISS * 10)
		ra->mmap_miss++;
	if (ra->mmap_miss > MMAP_LOTSAMISS)
		return;
	/* read-around */
	ra->start = index > ra->ra_pages / 2 ? index - ra->ra_pages / 2 : 0;
	ra->size = ra->ra_pages;
	ra->async_size = ra->ra_pages / 4;
	ra_submit(k, mapping, ra);
}

/* Linux: do_async_mmap_readahead() */
static void async_mmap_readahead(struct kernel *k, struct address_space *mapping,
                                 struct file_ra_state *ra, uint64_t vm_flags, struct page *page,
                                 pgoff_t index)
{
	if (vm_flags & VM_RAND_READ)
		return;
	if (ra->mmap_miss > 0)
		ra->mmap_miss--;
	if (PageReadahead(page))
		page_cache_async_readahead(k, mapping, ra, page, index, ra->ra_pages);
}

/* One page is wanted: by a fault (vm_flags), or by a read(2) that wants `wanted`
 * pages from it on. */
struct page_request {
	struct address_space *mapping;
	struct file_ra_state *ra;
	uint64_t vm_flags;
	pgoff_t index;
	uint64_t wanted;
};

static void start_reading(struct kernel *k, const struct page_request *rq)
{
	if (rq->vm_flags)
		sync_mmap_readahead(k, rq->mapping, rq->ra, rq->vm_flags, rq->index);
	else
		page_cache_sync_readahead(k, rq->mapping, rq->ra, rq->index, rq->wanted);
}

static void read_further(struct kernel *k, const struct page_request *rq, struct page *page)
{
	if (rq->vm_flags)
		async_mmap_readahead(k, rq->mapping, rq->ra, rq->vm_flags, page, rq->index);
	else if (PageReadahead(page))
		page_cache_async_readahead(k, rq->mapping, rq->ra, page, rq->index, rq->wanted);
}

/* Nothing is cached: reads the page, and around it what the read-ahead state says.
 * If memory is so short that the page did not come with the rest, just the page. */
static struct page *read_missing(struct kernel *k, const struct page_request *rq)
{
	struct page *page;

	start_reading(k, rq);
	page = find_get_page(k, rq->mapping, rq->index);
	if (!page) {
		page_cache_read(k, rq->mapping, rq->index, 1, 0, rq->mapping->gfp_mask);
		page = find_get_page(k, rq->mapping, rq->index);
	}
	return page;
}

static enum filemap_result get_page_for(struct kernel *k, const struct page_request *rq,
                                        struct page **out)
{
	enum filemap_result result = FILEMAP_HIT;
	struct page *page;

	if (rq->index >= mapping_nr_pages(rq->mapping))
		return FILEMAP_EOF;
	if (rq->mapping->shmem)
		return shmem_get_page(k, rq->mapping, rq->index, out);
	if (page_counts_as_cached(k, rq->mapping, rq->index))
		return add_filled_page(k, rq->mapping, rq->index, out);

	page = find_get_page(k, rq->mapping, rq->index);
	if (page) {
		read_further(k, rq, page);
		if (!PageUptodate(page))
			result = read_again(k, rq->mapping, page);
	} else {
		page = read_missing(k, rq);
		if (!page)
			return FILEMAP_NOMEM;
		result = PageUptodate(page) ? FILEMAP_MAJOR : FILEMAP_ERROR;
	}
	if (result == FILEMAP_ERROR)
		put_page(k, page);
	else
		*out = page;
	return result;
}

enum filemap_result filemap_get_page_of(struct kernel *k, struct address_space *mapping,
                                        struct file_ra_state *ra, pgoff_t index, uint64_t wanted,
                                        struct page **out)
{
	const struct page_request rq = {
		.mapping = mapping, .ra = ra, .index = index, .wanted = wanted
	};

	return get_page_for(k, &rq, out);
}

enum filemap_result filemap_get_page(struct kernel *k, struct address_space *mapping,
                                     struct file_ra_state *ra, uint64_t vm_flags, pgoff_t index,
                                     struct page **out)
{
	struct file_ra_state fresh;
	struct page_request rq = {
		.mapping = mapping, .ra = ra, .vm_flags = vm_flags, .index = index, .wanted = 1
	};

	if (!ra) {
		file_ra_state_init(k, &fresh);
		rq.ra = &fresh;
	}
	return get_page_for(k, &rq, out);
}

bool filemap_peek_page(struct kernel *k, struct address_space *mapping, pgoff_t index,
                       struct page **out)
{
	struct page *page;

	if (index >= mapping_nr_pages(mapping))
		return false;
	page = find_get_page(k, mapping, index);
	if (!page)
		return page_counts_as_cached(k, mapping, index) &&
		       add_filled_page(k, mapping, index, out) == FILEMAP_HIT;
	if (!PageUptodate(page)) {
		put_page(k, page);
		return false;
	}
	*out = page;
	return true;
}

/* ---- start ---- */

int filemap_init(struct kernel *k)
{
	int err = radix_tree_init(k);

	if (err)
		return err;
	lru_init(k);
	swap_init(k);
	return 0;
}
