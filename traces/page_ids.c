/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/page_ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIN_PAGES 1024
#define MAX_PAGES ((uint32_t)1 << 28)

/* The finishing steps of MurmurHash3 (Austin Appleby): each bit of the input changes half
 * of the output's. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccd;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53;
	return x ^ x >> 33;
}

uint64_t page_hash(uint64_t space, uint64_t vpn)
{
	return mix(vpn + space * 0x9e3779b97f4a7c15);
}

static uint32_t home(const struct page_ids *ids, uint64_t hash)
{
	return (uint32_t)hash & ids->table_mask;
}

static uint32_t next_place(const struct page_ids *ids, uint32_t place)
{
	return (place + 1) & ids->table_mask;
}

uint32_t page_ids_find(const struct page_ids *ids, uint64_t space, uint64_t vpn, uint64_t hash)
{
	uint32_t place = home(ids, hash), id;

	if (!ids->table)
		return 0;
	for (; (id = ids->table[place]); place = next_place(ids, place))
		if (ids->pages[id].vpn == vpn && ids->pages[id].space == space)
			return id;
	return 0;
}

static void insert(struct page_ids *ids, uint32_t id, uint64_t hash)
{
	uint32_t place = home(ids, hash);

	while (ids->table[place])
		place = next_place(ids, place);
	ids->table[place] = id;
}

uint32_t page_ids_add(struct page_ids *ids, uint64_t space, uint64_t vpn, uint64_t hash)
{
	uint32_t id = ids->first_free;

	if (id)
		ids->first_free = ids->pages[id].next_free;
	else if (ids->nr_numbered < ids->nr_pages)
		id = ids->nr_numbered++;
	else
		return 0;
	ids->pages[id] = (struct page_id){ .space = space, .vpn = vpn, .is_used = true };
	ids->nr_used++;
	insert(ids, id, hash);
	return id;
}

int page_ids_grow(struct page_ids *ids)
{
	uint32_t nr_pages = ids->nr_pages ? ids->nr_pages * 2 : MIN_PAGES;
	struct page_id *pages;
	uint32_t *table;

	if (nr_pages > MAX_PAGES)
		return -EOVERFLOW;
	pages = realloc(ids->pages, nr_pages * sizeof(*pages));
	if (!pages)
		return -ENOMEM;
	ids->pages = pages;
	/* At most half full. */
	table = calloc((size_t)nr_pages * 2, sizeof(*table));
	if (!table)
		return -ENOMEM;
	free(ids->table);
	ids->table = table;
	ids->table_mask = nr_pages * 2 - 1;
	ids->nr_pages = nr_pages;
	if (!ids->nr_numbered)
		ids->nr_numbered = 1;
	for (uint32_t id = 1; id < ids->nr_numbered; id++)
		if (pages[id].is_used)
			insert(ids, id, page_hash(pages[id].space, pages[id].vpn));
	return 0;
}

/* Knuth, The Art of Computer Programming, Vol. 3, 6.4, Algorithm R: what follows in the
 * same run moves up, unless its home lies behind the gap. */
static void close_gap(struct page_ids *ids, uint32_t gap)
{
	uint32_t place = gap;

	for (;;) {
		uint32_t id, wanted;

		place = next_place(ids, place);
		id = ids->table[place];
		if (!id)
			break;
		wanted = home(ids, page_hash(ids->pages[id].space, ids->pages[id].vpn));
		if (((place - wanted) & ids->table_mask) < ((place - gap) & ids->table_mask))
			continue;
		ids->table[gap] = id;
		gap = place;
	}
	ids->table[gap] = 0;
}

void page_ids_remove(struct page_ids *ids, uint32_t id)
{
	struct page_id *page = &ids->pages[id];
	uint32_t place = home(ids, page_hash(page->space, page->vpn));

	while (ids->table[place] != id)
		place = next_place(ids, place);
	close_gap(ids, place);
	*page = (struct page_id){ .next_free = ids->first_free };
	ids->first_free = id;
	ids->nr_used--;
}

void page_ids_finish(struct page_ids *ids)
{
	free(ids->pages);
	free(ids->table);
	*ids = (struct page_ids){ .nr_pages = 0 };
}
