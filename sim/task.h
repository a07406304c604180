/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * task - a thread of a guest's process: its registers, and what it shares with
 * others as clone(2) was told: mm, files, working directory, signal handlers.
 */
#ifndef PW_SIM_TASK_H
#define PW_SIM_TASK_H

#include "mm/kernel.h"
#include "sim/process.h"
#include "sim/signal.h"
#include "sim/stats.h"
#include "sim/x86_regs.h"

#define TASK_COMM_LEN 16

struct machine;
struct files; /* file descriptors: sim/file.h */

enum task_state { TASK_RUNNING, TASK_ZOMBIE };

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
	struct process *process;
	struct list_head thread; /* process.threads */
	enum task_state state;
	int exit_code; /* as wait(2) reports: status << 8, or the signal */
	char comm[TASK_COMM_LEN];
	char **argv; /* for reports; malloc'ed, NULL-terminated */
	char *exe;   /* guest path of the program; malloc'ed */

	uint32_t cpu; /* index of the CPU that runs it, or ran it last: task_cpu() */

	struct mm_struct *mm;
	void *stack;          /* the kernel's for it; alloc_thread_stack() */
	struct x86_regs regs; /* true while the engine is stopped */
	bool regs_changed;    /* load them before the next run */

	struct files *files; /* a reference, as on the next two */
	struct task_fs *fs;
	struct sighand *sighand;
	struct signals signals;

	/* small things that system calls keep */
	va_t clear_child_tid, robust_list;
	va_t rseq_va;
	uint32_t rseq_len, rseq_sig;

	/* The system call whose result stands in rax, until the task is back in user
	 * mode; -1: none. What a restart needs (Linux: orig_ax). */
	int64_t syscall_nr;
	struct compat_call *compat; /* while a handler works for a 32-bit task; or NULL */

	uint64_t nr_syscalls;
	struct task_figures figures; /* see sim/stats.h for who keeps it */
};

/* A process of one task with descriptors, limits and signals, but no program: that is
 * task_exec()'s. cwd is a guest path. 0 and *out, the machine's last task; or
 * -ENOMEM and what files_create() says. */
int task_create(struct task **out, struct machine *machine, const char *cwd);

/* Ends the task: gives its memory and files back, and leaves a zombie with the
 * code (task.exit_code). Its registers are of no use afterwards. */
void task_exit(struct task *task, int exit_code);

/* Frees what is left, in any state. NULL is fine. */
void task_destroy(struct task *task);

/* Replaces task->argv by a copy. 0 or -ENOMEM, and the old one stays. */
int task_set_argv(struct task *task, char *const argv[]);

/* Its x87 and SSE state as FNINIT and the default MXCSR have it: what a program and
 * a signal handler begin with. */
void task_reset_fpu(struct task *task);

/* Tells the task's mm those of its limits that mm/ holds to. */
void task_apply_limits(struct task *task);

/* Nothing can run until `until_ns` of simulated time (UINT64_MAX: for ever), so
 * time goes there at once, or to the first timer of the task that ends in a
 * signal. True: it slept to the end. False: a signal is deliverable, or the
 * machine is broken, since nothing could ever wake the task; `what` stands in that
 * message: "futex". */
bool task_sleep(struct task *task, uint64_t until_ns, const char *what);

#endif
