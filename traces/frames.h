/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames - a file of zstd frames that do not need each other, with a table of them at
 * its end: zstd's seekable format (contrib/seekable_format). Stock zstd -d reads it.
 *
 *   | frame | frame | ... | skippable frame: the table |
 *
 * Each frame has zstd's checksum. A file that lacks its table, since who wrote it was
 * killed, can be read up to its last whole frame.
 */
#ifndef PW_TRACES_FRAMES_H
#define PW_TRACES_FRAMES_H

#include "traces/bytes.h"

#include <stdio.h>
#include <zstd.h>

#define FRAME_MAX_BYTES ((size_t)32 << 20) /* of content */
#define FRAME_MAX_HEAD ((size_t)128 << 10)

struct frame_writer {
	FILE *file; /* the caller's */
	ZSTD_CCtx *zstd;
	struct bytes compressed, table;
	uint32_t nr_frames;
	uint64_t bytes; /* written */
};

int frame_writer_init(struct frame_writer *writer, FILE *file);
void frame_writer_finish(struct frame_writer *writer); /* zeroed is fine */

/* Each 0 or -errno. A frame is with the system when it is written. */
int frame_write(struct frame_writer *writer, const void *content, size_t size);
int frame_write_table(struct frame_writer *writer);

struct frame_reader {
	FILE *file; /* the caller's; read forwards only */
	ZSTD_DCtx *zstd;
	uint8_t *input; /* FRAME_MAX_HEAD bytes */
	size_t input_next, input_end;
	uint64_t offset;      /* in the file, of input_next */
	uint64_t frame_start; /* of the frame that was read last */
	struct bytes content; /* of that frame */
	struct bytes table;   /* as it must be */
	uint32_t nr_frames;   /* read */
};

/* head: bytes of the file that were read already, at most FRAME_MAX_HEAD. 0 or -ENOMEM. */
int frame_reader_init(struct frame_reader *reader, FILE *file, const void *head, size_t size);
void frame_reader_finish(struct frame_reader *reader); /* zeroed is fine */

/* 1: the next frame is in reader->content. 0: the end, and the table agrees. -ENODATA:
 * the file ends behind a frame, without its table. Other -errno: it is broken. Where
 * and how is in why[] in all cases below 0. */
int frame_read(struct frame_reader *reader, char *why, size_t why_size);

/* The first bytes of what the file's first frame holds, if it begins with a frame: the
 * number of them. */
size_t frame_peek(const void *file, size_t size, void *content, size_t content_size);

#endif
