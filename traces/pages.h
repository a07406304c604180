/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pages - accesses at page detail: one record for many accesses to the same page, such
 * that every figure of every TLB hierarchy with first levels for code and data comes out
 * the same.
 *
 * Code and data have first levels of their own. An access to the page that was used last
 * on its side hits there and changes nothing: no other access of that side came between,
 * and events (flushes among them) part what comes before from what comes after. Its hit
 * is as good a moment earlier. So each change of page, on either side, is a record, in
 * their order; later accesses to that page are added to its count. The first store after
 * loads is a record of its own, since it may have to set D, and so are the loads after
 * it, since the entry may be a new one.
 *
 * Simplified: without a first level code and data share what comes next, and their order
 * among each other, which is not kept, would matter there.
 */
#ifndef PW_TRACES_PAGES_H
#define PW_TRACES_PAGES_H

#include "traces/encoder.h"

#define PAGES_MAX 4096 /* records until their counts are settled */

/* The page that a side used last; of its records, 1 + index, or 0. */
struct page_run {
	bool is_open;
	uint8_t priv;
	va_t page;
	uint32_t first; /* fetches, or loads before any store */
	uint32_t stores;
	uint32_t after; /* loads after a store */
};

struct page_collector {
	struct encoder *encoder;
	struct page_run code, data;
	uint32_t nr;
	struct trace_access records[PAGES_MAX];
};

void pages_add(struct page_collector *pages, const struct trace_access *access);
/* All that was added goes to the encoder: before an event, or another context. */
void pages_settle(struct page_collector *pages);

#endif
