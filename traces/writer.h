/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer - writes our own format (docs/trace-format.md), for the recorder and the sink.
 */
#ifndef PW_TRACES_WRITER_H
#define PW_TRACES_WRITER_H

#include "traces/encoder.h"
#include "traces/frames.h"
#include "traces/pages.h"

struct trace_writer {
	enum trace_detail detail;
	struct encoder *encoder;
	struct page_collector *pages; /* TRACE_PAGE */
	struct frame_writer frames;
	struct bytes header; /* until the first frame is written */
	bool cuts_off;       /* what the file had, just before that */
	int error;           /* the first one, -errno: nothing is written since */
};

/* The file stays the caller's. Nothing is written before the first frame is. 0 or -ENOMEM. */
int trace_writer_init(struct trace_writer *writer, FILE *file, const struct trace_info *info);
void trace_writer_finish(struct trace_writer *writer); /* zeroed is fine */

/* As encoder_context() and so on. Errors are kept for later. */
void trace_writer_context(struct trace_writer *writer, int32_t task, uint32_t cpu);
void trace_writer_block(struct trace_writer *writer, const struct coded_block *block,
                        uint32_t count);
void trace_writer_access(struct trace_writer *writer, const struct trace_access *access);
void trace_writer_event(struct trace_writer *writer, const struct record_event *event);
/* The blocks that were told may go. */
void trace_writer_forget_block(struct trace_writer *writer);

/* To be called at least every TRACE_BATCH accesses: writes a frame if one is full. */
void trace_writer_pace(struct trace_writer *writer);

/* What is left, and the table of frames: the file is complete. 0 or the first error. */
int trace_writer_complete(struct trace_writer *writer);

#endif
