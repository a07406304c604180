/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recorded runs whose events somebody has changed: whatever a trace says, a replay goes on
 * or says what cannot be, and its kernel stays whole (--check). PW_SEED=N PW_CASES=N: other
 * changes, and how many traces of each program.
 */
#include "memory_trace.h"

#include "tests/mmu/random_stream.h"
#include "tests/run_suite.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "sim/machine.h"
#include "traces/replay.h"

#define NR_VALUES 4096

struct fixture {
	struct machine_config config;
	struct memory_trace trace;
	struct random_stream random;
	uint64_t values[NR_VALUES]; /* that events have as arguments */
};

static struct fixture fx;

/* ---- the run ---- */

/* A guest that gets its own path as second argument where that is empty, on a machine with
 * little memory: so much (NULL: as it says). */
static void record(const char *machine_name, const char *ram, const char *argv[])
{
	const struct config_override small[] = { { "swap.size", "4M" }, { "ram", ram } };
	const struct machine_options options = {
		.engine = ENGINE_EXACT,
		.vfs = { .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 },
	};
	const char *folder = getenv("GUEST");
	char *const empty[] = { NULL };
	struct machine *machine;
	char path[512], why[512];

	ck_assert_ptr_nonnull(folder);
	snprintf(path, sizeof(path), "%s/%s", folder, argv[0]);
	if (argv[1] && !*argv[1])
		argv[1] = path;
	memory_trace_init(&fx.trace);
	ck_assert_msg(
	    !machine_config_load(&fx.config, machine_name, small, ram ? 2 : 1, why, sizeof(why)),
	    "%s", why);
	ck_assert_msg(!machine_create(&machine, &fx.config, &options, why, sizeof(why)), "%s", why);
	machine_set_recorder(machine, &fx.trace.recorder);
	ck_assert_msg(!machine_start(machine, path, (char *const *)argv, empty, why, sizeof(why)),
	              "%s", why);
	ck_assert_int_eq(machine_run(machine), 0);
	ck_assert_msg(!machine_exit_status(machine), "%s fails", argv[0]);
	machine_destroy(machine);
	ck_assert(!fx.trace.is_broken);
}

/* ---- changes ---- */

static uint64_t below(uint64_t n)
{
	return random_below(&fx.random, n);
}

static struct memory_event *any_event(void)
{
	return &fx.trace.events[below(fx.trace.nr_events)];
}

static void learn_values(void)
{
	for (size_t i = 0; i < NR_VALUES; i++)
		fx.values[i] = any_event()->event.args[below(RECORD_NR_ARGS)];
}

static uint64_t any_value(void)
{
	uint64_t value = fx.values[below(NR_VALUES)];

	switch (below(8)) {
	case 0:
		return below(16);
	case 1:
		return value + below(3) - 1;
	case 2:
		return value ^ (uint64_t)1 << below(64);
	case 3:
		return (uint64_t)-1 - below(200); /* an error */
	case 4:
		return random_next(&fx.random) >> below(64);
	case 5:
		return (random_next(&fx.random) >> below(64)) & PAGE_MASK;
	}
	return value;
}

static void change_event(struct record_event *event)
{
	switch (below(6)) {
	case 0: /* it is another's */
		event->task = (int32_t)any_value();
		event->cpu = (uint32_t)below(5);
		break;
	case 1: /* it never was */
		event->kind = RECORD_CPU_END;
		break;
	case 2: /* it is something else, on the same objects */
		event->kind = (enum record_kind)below(NR_RECORD_KINDS);
		event->nr_args = RECORD_NR_ARGS;
		break;
	default:
		event->args[below(event->nr_args ? event->nr_args : 1)] = any_value();
	}
}

/* Two events change places, or one comes again. */
static void shuffle(void)
{
	struct record_event *a = &any_event()->event, *b = &any_event()->event;
	struct record_event saved = *a;

	if (a->text || b->text)
		return;
	*a = *b;
	if (below(2))
		*b = saved;
}

static void change_trace(uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		if (below(5))
			change_event(&any_event()->event);
		else
			shuffle();
	}
}

/* ---- the replay ---- */

/* --check has added up what the trace alone says: how much was done, and by whom. */
static bool is_hearsay(const char *error)
{
	return strstr(error, "guest.") || strstr(error, "tasks[]");
}

static void replay_changed(uint64_t number)
{
	const struct replay_options options = { .check = true };
	struct replay *replay;
	char why[512];
	int err;

	ck_assert_msg(!replay_create(&replay, memory_trace_rewind(&fx.trace, 48), &fx.config,
	                             &options, why, sizeof(why)),
	              "%s", why);
	err = replay_run(replay);
	ck_assert_msg(!err || err == -EINVAL || err == -ENOMEM || is_hearsay(replay->error),
	              "trace %" PRIu64 ": %s", number, replay->error);
	if (err)
		ck_assert_str_ne(replay->error, "");
	replay_destroy(replay);
}

static void replay_changed_traces(const char *machine_name, const char *ram, const char *argv[])
{
	const uint64_t seed = random_start(argv[0]).state, cases = random_cases(24);
	struct memory_event *events;
	size_t bytes;

	record(machine_name, ram, argv);
	bytes = fx.trace.nr_events * sizeof(*events);
	events = malloc(bytes);
	ck_assert_ptr_nonnull(events);
	memcpy(events, fx.trace.events, bytes);
	for (uint64_t i = 0; i < cases; i++) {
		fx.random = (struct random_stream){ .state = seed + i };
		learn_values();
		change_trace(i ? (uint64_t)1 << below(8) : 0);
		replay_changed(i);
		memcpy(fx.trace.events, events, bytes);
	}
	free(events);
	memory_trace_finish(&fx.trace);
}

/* ---- programs ---- */

START_TEST(changed_events_of_processes_that_share_memory)
{
	const char *argv[] = { "shared", "all", "32K", NULL };

	replay_changed_traces("skylake", "4M", argv);
}
END_TEST

START_TEST(changed_events_of_policies_and_moves)
{
	const char *argv[] = { "numa", "8", NULL };

	replay_changed_traces("numa4", NULL, argv);
}
END_TEST

START_TEST(changed_events_of_files_and_copies)
{
	const char *argv[] = { "cow", "", NULL };

	replay_changed_traces("skylake", "4M", argv);
}
END_TEST

START_TEST(changed_events_of_kernel_memory)
{
	const char *argv[] = { "scull", "/dev/scullc", "64K", NULL };

	replay_changed_traces("skylake", "4M", argv);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replay_events");
	TCase *tc = tcase_create("changed");

	tcase_add_test(tc, changed_events_of_processes_that_share_memory);
	tcase_add_test(tc, changed_events_of_policies_and_moves);
	tcase_add_test(tc, changed_events_of_files_and_copies);
	tcase_add_test(tc, changed_events_of_kernel_memory);
	tcase_set_timeout(tc, 0);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
