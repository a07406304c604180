/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Records between two drawings: some ten a second. No clock is asked. */
#define STEP 2000000

#define BAR 20

void progress_begin(struct progress *progress, const char *name, bool quiet)
{
	*progress = (struct progress){ .name = !quiet && isatty(STDERR_FILENO) ? name : NULL };
}

static void begin_line(struct progress *progress)
{
	progress->visible = true;
	fprintf(stderr, "\r%s  ", progress->name);
}

static void draw_bar(uint64_t done, uint64_t all)
{
	static const char full[] = "####################", empty[] = "....................";
	int filled;

	if (done > all)
		done = all;
	filled = (int)(done * BAR / all);
	fprintf(stderr, "[%.*s%.*s]  %3d %%  ", filled, full, BAR - filled, empty,
	        (int)(done * 100 / all));
}

static void end_line(uint64_t nr, const char *what)
{
	fprintf(stderr, "%llu %s\033[K", (unsigned long long)nr, what);
	fflush(stderr);
}

void progress_show(struct progress *progress, const struct trace_source *source)
{
	if (!progress->name || source->nr_records - progress->shown < STEP)
		return;
	progress->shown = source->nr_records;
	begin_line(progress);
	if (source->bytes)
		draw_bar(source->bytes_done, source->bytes);
	end_line(source->nr_records / 1000000, "M records");
}

void progress_count(struct progress *progress, uint64_t done, uint64_t all, const char *what)
{
	if (!progress->name || !all)
		return;
	begin_line(progress);
	draw_bar(done, all);
	end_line(done, what);
}

void progress_end(struct progress *progress)
{
	if (progress->visible)
		fputs("\r\033[K", stderr);
	progress->visible = false;
}
