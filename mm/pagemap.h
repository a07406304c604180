/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagemap - the page cache: pages of files by index, read-ahead and write-back
 * (Linux 4.4, mm/filemap.c, readahead.c, page-writeback.c, truncate.c).
 */
#ifndef PW_MM_PAGEMAP_H
#define PW_MM_PAGEMAP_H

#include "mm/kernel.h"

void address_space_init(struct kernel *k, struct address_space *mapping,
                        const struct address_space_operations *a_ops, void *host, uint64_t i_size);

/* ---- the tree ---- */

/* With a reference, or NULL: not cached. */
struct page *find_get_page(struct kernel *k, struct address_space *mapping, pgoff_t index);
/* Takes a reference for the cache. 0, -EEXIST, -ENOMEM. Does not touch the LRU. */
int add_to_page_cache(struct kernel *k, struct page *page, struct address_space *mapping,
                      pgoff_t index, gfp_t gfp);
/* Also drops the cache's reference. The page must be clean and unmapped. */
void delete_from_page_cache(struct kernel *k, struct page *page);
/* Up to n cached pages from *index on, in order, each with a reference; *index
 * is set behind the last. */
uint32_t find_get_pages(struct kernel *k, struct address_space *mapping, pgoff_t *index, uint32_t n,
                        struct page **pages);

/* ---- reading and writing ---- */

/* What getting a page cost. */
enum filemap_result {
	FILEMAP_HIT,   /* it was cached: a minor fault */
	FILEMAP_MAJOR, /* a disk was read */
	FILEMAP_ERROR, /* the read failed: SIGBUS, or EIO */
	FILEMAP_NOMEM,
	FILEMAP_EOF /* index lies past the end of file */
};

/* The uptodate page for a fault or read at `index`, with a reference, read from
 * disk by the file's read-ahead state if it must be. ra: NULL, or the open file's
 * state. With config.page_cache_warm a page that was never evicted counts as
 * cached (a hit) though it is read only now. */
enum filemap_result filemap_get_page(struct kernel *k, struct address_space *mapping,
                                     struct file_ra_state *ra, uint64_t vm_flags, pgoff_t index,
                                     struct page **out);

/* True, and *out with a reference, if the page is (or by page_cache_warm counts
 * as) cached: what fault-around may map. Never reads a cold page. */
bool filemap_peek_page(struct kernel *k, struct address_space *mapping, pgoff_t index,
                       struct page **out);

/* read(2) and write(2) of a file through its cache, a page at a time. The copy
 * itself is the caller's: it gets the page's memory, and returns bytes done or
 * -errno. write extends i_size. */
typedef int64_t (*filemap_actor)(void *context, void *page_memory, uint64_t offset_in_page,
                                 uint64_t len);
int64_t filemap_read(struct kernel *k, struct file *file, uint64_t pos, uint64_t len,
                     filemap_actor actor, void *context);
int64_t filemap_write(struct kernel *k, struct file *file, uint64_t pos, uint64_t len,
                      filemap_actor actor, void *context);

void set_page_dirty(struct kernel *k, struct page *page);
/* Writes dirty pages of [start, end] (indices) back. 0 or the first -errno. */
int filemap_write_and_wait_range(struct kernel *k, struct address_space *mapping, pgoff_t start,
                                 pgoff_t end);
/* One page; it is clean afterwards if 0 is returned. */
int write_one_page(struct kernel *k, struct page *page);
/* Starts write-back if there is more dirty memory than the ratios allow. */
void balance_dirty_pages(struct kernel *k);
/* Drops the pages from index `start` on, mapped ones too (unmapped first). */
void truncate_inode_pages(struct kernel *k, struct address_space *mapping, pgoff_t start);
/* Drops what is clean and unmapped in [start, end]; pages dropped. */
uint64_t invalidate_mapping_pages(struct kernel *k, struct address_space *mapping, pgoff_t start,
                                  pgoff_t end);
/* Starts reading [start, start + nr) without waiting for who needs it. */
void force_page_cache_readahead(struct kernel *k, struct address_space *mapping, pgoff_t start,
                                uint64_t nr);

/* Called by kernel_boot(). */
int filemap_init(struct kernel *k);
bool filemap_is_valid(struct kernel *k, char *what, size_t size);

#endif
