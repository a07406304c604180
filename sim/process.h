/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process - what the threads of a process have in common as a group (Linux:
 * struct signal_struct). A task is a thread: sim/task.h.
 *
 *   process 1000 -- threads --> task 1000 (leader), task 1003, ...
 *        |
 *     children --> process 1001, process 1002, ...
 */
#ifndef PW_SIM_PROCESS_H
#define PW_SIM_PROCESS_H

#include "mm/list.h"
#include "sim/signal.h"

#include <stdbool.h>

#define NR_RLIMITS 16

struct machine;
struct task;

/* RLIMIT_* of the x86-64 ABI that the simulator knows by name. */
enum process_limit {
	LIMIT_DATA = 2,
	LIMIT_STACK = 3,
	LIMIT_NPROC = 6,
	LIMIT_NOFILE = 7,
	LIMIT_MEMLOCK = 8,
	LIMIT_AS = 9,
	LIMIT_SIGPENDING = 11,
};

struct process {
	struct machine *machine;
	int32_t pid;              /* of its first thread: the thread group's id */
	int32_t ppid;             /* 0: whoever ran pagewalk */
	struct list_head threads; /* task.thread, the leader first */
	struct pending_signals shared;
	struct itimer itimers[NR_ITIMERS];
	uint64_t rlimits[NR_RLIMITS][2]; /* soft, hard; by RLIMIT_* */
};

/* One without threads, and with Linux's limits for a first process. NULL: no
 * memory. */
struct process *process_create(struct machine *machine);
void process_destroy(struct process *process); /* NULL is fine */

#endif
