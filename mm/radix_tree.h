/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * radix_tree - a sparse array of pointers by 64-bit index, in nodes of 64 slots
 * from a slab cache (idea: Linux 4.4, lib/radix-tree.c).
 *
 *   index   ... | 17     12 | 11      6 | 5       0 |
 *                 slot of     slot of     slot of
 *                 level 3     level 2     level 1 (items)
 *
 * An item is a pointer with its low two bits clear, or an "exceptional" entry:
 * a number that the owner packs above the low two bits. Each item has one tag,
 * which iteration can follow without visiting what is untagged (here: dirty).
 */
#ifndef PW_MM_RADIX_TREE_H
#define PW_MM_RADIX_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/gfp.h"

struct kernel;
struct radix_tree_node;

/* Zero-initialised is an empty tree. Owned by whoever embeds it. */
struct radix_tree_root {
	struct radix_tree_node *rnode;
	uint32_t height; /* levels; 0: empty */
};

#define RADIX_TREE_EXCEPTIONAL ((uintptr_t)2)

static inline bool radix_tree_exceptional(const void *item)
{
	return (uintptr_t)item & RADIX_TREE_EXCEPTIONAL;
}

/* value: at most 62 bits. */
static inline void *radix_tree_pack(uint64_t value)
{
	return (void *)(uintptr_t)(value << 2 | RADIX_TREE_EXCEPTIONAL);
}

static inline uint64_t radix_tree_unpack(const void *item)
{
	return (uint64_t)(uintptr_t)item >> 2;
}

/* 0; -EEXIST: the slot is taken, -ENOMEM. Nodes are allocated by gfp before the
 * tree is changed, so that reclaim may use the same tree meanwhile. */
int radix_tree_insert(struct kernel *k, struct radix_tree_root *root, uint64_t index, void *item,
                      gfp_t gfp);
/* NULL: nothing there. */
void *radix_tree_lookup(const struct radix_tree_root *root, uint64_t index);
/* Another item into a slot that is taken; it is untagged then. The old one. */
void *radix_tree_replace(struct radix_tree_root *root, uint64_t index, void *item);
/* The item that was there, or NULL. Frees nodes that become empty. */
void *radix_tree_delete(struct kernel *k, struct radix_tree_root *root, uint64_t index);

/* The first item at or after *index, which is set to its index; NULL: none. */
void *radix_tree_next(const struct radix_tree_root *root, uint64_t *index);
void *radix_tree_next_tagged(const struct radix_tree_root *root, uint64_t *index);

/* The slot must be taken. */
void radix_tree_tag_set(struct radix_tree_root *root, uint64_t index);
void radix_tree_tag_clear(struct radix_tree_root *root, uint64_t index);
bool radix_tree_tag_get(const struct radix_tree_root *root, uint64_t index);

/* Creates kernel.radix_tree_node_cachep. 0 or -ENOMEM. */
int radix_tree_init(struct kernel *k);

/* Counts, parents and tags of every node; *nr_items: items found. */
bool radix_tree_is_valid(const struct radix_tree_root *root, uint64_t *nr_items);

#endif
