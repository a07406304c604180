/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's copies to and from a task's memory, on a whole machine whose only task
 * has a few mappings and no program.
 */
#include "mm/mm.h"
#include "sim/usercopy.h"
#include "tests/run_suite.h"
#include "tests/sim/sim_fixture.h"

#include <stdio.h>

#define TASK_SIZE ((va_t)0x7ffffffff000)
#define AREA ((va_t)0x10000000) /* AREA_PAGES pages, then nothing */
#define AREA_PAGES 64
#define AREA_END (AREA + AREA_PAGES * PAGE_SIZE)

static struct sim_fixture f;
static struct task *task;
static struct kernel *k;

static void map(va_t va, uint64_t len, uint32_t prot)
{
	ck_assert_int_eq(do_mmap(k, task->mm, NULL, va, len, prot,
	                         MAP_PRIVATE_ | MAP_ANONYMOUS_ | MAP_FIXED_, 0),
	                 (int64_t)va);
}

static void boot(enum engine_mode mode)
{
	const struct vfs_config config = { f.root, NULL, -1, -1, -1 };

	sim_fixture_make_root(&f);
	sim_fixture_boot(&f, "skylake", mode, &config);
	k = &f.machine->kernel;
	ck_assert_int_eq(task_create(&task, f.machine, "/"), 0);
	task->mm = mm_alloc(k);
	task->mm->task_size = TASK_SIZE;
	task->mm->mmap_base = TASK_SIZE - GIB;
	task_apply_limits(task);
	machine_activate_mm(f.machine, task);
	map(AREA, AREA_PAGES * PAGE_SIZE, PROT_READ_ | PROT_WRITE_);
}

static void setup(void)
{
	boot(ENGINE_EXACT);
}

static void setup_faults(void)
{
	boot(ENGINE_FAULTS);
}

static void teardown(void)
{
	sim_fixture_shutdown(&f);
	sim_fixture_remove_root(&f);
}

static uint64_t accesses(enum access_kind kind)
{
	return mmu_counts(f.machine->cpus[0].mmu, PRIV_KERNEL)->accesses[kind];
}

static void fill(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251 + 1);
}

/* ---- copies ---- */

START_TEST(what_goes_out_comes_back_across_pages)
{
	static uint8_t out[5 * PAGE_SIZE], in[5 * PAGE_SIZE];
	va_t va = AREA + 4091;

	fill(out, sizeof(out));
	ck_assert_int_eq(copy_to_user(task, va, out, sizeof(out)), 0);
	ck_assert_uint_eq(usercopy_done(task), sizeof(out));
	ck_assert_int_eq(copy_from_user(task, in, va, sizeof(in)), 0);
	ck_assert_mem_eq(in, out, sizeof(in));
}
END_TEST

START_TEST(clear_user_clears_that_and_no_more)
{
	uint8_t bytes[64];

	memset(bytes, 0xaa, sizeof(bytes));
	ck_assert_int_eq(copy_to_user(task, AREA + 4064, bytes, 64), 0);
	ck_assert_int_eq(clear_user(task, AREA + 4066, 60), 0);
	ck_assert_int_eq(copy_from_user(task, bytes, AREA + 4064, 64), 0);
	for (int i = 0; i < 64; i++)
		ck_assert_uint_eq(bytes[i], i < 2 || i >= 62 ? 0xaa : 0);
}
END_TEST

START_TEST(a_copy_stops_where_the_memory_ends)
{
	uint8_t out[200], in[200] = { 0 };

	fill(out, sizeof(out));
	ck_assert_int_eq(copy_to_user(task, AREA_END - 77, out, 200), -EFAULT);
	ck_assert_uint_eq(usercopy_done(task), 77);
	ck_assert_int_eq(copy_from_user(task, in, AREA_END - 77, 200), -EFAULT);
	ck_assert_uint_eq(usercopy_done(task), 77);
	ck_assert_mem_eq(in, out, 77);
	ck_assert_uint_eq(in[77], 0);
}
END_TEST

START_TEST(addresses_that_are_not_the_users_are_not_touched)
{
	static const struct {
		va_t va;
		uint64_t len;
	} bad[] = {
		{ TASK_SIZE, 1 },          { TASK_SIZE - 8, 9 }, { 0xffff888000000000, 8 },
		{ UINT64_MAX, 1 },         { UINT64_MAX, 2 },    { AREA, UINT64_MAX },
		{ 0x0000800000000000, 8 },
	};
	uint64_t before = accesses(ACCESS_STORE) + accesses(ACCESS_LOAD);
	uint8_t bytes[16];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(copy_to_user(task, bad[i].va, bytes, bad[i].len), -EFAULT);
		ck_assert_int_eq(copy_from_user(task, bytes, bad[i].va, bad[i].len), -EFAULT);
		ck_assert_int_eq(clear_user(task, bad[i].va, bad[i].len), -EFAULT);
		ck_assert_uint_eq(usercopy_done(task), 0);
	}
	ck_assert_int_eq(strncpy_from_user(task, (char *)bytes, TASK_SIZE, 16), -EFAULT);
	ck_assert_uint_eq(accesses(ACCESS_STORE) + accesses(ACCESS_LOAD), before);
}
END_TEST

START_TEST(a_read_only_page_cannot_be_copied_to)
{
	map(AREA_END, PAGE_SIZE, PROT_READ_);
	ck_assert_int_eq(copy_to_user(task, AREA_END - 4, "12345678", 8), -EFAULT);
	ck_assert_uint_eq(usercopy_done(task), 4);
	ck_assert_uint_eq(task->signals.pending.set, 0);
}
END_TEST

START_TEST(a_page_without_any_right_cannot_be_copied_from)
{
	uint8_t byte;

	map(AREA_END, PAGE_SIZE, PROT_NONE_);
	ck_assert_int_eq(copy_from_user(task, &byte, AREA_END, 1), -EFAULT);
}
END_TEST

START_TEST(the_shared_zero_page_is_copied_before_it_is_written)
{
	uint8_t byte = 1;

	ck_assert_int_eq(copy_from_user(task, &byte, AREA, 1), 0);
	ck_assert_uint_eq(byte, 0);
	ck_assert_int_eq(copy_to_user(task, AREA, "x", 1), 0);
	ck_assert_int_eq(copy_from_user(task, &byte, AREA + PAGE_SIZE, 1), 0);
	ck_assert_uint_eq(byte, 0);
}
END_TEST

/* ---- what is counted ---- */

START_TEST(each_aligned_word_is_one_access)
{
	uint8_t bytes[64] = { 0 };
	uint64_t before;

	ck_assert_int_eq(clear_user(task, AREA, 2 * PAGE_SIZE), 0); /* no more faults */
	before = accesses(ACCESS_STORE);
	ck_assert_int_eq(copy_to_user(task, AREA, bytes, 64), 0);
	ck_assert_uint_eq(accesses(ACCESS_STORE) - before, 8);
	before = accesses(ACCESS_STORE);
	ck_assert_int_eq(copy_to_user(task, AREA + 4, bytes, 16), 0); /* 0, 8 and 16 */
	ck_assert_uint_eq(accesses(ACCESS_STORE) - before, 3);
	before = accesses(ACCESS_LOAD);
	ck_assert_int_eq(copy_from_user(task, bytes, AREA + PAGE_SIZE - 1, 2), 0);
	ck_assert_uint_eq(accesses(ACCESS_LOAD) - before, 2);
	before = accesses(ACCESS_LOAD) + accesses(ACCESS_STORE);
	ck_assert_int_eq(copy_to_user(task, AREA, bytes, 0), 0);
	ck_assert_uint_eq(accesses(ACCESS_LOAD) + accesses(ACCESS_STORE), before);
}
END_TEST

/* And what the kernel does for it: a page and, for the first one in its area, three
 * tables are cleared, and their entries written. */
START_TEST(a_fault_costs_one_access_more)
{
	uint64_t before = accesses(ACCESS_STORE), minor = task->mm->min_flt;

	ck_assert_int_eq(copy_to_user(task, AREA, "12345678", 8), 0);
	ck_assert_uint_eq(accesses(ACCESS_STORE) - before, 2 + 4 * (512 + 1));
	ck_assert_uint_eq(task->mm->min_flt - minor, 1);
}
END_TEST

START_TEST(without_tlbs_nothing_is_counted_but_faults_are)
{
	uint64_t minor = task->mm->min_flt;
	char text[9] = "";

	ck_assert_int_eq(copy_to_user(task, AREA + PAGE_SIZE - 4, "12345678", 8), 0);
	ck_assert_int_eq(copy_from_user(task, text, AREA + PAGE_SIZE - 4, 8), 0);
	ck_assert_str_eq(text, "12345678");
	ck_assert_uint_eq(task->mm->min_flt - minor, 2);
	ck_assert_uint_eq(accesses(ACCESS_STORE), 0);
}
END_TEST

/* An observer that remembers who faulted where. */
struct fault_log {
	struct observer observer;
	char text[512];
};

static void note_fault(struct observer *observer, const struct event *event)
{
	struct fault_log *log = (struct fault_log *)observer;
	size_t len = strlen(log->text);

	ck_assert_uint_eq(event->priv, PRIV_KERNEL);
	snprintf(log->text + len, sizeof(log->text) - len, "%s 0x%lx 0x%x; ",
	         f.machine->kernel_function, (unsigned long)event->va, event->code);
}

START_TEST(faults_name_the_kernels_function_address_and_error_code)
{
	struct fault_log log = { { 1u << EVENT_PAGE_FAULT, note_fault, NULL }, "" };
	char text[16];
	uint8_t byte;

	event_observe(&f.machine->events, &log.observer);
	ck_assert_int_eq(copy_to_user(task, AREA + 8, "x", 1), 0);
	ck_assert_int_eq(strncpy_from_user(task, text, AREA + PAGE_SIZE + 16, 16), 0);
	ck_assert_int_eq(clear_user(task, AREA + 3 * PAGE_SIZE - 8, 16), 0);
	ck_assert_int_eq(copy_from_user(task, text, AREA + 4 * PAGE_SIZE + 1, 1), 0);
	ck_assert_int_eq(get_user_byte(task, &byte, AREA + 5 * PAGE_SIZE), 0);
	ck_assert_str_eq(log.text, "_copy_to_user 0x10000008 0x2; "
	                           "strncpy_from_user 0x10001010 0x0; "
	                           "rep_stos_alternative 0x10002ff8 0x2; "
	                           "rep_stos_alternative 0x10003000 0x2; "
	                           "_copy_from_user 0x10004001 0x0; "
	                           "__get_user_1 0x10005000 0x0; ");
	ck_assert_ptr_null(f.machine->kernel_function);
	event_ignore(&f.machine->events, &log.observer);
}
END_TEST

/* ---- strings ---- */

START_TEST(strings_end_at_their_nul)
{
	char text[32];

	ck_assert_int_eq(copy_to_user(task, AREA + 3, "twelve bytes\0more", 18), 0);
	ck_assert_int_eq(strncpy_from_user(task, text, AREA + 3, sizeof(text)), 12);
	ck_assert_str_eq(text, "twelve bytes");
	ck_assert_int_eq(strncpy_from_user(task, text, AREA + 3, 13), 12);
	ck_assert_int_eq(strncpy_from_user(task, text, AREA + 3, 12), -ENAMETOOLONG);
}
END_TEST

START_TEST(a_string_may_end_with_the_last_byte_before_nothing)
{
	char text[32];

	ck_assert_int_eq(copy_to_user(task, AREA_END - 13, "twelve bytes", 13), 0);
	ck_assert_int_eq(strncpy_from_user(task, text, AREA_END - 13, sizeof(text)), 12);
	ck_assert_str_eq(text, "twelve bytes");
	ck_assert_int_eq(copy_to_user(task, AREA_END - 4, "oops", 4), 0);
	ck_assert_int_eq(strncpy_from_user(task, text, AREA_END - 4, sizeof(text)), -EFAULT);
}
END_TEST

START_TEST(a_word_that_reaches_over_a_page_touches_both)
{
	uint64_t minor;
	char text[32];

	ck_assert_int_eq(copy_to_user(task, AREA + PAGE_SIZE - 4, "abc", 4), 0);
	minor = task->mm->min_flt;
	ck_assert_int_eq(strncpy_from_user(task, text, AREA + PAGE_SIZE - 4, sizeof(text)), 3);
	ck_assert_uint_eq(task->mm->min_flt - minor, 1);
}
END_TEST

/* ---- many buffers ---- */

static uint32_t rnd(uint64_t *state, uint32_t n)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33) % n;
}

#define MODEL_BYTES (AREA_PAGES * PAGE_SIZE)

/* Buffers anywhere in the area, some empty, written and read in pieces, against
 * plain memory. */
START_TEST(random_buffers_agree_with_plain_memory)
{
	static uint8_t model[MODEL_BYTES], bytes[MODEL_BYTES], now[MODEL_BYTES];
	const char *seed = getenv("PW_SEED"), *cases = getenv("PW_CASES");
	uint64_t state = seed ? strtoull(seed, NULL, 0) : 4711;
	int nr = cases ? atoi(cases) : 300;

	printf("# PW_SEED=%llu\n", (unsigned long long)state);
	while (nr--) {
		struct io_segment segments[8];
		uint32_t nr_segments = rnd(&state, 9), at = 0;
		struct io_iter iter;

		for (uint32_t i = 0; i < nr_segments; i++) {
			uint32_t start = rnd(&state, MODEL_BYTES), len = rnd(&state, 9000);

			len = len > MODEL_BYTES - start ? MODEL_BYTES - start : len;
			segments[i] = (struct io_segment){ AREA + start, rnd(&state, 5) ? len : 0 };
		}
		io_iter_init(&iter, task, segments, nr_segments);
		for (uint64_t i = 0; i < iter.count; i++)
			bytes[i] = (uint8_t)rnd(&state, 256);
		for (uint32_t i = 0, from = 0; i < nr_segments; i++) {
			memcpy(model + (segments[i].base - AREA), bytes + from, segments[i].len);
			from += (uint32_t)segments[i].len;
		}
		while (iter.count) {
			uint32_t piece = 1 + rnd(&state, 5000), want = piece;

			want = want < iter.count ? want : (uint32_t)iter.count;
			ck_assert_uint_eq(io_iter_put(&iter, bytes + at, piece), want);
			at += want;
		}
		ck_assert_uint_eq(io_iter_put(&iter, bytes, 1), 0);
		ck_assert_int_eq(copy_from_user(task, now, AREA, MODEL_BYTES), 0);
		ck_assert_mem_eq(now, model, MODEL_BYTES);
		io_iter_init(&iter, task, segments, nr_segments);
		for (uint32_t i = 0; i < nr_segments; i++) {
			ck_assert_uint_eq(io_iter_get(&iter, bytes, segments[i].len),
			                  segments[i].len);
			ck_assert_mem_eq(bytes, model + (segments[i].base - AREA), segments[i].len);
		}
	}
}
END_TEST

START_TEST(a_bad_buffer_among_good_ones_ends_it_there)
{
	const struct io_segment segments[] = { { AREA, 10 },
		                               { AREA_END - 5, 20 },
		                               { AREA + 100, 10 } };
	uint8_t bytes[40], in[10];
	struct io_iter iter;

	fill(bytes, sizeof(bytes));
	io_iter_init(&iter, task, segments, 3);
	ck_assert_uint_eq(io_iter_put(&iter, bytes, 40), 15);
	ck_assert_uint_eq(iter.count, 25);
	ck_assert_int_eq(copy_from_user(task, in, AREA_END - 5, 5), 0);
	ck_assert_mem_eq(in, bytes + 10, 5);
	ck_assert_int_eq(copy_from_user(task, in, AREA + 100, 10), 0);
	ck_assert_uint_eq(in[0], 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("usercopy");
	TCase *exact = tcase_create("exact"), *faults = tcase_create("faults");

	tcase_add_checked_fixture(exact, setup, teardown);
	tcase_add_test(exact, what_goes_out_comes_back_across_pages);
	tcase_add_test(exact, clear_user_clears_that_and_no_more);
	tcase_add_test(exact, a_copy_stops_where_the_memory_ends);
	tcase_add_test(exact, addresses_that_are_not_the_users_are_not_touched);
	tcase_add_test(exact, a_read_only_page_cannot_be_copied_to);
	tcase_add_test(exact, a_page_without_any_right_cannot_be_copied_from);
	tcase_add_test(exact, the_shared_zero_page_is_copied_before_it_is_written);
	tcase_add_test(exact, each_aligned_word_is_one_access);
	tcase_add_test(exact, a_fault_costs_one_access_more);
	tcase_add_test(exact, faults_name_the_kernels_function_address_and_error_code);
	tcase_add_test(exact, strings_end_at_their_nul);
	tcase_add_test(exact, a_string_may_end_with_the_last_byte_before_nothing);
	tcase_add_test(exact, a_word_that_reaches_over_a_page_touches_both);
	tcase_add_test(exact, random_buffers_agree_with_plain_memory);
	tcase_add_test(exact, a_bad_buffer_among_good_ones_ends_it_there);
	suite_add_tcase(suite, exact);
	tcase_add_checked_fixture(faults, setup_faults, teardown);
	tcase_add_test(faults, without_tlbs_nothing_is_counted_but_faults_are);
	tcase_add_test(faults, what_goes_out_comes_back_across_pages);
	suite_add_tcase(suite, faults);
	return run_suite(suite);
}
