/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cut - a part of a trace, as a trace.
 */
#ifndef PW_TRACES_CUT_H
#define PW_TRACES_CUT_H

#include "traces/trace.h"

/* From the first to the last, both within; counted from 1. */
struct trace_range {
	uint64_t first, last; /* 0: from the begin; to the end */
};

/* What is kept: what all of these keep. A record is an access as it was recorded (which
 * may be many in a row), or an event. */
struct trace_cut {
	struct trace_range records;
	struct trace_range instructions; /* fetched, of all tasks together */
	int32_t task;
	bool one_task; /* accesses and events of task alone */
	/* Events are all kept up to the end of the range, whosever they are: memory is then
	 * as it was, and the cut can be replayed. Not the run's sums, if accesses lack. */
	bool keep_events;
};

/* Takes the source over, in any case. 0 and *out; -ENOMEM. */
int trace_cut_open(struct trace_source **out, struct trace_source *source,
                   const struct trace_cut *cut);

#endif
