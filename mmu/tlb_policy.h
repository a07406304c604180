/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tlb_policy - which way of a full set a TLB gives up.
 *
 * A policy sees sets and ways, never tags. The TLB keeps the storage, looks up,
 * counts, and fills free ways (the lowest first) without asking; a policy hears
 * of fills and hits, and is asked for a victim when all ways are taken. It does
 * not hear of invalidations: as in hardware, the set's state stays as it was.
 */
#ifndef PW_MMU_TLB_POLICY_H
#define PW_MMU_TLB_POLICY_H

#include "mmu/types.h"

/* What a policy may keep for a whole array, beside the state of each set. */
struct tlb_policy_array {
	uint32_t ways;
	uint64_t clock;  /* starts at 0; for policies that stamp */
	uint64_t random; /* generator state, seeded: tlb_policy_random() */
};

/* What a hit does to a set's state. Decides which hits may skip the policy. */
enum tlb_hit_effect {
	TLB_HIT_IGNORED, /* nothing, ever */
	TLB_HIT_MARKS,   /* something, but nothing more when the way is the last touched */
	TLB_HIT_COUNTS,  /* each single hit is remembered */
};

struct tlb_policy {
	const char *name; /* as machine files say: "lru" */
	size_t way_bytes; /* state per way; a set's state is ways * way_bytes, zeroed at creation */
	enum tlb_hit_effect hit_effect;

	void (*fill)(struct tlb_policy_array *array, void *set, uint32_t way);
	/* `times` hits in a row, at least 1. NULL with TLB_HIT_IGNORED. */
	void (*hit)(struct tlb_policy_array *array, void *set, uint32_t way, uint64_t times);
	/* All ways are valid. May change the set's state. */
	uint32_t (*victim)(struct tlb_policy_array *array, void *set);
};

extern const struct tlb_policy tlb_policy_lru;
extern const struct tlb_policy tlb_policy_tree_plru;
extern const struct tlb_policy tlb_policy_bit_plru;
extern const struct tlb_policy tlb_policy_nru;
extern const struct tlb_policy tlb_policy_fifo;
extern const struct tlb_policy tlb_policy_lfu;
extern const struct tlb_policy tlb_policy_random;

/* NULL: no such policy. */
const struct tlb_policy *tlb_policy_by_name(const char *name);

/* All policies in a fixed order; NULL behind the last. */
const struct tlb_policy *tlb_policy_at(size_t i);

/* The next number of the array's generator (splitmix64: any seed will do). */
uint64_t tlb_policy_next_random(struct tlb_policy_array *array);

#endif
