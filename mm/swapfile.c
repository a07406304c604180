/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swapfile - swap areas and their slots (Linux 4.4, mm/swapfile.c).
 *
 * An area is a header page and slots of a page each. The header (version 1, as
 * mkswap(8) of util-linux writes it; little-endian):
 *
 *   0      boot bits, left to the disk
 *   1024   u32 version = 1
 *   1028   u32 last_page: the last slot
 *   1032   u32 nr_badpages
 *   1036   u8  uuid[16]
 *   1052   u8  volume_name[16]
 *   1068   padding
 *   1536   u32 badpages[nr_badpages]
 *   4086   "SWAPSPACE2"
 *
 * Slots are handed out in clusters of SWAPFILE_CLUSTER free ones where there are
 * such, so that pages evicted together lie together.
 */
#include "mm/swap.h"

#include "mm/mm.h"
#include "mm/page_alloc.h"
#include "mm/pagemap.h"
#include "mm/pgtable.h"
#include "mm/rmap.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define HEADER_VERSION 1024
#define HEADER_LAST_PAGE 1028
#define HEADER_NR_BADPAGES 1032
#define HEADER_BADPAGES 1536
#define HEADER_MAGIC 4086
#define MAX_BADPAGES ((HEADER_MAGIC - HEADER_BADPAGES) / 4)

static const char magic[10] = { 'S', 'W', 'A', 'P', 'S', 'P', 'A', 'C', 'E', '2' };

/* ---- the slot map ---- */

#define SLOTS_PER_PAGE (PAGE_SIZE / sizeof(uint16_t))
/* Nobody is killed for an area that needs too large a map. */
#define MAP_GFP (GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

static uint16_t *slot(struct swap_info *si, uint64_t offset)
{
	return &si->swap_map[offset / SLOTS_PER_PAGE][offset % SLOTS_PER_PAGE];
}

static uint64_t map_pages(const struct swap_info *si)
{
	return (si->max + SLOTS_PER_PAGE - 1) / SLOTS_PER_PAGE;
}

/* Of the block that holds the addresses of the map's pages. */
static unsigned map_order(const struct swap_info *si)
{
	uint64_t bytes = map_pages(si) * sizeof(uint16_t *);
	unsigned order = 0;

	while (PAGE_SIZE << order < bytes)
		order++;
	return order;
}

static void free_map(struct kernel *k, struct swap_info *si)
{
	for (uint64_t i = 0; i < map_pages(si); i++)
		free_pages(k, si->swap_map[i], 0);
	free_pages(k, si->swap_map, map_order(si));
	si->swap_map = NULL;
}

static int alloc_map(struct kernel *k, struct swap_info *si)
{
	if (map_order(si) >= MAX_ORDER)
		return -ENOMEM;
	si->swap_map = __get_free_pages(k, MAP_GFP | __GFP_ZERO, map_order(si));
	if (!si->swap_map)
		return -ENOMEM;
	for (uint64_t i = 0; i < map_pages(si); i++) {
		si->swap_map[i] = get_zeroed_page(k, MAP_GFP);
		if (!si->swap_map[i]) {
			free_map(k, si);
			return -ENOMEM;
		}
	}
	return 0;
}

static struct swap_info *area_of(struct kernel *k, swp_entry_t entry)
{
	struct swap_info *si;

	if (!entry.val || swp_type(entry) >= MAX_SWAPFILES)
		return NULL;
	si = &k->swap.info[swp_type(entry)];
	return si->device && si->swap_map && swp_offset(entry) < si->max ? si : NULL;
}

uint16_t *swap_map_at(struct kernel *k, swp_entry_t entry)
{
	struct swap_info *si = area_of(k, entry);

	return si ? slot(si, swp_offset(entry)) : NULL;
}

bool vm_swap_full(const struct kernel *k)
{
	return k->swap.nr_swap_pages * 2 < k->swap.total_swap_pages;
}

/* ---- handing out slots ---- */

/* The first slot of a free cluster, or 0. */
static uint64_t find_free_cluster(struct swap_info *si)
{
	uint64_t run = 0;

	if (si->pages - si->inuse_pages < SWAPFILE_CLUSTER)
		return 0;
	for (uint64_t offset = si->lowest_bit; offset <= si->highest_bit; offset++) {
		run = *slot(si, offset) ? 0 : run + 1;
		if (run == SWAPFILE_CLUSTER)
			return offset - SWAPFILE_CLUSTER + 1;
	}
	return 0;
}

/* A free slot of [from, to], or 0. */
static uint64_t find_free_slot(struct swap_info *si, uint64_t from, uint64_t to)
{
	for (uint64_t offset = from; offset <= to; offset++)
		if (!*slot(si, offset))
			return offset;
	return 0;
}

static uint64_t choose_slot(struct swap_info *si)
{
	uint64_t offset;

	if (!si->cluster_nr) {
		offset = find_free_cluster(si);
		if (offset)
			si->cluster_next = offset;
		si->cluster_nr = SWAPFILE_CLUSTER;
	}
	si->cluster_nr--;
	offset = si->cluster_next;
	if (offset < si->lowest_bit || offset > si->highest_bit)
		offset = si->lowest_bit;
	if (*slot(si, offset)) {
		uint64_t from = offset;

		offset = find_free_slot(si, from, si->highest_bit);
		if (!offset)
			offset = find_free_slot(si, si->lowest_bit, from);
	}
	return offset;
}

/* lowest_bit and highest_bit may stand outside the free slots, never inside. */
static void narrow(struct swap_info *si, uint64_t offset)
{
	if (offset == si->lowest_bit)
		si->lowest_bit++;
	if (offset == si->highest_bit)
		si->highest_bit--;
	if (si->inuse_pages == si->pages) {
		si->lowest_bit = si->max;
		si->highest_bit = 0;
	}
}

static void widen(struct swap_info *si, uint64_t offset)
{
	if (offset < si->lowest_bit)
		si->lowest_bit = offset;
	if (offset > si->highest_bit)
		si->highest_bit = offset;
}

static bool has_free_slot(const struct swap_info *si)
{
	return si->device && si->writeok && si->inuse_pages < si->pages;
}

/* The area of the highest priority with a free slot; equals take turns. */
static struct swap_info *choose_area(struct kernel *k)
{
	struct swap_info *best = NULL;

	for (uint32_t i = 1; i <= MAX_SWAPFILES; i++) {
		struct swap_info *si = &k->swap.info[(k->swap.last_type + i) % MAX_SWAPFILES];

		if (has_free_slot(si) && (!best || si->prio > best->prio))
			best = si;
	}
	return best;
}

swp_entry_t get_swap_page(struct kernel *k)
{
	struct swap_info *si = choose_area(k);
	uint64_t offset;

	if (!si)
		return (swp_entry_t){ 0 };
	offset = choose_slot(si);
	assert(offset);
	*slot(si, offset) = SWAP_HAS_CACHE;
	si->inuse_pages++;
	si->cluster_next = offset + 1;
	narrow(si, offset);
	k->swap.nr_swap_pages--;
	k->swap.last_type = (uint32_t)(si - k->swap.info);
	return swp_entry(k->swap.last_type, offset);
}

/* ---- references to slots ---- */

/* What is left of the map entry. */
static uint16_t put_slot(struct kernel *k, swp_entry_t entry, bool cache)
{
	struct swap_info *si = area_of(k, entry);
	uint16_t *map;

	assert(si);
	map = slot(si, swp_offset(entry));
	assert(*map != SWAP_MAP_BAD && (cache ? *map & SWAP_HAS_CACHE : *map & ~SWAP_HAS_CACHE));
	*map -= cache ? SWAP_HAS_CACHE : 1;
	if (!*map) {
		widen(si, swp_offset(entry));
		si->inuse_pages--;
		if (si->writeok)
			k->swap.nr_swap_pages++;
	}
	return *map;
}

void swapcache_free(struct kernel *k, swp_entry_t entry)
{
	put_slot(k, entry, true);
}

void swap_free(struct kernel *k, swp_entry_t entry)
{
	put_slot(k, entry, false);
}

int swapcache_prepare(struct kernel *k, swp_entry_t entry)
{
	uint16_t *map = swap_map_at(k, entry);

	if (!map || *map == SWAP_MAP_BAD)
		return -EINVAL;
	if (!*map)
		return -ENOENT;
	if (*map & SWAP_HAS_CACHE)
		return -EEXIST;
	*map |= SWAP_HAS_CACHE;
	return 0;
}

int swap_duplicate(struct kernel *k, swp_entry_t entry)
{
	uint16_t *map = swap_map_at(k, entry);

	if (!map || !*map || *map == SWAP_MAP_BAD)
		return -EINVAL;
	if ((*map & ~SWAP_HAS_CACHE) == SWAP_MAP_MAX)
		return -EOVERFLOW;
	++*map;
	return 0;
}

uint32_t page_swapcount(struct kernel *k, struct page *page)
{
	const uint16_t *map = swap_map_at(k, (swp_entry_t){ page->private });

	assert(PageSwapCache(page) && map);
	return *map & ~SWAP_HAS_CACHE;
}

void free_swap_and_cache(struct kernel *k, swp_entry_t entry)
{
	struct page *page;

	if (put_slot(k, entry, false) != SWAP_HAS_CACHE)
		return;
	page = find_get_page(k, swap_address_space(k, entry), swp_offset(entry));
	if (!page)
		return;
	if (!PageWriteback(page) && (!page_mapped(page) || vm_swap_full(k))) {
		delete_from_swap_cache(k, page);
		SetPageDirty(page);
	}
	put_page(k, page);
}

/* ---- mkswap and swapon ---- */

static void put_u32(uint8_t *at, uint64_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get_u32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Simplified: the UUID is zero, so that the same machine makes the same bytes. */
int mkswap(struct swap_device *device)
{
	uint8_t header[PAGE_SIZE] = { 0 };

	if (device->nr_pages < 2 || device->nr_pages - 1 > UINT32_MAX)
		return -EINVAL;
	put_u32(header + HEADER_VERSION, 1);
	put_u32(header + HEADER_LAST_PAGE, device->nr_pages - 1);
	memcpy(header + HEADER_MAGIC, magic, sizeof(magic));
	return device->write(device, 0, header);
}

static int check_header(const struct swap_device *device, const uint8_t *header)
{
	uint32_t last_page = get_u32(header + HEADER_LAST_PAGE);
	uint32_t nr_badpages = get_u32(header + HEADER_NR_BADPAGES);

	if (memcmp(header + HEADER_MAGIC, magic, sizeof(magic)))
		return -EINVAL;
	if (get_u32(header + HEADER_VERSION) != 1)
		return -EPROTONOSUPPORT;
	if (!last_page)
		return -ENODATA;
	if (last_page >= device->nr_pages)
		return -ENOSPC;
	if (nr_badpages > MAX_BADPAGES)
		return -ERANGE;
	for (uint32_t i = 0; i < nr_badpages; i++) {
		uint32_t bad = get_u32(header + HEADER_BADPAGES + 4 * i);

		if (!bad || bad > last_page)
			return -ERANGE;
	}
	return 0;
}

/* More slots than an entry of a page table can name are of no use. */
static uint64_t nameable_slots(const struct kernel *k)
{
	return swp_offset(pte_to_swp_entry(k, swp_entry_to_pte(k, swp_entry(0, UINT32_MAX)))) + 1;
}

/* Marks what may not be used; the rest are si->pages. */
static void mark_bad_slots(struct swap_info *si, const uint8_t *header)
{
	uint32_t nr_badpages = get_u32(header + HEADER_NR_BADPAGES);

	*slot(si, 0) = SWAP_MAP_BAD;
	si->pages = si->max - 1;
	for (uint32_t i = 0; i < nr_badpages; i++) {
		uint32_t bad = get_u32(header + HEADER_BADPAGES + 4 * i);

		if (bad >= si->max || *slot(si, bad) == SWAP_MAP_BAD)
			continue;
		*slot(si, bad) = SWAP_MAP_BAD;
		si->pages--;
	}
}

static int setup_area(struct kernel *k, struct swap_info *si, const uint8_t *header)
{
	int err;

	si->max = (uint64_t)get_u32(header + HEADER_LAST_PAGE) + 1;
	if (si->max > nameable_slots(k))
		si->max = nameable_slots(k);
	err = alloc_map(k, si);
	if (err)
		return err;
	mark_bad_slots(si, header);
	if (!si->pages) {
		free_map(k, si);
		return -ENODATA;
	}
	si->lowest_bit = 1;
	si->highest_bit = si->max - 1;
	si->cluster_next = 1;
	return 0;
}

static struct swap_info *find_area(struct kernel *k, const struct swap_device *device)
{
	for (uint32_t i = 0; i < MAX_SWAPFILES; i++)
		if (k->swap.info[i].device == device)
			return &k->swap.info[i];
	return NULL;
}

int swapon(struct kernel *k, struct swap_device *device, int prio)
{
	struct swap_info *si = find_area(k, NULL), area = { .device = device };
	uint8_t header[PAGE_SIZE];
	int err;

	if (find_area(k, device))
		return -EEXIST;
	if (!si)
		return -EBUSY;
	err = device->read(device, 0, header);
	if (!err)
		err = check_header(device, header);
	if (!err)
		err = setup_area(k, &area, header);
	if (err)
		return err;
	area.prio = prio < 0 ? --k->swap.least_priority : prio;
	area.writeok = true;
	*si = area;
	k->swap.nr_swapfiles++;
	k->swap.nr_swap_pages += si->pages;
	k->swap.total_swap_pages += si->pages;
	return 0;
}

void swap_init(struct kernel *k)
{
	k->swap.last_type = MAX_SWAPFILES - 1; /* so that area 0 comes first */
	k->swap.readahead_hits = 4;
	for (uint32_t i = 0; i < MAX_SWAPFILES; i++)
		address_space_init(k, &k->swap.swapper_spaces[i], NULL, NULL, 0);
}

/* ---- swapoff ---- */

static void remove_area(struct kernel *k, struct swap_info *si)
{
	assert(!si->inuse_pages);
	free_map(k, si);
	k->swap.nr_swapfiles--;
	*si = (struct swap_info){ 0 };
}

/* What a map entry says when only the cache holds the slot: drops the page's claim. */
static void drop_cached(struct kernel *k, swp_entry_t entry)
{
	struct page *page = find_get_page(k, swap_address_space(k, entry), swp_offset(entry));

	if (!page)
		return;
	try_to_free_swap(k, page);
	put_page(k, page);
}

/* The entry at w becomes the page again: read-only, so that a write finds out who
 * else has it. */
static void unuse_pte(struct kernel *k, struct vm_area_struct *vma, const struct pte_walk *w,
                      struct page *page, swp_entry_t entry)
{
	vma->vm_mm->rss_stat[MM_SWAPENTS]--;
	vma->vm_mm->rss_stat[MM_ANONPAGES]++;
	get_page(page);
	set_pte(k, w->ptep, pte_mkold(mk_pte(k, page, vm_get_page_prot(k, vma->vm_flags))));
	page_add_anon_rmap(k, page, vma, w->va);
	swap_free(k, entry);
	activate_page(k, page);
}

static int unuse_vma(struct kernel *k, struct vm_area_struct *vma, uint32_t type)
{
	struct pte_walk w = pte_walk_range(k, vma->vm_mm, vma->vm_start, vma->vm_end);

	while (pte_walk_next(&w)) {
		pte_t pte = pte_walk_get(&w);
		swp_entry_t entry = pte_to_swp_entry(k, pte);
		struct page *page;
		int err;

		if (!pte_is_swap(pte) || swp_type(entry) != type)
			continue;
		/* Nobody is killed for this: the area stays on if memory is short. */
		err = read_swap_cache(k, entry, GFP_HIGHUSER_MOVABLE | __GFP_NORETRY | __GFP_NOWARN,
		                      &page);
		if (err)
			return err;
		unuse_pte(k, vma, &w, page, entry);
		try_to_free_swap(k, page); /* or reclaim would put the entry back */
		put_page(k, page);
	}
	return 0;
}

/* Page table entries that name the area, in every mm. */
static int unuse_mms(struct kernel *k, uint32_t type)
{
	struct vm_area_struct *vma;
	struct mm_struct *mm;
	int err = 0;

	list_for_each_entry (mm, &k->mmlist, mmlist) {
		if (!mm->rss_stat[MM_SWAPENTS])
			continue;
		for_each_vma (mm, vma) {
			err = unuse_vma(k, vma, type);
			if (err)
				return err;
		}
	}
	return 0;
}

static void drop_all_cached(struct kernel *k, struct swap_info *si)
{
	uint32_t type = (uint32_t)(si - k->swap.info);

	for (uint64_t offset = 1; offset < si->max; offset++)
		if (*slot(si, offset) == SWAP_HAS_CACHE)
			drop_cached(k, swp_entry(type, offset));
}

/* A page that several mms share keeps its slot until all of them have it back; if
 * reclaim comes between, it goes round again. */
#define UNUSE_ROUNDS 16

static int bring_back(struct kernel *k, struct swap_info *si)
{
	uint32_t type = (uint32_t)(si - k->swap.info);

	for (int round = 0; round < UNUSE_ROUNDS && si->inuse_pages; round++) {
		int err = shmem_unuse(k, type);

		if (!err)
			err = unuse_mms(k, type);
		if (err)
			return err;
		drop_all_cached(k, si);
	}
	return si->inuse_pages ? -ENOMEM : 0;
}

int swapoff(struct kernel *k, struct swap_device *device)
{
	struct swap_info *si = device ? find_area(k, device) : NULL;
	uint64_t nr_free;
	int err;

	if (!si)
		return -EINVAL;
	nr_free = si->pages - si->inuse_pages;
	si->writeok = false;
	k->swap.nr_swap_pages -= nr_free;
	k->swap.total_swap_pages -= si->pages;
	err = bring_back(k, si);
	if (err) {
		si->writeok = true;
		k->swap.nr_swap_pages += si->pages - si->inuse_pages;
		k->swap.total_swap_pages += si->pages;
		return err;
	}
	remove_area(k, si);
	return 0;
}
