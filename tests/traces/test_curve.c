/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/curve.h"

#include "mm/mm.h"
#include "tests/run_suite.h"
#include "tests/traces/model_cache.h"
#include "tests/traces/page_stream.h"

#include <errno.h>

#define NR_CPUS 2
#define NR_SPACES 3
#define NR_PAGES 160 /* of each space */
#define NR_SIZES 20

/* Caches of one size, as the curve has them: the TLBs of each CPU, and RAM. */
struct size_model {
	uint32_t sets, ways;
	struct model_cache tlbs[NR_CPUS][CURVE_RAM];
	uint64_t rewalks[CURVE_RAM];
	struct model_cache ram;
};

struct fixture {
	struct random_stream random;
	struct curve *curve;
	bool has_events, flush_on_switch;
	uint32_t nr_cpus;
	uint64_t space[NR_CPUS];
	bool stored[NR_SPACES + 1][NR_PAGES], faulted[NR_SPACES + 1][NR_PAGES];
	uint64_t references[NR_CURVES];
	struct size_model sizes[NR_SIZES];
};

/* ---- the model ---- */

static void init_sizes(struct fixture *fixture)
{
	for (uint32_t i = 0; i < NR_SIZES; i++) {
		struct size_model *size = &fixture->sizes[i];

		size->sets = i < 8 ? 1 : 1u << random_below(&fixture->random, 7);
		size->ways = 1 + (uint32_t)random_below(&fixture->random, i < 8 ? 200 : 12);
		for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
			for (uint32_t kind = 0; kind < CURVE_RAM; kind++)
				model_init(&size->tlbs[cpu][kind], size->sets, size->ways,
				           MODEL_LRU);
		model_init(&size->ram, 1, size->ways, MODEL_LRU);
	}
}

static void finish_sizes(struct fixture *fixture)
{
	for (uint32_t i = 0; i < NR_SIZES; i++) {
		for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
			for (uint32_t kind = 0; kind < CURVE_RAM; kind++)
				model_finish(&fixture->sizes[i].tlbs[cpu][kind]);
		model_finish(&fixture->sizes[i].ram);
	}
}

static void model_look_up(struct fixture *fixture, struct size_model *size, uint32_t cpu,
                          enum curve_kind kind, uint64_t vpn, bool store)
{
	struct model_cache *tlb = &size->tlbs[cpu][kind];
	uint64_t space = fixture->space[cpu];
	bool hit = model_touch(tlb, space, vpn);
	struct model_way *way = model_find(tlb, space, vpn);

	if (!hit)
		way->dirty = fixture->stored[space][vpn];
	if (hit && (fixture->faulted[space][vpn] || (store && !way->dirty)))
		size->rewalks[kind]++;
	if (fixture->faulted[space][vpn])
		way->dirty = fixture->stored[space][vpn];
	way->dirty |= store;
}

static void model_access(struct fixture *fixture, uint32_t cpu, enum access_kind kind, uint64_t vpn)
{
	enum curve_kind l1 = kind == ACCESS_FETCH ? CURVE_L1I : CURVE_L1D;

	for (uint32_t i = 0; i < NR_SIZES; i++) {
		struct size_model *size = &fixture->sizes[i];

		model_look_up(fixture, size, cpu, l1, vpn, kind == ACCESS_STORE);
		model_look_up(fixture, size, cpu, CURVE_UNIFIED, vpn, kind == ACCESS_STORE);
		model_touch(&size->ram, fixture->space[cpu], vpn);
	}
	fixture->stored[fixture->space[cpu]][vpn] |= kind == ACCESS_STORE;
	fixture->faulted[fixture->space[cpu]][vpn] = false;
	fixture->references[l1]++;
	fixture->references[CURVE_UNIFIED]++;
	fixture->references[CURVE_RAM]++;
}

static void model_unmap(struct fixture *fixture, uint64_t space, uint64_t first, uint64_t nr)
{
	for (uint64_t vpn = first; vpn < first + nr && vpn < NR_PAGES; vpn++) {
		fixture->stored[space][vpn] = fixture->faulted[space][vpn] = false;
		for (uint32_t i = 0; i < NR_SIZES; i++) {
			struct size_model *size = &fixture->sizes[i];

			for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
				for (uint32_t kind = 0; kind < CURVE_RAM; kind++)
					model_drop(&size->tlbs[cpu][kind], space, vpn);
			model_drop(&size->ram, space, vpn);
		}
	}
}

static void model_switch(struct fixture *fixture, uint32_t cpu, uint64_t space)
{
	if (fixture->space[cpu] == space)
		return;
	fixture->space[cpu] = space;
	for (uint32_t i = 0; fixture->flush_on_switch && i < NR_SIZES; i++)
		for (uint32_t kind = 0; kind < CURVE_RAM; kind++)
			model_clear(&fixture->sizes[i].tlbs[cpu][kind]);
}

/* ---- both ---- */

static void begin(struct fixture *fixture, const struct curve_options *options, bool has_events)
{
	const struct trace_info info = { .has_events = has_events, .va_bits = 48 };
	char why[128];

	fixture->has_events = has_events;
	fixture->flush_on_switch = options->flush_on_switch;
	ck_assert_int_eq(curve_create(&fixture->curve, options, &info, why, sizeof(why)), 0);
	init_sizes(fixture);
}

static void feed(struct fixture *fixture, uint32_t cpu, const struct trace_access *accesses,
                 uint32_t nr, const struct record_event *event)
{
	const struct trace_batch batch = {
		.task = (int32_t)fixture->space[cpu],
		.cpu = cpu,
		.nr = nr,
		.accesses = accesses,
		.event = event,
	};

	ck_assert_int_eq(curve_feed(fixture->curve, &batch), 0);
}

static void tell(struct fixture *fixture, enum record_kind kind, uint32_t cpu, uint64_t a,
                 uint64_t b, uint64_t c, uint64_t d)
{
	const struct record_event event = {
		.kind = kind, .task = (int32_t)a, .cpu = cpu, .nr_args = 4, .args = { a, b, c, d }
	};

	feed(fixture, cpu, NULL, 0, &event);
}

static void switch_to(struct fixture *fixture, uint32_t cpu, uint64_t space)
{
	if (fixture->has_events)
		tell(fixture, RECORD_SWITCH, cpu, space, 0, 0, 0);
	model_switch(fixture, cpu, space);
}

static void unmap(struct fixture *fixture, uint64_t space, uint64_t first, uint64_t nr)
{
	tell(fixture, RECORD_MUNMAP, 0, space, first << PAGE_SHIFT, nr << PAGE_SHIFT, 0);
	model_unmap(fixture, space, first, nr);
}

static void fault(struct fixture *fixture, uint32_t cpu, uint64_t vpn, enum access_kind kind)
{
	uint64_t space = fixture->space[cpu];

	tell(fixture, RECORD_FAULT, cpu, vpn << PAGE_SHIFT, kind, 0, 0);
	fixture->faulted[space][vpn] = true;
	fixture->stored[space][vpn] |= kind == ACCESS_STORE;
}

static void some_accesses(struct fixture *fixture, uint32_t cpu, struct page_stream *data,
                          struct page_stream *code)
{
	struct trace_access accesses[64];
	uint32_t nr = 1 + (uint32_t)random_below(&fixture->random, 64);

	for (uint32_t i = 0; i < nr; i++) {
		enum access_kind kind = (enum access_kind)random_below(&fixture->random, 3);
		uint64_t vpn = page_stream_next(kind == ACCESS_FETCH ? code : data);
		uint32_t count = 1;

		if (random_one_in(&fixture->random, 3))
			count += (uint32_t)random_below(&fixture->random, 5);
		accesses[i] = (struct trace_access){
			.va = vpn << PAGE_SHIFT | random_below(&fixture->random, 4000),
			.count = count,
			.kind = (uint8_t)kind,
			.size = 8,
		};
		while (count--)
			model_access(fixture, cpu, kind, vpn);
	}
	feed(fixture, cpu, accesses, nr, NULL);
}

static void run_some(struct fixture *fixture, uint32_t rounds)
{
	struct page_stream data = { .random = &fixture->random, .nr_pages = NR_PAGES };
	struct page_stream code = { .random = &fixture->random, .nr_pages = NR_PAGES / 4 };

	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
		fixture->space[cpu] = 1;
	switch_to(fixture, 0, 2);
	for (uint32_t n = 0; n < rounds; n++) {
		uint32_t cpu = (uint32_t)random_below(&fixture->random, fixture->nr_cpus);

		/* The others come late. */
		if (n < rounds / 3)
			cpu = 0;
		else if (n == rounds / 3)
			for (uint32_t i = 1; i < fixture->nr_cpus; i++)
				switch_to(fixture, i, 3);
		some_accesses(fixture, cpu, &data, &code);
		if (random_one_in(&fixture->random, 5))
			switch_to(fixture, cpu, 1 + random_below(&fixture->random, NR_SPACES));
		if (fixture->has_events && random_one_in(&fixture->random, 3))
			fault(fixture, cpu, page_stream_next(&data),
			      (enum access_kind)random_below(&fixture->random, 3));
		if (fixture->has_events && random_one_in(&fixture->random, 5))
			unmap(fixture, 1 + random_below(&fixture->random, NR_SPACES),
			      random_below(&fixture->random, NR_PAGES),
			      random_one_in(&fixture->random, 9)
			          ? 1 << 20
			          : 1 + random_below(&fixture->random, 5));
	}
}

static void compare_size(const struct fixture *fixture, const struct size_model *size)
{
	for (unsigned kind = 0; kind < CURVE_RAM; kind++) {
		uint64_t misses = 0;

		for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
			misses += size->tlbs[cpu][kind].misses;
		ck_assert_uint_eq(
		    curve_misses(fixture->curve, (enum curve_kind)kind, size->sets, size->ways),
		    misses);
		if (fixture->nr_cpus == 1)
			ck_assert_uint_eq(curve_rewalks(fixture->curve, (enum curve_kind)kind,
			                                size->sets, size->ways),
			                  fixture->has_events ? size->rewalks[kind] : 0);
	}
	ck_assert_uint_eq(curve_misses(fixture->curve, CURVE_RAM, 1, size->ways), size->ram.misses);
}

static void compare_and_end(struct fixture *fixture)
{
	for (unsigned kind = 0; kind < NR_CURVES; kind++)
		ck_assert_uint_eq(curve_references(fixture->curve, (enum curve_kind)kind),
		                  fixture->references[kind]);
	for (uint32_t i = 0; i < NR_SIZES; i++)
		compare_size(fixture, &fixture->sizes[i]);
	finish_sizes(fixture);
	curve_destroy(fixture->curve);
}

static void compare_run(const char *test, const struct curve_options *options, uint32_t nr_cpus,
                        bool has_events)
{
	struct random_stream random = random_start(test);

	for (uint64_t n = random_cases(4); n; n--) {
		struct fixture *fixture = calloc(1, sizeof(*fixture));

		fixture->random = random;
		fixture->nr_cpus = nr_cpus;
		begin(fixture, options, has_events);
		run_some(fixture, 100);
		compare_and_end(fixture);
		random = fixture->random;
		free(fixture);
	}
}

/* ---- tests ---- */

START_TEST(misses_are_those_of_caches_one_by_one)
{
	compare_run("misses_are_those_of_caches_one_by_one", &curve_defaults, 1, true);
}
END_TEST

START_TEST(each_cpu_has_tlbs_of_its_own_and_ram_is_shared)
{
	compare_run("each_cpu_has_tlbs_of_its_own_and_ram_is_shared", &curve_defaults, NR_CPUS,
	            true);
}
END_TEST

START_TEST(foreign_traces_have_a_space_for_each_task_and_no_dirty_bits)
{
	compare_run("foreign_traces_have_a_space_for_each_task_and_no_dirty_bits", &curve_defaults,
	            1, false);
}
END_TEST

START_TEST(without_pcids_a_switch_empties_the_tlbs_and_not_ram)
{
	struct curve_options options = curve_defaults;

	options.flush_on_switch = true;
	compare_run("without_pcids_a_switch_empties_the_tlbs_and_not_ram", &options, NR_CPUS, true);
}
END_TEST

static struct curve *new_curve(const struct curve_options *options)
{
	const struct trace_info info = { .has_events = true, .va_bits = 48 };
	struct curve *curve;
	char why[128];

	ck_assert_int_eq(curve_create(&curve, options, &info, why, sizeof(why)), 0);
	return curve;
}

/* It is not kept by itself as long as one CPU's unified TLB has the same figures. */
START_TEST(ram_is_the_same_when_it_is_kept_by_itself_from_the_start)
{
	struct random_stream random =
	    random_start("ram_is_the_same_when_it_is_kept_by_itself_from_the_start");
	struct page_stream stream = { .random = &random, .nr_pages = 300 };
	struct curve_options options = curve_defaults;
	struct curve *late, *always;

	options.opt = true;
	late = new_curve(&options);
	options.flush_on_switch = true; /* RAM does not care */
	always = new_curve(&options);
	for (uint32_t n = 0; n < 20000; n++) {
		const struct trace_access access = {
			.va = (uint64_t)page_stream_next(&stream) << PAGE_SHIFT,
			.count = 1,
			.kind = (uint8_t)random_below(&random, NR_ACCESS_KINDS),
		};
		const struct record_event unmap = { .kind = RECORD_MUNMAP,
			                            .nr_args = 4,
			                            .args = { 0, access.va, 3 * PAGE_SIZE, 0 } };
		const struct trace_batch batch = {
			.cpu = n < 10000 ? 0 : (uint32_t)random_below(&random, 3),
			.nr = 1,
			.accesses = &access,
			.event = random_one_in(&random, 100) ? &unmap : NULL,
		};

		ck_assert_int_eq(curve_feed(late, &batch), 0);
		ck_assert_int_eq(curve_feed(always, &batch), 0);
		if (n % 5000)
			continue;
		for (uint32_t size = 1; size < 310; size++) {
			ck_assert_uint_eq(curve_misses(late, CURVE_RAM, 1, size),
			                  curve_misses(always, CURVE_RAM, 1, size));
			ck_assert_uint_eq(curve_opt_misses(late, CURVE_RAM, size),
			                  curve_opt_misses(always, CURVE_RAM, size));
		}
	}
	curve_destroy(late);
	curve_destroy(always);
}
END_TEST

/* Loads of pages 0 to 9, and again after the event. Misses in RAM that is large enough. */
static uint64_t misses_around(const struct record_event *before, const struct record_event *event)
{
	struct trace_access accesses[10];
	struct trace_batch batch = { .nr = 10, .accesses = accesses, .event = event };
	struct curve *curve = new_curve(&curve_defaults);
	uint64_t misses;

	for (uint32_t i = 0; i < 10; i++)
		accesses[i] = (struct trace_access){ .va = i * PAGE_SIZE, .count = 1, .size = 8 };
	for (; before && before->nr_args; before++)
		ck_assert_int_eq(curve_feed(curve, &(struct trace_batch){ .event = before }), 0);
	ck_assert_int_eq(curve_feed(curve, &batch), 0);
	batch.event = NULL;
	ck_assert_int_eq(curve_feed(curve, &batch), 0);
	misses = curve_misses(curve, CURVE_RAM, 1, 1000);
	curve_destroy(curve);
	return misses;
}

#define EVENT(event_kind, ...)                                                                     \
	&(struct record_event)                                                                     \
	{                                                                                          \
		.kind = event_kind, .nr_args = 8, .args = { __VA_ARGS__ }                          \
	}

START_TEST(pages_that_were_unmapped_are_new_pages)
{
	const uint64_t page = PAGE_SIZE;

	ck_assert_uint_eq(misses_around(NULL, NULL), 10);
	ck_assert_uint_eq(misses_around(NULL, EVENT(RECORD_MUNMAP, 0, 2 * page, 3 * page, 0)), 13);
	ck_assert_uint_eq(
	    misses_around(NULL, EVENT(RECORD_MUNMAP, 0, 2 * page, 3 * page, (uint64_t)-22)), 10);
	ck_assert_uint_eq(misses_around(NULL, EVENT(RECORD_MUNMAP, 1, 2 * page, 3 * page, 0)), 10);
	ck_assert_uint_eq(misses_around(NULL, EVENT(RECORD_MMAP, 0, 0, 0, 2 * page, 0, 0, 0, page)),
	                  12);
	ck_assert_uint_eq(
	    misses_around(NULL, EVENT(RECORD_MADVISE, 0, 0, 4 * page, MADV_DONTNEED_, 0)), 14);
	ck_assert_uint_eq(
	    misses_around(NULL, EVENT(RECORD_MADVISE, 0, 0, 4 * page, MADV_RANDOM_, 0)), 10);
	/* Shrinks in place; moves on pages that were there. */
	ck_assert_uint_eq(misses_around(NULL, EVENT(RECORD_MREMAP, 0, 0, 4 * page, page, 0, 0, 0)),
	                  13);
	ck_assert_uint_eq(
	    misses_around(NULL, EVENT(RECORD_MREMAP, 0, 0, page, page, 0, 0, 9 * page)), 12);
	ck_assert_uint_eq(misses_around(NULL, EVENT(RECORD_MUNMAP, 0, 0, (uint64_t)-1, 0)), 10);
}
END_TEST

START_TEST(a_heap_that_shrinks_loses_pages)
{
	const struct record_event layout[] = { *EVENT(RECORD_MM_LAYOUT, 0, 0, 0, 0, 8 * PAGE_SIZE),
		                               { .nr_args = 0 } };

	ck_assert_uint_eq(misses_around(layout, EVENT(RECORD_BRK, 0, 0, 6 * PAGE_SIZE)), 12);
	ck_assert_uint_eq(misses_around(layout, EVENT(RECORD_BRK, 0, 0, 9 * PAGE_SIZE)), 10);
}
END_TEST

START_TEST(an_address_space_is_gone_with_its_last_user)
{
	const struct record_event alone[] = { *EVENT(RECORD_MM_ALLOC, 0), { .nr_args = 0 } };
	const struct record_event shared[] = { *EVENT(RECORD_MM_ALLOC, 0),
		                               *EVENT(RECORD_MM_GET, 0),
		                               { .nr_args = 0 } };

	ck_assert_uint_eq(misses_around(alone, EVENT(RECORD_MM_PUT, 0)), 20);
	ck_assert_uint_eq(misses_around(shared, EVENT(RECORD_MM_PUT, 0)), 10);
}
END_TEST

START_TEST(an_access_across_pages_is_two_unless_events_tell)
{
	const struct trace_access access = { .va = PAGE_SIZE - 4, .count = 1, .size = 8 };
	const struct trace_batch batch = { .nr = 1, .accesses = &access };

	for (int has_events = 0; has_events < 2; has_events++) {
		const struct trace_info info = { .has_events = has_events, .va_bits = 48 };
		struct curve *curve;
		char why[128];

		ck_assert_int_eq(curve_create(&curve, &curve_defaults, &info, why, sizeof(why)), 0);
		ck_assert_int_eq(curve_feed(curve, &batch), 0);
		ck_assert_uint_eq(curve_references(curve, CURVE_L1D), has_events ? 1 : 2);
		ck_assert_uint_eq(curve_misses(curve, CURVE_L1D, 2, 1), has_events ? 1 : 2);
		curve_destroy(curve);
	}
}
END_TEST

START_TEST(impossible_options_are_refused)
{
	const struct trace_info info = { .va_bits = 48 };
	struct curve_options options = curve_defaults;
	struct curve *curve;
	char why[128];

	options.max_sets = 3;
	ck_assert_int_eq(curve_create(&curve, &options, &info, why, sizeof(why)), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "power of two"));
	options.max_sets = 1 << 17;
	ck_assert_int_eq(curve_create(&curve, &options, &info, why, sizeof(why)), -EINVAL);
	options = curve_defaults;
	options.max_ways = 0;
	ck_assert_int_eq(curve_create(&curve, &options, &info, why, sizeof(why)), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("curve");
	TCase *tcase = tcase_create("curve");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, misses_are_those_of_caches_one_by_one);
	tcase_add_test(tcase, each_cpu_has_tlbs_of_its_own_and_ram_is_shared);
	tcase_add_test(tcase, foreign_traces_have_a_space_for_each_task_and_no_dirty_bits);
	tcase_add_test(tcase, without_pcids_a_switch_empties_the_tlbs_and_not_ram);
	tcase_add_test(tcase, ram_is_the_same_when_it_is_kept_by_itself_from_the_start);
	tcase_add_test(tcase, pages_that_were_unmapped_are_new_pages);
	tcase_add_test(tcase, a_heap_that_shrinks_loses_pages);
	tcase_add_test(tcase, an_address_space_is_gone_with_its_last_user);
	tcase_add_test(tcase, an_access_across_pages_is_two_unless_events_tell);
	tcase_add_test(tcase, impossible_options_are_refused);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
