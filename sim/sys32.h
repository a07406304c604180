/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys32 - handlers of system calls that only i386 has (sys32.c).
 */
#ifndef PW_SIM_SYS32_H
#define PW_SIM_SYS32_H

#include "sim/syscall.h"

/* clang-format off */
#define SYSCALLS_32(X)                                                                             \
	X(mmap2) X(old_mmap) X(old_select) X(llseek) X(fcntl) X(statfs64) X(fstatfs64)             \
	X(sigaction) X(sigprocmask) X(sigpending) X(sigsuspend) X(sigreturn) X(rt_sigreturn) X(waitpid) X(clone) X(old_getrlimit)        \
	X(futex) X(set_robust_list) X(set_thread_area) X(get_thread_area) X(ipc)
/* clang-format on */

#define X(name) int64_t sys32_##name(struct task *task, const uint64_t arg[6]);
SYSCALLS_32(X)
#undef X

/* What set_thread_area(2) and clone(2) with CLONE_SETTLS do with the struct user_desc at
 * va of the task, for itself or for its child: whose registers these are. may_choose:
 * entry number -1 asks for one that is free. 0 or -errno. */
int set_thread_area(struct task *task, struct x86_regs *regs, va_t va, bool may_choose);

#endif
