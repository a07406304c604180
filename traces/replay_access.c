/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/replay_access.h"

#include "mm/mm.h"
#include "sim/check.h"

#include <errno.h>
#include <stdio.h>

/* As often as this an access may fault, each time answered with a page that is gone again
 * when memory is short (sim/vcpu.c). */
#define MAX_FAULTS_PER_ACCESS 64

/* A task of a trace that names none. */
#define NAMELESS_PID 1000

int replay_check_failed(struct replay *replay)
{
	snprintf(replay->error, sizeof(replay->error), "--check: %s",
	         replay->machine->check_failure);
	return -EIO;
}

/* ---- faults ---- */

/* The OOM killer has chosen them; here it is done. */
static void kill_victims(struct replay *replay)
{
	struct task *task;

	list_for_each_entry (task, &replay->machine->tasks, tasks)
		if (task->mm && task->mm->oom_victim)
			replay_kill(replay, task->mm);
}

/* What the machine does after a fault of a program that it has answered. */
static void leave_fault(struct machine *machine, enum privilege priv)
{
	if (priv == PRIV_USER)
		kernel_run_threads(&machine->kernel);
	check_machine(machine);
}

/* The kernel's part of a page fault of the running task. True: try again. */
static bool answer_fault(struct replay *replay, const struct trace_access *access,
                         const struct page_fault *fault)
{
	struct machine *machine = replay->machine;
	struct task *task = machine->running->current;
	uint64_t ip = access->kind == ACCESS_FETCH ? access->va : access->ip;
	struct fault_result result;

	if (task->mm->oom_victim) /* killed here, and alive when it was recorded */
		kill_victims(replay);
	if (!task->mm || fault->non_canonical)
		return false;
	result = do_page_fault(&machine->kernel, task->mm, fault->va, fault->error_code, ip);
	if (result.outcome == FAULT_OOM)
		kill_victims(replay);
	leave_fault(machine, access->priv);
	return result.outcome != FAULT_SIGSEGV && result.outcome != FAULT_SIGBUS && task->mm;
}

/* Accesses that were left out: the task is gone here, or nothing allows them. */
static void leave_out(struct replay *replay, uint64_t nr)
{
	if (replay_current(replay))
		replay->counts.segv += nr;
	else
		replay->counts.skipped += nr;
}

int replay_fault(struct replay *replay, const struct record_event *event)
{
	struct machine *machine = replay->machine;
	struct task *task = replay_current(replay);
	enum access_kind kind = (enum access_kind)event->args[1];
	enum privilege priv = (enum privilege)event->args[2];
	struct mmu *mmu = machine->running->mmu;
	struct translation ignored;
	struct page_fault fault;

	if (event->args[1] >= NR_ACCESS_KINDS || event->args[2] >= NR_PRIVS)
		return replay_refuse(replay, "a fault of no kind of access");
	if (!task)
		return replay_skip(replay);
	/* The access itself comes again: what does not fault here is not counted twice. */
	if (mmu_probe(mmu, event->args[0], kind, priv, NULL, NULL))
		return 0;
	if (mmu_translate(mmu, event->args[0], kind, priv, &ignored, &fault) || fault.non_canonical)
		return 0;
	do_page_fault(&machine->kernel, task->mm, fault.va, fault.error_code, event->args[3]);
	leave_fault(machine, priv);
	return machine->check_failure[0] ? replay_check_failed(replay) : 0;
}

/* ---- accesses of a recorded run ---- */

/* `left` of the access's have not been made: the tables do not allow the first. */
static int make_possible(struct replay *replay, struct mmu *mmu, const struct trace_access *access,
                         uint64_t left, struct page_fault *fault)
{
	const struct machine *machine = replay->machine;

	for (int tries = 0; left; tries++) {
		if (tries == MAX_FAULTS_PER_ACCESS || !answer_fault(replay, access, fault)) {
			leave_out(replay, left);
			break;
		}
		if (machine->check_failure[0])
			return replay_check_failed(replay);
		left = mmu_try_access(mmu, access->va, access->kind, access->priv, left, fault);
	}
	return 0;
}

/* The rest of a batch whose task is gone. */
static void skip(struct replay *replay, const struct trace_access *access,
                 const struct trace_access *end)
{
	for (; access < end; access++) {
		replay->counts.accesses += access->count;
		replay->counts.skipped += access->count;
	}
}

static int make_recorded(struct replay *replay, const struct trace_batch *batch)
{
	struct mmu *mmu = replay->machine->running->mmu;
	const struct trace_access *access = batch->accesses, *end = access + batch->nr;
	struct page_fault fault;
	uint64_t left;

	for (; access < end; access++) {
		int err;

		replay->counts.accesses += access->count;
		left = mmu_try_access(mmu, access->va, access->kind, access->priv, access->count,
		                      &fault);
		if (likely(!left))
			continue;
		err = make_possible(replay, mmu, access, left, &fault);
		if (err)
			return err;
		if (!replay_current(replay)) {
			skip(replay, access + 1, end);
			break;
		}
	}
	return 0;
}

/* ---- accesses of which nothing else is known: memory on demand ---- */

/*
 * One task for each pid, and all of its addresses are one area that anybody may read,
 * write and execute. A page comes before its first access, and is there as after a write:
 * its A and D bits tell nothing, and so cost nothing.
 */
static int create_task(struct replay *replay, int32_t pid, struct task **out)
{
	struct kernel *k = &replay->machine->kernel;
	struct task *task;
	int err = task_create_bare(&task, replay->machine, pid, pid, 0);

	if (err)
		return err;
	err = things_set(&replay->tasks, (uint64_t)pid, task);
	if (err) {
		task_destroy(task);
		return err;
	}
	task->mm = mm_alloc(k);
	if (!task->mm)
		return replay_refuse(replay, "the machine has no memory for task %d", pid);
	task->mm->owner_pid = pid;
	*out = task;
	if (insert_vma(k, task->mm, 0, task->mm->task_size,
	               VM_READ | VM_WRITE | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC |
	                   VM_NORESERVE,
	               NULL))
		return replay_refuse(replay, "the machine has no memory for task %d", pid);
	return 0;
}

/* The task of the batch runs on its CPU. */
static int enter_task(struct replay *replay, const struct trace_batch *batch)
{
	int32_t pid = batch->task ? batch->task : NAMELESS_PID;
	struct task *task;
	int err;

	if (replay->current[batch->cpu] == pid)
		return 0;
	task = things_find(&replay->tasks, (uint64_t)pid);
	if (!task) {
		err = create_task(replay, pid, &task);
		if (err)
			return err;
	}
	replay_switch_to(replay, batch->cpu, task);
	return 0;
}

/* Until the page is there for any kind of access, or the task is gone. */
static int make_present(struct replay *replay, const struct mmu *mmu,
                        const struct trace_access *access, va_t va)
{
	const struct trace_access write = { .va = va, .ip = access->ip, .kind = ACCESS_STORE };
	const struct page_fault fault = { .va = va, .error_code = PF_U | PF_W };
	const struct machine *machine = replay->machine;

	for (int tries = 0; tries < MAX_FAULTS_PER_ACCESS; tries++) {
		if (mmu_probe(mmu, va, access->kind, PRIV_USER, NULL, NULL) ||
		    !answer_fault(replay, &write, &fault))
			break;
		if (machine->check_failure[0])
			return replay_check_failed(replay);
	}
	return 0;
}

static int make_one(struct replay *replay, struct mmu *mmu, const struct trace_access *access,
                    va_t va, uint64_t nr)
{
	const struct task *task = replay_current(replay);
	struct page_fault fault;
	uint64_t left;
	int err;

	if (likely(mmu_hit_fast(mmu, va, access->kind, PRIV_USER, nr)))
		return 0;
	if (!task) {
		replay->counts.skipped += nr;
		return 0;
	}
	if (va >= task->mm->task_size)
		return replay_refuse(replay,
		                     "the machine's programs have no address 0x%lx (--fold "
		                     "brings it into theirs)",
		                     (unsigned long)va);
	err = make_present(replay, mmu, access, va);
	if (err)
		return err;
	if (!replay_current(replay)) {
		replay->counts.skipped += nr;
		return 0;
	}
	left = mmu_try_access(mmu, va, access->kind, PRIV_USER, nr, &fault);
	replay->counts.segv += left;
	return 0;
}

static bool spans_two_pages(const struct trace_access *access)
{
	return access->count == 1 && (access->va & ~PAGE_MASK) + access->size > PAGE_SIZE;
}

static int make_foreign(struct replay *replay, const struct trace_batch *batch)
{
	struct mmu *mmu = replay->machine->running->mmu;
	const va_t top = replay->options.fold ? replay_current(replay)->mm->task_size : 0;
	int err = 0;

	for (uint32_t i = 0; !err && i < batch->nr; i++) {
		const struct trace_access *access = &batch->accesses[i];
		va_t va = top ? access->va % top : access->va;

		replay->counts.accesses += access->count;
		err = make_one(replay, mmu, access, va, access->count);
		if (!err && unlikely(spans_two_pages(access)))
			err = make_one(replay, mmu, access, (va | ~PAGE_MASK) + 1, 1);
	}
	return err;
}

int replay_accesses(struct replay *replay, const struct trace_batch *batch)
{
	int err = 0;

	replay->counts.records += batch->nr;
	if (!replay->source->info.has_events)
		err = enter_task(replay, batch);
	if (err)
		return err;
	replay_run_on(replay, batch->cpu);
	if (!replay_current(replay)) {
		skip(replay, batch->accesses, batch->accesses + batch->nr);
		return 0;
	}
	return replay->source->info.has_events ? make_recorded(replay, batch)
	                                       : make_foreign(replay, batch);
}
