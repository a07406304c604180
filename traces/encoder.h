/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * encoder - accesses and events into frames (traces/codec.h).
 */
#ifndef PW_TRACES_ENCODER_H
#define PW_TRACES_ENCODER_H

#include "traces/trace.h"

struct encoder;

/* A load or store that an instruction of a block should make. */
struct block_access {
	uint16_t size;
	uint8_t kind;
	uint16_t instruction; /* its number in the block */
	uint32_t offset;      /* of the instruction */
};

/* What the encoder wants to know of a block. */
struct coded_block {
	struct trace_block block;
	uint32_t size; /* bytes */
	uint64_t hash; /* equal for no other block; coded_block_hash(), if lengths are all */
	/* The accesses that its instructions should make, in order, up to the first one that
	 * is not known for it, or repeats its accesses. From them ip is found. NULL: accesses
	 * come with their ip. */
	const struct block_access *accesses;
	uint32_t nr_accesses;
	uint32_t nr_known;   /* instructions whose accesses these are */
	uint32_t rep_offset; /* of the next one, which repeats its accesses; or NO_REP */
};

#define NO_REP UINT32_MAX

/* Of place and lengths: two blocks of a trace with the same hash are taken for the same. (A
 * short text's XXH3 and its seed cancel out too easily to take va for the seed.) */
uint64_t coded_block_hash(const struct trace_block *block);

/* 0 or -ENOMEM. detail: TRACE_PAGE takes what traces/pages.h makes of accesses. */
int encoder_create(struct encoder **out, enum trace_detail detail);
void encoder_destroy(struct encoder *encoder); /* NULL is fine */

/* Of the accesses that follow. */
bool encoder_has_context(const struct encoder *encoder, int32_t task, uint32_t cpu);
void encoder_context(struct encoder *encoder, int32_t task, uint32_t cpu);
/* The first `count` instructions of the block begin to run. It must be there until
 * another one begins, or encoder_end_step(). */
void encoder_block(struct encoder *encoder, const struct coded_block *block, uint32_t count);
/* Any other access; of a fetch, block is not looked at. */
void encoder_access(struct encoder *encoder, const struct trace_access *access);
void encoder_event(struct encoder *encoder, const struct record_event *event);

/* Accesses that follow are none of the block's. */
void encoder_end_step(struct encoder *encoder);

/* True: the frame has as much as it should; take it. To be asked at least once every
 * TRACE_BATCH accesses. */
bool encoder_is_full(const struct encoder *encoder);
bool encoder_is_empty(const struct encoder *encoder);

/* Closes the frame and begins another. The content, until then; NULL: no memory. */
const struct bytes *encoder_take_frame(struct encoder *encoder);

#endif
