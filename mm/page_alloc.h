/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_alloc - the page frame database and the zoned buddy allocator
 * (Linux 4.4, mm/page_alloc.c).
 */
#ifndef PW_MM_PAGE_ALLOC_H
#define PW_MM_PAGE_ALLOC_H

#include "mm/kernel.h"

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

/* Where the kernel sees the frame: its direct map. Never NULL while there is no
 * high memory. */
static inline void *page_address(const struct kernel *k, const struct page *page)
{
	return ram_at(k->ram, page_to_pfn(k, page) << PAGE_SHIFT);
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

static inline struct zone *page_zone(const struct kernel *k, const struct page *page)
{
	pfn_t pfn = page_to_pfn(k, page);
	unsigned type = (pfn >= DMA_END_PFN) + (pfn >= DMA32_END_PFN);

	return (struct zone *)&k->node.node_zones[type];
}

/* ---- the buddy allocator ---- */

/* 2^order pages, physically contiguous, _count 1 (the first page's), or NULL.
 * Contents are undefined without __GFP_ZERO. May reclaim, write and swap as far
 * as the mask allows; never crashes when memory is short. */
struct page *alloc_pages(struct kernel *k, gfp_t gfp, unsigned order);
#define alloc_page(k, gfp) alloc_pages(k, gfp, 0)

/* What a free frame is filled with under config.check (Linux: PAGE_POISON). */
#define PAGE_JUNK 0xaa

/* Drop the caller's reference and free the block at 0. */
void __free_pages(struct kernel *k, struct page *page, unsigned order);
#define __free_page(k, page) __free_pages(k, page, 0)

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
uint64_t nr_free_pages(const struct kernel *k);        /* buddy and per-CPU lists */
uint64_t nr_free_buffer_pages(const struct kernel *k); /* managed minus high watermarks */

enum zone_type gfp_zone(gfp_t gfp);
enum migratetype gfpflags_to_migratetype(gfp_t gfp);
bool zone_watermark_ok(const struct zone *zone, unsigned order, uint64_t mark,
                       enum zone_type classzone, gfp_t gfp);

/* Watermarks and lowmem reserves from config.min_free_kbytes; again after it
 * changes. At boot 0 has been replaced by the default. */
void setup_per_zone_wmarks(struct kernel *k);

/* Called by kernel_boot(): memory map, mem_map, zones, and all that is free to the
 * buddy lists. 0; -ENOMEM if RAM is too small. */
int mem_init(struct kernel *k);

/* The free lists against mem_map: see kernel_is_valid(). */
bool page_alloc_is_valid(const struct kernel *k, char *what, size_t size);

/* The populated ones, lowest first. */
#define for_each_zone(k, zone)                                                                     \
	for (typeof(&(k)->node.node_zones[0]) zone = (k)->node.node_zones;                         \
	     zone < (k)->node.node_zones + MAX_NR_ZONES; zone++)                                   \
		if (!zone->managed_pages) {                                                        \
		} else

#endif
