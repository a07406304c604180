/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * progress - how far long work is, on a trace mostly; on standard error if that is a terminal:
 *
 *	sort.pwt  [########............]  41 %  123 M records
 */
#ifndef PW_TOOLS_PROGRESS_H
#define PW_TOOLS_PROGRESS_H

#include "traces/trace.h"

struct progress {
	const char *name; /* of the file; NULL: nothing is shown */
	uint64_t shown;   /* records, when it was last shown */
	bool visible;     /* there is a line to be wiped */
};

/* quiet: nothing is shown, whatever standard error is. */
void progress_begin(struct progress *progress, const char *name, bool quiet);

/* To be called after each batch; draws now and then. */
void progress_show(struct progress *progress, const struct trace_source *source);

/* Of work that is counted in something else, "cells": draws each time. */
void progress_count(struct progress *progress, uint64_t done, uint64_t all, const char *what);

/* The line goes away. */
void progress_end(struct progress *progress);

#endif
