/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recording - `pagewalk run --record`: the trace's file, from the option to the end. Unlike
 * other outputs it is written in place from its first frame on, so that what is left of a
 * run that was killed can be read.
 */
#ifndef PW_TOOLS_RECORDING_H
#define PW_TOOLS_RECORDING_H

#include "traces/recorder.h"

#include <pthread.h>

struct recording {
	/* options */
	const char *path; /* NULL: nothing is recorded */
	enum trace_detail detail;
	bool has_detail;

	FILE *file;
	bool is_new; /* the file was not there before */
	struct trace_recorder *recorder;
	pthread_t signals; /* waits for those that end us, and completes the file before */
	bool has_signals;
	_Atomic bool is_over; /* the next one tells the thread to end */
};

/* Each 0, or EXIT_MISTAKE with the mistake told. Nothing to do without a path. */
int recording_open(struct recording *recording, enum engine_mode engine);
int recording_begin(struct recording *recording, struct machine *machine, char *const *argv);
int recording_complete(struct recording *recording);

/* Fine at any time. A file in which nothing stands yet is as it was. */
void recording_finish(struct recording *recording);

#endif
