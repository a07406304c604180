// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/vmstat and zoneinfo, and what one node has of them (Linux 6.1, mm/vmstat.c;
 * drivers/base/node.c). */
#include "sim/proc_vmstat.h"

#include "mm/page_alloc.h"
#include "mm/pagemap.h"
#include "mm/swap.h"
#include "sim/proc_mm.h"

#include <inttypes.h>

/* ---- by node ---- */

bool kernel_has_zone(const struct kernel *k, enum zone_type type)
{
	bool is_32bit = k->config.paging->va_bits == 32;

	return type == ZONE_HIGHMEM ? is_32bit : type == ZONE_DMA32 ? !is_32bit : true;
}

static void count_slab_page(const struct page *head, struct node_counts *counts)
{
	bool is_reclaimable = head->slab_cache->flags & SLAB_RECLAIM_ACCOUNT;

	counts->value[is_reclaimable ? NR_SLAB_RECLAIMABLE : NR_SLAB_UNRECLAIMABLE]++;
}

/* The kernel's own pages that it maps into programs have no mapping. */
static void count_page(struct page *page, struct node_counts *counts)
{
	const struct page *head = compound_head(page);
	uint64_t *value = counts->value;
	bool is_anon, is_file;

	if (PageSlab(head)) {
		count_slab_page(head, counts);
		return;
	}
	is_anon = head == page && PageAnon(page);
	is_file = head == page && page->mapping && !is_anon;
	value[NR_ANON_PAGES] += is_anon && page_mapped(page);
	value[NR_MAPPED] += !is_anon && page_mapped(page);
	value[NR_FILE_PAGES] += is_file || PageSwapCache(page);
	value[NR_SHMEM] += is_file && PageSwapBacked(page);
	value[NR_DIRTY] += is_file && !PageSwapBacked(page) && PageDirty(page);
	value[NR_WRITEBACK] += PageWriteback(page);
	value[NR_SWAPCACHED] += PageSwapCache(page);
	value[NR_MLOCK] += PageMlocked(page);
	value[NR_PAGE_TABLE_PAGES] += PageTable(page);
}

static void count_zone(const struct kernel *k, const struct zone *zone, struct node_counts *counts)
{
	uint64_t *value = counts->value;

	value[NR_FREE_PAGES] += zone_nr_free_pages(k, zone);
	value[NR_INACTIVE_ANON] += zone->nr_lru[LRU_INACTIVE_ANON];
	value[NR_ACTIVE_ANON] += zone->nr_lru[LRU_ACTIVE_ANON];
	value[NR_INACTIVE_FILE] += zone->nr_lru[LRU_INACTIVE_FILE];
	value[NR_ACTIVE_FILE] += zone->nr_lru[LRU_ACTIVE_FILE];
	value[NR_UNEVICTABLE] += zone->nr_lru[LRU_UNEVICTABLE];
	for (int i = 0; i < NR_NUMA_STATS; i++)
		value[NUMA_HIT + i] += zone->numa_stat[i];
}

void count_node(const struct kernel *k, uint32_t nid, struct node_counts *counts)
{
	struct pglist_data *node = NODE_DATA(k, nid);
	pfn_t end = node->node_start_pfn + node->node_spanned_pages;

	*counts = (struct node_counts){ 0 };
	for (int i = 0; i < NR_VM_QUANTITIES; i++) {
		counts->is_known[i] = k->nr_nodes == 1 || i != NR_KERNEL_STACK;
		if (k->nr_nodes == 1)
			counts->value[i] = vmstat_value(k, (enum vm_quantity)i);
	}
	if (k->nr_nodes == 1)
		return;
	for_each_zone_of_node (node, zone)
		count_zone(k, zone, counts);
	for (pfn_t pfn = node->node_start_pfn; pfn < end; pfn++)
		count_page(pfn_to_page(k, pfn), counts);
}

/* ---- vmstat ---- */

static void show_item(struct proc_text *text, const char *name, uint64_t value)
{
	proc_printf(text, "%s %" PRIu64 "\n", name, value);
}

/* Zones' figures first, then nodes', then events, as Linux has them; only what is
 * counted. */
void proc_vmstat(struct proc_text *text, const struct kernel *k)
{
	static const enum vm_quantity lru[] = { NR_INACTIVE_ANON, NR_ACTIVE_ANON, NR_INACTIVE_FILE,
		                                NR_ACTIVE_FILE, NR_UNEVICTABLE };

	show_item(text, vm_quantity_names[NR_FREE_PAGES], vmstat_value(k, NR_FREE_PAGES));
	for (size_t i = 0; i < sizeof(lru) / sizeof(lru[0]); i++)
		proc_printf(text, "nr_zone_%s %" PRIu64 "\n",
		            vm_quantity_names[lru[i]] + sizeof("nr_") - 1, vmstat_value(k, lru[i]));
	for (int i = NUMA_HIT; i < NR_VM_QUANTITIES; i++)
		show_item(text, vm_quantity_names[i], vmstat_value(k, (enum vm_quantity)i));
	for (int i = NR_FREE_PAGES + 1; i < NUMA_HIT; i++)
		show_item(text, vm_quantity_names[i], vmstat_value(k, (enum vm_quantity)i));
	for (int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		show_item(text, vm_event_names[i], k->vm_events[i]);
}

void proc_node_vmstat(struct proc_text *text, const struct kernel *k, uint32_t nid)
{
	struct node_counts counts;

	count_node(k, nid, &counts);
	for (int i = 0; i < NR_VM_QUANTITIES; i++)
		if (counts.is_known[i])
			show_item(text, vm_quantity_names[i], counts.value[i]);
}

/* Linux: node_read_numastat(). */
void proc_node_numastat(struct proc_text *text, const struct kernel *k, uint32_t nid)
{
	static const char *const names[NR_NUMA_STATS] = {
		[NUMA_STAT_HIT] = "numa_hit",         [NUMA_STAT_MISS] = "numa_miss",
		[NUMA_STAT_FOREIGN] = "numa_foreign", [NUMA_STAT_INTERLEAVE] = "interleave_hit",
		[NUMA_STAT_LOCAL] = "local_node",     [NUMA_STAT_OTHER] = "other_node",
	};

	for (int i = 0; i < NR_NUMA_STATS; i++) {
		uint64_t sum = 0;

		for_each_zone_of_node (NODE_DATA(k, nid), zone)
			sum += zone->numa_stat[i];
		show_item(text, names[i], sum);
	}
}

/* ---- zoneinfo ---- */

static void show_node_stats(struct proc_text *text, const struct kernel *k, uint32_t nid)
{
	struct node_counts counts;

	count_node(k, nid, &counts);
	proc_printf(text, "\n  per-node stats");
	for (int i = NR_FREE_PAGES + 1; i < NUMA_HIT; i++)
		if (counts.is_known[i])
			proc_printf(text, "\n      %-12s %" PRIu64, vm_quantity_names[i],
			            counts.value[i]);
}

static void show_protection(struct proc_text *text, const struct kernel *k, const struct zone *zone)
{
	const char *before = "(";

	proc_printf(text, "\n        protection: ");
	for (int type = 0; type < MAX_NR_ZONES; type++) {
		if (!kernel_has_zone(k, (enum zone_type)type))
			continue;
		proc_printf(text, "%s%" PRIu64, before, zone->lowmem_reserve[type]);
		before = ", ";
	}
	proc_printf(text, ")");
}

/* Pages free are those in buddy lists, which watermarks are held against;
 * nr_free_pages has those of the pagesets too. */
static void show_zone_pages(struct proc_text *text, const struct kernel *k, const struct zone *zone)
{
	const struct {
		const char *name;
		uint64_t pages;
	} lines[] = {
		{ "  pages free    ", zone->nr_free_pages },
		{ "        boost   ", 0 },
		{ "        min     ", zone->watermark[WMARK_MIN] },
		{ "        low     ", zone->watermark[WMARK_LOW] },
		{ "        high    ", zone->watermark[WMARK_HIGH] },
		{ "        spanned ", zone->spanned_pages },
		{ "        present ", zone->present_pages },
		{ "        managed ", zone->managed_pages },
		{ "        cma     ", 0 },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		proc_printf(text, "\n%s %" PRIu64, lines[i].name, lines[i].pages);
	show_protection(text, k, zone);
}

static void show_zone_stats(struct proc_text *text, const struct kernel *k, const struct zone *zone)
{
	static const char *const names[NR_LRU_LISTS] = { "inactive_anon", "active_anon",
		                                         "inactive_file", "active_file",
		                                         "unevictable" };

	proc_printf(text, "\n      nr_free_pages %" PRIu64, zone_nr_free_pages(k, zone));
	for (int lru = 0; lru < NR_LRU_LISTS; lru++)
		proc_printf(text, "\n      nr_zone_%s %" PRIu64, names[lru], zone->nr_lru[lru]);
	for (int i = 0; i < NR_NUMA_STATS; i++)
		proc_printf(text, "\n      %-12s %" PRIu64, vm_quantity_names[NUMA_HIT + i],
		            zone->numa_stat[i]);
}

static void show_pagesets(struct proc_text *text, const struct kernel *k, const struct zone *zone)
{
	proc_printf(text, "\n  pagesets");
	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++) {
		const struct per_cpu_pages *pcp = &zone->pageset[cpu];

		proc_printf(text,
		            "\n    cpu: %u\n              count: %u\n              high:  %u"
		            "\n              batch: %u",
		            cpu, pcp->count, pcp->high, pcp->batch);
	}
}

/* Linux: zoneinfo_show_print(). */
static void show_zone(struct proc_text *text, const struct kernel *k, const struct zone *zone,
                      bool is_first_populated)
{
	const struct pglist_data *node = zone->zone_pgdat;
	const uint32_t max_failures = 16; /* MAX_RECLAIM_RETRIES */

	proc_printf(text, "Node %u, zone %8s", node->node_id, zone->name);
	if (is_first_populated)
		show_node_stats(text, k, node->node_id);
	show_zone_pages(text, k, zone);
	if (zone->managed_pages) {
		show_zone_stats(text, k, zone);
		show_pagesets(text, k, zone);
		proc_printf(text, "\n  node_unreclaimable:  %u\n  start_pfn:           %" PRIu64,
		            node->kswapd_failures >= max_failures, zone->zone_start_pfn);
	}
	proc_printf(text, "\n");
}

void proc_zoneinfo(struct proc_text *text, const struct kernel *k)
{
	for_each_node (k, nid) {
		struct pglist_data *node = NODE_DATA(k, nid);

		for (int type = 0; type < MAX_NR_ZONES; type++)
			if (kernel_has_zone(k, (enum zone_type)type))
				show_zone(text, k, &node->node_zones[type],
				          &node->node_zones[type] == populated_zone_from(node, 0));
	}
}
