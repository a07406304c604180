/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk_cache - the paging-structure caches that let a walk start lower down
 * (Intel SDM Vol. 3A, "Caches for Paging Structures").
 *
 * An entry of the PD cache stands for all entries from the top down to one that
 * points to a page table: where that table is, and the rights gathered so far. It
 * is made only when all those entries have P and A set. Entries that map a page
 * are never here.
 */
#ifndef PW_MMU_WALK_CACHE_H
#define PW_MMU_WALK_CACHE_H

#include "mmu/types.h"

/* Which table the cached entry points to is one level below its name. */
enum walk_cache_level { WALK_CACHE_PML4, WALK_CACHE_PDPT, WALK_CACHE_PD, NR_WALK_CACHES };

struct walk_cache_config {
	uint32_t entries[NR_WALK_CACHES]; /* fully associative, LRU; 0: none */
};

#define WALK_CACHE_MAX_ENTRIES 4096 /* per level */

/*
 * The cache nearest to the page is asked first, the next only on its miss:
 *
 *   PD hits + misses = walks (where the mode has the level and the CPU the cache)
 *   PDPT hits + misses = PD misses;  PML4 hits + misses = PDPT misses
 *
 * where an absent cache passes the question on without counting.
 */
struct walk_cache_counts {
	uint64_t hits[NR_WALK_CACHES];
	uint64_t misses[NR_WALK_CACHES];
};

struct walk_cache;

struct walk_cache_entry {
	uint64_t tag;    /* first va of what the entry covers, PCID in the low bits */
	pa_t table;      /* page-aligned */
	uint64_t rights; /* TLB_W, TLB_U, TLB_X (tlb.h) of all entries so far */
	uint64_t touched;
	bool valid;
};

/* 0 and *out set; -EINVAL if a level has more than WALK_CACHE_MAX_ENTRIES,
 * -ENOMEM. On error *out is untouched. */
int walk_cache_create(struct walk_cache **out, const struct walk_cache_config *config);
void walk_cache_destroy(struct walk_cache *cache); /* NULL is fine */

bool walk_cache_has(const struct walk_cache *cache, enum walk_cache_level level);

/* va must be cut to what an entry of that level covers. NULL: a miss. A hit is
 * now the most recently used. */
const struct walk_cache_entry *walk_cache_lookup(struct walk_cache *cache,
                                                 enum walk_cache_level level, va_t va,
                                                 uint16_t pcid);

/* Nothing happens without such a cache. An entry for the same va is replaced,
 * else the least recently used. */
void walk_cache_fill(struct walk_cache *cache, enum walk_cache_level level, va_t va, uint16_t pcid,
                     pa_t table, uint64_t rights);

void walk_cache_drop_all(struct walk_cache *cache);
void walk_cache_drop_pcid(struct walk_cache *cache, uint16_t pcid);
void walk_cache_drop(struct walk_cache *cache, enum walk_cache_level level, va_t va, uint16_t pcid);

/* The i-th place of a level, valid or not; NULL behind the last. */
const struct walk_cache_entry *walk_cache_at(const struct walk_cache *cache,
                                             enum walk_cache_level level, uint32_t i);

#endif
