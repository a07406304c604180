/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/procfs.h"

#include "sim/clock.h"
#include "sim/files.h"
#include "sim/machine.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROC_DEV 21     /* a kernel-internal device number, as stat(2) shows one */
#define PROC_ROOT_INO 1 /* as Linux's */
#define PROC_FD_DIR "PID/fd"

/* A folder or file; made when it is looked up. */
struct proc_inode {
	struct inode inode;           /* must be first */
	char *path;                   /* as in the table; "": /proc itself */
	int32_t pid;                  /* whose it is, or 0 */
	int32_t fd;                   /* of a link in PID/fd, or -1 */
	const struct proc_file *file; /* NULL: a folder, or a link in PID/fd */
};

static const struct inode_ops proc_inode_ops, proc_fd_ops;

static struct proc_inode *proc_inode(struct inode *inode)
{
	return (struct proc_inode *)inode;
}

/* ---- who is asked about ---- */

static struct task *find_task(const struct vfs *vfs, int32_t pid)
{
	struct task *task;

	list_for_each_entry (task, &vfs->machine->tasks, tasks)
		if (task->pid == pid)
			return task;
	return NULL;
}

/* Prints the file. -ESRCH: its task is gone. */
static int show(const struct proc_inode *proc, struct proc_text *text)
{
	struct vfs *vfs = proc->inode.vfs;
	struct task *task = proc->pid ? find_task(vfs, proc->pid) : NULL;

	if (proc->pid && !task)
		return -ESRCH;
	proc->file->show(text, vfs->machine, task);
	return text->no_memory ? -ENOMEM : 0;
}

static struct open_file *open_file_of(const struct vfs *vfs, int32_t pid, int32_t fd)
{
	struct task *task = find_task(vfs, pid);

	return task && task->files ? files_get(task->files, fd) : NULL;
}

static struct open_file *open_file_at(const struct proc_inode *proc)
{
	return open_file_of(proc->inode.vfs, proc->pid, proc->fd);
}

/* ---- inodes ---- */

static int make(struct inode *dir, const char *name, uint32_t kind, const char *path, int32_t pid,
                struct inode **out)
{
	struct proc_inode *proc = calloc(1, sizeof(*proc));
	int error = 0;

	if (!proc)
		return -ENOMEM;
	proc->path = strdup(path);
	if (!proc->path) {
		free(proc);
		return -ENOMEM;
	}
	inode_init(&proc->inode, dir->vfs, &proc_inode_ops, kind);
	proc->pid = pid;
	proc->fd = -1;
	if (kind == S_IFDIR)
		error = inode_set_place(&proc->inode, dir, name);
	if (error)
		inode_put(&proc->inode);
	else
		*out = &proc->inode;
	return error;
}

static void drop(struct inode *inode)
{
	inode_clear_place(inode);
	free(proc_inode(inode)->path);
	free(inode);
}

/* Steady numbers: the task, and a hash of the path below it. */
static uint64_t ino_of(const struct proc_inode *proc)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	if (!*proc->path)
		return PROC_ROOT_INO;
	for (const char *c = proc->path; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	return (uint64_t)proc->pid << 32 | (hash + (uint32_t)proc->fd + 1);
}

static int getattr(struct inode *inode, struct inode_attr *attr)
{
	const struct proc_inode *proc = proc_inode(inode);
	const struct vfs *vfs = inode->vfs;
	uint32_t mode = inode->kind == S_IFDIR ? 0555 : 0700;

	if (proc->file)
		mode = proc->file->mode & 07777;
	*attr = (struct inode_attr){
		.dev = PROC_DEV,
		.ino = ino_of(proc),
		.mode = inode->kind | mode,
		.nlink = inode->kind == S_IFDIR ? 2 : 1,
		.uid = proc->pid ? vfs->uid : 0,
		.gid = proc->pid ? vfs->gid : 0,
		.size = proc->fd >= 0 ? 64 : 0,
		.blksize = 1024,
		.atime = clock_realtime(vfs->machine),
	};
	attr->mtime = attr->ctime = attr->atime;
	return 0;
}

/* ---- folders ---- */

/* What stands behind the folder's path in a row's: "maps" of "PID/maps" in "PID".
 * NULL: not in there. */
static const char *below(const char *row_path, const char *folder)
{
	size_t len = strlen(folder);

	if (!len)
		return row_path;
	return !strncmp(row_path, folder, len) && row_path[len] == '/' ? row_path + len + 1 : NULL;
}

static bool is_number(const char *name, int32_t *number)
{
	char *end;
	long value;

	if (*name < '0' || *name > '9' || (*name == '0' && name[1]))
		return false;
	value = strtol(name, &end, 10);
	*number = (int32_t)value;
	return !*end && value >= 0 && value < INT32_MAX;
}

static int lookup_fd(struct inode *dir, const char *name, struct inode **out)
{
	int32_t fd;
	int error;

	if (!is_number(name, &fd) || !open_file_of(dir->vfs, proc_inode(dir)->pid, fd))
		return -ENOENT;
	error = make(dir, name, S_IFLNK, PROC_FD_DIR "/N", proc_inode(dir)->pid, out);
	if (error)
		return error;
	(*out)->ops = &proc_fd_ops;
	proc_inode(*out)->fd = fd;
	return 0;
}

static int lookup_row(struct inode *dir, const char *name, struct inode **out)
{
	const struct proc_inode *proc = proc_inode(dir);
	size_t len = strlen(name);

	for (size_t i = 0; i < nr_proc_files; i++) {
		const struct proc_file *file = &proc_files[i];
		const char *rest = below(file->path, proc->path);
		char path[128];
		bool is_file;
		int error;

		if (!rest || strncmp(rest, name, len) || (rest[len] && rest[len] != '/'))
			continue;
		is_file = !rest[len];
		snprintf(path, sizeof(path), "%s%s%s", proc->path, *proc->path ? "/" : "", name);
		error = make(dir, name,
		             !is_file              ? S_IFDIR
		             : S_ISLNK(file->mode) ? S_IFLNK
		                                   : S_IFREG,
		             path, proc->pid, out);
		if (!error && is_file)
			proc_inode(*out)->file = file;
		return error;
	}
	return -ENOENT;
}

static int lookup(struct inode *dir, const char *name, struct inode **out)
{
	const struct proc_inode *proc = proc_inode(dir);
	int32_t pid;

	if (dir->kind != S_IFDIR)
		return -ENOTDIR;
	if (!*proc->path && is_number(name, &pid))
		return find_task(dir->vfs, pid) ? make(dir, name, S_IFDIR, "PID", pid, out)
		                                : -ENOENT;
	if (!*proc->path && !strcmp(name, "PID"))
		return -ENOENT;
	if (proc->pid && !find_task(dir->vfs, proc->pid))
		return -ENOENT;
	if (!strcmp(proc->path, PROC_FD_DIR))
		return lookup_fd(dir, name, out);
	return lookup_row(dir, name, out);
}

static int list_numbers(struct inode *dir, struct dir_list *list)
{
	struct task *task;
	char name[16];
	int error = 0;

	list_for_each_entry (task, &dir->vfs->machine->tasks, tasks) {
		snprintf(name, sizeof(name), "%d", task->pid);
		error = error ? error : dir_list_add(list, name, (uint64_t)task->pid, DT_DIR);
	}
	return error;
}

static int list_fds(struct inode *dir, struct dir_list *list)
{
	struct task *task = find_task(dir->vfs, proc_inode(dir)->pid);
	char name[24];
	int error = 0;

	if (!task || !task->files)
		return -ENOENT;
	for (int64_t fd = files_next(task->files, 0); fd >= 0 && !error;
	     fd = files_next(task->files, fd + 1)) {
		snprintf(name, sizeof(name), "%lld", (long long)fd);
		error = dir_list_add(list, name, (uint64_t)fd + 1, DT_LNK);
	}
	return error;
}

static bool is_listed(const struct dir_list *list, const char *name)
{
	for (size_t i = 0; i < list->nr; i++)
		if (!strcmp(list->names[i].name, name))
			return true;
	return false;
}

static int list_row(struct inode *dir, const char *rest, struct dir_list *list)
{
	size_t len = strcspn(rest, "/");
	char name[64];
	struct inode *inode;
	int error;

	snprintf(name, sizeof(name), "%.*s", (int)len, rest);
	if (is_listed(list, name) || !strcmp(name, "PID"))
		return 0;
	error = lookup_row(dir, name, &inode);
	if (error)
		return error;
	error = dir_list_add(list, name, ino_of(proc_inode(inode)), IFTODT(inode->kind));
	inode_put(inode);
	return error;
}

static int list_names(struct inode *dir, struct dir_list *list)
{
	const struct proc_inode *proc = proc_inode(dir);
	int error = 0;

	if (dir->kind != S_IFDIR)
		return -ENOTDIR;
	if (!strcmp(proc->path, PROC_FD_DIR))
		return list_fds(dir, list);
	if (!*proc->path)
		error = list_numbers(dir, list);
	for (size_t i = 0; i < nr_proc_files && !error; i++) {
		const char *rest = below(proc_files[i].path, proc->path);

		if (rest && *rest)
			error = list_row(dir, rest, list);
	}
	return error;
}

/* ---- links ---- */

static int readlink_proc(struct inode *inode, char *target, size_t size)
{
	const struct proc_inode *proc = proc_inode(inode);
	struct proc_text text = { 0 };
	const struct open_file *file;
	int error = 0;

	if (inode->kind != S_IFLNK)
		return -EINVAL;
	if (proc->fd >= 0) {
		file = open_file_at(proc);
		if (!file)
			return -ENOENT;
		proc_printf(&text, "%s", file->path);
	} else {
		error = show(proc, &text);
	}
	if (!error && text.no_memory)
		error = -ENOMEM;
	if (!error) {
		size_t len = text.len < size - 1 ? text.len : size - 1;

		memcpy(target, text.data ? text.data : "", len);
		target[len] = '\0';
		error = (int)len;
	}
	free(text.data);
	return error;
}

/* PID/fd/N leads to the open file's inode, which may have no path. The others are
 * paths. */
static int follow(struct inode *inode, struct inode **out)
{
	const struct proc_inode *proc = proc_inode(inode);
	const struct open_file *file = open_file_at(proc);

	if (!file)
		return -ENOENT;
	*out = inode_get(file->inode);
	return 0;
}

/* ---- open files ---- */

static int64_t text_read(struct open_file *file, struct io_iter *to, int64_t *pos)
{
	struct proc_text *text = file->private;
	uint64_t len, done;

	if (*pos == 0) {
		int error;

		text->len = 0;
		error = show(proc_inode(file->inode), text);
		if (error)
			return error;
	}
	if ((uint64_t)*pos >= text->len || !to->count)
		return 0;
	len = text->len - (uint64_t)*pos;
	len = len < to->count ? len : to->count;
	done = io_iter_put(to, text->data + *pos, len);
	*pos += (int64_t)done;
	return done ? (int64_t)done : -EFAULT;
}

static int64_t text_write(struct open_file *file, struct task *task, struct io_iter *from,
                          int64_t *pos)
{
	return -EIO;
}

static int64_t text_seek(struct open_file *file, int64_t offset, int whence)
{
	if (whence == SEEK_CUR)
		whence = __builtin_add_overflow(offset, file->pos, &offset) ? -1 : SEEK_SET;
	if (whence != SEEK_SET || offset < 0)
		return -EINVAL;
	return file->pos = offset;
}

static void text_release(struct open_file *file)
{
	struct proc_text *text = file->private;

	free(text->data);
	free(text);
}

static const struct open_file_ops text_ops = {
	.name = "proc",
	.read = text_read,
	.write = text_write,
	.seek = text_seek,
	.release = text_release,
};

static int open_proc(struct inode *inode, struct open_file *file)
{
	if (inode->kind == S_IFDIR) {
		file->ops = &directory_file_ops;
		return 0;
	}
	file->private = calloc(1, sizeof(struct proc_text));
	if (!file->private)
		return -ENOMEM;
	file->ops = &text_ops;
	return 0;
}

static const struct inode_ops proc_inode_ops = {
	.name = "proc",
	.lookup = lookup,
	.list = list_names,
	.readlink = readlink_proc,
	.getattr = getattr,
	.open = open_proc,
	.drop = drop,
};

/* As the others, and leads to an object. */
static const struct inode_ops proc_fd_ops = {
	.name = "proc fd",
	.readlink = readlink_proc,
	.follow = follow,
	.getattr = getattr,
	.drop = drop,
};

int procfs_create(struct vfs *vfs, struct inode **out)
{
	return make(vfs->root, "proc", S_IFDIR, "", 0, out);
}
