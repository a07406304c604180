/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces of other tools: what the bytes of their formats mean, and where a broken file
 * is said to be broken.
 */
#include "tests/run_suite.h"
#include "tests/traces/trace_file.h"

#include <string.h>

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
	       "error: : line 3: \"hello\" is not an access (\" L 1ffe0,8\"), nor Valgrind's own "
	       "(\"==PID==\")\n");
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
	       "error: : record 5, byte 48: a record of type 99, which is not known\n");
	expect(trace_read_bytes(NULL, entries, 4 * sizeof(entries[0]) + 7),
	       "switch 7 mm 7\n"
	       "load 1000 8 task 7 ip 0\n"
	       "error: : record 5, byte 48: the file ends in the middle of it\n");
}
END_TEST

/* ---- course, din, pinatrace ---- */

START_TEST(course_lines_are_addresses_that_are_read_or_written)
{
	expect(trace_read_text(NULL, "0041f7a0 R\n13f5e2c0 R\r\n0x05e78900 W\n"),
	       "load 41f7a0 0 task 0 ip 0\n"
	       "load 13f5e2c0 0 task 0 ip 0\n"
	       "store 5e78900 0 task 0 ip 0\n");
	expect(trace_read_text("course", "41f7a0 R\n41f7a0 X\n"),
	       "load 41f7a0 0 task 0 ip 0\n"
	       "error: : line 2: \"41f7a0 X\" is not ADDRESS R|W\n");
}
END_TEST

START_TEST(din_labels_say_what_is_done_and_the_rest_of_a_line_nothing)
{
	expect(
	    trace_read_text(NULL, "2 430d70\n0 1000beef and more\n1\t1000\n4 0\n3 7\n2 430d74\n"),
	    "fetch 430d70 0 task 0 ip 0\n"
	    "load 1000beef 0 task 0 ip 0\n"
	    "store 1000 0 task 0 ip 0\n"
	    "cache_flush 0 mm 0\n"
	    "fetch 430d74 0 task 0 ip 0\n");
	expect(trace_read_text("din", "0 10\n5 10\n"),
	       "load 10 0 task 0 ip 0\n"
	       "error: : line 2: \"5 10\" is not LABEL ADDRESS, with labels from 0 to 4\n");
}
END_TEST

START_TEST(pinatrace_tells_instruction_and_data_and_perhaps_the_size)
{
	expect(trace_read_text(NULL, "#\n# Memory Access Trace Generated By Pin\n"
	                             "0x7f2a5a5c3090: R 0x7ffd4ae5f0b8\n"
	                             "0x7f2a5a5c3093: W 0x7ffd4ae5f0b0  8 0xfeed\n"
	                             "#eof\n"),
	       "load 7ffd4ae5f0b8 0 task 0 ip 7f2a5a5c3090\n"
	       "store 7ffd4ae5f0b0 8 task 0 ip 7f2a5a5c3093\n");
	expect(trace_read_text("pinatrace", "0x10: R\n"),
	       "error: : line 1: \"0x10: R\" is not 0xIP: R|W 0xADDRESS\n");
}
END_TEST

/* ---- ChampSim, libCacheSim ---- */

START_TEST(champsim_instructions_load_before_they_store)
{
	static const struct {
		uint64_t ip;
		uint8_t rest[8];
		uint64_t stores[2], loads[4];
	} instructions[] = {
		{ 0x401000, { 0 }, { 0x7000, 0 }, { 0, 0x8000, 0, 0x9000 } },
		{ 0x401003, { 1, 1 }, { 0 }, { 0 } },
	};

	ck_assert_uint_eq(sizeof(instructions[0]), 64);
	expect(trace_read_bytes(NULL, instructions, sizeof(instructions)),
	       "fetch 401000 0 task 0 ip 0\n"
	       "load 8000 0 task 0 ip 401000\n"
	       "load 9000 0 task 0 ip 401000\n"
	       "store 7000 0 task 0 ip 401000\n"
	       "fetch 401003 0 task 0 ip 0\n");
	expect(trace_read_bytes(NULL, instructions, 100),
	       "fetch 401000 0 task 0 ip 0\n"
	       "load 8000 0 task 0 ip 401000\n"
	       "load 9000 0 task 0 ip 401000\n"
	       "store 7000 0 task 0 ip 401000\n"
	       "error: : record 2, byte 64: the file ends in the middle of it\n");
}
END_TEST

struct __attribute__((packed)) request {
	uint32_t time;
	uint64_t object;
	uint32_t size;
	int64_t next;
};

START_TEST(objects_are_pages_and_hashes_get_the_next_free_one)
{
	static const struct request requests[] = {
		{ 1, 5, 4096, 3 },
		{ 1, 0xfedcba9876543210, 100, -1 },
		{ 2, 6, 0, -1 },
		{ 2, 5, 4096, INT64_MAX },
		{ 3, 0x123456789abcdef0, 1, 5 },
		{ 3, 0x123456789abcdef0, 1, -1 },
	};

	expect(trace_read_bytes(NULL, requests, sizeof(requests)),
	       "load 5000 0 task 0 ip 0\n"
	       "load 400000000000 0 task 0 ip 0\n"
	       "load 5000 0 task 0 ip 0\n"
	       "load 400000001000 0 task 0 ip 0\n"
	       "load 400000001000 0 task 0 ip 0\n");
}
END_TEST

START_TEST(libcachesims_tables_are_told_by_their_first_line)
{
	expect(trace_read_text(NULL, "version,time,op,size,lbn\n2,1,28,512,42\n2,2,2a,512,43\n"),
	       "load 2a000 0 task 0 ip 0\n"
	       "store 2b000 0 task 0 ip 0\n");
	expect(trace_read_text(NULL, "# time, object, size, next_access_vtime\n1, 7, 10, -1\n"),
	       "load 7000 0 task 0 ip 0\n");
	expect(trace_read_text("csv", "time,lbn\n1,2\n1\n"),
	       "load 2000 0 task 0 ip 0\n"
	       "error: : line 3: not 2 fields, as in the first line\n");
	expect(trace_read_text("csv", "time,lbn\n1,abc\n"),
	       "error: : line 2: \"abc\" is not what its column can have\n");
	expect(trace_read_text("csv", "1,2,3\n"),
	       "error: : line 1: the first line should name the columns, one of them va, or "
	       "obj_id (or lbn, object, id, key)\n");
}
END_TEST

START_TEST(our_tables_tell_tasks_and_their_address_spaces)
{
	expect(trace_read_text(NULL, "task,cpu,mm,kind,privilege,va,size,ip\n"
	                             "7,0,3,fetch,user,0x401000,3,\n"
	                             "7,0,3,load,user,0x7ff0,8,0x401000\n"
	                             "8,0,3,store,kernel,4096,,\n"),
	       "switch 7 mm 3\n"
	       "fetch 401000 3 task 7 ip 0\n"
	       "load 7ff0 8 task 7 ip 401000\n"
	       "switch 8 mm 3\n"
	       "store 1000 0 task 8 ip 0\n");
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
	TCase *others = tcase_create("others");
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
	tcase_add_test(others, course_lines_are_addresses_that_are_read_or_written);
	tcase_add_test(others, din_labels_say_what_is_done_and_the_rest_of_a_line_nothing);
	tcase_add_test(others, pinatrace_tells_instruction_and_data_and_perhaps_the_size);
	tcase_add_test(others, champsim_instructions_load_before_they_store);
	tcase_add_test(others, objects_are_pages_and_hashes_get_the_next_free_one);
	tcase_add_test(others, libcachesims_tables_are_told_by_their_first_line);
	tcase_add_test(others, our_tables_tell_tasks_and_their_address_spaces);
	suite_add_tcase(s, others);
	tcase_add_test(content, unknown_contents_are_refused);
	suite_add_tcase(s, content);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
