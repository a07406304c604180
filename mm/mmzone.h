/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmzone - nodes, zones and their free lists (Linux 4.4, include/linux/mmzone.h),
 * and memblock, the allocator that serves until they stand.
 */
#ifndef PW_MM_MMZONE_H
#define PW_MM_MMZONE_H

#include "mm/mm_types.h"

#define MAX_ORDER 11 /* orders 0 to 10 */

enum zone_type { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, ZONE_HIGHMEM, ZONE_MOVABLE, MAX_NR_ZONES };

enum migratetype { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_TYPES };

enum zone_watermarks { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARK };

enum lru_list {
	LRU_INACTIVE_ANON,
	LRU_ACTIVE_ANON,
	LRU_INACTIVE_FILE,
	LRU_ACTIVE_FILE,
	LRU_UNEVICTABLE,
	NR_LRU_LISTS
};

static inline bool is_active_lru(enum lru_list lru)
{
	return lru == LRU_ACTIVE_ANON || lru == LRU_ACTIVE_FILE;
}

static inline bool is_file_lru(enum lru_list lru)
{
	return lru == LRU_INACTIVE_FILE || lru == LRU_ACTIVE_FILE;
}

/* Frames come and go by pageblocks of one migrate type, so that what cannot move
 * does not litter what can: 2 MB, as x86 with huge pages has it. */
#define PAGEBLOCK_ORDER 9
#define PAGEBLOCK_PAGES ((uint64_t)1 << PAGEBLOCK_ORDER)

struct free_area {
	struct list_head free_list[MIGRATE_TYPES];
	uint64_t nr_free; /* blocks */
};

/* Hot order-0 pages, per CPU (Linux: struct per_cpu_pages). */
struct per_cpu_pages {
	uint32_t count; /* pages on the lists */
	uint32_t high;  /* free a batch back above this */
	uint32_t batch;
	struct list_head lists[MIGRATE_TYPES];
};

#define NR_CPUS_MAX 8
#define MAX_NUMNODES 8

typedef uint32_t nodemask_t; /* a bit per node */
#define NODE_MASK_ALL (((nodemask_t)1 << MAX_NUMNODES) - 1)

/* Where allocations fell, against where they were wanted (Linux 4.4,
 * zone_statistics()); each allocation counts once, whatever its order. */
enum numa_stat_item {
	NUMA_STAT_HIT,        /* of this zone, and its node was the preferred one */
	NUMA_STAT_MISS,       /* of this zone, but another node was preferred */
	NUMA_STAT_FOREIGN,    /* this zone was preferred, another node gave the block */
	NUMA_STAT_INTERLEAVE, /* a hit of a policy that takes nodes in turn */
	NUMA_STAT_LOCAL,      /* of this zone, by a CPU of its node */
	NUMA_STAT_OTHER,      /* of this zone, by a CPU of another node */
	NR_NUMA_STATS
};

struct zone {
	const char *name; /* "DMA", "DMA32", "Normal", "HighMem", "Movable" */
	enum zone_type type;
	struct pglist_data *zone_pgdat; /* the node that it is of */
	pfn_t zone_start_pfn;
	uint64_t spanned_pages, present_pages, managed_pages;
	uint64_t watermark[NR_WMARK];          /* pages */
	uint64_t lowmem_reserve[MAX_NR_ZONES]; /* pages kept from higher zones' users */
	uint64_t nr_free_pages;                /* in the buddy lists */
	struct free_area free_area[MAX_ORDER];
	struct per_cpu_pages pageset[NR_CPUS_MAX];
	uint64_t nr_lru[NR_LRU_LISTS]; /* of the zone's pages, on the node's lists */
	uint64_t pages_scanned;        /* since a page was last freed */
	uint64_t nr_file_dirty;        /* of the zone's pages */
	uint64_t numa_stat[NR_NUMA_STATS];
};

/* A node's pages by use, whatever their zone (Linux 4.8). */
struct lruvec {
	struct list_head lists[NR_LRU_LISTS];          /* newest first */
	uint64_t recent_scanned[2], recent_rotated[2]; /* anon, file: reclaim balance */
	uint64_t inactive_age;                         /* evictions and activations of file pages */
};

/*
 * The zones that an allocation may fall back on, best first: by node (the own one,
 * then the nearest), and in a node from the highest zone down. NULL behind the last.
 */
struct zonelist {
	struct zone *zones[MAX_NUMNODES * MAX_NR_ZONES + 1];
};

enum { ZONELIST_FALLBACK, ZONELIST_NOFALLBACK /* __GFP_THISNODE */, MAX_ZONELISTS };

/* A node: the memory next to some CPUs, and who takes care of it. */
struct pglist_data {
	uint32_t node_id;
	pfn_t node_start_pfn;
	uint64_t node_spanned_pages, node_present_pages;
	struct zone node_zones[MAX_NR_ZONES]; /* managed_pages 0: absent */
	struct lruvec lruvec;
	bool kswapd_wanted;              /* woken, has not run yet */
	uint32_t kswapd_order;           /* largest block that it was woken for */
	enum zone_type kswapd_classzone; /* highest zone that it was woken for */
	uint32_t kswapd_failures;        /* runs in a row that reclaimed nothing */
	struct zonelist node_zonelists[MAX_ZONELISTS];
};

/* Zone borders of x86 (Linux 4.4, arch/x86/include/asm/dma.h): multiples of the
 * largest block, so that buddies never lie in two zones. */
#define DMA_END_PFN (16 * MIB >> PAGE_SHIFT)
#define DMA32_END_PFN (4 * GIB >> PAGE_SHIFT)
/* What a 32-bit kernel's direct map can hold, leaving 128 MB to vmalloc (Linux 4.4,
 * MAXMEM); HIGHMEM begins here. */
#define LOWMEM_END_PFN (896 * MIB >> PAGE_SHIFT)

/* ---- memblock (Linux 4.4, mm/memblock.c, cut down) ---- */

#define MEMBLOCK_REGIONS 64

struct memblock_region {
	pa_t base;
	uint64_t size; /* bytes */
};

struct memblock_type {
	uint32_t cnt;
	struct memblock_region regions[MEMBLOCK_REGIONS]; /* by base, disjoint */
};

struct memblock {
	struct memblock_type memory, reserved;
	pa_t current_limit; /* memblock_alloc() stays below; 0: none */
	bool retired;       /* handed over to the buddy allocator */
};

/* Ranges may overlap and touch what is there: they merge. 0; -EINVAL for an empty
 * or wrapping range, -ENOSPC if the table is full. */
int memblock_add(struct memblock *m, pa_t base, uint64_t size);
int memblock_reserve(struct memblock *m, pa_t base, uint64_t size);

/* The highest fit below current_limit (x86's way: low memory is for who needs it),
 * aligned to a power of two, reserved. False: none, or the table is full. */
bool memblock_alloc(struct memblock *m, uint64_t size, uint64_t align, pa_t *out);

/* The next stretch of memory that nobody reserved: starts the search at *start,
 * fills [*start, *end). False: no more. */
bool memblock_next_free(const struct memblock *m, pa_t *start, pa_t *end);

#endif
