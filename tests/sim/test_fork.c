// SPDX-License-Identifier: GPL-2.0-or-later
/* What a copy of a task shares, and how its parent hears of its end. */
#include "mm/vmstat.h"
#include "tests/run_suite.h"
#include "tests/sim/task_fixture.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/wait.h>

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define ANY UINT64_MAX

static struct task_fixture f;

static void setup(void)
{
	task_fixture_setup(&f, "1");
}

static void teardown(void)
{
	machine_destroy(f.machine);
}

static uint64_t nr_anon(void)
{
	return vmstat_value(&f.machine->kernel, NR_ANON_PAGES);
}

static int64_t clone_task(struct task *task, uint64_t flags)
{
	return call(task, SYS_clone, flags, 0, 0, 0, 0, 0);
}

static int64_t wait_for(struct task *task, uint64_t pid, uint64_t options)
{
	return call(task, SYS_wait4, pid, f.page, options, 0, 0, 0);
}

static void exit_with(struct task *task, uint64_t code)
{
	call(task, SYS_exit_group, code, 0, 0, 0, 0, 0);
}

/* ---- memory ---- */

START_TEST(child_returns_0_with_the_registers_of_its_parent)
{
	struct task *child;

	f.task->regs.gpr[REG_BX] = 77;
	child = fork_task(f.task);
	ck_assert_uint_eq(child->regs.gpr[REG_AX], 0);
	ck_assert_uint_eq(child->regs.gpr[REG_BX], 77);
	ck_assert_int_eq(call(child, SYS_getppid, 0, 0, 0, 0, 0, 0), f.task->pid);
}
END_TEST

START_TEST(frames_are_shared_until_one_writes)
{
	struct task *child;
	uint64_t before;

	store_word(f.task, f.page, 1);
	before = nr_anon();
	child = fork_task(f.task);
	ck_assert_uint_eq(load_word(child, f.page), 1);
	ck_assert_uint_eq(nr_anon(), before);
	store_word(f.task, f.page, 2);
	ck_assert_uint_eq(nr_anon(), before + 1);
	ck_assert_uint_eq(load_word(child, f.page), 1);
	/* The other's is now its alone: no copy. */
	store_word(child, f.page, 3);
	ck_assert_uint_eq(nr_anon(), before + 1);
	ck_assert_uint_eq(load_word(f.task, f.page), 2);
}
END_TEST

START_TEST(shared_memory_stays_shared)
{
	va_t shared = task_fixture_map(f.task, MAP_SHARED_);
	struct task *child = fork_task(f.task);

	store_word(child, shared, 9);
	ck_assert_uint_eq(load_word(f.task, shared), 9);
}
END_TEST

START_TEST(thread_has_the_memory_and_the_process_of_its_maker)
{
	int64_t tid = clone_task(f.task, THREAD_FLAGS);
	struct task *thread = task_find(f.machine, (int32_t)tid);

	ck_assert(thread);
	store_word(thread, f.page, 5);
	ck_assert_uint_eq(load_word(f.task, f.page), 5);
	ck_assert_int_eq(call(thread, SYS_getpid, 0, 0, 0, 0, 0, 0), f.task->pid);
	ck_assert_int_eq(call(thread, SYS_gettid, 0, 0, 0, 0, 0, 0), tid);
	call(thread, SYS_exit, 3, 0, 0, 0, 0, 0);
	ck_assert_int_eq(wait_for(f.task, ANY, WNOHANG | __WALL), -ECHILD);
}
END_TEST

START_TEST(flags_that_need_others_are_refused_without_them)
{
	ck_assert_int_eq(clone_task(f.task, CLONE_THREAD), -EINVAL);
	ck_assert_int_eq(clone_task(f.task, CLONE_THREAD | CLONE_SIGHAND), -EINVAL);
	ck_assert_int_eq(clone_task(f.task, CLONE_SIGHAND), -EINVAL);
	ck_assert_int_eq(clone_task(f.task, CLONE_NEWPID), -EINVAL);
}
END_TEST

START_TEST(limit_of_processes_holds)
{
	f.task->process->rlimits[LIMIT_NPROC][0] = 2;
	fork_task(f.task);
	ck_assert_int_eq(clone_task(f.task, SIGCHLD), -EAGAIN);
}
END_TEST

START_TEST(what_a_child_had_is_free_when_it_has_ended)
{
	uint64_t before = nr_anon(), tables = vmstat_value(&f.machine->kernel, NR_PAGE_TABLE_PAGES);
	struct task *child = fork_task(f.task);

	store_word(child, f.page, 1);
	exit_with(child, 0);
	ck_assert_uint_eq(nr_anon(), before);
	ck_assert_uint_eq(vmstat_value(&f.machine->kernel, NR_PAGE_TABLE_PAGES), tables);
}
END_TEST

/* ---- the end ---- */

START_TEST(parent_hears_of_the_end_once)
{
	struct task *child = fork_task(f.task);
	int32_t pid = child->pid;

	ck_assert_int_eq(wait_for(f.task, ANY, WNOHANG), 0);
	exit_with(child, 42);
	ck_assert_int_eq(wait_for(f.task, ANY, WNOHANG), pid);
	ck_assert_uint_eq(load_word(f.task, f.page), 42 << 8);
	ck_assert_int_eq(wait_for(f.task, ANY, WNOHANG), -ECHILD);
}
END_TEST

START_TEST(parent_that_waits_is_woken)
{
	struct task *child = fork_task(f.task);
	int32_t pid = child->pid;

	f.task->signals.blocked = (uint64_t)1 << (SIGCHLD - 1);
	ck_assert_int_eq(wait_for(f.task, ANY, 0), BLOCKED);
	exit_with(child, 1);
	ck_assert_int_eq(call_again(f.task), pid);
}
END_TEST

START_TEST(vfork_stands_still_until_the_child_has_ended)
{
	struct task *child;

	ck_assert_int_eq(call(f.task, SYS_vfork, 0, 0, 0, 0, 0, 0), BLOCKED);
	child = task_find(f.machine, f.task->wait.child);
	ck_assert(child);
	ck_assert_ptr_eq(child->mm, f.task->mm);
	exit_with(child, 0);
	ck_assert_int_eq(call_again(f.task), child->pid);
}
END_TEST

START_TEST(stop_and_continue_are_news_once)
{
	struct task *child = fork_task(f.task);

	process_stop(child->process, SIGSTOP);
	ck_assert_int_eq(wait_for(f.task, ANY, WNOHANG), 0);
	ck_assert_int_eq(wait_for(f.task, ANY, WNOHANG | WUNTRACED), child->pid);
	ck_assert_uint_eq(load_word(f.task, f.page), SIGSTOP << 8 | 0x7f);
	ck_assert_int_eq(wait_for(f.task, ANY, WNOHANG | WUNTRACED), 0);
	process_continue(child->process);
	ck_assert_int_eq(wait_for(f.task, ANY, WNOHANG | WCONTINUED), child->pid);
	ck_assert_uint_eq(load_word(f.task, f.page), 0xffff);
	ck_assert_int_eq(wait_for(f.task, ANY, WNOHANG | WCONTINUED), 0);
}
END_TEST

START_TEST(orphan_is_the_child_of_init)
{
	struct task *child = fork_task(f.task), *grandchild = fork_task(child);
	int32_t pid = grandchild->pid;

	exit_with(child, 0);
	ck_assert_int_eq(call(grandchild, SYS_getppid, 0, 0, 0, 0, 0, 0), INIT_PID);
	exit_with(grandchild, 0);
	ck_assert_ptr_null(task_find(f.machine, pid));
}
END_TEST

START_TEST(stopped_orphans_are_sent_sighup_and_go_on)
{
	struct task *shell = fork_task(f.task), *job = fork_task(shell), *other = fork_task(shell);
	int32_t pid = job->pid;

	ck_assert_int_eq(call(shell, SYS_setpgid, (uint64_t)job->pid, 0, 0, 0, 0, 0), 0);
	ck_assert_int_eq(call(shell, SYS_setpgid, (uint64_t)other->pid, 0, 0, 0, 0, 0), 0);
	job->signals.blocked = (uint64_t)1 << (SIGHUP - 1);
	process_stop(job->process, SIGTSTP);
	ck_assert_int_eq(job->state, TASK_STOPPED);
	exit_with(shell, 0);
	ck_assert_int_eq(job->state, TASK_RUNNING);
	ck_assert_int_eq(job->process->stopped, 0);
	ck_assert_uint_eq(job->process->shared.set & (uint64_t)1 << (SIGHUP - 1),
	                  (uint64_t)1 << (SIGHUP - 1));
	/* whose group has none that is stopped is left alone */
	ck_assert_uint_eq(other->process->shared.set, 0);
	ck_assert_int_eq(call(job, SYS_getpid, 0, 0, 0, 0, 0, 0), pid);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fork");
	TCase *memory = tcase_create("memory"), *end = tcase_create("end");

	tcase_add_checked_fixture(memory, setup, teardown);
	tcase_add_test(memory, child_returns_0_with_the_registers_of_its_parent);
	tcase_add_test(memory, frames_are_shared_until_one_writes);
	tcase_add_test(memory, shared_memory_stays_shared);
	tcase_add_test(memory, thread_has_the_memory_and_the_process_of_its_maker);
	tcase_add_test(memory, flags_that_need_others_are_refused_without_them);
	tcase_add_test(memory, limit_of_processes_holds);
	tcase_add_test(memory, what_a_child_had_is_free_when_it_has_ended);
	tcase_add_checked_fixture(end, setup, teardown);
	tcase_add_test(end, parent_hears_of_the_end_once);
	tcase_add_test(end, parent_that_waits_is_woken);
	tcase_add_test(end, vfork_stands_still_until_the_child_has_ended);
	tcase_add_test(end, stop_and_continue_are_news_once);
	tcase_add_test(end, orphan_is_the_child_of_init);
	tcase_add_test(end, stopped_orphans_are_sent_sighup_and_go_on);
	suite_add_tcase(suite, memory);
	suite_add_tcase(suite, end);
	return run_suite(suite);
}
