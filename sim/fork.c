/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making tasks: the first of a process, and copies of one, which share with it what
 * the caller says (Linux 6.1, kernel/fork.c, copy_process()).
 */
#include "sim/fork.h"

#include "sim/calls.h"
#include "sim/machine.h"
#include "sim/sched.h"
#include "sim/sys32.h"
#include "sim/tell.h"
#include "sim/usercopy.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- what tasks share ---- */

static struct task_fs *create_fs(const char *cwd)
{
	struct task_fs *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return NULL;
	fs->users = 1;
	fs->umask = 022;
	fs->cwd = strdup(cwd);
	if (fs->cwd)
		return fs;
	free(fs);
	return NULL;
}

static struct sighand *create_sighand(void)
{
	struct sighand *sighand = calloc(1, sizeof(*sighand));

	if (sighand)
		sighand->users = 1;
	return sighand;
}

/* ---- a task ---- */

static void join_process(struct task *task, struct process *process)
{
	task->process = process;
	list_add_tail(&task->thread, &process->threads);
	process->nr_alive++;
}

/* Nothing in it yet. NULL: no memory. */
static struct task *alloc_bare_task(struct machine *machine)
{
	struct task *task = calloc(1, sizeof(*task));

	if (!task)
		return NULL;
	task->machine = machine;
	task->start_ns = machine_now_ns(machine);
	task->syscall_nr = -1;
	task->slice_left = machine->config.sched_quantum;
	task->signals.altstack_flags = SS_DISABLE;
	INIT_LIST_HEAD(&task->ready);
	wait_init(task);
	wait_queue_init(&task->vfork_done);
	return task;
}

/* With a kernel stack. NULL: no memory. */
static struct task *alloc_task(struct machine *machine)
{
	struct task *task = alloc_bare_task(machine);

	if (!task)
		return NULL;
	task->stack = call_alloc_thread_stack(&machine->kernel);
	if (task->stack)
		return task;
	free(task);
	return NULL;
}

/* Known to the machine from here on. The first task of a process is its leader. */
static void add_task(struct task *task, struct task_report *report, struct process *process)
{
	struct machine *machine = task->machine;

	if (!task->pid)
		task->pid = machine->next_pid++;
	if (!process->pid)
		process->pid = task->pid;
	join_process(task, process);
	task->report = report;
	*report = (struct task_report){
		.task = task, .pid = task->pid, .tgid = process->pid, .ppid = process->ppid
	};
	list_add_tail(&report->list, &machine->reports);
	list_add_tail(&task->tasks, &machine->tasks);
	machine->nr_alive++;
	TELL(machine, RECORD_TASK, (uint64_t)task->pid, (uint64_t)process->pid,
	     (uint64_t)process->ppid, mm_id(task->mm), object_id(&machine->kernel, task->stack));
}

int task_create(struct task **out, struct machine *machine, const char *cwd)
{
	struct task_report *report = calloc(1, sizeof(*report));
	struct process *process = process_create(machine);
	struct task *task = alloc_task(machine);
	int err = -ENOMEM;

	if (!task || !process || !report)
		goto fail;
	task->fs = create_fs(cwd);
	task->sighand = create_sighand();
	if (!task->fs || !task->sighand)
		goto fail;
	err = files_create(&task->files, machine->vfs);
	if (err)
		goto fail;
	add_task(task, report, process);
	process->pgid = process->sid = process->pid;
	machine->terminal.session = machine->terminal.foreground = process->pid;
	*out = task;
	return 0;
fail:
	task_free(task);
	process_destroy(process);
	free(report);
	return err;
}

int task_create_bare(struct task **out, struct machine *machine, int32_t pid, int32_t tgid,
                     int32_t ppid)
{
	struct process *process = process_find(machine, tgid);
	struct process *created = process ? NULL : process_create(machine);
	struct task_report *report = calloc(1, sizeof(*report));
	struct task *task = alloc_bare_task(machine);

	if (!task || !report || (!process && !created)) {
		free(task);
		free(report);
		process_destroy(created);
		return -ENOMEM;
	}
	if (created) {
		process = created;
		process->pid = tgid;
		process->ppid = ppid;
	}
	task->pid = pid;
	add_task(task, report, process);
	*out = task;
	return 0;
}

/* ---- copies ---- */

/* What there is none of: namespaces, file descriptors of processes, and so on. */
#define KNOWN_FLAGS                                                                                \
	((uint64_t)(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_PTRACE |             \
	            CLONE_VFORK | CLONE_PARENT | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |     \
	            CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_DETACHED | CLONE_UNTRACED | \
	            CLONE_CHILD_SETTID | CLONE_IO) |                                               \
	 CLONE_CLEAR_SIGHAND)

static int check_flags(uint64_t flags)
{
	if (flags & ~KNOWN_FLAGS)
		return -EINVAL;
	if (flags & CLONE_THREAD && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if (flags & CLONE_SIGHAND && !(flags & CLONE_VM))
		return -EINVAL;
	return flags & CLONE_SIGHAND && flags & CLONE_CLEAR_SIGHAND ? -EINVAL : 0;
}

/* Simplified: all tasks are the one user's, and the limit is its own for root, too. */
static bool is_too_many(const struct task *parent)
{
	return parent->machine->nr_alive >= parent->process->rlimits[LIMIT_NPROC][0];
}

static int copy_fs(struct task *child, const struct task *parent, uint64_t flags)
{
	if (flags & CLONE_FS) {
		child->fs = parent->fs;
		child->fs->users++;
		return 0;
	}
	child->fs = create_fs(parent->fs->cwd);
	if (!child->fs)
		return -ENOMEM;
	child->fs->umask = parent->fs->umask;
	return 0;
}

static int copy_sighand(struct task *child, const struct task *parent, uint64_t flags)
{
	if (flags & CLONE_SIGHAND) {
		child->sighand = parent->sighand;
		child->sighand->users++;
		return 0;
	}
	child->sighand = create_sighand();
	if (!child->sighand)
		return -ENOMEM;
	memcpy(child->sighand->actions, parent->sighand->actions, sizeof(child->sighand->actions));
	if (flags & CLONE_CLEAR_SIGHAND)
		signal_clear_handlers(child);
	return 0;
}

static int copy_files(struct task *child, struct task *parent, uint64_t flags)
{
	if (!(flags & CLONE_FILES))
		return files_clone(&child->files, parent->files);
	child->files = files_share(parent->files);
	return 0;
}

static int copy_mm(struct task *child, struct task *parent, uint64_t flags)
{
	if (flags & CLONE_VM) {
		child->mm = parent->mm;
		call_mmget(&parent->machine->kernel, child->mm);
		return 0;
	}
	child->mm = call_dup_mm(&parent->machine->kernel, parent->mm);
	return child->mm ? 0 : -ENOMEM;
}

/* What the child begins with; a new stack has no alternate one. */
static void copy_signals(struct task *child, const struct task *parent, uint64_t flags)
{
	const struct signals *from = &parent->signals;

	child->signals.blocked = from->blocked;
	if (flags & CLONE_VM && !(flags & CLONE_VFORK))
		return;
	child->signals.altstack = from->altstack;
	child->signals.altstack_size = from->altstack_size;
	child->signals.altstack_flags = from->altstack_flags;
}

static int set_tls(struct task *child, struct task *parent, va_t tls)
{
	if (child->regs.is_32)
		return set_thread_area(parent, &child->regs, tls, false);
	child->regs.fs_base = tls;
	return 0;
}

static int copy_thread(struct task *child, struct task *parent, const struct clone_request *args)
{
	int err = 0;

	child->regs = parent->regs;
	child->regs.gpr[REG_AX] = 0;
	if (args->stack)
		child->regs.gpr[REG_SP] = args->stack;
	if (args->flags & CLONE_SETTLS)
		err = set_tls(child, parent, args->tls);
	engine_get_fpu(parent->machine->engine, &child->fpu);
	memcpy(child->comm, parent->comm, sizeof(child->comm));
	if (args->flags & CLONE_CHILD_SETTID)
		child->set_child_tid = args->child_tid;
	if (args->flags & CLONE_CHILD_CLEARTID)
		child->clear_child_tid = args->child_tid;
	child->is_vfork_child = args->flags & CLONE_VFORK;
	if (args->flags & CLONE_VM)
		return err;
	child->rseq = parent->rseq;
	return err;
}

static int copy_parts(struct task *child, struct task *parent, const struct clone_request *args)
{
	int err = copy_files(child, parent, args->flags);

	if (!err)
		err = copy_fs(child, parent, args->flags);
	if (!err)
		err = copy_sighand(child, parent, args->flags);
	if (!err && parent->exe) {
		child->exe = strdup(parent->exe);
		err = child->exe ? 0 : -ENOMEM;
	}
	if (!err)
		err = copy_mm(child, parent, args->flags);
	if (err)
		return err;
	child->cpu = parent->cpu;
	copy_task_policy(&child->numa, &parent->numa);
	copy_signals(child, parent, args->flags);
	return copy_thread(child, parent, args);
}

/* The process that the child is in. NULL: no memory. */
static struct process *copy_process(struct task *parent, const struct clone_request *args)
{
	struct process *from = parent->process, *process;

	if (args->flags & CLONE_THREAD)
		return from;
	process = process_create(parent->machine);
	if (!process)
		return NULL;
	process->pgid = from->pgid;
	process->sid = from->sid;
	process->exit_signal = (int)args->exit_signal;
	memcpy(process->rlimits, from->rlimits, sizeof(process->rlimits));
	if (!(args->flags & CLONE_PARENT))
		process_set_parent(process, from);
	else if (from->parent)
		process_set_parent(process, from->parent);
	else
		process->ppid = from->ppid;
	return process;
}

static void drop_parts(struct task *child)
{
	files_destroy(child->files);
	if (child->mm)
		call_mmput(&child->machine->kernel, child->mm);
	task_free(child);
}

int64_t task_clone(struct task *parent, const struct clone_request *args)
{
	struct machine *machine = parent->machine;
	struct task_report *report;
	struct process *process;
	struct task *child;
	int err = check_flags(args->flags);

	if (err)
		return err;
	if (is_too_many(parent))
		return -EAGAIN;
	report = calloc(1, sizeof(*report));
	process = copy_process(parent, args);
	child = alloc_task(machine);
	err = -ENOMEM;
	if (!report || !process || !child)
		goto fail;
	err = copy_parts(child, parent, args);
	if (err)
		goto fail;
	add_task(child, report, process);
	if (parent->report->argv)
		task_set_argv(child, parent->report->argv); /* only reports want it */
	if (!(args->flags & CLONE_VM))
		child->mm->owner_pid = child->pid;
	call_mm_owner(&machine->kernel, child->mm);
	if (args->flags & CLONE_PARENT_SETTID)
		copy_to_user(parent, args->parent_tid, &child->pid, sizeof(child->pid));
	sched_start(child);
	return child->pid;
fail:
	if (child)
		drop_parts(child);
	if (process && !(args->flags & CLONE_THREAD))
		process_destroy(process);
	free(report);
	return err;
}
