/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * id_map - from numbers to numbers: the process of a thread, the page of an object.
 * Grows with what is put in.
 */
#ifndef PW_TRACES_ID_MAP_H
#define PW_TRACES_ID_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id_pair {
	uint64_t key, value;
	bool used;
};

/* All zero: empty. */
struct id_map {
	struct id_pair *pairs;
	size_t nr_slots; /* 0 or a power of two */
	size_t nr_used;
};

/* The pair of key; NULL: it is not there. Until the map changes. */
struct id_pair *id_map_find(const struct id_map *map, uint64_t key);

/* The pair of key, which is made with `value` if it was not there; NULL: no memory. */
struct id_pair *id_map_add(struct id_map *map, uint64_t key, uint64_t value);

/* False: it was not there. */
bool id_map_remove(struct id_map *map, uint64_t key);

void id_map_finish(struct id_map *map);

#endif
