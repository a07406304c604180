/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/interval.h"
#include "sim/stats.h"
#include "sim/summary.h"
#include "tools/commands.h"
#include "tools/output.h"
#include "tools/progress.h"
#include "tools/replay_curve.h"
#include "traces/formats.h"
#include "traces/replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One `pagewalk replay`, from its options to its results. */
struct replay_command {
	/* options */
	struct machine_choice choice;
	const char *stats_path, *format;
	uint64_t interval_every; /* 0: none */
	bool fold, check, quiet;
	struct replay_curve curve;

	/* what comes of them */
	struct trace_source *source;
	struct machine_config config;
	struct replay *replay;
	struct output stats;
	struct interval *interval;
};

#define AT(member) offsetof(struct replay_command, member)

static const struct option_row option_rows[] = {
	MACHINE_OPTION_ROWS(AT(choice)),
	{ "stats", 0, "FILE", OPTION_TEXT, AT(stats_path), NULL,
	  "statistics as JSON (-: standard output)" },
	{ "interval", 0, "N", OPTION_COUNT, AT(interval_every), NULL,
	  "in them a time series: one row every N accesses" },
	{ "format", 'f', "NAME", OPTION_TEXT, AT(format), NULL,
	  "of the TRACE, whatever it looks like (see pagewalk trace --help)" },
	{ "fold", 0, NULL, OPTION_FLAG, AT(fold), NULL,
	  "foreign addresses that the machine's programs cannot have: by a remainder" },
	{ "check", 0, NULL, OPTION_FLAG, AT(check), NULL,
	  "re-derive everything the slow way, and stop at the first difference" },
	REPLAY_CURVE_ROWS(AT(curve)),
	{ "quiet", 'q', NULL, OPTION_FLAG, AT(quiet), NULL, "no summary" },
};

#undef AT

static int build(struct replay_command *command, const char *path)
{
	const struct replay_options options = {
		.name = path, .fold = command->fold, .check = command->check, .kernel_log = stderr
	};
	char why[512];

	if (trace_open(&command->source, path, command->format, why, sizeof(why)))
		return complain("%s", why);
	if (replay_curve_begin(&command->curve, command->source, path))
		return EXIT_MISTAKE;
	if (command->curve.only)
		return 0;
	if (machine_choice_load_recorded(&command->choice, path, command->source->info.machine,
	                                 &command->config) ||
	    output_open_for(&command->stats, "--stats", command->stats_path))
		return EXIT_MISTAKE;
	if (replay_create(&command->replay, command->curve.tap, &command->config, &options, why,
	                  sizeof(why)))
		return complain("%s: %s", path, why);
	if (command->interval_every &&
	    interval_create(&command->interval, command->interval_every, ENGINE_NONE))
		return complain("out of memory");
	command->replay->machine->interval = command->interval;
	return 0;
}

static void write_head(const struct replay_command *command, const char *path)
{
	const struct replay_counts *counts = &command->replay->counts;

	fprintf(stderr, "%s (%s): %" PRIu64 " records, %" PRIu64 " accesses", path,
	        command->source->info.format, counts->records, counts->accesses);
	if (counts->skipped)
		fprintf(stderr, ", %" PRIu64 " skipped", counts->skipped);
	if (counts->segv)
		fprintf(stderr, ", %" PRIu64 " not allowed", counts->segv);
	putc('\n', stderr);
}

static int write_results(struct replay_command *command, const char *path)
{
	const struct machine *machine = command->replay->machine;
	char what[512];

	if (command->check && command->replay->complete &&
	    !stats_check_sums(machine, what, sizeof(what)))
		return complain("--check: a sum does not agree: %s", what);
	if (command->interval)
		interval_finish(command->interval, machine);
	if (!command->quiet) {
		write_head(command, path);
		summary_write(machine, stderr);
	}
	if (command->stats.file)
		stats_write_json(machine, command->stats.file);
	if (output_commit_for(&command->stats, "--stats", command->stats_path))
		return EXIT_MISTAKE;
	return replay_curve_write(&command->curve, command->quiet);
}

/* To the end, or to what is wrong. */
static int run_to_the_end(struct replay_command *command, const char *path)
{
	struct progress progress;
	int got;

	progress_begin(&progress, path, command->quiet);
	while ((got = replay_step(command->replay)) > 0)
		progress_show(&progress, command->source);
	progress_end(&progress);
	return got ? complain("%s", command->replay->error) : 0;
}

/* --curve-only */
static int follow_trace(struct replay_command *command, const char *path)
{
	struct trace_source *tap = command->curve.tap;
	struct trace_batch batch;
	struct progress progress;
	int got, status;

	progress_begin(&progress, path, command->quiet);
	while ((got = trace_next(tap, &batch)) > 0)
		progress_show(&progress, tap);
	progress_end(&progress);
	status = got ? complain("%s", tap->error) : 0;
	return replay_curve_write(&command->curve, command->quiet) ? EXIT_MISTAKE : status;
}

static int replay_trace(struct replay_command *command, const char *path)
{
	int status = build(command, path), broken;

	if (status)
		return status;
	if (command->curve.only)
		return follow_trace(command, path);
	/* What came before a broken record counts; not what --check does not believe. */
	broken = run_to_the_end(command, path);
	if (!command->replay->machine->check_failure[0])
		status = write_results(command, path);
	return broken ? broken : status;
}

/* What would be passed over in silence. */
static int check_options(const struct replay_command *command)
{
	bool chooses = command->choice.name || command->choice.nr_overrides;

	if (command->interval_every && !command->stats_path)
		return complain("--interval: the time series is part of --stats FILE");
	if (command->curve.only &&
	    (chooses || command->stats_path || command->fold || command->check))
		return complain(
		    "--curve-only: there is no replay, and no machine: %s is not for it",
		    chooses               ? "-m or --set"
		    : command->stats_path ? "--stats"
		    : command->fold       ? "--fold"
		                          : "--check");
	return 0;
}

static int run(const struct command *this, int argc, char **argv)
{
	struct replay_command *command = calloc(1, sizeof(*command));
	int first, status;

	if (!command)
		return complain("out of memory");
	if (options_read(this, argc, argv, command, &first, &status))
		;
	else if (argc - first != 1)
		status = complain("replay: it is replay [OPTIONS] TRACE; see pagewalk replay "
		                  "--help");
	else if (!(status = check_options(command)))
		status = replay_trace(command, argv[first]);
	replay_destroy(command->replay);
	replay_curve_finish(&command->curve);
	interval_destroy(command->interval);
	trace_close(command->source);
	output_abandon(&command->stats);
	machine_choice_finish(&command->choice);
	free(command);
	return status;
}

const struct command command_replay = {
	.name = "replay",
	.synopsis = "[OPTIONS] TRACE",
	.brief = "feed a recorded trace to a machine",
	.doc = "Makes the accesses of TRACE (-: standard input) on a simulated machine: the one\n"
	       "that was recorded, where the trace knows it, or another (docs/replay.md). The\n"
	       "summary comes on standard error. Exit status: 0; 125 for a mistake or a broken\n"
	       "trace, of which what came before counts.\n",
	.options = option_rows,
	.nr_options = sizeof(option_rows) / sizeof(option_rows[0]),
	.run = run,
};
