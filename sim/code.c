/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/code.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int code_init(struct code *code, const struct ram *ram, const struct mmu *mmu)
{
	code->ram = ram;
	code->mmu = mmu;
	code->generation = 1;
	code->blocks = aligned_alloc(64, CODE_NR_BLOCKS * sizeof(*code->blocks));
	code->operands = calloc(CODE_NR_OPERANDS, sizeof(*code->operands));
	code->pages = calloc(CODE_NR_PAGES, sizeof(*code->pages));
	if (!code->blocks || !code->operands || !code->pages)
		return -ENOMEM;
	memset(code->blocks, 0, CODE_NR_BLOCKS * sizeof(*code->blocks));
	return decoder_create(&code->decoder);
}

void code_finish(struct code *code)
{
	decoder_destroy(code->decoder);
	free(code->blocks);
	free(code->operands);
	free(code->pages);
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
	uint32_t offset = (uint32_t)(va - block->va), n = 0;
	struct decoded_block decoded;
	uint8_t bytes[CODE_MAX_BLOCK_BYTES];
	bool writable;

	if (offset <= DECODE_STARTS_BYTES) {
		for (uint32_t word = 0; word < offset / 64; word++)
			n += (uint32_t)__builtin_popcountll(block->starts[word]);
		if (offset % 64)
			n += (uint32_t)__builtin_popcountll(block->starts[offset / 64] &
			                                    (((uint64_t)1 << offset % 64) - 1));
		return n;
	}
	offset = code_read(code, block->va, bytes, offset < sizeof(bytes) ? offset : sizeof(bytes),
	                   &writable);
	decode_block(code->decoder, bytes, offset, block->va, &decoded);
	return decoded.nr_instructions;
}

const struct decoded_instruction *code_find_instruction(struct code *code, va_t ip)
{
	struct code_operands *known = &code->operands[ip & (CODE_NR_OPERANDS - 1)];
	uint8_t bytes[DECODE_MAX_INSTRUCTION];
	bool writable;

	if (known->ip != ip || known->generation != code->generation) {
		uint32_t size = code_read(code, ip, bytes, sizeof(bytes), &writable);

		decode_instruction(code->decoder, bytes, size, ip, &known->instruction);
		known->ip = ip;
		known->generation = writable ? code->generation - 1 : code->generation;
	}
	return &known->instruction;
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
	uint8_t bytes[CODE_MAX_BLOCK_BYTES];
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
	memcpy(block->starts, decoded.starts, sizeof(block->starts));
}
