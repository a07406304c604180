/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fork - copies of tasks: processes and threads (Linux: kernel/fork.c).
 */
#ifndef PW_SIM_FORK_H
#define PW_SIM_FORK_H

#include "sim/task.h"

/* As clone3(2) has them. */
struct clone_request {
	uint64_t flags;       /* CLONE_* */
	va_t parent_tid;      /* where the parent finds the child's pid */
	va_t child_tid;       /* where the child does */
	va_t stack;           /* the child's stack pointer; 0: the parent's */
	va_t tls;             /* its FS base; of a 32-bit task: of a struct user_desc */
	uint32_t exit_signal; /* that its parent gets when it ends; 0: none */
};

/* A copy of the task, which is in a system call: the child returns 0 from it. The
 * child is ready to run. Its pid; or -EAGAIN: too many, -ENOMEM, -EINVAL. */
int64_t task_clone(struct task *parent, const struct clone_request *args);

#endif
