/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/page_alloc.h"
#include "mm/radix_tree.h"
#include "tests/mm/mm_fixture.h"
#include "tests/run_suite.h"

#include <errno.h>

static struct fixture f;
static struct radix_tree_root tree;
static uint64_t objects[4096]; /* aligned addresses to store */

static void setup(void)
{
	fixture_boot(&f, 16 * MIB, NULL);
	tree = (struct radix_tree_root){ 0 };
}

static void teardown(void)
{
	fixture_check(&f);
	fixture_finish(&f);
}

static void check_tree(uint64_t want_items)
{
	uint64_t nr;

	ck_assert(radix_tree_is_valid(&tree, &nr));
	ck_assert_uint_eq(nr, want_items);
}

START_TEST(empty_tree_finds_nothing)
{
	uint64_t index = 0;

	ck_assert_ptr_null(radix_tree_lookup(&tree, 0));
	ck_assert_ptr_null(radix_tree_lookup(&tree, UINT64_MAX));
	ck_assert_ptr_null(radix_tree_next(&tree, &index));
	ck_assert_ptr_null(radix_tree_delete(&f.k, &tree, 7));
	check_tree(0);
}
END_TEST

START_TEST(extreme_indices_live_together)
{
	static const uint64_t indices[] = { 0, 63, 64, 4095, 4096, UINT64_MAX - 1, UINT64_MAX };
	uint64_t at = 0;

	for (unsigned i = 0; i < 7; i++)
		ck_assert_int_eq(
		    radix_tree_insert(&f.k, &tree, indices[6 - i], &objects[6 - i], GFP_KERNEL), 0);
	check_tree(7);
	for (unsigned i = 0; i < 7; i++, at++) {
		ck_assert_ptr_eq(radix_tree_next(&tree, &at), &objects[i]);
		ck_assert_uint_eq(at, indices[i]);
	}
	for (unsigned i = 0; i < 7; i++)
		ck_assert_ptr_eq(radix_tree_delete(&f.k, &tree, indices[i]), &objects[i]);
	check_tree(0);
}
END_TEST

START_TEST(taken_slot_refuses_a_second_item)
{
	ck_assert_int_eq(radix_tree_insert(&f.k, &tree, 5, &objects[0], GFP_KERNEL), 0);
	ck_assert_int_eq(radix_tree_insert(&f.k, &tree, 5, &objects[1], GFP_KERNEL), -EEXIST);
	ck_assert_ptr_eq(radix_tree_lookup(&tree, 5), &objects[0]);
	ck_assert_ptr_eq(radix_tree_replace(&tree, 5, &objects[1]), &objects[0]);
	ck_assert_ptr_eq(radix_tree_delete(&f.k, &tree, 5), &objects[1]);
}
END_TEST

START_TEST(exceptional_entries_keep_62_bits)
{
	uint64_t value = (uint64_t)1 << 61 | 5;
	void *item = radix_tree_pack(value);

	ck_assert(radix_tree_exceptional(item));
	ck_assert(!radix_tree_exceptional(&objects[0]));
	ck_assert_uint_eq(radix_tree_unpack(item), value);
}
END_TEST

START_TEST(deleting_all_gives_every_node_back)
{
	uint64_t before = f.k.radix_tree_node_cachep->nr_active_objects;

	for (uint64_t i = 0; i < 1000; i++)
		ck_assert_int_eq(radix_tree_insert(&f.k, &tree, i * 977, &objects[i], GFP_KERNEL),
		                 0);
	for (uint64_t i = 0; i < 1000; i++)
		radix_tree_delete(&f.k, &tree, i * 977);
	ck_assert_ptr_null(tree.rnode);
	kmem_cache_shrink(&f.k, f.k.radix_tree_node_cachep);
	ck_assert_uint_le(f.k.radix_tree_node_cachep->nr_active_objects, before);
}
END_TEST

/* The model: which of 4096 sparse indices hold an item, and a tag. */
struct model {
	bool there[4096], tagged[4096];
	uint64_t nr;
};

/* Gaps of every size, all the way up; strictly increasing in i. */
static uint64_t index_of(unsigned i)
{
	return i < 2048 ? i * 3 : ((uint64_t)i << 40) + i % 7;
}

static unsigned next_in_model(const struct model *m, unsigned i, bool tagged)
{
	while (i < 4096 && !(tagged ? m->tagged[i] : m->there[i]))
		i++;
	return i;
}

static void check_next(const struct model *m, unsigned i, bool tagged)
{
	uint64_t index = index_of(i);
	void *item =
	    tagged ? radix_tree_next_tagged(&tree, &index) : radix_tree_next(&tree, &index);
	unsigned want = next_in_model(m, i, tagged);

	if (want == 4096) {
		ck_assert_ptr_null(item);
		return;
	}
	ck_assert_ptr_eq(item, &objects[want]);
	ck_assert_uint_eq(index, index_of(want));
}

static void random_step(struct model *m, struct fixture_random *random)
{
	unsigned i = (unsigned)fixture_below(random, 4096);

	switch (fixture_below(random, 6)) {
	case 0:
	case 1:
		ck_assert_int_eq(
		    radix_tree_insert(&f.k, &tree, index_of(i), &objects[i], GFP_KERNEL),
		    m->there[i] ? -EEXIST : 0);
		m->nr += !m->there[i];
		m->there[i] = true;
		break;
	case 2:
		ck_assert_ptr_eq(radix_tree_delete(&f.k, &tree, index_of(i)),
		                 m->there[i] ? (void *)&objects[i] : NULL);
		m->nr -= m->there[i];
		m->there[i] = m->tagged[i] = false;
		break;
	case 3:
		if (m->there[i])
			radix_tree_tag_set(&tree, index_of(i));
		m->tagged[i] = m->there[i];
		break;
	case 4:
		if (m->there[i])
			radix_tree_tag_clear(&tree, index_of(i));
		m->tagged[i] = false;
		break;
	default:
		check_next(m, i, false);
		check_next(m, i, true);
		ck_assert_int_eq(radix_tree_tag_get(&tree, index_of(i)), m->tagged[i]);
		ck_assert_ptr_eq(radix_tree_lookup(&tree, index_of(i)),
		                 m->there[i] ? (void *)&objects[i] : NULL);
	}
}

START_TEST(random_operations_agree_with_a_flat_model)
{
	static struct model m;
	struct fixture_random random = fixture_seed(20);
	uint64_t cases = fixture_cases(100000);

	memset(&m, 0, sizeof(m));
	for (uint64_t n = 0; n < cases; n++) {
		random_step(&m, &random);
		if (n % 5000 == 0)
			check_tree(m.nr);
	}
	check_tree(m.nr);
	for (unsigned i = 0; i < 4096; i++)
		radix_tree_delete(&f.k, &tree, index_of(i));
	check_tree(0);
}
END_TEST

START_TEST(no_memory_leaves_the_tree_as_it_was)
{
	void *taken = NULL;
	void **page;
	int err = 0;
	uint64_t n = 0;

	/* Eat all memory, then insert until a node cannot be had. */
	while ((page = __get_free_pages(&f.k, GFP_NOWAIT | __GFP_HIGH | __GFP_NOWARN, 0))) {
		*page = taken;
		taken = page;
	}
	while (!err && n < 100000)
		err = radix_tree_insert(&f.k, &tree, n++ << 30, &objects[0],
		                        GFP_NOWAIT | __GFP_NOWARN);
	ck_assert_int_eq(err, -ENOMEM);
	check_tree(n - 1);
	while (taken) {
		void *next = *(void **)taken;

		free_pages(&f.k, taken, 0);
		taken = next;
	}
	for (uint64_t i = 0; i < n; i++)
		radix_tree_delete(&f.k, &tree, i << 30);
	check_tree(0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("radix_tree");
	TCase *tc = tcase_create("radix_tree");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, empty_tree_finds_nothing);
	tcase_add_test(tc, extreme_indices_live_together);
	tcase_add_test(tc, taken_slot_refuses_a_second_item);
	tcase_add_test(tc, exceptional_entries_keep_62_bits);
	tcase_add_test(tc, deleting_all_gives_every_node_back);
	tcase_add_test(tc, random_operations_agree_with_a_flat_model);
	tcase_add_test(tc, no_memory_leaves_the_tree_as_it_was);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
