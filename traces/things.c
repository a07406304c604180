/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/things.h"

#include <errno.h>

static void *thing_of(const struct id_pair *pair)
{
	return (void *)(uintptr_t)pair->value;
}

void *things_find(const struct things *things, uint64_t id)
{
	const struct id_pair *pair = id_map_find(&things->map, id);

	return pair ? thing_of(pair) : NULL;
}

int things_set(struct things *things, uint64_t id, void *thing)
{
	struct id_pair *pair = id_map_add(&things->map, id, 0);

	if (!pair)
		return -ENOMEM;
	pair->value = (uintptr_t)thing;
	return 0;
}

void *things_take(struct things *things, uint64_t id)
{
	void *thing = things_find(things, id);

	id_map_remove(&things->map, id);
	return thing;
}

void things_forget(struct things *things, const void *thing)
{
	for (size_t i = 0; i < things->map.nr_slots; i++)
		if (things->map.pairs[i].used && thing_of(&things->map.pairs[i]) == thing) {
			id_map_remove(&things->map, things->map.pairs[i].key);
			return;
		}
}

void *things_take_any(struct things *things)
{
	for (size_t i = 0; i < things->map.nr_slots; i++)
		if (things->map.pairs[i].used)
			return things_take(things, things->map.pairs[i].key);
	return NULL;
}

void things_finish(struct things *things)
{
	id_map_finish(&things->map);
}
