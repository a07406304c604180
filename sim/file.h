/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file - what the guest sees as its file system: the host's files read-only, an
 * in-memory overlay for what it writes, /dev and /proc, and open descriptors.
 *
 * Regular files' content goes through the page cache of mm/. Objects here are
 * the simulator's own (malloc), as the file system is not what is simulated.
 */
#ifndef PW_SIM_FILE_H
#define PW_SIM_FILE_H

#include "mm/pagemap.h"

struct machine;
struct task;
struct vfs; /* the tree */
struct inode;
struct files; /* a table of descriptors */

struct vfs_config {
	const char *root;   /* host folder that the guest sees as /; NULL: the host's / */
	const char **write; /* host folders (absolute, seen under the same guest path) whose
	                     * files are written for real; NULL-terminated, or NULL */
	int stdin_fd, stdout_fd, stderr_fd; /* host descriptors behind 0, 1, 2 */
};

/* 0; -ENOENT or what the host says of a folder, -ENOMEM. The guest is the user who
 * runs pagewalk (geteuid() and kin), so that rights are as the native program has
 * them. stdio descriptors stay the caller's; -1: closed. */
int vfs_create(struct vfs **out, struct machine *machine, const struct vfs_config *config);
/* What the guest changed below the folders open for writing goes to the host now.
 * 0, or the first -errno of any write-back so far: the host's files are incomplete. */
int vfs_sync(struct vfs *vfs);
/* Also syncs. All files must be closed; before kernel_shutdown(), as cached pages
 * go here. NULL is fine. */
void vfs_destroy(struct vfs *vfs);

/* Whom the guest runs as: who runs pagewalk. The array stays the vfs's. */
struct vfs_credentials {
	uint32_t uid, gid;
	const uint32_t *groups; /* supplementary */
	uint32_t nr_groups;
};
struct vfs_credentials vfs_credentials(const struct vfs *vfs);

/* An open file. Reference counted through file.f_count; file.f_op->release ends it. */
struct open_file {
	struct file file; /* what mm/ knows; must be first */
	struct inode *inode;
	uint32_t flags; /* O_* of the ABI */
	int64_t pos;
	char *path; /* guest path; malloc'ed */
	const struct open_file_ops *ops;
	void *private;
	struct list_head delayed; /* machine.delayed */
};

/* Open for the kernel's own use (exec). path is a guest path, relative to cwd. 0
 * and a reference in *out, or -errno. */
int vfs_open(struct vfs *vfs, const char *cwd, const char *path, uint32_t flags, uint32_t mode,
             struct open_file **out);
/* Reads without a page fault or a count in the guest's name, through the page
 * cache. Bytes or -errno. */
int64_t vfs_pread(struct open_file *file, void *dst, uint64_t len, uint64_t pos);
uint64_t vfs_size(const struct open_file *file);
uint32_t vfs_mode(const struct open_file *file); /* st_mode */
void vfs_close(struct open_file *file);

/* Descriptors. */
int files_create(struct files **out, struct vfs *vfs); /* with 0, 1 and 2 open */
void files_destroy(struct files *files);
struct open_file *files_get(struct files *files, int64_t fd); /* no new reference; NULL: EBADF */
void files_exec(struct files *files);                         /* closes those with FD_CLOEXEC */
/* For clone: one table for several tasks, each of which calls files_destroy(). */
struct files *files_share(struct files *files);
bool files_is_shared(const struct files *files);
/* For fork: the same files under the same numbers. */
int files_clone(struct files **out, const struct files *from);

#endif
