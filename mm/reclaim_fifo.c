/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First in, first out: how a page is used does not matter. */
#include "mm/reclaim_policy.h"

static enum page_references fifo_check(struct kernel *k, struct page *page)
{
	return PAGEREF_RECLAIM;
}

const struct reclaim_policy reclaim_fifo = { .name = "fifo", .check = fifo_check };
