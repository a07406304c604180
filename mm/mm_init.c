/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_init - from bare RAM to zones full of free pages: the memory map, mem_map,
 * what is reserved, watermarks and batch sizes (Linux 4.4, mm/page_alloc.c;
 * a file of its own since 6.4).
 */
#include "mm/page_alloc.h"

#include "mm/nodes.h"
#include "mm/swap.h"

#include <errno.h>
#include <string.h>

#define BIOS_END (64 * KIB)     /* Linux: CONFIG_X86_RESERVE_LOW */
#define LOW_RAM_END (640 * KIB) /* from here to 1 MB: video memory and ROMs */
#define KERNEL_IMAGE_START MIB
#define RAM_MIN (2 * MIB)

/* ---- watermarks and batches ---- */

/* vm.lowmem_reserve_ratio: of a higher zone's pages, 1/ratio are kept free here. */
static const uint32_t default_reserve_ratio[MAX_NR_ZONES - 1] = { 256, 256, 32, 32 };

uint32_t lowmem_reserve_ratio(const struct kernel *k, int type)
{
	uint32_t ratio = k->config.lowmem_reserve_ratio[type];

	return ratio ? ratio : default_reserve_ratio[type];
}

static void setup_lowmem_reserve(const struct kernel *k, struct pglist_data *node)
{
	struct zone *zones = node->node_zones;

	for (int user = 0; user < MAX_NR_ZONES; user++) {
		uint64_t above = zones[user].managed_pages;

		zones[user].lowmem_reserve[user] = 0;
		for (int lower = user - 1; lower >= 0; lower--) {
			zones[lower].lowmem_reserve[user] = above / lowmem_reserve_ratio(k, lower);
			above += zones[lower].managed_pages;
		}
	}
}

/* Nobody's progress hangs on high memory: a little is enough. */
static uint64_t highmem_min_pages(const struct zone *zone)
{
	uint64_t pages = zone->managed_pages / 1024;

	if (pages < SWAP_CLUSTER_MAX)
		return SWAP_CLUSTER_MAX;
	return pages > 128 ? 128 : pages;
}

void setup_per_zone_wmarks(struct kernel *k)
{
	uint64_t pages_min = k->config.min_free_kbytes / (PAGE_SIZE / KIB), lowmem_pages = 0;

	for_each_zone (k, zone)
		if (!is_highmem(k, zone))
			lowmem_pages += zone->managed_pages;
	for_each_zone (k, zone) {
		uint64_t share = pages_min * zone->managed_pages / lowmem_pages;
		uint64_t min = is_highmem(k, zone) ? highmem_min_pages(zone) : share;

		zone->watermark[WMARK_MIN] = min;
		zone->watermark[WMARK_LOW] = min + share / 4;
		zone->watermark[WMARK_HIGH] = min + share / 2;
	}
	for_each_node (k, nid)
		setup_lowmem_reserve(k, NODE_DATA(k, nid));
}

static uint64_t int_sqrt(uint64_t n)
{
	uint64_t root = 0;

	for (uint64_t bit = (uint64_t)1 << 31; bit; bit >>= 1)
		if ((root + bit) * (root + bit) <= n)
			root += bit;
	return root;
}

/* 4 MB give 256 kB at most, 1 GB 4 MB (Linux 4.4, init_per_zone_wmark_min()). */
static uint64_t default_min_free_kbytes(const struct kernel *k)
{
	uint64_t kbytes = int_sqrt(nr_free_buffer_pages(k) * (PAGE_SIZE / KIB) * 16);

	if (kbytes < 128)
		return 128;
	return kbytes > 65536 ? 65536 : kbytes;
}

/* A quarter of a thousandth of the zone, at most 128 kB, as 2^n - 1 so that caches
 * do not collide (Linux 4.4, zone_batchsize()). */
static uint32_t zone_batchsize(const struct zone *zone)
{
	uint64_t pages = zone->managed_pages / 1024;
	uint32_t batch = 1;

	if (pages > 512 * KIB / PAGE_SIZE)
		pages = 512 * KIB / PAGE_SIZE;
	pages /= 4;
	if (!pages)
		pages = 1;
	while (batch * 2 <= pages + pages / 2)
		batch *= 2;
	return batch - 1;
}

static void init_pagesets(struct zone *zone)
{
	uint32_t batch = zone_batchsize(zone);

	for (int cpu = 0; cpu < NR_CPUS_MAX; cpu++) {
		zone->pageset[cpu].high = 6 * batch;
		zone->pageset[cpu].batch = batch ? batch : 1;
	}
}

/* ---- from memblock to zones ---- */

/*
 *   0      64K       640K     1M                                     end of RAM
 *   | BIOS |  free    |  hole  | kernel image | free | mem_map, types, per-CPU |
 */
static int lay_out_memory(struct kernel *k)
{
	uint64_t ram = k->ram->size_bytes;
	uint64_t image = (k->config.kernel_image_bytes + PAGE_SIZE - 1) & PAGE_MASK;
	struct memblock *m = &k->memblock;

	if (ram < RAM_MIN)
		return -ENOMEM;
	if (image < PAGE_SIZE)
		image = PAGE_SIZE;
	if (image > ram / 4)
		image = ram / 4 & PAGE_MASK;
	k->max_pfn = k->max_low_pfn = ram >> PAGE_SHIFT;
	if (k->config.paging->va_bits == 32 && k->max_low_pfn > LOWMEM_END_PFN)
		k->max_low_pfn = LOWMEM_END_PFN;
	m->current_limit = k->max_low_pfn << PAGE_SHIFT;
	memblock_add(m, 0, LOW_RAM_END);
	memblock_add(m, MIB, ram - MIB);
	memblock_reserve(m, 0, BIOS_END);
	memblock_reserve(m, KERNEL_IMAGE_START, image);
	k->kernel_image_start = KERNEL_IMAGE_START;
	k->kernel_image_end = KERNEL_IMAGE_START + image;
	return 0;
}

/* mem_map stays as the fresh RAM has it, zero: the state of a page that nothing
 * owns. Only reserved pages and heads of free blocks are ever written here, so that
 * a large RAM boots as fast as a small one. */
static int alloc_boot_data(struct kernel *k)
{
	uint64_t nr_blocks;
	pa_t mem_map, pageblocks, zero, percpu;

	nr_blocks = (k->max_pfn + PAGEBLOCK_PAGES - 1) / PAGEBLOCK_PAGES;
	if (!memblock_alloc(&k->memblock, k->max_pfn * sizeof(struct page), PAGE_SIZE, &mem_map) ||
	    !memblock_alloc(&k->memblock, nr_blocks, PAGE_SIZE, &pageblocks) ||
	    !memblock_alloc(&k->memblock, PAGE_SIZE, PAGE_SIZE, &zero) ||
	    !memblock_alloc(&k->memblock, percpu_first_bytes(k), PCPU_UNIT_SIZE, &percpu))
		return -ENOMEM;
	k->mem_map = ram_at(k->ram, mem_map);
	ram_expect_sparse(k->ram, mem_map, k->max_pfn * sizeof(struct page));
	k->pageblocks = ram_at(k->ram, pageblocks);
	k->zero_page = pfn_to_page(k, zero >> PAGE_SHIFT);
	percpu_init(k, ram_at(k->ram, percpu));
	return 0;
}

static void mark_reserved(struct kernel *k, pa_t start, pa_t end)
{
	for (pfn_t pfn = start >> PAGE_SHIFT; pfn < end >> PAGE_SHIFT; pfn++) {
		SetPageReserved(pfn_to_page(k, pfn));
		pfn_to_page(k, pfn)->_count = 1; /* never to be freed */
	}
}

/* What is not memory, and what is memory but taken. */
static void mark_all_reserved(struct kernel *k)
{
	const struct memblock_type *memory = &k->memblock.memory, *reserved = &k->memblock.reserved;
	pa_t end = 0;

	for (uint32_t i = 0; i < memory->cnt; i++) {
		mark_reserved(k, end, memory->regions[i].base);
		end = memory->regions[i].base + memory->regions[i].size;
	}
	for (uint32_t i = 0; i < reserved->cnt; i++) {
		const struct memblock_region *region = &reserved->regions[i];

		mark_reserved(k, region->base & PAGE_MASK,
		              (region->base + region->size + PAGE_SIZE - 1) & PAGE_MASK);
	}
}

static void init_pageblocks_of_zone(struct kernel *k, const struct zone *zone,
                                    enum migratetype type)
{
	pfn_t end = zone->zone_start_pfn + zone->spanned_pages;

	for (pfn_t pfn = zone->zone_start_pfn; pfn < end; pfn += PAGEBLOCK_PAGES)
		k->pageblocks[pfn >> PAGEBLOCK_ORDER] =
		    (uint8_t)(zone_id(zone) << PAGEBLOCK_TYPE_BITS | type);
}

/* Grouping by mobility needs a few pageblocks a type to be worth it (Linux 4.4,
 * build_all_zonelists()). */
static void init_pageblocks(struct kernel *k)
{
	uint64_t present_pages = 0;
	enum migratetype type;

	for_each_node (k, nid)
		present_pages += NODE_DATA(k, nid)->node_present_pages;
	k->group_by_mobility = present_pages >= PAGEBLOCK_PAGES * MIGRATE_TYPES;
	type = k->group_by_mobility ? MIGRATE_MOVABLE : MIGRATE_UNMOVABLE;
	for_each_node (k, nid)
		for (int i = 0; i < MAX_NR_ZONES; i++)
			init_pageblocks_of_zone(k, &NODE_DATA(k, nid)->node_zones[i], type);
}

static void hand_over_range(struct kernel *k, pfn_t pfn, pfn_t end)
{
	while (pfn < end) {
		unsigned order = MAX_ORDER - 1;

		while (pfn & (((pfn_t)1 << order) - 1) || pfn + ((pfn_t)1 << order) > end)
			order--;
		__free_pages_bootmem(k, pfn_to_page(k, pfn), order);
		pfn += (pfn_t)1 << order;
	}
}

static void hand_over(struct kernel *k)
{
	for (pa_t start = 0, end; memblock_next_free(&k->memblock, &start, &end); start = end)
		hand_over_range(k, (start + PAGE_SIZE - 1) >> PAGE_SHIFT, end >> PAGE_SHIFT);
	k->memblock.retired = true;
}

/* Linux 6.1: init_user_reserve(), init_admin_reserve(), mm/mmap.c: what overcommit
 * mode 2 keeps free, 3 % of what is free now and not more than a shell or two need. */
static void init_reserves(struct kernel *k)
{
	const uint64_t user_max = 128 * MIB / KIB, admin_max = 8 * MIB / KIB;
	uint64_t share = nr_free_pages(k) * (PAGE_SIZE / KIB) / 32;

	k->config.user_reserve_kbytes = share < user_max ? share : user_max;
	k->config.admin_reserve_kbytes = share < admin_max ? share : admin_max;
}

int mem_init(struct kernel *k)
{
	int err = lay_out_memory(k);

	if (!err)
		err = alloc_boot_data(k);
	if (err)
		return err;
	init_nodes(k);
	init_pageblocks(k);
	mark_all_reserved(k);
	hand_over(k);
	build_all_zonelists(k);
	for_each_zone (k, zone)
		init_pagesets(zone);
	if (!k->config.min_free_kbytes)
		k->config.min_free_kbytes = default_min_free_kbytes(k);
	setup_per_zone_wmarks(k);
	init_reserves(k);
	return 0;
}
