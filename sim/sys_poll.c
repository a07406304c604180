/* SPDX-License-Identifier: GPL-2.0-or-later */
/* poll(2), select(2) and kin (Linux 6.1, fs/select.c). */
#include "sim/clock.h"
#include "sim/sys_file.h"
#include "sim/task.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define FOREVER WAIT_FOREVER

#define READ_EVENTS (POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR)
#define WRITE_EVENTS (POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR)

/* ---- what is ready ---- */

static int16_t poll_one(struct task *task, const struct pollfd *p)
{
	struct open_file *file;
	uint32_t events;

	if (p->fd < 0)
		return 0;
	file = files_get(task->files, p->fd);
	if (!file || file->flags & O_PATH)
		return POLLNVAL;
	events =
	    file->ops->poll ? file->ops->poll(file) : POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return (int16_t)(events & ((uint16_t)p->events | POLLERR | POLLHUP));
}

static int64_t poll_all(struct task *task, struct pollfd *fds, uint32_t nr)
{
	int64_t ready = 0;

	for (uint32_t i = 0; i < nr; i++) {
		fds[i].revents = poll_one(task, &fds[i]);
		ready += fds[i].revents != 0;
	}
	return ready;
}

/* Whatever may make one of them ready wakes the task: another task's doing, or a
 * terminal's user. 0 or -ENOMEM. */
static int wait_on_all(struct task *task, const struct pollfd *fds, uint32_t nr)
{
	int error = 0;

	for (uint32_t i = 0; i < nr && !error; i++) {
		struct open_file *file = files_get(task->files, fds[i].fd);

		if (!file)
			continue;
		if (file->ops->wait_queue)
			error = wait_on(task, file->ops->wait_queue(file));
		if (file->ops->wait_fd && fds[i].events & POLLIN && task->wait.host_fd < 0)
			task->wait.host_fd = file->ops->wait_fd(file);
	}
	return error;
}

/* How many are ready; or SYSCALL_BLOCK, or a reason to make the call again. */
static int64_t wait_ready(struct task *task, struct pollfd *fds, uint32_t nr, uint64_t timeout_ns)
{
	uint64_t until = wait_deadline(task, timeout_ns);
	int64_t ready = poll_all(task, fds, nr);

	if (ready || machine_now_ns(task->machine) >= until)
		return ready;
	if (signal_is_deliverable(task))
		return SYSCALL_ERESTARTNOHAND;
	if (wait_on_all(task, fds, nr))
		return -ENOMEM;
	wait_until(task, until);
	return wait_block(task, "poll");
}

/* ---- timeouts and signal masks ---- */

/* A timespec, or a timeval whose units per second are a million. va 0: for ever. */
static int get_timeout(struct task *task, va_t va, uint64_t per_second, uint64_t *timeout_ns)
{
	int64_t t[2];

	*timeout_ns = FOREVER;
	if (!va)
		return 0;
	if (copy_from_user(task, t, va, sizeof(t)))
		return -EFAULT;
	if (per_second != NSEC_PER_SEC && t[1] >= 0) { /* select takes more than a second of them */
		if (__builtin_add_overflow(t[0], t[1] / (int64_t)per_second, &t[0]))
			t[0] = INT64_MAX;
		t[1] %= (int64_t)per_second;
	}
	if (t[0] < 0 || t[1] < 0 || t[1] >= (int64_t)per_second)
		return -EINVAL;
	if ((uint64_t)t[0] < INT64_MAX / NSEC_PER_SEC)
		*timeout_ns =
		    (uint64_t)t[0] * NSEC_PER_SEC + (uint64_t)t[1] * (NSEC_PER_SEC / per_second);
	return 0;
}

/* Linux tells the caller what is left of the time. */
static void put_rest(struct task *task, va_t va, uint64_t per_second, uint64_t timeout_ns)
{
	uint64_t now = machine_now_ns(task->machine), until = wait_deadline(task, timeout_ns);
	uint64_t left = until > now ? until - now : 0;
	const int64_t t[2] = {
		(int64_t)(left / NSEC_PER_SEC),
		(int64_t)(left % NSEC_PER_SEC / (NSEC_PER_SEC / per_second)),
	};

	if (va && timeout_ns != FOREVER)
		copy_to_user(task, va, t, sizeof(t)); /* a bad address is no error here */
}

/* The mask that holds during the call; va 0: the task's own. */
static int set_mask(struct task *task, va_t va, uint64_t size)
{
	struct signals *signals = &task->signals;
	uint64_t mask;

	if (!task->wait.again)
		signals->saved_blocked = signals->blocked;
	if (!va)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(task, &mask, va, sizeof(mask)))
		return -EFAULT;
	signals->blocked = mask & ~((uint64_t)1 << (SIGKILL - 1) | (uint64_t)1 << (SIGSTOP - 1));
	return 0;
}

/* The old mask holds again; after the handler, if one will run. */
static void restore_mask(struct task *task, int64_t result)
{
	struct signals *signals = &task->signals;

	if (result == SYSCALL_ERESTARTNOHAND && signals->saved_blocked != signals->blocked)
		signals->restore_blocked = true;
	else
		signals->blocked = signals->saved_blocked;
}

/* ---- poll ---- */

static int64_t do_poll(struct task *task, va_t va, uint32_t nr, uint64_t timeout_ns)
{
	struct pollfd *fds;
	int64_t result;

	if (nr > task->process->rlimits[LIMIT_NOFILE][0] || nr > FILES_MAX)
		return -EINVAL;
	fds = calloc(nr ? nr : 1, sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	result = copy_from_user(task, fds, va, nr * sizeof(*fds));
	if (!result)
		result = wait_ready(task, fds, nr, timeout_ns);
	for (uint32_t i = 0; i < nr && result >= 0; i++)
		if (copy_to_user(task, va + i * sizeof(*fds) + offsetof(struct pollfd, revents),
		                 &fds[i].revents, sizeof(fds[i].revents)))
			result = -EFAULT;
	free(fds);
	return result;
}

int64_t sys_poll(struct task *task, const uint64_t arg[6])
{
	int32_t ms = (int32_t)arg[2];

	return do_poll(task, arg[0], (uint32_t)arg[1], ms < 0 ? FOREVER : (uint64_t)ms * 1000000);
}

int64_t sys_ppoll(struct task *task, const uint64_t arg[6])
{
	uint64_t timeout_ns;
	int64_t result = get_timeout(task, arg[2], NSEC_PER_SEC, &timeout_ns);

	if (!result)
		result = set_mask(task, arg[3], arg[4]);
	if (result)
		return result;
	result = do_poll(task, arg[0], (uint32_t)arg[1], timeout_ns);
	if (result == SYSCALL_BLOCK)
		return result;
	restore_mask(task, result);
	put_rest(task, arg[2], NSEC_PER_SEC, timeout_ns);
	return result;
}

/* ---- select ---- */

/* Bits of nr descriptors in whole words. */
struct fd_bits {
	uint64_t words[1024 / 64];
};

static const int16_t set_events[3] = { READ_EVENTS, WRITE_EVENTS, POLLPRI };

static bool has_bit(const struct fd_bits *bits, uint32_t fd)
{
	return bits->words[fd / 64] >> fd % 64 & 1;
}

/* Descriptors above 1023 do not fit glibc's fd_set either. */
static int get_sets(struct task *task, const uint64_t arg[6], uint32_t *nr, struct fd_bits sets[3])
{
	uint32_t limit = files_nr_slots(task->files);

	if ((int32_t)arg[0] < 0)
		return -EINVAL;
	*nr = (uint32_t)arg[0];
	*nr = *nr < limit ? *nr : limit;
	*nr = *nr < 1024 ? *nr : 1024;
	for (int i = 0; i < 3; i++) {
		memset(&sets[i], 0, sizeof(sets[i]));
		if (arg[i + 1] &&
		    copy_from_user(task, &sets[i], arg[i + 1], (*nr + 63) / 64 * sizeof(uint64_t)))
			return -EFAULT;
	}
	return 0;
}

/* -EBADF: one is not open. */
static int sets_to_fds(struct task *task, const struct fd_bits sets[3], uint32_t nr,
                       struct pollfd fds[1024])
{
	for (uint32_t fd = 0; fd < nr; fd++) {
		fds[fd] = (struct pollfd){ -1, 0, 0 };
		for (int i = 0; i < 3; i++)
			if (has_bit(&sets[i], fd))
				fds[fd].events |= set_events[i];
		if (!fds[fd].events)
			continue;
		if (!files_get(task->files, fd))
			return -EBADF;
		fds[fd].fd = (int)fd;
	}
	return 0;
}

/* Leaves the bits of what is ready, and counts them. */
static int64_t fds_to_sets(const struct pollfd fds[1024], uint32_t nr, struct fd_bits sets[3])
{
	int64_t ready = 0;

	for (uint32_t fd = 0; fd < nr; fd++)
		for (int i = 0; i < 3; i++) {
			if (!has_bit(&sets[i], fd))
				continue;
			if (fds[fd].revents & set_events[i])
				ready++;
			else
				sets[i].words[fd / 64] &= ~((uint64_t)1 << fd % 64);
		}
	return ready;
}

static int64_t do_select(struct task *task, const uint64_t arg[6], uint64_t timeout_ns)
{
	struct fd_bits sets[3];
	struct pollfd fds[1024];
	uint32_t nr;
	int64_t result = get_sets(task, arg, &nr, sets);

	if (!result)
		result = sets_to_fds(task, sets, nr, fds);
	if (!result)
		result = wait_ready(task, fds, nr, timeout_ns);
	if (result < 0)
		return result;
	result = fds_to_sets(fds, nr, sets);
	for (int i = 0; i < 3; i++)
		if (arg[i + 1] &&
		    copy_to_user(task, arg[i + 1], &sets[i], (nr + 63) / 64 * sizeof(uint64_t)))
			return -EFAULT;
	return result;
}

int64_t sys_select(struct task *task, const uint64_t arg[6])
{
	uint64_t timeout_ns;
	int64_t result = get_timeout(task, arg[4], 1000000, &timeout_ns);

	if (result)
		return result;
	result = do_select(task, arg, timeout_ns);
	if (result == SYSCALL_BLOCK)
		return result;
	put_rest(task, arg[4], 1000000, timeout_ns);
	return result;
}

int64_t sys_pselect6(struct task *task, const uint64_t arg[6])
{
	uint64_t mask[2] = { 0, 0 }; /* address, size */
	uint64_t timeout_ns;
	int64_t result;

	if (arg[5] && copy_from_user(task, mask, arg[5], sizeof(mask)))
		return -EFAULT;
	result = get_timeout(task, arg[4], NSEC_PER_SEC, &timeout_ns);
	if (!result)
		result = set_mask(task, mask[0], mask[1]);
	if (result)
		return result;
	result = do_select(task, arg, timeout_ns);
	if (result == SYSCALL_BLOCK)
		return result;
	restore_mask(task, result);
	put_rest(task, arg[4], NSEC_PER_SEC, timeout_ns);
	return result;
}
