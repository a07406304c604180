// SPDX-License-Identifier: GPL-2.0-or-later
#include "signals.h"

void restore(void);
__asm__("restore:\n"
        "	movl $15, %eax\n"
        "	syscall\n");

void set_handler(int signo, handler_fn handler, uint64_t flags, uint64_t mask)
{
	const uint64_t action[4] = { (uint64_t)handler, flags | SA_SIGINFO | SA_RESTORER,
		                     (uint64_t)restore, mask };

	if (syscall6(SYS_rt_sigaction, (unsigned)signo, (uint64_t)action, 0, 8, 0, 0))
		fail("no handler for signal %d\n", signo);
}

void set_altstack(void *stack, uint64_t bytes)
{
	const uint64_t set[3] = { (uint64_t)stack, 0, bytes };

	if (syscall3(SYS_sigaltstack, set, 0, 0))
		fail("no alternate stack\n");
}

uint64_t block_signals(uint64_t mask)
{
	uint64_t old;

	syscall6(SYS_rt_sigprocmask, 2, (uint64_t)&mask, (uint64_t)&old, 8, 0, 0);
	return old;
}
