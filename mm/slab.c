/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slab - object caches (J. Bonwick, "The Slab Allocator: An Object-Caching Kernel
 * Memory Allocator"; Linux 4.4, mm/slab.c, mm/slab_common.c).
 *
 *   slab       2^gfporder pages, cut into objects of one cache
 *   colour     a slab's own shift of its objects, so that equal objects of several
 *              slabs do not fight for the same cache lines
 *
 * A slab with its record in it, and one whose objects are so large that the record
 * would waste one (off-slab):
 *
 *   | colour | record | object | object | ... | unused |
 *   | colour | object | object | ... | unused |    record: from kmalloc()
 *
 * Simplified: nothing is reaped by the clock (Linux: cache_reap(), every 2 s). Free
 * slabs beyond a cache's limit go back at once, the others when memory is short.
 */
#include "mm/slab.h"

#include "mm/page_alloc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CACHE_LINE 64
#define OFF_SLAB_MIN (PAGE_SIZE / 8) /* objects from this size on: record off-slab */
#define SLAB_OBJECT_MAX (64 * KIB)
#define SLAB_ORDER_MAX 5 /* holds the largest object and its record */
#define SLAB_JUNK 0x6b   /* Linux: POISON_FREE */

static uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

/* ---- objects, slabs and pages ---- */

static struct slab *page_slab(const struct page *page)
{
	return page->freelist;
}

static uint8_t *slab_objects(const struct kernel *k, const struct page *page)
{
	return (uint8_t *)page_address(k, page) + page_slab(page)->s_mem;
}

/* The first page of the slab that holds the object. */
static struct page *virt_to_head_page(const struct kernel *k, const void *object)
{
	return compound_head(virt_to_page(k, object));
}

static void *index_to_object(const struct kernel *k, const struct kmem_cache *cache,
                             const struct page *page, uint32_t index)
{
	return slab_objects(k, page) + (size_t)index * cache->size;
}

static uint16_t object_to_index(const struct kernel *k, const struct kmem_cache *cache,
                                const struct page *page, const void *object)
{
	size_t offset = (size_t)((const uint8_t *)object - slab_objects(k, page));

	assert(offset % cache->size == 0 && offset / cache->size < cache->num);
	return (uint16_t)(offset / cache->size);
}

static struct array_cache *cpu_array(const struct kernel *k, const struct kmem_cache *cache)
{
	return &cache->cpu_cache[k->cpu];
}

/* ---- misuse checks, with config.check ---- */

/* Constructed objects keep their contents while they are free. */
static bool is_junked(const struct kernel *k, const struct kmem_cache *cache)
{
	return unlikely(k->config.check) && !cache->ctor;
}

/* Not so after a use after free. */
static inline bool object_is_junk(const uint8_t *object, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		if (object[i] != SLAB_JUNK)
			return false;
	return true;
}

/* On its slab's stack. */
static inline bool object_is_in_slab(const struct kernel *k, const struct kmem_cache *cache,
                                     const void *object)
{
	const struct page *page = virt_to_head_page(k, object);
	uint16_t index = object_to_index(k, cache, page, object);

	for (uint32_t i = page->inuse; i < cache->num; i++)
		if (page_slab(page)->free[i] == index)
			return true;
	return false;
}

/* How often it stands in the CPUs' arrays. */
static inline uint32_t times_at_hand(const struct kernel *k, const struct kmem_cache *cache,
                                     const void *object)
{
	uint32_t times = 0;

	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
		for (uint32_t i = 0; i < cache->cpu_cache[cpu].avail; i++)
			times += cache->cpu_cache[cpu].entry[i] == object;
	return times;
}

/* An object that is freed twice is free already. */
static void check_not_free(const struct kernel *k, const struct kmem_cache *cache,
                           const void *object)
{
	assert(!object_is_in_slab(k, cache, object));
	assert(!times_at_hand(k, cache, object));
}

/* ---- slabs come and go ---- */

static void account_slab_pages(struct kernel *k, const struct kmem_cache *cache, int64_t sign)
{
	mod_vm_quantity(
	    k, cache->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE : NR_SLAB_UNRECLAIMABLE,
	    sign * ((int64_t)1 << cache->gfporder));
}

static uint32_t next_colour(struct kmem_cache *cache)
{
	uint32_t colour = cache->colour_next * cache->colour_off;

	if (++cache->colour_next >= cache->colour)
		cache->colour_next = 0;
	return colour;
}

/* Finds the record a place. False: no memory for it. */
static bool place_record(struct kernel *k, struct kmem_cache *cache, struct page *page, gfp_t gfp)
{
	uint32_t colour = next_colour(cache);

	if (cache->off_slab) {
		page->freelist = kmalloc(k, cache->record_bytes, gfp);
		if (!page->freelist)
			return false;
		page_slab(page)->s_mem = colour;
	} else {
		page->freelist = (uint8_t *)page_address(k, page) + colour;
		page_slab(page)->s_mem = colour + cache->record_bytes;
	}
	return true;
}

static void init_objects(struct kernel *k, struct kmem_cache *cache, struct page *page)
{
	for (uint32_t i = 0; i < cache->num; i++) {
		void *object = index_to_object(k, cache, page, i);

		page_slab(page)->free[i] = (uint16_t)i;
		if (cache->ctor)
			cache->ctor(object);
		else if (is_junked(k, cache))
			memset(object, SLAB_JUNK, cache->size);
	}
}

/* One more free slab. Getting its pages may reclaim, and so change every cache. */
static bool cache_grow(struct kernel *k, struct kmem_cache *cache, gfp_t gfp)
{
	gfp_t behaviour = gfp & ~(GFP_ZONEMASK | __GFP_ZERO);
	gfp_t page_gfp = behaviour | __GFP_COMP;
	struct page *page;

	if (cache->flags & SLAB_RECLAIM_ACCOUNT)
		page_gfp |= __GFP_RECLAIMABLE;
	if (cache->flags & SLAB_CACHE_DMA)
		page_gfp |= __GFP_DMA;
	page = alloc_pages(k, page_gfp, cache->gfporder);
	if (!page)
		return false;
	if (!place_record(k, cache, page, behaviour)) {
		__free_pages(k, page, cache->gfporder);
		return false;
	}
	SetPageSlab(page);
	page->slab_cache = cache;
	page->inuse = 0;
	init_objects(k, cache, page);
	list_add_tail(&page->lru, &cache->slabs_free);
	cache->nr_slabs++;
	cache->nr_free_slabs++;
	account_slab_pages(k, cache, 1);
	return true;
}

/* The page is on slabs_free. */
static void slab_destroy(struct kernel *k, struct kmem_cache *cache, struct page *page)
{
	assert(!page->inuse);
	list_del(&page->lru);
	cache->nr_slabs--;
	cache->nr_free_slabs--;
	account_slab_pages(k, cache, -1);
	ClearPageSlab(page);
	page->slab_cache = NULL;
	if (cache->off_slab)
		kfree(k, page->freelist);
	page->freelist = NULL;
	__free_pages(k, page, cache->gfporder);
}

/* ---- between slabs and arrays ---- */

/* As many objects of the slab as the array still wants. */
static void take_objects(struct kernel *k, struct kmem_cache *cache, struct page *page,
                         struct array_cache *ac)
{
	if (!page->inuse)
		cache->nr_free_slabs--;
	while (page->inuse < cache->num && ac->avail < ac->batchcount) {
		uint16_t index = page_slab(page)->free[page->inuse++];

		ac->entry[ac->avail++] = index_to_object(k, cache, page, index);
		cache->nr_active_objects++;
	}
	if (page->inuse == cache->num)
		list_move(&page->lru, &cache->slabs_full);
	else
		list_move(&page->lru, &cache->slabs_partial);
}

/* Fills the CPU's array up to batchcount, from slabs in use first, so that others
 * may become empty. False: not one object could be had. */
static bool cache_refill(struct kernel *k, struct kmem_cache *cache, gfp_t gfp)
{
	struct array_cache *ac = cpu_array(k, cache);

	this_cpu(k)->slab_refills++;
	while (ac->avail < ac->batchcount) {
		if (!list_empty(&cache->slabs_partial))
			take_objects(k, cache,
			             list_first_entry(&cache->slabs_partial, struct page, lru), ac);
		else if (!list_empty(&cache->slabs_free))
			take_objects(k, cache,
			             list_first_entry(&cache->slabs_free, struct page, lru), ac);
		else if (ac->avail || !cache_grow(k, cache, gfp))
			break;
	}
	return ac->avail;
}

static uint64_t nr_free_objects(const struct kmem_cache *cache)
{
	return cache->nr_slabs * cache->num - cache->nr_active_objects;
}

static void give_back_object(struct kernel *k, struct kmem_cache *cache, void *object)
{
	struct page *page = virt_to_head_page(k, object);
	uint16_t index = object_to_index(k, cache, page, object);

	assert(page->inuse);
	page_slab(page)->free[--page->inuse] = index;
	cache->nr_active_objects--;
	if (page->inuse) {
		list_move_tail(&page->lru, &cache->slabs_partial);
		return;
	}
	list_move(&page->lru, &cache->slabs_free);
	cache->nr_free_slabs++;
	if (nr_free_objects(cache) > cache->free_limit)
		slab_destroy(k, cache, page);
}

/* Gives the `nr` objects back that have lain in the array for longest. */
static void flush_array(struct kernel *k, struct kmem_cache *cache, struct array_cache *ac,
                        uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		give_back_object(k, cache, ac->entry[i]);
	ac->avail -= nr;
	memmove(ac->entry, ac->entry + nr, ac->avail * sizeof(ac->entry[0]));
}

static void flush_all_arrays(struct kernel *k, struct kmem_cache *cache)
{
	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
		flush_array(k, cache, &cache->cpu_cache[cpu], cache->cpu_cache[cpu].avail);
}

/* ---- objects ---- */

void *kmem_cache_alloc(struct kernel *k, struct kmem_cache *cache, gfp_t gfp)
{
	struct array_cache *ac = cpu_array(k, cache);
	void *object;

	if (should_fail(&k->fault_inject, FAIL_SLAB, gfp))
		return NULL;
	if (unlikely(!ac->avail) && !cache_refill(k, cache, gfp))
		return NULL;
	object = ac->entry[--ac->avail];
	if (is_junked(k, cache))
		assert(object_is_junk(object, cache->size));
	if (unlikely(gfp & __GFP_ZERO))
		memset(object, 0, cache->object_size);
	return object;
}

void *kmem_cache_zalloc(struct kernel *k, struct kmem_cache *cache, gfp_t gfp)
{
	return kmem_cache_alloc(k, cache, gfp | __GFP_ZERO);
}

static inline void free_object(struct kernel *k, struct kmem_cache *cache, void *object)
{
	struct array_cache *ac = cpu_array(k, cache);

	if (unlikely(k->config.check))
		check_not_free(k, cache, object);
	if (is_junked(k, cache))
		memset(object, SLAB_JUNK, cache->size);
	if (unlikely(ac->avail == ac->limit)) {
		this_cpu(k)->slab_flushes++;
		flush_array(k, cache, ac, ac->batchcount);
	}
	ac->entry[ac->avail++] = object;
}

void kmem_cache_free(struct kernel *k, struct kmem_cache *cache, void *object)
{
	assert(PageSlab(virt_to_head_page(k, object)));
	assert(virt_to_head_page(k, object)->slab_cache == cache);
	free_object(k, cache, object);
}

/* ---- caches ---- */

/* Objects of a slab of this order and, as *left, the bytes that stay unused. */
static uint32_t objects_per_slab(const struct kmem_cache *cache, unsigned order, uint32_t *left)
{
	uint64_t bytes = PAGE_SIZE << order;
	uint64_t each = cache->size + (cache->off_slab ? 0 : sizeof(uint16_t));
	uint64_t fixed = cache->off_slab ? 0 : sizeof(struct slab);
	uint64_t num = bytes > fixed ? (bytes - fixed) / each : 0;

	if (cache->off_slab) {
		*left = (uint32_t)(bytes - num * cache->size);
		return (uint32_t)num;
	}
	/* The record's own alignment may cost the last object. */
	while (num &&
	       align_up(fixed + num * sizeof(uint16_t), cache->align) + num * cache->size > bytes)
		num--;
	*left = (uint32_t)(bytes - num * cache->size -
	                   align_up(fixed + num * sizeof(uint16_t), cache->align));
	return (uint32_t)num;
}

/* The smallest order that wastes no more than an eighth; orders above 0 only where
 * memory is plenty (Linux 4.4, calculate_slab_order()). */
static bool choose_order(const struct kernel *k, struct kmem_cache *cache, uint32_t *left)
{
	unsigned enough = k->totalram_pages > 32 * MIB >> PAGE_SHIFT ? 1 : 0;

	for (unsigned order = 0; order <= SLAB_ORDER_MAX; order++) {
		cache->gfporder = order;
		cache->num = objects_per_slab(cache, order, left);
		if (!cache->num)
			continue;
		if (cache->flags & SLAB_RECLAIM_ACCOUNT || order >= enough ||
		    (uint64_t)*left * 8 <= PAGE_SIZE << order)
			break;
	}
	return cache->num && cache->num <= SLAB_OBJECTS_MAX;
}

static bool lay_out_slab(const struct kernel *k, struct kmem_cache *cache)
{
	uint32_t left, record;

	/* The cache of caches is there before kmalloc() is. */
	cache->off_slab = cache->size >= OFF_SLAB_MIN && cache != &k->kmem_cache_boot;
	if (!choose_order(k, cache, &left))
		return false;
	record = (uint32_t)(sizeof(struct slab) + cache->num * sizeof(uint16_t));
	if (!cache->off_slab) {
		cache->record_bytes = (uint32_t)align_up(record, cache->align);
	} else if (left >= align_up(record, cache->align)) {
		/* There is room for it after all. */
		cache->off_slab = false;
		cache->record_bytes = (uint32_t)align_up(record, cache->align);
		left -= cache->record_bytes;
	} else {
		cache->record_bytes = record;
	}
	cache->colour_off = cache->align > CACHE_LINE ? cache->align : CACHE_LINE;
	cache->colour = left / cache->colour_off;
	return true;
}

/* Small objects may share a cache line, whole or halved. */
static uint32_t object_align(uint32_t flags, size_t size, size_t align)
{
	uint32_t line = CACHE_LINE;

	if (flags & SLAB_HWCACHE_ALIGN) {
		while (size <= line / 2)
			line /= 2;
		if (line > align)
			align = line;
	}
	return (uint32_t)(align > sizeof(void *) ? align : sizeof(void *));
}

/* Large objects in few (Linux 4.4, enable_cpucache()). */
static uint32_t array_limit(uint32_t size)
{
	if (size > PAGE_SIZE)
		return 8;
	if (size > 1024)
		return 24;
	return size > 256 ? 54 : SLAB_ARRAY_MAX;
}

static void init_arrays(const struct kernel *k, struct kmem_cache *cache)
{
	uint32_t limit = array_limit(cache->size);
	uint32_t batchcount = (limit + 1) / 2;

	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++) {
		cache->cpu_cache[cpu].avail = 0;
		cache->cpu_cache[cpu].limit = limit;
		cache->cpu_cache[cpu].batchcount = batchcount;
	}
	cache->free_limit = (uint64_t)(1 + k->config.nr_cpus) * batchcount + cache->num;
}

static struct kmem_cache *find_cache(struct kernel *k, const char *name)
{
	struct kmem_cache *cache;

	list_for_each_entry (cache, &k->slab_caches, list)
		if (!strcmp(cache->name, name))
			return cache;
	return NULL;
}

/* *cache is zero but for cpu_cache. */
static bool init_cache(struct kernel *k, struct kmem_cache *cache, const char *name, size_t size,
                       size_t align, uint32_t flags, void (*ctor)(void *object))
{
	snprintf(cache->name, sizeof(cache->name), "%s", name);
	cache->object_size = (uint32_t)size;
	cache->align = object_align(flags, size, align);
	cache->size = (uint32_t)align_up(size, cache->align);
	cache->flags = flags;
	cache->ctor = ctor;
	if (!lay_out_slab(k, cache))
		return false;
	init_arrays(k, cache);
	INIT_LIST_HEAD(&cache->slabs_full);
	INIT_LIST_HEAD(&cache->slabs_partial);
	INIT_LIST_HEAD(&cache->slabs_free);
	list_add_tail(&cache->list, &k->slab_caches);
	return true;
}

struct kmem_cache *kmem_cache_create(struct kernel *k, const char *name, size_t size, size_t align,
                                     uint32_t flags, void (*ctor)(void *object))
{
	struct kmem_cache *cache;

	if (!size || size > SLAB_OBJECT_MAX || align & (align - 1) || align > PAGE_SIZE ||
	    strlen(name) >= SLAB_NAME_MAX || find_cache(k, name))
		return NULL;
	cache = kmem_cache_zalloc(k, &k->kmem_cache_boot, GFP_KERNEL);
	if (!cache)
		return NULL;
	cache->cpu_cache = (struct array_cache *)(cache + 1);
	if (!init_cache(k, cache, name, size, align, flags, ctor)) {
		kmem_cache_free(k, &k->kmem_cache_boot, cache);
		return NULL;
	}
	return cache;
}

static uint64_t free_empty_slabs(struct kernel *k, struct kmem_cache *cache)
{
	uint64_t pages = 0;

	while (!list_empty(&cache->slabs_free)) {
		slab_destroy(k, cache, list_first_entry(&cache->slabs_free, struct page, lru));
		pages += (uint64_t)1 << cache->gfporder;
	}
	return pages;
}

uint64_t kmem_cache_shrink(struct kernel *k, struct kmem_cache *cache)
{
	flush_all_arrays(k, cache);
	return free_empty_slabs(k, cache);
}

uint64_t shrink_slab(struct kernel *k)
{
	struct list_head *pos;
	uint64_t pages = 0;

	/* Newest first: records of off-slab caches go back to older kmalloc caches. */
	for (pos = k->slab_caches.prev; pos != &k->slab_caches; pos = pos->prev)
		pages += kmem_cache_shrink(k, list_entry(pos, struct kmem_cache, list));
	return pages;
}

void drop_slab(struct kernel *k)
{
	shrink_slab(k);
	count_vm_event(k, DROP_SLAB);
}

int kmem_cache_destroy(struct kernel *k, struct kmem_cache *cache)
{
	kmem_cache_shrink(k, cache);
	if (cache->nr_slabs) {
		printk(k, "kmem_cache_destroy %s: Slab cache still has objects", cache->name);
		return -EBUSY;
	}
	list_del(&cache->list);
	kmem_cache_free(k, &k->kmem_cache_boot, cache);
	return 0;
}

/* ---- kmalloc ---- */

/* Index into kmalloc_caches: the power of two, or 1 and 2 for 96 and 192 bytes,
 * which would waste most. size is 1 to 8192. */
static inline unsigned kmalloc_index(size_t size)
{
	if (size <= 8)
		return KMALLOC_SHIFT_LOW;
	if (size > 64 && size <= 96)
		return 1;
	if (size > 128 && size <= 192)
		return 2;
	return 64 - (unsigned)__builtin_clzll(size - 1);
}

static unsigned size_order(size_t size)
{
	unsigned order = 0;

	while (order < MAX_ORDER && PAGE_SIZE << order < size)
		order++;
	return order;
}

static struct kmem_cache *create_kmalloc_cache(struct kernel *k, const char *prefix, unsigned index,
                                               uint32_t flags)
{
	static const uint32_t odd_sizes[] = { [1] = 96, [2] = 192 };
	uint32_t size = index < KMALLOC_SHIFT_LOW ? odd_sizes[index] : 1u << index;
	uint32_t align = size & -size;
	char name[SLAB_NAME_MAX];

	snprintf(name, sizeof(name), "%skmalloc-%u", prefix, size);
	return kmem_cache_create(k, name, size, align < CACHE_LINE ? align : CACHE_LINE, flags,
	                         NULL);
}

/* Simplified: made at the first use of each size (Linux: all of them at boot). */
static struct kmem_cache *kmalloc_dma_cache(struct kernel *k, unsigned index)
{
	struct kmem_cache **cache = &k->kmalloc_dma_caches[index];

	if (!*cache)
		*cache = create_kmalloc_cache(k, "dma-", index, SLAB_CACHE_DMA);
	return *cache;
}

static struct kmem_cache *kmalloc_cache(struct kernel *k, size_t size, gfp_t gfp)
{
	if (unlikely(gfp & __GFP_DMA))
		return kmalloc_dma_cache(k, kmalloc_index(size));
	return k->kmalloc_caches[kmalloc_index(size)];
}

void *kmalloc(struct kernel *k, size_t size, gfp_t gfp)
{
	struct kmem_cache *cache;
	struct page *page;

	if (likely(size <= (size_t)1 << KMALLOC_SHIFT_HIGH)) {
		cache = kmalloc_cache(k, size, gfp);
		return likely(cache) ? kmem_cache_alloc(k, cache, gfp) : NULL;
	}
	page = alloc_pages(k, gfp | __GFP_COMP, size_order(size));
	return page ? page_address(k, page) : NULL;
}

void *kzalloc(struct kernel *k, size_t size, gfp_t gfp)
{
	return kmalloc(k, size, gfp | __GFP_ZERO);
}

void *kmalloc_array(struct kernel *k, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : kmalloc(k, bytes, gfp);
}

void *kcalloc(struct kernel *k, size_t n, size_t size, gfp_t gfp)
{
	return kmalloc_array(k, n, size, gfp | __GFP_ZERO);
}

void *krealloc(struct kernel *k, void *object, size_t size, gfp_t gfp)
{
	size_t room = object ? ksize(k, object) : 0;
	void *moved;

	if (!size) {
		kfree(k, object);
		return NULL;
	}
	if (object && size <= room)
		return object;
	moved = kmalloc(k, size, gfp);
	if (moved && object) {
		memcpy(moved, object, room);
		kfree(k, object);
	}
	return moved;
}

void kfree(struct kernel *k, void *object)
{
	struct page *page;

	if (!object)
		return;
	page = virt_to_head_page(k, object);
	if (likely(PageSlab(page)))
		free_object(k, page->slab_cache, object);
	else
		__free_pages(k, page, compound_order(page));
}

size_t ksize(const struct kernel *k, const void *object)
{
	const struct page *page = virt_to_head_page(k, object);

	return PageSlab(page) ? page->slab_cache->object_size : PAGE_SIZE << compound_order(page);
}

/* ---- boot ---- */

/* The cache of caches first, then kmalloc's from small to large: the small hold the
 * records of the large. */
int kmem_cache_init(struct kernel *k)
{
	static const uint8_t by_size[] = { 3, 4, 5, 6, 1, 7, 2, 8, 9, 10, 11, 12, 13 };
	size_t size = sizeof(struct kmem_cache) + k->config.nr_cpus * sizeof(struct array_cache);

	k->kmem_cache_boot.cpu_cache = k->kmem_cache_boot_arrays;
	if (!init_cache(k, &k->kmem_cache_boot, "kmem_cache", size, 0, SLAB_HWCACHE_ALIGN, NULL))
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(by_size); i++) {
		struct kmem_cache *cache = create_kmalloc_cache(k, "", by_size[i], 0);

		if (!cache)
			return -ENOMEM;
		k->kmalloc_caches[by_size[i]] = cache;
	}
	return 0;
}

/* ---- invariants ---- */

/* What is counted on the way over one cache. */
struct slab_census {
	uint64_t slabs, free_slabs, active_objects;
};

/* The free indices are in range and no two are the same. */
static bool record_is_valid(const struct kmem_cache *cache, const struct page *page)
{
	uint64_t seen[SLAB_OBJECTS_MAX / 64] = { 0 };

	for (uint32_t i = page->inuse; i < cache->num; i++) {
		uint16_t index = page_slab(page)->free[i];

		if (index >= cache->num || seen[index / 64] >> index % 64 & 1)
			return false;
		seen[index / 64] |= (uint64_t)1 << index % 64;
	}
	return true;
}

static bool slab_page_is_valid(const struct kernel *k, const struct kmem_cache *cache,
                               const struct page *page)
{
	return PageSlab(page) && page->slab_cache == cache && page->inuse <= cache->num &&
	       page->_count == 1 && compound_order(page) == cache->gfporder &&
	       page_slab(page)->s_mem + (uint64_t)cache->num * cache->size <=
	           PAGE_SIZE << cache->gfporder &&
	       record_is_valid(cache, page);
}

/* All slabs of the list have from min to max objects in use. */
static bool slab_list_is_valid(const struct kernel *k, const struct kmem_cache *cache,
                               const struct list_head *list, uint32_t min, uint32_t max,
                               struct slab_census *census)
{
	const struct page *page;

	list_for_each_entry (page, list, lru) {
		if (!slab_page_is_valid(k, cache, page) || page->inuse < min || page->inuse > max)
			return false;
		census->slabs++;
		census->free_slabs += !page->inuse;
		census->active_objects += page->inuse;
	}
	return true;
}

/* Objects at hand belong to the cache, are off their slabs' stacks, and stand in
 * one array once. */
static bool array_is_valid(const struct kernel *k, const struct kmem_cache *cache,
                           const struct array_cache *ac)
{
	if (ac->avail > ac->limit)
		return false;
	for (uint32_t i = 0; i < ac->avail; i++) {
		const void *object = ac->entry[i];
		const struct page *page = virt_to_head_page(k, object);

		if (!PageSlab(page) || page->slab_cache != cache ||
		    object_is_in_slab(k, cache, object) || times_at_hand(k, cache, object) != 1)
			return false;
	}
	return true;
}

static bool arrays_are_valid(const struct kernel *k, const struct kmem_cache *cache)
{
	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
		if (!array_is_valid(k, cache, &cache->cpu_cache[cpu]))
			return false;
	return true;
}

static bool cache_is_valid(const struct kernel *k, const struct kmem_cache *cache, char *what,
                           size_t size)
{
	struct slab_census census = { 0 };
	const char *wrong = NULL;

	if (!slab_list_is_valid(k, cache, &cache->slabs_full, cache->num, cache->num, &census))
		wrong = "full list";
	else if (!slab_list_is_valid(k, cache, &cache->slabs_partial, 1, cache->num - 1, &census))
		wrong = "partial list";
	else if (!slab_list_is_valid(k, cache, &cache->slabs_free, 0, 0, &census))
		wrong = "free list";
	else if (census.slabs != cache->nr_slabs || census.free_slabs != cache->nr_free_slabs)
		wrong = "number of slabs";
	else if (census.active_objects != cache->nr_active_objects)
		wrong = "number of objects";
	else if (!arrays_are_valid(k, cache))
		wrong = "per-CPU arrays";
	if (wrong)
		snprintf(what, size, "slab: cache %s: %s", cache->name, wrong);
	return !wrong;
}

bool slab_is_valid(struct kernel *k, char *what, size_t size)
{
	const int64_t *quantities = k->vm_quantities.value;
	int64_t reclaimable = 0, unreclaimable = 0;
	struct kmem_cache *cache;

	list_for_each_entry (cache, &k->slab_caches, list) {
		int64_t pages = (int64_t)(cache->nr_slabs << cache->gfporder);

		if (!cache_is_valid(k, cache, what, size))
			return false;
		if (cache->flags & SLAB_RECLAIM_ACCOUNT)
			reclaimable += pages;
		else
			unreclaimable += pages;
	}
	if (reclaimable != quantities[NR_SLAB_RECLAIMABLE] ||
	    unreclaimable != quantities[NR_SLAB_UNRECLAIMABLE]) {
		snprintf(what, size, "slab: nr_slab_* differ from the caches' pages");
		return false;
	}
	return true;
}
