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
 * is C. So a reference hits from the smallest label on, D, that is in use nowhere or at p
 * or older; there, and only there, C - 1 no longer stands in the way. It puts label D at
 * the new step; and of the steps at p or older, going back in time, each that has a
 * smaller label than all before it hands its own on to the next such, until D itself
 * is reached: so each C > D loses its next step, too. The first of them is gone.
 *
 *   example: a b c a b. At the second a: D = 2, step 2 at c. At the second b: label 2 is
 *   newer than the first b, so D = 3, and step 3 at a.
 *
 * Time is in slots, as in lru_stack.h, numbered anew when they run out. Most of what is
 * looked for is in the last few; they have a bitmap of steps. The older ones have a tree of
 * least labels.
 */
#ifndef PW_TRACES_OPT_STACK_H
#define PW_TRACES_OPT_STACK_H

#include <stdint.h>

#define OPT_MAX_LEVELS 8

struct opt_stack {
	uint32_t nr_pages; /* pages are 1 to nr_pages - 1 */
	uint32_t *slot_of; /* by page: its last reference; 0: none */
	uint32_t nr_slots, next_slot;
	uint32_t *page_at; /* by slot; 0: none */
	uint32_t nr_labels;
	uint32_t *step_of;          /* by label, the slot of its step; 0: it has none */
	uint64_t *unused;           /* bit by label: it has none */
	uint32_t first_unused_word; /* no word of unused[] before it has one */
	uint32_t nr_levels;
	uint32_t nr_at[OPT_MAX_LEVELS];
	/* least[0]: label of the step at each slot, or NO_LABEL; least[k]: the least of
	 * each group of least[k - 1], of slots that are not young */
	uint32_t *least[OPT_MAX_LEVELS];
	uint32_t first_young; /* it and those behind it: fewer than 64 */
	uint64_t young_steps; /* bit by slot - first_young: it has a step */
};

/* As lru_stack's. */
void opt_stack_finish(struct opt_stack *stack);
int opt_stack_reserve(struct opt_stack *stack, uint32_t nr_pages);

/* References a page: the smallest cache that hits; 0: none does. */
uint32_t opt_stack_touch(struct opt_stack *stack, uint32_t page);

/* The page leaves all caches. */
void opt_stack_drop(struct opt_stack *stack, uint32_t page);
void opt_stack_clear(struct opt_stack *stack);

#endif
