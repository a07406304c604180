/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/replay.h"

#include "sim/calls.h"
#include "sim/check.h"
#include "sim/json.h"
#include "sim/vcpu.h"
#include "traces/replay_access.h"
#include "traces/replay_demand.h"
#include "traces/replay_handlers.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	if (replay->machine) {
		replay->machine->kernel.counts_accesses = false; /* no part of the run */
		replay_release_mms(replay);
		while ((task = things_take_any(&replay->tasks))) {
			task->stack = NULL; /* one of the objects */
			task_destroy(task);
		}
		replay_release_files(replay);
		replay_release_objects(replay);
	}
	things_finish(&replay->tasks);
	things_finish(&replay->mms);
	things_finish(&replay->mappings);
	things_finish(&replay->files);
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
	const char *name = replay->options.name;
	char what[256];

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(replay->error, sizeof(replay->error), "%s%srecord %lu: %s", name ? name : "",
	         name ? ": " : "", (unsigned long)replay->counts.records, what);
	return -EINVAL;
}

/* ---- CPUs and tasks ---- */

struct cpu *replay_cpu_for(const struct replay *replay, uint32_t recorded_cpu)
{
	struct machine *machine = replay->machine;

	return &machine->cpus[recorded_cpu % machine->config.cpus];
}

struct task *replay_current(const struct replay *replay)
{
	const struct cpu *cpu = replay->machine->running;
	struct task *task = cpu->current;

	if (!task || !task->mm || task->mm != cpu->tlb.loaded_mm || cpu->tlb.is_lazy)
		return NULL;
	return task;
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
	struct cpu *cpu = replay_cpu_for(replay, recorded_cpu);

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
	struct cpu *cpu = replay_cpu_for(replay, recorded_cpu);
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
		task_report_end(task->report, SIGKILL);
		if (task_cpu(task)->current == task)
			cpu_enter_lazy_tlb(task_cpu(task));
		task->mm = NULL;
	}
	mm->mm_users = 1; /* whatever the trace would have done with the others */
	call_mmput(&machine->kernel, mm);
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

/* None: TURN, as each event is its CPU's; COPIED and RW_END, which replay_copy() takes. */
static const replay_handler handlers[NR_RECORD_KINDS] = {
	[RECORD_SWITCH] = handle_switch,
	[RECORD_LOAD_MM] = replay_load_mm,
	[RECORD_LAZY_TLB] = replay_lazy_tlb,
	[RECORD_THREADS] = replay_threads,
	[RECORD_FAULT] = replay_fault,
	[RECORD_GIVE_UP] = replay_fault,
	[RECORD_TASK] = replay_task,
	[RECORD_ARGV] = replay_argv,
	[RECORD_LEADER] = replay_leader,
	[RECORD_EXIT] = replay_exit,
	[RECORD_STATUS] = replay_status,
	[RECORD_TASK_FREE] = replay_task_free,
	[RECORD_SET_POLICY] = replay_set_policy,
	[RECORD_MM_ALLOC] = replay_mm_alloc,
	[RECORD_MM_DUP] = replay_mm_dup,
	[RECORD_MM_GET] = replay_mm_get,
	[RECORD_MM_PUT] = replay_mm_put,
	[RECORD_USE_MM] = replay_use_mm,
	[RECORD_LEAVE_MM] = replay_leave_mm,
	[RECORD_MM_LAYOUT] = replay_mm_layout,
	[RECORD_MM_LIMITS] = replay_mm_limits,
	[RECORD_MM_OWNER] = replay_mm_owner,
	[RECORD_INSERT_VMA] = replay_insert_vma,
	[RECORD_VM_BRK] = replay_vm_brk,
	[RECORD_MMAP] = replay_mmap,
	[RECORD_FORBID_WRITING] = replay_forbid_writing,
	[RECORD_MUNMAP] = replay_munmap,
	[RECORD_MPROTECT] = replay_mprotect,
	[RECORD_MREMAP] = replay_mremap,
	[RECORD_BRK] = replay_brk,
	[RECORD_MADVISE] = replay_madvise,
	[RECORD_MSYNC] = replay_msync,
	[RECORD_MLOCK] = replay_mlock,
	[RECORD_MLOCKALL] = replay_mlockall,
	[RECORD_POPULATE] = replay_populate,
	[RECORD_MBIND] = replay_mbind,
	[RECORD_HOME_NODE] = replay_home_node,
	[RECORD_MIGRATE_PAGES] = replay_migrate_pages,
	[RECORD_MOVE_PAGE] = replay_move_page,
	[RECORD_ACCESS_VM] = replay_access_vm,
	[RECORD_CLEAR_REFS] = replay_clear_refs,
	[RECORD_MAPPING] = replay_mapping,
	[RECORD_SHMEM] = replay_shmem,
	[RECORD_SIZE] = replay_size,
	[RECORD_MAPPING_END] = replay_mapping_end,
	[RECORD_FILE] = replay_file,
	[RECORD_FILE_END] = replay_file_end,
	[RECORD_FADVISE] = replay_fadvise,
	[RECORD_READ] = replay_read_write,
	[RECORD_WRITE] = replay_read_write,
	[RECORD_SYNC] = replay_sync,
	[RECORD_INVALIDATE] = replay_invalidate,
	[RECORD_READAHEAD] = replay_readahead,
	[RECORD_DROP_PAGES] = replay_drop_pages,
	[RECORD_CLEAR_TAIL] = replay_clear_tail,
	[RECORD_TRUNCATE] = replay_truncate,
	[RECORD_STACK_ALLOC] = replay_stack_alloc,
	[RECORD_STACK_FREE] = replay_stack_free,
	[RECORD_CACHE_CREATE] = replay_cache_create,
	[RECORD_CACHE_DESTROY] = replay_cache_destroy,
	[RECORD_CACHE_ALLOC] = replay_cache_alloc,
	[RECORD_CACHE_FREE] = replay_cache_free,
	[RECORD_KZALLOC] = replay_kzalloc,
	[RECORD_KFREE] = replay_kfree,
	[RECORD_PAGES_ALLOC] = replay_pages_alloc,
	[RECORD_PAGES_FREE] = replay_pages_free,
	[RECORD_VMALLOC] = replay_vmalloc,
	[RECORD_VFREE] = replay_vfree,
	[RECORD_IOREMAP] = replay_ioremap,
	[RECORD_IOUNMAP] = replay_iounmap,
	[RECORD_KERNEL_ACCESS] = replay_kernel_access,
	[RECORD_SYSCTL] = replay_sysctl,
	[RECORD_LOWMEM_RATIO] = replay_lowmem_ratio,
	[RECORD_DROP_CACHES] = replay_drop_caches,
	[RECORD_CPU_END] = replay_cpu_end,
	[RECORD_END] = handle_end,
};

static int handle_event(struct replay *replay, const struct record_event *event)
{
	/* The source's own may go while the handler asks it for more. */
	const struct record_event copy = *event;

	if (!handlers[copy.kind])
		return 0;
	return handlers[copy.kind](replay, &copy);
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

/* Between the events of a read or write nothing else happens. */
static bool is_of_copy(enum record_kind kind)
{
	return kind == RECORD_FAULT || kind == RECORD_GIVE_UP;
}

static bool ends_copy(enum record_kind kind)
{
	return kind == RECORD_COPIED || kind == RECORD_RW_END;
}

int replay_copy(struct replay *replay, struct record_event *end)
{
	int err = 0, got = 0;

	while (!err && (got = next_batch(replay)) > 0) {
		const struct record_event *event = replay->batch.event;

		if (event && ends_copy(event->kind)) {
			*end = *event;
			return 1;
		}
		if (event && !is_of_copy(event->kind))
			err = replay_refuse(replay, "%s while a file is read or written",
			                    trace_event_names[event->kind]);
		else if (event)
			err = handle_event(replay, event);
	}
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
