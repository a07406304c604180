/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * procfs - /proc: a table of paths and of functions that print a file's text
 * (Linux: fs/proc/). To add a file, add a row to proc_files[] (proc_files.c).
 */
#ifndef PW_SIM_PROCFS_H
#define PW_SIM_PROCFS_H

#include "sim/proc_text.h"
#include "sim/vfs.h"

/* /proc itself. */
int procfs_create(struct vfs *vfs, struct inode **out);

struct proc_file {
	const char *path; /* below /proc; "PID" stands for a task's number */
	uint32_t mode;    /* permissions; S_IFLNK in it: `show` gives the target */
	/* task: whose folder it is; NULL outside of one. */
	void (*show)(struct proc_text *text, struct machine *machine, struct task *task);
};

extern const struct proc_file proc_files[];
extern const size_t nr_proc_files;

#endif
