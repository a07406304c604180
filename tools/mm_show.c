/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_show - the shell's `show`: what /proc has, and what it has not.
 */
#include "mm/ioremap.h"
#include "mm/page_alloc.h"
#include "sim/proc_mm.h"
#include "tools/mm_shell.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* As in /proc. */
static const struct {
	const char *name;
	void (*print)(struct proc_text *text, const struct kernel *k);
} proc_shows[] = {
	{ "zones", proc_zoneinfo },      { "zoneinfo", proc_zoneinfo },
	{ "buddyinfo", proc_buddyinfo }, { "pagetypeinfo", proc_pagetypeinfo },
	{ "slabinfo", proc_slabinfo },   { "vmallocinfo", proc_vmallocinfo },
	{ "meminfo", proc_meminfo },     { "vmstat", proc_vmstat },
	{ "swaps", proc_swaps },
};

static void show_node(const struct mm_shell *sh, struct pglist_data *node)
{
	fprintf(sh->out, "Node %u: frames %" PRIu64 " to %" PRIu64 ", %" PRIu64 " present\n",
	        node->node_id, node->node_start_pfn,
	        node->node_start_pfn + node->node_spanned_pages - 1, node->node_present_pages);
	for_each_zone_of_node (node, zone)
		fprintf(sh->out,
		        "  %-8s from frame %8" PRIu64 ": spanned %8" PRIu64 "  present %8" PRIu64
		        "  managed %8" PRIu64 "\n",
		        zone->name, zone->zone_start_pfn, zone->spanned_pages, zone->present_pages,
		        zone->managed_pages);
}

/* Who is on it, and how far the others are. */
static void show_neighbours(const struct mm_shell *sh, uint32_t nid)
{
	const struct kernel *k = shell_kernel(sh);

	fprintf(sh->out, "  CPUs");
	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
		if (cpu_to_node(k, cpu) == nid)
			fprintf(sh->out, " %u", cpu);
	fprintf(sh->out, "; distances");
	for_each_node (k, to)
		fprintf(sh->out, " %u", k->config.nodes[nid].distance[to]);
	putc('\n', sh->out);
}

static void show_nodes(const struct mm_shell *sh)
{
	const struct kernel *k = shell_kernel(sh);

	for_each_node (k, nid) {
		show_node(sh, NODE_DATA(k, nid));
		if (k->nr_nodes > 1)
			show_neighbours(sh, nid);
	}
}

const char *const mm_numa_stat_names[NR_NUMA_STATS] = {
	[NUMA_STAT_HIT] = "hit",         [NUMA_STAT_MISS] = "miss",
	[NUMA_STAT_FOREIGN] = "foreign", [NUMA_STAT_INTERLEAVE] = "interleave",
	[NUMA_STAT_LOCAL] = "local",     [NUMA_STAT_OTHER] = "other",
};

/* As numastat(8) has it. */
static void show_numastat(const struct mm_shell *sh)
{
	const struct kernel *k = shell_kernel(sh);

	fprintf(sh->out, "%-16s", "");
	for_each_node (k, nid)
		fprintf(sh->out, "     node%u", nid);
	putc('\n', sh->out);
	for (int i = 0; i < NR_NUMA_STATS; i++) {
		fprintf(sh->out, "numa_%-11s", mm_numa_stat_names[i]);
		for_each_node (k, nid) {
			uint64_t sum = 0;

			for_each_zone_of_node (NODE_DATA(k, nid), zone)
				sum += zone->numa_stat[i];
			fprintf(sh->out, " %9" PRIu64, sum);
		}
		putc('\n', sh->out);
	}
}

static void show_watermarks(const struct mm_shell *sh)
{
	const struct kernel *k = shell_kernel(sh);
	char name[MM_NAME_MAX];

	fprintf(sh->out, "%-9s %8s %8s %8s %8s\n", "zone", "free", "min", "low", "high");
	for_each_zone (k, zone) {
		mm_zone_name(sh, zone, name);
		fprintf(sh->out, "%-9s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "  %s\n",
		        name, zone->nr_free_pages, zone->watermark[WMARK_MIN],
		        zone->watermark[WMARK_LOW], zone->watermark[WMARK_HIGH],
		        zone->nr_free_pages > zone->watermark[WMARK_HIGH]  ? "plenty"
		        : zone->nr_free_pages > zone->watermark[WMARK_LOW] ? "between low and high"
		        : zone->nr_free_pages > zone->watermark[WMARK_MIN] ? "kswapd is due"
		                                                           : "reserves only");
	}
}

/* Linux 4.4, mm/memblock.c, __memblock_dump_all(). */
static void show_regions(const struct mm_shell *sh, const char *name,
                         const struct memblock_type *type)
{
	for (uint32_t i = 0; i < type->cnt; i++) {
		const struct memblock_region *region = &type->regions[i];

		shell_say(sh, "%s[%u]  [%#012" PRIx64 "-%#012" PRIx64 "], %" PRIu64 " bytes", name,
		          i, region->base, region->base + region->size - 1, region->size);
	}
}

static void show_memblock(const struct mm_shell *sh)
{
	const struct kernel *k = shell_kernel(sh);

	show_regions(sh, "memory", &k->memblock.memory);
	show_regions(sh, "reserved", &k->memblock.reserved);
	shell_say(sh, "kernel image  [%#012" PRIx64 "-%#012" PRIx64 "]", k->kernel_image_start,
	          k->kernel_image_end - 1);
	shell_say(sh, "mem_map       [%#012" PRIx64 "-%#012" PRIx64 "], %zu bytes a frame",
	          (pa_t)((const uint8_t *)k->mem_map - k->ram->base),
	          (pa_t)((const uint8_t *)(k->mem_map + k->max_pfn) - k->ram->base) - 1,
	          sizeof(struct page));
}

static void show_devices(const struct mm_shell *sh)
{
	const struct mmio_device *device;

	list_for_each_entry (device, &shell_kernel(sh)->mmio_devices, devices)
		shell_say(sh, "%#" PRIx64 "  %" PRIu64 " bytes  %s", device->start,
		          device->size_bytes, device->ops->name);
}

/* What reclaim has done, as /proc/vmstat names it. */
static void show_reclaim(const struct mm_shell *sh)
{
	static const enum vm_event_item events[] = {
		PGSCAN_KSWAPD,
		PGSTEAL_KSWAPD,
		PGSCAN_DIRECT,
		PGSTEAL_DIRECT,
		PGSCAN_ANON,
		PGSTEAL_ANON,
		PGSCAN_FILE,
		PGSTEAL_FILE,
		PGREFILL,
		PGACTIVATE,
		PGDEACTIVATE,
		ALLOCSTALL_DMA,
		ALLOCSTALL_DMA32,
		ALLOCSTALL_NORMAL,
		PAGEOUTRUN,
		PSWPIN,
		PSWPOUT,
		SWAP_RA,
		SWAP_RA_HIT,
		WORKINGSET_REFAULT_ANON,
		WORKINGSET_REFAULT_FILE,
		SLABS_SCANNED,
		OOM_KILL,
	};
	const struct kernel *k = shell_kernel(sh);

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (k->vm_events[events[i]])
			shell_say(sh, "%-24s %8" PRIu64, vm_event_names[events[i]],
			          k->vm_events[events[i]]);
}

/* The frames of the first pages of each LRU list; reclaim begins at the other end. */
static void show_lru_list(const struct mm_shell *sh, const struct list_head *list)
{
	const struct kernel *k = shell_kernel(sh);
	const struct page *page;
	uint64_t nr = 0;

	list_for_each_entry (page, list, lru)
		if (nr++ < 12)
			fprintf(sh->out, " %" PRIu64, page_to_pfn(k, page));
	fprintf(sh->out, "%s  (%" PRIu64 ")\n", nr > 12 ? " ..." : "", nr);
}

static void show_lru(const struct mm_shell *sh)
{
	static const char *const names[NR_LRU_LISTS] = {
		[LRU_INACTIVE_ANON] = "inactive anon", [LRU_ACTIVE_ANON] = "active anon",
		[LRU_INACTIVE_FILE] = "inactive file", [LRU_ACTIVE_FILE] = "active file",
		[LRU_UNEVICTABLE] = "unevictable",
	};
	const struct kernel *k = shell_kernel(sh);

	for_each_node (k, nid)
		for (int i = 0; i < NR_LRU_LISTS; i++) {
			fprintf(sh->out, "Node %u %-13s:", nid, names[i]);
			show_lru_list(sh, &NODE_DATA(k, nid)->lruvec.lists[i]);
		}
}

/* The kernel's own per-CPU variables. */
static void show_percpu(const struct mm_shell *sh)
{
	struct kernel *k = shell_kernel(sh);

	fprintf(sh->out, "%-4s %12s %12s %12s %12s\n", "CPU", "pcp_refills", "pcp_drains",
	        "slab_refills", "slab_flushes");
	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++) {
		const struct percpu_static *statics = per_cpu(k, cpu);

		fprintf(sh->out, "%-4u %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64 "\n",
		        cpu, statics->pcp_refills, statics->pcp_drains, statics->slab_refills,
		        statics->slab_flushes);
	}
	shell_say(sh, "%" PRIu64 " pages for all chunks, %" PRIu64 " areas allocated",
	          pcpu_nr_pages(k), k->percpu.nr_areas);
}

static void show_handles(const struct mm_shell *sh)
{
	const struct handle *handle;

	list_for_each_entry (handle, &sh->handles, handles) {
		if (handle->kind == &handle_number)
			shell_say(sh, "%-12s %" PRId64, handle->name, (int64_t)handle->size);
		else
			shell_say(sh, "%-12s %s", handle->name,
			          handle->object ? handle->kind->name : "NULL");
	}
}

static const struct {
	const char *name;
	void (*show)(const struct mm_shell *sh);
} own_shows[] = {
	{ "nodes", show_nodes },
	{ "numastat", show_numastat },
	{ "watermarks", show_watermarks },
	{ "memblock", show_memblock },
	{ "devices", show_devices },
	{ "reclaim", show_reclaim },
	{ "lru", show_lru },
	{ "percpu", show_percpu },
	{ "handles", show_handles },
};

static int show_proc(const struct mm_shell *sh,
                     void (*print)(struct proc_text *text, const struct kernel *k))
{
	struct proc_text text = { 0 };
	bool no_memory;

	print(&text, shell_kernel(sh));
	if (text.len)
		fwrite(text.data, 1, text.len, sh->out);
	no_memory = text.no_memory;
	free(text.data);
	return no_memory ? shell_mistake(sh, "out of memory") : 0;
}

static int run_show(struct mm_shell *sh, const struct mm_call *call)
{
	const char *what = call->argv[0];

	if (!strcmp(what, "page")) {
		if (call->argc == 1)
			return shell_mistake(sh, "show page: which?");
		return mm_show_page(sh, call->argv[1]);
	}
	if (call->argc > 1)
		return shell_mistake(sh, "show %s takes no argument", what);
	for (size_t i = 0; i < sizeof(own_shows) / sizeof(own_shows[0]); i++) {
		if (strcmp(own_shows[i].name, what) != 0)
			continue;
		own_shows[i].show(sh);
		return 0;
	}
	for (size_t i = 0; i < sizeof(proc_shows) / sizeof(proc_shows[0]); i++)
		if (!strcmp(proc_shows[i].name, what))
			return show_proc(sh, proc_shows[i].print);
	return shell_mistake(sh, "there is no %s to show; see help show", what);
}

const char *mm_show_name(size_t i)
{
	const size_t nr_own = sizeof(own_shows) / sizeof(own_shows[0]);
	const size_t nr_proc = sizeof(proc_shows) / sizeof(proc_shows[0]);

	if (i < nr_own)
		return own_shows[i].name;
	if (i < nr_own + nr_proc)
		return proc_shows[i - nr_own].name;
	return i == nr_own + nr_proc ? "page" : NULL;
}

const struct mm_command mm_show_commands[] = {
	{ "show", "WHAT", 1, 2, NAMES_NOTHING, run_show,
	  "nodes, numastat, zones, watermarks, buddyinfo, pagetypeinfo, slabinfo, vmallocinfo, "
	  "meminfo, "
	  "vmstat, swaps, reclaim, lru, percpu, memblock, devices, handles, page N|NAME" },
	{ 0 },
};
