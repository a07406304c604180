/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge_replay - runs a program, records the run into memory, replays it, and writes the
 * statistics of both, to be compared:
 *
 *	judge_replay [-m MACHINE] [-s KEY=VALUE] [-r KEY=VALUE] [-x KIND] [-c] LIVE.json
 *	             REPLAY.json PROGRAM [ARGUMENT ...]
 *
 * -s: of both machines; -r: of the replay's alone; -x: leaves events of a kind out of the
 * replay; -c: --check; -k: the kinds of events that were recorded go to standard error, one
 * a line. Exit status: 0; 1: the replay refused the trace, or nothing was run;
 * 2: a mistake.
 */
#include "memory_trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/machine.h"
#include "sim/stats.h"
#include "traces/replay.h"

#define MAX_OVERRIDES 16

struct judge {
	const char *name; /* of the machine */
	struct config_override overrides[2 * MAX_OVERRIDES];
	size_t nr_both, nr_replay; /* the replay's own come behind those of both */
	bool check, tells_kinds;
	struct machine_config config;
	struct memory_trace trace;
};

static int mistake(const char *what, const char *why)
{
	fprintf(stderr, "judge_replay: %s: %s\n", what, why);
	return 2;
}

static void add_override(struct config_override *override, char *key_is_value)
{
	char *is = strchr(key_is_value, '=');

	if (!is)
		exit(mistake(key_is_value, "it is KEY=VALUE"));
	*is = '\0';
	*override = (struct config_override){ .key = key_is_value, .value = is + 1 };
}

static void leave_out(struct judge *judge, const char *name)
{
	int kind = 0;

	while (kind < NR_RECORD_KINDS && strcmp(trace_event_names[kind], name) != 0)
		kind++;
	if (kind == NR_RECORD_KINDS)
		exit(mistake(name, "no kind of event"));
	judge->trace.is_skipped[kind] = true;
}

static void read_options(struct judge *judge, int argc, char **argv)
{
	struct config_override replay[MAX_OVERRIDES] = { 0 };
	int option;

	while ((option = getopt(argc, argv, "+m:s:r:x:ck")) != -1) {
		if (option == 'm')
			judge->name = optarg;
		else if (option == 's' && judge->nr_both < MAX_OVERRIDES)
			add_override(&judge->overrides[judge->nr_both++], optarg);
		else if (option == 'r' && judge->nr_replay < MAX_OVERRIDES)
			add_override(&replay[judge->nr_replay++], optarg);
		else if (option == 'x')
			leave_out(judge, optarg);
		else if (option == 'c')
			judge->check = true;
		else if (option == 'k')
			judge->tells_kinds = true;
		else
			exit(mistake("usage", "see its source"));
	}
	memcpy(judge->overrides + judge->nr_both, replay, judge->nr_replay * sizeof(replay[0]));
}

static int write_stats(const struct machine *machine, const char *path)
{
	FILE *out = fopen(path, "w");

	if (!out)
		return mistake(path, "cannot be written");
	stats_write_json(machine, out);
	return fclose(out) ? mistake(path, "cannot be written") : 0;
}

static int run_live(struct judge *judge, const char *stats, char **argv)
{
	const struct machine_options options = {
		.engine = ENGINE_EXACT,
		.check = judge->check,
		.vfs = { .stdin_fd = 0, .stdout_fd = 1, .stderr_fd = 2 },
	};
	char *const empty[] = { NULL };
	struct machine *machine;
	char why[512];
	int status;

	if (machine_config_load(&judge->config, judge->name, judge->overrides, judge->nr_both, why,
	                        sizeof(why)) ||
	    machine_create(&machine, &judge->config, &options, why, sizeof(why)))
		return mistake("machine", why);
	machine_set_recorder(machine, &judge->trace.recorder);
	status = machine_start(machine, argv[0], argv, empty, why, sizeof(why));
	if (!status)
		status = machine_run(machine);
	if (!status && judge->check && !stats_check_sums(machine, why, sizeof(why)))
		status = 1;
	status = status ? mistake(argv[0], why) : write_stats(machine, stats);
	machine_destroy(machine);
	if (judge->trace.is_broken)
		return mistake(argv[0], "events with other arguments than they have");
	return status;
}

static int replay(struct judge *judge, const char *stats)
{
	const struct replay_options options = { .check = judge->check };
	struct trace_source *source =
	    memory_trace_rewind(&judge->trace, judge->config.paging->va_bits);
	struct replay *replay;
	char why[512];
	int status;

	if (machine_config_load(&judge->config, judge->name, judge->overrides,
	                        judge->nr_both + judge->nr_replay, why, sizeof(why)) ||
	    replay_create(&replay, source, &judge->config, &options, why, sizeof(why)))
		return mistake("replay", why);
	status = replay_run(replay) ? 1 : 0;
	if (status)
		fprintf(stderr, "judge_replay: %s\n", replay->error);
	else
		status = write_stats(replay->machine, stats);
	replay_destroy(replay);
	return status;
}

static void tell_kinds(const struct memory_trace *trace)
{
	uint64_t nr[NR_RECORD_KINDS] = { 0 };

	for (size_t i = 0; i < trace->nr_events; i++)
		nr[trace->events[i].event.kind]++;
	for (int kind = 0; kind < NR_RECORD_KINDS; kind++)
		if (nr[kind])
			fprintf(stderr, "%s %lu\n", trace_event_names[kind],
			        (unsigned long)nr[kind]);
}

int main(int argc, char **argv)
{
	static struct judge judge = { .name = "skylake" };
	int status;

	memory_trace_init(&judge.trace);
	read_options(&judge, argc, argv);
	if (argc - optind < 3)
		return mistake("usage", "see its source");
	status = run_live(&judge, argv[optind], argv + optind + 2);
	if (judge.tells_kinds)
		tell_kinds(&judge.trace);
	if (!status)
		status = replay(&judge, argv[optind + 1]);
	memory_trace_finish(&judge.trace);
	return status;
}
