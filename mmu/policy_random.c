/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any way, evenly; the array's generator is drawn from once per victim. */
#include "mmu/tlb_policy.h"

static void random_fill(struct tlb_policy_array *array, void *set, uint32_t way)
{
}

/* The top half of the draw scaled to 0..ways-1: no bias worth the name for any
 * number of ways that a TLB has. */
static uint32_t random_victim(struct tlb_policy_array *array, void *set)
{
	uint64_t draw = tlb_policy_next_random(array) >> 32;

	return (uint32_t)(draw * array->ways >> 32);
}

const struct tlb_policy tlb_policy_random = {
	.name = "random",
	.way_bytes = 0,
	.hit_effect = TLB_HIT_IGNORED,
	.fill = random_fill,
	.victim = random_victim,
};
