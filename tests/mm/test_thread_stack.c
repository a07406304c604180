/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm_fixture.h"

#include "mm/page_alloc.h"
#include "mm/thread_stack.h"
#include "tests/run_suite.h"

static struct fixture f;
static struct kernel *const k = &f.k;

static const struct {
	const struct paging_mode *paging;
	uint64_t kb;
} sizes[] = { { &paging_two_level, 8 }, { &paging_pae, 8 }, { &paging_four_level, 16 } };

START_TEST(a_stack_is_8_kb_or_16_kb_by_word_size_and_counted)
{
	struct kernel_config config = fixture_config();
	uint64_t free_pages;
	void *a, *b;

	config.paging = sizes[_i].paging;
	fixture_boot(&f, 16 * MIB, &config);
	free_pages = nr_free_pages(k);
	a = alloc_thread_stack(k);
	b = alloc_thread_stack(k);
	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	ck_assert_uint_eq((uintptr_t)a % (sizes[_i].kb * KIB), 0);
	ck_assert_uint_eq(vmstat_value(k, NR_KERNEL_STACK), 2 * sizes[_i].kb);
	ck_assert_uint_eq(nr_free_pages(k), free_pages - 2 * sizes[_i].kb * KIB / PAGE_SIZE);
	free_thread_stack(k, b);
	free_thread_stack(k, a);
	free_thread_stack(k, NULL);
	ck_assert_uint_eq(vmstat_value(k, NR_KERNEL_STACK), 0);
	ck_assert_uint_eq(nr_free_pages(k), free_pages);
	kernel_shutdown(k);
	fixture_finish(&f);
}
END_TEST

START_TEST(small_stacks_are_a_page_and_interrupts_have_their_own)
{
	struct kernel_config config = fixture_config();
	void *stack;

	config.paging = &paging_two_level;
	config.nr_cpus = 3;
	config.small_stacks = true;
	fixture_boot(&f, 16 * MIB, &config);
	ck_assert_uint_eq(vmstat_value(k, NR_KERNEL_STACK), 3 * 4);
	for (int cpu = 0; cpu < 3; cpu++)
		ck_assert_ptr_nonnull(k->irq_stacks[cpu]);
	ck_assert_ptr_ne(k->irq_stacks[0], k->irq_stacks[1]);
	stack = alloc_thread_stack(k);
	ck_assert_uint_eq(vmstat_value(k, NR_KERNEL_STACK), 4 * 4);
	free_thread_stack(k, stack);
	kernel_shutdown(k);
	ck_assert_uint_eq(vmstat_value(k, NR_KERNEL_STACK), 0);
	fixture_finish(&f);
}
END_TEST

START_TEST(no_memory_gives_no_stack_and_counts_none)
{
	fixture_boot(&f, 16 * MIB, NULL);
	fault_inject_set(&k->fault_inject, FAIL_PAGE_ALLOC, (struct fault_rule){ FAULT_EVERY, 1 },
	                 0);
	ck_assert_ptr_null(alloc_thread_stack(k));
	ck_assert_uint_eq(vmstat_value(k, NR_KERNEL_STACK), 0);
	kernel_shutdown(k);
	fixture_finish(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm/thread_stack");
	TCase *tcase = tcase_create("thread_stack");

	tcase_add_loop_test(tcase, a_stack_is_8_kb_or_16_kb_by_word_size_and_counted, 0,
	                    (int)(sizeof(sizes) / sizeof(sizes[0])));
	tcase_add_test(tcase, small_stacks_are_a_page_and_interrupts_have_their_own);
	tcase_add_test(tcase, no_memory_gives_no_stack_and_counts_none);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
