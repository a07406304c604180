// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls of extended attributes: no file has any, as on a file system that knows
 * none (Linux 6.1, fs/xattr.c).
 */
#include "sim/machine.h"
#include "sim/sys_file.h"
#include "sim/syscall.h"
#include "sim/vfs.h"

#include <errno.h>

/* What the call says once it has found the file. */
static int64_t at_path(struct task *task, va_t path, unsigned flags, int64_t answer)
{
	struct inode *inode;
	int error = get_inode_at(task, AT_FDCWD, path, flags, &inode);

	if (error)
		return error;
	inode_put(inode);
	return answer;
}

static int64_t at_fd(struct task *task, uint64_t fd, int64_t answer)
{
	const struct open_file *file = files_get(task->files, (int32_t)fd);

	return file && !(file->flags & O_PATH) ? answer : -EBADF;
}

/* Nothing to be had or changed; a list of nothing is an empty list. */
#define XATTR_CALLS(call, answer)                                                                  \
	int64_t sys_##call(struct task *task, const uint64_t arg[6])                               \
	{                                                                                          \
		return at_path(task, arg[0], 0, answer);                                           \
	}                                                                                          \
	int64_t sys_l##call(struct task *task, const uint64_t arg[6])                              \
	{                                                                                          \
		return at_path(task, arg[0], AT_SYMLINK_NOFOLLOW, answer);                         \
	}                                                                                          \
	int64_t sys_f##call(struct task *task, const uint64_t arg[6])                              \
	{                                                                                          \
		return at_fd(task, arg[0], answer);                                                \
	}

XATTR_CALLS(getxattr, -EOPNOTSUPP)
XATTR_CALLS(setxattr, -EOPNOTSUPP)
XATTR_CALLS(removexattr, -EOPNOTSUPP)
XATTR_CALLS(listxattr, 0)
