/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unroll - accesses one by one in the order of the program: where the trace has a fetch
 * that stands for a run of instructions, each instruction comes before the loads and
 * stores that it makes.
 */
#ifndef PW_TRACES_UNROLL_H
#define PW_TRACES_UNROLL_H

#include "traces/trace.h"

/* What it makes of a trace: fetches have no block, and the length of their instruction as
 * size (0: unknown). count is 1, but where instructions or single accesses are not known.
 * 0 or -errno, which ends the work. */
typedef int (*unroll_emit)(void *context, const struct trace_access *access);

struct unroll {
	unroll_emit emit;
	void *context;

	/* The block that runs: a copy, as its data accesses may come in another batch. */
	va_t va;             /* of its first instruction */
	va_t next_va;        /* of the first that was not emitted yet */
	va_t last_page;      /* its last byte's, if it reaches into a second page; or 0 */
	uint32_t nr, nr_ran; /* instructions; those that are known to have run */
	uint32_t nr_emitted;
	uint8_t *lengths; /* nr of them, malloc'ed */
	size_t lengths_room;
};

void unroll_init(struct unroll *unroll, unroll_emit emit, void *context);
void unroll_finish(struct unroll *unroll);

/* Each 0; -ENOMEM, or what emit() gave. */
int unroll_access(struct unroll *unroll, const struct trace_access *access);
/* The block is over: before an event, and at the end. */
int unroll_flush(struct unroll *unroll);

#endif
