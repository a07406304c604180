/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * task - a thread of a guest's process: its registers, and what it shares with
 * others as clone(2) was told: mm, files, working directory, signal handlers.
 */
#ifndef PW_SIM_TASK_H
#define PW_SIM_TASK_H

#include "mm/kernel.h"
#include "mm/mempolicy.h"
#include "sim/process.h"
#include "sim/rseq.h"
#include "sim/signal.h"
#include "sim/stats.h"
#include "sim/wait.h"
#include "sim/x86_regs.h"

#define TASK_COMM_LEN 16

struct machine;
struct files; /* file descriptors: sim/file.h */

enum task_state {
	TASK_RUNNING,  /* on a CPU, or in its queue */
	TASK_SLEEPING, /* in a system call that waits: sim/wait.h */
	TASK_STOPPED,  /* by a signal, until SIGCONT */
	TASK_ZOMBIE,   /* has ended, and waits for its parent or its process */
	TASK_DEAD      /* nobody asks for it any more: freed as soon as no CPU stands on it */
};

/* What reports say of a task, for as long as the machine lives. */
struct task_report {
	struct list_head list;   /* machine.reports, in order of creation */
	const struct task *task; /* NULL: freed */
	int32_t pid, tgid, ppid;
	char **argv; /* malloc'ed, NULL-terminated; NULL: none yet */
	bool has_ended;
	int exit_code; /* of its process; as wait(2) reports: status << 8, or the signal */
	uint64_t nr_syscalls;
	struct task_figures figures; /* sim/stats.h */
};

/* Where paths begin, and what new files may not be. */
struct task_fs {
	uint32_t users;
	char *cwd; /* guest path; malloc'ed */
	uint32_t umask;
};

struct task {
	struct machine *machine;
	struct list_head tasks; /* machine.tasks, by pid */
	int32_t pid;            /* its own: the thread's id */
	uint64_t start_ns;      /* when it was made */
	struct process *process;
	struct list_head thread; /* process.threads */
	enum task_state state;
	struct task_report *report; /* the machine's */
	char comm[TASK_COMM_LEN];
	char *exe; /* guest path of the program; malloc'ed */

	struct list_head ready; /* in its CPU's queue; empty: it is not */
	uint64_t slice_left;    /* instructions until another's turn */
	uint64_t ready_ns;      /* not to run before: when it was woken, or ran last */
	struct task_wait wait;

	uint32_t cpu; /* index of the CPU that runs it, or ran it last: task_cpu() */

	struct mm_struct *mm;
	struct task_policy numa;
	void *stack;          /* the kernel's for it; alloc_thread_stack() */
	struct x86_regs regs; /* true while the engine is stopped */
	bool regs_changed;    /* load them before the next run */
	struct x86_fpu fpu;   /* true while another task has the CPU */

	struct files *files; /* a reference, as on the next two */
	struct task_fs *fs;
	struct sighand *sighand;
	struct signals signals;

	/* small things that system calls keep */
	va_t set_child_tid; /* where to write its pid before it first runs, or 0 */
	va_t clear_child_tid, robust_list;
	struct rseq_area rseq;

	/* The system call whose result stands in rax, until the task is back in user
	 * mode; -1: none. What a restart needs (Linux: orig_ax). */
	int64_t syscall_nr;
	struct compat_call *compat; /* while a handler works for a 32-bit task; or NULL */

	struct task_figures_since since; /* what the CPU had counted when it got it */
	/* It uses the mm of a parent that waits until it has its own, or ends. */
	bool is_vfork_child;
	struct wait_queue vfork_done;
};

static inline bool task_has_ended(const struct task *task)
{
	return task->state >= TASK_ZOMBIE;
}

static inline bool task_is_leader(const struct task *task)
{
	return task->pid == task->process->pid;
}

/* A process of one task with descriptors, limits and signals, but no program: that is
 * task_exec()'s. cwd is a guest path. 0 and *out, the machine's last task; or
 * -ENOMEM and what files_create() says. */
int task_create(struct task **out, struct machine *machine, const char *cwd);

/* The same for who drives a machine without an engine: a task without registers,
 * descriptors, mm and kernel stack, all of which may come. The process is that of tgid, or
 * a new one. 0 or -ENOMEM. */
int task_create_bare(struct task **out, struct machine *machine, int32_t pid, int32_t tgid,
                     int32_t ppid);

/* Ends the task: gives its memory and files back. The last of a process ends that
 * too, with this code. */
void task_exit(struct task *task, int exit_code);

/* Its mm is this one, whose reference is the task's; or (NULL) none. */
void task_use_mm(struct task *task, struct mm_struct *mm);

/* Its mm is not its vfork parent's any more. */
void task_leave_vfork(struct task *task);

/* Nobody will ask for the ended task: it is freed when no CPU stands on it. */
void task_bury(struct task *task);

/* Frees what a task has that is in no list. NULL is fine. */
void task_free(struct task *task);

/* Frees what is left, in any state; its report stays. NULL is fine. */
void task_destroy(struct task *task);

/* The task with this pid that has not been reaped, or NULL. */
struct task *task_find(const struct machine *machine, int32_t pid);

/* For exec: what it shares with others by clone(2), but fs, is its own now. 0 or
 * -ENOMEM. */
int task_unshare(struct task *task);
/* For exec, when all other threads have ended: it takes the leader's place and pid. */
void task_become_leader(struct task *task);

/* The first thing that a clone does: writes its pid where clone(2) was told to. */
void task_begin(struct task *task);

/* Its task has ended so; there still is one. */
void task_report_end(struct task_report *report, int exit_code);
void task_report_destroy(struct task_report *report);

/* Replaces the report's argv by a copy. 0 or -ENOMEM, and the old one stays. */
int task_set_argv(struct task *task, char *const argv[]);

/* Its x87 and SSE state as FNINIT and the default MXCSR have it: what a program and
 * a signal handler begin with. */
void task_reset_fpu(struct task *task);

/* Tells the task's mm those of its limits that mm/ holds to. */
void task_apply_limits(struct task *task);

#endif
