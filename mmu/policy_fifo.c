/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First in, first out: each way carries the time of its fill. */
#include "mmu/tlb_policy.h"

static void fifo_fill(struct tlb_policy_array *array, void *set, uint32_t way)
{
	uint64_t *filled = set;

	filled[way] = ++array->clock;
}

static uint32_t fifo_victim(struct tlb_policy_array *array, void *set)
{
	const uint64_t *filled = set;
	uint32_t oldest = 0;

	for (uint32_t way = 1; way < array->ways; way++)
		if (filled[way] < filled[oldest])
			oldest = way;
	return oldest;
}

const struct tlb_policy tlb_policy_fifo = {
	.name = "fifo",
	.way_bytes = sizeof(uint64_t),
	.hit_effect = TLB_HIT_IGNORED,
	.fill = fifo_fill,
	.victim = fifo_victim,
};
