/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/pagemap.h"
#include "tests/mm/disk_file.h"
#include "tests/mm/mm_fixture.h"
#include "tests/run_suite.h"

static struct fixture f;
static struct disk_file file;

#define FILE_PAGES 400

static void boot(uint64_t ram, bool warm)
{
	struct kernel_config config = fixture_config();

	config.page_cache_warm = warm;
	fixture_boot(&f, ram, &config);
	disk_file_open(&f.k, &file, FILE_PAGES * PAGE_SIZE, 2 * FILE_PAGES);
}

static void setup(void)
{
	boot(16 * MIB, false);
}

static void setup_warm(void)
{
	boot(16 * MIB, true);
}

static void teardown(void)
{
	fixture_check(&f);
	disk_file_close(&f.k, &file);
	fixture_check(&f);
	kernel_shutdown(&f.k);
	fixture_finish(&f);
}

/* ---- helpers ---- */

static enum filemap_result fault(pgoff_t index, uint64_t vm_flags)
{
	struct page *page;
	enum filemap_result result = filemap_get_page(&f.k, &file.mapping, &file.file.f_ra,
	                                              VM_READ | vm_flags, index, &page);

	if (result == FILEMAP_HIT || result == FILEMAP_MAJOR) {
		const uint8_t *data = page_address(&f.k, page);

		ck_assert(PageUptodate(page));
		ck_assert_uint_eq(data[5], file.data[index * PAGE_SIZE + 5]);
		put_page(&f.k, page);
	}
	return result;
}

static bool is_cached(pgoff_t index)
{
	struct page *page = find_get_page(&f.k, &file.mapping, index);

	if (page)
		put_page(&f.k, page);
	return page;
}

static uint64_t nr_cached(pgoff_t start, pgoff_t end)
{
	uint64_t nr = 0;

	for (; start < end; start++)
		nr += is_cached(start);
	return nr;
}

struct buffer {
	uint8_t *bytes;
	uint64_t at, room; /* room: stop after so many bytes, as a bad user pointer does */
};

static uint64_t take(struct buffer *b, uint64_t len)
{
	return len < b->room - b->at ? len : b->room - b->at;
}

static int64_t copy_out(void *context, void *memory, uint64_t offset, uint64_t len)
{
	struct buffer *b = context;
	uint64_t n = take(b, len);

	ck_assert_uint_le(offset + len, PAGE_SIZE);
	memcpy(b->bytes + b->at, (uint8_t *)memory + offset, n);
	b->at += n;
	return n ? (int64_t)n : -EFAULT;
}

static int64_t copy_in(void *context, void *memory, uint64_t offset, uint64_t len)
{
	struct buffer *b = context;
	uint64_t n = take(b, len);

	ck_assert_uint_le(offset + len, PAGE_SIZE);
	memcpy((uint8_t *)memory + offset, b->bytes + b->at, n);
	b->at += n;
	return n ? (int64_t)n : -EFAULT;
}

static int64_t read_file(void *to, uint64_t pos, uint64_t len)
{
	struct buffer b = { .bytes = to, .room = len };

	return filemap_read(&f.k, &file.file, pos, len, copy_out, &b);
}

static int64_t write_file(const void *from, uint64_t pos, uint64_t len)
{
	struct buffer b = { .bytes = (uint8_t *)(uintptr_t)from, .room = len };

	return filemap_write(&f.k, &file.file, pos, len, copy_in, &b);
}

static void sync_file(void)
{
	ck_assert_int_eq(filemap_write_and_wait_range(&f.k, &file.mapping, 0, UINT64_MAX), 0);
}

/* Evicts what is clean, unused and inactive. */
static void press(void)
{
	for (int i = 0; i < 40; i++)
		reclaim_for(&f.k, GFP_KERNEL);
}

/* Leaves junk in every free page. */
static void soil_memory(void)
{
	void *taken = NULL;
	void **page;

	while ((page = __get_free_pages(&f.k, GFP_NOWAIT | __GFP_NOWARN, 0))) {
		memset(page, 0x99, PAGE_SIZE);
		*page = taken;
		taken = page;
	}
	while (taken) {
		void *next = *(void **)taken;

		free_pages(&f.k, taken, 0);
		taken = next;
	}
}

/* ---- reading ---- */

START_TEST(cold_fault_reads_around_in_one_request)
{
	ck_assert_int_eq(fault(100, 0), FILEMAP_MAJOR);
	ck_assert_uint_eq(f.seen.disk_reads, 1);
	ck_assert_uint_eq(f.seen.disk_read_pages, 32);
	ck_assert_uint_eq(nr_cached(84, 116), 32);
	ck_assert_uint_eq(file.mapping.nrpages, 32);
	ck_assert_uint_eq(f.k.vm_events[PGPGIN], 32 * 4);
}
END_TEST

START_TEST(page_that_came_with_another_is_a_minor_fault)
{
	fault(100, 0);
	ck_assert_int_eq(fault(101, 0), FILEMAP_HIT);
	ck_assert_int_eq(fault(84, 0), FILEMAP_HIT);
	ck_assert_int_eq(fault(83, 0), FILEMAP_MAJOR);
}
END_TEST

START_TEST(random_hint_reads_one_page)
{
	ck_assert_int_eq(fault(100, VM_RAND_READ), FILEMAP_MAJOR);
	ck_assert_uint_eq(f.seen.disk_read_pages, 1);
	ck_assert_int_eq(fault(101, VM_RAND_READ), FILEMAP_MAJOR);
}
END_TEST

START_TEST(sequential_hint_reads_ahead_not_around)
{
	ck_assert_int_eq(fault(0, VM_SEQ_READ), FILEMAP_MAJOR);
	ck_assert(!is_cached(200));
	for (pgoff_t i = 1; i < 200; i++)
		ck_assert_int_eq(fault(i, VM_SEQ_READ), FILEMAP_HIT);
}
END_TEST

START_TEST(no_read_ahead_reads_one_page)
{
	file.file.f_ra.ra_pages = 0;
	ck_assert_int_eq(fault(100, 0), FILEMAP_MAJOR);
	ck_assert_int_eq(fault(101, 0), FILEMAP_MAJOR);
	ck_assert_uint_eq(file.mapping.nrpages, 2);
	ck_assert_uint_eq(f.seen.disk_reads, 2);
}
END_TEST

START_TEST(window_ends_with_the_file)
{
	ck_assert_int_eq(fault(FILE_PAGES - 1, 0), FILEMAP_MAJOR);
	ck_assert_uint_eq(file.mapping.nrpages, 17); /* 383 to 399 */
	ck_assert_int_eq(fault(FILE_PAGES, 0), FILEMAP_EOF);
	ck_assert_int_eq(fault(UINT64_MAX >> 12, 0), FILEMAP_EOF);
}
END_TEST

/* Linux 4.4's windows for reads of a page each, at most 32 pages: 4, then 8 at the
 * mark on page 1, 16 at page 4, 32 at page 12, and so on at each window's start. */
START_TEST(sequential_reads_ramp_up)
{
	static const struct {
		pgoff_t at;
		uint64_t cached;
	} steps[] = { { 0, 4 }, { 1, 12 }, { 4, 28 }, { 12, 60 }, { 28, 92 }, { 60, 124 } };
	uint8_t bytes[PAGE_SIZE];
	unsigned step = 0;

	for (pgoff_t i = 0; i < 92; i++) {
		ck_assert_int_eq(read_file(bytes, i * PAGE_SIZE, PAGE_SIZE), PAGE_SIZE);
		ck_assert_mem_eq(bytes, file.data + i * PAGE_SIZE, PAGE_SIZE);
		if (step < 6 && steps[step].at == i)
			ck_assert_uint_eq(file.mapping.nrpages, steps[step++].cached);
		else
			ck_assert_uint_eq(file.mapping.nrpages, steps[step - 1].cached);
	}
	ck_assert_uint_eq(f.seen.disk_reads, 6);
	ck_assert_uint_eq(f.seen.disk_read_pages, 124);
}
END_TEST

START_TEST(scattered_reads_read_only_themselves)
{
	uint8_t bytes[PAGE_SIZE];

	for (pgoff_t i = 10; i < 300; i += 50)
		read_file(bytes, i * PAGE_SIZE, 100);
	ck_assert_uint_eq(file.mapping.nrpages, 6);
}
END_TEST

START_TEST(large_read_starts_with_the_full_window)
{
	static uint8_t bytes[16 * PAGE_SIZE];

	ck_assert_int_eq(read_file(bytes, 0, sizeof(bytes)), sizeof(bytes));
	ck_assert_mem_eq(bytes, file.data, sizeof(bytes));
	ck_assert_uint_eq(file.mapping.nrpages, 32);
}
END_TEST

START_TEST(read_stops_at_the_end_of_file)
{
	static uint8_t bytes[2 * PAGE_SIZE];

	file.mapping.i_size = FILE_PAGES * PAGE_SIZE - 100;
	ck_assert_int_eq(read_file(bytes, file.mapping.i_size - 50, sizeof(bytes)), 50);
	ck_assert_int_eq(read_file(bytes, file.mapping.i_size, sizeof(bytes)), 0);
	ck_assert_int_eq(read_file(bytes, UINT64_MAX - 5, 100), 0);
}
END_TEST

START_TEST(read_error_is_reported_and_not_remembered)
{
	uint8_t bytes[16];

	file.broken = true;
	ck_assert_int_eq(fault(7, 0), FILEMAP_ERROR);
	ck_assert_int_eq(read_file(bytes, 7 * PAGE_SIZE, 16), -EIO);
	file.broken = false;
	ck_assert_int_eq(fault(7, 0), FILEMAP_MAJOR);
	ck_assert_int_eq(fault(7, 0), FILEMAP_HIT);
	ck_assert_int_eq(read_file(bytes, 7 * PAGE_SIZE, 16), 16);
}
END_TEST

START_TEST(forced_read_ahead_reads_what_is_missing)
{
	fault(5, VM_RAND_READ);
	force_page_cache_readahead(&f.k, &file.mapping, 0, 1000);
	ck_assert_uint_eq(file.mapping.nrpages, FILE_PAGES);
	ck_assert_uint_eq(file.nr_read, FILE_PAGES);
	/* 0-4, 6-255, 256-399, and the first one alone */
	ck_assert_uint_eq(f.seen.disk_reads, 4);
}
END_TEST

START_TEST(second_touch_makes_a_page_active)
{
	struct page *page;
	uint8_t bytes[8];

	read_file(bytes, 0, 8);
	page = find_get_page(&f.k, &file.mapping, 0);
	ck_assert(PageReferenced(page) && !PageActive(page));
	read_file(bytes, 8, 8); /* goes on in the page: no new use */
	ck_assert(!PageActive(page));
	read_file(bytes, 0, 8);
	ck_assert(PageActive(page) && !PageReferenced(page));
	ck_assert_uint_eq(f.k.vm_events[PGACTIVATE], 1);
	put_page(&f.k, page);
}
END_TEST

/* ---- warm and cold ---- */

START_TEST(warm_file_costs_no_read)
{
	struct page *page;

	ck_assert_int_eq(fault(100, 0), FILEMAP_HIT);
	ck_assert_uint_eq(file.mapping.nrpages, 1);
	ck_assert(filemap_peek_page(&f.k, &file.mapping, 101, &page));
	put_page(&f.k, page);
	ck_assert(!filemap_peek_page(&f.k, &file.mapping, FILE_PAGES, &page));
	ck_assert_uint_eq(f.seen.disk_reads, 0);
	ck_assert_uint_eq(f.k.vm_events[PGPGIN], 0);
}
END_TEST

START_TEST(what_was_evicted_is_cold)
{
	struct page *page;

	for (pgoff_t i = 0; i < 64; i++)
		fault(i, 0);
	press();
	ck_assert_uint_eq(file.mapping.nrpages, 0);
	ck_assert_uint_eq(file.mapping.nrexceptional, 64);
	ck_assert(!filemap_peek_page(&f.k, &file.mapping, 5, &page));
	ck_assert_int_eq(fault(5, 0), FILEMAP_MAJOR);
	ck_assert_int_eq(fault(70, 0), FILEMAP_HIT); /* still warm */
	ck_assert_uint_gt(f.seen.disk_reads, 0);
}
END_TEST

START_TEST(what_was_dropped_is_cold)
{
	fault(5, 0);
	ck_assert_uint_eq(invalidate_mapping_pages(&f.k, &file.mapping, 0, 9), 1);
	ck_assert_int_eq(fault(5, 0), FILEMAP_MAJOR);
}
END_TEST

START_TEST(peek_takes_only_what_is_cached)
{
	struct page *page;

	ck_assert(!filemap_peek_page(&f.k, &file.mapping, 100, &page));
	fault(100, VM_RAND_READ);
	ck_assert(filemap_peek_page(&f.k, &file.mapping, 100, &page));
	put_page(&f.k, page);
	ck_assert(!filemap_peek_page(&f.k, &file.mapping, 101, &page));
}
END_TEST

START_TEST(quick_refault_starts_active)
{
	struct page *page;

	/* Active pages to compete with. */
	for (pgoff_t i = 100; i < 200; i++)
		fault(i, VM_RAND_READ);
	for (pgoff_t i = 100; i < 200; i++) {
		page = find_get_page(&f.k, &file.mapping, i);
		activate_page(&f.k, page);
		put_page(&f.k, page);
	}
	fault(5, VM_RAND_READ);
	page = find_get_page(&f.k, &file.mapping, 5);
	lru_cache_del(&f.k, page);
	evict_from_page_cache(&f.k, page);
	put_page(&f.k, page);
	fault(5, VM_RAND_READ);
	page = find_get_page(&f.k, &file.mapping, 5);
	ck_assert(PageActive(page));
	put_page(&f.k, page);
	ck_assert_uint_eq(f.k.vm_events[WORKINGSET_REFAULT_FILE], 1);
	ck_assert_uint_eq(f.k.vm_events[WORKINGSET_ACTIVATE_FILE], 1);
}
END_TEST

/* 16 GB read once in 4 MB: a shadow for each page would take 40 MB. */
START_TEST(shadows_of_a_long_file_stay_few)
{
	uint64_t nr = fixture_cases(40000), limit;
	uint8_t byte;

	teardown();
	boot(4 * MIB, true);
	file.mapping.i_size = (uint64_t)16 * GIB;
	limit = f.k.totalram_pages; /* of nodes: each may hold a page that is cached */
	for (uint64_t i = 0; i < nr; i++) {
		read_file(&byte, i * 128 * PAGE_SIZE, 1);
		kernel_run_threads(&f.k);
		ck_assert_uint_le(f.k.radix_tree_node_cachep->nr_active_objects, limit);
	}
	ck_assert(file.mapping.cold);
	read_file(&byte, 0, 1);
	ck_assert_uint_gt(f.seen.disk_reads, 0);
}
END_TEST

/* ---- writing ---- */

START_TEST(partial_write_reads_the_page_first)
{
	uint8_t bytes[PAGE_SIZE];

	ck_assert_int_eq(write_file("hello", 3 * PAGE_SIZE + 10, 5), 5);
	ck_assert_uint_eq(file.nr_read, 1);
	read_file(bytes, 3 * PAGE_SIZE, PAGE_SIZE);
	ck_assert_mem_eq(bytes + 10, "hello", 5);
	ck_assert_uint_eq(bytes[9], disk_file_byte(3 * PAGE_SIZE + 9));
	ck_assert_uint_eq(bytes[15], disk_file_byte(3 * PAGE_SIZE + 15));
	ck_assert_uint_eq(vmstat_value(&f.k, NR_DIRTY), 1);
}
END_TEST

START_TEST(whole_page_write_reads_nothing)
{
	static uint8_t bytes[2 * PAGE_SIZE];

	memset(bytes, 0x5a, sizeof(bytes));
	ck_assert_int_eq(write_file(bytes, 8 * PAGE_SIZE, sizeof(bytes)), sizeof(bytes));
	ck_assert_uint_eq(file.nr_read, 0);
	ck_assert_uint_eq(f.seen.disk_reads, 0);
	sync_file();
	ck_assert_uint_eq(file.nr_written, 2);
	ck_assert_uint_eq(f.seen.disk_writes, 1);
	ck_assert_mem_eq(file.data + 8 * PAGE_SIZE, bytes, sizeof(bytes));
	ck_assert_uint_eq(f.k.vm_events[PGPGOUT], 8);
	ck_assert_uint_eq(vmstat_value(&f.k, NR_DIRTY), 0);
}
END_TEST

START_TEST(write_past_the_end_extends_the_file_with_zeroes)
{
	uint8_t bytes[64];
	uint64_t old = file.mapping.i_size, at = old + 3 * PAGE_SIZE + 7;

	soil_memory();
	ck_assert_int_eq(write_file("end", at, 3), 3);
	ck_assert_uint_eq(file.mapping.i_size, at + 3);
	ck_assert_int_eq(read_file(bytes, old + PAGE_SIZE, 8), 8);
	ck_assert_mem_eq(bytes, "\0\0\0\0\0\0\0\0", 8);
	ck_assert_int_eq(read_file(bytes, at - 4, 64), 7);
	ck_assert_mem_eq(bytes, "\0\0\0\0end", 7);
}
END_TEST

START_TEST(short_copy_keeps_the_rest_of_the_page)
{
	uint8_t new_bytes[PAGE_SIZE], bytes[PAGE_SIZE];
	struct buffer b = { .bytes = new_bytes, .room = 100 };

	memset(new_bytes, 1, sizeof(new_bytes));
	ck_assert_int_eq(filemap_write(&f.k, &file.file, 4 * PAGE_SIZE, 2 * PAGE_SIZE, copy_in, &b),
	                 100);
	read_file(bytes, 4 * PAGE_SIZE, PAGE_SIZE);
	ck_assert_mem_eq(bytes, new_bytes, 100);
	ck_assert_mem_eq(bytes + 100, file.data + 4 * PAGE_SIZE + 100, PAGE_SIZE - 100);
	b.room = b.at;
	ck_assert_int_eq(filemap_write(&f.k, &file.file, 0, 10, copy_in, &b), -EFAULT);
	ck_assert_uint_eq(vmstat_value(&f.k, NR_DIRTY), 1);
}
END_TEST

/* write(2) from a mapping of the very page that is written. */
static int64_t copy_from_self(void *context, void *memory, uint64_t offset, uint64_t len)
{
	struct page *page;
	enum filemap_result result =
	    filemap_get_page(&f.k, &file.mapping, &file.file.f_ra, VM_READ, 6, &page);

	ck_assert_int_le(result, FILEMAP_MAJOR);
	memcpy((uint8_t *)memory + offset, page_address(&f.k, page), len);
	put_page(&f.k, page);
	return (int64_t)len;
}

START_TEST(page_can_be_written_from_itself)
{
	uint8_t before[PAGE_SIZE], after[PAGE_SIZE];

	memcpy(before, file.data + 6 * PAGE_SIZE, PAGE_SIZE);
	ck_assert_int_eq(
	    filemap_write(&f.k, &file.file, 6 * PAGE_SIZE, PAGE_SIZE, copy_from_self, NULL),
	    PAGE_SIZE);
	read_file(after, 6 * PAGE_SIZE, PAGE_SIZE);
	ck_assert_mem_eq(before, after, PAGE_SIZE);
}
END_TEST

START_TEST(range_sync_writes_only_its_range)
{
	for (pgoff_t i = 0; i < 20; i++)
		write_file("x", i * PAGE_SIZE, 1);
	ck_assert_int_eq(filemap_write_and_wait_range(&f.k, &file.mapping, 5, 9), 0);
	ck_assert_uint_eq(file.nr_written, 5);
	ck_assert_uint_eq(vmstat_value(&f.k, NR_DIRTY), 15);
	ck_assert_uint_eq(f.seen.disk_writes, 1);
	sync_file();
	ck_assert_uint_eq(f.seen.disk_writes, 3); /* 0-4 and 10-19 */
	sync_file();
	ck_assert_uint_eq(file.nr_written, 20);
}
END_TEST

START_TEST(failed_write_back_leaves_the_page_dirty)
{
	write_file("x", 0, 1);
	file.broken = true;
	ck_assert_int_eq(filemap_write_and_wait_range(&f.k, &file.mapping, 0, UINT64_MAX), -EIO);
	ck_assert_uint_eq(vmstat_value(&f.k, NR_DIRTY), 1);
	press();
	ck_assert_uint_eq(vmstat_value(&f.k, NR_DIRTY), 1);
	file.broken = false;
	sync_file();
	ck_assert_uint_eq(file.data[0], 'x');
}
END_TEST

START_TEST(last_page_is_written_with_zeroes_past_the_end)
{
	struct page *page;

	file.mapping.i_size = FILE_PAGES * PAGE_SIZE - 4000; /* 96 bytes in the last page */
	write_file("x", (FILE_PAGES - 1) * PAGE_SIZE, 1);
	page = find_get_page(&f.k, &file.mapping, FILE_PAGES - 1);
	memset((uint8_t *)page_address(&f.k, page) + 96, 0xff, 4000); /* through a mapping */
	put_page(&f.k, page);
	sync_file();
	for (unsigned i = 96; i < PAGE_SIZE; i++)
		ck_assert_uint_eq(file.data[(FILE_PAGES - 1) * PAGE_SIZE + i], 0);
}
END_TEST

START_TEST(writer_beyond_the_ratio_writes_back)
{
	/* 16 MB, a tenth of what is free: some 300 pages may be dirty. */
	for (pgoff_t i = 0; i < 2 * FILE_PAGES; i++) {
		uint8_t bytes[PAGE_SIZE];

		memset(bytes, (int)i, sizeof(bytes));
		ck_assert_int_eq(write_file(bytes, i * PAGE_SIZE, PAGE_SIZE), PAGE_SIZE);
	}
	ck_assert_uint_gt(file.nr_written, 0);
	ck_assert_uint_le(vmstat_value(&f.k, NR_DIRTY), 16 * MIB / PAGE_SIZE / 10);
	sync_file();
	for (pgoff_t i = 0; i < 2 * FILE_PAGES; i++)
		ck_assert_uint_eq(file.data[i * PAGE_SIZE + 99], i & 0xff);
}
END_TEST

/* ---- taking pages out ---- */

START_TEST(truncation_drops_what_lies_behind)
{
	uint8_t bytes[100];

	force_page_cache_readahead(&f.k, &file.mapping, 0, FILE_PAGES);
	write_file("x", 50 * PAGE_SIZE, 1);
	truncate_setsize(&f.k, &file.mapping, 10 * PAGE_SIZE + 20);
	ck_assert_uint_eq(file.mapping.nrpages, 11);
	ck_assert_uint_eq(vmstat_value(&f.k, NR_DIRTY), 0);
	ck_assert_int_eq(fault(11, 0), FILEMAP_EOF);
	/* growing again shows zeroes */
	truncate_setsize(&f.k, &file.mapping, 11 * PAGE_SIZE);
	ck_assert_int_eq(read_file(bytes, 10 * PAGE_SIZE + 15, 100), 100);
	ck_assert_uint_eq(bytes[4], disk_file_byte(10 * PAGE_SIZE + 19));
	ck_assert_uint_eq(bytes[5] | bytes[50] | bytes[99], 0);
}
END_TEST

START_TEST(page_in_use_outlives_truncation)
{
	struct page *page;

	fault(3, VM_RAND_READ);
	page = find_get_page(&f.k, &file.mapping, 3);
	truncate_inode_pages(&f.k, &file.mapping, 0);
	ck_assert_ptr_null(page->mapping);
	ck_assert_int_eq(page_count(page), 1);
	press();
	ck_assert_int_eq(page_count(page), 1);
	put_page(&f.k, page);
}
END_TEST

START_TEST(page_in_use_is_not_evicted)
{
	struct page *page;

	force_page_cache_readahead(&f.k, &file.mapping, 0, 50);
	page = find_get_page(&f.k, &file.mapping, 3);
	press();
	ck_assert_uint_eq(file.mapping.nrpages, 1);
	ck_assert(is_cached(3));
	put_page(&f.k, page);
	press();
	ck_assert_uint_eq(file.mapping.nrpages, 0);
}
END_TEST

START_TEST(invalidation_keeps_dirty_and_used_pages)
{
	struct page *page;

	force_page_cache_readahead(&f.k, &file.mapping, 0, 20);
	write_file("x", 4 * PAGE_SIZE, 1);
	page = find_get_page(&f.k, &file.mapping, 7);
	ck_assert_uint_eq(invalidate_mapping_pages(&f.k, &file.mapping, 0, 9), 8);
	ck_assert_uint_eq(file.mapping.nrpages, 12);
	ck_assert(is_cached(4) && is_cached(7) && is_cached(10));
	put_page(&f.k, page);
}
END_TEST

/* ---- under pressure ---- */

static void check_content(pgoff_t index, uint8_t want)
{
	uint8_t byte;

	ck_assert_int_eq(read_file(&byte, index * PAGE_SIZE + 123, 1), 1);
	ck_assert_msg(byte == want, "page %llu holds %u, not %u", (unsigned long long)index, byte,
	              want);
}

/* Reads and writes of a file four times as large as memory. */
START_TEST(file_larger_than_memory_keeps_its_content)
{
	enum { PAGES = 4096 };
	static uint8_t want[PAGES];
	struct fixture_random random = fixture_seed(30);
	uint64_t cases = fixture_cases(20000);

	teardown();
	fixture_boot(&f, 4 * MIB, NULL);
	disk_file_open(&f.k, &file, PAGES * PAGE_SIZE, PAGES);
	for (pgoff_t i = 0; i < PAGES; i++)
		want[i] = disk_file_byte(i * PAGE_SIZE + 123);
	for (uint64_t n = 0; n < cases; n++) {
		pgoff_t index = fixture_below(&random, PAGES);

		if (fixture_below(&random, 3)) {
			check_content(index, want[index]);
		} else {
			want[index] = (uint8_t)n;
			ck_assert_int_eq(write_file(&want[index], index * PAGE_SIZE + 123, 1), 1);
		}
		kernel_run_threads(&f.k);
		if (n % 1000 == 0)
			fixture_check(&f);
	}
	ck_assert_uint_gt(f.k.vm_events[PGSTEAL_FILE], 0);
	sync_file();
	for (pgoff_t i = 0; i < PAGES; i++)
		ck_assert_uint_eq(file.data[i * PAGE_SIZE + 123], want[i]);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, cold_fault_reads_around_in_one_request);
	tcase_add_test(tc, page_that_came_with_another_is_a_minor_fault);
	tcase_add_test(tc, random_hint_reads_one_page);
	tcase_add_test(tc, sequential_hint_reads_ahead_not_around);
	tcase_add_test(tc, no_read_ahead_reads_one_page);
	tcase_add_test(tc, window_ends_with_the_file);
	tcase_add_test(tc, sequential_reads_ramp_up);
	tcase_add_test(tc, scattered_reads_read_only_themselves);
	tcase_add_test(tc, large_read_starts_with_the_full_window);
	tcase_add_test(tc, read_stops_at_the_end_of_file);
	tcase_add_test(tc, read_error_is_reported_and_not_remembered);
	tcase_add_test(tc, forced_read_ahead_reads_what_is_missing);
	tcase_add_test(tc, second_touch_makes_a_page_active);
	tcase_add_test(tc, peek_takes_only_what_is_cached);
	tcase_add_test(tc, quick_refault_starts_active);
	tcase_add_test(tc, partial_write_reads_the_page_first);
	tcase_add_test(tc, whole_page_write_reads_nothing);
	tcase_add_test(tc, write_past_the_end_extends_the_file_with_zeroes);
	tcase_add_test(tc, short_copy_keeps_the_rest_of_the_page);
	tcase_add_test(tc, page_can_be_written_from_itself);
	tcase_add_test(tc, range_sync_writes_only_its_range);
	tcase_add_test(tc, failed_write_back_leaves_the_page_dirty);
	tcase_add_test(tc, last_page_is_written_with_zeroes_past_the_end);
	tcase_add_test(tc, writer_beyond_the_ratio_writes_back);
	tcase_add_test(tc, truncation_drops_what_lies_behind);
	tcase_add_test(tc, page_in_use_outlives_truncation);
	tcase_add_test(tc, page_in_use_is_not_evicted);
	tcase_add_test(tc, invalidation_keeps_dirty_and_used_pages);
	tcase_add_test(tc, file_larger_than_memory_keeps_its_content);
}

int main(void)
{
	Suite *suite = suite_create("filemap");
	TCase *cold = tcase_create("cold"), *warm = tcase_create("warm");

	tcase_add_checked_fixture(cold, setup, teardown);
	tcase_set_timeout(cold, 60);
	add_tests(cold);
	tcase_add_checked_fixture(warm, setup_warm, teardown);
	tcase_add_test(warm, warm_file_costs_no_read);
	tcase_add_test(warm, what_was_evicted_is_cold);
	tcase_add_test(warm, what_was_dropped_is_cold);
	tcase_add_test(warm, shadows_of_a_long_file_stay_few);
	suite_add_tcase(suite, cold);
	suite_add_tcase(suite, warm);
	return run_suite(suite);
}
