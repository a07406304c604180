/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of traces (traces/cut.h), and several as one (traces/merge.h).
 */
#include "tests/run_suite.h"
#include "tests/traces/list_source.h"
#include "tests/traces/trace_file.h"
#include "traces/cut.h"
#include "traces/merge.h"

static char *read_all(struct trace_source *source)
{
	struct trace_batch batch;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int status;

	while ((status = trace_next(source, &batch)) > 0)
		trace_print_batch(out, &batch);
	if (status < 0)
		fprintf(out, "error: %s\n", source->error);
	fclose(out);
	return text;
}

static void expect(struct trace_source *source, const char *expected)
{
	char *text = read_all(source);

	trace_close(source);
	ck_assert_str_eq(text, expected);
	free(text);
}

/* ---- cuts ---- */

/*	1 event, 2 fetch, 3 load, 4 fetch of three, 5 store, 6 event, 7 load of task 8 */
static void make_whole(struct list_source *list)
{
	list_source_init(list, true);
	list->task = 7;
	list_source_event(list, RECORD_SWITCH, 7, 0, 0, 0);
	list_source_access(list, ACCESS_FETCH, 0x1000);
	list_source_access(list, ACCESS_LOAD, 0x2000);
	list_source_access(list, ACCESS_FETCH, 0x1003)->count = 3;
	list_source_access(list, ACCESS_STORE, 0x3000);
	list_source_event(list, RECORD_BRK, 7, 0, 0, 0);
	list->task = 8;
	list_source_access(list, ACCESS_LOAD, 0x4000);
}

static void expect_cut(const struct trace_cut *cut, const char *expected)
{
	struct list_source list;
	struct trace_source *part;

	make_whole(&list);
	ck_assert_int_eq(trace_cut_open(&part, &list.source, cut), 0);
	expect(part, expected);
}

START_TEST(records_are_counted_from_1_events_with_them)
{
	expect_cut(&(struct trace_cut){ .records = { 3, 5 } }, "load 2000 0 task 7 ip 0\n"
	                                                       "fetch 1003 0 task 7 ip 0\n"
	                                                       "store 3000 0 task 7 ip 0\n");
	expect_cut(&(struct trace_cut){ .records = { 6, 0 } }, "brk 7 mm 7\n"
	                                                       "load 4000 0 task 8 ip 0\n");
	expect_cut(&(struct trace_cut){ .records = { 0, 1 } }, "switch 7 mm 7\n");
}
END_TEST

START_TEST(instructions_have_the_data_that_follows_them)
{
	expect_cut(&(struct trace_cut){ .instructions = { 1, 1 } }, "fetch 1000 0 task 7 ip 0\n"
	                                                            "load 2000 0 task 7 ip 0\n");
	expect_cut(&(struct trace_cut){ .instructions = { 2, 4 } }, "fetch 1003 0 task 7 ip 0\n"
	                                                            "store 3000 0 task 7 ip 0\n"
	                                                            "brk 7 mm 7\n"
	                                                            "load 4000 0 task 8 ip 0\n");
}
END_TEST

START_TEST(a_run_of_instructions_is_in_a_cut_if_its_first_one_is)
{
	expect_cut(&(struct trace_cut){ .instructions = { 3, 4 } }, "");
	expect_cut(&(struct trace_cut){ .instructions = { 2, 2 } }, "fetch 1003 0 task 7 ip 0\n"
	                                                            "store 3000 0 task 7 ip 0\n"
	                                                            "brk 7 mm 7\n"
	                                                            "load 4000 0 task 8 ip 0\n");
}
END_TEST

START_TEST(a_cut_that_keeps_events_has_all_up_to_its_end)
{
	expect_cut(&(struct trace_cut){ .records = { 7, 7 }, .keep_events = true },
	           "switch 7 mm 7\n"
	           "brk 7 mm 7\n"
	           "load 4000 0 task 8 ip 0\n");
	expect_cut(&(struct trace_cut){ .records = { 2, 2 }, .keep_events = true },
	           "switch 7 mm 7\n"
	           "fetch 1000 0 task 7 ip 0\n");
}
END_TEST

START_TEST(a_cut_without_all_accesses_has_no_sums_of_the_run)
{
	for (int first = 1; first < 3; first++) {
		const struct trace_cut cut = { .records = { (uint64_t)first, 0 },
			                       .keep_events = true };
		struct list_source list;
		struct trace_source *part;

		list_source_init(&list, true);
		list_source_access(&list, ACCESS_FETCH, 0x1000);
		list_source_access(&list, ACCESS_FETCH, 0x1000);
		list_source_event(&list, RECORD_END, 2, 0, 0, 0);
		ck_assert_int_eq(trace_cut_open(&part, &list.source, &cut), 0);
		expect(part, first == 1 ? "fetch 1000 0 task 0 ip 0\n"
		                          "fetch 1000 0 task 0 ip 0\n"
		                          "end 0 mm 2\n"
		                        : "fetch 1000 0 task 0 ip 0\n");
	}
}
END_TEST

START_TEST(a_cut_of_a_task_has_its_accesses_alone)
{
	expect_cut(&(struct trace_cut){ .task = 8, .one_task = true, .keep_events = true },
	           "switch 7 mm 7\n"
	           "brk 7 mm 7\n"
	           "load 4000 0 task 8 ip 0\n");
}
END_TEST

START_TEST(a_broken_trace_is_a_broken_cut)
{
	struct list_source list;
	struct trace_source *part;

	make_whole(&list);
	list.breaks_at = 3;
	ck_assert_int_eq(trace_cut_open(&part, &list.source, &(struct trace_cut){ 0 }), 0);
	expect(part, "switch 7 mm 7\n"
	             "fetch 1000 0 task 7 ip 0\n"
	             "error: list: record 3: broken\n");
}
END_TEST

/* ---- merging ---- */

static void make_loads(struct list_source *list, va_t va, int n)
{
	list_source_init(list, false);
	for (int i = 0; i < n; i++)
		list_source_access(list, ACCESS_LOAD, va + (va_t)i * PAGE_SIZE);
}

static struct trace_source *merge(struct trace_source **sources, uint32_t nr, uint64_t quantum,
                                  bool one_system)
{
	struct trace_source *merged;
	char why[100];

	ck_assert_int_eq(
	    trace_merge_open(&merged, sources, nr, quantum, one_system, why, sizeof(why)), 0);
	return merged;
}

START_TEST(traces_take_turns_and_the_longer_one_goes_on_alone)
{
	struct list_source a, b;
	struct trace_source *sources[] = { &a.source, &b.source };

	make_loads(&a, 0x1000, 3);
	make_loads(&b, 0x100000, 5);
	expect(merge(sources, 2, 2, false), "switch 1 mm 1\n"
	                                    "load 1000 0 task 1 ip 0\n"
	                                    "load 2000 0 task 1 ip 0\n"
	                                    "switch 2 mm 2\n"
	                                    "load 100000 0 task 2 ip 0\n"
	                                    "load 101000 0 task 2 ip 0\n"
	                                    "switch 1 mm 1\n"
	                                    "load 3000 0 task 1 ip 0\n"
	                                    "switch 2 mm 2\n"
	                                    "load 102000 0 task 2 ip 0\n"
	                                    "load 103000 0 task 2 ip 0\n"
	                                    "load 104000 0 task 2 ip 0\n");
	trace_close(&a.source);
	trace_close(&b.source);
}
END_TEST

/* Two threads of one process, and a process of the same number in another trace. */
START_TEST(threads_go_on_sharing_and_other_traces_share_nothing)
{
	struct list_source a, b;
	struct trace_source *sources[] = { &a.source, &b.source };

	list_source_init(&a, false);
	for (a.task = 70; a.task < 72; a.task++) {
		list_source_event(&a, RECORD_SWITCH, 7, 0, 0, 0);
		list_source_access(&a, ACCESS_LOAD, 0x1000);
	}
	list_source_init(&b, false);
	b.task = 70;
	list_source_event(&b, RECORD_SWITCH, 7, 0, 0, 0);
	list_source_access(&b, ACCESS_LOAD, 0x2000);
	expect(merge(sources, 2, 100, false), "switch 1 mm 1\n"
	                                      "load 1000 0 task 1 ip 0\n"
	                                      "switch 2 mm 1\n"
	                                      "load 1000 0 task 2 ip 0\n"
	                                      "switch 3 mm 2\n"
	                                      "load 2000 0 task 3 ip 0\n");
	trace_close(&a.source);
	trace_close(&b.source);
}
END_TEST

START_TEST(a_file_for_each_thread_is_one_process_if_that_is_said)
{
	struct list_source a, b;
	struct trace_source *sources[] = { &a.source, &b.source };

	list_source_init(&a, false);
	a.task = 70;
	list_source_event(&a, RECORD_SWITCH, 7, 0, 0, 0);
	list_source_access(&a, ACCESS_LOAD, 0x1000);
	list_source_init(&b, false);
	b.task = 71;
	list_source_event(&b, RECORD_SWITCH, 7, 0, 0, 0);
	list_source_access(&b, ACCESS_LOAD, 0x2000);
	expect(merge(sources, 2, 100, true), "switch 1 mm 1\n"
	                                     "load 1000 0 task 1 ip 0\n"
	                                     "switch 2 mm 1\n"
	                                     "load 2000 0 task 2 ip 0\n");
	trace_close(&a.source);
	trace_close(&b.source);
}
END_TEST

START_TEST(what_belongs_to_the_other_machine_is_left_out)
{
	struct list_source a, b;
	struct trace_source *sources[] = { &a.source, &b.source };

	list_source_init(&a, true);
	a.task = 7;
	list_source_event(&a, RECORD_BRK, 7, 0, 0, 0);
	list_source_access(&a, ACCESS_LOAD, 0x1000);
	list_source_access(&a, ACCESS_LOAD, 0xffff888000000000)->priv = PRIV_KERNEL;
	list_source_event(&a, RECORD_END, 7, 0, 0, 0);
	list_source_init(&b, true);
	expect(merge(sources, 2, 1, false), "switch 1 mm 1\n"
	                                    "load 1000 0 task 1 ip 0\n");
	trace_close(&a.source);
	trace_close(&b.source);
}
END_TEST

START_TEST(traces_of_other_detail_do_not_merge)
{
	struct list_source a, b;
	struct trace_source *sources[] = { &a.source, &b.source }, *merged;
	char why[100];

	make_loads(&a, 0x1000, 1);
	make_loads(&b, 0x1000, 1);
	b.source.info.detail = TRACE_PAGE;
	ck_assert_int_eq(trace_merge_open(&merged, sources, 2, 1, false, why, sizeof(why)),
	                 -EINVAL);
	ck_assert_str_eq(why, "some tell every access, others pages");
	trace_close(&a.source);
	trace_close(&b.source);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("parts");
	TCase *cuts = tcase_create("cuts");
	TCase *merging = tcase_create("merging");

	tcase_add_test(cuts, records_are_counted_from_1_events_with_them);
	tcase_add_test(cuts, instructions_have_the_data_that_follows_them);
	tcase_add_test(cuts, a_run_of_instructions_is_in_a_cut_if_its_first_one_is);
	tcase_add_test(cuts, a_cut_that_keeps_events_has_all_up_to_its_end);
	tcase_add_test(cuts, a_cut_without_all_accesses_has_no_sums_of_the_run);
	tcase_add_test(cuts, a_cut_of_a_task_has_its_accesses_alone);
	tcase_add_test(cuts, a_broken_trace_is_a_broken_cut);
	suite_add_tcase(s, cuts);
	tcase_add_test(merging, traces_take_turns_and_the_longer_one_goes_on_alone);
	tcase_add_test(merging, threads_go_on_sharing_and_other_traces_share_nothing);
	tcase_add_test(merging, a_file_for_each_thread_is_one_process_if_that_is_said);
	tcase_add_test(merging, what_belongs_to_the_other_machine_is_left_out);
	tcase_add_test(merging, traces_of_other_detail_do_not_merge);
	suite_add_tcase(s, merging);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
