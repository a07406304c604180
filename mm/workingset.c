/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workingset - was an evicted file page evicted too early? (Linux 4.4,
 * mm/workingset.c)
 *
 * A zone's age counts evictions and activations: both move the inactive list on
 * by one. What is left in an evicted page's place says when that was:
 *
 *   | age, 58 bits | zone, 4 bits |   (exceptional entry of the radix tree)
 *
 * If the page comes back after the age has advanced by no more than the active
 * list is long, it would have stayed in memory had it competed with the active
 * pages: it starts active.
 *
 * Simplified: shadows are kept until their file is truncated (Linux drops nodes
 * that hold nothing else when memory is short). In a warm machine they must stay:
 * they say what is cold.
 */
#include "mm/pagemap.h"

#include "mm/swap.h"

#define ZONE_BITS 4
#define AGE_MASK (((uint64_t)1 << 58) - 1)

void *workingset_eviction(struct kernel *k, struct page *page)
{
	const struct zone *zone = page_zone(k, page);
	uint64_t age = ++k->swap.workingset_age[zone->type];

	return radix_tree_pack((age & AGE_MASK) << ZONE_BITS | zone->type);
}

bool workingset_refault(struct kernel *k, const void *shadow)
{
	uint64_t packed = radix_tree_unpack(shadow);
	enum zone_type type = packed & ((1u << ZONE_BITS) - 1);
	const struct zone *zone = &k->node.node_zones[type];
	uint64_t distance = (k->swap.workingset_age[type] - (packed >> ZONE_BITS)) & AGE_MASK;

	count_vm_event(k, WORKINGSET_REFAULT_FILE);
	if (distance > zone->nr_lru[LRU_ACTIVE_FILE])
		return false;
	count_vm_event(k, WORKINGSET_ACTIVATE_FILE);
	return true;
}

void workingset_activation(struct kernel *k, struct page *page)
{
	k->swap.workingset_age[page_zone(k, page)->type]++;
}
