// SPDX-License-Identifier: GPL-2.0-or-later
/* Events of CPUs and tasks. */
#include "sim/calls.h"
#include "sim/check.h"
#include "sim/stats.h"
#include "traces/replay_access.h"
#include "traces/replay_handlers.h"

#include "mm/mempolicy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct task *find_task(const struct replay *replay, uint64_t pid)
{
	return things_find(&replay->tasks, pid);
}

/* ---- CPUs ---- */

int replay_load_mm(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = things_find(&replay->mms, event->args[0]);
	struct cpu *cpu = replay->machine->running;

	if (!mm || !cpu->current || cpu->current->mm != mm)
		return replay_skip(replay);
	cpu_switch_mm(cpu, mm);
	return 0;
}

int replay_lazy_tlb(struct replay *replay, const struct record_event *event)
{
	const uint64_t recorded_cpu = event->args[0];
	struct cpu *cpu;

	if (recorded_cpu >= NR_CPUS_MAX)
		return replay_refuse(replay, "there is no CPU %lu", (unsigned long)recorded_cpu);
	cpu = replay_cpu_for(replay, (uint32_t)recorded_cpu);
	/* Another of the recorded CPUs may have left its task here. */
	if (cpu->current && cpu->current->pid == replay->current[recorded_cpu])
		cpu_enter_lazy_tlb(cpu);
	return 0;
}

int replay_threads(struct replay *replay, const struct record_event *event)
{
	struct machine *machine = replay->machine;

	(void)event;
	call_kernel_run_threads(&machine->kernel);
	check_machine(machine);
	return machine->check_failure[0] ? replay_check_failed(replay) : 0;
}

int replay_cpu_end(struct replay *replay, const struct record_event *event)
{
	const uint64_t recorded_cpu = event->args[0];

	if (recorded_cpu >= NR_CPUS_MAX)
		return replay_refuse(replay, "there is no CPU %lu", (unsigned long)recorded_cpu);
	replay_cpu_for(replay, (uint32_t)recorded_cpu)->instructions += event->args[1];
	return 0;
}

/* ---- life ---- */

static bool is_pid(uint64_t pid)
{
	return pid && pid <= INT32_MAX;
}

/* The mm is the task's from here on, with a reference that nobody has yet. */
static int give_mm(struct replay *replay, struct task *task, uint64_t id)
{
	struct mm_struct *mm = things_find(&replay->mms, id);

	if (task->mm)
		return replay_refuse(replay, "task %d has an address space", task->pid);
	if (!mm)
		return id ? replay_skip(replay) : 0;
	if (!replay_spare_users(replay, mm))
		return replay_refuse(replay, "address space %lu is not given to task %d",
		                     (unsigned long)id, task->pid);
	task->mm = mm;
	return 0;
}

int replay_task(struct replay *replay, const struct record_event *event)
{
	const uint64_t pid = event->args[0], tgid = event->args[1], ppid = event->args[2];
	const struct task *parent = find_task(replay, (uint64_t)event->task);
	struct machine *machine = replay->machine;
	struct task *task;

	if (!is_pid(pid) || !is_pid(tgid) || ppid > INT32_MAX || find_task(replay, pid))
		return replay_refuse(replay, "there can be no new task %lu", (unsigned long)pid);
	if (task_create_bare(&task, machine, (int32_t)pid, (int32_t)tgid, (int32_t)ppid))
		return replay_refuse(replay, "%s", strerror(ENOMEM));
	if (things_set(&replay->tasks, pid, task)) {
		task_destroy(task);
		return replay_refuse(replay, "%s", strerror(ENOMEM));
	}
	task->cpu = machine->running->id;
	task->stack = replay_find_stack(replay, event->args[4]);
	if (parent)
		copy_task_policy(&task->numa, &parent->numa);
	return give_mm(replay, task, event->args[3]);
}

int replay_argv(struct replay *replay, const struct record_event *event)
{
	struct task *task = find_task(replay, event->args[0]);
	const uint64_t index = event->args[1];
	char **argv, **longer;
	uint64_t nr = 0;

	if (!task || !event->text)
		return replay_skip(replay);
	if (!index) {
		char *const one[] = { (char *)event->text, NULL };

		return task_set_argv(task, one) ? replay_refuse(replay, "%s", strerror(ENOMEM)) : 0;
	}
	argv = task->report->argv;
	while (argv && argv[nr])
		nr++;
	if (index != nr)
		return replay_refuse(replay, "argument %lu of %lu", (unsigned long)index,
		                     (unsigned long)nr);
	longer = realloc(argv, (nr + 2) * sizeof(*argv));
	if (!longer)
		return replay_refuse(replay, "%s", strerror(ENOMEM));
	task->report->argv = longer;
	longer[nr] = strdup(event->text);
	longer[nr + 1] = NULL;
	return longer[nr] ? 0 : replay_refuse(replay, "%s", strerror(ENOMEM));
}

/* Where CPUs ran one they go on with the other's number. */
static void swap_current(struct replay *replay, int32_t a, int32_t b)
{
	for (uint32_t i = 0; i < NR_CPUS_MAX; i++) {
		if (replay->current[i] == a)
			replay->current[i] = b;
		else if (replay->current[i] == b)
			replay->current[i] = a;
	}
}

int replay_leader(struct replay *replay, const struct record_event *event)
{
	struct task *task = find_task(replay, event->args[0]);
	struct task *leader = find_task(replay, event->args[1]);

	if (!task || !leader)
		return replay_skip(replay);
	if (task->process != leader->process || !task_is_leader(leader) ||
	    list_first_entry(&task->process->threads, struct task, thread) != leader ||
	    task == leader || !task_has_ended(leader))
		return replay_refuse(replay, "task %d cannot take the place of %d", task->pid,
		                     leader->pid);
	task->report->nr_syscalls = event->args[2];
	task_become_leader(task);
	swap_current(replay, task->pid, leader->pid);
	if (things_set(&replay->tasks, (uint64_t)task->pid, task) ||
	    things_set(&replay->tasks, (uint64_t)leader->pid, leader))
		return replay_refuse(replay, "%s", strerror(ENOMEM));
	return 0;
}

int replay_exit(struct replay *replay, const struct record_event *event)
{
	struct task *task = find_task(replay, event->args[0]);

	if (!task || task_has_ended(task))
		return replay_skip(replay);
	task->report->nr_syscalls = event->args[1];
	task_figures_take(task);
	task->state = TASK_ZOMBIE;
	replay->machine->nr_alive--;
	return 0;
}

int replay_status(struct replay *replay, const struct record_event *event)
{
	struct task *task = find_task(replay, event->args[0]);

	if (!task || task->report->has_ended) /* killed, here alone */
		return replay_skip(replay);
	task_report_end(task->report, (int)event->args[1]);
	return 0;
}

int replay_task_free(struct replay *replay, const struct record_event *event)
{
	struct task *task = things_take(&replay->tasks, event->args[0]);

	if (!task)
		return replay_skip(replay);
	task->stack = NULL; /* it has an event of its own */
	task->mm = NULL;    /* and so has this reference */
	task_destroy(task);
	return 0;
}

/* ---- what they have ---- */

int replay_use_mm(struct replay *replay, const struct record_event *event)
{
	struct task *task = find_task(replay, event->args[0]);

	if (!task)
		return replay_skip(replay);
	task->mm = NULL; /* whose reference is a spare one now */
	return give_mm(replay, task, event->args[1]);
}

int replay_leave_mm(struct replay *replay, const struct record_event *event)
{
	struct task *task = find_task(replay, event->args[0]);
	const struct mm_struct *mm = things_find(&replay->mms, event->args[1]);

	if (!task || !mm)
		return replay_skip(replay);
	task_figures_leave_mm(task, mm);
	if (task->mm == mm)
		task->mm = NULL;
	return 0;
}

int replay_set_policy(struct replay *replay, const struct record_event *event)
{
	struct task *task = find_task(replay, event->args[0]);
	const uint64_t mode = event->args[1], nodes = event->args[2];

	if (!task)
		return replay_skip(replay);
	if (mode > UINT32_MAX || nodes > NODE_MASK_ALL)
		return replay_refuse(replay, "no memory policy");
	return replay_compare(replay, event->args[3],
	                      call_set_mempolicy(task, (uint32_t)mode, (nodemask_t)nodes));
}
