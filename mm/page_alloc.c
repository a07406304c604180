/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_alloc - the page frame database and the zoned buddy allocator
 * (Linux 4.4, mm/page_alloc.c).
 *
 *   block        2^order frames, aligned to their number
 *   buddy        the other half of the block of the next order:
 *                pfn ^ (1 << order); two free buddies are always made one
 *   pageblock    2 MB of frames with one migrate type
 *   classzone    the highest zone that an allocation may use: what it takes from
 *                lower ones is limited by their lowmem_reserve
 *
 * Simplified: no fair zone policy, no reserved
 * "highatomic" pageblocks, no compaction.
 */
#include "mm/page_alloc.h"

#include "mm/pagemap.h"
#include "mm/swap.h"

#include <string.h>

#define PAGE_ALLOC_COSTLY_ORDER 3
#define MAX_RECLAIM_RETRIES 16 /* the slow path's rounds before it gives up */

/* How get_page_from_freelist() may treat the watermarks. The first three are an
 * enum zone_watermarks. */
#define ALLOC_WMARK_MASK 0x03u
#define ALLOC_NO_WATERMARKS 0x04u
#define ALLOC_HARDER 0x10u /* a quarter below */
#define ALLOC_HIGH 0x20u   /* a half below; equals __GFP_HIGH */
#define ALLOC_CPUSET 0x40u /* as far as the task's cpuset binds the mask */
_Static_assert(ALLOC_HIGH == __GFP_HIGH, "gfp_to_alloc_flags() takes the bit over");

/* One allocation; nobody changes it after alloc_pages() has filled it in. */
struct alloc_context {
	gfp_t gfp;
	unsigned order;
	const struct zonelist *zonelist;
	const nodemask_t *nodemask;
	struct zone *preferred_zone; /* the first that the two allow */
	enum zone_type classzone;
	enum migratetype migratetype;
};

/* Flags that say somebody still has the page: a bug if they are set at its free. */
#define PAGE_FLAGS_CHECK_AT_FREE                                                                   \
	(1u << PG_locked | 1u << PG_lru | 1u << PG_slab | 1u << PG_reserved | 1u << PG_buddy |     \
	 1u << PG_head | 1u << PG_tail | 1u << PG_writeback | 1u << PG_swapcache |                 \
	 1u << PG_mlocked | 1u << PG_unevictable | 1u << PG_pcp)

/* ---- masks ---- */

enum zone_type gfp_zone(gfp_t gfp)
{
	if (gfp & __GFP_DMA)
		return ZONE_DMA;
	if (gfp & __GFP_DMA32)
		return ZONE_DMA32;
	if (gfp & __GFP_HIGHMEM)
		return gfp & __GFP_MOVABLE ? ZONE_MOVABLE : ZONE_HIGHMEM;
	return ZONE_NORMAL;
}

enum migratetype gfpflags_to_migratetype(gfp_t gfp)
{
	if (gfp & __GFP_MOVABLE)
		return MIGRATE_MOVABLE;
	return gfp & __GFP_RECLAIMABLE ? MIGRATE_RECLAIMABLE : MIGRATE_UNMOVABLE;
}

/* Without the context: PF_MEMALLOC is the slow path's to look at. */
static unsigned gfp_to_alloc_flags(gfp_t gfp)
{
	unsigned flags = WMARK_MIN | ALLOC_CPUSET | (gfp & __GFP_HIGH);

	if (gfp & __GFP_ATOMIC) {
		if (!(gfp & __GFP_NOMEMALLOC))
			flags |= ALLOC_HARDER;
		flags &= ~ALLOC_CPUSET; /* rather from elsewhere than not at all */
	}
	if (gfp & __GFP_MEMALLOC && !(gfp & __GFP_NOMEMALLOC))
		flags |= ALLOC_NO_WATERMARKS;
	return flags;
}

/* ---- watermarks ---- */

static bool has_block(const struct zone *zone, unsigned order)
{
	for (; order < MAX_ORDER; order++)
		if (zone->free_area[order].nr_free)
			return true;
	return false;
}

/* Would the zone, with the block taken, still stand above the mark? */
static inline bool watermark_ok(const struct zone *zone, unsigned order, uint64_t mark,
                                enum zone_type classzone, unsigned alloc_flags)
{
	uint64_t taken = ((uint64_t)1 << order) - 1;

	if (alloc_flags & ALLOC_HIGH)
		mark -= mark / 2;
	if (alloc_flags & ALLOC_HARDER)
		mark -= mark / 4;
	if (zone->nr_free_pages <= mark + zone->lowmem_reserve[classzone] + taken)
		return false;
	return !order || has_block(zone, order);
}

bool zone_watermark_ok(const struct zone *zone, unsigned order, uint64_t mark,
                       enum zone_type classzone, gfp_t gfp)
{
	return watermark_ok(zone, order, mark, classzone, gfp_to_alloc_flags(gfp));
}

/* ---- free lists ---- */

static inline void add_free_block(struct zone *zone, struct page *page, unsigned order,
                                  enum migratetype type)
{
	SetPageBuddy(page);
	page->private = order;
	list_add(&page->lru, &zone->free_area[order].free_list[type]);
	zone->free_area[order].nr_free++;
}

static inline void del_free_block(struct zone *zone, struct page *page)
{
	list_del(&page->lru);
	zone->free_area[page->private].nr_free--;
	ClearPageBuddy(page);
	page->private = 0;
}

/* The buddy if it is free as a whole, else NULL. */
static inline struct page *free_buddy(const struct kernel *k, pfn_t pfn, unsigned order)
{
	pfn_t buddy_pfn = pfn ^ (pfn_t)1 << order;
	struct page *buddy = pfn_to_page(k, buddy_pfn);

	if (buddy_pfn >= k->max_pfn || !PageBuddy(buddy) || buddy->private != order)
		return NULL;
	return buddy;
}

/* A block whose parent's buddy is free too may soon be merged twice: it goes to the
 * tail, to be taken last. */
static bool merges_soon(const struct kernel *k, pfn_t pfn, unsigned order)
{
	return order < MAX_ORDER - 2 && free_buddy(k, pfn & ~((pfn_t)1 << order), order + 1);
}

/* Puts a block back and merges it upwards as far as its buddies are free. */
static void free_one_block(struct kernel *k, struct zone *zone, struct page *page, unsigned order)
{
	enum migratetype type = get_pageblock_migratetype(k, page);
	pfn_t pfn = page_to_pfn(k, page);
	struct page *buddy;

	zone->nr_free_pages += (uint64_t)1 << order;
	zone->pages_scanned = 0;
	while (order < MAX_ORDER - 1 && (buddy = free_buddy(k, pfn, order))) {
		del_free_block(zone, buddy);
		pfn &= ~((pfn_t)1 << order);
		order++;
	}
	page = pfn_to_page(k, pfn);
	add_free_block(zone, page, order, type);
	if (merges_soon(k, pfn, order))
		list_move_tail(&page->lru, &zone->free_area[order].free_list[type]);
}

/* Takes `order` from the front of a block of `high`; the rest goes back in halves:
 *
 *   high = 3, order = 0:  | taken | 0 |   1   |       2       |
 */
static void expand(struct zone *zone, struct page *page, unsigned order, unsigned high,
                   enum migratetype type)
{
	while (high > order) {
		high--;
		add_free_block(zone, page + ((size_t)1 << high), high, type);
	}
}

static struct page *take_smallest(struct zone *zone, unsigned order, enum migratetype type)
{
	for (unsigned high = order; high < MAX_ORDER; high++) {
		struct list_head *list = &zone->free_area[high].free_list[type];
		struct page *page;

		if (list_empty(list))
			continue;
		page = list_first_entry(list, struct page, lru);
		del_free_block(zone, page);
		expand(zone, page, order, high, type);
		return page;
	}
	return NULL;
}

/* ---- stealing from other migrate types ---- */

static const enum migratetype fallbacks[MIGRATE_TYPES][MIGRATE_TYPES - 1] = {
	[MIGRATE_UNMOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	[MIGRATE_RECLAIMABLE] = { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
	[MIGRATE_MOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
};

/* Moves the free blocks of the page's pageblock to `type`'s lists; their pages. */
static uint64_t move_freepages_block(struct kernel *k, struct zone *zone, struct page *page,
                                     enum migratetype type)
{
	pfn_t pfn = page_to_pfn(k, page) & ~(PAGEBLOCK_PAGES - 1);
	pfn_t end = pfn + PAGEBLOCK_PAGES < k->max_pfn ? pfn + PAGEBLOCK_PAGES : k->max_pfn;
	uint64_t moved = 0;

	while (pfn < end) {
		struct page *block = pfn_to_page(k, pfn);
		uint64_t pages = 1;

		if (PageBuddy(block)) {
			pages = (uint64_t)1 << block->private;
			list_move(&block->lru, &zone->free_area[block->private].free_list[type]);
			moved += pages;
		}
		pfn += pages;
	}
	return moved;
}

/* Whole pageblocks change hands; a part of one takes along what is free in it, and
 * the pageblock itself if that is at least half (Linux 4.4,
 * steal_suitable_fallback()). */
static void steal_pageblock(struct kernel *k, struct zone *zone, struct page *page, unsigned order,
                            enum migratetype type)
{
	if (order < PAGEBLOCK_ORDER) {
		if (move_freepages_block(k, zone, page, type) >= PAGEBLOCK_PAGES / 2)
			set_pageblock_migratetype(k, page, type);
		return;
	}
	for (size_t i = 0; i < (size_t)1 << order; i += PAGEBLOCK_PAGES)
		set_pageblock_migratetype(k, page + i, type);
}

/* Small movable pages do not take pageblocks away: they can be moved out again. */
static bool may_steal(unsigned order, enum migratetype type)
{
	return order >= PAGEBLOCK_ORDER / 2 || type != MIGRATE_MOVABLE;
}

/* The largest block of another type, so that as few pageblocks as possible mix. */
static struct page *take_fallback(struct kernel *k, struct zone *zone, unsigned order,
                                  enum migratetype type)
{
	for (unsigned high = MAX_ORDER; high-- > order;) {
		for (int i = 0; i < MIGRATE_TYPES - 1; i++) {
			struct list_head *list =
			    &zone->free_area[high].free_list[fallbacks[type][i]];
			struct page *page;

			if (list_empty(list))
				continue;
			page = list_first_entry(list, struct page, lru);
			if (may_steal(high, type))
				steal_pageblock(k, zone, page, high, type);
			del_free_block(zone, page);
			expand(zone, page, order, high, type);
			return page;
		}
	}
	return NULL;
}

/* The zone's lock-and-lists level: a block off the free lists, or NULL. */
static struct page *take_block(struct kernel *k, struct zone *zone, unsigned order,
                               enum migratetype type)
{
	struct page *page = take_smallest(zone, order, type);

	if (!page && k->group_by_mobility)
		page = take_fallback(k, zone, order, type);
	if (page)
		zone->nr_free_pages -= (uint64_t)1 << order;
	return page;
}

/* ---- per-CPU lists ---- */

static void pcp_fill(struct kernel *k, struct zone *zone, struct per_cpu_pages *pcp,
                     enum migratetype type)
{
	this_cpu(k)->pcp_refills++;
	for (uint32_t i = 0; i < pcp->batch; i++) {
		struct page *page = take_block(k, zone, 0, type);

		if (!page)
			break;
		SetPagePcp(page);
		list_add_tail(&page->lru, &pcp->lists[type]);
		pcp->count++;
	}
}

/* Gives the coldest pages back, from the types in turn. */
static void pcp_empty(struct kernel *k, struct zone *zone, struct per_cpu_pages *pcp,
                      uint32_t nr_pages)
{
	unsigned type = 0;

	assert(nr_pages <= pcp->count);
	pcp->count -= nr_pages;
	while (nr_pages) {
		struct list_head *list = &pcp->lists[type];

		type = (type + 1) % MIGRATE_TYPES;
		if (!list_empty(list)) {
			struct page *page = list_last_entry(list, struct page, lru);

			list_del(&page->lru);
			ClearPagePcp(page);
			free_one_block(k, zone, page, 0);
			nr_pages--;
		}
	}
}

static inline struct page *pcp_take(struct kernel *k, struct zone *zone,
                                    const struct alloc_context *ac)
{
	struct per_cpu_pages *pcp = &zone->pageset[k->cpu];
	struct list_head *list = &pcp->lists[ac->migratetype];
	struct page *page;

	if (unlikely(list_empty(list))) {
		pcp_fill(k, zone, pcp, ac->migratetype);
		if (list_empty(list))
			return NULL;
	}
	page = unlikely(ac->gfp & __GFP_COLD) ? list_last_entry(list, struct page, lru)
	                                      : list_first_entry(list, struct page, lru);
	list_del(&page->lru);
	pcp->count--;
	return page;
}

static inline void pcp_put(struct kernel *k, struct page *page, bool cold)
{
	struct zone *zone = page_zone(k, page);
	struct per_cpu_pages *pcp = &zone->pageset[k->cpu];
	struct list_head *list = &pcp->lists[get_pageblock_migratetype(k, page)];

	SetPagePcp(page);
	if (unlikely(cold))
		list_add_tail(&page->lru, list);
	else
		list_add(&page->lru, list);
	pcp->count++;
	if (unlikely(pcp->count >= pcp->high)) {
		this_cpu(k)->pcp_drains++;
		pcp_empty(k, zone, pcp, pcp->batch);
	}
}

void drain_all_pages(struct kernel *k)
{
	for_each_zone (k, zone)
		for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
			pcp_empty(k, zone, &zone->pageset[cpu], zone->pageset[cpu].count);
}

/* ---- freeing ---- */

static void __attribute__((noinline))
raise_page_event(const struct kernel *k, enum event_kind kind, const struct page *page,
                 unsigned order, gfp_t gfp)
{
	struct event event = {
		.kind = kind,
		.pfn = page_to_pfn(k, page),
		.order = (uint8_t)order,
		.arg = gfp,
	};

	event_tell(k->events, &event);
}

/* No access of the kernel's: it is a check. */
static void fill_with_junk(const struct kernel *k, const struct page *page, unsigned order)
{
	memset(page_frame(k, page), PAGE_JUNK, PAGE_SIZE << order);
	for (pfn_t i = 0; i < (pfn_t)1 << order; i++)
		k->ops->frame_changed(k->machine, page_to_pfn(k, page) + i);
}

/* A free frame is junk throughout, or zero if it was never used: anything else was
 * written by somebody after the free, as through a stale TLB entry. */
static inline bool frame_is_unwritten(const uint8_t *frame)
{
	return (*frame == 0 || *frame == PAGE_JUNK) && !memcmp(frame, frame + 1, PAGE_SIZE - 1);
}

static void check_unwritten(const struct kernel *k, const struct page *page, unsigned order)
{
	for (pfn_t i = 0; i < (pfn_t)1 << order; i++)
		assert(frame_is_unwritten(page_frame(k, page + i)));
}

static void prep_compound_page(struct page *page, unsigned order)
{
	SetPageHead(page);
	page->private = order;
	for (size_t i = 1; i < (size_t)1 << order; i++) {
		SetPageTail(&page[i]);
		page[i].first_page = page;
	}
}

static void destroy_compound_page(struct page *page, unsigned order)
{
	assert(page->private == order);
	ClearPageHead(page);
	for (size_t i = 1; i < (size_t)1 << order; i++) {
		assert(page[i].first_page == page);
		ClearPageTail(&page[i]);
		page[i].first_page = NULL;
	}
}

static inline void free_pages_prepare(struct kernel *k, struct page *page, unsigned order)
{
	if (PageHead(page))
		destroy_compound_page(page, order);
	if (PageAnon(page))
		page->mapping = NULL;
	assert(!page->_count && !page->_mapcount && !page->mapping);
	assert(!(page->flags & PAGE_FLAGS_CHECK_AT_FREE));
	page->flags = 0;
	page->private = 0;
	count_vm_events(k, PGFREE, (uint64_t)1 << order);
	if (event_is_wanted(k->events, EVENT_PAGE_FREE))
		raise_page_event(k, EVENT_PAGE_FREE, page, order, 0);
	if (unlikely(k->config.check))
		fill_with_junk(k, page, order);
}

static inline void free_block(struct kernel *k, struct page *page, unsigned order)
{
	free_pages_prepare(k, page, order);
	if (likely(!order))
		pcp_put(k, page, false);
	else
		free_one_block(k, page_zone(k, page), page, order);
}

void free_hot_cold_page(struct kernel *k, struct page *page, bool cold)
{
	assert(page->_count == 1);
	page->_count = 0;
	free_pages_prepare(k, page, 0);
	pcp_put(k, page, cold);
}

void free_unreferenced_page(struct kernel *k, struct page *page)
{
	if (PageLRU(page))
		lru_cache_del(k, page);
	free_block(k, page, compound_order(page));
}

void __free_pages(struct kernel *k, struct page *page, unsigned order)
{
	assert(page->_count > 0);
	if (--page->_count == 0)
		free_block(k, page, order);
}

void __free_pages_bootmem(struct kernel *k, struct page *page, unsigned order)
{
	struct zone *zone = page_zone(k, page);

	free_one_block(k, zone, page, order);
	zone->managed_pages += (uint64_t)1 << order;
	k->totalram_pages += (uint64_t)1 << order;
}

void free_pages(struct kernel *k, void *address, unsigned order)
{
	if (address)
		__free_pages(k, virt_to_page(k, address), order);
}

/* ---- allocating: the fast path ---- */

/* Linux 4.4, mm/vmstat.c, the same function. */
static inline void zone_statistics(struct kernel *k, struct zone *preferred, struct zone *zone)
{
	bool is_local = zone->zone_pgdat->node_id == numa_node_id(k);

	if (likely(zone->zone_pgdat == preferred->zone_pgdat)) {
		zone->numa_stat[NUMA_STAT_HIT]++;
	} else {
		zone->numa_stat[NUMA_STAT_MISS]++;
		preferred->numa_stat[NUMA_STAT_FOREIGN]++;
	}
	zone->numa_stat[is_local ? NUMA_STAT_LOCAL : NUMA_STAT_OTHER]++;
}

static inline struct page *rmqueue(struct kernel *k, struct zone *zone,
                                   const struct alloc_context *ac)
{
	struct page *page;

	if (likely(!ac->order))
		page = pcp_take(k, zone, ac);
	else
		page = take_block(k, zone, ac->order, ac->migratetype);
	if (unlikely(!page))
		return NULL;
	count_vm_events(k, PGALLOC_DMA + zone->type, (uint64_t)1 << ac->order);
	zone_statistics(k, ac->preferred_zone, zone);
	return page;
}

/* The first zone of the list that its watermark allows. */
static inline struct page *get_page_from_freelist(struct kernel *k, const struct alloc_context *ac,
                                                  unsigned alloc_flags)
{
	bool spreads_dirt = ac->gfp & __GFP_WRITE && (alloc_flags & ALLOC_WMARK_MASK) == WMARK_LOW;

	for_each_zone_zonelist (zone, z, ac->zonelist, ac->classzone, ac->nodemask) {
		uint64_t mark = zone->watermark[alloc_flags & ALLOC_WMARK_MASK];
		struct page *page;

		if (alloc_flags & ALLOC_CPUSET && unlikely(!cpuset_zone_allowed(k, zone, ac->gfp)))
			continue;
		if (unlikely(spreads_dirt) && !zone_dirty_ok(k, zone))
			continue;
		if (!(alloc_flags & ALLOC_NO_WATERMARKS) &&
		    unlikely(!watermark_ok(zone, ac->order, mark, ac->classzone, alloc_flags)))
			continue;
		page = rmqueue(k, zone, ac);
		if (likely(page))
			return page;
	}
	return NULL;
}

static inline void prep_zero_page(struct kernel *k, struct page *page, unsigned order)
{
	for (pfn_t i = 0; i < (pfn_t)1 << order; i++)
		clear_highpage(k, page + i);
}

static inline void prep_new_page(struct kernel *k, struct page *page,
                                 const struct alloc_context *ac)
{
	assert(!page->_count && !page->_mapcount && !page->mapping);
	page->flags = 0;
	page->_count = 1;
	page->mapping = NULL;
	page->index = 0;
	page->private = 0;
	page->inuse = 0;
	if (unlikely(k->config.check))
		check_unwritten(k, page, ac->order);
	if (ac->gfp & __GFP_ZERO)
		prep_zero_page(k, page, ac->order);
	if (ac->order && ac->gfp & __GFP_COMP)
		prep_compound_page(page, ac->order);
	if (event_is_wanted(k->events, EVENT_PAGE_ALLOC))
		raise_page_event(k, EVENT_PAGE_ALLOC, page, ac->order, ac->gfp);
}

/* ---- allocating: the slow path ---- */

static void wake_all_kswapds(struct kernel *k, const struct alloc_context *ac)
{
	for_each_zone_zonelist (zone, z, ac->zonelist, ac->classzone, ac->nodemask)
		wakeup_kswapd(k, zone, ac->order);
}

/* Reclaims and tries again; *progress is the number of pages reclaimed. */
static struct page *alloc_by_direct_reclaim(struct kernel *k, const struct alloc_context *ac,
                                            unsigned alloc_flags, uint64_t *progress)
{
	struct page *page;

	count_vm_event(k, ALLOCSTALL_DMA + ac->classzone);
	*progress = try_to_free_pages(k, ac->zonelist, ac->order, ac->gfp, ac->nodemask);
	if (!*progress)
		return NULL;
	page = get_page_from_freelist(k, ac, alloc_flags);
	if (!page) {
		/* Frames on per-CPU lists may be what keeps buddies apart. */
		drain_all_pages(k);
		page = get_page_from_freelist(k, ac, alloc_flags);
	}
	return page;
}

/* Linux kills nobody for a large block (reclaim may yet make one), for low memory
 * (killing rarely frees that), or for who cannot wait for a file system. */
static bool may_oom(const struct alloc_context *ac)
{
	return ac->order <= PAGE_ALLOC_COSTLY_ORDER && ac->classzone >= ZONE_NORMAL &&
	       ac->gfp & __GFP_FS && !(ac->gfp & (__GFP_NORETRY | __GFP_THISNODE));
}

/* Frees memory by reclaim, then by the OOM killer, until the allocation succeeds or
 * neither has anything left to give.
 * Simplified: gives up after MAX_RECLAIM_RETRIES rounds where Linux 4.4 may go on
 * for ever; even __GFP_NOFAIL ends, with the reserves. */
static struct page *reclaim_and_retry(struct kernel *k, const struct alloc_context *ac,
                                      unsigned alloc_flags)
{
	for (int round = 0; round < MAX_RECLAIM_RETRIES; round++) {
		uint64_t progress;
		struct page *page = alloc_by_direct_reclaim(k, ac, alloc_flags, &progress);

		if (page || ac->gfp & __GFP_NORETRY)
			return page;
		if (progress && (ac->order <= PAGE_ALLOC_COSTLY_ORDER || ac->gfp & __GFP_REPEAT))
			continue;
		if (!may_oom(ac) || !out_of_memory(k, ac->gfp, ac->order))
			break;
		drain_all_pages(k);
		page = get_page_from_freelist(k, ac, alloc_flags);
		if (page)
			return page;
	}
	if (ac->gfp & __GFP_NOFAIL)
		return get_page_from_freelist(k, ac, ALLOC_NO_WATERMARKS);
	return NULL;
}

static void warn_alloc_failed(struct kernel *k, const struct alloc_context *ac)
{
	if (!(ac->gfp & __GFP_NOWARN))
		printk(k, "page allocation failure: order:%u, mode:%#x", ac->order, ac->gfp);
}

static struct page *alloc_slowpath(struct kernel *k, const struct alloc_context *ac)
{
	unsigned alloc_flags = gfp_to_alloc_flags(ac->gfp);
	struct page *page;

	if (k->in_reclaim && !(ac->gfp & __GFP_NOMEMALLOC))
		alloc_flags |= ALLOC_NO_WATERMARKS;
	if (ac->gfp & __GFP_KSWAPD_RECLAIM && !k->in_reclaim)
		wake_all_kswapds(k, ac);
	page = get_page_from_freelist(k, ac, alloc_flags & ~ALLOC_NO_WATERMARKS);
	if (!page && alloc_flags & ALLOC_NO_WATERMARKS)
		page = get_page_from_freelist(k, ac, ALLOC_NO_WATERMARKS);
	/* Reclaim must not wait for itself. */
	if (!page && ac->gfp & __GFP_DIRECT_RECLAIM && !k->in_reclaim)
		page = reclaim_and_retry(k, ac, alloc_flags);
	return page;
}

struct page *alloc_pages_nodemask(struct kernel *k, gfp_t gfp, unsigned order,
                                  uint32_t preferred_nid, const nodemask_t *nodemask)
{
	const struct zonelist *zonelist = node_zonelist(k, preferred_nid, gfp);
	enum zone_type classzone = gfp_zone(gfp);
	const struct alloc_context ac = {
		.gfp = gfp,
		.order = order,
		.zonelist = zonelist,
		.nodemask = nodemask,
		.preferred_zone = *next_zones_zonelist(zonelist->zones, classzone, nodemask),
		.classzone = classzone,
		.migratetype =
		    likely(k->group_by_mobility) ? gfpflags_to_migratetype(gfp) : MIGRATE_UNMOVABLE,
	};
	struct page *page = NULL;

	if (likely(order < MAX_ORDER) && !should_fail(&k->fault_inject, FAIL_PAGE_ALLOC, gfp)) {
		page = get_page_from_freelist(k, &ac, WMARK_LOW | ALLOC_CPUSET);
		if (unlikely(!page))
			page = alloc_slowpath(k, &ac);
	}
	if (unlikely(!page)) {
		warn_alloc_failed(k, &ac);
		return NULL;
	}
	prep_new_page(k, page, &ac);
	return page;
}

void *__get_free_pages(struct kernel *k, gfp_t gfp, unsigned order)
{
	struct page *page;

	assert(!(gfp & __GFP_HIGHMEM)); /* it might have no address */
	page = alloc_pages(k, gfp, order);
	return page ? page_address(k, page) : NULL;
}

void *get_zeroed_page(struct kernel *k, gfp_t gfp)
{
	return __get_free_pages(k, gfp | __GFP_ZERO, 0);
}

void *get_dma_pages(struct kernel *k, gfp_t gfp, unsigned order)
{
	return __get_free_pages(k, gfp | GFP_DMA, order);
}

/* ---- figures ---- */

uint64_t zone_nr_free_pages(const struct kernel *k, const struct zone *zone)
{
	uint64_t pages = zone->nr_free_pages;

	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
		pages += zone->pageset[cpu].count;
	return pages;
}

uint64_t nr_free_pages(const struct kernel *k)
{
	uint64_t pages = 0;

	for_each_zone (k, zone)
		pages += zone_nr_free_pages(k, zone);
	return pages;
}

uint64_t nr_free_buffer_pages(const struct kernel *k)
{
	uint64_t pages = 0;

	for_each_zone (k, zone)
		if (zone->type <= ZONE_NORMAL && zone->managed_pages > zone->watermark[WMARK_HIGH])
			pages += zone->managed_pages - zone->watermark[WMARK_HIGH];
	return pages;
}
