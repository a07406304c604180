/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * True LRU: each way carries the time of its last touch. Touching is O(1), which
 * matters more than the O(ways) search for a victim: hits outnumber misses.
 */
#include "mmu/tlb_policy.h"

static void lru_fill(struct tlb_policy_array *array, void *set, uint32_t way)
{
	uint64_t *touched = set;

	touched[way] = ++array->clock;
}

static void lru_hit(struct tlb_policy_array *array, void *set, uint32_t way, uint64_t times)
{
	lru_fill(array, set, way);
}

static uint32_t lru_victim(struct tlb_policy_array *array, void *set)
{
	const uint64_t *touched = set;
	uint32_t oldest = 0;

	for (uint32_t way = 1; way < array->ways; way++)
		if (touched[way] < touched[oldest])
			oldest = way;
	return oldest;
}

const struct tlb_policy tlb_policy_lru = {
	.name = "lru",
	.way_bytes = sizeof(uint64_t),
	.hit_effect = TLB_HIT_MARKS,
	.fill = lru_fill,
	.hit = lru_hit,
	.victim = lru_victim,
};
