/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reclaim policies of one list, each against a cache that does by slow and obvious
 * means what the policy's name says: on a stream of uses of more pages than fit, every
 * page that the kernel reclaims is the one that the model gives up next.
 *
 * The pages are those of one kind, in one zone: anonymous memory that a program loads
 * from and stores to, or a file that is read. When to reclaim, and how many pages to
 * look at, is the kernel's: the model looks at as many.
 */
#include "mm/reclaim_policy.h"

#include "mm/pagemap.h"
#include "tests/mm/disk_file.h"
#include "tests/mm/mm_fixture.h"
#include "tests/mm/ram_swap.h"
#include "tests/mm/user_access.h"
#include "tests/run_suite.h"

#define RAM_BYTES (4 * MIB)
#define NR_FRAMES (RAM_BYTES / PAGE_SIZE)
#define NR_PAGES (2 * NR_FRAMES)

/* ---- the model ---- */

struct model {
	struct observer observer; /* first */
	const char *policy;
	struct kernel *k;
	uint32_t order[NR_PAGES]; /* the cached pages, newest first */
	uint32_t nr;
	bool used[NR_PAGES]; /* clock: since the hand was there */
	uint32_t page_of_frame[NR_FRAMES];
	pfn_t frame_of_page[NR_PAGES];
	uint64_t random;
	uint64_t nr_looked_at, nr_victims;
};

static bool is(const struct model *m, const char *policy)
{
	return !strcmp(m->policy, policy);
}

static uint32_t place_of(const struct model *m, uint32_t page)
{
	uint32_t at = 0;

	while (at < m->nr && m->order[at] != page)
		at++;
	return at;
}

static void take_out(struct model *m, uint32_t at)
{
	m->nr--;
	memmove(m->order + at, m->order + at + 1, (m->nr - at) * sizeof(m->order[0]));
}

static void put_first(struct model *m, uint32_t page)
{
	memmove(m->order + 1, m->order, m->nr * sizeof(m->order[0]));
	m->order[0] = page;
	m->nr++;
}

static void model_use(struct model *m, uint32_t page, pfn_t frame)
{
	uint32_t at = place_of(m, page);

	if (at == m->nr || is(m, "lru")) {
		if (at < m->nr)
			take_out(m, at);
		put_first(m, page);
	}
	m->used[page] = true;
	m->page_of_frame[frame] = page;
	m->frame_of_page[page] = frame;
}

/* Where the next page to go stands, of those that go by chance: frames are drawn by
 * splitmix64 until one has a cached page. */
static uint32_t draw(struct model *m)
{
	for (;;) {
		uint64_t z = m->random += 0x9e3779b97f4a7c15;
		uint32_t at, page;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		z = (z ^ z >> 31) % NR_FRAMES;
		page = m->page_of_frame[z];
		at = place_of(m, page);
		if (at < m->nr && m->frame_of_page[page] == z)
			return at;
	}
}

/* Looks at one page. True: it goes, and *victim is it. */
static bool look(struct model *m, uint32_t *victim)
{
	uint32_t at = is(m, "random") ? draw(m) : m->nr - 1, page = m->order[at];

	m->nr_looked_at++;
	take_out(m, at);
	if (is(m, "clock") && m->used[page]) {
		m->used[page] = false;
		put_first(m, page);
		return false;
	}
	*victim = page;
	return true;
}

static void notice(struct observer *observer, const struct event *event)
{
	struct model *m = (struct model *)observer;
	uint32_t got = m->page_of_frame[event->pfn], want;

	while (!look(m, &want))
		;
	if (got != want)
		ck_abort_msg("%s: victim %llu is page %u, not %u", m->policy,
		             (unsigned long long)m->nr_victims, got, want);
	m->nr_victims++;
}

/* The kernel may have looked at some more pages, without freeing any. */
static void catch_up(struct model *m)
{
	uint64_t scanned = m->k->vm_events[PGSCAN_KSWAPD] + m->k->vm_events[PGSCAN_DIRECT];
	uint32_t victim;

	while (m->nr_looked_at < scanned)
		if (look(m, &victim))
			ck_abort_msg("%s: page %u is still there", m->policy, victim);
	ck_assert_uint_eq(m->nr_looked_at, scanned);
}

/* ---- the kernel ---- */

static struct fixture f;
static struct model model;

struct user {
	void (*start)(void);
	/* The frame that it is in. *came: it was not in memory. */
	pfn_t (*use)(uint32_t page, bool *came);
	void (*finish)(void);
};

static struct mm_struct *mm;
static struct ram_swap swap;
static va_t base;

static void anon_start(void)
{
	int64_t at;

	ram_swap_on(&f.k, &swap, NR_PAGES + 1, -1);
	mm = mm_alloc(&f.k);
	at = do_mmap(&f.k, mm, NULL, 0, NR_PAGES * PAGE_SIZE, PROT_READ_ | PROT_WRITE_,
	             MAP_PRIVATE_ | MAP_ANONYMOUS_ | MAP_NORESERVE_, 0);
	ck_assert_int_gt(at, 0);
	base = (va_t)at;
	/* Page tables now, so that no fault needs a second page. */
	for (uint32_t page = 0; page < NR_PAGES; page += 128)
		user_load(&f.k, mm, base + page * PAGE_SIZE);
	user_load(&f.k, mm, base + (NR_PAGES - 1) * PAGE_SIZE);
}

static bool can_store(pte_t pte)
{
	return pte_accessible(pte) && pte_write(pte);
}

/* A store: a load may get the page of zeroes, which is on no list. kswapd does not run
 * before the page is known to the model. */
static pfn_t anon_use(uint32_t page, bool *came)
{
	va_t va = base + page * PAGE_SIZE;
	pte_slot_t *ptep = pte_lookup(&f.k, mm, va);

	*came = !can_store(pte_get(&f.k, ptep));
	while (!can_store(pte_get(&f.k, ptep))) {
		struct fault_result result = do_page_fault(&f.k, mm, va, PF_U | PF_W, 0);

		if (result.outcome != FAULT_MINOR_DONE && result.outcome != FAULT_MAJOR_DONE)
			ck_abort_msg("page %u: outcome %d", page, (int)result.outcome);
	}
	set_pte(&f.k, ptep, pte_mkdirty(pte_mkyoung(pte_get(&f.k, ptep))));
	return pte_pfn(pte_get(&f.k, ptep));
}

static void anon_finish(void)
{
	mmput(&f.k, mm);
}

static struct disk_file file;

static void file_start(void)
{
	disk_file_open(&f.k, &file, NR_PAGES * PAGE_SIZE, NR_PAGES);
}

static int64_t look_at(void *context, void *page_memory, uint64_t offset, uint64_t len)
{
	*(pfn_t *)context = (pfn_t)((uint8_t *)page_memory - f.ram.base) >> PAGE_SHIFT;
	return (int64_t)len;
}

static pfn_t file_use(uint32_t page, bool *came)
{
	uint64_t nr_read = file.nr_read;
	pfn_t pfn = 0;

	ck_assert_int_eq(filemap_read(&f.k, &file.file, page * PAGE_SIZE, 8, look_at, &pfn), 8);
	*came = file.nr_read > nr_read;
	return pfn;
}

static void file_finish(void)
{
	disk_file_close(&f.k, &file);
}

static const struct user users[] = {
	{ anon_start, anon_use, anon_finish },
	{ file_start, file_use, file_finish },
};

static void start(const struct reclaim_policy *policy, const struct user *user, uint64_t seed)
{
	struct kernel_config config = fixture_config();

	config.page_cluster = 0;
	config.read_ahead_pages = 0;
	config.reclaim_policy = policy;
	config.reclaim_seed = seed;
	fixture_boot(&f, RAM_BYTES, &config);
	user->start();
	memset(&model, 0, sizeof(model));
	model.policy = policy->name;
	model.k = &f.k;
	model.random = seed;
	model.observer.wants = 1u << EVENT_PAGE_RECLAIMED;
	model.observer.notice = notice;
	event_observe(&f.events, &model.observer);
}

static void finish(const struct user *user)
{
	event_ignore(&f.events, &model.observer);
	fixture_check(&f);
	user->finish();
	kernel_shutdown(&f.k);
	fixture_finish(&f);
	if (swap.data)
		ram_swap_close(&swap);
}

/* Low numbers often, high ones rarely: of n pages, half of the uses are to n/4. */
static uint32_t skewed(struct fixture_random *random)
{
	uint64_t a = fixture_below(random, NR_PAGES), b = fixture_below(random, NR_PAGES);

	return (uint32_t)(a * b / NR_PAGES);
}

/* Pages that had to be brought, of n uses. */
static uint64_t run(const struct reclaim_policy *policy, const struct user *user, uint64_t n,
                    struct fixture_random random)
{
	uint64_t nr_came = 0;

	start(policy, user, random.state);
	while (n--) {
		uint32_t page = skewed(&random);
		bool came;
		pfn_t pfn = user->use(page, &came);

		nr_came += came;
		model_use(&model, page, pfn);
		if (policy->needs_accesses)
			reclaim_page_accessed(&f.k, pfn);
		kernel_run_threads(&f.k);
		catch_up(&model);
	}
	finish(user);
	return nr_came;
}

/* ---- tests ---- */

static const struct reclaim_policy *const one_list[] = { &reclaim_fifo, &reclaim_clock,
	                                                 &reclaim_lru, &reclaim_random };
#define NR_ONE_LIST (int)(sizeof(one_list) / sizeof(one_list[0]))

START_TEST(victims_are_those_of_the_model)
{
	const struct user *user = &users[_i / NR_ONE_LIST];
	struct fixture_random random = fixture_seed((uint64_t)_i + 1);
	uint64_t n = fixture_cases(20000);
	uint64_t nr_came = run(one_list[_i % NR_ONE_LIST], user, n, random);

	printf("# %s, %s: %llu pages came, %llu went\n", one_list[_i % NR_ONE_LIST]->name,
	       _i / NR_ONE_LIST ? "a file" : "anonymous memory", (unsigned long long)nr_came,
	       (unsigned long long)model.nr_victims);
	if (n >= 20000)
		ck_assert_uint_gt(model.nr_victims, 1000);
}
END_TEST

START_TEST(no_list_but_the_inactive_one_is_used)
{
	struct fixture_random random = { 1 };

	for (int user = 0; user < 2; user++)
		for (int i = 0; i < NR_ONE_LIST; i++) {
			run(one_list[i], &users[user], 4000, random);
			ck_assert_uint_eq(f.k.vm_events[PGACTIVATE], 0);
			ck_assert_uint_eq(f.k.vm_events[PGDEACTIVATE], 0);
		}
}
END_TEST

START_TEST(each_policy_is_found_by_its_name)
{
	const struct reclaim_policy *policy;
	size_t n = 0;

	for (; (policy = reclaim_policy_at(n)); n++) {
		ck_assert_ptr_eq(reclaim_policy_by_name(policy->name), policy);
		ck_assert(policy->check && !policy->shrink_active == !policy->inactive_is_low);
		ck_assert(policy->used || !policy->needs_accesses);
	}
	ck_assert_uint_eq(n, 5);
	ck_assert_ptr_null(reclaim_policy_by_name("arc"));
}
END_TEST

static Suite *reclaim_policy_suite(void)
{
	Suite *s = suite_create("reclaim_policy");
	TCase *tc = tcase_create("core");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, victims_are_those_of_the_model, 0, 2 * NR_ONE_LIST);
	tcase_add_test(tc, no_list_but_the_inactive_one_is_used);
	tcase_add_test(tc, each_policy_is_found_by_its_name);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(reclaim_policy_suite());
}
