/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swap - areas and slots, the swap cache, the LRU lists, and reclaim
 * (Linux 4.4, include/linux/swap.h; mm/swapfile.c, swap_state.c, swap.c, vmscan.c).
 */
#ifndef PW_MM_SWAP_H
#define PW_MM_SWAP_H

#include "mm/mm_types.h"
#include "mm/mmzone.h"

#define MAX_SWAPFILES 8
#define SWAP_MAP_BAD 0xffff /* the header and what mkswap found broken */

/* A disk or file that swaps: whole pages by slot. Functions return 0 or -errno.
 * The machine opens and closes it; it lives from swapon to swapoff. */
struct swap_device {
	const char *name;  /* as /proc/swaps shows it */
	uint64_t nr_pages; /* with the header page */
	int (*read)(struct swap_device *device, uint64_t slot, void *data);
	int (*write)(struct swap_device *device, uint64_t slot, const void *data);
};

struct swap_info {
	struct swap_device *device; /* NULL: free */
	int32_t prio;
	uint64_t max;   /* slots, with the header's slot 0 */
	uint64_t pages; /* usable slots */
	uint64_t inuse_pages;
	uint16_t *swap_map; /* references per slot, in vmalloc'ed or buddy pages */
	uint32_t map_order;
	uint64_t cluster_next; /* where to look next */
};

struct swap_state {
	struct swap_info info[MAX_SWAPFILES];
	uint32_t nr_swapfiles;
	uint64_t nr_swap_pages; /* free slots */
	uint64_t total_swap_pages;
	struct address_space swapper_space; /* the swap cache, by entry value */
};

/* ---- swap areas ---- */

/* Writes mkswap's header (version 1, "SWAPSPACE2"; util-linux mkswap.c) for a
 * device of nr_pages. 0 or -errno. */
int mkswap(struct swap_device *device);

/* Reads and checks the header. 0; -EINVAL: not a swap area, -EBUSY: no free
 * place, -ENOMEM, or what the device said. prio < 0: next below the others. */
int swapon(struct kernel *k, struct swap_device *device, int prio);

/* Brings every page back. 0, -ENOMEM if they do not fit (the area stays on),
 * -EINVAL if the device is not on. */
int swapoff(struct kernel *k, struct swap_device *device);

swp_entry_t get_swap_page(struct kernel *k); /* val 0: full */
int swap_duplicate(struct kernel *k,
                   swp_entry_t entry); /* one more reference; -EINVAL: bad entry */
void swap_free(struct kernel *k, swp_entry_t entry);
/* As swap_free(), and drops the swap cache page if it was the last user. */
void free_swap_and_cache(struct kernel *k, swp_entry_t entry);
uint32_t page_swapcount(struct kernel *k, struct page *page); /* PTE references to its slot */
bool swap_is_valid(struct kernel *k, char *what, size_t size);

static inline uint32_t swp_type(swp_entry_t entry)
{
	return (uint32_t)(entry.val & 0x1f);
}

static inline uint64_t swp_offset(swp_entry_t entry)
{
	return entry.val >> 5;
}

static inline swp_entry_t swp_entry(uint32_t type, uint64_t offset)
{
	return (swp_entry_t){ offset << 5 | type };
}

/* ---- swap cache (swap_state.c) ---- */

/* The page with a reference, or NULL. */
struct page *lookup_swap_cache(struct kernel *k, swp_entry_t entry);
int add_to_swap(struct kernel *k,
                struct page *page); /* gives it a slot; 0: done, -ENOSPC, -ENOMEM */
void delete_from_swap_cache(struct kernel *k, struct page *page);
/* Reads the slot, and its neighbours by page_cluster. The page is uptodate and
 * has a reference; NULL: no memory or read error. */
struct page *swapin_readahead(struct kernel *k, swp_entry_t entry, gfp_t gfp);
/* If this mm is the only user of the page and its slot: drops the slot and
 * returns true, so that a write may take the page as it is. */
bool reuse_swap_page(struct kernel *k, struct page *page);

/* ---- LRU lists (swap.c) ---- */

void lru_cache_add(struct kernel *k, struct page *page); /* inactive, or active if PageActive */
void lru_cache_del(struct kernel *k, struct page *page);
void mark_page_accessed(struct kernel *k, struct page *page);
void activate_page(struct kernel *k, struct page *page);
enum lru_list page_lru(const struct page *page);

/* ---- reclaim (vmscan.c) ---- */

/* Direct reclaim for an allocation that failed. Pages reclaimed. */
uint64_t try_to_free_pages(struct kernel *k, enum zone_type classzone, unsigned order, gfp_t gfp);
void wakeup_kswapd(struct kernel *k, struct zone *zone, unsigned order);
/* kswapd's work until all zones stand above high; called by kernel_run_threads(). */
void kswapd_run(struct kernel *k);

/* ---- the OOM killer (oom_kill.c) ---- */

/* Picks an mm, says why in the log, has it killed and its anonymous memory
 * reaped. False: nothing to kill. */
bool out_of_memory(struct kernel *k, gfp_t gfp, unsigned order);

#endif
