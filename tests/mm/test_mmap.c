/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm_user.h"

#include "mm/vma.h"
#include "tests/run_suite.h"

#define RAM (8 * MIB)
#define AT ((va_t)0x40000000)
#define PAGE(n) (AT + (va_t)(n)*PAGE_SIZE)

static struct user u;
static struct kernel *const k = &u.f.k;

static const struct paging_mode *const modes[] = { &paging_four_level, &paging_two_level,
	                                           &paging_pae };
#define NR_MODES 3

static void start(int mode)
{
	struct kernel_config config = fixture_config();

	config.paging = modes[mode];
	user_start(&u, RAM, &config);
}

static int64_t map(va_t at, uint64_t len, uint32_t prot, uint32_t flags)
{
	return do_mmap(k, u.mm, NULL, at, len, prot, flags, 0);
}

static int munmap_pages(uint64_t first, uint64_t n)
{
	return do_munmap(k, u.mm, PAGE(first), n * PAGE_SIZE);
}

static int protect(uint64_t first, uint64_t n, uint32_t prot)
{
	return do_mprotect(k, u.mm, PAGE(first), n * PAGE_SIZE, prot);
}

/* ---- merge and split ---- */

START_TEST(neighbours_of_one_kind_are_one_vma)
{
	start(_i);
	user_anon(&u, PAGE(10), 4);
	user_anon(&u, PAGE(14), 4); /* above */
	ck_assert_int_eq(u.mm->map_count, 1);
	user_anon(&u, PAGE(6), 4); /* below */
	ck_assert_int_eq(u.mm->map_count, 1);
	user_anon(&u, PAGE(20), 4);
	ck_assert_int_eq(u.mm->map_count, 2);
	user_anon(&u, PAGE(18), 2); /* between */
	ck_assert_int_eq(u.mm->map_count, 1);
	ck_assert_uint_eq(find_vma(u.mm, AT)->vm_start, PAGE(6));
	ck_assert_uint_eq(find_vma(u.mm, AT)->vm_end, PAGE(24));
	user_end(&u);
}
END_TEST

START_TEST(other_rights_or_kinds_do_not_merge)
{
	start(_i);
	user_anon(&u, PAGE(0), 2);
	user_mmap(&u, PAGE(2), 2, PROT_READ_, ANON, NULL, 0);
	user_mmap(&u, PAGE(4), 2, RW, ANON | MAP_NORESERVE_, NULL, 0);
	user_mmap(&u, PAGE(6), 2, RW, MAP_SHARED_ | MAP_ANONYMOUS_, NULL, 0);
	user_mmap(&u, PAGE(8), 2, RW, MAP_SHARED_ | MAP_ANONYMOUS_, NULL, 0);
	ck_assert_int_eq(u.mm->map_count, 5);
	user_end(&u);
}
END_TEST

START_TEST(file_mappings_merge_if_their_offsets_meet)
{
	struct user_file file, other;

	start(_i);
	user_file_open(&u, &file, USER_FILE_PAGES * PAGE_SIZE, FMODE_READ);
	user_file_open(&u, &other, USER_FILE_PAGES * PAGE_SIZE, FMODE_READ);
	user_mmap(&u, PAGE(0), 4, PROT_READ_, MAP_PRIVATE_, &file.file, 10);
	user_mmap(&u, PAGE(4), 4, PROT_READ_, MAP_PRIVATE_, &file.file, 14);
	ck_assert_int_eq(u.mm->map_count, 1);
	user_mmap(&u, PAGE(8), 4, PROT_READ_, MAP_PRIVATE_, &file.file, 19);
	ck_assert_int_eq(u.mm->map_count, 2);
	user_mmap(&u, PAGE(12), 4, PROT_READ_, MAP_PRIVATE_, &other.file, 23);
	ck_assert_int_eq(u.mm->map_count, 3);
	ck_assert_int_eq(file.file.f_count, 3);
	ck_assert_int_eq(munmap_pages(0, 16), 0);
	user_file_close(&u, &file);
	user_file_close(&u, &other);
	user_end(&u);
}
END_TEST

START_TEST(mprotect_splits_and_merges_again)
{
	start(_i);
	user_anon(&u, AT, 12);
	ck_assert_int_eq(protect(4, 4, PROT_READ_), 0);
	ck_assert_int_eq(u.mm->map_count, 3);
	ck_assert_int_eq(protect(0, 4, PROT_READ_), 0); /* the border moves */
	ck_assert_int_eq(u.mm->map_count, 2);
	ck_assert_int_eq(protect(6, 2, RW), 0); /* the border moves down */
	ck_assert_int_eq(u.mm->map_count, 2);
	ck_assert_uint_eq(find_vma(u.mm, AT)->vm_end, PAGE(6));
	ck_assert_int_eq(protect(0, 12, RW), 0);
	ck_assert_int_eq(u.mm->map_count, 1);
	user_end(&u);
}
END_TEST

/* Two VMAs that got their anonymous pages apart could never be one; so the second
 * takes the first one's anon_vma when it faults. */
START_TEST(neighbours_with_pages_share_an_anon_vma_and_merge)
{
	start(_i);
	user_anon(&u, AT, 8);
	ck_assert_int_eq(protect(4, 4, PROT_READ_), 0);
	user_write(&u, PAGE(1), 1);
	ck_assert_int_eq(protect(4, 4, PROT_READ_ | PROT_EXEC_), 0);
	ck_assert_int_eq(protect(4, 3, RW), 0);
	ck_assert_int_eq(u.mm->map_count, 2);
	user_write(&u, PAGE(5), 2);
	ck_assert_int_eq(protect(7, 1, RW), 0);
	ck_assert_int_eq(u.mm->map_count, 1);
	ck_assert_uint_eq(user_read(&u, PAGE(1)), 1);
	ck_assert_uint_eq(user_read(&u, PAGE(5)), 2);
	user_end(&u);
}
END_TEST

/* Whichever of two takes the other over, the pages stay within reach of rmap. */
START_TEST(a_vma_without_pages_takes_its_neighbours_anon_vma_over)
{
	start(_i);
	user_anon(&u, PAGE(4), 4);
	user_write(&u, PAGE(5), 5);
	ck_assert_int_eq(protect(4, 4, PROT_READ_), 0);
	user_anon(&u, AT, 4);
	ck_assert_int_eq(protect(4, 4, RW), 0);
	ck_assert_int_eq(u.mm->map_count, 1);
	fixture_check(&u.f);
	ck_assert_int_eq(protect(4, 4, PROT_READ_), 0);
	ck_assert_int_eq(munmap_pages(0, 4), 0);
	user_anon(&u, PAGE(8), 4);
	ck_assert_int_eq(protect(4, 4, RW), 0);
	ck_assert_int_eq(u.mm->map_count, 1);
	fixture_check(&u.f);
	user_end(&u);
}
END_TEST

/* Pages of one VMA can be found through one anon_vma only. */
START_TEST(vmas_with_pages_in_different_anon_vmas_stay_two)
{
	start(_i);
	user_anon(&u, AT, 4);
	user_anon(&u, PAGE(8), 4);
	user_write(&u, PAGE(1), 1);
	user_write(&u, PAGE(9), 9);
	user_anon(&u, PAGE(4), 4); /* merges with the lower one */
	ck_assert_int_eq(u.mm->map_count, 2);
	ck_assert_int_eq(protect(8, 4, PROT_READ_), 0);
	ck_assert_int_eq(protect(8, 4, RW), 0);
	ck_assert_int_eq(u.mm->map_count, 2);
	fixture_check(&u.f);
	user_end(&u);
}
END_TEST

START_TEST(unmapping_the_middle_leaves_both_ends)
{
	start(_i);
	user_anon(&u, AT, 10);
	for (int i = 0; i < 10; i++)
		user_write(&u, PAGE(i), 100 + i);
	ck_assert_int_eq(munmap_pages(3, 4), 0);
	ck_assert_int_eq(u.mm->map_count, 2);
	ck_assert_uint_eq(u.mm->total_vm, 6);
	ck_assert_int_eq(u.mm->rss_stat[MM_ANONPAGES], 6);
	for (int i = 0; i < 10; i++)
		if (i < 3 || i >= 7)
			ck_assert_uint_eq(user_read(&u, PAGE(i)), 100 + i);
		else
			ck_assert_signal(&u, PAGE(i), ACCESS_LOAD, FAULT_SIGSEGV, SEGV_MAPERR_);
	user_end(&u);
}
END_TEST

START_TEST(there_are_at_most_65530_vmas)
{
	uint64_t n = 0;

	start(_i);
	u.mm->map_count = MAX_MAP_COUNT - 3; /* as if */
	user_anon(&u, AT, 20);
	while (protect(n * 2 + 1, 1, PROT_READ_) == 0)
		n++;
	ck_assert_uint_eq(n, 1); /* a split in the middle makes two more */
	ck_assert_int_eq(munmap_pages(15, 1), -ENOMEM);
	ck_assert_int_eq(munmap_pages(15, 5), 0);
	u.mm->map_count -= MAX_MAP_COUNT - 3;
	user_end(&u);
}
END_TEST

/* ---- where ---- */

START_TEST(mappings_grow_down_from_mmap_base)
{
	int64_t first;

	start(_i);
	first = map(0, 3 * PAGE_SIZE, RW, ANON);
	ck_assert_int_eq(first, (int64_t)(u.mm->mmap_base - 3 * PAGE_SIZE));
	ck_assert_int_eq(map(0, PAGE_SIZE, PROT_READ_, ANON), first - (int64_t)PAGE_SIZE);
	/* The highest gap that is large enough. */
	ck_assert_int_eq(do_munmap(k, u.mm, (va_t)first + PAGE_SIZE, PAGE_SIZE), 0);
	ck_assert_int_eq(map(0, 2 * PAGE_SIZE, PROT_EXEC_, ANON), first - 3 * (int64_t)PAGE_SIZE);
	ck_assert_int_eq(map(0, PAGE_SIZE, PROT_EXEC_, ANON), first + (int64_t)PAGE_SIZE);
	user_end(&u);
}
END_TEST

START_TEST(a_hint_is_taken_if_it_is_free)
{
	start(_i);
	ck_assert_int_eq(map(AT + 5, PAGE_SIZE, RW, ANON), (int64_t)AT);
	ck_assert_int_eq(map(AT, PAGE_SIZE, PROT_READ_, ANON),
	                 (int64_t)(u.mm->mmap_base - PAGE_SIZE));
	ck_assert_int_eq(map(1, PAGE_SIZE, RW, ANON), (int64_t)(u.mm->mmap_base - 2 * PAGE_SIZE));
	ck_assert_int_eq(map(PAGE_SIZE, PAGE_SIZE, RW, ANON), 0x10000); /* mmap_min_addr */
	ck_assert_int_eq(map(u.mm->task_size, PAGE_SIZE, PROT_READ_, ANON),
	                 (int64_t)(u.mm->mmap_base - 3 * PAGE_SIZE));
	user_end(&u);
}
END_TEST

START_TEST(map_32bit_is_between_1_and_2_gb)
{
	start(0);
	ck_assert_int_eq(map(0, PAGE_SIZE, RW, ANON | MAP_32BIT_), 0x40000000);
	ck_assert_int_eq(map(0, PAGE_SIZE, PROT_READ_, ANON | MAP_32BIT_), 0x40001000);
	ck_assert_int_eq(map(0, GIB, PROT_NONE_, ANON | MAP_32BIT_ | MAP_NORESERVE_), -ENOMEM);
	user_end(&u);
}
END_TEST

START_TEST(below_a_full_mmap_area_the_search_goes_bottom_up)
{
	start(_i);
	u.mm->mmap_base = 0x20000;
	ck_assert_int_eq(map(0, 0x10000, RW, ANON), 0x10000);
	ck_assert_int_eq(map(0, PAGE_SIZE, RW, ANON), (int64_t)page_align(u.mm->task_size / 3));
	user_end(&u);
}
END_TEST

/* ---- errors ---- */

START_TEST(mmap_refuses_what_linux_refuses)
{
	const va_t end = (start(_i), u.mm->task_size);

	ck_assert_int_eq(map(0, 0, RW, ANON), -EINVAL);
	ck_assert_int_eq(map(0, UINT64_MAX - 5, RW, ANON), -ENOMEM);
	ck_assert_int_eq(map(0, end + PAGE_SIZE, RW, ANON), -ENOMEM);
	ck_assert_int_eq(map(0, PAGE_SIZE, RW, MAP_ANONYMOUS_), -EINVAL);
	ck_assert_int_eq(map(0, PAGE_SIZE, RW, MAP_ANONYMOUS_ | MAP_SHARED_VALIDATE_), -EINVAL);
	ck_assert_int_eq(map(0, PAGE_SIZE, RW, MAP_ANONYMOUS_ | MAP_SHARED_ | MAP_GROWSDOWN_),
	                 -EINVAL);
	ck_assert_int_eq(map(AT + 1, PAGE_SIZE, RW, ANON | MAP_FIXED_), -EINVAL);
	ck_assert_int_eq(map(0, PAGE_SIZE, RW, ANON | MAP_FIXED_), -EPERM);
	ck_assert_int_eq(map(0xf000, PAGE_SIZE, RW, ANON | MAP_FIXED_), -EPERM);
	ck_assert_int_eq(map(end, PAGE_SIZE, RW, ANON | MAP_FIXED_), -ENOMEM);
	ck_assert_int_eq(map((va_t)-PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED_), -ENOMEM);
	ck_assert_int_eq(do_mmap(k, u.mm, NULL, 0, 2 * PAGE_SIZE, RW, ANON, UINT64_MAX - 1),
	                 -EOVERFLOW);
	user_anon(&u, AT, 4);
	ck_assert_int_eq(map(PAGE(3), 2 * PAGE_SIZE, RW, ANON | MAP_FIXED_NOREPLACE_), -EEXIST);
	ck_assert_int_eq(map(PAGE(4), PAGE_SIZE, RW, ANON | MAP_FIXED_NOREPLACE_),
	                 (int64_t)PAGE(4));
	user_end(&u);
}
END_TEST

START_TEST(mmap_of_files_minds_how_they_were_opened)
{
	struct user_file file;
	struct file *f = &file.file;

	start(_i);
	user_file_open(&u, &file, USER_FILE_PAGES * PAGE_SIZE, FMODE_READ);
	ck_assert_int_eq(do_mmap(k, u.mm, f, 0, PAGE_SIZE, RW, MAP_SHARED_, 0), -EACCES);
	ck_assert_int_eq(do_mmap(k, u.mm, f, 0, PAGE_SIZE, RW, 0, 0), -EINVAL);
	ck_assert_int_eq(do_mmap(k, u.mm, f, 0, PAGE_SIZE, RW, MAP_PRIVATE_ | MAP_GROWSDOWN_, 0),
	                 -EINVAL);
	ck_assert_int_eq(do_mmap(k, u.mm, f, 0, PAGE_SIZE, PROT_READ_,
	                         MAP_SHARED_VALIDATE_ | 0x80000 /* MAP_SYNC */, 0),
	                 -EOPNOTSUPP);
	ck_assert_int_eq(
	    do_mmap(k, u.mm, f, 0, PAGE_SIZE, PROT_READ_, MAP_PRIVATE_, INT64_MAX >> PAGE_SHIFT),
	    -EOVERFLOW);
	ck_assert_int_eq(do_mmap(k, u.mm, f, AT, PAGE_SIZE, PROT_READ_, MAP_SHARED_, 0),
	                 (int64_t)AT);
	ck_assert_int_eq(protect(0, 1, RW), -EACCES);
	file.file.f_mode = FMODE_WRITE;
	ck_assert_int_eq(do_mmap(k, u.mm, f, 0, PAGE_SIZE, PROT_WRITE_, MAP_SHARED_, 0), -EACCES);
	ck_assert_int_eq(do_mmap(k, u.mm, f, 0, PAGE_SIZE, PROT_READ_, MAP_PRIVATE_, 0), -EACCES);
	file.file.f_mode = FMODE_READ;
	file.file.f_mapping = NULL; /* a pipe, a directory */
	ck_assert_int_eq(do_mmap(k, u.mm, f, 0, PAGE_SIZE, PROT_READ_, MAP_PRIVATE_, 0), -ENODEV);
	file.file.f_mapping = &file.mapping;
	ck_assert_int_eq(munmap_pages(0, 1), 0);
	user_file_close(&u, &file);
	user_end(&u);
}
END_TEST

START_TEST(limits_are_kept)
{
	start(_i);
	u.mm->as_limit = 100 * PAGE_SIZE;
	user_anon(&u, AT, 60);
	ck_assert_int_eq(map(0, 41 * PAGE_SIZE, PROT_READ_, ANON), -ENOMEM);
	/* What it replaces does not count. */
	ck_assert_int_eq(map(AT, 100 * PAGE_SIZE, PROT_READ_, ANON | MAP_FIXED_), (int64_t)AT);
	u.mm->as_limit = UINT64_MAX;
	u.mm->data_limit = 10 * PAGE_SIZE;
	ck_assert_int_eq(map(0, 11 * PAGE_SIZE, RW, ANON), -ENOMEM);
	ck_assert_int_gt(map(0, 11 * PAGE_SIZE, PROT_READ_, ANON), 0);
	ck_assert_int_eq(protect(0, 11, RW), -ENOMEM);
	ck_assert_int_eq(protect(0, 10, RW), 0);
	u.mm->data_limit = UINT64_MAX;
	/* More than all of memory. */
	ck_assert_int_eq(map(0, RAM * 2, RW, ANON), -ENOMEM);
	ck_assert_int_gt(map(0, RAM * 2, RW, ANON | MAP_NORESERVE_), 0);
	ck_assert_int_gt(map(0, RAM * 2, PROT_READ_, ANON), 0);
	u.mm->memlock_limit = 4 * PAGE_SIZE;
	ck_assert_int_eq(map(0, 5 * PAGE_SIZE, RW, ANON | MAP_LOCKED_), -EAGAIN);
	u.mm->memlock_limit = 0;
	ck_assert_int_eq(map(0, PAGE_SIZE, RW, ANON | MAP_LOCKED_), -EPERM);
	user_end(&u);
}
END_TEST

START_TEST(munmap_refuses_what_linux_refuses)
{
	start(_i);
	ck_assert_int_eq(do_munmap(k, u.mm, AT + 1, PAGE_SIZE), -EINVAL);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 0), -EINVAL);
	ck_assert_int_eq(do_munmap(k, u.mm, u.mm->task_size, PAGE_SIZE), -EINVAL);
	ck_assert_int_eq(do_munmap(k, u.mm, u.mm->task_size + PAGE_SIZE, 1), -EINVAL);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, UINT64_MAX), -EINVAL);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, PAGE_SIZE), 0); /* nothing there is fine */
	user_anon(&u, AT, 2);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 1), 0); /* a byte is a page */
	ck_assert_int_eq(u.mm->total_vm, 1);
	user_end(&u);
}
END_TEST

START_TEST(mprotect_refuses_what_linux_refuses)
{
	start(_i);
	user_anon(&u, AT, 4);
	ck_assert_int_eq(do_mprotect(k, u.mm, AT + 1, PAGE_SIZE, RW), -EINVAL);
	ck_assert_int_eq(do_mprotect(k, u.mm, AT, 0, RW), 0);
	ck_assert_int_eq(do_mprotect(k, u.mm, AT, UINT64_MAX, RW), -ENOMEM);
	ck_assert_int_eq(protect(0, 1, 0x100), -EINVAL);
	ck_assert_int_eq(protect(0, 1, PROT_GROWSDOWN_ | 0x02000000), -EINVAL);
	ck_assert_int_eq(protect(0, 1, PROT_GROWSDOWN_ | RW), -EINVAL);
	ck_assert_int_eq(protect(8, 1, RW), -ENOMEM);
	/* Up to the hole it is done. */
	ck_assert_int_eq(protect(0, 8, PROT_READ_), -ENOMEM);
	ck_assert_signal(&u, PAGE(3), ACCESS_STORE, FAULT_SIGSEGV, SEGV_ACCERR_);
	user_end(&u);
}
END_TEST

START_TEST(mprotect_flushes_what_was_present_and_only_that)
{
	start(_i);
	user_anon(&u, AT, 8);
	memset(&u.f.seen, 0, sizeof(u.f.seen));
	ck_assert_int_eq(protect(0, 8, PROT_READ_), 0);
	ck_assert_uint_eq(u.f.seen.flush_range + u.f.seen.flush_page, 0);
	ck_assert_int_eq(protect(0, 8, RW), 0);
	user_write(&u, PAGE(2), 1);
	ck_assert_int_eq(protect(0, 8, PROT_READ_), 0);
	ck_assert_uint_eq(u.f.seen.flush_page, 1);
	user_end(&u);
}
END_TEST

/* 6.2 on: no fault to find out that the page is nobody else's. */
START_TEST(private_pages_are_writable_again_without_a_fault)
{
	start(_i);
	user_anon(&u, AT, 2);
	user_write(&u, AT, 1);
	user_read(&u, PAGE(1));
	ck_assert_int_eq(protect(0, 2, PROT_READ_), 0);
	ck_assert_int_eq(protect(0, 2, RW), 0);
	ck_assert_no_fault(&u, AT, ACCESS_STORE);
	ck_assert_fault(&u, PAGE(1), ACCESS_STORE, FAULT_COW, FAULT_MINOR_DONE); /* zero page */
	user_end(&u);
}
END_TEST

/* ---- brk ---- */

START_TEST(brk_grows_and_shrinks_by_pages)
{
	start(_i);
	u.mm->start_brk = u.mm->brk = AT + 100;
	ck_assert_uint_eq(do_brk(k, u.mm, 0), AT + 100);
	ck_assert_uint_eq(do_brk(k, u.mm, PAGE(4) + 5), PAGE(4) + 5);
	ck_assert_uint_eq(u.mm->total_vm, 4);
	user_write(&u, PAGE(4), 1);
	ck_assert_uint_eq(do_brk(k, u.mm, PAGE(8)), PAGE(8));
	ck_assert_int_eq(u.mm->map_count, 1);
	ck_assert_uint_eq(do_brk(k, u.mm, PAGE(2)), PAGE(2));
	ck_assert_uint_eq(u.mm->total_vm, 1);
	ck_assert_signal(&u, PAGE(4), ACCESS_LOAD, FAULT_SIGSEGV, SEGV_MAPERR_);
	ck_assert_uint_eq(do_brk(k, u.mm, AT), PAGE(2)); /* below the start */
	/* It stops a page before what lies above. */
	user_mmap(&u, PAGE(10), 1, PROT_READ_, ANON, NULL, 0);
	ck_assert_uint_eq(do_brk(k, u.mm, PAGE(9) + 1), PAGE(2));
	ck_assert_uint_eq(do_brk(k, u.mm, PAGE(9)), PAGE(9));
	u.mm->data_limit = 4 * PAGE_SIZE;
	ck_assert_uint_eq(do_brk(k, u.mm, PAGE(9) + 5), PAGE(9));
	user_end(&u);
}
END_TEST

START_TEST(exec_places_bss_with_vm_brk)
{
	start(_i);
	ck_assert_int_eq(vm_brk(k, u.mm, AT, 3 * PAGE_SIZE + 1), 0);
	ck_assert_uint_eq(u.mm->total_vm, 4);
	ck_assert_uint_eq(u.mm->data_vm, 4);
	ck_assert_int_eq(vm_brk(k, u.mm, AT, 0), 0);
	ck_assert_int_eq(vm_brk(k, u.mm, 0, PAGE_SIZE), -EPERM);
	user_end(&u);
}
END_TEST

/* ---- mremap ---- */

static int64_t remap(uint64_t first, uint64_t n, uint64_t new_n, uint32_t flags, uint64_t to)
{
	return do_mremap(k, u.mm, PAGE(first), n * PAGE_SIZE, new_n * PAGE_SIZE, flags, PAGE(to));
}

static void write_words(uint64_t first, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		user_write(&u, PAGE(first + i), 1000 + i);
}

static void check_words(va_t at, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		ck_assert_uint_eq(user_read(&u, at + i * PAGE_SIZE), 1000 + i);
}

START_TEST(mremap_grows_in_place_where_it_can)
{
	start(_i);
	user_anon(&u, AT, 4);
	write_words(0, 4);
	ck_assert_int_eq(remap(0, 4, 8, 0, 0), (int64_t)AT);
	ck_assert_uint_eq(u.mm->total_vm, 8);
	check_words(AT, 4);
	ck_assert_uint_eq(user_read(&u, PAGE(7)), 0);
	ck_assert_int_eq(remap(0, 8, 2, 0, 0), (int64_t)AT);
	ck_assert_uint_eq(u.mm->total_vm, 2);
	user_mmap(&u, PAGE(4), 1, PROT_READ_, ANON, NULL, 0);
	ck_assert_int_eq(remap(0, 2, 5, 0, 0), -ENOMEM);
	ck_assert_int_eq(remap(0, 2, 4, 0, 0), (int64_t)AT);
	user_end(&u);
}
END_TEST

START_TEST(mremap_moves_pages_without_copying)
{
	int64_t to;
	pfn_t pfn;

	start(_i);
	user_anon(&u, AT, 8);
	user_anon(&u, PAGE(20), 1);
	write_words(0, 8);
	user_mmap(&u, PAGE(8), 1, PROT_READ_, ANON, NULL, 0);
	pfn = (user_entry(&u, PAGE(3)) & PTE_PFN_MASK) >> PAGE_SHIFT;
	to = remap(0, 8, 600, MREMAP_MAYMOVE_, 0);
	ck_assert_int_eq(to, (int64_t)(u.mm->mmap_base - 600 * PAGE_SIZE));
	ck_assert_no_fault(&u, (va_t)to + 3 * PAGE_SIZE, ACCESS_STORE);
	check_words((va_t)to, 8);
	ck_assert_uint_eq((user_entry(&u, (va_t)to + 3 * PAGE_SIZE) & PTE_PFN_MASK) >> PAGE_SHIFT,
	                  pfn);
	ck_assert_signal(&u, PAGE(3), ACCESS_LOAD, FAULT_SIGSEGV, SEGV_MAPERR_);
	fixture_check(&u.f);
	user_end(&u);
}
END_TEST

START_TEST(mremap_fixed_replaces_what_is_there)
{
	start(_i);
	user_anon(&u, AT, 8);
	write_words(0, 8);
	user_anon(&u, PAGE(512), 8);
	user_write(&u, PAGE(513), 1);
	ck_assert_int_eq(remap(2, 4, 6, MREMAP_MAYMOVE_ | MREMAP_FIXED_, 510), (int64_t)PAGE(510));
	ck_assert_uint_eq(user_read(&u, PAGE(511)), 1003);
	ck_assert_uint_eq(user_read(&u, PAGE(513)), 1005);
	ck_assert_uint_eq(user_read(&u, PAGE(515)), 0);
	ck_assert_uint_eq(user_read(&u, PAGE(7)), 1007);
	/* And back, to where it was. */
	ck_assert_int_eq(remap(510, 4, 4, MREMAP_MAYMOVE_ | MREMAP_FIXED_, 2), (int64_t)PAGE(2));
	check_words(AT, 8);
	ck_assert_int_eq(find_vma(u.mm, AT)->vm_end, (int64_t)PAGE(8));
	user_end(&u);
}
END_TEST

START_TEST(moved_memory_merges_with_its_new_neighbours)
{
	start(_i);
	user_anon(&u, AT, 4);
	user_anon(&u, PAGE(20), 2);
	/* Untouched memory is numbered by where it lies; with pages, by where it was. */
	ck_assert_int_eq(remap(20, 2, 2, MREMAP_MAYMOVE_ | MREMAP_FIXED_, 4), (int64_t)PAGE(4));
	ck_assert_int_eq(u.mm->map_count, 1);
	user_anon(&u, PAGE(20), 2);
	user_write(&u, PAGE(20), 1);
	ck_assert_int_eq(remap(20, 2, 2, MREMAP_MAYMOVE_ | MREMAP_FIXED_, 6), (int64_t)PAGE(6));
	ck_assert_int_eq(u.mm->map_count, 2);
	user_end(&u);
}
END_TEST

START_TEST(mremap_refuses_what_linux_refuses)
{
	start(_i);
	user_anon(&u, AT, 8);
	ck_assert_int_eq(remap(0, 1, 2, 8, 0), -EINVAL);
	ck_assert_int_eq(remap(0, 1, 2, MREMAP_FIXED_, 20), -EINVAL);
	ck_assert_int_eq(remap(0, 1, 2, MREMAP_DONTUNMAP_ | MREMAP_MAYMOVE_, 20), -EINVAL);
	ck_assert_int_eq(remap(0, 1, 0, 0, 0), -EINVAL);
	ck_assert_int_eq(remap(0, 0, 1, MREMAP_MAYMOVE_, 0), -EINVAL);
	ck_assert_int_eq(remap(9, 1, 2, MREMAP_MAYMOVE_, 0), -EFAULT);
	ck_assert_int_eq(remap(6, 4, 8, MREMAP_MAYMOVE_, 0), -EFAULT);
	ck_assert_int_eq(do_mremap(k, u.mm, AT + 1, 1, 1, 0, 0), -EINVAL);
	ck_assert_int_eq(remap(0, 4, 4, MREMAP_MAYMOVE_ | MREMAP_FIXED_, 3), -EINVAL);
	ck_assert_int_eq(do_mremap(k, u.mm, AT, PAGE_SIZE, PAGE_SIZE,
	                           MREMAP_MAYMOVE_ | MREMAP_FIXED_, u.mm->task_size),
	                 -EINVAL);
	u.mm->as_limit = 10 * PAGE_SIZE;
	ck_assert_int_eq(remap(0, 8, 11, MREMAP_MAYMOVE_, 0), -ENOMEM);
	user_end(&u);
}
END_TEST

START_TEST(mremap_dontunmap_leaves_an_empty_mapping)
{
	int64_t to;

	start(_i);
	user_anon(&u, AT, 4);
	write_words(0, 4);
	to = remap(0, 4, 4, MREMAP_MAYMOVE_ | MREMAP_DONTUNMAP_, 100);
	ck_assert_int_gt(to, 0);
	check_words((va_t)to, 4);
	ck_assert_uint_eq(user_read(&u, PAGE(1)), 0);
	user_write(&u, PAGE(1), 5);
	check_words((va_t)to, 4);
	ck_assert_uint_eq(u.mm->total_vm, 8);
	user_end(&u);
}
END_TEST

/* ---- madvise, mincore, mlock ---- */

START_TEST(madvise_refuses_what_linux_refuses)
{
	start(_i);
	user_anon(&u, AT, 4);
	user_anon(&u, PAGE(6), 2);
	ck_assert_int_eq(do_madvise(k, u.mm, AT, PAGE_SIZE, 999), -EINVAL);
	ck_assert_int_eq(do_madvise(k, u.mm, AT, PAGE_SIZE, 14 /* HUGEPAGE */), -EINVAL);
	ck_assert_int_eq(do_madvise(k, u.mm, AT + 1, PAGE_SIZE, MADV_NORMAL_), -EINVAL);
	ck_assert_int_eq(do_madvise(k, u.mm, AT, UINT64_MAX, MADV_NORMAL_), -EINVAL);
	ck_assert_int_eq(do_madvise(k, u.mm, AT, 0, MADV_NORMAL_), 0);
	ck_assert_int_eq(do_madvise(k, u.mm, PAGE(9), PAGE_SIZE, MADV_DONTNEED_), -ENOMEM);
	/* A hole is reported, what lies behind it is done. */
	write_words(6, 2);
	ck_assert_int_eq(do_madvise(k, u.mm, AT, 8 * PAGE_SIZE, MADV_DONTNEED_), -ENOMEM);
	ck_assert_uint_eq(user_read(&u, PAGE(7)), 0);
	ck_assert_int_eq(do_mlock(k, u.mm, AT, PAGE_SIZE, true), 0);
	ck_assert_int_eq(do_madvise(k, u.mm, AT, PAGE_SIZE, MADV_DONTNEED_), -EINVAL);
	ck_assert_int_eq(do_madvise(k, u.mm, AT, PAGE_SIZE, MADV_FREE_), -EINVAL);
	user_end(&u);
}
END_TEST

START_TEST(madvise_splits_and_merges_by_its_flags)
{
	start(_i);
	user_anon(&u, AT, 8);
	ck_assert_int_eq(do_madvise(k, u.mm, PAGE(2), 2 * PAGE_SIZE, MADV_RANDOM_), 0);
	ck_assert_int_eq(u.mm->map_count, 3);
	ck_assert_uint_ne(find_vma(u.mm, PAGE(2))->vm_flags & VM_RAND_READ, 0);
	ck_assert_int_eq(do_madvise(k, u.mm, AT, 8 * PAGE_SIZE, MADV_NORMAL_), 0);
	ck_assert_int_eq(u.mm->map_count, 1);
	ck_assert_int_eq(do_madvise(k, u.mm, AT, PAGE_SIZE, MADV_DONTFORK_), 0);
	ck_assert_int_eq(do_madvise(k, u.mm, AT, PAGE_SIZE, MADV_DONTDUMP_), 0);
	ck_assert_int_eq(do_madvise(k, u.mm, AT, PAGE_SIZE, MADV_DOFORK_), 0);
	ck_assert_int_eq(do_madvise(k, u.mm, AT, PAGE_SIZE, MADV_DODUMP_), 0);
	ck_assert_int_eq(u.mm->map_count, 1);
	user_end(&u);
}
END_TEST

START_TEST(populating_leaves_no_faults)
{
	start(_i);
	user_mmap(&u, AT, 20, RW, ANON | MAP_POPULATE_, NULL, 0);
	ck_assert_int_eq(u.mm->rss_stat[MM_ANONPAGES], 20);
	ck_assert_uint_eq(u.mm->min_flt, 20);
	for (int i = 0; i < 20; i++)
		ck_assert_no_fault(&u, PAGE(i), ACCESS_STORE);
	user_anon(&u, PAGE(40), 4);
	ck_assert_int_eq(do_madvise(k, u.mm, PAGE(40), 4 * PAGE_SIZE, MADV_POPULATE_READ_), 0);
	ck_assert_no_fault(&u, PAGE(41), ACCESS_LOAD);
	ck_assert_int_eq(do_madvise(k, u.mm, PAGE(40), 4 * PAGE_SIZE, MADV_POPULATE_WRITE_), 0);
	ck_assert_no_fault(&u, PAGE(41), ACCESS_STORE);
	ck_assert_int_eq(do_madvise(k, u.mm, PAGE(40), 8 * PAGE_SIZE, MADV_POPULATE_READ_),
	                 -ENOMEM);
	user_end(&u);
}
END_TEST

START_TEST(mincore_tells_what_is_in_memory)
{
	struct user_file file;
	uint8_t vec[8];

	start(_i);
	user_file_open(&u, &file, 4 * PAGE_SIZE, FMODE_READ);
	user_anon(&u, AT, 4);
	user_write(&u, PAGE(1), 1);
	user_read(&u, PAGE(2));
	ck_assert_int_eq(do_mincore(k, u.mm, AT, 4 * PAGE_SIZE, vec), 0);
	ck_assert_int_eq(vec[0], 0);
	ck_assert_int_eq(vec[1], 1);
	ck_assert_int_eq(vec[2], 1);
	user_mmap(&u, PAGE(4), 4, PROT_READ_, MAP_PRIVATE_, &file.file, 0);
	ck_assert_int_eq(do_mincore(k, u.mm, PAGE(4), PAGE_SIZE, vec), 0);
	ck_assert_int_eq(vec[0], 0);
	user_read(&u, PAGE(4)); /* read-ahead takes the rest into the cache */
	ck_assert_int_eq(do_mincore(k, u.mm, PAGE(4), 4 * PAGE_SIZE, vec), 0);
	ck_assert_int_eq(vec[3], 1);
	ck_assert_int_eq(do_mincore(k, u.mm, PAGE(7), 2 * PAGE_SIZE, vec), -ENOMEM);
	ck_assert_int_eq(do_mincore(k, u.mm, AT + 1, PAGE_SIZE, vec), -EINVAL);
	ck_assert_int_eq(do_mincore(k, u.mm, AT, UINT64_MAX, vec), -ENOMEM);
	ck_assert_int_eq(munmap_pages(4, 4), 0);
	user_file_close(&u, &file);
	user_end(&u);
}
END_TEST

START_TEST(locked_pages_are_unevictable_until_the_last_lock_goes)
{
	start(_i);
	user_anon(&u, AT, 8);
	user_write(&u, PAGE(2), 9);
	ck_assert_int_eq(do_mlock(k, u.mm, PAGE(1) + 5, 2 * PAGE_SIZE, true), 0);
	ck_assert_uint_eq(u.mm->locked_vm, 3);
	ck_assert_uint_eq(vmstat_value(k, NR_MLOCK), 3);
	ck_assert_uint_eq(vmstat_value(k, NR_UNEVICTABLE), 3);
	ck_assert_int_eq(u.mm->map_count, 3);
	ck_assert_uint_eq(user_read(&u, PAGE(2)), 9);
	ck_assert_int_eq(do_mlock(k, u.mm, PAGE(1), PAGE_SIZE, false), 0);
	ck_assert_uint_eq(vmstat_value(k, NR_UNEVICTABLE), 2);
	ck_assert_int_eq(munmap_pages(2, 1), 0);
	ck_assert_uint_eq(vmstat_value(k, NR_MLOCK), 1);
	ck_assert_int_eq(do_mlockall(k, u.mm, 0), 0);
	ck_assert_uint_eq(vmstat_value(k, NR_MLOCK), 0);
	ck_assert_uint_eq(u.mm->locked_vm, 0);
	user_end(&u);
}
END_TEST

START_TEST(a_page_that_two_lock_is_locked_until_both_let_go)
{
	start(_i);
	user_mmap(&u, AT, 1, RW, MAP_SHARED_ | MAP_ANONYMOUS_, NULL, 0);
	ck_assert_int_eq(remap(0, 0, 1, MREMAP_MAYMOVE_ | MREMAP_FIXED_, 8), (int64_t)PAGE(8));
	ck_assert_int_eq(do_mlock(k, u.mm, AT, PAGE_SIZE, true), 0);
	ck_assert_int_eq(do_mlock(k, u.mm, PAGE(8), PAGE_SIZE, true), 0);
	ck_assert_uint_eq(vmstat_value(k, NR_MLOCK), 1);
	ck_assert_int_eq(do_mlock(k, u.mm, AT, PAGE_SIZE, false), 0);
	ck_assert_uint_eq(vmstat_value(k, NR_MLOCK), 1);
	ck_assert_int_eq(munmap_pages(0, 1), 0);
	ck_assert_uint_eq(vmstat_value(k, NR_MLOCK), 1);
	ck_assert_int_eq(do_mlock(k, u.mm, PAGE(8), PAGE_SIZE, false), 0);
	ck_assert_uint_eq(vmstat_value(k, NR_MLOCK), 0);
	user_end(&u);
}
END_TEST

START_TEST(mlock_refuses_what_linux_refuses)
{
	start(_i);
	user_anon(&u, AT, 8);
	user_mmap(&u, PAGE(8), 1, PROT_NONE_, ANON, NULL, 0);
	ck_assert_int_eq(do_mlock(k, u.mm, AT, 16 * PAGE_SIZE, true), -ENOMEM);
	ck_assert_int_eq(do_mlockall(k, u.mm, 0), 0);
	ck_assert_int_eq(do_mlock(k, u.mm, PAGE(8), PAGE_SIZE, true), -ENOMEM);
	ck_assert_int_eq(do_mlock(k, u.mm, AT, UINT64_MAX - 2 * PAGE_SIZE, true), -ENOMEM);
	ck_assert_int_eq(do_mlock(k, u.mm, AT, UINT64_MAX - 2 * PAGE_SIZE, false), -EINVAL);
	ck_assert_int_eq(do_mlockall(k, u.mm, 8), -EINVAL);
	ck_assert_int_eq(do_mlockall(k, u.mm, MCL_ONFAULT_), -EINVAL);
	ck_assert_int_eq(do_mlockall(k, u.mm, 0), 0);
	u.mm->memlock_limit = 4 * PAGE_SIZE;
	ck_assert_int_eq(do_mlock(k, u.mm, AT, 5 * PAGE_SIZE, true), -ENOMEM);
	ck_assert_int_eq(do_mlock(k, u.mm, AT, 4 * PAGE_SIZE, true), 0);
	ck_assert_int_eq(do_mlock(k, u.mm, AT, 4 * PAGE_SIZE, true), 0); /* the same ones */
	ck_assert_int_eq(do_mlockall(k, u.mm, MCL_CURRENT_), -ENOMEM);
	u.mm->memlock_limit = 0;
	ck_assert_int_eq(do_mlock(k, u.mm, AT, PAGE_SIZE, true), -EPERM);
	user_end(&u);
}
END_TEST

START_TEST(mlockall_future_locks_what_comes)
{
	start(_i);
	ck_assert_int_eq(do_mlockall(k, u.mm, MCL_FUTURE_), 0);
	user_anon(&u, AT, 4);
	ck_assert_int_eq(u.mm->rss_stat[MM_ANONPAGES], 4);
	ck_assert_uint_eq(vmstat_value(k, NR_MLOCK), 4);
	ck_assert_int_eq(do_mlockall(k, u.mm, MCL_FUTURE_ | MCL_ONFAULT_), 0);
	user_anon(&u, PAGE(8), 4);
	ck_assert_int_eq(u.mm->rss_stat[MM_ANONPAGES], 4);
	user_write(&u, PAGE(9), 1);
	ck_assert_uint_eq(vmstat_value(k, NR_MLOCK), 5);
	user_end(&u);
}
END_TEST

START_TEST(msync_refuses_what_linux_refuses)
{
	start(_i);
	user_anon(&u, AT, 2);
	ck_assert_int_eq(do_msync(k, u.mm, AT, PAGE_SIZE, 8), -EINVAL);
	ck_assert_int_eq(do_msync(k, u.mm, AT, PAGE_SIZE, MS_SYNC_ | MS_ASYNC_), -EINVAL);
	ck_assert_int_eq(do_msync(k, u.mm, AT + 1, PAGE_SIZE, MS_SYNC_), -EINVAL);
	ck_assert_int_eq(do_msync(k, u.mm, PAGE(2), PAGE_SIZE, MS_SYNC_), -ENOMEM);
	ck_assert_int_eq(do_msync(k, u.mm, AT, 2 * PAGE_SIZE, MS_SYNC_), 0);
	ck_assert_int_eq(do_mlock(k, u.mm, AT, PAGE_SIZE, true), 0);
	ck_assert_int_eq(do_msync(k, u.mm, AT, PAGE_SIZE, MS_INVALIDATE_), -EBUSY);
	user_end(&u);
}
END_TEST

START_TEST(accounts_follow_the_kinds_of_mappings)
{
	struct user_file file;

	start(_i);
	user_file_open(&u, &file, USER_FILE_PAGES * PAGE_SIZE, FMODE_READ);
	user_anon(&u, AT, 3);
	user_mmap(&u, PAGE(8), 5, PROT_READ_ | PROT_EXEC_, MAP_PRIVATE_, &file.file, 0);
	user_mmap(&u, PAGE(20), 7, RW, ANON | MAP_GROWSDOWN_, NULL, 0);
	ck_assert_uint_eq(u.mm->total_vm, 15);
	ck_assert_uint_eq(u.mm->data_vm, 3);
	ck_assert_uint_eq(u.mm->exec_vm, 5);
	ck_assert_uint_eq(u.mm->stack_vm, 7);
	ck_assert_uint_eq(u.mm->shared_vm, 5);
	ck_assert_uint_eq(k->total_vm_committed, 10);
	ck_assert_int_eq(munmap_pages(0, 64), 0);
	ck_assert_uint_eq(u.mm->hiwater_vm, 15);
	user_file_close(&u, &file);
	user_end(&u);
}
END_TEST

/* ---- random sequences against a model of one record a page ---- */

#define WINDOW 96 /* pages; in two-level mode across two page tables */
#define BASE_PAGE 960
#define NR_FILES 2
#define NR_OBJECTS (NR_FILES + 4000) /* files, then shared anonymous objects */
#define OBJECT_PAGES USER_FILE_PAGES

struct model_page {
	bool mapped, shared, file, own, locked;
	uint32_t prot;
	int object; /* -1: private anonymous */
	pgoff_t pgoff;
	uint64_t word; /* if own: a private page of its own */
};

static struct model {
	struct model_page page[WINDOW];
	uint64_t word[NR_OBJECTS][OBJECT_PAGES];
	uint64_t nr_pages[NR_OBJECTS];
	int nr_objects;
} model;

static struct user_file files[NR_FILES];
static struct fixture_random dice;

static uint64_t roll(uint64_t n)
{
	return fixture_below(&dice, n);
}

static va_t window(uint64_t page)
{
	return PAGE(BASE_PAGE + page);
}

static uint32_t roll_prot(void)
{
	static const uint32_t prots[] = {
		RW, RW, RW, PROT_READ_, PROT_NONE_, PROT_WRITE_, PROT_READ_ | PROT_EXEC_, PROT_EXEC_
	};

	return prots[roll(8)];
}

static void model_unmap(uint64_t first, uint64_t n)
{
	memset(&model.page[first], 0, n * sizeof(model.page[0]));
}

static void model_map(uint64_t first, uint64_t n, const struct model_page *kind)
{
	for (uint64_t i = 0; i < n; i++) {
		model.page[first + i] = *kind;
		model.page[first + i].pgoff += i;
	}
}

static int new_object(uint64_t nr_pages)
{
	ck_assert_int_lt(model.nr_objects, NR_OBJECTS);
	model.nr_pages[model.nr_objects] = nr_pages;
	return model.nr_objects++;
}

static void step_mmap(uint64_t first, uint64_t n)
{
	struct model_page kind = { .mapped = true, .prot = roll_prot(), .object = -1 };
	uint32_t flags = MAP_FIXED_ | (roll(4) ? 0 : MAP_NORESERVE_);
	struct file *file = NULL;
	int64_t va, expected = (int64_t)window(first);

	kind.shared = roll(2);
	flags |= kind.shared ? MAP_SHARED_ : MAP_PRIVATE_;
	if (roll(2)) {
		kind.object = (int)roll(NR_FILES);
		kind.file = true;
		kind.pgoff = roll(OBJECT_PAGES - WINDOW);
		file = &files[kind.object].file;
		if (kind.shared && kind.prot & PROT_WRITE_ && !(file->f_mode & FMODE_WRITE))
			expected = -EACCES;
	} else {
		flags |= MAP_ANONYMOUS_;
		if (kind.shared)
			kind.object = new_object(n);
	}
	va = do_mmap(k, u.mm, file, window(first), n * PAGE_SIZE, kind.prot, flags, kind.pgoff);
	ck_assert_int_eq(va, expected);
	if (va > 0)
		model_map(first, n, &kind);
}

static void step_munmap(uint64_t first, uint64_t n)
{
	ck_assert_int_eq(do_munmap(k, u.mm, window(first), n * PAGE_SIZE), 0);
	model_unmap(first, n);
}

/* Never to be written: a file open for reading, shared. */
static bool is_read_only(const struct model_page *page)
{
	return page->shared && page->file && !(files[page->object].file.f_mode & FMODE_WRITE);
}

static void step_mprotect(uint64_t first, uint64_t n)
{
	uint32_t prot = roll_prot();
	int expected = 0;
	int err = do_mprotect(k, u.mm, window(first), n * PAGE_SIZE, prot);

	for (uint64_t i = first; i < first + n && !expected; i++) {
		if (!model.page[i].mapped)
			expected = -ENOMEM;
		else if (prot & PROT_WRITE_ && is_read_only(&model.page[i]))
			expected = -EACCES;
		else
			model.page[i].prot = prot;
	}
	ck_assert_int_eq(err, expected);
}

static void step_dontneed(uint64_t first, uint64_t n)
{
	int expected = 0;
	int err = do_madvise(k, u.mm, window(first), n * PAGE_SIZE, MADV_DONTNEED_);

	for (uint64_t i = first; i < first + n; i++) {
		if (model.page[i].locked) {
			expected = -EINVAL;
			break;
		}
		if (!model.page[i].mapped)
			expected = -ENOMEM;
		model.page[i].own = false;
	}
	ck_assert_int_eq(err, expected);
}

/* Past the end of its object. */
static bool is_beyond(const struct model_page *page)
{
	return page->object >= 0 && page->pgoff >= model.nr_pages[page->object];
}

static void step_mlock(uint64_t first, uint64_t n)
{
	bool lock = roll(2), hole = false, unreachable = false;
	int err = do_mlock(k, u.mm, window(first), n * PAGE_SIZE, lock);

	for (uint64_t i = first; i < first + n && !hole; i++) {
		struct model_page *page = &model.page[i];

		hole = !page->mapped;
		if (hole)
			break;
		page->locked = lock;
		unreachable |= !page->prot || (is_beyond(page) && !page->own);
	}
	ck_assert_int_eq(err, hole || (lock && unreachable) ? -ENOMEM : 0);
}

/* A locked private writable page gets its copy ahead of time. That shows in nothing
 * but a shared file's later change, so the model has to know. */
static void settle_locked(uint64_t i)
{
	struct model_page *page = &model.page[i];

	if (page->mapped && page->file && !page->shared && !page->own &&
	    user_entry(&u, window(i))) {
		pte_t pte = { user_entry(&u, window(i)) };

		if (pte_is_swap(pte) || PageAnon(pfn_to_page(k, pte_pfn(pte)))) {
			page->own = true;
			page->word = model.word[page->object][page->pgoff];
		}
	}
}

static void step_mremap(uint64_t first, uint64_t n)
{
	uint64_t new_n = 1 + roll(16), to = roll(WINDOW - new_n);
	bool overlaps = first + n > to && to + new_n > first;
	const struct vm_area_struct *vma = vma_lookup(u.mm, window(first));
	struct model_page moved[WINDOW];
	uint64_t kept = n < new_n ? n : new_n;
	int64_t va;

	va = do_mremap(k, u.mm, window(first), n * PAGE_SIZE, new_n * PAGE_SIZE,
	               MREMAP_MAYMOVE_ | MREMAP_FIXED_, window(to));
	if (va < 0) { /* and nothing has changed */
		ck_assert(!vma || overlaps || vma->vm_end < window(first + kept));
		return;
	}
	ck_assert_int_eq(va, (int64_t)window(to));
	ck_assert(!overlaps);
	memcpy(moved, &model.page[first], kept * sizeof(*moved));
	for (uint64_t i = kept; i < new_n; i++) {
		moved[i] = moved[i - 1];
		moved[i].pgoff++;
		moved[i].own = false;
	}
	model_unmap(first, n);
	memcpy(&model.page[to], moved, new_n * sizeof(*moved));
}

static uint64_t *model_word(struct model_page *page)
{
	if (page->own)
		return &page->word;
	return page->object >= 0 ? &model.word[page->object][page->pgoff] : NULL;
}

/* What the access must end in. */
static enum fault_outcome expected_outcome(const struct model_page *page, enum access_kind kind)
{
	bool allowed = page->prot != PROT_NONE_;

	if (kind == ACCESS_STORE)
		allowed = page->prot & PROT_WRITE_;
	if (kind == ACCESS_FETCH && k->config.paging->has_nx)
		allowed = page->prot & PROT_EXEC_;
	if (!page->mapped || page->prot == PROT_NONE_)
		return FAULT_SIGSEGV;
	/* A fetch without the right comes as far as the page before it fails. */
	if (is_beyond(page) && !page->own && (allowed || kind == ACCESS_FETCH))
		return FAULT_SIGBUS;
	return allowed ? FAULT_MINOR_DONE : FAULT_SIGSEGV;
}

static void check_signal(const struct model_page *page, enum fault_outcome expected)
{
	ck_assert_int_eq(u.last.outcome, expected);
	if (expected == FAULT_SIGSEGV)
		ck_assert_int_eq(u.last.si_code, page->mapped ? SEGV_ACCERR_ : SEGV_MAPERR_);
}

static void step_access(uint64_t i)
{
	struct model_page *page = &model.page[i];
	enum access_kind kind = (enum access_kind)roll(NR_ACCESS_KINDS);
	enum fault_outcome expected = expected_outcome(page, kind);
	uint8_t *at = user_touch(&u, window(i), kind);
	uint64_t word;

	ck_assert_int_eq(at != NULL, expected == FAULT_MINOR_DONE);
	if (!at) {
		check_signal(page, expected);
		return;
	}
	memcpy(&word, at, sizeof(word));
	ck_assert_uint_eq(word, model_word(page) ? *model_word(page) : 0);
	if (kind != ACCESS_STORE)
		return;
	word = fixture_random(&dice);
	memcpy(at, &word, sizeof(word));
	if (!page->shared)
		page->own = true;
	*model_word(page) = word;
}

/* Each page lies in a VMA that says what the model says. */
static void check_vmas(void)
{
	int runs = 0;

	for (uint64_t i = 0; i < WINDOW; i++) {
		const struct model_page *page = &model.page[i];
		const struct vm_area_struct *vma = vma_lookup(u.mm, window(i));

		ck_assert_int_eq(vma != NULL, page->mapped);
		if (!vma)
			continue;
		ck_assert_uint_eq(vma->vm_flags & VM_ACCESS_FLAGS, page->prot);
		ck_assert_int_eq(!!(vma->vm_flags & VM_LOCKED), page->locked);
		ck_assert_int_eq(!!(vma->vm_flags & VM_MAYSHARE), page->shared);
		ck_assert_int_eq(vma->vm_file != NULL, page->object >= 0);
		if (page->file)
			ck_assert_ptr_eq(vma->vm_file, &files[page->object].file);
		if (page->object >= 0)
			ck_assert_uint_eq(linear_page_index(vma, window(i)), page->pgoff);
		runs += !i || !model.page[i - 1].mapped || model.page[i - 1].prot != page->prot ||
		        model.page[i - 1].object != page->object ||
		        model.page[i - 1].shared != page->shared;
	}
	ck_assert_int_ge(u.mm->map_count, runs);
}

static void step(void)
{
	uint64_t n = 1 + roll(24), first = roll(WINDOW - n);

	switch (roll(16)) {
	case 0:
	case 1:
		step_mmap(first, n);
		break;
	case 2:
		step_munmap(first, n);
		break;
	case 3:
	case 4:
		step_mprotect(first, n);
		break;
	case 5:
		step_dontneed(first, n);
		break;
	case 6:
		step_mlock(first, n);
		break;
	case 7:
		step_mremap(first, n);
		break;
	default:
		for (int i = 0; i < 8; i++)
			step_access(roll(WINDOW));
	}
	for (uint64_t i = 0; i < WINDOW; i++)
		settle_locked(i);
}

static void model_reset(void)
{
	memset(&model, 0, sizeof(model));
	/* The second file is short, and only to be read. */
	model.nr_pages[0] = OBJECT_PAGES;
	model.nr_pages[1] = OBJECT_PAGES / 3;
	model.nr_objects = NR_FILES;
	for (int i = 0; i < NR_FILES; i++) {
		user_file_open(&u, &files[i], model.nr_pages[i] * PAGE_SIZE,
		               i ? FMODE_READ : FMODE_READ | FMODE_WRITE);
		for (pgoff_t n = 0; n < OBJECT_PAGES; n++)
			model.word[i][n] = user_file_word(n);
	}
}

static void run_random(uint64_t cases)
{
	model_reset();
	for (uint64_t i = 0; i < cases && model.nr_objects < NR_OBJECTS; i++) {
		step();
		check_vmas();
		if (i % 128 == 0)
			fixture_check(&u.f);
	}
	fixture_check(&u.f);
	step_munmap(0, WINDOW);
	ck_assert_int_eq(u.mm->map_count, 0);
	ck_assert_uint_eq(u.mm->nr_ptes, k->config.paging == &paging_pae ? 3 : 0);
	for (int i = 0; i < NR_FILES; i++)
		user_file_close(&u, &files[i]);
}

START_TEST(random_sequences_agree_with_a_model_of_pages)
{
	dice = fixture_seed(0x5eed0100 + (uint64_t)_i);
	start(_i);
	run_random(fixture_cases(2000));
	user_end(&u);
}
END_TEST

START_TEST(random_sequences_agree_when_memory_is_short)
{
	struct kernel_config config = fixture_config();
	static struct user_swap swap;

	dice = fixture_seed(0x5eed0200 + (uint64_t)_i);
	config.paging = modes[_i];
	config.fault_around_pages = 4;
	user_start(&u, 2 * MIB, &config);
	user_swap_on(&u, &swap, 1024);
	/* Other memory, that has to give way. */
	user_mmap(&u, PAGE(0x8000), 400, RW, ANON | MAP_POPULATE_ | MAP_NORESERVE_, NULL, 0);
	model_reset();
	for (uint64_t i = 0; i < fixture_cases(1000); i++) {
		step();
		user_write(&u, PAGE(0x8000 + roll(400)), 1);
		if (i % 256 == 0)
			fixture_check(&u.f);
	}
	step_munmap(0, WINDOW);
	for (int i = 0; i < NR_FILES; i++)
		user_file_close(&u, &files[i]);
	ck_assert_uint_gt(k->vm_events[PSWPOUT], 0);
	user_end(&u);
	free(swap.data);
}
END_TEST

/* ---- */

static TCase *vma_tests(void)
{
	TCase *t = tcase_create("vmas");

	tcase_add_loop_test(t, neighbours_of_one_kind_are_one_vma, 0, NR_MODES);
	tcase_add_loop_test(t, other_rights_or_kinds_do_not_merge, 0, NR_MODES);
	tcase_add_loop_test(t, file_mappings_merge_if_their_offsets_meet, 0, NR_MODES);
	tcase_add_loop_test(t, mprotect_splits_and_merges_again, 0, NR_MODES);
	tcase_add_loop_test(t, neighbours_with_pages_share_an_anon_vma_and_merge, 0, NR_MODES);
	tcase_add_loop_test(t, a_vma_without_pages_takes_its_neighbours_anon_vma_over, 0, NR_MODES);
	tcase_add_loop_test(t, vmas_with_pages_in_different_anon_vmas_stay_two, 0, NR_MODES);
	tcase_add_loop_test(t, unmapping_the_middle_leaves_both_ends, 0, NR_MODES);
	tcase_add_loop_test(t, there_are_at_most_65530_vmas, 0, NR_MODES);
	tcase_add_loop_test(t, accounts_follow_the_kinds_of_mappings, 0, NR_MODES);
	return t;
}

static TCase *mmap_tests(void)
{
	TCase *t = tcase_create("mmap");

	tcase_add_loop_test(t, mappings_grow_down_from_mmap_base, 0, NR_MODES);
	tcase_add_loop_test(t, a_hint_is_taken_if_it_is_free, 0, NR_MODES);
	tcase_add_test(t, map_32bit_is_between_1_and_2_gb);
	tcase_add_loop_test(t, below_a_full_mmap_area_the_search_goes_bottom_up, 0, NR_MODES);
	tcase_add_loop_test(t, mmap_refuses_what_linux_refuses, 0, NR_MODES);
	tcase_add_loop_test(t, mmap_of_files_minds_how_they_were_opened, 0, NR_MODES);
	tcase_add_loop_test(t, limits_are_kept, 0, NR_MODES);
	tcase_add_loop_test(t, munmap_refuses_what_linux_refuses, 0, NR_MODES);
	tcase_add_loop_test(t, mprotect_refuses_what_linux_refuses, 0, NR_MODES);
	tcase_add_loop_test(t, mprotect_flushes_what_was_present_and_only_that, 0, NR_MODES);
	tcase_add_loop_test(t, private_pages_are_writable_again_without_a_fault, 0, NR_MODES);
	tcase_add_loop_test(t, brk_grows_and_shrinks_by_pages, 0, NR_MODES);
	tcase_add_loop_test(t, exec_places_bss_with_vm_brk, 0, NR_MODES);
	return t;
}

static TCase *mremap_tests(void)
{
	TCase *t = tcase_create("mremap");

	tcase_add_loop_test(t, mremap_grows_in_place_where_it_can, 0, NR_MODES);
	tcase_add_loop_test(t, mremap_moves_pages_without_copying, 0, NR_MODES);
	tcase_add_loop_test(t, mremap_fixed_replaces_what_is_there, 0, NR_MODES);
	tcase_add_loop_test(t, moved_memory_merges_with_its_new_neighbours, 0, NR_MODES);
	tcase_add_loop_test(t, mremap_refuses_what_linux_refuses, 0, NR_MODES);
	tcase_add_loop_test(t, mremap_dontunmap_leaves_an_empty_mapping, 0, NR_MODES);
	return t;
}

static TCase *advice_tests(void)
{
	TCase *t = tcase_create("advice");

	tcase_add_loop_test(t, madvise_refuses_what_linux_refuses, 0, NR_MODES);
	tcase_add_loop_test(t, madvise_splits_and_merges_by_its_flags, 0, NR_MODES);
	tcase_add_loop_test(t, populating_leaves_no_faults, 0, NR_MODES);
	tcase_add_loop_test(t, mincore_tells_what_is_in_memory, 0, NR_MODES);
	tcase_add_loop_test(t, locked_pages_are_unevictable_until_the_last_lock_goes, 0, NR_MODES);
	tcase_add_loop_test(t, a_page_that_two_lock_is_locked_until_both_let_go, 0, NR_MODES);
	tcase_add_loop_test(t, mlock_refuses_what_linux_refuses, 0, NR_MODES);
	tcase_add_loop_test(t, mlockall_future_locks_what_comes, 0, NR_MODES);
	tcase_add_loop_test(t, msync_refuses_what_linux_refuses, 0, NR_MODES);
	return t;
}

static TCase *random_tests(void)
{
	TCase *t = tcase_create("random");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, random_sequences_agree_with_a_model_of_pages, 0, NR_MODES);
	tcase_add_loop_test(t, random_sequences_agree_when_memory_is_short, 0, NR_MODES);
	return t;
}

int main(void)
{
	Suite *suite = suite_create("mm/mmap");

	suite_add_tcase(suite, vma_tests());
	suite_add_tcase(suite, mmap_tests());
	suite_add_tcase(suite, mremap_tests());
	suite_add_tcase(suite, advice_tests());
	suite_add_tcase(suite, random_tests());
	return run_suite(suite);
}
