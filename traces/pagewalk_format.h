/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk_format - our own trace format as a source and as a sink
 * (docs/trace-format.md).
 */
#ifndef PW_TRACES_PAGEWALK_FORMAT_H
#define PW_TRACES_PAGEWALK_FORMAT_H

#include "traces/trace.h"

#include <stdio.h>

/* True if a file that begins with these bytes is one of ours; some hundred are enough. */
bool trace_is_pagewalk(const void *head, size_t size);

/* A file, read forwards only, and what was read of it already (head; at most
 * FRAME_MAX_HEAD bytes). The source closes it; so does this if it fails. `name` is for
 * messages, and copied. 0; -errno and why[]. */
int trace_open_pagewalk(struct trace_source **out, FILE *file, const void *head, size_t head_size,
                        const char *name, char *why, size_t why_size);

/* Writes to a file that stays the caller's. The strings of info are copied. 0 or -errno. */
int trace_create_pagewalk(struct trace_sink **out, FILE *file, const struct trace_info *info);

#endif
