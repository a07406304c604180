/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/pages.h"

void pages_settle(struct page_collector *pages)
{
	for (uint32_t i = 0; i < pages->nr; i++)
		encoder_access(pages->encoder, &pages->records[i]);
	pages->nr = 0;
	pages->code.is_open = pages->data.is_open = false;
}

static uint32_t *record_of(struct page_run *run, uint8_t kind)
{
	if (kind == ACCESS_STORE)
		return &run->stores;
	return run->stores ? &run->after : &run->first;
}

static void add_to_page(struct page_collector *pages, va_t page, const struct trace_access *access,
                        uint32_t count)
{
	struct page_run *run = access->kind == ACCESS_FETCH ? &pages->code : &pages->data;
	uint32_t *record;

	if (pages->nr == PAGES_MAX)
		pages_settle(pages);
	if (!run->is_open || run->page != page || run->priv != access->priv)
		*run = (struct page_run){ .is_open = true, .page = page, .priv = access->priv };
	record = record_of(run, access->kind);
	if (*record && pages->records[*record - 1].count <= UINT32_MAX - count) {
		pages->records[*record - 1].count += count;
		return;
	}
	pages->records[pages->nr++] = (struct trace_access){
		.va = page, .count = count, .kind = access->kind, .priv = access->priv
	};
	*record = pages->nr;
}

void pages_add(struct page_collector *pages, const struct trace_access *access)
{
	va_t page = access->va & PAGE_MASK;

	add_to_page(pages, page, access, access->count);
	if (unlikely((access->va & ~PAGE_MASK) + access->size > PAGE_SIZE))
		add_to_page(pages, page + PAGE_SIZE, access, access->count);
}
