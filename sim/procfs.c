// SPDX-License-Identifier: GPL-2.0-or-later
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

#define PROC_ROOT_INO 1 /* as Linux's */
#define PROC_WORD sizeof(uint64_t)

/* A folder or file; made when it is looked up. */
struct proc_inode {
	struct inode inode; /* must be first */
	const struct proc_tree *tree;
	char *path;                   /* as in the table; "": the root */
	int32_t pid;                  /* whose it is, or 0 */
	bool is_thread;               /* PID stands for a thread, below a process's folder */
	int64_t number;               /* of FD, nodeN, cpuN in the path, or -1 */
	const struct proc_file *file; /* its row; NULL: a folder without one */
};

static const struct inode_ops proc_inode_ops, proc_object_ops;

static struct proc_inode *proc_inode(struct inode *inode)
{
	return (struct proc_inode *)inode;
}

/* ---- who is asked about ---- */

/* 0; -ESRCH: its task is gone. */
static int about_of(const struct proc_inode *proc, struct proc_about *about)
{
	struct machine *machine = proc->inode.vfs->machine;

	*about = (struct proc_about){
		.machine = machine,
		.task = proc->pid ? task_find(machine, proc->pid) : NULL,
		.is_thread = proc->is_thread,
		.number = proc->number,
		.file = proc->file,
	};
	return proc->pid && !about->task ? -ESRCH : 0;
}

static int show(const struct proc_inode *proc, struct proc_text *text)
{
	struct proc_about about;
	int error = about_of(proc, &about);

	if (error)
		return error;
	if (proc->file->show)
		proc->file->show(text, &about);
	else if (proc->file->show_kernel)
		proc->file->show_kernel(text, &about.machine->kernel);
	else
		return -EINVAL;
	return text->no_memory ? -ENOMEM : 0;
}

/* ---- components that stand for many names ---- */

/* The first number from `from` on that is there, or -1. */
static int64_t next_process(const struct proc_about *about, int64_t from)
{
	const struct task *task;

	list_for_each_entry (task, &about->machine->tasks, tasks)
		if (task->pid >= from && task_is_leader(task) && task->state != TASK_DEAD)
			return task->pid;
	return -1;
}

static int64_t next_thread(const struct proc_about *about, int64_t from)
{
	const struct task *task;

	list_for_each_entry (task, &about->task->process->threads, thread)
		if (task->pid >= from && task->state != TASK_DEAD)
			return task->pid;
	return -1;
}

static int64_t next_fd(const struct proc_about *about, int64_t from)
{
	return about->task->files ? files_next(about->task->files, from) : -1;
}

static int64_t next_node(const struct proc_about *about, int64_t from)
{
	return from < about->machine->kernel.nr_nodes ? from : -1;
}

static int64_t next_cpu(const struct proc_about *about, int64_t from)
{
	return from < about->machine->config.cpus ? from : -1;
}

static const struct wildcard {
	const char *component;
	const char *prefix; /* of the names; the number stands behind it */
	int64_t (*next)(const struct proc_about *about, int64_t from);
	bool is_task;
} wildcards[] = {
	{ "PID", "", next_process, true },  { "TID", "", next_thread, true },
	{ "FD", "", next_fd, false },       { "nodeN", "node", next_node, false },
	{ "cpuN", "cpu", next_cpu, false },
};

static const struct wildcard *wildcard_of(const char *component, size_t len)
{
	for (size_t i = 0; i < sizeof(wildcards) / sizeof(wildcards[0]); i++)
		if (strlen(wildcards[i].component) == len &&
		    !strncmp(wildcards[i].component, component, len))
			return &wildcards[i];
	return NULL;
}

/* The number that the name gives, if there is such a thing; else -1. */
static int64_t wildcard_match(const struct wildcard *wildcard, const struct proc_about *about,
                              const char *name)
{
	size_t len = strlen(wildcard->prefix);
	char *end;
	long number;

	if (strncmp(name, wildcard->prefix, len))
		return -1;
	name += len;
	if (*name < '0' || *name > '9' || (*name == '0' && name[1]))
		return -1;
	errno = 0;
	number = strtol(name, &end, 10);
	if (*end || errno)
		return -1;
	return wildcard->next(about, number) == number ? number : -1;
}

/* ---- inodes ---- */

static int make(struct vfs *vfs, const struct proc_inode *from, const char *path, uint32_t kind,
                struct proc_inode **out)
{
	struct proc_inode *proc = calloc(1, sizeof(*proc));

	if (!proc)
		return -ENOMEM;
	*proc = *from;
	proc->file = NULL;
	proc->path = strdup(path);
	if (!proc->path) {
		free(proc);
		return -ENOMEM;
	}
	memset(&proc->inode, 0, sizeof(proc->inode));
	inode_init(&proc->inode, vfs, &proc_inode_ops, kind);
	*out = proc;
	return 0;
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
	return (uint64_t)proc->pid << 32 | (hash + (uint32_t)proc->number + 1);
}

static int getattr(struct inode *inode, struct inode_attr *attr)
{
	const struct proc_inode *proc = proc_inode(inode);
	const struct vfs *vfs = inode->vfs;

	*attr = (struct inode_attr){
		.dev = proc->tree->dev,
		.ino = ino_of(proc),
		.mode = inode->kind | (proc->file ? proc->file->mode & 07777 : 0555),
		.nlink = inode->kind == S_IFDIR ? 2 : 1,
		.uid = proc->pid ? vfs->uid : 0,
		.gid = proc->pid ? vfs->gid : 0,
		.size = proc->file && proc->file->follow ? 64 : 0,
		.blksize = 1024,
		.atime = clock_realtime(vfs->machine),
	};
	attr->mtime = attr->ctime = attr->atime;
	return 0;
}

/* As all of /proc that can be written: there is nothing to cut off. */
static int truncate_nothing(struct inode *inode, uint64_t size)
{
	return 0;
}

/* ---- folders ---- */

/* What stands behind the folder's path in a row's: "maps" of "PID/maps" in "PID".
 * NULL: not in there. */
static const char *below(const struct proc_file *row, const struct proc_inode *dir)
{
	size_t len = strlen(dir->path);
	const char *rest = row->path;

	if (len)
		rest = !strncmp(rest, dir->path, len) && rest[len] == '/' ? rest + len + 1 : NULL;
	if (rest && dir->is_thread && !strcmp(dir->path, "PID") && !strncmp(rest, "task/", 5))
		return NULL;
	return rest && *rest ? rest : NULL;
}

static uint32_t kind_of(const struct proc_file *row, bool is_row_itself)
{
	if (!is_row_itself || S_ISDIR(row->mode))
		return S_IFDIR;
	return S_ISLNK(row->mode) ? S_IFLNK : S_IFREG;
}

/* The inode for the row's next component, `rest` up to a slash, under its name in
 * the folder. number is what a wildcard stands for. */
static int make_component(struct inode *dir, const struct proc_file *row, const char *rest,
                          const char *name, int64_t number, struct inode **out)
{
	size_t len = strcspn(rest, "/");
	const struct wildcard *wildcard = wildcard_of(rest, len);
	bool is_row_itself = !rest[len], is_thread = wildcard && !strncmp(rest, "TID", len);
	uint32_t kind = kind_of(row, is_row_itself);
	struct proc_inode *proc;
	char path[128];
	int error;

	snprintf(path, sizeof(path), "%.*s", (int)(rest - row->path + (ptrdiff_t)len), row->path);
	error = make(dir->vfs, proc_inode(dir), is_thread ? "PID" : path, kind, &proc);
	if (error)
		return error;
	proc->is_thread |= is_thread;
	if (wildcard && wildcard->is_task)
		proc->pid = (int32_t)number;
	else if (wildcard)
		proc->number = number;
	if (is_row_itself)
		proc->file = row;
	if (proc->file && row->follow)
		proc->inode.ops = &proc_object_ops;
	if (kind == S_IFDIR)
		error = inode_set_place(&proc->inode, dir, name);
	if (error)
		inode_put(&proc->inode);
	else
		*out = &proc->inode;
	return error;
}

static int lookup(struct inode *dir, const char *name, struct inode **out)
{
	const struct proc_inode *proc = proc_inode(dir);
	struct proc_about about;

	if (dir->kind != S_IFDIR)
		return -ENOTDIR;
	if (about_of(proc, &about))
		return -ENOENT;
	for (size_t i = 0; i < proc->tree->nr_files; i++) {
		const struct proc_file *row = &proc->tree->files[i];
		const char *rest = below(row, proc);
		size_t len = rest ? strcspn(rest, "/") : 0;
		const struct wildcard *wildcard = rest ? wildcard_of(rest, len) : NULL;
		int64_t number = -1;

		if (!rest)
			continue;
		if (wildcard)
			number = wildcard_match(wildcard, &about, name);
		if (wildcard ? number >= 0 : strlen(name) == len && !strncmp(rest, name, len))
			return make_component(dir, row, rest, name, number, out);
	}
	return -ENOENT;
}

static int list_one(struct inode *dir, const struct proc_file *row, const char *rest,
                    const char *name, int64_t number, struct dir_list *list)
{
	struct inode *inode;
	int error = make_component(dir, row, rest, name, number, &inode);

	if (error)
		return error;
	error = dir_list_add(list, name, ino_of(proc_inode(inode)), IFTODT(inode->kind));
	inode_put(inode);
	return error;
}

static int list_wildcard(struct inode *dir, const struct proc_file *row, const char *rest,
                         const struct wildcard *wildcard, const struct proc_about *about,
                         struct dir_list *list)
{
	char name[32];
	int error = 0;

	for (int64_t n = wildcard->next(about, 0); n >= 0 && !error;
	     n = wildcard->next(about, n + 1)) {
		snprintf(name, sizeof(name), "%s%lld", wildcard->prefix, (long long)n);
		error = list_one(dir, row, rest, name, n, list);
	}
	return error;
}

/* Another row before this one has the same next component. */
static bool is_repeated(const struct proc_inode *dir, size_t row, const char *rest)
{
	size_t len = strcspn(rest, "/");

	for (size_t i = 0; i < row; i++) {
		const char *other = below(&dir->tree->files[i], dir);

		if (other && strcspn(other, "/") == len && !strncmp(other, rest, len))
			return true;
	}
	return false;
}

static int list_names(struct inode *dir, struct dir_list *list)
{
	const struct proc_inode *proc = proc_inode(dir);
	struct proc_about about;
	int error = 0;

	if (dir->kind != S_IFDIR)
		return -ENOTDIR;
	if (about_of(proc, &about))
		return -ENOENT;
	for (size_t i = 0; i < proc->tree->nr_files && !error; i++) {
		const struct proc_file *row = &proc->tree->files[i];
		const char *rest = below(row, proc);
		const struct wildcard *wildcard;
		char name[64];

		if (!rest || is_repeated(proc, i, rest))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(rest, "/"), rest);
		wildcard = wildcard_of(name, strlen(name));
		error = wildcard ? list_wildcard(dir, row, rest, wildcard, &about, list)
		                 : list_one(dir, row, rest, name, -1, list);
	}
	return error;
}

/* ---- links ---- */

static int readlink_proc(struct inode *inode, char *target, size_t size)
{
	struct proc_text text = { 0 };
	size_t len;
	int error;

	if (inode->kind != S_IFLNK)
		return -EINVAL;
	error = show(proc_inode(inode), &text);
	if (!error && !text.len)
		error = -ENOENT;
	if (error) {
		free(text.data);
		return error;
	}
	len = text.len < size - 1 ? text.len : size - 1;
	memcpy(target, text.data, len);
	target[len] = '\0';
	free(text.data);
	return (int)len;
}

static int follow_object(struct inode *inode, struct inode **out)
{
	struct proc_about about;
	int error = about_of(proc_inode(inode), &about);

	return error ? error : about.file->follow(&about, out);
}

/* ---- open files: text ---- */

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

/* One value in one call, of less than a page; what is written further on is taken
 * for gone (Linux: sysctl_writes_strict). */
static int64_t text_write(struct open_file *file, struct task *task, struct io_iter *from,
                          int64_t *pos)
{
	const struct proc_inode *proc = proc_inode(file->inode);
	uint64_t count = from->count;
	struct proc_about about;
	char text[PAGE_SIZE];
	int error = about_of(proc, &about);

	if (error)
		return error;
	if (!proc->file->store)
		return -EIO;
	if (count >= sizeof(text))
		return -EINVAL;
	if (io_iter_get(from, text, count) != count)
		return -EFAULT;
	text[count] = '\0';
	error = *pos ? 0 : proc->file->store(text, &about);
	if (error)
		return error;
	*pos += (int64_t)count;
	return (int64_t)count;
}

static int64_t proc_seek(struct open_file *file, int64_t offset, int whence)
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
	.seek = proc_seek,
	.release = text_release,
};

/* ---- open files: words ---- */

static int64_t words_read(struct open_file *file, struct io_iter *to, int64_t *pos)
{
	struct proc_about about;
	uint64_t word, nr_done = 0;
	int error = about_of(proc_inode(file->inode), &about);

	if (error)
		return error;
	if (*pos % (int64_t)PROC_WORD || to->count % PROC_WORD)
		return -EINVAL;
	for (; to->count; nr_done++) {
		if (!about.file->word(&about, (uint64_t)*pos / PROC_WORD, &word))
			break;
		if (io_iter_put(to, &word, PROC_WORD) != PROC_WORD)
			return nr_done ? (int64_t)(nr_done * PROC_WORD) : -EFAULT;
		*pos += (int64_t)PROC_WORD;
	}
	return (int64_t)(nr_done * PROC_WORD);
}

static const struct open_file_ops words_ops = {
	.name = "proc words",
	.read = words_read,
	.seek = proc_seek,
};

static int open_proc(struct inode *inode, struct open_file *file)
{
	if (inode->kind == S_IFDIR) {
		file->ops = &directory_file_ops;
		return 0;
	}
	if (proc_inode(inode)->file->word) {
		file->ops = &words_ops;
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
	.truncate = truncate_nothing,
	.open = open_proc,
	.drop = drop,
};

/* Links that lead to an object rather than to a path. */
static const struct inode_ops proc_object_ops = {
	.name = "proc object",
	.readlink = readlink_proc,
	.follow = follow_object,
	.getattr = getattr,
	.drop = drop,
};

int procfs_create(struct vfs *vfs, const struct proc_tree *tree, struct inode **out)
{
	const struct proc_inode root = { .tree = tree, .number = -1 };
	struct proc_inode *proc;
	int error = make(vfs, &root, "", S_IFDIR, &proc);

	if (error)
		return error;
	error = inode_set_place(&proc->inode, vfs->root, tree->name);
	if (error)
		inode_put(&proc->inode);
	else
		*out = &proc->inode;
	return error;
}
