/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel - what Linux keeps in global variables: the state of one simulated
 * kernel's memory manager, and what it asks of the machine under it.
 */
#ifndef PW_MM_KERNEL_H
#define PW_MM_KERNEL_H

#include "mm/fault_inject.h"
#include "mm/highmem.h"
#include "mm/mm_types.h"
#include "mm/mmzone.h"
#include "mm/percpu.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "mm/vmstat.h"
#include "mmu/event.h"
#include "mmu/paging.h"
#include "mmu/ram.h"

#include <assert.h>

/* Why translations of an mm have to go. */
#define TLB_FLUSH_CAUSES(X)                                                                        \
	X(FLUSH_MUNMAP, "munmap")                                                                  \
	X(FLUSH_ZAP, "zap") /* pages of a mapping that stays: madvise, truncate */                 \
	X(FLUSH_MPROTECT, "mprotect")                                                              \
	X(FLUSH_MREMAP, "mremap")                                                                  \
	X(FLUSH_FORK, "fork") /* write-protected, to be copied */                                  \
	X(FLUSH_COW, "cow")                                                                        \
	X(FLUSH_RECLAIM, "reclaim")                                                                \
	X(FLUSH_WRITEBACK, "writeback") /* write-protected, to see the next write */               \
	X(FLUSH_MIGRATE, "migrate")     /* the page lies in another frame */                       \
	X(FLUSH_CLEAR_REFS, "clear_refs")                                                          \
	X(FLUSH_EXIT, "exit")                                                                      \
	X(FLUSH_KERNEL, "kernel") /* vfree() and the like, flush_tlb_all() */

enum tlb_flush_cause {
#define X(id, name) id,
	TLB_FLUSH_CAUSES(X)
#undef X
	    NR_TLB_FLUSH_CAUSES
};

extern const char *const tlb_flush_cause_names[NR_TLB_FLUSH_CAUSES];

#define TLB_FLUSH_ALL UINT64_MAX

/* Linux: struct flush_tlb_info. */
struct tlb_flush {
	va_t start, end;   /* whole pages; end TLB_FLUSH_ALL: all of the mm's */
	bool freed_tables; /* page tables are gone too: no CPU may even walk them */
	enum tlb_flush_cause cause;
};

/* What the kernel asks of the machine. No slot may be NULL. `machine` is
 * kernel.machine. */
struct machine_ops {
	/* Translations of mm changed; drop them in every CPU that may hold them.
	 * Called after the page tables have been written, by mm/tlbflush.h. */
	void (*flush_tlb_mm_range)(void *machine, struct mm_struct *mm,
	                           const struct tlb_flush *flush);
	void (*flush_tlb_all)(void *machine);
	/* The same for kernel addresses, which all mms share. */
	void (*flush_tlb_kernel_range)(void *machine, va_t start, va_t end);
	/* For one page that no CPU but this one can have touched. */
	void (*flush_tlb_one_kernel)(void *machine, va_t va);
	/* The kernel itself touches `words` aligned 8-byte words from the kernel address
	 * va on, all in va's page: counted as the kernel's accesses. False: nothing is
	 * mapped there, or not for this; else *pa is where the byte at va lies, in RAM
	 * or not. Not before the machine has a CPU. */
	bool (*kernel_access)(void *machine, va_t va, enum access_kind kind, uint64_t words,
	                      pa_t *pa);
	/* The kernel is about to give a frame another content (read from disk,
	 * cleared, copied to): instructions decoded from it are void. */
	void (*frame_changed)(void *machine, pfn_t pfn);
	/* A disk was used for nr_pages in one request: simulated time passes. */
	void (*disk_wait)(void *machine, uint32_t nr_pages, bool write);
	/* SIGKILL to every task of mm: the OOM killer chose it. */
	void (*oom_kill)(void *machine, struct mm_struct *mm);
	/* One line of the kernel log, without newline. */
	void (*printk)(void *machine, const char *line);
};

struct reclaim_policy; /* mm/reclaim_policy.h */
struct task_policy;    /* mm/mempolicy.h */

/* A node's RAM lies behind that of the nodes before it. */
struct node_config {
	uint64_t ram_bytes; /* a multiple of the largest block (4 MB) but for the last */
	uint8_t distance[MAX_NUMNODES]; /* to each node, as in ACPI's SLIT: 10 to itself */
};

#define LOCAL_DISTANCE 10
#define REMOTE_DISTANCE 20 /* where nothing else is known */
#define MAX_DISTANCE 254   /* 255 means unreachable */

/* Settled at boot by the machine description; the sysctls may change later. */
struct kernel_config {
	const struct paging_mode *paging; /* of user page tables */
	uint32_t nr_cpus;
	uint32_t cpu_node[NR_CPUS_MAX]; /* the node that each is on */
	uint32_t nr_nodes;              /* 0: one, of all RAM */
	struct node_config nodes[MAX_NUMNODES];
	uint64_t movable_bytes;      /* for ZONE_MOVABLE alone (Linux: movablecore=) */
	uint64_t kernel_image_bytes; /* reserved from 1 MB (or as RAM allows) on */
	bool has_1g_pages;           /* the CPU does: for the direct map */
	bool highpte;                /* users' page tables may lie in high memory */
	bool small_stacks;           /* one page a task, and interrupt stacks of their own */
	/* sysctls */
	uint64_t min_free_kbytes; /* 0: set by kernel_boot() to Linux's default */
	const struct reclaim_policy *reclaim_policy; /* NULL: set by kernel_boot() to two-list */
	uint64_t reclaim_seed;                       /* of policies that leave it to chance */
	/* Of higher zones' pages, 1/ratio are kept from their users here; 0: Linux's
	 * default. */
	uint32_t lowmem_reserve_ratio[MAX_NR_ZONES - 1];
	uint32_t swappiness;             /* 0 to 100; Linux: 60 */
	uint32_t page_cluster;           /* swap read-ahead is 1 << page_cluster pages; 0: off */
	uint32_t fault_around_pages;     /* power of two; 1: off; Linux: 16 */
	uint32_t read_ahead_pages;       /* largest file read-ahead window; 0: off; Linux: 32 */
	uint32_t dirty_ratio;            /* percent of available memory; Linux: 20 */
	uint32_t dirty_background_ratio; /* Linux: 10 */
	uint32_t overcommit_memory;      /* 0: by guess, 1: always, 2: up to vm_commit_limit() */
	uint32_t overcommit_ratio;       /* percent of RAM that mode 2 commits; Linux: 50 */
	uint64_t overcommit_kbytes;      /* the same in KB; 0: by the ratio */
	uint64_t admin_reserve_kbytes;   /* of mode 2, for root; set by kernel_boot() */
	uint64_t user_reserve_kbytes;    /* of mode 2, to be able to log in; the same */
	uint32_t oom_dump_tasks;         /* the OOM killer lists all tasks; Linux: 1 */
	uint32_t panic_on_oom;           /* it kills everything instead of one task */
	bool page_cache_warm;            /* file pages count as cached before the first touch */
	bool check;                      /* run the invariant checks as it goes */
};

struct vm_struct;
RB_HEAD(vmap_area_tree, vm_struct); /* by address: mm/vmalloc.h */

struct kernel {
	struct kernel_config config;
	struct ram *ram;
	const struct event_stream *events;
	const struct machine_ops *ops;
	void *machine;
	uint32_t cpu; /* that runs the kernel now, below config.nr_cpus; the machine sets it */

	struct fault_inject fault_inject; /* off at boot; fault_inject_set() */

	/* page_alloc.c, memblock.c */
	struct memblock memblock;
	struct pglist_data node_data[MAX_NUMNODES];
	uint32_t nr_nodes;
	nodemask_t mems_allowed; /* by the cpuset of the task that runs; all at boot */
	/* mempolicy.c: of the task that each CPU runs. NULL: it has none. */
	struct task_policy *task_policy[NR_CPUS_MAX];
	struct page *mem_map;       /* max_pfn entries, in RAM */
	pfn_t max_pfn, max_low_pfn; /* max_low_pfn: the direct map's end */
	uint8_t *pageblocks;        /* zone and migrate type of each, in RAM; see page_alloc.h */
	bool group_by_mobility;     /* off: too few pageblocks, all is unmovable */
	uint64_t totalram_pages;    /* managed */
	uint64_t boot_free_pages;   /* free when kernel_boot() was done, caches shrunk */
	struct page *zero_page;     /* shared, read-only, never on an LRU */

	/* kernel_map.c, vmalloc.c, ioremap.c */
	pa_t kernel_image_start, kernel_image_end;
	pa_t kernel_brk;          /* the image's page tables lie from here to its end */
	struct mm_struct init_mm; /* the kernel's own: pgd, nr_ptes and context alone are used */
	va_t high_memory;         /* the direct map's end */
	uint64_t direct_pages_count[NR_PAGE_SIZES]; /* pages that it is made of */
	struct vmap_area_tree vmap_areas;
	uint64_t nr_vmalloc_pages;     /* that vmalloc() allocated */
	struct list_head mmio_devices; /* mmio_device.devices */

	/* maccess.c, highmem.c */
	bool counts_accesses; /* what the kernel does to contents is told to kernel_access() */
	struct kmaps kmaps;

	/* slab.c */
	struct list_head slab_caches;
	struct kmem_cache kmem_cache_boot; /* the cache of caches */
	struct array_cache kmem_cache_boot_arrays[NR_CPUS_MAX];
	struct kmem_cache *kmalloc_caches[KMALLOC_SHIFT_HIGH + 1]; /* by kmalloc_index() */
	struct kmem_cache *kmalloc_dma_caches[KMALLOC_SHIFT_HIGH + 1];

	struct percpu percpu; /* percpu.c */

	void *irq_stacks[NR_CPUS_MAX]; /* thread_stack.c; NULL: interrupts use the task's */

	/* vmstat.c */
	uint64_t vm_events[NR_VM_EVENT_ITEMS];
	struct vm_quantities vm_quantities;
	uint64_t fault_kinds[NR_VM_FAULT_KINDS]; /* faults.by_kind */
	uint64_t nr_segv, nr_oom_kills;

	/* mmap.c, memory.c, rmap.c */
	struct kmem_cache *mm_cachep, *vm_area_cachep, *anon_vma_cachep;
	struct list_head mmlist;     /* every mm_struct, oldest first */
	uint64_t last_mm_ctx_id;     /* mm_context.ctx_id given last */
	uint64_t total_vm_committed; /* pages, for overcommit */

	/* filemap.c */
	struct kmem_cache *radix_tree_node_cachep;
	struct list_head mappings; /* address_space.mappings */

	/* swapfile.c, vmscan.c */
	struct swap_state swap;
	uint64_t reclaim_random; /* state of a policy that leaves it to chance */
	bool in_reclaim;         /* PF_MEMALLOC of whoever runs now */
};

/* ops, events, ram and machine must outlive the kernel; ram is fresh (all zero).
 * Boots: reserves the kernel image and mem_map by memblock, hands the rest to the
 * buddy allocator, creates the caches. 0; -EINVAL if config is contradictory,
 * -ENOMEM if RAM is too small to boot (2 MB will do). *k is zeroed first. */
int kernel_boot(struct kernel *k, const struct kernel_config *config, struct ram *ram,
                const struct event_stream *events, const struct machine_ops *ops, void *machine);

/* All mms must be gone. Writes dirty file pages back, swapoff; then checks that
 * nothing leaked if config.check. RAM itself stays the caller's. */
void kernel_shutdown(struct kernel *k);

/* Runs what kernel threads have to do (kswapd, flusher). The machine calls it at
 * points that are the same in every run: after each fault and system call. */
void kernel_run_threads(struct kernel *k);

/* Every invariant, the slow way: buddy lists against mem_map, rmap against page
 * tables, LRU counts, swap map against entries. True if all hold; else `what`
 * (size bytes) says which does not. */
bool kernel_is_valid(struct kernel *k, char *what, size_t size);

/* ---- counting (mm/vmstat.h names the counters) ---- */

static inline void count_vm_events(struct kernel *k, enum vm_event_item item, uint64_t n)
{
	k->vm_events[item] += n;
}

static inline void count_vm_event(struct kernel *k, enum vm_event_item item)
{
	k->vm_events[item]++;
}

static inline void mod_vm_quantity(struct kernel *k, enum vm_quantity quantity, int64_t delta)
{
	k->vm_quantities.value[quantity] += delta;
	assert(k->vm_quantities.value[quantity] >= 0);
}

void printk(struct kernel *k, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
