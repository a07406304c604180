/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/migrate.h"

#include "mm/highmem.h"
#include "mm/mempolicy.h"
#include "mm/page_alloc.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/vma.h"

#include <errno.h>

/* ---- one page ---- */

/* References that the page may have: its entries', the caller's, and its tree's. */
static int32_t expected_count(struct kernel *k, const struct page *page)
{
	return page->_mapcount + 1 + (page_mapping(k, page) != NULL);
}

static bool may_migrate(struct kernel *k, const struct page *page)
{
	return PageLRU(page) && !PageLocked(page) && !PageWriteback(page) &&
	       page_count(page) == expected_count(k, page);
}

/* The new page stands where the old one did in its mapping. */
static void replace_in_tree(struct kernel *k, struct page *old, struct page *new)
{
	struct address_space *mapping = page_mapping(k, old);
	pgoff_t index = PageSwapCache(old) ? swp_offset((swp_entry_t){ old->private }) : old->index;

	if (!mapping)
		return;
	radix_tree_replace(&mapping->page_tree, index, new);
	get_page(new);
	put_page(k, old);
}

/* What the page is, but for whether it is dirty: that is counted by zone. */
static void copy_state(struct page *new, const struct page *old)
{
	const uint64_t kept = 1u << PG_referenced | 1u << PG_uptodate | 1u << PG_active |
	                      1u << PG_swapcache | 1u << PG_swapbacked | 1u << PG_mlocked |
	                      1u << PG_reclaim;

	new->flags |= old->flags &kept;
	new->mapping = old->mapping;
	new->index = old->index;
	new->private = old->private;
}

/* Anonymous pages' dirt is counted nowhere; that of files by mapping and zone. */
static void move_dirt(struct kernel *k, struct page *old, struct page *new)
{
	if (!PageDirty(old))
		return;
	if (page_mapping(k, old) && !PageSwapBacked(old)) {
		cancel_dirty_page(k, old);
		set_page_dirty(k, new);
	} else {
		ClearPageDirty(old);
		SetPageDirty(new);
	}
}

static void move_page(struct kernel *k, struct page *old, struct page *new)
{
	copy_highpage(k, new, old);
	copy_state(new, old);
	lru_cache_del(k, old);
	rmap_replace(k, old, new);
	replace_in_tree(k, old, new);
	move_dirt(k, old, new);
	ClearPageSwapCache(old);
	ClearPageMlocked(old);
	ClearPageUnevictable(old);
	old->private = 0;
	old->mapping = NULL;
	putback_lru_page(k, new);
	put_page(k, new); /* its entries or its mapping have it now */
}

int migrate_page_to(struct kernel *k, struct page *page, uint32_t nid)
{
	const gfp_t gfp = GFP_HIGHUSER_MOVABLE | __GFP_THISNODE | __GFP_NOWARN | __GFP_NORETRY;
	struct page *new = may_migrate(k, page) ? alloc_pages_node(k, nid, gfp, 0) : NULL;
	int err = 0;

	if (!new)
		err = may_migrate(k, page) ? -ENOMEM : -EBUSY;
	else if (!may_migrate(k, page)) /* reclaim took it meanwhile */
		err = -EBUSY;
	if (!err)
		move_page(k, page, new);
	else if (new)
		put_page(k, new);
	count_vm_event(k, err ? PGMIGRATE_FAIL : PGMIGRATE_SUCCESS);
	return err;
}

/* ---- pages of an mm ---- */

/* The page that a user has at the place, with a reference; or NULL. */
static struct page *get_mapped_page(struct kernel *k, const struct vm_area_struct *vma,
                                    const struct pte_walk *w)
{
	pte_t pte = pte_walk_get(w);
	struct page *page = pte_present(pte) ? vm_normal_page(k, vma, pte) : NULL;

	if (page)
		get_page(page);
	return page;
}

/* A page of a range, on a node. Its own result adds up. */
typedef uint64_t (*page_visitor)(struct kernel *k, struct page *page, void *context);

static uint64_t visit_pages(struct kernel *k, struct mm_struct *mm, va_t start, va_t end,
                            page_visitor visit, void *context)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	uint64_t sum = 0;

	for (; vma && vma->vm_start < end; vma = vma_next(mm, vma)) {
		struct pte_walk w =
		    pte_walk_range(k, mm, vma->vm_start > start ? vma->vm_start : start,
		                   vma->vm_end < end ? vma->vm_end : end);

		if (vma->vm_flags & VM_SPECIAL || vma->vm_special)
			continue;
		while (pte_walk_next(&w)) {
			struct page *page = get_mapped_page(k, vma, &w);

			if (!page)
				continue;
			sum += visit(k, page, context);
			put_page(k, page);
		}
	}
	return sum;
}

static bool is_on(const struct kernel *k, const struct page *page, nodemask_t nodes)
{
	return nodes >> page_to_nid(k, page) & 1;
}

static uint64_t count_misplaced(struct kernel *k, struct page *page, void *context)
{
	const nodemask_t *nodes = context;

	return !is_on(k, page, *nodes);
}

uint64_t count_misplaced_pages(struct kernel *k, struct mm_struct *mm, va_t start, va_t end,
                               nodemask_t nodes)
{
	return visit_pages(k, mm, start, end, count_misplaced, &nodes);
}

/* Where pages go that are on the wrong nodes. */
struct migration {
	nodemask_t nodes;
	struct task_policy turn; /* of nodes that several can serve */
	bool shared_too;
};

static uint64_t migrate_misplaced(struct kernel *k, struct page *page, void *context)
{
	struct migration *m = context;
	uint32_t nid;

	if (is_on(k, page, m->nodes) || (!m->shared_too && page->_mapcount > 1))
		return 0;
	nid = next_interleave_node(&m->turn);
	m->turn.il_next = nid + 1;
	return migrate_page_to(k, page, nid) != 0;
}

uint64_t migrate_range(struct kernel *k, struct mm_struct *mm, va_t start, va_t end,
                       nodemask_t nodes, bool shared_too)
{
	struct mempolicy turns = { .mode = MPOL_INTERLEAVE, .nodes = nodes };
	struct migration m = { .nodes = nodes, .turn.policy = &turns, .shared_too = shared_too };

	return visit_pages(k, mm, start, end, migrate_misplaced, &m);
}

struct remapping {
	nodemask_t from, to;
	bool shared_too;
};

/* The node of `to` with the place that nid has in `from`, around and around. */
static uint32_t node_remap(const struct remapping *r, uint32_t nid)
{
	uint32_t below = (uint32_t)__builtin_popcount(r->from & (((nodemask_t)1 << nid) - 1));
	uint32_t n = below % (uint32_t)__builtin_popcount(r->to);
	nodemask_t rest = r->to;

	for (; n; n--)
		rest &= rest - 1;
	return first_node(rest);
}

static uint64_t migrate_remapped(struct kernel *k, struct page *page, void *context)
{
	const struct remapping *r = context;
	uint32_t nid = page_to_nid(k, page), to;
	bool same_size = __builtin_popcount(r->from) == __builtin_popcount(r->to);

	if (!is_on(k, page, r->from) || (!r->shared_too && page->_mapcount > 1))
		return 0;
	if (!same_size && is_on(k, page, r->to))
		return 0; /* it is where it may be */
	to = node_remap(r, nid);
	return to != nid && migrate_page_to(k, page, to);
}

uint64_t do_migrate_pages(struct kernel *k, struct mm_struct *mm, nodemask_t from, nodemask_t to,
                          bool shared_too)
{
	struct remapping r = { from, to, shared_too };

	return visit_pages(k, mm, 0, mm->task_size, migrate_remapped, &r);
}

static int move_one(struct kernel *k, struct page *page, uint32_t nid, bool shared_too)
{
	int err;

	if (nid == NO_NODE || page_to_nid(k, page) == nid)
		return (int)page_to_nid(k, page);
	if (page->_mapcount > 1 && !shared_too)
		return -EACCES;
	err = migrate_page_to(k, page, nid);
	return err ? err : (int)nid;
}

int do_move_page(struct kernel *k, struct mm_struct *mm, va_t va, uint32_t nid, bool shared_too)
{
	const struct vm_area_struct *vma = vma_lookup(mm, va);
	struct pte_walk w = pte_walk_range(k, mm, va & PAGE_MASK, (va & PAGE_MASK) + PAGE_SIZE);
	struct page *page;
	int result;

	if (!vma || vma->vm_flags & VM_SPECIAL || vma->vm_special)
		return -EFAULT;
	if (!pte_walk_next(&w) || !pte_present(pte_walk_get(&w)))
		return -ENOENT;
	page = get_mapped_page(k, vma, &w);
	if (!page)
		return -EFAULT; /* the zero page */
	result = move_one(k, page, nid, shared_too);
	put_page(k, page);
	return result;
}
