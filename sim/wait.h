/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wait - how a system call waits.
 *
 * A handler never waits inside. It says what would wake its task, and returns:
 *
 *	if (there is something)
 *		return it;
 *	if (signal_is_deliverable(task))
 *		return SYSCALL_ERESTARTSYS;
 *	wait_on(task, &pipe->waiters);
 *	return wait_block(task, "a pipe");
 *
 * Once woken (by an event, the time, or a signal) the task calls the same handler
 * again with the same arguments, and the handler looks again. What it must remember
 * from one time to the next is in task->wait, which is cleared when the call ends.
 */
#ifndef PW_SIM_WAIT_H
#define PW_SIM_WAIT_H

#include "mmu/types.h"
#include "sim/futex.h"

#include <stdbool.h>

struct syscall_entry;
struct task;

/* Who waits for an event, oldest first. */
struct wait_queue {
	struct list_head entries;
};

#define WAIT_FOREVER UINT64_MAX

struct task_wait {
	struct list_head entries;          /* its places in queues */
	const char *what;                  /* for people: "a pipe" */
	const struct syscall_entry *entry; /* the call that waits, and its arguments */
	uint64_t arg[6];
	uint64_t wake_ns; /* when to be woken at the latest; WAIT_FOREVER */
	int host_fd;      /* that may wake it by having input; -1 */
	/* What handlers remember. */
	bool again;           /* the handler has been called before */
	uint64_t deadline_ns; /* set by wait_deadline(); 0: not yet */
	uint64_t done;        /* bytes that the call has moved so far */
	int32_t child;        /* that vfork(2) made */
	struct futex_waiter futex;
};

void wait_init(struct task *task);
void wait_queue_init(struct wait_queue *queue);

/* The task will be woken by wake_up(queue). 0 or -ENOMEM. */
int wait_on(struct task *task, struct wait_queue *queue);

/* The point of time at which this call gives up: timeout_ns from its first call on.
 * WAIT_FOREVER stays so. */
uint64_t wait_deadline(struct task *task, uint64_t timeout_ns);

/* The task will be woken at this point of simulated time. */
void wait_until(struct task *task, uint64_t ns);

/* What a handler returns that has said what it waits for: SYSCALL_BLOCK. `what` is
 * a constant. */
int64_t wait_block(struct task *task, const char *what);

/* Wakes a task that waits; nothing to do for another. */
void wake_task(struct task *task);
/* Wakes all who wait for the event. */
void wake_up(struct wait_queue *queue);

/* Leaves all queues: for who is woken or dies. */
void wait_leave(struct task *task);
/* The call has ended. */
void wait_end(struct task *task);

#endif
