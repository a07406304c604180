/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exact least recently used: each use brings the page to its list's head, so that the
 * list is the order of last uses. No kernel could pay for that; the simulator hears of
 * every access anyway. A page that comes (read ahead, too) counts as used then.
 */
#include "mm/reclaim_policy.h"

#include "mm/page_alloc.h"

static void lru_used(struct kernel *k, struct page *page)
{
	struct list_head *list;

	if (!PageLRU(page))
		return;
	list = &page_pgdat(k, page)->lruvec.lists[page_lru(page)];
	if (list->next != &page->lru)
		list_move(&page->lru, list);
}

static enum page_references lru_check(struct kernel *k, struct page *page)
{
	return PAGEREF_RECLAIM;
}

const struct reclaim_policy reclaim_lru = {
	.name = "lru",
	.needs_accesses = true,
	.used = lru_used,
	.check = lru_check,
};
