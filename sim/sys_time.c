/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls on time (Linux 6.1, kernel/time/time.c, posix-timers.c, hrtimer.c).
 * All clocks show simulated time (sim/clock.h).
 */
#include "sim/clock.h"
#include "sim/syscall.h"
#include "sim/usage.h"
#include "sim/usercopy.h"

#include <errno.h>
#include <time.h>

#define NR_CLOCKS 12 /* CLOCK_REALTIME to CLOCK_TAI */

static bool is_calendar(uint32_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
	       clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

/* Simplified: the clocks of other processes are the caller's own. */
static uint64_t cpu_time_ns(const struct task *task, int32_t clock)
{
	struct usage usage;

	if (clock == CLOCK_THREAD_CPUTIME_ID)
		usage_of_task(task, &usage);
	else
		process_usage(task->process, &usage);
	return usage.cpu_ns;
}

/* False: no such clock. Negative numbers name a process's CPU clock. */
static bool read_clock(const struct task *task, int32_t clock, struct timespec *now)
{
	const struct machine *machine = task->machine;

	if (clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID)
		*now = timespec_of_ns(cpu_time_ns(task, clock));
	else if (clock >= NR_CLOCKS || clock == 10) /* 10: CLOCK_SGI_CYCLE, gone */
		return false;
	else
		*now = is_calendar((uint32_t)clock) ? clock_realtime(machine)
		                                    : clock_monotonic(machine);
	return true;
}

/* In the ABI's form. */
static int put_timespec(struct task *task, va_t va, struct timespec t)
{
	const int64_t pair[2] = { t.tv_sec, t.tv_nsec };

	return copy_to_user(task, va, pair, sizeof(pair));
}

int64_t sys_clock_gettime(struct task *task, const uint64_t arg[6])
{
	struct timespec now;

	if (!read_clock(task, (int32_t)arg[0], &now))
		return -EINVAL;
	return put_timespec(task, arg[1], now);
}

int64_t sys_clock_getres(struct task *task, const uint64_t arg[6])
{
	uint32_t clock = (uint32_t)arg[0];
	bool is_coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
	struct timespec now;

	if (!read_clock(task, (int32_t)arg[0], &now))
		return -EINVAL;
	if (!arg[1])
		return 0;
	return put_timespec(task, arg[1], (struct timespec){ 0, is_coarse ? 4000000 : 1 });
}

int64_t sys_time(struct task *task, const uint64_t arg[6])
{
	int64_t now = clock_realtime(task->machine).tv_sec;

	if (arg[0] && copy_to_user(task, arg[0], &now, sizeof(now)))
		return -EFAULT;
	return now;
}

int64_t sys_gettimeofday(struct task *task, const uint64_t arg[6])
{
	struct timespec now = clock_realtime(task->machine);
	const int64_t timeval[2] = { now.tv_sec, now.tv_nsec / 1000 };
	static const int32_t timezone_utc[2];

	if (arg[0] && copy_to_user(task, arg[0], timeval, sizeof(timeval)))
		return -EFAULT;
	if (arg[1] && copy_to_user(task, arg[1], timezone_utc, sizeof(timezone_utc)))
		return -EFAULT;
	return 0;
}

static uint64_t saturating_ns(const int64_t t[2])
{
	if ((uint64_t)t[0] >= INT64_MAX / NSEC_PER_SEC)
		return INT64_MAX;
	return (uint64_t)t[0] * NSEC_PER_SEC + (uint64_t)t[1];
}

/* Sleeps to a point of time since boot. remain: where to put what is left, or 0. */
static int64_t sleep_until(struct task *task, uint64_t until_ns, va_t remain)
{
	uint64_t now = machine_now_ns(task->machine);

	if (now >= until_ns)
		return 0;
	if (!signal_is_deliverable(task)) {
		wait_until(task, until_ns);
		return wait_block(task, "nanosleep");
	}
	if (remain &&
	    put_timespec(task, remain, timespec_of_ns(until_ns > now ? until_ns - now : 0)))
		return -EFAULT;
	return remain ? SYSCALL_EINTR : SYSCALL_ERESTARTNOHAND;
}

static int get_timespec(struct task *task, va_t va, int64_t t[2])
{
	if (copy_from_user(task, t, va, 2 * sizeof(t[0])))
		return -EFAULT;
	return t[0] < 0 || t[1] < 0 || t[1] >= NSEC_PER_SEC ? -EINVAL : 0;
}

int64_t sys_nanosleep(struct task *task, const uint64_t arg[6])
{
	int64_t t[2];
	int error = get_timespec(task, arg[0], t);

	if (error)
		return error;
	return sleep_until(task, wait_deadline(task, saturating_ns(t)), arg[1]);
}

int64_t sys_clock_nanosleep(struct task *task, const uint64_t arg[6])
{
	uint64_t boot_ns = (uint64_t)CLOCK_BOOT_SECONDS * NSEC_PER_SEC, until;
	struct timespec now;
	int64_t t[2];
	int error;

	if (!read_clock(task, (int32_t)arg[0], &now))
		return -EINVAL;
	if ((int32_t)arg[0] == CLOCK_THREAD_CPUTIME_ID)
		return -EINVAL;
	error = get_timespec(task, arg[2], t);
	if (error)
		return error;
	if (!(arg[1] & TIMER_ABSTIME))
		return sleep_until(task, wait_deadline(task, saturating_ns(t)), arg[3]);
	until = saturating_ns(t);
	if (is_calendar((uint32_t)arg[0]))
		until = until > boot_ns ? until - boot_ns : 0;
	return sleep_until(task, until, 0);
}
