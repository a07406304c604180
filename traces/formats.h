/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * formats - the formats of traces, and the one way to open a trace of any of them.
 */
#ifndef PW_TRACES_FORMATS_H
#define PW_TRACES_FORMATS_H

#include "traces/trace.h"

#include <stdio.h>

/* path: "-" is standard input. format: its name; NULL: what the first bytes tell.
 * 0 and *out; -errno and why[], which names the file. path must last as long. */
int trace_open(struct trace_source **out, const char *path, const char *format, char *why,
               size_t why_size);

/* Writes a trace of a format ("pagewalk": our own) to a file that stays the caller's. The
 * strings of info must last. 0 and *out; -errno and why[]: there is no such format, or it
 * cannot hold such a trace. */
int trace_create(struct trace_sink **out, const char *format, FILE *file,
                 const struct trace_info *info, char *why, size_t why_size);

/* The i-th format that can be read: its name, and what it is; NULL behind the last. */
const char *trace_read_format(size_t i, const char **doc);

#endif
