/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorded_blocks - what the recorder knows of the blocks that the engine tells it of: their
 * instructions, and the accesses that these should make.
 */
#ifndef PW_TRACES_RECORDED_BLOCKS_H
#define PW_TRACES_RECORDED_BLOCKS_H

#include "sim/decode.h"
#include "traces/encoder.h"

struct recorded_block;

struct recorded_blocks {
	struct decoder *decoder;
	struct recorded_block *blocks[UINT16_MAX + 1]; /* by number; NULL: none */
};

int recorded_blocks_init(struct recorded_blocks *blocks);
void recorded_blocks_finish(struct recorded_blocks *blocks);

/* From here on the number is this block's. False: no memory, and it is nobody's. */
bool recorded_blocks_learn(struct recorded_blocks *blocks, const struct record_block *told);

/* NULL: nothing is known of it. Until the number is another block's. */
const struct coded_block *recorded_blocks_find(const struct recorded_blocks *blocks,
                                               uint16_t number);

#endif
