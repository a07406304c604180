/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_alloc - the page frame database and the zoned buddy allocator
 * (Linux 4.4, mm/page_alloc.c).
 */
#ifndef PW_MM_PAGE_ALLOC_H
#define PW_MM_PAGE_ALLOC_H

#include "mm/kernel.h"
#include "mm/mempolicy.h"

#include <assert.h>

/* ---- struct page ---- */

static inline pfn_t page_to_pfn(const struct kernel *k, const struct page *page)
{
	return (pfn_t)(page - k->mem_map);
}

static inline struct page *pfn_to_page(const struct kernel *k, pfn_t pfn)
{
	return k->mem_map + pfn;
}

static inline bool pfn_valid(const struct kernel *k, pfn_t pfn)
{
	return pfn < k->max_pfn;
}

/* Beyond the direct map. */
static inline bool PageHighMem(const struct kernel *k, const struct page *page)
{
	return page_to_pfn(k, page) >= k->max_low_pfn;
}

/* The frame by its physical address, as devices (DMA) and those who check the kernel
 * see it. */
static inline void *page_frame(const struct kernel *k, const struct page *page)
{
	return ram_at(k->ram, page_to_pfn(k, page) << PAGE_SHIFT);
}

/* Where the kernel sees the frame: in the direct map, or by kmap(). NULL: nowhere. */
static inline void *page_address(const struct kernel *k, const struct page *page)
{
	return unlikely(PageHighMem(k, page) && !page->pkmap) ? NULL : page_frame(k, page);
}

/* The page of an address from page_address(), kmalloc() and the like. */
static inline struct page *virt_to_page(const struct kernel *k, const void *address)
{
	return pfn_to_page(k, (pfn_t)((const uint8_t *)address - k->ram->base) >> PAGE_SHIFT);
}

#define PAGE_FLAG(Name, flag)                                                                      \
	static inline bool Page##Name(const struct page *page)                                     \
	{                                                                                          \
		return page->flags >> (flag)&1;                                                    \
	}                                                                                          \
	static inline void SetPage##Name(struct page *page)                                        \
	{                                                                                          \
		page->flags |= (uint64_t)1 << (flag);                                              \
	}                                                                                          \
	static inline void ClearPage##Name(struct page *page)                                      \
	{                                                                                          \
		page->flags &= ~((uint64_t)1 << (flag));                                           \
	}                                                                                          \
	static inline bool TestSetPage##Name(struct page *page)                                    \
	{                                                                                          \
		bool was = Page##Name(page);                                                       \
		SetPage##Name(page);                                                               \
		return was;                                                                        \
	}                                                                                          \
	static inline bool TestClearPage##Name(struct page *page)                                  \
	{                                                                                          \
		bool was = Page##Name(page);                                                       \
		ClearPage##Name(page);                                                             \
		return was;                                                                        \
	}

PAGE_FLAG(Locked, PG_locked)
PAGE_FLAG(Referenced, PG_referenced)
PAGE_FLAG(Uptodate, PG_uptodate)
PAGE_FLAG(Dirty, PG_dirty)
PAGE_FLAG(LRU, PG_lru)
PAGE_FLAG(Active, PG_active)
PAGE_FLAG(Slab, PG_slab)
PAGE_FLAG(Reserved, PG_reserved)
PAGE_FLAG(Buddy, PG_buddy)
PAGE_FLAG(Head, PG_head)
PAGE_FLAG(Tail, PG_tail)
PAGE_FLAG(Writeback, PG_writeback)
PAGE_FLAG(SwapCache, PG_swapcache)
PAGE_FLAG(SwapBacked, PG_swapbacked)
PAGE_FLAG(Mlocked, PG_mlocked)
PAGE_FLAG(Unevictable, PG_unevictable)
PAGE_FLAG(Reclaim, PG_reclaim)
PAGE_FLAG(Table, PG_table)
PAGE_FLAG(Pcp, PG_pcp)

static inline bool PageAnon(const struct page *page)
{
	return (uintptr_t)page->mapping & PAGE_MAPPING_ANON;
}

static inline bool page_mapped(const struct page *page)
{
	return page->_mapcount > 0;
}

static inline int32_t page_count(const struct page *page)
{
	return page->_count;
}

static inline struct page *compound_head(struct page *page)
{
	return unlikely(PageTail(page)) ? page->first_page : page;
}

/* Of the block whose first page this is. */
static inline unsigned compound_order(const struct page *page)
{
	return PageHead(page) ? (unsigned)page->private : 0;
}

/* References to any page of a compound page are its head's. */
static inline void get_page(struct page *page)
{
	compound_head(page)->_count++;
}

/* put_page()'s slow half: nobody refers to the page any more. */
void free_unreferenced_page(struct kernel *k, struct page *page);

/* Drops a reference; the last one takes the page off its LRU list and frees it. */
static inline void put_page(struct kernel *k, struct page *page)
{
	page = compound_head(page);
	assert(page->_count > 0);
	if (--page->_count == 0)
		free_unreferenced_page(k, page);
}

/* ---- nodes and zones ---- */

static inline struct pglist_data *NODE_DATA(const struct kernel *k, uint32_t nid)
{
	return (struct pglist_data *)&k->node_data[nid];
}

#define for_each_node(k, nid) for (uint32_t nid = 0; nid < (k)->nr_nodes; nid++)

/* The node whose memory is nearest to the CPU. */
static inline uint32_t cpu_to_node(const struct kernel *k, uint32_t cpu)
{
	return k->config.cpu_node[cpu];
}

static inline uint32_t numa_node_id(const struct kernel *k)
{
	return cpu_to_node(k, k->cpu);
}

/*
 * What k->pageblocks has for each pageblock. Zones and nodes begin with one, so that
 * struct page need not name them: mem_map would have to be written at boot.
 *
 *   7    5 4         2 1            0
 *   | node | zone type | migrate type |
 */
#define PAGEBLOCK_TYPE_BITS 2
#define PAGEBLOCK_ZONE_BITS 3
#define PAGEBLOCK_TYPE_MASK ((1u << PAGEBLOCK_TYPE_BITS) - 1)
#define PAGEBLOCK_ZONE_MASK ((1u << PAGEBLOCK_ZONE_BITS) - 1)
#define NR_ZONE_IDS (MAX_NUMNODES << PAGEBLOCK_ZONE_BITS)
_Static_assert(MIGRATE_TYPES <= 1 << PAGEBLOCK_TYPE_BITS, "a migrate type fits");
_Static_assert(MAX_NR_ZONES <= 1 << PAGEBLOCK_ZONE_BITS, "a zone type fits");
_Static_assert(NR_ZONE_IDS << PAGEBLOCK_TYPE_BITS <= 256, "a node's number fits");

static inline uint8_t *page_pageblock(const struct kernel *k, const struct page *page)
{
	return &k->pageblocks[page_to_pfn(k, page) >> PAGEBLOCK_ORDER];
}

static inline enum migratetype get_pageblock_migratetype(const struct kernel *k,
                                                         const struct page *page)
{
	return *page_pageblock(k, page) & PAGEBLOCK_TYPE_MASK;
}

static inline void set_pageblock_migratetype(struct kernel *k, const struct page *page,
                                             enum migratetype type)
{
	uint8_t *block = page_pageblock(k, page);

	*block = (uint8_t)((*block & ~PAGEBLOCK_TYPE_MASK) | type);
}

/* Node and zone type in one number below NR_ZONE_IDS. */
static inline uint32_t zone_id(const struct zone *zone)
{
	return zone->zone_pgdat->node_id << PAGEBLOCK_ZONE_BITS | zone->type;
}

static inline uint32_t page_zone_id(const struct kernel *k, const struct page *page)
{
	return *page_pageblock(k, page) >> PAGEBLOCK_TYPE_BITS;
}

static inline uint32_t page_to_nid(const struct kernel *k, const struct page *page)
{
	return page_zone_id(k, page) >> PAGEBLOCK_ZONE_BITS;
}

static inline struct pglist_data *page_pgdat(const struct kernel *k, const struct page *page)
{
	return NODE_DATA(k, page_to_nid(k, page));
}

static inline struct zone *page_zone(const struct kernel *k, const struct page *page)
{
	uint32_t id = page_zone_id(k, page);

	return &NODE_DATA(k, id >> PAGEBLOCK_ZONE_BITS)->node_zones[id & PAGEBLOCK_ZONE_MASK];
}

/* NULL: none. */
static inline struct zone *populated_zone_from(struct pglist_data *node, unsigned type)
{
	while (type < MAX_NR_ZONES && !node->node_zones[type].managed_pages)
		type++;
	return type < MAX_NR_ZONES ? &node->node_zones[type] : NULL;
}

/* The one after `zone` in all nodes, NULL: the first of all. NULL: none is left. */
static inline struct zone *next_populated_zone(const struct kernel *k, const struct zone *zone)
{
	uint32_t nid = zone ? zone->zone_pgdat->node_id : 0;
	unsigned type = zone ? zone->type + 1 : 0;
	struct zone *next;

	while (!(next = populated_zone_from(NODE_DATA(k, nid), type)) && ++nid < k->nr_nodes)
		type = 0;
	return next;
}

static inline bool is_highmem(const struct kernel *k, const struct zone *zone)
{
	return zone->zone_start_pfn >= k->max_low_pfn;
}

/* ---- zonelists ---- */

/* Where an allocation with this mask that prefers the node looks. */
static inline const struct zonelist *node_zonelist(const struct kernel *k, uint32_t nid, gfp_t gfp)
{
	return &NODE_DATA(k, nid)->node_zonelists[gfp & __GFP_THISNODE ? ZONELIST_NOFALLBACK
	                                                               : ZONELIST_FALLBACK];
}

/* The first at or behind z that is of a type up to `highest`, and of a node in
 * *nodemask (NULL: any). */
static inline struct zone *const *next_zones_zonelist(struct zone *const *z, enum zone_type highest,
                                                      const nodemask_t *nodemask)
{
	while (*z && ((*z)->type > highest ||
	              (nodemask && !(*nodemask >> (*z)->zone_pgdat->node_id & 1))))
		z++;
	return z;
}

/* The place z in the list is the loop's own. */
#define for_each_zone_zonelist(zone, z, zonelist, highest, nodemask)                               \
	for (struct zone *const *z = next_zones_zonelist((zonelist)->zones, highest, nodemask),    \
	                        *zone;                                                             \
	     (zone = *z); z = next_zones_zonelist(z + 1, highest, nodemask))

/* May the task that runs take from the zone's node? Without __GFP_HARDWALL its cpuset
 * does not bind it: the kernel's own data are anywhere. */
static inline bool cpuset_zone_allowed(const struct kernel *k, const struct zone *zone, gfp_t gfp)
{
	return !(gfp & __GFP_HARDWALL) || k->mems_allowed >> zone->zone_pgdat->node_id & 1;
}

/* Populated zones: of all nodes, the lowest of the first node first; of one node. */
#define for_each_zone(k, zone)                                                                     \
	for (struct zone *zone = next_populated_zone(k, NULL); zone;                               \
	     zone = next_populated_zone(k, zone))
#define for_each_zone_of_node(node, zone)                                                          \
	for (struct zone *zone = populated_zone_from(node, 0); zone;                               \
	     zone = populated_zone_from(node, zone->type + 1))

/* ---- the buddy allocator ---- */

/* 2^order pages, physically contiguous, _count 1 (the first page's), or NULL.
 * Contents are undefined without __GFP_ZERO. May reclaim, write and swap as far
 * as the mask allows; never crashes when memory is short.
 *
 * Tried are the nodes of *nodemask (NULL: all), from the preferred one to those ever
 * farther from it. This is what a memory policy calls with the node and nodes that it
 * has chosen. */
struct page *alloc_pages_nodemask(struct kernel *k, gfp_t gfp, unsigned order,
                                  uint32_t preferred_nid, const nodemask_t *nodemask);

static inline struct page *alloc_pages_node(struct kernel *k, uint32_t nid, gfp_t gfp,
                                            unsigned order)
{
	return alloc_pages_nodemask(k, gfp, order, nid, NULL);
}

/* As the task's policy has it. */
struct page *alloc_pages_task(struct kernel *k, gfp_t gfp, unsigned order,
                              struct task_policy *task);

/* Near the CPU that runs, if its task has no policy. */
static inline struct page *alloc_pages(struct kernel *k, gfp_t gfp, unsigned order)
{
	struct task_policy *task = k->task_policy[k->cpu];

	if (unlikely(task && task->policy))
		return alloc_pages_task(k, gfp, order, task);
	return alloc_pages_node(k, numa_node_id(k), gfp, order);
}

#define alloc_page(k, gfp) alloc_pages(k, gfp, 0)

/* What a free frame is filled with under config.check (Linux: PAGE_POISON). */
#define PAGE_JUNK 0xaa

/* Drop the caller's reference and free the block at 0. */
void __free_pages(struct kernel *k, struct page *page, unsigned order);
#define __free_page(k, page) __free_pages(k, page, 0)

/* Drops the last reference to a page that is on no list: a cold one, which the CPU's
 * caches do not hold, is handed out again after the others. */
void free_hot_cold_page(struct kernel *k, struct page *page, bool cold);

/* The same by kernel address; 0 bytes of it are promised cleared but by
 * get_zeroed_page(). NULL on failure; free_pages() takes NULL. */
void *__get_free_pages(struct kernel *k, gfp_t gfp, unsigned order);
void *get_zeroed_page(struct kernel *k, gfp_t gfp);
void *get_dma_pages(struct kernel *k, gfp_t gfp, unsigned order);
void free_pages(struct kernel *k, void *address, unsigned order);

/* For mem_init(): gives the zone a block that it did not manage before. */
void __free_pages_bootmem(struct kernel *k, struct page *page, unsigned order);

/* Returns every page of the per-CPU lists to the buddy lists. */
void drain_all_pages(struct kernel *k);

/* Free and reclaimable pages by zone, for policy and /proc. */
uint64_t nr_free_pages(const struct kernel *k); /* buddy and per-CPU lists */
uint64_t zone_nr_free_pages(const struct kernel *k, const struct zone *zone);
uint64_t nr_free_buffer_pages(const struct kernel *k); /* managed minus high watermarks */

enum zone_type gfp_zone(gfp_t gfp);
enum migratetype gfpflags_to_migratetype(gfp_t gfp);
bool zone_watermark_ok(const struct zone *zone, unsigned order, uint64_t mark,
                       enum zone_type classzone, gfp_t gfp);

/* Watermarks and lowmem reserves from config.min_free_kbytes; again after it
 * changes. At boot 0 has been replaced by the default. */
void setup_per_zone_wmarks(struct kernel *k);
/* What holds for a zone below the highest: as config has it, or Linux's default. */
uint32_t lowmem_reserve_ratio(const struct kernel *k, int type);

/* Called by kernel_boot(): memory map, mem_map, zones, and all that is free to the
 * buddy lists. 0; -ENOMEM if RAM is too small. */
int mem_init(struct kernel *k);

/* The free lists against mem_map: see kernel_is_valid(). */
bool page_alloc_is_valid(const struct kernel *k, char *what, size_t size);

#endif
