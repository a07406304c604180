/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls that make tasks, end them, and wait for their end (Linux 6.1,
 * kernel/fork.c, kernel/exit.c). */
#include "sim/clock.h"
#include "sim/fork.h"
#include "sim/machine.h"
#include "sim/syscall.h"
#include "sim/usage.h"
#include "sim/usercopy.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <signal.h>
#include <string.h>

/* ---- making ---- */

/* The parent of a vfork child stands still until the child has a program of its own,
 * or has ended; only SIGKILL is faster (Linux: wait_for_vfork_done()). */
static int64_t wait_for_vfork(struct task *task)
{
	struct task *child = task_find(task->machine, task->wait.child);

	if (!child || !child->is_vfork_child || signal_is_dying(task))
		return task->wait.child;
	if (wait_on(task, &child->vfork_done))
		return task->wait.child;
	return wait_block(task, "vfork");
}

static int64_t clone_task(struct task *task, const struct clone_request *args)
{
	int64_t pid;

	if (task->wait.again)
		return wait_for_vfork(task);
	pid = task_clone(task, args);
	if (pid < 0 || !(args->flags & CLONE_VFORK))
		return pid;
	task->wait.child = (int32_t)pid;
	return wait_for_vfork(task);
}

int64_t sys_fork(struct task *task, const uint64_t arg[6])
{
	return clone_task(task, &(struct clone_request){ .exit_signal = SIGCHLD });
}

int64_t sys_vfork(struct task *task, const uint64_t arg[6])
{
	return clone_task(task, &(struct clone_request){ .flags = CLONE_VFORK | CLONE_VM,
	                                                 .exit_signal = SIGCHLD });
}

/* clone(flags, stack, parent_tid, child_tid, tls) */
int64_t sys_clone(struct task *task, const uint64_t arg[6])
{
	const struct clone_request args = {
		.flags = (uint32_t)arg[0] & ~(uint32_t)CSIGNAL,
		.exit_signal = (uint32_t)arg[0] & CSIGNAL,
		.stack = arg[1],
		.parent_tid = arg[2],
		.child_tid = arg[3],
		.tls = arg[4],
	};

	return clone_task(task, &args);
}

/* Linux: copy_clone_args_from_user(), clone3_args_valid(). */
int64_t sys_clone3(struct task *task, const uint64_t arg[6])
{
	struct clone_args user = { 0 };
	uint64_t size = arg[1];

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	if (copy_from_user(task, &user, arg[0], size < sizeof(user) ? size : sizeof(user)))
		return -EFAULT;
	for (uint64_t i = sizeof(user); i < size; i++) {
		uint8_t byte;

		if (get_user_byte(task, &byte, arg[0] + i))
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	if (user.set_tid || user.set_tid_size || user.cgroup ||
	    user.flags & (CLONE_DETACHED | CSIGNAL) || user.exit_signal > NR_SIGNALS ||
	    !user.stack != !user.stack_size ||
	    (user.flags & (CLONE_THREAD | CLONE_PARENT) && user.exit_signal))
		return -EINVAL;
	return clone_task(task, &(struct clone_request){
	                            .flags = user.flags,
	                            .exit_signal = (uint32_t)user.exit_signal,
	                            .stack = user.stack ? user.stack + user.stack_size : 0,
	                            .parent_tid = user.parent_tid,
	                            .child_tid = user.child_tid,
	                            .tls = user.tls,
	                        });
}

/* ---- ending ---- */

int64_t sys_exit(struct task *task, const uint64_t arg[6])
{
	task_exit(task, (int)(arg[0] & 0xff) << 8);
	return 0;
}

int64_t sys_exit_group(struct task *task, const uint64_t arg[6])
{
	process_end_threads(task->process, NULL, (int)(arg[0] & 0xff) << 8);
	return 0;
}

/* ---- waiting ---- */

/* Whom to wait for, and for what. */
struct wanted {
	int type; /* P_ALL, P_PID, P_PGID */
	int32_t id;
	uint32_t options;
};

/* What has been found. */
struct news {
	struct process *child;
	int code;   /* CLD_* */
	int status; /* as wait4(2) gives it */
};

static bool is_wanted(const struct wanted *wanted, const struct process *child)
{
	bool is_clone = child->exit_signal != SIGCHLD;

	if (!(wanted->options & __WALL) && is_clone != !!(wanted->options & __WCLONE))
		return false;
	return wanted->type == P_ALL || (wanted->type == P_PID && child->pid == wanted->id) ||
	       (wanted->type == P_PGID && child->pgid == wanted->id);
}

static bool has_news(const struct wanted *wanted, struct process *child, struct news *news)
{
	news->child = child;
	if (child->is_zombie && wanted->options & WEXITED) {
		news->status = child->exit_code;
		news->code = child->exit_code & 0x7f ? CLD_KILLED : CLD_EXITED;
		return true;
	}
	if (child->stop_is_news && wanted->options & WSTOPPED) {
		news->status = child->stopped << 8 | 0x7f;
		news->code = CLD_STOPPED;
		return true;
	}
	if (child->continue_is_news && wanted->options & WCONTINUED) {
		news->status = 0xffff;
		news->code = CLD_CONTINUED;
		return true;
	}
	return false;
}

/* 1 and *news; 0: none for now; -ECHILD: there is no such child. */
static int look_for_news(struct task *task, const struct wanted *wanted, struct news *news)
{
	struct process *child;
	int result = -ECHILD;

	list_for_each_entry (child, &task->process->children, sibling) {
		if (!is_wanted(wanted, child))
			continue;
		result = 0;
		if (has_news(wanted, child, news))
			return 1;
	}
	return result;
}

/* 1 and *news, 0 with WNOHANG, SYSCALL_BLOCK, or -errno. */
static int64_t wait_for_news(struct task *task, const struct wanted *wanted, struct news *news)
{
	int result = look_for_news(task, wanted, news);

	if (result || wanted->options & WNOHANG)
		return result;
	if (signal_is_deliverable(task))
		return SYSCALL_ERESTARTSYS;
	if (wait_on(task, &task->process->child_events))
		return -ENOMEM;
	return wait_block(task, "wait4");
}

/* The news has been heard. */
static void settle(const struct wanted *wanted, const struct news *news)
{
	if (wanted->options & WNOWAIT)
		return;
	if (news->code == CLD_STOPPED)
		news->child->stop_is_news = false;
	else if (news->code == CLD_CONTINUED)
		news->child->continue_is_news = false;
	else
		process_reap(news->child);
}

static int put_child_usage(struct task *task, va_t va, const struct process *child)
{
	struct usage usage;

	if (!va)
		return 0;
	process_usage(child, &usage);
	usage_add(&usage, &child->children_usage);
	return put_rusage(task, va, &usage);
}

int64_t sys_wait4(struct task *task, const uint64_t arg[6])
{
	const uint32_t known = WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL;
	int32_t pid = (int32_t)arg[0];
	struct wanted wanted = { .options = (uint32_t)arg[2] | WEXITED };
	struct news news;
	int64_t result;

	if (arg[2] & ~(uint64_t)known)
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	wanted.type = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
	wanted.id = pid > 0 ? pid : pid ? -pid : task->process->pgid;
	result = wait_for_news(task, &wanted, &news);
	if (result != 1)
		return result;
	result = news.child->pid;
	if (put_child_usage(task, arg[3], news.child) ||
	    (arg[1] && copy_to_user(task, arg[1], &news.status, sizeof(news.status))))
		result = -EFAULT;
	settle(&wanted, &news);
	return result;
}

/* siginfo_t as waitid(2) fills it. */
static int put_info(struct task *task, va_t va, const struct news *news)
{
	struct {
		int32_t signo, error, code, pad, pid, uid, status;
	} info = { 0 };

	if (!va)
		return 0;
	if (news) {
		info.signo = SIGCHLD;
		info.code = news->code;
		info.pid = news->child->pid;
		info.uid = (int32_t)vfs_credentials(task->machine->vfs).uid;
		info.status = news->code == CLD_EXITED      ? news->status >> 8
		              : news->code == CLD_STOPPED   ? news->status >> 8
		              : news->code == CLD_CONTINUED ? SIGCONT
		                                            : news->status & 0x7f;
	}
	return copy_to_user(task, va, &info, sizeof(info));
}

int64_t sys_waitid(struct task *task, const uint64_t arg[6])
{
	const uint32_t how = WSTOPPED | WEXITED | WCONTINUED;
	const uint32_t known = how | WNOHANG | WNOWAIT | __WNOTHREAD | __WCLONE | __WALL;
	struct wanted wanted = { (int)arg[0], (int32_t)arg[1], (uint32_t)arg[3] };
	struct news news;
	int64_t result;

	if (arg[3] & ~(uint64_t)known || !(arg[3] & how))
		return -EINVAL;
	if (wanted.type > P_PGID || (wanted.type == P_PID && wanted.id <= 0) ||
	    (wanted.type == P_PGID && wanted.id < 0))
		return -EINVAL; /* P_PIDFD: there are none */
	if (wanted.type == P_PGID && !wanted.id)
		wanted.id = task->process->pgid;
	result = wait_for_news(task, &wanted, &news);
	if (result < 0)
		return result;
	if (put_info(task, arg[2], result ? &news : NULL) ||
	    (result && put_child_usage(task, arg[4], news.child)))
		return -EFAULT;
	if (result)
		settle(&wanted, &news);
	return 0;
}
