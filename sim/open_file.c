/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * open_file - open files: what all have, and those of regular files and
 * directories (Linux 6.1, fs/open.c, fs/read_write.c, fs/readdir.c).
 */
#include "sim/calls.h"
#include "sim/machine.h"
#include "sim/vfs.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_RW_COUNT 0x7ffff000u /* INT_MAX in whole pages */
#define WRITE_CHUNK_BYTES (256 * KIB)

static struct open_file *open_file_of(const struct file *file)
{
	return (struct open_file *)(uintptr_t)file; /* file is the first member */
}

static struct kernel *kernel_of(const struct open_file *file)
{
	return &file->inode->vfs->machine->kernel;
}

static void close_file(struct kernel *k, struct open_file *file)
{
	call_file_end(k, &file->file);
	if (file->ops && file->ops->release)
		file->ops->release(file);
	inode_put(file->inode);
	free(file->path);
	free(file);
}

/* What follows may ask for mm/ again, which must not happen while it is at work (Linux:
 * fput()). */
static void release(struct kernel *k, struct file *f)
{
	struct machine *machine = k->machine;
	struct open_file *file = open_file_of(f);

	if (machine->nr_calls)
		list_add_tail(&file->delayed, &machine->delayed);
	else
		close_file(k, file);
}

void open_files_close_delayed(struct machine *machine)
{
	while (!list_empty(&machine->delayed)) {
		struct open_file *file =
		    list_first_entry(&machine->delayed, struct open_file, delayed);

		list_del_init(&file->delayed);
		close_file(&machine->kernel, file);
	}
}

static const char *path_of(const struct file *f)
{
	return open_file_of(f)->path;
}

static const struct file_operations file_ops = { release, path_of };

struct open_file *open_file_behind(struct file *file)
{
	return file->f_op == &file_ops ? open_file_of(file) : NULL;
}

static const struct open_file_ops path_file_ops = { .name = "path" };

int open_file_create(struct inode *inode, uint32_t flags, char *path, struct open_file **out)
{
	struct open_file *file = calloc(1, sizeof(*file));
	int error = 0;

	if (!file) {
		free(path);
		return -ENOMEM;
	}
	file->file.f_op = &file_ops;
	file->file.f_count = 1;
	file->file.f_mode = (flags & O_ACCMODE) == O_RDONLY   ? FMODE_READ
	                    : (flags & O_ACCMODE) == O_WRONLY ? FMODE_WRITE
	                                                      : FMODE_READ | FMODE_WRITE;
	file->file.f_ra.ra_pages = inode->vfs->machine->kernel.config.read_ahead_pages;
	file->inode = inode_get(inode);
	file->flags = flags & ~(uint32_t)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
	file->path = path;
	if (flags & O_PATH)
		file->ops = &path_file_ops;
	else if (inode->ops->open)
		error = inode->ops->open(inode, file);
	else
		error = -ENXIO;
	if (error) {
		file->ops = NULL; /* nothing to release */
		vfs_close(file);
		return error;
	}
	*out = file;
	return 0;
}

void vfs_close(struct open_file *file)
{
	if (file)
		fput(kernel_of(file), &file->file);
}

uint64_t vfs_size(const struct open_file *file)
{
	struct inode_attr attr;

	return file->inode->ops->getattr(file->inode, &attr) ? 0 : attr.size;
}

uint32_t vfs_mode(const struct open_file *file)
{
	struct inode_attr attr;

	return file->inode->ops->getattr(file->inode, &attr) ? 0 : attr.mode;
}

int64_t vfs_pread(struct open_file *file, void *dst, uint64_t len, uint64_t pos)
{
	const struct io_segment segment = { (uintptr_t)dst, len };
	struct io_iter iter;
	int64_t at = (int64_t)pos;

	if (at < 0)
		return -EINVAL;
	io_iter_init(&iter, NULL, &segment, 1);
	return open_file_read(file, &iter, &at);
}

static void clip(struct io_iter *iter)
{
	if (iter->count > MAX_RW_COUNT)
		iter->count = MAX_RW_COUNT;
}

int64_t open_file_read(struct open_file *file, struct io_iter *to, int64_t *pos)
{
	if (!file_can_read(file))
		return -EBADF;
	if (!file->ops->read)
		return -EINVAL;
	clip(to);
	return file->ops->read(file, to, pos);
}

int64_t open_file_write(struct open_file *file, struct task *task, struct io_iter *from,
                        int64_t *pos)
{
	if (!file_can_write(file))
		return -EBADF;
	if (!file->ops->write)
		return -EINVAL;
	clip(from);
	return file->ops->write(file, task, from, pos);
}

bool open_file_is_seekable(const struct open_file *file)
{
	return file->ops->seek != NULL;
}

/* ---- regular files: through the page cache ---- */

static int64_t to_iter(void *context, void *page_memory, uint64_t offset, uint64_t len)
{
	uint64_t done = io_iter_put(context, (uint8_t *)page_memory + offset, len);

	return done ? (int64_t)done : -EFAULT;
}

static int64_t from_iter(void *context, void *page_memory, uint64_t offset, uint64_t len)
{
	uint64_t done = io_iter_get(context, (uint8_t *)page_memory + offset, len);

	return done ? (int64_t)done : -EFAULT;
}

int64_t regular_read(struct open_file *file, struct io_iter *to, int64_t *pos)
{
	uint64_t size = file->inode->i_data.i_size, len = to->count;
	int64_t done;

	if (!len || (uint64_t)*pos >= size)
		return 0;
	if (len > size - (uint64_t)*pos)
		len = size - (uint64_t)*pos;
	done = call_filemap_read(kernel_of(file), &file->file, (uint64_t)*pos, len, to_iter, to);
	if (done > 0)
		*pos += done;
	return done;
}

/* What lay behind the old end must read as zeroes once the file is longer; a guest
 * may have scribbled there through a mapping. */
static int clear_behind_end(struct inode *inode, uint64_t pos)
{
	uint64_t size = inode->i_data.i_size;

	if (pos <= size || !(size & ~PAGE_MASK))
		return 0;
	return inode->ops->truncate(inode, size);
}

/* Space first, so that a full store is the writer's error and not lost at write-back;
 * not for more than is about to be written. */
static int64_t write_chunk(struct open_file *file, struct io_iter *from, uint64_t pos, uint64_t len)
{
	struct inode *inode = file->inode;
	int error = inode->ops->reserve ? inode->ops->reserve(inode, pos, len) : 0;

	if (error)
		return error;
	if (inode->ops->modified)
		inode->ops->modified(inode);
	return call_filemap_write(kernel_of(file), &file->file, pos, len, from_iter, from);
}

int64_t regular_write(struct open_file *file, struct task *task, struct io_iter *from, int64_t *pos)
{
	struct inode *inode = file->inode;
	uint64_t at = file->flags & O_APPEND ? inode->i_data.i_size : (uint64_t)*pos, left,
	         done = 0;
	int error;

	if (!from->count)
		return 0;
	if (at >= VFS_MAX_FILE_BYTES)
		return -EFBIG;
	error = clear_behind_end(inode, at);
	if (error)
		return error;
	left = from->count < VFS_MAX_FILE_BYTES - at ? from->count : VFS_MAX_FILE_BYTES - at;
	while (left) {
		uint64_t len = left < WRITE_CHUNK_BYTES ? left : WRITE_CHUNK_BYTES;
		int64_t n = write_chunk(file, from, at + done, len);

		if (n < 0 && !done)
			return n;
		if (n <= 0)
			break;
		done += (uint64_t)n;
		left -= (uint64_t)n;
		if ((uint64_t)n < len)
			break;
	}
	*pos = (int64_t)(at + done);
	return (int64_t)done;
}

/* Holes are not told from data (as Linux's generic_file_llseek()). */
static int64_t seek_data(uint64_t size, int64_t offset, int whence)
{
	if (offset < 0 || (uint64_t)offset >= size)
		return -ENXIO;
	return whence == SEEK_DATA ? offset : (int64_t)size;
}

int64_t regular_seek(struct open_file *file, int64_t offset, int whence)
{
	uint64_t size = file->inode->i_data.i_size;
	int64_t base = 0;

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		base = file->pos;
		break;
	case SEEK_END:
		base = (int64_t)size;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		offset = seek_data(size, offset, whence);
		if (offset < 0)
			return offset;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &offset) || offset < 0 ||
	    (uint64_t)offset > VFS_MAX_FILE_BYTES)
		return -EINVAL;
	file->pos = offset;
	return offset;
}

const struct open_file_ops regular_file_ops = {
	.name = "regular",
	.read = regular_read,
	.write = regular_write,
	.seek = regular_seek,
};

/* ---- directories ---- */

struct linux_dirent64 {
	uint64_t d_ino;
	int64_t d_off;
	uint16_t d_reclen;
	uint8_t d_type;
	char d_name[NAME_MAX + 1];
};

static uint64_t ino_of(struct inode *inode)
{
	struct inode_attr attr;

	return inode && !inode->ops->getattr(inode, &attr) ? attr.ino : 1;
}

/* What the open directory holds from now on, until it is rewound. */
static int read_names(struct open_file *file)
{
	struct inode *dir = file->inode;
	struct dir_list *list = calloc(1, sizeof(*list));
	int error;

	if (!list)
		return -ENOMEM;
	error = dir_list_add(list, ".", ino_of(dir), DT_DIR);
	if (!error)
		error = dir_list_add(list, "..", ino_of(dir->parent), DT_DIR);
	if (!error)
		error = dir->ops->list(dir, list);
	if (error) {
		dir_list_finish(list);
		free(list);
		return error;
	}
	file->private = list;
	return 0;
}

static void directory_release(struct open_file *file)
{
	if (file->private)
		dir_list_finish(file->private);
	free(file->private);
	file->private = NULL;
}

static int64_t directory_read(struct open_file *file, struct io_iter *to, int64_t *pos)
{
	return -EISDIR;
}

static int64_t directory_seek(struct open_file *file, int64_t offset, int whence)
{
	if (whence == SEEK_CUR)
		whence = __builtin_add_overflow(offset, file->pos, &offset) ? -1 : SEEK_SET;
	if (whence != SEEK_SET || offset < 0)
		return -EINVAL;
	if (!offset)
		directory_release(file); /* rewound: look anew */
	file->pos = offset;
	return offset;
}

static uint16_t fill_dirent(struct linux_dirent64 *d, const struct dir_name *name, int64_t next)
{
	size_t len = strlen(name->name), used = offsetof(struct linux_dirent64, d_name) + len + 1;
	uint16_t reclen = (uint16_t)((used + 7) & ~(size_t)7);

	memset(d, 0, sizeof(*d));
	d->d_ino = name->ino;
	d->d_off = next;
	d->d_reclen = reclen;
	d->d_type = name->type;
	memcpy(d->d_name, name->name, len);
	return reclen;
}

int64_t directory_getdents64(struct open_file *file, struct task *task, va_t dst, uint32_t size)
{
	const struct dir_list *list;
	struct linux_dirent64 entry;
	uint32_t done = 0;

	if (!file->inode->parent)
		return -ENOENT; /* removed */
	if (!file->private) {
		int error = read_names(file);

		if (error)
			return error;
	}
	list = file->private;
	while ((uint64_t)file->pos < list->nr) {
		uint16_t len = fill_dirent(&entry, &list->names[file->pos], file->pos + 1);

		if (len > size - done)
			return done ? (int64_t)done : -EINVAL;
		if (copy_to_user(task, dst + done, &entry, len))
			return done ? (int64_t)done : -EFAULT;
		done += len;
		file->pos++;
	}
	return done;
}

bool open_file_is_directory(const struct open_file *file)
{
	return file->ops == &directory_file_ops;
}

const struct open_file_ops directory_file_ops = {
	.name = "directory",
	.read = directory_read,
	.seek = directory_seek,
	.release = directory_release,
};
