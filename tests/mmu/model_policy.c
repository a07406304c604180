/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/mmu/model_policy.h"

#include "tests/mmu/random_stream.h"

#include <string.h>

static void move_to_back(struct model_ways *set, uint32_t way)
{
	uint32_t i = 0;

	while (set->order[i] != way)
		i++;
	for (; i + 1 < set->nr; i++)
		set->order[i] = set->order[i + 1];
	set->order[set->nr - 1] = way;
}

static void lru_touch(struct model_ways *set, uint32_t way, bool fill)
{
	move_to_back(set, way);
}

static void fifo_touch(struct model_ways *set, uint32_t way, bool fill)
{
	if (fill)
		move_to_back(set, way);
}

static uint32_t front(struct model_ways *set)
{
	return set->order[0];
}

static void lfu_touch(struct model_ways *set, uint32_t way, bool fill)
{
	set->count[way] = fill ? 1 : set->count[way] + 1;
}

static uint32_t lfu_victim(struct model_ways *set)
{
	uint32_t least = 0;

	for (uint32_t way = 1; way < set->nr; way++)
		if (set->count[way] < set->count[least])
			least = way;
	return least;
}

static uint32_t marked(const struct model_ways *set)
{
	uint32_t n = 0;

	for (uint32_t way = 0; way < set->nr; way++)
		n += set->mark[way];
	return n;
}

static void nru_touch(struct model_ways *set, uint32_t way, bool fill)
{
	set->mark[way] = true;
}

static uint32_t first_unmarked(struct model_ways *set)
{
	uint32_t way = 0;

	if (marked(set) == set->nr)
		memset(set->mark, 0, sizeof(set->mark));
	while (set->mark[way])
		way++;
	return way;
}

static void bit_plru_touch(struct model_ways *set, uint32_t way, bool fill)
{
	set->mark[way] = true;
	if (marked(set) == set->nr) {
		memset(set->mark, 0, sizeof(set->mark));
		set->mark[way] = true;
	}
}

/* The tree as recursion over [first, end); a node's mark is kept at the first way
 * of its right half and says that the right half is next. */
static void turn_away(struct model_ways *set, uint32_t way, uint32_t first, uint32_t end)
{
	uint32_t size = end - first, left = size / 2 + size % 2;

	if (size == 1)
		return;
	if (way - first < left) {
		set->mark[first + left] = true;
		turn_away(set, way, first, first + left);
	} else {
		set->mark[first + left] = false;
		turn_away(set, way, first + left, end);
	}
}

static void tree_touch(struct model_ways *set, uint32_t way, bool fill)
{
	turn_away(set, way, 0, set->nr);
}

static uint32_t follow(const struct model_ways *set, uint32_t first, uint32_t end)
{
	uint32_t size = end - first, left = size / 2 + size % 2;

	if (size == 1)
		return first;
	return set->mark[first + left] ? follow(set, first + left, end)
	                               : follow(set, first, first + left);
}

static uint32_t tree_victim(struct model_ways *set)
{
	return follow(set, 0, set->nr);
}

static void random_touch(struct model_ways *set, uint32_t way, bool fill)
{
}

static uint32_t random_victim(struct model_ways *set)
{
	struct random_stream random = { *set->random };
	uint64_t draw = random_next(&random) >> 32;

	*set->random = random.state;
	return (uint32_t)(draw * set->nr / ((uint64_t)1 << 32));
}

static const struct model_policy models[] = {
	{ "lru", lru_touch, front },
	{ "tree-plru", tree_touch, tree_victim },
	{ "bit-plru", bit_plru_touch, first_unmarked },
	{ "nru", nru_touch, first_unmarked },
	{ "fifo", fifo_touch, front },
	{ "lfu", lfu_touch, lfu_victim },
	{ "random", random_touch, random_victim },
};

const struct model_policy *model_policy_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (!strcmp(models[i].name, name))
			return &models[i];
	return NULL;
}

void model_ways_init(struct model_ways *set, uint32_t nr, uint64_t *random)
{
	*set = (struct model_ways){ .nr = nr, .random = random };
	for (uint32_t way = 0; way < nr; way++)
		set->order[way] = way;
}
