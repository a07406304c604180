/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usercopy - the kernel's own accesses to a task's memory: through the MMU, as
 * supervisor, with page faults of their own (Linux: copy_to_user() and kin).
 *
 * Counted as one access for each aligned 8 bytes touched (docs/accounting.md).
 */
#ifndef PW_SIM_USERCOPY_H
#define PW_SIM_USERCOPY_H

#include "sim/task.h"

/* All return 0, or -EFAULT if some byte of the range cannot be had; then what
 * lies before it has been copied. */
int copy_from_user(struct task *task, void *dst, va_t src, uint64_t len);
int copy_to_user(struct task *task, va_t dst, const void *src, uint64_t len);
int clear_user(struct task *task, va_t dst, uint64_t len);

/* How many bytes of the range copy_to_user()/copy_from_user() moved last, for
 * calls that return a short count. */
uint64_t usercopy_done(const struct task *task);

/* A string with its NUL. Its length without NUL; -EFAULT; -ENAMETOOLONG if no
 * NUL lies in size bytes. */
int64_t strncpy_from_user(struct task *task, char *dst, va_t src, uint64_t size);

#endif
