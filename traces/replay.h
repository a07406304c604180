/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay - a trace drives a machine that has no engine (docs/replay.md).
 *
 *   source -> batches -> accesses: the MMU of the CPU; what the tables do not allow
 *                        |         goes to the kernel, as a fault
 *                        events: a handler each, by enum record_kind
 *
 * On the machine that was recorded, memory management events make every access possible
 * that was possible then, and recorded faults alone fault. On another machine any access
 * may. A trace without such events finds its memory there on demand.
 */
#ifndef PW_TRACES_REPLAY_H
#define PW_TRACES_REPLAY_H

#include "sim/machine.h"
#include "traces/things.h"
#include "traces/trace.h"

struct replay_options {
	const char *name; /* of the trace, for messages; NULL: none */
	bool fold;        /* foreign addresses that no program can have: folded, not refused */
	bool check;       /* --check */
	FILE *kernel_log; /* printk lines; NULL: nowhere */
};

struct replay_counts {
	uint64_t records;  /* events, and accesses as the trace has them written */
	uint64_t accesses; /* that they stand for: sums of counts */
	uint64_t skipped;  /* events that this machine had nothing for; accesses of tasks that
	                    * are gone here */
	uint64_t segv;     /* accesses that no VMA allows here, and were left out */
};

/* A fault that is none here: the trace has its instruction's second try yet to come. */
struct replay_retry {
	uint64_t ip;       /* 0: there is none */
	uint32_t nr_again; /* loads and stores of it that were made before the fault */
};

struct replay {
	struct driver driver; /* first: it is the machine's driver */
	struct machine *machine;
	struct trace_source *source; /* the caller's */
	struct replay_options options;
	struct replay_counts counts;
	struct trace_batch batch; /* the last, all done */
	bool complete;            /* it came to the source's end */

	/* By the numbers that sim/record.h says. */
	struct things tasks;    /* struct task: the machine's */
	struct things mms;      /* struct mm_struct: their users' */
	struct things mappings; /* replay_files.c */
	struct things files;    /* the same */
	struct things objects;  /* replay_kernel.c */

	/* By the recorded run's CPUs, which may be more than the machine's: whom each runs. */
	int32_t current[NR_CPUS_MAX]; /* pid; 0: nobody yet */
	va_t fetched[NR_CPUS_MAX];    /* last; 0: nothing yet */
	struct replay_retry retries[NR_CPUS_MAX];
	char error[600];
};

/* A machine for the source, which must outlive it. 0; -errno and why[]: as
 * machine_create(), or -EINVAL: such a machine cannot replay such a trace. */
int replay_create(struct replay **out, struct trace_source *source,
                  const struct machine_config *config, const struct replay_options *options,
                  char *why, size_t why_size);
void replay_destroy(struct replay *replay); /* the machine too; NULL is fine */

/* The next batch. 1; 0: the source has ended, and so has the run; -errno and replay->error:
 * the source is broken, or a record cannot be, or --check has found something; what came
 * before it counts. */
int replay_step(struct replay *replay);

/* All of it. 0 or -errno, as replay_step(). */
int replay_run(struct replay *replay);

/* ---- for handlers of events ---- */

/* 0; -errno and replay->error. The event is the handler's own but for its text, which
 * replay_copy() loses. */
typedef int (*replay_handler)(struct replay *replay, const struct record_event *event);

/* The accesses and faults of one copy of a read or write, up to RECORD_COPIED or
 * RECORD_RW_END, which is *end then. 1; 0: the trace ended before; -errno. */
int replay_copy(struct replay *replay, struct record_event *end);

/* This machine has nothing for the event: counted, and no error. Returns 0. */
int replay_skip(struct replay *replay);

/* The record cannot be: -EINVAL. The message names the record and what is wrong. */
int replay_refuse(struct replay *replay, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The machine's CPU that stands for the recorded one. */
struct cpu *replay_cpu_for(const struct replay *replay, uint32_t recorded_cpu);

/* The same; it runs the kernel from here on. */
struct cpu *replay_run_on(struct replay *replay, uint32_t recorded_cpu);

/* That the running CPU runs now; NULL: none, or it has no memory, or not loaded. */
struct task *replay_current(const struct replay *replay);

/* The CPU begins to run the task (NULL: none), which was on no other; figures follow. */
void replay_switch_to(struct replay *replay, uint32_t recorded_cpu, struct task *task);

/* The mm's tasks are gone here, with their memory: later records of theirs are skipped. */
void replay_kill(struct replay *replay, struct mm_struct *mm);

#endif
