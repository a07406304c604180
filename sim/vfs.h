/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfs - inodes, paths and what open files can do: the inside of sim/file.h.
 *
 *   path --vfs_walk--> inode --inode->ops->open--> open_file --ops--> bytes
 *
 * The guest sees one tree of directories. Its body is the union of the host's
 * files and what the guest changed (sim/tree.h); /dev, /proc and /sys are entries
 * of its root. Errors are -errno.
 */
#ifndef PW_SIM_VFS_H
#define PW_SIM_VFS_H

#include "sim/file.h"
#include "sim/usercopy.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <time.h>

#define VFS_MAX_FILE_BYTES ((uint64_t)1 << 44) /* as ext4 with 4 KB blocks */
#define VFS_MAX_LINKS 40                       /* symlinks in one path (Linux: MAXSYMLINKS) */

/* What 64-bit kernels add to the flags of open(2); glibc hides it as 0. */
#define ABI_O_LARGEFILE 0100000u

/* What stat(2) shows. */
struct inode_attr {
	uint64_t dev, ino, rdev;
	uint32_t mode; /* with the S_IFMT bits */
	uint32_t nlink, uid, gid;
	uint64_t size;
	uint64_t blocks; /* of 512 bytes */
	uint32_t blksize;
	struct timespec atime, mtime, ctime;
};

struct inode {
	struct vfs *vfs;
	const struct inode_ops *ops;
	uint32_t count; /* references; inode_get(), inode_put() */
	uint32_t kind;  /* S_IFMT bits: never change */
	/* Of a directory: where it is, for ".." and for paths. The root's parent is
	 * itself; NULL once the directory is removed. Holds a reference. */
	struct inode *parent;
	char *name;                  /* malloc'ed; NULL where there is no parent */
	bool is_mount;               /* may not be renamed or removed */
	struct address_space i_data; /* regular files with a page cache */
};

/* Names in a directory. */
struct dir_list {
	struct dir_name {
		char *name; /* malloc'ed */
		uint64_t ino;
		uint8_t type; /* DT_* */
	} * names;
	size_t nr, room;
};

/* What to make. */
struct inode_new {
	uint32_t mode;      /* with S_IFMT bits */
	const char *target; /* of a symlink */
	uint64_t rdev;
};

enum setattr_valid {
	SETATTR_MODE = 1,
	SETATTR_UID = 2,
	SETATTR_GID = 4,
	SETATTR_ATIME = 8,
	SETATTR_MTIME = 16
};

/* A slot may be NULL unless it says otherwise; what the call then gives stands
 * behind it. Names are single components, never "." or "..". Permissions have
 * been checked, and that what is to be made does not exist yet. */
struct inode_ops {
	const char *name;
	/* Directories. A reference in *out, or -ENOENT. (-ENOTDIR) */
	int (*lookup)(struct inode *dir, const char *name, struct inode **out);
	/* All names but "." and "..", in an order that the same inputs always give:
	 * programs such as tar and find print it. (-ENOTDIR) */
	int (*list)(struct inode *dir, struct dir_list *list);
	int (*create)(struct inode *dir, const char *name, const struct inode_new *what,
	              struct inode **out);                                     /* (-EACCES) */
	int (*link)(struct inode *dir, const char *name, struct inode *inode); /* (-EPERM) */
	/* rmdir too; `inode` is what the name stands for. (-EPERM) */
	int (*unlink)(struct inode *dir, const char *name, struct inode *inode);
	/* `victim`, or NULL, is what the new name stands for. (-EXDEV) */
	int (*rename)(struct inode *old_dir, const char *old_name, struct inode *inode,
	              struct inode *new_dir, const char *new_name, struct inode *victim);
	/* Symlinks. The target with its NUL, cut at size; its length. (-EINVAL) */
	int (*readlink)(struct inode *inode, char *target, size_t size);
	/* Leads to an object rather than to a path: a reference in *out. (by path) */
	int (*follow)(struct inode *inode, struct inode **out);
	/* Not NULL. */
	int (*getattr)(struct inode *inode, struct inode_attr *attr);
	int (*setattr)(struct inode *inode, unsigned valid,
	               const struct inode_attr *attr);       /* -EPERM */
	int (*truncate)(struct inode *inode, uint64_t size); /* -EINVAL */
	/* The content was written or read: times. (nothing) */
	void (*modified)(struct inode *inode);
	/* Space for a write of [pos, pos + len): -ENOSPC, -EFBIG now, not at
	 * write-back. (0) */
	int (*reserve)(struct inode *inode, uint64_t pos, uint64_t len);
	/* Dirty pages to where they belong, and that to the host's disk. (0) */
	int (*sync)(struct inode *inode);
	/* Sets file->ops and what goes with it. (-ENXIO) */
	int (*open)(struct inode *inode, struct open_file *file);
	/* The last reference is gone: free it, or keep it. Not NULL. */
	void (*drop)(struct inode *inode);
};

/* What an open file can do. NULL slots as for inodes. `task` is who asks, for
 * signals and its memory; NULL: the simulator itself. */
struct open_file_ops {
	const char *name;
	/* At *pos, which moves on. Bytes, 0 at the end. (-EINVAL) */
	int64_t (*read)(struct open_file *file, struct io_iter *to, int64_t *pos);
	int64_t (*write)(struct open_file *file, struct task *task, struct io_iter *from,
	                 int64_t *pos);
	/* lseek(2): the new position, also set in the file. (-ESPIPE) */
	int64_t (*seek)(struct open_file *file, int64_t offset, int whence);
	/* (-ENOTTY) */
	int64_t (*ioctl)(struct open_file *file, struct task *task, uint32_t request, va_t arg);
	/* POLL* bits that hold now. (POLLIN | POLLOUT) */
	uint32_t (*poll)(struct open_file *file);
	/* Whom a change of what poll() says wakes. (it never changes) */
	struct wait_queue *(*wait_queue)(struct open_file *file);
	/* A host descriptor on which to wait for POLLIN, or -1. (-1) */
	int (*wait_fd)(struct open_file *file);
	void (*release)(struct open_file *file);
};

struct vfs {
	struct machine *machine;
	struct inode *root;
	uint32_t uid, gid; /* who runs pagewalk: the guest's user */
	gid_t *groups;     /* supplementary; malloc'ed */
	uint32_t nr_groups;
	uint64_t next_ino; /* of what the guest makes */
	int stdio[3];      /* host descriptors */
	struct tree *tree; /* sim/tree.h */
};

/* ---- inodes ---- */

/* Fields all objects have; count is 1. The caller has zeroed it. */
void inode_init(struct inode *inode, struct vfs *vfs, const struct inode_ops *ops, uint32_t kind);
struct inode *inode_get(struct inode *inode);
void inode_put(struct inode *inode); /* NULL is fine */

/* A directory's place in the tree. 0 or -ENOMEM. */
int inode_set_place(struct inode *inode, struct inode *parent, const char *name);
void inode_clear_place(struct inode *inode);

/* Whether the guest's user may (MAY_* or'ed). 0 or -EACCES. */
enum may { MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4 };
int inode_permission(struct inode *inode, unsigned may);
bool vfs_is_superuser(const struct vfs *vfs);
bool vfs_in_group(const struct vfs *vfs, uint32_t gid);

/* Guest path of a directory, or of `name` in it (NULL: itself); malloc'ed, NULL
 * if there is no memory. Removed directories end in " (deleted)". */
char *inode_path(struct inode *dir, const char *name);

int dir_list_add(struct dir_list *list, const char *name, uint64_t ino, uint8_t type);
void dir_list_finish(struct dir_list *list);

/* ---- paths ---- */

/* The end of a path. */
struct walk {
	struct inode *dir;       /* directory of the last component */
	struct inode *inode;     /* what it is, or NULL: there is no such name */
	char name[NAME_MAX + 1]; /* "": the path ends in "/", "." or ".." */
	bool must_be_dir;        /* a slash stands behind it */
};

/* flags of vfs_walk() */
#define WALK_FOLLOW 1u /* a symlink at the end is followed */
#define WALK_EXISTS 2u /* -ENOENT if there is no such name */
#define WALK_NAME 4u   /* the name itself is meant, even with a slash behind it */
#define WALK_CREATE 8u /* for O_CREAT: -EISDIR if a slash stands behind the name */

/* From `start` (NULL: the root; else a directory), which an absolute path does
 * not need. On 0 the caller ends with walk_finish(). */
int vfs_walk(struct vfs *vfs, struct inode *start, const char *path, unsigned flags,
             struct walk *walk);
void walk_finish(struct walk *walk);

/* The inode alone, with a reference. */
int vfs_lookup(struct vfs *vfs, struct inode *start, const char *path, unsigned flags,
               struct inode **out);

/* The calls of the same names. `mode` has the umask applied. */
int vfs_open_at(struct vfs *vfs, struct inode *start, const char *path, uint32_t flags,
                uint32_t mode, struct open_file **out);
int vfs_make(struct vfs *vfs, struct inode *start, const char *path, const struct inode_new *what);
int vfs_link(struct vfs *vfs, struct inode *inode, struct inode *start, const char *path);
int vfs_unlink(struct vfs *vfs, struct inode *start, const char *path, bool is_rmdir);
/* flags: RENAME_NOREPLACE or 0. */
int vfs_rename(struct vfs *vfs, struct inode *old_start, const char *old_path,
               struct inode *new_start, const char *new_path, unsigned flags);
int vfs_setattr(struct inode *inode, unsigned valid, const struct inode_attr *attr);
int vfs_truncate(struct inode *inode, int64_t size);

/* ---- open files (open_file.c) ---- */

/* Opens an inode, whose permissions have been checked. path is taken over
 * (malloc'ed; freed on error too). */
int open_file_create(struct inode *inode, uint32_t flags, char *path, struct open_file **out);
/* Those whose last reference went while mm/ was at work. */
void open_files_close_delayed(struct machine *machine);

/* The open file behind a mapping's; NULL: it is one of mm/'s own, for shared anonymous
 * memory. */
struct open_file *open_file_behind(struct file *file);

static inline bool file_can_read(const struct open_file *file)
{
	return !(file->flags & O_PATH) && (file->flags & O_ACCMODE) != O_WRONLY;
}

static inline bool file_can_write(const struct open_file *file)
{
	return !(file->flags & O_PATH) && (file->flags & O_ACCMODE) != O_RDONLY;
}

/* NULL slots filled in: read and write at *pos, clipped to MAX_RW_COUNT. */
int64_t open_file_read(struct open_file *file, struct io_iter *to, int64_t *pos);
int64_t open_file_write(struct open_file *file, struct task *task, struct io_iter *from,
                        int64_t *pos);
bool open_file_is_seekable(const struct open_file *file);

/* A directory's entries into guest memory from file->pos on. Bytes or -errno. */
int64_t directory_getdents64(struct open_file *file, struct task *task, va_t dst, uint32_t size);
bool open_file_is_directory(const struct open_file *file);

/* For inode_ops.open: files with a page cache, and directories. */
extern const struct open_file_ops regular_file_ops;
extern const struct open_file_ops directory_file_ops;

/* Parts of regular_file_ops, for others that have a page cache. */
int64_t regular_read(struct open_file *file, struct io_iter *to, int64_t *pos);
int64_t regular_write(struct open_file *file, struct task *task, struct io_iter *from,
                      int64_t *pos);
int64_t regular_seek(struct open_file *file, int64_t offset, int whence);

#endif
