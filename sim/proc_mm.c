/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/proc_mm.h"

#include "mm/page_alloc.h"
#include "mm/vmalloc.h"

#include <inttypes.h>
#include <stdio.h>

#define KB(pages) ((unsigned long)((pages) * (PAGE_SIZE / KIB)))

static const char *const type_names[MIGRATE_TYPES] = { "Unmovable", "Movable", "Reclaimable" };

/* ---- nodes and zones ---- */

/* Linux: frag_show_print(), mm/vmstat.c. */
void proc_buddyinfo(struct proc_text *text, const struct kernel *k)
{
	for_each_zone (k, zone) {
		proc_printf(text, "Node %u, zone %8s ", zone->zone_pgdat->node_id, zone->name);
		for (unsigned order = 0; order < MAX_ORDER; order++)
			proc_printf(text, "%6" PRIu64 " ", zone->free_area[order].nr_free);
		proc_printf(text, "\n");
	}
}

static uint64_t list_length(const struct list_head *list)
{
	const struct list_head *pos;
	uint64_t nr = 0;

	list_for_each (pos, list)
		nr++;
	return nr;
}

static uint64_t nr_pageblocks(const struct kernel *k, const struct zone *zone, int type)
{
	pfn_t end = zone->zone_start_pfn + zone->spanned_pages;
	uint64_t nr = 0;

	for (pfn_t pfn = zone->zone_start_pfn; pfn < end; pfn += PAGEBLOCK_PAGES)
		nr += (int)get_pageblock_migratetype(k, pfn_to_page(k, pfn)) == type;
	return nr;
}

/* Linux: pagetypeinfo_show(), mm/vmstat.c. */
void proc_pagetypeinfo(struct proc_text *text, const struct kernel *k)
{
	proc_printf(text, "Page block order: %d\nPages per block:  %" PRIu64 "\n\n",
	            PAGEBLOCK_ORDER, PAGEBLOCK_PAGES);
	proc_printf(text, "%-43s ", "Free pages count per migrate type at order");
	for (unsigned order = 0; order < MAX_ORDER; order++)
		proc_printf(text, "%6u ", order);
	proc_printf(text, "\n");
	for_each_zone (k, zone) {
		for (int type = 0; type < MIGRATE_TYPES; type++) {
			proc_printf(text, "Node %4u, zone %8s, type %12s ",
			            zone->zone_pgdat->node_id, zone->name, type_names[type]);
			for (unsigned order = 0; order < MAX_ORDER; order++)
				proc_printf(text, "%6" PRIu64 " ",
				            list_length(&zone->free_area[order].free_list[type]));
			proc_printf(text, "\n");
		}
	}
	proc_printf(text, "\n%-23s", "Number of blocks type ");
	for (int type = 0; type < MIGRATE_TYPES; type++)
		proc_printf(text, "%12s ", type_names[type]);
	proc_printf(text, "\n");
	for_each_zone (k, zone) {
		proc_printf(text, "Node %u, zone %8s ", zone->zone_pgdat->node_id, zone->name);
		for (int type = 0; type < MIGRATE_TYPES; type++)
			proc_printf(text, "%12" PRIu64 " ", nr_pageblocks(k, zone, type));
		proc_printf(text, "\n");
	}
}

/* ---- slabs ---- */

/* Linux: slabinfo_show(), mm/slab_common.c; version 2.1. */
void proc_slabinfo(struct proc_text *text, const struct kernel *k)
{
	const struct kmem_cache *cache;

	proc_printf(text,
	            "slabinfo - version: 2.1\n"
	            "# name            <active_objs> <num_objs> <objsize> <objperslab> "
	            "<pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata "
	            "<active_slabs> <num_slabs> <sharedavail>\n");
	list_for_each_entry (cache, &k->slab_caches, list)
		proc_printf(text,
		            "%-17s %6" PRIu64 " %6" PRIu64 " %6u %4u %4d : tunables %4u %4u %4u : "
		            "slabdata %6" PRIu64 " %6" PRIu64 " %6u\n",
		            cache->name, cache->nr_active_objects, cache->nr_slabs * cache->num,
		            cache->size, cache->num, 1 << cache->gfporder,
		            cache->cpu_cache[0].limit, cache->cpu_cache[0].batchcount, 0u,
		            cache->nr_slabs - cache->nr_free_slabs, cache->nr_slabs, 0u);
}

/* ---- areas ---- */

void proc_vmallocinfo(struct proc_text *text, const struct kernel *k)
{
	const struct vm_struct *area = vm_area_from(k, 0);
	char line[256];

	for (; area; area = vm_area_from(k, area->va + 1)) {
		vmallocinfo_show(k, area, line, sizeof(line));
		proc_printf(text, "%s\n", line);
	}
}

void proc_swaps(struct proc_text *text, const struct kernel *k)
{
	const struct swap_state *swap = &k->swap;

	proc_printf(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	for (int i = 0; i < MAX_SWAPFILES; i++) {
		const struct swap_info *info = &swap->info[i];
		size_t start = text->len;

		if (!info->device)
			continue;
		proc_printf(text, "%s", info->device->name);
		proc_pad(text, start, 40);
		proc_printf(text, "file\t\t%lu\t%s%lu\t%s%d\n", KB(info->pages),
		            KB(info->pages) < 10000000 ? "\t" : "", KB(info->inuse_pages),
		            KB(info->inuse_pages) < 10000000 ? "\t" : "", info->prio);
	}
}
