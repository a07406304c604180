/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model_policy - the replacement policies once more, straight from their
 * definitions and as slow as these are: what mmu/policy_*.c is judged by.
 */
#ifndef PW_TESTS_MMU_MODEL_POLICY_H
#define PW_TESTS_MMU_MODEL_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_MAX_WAYS 128

/* What the policies remember of one set; each uses what it needs. */
struct model_ways {
	uint32_t nr;
	uint32_t order[MODEL_MAX_WAYS]; /* ways, that to be evicted first in front */
	uint64_t count[MODEL_MAX_WAYS];
	bool mark[MODEL_MAX_WAYS];
	uint64_t *random; /* generator state that the sets of an array share */
};

struct model_policy {
	const char *name; /* as tlb_policy.name */
	void (*touch)(struct model_ways *set, uint32_t way, bool fill);
	uint32_t (*victim)(struct model_ways *set); /* all ways are taken */
};

/* nr: 1 to MODEL_MAX_WAYS. *random stays the caller's. */
void model_ways_init(struct model_ways *set, uint32_t nr, uint64_t *random);

/* NULL: there is no model of it. */
const struct model_policy *model_policy_by_name(const char *name);

#endif
