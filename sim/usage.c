/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls about what has been used (Linux 6.1, kernel/sys.c). */
#include "sim/usage.h"

#include "sim/clock.h"
#include "sim/machine.h"
#include "sim/syscall.h"
#include "sim/usercopy.h"

#include <errno.h>
#include <sys/resource.h>

#define NS_PER_TICK 10000000u /* USER_HZ is 100 */

void usage_add(struct usage *sum, const struct usage *usage)
{
	sum->min_flt += usage->min_flt;
	sum->maj_flt += usage->maj_flt;
	sum->cpu_ns += usage->cpu_ns;
	if (usage->rss_peak_pages > sum->rss_peak_pages)
		sum->rss_peak_pages = usage->rss_peak_pages;
}

void usage_of_task(const struct task *task, struct usage *usage)
{
	struct task_figures figures;

	task_figures_now(task, &figures);
	*usage = (struct usage){ .min_flt = figures.min_flt,
		                 .maj_flt = figures.maj_flt,
		                 .cpu_ns = figures.cpu_ns,
		                 .rss_peak_pages = figures.rss_peak_pages };
}

/* Simplified: all CPU time is user time. */
int put_rusage(struct task *task, va_t va, const struct usage *usage)
{
	/* struct rusage: utime, stime (s, us), maxrss, ixrss, idrss, isrss, minflt,
	 * majflt, nswap, inblock, oublock, msgsnd, msgrcv, nsignals, nvcsw, nivcsw */
	const int64_t out[18] = {
		[0] = (int64_t)(usage->cpu_ns / NSEC_PER_SEC),
		[1] = (int64_t)(usage->cpu_ns % NSEC_PER_SEC / 1000),
		[4] = (int64_t)(usage->rss_peak_pages * (PAGE_SIZE / KIB)),
		[8] = (int64_t)usage->min_flt,
		[9] = (int64_t)usage->maj_flt,
	};

	return copy_to_user(task, va, out, sizeof(out));
}

int64_t sys_getrusage(struct task *task, const uint64_t arg[6])
{
	struct usage usage;

	switch ((int32_t)arg[0]) {
	case RUSAGE_SELF:
		process_usage(task->process, &usage);
		break;
	case RUSAGE_CHILDREN:
		usage = task->process->children_usage;
		break;
	case RUSAGE_THREAD:
		usage_of_task(task, &usage);
		break;
	default:
		return -EINVAL;
	}
	return put_rusage(task, arg[1], &usage);
}

int64_t sys_times(struct task *task, const uint64_t arg[6])
{
	struct usage usage;
	int64_t ticks[4];

	process_usage(task->process, &usage);
	ticks[0] = (int64_t)(usage.cpu_ns / NS_PER_TICK);
	ticks[2] = (int64_t)(task->process->children_usage.cpu_ns / NS_PER_TICK);
	ticks[1] = ticks[3] = 0;
	if (arg[0] && copy_to_user(task, arg[0], ticks, sizeof(ticks)))
		return -EFAULT;
	return (int64_t)(machine_now_ns(task->machine) / NS_PER_TICK);
}
