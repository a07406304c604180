/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_access - the accesses of a trace, made on the machine, and their page faults.
 *
 * Where a fault is one that the recorded run did not have, or had and this machine has not,
 * the rest of the instruction follows: on a fault a CPU begins it anew.
 *
 * Simplified: page detail does not know which accesses are an instruction's; and of one that
 * reads and writes, whose fault was recorded as a write's, a load is missing here if this
 * machine can read there.
 */
#ifndef PW_TRACES_REPLAY_ACCESS_H
#define PW_TRACES_REPLAY_ACCESS_H

#include "traces/replay.h"

/* As often as this an access may fault, each time answered with a page that is gone again
 * when memory is short (sim/vcpu.c). */
#define REPLAY_MAX_FAULTS 64

/* The accesses of a batch of a recorded run. 0; -errno and replay->error. */
int replay_accesses(struct replay *replay, const struct trace_batch *batch);

/* The handler of RECORD_FAULT and RECORD_GIVE_UP. */
int replay_fault(struct replay *replay, const struct record_event *event);

/* The kernel's part of a page fault of the running task, which the recorded run did not
 * have. True: try again. */
bool replay_answer_fault(struct replay *replay, const struct page_fault *fault,
                         enum access_kind kind, enum privilege priv, uint64_t ip);

/* Those of a task that is gone here. */
void replay_skip_accesses(struct replay *replay, const struct trace_access *access,
                          const struct trace_access *end);

/* --check has found something: -EIO, and replay->error says what. */
int replay_check_failed(struct replay *replay);

#endif
