/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode - what the engine must know of x86-64 instructions (Capstone): how many
 * a block holds, and which address of which page one of them touches.
 */
#ifndef PW_SIM_DECODE_H
#define PW_SIM_DECODE_H

#include "mmu/types.h"
#include "sim/x86_regs.h"

#define DECODE_MAX_INSTRUCTION 15 /* bytes */

struct decoder;

/* 0 or -ENOMEM. */
int decoder_create(struct decoder **out);
void decoder_destroy(struct decoder *decoder); /* NULL is fine */

struct decoded_block {
	uint32_t nr_instructions;
	uint32_t last_offset; /* of the last instruction, in bytes */
	bool last_is_rep;     /* it is a string instruction with a rep prefix */
};

/* The block's instructions. Bytes that are no instruction count as one, which
 * ends the block. */
void decode_block(struct decoder *decoder, const uint8_t *bytes, uint32_t size, va_t ip,
                  struct decoded_block *out);

/* How many of the block's instructions lie before byte `offset`. */
uint32_t decode_instructions_before(struct decoder *decoder, const uint8_t *bytes, uint32_t size,
                                    va_t ip, uint32_t offset);

/* The offset of the first instruction that ends behind byte `size`, which is
 * where bytes ends; `size` if they end exactly there. */
uint32_t decode_straddler(struct decoder *decoder, const uint8_t *bytes, uint32_t size, va_t ip);

struct decoded_access {
	va_t va;     /* of the access, in the page asked for */
	bool writes; /* the instruction writes that operand, whatever it does first */
};

/* Which access of the instruction at regs->ip touches the page of page_va. False:
 * none is known to (out is untouched). The first byte of the page stands for an
 * access that began in the page before. */
bool decode_access(struct decoder *decoder, const uint8_t *bytes, uint32_t size,
                   const struct x86_regs *regs, va_t page_va, struct decoded_access *out);

#endif
