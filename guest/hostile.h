/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostile - what the parts of that program share. */
#ifndef PW_GUEST_HOSTILE_H
#define PW_GUEST_HOSTILE_H

#include "signals.h"

/* One after another from the state; the same seed, the same acts. */
struct dice {
	uint64_t state;
};

static inline uint64_t roll(struct dice *dice)
{
	return random_next(&dice->state) >> 8;
}

static inline uint64_t below(struct dice *dice, uint64_t n)
{
	return roll(dice) % n;
}

/* A number that kernels are asked for by mistake or malice: 0, -1, near powers of
 * two, ends of address spaces, random bits. */
uint64_t odd_number(struct dice *dice);

/* fn(arg) until it returns or a signal ends it: true for a signal. */
bool attempt(void (*fn)(void *arg), void *arg);

/* Handlers on an alternate stack, behind which attempt() goes on; a timer ends what
 * would last for ever. To be called again whenever they may have been lost. */
void catch_signals(void);

/* How many signals attempt() has seen. */
uint64_t signals_caught(void);

void hostile_calls(struct dice *dice, uint64_t count);
void hostile_code(struct dice *dice, uint64_t count);
void hostile_modify(struct dice *dice, uint64_t count);
void hostile_frames(struct dice *dice, uint64_t count);
void hostile_storm(struct dice *dice, uint64_t count);
void hostile_stack(struct dice *dice, uint64_t count);
void hostile_exec(struct dice *dice, uint64_t count);
void hostile_argv(struct dice *dice, uint64_t count);
void hostile_files(struct dice *dice, uint64_t count);

#endif
