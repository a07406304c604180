// SPDX-License-Identifier: GPL-2.0-or-later
/* Who gets a CPU, when, and what happens when nobody can run. */
#include "tests/run_suite.h"
#include "tests/sim/task_fixture.h"

#include <string.h>

static struct task_fixture f;

static void setup(void)
{
	task_fixture_setup(&f, "1");
}

static void setup_two_cpus(void)
{
	task_fixture_setup(&f, "2");
}

static void teardown(void)
{
	machine_destroy(f.machine);
}

static struct task *next_after_yield(void)
{
	sched_yield_cpu(task_fixture_cpu(&f));
	return sched_pick(task_fixture_cpu(&f));
}

START_TEST(tasks_run_in_the_order_in_which_they_became_able_to)
{
	struct task *a = fork_task(f.task), *b = fork_task(f.task);

	for (int round = 0; round < 3; round++) {
		ck_assert_ptr_eq(next_after_yield(), a);
		ck_assert_ptr_eq(next_after_yield(), b);
		ck_assert_ptr_eq(next_after_yield(), f.task);
	}
}
END_TEST

START_TEST(task_that_is_alone_has_no_slice)
{
	struct cpu *cpu = task_fixture_cpu(&f);

	ck_assert_uint_eq(sched_slice_left(cpu), UINT64_MAX);
	sched_charge(cpu, 10 * f.machine->config.sched_quantum);
	ck_assert_ptr_eq(sched_pick(cpu), f.task);
	ck_assert_uint_eq(f.machine->nr_switches, 0);
}
END_TEST

START_TEST(task_keeps_the_cpu_until_its_quantum_is_over)
{
	struct cpu *cpu = task_fixture_cpu(&f);
	uint64_t quantum = f.machine->config.sched_quantum;
	struct task *child = fork_task(f.task);

	ck_assert_uint_eq(sched_slice_left(cpu), quantum);
	sched_charge(cpu, quantum - 1);
	ck_assert_ptr_eq(sched_pick(cpu), f.task);
	sched_charge(cpu, 1);
	ck_assert_ptr_eq(sched_pick(cpu), child);
	ck_assert_uint_eq(sched_slice_left(cpu), quantum);
}
END_TEST

START_TEST(task_that_waits_makes_room)
{
	struct task *child = fork_task(f.task);

	ck_assert_int_eq(call(f.task, SYS_pause, 0, 0, 0, 0, 0, 0), BLOCKED);
	ck_assert_ptr_eq(sched_pick(task_fixture_cpu(&f)), child);
	ck_assert_ptr_eq(next_after_yield(), child);
}
END_TEST

START_TEST(time_jumps_to_the_first_that_is_due)
{
	struct task *child = fork_task(f.task);
	va_t far = f.page, near = f.page + 16;

	store_word(f.task, far, 5);
	store_word(child, near, 2);
	ck_assert_int_eq(call(f.task, SYS_nanosleep, far, 0, 0, 0, 0, 0), BLOCKED);
	ck_assert_int_eq(call(child, SYS_nanosleep, near, 0, 0, 0, 0, 0), BLOCKED);
	ck_assert_ptr_null(sched_pick(task_fixture_cpu(&f)));
	ck_assert(sched_idle(f.machine));
	ck_assert_uint_eq(machine_now_ns(f.machine) / 1000000000, 2);
	ck_assert_int_eq(call_again(child), 0);
	ck_assert_int_eq(f.task->state, TASK_SLEEPING);
}
END_TEST

START_TEST(deadlock_says_who_waits_for_what)
{
	struct task *child = fork_task(f.task);

	ck_assert_int_eq(call(f.task, SYS_pause, 0, 0, 0, 0, 0, 0), BLOCKED);
	ck_assert_int_eq(call(child, SYS_futex, f.page, 0, 0, 0, 0, 0), BLOCKED);
	ck_assert(!sched_idle(f.machine));
	ck_assert_str_eq(f.machine->broken,
	                 "deadlock: nothing can wake task 1000 () in pause, task 1001 () in futex");
}
END_TEST

START_TEST(new_task_goes_where_nothing_runs)
{
	struct task *child = fork_task(f.task);

	ck_assert_uint_eq(child->cpu, 1);
	ck_assert(sched_has_work(&f.machine->cpus[1]));
}
END_TEST

START_TEST(idle_cpu_takes_over_who_waits_longest)
{
	struct task *first = fork_task(f.task), *second = fork_task(f.task), *third;

	/* Both CPUs have something to do, so that the next two wait for the first. */
	ck_assert_uint_eq(first->cpu, 1);
	third = fork_task(f.task);
	ck_assert_uint_eq(second->cpu, 0);
	ck_assert_uint_eq(third->cpu, 0);
	sched_remove(first);
	first->state = TASK_STOPPED;
	f.machine->running = &f.machine->cpus[1];
	ck_assert_ptr_eq(sched_pick(&f.machine->cpus[1]), second);
	ck_assert_uint_eq(second->cpu, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sched");
	TCase *one = tcase_create("one CPU"), *two = tcase_create("two CPUs");

	tcase_add_checked_fixture(one, setup, teardown);
	tcase_add_test(one, tasks_run_in_the_order_in_which_they_became_able_to);
	tcase_add_test(one, task_that_is_alone_has_no_slice);
	tcase_add_test(one, task_keeps_the_cpu_until_its_quantum_is_over);
	tcase_add_test(one, task_that_waits_makes_room);
	tcase_add_test(one, time_jumps_to_the_first_that_is_due);
	tcase_add_test(one, deadlock_says_who_waits_for_what);
	tcase_add_checked_fixture(two, setup_two_cpus, teardown);
	tcase_add_test(two, new_task_goes_where_nothing_runs);
	tcase_add_test(two, idle_cpu_takes_over_who_waits_longest);
	suite_add_tcase(suite, one);
	suite_add_tcase(suite, two);
	return run_suite(suite);
}
