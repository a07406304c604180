/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps from numbers to numbers and to things, against a plain list. */
#include "traces/things.h"

#include "tests/mmu/random_stream.h"
#include "tests/run_suite.h"

#define NR_KEYS 200

/* Some lie close together, some far apart, and some differ in high bits alone. */
static uint64_t key_of(uint64_t i)
{
	return i % 3 ? i * 0x1000 : i << 40;
}

START_TEST(a_map_has_what_was_put_in_and_not_removed)
{
	struct random_stream random = random_start("id_map");
	uint64_t values[NR_KEYS] = { 0 }; /* 0: not there */
	struct id_map map = { 0 };
	size_t nr = 0;

	for (uint64_t n = random_cases(20000); n; n--) {
		uint64_t i = random_below(&random, NR_KEYS);
		bool was_there = values[i];

		if (random_one_in(&random, 2)) {
			const struct id_pair *pair = id_map_add(&map, key_of(i), n);

			values[i] = was_there ? values[i] : n;
			nr += !was_there;
			ck_assert_uint_eq(pair->value, values[i]);
		} else {
			ck_assert(id_map_remove(&map, key_of(i)) == was_there);
			values[i] = 0;
			nr -= was_there;
		}
		ck_assert_uint_eq(map.nr_used, nr);
		for (i = 0; n % 100 == 0 && i < NR_KEYS; i++) {
			const struct id_pair *pair = id_map_find(&map, key_of(i));

			ck_assert_uint_eq(pair ? pair->value : 0, values[i]);
		}
	}
	id_map_finish(&map);
}
END_TEST

START_TEST(things_are_found_taken_and_forgotten)
{
	struct things things = { 0 };
	int a, b, c;

	ck_assert_ptr_null(things_find(&things, 1));
	ck_assert_ptr_null(things_take(&things, 1));
	ck_assert_ptr_null(things_take_any(&things));
	things_forget(&things, &a);
	ck_assert_int_eq(things_set(&things, 1, &a), 0);
	ck_assert_int_eq(things_set(&things, 2, &b), 0);
	ck_assert_int_eq(things_set(&things, 1, &c), 0);
	ck_assert_ptr_eq(things_find(&things, 1), &c);
	ck_assert_ptr_eq(things_take(&things, 1), &c);
	ck_assert_ptr_null(things_find(&things, 1));
	things_forget(&things, &a);
	ck_assert_ptr_eq(things_find(&things, 2), &b);
	things_forget(&things, &b);
	ck_assert_ptr_null(things_take_any(&things));
	ck_assert_int_eq(things_set(&things, 3, &c), 0);
	ck_assert_ptr_eq(things_take_any(&things), &c);
	ck_assert_ptr_null(things_take_any(&things));
	things_finish(&things);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("things");
	TCase *tcase = tcase_create("maps");

	tcase_add_test(tcase, a_map_has_what_was_put_in_and_not_removed);
	tcase_add_test(tcase, things_are_found_taken_and_forgotten);
	suite_add_tcase(s, tcase);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
