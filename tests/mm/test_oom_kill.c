/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/mm.h"
#include "mm/page_alloc.h"
#include "mm/swap.h"
#include "tests/mm/mm_fixture.h"
#include "tests/mm/ram_swap.h"
#include "tests/mm/user_access.h"
#include "tests/run_suite.h"

#define NR_MMS 3

static struct fixture f;
static struct mm_struct *mms[NR_MMS];

static void setup(void)
{
	fixture_boot(&f, 8 * MIB, NULL);
	for (int i = 0; i < NR_MMS; i++) {
		mms[i] = mm_alloc(&f.k);
		ck_assert_ptr_nonnull(mms[i]);
		mms[i]->owner_pid = 100 + i;
		mms[i]->memlock_limit = UINT64_MAX;
	}
}

static void teardown(void)
{
	fixture_check(&f);
	for (int i = 0; i < NR_MMS; i++)
		if (mms[i])
			mmput(&f.k, mms[i]);
	fixture_check(&f);
	kernel_shutdown(&f.k);
	fixture_finish(&f);
}

static va_t map_anon(struct mm_struct *mm, uint64_t nr_pages)
{
	int64_t at = do_mmap(&f.k, mm, NULL, 0, nr_pages * PAGE_SIZE, PROT_READ_ | PROT_WRITE_,
	                     MAP_PRIVATE_ | MAP_ANONYMOUS_ | MAP_NORESERVE_, 0);

	ck_assert_int_gt(at, 0);
	return (va_t)at;
}

static va_t use(struct mm_struct *mm, uint64_t nr_pages)
{
	va_t base = map_anon(mm, nr_pages);

	for (uint64_t i = 0; i < nr_pages; i++)
		user_store(&f.k, mm, base + i * PAGE_SIZE, i + 1);
	return base;
}

START_TEST(largest_is_killed_and_its_memory_comes_back)
{
	va_t small = use(mms[0], 100);
	uint64_t free_before;

	use(mms[1], 600);
	use(mms[2], 200);
	free_before = nr_free_pages(&f.k);
	ck_assert(out_of_memory(&f.k, GFP_HIGHUSER_MOVABLE, 0));
	ck_assert_ptr_eq(f.seen.oom_victim, mms[1]);
	ck_assert(mms[1]->oom_victim && !mms[0]->oom_victim);
	ck_assert_uint_ge(nr_free_pages(&f.k), free_before + 600);
	ck_assert_uint_eq(get_mm_rss(mms[1]), 0);
	ck_assert_uint_eq(f.k.vm_events[OOM_KILL], 1);
	ck_assert_uint_eq(f.k.nr_oom_kills, 1);
	for (uint64_t i = 0; i < 100; i++)
		ck_assert_uint_eq(user_load(&f.k, mms[0], small + i * PAGE_SIZE), i + 1);
}
END_TEST

START_TEST(nobody_is_killed_twice)
{
	for (int i = 0; i < NR_MMS; i++)
		use(mms[i], 100 * (uint64_t)(i + 1));
	for (int i = NR_MMS - 1; i >= 0; i--) {
		ck_assert(out_of_memory(&f.k, GFP_KERNEL, 0));
		ck_assert_ptr_eq(f.seen.oom_victim, mms[i]);
	}
	ck_assert(!out_of_memory(&f.k, GFP_KERNEL, 0));
	ck_assert_uint_eq(f.seen.oom_kills, NR_MMS);
}
END_TEST

START_TEST(of_equals_the_oldest_is_killed)
{
	for (int i = 0; i < NR_MMS; i++)
		use(mms[i], 50);
	out_of_memory(&f.k, GFP_KERNEL, 0);
	ck_assert_ptr_eq(f.seen.oom_victim, mms[0]);
}
END_TEST

START_TEST(oom_score_adj_shifts_and_forbids)
{
	use(mms[0], 600);
	use(mms[1], 100);
	use(mms[2], 300);
	mms[0]->oom_score_adj = -1000;
	mms[1]->oom_score_adj = 200; /* a fifth of some 1700 pages: 440 to 300 */
	out_of_memory(&f.k, GFP_KERNEL, 0);
	ck_assert_ptr_eq(f.seen.oom_victim, mms[1]);
	out_of_memory(&f.k, GFP_KERNEL, 0);
	ck_assert_ptr_eq(f.seen.oom_victim, mms[2]);
	ck_assert(!out_of_memory(&f.k, GFP_KERNEL, 0));
	ck_assert(fixture_logged(&f, "no killable processes"));
}
END_TEST

START_TEST(swapped_pages_count)
{
	struct ram_swap swap;

	f.k.config.page_cluster = 0;
	ram_swap_on(&f.k, &swap, 4000, -1);
	use(mms[0], 500);
	for (int i = 0; i < 100; i++)
		reclaim_for(&f.k, GFP_KERNEL);
	ck_assert_int_gt(mms[0]->rss_stat[MM_SWAPENTS], 400);
	use(mms[1], 300);
	out_of_memory(&f.k, GFP_KERNEL, 0);
	ck_assert_ptr_eq(f.seen.oom_victim, mms[0]);
	ck_assert_int_eq(mms[0]->rss_stat[MM_SWAPENTS], 0);
	ck_assert_uint_gt(f.k.swap.nr_swap_pages, 3700);
	for (int i = 0; i < NR_MMS; i++) {
		mmput(&f.k, mms[i]);
		mms[i] = NULL;
	}
	ck_assert_int_eq(swapoff(&f.k, &swap.device), 0);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(log_says_who_and_why)
{
	use(mms[1], 200);
	out_of_memory(&f.k, GFP_KERNEL, 0);
	ck_assert(fixture_logged(&f, "oom-killer invoked: gfp_mask=0x24000c0, order=0"));
	ck_assert(fixture_logged(&f, "Mem-Info:"));
	ck_assert(fixture_logged(&f, "Free swap  = 0kB"));
	ck_assert(fixture_logged(&f, "[    100] "));
	ck_assert(
	    fixture_logged(&f, "Out of memory: Killed process 101 total-vm:800kB, anon-rss:800kB, "
	                       "file-rss:0kB, shmem-rss:0kB"));
}
END_TEST

START_TEST(program_that_outgrows_memory_without_swap_is_killed)
{
	enum fault_outcome outcome = FAULT_MINOR_DONE;
	va_t base = map_anon(mms[0], 4096), small = use(mms[1], 100);
	uint64_t i;

	for (i = 0; i < 4096 && !f.seen.oom_kills; i++)
		if (!user_at(&f.k, mms[0], base + i * PAGE_SIZE, true, &outcome))
			break;
	ck_assert_uint_eq(f.seen.oom_kills, 1);
	ck_assert_ptr_eq(f.seen.oom_victim, mms[0]);
	ck_assert_uint_gt(i, 1000);
	mmput(&f.k, mms[0]);
	mms[0] = NULL;
	for (uint64_t n = 0; n < 100; n++)
		ck_assert_uint_eq(user_load(&f.k, mms[1], small + n * PAGE_SIZE), n + 1);
	use(mms[2], 500);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oom_kill");
	TCase *tc = tcase_create("oom_kill");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, largest_is_killed_and_its_memory_comes_back);
	tcase_add_test(tc, nobody_is_killed_twice);
	tcase_add_test(tc, of_equals_the_oldest_is_killed);
	tcase_add_test(tc, oom_score_adj_shifts_and_forbids);
	tcase_add_test(tc, swapped_pages_count);
	tcase_add_test(tc, log_says_who_and_why);
	tcase_add_test(tc, program_that_outgrows_memory_without_swap_is_killed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
