/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tree-PLRU: a binary tree over the ways; each node points to the half that was
 * not touched last, and the victim is found by following the pointers.
 *
 *               4                  a node stands at the first way of its right
 *           /       \              half, so that 8 ways have the nodes 1 to 7
 *         2           6            and way w needs no tree besides byte w
 *       /   \       /   \
 *      1     3     5     7
 *     / \   / \   / \   / \
 *    0   1 2   3 4   5 6   7
 *
 * Any number of ways will do: a half of an odd number is larger on the left
 * (12 = 6 + 6, 6 = 3 + 3, 3 = 2 + 1). For powers of two it is the usual tree.
 */
#include "mmu/tlb_policy.h"

static uint32_t middle(uint32_t first, uint32_t end)
{
	return first + (end - first + 1) / 2;
}

static void tree_plru_fill(struct tlb_policy_array *array, void *set, uint32_t way)
{
	uint8_t *right_is_next = set;
	uint32_t first = 0, end = array->ways;

	while (end - first > 1) {
		uint32_t node = middle(first, end);

		right_is_next[node] = way < node;
		if (way < node)
			end = node;
		else
			first = node;
	}
}

static void tree_plru_hit(struct tlb_policy_array *array, void *set, uint32_t way, uint64_t times)
{
	tree_plru_fill(array, set, way);
}

static uint32_t tree_plru_victim(struct tlb_policy_array *array, void *set)
{
	const uint8_t *right_is_next = set;
	uint32_t first = 0, end = array->ways;

	while (end - first > 1) {
		uint32_t node = middle(first, end);

		if (right_is_next[node])
			first = node;
		else
			end = node;
	}
	return first;
}

const struct tlb_policy tlb_policy_tree_plru = {
	.name = "tree-plru",
	.way_bytes = 1,
	.hit_effect = TLB_HIT_MARKS,
	.fill = tree_plru_fill,
	.hit = tree_plru_hit,
	.victim = tree_plru_victim,
};
