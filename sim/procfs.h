/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * procfs - /proc and /sys: file systems that are a table of paths and of functions
 * which print a file's text (Linux: fs/proc/, fs/kernfs/). To add a file, add a row
 * to proc_files[] (proc_files.c) or sys_files[] (sysfs.c).
 *
 * A component of a row's path may stand for many names:
 *
 *   PID     a process, by its number
 *   TID     a thread of it; below are the rows of PID again, but for PID/task
 *   FD      a descriptor of the task
 *   nodeN   a memory node: node0, node1, ...
 *   cpuN    a CPU
 *
 * Reading a file from its start prints it anew; what is read on is that text.
 */
#ifndef PW_SIM_PROCFS_H
#define PW_SIM_PROCFS_H

#include "sim/proc_text.h"
#include "sim/vfs.h"

/* Which file is asked for, and about what. */
struct proc_about {
	struct machine *machine;
	struct task *task; /* whose folder it is; NULL outside of one */
	bool is_thread;    /* that folder is a TID's: only what it did itself counts */
	int64_t number;    /* what FD, nodeN or cpuN in the path stands for */
	const struct proc_file *file;
};

struct proc_file {
	const char *path; /* below the file system's root */
	uint32_t mode;    /* permissions; with S_IFLNK: `show` gives the target; with
	                   * S_IFDIR: of a folder, for other permissions than 0555 */
	void (*show)(struct proc_text *text, const struct proc_about *about);
	/* In place of `show`: what a kernel alone can tell (sim/proc_mm.h). */
	void (*show_kernel)(struct proc_text *text, const struct kernel *k);
	/* What was written in one call, with a NUL behind it. 0 or -errno. (-EIO) */
	int (*store)(const char *text, const struct proc_about *about);
	/* In place of both, for files of 8-byte words: the word at the index; false
	 * behind the last one. */
	bool (*word)(const struct proc_about *about, uint64_t index, uint64_t *word);
	/* In place of a path for links: a reference to the inode, or -errno. */
	int (*follow)(const struct proc_about *about, struct inode **out);
	const void *data; /* for the functions: which of several things it is */
};

struct proc_tree {
	const char *name;
	uint64_t dev; /* a kernel-internal device number, as stat(2) shows it */
	const struct proc_file *files;
	size_t nr_files;
};

extern const struct proc_tree proc_tree, sys_tree;

/* The root of such a file system, to be mounted at /NAME. 0 or -ENOMEM. */
int procfs_create(struct vfs *vfs, const struct proc_tree *tree, struct inode **out);

#endif
