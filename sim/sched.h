/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sched - which task a CPU runs: round robin, for a quantum of guest instructions
 * each (machine key sched.quantum). Deterministic: the order is the one in which
 * tasks became able to run.
 *
 * A task that could run is in its CPU's queue, or is that CPU's current one. Time
 * jumps to the next event when no task can.
 */
#ifndef PW_SIM_SCHED_H
#define PW_SIM_SCHED_H

#include "sim/machine.h"

void run_queue_init(struct run_queue *queue);

/* A task that slept, was stopped or is new can run: to the end of its CPU's queue.
 * If its process is stopped it stops instead. */
void sched_start(struct task *task);

/* The opposite: it is in no queue any more. state is the caller's to set. */
void sched_remove(struct task *task);

/* The CPU has a task that can run, or could take one over from another CPU. */
bool sched_has_work(const struct cpu *cpu);
/* No other CPU has. */
bool sched_is_alone(const struct cpu *cpu);

/* The CPU's next task, which has the CPU from now on: registers, FPU, mm. NULL: none
 * can run. */
struct task *sched_pick(struct cpu *cpu);

/* The current task's quantum is over. */
void sched_yield_cpu(struct cpu *cpu);

/* Instructions that the current task may do before another's turn; UINT64_MAX: there
 * is no other. */
uint64_t sched_slice_left(const struct cpu *cpu);
/* It has done so many. */
void sched_charge(struct cpu *cpu, uint64_t instructions);

/* Something is due at `ns` of simulated time. */
void sched_expect(struct machine *machine, uint64_t ns);
/* What is due is done: tasks are woken, timers send their signals. */
void sched_run_due(struct machine *machine);

/* No task can run: time goes to when one can. False: none ever will, and the machine
 * has ended, or is broken and says who waits for what. */
bool sched_idle(struct machine *machine);

#endif
