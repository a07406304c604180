/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check - --check: re-derives what the machine believes, the slow way.
 *
 * After each fault and system call every TLB entry is held against a fresh walk;
 * after every 64th, and at the end of the run, all of the kernel's invariants
 * too (a pass over the whole page frame database). The first difference stops
 * the run.
 */
#ifndef PW_SIM_CHECK_H
#define PW_SIM_CHECK_H

#include "sim/machine.h"

/* No-ops without --check. */
void check_machine(struct machine *machine);
void check_machine_at_end(struct machine *machine);

/* Notes a difference; the first stays. */
void check_fail(struct machine *machine, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
