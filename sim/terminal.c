/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/terminal.h"

#include "sim/machine.h"
#include "sim/syscall.h"
#include "sim/usercopy.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

void terminal_init(struct terminal *terminal, int stdin_fd)
{
	*terminal = (struct terminal){ .fd = isatty(stdin_fd) ? stdin_fd : -1 };
}

void terminal_finish(struct terminal *terminal)
{
	if (terminal->is_changed)
		ioctl(terminal->fd, TCSETSW, terminal->saved);
	terminal->is_changed = false;
}

bool terminal_is(const struct terminal *terminal, int fd)
{
	struct stat of_terminal, st;

	return terminal->fd >= 0 && !fstat(terminal->fd, &of_terminal) && !fstat(fd, &st) &&
	       S_ISCHR(st.st_mode) && st.st_rdev == of_terminal.st_rdev;
}

bool terminal_controls(const struct terminal *terminal, const struct process *process)
{
	return terminal->fd >= 0 && terminal->session == process->sid;
}

/* ---- foreground and background ---- */

static bool is_in_background(const struct terminal *terminal, const struct process *process)
{
	return terminal_controls(terminal, process) && process->pgid != terminal->foreground;
}

static bool does_not_care(const struct task *task, int signo)
{
	return task->signals.blocked & (uint64_t)1 << (signo - 1) ||
	       task->sighand->actions[signo].handler == (uintptr_t)SIG_IGN;
}

/* Linux: __tty_check_change(). */
static int64_t check_foreground(const struct terminal *terminal, struct task *task, int signo)
{
	const struct process *process = task->process;

	if (!is_in_background(terminal, process))
		return 0;
	if (does_not_care(task, signo))
		return signo == SIGTTIN ? -EIO : 0;
	if (process_group_is_orphaned(task->machine, process->pgid))
		return -EIO;
	process_group_signal(task->machine, process->pgid, signo);
	return SYSCALL_ERESTARTSYS;
}

int64_t terminal_may_read(struct terminal *terminal, struct task *task)
{
	return check_foreground(terminal, task, SIGTTIN);
}

int64_t terminal_may_write(struct terminal *terminal, struct task *task)
{
	struct termios settings;

	if (!is_in_background(terminal, task->process) || tcgetattr(terminal->fd, &settings) ||
	    !(settings.c_lflag & TOSTOP))
		return 0;
	return check_foreground(terminal, task, SIGTTOU);
}

/* ---- ioctl(2) ---- */

static int64_t set_foreground(struct terminal *terminal, struct task *task, va_t arg)
{
	int64_t error = check_foreground(terminal, task, SIGTTOU);
	int32_t pgid, sid;

	if (error)
		return error == -EIO ? -ENOTTY : error;
	if (!terminal_controls(terminal, task->process))
		return -ENOTTY;
	if (copy_from_user(task, &pgid, arg, sizeof(pgid)))
		return -EFAULT;
	if (pgid < 0)
		return -EINVAL;
	sid = process_group_session(task->machine, pgid);
	if (sid != task->process->sid)
		return sid ? -EPERM : -ESRCH;
	terminal->foreground = pgid;
	return 0;
}

/* Simplified: a terminal is not taken from another session, even by root. */
static int64_t take(struct terminal *terminal, const struct process *process)
{
	bool is_leader = process->sid == process->pid;

	if (is_leader && terminal->session == process->sid)
		return 0;
	if (!is_leader || terminal->session)
		return -EPERM;
	terminal->session = process->sid;
	terminal->foreground = process->pgid;
	return 0;
}

/* Simplified: one process of a session cannot leave it alone, only its leader for all. */
static int64_t give_up(struct terminal *terminal, const struct process *process)
{
	int32_t foreground = terminal->foreground;

	if (!terminal_controls(terminal, process))
		return -ENOTTY;
	if (process->sid != process->pid)
		return -EPERM;
	terminal->session = terminal->foreground = 0;
	process_group_signal(process->machine, foreground, SIGHUP);
	process_group_signal(process->machine, foreground, SIGCONT);
	return 0;
}

static int64_t set_settings(struct terminal *terminal, struct task *task, uint32_t request,
                            va_t arg)
{
	int64_t error = check_foreground(terminal, task, SIGTTOU);
	uint8_t settings[KERNEL_TERMIOS_BYTES];

	if (error)
		return error;
	if (copy_from_user(task, settings, arg, sizeof(settings)))
		return -EFAULT;
	if (!terminal->is_changed && ioctl(terminal->fd, TCGETS, terminal->saved))
		return -errno;
	terminal->is_changed = true;
	return ioctl(terminal->fd, request, settings) ? -errno : 0;
}

static int64_t flush_queues(struct terminal *terminal, struct task *task, int which)
{
	int64_t error = check_foreground(terminal, task, SIGTTOU);

	if (error)
		return error;
	return tcflush(terminal->fd, which) ? -errno : 0;
}

static int64_t tell_id(struct terminal *terminal, struct task *task, va_t arg, int32_t id)
{
	if (!terminal_controls(terminal, task->process))
		return -ENOTTY;
	return copy_to_user(task, arg, &id, sizeof(id));
}

int64_t terminal_ioctl(struct terminal *terminal, struct task *task, uint32_t request, va_t arg)
{
	switch (request) {
	case TIOCGPGRP:
		return tell_id(terminal, task, arg, terminal->foreground);
	case TIOCGSID:
		return tell_id(terminal, task, arg, terminal->session);
	case TIOCSPGRP:
		return set_foreground(terminal, task, arg);
	case TIOCSCTTY:
		return take(terminal, task->process);
	case TIOCNOTTY:
		return give_up(terminal, task->process);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_settings(terminal, task, request, arg);
	case TCFLSH:
		return flush_queues(terminal, task, (int)arg);
	default:
		return -ENOTTY;
	}
}
