/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/pagemap.h"
#include "mm/swap.h"
#include "tests/mm/mm_fixture.h"
#include "tests/mm/ram_swap.h"
#include "tests/run_suite.h"

static struct fixture f;
static struct ram_swap swap;

static void setup(void)
{
	fixture_boot(&f, 16 * MIB, NULL);
}

static void teardown(void)
{
	fixture_check(&f);
	kernel_shutdown(&f.k);
	ck_assert_uint_eq(f.k.swap.total_swap_pages, 0);
	ck_assert_uint_eq(f.k.swap.nr_swap_pages, 0);
	fixture_finish(&f);
}

/* ---- the header ---- */

START_TEST(mkswap_writes_util_linux_header)
{
	uint8_t want[PAGE_SIZE] = { 0 };

	ram_swap_open(&swap, 0x12345);
	ck_assert_int_eq(mkswap(&swap.device), 0);
	want[1024] = 1;                                          /* version */
	want[1028] = 0x44, want[1029] = 0x23, want[1030] = 0x01; /* last_page */
	memcpy(want + 4096 - 10, "SWAPSPACE2", 10);
	ck_assert_mem_eq(swap.data, want, PAGE_SIZE);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(mkswap_refuses_a_device_without_room)
{
	ram_swap_open(&swap, 1);
	ck_assert_int_eq(mkswap(&swap.device), -EINVAL);
	ck_assert_uint_eq(swap.nr_written, 0);
	ram_swap_close(&swap);
}
END_TEST

static void put_u32(uint64_t at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		swap.data[at + i] = (uint8_t)(value >> 8 * i);
}

/* A change to a good header of 100 pages, and what swapon says to it. */
static const struct {
	uint32_t at, value;
	int err;
} bad_headers[] = {
	{ 4086, 0, -EINVAL }, /* no signature */
	{ 4090, 0x20202020, -EINVAL },
	{ 1024, 0, -EPROTONOSUPPORT },
	{ 1024, 2, -EPROTONOSUPPORT },
	{ 1028, 0, -ENODATA },
	{ 1028, 100, -ENOSPC },
	{ 1028, UINT32_MAX, -ENOSPC },
	{ 1032, 638, -ERANGE }, /* 637 fit */
	{ 1032, UINT32_MAX, -ERANGE },
	{ 1032, 1, -ERANGE }, /* bad page 0 */
	{ 1028, 99, 0 },
	{ 1028, 1, 0 },
};

START_TEST(swapon_checks_the_header)
{
	uint64_t free_before = nr_free_pages(&f.k);

	ram_swap_open(&swap, 100);
	mkswap(&swap.device);
	put_u32(bad_headers[_i].at, bad_headers[_i].value);
	ck_assert_int_eq(swapon(&f.k, &swap.device, -1), bad_headers[_i].err);
	if (bad_headers[_i].err)
		ck_assert_uint_eq(f.k.swap.total_swap_pages, 0);
	else
		ck_assert_int_eq(swapoff(&f.k, &swap.device), 0);
	ck_assert_uint_eq(nr_free_pages(&f.k), free_before);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(bad_page_outside_the_area_is_refused)
{
	ram_swap_open(&swap, 100);
	mkswap(&swap.device);
	put_u32(1032, 2);
	put_u32(1536, 5);
	put_u32(1540, 100);
	ck_assert_int_eq(swapon(&f.k, &swap.device, -1), -ERANGE);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(swapon_reports_errors_that_are_not_the_headers)
{
	static struct ram_swap many[MAX_SWAPFILES];

	ram_swap_open(&swap, 100);
	mkswap(&swap.device);
	swap.read_broken = true;
	ck_assert_int_eq(swapon(&f.k, &swap.device, -1), -EIO);
	swap.read_broken = false;
	for (int i = 0; i < MAX_SWAPFILES; i++)
		ram_swap_on(&f.k, &many[i], 10, -1);
	ck_assert_int_eq(swapon(&f.k, &swap.device, -1), -EBUSY);
	ck_assert_int_eq(swapon(&f.k, &many[3].device, -1), -EEXIST);
	ck_assert_int_eq(swapoff(&f.k, &swap.device), -EINVAL);
	ck_assert_int_eq(swapoff(&f.k, NULL), -EINVAL);
	ck_assert_uint_eq(f.k.swap.total_swap_pages, MAX_SWAPFILES * 9);
	for (int i = 0; i < MAX_SWAPFILES; i++) {
		ck_assert_int_eq(f.k.swap.info[i].prio, -1 - i);
		ck_assert_int_eq(swapoff(&f.k, &many[i].device), 0);
		ram_swap_close(&many[i]);
	}
	ram_swap_close(&swap);
}
END_TEST

START_TEST(area_larger_than_memory_for_its_map_is_refused)
{
	uint64_t free_before = nr_free_pages(&f.k);
	uint8_t header[PAGE_SIZE];

	ram_swap_open(&swap, 1);
	swap.device.nr_pages = (uint64_t)1 << 32; /* 8 GB of map */
	ck_assert_int_eq(mkswap(&swap.device), 0);
	memcpy(header, swap.data, PAGE_SIZE);
	ck_assert_int_eq(swapon(&f.k, &swap.device, -1), -ENOMEM);
	drain_all_pages(&f.k);
	ck_assert_uint_ge(nr_free_pages(&f.k) + 64, free_before);
	ram_swap_close(&swap);
}
END_TEST

/* ---- slots ---- */

START_TEST(slots_come_in_a_row)
{
	ram_swap_on(&f.k, &swap, 1000, -1);
	for (uint64_t i = 1; i < 1000; i++) {
		swp_entry_t entry = get_swap_page(&f.k);

		ck_assert_uint_eq(swp_type(entry), 0);
		ck_assert_uint_eq(swp_offset(entry), i);
	}
	ck_assert_uint_eq(get_swap_page(&f.k).val, 0);
	ck_assert_uint_eq(f.k.swap.nr_swap_pages, 0);
	for (uint64_t i = 1; i < 1000; i++)
		swapcache_free(&f.k, swp_entry(0, i));
	ck_assert_uint_eq(f.k.swap.nr_swap_pages, 999);
	ck_assert_int_eq(swapoff(&f.k, &swap.device), 0);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(free_cluster_is_preferred_to_scattered_slots)
{
	ram_swap_on(&f.k, &swap, 2000, -1);
	for (uint64_t i = 1; i <= 1024; i++)
		get_swap_page(&f.k);
	for (uint64_t i = 2; i <= 1024; i += 2)
		swapcache_free(&f.k, swp_entry(0, i));
	/* 4 clusters are used up; the first free run of 256 starts at their last slot */
	for (uint64_t i = 0; i < 256; i++)
		ck_assert_uint_eq(swp_offset(get_swap_page(&f.k)), 1024 + i);
	for (uint64_t i = 1; i < 1025 + 256; i++)
		if (*swap_map_at(&f.k, swp_entry(0, i)))
			swapcache_free(&f.k, swp_entry(0, i));
	swapoff(&f.k, &swap.device);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(bad_pages_are_never_handed_out)
{
	ram_swap_open(&swap, 100);
	mkswap(&swap.device);
	put_u32(1032, 4);
	put_u32(1536, 1);
	put_u32(1540, 50);
	put_u32(1544, 99);
	put_u32(1548, 50); /* twice: counts once */
	ck_assert_int_eq(swapon(&f.k, &swap.device, -1), 0);
	ck_assert_uint_eq(f.k.swap.total_swap_pages, 96);
	for (int i = 0; i < 96; i++) {
		uint64_t offset = swp_offset(get_swap_page(&f.k));

		ck_assert(offset > 1 && offset < 99 && offset != 50);
	}
	ck_assert_uint_eq(get_swap_page(&f.k).val, 0);
	ck_assert_int_eq(swap_duplicate(&f.k, swp_entry(0, 50)), -EINVAL);
	for (uint64_t i = 1; i < 100; i++)
		if (*swap_map_at(&f.k, swp_entry(0, i)) != SWAP_MAP_BAD)
			swapcache_free(&f.k, swp_entry(0, i));
	swapoff(&f.k, &swap.device);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(higher_priority_first_and_equals_take_turns)
{
	static struct ram_swap low, high[2];
	uint32_t turns[3] = { 0 };

	ram_swap_on(&f.k, &low, 11, -1);
	ram_swap_on(&f.k, &high[0], 11, 5);
	ram_swap_on(&f.k, &high[1], 11, 5);
	for (int i = 0; i < 20; i++) {
		swp_entry_t entry = get_swap_page(&f.k);

		ck_assert_uint_eq(swp_type(entry), 1 + i % 2);
		turns[swp_type(entry)]++;
	}
	ck_assert_uint_eq(turns[1], 10);
	for (int i = 0; i < 10; i++)
		ck_assert_uint_eq(swp_type(get_swap_page(&f.k)), 0);
	ck_assert_uint_eq(get_swap_page(&f.k).val, 0);
	for (uint32_t type = 0; type < 3; type++)
		for (uint64_t i = 1; i < 11; i++)
			swapcache_free(&f.k, swp_entry(type, i));
	swapoff(&f.k, &low.device);
	swapoff(&f.k, &high[0].device);
	swapoff(&f.k, &high[1].device);
	ram_swap_close(&low);
	ram_swap_close(&high[0]);
	ram_swap_close(&high[1]);
}
END_TEST

START_TEST(entries_of_no_area_are_refused)
{
	ram_swap_on(&f.k, &swap, 100, -1);
	ck_assert_int_eq(swap_duplicate(&f.k, swp_entry(0, 5)), -EINVAL); /* free */
	ck_assert_int_eq(swap_duplicate(&f.k, swp_entry(0, 0)), -EINVAL);
	ck_assert_int_eq(swap_duplicate(&f.k, swp_entry(0, 100)), -EINVAL);
	ck_assert_int_eq(swap_duplicate(&f.k, swp_entry(1, 5)), -EINVAL);
	ck_assert_int_eq(swap_duplicate(&f.k, swp_entry(31, 5)), -EINVAL);
	swapoff(&f.k, &swap.device);
	ram_swap_close(&swap);
}
END_TEST

/* The model: references and cache mark per slot. */
#define MODEL_SLOTS 700

struct slot_model {
	uint16_t refs[MODEL_SLOTS];
	bool cached[MODEL_SLOTS];
	uint64_t in_use;
};

static void take_slot(struct slot_model *m)
{
	swp_entry_t entry = get_swap_page(&f.k);
	uint64_t i = swp_offset(entry);

	if (m->in_use == MODEL_SLOTS - 1) {
		ck_assert_uint_eq(entry.val, 0);
		return;
	}
	ck_assert(i > 0 && i < MODEL_SLOTS);
	ck_assert(!m->refs[i] && !m->cached[i]);
	m->cached[i] = true;
	m->in_use++;
}

static void change_slot(struct slot_model *m, uint64_t i, uint64_t how)
{
	swp_entry_t entry = swp_entry(0, i);
	bool used = m->refs[i] || m->cached[i];

	if (how == 0) {
		ck_assert_int_eq(swap_duplicate(&f.k, entry), used ? 0 : -EINVAL);
		m->refs[i] += used;
	} else if (how == 1) {
		ck_assert_int_eq(swapcache_prepare(&f.k, entry), !used          ? -ENOENT
		                                                 : m->cached[i] ? -EEXIST
		                                                                : 0);
		m->cached[i] = used;
	} else if (how == 2 && m->refs[i]) {
		swap_free(&f.k, entry);
		m->in_use -= !--m->refs[i] && !m->cached[i];
	} else if (how == 3 && m->cached[i]) {
		swapcache_free(&f.k, entry);
		m->cached[i] = false;
		m->in_use -= !m->refs[i];
	}
}

static void check_slots(const struct slot_model *m)
{
	for (uint64_t i = 1; i < MODEL_SLOTS; i++)
		ck_assert_uint_eq(*swap_map_at(&f.k, swp_entry(0, i)),
		                  m->refs[i] | (m->cached[i] ? SWAP_HAS_CACHE : 0));
	ck_assert_uint_eq(f.k.swap.info[0].inuse_pages, m->in_use);
	ck_assert_uint_eq(f.k.swap.nr_swap_pages, MODEL_SLOTS - 1 - m->in_use);
	ck_assert_int_eq(vm_swap_full(&f.k), (MODEL_SLOTS - 1 - m->in_use) * 2 < MODEL_SLOTS - 1);
}

START_TEST(random_slot_operations_agree_with_a_model)
{
	static struct slot_model m;
	struct fixture_random random = fixture_seed(40);
	uint64_t cases = fixture_cases(100000);

	memset(&m, 0, sizeof(m));
	ram_swap_on(&f.k, &swap, MODEL_SLOTS, -1);
	for (uint64_t n = 0; n < cases; n++) {
		/* long stretches of filling up and of emptying */
		bool filling = n / 5000 % 2;
		uint64_t how = fixture_below(&random, filling ? 9 : 5);

		if (how >= 4)
			take_slot(&m);
		else
			change_slot(&m, 1 + fixture_below(&random, MODEL_SLOTS - 1), how);
		if (n % 500 == 0)
			check_slots(&m);
	}
	for (uint64_t i = 1; i < MODEL_SLOTS; i++) {
		while (m.refs[i])
			change_slot(&m, i, 2);
		change_slot(&m, i, 3);
	}
	check_slots(&m);
	ck_assert_uint_eq(m.in_use, 0);
	swapoff(&f.k, &swap.device);
	ram_swap_close(&swap);
}
END_TEST

/* ---- the swap cache ---- */

/* A page as a page table that has just lost it would leave it: in its slot, one
 * entry naming it, and out of memory. */
static swp_entry_t swapped_page(uint8_t content)
{
	struct page *page = alloc_page(&f.k, GFP_HIGHUSER_MOVABLE);
	swp_entry_t entry;

	ck_assert_ptr_nonnull(page);
	memset(page_address(&f.k, page), content, PAGE_SIZE);
	SetPageSwapBacked(page);
	SetPageUptodate(page);
	ck_assert_int_eq(add_to_swap(&f.k, page), 0);
	ck_assert(PageDirty(page));
	entry.val = page->private;
	ck_assert_int_eq(swap_duplicate(&f.k, entry), 0);
	ck_assert_int_eq(swap_writepage(&f.k, page), 0);
	ck_assert(!PageDirty(page));
	delete_from_swap_cache(&f.k, page);
	put_page(&f.k, page);
	return entry;
}

static void check_swapin(swp_entry_t entry, uint8_t content)
{
	struct page *page = lookup_swap_cache(&f.k, entry);

	if (!page)
		page = swapin_readahead(&f.k, entry, GFP_HIGHUSER_MOVABLE);
	ck_assert_ptr_nonnull(page);
	ck_assert(PageUptodate(page) && PageSwapCache(page));
	ck_assert_uint_eq(*(uint8_t *)page_address(&f.k, page), content);
	put_page(&f.k, page);
}

START_TEST(page_comes_back_from_its_slot)
{
	swp_entry_t entry;

	ram_swap_on(&f.k, &swap, 100, -1);
	entry = swapped_page(77);
	ck_assert_uint_eq(f.k.vm_events[PSWPOUT], 1);
	ck_assert_ptr_null(lookup_swap_cache(&f.k, entry));
	check_swapin(entry, 77);
	ck_assert_uint_eq(f.k.vm_events[PSWPIN], 1);
	check_swapin(entry, 77); /* from the cache */
	ck_assert_uint_eq(f.k.vm_events[PSWPIN], 1);
	ck_assert_uint_eq(vmstat_value(&f.k, NR_SWAPCACHED), 1);
	free_swap_and_cache(&f.k, entry);
	ck_assert_uint_eq(vmstat_value(&f.k, NR_SWAPCACHED), 0);
	ck_assert_uint_eq(f.k.swap.nr_swap_pages, 99);
	swapoff(&f.k, &swap.device);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(sequential_swap_in_reads_aligned_windows)
{
	swp_entry_t entries[64];

	ram_swap_on(&f.k, &swap, 100, -1);
	for (int i = 0; i < 64; i++)
		entries[i] = swapped_page((uint8_t)i);
	for (int i = 0; i < 64; i++)
		check_swapin(entries[i], (uint8_t)i);
	ck_assert_uint_eq(f.k.vm_events[PSWPIN], 64);
	/* slots 1 to 64: 1-7 at once (8 from the start, less the header), then 8s */
	ck_assert_uint_eq(f.seen.disk_reads, 9);
	ck_assert_uint_eq(f.k.vm_events[SWAP_RA], 64 - 9);
	ck_assert_uint_eq(f.k.vm_events[SWAP_RA_HIT], 64 - 9);
	for (int i = 0; i < 64; i++)
		free_swap_and_cache(&f.k, entries[i]);
	swapoff(&f.k, &swap.device);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(read_ahead_skips_free_slots)
{
	swp_entry_t entries[16];

	ram_swap_on(&f.k, &swap, 100, -1);
	for (int i = 0; i < 16; i++)
		entries[i] = swapped_page((uint8_t)i);
	swap_free(&f.k, entries[9]); /* slot 10 */
	check_swapin(entries[8], 8); /* slot 9: window 8 to 15 */
	ck_assert_uint_eq(f.k.vm_events[PSWPIN], 7);
	ck_assert_uint_eq(f.seen.disk_reads, 2); /* 8-9, 11-15 */
	for (int i = 0; i < 16; i++)
		if (i != 9)
			free_swap_and_cache(&f.k, entries[i]);
	swapoff(&f.k, &swap.device);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(random_swap_in_stops_reading_ahead)
{
	swp_entry_t entries[512];
	struct fixture_random random = fixture_seed(41);

	ram_swap_on(&f.k, &swap, 1000, -1);
	for (int i = 0; i < 512; i++)
		entries[i] = swapped_page((uint8_t)i);
	f.k.swap.readahead_hits = 0;
	for (int i = 0; i < 5; i++) {
		uint64_t n = 64 * (2 + fixture_below(&random, 2) + 2 * (uint64_t)(i % 2)) + 3;

		f.k.swap.prev_offset = 0;
		check_swapin(entries[n], (uint8_t)n);
	}
	/* 5 reads: at most 1 page each once the first guess has failed */
	ck_assert_uint_le(f.k.vm_events[SWAP_RA], 1);
	for (int i = 0; i < 512; i++)
		free_swap_and_cache(&f.k, entries[i]);
	swapoff(&f.k, &swap.device);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(no_cluster_no_read_ahead)
{
	swp_entry_t entries[32];

	f.k.config.page_cluster = 0;
	ram_swap_on(&f.k, &swap, 100, -1);
	for (int i = 0; i < 32; i++)
		entries[i] = swapped_page((uint8_t)i);
	for (int i = 0; i < 32; i++)
		check_swapin(entries[i], (uint8_t)i);
	ck_assert_uint_eq(f.seen.disk_reads, 32);
	ck_assert_uint_eq(f.k.vm_events[SWAP_RA], 0);
	for (int i = 0; i < 32; i++)
		free_swap_and_cache(&f.k, entries[i]);
	swapoff(&f.k, &swap.device);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(failed_read_leaves_slot_and_cache_alone)
{
	swp_entry_t entry;
	struct page *page;

	ram_swap_on(&f.k, &swap, 100, -1);
	entry = swapped_page(5);
	swap.read_broken = true;
	ck_assert_int_eq(swapin_page(&f.k, entry, GFP_HIGHUSER_MOVABLE, &page), -EIO);
	ck_assert_ptr_null(swapin_readahead(&f.k, entry, GFP_HIGHUSER_MOVABLE));
	ck_assert_uint_eq(*swap_map_at(&f.k, entry), 1);
	ck_assert_uint_eq(vmstat_value(&f.k, NR_SWAPCACHED), 0);
	swap.read_broken = false;
	check_swapin(entry, 5);
	free_swap_and_cache(&f.k, entry);
	swapoff(&f.k, &swap.device);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(failed_write_leaves_the_page_dirty)
{
	struct page *page;

	ram_swap_on(&f.k, &swap, 100, -1);
	page = alloc_page(&f.k, GFP_HIGHUSER_MOVABLE);
	SetPageSwapBacked(page);
	ck_assert_int_eq(add_to_swap(&f.k, page), 0);
	swap.write_broken = true;
	ck_assert_int_eq(swap_writepage(&f.k, page), -EIO);
	ck_assert(PageDirty(page));
	ck_assert_uint_eq(f.k.vm_events[PSWPOUT], 0);
	ck_assert(try_to_free_swap(&f.k, page));
	put_page(&f.k, page);
	swapoff(&f.k, &swap.device);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(slots_written_in_a_row_are_one_request)
{
	swp_entry_t entries[40];

	ram_swap_on(&f.k, &swap, 100, -1);
	for (int i = 0; i < 40; i++)
		entries[i] = swapped_page(1);
	swap_finish_plug(&f.k);
	ck_assert_uint_eq(f.seen.disk_writes, 1);
	ck_assert_uint_eq(f.seen.disk_write_pages, 40);
	for (int i = 0; i < 40; i++)
		swap_free(&f.k, entries[i]);
	swapoff(&f.k, &swap.device);
	ram_swap_close(&swap);
}
END_TEST

/* ---- shared memory ---- */

START_TEST(shmem_goes_to_swap_and_back)
{
	static struct address_space shmem;
	enum { PAGES = 64 };

	f.k.config.page_cluster = 0;
	ram_swap_on(&f.k, &swap, 100, -1);
	address_space_init(&f.k, &shmem, NULL, NULL, PAGES * PAGE_SIZE);
	shmem.shmem = true;
	for (pgoff_t i = 0; i < PAGES; i++) {
		struct page *page;

		ck_assert_int_eq(filemap_get_page(&f.k, &shmem, NULL, VM_READ, i, &page),
		                 FILEMAP_HIT);
		ck_assert_uint_eq(*(uint8_t *)page_address(&f.k, page), 0);
		memset(page_address(&f.k, page), (int)i + 1, PAGE_SIZE);
		put_page(&f.k, page);
	}
	ck_assert_uint_eq(vmstat_value(&f.k, NR_SHMEM), PAGES);
	for (int i = 0; i < 40; i++)
		reclaim_for(&f.k, GFP_KERNEL);
	fixture_check(&f);
	ck_assert_uint_eq(vmstat_value(&f.k, NR_SHMEM), 0);
	ck_assert_uint_eq(shmem.nrexceptional, PAGES);
	ck_assert_uint_eq(f.k.swap.nr_swap_pages, 99 - PAGES);
	for (pgoff_t i = 0; i < PAGES / 2; i++) {
		struct page *page;

		ck_assert_int_eq(filemap_get_page(&f.k, &shmem, NULL, VM_READ, i, &page),
		                 FILEMAP_MAJOR);
		ck_assert_uint_eq(*(uint8_t *)page_address(&f.k, page), i + 1);
		put_page(&f.k, page);
	}
	fixture_check(&f);
	ck_assert_int_eq(swapoff(&f.k, &swap.device), 0); /* brings the other half back */
	ck_assert_uint_eq(vmstat_value(&f.k, NR_SHMEM), PAGES);
	fixture_check(&f);
	truncate_inode_pages(&f.k, &shmem, 0);
	ck_assert_uint_eq(vmstat_value(&f.k, NR_SHMEM), 0);
	ram_swap_close(&swap);
}
END_TEST

START_TEST(truncated_shmem_frees_its_slots)
{
	static struct address_space shmem;
	struct page *page;

	ram_swap_on(&f.k, &swap, 100, -1);
	address_space_init(&f.k, &shmem, NULL, NULL, 50 * PAGE_SIZE);
	shmem.shmem = true;
	for (pgoff_t i = 0; i < 50; i++) {
		ck_assert_int_eq(filemap_get_page(&f.k, &shmem, NULL, VM_READ, i, &page),
		                 FILEMAP_HIT);
		put_page(&f.k, page);
	}
	for (int i = 0; i < 40; i++)
		reclaim_for(&f.k, GFP_KERNEL);
	ck_assert_uint_eq(f.k.swap.nr_swap_pages, 49);
	truncate_setsize(&f.k, &shmem, 10 * PAGE_SIZE);
	ck_assert_uint_eq(f.k.swap.nr_swap_pages, 89);
	truncate_inode_pages(&f.k, &shmem, 0);
	ck_assert_uint_eq(f.k.swap.nr_swap_pages, 99);
	swapoff(&f.k, &swap.device);
	ram_swap_close(&swap);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, mkswap_writes_util_linux_header);
	tcase_add_test(tc, mkswap_refuses_a_device_without_room);
	tcase_add_loop_test(tc, swapon_checks_the_header, 0,
	                    sizeof(bad_headers) / sizeof(bad_headers[0]));
	tcase_add_test(tc, bad_page_outside_the_area_is_refused);
	tcase_add_test(tc, swapon_reports_errors_that_are_not_the_headers);
	tcase_add_test(tc, area_larger_than_memory_for_its_map_is_refused);
	tcase_add_test(tc, slots_come_in_a_row);
	tcase_add_test(tc, free_cluster_is_preferred_to_scattered_slots);
	tcase_add_test(tc, bad_pages_are_never_handed_out);
	tcase_add_test(tc, higher_priority_first_and_equals_take_turns);
	tcase_add_test(tc, entries_of_no_area_are_refused);
	tcase_add_test(tc, random_slot_operations_agree_with_a_model);
	tcase_add_test(tc, page_comes_back_from_its_slot);
	tcase_add_test(tc, sequential_swap_in_reads_aligned_windows);
	tcase_add_test(tc, read_ahead_skips_free_slots);
	tcase_add_test(tc, random_swap_in_stops_reading_ahead);
	tcase_add_test(tc, no_cluster_no_read_ahead);
	tcase_add_test(tc, failed_read_leaves_slot_and_cache_alone);
	tcase_add_test(tc, failed_write_leaves_the_page_dirty);
	tcase_add_test(tc, slots_written_in_a_row_are_one_request);
	tcase_add_test(tc, shmem_goes_to_swap_and_back);
	tcase_add_test(tc, truncated_shmem_frees_its_slots);
}

int main(void)
{
	Suite *suite = suite_create("swap");
	TCase *tc = tcase_create("swap");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	add_tests(tc);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
