/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * opt_stack - the smallest cache in which a reference would hit under the optimal policy
 * (Belady: A study of replacement algorithms for a virtual-storage computer, 1966), for
 * each reference as it comes, without knowledge of the future. That it can be known so
 * early: Bilardi, Ekanadham, Pattnaik: Optimal on-line computation of stack distances for
 * MIN and OPT, 2017.
 *
 * A reference at time t to a page last referenced at p hits if the page was kept
 * meanwhile. Which hits a cache of C pages can have is a question of intervals (p, t): at
 * any time at most C - 1 kept ones may overlap, as the page that is referenced then has a
 * place too. To accept each as it ends, if it still fits, is optimal. So for each C one has
 * to know how many kept intervals overlap at most since p.
 *
 * For one C, let m(p) be that number. It is a staircase: 0 for the page before now, at most
 * C - 1 for the oldest, and only its steps count. An interval is accepted if at most C - 2
 * steps are newer than p. Then all m of newer pages grow by one (a new step, below the
 * previous reference), and the next step that is older than p or at it goes away, as what
 * overlaps there is not more than before.
 *
 * For all C at once: the steps of C are those of C - 1 and at most one more, whose label
 * is C. So what a reference does is a pass over the steps from p back to the oldest, with a
 * label in hand that is at first larger than all: wherever a step has a smaller one, the
 * two are exchanged. The first step is gone then (each C loses its next one), and the least
 * label comes out. If a smaller one is not in use, the reference hits from that size on,
 * else from the label's; and this label is the new step's.
 *
 *   example: a b c a b. At the second a: nothing is in use, so it hits from 2 on: step 2
 *   at c. At the second b: that step is newer than the first b, so it hits from 3 on.
 *
 * Time is in slots, as in lru_stack.h, numbered anew when they run out. They are in blocks of
 * about the square root of them. Most passes end in the newest block. A full block is passed
 * as a whole: of its labels and the one in hand the least goes on. Which slot has which is
 * found out when a pass begins within: by then several labels may have arrived, and from the
 * newest on each slot takes the largest of them and its own, and leaves the rest. So a
 * reference to one of V pages costs V^1/2 log V at worst.
 */
#ifndef PW_TRACES_OPT_STACK_H
#define PW_TRACES_OPT_STACK_H

#include <stdint.h>

struct opt_block {
	uint32_t nr_labels, nr_arrived;
	uint32_t least_until; /* the least label of it and all older blocks */
};

struct opt_stack {
	uint32_t nr_pages; /* pages are 1 to nr_pages - 1 */
	uint32_t *slot_of; /* by page: its last reference; 0: none */
	uint32_t nr_slots, next_slot;
	uint32_t *page_at; /* by slot; 0: none */
	uint64_t *steps;   /* bit by slot: it has a step */
	uint32_t *labels;  /* by slot: its step's */

	uint32_t block_shift; /* slots of a block */
	uint32_t nr_full;     /* blocks that are full, and come first */
	struct opt_block *blocks;
	uint32_t *heaps;   /* by slot: each full block's labels, the least first */
	uint32_t *arrived; /* by slot: what came into each since it was settled */

	uint32_t nr_labels;
	uint64_t *unused;           /* bit by label: it has no step */
	uint32_t first_unused_word; /* no word of unused[] before it has one */
};

/* As lru_stack's. */
void opt_stack_finish(struct opt_stack *stack);
int opt_stack_reserve(struct opt_stack *stack, uint32_t nr_pages);
int opt_stack_copy(struct opt_stack *to, struct opt_stack *from);

/* References a page: the smallest cache that hits; 0: none does. */
uint32_t opt_stack_touch(struct opt_stack *stack, uint32_t page);

/* The page leaves all caches. */
void opt_stack_drop(struct opt_stack *stack, uint32_t page);
void opt_stack_clear(struct opt_stack *stack);

#endif
