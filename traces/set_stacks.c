/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/set_stacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t nr_sets(uint32_t level)
{
	return (uint32_t)2 << level;
}

static uint32_t set_of(uint32_t level, uint64_t vpn)
{
	return (uint32_t)vpn & (nr_sets(level) - 1);
}

static uint32_t *head_of(const struct set_stacks *stacks, uint32_t level, uint32_t set)
{
	return &stacks->heads[nr_sets(level) - 2 + set];
}

/* Behind the head. */
static uint32_t nr_places(const struct set_stacks *stacks)
{
	return stacks->nr_ways - 1;
}

static uint32_t *places_of(const struct set_stacks *stacks, uint32_t level, uint32_t set)
{
	return stacks->places[level] + (size_t)set * nr_places(stacks);
}

int set_stacks_init(struct set_stacks *stacks, uint32_t nr_levels, uint32_t nr_ways)
{
	*stacks = (struct set_stacks){ .nr_levels = nr_levels, .nr_ways = nr_ways };
	stacks->heads = calloc(nr_sets(nr_levels), sizeof(uint32_t));
	if (!stacks->heads)
		return -ENOMEM;
	for (uint32_t level = 0; level < nr_levels; level++) {
		stacks->places[level] = calloc((size_t)nr_sets(level) * nr_ways, sizeof(uint32_t));
		if (!stacks->places[level])
			return -ENOMEM;
	}
	return 0;
}

void set_stacks_finish(struct set_stacks *stacks)
{
	free(stacks->heads);
	for (uint32_t level = 0; level < stacks->nr_levels; level++)
		free(stacks->places[level]);
	*stacks = (struct set_stacks){ .nr_levels = 0 };
}

/* A hole took in what was above it: the page's own place, if it has one, becomes a hole. */
static uint32_t touch_below_hole(uint32_t *places, uint32_t nr, uint32_t page, uint32_t hole)
{
	for (uint32_t i = hole + 1; i < nr; i++)
		if (places[i] == page) {
			places[i] = 0;
			return i + 2;
		}
	return 0;
}

/* The page has become the head of its set: what was it moves down, and all between it and
 * the page's place. The depth that the page had, or 0. */
static uint32_t push_down(uint32_t *places, uint32_t nr, uint32_t page, uint32_t carried)
{
	if (!carried)
		return touch_below_hole(places, nr, page, UINT32_MAX);
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t here = places[i];

		places[i] = carried;
		if (here == page)
			return i + 2;
		if (!here)
			return touch_below_hole(places, nr, page, i);
		carried = here;
	}
	return 0;
}

uint32_t set_stacks_touch(struct set_stacks *stacks, uint32_t page, uint64_t vpn,
                          uint64_t *const counts[])
{
	for (uint32_t level = 0; level < stacks->nr_levels; level++) {
		uint32_t set = set_of(level, vpn), *head = head_of(stacks, level, set);
		uint32_t carried = *head;

		if (carried == page)
			return level;
		*head = page;
		counts[level][push_down(places_of(stacks, level, set), nr_places(stacks), page,
		                        carried)]++;
	}
	return stacks->nr_levels;
}

static void drop_from_set(struct set_stacks *stacks, uint32_t page, uint32_t level, uint32_t set)
{
	uint32_t *places = places_of(stacks, level, set);

	if (*head_of(stacks, level, set) == page) {
		*head_of(stacks, level, set) = 0;
		return;
	}
	for (uint32_t i = 0; i < nr_places(stacks); i++)
		if (places[i] == page) {
			places[i] = 0;
			return;
		}
}

void set_stacks_drop(struct set_stacks *stacks, uint32_t page, uint64_t vpn)
{
	for (uint32_t level = 0; level < stacks->nr_levels; level++)
		drop_from_set(stacks, page, level, set_of(level, vpn));
}

void set_stacks_clear(struct set_stacks *stacks)
{
	memset(stacks->heads, 0, nr_sets(stacks->nr_levels) * sizeof(uint32_t));
	for (uint32_t level = 0; level < stacks->nr_levels; level++)
		memset(stacks->places[level], 0,
		       (size_t)nr_sets(level) * nr_places(stacks) * sizeof(uint32_t));
}
