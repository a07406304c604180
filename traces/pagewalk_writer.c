/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/pagewalk_format.h"

#include "traces/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sink {
	struct trace_sink sink; /* first */
	struct trace_writer writer;
	struct coded_block block; /* the last one */
};

static int fail(struct sink *s, int err)
{
	snprintf(s->sink.error, sizeof(s->sink.error), "%s", strerror(-err));
	return err;
}

static void write_block(struct sink *s, const struct trace_access *access)
{
	const struct trace_block *block = access->block;
	uint32_t size = 0;

	for (uint32_t i = 0; i < block->nr_instructions; i++)
		size += block->lengths[i];
	trace_writer_forget_block(&s->writer);
	s->block = (struct coded_block){
		.block = *block,
		.size = size,
		.hash = coded_block_hash(block),
		.rep_offset = NO_REP,
	};
	trace_writer_block(&s->writer, &s->block, access->count);
}

static int sink_write(struct trace_sink *sink, const struct trace_batch *batch)
{
	struct sink *s = (struct sink *)sink;

	trace_writer_context(&s->writer, batch->task, batch->cpu);
	for (uint32_t i = 0; i < batch->nr; i++) {
		const struct trace_access *a = &batch->accesses[i];

		if (a->kind == ACCESS_FETCH && a->block && a->block->lengths)
			write_block(s, a);
		else
			trace_writer_access(&s->writer, a);
	}
	trace_writer_forget_block(&s->writer);
	if (batch->event)
		trace_writer_event(&s->writer, batch->event);
	trace_writer_pace(&s->writer);
	return s->writer.error ? fail(s, s->writer.error) : 0;
}

static void sink_abandon(struct trace_sink *sink)
{
	trace_writer_finish(&((struct sink *)sink)->writer);
	free(sink);
}

static int sink_commit(struct trace_sink *sink, char *why, size_t why_size)
{
	int err = trace_writer_complete(&((struct sink *)sink)->writer);

	if (err)
		snprintf(why, why_size, "%s", strerror(-err));
	sink_abandon(sink);
	return err;
}

static const struct trace_sink_ops sink_ops = {
	.write = sink_write,
	.commit = sink_commit,
	.abandon = sink_abandon,
};

int trace_create_pagewalk(struct trace_sink **out, FILE *file, const struct trace_info *info)
{
	struct sink *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->sink.ops = &sink_ops;
	err = trace_writer_init(&s->writer, file, info);
	if (err) {
		free(s);
		return err;
	}
	*out = &s->sink;
	return 0;
}
