/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/walk_cache.h"
#include "tests/run_suite.h"

#include <check.h>
#include <errno.h>

static struct walk_cache *make(uint32_t pml4, uint32_t pdpt, uint32_t pd)
{
	struct walk_cache_config config = { .entries = { pml4, pdpt, pd } };
	struct walk_cache *cache;

	ck_assert_int_eq(walk_cache_create(&cache, &config), 0);
	return cache;
}

static bool has(struct walk_cache *cache, enum walk_cache_level level, va_t va, uint16_t pcid)
{
	for (uint32_t i = 0; walk_cache_at(cache, level, i); i++)
		if (walk_cache_at(cache, level, i)->valid &&
		    walk_cache_at(cache, level, i)->tag == (va | pcid))
			return true;
	return false;
}

START_TEST(a_filled_entry_is_found_with_its_table_and_rights)
{
	struct walk_cache *cache = make(1, 1, 2);
	const struct walk_cache_entry *entry;

	walk_cache_fill(cache, WALK_CACHE_PD, 0x200000, 3, 0x7000, 6);
	entry = walk_cache_lookup(cache, WALK_CACHE_PD, 0x200000, 3);
	ck_assert_ptr_nonnull(entry);
	ck_assert_uint_eq(entry->table, 0x7000);
	ck_assert_uint_eq(entry->rights, 6);
	ck_assert_ptr_null(walk_cache_lookup(cache, WALK_CACHE_PD, 0x200000, 4));
	ck_assert_ptr_null(walk_cache_lookup(cache, WALK_CACHE_PD, 0x400000, 3));
	ck_assert_ptr_null(walk_cache_lookup(cache, WALK_CACHE_PDPT, 0x200000, 3));
	walk_cache_destroy(cache);
}
END_TEST

START_TEST(the_least_recently_used_entry_goes)
{
	struct walk_cache *cache = make(0, 0, 2);

	walk_cache_fill(cache, WALK_CACHE_PD, 0x200000, 0, 0, 0);
	walk_cache_fill(cache, WALK_CACHE_PD, 0x400000, 0, 0, 0);
	walk_cache_lookup(cache, WALK_CACHE_PD, 0x200000, 0);
	walk_cache_fill(cache, WALK_CACHE_PD, 0x600000, 0, 0, 0);
	ck_assert(has(cache, WALK_CACHE_PD, 0x200000, 0));
	ck_assert(!has(cache, WALK_CACHE_PD, 0x400000, 0));
	walk_cache_destroy(cache);
}
END_TEST

START_TEST(a_fill_for_the_same_address_replaces)
{
	struct walk_cache *cache = make(0, 0, 2);

	walk_cache_fill(cache, WALK_CACHE_PD, 0x200000, 0, 0x1000, 0);
	walk_cache_fill(cache, WALK_CACHE_PD, 0x400000, 0, 0x2000, 0);
	walk_cache_fill(cache, WALK_CACHE_PD, 0x200000, 0, 0x3000, 0);
	ck_assert(has(cache, WALK_CACHE_PD, 0x400000, 0));
	ck_assert_uint_eq(walk_cache_lookup(cache, WALK_CACHE_PD, 0x200000, 0)->table, 0x3000);
	walk_cache_destroy(cache);
}
END_TEST

START_TEST(dropping_a_pcid_leaves_others)
{
	struct walk_cache *cache = make(1, 2, 2);

	walk_cache_fill(cache, WALK_CACHE_PD, 0x200000, 1, 0, 0);
	walk_cache_fill(cache, WALK_CACHE_PDPT, 0, 1, 0, 0);
	walk_cache_fill(cache, WALK_CACHE_PD, 0x200000, 2, 0, 0);
	walk_cache_drop_pcid(cache, 1);
	ck_assert(!has(cache, WALK_CACHE_PD, 0x200000, 1));
	ck_assert(!has(cache, WALK_CACHE_PDPT, 0, 1));
	ck_assert(has(cache, WALK_CACHE_PD, 0x200000, 2));
	walk_cache_drop_all(cache);
	ck_assert(!has(cache, WALK_CACHE_PD, 0x200000, 2));
	walk_cache_destroy(cache);
}
END_TEST

START_TEST(a_level_may_be_absent)
{
	struct walk_cache *cache = make(0, 0, 0);

	ck_assert(!walk_cache_has(cache, WALK_CACHE_PD));
	walk_cache_fill(cache, WALK_CACHE_PD, 0, 0, 0, 0);
	ck_assert_ptr_null(walk_cache_lookup(cache, WALK_CACHE_PD, 0, 0));
	walk_cache_destroy(cache);
	walk_cache_destroy(NULL);
}
END_TEST

START_TEST(absurd_sizes_are_refused)
{
	struct walk_cache_config config = { .entries = { 0, 0, WALK_CACHE_MAX_ENTRIES + 1 } };
	struct walk_cache *cache = NULL;

	ck_assert_int_eq(walk_cache_create(&cache, &config), -EINVAL);
	ck_assert_ptr_null(cache);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("walk_cache");
	TCase *tcase = tcase_create("walk_cache");

	tcase_add_test(tcase, a_filled_entry_is_found_with_its_table_and_rights);
	tcase_add_test(tcase, the_least_recently_used_entry_goes);
	tcase_add_test(tcase, a_fill_for_the_same_address_replaces);
	tcase_add_test(tcase, dropping_a_pcid_leaves_others);
	tcase_add_test(tcase, a_level_may_be_absent);
	tcase_add_test(tcase, absurd_sizes_are_refused);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
