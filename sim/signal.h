/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * signal - signals of guest tasks: pending, handlers, frames on the user's stack
 * (Linux 6.1, kernel/signal.c, arch/x86/kernel/signal_64.c).
 */
#ifndef PW_SIM_SIGNAL_H
#define PW_SIM_SIGNAL_H

#include "mmu/types.h"

#define NR_SIGNALS 64

struct task;
struct machine;

/* The part of the ABI's siginfo_t that we send. */
struct signal_info {
	int32_t signo, code;
	va_t fault_va;       /* SIGSEGV, SIGBUS, SIGFPE, SIGILL */
	int32_t pid, uid;    /* kill() */
	uint32_t error_code; /* of a page fault, for the frame's err */
	uint8_t trapno;      /* exception vector, for the frame's trapno */
};

struct signal_action {
	va_t handler; /* 0 SIG_DFL, 1 SIG_IGN */
	uint64_t flags;
	va_t restorer;
	uint64_t mask; /* bit signo - 1 */
};

struct signals {
	struct signal_action actions[NR_SIGNALS + 1]; /* by signo */
	uint64_t blocked;
	uint64_t saved_blocked; /* restored after rt_sigsuspend */
	bool restore_blocked;
	uint64_t pending;
	struct signal_info info[NR_SIGNALS + 1];
	va_t altstack;
	uint64_t altstack_size;
	int32_t altstack_flags;
};

/* Makes a signal pending. */
void signal_send(struct task *task, const struct signal_info *info);
/* As signal_send() for what the task did itself: if it is blocked or ignored, the
 * task is killed by it (Linux: force_sig_info). */
void signal_force(struct task *task, const struct signal_info *info);

/* True if a signal would be delivered now. */
bool signal_is_deliverable(const struct task *task);

/* Before the task goes back to user mode: delivers what is pending, as frames on
 * its stack or by ending it (task->state is TASK_ZOMBIE then). */
void signal_deliver(struct task *task);

/* rt_sigreturn(2): takes the frame off; the value for rax, or a SIGSEGV. */
int64_t signal_return(struct task *task);

#endif
