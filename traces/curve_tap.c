/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/curve_tap.h"

#include <errno.h>
#include <stdlib.h>

struct curve_tap {
	struct trace_source source; /* first */
	struct trace_source *from;
	const char *name; /* the caller's */
	struct curve *curve;
};

static int fail(struct trace_source *source, int err)
{
	const struct curve_tap *tap = (struct curve_tap *)source;

	snprintf(source->error, sizeof(source->error), "%s: record %lu: --curve: %s", tap->name,
	         (unsigned long)source->nr_records,
	         err == -EOVERFLOW ? "too many pages or CPUs" : "out of memory");
	return err;
}

static int next(struct trace_source *source, struct trace_batch *batch)
{
	struct curve_tap *tap = (struct curve_tap *)source;
	int got = trace_next(tap->from, batch), err;

	source->nr_records = tap->from->nr_records;
	source->bytes_done = tap->from->bytes_done;
	source->bytes = tap->from->bytes;
	if (got < 0)
		snprintf(source->error, sizeof(source->error), "%s", tap->from->error);
	if (got <= 0)
		return got;
	err = curve_feed(tap->curve, batch);
	return err ? fail(source, err) : got;
}

static void close_tap(struct trace_source *source)
{
	free(source);
}

int curve_tap_open(struct trace_source **out, struct trace_source *from, const char *name,
                   struct curve *curve)
{
	static const struct trace_source_ops ops = { .next = next, .close = close_tap };
	struct curve_tap *tap = calloc(1, sizeof(*tap));

	if (!tap)
		return -ENOMEM;
	tap->source = *from;
	tap->source.ops = &ops;
	tap->from = from;
	tap->name = name;
	tap->curve = curve;
	*out = &tap->source;
	return 0;
}
