/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk_cache - the paging-structure caches that let a walk start lower down
 * (Intel SDM Vol. 3A, "Caches for Paging Structures").
 */
#ifndef PW_MMU_WALK_CACHE_H
#define PW_MMU_WALK_CACHE_H

#include "mmu/types.h"

/* Which table the cached entry points to is one level below its name. */
enum walk_cache_level { WALK_CACHE_PML4, WALK_CACHE_PDPT, WALK_CACHE_PD, NR_WALK_CACHES };

struct walk_cache_config {
	uint32_t entries[NR_WALK_CACHES]; /* fully associative, LRU; 0: none */
};

struct walk_cache_counts {
	uint64_t hits[NR_WALK_CACHES];
	uint64_t misses[NR_WALK_CACHES];
};

#endif
