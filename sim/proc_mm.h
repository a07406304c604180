/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proc_mm - the memory manager's figures in the formats of /proc (Linux 6.1,
 * Documentation/filesystems/proc.rst). They need a kernel alone, with or without a
 * machine around it: /proc of a guest, and `show` of pagewalk mm.
 */
#ifndef PW_SIM_PROC_MM_H
#define PW_SIM_PROC_MM_H

#include "mm/kernel.h"
#include "sim/proc_text.h"

void proc_buddyinfo(struct proc_text *text, const struct kernel *k);
void proc_meminfo(struct proc_text *text, const struct kernel *k);
void proc_pagetypeinfo(struct proc_text *text, const struct kernel *k);
void proc_slabinfo(struct proc_text *text, const struct kernel *k);
void proc_swaps(struct proc_text *text, const struct kernel *k);
void proc_vmallocinfo(struct proc_text *text, const struct kernel *k);
void proc_vmstat(struct proc_text *text, const struct kernel *k);
void proc_zoneinfo(struct proc_text *text, const struct kernel *k);

/* Of one node: /sys/devices/system/node/nodeN. */
void proc_node_meminfo(struct proc_text *text, const struct kernel *k, uint32_t nid);
void proc_node_numastat(struct proc_text *text, const struct kernel *k, uint32_t nid);
void proc_node_vmstat(struct proc_text *text, const struct kernel *k, uint32_t nid);

#endif
