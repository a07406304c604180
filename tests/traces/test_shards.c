/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/shards.h"

#include "tests/run_suite.h"
#include "tests/traces/page_stream.h"
#include "traces/curve.h"

#include <math.h>

#define NR_PAGES 5000
#define NR_REFERENCES 60000

static struct curve *run_curve(uint64_t seed, double rate, uint32_t pages)
{
	const struct trace_info info = { .has_events = false };
	struct random_stream random = { .state = seed };
	struct page_stream stream = { .random = &random, .nr_pages = NR_PAGES };
	struct curve_options options = curve_defaults;
	struct curve *curve;
	char why[128];

	options.sample_rate = rate;
	options.sample_pages = pages;
	options.opt = !pages;
	options.max_sets = 1;
	ck_assert_int_eq(curve_create(&curve, &options, &info, why, sizeof(why)), 0);
	for (uint32_t n = 0; n < NR_REFERENCES; n++) {
		const struct trace_access access = {
			.va = (uint64_t)page_stream_next(&stream) << PAGE_SHIFT,
			.count = 1,
		};

		ck_assert_int_eq(
		    curve_feed(curve, &(struct trace_batch){ .nr = 1, .accesses = &access }), 0);
	}
	return curve;
}

/* How many standard errors an estimate is off. */
static double errors_off(const struct curve *sample, const struct curve *exact, bool opt,
                         uint32_t size)
{
	double error, estimate = curve_estimate(sample, CURVE_RAM, opt, size, &error);
	uint64_t misses = opt ? curve_opt_misses(exact, CURVE_RAM, size)
	                      : curve_misses(exact, CURVE_RAM, 1, size);

	return fabs(estimate - (double)misses) / (error + 1);
}

START_TEST(estimates_are_as_good_as_they_say)
{
	struct random_stream random = random_start("estimates_are_as_good_as_they_say");
	uint32_t nr = 0, far = 0;

	for (uint64_t n = random_cases(1); n; n--) {
		uint64_t seed = random_next(&random);
		struct curve *exact = run_curve(seed, 0, 0);
		struct curve *rate = run_curve(seed, 0.1, 0), *fixed = run_curve(seed, 0, 600);

		for (uint32_t size = 200; size < NR_PAGES; size += 600, nr += 3) {
			far += errors_off(rate, exact, false, size) > 2;
			far += errors_off(rate, exact, true, size) > 2;
			far += errors_off(fixed, exact, false, size) > 2;
		}
		curve_destroy(exact);
		curve_destroy(rate);
		curve_destroy(fixed);
	}
	printf("# %u of %u estimates are off by more than two standard errors\n", far, nr);
	ck_assert_uint_le(far, nr / 4);
}
END_TEST

START_TEST(the_more_pages_the_smaller_the_error)
{
	double last = INFINITY;

	for (double rate = 0.02; rate < 0.99; rate *= 3) {
		struct curve *curve = run_curve(7, rate, 0);
		double error;

		curve_estimate(curve, CURVE_RAM, false, 1500, &error);
		ck_assert(error < last);
		last = error;
		curve_destroy(curve);
	}
}
END_TEST

START_TEST(a_sample_of_all_pages_is_exact)
{
	struct curve *exact = run_curve(3, 0, 0), *sample = run_curve(3, 1, 0);

	for (uint32_t size = 1; size < 512; size += 17) {
		double error, estimate = curve_estimate(sample, CURVE_RAM, false, size, &error);

		ck_assert(estimate == (double)curve_misses(exact, CURVE_RAM, 1, size));
		ck_assert(error == 0);
		estimate = curve_estimate(sample, CURVE_RAM, true, size, &error);
		ck_assert(estimate == (double)curve_opt_misses(exact, CURVE_RAM, size));
	}
	curve_destroy(exact);
	curve_destroy(sample);
}
END_TEST

START_TEST(bins_are_narrow_and_in_order)
{
	for (uint32_t bin = 2; bin < SHARDS_NR_BINS; bin++) {
		uint64_t before = shards_last_depth(bin - 1), last = shards_last_depth(bin);

		ck_assert(last > before);
		ck_assert(last == before + 1 || (double)last / (double)(before + 1) < 1.004);
	}
}
END_TEST

/* A reference of each depth is missed by the caches that are smaller, and hit from the bin's
 * last depth on. */
START_TEST(depths_are_in_their_bins)
{
	static struct shards_point points[SHARDS_NR_BINS];
	const struct shards shards = { .threshold = SHARDS_ALL / 8 };

	for (uint32_t depth = 1; depth < 100000000; depth = depth * 3 + 1) {
		uint64_t whole = (uint64_t)(depth - 1) * 8 + 1;
		struct shards_counts counts;

		ck_assert_int_eq(shards_counts_init(&counts), 0);
		shards_count(&counts, &shards, 0, depth);
		shards_points(&counts, &shards, points);
		for (uint32_t bin = 1; bin < SHARDS_NR_BINS; bin++) {
			bool is_hit = shards_last_depth(bin) >= whole;

			ck_assert(points[bin].misses == (is_hit ? 0 : 8));
			ck_assert_int_eq(points[bin].has_references,
			                 is_hit && shards_last_depth(bin - 1) < whole);
		}
		shards_counts_finish(&counts);
	}
}
END_TEST

START_TEST(the_threshold_sinks_to_one)
{
	struct shards shards = { .threshold = SHARDS_ALL };
	uint32_t steps = 0;

	while (shards_lower(&shards))
		steps++;
	ck_assert_uint_eq(shards.threshold, 1);
	ck_assert_uint_gt(steps, 50);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shards");
	TCase *tcase = tcase_create("shards");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, estimates_are_as_good_as_they_say);
	tcase_add_test(tcase, the_more_pages_the_smaller_the_error);
	tcase_add_test(tcase, a_sample_of_all_pages_is_exact);
	tcase_add_test(tcase, bins_are_narrow_and_in_order);
	tcase_add_test(tcase, depths_are_in_their_bins);
	tcase_add_test(tcase, the_threshold_sinks_to_one);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
