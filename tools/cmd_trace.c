/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/commands.h"
#include "tools/trace_verbs.h"
#include "traces/formats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

/* A number; *text moves behind it. */
static bool read_number(const char **text, uint64_t *value)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	*value = strtoull(*text, &end, 10);
	*text = end;
	return !errno;
}

/* "10-20", "10-", "-20", "10". */
static bool read_range(const char *text, struct trace_range *range)
{
	*range = (struct trace_range){ 0 };
	if (*text != '-' && !read_number(&text, &range->first))
		return false;
	if (!*text)
		range->last = range->first;
	else if (*text++ != '-')
		return false;
	else if (*text && !read_number(&text, &range->last))
		return false;
	return !*text && (range->first || range->last) &&
	       (!range->last || range->first <= range->last);
}

static int set_records(void *context, const char *value)
{
	struct trace_options *options = context;

	if (read_range(value, &options->cut.records))
		return 0;
	return complain("--records %s: not A-B, counted from 1", value);
}

static int set_instructions(void *context, const char *value)
{
	struct trace_options *options = context;

	if (read_range(value, &options->cut.instructions))
		return 0;
	return complain("--instructions %s: not A-B, counted from 1", value);
}

static int set_task(void *context, const char *value)
{
	struct trace_options *options = context;
	const char *text = value;
	uint64_t pid;

	if (!read_number(&text, &pid) || *text || pid > INT32_MAX)
		return complain("--task %s: not a process id", value);
	options->cut.task = (int32_t)pid;
	options->cut.one_task = true;
	return 0;
}

static const struct option_row option_rows[] = {
	{ "format", 'f', "NAME", OPTION_TEXT, offsetof(struct trace_options, format), NULL,
	  "what is read is of this format, whatever it looks like" },
	{ "json", 0, NULL, OPTION_FLAG, offsetof(struct trace_options, json), NULL,
	  "info: as JSON" },
	{ "records", 0, "A-B", OPTION_CALL, 0, set_records,
	  "these records alone, as cat counts them, from 1" },
	{ "instructions", 0, "A-B", OPTION_CALL, 0, set_instructions,
	  "what happened from one instruction to another" },
	{ "task", 0, "PID", OPTION_CALL, 0, set_task, "the accesses of this task alone" },
	{ "quiet", 'q', NULL, OPTION_FLAG, offsetof(struct trace_options, quiet), NULL,
	  "no progress" },
};

/* ---- verbs ---- */

struct trace_source *trace_verb_open(const struct trace_options *options, const char *path)
{
	struct trace_source *source, *part;
	char why[600];

	if (trace_open(&source, path, options->format, why, sizeof(why))) {
		complain("%s", why);
		return NULL;
	}
	if (trace_cut_open(&part, source, &options->cut)) {
		complain("%s: out of memory", path);
		return NULL;
	}
	return part;
}

static const struct {
	const char *name;
	int (*run)(const struct trace_options *options, const char *path);
} verbs[] = {
	{ "info", trace_verb_info },
	{ "cat", trace_verb_cat },
};

#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int dispatch(const struct trace_options *options, int argc, char **argv)
{
	const char *verb = argc ? argv[0] : "";

	for (size_t i = 0; i < NR_VERBS; i++) {
		if (strcmp(verb, verbs[i].name) != 0)
			continue;
		if (argc != 2)
			return complain("trace %s: one FILE, or - for standard input", verb);
		return verbs[i].run(options, argv[1]);
	}
	return complain("trace: it is info or cat; see pagewalk trace --help");
}

static int run(const struct command *command, int argc, char **argv)
{
	struct trace_options options = { 0 };
	int first, status;

	if (!options_read(command, argc, argv, &options, &first, &status))
		status = dispatch(&options, argc - first, argv + first);
	return status;
}

const struct command command_trace = {
	.name = "trace",
	.synopsis = "[OPTIONS] info | cat FILE",
	.brief = "look into traces",
	.doc = "info    what a trace is, and how much of what is in it\n"
	       "cat     a line for each record\n"
	       "\n"
	       "FILE may be packed (gzip, xz, bzip2, zstd, zip); - is standard input.\n",
	.options = option_rows,
	.nr_options = sizeof(option_rows) / sizeof(option_rows[0]),
	.run = run,
};
