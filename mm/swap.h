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

/* What a slot map entry holds: how many swap entries in page tables (or shmem
 * mappings) name the slot, and whether a swap cache page does. 0: free. */
#define SWAP_HAS_CACHE 0x8000
#define SWAP_MAP_MAX 0x7ffe
#define SWAP_MAP_BAD 0xffff /* the header and what mkswap found broken */

#define SWAP_CLUSTER_MAX 32u /* pages that reclaim looks at in a go, and is to free */

#define SWAPFILE_CLUSTER 256 /* slots that are handed out in a row if they can be */

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
	bool writeok;   /* slots may be handed out: not during swapoff */
	uint64_t max;   /* slots, with the header's slot 0 */
	uint64_t pages; /* usable slots */
	uint64_t inuse_pages;
	uint16_t **swap_map;              /* one entry a slot, in single pages; see swap_map_at() */
	uint64_t lowest_bit, highest_bit; /* no free slot outside */
	uint64_t cluster_next;            /* where to look next */
	uint32_t cluster_nr;              /* slots left of this cluster */
};

struct swap_state {
	struct swap_info info[MAX_SWAPFILES];
	uint32_t nr_swapfiles;
	uint32_t last_type;     /* the area that gave the last slot: equals take turns */
	int32_t least_priority; /* given to the last area that asked for none */
	uint64_t nr_swap_pages; /* free slots */
	uint64_t total_swap_pages;
	/* The swap cache: pages by slot, a tree an area. */
	struct address_space swapper_spaces[MAX_SWAPFILES];
	/* Read-ahead that adapts to its hits. */
	uint32_t readahead_hits, last_readahead_pages;
	uint64_t prev_offset;
	/* Slots written in a row: one disk request, not yet waited for. */
	struct {
		uint32_t type, nr_pages;
		uint64_t next_offset;
	} plug;
};

/* ---- swap areas ---- */

/* Writes mkswap's header (version 1, "SWAPSPACE2"; util-linux mkswap.c) for a
 * device of nr_pages. 0 or -errno. */
int mkswap(struct swap_device *device);

/* Reads and checks the header. prio < 0: next below the others. 0, or
 *   -EEXIST           the device is on already
 *   -EBUSY            all MAX_SWAPFILES areas are on
 *   -EINVAL           no signature: not a swap area
 *   -EPROTONOSUPPORT  a header version other than 1
 *   -ENODATA          no room for a single page
 *   -ENOSPC           the header says more pages than the device has
 *   -ERANGE           the list of bad pages is too long, or a bad page outside the area
 *   -ENOMEM           no memory for the slot map
 * or what the device said. */
int swapon(struct kernel *k, struct swap_device *device, int prio);

/* Brings every page back. 0, -ENOMEM if they do not fit (the area stays on),
 * -EINVAL if the device is not on. */
int swapoff(struct kernel *k, struct swap_device *device);

/* A free slot, already marked SWAP_HAS_CACHE for the page that will take it; val 0:
 * full. swapcache_free() gives the mark back. */
swp_entry_t get_swap_page(struct kernel *k);
void swapcache_free(struct kernel *k, swp_entry_t entry);
/* Marks a slot in use for a page about to be read from it. 0; -ENOENT: the slot is
 * free, -EEXIST: it has a page, -EINVAL: bad entry. */
int swapcache_prepare(struct kernel *k, swp_entry_t entry);
/* One more entry names the slot. 0, -EINVAL: no such slot in use, -EOVERFLOW. */
int swap_duplicate(struct kernel *k, swp_entry_t entry);
void swap_free(struct kernel *k, swp_entry_t entry);
/* As swap_free(), and drops the swap cache page if it was the last user. */
void free_swap_and_cache(struct kernel *k, swp_entry_t entry);
uint32_t page_swapcount(struct kernel *k, struct page *page); /* PTE references to its slot */
/* The slot's map entry; NULL: no such area or slot. */
uint16_t *swap_map_at(struct kernel *k, swp_entry_t entry);
/* More than half of the slots are taken: give up slots of pages that are in memory. */
bool vm_swap_full(const struct kernel *k);
void swap_init(struct kernel *k); /* called by filemap_init() */
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

struct address_space *swap_address_space(struct kernel *k, swp_entry_t entry);

/* The page with a reference, or NULL. */
struct page *lookup_swap_cache(struct kernel *k, swp_entry_t entry);
/* Gives the page a slot and makes it dirty; 0, -ENOSPC, -ENOMEM. */
int add_to_swap(struct kernel *k, struct page *page);
/* The cache takes a reference; the slot is marked SWAP_HAS_CACHE already. */
int add_to_swap_cache(struct kernel *k, struct page *page, swp_entry_t entry, gfp_t gfp);
void delete_from_swap_cache(struct kernel *k, struct page *page);

/* Reads the slot, and its neighbours by page_cluster. 0 and *out, uptodate, with a
 * reference; -ENOMEM, -EINVAL: no such slot, or the device's error. */
int swapin_page(struct kernel *k, swp_entry_t entry, gfp_t gfp, struct page **out);
/* The same; NULL: no memory or read error. */
struct page *swapin_readahead(struct kernel *k, swp_entry_t entry, gfp_t gfp);
/* Only the slot itself, from the cache or the device. */
int read_swap_cache(struct kernel *k, swp_entry_t entry, gfp_t gfp, struct page **out);

/* If this mm is the only user of the page and its slot: drops the slot and
 * returns true, so that a write may take the page as it is. */
bool reuse_swap_page(struct kernel *k, struct page *page);
/* Gives the page's slot up if no entry names it; the page is dirty then. */
bool try_to_free_swap(struct kernel *k, struct page *page);

/* Writes a dirty swap cache page to its slot. 0, or the device's error: the page
 * is dirty still. */
int swap_writepage(struct kernel *k, struct page *page);
/* Waits for the slots written since the last call (one request per run). */
void swap_finish_plug(struct kernel *k);

/* ---- LRU lists (swap.c) ---- */

void lru_cache_add(struct kernel *k, struct page *page); /* inactive, or active if PageActive */
void lru_cache_del(struct kernel *k, struct page *page);
void mark_page_accessed(struct kernel *k, struct page *page);
void activate_page(struct kernel *k, struct page *page);
enum lru_list page_lru(const struct page *page);
/* Pages on the node's list that lie in zones up to `classzone`. */
uint64_t lruvec_lru_size(const struct pglist_data *node, enum lru_list lru,
                         enum zone_type classzone);
/* Reclaim looked at a page, and found it in use (rotated) or not. */
void update_reclaim_stat(struct kernel *k, const struct page *page, bool rotated);
/* For a page that a VMA is about to map: Linux 4.4 starts anonymous pages active,
 * and pages of a locked VMA unevictable. */
void lru_cache_add_active_or_unevictable(struct kernel *k, struct page *page, uint64_t vm_flags);
/* munlock(2): from the unevictable list back to where it belongs. */
void putback_lru_page(struct kernel *k, struct page *page);
void lru_init(struct kernel *k); /* called by filemap_init() */
bool lru_is_valid(struct kernel *k, char *what, size_t size);

/* ---- reclaim (vmscan.c) ---- */

/* Direct reclaim for an allocation that failed, from the nodes that it might have used
 * (nodemask NULL: all in the list). Pages reclaimed. */
uint64_t try_to_free_pages(struct kernel *k, const struct zonelist *zonelist, unsigned order,
                           gfp_t gfp, const nodemask_t *nodemask);
void wakeup_kswapd(struct kernel *k, struct zone *zone, unsigned order);
/* The work of the node's kswapd, once woken, until its zones stand above high;
 * called by kernel_run_threads(). */
void kswapd_run(struct kernel *k, struct pglist_data *node);

/* ---- the OOM killer (oom_kill.c) ---- */

/* How much memory killing it frees, in pages, shifted by what its owner thinks of it:
 * 1000 points of oom_score_adj are worth all memory. May be negative. False: it is not
 * to be killed. */
bool oom_badness(const struct kernel *k, const struct mm_struct *mm, int64_t *points);
/* Picks an mm, says why in the log, has it killed and its anonymous memory
 * reaped. False: nothing to kill. */
bool out_of_memory(struct kernel *k, gfp_t gfp, unsigned order);

#endif
