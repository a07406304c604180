/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/code.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Unicorn's blocks are shorter than a page, so they lie in two at most. */
#define MAX_BLOCK_BYTES ((uint32_t)(2 * PAGE_SIZE))

int code_init(struct code *code, const struct ram *ram, const struct mmu *mmu)
{
	code->ram = ram;
	code->mmu = mmu;
	code->generation = 1;
	code->blocks = calloc(CODE_NR_BLOCKS, sizeof(*code->blocks));
	if (!code->blocks)
		return -ENOMEM;
	return decoder_create(&code->decoder);
}

void code_finish(struct code *code)
{
	decoder_destroy(code->decoder);
	free(code->blocks);
}

uint32_t code_read(const struct code *code, va_t va, uint8_t *bytes, uint32_t size, bool *writable)
{
	uint32_t done = 0;

	*writable = false;
	while (done < size) {
		uint32_t left_in_page = (uint32_t)(PAGE_SIZE - ((va + done) & ~PAGE_MASK));
		uint32_t n = size - done < left_in_page ? size - done : left_in_page;
		struct translation tr;

		if (!mmu_probe(code->mmu, va + done, ACCESS_FETCH, PRIV_USER, &tr, NULL) ||
		    !ram_has(code->ram, tr.pa, n))
			break;
		memcpy(bytes + done, ram_at(code->ram, tr.pa), n);
		*writable |= tr.writable;
		done += n;
	}
	return done;
}

uint32_t code_instructions_before(const struct code *code, const struct code_block *block, va_t va)
{
	uint8_t bytes[MAX_BLOCK_BYTES];
	uint64_t size = va - block->va;
	bool writable;
	uint32_t had;

	had = code_read(code, block->va, bytes,
	                size < sizeof(bytes) ? (uint32_t)size : sizeof(bytes), &writable);
	return decode_instructions_before(code->decoder, bytes, had, block->va, had);
}

uint32_t code_bytes_before_next_page(const struct code *code, va_t ip)
{
	uint8_t bytes[PAGE_SIZE];
	bool writable;
	uint32_t size;

	size = code_read(code, ip, bytes, (uint32_t)(PAGE_SIZE - (ip & ~PAGE_MASK)), &writable);
	return decode_straddler(code->decoder, bytes, size, ip);
}

/* A block in memory that is both writable and executable may change unseen, so
 * it is remembered in no generation. */
void code_learn_block(const struct code *code, struct code_block *block, va_t va, uint32_t size)
{
	uint8_t bytes[MAX_BLOCK_BYTES];
	struct decoded_block decoded;
	bool writable;
	uint32_t had;

	had = code_read(code, va, bytes, size < sizeof(bytes) ? size : sizeof(bytes), &writable);
	decode_block(code->decoder, bytes, had, va, &decoded);
	block->va = va;
	block->size = size;
	block->generation = writable ? code->generation - 1 : code->generation;
	block->nr_instructions = decoded.nr_instructions;
	block->rep_offset = decoded.last_is_rep ? decoded.last_offset : CODE_NO_REP;
}
