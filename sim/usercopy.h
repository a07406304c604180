/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usercopy - the kernel's own accesses to a task's memory: through the MMU, as
 * supervisor, with page faults of their own (Linux: copy_to_user() and kin).
 *
 * Counted as one access for each aligned 8 bytes touched (docs/accounting.md).
 * The task's mm must be the one that the CPU has loaded.
 */
#ifndef PW_SIM_USERCOPY_H
#define PW_SIM_USERCOPY_H

#include "sim/task.h"

/* All return 0, or -EFAULT if some byte of the range cannot be had; then what
 * lies before it has been copied. */
int copy_from_user(struct task *task, void *dst, va_t src, uint64_t len);
int copy_to_user(struct task *task, va_t dst, const void *src, uint64_t len);
int clear_user(struct task *task, va_t dst, uint64_t len);

/* One byte, as Linux's get_user() reads it. 0 or -EFAULT. */
int get_user_byte(struct task *task, uint8_t *byte, va_t src);

/* Element nr of an array of pointers, which have the size of the task's. 0 or -EFAULT. */
int get_user_pointer(struct task *task, uint64_t *pointer, va_t array, uint64_t nr);

/* How many bytes of the range copy_to_user()/copy_from_user() moved last, for
 * calls that return a short count. */
uint64_t usercopy_done(const struct task *task);

/* A string with its NUL. Its length without NUL; -EFAULT; -ENAMETOOLONG if no
 * NUL lies in size bytes. */
int64_t strncpy_from_user(struct task *task, char *dst, va_t src, uint64_t size);

/* True if [va, va + len) lies below the end of user space (Linux: access_ok()).
 * Says nothing of what is mapped there. */
bool access_ok(const struct task *task, va_t va, uint64_t len);

/* ---- many buffers as one (Linux: struct iov_iter) ---- */

struct io_segment {
	uint64_t base; /* guest address; or of a host buffer: iter.task is NULL */
	uint64_t len;
};

/* A cursor over the buffers of a read or write. Make one by io_iter_init(). */
struct io_iter {
	struct task *task;                 /* whose memory it is; NULL: the simulator's own */
	const struct io_segment *segments; /* the caller's */
	uint32_t nr_segments;
	uint64_t offset; /* into segments[0] */
	uint64_t count;  /* bytes left in all */
};

void io_iter_init(struct io_iter *iter, struct task *task, const struct io_segment *segments,
                  uint32_t nr_segments);

/* Copy and move on. Bytes done: fewer than len at a bad address, or at the end. */
uint64_t io_iter_put(struct io_iter *iter, const void *src, uint64_t len);
uint64_t io_iter_get(struct io_iter *iter, void *dst, uint64_t len);
void io_iter_skip(struct io_iter *iter, uint64_t len); /* at most count */
uint64_t io_iter_clear(struct io_iter *iter, uint64_t len);

#endif
