/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm_user.h"

#include "mm/rmap.h"
#include "mm/vma.h"
#include "tests/run_suite.h"

#define RAM (8 * MIB)
#define AT ((va_t)0x40000000)
#define PAGE(n) (AT + (va_t)(n)*PAGE_SIZE)

static struct user u;
static struct kernel *const k = &u.f.k;
static struct user_swap swap;

static const struct paging_mode *const modes[] = { &paging_four_level, &paging_two_level,
	                                           &paging_pae };
#define NR_MODES 3

static void start(int mode)
{
	struct kernel_config config = fixture_config();

	config.paging = modes[mode];
	user_start(&u, RAM, &config);
	user_swap_on(&u, &swap, 512);
}

static void end(void)
{
	user_end(&u);
	free(swap.data);
}

static struct page *page_at(va_t va)
{
	uint64_t entry = user_entry(&u, va);

	ck_assert(entry & PTE_P);
	return pfn_to_page(k, (entry & PTE_PFN_MASK) >> PAGE_SHIFT);
}

/* Runs as the other address space from now on. */
static void switch_to(struct mm_struct *mm)
{
	u.mm = mm;
	memset(u.tlb, 0, sizeof(u.tlb));
}

static enum try_to_unmap_result unmap(struct page *page)
{
	enum try_to_unmap_result result;

	get_page(page);
	result = try_to_unmap(k, page);
	put_page(k, page);
	return result;
}

static void touch_file(struct user_file *file, uint32_t prot, uint32_t flags, va_t at,
                       uint64_t nr_pages)
{
	user_mmap(&u, at, nr_pages, prot, flags, &file->file, 0);
	for (uint64_t i = 0; i < nr_pages; i++)
		user_read(&u, at + i * PAGE_SIZE);
}

/* ---- references ---- */

START_TEST(references_are_counted_once_and_forgotten)
{
	uint64_t vm_flags;
	struct page *page;

	start(_i);
	user_anon(&u, AT, 2);
	user_write(&u, AT, 1);
	page = page_at(AT);
	ck_assert_uint_eq(page_referenced(k, page, &vm_flags), 1);
	ck_assert_uint_eq(vm_flags & VM_WRITE, VM_WRITE);
	ck_assert_uint_eq(page_referenced(k, page, &vm_flags), 0);
	ck_assert_uint_eq(user_entry(&u, AT) & PTE_A, 0);
	ck_assert_uint_eq(u.f.seen.flush_page + u.f.seen.flush_range, 0); /* as x86 Linux */
	end();
}
END_TEST

START_TEST(every_mapping_of_a_file_page_is_asked)
{
	struct user_file file;
	uint64_t vm_flags;
	struct page *page;

	start(_i);
	k->config.fault_around_pages = 1;
	user_file_open(&u, &file, 4 * PAGE_SIZE, FMODE_READ);
	touch_file(&file, PROT_READ_, MAP_PRIVATE_, AT, 4);
	touch_file(&file, PROT_READ_ | PROT_EXEC_, MAP_SHARED_, PAGE(600), 4);
	user_mmap(&u, PAGE(1200), 3, PROT_READ_, MAP_PRIVATE_, &file.file, 1);
	ck_assert_uint_eq(user_read(&u, PAGE(1201)), user_file_word(2));
	page = page_at(PAGE(2));
	ck_assert_int_eq(page->_mapcount, 3);
	ck_assert_uint_eq(page_referenced(k, page, &vm_flags), 3);
	ck_assert_uint_eq(vm_flags & VM_EXEC, VM_EXEC);
	/* Whoever reads in sequence does not count. */
	user_mmap(&u, PAGE(1200), 3, PROT_READ_, MAP_PRIVATE_, &file.file, 1);
	ck_assert_int_eq(do_madvise(k, u.mm, PAGE(1200), 3 * PAGE_SIZE, MADV_SEQUENTIAL_), 0);
	user_read(&u, PAGE(1201));
	ck_assert_uint_eq(page_referenced(k, page, &vm_flags), 0);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 2048 * PAGE_SIZE), 0);
	ck_assert_int_eq(page->_mapcount, 0);
	user_file_close(&u, &file);
	end();
}
END_TEST

/* ---- unmapping ---- */

START_TEST(an_anonymous_page_becomes_a_swap_entry)
{
	struct page *page;

	start(_i);
	user_anon(&u, AT, 4);
	user_write(&u, PAGE(1), 11);
	page = page_at(PAGE(1));
	ck_assert_int_eq(add_to_swap(k, page), 0);
	u.f.seen.flush_page = 0;
	ck_assert_int_eq(unmap(page), SWAP_SUCCESS);
	ck_assert_uint_eq(u.f.seen.flush_page, 1);
	ck_assert(PageDirty(page));
	ck_assert(pte_is_swap((pte_t){ user_entry(&u, PAGE(1)) }));
	ck_assert_int_eq(u.mm->rss_stat[MM_ANONPAGES], 0);
	ck_assert_int_eq(u.mm->rss_stat[MM_SWAPENTS], 1);
	ck_assert_uint_eq(u.mm->hiwater_rss, 1);
	fixture_check(&u.f);
	ck_assert_fault(&u, PAGE(1), ACCESS_LOAD, FAULT_SWAP_IN, FAULT_MINOR_DONE);
	ck_assert_uint_eq(user_read(&u, PAGE(1)), 11);
	ck_assert_ptr_eq(page_at(PAGE(1)), page);
	end();
}
END_TEST

START_TEST(unmapping_a_swap_entry_frees_its_slot)
{
	start(_i);
	user_anon(&u, AT, 1);
	user_write(&u, AT, 1);
	ck_assert_int_eq(add_to_swap(k, page_at(AT)), 0);
	ck_assert_int_eq(unmap(page_at(AT)), SWAP_SUCCESS);
	ck_assert_uint_lt(k->swap.nr_swap_pages, k->swap.total_swap_pages);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, PAGE_SIZE), 0);
	ck_assert_uint_eq(k->swap.nr_swap_pages, k->swap.total_swap_pages);
	end();
}
END_TEST

START_TEST(an_anonymous_page_without_a_slot_stays)
{
	start(_i);
	user_anon(&u, AT, 1);
	user_write(&u, AT, 1);
	ck_assert_int_eq(unmap(page_at(AT)), SWAP_FAIL);
	ck_assert_uint_eq(user_read(&u, AT), 1);
	end();
}
END_TEST

START_TEST(locked_pages_stay)
{
	start(_i);
	user_anon(&u, AT, 1);
	ck_assert_int_eq(do_mlock(k, u.mm, AT, PAGE_SIZE, true), 0);
	ck_assert_int_eq(unmap(page_at(AT)), SWAP_MLOCK);
	end();
}
END_TEST

START_TEST(a_file_page_goes_from_all_its_mappings_and_leaves_its_dirt)
{
	struct user_file file;
	struct page *page;

	start(_i);
	user_file_open(&u, &file, 4 * PAGE_SIZE, FMODE_READ | FMODE_WRITE);
	touch_file(&file, RW, MAP_SHARED_, AT, 4);
	touch_file(&file, PROT_READ_, MAP_PRIVATE_, PAGE(16), 4);
	user_write(&u, PAGE(2), 22);
	page = page_at(PAGE(2));
	cancel_dirty_page(k, page); /* as if only the entry knew */
	ck_assert_int_eq(unmap(page), SWAP_SUCCESS);
	ck_assert(PageDirty(page));
	ck_assert_uint_eq(user_entry(&u, PAGE(2)), 0);
	ck_assert_uint_eq(user_entry(&u, PAGE(18)), 0);
	fixture_check(&u.f);
	ck_assert_uint_eq(user_read(&u, PAGE(18)), 22);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 64 * PAGE_SIZE), 0);
	user_file_close(&u, &file);
	end();
}
END_TEST

/* No TLB can hold an entry that is not present. */
START_TEST(a_page_under_prot_none_is_unmapped_without_a_flush)
{
	struct page *page;

	start(_i);
	user_anon(&u, AT, 1);
	user_write(&u, AT, 5);
	page = page_at(AT);
	ck_assert_int_eq(do_mprotect(k, u.mm, AT, PAGE_SIZE, PROT_NONE_), 0);
	ck_assert_int_eq(add_to_swap(k, page), 0);
	u.f.seen.flush_page = 0;
	ck_assert_int_eq(unmap(page), SWAP_SUCCESS);
	ck_assert_uint_eq(u.f.seen.flush_page, 0);
	ck_assert_int_eq(do_mprotect(k, u.mm, AT, PAGE_SIZE, RW), 0);
	ck_assert_uint_eq(user_read(&u, AT), 5);
	end();
}
END_TEST

START_TEST(clean_pages_are_read_only_in_shared_mappings)
{
	struct user_file file;
	struct page *page;

	start(_i);
	user_file_open(&u, &file, 4 * PAGE_SIZE, FMODE_READ | FMODE_WRITE);
	touch_file(&file, RW, MAP_SHARED_, AT, 4);
	touch_file(&file, RW, MAP_SHARED_, PAGE(16), 4);
	user_write(&u, PAGE(1), 1);
	user_write(&u, PAGE(17), 2);
	page = page_at(PAGE(1));
	ck_assert_uint_eq(page_mkclean(k, page), 2);
	ck_assert_uint_eq(user_entry(&u, PAGE(1)) & (PTE_RW | PTE_D), 0);
	ck_assert_uint_eq(user_entry(&u, PAGE(17)) & (PTE_RW | PTE_D), 0);
	ck_assert_uint_eq(page_mkclean(k, page), 0);
	ck_assert_int_eq(do_munmap(k, u.mm, AT, 64 * PAGE_SIZE), 0);
	user_file_close(&u, &file);
	end();
}
END_TEST

/* ---- pages that moved ---- */

START_TEST(moved_and_split_areas_keep_their_pages_in_reach)
{
	start(_i);
	user_anon(&u, AT, 16);
	for (int i = 0; i < 16; i++)
		user_write(&u, PAGE(i), 300 + i);
	ck_assert_int_eq(do_munmap(k, u.mm, PAGE(5), PAGE_SIZE), 0);
	ck_assert_int_eq(do_mprotect(k, u.mm, PAGE(8), 2 * PAGE_SIZE, PROT_READ_), 0);
	ck_assert_int_eq(do_mremap(k, u.mm, PAGE(10), 4 * PAGE_SIZE, 4 * PAGE_SIZE,
	                           MREMAP_MAYMOVE_ | MREMAP_FIXED_, PAGE(700)),
	                 (int64_t)PAGE(700));
	for (int i = 0; i < 16; i++) {
		va_t va = i >= 10 && i < 14 ? PAGE(690 + i) : PAGE(i);

		if (i == 5)
			continue;
		ck_assert_int_eq(add_to_swap(k, page_at(va)), 0);
		ck_assert_int_eq(unmap(page_at(va)), SWAP_SUCCESS);
		ck_assert_uint_eq(user_read(&u, va), 300 + i);
	}
	end();
}
END_TEST

/* ---- fork ---- */

START_TEST(parent_and_child_share_until_one_writes)
{
	struct mm_struct *parent, *child;
	struct page *page;

	start(_i);
	user_anon(&u, AT, 4);
	user_write(&u, AT, 1);
	user_write(&u, PAGE(1), 2);
	user_read(&u, PAGE(2));
	page = page_at(AT);
	parent = u.mm;
	child = dup_mm(k, parent);
	ck_assert_ptr_nonnull(child);
	ck_assert_int_eq(page->_mapcount, 2);
	ck_assert_int_eq(child->rss_stat[MM_ANONPAGES], 2);
	fixture_check(&u.f);

	ck_assert_fault(&u, AT, ACCESS_STORE, FAULT_COW, FAULT_MINOR_DONE);
	user_write(&u, AT, 100);
	ck_assert_ptr_ne(page_at(AT), page);
	switch_to(child);
	ck_assert_uint_eq(user_read(&u, AT), 1);
	/* Nobody else is left: no copy. */
	ck_assert_fault(&u, AT, ACCESS_STORE, FAULT_COW, FAULT_MINOR_DONE);
	ck_assert_ptr_eq(page_at(AT), page);
	ck_assert_uint_eq(k->vm_events[PGREUSE], 1);
	user_write(&u, PAGE(1), 200);
	ck_assert_uint_eq(user_read(&u, PAGE(3)), 0);
	fixture_check(&u.f);

	switch_to(parent);
	mmput(k, child);
	ck_assert_uint_eq(user_read(&u, AT), 100);
	ck_assert_uint_eq(user_read(&u, PAGE(1)), 2);
	end();
}
END_TEST

START_TEST(a_page_of_two_is_unmapped_from_both_and_comes_back_to_both)
{
	struct mm_struct *parent, *child;
	struct page *page;
	uint64_t vm_flags;

	start(_i);
	user_anon(&u, AT, 2);
	user_write(&u, AT, 77);
	parent = u.mm;
	child = dup_mm(k, parent);
	page = page_at(AT);
	/* The child's entry starts old. */
	ck_assert_uint_eq(page_referenced(k, page, &vm_flags), 1);
	ck_assert_int_eq(add_to_swap(k, page), 0);
	ck_assert_int_eq(unmap(page), SWAP_SUCCESS);
	ck_assert_int_eq(parent->rss_stat[MM_SWAPENTS] + child->rss_stat[MM_SWAPENTS], 2);
	fixture_check(&u.f);

	/* The child's swap entry still names the slot: the parent's write copies. */
	ck_assert_fault(&u, AT, ACCESS_STORE, FAULT_SWAP_IN, FAULT_MINOR_DONE);
	user_write(&u, AT, 78);
	switch_to(child);
	ck_assert_uint_eq(user_read(&u, AT), 77);
	fixture_check(&u.f);
	switch_to(parent);
	ck_assert_uint_eq(user_read(&u, AT), 78);
	mmput(k, child);
	end();
}
END_TEST

START_TEST(swapped_out_memory_is_inherited)
{
	struct mm_struct *parent, *child;

	start(_i);
	user_anon(&u, AT, 1);
	user_write(&u, AT, 6);
	ck_assert_int_eq(add_to_swap(k, page_at(AT)), 0);
	ck_assert_int_eq(unmap(page_at(AT)), SWAP_SUCCESS);
	parent = u.mm;
	child = dup_mm(k, parent);
	/* A reader may not write what another entry still names. */
	ck_assert_uint_eq(user_read(&u, AT), 6);
	ck_assert_uint_eq(user_entry(&u, AT) & PTE_RW, 0);
	user_write(&u, AT, 7);
	switch_to(child);
	ck_assert_uint_eq(user_read(&u, AT), 6);
	switch_to(parent);
	mmput(k, child);
	ck_assert_uint_eq(user_read(&u, AT), 7);
	end();
}
END_TEST

START_TEST(shared_memory_stays_shared_and_files_fault_again)
{
	struct mm_struct *parent, *child;
	struct user_file file;

	start(_i);
	user_file_open(&u, &file, 4 * PAGE_SIZE, FMODE_READ);
	touch_file(&file, PROT_READ_, MAP_PRIVATE_, PAGE(32), 4);
	user_mmap(&u, AT, 2, RW, MAP_SHARED_ | MAP_ANONYMOUS_, NULL, 0);
	user_anon(&u, PAGE(8), 1);
	user_anon(&u, PAGE(16), 1);
	ck_assert_int_eq(do_madvise(k, u.mm, PAGE(16), PAGE_SIZE, MADV_DONTFORK_), 0);
	ck_assert_int_eq(do_mlock(k, u.mm, PAGE(8), PAGE_SIZE, true), 0);
	user_write(&u, AT, 1);
	parent = u.mm;
	child = dup_mm(k, parent);
	ck_assert_uint_eq(child->locked_vm, 0);
	ck_assert_int_eq(child->rss_stat[MM_FILEPAGES], 0);
	switch_to(child);
	user_write(&u, AT, 2);
	ck_assert_uint_eq(user_read(&u, PAGE(32)), user_file_word(0));
	ck_assert_signal(&u, PAGE(16), ACCESS_LOAD, FAULT_SIGSEGV, SEGV_MAPERR_);
	fixture_check(&u.f);
	switch_to(parent);
	ck_assert_uint_eq(user_read(&u, AT), 2);
	mmput(k, child);
	ck_assert_int_eq(do_munmap(k, u.mm, PAGE(32), 4 * PAGE_SIZE), 0);
	user_file_close(&u, &file);
	end();
}
END_TEST

START_TEST(mprotect_does_not_make_what_two_share_writable)
{
	struct mm_struct *parent, *child;

	start(_i);
	user_anon(&u, AT, 1);
	user_write(&u, AT, 1);
	parent = u.mm;
	child = dup_mm(k, parent);
	ck_assert_int_eq(do_mprotect(k, u.mm, AT, PAGE_SIZE, PROT_READ_), 0);
	ck_assert_int_eq(do_mprotect(k, u.mm, AT, PAGE_SIZE, RW), 0);
	user_write(&u, AT, 2);
	switch_to(child);
	ck_assert_uint_eq(user_read(&u, AT), 1);
	switch_to(parent);
	mmput(k, child);
	end();
}
END_TEST

START_TEST(a_copy_for_which_there_is_no_memory_leaves_all_as_it_was)
{
	struct mm_struct *parent, *child;
	uint64_t n = 0;

	start(_i);
	user_anon(&u, AT, 1);
	user_write(&u, AT, 1);
	ck_assert_int_eq(do_mlock(k, u.mm, AT, PAGE_SIZE, true), 0);
	parent = u.mm;
	child = dup_mm(k, parent);
	parent->oom_score_adj = child->oom_score_adj = -1000;
	parent->memlock_limit = UINT64_MAX;
	ck_assert_int_eq(do_mlockall(k, parent, MCL_FUTURE_ | MCL_ONFAULT_), 0);
	user_mmap(&u, PAGE(1024), 4096, RW, ANON | MAP_NORESERVE_, NULL, 0);
	while (user_touch(&u, PAGE(1024 + n), ACCESS_STORE))
		n++;
	ck_assert_int_eq(u.last.outcome, FAULT_OOM);
	ck_assert_signal(&u, AT, ACCESS_STORE, FAULT_OOM, 0);
	ck_assert_int_eq(page_at(AT)->_mapcount, 2);
	ck_assert_int_eq(page_count(page_at(AT)), 2);
	ck_assert_int_eq(do_munmap(k, parent, PAGE(1024), 4096 * PAGE_SIZE), 0);
	user_write(&u, AT, 2);
	switch_to(child);
	ck_assert_uint_eq(user_read(&u, AT), 1);
	switch_to(parent);
	mmput(k, child);
	end();
}
END_TEST

/* What one writes, no other sees: three generations under memory pressure. */
START_TEST(random_writes_of_a_family_stay_apart)
{
	enum { FAMILY = 3, PAGES = 150 };
	static uint64_t model[FAMILY][PAGES];
	struct fixture_random random = fixture_seed(0x5eed0300 + (uint64_t)_i);
	struct kernel_config config = fixture_config();
	struct mm_struct *family[FAMILY] = { NULL };
	struct mm_struct *first;

	config.paging = modes[_i];
	user_start(&u, 2 * MIB, &config);
	user_swap_on(&u, &swap, 2048);
	memset(model, 0, sizeof(model));
	user_anon(&u, AT, PAGES);
	first = family[0] = u.mm;
	for (uint64_t i = 0; i < fixture_cases(4000); i++) {
		uint64_t who = fixture_below(&random, FAMILY), n = fixture_below(&random, PAGES);

		if (!family[who]) {
			uint64_t from = fixture_below(&random, FAMILY);

			if (!family[from])
				continue;
			family[who] = dup_mm(k, family[from]);
			ck_assert_ptr_nonnull(family[who]);
			memcpy(model[who], model[from], sizeof(model[who]));
		}
		switch_to(family[who]);
		ck_assert_uint_eq(user_read(&u, PAGE(n)), model[who][n]);
		if (fixture_below(&random, 2)) {
			model[who][n] = fixture_random(&random);
			user_write(&u, PAGE(n), model[who][n]);
		}
		if (who && fixture_below(&random, 400) == 0) {
			switch_to(first);
			mmput(k, family[who]);
			family[who] = NULL;
		}
		if (i % 512 == 0)
			fixture_check(&u.f);
	}
	ck_assert_uint_gt(k->vm_events[PSWPOUT], 0);
	switch_to(first);
	for (int i = 1; i < FAMILY; i++)
		if (family[i])
			mmput(k, family[i]);
	end();
}
END_TEST

/* ---- the check itself ---- */

START_TEST(a_wrong_map_count_is_noticed)
{
	char what[256] = "";

	start(_i);
	user_anon(&u, AT, 1);
	user_write(&u, AT, 1);
	ck_assert(rmap_is_valid(k, what, sizeof(what)));
	page_at(AT)->_mapcount++;
	ck_assert(!rmap_is_valid(k, what, sizeof(what)));
	page_at(AT)->_mapcount--;
	page_at(AT)->index++;
	ck_assert(!rmap_is_valid(k, what, sizeof(what)));
	page_at(AT)->index--;
	u.mm->rss_stat[MM_ANONPAGES]++;
	ck_assert(!mm_is_valid(k, u.mm, what, sizeof(what)));
	u.mm->rss_stat[MM_ANONPAGES]--;
	ck_assert(mm_is_valid(k, u.mm, what, sizeof(what)));
	end();
}
END_TEST

static TCase *rmap_tests(void)
{
	TCase *t = tcase_create("rmap");

	tcase_add_loop_test(t, references_are_counted_once_and_forgotten, 0, NR_MODES);
	tcase_add_loop_test(t, every_mapping_of_a_file_page_is_asked, 0, NR_MODES);
	tcase_add_loop_test(t, an_anonymous_page_becomes_a_swap_entry, 0, NR_MODES);
	tcase_add_loop_test(t, unmapping_a_swap_entry_frees_its_slot, 0, NR_MODES);
	tcase_add_loop_test(t, an_anonymous_page_without_a_slot_stays, 0, NR_MODES);
	tcase_add_loop_test(t, locked_pages_stay, 0, NR_MODES);
	tcase_add_loop_test(t, a_file_page_goes_from_all_its_mappings_and_leaves_its_dirt, 0,
	                    NR_MODES);
	tcase_add_loop_test(t, a_page_under_prot_none_is_unmapped_without_a_flush, 0, NR_MODES);
	tcase_add_loop_test(t, clean_pages_are_read_only_in_shared_mappings, 0, NR_MODES);
	tcase_add_loop_test(t, moved_and_split_areas_keep_their_pages_in_reach, 0, NR_MODES);
	tcase_add_loop_test(t, a_wrong_map_count_is_noticed, 0, NR_MODES);
	return t;
}

static TCase *fork_tests(void)
{
	TCase *t = tcase_create("fork");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, parent_and_child_share_until_one_writes, 0, NR_MODES);
	tcase_add_loop_test(t, a_page_of_two_is_unmapped_from_both_and_comes_back_to_both, 0,
	                    NR_MODES);
	tcase_add_loop_test(t, swapped_out_memory_is_inherited, 0, NR_MODES);
	tcase_add_loop_test(t, shared_memory_stays_shared_and_files_fault_again, 0, NR_MODES);
	tcase_add_loop_test(t, mprotect_does_not_make_what_two_share_writable, 0, NR_MODES);
	tcase_add_loop_test(t, a_copy_for_which_there_is_no_memory_leaves_all_as_it_was, 0,
	                    NR_MODES);
	tcase_add_loop_test(t, random_writes_of_a_family_stay_apart, 0, NR_MODES);
	return t;
}

int main(void)
{
	Suite *suite = suite_create("mm/rmap");

	suite_add_tcase(suite, rmap_tests());
	suite_add_tcase(suite, fork_tests());
	return run_suite(suite);
}
