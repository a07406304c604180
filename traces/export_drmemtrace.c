/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DynamoRIO's drmemtrace, all threads in one file, as records of 64-bit programs.
 *
 * Simplified: all instructions are plain ones, as traces here do not know which of them
 * are branches; there is no time: each switch of threads is one microsecond.
 */
#include "traces/drmemtrace.h"
#include "traces/export.h"

#include <errno.h>
#include <stdlib.h>

#define VERSION 4 /* without branches' targets, which version 5 promises */
#define UNNAMED 1 /* the thread and process of a trace that names none */
#define ENTRY_BYTES 12
#define LINE_BYTES 64

struct drmemtrace {
	bool has_thread;               /* there was one before */
	uint64_t thread, process, cpu; /* that made the last access */
	uint64_t time;                 /* microseconds */
	struct id_map seen;            /* threads, and their numbers, */
	uint64_t *threads;             /* by which they are here; malloc'ed */
};

static void write_entry(struct export *export, unsigned type, unsigned size, uint64_t address)
{
	uint8_t bytes[ENTRY_BYTES];

	write_le(bytes, type, 2);
	write_le(bytes + 2, size, 2);
	write_le(bytes + 4, address, 8);
	fwrite(bytes, 1, sizeof(bytes), export->file);
}

static void write_marker(struct export *export, enum drmemtrace_marker marker, uint64_t value)
{
	write_entry(export, DRMEMTRACE_MARKER, marker, value);
}

static int write_head(struct export *export)
{
	write_entry(export, DRMEMTRACE_HEADER, 0, VERSION);
	write_marker(export, DRMEMTRACE_VERSION, VERSION);
	write_marker(export, DRMEMTRACE_FILETYPE,
	             export->info.va_bits == 32 ? 0 : DRMEMTRACE_FILETYPE_X86_64);
	return 0;
}

static int add_thread(struct drmemtrace *own, uint64_t thread)
{
	size_t nr = own->seen.nr_used;
	uint64_t *threads;

	if (!id_map_add(&own->seen, thread, nr))
		return -ENOMEM;
	if (own->seen.nr_used == nr)
		return 0;
	threads = reallocarray(own->threads, nr + 1, sizeof(*threads));
	if (!threads)
		return -ENOMEM;
	threads[nr] = thread;
	own->threads = threads;
	return 0;
}

/* What follows is of another thread, or on another CPU. */
static int write_switch(struct export *export)
{
	struct drmemtrace *own = export->state;

	write_entry(export, DRMEMTRACE_THREAD, 4, own->thread);
	write_entry(export, DRMEMTRACE_PID, 4, own->process);
	if (!own->has_thread) {
		write_marker(export, DRMEMTRACE_LINE_BYTES, LINE_BYTES);
		write_marker(export, DRMEMTRACE_PAGE_SIZE, PAGE_SIZE);
		own->has_thread = true;
	}
	write_marker(export, DRMEMTRACE_TIMESTAMP, ++own->time);
	write_marker(export, DRMEMTRACE_CPU, own->cpu);
	return add_thread(own, own->thread);
}

static int follow_thread(struct export *export)
{
	struct drmemtrace *own = export->state;
	uint64_t thread = export->task ? (uint64_t) export->task : UNNAMED;
	uint64_t process = export_process(export) ? export_process(export) : UNNAMED;

	if (own->has_thread && thread == own->thread && process == own->process &&
	    export->cpu == own->cpu)
		return 0;
	own->thread = thread;
	own->process = process;
	own->cpu = export->cpu;
	return write_switch(export);
}

static int write_access(struct export *export, const struct trace_access *access)
{
	static const unsigned types[] = { [ACCESS_LOAD] = DRMEMTRACE_READ,
		                          [ACCESS_STORE] = DRMEMTRACE_WRITE,
		                          [ACCESS_FETCH] = DRMEMTRACE_INSTR };
	int err = follow_thread(export);

	write_entry(export, types[access->kind], access->size, access->va);
	return err;
}

static int write_end(struct export *export)
{
	const struct drmemtrace *own = export->state;

	for (size_t i = 0; i < own->seen.nr_used; i++)
		write_entry(export, DRMEMTRACE_THREAD_EXIT, 4, own->threads[i]);
	write_entry(export, DRMEMTRACE_FOOTER, 0, 0);
	return 0;
}

static void finish(struct export *export)
{
	struct drmemtrace *own = export->state;

	id_map_finish(&own->seen);
	free(own->threads);
}

const struct export_format export_drmemtrace = {
	.name = "drmemtrace",
	.doc = "DynamoRIO's drmemtrace",
	.state_bytes = sizeof(struct drmemtrace),
	.begin = write_head,
	.access = write_access,
	.end = write_end,
	.finish = finish,
};
