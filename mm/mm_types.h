/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_types - the memory manager's objects, with Linux's names. All of them but
 * address_space and file live in simulated RAM, allocated by mm/ itself.
 *
 *   pfn, page    a frame, and its entry in the page frame database (mem_map)
 *   mapping      what a page is the content of: a file's address_space, or an
 *                anon_vma
 *   index        the page's place in it, in pages
 *   rss          resident pages of an mm
 */
#ifndef PW_MM_MM_TYPES_H
#define PW_MM_MM_TYPES_H

#include "mm/gfp.h"
#include "mm/list.h"
#include "mm/radix_tree.h"
#include "mmu/types.h"

#include <bsd/sys/tree.h>

typedef uint64_t pgoff_t; /* offset in pages */

struct address_space;
struct anon_vma;
struct file;
struct kernel;
struct kmem_cache;
struct mempolicy;
struct mm_struct;
struct vm_area_struct;

/* A swapped-out page's name: swap area and slot (the low bits of a PTE that is
 * not present; mm/pgtable.h draws them). 0 is no entry: slot 0 is the header. */
typedef struct {
	uint64_t val;
} swp_entry_t;

/* ---- the page frame database ---- */

enum pageflags {
	PG_locked,
	PG_referenced,
	PG_uptodate,
	PG_dirty,
	PG_lru,
	PG_active,
	PG_slab,
	PG_reserved, /* not the buddy allocator's: kernel image, mem_map, holes */
	PG_buddy,    /* first page of a free block; private is its order */
	PG_head,     /* first page of a compound page; private is its order */
	PG_tail,     /* other page of a compound page; first_page is its head */
	PG_writeback,
	PG_swapcache,  /* private is the swp_entry_t */
	PG_swapbacked, /* anonymous or shmem: reclaim goes to swap */
	PG_mlocked,
	PG_unevictable,
	PG_reclaim, /* free as soon as write-back ends */
	PG_table,   /* a page table page */
	PG_pcp,     /* on a per-CPU free list */
	NR_PAGEFLAGS
};

/* One per frame. All-zero is the state of a frame that nothing owns, so that
 * mem_map needs no initialising pass. (Linux counts _mapcount from -1.) */
struct page {
	uint64_t flags;    /* 1 << enum pageflags */
	int32_t _count;    /* references; 0: free */
	int32_t _mapcount; /* page table entries that map it */
	union {
		struct address_space *mapping; /* file pages; or anon_vma + PAGE_MAPPING_ANON */
		struct kmem_cache *slab_cache; /* PG_slab */
		struct page *first_page;       /* PG_tail */
	};
	union {
		pgoff_t index;
		void *freelist; /* PG_slab: the slab allocator's */
	};
	uint64_t private;
	struct list_head lru; /* free list, LRU list, or a slab list */
	uint32_t inuse;       /* PG_slab: objects allocated */
	uint32_t pkmap;       /* 1 + slot that kmap() gave it; 0: none (mm/highmem.h) */
};
_Static_assert(sizeof(struct page) == 64, "mem_map costs 1/64 of RAM");

#define PAGE_MAPPING_ANON ((uintptr_t)1)

/* ---- files, as mm/ sees them ---- */

/* What the owner of a file offers to the page cache. Functions return 0 or
 * -errno. */
struct address_space_operations {
	/* Fill `data` (a page) with page `index`; past the end of file: zeroes. */
	int (*readpage)(struct address_space *mapping, pgoff_t index, void *data);
	/* Store a page; NULL: the file cannot be written back (read-only). */
	int (*writepage)(struct address_space *mapping, pgoff_t index, const void *data);
};

/* The cached pages of one file. Embedded in whatever the owner calls an inode;
 * address_space_init() (mm/pagemap.h) before use, truncate_inode_pages() before
 * freeing it. */
struct address_space {
	const struct address_space_operations *a_ops;
	void *host;                       /* the owner's */
	uint64_t id;                      /* the owner's; 0 at first */
	struct radix_tree_root page_tree; /* struct page *, or exceptional entries */
	uint64_t nrpages;                 /* pages in the tree */
	uint64_t nrexceptional;           /* evicted pages' shadows; shmem: swap entries */
	pgoff_t writeback_index;          /* where writing back for want of memory goes on */
	uint64_t i_size;                  /* bytes; the owner keeps it true */
	struct list_head i_mmap;          /* vm_area_struct.shared: who maps it */
	struct list_head mappings;        /* kernel.mappings: all with something in the tree */
	gfp_t gfp_mask;                   /* for page cache pages */
	bool shmem;         /* tmpfs-like: its pages go to swap, and count as shared memory */
	bool shmem_by_page; /* each of them is committed when it comes, not all at once */
	uint64_t committed; /* shmem: pages that were committed for it */
	bool cold;          /* config.page_cache_warm no longer holds for it */
};

/* Read-ahead state of an open file (Linux: struct file_ra_state), in pages. */
struct file_ra_state {
	pgoff_t start;
	uint32_t size;
	uint32_t async_size;
	uint32_t ra_pages;  /* largest window; 0: no read-ahead */
	uint32_t mmap_miss; /* faults that found nothing cached */
	uint64_t prev_pos;  /* bytes: where the last read(2) ended; all ones: none yet */
};

/* An open file. Owned by its opener, who counts references; mm/ takes one per
 * VMA by get_file() and drops it by fput(). */
struct file {
	struct address_space *f_mapping;
	const struct file_operations *f_op;
	struct file_ra_state f_ra;
	int64_t f_count;
	uint32_t f_mode; /* FMODE_*: what it was opened for */
	uint64_t id;     /* the owner's */
};

#define FMODE_READ 0x1u
#define FMODE_WRITE 0x2u

struct file_operations {
	void (*release)(struct kernel *k, struct file *file); /* f_count went to 0 */
	/* The path for /proc/PID/maps. */
	const char *(*path)(const struct file *file);
};

static inline struct file *get_file(struct file *file)
{
	file->f_count++;
	return file;
}

static inline void fput(struct kernel *k, struct file *file)
{
	if (--file->f_count == 0)
		file->f_op->release(k, file);
}

/* ---- address spaces ---- */

/* vm_flags (Linux 4.4, include/linux/mm.h). */
#define VM_READ 0x00000001u
#define VM_WRITE 0x00000002u
#define VM_EXEC 0x00000004u
#define VM_SHARED 0x00000008u
#define VM_MAYREAD 0x00000010u
#define VM_MAYWRITE 0x00000020u
#define VM_MAYEXEC 0x00000040u
#define VM_MAYSHARE 0x00000080u
#define VM_GROWSDOWN 0x00000100u
#define VM_PFNMAP 0x00000400u
#define VM_LOCKED 0x00002000u
#define VM_IO 0x00004000u
#define VM_SEQ_READ 0x00008000u
#define VM_RAND_READ 0x00010000u
#define VM_DONTCOPY 0x00020000u
#define VM_DONTEXPAND 0x00040000u
#define VM_LOCKONFAULT 0x00080000u
#define VM_ACCOUNT 0x00100000u
#define VM_NORESERVE 0x00200000u
#define VM_DONTDUMP 0x04000000u

/* A mapping whose pages the kernel itself provides ([vdso], [vvar]): pages[]
 * in order; faults take them, nothing is read. */
struct vm_special_mapping {
	const char *name; /* as in /proc/PID/maps */
	struct page **pages;
	uint32_t nr_pages;
};

struct vm_area_struct {
	va_t vm_start; /* first byte */
	va_t vm_end;   /* first byte after */
	struct mm_struct *vm_mm;
	uint64_t vm_flags;
	uint64_t vm_page_prot; /* bits of a new entry, from vm_flags */
	RB_ENTRY(vm_area_struct) vm_rb;
	struct list_head vm_list; /* mm->mmap, by address */
	pgoff_t vm_pgoff;     /* of vm_start in the file; anonymous: vm_start >> 12 when mapped */
	struct file *vm_file; /* NULL: anonymous */
	const struct vm_special_mapping *vm_special;
	struct mempolicy *vm_policy;    /* mm/mempolicy.h; NULL: the task's */
	struct anon_vma *anon_vma;      /* NULL until the first anonymous page */
	struct list_head anon_vma_node; /* anon_vma->head */
	struct list_head shared;        /* address_space->i_mmap */
};

RB_HEAD(vma_tree, vm_area_struct);

/* All VMAs that may map a family of anonymous pages (Linux 2.6.18, mm/rmap.c). */
struct anon_vma {
	struct list_head head; /* vm_area_struct.anon_vma_node */
};

enum rss_kind { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

/* What CPUs have to know of an mm (Linux: mm_context_t, mm_cpumask()). */
struct mm_context {
	uint64_t ctx_id;  /* no other mm ever has the same; 0: none */
	uint64_t tlb_gen; /* one more with each flush that is asked for */
	uint64_t cpumask; /* bit per CPU that has it loaded */
};

struct mm_struct {
	struct list_head mmap; /* VMAs by address */
	struct vma_tree mm_rb;
	struct vm_area_struct *mmap_cache; /* last find_vma() result */
	va_t mmap_base;                    /* mmap areas grow down from here */
	va_t task_size;                    /* first address that is not the user's */
	pfn_t pgd;                         /* frame of the top-level table */
	int32_t mm_users;                  /* who use the memory */
	int32_t mm_count;                 /* who need the mm_struct and pgd; all mm_users are one */
	uint64_t nr_ptes;                 /* page table pages, upper levels too */
	int32_t map_count;                /* VMAs */
	struct list_head mmlist;          /* kernel.mmlist */
	uint64_t hiwater_rss, hiwater_vm; /* pages */
	uint64_t total_vm, locked_vm, pinned_vm, shared_vm, exec_vm, stack_vm, data_vm; /* pages */
	uint64_t def_flags;
	va_t start_code, end_code, start_data, end_data;
	va_t start_brk, brk, start_stack;
	va_t arg_start, arg_end, env_start, env_end;
	va_t vdso; /* context.vdso */
	uint64_t saved_auxv[64];
	int64_t rss_stat[NR_MM_COUNTERS]; /* pages */
	uint64_t min_flt, maj_flt;
	uint64_t stack_limit;   /* RLIMIT_STACK, bytes */
	uint64_t data_limit;    /* RLIMIT_DATA, bytes */
	uint64_t as_limit;      /* RLIMIT_AS, bytes */
	uint64_t memlock_limit; /* RLIMIT_MEMLOCK, bytes */
	struct mm_context context;
	int32_t owner_pid; /* for the OOM report */
	int32_t oom_score_adj;
	bool oom_victim; /* killed: its tasks may dip into reserves to die */
};

#endif
