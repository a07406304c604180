/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rseq - restartable sequences: a task's own word of the CPU that it runs on, and
 * critical sections that begin anew when another task or a signal comes in between
 * (Linux 6.1, kernel/rseq.c).
 */
#ifndef PW_SIM_RSEQ_H
#define PW_SIM_RSEQ_H

#include "mmu/types.h"

#include <stdbool.h>

struct task;

/* What the task has registered by rseq(2). */
struct rseq_area {
	va_t va; /* of its struct rseq; 0: none */
	uint32_t len, sig;
	bool is_due; /* it has got a CPU since it last was in user mode */
};

/* Before the task goes on in user mode: if it has got a CPU anew, a critical section that
 * it stands in is aborted, and the area says which CPU it is. An area that is none
 * gives it a SIGSEGV. */
void rseq_resume(struct task *task);

/* Before a handler interrupts it: aborts the critical section that it stands in. */
void rseq_interrupt(struct task *task);

#endif
