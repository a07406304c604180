/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program's life in which something fails: maps of every kind, fork, reclaim, swap
 * and swapoff, over and over, with another allocation or transfer failing each time.
 * Whatever fails, what was stored is there or its access ends in a signal, every
 * invariant of the kernel holds, and every frame is back in the end.
 */
#include "mm_user.h"

#include "mm/page_alloc.h"
#include "tests/run_suite.h"

#define PAGES 24

/* A mapping, and what the first word of each of its pages has to be. */
struct area {
	va_t va; /* 0: mapping it failed */
	uint64_t nr_pages;
	uint64_t words[2 * PAGES];
	bool gone[2 * PAGES], read_only[2 * PAGES];
};

enum { ANONYMOUS, MOVED, SHMEM, FILE_PRIVATE, FILE_SHARED, NR_AREAS };

static struct user u;
static struct kernel *const k = &u.f.k;
static struct user_file file;
static struct user_swap swap;
static struct area areas[NR_AREAS];

/* ---- accesses that may fail ---- */

/* NULL: no memory, again and again, or the page is lost on a disk. */
static uint8_t *touch(va_t va, enum access_kind kind)
{
	for (int tries = 0; tries < 3; tries++) {
		uint8_t *at = user_touch(&u, va, kind);

		if (at)
			return at;
		if (u.last.outcome == FAULT_SIGBUS)
			return NULL;
		ck_assert_int_eq(u.last.outcome, FAULT_OOM);
	}
	return NULL;
}

static bool is_mapped(const struct area *area, uint64_t page)
{
	return area->va && page < area->nr_pages && !area->gone[page];
}

static void store(struct area *area, uint64_t page, uint64_t value)
{
	uint8_t *at;

	if (!is_mapped(area, page) || area->read_only[page])
		return;
	at = touch(area->va + page * PAGE_SIZE, ACCESS_STORE);
	if (!at)
		return;
	memcpy(at, &value, sizeof(value));
	area->words[page] = value;
}

static void store_all(uint64_t salt)
{
	for (int i = 0; i < NR_AREAS; i++)
		for (uint64_t page = 0; page < areas[i].nr_pages; page++)
			if (i != FILE_PRIVATE || page % 2)
				store(&areas[i], page, salt + (uint64_t)i * 1000 + page);
}

static void check_area(const struct area *area)
{
	for (uint64_t page = 0; page < area->nr_pages; page++) {
		uint64_t word;
		uint8_t *at;

		if (!is_mapped(area, page))
			continue;
		at = touch(area->va + page * PAGE_SIZE, ACCESS_LOAD);
		if (!at)
			continue;
		memcpy(&word, at, sizeof(word));
		if (word != area->words[page])
			ck_abort_msg("area %d, page %lu: %#lx, not %#lx", (int)(area - areas),
			             (unsigned long)page, (unsigned long)word,
			             (unsigned long)area->words[page]);
	}
}

static void check_all(void)
{
	for (int i = 0; i < NR_AREAS; i++)
		check_area(&areas[i]);
	fixture_check(&u.f);
}

/* ---- the stations of the life ---- */

static void map(int which, uint32_t flags, struct file *from)
{
	int64_t va = do_mmap(k, u.mm, from, 0, PAGES * PAGE_SIZE, RW, flags, 0);
	struct area *area = &areas[which];

	memset(area, 0, sizeof(*area));
	if (va < 0) {
		ck_assert_int_eq(va, -ENOMEM);
		return;
	}
	area->va = (va_t)va;
	area->nr_pages = PAGES;
	for (pgoff_t i = 0; from && i < PAGES; i++)
		area->words[i] = user_file_word(i);
}

static void map_all(void)
{
	map(ANONYMOUS, ANON, NULL);
	map(MOVED, ANON, NULL);
	map(SHMEM, MAP_SHARED_ | MAP_ANONYMOUS_, NULL);
	map(FILE_PRIVATE, MAP_PRIVATE_, &file.file);
	map(FILE_SHARED, MAP_SHARED_, &file.file);
	/* what is stored to the shared pages is seen by the private ones */
	for (uint64_t page = 0; page < areas[FILE_PRIVATE].nr_pages; page += 2)
		areas[FILE_SHARED].read_only[page] = true;
	for (uint64_t page = 1; page < areas[FILE_PRIVATE].nr_pages; page += 2)
		areas[FILE_SHARED].gone[page] = true;
}

static void change_maps(void)
{
	struct area *anon = &areas[ANONYMOUS], *moved = &areas[MOVED];

	if (anon->va && !do_mprotect(k, u.mm, anon->va + 4 * PAGE_SIZE, 4 * PAGE_SIZE, PROT_READ_))
		memset(anon->read_only + 4, true, 4);
	if (anon->va && !do_munmap(k, u.mm, anon->va + 10 * PAGE_SIZE, 3 * PAGE_SIZE))
		memset(anon->gone + 10, true, 3);
	if (anon->va && !do_madvise(k, u.mm, anon->va, PAGE_SIZE, MADV_DONTNEED_))
		anon->words[0] = 0;
	if (anon->va)
		do_mlock(k, u.mm, anon->va + 14 * PAGE_SIZE, 4 * PAGE_SIZE, true);
	if (moved->va) {
		int64_t va = do_mremap(k, u.mm, moved->va, PAGES * PAGE_SIZE, 2 * PAGES * PAGE_SIZE,
		                       MREMAP_MAYMOVE_, 0);

		if (va > 0) {
			moved->va = (va_t)va;
			moved->nr_pages = 2 * PAGES;
		}
	}
}

static void fork_and_exit(void)
{
	struct mm_struct *parent = u.mm, *child = dup_mm(k, parent);

	if (!child)
		return;
	u.mm = child;
	user_flush_all(&u);
	check_all();
	for (uint64_t page = 0; page < 4; page++) {
		uint8_t *at = is_mapped(&areas[MOVED], page)
		                  ? touch(areas[MOVED].va + page * PAGE_SIZE, ACCESS_STORE)
		                  : NULL;

		if (at)
			memset(at, 0xee, 8); /* the child's alone */
	}
	u.mm = parent;
	user_flush_all(&u);
	mmput(k, child);
}

static void reclaim(void)
{
	for (int i = 0; i < 12; i++)
		reclaim_for(k, GFP_KERNEL);
}

static void live(void)
{
	u.mm = mm_alloc(k);
	if (!u.mm)
		return;
	map_all();
	check_all();
	store_all(1000000);
	change_maps();
	check_all();
	fork_and_exit();
	check_all();
	reclaim();
	check_all();
	store_all(2000000);
	reclaim();
	fork_and_exit();
	swapoff(k, &swap.device);
	check_all();
	mmput(k, u.mm);
}

/* From boot to shutdown with one rule. Returns how often it struck. */
static uint64_t live_with(enum fault_site site, struct fault_rule rule, uint64_t seed)
{
	uint64_t failed;

	memset(&u, 0, sizeof(u));
	memset(areas, 0, sizeof(areas));
	fixture_boot(&u.f, 4 * MIB, NULL);
	k->ops = &user_ops;
	user_swap_on(&u, &swap, 256);
	user_file_open(&u, &file, PAGES * PAGE_SIZE, FMODE_READ | FMODE_WRITE);
	fault_inject_set(&k->fault_inject, site, rule, seed);
	live();
	user_file_close(&u, &file);
	failed = k->fault_inject.sites[site].nr_failed;
	fixture_check(&u.f);
	kernel_shutdown(k);
	fixture_finish(&u.f);
	free(swap.data);
	return failed;
}

/* ---- tests ---- */

/* All of the first 16, then ever fewer; all with PW_CASES. */
static uint64_t next_n(uint64_t n)
{
	return n + 1 + (getenv("PW_CASES") ? 0 : n / 16);
}

START_TEST(any_one_failure_is_survived)
{
	uint64_t n = 1, last = 0;

	for (; live_with((enum fault_site)_i, (struct fault_rule){ FAULT_NTH, n }, 0);
	     n = next_n(n))
		last = n;
	printf("# %s: each of %lu failures\n", fault_site_names[_i], (unsigned long)last);
	ck_assert_uint_gt(last, 10);
}
END_TEST

START_TEST(failures_over_and_over_are_survived)
{
	struct fixture_random random = fixture_seed(0x6661696c);

	for (uint64_t n = 1; n < 40; n += 1 + n / 4) {
		live_with((enum fault_site)_i, (struct fault_rule){ FAULT_EVERY, n }, 0);
		live_with((enum fault_site)_i, (struct fault_rule){ FAULT_FRACTION, n + 1 },
		          fixture_random(&random));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm/failures");
	TCase *tcase = tcase_create("failures");

	tcase_add_loop_test(tcase, any_one_failure_is_survived, 0, NR_FAULT_SITES);
	tcase_add_loop_test(tcase, failures_over_and_over_are_survived, 0, NR_FAULT_SITES);
	tcase_set_timeout(tcase, 600);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
