/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workingset - was an evicted file page evicted too early? (Linux 4.4,
 * mm/workingset.c)
 *
 * The node's age counts evictions and activations: both move the inactive list on
 * by one. What is left in an evicted page's place is the age at that moment.
 *
 * If the page comes back after the age has advanced by no more than the active
 * list is long, it would have stayed in memory had it competed with the active
 * pages: it starts active.
 *
 * Shadows keep tree nodes alive. There may be a node for 16 pages of RAM, with
 * those that hold pages (Linux 4.4: count_shadow_nodes()).
 * Simplified: beyond that, whole files lose their shadows, the one that was cached
 * first before the others; Linux drops single nodes, the oldest first.
 */
#include "mm/pagemap.h"

#include "mm/page_alloc.h"
#include "mm/swap.h"

/*
 * A shadow:
 *
 *   61          3 2      0
 *   | node's age | node  |
 */
#define NODE_BITS 3
#define AGE_MASK (((uint64_t)1 << (62 - NODE_BITS)) - 1)
_Static_assert(MAX_NUMNODES <= 1 << NODE_BITS, "a node's number fits");

void *workingset_eviction(struct kernel *k, struct page *page)
{
	struct pglist_data *node = page_pgdat(k, page);
	uint64_t age = ++node->lruvec.inactive_age & AGE_MASK;

	return radix_tree_pack(age << NODE_BITS | node->node_id);
}

bool workingset_refault(struct kernel *k, const void *shadow)
{
	uint64_t value = radix_tree_unpack(shadow);
	const struct pglist_data *node = NODE_DATA(k, value & ((1 << NODE_BITS) - 1));
	uint64_t distance = (node->lruvec.inactive_age - (value >> NODE_BITS)) & AGE_MASK;

	count_vm_event(k, WORKINGSET_REFAULT_FILE);
	if (distance > lruvec_lru_size(node, LRU_ACTIVE_FILE, MAX_NR_ZONES - 1))
		return false;
	count_vm_event(k, WORKINGSET_ACTIVATE_FILE);
	return true;
}

void workingset_activation(struct kernel *k, struct page *page)
{
	page_pgdat(k, page)->lruvec.inactive_age++;
}

/* ---- when there are too many ---- */

static void drop_shadows(struct kernel *k, struct address_space *mapping)
{
	pgoff_t index = 0;
	void *item;

	/* In a warm machine the shadows said what is cold: now all of the file is. */
	mapping->cold = true;
	while ((item = radix_tree_next(&mapping->page_tree, &index))) {
		if (radix_tree_exceptional(item))
			delete_exceptional(k, mapping, index);
		if (++index == 0)
			break;
	}
}

void workingset_shrink(struct kernel *k)
{
	uint64_t limit = k->totalram_pages / 16;
	struct address_space *mapping, *tmp;

	list_for_each_entry_safe (mapping, tmp, &k->mappings, mappings) {
		if (k->radix_tree_node_cachep->nr_active_objects <= limit)
			return;
		if (mapping->nrexceptional && !mapping->shmem)
			drop_shadows(k, mapping);
	}
}
