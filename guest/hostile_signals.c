// SPDX-License-Identifier: GPL-2.0-or-later
/* Signal frames that no kernel wrote, storms of signals, stacks that are none. */
#include "hostile.h"

#define FRAME_BYTES 2048u

static uint8_t *two_pages(void)
{
	return map(2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
}

/* ---- sigreturn ---- */

static void return_from(void *context)
{
	__asm__ volatile("movq %0, %%rsp\n\t"
	                 "movl $15, %%eax\n\t"
	                 "syscall\n\t"
	                 "hlt"
	                 :
	                 : "r"(context)
	                 : "rax", "rcx", "r11", "memory");
}

static void fill_frame(struct dice *dice, uint8_t *frame)
{
	struct ucontext *context = (struct ucontext *)frame;

	for (uint64_t i = 0; i < FRAME_BYTES; i += 8) {
		uint64_t word = below(dice, 2) ? odd_number(dice) : roll(dice) << 8 ^ roll(dice);

		memcpy(frame + i, &word, 8);
	}
	if (below(dice, 4)) /* it lies behind */
		context->fpstate = ((uint64_t)frame + sizeof(*context) + 63) & ~(uint64_t)63;
	if (below(dice, 2)) /* some way on, where the next signal finds a stack */
		context->sp = (uint64_t)frame + FRAME_BYTES;
	/* As they should be, mostly: else the next signal is the last. */
	if (below(dice, 16))
		context->mask = 0;
	if (below(dice, 16)) {
		context->stack[1] = 2; /* SS_DISABLE */
		context->sp = (uint64_t)frame + FRAME_BYTES;
	}
}

void hostile_frames(struct dice *dice, uint64_t count)
{
	uint8_t *pages = two_pages();

	for (uint64_t i = 0; i < count; i++) {
		uint8_t *frame = pages + PAGE_BYTES + below(dice, 64) * 16;

		fill_frame(dice, frame);
		if (!below(dice, 8)) /* cut off */
			frame = pages + 2 * PAGE_BYTES - below(dice, 1024);
		attempt(return_from, below(dice, 8) ? frame : (void *)odd_number(dice));
		catch_signals();
	}
}

/* ---- storms ---- */

static volatile uint64_t depth;

/* A handler that faults until its stack is full. */
static void fault_again(int signo, struct siginfo *info, struct ucontext *context)
{
	(void)signo;
	(void)info;
	(void)context;
	depth++;
	*(volatile uint8_t *)depth = 1;
}

/* One that interrupts whatever there is, itself too. */
static void count_tick(int signo, struct siginfo *info, struct ucontext *context)
{
	(void)signo;
	(void)info;
	(void)context;
	depth++;
}

static void fault(void *context)
{
	*(volatile uint8_t *)context = 1;
}

static void work(void *context)
{
	volatile uint64_t *sum = context;

	for (int i = 0; i < 2000; i++)
		*sum += pattern((uint64_t)i, *sum);
}

void hostile_storm(struct dice *dice, uint64_t count)
{
	uint8_t *stack = two_pages();
	uint64_t sum = 0;

	for (uint64_t i = 0; i < count; i++) {
		const uint64_t tick[4] = { 0, 1 + below(dice, 3), 0, 1 };
		const uint64_t own[3] = { (uint64_t)stack, 0, 2048 + below(dice, 3 * 2048) };
		const uint64_t which = below(dice, 3), never[4] = { 0 };
		const uint64_t defer = below(dice, 2) ? SA_NODEFER : 0;

		syscall3(SYS_sigaltstack, own, 0, 0);
		set_handler(SIGALRM, count_tick, defer | (below(dice, 2) ? SA_ONSTACK : 0), 0);
		syscall3(SYS_setitimer, which, tick, 0);
		attempt(work, &sum);
		syscall3(SYS_setitimer, which, never, 0);
		/* Once the stack is full, SIGSEGV has no handler any more and kills: so
		 * that is done at the end. */
		if (i + 1 == count) {
			set_handler(SIGSEGV, fault_again, SA_NODEFER | SA_ONSTACK, 0);
			attempt(fault, (void *)odd_number(dice));
		}
		catch_signals();
	}
}

/* ---- stacks ---- */

static uint64_t recurse(volatile uint64_t *above)
{
	volatile uint64_t here[64];

	here[0] = *above + 1;
	if (!here[0])
		return 0;
	return recurse(here) + here[0];
}

static void recurse_for_ever(void *context)
{
	volatile uint64_t first = (uint64_t)context;

	recurse(&first);
}

static void push_at(void *context)
{
	__asm__ volatile("movq %0, %%rsp\n\t"
	                 "pushq $1\n\t"
	                 "call *%%rsp"
	                 :
	                 : "r"(context)
	                 : "memory");
}

/* A system call goes on with any stack pointer; the signal behind it needs one. */
static void call_at(void *context)
{
	__asm__ volatile("movq %0, %%rsp\n\t"
	                 "movl $39, %%eax\n\t"
	                 "syscall\n\t"
	                 "movl %%eax, %%edi\n\t"
	                 "movl $10, %%esi\n\t"
	                 "movl $62, %%eax\n\t"
	                 "syscall\n\t"
	                 "ud2"
	                 :
	                 : "r"(context)
	                 : "rax", "rcx", "rdi", "rsi", "r11", "memory");
}

void hostile_stack(struct dice *dice, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		attempt(push_at, (void *)odd_number(dice));
		attempt(call_at, (void *)odd_number(dice));
		if (i % 16 == 0)
			attempt(recurse_for_ever, (void *)i);
		catch_signals();
	}
	/* Without an alternate stack the last recursion kills. */
	set_handler(SIGSEGV, count_tick, 0, 0);
	recurse_for_ever(NULL);
}
