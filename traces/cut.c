/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/cut.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct cut_source {
	struct trace_source source;
	struct trace_source *whole; /* ours */
	struct trace_cut cut;
	uint64_t record;          /* the last that was read; from 1 */
	uint64_t nr_instructions; /* that were fetched */
	uint64_t instruction;     /* the first one of the last run of them, from 1 */
	bool has_gaps;            /* accesses before them were left out */
	struct trace_access accesses[TRACE_BATCH];
};

static bool is_over(const struct trace_range *range, uint64_t at)
{
	return range->last && at > range->last;
}

static bool is_in(const struct trace_range *range, uint64_t at)
{
	return at >= range->first && !is_over(range, at);
}

/* Nothing behind this can be in the cut. */
static bool is_past(const struct cut_source *own)
{
	return is_over(&own->cut.records, own->record) ||
	       is_over(&own->cut.instructions, own->instruction);
}

static bool keeps(const struct cut_source *own, int32_t task)
{
	const struct trace_cut *cut = &own->cut;

	return is_in(&cut->records, own->record) && is_in(&cut->instructions, own->instruction) &&
	       (!cut->one_task || task == cut->task);
}

/* A run of instructions is in the cut if the first one is, and with it what they access. */
static uint32_t cut_accesses(struct cut_source *own, const struct trace_batch *batch)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < batch->nr; i++) {
		const struct trace_access *access = &batch->accesses[i];

		own->record++;
		if (access->kind == ACCESS_FETCH) {
			own->instruction = own->nr_instructions + 1;
			own->nr_instructions += access->count;
		}
		if (keeps(own, batch->task))
			own->accesses[nr++] = *access;
		else
			own->has_gaps = true;
	}
	return nr;
}

/* It tells how many instructions ran, all of which the cut does not have. */
static bool sums_up(const struct record_event *event)
{
	return event->kind == RECORD_CPU_END || event->kind == RECORD_END;
}

static const struct record_event *cut_event(struct cut_source *own,
                                            const struct record_event *event)
{
	own->record++;
	if (own->cut.keep_events && own->has_gaps && sums_up(event))
		return NULL;
	if (own->cut.keep_events ? !is_past(own) : keeps(own, event->task))
		return event;
	return NULL;
}

static int next(struct trace_source *source, struct trace_batch *batch)
{
	struct cut_source *own = (struct cut_source *)source;
	struct trace_batch whole;
	int status;

	while (!is_past(own)) {
		status = trace_next(own->whole, &whole);
		source->nr_records = own->whole->nr_records;
		source->bytes_done = own->whole->bytes_done;
		source->nr_frames = own->whole->nr_frames;
		if (status < 0)
			memcpy(source->error, own->whole->error, sizeof(source->error));
		if (status <= 0)
			return status;
		*batch = whole;
		batch->accesses = own->accesses;
		batch->nr = cut_accesses(own, &whole);
		batch->event = whole.event ? cut_event(own, whole.event) : NULL;
		if (batch->nr || batch->event)
			return 1;
	}
	return 0;
}

static void close_cut(struct trace_source *source)
{
	struct cut_source *own = (struct cut_source *)source;

	trace_close(own->whole);
	free(own);
}

static const struct trace_source_ops cut_ops = { .next = next, .close = close_cut };

int trace_cut_open(struct trace_source **out, struct trace_source *source,
                   const struct trace_cut *cut)
{
	struct cut_source *own = calloc(1, sizeof(*own));

	if (!own) {
		trace_close(source);
		return -ENOMEM;
	}
	own->source.ops = &cut_ops;
	own->source.info = source->info;
	own->source.bytes = source->bytes;
	own->whole = source;
	own->cut = *cut;
	*out = &own->source;
	return 0;
}
