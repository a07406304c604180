/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * codec - what encoder and decoder of a frame of accesses must agree on; the whole of it
 * is told in docs/trace-format.md.
 *
 * A trace is a sequence of steps: a block of code with the loads and stores that it
 * makes, or a few accesses that no block is known for. All that is the same each time is
 * the step's shape, which is written once a frame. The next step is guessed from the
 * last ones, the address of each load and store from what it was before; only what was
 * guessed wrong is written, and how many right guesses come before it.
 */
#ifndef PW_TRACES_CODEC_H
#define PW_TRACES_CODEC_H

#include "mmu/types.h"

/* A frame is closed when it has this much of something; a reader refuses more. */
#define FRAME_MAX_SHAPES ((uint32_t)1 << 16)
#define FRAME_MAX_ELEMENTS ((uint32_t)1 << 18) /* of all shapes */
#define FRAME_MAX_ACCESSES ((uint32_t)1 << 21)

/* More than any two pages of code have. */
#define BLOCK_MAX_INSTRUCTIONS ((uint32_t)1 << 13)

/* A step that would have more of them becomes two. */
#define STEP_MAX_ELEMENTS 512
#define STEP_MAX_LOOSE 16 /* where no fetch begins it */

/* Where the addresses of a shape's elements are relative to its base. */
#define ELEMENT_MAX_OFFSET 0xffff

/* Bits of the first byte of an element in the file: kind, then these. */
enum {
	ELEMENT_KIND = 3,        /* enum access_kind */
	ELEMENT_KERNEL = 1 << 2, /* PRIV_KERNEL */
	ELEMENT_BLOCK = 1 << 3,  /* fetch: of the shape's block, at its base */
	ELEMENT_FIXED = 1 << 4,  /* va is base + offset: all fetches, and pages */
	ELEMENT_IP = 1 << 5,     /* load, store: ip is base + offset */
	ELEMENT_COUNTED = 1 << 6 /* its count is written for each step; alone in its shape */
};
#define ELEMENT_BITS 0x7f
#define ELEMENT_OF_BLOCK ((unsigned)ACCESS_FETCH | ELEMENT_BLOCK | ELEMENT_FIXED)

enum frame_column {
	COLUMN_SHAPES,    /* in the order in which they come first */
	COLUMN_STEP_RUNS, /* steps guessed right before each wrong one */
	COLUMN_STEPS,     /* its shape: 0 a new one, else 1 + number */
	COLUMN_COUNTS,    /* its count, if it is counted */
	COLUMN_VA_RUNS,   /* addresses guessed right before each wrong one */
	COLUMN_VA_WAYS,   /* a byte for each wrong one: enum va_way */
	COLUMN_VA_DELTAS,
	COLUMN_MARKS, /* contexts and events, each with the steps before it */
	NR_COLUMNS
};

enum mark {
	MARK_CONTEXT, /* task, cpu of what follows */
	MARK_EVENT    /* + the event's kind in the header's list */
};

/* ---- which step comes next ---- */

/*
 * The frame's steps so far are its history. Where something was guessed wrong, a guess
 * begins anew: that what follows is what followed the last time that a guess began behind
 * the same three shapes. It holds until the next step that is another one.
 */
struct step_symbol {
	uint32_t shape; /* its number */
	uint32_t count; /* if it is counted; else 0 */
};

#define GUESS_BITS 16
#define NO_GUESS UINT32_MAX

/* Of the steps before number `at` of the history. */
static inline uint32_t guess_index(const struct step_symbol *history, uint32_t at)
{
	uint64_t mixed = 0;

	for (uint32_t i = 1; i <= 3 && i <= at; i++)
		mixed = (mixed ^ (history[at - i].shape + 1)) * (uint64_t)0x9e3779b97f4a7c15;
	return (uint32_t)(mixed >> (64 - GUESS_BITS));
}

/* A guess begins at `at`: the step of the history that should be the next, or NO_GUESS.
 * places: for each index, 1 + the place of the last that began there; 0: none. */
static inline uint32_t guess_begin(uint32_t *places, const struct step_symbol *history, uint32_t at)
{
	uint32_t *place = &places[guess_index(history, at)];
	uint32_t last = *place;

	*place = at + 1;
	return last ? last - 1 : NO_GUESS;
}

/* ---- which address comes next ---- */

/* The last loads and stores of the frame, of whatever shape; 0 at first. */
struct va_stream {
	va_t last, before;
};

/* Of one load or store of a shape; 0 at first. */
struct va_history {
	va_t last;
	int32_t stride;    /* the last difference that came twice in a row */
	int32_t step;      /* the last difference; cut to 32 bits, as all of these */
	int32_t from_last; /* from the stream's last, as it was then */
	uint32_t way;      /* 0: go on by stride; 1: by from_last */
};

/* How a wrongly guessed address is written. */
enum va_way {
	VA_OTHER_WAY,        /* the other guess is right, and is made from here on */
	VA_FROM_OWN,         /* difference from its own last */
	VA_FROM_LAST,        /* from the stream's last */
	VA_FROM_BEFORE_LAST, /* from the one before that */
	NR_VA_WAYS
};

static inline va_t va_guess(const struct va_history *h, const struct va_stream *stream,
                            uint32_t way)
{
	return way ? stream->last + (va_t)(int64_t)h->from_last
	           : h->last + (va_t)(int64_t)h->stride;
}

/* What a difference is from. */
static inline va_t va_origin(const struct va_history *h, const struct va_stream *stream,
                             enum va_way way)
{
	return way == VA_FROM_OWN ? h->last : way == VA_FROM_LAST ? stream->last : stream->before;
}

static inline void va_learn(struct va_history *h, struct va_stream *stream, va_t va)
{
	int32_t step = (int32_t)(va - h->last);

	if (step == h->step)
		h->stride = step;
	h->step = step;
	h->from_last = (int32_t)(va - stream->last);
	h->last = va;
	stream->before = stream->last;
	stream->last = va;
}

#endif
