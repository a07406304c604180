/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * strace - one line for a system call, as strace(1) writes it:
 *
 *   openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3
 *
 * Reads the guest's memory without a trace: no fault, no count. What is not in
 * RAM at the moment is shown as an address.
 *
 * syscall_entry.format has a letter for each argument:
 *
 *   d int          u unsigned     x hex           z hex, 0 as NULL
 *   p address      s string       m octal mode    f descriptor or AT_FDCWD
 *   b bytes given to the call, r bytes that it gave back: the next argument is
 *     the length (r: the result says how many)      l a string given back
 *   o open flags   P mmap prot    M mmap flags    w whence       a access mode
 *   v madvise      S signal       h sigmask how   c fcntl        i ioctl
 *   C clock        R rlimit       G arch_prctl    T timer        U usage of whom
 *   @ AT_* flags   g getrandom    A argv          t pair of descriptors
 *
 * and at the end ">x" if the result is an address. A leading "!" says that the
 * call destroys what its arguments point to.
 */
#ifndef PW_SIM_STRACE_H
#define PW_SIM_STRACE_H

#include "sim/syscall.h"

#include <stdio.h>

struct strace_line {
	char text[1024];
	size_t len;
};

/* Before the call. entry may be NULL: a number that no table knows. */
void strace_enter(struct strace_line *line, struct task *task, uint64_t nr,
                  const struct syscall_entry *entry, const uint64_t arg[6]);
/* After it: writes the line. result may be one of the internal codes. */
void strace_leave(struct strace_line *line, FILE *out, struct task *task, uint64_t nr,
                  const struct syscall_entry *entry, const uint64_t arg[6], int64_t result);

#endif
