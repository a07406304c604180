/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/trace.h"

const char *const trace_event_names[NR_RECORD_KINDS] = {
#define X(id, name, args) [id] = name,
	RECORD_EVENTS(X)
#undef X
};

const char *const trace_event_args[NR_RECORD_KINDS] = {
#define X(id, name, args) [id] = args,
	RECORD_EVENTS(X)
#undef X
};
