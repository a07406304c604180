/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/decode.h"

#include <capstone/capstone.h>
#include <errno.h>
#include <stdlib.h>

struct decoder {
	csh lengths; /* without detail: fast */
	csh details;
	cs_insn *length;
	cs_insn *detail;
};

int decoder_create(struct decoder **out)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &d->lengths) ||
	    cs_open(CS_ARCH_X86, CS_MODE_64, &d->details) ||
	    cs_option(d->details, CS_OPT_DETAIL, CS_OPT_ON)) {
		decoder_destroy(d);
		return -ENOMEM;
	}
	d->length = cs_malloc(d->lengths);
	d->detail = cs_malloc(d->details);
	if (!d->length || !d->detail) {
		decoder_destroy(d);
		return -ENOMEM;
	}
	*out = d;
	return 0;
}

void decoder_destroy(struct decoder *decoder)
{
	if (!decoder)
		return;
	if (decoder->length)
		cs_free(decoder->length, 1);
	if (decoder->detail)
		cs_free(decoder->detail, 1);
	if (decoder->lengths)
		cs_close(&decoder->lengths);
	if (decoder->details)
		cs_close(&decoder->details);
	free(decoder);
}

/* Length of the instruction at bytes, 0 if it is none or not whole. */
static uint32_t instruction_length(struct decoder *d, const uint8_t *bytes, uint32_t size, va_t ip)
{
	uint64_t address = ip;
	size_t left = size;

	if (!cs_disasm_iter(d->lengths, &bytes, &left, &address, d->length))
		return 0;
	return d->length->size;
}

/* movs, cmps, stos, lods or scas behind a rep prefix, perhaps with others. */
static bool is_rep_string(const uint8_t *bytes, uint32_t size)
{
	bool rep = false;

	for (uint32_t i = 0; i < size; i++) {
		uint8_t byte = bytes[i];

		if (byte == 0xf2 || byte == 0xf3)
			rep = true;
		else if (byte == 0x66 || byte == 0x67 || (byte & 0xf0) == 0x40)
			continue;
		else
			return rep &&
			       ((byte >= 0xa4 && byte <= 0xa7) || (byte >= 0xaa && byte <= 0xaf));
	}
	return false;
}

void decode_block(struct decoder *decoder, const uint8_t *bytes, uint32_t size, va_t ip,
                  struct decoded_block *out)
{
	uint32_t at = 0;

	*out = (struct decoded_block){ 0 };
	while (at < size) {
		uint32_t length = instruction_length(decoder, bytes + at, size - at, ip + at);

		out->nr_instructions++;
		out->last_offset = at;
		if (!length)
			break;
		at += length;
	}
	out->last_is_rep = is_rep_string(bytes + out->last_offset, size - out->last_offset);
}

uint32_t decode_instructions_before(struct decoder *decoder, const uint8_t *bytes, uint32_t size,
                                    va_t ip, uint32_t offset)
{
	uint32_t at = 0, n = 0;

	while (at < size && at < offset) {
		uint32_t length = instruction_length(decoder, bytes + at, size - at, ip + at);

		if (!length)
			break;
		at += length;
		n++;
	}
	return n;
}

uint32_t decode_straddler(struct decoder *decoder, const uint8_t *bytes, uint32_t size, va_t ip)
{
	uint32_t at = 0;

	while (at < size) {
		uint32_t length = instruction_length(decoder, bytes + at, size - at, ip + at);

		if (!length)
			break;
		at += length;
	}
	return at;
}

/* ---- operands ---- */

static uint64_t gpr_value(const struct x86_regs *regs, enum x86_gpr gpr)
{
	return regs->gpr[gpr];
}

/* The value of a base or index register: 64-bit, or its low half. */
static uint64_t register_value(const struct x86_regs *regs, x86_reg reg, uint64_t next_ip)
{
	static const struct {
		x86_reg wide, narrow;
		enum x86_gpr gpr;
	} map[] = {
		{ X86_REG_RAX, X86_REG_EAX, REG_AX },  { X86_REG_RCX, X86_REG_ECX, REG_CX },
		{ X86_REG_RDX, X86_REG_EDX, REG_DX },  { X86_REG_RBX, X86_REG_EBX, REG_BX },
		{ X86_REG_RSP, X86_REG_ESP, REG_SP },  { X86_REG_RBP, X86_REG_EBP, REG_BP },
		{ X86_REG_RSI, X86_REG_ESI, REG_SI },  { X86_REG_RDI, X86_REG_EDI, REG_DI },
		{ X86_REG_R8, X86_REG_R8D, REG_8 },    { X86_REG_R9, X86_REG_R9D, REG_9 },
		{ X86_REG_R10, X86_REG_R10D, REG_10 }, { X86_REG_R11, X86_REG_R11D, REG_11 },
		{ X86_REG_R12, X86_REG_R12D, REG_12 }, { X86_REG_R13, X86_REG_R13D, REG_13 },
		{ X86_REG_R14, X86_REG_R14D, REG_14 }, { X86_REG_R15, X86_REG_R15D, REG_15 },
	};

	if (reg == X86_REG_RIP)
		return next_ip;
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		if (reg == map[i].wide)
			return gpr_value(regs, map[i].gpr);
		if (reg == map[i].narrow)
			return (uint32_t)gpr_value(regs, map[i].gpr);
	}
	return 0;
}

static va_t operand_va(const cs_insn *insn, const x86_op_mem *mem, const struct x86_regs *regs)
{
	uint64_t next_ip = regs->ip + insn->size;
	va_t va = (uint64_t)mem->disp;

	if (mem->base != X86_REG_INVALID)
		va += register_value(regs, mem->base, next_ip);
	if (mem->index != X86_REG_INVALID)
		va += register_value(regs, mem->index, next_ip) * (uint64_t)mem->scale;
	if (insn->detail->x86.addr_size == 4)
		va = (uint32_t)va;
	if (mem->segment == X86_REG_FS)
		va += regs->fs_base;
	if (mem->segment == X86_REG_GS)
		va += regs->gs_base;
	return va;
}

/* bt, bts, btr, btc with a register: the bit may lie far from the operand. */
static va_t bit_string_va(const cs_insn *insn, const struct x86_regs *regs, va_t va)
{
	const cs_x86 *x86 = &insn->detail->x86;
	uint32_t size = x86->operands[0].size;
	int64_t bit;

	if (x86->op_count != 2 || x86->operands[1].type != X86_OP_REG || size < 2)
		return va;
	bit = (int64_t)register_value(regs, x86->operands[1].reg, 0);
	if (size == 4)
		bit = (int32_t)bit;
	return va + (uint64_t)(bit / (int64_t)(8 * size) - (bit % (int64_t)(8 * size) < 0)) * size;
}

static bool is_bit_string(unsigned id)
{
	return id == X86_INS_BT || id == X86_INS_BTS || id == X86_INS_BTR || id == X86_INS_BTC;
}

/* True, and *va moved into the page, if [*va, *va + size) touches it. */
static bool touches_page(va_t *va, uint32_t size, va_t page_va)
{
	va_t first = *va & PAGE_MASK, last = (*va + (size ? size : 1) - 1) & PAGE_MASK;

	if (first == page_va)
		return true;
	if (last != page_va)
		return false;
	*va = page_va;
	return true;
}

/* push, call, pop, ret and kin: the stack is no operand of theirs. */
static bool stack_access(const struct x86_regs *regs, va_t page_va, struct decoded_access *out)
{
	va_t below = regs->gpr[REG_SP] - 8, at = regs->gpr[REG_SP];

	if (touches_page(&at, 8, page_va))
		*out = (struct decoded_access){ .va = at, .writes = false };
	else if (touches_page(&below, 8, page_va))
		*out = (struct decoded_access){ .va = below, .writes = true };
	else
		return false;
	return true;
}

bool decode_access(struct decoder *decoder, const uint8_t *bytes, uint32_t size,
                   const struct x86_regs *regs, va_t page_va, struct decoded_access *out)
{
	uint64_t address = regs->ip;
	size_t left = size;
	const cs_x86 *x86;

	page_va &= PAGE_MASK;
	if (!cs_disasm_iter(decoder->details, &bytes, &left, &address, decoder->detail))
		return false;
	x86 = &decoder->detail->detail->x86;
	for (uint8_t i = 0; i < x86->op_count; i++) {
		const cs_x86_op *op = &x86->operands[i];
		va_t va;

		if (op->type != X86_OP_MEM || decoder->detail->id == X86_INS_LEA)
			continue;
		va = operand_va(decoder->detail, &op->mem, regs);
		if (is_bit_string(decoder->detail->id))
			va = bit_string_va(decoder->detail, regs, va);
		if (touches_page(&va, op->size, page_va)) {
			out->va = va;
			out->writes = op->access & CS_AC_WRITE;
			return true;
		}
	}
	return stack_access(regs, page_va, out);
}
