/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/reclaim_policy.h"

#include <string.h>

static const struct reclaim_policy *const policies[] = {
	&reclaim_two_list, &reclaim_fifo, &reclaim_clock, &reclaim_lru, &reclaim_random,
};

const struct reclaim_policy *reclaim_policy_at(size_t i)
{
	return i < sizeof(policies) / sizeof(policies[0]) ? policies[i] : NULL;
}

const struct reclaim_policy *reclaim_policy_by_name(const char *name)
{
	const struct reclaim_policy *policy;

	for (size_t i = 0; (policy = reclaim_policy_at(i)); i++)
		if (!strcmp(policy->name, name))
			return policy;
	return NULL;
}
