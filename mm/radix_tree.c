/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/radix_tree.h"

#include "mm/kernel.h"
#include "mm/slab.h"

#include <assert.h>
#include <errno.h>

#define MAP_SHIFT 6
#define MAP_SIZE (1u << MAP_SHIFT)
#define MAP_MASK (MAP_SIZE - 1)
#define MAX_HEIGHT ((64 + MAP_SHIFT - 1) / MAP_SHIFT)

struct radix_tree_node {
	struct radix_tree_node *parent; /* NULL: the root */
	uint8_t offset;                 /* slot in the parent */
	uint8_t shift;                  /* of the index, for this level; 0: slots hold items */
	uint8_t count;                  /* slots taken */
	uint64_t tagged;                /* bit per slot: it, or something below, is tagged */
	void *slots[MAP_SIZE];
};

/* The largest index that a tree of this height holds. */
static uint64_t max_index(uint32_t height)
{
	return height >= MAX_HEIGHT ? UINT64_MAX : ((uint64_t)1 << (height * MAP_SHIFT)) - 1;
}

static unsigned slot_of(const struct radix_tree_node *node, uint64_t index)
{
	return (unsigned)(index >> node->shift) & MAP_MASK;
}

/* ---- looking up ---- */

/* The node whose slots hold the item, or NULL. */
static struct radix_tree_node *find_leaf(const struct radix_tree_root *root, uint64_t index)
{
	struct radix_tree_node *node = root->rnode;

	if (!node || index > max_index(root->height))
		return NULL;
	while (node && node->shift)
		node = node->slots[slot_of(node, index)];
	return node;
}

void *radix_tree_lookup(const struct radix_tree_root *root, uint64_t index)
{
	struct radix_tree_node *leaf = find_leaf(root, index);

	return leaf ? leaf->slots[slot_of(leaf, index)] : NULL;
}

/* The first slot from `slot` on that is taken (or tagged), or MAP_SIZE. */
static unsigned next_slot(const struct radix_tree_node *node, unsigned slot, bool tagged)
{
	if (tagged) {
		uint64_t rest = slot < MAP_SIZE ? node->tagged >> slot << slot : 0;

		return rest ? (unsigned)__builtin_ctzll(rest) : MAP_SIZE;
	}
	while (slot < MAP_SIZE && !node->slots[slot])
		slot++;
	return slot;
}

/* As deep as the tree is high: at most MAX_HEIGHT calls. */
static void *next_below(const struct radix_tree_node *node, uint64_t *index, bool tagged)
{
	uint64_t below = ((uint64_t)1 << node->shift) - 1;
	uint64_t digit = (uint64_t)MAP_MASK << node->shift;
	unsigned slot = next_slot(node, slot_of(node, *index), tagged);

	while (slot < MAP_SIZE) {
		void *item = node->slots[slot];

		if (slot != slot_of(node, *index))
			*index = (*index & ~digit & ~below) | (uint64_t)slot << node->shift;
		if (node->shift)
			item = next_below(item, index, tagged);
		if (item)
			return item;
		slot = next_slot(node, slot + 1, tagged);
	}
	return NULL;
}

static void *next_item(const struct radix_tree_root *root, uint64_t *index, bool tagged)
{
	uint64_t at = *index;
	void *item = NULL;

	if (root->rnode && at <= max_index(root->height))
		item = next_below(root->rnode, &at, tagged);
	if (item)
		*index = at;
	return item;
}

void *radix_tree_next(const struct radix_tree_root *root, uint64_t *index)
{
	return next_item(root, index, false);
}

void *radix_tree_next_tagged(const struct radix_tree_root *root, uint64_t *index)
{
	return next_item(root, index, true);
}

/* ---- inserting ---- */

/* Nodes that inserting at index would take. */
static unsigned nodes_wanted(const struct radix_tree_root *root, uint64_t index)
{
	struct radix_tree_node *node = root->rnode;
	uint32_t height = root->height;
	unsigned nr = 0;

	if (!node) {
		for (height = 1; index > max_index(height); height++)
			;
		return height;
	}
	while (index > max_index(height)) {
		height++;
		nr++;
	}
	if (nr) /* grown: the new branch leaves the old one at the top */
		return nr + height - 1;
	while (node->shift) {
		struct radix_tree_node *child = node->slots[slot_of(node, index)];

		if (!child)
			return node->shift / MAP_SHIFT;
		node = child;
	}
	return 0;
}

/* A chain of unused nodes through slots[0]. */
static struct radix_tree_node *take_node(struct radix_tree_node **spare)
{
	struct radix_tree_node *node = *spare;

	*spare = node->slots[0];
	node->slots[0] = NULL;
	return node;
}

static void free_spares(struct kernel *k, struct radix_tree_node *spare)
{
	while (spare)
		kmem_cache_free(k, k->radix_tree_node_cachep, take_node(&spare));
}

/* Each allocation may reclaim, and reclaim may add to or delete from this tree: so
 * what is needed is asked again until it is at hand. */
static bool get_spares(struct kernel *k, const struct radix_tree_root *root, uint64_t index,
                       gfp_t gfp, struct radix_tree_node **spare)
{
	for (unsigned nr = 0; nr < nodes_wanted(root, index); nr++) {
		struct radix_tree_node *node = kmem_cache_zalloc(k, k->radix_tree_node_cachep, gfp);

		if (!node)
			return false;
		node->slots[0] = *spare;
		*spare = node;
	}
	return true;
}

static void link_child(struct radix_tree_node *parent, unsigned slot, struct radix_tree_node *child)
{
	parent->slots[slot] = child;
	parent->count++;
	child->parent = parent;
	child->offset = (uint8_t)slot;
}

/* Makes the tree high enough for index, by new roots above the old one. */
static void extend(struct radix_tree_root *root, uint64_t index, struct radix_tree_node **spare)
{
	while (!root->rnode || index > max_index(root->height)) {
		struct radix_tree_node *top = take_node(spare), *old = root->rnode;

		if (!old) {
			while (index > max_index(root->height + 1))
				root->height++;
		}
		top->shift = (uint8_t)(root->height * MAP_SHIFT);
		if (old) {
			link_child(top, 0, old);
			top->tagged = old->tagged != 0;
		}
		root->rnode = top;
		root->height++;
	}
}

int radix_tree_insert(struct kernel *k, struct radix_tree_root *root, uint64_t index, void *item,
                      gfp_t gfp)
{
	struct radix_tree_node *spare = NULL, *node;
	unsigned slot;
	int err = 0;

	assert(item && !((uintptr_t)item & 1));
	if (!get_spares(k, root, index, gfp, &spare)) {
		free_spares(k, spare);
		return -ENOMEM;
	}
	extend(root, index, &spare);
	for (node = root->rnode; node->shift; node = node->slots[slot]) {
		slot = slot_of(node, index);
		if (!node->slots[slot]) {
			struct radix_tree_node *child = take_node(&spare);

			child->shift = (uint8_t)(node->shift - MAP_SHIFT);
			link_child(node, slot, child);
		}
	}
	slot = slot_of(node, index);
	if (node->slots[slot]) {
		err = -EEXIST;
	} else {
		node->slots[slot] = item;
		node->count++;
	}
	free_spares(k, spare);
	return err;
}

/* ---- changing and deleting ---- */

static void clear_tag(struct radix_tree_node *node, unsigned slot)
{
	for (;;) {
		node->tagged &= ~((uint64_t)1 << slot);
		if (node->tagged || !node->parent)
			break;
		slot = node->offset;
		node = node->parent;
	}
}

void *radix_tree_replace(struct radix_tree_root *root, uint64_t index, void *item)
{
	struct radix_tree_node *leaf = find_leaf(root, index);
	unsigned slot;
	void *old;

	assert(leaf && item);
	slot = slot_of(leaf, index);
	old = leaf->slots[slot];
	assert(old);
	leaf->slots[slot] = item;
	clear_tag(leaf, slot);
	return old;
}

/* An upper part that leads only to slot 0 is taken off. */
static void lower(struct kernel *k, struct radix_tree_root *root)
{
	struct radix_tree_node *top = root->rnode;

	while (top->shift && top->count == 1 && top->slots[0]) {
		root->rnode = top->slots[0];
		root->rnode->parent = NULL;
		root->height--;
		kmem_cache_free(k, k->radix_tree_node_cachep, top);
		top = root->rnode;
	}
}

static void free_if_empty(struct kernel *k, struct radix_tree_root *root,
                          struct radix_tree_node *node)
{
	while (!node->count) {
		struct radix_tree_node *parent = node->parent;

		if (parent) {
			parent->slots[node->offset] = NULL;
			parent->count--;
		}
		kmem_cache_free(k, k->radix_tree_node_cachep, node);
		if (!parent) {
			*root = (struct radix_tree_root){ 0 };
			return;
		}
		node = parent;
	}
	lower(k, root);
}

void *radix_tree_delete(struct kernel *k, struct radix_tree_root *root, uint64_t index)
{
	struct radix_tree_node *leaf = find_leaf(root, index);
	unsigned slot;
	void *item;

	if (!leaf)
		return NULL;
	slot = slot_of(leaf, index);
	item = leaf->slots[slot];
	if (!item)
		return NULL;
	leaf->slots[slot] = NULL;
	leaf->count--;
	clear_tag(leaf, slot);
	free_if_empty(k, root, leaf);
	return item;
}

/* ---- tags ---- */

void radix_tree_tag_set(struct radix_tree_root *root, uint64_t index)
{
	struct radix_tree_node *node = find_leaf(root, index);

	assert(node && node->slots[slot_of(node, index)]);
	for (; node; node = node->parent)
		node->tagged |= (uint64_t)1 << slot_of(node, index);
}

void radix_tree_tag_clear(struct radix_tree_root *root, uint64_t index)
{
	struct radix_tree_node *leaf = find_leaf(root, index);

	assert(leaf && leaf->slots[slot_of(leaf, index)]);
	clear_tag(leaf, slot_of(leaf, index));
}

bool radix_tree_tag_get(const struct radix_tree_root *root, uint64_t index)
{
	const struct radix_tree_node *leaf = find_leaf(root, index);

	return leaf && leaf->tagged >> slot_of(leaf, index) & 1;
}

/* ---- the caller's side ---- */

int radix_tree_init(struct kernel *k)
{
	k->radix_tree_node_cachep = kmem_cache_create(
	    k, "radix_tree_node", sizeof(struct radix_tree_node), 0, SLAB_RECLAIM_ACCOUNT, NULL);
	return k->radix_tree_node_cachep ? 0 : -ENOMEM;
}

static bool node_is_valid(const struct radix_tree_node *node, uint64_t *nr_items)
{
	unsigned count = 0;

	for (unsigned slot = 0; slot < MAP_SIZE; slot++) {
		const struct radix_tree_node *child = node->slots[slot];
		bool tagged = node->tagged >> slot & 1;

		if (!child) {
			if (tagged)
				return false;
			continue;
		}
		count++;
		if (!node->shift) {
			(*nr_items)++;
			continue;
		}
		if (child->parent != node || child->offset != slot ||
		    child->shift != node->shift - MAP_SHIFT || tagged != (child->tagged != 0) ||
		    !node_is_valid(child, nr_items))
			return false;
	}
	return count && count == node->count;
}

bool radix_tree_is_valid(const struct radix_tree_root *root, uint64_t *nr_items)
{
	*nr_items = 0;
	if (!root->rnode)
		return root->height == 0;
	return !root->rnode->parent && root->rnode->shift == (root->height - 1) * MAP_SHIFT &&
	       node_is_valid(root->rnode, nr_items);
}
