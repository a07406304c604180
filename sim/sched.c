/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/sched.h"

#include "sim/clock.h"
#include "sim/tell.h"
#include "sim/tlb_flush.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* ---- queues ---- */

void run_queue_init(struct run_queue *queue)
{
	INIT_LIST_HEAD(&queue->tasks);
}

/* It is now on its CPU's clock, or on the clock of who wakes it. */
static void note_time(struct task *task)
{
	uint64_t now = machine_now_ns(task->machine);

	if (now > task->ready_ns)
		task->ready_ns = now;
}

static void enqueue(struct task *task)
{
	struct run_queue *queue = &task_cpu(task)->queue;

	list_add_tail(&task->ready, &queue->tasks);
	queue->nr++;
}

static bool is_busy(const struct cpu *cpu)
{
	return cpu->current && cpu->current->state == TASK_RUNNING;
}

static bool is_idle(const struct cpu *cpu)
{
	return !cpu->queue.nr && !is_busy(cpu);
}

/* Where it ran last if that CPU has nothing else to do, else where there is nothing
 * (Linux: select_task_rq_fair()). */
static void place(struct task *task)
{
	struct machine *machine = task->machine;

	for (uint32_t i = 0; i < machine->config.cpus && !is_idle(task_cpu(task)); i++)
		if (is_idle(&machine->cpus[i]))
			task->cpu = i;
}

void sched_start(struct task *task)
{
	if (task->process->stopped) {
		task->state = TASK_STOPPED;
		return;
	}
	task->state = TASK_RUNNING;
	note_time(task);
	/* What blocked and was woken before another got the CPU just goes on. */
	if (task_cpu(task)->current == task)
		return;
	place(task);
	enqueue(task);
}

void sched_remove(struct task *task)
{
	if (list_empty(&task->ready))
		return;
	list_del_init(&task->ready);
	task_cpu(task)->queue.nr--;
}

/* ---- from one task to the next ---- */

/* The registers are in the task already: engine_get_regs() after each run. */
static void save(struct cpu *cpu, struct task *task)
{
	engine_get_fpu(cpu->machine->engine, &task->fpu);
	task_figures_pause(task);
	note_time(task);
}

static void load(struct cpu *cpu, struct task *task)
{
	cpu_set_current(cpu, task);
	task->cpu = cpu->id;
	task->slice_left = cpu->machine->config.sched_quantum;
	task->regs_changed = true;
	task->rseq.is_due = true;
	engine_set_fpu(cpu->machine->engine, &task->fpu);
	task_figures_resume(task);
	TELL(cpu->machine, RECORD_SWITCH, mm_id(task->mm));
	cpu_switch_mm(cpu, task->mm);
	event_raise(&cpu->machine->events,
	            &(struct event){ .kind = EVENT_CONTEXT_SWITCH, .arg = (uint64_t)task->pid });
}

/* An ended task has given its figures back itself. */
static void switch_to(struct cpu *cpu, struct task *next)
{
	struct task *prev = cpu->current;

	if (prev && !task_has_ended(prev))
		save(cpu, prev);
	cpu->machine->nr_switches++;
	load(cpu, next);
}

static bool has_others(const struct cpu *cpu)
{
	return cpu->queue.nr;
}

/* In its queue, but for the one that it runs when its turn comes. */
static uint32_t nr_waiting(const struct cpu *cpu)
{
	return cpu->queue.nr && !is_busy(cpu) ? cpu->queue.nr - 1 : cpu->queue.nr;
}

/* An idle CPU takes over what waits longest where most wait (Linux: idle_balance()). */
static struct task *steal(const struct machine *machine)
{
	const struct cpu *busiest = &machine->cpus[0];

	for (uint32_t i = 1; i < machine->config.cpus; i++)
		if (nr_waiting(&machine->cpus[i]) > nr_waiting(busiest))
			busiest = &machine->cpus[i];
	if (!nr_waiting(busiest))
		return NULL;
	return list_first_entry(&busiest->queue.tasks, struct task, ready);
}

bool sched_has_work(const struct cpu *cpu)
{
	return !is_idle(cpu) || steal(cpu->machine);
}

bool sched_is_alone(const struct cpu *cpu)
{
	const struct machine *machine = cpu->machine;

	for (uint32_t i = 0; i < machine->config.cpus; i++)
		if (i != cpu->id && sched_has_work(&machine->cpus[i]))
			return false;
	return true;
}

static struct task *pick(struct cpu *cpu)
{
	struct task *current = cpu->current, *next;
	bool can_go_on = current && current->state == TASK_RUNNING;

	if (can_go_on && (current->slice_left || !has_others(cpu))) {
		cpu_switch_mm(cpu, current->mm); /* it may have been lazy */
		return current;
	}
	if (can_go_on)
		enqueue(current);
	next = has_others(cpu) ? list_first_entry(&cpu->queue.tasks, struct task, ready)
	                       : steal(cpu->machine);
	if (!next) {
		cpu_enter_lazy_tlb(cpu);
		return NULL;
	}
	sched_remove(next);
	if (next == current)
		next->slice_left = cpu->machine->config.sched_quantum;
	else
		switch_to(cpu, next);
	return next;
}

struct task *sched_pick(struct cpu *cpu)
{
	struct task *task = pick(cpu);

	if (task)
		turns_wait_until(cpu->machine, task->ready_ns);
	return task;
}

void sched_yield_cpu(struct cpu *cpu)
{
	cpu->current->slice_left = 0;
}

uint64_t sched_slice_left(const struct cpu *cpu)
{
	return has_others(cpu) ? cpu->current->slice_left : UINT64_MAX;
}

void sched_charge(struct cpu *cpu, uint64_t instructions)
{
	struct task *task = cpu->current;

	task->slice_left -= instructions < task->slice_left ? instructions : task->slice_left;
}

/* ---- time ---- */

void sched_expect(struct machine *machine, uint64_t ns)
{
	if (ns < machine->next_due_ns)
		machine->next_due_ns = ns;
}

void sched_run_due(struct machine *machine)
{
	uint64_t now = machine_now_ns(machine), next = UINT64_MAX;
	struct task *task;

	if (now < machine->next_due_ns)
		return;
	list_for_each_entry (task, &machine->tasks, tasks) {
		uint64_t due;

		if (task_has_ended(task))
			continue;
		if (task->wait.wake_ns <= now)
			wake_task(task);
		if (task_is_leader(task))
			signal_run_timers(task->process);
		due = signal_next_real_ns(task->process);
		next = due < next ? due : next;
		next = task->wait.wake_ns < next ? task->wait.wake_ns : next;
	}
	machine->next_due_ns = next;
}

/* When something will wake a task if all sleep until then. Timers whose signal is
 * blocked or ignored wake nobody. */
static uint64_t next_wakeup_ns(const struct machine *machine)
{
	uint64_t next = UINT64_MAX;
	struct task *task;

	list_for_each_entry (task, &machine->tasks, tasks) {
		uint64_t due;

		if (task_has_ended(task))
			continue;
		due = signal_next_wakeup_ns(task);
		next = due < next ? due : next;
		next = task->wait.wake_ns < next ? task->wait.wake_ns : next;
	}
	return next;
}

/* The first task that a terminal's user may wake. */
static struct task *who_waits_for_host(const struct machine *machine)
{
	struct task *task;

	list_for_each_entry (task, &machine->tasks, tasks)
		if (task->state == TASK_SLEEPING && task->wait.host_fd >= 0)
			return task;
	return NULL;
}

/* A terminal is the only thing that the host may bring input from; its user cannot be
 * the same in every run anyway, so here the host's time counts. */
static bool wait_for_host(struct task *task, uint64_t until_ns)
{
	struct pollfd host = { task->wait.host_fd, POLLIN, 0 };
	uint64_t now = machine_now_ns(task->machine);
	uint64_t ms = until_ns > now ? (until_ns - now) / 1000000 : 0;

	if (poll(&host, 1, ms > INT32_MAX ? -1 : (int)ms) <= 0)
		return false;
	wake_task(task);
	return true;
}

/* "task 1001 (cat) in a pipe, task ..." */
static void tell_deadlock(struct machine *machine)
{
	size_t size = sizeof(machine->broken), len;
	struct task *task;

	snprintf(machine->broken, size, "deadlock: nothing can wake");
	list_for_each_entry (task, &machine->tasks, tasks) {
		len = strlen(machine->broken);
		if (task->state == TASK_SLEEPING)
			snprintf(machine->broken + len, size - len, "%s task %d (%s) in %s",
			         len > 26 ? "," : "", task->pid, task->comm, task->wait.what);
		else if (task->state == TASK_STOPPED)
			snprintf(machine->broken + len, size - len, "%s task %d (%s), stopped",
			         len > 26 ? "," : "", task->pid, task->comm);
	}
}

/* Whoever the first process left behind, waiting for what cannot come, goes when the
 * machine does. */
static bool is_over(const struct machine *machine)
{
	return machine_first_report(machine)->has_ended;
}

bool sched_idle(struct machine *machine)
{
	uint64_t now = machine_now_ns(machine), until = next_wakeup_ns(machine);
	struct task *host_waiter = who_waits_for_host(machine);

	if (host_waiter && wait_for_host(host_waiter, until))
		return true;
	if (until == UINT64_MAX) {
		if (!is_over(machine))
			tell_deadlock(machine);
		return false;
	}
	if (until > now)
		machine->sleep_ns += until - now;
	sched_run_due(machine);
	return true;
}
