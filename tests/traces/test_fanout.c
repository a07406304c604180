/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/run_suite.h"
#include "traces/fanout.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A trace of numbers: batch i has i % TRACE_BATCH accesses, and each third an event with
 * a text. All that it hands out, it spoils at the next call. */
struct numbers {
	struct trace_source source;
	unsigned at, end;
	int status; /* behind the last */
	struct trace_access accesses[TRACE_BATCH];
	struct trace_block block;
	struct record_event event;
	char text[16];
};

static int numbers_next(struct trace_source *source, struct trace_batch *batch)
{
	struct numbers *numbers = (struct numbers *)source;

	if (numbers->at == numbers->end) {
		strcpy(source->error, "the numbers are over");
		return numbers->status;
	}
	memset(numbers->accesses, 0xee, sizeof(numbers->accesses));
	*batch = (struct trace_batch){ .task = (int32_t)numbers->at,
		                       .nr = numbers->at % TRACE_BATCH,
		                       .accesses = numbers->accesses };
	for (unsigned i = 0; i < batch->nr; i++)
		numbers->accesses[i] = (struct trace_access){ .va = numbers->at * 4096ull + i,
			                                      .kind = ACCESS_FETCH,
			                                      .block = &numbers->block };
	if (numbers->at % 3 == 0) {
		snprintf(numbers->text, sizeof(numbers->text), "%u", numbers->at);
		numbers->event =
		    (struct record_event){ .kind = RECORD_SYSCTL, .text = numbers->text };
		batch->event = &numbers->event;
	}
	numbers->at++;
	return 1;
}

static const struct trace_source_ops numbers_ops = { .next = numbers_next };

struct reading {
	struct trace_source *source;
	unsigned stop; /* closes it after so many batches */
	unsigned nr_batches, nr_wrong;
	int status;
};

static bool is_right(const struct trace_batch *batch, unsigned at)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", at);
	if (batch->task != (int32_t)at || batch->nr != at % TRACE_BATCH)
		return false;
	for (unsigned i = 0; i < batch->nr; i++)
		if (batch->accesses[i].va != at * 4096ull + i || batch->accesses[i].block)
			return false;
	if (!batch->event)
		return at % 3 != 0;
	return at % 3 == 0 && batch->event->kind == RECORD_SYSCTL &&
	       !strcmp(batch->event->text, text);
}

static void *read_it(void *context)
{
	struct reading *reading = context;
	struct trace_batch batch;

	while (reading->nr_batches < reading->stop) {
		reading->status = trace_next(reading->source, &batch);
		if (reading->status <= 0)
			break;
		reading->nr_wrong += !is_right(&batch, reading->nr_batches++);
	}
	trace_close(reading->source);
	return NULL;
}

#define MAX_READERS 9

/* All of it, or the first stops[i] batches, by each of some readers. */
static void read_by_all(unsigned nr_batches, int status, unsigned nr_readers, const unsigned *stops)
{
	static struct numbers numbers;
	struct reading readings[MAX_READERS] = { 0 };
	pthread_t threads[MAX_READERS];
	struct fanout *fanout;

	numbers =
	    (struct numbers){ .source.ops = &numbers_ops, .end = nr_batches, .status = status };
	ck_assert_int_eq(fanout_create(&fanout, &numbers.source, nr_readers), 0);
	for (unsigned i = 0; i < nr_readers; i++) {
		readings[i].source = fanout_reader(fanout, i);
		readings[i].stop = stops ? stops[i] : UINT32_MAX;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_it, &readings[i]), 0);
	}
	for (unsigned i = 0; i < nr_readers; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_uint_eq(readings[i].nr_wrong, 0);
		if (readings[i].stop < nr_batches) {
			ck_assert_uint_eq(readings[i].nr_batches, readings[i].stop);
			continue;
		}
		ck_assert_uint_eq(readings[i].nr_batches, nr_batches);
		ck_assert_int_eq(readings[i].status, status);
		ck_assert_str_eq(readings[i].source->error, "the numbers are over");
	}
	fanout_destroy(fanout);
}

START_TEST(each_reader_sees_all_of_it)
{
	read_by_all(3000, 0, 4, NULL);
}
END_TEST

START_TEST(one_reader_is_enough)
{
	read_by_all(1200, 0, 1, NULL);
}
END_TEST

START_TEST(an_empty_trace_has_an_end)
{
	read_by_all(0, 0, 3, NULL);
}
END_TEST

START_TEST(each_reader_hears_of_a_broken_record)
{
	read_by_all(1100, -EINVAL, 3, NULL);
}
END_TEST

/* At once, within the first chunk, at its end, later, and one not at all. */
START_TEST(a_reader_may_leave_at_any_time)
{
	static const unsigned stops[] = { 0, 1, 127, 128, 129, UINT32_MAX, 0, 1024, 1500 };

	read_by_all(2000, 0, MAX_READERS, stops);
	read_by_all(2000, 0, 5, stops);
	read_by_all(2000, 0, 2, stops);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fanout");
	TCase *tcase = tcase_create("fanout");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, each_reader_sees_all_of_it);
	tcase_add_test(tcase, one_reader_is_enough);
	tcase_add_test(tcase, an_empty_trace_has_an_end);
	tcase_add_test(tcase, each_reader_hears_of_a_broken_record);
	tcase_add_test(tcase, a_reader_may_leave_at_any_time);
	return run_suite(suite);
}
