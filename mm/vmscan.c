/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmscan - reclaim: which pages to give up when memory is short (Linux 4.4,
 * mm/vmscan.c).
 *
 *                  low watermark            min watermark
 *   free pages  ------|------------------------|----------> 0
 *                     kswapd runs until high   allocations reclaim themselves
 *
 * Each zone has an active and an inactive list for anonymous and for file pages.
 * A pass at priority p scans 1/2^p of them: from the tail of the active lists to
 * the inactive ones, and from their tails out of memory. Passes grow until enough
 * was found.
 *
 * Simplified: I/O is synchronous, so a page is written and freed in one go, and
 * there is neither congestion nor throttling. Dirty file pages are written from
 * here (Linux 4.4 leaves most to the flusher). No compaction: blocks of several
 * pages come from whatever single pages free.
 */
#include "mm/swap.h"

#include "mm/page_alloc.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/vma.h"

#include <assert.h>

#define DEF_PRIORITY 12
#define SWAP_CLUSTER_MAX 32u
/* Passes at priority 0 without a page freed, before reclaim gives up (Linux 4.7). */
#define MAX_RECLAIM_RETRIES 16

/* One reclaim operation. */
struct scan_control {
	/* Set by who starts it; reclaim only reads them. */
	uint64_t nr_to_reclaim; /* pages: stop once so many are free */
	gfp_t gfp;              /* of the allocation that needs them: may it do I/O? */
	unsigned order;         /* likewise */
	enum zone_type classzone;
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

static bool is_active(enum lru_list lru)
{
	return lru == LRU_ACTIVE_ANON || lru == LRU_ACTIVE_FILE;
}

static bool is_file(enum lru_list lru)
{
	return lru == LRU_INACTIVE_FILE || lru == LRU_ACTIVE_FILE;
}

static bool may_swap(const struct kernel *k, const struct scan_control *sc)
{
	return k->swap.nr_swap_pages && sc->gfp & __GFP_IO;
}

/* ---- one page ---- */

/* What the page's use says. */
enum page_references {
	PAGEREF_RECLAIM,
	PAGEREF_RECLAIM_CLEAN, /* only if it need not be written */
	PAGEREF_KEEP,          /* once more around the inactive list */
	PAGEREF_ACTIVATE
};

static enum page_references page_check_references(struct kernel *k, struct page *page)
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
	use = page_check_references(k, page);
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

/* Takes up to nr pages from the tail of the zone's list, each with a reference; the
 * oldest is last in `taken`. Pages taken. */
static uint64_t isolate_lru_pages(struct kernel *k, struct zone *zone, enum lru_list lru,
                                  uint64_t nr, struct list_head *taken)
{
	uint64_t n = 0;

	while (n < nr && !list_empty(&zone->lru[lru])) {
		struct page *page = list_last_entry(&zone->lru[lru], struct page, lru);

		get_page(page);
		lru_cache_del(k, page);
		list_add(&page->lru, taken);
		n++;
	}
	return n;
}

static struct page *take_oldest(struct list_head *list)
{
	struct page *page = list_last_entry(list, struct page, lru);

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
	put_page(k, page);
}

/* Puts a page back that was not freed, and lets go of it. */
static void put_back(struct kernel *k, struct page *page)
{
	if (page_count(page) > 1)
		putback_lru_page(k, page);
	put_page(k, page);
}

static uint64_t shrink_page_list(struct kernel *k, struct zone *zone, struct list_head *pages,
                                 const struct scan_control *sc)
{
	uint64_t nr_reclaimed = 0;

	while (!list_empty(pages)) {
		struct page *page = take_oldest(pages);
		enum page_fate fate = reclaim_page(k, page, sc);

		if (fate == PAGE_GOES) {
			page_reclaimed(k, page);
			nr_reclaimed++;
			continue;
		}
		if (fate == PAGE_ACTIVATED) {
			SetPageActive(page);
			count_vm_event(k, PGACTIVATE);
			zone->recent_rotated[page_is_file_cache(page)]++;
		}
		put_back(k, page);
	}
	swap_finish_plug(k);
	return nr_reclaimed;
}

static void shrink_inactive_list(struct kernel *k, struct zone *zone, enum lru_list lru,
                                 uint64_t nr, struct scan_control *sc)
{
	struct list_head pages;
	uint64_t nr_taken, nr_reclaimed;

	INIT_LIST_HEAD(&pages);
	nr_taken = isolate_lru_pages(k, zone, lru, nr, &pages);
	zone->recent_scanned[is_file(lru)] += nr_taken;
	zone->pages_scanned += nr_taken;
	sc->nr_scanned += nr_taken;
	count_vm_events(k, sc->kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT, nr_taken);
	count_vm_events(k, is_file(lru) ? PGSCAN_FILE : PGSCAN_ANON, nr_taken);

	nr_reclaimed = shrink_page_list(k, zone, &pages, sc);
	sc->nr_reclaimed += nr_reclaimed;
	count_vm_events(k, sc->kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT, nr_reclaimed);
}

/* Moves the oldest active pages to the inactive list, where they have to be used
 * again to stay. Only executable file pages that were just used remain. */
static void shrink_active_list(struct kernel *k, struct zone *zone, enum lru_list lru, uint64_t nr)
{
	struct list_head pages;
	uint64_t nr_taken;

	INIT_LIST_HEAD(&pages);
	nr_taken = isolate_lru_pages(k, zone, lru, nr, &pages);
	zone->recent_scanned[is_file(lru)] += nr_taken;
	zone->pages_scanned += nr_taken;
	count_vm_events(k, PGREFILL, nr_taken);

	while (!list_empty(&pages)) {
		struct page *page = take_oldest(&pages);
		uint64_t vm_flags = 0;
		bool keep = false;

		if (page_mapped(page) && page_referenced(k, page, &vm_flags)) {
			zone->recent_rotated[is_file(lru)]++;
			keep = is_file(lru) && vm_flags & VM_EXEC;
		}
		if (!keep) {
			ClearPageActive(page);
			count_vm_event(k, PGDEACTIVATE);
		}
		put_back(k, page);
	}
}

/* ---- a zone ---- */

static uint64_t int_sqrt(uint64_t n)
{
	uint64_t root = 0;

	while ((root + 1) * (root + 1) <= n)
		root++;
	return root;
}

/* Anonymous: 1 up to 1 GB, then sqrt(10 * GB), so that 1 of 4 pages is inactive at
 * 1 to 2 GB, 1 of 11 at 10 GB (Linux 4.4: calculate_zone_inactive_ratio()). */
static bool inactive_is_low(const struct kernel *k, const struct zone *zone, bool file)
{
	uint64_t gb = zone->managed_pages >> (30 - PAGE_SHIFT);
	uint64_t ratio = gb ? int_sqrt(10 * gb) : 1;

	if (file)
		return zone->nr_lru[LRU_ACTIVE_FILE] > zone->nr_lru[LRU_INACTIVE_FILE];
	return k->swap.total_swap_pages &&
	       zone->nr_lru[LRU_INACTIVE_ANON] * ratio < zone->nr_lru[LRU_ACTIVE_ANON];
}

/* Which kind of pages to look for. */
enum scan_balance {
	SCAN_EQUAL, /* both, whole */
	SCAN_FRACT, /* both, by what their scanning brought lately */
	SCAN_ANON,
	SCAN_FILE
};

static enum scan_balance choose_balance(const struct kernel *k, const struct zone *zone,
                                        const struct scan_control *sc)
{
	uint64_t file = zone->nr_lru[LRU_ACTIVE_FILE] + zone->nr_lru[LRU_INACTIVE_FILE];

	if (!may_swap(k, sc))
		return SCAN_FILE;
	if (!sc->priority && k->config.swappiness)
		return SCAN_EQUAL;
	/* So few file pages that they cannot be what fills memory. */
	if (file + zone->nr_free_pages <= zone->watermark[WMARK_HIGH])
		return SCAN_ANON;
	/* Enough used-once file pages to go on with. (The second condition is Linux
	 * 4.7's: a list too short to be scanned at this priority does not count.) */
	if (!inactive_is_low(k, zone, true) && zone->nr_lru[LRU_INACTIVE_FILE] >> sc->priority)
		return SCAN_FILE;
	return SCAN_FRACT;
}

/* The past counts for less and less. */
static void age_reclaim_stat(struct zone *zone, bool file)
{
	unsigned base = file ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
	uint64_t pages = zone->nr_lru[base] + zone->nr_lru[base + 1];

	if (zone->recent_scanned[file] > pages / 4) {
		zone->recent_scanned[file] /= 2;
		zone->recent_rotated[file] /= 2;
	}
}

/* Weights of anonymous and file pages: the more of the scanned pages were found in
 * use, the less of them is scanned. */
static void scan_fractions(const struct kernel *k, struct zone *zone, uint64_t fraction[2])
{
	uint64_t prio[2] = { k->config.swappiness, 200 - k->config.swappiness };

	for (unsigned file = 0; file < 2; file++) {
		age_reclaim_stat(zone, file);
		fraction[file] = prio[file] * (zone->recent_scanned[file] + 1) /
		                 (zone->recent_rotated[file] + 1);
	}
}

/* How many pages of each list to scan in this pass. */
static void get_scan_count(const struct kernel *k, struct zone *zone, const struct scan_control *sc,
                           uint64_t nr[NR_LRU_LISTS])
{
	enum scan_balance balance = choose_balance(k, zone, sc);
	uint64_t fraction[2] = { 1, 1 }, whole;

	if (balance == SCAN_FRACT)
		scan_fractions(k, zone, fraction);
	whole = fraction[0] + fraction[1] + 1;
	for (enum lru_list lru = LRU_INACTIVE_ANON; lru <= LRU_ACTIVE_FILE; lru++) {
		nr[lru] = zone->nr_lru[lru] >> sc->priority;
		if (balance == SCAN_FRACT)
			nr[lru] = nr[lru] * fraction[is_file(lru)] / whole;
		else if (balance == (is_file(lru) ? SCAN_ANON : SCAN_FILE))
			nr[lru] = 0;
	}
}

static void shrink_list(struct kernel *k, struct zone *zone, enum lru_list lru, uint64_t nr,
                        struct scan_control *sc)
{
	if (!is_active(lru))
		shrink_inactive_list(k, zone, lru, nr, sc);
	else if (inactive_is_low(k, zone, is_file(lru)))
		shrink_active_list(k, zone, lru, nr);
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

static void shrink_zone(struct kernel *k, struct zone *zone, struct scan_control *sc)
{
	uint64_t nr[NR_LRU_LISTS] = { 0 }, targets[NR_LRU_LISTS];
	uint64_t before = sc->nr_reclaimed;
	bool adjusted;

	get_scan_count(k, zone, sc, nr);
	for (unsigned lru = 0; lru < NR_LRU_LISTS; lru++)
		targets[lru] = nr[lru];
	/* A pass of direct reclaim over everything it is allowed need not be fair. */
	adjusted = !sc->kswapd && sc->priority == DEF_PRIORITY;

	while (nr[LRU_INACTIVE_ANON] || nr[LRU_ACTIVE_FILE] || nr[LRU_INACTIVE_FILE]) {
		for (enum lru_list lru = LRU_INACTIVE_ANON; lru <= LRU_ACTIVE_FILE; lru++) {
			uint64_t batch = min_u64(nr[lru], SWAP_CLUSTER_MAX);

			nr[lru] -= batch;
			if (batch)
				shrink_list(k, zone, lru, batch, sc);
		}
		if (sc->nr_reclaimed - before < sc->nr_to_reclaim || adjusted)
			continue;
		if (!(nr[LRU_INACTIVE_ANON] + nr[LRU_ACTIVE_ANON]) ||
		    !(nr[LRU_INACTIVE_FILE] + nr[LRU_ACTIVE_FILE]))
			break;
		adjust_scan_count(targets, nr);
		adjusted = true;
	}
	/* Some aging in advance, also when only file pages were scanned. */
	if (inactive_is_low(k, zone, false))
		shrink_active_list(k, zone, LRU_ACTIVE_ANON, SWAP_CLUSTER_MAX);
}

static uint64_t zone_reclaimable_pages(const struct kernel *k, const struct zone *zone)
{
	uint64_t pages = zone->nr_lru[LRU_ACTIVE_FILE] + zone->nr_lru[LRU_INACTIVE_FILE];

	if (k->swap.nr_swap_pages)
		pages += zone->nr_lru[LRU_ACTIVE_ANON] + zone->nr_lru[LRU_INACTIVE_ANON];
	return pages;
}

/* False: everything was scanned several times over and nothing came free. */
static bool zone_reclaimable(const struct kernel *k, const struct zone *zone)
{
	return zone->pages_scanned < zone_reclaimable_pages(k, zone) * 6;
}

/* Empty slabs hold what the caches may soon want again: they are taken only when a
 * pass or two did not do, at priorities 10, 5 and 0. */
static void shrink_caches(struct kernel *k, struct scan_control *sc)
{
	workingset_shrink(k);
	if (sc->priority % 5 == 0)
		sc->nr_reclaimed += shrink_slab(k);
}

/* ---- direct reclaim ---- */

/* One pass over the zones that the allocation may use, highest first; false: none
 * of them has anything to give. */
static bool shrink_zones(struct kernel *k, struct scan_control *sc)
{
	bool reclaimable = false;

	for (int type = (int)sc->classzone; type >= 0; type--) {
		struct zone *zone = &k->node.node_zones[type];

		if (!zone->managed_pages)
			continue;
		if (sc->priority != DEF_PRIORITY && !zone_reclaimable(k, zone))
			continue;
		shrink_zone(k, zone, sc);
		reclaimable |= zone_reclaimable(k, zone);
	}
	shrink_caches(k, sc);
	return reclaimable;
}

/* Before somebody is killed, whole lists, also of zones given up before: what was in
 * use then may not be now. */
static void reclaim_of_last_resort(struct kernel *k, struct scan_control *sc)
{
	bool reclaimable = true;

	for_each_zone (k, zone)
		zone->pages_scanned = 0;
	sc->priority = 0;
	for (int i = 0; i < MAX_RECLAIM_RETRIES && reclaimable && !sc->nr_reclaimed; i++)
		reclaimable = shrink_zones(k, sc);
}

static void do_try_to_free_pages(struct kernel *k, struct scan_control *sc)
{
	for (sc->priority = DEF_PRIORITY; sc->priority >= 0; sc->priority--) {
		shrink_zones(k, sc);
		if (sc->nr_reclaimed >= sc->nr_to_reclaim)
			return;
	}
	if (!sc->nr_reclaimed)
		reclaim_of_last_resort(k, sc);
}

uint64_t try_to_free_pages(struct kernel *k, enum zone_type classzone, unsigned order, gfp_t gfp)
{
	struct scan_control sc = { .nr_to_reclaim = SWAP_CLUSTER_MAX,
		                   .gfp = gfp,
		                   .order = order,
		                   .classzone = classzone };
	bool nested = k->in_reclaim;

	k->in_reclaim = true;
	do_try_to_free_pages(k, &sc);
	k->in_reclaim = nested;
	event_raise(k->events,
	            &(struct event){ .kind = EVENT_DIRECT_RECLAIM, .arg = sc.nr_reclaimed });
	return sc.nr_reclaimed;
}

/* ---- kswapd ---- */

static bool zone_balanced(const struct zone *zone, unsigned order)
{
	return zone_watermark_ok(zone, order, zone->watermark[WMARK_HIGH], zone->type, 0);
}

static bool node_balanced(const struct kernel *k, unsigned order)
{
	for_each_zone (k, zone)
		if (!zone_balanced(zone, order))
			return false;
	return true;
}

void wakeup_kswapd(struct kernel *k, struct zone *zone, unsigned order)
{
	if (!zone->managed_pages || zone_balanced(zone, order))
		return;
	if (order > k->kswapd_order)
		k->kswapd_order = order;
	if (k->kswapd_wanted)
		return;
	k->kswapd_wanted = true;
	event_raise(k->events, &(struct event){ .kind = EVENT_KSWAPD_WAKE, .arg = order });
}

/* One pass over the zones up to the highest that needs it, lowest first. True: it
 * found as much as it wanted to scan, another pass at this priority may do. */
static bool kswapd_shrink_node(struct kernel *k, struct scan_control *sc)
{
	bool scanned_enough = false;
	int end;

	for (end = MAX_NR_ZONES - 1; end >= 0; end--) {
		const struct zone *zone = &k->node.node_zones[end];

		if (zone->managed_pages && !zone_balanced(zone, sc->order))
			break;
	}
	for (int type = 0; type <= end; type++) {
		struct zone *zone = &k->node.node_zones[type];

		if (!zone->managed_pages || zone_balanced(zone, sc->order) ||
		    (sc->priority != DEF_PRIORITY && !zone_reclaimable(k, zone)))
			continue;
		sc->nr_to_reclaim = zone->watermark[WMARK_HIGH];
		if (sc->nr_to_reclaim < SWAP_CLUSTER_MAX)
			sc->nr_to_reclaim = SWAP_CLUSTER_MAX;
		sc->nr_scanned = 0;
		shrink_zone(k, zone, sc);
		scanned_enough |= sc->nr_scanned >= sc->nr_to_reclaim;
	}
	shrink_caches(k, sc);
	return scanned_enough;
}

/* Linux: age_active_anon(). */
static void age_active_anon(struct kernel *k)
{
	for_each_zone (k, zone)
		if (inactive_is_low(k, zone, false))
			shrink_active_list(k, zone, LRU_ACTIVE_ANON, SWAP_CLUSTER_MAX);
}

static void balance_node(struct kernel *k, struct scan_control *sc)
{
	count_vm_event(k, PAGEOUTRUN);
	sc->priority = DEF_PRIORITY;
	while (sc->priority >= 1 && !node_balanced(k, sc->order)) {
		uint64_t before = sc->nr_reclaimed;
		bool scanned_enough;

		age_active_anon(k);
		scanned_enough = kswapd_shrink_node(k, sc);
		/* Fragmentation may keep a large block away for ever: having freed twice
		 * its size, go on for single pages. */
		if (sc->order && sc->nr_reclaimed >= (uint64_t)2 << sc->order)
			sc->order = 0;
		if (!scanned_enough || sc->nr_reclaimed == before)
			sc->priority--;
	}
}

static bool node_above(const struct kernel *k, enum zone_watermarks mark)
{
	for_each_zone (k, zone)
		if (!zone_watermark_ok(zone, 0, zone->watermark[mark], zone->type, 0))
			return false;
	return true;
}

/* Simplified: Linux counts how a sleep of 100 ms ended: somebody went below low, or
 * high did not hold. Here time stands still meanwhile, so where the run left the
 * zones is what counts. */
static void count_premature_sleep(struct kernel *k)
{
	if (!node_above(k, WMARK_LOW))
		count_vm_event(k, KSWAPD_LOW_WMARK_HIT_QUICKLY);
	else if (!node_above(k, WMARK_HIGH))
		count_vm_event(k, KSWAPD_HIGH_WMARK_HIT_QUICKLY);
}

void kswapd_run(struct kernel *k)
{
	struct scan_control sc = { .gfp = GFP_KERNEL, .kswapd = true, .order = k->kswapd_order };
	bool nested = k->in_reclaim;

	if (!k->kswapd_wanted)
		return;
	k->in_reclaim = true;
	balance_node(k, &sc);
	k->in_reclaim = nested;
	count_premature_sleep(k);
	k->kswapd_wanted = false;
	k->kswapd_order = 0;
	event_raise(k->events, &(struct event){ .kind = EVENT_KSWAPD_SLEEP });
}
