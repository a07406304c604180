/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux's two lists (Linux 4.4, mm/vmscan.c and swap.c): what was used twice is active
 * and safe until the active list is the longer one; then its oldest pages have to be
 * used again while inactive to stay. A single sweep over a large file passes through
 * the inactive list and leaves the active one alone.
 *
 * Uses by read(2) and the like:
 *
 *   inactive, unreferenced -> inactive, referenced -> active, unreferenced -> active, referenced
 *
 * Uses through mappings are seen by their A bits, when reclaim comes to the page.
 */
#include "mm/reclaim_policy.h"

#include "mm/page_alloc.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/vma.h"

static void two_list_used(struct kernel *k, struct page *page)
{
	if (PageActive(page) || PageUnevictable(page) || !PageReferenced(page)) {
		SetPageReferenced(page);
		return;
	}
	activate_page(k, page);
	ClearPageReferenced(page);
	if (page_is_file_cache(page))
		workingset_activation(k, page);
}

static enum page_references two_list_check(struct kernel *k, struct page *page)
{
	uint64_t vm_flags = 0;
	uint32_t by_ptes = page_mapped(page) ? page_referenced(k, page, &vm_flags) : 0;
	bool by_flag = TestClearPageReferenced(page);

	if (vm_flags & VM_LOCKED) { /* mapped before it was locked */
		mlock_vma_page(k, page);
		return PAGEREF_KEEP;
	}
	if (by_ptes) {
		if (PageSwapBacked(page))
			return PAGEREF_ACTIVATE;
		/* A file page read once through a mapping gets one more chance; used
		 * twice, or executed, it is worth keeping. */
		SetPageReferenced(page);
		return by_flag || by_ptes > 1 || vm_flags & VM_EXEC ? PAGEREF_ACTIVATE
		                                                    : PAGEREF_KEEP;
	}
	if (by_flag && !PageSwapBacked(page))
		return PAGEREF_RECLAIM_CLEAN;
	return PAGEREF_RECLAIM;
}

static uint64_t int_sqrt(uint64_t n)
{
	uint64_t root = 0;

	while ((root + 1) * (root + 1) <= n)
		root++;
	return root;
}

/*
 * How many times as long as the inactive list the active one may be: 1 up to 1 GB,
 * then sqrt(10 * GB), so that 1 page of 4 is inactive at 1 GB, 1 of 11 at 10 GB
 * (Linux 4.10, inactive_list_is_low(); for file pages too since 4.7).
 */
static bool two_list_inactive_is_low(const struct kernel *k, const struct pglist_data *node,
                                     bool file, enum zone_type classzone)
{
	enum lru_list lru = file ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
	uint64_t inactive = lruvec_lru_size(node, lru, classzone);
	uint64_t active = lruvec_lru_size(node, lru + 1, classzone);
	uint64_t gb = (inactive + active) >> (30 - PAGE_SHIFT);
	uint64_t ratio = gb ? int_sqrt(10 * gb) : 1;

	if (!file && !k->swap.total_swap_pages)
		return false;
	return inactive * ratio < active;
}

/* Moves the oldest active pages to the inactive list, where they have to be used
 * again to stay. Only executable file pages that were just used remain. */
static void two_list_shrink_active(struct kernel *k, struct pglist_data *node, enum lru_list lru,
                                   uint64_t nr, enum zone_type classzone)
{
	struct list_head pages;

	count_vm_events(k, PGREFILL, isolate_lru_pages(k, node, lru, nr, classzone, &pages));
	while (!list_empty(&pages)) {
		struct page *page = take_isolated(&pages);
		uint64_t vm_flags = 0;
		bool keep = false;

		if (page_mapped(page) && page_referenced(k, page, &vm_flags)) {
			node->lruvec.recent_rotated[is_file_lru(lru)]++;
			keep = is_file_lru(lru) && vm_flags & VM_EXEC;
		}
		if (!keep) {
			ClearPageActive(page);
			count_vm_event(k, PGDEACTIVATE);
		}
		putback_isolated(k, page);
	}
}

const struct reclaim_policy reclaim_two_list = {
	.name = "two-list",
	.used = two_list_used,
	.check = two_list_check,
	.inactive_is_low = two_list_inactive_is_low,
	.shrink_active = two_list_shrink_active,
};
