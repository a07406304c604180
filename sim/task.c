// SPDX-License-Identifier: GPL-2.0-or-later
/* Tasks: making, ending, sleeping. */
#include "sim/task.h"

#include "mm/mm.h"
#include "mm/thread_stack.h"
#include "sim/machine.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- what tasks share ---- */

static struct task_fs *create_fs(const char *cwd)
{
	struct task_fs *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return NULL;
	fs->users = 1;
	fs->umask = 022;
	fs->cwd = strdup(cwd);
	if (fs->cwd)
		return fs;
	free(fs);
	return NULL;
}

static void put_fs(struct task_fs *fs)
{
	if (!fs || --fs->users)
		return;
	free(fs->cwd);
	free(fs);
}

static struct sighand *create_sighand(void)
{
	struct sighand *sighand = calloc(1, sizeof(*sighand));

	if (sighand)
		sighand->users = 1;
	return sighand;
}

static void put_sighand(struct sighand *sighand)
{
	if (sighand && !--sighand->users)
		free(sighand);
}

/* ---- life ---- */

static void join_process(struct task *task, struct process *process)
{
	task->process = process;
	list_add_tail(&task->thread, &process->threads);
	if (!process->pid)
		process->pid = task->pid;
}

/* Frees what a task that is on no list has. */
static void free_task(struct task *task)
{
	put_fs(task->fs);
	put_sighand(task->sighand);
	free_thread_stack(&task->machine->kernel, task->stack);
	free(task);
}

int task_create(struct task **out, struct machine *machine, const char *cwd)
{
	struct process *process = process_create(machine);
	struct task *task = calloc(1, sizeof(*task));
	int err = -ENOMEM;

	if (!task || !process) {
		free(task);
		process_destroy(process);
		return -ENOMEM;
	}
	task->machine = machine;
	task->syscall_nr = -1;
	task->signals.altstack_flags = SS_DISABLE;
	task->stack = alloc_thread_stack(&machine->kernel);
	task->fs = create_fs(cwd);
	task->sighand = create_sighand();
	if (!task->stack || !task->fs || !task->sighand)
		goto fail;
	err = files_create(&task->files, machine->vfs);
	if (err)
		goto fail;
	task->pid = machine->next_pid++;
	join_process(task, process);
	list_add_tail(&task->tasks, &machine->tasks);
	*out = task;
	return 0;
fail:
	free_task(task);
	process_destroy(process);
	return err;
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

	mm->stack_limit = task->process->rlimits[LIMIT_STACK][0];
	mm->data_limit = task->process->rlimits[LIMIT_DATA][0];
	mm->memlock_limit = task->process->rlimits[LIMIT_MEMLOCK][0];
	mm->as_limit = task->process->rlimits[LIMIT_AS][0];
}

static void free_strings(char **strings)
{
	for (char **s = strings; s && *s; s++)
		free(*s);
	free(strings);
}

void task_exit(struct task *task, int exit_code)
{
	struct machine *machine = task->machine;

	if (task->state == TASK_ZOMBIE)
		return;
	task->state = TASK_ZOMBIE;
	task->exit_code = exit_code;
	task->syscall_nr = -1;
	task_figures_take(task);
	files_destroy(task->files);
	task->files = NULL;
	if (task->mm) {
		if (task_cpu(task)->current == task)
			cpu_enter_lazy_tlb(task_cpu(task));
		mmput(&machine->kernel, task->mm);
		task->mm = NULL;
	}
}

void task_destroy(struct task *task)
{
	if (!task)
		return;
	task_exit(task, 0);
	list_del(&task->tasks);
	list_del(&task->thread);
	if (list_empty(&task->process->threads))
		process_destroy(task->process);
	free_strings(task->argv);
	free(task->exe);
	free_task(task);
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
	free_strings(task->argv);
	task->argv = copy;
	return 0;
}

/* Time passes without an instruction. */
static void sleep_to(struct machine *machine, uint64_t now_ns, uint64_t until_ns)
{
	if (until_ns > now_ns)
		machine->sleep_ns += until_ns - now_ns;
}

bool task_sleep(struct task *task, uint64_t until_ns, const char *what)
{
	struct machine *machine = task->machine;

	for (;;) {
		uint64_t now = machine_now_ns(machine), wakeup;

		signal_run_timers(task);
		if (signal_is_deliverable(task))
			return false;
		if (now >= until_ns)
			return true;
		wakeup = signal_next_wakeup_ns(task);
		if (wakeup == UINT64_MAX && until_ns == UINT64_MAX) {
			snprintf(machine->broken, sizeof(machine->broken),
			         "task %d (%s) sleeps in %s, and nothing can wake it", task->pid,
			         task->comm, what);
			return false;
		}
		sleep_to(machine, now, wakeup < until_ns ? wakeup : until_ns);
	}
}
