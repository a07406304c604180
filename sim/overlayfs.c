/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overlayfs - the guest's side of the tree: what it wrote, made and removed, in
 * memory over the host's files; and the inode operations of the whole.
 */
#include "mm/page_alloc.h"
#include "sim/clock.h"
#include "sim/machine.h"
#include "sim/tree.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_IDLE 4096 /* unused host inodes that are kept, with their cached pages */
#define MAX_OPEN 128  /* host descriptors that are kept open */

/* The trees need but some of what the macros make. */
#define UNUSED __attribute__((unused))

static struct kernel *kernel_of(const struct tree_inode *ti)
{
	return &ti->inode.vfs->machine->kernel;
}

/* ---- names ---- */

static int compare_entries(const struct dir_entry *a, const struct dir_entry *b)
{
	return strcmp(a->name, b->name);
}

RB_PROTOTYPE_INTERNAL(dir_entries, dir_entry, node, compare_entries, UNUSED static)
RB_GENERATE_INTERNAL(dir_entries, dir_entry, node, compare_entries, UNUSED static)

static struct dir_entry *find_entry(struct tree_inode *dir, const char *name)
{
	struct dir_entry key = { .name = (char *)(uintptr_t)name };

	return RB_FIND(dir_entries, &dir->entries, &key);
}

static void remove_entry(struct tree_inode *dir, struct dir_entry *entry)
{
	RB_REMOVE(dir_entries, &dir->entries, entry);
	inode_put(entry->inode);
	free(entry->name);
	free(entry);
}

/* inode NULL: a whiteout. */
static int set_entry(struct tree_inode *dir, const char *name, struct inode *inode)
{
	struct dir_entry *entry = find_entry(dir, name);

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
static int hide_entry(struct tree_inode *dir, const char *name)
{
	struct dir_entry *entry;

	if (hostfs_has(dir, name))
		return set_entry(dir, name, NULL);
	entry = find_entry(dir, name);
	if (entry)
		remove_entry(dir, entry);
	return 0;
}

/* ---- written pages ---- */

static int compare_pages(const struct stored_page *a, const struct stored_page *b)
{
	return a->index < b->index ? -1 : a->index > b->index;
}

RB_PROTOTYPE_INTERNAL(page_store, stored_page, node, compare_pages, UNUSED static)
RB_GENERATE_INTERNAL(page_store, stored_page, node, compare_pages, UNUSED static)

static struct stored_page *find_page(struct tree_inode *ti, pgoff_t index)
{
	struct page_store *store = &ti->pages;
	struct stored_page *page = RB_ROOT(store);

	while (page && page->index != index)
		page = index < page->index ? RB_LEFT(page, node) : RB_RIGHT(page, node);
	return page;
}

static int reserve_page(struct tree_inode *ti, pgoff_t index, struct stored_page **out)
{
	struct tree *tree = ti->inode.vfs->tree;
	struct stored_page *page = find_page(ti, index);

	if (!page) {
		if (tree->store_bytes + PAGE_SIZE > TREE_MAX_STORE_BYTES)
			return -ENOSPC;
		page = malloc(sizeof(*page));
		if (!page)
			return -ENOSPC;
		page->index = index;
		page->is_filled = false;
		RB_INSERT(page_store, &ti->pages, page);
		tree->store_bytes += PAGE_SIZE;
	}
	*out = page;
	return 0;
}

static void drop_pages(struct tree_inode *ti, pgoff_t from)
{
	struct stored_page *page, *next;

	RB_FOREACH_SAFE(page, page_store, &ti->pages, next)
	{
		if (page->index < from)
			continue;
		RB_REMOVE(page_store, &ti->pages, page);
		ti->inode.vfs->tree->store_bytes -= PAGE_SIZE;
		free(page);
	}
}

static int read_page(struct address_space *mapping, pgoff_t index, void *data)
{
	struct tree_inode *ti = mapping->host;
	struct stored_page *page = find_page(ti, index);

	if (!page || !page->is_filled)
		return hostfs_read_page(ti, index, data);
	memcpy(data, page->data, PAGE_SIZE);
	return 0;
}

static int store_page(struct tree_inode *ti, pgoff_t index, const void *data)
{
	uint64_t size = ti->inode.i_data.i_size, pos = index << PAGE_SHIFT, len;
	struct stored_page *page;
	int error;

	if (pos >= size)
		return 0;
	len = size - pos < PAGE_SIZE ? size - pos : PAGE_SIZE;
	error = reserve_page(ti, index, &page);
	if (error)
		return error;
	memcpy(page->data, data, len);
	memset(page->data + len, 0, PAGE_SIZE - len);
	page->is_filled = true;
	return 0;
}

static int write_page(struct address_space *mapping, pgoff_t index, const void *data)
{
	struct tree_inode *ti = mapping->host;
	struct tree *tree = ti->inode.vfs->tree;
	int error;

	if (!ti->write_through)
		return store_page(ti, index, data);
	error = hostfs_write_page(ti, index, data);
	if (error && !tree->write_error)
		tree->write_error = error;
	return error;
}

static const struct address_space_operations tree_aops = { read_page, write_page };

/* ---- inodes ---- */

struct tree_inode *tree_inode_create(struct vfs *vfs, uint32_t kind)
{
	struct tree_inode *ti = calloc(1, sizeof(*ti));

	if (!ti)
		return NULL;
	inode_init(&ti->inode, vfs, &tree_inode_ops, kind);
	if (kind == S_IFREG)
		address_space_init(kernel_of(ti), &ti->inode.i_data, &tree_aops, ti, 0);
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
		truncate_inode_pages(kernel_of(ti), &ti->inode.i_data, 0);
	drop_pages(ti, 0);
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

static int sync_inode(struct inode *inode)
{
	struct tree_inode *ti = tree_inode(inode);

	if (inode->kind != S_IFREG)
		return 0;
	return filemap_write_and_wait_range(kernel_of(ti), &inode->i_data, 0, UINT64_MAX);
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
static void drop_inode(struct inode *inode)
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
			sync_inode(inode);
		return;
	}
	list_add_tail(&ti->idle, &tree->idle);
	tree->nr_idle++;
	limit_idle(tree);
}

/* ---- times and attributes ---- */

static void touch_mtime(struct tree_inode *ti)
{
	ti->attr.mtime = ti->attr.ctime = clock_realtime(ti->inode.vfs->machine);
}

static void touch_ctime(struct tree_inode *ti)
{
	ti->attr.ctime = clock_realtime(ti->inode.vfs->machine);
}

static int getattr(struct inode *inode, struct inode_attr *attr)
{
	struct tree_inode *ti = tree_inode(inode);
	int error = ti->is_own ? 0 : hostfs_refresh(ti);

	if (error)
		return error;
	*attr = ti->attr;
	if (inode->kind == S_IFREG && inode->i_data.i_size != attr->size) {
		attr->size = inode->i_data.i_size;
		attr->blocks = (attr->size + PAGE_SIZE - 1) / PAGE_SIZE * 8;
	}
	return 0;
}

static int setattr(struct inode *inode, unsigned valid, const struct inode_attr *attr)
{
	struct tree_inode *ti = tree_inode(inode);
	int error = tree_own(ti);

	if (!error && ti->write_through)
		error = sync_inode(inode); /* a write-back later would change the time */
	if (!error && ti->write_through)
		error = hostfs_setattr(ti, valid, attr);
	if (error)
		return error;
	if (valid & SETATTR_MODE)
		ti->attr.mode = (ti->attr.mode & S_IFMT) | (attr->mode & 07777);
	if (valid & SETATTR_UID)
		ti->attr.uid = attr->uid;
	if (valid & SETATTR_GID)
		ti->attr.gid = attr->gid;
	if (valid & SETATTR_ATIME)
		ti->attr.atime = attr->atime;
	if (valid & SETATTR_MTIME)
		ti->attr.mtime = attr->mtime;
	touch_ctime(ti);
	return 0;
}

/* Linux: file_remove_privs(): who is not root loses set-user-ID by writing. */
static void remove_privs(struct tree_inode *ti)
{
	if (vfs_is_superuser(ti->inode.vfs))
		return;
	ti->attr.mode &= ~(uint32_t)S_ISUID;
	if (ti->attr.mode & S_IXGRP)
		ti->attr.mode &= ~(uint32_t)S_ISGID;
}

static void modified(struct inode *inode)
{
	struct tree_inode *ti = tree_inode(inode);

	if (tree_own(ti))
		return;
	remove_privs(ti);
	touch_mtime(ti);
}

static int reserve(struct inode *inode, uint64_t pos, uint64_t len)
{
	struct tree_inode *ti = tree_inode(inode);
	struct stored_page *page;
	int error = tree_own(ti);

	if (error || ti->write_through)
		return error ? error : hostfs_reserve(ti, pos, len);
	for (pgoff_t i = pos >> PAGE_SHIFT; !error && i <= (pos + len - 1) >> PAGE_SHIFT; i++)
		error = reserve_page(ti, i, &page);
	return error;
}

static void clear_stored_tail(struct tree_inode *ti, uint64_t size)
{
	struct stored_page *page = find_page(ti, size >> PAGE_SHIFT);
	uint64_t offset = size & ~PAGE_MASK;

	if (page && offset)
		memset(page->data + offset, 0, PAGE_SIZE - offset);
}

/* The file grows: what a guest scribbled behind its end through a mapping must not
 * come to light. (On the way down truncate_setsize() does it.) */
static void clear_cached_tail(struct tree_inode *ti)
{
	struct kernel *k = kernel_of(ti);
	uint64_t used = ti->inode.i_data.i_size & ~PAGE_MASK;
	struct page *page;

	if (!used)
		return;
	page = find_get_page(k, &ti->inode.i_data, ti->inode.i_data.i_size >> PAGE_SHIFT);
	if (!page)
		return;
	k->ops->frame_changed(k->machine, page_to_pfn(k, page));
	memset((uint8_t *)page_address(k, page) + used, 0, PAGE_SIZE - used);
	put_page(k, page);
}

static int truncate_inode(struct inode *inode, uint64_t size)
{
	struct tree_inode *ti = tree_inode(inode);
	int error = tree_own(ti);

	if (!error && ti->write_through)
		error = hostfs_truncate(ti, size);
	if (error)
		return error;
	drop_pages(ti, (size + PAGE_SIZE - 1) >> PAGE_SHIFT);
	clear_stored_tail(ti, size);
	if (ti->host_size > size)
		ti->host_size = size;
	if (size >= inode->i_data.i_size)
		clear_cached_tail(ti);
	truncate_setsize(kernel_of(ti), &inode->i_data, size);
	touch_mtime(ti);
	return 0;
}

/* ---- directories ---- */

static int lookup(struct inode *dir, const char *name, struct inode **out)
{
	struct tree_inode *ti = tree_inode(dir);
	struct dir_entry *entry = find_entry(ti, name);

	if (entry) {
		if (entry->inode)
			*out = inode_get(entry->inode);
		return entry->inode ? 0 : -ENOENT;
	}
	return ti->on_host ? hostfs_lookup(ti, name, out) : -ENOENT;
}

static int list_entry_of(struct dir_list *list, const struct dir_entry *entry)
{
	struct inode_attr attr;
	int error;

	if (!entry->inode)
		return 0;
	error = entry->inode->ops->getattr(entry->inode, &attr);
	if (error)
		return error;
	return dir_list_add(list, entry->name, attr.ino, IFTODT(entry->inode->kind));
}

/* Takes out the names that the guest's entries stand for. */
static void drop_overridden(struct tree_inode *dir, struct dir_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->nr; i++) {
		if (find_entry(dir, list->names[i].name))
			free(list->names[i].name);
		else
			list->names[kept++] = list->names[i];
	}
	list->nr = kept;
}

/* First the host's names in the host's order, as the native program sees them (a
 * folder that nobody changes is always read in the same order), then the guest's by
 * name. */
static int list_names(struct inode *dir, struct dir_list *list)
{
	struct tree_inode *ti = tree_inode(dir);
	struct dir_entry *entry;
	int error = ti->on_host ? hostfs_list(ti, list) : 0;

	if (error)
		return error;
	drop_overridden(ti, list);
	RB_FOREACH (entry, dir_entries, &ti->entries) {
		error = list_entry_of(list, entry);
		if (error)
			return error;
	}
	return 0;
}

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
	touch_mtime(ti);
	ti->attr.atime = ti->attr.mtime;
}

/* An inode in memory. */
static int make_inode(struct tree_inode *dir, const char *name, const struct inode_new *what,
                      struct tree_inode **out)
{
	struct tree_inode *ti = tree_inode_create(dir->inode.vfs, what->mode & S_IFMT);
	int error = 0;

	if (!ti)
		return -ENOMEM;
	init_attr(ti, dir, what->mode);
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

/* The guest's clock, not the host's, dates what it made on the host. */
static int create_on_host(struct tree_inode *dir, const char *name, const struct inode_new *what,
                          struct inode **out)
{
	struct tree_inode *ti;
	int error = hostfs_create(dir, name, what);

	if (!error)
		error = hostfs_lookup(dir, name, out);
	if (error)
		return error;
	ti = tree_inode(*out);
	error = tree_own(ti);
	touch_mtime(ti);
	ti->attr.atime = ti->attr.mtime;
	if (error)
		inode_put(*out);
	return error;
}

static int create_in_memory(struct tree_inode *dir, const char *name, const struct inode_new *what,
                            struct inode **out)
{
	struct tree_inode *ti;
	int error = make_inode(dir, name, what, &ti);

	if (error)
		return error;
	error = set_entry(dir, name, &ti->inode);
	if (error) {
		inode_put(&ti->inode);
		return error;
	}
	*out = &ti->inode;
	return 0;
}

static int create(struct inode *dir, const char *name, const struct inode_new *what,
                  struct inode **out)
{
	struct tree_inode *ti = tree_inode(dir);
	int error = tree_own(ti);

	if (!error)
		error = ti->write_through ? create_on_host(ti, name, what, out)
		                          : create_in_memory(ti, name, what, out);
	if (error)
		return error;
	if (S_ISDIR(what->mode))
		ti->attr.nlink++;
	touch_mtime(ti);
	return 0;
}

static int link_inode(struct inode *dir, const char *name, struct inode *inode)
{
	struct tree_inode *to = tree_inode(dir), *ti = tree_inode(inode);
	int error;

	if (!is_tree_inode(inode) || to->write_through != ti->write_through)
		return -EXDEV;
	error = tree_own(to);
	if (!error)
		error = tree_own(ti);
	if (!error)
		error = to->write_through ? hostfs_link(to, name, ti) : set_entry(to, name, inode);
	if (error)
		return error;
	ti->attr.nlink++;
	touch_ctime(ti);
	touch_mtime(to);
	return 0;
}

/* A name of the inode is gone. */
static void count_unlink(struct tree_inode *dir, struct inode *inode)
{
	struct tree_inode *ti = tree_inode(inode);

	touch_mtime(dir);
	if (!is_tree_inode(inode))
		return;
	if (inode->kind == S_IFDIR) {
		ti->attr.nlink = 0;
		dir->attr.nlink--;
		inode_clear_place(inode);
	} else {
		ti->attr.nlink--;
	}
	touch_ctime(ti);
}

static int own_both(struct tree_inode *dir, struct inode *inode)
{
	int error = tree_own(dir);

	if (!error && is_tree_inode(inode))
		error = tree_own(tree_inode(inode));
	return error;
}

static int unlink_inode(struct inode *dir, const char *name, struct inode *inode)
{
	struct tree_inode *ti = tree_inode(dir);
	int error;

	error = own_both(ti, inode);
	if (error)
		return error;
	if (ti->write_through && is_tree_inode(inode)) {
		if (tree_inode(inode)->attr.nlink > 1)
			sync_inode(inode); /* while this name still leads there */
		error = hostfs_unlink(ti, name, tree_inode(inode));
	} else {
		error = hide_entry(ti, name);
	}
	if (!error)
		count_unlink(ti, inode);
	return error;
}

/* Renames in memory: the inode itself moves, with all that is below it. */
static int move_entry(struct tree_inode *old_dir, const char *old_name, struct inode *inode,
                      struct tree_inode *new_dir, const char *new_name)
{
	int error = set_entry(new_dir, new_name, inode);

	return error ? error : hide_entry(old_dir, old_name);
}

static int rename_inode(struct inode *old_parent, const char *old_name, struct inode *inode,
                        struct inode *new_parent, const char *new_name, struct inode *victim)
{
	struct tree_inode *old_dir = tree_inode(old_parent), *new_dir = tree_inode(new_parent);
	struct tree_inode *ti = tree_inode(inode);
	int error;

	if (!is_tree_inode(new_parent) || !is_tree_inode(inode) ||
	    old_dir->write_through != new_dir->write_through)
		return -EXDEV;
	if (victim && !is_tree_inode(victim))
		return -EXDEV;
	error = own_both(old_dir, inode);
	if (!error)
		error = own_both(new_dir, victim ? victim : inode);
	if (!error)
		error = old_dir->write_through
		            ? hostfs_rename(old_dir, old_name, ti, new_dir, new_name,
		                            victim ? tree_inode(victim) : NULL)
		            : move_entry(old_dir, old_name, inode, new_dir, new_name);
	if (error)
		return error;
	if (victim)
		count_unlink(new_dir, victim);
	if (inode->kind == S_IFDIR) {
		old_dir->attr.nlink--;
		new_dir->attr.nlink++;
		error = inode_set_place(inode, new_parent, new_name);
	}
	touch_mtime(old_dir);
	touch_mtime(new_dir);
	touch_ctime(ti);
	return error;
}

static int readlink_inode(struct inode *inode, char *target, size_t size)
{
	struct tree_inode *ti = tree_inode(inode);
	size_t len;

	if (inode->kind != S_IFLNK)
		return -EINVAL;
	if (!ti->target)
		return hostfs_readlink(ti, target, size);
	len = strlen(ti->target);
	len = len < size - 1 ? len : size - 1;
	memcpy(target, ti->target, len);
	target[len] = '\0';
	return (int)len;
}

static int open_inode(struct inode *inode, struct open_file *file)
{
	struct tree_inode *ti = tree_inode(inode);

	if (inode->kind == S_IFDIR) {
		file->ops = &directory_file_ops;
		return 0;
	}
	if (inode->kind != S_IFREG)
		return -ENXIO; /* the host's devices, FIFOs and sockets are not the guest's */
	if (ti->on_host && file_can_read(file) && ti->host_size) {
		int fd = hostfs_fd(ti, false);

		if (fd < 0)
			return fd;
	}
	file->ops = &regular_file_ops;
	file->file.f_mapping = &inode->i_data;
	return 0;
}

const struct inode_ops tree_inode_ops = {
	.name = "tree",
	.lookup = lookup,
	.list = list_names,
	.create = create,
	.link = link_inode,
	.unlink = unlink_inode,
	.rename = rename_inode,
	.readlink = readlink_inode,
	.getattr = getattr,
	.setattr = setattr,
	.truncate = truncate_inode,
	.modified = modified,
	.reserve = reserve,
	.sync = sync_inode,
	.open = open_inode,
	.drop = drop_inode,
};

/* ---- the tree ---- */

int tree_attach(struct inode *dir, const char *name, struct inode *inode)
{
	struct tree_inode *ti = tree_inode(dir);
	int error = tree_own(ti);

	if (!error)
		error = set_entry(ti, name, inode);
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
	int error = make_inode(tree_inode(dir), name, &what, &ti);

	if (error)
		return error;
	error = tree_mount(dir, name, &ti->inode);
	if (error)
		inode_put(&ti->inode);
	else
		*out = &ti->inode;
	return error;
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
			sync_inode(&ti->inode);
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
