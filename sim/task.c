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

/* RLIMIT_* of the x86-64 ABI, and what Linux's first process has
 * (include/asm-generic/resource.h: INIT_RLIMITS). */
enum {
	LIMIT_DATA = 2,
	LIMIT_STACK = 3,
	LIMIT_NPROC = 6,
	LIMIT_MEMLOCK = 8,
	LIMIT_AS = 9,
	LIMIT_SIGPENDING = 11,
};

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

int task_create(struct task **out, struct machine *machine, const char *cwd)
{
	struct task *task = calloc(1, sizeof(*task));
	int err = -ENOMEM;

	if (!task)
		return -ENOMEM;
	task->machine = machine;
	task->umask = 022;
	task->syscall_nr = -1;
	memcpy(task->rlimits, default_rlimits, sizeof(task->rlimits));
	for (int i = 0; i < 2; i++) {
		task->rlimits[LIMIT_NPROC][i] = default_nproc(machine);
		task->rlimits[LIMIT_SIGPENDING][i] = default_nproc(machine);
	}
	task->signals.altstack_flags = SS_DISABLE;
	task->stack = alloc_thread_stack(&machine->kernel);
	task->cwd = strdup(cwd);
	if (!task->stack || !task->cwd)
		goto fail;
	err = files_create(&task->files, machine->vfs);
	if (err)
		goto fail;
	task->pid = machine->next_pid++;
	list_add_tail(&task->tasks, &machine->tasks);
	*out = task;
	return 0;
fail:
	free(task->cwd);
	free_thread_stack(&machine->kernel, task->stack);
	free(task);
	return err;
}

void task_reset_fpu(struct task *task)
{
	/* Intel SDM Vol. 1, "FXSAVE Area": FCW 0x37f at 0, MXCSR 0x1f80 at 24. */
	static const struct x86_fpu initial = {
		.fxsave = { [0] = 0x7f, [1] = 0x03, [24] = 0x80, [25] = 0x1f },
	};

	engine_set_fpu(task_cpu(task)->engine, &initial);
}

void task_apply_limits(struct task *task)
{
	struct mm_struct *mm = task->mm;

	mm->stack_limit = task->rlimits[LIMIT_STACK][0];
	mm->data_limit = task->rlimits[LIMIT_DATA][0];
	mm->memlock_limit = task->rlimits[LIMIT_MEMLOCK][0];
	mm->as_limit = task->rlimits[LIMIT_AS][0];
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
	free_strings(task->argv);
	free(task->exe);
	free(task->cwd);
	free_thread_stack(&task->machine->kernel, task->stack);
	free(task);
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
