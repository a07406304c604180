/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm_user.h"

#include "mm/mempolicy.h"
#include "mm/migrate.h"
#include "mm/page_alloc.h"
#include "mm/vma.h"
#include "tests/run_suite.h"

#define NR_NODES 4u
#define NODE_BYTES (8 * MIB)
#define AT 0x40000000u
#define PAGE(i) ((va_t)AT + (va_t)(i)*PAGE_SIZE)

static struct user u;
static struct kernel *const k = &u.f.k;

static void start(void)
{
	struct kernel_config config = fixture_config();

	config.nr_cpus = config.nr_nodes = NR_NODES;
	for (uint32_t nid = 0; nid < NR_NODES; nid++) {
		config.cpu_node[nid] = nid;
		config.nodes[nid].ram_bytes = NODE_BYTES;
	}
	user_start(&u, NR_NODES * NODE_BYTES, &config);
}

static struct page *page_at(va_t va)
{
	return pfn_to_page(k, (user_entry(&u, va) & PTE_PFN_MASK) >> PAGE_SHIFT);
}

static uint32_t node_at(va_t va)
{
	return page_to_nid(k, page_at(va));
}

static int bind(va_t va, uint64_t nr_pages, uint32_t mode, nodemask_t nodes)
{
	struct mempolicy *policy;
	int err = mpol_new(k, mode, nodes, &policy);

	if (err)
		return err;
	err = do_mbind(k, u.mm, va, nr_pages * PAGE_SIZE, policy, 0);
	mpol_put(k, policy);
	return err;
}

/* ---- areas ---- */

START_TEST(neighbours_of_another_policy_do_not_merge)
{
	start();
	user_anon(&u, AT, 4);
	ck_assert_int_eq(u.mm->map_count, 1);
	ck_assert_int_eq(bind(PAGE(1), 2, MPOL_BIND, 1 << 1), 0);
	ck_assert_int_eq(u.mm->map_count, 3);
	ck_assert_int_eq(bind(PAGE(0), 1, MPOL_BIND, 1 << 1), 0);
	ck_assert_int_eq(u.mm->map_count, 2);
	ck_assert_int_eq(bind(PAGE(0), 3, MPOL_DEFAULT, 0), 0);
	ck_assert_int_eq(u.mm->map_count, 1);
	user_end(&u);
}
END_TEST

START_TEST(a_bound_page_comes_from_its_node)
{
	start();
	user_anon(&u, AT, 4096);
	ck_assert_int_eq(bind(AT, 4096, MPOL_BIND, 1 << 2), 0);
	for (uint64_t i = 0; i < 1024; i++) {
		user_write(&u, PAGE(i), i);
		ck_assert_uint_eq(node_at(PAGE(i)), 2);
	}
	user_end(&u);
}
END_TEST

START_TEST(a_forked_area_keeps_its_policy)
{
	struct mm_struct *child;

	start();
	user_anon(&u, AT, 2);
	ck_assert_int_eq(bind(AT, 2, MPOL_INTERLEAVE, 0xf), 0);
	child = dup_mm(k, u.mm);
	ck_assert(mpol_equal(find_vma(child, AT)->vm_policy, find_vma(u.mm, AT)->vm_policy));
	ck_assert_ptr_nonnull(find_vma(child, AT)->vm_policy);
	mmput(k, child);
	user_end(&u);
}
END_TEST

START_TEST(policies_that_cannot_be_are_refused)
{
	static const struct {
		uint32_t mode;
		nodemask_t nodes;
	} bad[] = {
		{ MPOL_DEFAULT, 1 },
		{ MPOL_LOCAL, 1 },
		{ MPOL_BIND, 0 },
		{ MPOL_INTERLEAVE, 0 },
		{ MPOL_BIND, 1 << NR_NODES },
		{ NR_MPOL_MODES, 1 },
		{ MPOL_PREFERRED | MPOL_F_STATIC_NODES, 0 },
		{ MPOL_BIND | MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES, 1 },
		{ MPOL_INTERLEAVE | MPOL_F_NUMA_BALANCING, 1 },
	};
	struct mempolicy *policy;

	start();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(mpol_new(k, bad[i].mode, bad[i].nodes, &policy), -EINVAL);
	user_end(&u);
}
END_TEST

/* ---- telling ---- */

START_TEST(a_policy_is_told_as_numa_maps_has_it)
{
	static const struct {
		uint32_t mode;
		nodemask_t nodes;
		const char *text;
	} told[] = {
		{ MPOL_DEFAULT, 0, "default" },
		{ MPOL_LOCAL, 0, "local" },
		{ MPOL_PREFERRED, 0, "local" },
		{ MPOL_PREFERRED, 6, "prefer:1" },
		{ MPOL_BIND, 0xd, "bind:0,2-3" },
		{ MPOL_INTERLEAVE, 0xf, "interleave:0-3" },
		{ MPOL_PREFERRED_MANY, 5, "prefer (many):0,2" },
		{ MPOL_BIND | MPOL_F_STATIC_NODES, 2, "bind=static:1" },
		{ MPOL_BIND | MPOL_F_RELATIVE_NODES, 1 << 5, "bind=relative:1" },
	};

	start();
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		struct mempolicy *policy;
		char text[64];

		ck_assert_int_eq(mpol_new(k, told[i].mode, told[i].nodes, &policy), 0);
		mpol_to_str(text, sizeof(text), policy);
		ck_assert_str_eq(text, told[i].text);
		mpol_put(k, policy);
	}
	user_end(&u);
}
END_TEST

/* ---- the task's ---- */

START_TEST(a_task_takes_nodes_in_turn)
{
	struct task_policy task = { 0 };
	struct mempolicy *policy;
	uint64_t counted = 0;

	start();
	ck_assert_int_eq(mpol_new(k, MPOL_INTERLEAVE, 0xb, &policy), 0);
	set_task_policy(k, &task, policy);
	k->task_policy[0] = &task;
	for (uint32_t i = 0; i < 9; i++) {
		static const uint32_t nodes[] = { 0, 1, 3 };
		struct page *page = alloc_page(k, GFP_HIGHUSER_MOVABLE);

		ck_assert_uint_eq(page_to_nid(k, page), nodes[i % 3]);
		__free_page(k, page);
	}
	k->task_policy[0] = NULL;
	set_task_policy(k, &task, NULL);
	for_each_zone (k, zone)
		counted += zone->numa_stat[NUMA_STAT_INTERLEAVE];
	ck_assert_uint_eq(counted, 9);
	user_end(&u);
}
END_TEST

/* ---- migration ---- */

START_TEST(a_moved_page_is_the_same_to_its_user)
{
	pfn_t before;

	start();
	user_anon(&u, AT, 1);
	user_write(&u, AT, 42);
	before = page_to_pfn(k, page_at(AT));
	ck_assert_int_eq(do_move_page(k, u.mm, AT, 3, false), 3);
	ck_assert_uint_eq(node_at(AT), 3);
	ck_assert_uint_ne(page_to_pfn(k, page_at(AT)), before);
	ck_assert_uint_eq(user_read(&u, AT), 42);
	ck_assert_uint_eq(k->vm_events[PGMIGRATE_SUCCESS], 1);
	fixture_check(&u.f);
	user_end(&u);
}
END_TEST

START_TEST(a_page_that_two_have_moves_only_if_both_are_meant)
{
	struct mm_struct *child;

	start();
	user_anon(&u, AT, 1);
	user_write(&u, AT, 42);
	child = dup_mm(k, u.mm);
	ck_assert_int_eq(do_move_page(k, u.mm, AT, 1, false), -EACCES);
	ck_assert_int_eq(do_move_page(k, u.mm, AT, 1, true), 1);
	ck_assert_uint_eq(pte_pfn(pte_get(k, pte_lookup(k, child, AT))),
	                  page_to_pfn(k, page_at(AT)));
	fixture_check(&u.f);
	mmput(k, child);
	ck_assert_uint_eq(user_read(&u, AT), 42);
	user_end(&u);
}
END_TEST

START_TEST(shared_memory_moves_in_its_mapping)
{
	start();
	user_mmap(&u, AT, 2, PROT_READ_ | PROT_WRITE_, MAP_SHARED_ | MAP_ANONYMOUS_ | MAP_FIXED_,
	          NULL, 0);
	user_write(&u, PAGE(1), 7);
	ck_assert_int_eq(do_move_page(k, u.mm, PAGE(1), 2, false), 2);
	fixture_check(&u.f);
	zap_page_range(k, find_vma(u.mm, AT), AT, PAGE(2)); /* the mapping alone has it */
	memset(u.tlb, 0, sizeof(u.tlb));
	ck_assert_uint_eq(user_read(&u, PAGE(1)), 7);
	ck_assert_uint_eq(node_at(PAGE(1)), 2);
	user_end(&u);
}
END_TEST

START_TEST(a_dirty_page_of_a_file_stays_dirty_where_it_goes)
{
	static struct user_file file;
	struct zone *to;

	start();
	user_file_open(&u, &file, 4 * PAGE_SIZE, FMODE_READ | FMODE_WRITE);
	user_mmap(&u, AT, 4, PROT_READ_ | PROT_WRITE_, MAP_SHARED_ | MAP_FIXED_, &file.file, 0);
	user_write(&u, PAGE(1), 7);
	ck_assert_int_eq(do_move_page(k, u.mm, PAGE(1), 2, false), 2);
	to = page_zone(k, page_at(PAGE(1)));
	ck_assert(PageDirty(page_at(PAGE(1))));
	ck_assert_uint_eq(to->nr_file_dirty, 1);
	ck_assert_int_eq(k->vm_quantities.value[NR_DIRTY], 1);
	fixture_check(&u.f);
	ck_assert_uint_eq(user_read(&u, PAGE(1)), 7);
	do_munmap(k, u.mm, AT, 4 * PAGE_SIZE);
	user_file_close(&u, &file);
	user_end(&u);
}
END_TEST

START_TEST(a_locked_page_stays_locked)
{
	start();
	user_anon(&u, AT, 1);
	user_write(&u, AT, 42);
	ck_assert_int_eq(do_mlock(k, u.mm, AT, PAGE_SIZE, true), 0);
	ck_assert_int_eq(do_move_page(k, u.mm, AT, 1, false), 1);
	ck_assert(PageMlocked(page_at(AT)));
	ck_assert_int_eq(k->vm_quantities.value[NR_MLOCK], 1);
	fixture_check(&u.f);
	user_end(&u);
}
END_TEST

START_TEST(what_is_not_there_is_told)
{
	start();
	user_anon(&u, AT, 2);
	user_read(&u, PAGE(1));
	ck_assert_int_eq(do_move_page(k, u.mm, PAGE(0), NO_NODE, false), -ENOENT);
	ck_assert_int_eq(do_move_page(k, u.mm, PAGE(1), NO_NODE, false), -EFAULT); /* zeroes */
	ck_assert_int_eq(do_move_page(k, u.mm, PAGE(9), NO_NODE, false), -EFAULT);
	ck_assert_uint_eq(k->vm_events[PGMIGRATE_SUCCESS], 0);
	user_end(&u);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mempolicy");
	TCase *tc = tcase_create("mempolicy");

	tcase_add_test(tc, neighbours_of_another_policy_do_not_merge);
	tcase_add_test(tc, a_bound_page_comes_from_its_node);
	tcase_add_test(tc, a_forked_area_keeps_its_policy);
	tcase_add_test(tc, policies_that_cannot_be_are_refused);
	tcase_add_test(tc, a_policy_is_told_as_numa_maps_has_it);
	tcase_add_test(tc, a_task_takes_nodes_in_turn);
	tcase_add_test(tc, a_moved_page_is_the_same_to_its_user);
	tcase_add_test(tc, a_page_that_two_have_moves_only_if_both_are_meant);
	tcase_add_test(tc, shared_memory_moves_in_its_mapping);
	tcase_add_test(tc, a_dirty_page_of_a_file_stays_dirty_where_it_goes);
	tcase_add_test(tc, a_locked_page_stays_locked);
	tcase_add_test(tc, what_is_not_there_is_told);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
