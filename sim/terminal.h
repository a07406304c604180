/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * terminal - the guest's controlling terminal: the host's behind pagewalk's standard
 * input, if that is one. Whose session it belongs to, which process group is in the
 * foreground, and its settings (Linux 6.1, drivers/tty/tty_jobctrl.c, tty_ioctl.c).
 */
#ifndef PW_SIM_TERMINAL_H
#define PW_SIM_TERMINAL_H

#include "mmu/types.h"

struct process;
struct task;

#define KERNEL_TERMIOS_BYTES 36 /* struct termios as TCGETS has it (asm-generic/termbits.h) */

struct terminal {
	int fd;             /* the host's, not ours to close; -1: there is none */
	int32_t session;    /* 0: nobody's */
	int32_t foreground; /* process group */
	bool is_changed;    /* by the guest: `saved` is what it was before */
	uint8_t saved[KERNEL_TERMIOS_BYTES];
};

void terminal_init(struct terminal *terminal, int stdin_fd);
/* Gives the host's terminal the settings back that it had. */
void terminal_finish(struct terminal *terminal);

/* fd is a descriptor of this terminal. */
bool terminal_is(const struct terminal *terminal, int fd);
/* It is the process's controlling terminal. */
bool terminal_controls(const struct terminal *terminal, const struct process *process);

/* Before a read or write: 0, -EIO, or SYSCALL_ERESTARTSYS when the task's group is in the
 * background and has been sent SIGTTIN or SIGTTOU. */
int64_t terminal_may_read(struct terminal *terminal, struct task *task);
int64_t terminal_may_write(struct terminal *terminal, struct task *task);

int64_t terminal_ioctl(struct terminal *terminal, struct task *task, uint32_t request, va_t arg);

#endif
