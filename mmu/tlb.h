/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tlb - one set-associative cache of finished translations. Never reads page
 * tables. Tagged by PCID; global entries match under any (Intel SDM Vol. 3A,
 * "Caching Translation Information").
 */
#ifndef PW_MMU_TLB_H
#define PW_MMU_TLB_H

#include "mmu/types.h"

struct tlb;
struct tlb_policy; /* mmu/tlb_policy.h */

struct tlb_config {
	const char *name;    /* in statistics, e.g. "l1d" */
	uint32_t entries;    /* a multiple of ways */
	uint32_t ways;       /* 0: fully associative; sets must come out a power of two */
	uint32_t page_sizes; /* bit per enum page_size that the array holds */
	const struct tlb_policy *policy;
	uint64_t seed; /* of the random policy */
};

#endif
