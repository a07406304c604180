// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/meminfo, and what one node has of it. */
#include "mm/kernel_map.h"
#include "mm/mm.h"
#include "mm/page_alloc.h"
#include "sim/proc_mm.h"
#include "sim/proc_vmstat.h"

#include <inttypes.h>
#include <stdio.h>

#define KB_PER_PAGE (PAGE_SIZE / KIB)

/* Linux 6.1: the value stands in columns 17 to 24, or 26 behind "Node N". */
static void show_kb(struct proc_text *text, const char *name, uint64_t kb)
{
	char label[24];

	snprintf(label, sizeof(label), "%s:", name);
	proc_printf(text, "%-15s %8" PRIu64 " kB\n", label, kb);
}

static void show_pages(struct proc_text *text, const char *name, uint64_t pages)
{
	show_kb(text, name, pages * KB_PER_PAGE);
}

static uint64_t active(const struct kernel *k)
{
	return vmstat_value(k, NR_ACTIVE_ANON) + vmstat_value(k, NR_ACTIVE_FILE);
}

static uint64_t inactive(const struct kernel *k)
{
	return vmstat_value(k, NR_INACTIVE_ANON) + vmstat_value(k, NR_INACTIVE_FILE);
}

/* Linux 6.1: si_mem_available(), mm/page_alloc.c: what could be had without swapping. */
static uint64_t available(const struct kernel *k)
{
	uint64_t file = vmstat_value(k, NR_ACTIVE_FILE) + vmstat_value(k, NR_INACTIVE_FILE);
	uint64_t slab = vmstat_value(k, NR_SLAB_RECLAIMABLE), low = 0, reserve = 0;
	uint64_t free = nr_free_pages(k);

	for_each_zone (k, zone) {
		uint64_t most = 0;

		for (int type = zone->type; type < MAX_NR_ZONES; type++)
			if (zone->lowmem_reserve[type] > most)
				most = zone->lowmem_reserve[type];
		most += zone->watermark[WMARK_HIGH];
		reserve += most < zone->managed_pages ? most : zone->managed_pages;
		low += zone->watermark[WMARK_LOW];
	}
	free = free > reserve ? free - reserve : 0;
	free += file - (file / 2 < low ? file / 2 : low);
	return free + slab - (slab / 2 < low ? slab / 2 : low);
}

static bool has_highmem(const struct kernel *k)
{
	return k->config.paging->va_bits == 32;
}

/* LowTotal is what is not HighTotal. */
static void show_highmem(struct proc_text *text, const struct kernel *k)
{
	uint64_t total = totalhigh_pages(k), free = nr_free_highpages(k);

	show_pages(text, "HighTotal", total);
	show_pages(text, "HighFree", free);
	show_pages(text, "LowTotal", k->totalram_pages - total);
	show_pages(text, "LowFree", nr_free_pages(k) - free);
}

static void show_lru(struct proc_text *text, const struct kernel *k)
{
	show_pages(text, "Active", active(k));
	show_pages(text, "Inactive", inactive(k));
	show_pages(text, "Active(anon)", vmstat_value(k, NR_ACTIVE_ANON));
	show_pages(text, "Inactive(anon)", vmstat_value(k, NR_INACTIVE_ANON));
	show_pages(text, "Active(file)", vmstat_value(k, NR_ACTIVE_FILE));
	show_pages(text, "Inactive(file)", vmstat_value(k, NR_INACTIVE_FILE));
	show_pages(text, "Unevictable", vmstat_value(k, NR_UNEVICTABLE));
	show_pages(text, "Mlocked", vmstat_value(k, NR_MLOCK));
}

static void show_kernel(struct proc_text *text, const struct kernel *k)
{
	uint64_t reclaimable = vmstat_value(k, NR_SLAB_RECLAIMABLE);
	uint64_t unreclaimable = vmstat_value(k, NR_SLAB_UNRECLAIMABLE);

	show_pages(text, "KReclaimable", reclaimable);
	show_pages(text, "Slab", reclaimable + unreclaimable);
	show_pages(text, "SReclaimable", reclaimable);
	show_pages(text, "SUnreclaim", unreclaimable);
	show_kb(text, "KernelStack", vmstat_value(k, NR_KERNEL_STACK));
	show_pages(text, "PageTables", vmstat_value(k, NR_PAGE_TABLE_PAGES));
}

static void show_vmalloc(struct proc_text *text, const struct kernel *k)
{
	/* Linux: VMALLOC_END is the last byte on 64-bit, the first one after it else. */
	bool is_last_byte = k->config.paging->va_bits > 32;

	show_kb(text, "VmallocTotal", (vmalloc_end(k) - is_last_byte - vmalloc_start(k)) / KIB);
	show_pages(text, "VmallocUsed", k->nr_vmalloc_pages);
	show_kb(text, "VmallocChunk", 0); /* 0 since 4.4 */
	show_pages(text, "Percpu", pcpu_nr_pages(k));
}

/* Nothing is ever mapped by large pages. */
static void show_hugepages(struct proc_text *text, const struct kernel *k)
{
	static const char *const counts[] = { "Total", "Free", "Rsvd", "Surp" };

	show_kb(text, "AnonHugePages", 0);
	show_kb(text, "ShmemHugePages", 0);
	show_kb(text, "ShmemPmdMapped", 0);
	show_kb(text, "FileHugePages", 0);
	show_kb(text, "FilePmdMapped", 0);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		proc_printf(text, "HugePages_%s:%*u\n", counts[i], 13 - (i ? 4 : 5), 0);
	show_kb(text, "Hugepagesize", pmd_size(k) / KIB);
	show_kb(text, "Hugetlb", 0);
}

/* Linux 6.1: arch_report_meminfo(), arch/x86/mm/pat/set_memory.c. */
static void show_direct_map(struct proc_text *text, const struct kernel *k)
{
	const uint64_t *pages = k->direct_pages_count;

	show_kb(text, "DirectMap4k", pages[PAGE_4K] * 4);
	if (k->config.paging->entry_bytes == 8)
		show_kb(text, "DirectMap2M", pages[PAGE_2M] * (2 * MIB / KIB));
	else
		show_kb(text, "DirectMap4M", pages[PAGE_4M] * (4 * MIB / KIB));
	if (k->config.has_1g_pages)
		show_kb(text, "DirectMap1G", pages[PAGE_1G] * (GIB / KIB));
}

/* Linux 6.1: meminfo_proc_show(), fs/proc/meminfo.c. */
void proc_meminfo(struct proc_text *text, const struct kernel *k)
{
	show_pages(text, "MemTotal", k->totalram_pages);
	show_pages(text, "MemFree", nr_free_pages(k));
	show_pages(text, "MemAvailable", available(k));
	show_pages(text, "Buffers", 0);
	show_pages(text, "Cached", vmstat_value(k, NR_FILE_PAGES) - vmstat_value(k, NR_SWAPCACHED));
	show_pages(text, "SwapCached", vmstat_value(k, NR_SWAPCACHED));
	show_lru(text, k);
	if (has_highmem(k))
		show_highmem(text, k);
	show_pages(text, "SwapTotal", k->swap.total_swap_pages);
	show_pages(text, "SwapFree", k->swap.nr_swap_pages);
	show_pages(text, "Dirty", vmstat_value(k, NR_DIRTY));
	show_pages(text, "Writeback", vmstat_value(k, NR_WRITEBACK));
	show_pages(text, "AnonPages", vmstat_value(k, NR_ANON_PAGES));
	show_pages(text, "Mapped", vmstat_value(k, NR_MAPPED));
	show_pages(text, "Shmem", vmstat_value(k, NR_SHMEM));
	show_kernel(text, k);
	show_pages(text, "SecPageTables", 0);
	show_pages(text, "NFS_Unstable", 0);
	show_pages(text, "Bounce", 0);
	show_pages(text, "WritebackTmp", 0);
	show_pages(text, "CommitLimit", vm_commit_limit(k));
	show_pages(text, "Committed_AS", k->total_vm_committed);
	show_vmalloc(text, k);
	show_hugepages(text, k);
	show_direct_map(text, k);
}

/* ---- one node ---- */

/* A node's line begins with its name. */
static void show_node_pages(struct proc_text *text, uint32_t nid, const char *name, uint64_t pages)
{
	proc_printf(text, "Node %u ", nid);
	show_pages(text, name, pages);
}

static void show_node_lru(struct proc_text *text, uint32_t nid, const uint64_t *value)
{
	show_node_pages(text, nid, "Active", value[NR_ACTIVE_ANON] + value[NR_ACTIVE_FILE]);
	show_node_pages(text, nid, "Inactive", value[NR_INACTIVE_ANON] + value[NR_INACTIVE_FILE]);
	show_node_pages(text, nid, "Active(anon)", value[NR_ACTIVE_ANON]);
	show_node_pages(text, nid, "Inactive(anon)", value[NR_INACTIVE_ANON]);
	show_node_pages(text, nid, "Active(file)", value[NR_ACTIVE_FILE]);
	show_node_pages(text, nid, "Inactive(file)", value[NR_INACTIVE_FILE]);
	show_node_pages(text, nid, "Unevictable", value[NR_UNEVICTABLE]);
	show_node_pages(text, nid, "Mlocked", value[NR_MLOCK]);
}

static void show_node_slab(struct proc_text *text, uint32_t nid, const uint64_t *value)
{
	uint64_t reclaimable = value[NR_SLAB_RECLAIMABLE];

	show_node_pages(text, nid, "KReclaimable", reclaimable);
	show_node_pages(text, nid, "Slab", reclaimable + value[NR_SLAB_UNRECLAIMABLE]);
	show_node_pages(text, nid, "SReclaimable", reclaimable);
	show_node_pages(text, nid, "SUnreclaim", value[NR_SLAB_UNRECLAIMABLE]);
}

/* Linux 6.1: node_read_meminfo(), drivers/base/node.c. */
void proc_node_meminfo(struct proc_text *text, const struct kernel *k, uint32_t nid)
{
	struct node_counts counts;
	const uint64_t *value = counts.value;
	uint64_t total = 0;

	count_node(k, nid, &counts);
	for_each_zone_of_node (NODE_DATA(k, nid), zone)
		total += zone->managed_pages;
	show_node_pages(text, nid, "MemTotal", total);
	show_node_pages(text, nid, "MemFree", value[NR_FREE_PAGES]);
	show_node_pages(text, nid, "MemUsed", total - value[NR_FREE_PAGES]);
	show_node_pages(text, nid, "SwapCached", value[NR_SWAPCACHED]);
	show_node_lru(text, nid, value);
	show_node_pages(text, nid, "Dirty", value[NR_DIRTY]);
	show_node_pages(text, nid, "Writeback", value[NR_WRITEBACK]);
	show_node_pages(text, nid, "FilePages", value[NR_FILE_PAGES]);
	show_node_pages(text, nid, "Mapped", value[NR_MAPPED]);
	show_node_pages(text, nid, "AnonPages", value[NR_ANON_PAGES]);
	show_node_pages(text, nid, "Shmem", value[NR_SHMEM]);
	if (counts.is_known[NR_KERNEL_STACK]) /* in KB */
		show_node_pages(text, nid, "KernelStack", value[NR_KERNEL_STACK] / KB_PER_PAGE);
	show_node_pages(text, nid, "PageTables", value[NR_PAGE_TABLE_PAGES]);
	show_node_slab(text, nid, value);
}
