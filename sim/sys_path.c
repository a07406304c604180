/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls on paths (Linux 6.1, fs/namei.c, fs/open.c, fs/stat.c, fs/utimes.c,
 * fs/statfs.c). User memory is touched where and when Linux does.
 */
#include "sim/clock.h"
#include "sim/devfs.h"
#include "sim/sys_file.h"
#include "sim/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

/* ---- arguments ---- */

int get_path(struct task *task, va_t va, char path[PATH_MAX])
{
	int64_t len = strncpy_from_user(task, path, va, PATH_MAX);

	if (len < 0)
		return (int)len;
	return len ? 0 : -ENOENT;
}

static int get_cwd(struct task *task, struct inode **out)
{
	return vfs_lookup(task->machine->vfs, NULL, task->fs->cwd, WALK_FOLLOW, out);
}

int get_start(struct task *task, int dirfd, const char *path, struct inode **out)
{
	struct open_file *file;

	*out = NULL;
	if (*path == '/')
		return 0;
	if (dirfd == AT_FDCWD)
		return get_cwd(task, out);
	file = files_get(task->files, dirfd);
	if (!file)
		return -EBADF;
	if (file->inode->kind != S_IFDIR)
		return -ENOTDIR;
	*out = inode_get(file->inode);
	return 0;
}

static int get_inode_of_fd(struct task *task, int fd, struct inode **out)
{
	struct open_file *file;

	if (fd == AT_FDCWD)
		return get_cwd(task, out);
	file = files_get(task->files, fd);
	if (!file)
		return -EBADF;
	*out = inode_get(file->inode);
	return 0;
}

/* Linux 6.11, fs/stat.c, vfs_empty_path(): one byte tells whether the descriptor
 * itself is meant. */
static bool is_empty_path(struct task *task, int dirfd, va_t va)
{
	uint8_t byte;

	if (dirfd < 0)
		return false;
	return !va || (!get_user_byte(task, &byte, va) && !byte);
}

static int lookup_at(struct task *task, int dirfd, const char *path, unsigned flags,
                     struct inode **out)
{
	struct inode *start;
	int error = get_start(task, dirfd, path, &start);

	if (error)
		return error;
	error = vfs_lookup(task->machine->vfs, start, path,
	                   flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW, out);
	inode_put(start);
	return error;
}

int get_inode_at(struct task *task, int dirfd, va_t va, unsigned flags, struct inode **out)
{
	char path[PATH_MAX];
	int64_t len;

	if (flags & AT_EMPTY_PATH && is_empty_path(task, dirfd, va))
		return get_inode_of_fd(task, dirfd, out);
	len = strncpy_from_user(task, path, va, PATH_MAX);
	if (len < 0)
		return (int)len;
	if (!len)
		return flags & AT_EMPTY_PATH ? get_inode_of_fd(task, dirfd, out) : -ENOENT;
	return lookup_at(task, dirfd, path, flags, out);
}

/* A path argument with where it starts. */
struct path_arg {
	char path[PATH_MAX];
	struct inode *start; /* a reference, or NULL */
};

static int get_path_arg(struct task *task, int dirfd, va_t va, struct path_arg *arg)
{
	int error = get_path(task, va, arg->path);

	return error ? error : get_start(task, dirfd, arg->path, &arg->start);
}

/* ---- open ---- */

/* Linux 5.6+, fs/open.c, build_open_flags(): unknown bits are ignored. */
static int64_t do_open(struct task *task, int dirfd, va_t va, uint32_t flags, uint32_t mode)
{
	struct path_arg arg;
	struct open_file *file;
	int error = get_path_arg(task, dirfd, va, &arg);

	if (error)
		return error;
	error = vfs_open_at(task->machine->vfs, arg.start, arg.path, flags | ABI_O_LARGEFILE,
	                    mode & 07777 & ~task->fs->umask, &file);
	inode_put(arg.start);
	return error ? error : install_file(task, file, flags & O_CLOEXEC);
}

int64_t sys_open(struct task *task, const uint64_t arg[6])
{
	return do_open(task, AT_FDCWD, arg[0], (uint32_t)arg[1], (uint32_t)arg[2]);
}

int64_t sys_openat(struct task *task, const uint64_t arg[6])
{
	return do_open(task, (int)arg[0], arg[1], (uint32_t)arg[2], (uint32_t)arg[3]);
}

int64_t sys_creat(struct task *task, const uint64_t arg[6])
{
	return do_open(task, AT_FDCWD, arg[0], O_CREAT | O_WRONLY | O_TRUNC, (uint32_t)arg[1]);
}

/* ---- stat ---- */

/* struct stat of the x86-64 ABI (arch/x86/include/uapi/asm/stat.h). */
struct abi_stat {
	uint64_t st_dev, st_ino, st_nlink;
	uint32_t st_mode, st_uid, st_gid, pad;
	uint64_t st_rdev;
	int64_t st_size, st_blksize, st_blocks;
	int64_t st_atime_, st_atime_nsec, st_mtime_, st_mtime_nsec, st_ctime_, st_ctime_nsec;
	int64_t unused[3];
};
_Static_assert(sizeof(struct abi_stat) == 144, "the ABI's");

static int put_stat(struct task *task, struct inode *inode, va_t va)
{
	struct inode_attr a;
	struct abi_stat st;
	int error = inode->ops->getattr(inode, &a);

	if (error)
		return error;
	st = (struct abi_stat){
		.st_dev = a.dev,
		.st_ino = a.ino,
		.st_nlink = a.nlink,
		.st_mode = a.mode,
		.st_uid = a.uid,
		.st_gid = a.gid,
		.st_rdev = a.rdev,
		.st_size = (int64_t)a.size,
		.st_blksize = a.blksize,
		.st_blocks = (int64_t)a.blocks,
		.st_atime_ = a.atime.tv_sec,
		.st_atime_nsec = a.atime.tv_nsec,
		.st_mtime_ = a.mtime.tv_sec,
		.st_mtime_nsec = a.mtime.tv_nsec,
		.st_ctime_ = a.ctime.tv_sec,
		.st_ctime_nsec = a.ctime.tv_nsec,
	};
	return copy_to_user(task, va, &st, sizeof(st));
}

static int64_t do_stat(struct task *task, int dirfd, va_t path, unsigned flags, va_t dst)
{
	struct inode *inode;
	int error;

	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
		return -EINVAL;
	error = get_inode_at(task, dirfd, path, flags, &inode);
	if (error)
		return error;
	error = put_stat(task, inode, dst);
	inode_put(inode);
	return error;
}

int64_t sys_stat(struct task *task, const uint64_t arg[6])
{
	return do_stat(task, AT_FDCWD, arg[0], 0, arg[1]);
}

int64_t sys_lstat(struct task *task, const uint64_t arg[6])
{
	return do_stat(task, AT_FDCWD, arg[0], AT_SYMLINK_NOFOLLOW, arg[1]);
}

int64_t sys_newfstatat(struct task *task, const uint64_t arg[6])
{
	return do_stat(task, (int)arg[0], arg[1], (unsigned)arg[3], arg[2]);
}

int64_t sys_fstat(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = files_get(task->files, (int32_t)arg[0]);

	return file ? put_stat(task, file->inode, arg[1]) : -EBADF;
}

/* struct statx (include/uapi/linux/stat.h), basic fields. */
struct abi_statx {
	uint32_t stx_mask, stx_blksize;
	uint64_t stx_attributes;
	uint32_t stx_nlink, stx_uid, stx_gid;
	uint16_t stx_mode, pad;
	uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
	struct abi_statx_time {
		int64_t tv_sec;
		uint32_t tv_nsec, pad;
	} stx_atime, stx_btime, stx_ctime, stx_mtime;
	uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
	uint64_t spare[14];
};
_Static_assert(sizeof(struct abi_statx) == 256, "the ABI's");

static struct abi_statx_time statx_time(struct timespec t)
{
	return (struct abi_statx_time){ t.tv_sec, (uint32_t)t.tv_nsec, 0 };
}

static int put_statx(struct task *task, struct inode *inode, va_t va)
{
	struct inode_attr a;
	struct abi_statx st;
	int error = inode->ops->getattr(inode, &a);

	if (error)
		return error;
	st = (struct abi_statx){
		.stx_mask = STATX_BASIC_STATS,
		.stx_blksize = a.blksize,
		.stx_nlink = a.nlink,
		.stx_uid = a.uid,
		.stx_gid = a.gid,
		.stx_mode = (uint16_t)a.mode,
		.stx_ino = a.ino,
		.stx_size = a.size,
		.stx_blocks = a.blocks,
		.stx_atime = statx_time(a.atime),
		.stx_ctime = statx_time(a.ctime),
		.stx_mtime = statx_time(a.mtime),
		.stx_rdev_major = major(a.rdev),
		.stx_rdev_minor = minor(a.rdev),
		.stx_dev_major = major(a.dev),
		.stx_dev_minor = minor(a.dev),
	};
	return copy_to_user(task, va, &st, sizeof(st));
}

int64_t sys_statx(struct task *task, const uint64_t arg[6])
{
	const unsigned known = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH |
	                       AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC;
	unsigned flags = (unsigned)arg[2];
	struct inode *inode;
	int error;

	if (arg[3] & STATX__RESERVED || flags & ~known)
		return -EINVAL;
	error = get_inode_at(task, (int)arg[0], arg[1], flags, &inode);
	if (error)
		return error;
	error = put_statx(task, inode, arg[4]);
	inode_put(inode);
	return error;
}

/* struct statfs of 64-bit kernels. */
struct abi_statfs {
	int64_t f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	int32_t f_fsid[2];
	int64_t f_namelen, f_frsize, f_flags, spare[4];
};
_Static_assert(sizeof(struct abi_statfs) == 120, "the ABI's");

/* Simplified: the host's free space is not shown, as it changes from run to run; the
 * tree is as large as what it may keep in memory. */
static int put_statfs(struct task *task, const struct inode *inode, va_t va)
{
	const int64_t overlayfs_magic = 0x794c7630, proc_magic = 0x9fa0, tmpfs_magic = 0x01021994;
	bool is_tree = is_tree_inode(inode);
	bool is_tmpfs = is_tree && ((const struct tree_inode *)inode)->is_tmpfs;
	struct abi_statfs st = {
		.f_type = is_tmpfs  ? tmpfs_magic
		          : is_tree ? overlayfs_magic
		                    : proc_magic,
		.f_bsize = PAGE_SIZE,
		.f_namelen = NAME_MAX,
		.f_frsize = PAGE_SIZE,
	};

	if (is_tree && !is_tmpfs) {
		st.f_blocks = TREE_MAX_STORE_BYTES / PAGE_SIZE;
		st.f_bfree = st.f_bavail =
		    st.f_blocks - (int64_t)(inode->vfs->tree->store_bytes / PAGE_SIZE);
	}
	return copy_to_user(task, va, &st, sizeof(st));
}

int64_t sys_statfs(struct task *task, const uint64_t arg[6])
{
	struct inode *inode;
	int error = get_inode_at(task, AT_FDCWD, arg[0], 0, &inode);

	if (error)
		return error;
	error = put_statfs(task, inode, arg[1]);
	inode_put(inode);
	return error;
}

int64_t sys_fstatfs(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = files_get(task->files, (int32_t)arg[0]);

	return file ? put_statfs(task, file->inode, arg[1]) : -EBADF;
}

static int64_t do_access(struct task *task, int dirfd, va_t path, uint32_t mode, unsigned flags)
{
	struct inode *inode;
	int error;

	if (mode & ~7u || flags & ~(unsigned)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = get_inode_at(task, dirfd, path, flags, &inode);
	if (error)
		return error;
	if (mode)
		error = inode_permission(inode, mode); /* R_OK and kin are MAY_* */
	inode_put(inode);
	return error;
}

int64_t sys_access(struct task *task, const uint64_t arg[6])
{
	return do_access(task, AT_FDCWD, arg[0], (uint32_t)arg[1], 0);
}

int64_t sys_faccessat(struct task *task, const uint64_t arg[6])
{
	return do_access(task, (int)arg[0], arg[1], (uint32_t)arg[2], 0);
}

int64_t sys_faccessat2(struct task *task, const uint64_t arg[6])
{
	return do_access(task, (int)arg[0], arg[1], (uint32_t)arg[2], (unsigned)arg[3]);
}

/* An empty path stands for the descriptor, which must be a symlink (O_PATH). */
static int64_t do_readlink(struct task *task, int dirfd, va_t va, va_t dst, int32_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	struct inode *inode;
	int64_t len, n;

	if (size <= 0)
		return -EINVAL;
	len = strncpy_from_user(task, path, va, PATH_MAX);
	if (len < 0)
		return len;
	n = len ? lookup_at(task, dirfd, path, AT_SYMLINK_NOFOLLOW, &inode)
	        : get_inode_of_fd(task, dirfd, &inode);
	if (n)
		return n;
	n = inode->kind == S_IFLNK ? inode->ops->readlink(inode, target, sizeof(target))
	    : len                  ? -EINVAL
	                           : -ENOENT;
	inode_put(inode);
	if (n < 0)
		return n;
	n = n < size ? n : size;
	return copy_to_user(task, dst, target, (uint64_t)n) ? -EFAULT : n;
}

int64_t sys_readlink(struct task *task, const uint64_t arg[6])
{
	return do_readlink(task, AT_FDCWD, arg[0], arg[1], (int32_t)arg[2]);
}

int64_t sys_readlinkat(struct task *task, const uint64_t arg[6])
{
	return do_readlink(task, (int)arg[0], arg[1], arg[2], (int32_t)arg[3]);
}

/* ---- the working directory ---- */

int64_t sys_getcwd(struct task *task, const uint64_t arg[6])
{
	uint64_t len = strlen(task->fs->cwd) + 1;
	struct inode *inode;
	int error = get_cwd(task, &inode);

	if (error)
		return -ENOENT; /* removed */
	inode_put(inode);
	if (len > arg[1])
		return -ERANGE;
	return copy_to_user(task, arg[0], task->fs->cwd, len) ? -EFAULT : (int64_t)len;
}

/* Simplified: the working directory is remembered by its path, so it does not move
 * along when it is renamed. */
static int64_t set_cwd(struct task *task, struct inode *inode)
{
	char *path;
	int error = inode->kind == S_IFDIR ? inode_permission(inode, MAY_EXEC) : -ENOTDIR;

	if (error)
		return error;
	path = inode_path(inode, NULL);
	if (!path)
		return -ENOMEM;
	free(task->fs->cwd);
	task->fs->cwd = path;
	return 0;
}

int64_t sys_chdir(struct task *task, const uint64_t arg[6])
{
	struct inode *inode;
	int64_t error = get_inode_at(task, AT_FDCWD, arg[0], 0, &inode);

	if (error)
		return error;
	error = set_cwd(task, inode);
	inode_put(inode);
	return error;
}

int64_t sys_fchdir(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = files_get(task->files, (int32_t)arg[0]);

	return file ? set_cwd(task, file->inode) : -EBADF;
}

int64_t sys_umask(struct task *task, const uint64_t arg[6])
{
	uint32_t old = task->fs->umask;

	task->fs->umask = (uint32_t)arg[0] & 0777;
	return old;
}

/* ---- names ---- */

static int64_t do_make(struct task *task, int dirfd, va_t va, const struct inode_new *what)
{
	struct path_arg arg;
	int error = get_path_arg(task, dirfd, va, &arg);

	if (error)
		return error;
	error = vfs_make(task->machine->vfs, arg.start, arg.path, what);
	inode_put(arg.start);
	return error;
}

static int64_t do_mkdir(struct task *task, int dirfd, va_t path, uint32_t mode)
{
	const struct inode_new what = { .mode = S_IFDIR | (mode & 01777 & ~task->fs->umask) };

	return do_make(task, dirfd, path, &what);
}

int64_t sys_mkdir(struct task *task, const uint64_t arg[6])
{
	return do_mkdir(task, AT_FDCWD, arg[0], (uint32_t)arg[1]);
}

int64_t sys_mkdirat(struct task *task, const uint64_t arg[6])
{
	return do_mkdir(task, (int)arg[0], arg[1], (uint32_t)arg[2]);
}

/* Devices can be made, in memory, but not opened. */
static int64_t do_mknod(struct task *task, int dirfd, va_t path, uint32_t mode, uint64_t device)
{
	struct inode_new what = { .mode = mode & ~task->fs->umask, .rdev = (uint32_t)device };

	switch (mode & S_IFMT) {
	case 0:
		what.mode |= S_IFREG;
		break;
	case S_IFCHR:
	case S_IFBLK:
		if (!vfs_is_superuser(task->machine->vfs))
			return -EPERM;
		break;
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	return do_make(task, dirfd, path, &what);
}

int64_t sys_mknod(struct task *task, const uint64_t arg[6])
{
	return do_mknod(task, AT_FDCWD, arg[0], (uint32_t)arg[1], arg[2]);
}

int64_t sys_mknodat(struct task *task, const uint64_t arg[6])
{
	return do_mknod(task, (int)arg[0], arg[1], (uint32_t)arg[2], arg[3]);
}

static int64_t do_symlink(struct task *task, va_t target_va, int dirfd, va_t path)
{
	char target[PATH_MAX];
	const struct inode_new what = { .mode = S_IFLNK | 0777, .target = target };
	int error = get_path(task, target_va, target);

	return error ? error : do_make(task, dirfd, path, &what);
}

int64_t sys_symlink(struct task *task, const uint64_t arg[6])
{
	return do_symlink(task, arg[0], AT_FDCWD, arg[1]);
}

int64_t sys_symlinkat(struct task *task, const uint64_t arg[6])
{
	return do_symlink(task, arg[0], (int)arg[1], arg[2]);
}

static int64_t do_link(struct task *task, int old_dirfd, va_t old_path, int new_dirfd,
                       va_t new_path, unsigned flags)
{
	struct inode *inode;
	struct path_arg arg;
	unsigned lookup = flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW;
	int error;

	if (flags & ~(unsigned)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = get_inode_at(task, old_dirfd, old_path, lookup | (flags & AT_EMPTY_PATH), &inode);
	if (error)
		return error;
	error = get_path_arg(task, new_dirfd, new_path, &arg);
	if (!error) {
		error = vfs_link(task->machine->vfs, inode, arg.start, arg.path);
		inode_put(arg.start);
	}
	inode_put(inode);
	return error;
}

int64_t sys_link(struct task *task, const uint64_t arg[6])
{
	return do_link(task, AT_FDCWD, arg[0], AT_FDCWD, arg[1], 0);
}

int64_t sys_linkat(struct task *task, const uint64_t arg[6])
{
	return do_link(task, (int)arg[0], arg[1], (int)arg[2], arg[3], (unsigned)arg[4]);
}

static int64_t do_unlink(struct task *task, int dirfd, va_t va, bool is_rmdir)
{
	struct path_arg arg;
	int error = get_path_arg(task, dirfd, va, &arg);

	if (error)
		return error;
	error = vfs_unlink(task->machine->vfs, arg.start, arg.path, is_rmdir);
	inode_put(arg.start);
	return error;
}

int64_t sys_unlink(struct task *task, const uint64_t arg[6])
{
	return do_unlink(task, AT_FDCWD, arg[0], false);
}

int64_t sys_rmdir(struct task *task, const uint64_t arg[6])
{
	return do_unlink(task, AT_FDCWD, arg[0], true);
}

int64_t sys_unlinkat(struct task *task, const uint64_t arg[6])
{
	if (arg[2] & ~(uint64_t)AT_REMOVEDIR)
		return -EINVAL;
	return do_unlink(task, (int)arg[0], arg[1], arg[2] & AT_REMOVEDIR);
}

/* Both paths are read before either is walked, and the first one's mistakes count
 * first. */
static int64_t do_rename(struct task *task, int old_dirfd, va_t old_path, int new_dirfd,
                         va_t new_path, unsigned flags)
{
	struct vfs *vfs = task->machine->vfs;
	struct path_arg from, to;
	struct walk walk;
	int error, error_of_new;

	if (flags & ~(unsigned)RENAME_NOREPLACE)
		return -EINVAL; /* as a file system without RENAME_EXCHANGE says */
	error = get_path_arg(task, old_dirfd, old_path, &from);
	if (error)
		return error;
	error_of_new = get_path_arg(task, new_dirfd, new_path, &to);
	if (!error_of_new) {
		error = vfs_rename(vfs, from.start, from.path, to.start, to.path, flags);
		inode_put(to.start);
	} else {
		error = vfs_walk(vfs, from.start, from.path, WALK_NAME, &walk);
		if (!error) {
			walk_finish(&walk);
			error = error_of_new;
		}
	}
	inode_put(from.start);
	return error;
}

int64_t sys_rename(struct task *task, const uint64_t arg[6])
{
	return do_rename(task, AT_FDCWD, arg[0], AT_FDCWD, arg[1], 0);
}

int64_t sys_renameat(struct task *task, const uint64_t arg[6])
{
	return do_rename(task, (int)arg[0], arg[1], (int)arg[2], arg[3], 0);
}

int64_t sys_renameat2(struct task *task, const uint64_t arg[6])
{
	return do_rename(task, (int)arg[0], arg[1], (int)arg[2], arg[3], (unsigned)arg[4]);
}

int64_t sys_truncate(struct task *task, const uint64_t arg[6])
{
	struct inode *inode;
	int error;

	if ((int64_t)arg[1] < 0)
		return -EINVAL;
	error = get_inode_at(task, AT_FDCWD, arg[0], 0, &inode);
	if (error)
		return error;
	error = inode->kind == S_IFDIR ? -EISDIR : inode_permission(inode, MAY_WRITE);
	if (!error)
		error = vfs_truncate(inode, (int64_t)arg[1]);
	inode_put(inode);
	return error;
}

/* ---- attributes ---- */

/* The owner may change them, and the superuser. */
static int check_owner(struct inode *inode)
{
	struct inode_attr attr;
	int error = inode->ops->getattr(inode, &attr);

	if (error || vfs_is_superuser(inode->vfs) || attr.uid == inode->vfs->uid)
		return error;
	return -EPERM;
}

static int change_mode(struct inode *inode, uint32_t mode)
{
	struct inode_attr attr;
	int error = check_owner(inode);

	if (error)
		return error;
	if (inode->kind == S_IFLNK)
		return -EOPNOTSUPP;
	error = inode->ops->getattr(inode, &attr);
	attr.mode = (attr.mode & S_IFMT) | (mode & 07777);
	if (!vfs_is_superuser(inode->vfs) && !vfs_in_group(inode->vfs, attr.gid))
		attr.mode &= ~(uint32_t)S_ISGID;
	return error ? error : vfs_setattr(inode, SETATTR_MODE, &attr);
}

static int64_t do_chmod(struct task *task, int dirfd, va_t path, uint32_t mode, unsigned flags)
{
	struct inode *inode;
	int error;

	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = get_inode_at(task, dirfd, path, flags, &inode);
	if (error)
		return error;
	error = change_mode(inode, mode);
	inode_put(inode);
	return error;
}

int64_t sys_chmod(struct task *task, const uint64_t arg[6])
{
	return do_chmod(task, AT_FDCWD, arg[0], (uint32_t)arg[1], 0);
}

int64_t sys_fchmodat(struct task *task, const uint64_t arg[6])
{
	return do_chmod(task, (int)arg[0], arg[1], (uint32_t)arg[2], 0);
}

int64_t sys_fchmodat2(struct task *task, const uint64_t arg[6])
{
	return do_chmod(task, (int)arg[0], arg[1], (uint32_t)arg[2], (unsigned)arg[3]);
}

int64_t sys_fchmod(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = files_get(task->files, (int32_t)arg[0]);

	if (!file || file->flags & O_PATH)
		return -EBADF;
	return change_mode(file->inode, (uint32_t)arg[1]);
}

/* Linux: chown_common() and setattr_prepare(): who is not root may only give a file
 * of his to one of his groups; set-user-ID bits of programs go. */
static int change_owner(struct inode *inode, uint32_t uid, uint32_t gid)
{
	const struct vfs *vfs = inode->vfs;
	struct inode_attr attr;
	unsigned valid = 0;
	int error = inode->ops->getattr(inode, &attr);

	if (error)
		return error;
	if (!vfs_is_superuser(vfs) &&
	    (attr.uid != vfs->uid || (uid != UINT32_MAX && uid != attr.uid) ||
	     (gid != UINT32_MAX && !vfs_in_group(vfs, gid))))
		return -EPERM;
	if (uid != UINT32_MAX) {
		valid |= SETATTR_UID;
		attr.uid = uid;
	}
	if (gid != UINT32_MAX) {
		valid |= SETATTR_GID;
		attr.gid = gid;
	}
	if (valid && inode->kind == S_IFREG && attr.mode & (S_ISUID | S_ISGID)) {
		valid |= SETATTR_MODE;
		attr.mode &= ~(uint32_t)S_ISUID;
		if (attr.mode & S_IXGRP)
			attr.mode &= ~(uint32_t)S_ISGID;
	}
	return valid ? vfs_setattr(inode, valid, &attr) : 0;
}

static int64_t do_chown(struct task *task, int dirfd, va_t path, uint64_t uid, uint64_t gid,
                        unsigned flags)
{
	struct inode *inode;
	int error;

	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = get_inode_at(task, dirfd, path, flags, &inode);
	if (error)
		return error;
	error = change_owner(inode, (uint32_t)uid, (uint32_t)gid);
	inode_put(inode);
	return error;
}

int64_t sys_chown(struct task *task, const uint64_t arg[6])
{
	return do_chown(task, AT_FDCWD, arg[0], arg[1], arg[2], 0);
}

int64_t sys_lchown(struct task *task, const uint64_t arg[6])
{
	return do_chown(task, AT_FDCWD, arg[0], arg[1], arg[2], AT_SYMLINK_NOFOLLOW);
}

int64_t sys_fchownat(struct task *task, const uint64_t arg[6])
{
	return do_chown(task, (int)arg[0], arg[1], arg[2], arg[3], (unsigned)arg[4]);
}

int64_t sys_fchown(struct task *task, const uint64_t arg[6])
{
	struct open_file *file = files_get(task->files, (int32_t)arg[0]);

	if (!file || file->flags & O_PATH)
		return -EBADF;
	return change_owner(file->inode, (uint32_t)arg[1], (uint32_t)arg[2]);
}

/* times NULL: both now. */
static int set_times(struct inode *inode, const struct timespec times[2])
{
	struct timespec now = clock_realtime(inode->vfs->machine);
	struct inode_attr attr = { .atime = now, .mtime = now };
	bool is_now = !times || (times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW);
	unsigned valid = SETATTR_ATIME | SETATTR_MTIME;
	int error;

	if (times && times[0].tv_nsec == UTIME_OMIT)
		valid &= ~(unsigned)SETATTR_ATIME;
	else if (times && times[0].tv_nsec != UTIME_NOW)
		attr.atime = times[0];
	if (times && times[1].tv_nsec == UTIME_OMIT)
		valid &= ~(unsigned)SETATTR_MTIME;
	else if (times && times[1].tv_nsec != UTIME_NOW)
		attr.mtime = times[1];
	if (!valid)
		return 0;
	error = check_owner(inode);
	if (error && is_now)
		error = inode_permission(inode, MAY_WRITE); /* touch of a shared file */
	return error ? error : vfs_setattr(inode, valid, &attr);
}

static bool is_valid_nsec(int64_t nsec)
{
	return (nsec >= 0 && nsec < NSEC_PER_SEC) || nsec == UTIME_NOW || nsec == UTIME_OMIT;
}

static int64_t do_utimens(struct task *task, int dirfd, va_t path, const struct timespec times[2],
                          unsigned flags)
{
	struct inode *inode;
	int error;

	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!path && dirfd != AT_FDCWD) {
		struct open_file *file = files_get(task->files, dirfd);

		return file ? set_times(file->inode, times) : -EBADF;
	}
	error = get_inode_at(task, dirfd, path, flags, &inode);
	if (error)
		return error;
	error = set_times(inode, times);
	inode_put(inode);
	return error;
}

int64_t sys_utimensat(struct task *task, const uint64_t arg[6])
{
	int64_t t[4]; /* two timespecs of the ABI */
	struct timespec times[2];

	if (!arg[2])
		return do_utimens(task, (int)arg[0], arg[1], NULL, (unsigned)arg[3]);
	if (copy_from_user(task, t, arg[2], sizeof(t)))
		return -EFAULT;
	if (!is_valid_nsec(t[1]) || !is_valid_nsec(t[3]))
		return -EINVAL;
	times[0] = (struct timespec){ t[0], t[1] };
	times[1] = (struct timespec){ t[2], t[3] };
	return do_utimens(task, (int)arg[0], arg[1], times, (unsigned)arg[3]);
}

int64_t sys_utimes(struct task *task, const uint64_t arg[6])
{
	int64_t t[4]; /* two timevals */
	struct timespec times[2];

	if (!arg[1])
		return do_utimens(task, AT_FDCWD, arg[0], NULL, 0);
	if (copy_from_user(task, t, arg[1], sizeof(t)))
		return -EFAULT;
	if (t[1] < 0 || t[1] >= 1000000 || t[3] < 0 || t[3] >= 1000000)
		return -EINVAL;
	times[0] = (struct timespec){ t[0], t[1] * 1000 };
	times[1] = (struct timespec){ t[2], t[3] * 1000 };
	return do_utimens(task, AT_FDCWD, arg[0], times, 0);
}

int64_t sys_utime(struct task *task, const uint64_t arg[6])
{
	int64_t t[2]; /* struct utimbuf */
	struct timespec times[2];

	if (!arg[1])
		return do_utimens(task, AT_FDCWD, arg[0], NULL, 0);
	if (copy_from_user(task, t, arg[1], sizeof(t)))
		return -EFAULT;
	times[0] = (struct timespec){ t[0], 0 };
	times[1] = (struct timespec){ t[1], 0 };
	return do_utimens(task, AT_FDCWD, arg[0], times, 0);
}
