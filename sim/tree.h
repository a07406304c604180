/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree - the union of the host's files and what the guest made of them.
 *
 *   tree_inode = a file on the host (hostfs.c), seen through
 *              + what the guest changed, in memory (overlayfs.c):
 *                pages written, names made and removed, attributes
 *
 * An inode keeps its identity when it is first written: only the pages that were
 * written move into memory, the others still come from the host. Below a folder
 * that is open for writing (write_through) there is no memory part: changes go to
 * the host, content by write-back of its page cache. Nothing else ever changes
 * anything on the host.
 *
 * In a tmpfs (/dev/shm, and what memfd_create() and shmget() make) content is pages of
 * the simulated kernel alone: of a shmem mapping, without a store behind it.
 *
 * Host files are opened component by component without following symlinks, so
 * that the host never resolves a path of the guest's.
 */
#ifndef PW_SIM_TREE_H
#define PW_SIM_TREE_H

#include "sim/clock.h"
#include "sim/vfs.h"

#include <bsd/sys/tree.h>

#define TREE_BUCKETS 1024
#define TREE_MAX_STORE_BYTES ((uint64_t)1 << 30) /* written content kept in memory; then ENOSPC */

/* A name that the guest made, or removed from the host's folder (a whiteout). */
struct dir_entry {
	RB_ENTRY(dir_entry) node;
	char *name;
	struct inode *inode; /* a reference; NULL: whiteout */
};
RB_HEAD(dir_entries, dir_entry);

/* A written page, at rest while the page cache does not have it. */
struct stored_page {
	RB_ENTRY(stored_page) node;
	pgoff_t index;
	bool is_filled; /* else only reserved: the content is still elsewhere */
	uint8_t data[PAGE_SIZE];
};
RB_HEAD(page_store, stored_page);

struct tree_inode {
	struct inode inode;     /* must be first */
	struct list_head all;   /* tree.inodes */
	struct inode_attr attr; /* as last seen on the host; or, if is_own, the truth */
	bool is_own;
	bool is_tmpfs;  /* content is memory of the simulated kernel, and may be swapped */
	uint32_t seals; /* F_SEAL_*, of a tmpfs file */

	/* the host's part */
	bool on_host;
	bool write_through;
	struct tree_inode *host_parent; /* a reference; NULL: only host_fd leads there */
	char *host_name;                /* malloc'ed */
	int host_fd;                    /* -1: not open now; use hostfs_fd() */
	bool host_fd_writable;
	struct list_head open; /* tree.open, if host_fd may be closed */
	struct list_head hash; /* tree.buckets */
	struct list_head idle; /* tree.idle, while there is no reference */
	uint64_t host_size;    /* bytes of the host's file that still show */

	/* the guest's part */
	struct dir_entries entries;
	struct page_store pages;
	char *target; /* of a symlink in memory; malloc'ed */
};

struct tree {
	struct list_head inodes;                /* all */
	struct list_head buckets[TREE_BUCKETS]; /* those on the host, by device and number */
	struct list_head idle;                  /* longest unused first */
	uint32_t nr_idle, max_idle;
	bool is_limiting;      /* idle inodes are being dropped right now */
	struct list_head open; /* longest unused first */
	uint32_t nr_open, max_open;
	struct {
		uint64_t dev, ino;
	} * write; /* the folders open for writing */
	uint32_t nr_write;
	uint64_t store_bytes; /* in page stores */
	int write_error;      /* first -errno of write-back to the host; 0: none */
};

static inline struct tree_inode *tree_inode(struct inode *inode)
{
	return (struct tree_inode *)inode;
}

/* ---- tree.c ---- */

/* root_fd is taken over. The root's inode is in vfs->root. */
int tree_create(struct vfs *vfs, int root_fd);
void tree_destroy(struct vfs *vfs);
/* Writes back what belongs on the host. 0, or the first -errno since creation. */
int tree_sync(struct vfs *vfs);

/* Puts an inode, whose reference stays the caller's, under a name of a directory
 * for good; hides what the host has there. */
int tree_mount(struct inode *dir, const char *name, struct inode *inode);
/* A directory in memory, a mount itself. */
int tree_mount_dir(struct inode *dir, const char *name, uint32_t mode, struct inode **out);
/* The same as the root of a tmpfs. */
int tree_mount_tmpfs(struct inode *dir, const char *name, uint32_t mode);
/* A plain name for an inode, as if the guest had made it. */
int tree_attach(struct inode *dir, const char *name, struct inode *inode);

/* The folder's changes will be the host's. host_path: resolved by the host. If the
 * guest would not see it, it is mounted under its own path. */
int tree_open_for_writing(struct vfs *vfs, const char *root, const char *host_path);

/* A host file that is already open, at no path (standard input). fd is taken over. */
int tree_adopt_fd(struct vfs *vfs, int fd, struct inode **out);

/* Names in memory. */
struct dir_entry *tree_find_entry(struct tree_inode *dir, const char *name);
/* By name, whiteouts too; NULL behind the last. */
struct dir_entry *tree_first_entry(struct tree_inode *dir);
struct dir_entry *tree_next_entry(struct dir_entry *entry);
/* inode NULL: a whiteout. */
int tree_set_entry(struct tree_inode *dir, const char *name, struct inode *inode);
/* After this the name is not there, whatever the host has. */
int tree_hide_entry(struct tree_inode *dir, const char *name);

struct tree_inode *tree_inode_create(struct vfs *vfs, uint32_t kind);
/* One in memory, to be in dir. */
int tree_inode_make(struct tree_inode *dir, const char *name, const struct inode_new *what,
                    struct tree_inode **out);
/* A file of the kernel's own tmpfs, which has no names. mm: size pages are committed
 * for it, else each as it comes. 0 or -ENOMEM. */
int tree_make_shmem_file(struct vfs *vfs, const struct mm_struct *mm, uint32_t mode, uint64_t size,
                         struct tree_inode **out);
/* inode_ops.drop: nobody uses it. */
void tree_inode_drop(struct inode *inode);
/* From here on attributes are kept in the inode. */
int tree_own(struct tree_inode *ti);

static inline struct kernel *tree_kernel(const struct tree_inode *ti)
{
	return &ti->inode.vfs->machine->kernel;
}

static inline void tree_touch_ctime(struct tree_inode *ti)
{
	ti->attr.ctime = clock_realtime(ti->inode.vfs->machine);
}

static inline void tree_touch_mtime(struct tree_inode *ti)
{
	ti->attr.mtime = ti->attr.ctime = clock_realtime(ti->inode.vfs->machine);
}

/* ---- overlayfs.c ---- */

extern const struct inode_ops tree_inode_ops;
extern const struct address_space_operations tree_aops;

/* inode_ops.sync. */
int tree_inode_sync(struct inode *inode);
/* Forgets the written pages from index `from` on. */
void tree_drop_pages(struct tree_inode *ti, pgoff_t from);

/* A tmpfs file's seals allow to give it this size, and to write [pos, pos + len). 0 or
 * -EPERM. */
int tmpfs_may_resize(const struct tree_inode *ti, uint64_t size);
int tmpfs_may_write(const struct tree_inode *ti, uint64_t pos, uint64_t len);

static inline bool is_tree_inode(const struct inode *inode)
{
	return inode->ops == &tree_inode_ops;
}

/* ---- hostfs.c ---- */

/* The inode of a name in the host's folder. */
int hostfs_lookup(struct tree_inode *dir, const char *name, struct inode **out);
/* True if the host's folder has the name. */
bool hostfs_has(struct tree_inode *dir, const char *name);
int hostfs_list(struct tree_inode *dir, struct dir_list *list);
int hostfs_readlink(struct tree_inode *ti, char *target, size_t size);
/* attr from the host. */
int hostfs_refresh(struct tree_inode *ti);
/* A descriptor of the host's file, folders as O_PATH; the tree's, and good until the
 * next call. Or -errno. */
int hostfs_fd(struct tree_inode *ti, bool writable);
void hostfs_close(struct tree_inode *ti);
/* Finds or makes the inode of what st describes, opened as fd if >= 0. */
int hostfs_inode(struct vfs *vfs, const struct stat *st, bool write_through, struct tree_inode *dir,
                 const char *name, struct tree_inode **out);
int hostfs_read_page(struct tree_inode *ti, pgoff_t index, uint8_t *data);

/* Changes; both folders must be open for writing. */
int hostfs_create(struct tree_inode *dir, const char *name, const struct inode_new *what);
int hostfs_link(struct tree_inode *dir, const char *name, struct tree_inode *ti);
int hostfs_unlink(struct tree_inode *dir, const char *name, struct tree_inode *ti);
int hostfs_rename(struct tree_inode *old_dir, const char *old_name, struct tree_inode *ti,
                  struct tree_inode *new_dir, const char *new_name, struct tree_inode *victim);
int hostfs_setattr(struct tree_inode *ti, unsigned valid, const struct inode_attr *attr);
int hostfs_truncate(struct tree_inode *ti, uint64_t size);
int hostfs_reserve(struct tree_inode *ti, uint64_t pos, uint64_t len);
int hostfs_write_page(struct tree_inode *ti, pgoff_t index, const uint8_t *data);

#endif
