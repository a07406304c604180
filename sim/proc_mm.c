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

static void print_protection(struct proc_text *text, const struct zone *zone)
{
	proc_printf(text, "        protection: (");
	for (int type = 0; type < MAX_NR_ZONES; type++)
		proc_printf(text, "%s%" PRIu64, type ? ", " : "", zone->lowmem_reserve[type]);
	proc_printf(text, ")\n");
}

static void print_pagesets(struct proc_text *text, const struct kernel *k, const struct zone *zone)
{
	proc_printf(text, "  pagesets\n");
	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
		proc_printf(text,
		            "    cpu: %u\n              count: %u\n              high:  %u\n"
		            "              batch: %u\n",
		            cpu, zone->pageset[cpu].count, zone->pageset[cpu].high,
		            zone->pageset[cpu].batch);
}

/* Linux: zoneinfo_show_print(), mm/vmstat.c, without the node's counters. */
void proc_zoneinfo(struct proc_text *text, const struct kernel *k)
{
	for_each_zone (k, zone) {
		proc_printf(text,
		            "Node %u, zone %8s\n  pages free     %" PRIu64
		            "\n        min      %" PRIu64 "\n        low      %" PRIu64
		            "\n        high     %" PRIu64 "\n        spanned  %" PRIu64
		            "\n        present  %" PRIu64 "\n        managed  %" PRIu64 "\n",
		            zone->zone_pgdat->node_id, zone->name, zone->nr_free_pages,
		            zone->watermark[WMARK_MIN], zone->watermark[WMARK_LOW],
		            zone->watermark[WMARK_HIGH], zone->spanned_pages, zone->present_pages,
		            zone->managed_pages);
		print_protection(text, zone);
		print_pagesets(text, k, zone);
		proc_printf(text, "  start_pfn:         %" PRIu64 "\n", zone->zone_start_pfn);
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

/* ---- the whole ---- */

static uint64_t active(const struct kernel *k)
{
	return vmstat_value(k, NR_ACTIVE_ANON) + vmstat_value(k, NR_ACTIVE_FILE);
}

static uint64_t inactive(const struct kernel *k)
{
	return vmstat_value(k, NR_INACTIVE_ANON) + vmstat_value(k, NR_INACTIVE_FILE);
}

/* Linux 4.4, mm/page_alloc.c, si_mem_available(): what could be had without
 * swapping. */
static uint64_t available(const struct kernel *k)
{
	uint64_t file = vmstat_value(k, NR_ACTIVE_FILE) + vmstat_value(k, NR_INACTIVE_FILE);
	uint64_t slab = vmstat_value(k, NR_SLAB_RECLAIMABLE), low = 0, free = nr_free_pages(k);

	for_each_zone (k, zone)
		low += zone->watermark[WMARK_LOW];
	free = free > low ? free - low : 0;
	free += file - (file / 2 < low ? file / 2 : low);
	return free + slab - (slab / 2 < low ? slab / 2 : low);
}

static void meminfo_line(struct proc_text *text, const char *name, uint64_t pages)
{
	char label[24];

	snprintf(label, sizeof(label), "%s:", name);
	proc_printf(text, "%-16s%8lu kB\n", label, KB(pages));
}

void proc_meminfo(struct proc_text *text, const struct kernel *k)
{
	uint64_t cached = vmstat_value(k, NR_FILE_PAGES) - vmstat_value(k, NR_SWAPCACHED);
	uint64_t slab =
	    vmstat_value(k, NR_SLAB_RECLAIMABLE) + vmstat_value(k, NR_SLAB_UNRECLAIMABLE);

	meminfo_line(text, "MemTotal", k->totalram_pages);
	meminfo_line(text, "MemFree", nr_free_pages(k));
	meminfo_line(text, "MemAvailable", available(k));
	meminfo_line(text, "Buffers", 0);
	meminfo_line(text, "Cached", cached);
	meminfo_line(text, "SwapCached", vmstat_value(k, NR_SWAPCACHED));
	meminfo_line(text, "Active", active(k));
	meminfo_line(text, "Inactive", inactive(k));
	meminfo_line(text, "Active(anon)", vmstat_value(k, NR_ACTIVE_ANON));
	meminfo_line(text, "Inactive(anon)", vmstat_value(k, NR_INACTIVE_ANON));
	meminfo_line(text, "Active(file)", vmstat_value(k, NR_ACTIVE_FILE));
	meminfo_line(text, "Inactive(file)", vmstat_value(k, NR_INACTIVE_FILE));
	meminfo_line(text, "Unevictable", vmstat_value(k, NR_UNEVICTABLE));
	meminfo_line(text, "Mlocked", vmstat_value(k, NR_MLOCK));
	meminfo_line(text, "SwapTotal", k->swap.total_swap_pages);
	meminfo_line(text, "SwapFree", k->swap.nr_swap_pages);
	meminfo_line(text, "Dirty", vmstat_value(k, NR_DIRTY));
	meminfo_line(text, "Writeback", vmstat_value(k, NR_WRITEBACK));
	meminfo_line(text, "AnonPages", vmstat_value(k, NR_ANON_PAGES));
	meminfo_line(text, "Mapped", vmstat_value(k, NR_MAPPED));
	meminfo_line(text, "Shmem", vmstat_value(k, NR_SHMEM));
	meminfo_line(text, "KReclaimable", vmstat_value(k, NR_SLAB_RECLAIMABLE));
	meminfo_line(text, "Slab", slab);
	meminfo_line(text, "SReclaimable", vmstat_value(k, NR_SLAB_RECLAIMABLE));
	meminfo_line(text, "SUnreclaim", vmstat_value(k, NR_SLAB_UNRECLAIMABLE));
	proc_printf(text, "KernelStack:    %8lu kB\n",
	            (unsigned long)vmstat_value(k, NR_KERNEL_STACK));
	meminfo_line(text, "PageTables", vmstat_value(k, NR_PAGE_TABLE_PAGES));
	meminfo_line(text, "CommitLimit", k->totalram_pages / 2 + k->swap.total_swap_pages);
	meminfo_line(text, "Committed_AS", k->total_vm_committed);
}

void proc_vmallocinfo(struct proc_text *text, const struct kernel *k)
{
	const struct vm_struct *area = vm_area_from(k, 0);
	char line[256];

	for (; area; area = vm_area_from(k, area->va + 1)) {
		vmallocinfo_show(k, area, line, sizeof(line));
		proc_printf(text, "%s\n", line);
	}
}

void proc_vmstat(struct proc_text *text, const struct kernel *k)
{
	for (int i = 0; i < NR_VM_QUANTITIES; i++)
		proc_printf(text, "%s %lu\n", vm_quantity_names[i],
		            (unsigned long)vmstat_value(k, (enum vm_quantity)i));
	for (int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		proc_printf(text, "%s %lu\n", vm_event_names[i], (unsigned long)k->vm_events[i]);
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
