/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/mm_gfp.h"

#include <stdio.h>
#include <string.h>

#define ROW(mask)                                                                                  \
	{                                                                                          \
#mask, mask                                                                        \
	}

/* The masks that callers name first: those are what gfp_print() looks for first. */
static const struct {
	const char *name;
	gfp_t gfp;
} names[] = {
	ROW(GFP_HIGHUSER_MOVABLE),
	ROW(GFP_HIGHUSER),
	ROW(GFP_USER),
	ROW(GFP_KERNEL),
	ROW(GFP_NOFS),
	ROW(GFP_ATOMIC),
	ROW(GFP_NOIO),
	ROW(GFP_NOWAIT),
	ROW(GFP_DMA),
	ROW(GFP_DMA32),
	ROW(__GFP_DMA),
	ROW(__GFP_HIGHMEM),
	ROW(__GFP_DMA32),
	ROW(__GFP_MOVABLE),
	ROW(__GFP_RECLAIMABLE),
	ROW(__GFP_HIGH),
	ROW(__GFP_IO),
	ROW(__GFP_FS),
	ROW(__GFP_COLD),
	ROW(__GFP_NOWARN),
	ROW(__GFP_REPEAT),
	ROW(__GFP_NOFAIL),
	ROW(__GFP_NORETRY),
	ROW(__GFP_MEMALLOC),
	ROW(__GFP_COMP),
	ROW(__GFP_ZERO),
	ROW(__GFP_NOMEMALLOC),
	ROW(__GFP_HARDWALL),
	ROW(__GFP_THISNODE),
	ROW(__GFP_ATOMIC),
	ROW(__GFP_WRITE),
	ROW(__GFP_DIRECT_RECLAIM),
	ROW(__GFP_KSWAPD_RECLAIM),
	ROW(__GFP_RECLAIM),
};

#undef ROW

#define NR_NAMES (sizeof(names) / sizeof(names[0]))

const char *gfp_name(size_t i, gfp_t *gfp)
{
	if (i >= NR_NAMES)
		return NULL;
	*gfp = names[i].gfp;
	return names[i].name;
}

static bool find(const char *name, size_t len, gfp_t *gfp)
{
	for (size_t i = 0; i < NR_NAMES; i++) {
		if (strlen(names[i].name) != len || strncmp(names[i].name, name, len) != 0)
			continue;
		*gfp |= names[i].gfp;
		return true;
	}
	return false;
}

bool gfp_parse(const char *text, gfp_t *out, const char **bad, size_t *bad_len)
{
	gfp_t gfp = 0;

	for (const char *at = text;; at++) {
		size_t len = strcspn(at, "|");

		if (!find(at, len, &gfp)) {
			*bad = at;
			*bad_len = len;
			return false;
		}
		at += len;
		if (!*at)
			break;
	}
	*out = gfp;
	return true;
}

void gfp_print(gfp_t gfp, char *text, size_t size)
{
	size_t len = 0;

	*text = '\0';
	for (size_t i = 0; i < NR_NAMES && len < size; i++) {
		if ((gfp & names[i].gfp) != names[i].gfp)
			continue;
		gfp &= ~names[i].gfp;
		len +=
		    (size_t)snprintf(text + len, size - len, "%s%s", len ? "|" : "", names[i].name);
	}
	if (!len)
		snprintf(text, size, "0");
}
