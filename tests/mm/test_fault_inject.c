/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm_fixture.h"
#include "ram_swap.h"

#include "mm/page_alloc.h"
#include "mm/pagemap.h"
#include "tests/run_suite.h"

#define RULE(m, count) ((struct fault_rule){ .mode = (m), .n = (count) })

/* ---- rules ---- */

static const struct {
	const char *text;
	struct fault_rule rule;
} rules[] = {
	{ "off", { FAULT_OFF, 0 } },
	{ "nth:1", { FAULT_NTH, 1 } },
	{ "nth:18446744073709551615", { FAULT_NTH, UINT64_MAX } },
	{ "every:7", { FAULT_EVERY, 7 } },
	{ "fraction:1/50", { FAULT_FRACTION, 50 } },
};

START_TEST(a_rule_is_printed_as_it_was_read)
{
	struct fault_rule rule = { FAULT_EVERY, 99 };
	char text[FAULT_RULE_TEXT_MAX];

	ck_assert(fault_rule_parse(&rule, rules[_i].text));
	ck_assert_int_eq(rule.mode, rules[_i].rule.mode);
	ck_assert_uint_eq(rule.n, rules[_i].rule.n);
	fault_rule_print(&rule, text, sizeof(text));
	ck_assert_str_eq(text, rules[_i].text);
}
END_TEST

static const char *const bad_rules[] = {
	"",
	"on",
	"nth",
	"nth:",
	"nth:0",
	"nth:-1",
	"nth:+1",
	"nth: 1",
	"nth:1 ",
	"every:1x",
	"fraction:2/3",
	"fraction:1/0",
	"Nth:1",
	"fraction:1/",
	"offf",
	"every:0x10",
	"nth:18446744073709551616",
};

START_TEST(a_bad_rule_is_refused_and_changes_nothing)
{
	struct fault_rule rule = { FAULT_EVERY, 99 };

	ck_assert(!fault_rule_parse(&rule, bad_rules[_i]));
	ck_assert_int_eq(rule.mode, FAULT_EVERY);
	ck_assert_uint_eq(rule.n, 99);
}
END_TEST

/* ---- deciding ---- */

START_TEST(nth_fails_once_and_every_each_time)
{
	struct fault_inject fi = { 0 };

	fault_inject_set(&fi, FAIL_PAGE_ALLOC, RULE(FAULT_NTH, 3), 0);
	fault_inject_set(&fi, FAIL_SLAB, RULE(FAULT_EVERY, 3), 0);
	for (int i = 1; i <= 12; i++) {
		ck_assert_int_eq(should_fail(&fi, FAIL_PAGE_ALLOC, GFP_KERNEL), i == 3);
		ck_assert_int_eq(should_fail(&fi, FAIL_SLAB, GFP_KERNEL), i % 3 == 0);
		ck_assert(!should_fail(&fi, FAIL_SWAP_READ, 0));
	}
	ck_assert_uint_eq(fi.sites[FAIL_PAGE_ALLOC].nr_failed, 1);
	ck_assert_uint_eq(fi.sites[FAIL_SLAB].nr_failed, 4);
	ck_assert_uint_eq(fi.sites[FAIL_SLAB].nr_asked, 12);
	ck_assert_uint_eq(fi.sites[FAIL_SWAP_READ].nr_asked, 0);
	fault_inject_set(&fi, FAIL_SLAB, RULE(FAULT_OFF, 0), 0);
	ck_assert_uint_eq(fi.armed, 1u << FAIL_PAGE_ALLOC);
}
END_TEST

/* The answers of 4096 questions: how many fail, and a hash of which. */
static uint64_t stream(uint64_t seed, enum fault_site site, uint64_t *nr_failed)
{
	struct fault_inject fi = { 0 };
	uint64_t hash = 0;

	fault_inject_set(&fi, site, RULE(FAULT_FRACTION, 8), seed);
	for (int i = 0; i < 4096; i++)
		hash = hash * 31 + should_fail(&fi, site, 0);
	*nr_failed = fi.sites[site].nr_failed;
	return hash;
}

START_TEST(a_fraction_follows_its_seed)
{
	uint64_t failed, again;
	uint64_t first = stream(1, FAIL_SLAB, &failed);

	ck_assert_uint_gt(failed, 512 - 128); /* six standard deviations of 21 */
	ck_assert_uint_lt(failed, 512 + 128);
	ck_assert_uint_eq(stream(1, FAIL_SLAB, &again), first);
	ck_assert_uint_eq(again, failed);
	ck_assert_uint_ne(stream(2, FAIL_SLAB, &again), first);
	ck_assert_uint_ne(stream(1, FAIL_PAGE_ALLOC, &again), first);
}
END_TEST

START_TEST(nofail_is_not_asked)
{
	struct fault_inject fi = { 0 };

	fault_inject_set(&fi, FAIL_PAGE_ALLOC, RULE(FAULT_EVERY, 1), 0);
	ck_assert(!should_fail(&fi, FAIL_PAGE_ALLOC, GFP_KERNEL | __GFP_NOFAIL));
	ck_assert_uint_eq(fi.sites[FAIL_PAGE_ALLOC].nr_asked, 0);
	ck_assert(should_fail(&fi, FAIL_PAGE_ALLOC, GFP_KERNEL));
}
END_TEST

/* ---- where it strikes ---- */

static struct fixture f;
static struct kernel *const k = &f.k;

START_TEST(page_allocations_fail_with_memory_free)
{
	uint64_t free_pages;
	struct page *page;

	fixture_boot(&f, 16 * MIB, NULL);
	free_pages = nr_free_pages(k);
	fault_inject_set(&k->fault_inject, FAIL_PAGE_ALLOC, RULE(FAULT_NTH, 2), 0);
	page = alloc_pages(k, GFP_KERNEL, 1);
	ck_assert_ptr_nonnull(page);
	ck_assert_ptr_null(alloc_pages(k, GFP_KERNEL, 1));
	ck_assert(fixture_logged(&f, "page allocation failure: order:1"));
	__free_pages(k, page, 1);
	ck_assert_uint_eq(nr_free_pages(k), free_pages);
	fixture_check(&f);
	kernel_shutdown(k);
	fixture_finish(&f);
}
END_TEST

START_TEST(slab_allocations_fail_and_large_ones_are_page_allocations)
{
	void *object;

	fixture_boot(&f, 16 * MIB, NULL);
	fault_inject_set(&k->fault_inject, FAIL_SLAB, RULE(FAULT_EVERY, 1), 0);
	ck_assert_ptr_null(kmalloc(k, 100, GFP_KERNEL));
	ck_assert_ptr_null(kzalloc(k, 8192, GFP_ATOMIC));
	object = kmalloc(k, 100, GFP_KERNEL | __GFP_NOFAIL);
	ck_assert_ptr_nonnull(object);
	kfree(k, object);
	object = kmalloc(k, 8193, GFP_KERNEL);
	ck_assert_ptr_nonnull(object);
	kfree(k, object);
	ck_assert_ptr_null(kmem_cache_create(k, "test", 64, 0, 0, NULL));
	fixture_check(&f);
	kernel_shutdown(k);
	fixture_finish(&f);
}
END_TEST

/* Objects of 512 bytes fill their page: the slab's record is kmalloc()ed. */
START_TEST(a_slab_without_a_record_gives_its_pages_back)
{
	uint64_t free_pages;
	void *object;

	fixture_boot(&f, 16 * MIB, NULL);
	object = kmalloc(k, 32, GFP_KERNEL);
	free_pages = nr_free_pages(k);
	ck_assert(k->kmalloc_caches[9]->off_slab);
	fault_inject_set(&k->fault_inject, FAIL_SLAB, RULE(FAULT_NTH, 2), 0);
	ck_assert_ptr_null(kmalloc(k, 512, GFP_KERNEL));
	ck_assert_uint_eq(k->fault_inject.sites[FAIL_SLAB].nr_failed, 1);
	ck_assert_uint_eq(nr_free_pages(k), free_pages);
	kfree(k, object);
	fixture_check(&f);
	kernel_shutdown(k);
	fixture_finish(&f);
}
END_TEST

/* A page in the swap cache, dirty, with one entry naming its slot. */
static struct page *page_with_slot(void)
{
	struct page *page = alloc_page(k, GFP_HIGHUSER_MOVABLE);

	ck_assert_ptr_nonnull(page);
	SetPageUptodate(page);
	SetPageSwapBacked(page);
	ck_assert_int_eq(add_to_swap(k, page), 0);
	ck_assert_int_eq(swap_duplicate(k, (swp_entry_t){ page->private }), 0);
	return page;
}

START_TEST(a_page_that_cannot_be_written_stays_dirty)
{
	struct ram_swap swap;
	struct page *page;
	swp_entry_t entry;

	fixture_boot(&f, 16 * MIB, NULL);
	ram_swap_on(k, &swap, 64, -1);
	page = page_with_slot();
	entry.val = page->private;
	fault_inject_set(&k->fault_inject, FAIL_SWAP_WRITE, RULE(FAULT_NTH, 1), 0);
	ck_assert_int_eq(swap_writepage(k, page), -EIO);
	ck_assert(PageDirty(page));
	ck_assert_int_eq(swap_writepage(k, page), 0);
	ck_assert(!PageDirty(page));
	swap_finish_plug(k);
	delete_from_swap_cache(k, page);
	put_page(k, page);

	fault_inject_set(&k->fault_inject, FAIL_SWAP_READ, RULE(FAULT_NTH, 1), 0);
	ck_assert_int_eq(read_swap_cache(k, entry, GFP_KERNEL, &page), -EIO);
	ck_assert_int_eq(read_swap_cache(k, entry, GFP_KERNEL, &page), 0);
	put_page(k, page);
	free_swap_and_cache(k, entry);
	kernel_shutdown(k);
	ram_swap_close(&swap);
	fixture_finish(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm/fault_inject");
	TCase *tcase = tcase_create("fault_inject");

	tcase_add_loop_test(tcase, a_rule_is_printed_as_it_was_read, 0,
	                    (int)(sizeof(rules) / sizeof(rules[0])));
	tcase_add_loop_test(tcase, a_bad_rule_is_refused_and_changes_nothing, 0,
	                    (int)(sizeof(bad_rules) / sizeof(bad_rules[0])));
	tcase_add_test(tcase, nth_fails_once_and_every_each_time);
	tcase_add_test(tcase, a_fraction_follows_its_seed);
	tcase_add_test(tcase, nofail_is_not_asked);
	tcase_add_test(tcase, page_allocations_fail_with_memory_free);
	tcase_add_test(tcase, slab_allocations_fail_and_large_ones_are_page_allocations);
	tcase_add_test(tcase, a_slab_without_a_record_gives_its_pages_back);
	tcase_add_test(tcase, a_page_that_cannot_be_written_stays_dirty);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
