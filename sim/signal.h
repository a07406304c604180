/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * signal - signals of guest tasks: pending, handlers, frames on the user's stack
 * (Linux 6.1, kernel/signal.c, arch/x86/kernel/signal_64.c).
 */
#ifndef PW_SIM_SIGNAL_H
#define PW_SIM_SIGNAL_H

#include "mmu/types.h"

#define NR_SIGNALS 64

struct task;
struct machine;
struct process;

/* The part of the ABI's siginfo_t that we send. */
struct signal_info {
	int32_t signo, code;
	va_t fault_va;       /* SIGSEGV, SIGBUS, SIGFPE, SIGILL */
	int32_t pid, uid;    /* kill(), SIGCHLD */
	int32_t status;      /* SIGCHLD */
	uint32_t error_code; /* of a page fault, for the frame's err */
	uint8_t trapno;      /* exception vector, for the frame's trapno */
};

struct signal_action {
	va_t handler; /* 0 SIG_DFL, 1 SIG_IGN */
	uint64_t flags;
	va_t restorer;
	uint64_t mask; /* bit signo - 1 */
};

/* setitimer(2)'s clocks, by its numbers. */
enum itimer_which { ITIMER_REAL_, ITIMER_VIRTUAL_, ITIMER_PROF_, NR_ITIMERS };

struct itimer {
	uint64_t expires_ns;  /* on its own clock; 0: off */
	uint64_t interval_ns; /* again and again; 0: once */
};

/* What is to be done about each signal; threads share it. */
struct sighand {
	uint32_t users;
	struct signal_action actions[NR_SIGNALS + 1]; /* by signo */
};

/* Sent and not yet delivered, to a task or to its whole process. */
struct pending_signals {
	uint64_t set; /* bit signo - 1 */
	struct signal_info info[NR_SIGNALS + 1];
};

/* A task's own part. */
struct signals {
	uint64_t blocked;
	uint64_t saved_blocked; /* restored after rt_sigsuspend */
	bool restore_blocked;
	struct pending_signals pending;
	va_t altstack;
	uint64_t altstack_size;
	int32_t altstack_flags;
	/* What the frame says of the last exception: thread.cr2, error_code, trap_nr. */
	va_t cr2;
	uint32_t error_code;
	uint8_t trapno;
};

/* Bytes that the largest signal frame takes: AT_MINSIGSTKSZ. */
#define SIGNAL_MIN_FRAME_BYTES 1040
#define SIGNAL32_MIN_FRAME_BYTES 976 /* of a 32-bit task */

/* Makes a signal pending for the task, and wakes it. */
void signal_send(struct task *task, const struct signal_info *info);
/* The same for whichever of the process's tasks takes it first. */
void signal_send_process(struct process *process, const struct signal_info *info);
/* As signal_send() for what the task did itself: if it is blocked or ignored, the
 * task is killed by it (Linux: force_sig_info). */
void signal_force(struct task *task, const struct signal_info *info);

/* True if a signal would be delivered now. */
bool signal_is_deliverable(const struct task *task);

/* Before the task goes back to user mode, after every system call and fault:
 * sends what timers have come to, then delivers what is pending, as frames on its
 * stack or by ending it (task->state is TASK_ZOMBIE then), and settles whether an
 * interrupted system call is made again. */
void signal_deliver(struct task *task);

/* Settles a system call's internal result (SYSCALL_ERESTART*) for a task that no
 * handler interrupts: it is made again. */
void signal_settle_restart(struct task *task);

/* The action of signo has changed: what it now ignores is pending no more. */
void signal_drop_ignored(struct task *task, int signo);

/* execve(2): handlers go, and the alternate stack. */
void signal_exec(struct task *task);

/* All handlers go, ignored signals stay ignored. */
void signal_clear_handlers(struct task *task);

/* True if it has been sent SIGKILL. */
bool signal_is_dying(const struct task *task);

/* Sends the signals of timers that are due. */
void signal_run_timers(struct process *process);
/* When its timer of real time will be due; UINT64_MAX: never. */
uint64_t signal_next_real_ns(const struct process *process);
/* When the next timer will be due if the task runs until then; UINT64_MAX: never. */
uint64_t signal_next_timer_ns(const struct task *task);
/* When one will wake the task if it sleeps until then: the clocks of CPU time stand
 * still, and a signal that is blocked or ignored wakes nobody. */
uint64_t signal_next_wakeup_ns(const struct task *task);

/* The clock of a timer, in simulated ns: real time, or time on the CPU. */
uint64_t signal_timer_clock_ns(const struct process *process, enum itimer_which which);

/* "SIGSEGV"; "SIGRT_3" above 31. Static storage; NULL: no such signal. */
const char *signal_name(int signo);

/* rt_sigreturn(2): takes the frame off; the value for rax, or a SIGSEGV. */
int64_t signal_return(struct task *task);

#endif
