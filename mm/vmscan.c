/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmscan - reclaim: which pages to give up when memory is short (Linux 4.4,
 * mm/vmscan.c).
 *
 *                  low watermark            min watermark
 *   free pages  ------|------------------------|----------> 0
 *                     kswapd runs until high   allocations reclaim themselves
 *
 * A node has an active and an inactive list for anonymous and for file pages (the
 * node, not its zones, since Linux 4.8: pages of all zones grow old together).
 * A pass at priority p scans 1/2^p of them: from the tail of the active lists to
 * the inactive ones, and from their tails out of memory. Passes grow until enough
 * was found. In what order pages go is the policy's (mm/reclaim_policy.h); what
 * is here is the same for all.
 *
 * Simplified: I/O is synchronous, so a page is written and freed in one go, and
 * there is neither congestion nor throttling. Dirty file pages are written from
 * here (Linux 4.4 leaves most to the flusher). No compaction: blocks of several
 * pages come from whatever single pages free.
 */
#include "mm/swap.h"

#include "mm/page_alloc.h"
#include "mm/pagemap.h"
#include "mm/reclaim_policy.h"
#include "mm/rmap.h"
#include "mm/vma.h"

#include <assert.h>

#define DEF_PRIORITY 12
/* Passes at priority 0, and runs of kswapd, without a page freed, before it is given
 * up (Linux 4.7 and 4.12). */
#define MAX_RECLAIM_RETRIES 16

/* One reclaim operation. */
struct scan_control {
	/* Set by who starts it; reclaim only reads them. */
	uint64_t nr_to_reclaim; /* pages: stop once so many are free */
	gfp_t gfp;              /* of the allocation that needs them: may it do I/O? */
	unsigned order;         /* likewise */
	enum zone_type classzone;
	const struct zonelist *zonelist; /* whose nodes; direct reclaim alone */
	const nodemask_t *nodemask;      /* of them; NULL: all */
	bool kswapd;
	/* Changed from pass to pass. */
	int priority;
	/* Results so far. */
	uint64_t nr_scanned, nr_reclaimed;
};

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool may_swap(const struct kernel *k, const struct scan_control *sc)
{
	return k->swap.nr_swap_pages && sc->gfp & __GFP_IO;
}

/* ---- one page ---- */

/* What became of a page that reclaim tried to free. */
enum page_fate {
	PAGE_GOES,     /* so far nothing stands against it; at the end: it is free */
	PAGE_KEPT,     /* inactive again */
	PAGE_ACTIVATED /* not worth trying again soon */
};

/* An anonymous page needs a slot to go to before its mappings can name it. */
static enum page_fate give_slot(struct kernel *k, struct page *page, const struct scan_control *sc)
{
	if (!PageAnon(page) || PageSwapCache(page))
		return PAGE_GOES;
	if (!(sc->gfp & __GFP_IO))
		return PAGE_KEPT;
	return add_to_swap(k, page) ? PAGE_ACTIVATED : PAGE_GOES;
}

static enum page_fate unmap_page(struct kernel *k, struct page *page)
{
	if (!page_mapped(page))
		return PAGE_GOES;
	switch (try_to_unmap(k, page)) {
	case SWAP_SUCCESS:
		return PAGE_GOES;
	case SWAP_MLOCK:
		mlock_vma_page(k, page);
		try_to_free_swap(k, page);
		return PAGE_KEPT;
	case SWAP_AGAIN:
		return PAGE_KEPT;
	case SWAP_FAIL:
		break;
	}
	return PAGE_ACTIVATED;
}

static enum page_fate page_out(struct kernel *k, struct page *page, const struct scan_control *sc)
{
	bool to_swap = PageSwapBacked(page);

	if (!(sc->gfp & (to_swap ? __GFP_IO : __GFP_FS)))
		return PAGE_KEPT;
	if (to_swap && !PageSwapCache(page) && shmem_move_to_swap(k, page))
		return PAGE_ACTIVATED;
	/* What cannot be written stays in memory, dirty. */
	if (to_swap ? swap_writepage(k, page) : write_one_page(k, page))
		return PAGE_ACTIVATED;
	return PAGE_GOES;
}

/* The cache and whoever isolated the page are its only users: takes it out. */
static enum page_fate remove_mapping(struct kernel *k, struct page *page)
{
	if (page_count(page) != 2 || PageDirty(page))
		return PAGE_KEPT;
	if (PageSwapCache(page))
		delete_from_swap_cache(k, page);
	else
		evict_from_page_cache(k, page);
	return PAGE_GOES;
}

/* Frees a page that is off its list and has one reference of ours, if that can be. */
static enum page_fate reclaim_page(struct kernel *k, struct page *page,
                                   const struct scan_control *sc)
{
	enum page_references use;
	enum page_fate fate;

	if (PageLocked(page) || PageMlocked(page))
		return PAGE_KEPT;
	if (page_count(page) == 1) /* truncated, or its last user has just left */
		return PAGE_GOES;
	if (!page_mapping(k, page) && !page_mapped(page)) /* in somebody's hands */
		return PAGE_KEPT;
	use = k->config.reclaim_policy->check(k, page);
	if (use == PAGEREF_ACTIVATE)
		return PAGE_ACTIVATED;
	if (use == PAGEREF_KEEP)
		return PAGE_KEPT;

	fate = give_slot(k, page, sc);
	if (fate == PAGE_GOES)
		fate = unmap_page(k, page);
	if (fate == PAGE_GOES && PageDirty(page))
		fate = use == PAGEREF_RECLAIM_CLEAN ? PAGE_KEPT : page_out(k, page, sc);
	if (fate == PAGE_GOES)
		fate = remove_mapping(k, page);
	/* With few slots left, a page that stays in memory gives its slot up. */
	if (fate == PAGE_ACTIVATED && PageSwapCache(page) && vm_swap_full(k))
		try_to_free_swap(k, page);
	return fate;
}

/* ---- a list ---- */

/* The oldest page from *at on, of zones up to classzone; *at moves on. NULL: none. */
static struct page *oldest_from(struct kernel *k, const struct list_head *list,
                                struct list_head **at, enum zone_type classzone)
{
	while (*at != list) {
		struct page *page = list_entry(*at, struct page, lru);

		*at = (*at)->prev;
		if (page_zone(k, page)->type <= classzone)
			return page;
	}
	return NULL;
}

uint64_t isolate_lru_pages(struct kernel *k, struct pglist_data *node, enum lru_list lru,
                           uint64_t nr, enum zone_type classzone, struct list_head *taken)
{
	const struct reclaim_policy *policy = k->config.reclaim_policy;
	struct list_head *list = &node->lruvec.lists[lru], *at = list->prev;
	uint64_t n;

	INIT_LIST_HEAD(taken);
	for (n = 0; n < nr; n++) {
		struct page *page = policy->pick && !is_active_lru(lru)
		                        ? policy->pick(k, node, lru, classzone)
		                        : oldest_from(k, list, &at, classzone);

		if (!page)
			break;
		page_zone(k, page)->pages_scanned++;
		get_page(page);
		lru_cache_del(k, page);
		list_add(&page->lru, taken);
	}
	node->lruvec.recent_scanned[is_file_lru(lru)] += n;
	return n;
}

struct page *take_isolated(struct list_head *taken)
{
	struct page *page = list_last_entry(taken, struct page, lru);

	list_del(&page->lru);
	return page;
}

static void page_reclaimed(struct kernel *k, struct page *page)
{
	bool anon = PageSwapBacked(page);

	count_vm_event(k, anon ? PGSTEAL_ANON : PGSTEAL_FILE);
	event_raise(k->events, &(struct event){ .kind = EVENT_PAGE_RECLAIMED,
	                                        .pfn = page_to_pfn(k, page),
	                                        .arg = anon });
	free_hot_cold_page(k, page, true);
}

void putback_isolated(struct kernel *k, struct page *page)
{
	if (page_count(page) > 1)
		putback_lru_page(k, page);
	put_page(k, page);
}

static uint64_t shrink_page_list(struct kernel *k, struct list_head *pages,
                                 const struct scan_control *sc)
{
	uint64_t nr_reclaimed = 0;

	while (!list_empty(pages)) {
		struct page *page = take_isolated(pages);
		enum page_fate fate = reclaim_page(k, page, sc);

		if (fate == PAGE_GOES) {
			page_reclaimed(k, page);
			nr_reclaimed++;
			continue;
		}
		if (fate == PAGE_ACTIVATED && has_active_lists(k)) {
			SetPageActive(page);
			count_vm_event(k, PGACTIVATE);
			page_pgdat(k, page)->lruvec.recent_rotated[page_is_file_cache(page)]++;
		}
		putback_isolated(k, page);
	}
	swap_finish_plug(k);
	return nr_reclaimed;
}

static void shrink_inactive_list(struct kernel *k, struct pglist_data *node, enum lru_list lru,
                                 uint64_t nr, struct scan_control *sc)
{
	struct list_head pages;
	uint64_t nr_taken = isolate_lru_pages(k, node, lru, nr, sc->classzone, &pages),
	         nr_reclaimed;

	sc->nr_scanned += nr_taken;
	count_vm_events(k, sc->kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT, nr_taken);
	count_vm_events(k, is_file_lru(lru) ? PGSCAN_FILE : PGSCAN_ANON, nr_taken);

	nr_reclaimed = shrink_page_list(k, &pages, sc);
	sc->nr_reclaimed += nr_reclaimed;
	count_vm_events(k, sc->kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT, nr_reclaimed);
}

/* ---- the node ---- */

static bool inactive_is_low(const struct kernel *k, const struct pglist_data *node, bool file,
                            const struct scan_control *sc)
{
	const struct reclaim_policy *policy = k->config.reclaim_policy;

	return has_active_lists(k) && policy->inactive_is_low(k, node, file, sc->classzone);
}

/* Which kind of pages to look for. */
enum scan_balance {
	SCAN_EQUAL, /* both, whole */
	SCAN_FRACT, /* both, by what their scanning brought lately */
	SCAN_ANON,
	SCAN_FILE
};

static uint64_t node_file_pages(const struct pglist_data *node)
{
	return lruvec_lru_size(node, LRU_ACTIVE_FILE, MAX_NR_ZONES - 1) +
	       lruvec_lru_size(node, LRU_INACTIVE_FILE, MAX_NR_ZONES - 1);
}

/* So few file pages that they cannot be what fills memory. */
static bool file_is_tiny(struct pglist_data *node)
{
	uint64_t high = 0, free = 0;

	for_each_zone_of_node (node, zone) {
		high += zone->watermark[WMARK_HIGH];
		free += zone->nr_free_pages;
	}
	return node_file_pages(node) + free <= high;
}

static enum scan_balance choose_balance(const struct kernel *k, struct pglist_data *node,
                                        const struct scan_control *sc)
{
	if (!may_swap(k, sc))
		return SCAN_FILE;
	/* What follows relies on used pages being elsewhere, on the active lists. */
	if (!has_active_lists(k))
		return SCAN_EQUAL;
	if (!sc->priority && k->config.swappiness)
		return SCAN_EQUAL;
	if (file_is_tiny(node))
		return SCAN_ANON;
	/* Enough used-once file pages to go on with. (The second condition is Linux
	 * 4.7's: a list too short to be scanned at this priority does not count.) */
	if (!inactive_is_low(k, node, true, sc) &&
	    lruvec_lru_size(node, LRU_INACTIVE_FILE, sc->classzone) >> sc->priority)
		return SCAN_FILE;
	return SCAN_FRACT;
}

/* The past counts for less and less. */
static void age_reclaim_stat(struct pglist_data *node, bool file)
{
	struct lruvec *lruvec = &node->lruvec;
	unsigned base = file ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
	uint64_t pages = lruvec_lru_size(node, base, MAX_NR_ZONES - 1) +
	                 lruvec_lru_size(node, base + 1, MAX_NR_ZONES - 1);

	if (lruvec->recent_scanned[file] > pages / 4) {
		lruvec->recent_scanned[file] /= 2;
		lruvec->recent_rotated[file] /= 2;
	}
}

/* Weights of anonymous and file pages: the more of the scanned pages were found in
 * use, the less of them is scanned. */
static void scan_fractions(const struct kernel *k, struct pglist_data *node, uint64_t fraction[2])
{
	const struct lruvec *lruvec = &node->lruvec;
	uint64_t prio[2] = { k->config.swappiness, 200 - k->config.swappiness };

	for (unsigned file = 0; file < 2; file++) {
		age_reclaim_stat(node, file);
		fraction[file] = prio[file] * (lruvec->recent_scanned[file] + 1) /
		                 (lruvec->recent_rotated[file] + 1);
	}
}

/* How many pages of each list to scan in this pass. */
static void get_scan_count(const struct kernel *k, struct pglist_data *node,
                           const struct scan_control *sc, uint64_t nr[NR_LRU_LISTS])
{
	enum scan_balance balance = choose_balance(k, node, sc);
	uint64_t fraction[2] = { 1, 1 }, whole;

	if (balance == SCAN_FRACT)
		scan_fractions(k, node, fraction);
	whole = fraction[0] + fraction[1] + 1;
	for (enum lru_list lru = LRU_INACTIVE_ANON; lru <= LRU_ACTIVE_FILE; lru++) {
		nr[lru] = lruvec_lru_size(node, lru, sc->classzone) >> sc->priority;
		if (balance == SCAN_FRACT)
			nr[lru] = nr[lru] * fraction[is_file_lru(lru)] / whole;
		else if (balance == (is_file_lru(lru) ? SCAN_ANON : SCAN_FILE))
			nr[lru] = 0;
	}
}

static void shrink_list(struct kernel *k, struct pglist_data *node, enum lru_list lru, uint64_t nr,
                        struct scan_control *sc)
{
	if (!is_active_lru(lru))
		shrink_inactive_list(k, node, lru, nr, sc);
	else if (inactive_is_low(k, node, is_file_lru(lru), sc))
		k->config.reclaim_policy->shrink_active(k, node, lru, nr, sc->classzone);
}

/* Some aging in advance, also when only file pages were scanned. */
static void age_active_anon(struct kernel *k, struct pglist_data *node,
                            const struct scan_control *sc)
{
	if (inactive_is_low(k, node, false, sc))
		k->config.reclaim_policy->shrink_active(k, node, LRU_ACTIVE_ANON, SWAP_CLUSTER_MAX,
		                                        sc->classzone);
}

/* Enough is free: the kind with less left to scan is done, and the other goes on
 * only as far, in proportion, as the first has come. */
static void adjust_scan_count(const uint64_t targets[], uint64_t nr[])
{
	uint64_t left[2] = { nr[LRU_INACTIVE_ANON] + nr[LRU_ACTIVE_ANON],
		             nr[LRU_INACTIVE_FILE] + nr[LRU_ACTIVE_FILE] };
	bool stop_file = left[0] > left[1];
	unsigned stop = stop_file ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
	unsigned go_on = stop_file ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;
	uint64_t target = targets[stop] + targets[stop + 1] + 1;
	uint64_t percent_left = left[stop_file] * 100 / target;

	nr[stop] = nr[stop + 1] = 0;
	for (unsigned lru = go_on; lru <= go_on + 1; lru++) {
		uint64_t scanned = targets[lru] - nr[lru];
		uint64_t goal = targets[lru] * (100 - percent_left) / 100;

		nr[lru] = goal - min_u64(goal, scanned);
	}
}

/* Empty slabs hold what the caches may soon want again: they are taken only when a
 * pass or two did not do, at priorities 10, 5 and 0. */
static void shrink_caches(struct kernel *k, struct scan_control *sc)
{
	workingset_shrink(k);
	if (sc->priority % 5 == 0)
		sc->nr_reclaimed += shrink_slab(k);
}

/* One pass. */
static void shrink_node(struct kernel *k, struct pglist_data *node, struct scan_control *sc)
{
	uint64_t nr[NR_LRU_LISTS] = { 0 }, targets[NR_LRU_LISTS];
	uint64_t before = sc->nr_reclaimed;
	bool adjusted;

	get_scan_count(k, node, sc, nr);
	for (unsigned lru = 0; lru < NR_LRU_LISTS; lru++)
		targets[lru] = nr[lru];
	/* The first pass of direct reclaim scans so little that it need not be fair. */
	adjusted = !sc->kswapd && sc->priority == DEF_PRIORITY;

	while (nr[LRU_INACTIVE_ANON] || nr[LRU_ACTIVE_FILE] || nr[LRU_INACTIVE_FILE]) {
		for (enum lru_list lru = LRU_INACTIVE_ANON; lru <= LRU_ACTIVE_FILE; lru++) {
			uint64_t batch = min_u64(nr[lru], SWAP_CLUSTER_MAX);

			nr[lru] -= batch;
			if (batch)
				shrink_list(k, node, lru, batch, sc);
		}
		if (sc->nr_reclaimed - before < sc->nr_to_reclaim || adjusted)
			continue;
		if (!(nr[LRU_INACTIVE_ANON] + nr[LRU_ACTIVE_ANON]) ||
		    !(nr[LRU_INACTIVE_FILE] + nr[LRU_ACTIVE_FILE]))
			break;
		adjust_scan_count(targets, nr);
		adjusted = true;
	}
	age_active_anon(k, node, sc);
	shrink_caches(k, sc);
	if (sc->nr_reclaimed > before)
		node->kswapd_failures = 0;
}

/* ---- direct reclaim ---- */

/* One pass over each node that the allocation might have used. */
static void shrink_nodes(struct kernel *k, struct scan_control *sc)
{
	const struct pglist_data *last = NULL;

	for_each_zone_zonelist (zone, z, sc->zonelist, sc->classzone, sc->nodemask) {
		if (zone->zone_pgdat == last || !cpuset_zone_allowed(k, zone, GFP_USER))
			continue;
		last = zone->zone_pgdat;
		shrink_node(k, zone->zone_pgdat, sc);
	}
}

/* Before somebody is killed, whole lists several times: what was in use at first may
 * not be later. */
static void reclaim_of_last_resort(struct kernel *k, struct scan_control *sc)
{
	sc->priority = 0;
	for (int i = 0; i < MAX_RECLAIM_RETRIES && !sc->nr_reclaimed; i++) {
		sc->nr_scanned = 0;
		shrink_nodes(k, sc);
		if (!sc->nr_scanned)
			break;
	}
}

static void do_try_to_free_pages(struct kernel *k, struct scan_control *sc)
{
	for (sc->priority = DEF_PRIORITY; sc->priority >= 0; sc->priority--) {
		shrink_nodes(k, sc);
		if (sc->nr_reclaimed >= sc->nr_to_reclaim)
			return;
	}
	if (!sc->nr_reclaimed)
		reclaim_of_last_resort(k, sc);
}

uint64_t try_to_free_pages(struct kernel *k, const struct zonelist *zonelist, unsigned order,
                           gfp_t gfp, const nodemask_t *nodemask)
{
	struct scan_control sc = { .nr_to_reclaim = SWAP_CLUSTER_MAX,
		                   .gfp = gfp,
		                   .order = order,
		                   .classzone = gfp_zone(gfp),
		                   .zonelist = zonelist,
		                   .nodemask = nodemask };
	bool nested = k->in_reclaim;

	k->in_reclaim = true;
	do_try_to_free_pages(k, &sc);
	k->in_reclaim = nested;
	event_raise(k->events,
	            &(struct event){ .kind = EVENT_DIRECT_RECLAIM, .arg = sc.nr_reclaimed });
	return sc.nr_reclaimed;
}

/* ---- kswapd ---- */

/* True if an allocation for `classzone` would find a zone above the mark. */
static bool node_above(const struct pglist_data *node, enum zone_watermarks mark, unsigned order,
                       enum zone_type classzone)
{
	for (unsigned type = 0; type <= classzone; type++) {
		const struct zone *zone = &node->node_zones[type];

		if (zone->managed_pages &&
		    zone_watermark_ok(zone, order, zone->watermark[mark], classzone, 0))
			return true;
	}
	return false;
}

void wakeup_kswapd(struct kernel *k, struct zone *zone, unsigned order)
{
	struct pglist_data *node = zone->zone_pgdat;

	if (!zone->managed_pages || node->kswapd_failures >= MAX_RECLAIM_RETRIES ||
	    node_above(node, WMARK_HIGH, order, zone->type))
		return;
	if (zone->type > node->kswapd_classzone)
		node->kswapd_classzone = zone->type;
	if (order > node->kswapd_order)
		node->kswapd_order = order;
	if (node->kswapd_wanted)
		return;
	node->kswapd_wanted = true;
	event_raise(k->events, &(struct event){ .kind = EVENT_KSWAPD_WAKE, .arg = order });
}

/* One pass. True: it scanned as much as it was to reclaim; another at this priority
 * may do. */
static bool kswapd_shrink_node(struct kernel *k, struct pglist_data *node, struct scan_control *sc)
{
	sc->nr_to_reclaim = 0;
	for (unsigned type = 0; type <= sc->classzone; type++) {
		const struct zone *zone = &node->node_zones[type];

		if (zone->managed_pages)
			sc->nr_to_reclaim += zone->watermark[WMARK_HIGH] > SWAP_CLUSTER_MAX
			                         ? zone->watermark[WMARK_HIGH]
			                         : SWAP_CLUSTER_MAX;
	}
	sc->nr_scanned = 0;
	shrink_node(k, node, sc);
	return sc->nr_scanned >= sc->nr_to_reclaim;
}

static void balance_node(struct kernel *k, struct pglist_data *node, struct scan_control *sc)
{
	count_vm_event(k, PAGEOUTRUN);
	sc->priority = DEF_PRIORITY;
	while (sc->priority >= 1 && !node_above(node, WMARK_HIGH, sc->order, sc->classzone)) {
		uint64_t before = sc->nr_reclaimed;
		bool scanned_enough;

		age_active_anon(k, node, sc);
		scanned_enough = kswapd_shrink_node(k, node, sc);
		/* Fragmentation may keep a large block away for ever: having freed twice
		 * its size, go on for single pages. */
		if (sc->order && sc->nr_reclaimed >= (uint64_t)2 << sc->order)
			sc->order = 0;
		if (!scanned_enough || sc->nr_reclaimed == before)
			sc->priority--;
	}
	if (!sc->nr_reclaimed && sc->priority < DEF_PRIORITY)
		node->kswapd_failures++;
}

/* Simplified: Linux counts how a sleep of 100 ms ended: somebody went below low, or
 * high did not hold. Here time stands still meanwhile, so where the run left the
 * node is what counts. */
static void count_premature_sleep(struct kernel *k, const struct pglist_data *node,
                                  enum zone_type classzone)
{
	if (!node_above(node, WMARK_LOW, 0, classzone))
		count_vm_event(k, KSWAPD_LOW_WMARK_HIT_QUICKLY);
	else if (!node_above(node, WMARK_HIGH, 0, classzone))
		count_vm_event(k, KSWAPD_HIGH_WMARK_HIT_QUICKLY);
}

void kswapd_run(struct kernel *k, struct pglist_data *node)
{
	struct scan_control sc = { .gfp = GFP_KERNEL,
		                   .kswapd = true,
		                   .order = node->kswapd_order,
		                   .classzone = node->kswapd_classzone };
	bool nested = k->in_reclaim;

	k->in_reclaim = true;
	balance_node(k, node, &sc);
	k->in_reclaim = nested;
	count_premature_sleep(k, node, sc.classzone);
	node->kswapd_wanted = false;
	node->kswapd_order = 0;
	node->kswapd_classzone = 0;
	event_raise(k->events, &(struct event){ .kind = EVENT_KSWAPD_SLEEP });
}
