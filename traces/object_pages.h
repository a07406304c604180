/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * object_pages - a page for each object of a cache trace, whose numbers may be block
 * numbers or hashes of 64 bits.
 */
#ifndef PW_TRACES_OBJECT_PAGES_H
#define PW_TRACES_OBJECT_PAGES_H

#include "mmu/types.h"
#include "traces/id_map.h"

/* Page numbers of a program in a 48-bit address space. Objects below half of them are
 * the page of their number, so that neighbours stay neighbours; the others get the pages
 * of the upper half, in the order in which they come: memory grows with their number. */
#define OBJECT_PAGES ((uint64_t)1 << (47 - PAGE_SHIFT))

struct object_pages {
	struct id_map numbered; /* all zero: none yet */
};

/* False: no memory, or no page left. */
bool object_page(struct object_pages *pages, uint64_t object, va_t *va);

void object_pages_finish(struct object_pages *pages);

#endif
