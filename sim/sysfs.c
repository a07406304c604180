// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sysfs - the table of /sys's files: nodes and CPUs (Linux 6.1, drivers/base/node.c,
 * cpu.c), and what the memory manager can do (mm/).
 */
#include "mm/nodes.h"
#include "mm/page_alloc.h"
#include "sim/machine.h"
#include "sim/proc_files.h"
#include "sim/proc_mm.h"

/* ---- lists of CPUs and nodes, as cpulist, "0-3" or "0,2", and as cpumap, "f" ---- */

static void show_list(struct proc_text *text, uint64_t set)
{
	const char *comma = "";

	for (unsigned first = 0; first < 64; first++) {
		unsigned last = first;

		if (!(set >> first & 1))
			continue;
		while (last < 63 && set >> (last + 1) & 1)
			last++;
		proc_printf(text, first == last ? "%s%u" : "%s%u-%u", comma, first, last);
		comma = ",";
		first = last;
	}
	proc_printf(text, "\n");
}

static uint64_t first_bits(uint32_t nr)
{
	return ((uint64_t)1 << nr) - 1;
}

static void show_nodes_with_cpus(struct proc_text *text, const struct proc_about *about)
{
	const struct kernel *k = &about->machine->kernel;
	uint64_t set = 0;

	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
		set |= (uint64_t)1 << cpu_to_node(k, cpu);
	show_list(text, set);
}

static uint64_t node_cpus(const struct proc_about *about)
{
	const struct kernel *k = &about->machine->kernel;
	uint64_t set = 0;

	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
		set |= (uint64_t)(cpu_to_node(k, cpu) == about->number) << cpu;
	return set;
}

static void show_cpus(struct proc_text *text, const struct proc_about *about)
{
	show_list(text, first_bits(about->machine->config.cpus));
}

static void show_nodes(struct proc_text *text, const struct proc_about *about)
{
	show_list(text, first_bits(about->machine->kernel.nr_nodes));
}

static void show_node_cpulist(struct proc_text *text, const struct proc_about *about)
{
	show_list(text, node_cpus(about));
}

static void show_node_cpumap(struct proc_text *text, const struct proc_about *about)
{
	proc_printf(text, "%0*x\n", (int)(about->machine->config.cpus + 3) / 4,
	            (unsigned)node_cpus(about));
}

/* ---- nodes ---- */

static void show_node_meminfo(struct proc_text *text, const struct proc_about *about)
{
	proc_node_meminfo(text, &about->machine->kernel, (uint32_t)about->number);
}

static void show_node_numastat(struct proc_text *text, const struct proc_about *about)
{
	proc_node_numastat(text, &about->machine->kernel, (uint32_t)about->number);
}

static void show_node_vmstat(struct proc_text *text, const struct proc_about *about)
{
	proc_node_vmstat(text, &about->machine->kernel, (uint32_t)about->number);
}

static void show_node_distance(struct proc_text *text, const struct proc_about *about)
{
	const struct kernel *k = &about->machine->kernel;

	for_each_node (k, nid)
		proc_printf(text, "%s%u", nid ? " " : "",
		            node_distance(k, (uint32_t)about->number, nid));
	proc_printf(text, "\n");
}

/* ---- CPUs: cores of one package ---- */

static void show_core_id(struct proc_text *text, const struct proc_about *about)
{
	proc_printf(text, "%u\n", (unsigned)about->number);
}

static void show_own_list(struct proc_text *text, const struct proc_about *about)
{
	show_list(text, (uint64_t)1 << about->number);
}

#define CPU "devices/system/cpu/"
#define NODE "devices/system/node/"
#define MM "kernel/mm/"

static const struct proc_file sys_files[] = {
	PROC_FILE(CPU "cpuN/topology/core_cpus_list", 0444, .show = show_own_list),
	PROC_FILE(CPU "cpuN/topology/core_id", 0444, .show = show_core_id),
	PROC_FILE(CPU "cpuN/topology/core_siblings_list", 0444, .show = show_cpus),
	PROC_FILE(CPU "cpuN/topology/package_cpus_list", 0444, .show = show_cpus),
	PROC_TEXT(CPU "cpuN/topology/physical_package_id", "0\n"),
	PROC_FILE(CPU "cpuN/topology/thread_siblings_list", 0444, .show = show_own_list),
	PROC_TEXT(CPU "isolated", "\n"),
	PROC_TEXT(CPU "kernel_max", "7\n"),
	PROC_TEXT(CPU "offline", "\n"),
	PROC_FILE(CPU "online", 0444, .show = show_cpus),
	PROC_FILE(CPU "possible", 0444, .show = show_cpus),
	PROC_FILE(CPU "present", 0444, .show = show_cpus),
	PROC_FILE(NODE "has_cpu", 0444, .show = show_nodes_with_cpus),
	PROC_FILE(NODE "has_memory", 0444, .show = show_nodes),
	PROC_FILE(NODE "has_normal_memory", 0444, .show = show_nodes),
	PROC_FILE(NODE "nodeN/cpulist", 0444, .show = show_node_cpulist),
	PROC_FILE(NODE "nodeN/cpumap", 0444, .show = show_node_cpumap),
	PROC_FILE(NODE "nodeN/distance", 0444, .show = show_node_distance),
	PROC_FILE(NODE "nodeN/meminfo", 0444, .show = show_node_meminfo),
	PROC_FILE(NODE "nodeN/numastat", 0444, .show = show_node_numastat),
	PROC_FILE(NODE "nodeN/vmstat", 0444, .show = show_node_vmstat),
	PROC_FILE(NODE "online", 0444, .show = show_nodes),
	PROC_FILE(NODE "possible", 0444, .show = show_nodes),
	PROC_TEXT(MM "ksm/run", "0\n"),
	PROC_TEXT(MM "numa/demotion_enabled", "false\n"),
	PROC_TEXT(MM "swap/vma_ra_enabled", "false\n"),
	PROC_TEXT(MM "transparent_hugepage/enabled", "always madvise [never]\n"),
};

const struct proc_tree sys_tree = {
	.name = "sys",
	.dev = 22,
	.files = sys_files,
	.nr_files = sizeof(sys_files) / sizeof(sys_files[0]),
};
