/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open addressing with linear probing, at most half full. */
#include "traces/id_map.h"

#include <stdlib.h>
#include <xxhash.h>

#define FIRST_SLOTS 64

static size_t home_of(const struct id_map *map, uint64_t key)
{
	return XXH3_64bits(&key, sizeof(key)) & (map->nr_slots - 1);
}

/* The pair of key, or the free one where it belongs. */
static struct id_pair *slot_of(const struct id_map *map, uint64_t key)
{
	size_t i = home_of(map, key);

	while (map->pairs[i].used && map->pairs[i].key != key)
		i = (i + 1) & (map->nr_slots - 1);
	return &map->pairs[i];
}

struct id_pair *id_map_find(const struct id_map *map, uint64_t key)
{
	struct id_pair *pair = map->nr_slots ? slot_of(map, key) : NULL;

	return pair && pair->used ? pair : NULL;
}

static bool grow(struct id_map *map)
{
	struct id_map larger = { .nr_used = map->nr_used,
		                 .nr_slots = map->nr_slots ? 2 * map->nr_slots : FIRST_SLOTS };

	larger.pairs = calloc(larger.nr_slots, sizeof(*larger.pairs));
	if (!larger.pairs)
		return false;
	for (size_t i = 0; i < map->nr_slots; i++)
		if (map->pairs[i].used)
			*slot_of(&larger, map->pairs[i].key) = map->pairs[i];
	free(map->pairs);
	*map = larger;
	return true;
}

struct id_pair *id_map_add(struct id_map *map, uint64_t key, uint64_t value)
{
	struct id_pair *pair;

	if (2 * map->nr_used >= map->nr_slots && !grow(map))
		return NULL;
	pair = slot_of(map, key);
	if (!pair->used) {
		*pair = (struct id_pair){ .key = key, .value = value, .used = true };
		map->nr_used++;
	}
	return pair;
}

/* What probing had pushed behind the hole moves up (Knuth, The Art of Computer
 * Programming, 6.4, algorithm R). */
static void close_hole(struct id_map *map, size_t hole)
{
	size_t mask = map->nr_slots - 1;

	for (size_t i = (hole + 1) & mask; map->pairs[i].used; i = (i + 1) & mask) {
		size_t home = home_of(map, map->pairs[i].key);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		map->pairs[hole] = map->pairs[i];
		hole = i;
	}
	map->pairs[hole].used = false;
}

bool id_map_remove(struct id_map *map, uint64_t key)
{
	struct id_pair *pair = id_map_find(map, key);

	if (!pair)
		return false;
	map->nr_used--;
	close_hole(map, (size_t)(pair - map->pairs));
	return true;
}

void id_map_finish(struct id_map *map)
{
	free(map->pairs);
	*map = (struct id_map){ 0 };
}
