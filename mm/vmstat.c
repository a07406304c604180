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
	default:
		return (uint64_t)k->vm_quantities.value[quantity];
	}
}
