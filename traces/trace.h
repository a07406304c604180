/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace - what a trace is to those who read or write one, whatever its format: batches
 * of accesses, each with the event that follows it.
 *
 *   source: our own format, lackey, drmemtrace ...  ->  batches  ->  replay, curve,
 *                                                              sink: our own, lackey ...
 */
#ifndef PW_TRACES_TRACE_H
#define PW_TRACES_TRACE_H

#include "mmu/types.h"
#include "sim/record.h"

#define TRACE_BATCH 1024 /* accesses, at most */

/* A run of instructions that a fetch stands for; belongs to the source. */
struct trace_block {
	va_t va;
	uint32_t nr_instructions;
	const uint8_t *lengths; /* bytes of each; NULL: unknown */
};

struct trace_access {
	va_t va;
	union {
		uint64_t ip;                     /* load, store: of the instruction; 0: unknown */
		const struct trace_block *block; /* fetch; NULL: count fetches at va's page */
	};
	uint32_t count; /* accesses to va's page in a row, of this kind and privilege; of a
	                 * block: its instructions that ran, from the first on. Where a block
	                 * reaches into a second page: 1, and fetches without a block follow
	                 * for that page, and for the rest when it is over (count at its va) */
	uint8_t kind;   /* enum access_kind */
	uint8_t priv;   /* enum privilege */
	uint16_t size;  /* bytes; 0: unknown */
};

/* Accesses of one task on one CPU, then what happened. */
struct trace_batch {
	int32_t task; /* pid; 0: unknown */
	uint32_t cpu;
	uint32_t nr;
	const struct trace_access *accesses; /* the source's, until the next call */
	const struct record_event *event;    /* after them; NULL: nothing; the source's */
};

enum trace_detail {
	TRACE_FULL, /* every access */
	TRACE_PAGE  /* each change of page, with counts */
};

/* What is known of a trace before its first record. Strings are the source's. */
struct trace_info {
	const char *format;   /* "pagewalk", "lackey" ... */
	const char *producer; /* program and version; NULL: unknown */
	const char *command;  /* that was recorded; NULL: unknown */
	const char *machine;  /* description of the machine, as YAML; NULL: unknown */
	enum trace_detail detail;
	uint32_t va_bits; /* 32 or 48 of the addresses; 0: unknown */
	bool has_events;  /* of the memory manager: else memory is there on demand, and of
	                   * events there is RECORD_SWITCH at most, which tells the mm of a
	                   * task; without it each task has its own */
	bool is_physical; /* addresses are physical */
};

/* By enum record_kind: its name, and those of its arguments, with spaces between. */
extern const char *const trace_event_names[NR_RECORD_KINDS];
extern const char *const trace_event_args[NR_RECORD_KINDS];

struct trace_source;

struct trace_source_ops {
	/* 1 and *batch; 0: the end; -errno, and source->error says what is wrong with
	 * which record of which file. What was returned before counts. */
	int (*next)(struct trace_source *source, struct trace_batch *batch);
	void (*close)(struct trace_source *source); /* frees it */
};

struct trace_source {
	const struct trace_source_ops *ops;
	struct trace_info info;
	uint64_t nr_records;        /* read so far */
	uint64_t nr_frames;         /* of our own format, read so far; 0: it has none */
	uint64_t bytes_done, bytes; /* of the file; bytes 0: unknown (a pipe) */
	char error[512];
};

struct trace_sink;

struct trace_sink_ops {
	/* 0; -errno and sink->error. */
	int (*write)(struct trace_sink *sink, const struct trace_batch *batch);
	/* Completes the file; frees it in any case. 0 or -errno and why[]. */
	int (*commit)(struct trace_sink *sink, char *why, size_t why_size);
	/* Takes back what was written, and frees it. */
	void (*abandon)(struct trace_sink *sink);
};

struct trace_sink {
	const struct trace_sink_ops *ops;
	uint64_t nr_left_out; /* accesses that its format cannot hold */
	char error[512];
};

static inline int trace_next(struct trace_source *source, struct trace_batch *batch)
{
	return source->ops->next(source, batch);
}

static inline void trace_close(struct trace_source *source)
{
	if (source)
		source->ops->close(source);
}

static inline int trace_write(struct trace_sink *sink, const struct trace_batch *batch)
{
	return sink->ops->write(sink, batch);
}

#endif
