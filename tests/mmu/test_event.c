/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/event.h"
#include "tests/run_suite.h"

#include <check.h>

/* Keeps the order in which several of them are told. */
struct listener {
	struct observer observer; /* first */
	char name;
	char **log; /* shared */
};

static void write_down(struct observer *self, const struct event *event)
{
	struct listener *listener = (struct listener *)self;

	*(*listener->log)++ = listener->name;
}

static struct listener listener(char name, uint32_t wants, char **log)
{
	return (struct listener){ .observer = { .wants = wants, .notice = write_down },
		                  .name = name,
		                  .log = log };
}

static void tell(const struct event_stream *stream, enum event_kind kind)
{
	event_raise(stream, &(struct event){ .kind = kind });
}

START_TEST(nobody_wants_anything_at_first)
{
	struct event_stream stream = { 0 };

	for (enum event_kind kind = 0; kind < NR_EVENT_KINDS; kind++)
		ck_assert(!event_is_wanted(&stream, kind));
	tell(&stream, EVENT_ACCESS);
}
END_TEST

START_TEST(observers_hear_only_what_they_want)
{
	char heard[8] = "", *log = heard;
	struct listener a = listener('a', 1u << EVENT_WALK, &log);
	struct event_stream stream = { 0 };

	event_observe(&stream, &a.observer);
	ck_assert(event_is_wanted(&stream, EVENT_WALK));
	ck_assert(!event_is_wanted(&stream, EVENT_ACCESS));
	tell(&stream, EVENT_ACCESS);
	tell(&stream, EVENT_WALK);
	ck_assert_str_eq(heard, "a");
}
END_TEST

START_TEST(observers_are_told_in_the_order_in_which_they_came)
{
	char heard[8] = "", *log = heard;
	struct listener a = listener('a', 1u << EVENT_WALK, &log);
	struct listener b = listener('b', 1u << EVENT_WALK | 1u << EVENT_MMAP, &log);
	struct event_stream stream = { 0 };

	event_observe(&stream, &b.observer);
	event_observe(&stream, &a.observer);
	tell(&stream, EVENT_WALK);
	tell(&stream, EVENT_MMAP);
	ck_assert_str_eq(heard, "bab");
}
END_TEST

START_TEST(an_ignored_observer_hears_no_more)
{
	char heard[8] = "", *log = heard;
	struct listener a = listener('a', 1u << EVENT_WALK, &log);
	struct listener b = listener('b', 1u << EVENT_MMAP, &log);
	struct event_stream stream = { 0 };

	event_observe(&stream, &a.observer);
	event_observe(&stream, &b.observer);
	event_ignore(&stream, &a.observer);
	event_ignore(&stream, &a.observer);
	ck_assert(!event_is_wanted(&stream, EVENT_WALK));
	ck_assert(event_is_wanted(&stream, EVENT_MMAP));
	tell(&stream, EVENT_WALK);
	tell(&stream, EVENT_MMAP);
	ck_assert_str_eq(heard, "b");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("event");
	TCase *tcase = tcase_create("event");

	tcase_add_test(tcase, nobody_wants_anything_at_first);
	tcase_add_test(tcase, observers_hear_only_what_they_want);
	tcase_add_test(tcase, observers_are_told_in_the_order_in_which_they_came);
	tcase_add_test(tcase, an_ignored_observer_hears_no_more);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
