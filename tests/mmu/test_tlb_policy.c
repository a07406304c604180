/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each policy inside a real array against a brute-force model that keeps sets as
 * plain lists; and by hand, with the state drawn.
 */
#include "mmu/tlb.h"
#include "tests/mmu/model_policy.h"
#include "tests/mmu/random_stream.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* One set: which pages its ways hold, and what the policy remembers of them. */
struct model_set {
	struct model_ways ways;
	bool valid[MODEL_MAX_WAYS];
	uint64_t vpn[MODEL_MAX_WAYS];
};

static void model_init(struct model_set *set, uint32_t ways, uint64_t *random)
{
	memset(set, 0, sizeof(*set));
	model_ways_init(&set->ways, ways, random);
}

static bool model_find(const struct model_set *set, uint64_t vpn, uint32_t *way)
{
	for (*way = 0; *way < set->ways.nr; ++*way)
		if (set->valid[*way] && set->vpn[*way] == vpn)
			return true;
	return false;
}

/* True: a hit. */
static bool model_access(struct model_set *set, const struct model_policy *policy, uint64_t vpn)
{
	uint32_t way, free_way = 0;
	bool hit = model_find(set, vpn, &way);

	if (!hit) {
		while (free_way < set->ways.nr && set->valid[free_way])
			free_way++;
		way = free_way < set->ways.nr ? free_way : policy->victim(&set->ways);
		set->valid[way] = true;
		set->vpn[way] = vpn;
	}
	policy->touch(&set->ways, way, !hit);
	return hit;
}

static void model_drop(struct model_set *set, uint64_t vpn)
{
	uint32_t way;

	if (model_find(set, vpn, &way))
		set->valid[way] = false;
}

/* ---- the array under test ---- */

static bool array_access(struct tlb *tlb, uint64_t vpn)
{
	struct tlb_entry *entry = tlb_peek(tlb, vpn << PAGE_SHIFT, 0, PAGE_4K);

	if (entry) {
		tlb_touch(tlb, entry, 1);
		return true;
	}
	tlb_fill(tlb, &(struct tlb_entry){ .tag = vpn << PAGE_SHIFT });
	return false;
}

static struct tlb *make_array(const struct tlb_policy *policy, uint32_t entries, uint32_t ways,
                              uint64_t seed)
{
	struct tlb_config config = { .name = "test",
		                     .entries = entries,
		                     .ways = ways,
		                     .page_sizes = 1 << PAGE_4K,
		                     .policy = policy,
		                     .seed = seed };
	struct tlb *tlb;

	ck_assert_int_eq(tlb_create(&tlb, &config), 0);
	return tlb;
}

/* Sets and ways of the machines that ship, and of odd ones. */
static const struct {
	uint32_t sets, ways;
} geometries[] = {
	{ 16, 4 },                                       /* 64/4: L1D of skylake, nehalem, p6 */
	{ 128, 12 },                                     /* 1536/12: skylake's STLB */
	{ 16, 8 },   { 128, 4 },  { 8, 4 },   { 32, 4 }, /* 128/8, 512/4, 32/4, 128/4 */
	{ 128, 24 }, { 128, 16 }, { 64, 8 },             /* zen4, zen2, drcachesim-like */
	{ 1, 64 },   { 1, 8 },    { 1, 7 },   { 1, 72 }, /* fully associative */
	{ 1, 2 },    { 1, 16 },   { 64, 1 },  { 1, 1 },  /* p6's 4M, geode, direct-mapped */
	{ 4, 3 },    { 2, 5 },    { 1, 127 },
};

#define NR_GEOMETRIES (int)(sizeof(geometries) / sizeof(geometries[0]))

/* Mostly near the last page, with enough distinct pages to overflow the array. */
static uint64_t next_vpn(struct random_stream *random, uint64_t *last, uint32_t entries)
{
	if (random_one_in(random, 3))
		*last = random_below(random, 2 * (uint64_t)entries + 2);
	else if (random_one_in(random, 2))
		*last = (*last + 1) % (2 * (uint64_t)entries + 2);
	return *last;
}

static void compare_with_model(const struct tlb_policy *policy, uint32_t nr_sets, uint32_t ways,
                               struct random_stream *random)
{
	const struct model_policy *model = model_policy_by_name(policy->name);
	uint64_t cases = random_cases(2000) + 6 * (uint64_t)nr_sets * ways; /* to fill it */
	uint64_t seed = random_next(random), model_random = seed;
	struct model_set *sets = calloc(nr_sets, sizeof(*sets));
	struct tlb *tlb = make_array(policy, nr_sets * ways, ways, seed);
	uint64_t last = 0;

	ck_assert_msg(model, "%s has no model", policy->name);
	for (uint32_t i = 0; i < nr_sets; i++)
		model_init(&sets[i], ways, &model_random);
	for (uint64_t i = 0; i < cases; i++) {
		uint64_t vpn = next_vpn(random, &last, nr_sets * ways);
		struct model_set *set = &sets[vpn % nr_sets];
		bool hit = model_access(set, model, vpn);

		/* An assertion of Check's costs a system call: too much for every step. */
		if (array_access(tlb, vpn) != hit)
			ck_abort_msg("%s %ux%u step %llu: %s expected", policy->name, nr_sets, ways,
			             (unsigned long long)i, hit ? "hit" : "miss");
		if (random_one_in(random, 40)) {
			vpn = random_below(random, 2 * (uint64_t)nr_sets * ways);
			model_drop(&sets[vpn % nr_sets], vpn);
			tlb_drop_page(tlb, vpn << PAGE_SHIFT, 0, true);
		}
	}
	tlb_destroy(tlb);
	free(sets);
}

START_TEST(every_policy_agrees_with_its_model)
{
	struct random_stream random = random_start("every_policy_agrees_with_its_model");

	for (size_t i = 0; tlb_policy_at(i); i++)
		compare_with_model(tlb_policy_at(i), geometries[_i].sets, geometries[_i].ways,
		                   &random);
}
END_TEST

/* ---- by hand ---- */

/*
 * Steps over one set: a letter is an access to that page, -X claims that page X is
 * gone, +X that it is there.
 */
static void check_story(const char *policy, uint32_t ways, const char *story)
{
	struct tlb *tlb = make_array(tlb_policy_by_name(policy), ways, 0, 0);

	for (const char *c = story; *c; c++) {
		if (*c == ' ')
			continue;
		if (*c == '-')
			ck_assert_msg(!tlb_peek(tlb, (va_t) * ++c << PAGE_SHIFT, 0, PAGE_4K),
			              "%s: in \"%s\", %c is still there after %d", policy, story,
			              *c, (int)(c - story));
		else if (*c == '+')
			ck_assert_msg(tlb_peek(tlb, (va_t) * ++c << PAGE_SHIFT, 0, PAGE_4K),
			              "%s: in \"%s\", %c is gone at %d", policy, story, *c,
			              (int)(c - story));
		else
			array_access(tlb, (uint64_t)*c);
	}
	tlb_destroy(tlb);
}

/* oldest first:            ABCD   BCDA   CDAE     DAEC  AECF */
START_TEST(lru_evicts_what_was_not_used_for_longest)
{
	check_story("lru", 4, "ABCD A E-B+A C F-D+A+E+C");
}
END_TEST

/* first in first:           ABCD   ABCD BCDE    CDEF */
START_TEST(fifo_does_not_mind_hits)
{
	check_story("fifo", 4, "ABCD AAA E-A+B B F-B+C");
}
END_TEST

/*
 * ways A B C D; the arrow at each node:
 *   after ABCD   top: left, AB: A, CD: C   -> A would go
 *   after A      top: right, AB: B         -> C would go
 *   E for C      top: left, CD: D          -> B would go
 */
START_TEST(tree_plru_follows_its_arrows)
{
	check_story("tree-plru", 4, "ABCD A E-C+D F-B+A+D+E");
}
END_TEST

/* Three ways: ((A B) C). After ABC the top points left, AB to A; D for A turns the
 * top to C. */
START_TEST(tree_plru_splits_three_ways_into_two_and_one)
{
	check_story("tree-plru", 3, "ABC D-A+B+C E-C+B+D");
}
END_TEST

/* marks: D's fill completes them, so 0001; A: 1001; E takes B: 1101; F takes C and
 * completes: 0010; G takes A. */
START_TEST(bit_plru_keeps_only_the_last_mark_when_all_are_set)
{
	check_story("bit-plru", 4, "ABCD A E-B+C F-C+A+D+E G-A+D+E+F");
}
END_TEST

/* marks 1111 after ABCD; E wipes them and takes A: 1000; C: 1010; F takes B, G D. */
START_TEST(nru_wipes_marks_only_when_it_needs_a_victim)
{
	check_story("nru", 4, "ABCD E-A+B C F-B+C+D G-D+C+E+F");
}
END_TEST

/* uses A3 B2 C1 D2: C goes for E1, then E itself, until it is used more. */
START_TEST(lfu_evicts_the_least_used)
{
	check_story("lfu", 4, "ABCD AA B D E-C F-E FFF+A G-B+D+F");
}
END_TEST

START_TEST(random_depends_on_its_seed_alone)
{
	const struct tlb_policy *policy = tlb_policy_by_name("random");
	struct tlb *one = make_array(policy, 64, 4, 7), *same = make_array(policy, 64, 4, 7);
	struct tlb *other = make_array(policy, 64, 4, 8);
	struct random_stream random = { 3 };
	int differences = 0;

	for (int i = 0; i < 2000; i++) {
		uint64_t vpn = random_below(&random, 100);
		bool hit = array_access(one, vpn);

		ck_assert_int_eq(array_access(same, vpn), hit);
		differences += array_access(other, vpn) != hit;
	}
	ck_assert_int_gt(differences, 0);
	tlb_destroy(one);
	tlb_destroy(same);
	tlb_destroy(other);
}
END_TEST

START_TEST(random_takes_every_way_about_as_often)
{
	struct tlb_policy_array array = { .ways = 12, .random = 5 };
	int taken[12] = { 0 };

	for (int i = 0; i < 12000; i++)
		taken[tlb_policy_random.victim(&array, NULL)]++;
	for (int way = 0; way < 12; way++)
		ck_assert_msg(taken[way] > 850 && taken[way] < 1150, "way %d: %d", way, taken[way]);
}
END_TEST

START_TEST(policies_are_found_by_name)
{
	const struct tlb_policy *policy;

	for (size_t i = 0; (policy = tlb_policy_at(i)); i++)
		ck_assert_ptr_eq(tlb_policy_by_name(policy->name), policy);
	ck_assert_ptr_null(tlb_policy_by_name("plru"));
	ck_assert_ptr_null(tlb_policy_by_name(""));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tlb_policy");
	TCase *tcase = tcase_create("tlb_policy");

	tcase_add_loop_test(tcase, every_policy_agrees_with_its_model, 0, NR_GEOMETRIES);
	tcase_add_test(tcase, lru_evicts_what_was_not_used_for_longest);
	tcase_add_test(tcase, fifo_does_not_mind_hits);
	tcase_add_test(tcase, tree_plru_follows_its_arrows);
	tcase_add_test(tcase, tree_plru_splits_three_ways_into_two_and_one);
	tcase_add_test(tcase, bit_plru_keeps_only_the_last_mark_when_all_are_set);
	tcase_add_test(tcase, nru_wipes_marks_only_when_it_needs_a_victim);
	tcase_add_test(tcase, lfu_evicts_the_least_used);
	tcase_add_test(tcase, random_depends_on_its_seed_alone);
	tcase_add_test(tcase, random_takes_every_way_about_as_often);
	tcase_add_test(tcase, policies_are_found_by_name);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
