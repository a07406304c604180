// SPDX-License-Identifier: GPL-2.0-or-later
/* Code that nobody wrote, and code that writes itself. */
#include "hostile.h"

#define CODE_PAGES 4u
#define CODE_BYTES (CODE_PAGES * PAGE_BYTES)

/* Beginnings of instructions that random bytes would seldom be, and that belong to
 * kernels, to segments, to other modes, to exceptions. */
static const struct {
	uint8_t length, bytes[5];
} openings[] = {
	{ 2, { 0x0f, 0x05 } },                   /* syscall */
	{ 2, { 0x0f, 0x34 } },                   /* sysenter */
	{ 2, { 0x0f, 0x07 } },                   /* sysret */
	{ 2, { 0x0f, 0x35 } },                   /* sysexit */
	{ 2, { 0xcd, 0x80 } },                   /* int 0x80 */
	{ 1, { 0xcd } },                         /* int n */
	{ 1, { 0xcc } },                         /* int3 */
	{ 1, { 0xf1 } },                         /* int1 */
	{ 2, { 0x48, 0xcf } },                   /* iretq */
	{ 1, { 0xcf } },                         /* iretd */
	{ 1, { 0xcb } },                         /* far return */
	{ 2, { 0x48, 0xff } },                   /* far call, far jump among others */
	{ 1, { 0xf4 } },                         /* hlt */
	{ 1, { 0xfa } },                         /* cli */
	{ 1, { 0xfb } },                         /* sti */
	{ 2, { 0x0f, 0x00 } },                   /* lldt, ltr, sldt, str, verr, verw */
	{ 2, { 0x0f, 0x01 } },                   /* lgdt, sidt, invlpg, swapgs, rdtscp ... */
	{ 3, { 0x0f, 0x01, 0xd0 } },             /* xgetbv */
	{ 3, { 0x0f, 0x01, 0xf8 } },             /* swapgs */
	{ 2, { 0x0f, 0x06 } },                   /* clts */
	{ 2, { 0x0f, 0x08 } },                   /* invd */
	{ 2, { 0x0f, 0x20 } },                   /* mov from cr */
	{ 2, { 0x0f, 0x22 } },                   /* mov to cr */
	{ 2, { 0x0f, 0x21 } },                   /* mov from dr */
	{ 2, { 0x0f, 0x23 } },                   /* mov to dr */
	{ 2, { 0x0f, 0x30 } },                   /* wrmsr */
	{ 2, { 0x0f, 0x32 } },                   /* rdmsr */
	{ 2, { 0x0f, 0x33 } },                   /* rdpmc */
	{ 2, { 0x0f, 0x31 } },                   /* rdtsc */
	{ 2, { 0x0f, 0xa2 } },                   /* cpuid */
	{ 2, { 0x0f, 0xaa } },                   /* rsm */
	{ 2, { 0x0f, 0x0b } },                   /* ud2 */
	{ 2, { 0x0f, 0xae } },                   /* fxsave, fxrstor, ldmxcsr, xsave ... */
	{ 3, { 0x48, 0x0f, 0xae } },             /* the same with 64 bits */
	{ 3, { 0xf3, 0x0f, 0xae } },             /* rdfsbase, wrgsbase ... */
	{ 2, { 0x0f, 0xc7 } },                   /* cmpxchg16b, rdrand, vmptrld ... */
	{ 2, { 0x0f, 0x78 } },                   /* vmread */
	{ 3, { 0x66, 0x0f, 0x38 } },             /* invpcid, sse4 ... */
	{ 1, { 0x8e } },                         /* mov to segment register */
	{ 2, { 0x0f, 0xb2 } },                   /* lss */
	{ 2, { 0x0f, 0xa1 } },                   /* pop fs */
	{ 1, { 0x9d } },                         /* popf */
	{ 4, { 0x6a, 0xff, 0x9d, 0x90 } },       /* push -1; popf: single step, alignment */
	{ 1, { 0xc8 } },                         /* enter */
	{ 1, { 0xe4 } },                         /* in */
	{ 1, { 0xe6 } },                         /* out */
	{ 1, { 0x6c } },                         /* insb */
	{ 2, { 0xf3, 0x6e } },                   /* rep outsb */
	{ 2, { 0xf3, 0xa4 } },                   /* rep movsb */
	{ 2, { 0xf3, 0xaa } },                   /* rep stosb */
	{ 2, { 0xf2, 0xa6 } },                   /* repne cmpsb */
	{ 2, { 0x67, 0xa4 } },                   /* movsb with 32-bit addresses */
	{ 1, { 0xd7 } },                         /* xlat */
	{ 1, { 0xf0 } },                         /* lock */
	{ 1, { 0x64 } },                         /* fs: */
	{ 1, { 0x65 } },                         /* gs: */
	{ 1, { 0x67 } },                         /* 32-bit addresses */
	{ 1, { 0xc4 } },                         /* vex */
	{ 1, { 0xc5 } },                         /* vex */
	{ 1, { 0x62 } },                         /* evex */
	{ 2, { 0x0f, 0x1b } },                   /* mpx */
	{ 1, { 0xdd } },                         /* x87: frstor, fsave ... */
	{ 1, { 0xd9 } },                         /* x87: fldenv, fldcw ... */
	{ 1, { 0x9b } },                         /* fwait */
	{ 2, { 0xf7, 0xf0 } },                   /* div eax */
	{ 2, { 0x48, 0xa1 } },                   /* mov rax, moffs */
	{ 5, { 0x66, 0x66, 0x66, 0x66, 0x66 } }, /* more prefixes than an instruction has */
	{ 2, { 0xeb, 0xfe } },                   /* a loop without end */
	{ 1, { 0xe8 } },                         /* call */
	{ 1, { 0xc3 } },                         /* ret */
	{ 2, { 0x0f, 0x18 } },                   /* prefetch */
	{ 2, { 0xc6, 0xf8 } },                   /* xabort */
	{ 2, { 0xc7, 0xf8 } },                   /* xbegin */
};
#define NR_OPENINGS (sizeof(openings) / sizeof(openings[0]))

static void write_code(struct dice *dice, uint8_t *code, uint64_t bytes)
{
	for (uint64_t at = 0; at + 8 <= bytes;) {
		uint64_t i = below(dice, NR_OPENINGS);

		if (below(dice, 3)) {
			code[at++] = (uint8_t)roll(dice);
			continue;
		}
		memcpy(code + at, openings[i].bytes, openings[i].length);
		at += openings[i].length;
	}
}

struct jump {
	uint64_t to, registers[8], stack;
};

/* With registers that point somewhere, none of them to what is the program's own. The
 * way back leads over a signal. */
static void jump(void *context)
{
	const struct jump *j = context;

	__asm__ volatile("movq (%0), %%rax\n\t"
	                 "movq 8(%0), %%rcx\n\t"
	                 "movq 16(%0), %%rdx\n\t"
	                 "movq 24(%0), %%rbx\n\t"
	                 "movq 32(%0), %%rsi\n\t"
	                 "movq 40(%0), %%r8\n\t"
	                 "movq 48(%0), %%r9\n\t"
	                 "movq 56(%0), %%r10\n\t"
	                 "movq 64(%0), %%r12\n\t"
	                 "movq 72(%0), %%rsp\n\t"
	                 "movq %%r12, %%r13\n\t"
	                 "movq %%r12, %%r14\n\t"
	                 "movq %%r12, %%r15\n\t"
	                 "movq %%r12, %%rbp\n\t"
	                 "movq %%r12, %%rdi\n\t"
	                 "call *%%rax\n\t"
	                 "ud2"
	                 :
	                 : "D"(j)
	                 : "memory");
}

void hostile_code(struct dice *dice, uint64_t count)
{
	uint8_t *code = map(CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, -1);
	uint8_t *stack = map(PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);

	unmap(code + CODE_BYTES - PAGE_BYTES, PAGE_BYTES);
	for (uint64_t i = 0; i < count; i++) {
		const uint64_t last = CODE_BYTES - PAGE_BYTES;
		struct jump j = { .to = (uint64_t)code + below(dice, last),
			          .stack = (uint64_t)stack + PAGE_BYTES };

		if (!below(dice, 8)) /* over the edge */
			j.to = (uint64_t)code + last - 1 - below(dice, 24);
		if (!below(dice, 16))
			j.to = odd_number(dice);
		for (int r = 0; r < 8; r++)
			j.registers[r] = below(dice, 3) ? (uint64_t)code + below(dice, CODE_BYTES)
			                                : odd_number(dice);
		write_code(dice, code, last);
		attempt(jump, &j);
		catch_signals();
	}
}

/* ---- self-modifying code ---- */

/* mov eax, imm; ret */
static void write_constant(uint8_t *at, uint32_t value)
{
	at[0] = 0xb8;
	memcpy(at + 1, &value, sizeof(value));
	at[5] = 0xc3;
}

static uint32_t run(const uint8_t *at)
{
	return ((uint32_t(*)(void))(uintptr_t)at)();
}

/* The constant of the instruction after the store, in the same block:
 * mov [rip+1], edi; mov eax, imm; ret */
static uint32_t run_own_next(uint8_t *at, uint32_t value)
{
	static const uint8_t code[] = { 0x89, 0x3d, 0x01, 0, 0, 0, 0xb8, 0, 0, 0, 0, 0xc3 };

	memcpy(at, code, sizeof(code));
	return ((uint32_t(*)(uint32_t))(uintptr_t)at)(value);
}

void hostile_modify(struct dice *dice, uint64_t count)
{
	uint8_t *code = map(CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, -1);

	for (uint64_t i = 0; i < count; i++) {
		uint32_t value = (uint32_t)roll(dice);
		uint8_t *at = code + below(dice, CODE_BYTES - 16);
		uint64_t page = (uint64_t)at & ~(uint64_t)(PAGE_BYTES - 1);

		if (!below(dice, 4)) /* across two pages */
			at = code + PAGE_BYTES - 1 - below(dice, 11);
		if (!below(dice, 8)) /* another frame */
			syscall6(SYS_mmap, page, PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
			         MAP_PRIVATE | MAP_ANONYMOUS | 0x10, (uint64_t)-1, 0);
		write_constant(at, value);
		if (run(at) != value)
			fail("hostile: old code ran after a store\n");
		if (run_own_next(at, ~value) != ~value)
			fail("hostile: old code ran behind a store\n");
	}
}
