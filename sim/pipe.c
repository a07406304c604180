/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/pipe.h"

#include "sim/clock.h"
#include "sim/syscall.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define PIPEFS_DEV 14 /* a kernel-internal device number, as stat(2) shows one */

/* A pipe is a ring of pages, and full when all are taken, however little is in
 * them; a small write joins what is in the last. */
#define PIPE_SLOTS (PIPE_BYTES / PAGE_SIZE)

struct pipe_slot {
	uint32_t offset, len; /* of what is still to be read */
	uint8_t page[PAGE_SIZE];
};

struct pipe_inode {
	struct inode inode; /* must be first */
	struct inode_attr attr;
	uint32_t readers, writers; /* open ends */
	uint32_t head, tail;       /* slots filled, slots emptied: both count on */
	struct wait_queue waiters; /* for something, or room, or the other end's close */
	struct pipe_slot slots[PIPE_SLOTS];
};

static struct pipe_inode *pipe_of(const struct open_file *file)
{
	return (struct pipe_inode *)file->inode;
}

/* Waits for the other end. */
static int64_t wait_for_other(const struct open_file *file, struct task *task)
{
	if (file->flags & O_NONBLOCK || !task)
		return -EAGAIN;
	if (signal_is_deliverable(task))
		return SYSCALL_ERESTARTSYS;
	if (wait_on(task, &pipe_of(file)->waiters))
		return -ENOMEM;
	return wait_block(task, "a pipe");
}

static struct pipe_slot *slot_at(struct pipe_inode *pipe, uint32_t n)
{
	return &pipe->slots[n % PIPE_SLOTS];
}

static bool is_empty(const struct pipe_inode *pipe)
{
	return pipe->head == pipe->tail;
}

static bool is_full(const struct pipe_inode *pipe)
{
	return pipe->head - pipe->tail == PIPE_SLOTS;
}

/* What cannot be copied out whole stays, as in Linux. */
static int64_t pipe_read(struct open_file *file, struct io_iter *to, int64_t *pos)
{
	struct pipe_inode *pipe = pipe_of(file);
	int64_t done = 0;

	if (!to->count)
		return 0;
	if (is_empty(pipe))
		return pipe->writers ? wait_for_other(file, to->task) : 0;
	while (to->count && !is_empty(pipe)) {
		struct pipe_slot *slot = slot_at(pipe, pipe->tail);
		uint32_t n = slot->len < to->count ? slot->len : (uint32_t)to->count;

		if (io_iter_put(to, slot->page + slot->offset, n) < n)
			return done ? done : -EFAULT;
		slot->offset += n;
		slot->len -= n;
		pipe->tail += !slot->len;
		done += n;
	}
	wake_up(&pipe->waiters);
	return done;
}

/* The odd bytes of a write join the last page if they fit. Bytes, or -EFAULT. */
static int64_t append(struct pipe_inode *pipe, struct io_iter *from)
{
	uint32_t odd = (uint32_t)(from->count % PAGE_SIZE);
	struct pipe_slot *slot = slot_at(pipe, pipe->head - 1);

	if (!odd || is_empty(pipe) || slot->offset + slot->len + odd > PAGE_SIZE)
		return 0;
	if (io_iter_get(from, slot->page + slot->offset + slot->len, odd) < odd)
		return -EFAULT;
	slot->len += odd;
	return odd;
}

/* What of it fits. More than PIPE_BUF bytes may go in parts, between which others
 * write; fewer fit into one slot. */
static int64_t fill(struct pipe_inode *pipe, struct io_iter *from)
{
	int64_t done = append(pipe, from);

	while (done >= 0 && from->count && !is_full(pipe)) {
		uint32_t n = from->count < PAGE_SIZE ? (uint32_t)from->count : PAGE_SIZE;
		struct pipe_slot *slot = slot_at(pipe, pipe->head);

		if (io_iter_get(from, slot->page, n) < n)
			return done ? done : -EFAULT;
		slot->offset = 0;
		slot->len = n;
		pipe->head++;
		done += n;
	}
	return done;
}

static int64_t pipe_write(struct open_file *file, struct task *task, struct io_iter *from,
                          int64_t *pos)
{
	const struct signal_info sigpipe = { .signo = SIGPIPE, .code = SI_USER };
	struct pipe_inode *pipe = pipe_of(file);
	int64_t done, waiting;

	if (!from->count)
		return 0;
	if (!pipe->readers) {
		if (task)
			signal_send(task, &sigpipe);
		return -EPIPE;
	}
	done = fill(pipe, from);
	if (done > 0)
		wake_up(&pipe->waiters);
	if (done < 0 || !from->count || !is_full(pipe))
		return done;
	waiting = wait_for_other(file, task);
	if (waiting != SYSCALL_BLOCK)
		return done ? done : waiting;
	task->wait.done += (uint64_t)done;
	return waiting;
}

static uint32_t pipe_poll(struct open_file *file)
{
	const struct pipe_inode *pipe = pipe_of(file);
	uint32_t events = 0;

	if (file_can_read(file)) {
		if (!is_empty(pipe))
			events |= POLLIN | POLLRDNORM;
		if (!pipe->writers)
			events |= POLLHUP;
	}
	if (file_can_write(file)) {
		if (!is_full(pipe))
			events |= POLLOUT | POLLWRNORM;
		if (!pipe->readers)
			events |= POLLERR;
	}
	return events;
}

static void pipe_release(struct open_file *file)
{
	struct pipe_inode *pipe = pipe_of(file);

	pipe->readers -= file_can_read(file);
	pipe->writers -= file_can_write(file);
	wake_up(&pipe->waiters);
}

static struct wait_queue *pipe_wait_queue(struct open_file *file)
{
	return &pipe_of(file)->waiters;
}

static const struct open_file_ops pipe_ops = {
	.name = "pipe",
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.wait_queue = pipe_wait_queue,
	.release = pipe_release,
};

bool open_file_is_pipe(const struct open_file *file)
{
	return file->ops == &pipe_ops;
}

uint32_t pipe_available(const struct open_file *file)
{
	struct pipe_inode *pipe = pipe_of(file);
	uint32_t bytes = 0;

	for (uint32_t n = pipe->tail; n != pipe->head; n++)
		bytes += slot_at(pipe, n)->len;
	return bytes;
}

static int pipe_getattr(struct inode *inode, struct inode_attr *attr)
{
	*attr = ((struct pipe_inode *)inode)->attr;
	return 0;
}

static int pipe_open(struct inode *inode, struct open_file *file)
{
	struct pipe_inode *pipe = (struct pipe_inode *)inode;

	file->ops = &pipe_ops;
	pipe->readers += file_can_read(file);
	pipe->writers += file_can_write(file);
	return 0;
}

static void pipe_drop(struct inode *inode)
{
	free(inode);
}

static const struct inode_ops pipe_inode_ops = {
	.name = "pipe",
	.getattr = pipe_getattr,
	.open = pipe_open,
	.drop = pipe_drop,
};

static struct pipe_inode *create_inode(struct vfs *vfs)
{
	struct pipe_inode *pipe = calloc(1, sizeof(*pipe));

	if (!pipe)
		return NULL;
	inode_init(&pipe->inode, vfs, &pipe_inode_ops, S_IFIFO);
	wait_queue_init(&pipe->waiters);
	pipe->attr = (struct inode_attr){
		.dev = PIPEFS_DEV,
		.ino = vfs->next_ino++,
		.mode = S_IFIFO | 0600,
		.nlink = 1,
		.uid = vfs->uid,
		.gid = vfs->gid,
		.blksize = PAGE_SIZE,
		.mtime = clock_realtime(vfs->machine),
	};
	pipe->attr.atime = pipe->attr.ctime = pipe->attr.mtime;
	return pipe;
}

static int open_end(struct pipe_inode *pipe, uint32_t flags, struct open_file **out)
{
	char *path;

	if (asprintf(&path, "pipe:[%llu]", (unsigned long long)pipe->attr.ino) < 0)
		return -ENOMEM;
	return open_file_create(&pipe->inode, flags, path, out);
}

int pipe_create(struct vfs *vfs, uint32_t flags, struct open_file *ends[2])
{
	struct pipe_inode *pipe = create_inode(vfs);
	int error;

	if (!pipe)
		return -ENOMEM;
	error = open_end(pipe, O_RDONLY | flags, &ends[0]);
	if (!error) {
		error = open_end(pipe, O_WRONLY | flags, &ends[1]);
		if (error)
			vfs_close(ends[0]);
	}
	inode_put(&pipe->inode);
	return error;
}
