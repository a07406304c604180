/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals - the kernel's ABI of signals, for programs that catch some. */
#ifndef PW_GUEST_SIGNALS_H
#define PW_GUEST_SIGNALS_H

#include "guest.h"

enum { SIGILL = 4, SIGBUS = 7, SIGUSR1 = 10, SIGSEGV = 11, SIGUSR2 = 12, SIGALRM = 14 };
enum { SEGV_MAPERR = 1, SEGV_ACCERR = 2, BUS_ADRERR = 2, SI_KERNEL = 0x80 };

#define SA_SIGINFO 0x4u
#define SA_RESTORER 0x04000000u
#define SA_ONSTACK 0x08000000u
#define SA_NODEFER 0x40000000u
#define SA_RESETHAND 0x80000000u

struct siginfo {
	int32_t signo, error, code, pad;
	uint64_t va; /* of a fault */
	uint64_t rest[13];
};

/* The gregs of the ABI's ucontext, at their place. */
struct ucontext {
	uint64_t flags, link;
	uint64_t stack[3];
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t di, si, bp, bx, dx, ax, cx, sp, ip, eflags;
	uint64_t segments, err, trapno, oldmask, cr2;
	uint64_t fpstate, reserved[8];
	uint64_t mask;
};

typedef void (*handler_fn)(int signo, struct siginfo *info, struct ucontext *context);

/* SA_SIGINFO and the restorer come by themselves. */
void set_handler(int signo, handler_fn handler, uint64_t flags, uint64_t mask);
void set_altstack(void *stack, uint64_t bytes);
uint64_t block_signals(uint64_t mask); /* exactly these; the old mask */

static inline uint64_t signal_bit(int signo)
{
	return (uint64_t)1 << (signo - 1);
}

#endif
