/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/vmstat.h"

#include "mm/page_alloc.h"

const char *const vm_event_names[NR_VM_EVENT_ITEMS] = {
#define X(id, name) [id] = name,
	VM_EVENTS(X)
#undef X
};

const char *const tlb_flush_cause_names[NR_TLB_FLUSH_CAUSES] = {
#define X(id, name) [id] = name,
	TLB_FLUSH_CAUSES(X)
#undef X
};

const char *const vm_fault_kind_names[NR_VM_FAULT_KINDS] = {
#define X(id, name) [id] = name,
	VM_FAULT_KINDS(X)
#undef X
};

const char *const vm_quantity_names[NR_VM_QUANTITIES] = {
#define X(id, name) [id] = name,
	VM_QUANTITIES(X)
#undef X
};

static uint64_t nr_lru_pages(const struct kernel *k, enum lru_list lru)
{
	uint64_t pages = 0;

	for_each_zone (k, zone)
		pages += zone->nr_lru[lru];
	return pages;
}

static uint64_t numa_stat(const struct kernel *k, enum numa_stat_item item)
{
	uint64_t allocations = 0;

	for_each_zone (k, zone)
		allocations += zone->numa_stat[item];
	return allocations;
}

uint64_t vmstat_value(const struct kernel *k, enum vm_quantity quantity)
{
	switch (quantity) {
	case NR_FREE_PAGES:
		return nr_free_pages(k);
	case NR_INACTIVE_ANON:
		return nr_lru_pages(k, LRU_INACTIVE_ANON);
	case NR_ACTIVE_ANON:
		return nr_lru_pages(k, LRU_ACTIVE_ANON);
	case NR_INACTIVE_FILE:
		return nr_lru_pages(k, LRU_INACTIVE_FILE);
	case NR_ACTIVE_FILE:
		return nr_lru_pages(k, LRU_ACTIVE_FILE);
	case NR_UNEVICTABLE:
		return nr_lru_pages(k, LRU_UNEVICTABLE);
	case NUMA_HIT ... NUMA_OTHER:
		return numa_stat(k, NUMA_STAT_HIT + (quantity - NUMA_HIT));
	default:
		return (uint64_t)k->vm_quantities.value[quantity];
	}
}

/* ---- fragmentation (Linux 4.4, mm/vmstat.c, the same functions) ---- */

struct free_blocks {
	uint64_t pages;    /* in all of them */
	uint64_t total;    /* blocks */
	uint64_t suitable; /* blocks of the wanted order that they hold */
};

static struct free_blocks count_free_blocks(const struct zone *zone, unsigned order)
{
	struct free_blocks free = { 0 };

	for (unsigned i = 0; i < MAX_ORDER; i++) {
		free.total += zone->free_area[i].nr_free;
		free.pages += zone->free_area[i].nr_free << i;
		if (i >= order)
			free.suitable += zone->free_area[i].nr_free << (i - order);
	}
	return free;
}

int unusable_free_index(const struct zone *zone, unsigned order)
{
	struct free_blocks free = count_free_blocks(zone, order);

	if (!free.pages)
		return 1000;
	return (int)((free.pages - (free.suitable << order)) * 1000 / free.pages);
}

int fragmentation_index(const struct zone *zone, unsigned order)
{
	struct free_blocks free = count_free_blocks(zone, order);
	uint64_t requested = (uint64_t)1 << order;

	if (!free.total)
		return 0;
	if (free.suitable)
		return -1000;
	return 1000 - (int)((1000 + free.pages * 1000 / requested) / free.total);
}
