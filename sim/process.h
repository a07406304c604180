/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process - what the threads of a process have in common as a group, and processes
 * as parents and children (Linux: struct signal_struct). A task is a thread:
 * sim/task.h.
 *
 *   process 1000 -- threads --> task 1000 (leader), task 1003, ...
 *        |
 *     children --> process 1001, process 1002, ...
 */
#ifndef PW_SIM_PROCESS_H
#define PW_SIM_PROCESS_H

#include "mm/list.h"
#include "sim/signal.h"
#include "sim/stats.h"
#include "sim/wait.h"

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

/* Usage of tasks that are gone. */
struct usage {
	uint64_t min_flt, maj_flt, cpu_ns;
	uint64_t rss_peak_pages; /* the largest */
};

/* Whose child a process is that has no parent in the machine. */
#define OUTSIDE_PID 0 /* of whoever ran pagewalk: the first process's parent */
#define INIT_PID 1    /* of orphans; reaps them at once */

struct process {
	struct machine *machine;
	int32_t pid; /* of its first thread: the thread group's id */
	int32_t ppid, pgid, sid;
	struct process *parent; /* NULL: by ppid */
	struct list_head children, sibling;
	struct list_head threads; /* task.thread, the leader first; ended ones too */
	uint32_t nr_alive;        /* threads that have not ended */
	struct wait_queue child_events;

	bool is_exiting; /* exit_code is settled: all threads go */
	bool is_zombie;
	int exit_code; /* as wait(2) reports: status << 8, or the signal */
	int exit_signal;
	int stopped;                         /* by this signal, now; 0: no */
	bool stop_is_news, continue_is_news; /* to a parent that waits for such */
	bool has_execed;

	struct pending_signals shared;
	struct itimer itimers[NR_ITIMERS];
	uint64_t rlimits[NR_RLIMITS][2]; /* soft, hard; by RLIMIT_* */
	struct usage threads_usage;      /* of threads that have ended */
	struct usage children_usage;     /* of children that have been waited for */
};

/* One without threads, pid and parent, with Linux's limits for a first process. NULL:
 * no memory. */
struct process *process_create(struct machine *machine);
void process_destroy(struct process *process); /* NULL is fine */

/* The thread has ended and is freed; the last takes the process along. */
void process_drop_thread(struct process *process, struct task *task);

/* The parent is settled, which takes it as the last of its children. */
void process_set_parent(struct process *process, struct process *parent);

/* The process whose number it is, or NULL; zombies too. */
struct process *process_find(const struct machine *machine, int32_t pid);

/* All its threads end, but `but` (NULL: none stays). With but NULL the process ends
 * with exit_code (Linux: do_group_exit(), de_thread()). */
void process_end_threads(struct process *process, const struct task *but, int exit_code);

/* Called when its last thread has ended: its children get another parent, its own is
 * told. */
void process_end(struct process *process);

/* The zombie has been waited for, or nobody will. */
void process_reap(struct process *process);

/* Stops all threads, or lets them go on; the parent is told. */
void process_stop(struct process *process, int signo);
void process_continue(struct process *process);

/* Process groups. */
int32_t process_group_session(const struct machine *machine, int32_t pgid); /* 0: no such */
void process_group_signal(const struct machine *machine, int32_t pgid, int signo);
/* Nobody in its session would continue it if it were stopped. */
bool process_group_is_orphaned(const struct machine *machine, int32_t pgid);

/* Of all its threads, those that have ended included. */
void process_usage(const struct process *process, struct usage *usage);

#endif
