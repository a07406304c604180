/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode - what the engine must know of x86 instructions (Capstone): how many a
 * block holds, and which address of which page one of them touches.
 */
#ifndef PW_SIM_DECODE_H
#define PW_SIM_DECODE_H

#include "mmu/types.h"
#include "sim/x86_regs.h"

#define DECODE_MAX_INSTRUCTION 15 /* bytes */

struct decoder;

/* For 64-bit code at first. 0 or -ENOMEM. */
int decoder_create(struct decoder **out);
void decoder_set_mode(struct decoder *decoder, bool is_32);
void decoder_destroy(struct decoder *decoder); /* NULL is fine */

/* Where a block's instructions begin is kept for its first bytes. */
#define DECODE_STARTS_BYTES 128

struct decoded_block {
	uint32_t nr_instructions;
	uint32_t last_offset; /* of the last instruction, in bytes */
	bool last_is_rep;     /* it is a string instruction with a rep prefix */
	uint64_t starts[DECODE_STARTS_BYTES / 64]; /* bit per byte: an instruction begins there */
};

/* The block's instructions. Bytes that are no instruction count as one, which
 * ends the block. */
void decode_block(struct decoder *decoder, const uint8_t *bytes, uint32_t size, va_t ip,
                  struct decoded_block *out);

/* The offset of the first instruction that ends behind byte `size`, which is
 * where bytes ends; `size` if they end exactly there. */
uint32_t decode_straddler(struct decoder *decoder, const uint8_t *bytes, uint32_t size, va_t ip);

/* The length of the rdtsc that stands first, with its prefixes; 0: it does not. */
uint32_t decode_rdtsc_length(const struct decoder *decoder, const uint8_t *bytes, uint32_t size);

/* A memory operand, ready to be computed from registers. */
struct decoded_operand {
	int64_t disp;
	uint8_t base, index; /* enum x86_gpr, or DECODE_NO_REG; DECODE_IP */
	uint8_t bit_index;   /* bt and kin: the register that says which bit */
	uint8_t scale;
	uint16_t size;       /* bytes */
	uint8_t segment;     /* 0, or 'f', 'g' */
	bool narrow_address; /* 32-bit address size */
	bool narrow_linear;  /* and so is the address with the segment's base: 32-bit mode */
	bool narrow_base, narrow_index, narrow_bit;
	bool writes; /* the instruction reads it and then writes it */
};

#define DECODE_NO_REG 0xff
#define DECODE_IP 0xfe
#define DECODE_MAX_OPERANDS 2

struct decoded_instruction {
	uint8_t length; /* bytes; 0: no instruction */
	uint8_t nr_operands;
	struct decoded_operand operands[DECODE_MAX_OPERANDS];
};

void decode_instruction(struct decoder *decoder, const uint8_t *bytes, uint32_t size, va_t ip,
                        struct decoded_instruction *out);

struct decoded_access {
	va_t va; /* of the access, in the page asked for */
	bool writes;
};

#define DECODE_MAX_ACCESSES 4

/* The loads and stores that an instruction makes, in order, each 8 bytes at most, as
 * Unicorn makes them: 16 bytes are two accesses. */
struct decoded_accesses {
	uint8_t length;   /* of the instruction, in bytes; 0: there is none */
	bool is_known;    /* else nr means nothing */
	bool is_repeated; /* a string instruction with a rep prefix: any number of times */
	uint8_t nr;
	struct {
		uint8_t kind; /* enum access_kind */
		uint8_t size;
	} accesses[DECODE_MAX_ACCESSES];
};

/* Known are the instructions that compilers make; where one is missing an access does not
 * get its instruction, no more. */
void decode_accesses(struct decoder *decoder, const uint8_t *bytes, uint32_t size, va_t ip,
                     struct decoded_accesses *out);

/* Which access of the instruction at regs->ip touches the page of page_va. False:
 * none is known to (out is untouched). The first byte of the page stands for an
 * access that began in the page before. Simplified: in 32-bit mode ds, es and ss are
 * taken to begin at 0, and addresses of 16 bits are not known. */
bool decode_access(const struct decoded_instruction *instruction, const struct x86_regs *regs,
                   va_t page_va, struct decoded_access *out);

#endif
