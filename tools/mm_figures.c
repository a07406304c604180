/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_figures - what an expression can ask of the kernel, and how the arguments of
 * figures and commands are read.
 */
#include "mm/page_alloc.h"
#include "mm/vmstat.h"
#include "tools/mm_gfp.h"
#include "tools/mm_shell.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* ---- arguments ---- */

int shell_read_gfp(const struct mm_shell *sh, const char *text, gfp_t *out)
{
	const char *bad;
	size_t len;

	if (!gfp_parse(text, out, &bad, &len))
		return shell_mistake(sh, "\"%.*s\" is no GFP mask; see help why", (int)len, bad);
	return 0;
}

struct zone *shell_read_zone(const struct mm_shell *sh, const char *text)
{
	struct kernel *k = shell_kernel(sh);

	size_t len = strcspn(text, "@");
	uint64_t nid = 0;

	if (text[len] && shell_read_number(sh, text + len + 1, k->nr_nodes - 1, &nid))
		return NULL;
	for_each_zone (k, zone)
		if (!strncasecmp(zone->name, text, len) && !zone->name[len] &&
		    (!text[len] || zone->zone_pgdat->node_id == nid))
			return zone;
	shell_mistake(sh, "this machine has no zone %s", text);
	return NULL;
}

struct pglist_data *shell_read_node(const struct mm_shell *sh, const char *text)
{
	struct kernel *k = shell_kernel(sh);
	uint64_t nid;

	return shell_read_number(sh, text, k->nr_nodes - 1, &nid) ? NULL
	                                                          : NODE_DATA(k, (uint32_t)nid);
}

void mm_zone_name(const struct mm_shell *sh, const struct zone *zone, char name[MM_NAME_MAX])
{
	if (shell_kernel(sh)->nr_nodes == 1)
		snprintf(name, MM_NAME_MAX, "%s", zone->name);
	else
		snprintf(name, MM_NAME_MAX, "%s@%u", zone->name, zone->zone_pgdat->node_id);
}

struct kmem_cache *shell_read_cache(const struct mm_shell *sh, const char *text)
{
	const struct handle *handle = handle_find(sh, text);
	struct kmem_cache *cache;

	if (handle && handle->kind == &handle_cache && handle->object)
		return handle->object;
	list_for_each_entry (cache, &shell_kernel(sh)->slab_caches, list)
		if (!strcmp(cache->name, text))
			return cache;
	shell_mistake(sh, "no such cache: %s; see show slabinfo", text);
	return NULL;
}

/* ---- zones ---- */

static uint64_t pcp_pages(const struct kernel *k, const struct zone *zone)
{
	uint64_t pages = 0;

	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
		pages += zone->pageset[cpu].count;
	return pages;
}

#define ZONE_FIGURE(name, expression)                                                              \
	static int ask_##name(const struct mm_shell *sh, const char *const *args,                  \
	                      struct value *value)                                                 \
	{                                                                                          \
		const struct zone *zone = shell_read_zone(sh, args[0]);                            \
                                                                                                   \
		if (!zone)                                                                         \
			return EXIT_MISTAKE;                                                       \
		value_set_number(value, (int64_t)(expression));                                    \
		return 0;                                                                          \
	}

ZONE_FIGURE(free, zone->nr_free_pages)
ZONE_FIGURE(pcp, pcp_pages(shell_kernel(sh), zone))
ZONE_FIGURE(managed, zone->managed_pages)
ZONE_FIGURE(present, zone->present_pages)
ZONE_FIGURE(spanned, zone->spanned_pages)
ZONE_FIGURE(min, zone->watermark[WMARK_MIN])
ZONE_FIGURE(low, zone->watermark[WMARK_LOW])
ZONE_FIGURE(high, zone->watermark[WMARK_HIGH])

/* Pages of the zone kept from allocations that could use a higher one. */
static int ask_reserve(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	const struct zone *zone = shell_read_zone(sh, args[0]);
	const struct zone *classzone = zone ? shell_read_zone(sh, args[1]) : NULL;

	if (!classzone)
		return EXIT_MISTAKE;
	value_set_number(value, (int64_t)zone->lowmem_reserve[classzone->type]);
	return 0;
}

static int ask_buddy(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	const struct zone *zone = shell_read_zone(sh, args[0]);
	uint64_t order;

	if (!zone || shell_read_number(sh, args[1], MAX_ORDER - 1, &order))
		return EXIT_MISTAKE;
	value_set_number(value, (int64_t)zone->free_area[order].nr_free);
	return 0;
}

/* The highest order of which the zone has a block. */
static int ask_largest(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	const struct zone *zone = shell_read_zone(sh, args[0]);
	int order = MAX_ORDER - 1;

	if (!zone)
		return EXIT_MISTAKE;
	while (order >= 0 && !zone->free_area[order].nr_free)
		order--;
	value_set_number(value, order);
	return 0;
}

static int ask_unusable(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	const struct zone *zone = shell_read_zone(sh, args[0]);
	uint64_t order;

	if (!zone || shell_read_number(sh, args[1], MAX_ORDER - 1, &order))
		return EXIT_MISTAKE;
	value_set_number(value, unusable_free_index(zone, (unsigned)order));
	return 0;
}

static int ask_extfrag(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	const struct zone *zone = shell_read_zone(sh, args[0]);
	uint64_t order;

	if (!zone || shell_read_number(sh, args[1], MAX_ORDER - 1, &order))
		return EXIT_MISTAKE;
	value_set_number(value, fragmentation_index(zone, (unsigned)order));
	return 0;
}

static int ask_total_free(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	value_set_number(value, (int64_t)nr_free_pages(shell_kernel(sh)));
	return 0;
}

/* ---- counters ---- */

static int ask_vmstat(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	const struct kernel *k = shell_kernel(sh);

	for (int i = 0; i < NR_VM_QUANTITIES; i++) {
		if (strcmp(vm_quantity_names[i], args[0]) != 0)
			continue;
		value_set_number(value, (int64_t)vmstat_value(k, (enum vm_quantity)i));
		return 0;
	}
	for (int i = 0; i < NR_VM_EVENT_ITEMS; i++) {
		if (strcmp(vm_event_names[i], args[0]) != 0)
			continue;
		value_set_number(value, (int64_t)k->vm_events[i]);
		return 0;
	}
	return shell_mistake(sh, "no such counter: %s; see show vmstat", args[0]);
}

static int ask_swap_free(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	value_set_number(value, (int64_t)shell_kernel(sh)->swap.nr_swap_pages);
	return 0;
}

static int ask_swap_total(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	value_set_number(value, (int64_t)shell_kernel(sh)->swap.total_swap_pages);
	return 0;
}

static int ask_kswapd_wanted(const struct mm_shell *sh, const char *const *args,
                             struct value *value)
{
	struct pglist_data *node = shell_read_node(sh, args[0]);

	if (!node)
		return EXIT_MISTAKE;
	value_set_number(value, node->kswapd_wanted);
	return 0;
}

/* ---- nodes ---- */

static int ask_distance(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	const struct pglist_data *from = shell_read_node(sh, args[0]);
	const struct pglist_data *to = from ? shell_read_node(sh, args[1]) : NULL;

	if (!to)
		return EXIT_MISTAKE;
	value_set_number(value,
	                 shell_kernel(sh)->config.nodes[from->node_id].distance[to->node_id]);
	return 0;
}

/* `numa(1, hit)`: of all zones of the node. */
static int ask_numa(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	struct pglist_data *node = shell_read_node(sh, args[0]);

	if (!node)
		return EXIT_MISTAKE;
	for (int i = 0; i < NR_NUMA_STATS; i++) {
		int64_t sum = 0;

		if (strcmp(mm_numa_stat_names[i], args[1]) != 0)
			continue;
		for_each_zone_of_node (node, zone)
			sum += (int64_t)zone->numa_stat[i];
		value_set_number(value, sum);
		return 0;
	}
	return shell_mistake(sh, "nodes do not count %s; see show numastat", args[1]);
}

/* ---- caches ---- */

static uint64_t list_length(const struct list_head *list)
{
	const struct list_head *pos;
	uint64_t nr = 0;

	list_for_each (pos, list)
		nr++;
	return nr;
}

static uint64_t at_hand(const struct kernel *k, const struct kmem_cache *cache)
{
	uint64_t objects = 0;

	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
		objects += cache->cpu_cache[cpu].avail;
	return objects;
}

#define CACHE_FIGURE(name, expression)                                                             \
	static int ask_##name(const struct mm_shell *sh, const char *const *args,                  \
	                      struct value *value)                                                 \
	{                                                                                          \
		const struct kmem_cache *cache = shell_read_cache(sh, args[0]);                    \
                                                                                                   \
		if (!cache)                                                                        \
			return EXIT_MISTAKE;                                                       \
		value_set_number(value, (int64_t)(expression));                                    \
		return 0;                                                                          \
	}

CACHE_FIGURE(slabs, cache->nr_slabs)
CACHE_FIGURE(full, list_length(&cache->slabs_full))
CACHE_FIGURE(partial, list_length(&cache->slabs_partial))
CACHE_FIGURE(empty, list_length(&cache->slabs_free))
CACHE_FIGURE(per_slab, cache->num)
CACHE_FIGURE(slab_order, cache->gfporder)
CACHE_FIGURE(object_size, cache->size)
CACHE_FIGURE(at_hand, at_hand(shell_kernel(sh), cache))
CACHE_FIGURE(in_use, cache->nr_active_objects - at_hand(shell_kernel(sh), cache))

const struct mm_figure mm_figures[] = {
	{ "free", "ZONE", 1, ask_free, "pages in its buddy lists" },
	{ "pcp", "ZONE", 1, ask_pcp, "free pages on its per-CPU lists" },
	{ "managed", "ZONE", 1, ask_managed, "pages that the buddy allocator got" },
	{ "present", "ZONE", 1, ask_present, "pages without holes" },
	{ "spanned", "ZONE", 1, ask_spanned, "pages with holes" },
	{ "min", "ZONE", 1, ask_min, "watermark: below it only those who may go lower" },
	{ "low", "ZONE", 1, ask_low, "watermark: below it kswapd is woken" },
	{ "high", "ZONE", 1, ask_high, "watermark: above it kswapd sleeps again" },
	{ "reserve", "ZONE, CLASSZONE", 2, ask_reserve, "pages kept from CLASSZONE's users" },
	{ "buddy", "ZONE, ORDER", 2, ask_buddy, "free blocks of 2^ORDER pages" },
	{ "largest", "ZONE", 1, ask_largest, "order of its largest free block; -1: none" },
	{ "unusable", "ZONE, ORDER", 2, ask_unusable, "1/1000 of the free memory, for that order" },
	{ "extfrag", "ZONE, ORDER", 2, ask_extfrag,
	  "why it fails: 0 no memory, 1000 in pieces; -1000: not" },
	{ "total_free", "", 0, ask_total_free, "pages free in all zones, per-CPU lists too" },
	{ "flag", "FRAME|NAME, FLAG", 2, mm_ask_flag, "1: set; show page has the names" },
	{ "count", "FRAME|NAME", 1, mm_ask_count, "references to the frame" },
	{ "mapcount", "FRAME|NAME", 1, mm_ask_mapcount, "page table entries that map it" },
	{ "order", "FRAME|NAME", 1, mm_ask_order, "of the block that begins there; -1: none" },
	{ "entry", "NAME, OFFSET, WHAT", 3, mm_ask_entry,
	  "of the page tables: present, writable, user, uncached, accessed, dirty, global, noexec, "
	  "levels, pfn, swap_area, swap_slot; the last two are -1 unless it is in swap" },
	{ "vmstat", "NAME", 1, ask_vmstat, "a line of show vmstat" },
	{ "cost", "user|kernel|flushes, WHAT", 2, mm_ask_cost,
	  "of the last cost line: loads, stores, {l1d,stlb}_{hits,misses}, walks, memory_refs, "
	  "walk_cycles; flushes: page, all, pcid, cr3_writes, shootdowns" },
	{ "swap_free", "", 0, ask_swap_free, "free slots" },
	{ "swap_total", "", 0, ask_swap_total, "slots" },
	{ "kswapd_wanted", "NODE", 1, ask_kswapd_wanted,
	  "1: its kswapd is woken, has not run yet" },
	{ "distance", "NODE, NODE", 2, ask_distance, "10: the same; the more, the farther" },
	{ "numa", "NODE, WHAT", 2, ask_numa,
	  "allocations: hit, miss, foreign, interleave, local, other; see show numastat" },
	{ "slabs", "CACHE", 1, ask_slabs, "its slabs" },
	{ "full", "CACHE", 1, ask_full, "slabs without a free object" },
	{ "partial", "CACHE", 1, ask_partial, "slabs with some" },
	{ "empty", "CACHE", 1, ask_empty, "slabs with nothing but" },
	{ "per_slab", "CACHE", 1, ask_per_slab, "objects in a slab" },
	{ "slab_order", "CACHE", 1, ask_slab_order, "a slab is 2^this pages" },
	{ "object_size", "CACHE", 1, ask_object_size, "bytes of an object, with alignment" },
	{ "at_hand", "CACHE", 1, ask_at_hand, "free objects in per-CPU arrays" },
	{ "in_use", "CACHE", 1, ask_in_use, "objects that somebody has" },
	{ 0 },
};
