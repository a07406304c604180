/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/mm_proc.h"

#include "mm/page_alloc.h"
#include "mm/vmstat.h"

#include <inttypes.h>

#define KB(pages) ((uint64_t)(pages) * (PAGE_SIZE / KIB))

static const char *const type_names[MIGRATE_TYPES] = { "Unmovable", "Movable", "Reclaimable" };

/* ---- nodes and zones ---- */

void print_nodes(const struct kernel *k, FILE *out)
{
	const struct pglist_data *node = &k->node;

	fprintf(out, "Node %u: frames %" PRIu64 " to %" PRIu64 ", %" PRIu64 " present\n",
	        node->node_id, node->node_start_pfn,
	        node->node_start_pfn + node->node_spanned_pages - 1, node->node_present_pages);
	for_each_zone (k, zone)
		fprintf(out,
		        "  %-8s from frame %8" PRIu64 ": spanned %8" PRIu64 "  present %8" PRIu64
		        "  managed %8" PRIu64 "\n",
		        zone->name, zone->zone_start_pfn, zone->spanned_pages, zone->present_pages,
		        zone->managed_pages);
}

/* Linux: frag_show_print(), mm/vmstat.c. */
void print_buddyinfo(const struct kernel *k, FILE *out)
{
	for_each_zone (k, zone) {
		fprintf(out, "Node %u, zone %8s ", k->node.node_id, zone->name);
		for (unsigned order = 0; order < MAX_ORDER; order++)
			fprintf(out, "%6" PRIu64 " ", zone->free_area[order].nr_free);
		putc('\n', out);
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
		nr += k->node.pageblock_types[pfn >> PAGEBLOCK_ORDER] == type;
	return nr;
}

/* Linux: pagetypeinfo_show(), mm/vmstat.c. */
void print_pagetypeinfo(const struct kernel *k, FILE *out)
{
	fprintf(out, "Page block order: %d\nPages per block:  %" PRIu64 "\n\n", PAGEBLOCK_ORDER,
	        PAGEBLOCK_PAGES);
	fprintf(out, "%-43s ", "Free pages count per migrate type at order");
	for (unsigned order = 0; order < MAX_ORDER; order++)
		fprintf(out, "%6u ", order);
	putc('\n', out);
	for_each_zone (k, zone) {
		for (int type = 0; type < MIGRATE_TYPES; type++) {
			fprintf(out, "Node %4u, zone %8s, type %12s ", k->node.node_id, zone->name,
			        type_names[type]);
			for (unsigned order = 0; order < MAX_ORDER; order++)
				fprintf(out, "%6" PRIu64 " ",
				        list_length(&zone->free_area[order].free_list[type]));
			putc('\n', out);
		}
	}
	fprintf(out, "\n%-23s", "Number of blocks type ");
	for (int type = 0; type < MIGRATE_TYPES; type++)
		fprintf(out, "%12s ", type_names[type]);
	putc('\n', out);
	for_each_zone (k, zone) {
		fprintf(out, "Node %u, zone %8s ", k->node.node_id, zone->name);
		for (int type = 0; type < MIGRATE_TYPES; type++)
			fprintf(out, "%12" PRIu64 " ", nr_pageblocks(k, zone, type));
		putc('\n', out);
	}
}

static void print_protection(const struct zone *zone, FILE *out)
{
	fprintf(out, "        protection: (");
	for (int type = 0; type < MAX_NR_ZONES; type++)
		fprintf(out, "%s%" PRIu64, type ? ", " : "", zone->lowmem_reserve[type]);
	fprintf(out, ")\n");
}

static void print_pagesets(const struct kernel *k, const struct zone *zone, FILE *out)
{
	fprintf(out, "  pagesets\n");
	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
		fprintf(out,
		        "    cpu: %u\n              count: %u\n              high:  %u\n"
		        "              batch: %u\n",
		        cpu, zone->pageset[cpu].count, zone->pageset[cpu].high,
		        zone->pageset[cpu].batch);
}

/* Linux: zoneinfo_show_print(), mm/vmstat.c, without the node's counters. */
void print_zoneinfo(const struct kernel *k, FILE *out)
{
	for_each_zone (k, zone) {
		fprintf(out,
		        "Node %u, zone %8s\n  pages free     %" PRIu64 "\n        min      %" PRIu64
		        "\n        low      %" PRIu64 "\n        high     %" PRIu64
		        "\n        spanned  %" PRIu64 "\n        present  %" PRIu64
		        "\n        managed  %" PRIu64 "\n",
		        k->node.node_id, zone->name, zone->nr_free_pages,
		        zone->watermark[WMARK_MIN], zone->watermark[WMARK_LOW],
		        zone->watermark[WMARK_HIGH], zone->spanned_pages, zone->present_pages,
		        zone->managed_pages);
		print_protection(zone, out);
		print_pagesets(k, zone, out);
		fprintf(out, "  start_pfn:         %" PRIu64 "\n", zone->zone_start_pfn);
	}
}

void print_watermarks(const struct kernel *k, FILE *out)
{
	fprintf(out, "%-8s %8s %8s %8s %8s\n", "zone", "free", "min", "low", "high");
	for_each_zone (k, zone)
		fprintf(out, "%-8s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "  %s\n",
		        zone->name, zone->nr_free_pages, zone->watermark[WMARK_MIN],
		        zone->watermark[WMARK_LOW], zone->watermark[WMARK_HIGH],
		        zone->nr_free_pages > zone->watermark[WMARK_HIGH]  ? "plenty"
		        : zone->nr_free_pages > zone->watermark[WMARK_LOW] ? "between low and high"
		        : zone->nr_free_pages > zone->watermark[WMARK_MIN] ? "kswapd is due"
		                                                           : "reserves only");
}

/* ---- slabs ---- */

/* Linux: slabinfo_show(), mm/slab_common.c; version 2.1. */
void print_slabinfo(const struct kernel *k, FILE *out)
{
	const struct kmem_cache *cache;

	fprintf(out, "slabinfo - version: 2.1\n"
	             "# name            <active_objs> <num_objs> <objsize> <objperslab> "
	             "<pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata "
	             "<active_slabs> <num_slabs> <sharedavail>\n");
	list_for_each_entry (cache, &k->slab_caches, list)
		fprintf(out,
		        "%-17s %6" PRIu64 " %6" PRIu64 " %6u %4u %4d : tunables %4u %4u %4u : "
		        "slabdata %6" PRIu64 " %6" PRIu64 " %6u\n",
		        cache->name, cache->nr_active_objects, cache->nr_slabs * cache->num,
		        cache->size, cache->num, 1 << cache->gfporder, cache->cpu_cache[0].limit,
		        cache->cpu_cache[0].batchcount, 0u, cache->nr_slabs - cache->nr_free_slabs,
		        cache->nr_slabs, 0u);
}

/* ---- the whole ---- */

static void print_kb(FILE *out, const char *name, uint64_t pages)
{
	fprintf(out, "%-16s%8" PRIu64 " kB\n", name, KB(pages));
}

/* Linux: meminfo_proc_show(), fs/proc/meminfo.c. */
void print_meminfo(const struct kernel *k, FILE *out)
{
	uint64_t reclaimable = vmstat_value(k, NR_SLAB_RECLAIMABLE);
	uint64_t unreclaimable = vmstat_value(k, NR_SLAB_UNRECLAIMABLE);

	print_kb(out, "MemTotal:", k->totalram_pages);
	print_kb(out, "MemFree:", nr_free_pages(k));
	print_kb(out, "Cached:", vmstat_value(k, NR_FILE_PAGES) - vmstat_value(k, NR_SWAPCACHED));
	print_kb(out, "SwapCached:", vmstat_value(k, NR_SWAPCACHED));
	print_kb(out, "Active(anon):", vmstat_value(k, NR_ACTIVE_ANON));
	print_kb(out, "Inactive(anon):", vmstat_value(k, NR_INACTIVE_ANON));
	print_kb(out, "Active(file):", vmstat_value(k, NR_ACTIVE_FILE));
	print_kb(out, "Inactive(file):", vmstat_value(k, NR_INACTIVE_FILE));
	print_kb(out, "Unevictable:", vmstat_value(k, NR_UNEVICTABLE));
	print_kb(out, "SwapTotal:", k->swap.total_swap_pages);
	print_kb(out, "SwapFree:", k->swap.nr_swap_pages);
	print_kb(out, "Dirty:", vmstat_value(k, NR_DIRTY));
	print_kb(out, "AnonPages:", vmstat_value(k, NR_ANON_PAGES));
	print_kb(out, "Slab:", reclaimable + unreclaimable);
	print_kb(out, "SReclaimable:", reclaimable);
	print_kb(out, "SUnreclaim:", unreclaimable);
	print_kb(out, "PageTables:", vmstat_value(k, NR_PAGE_TABLE_PAGES));
}

/* Linux: vmstat_show(), mm/vmstat.c. */
void print_vmstat(const struct kernel *k, FILE *out)
{
	for (int i = 0; i < NR_VM_QUANTITIES; i++)
		fprintf(out, "%s %" PRIu64 "\n", vm_quantity_names[i],
		        vmstat_value(k, (enum vm_quantity)i));
	for (int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		fprintf(out, "%s %" PRIu64 "\n", vm_event_names[i], k->vm_events[i]);
}

/* Linux: swap_show(), mm/swapfile.c. */
void print_swaps(const struct kernel *k, FILE *out)
{
	fprintf(out, "%-40s%-8s%12s%12s  %s\n", "Filename", "Type", "Size", "Used", "Priority");
	for (int i = 0; i < MAX_SWAPFILES; i++) {
		const struct swap_info *info = &k->swap.info[i];

		if (info->device)
			fprintf(out, "%-40s%-8s%12" PRIu64 "%12" PRIu64 "  %d\n",
			        info->device->name, "file", KB(info->pages), KB(info->inuse_pages),
			        info->prio);
	}
}
