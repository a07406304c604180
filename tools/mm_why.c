/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_why - where an allocation would go now, and what it may do to get there.
 */
#include "mm/page_alloc.h"
#include "tools/mm_gfp.h"
#include "tools/mm_shell.h"

#include <inttypes.h>

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
	const struct zonelist *zonelist = node_zonelist(k, numa_node_id(k), gfp);
	enum zone_type classzone = gfp_zone(gfp);
	const struct zone *chosen = NULL;
	char name[MM_NAME_MAX];

	shell_say(sh, "%s", title);
	for_each_zone_zonelist (zone, z, zonelist, classzone, NULL) {
		bool ok =
		    zone_watermark_ok(zone, order, zone->watermark[mark], classzone, behaviour);

		mm_zone_name(sh, zone, name);
		shell_say(sh,
		          "    %-9s %8" PRIu64 " free, mark %6" PRIu64 ", reserve %6" PRIu64 ": %s",
		          name, zone->nr_free_pages, zone->watermark[mark],
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

const struct mm_command mm_why_commands[] = {
	{ "why", "GFP [ORDER]", 1, 2, NAMES_NOTHING, run_why,
	  "the zones in the order of trying, and what the mask allows" },
	{ 0 },
};
