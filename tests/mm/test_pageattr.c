/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other rights for pages of the direct map and of vmalloc(), as a whole MMU sees them:
 * large pages are split, and only what was named changes.
 */
#include "mm_mmu.h"

#include "mm/kernel_map.h"
#include "mm/maccess.h"
#include "mm/mm.h"
#include "mm/pageattr.h"
#include "mm/vmalloc.h"
#include "tests/run_suite.h"

#include <errno.h>

static struct fixture f;
static struct kernel *const k = &f.k;

static const struct {
	const struct paging_mode *paging;
	bool has_1g_pages;
	uint64_t ram_bytes;
} machines[] = {
	{ &paging_four_level, false, 64 * MIB },
	{ &paging_four_level, true, GIB },
	{ &paging_two_level, false, 64 * MIB },
	{ &paging_pae, false, 64 * MIB },
};
#define NR_MACHINES (int)(sizeof(machines) / sizeof(machines[0]))

static void boot(int i)
{
	struct kernel_config config = fixture_config();

	config.paging = machines[i].paging;
	config.has_1g_pages = machines[i].has_1g_pages;
	config.check = false;
	fixture_boot(&f, machines[i].ram_bytes, &config);
	fixture_mmu_start(&f);
}

static void shut_down(void)
{
	fixture_check(&f);
	fixture_mmu_finish(&f);
	k->config.check = true;
	kernel_shutdown(k);
	fixture_finish(&f);
}

/* In the middle of a large page, and far from what the kernel has at its ends. */
static va_t some_va(void)
{
	return __va(k, 24 * MIB + 5 * PAGE_SIZE);
}

static bool may(va_t va, enum access_kind kind)
{
	pa_t pa;

	if (!k->ops->kernel_access(k->machine, va, kind, 1, &pa))
		return false;
	ck_assert_uint_eq(pa, va - page_offset(k));
	return true;
}

START_TEST(read_only_pages_refuse_writes_and_their_neighbours_do_not)
{
	va_t va;

	boot(_i);
	va = some_va();
	for (int n = -1; n <= 3; n++)
		ck_assert(may(va + (va_t)(int64_t)n * PAGE_SIZE, ACCESS_STORE)); /* into the TLBs */
	ck_assert_int_eq(set_memory_ro(k, va, 3), 0);
	fixture_mmu_check();
	for (int n = -1; n <= 3; n++) {
		ck_assert(may(va + (va_t)(int64_t)n * PAGE_SIZE, ACCESS_LOAD));
		ck_assert_int_eq(may(va + (va_t)(int64_t)n * PAGE_SIZE, ACCESS_STORE),
		                 n < 0 || n == 3);
	}
	ck_assert_int_eq(kernel_memset(k, va, 1, 8), -EFAULT);
	ck_assert_int_eq(set_memory_rw(k, va, 3), 0);
	for (int n = 0; n < 3; n++)
		ck_assert(may(va + (va_t)n * PAGE_SIZE, ACCESS_STORE));
	shut_down();
}
END_TEST

START_TEST(nx_forbids_fetches_where_entries_have_it)
{
	bool has_nx = machines[_i].paging->has_nx;
	va_t va;

	boot(_i);
	va = some_va();
	ck_assert_int_eq(may(va, ACCESS_FETCH), !has_nx);
	ck_assert_int_eq(set_memory_x(k, va, 1), 0);
	ck_assert(may(va, ACCESS_FETCH));
	ck_assert_int_eq(may(va + PAGE_SIZE, ACCESS_FETCH), !has_nx);
	ck_assert_int_eq(set_memory_nx(k, va, 1), 0);
	ck_assert_int_eq(may(va, ACCESS_FETCH), !has_nx);
	shut_down();
}
END_TEST

START_TEST(a_split_is_counted_and_stays)
{
	uint64_t before[NR_PAGE_SIZES], tables;
	bool two_level = machines[_i].paging == &paging_two_level;
	enum page_size large = two_level ? PAGE_4M : PAGE_2M;

	boot(_i);
	memcpy(before, k->direct_pages_count, sizeof(before));
	tables = k->init_mm.nr_ptes;
	ck_assert_int_eq(set_memory_ro(k, some_va(), 1), 0);
	ck_assert_uint_eq(k->direct_pages_count[PAGE_4K],
	                  before[PAGE_4K] + (two_level ? 1024 : 512));
	if (machines[_i].has_1g_pages) {
		ck_assert_uint_eq(k->direct_pages_count[PAGE_1G], before[PAGE_1G] - 1);
		ck_assert_uint_eq(k->direct_pages_count[PAGE_2M], before[PAGE_2M] + 511);
		ck_assert_uint_eq(k->init_mm.nr_ptes, tables + 2);
	} else {
		ck_assert_uint_eq(k->direct_pages_count[large], before[large] - 1);
		ck_assert_uint_eq(k->init_mm.nr_ptes, tables + 1);
	}
	ck_assert_uint_eq(f.seen.flush_all, 1);
	tables = k->init_mm.nr_ptes;
	ck_assert_int_eq(set_memory_rw(k, some_va(), 1), 0);
	ck_assert_int_eq(set_memory_rw(k, some_va() + PAGE_SIZE, 9), 0);
	ck_assert_uint_eq(k->init_mm.nr_ptes, tables);
	ck_assert_uint_eq(f.seen.flush_all, 1);
	shut_down();
}
END_TEST

START_TEST(a_whole_large_page_is_changed_without_a_split)
{
	uint64_t span = machines[_i].paging == &paging_two_level ? 4 * MIB : 2 * MIB, tables;
	va_t va;

	boot(_i);
	va = __va(k, 24 * MIB);
	if (machines[_i].has_1g_pages) /* split it first */
		ck_assert_int_eq(set_memory_ro(k, va, 1), 0);
	va += span;
	tables = k->init_mm.nr_ptes;
	ck_assert_int_eq(set_memory_ro(k, va, span / PAGE_SIZE), 0);
	ck_assert_uint_eq(k->init_mm.nr_ptes, tables);
	ck_assert(!may(va, ACCESS_STORE));
	ck_assert(!may(va + span - 8, ACCESS_STORE));
	ck_assert(may(va - 8, ACCESS_STORE));
	ck_assert(may(va + span, ACCESS_STORE));
	/* What it has already splits nothing. */
	ck_assert_int_eq(set_memory_ro(k, va + PAGE_SIZE, 1), 0);
	ck_assert_uint_eq(k->init_mm.nr_ptes, tables);
	shut_down();
}
END_TEST

START_TEST(every_mm_sees_the_change)
{
	struct mm_struct *mm;
	pa_t pa;

	boot(_i);
	mm = mm_alloc(k);
	ck_assert_int_eq(set_memory_ro(k, some_va(), 1), 0);
	ck_assert_int_eq(mmu_write_cr3(fixture_mmu, mm->pgd << PAGE_SHIFT), 0);
	ck_assert(!may(some_va(), ACCESS_STORE));
	ck_assert(may(some_va() + PAGE_SIZE, ACCESS_STORE));
	ck_assert(slow_virt_to_phys(k, some_va(), &pa));
	fixture_check(&f);
	ck_assert_int_eq(mmu_write_cr3(fixture_mmu, k->init_mm.pgd << PAGE_SHIFT), 0);
	mmput(k, mm);
	shut_down();
}
END_TEST

START_TEST(vmalloc_pages_can_be_read_only)
{
	uint64_t word = 7;
	va_t va;

	boot(_i);
	ck_assert(vmalloc(k, 3 * PAGE_SIZE, &va));
	ck_assert_int_eq(kernel_write(k, va + PAGE_SIZE, &word, 8), 0);
	ck_assert_int_eq(set_memory_ro(k, va + PAGE_SIZE, 1), 0);
	ck_assert_int_eq(kernel_write(k, va + PAGE_SIZE, &word, 8), -EFAULT);
	ck_assert_int_eq(kernel_read(k, va + PAGE_SIZE, &word, 8), 0);
	ck_assert_int_eq(kernel_write(k, va, &word, 8), 0);
	ck_assert_int_eq(set_memory_ro(k, va, 4), -EFAULT); /* the guard page */
	vfree(k, va);
	shut_down();
}
END_TEST

START_TEST(without_memory_for_a_table_nothing_changes)
{
	boot(_i);
	fault_inject_set(&k->fault_inject, FAIL_PAGE_ALLOC, (struct fault_rule){ FAULT_EVERY, 1 },
	                 0);
	ck_assert_int_eq(set_memory_ro(k, some_va(), 1), -ENOMEM);
	fault_inject_set(&k->fault_inject, FAIL_PAGE_ALLOC, (struct fault_rule){ 0 }, 0);
	ck_assert(may(some_va(), ACCESS_STORE));
	ck_assert_int_eq(set_memory_ro(k, 0x1000, 1), -EFAULT);
	ck_assert_int_eq(set_memory_ro(k, some_va() + 1, 1), -EFAULT);
	shut_down();
}
END_TEST

/* Rights of each page against a list of them. */
START_TEST(random_changes_agree_with_a_list)
{
	enum { PAGES = 4096 };
	static bool writable[PAGES];
	struct fixture_random random = fixture_seed(90 + (uint64_t)_i);
	uint64_t cases = fixture_cases(400);
	va_t base;

	boot(_i);
	base = __va(k, 20 * MIB);
	memset(writable, true, sizeof(writable));
	for (uint64_t n = 0; n < cases; n++) {
		uint64_t first = fixture_below(&random, PAGES);
		uint64_t nr = 1 + fixture_below(&random, n % 8 ? 20 : PAGES - first);
		bool rw = fixture_below(&random, 2);

		if (nr > PAGES - first)
			nr = PAGES - first;
		ck_assert_int_eq(
		    (rw ? set_memory_rw : set_memory_ro)(k, base + first * PAGE_SIZE, nr), 0);
		memset(writable + first, rw, nr);
		for (int i = 0; i < 50; i++) {
			uint64_t at = fixture_below(&random, PAGES);

			if (may(base + at * PAGE_SIZE, ACCESS_STORE) != writable[at])
				ck_abort_msg("page %lu at step %lu", (unsigned long)at,
				             (unsigned long)n);
		}
	}
	ck_assert_int_eq(set_memory_rw(k, base, PAGES), 0);
	shut_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm/pageattr");
	TCase *t = tcase_create("pageattr");

	tcase_add_loop_test(t, read_only_pages_refuse_writes_and_their_neighbours_do_not, 0,
	                    NR_MACHINES);
	tcase_add_loop_test(t, nx_forbids_fetches_where_entries_have_it, 0, NR_MACHINES);
	tcase_add_loop_test(t, a_split_is_counted_and_stays, 0, NR_MACHINES);
	tcase_add_loop_test(t, a_whole_large_page_is_changed_without_a_split, 0, NR_MACHINES);
	tcase_add_loop_test(t, every_mm_sees_the_change, 0, NR_MACHINES);
	tcase_add_loop_test(t, vmalloc_pages_can_be_read_only, 0, NR_MACHINES);
	tcase_add_loop_test(t, without_memory_for_a_table_nothing_changes, 0, NR_MACHINES);
	tcase_add_loop_test(t, random_changes_agree_with_a_list, 0, NR_MACHINES);
	tcase_set_timeout(t, 30);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
