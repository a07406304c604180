/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proc_vmstat - what the memory manager counts: by node, for whoever prints it.
 */
#ifndef PW_SIM_PROC_VMSTAT_H
#define PW_SIM_PROC_VMSTAT_H

#include "mm/kernel.h"

struct node_counts {
	uint64_t value[NR_VM_QUANTITIES];
	bool is_known[NR_VM_QUANTITIES];
};

/* The figures of one node. All are known of the only node; of one of several, those
 * that mem_map tells, page by page. */
void count_node(const struct kernel *k, uint32_t nid, struct node_counts *counts);

/* Only kernels with 4-byte addresses have ZONE_HIGHMEM, only others ZONE_DMA32. */
bool kernel_has_zone(const struct kernel *k, enum zone_type type);

#endif
