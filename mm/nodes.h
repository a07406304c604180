/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodes - which frames the nodes and their zones have, and in what order an
 * allocation tries them. For mem_init() alone, but for the distances.
 */
#ifndef PW_MM_NODES_H
#define PW_MM_NODES_H

#include "mm/kernel.h"

/* As in ACPI's SLIT: LOCAL_DISTANCE to itself, more to others. */
static inline uint32_t node_distance(const struct kernel *k, uint32_t from, uint32_t to)
{
	return k->config.nodes[from].distance[to];
}

/* What the configuration left open. */
void complete_node_config(struct kernel_config *config, uint64_t ram_bytes);
/* Nodes that lie in RAM one behind the other, and have every CPU on one of them. */
bool node_config_is_valid(const struct kernel_config *config, uint64_t ram_bytes);

/* Fills node_data[] from the configuration and memblock.memory: nothing is managed
 * yet, and all lists are empty. */
void init_nodes(struct kernel *k);
/* When it is known which zones have pages. */
void build_all_zonelists(struct kernel *k);

#endif
