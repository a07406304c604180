/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cells of one trace. It is read once: each cell has a machine and a thread, and these
 * take turns on pieces of the trace (traces/fanout.h), so that one CPU is busy.
 */
#include "sim/stats.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/sweep.h"
#include "traces/fanout.h"
#include "traces/formats.h"
#include "traces/replay.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* One cell on its way. */
struct lane {
	const struct sweep_cell *cell;
	struct machine_config config;
	struct trace_source *source; /* its own, or all of the trace */
	struct replay *replay;       /* NULL: there is no such machine, or it cannot do this */
	pthread_t thread;
	bool has_thread;
	const char *status; /* of what did not become statistics; NULL: it did */
	char why[1024];
};

struct group {
	struct trace_source *source;
	struct fanout *fanout; /* NULL: one lane, which has the source */
	unsigned nr;
	struct lane lanes[SWEEP_REPLAY_MAX];
};

/* ---- a lane ---- */

static void fail(struct lane *lane, const char *status, const char *why)
{
	lane->status = status;
	snprintf(lane->why, sizeof(lane->why), "%s", why);
}

/* A machine that cannot be, or is none for this trace, is not the cell's failure. */
static void prepare(struct lane *lane)
{
	const struct sweep_matrix *matrix = lane->cell->matrix;
	const struct replay_options options = { .name = lane->cell->input->trace,
		                                .fold = matrix->fold,
		                                .check = matrix->check };
	char why[512];
	int err = sweep_cell_load_machine(lane->cell, &lane->config, why, sizeof(why));

	if (!err)
		err = replay_create(&lane->replay, lane->source, &lane->config, &options, why,
		                    sizeof(why));
	if (err) {
		lane->replay = NULL;
		fail(lane, err == -EINVAL ? "impossible" : "failed", why);
	}
}

static void *run(void *context)
{
	struct lane *lane = context;
	char what[512];

	if (replay_run(lane->replay))
		fail(lane, "failed", lane->replay->error);
	else if (lane->cell->matrix->check &&
	         !stats_check_sums(lane->replay->machine, what, sizeof(what)))
		fail(lane, "failed", what);
	return NULL;
}

static int write_stats(struct lane *lane, const char *folder)
{
	char *path = sweep_file(folder, lane->cell->name, ".json");
	struct output output = { 0 };
	int err;

	if (!path)
		return complain("out of memory");
	err = output_open(&output, path);
	if (!err) {
		stats_write_json(lane->replay->machine, output.file);
		err = output_commit(&output);
	}
	if (err)
		complain("%s: %s", path, strerror(-err));
	free(path);
	return err ? EXIT_MISTAKE : 0;
}

/* ---- all of them ---- */

/* Each lane leaves the trace when it is done, so that the others need not wait for it. */
static void *run_in_turn(void *context)
{
	struct lane *lane = context;

	if (lane->replay)
		run(lane);
	trace_close(lane->source);
	return NULL;
}

static void run_side_by_side(struct group *group)
{
	for (unsigned i = 0; i < group->nr; i++) {
		struct lane *lane = &group->lanes[i];

		lane->has_thread = !pthread_create(&lane->thread, NULL, run_in_turn, lane);
		if (lane->has_thread)
			continue;
		fail(lane, "failed", "no thread for it");
		trace_close(lane->source);
	}
	for (unsigned i = 0; i < group->nr; i++)
		if (group->lanes[i].has_thread)
			pthread_join(group->lanes[i].thread, NULL);
}

static int begin(struct group *group, const struct sweep_cell *const *cells, size_t nr_cells)
{
	const struct sweep_cell *first = cells[0];
	char why[512];

	if (trace_open(&group->source, first->input->trace, first->matrix->format, why,
	               sizeof(why)))
		return complain("%s", why);
	if (nr_cells > 1 && fanout_create(&group->fanout, group->source, (unsigned)nr_cells))
		return complain("out of memory");
	for (unsigned i = 0; i < nr_cells; i++) {
		struct lane *lane = &group->lanes[i];

		lane->cell = cells[i];
		lane->source = group->fanout ? fanout_reader(group->fanout, i) : group->source;
		prepare(lane);
	}
	group->nr = (unsigned)nr_cells;
	return 0;
}

static int write_results(struct group *group, const char *folder)
{
	int status = 0;

	for (unsigned i = 0; i < group->nr && !status; i++) {
		struct lane *lane = &group->lanes[i];

		status = lane->status
		             ? sweep_cell_write(lane->cell, folder, lane->status, lane->why)
		             : write_stats(lane, folder);
	}
	return status;
}

int sweep_replay(const struct sweep_cell *const *cells, size_t nr_cells, const char *folder)
{
	struct group *group = calloc(1, sizeof(*group));
	int status;

	if (!group)
		return complain("out of memory");
	status = begin(group, cells, nr_cells);
	if (!status && group->fanout)
		run_side_by_side(group);
	else if (!status && group->lanes[0].replay)
		run(&group->lanes[0]);
	if (!status)
		status = write_results(group, folder);
	for (unsigned i = 0; i < group->nr; i++)
		replay_destroy(group->lanes[i].replay);
	fanout_destroy(group->fanout);
	trace_close(group->source);
	free(group);
	return status;
}
