/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm_fixture.h"

#include "mm/mmzone.h"
#include "tests/run_suite.h"

#include <errno.h>

#define MAP_UNITS 256 /* of the brute-force model */
#define UNIT 0x1000

START_TEST(touching_regions_become_one)
{
	struct memblock m = { 0 };

	ck_assert_int_eq(memblock_add(&m, 0x1000, 0x1000), 0);
	ck_assert_int_eq(memblock_add(&m, 0x3000, 0x1000), 0);
	ck_assert_uint_eq(m.memory.cnt, 2);
	ck_assert_int_eq(memblock_add(&m, 0x2000, 0x1000), 0);
	ck_assert_uint_eq(m.memory.cnt, 1);
	ck_assert_uint_eq(m.memory.regions[0].base, 0x1000);
	ck_assert_uint_eq(m.memory.regions[0].size, 0x3000);
}
END_TEST

START_TEST(overlapping_regions_become_one)
{
	struct memblock m = { 0 };

	memblock_add(&m, 0x2000, 0x2000);
	memblock_add(&m, 0x6000, 0x2000);
	memblock_add(&m, 0xa000, 0x1000);
	ck_assert_int_eq(memblock_add(&m, 0x3000, 0x4000), 0);
	ck_assert_uint_eq(m.memory.cnt, 2);
	ck_assert_uint_eq(m.memory.regions[0].base, 0x2000);
	ck_assert_uint_eq(m.memory.regions[0].size, 0x6000);
	ck_assert_uint_eq(m.memory.regions[1].base, 0xa000);
	ck_assert_int_eq(memblock_add(&m, 0x3000, 0x1000), 0); /* lies inside */
	ck_assert_uint_eq(m.memory.cnt, 2);
	ck_assert_uint_eq(m.memory.regions[0].size, 0x6000);
}
END_TEST

START_TEST(regions_stay_in_order)
{
	struct memblock m = { 0 };

	memblock_add(&m, 0x9000, 0x1000);
	memblock_add(&m, 0x1000, 0x1000);
	memblock_add(&m, 0x5000, 0x1000);
	ck_assert_uint_eq(m.memory.cnt, 3);
	ck_assert_uint_eq(m.memory.regions[0].base, 0x1000);
	ck_assert_uint_eq(m.memory.regions[1].base, 0x5000);
	ck_assert_uint_eq(m.memory.regions[2].base, 0x9000);
}
END_TEST

START_TEST(empty_and_wrapping_ranges_are_refused)
{
	struct memblock m = { 0 };

	ck_assert_int_eq(memblock_add(&m, 0x1000, 0), -EINVAL);
	ck_assert_int_eq(memblock_reserve(&m, UINT64_MAX - 0xfff, 0x2000), -EINVAL);
	ck_assert_uint_eq(m.memory.cnt, 0);
	ck_assert_uint_eq(m.reserved.cnt, 0);
}
END_TEST

START_TEST(full_table_refuses_new_regions_but_still_merges)
{
	struct memblock m = { 0 };

	for (uint64_t i = 0; i < MEMBLOCK_REGIONS; i++)
		ck_assert_int_eq(memblock_add(&m, i * 0x2000, 0x1000), 0);
	ck_assert_int_eq(memblock_add(&m, 0x1000000, 0x1000), -ENOSPC);
	ck_assert_uint_eq(m.memory.cnt, MEMBLOCK_REGIONS);
	ck_assert_int_eq(memblock_add(&m, 0x1000, 0x1000), 0);
	ck_assert_uint_eq(m.memory.cnt, MEMBLOCK_REGIONS - 1);
	ck_assert_int_eq(memblock_add(&m, 0x1000000, 0x1000), 0);
}
END_TEST

START_TEST(alloc_takes_the_highest_fit)
{
	struct memblock m = { 0 };
	pa_t pa;

	memblock_add(&m, 0x0, 0x10000);
	memblock_add(&m, 0x20000, 0x8000);
	ck_assert(memblock_alloc(&m, 0x3000, 0x1000, &pa));
	ck_assert_uint_eq(pa, 0x25000);
	ck_assert(memblock_alloc(&m, 0x2000, 0x4000, &pa));
	ck_assert_uint_eq(pa, 0x20000); /* 0x23000 is not aligned */
	ck_assert(memblock_alloc(&m, 0x3000, 0x1000, &pa));
	ck_assert_uint_eq(pa, 0x22000); /* up to the first block */
	ck_assert(memblock_alloc(&m, 0x10000, 0x1000, &pa));
	ck_assert_uint_eq(pa, 0);
}
END_TEST

START_TEST(alloc_without_a_fit_changes_nothing)
{
	struct memblock m = { 0 };
	pa_t pa = 77;

	memblock_add(&m, 0x1000, 0x3000);
	memblock_reserve(&m, 0x2000, 0x1000);
	ck_assert(!memblock_alloc(&m, 0x2000, 0x1000, &pa));
	ck_assert(!memblock_alloc(&m, 0x1000, 0x4000, &pa));
	ck_assert(!memblock_alloc(&m, 0, 0x1000, &pa));
	ck_assert_uint_eq(pa, 77);
	ck_assert_uint_eq(m.reserved.cnt, 1);
}
END_TEST

/* ---- against a map of units ---- */

struct model {
	bool memory[MAP_UNITS], reserved[MAP_UNITS];
};

static void mark(bool *map, pa_t base, uint64_t size)
{
	for (uint64_t i = base / UNIT; i < (base + size) / UNIT; i++)
		map[i] = true;
}

static bool regions_agree(const struct memblock_type *type, const bool *map)
{
	bool seen[MAP_UNITS] = { false };

	for (uint32_t i = 0; i < type->cnt; i++) {
		const struct memblock_region *region = &type->regions[i];

		if (i && region->base <= region[-1].base + region[-1].size)
			return false;
		mark(seen, region->base, region->size);
	}
	return !memcmp(seen, map, sizeof(seen));
}

static bool free_ranges_agree(const struct memblock *m, const struct model *model)
{
	bool seen[MAP_UNITS] = { false };

	for (pa_t start = 0, end; memblock_next_free(m, &start, &end); start = end) {
		if (start >= end)
			return false;
		mark(seen, start, end - start);
	}
	for (int i = 0; i < MAP_UNITS; i++)
		if (seen[i] != (model->memory[i] && !model->reserved[i]))
			return false;
	return true;
}

/* The highest aligned place whose units are all free; false: none. */
static bool model_alloc(const struct model *model, uint64_t units, uint64_t align, pa_t *out)
{
	for (uint64_t start = MAP_UNITS - units + 1; start-- > 0;) {
		uint64_t i = 0;

		while (i < units && model->memory[start + i] && !model->reserved[start + i])
			i++;
		if (i == units && start * UNIT % align == 0) {
			*out = start * UNIT;
			return true;
		}
	}
	return false;
}

static void random_step(struct fixture_random *random, struct memblock *m, struct model *model)
{
	uint64_t units = 1 + fixture_below(random, 12), align = UNIT << fixture_below(random, 4);
	pa_t base = fixture_below(random, MAP_UNITS - units) * UNIT, pa = 0, expected = 0;
	bool found;

	switch (fixture_below(random, 4)) {
	case 0:
		ck_assert_int_eq(memblock_add(m, base, units * UNIT), 0);
		mark(model->memory, base, units * UNIT);
		break;
	case 1:
		ck_assert_int_eq(memblock_reserve(m, base, units * UNIT), 0);
		mark(model->reserved, base, units * UNIT);
		break;
	default:
		found = model_alloc(model, units, align, &expected);
		ck_assert_int_eq(memblock_alloc(m, units * UNIT, align, &pa), found);
		ck_assert_uint_eq(pa, expected);
		if (found)
			mark(model->reserved, pa, units * UNIT);
	}
}

START_TEST(random_ranges_agree_with_a_map)
{
	struct fixture_random random = fixture_seed(0x6d656d);
	uint64_t rounds = fixture_cases(200);

	for (uint64_t round = 0; round < rounds; round++) {
		struct memblock m = { 0 };
		struct model model = { 0 };

		for (int step = 0; step < 30; step++) {
			random_step(&random, &m, &model);
			ck_assert(regions_agree(&m.memory, model.memory));
			ck_assert(regions_agree(&m.reserved, model.reserved));
			ck_assert(free_ranges_agree(&m, &model));
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm/memblock");
	TCase *tcase = tcase_create("memblock");

	tcase_add_test(tcase, touching_regions_become_one);
	tcase_add_test(tcase, overlapping_regions_become_one);
	tcase_add_test(tcase, regions_stay_in_order);
	tcase_add_test(tcase, empty_and_wrapping_ranges_are_refused);
	tcase_add_test(tcase, full_table_refuses_new_regions_but_still_merges);
	tcase_add_test(tcase, alloc_takes_the_highest_fit);
	tcase_add_test(tcase, alloc_without_a_fit_changes_nothing);
	tcase_add_test(tcase, random_ranges_agree_with_a_map);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
