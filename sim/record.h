/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record - what a machine tells of a run to somebody who records it, in the order in
 * which it happens: the accesses of programs, and of the kernel for them; and what the
 * machine asks of its memory manager, with what else a replay has to be told.
 *
 * What the memory manager does by itself when it is asked (faults-around, reclaim, its own
 * accesses) is not told: a replay that asks the same does the same. So while the machine is
 * inside such a call nothing is recorded, unless the call comes back to the machine.
 */
#ifndef PW_SIM_RECORD_H
#define PW_SIM_RECORD_H

#include "mmu/types.h"

/* X(id, name, names of the arguments). Ids of objects are numbers that no other object of
 * the run has: an mm's is its mm_context.ctx_id, a mapping's its address_space.id, a task's
 * its pid. A name that ends in "_r" is what the call returned. */
#define RECORD_EVENTS(X)                                                                           \
	X(RECORD_SWITCH, "switch", "mm")            /* event.cpu runs event.task from here on */   \
	X(RECORD_FAULT, "fault", "va kind priv ip") /* this access was tried, and the tables       \
	                                             * did not allow it */                         \
	X(RECORD_END, "end", "instructions syscalls")

enum record_kind {
#define X(id, name, args) id,
	RECORD_EVENTS(X)
#undef X
	    NR_RECORD_KINDS
};

#define RECORD_NR_ARGS 10

struct record_event {
	enum record_kind kind;
	int32_t task; /* pid; 0: none */
	uint32_t cpu;
	uint32_t nr_args;
	uint64_t args[RECORD_NR_ARGS]; /* as RECORD_EVENTS names them; signed ones sign-extended */
	const char *text;              /* NULL: none. As kinds have it: a path, an argument */
};

/* One or more accesses as they were made, on event.cpu of the last event. */
struct record_access {
	va_t va;
	uint32_t count; /* of the same page and kind, one after the other */
	uint8_t kind;   /* enum access_kind */
	uint8_t priv;   /* enum privilege */
	union {
		uint16_t size;  /* load, store: bytes of each; 0: unknown */
		uint16_t block; /* fetch: the record_block that begins; 0: none does */
	};
};

/*
 * Code that the CPU runs through from its first byte on. Where it lies in one page its
 * fetch is told once, when it begins, with all its instructions (fewer if a fault ends
 * it). Where it reaches into a second page: the first instruction, one fetch of the
 * second page, and what it did of the rest when it is over.
 */
struct record_block {
	uint16_t number; /* until another block gets it */
	bool is_32;
	va_t va;
	const uint8_t *bytes;
	uint32_t size;
};

/* Belongs to who records. */
struct recorder {
	struct record_access *next, *end; /* room for more accesses; next == end: full */
	struct record_access *open;       /* its count may yet change; NULL: none */
	uint32_t paused;                  /* calls into the memory manager that are under way */
	/* Makes room; moves `open`, which stays, and what came after it. */
	void (*drain)(struct recorder *self);
	/* A block that has not run before, or not under this number. */
	void (*learn)(struct recorder *self, const struct record_block *block);
	/* What was recorded so far came before it. */
	void (*notice)(struct recorder *self, const struct record_event *event);
};

static inline void record_access(struct recorder *recorder, va_t va, enum access_kind kind,
                                 enum privilege priv, uint32_t size, uint32_t count)
{
	if (likely(!recorder) || recorder->paused)
		return;
	if (unlikely(recorder->next == recorder->end))
		recorder->drain(recorder);
	*recorder->next++ = (struct record_access){
		.va = va, .count = count, .kind = kind, .priv = priv, .size = (uint16_t)size
	};
}

static inline void record_event(struct recorder *recorder, const struct record_event *event)
{
	if (unlikely(recorder != NULL) && !recorder->paused)
		recorder->notice(recorder, event);
}

#endif
