/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock, or second chance (Corbato, "A Paging Experiment with the Multics
 * System", 1968): the list is the dial and its tail where the hand stands. A page that
 * was used since the hand last passed it, or since it came, goes around once more.
 */
#include "mm/reclaim_policy.h"

#include "mm/page_alloc.h"
#include "mm/rmap.h"

static void clock_used(struct kernel *k, struct page *page)
{
	SetPageReferenced(page);
}

static enum page_references clock_check(struct kernel *k, struct page *page)
{
	uint64_t vm_flags = 0;
	bool by_ptes = page_mapped(page) && page_referenced(k, page, &vm_flags);
	bool by_flag = TestClearPageReferenced(page);

	return by_ptes || by_flag ? PAGEREF_KEEP : PAGEREF_RECLAIM;
}

const struct reclaim_policy reclaim_clock = {
	.name = "clock",
	.used = clock_used,
	.check = clock_check,
};
