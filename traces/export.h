/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export - traces for other tools. A format is a file export_NAME.c and a row in
 * export.c; it gets accesses one by one (traces/unroll.h), and who makes them.
 */
#ifndef PW_TRACES_EXPORT_H
#define PW_TRACES_EXPORT_H

#include "traces/id_map.h"
#include "traces/trace.h"
#include "traces/unroll.h"

#include <stdio.h>

struct export;

struct export_format {
	const char *name;
	const char *doc;
	size_t state_bytes; /* of the writer's own, zeroed */
	/* What it can say; the rest is left out, and counted. */
	bool has_kernel, has_counts;
	bool needs_instructions;             /* so a trace of pages cannot be written */
	int (*begin)(struct export *export); /* each optional; 0 or -errno */
	int (*access)(struct export *export, const struct trace_access *access);
	int (*end)(struct export *export);
	void (*finish)(struct export *export);
};

struct export
{
	struct trace_sink sink;
	const struct export_format *format;
	FILE *file; /* the caller's */
	void *state;
	struct trace_info info;
	struct unroll unroll;
	int32_t task; /* who makes the accesses that come now; 0: unknown */
	uint32_t cpu;
	struct id_map mm_of;      /* of tasks, as far as told */
	struct id_map process_of; /* of threads */
};

/* Writes to a file that stays the caller's. The strings of info must last. 0 and *out;
 * -EINVAL and why[]: there is no such format, or it cannot hold such a trace; -ENOMEM. */
int trace_export_create(struct trace_sink **out, const char *format, FILE *file,
                        const struct trace_info *info, char *why, size_t why_size);

/* The i-th format: its name, and what it is; NULL behind the last. */
const char *trace_export_format(size_t i, const char **doc);

extern const struct export_format export_drmemtrace, export_champsim, export_lackey, export_csv;

/* ---- for formats ---- */

uint64_t export_mm(const struct export *export);      /* of the task: itself, if not told */
uint64_t export_process(const struct export *export); /* of the task: mm, if not told */

/* -EINVAL, and why the trace cannot be written. */
int export_refuse(struct export *export, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void write_le(uint8_t *bytes, uint64_t value, unsigned nr_bytes)
{
	for (unsigned i = 0; i < nr_bytes; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
}

#endif
