/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swap - the lists of pages by use, and moving between them (Linux 4.4, mm/swap.c).
 *
 * New and newly read pages enter the inactive list at its head; reclaim takes from
 * the tail. What a use of a page changes is the policy's (mm/reclaim_policy.h).
 *
 * Simplified: pages go to their list at once, not through per-CPU pagevecs of 14.
 */
#include "mm/swap.h"

#include "mm/page_alloc.h"
#include "mm/pagemap.h"
#include "mm/reclaim_policy.h"

#include <assert.h>
#include <stdio.h>

void lru_init(struct kernel *k)
{
	for_each_node (k, nid)
		for (unsigned lru = 0; lru < NR_LRU_LISTS; lru++)
			INIT_LIST_HEAD(&NODE_DATA(k, nid)->lruvec.lists[lru]);
}

enum lru_list page_lru(const struct page *page)
{
	enum lru_list lru = page_is_file_cache(page) ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;

	if (PageUnevictable(page))
		return LRU_UNEVICTABLE;
	return PageActive(page) ? lru + 1 : lru;
}

uint64_t lruvec_lru_size(const struct pglist_data *node, enum lru_list lru,
                         enum zone_type classzone)
{
	uint64_t pages = 0;

	for (unsigned type = 0; type <= classzone; type++)
		pages += node->node_zones[type].nr_lru[lru];
	return pages;
}

/* What reclaim weighs anonymous against file pages by. */
void update_reclaim_stat(struct kernel *k, const struct page *page, bool rotated)
{
	struct lruvec *lruvec = &page_pgdat(k, page)->lruvec;

	lruvec->recent_scanned[page_is_file_cache(page)]++;
	if (rotated)
		lruvec->recent_rotated[page_is_file_cache(page)]++;
}

static void link_page(struct kernel *k, struct page *page)
{
	enum lru_list lru = page_lru(page);

	SetPageLRU(page);
	list_add(&page->lru, &page_pgdat(k, page)->lruvec.lists[lru]);
	page_zone(k, page)->nr_lru[lru]++;
}

/* Pages of locked VMAs are kept where reclaim does not look. */
static void sort_by_mlock(struct page *page)
{
	if (PageMlocked(page)) {
		SetPageUnevictable(page);
		ClearPageActive(page);
	} else {
		ClearPageUnevictable(page);
	}
}

void lru_cache_add(struct kernel *k, struct page *page)
{
	assert(!PageLRU(page) && page_count(page) > 0);
	sort_by_mlock(page);
	link_page(k, page);
	if (!PageUnevictable(page))
		update_reclaim_stat(k, page, PageActive(page));
}

void lru_cache_del(struct kernel *k, struct page *page)
{
	if (!TestClearPageLRU(page))
		return;
	list_del(&page->lru);
	page_zone(k, page)->nr_lru[page_lru(page)]--;
}

void putback_lru_page(struct kernel *k, struct page *page)
{
	assert(!PageLRU(page) && page_count(page) > 0);
	sort_by_mlock(page);
	link_page(k, page);
}

void activate_page(struct kernel *k, struct page *page)
{
	if (!PageLRU(page) || PageActive(page) || PageUnevictable(page) || !has_active_lists(k))
		return;
	lru_cache_del(k, page);
	SetPageActive(page);
	link_page(k, page);
	count_vm_event(k, PGACTIVATE);
	update_reclaim_stat(k, page, true);
}

void mark_page_accessed(struct kernel *k, struct page *page)
{
	const struct reclaim_policy *policy = k->config.reclaim_policy;

	if (policy->used)
		policy->used(k, page);
}

void lru_cache_add_active_or_unevictable(struct kernel *k, struct page *page, uint64_t vm_flags)
{
	if ((vm_flags & (VM_LOCKED | VM_IO | VM_PFNMAP | VM_DONTEXPAND)) != VM_LOCKED) {
		if (has_active_lists(k))
			SetPageActive(page);
	} else if (!TestSetPageMlocked(page)) {
		mod_vm_quantity(k, NR_MLOCK, 1);
	}
	lru_cache_add(k, page);
}

/* ---- checks ---- */

static bool list_is_valid(struct kernel *k, struct pglist_data *node, enum lru_list lru)
{
	uint64_t nr[MAX_NR_ZONES] = { 0 }; /* pages seen by zone */
	struct page *page;

	list_for_each_entry (page, &node->lruvec.lists[lru], lru) {
		const struct zone *zone = page_zone(k, page);

		if (zone->zone_pgdat != node || !PageLRU(page) || page_lru(page) != lru ||
		    page_count(page) < 1 || ++nr[zone->type] > zone->nr_lru[lru])
			return false;
	}
	for (unsigned type = 0; type < MAX_NR_ZONES; type++)
		if (nr[type] != node->node_zones[type].nr_lru[lru])
			return false;
	return true;
}

/* Lists hold what the zones count; all that says it is on a list is on one. */
bool lru_is_valid(struct kernel *k, char *what, size_t size)
{
	uint64_t on_lists = 0, flagged = 0;

	for_each_node (k, nid) {
		struct pglist_data *node = NODE_DATA(k, nid);

		for (enum lru_list lru = 0; lru < NR_LRU_LISTS; lru++) {
			if (!list_is_valid(k, node, lru)) {
				snprintf(what, size, "LRU list %d of node %u is wrong", lru, nid);
				return false;
			}
			on_lists += lruvec_lru_size(node, lru, MAX_NR_ZONES - 1);
		}
	}
	for (pfn_t pfn = 0; pfn < k->max_pfn; pfn++)
		flagged += PageLRU(pfn_to_page(k, pfn));
	if (flagged != on_lists) {
		snprintf(what, size, "%llu pages say they are on LRU lists, %llu are",
		         (unsigned long long)flagged, (unsigned long long)on_lists);
		return false;
	}
	return true;
}
