/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compat - how the system calls of 32-bit tasks are made by the handlers of 64-bit ones
 * (Linux: CONFIG_COMPAT and, for the way it is done here, set_fs(KERNEL_DS) until 5.9).
 *
 * A handler reads and writes structures in the 64-bit ABI's form at the addresses that
 * its arguments give. So a pointer to such a structure is replaced by an address in a
 * window, beyond all that 32 bits can name, behind which the structure lies in its
 * 64-bit form. What the handler has written there goes back to the task's memory when
 * it is done.
 *
 * A call's forms say what becomes of its 32-bit arguments, one after another; behind the
 * end all are as with '.':
 *
 *   .  as it is, with zeroes above          i  with its sign above
 *   q  it and the next are the halves of one 64-bit argument, low first
 *   <F a pointer to a structure of form F that the call reads (and may write)
 *   >F the same, only written
 *
 * Forms:
 *   l t T   one, two, four signed words: time_t; timespec, timeval, utimbuf; itimerval, tms
 *   R       rusage, 18 words            u   two unsigned words: an address and a size
 *   r       rlimit                      6 D timespec64, and two, of 32-bit programs
 *   n s     stat, stat64                f F statfs, statfs64
 *   A a k   old and new sigaction, stack_t
 *   w       siginfo as waitid(2) fills it
 *   y       sysinfo                     L Q flock, flock64
 *   v       iovec[next argument]        b   fd_set of as many bits as the first argument says
 */
#ifndef PW_SIM_COMPAT_H
#define PW_SIM_COMPAT_H

#include "sim/syscall.h"

struct compat_call; /* one that is being made: task.compat */

/* The call with translated arguments: its result, or -EFAULT and the like. */
int64_t compat_make_call(struct task *task, syscall_fn fn, const char *forms,
                         const uint64_t arg[6]);

/* For handlers that know themselves what an argument points to. Replaces the pointer
 * *arg; form as above: "<t". 0 or -EFAULT. */
int compat_translate(struct task *task, const char *form, uint64_t *arg);

/* The window's address of a copy of what the handler is to find behind a pointer. */
va_t compat_put(struct task *task, const void *src, uint64_t bytes);

/* The memory behind a window's address; NULL: it is none. */
uint8_t *compat_memory(const struct task *task, va_t va, uint64_t len, bool write);

#endif
