/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm_fixture.h"

#include "mm/page_alloc.h"
#include "mm/percpu.h"
#include "tests/run_suite.h"

#include <signal.h>

#define NR_CPUS 3

static struct fixture f;
static struct kernel *const k = &f.k;
static uint64_t free_at_start;

static uint64_t free_pages_at_rest(void)
{
	shrink_slab(k);
	drain_all_pages(k);
	return nr_free_pages(k);
}

static void boot(void)
{
	struct kernel_config config = fixture_config();

	config.nr_cpus = NR_CPUS;
	fixture_boot(&f, 16 * MIB, &config);
	free_at_start = free_pages_at_rest();
}

static void finish(void)
{
	fixture_check(&f);
	ck_assert_uint_eq(k->percpu.nr_areas, 0);
	ck_assert_uint_eq(pcpu_nr_pages(k), NR_CPUS);
	k->cpu = 0;
	ck_assert_uint_eq(free_pages_at_rest(), free_at_start);
	kernel_shutdown(k);
	fixture_finish(&f);
}

/* ---- static ---- */

START_TEST(each_cpu_counts_for_itself)
{
	uint64_t refills[NR_CPUS];
	void *object;

	boot();
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
		refills[cpu] = per_cpu(k, cpu)->slab_refills;
	k->cpu = 1;
	object = kmalloc(k, 50, GFP_KERNEL);
	kfree(k, object);
	ck_assert_uint_eq(this_cpu(k)->slab_refills, refills[1] + 1);
	ck_assert_uint_eq(per_cpu(k, 1)->slab_refills, refills[1] + 1);
	ck_assert_uint_eq(per_cpu(k, 0)->slab_refills, refills[0]);
	ck_assert_uint_eq(per_cpu(k, 2)->slab_refills, refills[2]);
	finish();
}
END_TEST

START_TEST(a_list_that_runs_empty_or_over_is_counted)
{
	struct page *pages[64];
	uint64_t refills, drains;

	boot();
	refills = this_cpu(k)->pcp_refills;
	drains = this_cpu(k)->pcp_drains;
	for (int i = 0; i < 64; i++)
		pages[i] = alloc_page(k, GFP_KERNEL);
	ck_assert_uint_gt(this_cpu(k)->pcp_refills, refills);
	ck_assert_uint_eq(this_cpu(k)->pcp_drains, drains);
	for (int i = 0; i < 64; i++)
		__free_page(k, pages[i]);
	ck_assert_uint_gt(this_cpu(k)->pcp_drains, drains);
	finish();
}
END_TEST

/* ---- dynamic ---- */

START_TEST(each_cpu_has_its_own_zeroed_copy)
{
	uint64_t *counter;

	boot();
	for (int round = 0; round < 2; round++) {
		counter = alloc_percpu(k, uint64_t);
		ck_assert_ptr_nonnull(counter);
		for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++) {
			k->cpu = cpu;
			ck_assert_uint_eq(*this_cpu_ptr(k, counter), 0);
			*this_cpu_ptr(k, counter) = 100 + cpu;
		}
		for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
			ck_assert_uint_eq(*per_cpu_ptr(counter, cpu), 100 + cpu);
		free_percpu(k, counter);
	}
	free_percpu(k, NULL);
	finish();
}
END_TEST

static const struct {
	size_t size, align;
} bad[] = { { 0, 8 }, { PCPU_UNIT_SIZE + 1, 8 }, { 8, 0 }, { 8, 24 }, { 8, 2 * PCPU_UNIT_SIZE } };

START_TEST(broken_rules_give_null)
{
	boot();
	ck_assert_ptr_null(__alloc_percpu(k, bad[_i].size, bad[_i].align));
	finish();
}
END_TEST

START_TEST(a_chunk_comes_when_the_first_is_full_and_goes_when_it_is_empty)
{
	void *whole[2];

	boot();
	for (int i = 0; i < 2; i++) {
		whole[i] = __alloc_percpu(k, PCPU_UNIT_SIZE, PCPU_UNIT_SIZE);
		ck_assert_ptr_nonnull(whole[i]);
		ck_assert_uint_eq((uintptr_t)whole[i] % PCPU_UNIT_SIZE, 0);
	}
	/* blocks of four pages for three CPUs */
	ck_assert_uint_eq(pcpu_nr_pages(k), NR_CPUS + 2 * 4);
	fixture_check(&f);
	free_percpu(k, whole[0]);
	ck_assert_uint_eq(pcpu_nr_pages(k), NR_CPUS + 4);
	free_percpu(k, whole[1]);
	finish();
}
END_TEST

START_TEST(no_memory_gives_null_and_leaks_nothing)
{
	boot();
	fault_inject_set(&k->fault_inject, _i ? FAIL_SLAB : FAIL_PAGE_ALLOC,
	                 (struct fault_rule){ FAULT_EVERY, 1 }, 0);
	ck_assert_ptr_null(__alloc_percpu(k, PCPU_UNIT_SIZE, 8));
	fault_inject_set(&k->fault_inject, _i ? FAIL_SLAB : FAIL_PAGE_ALLOC,
	                 (struct fault_rule){ FAULT_OFF, 0 }, 0);
	finish();
}
END_TEST

#define AREAS 200

/* Areas of random size, each full of its own number on every CPU. */
static struct {
	uint8_t *ptr;
	size_t size;
} areas[AREAS];

static void fill_area(int i)
{
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
		memset(per_cpu_ptr(areas[i].ptr, cpu), i + (int)cpu, areas[i].size);
}

static void check_and_free_area(int i)
{
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
		for (size_t at = 0; at < areas[i].size; at++)
			if (per_cpu_ptr(areas[i].ptr, cpu)[at] != (uint8_t)(i + (int)cpu))
				ck_abort_msg("area %d of CPU %u at %zu", i, cpu, at);
	free_percpu(k, areas[i].ptr);
	areas[i].ptr = NULL;
}

START_TEST(random_areas_never_overlap)
{
	struct fixture_random random = fixture_seed(0x70637075);
	uint64_t steps = fixture_cases(3000);

	boot();
	for (uint64_t step = 0; step < steps; step++) {
		int i = (int)fixture_below(&random, AREAS);
		size_t align = (size_t)1 << fixture_below(&random, 8);

		if (areas[i].ptr) {
			check_and_free_area(i);
			continue;
		}
		areas[i].size = 1 + fixture_below(&random, step % 16 ? 200 : 4000);
		areas[i].ptr = __alloc_percpu(k, areas[i].size, align);
		ck_assert_ptr_nonnull(areas[i].ptr);
		ck_assert_uint_eq((uintptr_t)areas[i].ptr % align, 0);
		fill_area(i);
		if (step % 64 == 0)
			fixture_check(&f);
	}
	for (int i = 0; i < AREAS; i++)
		if (areas[i].ptr)
			check_and_free_area(i);
	finish();
}
END_TEST

#ifndef NDEBUG
START_TEST(a_double_free_stops_the_simulator)
{
	void *area, *other;

	boot();
	area = __alloc_percpu(k, 64, 8);
	other = __alloc_percpu(k, 64, 8);
	free_percpu(k, area);
	free_percpu(k, area);
	free_percpu(k, other);
}
END_TEST
#endif

int main(void)
{
	Suite *suite = suite_create("mm/percpu");
	TCase *tcase = tcase_create("percpu");

	tcase_add_test(tcase, each_cpu_counts_for_itself);
	tcase_add_test(tcase, a_list_that_runs_empty_or_over_is_counted);
	tcase_add_test(tcase, each_cpu_has_its_own_zeroed_copy);
	tcase_add_loop_test(tcase, broken_rules_give_null, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tcase, a_chunk_comes_when_the_first_is_full_and_goes_when_it_is_empty);
	tcase_add_loop_test(tcase, no_memory_gives_null_and_leaks_nothing, 0, 2);
	tcase_add_test(tcase, random_areas_never_overlap);
#ifndef NDEBUG
	tcase_add_test_raise_signal(tcase, a_double_free_stops_the_simulator, SIGABRT);
#endif
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
