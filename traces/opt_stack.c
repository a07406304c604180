/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/opt_stack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NO_LABEL UINT32_MAX
#define GROUP 16 /* slots, or groups, whose least label is kept above */
#define YOUNG 64 /* whole groups, and bits of a word */
#define MIN_SLOTS 4096
#define FIRST_LABEL 2 /* a cache of one page hits only what it has just had */
#define NEAR_LABELS 8 /* looked at one by one before the tree is asked */

/* ---- the steps, by time: the least label of groups ---- */

static uint32_t least_of_group(const uint32_t *labels)
{
	uint32_t least = NO_LABEL;

	for (uint32_t i = 0; i < GROUP; i++)
		least = labels[i] < least ? labels[i] : least;
	return least;
}

/* A label has gone from `slot`, or come there, or given way to another. */
static void update_groups(struct opt_stack *stack, uint32_t slot, uint32_t old, uint32_t label)
{
	uint32_t i = slot;

	for (uint32_t level = 1; level < stack->nr_levels; level++) {
		uint32_t *least = &stack->least[level][i / GROUP];

		if (label < *least)
			*least = label;
		else if (*least == old)
			*least = least_of_group(stack->least[level - 1] + i / GROUP * GROUP);
		else
			return;
		i /= GROUP;
	}
}

static void set_label(struct opt_stack *stack, uint32_t slot, uint32_t label)
{
	uint32_t old = stack->least[0][slot];

	stack->least[0][slot] = label;
	if (slot < stack->first_young)
		update_groups(stack, slot, old, label);
	else if (label == NO_LABEL)
		stack->young_steps &= ~((uint64_t)1 << (slot - stack->first_young));
	else
		stack->young_steps |= (uint64_t)1 << (slot - stack->first_young);
}

/* The young steps at this slot or older ones. */
static uint64_t young_until(const struct opt_stack *stack, uint32_t slot)
{
	return slot < stack->first_young
	           ? 0
	           : stack->young_steps & ~(uint64_t)0 >> (YOUNG - 1 - (slot - stack->first_young));
}

static uint32_t newest_young(const struct opt_stack *stack, uint64_t steps)
{
	return stack->first_young + YOUNG - 1 - (uint32_t)__builtin_clzll(steps);
}

/* All young slots are taken: they join the others. */
static void settle_young(struct opt_stack *stack)
{
	uint64_t steps = stack->young_steps;

	stack->young_steps = 0;
	for (; steps; steps &= steps - 1) {
		uint32_t slot = stack->first_young + (uint32_t)__builtin_ctzll(steps);

		update_groups(stack, slot, NO_LABEL, stack->least[0][slot]);
	}
	stack->first_young += YOUNG;
}

/* The least label at this slot or older ones. */
static uint32_t least_until(const struct opt_stack *stack, uint32_t slot)
{
	uint32_t least = NO_LABEL, level = 0, i = slot;

	for (uint64_t young = young_until(stack, slot); young; young &= young - 1) {
		uint32_t here =
		    stack->least[0][stack->first_young + (uint32_t)__builtin_ctzll(young)];

		least = here < least ? here : least;
	}
	if (slot >= stack->first_young) {
		if (!stack->first_young)
			return least;
		i = stack->first_young - 1;
	}
	for (;;) {
		uint32_t here = stack->least[level][i];

		least = here < least ? here : least;
		/* At the left end of a group: the next is the group on the left. */
		while (i % GROUP == 0) {
			if (i == 0)
				return least;
			i /= GROUP;
			level++;
		}
		i--;
	}
}

/* The newest slot, at `slot` or older, with a label below `limit`; 0: none. */
static uint32_t newest_below(const struct opt_stack *stack, uint32_t slot, uint32_t limit)
{
	uint64_t young = young_until(stack, slot);
	uint32_t level = 0, i = slot;

	while (young) {
		i = newest_young(stack, young);
		if (stack->least[0][i] < limit)
			return i;
		young ^= (uint64_t)1 << (i - stack->first_young);
	}
	if (slot >= stack->first_young) {
		if (!stack->first_young)
			return 0;
		i = stack->first_young - 1;
	}
	while (stack->least[level][i] >= limit) {
		while (i % GROUP == 0) {
			if (i == 0)
				return 0;
			i /= GROUP;
			level++;
		}
		i--;
	}
	while (level) {
		level--;
		i = i * GROUP + GROUP - 1;
		while (stack->least[level][i] >= limit)
			i--;
	}
	return i;
}

/* ---- labels ---- */

static void give_label(struct opt_stack *stack, uint32_t label, uint32_t slot)
{
	stack->unused[label / 64] &= ~((uint64_t)1 << label % 64);
	stack->step_of[label] = slot;
	set_label(stack, slot, label);
}

static void retire_label(struct opt_stack *stack, uint32_t label)
{
	stack->step_of[label] = 0;
	stack->unused[label / 64] |= (uint64_t)1 << label % 64;
	if (label / 64 < stack->first_unused_word)
		stack->first_unused_word = label / 64;
}

/* There always is one: there are fewer steps than pages. */
static uint32_t least_unused_label(struct opt_stack *stack)
{
	while (!stack->unused[stack->first_unused_word])
		stack->first_unused_word++;
	return stack->first_unused_word * 64 +
	       (uint32_t)__builtin_ctzll(stack->unused[stack->first_unused_word]);
}

/* The smallest cache that kept a page since its reference at `slot`. */
static uint32_t smallest_that_kept(struct opt_stack *stack, uint32_t slot)
{
	uint32_t least, unused;

	/* Mostly one of the first; and an unused one's step_of[] is 0. */
	for (uint32_t label = FIRST_LABEL; label < FIRST_LABEL + NEAR_LABELS; label++)
		if (stack->step_of[label] <= slot)
			return label;
	least = least_until(stack, slot);
	unused = least_unused_label(stack);
	return least < unused ? least : unused;
}

/* Each cache from `smallest` on loses its newest step that is at slot or older. */
static void drop_steps(struct opt_stack *stack, uint32_t slot, uint32_t smallest)
{
	uint32_t step = newest_below(stack, slot, NO_LABEL);
	uint32_t label;

	if (!step)
		return;
	label = stack->least[0][step];
	set_label(stack, step, NO_LABEL);
	while (label != smallest) {
		uint32_t next = newest_below(stack, step, label), taken;

		if (!next) {
			retire_label(stack, label);
			return;
		}
		taken = stack->least[0][next];
		give_label(stack, label, next);
		label = taken;
		step = next;
	}
}

/* ---- slots ---- */

/* From the labels of the slots below next_slot. */
static void rebuild_groups(struct opt_stack *stack)
{
	stack->first_young = stack->next_slot / YOUNG * YOUNG;
	stack->young_steps = 0;
	for (uint32_t slot = stack->first_young; slot < stack->next_slot; slot++)
		if (stack->least[0][slot] != NO_LABEL)
			stack->young_steps |= (uint64_t)1 << (slot - stack->first_young);
	for (uint32_t level = 1; level < stack->nr_levels; level++)
		for (uint32_t i = 0; i < stack->nr_at[level - 1] / GROUP; i++)
			stack->least[level][i] =
			    level == 1 && i >= stack->first_young / GROUP
			        ? NO_LABEL
			        : least_of_group(stack->least[level - 1] + (size_t)i * GROUP);
}

/* Numbers slots that have a page or a step, and the newest, 1, 2, 3 ... */
static void renumber(struct opt_stack *stack)
{
	uint32_t *labels = stack->least[0];
	uint32_t used = stack->next_slot, next = 1;

	for (uint32_t slot = 1; slot < used; slot++) {
		uint32_t page = stack->page_at[slot], label = labels[slot];

		if (!page && label == NO_LABEL && slot != used - 1)
			continue;
		stack->page_at[next] = page;
		labels[next] = label;
		if (page)
			stack->slot_of[page] = next;
		if (label != NO_LABEL)
			stack->step_of[label] = next;
		next++;
	}
	labels[0] = NO_LABEL;
	for (uint32_t slot = next; slot < stack->nr_at[0]; slot++)
		labels[slot] = NO_LABEL;
	stack->next_slot = next;
	rebuild_groups(stack);
}

/* Pages and steps together are at most half of the slots. */
static void push(struct opt_stack *stack, uint32_t page)
{
	if (stack->next_slot == stack->nr_at[0])
		renumber(stack);
	stack->page_at[stack->next_slot] = page;
	stack->slot_of[page] = stack->next_slot++;
	if (stack->next_slot - stack->first_young == YOUNG)
		settle_young(stack);
}

static bool grow(void *array, size_t nr, size_t size)
{
	void **place = array;
	void *grown = realloc(*place, nr * size);

	if (grown)
		*place = grown;
	return grown;
}

static void fill(uint32_t *array, uint32_t from, uint32_t to, uint32_t value)
{
	for (uint32_t i = from; i < to; i++)
		array[i] = value;
}

/* All levels for that many slots; each level is whole groups. */
static int grow_slots(struct opt_stack *stack, uint32_t nr_slots)
{
	uint32_t nr = nr_slots, level = 0;

	if (!grow(&stack->page_at, nr_slots, sizeof(*stack->page_at)))
		return -ENOMEM;
	for (;; nr = (nr / GROUP + GROUP - 1) / GROUP * GROUP) {
		if (!grow(&stack->least[level], nr, sizeof(uint32_t)))
			return -ENOMEM;
		fill(stack->least[level], stack->nr_at[level], nr, NO_LABEL);
		stack->nr_at[level++] = nr;
		if (nr == GROUP)
			break;
	}
	stack->nr_levels = level;
	return 0;
}

static int grow_labels(struct opt_stack *stack, uint32_t nr_pages)
{
	/* Whole words of unused[], and a label more than there are pages. */
	uint32_t nr_labels = (nr_pages + NEAR_LABELS + FIRST_LABEL + 63) / 64 * 64;

	if (!grow(&stack->slot_of, nr_pages, sizeof(*stack->slot_of)) ||
	    !grow(&stack->step_of, nr_labels, sizeof(*stack->step_of)) ||
	    !grow(&stack->unused, nr_labels / 64, sizeof(*stack->unused)))
		return -ENOMEM;
	fill(stack->slot_of, stack->nr_pages, nr_pages, 0);
	fill(stack->step_of, stack->nr_labels, nr_labels, 0);
	memset(stack->unused + stack->nr_labels / 64, 0xff, (nr_labels - stack->nr_labels) / 8);
	stack->unused[0] &= ~(uint64_t)((1 << FIRST_LABEL) - 1);
	stack->nr_labels = nr_labels;
	stack->nr_pages = nr_pages;
	return 0;
}

int opt_stack_reserve(struct opt_stack *stack, uint32_t nr_pages)
{
	uint32_t nr_slots = stack->nr_at[0] ? stack->nr_at[0] : MIN_SLOTS;
	int err;

	if (nr_pages <= stack->nr_pages)
		return 0;
	while (nr_slots / 4 < nr_pages)
		nr_slots *= 2;
	err = grow_slots(stack, nr_slots);
	if (!err)
		err = grow_labels(stack, nr_pages);
	if (stack->next_slot == 0)
		stack->next_slot = 1;
	renumber(stack);
	return err;
}

void opt_stack_finish(struct opt_stack *stack)
{
	free(stack->slot_of);
	free(stack->page_at);
	free(stack->step_of);
	free(stack->unused);
	for (uint32_t level = 0; level < OPT_MAX_LEVELS; level++)
		free(stack->least[level]);
	*stack = (struct opt_stack){ .nr_pages = 0 };
}

/* ---- references ---- */

uint32_t opt_stack_touch(struct opt_stack *stack, uint32_t page)
{
	uint32_t slot = stack->slot_of[page], newest = stack->next_slot - 1;
	uint32_t smallest = 0;

	if (slot && slot == newest)
		return 1;
	if (slot) {
		smallest = smallest_that_kept(stack, slot);
		drop_steps(stack, slot, smallest);
		give_label(stack, smallest, newest);
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
	for (uint32_t slot = 1; slot < stack->next_slot; slot++) {
		uint32_t label = stack->least[0][slot];

		stack->slot_of[stack->page_at[slot]] = 0;
		stack->page_at[slot] = 0;
		if (label != NO_LABEL)
			retire_label(stack, label);
		stack->least[0][slot] = NO_LABEL;
	}
	stack->next_slot = 1;
	rebuild_groups(stack);
}
