/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model_cache - one cache of pages, looked through page by page: the slow second model of
 * what traces/ knows of caches of all sizes.
 */
#ifndef PW_TESTS_TRACES_MODEL_CACHE_H
#define PW_TESTS_TRACES_MODEL_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum model_policy { MODEL_LRU, MODEL_FIFO, MODEL_CLOCK, MODEL_RANDOM, NR_MODEL_POLICIES };

struct model_way {
	bool valid, marked, dirty;
	uint64_t space, vpn;
	uint64_t touched, filled;
};

struct model_cache {
	uint32_t sets, ways;
	enum model_policy policy;
	uint64_t now, misses, chance;
	uint32_t hand; /* CLOCK's; one set */
	struct model_way *all;
};

static inline void model_init(struct model_cache *cache, uint32_t sets, uint32_t ways,
                              enum model_policy policy)
{
	*cache = (struct model_cache){ .sets = sets, .ways = ways, .policy = policy, .chance = 1 };
	cache->all = calloc((size_t)sets * ways, sizeof(*cache->all));
	if (!cache->all)
		abort();
}

static inline void model_finish(struct model_cache *cache)
{
	free(cache->all);
}

static inline struct model_way *model_set(const struct model_cache *cache, uint64_t vpn)
{
	return cache->all + vpn % cache->sets * cache->ways;
}

static inline struct model_way *model_find(const struct model_cache *cache, uint64_t space,
                                           uint64_t vpn)
{
	struct model_way *set = model_set(cache, vpn);

	for (uint32_t i = 0; i < cache->ways; i++)
		if (set[i].valid && set[i].space == space && set[i].vpn == vpn)
			return &set[i];
	return NULL;
}

static inline struct model_way *model_victim(struct model_cache *cache, struct model_way *set)
{
	struct model_way *oldest = set;

	for (uint32_t i = 0; i < cache->ways; i++)
		if (!set[i].valid)
			return &set[i];
	switch (cache->policy) {
	case MODEL_RANDOM:
		cache->chance = cache->chance * 6364136223846793005 + 1442695040888963407;
		return &set[(cache->chance >> 33) % cache->ways];
	case MODEL_CLOCK:
		for (; set[cache->hand].marked; cache->hand = (cache->hand + 1) % cache->ways)
			set[cache->hand].marked = false;
		return &set[cache->hand];
	default:
		for (uint32_t i = 1; i < cache->ways; i++)
			if (cache->policy == MODEL_FIFO ? set[i].filled < oldest->filled
			                                : set[i].touched < oldest->touched)
				oldest = &set[i];
		return oldest;
	}
}

/* True: a hit. */
static inline bool model_touch(struct model_cache *cache, uint64_t space, uint64_t vpn)
{
	struct model_way *way = model_find(cache, space, vpn);
	bool hit = way;

	cache->now++;
	if (!way) {
		cache->misses++;
		way = model_victim(cache, model_set(cache, vpn));
		*way = (struct model_way){
			.valid = true, .space = space, .vpn = vpn, .filled = cache->now
		};
	}
	way->touched = cache->now;
	way->marked = true;
	return hit;
}

static inline void model_drop(struct model_cache *cache, uint64_t space, uint64_t vpn)
{
	struct model_way *way = model_find(cache, space, vpn);

	if (way)
		way->valid = false;
}

static inline void model_clear(struct model_cache *cache)
{
	memset(cache->all, 0, (size_t)cache->sets * cache->ways * sizeof(*cache->all));
}

#endif
