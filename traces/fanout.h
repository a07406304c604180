/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanout - one trace, read once, for several readers, each of which sees all of it. Each
 * reader is used by a thread of its own, of which one runs at a time: they take turns on
 * chunks of the trace.
 *
 *   source -> chunk -> reader 0, then reader 1, ... reader n - 1 -> next chunk
 */
#ifndef PW_TRACES_FANOUT_H
#define PW_TRACES_FANOUT_H

#include "traces/trace.h"

struct fanout;

/* The source stays the caller's, and nobody else's until fanout_destroy(). 0 or -ENOMEM. */
int fanout_create(struct fanout **out, struct trace_source *source, unsigned nr_readers);
void fanout_destroy(struct fanout *fanout); /* all readers are closed; NULL is fine */

/* Fetches of it have no block. The first trace_next() waits for its turn, and whoever has it
 * keeps it until a later call; so each reader must be read to its end, or closed. */
struct trace_source *fanout_reader(struct fanout *fanout, unsigned i);

#endif
