/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree - the union as a whole: names and inodes in memory, how inodes come and go,
 * what is mounted, and which folders of the host may change.
 */
#include "sim/tree.h"

#include "sim/calls.h"
#include "sim/machine.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Devices without a disk: the kernel's own tmpfs is the first; /dev/shm. */
#define SHMEM_DEV makedev(0, 1)
#define DEV_SHM_DEV makedev(0, 24)

#define MAX_IDLE 4096 /* unused host inodes that are kept, with their cached pages */
#define MAX_OPEN 128  /* host descriptors that are kept open */

/* The trees need but some of what the macros make. */
#define UNUSED __attribute__((unused))

/* ---- names ---- */

static int compare_entries(const struct dir_entry *a, const struct dir_entry *b)
{
	return strcmp(a->name, b->name);
}

RB_PROTOTYPE_INTERNAL(dir_entries, dir_entry, node, compare_entries, UNUSED static)
RB_GENERATE_INTERNAL(dir_entries, dir_entry, node, compare_entries, UNUSED static)

struct dir_entry *tree_find_entry(struct tree_inode *dir, const char *name)
{
	struct dir_entry key = { .name = (char *)(uintptr_t)name };

	return RB_FIND(dir_entries, &dir->entries, &key);
}

struct dir_entry *tree_first_entry(struct tree_inode *dir)
{
	return RB_MIN(dir_entries, &dir->entries);
}

struct dir_entry *tree_next_entry(struct dir_entry *entry)
{
	return RB_NEXT(dir_entries, NULL, entry);
}

static void remove_entry(struct tree_inode *dir, struct dir_entry *entry)
{
	RB_REMOVE(dir_entries, &dir->entries, entry);
	inode_put(entry->inode);
	free(entry->name);
	free(entry);
}

/* inode NULL: a whiteout. */
int tree_set_entry(struct tree_inode *dir, const char *name, struct inode *inode)
{
	struct dir_entry *entry = tree_find_entry(dir, name);

	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		entry->name = strdup(name);
		if (!entry->name) {
			free(entry);
			return -ENOMEM;
		}
		RB_INSERT(dir_entries, &dir->entries, entry);
	}
	if (inode)
		inode_get(inode);
	inode_put(entry->inode);
	entry->inode = inode;
	return 0;
}

/* After this the name is not there, whatever the host has. */
int tree_hide_entry(struct tree_inode *dir, const char *name)
{
	struct dir_entry *entry;

	if (hostfs_has(dir, name))
		return tree_set_entry(dir, name, NULL);
	entry = tree_find_entry(dir, name);
	if (entry)
		remove_entry(dir, entry);
	return 0;
}

/* ---- inodes ---- */

struct tree_inode *tree_inode_create(struct vfs *vfs, uint32_t kind)
{
	struct tree_inode *ti = calloc(1, sizeof(*ti));

	if (!ti)
		return NULL;
	inode_init(&ti->inode, vfs, &tree_inode_ops, kind);
	if (kind == S_IFREG)
		address_space_init(tree_kernel(ti), &ti->inode.i_data, &tree_aops, ti, 0);
	ti->host_fd = -1;
	RB_INIT(&ti->entries);
	RB_INIT(&ti->pages);
	INIT_LIST_HEAD(&ti->open);
	INIT_LIST_HEAD(&ti->hash);
	INIT_LIST_HEAD(&ti->idle);
	list_add_tail(&ti->all, &vfs->tree->inodes);
	return ti;
}

/* Frees one without a look at what leads to it. */
static void free_inode(struct tree_inode *ti)
{
	if (ti->inode.kind == S_IFREG)
		call_mapping_end(tree_kernel(ti), &ti->inode.i_data);
	tree_drop_pages(ti, 0);
	hostfs_close(ti);
	list_del(&ti->all);
	list_del_init(&ti->hash);
	free(ti->host_name);
	free(ti->inode.name);
	free(ti->target);
	free(ti);
}

static void destroy_inode(struct tree_inode *ti)
{
	struct tree_inode *host_parent = ti->host_parent;
	struct dir_entry *entry, *next;

	assert(list_empty(&ti->idle));
	RB_FOREACH_SAFE(entry, dir_entries, &ti->entries, next)
	remove_entry(ti, entry);
	inode_clear_place(&ti->inode);
	free_inode(ti);
	if (host_parent)
		inode_put(&host_parent->inode);
}

int tree_own(struct tree_inode *ti)
{
	int error = 0;

	if (!ti->is_own && ti->on_host)
		error = hostfs_refresh(ti);
	if (!error)
		ti->is_own = true;
	return error;
}

/* Dropping one may leave its folder unused, which then comes to the list: that is
 * seen here, not one call deeper. */
static void limit_idle(struct tree *tree)
{
	if (tree->is_limiting)
		return;
	tree->is_limiting = true;
	while (tree->nr_idle > tree->max_idle) {
		struct tree_inode *oldest = list_first_entry(&tree->idle, struct tree_inode, idle);

		list_del_init(&oldest->idle);
		tree->nr_idle--;
		destroy_inode(oldest);
	}
	tree->is_limiting = false;
}

/* Nobody uses it. One that no name leads to goes; one with changes stays, as the
 * host does not have them; the others are a cache. */
void tree_inode_drop(struct inode *inode)
{
	struct tree_inode *ti = tree_inode(inode);
	struct tree *tree = inode->vfs->tree;
	bool is_reachable = ti->on_host && !list_empty(&ti->hash);

	if (!is_reachable || (ti->is_own && ti->attr.nlink == 0)) {
		destroy_inode(ti);
		return;
	}
	if (ti->is_own) {
		if (ti->write_through)
			tree_inode_sync(inode);
		return;
	}
	list_add_tail(&ti->idle, &tree->idle);
	tree->nr_idle++;
	limit_idle(tree);
}

/* ---- inodes in memory ---- */

static void init_attr(struct tree_inode *ti, struct tree_inode *dir, uint32_t mode)
{
	struct vfs *vfs = ti->inode.vfs;

	ti->is_own = true;
	ti->attr = (struct inode_attr){
		.dev = dir->attr.dev,
		.ino = vfs->next_ino++,
		.mode = mode,
		.nlink = ti->inode.kind == S_IFDIR ? 2 : 1,
		.uid = vfs->uid,
		.gid = vfs->gid,
		.size = ti->inode.kind == S_IFDIR ? PAGE_SIZE : 0,
		.blocks = ti->inode.kind == S_IFDIR ? PAGE_SIZE / 512 : 0,
		.blksize = dir->attr.blksize,
	};
	if (dir->attr.mode & S_ISGID) {
		ti->attr.gid = dir->attr.gid;
		if (ti->inode.kind == S_IFDIR)
			ti->attr.mode |= S_ISGID;
	}
	tree_touch_mtime(ti);
	ti->attr.atime = ti->attr.mtime;
}

/* On a tmpfs with names files are sealed against seals. */
static void become_tmpfs(struct tree_inode *ti, uint64_t dev)
{
	ti->is_tmpfs = true;
	ti->attr.dev = dev;
	ti->seals = F_SEAL_SEAL;
	if (ti->inode.kind == S_IFREG)
		call_shmem_mapping_init(tree_kernel(ti), NULL, &ti->inode.i_data, ti, 0);
}

int tree_make_shmem_file(struct vfs *vfs, const struct mm_struct *mm, uint32_t mode, uint64_t size,
                         struct tree_inode **out)
{
	struct tree_inode *ti = tree_inode_create(vfs, S_IFREG);

	if (!ti)
		return -ENOMEM;
	init_attr(ti, tree_inode(vfs->root), S_IFREG | mode);
	become_tmpfs(ti, SHMEM_DEV);
	ti->attr.nlink = 0;
	if (call_shmem_mapping_init(tree_kernel(ti), mm, &ti->inode.i_data, ti, size)) {
		inode_put(&ti->inode);
		return -ENOMEM;
	}
	*out = ti;
	return 0;
}

/* An inode in memory. */
int tree_inode_make(struct tree_inode *dir, const char *name, const struct inode_new *what,
                    struct tree_inode **out)
{
	struct tree_inode *ti = tree_inode_create(dir->inode.vfs, what->mode & S_IFMT);
	int error = 0;

	if (!ti)
		return -ENOMEM;
	init_attr(ti, dir, what->mode);
	if (dir->is_tmpfs)
		become_tmpfs(ti, dir->attr.dev);
	ti->attr.rdev = what->rdev;
	if (what->target) {
		ti->target = strdup(what->target);
		ti->attr.size = strlen(what->target);
		error = ti->target ? 0 : -ENOMEM;
	}
	if (!error && ti->inode.kind == S_IFDIR)
		error = inode_set_place(&ti->inode, &dir->inode, name);
	if (error)
		inode_put(&ti->inode);
	else
		*out = ti;
	return error;
}

/* ---- the tree ---- */

int tree_attach(struct inode *dir, const char *name, struct inode *inode)
{
	struct tree_inode *ti = tree_inode(dir);
	int error = tree_own(ti);

	if (!error)
		error = tree_set_entry(ti, name, inode);
	if (!error && inode->kind == S_IFDIR)
		error = inode_set_place(inode, dir, name);
	return error;
}

int tree_mount(struct inode *dir, const char *name, struct inode *inode)
{
	int error = tree_attach(dir, name, inode);

	if (!error)
		inode->is_mount = true;
	return error;
}

int tree_mount_dir(struct inode *dir, const char *name, uint32_t mode, struct inode **out)
{
	const struct inode_new what = { .mode = S_IFDIR | (mode & 07777) };
	struct tree_inode *ti;
	int error = tree_inode_make(tree_inode(dir), name, &what, &ti);

	if (error)
		return error;
	error = tree_mount(dir, name, &ti->inode);
	if (error)
		inode_put(&ti->inode);
	else
		*out = &ti->inode;
	return error;
}

int tree_mount_tmpfs(struct inode *dir, const char *name, uint32_t mode)
{
	struct inode *root;
	int error = tree_mount_dir(dir, name, mode, &root);

	if (error)
		return error;
	become_tmpfs(tree_inode(root), DEV_SHM_DEV);
	inode_put(root);
	return 0;
}

int tree_adopt_fd(struct vfs *vfs, int fd, struct inode **out)
{
	struct tree_inode *ti;
	struct stat st;
	int error;

	if (fstat(fd, &st)) {
		error = -errno;
		close(fd);
		return error;
	}
	error = hostfs_inode(vfs, &st, false, NULL, NULL, &ti);
	if (error) {
		close(fd);
		return error;
	}
	if (ti->host_fd < 0)
		ti->host_fd = fd;
	else
		close(fd);
	*out = &ti->inode;
	return 0;
}

/* The directory at a guest path, made in memory as far as it is missing. */
static int make_path(struct vfs *vfs, const char *path, struct inode **out)
{
	struct inode *dir = inode_get(vfs->root), *next;
	char *copy = strdup(path), *save = NULL;
	int error = copy ? 0 : -ENOMEM;

	for (char *name = error ? NULL : strtok_r(copy, "/", &save); name && !error;
	     name = strtok_r(NULL, "/", &save)) {
		error = vfs_lookup(vfs, dir, name, WALK_FOLLOW, &next);
		if (error == -ENOENT)
			error = tree_mount_dir(dir, name, 0755, &next);
		if (error)
			break;
		inode_put(dir);
		dir = next;
		if (!is_tree_inode(dir) || dir->kind != S_IFDIR)
			error = -ENOTDIR;
	}
	free(copy);
	if (error)
		inode_put(dir);
	else
		*out = dir;
	return error;
}

/* The folder lies outside of the guest's root: it appears under its own path. */
static int mount_write_folder(struct vfs *vfs, const char *path, int fd, const struct stat *st)
{
	const char *slash = strrchr(path, '/');
	char *parent = strndup(path, (size_t)(slash - path));
	struct tree_inode *ti;
	struct inode *dir;
	int error = parent ? make_path(vfs, parent, &dir) : -ENOMEM;

	free(parent);
	if (error) {
		close(fd);
		return error;
	}
	error = hostfs_inode(vfs, st, true, NULL, NULL, &ti);
	if (error) {
		close(fd);
	} else {
		if (ti->host_fd < 0)
			ti->host_fd = fd;
		else
			close(fd);
		error = tree_mount(dir, slash + 1, &ti->inode);
		inode_put(&ti->inode);
	}
	inode_put(dir);
	return error;
}

static bool is_below(const char *path, const char *root)
{
	size_t len = strlen(root);

	return !strncmp(path, root, len) &&
	       (path[len] == '/' || !path[len] || root[len - 1] == '/');
}

static int add_write_folder(struct tree *tree, const struct stat *st)
{
	void *grown = realloc(tree->write, (tree->nr_write + 1) * sizeof(*tree->write));

	if (!grown)
		return -ENOMEM;
	tree->write = grown;
	tree->write[tree->nr_write].dev = st->st_dev;
	tree->write[tree->nr_write].ino = st->st_ino;
	tree->nr_write++;
	return 0;
}

int tree_open_for_writing(struct vfs *vfs, const char *root, const char *host_path)
{
	struct tree_inode *root_inode = tree_inode(vfs->root);
	char *real = realpath(host_path, NULL), *real_root = realpath(root ? root : "/", NULL);
	struct stat st;
	int fd = -1, error = 0;

	if (!real || !real_root)
		error = -errno;
	if (!error)
		fd = open(real, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!error && (fd < 0 || fstat(fd, &st)))
		error = -errno;
	if (!error)
		error = add_write_folder(vfs->tree, &st);
	if (!error && st.st_dev == root_inode->attr.dev && st.st_ino == root_inode->attr.ino)
		root_inode->write_through = true;
	if (!error && !is_below(real, real_root)) {
		error = mount_write_folder(vfs, real, fd, &st);
		fd = -1;
	}
	if (fd >= 0)
		close(fd);
	free(real);
	free(real_root);
	return error;
}

int tree_create(struct vfs *vfs, int root_fd)
{
	struct tree *tree = calloc(1, sizeof(*tree));
	int error;

	if (!tree) {
		close(root_fd);
		return -ENOMEM;
	}
	tree->max_idle = MAX_IDLE;
	tree->max_open = MAX_OPEN;
	INIT_LIST_HEAD(&tree->inodes);
	INIT_LIST_HEAD(&tree->idle);
	INIT_LIST_HEAD(&tree->open);
	for (size_t i = 0; i < TREE_BUCKETS; i++)
		INIT_LIST_HEAD(&tree->buckets[i]);
	vfs->tree = tree;
	error = tree_adopt_fd(vfs, root_fd, &vfs->root);
	if (!error)
		vfs->root->parent = vfs->root;
	return error;
}

int tree_sync(struct vfs *vfs)
{
	struct tree_inode *ti;

	list_for_each_entry (ti, &vfs->tree->inodes, all)
		if (ti->write_through && ti->is_own)
			tree_inode_sync(&ti->inode);
	return vfs->tree->write_error;
}

/* Inodes refer to each other in circles (a folder in memory and its entries), so
 * the tree is felled as a whole. What is not the tree's own goes first. */
void tree_destroy(struct vfs *vfs)
{
	struct tree *tree = vfs->tree;
	struct tree_inode *ti, *next;

	if (!tree)
		return;
	list_for_each_entry (ti, &tree->inodes, all) {
		struct dir_entry *entry;

		RB_FOREACH (entry, dir_entries, &ti->entries) {
			if (entry->inode && !is_tree_inode(entry->inode))
				inode_put(entry->inode);
			entry->inode = NULL;
		}
	}
	list_for_each_entry_safe (ti, next, &tree->inodes, all) {
		struct dir_entry *entry, *next_entry;

		RB_FOREACH_SAFE(entry, dir_entries, &ti->entries, next_entry)
		remove_entry(ti, entry);
		free_inode(ti);
	}
	free(tree->write);
	free(tree);
	vfs->tree = NULL;
}
