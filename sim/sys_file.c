/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls on open files (Linux 6.1, fs/read_write.c, fs/open.c, fs/fcntl.c,
 * fs/ioctl.c, fs/select.c, fs/pipe.c). User memory is touched where and when Linux
 * does: the list of page faults is compared with a real kernel's.
 */
#include "sim/sys_file.h"

#include "sim/calls.h"
#include "sim/clock.h"
#include "sim/host_stream.h"
#include "sim/pipe.h"
#include "sim/sys_memfd.h"
#include "sim/task.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define UIO_MAXIOV_ 1024
#define COPY_CHUNK_BYTES 65536
#define MAX_COPY_BYTES 0x7ffff000u /* Linux: MAX_RW_COUNT */

/* NULL for a descriptor that only stands for a path, too: few calls take one. */
static struct open_file *file_of(struct task *task, uint64_t fd)
{
	struct open_file *file = files_get(task->files, (int32_t)fd);

	return file && !(file->flags & O_PATH) ? file : NULL;
}

static struct open_file *any_file_of(struct task *task, uint64_t fd)
{
	return files_get(task->files, (int32_t)fd);
}

static uint64_t max_files(const struct task *task)
{
	return task->process->rlimits[LIMIT_NOFILE][0];
}

int64_t install_file(struct task *task, struct open_file *file, bool close_on_exec)
{
	int64_t fd = files_add(task->files, file, 0, max_files(task), close_on_exec);

	if (fd < 0)
		vfs_close(file);
	return fd;
}

/* ---- reading and writing ---- */

/* Where a call reads or writes: the file's position, or one of its own. */
struct place {
	bool is_own;
	int64_t pos;
};

/* In the order of Linux's ksys_pread64() and vfs_read(). */
static int check_transfer(const struct open_file *file, const struct place *place, bool write)
{
	if (place->is_own && place->pos < 0)
		return -EINVAL;
	if (!file)
		return -EBADF;
	if (place->is_own && !open_file_is_seekable(file))
		return -ESPIPE;
	return (write ? file_can_write(file) : file_can_read(file)) ? 0 : -EBADF;
}

/* A write that had to wait goes on behind what it has done. */
static int64_t transfer(struct task *task, struct open_file *file, struct io_iter *iter,
                        const struct place *place, bool write)
{
	int64_t own = place->pos, *pos = place->is_own ? &own : &file->pos;
	int64_t before = (int64_t)task->wait.done, result;

	if (!write)
		return open_file_read(file, iter, pos);
	io_iter_skip(iter, (uint64_t)before);
	result = open_file_write(file, task, iter, pos);
	if (result == SYSCALL_BLOCK || !before)
		return result;
	return result < 0 ? before : before + result;
}

static int64_t transfer_buffer(struct task *task, const uint64_t arg[6], const struct place *place,
                               bool write)
{
	struct open_file *file = file_of(task, arg[0]);
	const struct io_segment segment = { arg[1], arg[2] };
	struct io_iter iter;
	int error = check_transfer(file, place, write);

	if (error)
		return error;
	if (!access_ok(task, arg[1], arg[2]))
		return -EFAULT;
	if ((int64_t)arg[2] < 0)
		return -EINVAL;
	io_iter_init(&iter, task, &segment, 1);
	return transfer(task, file, &iter, place, write);
}

/* Linux: copy_iovec_from_user(), then import_iovec(). The sum is clipped where the
 * transfer is. */
static int import_iovec(struct task *task, va_t va, uint64_t nr, struct io_segment *segments)
{
	if (nr > UIO_MAXIOV_)
		return -EINVAL;
	if (copy_from_user(task, segments, va, nr * sizeof(*segments)))
		return -EFAULT;
	for (uint64_t i = 0; i < nr; i++)
		if ((int64_t)segments[i].len < 0)
			return -EINVAL;
	for (uint64_t i = 0; i < nr; i++)
		if (!access_ok(task, segments[i].base, segments[i].len))
			return -EFAULT;
	return 0;
}

static int64_t transfer_vector(struct task *task, const uint64_t arg[6], const struct place *place,
                               bool write)
{
	struct open_file *file = file_of(task, arg[0]);
	struct io_segment *segments;
	struct io_iter iter;
	int64_t result = check_transfer(file, place, write);

	if (result)
		return result;
	segments = calloc(UIO_MAXIOV_, sizeof(*segments));
	if (!segments)
		return -ENOMEM;
	result = import_iovec(task, arg[1], arg[2], segments);
	if (!result) {
		io_iter_init(&iter, task, segments, (uint32_t)arg[2]);
		if (iter.count)
			result = transfer(task, file, &iter, place, write);
	}
	free(segments);
	return result;
}

int64_t sys_read(struct task *task, const uint64_t arg[6])
{
	return transfer_buffer(task, arg, &(struct place){ false, 0 }, false);
}

int64_t sys_write(struct task *task, const uint64_t arg[6])
{
	return transfer_buffer(task, arg, &(struct place){ false, 0 }, true);
}

int64_t sys_pread64(struct task *task, const uint64_t arg[6])
{
	return transfer_buffer(task, arg, &(struct place){ true, (int64_t)arg[3] }, false);
}

int64_t sys_pwrite64(struct task *task, const uint64_t arg[6])
{
	return transfer_buffer(task, arg, &(struct place){ true, (int64_t)arg[3] }, true);
}

int64_t sys_readv(struct task *task, const uint64_t arg[6])
{
	return transfer_vector(task, arg, &(struct place){ false, 0 }, false);
}

int64_t sys_writev(struct task *task, const uint64_t arg[6])
{
	return transfer_vector(task, arg, &(struct place){ false, 0 }, true);
}

int64_t sys_preadv(struct task *task, const uint64_t arg[6])
{
	return transfer_vector(task, arg, &(struct place){ true, (int64_t)arg[3] }, false);
}

int64_t sys_pwritev(struct task *task, const uint64_t arg[6])
{
	return transfer_vector(task, arg, &(struct place){ true, (int64_t)arg[3] }, true);
}

/* ---- from file to file, inside the kernel ---- */

/* One piece: bytes moved from *in_pos to *out_pos; 0 at the end. */
static int64_t copy_piece(struct task *task, struct open_file *in, int64_t *in_pos,
                          struct open_file *out, int64_t *out_pos, uint64_t len, uint8_t *buffer)
{
	struct io_segment segment = { (uintptr_t)buffer, len };
	struct io_iter iter;
	int64_t start = *in_pos, got, put, waited = (int64_t)task->wait.done;

	io_iter_init(&iter, NULL, &segment, 1);
	got = open_file_read(in, &iter, in_pos);
	if (got <= 0)
		return got;
	segment.len = (uint64_t)got;
	io_iter_init(&iter, NULL, &segment, 1);
	put = open_file_write(out, task, &iter, out_pos);
	if (put == SYSCALL_BLOCK)
		*in_pos = start + (int64_t)task->wait.done - waited;
	else
		*in_pos = start + (put > 0 ? put : 0);
	return put;
}

/* All bytes, those of earlier tries included; or SYSCALL_BLOCK, when `out` is full. */
static int64_t copy_between(struct task *task, struct open_file *in, int64_t *in_pos,
                            struct open_file *out, int64_t *out_pos, uint64_t count)
{
	uint8_t *buffer = malloc(COPY_CHUNK_BYTES);
	int64_t done = 0, n = 1;

	if (!buffer)
		return -ENOMEM;
	while (count && n > 0) {
		uint64_t len = count < COPY_CHUNK_BYTES ? count : COPY_CHUNK_BYTES;

		n = copy_piece(task, in, in_pos, out, out_pos, len, buffer);
		if (n > 0) {
			done += n;
			count -= (uint64_t)n;
		}
	}
	free(buffer);
	if (n == SYSCALL_BLOCK) {
		task->wait.done += (uint64_t)done;
		return n;
	}
	done += (int64_t)task->wait.done;
	return done ? done : n < 0 ? n : 0;
}

static bool has_page_cache(const struct open_file *file)
{
	return file->file.f_mapping != NULL;
}

/* The input must be a file with a page cache; the output anything but one opened for
 * appending. */
int64_t sys_sendfile(struct task *task, const uint64_t arg[6])
{
	struct open_file *out = file_of(task, arg[0]), *in = file_of(task, arg[1]);
	uint64_t count = arg[3];
	int64_t own = 0, *pos, result;

	if (arg[2] && copy_from_user(task, &own, arg[2], sizeof(own)))
		return -EFAULT;
	if (!in || !file_can_read(in))
		return -EBADF;
	if (arg[2] && !open_file_is_seekable(in))
		return -ESPIPE;
	if (own < 0 || (int64_t)count < 0)
		return -EINVAL;
	if (!out || !file_can_write(out))
		return -EBADF;
	if (!has_page_cache(in) || !out->ops->write || out->flags & O_APPEND)
		return -EINVAL;
	own += (int64_t)task->wait.done; /* of earlier tries */
	pos = arg[2] ? &own : &in->pos;
	count = (count < MAX_COPY_BYTES ? count : MAX_COPY_BYTES) - task->wait.done;
	result = copy_between(task, in, pos, out, &out->pos, count);
	if (result == SYSCALL_BLOCK)
		return result;
	if (arg[2] && copy_to_user(task, arg[2], &own, sizeof(own)))
		return -EFAULT;
	return result;
}

static int get_offset(struct task *task, va_t va, int64_t *own, int64_t **pos)
{
	if (!va)
		return 0;
	if (copy_from_user(task, own, va, sizeof(*own)))
		return -EFAULT;
	*pos = own;
	return *own < 0 ? -EINVAL : 0;
}

static uint64_t clip_to_end(const struct open_file *in, int64_t pos, uint64_t count)
{
	uint64_t size = vfs_size(in), left = (uint64_t)pos < size ? size - (uint64_t)pos : 0;

	return count < left ? count : left;
}

int64_t sys_copy_file_range(struct task *task, const uint64_t arg[6])
{
	struct open_file *in = file_of(task, arg[0]), *out = file_of(task, arg[2]);
	int64_t own_in = 0, own_out = 0, *in_pos, *out_pos, result;
	uint64_t count = arg[4];

	if (!in || !out)
		return -EBADF;
	in_pos = &in->pos;
	out_pos = &out->pos;
	result = get_offset(task, arg[1], &own_in, &in_pos);
	if (!result)
		result = get_offset(task, arg[3], &own_out, &out_pos);
	if (result)
		return result;
	if (arg[5])
		return -EINVAL;
	if (open_file_is_directory(in) || open_file_is_directory(out))
		return -EISDIR;
	if (!has_page_cache(in) || !has_page_cache(out))
		return -EINVAL;
	if (!file_can_read(in) || !file_can_write(out) || out->flags & O_APPEND)
		return -EBADF;
	count = clip_to_end(in, *in_pos, count);
	if (in->inode == out->inode && *in_pos < *out_pos + (int64_t)count &&
	    *out_pos < *in_pos + (int64_t)count)
		return -EINVAL;
	result = copy_between(task, in, in_pos, out, out_pos,
	                      count < MAX_COPY_BYTES ? count : MAX_COPY_BYTES);
	if (result < 0)
		return result;
	if ((arg[1] && copy_to_user(task, arg[1], &own_in, sizeof(own_in))) ||
	    (arg[3] && copy_to_user(task, arg[3], &own_out, sizeof(own_out))))
		return -EFAULT;
	return result;
}

/* ---- descriptors ---- */

int64_t sys_close(struct task *task, const uint64_t arg[6])
{
	return files_close(task->files, (int32_t)arg[0]);
}

/* Linux: close_range() of one's own table; CLOSE_RANGE_UNSHARE changes nothing for
 * a task that shares it with nobody. */
int64_t sys_close_range(struct task *task, const uint64_t arg[6])
{
	uint64_t first = (uint32_t)arg[0], last = (uint32_t)arg[1];
	uint32_t flags = (uint32_t)arg[2];

	if (flags & ~(uint32_t)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) || first > last)
		return -EINVAL;
	for (int64_t fd = files_next(task->files, (int64_t)first); fd >= 0 && fd <= (int64_t)last;
	     fd = files_next(task->files, fd + 1)) {
		if (flags & CLOSE_RANGE_CLOEXEC)
			files_set_close_on_exec(task->files, fd, true);
		else
			files_close(task->files, fd);
	}
	return 0;
}

static int64_t dup_from(struct task *task, struct open_file *file, uint64_t from,
                        bool close_on_exec)
{
	int64_t fd = files_add(task->files, file, from, max_files(task), close_on_exec);

	if (fd >= 0)
		get_file(&file->file);
	return fd;
}

int64_t sys_dup(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = any_file_of(task, arg[0]);

	return file ? dup_from(task, file, 0, false) : -EBADF;
}

static int64_t dup_to(struct task *task, struct open_file *file, uint64_t fd, bool close_on_exec)
{
	int error;

	if (fd >= max_files(task) || fd >= FILES_MAX)
		return -EBADF;
	get_file(&file->file);
	error = files_set(task->files, fd, file, close_on_exec);
	if (error)
		vfs_close(file);
	return error ? error : (int64_t)fd;
}

int64_t sys_dup2(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = any_file_of(task, arg[0]);
	uint32_t to = (uint32_t)arg[1];

	if (!file)
		return -EBADF;
	return (uint32_t)arg[0] == to ? (int64_t)to : dup_to(task, file, to, false);
}

int64_t sys_dup3(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = any_file_of(task, arg[0]);
	uint32_t flags = (uint32_t)arg[2];

	if (flags & ~(uint32_t)O_CLOEXEC || (uint32_t)arg[0] == (uint32_t)arg[1])
		return -EINVAL;
	return file ? dup_to(task, file, (uint32_t)arg[1], flags & O_CLOEXEC) : -EBADF;
}

#define SETTABLE_FLAGS (O_APPEND | O_NONBLOCK | O_NDELAY | O_DIRECT | O_NOATIME | O_ASYNC)

/* Nobody else holds locks: one is always had, and asked about it is free. */
static int64_t fcntl_lock(struct task *task, uint32_t command, va_t va)
{
	struct flock lock;

	if (copy_from_user(task, &lock, va, sizeof(lock)))
		return -EFAULT;
	if (lock.l_type != F_RDLCK && lock.l_type != F_WRLCK && lock.l_type != F_UNLCK)
		return -EINVAL;
	if (command != F_GETLK && command != F_OFD_GETLK)
		return 0;
	lock.l_type = F_UNLCK;
	return copy_to_user(task, va, &lock, sizeof(lock));
}

/* Linux: check_fcntl_cmd(). */
static bool is_for_paths(uint32_t command)
{
	return command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_GETFD ||
	       command == F_SETFD || command == F_GETFL;
}

int64_t sys_fcntl(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = any_file_of(task, arg[0]);
	int32_t fd = (int32_t)arg[0];
	uint32_t command = (uint32_t)arg[1];

	if (!file || (file->flags & O_PATH && !is_for_paths(command)))
		return -EBADF;
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (arg[2] >= max_files(task))
			return -EINVAL;
		return dup_from(task, file, arg[2], command == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return files_close_on_exec(task->files, fd) ? FD_CLOEXEC : 0;
	case F_SETFD:
		files_set_close_on_exec(task->files, fd, arg[2] & FD_CLOEXEC);
		return 0;
	case F_GETFL:
		return (int64_t)file->flags;
	case F_SETFL:
		file->flags =
		    (file->flags & ~(uint32_t)SETTABLE_FLAGS) | ((uint32_t)arg[2] & SETTABLE_FLAGS);
		return 0;
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return fcntl_lock(task, command, arg[2]);
	case F_GETOWN:
	case F_SETOWN:
		return 0;
	case F_GET_SEALS:
		return memfd_get_seals(file);
	case F_ADD_SEALS:
		return memfd_add_seals(file, (uint32_t)arg[2]);
	case F_GETPIPE_SZ:
	case F_SETPIPE_SZ:
		return open_file_is_pipe(file) ? PIPE_BYTES : -EBADF;
	}
	return -EINVAL;
}

int64_t sys_flock(struct task *task, const uint64_t arg[6])
{
	uint32_t operation = (uint32_t)arg[1] & ~(uint32_t)LOCK_NB;

	if (!file_of(task, arg[0]))
		return -EBADF;
	return operation == LOCK_SH || operation == LOCK_EX || operation == LOCK_UN ? 0 : -EINVAL;
}

static int64_t make_pipe(struct task *task, va_t va, uint32_t flags)
{
	struct open_file *ends[2];
	int32_t fds[2] = { -1, -1 };
	int64_t error;

	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	error = pipe_create(task->machine->vfs, flags & O_NONBLOCK, ends);
	if (error)
		return error;
	for (int i = 0; i < 2; i++) {
		int64_t fd = install_file(task, ends[i], flags & O_CLOEXEC);

		fds[i] = (int32_t)fd;
		if (fd < 0 && !error)
			error = fd;
	}
	if (!error)
		error = copy_to_user(task, va, fds, sizeof(fds));
	for (int i = 0; i < 2 && error; i++)
		files_close(task->files, fds[i]);
	return error;
}

int64_t sys_pipe(struct task *task, const uint64_t arg[6])
{
	return make_pipe(task, arg[0], 0);
}

int64_t sys_pipe2(struct task *task, const uint64_t arg[6])
{
	return make_pipe(task, arg[0], (uint32_t)arg[1]);
}

/* ---- position, size, state ---- */

int64_t sys_lseek(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = file_of(task, arg[0]);
	uint32_t whence = (uint32_t)arg[2];

	if (!file)
		return -EBADF;
	if (whence > SEEK_HOLE)
		return -EINVAL;
	if (!file->ops->seek)
		return -ESPIPE;
	return file->ops->seek(file, (int64_t)arg[1], (int)whence);
}

static int64_t ioctl_fionread(struct open_file *file, struct task *task, va_t va)
{
	int32_t n;

	if (open_file_is_pipe(file))
		n = (int32_t)pipe_available(file);
	else if (has_page_cache(file))
		n = (int32_t)((int64_t)vfs_size(file) - file->pos);
	else
		return -ENOTTY;
	return copy_to_user(task, va, &n, sizeof(n));
}

static int64_t ioctl_fionbio(struct open_file *file, struct task *task, va_t va)
{
	int32_t on;

	if (copy_from_user(task, &on, va, sizeof(on)))
		return -EFAULT;
	file->flags = on ? file->flags | O_NONBLOCK : file->flags & ~(uint32_t)O_NONBLOCK;
	return 0;
}

int64_t sys_ioctl(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = file_of(task, arg[0]);
	uint32_t request = (uint32_t)arg[1];

	if (!file)
		return -EBADF;
	switch (request) {
	case FIOCLEX:
	case FIONCLEX:
		files_set_close_on_exec(task->files, (int32_t)arg[0], request == FIOCLEX);
		return 0;
	case FIONBIO:
		return ioctl_fionbio(file, task, arg[2]);
	case FIONREAD:
		return ioctl_fionread(file, task, arg[2]);
	}
	return file->ops->ioctl ? file->ops->ioctl(file, task, request, arg[2]) : -ENOTTY;
}

int64_t sys_fsync(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = file_of(task, arg[0]);

	if (!file)
		return -EBADF;
	if (!has_page_cache(file) && !open_file_is_directory(file))
		return -EINVAL;
	return file->inode->ops->sync ? file->inode->ops->sync(file->inode) : 0;
}

int64_t sys_fdatasync(struct task *task, const uint64_t arg[6])
{
	return sys_fsync(task, arg);
}

int64_t sys_sync(struct task *task, const uint64_t arg[6])
{
	vfs_sync(task->machine->vfs);
	return 0;
}

int64_t sys_ftruncate(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = file_of(task, arg[0]);

	if ((int64_t)arg[1] < 0)
		return -EINVAL;
	if (!file)
		return -EBADF;
	if (!file_can_write(file))
		return -EINVAL;
	if (open_file_is_host_stream(file))
		return host_stream_truncate(file, (int64_t)arg[1]);
	return vfs_truncate(file->inode, (int64_t)arg[1]);
}

int64_t sys_fallocate(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = file_of(task, arg[0]);
	int64_t pos = (int64_t)arg[2], len = (int64_t)arg[3];
	uint32_t mode = (uint32_t)arg[1];
	int error;

	if (!file || !file_can_write(file))
		return -EBADF;
	if (pos < 0 || len <= 0)
		return -EINVAL;
	if (mode & ~(uint32_t)FALLOC_FL_KEEP_SIZE)
		return -EOPNOTSUPP;
	if (!has_page_cache(file))
		return file->ops->seek ? -ENODEV : -ESPIPE;
	if ((uint64_t)pos + (uint64_t)len > VFS_MAX_FILE_BYTES)
		return -EFBIG;
	error = file->inode->ops->reserve
	            ? file->inode->ops->reserve(file->inode, (uint64_t)pos, (uint64_t)len)
	            : 0;
	if (error || mode || (uint64_t)(pos + len) <= vfs_size(file))
		return error;
	return vfs_truncate(file->inode, pos + len);
}

/* Linux 4.4, mm/fadvise.c. */
int64_t sys_fadvise64(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = file_of(task, arg[0]);
	struct kernel *k = &task->machine->kernel;
	uint64_t end = arg[2] && arg[1] + arg[2] >= arg[1] ? arg[1] + arg[2] - 1 : UINT64_MAX;
	pgoff_t first = arg[1] >> PAGE_SHIFT;

	if (!file)
		return -EBADF;
	if (file->inode->kind == S_IFIFO)
		return -ESPIPE;
	if ((int64_t)arg[2] < 0 || arg[3] > POSIX_FADV_NOREUSE)
		return -EINVAL;
	if (!has_page_cache(file))
		return 0;
	switch (arg[3]) {
	case POSIX_FADV_NORMAL:
	case POSIX_FADV_RANDOM:
	case POSIX_FADV_SEQUENTIAL:
		call_fadvise(k, &file->file, (int)arg[3]);
		break;
	case POSIX_FADV_WILLNEED:
		if (end >= vfs_size(file))
			end = vfs_size(file) ? vfs_size(file) - 1 : 0;
		if (arg[1] < vfs_size(file))
			call_force_page_cache_readahead(k, file->file.f_mapping, first,
			                                (end >> PAGE_SHIFT) - first + 1);
		break;
	case POSIX_FADV_DONTNEED:
		/* Whole pages only; the one that holds the end stays unless it is the file's. */
		first = (arg[1] + PAGE_SIZE - 1) >> PAGE_SHIFT;
		if (end != UINT64_MAX && end + 1 < vfs_size(file))
			end = ((end + 1) & PAGE_MASK) - 1;
		call_filemap_write_and_wait_range(k, file->file.f_mapping, first,
		                                  end >> PAGE_SHIFT);
		if (first <= end >> PAGE_SHIFT)
			call_invalidate_mapping_pages(k, file->file.f_mapping, first,
			                              end >> PAGE_SHIFT);
		break;
	}
	return 0;
}

int64_t sys_getdents64(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = file_of(task, arg[0]);

	if (!file)
		return -EBADF;
	if (!open_file_is_directory(file))
		return -ENOTDIR;
	return directory_getdents64(file, task, arg[1], (uint32_t)arg[2]);
}
