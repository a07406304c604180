// SPDX-License-Identifier: GPL-2.0-or-later
/* System calls about signals and interval timers (Linux 6.1, kernel/signal.c,
 * kernel/time/itimer.c). */
#include "sim/machine.h"
#include "sim/sched.h"
#include "sim/syscall.h"
#include "sim/usercopy.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define CANNOT_BLOCK (((uint64_t)1 << (SIGKILL - 1)) | ((uint64_t)1 << (SIGSTOP - 1)))
#define SIGSET_BYTES 8

#define ALTSTACK_AUTODISARM ((int32_t)0x80000000)
#define ALTSTACK_MIN_BYTES 2048

#define NS_PER_S 1000000000u
#define US_PER_S 1000000u

/* struct sigaction of the kernel's ABI. */
struct abi_sigaction {
	uint64_t handler, flags, restorer, mask;
};

int64_t sys_rt_sigaction(struct task *task, const uint64_t arg[6])
{
	int32_t signo = (int32_t)arg[0];
	struct signal_action *action, old;
	struct abi_sigaction user;

	if (arg[3] != SIGSET_BYTES)
		return -EINVAL;
	if (arg[1] && copy_from_user(task, &user, arg[1], sizeof(user)))
		return -EFAULT;
	if (signo < 1 || signo > NR_SIGNALS || (arg[1] && (signo == SIGKILL || signo == SIGSTOP)))
		return -EINVAL;
	action = &task->sighand->actions[signo];
	old = *action;
	if (arg[1])
		*action = (struct signal_action){
			.handler = user.handler,
			.flags = user.flags,
			.restorer = user.restorer,
			.mask = user.mask & ~CANNOT_BLOCK,
		};
	signal_drop_ignored(task, signo);
	if (!arg[2])
		return 0;
	user = (struct abi_sigaction){ old.handler, old.flags, old.restorer, old.mask };
	return copy_to_user(task, arg[2], &user, sizeof(user));
}

int64_t sys_rt_sigprocmask(struct task *task, const uint64_t arg[6])
{
	struct signals *s = &task->signals;
	uint64_t old = s->blocked, set;

	if (arg[3] != SIGSET_BYTES)
		return -EINVAL;
	if (arg[1]) {
		if (copy_from_user(task, &set, arg[1], sizeof(set)))
			return -EFAULT;
		set &= ~CANNOT_BLOCK;
		switch ((int32_t)arg[0]) {
		case SIG_BLOCK:
			s->blocked |= set;
			break;
		case SIG_UNBLOCK:
			s->blocked &= ~set;
			break;
		case SIG_SETMASK:
			s->blocked = set;
			break;
		default:
			return -EINVAL;
		}
	}
	return arg[2] ? copy_to_user(task, arg[2], &old, sizeof(old)) : 0;
}

int64_t sys_rt_sigreturn(struct task *task, const uint64_t arg[6])
{
	signal_return(task);
	return SYSCALL_REGS_SET;
}

int64_t sys_rt_sigpending(struct task *task, const uint64_t arg[6])
{
	uint64_t set =
	    (task->signals.pending.set | task->process->shared.set) & task->signals.blocked;

	if (arg[1] > SIGSET_BYTES)
		return -EINVAL;
	return copy_to_user(task, arg[0], &set, arg[1]);
}

int64_t sys_pause(struct task *task, const uint64_t arg[6])
{
	return signal_is_deliverable(task) ? SYSCALL_ERESTARTNOHAND : wait_block(task, "pause");
}

int64_t sys_rt_sigsuspend(struct task *task, const uint64_t arg[6])
{
	struct signals *s = &task->signals;
	uint64_t set;

	if (arg[1] != SIGSET_BYTES)
		return -EINVAL;
	if (copy_from_user(task, &set, arg[0], sizeof(set)))
		return -EFAULT;
	if (!task->wait.again)
		s->saved_blocked = s->blocked;
	s->blocked = set & ~CANNOT_BLOCK;
	if (!signal_is_deliverable(task))
		return wait_block(task, "rt_sigsuspend");
	s->restore_blocked = true;
	return SYSCALL_ERESTARTNOHAND;
}

/* stack_t of the ABI. */
struct abi_stack {
	uint64_t sp;
	int32_t flags;
	uint32_t pad;
	uint64_t size;
};

static bool is_on_altstack(const struct task *task)
{
	const struct signals *s = &task->signals;
	va_t sp = task->regs.gpr[REG_SP];

	return !(s->altstack_flags & ALTSTACK_AUTODISARM) && sp > s->altstack &&
	       sp - s->altstack <= s->altstack_size;
}

static int set_altstack(struct task *task, const struct abi_stack *stack)
{
	struct signals *s = &task->signals;
	int32_t mode = stack->flags & ~ALTSTACK_AUTODISARM;

	if (is_on_altstack(task))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		s->altstack = 0;
		s->altstack_size = 0;
	} else {
		if (stack->size < ALTSTACK_MIN_BYTES)
			return -ENOMEM;
		s->altstack = stack->sp;
		s->altstack_size = stack->size;
	}
	s->altstack_flags = stack->flags;
	return 0;
}

int64_t sys_sigaltstack(struct task *task, const uint64_t arg[6])
{
	const struct signals *s = &task->signals;
	struct abi_stack set, old = { .sp = s->altstack, .size = s->altstack_size };
	int err;

	if (!s->altstack_size)
		old.flags = SS_DISABLE;
	else if (is_on_altstack(task))
		old.flags = SS_ONSTACK;
	old.flags |= s->altstack_flags & ALTSTACK_AUTODISARM;
	if (arg[0]) {
		if (copy_from_user(task, &set, arg[0], sizeof(set)))
			return -EFAULT;
		err = set_altstack(task, &set);
		if (err)
			return err;
	}
	return arg[1] ? copy_to_user(task, arg[1], &old, sizeof(old)) : 0;
}

/* ---- kill and kin ---- */

static struct signal_info info_from(const struct task *from, int32_t signo, int32_t code)
{
	return (struct signal_info){ .signo = signo,
		                     .code = code,
		                     .pid = from->process->pid,
		                     .uid = (int32_t)vfs_credentials(from->machine->vfs).uid };
}

/* Does the argument of kill(2) name this process? */
static bool is_meant(const struct task *from, const struct process *process, int32_t pid)
{
	if (pid > 0)
		return process->pid == pid;
	if (pid == -1) /* all but the caller */
		return process != from->process;
	return process->pgid == (pid ? -pid : from->process->pgid);
}

int64_t sys_kill(struct task *task, const uint64_t arg[6])
{
	int32_t pid = (int32_t)arg[0], signo = (int32_t)arg[1];
	struct signal_info info = info_from(task, signo, SI_USER);
	struct task *to;
	int err = -ESRCH;

	if (signo < 0 || signo > NR_SIGNALS)
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	list_for_each_entry (to, &task->machine->tasks, tasks) {
		if (to->state == TASK_DEAD || !task_is_leader(to) ||
		    !is_meant(task, to->process, pid))
			continue;
		if (signo)
			signal_send_process(to->process, &info);
		err = 0;
	}
	return err;
}

static int send_to_thread(struct task *from, struct task *to, int32_t signo)
{
	struct signal_info info = info_from(from, signo, SI_TKILL);

	if (!to)
		return -ESRCH;
	if (signo)
		signal_send(to, &info);
	return 0;
}

int64_t sys_tkill(struct task *task, const uint64_t arg[6])
{
	int32_t pid = (int32_t)arg[0], signo = (int32_t)arg[1];

	if (pid <= 0 || signo < 0 || signo > NR_SIGNALS)
		return -EINVAL;
	return send_to_thread(task, task_find(task->machine, pid), signo);
}

int64_t sys_tgkill(struct task *task, const uint64_t arg[6])
{
	int32_t tgid = (int32_t)arg[0], pid = (int32_t)arg[1], signo = (int32_t)arg[2];
	struct task *to;

	if (tgid <= 0 || pid <= 0 || signo < 0 || signo > NR_SIGNALS)
		return -EINVAL;
	to = task_find(task->machine, pid);
	return send_to_thread(task, to && to->process->pid == tgid ? to : NULL, signo);
}

/* ---- timers ---- */

/* struct itimerval of the ABI. */
struct abi_itimerval {
	int64_t interval_s, interval_us, value_s, value_us;
};

static bool is_valid_time(int64_t s, int64_t us)
{
	return s >= 0 && us >= 0 && us < US_PER_S;
}

/* Saturates: 292 years are for ever. */
static uint64_t to_ns(int64_t s, int64_t us)
{
	if (s > INT64_MAX / NS_PER_S - 1)
		return INT64_MAX;
	return (uint64_t)s * NS_PER_S + (uint64_t)us * 1000;
}

static uint64_t remaining_ns(const struct task *task, enum itimer_which which)
{
	const struct itimer *timer = &task->process->itimers[which];
	uint64_t now = signal_timer_clock_ns(task->process, which);

	if (!timer->expires_ns)
		return 0;
	/* A timer that is due but has not been seen is not off (Linux: 1 us). */
	return timer->expires_ns > now ? timer->expires_ns - now : 1000;
}

static int get_itimer(struct task *task, enum itimer_which which, va_t user)
{
	uint64_t value = remaining_ns(task, which);
	uint64_t interval = task->process->itimers[which].interval_ns;
	struct abi_itimerval out = {
		.interval_s = (int64_t)(interval / NS_PER_S),
		.interval_us = (int64_t)(interval % NS_PER_S / 1000),
		.value_s = (int64_t)(value / NS_PER_S),
		.value_us = (int64_t)(value % NS_PER_S / 1000),
	};

	return copy_to_user(task, user, &out, sizeof(out));
}

static void set_itimer(struct task *task, enum itimer_which which, uint64_t value_ns,
                       uint64_t interval_ns)
{
	uint64_t now = signal_timer_clock_ns(task->process, which);

	task->process->itimers[which] = (struct itimer){
		.expires_ns = value_ns ? now + value_ns : 0,
		.interval_ns = interval_ns,
	};
	if (which == ITIMER_REAL_ && value_ns)
		sched_expect(task->machine, now + value_ns);
}

int64_t sys_getitimer(struct task *task, const uint64_t arg[6])
{
	if (arg[0] >= NR_ITIMERS)
		return -EINVAL;
	return get_itimer(task, (enum itimer_which)arg[0], arg[1]);
}

int64_t sys_setitimer(struct task *task, const uint64_t arg[6])
{
	struct abi_itimerval set = { 0 };
	enum itimer_which which = (enum itimer_which)arg[0];
	int err = 0;

	if (arg[1] && copy_from_user(task, &set, arg[1], sizeof(set)))
		return -EFAULT;
	if (arg[0] >= NR_ITIMERS || !is_valid_time(set.value_s, set.value_us) ||
	    !is_valid_time(set.interval_s, set.interval_us))
		return -EINVAL;
	if (arg[2])
		err = get_itimer(task, which, arg[2]);
	set_itimer(task, which, to_ns(set.value_s, set.value_us),
	           to_ns(set.interval_s, set.interval_us));
	return err;
}

int64_t sys_alarm(struct task *task, const uint64_t arg[6])
{
	uint64_t left = remaining_ns(task, ITIMER_REAL_);

	set_itimer(task, ITIMER_REAL_, to_ns((uint32_t)arg[0], 0), 0);
	/* To the next second from the half on, but never to 0 (Linux:
	 * alarm_setitimer()). */
	if (!left)
		return 0;
	left = (left + NS_PER_S / 2) / NS_PER_S;
	return left ? (int64_t)left : 1;
}
