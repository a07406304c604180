/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/lru_stack.h"

#include "tests/run_suite.h"
#include "tests/traces/model_cache.h"
#include "tests/traces/page_stream.h"

#define MAX_SIZES 64

static struct lru_stack *new_stack(uint32_t nr_pages)
{
	struct lru_stack *stack = calloc(1, sizeof(*stack));

	ck_assert_int_eq(lru_stack_reserve(stack, nr_pages), 0);
	return stack;
}

static void delete_stack(struct lru_stack *stack)
{
	lru_stack_finish(stack);
	free(stack);
}

START_TEST(a_page_is_as_deep_as_pages_were_touched_since)
{
	struct lru_stack *stack = new_stack(200);

	for (uint32_t page = 1; page < 200; page++)
		ck_assert_uint_eq(lru_stack_touch(stack, page), 0);
	ck_assert_uint_eq(lru_stack_touch(stack, 199), 1);
	ck_assert_uint_eq(lru_stack_touch(stack, 100), 100);
	ck_assert_uint_eq(lru_stack_touch(stack, 1), 199);
	ck_assert_uint_eq(lru_stack_touch(stack, 100), 2);
	delete_stack(stack);
}
END_TEST

/* Sizes of which the front, its end and what is behind are some. */
static uint32_t choose_sizes(struct random_stream *random, uint32_t nr_pages, uint32_t *sizes)
{
	static const uint32_t fixed[] = { 1, 2, 3, LRU_FRONT - 1, LRU_FRONT, LRU_FRONT + 1 };
	uint32_t nr = 0;

	for (; nr < sizeof(fixed) / sizeof(*fixed); nr++)
		sizes[nr] = fixed[nr];
	while (nr < 20)
		sizes[nr++] = 1 + (uint32_t)random_below(random, nr_pages + 1);
	return nr;
}

static void check_against_caches(struct random_stream *random)
{
	uint32_t nr_pages = 2 + (uint32_t)random_below(random, 300), sizes[MAX_SIZES];
	uint32_t nr_sizes = choose_sizes(random, nr_pages, sizes);
	uint64_t drops = random_below(random, 3) ? 1 + random_below(random, 50) : 1000000;
	struct page_stream stream = { .random = random, .nr_pages = nr_pages };
	struct lru_stack *stack = new_stack(2);
	struct model_cache caches[MAX_SIZES];

	for (uint32_t i = 0; i < nr_sizes; i++)
		model_init(&caches[i], 1, sizes[i], MODEL_LRU);
	for (uint32_t n = 0; n < 4000; n++) {
		uint32_t page = 1 + page_stream_next(&stream), depth;

		ck_assert_int_eq(lru_stack_reserve(stack, page + 1), 0);
		if (random_one_in(random, drops)) {
			lru_stack_drop(stack, page);
			for (uint32_t i = 0; i < nr_sizes; i++)
				model_drop(&caches[i], 0, page);
		} else if (random_one_in(random, 1500)) {
			lru_stack_clear(stack);
			for (uint32_t i = 0; i < nr_sizes; i++)
				model_clear(&caches[i]);
		}
		page = 1 + page_stream_next(&stream);
		ck_assert_int_eq(lru_stack_reserve(stack, page + 1), 0);
		depth = lru_stack_touch(stack, page);
		for (uint32_t i = 0; i < nr_sizes; i++)
			ck_assert_int_eq(depth && depth <= sizes[i],
			                 model_touch(&caches[i], 0, page));
	}
	for (uint32_t i = 0; i < nr_sizes; i++)
		model_finish(&caches[i]);
	delete_stack(stack);
}

START_TEST(depths_are_the_hits_of_caches_of_all_sizes)
{
	struct random_stream random = random_start("depths_are_the_hits_of_caches_of_all_sizes");

	for (uint64_t n = random_cases(10); n; n--)
		check_against_caches(&random);
}
END_TEST

/* A list, most recent first. */
static uint32_t list_touch(uint32_t *list, uint32_t *nr, uint32_t page)
{
	uint32_t i = 0, depth;

	while (i < *nr && list[i] != page)
		i++;
	depth = i < *nr ? i + 1 : 0;
	*nr += !depth;
	memmove(list + 1, list, i * sizeof(*list));
	list[0] = page;
	return depth;
}

static void list_remove(uint32_t *list, uint32_t *nr, uint32_t page)
{
	for (uint32_t i = 0; i < *nr; i++)
		if (list[i] == page) {
			memmove(list + i, list + i + 1, (--*nr - i) * sizeof(*list));
			return;
		}
}

START_TEST(a_forgotten_page_leaves_no_trace)
{
	struct random_stream random = random_start("a_forgotten_page_leaves_no_trace");
	struct page_stream stream = { .random = &random, .nr_pages = 150 };
	struct lru_stack *stack = new_stack(151);
	uint32_t list[151], nr = 0;

	for (uint32_t n = 0; n < 20000; n++) {
		uint32_t page = 1 + page_stream_next(&stream);

		if (random_one_in(&random, 20)) {
			lru_stack_forget(stack, page);
			list_remove(list, &nr, page);
		}
		page = 1 + page_stream_next(&stream);
		ck_assert_uint_eq(lru_stack_touch(stack, page), list_touch(list, &nr, page));
	}
	delete_stack(stack);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lru_stack");
	TCase *tcase = tcase_create("lru_stack");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_page_is_as_deep_as_pages_were_touched_since);
	tcase_add_test(tcase, depths_are_the_hits_of_caches_of_all_sizes);
	tcase_add_test(tcase, a_forgotten_page_leaves_no_trace);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
