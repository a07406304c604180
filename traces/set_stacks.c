/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/set_stacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t nr_places(const struct set_stacks *stacks, uint32_t level)
{
	return ((size_t)2 << level) * stacks->nr_ways;
}

static uint32_t *set_of(const struct set_stacks *stacks, uint32_t level, uint64_t vpn)
{
	uint64_t set = vpn & (((uint64_t)2 << level) - 1);

	return stacks->places[level] + set * stacks->nr_ways;
}

int set_stacks_init(struct set_stacks *stacks, uint32_t nr_levels, uint32_t nr_ways)
{
	*stacks = (struct set_stacks){ .nr_levels = nr_levels, .nr_ways = nr_ways };
	for (uint32_t level = 0; level < nr_levels; level++) {
		stacks->places[level] = calloc(nr_places(stacks, level), sizeof(uint32_t));
		if (!stacks->places[level]) {
			set_stacks_finish(stacks);
			return -ENOMEM;
		}
	}
	return 0;
}

void set_stacks_finish(struct set_stacks *stacks)
{
	for (uint32_t level = 0; level < stacks->nr_levels; level++)
		free(stacks->places[level]);
	*stacks = (struct set_stacks){ .nr_levels = 0 };
}

/* A hole took in what was above it: the page's own place, if it has one, becomes a hole. */
static uint32_t touch_below_hole(uint32_t *places, uint32_t nr_ways, uint32_t page, uint32_t hole)
{
	for (uint32_t i = hole + 1; i < nr_ways; i++)
		if (places[i] == page) {
			places[i] = 0;
			return i + 1;
		}
	return 0;
}

/* Moves the page to the front, and what was above it down by one. Its depth, or 0. */
static uint32_t touch_set(uint32_t *places, uint32_t nr_ways, uint32_t page)
{
	uint32_t carried = page;

	for (uint32_t i = 0; i < nr_ways; i++) {
		uint32_t here = places[i];

		places[i] = carried;
		if (here == page)
			return i + 1;
		if (!here)
			return touch_below_hole(places, nr_ways, page, i);
		carried = here;
	}
	return 0;
}

uint32_t set_stacks_touch(struct set_stacks *stacks, uint32_t page, uint64_t vpn, uint32_t *depth)
{
	for (uint32_t level = 0; level < stacks->nr_levels; level++) {
		uint32_t *places = set_of(stacks, level, vpn);

		if (places[0] == page)
			return level;
		depth[level] = touch_set(places, stacks->nr_ways, page);
	}
	return stacks->nr_levels;
}

void set_stacks_drop(struct set_stacks *stacks, uint32_t page, uint64_t vpn)
{
	for (uint32_t level = 0; level < stacks->nr_levels; level++) {
		uint32_t *places = set_of(stacks, level, vpn);

		for (uint32_t i = 0; i < stacks->nr_ways; i++)
			if (places[i] == page)
				places[i] = 0;
	}
}

void set_stacks_clear(struct set_stacks *stacks)
{
	for (uint32_t level = 0; level < stacks->nr_levels; level++)
		memset(stacks->places[level], 0, nr_places(stacks, level) * sizeof(uint32_t));
}
