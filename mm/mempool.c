/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/mempool.h"

#include "mm/page_alloc.h"

#include <errno.h>
#include <string.h>

/* ---- the reserve ---- */

static void add_element(struct mempool *pool, void *element)
{
	assert(pool->curr_nr < pool->min_nr);
	pool->elements[pool->curr_nr++] = element;
}

static void *remove_element(struct mempool *pool)
{
	assert(pool->curr_nr);
	return pool->elements[--pool->curr_nr];
}

/* False: no memory for all of them. */
static bool fill(struct kernel *k, struct mempool *pool)
{
	while (pool->curr_nr < pool->min_nr) {
		void *element = pool->alloc(k, GFP_KERNEL, pool->pool_data);

		if (!element)
			return false;
		/* Reclaim may have freed an element to the pool meanwhile. */
		mempool_free(k, pool, element);
	}
	return true;
}

static void give_back(struct kernel *k, struct mempool *pool, uint32_t keep)
{
	while (pool->curr_nr > keep)
		pool->free(k, remove_element(pool), pool->pool_data);
}

/* ---- pools ---- */

struct mempool *mempool_create(struct kernel *k, uint32_t min_nr, mempool_alloc_t alloc,
                               mempool_free_t free, void *pool_data)
{
	struct mempool *pool;

	if (!min_nr)
		return NULL;
	pool = kzalloc(k, sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return NULL;
	pool->elements = kmalloc_array(k, min_nr, sizeof(void *), GFP_KERNEL);
	if (!pool->elements) {
		kfree(k, pool);
		return NULL;
	}
	pool->min_nr = min_nr;
	pool->pool_data = pool_data;
	pool->alloc = alloc;
	pool->free = free;
	if (!fill(k, pool)) {
		mempool_destroy(k, pool);
		return NULL;
	}
	return pool;
}

void mempool_destroy(struct kernel *k, struct mempool *pool)
{
	if (!pool)
		return;
	give_back(k, pool, 0);
	kfree(k, pool->elements);
	kfree(k, pool);
}

int mempool_resize(struct kernel *k, struct mempool *pool, uint32_t new_min_nr)
{
	void **elements;

	if (!new_min_nr)
		return -EINVAL;
	if (new_min_nr <= pool->min_nr) {
		give_back(k, pool, new_min_nr);
		pool->min_nr = new_min_nr;
		return 0;
	}
	elements = kmalloc_array(k, new_min_nr, sizeof(void *), GFP_KERNEL);
	if (!elements)
		return -ENOMEM;
	memcpy(elements, pool->elements, pool->curr_nr * sizeof(void *));
	kfree(k, pool->elements);
	pool->elements = elements;
	pool->min_nr = new_min_nr;
	fill(k, pool);
	return 0;
}

/* ---- elements ---- */

static void *take_from_reserve(struct mempool *pool)
{
	if (!pool->curr_nr)
		return NULL;
	pool->nr_from_reserve++;
	return remove_element(pool);
}

void *mempool_alloc(struct kernel *k, struct mempool *pool, gfp_t gfp)
{
	gfp_t careful, full = gfp | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;
	void *element;

	assert(!(gfp & __GFP_ZERO));
	careful = full & ~(__GFP_DIRECT_RECLAIM | __GFP_IO);
	element = pool->alloc(k, careful, pool->pool_data);
	if (!element)
		element = take_from_reserve(pool);
	if (element || !(gfp & __GFP_DIRECT_RECLAIM))
		return element;
	element = pool->alloc(k, full, pool->pool_data);
	return element ? element : take_from_reserve(pool);
}

void mempool_free(struct kernel *k, struct mempool *pool, void *element)
{
	if (!element)
		return;
	if (pool->curr_nr < pool->min_nr)
		add_element(pool, element);
	else
		pool->free(k, element, pool->pool_data);
}

/* ---- allocators behind pools ---- */

void *mempool_alloc_slab(struct kernel *k, gfp_t gfp, void *pool_data)
{
	return kmem_cache_alloc(k, pool_data, gfp);
}

void mempool_free_slab(struct kernel *k, void *element, void *pool_data)
{
	kmem_cache_free(k, pool_data, element);
}

void *mempool_kmalloc(struct kernel *k, gfp_t gfp, void *pool_data)
{
	return kmalloc(k, (size_t)pool_data, gfp);
}

void mempool_kfree(struct kernel *k, void *element, void *pool_data)
{
	kfree(k, element);
}

void *mempool_alloc_pages(struct kernel *k, gfp_t gfp, void *pool_data)
{
	return alloc_pages(k, gfp, (unsigned)(uintptr_t)pool_data);
}

void mempool_free_pages(struct kernel *k, void *element, void *pool_data)
{
	__free_pages(k, element, (unsigned)(uintptr_t)pool_data);
}
