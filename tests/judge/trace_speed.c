/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace_speed - how fast a trace is decoded, and nothing else done with it.
 *
 *	trace_speed FILE        prints: records accesses seconds (of CPU time)
 */
#include "traces/formats.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	uint64_t records = 0, accesses = 0;
	struct trace_source *source;
	struct trace_batch batch;
	char why[512];
	double start;
	int err;

	if (argc != 2 || trace_open(&source, argv[1], NULL, why, sizeof(why))) {
		fprintf(stderr, "trace_speed: %s\n", argc == 2 ? why : "trace_speed FILE");
		return 1;
	}
	start = cpu_seconds();
	while ((err = trace_next(source, &batch)) > 0) {
		records += batch.nr;
		for (uint32_t i = 0; i < batch.nr; i++)
			accesses += batch.accesses[i].count;
	}
	printf("%" PRIu64 " %" PRIu64 " %.3f\n", records, accesses, cpu_seconds() - start);
	if (err)
		fprintf(stderr, "trace_speed: %s\n", source->error);
	trace_close(source);
	return err != 0;
}
