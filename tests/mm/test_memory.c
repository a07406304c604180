/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm_user.h"
#include "tests/run_suite.h"

#define RAM (16 * MIB)
/* Below 3 GB, 2 MB-aligned: good for both modes. */
#define AT ((va_t)0x40000000)
#define PAGE(n) (AT + (va_t)(n)*PAGE_SIZE)

static struct user u;
static struct kernel *const k = &u.f.k;

static const struct paging_mode *const modes[] = { &paging_four_level, &paging_two_level,
	                                           &paging_pae };
#define NR_MODES 3

static struct kernel_config config_of(int mode)
{
	struct kernel_config config = fixture_config();

	config.paging = modes[mode];
	return config;
}

static void start(int mode)
{
	struct kernel_config config = config_of(mode);

	user_start(&u, RAM, &config);
}

static int64_t rss(enum rss_kind kind)
{
	return u.mm->rss_stat[kind];
}

/* ---- anonymous memory ---- */

START_TEST(a_read_of_untouched_memory_maps_the_zero_page)
{
	uint64_t free_before, tables;

	start(_i);
	user_anon(&u, AT, 4);
	ck_assert_fault(&u, AT, ACCESS_LOAD, FAULT_ANON_ZERO, FAULT_MINOR_DONE);
	free_before = nr_free_pages(k);
	tables = u.mm->nr_ptes;
	ck_assert_fault(&u, PAGE(1), ACCESS_LOAD, FAULT_ANON_ZERO, FAULT_MINOR_DONE);
	ck_assert_uint_eq(nr_free_pages(k), free_before);
	ck_assert_uint_eq(u.mm->nr_ptes, tables);
	ck_assert_uint_eq(user_read(&u, PAGE(1)), 0);
	ck_assert_uint_eq((user_entry(&u, PAGE(1)) & PTE_PFN_MASK) >> PAGE_SHIFT,
	                  page_to_pfn(k, k->zero_page));
	ck_assert_int_eq(rss(MM_ANONPAGES), 0);
	user_end(&u);
}
END_TEST

START_TEST(a_write_to_untouched_memory_gets_a_cleared_dirty_page)
{
	start(_i);
	user_anon(&u, AT, 4);
	ck_assert_fault(&u, AT, ACCESS_STORE, FAULT_ANON, FAULT_MINOR_DONE);
	ck_assert_uint_eq(user_entry(&u, AT) & (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D),
	                  PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D);
	ck_assert_uint_eq(user_read(&u, AT), 0);
	ck_assert_int_eq(rss(MM_ANONPAGES), 1);
	ck_assert_int_eq(k->vm_quantities.value[NR_ANON_PAGES], 1);
	user_end(&u);
}
END_TEST

START_TEST(a_write_after_a_read_copies_the_zero_page)
{
	start(_i);
	user_anon(&u, AT, 4);
	user_read(&u, AT);
	u.f.seen.flush_page = 0;
	ck_assert_fault(&u, AT, ACCESS_STORE, FAULT_COW, FAULT_MINOR_DONE);
	ck_assert_uint_eq(u.f.seen.flush_page, 1);
	ck_assert_int_eq(rss(MM_ANONPAGES), 1);
	ck_assert_uint_eq(user_read(&u, AT), 0);
	user_end(&u);
}
END_TEST

START_TEST(a_first_touch_flushes_nothing)
{
	start(_i);
	user_anon(&u, AT, 64);
	for (int i = 0; i < 64; i++)
		user_write(&u, PAGE(i), 1);
	ck_assert_uint_eq(u.f.seen.flush_page + u.f.seen.flush_range + u.f.seen.flush_mm, 0);
	user_end(&u);
}
END_TEST

START_TEST(faults_are_counted_by_mm_by_kind_and_in_vmstat)
{
	start(_i);
	user_anon(&u, AT, 8);
	for (int i = 0; i < 4; i++)
		user_read(&u, PAGE(i));
	for (int i = 0; i < 8; i++)
		user_write(&u, PAGE(i), 1);
	ck_assert_uint_eq(u.mm->min_flt, 12);
	ck_assert_uint_eq(u.mm->maj_flt, 0);
	ck_assert_uint_eq(k->vm_events[PGFAULT], 12);
	ck_assert_uint_eq(k->vm_events[PGMAJFAULT], 0);
	ck_assert_uint_eq(k->fault_kinds[FAULT_ANON_ZERO], 4);
	ck_assert_uint_eq(k->fault_kinds[FAULT_COW], 4);
	ck_assert_uint_eq(k->fault_kinds[FAULT_ANON], 4);
	user_end(&u);
}
END_TEST

START_TEST(a_fault_on_what_is_mapped_already_is_spurious)
{
	struct fault_result result;

	start(_i);
	user_anon(&u, AT, 1);
	user_write(&u, AT, 7);
	result = do_page_fault(k, u.mm, AT, PF_U | PF_W | PF_P, 0);
	ck_assert_int_eq(result.outcome, FAULT_MINOR_DONE);
	ck_assert_int_eq(result.kind, FAULT_SPURIOUS);
	ck_assert_uint_eq(user_read(&u, AT), 7);
	user_end(&u);
}
END_TEST

START_TEST(running_out_of_memory_is_an_outcome)
{
	struct kernel_config config = config_of(_i);
	uint64_t n = 0;

	user_start(&u, 4 * MIB, &config);
	u.mm->oom_score_adj = -1000; /* nobody to kill */
	user_mmap(&u, AT, 2048, RW, ANON | MAP_NORESERVE_, NULL, 0);
	while (user_touch(&u, PAGE(n), ACCESS_STORE))
		n++;
	ck_assert_int_eq(u.last.outcome, FAULT_OOM);
	ck_assert_uint_gt(n, 200);
	ck_assert_uint_eq(u.mm->min_flt, n);
	user_end(&u);
}
END_TEST

/* ---- files ---- */

START_TEST(a_cold_file_page_is_one_major_fault)
{
	struct user_file file;

	start(_i);
	user_file_open(&u, &file, USER_FILE_PAGES * PAGE_SIZE, FMODE_READ);
	user_mmap(&u, AT, 64, PROT_READ_, MAP_PRIVATE_, &file.file, 0);
	ck_assert_fault(&u, PAGE(40), ACCESS_LOAD, FAULT_FILE_READ, FAULT_MAJOR_DONE);
	ck_assert_uint_eq(user_read(&u, PAGE(40)), user_file_word(40));
	ck_assert_uint_eq(u.mm->maj_flt, 1);
	ck_assert_uint_eq(k->vm_events[PGMAJFAULT], 1);
	ck_assert_int_gt(rss(MM_FILEPAGES), 0);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 64 * PAGE_SIZE), 0);
	ck_assert_int_eq(rss(MM_FILEPAGES), 0);
	/* Cached now: minor. */
	user_mmap(&u, AT, 64, PROT_READ_, MAP_PRIVATE_, &file.file, 0);
	ck_assert_fault(&u, PAGE(40), ACCESS_LOAD, FAULT_FILE_READ, FAULT_MINOR_DONE);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 64 * PAGE_SIZE), 0);
	user_file_close(&u, &file);
	user_end(&u);
}
END_TEST

START_TEST(a_write_to_a_private_file_page_copies_it_at_once)
{
	struct user_file file;

	start(_i);
	user_file_open(&u, &file, USER_FILE_PAGES * PAGE_SIZE, FMODE_READ);
	user_mmap(&u, AT, 8, RW, MAP_PRIVATE_, &file.file, 2);
	ck_assert_fault(&u, PAGE(3), ACCESS_STORE, FAULT_FILE_WRITE, FAULT_MAJOR_DONE);
	ck_assert_int_eq(rss(MM_ANONPAGES), 1);
	ck_assert_int_eq(rss(MM_FILEPAGES), 0); /* nothing around it */
	ck_assert_uint_eq(user_read(&u, PAGE(3)), user_file_word(5));
	user_write(&u, PAGE(3), 99);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 8 * PAGE_SIZE), 0);
	user_mmap(&u, AT, 8, RW, MAP_PRIVATE_, &file.file, 2);
	ck_assert_uint_eq(user_read(&u, PAGE(3)), user_file_word(5));
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 8 * PAGE_SIZE), 0);
	user_file_close(&u, &file);
	user_end(&u);
}
END_TEST

START_TEST(a_write_after_a_read_of_a_private_file_page_copies_on_write)
{
	struct user_file file;

	start(_i);
	user_file_open(&u, &file, USER_FILE_PAGES * PAGE_SIZE, FMODE_READ);
	user_mmap(&u, AT, 1, RW, MAP_PRIVATE_, &file.file, 9);
	user_mmap(&u, PAGE(8), 1, PROT_READ_, MAP_PRIVATE_, &file.file, 9);
	user_read(&u, AT);
	user_read(&u, PAGE(8));
	ck_assert_int_eq(rss(MM_FILEPAGES), 2);
	ck_assert_fault(&u, AT, ACCESS_STORE, FAULT_COW, FAULT_MINOR_DONE);
	ck_assert_int_eq(rss(MM_FILEPAGES), 1);
	ck_assert_int_eq(rss(MM_ANONPAGES), 1);
	user_write(&u, AT, 5);
	ck_assert_uint_eq(user_read(&u, PAGE(8)), user_file_word(9));
	ck_assert_uint_eq(k->vm_events[PGREUSE], 0);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 16 * PAGE_SIZE), 0);
	user_file_close(&u, &file);
	user_end(&u);
}
END_TEST

START_TEST(shared_file_pages_fault_once_to_become_dirty)
{
	struct user_file file;

	start(_i);
	user_file_open(&u, &file, USER_FILE_PAGES * PAGE_SIZE, FMODE_READ | FMODE_WRITE);
	user_mmap(&u, AT, 4, RW, MAP_SHARED_, &file.file, 0);
	user_read(&u, AT);
	ck_assert_fault(&u, AT, ACCESS_STORE, FAULT_FILE_WRITE, FAULT_MINOR_DONE);
	ck_assert_uint_eq(k->vm_events[PGREUSE], 1);
	user_write(&u, AT, 77);
	ck_assert_uint_eq(vmstat_value(k, NR_DIRTY), 1);
	ck_assert_int_eq(do_msync(k, u.mm, AT, PAGE_SIZE, MS_SYNC_), 0);
	ck_assert_uint_eq(file.disk[0], 77);
	ck_assert_uint_eq(vmstat_value(k, NR_DIRTY), 0);
	/* Clean again, so the next write has to be noticed again. */
	ck_assert_no_fault(&u, AT, ACCESS_LOAD);
	ck_assert_fault(&u, AT, ACCESS_STORE, FAULT_FILE_WRITE, FAULT_MINOR_DONE);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 4 * PAGE_SIZE), 0);
	user_file_close(&u, &file);
	user_end(&u);
}
END_TEST

START_TEST(two_shared_mappings_show_the_same_page)
{
	struct user_file file;

	start(_i);
	user_file_open(&u, &file, USER_FILE_PAGES * PAGE_SIZE, FMODE_READ | FMODE_WRITE);
	user_mmap(&u, AT, 4, RW, MAP_SHARED_, &file.file, 0);
	user_mmap(&u, PAGE(16), 4, RW, MAP_SHARED_, &file.file, 2);
	ck_assert_fault(&u, PAGE(3), ACCESS_STORE, FAULT_FILE_WRITE, FAULT_MAJOR_DONE);
	user_write(&u, PAGE(3), 31);
	ck_assert_uint_eq(user_read(&u, PAGE(17)), 31);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 32 * PAGE_SIZE), 0);
	user_file_close(&u, &file);
	user_end(&u);
}
END_TEST

START_TEST(shared_anonymous_memory_is_shmem)
{
	start(_i);
	user_mmap(&u, AT, 4, RW, MAP_SHARED_ | MAP_ANONYMOUS_, NULL, 0);
	ck_assert_fault(&u, AT, ACCESS_LOAD, FAULT_SHMEM, FAULT_MINOR_DONE);
	ck_assert_uint_eq(user_read(&u, AT), 0);
	user_write(&u, AT, 3);
	ck_assert_fault(&u, PAGE(1), ACCESS_STORE, FAULT_SHMEM, FAULT_MINOR_DONE);
	ck_assert_int_eq(rss(MM_SHMEMPAGES), 2);
	ck_assert_uint_eq(vmstat_value(k, NR_SHMEM), 2);
	/* The mapping goes, the object stays while another maps it. */
	ck_assert_int_eq(
	    do_mremap(k, u.mm, AT, 0, 4 * PAGE_SIZE, MREMAP_MAYMOVE_ | MREMAP_FIXED_, PAGE(64)),
	    (int64_t)PAGE(64));
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 4 * PAGE_SIZE), 0);
	ck_assert_uint_eq(user_read(&u, PAGE(64)), 3);
	ck_assert_int_eq(do_munmap(k, u.mm, PAGE(64), 4 * PAGE_SIZE), 0);
	ck_assert_uint_eq(vmstat_value(k, NR_SHMEM), 0);
	user_end(&u);
}
END_TEST

START_TEST(past_the_end_of_a_file_is_sigbus)
{
	struct user_file file;

	start(_i);
	user_file_open(&u, &file, 2 * PAGE_SIZE + 1, FMODE_READ | FMODE_WRITE);
	user_mmap(&u, AT, 8, RW, MAP_PRIVATE_, &file.file, 0);
	ck_assert_uint_eq(user_read(&u, PAGE(2)), user_file_word(2));
	ck_assert_signal(&u, PAGE(3), ACCESS_LOAD, FAULT_SIGBUS, BUS_ADRERR_);
	ck_assert_signal(&u, PAGE(3), ACCESS_STORE, FAULT_SIGBUS, BUS_ADRERR_);
	/* Failed faults count in vmstat, not for the task. */
	ck_assert_uint_eq(k->vm_events[PGFAULT], 3);
	ck_assert_uint_eq(u.mm->min_flt + u.mm->maj_flt, 1);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 8 * PAGE_SIZE), 0);
	user_file_close(&u, &file);
	user_end(&u);
}
END_TEST

START_TEST(a_read_error_is_sigbus)
{
	struct user_file file;

	start(_i);
	user_file_open(&u, &file, 8 * PAGE_SIZE, FMODE_READ);
	file.fails = true;
	user_mmap(&u, AT, 8, PROT_READ_, MAP_PRIVATE_, &file.file, 0);
	ck_assert_signal(&u, AT, ACCESS_LOAD, FAULT_SIGBUS, BUS_ADRERR_);
	file.fails = false;
	ck_assert_uint_eq(user_read(&u, AT), user_file_word(0));
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 8 * PAGE_SIZE), 0);
	user_file_close(&u, &file);
	user_end(&u);
}
END_TEST

START_TEST(truncation_takes_mapped_pages_and_private_copies)
{
	struct user_file file;

	start(_i);
	user_file_open(&u, &file, 8 * PAGE_SIZE, FMODE_READ | FMODE_WRITE);
	user_mmap(&u, AT, 8, RW, MAP_PRIVATE_, &file.file, 0);
	user_mmap(&u, PAGE(16), 8, RW, MAP_SHARED_, &file.file, 0);
	user_write(&u, PAGE(5), 1);
	user_write(&u, PAGE(1), 2);
	user_read(&u, PAGE(22));
	truncate_setsize(k, &file.mapping, 4 * PAGE_SIZE);
	ck_assert_signal(&u, PAGE(5), ACCESS_LOAD, FAULT_SIGBUS, BUS_ADRERR_);
	ck_assert_signal(&u, PAGE(22), ACCESS_LOAD, FAULT_SIGBUS, BUS_ADRERR_);
	ck_assert_uint_eq(user_read(&u, PAGE(1)), 2);
	fixture_check(&u.f);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 32 * PAGE_SIZE), 0);
	user_file_close(&u, &file);
	user_end(&u);
}
END_TEST

START_TEST(special_pages_are_the_kernels_own)
{
	struct page *page;
	const struct vm_special_mapping special = { "[vdso]", &page, 1 };

	start(_i);
	page = alloc_page(k, GFP_KERNEL | __GFP_ZERO);
	*(uint64_t *)page_address(k, page) = 0x464c457f;
	ck_assert_int_eq(insert_vma(k, u.mm, AT, PAGE(2),
	                            VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYEXEC | VM_DONTEXPAND,
	                            &special),
	                 0);
	ck_assert_fault(&u, AT, ACCESS_LOAD, FAULT_FILE_READ, FAULT_MINOR_DONE);
	ck_assert_uint_eq(user_read(&u, AT), 0x464c457f);
	ck_assert_no_fault(&u, AT, ACCESS_FETCH);
	ck_assert_int_eq(rss(MM_FILEPAGES), 1);
	ck_assert_signal(&u, PAGE(1), ACCESS_LOAD, FAULT_SIGBUS, BUS_ADRERR_);
	ck_assert_int_eq(insert_vma(k, u.mm, PAGE(1), PAGE(3), VM_READ, NULL), -ENOMEM);
	/* A VM_PFNMAP area ([vvar]) counts for nothing. */
	ck_assert_int_eq(insert_vma(k, u.mm, PAGE(4), PAGE(5),
	                            VM_READ | VM_MAYREAD | VM_IO | VM_PFNMAP, &special),
	                 0);
	ck_assert_uint_eq(user_read(&u, PAGE(4)), 0x464c457f);
	ck_assert_int_eq(rss(MM_FILEPAGES), 1);
	fixture_check(&u.f);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 8 * PAGE_SIZE), 0);
	ck_assert_int_eq(page_count(page), 1);
	put_page(k, page);
	user_end(&u);
}
END_TEST

/* ---- fault-around ---- */

/* Which of the pages around are mapped, as a string. */
static const char *mapped(uint64_t first, uint64_t n)
{
	static char map[USER_FILE_PAGES + 1];

	memset(map, 0, sizeof(map));
	for (uint64_t i = 0; i < n; i++)
		map[i] = user_entry(&u, PAGE(first + i)) & PTE_P ? 'x' : '.';
	return map;
}

static void open_warm(struct user_file *file, uint64_t nr_pages)
{
	struct kernel_config config = config_of(0);

	config.page_cache_warm = true;
	user_start(&u, RAM, &config);
	user_file_open(&u, file, nr_pages * PAGE_SIZE, FMODE_READ | FMODE_WRITE);
}

static void close_all(struct user_file *file)
{
	fixture_check(&u.f);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 2048 * PAGE_SIZE), 0);
	user_file_close(&u, file);
	user_end(&u);
}

START_TEST(fault_around_maps_the_aligned_window)
{
	struct user_file file;

	open_warm(&file, USER_FILE_PAGES);
	user_mmap(&u, AT, 64, PROT_READ_, MAP_PRIVATE_, &file.file, 0);
	ck_assert_fault(&u, PAGE(21), ACCESS_LOAD, FAULT_FILE_READ, FAULT_MINOR_DONE);
	ck_assert_str_eq(mapped(0, 48), "................"
	                                "xxxxxxxxxxxxxxxx"
	                                "................");
	ck_assert_int_eq(rss(MM_FILEPAGES), 16);
	ck_assert_no_fault(&u, PAGE(31), ACCESS_LOAD);
	close_all(&file);
}
END_TEST

START_TEST(fault_around_starts_no_earlier_than_the_vma_and_is_as_long)
{
	struct user_file file;

	open_warm(&file, USER_FILE_PAGES);
	user_mmap(&u, PAGE(5), 64, PROT_READ_, MAP_PRIVATE_, &file.file, 0);
	ck_assert_fault(&u, PAGE(9), ACCESS_LOAD, FAULT_FILE_READ, FAULT_MINOR_DONE);
	ck_assert_str_eq(mapped(0, 24), ".....xxxxxxxxxxxxxxxx...");
	close_all(&file);
}
END_TEST

START_TEST(fault_around_ends_with_the_vma_the_file_and_the_page_table)
{
	struct user_file file;

	open_warm(&file, 20);
	user_mmap(&u, AT, 6, PROT_READ_, MAP_PRIVATE_, &file.file, 0);
	user_read(&u, PAGE(1));
	ck_assert_str_eq(mapped(0, 16), "xxxxxx..........");
	user_mmap(&u, PAGE(16), 16, PROT_READ_, MAP_PRIVATE_, &file.file, 8);
	user_read(&u, PAGE(17));
	ck_assert_str_eq(mapped(16, 16), "xxxxxxxxxxxx....");
	/* Unaligned at its start, so the window would reach into the next table. */
	user_mmap(&u, PAGE(507), 16, PROT_READ_, MAP_PRIVATE_, &file.file, 0);
	user_read(&u, PAGE(508));
	ck_assert_str_eq(mapped(500, 24), ".......xxxxx............");
	close_all(&file);
}
END_TEST

START_TEST(fault_around_leaves_what_is_mapped_alone)
{
	struct user_file file;

	open_warm(&file, USER_FILE_PAGES);
	user_mmap(&u, AT, 16, RW, MAP_PRIVATE_, &file.file, 0);
	user_write(&u, PAGE(3), 42);
	ck_assert_int_eq(do_mprotect(k, u.mm, PAGE(6), PAGE_SIZE, PROT_NONE_), 0);
	ck_assert_fault(&u, PAGE(2), ACCESS_LOAD, FAULT_FILE_READ, FAULT_MINOR_DONE);
	ck_assert_str_eq(mapped(0, 16), "xxxxxx.........."); /* another VMA from 6 on */
	ck_assert_uint_eq(user_read(&u, PAGE(3)), 42);
	ck_assert_int_eq(rss(MM_FILEPAGES), 5);
	close_all(&file);
}
END_TEST

START_TEST(fault_around_reads_nothing)
{
	struct user_file file;

	start(0);
	k->config.read_ahead_pages = 0;
	user_file_open(&u, &file, USER_FILE_PAGES * PAGE_SIZE, FMODE_READ);
	file.file.f_ra.ra_pages = 0;
	user_mmap(&u, AT, 64, PROT_READ_, MAP_PRIVATE_, &file.file, 0);
	ck_assert_fault(&u, PAGE(2), ACCESS_LOAD, FAULT_FILE_READ, FAULT_MAJOR_DONE);
	ck_assert_fault(&u, PAGE(4), ACCESS_LOAD, FAULT_FILE_READ, FAULT_MAJOR_DONE);
	ck_assert_uint_eq(file.nr_reads, 2);
	ck_assert_str_eq(mapped(0, 8), "..x.x...");
	/* Cached but not mapped yet: around. */
	ck_assert_int_eq(do_madvise(k, u.mm, AT, 64 * PAGE_SIZE, MADV_DONTNEED_), 0);
	ck_assert_fault(&u, PAGE(4), ACCESS_LOAD, FAULT_FILE_READ, FAULT_MINOR_DONE);
	ck_assert_str_eq(mapped(0, 8), "..x.x...");
	close_all(&file);
}
END_TEST

START_TEST(fault_around_of_one_page_is_off)
{
	struct user_file file;

	open_warm(&file, USER_FILE_PAGES);
	k->config.fault_around_pages = 1;
	user_mmap(&u, AT, 64, PROT_READ_, MAP_PRIVATE_, &file.file, 0);
	for (int i = 0; i < 8; i++)
		ck_assert_fault(&u, PAGE(i), ACCESS_LOAD, FAULT_FILE_READ, FAULT_MINOR_DONE);
	ck_assert_int_eq(rss(MM_FILEPAGES), 8);
	close_all(&file);
}
END_TEST

START_TEST(around_a_shared_writable_fault_pages_are_not_writable)
{
	struct user_file file;

	open_warm(&file, USER_FILE_PAGES);
	user_mmap(&u, AT, 16, RW, MAP_SHARED_, &file.file, 0);
	user_read(&u, PAGE(0));
	for (int i = 0; i < 16; i++)
		ck_assert_uint_eq(user_entry(&u, PAGE(i)) & (PTE_P | PTE_RW), PTE_P);
	/* A write fault maps nothing around. */
	ck_assert_int_eq(do_madvise(k, u.mm, AT, 16 * PAGE_SIZE, MADV_DONTNEED_), 0);
	user_write(&u, PAGE(7), 1);
	ck_assert_str_eq(mapped(0, 16), ".......x........");
	close_all(&file);
}
END_TEST

/* ---- who may ---- */

START_TEST(no_vma_is_maperr_and_no_right_is_accerr)
{
	start(_i);
	user_mmap(&u, AT, 1, PROT_READ_, ANON, NULL, 0);
	user_mmap(&u, PAGE(1), 1, PROT_NONE_, ANON, NULL, 0);
	ck_assert_signal(&u, PAGE(2), ACCESS_LOAD, FAULT_SIGSEGV, SEGV_MAPERR_);
	ck_assert_signal(&u, 0, ACCESS_STORE, FAULT_SIGSEGV, SEGV_MAPERR_);
	ck_assert_signal(&u, AT, ACCESS_STORE, FAULT_SIGSEGV, SEGV_ACCERR_);
	ck_assert_signal(&u, PAGE(1), ACCESS_LOAD, FAULT_SIGSEGV, SEGV_ACCERR_);
	ck_assert_uint_eq(k->nr_segv, 4);
	ck_assert_uint_eq(k->vm_events[PGFAULT], 0); /* none came as far as a VMA's handler */
	/* The kernel's own access there is -EFAULT, no signal. */
	ck_assert_int_eq(do_page_fault(k, u.mm, PAGE(2), PF_W, 0).outcome, FAULT_SIGSEGV);
	ck_assert_uint_eq(k->nr_segv, 4);
	user_end(&u);
}
END_TEST

START_TEST(kernel_addresses_are_maperr)
{
	start(_i);
	ck_assert_int_eq(do_page_fault(k, u.mm, u.mm->task_size, PF_U, 0).si_code, SEGV_MAPERR_);
	ck_assert_int_eq(do_page_fault(k, u.mm, 0xffffffffff600000, PF_U, 0).si_code, SEGV_MAPERR_);
	user_end(&u);
}
END_TEST

/* 8-byte entries have NX; in 4-byte ones whatever is readable can be run. */
START_TEST(fetching_needs_exec_where_the_entry_can_say_so)
{
	start(_i);
	user_anon(&u, AT, 1);
	if (modes[_i]->entry_bytes == 8) {
		/* As x86: the first fault maps the page, only the second sees the right. */
		ck_assert_signal(&u, AT, ACCESS_FETCH, FAULT_SIGSEGV, SEGV_ACCERR_);
		ck_assert_uint_eq(u.mm->min_flt, 1);
	} else {
		ck_assert_fault(&u, AT, ACCESS_FETCH, FAULT_ANON_ZERO, FAULT_MINOR_DONE);
	}
	ck_assert_int_eq(do_mprotect(k, u.mm, AT, PAGE_SIZE, PROT_READ_ | PROT_EXEC_), 0);
	ck_assert_no_fault(&u, AT, ACCESS_FETCH);
	user_end(&u);
}
END_TEST

START_TEST(write_only_memory_can_be_read)
{
	start(_i);
	user_mmap(&u, AT, 1, PROT_WRITE_, ANON, NULL, 0);
	ck_assert_uint_eq(user_read(&u, AT), 0);
	user_mmap(&u, PAGE(1), 1, PROT_EXEC_, ANON, NULL, 0);
	ck_assert_uint_eq(user_read(&u, PAGE(1)), 0);
	user_end(&u);
}
END_TEST

START_TEST(prot_none_keeps_pages_out_of_everybodys_reach)
{
	start(_i);
	user_anon(&u, AT, 2);
	user_write(&u, AT, 1234);
	ck_assert_int_eq(do_mprotect(k, u.mm, AT, PAGE_SIZE, PROT_NONE_), 0);
	ck_assert_uint_eq(user_entry(&u, AT) & PTE_P, 0);
	ck_assert_int_eq(rss(MM_ANONPAGES), 1);
	fixture_check(&u.f);
	ck_assert_signal(&u, AT, ACCESS_LOAD, FAULT_SIGSEGV, SEGV_ACCERR_);
	ck_assert_int_eq(do_mprotect(k, u.mm, AT, PAGE_SIZE, RW), 0);
	ck_assert_no_fault(&u, AT, ACCESS_STORE);
	ck_assert_uint_eq(user_read(&u, AT), 1234);
	user_end(&u);
}
END_TEST

/* ---- the stack ---- */

#define STACK_TOP ((va_t)0x80000000)

static struct vm_area_struct *make_stack(void)
{
	ck_assert_int_eq(insert_vma(k, u.mm, STACK_TOP - PAGE_SIZE, STACK_TOP,
	                            VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC |
	                                VM_GROWSDOWN | VM_ACCOUNT,
	                            NULL),
	                 0);
	return find_vma(u.mm, STACK_TOP - 1);
}

START_TEST(the_stack_grows_to_the_address_that_faults)
{
	struct vm_area_struct *stack;

	start(_i);
	stack = make_stack();
	user_write(&u, STACK_TOP - 8, 1);
	ck_assert_fault(&u, STACK_TOP - 10 * PAGE_SIZE, ACCESS_STORE, FAULT_STACK,
	                FAULT_MINOR_DONE);
	ck_assert_uint_eq(stack->vm_start, STACK_TOP - 10 * PAGE_SIZE);
	ck_assert_uint_eq(u.mm->stack_vm, 10);
	ck_assert_int_eq(rss(MM_ANONPAGES), 2);
	ck_assert_uint_eq(user_read(&u, STACK_TOP - 8), 1);
	/* Inside of it a fault is an ordinary one. */
	ck_assert_fault(&u, STACK_TOP - 5 * PAGE_SIZE, ACCESS_STORE, FAULT_ANON, FAULT_MINOR_DONE);
	user_end(&u);
}
END_TEST

START_TEST(the_stack_stops_at_its_limit)
{
	start(_i);
	u.mm->stack_limit = 16 * PAGE_SIZE;
	make_stack();
	user_write(&u, STACK_TOP - 16 * PAGE_SIZE, 1);
	ck_assert_signal(&u, STACK_TOP - 17 * PAGE_SIZE, ACCESS_STORE, FAULT_SIGSEGV, SEGV_MAPERR_);
	user_end(&u);
}
END_TEST

START_TEST(the_stack_keeps_256_pages_from_what_lies_below)
{
	const va_t below = STACK_TOP - 1000 * PAGE_SIZE;

	start(_i);
	make_stack();
	user_anon(&u, below, 1);
	ck_assert_signal(&u, below + 256 * PAGE_SIZE, ACCESS_STORE, FAULT_SIGSEGV, SEGV_MAPERR_);
	user_write(&u, below + 257 * PAGE_SIZE, 1);
	user_end(&u);
}
END_TEST

START_TEST(the_stack_may_touch_what_nobody_can_access)
{
	const va_t below = STACK_TOP - 1000 * PAGE_SIZE;

	start(_i);
	make_stack();
	user_mmap(&u, below, 1, PROT_NONE_, ANON, NULL, 0);
	user_write(&u, below + PAGE_SIZE, 1);
	user_end(&u);
}
END_TEST

START_TEST(mmap_keeps_the_guard_gap_of_a_stack_free)
{
	int64_t va;

	start(_i);
	make_stack();
	u.mm->mmap_base = STACK_TOP;
	va = do_mmap(k, u.mm, NULL, 0, PAGE_SIZE, RW, ANON, 0);
	ck_assert_int_eq(va, (int64_t)(STACK_TOP - PAGE_SIZE - 257 * PAGE_SIZE));
	user_end(&u);
}
END_TEST

/* ---- swap ---- */

static struct user_swap swap;

static void swap_end(void)
{
	fixture_check(&u.f);
	mmput(k, u.mm);
	fixture_check(&u.f);
	ck_assert_uint_eq(k->swap.nr_swap_pages, k->swap.total_swap_pages);
	kernel_shutdown(k);
	fixture_finish(&u.f);
	free(swap.data);
}

static uint64_t word_of(uint64_t n, uint64_t round)
{
	return n * 0x9e3779b97f4a7c15u + round;
}

START_TEST(memory_twice_as_large_as_ram_keeps_its_contents)
{
	struct kernel_config config = config_of(_i);
	const uint64_t nr_pages = 2000;

	user_start(&u, 4 * MIB, &config);
	user_swap_on(&u, &swap, 4096);
	user_anon(&u, AT, nr_pages);
	for (uint64_t round = 0; round < 2; round++) {
		for (uint64_t i = 0; i < nr_pages; i++) {
			if (round)
				ck_assert_uint_eq(user_read(&u, PAGE(i)), word_of(i, round - 1));
			user_write(&u, PAGE(i), word_of(i, round));
		}
		fixture_check(&u.f);
	}
	ck_assert_uint_gt(k->vm_events[PSWPOUT], nr_pages / 2);
	ck_assert_uint_gt(k->vm_events[PSWPIN], nr_pages / 2);
	ck_assert_uint_gt(k->fault_kinds[FAULT_SWAP_IN], 0);
	ck_assert_uint_gt(u.mm->maj_flt, 0);
	ck_assert_uint_eq(u.mm->min_flt + u.mm->maj_flt, k->vm_events[PGFAULT]);
	ck_assert_int_eq(rss(MM_ANONPAGES) + rss(MM_SWAPENTS), (int64_t)nr_pages);
	swap_end();
}
END_TEST

START_TEST(random_access_under_pressure_keeps_contents)
{
	struct fixture_random random = fixture_seed(0x5eed0001);
	struct kernel_config config = config_of(_i);
	const uint64_t nr_pages = 1400;
	uint64_t cases = fixture_cases(15000);
	static uint64_t model[1400];
	struct user_file file;

	memset(model, 0, sizeof(model));
	user_start(&u, 4 * MIB, &config);
	user_swap_on(&u, &swap, 4096);
	user_file_open(&u, &file, USER_FILE_PAGES * PAGE_SIZE, FMODE_READ | FMODE_WRITE);
	user_anon(&u, AT, nr_pages - 100);
	user_mmap(&u, PAGE(nr_pages - 100), 100, RW, MAP_SHARED_ | MAP_ANONYMOUS_, NULL, 0);
	user_mmap(&u, PAGE(nr_pages), USER_FILE_PAGES, RW, MAP_SHARED_, &file.file, 0);
	for (uint64_t i = 0; i < cases; i++) {
		uint64_t n = fixture_below(&random, nr_pages);
		uint64_t m = fixture_below(&random, USER_FILE_PAGES);

		if (fixture_below(&random, 2)) {
			model[n] = fixture_random(&random);
			user_write(&u, PAGE(n), model[n]);
			user_write(&u, PAGE(nr_pages + m), user_file_word(m));
		} else {
			ck_assert_uint_eq(user_read(&u, PAGE(n)), model[n]);
			ck_assert_uint_eq(user_read(&u, PAGE(nr_pages + m)), user_file_word(m));
		}
		if (i % 4096 == 0)
			fixture_check(&u.f);
		if (i % 1000 == 500) {
			uint64_t start = fixture_below(&random, nr_pages - 150);

			ck_assert_int_eq(
			    do_madvise(k, u.mm, PAGE(start), 50 * PAGE_SIZE, MADV_DONTNEED_), 0);
			memset(model + start, 0, 50 * sizeof(*model));
			for (uint64_t p = nr_pages - 100; p < start + 50; p++)
				model[p] = user_read(&u, PAGE(p)); /* shared: kept */
		}
	}
	ck_assert_uint_gt(k->vm_events[PSWPOUT], 0);
	ck_assert_int_eq(do_munmap(k, u.mm, PAGE(nr_pages), USER_FILE_PAGES * PAGE_SIZE), 0);
	user_file_close(&u, &file);
	swap_end();
}
END_TEST

START_TEST(a_swap_cache_hit_is_a_minor_fault)
{
	struct kernel_config config = config_of(_i);
	uint64_t hits;

	user_start(&u, 4 * MIB, &config);
	user_swap_on(&u, &swap, 4096);
	user_anon(&u, AT, 2000);
	for (uint64_t i = 0; i < 2000; i++)
		user_write(&u, PAGE(i), i);
	u.mm->min_flt = u.mm->maj_flt = 0;
	for (uint64_t i = 0; i < 400; i++)
		ck_assert_uint_eq(user_read(&u, PAGE(i)), i);
	hits = u.mm->min_flt;
	/* Read-ahead brought most of them, so that no disk was read for the fault. */
	ck_assert_uint_gt(u.mm->maj_flt, 0);
	ck_assert_uint_gt(hits, u.mm->maj_flt);
	ck_assert_uint_eq(k->vm_events[PGMAJFAULT], u.mm->maj_flt);
	swap_end();
}
END_TEST

START_TEST(swap_entries_of_both_widths_hold_what_they_are_given)
{
	uint64_t max = modes[_i]->entry_bytes == 8 ? (uint64_t)1 << 50 : (uint64_t)1 << 23;

	start(_i);
	for (uint32_t type = 0; type < 32; type++)
		for (uint64_t offset = 1; offset < max; offset = offset * 2 + type % 2) {
			pte_t pte = swp_entry_to_pte(k, swp_entry(type, offset));

			ck_assert(pte_is_swap(pte));
			ck_assert(!pte_present(pte));
			if (modes[_i]->entry_bytes == 4)
				ck_assert_uint_le(pte.val, UINT32_MAX);
			ck_assert_uint_eq(swp_type(pte_to_swp_entry(k, pte)), type);
			ck_assert_uint_eq(swp_offset(pte_to_swp_entry(k, pte)), offset);
		}
	user_end(&u);
}
END_TEST

/* Page directories that an mm has from the start. */
static uint64_t nr_fixed_tables(int mode)
{
	return modes[mode] == &paging_pae ? 3 : 0;
}

START_TEST(page_tables_go_with_what_they_map)
{
	const uint64_t fixed = nr_fixed_tables(_i);

	start(_i);
	user_anon(&u, AT, 1);
	user_anon(&u, AT + 64 * MIB, 1);
	user_write(&u, AT, 1);
	user_write(&u, AT + 64 * MIB, 1);
	/* Two page tables under one directory, which is the top one in two levels. */
	ck_assert_uint_eq(u.mm->nr_ptes, fixed + (modes[_i]->nr_levels == 4 ? 4 : 2));
	ck_assert_int_eq(k->vm_quantities.value[NR_PAGE_TABLE_PAGES], (int64_t)u.mm->nr_ptes + 1);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, PAGE_SIZE), 0);
	ck_assert_uint_eq(u.mm->nr_ptes, fixed + (modes[_i]->nr_levels == 4 ? 3 : 1));
	ck_assert_int_eq(do_munmap(k, u.mm, AT + 64 * MIB, PAGE_SIZE), 0);
	ck_assert_uint_eq(u.mm->nr_ptes, fixed);
	user_end(&u);
}
END_TEST

START_TEST(a_page_table_stays_while_a_neighbour_uses_it)
{
	start(_i);
	user_anon(&u, AT, 3);
	user_write(&u, AT, 1);
	user_write(&u, PAGE(2), 2);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, PAGE_SIZE), 0);
	ck_assert_uint_eq(u.mm->nr_ptes, nr_fixed_tables(_i) + (modes[_i]->nr_levels == 4 ? 3 : 1));
	ck_assert_uint_eq(user_read(&u, PAGE(2)), 2);
	user_end(&u);
}
END_TEST

/* ---- */

static TCase *anon_tests(void)
{
	TCase *t = tcase_create("anonymous");

	tcase_add_loop_test(t, a_read_of_untouched_memory_maps_the_zero_page, 0, NR_MODES);
	tcase_add_loop_test(t, a_write_to_untouched_memory_gets_a_cleared_dirty_page, 0, NR_MODES);
	tcase_add_loop_test(t, a_write_after_a_read_copies_the_zero_page, 0, NR_MODES);
	tcase_add_loop_test(t, a_first_touch_flushes_nothing, 0, NR_MODES);
	tcase_add_loop_test(t, faults_are_counted_by_mm_by_kind_and_in_vmstat, 0, NR_MODES);
	tcase_add_loop_test(t, a_fault_on_what_is_mapped_already_is_spurious, 0, NR_MODES);
	tcase_add_loop_test(t, running_out_of_memory_is_an_outcome, 0, NR_MODES);
	tcase_add_loop_test(t, page_tables_go_with_what_they_map, 0, NR_MODES);
	tcase_add_loop_test(t, a_page_table_stays_while_a_neighbour_uses_it, 0, NR_MODES);
	return t;
}

static TCase *file_tests(void)
{
	TCase *t = tcase_create("files");

	tcase_add_loop_test(t, a_cold_file_page_is_one_major_fault, 0, NR_MODES);
	tcase_add_loop_test(t, a_write_to_a_private_file_page_copies_it_at_once, 0, NR_MODES);
	tcase_add_loop_test(t, a_write_after_a_read_of_a_private_file_page_copies_on_write, 0,
	                    NR_MODES);
	tcase_add_loop_test(t, shared_file_pages_fault_once_to_become_dirty, 0, NR_MODES);
	tcase_add_loop_test(t, two_shared_mappings_show_the_same_page, 0, NR_MODES);
	tcase_add_loop_test(t, shared_anonymous_memory_is_shmem, 0, NR_MODES);
	tcase_add_loop_test(t, past_the_end_of_a_file_is_sigbus, 0, NR_MODES);
	tcase_add_loop_test(t, a_read_error_is_sigbus, 0, NR_MODES);
	tcase_add_loop_test(t, truncation_takes_mapped_pages_and_private_copies, 0, NR_MODES);
	tcase_add_loop_test(t, special_pages_are_the_kernels_own, 0, NR_MODES);
	return t;
}

static TCase *fault_around_tests(void)
{
	TCase *t = tcase_create("fault-around");

	tcase_add_test(t, fault_around_maps_the_aligned_window);
	tcase_add_test(t, fault_around_starts_no_earlier_than_the_vma_and_is_as_long);
	tcase_add_test(t, fault_around_ends_with_the_vma_the_file_and_the_page_table);
	tcase_add_test(t, fault_around_leaves_what_is_mapped_alone);
	tcase_add_test(t, fault_around_reads_nothing);
	tcase_add_test(t, fault_around_of_one_page_is_off);
	tcase_add_test(t, around_a_shared_writable_fault_pages_are_not_writable);
	return t;
}

static TCase *rights_tests(void)
{
	TCase *t = tcase_create("rights");

	tcase_add_loop_test(t, no_vma_is_maperr_and_no_right_is_accerr, 0, NR_MODES);
	tcase_add_loop_test(t, kernel_addresses_are_maperr, 0, NR_MODES);
	tcase_add_loop_test(t, fetching_needs_exec_where_the_entry_can_say_so, 0, NR_MODES);
	tcase_add_loop_test(t, write_only_memory_can_be_read, 0, NR_MODES);
	tcase_add_loop_test(t, prot_none_keeps_pages_out_of_everybodys_reach, 0, NR_MODES);
	tcase_add_loop_test(t, the_stack_grows_to_the_address_that_faults, 0, NR_MODES);
	tcase_add_loop_test(t, the_stack_stops_at_its_limit, 0, NR_MODES);
	tcase_add_loop_test(t, the_stack_keeps_256_pages_from_what_lies_below, 0, NR_MODES);
	tcase_add_loop_test(t, the_stack_may_touch_what_nobody_can_access, 0, NR_MODES);
	tcase_add_loop_test(t, mmap_keeps_the_guard_gap_of_a_stack_free, 0, NR_MODES);
	return t;
}

static TCase *swap_tests(void)
{
	TCase *t = tcase_create("swap");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, memory_twice_as_large_as_ram_keeps_its_contents, 0, NR_MODES);
	tcase_add_loop_test(t, random_access_under_pressure_keeps_contents, 0, NR_MODES);
	tcase_add_loop_test(t, a_swap_cache_hit_is_a_minor_fault, 0, NR_MODES);
	tcase_add_loop_test(t, swap_entries_of_both_widths_hold_what_they_are_given, 0, NR_MODES);
	return t;
}

int main(void)
{
	Suite *suite = suite_create("mm/memory");

	suite_add_tcase(suite, anon_tests());
	suite_add_tcase(suite, file_tests());
	suite_add_tcase(suite, fault_around_tests());
	suite_add_tcase(suite, rights_tests());
	suite_add_tcase(suite, swap_tests());
	return run_suite(suite);
}
