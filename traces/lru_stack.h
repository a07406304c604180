/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lru_stack - at which depth of an LRU stack a page is found: the smallest fully
 * associative LRU cache in which its reference would hit (Mattson, Gecsei, Slutz,
 * Traiger: Evaluation techniques for storage hierarchies, 1970).
 *
 *        front[]                          slots, by time
 *   +---+---+---+-- --+----+      +---+---+---+-- --+---+---+
 *   | 1 | 2 | 3 |     | 32 |  <-  |top|   | x |     |   | x |
 *   +---+---+---+-- --+----+      +---+---+---+-- --+---+---+
 *
 * The most recent pages are moved by hand. What drops out of the front is more recent
 * than all that dropped out before it, so it gets the next slot; the depth of a page in a
 * slot is the front and the occupied slots from its own to the newest (Bennett and
 * Kruskal 1975), which a Fenwick tree counts over words of a bitmap. When slots run out
 * they are numbered anew, so memory goes by the pages, not by the references.
 */
#ifndef PW_TRACES_LRU_STACK_H
#define PW_TRACES_LRU_STACK_H

#include <stdint.h>

#define LRU_FRONT 32

struct lru_stack {
	uint32_t front[LRU_FRONT]; /* most recent first; 0: a hole */
	uint32_t nr_pages;         /* pages are 1 to nr_pages - 1 */
	uint32_t *slot_of;         /* by page; 0: in no slot */
	uint32_t nr_slots, next_slot;
	uint32_t *page_at;      /* by slot; 0: a hole, or free */
	uint64_t *occupied;     /* bit by slot: a page or a hole */
	uint64_t *holes;        /* bit by slot */
	uint32_t top_hole_word; /* no word of holes[] above it has one */
	uint32_t nr_holes, nr_occupied;
	uint32_t *tree; /* Fenwick, by word of occupied[] + 1 */
};

/* An empty one, all zero, is good for no pages. */
void lru_stack_finish(struct lru_stack *stack);

/* Room for pages below nr_pages, at most 2^28. 0, or -ENOMEM and it is as it was. */
int lru_stack_reserve(struct lru_stack *stack, uint32_t nr_pages);

/* `to` is all zero, and becomes the same as `from`. 0 or -ENOMEM: to be finished. */
int lru_stack_copy(struct lru_stack *to, const struct lru_stack *from);

/* References a page: its depth, from 1; 0 if it was not there. */
uint32_t lru_stack_touch(struct lru_stack *stack, uint32_t page);

/* The page leaves every cache that holds it, and its place is free there: the next page
 * that such a cache takes in evicts nothing. No-op for a page that is not there. */
void lru_stack_drop(struct lru_stack *stack, uint32_t page);

/* As if the page had never been: deeper ones move up. */
void lru_stack_forget(struct lru_stack *stack, uint32_t page);

/* All caches are empty again. */
void lru_stack_clear(struct lru_stack *stack);

#endif
