/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/paging.h"
#include "mmu/tlb.h"
#include "tests/run_suite.h"

#include <check.h>
#include <errno.h>

static const struct tlb_config four_ways = {
	.name = "test",
	.entries = 64,
	.ways = 4,
	.page_sizes = 1 << PAGE_4K | 1 << PAGE_2M,
	.policy = &tlb_policy_lru,
};

static struct tlb *make(const struct tlb_config *config)
{
	struct tlb *tlb;

	ck_assert_int_eq(tlb_create(&tlb, config), 0);
	return tlb;
}

static struct tlb_entry entry_of(va_t va, uint16_t pcid, enum page_size size, enum page_size span,
                                 uint64_t flags)
{
	return (struct tlb_entry){
		.tag = va | pcid,
		.data = flags | (uint64_t)size << TLB_SIZE_SHIFT | (uint64_t)span << TLB_SPAN_SHIFT,
	};
}

static void fill(struct tlb *tlb, va_t va, uint16_t pcid, enum page_size size, uint64_t flags)
{
	struct tlb_entry entry = entry_of(va, pcid, size, size, flags);

	tlb_fill(tlb, &entry);
}

static bool has(const struct tlb *tlb, va_t va, uint16_t pcid)
{
	return tlb_peek(tlb, va, pcid, PAGE_4K) || tlb_peek(tlb, va, pcid, PAGE_2M);
}

START_TEST(entries_must_make_whole_sets)
{
	struct tlb_config config = four_ways;
	struct tlb *tlb = NULL;

	config.entries = 66;
	ck_assert_int_eq(tlb_create(&tlb, &config), -EINVAL);
	config.entries = 0;
	ck_assert_int_eq(tlb_create(&tlb, &config), -EINVAL);
	config.entries = 12; /* three sets */
	ck_assert_int_eq(tlb_create(&tlb, &config), -EINVAL);
	config.entries = TLB_MAX_ENTRIES * 2;
	ck_assert_int_eq(tlb_create(&tlb, &config), -EINVAL);
	ck_assert_ptr_null(tlb);
}
END_TEST

START_TEST(an_array_needs_page_sizes_and_a_policy)
{
	struct tlb_config config = four_ways;
	struct tlb *tlb = NULL;

	config.page_sizes = 0;
	ck_assert_int_eq(tlb_create(&tlb, &config), -EINVAL);
	config.page_sizes = 1 << NR_PAGE_SIZES;
	ck_assert_int_eq(tlb_create(&tlb, &config), -EINVAL);
	config = four_ways;
	config.policy = NULL;
	ck_assert_int_eq(tlb_create(&tlb, &config), -EINVAL);
	ck_assert_ptr_null(tlb);
}
END_TEST

START_TEST(ways_need_not_be_a_power_of_two)
{
	struct tlb_config config = four_ways;

	config.entries = 1536;
	config.ways = 12;
	tlb_destroy(make(&config));
	config.entries = 7;
	config.ways = 0;
	tlb_destroy(make(&config));
}
END_TEST

START_TEST(destroy_accepts_null)
{
	tlb_destroy(NULL);
}
END_TEST

START_TEST(an_entry_matches_all_of_its_span_and_nothing_else)
{
	struct tlb *tlb = make(&four_ways);

	fill(tlb, 0x7f0000200000, 5, PAGE_2M, 0);
	ck_assert(has(tlb, 0x7f0000200000, 5));
	ck_assert(has(tlb, 0x7f00003fffff, 5));
	ck_assert(!has(tlb, 0x7f0000400000, 5));
	ck_assert(!has(tlb, 0x7f00001fffff, 5));
	ck_assert_ptr_null(tlb_peek(tlb, 0x7f0000200000, 5, PAGE_4K));
	tlb_destroy(tlb);
}
END_TEST

START_TEST(the_uppermost_address_can_be_held)
{
	struct tlb *tlb = make(&four_ways);

	fill(tlb, PAGE_MASK, 0xfff, PAGE_4K, 0);
	ck_assert(has(tlb, UINT64_MAX, 0xfff));
	ck_assert(!has(tlb, 0, 0xfff));
	tlb_destroy(tlb);
}
END_TEST

START_TEST(page_zero_is_not_there_before_it_is_filled)
{
	struct tlb *tlb = make(&four_ways);

	ck_assert(!has(tlb, 0, 0));
	fill(tlb, 0, 0, PAGE_4K, 0);
	ck_assert(has(tlb, 0, 0));
	tlb_destroy(tlb);
}
END_TEST

START_TEST(other_pcids_do_not_match)
{
	struct tlb *tlb = make(&four_ways);

	fill(tlb, 0x1000, 5, PAGE_4K, 0);
	ck_assert(has(tlb, 0x1000, 5));
	ck_assert(!has(tlb, 0x1000, 4));
	tlb_destroy(tlb);
}
END_TEST

START_TEST(global_entry_hits_under_another_pcid)
{
	struct tlb *tlb = make(&four_ways);

	fill(tlb, 0x1000, 5, PAGE_4K, TLB_G);
	ck_assert(has(tlb, 0x1000, 4));
	tlb_destroy(tlb);
}
END_TEST

START_TEST(dropping_a_pcid_leaves_others_and_global_entries)
{
	struct tlb *tlb = make(&four_ways);

	fill(tlb, 0x1000, 5, PAGE_4K, 0);
	fill(tlb, 0x2000, 6, PAGE_4K, 0);
	fill(tlb, 0x3000, 5, PAGE_4K, TLB_G);
	tlb_drop_pcid(tlb, 5);
	ck_assert(!has(tlb, 0x1000, 5));
	ck_assert(has(tlb, 0x2000, 6));
	ck_assert(has(tlb, 0x3000, 5));
	tlb_drop_not_global(tlb);
	ck_assert(!has(tlb, 0x2000, 6));
	ck_assert(has(tlb, 0x3000, 5));
	tlb_drop_all(tlb);
	ck_assert(!has(tlb, 0x3000, 5));
	tlb_destroy(tlb);
}
END_TEST

START_TEST(dropping_a_page_without_global_ones_leaves_them)
{
	struct tlb *tlb = make(&four_ways);

	fill(tlb, 0x1000, 5, PAGE_4K, TLB_G);
	tlb_drop_page(tlb, 0x1000, 5, false);
	ck_assert(has(tlb, 0x1000, 5));
	tlb_drop_page(tlb, 0x1fff, 9, true);
	ck_assert(!has(tlb, 0x1000, 5));
	tlb_destroy(tlb);
}
END_TEST

START_TEST(dropping_a_page_drops_it_in_every_size)
{
	struct tlb *tlb = make(&four_ways);

	fill(tlb, 0x201000, 5, PAGE_4K, 0);
	fill(tlb, 0x200000, 5, PAGE_2M, 0);
	tlb_drop_page(tlb, 0x201234, 5, false);
	ck_assert(!has(tlb, 0x201000, 5));
	tlb_destroy(tlb);
}
END_TEST

START_TEST(dropping_a_page_drops_all_its_pieces)
{
	struct tlb *tlb = make(&four_ways);
	struct tlb_entry entry;

	for (va_t va = 0x200000; va < 0x400000; va += 0x7d000) {
		entry = entry_of(va, 5, PAGE_2M, PAGE_4K, 0);
		tlb_fill(tlb, &entry);
	}
	entry = entry_of(0x400000, 5, PAGE_2M, PAGE_4K, 0);
	tlb_fill(tlb, &entry);
	tlb_drop_page(tlb, 0x3ff000, 5, false);
	for (va_t va = 0x200000; va < 0x400000; va += 0x7d000)
		ck_assert(!has(tlb, va, 5));
	ck_assert(has(tlb, 0x400000, 5));
	tlb_destroy(tlb);
}
END_TEST

START_TEST(a_set_is_chosen_by_the_number_of_the_page_of_its_size)
{
	struct tlb *tlb = make(&four_ways);

	/* 16 sets: 4 KB pages 16 apart share a set, 2 MB pages likewise. */
	for (va_t i = 0; i < 5; i++)
		fill(tlb, i * 16 * PAGE_SIZE, 0, PAGE_4K, 0);
	ck_assert(!has(tlb, 0, 0));
	for (va_t i = 1; i < 5; i++)
		ck_assert(has(tlb, i * 16 * PAGE_SIZE, 0));
	for (va_t i = 0; i < 4; i++)
		fill(tlb, GIB + i * 2 * MIB, 0, PAGE_2M, 0);
	for (va_t i = 0; i < 4; i++)
		ck_assert(has(tlb, GIB + i * 2 * MIB, 0));
	tlb_destroy(tlb);
}
END_TEST

START_TEST(only_the_entry_touched_last_in_its_set_is_settled)
{
	struct tlb *tlb = make(&four_ways);
	struct tlb_entry *first, *second;

	fill(tlb, 0x0000, 0, PAGE_4K, 0);
	fill(tlb, 0x10000, 0, PAGE_4K, 0);
	first = tlb_peek(tlb, 0x0000, 0, PAGE_4K);
	second = tlb_peek(tlb, 0x10000, 0, PAGE_4K);
	ck_assert(!(first->data & TLB_SETTLED));
	ck_assert(second->data & TLB_SETTLED);
	tlb_touch(tlb, first, 1);
	ck_assert(first->data & TLB_SETTLED);
	ck_assert(!(second->data & TLB_SETTLED));
	tlb_destroy(tlb);
}
END_TEST

START_TEST(no_entry_settles_where_each_hit_counts)
{
	struct tlb_config config = four_ways;
	struct tlb *tlb;

	config.policy = &tlb_policy_lfu;
	tlb = make(&config);
	fill(tlb, 0, 0, PAGE_4K, 0);
	ck_assert(!(tlb_peek(tlb, 0, 0, PAGE_4K)->data & TLB_SETTLED));
	tlb_destroy(tlb);
}
END_TEST

START_TEST(all_entries_can_be_listed)
{
	struct tlb *tlb = make(&four_ways);
	uint32_t valid = 0, i;

	fill(tlb, 0x1000, 1, PAGE_4K, 0);
	fill(tlb, 0x200000, 1, PAGE_2M, 0);
	for (i = 0; tlb_at(tlb, i); i++)
		valid += tlb_at(tlb, i)->data & TLB_VALID;
	ck_assert_uint_eq(i, 64);
	ck_assert_uint_eq(valid, 2);
	tlb_destroy(tlb);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tlb");
	TCase *tcase = tcase_create("tlb");

	tcase_add_test(tcase, entries_must_make_whole_sets);
	tcase_add_test(tcase, an_array_needs_page_sizes_and_a_policy);
	tcase_add_test(tcase, ways_need_not_be_a_power_of_two);
	tcase_add_test(tcase, destroy_accepts_null);
	tcase_add_test(tcase, an_entry_matches_all_of_its_span_and_nothing_else);
	tcase_add_test(tcase, the_uppermost_address_can_be_held);
	tcase_add_test(tcase, page_zero_is_not_there_before_it_is_filled);
	tcase_add_test(tcase, other_pcids_do_not_match);
	tcase_add_test(tcase, global_entry_hits_under_another_pcid);
	tcase_add_test(tcase, dropping_a_pcid_leaves_others_and_global_entries);
	tcase_add_test(tcase, dropping_a_page_without_global_ones_leaves_them);
	tcase_add_test(tcase, dropping_a_page_drops_it_in_every_size);
	tcase_add_test(tcase, dropping_a_page_drops_all_its_pieces);
	tcase_add_test(tcase, a_set_is_chosen_by_the_number_of_the_page_of_its_size);
	tcase_add_test(tcase, only_the_entry_touched_last_in_its_set_is_settled);
	tcase_add_test(tcase, no_entry_settles_where_each_hit_counts);
	tcase_add_test(tcase, all_entries_can_be_listed);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
