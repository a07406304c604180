/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overlayfs - the guest's side of the tree: what it wrote, made and removed, in
 * memory over the host's files; and the inode operations of the whole.
 */
#include "sim/calls.h"
#include "sim/machine.h"
#include "sim/tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The trees need but some of what the macros make. */
#define UNUSED __attribute__((unused))

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

void tree_drop_pages(struct tree_inode *ti, pgoff_t from)
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

const struct address_space_operations tree_aops = { read_page, write_page };

int tree_inode_sync(struct inode *inode)
{
	struct tree_inode *ti = tree_inode(inode);

	if (inode->kind != S_IFREG || ti->is_tmpfs)
		return 0;
	return call_filemap_write_and_wait_range(tree_kernel(ti), &inode->i_data, 0, UINT64_MAX);
}

/* ---- times and attributes ---- */

static int getattr(struct inode *inode, struct inode_attr *attr)
{
	struct tree_inode *ti = tree_inode(inode);
	int error = ti->is_own ? 0 : hostfs_refresh(ti);

	if (error)
		return error;
	*attr = ti->attr;
	if (inode->kind == S_IFREG && ti->is_tmpfs) {
		attr->size = inode->i_data.i_size;
		attr->blocks = shmem_nr_pages(&inode->i_data) * (PAGE_SIZE / 512);
	} else if (inode->kind == S_IFREG && inode->i_data.i_size != attr->size) {
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
		error = tree_inode_sync(inode); /* a write-back later would change the time */
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
	tree_touch_ctime(ti);
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
	tree_touch_mtime(ti);
}

static int reserve(struct inode *inode, uint64_t pos, uint64_t len)
{
	struct tree_inode *ti = tree_inode(inode);
	struct stored_page *page;
	int error = tree_own(ti);

	if (ti->is_tmpfs)
		return tmpfs_may_write(ti, pos, len);
	if (error || ti->write_through)
		return error ? error : hostfs_reserve(ti, pos, len);
	for (pgoff_t i = pos >> PAGE_SHIFT; !error && i <= (pos + len - 1) >> PAGE_SHIFT; i++)
		error = reserve_page(ti, i, &page);
	return error;
}

/* ---- seals (Linux 6.18, mm/shmem.c) ---- */

int tmpfs_may_resize(const struct tree_inode *ti, uint64_t size)
{
	uint64_t old = ti->inode.i_data.i_size;

	if ((size < old && ti->seals & F_SEAL_SHRINK) || (size > old && ti->seals & F_SEAL_GROW))
		return -EPERM;
	return 0;
}

int tmpfs_may_write(const struct tree_inode *ti, uint64_t pos, uint64_t len)
{
	if (ti->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	return pos + len > ti->inode.i_data.i_size && ti->seals & F_SEAL_GROW ? -EPERM : 0;
}

static void clear_stored_tail(struct tree_inode *ti, uint64_t size)
{
	struct stored_page *page = find_page(ti, size >> PAGE_SHIFT);
	uint64_t offset = size & ~PAGE_MASK;

	if (page && offset)
		memset(page->data + offset, 0, PAGE_SIZE - offset);
}

static int truncate_inode(struct inode *inode, uint64_t size)
{
	struct tree_inode *ti = tree_inode(inode);
	int error = ti->is_tmpfs ? tmpfs_may_resize(ti, size) : tree_own(ti);

	if (!error && ti->write_through)
		error = hostfs_truncate(ti, size);
	if (error)
		return error;
	tree_drop_pages(ti, (size + PAGE_SIZE - 1) >> PAGE_SHIFT);
	clear_stored_tail(ti, size);
	if (ti->host_size > size)
		ti->host_size = size;
	/* The file grows: what a guest scribbled behind its end through a mapping must not
	 * come to light. (On the way down truncate_setsize() does it.) */
	if (size >= inode->i_data.i_size)
		call_clear_tail(tree_kernel(ti), &inode->i_data);
	call_truncate_setsize(tree_kernel(ti), &inode->i_data, size);
	tree_touch_mtime(ti);
	return 0;
}

/* ---- directories ---- */

static int lookup(struct inode *dir, const char *name, struct inode **out)
{
	struct tree_inode *ti = tree_inode(dir);
	struct dir_entry *entry = tree_find_entry(ti, name);

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
		if (tree_find_entry(dir, list->names[i].name))
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
	for (entry = tree_first_entry(ti); entry && !error; entry = tree_next_entry(entry))
		error = list_entry_of(list, entry);
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
	tree_touch_mtime(ti);
	ti->attr.atime = ti->attr.mtime;
	if (error)
		inode_put(*out);
	return error;
}

static int create_in_memory(struct tree_inode *dir, const char *name, const struct inode_new *what,
                            struct inode **out)
{
	struct tree_inode *ti;
	int error = tree_inode_make(dir, name, what, &ti);

	if (error)
		return error;
	error = tree_set_entry(dir, name, &ti->inode);
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
	tree_touch_mtime(ti);
	return 0;
}

static bool is_same_fs(const struct tree_inode *a, const struct tree_inode *b)
{
	return a->write_through == b->write_through && a->is_tmpfs == b->is_tmpfs;
}

static int link_inode(struct inode *dir, const char *name, struct inode *inode)
{
	struct tree_inode *to = tree_inode(dir), *ti = tree_inode(inode);
	int error;

	if (!is_tree_inode(inode) || !is_same_fs(to, ti))
		return -EXDEV;
	error = tree_own(to);
	if (!error)
		error = tree_own(ti);
	if (!error)
		error =
		    to->write_through ? hostfs_link(to, name, ti) : tree_set_entry(to, name, inode);
	if (error)
		return error;
	ti->attr.nlink++;
	tree_touch_ctime(ti);
	tree_touch_mtime(to);
	return 0;
}

/* A name of the inode is gone. */
static void count_unlink(struct tree_inode *dir, struct inode *inode)
{
	struct tree_inode *ti = tree_inode(inode);

	tree_touch_mtime(dir);
	if (!is_tree_inode(inode))
		return;
	if (inode->kind == S_IFDIR) {
		ti->attr.nlink = 0;
		dir->attr.nlink--;
		inode_clear_place(inode);
	} else {
		ti->attr.nlink--;
	}
	tree_touch_ctime(ti);
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
			tree_inode_sync(inode); /* while this name still leads there */
		error = hostfs_unlink(ti, name, tree_inode(inode));
	} else {
		error = tree_hide_entry(ti, name);
	}
	if (!error)
		count_unlink(ti, inode);
	return error;
}

/* Renames in memory: the inode itself moves, with all that is below it. */
static int move_entry(struct tree_inode *old_dir, const char *old_name, struct inode *inode,
                      struct tree_inode *new_dir, const char *new_name)
{
	int error = tree_set_entry(new_dir, new_name, inode);

	return error ? error : tree_hide_entry(old_dir, old_name);
}

static int rename_inode(struct inode *old_parent, const char *old_name, struct inode *inode,
                        struct inode *new_parent, const char *new_name, struct inode *victim)
{
	struct tree_inode *old_dir = tree_inode(old_parent), *new_dir = tree_inode(new_parent);
	struct tree_inode *ti = tree_inode(inode);
	int error;

	if (!is_tree_inode(new_parent) || !is_tree_inode(inode) || !is_same_fs(old_dir, new_dir))
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
	tree_touch_mtime(old_dir);
	tree_touch_mtime(new_dir);
	tree_touch_ctime(ti);
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
	.sync = tree_inode_sync,
	.open = open_inode,
	.drop = tree_inode_drop,
};
