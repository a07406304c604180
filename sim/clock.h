/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock - what time it is for guests. No host clock is ever read: the machine
 * boots at the same second of its calendar in every run.
 */
#ifndef PW_SIM_CLOCK_H
#define PW_SIM_CLOCK_H

#include "sim/machine.h"

#include <time.h>

/* CLOCK_REALTIME at boot: 2000-01-01 00:00:00 UTC. */
#define CLOCK_BOOT_SECONDS 946684800

#define NSEC_PER_SEC 1000000000

static inline struct timespec timespec_of_ns(uint64_t ns)
{
	return (struct timespec){ (time_t)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC) };
}

static inline struct timespec clock_monotonic(const struct machine *machine)
{
	return timespec_of_ns(machine_now_ns(machine));
}

static inline struct timespec clock_realtime(const struct machine *machine)
{
	struct timespec now = clock_monotonic(machine);

	now.tv_sec += CLOCK_BOOT_SECONDS;
	return now;
}

#endif
