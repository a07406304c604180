/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/wait.h"

#include "sim/machine.h"
#include "sim/sched.h"
#include "sim/syscall.h"

#include <errno.h>
#include <stdlib.h>

struct wait_entry {
	struct list_head in_queue, of_task;
	struct task *task;
};

void wait_queue_init(struct wait_queue *queue)
{
	INIT_LIST_HEAD(&queue->entries);
}

void wait_init(struct task *task)
{
	task->wait = (struct task_wait){ .wake_ns = WAIT_FOREVER, .host_fd = -1 };
	INIT_LIST_HEAD(&task->wait.entries);
	INIT_LIST_HEAD(&task->wait.futex.list);
}

int wait_on(struct task *task, struct wait_queue *queue)
{
	struct wait_entry *entry = malloc(sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	entry->task = task;
	list_add_tail(&entry->in_queue, &queue->entries);
	list_add_tail(&entry->of_task, &task->wait.entries);
	return 0;
}

uint64_t wait_deadline(struct task *task, uint64_t timeout_ns)
{
	uint64_t now = machine_now_ns(task->machine);

	if (!task->wait.deadline_ns)
		task->wait.deadline_ns =
		    timeout_ns < WAIT_FOREVER - now ? now + timeout_ns : WAIT_FOREVER;
	return task->wait.deadline_ns;
}

void wait_until(struct task *task, uint64_t ns)
{
	task->wait.wake_ns = ns;
	sched_expect(task->machine, ns);
}

int64_t wait_block(struct task *task, const char *what)
{
	task->wait.what = what;
	return SYSCALL_BLOCK;
}

void wait_leave(struct task *task)
{
	struct wait_entry *entry, *next;

	list_for_each_entry_safe (entry, next, &task->wait.entries, of_task) {
		list_del(&entry->in_queue);
		free(entry);
	}
	INIT_LIST_HEAD(&task->wait.entries);
	task->wait.wake_ns = WAIT_FOREVER;
	task->wait.host_fd = -1;
}

void wait_end(struct task *task)
{
	wait_leave(task);
	list_del_init(&task->wait.futex.list);
	wait_init(task);
}

void wake_task(struct task *task)
{
	if (task->state != TASK_SLEEPING)
		return;
	wait_leave(task);
	sched_start(task);
}

void wake_up(struct wait_queue *queue)
{
	while (!list_empty(&queue->entries))
		wake_task(list_first_entry(&queue->entries, struct wait_entry, in_queue)->task);
}
