/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each GFP mask may do, as a table: how low it can drive free memory, whether it
 * wakes kswapd, reclaims, kills, warns, fails; and which zones it ends in.
 */
#include "disk_file.h"
#include "mm_fixture.h"

#include "tests/run_suite.h"

#define PAGES_MAX 4096

static struct fixture f;
static struct kernel *const k = &f.k;
static struct page *taken[PAGES_MAX];

/* ---- how far a mask goes in a machine with nothing to reclaim ---- */

/* Part of the min watermark that is left when the mask fails. */
enum floor {
	MIN,           /* all of it */
	HALF,          /* __GFP_HIGH */
	THREE_QUARTER, /* a waiter's alone: __GFP_ATOMIC without __GFP_HIGH */
	THREE_EIGHTH,  /* both */
	NOTHING,       /* the last frame, too */
};

enum {
	WAKES = 1,    /* kswapd */
	RECLAIMS = 2, /* directly */
	WARNS = 4,    /* when it fails */
	KILLS = 8,    /* would, if there were somebody to kill */
};

#define NORMAL (WAKES | RECLAIMS | WARNS)

static const struct {
	const char *name;
	gfp_t gfp;
	enum floor floor;
	unsigned does;
} masks[] = {
#define ROW(mask, floor, does)                                                                     \
	{                                                                                          \
#mask, mask, floor, does                                                           \
	}
	/* what callers name */
	ROW(GFP_ATOMIC, THREE_EIGHTH, WAKES | WARNS),
	ROW(GFP_NOWAIT, MIN, WAKES | WARNS),
	ROW(GFP_NOIO, MIN, NORMAL),
	ROW(GFP_NOFS, MIN, NORMAL),
	ROW(GFP_KERNEL, MIN, NORMAL | KILLS),
	ROW(GFP_USER, MIN, NORMAL | KILLS),
	ROW(GFP_HIGHUSER, MIN, NORMAL | KILLS),
	ROW(GFP_HIGHUSER_MOVABLE, MIN, NORMAL | KILLS),
	ROW(GFP_DMA, MIN, WARNS),
	ROW(GFP_KERNEL | GFP_DMA, MIN, NORMAL),
	ROW(GFP_KERNEL | GFP_DMA32, MIN, NORMAL),
	/* one flag at a time, over nothing */
	ROW(0, MIN, WARNS),
	ROW(__GFP_HIGH, HALF, WARNS),
	ROW(__GFP_ATOMIC, THREE_QUARTER, WARNS),
	ROW(__GFP_IO, MIN, WARNS),
	ROW(__GFP_FS, MIN, WARNS),
	ROW(__GFP_COLD, MIN, WARNS),
	ROW(__GFP_NOWARN, MIN, 0),
	ROW(__GFP_REPEAT, MIN, WARNS),
	ROW(__GFP_NORETRY, MIN, WARNS),
	ROW(__GFP_MEMALLOC, NOTHING, WARNS),
	ROW(__GFP_NOMEMALLOC, MIN, WARNS),
	ROW(__GFP_COMP, MIN, WARNS),
	ROW(__GFP_ZERO, MIN, WARNS),
	ROW(__GFP_HARDWALL, MIN, WARNS),
	ROW(__GFP_THISNODE, MIN, WARNS),
	ROW(__GFP_RECLAIMABLE, MIN, WARNS),
	ROW(__GFP_WRITE, MIN, WARNS),
	ROW(__GFP_KSWAPD_RECLAIM, MIN, WAKES | WARNS),
	ROW(__GFP_DIRECT_RECLAIM, MIN, RECLAIMS | WARNS),
	/* flags that change others */
	ROW(__GFP_ATOMIC | __GFP_NOMEMALLOC, MIN, WARNS),
	ROW(__GFP_MEMALLOC | __GFP_NOMEMALLOC, MIN, WARNS),
	ROW(GFP_ATOMIC | __GFP_NOMEMALLOC, HALF, WAKES | WARNS),
	ROW(GFP_KERNEL | __GFP_HIGH, HALF, NORMAL | KILLS),
	ROW(GFP_KERNEL | __GFP_NOWARN, MIN, WAKES | RECLAIMS | KILLS),
	ROW(GFP_KERNEL | __GFP_NORETRY, MIN, NORMAL),
	ROW(GFP_KERNEL | __GFP_THISNODE, MIN, NORMAL),
	ROW(GFP_KERNEL | __GFP_MEMALLOC, NOTHING, NORMAL | KILLS),
	ROW(GFP_NOFS | __GFP_NOFAIL, NOTHING, NORMAL),
#undef ROW
};

static uint64_t pages_left(enum floor floor, uint64_t min)
{
	uint64_t half = min - min / 2;

	switch (floor) {
	case MIN:
		return min;
	case HALF:
		return half;
	case THREE_QUARTER:
		return min - min / 4;
	case THREE_EIGHTH:
		return half - half / 4;
	default:
		return 0;
	}
}

START_TEST(a_mask_goes_as_far_as_the_table_says)
{
	const char *name = masks[_i].name;
	const struct zone *zone = &NODE_DATA(k, 0)->node_zones[ZONE_DMA];
	unsigned does = masks[_i].does;
	uint64_t stalls = 0, nr = 0;

	fixture_boot(&f, 4 * MIB, NULL);
	while ((taken[nr] = alloc_page(k, masks[_i].gfp)))
		nr++;
	drain_all_pages(k);
	ck_assert_msg(zone->nr_free_pages ==
	                  pages_left(masks[_i].floor, zone->watermark[WMARK_MIN]),
	              "%s leaves %lu pages of %lu", name, (unsigned long)zone->nr_free_pages,
	              (unsigned long)zone->watermark[WMARK_MIN]);
	for (int type = 0; type < MAX_NR_ZONES; type++)
		stalls += k->vm_events[ALLOCSTALL_DMA + type];
	ck_assert_msg(NODE_DATA(k, 0)->kswapd_wanted == !!(does & WAKES), "%s", name);
	ck_assert_msg(!!stalls == !!(does & RECLAIMS), "%s: %lu stalls", name,
	              (unsigned long)stalls);
	ck_assert_msg(fixture_logged(&f, "page allocation failure") == !!(does & WARNS), "%s",
	              name);
	ck_assert_msg(fixture_logged(&f, "no killable processes") == !!(does & KILLS), "%s", name);
	fixture_check(&f);
	while (nr--)
		__free_page(k, taken[nr]);
	fixture_finish(&f);
}
END_TEST

/* ---- zones ---- */

enum { DMA = 1 << ZONE_DMA, DMA32 = 1 << ZONE_DMA32, MOVABLE = 1 << ZONE_MOVABLE };
enum { WIDE_NORMAL = 1 << ZONE_NORMAL, HIGHMEM = 1 << ZONE_HIGHMEM };

static const struct {
	gfp_t gfp;
	unsigned
	    zones64; /* that pages of a 64-bit machine with 48 MB, 16 of them movable, are of */
	unsigned first64;
	unsigned zones32; /* of a 32-bit machine with 904 MB */
	unsigned first32;
} zone_rows[] = {
	{ GFP_KERNEL, DMA | DMA32, DMA32, DMA | WIDE_NORMAL, WIDE_NORMAL },
	{ GFP_DMA, DMA, DMA, DMA, DMA },
	{ GFP_DMA32, DMA | DMA32, DMA32, DMA, DMA },
	{ __GFP_HIGHMEM, DMA | DMA32, DMA32, DMA | WIDE_NORMAL | HIGHMEM, HIGHMEM },
	{ __GFP_MOVABLE, DMA | DMA32, DMA32, DMA | WIDE_NORMAL, WIDE_NORMAL },
	{ __GFP_RECLAIMABLE, DMA | DMA32, DMA32, DMA | WIDE_NORMAL, WIDE_NORMAL },
	{ __GFP_HIGHMEM | __GFP_MOVABLE, DMA | DMA32 | MOVABLE, MOVABLE,
	  DMA | WIDE_NORMAL | HIGHMEM, HIGHMEM },
};

static unsigned zones_in_list(gfp_t gfp, unsigned *first)
{
	unsigned zones = 0;

	*first = 0;
	for_each_zone_zonelist (zone, z, node_zonelist(k, 0, gfp), gfp_zone(gfp), NULL) {
		zones |= 1u << zone->type;
		if (!*first)
			*first = zones;
	}
	return zones;
}

START_TEST(a_mask_ends_in_the_zones_of_the_table)
{
	struct kernel_config config = fixture_config();
	unsigned first;

	config.movable_bytes = 16 * MIB;
	fixture_boot(&f, 48 * MIB, &config);
	ck_assert_uint_eq(zones_in_list(zone_rows[_i].gfp, &first), zone_rows[_i].zones64);
	ck_assert_uint_eq(first, zone_rows[_i].first64);
	ck_assert_uint_eq(1u << page_zone(k, alloc_page(k, zone_rows[_i].gfp))->type, first);
	fixture_finish(&f);

	config = fixture_config();
	config.paging = &paging_two_level;
	config.check = false;
	fixture_boot(&f, 904 * MIB, &config);
	ck_assert_uint_eq(zones_in_list(zone_rows[_i].gfp, &first), zone_rows[_i].zones32);
	ck_assert_uint_eq(first, zone_rows[_i].first32);
	ck_assert_uint_eq(1u << page_zone(k, alloc_page(k, zone_rows[_i].gfp))->type, first);
	fixture_finish(&f);
}
END_TEST

/* ---- what else a flag changes ---- */

START_TEST(a_mask_sorts_pages_by_mobility)
{
	ck_assert_int_eq(gfpflags_to_migratetype(GFP_KERNEL), MIGRATE_UNMOVABLE);
	ck_assert_int_eq(gfpflags_to_migratetype(GFP_KERNEL | __GFP_RECLAIMABLE),
	                 MIGRATE_RECLAIMABLE);
	ck_assert_int_eq(gfpflags_to_migratetype(GFP_HIGHUSER_MOVABLE), MIGRATE_MOVABLE);
}
END_TEST

START_TEST(noretry_stalls_once)
{
	fixture_boot(&f, 4 * MIB, NULL);
	while (alloc_page(k, GFP_NOWAIT | __GFP_NOWARN))
		;
	ck_assert_ptr_null(alloc_page(k, GFP_KERNEL | __GFP_NORETRY));
	ck_assert_uint_eq(k->vm_events[ALLOCSTALL_NORMAL], 1);
	ck_assert_ptr_null(alloc_page(k, GFP_KERNEL));
	ck_assert_uint_gt(k->vm_events[ALLOCSTALL_NORMAL], 1);
	fixture_finish(&f);
}
END_TEST

static int64_t ignore(void *context, void *memory, uint64_t offset, uint64_t len)
{
	return (int64_t)len;
}

/* A large block is tried for again and again by __GFP_REPEAT alone. */
START_TEST(repeat_goes_on_for_large_blocks)
{
	uint64_t stalls[2];

	for (int repeat = 0; repeat < 2; repeat++) {
		struct disk_file file;

		fixture_boot(&f, 16 * MIB, NULL);
		disk_file_open(k, &file, 20 * MIB, 20 * MIB / PAGE_SIZE);
		filemap_read(k, &file.file, 0, 20 * MIB, ignore, NULL);
		while (alloc_page(k, GFP_NOWAIT | __GFP_NOWARN))
			;
		stalls[repeat] = k->vm_events[ALLOCSTALL_NORMAL];
		alloc_pages(k, GFP_NOFS | __GFP_NOWARN | (repeat ? __GFP_REPEAT : 0),
		            MAX_ORDER - 1);
		stalls[repeat] = k->vm_events[ALLOCSTALL_NORMAL] - stalls[repeat];
		disk_file_close(k, &file);
		fixture_finish(&f);
	}
	ck_assert_uint_eq(stalls[0], 1);
	ck_assert_uint_gt(stalls[1], 1);
}
END_TEST

/* Reclaim may write to swap with __GFP_IO, to files with __GFP_FS. */
START_TEST(without_fs_reclaim_writes_no_file)
{
	struct disk_file file;

	fixture_boot(&f, 16 * MIB, NULL);
	k->config.dirty_background_ratio = k->config.dirty_ratio = 100;
	disk_file_open(k, &file, 0, 1024);
	filemap_write(k, &file.file, 0, 4 * MIB, ignore, NULL);
	for (int i = 0; i < 20; i++)
		reclaim_for(k, GFP_NOFS);
	ck_assert_uint_eq(file.nr_written, 0);
	for (int i = 0; i < 20; i++)
		reclaim_for(k, GFP_KERNEL);
	ck_assert_uint_gt(file.nr_written, 0);
	fixture_check(&f);
	disk_file_close(k, &file);
	fixture_finish(&f);
}
END_TEST

/* __GFP_WRITE keeps away from a zone that has its share of dirt, while another has not. */
START_TEST(write_spreads_dirt_over_the_zones)
{
	struct zone *dma32 = &NODE_DATA(k, 0)->node_zones[ZONE_DMA32];

	fixture_boot(&f, 64 * MIB, NULL);
	ck_assert_ptr_eq(page_zone(k, alloc_page(k, GFP_USER | __GFP_WRITE)), dma32);
	dma32->nr_file_dirty = dma32->managed_pages;
	ck_assert(!zone_dirty_ok(k, dma32));
	ck_assert_int_eq(page_zone(k, alloc_page(k, GFP_USER | __GFP_WRITE))->type, ZONE_DMA);
	ck_assert_ptr_eq(page_zone(k, alloc_page(k, GFP_USER)), dma32);
	/* where no zone is clean, that is no reason to fail */
	NODE_DATA(k, 0)->node_zones[ZONE_DMA].nr_file_dirty = 4096;
	ck_assert_ptr_eq(page_zone(k, alloc_page(k, GFP_USER | __GFP_WRITE)), dma32);
	fixture_finish(&f);
}
END_TEST

START_TEST(dirty_pages_count_in_their_zone)
{
	struct zone *dma32 = &NODE_DATA(k, 0)->node_zones[ZONE_DMA32];
	struct disk_file file;

	fixture_boot(&f, 64 * MIB, NULL);
	disk_file_open(k, &file, 0, 16);
	filemap_write(k, &file.file, 0, 3 * PAGE_SIZE, ignore, NULL);
	ck_assert_uint_eq(dma32->nr_file_dirty, 3);
	fixture_check(&f);
	disk_file_close(k, &file);
	ck_assert_uint_eq(dma32->nr_file_dirty, 0);
	fixture_finish(&f);
}
END_TEST

START_TEST(a_page_freed_cold_is_the_last_to_come_back)
{
	struct page *hot, *cold, *page;
	uint32_t nr;

	fixture_boot(&f, 64 * MIB, NULL);
	hot = alloc_page(k, GFP_KERNEL);
	cold = alloc_page(k, GFP_KERNEL);
	free_hot_cold_page(k, cold, true);
	free_hot_cold_page(k, hot, false);
	nr = page_zone(k, hot)->pageset[0].count;
	ck_assert_ptr_eq(alloc_page(k, GFP_KERNEL), hot);
	for (page = NULL; --nr; page = alloc_page(k, GFP_KERNEL))
		ck_assert_ptr_ne(page, cold);
	ck_assert(page_zone(k, cold)->pageset[0].count > 0 || page == cold);
	fixture_check(&f);
	fixture_finish(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gfp");
	TCase *tcase = tcase_create("gfp");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_mask_goes_as_far_as_the_table_says, 0,
	                    sizeof(masks) / sizeof(masks[0]));
	tcase_add_loop_test(tcase, a_mask_ends_in_the_zones_of_the_table, 0,
	                    sizeof(zone_rows) / sizeof(zone_rows[0]));
	tcase_add_test(tcase, a_mask_sorts_pages_by_mobility);
	tcase_add_test(tcase, noretry_stalls_once);
	tcase_add_test(tcase, repeat_goes_on_for_large_blocks);
	tcase_add_test(tcase, without_fs_reclaim_writes_no_file);
	tcase_add_test(tcase, write_spreads_dirt_over_the_zones);
	tcase_add_test(tcase, dirty_pages_count_in_their_zone);
	tcase_add_test(tcase, a_page_freed_cold_is_the_last_to_come_back);
	return run_suite(suite);
}
