/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_draw - maps of memory and of slabs, drawn as text.
 */
#include "mm/page_alloc.h"
#include "tools/mm_shell.h"

#include <inttypes.h>
#include <string.h>

/* ---- memory ---- */

#define MAP_WIDTH 64

/* The frames of a free block are drawn as its order: 0 to 9, and A for 10. */
static char free_block_char(uint64_t order)
{
	return "0123456789A"[order];
}

static char frame_char(const struct page *page)
{
	static const struct {
		enum pageflags flag;
		char drawn;
	} chars[] = {
		{ PG_reserved, '#' }, { PG_pcp, 'p' }, { PG_slab, 's' },
		{ PG_table, 't' },    { PG_lru, 'u' },
	};

	for (size_t i = 0; i < sizeof(chars) / sizeof(chars[0]); i++)
		if (page->flags >> chars[i].flag & 1)
			return chars[i].drawn;
	return PageTail(page) && PageSlab(page->first_page) ? 's' : 'k';
}

static void draw_row(const struct kernel *k, pfn_t row, char text[MAP_WIDTH + 1])
{
	pfn_t end = row + MAP_WIDTH < k->max_pfn ? row + MAP_WIDTH : k->max_pfn;
	pfn_t free_until = 0;
	char drawn = ' ';

	/* A block that began in an earlier row, for its head alone is marked. */
	for (unsigned order = 0; order < MAX_ORDER; order++) {
		const struct page *head = pfn_to_page(k, row & ~(((pfn_t)1 << order) - 1));

		if (!PageBuddy(head) || head->private != order)
			continue;
		free_until = page_to_pfn(k, head) + ((pfn_t)1 << order);
		drawn = free_block_char(order);
	}
	for (pfn_t pfn = row; pfn < end; pfn++) {
		const struct page *page = pfn_to_page(k, pfn);

		if (PageBuddy(page)) {
			free_until = pfn + ((pfn_t)1 << page->private);
			drawn = free_block_char(page->private);
		}
		text[pfn - row] = pfn < free_until ? drawn : frame_char(page);
	}
	text[end - row] = '\0';
}

/* Rows like the one before are left out, as hexdump has it. */
static void draw_frames(const struct mm_shell *sh, pfn_t first, pfn_t end)
{
	char row[MAP_WIDTH + 1], previous[MAP_WIDTH + 1] = "";
	const struct kernel *k = shell_kernel(sh);
	bool left_out = false;

	for (pfn_t pfn = first & ~(pfn_t)(MAP_WIDTH - 1); pfn < end; pfn += MAP_WIDTH) {
		draw_row(k, pfn, row);
		if (strcmp(row, previous) != 0)
			shell_say(sh, "%8" PRIu64 "  %s", pfn, row);
		else if (!left_out)
			shell_say(sh, "       *");
		left_out = !strcmp(row, previous);
		memcpy(previous, row, sizeof(previous));
	}
	shell_say(sh, "0-9 A: free, by order of the block; p: free, on a per-CPU list\n"
	              "k: kernel; s: slab; t: page table; u: user or page cache; #: reserved");
}

static int draw_zone(const struct mm_shell *sh, const char *name)
{
	const struct zone *zone = shell_read_zone(sh, name);

	if (!zone)
		return EXIT_MISTAKE;
	draw_frames(sh, zone->zone_start_pfn, zone->zone_start_pfn + zone->spanned_pages);
	return 0;
}

/* ---- a cache ---- */

/* An object: out, at hand in a CPU's array, or free in its slab. */
static char object_char(const struct kernel *k, const struct kmem_cache *cache,
                        const struct page *page, uint32_t index)
{
	const struct slab *slab = page->freelist;
	const uint8_t *object =
	    (uint8_t *)page_address(k, page) + slab->s_mem + (size_t)index * cache->size;

	for (uint32_t i = page->inuse; i < cache->num; i++)
		if (slab->free[i] == index)
			return '.';
	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
		for (uint32_t i = 0; i < cache->cpu_cache[cpu].avail; i++)
			if (cache->cpu_cache[cpu].entry[i] == object)
				return 'o';
	return 'X';
}

static void draw_slabs(const struct mm_shell *sh, const struct kmem_cache *cache, const char *title,
                       const struct list_head *slabs)
{
	const struct kernel *k = shell_kernel(sh);
	const struct page *page;

	shell_say(sh, "%s:%s", title, list_empty(slabs) ? " none" : "");
	list_for_each_entry (page, slabs, lru) {
		const struct slab *slab = page->freelist;

		fprintf(sh->out, "  frame %" PRIu64 ", first object at %u, %u of %u taken",
		        page_to_pfn(k, page), slab->s_mem, page->inuse, cache->num);
		for (uint32_t i = 0; i < cache->num; i++)
			fprintf(sh->out, "%s%c", i % MAP_WIDTH ? "" : "\n    ",
			        object_char(k, cache, page, i));
		putc('\n', sh->out);
	}
}

static int draw_cache(const struct mm_shell *sh, const char *name)
{
	const struct kmem_cache *cache = shell_read_cache(sh, name);

	if (!cache)
		return EXIT_MISTAKE;
	shell_say(sh, "%s: %u bytes an object, %u objects in %u page%s, record %s, %u colours",
	          cache->name, cache->size, cache->num, 1u << cache->gfporder,
	          cache->gfporder ? "s" : "", cache->off_slab ? "elsewhere" : "in the slab",
	          cache->colour ? cache->colour : 1);
	draw_slabs(sh, cache, "full", &cache->slabs_full);
	draw_slabs(sh, cache, "partial", &cache->slabs_partial);
	draw_slabs(sh, cache, "empty", &cache->slabs_free);
	shell_say(sh, "X: in use; o: free, at hand for a CPU; .: free");
	return 0;
}

/* draw zone NAME | draw slab CACHE | draw FIRST [LAST] */
static int run_draw(struct mm_shell *sh, const struct mm_call *call)
{
	const struct kernel *k = shell_kernel(sh);
	const struct page *page;
	uint64_t last;

	if (!strcmp(call->argv[0], "zone") && call->argc == 2)
		return draw_zone(sh, call->argv[1]);
	if (!strcmp(call->argv[0], "slab") && call->argc == 2)
		return draw_cache(sh, call->argv[1]);
	if (shell_read_page(sh, call->argv[0], &page))
		return EXIT_MISTAKE;
	last = page_to_pfn(k, page);
	if (call->argc > 1 && shell_read_number(sh, call->argv[1], k->max_pfn - 1, &last))
		return EXIT_MISTAKE;
	draw_frames(sh, page_to_pfn(k, page), last + 1);
	return 0;
}

const struct mm_command mm_draw_commands[] = {
	{ "draw", "zone ZONE | slab CACHE | FIRST [LAST]", 1, 2, NAMES_NOTHING, run_draw,
	  "frames, or objects, a letter each" },
	{ 0 },
};
