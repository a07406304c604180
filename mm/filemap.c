/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filemap - the page cache's tree, and reading and writing through it
 * (Linux 4.4, mm/filemap.c).
 */
#include "mm/pagemap.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Faults that miss until read-around is given up (Linux: MMAP_LOTSAMISS). */
#define MMAP_LOTSAMISS 100

void address_space_init(struct kernel *k, struct address_space *mapping,
                        const struct address_space_operations *a_ops, void *host, uint64_t i_size)
{
	(void)k;
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

	(void)k;
	if (!page || radix_tree_exceptional(page))
		return NULL;
	get_page(page);
	return page;
}

uint32_t find_get_pages(struct kernel *k, struct address_space *mapping, pgoff_t *index, uint32_t n,
                        struct page **pages)
{
	uint32_t found = 0;

	(void)k;
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
	if (workingset_refault(k, old))
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
	void *data = page_address(k, page);
	int err = 0;

	k->ops->frame_changed(k->machine, page_to_pfn(k, page));
	if (mapping->a_ops && mapping->a_ops->readpage)
		err = mapping->a_ops->readpage(mapping, page->index, data);
	else
		memset(data, 0, PAGE_SIZE);
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

enum filemap_result filemap_get_page(struct kernel *k, struct address_space *mapping,
                                     struct file_ra_state *ra, uint64_t vm_flags, pgoff_t index,
                                     struct page **out)
{
	struct file_ra_state fresh;

	if (!ra) {
		file_ra_state_init(k, &fresh);
		ra = &fresh;
	}
	return get_page_for(
	    k,
	    &(struct page_request){
	        .mapping = mapping, .ra = ra, .vm_flags = vm_flags, .index = index, .wanted = 1 },
	    out);
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

static int errno_of(enum filemap_result result)
{
	return result == FILEMAP_NOMEM ? -ENOMEM : -EIO;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A read that goes on in the page where the last one ended is no new use of it. */
static void note_read(struct kernel *k, struct file_ra_state *ra, struct page *page, uint64_t pos)
{
	if (pos != ra->prev_pos)
		mark_page_accessed(k, page);
}

int64_t filemap_read(struct kernel *k, struct file *file, uint64_t pos, uint64_t len,
                     filemap_actor actor, void *context)
{
	struct address_space *mapping = file->f_mapping;
	uint64_t done = 0, end;

	if (pos >= mapping->i_size)
		return 0;
	len = min_u64(len, mapping->i_size - pos);
	end = pos + len;
	while (done < len) {
		uint64_t at = pos + done, offset = at % PAGE_SIZE;
		uint64_t n = min_u64(PAGE_SIZE - offset, len - done);
		struct page_request rq = { .mapping = mapping,
			                   .ra = &file->f_ra,
			                   .index = at / PAGE_SIZE,
			                   .wanted =
			                       (end + PAGE_SIZE - 1) / PAGE_SIZE - at / PAGE_SIZE };
		struct page *page;
		enum filemap_result result = get_page_for(k, &rq, &page);
		int64_t copied;

		if (result == FILEMAP_EOF) /* truncated meanwhile */
			break;
		if (result != FILEMAP_HIT && result != FILEMAP_MAJOR)
			return done ? (int64_t)done : errno_of(result);
		note_read(k, &file->f_ra, page, at);
		copied = actor(context, page_address(k, page), offset, n);
		put_page(k, page);
		if (copied < 0)
			return done ? (int64_t)done : copied;
		file->f_ra.prev_pos =
		    rq.index * PAGE_SIZE + (offset + (uint64_t)copied) % PAGE_SIZE;
		done += (uint64_t)copied;
		if ((uint64_t)copied < n)
			break;
	}
	return (int64_t)done;
}

/* ---- writing ---- */

/* What one turn of filemap_write() writes: len bytes of a page. */
struct write_chunk {
	struct address_space *mapping;
	pgoff_t index;
	uint64_t offset, len; /* in the page */
	filemap_actor actor;
	void *context;
};

static int64_t finish_write(struct kernel *k, const struct write_chunk *chunk, struct page *page,
                            uint64_t len)
{
	uint64_t end = chunk->index * PAGE_SIZE + chunk->offset + len;

	if (end > chunk->mapping->i_size)
		chunk->mapping->i_size = end;
	set_page_dirty(k, page);
	mark_page_accessed(k, page);
	put_page(k, page);
	return (int64_t)len;
}

/* The uptodate page whose old content the write keeps a part of. */
static int get_old_page(struct kernel *k, const struct write_chunk *chunk, struct page **out)
{
	struct file_ra_state no_readahead = { 0 };
	enum filemap_result result;

	if (chunk->mapping->shmem)
		result = shmem_get_page(k, chunk->mapping, chunk->index, out);
	else
		result = filemap_get_page(k, chunk->mapping, &no_readahead, VM_RAND_READ,
		                          chunk->index, out);
	return result == FILEMAP_HIT || result == FILEMAP_MAJOR ? 0 : errno_of(result);
}

static int64_t write_to_old_page(struct kernel *k, const struct write_chunk *chunk)
{
	struct page *page;
	int64_t copied = get_old_page(k, chunk, &page);

	if (copied < 0)
		return copied;
	k->ops->frame_changed(k->machine, page_to_pfn(k, page));
	copied = chunk->actor(chunk->context, page_address(k, page), chunk->offset, chunk->len);
	if (copied > 0)
		return finish_write(k, chunk, page, (uint64_t)copied);
	put_page(k, page);
	return copied;
}

/* A new page's first `len` bytes (from offset on) are all that is known of it; the
 * file has the rest, or a fault of the actor's brought the page in meanwhile. */
static int64_t merge_into_old_page(struct kernel *k, const struct write_chunk *chunk,
                                   struct page *new_page, uint64_t len)
{
	struct page *page;
	int err = get_old_page(k, chunk, &page);

	if (!err) {
		k->ops->frame_changed(k->machine, page_to_pfn(k, page));
		memcpy((uint8_t *)page_address(k, page) + chunk->offset,
		       (uint8_t *)page_address(k, new_page) + chunk->offset, len);
	}
	put_page(k, new_page);
	return err ? err : finish_write(k, chunk, page, len);
}

/* No old content is needed. The page stays out of the cache until it is whole:
 * the actor may fault on the same page of the file, and must find the old one. */
static int64_t write_to_new_page(struct kernel *k, const struct write_chunk *chunk)
{
	struct address_space *mapping = chunk->mapping;
	bool past_eof = chunk->index >= mapping_nr_pages(mapping);
	struct page *page = alloc_page(k, mapping->gfp_mask);
	int64_t copied;
	int err;

	if (!page)
		return -ENOMEM;
	k->ops->frame_changed(k->machine, page_to_pfn(k, page));
	if (past_eof)
		memset(page_address(k, page), 0, PAGE_SIZE);
	copied = chunk->actor(chunk->context, page_address(k, page), chunk->offset, chunk->len);
	if (copied <= 0) {
		put_page(k, page);
		return copied;
	}
	if (!past_eof && (uint64_t)copied < chunk->len)
		return merge_into_old_page(k, chunk, page, (uint64_t)copied);
	err = add_to_page_cache(k, page, mapping, chunk->index, mapping->gfp_mask);
	if (err == -EEXIST)
		return merge_into_old_page(k, chunk, page, (uint64_t)copied);
	if (err) {
		put_page(k, page);
		return err;
	}
	SetPageUptodate(page);
	lru_cache_add(k, page);
	return finish_write(k, chunk, page, (uint64_t)copied);
}

static bool needs_old_content(const struct write_chunk *chunk)
{
	const void *item = radix_tree_lookup(&chunk->mapping->page_tree, chunk->index);

	if (chunk->mapping->shmem || (item && !radix_tree_exceptional(item)))
		return true;
	return chunk->len != PAGE_SIZE && chunk->index < mapping_nr_pages(chunk->mapping);
}

int64_t filemap_write(struct kernel *k, struct file *file, uint64_t pos, uint64_t len,
                      filemap_actor actor, void *context)
{
	uint64_t done = 0;

	while (done < len) {
		uint64_t at = pos + done;
		struct write_chunk chunk = { .mapping = file->f_mapping,
			                     .index = at / PAGE_SIZE,
			                     .offset = at % PAGE_SIZE,
			                     .len = min_u64(PAGE_SIZE - at % PAGE_SIZE, len - done),
			                     .actor = actor,
			                     .context = context };
		int64_t written = needs_old_content(&chunk) ? write_to_old_page(k, &chunk)
		                                            : write_to_new_page(k, &chunk);

		if (written < 0)
			return done ? (int64_t)done : written;
		done += (uint64_t)written;
		balance_dirty_pages(k);
		if ((uint64_t)written < chunk.len)
			break;
	}
	return (int64_t)done;
}

/* ---- start and checks ---- */

int filemap_init(struct kernel *k)
{
	int err = radix_tree_init(k);

	if (err)
		return err;
	lru_init(k);
	swap_init(k);
	return 0;
}

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

/* Every file page of mem_map stands in its mapping's tree, and the sums agree. */
static bool sums_are_valid(struct kernel *k, char *what, size_t size)
{
	uint64_t nr_file = 0, nr_shmem = 0, nr_dirty = 0, nr_swapcached = 0;

	for (pfn_t pfn = 0; pfn < k->max_pfn; pfn++) {
		const struct page *page = pfn_to_page(k, pfn);

		if (PageSlab(page) || PageTail(page) || !page_count(page))
			continue;
		nr_swapcached += PageSwapCache(page);
		if (!page->mapping || PageAnon(page))
			continue;
		nr_file++;
		nr_shmem += page->mapping->shmem;
		nr_dirty += PageDirty(page) && !page->mapping->shmem;
		if (radix_tree_lookup(&page->mapping->page_tree, page->index) != page) {
			snprintf(what, size, "pfn %#llx is not in its mapping",
			         (unsigned long long)pfn);
			return false;
		}
	}
	if (vmstat_value(k, NR_FILE_PAGES) != nr_file + nr_swapcached ||
	    vmstat_value(k, NR_SHMEM) != nr_shmem || vmstat_value(k, NR_DIRTY) != nr_dirty ||
	    vmstat_value(k, NR_SWAPCACHED) != nr_swapcached) {
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
