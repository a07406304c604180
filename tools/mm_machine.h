/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_machine - the least machine that a kernel boots on: RAM, a swap disk and a log.
 * No CPU runs guests on it, so that there are no TLBs to flush.
 */
#ifndef PW_TOOLS_MM_MACHINE_H
#define PW_TOOLS_MM_MACHINE_H

#include "mm/kernel.h"
#include "sim/config.h"

#include <stdio.h>

struct mm_machine {
	struct machine_config config;
	struct ram ram;
	struct event_stream events;
	struct kernel kernel;
	struct swap_device *swap; /* NULL: none */
	FILE *log;                /* the kernel's */
	uint64_t disk_ns;         /* simulated time that was spent waiting for disks */
	bool booted;
};

/* *config is copied. 0 and *out; or -errno and why[]. */
int mm_machine_create(struct mm_machine **out, const struct machine_config *config, bool check,
                      FILE *log, char *why, size_t why_size);
/* All that was taken from the kernel must be back. NULL is fine. */
void mm_machine_destroy(struct mm_machine *machine);

#endif
