/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts do together, one claim at a time. */
#include "mmu/mmu.h"
#include "tests/run_suite.h"

#include <check.h>
#include <errno.h>
#include <string.h>

/*
 * Four-level tables with one path to each of these:
 *
 *   PAGE(0..511)  0x40000000 + i * 4 KB -> 0x100000 + i * 4 KB
 *   HUGE          0x40200000, 2 MB      -> 0x200000
 *   GIANT         0x80000000, 1 GB      -> 0
 */
#define ROOT 0x1000
#define PDPT 0x2000
#define PD 0x3000
#define PT 0x4000
#define PAGE(i) ((va_t)0x40000000 + (va_t)(i)*PAGE_SIZE)
#define HUGE ((va_t)0x40200000)
#define GIANT ((va_t)0x80000000)
#define FULL (PTE_P | PTE_RW | PTE_US)

struct bench {
	struct ram ram;
	struct event_stream events;
	struct mmu *mmu;
};

static struct tlb_config array(const char *name, uint32_t entries, uint32_t page_sizes)
{
	return (struct tlb_config){ .name = name,
		                    .entries = entries,
		                    .ways = 4,
		                    .page_sizes = page_sizes,
		                    .policy = &tlb_policy_lru };
}

static struct mmu_config standard_config(void)
{
	uint32_t small = 1 << PAGE_4K, all = (1 << NR_PAGE_SIZES) - 1;

	return (struct mmu_config){
		.tlb = { { 1, { array("l1i", 16, small) } },
		         { 2, { array("l1d", 16, small), array("l1d-2m", 4, 1 << PAGE_2M) } },
		         { 1, { array("stlb", 64, all) } } },
		.walk_cache = { { 2, 2, 2 } },
		.costs = { 7, 10, 100 },
		.physical_bits = 40,
		.has_pcid = true,
		.has_1g_pages = true,
	};
}

static uint64_t *entry(struct bench *bench, pa_t table, unsigned i)
{
	return (uint64_t *)ram_at(&bench->ram, table) + i;
}

static uint64_t *pte(struct bench *bench, unsigned i)
{
	return entry(bench, PT, i);
}

static void bench_init_with(struct bench *bench, const struct mmu_config *config)
{
	*bench = (struct bench){ 0 };
	ck_assert_int_eq(ram_init(&bench->ram, 4 * MIB), 0);
	*entry(bench, ROOT, 0) = PDPT | FULL;
	*entry(bench, PDPT, 1) = PD | FULL;
	*entry(bench, PDPT, 2) = FULL | PTE_PS;
	*entry(bench, PD, 0) = PT | FULL;
	*entry(bench, PD, 1) = 0x200000 | FULL | PTE_PS;
	for (unsigned i = 0; i < 512; i++)
		*pte(bench, i) = (0x100000 + i * PAGE_SIZE) | FULL;
	ck_assert_int_eq(mmu_create(&bench->mmu, config, &bench->ram, &bench->events), 0);
}

static void enter_long_mode(struct bench *bench)
{
	ck_assert_int_eq(mmu_write_efer(bench->mmu, EFER_LME | EFER_NXE), 0);
	ck_assert_int_eq(mmu_write_cr4(bench->mmu, CR4_PAE | CR4_PGE), 0);
	ck_assert_int_eq(mmu_write_cr3(bench->mmu, ROOT), 0);
	ck_assert_int_eq(mmu_write_cr0(bench->mmu, CR0_PG | CR0_PE | CR0_WP), 0);
}

static void bench_init(struct bench *bench)
{
	struct mmu_config config = standard_config();

	bench_init_with(bench, &config);
	enter_long_mode(bench);
}

static void bench_finish(struct bench *bench)
{
	mmu_destroy(bench->mmu);
	ram_finish(&bench->ram);
}

static void use_pcids(struct bench *bench)
{
	ck_assert_int_eq(mmu_write_cr4(bench->mmu, CR4_PAE | CR4_PGE | CR4_PCIDE), 0);
}

static const struct mmu_counts *counts(const struct bench *bench)
{
	return mmu_counts(bench->mmu, PRIV_USER);
}

static bool touch(struct bench *bench, va_t va, enum access_kind kind)
{
	struct translation out;
	struct page_fault fault;

	return mmu_translate(bench->mmu, va, kind, PRIV_USER, &out, &fault);
}

static bool load(struct bench *bench, va_t va)
{
	return touch(bench, va, ACCESS_LOAD);
}

/* Memory references that a load costs now; 0: the TLBs have it. */
static uint64_t refs_of_load(struct bench *bench, va_t va)
{
	uint64_t before = counts(bench)->walk_memory_refs;

	ck_assert(load(bench, va));
	return counts(bench)->walk_memory_refs - before;
}

static bool is_cached(struct bench *bench, va_t va)
{
	return refs_of_load(bench, va) == 0;
}

static bool is_valid(const struct bench *bench)
{
	char what[200];

	return mmu_is_valid(bench->mmu, what, sizeof(what));
}

/* ---- creation ---- */

START_TEST(a_level_holds_each_page_size_once)
{
	struct mmu_config config = standard_config();
	struct event_stream events = { 0 };
	struct ram ram = { 0 };
	struct mmu *mmu = NULL;

	config.tlb[TLB_L1D].arrays[1].page_sizes |= 1 << PAGE_4K;
	ck_assert_int_eq(mmu_create(&mmu, &config, &ram, &events), -EINVAL);
	ck_assert_ptr_null(mmu);
}
END_TEST

START_TEST(broken_configs_are_refused)
{
	struct event_stream events = { 0 };
	struct ram ram = { 0 };
	struct mmu *mmu = NULL;
	struct mmu_config config;

	config = standard_config();
	config.physical_bits = 31;
	ck_assert_int_eq(mmu_create(&mmu, &config, &ram, &events), -EINVAL);
	config.physical_bits = 53;
	ck_assert_int_eq(mmu_create(&mmu, &config, &ram, &events), -EINVAL);
	config = standard_config();
	config.tlb[TLB_STLB].nr_arrays = TLB_MAX_ARRAYS + 1;
	ck_assert_int_eq(mmu_create(&mmu, &config, &ram, &events), -EINVAL);
	config = standard_config();
	config.tlb[TLB_STLB].arrays[0].entries = 65;
	ck_assert_int_eq(mmu_create(&mmu, &config, &ram, &events), -EINVAL);
	config = standard_config();
	config.walk_cache.entries[0] = UINT32_MAX;
	ck_assert_int_eq(mmu_create(&mmu, &config, &ram, &events), -EINVAL);
	ck_assert_ptr_null(mmu);
	mmu_destroy(NULL);
}
END_TEST

/* ---- translation ---- */

START_TEST(paging_off_maps_straight_through_and_counts_nothing)
{
	struct mmu_config config = standard_config();
	struct translation out;
	struct page_fault fault;
	struct bench bench;

	bench_init_with(&bench, &config);
	ck_assert(mmu_translate(bench.mmu, 0x123456, ACCESS_STORE, PRIV_USER, &out, &fault));
	ck_assert_uint_eq(out.pa, 0x123456);
	ck_assert(out.writable && out.executable && out.user);
	mmu_access(bench.mmu, 0x123456, ACCESS_LOAD, PRIV_USER);
	ck_assert(mmu_probe(bench.mmu, 0x123456, ACCESS_LOAD, PRIV_USER, &out, NULL));
	ck_assert_uint_eq(counts(&bench)->accesses[ACCESS_LOAD], 0);
	ck_assert_uint_eq(counts(&bench)->accesses[ACCESS_STORE], 0);
	bench_finish(&bench);
}
END_TEST

START_TEST(a_translation_says_what_may_be_done)
{
	struct translation out;
	struct page_fault fault;
	struct bench bench;

	bench_init(&bench);
	*pte(&bench, 3) = 0x100000 | PTE_P | PTE_US | PTE_NX;
	ck_assert(mmu_translate(bench.mmu, PAGE(3) + 5, ACCESS_LOAD, PRIV_USER, &out, &fault));
	ck_assert_uint_eq(out.pa, 0x100005);
	ck_assert_int_eq(out.size, PAGE_4K);
	ck_assert(out.user && !out.writable && !out.executable && !out.dirty);
	ck_assert(
	    mmu_translate(bench.mmu, HUGE + 0x12345, ACCESS_STORE, PRIV_KERNEL, &out, &fault));
	ck_assert_uint_eq(out.pa, 0x212345);
	ck_assert_int_eq(out.size, PAGE_2M);
	ck_assert(out.user && out.writable && out.executable && out.dirty);
	bench_finish(&bench);
}
END_TEST

START_TEST(a_fault_tells_address_and_reason_and_fills_nothing)
{
	struct translation out;
	struct page_fault fault;
	struct bench bench;

	bench_init(&bench);
	*pte(&bench, 3) = 0x100000 | PTE_P | PTE_US;
	ck_assert(!mmu_translate(bench.mmu, PAGE(3) + 7, ACCESS_STORE, PRIV_USER, &out, &fault));
	ck_assert_uint_eq(fault.va, PAGE(3) + 7);
	ck_assert_uint_eq(fault.error_code, PF_P | PF_W | PF_U);
	ck_assert(!fault.non_canonical);
	ck_assert_uint_eq(mmu_cr2(bench.mmu), PAGE(3) + 7);
	ck_assert_uint_eq(*pte(&bench, 3), 0x100000 | PTE_P | PTE_US);
	ck_assert_uint_eq(*entry(&bench, PD, 0), PT | FULL);
	ck_assert_uint_eq(counts(&bench)->walks_faulted, 1);
	ck_assert_uint_eq(counts(&bench)->tlb[TLB_L1D].misses_no_page, 1);
	ck_assert_uint_eq(counts(&bench)->tlb[TLB_STLB].misses_no_page, 1);
	ck_assert_uint_eq(refs_of_load(&bench, PAGE(3)), 4);
	bench_finish(&bench);
}
END_TEST

START_TEST(a_fault_drops_what_the_caches_had_for_its_address)
{
	struct bench bench;

	bench_init(&bench);
	*pte(&bench, 3) &= ~PTE_RW;
	ck_assert(touch(&bench, PAGE(3), ACCESS_FETCH));
	ck_assert(load(&bench, PAGE(4)));
	ck_assert(!touch(&bench, PAGE(3), ACCESS_STORE));
	ck_assert(is_cached(&bench, PAGE(4)));
	/* The L1I's entry is gone with the others, and the walk starts at the top. */
	ck_assert_uint_eq(refs_of_load(&bench, PAGE(3)), 4);
	bench_finish(&bench);
}
END_TEST

START_TEST(an_address_that_is_not_canonical_is_no_page_fault)
{
	struct translation out;
	struct page_fault fault;
	struct bench bench;

	bench_init(&bench);
	ck_assert(!mmu_translate(bench.mmu, (va_t)1 << 47, ACCESS_LOAD, PRIV_USER, &out, &fault));
	ck_assert(fault.non_canonical);
	ck_assert_uint_eq(fault.error_code, 0);
	ck_assert(!mmu_probe(bench.mmu, (va_t)1 << 47, ACCESS_LOAD, PRIV_USER, NULL, &fault));
	ck_assert(fault.non_canonical);
	ck_assert(!mmu_walk_only(bench.mmu, (va_t)1 << 63, ACCESS_LOAD, PRIV_USER, &out, &fault));
	ck_assert(fault.non_canonical);
	ck_assert_uint_eq(mmu_cr2(bench.mmu), 0);
	ck_assert_uint_eq(counts(&bench)->accesses[ACCESS_LOAD], 0);
	bench_finish(&bench);
}
END_TEST

START_TEST(two_level_paging_ignores_the_upper_half_of_addresses)
{
	struct mmu_config config = standard_config();
	struct translation out;
	struct page_fault fault;
	struct bench bench;

	bench_init_with(&bench, &config);
	*(uint32_t *)ram_at(&bench.ram, 0x10000) = 0x00400000 | FULL | PTE_PS;
	ck_assert_int_eq(mmu_write_cr4(bench.mmu, CR4_PSE), 0);
	ck_assert_int_eq(mmu_write_cr3(bench.mmu, 0x10000), 0);
	ck_assert_int_eq(mmu_write_cr0(bench.mmu, CR0_PG | CR0_PE), 0);
	ck_assert(mmu_translate(bench.mmu, 0x700000123, ACCESS_LOAD, PRIV_USER, &out, &fault));
	ck_assert_uint_eq(out.pa, 0x400123);
	mmu_invlpg(bench.mmu, 0x900000000);
	*(uint32_t *)ram_at(&bench.ram, 0x10000) = 0;
	ck_assert(!mmu_translate(bench.mmu, 0x700000123, ACCESS_LOAD, PRIV_USER, &out, &fault));
	ck_assert_uint_eq(fault.va, 0x123);
	ck_assert_uint_eq(mmu_cr2(bench.mmu), 0x123);
	bench_finish(&bench);
}
END_TEST

START_TEST(a_page_of_a_size_that_the_l1_lacks_is_cached_in_pieces)
{
	struct bench bench;

	bench_init(&bench);
	/* Fetches: the L1I holds 4 KB alone, the STLB all sizes. */
	ck_assert(touch(&bench, HUGE, ACCESS_FETCH));
	ck_assert(touch(&bench, HUGE + 0x800, ACCESS_FETCH));
	ck_assert(touch(&bench, HUGE + 0x5000, ACCESS_FETCH));
	ck_assert_uint_eq(counts(&bench)->tlb[TLB_L1I].hits[PAGE_2M], 1);
	ck_assert_uint_eq(counts(&bench)->tlb[TLB_L1I].misses[PAGE_2M], 2);
	ck_assert_uint_eq(counts(&bench)->tlb[TLB_STLB].hits[PAGE_2M], 1);
	ck_assert_uint_eq(counts(&bench)->walks, 1);
	mmu_invlpg(bench.mmu, HUGE + 0x100000);
	ck_assert(touch(&bench, HUGE, ACCESS_FETCH));
	ck_assert_uint_eq(counts(&bench)->walks, 2);
	bench_finish(&bench);
}
END_TEST

START_TEST(a_giant_page_is_cut_to_the_largest_piece_that_fits)
{
	struct translation out;
	struct page_fault fault;
	struct bench bench;

	bench_init(&bench);
	ck_assert(load(&bench, GIANT));
	ck_assert(mmu_translate(bench.mmu, GIANT + 0x1fffff, ACCESS_LOAD, PRIV_USER, &out, &fault));
	ck_assert_uint_eq(out.pa, 0x1fffff);
	ck_assert_int_eq(out.size, PAGE_1G);
	ck_assert_uint_eq(counts(&bench)->tlb[TLB_L1D].hits[PAGE_1G], 1);
	ck_assert(mmu_translate(bench.mmu, GIANT + 0x200001, ACCESS_LOAD, PRIV_USER, &out, &fault));
	ck_assert_uint_eq(out.pa, 0x200001);
	ck_assert_uint_eq(counts(&bench)->tlb[TLB_STLB].hits[PAGE_1G], 1);
	bench_finish(&bench);
}
END_TEST

START_TEST(a_store_through_a_clean_entry_walks_to_set_d_and_is_a_miss)
{
	struct bench bench;

	bench_init(&bench);
	ck_assert(load(&bench, PAGE(1)));
	ck_assert(!(*pte(&bench, 1) & PTE_D));
	ck_assert(touch(&bench, PAGE(1), ACCESS_STORE));
	ck_assert(*pte(&bench, 1) & PTE_D);
	ck_assert_uint_eq(counts(&bench)->tlb[TLB_L1D].misses[PAGE_4K], 2);
	ck_assert_uint_eq(counts(&bench)->tlb[TLB_STLB].misses[PAGE_4K], 2);
	ck_assert_uint_eq(counts(&bench)->walks, 2);
	ck_assert(touch(&bench, PAGE(1), ACCESS_STORE));
	ck_assert_uint_eq(counts(&bench)->walks, 2);
	bench_finish(&bench);
}
END_TEST

START_TEST(a_right_that_was_granted_is_found_without_a_flush)
{
	struct bench bench;

	bench_init(&bench);
	*pte(&bench, 1) &= ~PTE_RW;
	ck_assert(load(&bench, PAGE(1)));
	*pte(&bench, 1) |= PTE_RW;
	ck_assert(is_valid(&bench));
	ck_assert(touch(&bench, PAGE(1), ACCESS_STORE));
	bench_finish(&bench);
}
END_TEST

START_TEST(a_right_that_was_taken_stays_until_it_is_flushed)
{
	struct bench bench;

	bench_init(&bench);
	ck_assert(touch(&bench, PAGE(1), ACCESS_STORE));
	*pte(&bench, 1) &= ~PTE_RW;
	ck_assert(!is_valid(&bench));
	ck_assert(touch(&bench, PAGE(1), ACCESS_STORE));
	mmu_invlpg(bench.mmu, PAGE(1));
	ck_assert(is_valid(&bench));
	ck_assert(!touch(&bench, PAGE(1), ACCESS_STORE));
	bench_finish(&bench);
}
END_TEST

START_TEST(wp_is_obeyed_at_once)
{
	struct translation out;
	struct page_fault fault;
	struct bench bench;

	bench_init(&bench);
	*pte(&bench, 1) = 0x101000 | PTE_P | PTE_D;
	ck_assert(!mmu_translate(bench.mmu, PAGE(1), ACCESS_STORE, PRIV_KERNEL, &out, &fault));
	ck_assert_int_eq(mmu_write_cr0(bench.mmu, CR0_PG | CR0_PE), 0);
	ck_assert(mmu_translate(bench.mmu, PAGE(1), ACCESS_STORE, PRIV_KERNEL, &out, &fault));
	ck_assert_int_eq(mmu_write_cr0(bench.mmu, CR0_PG | CR0_PE | CR0_WP), 0);
	ck_assert(!mmu_translate(bench.mmu, PAGE(1), ACCESS_STORE, PRIV_KERNEL, &out, &fault));
	bench_finish(&bench);
}
END_TEST

START_TEST(smap_is_obeyed_through_cached_entries_and_the_fast_path)
{
	struct bench bench;

	bench_init(&bench);
	mmu_access(bench.mmu, PAGE(1), ACCESS_LOAD, PRIV_KERNEL);
	ck_assert_int_eq(mmu_write_cr4(bench.mmu, CR4_PAE | CR4_PGE | CR4_SMAP), 0);
	mmu_access(bench.mmu, PAGE(1), ACCESS_LOAD, PRIV_KERNEL);
	ck_assert_uint_eq(mmu_counts(bench.mmu, PRIV_KERNEL)->walks_faulted, 1);
	mmu_set_ac(bench.mmu, true);
	mmu_access(bench.mmu, PAGE(1), ACCESS_LOAD, PRIV_KERNEL);
	mmu_access(bench.mmu, PAGE(1), ACCESS_LOAD, PRIV_KERNEL);
	ck_assert_uint_eq(mmu_counts(bench.mmu, PRIV_KERNEL)->walks_faulted, 1);
	mmu_set_ac(bench.mmu, false);
	mmu_access(bench.mmu, PAGE(1), ACCESS_LOAD, PRIV_KERNEL);
	ck_assert_uint_eq(mmu_counts(bench.mmu, PRIV_KERNEL)->walks_faulted, 2);
	bench_finish(&bench);
}
END_TEST

START_TEST(a_probe_leaves_no_trace)
{
	struct page_fault fault;
	struct translation out;
	struct bench bench;

	bench_init(&bench);
	ck_assert(mmu_probe(bench.mmu, PAGE(1) + 3, ACCESS_STORE, PRIV_USER, &out, &fault));
	ck_assert_uint_eq(out.pa, 0x101003);
	ck_assert(!out.dirty);
	*pte(&bench, 2) = 0;
	ck_assert(!mmu_probe(bench.mmu, PAGE(2), ACCESS_STORE, PRIV_USER, &out, &fault));
	ck_assert_uint_eq(fault.error_code, PF_W | PF_U);
	ck_assert(!mmu_probe(bench.mmu, PAGE(2), ACCESS_STORE, PRIV_USER, NULL, NULL));
	ck_assert_uint_eq(mmu_cr2(bench.mmu), 0);
	ck_assert_uint_eq(*pte(&bench, 1), 0x101000 | FULL);
	ck_assert_uint_eq(counts(&bench)->accesses[ACCESS_STORE], 0);
	ck_assert_uint_eq(refs_of_load(&bench, PAGE(1)), 4);
	bench_finish(&bench);
}
END_TEST

START_TEST(a_walk_alone_sets_a_and_d_and_counts_nothing)
{
	struct page_fault fault;
	struct translation out;
	struct bench bench;

	bench_init(&bench);
	ck_assert(mmu_walk_only(bench.mmu, PAGE(1), ACCESS_STORE, PRIV_USER, &out, &fault));
	ck_assert(out.dirty);
	ck_assert_uint_eq(*pte(&bench, 1), 0x101000 | FULL | PTE_A | PTE_D);
	ck_assert_uint_eq(*entry(&bench, ROOT, 0), PDPT | FULL | PTE_A);
	*pte(&bench, 2) = 0;
	ck_assert(!mmu_walk_only(bench.mmu, PAGE(2), ACCESS_LOAD, PRIV_USER, &out, &fault));
	ck_assert_uint_eq(mmu_cr2(bench.mmu), PAGE(2));
	ck_assert_uint_eq(counts(&bench)->walks, 0);
	bench_finish(&bench);
}
END_TEST

START_TEST(walk_caches_shorten_walks)
{
	struct bench bench;

	bench_init(&bench);
	ck_assert_uint_eq(refs_of_load(&bench, PAGE(0)), 4);
	ck_assert_uint_eq(refs_of_load(&bench, PAGE(1)), 1);
	/* The PDPT cache leads to the PD, where the page is found. */
	ck_assert_uint_eq(refs_of_load(&bench, HUGE), 1);
	ck_assert_uint_eq(refs_of_load(&bench, GIANT), 1);
	ck_assert_uint_eq(counts(&bench)->walk_cache.hits[WALK_CACHE_PD], 1);
	ck_assert_uint_eq(counts(&bench)->walk_cache.misses[WALK_CACHE_PD], 3);
	ck_assert_uint_eq(counts(&bench)->walk_cache.hits[WALK_CACHE_PDPT], 1);
	ck_assert_uint_eq(counts(&bench)->walk_cache.hits[WALK_CACHE_PML4], 1);
	ck_assert_uint_eq(counts(&bench)->walk_cache.misses[WALK_CACHE_PML4], 1);
	bench_finish(&bench);
}
END_TEST

/* SDM: an entry of a walk cache holds the rights of all entries above it. */
START_TEST(walk_caches_keep_the_rights_from_above)
{
	struct bench bench;

	bench_init(&bench);
	*entry(&bench, ROOT, 0) &= ~PTE_RW;
	*entry(&bench, PDPT, 1) |= PTE_NX;
	ck_assert(load(&bench, PAGE(0)));
	ck_assert_uint_eq(refs_of_load(&bench, PAGE(1)), 1);
	ck_assert(!touch(&bench, PAGE(1), ACCESS_STORE));
	ck_assert(load(&bench, PAGE(0)));
	ck_assert(!touch(&bench, PAGE(2), ACCESS_FETCH));
	bench_finish(&bench);
}
END_TEST

START_TEST(outcomes_cost_what_the_machine_says)
{
	struct bench bench;

	bench_init(&bench);
	ck_assert(load(&bench, PAGE(0)));                /* walk: 10 + 4 * 100 */
	ck_assert(load(&bench, PAGE(1)));                /* walk: 10 + 100 */
	ck_assert(touch(&bench, PAGE(0), ACCESS_FETCH)); /* STLB hit: 7 */
	ck_assert(load(&bench, PAGE(0)));                /* hit */
	ck_assert_uint_eq(counts(&bench)->walk_cycles, 410 + 110);
	ck_assert_uint_eq(counts(&bench)->stlb_hit_cycles, 7);
	bench_finish(&bench);
}
END_TEST

START_TEST(users_and_the_kernel_are_counted_apart)
{
	struct bench bench;

	bench_init(&bench);
	mmu_access(bench.mmu, PAGE(0), ACCESS_LOAD, PRIV_KERNEL);
	mmu_access_again(bench.mmu, PAGE(0), ACCESS_LOAD, PRIV_USER, 5);
	ck_assert_uint_eq(mmu_counts(bench.mmu, PRIV_KERNEL)->accesses[ACCESS_LOAD], 1);
	ck_assert_uint_eq(mmu_counts(bench.mmu, PRIV_KERNEL)->walks, 1);
	ck_assert_uint_eq(counts(&bench)->accesses[ACCESS_LOAD], 5);
	ck_assert_uint_eq(counts(&bench)->tlb[TLB_L1D].hits[PAGE_4K], 5);
	bench_finish(&bench);
}
END_TEST

START_TEST(no_more_accesses_are_none)
{
	struct bench bench;

	bench_init(&bench);
	mmu_access_again(bench.mmu, PAGE(0), ACCESS_FETCH, PRIV_USER, 0);
	mmu_access(bench.mmu, PAGE(0), ACCESS_FETCH, PRIV_USER);
	mmu_access_again(bench.mmu, PAGE(0), ACCESS_FETCH, PRIV_USER, 0);
	ck_assert_uint_eq(counts(&bench)->accesses[ACCESS_FETCH], 1);
	bench_finish(&bench);
}
END_TEST

START_TEST(accesses_are_made_up_to_the_first_that_faults)
{
	struct page_fault fault;
	struct bench bench;

	bench_init(&bench);
	*pte(&bench, 1) = 0;
	ck_assert_uint_eq(mmu_try_access(bench.mmu, PAGE(0), ACCESS_LOAD, PRIV_USER, 4, &fault), 0);
	ck_assert_uint_eq(mmu_try_access(bench.mmu, PAGE(0), ACCESS_LOAD, PRIV_USER, 3, &fault), 0);
	ck_assert_uint_eq(counts(&bench)->accesses[ACCESS_LOAD], 7);
	ck_assert_uint_eq(counts(&bench)->tlb[TLB_L1D].hits[PAGE_4K], 6);
	ck_assert_uint_eq(mmu_try_access(bench.mmu, PAGE(1) + 8, ACCESS_LOAD, PRIV_USER, 5, &fault),
	                  5);
	ck_assert_uint_eq(fault.va, PAGE(1) + 8);
	ck_assert_uint_eq(fault.error_code, PF_U);
	ck_assert_uint_eq(counts(&bench)->accesses[ACCESS_LOAD], 8);
	ck_assert_uint_eq(counts(&bench)->walks_faulted, 1);
	*pte(&bench, 1) = 0x101000 | FULL;
	ck_assert_uint_eq(mmu_try_access(bench.mmu, PAGE(1) + 8, ACCESS_LOAD, PRIV_USER, 5, &fault),
	                  0);
	ck_assert_uint_eq(counts(&bench)->accesses[ACCESS_LOAD], 13);
	ck_assert_uint_eq(
	    mmu_try_access(bench.mmu, (va_t)1 << 60, ACCESS_LOAD, PRIV_USER, 2, &fault), 2);
	ck_assert(fault.non_canonical);
	ck_assert_uint_eq(counts(&bench)->accesses[ACCESS_LOAD], 13);
	bench_finish(&bench);
}
END_TEST

/* ---- invalidation ---- */

START_TEST(a_cr3_load_drops_all_but_global_entries)
{
	struct bench bench;

	bench_init(&bench);
	*pte(&bench, 1) |= PTE_G;
	ck_assert(load(&bench, PAGE(0)));
	ck_assert(load(&bench, PAGE(1)));
	ck_assert_int_eq(mmu_write_cr3(bench.mmu, ROOT), 0);
	ck_assert(is_cached(&bench, PAGE(1)));
	ck_assert_uint_eq(refs_of_load(&bench, PAGE(0)), 4);
	ck_assert_uint_eq(mmu_flush_counts(bench.mmu)->cr3_writes, 2);
	bench_finish(&bench);
}
END_TEST

START_TEST(without_pge_no_entry_is_global)
{
	struct bench bench;

	bench_init(&bench);
	*pte(&bench, 1) |= PTE_G;
	ck_assert(load(&bench, PAGE(1)));
	ck_assert_int_eq(mmu_write_cr4(bench.mmu, CR4_PAE), 0);
	ck_assert(!is_cached(&bench, PAGE(1)));
	ck_assert_int_eq(mmu_write_cr3(bench.mmu, ROOT), 0);
	ck_assert(!is_cached(&bench, PAGE(1)));
	bench_finish(&bench);
}
END_TEST

START_TEST(a_cr3_load_without_flush_keeps_what_the_pcid_had)
{
	struct bench bench;

	bench_init(&bench);
	use_pcids(&bench);
	ck_assert(load(&bench, PAGE(0)));
	ck_assert_int_eq(mmu_write_cr3(bench.mmu, ROOT | 1), 0);
	ck_assert(!is_cached(&bench, PAGE(0)));
	ck_assert_int_eq(mmu_write_cr3(bench.mmu, ROOT | CR3_NOFLUSH), 0);
	ck_assert(is_cached(&bench, PAGE(0)));
	ck_assert_uint_eq(mmu_cr3(bench.mmu), ROOT);
	/* With the flush, only the PCID that is loaded loses its own. */
	ck_assert_int_eq(mmu_write_cr3(bench.mmu, ROOT), 0);
	ck_assert(!is_cached(&bench, PAGE(0)));
	ck_assert_int_eq(mmu_write_cr3(bench.mmu, ROOT | 1 | CR3_NOFLUSH), 0);
	ck_assert(is_cached(&bench, PAGE(0)));
	bench_finish(&bench);
}
END_TEST

START_TEST(a_global_entry_hits_under_another_pcid)
{
	struct bench bench;

	bench_init(&bench);
	use_pcids(&bench);
	*pte(&bench, 1) |= PTE_G;
	ck_assert(load(&bench, PAGE(1)));
	ck_assert_int_eq(mmu_write_cr3(bench.mmu, ROOT | 7), 0);
	ck_assert(is_cached(&bench, PAGE(1)));
	bench_finish(&bench);
}
END_TEST

START_TEST(invlpg_drops_one_page_global_ones_too_and_the_walk_caches)
{
	struct bench bench;

	bench_init(&bench);
	*pte(&bench, 1) |= PTE_G;
	ck_assert(load(&bench, PAGE(0)));
	ck_assert(load(&bench, PAGE(1)));
	mmu_invlpg(bench.mmu, PAGE(1) + 0x123);
	ck_assert(is_cached(&bench, PAGE(0)));
	ck_assert_uint_eq(refs_of_load(&bench, PAGE(1)), 4);
	ck_assert_uint_eq(mmu_flush_counts(bench.mmu)->page, 1);
	bench_finish(&bench);
}
END_TEST

START_TEST(invlpg_leaves_other_pcids)
{
	struct bench bench;

	bench_init(&bench);
	use_pcids(&bench);
	ck_assert(load(&bench, PAGE(0)));
	ck_assert_int_eq(mmu_write_cr3(bench.mmu, ROOT | 1), 0);
	mmu_invlpg(bench.mmu, PAGE(0));
	ck_assert_int_eq(mmu_write_cr3(bench.mmu, ROOT | CR3_NOFLUSH), 0);
	ck_assert(is_cached(&bench, PAGE(0)));
	bench_finish(&bench);
}
END_TEST

START_TEST(invpcid_drops_by_type)
{
	struct bench bench;

	bench_init(&bench);
	use_pcids(&bench);
	*pte(&bench, 1) |= PTE_G;
	for (unsigned type = 0; type < 4; type++) {
		ck_assert_int_eq(mmu_write_cr3(bench.mmu, ROOT | 3), 0);
		ck_assert(load(&bench, PAGE(0)));
		ck_assert(load(&bench, PAGE(1)));
		ck_assert(load(&bench, PAGE(2)));
		ck_assert_int_eq(mmu_write_cr3(bench.mmu, ROOT), 0);
		ck_assert_int_eq(mmu_invpcid(bench.mmu, type, 3, PAGE(0)), 0);
		ck_assert_int_eq(mmu_write_cr3(bench.mmu, ROOT | 3 | CR3_NOFLUSH), 0);
		ck_assert(is_cached(&bench, PAGE(1)) == (type != 2));
		ck_assert(is_cached(&bench, PAGE(2)) == (type == 0));
		ck_assert(!is_cached(&bench, PAGE(0)));
	}
	ck_assert_uint_eq(mmu_flush_counts(bench.mmu)->page, 1);
	ck_assert_uint_eq(mmu_flush_counts(bench.mmu)->pcid, 1);
	bench_finish(&bench);
}
END_TEST

START_TEST(invpcid_refuses_what_the_manual_refuses)
{
	struct mmu_config config = standard_config();
	struct bench bench;

	bench_init(&bench);
	ck_assert_int_eq(mmu_invpcid(bench.mmu, 4, 0, 0), -EINVAL);
	ck_assert_int_eq(mmu_invpcid(bench.mmu, 1, 5, 0), -EINVAL); /* PCIDE is off */
	ck_assert_int_eq(mmu_invpcid(bench.mmu, 1, 0, 0), 0);
	use_pcids(&bench);
	ck_assert_int_eq(mmu_invpcid(bench.mmu, 1, 5, 0), 0);
	ck_assert_int_eq(mmu_invpcid(bench.mmu, 1, 0x1000, 0), -EINVAL);
	ck_assert_int_eq(mmu_invpcid(bench.mmu, 0, 5, (va_t)1 << 47), -EINVAL);
	ck_assert_int_eq(mmu_invpcid(bench.mmu, 1, 5, (va_t)1 << 47), 0);
	bench_finish(&bench);

	config.has_pcid = false;
	bench_init_with(&bench, &config);
	ck_assert_int_eq(mmu_invpcid(bench.mmu, 2, 0, 0), -EINVAL);
	bench_finish(&bench);
}
END_TEST

START_TEST(leaving_paging_drops_everything)
{
	struct bench bench;

	bench_init(&bench);
	*pte(&bench, 1) |= PTE_G;
	ck_assert(load(&bench, PAGE(1)));
	ck_assert_int_eq(mmu_write_cr0(bench.mmu, CR0_PE), 0);
	ck_assert_int_eq(mmu_write_cr0(bench.mmu, CR0_PG | CR0_PE | CR0_WP), 0);
	ck_assert_uint_eq(refs_of_load(&bench, PAGE(1)), 4);
	bench_finish(&bench);
}
END_TEST

START_TEST(refused_register_writes_change_nothing)
{
	struct bench bench;

	bench_init(&bench);
	ck_assert(load(&bench, PAGE(0)));
	ck_assert_int_eq(mmu_write_cr0(bench.mmu, CR0_PG), -EINVAL);
	ck_assert_int_eq(mmu_write_cr3(bench.mmu, (uint64_t)1 << 40), -EINVAL);
	ck_assert_int_eq(mmu_write_cr4(bench.mmu, 0), -EINVAL);
	ck_assert_int_eq(mmu_write_efer(bench.mmu, 0), -EINVAL);
	ck_assert_uint_eq(mmu_cr3(bench.mmu), ROOT);
	ck_assert(is_cached(&bench, PAGE(0)));
	bench_finish(&bench);
}
END_TEST

/* ---- validity ---- */

START_TEST(stale_entries_are_found)
{
	struct bench bench;

	bench_init(&bench);
	ck_assert(load(&bench, PAGE(0)));
	ck_assert(is_valid(&bench));
	*pte(&bench, 0) += PAGE_SIZE; /* another place */
	ck_assert(!is_valid(&bench));
	*pte(&bench, 0) -= PAGE_SIZE;
	*pte(&bench, 0) &= ~PTE_A; /* harmless */
	ck_assert(is_valid(&bench));
	*pte(&bench, 0) |= PTE_NX;
	ck_assert(!is_valid(&bench));
	*pte(&bench, 0) = 0;
	ck_assert(!is_valid(&bench));
	bench_finish(&bench);
}
END_TEST

START_TEST(stale_walk_caches_are_found)
{
	struct bench bench;

	bench_init(&bench);
	ck_assert(load(&bench, PAGE(0)));
	*pte(&bench, 0) = 0;
	mmu_invpcid(bench.mmu, 0, 0, PAGE(0));
	ck_assert(load(&bench, PAGE(1)));
	ck_assert(is_valid(&bench));
	memcpy(ram_at(&bench.ram, 0x5000), ram_at(&bench.ram, PT), PAGE_SIZE);
	*entry(&bench, PD, 0) = 0x5000 | FULL | PTE_A;
	ck_assert(!is_valid(&bench));
	bench_finish(&bench);
}
END_TEST

START_TEST(a_cleared_d_needs_a_flush)
{
	struct bench bench;

	bench_init(&bench);
	ck_assert(touch(&bench, PAGE(0), ACCESS_STORE));
	*pte(&bench, 0) &= ~PTE_D;
	ck_assert(!is_valid(&bench));
	mmu_invlpg(bench.mmu, PAGE(0));
	ck_assert(is_valid(&bench));
	bench_finish(&bench);
}
END_TEST

/* ---- events ---- */

struct log {
	struct observer observer; /* first */
	struct event events[32];
	unsigned nr;
};

static void keep(struct observer *self, const struct event *event)
{
	struct log *log = (struct log *)self;

	ck_assert_uint_lt(log->nr, 32);
	log->events[log->nr++] = *event;
}

static void observe(struct bench *bench, struct log *log)
{
	*log = (struct log){
		.observer = { .wants = 1u << EVENT_ACCESS | 1u << EVENT_TLB_MISS |
		                       1u << EVENT_WALK | 1u << EVENT_TLB_FLUSH,
		              .notice = keep },
	};
	event_observe(&bench->events, &log->observer);
}

START_TEST(a_miss_a_walk_and_an_access_are_told_in_turn)
{
	struct bench bench;
	struct log log;

	bench_init(&bench);
	observe(&bench, &log);
	ck_assert(touch(&bench, PAGE(3) + 5, ACCESS_STORE));
	ck_assert_uint_eq(log.nr, 3);
	ck_assert_int_eq(log.events[0].kind, EVENT_TLB_MISS);
	ck_assert_int_eq(log.events[1].kind, EVENT_WALK);
	ck_assert_uint_eq(log.events[1].arg, 4);
	ck_assert_int_eq(log.events[2].kind, EVENT_ACCESS);
	ck_assert_uint_eq(log.events[2].pa, 0x103005);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(log.events[i].va, PAGE(3) + 5);
		ck_assert_int_eq(log.events[i].access, ACCESS_STORE);
		ck_assert_int_eq(log.events[i].priv, PRIV_USER);
	}
	bench_finish(&bench);
}
END_TEST

START_TEST(every_fast_access_is_told)
{
	struct bench bench;
	struct log log;

	bench_init(&bench);
	mmu_access(bench.mmu, PAGE(3), ACCESS_LOAD, PRIV_USER);
	observe(&bench, &log);
	mmu_access(bench.mmu, PAGE(3) + 9, ACCESS_LOAD, PRIV_USER);
	mmu_access_again(bench.mmu, PAGE(3) + 9, ACCESS_LOAD, PRIV_USER, 3);
	ck_assert_uint_eq(log.nr, 4);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_int_eq(log.events[i].kind, EVENT_ACCESS);
		ck_assert_uint_eq(log.events[i].pa, 0x103009);
	}
	ck_assert_uint_eq(counts(&bench)->accesses[ACCESS_LOAD], 5);
	bench_finish(&bench);
}
END_TEST

START_TEST(every_flush_is_told_with_its_reason)
{
	static const enum tlb_flush_reason reasons[] = { TLB_FLUSH_CR3_WRITE,
		                                         TLB_FLUSH_INVLPG,
		                                         TLB_FLUSH_CONTROL_WRITE,
		                                         TLB_FLUSH_INVPCID_PAGE,
		                                         TLB_FLUSH_INVPCID_CONTEXT,
		                                         TLB_FLUSH_INVPCID_ALL,
		                                         TLB_FLUSH_INVPCID_ALL_BUT_GLOBAL };
	const struct mmu_flush_counts *flushes;
	struct mmu_flush_counts before;
	struct bench bench;
	struct log log;

	bench_init(&bench);
	flushes = mmu_flush_counts(bench.mmu);
	before = *flushes;
	observe(&bench, &log);
	mmu_write_cr3(bench.mmu, ROOT);
	mmu_invlpg(bench.mmu, PAGE(1));
	mmu_write_cr4(bench.mmu, CR4_PAE);
	for (unsigned type = 0; type < 4; type++)
		mmu_invpcid(bench.mmu, type, 0, PAGE(2));
	ck_assert_uint_eq(log.nr, 7);
	for (unsigned i = 0; i < 7; i++) {
		ck_assert_int_eq(log.events[i].kind, EVENT_TLB_FLUSH);
		ck_assert_uint_eq(log.events[i].arg, reasons[i]);
	}
	ck_assert_uint_eq(log.events[1].va, PAGE(1));
	ck_assert_uint_eq(log.events[3].va, PAGE(2));
	ck_assert_uint_eq(flushes->all + flushes->page + flushes->pcid -
	                      (before.all + before.page + before.pcid),
	                  7);
	bench_finish(&bench);
}
END_TEST

START_TEST(a_flush_says_whose_entries_go)
{
	struct bench bench;
	struct log log;

	bench_init(&bench);
	use_pcids(&bench);
	mmu_write_cr3(bench.mmu, ROOT | 3 | CR3_NOFLUSH);
	observe(&bench, &log);
	mmu_invlpg(bench.mmu, PAGE(1));
	mmu_invpcid(bench.mmu, 0, 5, PAGE(1));
	mmu_invpcid(bench.mmu, 1, 6, 0);
	mmu_write_cr3(bench.mmu, ROOT | 7);
	mmu_invpcid(bench.mmu, 2, 0, 0);
	ck_assert_uint_eq(log.nr, 5);
	ck_assert_uint_eq(log.events[0].code, 3);
	ck_assert_uint_eq(log.events[1].code, 5);
	ck_assert_uint_eq(log.events[2].code, 6);
	ck_assert_uint_eq(log.events[3].code, 7);
	ck_assert_uint_eq(log.events[4].code, 0);
	bench_finish(&bench);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mmu");
	TCase *tcase = tcase_create("mmu");

	tcase_add_test(tcase, a_level_holds_each_page_size_once);
	tcase_add_test(tcase, broken_configs_are_refused);
	tcase_add_test(tcase, paging_off_maps_straight_through_and_counts_nothing);
	tcase_add_test(tcase, a_translation_says_what_may_be_done);
	tcase_add_test(tcase, a_fault_tells_address_and_reason_and_fills_nothing);
	tcase_add_test(tcase, a_fault_drops_what_the_caches_had_for_its_address);
	tcase_add_test(tcase, an_address_that_is_not_canonical_is_no_page_fault);
	tcase_add_test(tcase, two_level_paging_ignores_the_upper_half_of_addresses);
	tcase_add_test(tcase, a_page_of_a_size_that_the_l1_lacks_is_cached_in_pieces);
	tcase_add_test(tcase, a_giant_page_is_cut_to_the_largest_piece_that_fits);
	tcase_add_test(tcase, a_store_through_a_clean_entry_walks_to_set_d_and_is_a_miss);
	tcase_add_test(tcase, a_right_that_was_granted_is_found_without_a_flush);
	tcase_add_test(tcase, a_right_that_was_taken_stays_until_it_is_flushed);
	tcase_add_test(tcase, wp_is_obeyed_at_once);
	tcase_add_test(tcase, smap_is_obeyed_through_cached_entries_and_the_fast_path);
	tcase_add_test(tcase, a_probe_leaves_no_trace);
	tcase_add_test(tcase, a_walk_alone_sets_a_and_d_and_counts_nothing);
	tcase_add_test(tcase, walk_caches_shorten_walks);
	tcase_add_test(tcase, walk_caches_keep_the_rights_from_above);
	tcase_add_test(tcase, outcomes_cost_what_the_machine_says);
	tcase_add_test(tcase, users_and_the_kernel_are_counted_apart);
	tcase_add_test(tcase, no_more_accesses_are_none);
	tcase_add_test(tcase, accesses_are_made_up_to_the_first_that_faults);
	tcase_add_test(tcase, a_cr3_load_drops_all_but_global_entries);
	tcase_add_test(tcase, without_pge_no_entry_is_global);
	tcase_add_test(tcase, a_cr3_load_without_flush_keeps_what_the_pcid_had);
	tcase_add_test(tcase, a_global_entry_hits_under_another_pcid);
	tcase_add_test(tcase, invlpg_drops_one_page_global_ones_too_and_the_walk_caches);
	tcase_add_test(tcase, invlpg_leaves_other_pcids);
	tcase_add_test(tcase, invpcid_drops_by_type);
	tcase_add_test(tcase, invpcid_refuses_what_the_manual_refuses);
	tcase_add_test(tcase, leaving_paging_drops_everything);
	tcase_add_test(tcase, refused_register_writes_change_nothing);
	tcase_add_test(tcase, stale_entries_are_found);
	tcase_add_test(tcase, stale_walk_caches_are_found);
	tcase_add_test(tcase, a_cleared_d_needs_a_flush);
	tcase_add_test(tcase, a_miss_a_walk_and_an_access_are_told_in_turn);
	tcase_add_test(tcase, every_fast_access_is_told);
	tcase_add_test(tcase, every_flush_is_told_with_its_reason);
	tcase_add_test(tcase, a_flush_says_whose_entries_go);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
