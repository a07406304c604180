/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Least frequently used: each way counts its touches since its fill, without
 * ageing. Of equally used ways the lowest goes.
 */
#include "mmu/tlb_policy.h"

static void lfu_fill(struct tlb_policy_array *array, void *set, uint32_t way)
{
	uint64_t *touches = set;

	touches[way] = 1;
}

static void lfu_hit(struct tlb_policy_array *array, void *set, uint32_t way, uint64_t times)
{
	uint64_t *touches = set;

	touches[way] += times;
}

static uint32_t lfu_victim(struct tlb_policy_array *array, void *set)
{
	const uint64_t *touches = set;
	uint32_t least = 0;

	for (uint32_t way = 1; way < array->ways; way++)
		if (touches[way] < touches[least])
			least = way;
	return least;
}

const struct tlb_policy tlb_policy_lfu = {
	.name = "lfu",
	.way_bytes = sizeof(uint64_t),
	.hit_effect = TLB_HIT_COUNTS,
	.fill = lfu_fill,
	.hit = lfu_hit,
	.victim = lfu_victim,
};
