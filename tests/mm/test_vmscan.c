/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reclaim as a program sees it: contents survive, and the faults are as many as the
 * real kernel has. Measured on Linux 6.18, 64 MB (cgroup limit), swap in a file, one
 * word per page, 5 runs:
 *
 *   pattern                                  major faults    pswpin          pswpout
 *   60 MB, and 63.3 MB, read twice           0               0               0
 *   128 MB written, then read twice          65540-65546     65548-65554     32784-32813
 *   the same with page-cluster 3             8207-8228
 *   80 MB, 60,000 random updates             12261-12390     about the same  16675-17186
 */
#include "mm/mm.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "tests/mm/disk_file.h"
#include "tests/mm/mm_fixture.h"
#include "tests/mm/ram_swap.h"
#include "tests/mm/user_access.h"
#include "tests/run_suite.h"

static struct fixture f;
static struct ram_swap swap;
static struct mm_struct *mm;

static void boot_config(uint64_t ram, uint64_t swap_pages, const struct kernel_config *config)
{
	fixture_boot(&f, ram, config);
	if (swap_pages)
		ram_swap_on(&f.k, &swap, swap_pages, -1);
	mm = mm_alloc(&f.k);
	ck_assert_ptr_nonnull(mm);
}

static void boot_with(uint64_t ram, uint64_t swap_pages, uint32_t page_cluster)
{
	struct kernel_config config = fixture_config();

	config.page_cluster = page_cluster;
	boot_config(ram, swap_pages, &config);
}

static void shut_down(void)
{
	fixture_check(&f);
	mmput(&f.k, mm);
	fixture_check(&f);
	kernel_shutdown(&f.k);
	fixture_finish(&f);
	if (swap.data)
		ram_swap_close(&swap);
}

static va_t map_anon(uint64_t nr_pages)
{
	int64_t at = do_mmap(&f.k, mm, NULL, 0, nr_pages * PAGE_SIZE, PROT_READ_ | PROT_WRITE_,
	                     MAP_PRIVATE_ | MAP_ANONYMOUS_ | MAP_NORESERVE_, 0);

	ck_assert_int_gt(at, 0);
	return (va_t)at;
}

static uint64_t pattern(uint64_t page)
{
	return 0x9e3779b97f4a7c15ull * (page + 1);
}

static void fill(va_t base, uint64_t nr_pages)
{
	for (uint64_t i = 0; i < nr_pages; i++)
		user_store(&f.k, mm, base + i * PAGE_SIZE, pattern(i));
}

static void expect_load(va_t va, uint64_t want)
{
	uint64_t got = user_load(&f.k, mm, va);

	if (got != want)
		ck_abort_msg("%#llx holds %#llx, not %#llx", (unsigned long long)va,
		             (unsigned long long)got, (unsigned long long)want);
}

static void sweep(va_t base, uint64_t nr_pages)
{
	for (uint64_t i = 0; i < nr_pages; i++)
		expect_load(base + i * PAGE_SIZE, pattern(i));
}

static void assert_within(uint64_t got, uint64_t want, uint64_t percent)
{
	uint64_t slack = want * percent / 100;

	ck_assert_msg(got + slack >= want && got <= want + slack, "%llu, not %llu within %llu%%",
	              (unsigned long long)got, (unsigned long long)want,
	              (unsigned long long)percent);
}

/* Pages that a program can have in memory before kswapd is woken. */
static uint64_t pages_that_fit(void)
{
	uint64_t pages = nr_free_pages(&f.k);

	for_each_zone (&f.k, zone)
		pages -= zone->watermark[WMARK_HIGH];
	return pages - pages / 256; /* page tables and tree nodes */
}

/* ---- counts against the real kernel's ---- */

START_TEST(what_fits_is_never_swapped)
{
	uint64_t nr;
	va_t base;

	boot_with(16 * MIB, 17000, 0);
	nr = pages_that_fit();
	base = map_anon(nr);
	fill(base, nr);
	for (int i = 0; i < 3; i++)
		sweep(base, nr);
	ck_assert_uint_eq(mm->maj_flt, 0);
	ck_assert_uint_eq(f.k.vm_events[PSWPOUT], 0);
	ck_assert_uint_eq(f.k.vm_events[PSWPIN], 0);
	shut_down();
}
END_TEST

/* 128 MB in 64 MB at 3/8 of the size (two zones): every page of both sweeps is read,
 * and each is written once, since the second sweep finds it clean. */
START_TEST(sequential_sweeps_miss_every_page_and_write_it_once)
{
	uint64_t nr = 12288;
	va_t base;

	boot_with(24 * MIB, 26000, 0);
	base = map_anon(nr);
	fill(base, nr);
	sweep(base, nr);
	sweep(base, nr);
	assert_within(mm->maj_flt, 2 * nr, 1);
	assert_within(f.k.vm_events[PSWPIN], 2 * nr, 1);
	assert_within(f.k.vm_events[PSWPOUT], nr, 1);
	shut_down();
}
END_TEST

START_TEST(read_ahead_divides_sequential_faults_by_eight)
{
	uint64_t nr = 12288;
	va_t base;

	boot_with(24 * MIB, 26000, 3);
	base = map_anon(nr);
	fill(base, nr);
	sweep(base, nr);
	sweep(base, nr);
	assert_within(mm->maj_flt, 2 * nr / 8, 1);
	assert_within(f.k.vm_events[PSWPIN], 2 * nr, 1);
	shut_down();
}
END_TEST

/* For uniformly random accesses every policy misses with the share of pages that are
 * not in memory; each missed page is changed, so another is written. */
START_TEST(random_accesses_miss_by_the_share_that_does_not_fit)
{
	enum { PAGES = 7680 };
	static uint64_t want[PAGES];
	uint64_t x = 1, accesses = 20000, before, resident = 0;
	va_t base;

	boot_with(24 * MIB, 26000, 0);
	base = map_anon(PAGES);
	fill(base, PAGES);
	for (uint64_t i = 0; i < PAGES; i++)
		want[i] = pattern(i);
	before = mm->maj_flt;
	for (uint64_t n = 0; n < accesses; n++) {
		uint64_t page;

		x = x * 6364136223846793005ull + 1442695040888963407ull;
		page = (x >> 33) % PAGES;
		expect_load(base + page * PAGE_SIZE, want[page]);
		user_store(&f.k, mm, base + page * PAGE_SIZE, ++want[page]);
		resident += get_mm_rss(mm);
	}
	resident /= accesses;
	assert_within(mm->maj_flt - before, accesses * (PAGES - resident) / PAGES, 3);
	fixture_check(&f);
	shut_down();
}
END_TEST

/* ---- what is kept ---- */

START_TEST(hot_pages_survive_a_sweep_over_cold_ones)
{
	enum { HOT = 256, COLD = 8192 };
	uint64_t hot_misses = 0;
	va_t hot, cold;

	boot_with(16 * MIB, 17000, 0);
	hot = map_anon(HOT);
	cold = map_anon(COLD);
	fill(hot, HOT);
	for (uint64_t i = 0; i < COLD; i++) {
		uint64_t before;

		user_store(&f.k, mm, cold + i * PAGE_SIZE, i);
		before = mm->maj_flt;
		user_load(&f.k, mm, hot + i % HOT * PAGE_SIZE);
		if (i >= COLD / 2) /* the lists have found their lengths */
			hot_misses += mm->maj_flt - before;
	}
	/* A plain FIFO of some 3400 pages would lose each of them once or more. */
	ck_assert_uint_lt(hot_misses, HOT / 50);
	shut_down();
}
END_TEST

START_TEST(file_read_once_does_not_drive_out_anonymous_memory)
{
	static struct disk_file file;
	enum { ANON = 1500, FILE_PAGES = 8192 };
	va_t base;
	int64_t map;

	boot_with(16 * MIB, 17000, 0);
	disk_file_open(&f.k, &file, FILE_PAGES * PAGE_SIZE, FILE_PAGES);
	base = map_anon(ANON);
	fill(base, ANON);
	map = do_mmap(&f.k, mm, &file.file, 0, FILE_PAGES * PAGE_SIZE, PROT_READ_, MAP_SHARED_, 0);
	ck_assert_int_gt(map, 0);
	for (uint64_t i = 0; i < FILE_PAGES; i++)
		user_load(&f.k, mm, (va_t)map + i * PAGE_SIZE);
	ck_assert_uint_lt(f.k.vm_events[PSWPOUT], ANON / 20);
	ck_assert_uint_gt(f.k.vm_events[PGSTEAL_FILE], FILE_PAGES / 2);
	do_munmap(&f.k, mm, (va_t)map, FILE_PAGES * PAGE_SIZE);
	disk_file_close(&f.k, &file);
	shut_down();
}
END_TEST

static bool file_page_is_active(struct disk_file *file, pgoff_t index)
{
	struct page *page = find_get_page(&f.k, &file->mapping, index);
	bool active = page && PageActive(page);

	if (page)
		put_page(&f.k, page);
	return active;
}

/* Mapped file pages 0 to 9, touched each round or only at first, between cold ones. */
START_TEST(mapped_file_page_is_active_once_it_was_used_twice)
{
	static struct disk_file file;
	struct page *page;
	int64_t map;
	pgoff_t next = 100;

	boot_with(16 * MIB, 0, 0);
	f.k.config.fault_around_pages = 1;
	disk_file_open(&f.k, &file, 20000 * PAGE_SIZE, 1);
	file.file.f_ra.ra_pages = 0;
	map = do_mmap(&f.k, mm, &file.file, 0, 10 * PAGE_SIZE, PROT_READ_, MAP_SHARED_, 0);
	ck_assert_int_gt(map, 0);
	for (int i = 0; i < 10; i++)
		user_load(&f.k, mm, (va_t)map + (va_t)i * PAGE_SIZE);
	for (int round = 0; round < 200; round++) {
		for (; file.mapping.nrpages < 1000; next++)
			if (filemap_get_page(&f.k, &file.mapping, &file.file.f_ra, VM_RAND_READ,
			                     next, &page) == FILEMAP_MAJOR)
				put_page(&f.k, page);
		reclaim_for(&f.k, GFP_KERNEL);
		for (int i = 0; i < 5; i++)
			user_load(&f.k, mm, (va_t)map + (va_t)i * PAGE_SIZE);
	}
	for (pgoff_t i = 0; i < 5; i++)
		ck_assert(file_page_is_active(&file, i));
	ck_assert_uint_eq(mm->maj_flt, 10);
	for (pgoff_t i = 5; i < 10; i++)
		ck_assert_ptr_null(find_get_page(&f.k, &file.mapping, i));
	do_munmap(&f.k, mm, (va_t)map, 10 * PAGE_SIZE);
	disk_file_close(&f.k, &file);
	shut_down();
}
END_TEST

START_TEST(locked_memory_stays)
{
	enum { LOCKED = 500 };
	va_t locked, rest;

	boot_with(16 * MIB, 17000, 0);
	mm->memlock_limit = UINT64_MAX;
	locked = map_anon(LOCKED);
	fill(locked, LOCKED);
	ck_assert_int_eq(do_mlock(&f.k, mm, locked, LOCKED * PAGE_SIZE, true), 0);
	rest = map_anon(6000);
	fill(rest, 6000);
	ck_assert_uint_gt(f.k.vm_events[PSWPOUT], 0);
	for (uint64_t i = 0; i < LOCKED; i++) {
		pte_slot_t *ptep = pte_lookup(&f.k, mm, locked + i * PAGE_SIZE);

		ck_assert(ptep && pte_present(pte_get(&f.k, ptep)));
	}
	fixture_check(&f);
	ck_assert_int_eq(do_mlock(&f.k, mm, locked, LOCKED * PAGE_SIZE, false), 0);
	ck_assert_uint_eq(vmstat_value(&f.k, NR_UNEVICTABLE), 0);
	sweep(rest, 6000);
	sweep(locked, LOCKED);
	shut_down();
}
END_TEST

/* ---- kswapd and direct reclaim ---- */

START_TEST(kswapd_keeps_zones_above_low)
{
	va_t base;

	boot_with(16 * MIB, 17000, 0);
	base = map_anon(8192);
	for (uint64_t i = 0; i < 8192; i++) {
		user_store(&f.k, mm, base + i * PAGE_SIZE, i);
		for_each_zone (&f.k, zone)
			ck_assert_uint_ge(zone->nr_free_pages, zone->watermark[WMARK_MIN]);
	}
	ck_assert_uint_gt(f.k.vm_events[PAGEOUTRUN], 0);
	ck_assert_uint_gt(f.k.vm_events[PGSTEAL_KSWAPD], 0);
	ck_assert_uint_eq(f.k.vm_events[PGSTEAL_DIRECT], 0);
	ck_assert_uint_eq(f.k.vm_events[PGSTEAL_KSWAPD],
	                  f.k.vm_events[PGSTEAL_ANON] + f.k.vm_events[PGSTEAL_FILE]);
	ck_assert_uint_eq(f.k.vm_events[PGSCAN_KSWAPD],
	                  f.k.vm_events[PGSCAN_ANON] + f.k.vm_events[PGSCAN_FILE]);
	shut_down();
}
END_TEST

START_TEST(long_allocations_reclaim_directly)
{
	va_t base;

	boot_with(16 * MIB, 17000, 0);
	base = map_anon(8192);
	/* One call: kswapd does not get a turn in it. */
	ck_assert_int_eq(mm_populate(&f.k, mm, base, base + 8192 * PAGE_SIZE), 0);
	ck_assert_uint_gt(f.k.vm_events[PGSTEAL_DIRECT], 0);
	shut_down();
}
END_TEST

START_TEST(swappiness_zero_spares_anonymous_memory)
{
	static struct disk_file file;
	enum { ANON = 2000, FILE_PAGES = 2000 };
	uint64_t pswpout[2];
	va_t base;

	for (int i = 0; i < 2; i++) {
		boot_with(16 * MIB, 17000, 0);
		f.k.config.swappiness = i ? 100 : 0;
		disk_file_open(&f.k, &file, FILE_PAGES * PAGE_SIZE, FILE_PAGES);
		base = map_anon(ANON);
		for (int round = 0; round < 6; round++) {
			fill(base, ANON);
			for (pgoff_t n = 0; n < FILE_PAGES; n++) {
				struct page *page;

				filemap_get_page(&f.k, &file.mapping, NULL, 0, n, &page);
				mark_page_accessed(&f.k, page);
				mark_page_accessed(&f.k, page);
				put_page(&f.k, page);
				kernel_run_threads(&f.k);
			}
		}
		pswpout[i] = f.k.vm_events[PSWPOUT];
		disk_file_close(&f.k, &file);
		shut_down();
	}
	ck_assert_uint_eq(pswpout[0], 0);
	ck_assert_uint_gt(pswpout[1], 0);
}
END_TEST

START_TEST(reclaim_without_anything_to_give_ends)
{
	boot_with(16 * MIB, 0, 0);
	ck_assert_uint_eq(reclaim_for(&f.k, GFP_KERNEL), 0);
	NODE_DATA(&f.k, 0)->kswapd_wanted = true;
	kswapd_run(&f.k, NODE_DATA(&f.k, 0));
	shut_down();
}
END_TEST

START_TEST(gfp_without_io_swaps_nothing)
{
	va_t base;

	boot_with(16 * MIB, 17000, 0);
	base = map_anon(1000);
	fill(base, 1000);
	for (int i = 0; i < 50; i++)
		reclaim_for(&f.k, GFP_NOIO);
	ck_assert_uint_eq(f.k.vm_events[PSWPOUT], 0);
	for (int i = 0; i < 50; i++)
		reclaim_for(&f.k, GFP_KERNEL);
	ck_assert_uint_gt(f.k.vm_events[PSWPOUT], 0);
	sweep(base, 1000);
	shut_down();
}
END_TEST

/* ---- when swap fails or fills ---- */

START_TEST(broken_swap_loses_nothing)
{
	enum { PAGES = 2500 };
	va_t base;

	boot_with(16 * MIB, 17000, 0);
	base = map_anon(PAGES);
	fill(base, PAGES);
	swap.write_broken = true;
	for (int i = 0; i < 20; i++)
		reclaim_for(&f.k, GFP_KERNEL);
	fixture_check(&f);
	ck_assert_uint_eq(f.k.vm_events[PSWPOUT], 0);
	sweep(base, PAGES);
	ck_assert_uint_eq(f.k.vm_events[PSWPIN], 0);
	swap.write_broken = false;
	for (int i = 0; i < 60; i++)
		reclaim_for(&f.k, GFP_KERNEL);
	sweep(base, PAGES);
	shut_down();
}
END_TEST

START_TEST(unreadable_slot_is_a_bus_error)
{
	enum fault_outcome outcome;
	va_t base;

	boot_with(16 * MIB, 17000, 0);
	base = map_anon(200);
	fill(base, 200);
	for (int i = 0; i < 60; i++)
		reclaim_for(&f.k, GFP_KERNEL);
	ck_assert_int_gt(mm->rss_stat[MM_SWAPENTS], 0);
	swap.read_broken = true;
	for (uint64_t i = 0; i < 200; i++) {
		if (pte_is_swap(pte_get(&f.k, pte_lookup(&f.k, mm, base + i * PAGE_SIZE))) &&
		    !lookup_swap_cache(
		        &f.k,
		        pte_to_swp_entry(
		            &f.k, pte_get(&f.k, pte_lookup(&f.k, mm, base + i * PAGE_SIZE))))) {
			ck_assert_ptr_null(
			    user_at(&f.k, mm, base + i * PAGE_SIZE, false, &outcome));
			ck_assert_int_eq(outcome, FAULT_SIGBUS);
			break;
		}
	}
	swap.read_broken = false;
	sweep(base, 200);
	shut_down();
}
END_TEST

/* Twice over memory that fills almost all of swap: slots of pages in memory have to
 * be given up, or the second sweep's pages find none. */
START_TEST(nearly_full_swap_still_works)
{
	uint64_t nr = 6000;
	va_t base;

	boot_with(16 * MIB, 3600, 0);
	base = map_anon(nr);
	fill(base, nr);
	for (int i = 0; i < 3; i++)
		sweep(base, nr);
	for (uint64_t i = 0; i < nr; i++)
		user_store(&f.k, mm, base + i * PAGE_SIZE, pattern(i));
	sweep(base, nr);
	shut_down();
}
END_TEST

/* More than memory and swap together: each slot is taken, then somebody is killed; the
 * fault that found no memory does not lose what is there. */
START_TEST(full_swap_kills_and_loses_nothing)
{
	const uint64_t nr_slots = 1000;
	uint64_t n = 0;
	va_t base;

	boot_with(16 * MIB, nr_slots + 1, 0);
	base = map_anon(8192);
	while (!f.seen.oom_kills && n < 8192) {
		enum fault_outcome outcome;
		uint64_t *word = user_at(&f.k, mm, base + n * PAGE_SIZE, true, &outcome);

		if (!word)
			break;
		*word = pattern(n++);
	}
	ck_assert_uint_eq(f.seen.oom_kills, 1);
	ck_assert_ptr_eq(f.seen.oom_victim, mm);
	ck_assert_uint_ge(n, pages_that_fit() + nr_slots);
	fixture_check(&f);
	shut_down();
}
END_TEST

/* What caches keep of empty slabs for the next allocation goes first. */
START_TEST(empty_slabs_go_when_memory_is_short)
{
	static void *objects[2000];
	struct kmem_cache *cache;
	va_t base;

	boot_with(16 * MIB, 17000, 0);
	cache = kmem_cache_create(&f.k, "hoard", 1000, 0, 0, NULL);
	for (int i = 0; i < 2000; i++)
		objects[i] = kmem_cache_alloc(&f.k, cache, GFP_KERNEL);
	for (int i = 0; i < 2000; i++)
		kmem_cache_free(&f.k, cache, objects[i]);
	ck_assert_uint_gt(cache->nr_free_slabs, 0);
	base = map_anon(6000);
	fill(base, 6000);
	ck_assert_uint_gt(f.k.vm_events[PSWPOUT], 0);
	ck_assert_uint_eq(cache->nr_slabs, 0);
	ck_assert_int_eq(kmem_cache_destroy(&f.k, cache), 0);
	shut_down();
}
END_TEST

START_TEST(swapoff_brings_everything_back)
{
	enum { PAGES = 3000 };
	va_t base;

	boot_with(16 * MIB, 17000, 0);
	base = map_anon(PAGES);
	fill(base, PAGES);
	for (int i = 0; i < 60; i++)
		reclaim_for(&f.k, GFP_KERNEL);
	ck_assert_int_gt(mm->rss_stat[MM_SWAPENTS], 100);
	ck_assert_int_eq(swapoff(&f.k, &swap.device), 0);
	ck_assert_int_eq(mm->rss_stat[MM_SWAPENTS], 0);
	ck_assert_uint_eq(mm->maj_flt, 0);
	fixture_check(&f);
	sweep(base, PAGES);
	ck_assert_uint_eq(mm->maj_flt, 0);
	shut_down();
}
END_TEST

START_TEST(swapoff_that_does_not_fit_changes_nothing)
{
	enum { PAGES = 6000 };
	va_t base;

	boot_with(16 * MIB, 17000, 0);
	base = map_anon(PAGES);
	fill(base, PAGES);
	ck_assert_int_eq(swapoff(&f.k, &swap.device), -ENOMEM);
	ck_assert_uint_eq(f.k.swap.total_swap_pages, 16999);
	ck_assert_uint_eq(f.seen.oom_kills, 0);
	fixture_check(&f);
	sweep(base, PAGES);
	shut_down();
}
END_TEST

START_TEST(second_area_takes_over_when_the_first_is_full)
{
	static struct ram_swap second;
	va_t base;

	boot_with(16 * MIB, 1000, 0);
	ram_swap_on(&f.k, &second, 8000, -1);
	base = map_anon(7000);
	fill(base, 7000);
	ck_assert_uint_gt(second.nr_written, 0);
	ck_assert_uint_eq(f.k.swap.info[0].inuse_pages, 999);
	sweep(base, 7000);
	shut_down();
	ram_swap_close(&second);
}
END_TEST

/* ---- everything at once ---- */

/* A program's view: anonymous and shared file memory, several times RAM, random
 * loads and stores, some munmap, discard and fresh mappings. */
#define REGIONS 6
#define REGION_PAGES 1024

struct region {
	va_t base; /* 0: not mapped */
	bool shared;
	uint64_t want[REGION_PAGES];
};

static struct region regions[REGIONS];
static struct disk_file disk;

static void map_region(struct region *r)
{
	unsigned i = (unsigned)(r - regions);

	r->shared = i >= 4;
	if (!r->shared) {
		r->base = map_anon(REGION_PAGES);
		memset(r->want, 0, sizeof(r->want));
		return;
	}
	r->base = (va_t)do_mmap(&f.k, mm, &disk.file, 0, REGION_PAGES * PAGE_SIZE,
	                        PROT_READ_ | PROT_WRITE_, MAP_SHARED_, (i - 4) * REGION_PAGES);
	ck_assert_int_gt((int64_t)r->base, 0);
}

static void touch_region(struct region *r, struct fixture_random *random)
{
	uint64_t page = fixture_below(random, REGION_PAGES);
	va_t va = r->base + page * PAGE_SIZE + page % 512 * 8;

	if (fixture_below(random, 2)) {
		r->want[page] = fixture_random(random);
		user_store(&f.k, mm, va, r->want[page]);
	} else {
		expect_load(va, r->want[page]);
	}
}

static void discard(struct region *r, struct fixture_random *random)
{
	uint64_t page = fixture_below(random, REGION_PAGES - 32);

	if (r->shared)
		return;
	do_madvise(&f.k, mm, r->base + page * PAGE_SIZE, 32 * PAGE_SIZE, 4 /* DONTNEED */);
	memset(r->want + page, 0, 32 * sizeof(r->want[0]));
}

static void random_use(uint64_t n, struct fixture_random *random)
{
	struct region *r = &regions[fixture_below(random, REGIONS)];

	if (!r->base)
		map_region(r);
	if (n % 1500 == 1499) {
		do_munmap(&f.k, mm, r->base, REGION_PAGES * PAGE_SIZE);
		r->base = 0;
	} else if (n % 200 == 199) {
		discard(r, random);
	} else {
		touch_region(r, random);
	}
}

START_TEST(contents_survive_random_use_of_more_than_memory)
{
	struct fixture_random random = fixture_seed(50 + (uint64_t)_i);
	struct kernel_config config = fixture_config();
	uint64_t cases = fixture_cases(12000);

	/* 24 MB used in 4 or 8 MB, with and without swap read-ahead, in both modes. */
	config.page_cluster = _i & 2 ? 3 : 0;
	config.paging = _i & 4 ? &paging_two_level : &paging_four_level;
	config.page_cache_warm = _i & 4;
	boot_config((_i & 1 ? 8 : 4) * MIB, 8192, &config);
	disk_file_open(&f.k, &disk, 2 * REGION_PAGES * PAGE_SIZE, 2 * REGION_PAGES);
	memset(regions, 0, sizeof(regions));
	for (uint64_t i = 0; i < 2 * REGION_PAGES; i++) {
		uint64_t page = i % REGION_PAGES;

		memcpy(&regions[4 + i / REGION_PAGES].want[page],
		       disk.data + i * PAGE_SIZE + page % 512 * 8, 8);
	}
	for (uint64_t n = 0; n < cases; n++) {
		random_use(n, &random);
		if (n % 1000 == 0)
			fixture_check(&f);
	}
	ck_assert_uint_gt(f.k.vm_events[PSWPIN], 0);
	ck_assert_uint_eq(f.seen.oom_kills, 0);
	for (int i = 0; i < REGIONS; i++)
		if (regions[i].base)
			do_munmap(&f.k, mm, regions[i].base, REGION_PAGES * PAGE_SIZE);
	ck_assert_int_eq(filemap_write_and_wait_range(&f.k, &disk.mapping, 0, UINT64_MAX), 0);
	for (uint64_t i = 0; i < 2 * REGION_PAGES; i++) {
		uint64_t page = i % REGION_PAGES;

		ck_assert_mem_eq(disk.data + i * PAGE_SIZE + page % 512 * 8,
		                 &regions[4 + i / REGION_PAGES].want[page], 8);
	}
	disk_file_close(&f.k, &disk);
	shut_down();
}
END_TEST

/* Parent and child share pages, and slots, until one of them writes. */
START_TEST(forked_programs_keep_their_own_contents_through_swapoff)
{
	enum { PAGES = 2500 };
	static struct ram_swap second;
	static uint64_t want[2][PAGES];
	struct fixture_random random = fixture_seed(60);
	uint64_t cases = fixture_cases(12000);
	struct mm_struct *mms[2], *parent;
	va_t base;

	boot_with(8 * MIB, 12000, 3);
	ram_swap_on(&f.k, &second, 12000, -1);
	base = map_anon(PAGES);
	fill(base, PAGES);
	for (uint64_t i = 0; i < PAGES; i++)
		want[0][i] = want[1][i] = pattern(i);
	parent = mms[0] = mm;
	mms[1] = dup_mm(&f.k, mm);
	ck_assert_ptr_nonnull(mms[1]);
	for (uint64_t n = 0; n < cases; n++) {
		uint64_t who = fixture_below(&random, 2), page = fixture_below(&random, PAGES);

		mm = mms[who];
		if (fixture_below(&random, 4)) {
			expect_load(base + page * PAGE_SIZE, want[who][page]);
		} else {
			want[who][page] = n;
			user_store(&f.k, mm, base + page * PAGE_SIZE, n);
		}
		if (n % 2000 == 0)
			fixture_check(&f);
	}
	ck_assert_int_eq(swapoff(&f.k, &swap.device), 0);
	fixture_check(&f);
	ck_assert_int_gt(mms[0]->rss_stat[MM_SWAPENTS], 0);
	for (unsigned who = 0; who < 2; who++) {
		mm = mms[who];
		for (uint64_t i = 0; i < PAGES; i++)
			expect_load(base + i * PAGE_SIZE, want[who][i]);
	}
	mmput(&f.k, mms[1]);
	mm = parent;
	shut_down();
	ram_swap_close(&second);
}
END_TEST

START_TEST(truncated_file_disappears_from_mappings)
{
	enum fault_outcome outcome;

	boot_with(16 * MIB, 0, 0);
	disk_file_open(&f.k, &disk, 100 * PAGE_SIZE, 100);
	regions[4].base = (va_t)do_mmap(&f.k, mm, &disk.file, 0, 100 * PAGE_SIZE,
	                                PROT_READ_ | PROT_WRITE_, MAP_SHARED_, 0);
	for (uint64_t i = 0; i < 100; i++)
		user_store(&f.k, mm, regions[4].base + i * PAGE_SIZE, i);
	truncate_setsize(&f.k, &disk.mapping, 10 * PAGE_SIZE + 100);
	ck_assert_uint_eq(disk.mapping.nrpages, 11);
	ck_assert_uint_eq(user_load(&f.k, mm, regions[4].base + 10 * PAGE_SIZE), 10);
	ck_assert_ptr_null(user_at(&f.k, mm, regions[4].base + 11 * PAGE_SIZE, false, &outcome));
	ck_assert_int_eq(outcome, FAULT_SIGBUS);
	fixture_check(&f);
	do_munmap(&f.k, mm, regions[4].base, 100 * PAGE_SIZE);
	disk_file_close(&f.k, &disk);
	shut_down();
}
END_TEST

START_TEST(same_run_twice_is_the_same)
{
	uint64_t events[2][NR_VM_EVENT_ITEMS];

	for (int run = 0; run < 2; run++) {
		struct fixture_random random = { 7 };
		va_t base;

		boot_with(8 * MIB, 8192, 3);
		base = map_anon(4000);
		for (int n = 0; n < 8000; n++)
			user_store(&f.k, mm, base + fixture_below(&random, 4000) * PAGE_SIZE, 1);
		memcpy(events[run], f.k.vm_events, sizeof(events[run]));
		shut_down();
	}
	ck_assert_mem_eq(events[0], events[1], sizeof(events[0]));
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, what_fits_is_never_swapped);
	tcase_add_test(tc, sequential_sweeps_miss_every_page_and_write_it_once);
	tcase_add_test(tc, read_ahead_divides_sequential_faults_by_eight);
	tcase_add_test(tc, random_accesses_miss_by_the_share_that_does_not_fit);
	tcase_add_test(tc, hot_pages_survive_a_sweep_over_cold_ones);
	tcase_add_test(tc, file_read_once_does_not_drive_out_anonymous_memory);
	tcase_add_test(tc, mapped_file_page_is_active_once_it_was_used_twice);
	tcase_add_test(tc, locked_memory_stays);
	tcase_add_test(tc, kswapd_keeps_zones_above_low);
	tcase_add_test(tc, long_allocations_reclaim_directly);
	tcase_add_test(tc, swappiness_zero_spares_anonymous_memory);
	tcase_add_test(tc, reclaim_without_anything_to_give_ends);
	tcase_add_test(tc, gfp_without_io_swaps_nothing);
	tcase_add_test(tc, broken_swap_loses_nothing);
	tcase_add_test(tc, unreadable_slot_is_a_bus_error);
	tcase_add_test(tc, nearly_full_swap_still_works);
	tcase_add_test(tc, full_swap_kills_and_loses_nothing);
	tcase_add_test(tc, empty_slabs_go_when_memory_is_short);
	tcase_add_test(tc, swapoff_brings_everything_back);
	tcase_add_test(tc, swapoff_that_does_not_fit_changes_nothing);
	tcase_add_test(tc, second_area_takes_over_when_the_first_is_full);
	tcase_add_loop_test(tc, contents_survive_random_use_of_more_than_memory, 0, 8);
	tcase_add_test(tc, forked_programs_keep_their_own_contents_through_swapoff);
	tcase_add_test(tc, truncated_file_disappears_from_mappings);
	tcase_add_test(tc, same_run_twice_is_the_same);
}

int main(void)
{
	Suite *suite = suite_create("vmscan");
	TCase *tc = tcase_create("vmscan");

	tcase_set_timeout(tc, 60);
	add_tests(tc);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
