/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/decode.h"

#include <capstone/capstone.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One mode's. */
struct disassembler {
	csh lengths; /* without detail: fast */
	csh details;
	cs_insn *length;
	cs_insn *detail;
};

struct decoder {
	struct disassembler modes[2]; /* 64-bit, 32-bit */
	struct disassembler *mode;    /* the one in use */
};

static bool is_32(const struct decoder *decoder)
{
	return decoder->mode == &decoder->modes[1];
}

static int open_disassembler(struct disassembler *d, cs_mode mode)
{
	if (cs_open(CS_ARCH_X86, mode, &d->lengths) || cs_open(CS_ARCH_X86, mode, &d->details) ||
	    cs_option(d->details, CS_OPT_DETAIL, CS_OPT_ON))
		return -ENOMEM;
	d->length = cs_malloc(d->lengths);
	d->detail = cs_malloc(d->details);
	return d->length && d->detail ? 0 : -ENOMEM;
}

static void close_disassembler(struct disassembler *d)
{
	if (d->length)
		cs_free(d->length, 1);
	if (d->detail)
		cs_free(d->detail, 1);
	if (d->lengths)
		cs_close(&d->lengths);
	if (d->details)
		cs_close(&d->details);
}

int decoder_create(struct decoder **out)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	if (open_disassembler(&d->modes[0], CS_MODE_64) ||
	    open_disassembler(&d->modes[1], CS_MODE_32)) {
		decoder_destroy(d);
		return -ENOMEM;
	}
	d->mode = &d->modes[0];
	*out = d;
	return 0;
}

void decoder_destroy(struct decoder *decoder)
{
	if (!decoder)
		return;
	close_disassembler(&decoder->modes[0]);
	close_disassembler(&decoder->modes[1]);
	free(decoder);
}

void decoder_set_mode(struct decoder *decoder, bool is_32)
{
	decoder->mode = &decoder->modes[is_32];
}

/* Length of the instruction at bytes, 0 if it is none or not whole. */
static uint32_t instruction_length(struct decoder *d, const uint8_t *bytes, uint32_t size, va_t ip)
{
	uint64_t address = ip;
	size_t left = size;

	if (!cs_disasm_iter(d->mode->lengths, &bytes, &left, &address, d->mode->length))
		return 0;
	return d->mode->length->size;
}

/* How many bytes of legacy prefixes and REX come first. *rep: there is one. */
static uint32_t prefix_length(const struct decoder *d, const uint8_t *bytes, uint32_t size,
                              bool *rep)
{
	static const uint8_t legacy[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0 };
	uint32_t at = 0;

	*rep = false;
	for (; at < size; at++) {
		if (bytes[at] == 0xf2 || bytes[at] == 0xf3)
			*rep = true;
		else if (!memchr(legacy, bytes[at], sizeof(legacy)) &&
		         (is_32(d) || (bytes[at] & 0xf0) != 0x40))
			break;
	}
	return at;
}

/* movs, cmps, stos, lods or scas behind a rep prefix, perhaps with others. */
static bool is_rep_string(const struct decoder *d, const uint8_t *bytes, uint32_t size)
{
	bool rep;
	uint32_t at = prefix_length(d, bytes, size, &rep);

	return rep && at < size &&
	       ((bytes[at] >= 0xa4 && bytes[at] <= 0xa7) ||
	        (bytes[at] >= 0xaa && bytes[at] <= 0xaf));
}

uint32_t decode_rdtsc_length(const struct decoder *d, const uint8_t *bytes, uint32_t size)
{
	bool rep;
	uint32_t at = prefix_length(d, bytes, size, &rep);

	return at + 2 <= size && bytes[at] == 0x0f && bytes[at + 1] == 0x31 ? at + 2 : 0;
}

void decode_block(struct decoder *decoder, const uint8_t *bytes, uint32_t size, va_t ip,
                  struct decoded_block *out)
{
	uint32_t at = 0;

	*out = (struct decoded_block){ 0 };
	while (at < size) {
		uint32_t length = instruction_length(decoder, bytes + at, size - at, ip + at);

		if (at < DECODE_STARTS_BYTES)
			out->starts[at / 64] |= (uint64_t)1 << at % 64;
		out->nr_instructions++;
		out->last_offset = at;
		if (!length)
			break;
		at += length;
	}
	out->last_is_rep =
	    is_rep_string(decoder, bytes + out->last_offset, size - out->last_offset);
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

/* Capstone's numbers have no order, so a table it is. */
static const struct {
	x86_reg wide, narrow;
	uint8_t gpr;
} gpr_map[] = {
	{ X86_REG_RAX, X86_REG_EAX, REG_AX },  { X86_REG_RCX, X86_REG_ECX, REG_CX },
	{ X86_REG_RDX, X86_REG_EDX, REG_DX },  { X86_REG_RBX, X86_REG_EBX, REG_BX },
	{ X86_REG_RSP, X86_REG_ESP, REG_SP },  { X86_REG_RBP, X86_REG_EBP, REG_BP },
	{ X86_REG_RSI, X86_REG_ESI, REG_SI },  { X86_REG_RDI, X86_REG_EDI, REG_DI },
	{ X86_REG_R8, X86_REG_R8D, REG_8 },    { X86_REG_R9, X86_REG_R9D, REG_9 },
	{ X86_REG_R10, X86_REG_R10D, REG_10 }, { X86_REG_R11, X86_REG_R11D, REG_11 },
	{ X86_REG_R12, X86_REG_R12D, REG_12 }, { X86_REG_R13, X86_REG_R13D, REG_13 },
	{ X86_REG_R14, X86_REG_R14D, REG_14 }, { X86_REG_R15, X86_REG_R15D, REG_15 },
};

static uint8_t gpr_of(x86_reg reg, bool *narrow)
{
	*narrow = false;
	if (reg == X86_REG_RIP)
		return DECODE_IP;
	for (size_t i = 0; i < sizeof(gpr_map) / sizeof(gpr_map[0]); i++) {
		if (reg == gpr_map[i].wide)
			return gpr_map[i].gpr;
		if (reg == gpr_map[i].narrow) {
			*narrow = true;
			return gpr_map[i].gpr;
		}
	}
	return DECODE_NO_REG;
}

static bool is_bit_string(unsigned id)
{
	return id == X86_INS_BT || id == X86_INS_BTS || id == X86_INS_BTR || id == X86_INS_BTC;
}

/* bt, bts, btr, btc with a register: the bit may lie far from the operand. */
static uint8_t bit_register(const cs_insn *insn, bool *narrow)
{
	const cs_x86 *x86 = &insn->detail->x86;

	*narrow = false;
	if (!is_bit_string(insn->id) || x86->op_count != 2 || x86->operands[1].type != X86_OP_REG)
		return DECODE_NO_REG;
	return gpr_of(x86->operands[1].reg, narrow);
}

/*
 * Instructions that read their first operand and then write it. Capstone's own word
 * on access (op->access) is wrong for several, test and lock-prefixed ones among
 * them. Those that only write (mov, setcc, stos ...) need not be known: the engine
 * sees them as stores.
 */
static bool modifies_first_operand(unsigned id)
{
	static const x86_insn modifying[] = {
		X86_INS_ADD,  X86_INS_OR,      X86_INS_ADC,       X86_INS_SBB,        X86_INS_AND,
		X86_INS_SUB,  X86_INS_XOR,     X86_INS_INC,       X86_INS_DEC,        X86_INS_NOT,
		X86_INS_NEG,  X86_INS_SHL,     X86_INS_SHR,       X86_INS_SAR,        X86_INS_SAL,
		X86_INS_ROL,  X86_INS_ROR,     X86_INS_RCL,       X86_INS_RCR,        X86_INS_SHLD,
		X86_INS_SHRD, X86_INS_BTS,     X86_INS_BTR,       X86_INS_BTC,        X86_INS_XCHG,
		X86_INS_XADD, X86_INS_CMPXCHG, X86_INS_CMPXCHG8B, X86_INS_CMPXCHG16B,
	};

	for (size_t i = 0; i < sizeof(modifying) / sizeof(modifying[0]); i++)
		if (id == (unsigned)modifying[i])
			return true;
	return false;
}

static bool is_modified(const cs_insn *insn, const cs_x86_op *op)
{
	/* xchg writes both. */
	return insn->id == X86_INS_XCHG ||
	       (op == insn->detail->x86.operands && modifies_first_operand(insn->id));
}

static void decode_operand(const struct decoder *d, const cs_insn *insn, const cs_x86_op *op,
                           struct decoded_operand *out)
{
	*out = (struct decoded_operand){
		.disp = op->mem.disp,
		.scale = (uint8_t)op->mem.scale,
		.size = op->size ? op->size : 1,
		.narrow_address = insn->detail->x86.addr_size == 4,
		.narrow_linear = is_32(d),
		.writes = is_modified(insn, op),
		.segment = op->mem.segment == X86_REG_FS   ? 'f'
		           : op->mem.segment == X86_REG_GS ? 'g'
		                                           : 0,
	};
	out->base = gpr_of(op->mem.base, &out->narrow_base);
	out->index = gpr_of(op->mem.index, &out->narrow_index);
	out->bit_index = bit_register(insn, &out->narrow_bit);
}

void decode_instruction(struct decoder *decoder, const uint8_t *bytes, uint32_t size, va_t ip,
                        struct decoded_instruction *out)
{
	const cs_insn *insn = decoder->mode->detail;
	uint64_t address = ip;
	size_t left = size;

	*out = (struct decoded_instruction){ 0 };
	if (!cs_disasm_iter(decoder->mode->details, &bytes, &left, &address, decoder->mode->detail))
		return;
	out->length = (uint8_t)insn->size;
	if (insn->id == X86_INS_LEA)
		return;
	for (uint8_t i = 0; i < insn->detail->x86.op_count; i++) {
		const cs_x86_op *op = &insn->detail->x86.operands[i];

		if (op->type == X86_OP_MEM && out->nr_operands < DECODE_MAX_OPERANDS)
			decode_operand(decoder, insn, op, &out->operands[out->nr_operands++]);
	}
}

static uint64_t register_value(const struct x86_regs *regs, uint8_t reg, bool narrow,
                               uint64_t next_ip)
{
	if (reg == DECODE_NO_REG)
		return 0;
	if (reg == DECODE_IP)
		return next_ip;
	return narrow ? (uint32_t)regs->gpr[reg] : regs->gpr[reg];
}

/* Units of the operand's size, downwards for negative bits: bit -1 of a 4-byte
 * operand is in the 4 bytes before it. */
static uint64_t bit_offset(const struct decoded_operand *op, const struct x86_regs *regs)
{
	int64_t bits = 8 * (int64_t)op->size;
	int64_t bit = (int64_t)register_value(regs, op->bit_index, false, 0);

	if (op->narrow_bit)
		bit = (int32_t)bit;
	return (uint64_t)(bit / bits - (bit % bits < 0)) * op->size;
}

static va_t operand_va(const struct decoded_instruction *insn, const struct decoded_operand *op,
                       const struct x86_regs *regs)
{
	uint64_t next_ip = regs->ip + insn->length;
	va_t va = (uint64_t)op->disp + register_value(regs, op->base, op->narrow_base, next_ip) +
	          register_value(regs, op->index, op->narrow_index, next_ip) * op->scale;

	if (op->bit_index != DECODE_NO_REG)
		va += bit_offset(op, regs);
	if (op->narrow_address)
		va = (uint32_t)va;
	if (op->segment)
		va += op->segment == 'f' ? regs->fs_base : regs->gs_base;
	return op->narrow_linear ? (uint32_t)va : va;
}

/* True, and *va moved into the page, if [*va, *va + size) touches it. */
static bool touches_page(va_t *va, uint32_t size, va_t page_va)
{
	if ((*va & PAGE_MASK) == page_va)
		return true;
	if (((*va + size - 1) & PAGE_MASK) != page_va)
		return false;
	*va = page_va;
	return true;
}

/* push, call, pop, ret and kin: the stack is no operand of theirs. pusha and popa, of
 * 32-bit mode, move eight words. */
static bool stack_access(const struct x86_regs *regs, va_t page_va, struct decoded_access *out)
{
	const uint32_t word = regs->is_32 ? 4 : 8, eight = regs->is_32 ? 8 * word : word;
	const va_t sp = regs->gpr[REG_SP];
	const struct {
		va_t va;
		uint32_t size;
		bool writes;
	} tries[] = {
		{ sp, word, false },
		{ sp - word, word, true },
		{ sp, eight, false },
		{ sp - eight, eight, true },
	};

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		va_t va = tries[i].va;

		if (!touches_page(&va, tries[i].size, page_va))
			continue;
		*out = (struct decoded_access){ .va = va, .writes = tries[i].writes };
		return true;
	}
	return false;
}

bool decode_access(const struct decoded_instruction *instruction, const struct x86_regs *regs,
                   va_t page_va, struct decoded_access *out)
{
	page_va &= PAGE_MASK;
	for (uint8_t i = 0; i < instruction->nr_operands; i++) {
		const struct decoded_operand *op = &instruction->operands[i];
		va_t va = operand_va(instruction, op, regs);

		if (!touches_page(&va, op->size, page_va))
			continue;
		*out = (struct decoded_access){ .va = va, .writes = op->writes };
		return true;
	}
	return stack_access(regs, page_va, out);
}

/* ---- which accesses an instruction makes ---- */

static bool is_one_of(unsigned id, const x86_insn *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (id == (unsigned)list[i])
			return true;
	return false;
}

#define IS_ONE_OF(id, ...)                                                                         \
	is_one_of(id, (const x86_insn[]){ __VA_ARGS__ },                                           \
	          sizeof((const x86_insn[]){ __VA_ARGS__ }) / sizeof(x86_insn))

static void add_access(struct decoded_accesses *out, enum access_kind kind, uint32_t size)
{
	for (; size; size -= size > 8 ? 8 : size) {
		if (out->nr == DECODE_MAX_ACCESSES || (size > 8 && size != 16)) {
			out->is_known = false;
			return;
		}
		out->accesses[out->nr].kind = (uint8_t)kind;
		out->accesses[out->nr++].size = size > 8 ? 8 : (uint8_t)size;
	}
}

/* Moves to memory without reading it. */
static bool only_writes(unsigned id)
{
	return (id >= X86_INS_SETAE && id <= X86_INS_SETS) ||
	       IS_ONE_OF(id, X86_INS_MOV, X86_INS_MOVABS, X86_INS_MOVAPS, X86_INS_MOVAPD,
	                 X86_INS_MOVUPS, X86_INS_MOVUPD, X86_INS_MOVDQA, X86_INS_MOVDQU,
	                 X86_INS_MOVQ, X86_INS_MOVD, X86_INS_MOVSS, X86_INS_MOVSD, X86_INS_MOVHPS,
	                 X86_INS_MOVHPD, X86_INS_MOVLPS, X86_INS_MOVLPD, X86_INS_MOVNTI,
	                 X86_INS_MOVNTDQ, X86_INS_MOVNTPS, X86_INS_MOVNTPD);
}

/* An operand in memory is read, and that is all. */
static bool only_reads(const cs_insn *insn)
{
	const unsigned id = insn->id;

	if (IS_ONE_OF(id, X86_INS_CMP, X86_INS_TEST, X86_INS_MUL, X86_INS_IMUL, X86_INS_DIV,
	              X86_INS_IDIV, X86_INS_JMP))
		return true;
	/* With the operand last, as loads have it, in general registers or SSE's. */
	return (id >= X86_INS_CMOVA && id <= X86_INS_CMOVS) ||
	       IS_ONE_OF(id, X86_INS_MOV, X86_INS_MOVABS, X86_INS_MOVZX, X86_INS_MOVSX,
	                 X86_INS_MOVSXD, X86_INS_ADD, X86_INS_OR, X86_INS_ADC, X86_INS_SBB,
	                 X86_INS_AND, X86_INS_SUB, X86_INS_XOR, X86_INS_BSF, X86_INS_BSR,
	                 X86_INS_MOVAPS, X86_INS_MOVAPD, X86_INS_MOVUPS, X86_INS_MOVUPD,
	                 X86_INS_MOVDQA, X86_INS_MOVDQU, X86_INS_MOVQ, X86_INS_MOVD, X86_INS_MOVSS,
	                 X86_INS_MOVSD, X86_INS_MOVHPS, X86_INS_MOVHPD, X86_INS_MOVLPS,
	                 X86_INS_MOVLPD, X86_INS_PXOR, X86_INS_POR, X86_INS_PAND, X86_INS_PANDN,
	                 X86_INS_XORPS, X86_INS_ANDPS, X86_INS_ORPS, X86_INS_PADDB, X86_INS_PADDW,
	                 X86_INS_PADDD, X86_INS_PADDQ, X86_INS_PSUBB, X86_INS_PSUBD, X86_INS_PSUBQ,
	                 X86_INS_PCMPEQB, X86_INS_PCMPEQD, X86_INS_PMINUB, X86_INS_PMAXUB,
	                 X86_INS_PUNPCKLQDQ, X86_INS_ADDSD, X86_INS_SUBSD, X86_INS_MULSD,
	                 X86_INS_DIVSD, X86_INS_ADDSS, X86_INS_SUBSS, X86_INS_MULSS, X86_INS_DIVSS,
	                 X86_INS_UCOMISD, X86_INS_UCOMISS, X86_INS_COMISD, X86_INS_COMISS,
	                 X86_INS_CVTSI2SD, X86_INS_CVTSD2SS, X86_INS_CVTSS2SD, X86_INS_CVTTSD2SI);
}

/* The operand in memory, if there is one. */
static const cs_x86_op *memory_operand(const cs_insn *insn)
{
	for (uint8_t i = 0; i < insn->detail->x86.op_count; i++)
		if (insn->detail->x86.operands[i].type == X86_OP_MEM)
			return &insn->detail->x86.operands[i];
	return NULL;
}

/* push, pop, call, ret and leave, of words of this mode's size; the operand may be in
 * memory, too. */
static void add_stack_accesses(const struct decoder *d, const cs_insn *insn, const cs_x86_op *op,
                               struct decoded_accesses *out)
{
	const uint32_t word = is_32(d) ? 4 : 8;
	const bool pushes = insn->id == X86_INS_PUSH || insn->id == X86_INS_CALL;

	if (insn->detail->x86.prefix[2]) { /* operand size */
		out->is_known = false;
		return;
	}
	if (op && pushes)
		add_access(out, ACCESS_LOAD, word);
	add_access(out, pushes ? ACCESS_STORE : ACCESS_LOAD, word);
	if (op && insn->id == X86_INS_POP)
		add_access(out, ACCESS_STORE, word);
}

/* movs and stos: a loads' operand comes first; lods, scas; cmps. */
static bool add_string_accesses(const cs_insn *insn, struct decoded_accesses *out)
{
	static const struct {
		x86_insn id;
		uint8_t size, nr, kinds[2];
	} strings[] = {
		{ X86_INS_MOVSB, 1, 2, { ACCESS_LOAD, ACCESS_STORE } },
		{ X86_INS_MOVSW, 2, 2, { ACCESS_LOAD, ACCESS_STORE } },
		{ X86_INS_MOVSQ, 8, 2, { ACCESS_LOAD, ACCESS_STORE } },
		{ X86_INS_STOSB, 1, 1, { ACCESS_STORE } },
		{ X86_INS_STOSW, 2, 1, { ACCESS_STORE } },
		{ X86_INS_STOSD, 4, 1, { ACCESS_STORE } },
		{ X86_INS_STOSQ, 8, 1, { ACCESS_STORE } },
		{ X86_INS_LODSB, 1, 1, { ACCESS_LOAD } },
		{ X86_INS_LODSW, 2, 1, { ACCESS_LOAD } },
		{ X86_INS_LODSD, 4, 1, { ACCESS_LOAD } },
		{ X86_INS_LODSQ, 8, 1, { ACCESS_LOAD } },
		{ X86_INS_SCASB, 1, 1, { ACCESS_LOAD } },
		{ X86_INS_CMPSB, 1, 2, { ACCESS_LOAD, ACCESS_LOAD } },
	};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		if (insn->id != (unsigned)strings[i].id)
			continue;
		for (uint8_t j = 0; j < strings[i].nr; j++)
			add_access(out, strings[i].kinds[j], strings[i].size);
		return true;
	}
	return false;
}

/* No operand of theirs is in memory, and still they access it, or might. */
static bool is_obscure(const cs_insn *insn)
{
	return IS_ONE_OF(insn->id, X86_INS_PUSHF, X86_INS_PUSHFD, X86_INS_PUSHFQ, X86_INS_POPF,
	                 X86_INS_POPFD, X86_INS_POPFQ, X86_INS_ENTER, X86_INS_XLATB,
	                 X86_INS_MASKMOVDQU, X86_INS_MASKMOVQ, X86_INS_PUSHAW, X86_INS_PUSHAL,
	                 X86_INS_POPAW, X86_INS_POPAL, X86_INS_IRET, X86_INS_IRETD, X86_INS_IRETQ,
	                 X86_INS_RETF, X86_INS_RETFQ, X86_INS_LCALL, X86_INS_LJMP, X86_INS_INSB,
	                 X86_INS_INSD, X86_INS_INSW, X86_INS_OUTSB, X86_INS_OUTSD, X86_INS_OUTSW);
}

/* Not a string instruction, whose mnemonics SSE shares. */
static void add_operand_accesses(const cs_insn *insn, const cs_x86_op *op,
                                 struct decoded_accesses *out)
{
	const bool is_first = op == insn->detail->x86.operands;

	if (IS_ONE_OF(insn->id, X86_INS_LEA, X86_INS_NOP, X86_INS_PREFETCH, X86_INS_PREFETCHNTA,
	              X86_INS_PREFETCHT0, X86_INS_PREFETCHT1, X86_INS_PREFETCHT2,
	              X86_INS_PREFETCHW))
		return;
	if (is_first && only_writes(insn->id)) {
		add_access(out, ACCESS_STORE, op->size);
	} else if (is_modified(insn, op) && !is_bit_string(insn->id)) {
		add_access(out, ACCESS_LOAD, op->size);
		add_access(out, ACCESS_STORE, op->size);
	} else if (only_reads(insn)) {
		add_access(out, ACCESS_LOAD, op->size);
	} else {
		out->is_known = false;
	}
}

void decode_accesses(struct decoder *decoder, const uint8_t *bytes, uint32_t size, va_t ip,
                     struct decoded_accesses *out)
{
	const cs_insn *insn = decoder->mode->detail;
	const uint8_t *next = bytes;
	uint64_t address = ip;
	size_t left = size;
	const cs_x86_op *op;

	*out = (struct decoded_accesses){ 0 };
	if (!cs_disasm_iter(decoder->mode->details, &next, &left, &address, decoder->mode->detail))
		return;
	out->length = (uint8_t)insn->size;
	out->is_known = true;
	if (is_rep_string(decoder, bytes, size)) {
		out->is_known = false;
		out->is_repeated = true;
		return;
	}
	op = memory_operand(insn);
	if (IS_ONE_OF(insn->id, X86_INS_PUSH, X86_INS_POP, X86_INS_CALL, X86_INS_RET,
	              X86_INS_LEAVE))
		add_stack_accesses(decoder, insn, op, out);
	else if (is_obscure(insn))
		out->is_known = false;
	else if (op && !add_string_accesses(insn, out))
		add_operand_accesses(insn, op, out);
}
