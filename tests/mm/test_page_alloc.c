/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm_fixture.h"

#include "mm/page_alloc.h"
#include "tests/run_suite.h"

#include <errno.h>
#include <signal.h>

/* Masks of who neither waits nor warns. */
#define GFP_TRY (GFP_NOWAIT | __GFP_NOWARN)
#define GFP_ALL (__GFP_MEMALLOC | __GFP_NOWARN) /* the last frame, too */

#define PAGES_MAX 20000

static struct fixture f;
static struct kernel *const k = &f.k;
static struct page *taken[PAGES_MAX];

static struct zone *zone_of(enum zone_type type)
{
	return &NODE_DATA(k, 0)->node_zones[type];
}

static void check_valid(void)
{
	char what[256] = "";

	ck_assert_msg(page_alloc_is_valid(k, what, sizeof(what)), "%s", what);
}

/* Blocks until the allocator says NULL. */
static uint64_t take_all(gfp_t gfp, unsigned order, uint64_t from)
{
	uint64_t nr = from;

	while (nr < PAGES_MAX && (taken[nr] = alloc_pages(k, gfp, order)))
		nr++;
	ck_assert_uint_lt(nr, PAGES_MAX);
	return nr;
}

static void give_all(uint64_t nr, unsigned order)
{
	while (nr--)
		__free_pages(k, taken[nr], order);
}

/* Free blocks by zone and order, per-CPU lists drained. */
struct blocks {
	uint64_t nr_free[MAX_NR_ZONES][MAX_ORDER];
};

static struct blocks count_blocks(void)
{
	struct blocks blocks;

	drain_all_pages(k);
	for (int type = 0; type < MAX_NR_ZONES; type++)
		for (int order = 0; order < MAX_ORDER; order++)
			blocks.nr_free[type][order] = zone_of(type)->free_area[order].nr_free;
	return blocks;
}

static void check_blocks(const struct blocks *expected)
{
	struct blocks now = count_blocks();

	ck_assert_mem_eq(&now, expected, sizeof(now));
	check_valid();
}

static bool is_filled(const struct page *page, unsigned order, uint8_t byte)
{
	const uint8_t *memory = page_address(k, page);

	return *memory == byte && !memcmp(memory, memory + 1, (PAGE_SIZE << order) - 1);
}

/* ---- boot ---- */

static const uint64_t ram_sizes[] = {
	2 * MIB, 4 * MIB, 15 * MIB + 4 * KIB, 64 * MIB, GIB, 6 * GIB
};

START_TEST(every_size_of_ram_boots_with_all_frames_accounted_for)
{
	uint64_t managed = 0, present = 0;

	fixture_boot(&f, ram_sizes[_i], NULL);
	check_valid();
	for_each_zone (k, zone) {
		managed += zone->managed_pages;
		present += zone->present_pages;
	}
	ck_assert_uint_eq(managed, k->totalram_pages);
	/* all but the hole between 640 KB and 1 MB */
	ck_assert_uint_eq(present, (ram_sizes[_i] - 384 * KIB) / PAGE_SIZE);
	/* reserved: 64 KB of BIOS, the image, mem_map and three pages (types, zero,
	 * per-CPU) */
	ck_assert_uint_ge(managed + (64 * KIB + MIB + ram_sizes[_i] / 64) / PAGE_SIZE + 4, present);
	fixture_finish(&f);
}
END_TEST

START_TEST(too_little_ram_and_bad_configurations_do_not_boot)
{
	struct kernel_config config = fixture_config();
	struct ram ram;

	ck_assert_int_eq(ram_init(&ram, MIB), 0);
	ck_assert_int_eq(kernel_boot(k, &config, &ram, &f.events, &fixture_ops, &f), -ENOMEM);
	config.nr_cpus = NR_CPUS_MAX + 1;
	ck_assert_int_eq(kernel_boot(k, &config, &ram, &f.events, &fixture_ops, &f), -EINVAL);
	config = fixture_config();
	config.fault_around_pages = 3;
	ck_assert_int_eq(kernel_boot(k, &config, &ram, &f.events, &fixture_ops, &f), -EINVAL);
	config = fixture_config();
	config.min_free_kbytes = 1024;
	ck_assert_int_eq(kernel_boot(k, &config, &ram, &f.events, &fixture_ops, &f), -EINVAL);
	ram_finish(&ram);
}
END_TEST

START_TEST(boot_of_large_ram_leaves_most_of_mem_map_untouched)
{
	static const struct page untouched;
	uint64_t touched = 0;

	fixture_boot(&f, GIB, NULL);
	for (pfn_t pfn = 0; pfn < k->max_pfn; pfn++)
		touched += !!memcmp(pfn_to_page(k, pfn), &untouched, sizeof(untouched));
	/* reserved: 16 MB of mem_map, 1 MB of image, 448 KB below 1 MB; 256 block heads */
	ck_assert_uint_lt(touched, (16 * MIB + MIB + 448 * KIB) / PAGE_SIZE + 400);
	fixture_finish(&f);
}
END_TEST

START_TEST(zero_page_is_zero_and_cannot_be_freed)
{
	fixture_boot(&f, 4 * MIB, NULL);
	ck_assert(is_filled(k->zero_page, 0, 0));
	ck_assert(PageReserved(k->zero_page));
	get_page(k->zero_page);
	put_page(k, k->zero_page);
	ck_assert_int_gt(page_count(k->zero_page), 0);
	check_valid();
	fixture_finish(&f);
}
END_TEST

START_TEST(huge_kernel_image_is_cut_to_a_quarter_of_ram)
{
	struct kernel_config config = fixture_config();

	config.kernel_image_bytes = GIB;
	fixture_boot(&f, 8 * MIB, &config);
	ck_assert(PageReserved(pfn_to_page(k, (3 * MIB >> PAGE_SHIFT) - 1)));
	ck_assert(!PageReserved(pfn_to_page(k, 3 * MIB >> PAGE_SHIFT)));
	fixture_finish(&f);
}
END_TEST

/* ---- watermarks, reserves, batches ---- */

START_TEST(default_min_free_kbytes_is_the_root_of_16_times_low_memory)
{
	uint64_t kbytes, min;

	fixture_boot(&f, ram_sizes[_i], NULL);
	kbytes = k->totalram_pages * 4;
	min = k->config.min_free_kbytes;
	if (min > 128)
		ck_assert_uint_le(min * min, 16 * kbytes);
	ck_assert_uint_gt((min + 1) * (min + 1), 16 * kbytes);
	fixture_finish(&f);
}
END_TEST

START_TEST(watermarks_share_min_free_kbytes_by_size_of_zone)
{
	struct kernel_config config = fixture_config();

	config.min_free_kbytes = 4000; /* 1000 pages */
	fixture_boot(&f, 64 * MIB, &config);
	for_each_zone (k, zone) {
		uint64_t min = 1000 * zone->managed_pages / k->totalram_pages;

		ck_assert_uint_eq(zone->watermark[WMARK_MIN], min);
		ck_assert_uint_eq(zone->watermark[WMARK_LOW], min + min / 4);
		ck_assert_uint_eq(zone->watermark[WMARK_HIGH], min + min / 2);
	}
	k->config.min_free_kbytes = 400;
	setup_per_zone_wmarks(k);
	ck_assert_uint_eq(zone_of(ZONE_DMA)->watermark[WMARK_MIN],
	                  100 * zone_of(ZONE_DMA)->managed_pages / k->totalram_pages);
	fixture_finish(&f);
}
END_TEST

START_TEST(lowmem_reserve_is_a_256th_of_what_lies_above)
{
	const struct zone *dma, *dma32, *normal;

	fixture_boot(&f, 6 * GIB, NULL);
	dma = zone_of(ZONE_DMA);
	dma32 = zone_of(ZONE_DMA32);
	normal = zone_of(ZONE_NORMAL);
	ck_assert_uint_eq(dma->lowmem_reserve[ZONE_DMA], 0);
	ck_assert_uint_eq(dma->lowmem_reserve[ZONE_DMA32], dma32->managed_pages / 256);
	ck_assert_uint_eq(dma->lowmem_reserve[ZONE_NORMAL],
	                  (dma32->managed_pages + normal->managed_pages) / 256);
	ck_assert_uint_eq(dma32->lowmem_reserve[ZONE_NORMAL], normal->managed_pages / 256);
	ck_assert_uint_eq(normal->lowmem_reserve[ZONE_NORMAL], 0);
	fixture_finish(&f);
}
END_TEST

/* /proc/zoneinfo of Linux machines: 31 and 186 for a zone of 512 MB or more, and 1
 * page at a time for 16 MB. */
START_TEST(batch_grows_with_the_zone_up_to_31)
{
	fixture_boot(&f, GIB, NULL);
	ck_assert_uint_eq(zone_of(ZONE_DMA32)->pageset[0].batch, 31);
	ck_assert_uint_eq(zone_of(ZONE_DMA32)->pageset[0].high, 186);
	ck_assert_uint_eq(zone_of(ZONE_DMA)->pageset[0].batch, 1);
	ck_assert_uint_eq(zone_of(ZONE_DMA)->pageset[0].high, 0);
	fixture_finish(&f);
}
END_TEST

/* ---- splitting and merging ---- */

START_TEST(allocation_splits_the_smallest_block_that_fits)
{
	struct blocks before;

	fixture_boot(&f, 4 * MIB, NULL);
	before = count_blocks();
	for (unsigned order = 1; order < MAX_ORDER - 1; order++) {
		struct blocks expected = before;
		struct page *page;
		unsigned high = order;

		while (high < MAX_ORDER && !before.nr_free[ZONE_DMA][high])
			high++;
		page = alloc_pages(k, GFP_ALL, order);
		if (high == MAX_ORDER) {
			ck_assert_ptr_null(page);
			continue;
		}
		expected.nr_free[ZONE_DMA][high]--;
		for (unsigned rest = order; rest < high; rest++)
			expected.nr_free[ZONE_DMA][rest]++;
		check_blocks(&expected);
		ck_assert_uint_eq(page_to_pfn(k, page) & ((1u << order) - 1), 0);
		__free_pages(k, page, order);
		check_blocks(&before);
	}
	fixture_finish(&f);
}
END_TEST

/* Four pairs of frames that make one aligned block of 8, all taken. */
static pfn_t find_taken_eight(uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		pfn_t pfn = page_to_pfn(k, taken[i]);
		int pairs = 0;

		for (uint64_t j = 0; j < nr; j++)
			pairs += page_to_pfn(k, taken[j]) >> 3 == pfn >> 3;
		if (pairs == 4)
			return pfn & ~(pfn_t)7;
	}
	ck_abort_msg("no aligned block of 8 frames");
	return 0;
}

START_TEST(freed_buddies_merge_step_by_step)
{
	/* after each free: blocks of order 1, 2, 3
	 *   pair 0     | f |   |   |   |
	 *   pair 3     | f |   |   | f |     not buddies
	 *   pair 1     |   f   |   | f |
	 *   pair 2     |       f       |  */
	static const struct {
		int pair;
		uint64_t order1, order2, order3;
	} steps[] = { { 0, 1, 0, 0 }, { 3, 2, 0, 0 }, { 1, 1, 1, 0 }, { 2, 0, 0, 1 } };
	struct free_area *area;
	uint64_t nr;
	pfn_t pfn;

	fixture_boot(&f, 4 * MIB, NULL);
	area = zone_of(ZONE_DMA)->free_area;
	nr = take_all(GFP_ALL, 1, 0);
	pfn = find_taken_eight(nr);
	for (size_t i = 0; i < 4; i++) {
		__free_pages(k, pfn_to_page(k, pfn + 2 * (pfn_t)steps[i].pair), 1);
		ck_assert_uint_eq(area[1].nr_free, steps[i].order1);
		ck_assert_uint_eq(area[2].nr_free, steps[i].order2);
		ck_assert_uint_eq(area[3].nr_free, steps[i].order3);
		check_valid();
	}
	fixture_finish(&f);
}
END_TEST

/* The half of a block whose other half is free waits for the rest to come. */
START_TEST(block_that_may_soon_merge_is_taken_last)
{
	struct page *lone = NULL, *half;
	uint64_t nr;
	pfn_t pfn;

	fixture_boot(&f, 4 * MIB, NULL);
	nr = take_all(GFP_ALL, 1, 0);
	pfn = find_taken_eight(nr);
	for (uint64_t i = 0; i < nr && !lone; i++)
		if (page_to_pfn(k, taken[i]) >> 4 != pfn >> 4)
			lone = taken[i];
	__free_pages(k, pfn_to_page(k, pfn + 4), 1);
	__free_pages(k, pfn_to_page(k, pfn + 6), 1);
	half = pfn_to_page(k, pfn);
	__free_pages(k, lone, 1);
	__free_pages(k, half, 1);
	ck_assert_ptr_eq(alloc_pages(k, GFP_ALL, 1), lone);
	ck_assert_ptr_eq(alloc_pages(k, GFP_ALL, 1), half);
	fixture_finish(&f);
}
END_TEST

START_TEST(exhaustion_gives_null_and_all_comes_back)
{
	static const unsigned orders[] = { 0, 1, 3, 7 };
	struct blocks before;
	uint64_t nr, rest;

	fixture_boot(&f, 64 * MIB, NULL);
	before = count_blocks();
	for (size_t i = 0; i < 4; i++) {
		nr = take_all(GFP_ALL, orders[i], 0);
		check_valid();
		give_all(nr, orders[i]);
		check_blocks(&before);
	}
	/* what a large order leaves over, order 0 gets */
	nr = take_all(GFP_ALL, 7, 0);
	rest = take_all(GFP_ALL, 0, nr);
	ck_assert_uint_eq(nr_free_pages(k), 0);
	for (uint64_t i = nr; i < rest; i++)
		__free_page(k, taken[i]);
	give_all(nr, 7);
	check_blocks(&before);
	fixture_finish(&f);
}
END_TEST

START_TEST(orders_above_10_are_refused)
{
	fixture_boot(&f, 64 * MIB, NULL);
	ck_assert_ptr_nonnull(alloc_pages(k, GFP_KERNEL, MAX_ORDER - 1));
	ck_assert_ptr_null(alloc_pages(k, GFP_KERNEL, MAX_ORDER));
	ck_assert(fixture_logged(&f, "page allocation failure: order:11"));
	fixture_finish(&f);
}
END_TEST

/* ---- contents, references, compound pages ---- */

START_TEST(zeroed_pages_are_zero_and_their_frames_are_reported)
{
	struct page *page;

	fixture_boot(&f, 4 * MIB, NULL);
	page = alloc_pages(k, GFP_KERNEL, 2);
	memset(page_address(k, page), 0x55, 4 * PAGE_SIZE);
	__free_pages(k, page, 2);
	f.seen.frames_changed = 0;
	page = alloc_pages(k, GFP_KERNEL | __GFP_ZERO, 2);
	ck_assert(is_filled(page, 2, 0));
	ck_assert_uint_eq(f.seen.frames_changed, 4);
	ck_assert_uint_eq(f.seen.last_frame, page_to_pfn(k, page) + 3);
	fixture_finish(&f);
}
END_TEST

START_TEST(freed_pages_are_junk_under_check)
{
	struct kernel_config config = fixture_config();
	struct page *page;

	fixture_boot(&f, 4 * MIB, NULL);
	page = alloc_page(k, GFP_KERNEL);
	memset(page_address(k, page), 0x55, PAGE_SIZE);
	__free_page(k, page);
	ck_assert(is_filled(page, 0, PAGE_JUNK));
	fixture_finish(&f);

	config.check = false;
	fixture_boot(&f, 4 * MIB, &config);
	page = alloc_page(k, GFP_KERNEL);
	memset(page_address(k, page), 0x55, PAGE_SIZE);
	__free_page(k, page);
	ck_assert(is_filled(page, 0, 0x55));
	fixture_finish(&f);
}
END_TEST

START_TEST(last_reference_frees_and_not_before)
{
	struct page *page;
	uint64_t free_pages;

	fixture_boot(&f, 4 * MIB, NULL);
	free_pages = nr_free_pages(k);
	page = alloc_page(k, GFP_KERNEL);
	ck_assert_int_eq(page_count(page), 1);
	get_page(page);
	put_page(k, page);
	ck_assert_uint_eq(nr_free_pages(k), free_pages - 1);
	get_page(page);
	__free_page(k, page);
	ck_assert_uint_eq(nr_free_pages(k), free_pages - 1);
	put_page(k, page);
	ck_assert_uint_eq(nr_free_pages(k), free_pages);
	check_valid();
	fixture_finish(&f);
}
END_TEST

START_TEST(new_page_remembers_nothing_of_its_last_user)
{
	struct page *page;

	fixture_boot(&f, 256 * MIB, NULL);
	page = alloc_page(k, GFP_KERNEL);
	page->mapping = (struct address_space *)((uintptr_t)&f | PAGE_MAPPING_ANON);
	page->index = 5;
	page->private = 7;
	SetPageDirty(page);
	SetPageUptodate(page);
	SetPageSwapBacked(page);
	SetPageReferenced(page);
	put_page(k, page);
	ck_assert_ptr_eq(alloc_page(k, GFP_KERNEL), page);
	ck_assert_ptr_null(page->mapping);
	ck_assert_uint_eq(page->flags, 0);
	ck_assert_uint_eq(page->index, 0);
	ck_assert_uint_eq(page->private, 0);
	fixture_finish(&f);
}
END_TEST

START_TEST(compound_page_is_one_page_by_any_of_its_frames)
{
	struct blocks before;
	struct page *page;

	fixture_boot(&f, 4 * MIB, NULL);
	before = count_blocks();
	page = alloc_pages(k, GFP_KERNEL | __GFP_COMP, 3);
	ck_assert(PageHead(page));
	ck_assert_uint_eq(compound_order(page), 3);
	for (int i = 1; i < 8; i++) {
		ck_assert(PageTail(page + i));
		ck_assert_ptr_eq(compound_head(page + i), page);
	}
	get_page(page + 5);
	ck_assert_int_eq(page_count(page), 2);
	put_page(k, page + 2);
	put_page(k, page + 7);
	ck_assert(!PageHead(page) && !PageTail(page + 1));
	check_blocks(&before);
	fixture_finish(&f);
}
END_TEST

START_TEST(addresses_and_pages_convert)
{
	void *memory;

	fixture_boot(&f, 4 * MIB, NULL);
	memory = get_zeroed_page(k, GFP_KERNEL);
	ck_assert_ptr_eq(page_address(k, virt_to_page(k, memory)), memory);
	ck_assert_ptr_eq(page_address(k, virt_to_page(k, (char *)memory + 4095)), memory);
	free_pages(k, memory, 0);
	free_pages(k, NULL, 0);
	ck_assert_ptr_nonnull(memory = __get_free_pages(k, GFP_KERNEL, 4));
	free_pages(k, memory, 4);
	check_valid();
	fixture_finish(&f);
}
END_TEST

/* ---- zones ---- */

START_TEST(gfp_masks_name_zones_and_migrate_types)
{
	ck_assert_int_eq(gfp_zone(GFP_KERNEL), ZONE_NORMAL);
	ck_assert_int_eq(gfp_zone(GFP_ATOMIC | GFP_DMA), ZONE_DMA);
	ck_assert_int_eq(gfp_zone(GFP_KERNEL | GFP_DMA32), ZONE_DMA32);
	ck_assert_int_eq(gfp_zone(GFP_HIGHUSER), ZONE_HIGHMEM);
	ck_assert_int_eq(gfp_zone(GFP_HIGHUSER_MOVABLE), ZONE_MOVABLE);
	ck_assert_int_eq(gfp_zone(GFP_USER | __GFP_MOVABLE), ZONE_NORMAL);
	ck_assert_int_eq(gfpflags_to_migratetype(GFP_KERNEL), MIGRATE_UNMOVABLE);
	ck_assert_int_eq(gfpflags_to_migratetype(GFP_HIGHUSER_MOVABLE), MIGRATE_MOVABLE);
	ck_assert_int_eq(gfpflags_to_migratetype(GFP_KERNEL | __GFP_RECLAIMABLE),
	                 MIGRATE_RECLAIMABLE);
}
END_TEST

START_TEST(each_mask_is_served_from_its_zone_while_there_is_memory)
{
	fixture_boot(&f, 6 * GIB, NULL);
	ck_assert_int_eq(page_zone(k, alloc_page(k, GFP_KERNEL))->type, ZONE_NORMAL);
	ck_assert_int_eq(page_zone(k, alloc_page(k, GFP_HIGHUSER_MOVABLE))->type, ZONE_NORMAL);
	ck_assert_int_eq(page_zone(k, alloc_page(k, GFP_KERNEL | GFP_DMA32))->type, ZONE_DMA32);
	ck_assert_int_eq(page_zone(k, alloc_page(k, GFP_KERNEL | GFP_DMA))->type, ZONE_DMA);
	ck_assert_int_eq(page_zone(k, virt_to_page(k, get_dma_pages(k, GFP_KERNEL, 3)))->type,
	                 ZONE_DMA);
	ck_assert_uint_eq(k->vm_events[PGALLOC_DMA32], 1);
	ck_assert_uint_eq(k->vm_events[PGALLOC_DMA], 9);
	fixture_finish(&f);
}
END_TEST

START_TEST(full_zone_falls_back_to_lower_ones_but_leaves_their_reserve)
{
	const struct zone *dma, *dma32;
	uint64_t nr, from_dma = 0;

	fixture_boot(&f, 64 * MIB, NULL);
	dma = zone_of(ZONE_DMA);
	dma32 = zone_of(ZONE_DMA32);
	nr = take_all(GFP_TRY, 0, 0);
	for (uint64_t i = 0; i < nr; i++)
		from_dma += page_zone(k, taken[i]) == dma;
	ck_assert_uint_gt(from_dma, 0);
	/* the first were DMA32's, the last DMA's */
	ck_assert_ptr_eq(page_zone(k, taken[0]), dma32);
	ck_assert_ptr_eq(page_zone(k, taken[nr - 1]), dma);
	ck_assert_uint_eq(dma->nr_free_pages,
	                  dma->watermark[WMARK_MIN] + dma->lowmem_reserve[ZONE_NORMAL]);
	/* who must have DMA memory still gets it: the reserve was kept for them */
	ck_assert_ptr_nonnull(alloc_page(k, GFP_TRY | GFP_DMA));
	give_all(nr, 0);
	check_valid();
	fixture_finish(&f);
}
END_TEST

START_TEST(dma_is_never_served_from_above_16_mb)
{
	uint64_t nr;

	fixture_boot(&f, 64 * MIB, NULL);
	nr = take_all(GFP_ALL | GFP_DMA, 0, 0);
	for (uint64_t i = 0; i < nr; i++)
		if (page_to_pfn(k, taken[i]) >= 16 * MIB / PAGE_SIZE)
			ck_abort_msg("frame %#lx", (unsigned long)page_to_pfn(k, taken[i]));
	ck_assert_uint_eq(zone_of(ZONE_DMA)->nr_free_pages, 0);
	ck_assert_uint_gt(zone_of(ZONE_DMA32)->nr_free_pages, 0);
	fixture_finish(&f);
}
END_TEST

/* ---- how deep each mask may dig ---- */

/* Frames left in a zone where min is 50 pages:
 *   nobody special: min; ATOMIC: min - 1/2, of that - 1/4; MEMALLOC: none. */
START_TEST(masks_dig_below_the_watermark_as_far_as_linux_lets_them)
{
	static const struct {
		gfp_t gfp;
		uint64_t left;
	} rows[] = {
		{ GFP_TRY, 50 },
		{ GFP_TRY | __GFP_HIGH, 25 },
		{ GFP_TRY | __GFP_ATOMIC, 38 },
		{ GFP_ATOMIC | __GFP_NOWARN, 19 },
		{ GFP_ATOMIC | __GFP_NOWARN | __GFP_NOMEMALLOC, 25 },
		{ GFP_TRY | __GFP_MEMALLOC, 0 },
		{ GFP_TRY | __GFP_MEMALLOC | __GFP_NOMEMALLOC, 50 },
	};
	struct kernel_config config = fixture_config();

	config.min_free_kbytes = 200;
	fixture_boot(&f, 4 * MIB, &config);
	take_all(rows[_i].gfp, 0, 0);
	ck_assert_uint_eq(zone_of(ZONE_DMA)->nr_free_pages, rows[_i].left);
	check_valid();
	fixture_finish(&f);
}
END_TEST

START_TEST(watermark_counts_the_block_and_asks_for_one)
{
	struct zone zone = { .nr_free_pages = 100 };

	zone.free_area[2].nr_free = 25;
	zone.lowmem_reserve[ZONE_NORMAL] = 40;
	ck_assert(zone_watermark_ok(&zone, 0, 99, ZONE_DMA, 0));
	ck_assert(!zone_watermark_ok(&zone, 0, 100, ZONE_DMA, 0));
	ck_assert(zone_watermark_ok(&zone, 2, 96, ZONE_DMA, 0));
	ck_assert(!zone_watermark_ok(&zone, 2, 97, ZONE_DMA, 0));
	ck_assert(!zone_watermark_ok(&zone, 3, 10, ZONE_DMA, 0)); /* no block of 8 */
	ck_assert(zone_watermark_ok(&zone, 0, 59, ZONE_NORMAL, 0));
	ck_assert(!zone_watermark_ok(&zone, 0, 60, ZONE_NORMAL, 0));
	ck_assert(zone_watermark_ok(&zone, 0, 100, ZONE_DMA, GFP_ATOMIC));
}
END_TEST

START_TEST(low_watermark_wakes_kswapd)
{
	const struct zone *zone;

	fixture_boot(&f, 4 * MIB, NULL);
	zone = zone_of(ZONE_DMA);
	while (zone->nr_free_pages > zone->watermark[WMARK_LOW]) {
		ck_assert(!NODE_DATA(k, 0)->kswapd_wanted);
		ck_assert_ptr_nonnull(alloc_page(k, GFP_NOWAIT));
	}
	ck_assert_ptr_nonnull(alloc_page(k, GFP_NOWAIT & ~__GFP_KSWAPD_RECLAIM));
	ck_assert(!NODE_DATA(k, 0)->kswapd_wanted);
	ck_assert_ptr_nonnull(alloc_page(k, GFP_NOWAIT));
	ck_assert(NODE_DATA(k, 0)->kswapd_wanted);
	fixture_finish(&f);
}
END_TEST

START_TEST(failure_after_reclaim_is_null_and_a_warning)
{
	uint64_t stalls;

	fixture_boot(&f, 4 * MIB, NULL);
	take_all(GFP_TRY, 0, 0);
	ck_assert_uint_eq(k->vm_events[ALLOCSTALL_NORMAL], 0);
	ck_assert_ptr_null(alloc_page(k, GFP_KERNEL | __GFP_NOWARN));
	stalls = k->vm_events[ALLOCSTALL_NORMAL];
	ck_assert_uint_gt(stalls, 0);
	ck_assert(!fixture_logged(&f, "page allocation failure"));
	ck_assert_ptr_null(alloc_page(k, GFP_KERNEL));
	ck_assert(fixture_logged(&f, "page allocation failure: order:0, mode:0x24000c0"));
	/* NORETRY stalls once */
	stalls = k->vm_events[ALLOCSTALL_NORMAL];
	ck_assert_ptr_null(alloc_page(k, GFP_KERNEL | __GFP_NORETRY));
	ck_assert_uint_eq(k->vm_events[ALLOCSTALL_NORMAL], stalls + 1);
	ck_assert(!k->in_reclaim);
	check_valid();
	fixture_finish(&f);
}
END_TEST

START_TEST(nofail_gets_the_reserves_when_nothing_else_is_left)
{
	fixture_boot(&f, 4 * MIB, NULL);
	take_all(GFP_TRY, 0, 0);
	ck_assert_ptr_null(alloc_page(k, GFP_NOFS | __GFP_NOWARN));
	ck_assert_ptr_nonnull(alloc_page(k, GFP_NOFS | __GFP_NOFAIL));
	fixture_finish(&f);
}
END_TEST

START_TEST(reclaim_itself_may_use_all_and_never_reclaims)
{
	fixture_boot(&f, 4 * MIB, NULL);
	k->in_reclaim = true;
	take_all(GFP_KERNEL | __GFP_NOWARN, 0, 0);
	ck_assert_uint_eq(nr_free_pages(k), 0);
	ck_assert_uint_eq(k->vm_events[ALLOCSTALL_NORMAL], 0);
	ck_assert(!NODE_DATA(k, 0)->kswapd_wanted);
	fixture_finish(&f);
}
END_TEST

/* ---- per-CPU lists ---- */

/* 256 MB: batch 15, high 90 for DMA32. */
START_TEST(per_cpu_list_fills_and_empties_by_batches)
{
	struct per_cpu_pages *pcp;
	uint64_t buddy_pages;

	fixture_boot(&f, 256 * MIB, NULL);
	pcp = &zone_of(ZONE_DMA32)->pageset[0];
	ck_assert_uint_eq(pcp->batch, 15);
	ck_assert_uint_eq(pcp->high, 90);
	drain_all_pages(k);
	ck_assert_uint_eq(pcp->count, 0);
	buddy_pages = zone_of(ZONE_DMA32)->nr_free_pages;
	for (int i = 0; i < 90; i++)
		taken[i] = alloc_page(k, GFP_HIGHUSER_MOVABLE);
	ck_assert_uint_eq(pcp->count, 0);
	ck_assert_uint_eq(zone_of(ZONE_DMA32)->nr_free_pages, buddy_pages - 90);
	for (int i = 0; i < 89; i++)
		__free_page(k, taken[i]);
	ck_assert_uint_eq(pcp->count, 89);
	__free_page(k, taken[89]);
	ck_assert_uint_eq(pcp->count, 75);
	check_valid();
	drain_all_pages(k);
	ck_assert_uint_eq(zone_of(ZONE_DMA32)->nr_free_pages, buddy_pages);
	fixture_finish(&f);
}
END_TEST

START_TEST(hot_pages_come_back_first_and_cold_ones_last)
{
	struct page *a, *b;

	fixture_boot(&f, 256 * MIB, NULL);
	a = alloc_page(k, GFP_HIGHUSER_MOVABLE);
	b = alloc_page(k, GFP_HIGHUSER_MOVABLE);
	__free_page(k, a);
	__free_page(k, b);
	ck_assert_ptr_eq(alloc_page(k, GFP_HIGHUSER_MOVABLE), b);
	ck_assert_ptr_ne(alloc_page(k, GFP_HIGHUSER_MOVABLE | __GFP_COLD), a);
	ck_assert_ptr_eq(alloc_page(k, GFP_HIGHUSER_MOVABLE), a);
	fixture_finish(&f);
}
END_TEST

START_TEST(each_cpu_has_its_own_list)
{
	struct kernel_config config = fixture_config();
	struct page *page;

	config.nr_cpus = 2;
	fixture_boot(&f, 256 * MIB, &config);
	drain_all_pages(k);
	page = alloc_page(k, GFP_HIGHUSER_MOVABLE);
	k->cpu = 1;
	__free_page(k, page);
	ck_assert_uint_eq(zone_of(ZONE_DMA32)->pageset[0].count, 14);
	ck_assert_uint_eq(zone_of(ZONE_DMA32)->pageset[1].count, 1);
	ck_assert_ptr_eq(alloc_page(k, GFP_HIGHUSER_MOVABLE), page);
	check_valid();
	drain_all_pages(k);
	ck_assert_uint_eq(zone_of(ZONE_DMA32)->pageset[0].count, 0);
	fixture_finish(&f);
}
END_TEST

/* ---- migrate types ---- */

static enum migratetype type_of(const struct page *page)
{
	return get_pageblock_migratetype(k, page);
}

START_TEST(migrate_types_keep_to_their_pageblocks)
{
	fixture_boot(&f, 64 * MIB, NULL);
	ck_assert(k->group_by_mobility);
	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(type_of(alloc_page(k, GFP_KERNEL)), MIGRATE_UNMOVABLE);
		ck_assert_int_eq(type_of(alloc_page(k, GFP_HIGHUSER_MOVABLE)), MIGRATE_MOVABLE);
		ck_assert_int_eq(type_of(alloc_page(k, GFP_KERNEL | __GFP_RECLAIMABLE)),
		                 MIGRATE_RECLAIMABLE);
	}
	check_valid();
	fixture_finish(&f);
}
END_TEST

START_TEST(one_type_may_take_all_memory_of_the_others)
{
	static const gfp_t gfps[] = { 0, __GFP_MOVABLE, __GFP_RECLAIMABLE };
	struct blocks before;
	uint64_t nr;

	fixture_boot(&f, 64 * MIB, NULL);
	before = count_blocks();
	for (size_t i = 0; i < 3; i++) {
		nr = take_all(GFP_ALL | gfps[i], 0, 0);
		ck_assert_uint_eq(nr_free_pages(k), 0);
		give_all(nr, 0);
		check_blocks(&before);
	}
	fixture_finish(&f);
}
END_TEST

START_TEST(small_machine_does_not_group_by_mobility)
{
	fixture_boot(&f, 4 * MIB, NULL);
	ck_assert(!k->group_by_mobility);
	ck_assert_int_eq(type_of(alloc_page(k, GFP_HIGHUSER_MOVABLE)), MIGRATE_UNMOVABLE);
	fixture_finish(&f);
}
END_TEST

/* ---- events ---- */

struct recorder {
	struct observer observer;
	struct event last;
	uint64_t allocs, frees;
};

static void record(struct observer *self, const struct event *event)
{
	struct recorder *recorder = (struct recorder *)self;

	recorder->last = *event;
	if (event->kind == EVENT_PAGE_ALLOC)
		recorder->allocs++;
	else
		recorder->frees++;
}

START_TEST(observers_hear_of_every_allocation_and_free)
{
	struct recorder recorder = {
		.observer = { .wants = 1u << EVENT_PAGE_ALLOC | 1u << EVENT_PAGE_FREE,
		              .notice = record },
	};
	struct page *page;

	fixture_boot(&f, 64 * MIB, NULL);
	event_observe(&f.events, &recorder.observer);
	page = alloc_pages(k, GFP_KERNEL, 3);
	ck_assert_uint_eq(recorder.allocs, 1);
	ck_assert_uint_eq(recorder.last.pfn, page_to_pfn(k, page));
	ck_assert_uint_eq(recorder.last.order, 3);
	ck_assert_uint_eq(recorder.last.arg, GFP_KERNEL);
	__free_pages(k, page, 3);
	ck_assert_uint_eq(recorder.frees, 1);
	ck_assert_uint_eq(recorder.last.pfn, page_to_pfn(k, page));
	ck_assert_uint_eq(recorder.last.order, 3);
	put_page(k, alloc_page(k, GFP_KERNEL));
	ck_assert_uint_eq(recorder.allocs, 2);
	ck_assert_uint_eq(recorder.frees, 2);
	fixture_finish(&f);
}
END_TEST

START_TEST(counters_count_pages_not_calls)
{
	uint64_t allocs, frees;

	fixture_boot(&f, 4 * MIB, NULL);
	allocs = k->vm_events[PGALLOC_DMA];
	frees = k->vm_events[PGFREE];
	__free_pages(k, alloc_pages(k, GFP_KERNEL, 4), 4);
	__free_page(k, alloc_page(k, GFP_KERNEL));
	ck_assert_uint_eq(k->vm_events[PGALLOC_DMA], allocs + 17);
	ck_assert_uint_eq(k->vm_events[PGFREE], frees + 17);
	ck_assert_uint_eq(vmstat_value(k, NR_FREE_PAGES), nr_free_pages(k));
	fixture_finish(&f);
}
END_TEST

/* ---- random sequences ---- */

struct block {
	struct page *page;
	unsigned order;
	uint8_t byte; /* what it is filled with */
};

#define BLOCKS_MAX 2000

static gfp_t random_gfp(struct fixture_random *random)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL | __GFP_NORETRY,
		GFP_NOWAIT,
		GFP_ATOMIC,
		GFP_HIGHUSER_MOVABLE | __GFP_NORETRY,
		GFP_KERNEL | __GFP_RECLAIMABLE | __GFP_NORETRY,
		GFP_NOWAIT | GFP_DMA,
		GFP_NOWAIT | GFP_DMA32 | __GFP_COLD,
		GFP_NOWAIT | __GFP_MEMALLOC,
		GFP_NOFS | __GFP_NORETRY,
	};
	gfp_t gfp = gfps[fixture_below(random, sizeof(gfps) / sizeof(gfps[0]))] | __GFP_NOWARN;

	if (!fixture_below(random, 3))
		gfp |= __GFP_ZERO;
	if (!fixture_below(random, 3))
		gfp |= __GFP_COMP;
	return gfp;
}

static bool random_alloc(struct fixture_random *random, struct block *block)
{
	unsigned order = (unsigned)__builtin_ctzll(fixture_random(random) | 1u << (MAX_ORDER - 1));
	gfp_t gfp = random_gfp(random);

	block->order = order;
	block->byte = (uint8_t)(1 + fixture_below(random, 0x7f));
	block->page = alloc_pages(k, gfp, order);
	if (!block->page)
		return false;
	if (gfp & __GFP_ZERO)
		ck_assert(is_filled(block->page, order, 0));
	memset(page_address(k, block->page), block->byte, PAGE_SIZE << order);
	return true;
}

static void random_free(struct fixture_random *random, struct block *blocks, uint64_t *nr)
{
	uint64_t i = fixture_below(random, *nr);
	struct block block = blocks[i];

	ck_assert_msg(is_filled(block.page, block.order, block.byte), "frame %#lx was overwritten",
	              (unsigned long)page_to_pfn(k, block.page));
	if (PageHead(block.page))
		put_page(k, block.page + fixture_below(random, 1u << block.order));
	else
		__free_pages(k, block.page, block.order);
	blocks[i] = blocks[--*nr];
}

START_TEST(random_sequences_keep_every_invariant)
{
	static const uint64_t sizes[] = { 4 * MIB, 12 * MIB, 64 * MIB };
	static struct block blocks[BLOCKS_MAX];
	struct fixture_random random = fixture_seed(0x62756464 + (uint64_t)_i);
	struct kernel_config config = fixture_config();
	uint64_t steps = fixture_cases(4000), nr = 0;
	struct blocks before;

	config.nr_cpus = 3;
	fixture_boot(&f, sizes[_i], &config);
	before = count_blocks();
	for (uint64_t step = 0; step < steps; step++) {
		/* waves: memory fills up and drains again */
		bool filling = step / 500 % 2 == 0;

		k->cpu = (uint32_t)fixture_below(&random, 3);
		if (nr < BLOCKS_MAX && fixture_below(&random, 10) < (filling ? 7 : 3))
			nr += random_alloc(&random, &blocks[nr]);
		else if (nr)
			random_free(&random, blocks, &nr);
		if (step % 64 == 0)
			check_valid();
	}
	while (nr)
		random_free(&random, blocks, &nr);
	shrink_slab(k);
	check_blocks(&before);
	fixture_finish(&f);
}
END_TEST

/* ---- the invariant checker itself ---- */

static struct zone *corrupted_zone(void)
{
	return zone_of(ZONE_DMA32);
}

static struct page *some_free_block(unsigned order)
{
	for (int type = 0; type < MIGRATE_TYPES; type++) {
		struct list_head *list = &corrupted_zone()->free_area[order].free_list[type];

		if (!list_empty(list))
			return list_first_entry(list, struct page, lru);
	}
	ck_abort_msg("no free block of order %u", order);
	return NULL;
}

static void miscount_pages(void)
{
	corrupted_zone()->nr_free_pages++;
}

static void miscount_blocks(void)
{
	corrupted_zone()->free_area[4].nr_free--;
}

static void forget_order(void)
{
	some_free_block(10)->private = 9;
}

static void use_free_block(void)
{
	some_free_block(10)->_count = 1;
}

static void use_frame_inside(void)
{
	some_free_block(10)[77]._mapcount = 1;
}

static void lose_block(void)
{
	struct page *page = some_free_block(10);

	list_del(&page->lru);
	corrupted_zone()->free_area[10].nr_free--;
	corrupted_zone()->nr_free_pages -= 1024;
}

static void leave_buddies_apart(void)
{
	struct page *page = some_free_block(10);

	corrupted_zone()->free_area[10].nr_free--;
	corrupted_zone()->free_area[9].nr_free += 2;
	list_move(&page->lru, &corrupted_zone()->free_area[9].free_list[MIGRATE_MOVABLE]);
	page->private = 9;
	page[512].private = 9;
	SetPageBuddy(&page[512]);
	list_add(&page[512].lru, &corrupted_zone()->free_area[9].free_list[MIGRATE_MOVABLE]);
}

static void list_in_wrong_order(void)
{
	list_move(&some_free_block(10)->lru,
	          &corrupted_zone()->free_area[9].free_list[MIGRATE_MOVABLE]);
}

static void miscount_cpu(void)
{
	corrupted_zone()->pageset[0].count++;
}

static void leak_frame(void)
{
	SetPageReserved(alloc_page(k, GFP_KERNEL));
}

static void miscount_frees(void)
{
	k->vm_events[PGFREE]++;
}

static void (*const corruptions[])(void) = {
	miscount_pages,   miscount_blocks, forget_order,        use_free_block,
	use_frame_inside, lose_block,      leave_buddies_apart, list_in_wrong_order,
	miscount_cpu,     leak_frame,      miscount_frees,
};

START_TEST(every_corruption_is_seen)
{
	char what[256] = "";

	fixture_boot(&f, 64 * MIB, NULL);
	check_valid();
	corruptions[_i]();
	ck_assert(!page_alloc_is_valid(k, what, sizeof(what)));
	ck_assert_ptr_nonnull(strstr(what, "page_alloc: "));
	fixture_finish(&f);
}
END_TEST

#ifndef NDEBUG
START_TEST(double_free_stops_the_simulator)
{
	struct page *page;

	fixture_boot(&f, 4 * MIB, NULL);
	page = alloc_page(k, GFP_KERNEL);
	__free_page(k, page);
	__free_page(k, page);
}
END_TEST

START_TEST(write_after_free_stops_the_simulator)
{
	struct page *page;

	fixture_boot(&f, 256 * MIB, NULL);
	page = alloc_page(k, GFP_KERNEL);
	__free_page(k, page);
	((uint8_t *)page_address(k, page))[1234] = 1;
	alloc_page(k, GFP_KERNEL);
}
END_TEST
#endif

#define NR_ROWS(array) (int)(sizeof(array) / sizeof((array)[0]))

static TCase *boot_tests(void)
{
	TCase *tcase = tcase_create("boot");

	tcase_add_loop_test(tcase, every_size_of_ram_boots_with_all_frames_accounted_for, 0,
	                    NR_ROWS(ram_sizes));
	tcase_add_test(tcase, too_little_ram_and_bad_configurations_do_not_boot);
	tcase_add_test(tcase, boot_of_large_ram_leaves_most_of_mem_map_untouched);
	tcase_add_test(tcase, zero_page_is_zero_and_cannot_be_freed);
	tcase_add_test(tcase, huge_kernel_image_is_cut_to_a_quarter_of_ram);
	tcase_add_loop_test(tcase, default_min_free_kbytes_is_the_root_of_16_times_low_memory, 0,
	                    NR_ROWS(ram_sizes));
	tcase_add_test(tcase, watermarks_share_min_free_kbytes_by_size_of_zone);
	tcase_add_test(tcase, lowmem_reserve_is_a_256th_of_what_lies_above);
	tcase_add_test(tcase, batch_grows_with_the_zone_up_to_31);
	return tcase;
}

static TCase *buddy_tests(void)
{
	TCase *tcase = tcase_create("buddy");

	tcase_add_test(tcase, allocation_splits_the_smallest_block_that_fits);
	tcase_add_test(tcase, freed_buddies_merge_step_by_step);
	tcase_add_test(tcase, block_that_may_soon_merge_is_taken_last);
	tcase_add_test(tcase, exhaustion_gives_null_and_all_comes_back);
	tcase_add_test(tcase, orders_above_10_are_refused);
	tcase_add_test(tcase, zeroed_pages_are_zero_and_their_frames_are_reported);
	tcase_add_test(tcase, freed_pages_are_junk_under_check);
	tcase_add_test(tcase, last_reference_frees_and_not_before);
	tcase_add_test(tcase, new_page_remembers_nothing_of_its_last_user);
	tcase_add_test(tcase, compound_page_is_one_page_by_any_of_its_frames);
	tcase_add_test(tcase, addresses_and_pages_convert);
	tcase_add_test(tcase, per_cpu_list_fills_and_empties_by_batches);
	tcase_add_test(tcase, hot_pages_come_back_first_and_cold_ones_last);
	tcase_add_test(tcase, each_cpu_has_its_own_list);
	tcase_add_test(tcase, migrate_types_keep_to_their_pageblocks);
	tcase_add_test(tcase, one_type_may_take_all_memory_of_the_others);
	tcase_add_test(tcase, small_machine_does_not_group_by_mobility);
	tcase_add_test(tcase, observers_hear_of_every_allocation_and_free);
	tcase_add_test(tcase, counters_count_pages_not_calls);
	return tcase;
}

static TCase *zone_tests(void)
{
	TCase *tcase = tcase_create("zones");

	tcase_add_test(tcase, gfp_masks_name_zones_and_migrate_types);
	tcase_add_test(tcase, each_mask_is_served_from_its_zone_while_there_is_memory);
	tcase_add_test(tcase, full_zone_falls_back_to_lower_ones_but_leaves_their_reserve);
	tcase_add_test(tcase, dma_is_never_served_from_above_16_mb);
	tcase_add_loop_test(tcase, masks_dig_below_the_watermark_as_far_as_linux_lets_them, 0, 7);
	tcase_add_test(tcase, watermark_counts_the_block_and_asks_for_one);
	tcase_add_test(tcase, low_watermark_wakes_kswapd);
	tcase_add_test(tcase, failure_after_reclaim_is_null_and_a_warning);
	tcase_add_test(tcase, nofail_gets_the_reserves_when_nothing_else_is_left);
	tcase_add_test(tcase, reclaim_itself_may_use_all_and_never_reclaims);
	return tcase;
}

static TCase *invariant_tests(void)
{
	TCase *tcase = tcase_create("invariants");

	tcase_add_loop_test(tcase, random_sequences_keep_every_invariant, 0, 3);
	tcase_add_loop_test(tcase, every_corruption_is_seen, 0, NR_ROWS(corruptions));
#ifndef NDEBUG
	tcase_add_test_raise_signal(tcase, double_free_stops_the_simulator, SIGABRT);
	tcase_add_test_raise_signal(tcase, write_after_free_stops_the_simulator, SIGABRT);
#endif
	tcase_set_timeout(tcase, 60);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("mm/page_alloc");

	suite_add_tcase(suite, boot_tests());
	suite_add_tcase(suite, buddy_tests());
	suite_add_tcase(suite, zone_tests());
	suite_add_tcase(suite, invariant_tests());
	return run_suite(suite);
}
