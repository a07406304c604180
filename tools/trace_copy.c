/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk trace import, export, cut, merge: from sources to a sink.
 */
#include "tools/options.h"
#include "tools/output.h"
#include "tools/progress.h"
#include "tools/trace_verbs.h"
#include "traces/formats.h"
#include "traces/merge.h"
#include "traces/packer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OURS "pagewalk"
#define DEFAULT_QUANTUM 100000 /* accesses */

/* The file that is written, and what writes it. */
struct target {
	struct output output;
	FILE *packed; /* NULL: not packed */
	struct trace_sink *sink;
	const char *path;
};

/* ---- writing ---- */

static int open_target(struct target *target, const struct trace_options *options,
                       const struct trace_info *info)
{
	const char *format = options->to ? options->to : OURS;
	char why[512];
	FILE *file;
	int err;

	*target = (struct target){ .path = options->output };
	err = output_open(&target->output, target->path);
	if (err)
		return complain("%s: %s", target->path, strerror(-err));
	file = target->output.file;
	if (strcmp(format, OURS) != 0 && packer_wanted(target->path)) {
		file = target->packed = packer_open(file, target->path);
		if (!file)
			return complain("%s: %s", target->path, strerror(errno));
	}
	if (trace_create(&target->sink, format, file, info, why, sizeof(why)))
		return complain("%s: %s", target->path, why);
	return 0;
}

static void abandon_target(struct target *target)
{
	if (target->sink)
		target->sink->ops->abandon(target->sink);
	if (target->packed)
		fclose(target->packed);
	output_abandon(&target->output);
}

static int commit_target(struct target *target)
{
	uint64_t nr_left_out = target->sink->nr_left_out;
	char why[512];
	int err = target->sink->ops->commit(target->sink, why, sizeof(why));

	target->sink = NULL;
	if (err)
		return complain("%s: %s", target->path, why);
	if (target->packed) {
		err = fclose(target->packed) ? -errno : 0;
		target->packed = NULL;
	}
	if (!err)
		err = output_commit(&target->output);
	if (err)
		return complain("%s: %s", target->path, strerror(-err));
	if (nr_left_out)
		complain("%s: %llu accesses that this format cannot hold were left out",
		         target->path, (unsigned long long)nr_left_out);
	return 0;
}

/* A broken source's records before the place count: they are written, and it is told. */
static int copy(const struct trace_options *options, struct trace_source *source, const char *name)
{
	struct target target;
	struct progress progress;
	struct trace_batch batch;
	int err = open_target(&target, options, &source->info), status = 0;

	progress_begin(&progress, name, options->quiet);
	while (!err && (status = trace_next(source, &batch)) > 0) {
		progress_show(&progress, source);
		if (trace_write(target.sink, &batch))
			err = complain("%s: %s", target.path, target.sink->error);
	}
	progress_end(&progress);
	if (!err)
		err = commit_target(&target);
	abandon_target(&target);
	return status < 0 ? complain("%s", source->error) : err;
}

/* ---- verbs ---- */

static int write_one(const struct trace_options *options, const char *path)
{
	struct trace_options kept = *options;
	struct trace_source *source;
	int status;

	kept.cut.keep_events = true;
	source = trace_verb_open(&kept, path);
	if (!source)
		return EXIT_MISTAKE;
	status = copy(options, source, path);
	trace_close(source);
	return status;
}

int trace_verb_copy(const struct trace_options *options, char **paths, int nr_paths)
{
	if (options->to)
		return complain("trace: --to is for export");
	return write_one(options, paths[0]);
}

int trace_verb_export(const struct trace_options *options, char **paths, int nr_paths)
{
	if (!options->to)
		return complain("trace export: --to NAME says for whom; see pagewalk trace --help");
	return write_one(options, paths[0]);
}

static int merge(const struct trace_options *options, struct trace_source **sources, int nr)
{
	struct trace_source *merged;
	char why[512];
	int status;

	if (trace_merge_open(&merged, sources, (uint32_t)nr,
	                     options->quantum ? options->quantum : DEFAULT_QUANTUM,
	                     options->one_system, why, sizeof(why)))
		return complain("trace merge: %s", why);
	status = copy(options, merged, options->output);
	trace_close(merged);
	return status;
}

int trace_verb_merge(const struct trace_options *options, char **paths, int nr_paths)
{
	struct trace_source **sources = calloc((size_t)nr_paths, sizeof(sources[0]));
	int nr = 0, status = EXIT_MISTAKE;

	if (!sources)
		return complain("out of memory");
	while (nr < nr_paths && (sources[nr] = trace_verb_open(options, paths[nr])))
		nr++;
	if (nr == nr_paths)
		status = merge(options, sources, nr);
	while (nr--)
		trace_close(sources[nr]);
	free(sources);
	return status;
}
