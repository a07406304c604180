/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/json.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdlib.h>

/* What `write` writes; the caller frees it. */
static char *written_by(void (*write)(struct json *json))
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct json json;

	json_init(&json, out);
	write(&json);
	fclose(out);
	return text;
}

#define ck_writes(write, expected)                                                                 \
	do {                                                                                       \
		char *text = written_by(write);                                                    \
		ck_assert_str_eq(text, expected);                                                  \
		free(text);                                                                        \
	} while (0)

static void write_nothing(struct json *json)
{
	json_begin_object(json, NULL);
	json_begin_array(json, "array");
	json_end(json);
	json_begin_object(json, "object");
	json_end(json);
	json_begin_row(json, "row");
	json_end(json);
	json_end(json);
}

START_TEST(empty_containers_stay_on_their_line)
{
	ck_writes(write_nothing, "{\n  \"array\": [],\n  \"object\": {},\n  \"row\": []\n}\n");
}
END_TEST

static void write_nested(struct json *json)
{
	json_begin_object(json, NULL);
	json_uint(json, "a", 1);
	json_begin_object(json, "b");
	json_int(json, "c", -2);
	json_bool(json, "d", true);
	json_end(json);
	json_begin_array(json, "e");
	json_begin_row(json, NULL);
	json_uint(json, NULL, 3);
	json_literal(json, NULL, "4");
	json_end(json);
	json_begin_row(json, NULL);
	json_uint(json, NULL, 5);
	json_end(json);
	json_end(json);
	json_end(json);
}

START_TEST(values_are_indented_and_parted_by_commas)
{
	ck_writes(write_nested, "{\n"
	                        "  \"a\": 1,\n"
	                        "  \"b\": {\n"
	                        "    \"c\": -2,\n"
	                        "    \"d\": true\n"
	                        "  },\n"
	                        "  \"e\": [\n"
	                        "    [3, 4],\n"
	                        "    [5]\n"
	                        "  ]\n"
	                        "}\n");
}
END_TEST

static void write_limits(struct json *json)
{
	json_begin_row(json, NULL);
	json_uint(json, NULL, UINT64_MAX);
	json_int(json, NULL, INT64_MIN);
	json_end(json);
}

START_TEST(all_64_bits_come_out)
{
	ck_writes(write_limits, "[18446744073709551615, -9223372036854775808]\n");
}
END_TEST

static const struct {
	const char *text, *json;
} strings[] = {
	{ "plain", "\"plain\"" },
	{ "", "\"\"" },
	{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
	{ "\n\t\x01\x7f", "\"\\u000a\\u0009\\u0001\\u007f\"" },
	{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
	{ "a\xffz", "\"a\\ufffdz\"" },
	{ "\xc3", "\"\\ufffd\"" },                       /* cut off */
	{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },            /* cut off */
	{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" },            /* longer than need be */
	{ "\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\"" }, /* the same */
	{ "\xf0\x80\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },            /* half of a surrogate pair */
	{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" }, /* above U+10FFFF */
};

START_TEST(any_bytes_become_a_json_string)
{
	char *text, expected[64];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct json json;

	json_init(&json, out);
	json_string(&json, NULL, strings[_i].text);
	fclose(out);
	snprintf(expected, sizeof(expected), "%s", strings[_i].json);
	ck_assert_str_eq(text, expected);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json");
	TCase *tcase = tcase_create("json");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, empty_containers_stay_on_their_line);
	tcase_add_test(tcase, values_are_indented_and_parted_by_commas);
	tcase_add_test(tcase, all_64_bits_come_out);
	tcase_add_loop_test(tcase, any_bytes_become_a_json_string, 0,
	                    sizeof(strings) / sizeof(strings[0]));
	return run_suite(suite);
}
