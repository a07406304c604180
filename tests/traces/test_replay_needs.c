/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each kind of event is there for a figure: a recorded run that is replayed without the
 * events of one kind has other figures somewhere, or cannot be replayed. (That nothing is
 * missing, tests/run/test_replay.sh says.) Needs GUEST, and RARE_CALLS: a program.
 */
#include "memory_trace.h"

#include "tests/run_suite.h"

#include <stdio.h>
#include <unistd.h>

#include "sim/machine.h"
#include "sim/stats.h"
#include "traces/replay.h"

struct program {
	const char *machine;
	const char *overrides[3][2]; /* key, value */
	const char *argv[4];         /* [0] is in GUEST, or RARE_CALLS */
};

static const struct program programs[] = {
	{ "skylake",
	  { { "page_cache", "cold" }, { "ram", "6M" }, { "swap.size", "16M" } },
	  { "RARE_CALLS", "", "/tmp/file" } },
	{ "numa4", { { 0 } }, { "RARE_CALLS", "", "/tmp/file" } },
	{ "numa4", { { 0 } }, { "numa", "8" } },
	{ "skylake", { { "ram", "8M" } }, { "shared", "all", "64K" } },
	{ "skylake", { { "ram", "8M" } }, { "scull", "/dev/scullc", "16K" } },
	{ "skylake", { { "ram", "8M" } }, { "scull", "/dev/scullp", "16K" } },
	{ "skylake", { { "ram", "8M" } }, { "scull", "/dev/scullv", "64K" } },
	{ "skylake", { { "ram", "8M" } }, { "cow", "" } },
	{ "skylake", { { "ram", "8M" }, { "cpus", "4" } }, { "threads", "4", "2" } },
	{ "skylake", { { "ram", "16M" } }, { "bad-calls" } },
	{ "skylake", { { "ram", "4M" }, { "swap.size", "4M" } }, { "sweep", "5M" } },
};
#define NR_PROGRAMS (sizeof(programs) / sizeof(programs[0]))

/* What no program here makes: an access that faults 64 times in a row; a file that somebody
 * changes on the host meanwhile; what foreign traces have. */
static const enum record_kind unheard_of[] = { RECORD_GIVE_UP, RECORD_SIZE, RECORD_DROP_PAGES,
	                                       RECORD_CACHE_FLUSH };
/* What is there for other ends, or for figures that no program here comes near: who runs, for
 * a trace's readers; whom the OOM killer takes; what mprotect() must refuse; tasks that nobody
 * asks for; an object of a slab that stays; zones with little left. */
static const enum record_kind of_no_figure[] = { RECORD_TURN,           RECORD_MM_OWNER,
	                                         RECORD_FORBID_WRITING, RECORD_TASK_FREE,
	                                         RECORD_KFREE,          RECORD_LOWMEM_RATIO };

struct fixture {
	struct machine_config config;
	struct memory_trace trace;
	bool is_recorded[NR_RECORD_KINDS], is_needed[NR_RECORD_KINDS];
};

static struct fixture fx;

static const char *path_of(const struct program *program, char *path, size_t size)
{
	const char *rare = getenv("RARE_CALLS"), *folder = getenv("GUEST");

	ck_assert(rare && folder);
	if (!strcmp(program->argv[0], "RARE_CALLS"))
		return rare;
	snprintf(path, size, "%s/%s", folder, program->argv[0]);
	return path;
}

static void record(const struct program *program)
{
	const struct machine_options options = {
		.engine = ENGINE_EXACT,
		.vfs = { .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 },
	};
	struct config_override overrides[3];
	char *const empty[] = { NULL };
	char *argv[5] = { NULL };
	char buffer[512], why[512];
	const char *path = path_of(program, buffer, sizeof(buffer));
	struct machine *machine;
	size_t nr = 0;

	for (; nr < 3 && program->overrides[nr][0]; nr++)
		overrides[nr] = (struct config_override){ program->overrides[nr][0],
			                                  program->overrides[nr][1] };
	for (int i = 0; i < 4 && program->argv[i]; i++)
		argv[i] = (char *)(program->argv[i][0] ? program->argv[i] : path);
	memory_trace_init(&fx.trace);
	ck_assert_msg(
	    !machine_config_load(&fx.config, program->machine, overrides, nr, why, sizeof(why)),
	    "%s", why);
	ck_assert_msg(!machine_create(&machine, &fx.config, &options, why, sizeof(why)), "%s", why);
	machine_set_recorder(machine, &fx.trace.recorder);
	ck_assert_msg(!machine_start(machine, path, argv, empty, why, sizeof(why)), "%s", why);
	ck_assert_int_eq(machine_run(machine), 0);
	ck_assert_msg(!machine_exit_status(machine), "%s ends with %d", path,
	              machine_exit_status(machine));
	machine_destroy(machine);
	ck_assert(!fx.trace.is_broken);
}

/* Its statistics, malloc'ed; NULL: it was refused. */
static char *replay_it(void)
{
	const struct replay_options options = { 0 };
	struct replay *replay;
	char *text = NULL, *own, why[512];
	size_t size;
	FILE *out;

	ck_assert_msg(!replay_create(&replay, memory_trace_rewind(&fx.trace, 48), &fx.config,
	                             &options, why, sizeof(why)),
	              "%s", why);
	if (!replay_run(replay)) {
		out = open_memstream(&text, &size);
		ck_assert_ptr_nonnull(out);
		stats_write_json(replay->machine, out);
		fclose(out);
		own = strstr(text, "\"replay\":");
		ck_assert_ptr_nonnull(own);
		*own = '\0'; /* it counts the events themselves */
	}
	replay_destroy(replay);
	return text;
}

static bool is_needed(enum record_kind kind, const char *figures)
{
	char *without;
	bool differs;

	fx.trace.is_skipped[kind] = true;
	without = replay_it();
	fx.trace.is_skipped[kind] = false;
	differs = !without || strcmp(without, figures) != 0;
	free(without);
	return differs;
}

static void look_at(const struct program *program)
{
	bool is_here[NR_RECORD_KINDS] = { false };
	char *figures;

	record(program);
	figures = replay_it();
	ck_assert_ptr_nonnull(figures);
	for (size_t i = 0; i < fx.trace.nr_events; i++)
		is_here[fx.trace.events[i].event.kind] = true;
	for (int kind = 0; kind < NR_RECORD_KINDS; kind++) {
		fx.is_recorded[kind] |= is_here[kind];
		if (is_here[kind] && !fx.is_needed[kind])
			fx.is_needed[kind] = is_needed((enum record_kind)kind, figures);
	}
	free(figures);
	memory_trace_finish(&fx.trace);
}

static bool is_among(enum record_kind kind, const enum record_kind *kinds, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (kinds[i] == kind)
			return true;
	return false;
}

#define IS_AMONG(kind, kinds) is_among(kind, kinds, sizeof(kinds) / sizeof((kinds)[0]))

/* Settings are root's. */
static bool is_out_of_reach(enum record_kind kind)
{
	return geteuid() &&
	       (kind == RECORD_SYSCTL || kind == RECORD_LOWMEM_RATIO || kind == RECORD_DROP_CACHES);
}

static void add_name(char *names, size_t size, enum record_kind kind)
{
	size_t len = strlen(names);

	snprintf(names + len, size - len, " %s", trace_event_names[kind]);
}

START_TEST(each_kind_of_event_matters_to_some_figure)
{
	char missing[1024] = "", idle[1024] = "";

	for (size_t i = 0; i < NR_PROGRAMS; i++)
		look_at(&programs[i]);
	for (int i = 0; i < NR_RECORD_KINDS; i++) {
		enum record_kind kind = (enum record_kind)i;

		if (IS_AMONG(kind, unheard_of) || is_out_of_reach(kind))
			continue;
		if (!fx.is_recorded[kind])
			add_name(missing, sizeof(missing), kind);
		else if (fx.is_needed[kind] == IS_AMONG(kind, of_no_figure))
			add_name(idle, sizeof(idle), kind);
	}
	ck_assert_msg(!*missing, "not recorded:%s", missing);
	ck_assert_msg(!*idle, "change no figure, or do against expectation:%s", idle);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replay_needs");
	TCase *tc = tcase_create("kinds");

	tcase_add_test(tc, each_kind_of_event_matters_to_some_figure);
	tcase_set_timeout(tc, 0);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
