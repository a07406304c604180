/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * signal_frame - what the frames of 64-bit tasks (signal.c) and those of 32-bit ones
 * (signal_frame32.c) share.
 */
#ifndef PW_SIM_SIGNAL_FRAME_H
#define PW_SIM_SIGNAL_FRAME_H

#include "sim/task.h"

#include <signal.h>

/* The C library keeps it to itself. */
#define SA_RESTORER 0x04000000u

/* What a handler starts with cleared, and what sigreturn may set. */
#define FLAGS_TF 0x100u
#define FLAGS_DF 0x400u
#define FLAGS_RF 0x10000u
#define FLAGS_RESTORED 0x50dd5u /* AC RF OF DF TF SF ZF AF PF CF */

#define SIGNALS_UNBLOCKABLE ((uint64_t)1 << (SIGKILL - 1) | (uint64_t)1 << (SIGSTOP - 1))

/* A stack on which a frame is to be put. */
struct signal_stack {
	va_t sp;
	bool is_alternate; /* then the frame must lie on it */
};

/* Where the handler's frame goes (Linux: get_sigframe()); sp is the interrupted code's,
 * below what is its own. */
struct signal_stack signal_choose_stack(const struct task *task, const struct signal_action *action,
                                        va_t sp);
/* False: the alternate stack would overflow. */
bool signal_frame_fits(const struct task *task, const struct signal_stack *stack, va_t frame);

/* The mask that the frame keeps. */
uint64_t signal_mask_to_restore(const struct task *task);

/* SS_AUTODISARM: the alternate stack is none while the handler runs. */
void signal_disarm_altstack(struct task *task);
void signal_restore_altstack(struct task *task, va_t sp, int32_t flags, uint64_t size);

/* Whether siginfo has an address where it has a process otherwise. */
bool signal_has_fault_address(const struct signal_info *info);

/* For a 32-bit task: as setup_frame() and signal_return() of signal.c. */
bool signal_frame32_setup(struct task *task, const struct signal_info *info,
                          const struct signal_action *action);
/* The call is sigreturn(2), or rt_sigreturn(2). False: no frame is there, or it asks for
 * segments that a task may not have. */
bool signal_frame32_return(struct task *task, bool is_rt);

#endif
