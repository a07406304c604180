/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/lru_stack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BITS 64
#define MIN_SLOTS 4096

static uint32_t word_of(uint32_t slot)
{
	return slot / WORD_BITS;
}

static uint64_t bit_of(uint32_t slot)
{
	return (uint64_t)1 << slot % WORD_BITS;
}

static uint32_t nr_words(const struct lru_stack *stack)
{
	return stack->nr_slots / WORD_BITS;
}

/* ---- how many slots are occupied ---- */

static void tree_add(struct lru_stack *stack, uint32_t slot, uint32_t change)
{
	for (uint32_t i = word_of(slot) + 1; i <= nr_words(stack); i += i & -i)
		stack->tree[i] += change;
}

static void occupy(struct lru_stack *stack, uint32_t slot)
{
	stack->occupied[word_of(slot)] |= bit_of(slot);
	stack->nr_occupied++;
	tree_add(stack, slot, 1);
}

static void vacate(struct lru_stack *stack, uint32_t slot)
{
	stack->occupied[word_of(slot)] &= ~bit_of(slot);
	stack->page_at[slot] = 0;
	stack->nr_occupied--;
	tree_add(stack, slot, (uint32_t)-1);
}

/* Occupied slots from this one to the newest. */
static uint32_t rank_from_top(const struct lru_stack *stack, uint32_t slot)
{
	uint64_t older_bits = stack->occupied[word_of(slot)] & (bit_of(slot) - 1);
	uint32_t older = (uint32_t)__builtin_popcountll(older_bits);

	for (uint32_t i = word_of(slot); i; i -= i & -i)
		older += stack->tree[i];
	return stack->nr_occupied - older;
}

/* ---- holes ---- */

static void make_hole(struct lru_stack *stack, uint32_t slot)
{
	stack->page_at[slot] = 0;
	stack->holes[word_of(slot)] |= bit_of(slot);
	stack->nr_holes++;
	if (word_of(slot) > stack->top_hole_word)
		stack->top_hole_word = word_of(slot);
}

/* The newest; 0: there is none. */
static uint32_t top_hole(struct lru_stack *stack)
{
	if (!stack->nr_holes)
		return 0;
	while (!stack->holes[stack->top_hole_word])
		stack->top_hole_word--;
	return stack->top_hole_word * WORD_BITS + WORD_BITS - 1 -
	       (uint32_t)__builtin_clzll(stack->holes[stack->top_hole_word]);
}

static void vacate_hole(struct lru_stack *stack, uint32_t slot)
{
	stack->holes[word_of(slot)] &= ~bit_of(slot);
	stack->nr_holes--;
	vacate(stack, slot);
}

/* ---- slots ---- */

/* Numbers what is in slots 1, 2, 3 ..., in the same order. No slot's content moves up. */
static void renumber(struct lru_stack *stack)
{
	uint32_t used = stack->next_slot, next = 1;

	for (uint32_t slot = 1; slot < used; slot++)
		if (stack->occupied[word_of(slot)] & bit_of(slot))
			stack->page_at[next++] = stack->page_at[slot];
	memset(stack->page_at + next, 0, (stack->nr_slots - next) * sizeof(*stack->page_at));
	memset(stack->occupied, 0, nr_words(stack) * sizeof(*stack->occupied));
	memset(stack->holes, 0, nr_words(stack) * sizeof(*stack->holes));
	memset(stack->tree, 0, (nr_words(stack) + 1) * sizeof(*stack->tree));
	stack->top_hole_word = stack->nr_holes = stack->nr_occupied = 0;
	stack->next_slot = next;
	for (uint32_t slot = 1; slot < next; slot++) {
		occupy(stack, slot);
		if (stack->page_at[slot])
			stack->slot_of[stack->page_at[slot]] = slot;
		else
			make_hole(stack, slot);
	}
}

/* Pages and holes together are at most a quarter of the slots, so that the cost of
 * numbering anew is spread over many references. */
static void push(struct lru_stack *stack, uint32_t page)
{
	uint32_t slot;

	if (stack->next_slot == stack->nr_slots)
		renumber(stack);
	slot = stack->next_slot++;
	stack->page_at[slot] = page;
	stack->slot_of[page] = slot;
	occupy(stack, slot);
}

/* True: *array has room for nr. */
static bool grow(void *array, size_t nr, size_t size)
{
	void **place = array;
	void *grown = realloc(*place, nr * size);

	if (grown)
		*place = grown;
	return grown;
}

int lru_stack_reserve(struct lru_stack *stack, uint32_t nr_pages)
{
	uint32_t nr_slots = stack->nr_slots ? stack->nr_slots : MIN_SLOTS;

	if (nr_pages <= stack->nr_pages)
		return 0;
	while (nr_slots / 4 < nr_pages)
		nr_slots *= 2;
	if (!grow(&stack->slot_of, nr_pages, sizeof(*stack->slot_of)) ||
	    !grow(&stack->page_at, nr_slots, sizeof(*stack->page_at)) ||
	    !grow(&stack->occupied, nr_slots / WORD_BITS, sizeof(*stack->occupied)) ||
	    !grow(&stack->holes, nr_slots / WORD_BITS, sizeof(*stack->holes)) ||
	    !grow(&stack->tree, nr_slots / WORD_BITS + 1, sizeof(*stack->tree)))
		return -ENOMEM;
	memset(stack->slot_of + stack->nr_pages, 0,
	       (nr_pages - stack->nr_pages) * sizeof(*stack->slot_of));
	stack->nr_pages = nr_pages;
	stack->nr_slots = nr_slots;
	renumber(stack);
	return 0;
}

int lru_stack_copy(struct lru_stack *to, const struct lru_stack *from)
{
	int err = lru_stack_reserve(to, from->nr_pages);

	if (err || !from->nr_pages)
		return err;
	memcpy(to->front, from->front, sizeof(to->front));
	memcpy(to->slot_of, from->slot_of, from->nr_pages * sizeof(*to->slot_of));
	memcpy(to->page_at, from->page_at, from->nr_slots * sizeof(*to->page_at));
	memcpy(to->occupied, from->occupied, nr_words(from) * sizeof(*to->occupied));
	to->next_slot = from->next_slot;
	renumber(to);
	return 0;
}

void lru_stack_finish(struct lru_stack *stack)
{
	free(stack->slot_of);
	free(stack->page_at);
	free(stack->occupied);
	free(stack->holes);
	free(stack->tree);
	*stack = (struct lru_stack){ .nr_pages = 0 };
}

/* ---- references ---- */

/* The front's i-th place was a hole, and took in what was above it: what is below the
 * page's own place stays, and that place becomes a hole. */
static uint32_t touch_below_hole(struct lru_stack *stack, uint32_t page, uint32_t hole)
{
	uint32_t slot = stack->slot_of[page];
	uint32_t depth;

	for (uint32_t i = hole + 1; i < LRU_FRONT; i++)
		if (stack->front[i] == page) {
			stack->front[i] = 0;
			return i + 1;
		}
	if (!slot)
		return 0;
	depth = LRU_FRONT + rank_from_top(stack, slot);
	stack->slot_of[page] = 0;
	make_hole(stack, slot);
	return depth;
}

/* The page was not in the front, from which another had to go. */
static uint32_t touch_in_slots(struct lru_stack *stack, uint32_t page, uint32_t evicted)
{
	uint32_t slot = stack->slot_of[page], hole = top_hole(stack);
	uint32_t depth = 0;

	if (slot) {
		depth = LRU_FRONT + rank_from_top(stack, slot);
		stack->slot_of[page] = 0;
	}
	if (hole > slot) {
		vacate_hole(stack, hole);
		if (slot)
			make_hole(stack, slot);
	} else if (slot) {
		vacate(stack, slot);
	}
	push(stack, evicted);
	return depth;
}

uint32_t lru_stack_touch(struct lru_stack *stack, uint32_t page)
{
	uint32_t carried = page;

	for (uint32_t i = 0; i < LRU_FRONT; i++) {
		uint32_t here = stack->front[i];

		stack->front[i] = carried;
		if (here == page)
			return i + 1;
		if (!here)
			return touch_below_hole(stack, page, i);
		carried = here;
	}
	return touch_in_slots(stack, page, carried);
}

void lru_stack_drop(struct lru_stack *stack, uint32_t page)
{
	for (uint32_t i = 0; i < LRU_FRONT; i++)
		if (stack->front[i] == page) {
			stack->front[i] = 0;
			return;
		}
	if (stack->slot_of[page]) {
		make_hole(stack, stack->slot_of[page]);
		stack->slot_of[page] = 0;
	}
}

/* The newest slot's content, which is no longer there; 0: a hole, or none. */
static uint32_t pop(struct lru_stack *stack)
{
	uint32_t slot = stack->next_slot, page;

	if (!stack->nr_occupied)
		return 0;
	do
		slot--;
	while (!(stack->occupied[word_of(slot)] & bit_of(slot)));
	stack->next_slot = slot;
	page = stack->page_at[slot];
	if (!page) {
		vacate_hole(stack, slot);
		return 0;
	}
	stack->slot_of[page] = 0;
	vacate(stack, slot);
	return page;
}

void lru_stack_forget(struct lru_stack *stack, uint32_t page)
{
	uint32_t i = 0;

	while (i < LRU_FRONT && stack->front[i] != page)
		i++;
	if (i < LRU_FRONT) {
		memmove(stack->front + i, stack->front + i + 1,
		        (LRU_FRONT - 1 - i) * sizeof(*stack->front));
		stack->front[LRU_FRONT - 1] = pop(stack);
	} else if (stack->slot_of[page]) {
		vacate(stack, stack->slot_of[page]);
		stack->slot_of[page] = 0;
	}
}

void lru_stack_clear(struct lru_stack *stack)
{
	memset(stack->front, 0, sizeof(stack->front));
	while (stack->nr_occupied)
		pop(stack);
}
