/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filemap_rw - read(2) and write(2) of a file through the page cache (Linux 4.4,
 * mm/filemap.c, do_generic_file_read() and generic_perform_write()).
 *
 * The copy is the caller's, and may fault: on any file, this one too, and into
 * reclaim. So nothing but a reference to the page is held across it.
 */
#include "mm/pagemap.h"

#include "mm/maccess.h"
#include "mm/swap.h"

#include <errno.h>
#include <string.h>

/* The caller's copy, to or from a page that has an address meanwhile; counted as far
 * as it came. (Linux tries kmap_atomic() first, with page faults off.) */
static int64_t act(struct kernel *k, struct page *page, enum access_kind kind, filemap_actor actor,
                   void *context, uint64_t offset, uint64_t len)
{
	va_t va = kmap(k, page);
	int64_t copied;

	if (!va)
		return -ENOMEM;
	copied = actor(context, page_address(k, page), offset, len);
	if (copied > 0)
		kernel_touch(k, va + offset, kind, (uint64_t)copied);
	kunmap(k, page);
	return copied;
}

/* ---- reading ---- */

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

/* Memory that was never written takes none to be read. */
static bool is_hole(const struct address_space *mapping, pgoff_t index)
{
	return mapping->shmem && !radix_tree_lookup(&mapping->page_tree, index);
}

/* Copies at most to the end of the page that pos lies in. Bytes, 0 past the end of
 * file, or -errno. */
static int64_t read_chunk(struct kernel *k, struct file *file, uint64_t pos, uint64_t len,
                          filemap_actor actor, void *context)
{
	uint64_t offset = pos % PAGE_SIZE, wanted = (offset + len + PAGE_SIZE - 1) / PAGE_SIZE;
	struct file_ra_state *ra = &file->f_ra;
	enum filemap_result result;
	struct page *page;
	int64_t copied;

	if (is_hole(file->f_mapping, pos / PAGE_SIZE))
		return act(k, k->zero_page, ACCESS_LOAD, actor, context, offset,
		           min_u64(PAGE_SIZE - offset, len));
	result = filemap_get_page_of(k, file->f_mapping, ra, pos / PAGE_SIZE, wanted, &page);
	if (result == FILEMAP_EOF)
		return 0;
	if (result != FILEMAP_HIT && result != FILEMAP_MAJOR)
		return errno_of(result);
	note_read(k, ra, page, pos);
	copied =
	    act(k, page, ACCESS_LOAD, actor, context, offset, min_u64(PAGE_SIZE - offset, len));
	put_page(k, page);
	if (copied > 0)
		ra->prev_pos = pos - offset + (offset + (uint64_t)copied) % PAGE_SIZE;
	return copied;
}

int64_t filemap_read(struct kernel *k, struct file *file, uint64_t pos, uint64_t len,
                     filemap_actor actor, void *context)
{
	uint64_t done = 0;

	/* The file may be truncated while a copy faults. */
	while (done < len && pos + done < file->f_mapping->i_size) {
		uint64_t at = pos + done, left = min_u64(len - done, file->f_mapping->i_size - at);
		int64_t copied = read_chunk(k, file, at, left, actor, context);

		if (copied < 0)
			return done ? (int64_t)done : copied;
		done += (uint64_t)copied;
		if ((uint64_t)copied < min_u64(PAGE_SIZE - at % PAGE_SIZE, left))
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

static int64_t fill_from_chunk(struct kernel *k, struct page *page, const struct write_chunk *chunk)
{
	k->ops->frame_changed(k->machine, page_to_pfn(k, page));
	return act(k, page, ACCESS_STORE, chunk->actor, chunk->context, chunk->offset, chunk->len);
}

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
	copied = fill_from_chunk(k, page, chunk);
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

	if (!err)
		memcpy_page(k, page, new_page, chunk->offset, len);
	put_page(k, new_page);
	return err ? err : finish_write(k, chunk, page, len);
}

/* No old content is needed. The page stays out of the cache until it is whole:
 * the actor may fault on the same page of the file, and must find the old one. */
static int64_t write_to_new_page(struct kernel *k, const struct write_chunk *chunk)
{
	struct address_space *mapping = chunk->mapping;
	bool past_eof = chunk->index >= mapping_nr_pages(mapping);
	struct page *page = alloc_page(k, mapping->gfp_mask | __GFP_WRITE);
	int64_t copied;
	int err;

	if (!page)
		return -ENOMEM;
	if (past_eof)
		clear_highpage(k, page);
	copied = fill_from_chunk(k, page, chunk);
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

	if (pos > INT64_MAX || len > INT64_MAX - pos)
		return -EFBIG;
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
