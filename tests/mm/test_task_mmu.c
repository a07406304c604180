/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What /proc says of an address space: smaps' sums, numa_maps, pagemap words, and what
 * clear_refs clears; and reading another's memory. Held against the page tables, walked
 * by the test itself.
 */
#include "mm_user.h"

#include "mm/process_vm_access.h"
#include "mm/task_mmu.h"
#include "ram_swap.h"
#include "tests/run_suite.h"

#define RAM (8 * MIB)
#define AT ((va_t)0x40000000)
#define PAGE(n) (AT + (va_t)(n)*PAGE_SIZE)
#define KB(n) ((uint64_t)(n)*KIB)

#define PRESENT ((uint64_t)1 << 63)
#define SWAPPED ((uint64_t)1 << 62)
#define FILE_OR_SHARED ((uint64_t)1 << 61)
#define EXCLUSIVE ((uint64_t)1 << 56)

static struct user u;
static struct kernel *const k = &u.f.k;

static void setup(void)
{
	user_start(&u, RAM, NULL);
}

static struct mem_size_stats stats_at(struct mm_struct *mm, va_t va)
{
	struct mem_size_stats mss = { 0 };

	smap_gather_stats(k, find_vma(mm, va), &mss);
	return mss;
}

static pfn_t frame_at(va_t va)
{
	return (user_entry(&u, va) & PTE_PFN_MASK) >> PAGE_SHIFT;
}

START_TEST(written_pages_are_private_dirty_anonymous)
{
	struct mem_size_stats mss;

	user_anon(&u, AT, 8);
	for (int i = 0; i < 3; i++)
		user_write(&u, PAGE(i), 1);
	user_read(&u, PAGE(5)); /* the zero page: nobody's */
	mss = stats_at(u.mm, AT);
	ck_assert_uint_eq(mss.resident, KB(12));
	ck_assert_uint_eq(mss.private_dirty, KB(12));
	ck_assert_uint_eq(mss.anonymous, KB(12));
	ck_assert_uint_eq(mss.referenced, KB(12));
	ck_assert_uint_eq(mss.pss >> PSS_SHIFT, KB(12));
	ck_assert_uint_eq(mss.pss_anon, mss.pss);
	ck_assert_uint_eq(mss.pss_dirty, mss.pss);
	ck_assert_uint_eq(mss.shared_clean + mss.shared_dirty + mss.private_clean + mss.swap, 0);
	user_end(&u);
}
END_TEST

START_TEST(shares_of_a_page_add_up_to_it)
{
	struct mem_size_stats mine, other;
	struct mm_struct *child;

	user_anon(&u, AT, 4);
	for (int i = 0; i < 4; i++)
		user_write(&u, PAGE(i), 1);
	child = dup_mm(k, u.mm);
	ck_assert_ptr_nonnull(child);
	user_write(&u, PAGE(0), 2); /* its own copy; the child keeps the old one alone */
	mine = stats_at(u.mm, AT);
	other = stats_at(child, AT);
	ck_assert_uint_eq(mine.resident, KB(16));
	ck_assert_uint_eq(mine.shared_dirty, KB(12));
	ck_assert_uint_eq(mine.private_dirty, KB(4));
	ck_assert_uint_eq(mine.pss >> PSS_SHIFT, KB(4 + 12 / 2));
	/* five frames in all */
	ck_assert_uint_eq((mine.pss + other.pss) >> PSS_SHIFT, KB(20));
	mmput(k, child);
	user_end(&u);
}
END_TEST

START_TEST(clean_file_pages_are_clean_and_the_files)
{
	struct mem_size_stats mss;
	struct user_file file;

	user_file_open(&u, &file, USER_FILE_PAGES * PAGE_SIZE, FMODE_READ);
	user_mmap(&u, AT, 4, PROT_READ_, MAP_PRIVATE_, &file.file, 0);
	user_read(&u, AT);
	mss = stats_at(u.mm, AT);
	ck_assert_uint_eq(mss.private_clean, mss.resident);
	ck_assert_uint_eq(mss.pss_file, mss.pss);
	ck_assert_uint_eq(mss.anonymous, 0);
	ck_assert_uint_eq(pagemap_entry(k, u.mm, AT, true),
	                  PRESENT | FILE_OR_SHARED | EXCLUSIVE | frame_at(AT));
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 4 * PAGE_SIZE), 0);
	fput(k, &file.file);
	user_end(&u);
}
END_TEST

START_TEST(swapped_pages_are_swap_here_and_in_pagemap)
{
	struct mem_size_stats mss;
	struct ram_swap swap;
	uint64_t nr_swapped = 0;

	k->config.page_cluster = 0;
	ram_swap_on(k, &swap, 2000, -1);
	user_anon(&u, AT, 200);
	for (int i = 0; i < 200; i++)
		user_write(&u, PAGE(i), 1);
	for (int i = 0; i < 20; i++)
		reclaim_for(k, GFP_KERNEL);
	mss = stats_at(u.mm, AT);
	ck_assert_uint_gt(mss.swap, 0);
	ck_assert_uint_eq(mss.swap + mss.resident, 200 * PAGE_SIZE);
	ck_assert_uint_eq(mss.swap_pss >> PSS_SHIFT, mss.swap);
	for (int i = 0; i < 200; i++) {
		uint64_t word = pagemap_entry(k, u.mm, PAGE(i), true);

		ck_assert(!(word & PRESENT) != !(word & SWAPPED));
		if (!(word & SWAPPED))
			continue;
		nr_swapped++;
		ck_assert_uint_eq(word & 0x1f, 0); /* the only area */
		ck_assert_uint_gt(word >> 5 & 0xffff, 0);
		ck_assert_uint_eq(pagemap_entry(k, u.mm, PAGE(i), false), SWAPPED);
	}
	ck_assert_uint_eq(nr_swapped * PAGE_SIZE, mss.swap);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 200 * PAGE_SIZE), 0);
	ck_assert_int_eq(swapoff(k, &swap.device), 0);
	ram_swap_close(&swap);
	user_end(&u);
}
END_TEST

START_TEST(pagemap_is_zero_where_nothing_is)
{
	user_anon(&u, AT, 4);
	user_write(&u, PAGE(1), 1);
	ck_assert_uint_eq(pagemap_entry(k, u.mm, PAGE(0), true), 0); /* never touched */
	ck_assert_uint_eq(pagemap_entry(k, u.mm, PAGE(9), true), 0); /* not mapped */
	ck_assert_uint_eq(pagemap_entry(k, u.mm, PAGE(1), true),
	                  PRESENT | EXCLUSIVE | frame_at(PAGE(1)));
	ck_assert_uint_eq(pagemap_entry(k, u.mm, PAGE(1), false), PRESENT | EXCLUSIVE);
	user_end(&u);
}
END_TEST

START_TEST(clear_refs_forgets_uses_of_its_kind_and_flushes)
{
	struct user_file file;

	user_file_open(&u, &file, USER_FILE_PAGES * PAGE_SIZE, FMODE_READ);
	user_mmap(&u, AT, 1, PROT_READ_, MAP_PRIVATE_, &file.file, 0);
	user_anon(&u, PAGE(16), 1);
	user_read(&u, AT);
	user_write(&u, PAGE(16), 1);
	ck_assert_uint_eq(stats_at(u.mm, AT).referenced, KB(4));
	clear_refs(k, u.mm, CLEAR_REFS_ANON);
	ck_assert_uint_eq(stats_at(u.mm, AT).referenced, KB(4));
	ck_assert_uint_eq(stats_at(u.mm, PAGE(16)).referenced, 0);
	clear_refs(k, u.mm, CLEAR_REFS_MAPPED);
	ck_assert_uint_eq(stats_at(u.mm, AT).referenced, 0);
	/* The TLB has let go, so that a use is seen again. */
	user_read(&u, PAGE(16));
	ck_assert_uint_eq(stats_at(u.mm, PAGE(16)).referenced, KB(4));
	clear_refs(k, u.mm, CLEAR_REFS_ALL);
	ck_assert_uint_eq(stats_at(u.mm, PAGE(16)).referenced, 0);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, PAGE_SIZE), 0);
	fput(k, &file.file);
	user_end(&u);
}
END_TEST

START_TEST(numa_maps_counts_pages_by_what_they_are)
{
	struct numa_maps maps = { 0 };
	struct mm_struct *child;

	user_anon(&u, AT, 8);
	for (int i = 0; i < 5; i++)
		user_write(&u, PAGE(i), 1);
	child = dup_mm(k, u.mm);
	gather_numa_stats(k, find_vma(u.mm, AT), &maps);
	ck_assert_uint_eq(maps.pages, 5);
	ck_assert_uint_eq(maps.anon, 5);
	ck_assert_uint_eq(maps.dirty, 5);
	ck_assert_int_eq(maps.mapcount_max, 2);
	mmput(k, child);
	user_end(&u);
}
END_TEST

START_TEST(anothers_memory_is_read_and_written_across_pages)
{
	uint64_t words[2] = { 0 };

	user_anon(&u, AT, 2);
	user_write(&u, PAGE(1) - 8, 0x1122334455667788);
	user_write(&u, PAGE(1), 0x99);
	ck_assert_uint_eq(access_process_vm(k, u.mm, PAGE(1) - 8, words, 16, false), 16);
	ck_assert_uint_eq(words[0], 0x1122334455667788);
	ck_assert_uint_eq(words[1], 0x99);
	words[1] = 7;
	ck_assert_uint_eq(access_process_vm(k, u.mm, PAGE(1) - 8, words, 16, true), 16);
	ck_assert_uint_eq(user_read(&u, PAGE(1)), 7);
	/* up to the end of what is mapped */
	ck_assert_uint_eq(access_process_vm(k, u.mm, PAGE(2) - 8, words, 16, false), 8);
	ck_assert_int_eq(do_mprotect(k, u.mm, PAGE(1), PAGE_SIZE, PROT_READ_), 0);
	ck_assert_uint_eq(access_process_vm(k, u.mm, PAGE(1) - 8, words, 16, true), 8);
	user_end(&u);
}
END_TEST

START_TEST(writing_to_anothers_memory_copies_what_is_shared)
{
	struct mm_struct *child;
	uint64_t word = 2;

	user_anon(&u, AT, 1);
	user_write(&u, AT, 1);
	child = dup_mm(k, u.mm);
	ck_assert_uint_eq(access_process_vm(k, child, AT, &word, 8, true), 8);
	ck_assert_uint_eq(user_read(&u, AT), 1);
	word = 0;
	ck_assert_uint_eq(access_process_vm(k, child, AT, &word, 8, false), 8);
	ck_assert_uint_eq(word, 2);
	mmput(k, child);
	user_end(&u);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("task_mmu");
	TCase *tc = tcase_create("figures");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, written_pages_are_private_dirty_anonymous);
	tcase_add_test(tc, shares_of_a_page_add_up_to_it);
	tcase_add_test(tc, clean_file_pages_are_clean_and_the_files);
	tcase_add_test(tc, swapped_pages_are_swap_here_and_in_pagemap);
	tcase_add_test(tc, pagemap_is_zero_where_nothing_is);
	tcase_add_test(tc, clear_refs_forgets_uses_of_its_kind_and_flushes);
	tcase_add_test(tc, numa_maps_counts_pages_by_what_they_are);
	tcase_add_test(tc, anothers_memory_is_read_and_written_across_pages);
	tcase_add_test(tc, writing_to_anothers_memory_copies_what_is_shared);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
