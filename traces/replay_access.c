/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/replay_access.h"

#include "mm/mm.h"
#include "sim/check.h"

#include <errno.h>
#include <stdio.h>

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

static bool is_signal(const struct fault_result *result)
{
	return result->outcome == FAULT_SIGSEGV || result->outcome == FAULT_SIGBUS;
}

/* The kernel's part of a page fault, as the machine has it. */
static struct fault_result handle_fault(struct machine *machine, const struct page_fault *fault,
                                        enum privilege priv, uint64_t ip)
{
	struct fault_result result = do_page_fault(&machine->kernel, machine->running->current->mm,
	                                           fault->va, fault->error_code, ip);

	if (priv == PRIV_USER && !is_signal(&result))
		kernel_run_threads(&machine->kernel);
	check_machine(machine);
	return result;
}

bool replay_answer_fault(struct replay *replay, const struct page_fault *fault, enum privilege priv,
                         uint64_t ip)
{
	struct machine *machine = replay->machine;
	struct task *task = machine->running->current;
	struct fault_result result;

	if (task->mm->oom_victim) /* killed here, and alive when it was recorded */
		kill_victims(replay);
	if (!task->mm || fault->non_canonical)
		return false;
	result = handle_fault(machine, fault, priv, ip);
	if (result.outcome == FAULT_OOM)
		kill_victims(replay);
	return !is_signal(&result) && task->mm;
}

/* Accesses that were left out: the task is gone here, or nothing allows them. */
static void leave_out(struct replay *replay, uint64_t nr)
{
	if (replay_current(replay))
		replay->counts.segv += nr;
	else
		replay->counts.skipped += nr;
}

/* Does the access that faulted when it was recorded fault here? It comes again by itself,
 * so that what does not fault here is not made now. */
static bool faults_again(const struct replay *replay, const struct record_event *event,
                         struct page_fault *fault)
{
	struct mmu *mmu = replay->machine->running->mmu;
	enum access_kind kind = (enum access_kind)event->args[1];
	enum privilege priv = (enum privilege)event->args[2];
	struct translation ignored;

	return !mmu_probe(mmu, event->args[0], kind, priv, NULL, NULL) &&
	       !mmu_translate(mmu, event->args[0], kind, priv, &ignored, fault) &&
	       !fault->non_canonical;
}

int replay_fault(struct replay *replay, const struct record_event *event)
{
	struct machine *machine = replay->machine;
	struct page_fault fault;

	if (event->args[1] >= NR_ACCESS_KINDS || event->args[2] >= NR_PRIVS)
		return replay_refuse(replay, "a fault of no kind of access");
	if (!replay_current(replay))
		return replay_skip(replay);
	if (!faults_again(replay, event, &fault) || event->kind == RECORD_GIVE_UP)
		return 0;
	handle_fault(machine, &fault, (enum privilege)event->args[2], event->args[3]);
	return machine->check_failure[0] ? replay_check_failed(replay) : 0;
}

/* ---- accesses ---- */

/* `left` of the access's have not been made: the tables do not allow the first. */
static int make_possible(struct replay *replay, struct mmu *mmu, const struct trace_access *access,
                         uint64_t left, struct page_fault *fault)
{
	uint64_t ip = access->kind == ACCESS_FETCH ? access->va : access->ip;

	for (int tries = 0; left; tries++) {
		if (tries == REPLAY_MAX_FAULTS ||
		    !replay_answer_fault(replay, fault, access->priv, ip)) {
			leave_out(replay, left);
			break;
		}
		if (replay->machine->check_failure[0])
			return replay_check_failed(replay);
		left = mmu_try_access(mmu, access->va, access->kind, access->priv, left, fault);
	}
	return 0;
}

void replay_skip_accesses(struct replay *replay, const struct trace_access *access,
                          const struct trace_access *end)
{
	for (; access < end; access++) {
		replay->counts.accesses += access->count;
		replay->counts.skipped += access->count;
	}
}

int replay_accesses(struct replay *replay, const struct trace_batch *batch)
{
	const struct trace_access *access = batch->accesses, *end = access + batch->nr;
	struct mmu *mmu = replay_run_on(replay, batch->cpu)->mmu;
	struct page_fault fault;
	uint64_t left;

	if (!replay_current(replay)) {
		replay_skip_accesses(replay, access, end);
		return 0;
	}
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
			replay_skip_accesses(replay, access + 1, end);
			break;
		}
	}
	return 0;
}
