/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_ids - small numbers for pages, so that what is known of a page is found in arrays:
 * (address space, virtual page number) -> 1, 2, 3 ... Numbers of pages that are gone are
 * given again.
 */
#ifndef PW_TRACES_PAGE_IDS_H
#define PW_TRACES_PAGE_IDS_H

#include <stdbool.h>
#include <stdint.h>

struct page_id {
	uint64_t space, vpn;
	bool is_used;
	uint8_t marks;      /* the owner's; 0 at first */
	uint32_t next_free; /* of the free ones; 0: none */
};

/* All zero: empty. */
struct page_ids {
	struct page_id *pages; /* by number */
	uint32_t nr_pages;     /* numbers are below it */
	uint32_t nr_numbered;  /* 1 + the largest ever given */
	uint32_t nr_used;
	uint32_t first_free;
	uint32_t *table; /* numbers, by hash; 0: free */
	uint32_t table_mask;
};

/* Any two pages have different hashes for all that is known: SHARDS samples by it. */
uint64_t page_hash(uint64_t space, uint64_t vpn);

/* 0: it has none. `hash` is the page's. */
uint32_t page_ids_find(const struct page_ids *ids, uint64_t space, uint64_t vpn, uint64_t hash);

/* A new page's number; 0: it takes page_ids_grow() first. */
uint32_t page_ids_add(struct page_ids *ids, uint64_t space, uint64_t vpn, uint64_t hash);

/* Room for more; nr_pages changes. 0; -ENOMEM, or -EOVERFLOW for more than 2^28. */
int page_ids_grow(struct page_ids *ids);

void page_ids_remove(struct page_ids *ids, uint32_t id);

void page_ids_finish(struct page_ids *ids);

#endif
