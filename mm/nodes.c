/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodes - see nodes.h (Linux 4.4, mm/page_alloc.c: free_area_init_nodes(),
 * find_zone_movable_pfns_for_nodes(), build_zonelists()).
 *
 *   pfn  0      4096                      1048576
 *        |  DMA  |         DMA32            |       Normal       |   64 bits
 *        |  DMA  |     Normal     |           HighMem            |   32 bits
 *        |  node 0   |  node 1   |  node 2   |  node 3           |
 *                                                      | Movable |   of each node
 *                                                                    the top, if wanted
 */
#include "mm/nodes.h"

#include "mm/page_alloc.h"

#define BLOCK_PAGES ((pfn_t)1 << (MAX_ORDER - 1))

/* ---- the configuration ---- */

static void complete_distances(struct kernel_config *config, uint32_t nid)
{
	for (uint32_t to = 0; to < config->nr_nodes; to++) {
		uint8_t *distance = &config->nodes[nid].distance[to];

		if (!*distance)
			*distance = to == nid ? LOCAL_DISTANCE : REMOTE_DISTANCE;
	}
}

void complete_node_config(struct kernel_config *config, uint64_t ram_bytes)
{
	if (!config->nr_nodes) {
		config->nr_nodes = 1;
		config->nodes[0].ram_bytes = ram_bytes;
	}
	for (uint32_t nid = 0; nid < config->nr_nodes && nid < MAX_NUMNODES; nid++)
		complete_distances(config, nid);
}

static bool distances_are_valid(const struct kernel_config *config, uint32_t nid)
{
	for (uint32_t to = 0; to < config->nr_nodes; to++) {
		uint8_t distance = config->nodes[nid].distance[to];

		if (to == nid ? distance != LOCAL_DISTANCE
		              : distance <= LOCAL_DISTANCE || distance > MAX_DISTANCE)
			return false;
	}
	return true;
}

bool node_config_is_valid(const struct kernel_config *config, uint64_t ram_bytes)
{
	uint64_t sum = 0;

	if (config->nr_nodes > MAX_NUMNODES)
		return false;
	for (uint32_t nid = 0; nid < config->nr_nodes; nid++) {
		uint64_t bytes = config->nodes[nid].ram_bytes;

		if (!bytes || bytes > ram_bytes - sum || !distances_are_valid(config, nid))
			return false;
		if (nid + 1 < config->nr_nodes && bytes % (BLOCK_PAGES << PAGE_SHIFT))
			return false;
		sum += bytes;
	}
	for (uint32_t cpu = 0; cpu < config->nr_cpus; cpu++)
		if (config->cpu_node[cpu] >= config->nr_nodes)
			return false;
	return sum == ram_bytes;
}

/* ---- zones ---- */

static const char *const zone_names[MAX_NR_ZONES] = {
	[ZONE_DMA] = "DMA",         [ZONE_DMA32] = "DMA32",     [ZONE_NORMAL] = "Normal",
	[ZONE_HIGHMEM] = "HighMem", [ZONE_MOVABLE] = "Movable",
};

struct pfn_range {
	pfn_t start, end;
};

static struct pfn_range intersect(struct pfn_range a, struct pfn_range b)
{
	struct pfn_range both = { a.start > b.start ? a.start : b.start,
		                  a.end < b.end ? a.end : b.end };

	return both.start < both.end ? both : (struct pfn_range){ 0 };
}

static struct pfn_range node_range(const struct kernel *k, uint32_t nid)
{
	pfn_t start = 0;

	for (uint32_t i = 0; i < nid; i++)
		start += k->config.nodes[i].ram_bytes >> PAGE_SHIFT;
	return (struct pfn_range){ start, start + (k->config.nodes[nid].ram_bytes >> PAGE_SHIFT) };
}

/* All frames that are of the type by their address. A 32-bit kernel has no DMA32. */
static struct pfn_range type_range(const struct kernel *k, enum zone_type type)
{
	bool is_wide = k->config.paging->va_bits > 32;

	switch (type) {
	case ZONE_DMA:
		return (struct pfn_range){ 0, DMA_END_PFN };
	case ZONE_DMA32:
		return (struct pfn_range){ DMA_END_PFN, is_wide ? DMA32_END_PFN : DMA_END_PFN };
	case ZONE_NORMAL:
		if (is_wide)
			return (struct pfn_range){ DMA32_END_PFN, UINT64_MAX };
		return (struct pfn_range){ DMA_END_PFN, LOWMEM_END_PFN };
	case ZONE_HIGHMEM:
		if (!is_wide)
			return (struct pfn_range){ LOWMEM_END_PFN, UINT64_MAX };
		return (struct pfn_range){ 0 };
	default:
		return (struct pfn_range){ 0 };
	}
}

/* ---- the movable zone ---- */

/* Frames of the nodes that are memory: holes are none. */
static uint64_t present_pages(const struct kernel *k, struct pfn_range range)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < k->memblock.memory.cnt; i++) {
		const struct memblock_region *region = &k->memblock.memory.regions[i];
		struct pfn_range memory = { region->base >> PAGE_SHIFT,
			                    (region->base + region->size) >> PAGE_SHIFT };
		struct pfn_range both = intersect(memory, range);

		pages += both.end - both.start;
	}
	return pages;
}

/* The highest zone that has memory: the movable zone is cut from its top. */
static enum zone_type usable_zone_for_movable(const struct kernel *k)
{
	enum zone_type type = ZONE_HIGHMEM;
	struct pfn_range all = { 0, k->max_pfn };

	while (type > ZONE_DMA && !present_pages(k, intersect(type_range(k, type), all)))
		type--;
	return type;
}

/* The first frame of the range behind its first `pages` that are memory. */
static pfn_t skip_present(const struct kernel *k, struct pfn_range range, uint64_t pages)
{
	pfn_t pfn = range.start;

	for (uint32_t i = 0; i < k->memblock.memory.cnt && pages; i++) {
		const struct memblock_region *region = &k->memblock.memory.regions[i];
		struct pfn_range memory = { region->base >> PAGE_SHIFT,
			                    (region->base + region->size) >> PAGE_SHIFT };
		struct pfn_range both = intersect(memory, range);
		uint64_t taken = both.end - both.start < pages ? both.end - both.start : pages;

		if (!taken)
			continue;
		pfn = both.start + taken;
		pages -= taken;
	}
	return pfn;
}

/* Gives the kernel `share` more of the node's pages, and all below the usable zone.
 * Pages given. */
static uint64_t give_kernel(const struct kernel *k, struct pfn_range node, pfn_t usable_start,
                            uint64_t share, pfn_t *movable_start)
{
	struct pfn_range rest = { *movable_start, node.end };
	uint64_t pages = present_pages(k, rest);
	uint64_t below = present_pages(k, intersect(rest, (struct pfn_range){ 0, usable_start }));

	if (share > pages)
		share = pages;
	if (share < below)
		share = below;
	*movable_start = skip_present(k, rest, share);
	return share;
}

/*
 * Where the movable zone begins in each node, so that all together have about
 * movable_bytes. What the kernel keeps is spread evenly over the nodes; a node too
 * small for its share is the kernel's as a whole, and the others share the rest.
 */
static void find_zone_movable_pfns(const struct kernel *k, pfn_t start[MAX_NUMNODES])
{
	pfn_t usable_start = type_range(k, usable_zone_for_movable(k)).start;
	uint64_t movable = (k->config.movable_bytes >> PAGE_SHIFT) + BLOCK_PAGES - 1;
	uint64_t required = present_pages(k, (struct pfn_range){ 0, k->max_pfn });

	movable -= movable % BLOCK_PAGES;
	required -= movable < required ? movable : required;
	for_each_node (k, nid)
		start[nid] = node_range(k, nid).start;
	for (uint32_t sharers = k->nr_nodes; sharers && required > sharers; sharers--) {
		uint64_t share = required / sharers;

		for_each_node (k, nid) {
			uint64_t given;

			if (required < share)
				share = required / sharers;
			given =
			    give_kernel(k, node_range(k, nid), usable_start, share, &start[nid]);
			required -= given < required ? given : required;
		}
	}
	for_each_node (k, nid)
		start[nid] = (start[nid] + BLOCK_PAGES - 1) & ~(BLOCK_PAGES - 1);
}

/* ---- nodes ---- */

static void init_lists(struct zone *zone)
{
	for (int order = 0; order < MAX_ORDER; order++)
		for (int type = 0; type < MIGRATE_TYPES; type++)
			INIT_LIST_HEAD(&zone->free_area[order].free_list[type]);
	for (int cpu = 0; cpu < NR_CPUS_MAX; cpu++)
		for (int type = 0; type < MIGRATE_TYPES; type++)
			INIT_LIST_HEAD(&zone->pageset[cpu].lists[type]);
}

static void init_zone(struct kernel *k, struct pglist_data *node, enum zone_type type,
                      pfn_t movable_start)
{
	struct pfn_range range = node_range(k, node->node_id);
	struct zone *zone = &node->node_zones[type];

	if (type == ZONE_MOVABLE)
		range = intersect(range, (struct pfn_range){ movable_start, UINT64_MAX });
	else
		range = intersect(intersect(range, type_range(k, type)),
		                  (struct pfn_range){ 0, movable_start });
	zone->name = zone_names[type];
	zone->type = type;
	zone->zone_pgdat = node;
	zone->zone_start_pfn = range.start;
	zone->spanned_pages = range.end - range.start;
	zone->present_pages = present_pages(k, range);
	init_lists(zone);
}

void init_nodes(struct kernel *k)
{
	pfn_t movable_start[MAX_NUMNODES];

	k->nr_nodes = k->config.nr_nodes;
	k->mems_allowed = ((nodemask_t)1 << k->nr_nodes) - 1;
	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		movable_start[nid] = UINT64_MAX;
	if (k->config.movable_bytes)
		find_zone_movable_pfns(k, movable_start);
	for_each_node (k, nid) {
		struct pglist_data *node = NODE_DATA(k, nid);
		struct pfn_range range = node_range(k, nid);

		node->node_id = nid;
		node->node_start_pfn = range.start;
		node->node_spanned_pages = range.end - range.start;
		node->node_present_pages = present_pages(k, range);
		for (int type = 0; type < MAX_NR_ZONES; type++)
			init_zone(k, node, type, movable_start[nid]);
	}
}

/* ---- zonelists ---- */

static bool node_has_cpus(const struct kernel *k, uint32_t nid)
{
	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
		if (cpu_to_node(k, cpu) == nid)
			return true;
	return false;
}

/* The nearest node that is not in `used`. Of equals: the next by number before those
 * below; without CPUs, whose programs would want the memory themselves; and the one
 * to which fewer others fall back first. False: all are used. (Linux 4.4,
 * find_next_best_node()) */
static bool find_next_best_node(const struct kernel *k, uint32_t nid,
                                const uint32_t load[MAX_NUMNODES], nodemask_t used, uint32_t *best)
{
	uint32_t least = UINT32_MAX;

	for_each_node (k, to) {
		uint32_t cost = node_distance(k, nid, to) + (to < nid) + node_has_cpus(k, to);

		cost = cost * MAX_NUMNODES * MAX_NUMNODES + load[to];
		if (used >> to & 1 || cost >= least)
			continue;
		least = cost;
		*best = to;
	}
	return least < UINT32_MAX;
}

static struct zone **append_zones(struct zone **at, struct pglist_data *node)
{
	for (int type = MAX_NR_ZONES; type-- > 0;)
		if (node->node_zones[type].managed_pages)
			*at++ = &node->node_zones[type];
	return at;
}

static void build_zonelists(struct kernel *k, struct pglist_data *node, uint32_t load[MAX_NUMNODES])
{
	struct zone **at = node->node_zonelists[ZONELIST_FALLBACK].zones;
	uint32_t nid = node->node_id, prev = nid, next, weight = k->nr_nodes - 1;
	nodemask_t used = (nodemask_t)1 << nid;

	append_zones(node->node_zonelists[ZONELIST_NOFALLBACK].zones, node);
	at = append_zones(at, node);
	while (find_next_best_node(k, nid, load, used, &next)) {
		if (node_distance(k, nid, next) != node_distance(k, nid, prev))
			load[next] = weight;
		prev = next;
		weight--;
		used |= (nodemask_t)1 << next;
		at = append_zones(at, NODE_DATA(k, next));
	}
}

void build_all_zonelists(struct kernel *k)
{
	uint32_t load[MAX_NUMNODES] = { 0 };

	for_each_node (k, nid)
		build_zonelists(k, NODE_DATA(k, nid), load);
}
