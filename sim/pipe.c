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

struct pipe_inode {
	struct inode inode; /* must be first */
	struct inode_attr attr;
	uint32_t readers, writers; /* open ends */
	uint32_t start, len;       /* of what is in the ring */
	uint8_t ring[PIPE_BYTES];
};

static struct pipe_inode *pipe_of(const struct open_file *file)
{
	return (struct pipe_inode *)file->inode;
}

/* Waits for the other end. Simplified: there is one task, so only a signal can end
 * the wait; without one to come the machine stops and says so. */
static int64_t wait_for_other(const struct open_file *file, struct task *task)
{
	if (file->flags & O_NONBLOCK || !task)
		return -EAGAIN;
	task_sleep(task, UINT64_MAX, "a pipe");
	return SYSCALL_ERESTARTSYS;
}

static int64_t pipe_read(struct open_file *file, struct io_iter *to, int64_t *pos)
{
	struct pipe_inode *pipe = pipe_of(file);
	int64_t done = 0;

	if (!to->count)
		return 0;
	if (!pipe->len)
		return pipe->writers ? wait_for_other(file, to->task) : 0;
	while (to->count && pipe->len) {
		uint64_t run = PIPE_BYTES - pipe->start, moved;

		run = run < pipe->len ? run : pipe->len;
		run = run < to->count ? run : to->count;
		moved = io_iter_put(to, pipe->ring + pipe->start, run);
		pipe->start = (pipe->start + (uint32_t)moved) % PIPE_BYTES;
		pipe->len -= (uint32_t)moved;
		done += (int64_t)moved;
		if (moved < run)
			return done ? done : -EFAULT;
	}
	return done;
}

static int64_t pipe_write(struct open_file *file, struct task *task, struct io_iter *from,
                          int64_t *pos)
{
	struct pipe_inode *pipe = pipe_of(file);
	int64_t done = 0;

	if (!pipe->readers) {
		const struct signal_info info = { .signo = SIGPIPE, .code = SI_USER };

		if (task)
			signal_send(task, &info);
		return -EPIPE;
	}
	/* Up to PIPE_BUF bytes go in whole or not at all. */
	if (from->count <= PIPE_BUF && from->count > PIPE_BYTES - pipe->len)
		return wait_for_other(file, task);
	while (from->count && pipe->len < PIPE_BYTES) {
		uint32_t end = (pipe->start + pipe->len) % PIPE_BYTES;
		uint64_t run = end < pipe->start ? pipe->start - end : PIPE_BYTES - end, moved;

		run = run < from->count ? run : from->count;
		moved = io_iter_get(from, pipe->ring + end, run);
		pipe->len += (uint32_t)moved;
		done += (int64_t)moved;
		if (moved < run)
			return done ? done : -EFAULT;
	}
	return done || !from->count ? done : wait_for_other(file, task);
}

static uint32_t pipe_poll(struct open_file *file)
{
	const struct pipe_inode *pipe = pipe_of(file);
	uint32_t events = 0;

	if (file_can_read(file)) {
		if (pipe->len)
			events |= POLLIN | POLLRDNORM;
		if (!pipe->writers)
			events |= POLLHUP;
	}
	if (file_can_write(file)) {
		if (pipe->len <= PIPE_BYTES - PIPE_BUF)
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
}

static const struct open_file_ops pipe_ops = {
	.name = "pipe",
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.release = pipe_release,
};

bool open_file_is_pipe(const struct open_file *file)
{
	return file->ops == &pipe_ops;
}

uint32_t pipe_available(const struct open_file *file)
{
	return pipe_of(file)->len;
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
