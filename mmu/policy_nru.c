/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Not recently used: a mark per way, set when it is touched. The victim is the
 * lowest unmarked way; only when a victim is wanted and all are marked are the
 * marks wiped (bit-plru wipes them at the touch that completes them).
 */
#include "mmu/tlb_policy.h"

#include <string.h>

static void nru_fill(struct tlb_policy_array *array, void *set, uint32_t way)
{
	uint8_t *marked = set;

	marked[way] = 1;
}

static void nru_hit(struct tlb_policy_array *array, void *set, uint32_t way, uint64_t times)
{
	nru_fill(array, set, way);
}

static uint32_t nru_victim(struct tlb_policy_array *array, void *set)
{
	const uint8_t *unmarked = memchr(set, 0, array->ways);

	if (unmarked)
		return (uint32_t)(unmarked - (uint8_t *)set);
	memset(set, 0, array->ways);
	return 0;
}

const struct tlb_policy tlb_policy_nru = {
	.name = "nru",
	.way_bytes = 1,
	.hit_effect = TLB_HIT_MARKS,
	.fill = nru_fill,
	.hit = nru_hit,
	.victim = nru_victim,
};
