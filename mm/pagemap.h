/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagemap - the page cache: pages of files by index, read-ahead and write-back
 * (Linux 4.4, mm/filemap.c, readahead.c, page-writeback.c, truncate.c).
 */
#ifndef PW_MM_PAGEMAP_H
#define PW_MM_PAGEMAP_H

#include "mm/page_alloc.h"

void address_space_init(struct kernel *k, struct address_space *mapping,
                        const struct address_space_operations *a_ops, void *host, uint64_t i_size);

/* For an open file: windows of config.read_ahead_pages, nothing read yet. */
void file_ra_state_init(const struct kernel *k, struct file_ra_state *ra);

/* What the page is cached for: a file, the swap cache, or NULL. */
struct address_space *page_mapping(struct kernel *k, const struct page *page);

/* True: the page belongs to the file LRU lists and goes back to a file. */
static inline bool page_is_file_cache(const struct page *page)
{
	return !PageSwapBacked(page);
}

/* ---- the tree ---- */

/* With a reference, or NULL: not cached. */
struct page *find_get_page(struct kernel *k, struct address_space *mapping, pgoff_t index);
/* Takes a reference for the cache. 0, -EEXIST, -ENOMEM. Does not touch the LRU. A
 * shadow of an evicted page makes room; the page becomes active if by its refault
 * distance it should not have been evicted (Linux 4.4, mm/workingset.c). */
int add_to_page_cache(struct kernel *k, struct page *page, struct address_space *mapping,
                      pgoff_t index, gfp_t gfp);
/* Also drops the cache's reference. The page must be clean and unmapped. */
void delete_from_page_cache(struct kernel *k, struct page *page);
/* The same for reclaim: leaves a shadow, so that a refault is known as one, and
 * the page counts as cold. */
void evict_from_page_cache(struct kernel *k, struct page *page);
/* The general case: `item` (exceptional) takes the page's place; NULL: nothing. */
void replace_in_page_cache(struct kernel *k, struct page *page, void *item);
/* And back: the page takes the place of the exceptional entry at index. */
void put_back_in_page_cache(struct kernel *k, struct page *page, struct address_space *mapping,
                            pgoff_t index);
void delete_exceptional(struct kernel *k, struct address_space *mapping, pgoff_t index);
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
 * state. vm_flags: the VMA's, for a fault (read-around, VM_SEQ_READ, VM_RAND_READ);
 * 0 for read(2). With config.page_cache_warm a page that was never evicted counts
 * as cached (a hit) though it is read only now. A shmem page that was swapped out
 * comes back (FILEMAP_MAJOR); one that never was is zeroes (FILEMAP_HIT). */
enum filemap_result filemap_get_page(struct kernel *k, struct address_space *mapping,
                                     struct file_ra_state *ra, uint64_t vm_flags, pgoff_t index,
                                     struct page **out);

/* The same for a read(2) that wants `wanted` pages from index on. */
enum filemap_result filemap_get_page_of(struct kernel *k, struct address_space *mapping,
                                        struct file_ra_state *ra, pgoff_t index, uint64_t wanted,
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

/* For a page with content worth writing: counts it, and tags it in its mapping. */
void set_page_dirty(struct kernel *k, struct page *page);
/* Forgets that it is dirty, without writing. */
void cancel_dirty_page(struct kernel *k, struct page *page);
/* Writes dirty pages of [start, end] (indices) back. 0 or the first -errno. */
int filemap_write_and_wait_range(struct kernel *k, struct address_space *mapping, pgoff_t start,
                                 pgoff_t end);
/* One page; it is clean afterwards if 0 is returned. */
int write_one_page(struct kernel *k, struct page *page);
/* Starts write-back if there is more dirty memory than the ratios allow. */
void balance_dirty_pages(struct kernel *k);
/* May the zone take one more page that is about to be dirty (__GFP_WRITE)? So dirt is
 * spread over all zones, and each has clean pages that reclaim can take at once. */
bool zone_dirty_ok(const struct kernel *k, const struct zone *zone);
/* Drops the pages from index `start` on, mapped ones too (unmapped first). With
 * start 0 nothing of the mapping is left, and its memory may go. */
void truncate_inode_pages(struct kernel *k, struct address_space *mapping, pgoff_t start);
/* ftruncate(2): sets i_size. On the way down also drops what lies behind it and
 * clears the rest of the page that holds the new end. */
void truncate_setsize(struct kernel *k, struct address_space *mapping, uint64_t i_size);
/* Drops what is clean and unmapped in [start, end]; pages dropped. */
uint64_t invalidate_mapping_pages(struct kernel *k, struct address_space *mapping, pgoff_t start,
                                  pgoff_t end);
/* The same for all files (Linux: fs/drop_caches.c). */
void drop_pagecache(struct kernel *k);
/* Starts reading [start, start + nr) without waiting for who needs it. */
void force_page_cache_readahead(struct kernel *k, struct address_space *mapping, pgoff_t start,
                                uint64_t nr);

/* The most that one read-ahead or write-back request covers, in pages. */
#define MAX_REQUEST_PAGES 256

/* readahead.c: makes sure that reading `index` has been started, with as much of
 * what follows as the state says; the marked page (PageReadahead) starts more. */
void page_cache_sync_readahead(struct kernel *k, struct address_space *mapping,
                               struct file_ra_state *ra, pgoff_t index, uint64_t nr_wanted);
void page_cache_async_readahead(struct kernel *k, struct address_space *mapping,
                                struct file_ra_state *ra, struct page *page, pgoff_t index,
                                uint64_t nr_wanted);
/* Reads ra's window as it stands. */
void ra_submit(struct kernel *k, struct address_space *mapping, struct file_ra_state *ra);
/* Reads what is not cached of [start, start + nr) and of the file, marking the page
 * `lookahead` pages before the end. Pages are allocated by gfp; the first failure
 * ends it. Pages read. */
uint64_t page_cache_read(struct kernel *k, struct address_space *mapping, pgoff_t start,
                         uint64_t nr, uint64_t lookahead, gfp_t gfp);
/* Fills a page of the mapping; counts nothing. 0 or -errno: not uptodate. */
int read_mapping_page(struct kernel *k, struct address_space *mapping, struct page *page);
/* A new page in the cache and on the LRU, filled without counting a read. HIT and
 * *out with a reference, NOMEM or ERROR. */
enum filemap_result add_filled_page(struct kernel *k, struct address_space *mapping, pgoff_t index,
                                    struct page **out);
/* True if config.page_cache_warm makes an absent page count as cached. */
bool page_counts_as_cached(struct kernel *k, struct address_space *mapping, pgoff_t index);

/* shmem.c: a mapping of i_size bytes of memory. Its pages are committed now if mm (who
 * asks for them) is given, else as they come. 0 or -ENOMEM. */
int shmem_mapping_init(struct kernel *k, const struct mm_struct *mm, struct address_space *mapping,
                       void *host, uint64_t i_size);
/* Nothing of it is left, nor committed for it: its memory may go. */
void shmem_mapping_finish(struct kernel *k, struct address_space *mapping);
/* Memory that the mapping has taken: pages and swap. */
static inline uint64_t shmem_nr_pages(const struct address_space *mapping)
{
	return mapping->nrpages + mapping->nrexceptional;
}
/* The page has gone out of the mapping for good, or its entry has. */
void shmem_unaccount_page(struct kernel *k, struct address_space *mapping);
/* The page of a shmem mapping, new or from swap; index may lie past the
 * end. Results as filemap_get_page()'s. */
enum filemap_result shmem_get_page(struct kernel *k, struct address_space *mapping, pgoff_t index,
                                   struct page **out);
/* The page moves to the swap cache; its place in the mapping keeps the entry. 0,
 * -ENOSPC, -ENOMEM. */
int shmem_move_to_swap(struct kernel *k, struct page *page);
/* For truncation: gives up what an exceptional entry at index names. */
void shmem_free_swap(struct kernel *k, struct address_space *mapping, pgoff_t index);
/* swapoff: brings all entries of the area back into their mappings. 0 or -errno. */
int shmem_unuse(struct kernel *k, uint32_t type);

/* workingset.c: what to leave in an evicted page's place (NULL: nothing), whether
 * to activate a page that came back, and that an inactive page was activated. */
void *workingset_eviction(struct kernel *k, struct page *page);
bool workingset_refault(struct kernel *k, const void *shadow);
void workingset_activation(struct kernel *k, struct page *page);
/* Drops what was left of evicted pages if it takes too much memory. */
void workingset_shrink(struct kernel *k);

/* PG_readahead shares a bit with PG_reclaim, as in Linux. */
#define PageReadahead PageReclaim
#define SetPageReadahead SetPageReclaim
#define ClearPageReadahead ClearPageReclaim
#define TestClearPageReadahead TestClearPageReclaim

/* Pages of the file, the last perhaps in part. */
static inline pgoff_t mapping_nr_pages(const struct address_space *mapping)
{
	return mapping->i_size / PAGE_SIZE + (mapping->i_size % PAGE_SIZE != 0);
}

/* Called by kernel_boot(). Also sets up what swap needs. */
int filemap_init(struct kernel *k);
bool filemap_is_valid(struct kernel *k, char *what, size_t size);

#endif
