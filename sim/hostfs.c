/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostfs - the host's side of the tree: the only place that asks the host for
 * files of the guest's, or changes any.
 */
#include "sim/calls.h"
#include "sim/machine.h"
#include "sim/tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- descriptors ---- */

void hostfs_close(struct tree_inode *ti)
{
	struct tree *tree = ti->inode.vfs->tree;

	if (ti->host_fd < 0)
		return;
	close(ti->host_fd);
	ti->host_fd = -1;
	ti->host_fd_writable = false;
	if (!list_empty(&ti->open)) {
		list_del_init(&ti->open);
		tree->nr_open--;
	}
}

/* Closes the descriptors that were used least recently, but never the last one. */
static void limit_open(struct tree *tree)
{
	while (tree->nr_open > tree->max_open && tree->nr_open > 1)
		hostfs_close(list_first_entry(&tree->open, struct tree_inode, open));
}

/* Keeps an open descriptor from being closed while others are opened. */
static void hold(struct tree_inode *ti)
{
	if (list_empty(&ti->open))
		return;
	list_del_init(&ti->open);
	ti->inode.vfs->tree->nr_open--;
}

static void let_go(struct tree_inode *ti)
{
	struct tree *tree = ti->inode.vfs->tree;

	if (ti->host_fd < 0 || !ti->host_parent || !list_empty(&ti->open))
		return;
	list_add_tail(&ti->open, &tree->open);
	tree->nr_open++;
	limit_open(tree);
}

static bool is_same(int fd, const struct tree_inode *ti)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == ti->attr.dev && st.st_ino == ti->attr.ino;
}

/* Opens by the folder's descriptor. */
static int open_in(int dir_fd, struct tree_inode *ti, bool writable)
{
	/* O_NONBLOCK: should it have become a FIFO, do not wait for it. */
	int flags = (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK, fd;

	if (ti->inode.kind == S_IFDIR)
		flags = O_PATH | O_DIRECTORY;
	fd = openat(dir_fd, ti->host_name, flags | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!is_same(fd, ti)) {
		close(fd);
		return -ESTALE;
	}
	hostfs_close(ti);
	ti->host_fd = fd;
	ti->host_fd_writable = writable;
	let_go(ti);
	return fd;
}

static bool is_open(const struct tree_inode *ti, bool writable)
{
	return ti->host_fd >= 0 && (!writable || ti->host_fd_writable);
}

/* The folder nearest to ti, upwards, that is open; whose child on the way to ti is
 * *child. NULL: there is none. */
static struct tree_inode *nearest_open(struct tree_inode *ti, struct tree_inode **child)
{
	do {
		*child = ti;
		ti = ti->host_parent;
	} while (ti && !is_open(ti, false));
	return ti;
}

/* From the nearest open folder down. A loop, as a guest may nest folders so deeply
 * that a recursion would not end well. */
int hostfs_fd(struct tree_inode *ti, bool writable)
{
	struct tree_inode *child = NULL;

	while (!is_open(ti, writable)) {
		struct tree_inode *dir = nearest_open(ti, &child);
		int fd = dir ? open_in(dir->host_fd, child, child == ti && writable) : -EACCES;

		if (fd < 0)
			return fd;
	}
	if (!list_empty(&ti->open))
		list_move_tail(&ti->open, &ti->inode.vfs->tree->open);
	return ti->host_fd;
}

/* Both folders' at once. 0 or -errno; let_go() of both afterwards. */
static int hold_both(struct tree_inode *a, struct tree_inode *b)
{
	int fd = hostfs_fd(a, false);

	hold(a);
	if (fd >= 0)
		fd = hostfs_fd(b, false);
	hold(b);
	return fd < 0 ? fd : 0;
}

/* ---- inodes ---- */

static void attr_from_stat(struct inode_attr *attr, const struct stat *st)
{
	*attr = (struct inode_attr){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.rdev = st->st_rdev,
		.mode = st->st_mode,
		.nlink = (uint32_t)st->st_nlink,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.size = (uint64_t)st->st_size,
		.blocks = (uint64_t)st->st_blocks,
		.blksize = (uint32_t)st->st_blksize,
		.atime = st->st_atim,
		.mtime = st->st_mtim,
		.ctime = st->st_ctim,
	};
}

static struct list_head *bucket_of(struct tree *tree, uint64_t dev, uint64_t ino)
{
	return &tree->buckets[(ino ^ ino >> 10 ^ dev) % TREE_BUCKETS];
}

static struct tree_inode *find(struct tree *tree, const struct stat *st, bool write_through)
{
	struct tree_inode *ti;

	list_for_each_entry (ti, bucket_of(tree, st->st_dev, st->st_ino), hash)
		if (ti->attr.ino == st->st_ino && ti->attr.dev == st->st_dev &&
		    ti->write_through == write_through && ti->inode.kind == (st->st_mode & S_IFMT))
			return ti;
	return NULL;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* The host's file may have changed since: nobody has it open, so what is cached of
 * it can go. */
static void revalidate(struct tree_inode *ti, const struct stat *st)
{
	bool changed =
	    ti->attr.size != (uint64_t)st->st_size || !same_time(&ti->attr.mtime, &st->st_mtim);

	if (ti->is_own || ti->inode.count > 1)
		return;
	attr_from_stat(&ti->attr, st);
	if (ti->inode.kind == S_IFREG && changed) {
		call_truncate_inode_pages(tree_kernel(ti), &ti->inode.i_data, 0);
		ti->host_size = (uint64_t)st->st_size;
		call_set_size(tree_kernel(ti), &ti->inode.i_data, ti->host_size);
	}
}

static int set_host_place(struct tree_inode *ti, struct tree_inode *dir, const char *name)
{
	struct tree_inode *old = ti->host_parent;
	char *copy;

	if (old == dir && !strcmp(ti->host_name, name))
		return 0;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	free(ti->host_name);
	ti->host_name = copy;
	inode_get(&dir->inode);
	ti->host_parent = dir;
	if (old)
		inode_put(&old->inode);
	return 0;
}

int hostfs_inode(struct vfs *vfs, const struct stat *st, bool write_through, struct tree_inode *dir,
                 const char *name, struct tree_inode **out)
{
	struct tree *tree = vfs->tree;
	struct tree_inode *ti = find(tree, st, write_through);
	int error;

	if (ti) {
		if (!list_empty(&ti->idle)) {
			list_del_init(&ti->idle);
			tree->nr_idle--;
		}
		inode_get(&ti->inode);
		revalidate(ti, st);
	} else {
		ti = tree_inode_create(vfs, st->st_mode & S_IFMT);
		if (!ti)
			return -ENOMEM;
		ti->on_host = true;
		ti->write_through = write_through;
		attr_from_stat(&ti->attr, st);
		ti->host_size = (uint64_t)st->st_size;
		call_set_size(tree_kernel(ti), &ti->inode.i_data, ti->host_size);
		list_add(&ti->hash, bucket_of(tree, ti->attr.dev, ti->attr.ino));
	}
	error = dir ? set_host_place(ti, dir, name) : 0;
	if (!error && dir && ti->inode.kind == S_IFDIR)
		error = inode_set_place(&ti->inode, &dir->inode, name);
	if (error) {
		inode_put(&ti->inode);
		return error;
	}
	*out = ti;
	return 0;
}

static bool is_write_folder(const struct tree *tree, const struct stat *st)
{
	for (uint32_t i = 0; i < tree->nr_write; i++)
		if (tree->write[i].dev == st->st_dev && tree->write[i].ino == st->st_ino)
			return true;
	return false;
}

static int stat_name(struct tree_inode *dir, const char *name, struct stat *st)
{
	int fd = hostfs_fd(dir, false);

	if (fd < 0)
		return fd;
	return fstatat(fd, name, st, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

int hostfs_lookup(struct tree_inode *dir, const char *name, struct inode **out)
{
	struct tree_inode *ti;
	struct stat st;
	int error = stat_name(dir, name, &st);

	if (error)
		return error;
	error = hostfs_inode(dir->inode.vfs, &st,
	                     dir->write_through || is_write_folder(dir->inode.vfs->tree, &st), dir,
	                     name, &ti);
	if (!error)
		*out = &ti->inode;
	return error;
}

bool hostfs_has(struct tree_inode *dir, const char *name)
{
	struct stat st;

	return dir->on_host && stat_name(dir, name, &st) == 0;
}

int hostfs_list(struct tree_inode *dir, struct dir_list *list)
{
	int fd = hostfs_fd(dir, false), error = 0;
	struct dirent *entry;
	DIR *stream;

	if (fd < 0)
		return fd;
	fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	stream = fdopendir(fd);
	if (!stream) {
		close(fd);
		return -ENOMEM;
	}
	while (errno = 0, !error && (entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			error = dir_list_add(list, entry->d_name, entry->d_ino, entry->d_type);
	if (!error)
		error = -errno;
	closedir(stream);
	return error;
}

int hostfs_readlink(struct tree_inode *ti, char *target, size_t size)
{
	int fd = ti->host_parent ? hostfs_fd(ti->host_parent, false) : -ENOENT;
	ssize_t n;

	if (fd < 0)
		return fd;
	n = readlinkat(fd, ti->host_name, target, size - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	return (int)n;
}

int hostfs_refresh(struct tree_inode *ti)
{
	struct stat st;
	int fd;

	if (ti->host_fd >= 0) {
		if (fstat(ti->host_fd, &st))
			return -errno;
	} else {
		fd = ti->host_parent ? hostfs_fd(ti->host_parent, false) : -ENOENT;
		if (fd < 0)
			return fd;
		if (fstatat(fd, ti->host_name, &st, AT_SYMLINK_NOFOLLOW))
			return -errno;
		if (st.st_dev != ti->attr.dev || st.st_ino != ti->attr.ino)
			return 0; /* replaced meanwhile: what is known of it must do */
	}
	attr_from_stat(&ti->attr, &st);
	return 0;
}

/* ---- content ---- */

int hostfs_read_page(struct tree_inode *ti, pgoff_t index, uint8_t *data)
{
	uint64_t pos = index << PAGE_SHIFT, want = 0, done = 0;
	int fd;

	if (pos < ti->host_size)
		want = ti->host_size - pos < PAGE_SIZE ? ti->host_size - pos : PAGE_SIZE;
	memset(data + want, 0, PAGE_SIZE - want);
	if (!want)
		return 0;
	fd = hostfs_fd(ti, false);
	if (fd < 0)
		return -EIO;
	while (done < want) {
		ssize_t n = pread(fd, data + done, want - done, (off_t)(pos + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -EIO;
		if (n == 0)
			break; /* it has been cut on the host: zeroes */
		done += (uint64_t)n;
	}
	memset(data + done, 0, want - done);
	return 0;
}

int hostfs_write_page(struct tree_inode *ti, pgoff_t index, const uint8_t *data)
{
	uint64_t size = ti->inode.i_data.i_size, pos = index << PAGE_SHIFT, done = 0, len;
	int fd;

	if (pos >= size)
		return 0; /* cut off since it was dirtied */
	len = size - pos < PAGE_SIZE ? size - pos : PAGE_SIZE;
	fd = hostfs_fd(ti, true);
	if (fd < 0)
		return fd;
	while (done < len) {
		ssize_t n = pwrite(fd, data + done, len - done, (off_t)(pos + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (uint64_t)n;
	}
	if (ti->host_size < pos + len)
		ti->host_size = pos + len;
	return 0;
}

int hostfs_reserve(struct tree_inode *ti, uint64_t pos, uint64_t len)
{
	int fd = hostfs_fd(ti, true);

	if (fd < 0)
		return fd;
	if (!fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)pos, (off_t)len))
		return 0;
	/* Other errors: the host's file system cannot promise; write-back will tell. */
	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		return -errno;
	return 0;
}

int hostfs_truncate(struct tree_inode *ti, uint64_t size)
{
	int fd = hostfs_fd(ti, true);

	if (fd < 0)
		return fd;
	if (ftruncate(fd, (off_t)size))
		return -errno;
	ti->host_size = size;
	return 0;
}

/* ---- changes of names and attributes ---- */

/* The host's umask is not the guest's: say the mode again. */
static int fix_mode(int dir_fd, const char *name, uint32_t mode)
{
	return fchmodat(dir_fd, name, mode & 07777, 0) ? -errno : 0;
}

static int create_file(int dir_fd, const char *name, uint32_t mode)
{
	int error = 0;
	int fd = openat(dir_fd, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if (fchmod(fd, mode & 07777))
		error = -errno;
	close(fd);
	return error;
}

int hostfs_create(struct tree_inode *dir, const char *name, const struct inode_new *what)
{
	int fd = hostfs_fd(dir, false);

	if (fd < 0)
		return fd;
	switch (what->mode & S_IFMT) {
	case S_IFREG:
		return create_file(fd, name, what->mode);
	case S_IFDIR:
		return mkdirat(fd, name, 0700) ? -errno : fix_mode(fd, name, what->mode);
	case S_IFLNK:
		return symlinkat(what->target, fd, name) ? -errno : 0;
	case S_IFIFO:
		return mkfifoat(fd, name, 0600) ? -errno : fix_mode(fd, name, what->mode);
	}
	return -EPERM;
}

int hostfs_link(struct tree_inode *dir, const char *name, struct tree_inode *ti)
{
	struct tree_inode *from = ti->host_parent;
	int error = from ? hold_both(from, dir) : -ENOENT;

	if (!from)
		return error;
	if (!error && linkat(from->host_fd, ti->host_name, dir->host_fd, name, 0))
		error = -errno;
	let_go(from);
	let_go(dir);
	return error;
}

/* The name is gone; who has the file open goes on by the descriptor alone. */
static void forget_place(struct tree_inode *ti)
{
	hold(ti);
	if (ti->host_parent)
		inode_put(&ti->host_parent->inode);
	ti->host_parent = NULL;
}

static bool is_host_place(const struct tree_inode *ti, const struct tree_inode *dir,
                          const char *name)
{
	return ti->host_parent == dir && !strcmp(ti->host_name, name);
}

/* The name is about to vanish: who uses the file beside the caller must keep it in
 * reach, for writing if possible, as dirty pages may still be written back. */
static void prepare_unlink(struct tree_inode *dir, const char *name, struct tree_inode *ti)
{
	if (ti->inode.kind != S_IFREG || ti->inode.count == 1 || !is_host_place(ti, dir, name))
		return;
	if (hostfs_fd(ti, true) < 0)
		hostfs_fd(ti, false);
	hold(ti);
}

int hostfs_unlink(struct tree_inode *dir, const char *name, struct tree_inode *ti)
{
	int fd, error = 0;

	prepare_unlink(dir, name, ti);
	fd = hostfs_fd(dir, false);
	if (fd < 0)
		error = fd;
	else if (unlinkat(fd, name, ti->inode.kind == S_IFDIR ? AT_REMOVEDIR : 0))
		error = -errno;
	if (error)
		let_go(ti);
	else if (is_host_place(ti, dir, name))
		forget_place(ti);
	return error;
}

int hostfs_rename(struct tree_inode *old_dir, const char *old_name, struct tree_inode *ti,
                  struct tree_inode *new_dir, const char *new_name, struct tree_inode *victim)
{
	int error;

	if (victim)
		prepare_unlink(new_dir, new_name, victim);
	error = hold_both(old_dir, new_dir);
	if (!error && renameat(old_dir->host_fd, old_name, new_dir->host_fd, new_name))
		error = -errno;
	let_go(old_dir);
	let_go(new_dir);
	if (error) {
		if (victim)
			let_go(victim);
		return error;
	}
	if (victim && is_host_place(victim, new_dir, new_name))
		forget_place(victim);
	if (is_host_place(ti, old_dir, old_name))
		return set_host_place(ti, new_dir, new_name);
	return 0;
}

static int set_times(int dir_fd, const char *name, unsigned valid, const struct inode_attr *attr)
{
	struct timespec times[2] = { attr->atime, attr->mtime };

	if (!(valid & SETATTR_ATIME))
		times[0].tv_nsec = UTIME_OMIT;
	if (!(valid & SETATTR_MTIME))
		times[1].tv_nsec = UTIME_OMIT;
	return utimensat(dir_fd, name, times, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

int hostfs_setattr(struct tree_inode *ti, unsigned valid, const struct inode_attr *attr)
{
	const char *name = ti->host_parent ? ti->host_name : ".";
	int fd, error = 0;

	if (!ti->host_parent && ti->inode.kind != S_IFDIR)
		return 0; /* unlinked: nobody else can see it */
	fd = hostfs_fd(ti->host_parent ? ti->host_parent : ti, false);
	if (fd < 0)
		return fd;
	if (valid & (SETATTR_UID | SETATTR_GID)) {
		uid_t uid = valid & SETATTR_UID ? attr->uid : (uid_t)-1;
		gid_t gid = valid & SETATTR_GID ? attr->gid : (gid_t)-1;

		if (fchownat(fd, name, uid, gid, AT_SYMLINK_NOFOLLOW))
			return -errno;
	}
	/* A symlink has no mode of its own, and must not be followed. */
	if (valid & SETATTR_MODE && ti->inode.kind != S_IFLNK)
		error = fix_mode(fd, name, attr->mode);
	if (!error && valid & (SETATTR_ATIME | SETATTR_MTIME))
		error = set_times(fd, name, valid, attr);
	return error;
}
