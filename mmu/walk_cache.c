/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/walk_cache.h"

#include <errno.h>
#include <stdlib.h>

struct walk_cache {
	struct walk_cache_config config;
	uint64_t clock;
	struct walk_cache_entry *entries[NR_WALK_CACHES];
};

int walk_cache_create(struct walk_cache **out, const struct walk_cache_config *config)
{
	struct walk_cache *cache;

	for (unsigned level = 0; level < NR_WALK_CACHES; level++)
		if (config->entries[level] > WALK_CACHE_MAX_ENTRIES)
			return -EINVAL;
	cache = calloc(1, sizeof(*cache));
	if (!cache)
		return -ENOMEM;
	cache->config = *config;
	for (unsigned level = 0; level < NR_WALK_CACHES; level++) {
		if (!config->entries[level])
			continue;
		cache->entries[level] =
		    calloc(config->entries[level], sizeof(*cache->entries[level]));
		if (!cache->entries[level]) {
			walk_cache_destroy(cache);
			return -ENOMEM;
		}
	}
	*out = cache;
	return 0;
}

void walk_cache_destroy(struct walk_cache *cache)
{
	if (!cache)
		return;
	for (unsigned level = 0; level < NR_WALK_CACHES; level++)
		free(cache->entries[level]);
	free(cache);
}

bool walk_cache_has(const struct walk_cache *cache, enum walk_cache_level level)
{
	return cache->config.entries[level] != 0;
}

static struct walk_cache_entry *find(const struct walk_cache *cache, enum walk_cache_level level,
                                     uint64_t tag)
{
	struct walk_cache_entry *entry = cache->entries[level];

	for (uint32_t i = 0; i < cache->config.entries[level]; i++, entry++)
		if (entry->valid && entry->tag == tag)
			return entry;
	return NULL;
}

const struct walk_cache_entry *walk_cache_lookup(struct walk_cache *cache,
                                                 enum walk_cache_level level, va_t va,
                                                 uint16_t pcid)
{
	struct walk_cache_entry *entry = find(cache, level, va | pcid);

	if (entry)
		entry->touched = ++cache->clock;
	return entry;
}

/* A free place, or the least recently used one. */
static struct walk_cache_entry *place(const struct walk_cache *cache, enum walk_cache_level level)
{
	struct walk_cache_entry *entries = cache->entries[level], *oldest = entries;

	for (uint32_t i = 0; i < cache->config.entries[level]; i++) {
		if (!entries[i].valid)
			return &entries[i];
		if (entries[i].touched < oldest->touched)
			oldest = &entries[i];
	}
	return oldest;
}

void walk_cache_fill(struct walk_cache *cache, enum walk_cache_level level, va_t va, uint16_t pcid,
                     pa_t table, uint64_t rights)
{
	struct walk_cache_entry *entry;

	if (!walk_cache_has(cache, level))
		return;
	entry = find(cache, level, va | pcid);
	if (!entry)
		entry = place(cache, level);
	*entry = (struct walk_cache_entry){
		.tag = va | pcid,
		.table = table,
		.rights = rights,
		.touched = ++cache->clock,
		.valid = true,
	};
}

void walk_cache_drop_all(struct walk_cache *cache)
{
	for (unsigned level = 0; level < NR_WALK_CACHES; level++)
		for (uint32_t i = 0; i < cache->config.entries[level]; i++)
			cache->entries[level][i].valid = false;
}

void walk_cache_drop_pcid(struct walk_cache *cache, uint16_t pcid)
{
	for (unsigned level = 0; level < NR_WALK_CACHES; level++)
		for (uint32_t i = 0; i < cache->config.entries[level]; i++)
			if ((cache->entries[level][i].tag & ~PAGE_MASK) == pcid)
				cache->entries[level][i].valid = false;
}

void walk_cache_drop(struct walk_cache *cache, enum walk_cache_level level, va_t va, uint16_t pcid)
{
	struct walk_cache_entry *entry = find(cache, level, va | pcid);

	if (entry)
		entry->valid = false;
}

const struct walk_cache_entry *walk_cache_at(const struct walk_cache *cache,
                                             enum walk_cache_level level, uint32_t i)
{
	return i < cache->config.entries[level] ? &cache->entries[level][i] : NULL;
}
