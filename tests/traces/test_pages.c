/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page detail against every access: the same figures on TLB hierarchies by chance, whose
 * pages are mapped without A and D, so that the first store to each walks.
 */
#include "mmu/mmu.h"
#include "mmu/tlb_policy.h"
#include "tests/mmu/random_stream.h"
#include "tests/run_suite.h"
#include "traces/pagewalk_format.h"

#include <string.h>

#define NR_PAGES 40
#define PAGES_VA ((va_t)0x400000)
#define NR_ACCESSES 3000

struct side {
	struct ram ram;
	struct event_stream events;
	struct mmu *mmu;
};

static void map_pages(struct ram *ram)
{
	const uint64_t rights = PTE_P | PTE_RW | PTE_US;
	uint64_t *tables[4];

	for (int i = 0; i < 4; i++)
		tables[i] = ram_at(ram, (pa_t)(1 + i) << PAGE_SHIFT);
	tables[0][0] = (pa_t)2 << PAGE_SHIFT | rights;
	tables[1][0] = (pa_t)3 << PAGE_SHIFT | rights;
	tables[2][PAGES_VA >> 21] = (pa_t)4 << PAGE_SHIFT | rights;
	for (uint64_t i = 0; i < NR_PAGES; i++)
		tables[3][i] = (pa_t)(8 + i) << PAGE_SHIFT | rights;
}

static void side_init(struct side *side, const struct mmu_config *config)
{
	*side = (struct side){ 0 };
	ck_assert_int_eq(ram_init(&side->ram, MIB), 0);
	map_pages(&side->ram);
	ck_assert_int_eq(mmu_create(&side->mmu, config, &side->ram, &side->events), 0);
	mmu_write_cr0(side->mmu, CR0_PE | CR0_WP);
	mmu_write_cr4(side->mmu, CR4_PAE);
	mmu_write_efer(side->mmu, EFER_LME);
	mmu_write_cr3(side->mmu, (pa_t)1 << PAGE_SHIFT);
	mmu_write_cr0(side->mmu, CR0_PE | CR0_WP | CR0_PG);
}

static void side_finish(struct side *side)
{
	mmu_destroy(side->mmu);
	ram_finish(&side->ram);
}

static struct tlb_level_config random_level(struct random_stream *random, const char *name)
{
	const struct tlb_policy *policy;
	uint32_t nr_policies = 0, ways = 1u << random_below(random, 4);

	while (tlb_policy_at(nr_policies))
		nr_policies++;
	policy = tlb_policy_at(random_below(random, nr_policies));
	return (struct tlb_level_config){
		.nr_arrays = 1,
		.arrays = { { .name = name,
		              .entries = ways << random_below(random, 3),
		              .ways = ways,
		              .page_sizes = 1 << PAGE_4K,
		              .policy = policy } },
	};
}

static struct mmu_config random_config(struct random_stream *random)
{
	struct mmu_config config = { .physical_bits = 40 };

	config.tlb[TLB_L1I] = random_level(random, "l1i");
	config.tlb[TLB_L1D] = random_level(random, "l1d");
	if (random_below(random, 4))
		config.tlb[TLB_STLB] = random_level(random, "stlb");
	return config;
}

/* Mostly the page from before, or one of a few. */
static void random_accesses(struct random_stream *random, struct trace_access *accesses)
{
	uint64_t pages[NR_ACCESS_KINDS] = { 0 };

	for (uint32_t i = 0; i < NR_ACCESSES; i++) {
		uint8_t kind = (uint8_t)random_below(random, NR_ACCESS_KINDS);
		uint64_t *page = &pages[kind == ACCESS_FETCH];

		if (!random_below(random, 3))
			*page = random_below(random, random_below(random, 3) ? 4 : NR_PAGES);
		accesses[i] = (struct trace_access){
			.va = PAGES_VA + (*page << PAGE_SHIFT) + random_below(random, PAGE_SIZE),
			.count = 1,
			.kind = kind,
			.priv = random_one_in(random, 50),
		};
	}
}

/* As a trace at page detail; malloc'ed. An event now and then parts it. */
static char *write_pages(struct random_stream *random, const struct trace_access *accesses,
                         size_t *size)
{
	const struct trace_info info = { .detail = TRACE_PAGE };
	const struct record_event event = { .kind = RECORD_TURN };
	struct trace_sink *sink;
	char *data, why[100];
	FILE *file = open_memstream(&data, size);

	ck_assert_int_eq(trace_create_pagewalk(&sink, file, &info), 0);
	for (uint32_t i = 0, n; i < NR_ACCESSES; i += n) {
		n = 1 + (uint32_t)random_below(random, TRACE_BATCH);
		n = n < NR_ACCESSES - i ? n : NR_ACCESSES - i;
		ck_assert_int_eq(trace_write(sink,
		                             &(struct trace_batch){
		                                 .nr = n,
		                                 .accesses = accesses + i,
		                                 .event = n % 2 ? &event : NULL,
		                             }),
		                 0);
	}
	ck_assert_int_eq(sink->ops->commit(sink, why, sizeof(why)), 0);
	fclose(file);
	return data;
}

static void access_all(struct mmu *mmu, const struct trace_access *accesses, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		mmu_access_again(mmu, accesses[i].va, accesses[i].kind, accesses[i].priv,
		                 accesses[i].count);
}

/* Records that it has. */
static uint64_t access_trace(struct mmu *mmu, const void *data, size_t size)
{
	FILE *file = fmemopen((void *)data, size, "r");
	struct trace_source *source;
	struct trace_batch batch;
	uint64_t nr = 0;
	char why[600];

	ck_assert_int_eq(trace_open_pagewalk(&source, file, NULL, 0, "pages", why, sizeof(why)), 0);
	for (; trace_next(source, &batch) > 0; nr += batch.nr)
		access_all(mmu, batch.accesses, batch.nr);
	ck_assert_str_eq(source->error, "");
	trace_close(source);
	return nr;
}

START_TEST(every_hierarchy_has_the_figures_of_every_access)
{
	struct random_stream random =
	    random_start("every_hierarchy_has_the_figures_of_every_access");
	static struct trace_access accesses[NR_ACCESSES];

	for (uint64_t i = random_cases(100); i; i--) {
		struct mmu_config config = random_config(&random);
		struct side all, pages;
		size_t size;
		char *data;

		random_accesses(&random, accesses);
		data = write_pages(&random, accesses, &size);
		side_init(&all, &config);
		side_init(&pages, &config);
		access_all(all.mmu, accesses, NR_ACCESSES);
		ck_assert_uint_lt(access_trace(pages.mmu, data, size), NR_ACCESSES);
		for (enum privilege priv = PRIV_USER; priv < NR_PRIVS; priv++)
			ck_assert_mem_eq(mmu_counts(all.mmu, priv), mmu_counts(pages.mmu, priv),
			                 sizeof(struct mmu_counts));
		side_finish(&all);
		side_finish(&pages);
		free(data);
	}
}
END_TEST

START_TEST(an_access_across_two_pages_is_one_of_each)
{
	const struct trace_access access = {
		.va = PAGES_VA + PAGE_SIZE - 4, .count = 1, .kind = ACCESS_LOAD, .size = 8
	};
	const struct trace_info info = { .detail = TRACE_PAGE };
	struct mmu_config config = { .physical_bits = 40 };
	struct trace_sink *sink;
	struct side side;
	char *data, why[100];
	size_t size;
	FILE *file = open_memstream(&data, &size);

	ck_assert_int_eq(trace_create_pagewalk(&sink, file, &info), 0);
	trace_write(sink, &(struct trace_batch){ .nr = 1, .accesses = &access });
	ck_assert_int_eq(sink->ops->commit(sink, why, sizeof(why)), 0);
	fclose(file);
	side_init(&side, &config);
	ck_assert_uint_eq(access_trace(side.mmu, data, size), 2);
	ck_assert_uint_eq(mmu_counts(side.mmu, PRIV_USER)->accesses[ACCESS_LOAD], 2);
	side_finish(&side);
	free(data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pages");
	TCase *tc = tcase_create("pages");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_hierarchy_has_the_figures_of_every_access);
	tcase_add_test(tc, an_access_across_two_pages_is_one_of_each);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
