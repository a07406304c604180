// SPDX-License-Identifier: GPL-2.0-or-later
/* Futexes: who is woken, in which order, and what a dying owner leaves. */
#include "tests/run_suite.h"
#include "tests/sim/task_fixture.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/sched.h>

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define NR_THREADS 4

static struct task_fixture f;
static struct task *threads[NR_THREADS];
static va_t word, other;

static void setup(void)
{
	task_fixture_setup(&f, "1");
	word = f.page;
	other = f.page + 64;
	for (int i = 0; i < NR_THREADS; i++)
		threads[i] = task_find(
		    f.machine, (int32_t)call(f.task, SYS_clone, THREAD_FLAGS, 0, 0, 0, 0, 0));
}

static void teardown(void)
{
	machine_destroy(f.machine);
}

static int64_t futex(struct task *task, va_t va, int op, uint32_t value)
{
	return call(task, SYS_futex, va, (uint64_t)op | FUTEX_PRIVATE_FLAG, value, 0, 0, 0);
}

static void all_wait(void)
{
	for (int i = 0; i < NR_THREADS; i++)
		ck_assert_int_eq(futex(threads[i], word, FUTEX_WAIT, 0), BLOCKED);
}

static bool is_awake(int i)
{
	return threads[i]->state == TASK_RUNNING;
}

START_TEST(wait_returns_at_once_if_the_word_has_changed)
{
	store_word(f.task, word, 1);
	ck_assert_int_eq(futex(threads[0], word, FUTEX_WAIT, 0), -EAGAIN);
}
END_TEST

START_TEST(who_came_first_is_woken_first)
{
	all_wait();
	ck_assert_int_eq(futex(f.task, word, FUTEX_WAKE, 2), 2);
	ck_assert(is_awake(0) && is_awake(1) && !is_awake(2) && !is_awake(3));
	ck_assert_int_eq(call_again(threads[0]), 0);
	ck_assert_int_eq(futex(f.task, word, FUTEX_WAKE, 100), 2);
	ck_assert(is_awake(2) && is_awake(3));
	ck_assert_int_eq(futex(f.task, word, FUTEX_WAKE, 100), 0);
}
END_TEST

START_TEST(another_word_wakes_nobody)
{
	all_wait();
	ck_assert_int_eq(futex(f.task, other, FUTEX_WAKE, 100), 0);
}
END_TEST

START_TEST(bits_choose_who_is_woken)
{
	for (uint64_t i = 0; i < NR_THREADS; i++)
		ck_assert_int_eq(call(threads[i], SYS_futex, word,
		                      FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, 0, 0,
		                      (uint64_t)1 << i),
		                 BLOCKED);
	ck_assert_int_eq(
	    call(f.task, SYS_futex, word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, 100, 0, 0, 0x6),
	    2);
	ck_assert(!is_awake(0) && is_awake(1) && is_awake(2) && !is_awake(3));
}
END_TEST

START_TEST(requeued_tasks_keep_their_order)
{
	all_wait();
	/* one is woken, two go to the other word, one stays */
	ck_assert_int_eq(
	    call(f.task, SYS_futex, word, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG, 1, 2, other, 0),
	    3);
	ck_assert(is_awake(0) && !is_awake(1));
	ck_assert_int_eq(futex(f.task, other, FUTEX_WAKE, 1), 1);
	ck_assert(is_awake(1) && !is_awake(2));
	ck_assert_int_eq(futex(f.task, word, FUTEX_WAKE, 100), 1);
	ck_assert(is_awake(3) && !is_awake(2));
	ck_assert_int_eq(futex(f.task, other, FUTEX_WAKE, 100), 1);
}
END_TEST

START_TEST(requeue_asks_for_the_value_first)
{
	all_wait();
	ck_assert_int_eq(
	    call(f.task, SYS_futex, word, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG, 1, 2, other, 5),
	    -EAGAIN);
	ck_assert(!is_awake(0));
}
END_TEST

START_TEST(wait_gives_up_in_time)
{
	store_word(f.task, other, 3); /* seconds */
	for (int i = 1; i < NR_THREADS; i++)
		ck_assert_int_eq(futex(threads[i], word, FUTEX_WAIT, 0), BLOCKED);
	ck_assert_int_eq(
	    call(threads[0], SYS_futex, word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, other, 0, 0),
	    BLOCKED);
	ck_assert_int_eq(call(f.task, SYS_pause, 0, 0, 0, 0, 0, 0), BLOCKED);
	ck_assert(sched_idle(f.machine));
	ck_assert_int_eq(call_again(threads[0]), -ETIMEDOUT);
	ck_assert_uint_eq(machine_now_ns(f.machine) / 1000000000, 3);
}
END_TEST

START_TEST(processes_meet_at_a_word_of_shared_memory)
{
	va_t shared = task_fixture_map(f.task, MAP_SHARED_);
	struct task *child = fork_task(f.task);

	ck_assert_int_eq(call(child, SYS_futex, shared, FUTEX_WAIT, 0, 0, 0, 0), BLOCKED);
	/* a private key is its process's alone */
	ck_assert_int_eq(futex(f.task, shared, FUTEX_WAKE, 1), 0);
	ck_assert_int_eq(call(f.task, SYS_futex, shared, FUTEX_WAKE, 1, 0, 0, 0), 1);
	ck_assert_int_eq(call_again(child), 0);
}
END_TEST

/* A list of one entry, whose word lies 16 bytes behind it. */
START_TEST(next_owner_learns_that_the_last_one_died)
{
	const va_t head = f.page + 128, entry = f.page + 256;
	const uint64_t list[3] = { entry, 16, 0 };
	uint32_t tid = (uint32_t)threads[0]->pid;

	switch_to_task(threads[0]);
	ck_assert_int_eq(copy_to_user(threads[0], head, list, sizeof(list)), 0);
	ck_assert_int_eq(copy_to_user(threads[0], entry, &head, sizeof(head)), 0);
	store_word(threads[0], entry + 16, tid | FUTEX_WAITERS);
	ck_assert_int_eq(call(threads[0], SYS_set_robust_list, head, 24, 0, 0, 0, 0), 0);
	ck_assert_int_eq(futex(threads[1], entry + 16, FUTEX_WAIT, tid | FUTEX_WAITERS), BLOCKED);
	call(threads[0], SYS_exit, 0, 0, 0, 0, 0, 0);
	ck_assert(is_awake(1));
	ck_assert_uint_eq(load_word(f.task, entry + 16), FUTEX_WAITERS | FUTEX_OWNER_DIED);
}
END_TEST

START_TEST(end_of_a_thread_clears_its_word_and_wakes)
{
	store_word(f.task, word, 7);
	call(threads[0], SYS_set_tid_address, word, 0, 0, 0, 0, 0);
	ck_assert_int_eq(call(threads[1], SYS_futex, word, FUTEX_WAIT, 7, 0, 0, 0), BLOCKED);
	call(threads[0], SYS_exit, 0, 0, 0, 0, 0, 0);
	ck_assert(is_awake(1));
	ck_assert_uint_eq(load_word(f.task, word), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("futex");
	TCase *tc = tcase_create("futex");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, wait_returns_at_once_if_the_word_has_changed);
	tcase_add_test(tc, who_came_first_is_woken_first);
	tcase_add_test(tc, another_word_wakes_nobody);
	tcase_add_test(tc, bits_choose_who_is_woken);
	tcase_add_test(tc, requeued_tasks_keep_their_order);
	tcase_add_test(tc, requeue_asks_for_the_value_first);
	tcase_add_test(tc, wait_gives_up_in_time);
	tcase_add_test(tc, processes_meet_at_a_word_of_shared_memory);
	tcase_add_test(tc, next_owner_learns_that_the_last_one_died);
	tcase_add_test(tc, end_of_a_thread_clears_its_word_and_wakes);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
