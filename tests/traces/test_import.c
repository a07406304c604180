/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces of other tools: what the bytes of their formats mean, and where a broken file
 * is said to be broken.
 */
#include <string.h>

#include "tests/run_suite.h"
#include "tests/traces/trace_file.h"

static void expect(char *got, const char *expected)
{
	ck_assert_str_eq(got, expected);
	free(got);
}

/* ---- lackey ---- */

START_TEST(lackey_lines_are_fetches_loads_stores_and_both)
{
	expect(trace_read_text(NULL, "==25764== Lackey, an example Valgrind tool\n"
	                             "==25764== \n"
	                             "I  004014f0,2\n"
	                             " L 1fff000710,8\n"
	                             "I  004014f2,3\n"
	                             " S 1fff000708,4\n"
	                             " M 0421c7cc,16\n"
	                             "==25764== Exit code:       0\n"),
	       "fetch 4014f0 2 task 0 ip 0\n"
	       "load 1fff000710 8 task 0 ip 4014f0\n"
	       "fetch 4014f2 3 task 0 ip 0\n"
	       "store 1fff000708 4 task 0 ip 4014f2\n"
	       "load 421c7cc 16 task 0 ip 4014f2\n"
	       "store 421c7cc 16 task 0 ip 4014f2\n");
}
END_TEST

START_TEST(lackey_names_the_line_that_is_broken_and_keeps_what_came_before)
{
	expect(trace_read_text("lackey", " L 10,8\n\nhello\n L 20,8\n"),
	       "load 10 8 task 0 ip 0\n"
	       "error: : line 3: neither an access (\" L 1ffe0,8\") nor Valgrind's own "
	       "(\"==PID==\"): hello\n");
	expect(trace_read_text("lackey", " L 10,8"), "load 10 8 task 0 ip 0\n");
}
END_TEST

START_TEST(lackey_refuses_numbers_that_do_not_fit)
{
	static const char *const lines[] = { " L 10000000000000000,8",
		                             " L ,8",
		                             " L 10,",
		                             " L 10,8x",
		                             " L 10,65536",
		                             " X 10,8",
		                             "I 10,8",
		                             " L" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *got = trace_read_text("lackey", lines[i]);

		ck_assert_msg(!strncmp(got, "error: : line 1: ", 17), "%s: %s", lines[i], got);
		free(got);
	}
}
END_TEST

/* ---- drmemtrace ---- */

struct __attribute__((packed)) entry {
	uint16_t type, size;
	uint64_t address;
};

START_TEST(drmemtrace_has_instructions_before_their_data)
{
	static const struct entry entries[] = {
		{ 25, 0, 4 },       { 28, 12, 4 },       { 22, 4, 70 },       { 24, 4, 7 },
		{ 28, 2, 123456 },  { 47, 3, 0xe78948 }, { 10, 3, 0x401000 }, { 0, 8, 0x7ff0 },
		{ 1, 576, 0x6ff8 }, { 29, 2, 0x401003 }, { 0, 1, 0x9000 },    { 48, 2, 0x401005 },
		{ 23, 4, 70 },      { 26, 0, 0 },
	};

	expect(trace_read_bytes(NULL, entries, sizeof(entries)),
	       "switch 70 mm 7\n"
	       "fetch 401000 3 task 70 ip 0\n"
	       "load 7ff0 8 task 70 ip 401000\n"
	       "store 6ff8 576 task 70 ip 401000\n"
	       "load 9000 1 task 70 ip 401003\n"
	       "fetch 401005 2 task 70 ip 0\n");
}
END_TEST

START_TEST(drmemtrace_threads_share_what_their_process_has)
{
	static const struct entry entries[] = {
		{ 25, 0, 4 },     { 22, 4, 70 }, { 24, 4, 7 },     { 0, 8, 0x1000 },
		{ 22, 4, 71 },    { 24, 4, 7 },  { 0, 8, 0x2000 }, { 22, 4, 70 },
		{ 0, 8, 0x3000 }, { 22, 4, 90 }, { 0, 8, 0x4000 },
	};

	expect(trace_read_bytes(NULL, entries, sizeof(entries)), "switch 70 mm 7\n"
	                                                         "load 1000 8 task 70 ip 0\n"
	                                                         "switch 71 mm 7\n"
	                                                         "load 2000 8 task 71 ip 0\n"
	                                                         "switch 70 mm 7\n"
	                                                         "load 3000 8 task 70 ip 0\n"
	                                                         "switch 90 mm 90\n"
	                                                         "load 4000 8 task 90 ip 0\n");
}
END_TEST

START_TEST(drmemtrace_bundles_follow_the_last_instruction)
{
	static const struct entry entries[] = {
		{ 25, 0, 4 },        { 22, 4, 7 },     { 24, 4, 7 },      { 10, 2, 0x1000 },
		{ 17, 3, 0x040302 }, { 0, 8, 0x5000 }, { 30, 1, 0x1007 }, { 30, 1, 0x1008 },
	};

	expect(trace_read_bytes(NULL, entries, sizeof(entries)), "switch 7 mm 7\n"
	                                                         "fetch 1000 2 task 7 ip 0\n"
	                                                         "fetch 1002 2 task 7 ip 0\n"
	                                                         "fetch 1004 3 task 7 ip 0\n"
	                                                         "fetch 1007 4 task 7 ip 0\n"
	                                                         "load 5000 8 task 7 ip 1007\n"
	                                                         "fetch 1008 1 task 7 ip 0\n");
}
END_TEST

START_TEST(drmemtrace_of_32_bit_programs_has_shorter_records)
{
	static const struct __attribute__((packed)) {
		uint16_t type, size;
		uint32_t address;
	} entries[] = { { 25, 0, 4 }, { 28, 12, 4 },        { 22, 4, 7 },
		        { 24, 4, 7 }, { 10, 3, 0x8048000 }, { 1, 4, 0xfff00000 } };

	expect(trace_read_bytes(NULL, entries, sizeof(entries)),
	       "switch 7 mm 7\n"
	       "fetch 8048000 3 task 7 ip 0\n"
	       "store fff00000 4 task 7 ip 8048000\n");
}
END_TEST

START_TEST(drmemtrace_names_the_record_that_is_broken)
{
	static const struct entry entries[] = {
		{ 25, 0, 4 }, { 22, 4, 7 }, { 24, 4, 7 }, { 0, 8, 0x1000 }, { 99, 0, 0 },
	};

	expect(trace_read_bytes(NULL, entries, sizeof(entries)),
	       "switch 7 mm 7\n"
	       "load 1000 8 task 7 ip 0\n"
	       "error: : record 5, byte 48: type 99, which there is not\n");
	expect(trace_read_bytes(NULL, entries, 4 * sizeof(entries[0]) + 7),
	       "switch 7 mm 7\n"
	       "load 1000 8 task 7 ip 0\n"
	       "error: : record 5, byte 48: the file ends in the middle of it\n");
}
END_TEST

/* ---- which format is it? ---- */

START_TEST(unknown_contents_are_refused)
{
	expect(trace_read_text(NULL, "what is this?\n"),
	       "error: : it looks like no trace format that is known: which one is it? "
	       "--format NAME\n");
	expect(trace_read_text(NULL, ""), "error: : it looks like no trace format that is known: "
	                                  "which one is it? --format NAME\n");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("import");
	TCase *lackey = tcase_create("lackey");
	TCase *drmemtrace = tcase_create("drmemtrace");
	TCase *content = tcase_create("content");

	tcase_add_test(lackey, lackey_lines_are_fetches_loads_stores_and_both);
	tcase_add_test(lackey, lackey_names_the_line_that_is_broken_and_keeps_what_came_before);
	tcase_add_test(lackey, lackey_refuses_numbers_that_do_not_fit);
	suite_add_tcase(s, lackey);
	tcase_add_test(drmemtrace, drmemtrace_has_instructions_before_their_data);
	tcase_add_test(drmemtrace, drmemtrace_threads_share_what_their_process_has);
	tcase_add_test(drmemtrace, drmemtrace_bundles_follow_the_last_instruction);
	tcase_add_test(drmemtrace, drmemtrace_of_32_bit_programs_has_shorter_records);
	tcase_add_test(drmemtrace, drmemtrace_names_the_record_that_is_broken);
	suite_add_tcase(s, drmemtrace);
	tcase_add_test(content, unknown_contents_are_refused);
	suite_add_tcase(s, content);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
