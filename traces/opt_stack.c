/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/opt_stack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NO_LABEL UINT32_MAX /* larger than all */
#define FIRST_LABEL 2       /* a cache of one page hits only what it has just had */
#define WORD_BITS 64
#define MIN_BLOCK_SHIFT 8
#define MIN_SLOTS 4096

/* ---- heaps ---- */

/* The root has changed. `up`: the largest is the root; else the least. */
static void sift_down(uint32_t *heap, uint32_t nr, uint32_t i, bool up)
{
	uint32_t value = heap[i];

	for (uint32_t child; (child = 2 * i + 1) < nr; i = child) {
		if (child + 1 < nr && (heap[child + 1] > heap[child]) == up)
			child++;
		if ((heap[child] > value) != up || heap[child] == value)
			break;
		heap[i] = heap[child];
	}
	heap[i] = value;
}

static void make_heap(uint32_t *heap, uint32_t nr, bool up)
{
	for (uint32_t i = nr / 2; i--;)
		sift_down(heap, nr, i, up);
}

/* Takes a value out of a heap whose least comes first. */
static void take_out(uint32_t *heap, uint32_t nr, uint32_t value)
{
	uint32_t last = heap[nr - 1], i = 0;

	while (heap[i] != value)
		i++;
	for (; i && heap[(i - 1) / 2] > last; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = last;
	sift_down(heap, nr - 1, i, false);
}

/* ---- steps, slot by slot ---- */

static uint64_t bit_of(uint32_t slot)
{
	return (uint64_t)1 << slot % WORD_BITS;
}

static bool has_step(const struct opt_stack *stack, uint32_t slot)
{
	return stack->steps[slot / WORD_BITS] & bit_of(slot);
}

static void put_step(struct opt_stack *stack, uint32_t slot, uint32_t label)
{
	stack->steps[slot / WORD_BITS] |= bit_of(slot);
	stack->labels[slot] = label;
}

/* The step takes the label in hand; without one it goes away. */
static void change_step(struct opt_stack *stack, uint32_t slot, uint32_t in_hand)
{
	stack->labels[slot] = in_hand;
	if (in_hand == NO_LABEL)
		stack->steps[slot / WORD_BITS] &= ~bit_of(slot);
}

/* From `slot` back to `first`, which begins a word. */
static uint32_t pass_slots(struct opt_stack *stack, uint32_t first, uint32_t slot, uint32_t in_hand)
{
	uint32_t word = slot / WORD_BITS;
	uint64_t steps = stack->steps[word] & (bit_of(slot) * 2 - 1);

	for (;; steps = stack->steps[--word]) {
		for (; steps && in_hand != FIRST_LABEL;) {
			uint32_t bit = WORD_BITS - 1 - (uint32_t)__builtin_clzll(steps);
			uint32_t at = word * WORD_BITS + bit, label = stack->labels[at];

			steps ^= (uint64_t)1 << bit;
			if (label > in_hand)
				continue;
			change_step(stack, at, in_hand);
			in_hand = label;
		}
		if (word == first / WORD_BITS || in_hand == FIRST_LABEL)
			return in_hand;
	}
}

/* ---- full blocks ---- */

static uint32_t block_slots(const struct opt_stack *stack)
{
	return (uint32_t)1 << stack->block_shift;
}

static uint32_t *heap_of(const struct opt_stack *stack, uint32_t block)
{
	return stack->heaps + ((size_t)block << stack->block_shift);
}

static uint32_t *arrived_at(const struct opt_stack *stack, uint32_t block)
{
	return stack->arrived + ((size_t)block << stack->block_shift);
}

static uint32_t least_of(const struct opt_stack *stack, uint32_t block)
{
	return stack->blocks[block].nr_labels ? heap_of(stack, block)[0] : NO_LABEL;
}

/* After changes from block `first` up to below `end`. */
static void update_least(struct opt_stack *stack, uint32_t first, uint32_t end)
{
	uint32_t least = first ? stack->blocks[first - 1].least_until : NO_LABEL;

	for (uint32_t block = first; block < stack->nr_full; block++) {
		uint32_t here = least_of(stack, block);

		least = here < least ? here : least;
		if (block >= end && stack->blocks[block].least_until == least)
			break;
		stack->blocks[block].least_until = least;
	}
}

/* What has arrived finds its slots. */
static void settle(struct opt_stack *stack, uint32_t block)
{
	uint32_t *arrived = arrived_at(stack, block);
	uint32_t nr = stack->blocks[block].nr_arrived, first = block << stack->block_shift;

	if (!nr)
		return;
	make_heap(arrived, nr, true);
	for (uint32_t slot = first + block_slots(stack); slot-- > first;) {
		uint32_t label = stack->labels[slot];

		if (!has_step(stack, slot) || arrived[0] < label)
			continue;
		change_step(stack, slot, arrived[0]);
		arrived[0] = label;
		sift_down(arrived, nr, 0, true);
	}
	stack->blocks[block].nr_arrived = 0;
}

/* The block's least label is smaller than the one in hand: they are exchanged. */
static uint32_t exchange(struct opt_stack *stack, uint32_t block, uint32_t in_hand)
{
	struct opt_block *of = &stack->blocks[block];
	uint32_t *heap = heap_of(stack, block);
	uint32_t least = heap[0];

	heap[0] = in_hand == NO_LABEL ? heap[--of->nr_labels] : in_hand;
	sift_down(heap, of->nr_labels, 0, false);
	if (of->nr_arrived == block_slots(stack))
		settle(stack, block);
	arrived_at(stack, block)[of->nr_arrived++] = in_hand;
	return least;
}

/* All blocks below `end`. */
static uint32_t pass_blocks(struct opt_stack *stack, uint32_t end, uint32_t in_hand)
{
	uint32_t block = end;

	while (block && stack->blocks[block - 1].least_until < in_hand) {
		block--;
		if (least_of(stack, block) < in_hand)
			in_hand = exchange(stack, block, in_hand);
	}
	if (block < end)
		update_least(stack, block, end);
	return in_hand;
}

/* A slot of a full block, and those before it in the block: with nothing in hand. */
static uint32_t begin_in_block(struct opt_stack *stack, uint32_t slot)
{
	uint32_t block = slot >> stack->block_shift, least;

	settle(stack, block);
	least = pass_slots(stack, block << stack->block_shift, slot, NO_LABEL);
	if (least != NO_LABEL)
		take_out(heap_of(stack, block), stack->blocks[block].nr_labels--, least);
	return least;
}

/* From `slot` to the oldest. The label that comes out: the least; NO_LABEL: there was no
 * step. */
static uint32_t pass(struct opt_stack *stack, uint32_t slot)
{
	uint32_t block = slot >> stack->block_shift, in_hand;

	if (block == stack->nr_full)
		return pass_blocks(stack, block,
		                   pass_slots(stack, block << stack->block_shift, slot, NO_LABEL));
	in_hand = begin_in_block(stack, slot);
	in_hand = pass_blocks(stack, block, in_hand);
	update_least(stack, block, block + 1);
	return in_hand;
}

/* The newest block is full. */
static void close_block(struct opt_stack *stack)
{
	uint32_t block = stack->nr_full++, first = block << stack->block_shift;
	uint32_t *heap = heap_of(stack, block), nr = 0;

	for (uint32_t slot = first; slot < first + block_slots(stack); slot++)
		if (has_step(stack, slot))
			heap[nr++] = stack->labels[slot];
	make_heap(heap, nr, false);
	stack->blocks[block] = (struct opt_block){ .nr_labels = nr };
	update_least(stack, block, block + 1);
}

/* ---- labels ---- */

static void set_unused(struct opt_stack *stack, uint32_t label)
{
	stack->unused[label / 64] |= (uint64_t)1 << label % 64;
	if (label / 64 < stack->first_unused_word)
		stack->first_unused_word = label / 64;
}

/* There always is one: there are fewer steps than pages. */
static uint32_t least_unused(struct opt_stack *stack)
{
	while (!stack->unused[stack->first_unused_word])
		stack->first_unused_word++;
	return stack->first_unused_word * 64 +
	       (uint32_t)__builtin_ctzll(stack->unused[stack->first_unused_word]);
}

/* ---- slots ---- */

static void settle_all(struct opt_stack *stack)
{
	for (uint32_t block = 0; block < stack->nr_full; block++)
		settle(stack, block);
}

/* Those before the newest slot's, which may still get a step. */
static void close_blocks(struct opt_stack *stack)
{
	stack->nr_full = 0;
	while ((stack->nr_full + 1) << stack->block_shift < stack->next_slot)
		close_block(stack);
}

/* Numbers slots that have a page or a step, and the newest, 1, 2, 3 ... All are settled. */
static void renumber(struct opt_stack *stack)
{
	uint32_t used = stack->next_slot, next = 1;

	for (uint32_t slot = 1; slot < used; slot++) {
		uint32_t page = stack->page_at[slot], label = stack->labels[slot];
		bool is_step = has_step(stack, slot);

		if (!page && !is_step && slot != used - 1)
			continue;
		stack->steps[slot / WORD_BITS] &= ~bit_of(slot);
		if (is_step)
			put_step(stack, next, label);
		stack->page_at[next] = page;
		if (page)
			stack->slot_of[page] = next;
		next++;
	}
	stack->next_slot = next;
	close_blocks(stack);
}

/* Pages and steps together are at most half of the slots. */
static void push(struct opt_stack *stack, uint32_t page)
{
	if (stack->next_slot == stack->nr_slots) {
		settle_all(stack);
		renumber(stack);
	}
	if (stack->next_slot % block_slots(stack) == 0)
		close_block(stack);
	stack->page_at[stack->next_slot] = page;
	stack->slot_of[page] = stack->next_slot++;
}

static bool grow(void *array, size_t nr, size_t size)
{
	void **place = array;
	void *grown = realloc(*place, nr * size);

	if (grown)
		*place = grown;
	return grown;
}

static int grow_slots(struct opt_stack *stack, uint32_t nr_slots)
{
	uint32_t block_shift = MIN_BLOCK_SHIFT;

	while ((uint64_t)1 << 2 * block_shift < nr_slots)
		block_shift++;
	if (!grow(&stack->page_at, nr_slots, sizeof(*stack->page_at)) ||
	    !grow(&stack->steps, nr_slots / WORD_BITS, sizeof(*stack->steps)) ||
	    !grow(&stack->labels, nr_slots, sizeof(*stack->labels)) ||
	    !grow(&stack->blocks, nr_slots >> block_shift, sizeof(*stack->blocks)) ||
	    !grow(&stack->heaps, nr_slots, sizeof(*stack->heaps)) ||
	    !grow(&stack->arrived, nr_slots, sizeof(*stack->arrived)))
		return -ENOMEM;
	memset(stack->steps + stack->nr_slots / WORD_BITS, 0, (nr_slots - stack->nr_slots) / 8);
	stack->nr_slots = nr_slots;
	stack->block_shift = block_shift;
	return 0;
}

static int grow_pages(struct opt_stack *stack, uint32_t nr_pages)
{
	/* Whole words of unused[], and labels enough for all pages and one. */
	uint32_t nr_labels = (nr_pages + FIRST_LABEL + 64) / 64 * 64;

	if (!grow(&stack->slot_of, nr_pages, sizeof(*stack->slot_of)) ||
	    !grow(&stack->unused, nr_labels / 64, sizeof(*stack->unused)))
		return -ENOMEM;
	memset(stack->slot_of + stack->nr_pages, 0,
	       (nr_pages - stack->nr_pages) * sizeof(*stack->slot_of));
	memset(stack->unused + stack->nr_labels / 64, 0xff, (nr_labels - stack->nr_labels) / 8);
	stack->unused[0] &= ~(uint64_t)((1 << FIRST_LABEL) - 1);
	stack->nr_labels = nr_labels;
	stack->nr_pages = nr_pages;
	return 0;
}

int opt_stack_reserve(struct opt_stack *stack, uint32_t nr_pages)
{
	uint32_t nr_slots = stack->nr_slots ? stack->nr_slots : MIN_SLOTS;
	int err;

	if (nr_pages <= stack->nr_pages)
		return 0;
	while (nr_slots / 4 < nr_pages)
		nr_slots *= 2;
	settle_all(stack);
	err = grow_slots(stack, nr_slots);
	if (!err)
		err = grow_pages(stack, nr_pages);
	if (err)
		return err;
	if (stack->next_slot == 0)
		stack->next_slot = 1;
	renumber(stack);
	return 0;
}

int opt_stack_copy(struct opt_stack *to, struct opt_stack *from)
{
	int err = opt_stack_reserve(to, from->nr_pages);

	if (err || !from->nr_pages)
		return err;
	settle_all(from);
	memcpy(to->slot_of, from->slot_of, from->nr_pages * sizeof(*to->slot_of));
	memcpy(to->page_at, from->page_at, from->nr_slots * sizeof(*to->page_at));
	memcpy(to->steps, from->steps, from->nr_slots / 8);
	memcpy(to->labels, from->labels, from->nr_slots * sizeof(*to->labels));
	memcpy(to->unused, from->unused, from->nr_labels / 8);
	to->first_unused_word = from->first_unused_word;
	to->next_slot = from->next_slot;
	renumber(to);
	return 0;
}

void opt_stack_finish(struct opt_stack *stack)
{
	free(stack->slot_of);
	free(stack->page_at);
	free(stack->steps);
	free(stack->labels);
	free(stack->heaps);
	free(stack->arrived);
	free(stack->blocks);
	free(stack->unused);
	*stack = (struct opt_stack){ .nr_pages = 0 };
}

/* ---- references ---- */

/* Of a page last referenced at `slot`: the smallest cache that kept it. */
static uint32_t kept_by(struct opt_stack *stack, uint32_t slot)
{
	uint32_t least = pass(stack, slot), unused = least_unused(stack);

	if (least < unused)
		return least;
	if (least != NO_LABEL)
		set_unused(stack, least);
	stack->unused[unused / 64] &= ~((uint64_t)1 << unused % 64);
	return unused;
}

uint32_t opt_stack_touch(struct opt_stack *stack, uint32_t page)
{
	uint32_t slot = stack->slot_of[page], newest = stack->next_slot - 1;
	uint32_t smallest = 0;

	if (slot && slot == newest)
		return 1;
	if (slot) {
		smallest = kept_by(stack, slot);
		put_step(stack, newest, smallest);
		stack->page_at[slot] = 0;
	}
	push(stack, page);
	return smallest;
}

void opt_stack_drop(struct opt_stack *stack, uint32_t page)
{
	stack->page_at[stack->slot_of[page]] = 0;
	stack->slot_of[page] = 0;
}

void opt_stack_clear(struct opt_stack *stack)
{
	settle_all(stack);
	for (uint32_t slot = 1; slot < stack->next_slot; slot++) {
		stack->slot_of[stack->page_at[slot]] = 0;
		if (has_step(stack, slot))
			set_unused(stack, stack->labels[slot]);
		stack->steps[slot / WORD_BITS] &= ~bit_of(slot);
	}
	stack->next_slot = 1;
	stack->nr_full = 0;
}
