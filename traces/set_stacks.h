/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * set_stacks - LRU stacks of set-associative caches of all set counts at once: which
 * number of ways would have made a reference hit, for 2, 4, 8 ... sets (Hill and Smith:
 * Evaluating associativity in CPU caches, 1989).
 *
 * Sets are chosen by the low bits of the page number. So the pages of a set are those of
 * a set of the next smaller count and some others gone: a page that is the most recent of
 * its set is so in its smaller sets, too, and there is nothing to do there.
 */
#ifndef PW_TRACES_SET_STACKS_H
#define PW_TRACES_SET_STACKS_H

#include <stdbool.h>
#include <stdint.h>

#define SET_STACKS_MAX_LEVELS 16

struct set_stacks {
	uint32_t nr_levels; /* level k, from 0, has 2 << k sets */
	uint32_t nr_ways;   /* depths up to here are told apart */
	/* The most recent page of each set, level by level, close together: most references
	 * need no more. Then the others, set by set, most recent first. 0: free. */
	uint32_t *heads;
	uint32_t *places[SET_STACKS_MAX_LEVELS];
};

/* 0 or -ENOMEM. */
int set_stacks_init(struct set_stacks *stacks, uint32_t nr_levels, uint32_t nr_ways);
void set_stacks_finish(struct set_stacks *stacks);

/* References a page (not 0), and counts at which depth it was, level by level: from 1 to
 * nr_ways, or 0: deeper, or not there. Returns how many levels were looked at: at all further
 * ones it is 1, and is not counted. */
uint32_t set_stacks_touch(struct set_stacks *stacks, uint32_t page, uint64_t vpn,
                          uint64_t *const counts[]);

/* As lru_stack_drop(), lru_stack_clear(). */
void set_stacks_drop(struct set_stacks *stacks, uint32_t page, uint64_t vpn);
void set_stacks_clear(struct set_stacks *stacks);

#endif
