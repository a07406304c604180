/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/replay_demand.h"

#include "mm/mm.h"
#include "traces/replay_access.h"

#include <errno.h>

/* The task of a trace that names none. */
#define NAMELESS_PID 1000

/* ---- tasks ---- */

static int no_memory(struct replay *replay, int32_t pid)
{
	return replay_refuse(replay, "the machine has no memory for task %d", pid);
}

/* NULL: no memory, the machine's or the host's. */
static struct mm_struct *create_mm(struct replay *replay, uint64_t id, int32_t pid)
{
	const uint64_t anybody =
	    VM_READ | VM_WRITE | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_NORESERVE;
	struct kernel *k = &replay->machine->kernel;
	struct mm_struct *mm = mm_alloc(k);

	if (!mm)
		return NULL;
	mm->owner_pid = pid;
	if (!insert_vma(k, mm, 0, mm->task_size, anybody, NULL) &&
	    !things_set(&replay->mms, id, mm))
		return mm;
	mmput(k, mm);
	return NULL;
}

static struct task *create_task(struct replay *replay, int32_t pid)
{
	struct task *task;

	if (task_create_bare(&task, replay->machine, pid, pid, 0))
		return NULL;
	if (!things_set(&replay->tasks, (uint64_t)pid, task))
		return task;
	task_destroy(task);
	return NULL;
}

/* A new task, which may share an address space. */
static int add_task(struct replay *replay, int32_t pid, uint64_t mm_id, struct task **out)
{
	struct mm_struct *mm = things_find(&replay->mms, mm_id);
	struct task *task = create_task(replay, pid);

	if (!task)
		return no_memory(replay, pid);
	if (mm)
		mm->mm_users++;
	else
		mm = create_mm(replay, mm_id, pid);
	if (!mm)
		return no_memory(replay, pid);
	task->mm = mm;
	*out = task;
	return 0;
}

static int switch_to(struct replay *replay, uint32_t cpu, int32_t pid, uint64_t mm_id)
{
	struct task *task = things_find(&replay->tasks, (uint64_t)pid);
	int err = task ? 0 : add_task(replay, pid, mm_id, &task);

	if (!err)
		replay_switch_to(replay, cpu, task);
	return err;
}

int replay_demand_switch(struct replay *replay, const struct record_event *event)
{
	return switch_to(replay, event->cpu, event->task ? event->task : NAMELESS_PID,
	                 event->args[0]);
}

/* ---- accesses ---- */

/* Until the page is there for any kind of access, or the task is gone. */
static int make_present(struct replay *replay, const struct mmu *mmu, va_t va, uint64_t ip)
{
	const struct page_fault write = { .va = va, .error_code = PF_U | PF_W };

	for (int tries = 0; tries < REPLAY_MAX_FAULTS; tries++) {
		if (mmu_probe(mmu, va, ACCESS_STORE, PRIV_USER, NULL, NULL) ||
		    !replay_answer_fault(replay, &write, ACCESS_STORE, PRIV_USER, ip))
			break;
		if (replay->machine->check_failure[0])
			return replay_check_failed(replay);
	}
	return 0;
}

/* What no memo answers for. */
static int access_slowly(struct replay *replay, struct mmu *mmu, const struct trace_access *access,
                         va_t va)
{
	uint64_t ip = access->kind == ACCESS_FETCH ? va : access->ip;
	struct page_fault fault;
	int err;

	if (replay_current(replay) && va >= replay_current(replay)->mm->task_size)
		return replay_refuse(replay,
		                     "a program cannot have the address 0x%lx on this machine "
		                     "(--fold brings it into what it can)",
		                     (unsigned long)va);
	err = replay_current(replay) ? make_present(replay, mmu, va, ip) : 0;
	if (err)
		return err;
	if (!replay_current(replay))
		replay->counts.skipped += access->count;
	else
		replay->counts.segv +=
		    mmu_try_access(mmu, va, access->kind, access->priv, access->count, &fault);
	return 0;
}

static int make_access(struct replay *replay, struct mmu *mmu, const struct trace_access *access,
                       va_t va)
{
	if (likely(mmu_hit_fast(mmu, va, access->kind, access->priv, access->count)))
		return 0;
	return access_slowly(replay, mmu, access, va);
}

static bool spans_two_pages(const struct trace_access *access)
{
	return access->count == 1 && (access->va & ~PAGE_MASK) + access->size > PAGE_SIZE;
}

/* By a machine whose programs have addresses up to `top`; 0: as they are. */
static va_t fold(va_t va, va_t top)
{
	return top ? va % top : va;
}

static int make_accesses(struct replay *replay, struct mmu *mmu, const struct trace_batch *batch,
                         va_t top)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < batch->nr; i++) {
		const struct trace_access *access = &batch->accesses[i];

		replay->counts.accesses += access->count;
		err = make_access(replay, mmu, access, fold(access->va, top));
		if (!err && unlikely(spans_two_pages(access)))
			err = make_access(replay, mmu, access,
			                  fold((access->va | ~PAGE_MASK) + 1, top));
	}
	return err;
}

int replay_demand(struct replay *replay, const struct trace_batch *batch)
{
	int32_t pid = batch->task ? batch->task : NAMELESS_PID;
	const struct task *task;
	struct mmu *mmu;

	if (replay->current[batch->cpu] != pid) {
		int err = switch_to(replay, batch->cpu, pid, (uint64_t)pid);

		if (err)
			return err;
	}
	mmu = replay_run_on(replay, batch->cpu)->mmu;
	task = replay_current(replay);
	if (task)
		return make_accesses(replay, mmu, batch,
		                     replay->options.fold ? task->mm->task_size : 0);
	replay_skip_accesses(replay, batch->accesses, batch->accesses + batch->nr);
	return 0;
}
