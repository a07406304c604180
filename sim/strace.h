/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * strace - one line for a system call, as strace(1) writes it:
 *
 *   openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3
 *
 * Reads the guest's memory without a trace: no fault, no count.
 */
#ifndef PW_SIM_STRACE_H
#define PW_SIM_STRACE_H

#include "sim/syscall.h"

#include <stdio.h>

/* entry may be NULL: a number that no table knows. Strings that the call itself
 * destroys (execve) must be printed before it: strace_begin() writes name and
 * arguments, strace_end() the rest. */
void strace_begin(FILE *out, struct task *task, uint64_t nr, const struct syscall_entry *entry,
                  const uint64_t arg[6], int64_t result);
void strace_end(FILE *out, const struct syscall_entry *entry, int64_t result, int columns);

#endif
