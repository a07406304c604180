/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_frame - the shell looks into the page frame database.
 */
#include "mm/page_alloc.h"
#include "tools/mm_shell.h"

#include <inttypes.h>
#include <string.h>

static const char *const flag_names[NR_PAGEFLAGS] = {
	[PG_locked] = "locked",
	[PG_referenced] = "referenced",
	[PG_uptodate] = "uptodate",
	[PG_dirty] = "dirty",
	[PG_lru] = "lru",
	[PG_active] = "active",
	[PG_slab] = "slab",
	[PG_reserved] = "reserved",
	[PG_buddy] = "buddy",
	[PG_head] = "head",
	[PG_tail] = "tail",
	[PG_writeback] = "writeback",
	[PG_swapcache] = "swapcache",
	[PG_swapbacked] = "swapbacked",
	[PG_mlocked] = "mlocked",
	[PG_unevictable] = "unevictable",
	[PG_reclaim] = "reclaim",
	[PG_table] = "table",
	[PG_pcp] = "pcp",
};

int shell_read_page(const struct mm_shell *sh, const char *text, const struct page **out)
{
	const struct handle *handle = handle_find(sh, text);
	struct kernel *k = shell_kernel(sh);
	uint64_t pfn;

	if (handle && handle->kind != &handle_number) {
		*out = handle_page(sh, handle);
		return *out ? 0 : shell_mistake(sh, "%s has no frame", text);
	}
	if (shell_read_number(sh, text, k->max_pfn - 1, &pfn))
		return EXIT_MISTAKE;
	*out = pfn_to_page(k, pfn);
	return 0;
}

int mm_show_page(const struct mm_shell *sh, const char *text)
{
	const struct kernel *k = shell_kernel(sh);
	const struct page *page;
	int status = shell_read_page(sh, text, &page);

	if (status)
		return status;
	fprintf(sh->out, "frame %" PRIu64 ", zone %s: _count %d, _mapcount %d, flags",
	        page_to_pfn(k, page), page_zone(k, page)->name, page->_count, page->_mapcount);
	for (int i = 0; i < NR_PAGEFLAGS; i++)
		if (page->flags >> i & 1)
			fprintf(sh->out, " %s", flag_names[i]);
	if (!page->flags)
		fprintf(sh->out, " none");
	if (PageBuddy(page))
		fprintf(sh->out, "; a free block of order %" PRIu64, page->private);
	if (PageSlab(page))
		fprintf(sh->out, "; a slab of %s, %u of %u objects out", page->slab_cache->name,
		        page->inuse, page->slab_cache->num);
	putc('\n', sh->out);
	return 0;
}

/* ---- fields of whatever has a frame ---- */

static void ask_pfn(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, (int64_t)page_to_pfn(shell_kernel(sh), handle_page(sh, handle)));
}

static void ask_pa(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct page *page = handle_page(sh, handle);
	pa_t pa = page_to_pfn(shell_kernel(sh), page) << PAGE_SHIFT;
	va_t va;

	if (handle_va(sh, handle, &va))
		pa += va & ~PAGE_MASK;
	value_set_number(value, (int64_t)pa);
}

static void ask_node(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, page_to_nid(shell_kernel(sh), handle_page(sh, handle)));
}

static void ask_zone(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_word(value, page_zone(shell_kernel(sh), handle_page(sh, handle))->name);
}

static void ask_count(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, page_count(handle_page(sh, handle)));
}

static void ask_type(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	static const char *const names[] = { "Unmovable", "Movable", "Reclaimable" };
	const struct kernel *k = shell_kernel(sh);

	value_set_word(value, names[get_pageblock_migratetype(k, handle_page(sh, handle))]);
}

const struct handle_field frame_fields[] = {
	{ "pfn", ask_pfn, "number of its (first) page frame" },
	{ "pa", ask_pa, "physical address of its first byte" },
	{ "node", ask_node, "the node that it is of" },
	{ "zone", ask_zone, "DMA, DMA32, Normal ..." },
	{ "count", ask_count, "references to the frame" },
	{ "type", ask_type, "migrate type of its pageblock" },
	{ 0 },
};

/* ---- figures ---- */

/* `flag(p, dirty)`: 0 or 1. */
int mm_ask_flag(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	const struct page *page;

	if (shell_read_page(sh, args[0], &page))
		return EXIT_MISTAKE;
	for (int i = 0; i < NR_PAGEFLAGS; i++) {
		if (strcmp(flag_names[i], args[1]) != 0)
			continue;
		value_set_number(value, page->flags >> i & 1);
		return 0;
	}
	return shell_mistake(sh, "no such flag: %s; show page names them", args[1]);
}

int mm_ask_count(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	const struct page *page;

	if (shell_read_page(sh, args[0], &page))
		return EXIT_MISTAKE;
	value_set_number(value, page_count(page));
	return 0;
}

int mm_ask_mapcount(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	const struct page *page;

	if (shell_read_page(sh, args[0], &page))
		return EXIT_MISTAKE;
	value_set_number(value, page->_mapcount);
	return 0;
}

/* Of a free block or a compound page, by its first frame. */
int mm_ask_order(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	const struct page *page;

	if (shell_read_page(sh, args[0], &page))
		return EXIT_MISTAKE;
	value_set_number(value, PageBuddy(page) || PageHead(page) ? (int64_t)page->private : -1);
	return 0;
}
