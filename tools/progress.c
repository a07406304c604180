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

static void draw_bar(const struct trace_source *source)
{
	static const char full[] = "####################", empty[] = "....................";
	uint64_t done = source->bytes_done < source->bytes ? source->bytes_done : source->bytes;
	int filled = (int)(done * BAR / source->bytes);

	fprintf(stderr, "[%.*s%.*s]  %3d %%  ", filled, full, BAR - filled, empty,
	        (int)(done * 100 / source->bytes));
}

void progress_show(struct progress *progress, const struct trace_source *source)
{
	if (!progress->name || source->nr_records - progress->shown < STEP)
		return;
	progress->shown = source->nr_records;
	progress->visible = true;
	fprintf(stderr, "\r%s  ", progress->name);
	if (source->bytes)
		draw_bar(source);
	fprintf(stderr, "%llu M records\033[K", (unsigned long long)(source->nr_records / 1000000));
	fflush(stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->visible)
		fputs("\r\033[K", stderr);
	progress->visible = false;
}
