/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/replay.h"

#include "mm/mm.h"
#include "sim/check.h"
#include "sim/json.h"
#include "sim/vcpu.h"
#include "traces/replay_access.h"
#include "traces/replay_demand.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A call that comes back to the machine (a file read into user memory) makes no other such
 * call. */
#define MAX_DEPTH 2

/* ---- life ---- */

static int create_machine(struct replay *replay, const struct machine_config *config, char *why,
                          size_t why_size)
{
	const struct machine_options options = {
		.engine = ENGINE_NONE,
		.driver = &replay->driver,
		.check = replay->options.check,
		.kernel_log = replay->options.kernel_log,
		.vfs = { .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 },
	};
	int err = machine_create(&replay->machine, config, &options, why, why_size);

	if (!err && !replay->source->info.has_events)
		replay->machine->kernel.counts_accesses = false; /* a kernel that nobody recorded */
	return err;
}

static void oom_kill(struct driver *driver, struct mm_struct *mm)
{
	(void)driver;
	(void)mm; /* mm->oom_victim: its next access here ends it, or its end in the trace */
}

static void write_stats(const struct driver *driver, struct json *json)
{
	const struct replay *replay = (const struct replay *)driver;
	const struct trace_info *info = &replay->source->info;

	json_begin_object(json, "replay");
	json_string(json, "format", info->format);
	json_string(json, "detail", info->detail == TRACE_PAGE ? "page" : "full");
	json_bool(json, "complete", replay->complete);
	json_uint(json, "records", replay->counts.records);
	json_uint(json, "accesses", replay->counts.accesses);
	json_uint(json, "skipped", replay->counts.skipped);
	json_uint(json, "segv", replay->counts.segv);
	json_end(json);
}

/* What the machine cannot be fed with at all. */
static const char *check_source(const struct trace_info *info, const struct machine_config *config)
{
	if (info->is_physical)
		return "its addresses are physical: there is nothing to translate";
	if (info->has_events && info->va_bits > config->paging->va_bits)
		return "its program is one of 64 bits, and the machine's paging is for 32";
	return NULL;
}

int replay_create(struct replay **out, struct trace_source *source,
                  const struct machine_config *config, const struct replay_options *options,
                  char *why, size_t why_size)
{
	const char *mistake = check_source(&source->info, config);
	struct replay *replay;
	int err;

	if (mistake) {
		snprintf(why, why_size, "%s", mistake);
		return -EINVAL;
	}
	replay = calloc(1, sizeof(*replay));
	if (!replay) {
		snprintf(why, why_size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	*replay = (struct replay){ .driver = { .oom_kill = oom_kill, .write_stats = write_stats },
		                   .source = source,
		                   .options = *options };
	err = create_machine(replay, config, why, why_size);
	if (err) {
		replay_destroy(replay);
		return err;
	}
	*out = replay;
	return 0;
}

void replay_destroy(struct replay *replay)
{
	struct task *task;

	if (!replay)
		return;
	while ((task = things_take_any(&replay->tasks)))
		task_destroy(task);
	things_finish(&replay->tasks);
	things_finish(&replay->mms);
	things_finish(&replay->mappings);
	things_finish(&replay->objects);
	machine_destroy(replay->machine);
	free(replay);
}

/* ---- what may go wrong ---- */

int replay_skip(struct replay *replay)
{
	replay->counts.skipped++;
	return 0;
}

int replay_refuse(struct replay *replay, const char *format, ...)
{
	va_list args;
	int len = snprintf(replay->error, sizeof(replay->error),
	                   "record %lu: ", (unsigned long)replay->counts.records);

	va_start(args, format);
	vsnprintf(replay->error + len, sizeof(replay->error) - (size_t)len, format, args);
	va_end(args);
	return -EINVAL;
}

/* ---- CPUs and tasks ---- */

static struct cpu *cpu_for(const struct replay *replay, uint32_t recorded_cpu)
{
	struct machine *machine = replay->machine;

	return &machine->cpus[recorded_cpu % machine->config.cpus];
}

struct task *replay_current(const struct replay *replay)
{
	struct task *task = replay->machine->running->current;

	return task && task->mm ? task : NULL;
}

/* As sched.c has it. */
static void switch_to(struct cpu *cpu, struct task *next)
{
	struct task *prev = cpu->current;

	if (prev && !task_has_ended(prev))
		task_figures_pause(prev);
	cpu_set_current(cpu, next);
	if (!next)
		return;
	cpu->machine->nr_switches++;
	next->cpu = cpu->id;
	task_figures_resume(next);
	if (next->mm)
		cpu_switch_mm(cpu, next->mm);
	event_raise(&cpu->machine->events,
	            &(struct event){ .kind = EVENT_CONTEXT_SWITCH, .arg = (uint64_t)next->pid });
}

void replay_switch_to(struct replay *replay, uint32_t recorded_cpu, struct task *task)
{
	struct cpu *cpu = cpu_for(replay, recorded_cpu);

	replay->current[recorded_cpu] = task ? task->pid : 0;
	if (task && cpu->current == task) {
		if (task->mm)
			cpu_switch_mm(cpu, task->mm); /* it may have been lazy */
		return;
	}
	if (task && task_cpu(task)->current == task)
		switch_to(task_cpu(task), NULL);
	switch_to(cpu, task);
}

struct cpu *replay_run_on(struct replay *replay, uint32_t recorded_cpu)
{
	struct cpu *cpu = cpu_for(replay, recorded_cpu);
	int32_t pid = replay->current[recorded_cpu];

	turns_begin(cpu);
	/* Several of the recorded CPUs may share this one. */
	if (pid && (!cpu->current || cpu->current->pid != pid))
		replay_switch_to(replay, recorded_cpu, things_find(&replay->tasks, (uint64_t)pid));
	return cpu;
}

void replay_kill(struct replay *replay, struct mm_struct *mm)
{
	struct machine *machine = replay->machine;
	struct task *task;

	things_forget(&replay->mms, mm);
	list_for_each_entry (task, &machine->tasks, tasks) {
		if (task->mm != mm)
			continue;
		task_figures_leave_mm(task, mm);
		if (task_cpu(task)->current == task)
			cpu_enter_lazy_tlb(task_cpu(task));
		task->mm = NULL;
		mmput(&machine->kernel, mm);
	}
}

/* ---- events ---- */

static int handle_switch(struct replay *replay, const struct record_event *event)
{
	struct task *task = things_find(&replay->tasks, (uint64_t)event->task);

	if (!replay->source->info.has_events)
		return replay_demand_switch(replay, event);
	if (!task)
		return replay_skip(replay);
	replay_switch_to(replay, event->cpu, task);
	return 0;
}

static int handle_end(struct replay *replay, const struct record_event *event)
{
	replay->machine->driver_instructions = event->args[0];
	replay->machine->nr_syscalls = event->args[1];
	replay->driver.knows_program = true;
	return 0;
}

const replay_handler replay_handlers[NR_RECORD_KINDS] = {
	[RECORD_SWITCH] = handle_switch,
	[RECORD_FAULT] = replay_fault,
	[RECORD_GIVE_UP] = replay_fault,
	[RECORD_END] = handle_end,
};

static int handle_event(struct replay *replay, const struct record_event *event)
{
	/* The source's own may go while the handler asks it for more. */
	const struct record_event copy = *event;

	if (!replay_handlers[copy.kind])
		return 0;
	return replay_handlers[copy.kind](replay, &copy);
}

/* ---- the loop ---- */

static int check_event(struct replay *replay, const struct record_event *event)
{
	replay->counts.records++;
	if ((unsigned)event->kind >= NR_RECORD_KINDS || event->nr_args > RECORD_NR_ARGS)
		return replay_refuse(replay, "there is no event %u with %u arguments",
		                     (unsigned)event->kind, event->nr_args);
	if (event->cpu >= NR_CPUS_MAX)
		return replay_refuse(replay, "there is no CPU %u", event->cpu);
	return 0;
}

static int make_accesses(struct replay *replay, const struct trace_batch *batch)
{
	replay->counts.records += batch->nr;
	return replay->source->info.has_events ? replay_accesses(replay, batch)
	                                       : replay_demand(replay, batch);
}

static void sample(struct replay *replay)
{
	replay->driver.position = replay->counts.accesses;
	if (replay->machine->interval)
		interval_sample(replay->machine->interval, replay->machine);
}

/* The accesses of the next batch. 1, and its event is left to do; 0: the end; -errno. */
static int next_batch(struct replay *replay)
{
	struct trace_batch *batch = &replay->batch;
	int got = trace_next(replay->source, batch);
	int err = 0;

	if (got < 0)
		snprintf(replay->error, sizeof(replay->error), "%s", replay->source->error);
	if (got <= 0)
		return got;
	if (batch->cpu >= NR_CPUS_MAX)
		err = replay_refuse(replay, "there is no CPU %u", batch->cpu);
	else if (batch->nr)
		err = make_accesses(replay, batch);
	if (!err && batch->event) {
		err = check_event(replay, batch->event);
		if (!err)
			replay_run_on(replay, batch->event->cpu);
	}
	return err ? err : 1;
}

int replay_until(struct replay *replay, enum record_kind kind, struct record_event *event)
{
	int err = 0, got = 0;

	if (replay->depth == MAX_DEPTH)
		return replay_refuse(replay, "calls within calls");
	replay->depth++;
	while (!err && (got = next_batch(replay)) > 0) {
		if (!replay->batch.event)
			continue;
		if (replay->batch.event->kind == kind) {
			*event = *replay->batch.event;
			break;
		}
		err = handle_event(replay, replay->batch.event);
	}
	replay->depth--;
	return err ? err : got;
}

static int finish(struct replay *replay)
{
	replay->complete = true;
	check_machine_at_end(replay->machine);
	return replay->machine->check_failure[0] ? replay_check_failed(replay) : 0;
}

int replay_step(struct replay *replay)
{
	int got = next_batch(replay), err;

	if (got < 0)
		return got;
	if (!got)
		return finish(replay);
	err = replay->batch.event ? handle_event(replay, replay->batch.event) : 0;
	sample(replay);
	return err ? err : 1;
}

int replay_run(struct replay *replay)
{
	int got;

	do
		got = replay_step(replay);
	while (got > 0);
	return got;
}
