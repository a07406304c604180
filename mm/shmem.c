/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shmem - mappings whose pages live in memory or in swap, and nowhere else: shared
 * anonymous memory and files of a tmpfs (Linux 4.4, mm/shmem.c).
 *
 * Where a page was swapped out its mapping's tree holds the swap entry, as an
 * exceptional one; it counts as one reference to the slot.
 */
#include "mm/pagemap.h"

#include "mm/swap.h"
#include "mm/vma.h"

#include <assert.h>
#include <errno.h>

/* No functions: a page that was never written is zeroes, and swap keeps the rest. */
static const struct address_space_operations shmem_aops = { NULL, NULL };

/* ---- life ---- */

int shmem_mapping_init(struct kernel *k, const struct mm_struct *mm, struct address_space *mapping,
                       void *host, uint64_t i_size)
{
	address_space_init(k, mapping, &shmem_aops, host, i_size);
	mapping->shmem = true;
	mapping->shmem_by_page = !mm;
	if (!mm)
		return 0;
	if (vm_enough_memory(k, mm, mapping_nr_pages(mapping)))
		return -ENOMEM;
	mapping->committed = mapping_nr_pages(mapping);
	return 0;
}

void shmem_mapping_finish(struct kernel *k, struct address_space *mapping)
{
	truncate_inode_pages(k, mapping, 0);
	vm_unacct_memory(k, mapping->committed);
	mapping->committed = 0;
}

static int account_page(struct kernel *k, struct address_space *mapping)
{
	if (!mapping->shmem_by_page)
		return 0;
	if (vm_enough_memory(k, NULL, 1))
		return -ENOMEM;
	mapping->committed++;
	return 0;
}

void shmem_unaccount_page(struct kernel *k, struct address_space *mapping)
{
	if (!mapping->shmem_by_page)
		return;
	assert(mapping->committed);
	mapping->committed--;
	vm_unacct_memory(k, 1);
}

/* ---- pages ---- */

static swp_entry_t entry_of(const void *item)
{
	return (swp_entry_t){ radix_tree_unpack(item) };
}

/* The page comes out of the swap cache and takes its entry's place. */
static int swap_in(struct kernel *k, struct address_space *mapping, pgoff_t index,
                   swp_entry_t entry, struct page **out, enum filemap_result *result)
{
	struct page *page = lookup_swap_cache(k, entry);

	*result = FILEMAP_HIT;
	if (!page) {
		int err = swapin_page(k, entry, mapping->gfp_mask, &page);

		if (err)
			return err;
		*result = FILEMAP_MAJOR;
	}
	delete_from_swap_cache(k, page);
	put_back_in_page_cache(k, page, mapping, index);
	set_page_dirty(k, page);
	swap_free(k, entry);
	*out = page;
	return 0;
}

static enum filemap_result add_new_page(struct kernel *k, struct address_space *mapping,
                                        pgoff_t index, struct page **out)
{
	enum filemap_result result;

	if (account_page(k, mapping))
		return FILEMAP_NOMEM;
	result = add_filled_page(k, mapping, index, out);
	if (result == FILEMAP_HIT)
		set_page_dirty(k, *out); /* there is no other copy */
	else
		shmem_unaccount_page(k, mapping);
	return result;
}

enum filemap_result shmem_get_page(struct kernel *k, struct address_space *mapping, pgoff_t index,
                                   struct page **out)
{
	void *item = radix_tree_lookup(&mapping->page_tree, index);
	enum filemap_result result;
	int err;

	assert(mapping->shmem);
	if (!item)
		return add_new_page(k, mapping, index, out);
	if (!radix_tree_exceptional(item)) {
		*out = find_get_page(k, mapping, index);
		return FILEMAP_HIT;
	}
	err = swap_in(k, mapping, index, entry_of(item), out, &result);
	if (err)
		return err == -ENOMEM ? FILEMAP_NOMEM : FILEMAP_ERROR;
	return result;
}

int shmem_move_to_swap(struct kernel *k, struct page *page)
{
	swp_entry_t entry = get_swap_page(k);
	int err;

	if (!entry.val)
		return -ENOSPC;
	err = add_to_swap_cache(k, page, entry, __GFP_HIGH | __GFP_NOWARN);
	if (err) {
		swapcache_free(k, entry);
		return err;
	}
	swap_duplicate(k, entry);
	replace_in_page_cache(k, page, radix_tree_pack(entry.val));
	SetPageDirty(page);
	return 0;
}

void shmem_free_swap(struct kernel *k, struct address_space *mapping, pgoff_t index)
{
	swp_entry_t entry = entry_of(radix_tree_lookup(&mapping->page_tree, index));

	delete_exceptional(k, mapping, index);
	free_swap_and_cache(k, entry);
}

static int unuse_mapping(struct kernel *k, struct address_space *mapping, uint32_t type)
{
	pgoff_t index = 0;
	void *item;

	for (; (item = radix_tree_next(&mapping->page_tree, &index)); index++) {
		enum filemap_result result;
		struct page *page;
		int err;

		if (!radix_tree_exceptional(item) || swp_type(entry_of(item)) != type)
			continue;
		err = swap_in(k, mapping, index, entry_of(item), &page, &result);
		if (err)
			return err;
		put_page(k, page);
	}
	return 0;
}

int shmem_unuse(struct kernel *k, uint32_t type)
{
	struct address_space *mapping;

	list_for_each_entry (mapping, &k->mappings, mappings) {
		int err = mapping->shmem ? unuse_mapping(k, mapping, type) : 0;

		if (err)
			return err;
	}
	return 0;
}
