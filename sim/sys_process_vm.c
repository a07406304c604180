// SPDX-License-Identifier: GPL-2.0-or-later
/* process_vm_readv(2), process_vm_writev(2): another's memory (Linux 6.1,
 * mm/process_vm_access.c). */
#include "sim/calls.h"
#include "sim/machine.h"
#include "sim/syscall.h"
#include "sim/usercopy.h"

#include <errno.h>
#include <stdlib.h>

#define MAX_SEGMENTS 1024 /* UIO_MAXIOV */

/* One segment of the other's: bytes moved, fewer at the first that cannot be. */
static uint64_t move_segment(struct kernel *k, struct mm_struct *mm,
                             const struct io_segment *remote, struct io_iter *local, bool write)
{
	uint8_t bytes[PAGE_SIZE];
	uint64_t done = 0;

	while (done < remote->len && local->count) {
		uint64_t part = remote->len - done, moved;

		part = part < sizeof(bytes) ? part : sizeof(bytes);
		part = part < local->count ? part : local->count;
		if (write)
			part = io_iter_get(local, bytes, part);
		moved = call_access_process_vm(k, mm, remote->base + done, bytes, part, write);
		if (!write)
			moved = io_iter_put(local, bytes, moved);
		done += moved;
		if (!moved || moved < part)
			break;
	}
	return done;
}

static int64_t move(struct task *task, struct mm_struct *mm, const struct io_segment *segments,
                    uint32_t nr_local, uint32_t nr_remote, bool write)
{
	const struct io_segment *remote = segments + MAX_SEGMENTS;
	struct io_iter local;
	uint64_t done = 0, moved;

	io_iter_init(&local, task, segments, nr_local);
	if (!local.count)
		return 0;
	for (uint32_t i = 0; i < nr_remote && local.count; i++) {
		uint64_t wanted = remote[i].len < local.count ? remote[i].len : local.count;

		moved = move_segment(&task->machine->kernel, mm, &remote[i], &local, write);
		done += moved;
		if (moved < wanted)
			return done ? (int64_t)done : -EFAULT;
	}
	return (int64_t)done;
}

static int64_t process_vm_rw(struct task *task, const uint64_t arg[6], bool write)
{
	const uint64_t nr_local = arg[2], nr_remote = arg[4];
	const struct task *other;
	struct io_segment *segments;
	int64_t result = -EFAULT;

	if (arg[5] || nr_local > MAX_SEGMENTS || nr_remote > MAX_SEGMENTS)
		return -EINVAL;
	segments = calloc(2 * MAX_SEGMENTS, sizeof(*segments));
	if (!segments)
		return -ENOMEM;
	if (!copy_from_user(task, segments, arg[1], nr_local * sizeof(*segments)) &&
	    !copy_from_user(task, segments + MAX_SEGMENTS, arg[3], nr_remote * sizeof(*segments))) {
		other = task_find(task->machine, (int32_t)arg[0]);
		result = other && other->mm ? move(task, other->mm, segments, (uint32_t)nr_local,
		                                   (uint32_t)nr_remote, write)
		                            : -ESRCH;
	}
	free(segments);
	return result;
}

int64_t sys_process_vm_readv(struct task *task, const uint64_t arg[6])
{
	return process_vm_rw(task, arg, false);
}

int64_t sys_process_vm_writev(struct task *task, const uint64_t arg[6])
{
	return process_vm_rw(task, arg, true);
}
