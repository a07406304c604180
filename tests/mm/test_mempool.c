/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm_fixture.h"

#include "mm/mempool.h"
#include "mm/page_alloc.h"
#include "tests/run_suite.h"

#include <errno.h>

#define MIN_NR 4

static struct fixture f;
static struct kernel *const k = &f.k;
static uint64_t free_at_start;

static uint64_t free_pages_at_rest(void)
{
	shrink_slab(k);
	drain_all_pages(k);
	return nr_free_pages(k);
}

static void boot(void)
{
	fixture_boot(&f, 16 * MIB, NULL);
	free_at_start = free_pages_at_rest();
}

static void finish(void)
{
	ck_assert_uint_eq(free_pages_at_rest(), free_at_start);
	kernel_shutdown(k);
	fixture_finish(&f);
}

static void inject(enum fault_site site, enum fault_mode mode, uint64_t n)
{
	fault_inject_set(&k->fault_inject, site, (struct fault_rule){ mode, n }, 0);
}

/* ---- an allocator that takes notes ---- */

struct source {
	uint32_t given;  /* elements that are out */
	uint32_t asked;  /* since the test cleared it */
	gfp_t gfps[8];   /* of those */
	uint32_t refuse; /* this many more times */
};

static void *source_alloc(struct kernel *kernel, gfp_t gfp, void *pool_data)
{
	struct source *source = pool_data;

	if (source->asked < 8)
		source->gfps[source->asked] = gfp;
	source->asked++;
	if (source->refuse) {
		source->refuse--;
		return NULL;
	}
	source->given++;
	return kmalloc(kernel, 64, gfp);
}

static void source_free(struct kernel *kernel, void *element, void *pool_data)
{
	struct source *source = pool_data;

	source->given--;
	kfree(kernel, element);
}

static struct mempool *source_pool(struct source *source)
{
	struct mempool *pool = mempool_create(k, MIN_NR, source_alloc, source_free, source);

	ck_assert_ptr_nonnull(pool);
	ck_assert_uint_eq(pool->curr_nr, MIN_NR);
	ck_assert_uint_eq(source->given, MIN_NR);
	source->asked = 0;
	return pool;
}

/* ---- allocating ---- */

START_TEST(the_reserve_is_used_only_when_the_allocator_fails)
{
	struct source source = { 0 };
	struct mempool *pool;
	void *first, *second;

	boot();
	pool = source_pool(&source);
	first = mempool_alloc(k, pool, GFP_KERNEL);
	ck_assert_uint_eq(pool->curr_nr, MIN_NR);
	ck_assert_uint_eq(pool->nr_from_reserve, 0);
	source.refuse = 1;
	second = mempool_alloc(k, pool, GFP_KERNEL);
	ck_assert_ptr_nonnull(second);
	ck_assert_uint_eq(pool->curr_nr, MIN_NR - 1);
	ck_assert_uint_eq(pool->nr_from_reserve, 1);
	mempool_free(k, pool, second);
	mempool_free(k, pool, first);
	mempool_free(k, pool, NULL);
	mempool_destroy(k, pool);
	ck_assert_uint_eq(source.given, 0);
	finish();
}
END_TEST

START_TEST(a_free_fills_the_reserve_before_the_allocator)
{
	struct source source = { 0 };
	struct mempool *pool;
	void *kept, *dipped;

	boot();
	pool = source_pool(&source);
	kept = mempool_alloc(k, pool, GFP_KERNEL);
	source.refuse = 1;
	dipped = mempool_alloc(k, pool, GFP_KERNEL);
	mempool_free(k, pool, kept);
	ck_assert_uint_eq(pool->curr_nr, MIN_NR);
	ck_assert_uint_eq(source.given, MIN_NR + 1); /* nothing went back */
	mempool_free(k, pool, dipped);
	ck_assert_uint_eq(source.given, MIN_NR);
	mempool_destroy(k, pool);
	ck_assert_uint_eq(source.given, 0);
	finish();
}
END_TEST

START_TEST(the_first_try_neither_reclaims_nor_uses_the_kernel_s_reserves)
{
	struct source source = { 0 };
	struct mempool *pool;

	boot();
	pool = source_pool(&source);
	mempool_free(k, pool, mempool_alloc(k, pool, GFP_KERNEL));
	ck_assert_uint_eq(source.asked, 1);
	ck_assert_uint_eq(source.gfps[0] & (__GFP_DIRECT_RECLAIM | __GFP_IO), 0);
	ck_assert(source.gfps[0] & __GFP_NOMEMALLOC);
	ck_assert(source.gfps[0] & __GFP_NOWARN);
	ck_assert(source.gfps[0] & __GFP_NORETRY);
	mempool_destroy(k, pool);
	finish();
}
END_TEST

static const struct {
	gfp_t gfp;
	uint32_t tries; /* of the allocator, once the reserve is empty */
} masks[] = {
	{ GFP_ATOMIC, 1 }, { GFP_NOWAIT, 1 }, { GFP_KERNEL, 2 }, { GFP_NOIO, 2 }, { GFP_NOFS, 2 },
};

START_TEST(who_may_wait_reclaims_once_before_an_empty_pool_says_no)
{
	struct source source = { 0 };
	struct mempool *pool;
	void *elements[MIN_NR];

	boot();
	pool = source_pool(&source);
	source.refuse = UINT32_MAX;
	for (int i = 0; i < MIN_NR; i++) {
		elements[i] = mempool_alloc(k, pool, masks[_i].gfp);
		ck_assert_ptr_nonnull(elements[i]);
	}
	ck_assert_uint_eq(source.asked, MIN_NR);
	source.asked = 0;
	ck_assert_ptr_null(mempool_alloc(k, pool, masks[_i].gfp));
	ck_assert_uint_eq(source.asked, masks[_i].tries);
	ck_assert_int_eq(!!(source.gfps[source.asked - 1] & __GFP_DIRECT_RECLAIM),
	                 masks[_i].tries == 2);
	for (int i = 0; i < MIN_NR; i++)
		mempool_free(k, pool, elements[i]);
	ck_assert_uint_eq(pool->curr_nr, MIN_NR);
	mempool_destroy(k, pool);
	finish();
}
END_TEST

START_TEST(the_second_try_may_succeed)
{
	struct source source = { 0 };
	struct mempool *pool;
	void *elements[MIN_NR + 1];

	boot();
	pool = source_pool(&source);
	source.refuse = MIN_NR + 1;
	for (int i = 0; i <= MIN_NR; i++) {
		elements[i] = mempool_alloc(k, pool, GFP_KERNEL);
		ck_assert_ptr_nonnull(elements[i]);
	}
	ck_assert_uint_eq(pool->curr_nr, 0);
	for (int i = 0; i <= MIN_NR; i++)
		mempool_free(k, pool, elements[i]);
	mempool_destroy(k, pool);
	finish();
}
END_TEST

/* ---- creating and resizing ---- */

START_TEST(a_pool_that_cannot_be_filled_is_not_made)
{
	struct source source = { 0 };

	boot();
	inject(FAIL_SLAB, FAULT_NTH, (uint64_t)_i);
	ck_assert_ptr_null(mempool_create(k, MIN_NR, mempool_kmalloc, mempool_kfree, (void *)100));
	inject(FAIL_SLAB, FAULT_OFF, 0);
	ck_assert_ptr_null(mempool_create(k, 0, source_alloc, source_free, &source));
	finish();
}
END_TEST

START_TEST(resize_keeps_elements_and_fills_or_frees_the_rest)
{
	struct source source = { 0 };
	struct mempool *pool;

	boot();
	pool = source_pool(&source);
	ck_assert_int_eq(mempool_resize(k, pool, 2), 0);
	ck_assert_uint_eq(pool->curr_nr, 2);
	ck_assert_uint_eq(source.given, 2);
	ck_assert_int_eq(mempool_resize(k, pool, 9), 0);
	ck_assert_uint_eq(pool->curr_nr, 9);
	ck_assert_uint_eq(source.given, 9);
	source.refuse = 1; /* the fourth of them, and no more is tried */
	ck_assert_int_eq(mempool_resize(k, pool, 12), 0);
	ck_assert_uint_eq(pool->min_nr, 12);
	ck_assert_uint_eq(pool->curr_nr, 9);
	mempool_free(k, pool, mempool_alloc(k, pool, GFP_KERNEL));
	ck_assert_uint_eq(pool->curr_nr, 10);
	inject(FAIL_SLAB, FAULT_EVERY, 1);
	ck_assert_int_eq(mempool_resize(k, pool, 20), -ENOMEM);
	inject(FAIL_SLAB, FAULT_OFF, 0);
	ck_assert_int_eq(mempool_resize(k, pool, 0), -EINVAL);
	ck_assert_uint_eq(pool->min_nr, 12);
	mempool_destroy(k, pool);
	mempool_destroy(k, NULL);
	ck_assert_uint_eq(source.given, 0);
	finish();
}
END_TEST

/* ---- the shipped allocators ---- */

/* Takes every free page that `gfp` may have; they hang on a list. */
static struct page *exhaust(gfp_t gfp)
{
	struct page *taken = NULL, *page;

	while ((page = alloc_page(k, gfp | __GFP_NOWARN | __GFP_NORETRY))) {
		page->private = (uintptr_t)taken;
		taken = page;
	}
	return taken;
}

static void release(struct page *taken)
{
	while (taken) {
		struct page *next = (struct page *)(uintptr_t)taken->private;

		taken->private = 0;
		__free_page(k, taken);
		taken = next;
	}
}

/* min_nr elements are sure even with no page left in the machine. */
static void use_pool_in_exhaustion(struct mempool *pool)
{
	struct page *taken = exhaust(GFP_KERNEL | __GFP_MEMALLOC);
	void *elements[MIN_NR + 512];
	uint32_t nr = 0;

	while (nr < MIN_NR + 512) {
		elements[nr] = mempool_alloc(k, pool, GFP_NOIO);
		if (!elements[nr])
			break;
		nr++;
	}
	ck_assert_uint_ge(nr, MIN_NR);
	ck_assert_uint_eq(pool->curr_nr, 0);
	ck_assert_uint_eq(pool->nr_from_reserve, MIN_NR);
	fixture_check(&f);
	while (nr)
		mempool_free(k, pool, elements[--nr]);
	ck_assert_uint_eq(pool->curr_nr, MIN_NR);
	release(taken);
	mempool_destroy(k, pool);
}

START_TEST(a_slab_pool_serves_when_no_page_is_left)
{
	struct kmem_cache *cache;
	struct mempool *pool;

	boot();
	cache = kmem_cache_create(k, "pooled", 500, 0, 0, NULL);
	pool = mempool_create_slab_pool(k, MIN_NR, cache);
	ck_assert_ptr_nonnull(pool);
	use_pool_in_exhaustion(pool);
	ck_assert_int_eq(kmem_cache_destroy(k, cache), 0);
	finish();
}
END_TEST

START_TEST(a_kmalloc_pool_serves_when_no_page_is_left)
{
	struct mempool *pool;

	boot();
	pool = mempool_create_kmalloc_pool(k, MIN_NR, 3000);
	ck_assert_ptr_nonnull(pool);
	use_pool_in_exhaustion(pool);
	finish();
}
END_TEST

START_TEST(a_page_pool_serves_when_no_page_is_left)
{
	struct mempool *pool;

	boot();
	pool = mempool_create_page_pool(k, MIN_NR, 2);
	ck_assert_ptr_nonnull(pool);
	ck_assert_uint_eq(page_to_pfn(k, pool->elements[0]) % 4, 0);
	use_pool_in_exhaustion(pool);
	finish();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm/mempool");
	TCase *tcase = tcase_create("mempool");

	tcase_add_test(tcase, the_reserve_is_used_only_when_the_allocator_fails);
	tcase_add_test(tcase, a_free_fills_the_reserve_before_the_allocator);
	tcase_add_test(tcase, the_first_try_neither_reclaims_nor_uses_the_kernel_s_reserves);
	tcase_add_loop_test(tcase, who_may_wait_reclaims_once_before_an_empty_pool_says_no, 0,
	                    (int)(sizeof(masks) / sizeof(masks[0])));
	tcase_add_test(tcase, the_second_try_may_succeed);
	tcase_add_loop_test(tcase, a_pool_that_cannot_be_filled_is_not_made, 1, MIN_NR + 3);
	tcase_add_test(tcase, resize_keeps_elements_and_fills_or_frees_the_rest);
	tcase_add_test(tcase, a_slab_pool_serves_when_no_page_is_left);
	tcase_add_test(tcase, a_kmalloc_pool_serves_when_no_page_is_left);
	tcase_add_test(tcase, a_page_pool_serves_when_no_page_is_left);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
