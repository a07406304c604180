/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/replay_curve.h"

#include "sim/config.h"
#include "traces/curve_tap.h"

#include <errno.h>
#include <stdlib.h>

/* An option without --curve, or NULL. */
static const char *lonely_option(const struct replay_curve *curve)
{
	if (curve->only)
		return "--curve-only";
	if (curve->opt)
		return "--curve-opt";
	if (curve->flush)
		return "--curve-flush";
	if (curve->sets)
		return "--curve-sets";
	if (curve->sample)
		return "--curve-sample";
	if (curve->page)
		return "--curve-page";
	return curve->ways ? "--curve-ways" : NULL;
}

static int read_number(const char *option, const char *text, uint32_t *value)
{
	char *end;
	unsigned long number;

	if (!text)
		return 0;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || number > UINT32_MAX)
		return complain("%s: %s is no number", option, text);
	*value = (uint32_t)number;
	return 0;
}

static int read_page_size(const char *text, struct curve_options *options)
{
	uint64_t bytes;

	if (!text)
		return 0;
	if (!parse_size(text, &bytes) || !bytes || (bytes & (bytes - 1)))
		return complain("--curve-page %s: a power of two", text);
	options->page_shift = (uint32_t)__builtin_ctzll(bytes);
	return 0;
}

/* A part of all pages, 0.01, or so many at a time, 8192. */
static int read_sample(const char *text, struct curve_options *options)
{
	char *end;

	if (!text)
		return 0;
	options->sample_rate = strtod(text, &end);
	if (*text >= '0' && *text <= '9' && !*end && options->sample_rate > 0 &&
	    options->sample_rate < 1)
		return 0;
	options->sample_rate = 0;
	if (read_number("--curve-sample", text, &options->sample_pages))
		return EXIT_MISTAKE;
	return options->sample_pages >= 2 ? 0
	                                  : complain("--curve-sample %s: a part of the pages "
	                                             "between 0 and 1, or a number of them",
	                                             text);
}

static int create(struct replay_curve *curve, const struct trace_source *source)
{
	struct curve_options options = curve_defaults;
	char why[128] = "out of memory";

	if (read_number("--curve-sets", curve->sets, &options.max_sets) ||
	    read_number("--curve-ways", curve->ways, &options.max_ways))
		return EXIT_MISTAKE;
	if (read_page_size(curve->page, &options) || read_sample(curve->sample, &options))
		return EXIT_MISTAKE;
	options.opt = curve->opt;
	options.flush_on_switch = curve->flush;
	if (curve_create(&curve->curve, &options, &source->info, why, sizeof(why)))
		return complain("--curve: %s", why);
	return 0;
}

int replay_curve_begin(struct replay_curve *curve, struct trace_source *source, const char *path)
{
	int status;

	if (!curve->path && lonely_option(curve))
		return complain("%s needs --curve FILE", lonely_option(curve));
	curve->tap = source;
	if (!curve->path)
		return 0;
	status = create(curve, source);
	if (!status)
		status = output_open_for(&curve->csv, "--curve", curve->path);
	if (!status && curve_tap_open(&curve->tap, source, path, curve->curve))
		status = complain("out of memory");
	return status;
}

int replay_curve_write(struct replay_curve *curve, bool quiet)
{
	if (!curve->path)
		return 0;
	if (!quiet)
		curve_print_table(curve->curve, stderr);
	curve_write_csv(curve->curve, curve->csv.file);
	return output_commit_for(&curve->csv, "--curve", curve->path);
}

void replay_curve_finish(struct replay_curve *curve)
{
	if (curve->curve)
		trace_close(curve->tap);
	curve_destroy(curve->curve);
	output_abandon(&curve->csv);
}
