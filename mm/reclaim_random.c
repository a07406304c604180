/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any page, each as likely as the others: a frame of the node is drawn until it is one
 * of the list's. A list so short that this takes too long gives its oldest page.
 */
#include "mm/reclaim_policy.h"

#include "mm/page_alloc.h"

#define MAX_DRAWS 1024

/* splitmix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators"). */
static uint64_t draw(struct kernel *k)
{
	uint64_t z = k->reclaim_random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static bool is_candidate(struct kernel *k, const struct page *page, const struct pglist_data *node,
                         enum lru_list lru, enum zone_type classzone)
{
	return PageLRU(page) && page_lru(page) == lru && page_pgdat(k, page) == node &&
	       page_zone(k, page)->type <= classzone;
}

static struct page *oldest(struct kernel *k, struct pglist_data *node, enum lru_list lru,
                           enum zone_type classzone)
{
	const struct list_head *list = &node->lruvec.lists[lru];

	for (struct list_head *at = list->prev; at != list; at = at->prev) {
		struct page *page = list_entry(at, struct page, lru);

		if (is_candidate(k, page, node, lru, classzone))
			return page;
	}
	return NULL;
}

static struct page *random_pick(struct kernel *k, struct pglist_data *node, enum lru_list lru,
                                enum zone_type classzone)
{
	if (!lruvec_lru_size(node, lru, classzone))
		return NULL;
	for (int i = 0; i < MAX_DRAWS; i++) {
		uint64_t nth = draw(k) % node->node_spanned_pages;
		struct page *page = pfn_to_page(k, node->node_start_pfn + nth);

		if (is_candidate(k, page, node, lru, classzone))
			return page;
	}
	return oldest(k, node, lru, classzone);
}

static enum page_references random_check(struct kernel *k, struct page *page)
{
	return PAGEREF_RECLAIM;
}

const struct reclaim_policy reclaim_random = {
	.name = "random",
	.pick = random_pick,
	.check = random_check,
};
