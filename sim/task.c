// SPDX-License-Identifier: GPL-2.0-or-later
/* Tasks: making, ending, sleeping. */
#include "sim/task.h"

#include "mm/mm.h"
#include "sim/calls.h"
#include "sim/machine.h"
#include "sim/sched.h"
#include "sim/tell.h"
#include "sim/usercopy.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- what tasks share ---- */

static void put_fs(struct task_fs *fs)
{
	if (!fs || --fs->users)
		return;
	free(fs->cwd);
	free(fs);
}

static void put_sighand(struct sighand *sighand)
{
	if (sighand && !--sighand->users)
		free(sighand);
}

/* ---- life ---- */

static void drop_policy(struct task *task)
{
	if (task->numa.policy)
		call_set_mempolicy(task, MPOL_DEFAULT, 0);
}

void task_free(struct task *task)
{
	if (!task)
		return;
	if (task->report)
		task->report->task = NULL;
	put_fs(task->fs);
	put_sighand(task->sighand);
	drop_policy(task);
	call_free_thread_stack(&task->machine->kernel, task->stack);
	free(task->exe);
	free(task);
}

struct task *task_find(const struct machine *machine, int32_t pid)
{
	struct task *task;

	list_for_each_entry (task, &machine->tasks, tasks)
		if (task->pid == pid && task->state != TASK_DEAD)
			return task;
	return NULL;
}

void task_reset_fpu(struct task *task)
{
	/* Intel SDM Vol. 1, "FXSAVE Area": FCW 0x37f at 0, MXCSR 0x1f80 at 24. */
	static const struct x86_fpu initial = {
		.fxsave = { [0] = 0x7f, [1] = 0x03, [24] = 0x80, [25] = 0x1f },
	};

	engine_set_fpu(task->machine->engine, &initial);
}

void task_apply_limits(struct task *task)
{
	struct mm_struct *mm = task->mm;

	if (!mm)
		return;
	mm->stack_limit = task->process->rlimits[LIMIT_STACK][0];
	mm->data_limit = task->process->rlimits[LIMIT_DATA][0];
	mm->memlock_limit = task->process->rlimits[LIMIT_MEMLOCK][0];
	mm->as_limit = task->process->rlimits[LIMIT_AS][0];
	call_mm_limits(&task->machine->kernel, mm);
}

void task_use_mm(struct task *task, struct mm_struct *mm)
{
	task->mm = mm;
	TELL(task->machine, RECORD_USE_MM, (uint64_t)task->pid, mm_id(mm));
}

static void free_strings(char **strings)
{
	for (char **s = strings; s && *s; s++)
		free(*s);
	free(strings);
}

void task_leave_vfork(struct task *task)
{
	if (!task->is_vfork_child)
		return;
	task->is_vfork_child = false;
	wake_up(&task->vfork_done);
}

/* Its memory, files and all that others do not ask an ended task for. */
static void give_back(struct task *task)
{
	struct kernel *k = &task->machine->kernel;

	futex_exit(task);
	task_figures_leave_mm(task, task->mm);
	files_destroy(task->files);
	task->files = NULL;
	if (task->mm) {
		if (task_cpu(task)->current == task)
			cpu_enter_lazy_tlb(task_cpu(task));
		call_mmput(k, task->mm);
		task->mm = NULL;
	}
	drop_policy(task);
	task_figures_take(task); /* what this cost, too */
	TELL(task->machine, RECORD_EXIT, (uint64_t)task->pid, task->report->nr_syscalls);
	task_leave_vfork(task);
}

void task_bury(struct task *task)
{
	task->state = TASK_DEAD;
	task->machine->has_dead = true;
}

void task_exit(struct task *task, int exit_code)
{
	struct process *process = task->process;

	if (task_has_ended(task))
		return;
	wait_end(task);
	sched_remove(task);
	give_back(task);
	task->state = TASK_ZOMBIE;
	task->syscall_nr = -1;
	task->machine->nr_alive--;
	if (task_is_leader(task) && !process->is_exiting)
		process->exit_code = exit_code;
	if (!task_is_leader(task)) {
		task_report_end(task->report, exit_code);
	}
	if (!--process->nr_alive)
		process_end(process);
	else if (!task_is_leader(task))
		task_bury(task);
}

void task_destroy(struct task *task)
{
	if (!task)
		return;
	task_exit(task, 0);
	TELL(task->machine, RECORD_TASK_FREE, (uint64_t)task->pid);
	if (task_cpu(task)->current == task)
		cpu_set_current(task_cpu(task), NULL);
	list_del(&task->tasks);
	process_drop_thread(task->process, task);
	task_free(task);
}

/* Files and handlers that it shares are its own from here on. */
int task_unshare(struct task *task)
{
	struct sighand *sighand = task->sighand;
	struct files *files;
	int err;

	if (sighand->users > 1) {
		task->sighand = malloc(sizeof(*sighand));
		if (!task->sighand) {
			task->sighand = sighand;
			return -ENOMEM;
		}
		*task->sighand = *sighand;
		task->sighand->users = 1;
		sighand->users--;
	}
	if (!files_is_shared(task->files))
		return 0;
	err = files_clone(&files, task->files);
	if (err)
		return err;
	files_destroy(task->files);
	task->files = files;
	return 0;
}

/* Linux: de_thread(). Figures follow the number. */
void task_become_leader(struct task *task)
{
	struct process *process = task->process;
	struct task *leader = list_first_entry(&process->threads, struct task, thread);
	struct task_report *report = task->report;
	int32_t pid = task->pid;

	if (leader == task)
		return;
	TELL(task->machine, RECORD_LEADER, (uint64_t)task->pid, (uint64_t)leader->pid,
	     task->report->nr_syscalls);
	task_figures_pause(task);
	task->pid = leader->pid;
	task->report = leader->report;
	leader->pid = pid;
	leader->report = report;
	task->report->task = task;
	task->report->has_ended = false;
	leader->report->task = leader;
	leader->report->has_ended = true;
	list_move(&task->thread, &process->threads);
	task_bury(leader);
}

void task_begin(struct task *task)
{
	va_t va = task->set_child_tid;

	task->set_child_tid = 0;
	task->machine->kernel_function = "schedule_tail";
	copy_to_user(task, va, &task->pid, sizeof(task->pid)); /* or not: as Linux */
	task->machine->kernel_function = NULL;
}

void task_report_end(struct task_report *report, int exit_code)
{
	report->has_ended = true;
	report->exit_code = exit_code;
	TELL(report->task->machine, RECORD_STATUS, (uint64_t)report->pid, (uint64_t)exit_code);
}

void task_report_destroy(struct task_report *report)
{
	free_strings(report->argv);
	free(report);
}

int task_set_argv(struct task *task, char *const argv[])
{
	size_t argc = 0;
	char **copy;

	while (argv[argc])
		argc++;
	copy = calloc(argc + 1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < argc; i++) {
		copy[i] = strdup(argv[i]);
		if (!copy[i]) {
			free_strings(copy);
			return -ENOMEM;
		}
	}
	free_strings(task->report->argv);
	task->report->argv = copy;
	for (size_t i = 0; i < argc; i++)
		TELL_TEXT(task->machine, RECORD_ARGV, copy[i], (uint64_t)task->pid, i);
	return 0;
}
