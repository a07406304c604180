/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/writer.h"

#include "traces/header.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int trace_writer_init(struct trace_writer *writer, FILE *file, const struct trace_info *info)
{
	int err;

	*writer = (struct trace_writer){ .detail = info->detail };
	err = encoder_create(&writer->encoder, info->detail);
	if (!err)
		err = frame_writer_init(&writer->frames, file);
	if (!err && info->detail == TRACE_PAGE) {
		writer->pages = calloc(1, sizeof(*writer->pages));
		if (!writer->pages)
			err = -ENOMEM;
		else
			writer->pages->encoder = writer->encoder;
	}
	if (!err)
		header_write(info, &writer->header);
	if (!err && writer->header.failed)
		err = -ENOMEM;
	if (err)
		trace_writer_finish(writer);
	return err;
}

void trace_writer_finish(struct trace_writer *writer)
{
	encoder_destroy(writer->encoder);
	free(writer->pages);
	frame_writer_finish(&writer->frames);
	bytes_finish(&writer->header);
	*writer = (struct trace_writer){ 0 };
}

static void settle(struct trace_writer *writer)
{
	if (writer->pages)
		pages_settle(writer->pages);
}

void trace_writer_context(struct trace_writer *writer, int32_t task, uint32_t cpu)
{
	if (encoder_has_context(writer->encoder, task, cpu))
		return;
	settle(writer);
	encoder_context(writer->encoder, task, cpu);
}

void trace_writer_block(struct trace_writer *writer, const struct coded_block *block,
                        uint32_t count)
{
	if (!writer->pages)
		encoder_block(writer->encoder, block, count);
	else
		pages_add(writer->pages, &(struct trace_access){ .va = block->block.va,
		                                                 .count = count,
		                                                 .kind = ACCESS_FETCH,
		                                                 .priv = PRIV_USER });
}

void trace_writer_access(struct trace_writer *writer, const struct trace_access *access)
{
	if (!access->count)
		return;
	if (!writer->pages)
		encoder_access(writer->encoder, access);
	else
		pages_add(writer->pages, access);
}

void trace_writer_event(struct trace_writer *writer, const struct record_event *event)
{
	settle(writer);
	encoder_event(writer->encoder, event);
}

void trace_writer_forget_block(struct trace_writer *writer)
{
	encoder_end_step(writer->encoder);
}

static void write_header(struct trace_writer *writer)
{
	if (writer->frames.nr_frames || writer->error)
		return;
	if (writer->cuts_off && ftruncate(fileno(writer->frames.file), 0) && errno != EINVAL)
		writer->error = -errno; /* a pipe has nothing to cut off */
	if (!writer->error)
		writer->error =
		    frame_write(&writer->frames, writer->header.data, writer->header.size);
}

static void write_frame(struct trace_writer *writer)
{
	const struct bytes *frame = encoder_take_frame(writer->encoder);

	write_header(writer);
	if (writer->error)
		return;
	writer->error = frame ? frame_write(&writer->frames, frame->data, frame->size) : -ENOMEM;
}

void trace_writer_pace(struct trace_writer *writer)
{
	if (encoder_is_full(writer->encoder))
		write_frame(writer);
}

int trace_writer_complete(struct trace_writer *writer)
{
	settle(writer);
	if (!encoder_is_empty(writer->encoder))
		write_frame(writer);
	write_header(writer);
	if (!writer->error)
		writer->error = frame_write_table(&writer->frames);
	return writer->error;
}
