/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * header - the text of a trace's first frame: what the trace is, and which kinds of
 * events it has with the names of their arguments, so that a trace of another version
 * is understood as far as the names are the same.
 */
#ifndef PW_TRACES_HEADER_H
#define PW_TRACES_HEADER_H

#include "traces/bytes.h"
#include "traces/trace.h"

#define HEADER_FIRST_LINE "pagewalk-trace/1\n"
#define HEADER_MAX_KINDS 1024

/* An event kind of the file. */
struct header_kind {
	char *name;                  /* malloc'ed */
	int kind;                    /* enum record_kind; -1: this version does not know it */
	uint32_t nr_args;            /* of the file's */
	int8_t args[RECORD_NR_ARGS]; /* ours for each of them; -1: not known */
};

struct header {
	struct trace_info info; /* strings malloc'ed, but format */
	struct header_kind *kinds;
	uint32_t nr_kinds;
};

/* Appends the text. */
void header_write(const struct trace_info *info, struct bytes *out);

/* 0; -EBADMSG and why[], with the line; -ENOMEM. Release in any case. */
int header_read(struct header *header, const void *text, size_t size, char *why, size_t why_size);
void header_finish(struct header *header); /* zeroed is fine */

#endif
