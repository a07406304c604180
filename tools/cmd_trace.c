/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/commands.h"
#include "tools/trace_verbs.h"
#include "traces/export.h"
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
	if (*text != '-' && (!read_number(&text, &range->first) || !range->first))
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

static int set_quantum(void *context, const char *value)
{
	struct trace_options *options = context;
	const char *text = value;

	if (read_number(&text, &options->quantum) && !*text && options->quantum)
		return 0;
	return complain("--quantum %s: not a number of accesses", value);
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
	{ "output", 'o', "FILE", OPTION_TEXT, offsetof(struct trace_options, output), NULL,
	  "what import, export, cut and merge write (-: standard output)" },
	{ "to", 't', "NAME", OPTION_TEXT, offsetof(struct trace_options, to), NULL,
	  "export: the format to write" },
	{ "quantum", 0, "N", OPTION_CALL, 0, set_quantum,
	  "merge: accesses of a trace before the next one's turn (100000)" },
	{ "one-system", 0, NULL, OPTION_FLAG, offsetof(struct trace_options, one_system), NULL,
	  "merge: equal process ids are the same process, as of drmemtrace's threads" },
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
	int (*run)(const struct trace_options *options, char **paths, int nr_paths);
	bool takes_several, writes;
} verbs[] = {
	{ "info", trace_verb_info, false, false },    { "cat", trace_verb_cat, false, false },
	{ "import", trace_verb_copy, false, true },   { "cut", trace_verb_copy, false, true },
	{ "export", trace_verb_export, false, true }, { "merge", trace_verb_merge, true, true },
};

#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int list_formats(void)
{
	const char *name, *doc;

	puts("read:");
	for (size_t i = 0; (name = trace_read_format(i, &doc)); i++)
		printf("  %-14s %s\n", name, doc);
	puts("exported:");
	for (size_t i = 0; (name = trace_export_format(i, &doc)); i++)
		printf("  %-14s %s\n", name, doc);
	return 0;
}

static int dispatch(const struct trace_options *options, int argc, char **argv)
{
	const char *verb = argc ? argv[0] : "";

	if (!strcmp(verb, "formats") && argc == 1)
		return list_formats();
	for (size_t i = 0; i < NR_VERBS; i++) {
		if (strcmp(verb, verbs[i].name) != 0)
			continue;
		if (argc < 2 || (argc > 2 && !verbs[i].takes_several))
			return complain("trace %s: %s FILE, or - for standard input", verb,
			                verbs[i].takes_several ? "more than one" : "one");
		if (verbs[i].writes && !options->output)
			return complain("trace %s: -o FILE says what to write", verb);
		return verbs[i].run(options, argv + 1, argc - 1);
	}
	return complain("trace: it is info, cat, import, export, cut, merge or formats; see "
	                "pagewalk trace --help");
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
	.synopsis = "[OPTIONS] info | cat | import | export | cut | merge FILE ... | formats",
	.brief = "look into traces, convert them",
	.doc = "info     what a trace is, and how much of what is in it\n"
	       "cat      a line for each record\n"
	       "import   a trace of another program's, into our own format\n"
	       "export   a trace for another program (--to)\n"
	       "cut      a part of a trace; of events all up to its end, so that it replays\n"
	       "merge    several traces as one, as if their programs took turns on a machine\n"
	       "formats  lists those that are read, and that are exported\n"
	       "\n"
	       "FILE may be packed (gzip, xz, bzip2, zstd, zip); - is standard input. What it is\n"
	       "its first bytes tell. An exported FILE is packed if its name ends in .gz, .xz or\n"
	       ".zst. docs/foreign-traces.md says what each format has and has not.\n",
	.options = option_rows,
	.nr_options = sizeof(option_rows) / sizeof(option_rows[0]),
	.run = run,
};
