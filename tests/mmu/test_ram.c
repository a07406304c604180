/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/ram.h"
#include "tests/run_suite.h"

#include <check.h>
#include <errno.h>

START_TEST(ram_reads_as_zero_until_written)
{
	struct ram ram;

	ck_assert_int_eq(ram_init(&ram, GIB), 0);
	ck_assert_uint_eq(*(uint64_t *)ram_at(&ram, GIB - 8), 0);
	*(uint64_t *)ram_at(&ram, GIB - 8) = 5;
	ck_assert_uint_eq(*(uint64_t *)ram_at(&ram, GIB - 8), 5);
	ram_finish(&ram);
}
END_TEST

START_TEST(ram_is_made_of_whole_pages)
{
	struct ram ram;

	ck_assert_int_eq(ram_init(&ram, 0), -EINVAL);
	ck_assert_int_eq(ram_init(&ram, PAGE_SIZE + 1), -EINVAL);
}
END_TEST

START_TEST(ranges_that_wrap_are_not_in_ram)
{
	struct ram ram;

	ck_assert_int_eq(ram_init(&ram, MIB), 0);
	ck_assert(ram_has(&ram, 0, MIB));
	ck_assert(ram_has(&ram, MIB - 1, 1));
	ck_assert(!ram_has(&ram, MIB, 0));
	ck_assert(!ram_has(&ram, MIB - 1, 2));
	ck_assert(!ram_has(&ram, 1, UINT64_MAX));
	ck_assert(!ram_has(&ram, UINT64_MAX, 8));
	ram_finish(&ram);
}
END_TEST

START_TEST(finish_may_be_called_twice)
{
	struct ram ram;

	ck_assert_int_eq(ram_init(&ram, MIB), 0);
	ram_finish(&ram);
	ram_finish(&ram);
	ck_assert(!ram_has(&ram, 0, 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ram");
	TCase *tcase = tcase_create("ram");

	tcase_add_test(tcase, ram_reads_as_zero_until_written);
	tcase_add_test(tcase, ram_is_made_of_whole_pages);
	tcase_add_test(tcase, ranges_that_wrap_are_not_in_ram);
	tcase_add_test(tcase, finish_may_be_called_twice);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
