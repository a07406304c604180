/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys_file - what the system calls on descriptors and those on paths share.
 */
#ifndef PW_SIM_SYS_FILE_H
#define PW_SIM_SYS_FILE_H

#include "sim/files.h"
#include "sim/syscall.h"
#include "sim/vfs.h"

#include <fcntl.h>

/* A path argument. 0; -EFAULT, -ENAMETOOLONG, or -ENOENT if it is empty. */
int get_path(struct task *task, va_t va, char path[PATH_MAX]);

/* Where a path begins: the directory of dirfd, or the working directory; NULL, which
 * stands for the root, if it is absolute. A reference. */
int get_start(struct task *task, int dirfd, const char *path, struct inode **out);

/* The inode that (dirfd, path, flags) of the *at() calls name; a reference. va is of
 * the path; flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. */
int get_inode_at(struct task *task, int dirfd, va_t va, unsigned flags, struct inode **out);

/* The file's descriptor; on error the reference is dropped. */
int64_t install_file(struct task *task, struct open_file *file, bool close_on_exec);

#endif
