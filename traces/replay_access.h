/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_access - the accesses of a trace, made on the machine, and their page faults.
 */
#ifndef PW_TRACES_REPLAY_ACCESS_H
#define PW_TRACES_REPLAY_ACCESS_H

#include "traces/replay.h"

/* All of the batch. 0; -errno and replay->error. */
int replay_accesses(struct replay *replay, const struct trace_batch *batch);

/* The handler of RECORD_FAULT: an access that faulted when it was recorded. */
int replay_fault(struct replay *replay, const struct record_event *event);

/* --check has found something: -EIO, and replay->error says what. */
int replay_check_failed(struct replay *replay);

#endif
