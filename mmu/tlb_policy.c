/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/tlb_policy.h"

#include <string.h>

static const struct tlb_policy *const policies[] = {
	&tlb_policy_lru,  &tlb_policy_tree_plru, &tlb_policy_bit_plru, &tlb_policy_nru,
	&tlb_policy_fifo, &tlb_policy_lfu,       &tlb_policy_random,
};

const struct tlb_policy *tlb_policy_at(size_t i)
{
	return i < sizeof(policies) / sizeof(policies[0]) ? policies[i] : NULL;
}

const struct tlb_policy *tlb_policy_by_name(const char *name)
{
	const struct tlb_policy *policy;

	for (size_t i = 0; (policy = tlb_policy_at(i)); i++)
		if (!strcmp(policy->name, name))
			return policy;
	return NULL;
}

/* Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators" (2014). */
uint64_t tlb_policy_next_random(struct tlb_policy_array *array)
{
	uint64_t z = array->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}
