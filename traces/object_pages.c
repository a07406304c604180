/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/object_pages.h"

bool object_page(struct object_pages *pages, uint64_t object, va_t *va)
{
	uint64_t vpn = object;

	if (object >= OBJECT_PAGES / 2) {
		struct id_pair *pair =
		    id_map_add(&pages->numbered, object, pages->numbered.nr_used);

		if (!pair || pair->value >= OBJECT_PAGES / 2)
			return false;
		vpn = OBJECT_PAGES / 2 + pair->value;
	}
	*va = vpn << PAGE_SHIFT;
	return true;
}

void object_pages_finish(struct object_pages *pages)
{
	id_map_finish(&pages->numbered);
}
