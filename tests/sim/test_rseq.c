// SPDX-License-Identifier: GPL-2.0-or-later
/* Restartable sequences: what interrupts one, and what the area says. */
#include "tests/run_suite.h"
#include "tests/sim/task_fixture.h"

#include <errno.h>
#include <signal.h>

#define AREA_BYTES 32
#define SIGNATURE 0x53053053u
#define START ((va_t)0x401000)
#define LENGTH 0x20

static struct task_fixture f;
static va_t area, section, abort_va;

/* An area; in the page behind it a section, and the signature before its abort handler. */
static void setup_cpus(const char *cpus)
{
	uint64_t words[4] = { 0, START, LENGTH, 0 };

	task_fixture_setup(&f, cpus);
	area = f.page;
	section = f.page + 256;
	abort_va = f.page + 1024;
	words[3] = abort_va;
	ck_assert_int_eq(copy_to_user(f.task, section, words, sizeof(words)), 0);
	store_word(f.task, abort_va - 4, SIGNATURE);
	ck_assert_int_eq(call(f.task, SYS_rseq, area, AREA_BYTES, 0, SIGNATURE, 0, 0), 0);
	rseq_resume(f.task);
}

static void setup(void)
{
	setup_cpus("1");
}

static void setup_two_cpus(void)
{
	setup_cpus("2");
}

static void teardown(void)
{
	machine_destroy(f.machine);
}

static void enter_section(va_t ip)
{
	ck_assert_int_eq(copy_to_user(f.task, area + 8, &section, sizeof(section)), 0);
	f.task->regs.ip = ip;
}

START_TEST(area_tells_the_cpu_after_each_move)
{
	ck_assert_uint_eq(load_word(f.task, area), 0);
	ck_assert_uint_eq(load_word(f.task, area + 4), 0);
	f.machine->cpus[0].current = NULL;
	f.task->cpu = 1;
	f.machine->running = &f.machine->cpus[1];
	machine_activate_mm(f.machine, f.task);
	f.task->rseq.is_due = true;
	rseq_resume(f.task);
	ck_assert_uint_eq(load_word(f.task, area), 1);
	ck_assert_uint_eq(load_word(f.task, area + 4), 1);
}
END_TEST

START_TEST(section_begins_anew_when_another_task_has_run)
{
	struct task *child = fork_task(f.task);

	enter_section(START + LENGTH - 1);
	switch_to_task(child);
	switch_to_task(f.task);
	rseq_resume(f.task);
	ck_assert_uint_eq(f.task->regs.ip, abort_va);
	ck_assert_uint_eq(load_word(f.task, area + 8), 0);
}
END_TEST

START_TEST(section_goes_on_when_nothing_came_between)
{
	enter_section(START);
	rseq_resume(f.task);
	ck_assert_uint_eq(f.task->regs.ip, START);
	ck_assert_uint_ne(load_word(f.task, area + 8), 0);
}
END_TEST

START_TEST(section_is_aborted_before_a_handler_runs)
{
	enter_section(START);
	rseq_interrupt(f.task);
	ck_assert_uint_eq(f.task->regs.ip, abort_va);
}
END_TEST

START_TEST(section_that_has_been_left_is_forgotten)
{
	enter_section(START + LENGTH);
	rseq_interrupt(f.task);
	ck_assert_uint_eq(f.task->regs.ip, START + LENGTH);
	ck_assert_uint_eq(load_word(f.task, area + 8), 0);
}
END_TEST

START_TEST(wrong_signature_is_a_segv)
{
	store_word(f.task, abort_va - 4, SIGNATURE + 1);
	enter_section(START);
	rseq_interrupt(f.task);
	ck_assert_uint_eq(f.task->regs.ip, START);
	ck_assert_uint_eq(f.task->signals.pending.set, (uint64_t)1 << (SIGSEGV - 1));
}
END_TEST

START_TEST(area_is_registered_once)
{
	ck_assert_int_eq(call(f.task, SYS_rseq, area, AREA_BYTES, 0, SIGNATURE, 0, 0), -EBUSY);
	ck_assert_int_eq(call(f.task, SYS_rseq, area, AREA_BYTES, 0, 1, 0, 0), -EPERM);
	ck_assert_int_eq(call(f.task, SYS_rseq, area, AREA_BYTES, 1, SIGNATURE, 0, 0), 0);
	ck_assert_uint_eq(load_word(f.task, area + 4), UINT32_MAX);
	ck_assert_int_eq(call(f.task, SYS_rseq, area, AREA_BYTES, 1, SIGNATURE, 0, 0), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rseq");
	TCase *tc = tcase_create("sections"), *two = tcase_create("two CPUs");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, section_begins_anew_when_another_task_has_run);
	tcase_add_test(tc, section_goes_on_when_nothing_came_between);
	tcase_add_test(tc, section_is_aborted_before_a_handler_runs);
	tcase_add_test(tc, section_that_has_been_left_is_forgotten);
	tcase_add_test(tc, wrong_signature_is_a_segv);
	tcase_add_test(tc, area_is_registered_once);
	tcase_add_checked_fixture(two, setup_two_cpus, teardown);
	tcase_add_test(two, area_tells_the_cpu_after_each_move);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, two);
	return run_suite(suite);
}
