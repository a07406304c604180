/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exec - makes a task run a program: a new mm with its segments, stack, vdso
 * (Linux 6.1, fs/exec.c and fs/binfmt_elf.c).
 */
#ifndef PW_SIM_EXEC_H
#define PW_SIM_EXEC_H

#include "sim/task.h"

/* path as the guest says it. On success the task has the new mm (the old one is
 * put) and its registers stand at the entry. 0; -ENOENT, -EACCES, -ENOEXEC,
 * -ENOTSUP, -ENOMEM, -E2BIG and why[] filled; the task is as it was, unless memory
 * ran out when its old mm was gone already: then SIGKILL is pending. */
int task_exec(struct task *task, const char *path, char *const argv[], char *const envp[],
              char *why, size_t why_size);

#endif
