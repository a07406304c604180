/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/pagewalk_format.h"

#include "tests/run_suite.h"
#include "tests/traces/random_trace.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct trace_info info = {
	.producer = "pagewalk test",
	.command = "a \\ b\n\tc",
	.machine = "name: test\n\nram: 16M\n",
	.detail = TRACE_FULL,
	.va_bits = 48,
	.has_events = true,
};

/* A trace in memory, and what it says as text. */
struct written {
	char *data, *text;
	size_t size, text_size;
};

static void written_free(struct written *w)
{
	free(w->data);
	free(w->text);
}

static struct written write_random(struct random_stream random, uint64_t nr_batches)
{
	struct written w;
	FILE *file = open_memstream(&w.data, &w.size);
	FILE *text = open_memstream(&w.text, &w.text_size);
	struct random_trace *t = malloc(sizeof(*t));
	struct trace_batch batch = { 0 };
	struct trace_sink *sink;
	char why[100];

	random_trace_init(t, random, TRACE_FULL);
	ck_assert_int_eq(trace_create_pagewalk(&sink, file, &info), 0);
	for (uint64_t i = 0; i < nr_batches; i++) {
		random_batch(t, &batch);
		ck_assert_int_eq(trace_write(sink, &batch), 0);
		print_batch(text, &batch);
	}
	ck_assert_int_eq(sink->ops->commit(sink, why, sizeof(why)), 0);
	fclose(file);
	fclose(text);
	free(t);
	return w;
}

static int open_memory(struct trace_source **out, const void *data, size_t size, char *why,
                       size_t why_size)
{
	FILE *file = fmemopen((void *)data, size, "r");

	ck_assert_ptr_nonnull(file);
	return trace_open_pagewalk(out, file, NULL, 0, "memory", why, why_size);
}

/* All of it as text, up to the first error, which is returned; and its message. */
static int read_all(const void *data, size_t size, char **text, char *why, size_t why_size)
{
	struct trace_source *source;
	struct trace_batch batch;
	size_t text_size;
	FILE *out = open_memstream(text, &text_size);
	int err = open_memory(&source, data, size, why, why_size);

	if (err) {
		fclose(out);
		return err;
	}
	while ((err = trace_next(source, &batch)) > 0)
		print_batch(out, &batch);
	snprintf(why, why_size, "%s", source->error);
	trace_close(source);
	fclose(out);
	return err;
}

START_TEST(what_is_written_is_read)
{
	struct random_stream random = random_start("what_is_written_is_read");

	for (uint64_t i = random_cases(60); i; i--) {
		struct written w = write_random(random, 1 + random_below(&random, 100));
		char *text, why[600] = "";

		ck_assert_msg(!read_all(w.data, w.size, &text, why, sizeof(why)), "%s", why);
		ck_assert_str_eq(text, w.text);
		free(text);
		written_free(&w);
	}
}
END_TEST

START_TEST(header_comes_back)
{
	struct written w = write_random((struct random_stream){ 1 }, 1);
	struct trace_source *source;
	char why[600];

	ck_assert(trace_is_pagewalk(w.data, w.size));
	ck_assert(!trace_is_pagewalk(w.data + 1, w.size - 1));
	ck_assert_int_eq(open_memory(&source, w.data, w.size, why, sizeof(why)), 0);
	ck_assert_str_eq(source->info.format, "pagewalk");
	ck_assert_str_eq(source->info.producer, info.producer);
	ck_assert_str_eq(source->info.command, info.command);
	ck_assert_str_eq(source->info.machine, info.machine);
	ck_assert_int_eq(source->info.detail, TRACE_FULL);
	ck_assert_uint_eq(source->info.va_bits, 48);
	ck_assert(source->info.has_events && !source->info.is_physical);
	trace_close(source);
	written_free(&w);
}
END_TEST

static bool begins_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* What is read of a damaged file is the beginning of what was written; if not all of
 * it, the damage is told. */
static void check_damaged(const struct written *w, const void *data, size_t size)
{
	char *text = NULL, why[600] = "";
	int err = read_all(data, size, &text, why, sizeof(why));

	if (err)
		ck_assert_msg(begins_with(why, "memory: record "), "%s", why);
	else
		ck_assert_str_eq(text, w->text);
	ck_assert(begins_with(w->text, text));
	free(text);
}

START_TEST(each_flipped_bit_is_found_or_harmless)
{
	struct written w = write_random((struct random_stream){ 3 }, 2);

	for (size_t i = 0; i < w.size * 8; i++) {
		w.data[i / 8] ^= (char)(1 << i % 8);
		check_damaged(&w, w.data, w.size);
		w.data[i / 8] ^= (char)(1 << i % 8);
	}
	written_free(&w);
}
END_TEST

START_TEST(each_truncation_is_found)
{
	struct written w = write_random((struct random_stream){ 4 }, 6);
	char *text, why[600];

	for (size_t size = 1; size < w.size; size++) {
		check_damaged(&w, w.data, size);
		ck_assert_int_lt(read_all(w.data, size, &text, why, sizeof(why)), 0);
		free(text);
	}
	written_free(&w);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format");
	TCase *tc = tcase_create("format");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_is_written_is_read);
	tcase_add_test(tc, header_comes_back);
	tcase_add_test(tc, each_flipped_bit_is_found_or_harmless);
	tcase_add_test(tc, each_truncation_is_found);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
