/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * procfs - /proc: a table of paths and of functions that print a file's text
 * (Linux: fs/proc/). To add a file, add a row to proc_files[] (proc_files.c).
 */
#ifndef PW_SIM_PROCFS_H
#define PW_SIM_PROCFS_H

#include "sim/vfs.h"

/* /proc itself. */
int procfs_create(struct vfs *vfs, struct inode **out);

/* A file's text as it grows. Starts zeroed; data is malloc'ed. */
struct proc_text {
	char *data;
	size_t len, room;
	bool no_memory; /* what is there is incomplete */
};

void proc_printf(struct proc_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void proc_write(struct proc_text *text, const void *bytes, size_t len);
/* Blanks up to column `width` of the line that began at `line_start`. */
void proc_pad(struct proc_text *text, size_t line_start, size_t width);

struct proc_file {
	const char *path; /* below /proc; "PID" stands for a task's number */
	uint32_t mode;    /* permissions; S_IFLNK in it: `show` gives the target */
	/* task: whose folder it is; NULL outside of one. */
	void (*show)(struct proc_text *text, struct machine *machine, struct task *task);
};

extern const struct proc_file proc_files[];
extern const size_t nr_proc_files;

#endif
