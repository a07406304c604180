// SPDX-License-Identifier: GPL-2.0-or-later
/* System calls about the task itself: identity, limits, exec. */
#include "sim/exec.h"
#include "sim/machine.h"
#include "sim/sched.h"
#include "sim/syscall.h"
#include "sim/usercopy.h"

#include "mm/mm.h"
#include "mm/page_alloc.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1000000000u

/* ---- identity ---- */

int64_t sys_getpid(struct task *task, const uint64_t arg[6])
{
	return task->process->pid;
}

int64_t sys_gettid(struct task *task, const uint64_t arg[6])
{
	return task->pid;
}

int64_t sys_getppid(struct task *task, const uint64_t arg[6])
{
	return task->process->ppid;
}

/* Real and effective ids are the same: nothing is set-user-ID here. */
static struct vfs_credentials credentials(const struct task *task)
{
	return vfs_credentials(task->machine->vfs);
}

int64_t sys_getuid(struct task *task, const uint64_t arg[6])
{
	return credentials(task).uid;
}

int64_t sys_geteuid(struct task *task, const uint64_t arg[6])
{
	return credentials(task).uid;
}

int64_t sys_getgid(struct task *task, const uint64_t arg[6])
{
	return credentials(task).gid;
}

int64_t sys_getegid(struct task *task, const uint64_t arg[6])
{
	return credentials(task).gid;
}

/* An unprivileged user's rights: to be who he is already. Simplified: for root, too. */
static int64_t become(uint32_t wanted, uint32_t own)
{
	return wanted == own || wanted == UINT32_MAX ? 0 : -EPERM;
}

int64_t sys_setuid(struct task *task, const uint64_t arg[6])
{
	if ((uint32_t)arg[0] == UINT32_MAX)
		return -EINVAL;
	return become((uint32_t)arg[0], credentials(task).uid);
}

int64_t sys_setgid(struct task *task, const uint64_t arg[6])
{
	if ((uint32_t)arg[0] == UINT32_MAX)
		return -EINVAL;
	return become((uint32_t)arg[0], credentials(task).gid);
}

static int64_t become_all(const uint64_t *wanted, int nr, uint32_t own)
{
	for (int i = 0; i < nr; i++)
		if (become((uint32_t)wanted[i], own))
			return -EPERM;
	return 0;
}

int64_t sys_setreuid(struct task *task, const uint64_t arg[6])
{
	return become_all(arg, 2, credentials(task).uid);
}

int64_t sys_setregid(struct task *task, const uint64_t arg[6])
{
	return become_all(arg, 2, credentials(task).gid);
}

int64_t sys_setresuid(struct task *task, const uint64_t arg[6])
{
	return become_all(arg, 3, credentials(task).uid);
}

int64_t sys_setresgid(struct task *task, const uint64_t arg[6])
{
	return become_all(arg, 3, credentials(task).gid);
}

/* Answer the id so far, and change nothing. */
int64_t sys_setfsuid(struct task *task, const uint64_t arg[6])
{
	return credentials(task).uid;
}

int64_t sys_setfsgid(struct task *task, const uint64_t arg[6])
{
	return credentials(task).gid;
}

static int64_t put_ids(struct task *task, const uint64_t arg[6], uint32_t id)
{
	for (int i = 0; i < 3; i++)
		if (copy_to_user(task, arg[i], &id, sizeof(id)))
			return -EFAULT;
	return 0;
}

int64_t sys_getresuid(struct task *task, const uint64_t arg[6])
{
	return put_ids(task, arg, credentials(task).uid);
}

int64_t sys_getresgid(struct task *task, const uint64_t arg[6])
{
	return put_ids(task, arg, credentials(task).gid);
}

int64_t sys_setgroups(struct task *task, const uint64_t arg[6])
{
	return -EPERM;
}

int64_t sys_getgroups(struct task *task, const uint64_t arg[6])
{
	struct vfs_credentials who = credentials(task);
	int32_t size = (int32_t)arg[0];

	if (size < 0 || (size && (uint32_t)size < who.nr_groups))
		return -EINVAL;
	if (size && copy_to_user(task, arg[1], who.groups, who.nr_groups * sizeof(*who.groups)))
		return -EFAULT;
	return who.nr_groups;
}

/* The process that a pid argument names; 0: the caller's own. */
static struct process *process_of(const struct task *task, uint64_t pid)
{
	return (int32_t)pid ? process_find(task->machine, (int32_t)pid) : task->process;
}

/* The task that one names, which may be any thread. */
static struct task *task_of(struct task *task, uint64_t pid)
{
	return (int32_t)pid ? task_find(task->machine, (int32_t)pid) : task;
}

int64_t sys_getpgrp(struct task *task, const uint64_t arg[6])
{
	return task->process->pgid;
}

int64_t sys_getpgid(struct task *task, const uint64_t arg[6])
{
	const struct process *process = process_of(task, arg[0]);

	return process ? process->pgid : -ESRCH;
}

int64_t sys_getsid(struct task *task, const uint64_t arg[6])
{
	const struct process *process = process_of(task, arg[0]);

	return process ? process->sid : -ESRCH;
}

/* Linux 6.1, kernel/sys.c. */
int64_t sys_setpgid(struct task *task, const uint64_t arg[6])
{
	struct process *process = process_of(task, arg[0]), *self = task->process;
	int32_t pgid = (int32_t)arg[1];

	if (pgid < 0)
		return -EINVAL;
	if (!process || (process != self && process->parent != self))
		return -ESRCH;
	if (process != self && process->sid != self->sid)
		return -EPERM;
	if (process != self && process->has_execed)
		return -EACCES;
	if (process->sid == process->pid)
		return -EPERM;
	pgid = pgid ? pgid : process->pid;
	if (pgid != process->pid && process_group_session(task->machine, pgid) != self->sid)
		return -EPERM;
	process->pgid = pgid;
	return 0;
}

int64_t sys_setsid(struct task *task, const uint64_t arg[6])
{
	struct process *process = task->process;

	if (process->pgid == process->pid || process_group_session(task->machine, process->pid))
		return -EPERM;
	process->sid = process->pgid = process->pid;
	return process->sid;
}

int64_t sys_uname(struct task *task, const uint64_t arg[6])
{
	char name[6][65] = {
		"Linux",  "pagewalk", "6.18.0-pagewalk", "#1 SMP PREEMPT_DYNAMIC",
		"x86_64", "(none)",
	};

	if (machine_is_32(task->machine))
		strcpy(name[4], "i686");

	return copy_to_user(task, arg[0], name, sizeof(name));
}

int64_t sys_personality(struct task *task, const uint64_t arg[6])
{
	const uint32_t no_randomize = 0x0040000;

	/* Simplified: it is asked for, never changed. */
	if ((uint32_t)arg[0] != UINT32_MAX && (uint32_t)arg[0] != no_randomize)
		return -EINVAL;
	return no_randomize;
}

/* Root has every capability, in the third version's two words. */
int64_t sys_capget(struct task *task, const uint64_t arg[6])
{
	const uint32_t version = 0x20080522;
	uint32_t header[2]; /* version, pid */
	static const uint32_t all[6] = {
		UINT32_MAX, UINT32_MAX, 0, /* effective, permitted, inheritable: low */
		0x1ff,      0x1ff,      0, /* the same: high */
	};

	if (copy_from_user(task, header, arg[0], sizeof(header)))
		return -EFAULT;
	if (header[0] != version) {
		if (copy_to_user(task, arg[0], &version, sizeof(version)))
			return -EFAULT;
		return arg[1] ? -EINVAL : 0;
	}
	if (!task_of(task, header[1]))
		return -ESRCH;
	return arg[1] ? copy_to_user(task, arg[1], all, sizeof(all)) : 0;
}

/* ---- CPU state ---- */

int64_t sys_arch_prctl(struct task *task, const uint64_t arg[6])
{
	enum { SET_GS = 0x1001, SET_FS, GET_FS, GET_GS };
	const va_t top = task->mm->task_size;

	switch ((int32_t)arg[0]) {
	case SET_GS:
		if (arg[1] >= top)
			return -EPERM;
		task->regs.gs_base = arg[1];
		return 0;
	case SET_FS:
		if (arg[1] >= top)
			return -EPERM;
		task->regs.fs_base = arg[1];
		return 0;
	case GET_FS:
		return copy_to_user(task, arg[1], &task->regs.fs_base, 8);
	case GET_GS:
		return copy_to_user(task, arg[1], &task->regs.gs_base, 8);
	default:
		return -EINVAL; /* no CET, no AMX */
	}
}

int64_t sys_prctl(struct task *task, const uint64_t arg[6])
{
	enum {
		SET_PDEATHSIG = 1,
		GET_PDEATHSIG = 2,
		GET_DUMPABLE = 3,
		SET_DUMPABLE = 4,
		SET_NAME = 15,
		GET_NAME = 16,
		CAPBSET_READ = 23,
		SET_NO_NEW_PRIVS = 38,
		GET_NO_NEW_PRIVS = 39,
	};
	char comm[TASK_COMM_LEN] = "";
	const int32_t none = 0;
	int64_t len;

	switch ((int32_t)arg[0]) {
	case SET_PDEATHSIG:
		return arg[1] > NR_SIGNALS ? -EINVAL : 0;
	case GET_PDEATHSIG:
		return copy_to_user(task, arg[1], &none, sizeof(none));
	case GET_DUMPABLE:
		return 1;
	case SET_DUMPABLE:
		return arg[1] > 1 ? -EINVAL : 0;
	case SET_NAME:
		len = strncpy_from_user(task, comm, arg[1], sizeof(comm) - 1);
		if (len == -EFAULT)
			return -EFAULT;
		comm[sizeof(comm) - 1] = 0;
		memcpy(task->comm, comm, sizeof(comm));
		return 0;
	case GET_NAME:
		memcpy(comm, task->comm, strnlen(task->comm, sizeof(comm) - 1));
		return copy_to_user(task, arg[1], comm, sizeof(comm));
	case CAPBSET_READ:
		return arg[1] <= 40 ? 1 : -EINVAL;
	case SET_NO_NEW_PRIVS:
		return arg[1] != 1 || arg[2] || arg[3] || arg[4] ? -EINVAL : 0;
	case GET_NO_NEW_PRIVS:
		return 0;
	default:
		return -EINVAL;
	}
}

/* ---- threads' small things ---- */

int64_t sys_set_tid_address(struct task *task, const uint64_t arg[6])
{
	task->clear_child_tid = arg[0];
	return task->pid;
}

int64_t sys_set_robust_list(struct task *task, const uint64_t arg[6])
{
	if (arg[1] != 24)
		return -EINVAL;
	task->robust_list = arg[0];
	return 0;
}

int64_t sys_membarrier(struct task *task, const uint64_t arg[6])
{
	/* GLOBAL, both EXPEDITED and their REGISTER: nothing to do, as CPUs take turns and
	 * see each other's stores at once. */
	const uint64_t commands = 0x1f;

	if (arg[1])
		return -EINVAL;
	if (!arg[0])
		return (int64_t)commands;
	return (arg[0] & (arg[0] - 1)) == 0 && (arg[0] & commands) ? 0 : -EINVAL;
}

/* ---- limits ---- */

static int set_limit(struct process *process, unsigned resource, const uint64_t limit[2])
{
	const uint64_t nr_open = 1024 * 1024; /* /proc/sys/fs/nr_open */

	if (limit[0] > limit[1])
		return -EINVAL;
	if (resource == LIMIT_NOFILE && limit[1] > nr_open)
		return -EPERM;
	memcpy(process->rlimits[resource], limit, sizeof(process->rlimits[resource]));
	task_apply_limits(list_first_entry(&process->threads, struct task, thread));
	return 0;
}

int64_t sys_getrlimit(struct task *task, const uint64_t arg[6])
{
	if ((uint32_t)arg[0] >= NR_RLIMITS)
		return -EINVAL;
	return copy_to_user(task, arg[1], task->process->rlimits[(uint32_t)arg[0]], 16);
}

int64_t sys_setrlimit(struct task *task, const uint64_t arg[6])
{
	uint64_t limit[2];

	if (copy_from_user(task, limit, arg[1], sizeof(limit)))
		return -EFAULT;
	if ((uint32_t)arg[0] >= NR_RLIMITS)
		return -EINVAL;
	return set_limit(task->process, (uint32_t)arg[0], limit);
}

/* In the order of Linux's touches: the new limit is read first, the old one
 * written last. */
int64_t sys_prlimit64(struct task *task, const uint64_t arg[6])
{
	const uint32_t resource = (uint32_t)arg[1];
	uint64_t new_limit[2], old_limit[2];
	struct process *process;
	int err;

	if (arg[2] && copy_from_user(task, new_limit, arg[2], sizeof(new_limit)))
		return -EFAULT;
	process = process_of(task, arg[0]);
	if (!process)
		return -ESRCH;
	if (resource >= NR_RLIMITS)
		return -EINVAL;
	memcpy(old_limit, process->rlimits[resource], sizeof(old_limit));
	if (arg[2]) {
		err = set_limit(process, resource, new_limit);
		if (err)
			return err;
	}
	return arg[3] ? copy_to_user(task, arg[3], old_limit, sizeof(old_limit)) : 0;
}

int64_t sys_sysinfo(struct task *task, const uint64_t arg[6])
{
	struct kernel *k = &task->machine->kernel;
	struct {
		int64_t uptime;
		uint64_t loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
		uint16_t procs, pad;
		uint32_t pad2;
		uint64_t totalhigh, freehigh;
		uint32_t mem_unit;
		uint32_t pad3;
	} info = {
		.uptime = (int64_t)(machine_now_ns(task->machine) / NS_PER_S),
		.totalram = k->totalram_pages * PAGE_SIZE,
		.freeram = nr_free_pages(k) * PAGE_SIZE,
		.sharedram = vmstat_value(k, NR_SHMEM) * PAGE_SIZE,
		.totalswap = k->swap.total_swap_pages * PAGE_SIZE,
		.freeswap = k->swap.nr_swap_pages * PAGE_SIZE,
		.mem_unit = 1,
	};
	struct task *t;

	_Static_assert(sizeof(info) == 112, "struct sysinfo of the ABI");
	list_for_each_entry (t, &task->machine->tasks, tasks)
		info.procs += !task_has_ended(t);
	return copy_to_user(task, arg[0], &info, sizeof(info));
}

/* ---- CPUs and priorities ---- */

int64_t sys_sched_yield(struct task *task, const uint64_t arg[6])
{
	sched_yield_cpu(task_cpu(task));
	return 0;
}

int64_t sys_sched_getaffinity(struct task *task, const uint64_t arg[6])
{
	const uint32_t len = (uint32_t)arg[1];
	const uint64_t mask = ((uint64_t)1 << task->machine->config.cpus) - 1;

	if (len < sizeof(mask) || len % sizeof(mask))
		return -EINVAL;
	if (!task_of(task, arg[0]))
		return -ESRCH;
	return copy_to_user(task, arg[2], &mask, sizeof(mask)) ? -EFAULT : (int64_t)sizeof(mask);
}

int64_t sys_getcpu(struct task *task, const uint64_t arg[6])
{
	const uint32_t cpu = task->cpu, node = cpu_to_node(&task->machine->kernel, cpu);

	if ((arg[0] && copy_to_user(task, arg[0], &cpu, sizeof(cpu))) ||
	    (arg[1] && copy_to_user(task, arg[1], &node, sizeof(node))))
		return -EFAULT;
	return 0;
}

/* The system call answers 20 - nice, so that it is never negative. */
int64_t sys_getpriority(struct task *task, const uint64_t arg[6])
{
	return (uint32_t)arg[0] > 2 ? -EINVAL : 20;
}

int64_t sys_setpriority(struct task *task, const uint64_t arg[6])
{
	return (uint32_t)arg[0] > 2 ? -EINVAL : 0;
}

/* ---- randomness: from the machine's seed ---- */

int64_t sys_getrandom(struct task *task, const uint64_t arg[6])
{
	const uint64_t at_most = 32 * MIB;
	uint64_t len = arg[1] > INT32_MAX ? INT32_MAX : arg[1], done = 0;
	uint8_t bytes[256];

	if ((uint32_t)arg[2] & ~7u || ((uint32_t)arg[2] & 6u) == 6u)
		return -EINVAL;
	if (len > at_most)
		len = at_most;
	while (done < len) {
		size_t part = len - done < sizeof(bytes) ? (size_t)(len - done) : sizeof(bytes);

		machine_random(task->machine, bytes, part);
		if (copy_to_user(task, arg[0] + done, bytes, part))
			return done ? (int64_t)done : -EFAULT;
		done += part;
	}
	return (int64_t)done;
}

/* ---- execve ---- */

#define ARG_STRING_BYTES (128 * KIB) /* MAX_ARG_STRLEN */
#define ARG_BYTES_MAX (6 * MIB)      /* pointers too; bprm_stack_limits(): 3/4 of _STK_LIM */

static void free_strings(char **strings)
{
	for (char **s = strings; s && *s; s++)
		free(*s);
	free(strings);
}

/* One string of the user's, malloc'ed. 0 or -errno. */
static int copy_string(struct task *task, va_t va, char *buffer, char **out)
{
	int64_t len = strncpy_from_user(task, buffer, va, ARG_STRING_BYTES);

	if (len < 0)
		return len == -ENAMETOOLONG ? -E2BIG : (int)len;
	*out = strdup(buffer);
	return *out ? 0 : -ENOMEM;
}

/* An array of strings as execve(2) takes it; NULL is an empty one. All arrays together
 * have *bytes_left. The exact limit, which is lower for a small stack, is exec's to
 * know; this one keeps a guest from filling the host's memory. */
static int copy_strings(struct task *task, va_t va, char *buffer, uint64_t *bytes_left, char ***out)
{
	size_t room = 16, nr = 0;
	char **strings = calloc(room + 1, sizeof(*strings)), **more;
	int err = -ENOMEM;
	uint64_t string;

	if (!strings)
		return -ENOMEM;
	for (;; nr++) {
		err = -EFAULT;
		if (va && get_user_pointer(task, &string, va, nr))
			goto fail;
		if (!va || !string)
			break;
		if (nr == room) {
			room *= 2;
			more = realloc(strings, (room + 1) * sizeof(*strings));
			err = -ENOMEM;
			if (!more)
				goto fail;
			strings = more;
			memset(strings + nr, 0, (room + 1 - nr) * sizeof(*strings));
		}
		err = copy_string(task, string, buffer, &strings[nr]);
		if (err)
			goto fail;
		err = -E2BIG;
		if (*bytes_left < sizeof(string) + strlen(strings[nr]) + 1)
			goto fail;
		*bytes_left -= sizeof(string) + strlen(strings[nr]) + 1;
	}
	*out = strings;
	return 0;
fail:
	free_strings(strings);
	return err;
}

int64_t sys_execve(struct task *task, const uint64_t arg[6])
{
	char **argv = NULL, **envp = NULL, *path = NULL;
	char *buffer = malloc(ARG_STRING_BYTES);
	uint64_t bytes_left = ARG_BYTES_MAX;
	char why[256];
	int err = -ENOMEM;

	if (!buffer)
		return -ENOMEM;
	err = copy_string(task, arg[0], buffer, &path);
	if (!err)
		err = copy_strings(task, arg[1], buffer, &bytes_left, &argv);
	if (!err)
		err = copy_strings(task, arg[2], buffer, &bytes_left, &envp);
	if (!err)
		err = task_exec(task, path, argv, envp, why, sizeof(why));
	free(path);
	free_strings(argv);
	free_strings(envp);
	free(buffer);
	if (err == -ENOTSUP)
		err = -ENOEXEC;
	return err ? err : SYSCALL_REGS_SET;
}
