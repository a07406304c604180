/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bit-PLRU (also "MRU replacement"): a mark per way, set when it is touched; the
 * touch that would leave no way unmarked wipes all marks but its own. The victim
 * is the lowest unmarked way.
 */
#include "mmu/tlb_policy.h"

#include <string.h>

static void bit_plru_fill(struct tlb_policy_array *array, void *set, uint32_t way)
{
	uint8_t *marked = set;

	marked[way] = 1;
	if (!memchr(set, 0, array->ways)) {
		memset(set, 0, array->ways);
		marked[way] = 1;
	}
}

static void bit_plru_hit(struct tlb_policy_array *array, void *set, uint32_t way, uint64_t times)
{
	bit_plru_fill(array, set, way);
}

static uint32_t bit_plru_victim(struct tlb_policy_array *array, void *set)
{
	const uint8_t *unmarked = memchr(set, 0, array->ways);

	/* Only a set of one way has none. */
	return unmarked ? (uint32_t)(unmarked - (uint8_t *)set) : 0;
}

const struct tlb_policy tlb_policy_bit_plru = {
	.name = "bit-plru",
	.way_bytes = 1,
	.hit_effect = TLB_HIT_MARKS,
	.fill = bit_plru_fill,
	.hit = bit_plru_hit,
	.victim = bit_plru_victim,
};
