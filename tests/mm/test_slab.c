/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm_fixture.h"

#include "mm/page_alloc.h"
#include "tests/run_suite.h"

#include <errno.h>
#include <signal.h>

#define OBJECTS_MAX 4000

static struct fixture f;
static struct kernel *const k = &f.k;
static void *objects[OBJECTS_MAX];

static void check_valid(void)
{
	char what[256] = "";

	ck_assert_msg(slab_is_valid(k, what, sizeof(what)), "%s", what);
	ck_assert_msg(page_alloc_is_valid(k, what, sizeof(what)), "%s", what);
}

/* As kernel_shutdown() counts them. */
static uint64_t free_pages_at_rest(void)
{
	shrink_slab(k);
	drain_all_pages(k);
	return nr_free_pages(k);
}

static void take(struct kmem_cache *cache, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		objects[i] = kmem_cache_alloc(k, cache, GFP_KERNEL);
		if (!objects[i])
			ck_abort_msg("object %u of %s", i, cache->name);
	}
}

static void give(struct kmem_cache *cache, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		kmem_cache_free(k, cache, objects[i]);
}

static uint32_t list_length(const struct list_head *list)
{
	const struct list_head *pos;
	uint32_t length = 0;

	list_for_each (pos, list)
		length++;
	return length;
}

/* ---- caches ---- */

START_TEST(broken_rules_make_no_cache)
{
	fixture_boot(&f, 16 * MIB, NULL);
	ck_assert_ptr_null(kmem_cache_create(k, "zero", 0, 0, 0, NULL));
	ck_assert_ptr_null(kmem_cache_create(k, "large", 64 * KIB + 1, 0, 0, NULL));
	ck_assert_ptr_null(kmem_cache_create(k, "crooked", 32, 24, 0, NULL));
	ck_assert_ptr_null(kmem_cache_create(k, "kmalloc-64", 64, 0, 0, NULL));
	ck_assert_ptr_null(
	    kmem_cache_create(k, "a_name_that_is_longer_than_it_may_be", 64, 0, 0, NULL));
	ck_assert_ptr_nonnull(kmem_cache_create(k, "good", 64, 0, 0, NULL));
	check_valid();
	fixture_finish(&f);
}
END_TEST

static const struct {
	uint32_t size, align, flags;
	uint32_t real_size;
} layouts[] = {
	{ 1, 0, 0, 8 },
	{ 24, 0, 0, 24 },
	{ 24, 16, 0, 32 },
	{ 33, 0, SLAB_HWCACHE_ALIGN, 64 },
	{ 20, 0, SLAB_HWCACHE_ALIGN, 32 },
	{ 100, 128, 0, 128 },
	{ 704, 0, 0, 704 },
	{ 2000, 64, 0, 2048 },
	{ 4096, 4096, 0, 4096 },
	{ 5000, 0, SLAB_RECLAIM_ACCOUNT, 5000 },
	{ 40000, 0, 0, 40000 },
	{ 65536, 0, 0, 65536 },
};

static int compare_pointers(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	return (x > y) - (x < y);
}

START_TEST(objects_are_aligned_and_apart)
{
	struct kmem_cache *cache;
	uint32_t nr = layouts[_i].size > 4096 ? 20 : 700;
	uint32_t align = layouts[_i].align ? layouts[_i].align : 8;
	uint64_t free_pages;

	fixture_boot(&f, 64 * MIB, NULL);
	cache = kmem_cache_create(k, "test", layouts[_i].size, layouts[_i].align, layouts[_i].flags,
	                          NULL);
	ck_assert_ptr_nonnull(cache);
	free_pages = free_pages_at_rest();
	ck_assert_uint_eq(cache->size, layouts[_i].real_size);
	take(cache, nr);
	check_valid();
	qsort(objects, nr, sizeof(objects[0]), compare_pointers);
	for (uint32_t i = 0; i < nr; i++) {
		if ((uintptr_t)objects[i] % align)
			ck_abort_msg("object %u is not aligned", i);
		if (i && (char *)objects[i] - (char *)objects[i - 1] < (ptrdiff_t)cache->size)
			ck_abort_msg("object %u overlaps the one below", i);
	}
	give(cache, nr);
	check_valid();
	ck_assert_uint_eq(free_pages_at_rest(), free_pages);
	ck_assert_int_eq(kmem_cache_destroy(k, cache), 0);
	fixture_finish(&f);
}
END_TEST

START_TEST(pages_are_counted_under_their_kind)
{
	int64_t *quantities = k->vm_quantities.value;
	struct kmem_cache *cache;
	int64_t reclaimable, unreclaimable;
	void *object;

	fixture_boot(&f, 64 * MIB, NULL);
	cache = kmem_cache_create(k, "inodes", 600, 0, SLAB_RECLAIM_ACCOUNT, NULL);
	reclaimable = quantities[NR_SLAB_RECLAIMABLE];
	unreclaimable = quantities[NR_SLAB_UNRECLAIMABLE];
	ck_assert_int_eq(reclaimable, 0);
	ck_assert_int_gt(unreclaimable, 0);
	object = kmem_cache_alloc(k, cache, GFP_KERNEL);
	ck_assert_int_eq(quantities[NR_SLAB_RECLAIMABLE], (int64_t)1 << cache->gfporder);
	ck_assert_uint_eq(vmstat_value(k, NR_SLAB_RECLAIMABLE), (uint64_t)1 << cache->gfporder);
	kmem_cache_free(k, cache, object);
	ck_assert_uint_eq(kmem_cache_shrink(k, cache), (uint64_t)1 << cache->gfporder);
	ck_assert_int_eq(quantities[NR_SLAB_RECLAIMABLE], 0);
	fixture_finish(&f);
}
END_TEST

static enum migratetype type_of(const void *object)
{
	return get_pageblock_migratetype(k, virt_to_page(k, object));
}

START_TEST(cache_decides_on_the_kind_of_pages_not_the_mask)
{
	struct kmem_cache *inodes, *others;

	fixture_boot(&f, 64 * MIB, NULL);
	inodes = kmem_cache_create(k, "inodes", 600, 0, SLAB_RECLAIM_ACCOUNT, NULL);
	others = kmem_cache_create(k, "others", 600, 0, 0, NULL);
	for (int i = 0; i < 50; i++) {
		void *inode = kmem_cache_alloc(k, inodes, GFP_HIGHUSER_MOVABLE);
		void *other = kmem_cache_alloc(k, others, GFP_HIGHUSER_MOVABLE);

		ck_assert_int_eq(type_of(inode), MIGRATE_RECLAIMABLE);
		ck_assert_int_eq(type_of(other), MIGRATE_UNMOVABLE);
	}
	fixture_finish(&f);
}
END_TEST

/* ---- slabs ---- */

START_TEST(slabs_move_from_free_to_partial_to_full_and_back)
{
	struct kmem_cache *cache;
	uint32_t num;

	fixture_boot(&f, 16 * MIB, NULL);
	cache = kmem_cache_create(k, "test", 1000, 0, 0, NULL);
	num = cache->num;
	cache->cpu_cache[0].limit = 1; /* every free but the last goes to the slabs */
	cache->cpu_cache[0].batchcount = 1;
	cache->free_limit = UINT64_MAX;
	take(cache, num);
	ck_assert_uint_eq(list_length(&cache->slabs_full), 1);
	ck_assert_uint_eq(cache->nr_active_objects, num);
	kmem_cache_free(k, cache, objects[0]);
	ck_assert_uint_eq(list_length(&cache->slabs_full), 1); /* at hand */
	kmem_cache_free(k, cache, objects[1]);
	ck_assert_uint_eq(list_length(&cache->slabs_full), 0);
	ck_assert_uint_eq(list_length(&cache->slabs_partial), 1);
	ck_assert_uint_eq(cache->nr_active_objects, num - 1);
	check_valid();
	for (uint32_t i = 2; i < num; i++)
		kmem_cache_free(k, cache, objects[i]);
	kmem_cache_shrink(k, cache);
	ck_assert_uint_eq(cache->nr_slabs, 0);
	check_valid();
	fixture_finish(&f);
}
END_TEST

START_TEST(slabs_in_use_are_filled_before_free_ones)
{
	struct kmem_cache *cache;
	uint32_t num;

	fixture_boot(&f, 16 * MIB, NULL);
	cache = kmem_cache_create(k, "test", 1000, 0, 0, NULL);
	num = cache->num;
	cache->cpu_cache[0].limit = 1;
	cache->cpu_cache[0].batchcount = 1;
	cache->free_limit = UINT64_MAX;
	take(cache, 2 * num); /* two full slabs */
	for (uint32_t i = 0; i < num; i++)
		kmem_cache_free(k, cache, objects[i]);
	kmem_cache_free(k, cache, objects[num]);
	/* the first is free, the second lacks one that is at hand, or the other way */
	ck_assert_uint_eq(cache->nr_free_slabs, 1);
	objects[0] = kmem_cache_alloc(k, cache, GFP_KERNEL);
	objects[num] = kmem_cache_alloc(k, cache, GFP_KERNEL);
	ck_assert_uint_eq(cache->nr_slabs, 2);
	check_valid();
	fixture_finish(&f);
}
END_TEST

START_TEST(free_slabs_beyond_the_limit_go_back_at_once)
{
	struct kmem_cache *cache;

	fixture_boot(&f, 64 * MIB, NULL);
	cache = kmem_cache_create(k, "test", 512, 0, 0, NULL);
	take(cache, 3000);
	give(cache, 3000);
	ck_assert_uint_le(cache->nr_slabs * cache->num - cache->nr_active_objects,
	                  cache->free_limit);
	check_valid();
	fixture_finish(&f);
}
END_TEST

START_TEST(successive_slabs_differ_in_colour)
{
	struct kmem_cache *cache;
	const struct page *page;
	uint64_t seen = 0;

	fixture_boot(&f, 16 * MIB, NULL);
	cache = kmem_cache_create(k, "test", 256, 0, SLAB_HWCACHE_ALIGN, NULL);
	ck_assert_uint_ge(cache->colour, 3);
	take(cache, 3 * cache->num);
	list_for_each_entry (page, &cache->slabs_full, lru) {
		const struct slab *slab = page->freelist;

		seen |= (uint64_t)1 << (slab->s_mem / cache->colour_off) % 64;
	}
	ck_assert_int_eq(__builtin_popcountll(seen), 3);
	fixture_finish(&f);
}
END_TEST

START_TEST(large_objects_keep_their_record_elsewhere)
{
	uint64_t small_objects;
	struct kmem_cache *cache;
	void *object;

	fixture_boot(&f, 64 * MIB, NULL);
	cache = k->kmalloc_caches[12];
	ck_assert(cache->off_slab);
	ck_assert_uint_eq(cache->num << 12, PAGE_SIZE << cache->gfporder); /* nothing wasted */
	free_pages_at_rest();
	small_objects = k->kmalloc_caches[3]->nr_active_objects;
	object = kmalloc(k, 4096, GFP_KERNEL);
	ck_assert_uint_eq((uintptr_t)object % PAGE_SIZE, 0);
	ck_assert_uint_gt(k->kmalloc_caches[3]->nr_active_objects, small_objects);
	kfree(k, object);
	free_pages_at_rest();
	ck_assert_uint_eq(k->kmalloc_caches[3]->nr_active_objects, small_objects);
	fixture_finish(&f);
}
END_TEST

/* ---- constructors and contents ---- */

static uint64_t constructed;

static void construct(void *object)
{
	constructed++;
	memset(object, 0xc7, 100);
}

START_TEST(constructor_runs_once_an_object_and_its_work_lasts)
{
	struct kmem_cache *cache;
	uint8_t expected[100];

	fixture_boot(&f, 16 * MIB, NULL);
	memset(expected, 0xc7, sizeof(expected));
	cache = kmem_cache_create(k, "test", 100, 0, 0, construct);
	cache->free_limit = UINT64_MAX;
	constructed = 0;
	for (int round = 0; round < 3; round++) {
		take(cache, 300);
		for (int i = 0; i < 300; i++)
			if (memcmp(objects[i], expected, sizeof(expected)))
				ck_abort_msg("object %d is not constructed", i);
		give(cache, 300);
	}
	ck_assert_uint_eq(constructed, cache->nr_slabs * cache->num);
	fixture_finish(&f);
}
END_TEST

START_TEST(zalloc_clears)
{
	static const uint8_t zero[20000];
	struct kmem_cache *cache;
	void *object;

	fixture_boot(&f, 16 * MIB, NULL);
	cache = kmem_cache_create(k, "test", 200, 0, 0, NULL);
	object = kmem_cache_alloc(k, cache, GFP_KERNEL);
	memset(object, 0xff, 200);
	kmem_cache_free(k, cache, object);
	ck_assert_mem_eq(kmem_cache_zalloc(k, cache, GFP_KERNEL), zero, 200);
	ck_assert_mem_eq(kzalloc(k, 700, GFP_KERNEL), zero, 700);
	ck_assert_mem_eq(kzalloc(k, 20000, GFP_KERNEL), zero, 20000);
	fixture_finish(&f);
}
END_TEST

/* ---- per-CPU arrays ---- */

START_TEST(last_freed_object_comes_first_on_its_cpu)
{
	struct kernel_config config = fixture_config();
	struct kmem_cache *cache;

	config.nr_cpus = 2;
	fixture_boot(&f, 16 * MIB, &config);
	cache = kmem_cache_create(k, "test", 64, 0, 0, NULL);
	take(cache, 2);
	kmem_cache_free(k, cache, objects[0]);
	ck_assert_ptr_eq(kmem_cache_alloc(k, cache, GFP_KERNEL), objects[0]);
	k->cpu = 1;
	kmem_cache_free(k, cache, objects[1]);
	ck_assert_uint_eq(cache->cpu_cache[1].avail, 1);
	k->cpu = 0;
	ck_assert_ptr_ne(kmem_cache_alloc(k, cache, GFP_KERNEL), objects[1]);
	k->cpu = 1;
	ck_assert_ptr_eq(kmem_cache_alloc(k, cache, GFP_KERNEL), objects[1]);
	check_valid();
	fixture_finish(&f);
}
END_TEST

/* As /proc/slabinfo's tunables show them. */
START_TEST(arrays_hold_fewer_of_larger_objects)
{
	static const struct {
		uint32_t size, limit, batchcount;
	} rows[] = {
		{ 64, 120, 60 }, { 256, 120, 60 }, { 512, 54, 27 }, { 2048, 24, 12 }, { 8192, 8, 4 }
	};

	fixture_boot(&f, 16 * MIB, NULL);
	for (size_t i = 0; i < 5; i++) {
		void *object = kmalloc(k, rows[i].size, GFP_KERNEL);
		const struct kmem_cache *cache = compound_head(virt_to_page(k, object))->slab_cache;

		ck_assert_uint_eq(cache->cpu_cache[0].limit, rows[i].limit);
		ck_assert_uint_eq(cache->cpu_cache[0].batchcount, rows[i].batchcount);
	}
	fixture_finish(&f);
}
END_TEST

/* ---- shrinking, destroying ---- */

START_TEST(destroyed_cache_leaves_nothing)
{
	struct kmem_cache *cache;
	uint64_t free_pages;

	fixture_boot(&f, 16 * MIB, NULL);
	free_pages = free_pages_at_rest();
	cache = kmem_cache_create(k, "test", 700, 0, 0, NULL);
	take(cache, 200);
	give(cache, 200);
	ck_assert_int_eq(kmem_cache_destroy(k, cache), 0);
	ck_assert_uint_eq(free_pages_at_rest(), free_pages);
	ck_assert_ptr_nonnull(kmem_cache_create(k, "test", 700, 0, 0, NULL));
	check_valid();
	fixture_finish(&f);
}
END_TEST

START_TEST(cache_with_objects_left_is_not_destroyed)
{
	struct kmem_cache *cache;

	fixture_boot(&f, 16 * MIB, NULL);
	cache = kmem_cache_create(k, "leaky", 700, 0, 0, NULL);
	take(cache, 3);
	ck_assert_int_eq(kmem_cache_destroy(k, cache), -EBUSY);
	ck_assert(fixture_logged(&f, "leaky"));
	check_valid();
	give(cache, 3);
	ck_assert_int_eq(kmem_cache_destroy(k, cache), 0);
	fixture_finish(&f);
}
END_TEST

START_TEST(shrink_keeps_objects_in_use)
{
	struct kmem_cache *cache;

	fixture_boot(&f, 64 * MIB, NULL);
	cache = kmem_cache_create(k, "test", 128, 0, 0, NULL);
	take(cache, 1000);
	for (int i = 0; i < 1000; i++)
		memset(objects[i], i & 0x7f, 128);
	for (uint32_t i = 10; i < 1000; i++)
		kmem_cache_free(k, cache, objects[i]);
	ck_assert_uint_gt(kmem_cache_shrink(k, cache), 0);
	ck_assert_uint_eq(cache->nr_active_objects, 10);
	ck_assert_uint_eq(kmem_cache_shrink(k, cache), 0);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(((uint8_t *)objects[i])[127], i);
	check_valid();
	fixture_finish(&f);
}
END_TEST

/* ---- kmalloc ---- */

START_TEST(kmalloc_takes_the_smallest_class_that_fits)
{
	static const size_t classes[] = { 8,   16,  32,   64,   96,   128, 192,
		                          256, 512, 1024, 2048, 4096, 8192 };
	size_t i = 0;

	fixture_boot(&f, 64 * MIB, NULL);
	for (size_t size = 1; size <= 8192; size++) {
		void *object = kmalloc(k, size, GFP_KERNEL);

		if (size > classes[i])
			i++;
		if (ksize(k, object) != classes[i])
			ck_abort_msg("kmalloc(%zu) has %zu bytes", size, ksize(k, object));
		memset(object, 0x11, ksize(k, object));
		kfree(k, object);
	}
	check_valid();
	fixture_finish(&f);
}
END_TEST

START_TEST(larger_than_8_kb_are_whole_pages)
{
	uint64_t free_pages;
	void *object;

	fixture_boot(&f, 64 * MIB, NULL);
	free_pages = nr_free_pages(k);
	object = kmalloc(k, 8193, GFP_KERNEL);
	ck_assert_uint_eq(ksize(k, object), 16 * KIB);
	ck_assert_uint_eq(nr_free_pages(k), free_pages - 4);
	kfree(k, object);
	object = kmalloc(k, 4 * MIB, GFP_KERNEL);
	ck_assert_uint_eq(ksize(k, object), 4 * MIB);
	kfree(k, object);
	ck_assert_uint_eq(nr_free_pages(k), free_pages);
	ck_assert_ptr_null(kmalloc(k, 4 * MIB + 1, GFP_KERNEL | __GFP_NOWARN));
	ck_assert_ptr_null(kmalloc(k, SIZE_MAX, GFP_KERNEL | __GFP_NOWARN));
	kfree(k, NULL);
	check_valid();
	fixture_finish(&f);
}
END_TEST

START_TEST(dma_objects_lie_below_16_mb)
{
	fixture_boot(&f, 64 * MIB, NULL);
	for (size_t size = 8; size <= 32768; size *= 2) {
		void *object = kmalloc(k, size, GFP_KERNEL | GFP_DMA);

		ck_assert_ptr_eq(page_zone(k, virt_to_page(k, object)),
		                 &NODE_DATA(k, 0)->node_zones[ZONE_DMA]);
		kfree(k, object);
	}
	check_valid();
	fixture_finish(&f);
}
END_TEST

START_TEST(krealloc_keeps_the_content_and_moves_only_if_it_must)
{
	uint8_t *object, *moved;
	uint64_t free_pages;

	fixture_boot(&f, 16 * MIB, NULL);
	free_pages = free_pages_at_rest();
	object = krealloc(k, NULL, 100, GFP_KERNEL);
	ck_assert_uint_eq(ksize(k, object), 128);
	memset(object, 7, 128);
	ck_assert_ptr_eq(krealloc(k, object, 128, GFP_KERNEL), object);
	ck_assert_ptr_eq(krealloc(k, object, 1, GFP_KERNEL), object);
	moved = krealloc(k, object, 20000, GFP_KERNEL);
	ck_assert_ptr_nonnull(moved);
	ck_assert_uint_eq(ksize(k, moved), 32768);
	for (int i = 0; i < 128; i++)
		ck_assert_uint_eq(moved[i], 7);
	/* too large, and the object stays as it was */
	ck_assert_ptr_null(krealloc(k, moved, 8 * MIB, GFP_KERNEL | __GFP_NOWARN));
	ck_assert_uint_eq(moved[127], 7);
	ck_assert_ptr_null(krealloc(k, moved, 0, GFP_KERNEL));
	check_valid();
	ck_assert_uint_eq(free_pages_at_rest(), free_pages);
	fixture_finish(&f);
}
END_TEST

START_TEST(an_array_whose_size_overflows_is_refused)
{
	uint8_t *array;

	fixture_boot(&f, 16 * MIB, NULL);
	ck_assert_ptr_null(kmalloc_array(k, SIZE_MAX / 8 + 1, 8, GFP_KERNEL));
	ck_assert_ptr_null(kcalloc(k, (size_t)1 << 33, (size_t)1 << 33, GFP_KERNEL));
	array = kcalloc(k, 25, 4, GFP_KERNEL);
	ck_assert_uint_eq(ksize(k, array), 128);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(array[i], 0);
	kfree(k, array);
	fixture_finish(&f);
}
END_TEST

START_TEST(exhaustion_gives_null_and_all_comes_back)
{
	uint64_t free_pages, nr = 0;

	fixture_boot(&f, 4 * MIB, NULL);
	free_pages = free_pages_at_rest();
	while (nr < OBJECTS_MAX && (objects[nr] = kmalloc(k, 700, GFP_NOWAIT | __GFP_NOWARN)))
		nr++;
	ck_assert_uint_gt(nr, 500);
	ck_assert_uint_lt(nr, OBJECTS_MAX);
	check_valid();
	while (nr)
		kfree(k, objects[--nr]);
	ck_assert_uint_eq(free_pages_at_rest(), free_pages);
	check_valid();
	fixture_finish(&f);
}
END_TEST

/* ---- random sequences ---- */

struct object {
	uint8_t *memory;
	struct kmem_cache *cache; /* NULL: kmalloc's */
	size_t size;
	uint8_t byte;
};

#define CACHES 4

/* Objects with a constructor are given back as they were made. */
static bool random_alloc(struct fixture_random *random, struct kmem_cache **caches,
                         struct object *object)
{
	static const gfp_t gfps[] = { GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, GFP_KERNEL | __GFP_ZERO };
	uint64_t which = fixture_below(random, CACHES + 2);
	gfp_t gfp = gfps[fixture_below(random, which == 0 ? 3 : 4)] | __GFP_NOWARN;

	if (which < CACHES) {
		object->cache = caches[which];
		object->size = caches[which]->object_size;
		object->memory = kmem_cache_alloc(k, object->cache, gfp);
	} else {
		object->cache = NULL;
		object->size = 1 + fixture_random(random) % (1u << (3 + fixture_below(random, 13)));
		object->memory = kmalloc(k, object->size, gfp);
	}
	if (!object->memory)
		return false;
	if (gfp & __GFP_ZERO)
		ck_assert(!object->memory[0] && !object->memory[object->size - 1]);
	object->byte = which == 0 ? 0xc7 : (uint8_t)fixture_random(random);
	if (which == 0)
		ck_assert(object->memory[0] == 0xc7 && object->memory[99] == 0xc7);
	else
		memset(object->memory, object->byte, object->size);
	return true;
}

static void check_contents(const struct object *object)
{
	const uint8_t *memory = object->memory;

	ck_assert(*memory == object->byte && !memcmp(memory, memory + 1, object->size - 1));
}

static void random_free(struct fixture_random *random, struct object *live, uint64_t *nr)
{
	uint64_t i = fixture_below(random, *nr);

	check_contents(&live[i]);
	if (live[i].cache && fixture_below(random, 2))
		kmem_cache_free(k, live[i].cache, live[i].memory);
	else
		kfree(k, live[i].memory);
	live[i] = live[--*nr];
}

START_TEST(random_sequences_keep_every_invariant)
{
	static struct object live[OBJECTS_MAX];
	struct fixture_random random = fixture_seed(0x736c6162 + (uint64_t)_i);
	struct kernel_config config = fixture_config();
	uint64_t steps = fixture_cases(20000), nr = 0, free_pages;
	struct kmem_cache *caches[CACHES];

	config.nr_cpus = 3;
	fixture_boot(&f, _i ? 32 * MIB : 4 * MIB, &config);
	free_pages = free_pages_at_rest();
	caches[0] = kmem_cache_create(k, "constructed", 100, 0, 0, construct);
	caches[1] = kmem_cache_create(k, "small", 40, 0, SLAB_RECLAIM_ACCOUNT, NULL);
	caches[2] = kmem_cache_create(k, "aligned", 300, 0, SLAB_HWCACHE_ALIGN, NULL);
	caches[3] = kmem_cache_create(k, "large", 3000, 0, 0, NULL);
	for (uint64_t step = 0; step < steps; step++) {
		bool filling = step / 2000 % 2 == 0;

		k->cpu = (uint32_t)fixture_below(&random, 3);
		if (nr < OBJECTS_MAX && fixture_below(&random, 10) < (filling ? 7 : 3))
			nr += random_alloc(&random, caches, &live[nr]);
		else if (nr)
			random_free(&random, live, &nr);
		if (step % 500 == 0) {
			check_valid();
			kmem_cache_shrink(k, caches[fixture_below(&random, CACHES)]);
			check_valid();
		}
	}
	while (nr)
		random_free(&random, live, &nr);
	for (int i = 0; i < CACHES; i++)
		ck_assert_int_eq(kmem_cache_destroy(k, caches[i]), 0);
	ck_assert_uint_eq(free_pages_at_rest(), free_pages);
	check_valid();
	fixture_finish(&f);
}
END_TEST

/* ---- the invariant checker itself, and misuse ---- */

static struct kmem_cache *victim;

static void miscount_slabs(void)
{
	victim->nr_slabs++;
}

static void miscount_objects(void)
{
	victim->nr_active_objects--;
}

static void list_full_as_partial(void)
{
	list_move(victim->slabs_full.next, &victim->slabs_partial);
}

static void free_index_twice(void)
{
	struct page *page = list_first_entry(&victim->slabs_partial, struct page, lru);
	struct slab *slab = page->freelist;

	slab->free[victim->num - 1] = slab->free[victim->num - 2];
}

static void hold_object_twice(void)
{
	struct array_cache *ac = victim->cpu_cache;

	ac->entry[ac->avail] = ac->entry[0];
	ac->avail++;
}

static void hold_foreign_object(void)
{
	victim->cpu_cache->entry[0] = kmalloc(k, 8, GFP_KERNEL);
}

static void miscount_quantity(void)
{
	k->vm_quantities.value[NR_SLAB_UNRECLAIMABLE]++;
}

static void (*const corruptions[])(void) = {
	miscount_slabs,    miscount_objects,    list_full_as_partial, free_index_twice,
	hold_object_twice, hold_foreign_object, miscount_quantity,
};

START_TEST(every_corruption_is_seen)
{
	char what[256] = "";

	fixture_boot(&f, 64 * MIB, NULL);
	/* one full slab, two partial ones, an object at hand */
	victim = kmem_cache_create(k, "test", 112, 0, 0, NULL);
	take(victim, 2 * victim->num + 5);
	give(victim, 5);
	kmem_cache_shrink(k, victim);
	victim->cpu_cache[0].batchcount = 2;
	take(victim, 1);
	ck_assert_uint_eq(victim->cpu_cache[0].avail, 1);
	ck_assert(!list_empty(&victim->slabs_full) && !list_empty(&victim->slabs_partial));
	check_valid();
	corruptions[_i]();
	ck_assert(!slab_is_valid(k, what, sizeof(what)));
	ck_assert_ptr_nonnull(strstr(what, "slab: "));
	fixture_finish(&f);
}
END_TEST

#ifndef NDEBUG
START_TEST(double_free_stops_the_simulator)
{
	void *object;

	fixture_boot(&f, 4 * MIB, NULL);
	object = kmalloc(k, 100, GFP_KERNEL);
	kfree(k, kmalloc(k, 100, GFP_KERNEL));
	kfree(k, object);
	kfree(k, object);
}
END_TEST

START_TEST(write_after_free_stops_the_simulator)
{
	uint8_t *object;

	fixture_boot(&f, 4 * MIB, NULL);
	object = kmalloc(k, 100, GFP_KERNEL);
	kfree(k, object);
	object[50] = 0;
	kmalloc(k, 100, GFP_KERNEL);
}
END_TEST

START_TEST(free_to_another_cache_stops_the_simulator)
{
	fixture_boot(&f, 4 * MIB, NULL);
	victim = kmem_cache_create(k, "test", 200, 0, 0, NULL);
	kmem_cache_free(k, victim, kmalloc(k, 200, GFP_KERNEL));
}
END_TEST

START_TEST(free_of_an_object_s_middle_stops_the_simulator)
{
	fixture_boot(&f, 4 * MIB, NULL);
	kfree(k, (char *)kmalloc(k, 200, GFP_KERNEL) + 8);
}
END_TEST
#endif

static TCase *slab_tests(void)
{
	TCase *tcase = tcase_create("slab");

	tcase_add_test(tcase, broken_rules_make_no_cache);
	tcase_add_loop_test(tcase, objects_are_aligned_and_apart, 0,
	                    (int)(sizeof(layouts) / sizeof(layouts[0])));
	tcase_add_test(tcase, pages_are_counted_under_their_kind);
	tcase_add_test(tcase, cache_decides_on_the_kind_of_pages_not_the_mask);
	tcase_add_test(tcase, slabs_move_from_free_to_partial_to_full_and_back);
	tcase_add_test(tcase, slabs_in_use_are_filled_before_free_ones);
	tcase_add_test(tcase, free_slabs_beyond_the_limit_go_back_at_once);
	tcase_add_test(tcase, successive_slabs_differ_in_colour);
	tcase_add_test(tcase, large_objects_keep_their_record_elsewhere);
	tcase_add_test(tcase, constructor_runs_once_an_object_and_its_work_lasts);
	tcase_add_test(tcase, zalloc_clears);
	tcase_add_test(tcase, last_freed_object_comes_first_on_its_cpu);
	tcase_add_test(tcase, arrays_hold_fewer_of_larger_objects);
	tcase_add_test(tcase, destroyed_cache_leaves_nothing);
	tcase_add_test(tcase, cache_with_objects_left_is_not_destroyed);
	tcase_add_test(tcase, shrink_keeps_objects_in_use);
	return tcase;
}

static TCase *kmalloc_tests(void)
{
	TCase *tcase = tcase_create("kmalloc");

	tcase_add_test(tcase, kmalloc_takes_the_smallest_class_that_fits);
	tcase_add_test(tcase, larger_than_8_kb_are_whole_pages);
	tcase_add_test(tcase, dma_objects_lie_below_16_mb);
	tcase_add_test(tcase, krealloc_keeps_the_content_and_moves_only_if_it_must);
	tcase_add_test(tcase, an_array_whose_size_overflows_is_refused);
	tcase_add_test(tcase, exhaustion_gives_null_and_all_comes_back);
	return tcase;
}

static TCase *invariant_tests(void)
{
	TCase *tcase = tcase_create("invariants");

	tcase_add_loop_test(tcase, random_sequences_keep_every_invariant, 0, 2);
	tcase_add_loop_test(tcase, every_corruption_is_seen, 0,
	                    (int)(sizeof(corruptions) / sizeof(corruptions[0])));
#ifndef NDEBUG
	tcase_add_test_raise_signal(tcase, double_free_stops_the_simulator, SIGABRT);
	tcase_add_test_raise_signal(tcase, write_after_free_stops_the_simulator, SIGABRT);
	tcase_add_test_raise_signal(tcase, free_to_another_cache_stops_the_simulator, SIGABRT);
	tcase_add_test_raise_signal(tcase, free_of_an_object_s_middle_stops_the_simulator, SIGABRT);
#endif
	tcase_set_timeout(tcase, 60);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("mm/slab");

	suite_add_tcase(suite, slab_tests());
	suite_add_tcase(suite, kmalloc_tests());
	suite_add_tcase(suite, invariant_tests());
	return run_suite(suite);
}
