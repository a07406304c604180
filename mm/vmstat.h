/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmstat - the kernel's event counters, under /proc/vmstat's names.
 * Quantities (nr_*) are not kept twice: vmstat_value() asks their owner.
 */
#ifndef PW_MM_VMSTAT_H
#define PW_MM_VMSTAT_H

#include "mm/mm_types.h"
#include "mm/mmzone.h"

#define VM_EVENTS(X)                                                                               \
	X(PGPGIN, "pgpgin") /* KB read from disks, swap too, as Linux has it */                    \
	X(PGPGOUT, "pgpgout")                                                                      \
	X(PSWPIN, "pswpin") /* pages */                                                            \
	X(PSWPOUT, "pswpout")                                                                      \
	X(PGALLOC_DMA, "pgalloc_dma")                                                              \
	X(PGALLOC_DMA32, "pgalloc_dma32")                                                          \
	X(PGALLOC_NORMAL, "pgalloc_normal")                                                        \
	X(PGALLOC_HIGH, "pgalloc_high")                                                            \
	X(PGALLOC_MOVABLE, "pgalloc_movable")                                                      \
	X(ALLOCSTALL_DMA, "allocstall_dma")                                                        \
	X(ALLOCSTALL_DMA32, "allocstall_dma32")                                                    \
	X(ALLOCSTALL_NORMAL, "allocstall_normal")                                                  \
	X(ALLOCSTALL_HIGH, "allocstall_high")                                                      \
	X(ALLOCSTALL_MOVABLE, "allocstall_movable")                                                \
	X(PGFREE, "pgfree")                                                                        \
	X(PGACTIVATE, "pgactivate")                                                                \
	X(PGDEACTIVATE, "pgdeactivate")                                                            \
	X(PGFAULT, "pgfault")                                                                      \
	X(PGMAJFAULT, "pgmajfault")                                                                \
	X(PGREFILL, "pgrefill")                                                                    \
	X(PGREUSE, "pgreuse")                                                                      \
	X(PGSTEAL_KSWAPD, "pgsteal_kswapd")                                                        \
	X(PGSTEAL_DIRECT, "pgsteal_direct")                                                        \
	X(PGSTEAL_ANON, "pgsteal_anon")                                                            \
	X(PGSTEAL_FILE, "pgsteal_file")                                                            \
	X(PGSCAN_KSWAPD, "pgscan_kswapd")                                                          \
	X(PGSCAN_DIRECT, "pgscan_direct")                                                          \
	X(PGSCAN_ANON, "pgscan_anon")                                                              \
	X(PGSCAN_FILE, "pgscan_file")                                                              \
	X(SLABS_SCANNED, "slabs_scanned")                                                          \
	X(KSWAPD_LOW_WMARK_HIT_QUICKLY, "kswapd_low_wmark_hit_quickly")                            \
	X(KSWAPD_HIGH_WMARK_HIT_QUICKLY, "kswapd_high_wmark_hit_quickly")                          \
	X(PAGEOUTRUN, "pageoutrun")                                                                \
	X(DROP_PAGECACHE, "drop_pagecache")                                                        \
	X(DROP_SLAB, "drop_slab")                                                                  \
	X(PGMIGRATE_SUCCESS, "pgmigrate_success")                                                  \
	X(PGMIGRATE_FAIL, "pgmigrate_fail")                                                        \
	X(OOM_KILL, "oom_kill")                                                                    \
	X(NR_TLB_REMOTE_FLUSH, "nr_tlb_remote_flush")                                              \
	X(NR_TLB_REMOTE_FLUSH_RECEIVED, "nr_tlb_remote_flush_received")                            \
	X(NR_TLB_LOCAL_FLUSH_ALL, "nr_tlb_local_flush_all")                                        \
	X(NR_TLB_LOCAL_FLUSH_ONE, "nr_tlb_local_flush_one")                                        \
	X(SWAP_RA, "swap_ra")                                                                      \
	X(SWAP_RA_HIT, "swap_ra_hit")                                                              \
	X(WORKINGSET_REFAULT_ANON, "workingset_refault_anon")                                      \
	X(WORKINGSET_REFAULT_FILE, "workingset_refault_file")                                      \
	X(WORKINGSET_ACTIVATE_ANON, "workingset_activate_anon")                                    \
	X(WORKINGSET_ACTIVATE_FILE, "workingset_activate_file")                                    \
	X(WORKINGSET_RESTORE_ANON, "workingset_restore_anon")                                      \
	X(WORKINGSET_RESTORE_FILE, "workingset_restore_file")

enum vm_event_item {
#define X(id, name) id,
	VM_EVENTS(X)
#undef X
	    NR_VM_EVENT_ITEMS
};

/* How a fault was answered: faults.by_kind of the statistics. */
#define VM_FAULT_KINDS(X)                                                                          \
	X(FAULT_ANON_ZERO, "anon_zero") /* read of untouched anonymous memory: the zero page */    \
	X(FAULT_ANON, "anon")           /* write to it: a cleared page */                          \
	X(FAULT_FILE_READ, "file_read")                                                            \
	X(FAULT_FILE_WRITE, "file_write") /* shared, or the private copy at once */                \
	X(FAULT_COW, "cow")               /* write to a present read-only page */                  \
	X(FAULT_SWAP_IN, "swap_in")                                                                \
	X(FAULT_SHMEM, "shmem")                                                                    \
	X(FAULT_STACK, "stack")       /* the stack grew, then as anon */                           \
	X(FAULT_SPURIOUS, "spurious") /* the entry allowed it by the time it was looked at */

enum vm_fault_kind {
#define X(id, name) id,
	VM_FAULT_KINDS(X)
#undef X
	    NR_VM_FAULT_KINDS
};

extern const char *const vm_event_names[NR_VM_EVENT_ITEMS];
extern const char *const vm_fault_kind_names[NR_VM_FAULT_KINDS];

/* Figures of the moment, in pages unless a name of Linux's says else. */
#define VM_QUANTITIES(X)                                                                           \
	X(NR_FREE_PAGES, "nr_free_pages")                                                          \
	X(NR_INACTIVE_ANON, "nr_inactive_anon")                                                    \
	X(NR_ACTIVE_ANON, "nr_active_anon")                                                        \
	X(NR_INACTIVE_FILE, "nr_inactive_file")                                                    \
	X(NR_ACTIVE_FILE, "nr_active_file")                                                        \
	X(NR_UNEVICTABLE, "nr_unevictable")                                                        \
	X(NR_MLOCK, "nr_mlock")                                                                    \
	X(NR_ANON_PAGES, "nr_anon_pages")                                                          \
	X(NR_MAPPED, "nr_mapped")         /* file pages that a page table maps */                  \
	X(NR_FILE_PAGES, "nr_file_pages") /* page cache, swap cache too */                         \
	X(NR_DIRTY, "nr_dirty")                                                                    \
	X(NR_WRITEBACK, "nr_writeback")                                                            \
	X(NR_SHMEM, "nr_shmem")                                                                    \
	X(NR_PAGE_TABLE_PAGES, "nr_page_table_pages")                                              \
	X(NR_KERNEL_STACK, "nr_kernel_stack") /* KB */                                             \
	X(NR_SLAB_RECLAIMABLE, "nr_slab_reclaimable")                                              \
	X(NR_SLAB_UNRECLAIMABLE, "nr_slab_unreclaimable")                                          \
	X(NR_SWAPCACHED, "nr_swapcached")                                                          \
	X(NUMA_HIT, "numa_hit") /* in order of enum numa_stat_item */                              \
	X(NUMA_MISS, "numa_miss")                                                                  \
	X(NUMA_FOREIGN, "numa_foreign")                                                            \
	X(NUMA_INTERLEAVE, "numa_interleave")                                                      \
	X(NUMA_LOCAL, "numa_local")                                                                \
	X(NUMA_OTHER, "numa_other")

enum vm_quantity {
#define X(id, name) id,
	VM_QUANTITIES(X)
#undef X
	    NR_VM_QUANTITIES
};

extern const char *const vm_quantity_names[NR_VM_QUANTITIES];

/* Kept by whoever changes them; nr_free_pages, the LRU sizes and numa_* are derived
 * from the zones instead (vmstat_value() does it). Wraps never: all are counts. */
struct vm_quantities {
	int64_t value[NR_VM_QUANTITIES];
};

/* count_vm_event(), count_vm_events() and mod_vm_quantity() stand in mm/kernel.h,
 * inline: they need the whole struct kernel. */

uint64_t vmstat_value(const struct kernel *k, enum vm_quantity quantity);

/* How much of the zone's free memory is of no use to a block of the order, in
 * thousandths: 0, none of it is split too small; 1000, all is (or there is none). */
int unusable_free_index(const struct zone *zone, unsigned order);
/* Why the zone has no free block of the order, in thousandths: towards 0, too little
 * is free; towards 1000, it is too fragmented. -1000: it has one. */
int fragmentation_index(const struct zone *zone, unsigned order);

#endif
