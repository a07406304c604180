/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memblock - what is memory and what of it is taken, as two lists of regions
 * (Linux 4.4, mm/memblock.c). Serves until the buddy allocator stands.
 */
#include "mm/mmzone.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static pa_t region_end(const struct memblock_region *region)
{
	return region->base + region->size;
}

/* Replaces regions [first, last) by one. */
static int replace_regions(struct memblock_type *type, uint32_t first, uint32_t last, pa_t base,
                           uint64_t size)
{
	struct memblock_region *regions = type->regions;

	if (first == last && type->cnt == MEMBLOCK_REGIONS)
		return -ENOSPC;
	memmove(regions + first + 1, regions + last, (type->cnt - last) * sizeof(*regions));
	type->cnt = type->cnt - (last - first) + 1;
	regions[first] = (struct memblock_region){ base, size };
	return 0;
}

/* What overlaps or touches the new range becomes one region with it. */
static int add_range(struct memblock_type *type, pa_t base, uint64_t size)
{
	pa_t end = base + size;
	uint32_t first = 0, last;

	if (!size || end < base)
		return -EINVAL;
	while (first < type->cnt && region_end(&type->regions[first]) < base)
		first++;
	for (last = first; last < type->cnt && type->regions[last].base <= end; last++) {
		if (type->regions[last].base < base)
			base = type->regions[last].base;
		if (region_end(&type->regions[last]) > end)
			end = region_end(&type->regions[last]);
	}
	return replace_regions(type, first, last, base, end - base);
}

int memblock_add(struct memblock *m, pa_t base, uint64_t size)
{
	return add_range(&m->memory, base, size);
}

int memblock_reserve(struct memblock *m, pa_t base, uint64_t size)
{
	return add_range(&m->reserved, base, size);
}

/* The reserved region that holds pa, or NULL; *limit comes down to the next one's
 * base. */
static const struct memblock_region *find_reserved(const struct memblock *m, pa_t pa, pa_t *limit)
{
	for (uint32_t i = 0; i < m->reserved.cnt; i++) {
		const struct memblock_region *region = &m->reserved.regions[i];

		if (region->base > pa) {
			if (region->base < *limit)
				*limit = region->base;
			return NULL;
		}
		if (pa < region_end(region))
			return region;
	}
	return NULL;
}

bool memblock_next_free(const struct memblock *m, pa_t *start, pa_t *end)
{
	for (uint32_t i = 0; i < m->memory.cnt; i++) {
		const struct memblock_region *region = &m->memory.regions[i];
		pa_t pa = *start > region->base ? *start : region->base;

		while (pa < region_end(region)) {
			pa_t limit = region_end(region);
			const struct memblock_region *taken = find_reserved(m, pa, &limit);

			if (!taken) {
				*start = pa;
				*end = limit;
				return true;
			}
			pa = region_end(taken);
		}
	}
	return false;
}

bool memblock_alloc(struct memblock *m, uint64_t size, uint64_t align, pa_t *out)
{
	bool found = false;
	pa_t best = 0, limit = m->current_limit ? m->current_limit : UINT64_MAX;

	assert(!m->retired && align && !(align & (align - 1)));
	if (!size)
		return false;
	for (pa_t start = 0, next; memblock_next_free(m, &start, &next); start = next) {
		pa_t end = next < limit ? next : limit;
		pa_t base = (end - size) & ~(align - 1);

		if (end < start || end - start < size || base < start)
			continue;
		best = base;
		found = true;
	}
	if (!found || memblock_reserve(m, best, size))
		return false;
	*out = best;
	return true;
}
