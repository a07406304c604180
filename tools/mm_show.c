/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_show - the shell's commands that only look: figures, maps of memory and of
 * slabs drawn as text, and why an allocation would go where.
 */
#include "mm/page_alloc.h"
#include "sim/proc_mm.h"
#include "tools/mm_gfp.h"
#include "tools/mm_shell.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- show ---- */

/* As in /proc. */
static const struct {
	const char *name;
	void (*print)(struct proc_text *text, const struct kernel *k);
} proc_shows[] = {
	{ "zones", proc_zoneinfo },      { "zoneinfo", proc_zoneinfo },
	{ "buddyinfo", proc_buddyinfo }, { "pagetypeinfo", proc_pagetypeinfo },
	{ "slabinfo", proc_slabinfo },   { "vmallocinfo", proc_vmallocinfo },
	{ "meminfo", proc_meminfo },     { "vmstat", proc_vmstat },
	{ "swaps", proc_swaps },
};

static void show_node(const struct mm_shell *sh, struct pglist_data *node)
{
	fprintf(sh->out, "Node %u: frames %" PRIu64 " to %" PRIu64 ", %" PRIu64 " present\n",
	        node->node_id, node->node_start_pfn,
	        node->node_start_pfn + node->node_spanned_pages - 1, node->node_present_pages);
	for_each_zone_of_node (node, zone)
		fprintf(sh->out,
		        "  %-8s from frame %8" PRIu64 ": spanned %8" PRIu64 "  present %8" PRIu64
		        "  managed %8" PRIu64 "\n",
		        zone->name, zone->zone_start_pfn, zone->spanned_pages, zone->present_pages,
		        zone->managed_pages);
}

static void show_nodes(const struct mm_shell *sh)
{
	const struct kernel *k = shell_kernel(sh);

	for_each_node (k, nid)
		show_node(sh, NODE_DATA(k, nid));
}

static void show_watermarks(const struct mm_shell *sh)
{
	const struct kernel *k = shell_kernel(sh);

	fprintf(sh->out, "%-8s %8s %8s %8s %8s\n", "zone", "free", "min", "low", "high");
	for_each_zone (k, zone)
		fprintf(sh->out, "%-8s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "  %s\n",
		        zone->name, zone->nr_free_pages, zone->watermark[WMARK_MIN],
		        zone->watermark[WMARK_LOW], zone->watermark[WMARK_HIGH],
		        zone->nr_free_pages > zone->watermark[WMARK_HIGH]  ? "plenty"
		        : zone->nr_free_pages > zone->watermark[WMARK_LOW] ? "between low and high"
		        : zone->nr_free_pages > zone->watermark[WMARK_MIN] ? "kswapd is due"
		                                                           : "reserves only");
}

static void show_handles(const struct mm_shell *sh)
{
	const struct handle *handle;

	list_for_each_entry (handle, &sh->handles, handles) {
		if (handle->kind == &handle_number)
			shell_say(sh, "%-12s %" PRId64, handle->name, (int64_t)handle->size);
		else
			shell_say(sh, "%-12s %s", handle->name,
			          handle->object ? handle->kind->name : "NULL");
	}
}

/* A frame by its number, or that of a handle. */
static int read_page(const struct mm_shell *sh, const char *text, const struct page **out)
{
	const struct handle *handle = handle_find(sh, text);
	struct kernel *k = shell_kernel(sh);
	uint64_t pfn;

	if (handle) {
		*out = handle_page(sh, handle);
		return *out ? 0 : shell_mistake(sh, "%s has no frame", text);
	}
	if (shell_read_number(sh, text, k->max_pfn - 1, &pfn))
		return EXIT_MISTAKE;
	*out = pfn_to_page(k, pfn);
	return 0;
}

static int show_page(const struct mm_shell *sh, const char *text)
{
	static const char *const flags[NR_PAGEFLAGS] = {
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
	const struct kernel *k = shell_kernel(sh);
	const struct page *page;
	int status = read_page(sh, text, &page);

	if (status)
		return status;
	fprintf(sh->out, "frame %" PRIu64 ", zone %s: _count %d, _mapcount %d, flags",
	        page_to_pfn(k, page), page_zone(k, page)->name, page->_count, page->_mapcount);
	for (int i = 0; i < NR_PAGEFLAGS; i++)
		if (page->flags >> i & 1)
			fprintf(sh->out, " %s", flags[i]);
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

static const struct {
	const char *name;
	void (*show)(const struct mm_shell *sh);
} own_shows[] = {
	{ "nodes", show_nodes },
	{ "watermarks", show_watermarks },
	{ "handles", show_handles },
};

static int show_proc(const struct mm_shell *sh,
                     void (*print)(struct proc_text *text, const struct kernel *k))
{
	struct proc_text text = { 0 };
	bool no_memory;

	print(&text, shell_kernel(sh));
	if (text.len)
		fwrite(text.data, 1, text.len, sh->out);
	no_memory = text.no_memory;
	free(text.data);
	return no_memory ? shell_mistake(sh, "out of memory") : 0;
}

static int run_show(struct mm_shell *sh, const struct mm_call *call)
{
	const char *what = call->argv[0];

	if (!strcmp(what, "page")) {
		if (call->argc == 1)
			return shell_mistake(sh, "show page: which?");
		return show_page(sh, call->argv[1]);
	}
	if (call->argc > 1)
		return shell_mistake(sh, "show %s takes no argument", what);
	for (size_t i = 0; i < sizeof(own_shows) / sizeof(own_shows[0]); i++) {
		if (strcmp(own_shows[i].name, what) != 0)
			continue;
		own_shows[i].show(sh);
		return 0;
	}
	for (size_t i = 0; i < sizeof(proc_shows) / sizeof(proc_shows[0]); i++)
		if (!strcmp(proc_shows[i].name, what))
			return show_proc(sh, proc_shows[i].print);
	return shell_mistake(sh, "there is no %s to show; see help show", what);
}

/* ---- draw: memory ---- */

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

/* ---- draw: a cache ---- */

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
	if (read_page(sh, call->argv[0], &page))
		return EXIT_MISTAKE;
	last = page_to_pfn(k, page);
	if (call->argc > 1 && shell_read_number(sh, call->argv[1], k->max_pfn - 1, &last))
		return EXIT_MISTAKE;
	draw_frames(sh, page_to_pfn(k, page), last + 1);
	return 0;
}

/* ---- why ---- */

static const char *yes(bool it_is)
{
	return it_is ? "yes" : "no";
}

/* One attempt: the zones in the order in which they are tried. Returns the one that
 * gives the block, or NULL. */
static const struct zone *try_zones(const struct mm_shell *sh, const char *title, gfp_t gfp,
                                    unsigned order, enum zone_watermarks mark, gfp_t behaviour)
{
	const struct kernel *k = shell_kernel(sh);
	enum zone_type classzone = gfp_zone(gfp);
	const struct zone *chosen = NULL;

	shell_say(sh, "%s", title);
	for (int type = classzone; type >= 0; type--) {
		const struct zone *zone = &NODE_DATA(k, numa_node_id(k))->node_zones[type];
		bool ok =
		    zone->managed_pages &&
		    zone_watermark_ok(zone, order, zone->watermark[mark], classzone, behaviour);

		if (!zone->managed_pages)
			continue;
		shell_say(sh,
		          "    %-8s %8" PRIu64 " free, mark %6" PRIu64 ", reserve %6" PRIu64 ": %s",
		          zone->name, zone->nr_free_pages, zone->watermark[mark],
		          zone->lowmem_reserve[classzone],
		          !ok      ? "no"
		          : chosen ? "would do"
		                   : "takes it");
		if (ok && !chosen)
			chosen = zone;
	}
	return chosen;
}

static void say_behaviour(const struct mm_shell *sh, gfp_t gfp)
{
	shell_say(sh, "  wakes kswapd: %s", yes(gfp & __GFP_KSWAPD_RECLAIM));
	shell_say(sh, "  reclaims itself, and may wait: %s; with I/O: %s; with file systems: %s",
	          yes(gfp & __GFP_DIRECT_RECLAIM),
	          yes(gfp & __GFP_DIRECT_RECLAIM && gfp & __GFP_IO),
	          yes(gfp & __GFP_DIRECT_RECLAIM && gfp & __GFP_FS));
	if (gfp & __GFP_HIGH)
		shell_say(sh, "  may go a half below the min watermark (__GFP_HIGH)");
	if (gfp & __GFP_ATOMIC && !(gfp & __GFP_NOMEMALLOC))
		shell_say(sh, "  and a quarter of the rest (__GFP_ATOMIC)");
	if (gfp & __GFP_MEMALLOC && !(gfp & __GFP_NOMEMALLOC))
		shell_say(sh, "  may use all reserves (__GFP_MEMALLOC)");
	if (gfp & __GFP_NORETRY)
		shell_say(sh, "  gives up after one round of reclaim (__GFP_NORETRY)");
	if (gfp & __GFP_NOFAIL)
		shell_say(sh, "  must not fail (__GFP_NOFAIL)");
	shell_say(sh, "  what fails is logged: %s; pages are cleared: %s",
	          yes(!(gfp & __GFP_NOWARN)), yes(gfp & __GFP_ZERO));
}

/* When no zone stands above its mark. */
static const char *outlook(gfp_t gfp)
{
	if (gfp & __GFP_MEMALLOC && !(gfp & __GFP_NOMEMALLOC))
		return "from the reserves, while there are any";
	return gfp & __GFP_DIRECT_RECLAIM ? "only after reclaim" : "fails";
}

/* `why GFP [ORDER]`: names the zone that would serve it now. */
static int run_why(struct mm_shell *sh, const struct mm_call *call)
{
	static const char *const types[MIGRATE_TYPES] = { "Unmovable", "Movable", "Reclaimable" };
	static const char *const zones[MAX_NR_ZONES] = { "DMA", "DMA32", "Normal", "HighMem",
		                                         "Movable" };
	const struct zone *zone;
	uint64_t order = 0;
	char text[512];
	gfp_t gfp = 0;
	int status = shell_read_gfp(sh, call->argv[0], &gfp);

	if (!status && call->argc > 1)
		status = shell_read_number(sh, call->argv[1], MAX_ORDER - 1, &order);
	if (status)
		return status;
	gfp_print(gfp, text, sizeof(text));
	shell_say(sh, "%#x = %s", gfp, text);
	shell_say(sh, "  highest zone: %s; migrate type: %s", zones[gfp_zone(gfp)],
	          types[gfpflags_to_migratetype(gfp)]);
	zone = try_zones(sh, "  first try, above low:", gfp, (unsigned)order, WMARK_LOW, 0);
	if (!zone)
		zone = try_zones(sh, "  second try, kswapd woken, above min:", gfp, (unsigned)order,
		                 WMARK_MIN, gfp);
	say_behaviour(sh, gfp);
	if (!zone)
		shell_say(sh, "  now: %s", outlook(gfp));
	return 0;
}

const struct mm_command mm_show_commands[] = {
	{ "show", "WHAT", 1, 2, NAMES_NOTHING, run_show,
	  "nodes, zones, watermarks, buddyinfo, pagetypeinfo, slabinfo, vmallocinfo, meminfo, "
	  "vmstat, swaps, "
	  "handles, page N|NAME" },
	{ "draw", "zone ZONE | slab CACHE | FIRST [LAST]", 1, 2, NAMES_NOTHING, run_draw,
	  "frames, or objects, a letter each" },
	{ "why", "GFP [ORDER]", 1, 2, NAMES_NOTHING, run_why,
	  "where an allocation would go now, and what it may do; masks are joined by |" },
	{ 0 },
};
