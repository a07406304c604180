/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/replay_access.h"

#include "sim/calls.h"
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

static struct fault_result handle_fault(struct machine *machine, const struct page_fault *fault,
                                        enum access_kind kind, enum privilege priv, uint64_t ip)
{
	struct mm_struct *mm = machine->running->current->mm;
	struct fault_result result =
	    call_do_page_fault(&machine->kernel, mm, fault, kind, priv, ip);

	check_machine(machine);
	return result;
}

bool replay_answer_fault(struct replay *replay, const struct page_fault *fault,
                         enum access_kind kind, enum privilege priv, uint64_t ip)
{
	struct machine *machine = replay->machine;
	struct task *task = machine->running->current;
	struct fault_result result;

	if (task->mm && task->mm->oom_victim) /* killed here, and alive when it was recorded */
		kill_victims(replay);
	if (!task->mm || fault->non_canonical)
		return false;
	result = handle_fault(machine, fault, kind, priv, ip);
	if (result.outcome == FAULT_OOM)
		kill_victims(replay);
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

/* Does the access that faulted when it was recorded fault here? */
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

/* It does not, and so its instruction is not tried twice: what comes again is left out. */
static void expect_retry(struct replay *replay, const struct record_event *event)
{
	const struct trace_batch *batch = &replay->batch;
	struct replay_retry *retry = &replay->retries[event->cpu];
	uint32_t i = batch->nr;

	if (event->args[1] == ACCESS_FETCH || event->args[2] != PRIV_USER)
		return;
	retry->ip = event->args[3];
	while (i && batch->accesses[i - 1].kind != ACCESS_FETCH &&
	       batch->accesses[i - 1].ip == retry->ip)
		i--;
	retry->nr_again = batch->nr - i;
}

int replay_fault(struct replay *replay, const struct record_event *event)
{
	struct machine *machine = replay->machine;
	struct page_fault fault;

	if (event->args[1] >= NR_ACCESS_KINDS || event->args[2] >= NR_PRIVS)
		return replay_refuse(replay, "a fault of no kind of access");
	if (!replay_current(replay))
		return replay_skip(replay);
	if (!faults_again(replay, event, &fault)) {
		expect_retry(replay, event);
		return 0;
	}
	if (event->kind == RECORD_GIVE_UP)
		return 0;
	handle_fault(machine, &fault, (enum access_kind)event->args[1],
	             (enum privilege)event->args[2], event->args[3]);
	return machine->check_failure[0] ? replay_check_failed(replay) : 0;
}

/* ---- accesses ---- */

/* A store by the same instruction at the same place comes next, or was tried next and
 * faulted. If a page has to be asked for by such a load, it is asked for as a store
 * (sim/decode.h). */
static bool is_read_modify_write(const struct trace_batch *batch, const struct trace_access *access)
{
	const struct trace_access *next = access + 1;
	const struct record_event *event = batch->event;

	if (access->kind != ACCESS_LOAD || !access->ip)
		return false;
	if (next < batch->accesses + batch->nr)
		return next->kind == ACCESS_STORE && next->va == access->va &&
		       next->ip == access->ip;
	return event && event->kind == RECORD_FAULT && event->args[0] == access->va &&
	       event->args[1] == ACCESS_STORE && event->args[3] == access->ip;
}

/* The first access of its instruction, as far as the batch has them. A round of a string
 * instruction, which begins anew for itself, has no two of a kind. */
static const struct trace_access *begin_of_instruction(const struct trace_batch *batch,
                                                       const struct trace_access *access)
{
	const struct trace_access *first = access;

	while (access->ip && first > batch->accesses && first[-1].kind != ACCESS_FETCH &&
	       first[-1].kind != access->kind && first[-1].ip == access->ip)
		first--;
	return first;
}

/* The instruction is tried again from its start, as after every fault: its fetch, and what
 * it accessed before. What does not go is left to its own record. */
static void restart_instruction(struct replay *replay, struct mmu *mmu,
                                const struct trace_batch *batch, const struct trace_access *access)
{
	const struct trace_access *again = access;
	struct page_fault ignored;
	va_t fetch;

	if (access->priv != PRIV_USER || access->kind == ACCESS_FETCH)
		return;
	again = begin_of_instruction(batch, access);
	fetch = access->ip ? access->ip : replay->fetched[batch->cpu];
	if (fetch)
		mmu_try_access(mmu, fetch, ACCESS_FETCH, PRIV_USER, 1, &ignored);
	for (; again < access; again++)
		mmu_try_access(mmu, again->va, again->kind, again->priv, 1, &ignored);
}

/* The access, or if it is part of a store the store, up to where it faults. How many are
 * left; what of the access is a store alone is not counted as made. */
static uint64_t try(struct mmu *mmu, const struct trace_access *access, bool as_store,
                    uint64_t left, struct page_fault *fault)
{
	struct translation ignored;

	if (as_store && !mmu_probe(mmu, access->va, ACCESS_LOAD, access->priv, NULL, NULL) &&
	    !mmu_translate(mmu, access->va, ACCESS_STORE, access->priv, &ignored, fault))
		return left;
	return mmu_try_access(mmu, access->va, access->kind, access->priv, left, fault);
}

/* What no memo answers for. */
static int make_access(struct replay *replay, struct mmu *mmu, const struct trace_batch *batch,
                       const struct trace_access *access)
{
	bool as_store = is_read_modify_write(batch, access);
	uint64_t ip = access->kind == ACCESS_FETCH ? access->va : access->ip;
	struct page_fault fault;
	uint64_t left = access->count;

	for (int tries = 0; (left = try(mmu, access, as_store, left, &fault)) != 0; tries++) {
		if (tries == REPLAY_MAX_FAULTS ||
		    !replay_answer_fault(replay, &fault, access->kind, access->priv, ip)) {
			leave_out(replay, left);
			return 0;
		}
		if (replay->machine->check_failure[0])
			return replay_check_failed(replay);
		restart_instruction(replay, mmu, batch, access);
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

/* Where the task fetches, for traces that do not say it with each access. */
static void note_fetch(struct replay *replay, const struct trace_batch *batch)
{
	for (uint32_t i = batch->nr; i; i--)
		if (batch->accesses[i - 1].kind == ACCESS_FETCH) {
			replay->fetched[batch->cpu] = batch->accesses[i - 1].va;
			return;
		}
}

/* The second try of an instruction that had no fault here: one fetch less, and not again
 * what it made before. The first access behind it; *err if the fetch went wrong. */
static const struct trace_access *pass_retry(struct replay *replay, struct mmu *mmu,
                                             const struct trace_batch *batch, int *err)
{
	const struct trace_access *access = batch->accesses, *end = access + batch->nr;
	struct replay_retry retry = replay->retries[batch->cpu];
	struct trace_access fetch = *access;

	replay->retries[batch->cpu].ip = 0;
	if (access->kind != ACCESS_FETCH || access->priv != PRIV_USER ||
	    (access->va ^ retry.ip) & PAGE_MASK)
		return access;
	replay->counts.accesses += access->count;
	if (--fetch.count)
		*err = make_access(replay, mmu, batch, &fetch);
	for (access++; retry.nr_again && access < end && access->ip == retry.ip &&
	               access->kind != ACCESS_FETCH;
	     access++, retry.nr_again--)
		replay->counts.accesses += access->count;
	return access;
}

int replay_accesses(struct replay *replay, const struct trace_batch *batch)
{
	const struct trace_access *access = batch->accesses, *end = access + batch->nr;
	struct mmu *mmu = replay_run_on(replay, batch->cpu)->mmu;
	bool is_there = replay_current(replay) != NULL;
	int err = 0;

	if (unlikely(replay->retries[batch->cpu].ip) && is_there) {
		access = pass_retry(replay, mmu, batch, &err);
		is_there = replay_current(replay) != NULL;
	}
	for (; !err && is_there && access < end; access++) {
		replay->counts.accesses += access->count;
		if (likely(
		        mmu_hit_fast(mmu, access->va, access->kind, access->priv, access->count)))
			continue;
		err = make_access(replay, mmu, batch, access);
		is_there = replay_current(replay) != NULL;
	}
	if (err)
		return err;
	replay_skip_accesses(replay, access, end);
	note_fetch(replay, batch);
	return 0;
}
