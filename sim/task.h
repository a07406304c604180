/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * task - a guest's thread of control and what it owns.
 */
#ifndef PW_SIM_TASK_H
#define PW_SIM_TASK_H

#include "mm/kernel.h"
#include "sim/signal.h"
#include "sim/stats.h"
#include "sim/x86_regs.h"

#define TASK_COMM_LEN 16

struct machine;
struct files; /* file descriptors: sim/file.h */

enum task_state { TASK_RUNNING, TASK_ZOMBIE };

struct task {
	struct machine *machine;
	struct list_head tasks; /* machine.tasks, by pid */
	int32_t pid, ppid;
	enum task_state state;
	int exit_code; /* as wait(2) reports: status << 8, or the signal */
	char comm[TASK_COMM_LEN];
	char **argv; /* for reports; malloc'ed, NULL-terminated */
	char *exe;   /* guest path of the program; malloc'ed */

	struct mm_struct *mm;
	struct x86_regs regs; /* true while the engine is stopped */
	bool regs_changed;    /* load them before the next run */

	struct files *files;
	struct signals signals;

	/* small things that system calls keep */
	va_t set_child_tid, clear_child_tid, robust_list;
	va_t rseq_va;
	uint32_t rseq_len, rseq_sig;
	uint32_t umask;
	uint64_t rlimits[16][2]; /* soft, hard; by RLIMIT_* */
	char *cwd;               /* guest path; malloc'ed */

	uint64_t nr_syscalls;
	uint64_t start_instructions;
	struct task_figures figures; /* see sim/stats.h for who keeps it */
};

#endif
