/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mempool - elements kept in reserve for who must not fail when memory is short
 * (Linux 4.4, mm/mempool.c).
 *
 * An allocation asks the allocator behind the pool first, and takes from the
 * reserve only what that cannot give. A free fills the reserve up first, and gives
 * back to the allocator only what is beyond min_nr.
 *
 *   min_nr    elements that the reserve holds when it is full
 *   curr_nr   elements that it holds now
 */
#ifndef PW_MM_MEMPOOL_H
#define PW_MM_MEMPOOL_H

#include "mm/kernel.h"

/* The allocator behind a pool; pool_data is the pool's. alloc gives NULL on
 * failure, free never sees NULL. */
typedef void *(*mempool_alloc_t)(struct kernel *k, gfp_t gfp, void *pool_data);
typedef void (*mempool_free_t)(struct kernel *k, void *element, void *pool_data);

struct mempool {
	uint32_t min_nr, curr_nr;
	void **elements; /* min_nr places, last in first out */
	void *pool_data;
	mempool_alloc_t alloc;
	mempool_free_t free;
	uint64_t nr_from_reserve; /* allocations that the reserve answered */
};

/* With min_nr elements at hand, at least 1. NULL: no memory for all of them. May
 * wait and reclaim. */
struct mempool *mempool_create(struct kernel *k, uint32_t min_nr, mempool_alloc_t alloc,
                               mempool_free_t free, void *pool_data);

/* Every element that was allocated has been freed. NULL is fine. */
void mempool_destroy(struct kernel *k, struct mempool *pool);

/* 0; or -EINVAL for 0 elements, -ENOMEM, and nothing changed. A smaller reserve
 * gives back at once what is too much; a larger one is filled as far as memory
 * allows, and by later frees. */
int mempool_resize(struct kernel *k, struct mempool *pool, uint32_t new_min_nr);

/*
 * In this order, until one gives an element:
 *   1. the allocator, without reclaim, I/O or the kernel's reserves
 *   2. the pool's reserve
 *   3. if gfp has __GFP_DIRECT_RECLAIM: the allocator with all of gfp but for
 *      retries, which reclaims once; then the reserve again
 * else NULL. __GFP_ZERO is not for pools: elements in reserve have old content.
 *
 * Simplified: Linux waits in step 3 until somebody frees an element, and so never
 * returns NULL to who may wait. The simulated kernel runs one thing at a time:
 * nobody could free one meanwhile, so NULL it is.
 */
void *mempool_alloc(struct kernel *k, struct mempool *pool, gfp_t gfp);
void mempool_free(struct kernel *k, struct mempool *pool, void *element); /* NULL is fine */

/* Allocators for pools of objects of a slab cache (pool_data: the struct kmem_cache),
 * of kmalloc()ed pieces (pool_data: their size), and of blocks of pages (pool_data:
 * their order; the elements are struct page). */
void *mempool_alloc_slab(struct kernel *k, gfp_t gfp, void *pool_data);
void mempool_free_slab(struct kernel *k, void *element, void *pool_data);
void *mempool_kmalloc(struct kernel *k, gfp_t gfp, void *pool_data);
void mempool_kfree(struct kernel *k, void *element, void *pool_data);
void *mempool_alloc_pages(struct kernel *k, gfp_t gfp, void *pool_data);
void mempool_free_pages(struct kernel *k, void *element, void *pool_data);

static inline struct mempool *mempool_create_slab_pool(struct kernel *k, uint32_t min_nr,
                                                       struct kmem_cache *cache)
{
	return mempool_create(k, min_nr, mempool_alloc_slab, mempool_free_slab, cache);
}

static inline struct mempool *mempool_create_kmalloc_pool(struct kernel *k, uint32_t min_nr,
                                                          size_t size)
{
	return mempool_create(k, min_nr, mempool_kmalloc, mempool_kfree, (void *)size);
}

static inline struct mempool *mempool_create_page_pool(struct kernel *k, uint32_t min_nr,
                                                       unsigned order)
{
	return mempool_create(k, min_nr, mempool_alloc_pages, mempool_free_pages,
	                      (void *)(uintptr_t)order);
}

#endif
