/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reclaim_policy - which page to give up when memory is short.
 *
 * vmscan.c decides when and how much to reclaim, unmaps, writes and frees; lists and
 * counts are swap.c's. A policy only says in what order pages go:
 *
 *               used()                         pick(): the tail, if there is none
 *   new -> head [ ... inactive pages of a kind ... ] tail -> check() -> freed
 *                ^                                             |
 *                +---------------- not yet --------------------+
 *
 * Anonymous and file pages have lists of their own, as in Linux, and each is put in
 * order by the policy. A policy without shrink_active() has no active lists: nothing
 * is ever put there, and both kinds are scanned in proportion to their number.
 *
 * To add one: a file mm/reclaim_NAME.c with its op table, its declaration below and a
 * row in reclaim_policy.c, a line in mm/meson.build. reclaim_fifo.c is the shortest.
 */
#ifndef PW_MM_RECLAIM_POLICY_H
#define PW_MM_RECLAIM_POLICY_H

#include "mm/kernel.h"

/* What a page's use says. */
enum page_references {
	PAGEREF_RECLAIM,
	PAGEREF_RECLAIM_CLEAN, /* only if it need not be written */
	PAGEREF_KEEP,          /* back to the inactive list's head */
	PAGEREF_ACTIVATE       /* to the active list's head */
};

/* A slot may be NULL; what happens then stands behind it. */
struct reclaim_policy {
	const char *name; /* as machine files say: "two-list" */
	/* used() has to hear of every access: reclaim_page_accessed(). */
	bool needs_accesses;
	/* read(2), write(2) and the like used the page, or a mapping of it whose A bit was
	 * set is gone; if needs_accesses, each load, store and fetch instead of the
	 * latter. (nothing) */
	void (*used)(struct kernel *k, struct page *page);
	/* The next page of this inactive list to look at, of zones up to classzone; NULL:
	 * none. The list and its order stay as they are. (the oldest) */
	struct page *(*pick)(struct kernel *k, struct pglist_data *node, enum lru_list lru,
	                     enum zone_type classzone);
	/* Is the page, which has been taken off its inactive list, to be freed? Not NULL. */
	enum page_references (*check)(struct kernel *k, struct page *page);
	/* Of the active lists: are there too few inactive pages of this kind beside them?
	 * Then nr active pages are looked at. (there are none; nothing) */
	bool (*inactive_is_low)(const struct kernel *k, const struct pglist_data *node, bool file,
	                        enum zone_type classzone);
	void (*shrink_active)(struct kernel *k, struct pglist_data *node, enum lru_list lru,
	                      uint64_t nr, enum zone_type classzone);
};

extern const struct reclaim_policy reclaim_two_list;
extern const struct reclaim_policy reclaim_fifo;
extern const struct reclaim_policy reclaim_clock;
extern const struct reclaim_policy reclaim_lru;
extern const struct reclaim_policy reclaim_random;

/* NULL: no such policy. */
const struct reclaim_policy *reclaim_policy_by_name(const char *name);

/* All policies in a fixed order; NULL behind the last. */
const struct reclaim_policy *reclaim_policy_at(size_t i);

static inline bool has_active_lists(const struct kernel *k)
{
	return k->config.reclaim_policy->shrink_active;
}

/* For the machine, if the policy needs accesses: a byte of the frame was used. */
static inline void reclaim_page_accessed(struct kernel *k, pfn_t pfn)
{
	if (pfn < k->max_pfn)
		k->config.reclaim_policy->used(k, k->mem_map + pfn);
}

/* ---- what policies have in common (vmscan.c) ---- */

/* Takes up to nr pages of zones up to classzone off the list, oldest first or as the
 * policy picks them, each with a reference; the first is last in `taken`. Pages taken. */
uint64_t isolate_lru_pages(struct kernel *k, struct pglist_data *node, enum lru_list lru,
                           uint64_t nr, enum zone_type classzone, struct list_head *taken);
/* The first of those, off the list. */
struct page *take_isolated(struct list_head *taken);
/* Puts it back at the head of the list that its flags name, and lets go of it. */
void putback_isolated(struct kernel *k, struct page *page);

#endif
