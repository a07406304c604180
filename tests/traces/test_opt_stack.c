/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/opt_stack.h"

#include "tests/run_suite.h"
#include "tests/traces/model_cache.h"
#include "tests/traces/page_stream.h"

#define MAX_LENGTH 12000

/* Which pages, and where one was dropped before its reference. A page that was dropped is
 * another page when it comes again: names[]. */
struct reference_list {
	uint32_t nr, nr_pages;
	uint32_t pages[MAX_LENGTH], names[MAX_LENGTH], next_use[MAX_LENGTH];
	bool dropped[MAX_LENGTH];
};

static void make_list(struct reference_list *list, struct random_stream *random, uint32_t length,
                      uint32_t nr_pages, uint64_t drops)
{
	struct page_stream stream = { .random = random, .nr_pages = nr_pages };
	uint32_t *name = calloc(nr_pages + 1, sizeof(*name));
	uint32_t *use = malloc((nr_pages + 1 + length) * sizeof(*use));
	uint32_t next_name = nr_pages + 1;

	list->nr = length;
	list->nr_pages = nr_pages;
	for (uint32_t i = 0; i < length; i++) {
		uint32_t page = list->pages[i] = 1 + page_stream_next(&stream);

		list->dropped[i] = random_one_in(random, drops);
		if (!name[page])
			name[page] = page;
		if (list->dropped[i])
			name[page] = next_name++;
		list->names[i] = name[page];
	}
	memset(use, 0xff, (nr_pages + 1 + length) * sizeof(*use));
	for (uint32_t i = length; i--;) {
		list->next_use[i] = use[list->names[i]];
		use[list->names[i]] = i;
	}
	free(name);
	free(use);
}

/* Belady, as he wrote it: the page whose next use is farthest away goes. */
static uint64_t belady_misses(const struct reference_list *list, uint32_t size)
{
	uint32_t *names = calloc(size, sizeof(*names)), *next = calloc(size, sizeof(*next));
	uint64_t misses = 0;

	for (uint32_t i = 0; i < list->nr; i++) {
		uint32_t at = 0, victim = 0;

		for (; at < size && names[at] != list->names[i]; at++)
			if (!names[at] || next[at] > next[victim])
				victim = names[victim] ? at : victim;
		if (at == size) {
			misses++;
			at = victim;
		}
		names[at] = list->names[i];
		next[at] = list->next_use[i];
	}
	free(names);
	free(next);
	return misses;
}

/* Misses for each size, up to nr_pages. */
static uint64_t *stack_misses(const struct reference_list *list)
{
	uint64_t *misses = calloc(list->nr_pages + 1, sizeof(*misses));
	struct opt_stack stack = { .nr_pages = 0 };

	for (uint32_t i = 0; i < list->nr; i++) {
		uint32_t page = list->pages[i], smallest;

		ck_assert_int_eq(opt_stack_reserve(&stack, page + 1), 0);
		if (list->dropped[i])
			opt_stack_drop(&stack, page);
		smallest = opt_stack_touch(&stack, page);
		for (uint32_t size = 1; size <= list->nr_pages; size++)
			misses[size] += !smallest || smallest > size;
	}
	opt_stack_finish(&stack);
	return misses;
}

static void compare_with_belady(struct reference_list *list, uint32_t step)
{
	uint64_t *misses = stack_misses(list);

	for (uint32_t size = 1; size <= list->nr_pages; size += step)
		ck_assert_uint_eq(misses[size], belady_misses(list, size));
	free(misses);
}

START_TEST(the_example_of_the_header_comes_out)
{
	static const uint32_t pages[] = { 1, 2, 3, 1, 2 }, wanted[] = { 0, 0, 0, 2, 3 };
	struct opt_stack stack = { .nr_pages = 0 };

	ck_assert_int_eq(opt_stack_reserve(&stack, 4), 0);
	for (uint32_t i = 0; i < 5; i++)
		ck_assert_uint_eq(opt_stack_touch(&stack, pages[i]), wanted[i]);
	opt_stack_finish(&stack);
}
END_TEST

START_TEST(misses_are_beladys_at_every_size)
{
	struct random_stream random = random_start("misses_are_beladys_at_every_size");
	struct reference_list *list = malloc(sizeof(*list));

	for (uint64_t n = random_cases(40); n; n--) {
		make_list(list, &random, 1500,
		          2 + (uint32_t)random_below(&random, n % 4 ? 30 : 200),
		          n % 2 ? 1000000 : 2 + random_below(&random, 60));
		compare_with_belady(list, 1);
	}
	free(list);
}
END_TEST

/* Slots are numbered anew many times; the tree has all its levels. */
START_TEST(long_runs_and_many_pages_are_beladys_too)
{
	struct random_stream random = random_start("long_runs_and_many_pages_are_beladys_too");
	struct reference_list *list = malloc(sizeof(*list));

	for (uint64_t n = random_cases(3); n; n--) {
		make_list(list, &random, MAX_LENGTH, 2 + (uint32_t)random_below(&random, 12),
		          n % 2 ? 1000000 : 50);
		compare_with_belady(list, 1);
		make_list(list, &random, MAX_LENGTH, 1500 + (uint32_t)random_below(&random, 1000),
		          n % 2 ? 1000000 : 50);
		compare_with_belady(list, 397);
	}
	free(list);
}
END_TEST

START_TEST(no_policy_misses_less)
{
	struct random_stream random = random_start("no_policy_misses_less");
	struct reference_list *list = malloc(sizeof(*list));

	for (uint64_t n = random_cases(20); n; n--) {
		uint64_t *misses;

		make_list(list, &random, 1500, 2 + (uint32_t)random_below(&random, 60), 1000000);
		misses = stack_misses(list);
		for (uint32_t size = 1; size <= list->nr_pages; size += 3)
			for (unsigned policy = 0; policy < NR_MODEL_POLICIES; policy++) {
				struct model_cache cache;

				model_init(&cache, 1, size, (enum model_policy)policy);
				for (uint32_t i = 0; i < list->nr; i++)
					model_touch(&cache, 0, list->pages[i]);
				ck_assert_uint_le(misses[size], cache.misses);
				model_finish(&cache);
			}
		free(misses);
	}
	free(list);
}
END_TEST

START_TEST(after_a_clear_all_is_as_at_first)
{
	struct random_stream random = random_start("after_a_clear_all_is_as_at_first");
	struct page_stream stream = { .random = &random, .nr_pages = 50 };
	struct opt_stack used = { .nr_pages = 0 }, fresh = { .nr_pages = 0 };

	ck_assert_int_eq(opt_stack_reserve(&used, 51), 0);
	ck_assert_int_eq(opt_stack_reserve(&fresh, 51), 0);
	for (uint32_t i = 0; i < 1000; i++)
		opt_stack_touch(&used, 1 + page_stream_next(&stream));
	opt_stack_clear(&used);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t page = 1 + page_stream_next(&stream);

		ck_assert_uint_eq(opt_stack_touch(&used, page), opt_stack_touch(&fresh, page));
	}
	opt_stack_finish(&used);
	opt_stack_finish(&fresh);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("opt_stack");
	TCase *tcase = tcase_create("opt_stack");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, the_example_of_the_header_comes_out);
	tcase_add_test(tcase, misses_are_beladys_at_every_size);
	tcase_add_test(tcase, long_runs_and_many_pages_are_beladys_too);
	tcase_add_test(tcase, no_policy_misses_less);
	tcase_add_test(tcase, after_a_clear_all_is_as_at_first);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
