// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls that only i386 has, or has so differently that forms (sim/compat.h) do
 * not tell (Linux 6.1, arch/x86/kernel/sys_ia32.c, arch/x86/kernel/tls.c,
 * kernel/compat.c, fs/compat.c).
 */
#include "sim/sys32.h"
#include "sim/compat.h"
#include "sim/ipc_shm.h"
#include "sim/machine.h"
#include "sim/signal_frame.h"
#include "sim/usercopy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

/* ---- memory ---- */

/* The offset is in pages. */
int64_t sys32_mmap2(struct task *task, const uint64_t arg[6])
{
	const uint64_t wide[6] = { arg[0], arg[1], arg[2], arg[3], arg[4], arg[5] << PAGE_SHIFT };

	return sys_mmap(task, wide);
}

/* Arguments in memory, as Linux 0.9 had them. */
static int get_arguments(struct task *task, va_t va, uint64_t arg[6], unsigned nr)
{
	uint32_t words[6];

	if (copy_from_user(task, words, va, nr * sizeof(words[0])))
		return -EFAULT;
	for (unsigned i = 0; i < nr; i++)
		arg[i] = words[i];
	return 0;
}

int64_t sys32_old_mmap(struct task *task, const uint64_t arg[6])
{
	uint64_t wide[6];
	int err = get_arguments(task, arg[0], wide, 6);

	return err ? err : sys_mmap(task, wide);
}

/* ---- shared memory ---- */

/* Numbers of the calls that ipc(2) stands for (include/uapi/linux/ipc.h). */
enum { IPC_SHMAT = 21, IPC_SHMDT = 22, IPC_SHMGET = 23, IPC_SHMCTL = 24 };

#define IPC_64 0x100u /* structures of the newer form */

static int64_t ipc_shmat(struct task *task, const uint64_t arg[6])
{
	int64_t va = shm_attach(task, (int32_t)arg[1], arg[4], (uint32_t)arg[2]);
	uint32_t result = (uint32_t)va;

	if (va < 0)
		return va;
	return copy_to_user(task, arg[3], &result, sizeof(result)) ? -EFAULT : 0;
}

/* The high half of the call's number is a version, which only 1 makes different: that
 * of iBCS2, which is not there. Simplified: structures of the older form are refused. */
int64_t sys32_ipc(struct task *task, const uint64_t arg[6])
{
	const uint32_t command = (uint32_t)arg[2] & ~IPC_64;

	switch ((uint32_t)arg[0] & 0xffff) {
	case IPC_SHMAT:
		return arg[0] >> 16 == 1 ? -EINVAL : ipc_shmat(task, arg);
	case IPC_SHMDT:
		return sys_shmdt(task, (const uint64_t[6]){ arg[4] });
	case IPC_SHMGET:
		return sys_shmget(task, (const uint64_t[6]){ arg[1], arg[2], arg[3] });
	case IPC_SHMCTL:
		return arg[2] & IPC_64 || !command
		           ? sys_shmctl(task, (const uint64_t[6]){ arg[1], command, arg[4] })
		           : -EINVAL;
	}
	return -ENOSYS;
}

/* ---- files ---- */

int64_t sys32_old_select(struct task *task, const uint64_t arg[6])
{
	uint64_t wide[6] = { 0 };
	int err = get_arguments(task, arg[0], wide, 5);

	return err ? err : compat_make_call(task, sys_select, ".<b<b<b<t", wide);
}

int64_t sys32_llseek(struct task *task, const uint64_t arg[6])
{
	const uint64_t wide[6] = { arg[0], arg[1] << 32 | arg[2], arg[4] };
	int64_t pos = sys_lseek(task, wide);

	if (pos < 0)
		return pos;
	return copy_to_user(task, arg[3], &pos, sizeof(pos)) ? -EFAULT : 0;
}

/* In i386's fcntl64(2) these are other numbers (include/uapi/asm-generic/fcntl.h). */
enum { F_GETLK64_ = 12, F_SETLK64_ = 13, F_SETLKW64_ = 14 };

int64_t sys32_fcntl(struct task *task, const uint64_t arg[6])
{
	uint64_t wide[6] = { arg[0], arg[1], arg[2] };
	int err = 0;

	switch ((uint32_t)arg[1]) {
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
		err = compat_translate(task, "<L", &wide[2]);
		break;
	case F_GETLK64_:
	case F_SETLK64_:
	case F_SETLKW64_:
		wide[1] = wide[1] - F_GETLK64_ + F_GETLK;
		err = compat_translate(task, "<Q", &wide[2]);
		break;
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		err = compat_translate(task, "<Q", &wide[2]);
		break;
	}
	return err ? err : sys_fcntl(task, wide);
}

#define STATFS64_BYTES 84

int64_t sys32_statfs64(struct task *task, const uint64_t arg[6])
{
	const uint64_t wide[6] = { arg[0], arg[2] };

	return arg[1] == STATFS64_BYTES ? sys_statfs(task, wide) : -EINVAL;
}

int64_t sys32_fstatfs64(struct task *task, const uint64_t arg[6])
{
	const uint64_t wide[6] = { arg[0], arg[2] };

	return arg[1] == STATFS64_BYTES ? sys_fstatfs(task, wide) : -EINVAL;
}

/* ---- signals: the calls that know 32 of them ---- */

#define SIGSET_BYTES 8

int64_t sys32_sigaction(struct task *task, const uint64_t arg[6])
{
	const uint64_t wide[6] = { arg[0], arg[1], arg[2], SIGSET_BYTES };

	return sys_rt_sigaction(task, wide);
}

/* The other signals' bits stay as they are. */
int64_t sys32_sigprocmask(struct task *task, const uint64_t arg[6])
{
	const uint64_t others = task->signals.blocked & ~(uint64_t)UINT32_MAX;
	uint64_t wide[6] = { arg[0], 0, 0, SIGSET_BYTES }, set;
	uint32_t low, old = (uint32_t)task->signals.blocked;
	int64_t err;

	if (arg[1]) {
		if (copy_from_user(task, &low, arg[1], sizeof(low)))
			return -EFAULT;
		set = (int32_t)arg[0] == SIG_SETMASK ? others | low : low;
		wide[1] = compat_put(task, &set, sizeof(set));
	}
	err = sys_rt_sigprocmask(task, wide);
	return err || !arg[2] ? err : copy_to_user(task, arg[2], &old, sizeof(old));
}

int64_t sys32_sigpending(struct task *task, const uint64_t arg[6])
{
	const uint64_t wide[6] = { arg[0], SIGSET_BYTES };

	return sys_rt_sigpending(task, wide);
}

/* The mask is the third argument, and no pointer. */
int64_t sys32_sigsuspend(struct task *task, const uint64_t arg[6])
{
	const uint64_t set = arg[2];
	const uint64_t wide[6] = { compat_put(task, &set, sizeof(set)), SIGSET_BYTES };

	return sys_rt_sigsuspend(task, wide);
}

/* Both leave by the frame's registers. */
static int64_t return_from_handler(struct task *task, bool is_rt)
{
	if (!signal_frame32_return(task, is_rt))
		signal_force(task, &(struct signal_info){ .signo = SIGSEGV, .code = SI_KERNEL });
	return SYSCALL_REGS_SET;
}

int64_t sys32_sigreturn(struct task *task, const uint64_t arg[6])
{
	return return_from_handler(task, false);
}

int64_t sys32_rt_sigreturn(struct task *task, const uint64_t arg[6])
{
	return return_from_handler(task, true);
}

/* ---- processes ---- */

int64_t sys32_waitpid(struct task *task, const uint64_t arg[6])
{
	const uint64_t wide[6] = { arg[0], arg[1], arg[2] };

	return sys_wait4(task, wide);
}

/* The last two arguments are the other way round. */
int64_t sys32_clone(struct task *task, const uint64_t arg[6])
{
	const uint64_t wide[6] = { arg[0], arg[1], arg[2], arg[4], arg[3] };

	return sys_clone(task, wide);
}

/* With two words a limit may be as high as a signed one says. */
int64_t sys32_old_getrlimit(struct task *task, const uint64_t arg[6])
{
	const uint64_t *limit;
	uint32_t out[2];

	if ((uint32_t)arg[0] >= NR_RLIMITS)
		return -EINVAL;
	limit = task->process->rlimits[(uint32_t)arg[0]];
	for (int i = 0; i < 2; i++)
		out[i] = limit[i] > INT32_MAX ? INT32_MAX : (uint32_t)limit[i];
	return copy_to_user(task, arg[1], out, sizeof(out));
}

/* The fourth argument is a time only where the operation waits. */
int64_t sys32_futex(struct task *task, const uint64_t arg[6])
{
	enum { WAIT = 0, LOCK_PI = 6, WAIT_BITSET = 9, WAIT_REQUEUE_PI = 11, LOCK_PI2 = 13 };
	uint64_t wide[6] = { arg[0], arg[1], arg[2], arg[3], arg[4], arg[5] };
	int err = 0;

	switch ((uint32_t)arg[1] & 0x7f) {
	case WAIT:
	case LOCK_PI:
	case WAIT_BITSET:
	case WAIT_REQUEUE_PI:
	case LOCK_PI2:
		err = compat_translate(task, "<t", &wide[3]);
		break;
	}
	return err ? err : sys_futex(task, wide);
}

#define ROBUST_LIST_BYTES_32 12
#define ROBUST_LIST_BYTES_64 24

int64_t sys32_set_robust_list(struct task *task, const uint64_t arg[6])
{
	const uint64_t wide[6] = { arg[0], ROBUST_LIST_BYTES_64 };

	return arg[1] == ROBUST_LIST_BYTES_32 ? sys_set_robust_list(task, wide) : -EINVAL;
}

/* ---- thread-local storage (Linux: do_set_thread_area()) ---- */

/* Which of the task's entries a number of the GDT means; -1: none. */
static int tls_index(const struct task *task, uint32_t entry)
{
	uint32_t first = machine_segments(task->machine)->first_tls;

	return entry >= first && entry < first + NR_TLS_ENTRIES ? (int)(entry - first) : -1;
}

static int free_tls_index(const struct x86_regs *regs)
{
	for (int i = 0; i < NR_TLS_ENTRIES; i++)
		if (!regs->tls[i])
			return i;
	return -1;
}

int set_thread_area(struct task *task, struct x86_regs *regs, va_t va, bool may_choose)
{
	struct user_desc desc;
	int index;

	if (copy_from_user(task, &desc, va, sizeof(desc)))
		return -EFAULT;
	if (!user_desc_is_allowed(&desc))
		return -EINVAL;
	if (desc.entry_number == UINT32_MAX && may_choose) {
		index = free_tls_index(regs);
		if (index < 0)
			return -ESRCH;
		desc.entry_number = machine_segments(task->machine)->first_tls + (uint32_t)index;
		if (copy_to_user(task, va, &desc.entry_number, sizeof(desc.entry_number)))
			return -EFAULT;
	}
	index = tls_index(task, desc.entry_number);
	if (index < 0)
		return -EINVAL;
	regs->tls[index] = user_desc_pack(&desc);
	return 0;
}

int64_t sys32_set_thread_area(struct task *task, const uint64_t arg[6])
{
	task->regs_changed = true;
	return set_thread_area(task, &task->regs, arg[0], true);
}

int64_t sys32_get_thread_area(struct task *task, const uint64_t arg[6])
{
	struct user_desc desc;
	int index;

	if (copy_from_user(task, &desc.entry_number, arg[0], sizeof(desc.entry_number)))
		return -EFAULT;
	index = tls_index(task, desc.entry_number);
	if (index < 0)
		return -EINVAL;
	user_desc_unpack(&desc, task->regs.tls[index]);
	return copy_to_user(task, arg[0], &desc, sizeof(desc));
}
