/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * turns - several CPUs on one host thread and one engine.
 *
 * CPUs that have something to run take turns, in the order of their numbers; a round
 * is a turn of each. In simulated time the turns of a round happen at once: each
 * begins when the round begins, and the round takes as long as its longest turn.
 *
 *   round    | begins at 100 us               | at 109 us
 *   CPU 0    | ======== 100 to 108 us         | === ...
 *   CPU 1    | ========= 100 to 109 us        | ======== ...
 *   CPU 2    | idle                           | ==== ...
 *
 * A machine with one CPU needs no rounds: its time is the time that it used. A turn ends
 * after sched.turn instructions, unless no other CPU has anything to run.
 *
 * Simplified: what CPUs do in a round is not interleaved more finely, so that a CPU
 * sees what one with a higher number does one round late.
 */
#ifndef PW_SIM_TURNS_H
#define PW_SIM_TURNS_H

#include <stdint.h>

struct cpu;
struct machine;

struct turns {
	uint64_t round_start_ns;
	uint64_t longest_ns;        /* turn of this round */
	uint64_t overlap_ns;        /* that CPUs used, but that did not pass: see above. Less
	                             * what they waited, so it may be below 0 in a turn */
	uint64_t instructions_then; /* the engine's, when this turn began */
};

/* turns_begin_round(); then for each CPU with work turns_begin(), run it, turns_end();
 * then turns_end_round(). Idle time is for the caller to add, between rounds. */
void turns_begin_round(struct machine *machine);
/* The engine has the CPU's registers from here on, and the kernel runs on it. */
void turns_begin(struct cpu *cpu);
void turns_end(struct cpu *cpu);
void turns_end_round(struct machine *machine);

/* The running CPU is idle until its clock shows `ns`, if it does not yet: clocks differ
 * within a round, and nothing may begin on one CPU before another has caused it. */
void turns_wait_until(struct machine *machine, uint64_t ns);

/* Instructions that the CPU has done, if they are counted. */
uint64_t cpu_instructions(const struct cpu *cpu);

#endif
