/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * code - the guest's instructions as the engine counts them: how many a block
 * holds, remembered by its address.
 */
#ifndef PW_SIM_CODE_H
#define PW_SIM_CODE_H

#include "mmu/mmu.h"
#include "sim/decode.h"

#define CODE_NR_BLOCKS ((uint32_t)1 << 15) /* remembered; a power of two */
#define CODE_NO_REP UINT32_MAX

/* Unicorn's blocks are shorter than a page, so they lie in two at most. */
#define CODE_MAX_BLOCK_BYTES ((uint32_t)(2 * PAGE_SIZE))

/* A cache line each: the first half is looked at each time a block runs. */
struct code_block {
	_Alignas(64) va_t va;
	uint32_t size; /* bytes; 0: none */
	uint32_t generation;
	uint32_t nr_instructions;
	uint32_t rep_offset; /* of the last instruction if it is a rep one, or CODE_NO_REP */
	uint64_t starts[DECODE_STARTS_BYTES / 64];
};

#define CODE_NR_OPERANDS ((uint32_t)1 << 10) /* remembered; a power of two */

struct code_operands {
	va_t ip;
	uint32_t generation;
	struct decoded_instruction instruction;
};

#define CODE_NR_PAGES ((uint32_t)1 << 12) /* remembered; a power of two */

/* The frame in which the code of a page was last seen. */
struct code_page {
	uint64_t vpn;
	pfn_t pfn;
};

struct code {
	const struct ram *ram;
	const struct mmu *mmu;
	struct decoder *decoder;
	struct code_block *blocks;      /* by hash of va */
	struct code_operands *operands; /* by hash of ip */
	struct code_page *pages;        /* by hash of vpn */
	uint32_t generation;
};

/* 0 or -ENOMEM. ram and mmu must outlive it. */
int code_init(struct code *code, const struct ram *ram, const struct mmu *mmu);
void code_finish(struct code *code); /* zeroed is fine */

/* Code somewhere has changed: all blocks are forgotten. */
static inline void code_forget(struct code *code)
{
	code->generation++;
}

/* It is read through the page tables of another MMU from here on. */
static inline void code_use_mmu(struct code *code, const struct mmu *mmu)
{
	code->mmu = mmu;
}

/* 32-bit or 64-bit code runs from here on: what is known of the other's is forgotten. */
static inline void code_set_mode(struct code *code, bool is_32)
{
	decoder_set_mode(code->decoder, is_32);
	code_forget(code);
}

/* Code of the page is about to run from this frame. What is remembered goes by virtual
 * address, and is void if another address space, or another mapping, has other code
 * there. */
static inline void code_note_page(struct code *code, uint64_t vpn, pfn_t pfn)
{
	struct code_page *page = &code->pages[(vpn ^ vpn >> 12) & (CODE_NR_PAGES - 1)];

	if (page->vpn == vpn && page->pfn == pfn)
		return;
	if (page->pfn) /* not its first use */
		code_forget(code);
	*page = (struct code_page){ vpn, pfn };
}

/* Copies code from va on, through the page tables; bytes had. *writable: some of
 * it can be written by the guest. */
uint32_t code_read(const struct code *code, va_t va, uint8_t *bytes, uint32_t size, bool *writable);

/* The instruction at ip. Valid until the next call. */
const struct decoded_instruction *code_find_instruction(struct code *code, va_t ip);

/* How many of the block's instructions lie before va, which is in it. */
uint32_t code_instructions_before(const struct code *code, const struct code_block *block, va_t va);

/* Bytes from ip on to the first instruction that needs the page behind the one of
 * ip: 0 if it is the one at ip. */
uint32_t code_bytes_before_next_page(const struct code *code, va_t ip);

void code_learn_block(const struct code *code, struct code_block *block, va_t va, uint32_t size);

/* Where the block at va is remembered, if it is. */
static inline struct code_block *code_slot(const struct code *code, va_t va)
{
	return &code->blocks[(va ^ va >> 15) & (CODE_NR_BLOCKS - 1)];
}

static inline bool code_is_known(const struct code *code, const struct code_block *block, va_t va,
                                 uint32_t size)
{
	return likely(block->va == va && block->size == size &&
	              block->generation == code->generation);
}

/* The block of size bytes at va. Valid until the next call. *is_new: it was not known. */
static inline const struct code_block *code_find_block(struct code *code, va_t va, uint32_t size,
                                                       bool *is_new)
{
	struct code_block *block = code_slot(code, va);

	*is_new = !code_is_known(code, block, va, size);
	if (*is_new)
		code_learn_block(code, block, va, size);
	return block;
}

/* Its number among those that are remembered, from 1 on. */
static inline uint16_t code_block_number(const struct code *code, const struct code_block *block)
{
	return (uint16_t)(block - code->blocks + 1);
}

#endif
