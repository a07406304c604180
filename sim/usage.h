/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage - what processes have used, as getrusage(2) and wait4(2) tell it.
 */
#ifndef PW_SIM_USAGE_H
#define PW_SIM_USAGE_H

#include "sim/task.h"

void usage_add(struct usage *sum, const struct usage *usage);
void usage_of_task(const struct task *task, struct usage *usage);

/* As a struct rusage at va. 0 or -EFAULT. */
int put_rusage(struct task *task, va_t va, const struct usage *usage);

#endif
