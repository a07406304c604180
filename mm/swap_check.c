/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swap_check - the invariants of swap, the slow way:
 *
 *   a slot's count   = entries in page tables and shmem mappings that name it
 *   SWAP_HAS_CACHE   = the area's swap cache holds a page for it
 *   slots in use     = those with either
 */
#include "mm/swap.h"

#include "mm/mm.h"
#include "mm/pagemap.h"
#include "mm/pgtable.h"

#include <stdarg.h>
#include <stdio.h>

/* Where to say what is wrong. */
struct complaint {
	char *what;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static bool wrong(const struct complaint *to,
                                                        const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(to->what, to->size, format, args);
	va_end(args);
	return false;
}

static unsigned long long ull(uint64_t n)
{
	return n;
}

/* ---- references ---- */

/* Called for each reference to a slot; false ends it. */
typedef bool (*entry_visitor)(struct kernel *k, swp_entry_t entry);

static bool visit_mm(struct kernel *k, struct mm_struct *mm, entry_visitor visit, int64_t *nr)
{
	struct vm_area_struct *vma;

	for_each_vma (mm, vma) {
		struct pte_walk w = pte_walk_range(k, mm, vma->vm_start, vma->vm_end);

		while (pte_walk_next(&w)) {
			if (!pte_is_swap(pte_walk_get(&w)))
				continue;
			++*nr;
			if (!visit(k, pte_to_swp_entry(k, pte_walk_get(&w))))
				return false;
		}
	}
	return true;
}

static bool visit_shmem(struct kernel *k, struct address_space *mapping, entry_visitor visit)
{
	pgoff_t index = 0;
	void *item;

	for (; (item = radix_tree_next(&mapping->page_tree, &index)); index++)
		if (radix_tree_exceptional(item) &&
		    !visit(k, (swp_entry_t){ radix_tree_unpack(item) }))
			return false;
	return true;
}

static bool visit_entries(struct kernel *k, entry_visitor visit, const struct complaint *to)
{
	struct address_space *mapping;
	struct mm_struct *mm;

	list_for_each_entry (mm, &k->mmlist, mmlist) {
		int64_t nr = 0;

		if (!visit_mm(k, mm, visit, &nr))
			return wrong(to, "mm of %d: more swap entries than a slot counts",
			             mm->owner_pid);
		if (nr != mm->rss_stat[MM_SWAPENTS])
			return wrong(to, "mm of %d: %lld swap entries, %lld counted", mm->owner_pid,
			             (long long)nr, (long long)mm->rss_stat[MM_SWAPENTS]);
	}
	list_for_each_entry (mapping, &k->mappings, mappings)
		if (mapping->shmem && !visit_shmem(k, mapping, visit))
			return wrong(to, "shmem: more swap entries than a slot counts");
	return true;
}

static bool take_reference(struct kernel *k, swp_entry_t entry)
{
	uint16_t *map = swap_map_at(k, entry);

	if (!map || *map == SWAP_MAP_BAD || !(*map & ~SWAP_HAS_CACHE))
		return false;
	--*map;
	return true;
}

static bool give_reference(struct kernel *k, swp_entry_t entry)
{
	++*swap_map_at(k, entry);
	return true;
}

static bool nothing_left(struct kernel *k, const struct complaint *to)
{
	for (uint32_t type = 0; type < MAX_SWAPFILES; type++)
		for (uint64_t i = 1; i < k->swap.info[type].max; i++) {
			uint16_t map = *swap_map_at(k, swp_entry(type, i));

			if (map != SWAP_MAP_BAD && map & ~SWAP_HAS_CACHE)
				return wrong(to, "swap area %u slot %llu: %u references too many",
				             type, ull(i), map & ~SWAP_HAS_CACHE);
		}
	return true;
}

/* With every reference that is found taken off the slots' counts, nothing may be
 * left; then they are put back. (There is nowhere else to count: this is a check
 * inside a kernel that allocates from what it checks.) */
static bool references_are_valid(struct kernel *k, const struct complaint *to)
{
	return visit_entries(k, take_reference, to) && nothing_left(k, to) &&
	       visit_entries(k, give_reference, to);
}

/* ---- areas ---- */

static bool cache_is_valid(struct kernel *k, uint32_t type, uint64_t nr_marked,
                           const struct complaint *to)
{
	struct address_space *space = &k->swap.swapper_spaces[type];
	uint64_t index = 0, nr_items;
	struct page *page;

	if (!radix_tree_is_valid(&space->page_tree, &nr_items) || nr_items != space->nrpages ||
	    nr_items != nr_marked)
		return wrong(to, "swap cache of area %u: %llu pages, %llu marked", type,
		             ull(space->nrpages), ull(nr_marked));
	for (; (page = radix_tree_next(&space->page_tree, &index)); index++) {
		swp_entry_t entry = swp_entry(type, index);

		if (!PageSwapCache(page) || !PageSwapBacked(page) || page->private != entry.val ||
		    !(*swap_map_at(k, entry) & SWAP_HAS_CACHE))
			return wrong(to, "swap cache of area %u holds slot %llu wrongly", type,
			             ull(index));
	}
	return true;
}

static bool area_is_valid(struct kernel *k, uint32_t type, const struct complaint *to)
{
	const struct swap_info *si = &k->swap.info[type];
	uint64_t nr_used = 0, nr_usable = 0, nr_marked = 0;

	for (uint64_t i = 1; i < si->max; i++) {
		uint16_t map = *swap_map_at(k, swp_entry(type, i));

		if (map == SWAP_MAP_BAD)
			continue;
		nr_usable++;
		nr_used += map != 0;
		nr_marked += (map & SWAP_HAS_CACHE) != 0;
		if (!map && (i < si->lowest_bit || i > si->highest_bit))
			return wrong(to, "swap area %u: free slot %llu will not be found", type,
			             ull(i));
	}
	if (nr_usable != si->pages || nr_used != si->inuse_pages)
		return wrong(to, "swap area %u: %llu of %llu slots in use, counted %llu of %llu",
		             type, ull(nr_used), ull(nr_usable), ull(si->inuse_pages),
		             ull(si->pages));
	return cache_is_valid(k, type, nr_marked, to);
}

static bool sums_are_valid(struct kernel *k, const struct complaint *to)
{
	uint64_t total = 0, free = 0;

	for (uint32_t type = 0; type < MAX_SWAPFILES; type++) {
		const struct swap_info *si = &k->swap.info[type];

		total += si->writeok ? si->pages : 0;
		free += si->writeok ? si->pages - si->inuse_pages : 0;
	}
	if (total != k->swap.total_swap_pages || free != k->swap.nr_swap_pages)
		return wrong(to, "total_swap_pages or nr_swap_pages is wrong");
	return true;
}

bool swap_is_valid(struct kernel *k, char *what, size_t size)
{
	struct complaint to = { what, size };

	for (uint32_t type = 0; type < MAX_SWAPFILES; type++)
		if (k->swap.info[type].device && !area_is_valid(k, type, &to))
			return false;
	return sums_are_valid(k, &to) && references_are_valid(k, &to) &&
	       lru_is_valid(k, what, size);
}
