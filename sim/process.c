/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/process.h"

#include "sim/machine.h"
#include "sim/sched.h"
#include "sim/usage.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* What Linux's first process has (include/asm-generic/resource.h: INIT_RLIMITS). */
static const uint64_t default_rlimits[NR_RLIMITS][2] = {
	{ UINT64_MAX, UINT64_MAX }, /* CPU */
	{ UINT64_MAX, UINT64_MAX }, /* FSIZE */
	{ UINT64_MAX, UINT64_MAX }, /* DATA */
	{ 8 * MIB, UINT64_MAX },    /* STACK */
	{ 0, UINT64_MAX },          /* CORE */
	{ UINT64_MAX, UINT64_MAX }, /* RSS */
	{ 0, 0 },                   /* NPROC: by the size of RAM */
	{ 1024, 4096 },             /* NOFILE */
	{ 8 * MIB, 8 * MIB },       /* MEMLOCK */
	{ UINT64_MAX, UINT64_MAX }, /* AS */
	{ UINT64_MAX, UINT64_MAX }, /* LOCKS */
	{ 0, 0 },                   /* SIGPENDING: as NPROC */
	{ 819200, 819200 },         /* MSGQUEUE */
	{ 0, 0 },                   /* NICE */
	{ 0, 0 },                   /* RTPRIO */
	{ UINT64_MAX, UINT64_MAX }, /* RTTIME */
};

/* Half of the threads whose 16 KB stacks would fill an eighth of RAM (Linux:
 * kernel/fork.c, set_max_threads and fork_init). 64 MB: 256. */
static uint64_t default_nproc(const struct machine *machine)
{
	return machine->kernel.totalram_pages / 64;
}

/*
 * Simplified: what Linux lets anyone lock, 8 MB, would be all of a small machine, and
 * locking it a way to be killed; there the soft limit is 0. Programs that lock because
 * they may go on without then, and who asks for the hard limit gets it.
 */
static bool is_too_small_for_locks(const struct machine *machine)
{
	return machine->kernel.totalram_pages < 2 * 8 * MIB / PAGE_SIZE;
}

struct process *process_create(struct machine *machine)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	process->machine = machine;
	process->exit_signal = SIGCHLD;
	INIT_LIST_HEAD(&process->threads);
	INIT_LIST_HEAD(&process->children);
	INIT_LIST_HEAD(&process->sibling);
	wait_queue_init(&process->child_events);
	memcpy(process->rlimits, default_rlimits, sizeof(process->rlimits));
	for (int i = 0; i < 2; i++) {
		process->rlimits[LIMIT_NPROC][i] = default_nproc(machine);
		process->rlimits[LIMIT_SIGPENDING][i] = default_nproc(machine);
	}
	if (is_too_small_for_locks(machine))
		process->rlimits[LIMIT_MEMLOCK][0] = 0;
	return process;
}

void process_destroy(struct process *process)
{
	if (!process)
		return;
	list_del(&process->sibling);
	free(process);
}

void process_set_parent(struct process *process, struct process *parent)
{
	process->parent = parent;
	process->ppid = parent->pid;
	list_move_tail(&process->sibling, &parent->children);
}

struct process *process_find(const struct machine *machine, int32_t pid)
{
	struct task *task = task_find(machine, pid);

	return task && task_is_leader(task) ? task->process : NULL;
}

/* ---- usage ---- */

void process_usage(const struct process *process, struct usage *usage)
{
	const struct task *task;
	struct usage thread;

	*usage = process->threads_usage;
	list_for_each_entry (task, &process->threads, thread) {
		usage_of_task(task, &thread);
		usage_add(usage, &thread);
	}
}

void process_drop_thread(struct process *process, struct task *task)
{
	struct usage usage;

	usage_of_task(task, &usage);
	usage_add(&process->threads_usage, &usage);
	list_del(&task->thread);
	if (list_empty(&process->threads))
		process_destroy(process);
}

/* ---- telling the parent ---- */

/* Linux: do_notify_parent() and do_notify_parent_cldstop(). */
static void tell_parent(struct process *process, int signo, int code, int status)
{
	struct process *parent = process->parent;

	if (!parent)
		return;
	if (signo)
		signal_send_process(parent, &(struct signal_info){ .signo = signo,
		                                                   .code = code,
		                                                   .pid = process->pid,
		                                                   .status = status });
	wake_up(&parent->child_events);
}

/* A parent that ignores SIGCHLD, or says so by SA_NOCLDWAIT, will not wait. */
static bool nobody_waits(const struct process *process)
{
	const struct process *parent = process->parent;
	const struct signal_action *action;

	if (!parent)
		return process->ppid == INIT_PID;
	action =
	    &list_first_entry(&parent->threads, struct task, thread)->sighand->actions[SIGCHLD];
	return process->exit_signal == SIGCHLD &&
	       (action->handler == (uintptr_t)SIG_IGN || action->flags & SA_NOCLDWAIT);
}

/* ---- stopping ---- */

static bool wants_stop_signals(const struct process *parent)
{
	const struct task *leader = list_first_entry(&parent->threads, struct task, thread);

	return !(leader->sighand->actions[SIGCHLD].flags & SA_NOCLDSTOP);
}

void process_stop(struct process *process, int signo)
{
	struct task *task;

	process->stopped = signo;
	process->stop_is_news = true;
	process->continue_is_news = false;
	/* One that sleeps stops when it is woken: sched_start(). */
	list_for_each_entry (task, &process->threads, thread)
		if (task->state == TASK_RUNNING) {
			sched_remove(task);
			task->state = TASK_STOPPED;
		}
	if (process->parent)
		tell_parent(process, wants_stop_signals(process->parent) ? SIGCHLD : 0, CLD_STOPPED,
		            signo);
}

void process_continue(struct process *process)
{
	struct task *task;

	if (!process->stopped)
		return;
	process->stopped = 0;
	process->stop_is_news = false;
	process->continue_is_news = true;
	list_for_each_entry (task, &process->threads, thread)
		if (task->state == TASK_STOPPED)
			sched_start(task);
	if (process->parent)
		tell_parent(process, wants_stop_signals(process->parent) ? SIGCHLD : 0,
		            CLD_CONTINUED, SIGCONT);
}

/* ---- groups ---- */

int32_t process_group_session(const struct machine *machine, int32_t pgid)
{
	const struct task *task;

	list_for_each_entry (task, &machine->tasks, tasks)
		if (task->process->pgid == pgid)
			return task->process->sid;
	return 0;
}

/* No parent of one in the group belongs to the same session but to another group: nobody
 * would continue it if it were stopped (Linux: will_become_orphaned_pgrp()). */
bool process_group_is_orphaned(const struct machine *machine, int32_t pgid)
{
	const struct task *task;

	list_for_each_entry (task, &machine->tasks, tasks) {
		const struct process *process = task->process, *parent = process->parent;

		if (process->pgid == pgid && !process->is_zombie && parent && !parent->is_zombie &&
		    parent->pgid != pgid && parent->sid == process->sid)
			return false;
	}
	return true;
}

static bool group_is_stopped(const struct machine *machine, int32_t pgid)
{
	const struct task *task;

	list_for_each_entry (task, &machine->tasks, tasks)
		if (task->process->pgid == pgid && task->process->stopped)
			return true;
	return false;
}

void process_group_signal(const struct machine *machine, int32_t pgid, int signo)
{
	const struct signal_info info = { .signo = signo, .code = SI_KERNEL };
	struct task *task;

	list_for_each_entry (task, &machine->tasks, tasks)
		if (task_is_leader(task) && task->process->pgid == pgid)
			signal_send_process(task->process, &info);
}

/* ---- the end ---- */

void process_end_threads(struct process *process, const struct task *but, int exit_code)
{
	struct task *task, *next;

	if (!but && !process->is_exiting) {
		process->is_exiting = true;
		process->exit_code = exit_code;
	}
	list_for_each_entry_safe (task, next, &process->threads, thread)
		if (task != but)
			task_exit(task, exit_code);
}

/* Between two groups of one session the parent's end makes the child's an orphan: what
 * is stopped there learns that nobody will continue it (Linux: kill_orphaned_pgrp()). */
static void wake_orphaned_group(const struct process *child, const struct process *parent)
{
	const struct machine *machine = child->machine;

	if (child->pgid == parent->pgid || child->sid != parent->sid ||
	    !process_group_is_orphaned(machine, child->pgid) ||
	    !group_is_stopped(machine, child->pgid))
		return;
	process_group_signal(machine, child->pgid, SIGHUP);
	process_group_signal(machine, child->pgid, SIGCONT);
}

/* Orphans are init's, which waits for all that end. */
static void give_children_away(struct process *process)
{
	struct process *child, *next;

	list_for_each_entry_safe (child, next, &process->children, sibling) {
		child->parent = NULL;
		child->ppid = INIT_PID;
		list_del_init(&child->sibling);
		if (child->is_zombie)
			process_reap(child);
		else
			wake_orphaned_group(child, process);
	}
}

void process_end(struct process *process)
{
	struct task *leader = list_first_entry(&process->threads, struct task, thread);
	int signo = process->exit_code & 0x7f;

	process->is_zombie = true;
	task_report_end(leader->report, process->exit_code);
	give_children_away(process);
	if (process->parent)
		wake_orphaned_group(process, process->parent);
	tell_parent(process, process->exit_signal, signo ? CLD_KILLED : CLD_EXITED,
	            signo ? signo : process->exit_code >> 8);
	if (nobody_waits(process))
		process_reap(process);
}

void process_reap(struct process *process)
{
	struct usage usage;
	struct task *task;

	if (process->parent) {
		process_usage(process, &usage);
		usage_add(&process->parent->children_usage, &usage);
		usage_add(&process->parent->children_usage, &process->children_usage);
	}
	process->parent = NULL;
	list_del_init(&process->sibling);
	list_for_each_entry (task, &process->threads, thread)
		task_bury(task);
}
