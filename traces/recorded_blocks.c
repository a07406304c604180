/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/recorded_blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct recorded_block {
	struct coded_block coded;
	bool is_32;
	uint32_t nr_bytes;
	uint8_t *bytes;   /* of the code; behind the accesses */
	uint8_t *lengths; /* behind them */
	struct block_access accesses[];
};

int recorded_blocks_init(struct recorded_blocks *blocks)
{
	*blocks = (struct recorded_blocks){ 0 };
	return decoder_create(&blocks->decoder);
}

void recorded_blocks_finish(struct recorded_blocks *blocks)
{
	for (uint32_t i = 0; i <= UINT16_MAX; i++)
		free(blocks->blocks[i]);
	decoder_destroy(blocks->decoder);
	*blocks = (struct recorded_blocks){ 0 };
}

/* Its accesses go behind those of the instructions before, as long as all are known. */
static void add_accesses(struct recorded_block *block, const struct decoded_accesses *decoded,
                         uint32_t offset)
{
	struct coded_block *coded = &block->coded;
	uint16_t instruction = (uint16_t)coded->block.nr_instructions;

	if (coded->nr_known != instruction)
		return;
	if (decoded->is_repeated)
		coded->rep_offset = offset;
	if (!decoded->is_known)
		return;
	coded->nr_known++;
	for (uint8_t i = 0; i < decoded->nr; i++)
		block->accesses[coded->nr_accesses++] = (struct block_access){
			.size = decoded->accesses[i].size,
			.kind = decoded->accesses[i].kind,
			.instruction = instruction,
			.offset = offset,
		};
}

/* As decode_block() counts them: what is no instruction is one, and the last. */
static void decode_all(struct decoder *decoder, struct recorded_block *block,
                       const struct record_block *told)
{
	struct coded_block *coded = &block->coded;
	struct decoded_accesses decoded;
	uint32_t at = 0;

	decoder_set_mode(decoder, told->is_32);
	while (at < told->size) {
		uint32_t left = told->size - at;

		decode_accesses(decoder, told->bytes + at, left, told->va + at, &decoded);
		if (!decoded.length)
			decoded.length =
			    (uint8_t)(left < DECODE_MAX_INSTRUCTION ? left
			                                            : DECODE_MAX_INSTRUCTION);
		add_accesses(block, &decoded, at);
		block->lengths[coded->block.nr_instructions++] = decoded.length;
		at += decoded.length;
	}
	coded->size = at;
}

static struct recorded_block *make_block(struct decoder *decoder, const struct record_block *told)
{
	/* An instruction has a byte at least. */
	size_t accesses_size = told->size * DECODE_MAX_ACCESSES * sizeof(struct block_access);
	struct recorded_block *block = malloc(sizeof(*block) + accesses_size + 2 * told->size);

	if (!block)
		return NULL;
	*block = (struct recorded_block){
		.coded = { .block = { .va = told->va }, .rep_offset = NO_REP },
		.is_32 = told->is_32,
		.nr_bytes = told->size,
		.bytes = (uint8_t *)block->accesses + accesses_size,
	};
	block->lengths = block->bytes + told->size;
	block->coded.accesses = block->accesses;
	block->coded.block.lengths = block->lengths;
	memcpy(block->bytes, told->bytes, told->size);
	decode_all(decoder, block, told);
	/* Other code of the same lengths makes other accesses. */
	block->coded.hash =
	    (coded_block_hash(&block->coded.block) ^ XXH3_64bits(told->bytes, told->size)) +
	    told->is_32;
	return block;
}

static bool is_same(const struct recorded_block *block, const struct record_block *told)
{
	return block && block->coded.block.va == told->va && block->is_32 == told->is_32 &&
	       block->nr_bytes == told->size && !memcmp(block->bytes, told->bytes, told->size);
}

bool recorded_blocks_learn(struct recorded_blocks *blocks, const struct record_block *told)
{
	struct recorded_block **place = &blocks->blocks[told->number];

	if (is_same(*place, told))
		return true;
	free(*place);
	*place = make_block(blocks->decoder, told);
	return *place;
}

const struct coded_block *recorded_blocks_find(const struct recorded_blocks *blocks,
                                               uint16_t number)
{
	const struct recorded_block *block = blocks->blocks[number];

	return block ? &block->coded : NULL;
}
