/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm.overcommit_memory: what each mode promises, and where CommitLimit lies
 * (Documentation/mm/overcommit-accounting.rst).
 */
#include "mm_user.h"

#include "ram_swap.h"
#include "tests/run_suite.h"

#define RAM (16 * MIB)
#define AT ((va_t)0x40000000)

static struct user u;
static struct kernel *const k = &u.f.k;

static void setup(void)
{
	user_start(&u, RAM, NULL);
}

static void teardown(void)
{
	user_end(&u);
}

/* 0 or -errno; the memory stays. */
static int map(uint64_t nr_pages, uint32_t flags)
{
	int64_t va = do_mmap(k, u.mm, NULL, 0, nr_pages * PAGE_SIZE, RW, flags, 0);

	return va < 0 ? (int)va : 0;
}

START_TEST(mode_0_refuses_only_what_could_never_fit)
{
	uint64_t all = k->totalram_pages + k->swap.total_swap_pages;

	ck_assert_int_eq(map(all + 1, ANON), -ENOMEM);
	ck_assert_int_eq(map(all, ANON), 0);
	ck_assert_int_eq(map(all, ANON), 0); /* and again: each alone would fit */
	ck_assert_uint_eq(k->total_vm_committed, 2 * all);
	ck_assert_int_eq(map(all + 1, ANON | MAP_NORESERVE_), 0);
	ck_assert_uint_eq(k->total_vm_committed, 2 * all);
}
END_TEST

START_TEST(mode_1_refuses_nothing)
{
	k->config.overcommit_memory = OVERCOMMIT_ALWAYS;
	ck_assert_int_eq(map(100 * k->totalram_pages, ANON), 0);
	ck_assert_uint_eq(k->total_vm_committed, 100 * k->totalram_pages);
}
END_TEST

START_TEST(commit_limit_is_a_share_of_ram_and_all_of_swap)
{
	struct ram_swap swap;

	ck_assert_uint_eq(vm_commit_limit(k), k->totalram_pages / 2);
	k->config.overcommit_ratio = 80;
	ck_assert_uint_eq(vm_commit_limit(k), k->totalram_pages * 80 / 100);
	ram_swap_on(k, &swap, 1000, -1);
	ck_assert_uint_eq(vm_commit_limit(k),
	                  k->totalram_pages * 80 / 100 + k->swap.total_swap_pages);
	k->config.overcommit_kbytes = 4000; /* in place of the ratio */
	ck_assert_uint_eq(vm_commit_limit(k), 1000 + k->swap.total_swap_pages);
	ck_assert_int_eq(swapoff(k, &swap.device), 0);
	ram_swap_close(&swap);
}
END_TEST

/* The largest request that is granted, by trying. */
static uint64_t largest(void)
{
	uint64_t low = 0, high = 2 * k->totalram_pages;

	while (low + 1 < high) {
		uint64_t middle = (low + high) / 2;
		int64_t va = do_mmap(k, u.mm, NULL, 0, middle * PAGE_SIZE, RW, ANON, 0);

		if (va < 0) {
			high = middle;
			continue;
		}
		ck_assert_int_eq(do_munmap(k, u.mm, (va_t)va, middle * PAGE_SIZE), 0);
		low = middle;
	}
	return low;
}

START_TEST(mode_2_keeps_a_reserve_below_the_limit)
{
	uint64_t admin = k->config.admin_reserve_kbytes / 4, limit = vm_commit_limit(k);

	k->config.overcommit_memory = OVERCOMMIT_NEVER;
	ck_assert_uint_gt(admin, 0);
	/* committed < limit - admin reserve; nothing is mapped yet, so no user reserve */
	ck_assert_uint_eq(largest(), limit - admin - 1);
	k->config.admin_reserve_kbytes = 0;
	ck_assert_uint_eq(largest(), limit - 1);
	/* A process of 640 pages leaves 640 / 32 to others. */
	ck_assert_int_eq(map(640, ANON), 0);
	ck_assert_uint_eq(largest(), limit - 640 - 640 / 32 - 1);
	k->config.user_reserve_kbytes = 8 * 4;
	ck_assert_uint_eq(largest(), limit - 640 - 8 - 1);
}
END_TEST

START_TEST(mode_2_knows_no_memory_without_reserve)
{
	k->config.overcommit_memory = OVERCOMMIT_NEVER;
	ck_assert_int_eq(map(vm_commit_limit(k), ANON | MAP_NORESERVE_), -ENOMEM);
	ck_assert_int_eq(map(10, ANON | MAP_NORESERVE_), 0);
	ck_assert_uint_eq(k->total_vm_committed, 10);
	ck_assert_int_eq(map(vm_commit_limit(k), MAP_SHARED_ | MAP_ANONYMOUS_), -ENOMEM);
}
END_TEST

START_TEST(the_limit_holds_for_brk_stack_mprotect_mremap_and_fork)
{
	uint64_t left;
	struct mm_struct *child;

	u.mm->start_brk = u.mm->brk = AT;
	user_mmap(&u, AT + GIB, 600, PROT_READ_, ANON, NULL, 0);
	k->config.overcommit_memory = OVERCOMMIT_NEVER;
	k->config.admin_reserve_kbytes = k->config.user_reserve_kbytes = 0;
	left = largest() - 500;
	ck_assert_int_eq(map(left, ANON), 0); /* 500 are left */
	ck_assert_uint_eq(do_brk(k, u.mm, AT + 501 * PAGE_SIZE), AT);
	ck_assert_int_eq(do_mprotect(k, u.mm, AT + GIB, 501 * PAGE_SIZE, RW), -ENOMEM);
	ck_assert_int_eq(do_mprotect(k, u.mm, AT + GIB, 100 * PAGE_SIZE, RW), 0);
	ck_assert_int_eq(
	    do_mremap(k, u.mm, AT + GIB, 100 * PAGE_SIZE, 501 * PAGE_SIZE, MREMAP_MAYMOVE_, 0),
	    -ENOMEM);
	ck_assert_uint_eq(do_brk(k, u.mm, AT + 400 * PAGE_SIZE), AT + 400 * PAGE_SIZE);
	child = dup_mm(k, u.mm);
	ck_assert_ptr_null(child);
	k->config.overcommit_memory = OVERCOMMIT_GUESS;
	child = dup_mm(k, u.mm);
	ck_assert_ptr_nonnull(child);
	mmput(k, child);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("overcommit");
	TCase *tc = tcase_create("modes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, mode_0_refuses_only_what_could_never_fit);
	tcase_add_test(tc, mode_1_refuses_nothing);
	tcase_add_test(tc, commit_limit_is_a_share_of_ram_and_all_of_swap);
	tcase_add_test(tc, mode_2_keeps_a_reserve_below_the_limit);
	tcase_add_test(tc, mode_2_knows_no_memory_without_reserve);
	tcase_add_test(tc, the_limit_holds_for_brk_stack_mprotect_mremap_and_fork);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
