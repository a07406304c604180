// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * handlers - sends itself signals, and checks how their handlers are called.
 *
 * What it shows: the signal frame on the user's stack, written and read by the
 * kernel: registers and vector registers survive, masks come and go, handlers nest,
 * a timer wakes a sleeper.
 * What to look at: mmu.kernel.* accesses (each frame is 952 bytes there and back),
 * --syscalls.
 */
#include "signals.h"

static volatile int calls[64];
static volatile int order[8], nr_order;

static void send(int signo)
{
	syscall3(SYS_kill, syscall3(SYS_getpid, 0, 0, 0), (unsigned)signo, 0);
}

static void count(int signo, struct siginfo *info, struct ucontext *context)
{
	(void)context;
	if (info->signo != signo)
		fail("handlers: signal %d says it is %d\n", signo, info->signo);
	calls[signo]++;
	order[nr_order++ % 8] = signo;
}

static void expect_order(const char *when, int first, int second)
{
	if (nr_order != 2 || order[0] != first || order[1] != second)
		fail("handlers: %s: %d calls, %d then %d\n", when, nr_order, order[0], order[1]);
	nr_order = 0;
}

static void blocked_signal_comes_once_when_unblocked(void)
{
	set_handler(SIGUSR1, count, 0, 0);
	block_signals(signal_bit(SIGUSR1));
	send(SIGUSR1);
	send(SIGUSR1);
	if (calls[SIGUSR1])
		fail("handlers: a blocked signal came\n");
	if (block_signals(0) != signal_bit(SIGUSR1))
		fail("handlers: the mask is not what was set\n");
	if (calls[SIGUSR1] != 1)
		fail("handlers: a blocked signal came %d times\n", calls[SIGUSR1]);
	nr_order = 0;
}

/* ---- nesting ---- */

static void send_other(int signo, struct siginfo *info, struct ucontext *context)
{
	if (context->mask)
		fail("handlers: the frame's mask is %x\n", context->mask);
	send(SIGUSR2);
	count(signo, info, context);
}

static void handler_is_interrupted_unless_its_mask_forbids(void)
{
	set_handler(SIGUSR2, count, 0, 0);
	set_handler(SIGUSR1, send_other, 0, 0);
	send(SIGUSR1);
	expect_order("nested", SIGUSR2, SIGUSR1);
	set_handler(SIGUSR1, send_other, 0, signal_bit(SIGUSR2));
	send(SIGUSR1);
	expect_order("masked", SIGUSR1, SIGUSR2);
}

/* Both frames are made before either handler runs, the lower signal's first. */
static void last_frame_runs_first(void)
{
	set_handler(SIGUSR1, count, 0, 0);
	set_handler(SIGUSR2, count, 0, 0);
	block_signals(signal_bit(SIGUSR1) | signal_bit(SIGUSR2));
	send(SIGUSR1);
	send(SIGUSR2);
	block_signals(0);
	expect_order("both", SIGUSR2, SIGUSR1);
}

static volatile int depth;

static void send_itself_once(int signo, struct siginfo *info, struct ucontext *context)
{
	if (++depth == 1)
		send(signo);
	order[nr_order++ % 8] = depth--;
	(void)info;
	(void)context;
}

static void signal_nests_in_itself_only_if_not_deferred(void)
{
	set_handler(SIGUSR1, send_itself_once, SA_NODEFER, 0);
	send(SIGUSR1);
	expect_order("not deferred", 2, 1);
}

static void handler_goes_after_one_call_if_asked(void)
{
	uint64_t action[4];

	set_handler(SIGUSR1, count, SA_RESETHAND, 0);
	send(SIGUSR1);
	syscall6(SYS_rt_sigaction, SIGUSR1, 0, (uint64_t)action, 8, 0, 0);
	if (action[0])
		fail("handlers: the handler is still there\n");
}

/* ---- registers ---- */

static void spoil_registers(int signo, struct siginfo *info, struct ucontext *context)
{
	count(signo, info, context);
	__asm__ volatile("pxor %%xmm0, %%xmm0\n\t"
	                 "pxor %%xmm15, %%xmm15\n\t"
	                 "xorl %%ebx, %%ebx\n\t"
	                 "xorl %%r12d, %%r12d\n\t"
	                 "fninit\n\t"
	                 "fldz\n\t"
	                 "fstp %%st(0)"
	                 :
	                 :
	                 : "xmm0", "xmm15", "rbx", "r12", "st", "memory");
}

static void registers_survive(void)
{
	const uint64_t in[4] = { pattern(1, 0), pattern(2, 0), pattern(3, 0), pattern(4, 0) };
	uint64_t out[4] = { 0 }, nr = SYS_kill;
	double x87 = 0;

	set_handler(SIGUSR1, spoil_registers, 0, 0);
	__asm__ volatile("movq (%[in]), %%xmm0\n\t"
	                 "movq 8(%[in]), %%xmm15\n\t"
	                 "movq 16(%[in]), %%rbx\n\t"
	                 "movq 24(%[in]), %%r12\n\t"
	                 "fld1\n\t"
	                 "syscall\n\t"
	                 "movq %%xmm0, (%[out])\n\t"
	                 "movq %%xmm15, 8(%[out])\n\t"
	                 "movq %%rbx, 16(%[out])\n\t"
	                 "movq %%r12, 24(%[out])\n\t"
	                 "fstpl %[x87]"
	                 : "+a"(nr), [x87] "=m"(x87)
	                 : [in] "r"(in), [out] "r"(out), "D"(syscall3(SYS_getpid, 0, 0, 0)),
	                   "S"((uint64_t)SIGUSR1)
	                 : "rcx", "r11", "rbx", "r12", "xmm0", "xmm15", "st", "memory");
	for (int i = 0; i < 4; i++)
		if (out[i] != in[i])
			fail("handlers: register %d is lost\n", i);
	if (x87 != 1.0)
		fail("handlers: an x87 register is lost\n");
}

/* ---- sleeping ---- */

static void suspended_task_wakes_by_timer(void)
{
	const uint64_t in_10_ms[4] = { 0, 0, 0, 10000 };
	const uint64_t none = 0;
	int64_t result;

	set_handler(SIGALRM, count, 0, 0);
	block_signals(signal_bit(SIGALRM));
	syscall3(SYS_setitimer, 0, in_10_ms, 0);
	result = syscall3(SYS_rt_sigsuspend, &none, 8, 0);
	if (result != -4 || calls[SIGALRM] != 1)
		fail("handlers: sigsuspend gave %d\n", (int)result);
	if (block_signals(0) != signal_bit(SIGALRM))
		fail("handlers: sigsuspend did not restore the mask\n");
}

int guest_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	blocked_signal_comes_once_when_unblocked();
	handler_is_interrupted_unless_its_mask_forbids();
	last_frame_runs_first();
	signal_nests_in_itself_only_if_not_deferred();
	handler_goes_after_one_call_if_asked();
	registers_survive();
	suspended_task_wakes_by_timer();
	print("handlers: 7 claims hold\n");
	return 0;
}
