/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_demand - accesses of which nothing else is known, as foreign traces have them:
 * memory is there on demand.
 *
 * Each address space is one area, of all addresses that programs may have, which may be
 * read, written and executed. A page comes just before its first access and is there as
 * after a write, so that an access is a look-up, and perhaps a walk that succeeds; the page
 * fault is the kernel's alone. What the kernel itself accesses is not counted: nobody
 * recorded it.
 *
 * Simplified: real memory would be read before it is dirty, and mapped by somebody.
 */
#ifndef PW_TRACES_REPLAY_DEMAND_H
#define PW_TRACES_REPLAY_DEMAND_H

#include "traces/replay.h"

/* The accesses of a batch. 0; -errno and replay->error. */
int replay_demand(struct replay *replay, const struct trace_batch *batch);

/* RECORD_SWITCH of such a trace: which address space the task is in. */
int replay_demand_switch(struct replay *replay, const struct record_event *event);

#endif
