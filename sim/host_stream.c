/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/host_stream.h"

#include "sim/clock.h"
#include "sim/machine.h"
#include "sim/tree.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CHUNK_BYTES 65536

/* What is behind an open file: open_file.private. */
struct stream {
	struct vfs *vfs;
	int fd;     /* not ours to close */
	int number; /* 0, 1 or 2 */
	bool is_tty;
	bool is_terminal; /* the machine's */
	bool can_break;   /* a pipe or socket: writes may raise SIGPIPE */
};

struct stream_inode {
	struct inode inode; /* must be first */
	struct stream stream;
};

static struct stream *stream_behind(struct inode *inode)
{
	return &((struct stream_inode *)inode)->stream;
}

static struct stream *stream_of(const struct open_file *file)
{
	return file->private;
}

static struct terminal *terminal_of(const struct stream *stream)
{
	return &stream->vfs->machine->terminal;
}

/* ---- reading ---- */

static ssize_t host_read(int fd, void *buffer, size_t len)
{
	ssize_t n;

	do
		n = read(fd, buffer, len);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN) {
		struct pollfd wait = { fd, POLLIN, 0 };

		poll(&wait, 1, -1);
		return host_read(fd, buffer, len);
	}
	return n < 0 ? -errno : n;
}

/* How many bytes a pipe holds at the moment is the host's timing, which must not
 * show: a read waits until it is full, or for the end. A terminal gives lines. */
static int64_t stream_read(struct open_file *file, struct io_iter *to, int64_t *pos)
{
	struct stream *stream = stream_of(file);
	uint8_t buffer[CHUNK_BYTES];
	int64_t done = 0;

	if (stream->is_terminal && to->task) {
		int64_t error = terminal_may_read(terminal_of(stream), to->task);

		if (error)
			return error;
	}
	while (to->count) {
		size_t len = to->count < sizeof(buffer) ? to->count : sizeof(buffer);
		ssize_t n = host_read(stream->fd, buffer, len);
		uint64_t moved;

		if (n <= 0)
			return done ? done : n;
		moved = io_iter_put(to, buffer, (uint64_t)n);
		done += (int64_t)moved;
		if (moved < (uint64_t)n)
			return done ? done : -EFAULT;
		if (stream->is_tty)
			break;
	}
	return done;
}

/* ---- writing ---- */

/* A write that may raise SIGPIPE, which must hit the guest and not pagewalk. */
static ssize_t write_blocking_sigpipe(int fd, const void *buffer, size_t len)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t sigpipe, old, pending;
	ssize_t n;
	int saved;

	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &sigpipe, &old);
	n = write(fd, buffer, len);
	saved = errno;
	if (n < 0 && saved == EPIPE && !sigismember(&pending, SIGPIPE))
		sigtimedwait(&sigpipe, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return n;
}

/* All of it, or -errno. */
static int host_write(const struct stream *stream, const uint8_t *buffer, size_t len)
{
	while (len) {
		ssize_t n = stream->can_break ? write_blocking_sigpipe(stream->fd, buffer, len)
		                              : write(stream->fd, buffer, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd wait = { stream->fd, POLLOUT, 0 };

			poll(&wait, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buffer += n;
		len -= (size_t)n;
	}
	return 0;
}

static int64_t stream_write(struct open_file *file, struct task *task, struct io_iter *from,
                            int64_t *pos)
{
	struct stream *stream = stream_of(file);
	uint8_t buffer[CHUNK_BYTES];
	int64_t done = 0;

	if (stream->is_terminal && task) {
		int64_t error = terminal_may_write(terminal_of(stream), task);

		if (error)
			return error;
	}
	while (from->count) {
		size_t len = from->count < sizeof(buffer) ? from->count : sizeof(buffer);
		uint64_t got = io_iter_get(from, buffer, len);
		int error = got ? host_write(stream, buffer, got) : -EFAULT;

		if (error == -EPIPE && task) {
			const struct signal_info info = { .signo = SIGPIPE, .code = SI_USER };

			signal_send(task, &info);
		}
		if (error)
			return done ? done : error;
		done += (int64_t)got;
		if (got < len)
			break;
	}
	return done;
}

/* ---- the rest ---- */

static int64_t stream_seek(struct open_file *file, int64_t offset, int whence)
{
	off_t pos = lseek(stream_of(file)->fd, offset, whence);

	return pos < 0 ? -errno : pos;
}

/* Of terminals other than the machine's own, settings and size are input; nothing of
 * them is changed. */
static int64_t stream_ioctl(struct open_file *file, struct task *task, uint32_t request, va_t arg)
{
	const struct stream *stream = stream_of(file);
	uint8_t buffer[KERNEL_TERMIOS_BYTES];
	size_t len;

	switch (request) {
	case TCGETS:
		len = KERNEL_TERMIOS_BYTES;
		break;
	case TIOCGWINSZ:
		len = sizeof(struct winsize);
		break;
	default:
		return stream->is_terminal ? terminal_ioctl(terminal_of(stream), task, request, arg)
		                           : -ENOTTY;
	}
	if (ioctl(stream->fd, request, buffer))
		return -errno;
	return copy_to_user(task, arg, buffer, len);
}

/* A read of a pipe waits for the host if it must, so there is always something. */
static uint32_t stream_poll(struct open_file *file)
{
	struct pollfd now = { stream_of(file)->fd, POLLIN | POLLOUT, 0 };

	if (!stream_of(file)->is_tty)
		return POLLIN | POLLOUT;
	return poll(&now, 1, 0) > 0 ? (uint32_t)now.revents : 0;
}

static int stream_wait_fd(struct open_file *file)
{
	return stream_of(file)->is_tty ? stream_of(file)->fd : -1;
}

static const struct open_file_ops stream_ops = {
	.name = "host stream",
	.read = stream_read,
	.write = stream_write,
	.ioctl = stream_ioctl,
	.poll = stream_poll,
	.wait_fd = stream_wait_fd,
};

/* A regular file or a seekable device. */
static const struct open_file_ops seekable_stream_ops = {
	.name = "seekable host stream",
	.read = stream_read,
	.write = stream_write,
	.seek = stream_seek,
	.ioctl = stream_ioctl,
	.poll = stream_poll,
	.wait_fd = stream_wait_fd,
};

bool open_file_is_host_stream(const struct open_file *file)
{
	return file->ops == &stream_ops || file->ops == &seekable_stream_ops;
}

int host_stream_truncate(struct open_file *file, int64_t size)
{
	if (file->inode->kind != S_IFREG)
		return -EINVAL;
	return ftruncate(stream_of(file)->fd, size) ? -errno : 0;
}

/* ---- /dev/tty ---- */

static void *tty_create(struct vfs *vfs, const struct device *device)
{
	struct stream *stream = malloc(sizeof(*stream));

	if (stream)
		*stream = (struct stream){
			.vfs = vfs,
			.fd = vfs->stdio[0],
			.is_tty = true,
			.is_terminal = true,
		};
	return stream;
}

/* The controlling terminal of who opens it. */
static int tty_open(struct open_file *file)
{
	const struct machine *machine = file->inode->vfs->machine;
	const struct task *task = machine->running ? machine->running->current : NULL;

	if (!task || !terminal_controls(&machine->terminal, task->process))
		return -ENXIO;
	file->private = device_state(file);
	return 0;
}

const struct device tty_device = {
	.name = "tty",
	.mode = 0666,
	.major = 5,
	.minor = 0,
	.ops = { .name = "terminal",
	         .read = stream_read,
	         .write = stream_write,
	         .ioctl = stream_ioctl,
	         .poll = stream_poll,
	         .wait_fd = stream_wait_fd },
	.create = tty_create,
	.destroy = free,
	.open = tty_open,
};

/* ---- inodes ---- */

/* Pipes are numbered anew by the host each time: give them steady numbers, the same
 * one to the same pipe. */
static uint64_t steady_ino(const struct stream *stream, const struct stat *st)
{
	const struct vfs *vfs = stream->vfs;
	struct stat other;

	for (int i = 0; i < stream->number; i++)
		if (vfs->stdio[i] >= 0 && !fstat(vfs->stdio[i], &other) &&
		    other.st_dev == st->st_dev && other.st_ino == st->st_ino)
			return 1024 + (uint64_t)i;
	return 1024 + (uint64_t)stream->number;
}

/* Times are the host's clock's as soon as we write, so they do not show. */
static int stream_getattr(struct inode *inode, struct inode_attr *attr)
{
	const struct stream *stream = stream_behind(inode);
	const struct timespec boot = { CLOCK_BOOT_SECONDS, 0 };
	struct stat st;

	if (fstat(stream->fd, &st))
		return -errno;
	*attr = (struct inode_attr){
		.dev = st.st_dev,
		.ino = stream->can_break ? steady_ino(stream, &st) : st.st_ino,
		.rdev = st.st_rdev,
		.mode = st.st_mode,
		.nlink = (uint32_t)st.st_nlink,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.size = (uint64_t)st.st_size,
		.blocks = (uint64_t)st.st_blocks,
		.blksize = (uint32_t)st.st_blksize,
		.atime = boot,
		.mtime = boot,
		.ctime = boot,
	};
	return 0;
}

static int stream_open(struct inode *inode, struct open_file *file)
{
	struct stream *stream = stream_behind(inode);
	bool is_seekable = !stream->is_tty && lseek(stream->fd, 0, SEEK_CUR) >= 0;

	file->private = stream;
	file->ops = is_seekable ? &seekable_stream_ops : &stream_ops;
	return 0;
}

static void stream_drop(struct inode *inode)
{
	free(inode);
}

static const struct inode_ops stream_inode_ops = {
	.name = "host stream",
	.getattr = stream_getattr,
	.open = stream_open,
	.drop = stream_drop,
};

static int open_stream(struct vfs *vfs, int number, const struct stat *st, uint32_t flags,
                       char *path, struct open_file **out)
{
	struct stream_inode *made = calloc(1, sizeof(*made));
	int error;

	if (!made) {
		free(path);
		return -ENOMEM;
	}
	inode_init(&made->inode, vfs, &stream_inode_ops, st->st_mode & S_IFMT);
	made->stream = (struct stream){
		.vfs = vfs,
		.fd = vfs->stdio[number],
		.number = number,
		.is_tty = S_ISCHR(st->st_mode) && isatty(vfs->stdio[number]),
		.is_terminal = terminal_is(&vfs->machine->terminal, vfs->stdio[number]),
		.can_break = S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode),
	};
	error = open_file_create(&made->inode, flags, path, out);
	inode_put(&made->inode);
	return error;
}

/* ---- a file as standard input ---- */

/* Who reads the same host descriptor after us starts where the guest stopped, as
 * after the native program. */
static void give_back_position(struct open_file *file)
{
	lseek(file->inode->vfs->stdio[0], file->pos, SEEK_SET);
}

static const struct open_file_ops input_file_ops = {
	.name = "standard input",
	.read = regular_read,
	.seek = regular_seek,
	.release = give_back_position,
};

static int open_input_file(struct vfs *vfs, char *path, struct open_file **out)
{
	off_t pos = lseek(vfs->stdio[0], 0, SEEK_CUR);
	int fd = fcntl(vfs->stdio[0], F_DUPFD_CLOEXEC, 3);
	struct inode *inode;
	int error = fd < 0 ? -errno : tree_adopt_fd(vfs, fd, &inode);

	if (error) {
		free(path);
		return error;
	}
	error = open_file_create(inode, O_RDONLY | ABI_O_LARGEFILE, path, out);
	inode_put(inode);
	if (error)
		return error;
	(*out)->pos = pos < 0 ? 0 : pos;
	(*out)->ops = &input_file_ops;
	return 0;
}

/* What /proc/self/fd shows: the host's name of it. */
static char *host_path(int fd, const struct stat *st, uint64_t ino)
{
	char link[64], target[PATH_MAX];
	char *text = NULL;
	ssize_t n;

	if (S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode)) {
		const char *kind = S_ISFIFO(st->st_mode) ? "pipe" : "socket";

		return asprintf(&text, "%s:[%llu]", kind, (unsigned long long)ino) < 0 ? NULL
		                                                                       : text;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	return strdup(target);
}

int host_stream_open_stdio(struct vfs *vfs, int number, struct open_file **out)
{
	int fd = vfs->stdio[number], flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
	struct stat st;
	char *path;

	*out = NULL;
	if (flags < 0 || fstat(fd, &st))
		return 0;
	path = host_path(fd, &st, 1024 + (uint64_t)number);
	if (!path)
		return -ENOMEM;
	if (number == 0 && S_ISREG(st.st_mode) && (flags & O_ACCMODE) != O_WRONLY)
		return open_input_file(vfs, path, out);
	return open_stream(vfs, number, &st,
	                   (uint32_t)flags & (O_ACCMODE | O_APPEND | ABI_O_LARGEFILE), path, out);
}
