/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists against arrays: the same operations, the same order from both ends.
 */
#include "mm/list.h"
#include "tests/run_suite.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NR_ITEMS 24
#define NR_LISTS 2

struct item {
	int before; /* so that the links do not lie at the object's start */
	struct list_head node;
};

static struct item items[NR_ITEMS];
static struct list_head lists[NR_LISTS];
static struct {
	int item[NR_ITEMS];
	int nr;
} model[NR_LISTS];

static void setup(void)
{
	for (int i = 0; i < NR_LISTS; i++) {
		INIT_LIST_HEAD(&lists[i]);
		model[i].nr = 0;
	}
	memset(items, 0, sizeof(items));
}

static void model_insert(int list, int at, int item)
{
	int *slot = &model[list].item[at];

	memmove(slot + 1, slot, sizeof(int) * (size_t)(model[list].nr++ - at));
	*slot = item;
}

/* The list that has the item, taken out of it; -1: none has. */
static int model_remove(int item)
{
	for (int list = 0; list < NR_LISTS; list++)
		for (int i = 0; i < model[list].nr; i++) {
			int *slot = &model[list].item[i];

			if (*slot != item)
				continue;
			memmove(slot, slot + 1, sizeof(int) * (size_t)(--model[list].nr - i));
			return list;
		}
	return -1;
}

static bool list_agrees(int list)
{
	const struct list_head *back = &lists[list];
	const struct item *item;
	int i = 0;

	list_for_each_entry (item, &lists[list], node)
		if (i == model[list].nr || item != &items[model[list].item[i++]])
			return false;
	if (i != model[list].nr || list_empty(&lists[list]) != !i)
		return false;
	while ((back = back->prev) != &lists[list])
		if (!i || back != &items[model[list].item[--i]].node)
			return false;
	return !i;
}

static void add(int list, int item, bool tail)
{
	if (tail)
		list_add_tail(&items[item].node, &lists[list]);
	else
		list_add(&items[item].node, &lists[list]);
	model_insert(list, tail ? model[list].nr : 0, item);
}

static void move(int list, int item, bool tail)
{
	if (tail)
		list_move_tail(&items[item].node, &lists[list]);
	else
		list_move(&items[item].node, &lists[list]);
	model_insert(list, tail ? model[list].nr : 0, item);
}

/* All of `from` to the front of the other. */
static void splice(int from)
{
	int to = !from;

	list_splice_init(&lists[from], &lists[to]);
	for (int i = 0; i < model[from].nr; i++)
		model_insert(to, i, model[from].item[i]);
	model[from].nr = 0;
}

START_TEST(random_operations_agree_with_arrays)
{
	const char *seed_text = getenv("PW_SEED"), *cases_text = getenv("PW_CASES");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 0) : 1;
	uint64_t cases = cases_text ? strtoull(cases_text, NULL, 0) : 20000;

	printf("# PW_SEED=%lu\n", (unsigned long)seed);
	for (uint64_t i = 0; i < cases; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		int list = seed >> 33 & 1, item = (int)(seed >> 40) % NR_ITEMS;
		bool tail = seed >> 34 & 1, stays = seed >> 35 & 1;
		int was = model_remove(item);

		if (!(seed >> 50 & 63) && was < 0)
			splice(list);
		else if (was < 0)
			add(list, item, tail);
		else if (stays)
			move(list, item, tail);
		else
			list_del(&items[item].node);
		ck_assert_msg(list_agrees(0) && list_agrees(1), "after operation %lu",
		              (unsigned long)i);
	}
}
END_TEST

START_TEST(safe_walk_survives_deletion)
{
	struct item *item, *next;
	int nr = 0;

	for (int i = 0; i < NR_ITEMS; i++)
		add(0, i, true);
	list_for_each_entry_safe (item, next, &lists[0], node) {
		ck_assert_ptr_eq(item, &items[nr++]);
		list_del_init(&item->node);
		ck_assert(list_empty(&item->node));
	}
	ck_assert_int_eq(nr, NR_ITEMS);
	ck_assert(list_empty(&lists[0]));
}
END_TEST

START_TEST(an_entry_is_found_from_its_links)
{
	add(0, 3, true);
	add(0, 5, true);
	ck_assert_ptr_eq(list_entry(&items[3].node, struct item, node), &items[3]);
	ck_assert_ptr_eq(list_first_entry(&lists[0], struct item, node), &items[3]);
	ck_assert_ptr_eq(list_last_entry(&lists[0], struct item, node), &items[5]);
}
END_TEST

START_TEST(a_deleted_entry_has_no_links)
{
	add(0, 3, true);
	list_del(&items[3].node);
	ck_assert_ptr_null(items[3].node.next);
	ck_assert_ptr_null(items[3].node.prev);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("list");
	TCase *tcase = tcase_create("list");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, random_operations_agree_with_arrays);
	tcase_add_test(tcase, safe_walk_survives_deletion);
	tcase_add_test(tcase, an_entry_is_found_from_its_links);
	tcase_add_test(tcase, a_deleted_entry_has_no_links);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
