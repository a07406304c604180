/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/frames.h"

#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define LEVEL 3
#define WINDOW_LOG 25 /* FRAME_MAX_BYTES */

/* zstd's seekable format */
#define TABLE_MAGIC 0x184d2a5e
#define TABLE_END_MAGIC 0x8f92eab1
#define TABLE_CHECKSUMS 0x80
#define TABLE_ENTRY_BYTES 12
#define TABLE_FOOTER_BYTES 9

static void put_u32(struct bytes *bytes, uint32_t value)
{
	value = htole32(value);
	bytes_put(bytes, &value, sizeof(value));
}

static void put_table_entry(struct bytes *table, uint64_t compressed, const void *content,
                            size_t size)
{
	put_u32(table, (uint32_t)compressed);
	put_u32(table, (uint32_t)size);
	put_u32(table, (uint32_t)XXH64(content, size, 0));
}

static void put_table_footer(struct bytes *table, uint32_t nr_frames)
{
	put_u32(table, nr_frames);
	bytes_put_byte(table, TABLE_CHECKSUMS);
	put_u32(table, TABLE_END_MAGIC);
}

/* ---- writing ---- */

int frame_writer_init(struct frame_writer *writer, FILE *file)
{
	*writer = (struct frame_writer){ .file = file, .zstd = ZSTD_createCCtx() };
	if (!writer->zstd)
		return -ENOMEM;
	ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_checksumFlag, 1);
	return 0;
}

void frame_writer_finish(struct frame_writer *writer)
{
	ZSTD_freeCCtx(writer->zstd);
	bytes_finish(&writer->compressed);
	bytes_finish(&writer->table);
	*writer = (struct frame_writer){ 0 };
}

static int write_out(struct frame_writer *writer, const void *data, size_t size)
{
	errno = 0;
	if (fwrite(data, 1, size, writer->file) != size || fflush(writer->file))
		return errno ? -errno : -EIO;
	writer->bytes += size;
	return 0;
}

int frame_write(struct frame_writer *writer, const void *content, size_t size)
{
	size_t n;

	writer->compressed.size = 0;
	if (!bytes_reserve(&writer->compressed, ZSTD_compressBound(size)))
		return -ENOMEM;
	n = ZSTD_compress2(writer->zstd, writer->compressed.data, writer->compressed.room, content,
	                   size);
	if (ZSTD_isError(n))
		return -ENOMEM;
	put_table_entry(&writer->table, n, content, size);
	writer->nr_frames++;
	if (writer->table.failed)
		return -ENOMEM;
	return write_out(writer, writer->compressed.data, n);
}

int frame_write_table(struct frame_writer *writer)
{
	struct bytes head = { 0 };
	int err;

	put_table_footer(&writer->table, writer->nr_frames);
	put_u32(&head, TABLE_MAGIC);
	put_u32(&head, (uint32_t)writer->table.size);
	err = head.failed || writer->table.failed ? -ENOMEM : 0;
	if (!err)
		err = write_out(writer, head.data, head.size);
	if (!err)
		err = write_out(writer, writer->table.data, writer->table.size);
	bytes_finish(&head);
	return err;
}

/* ---- reading ---- */

static const char in_the_middle[] = "the file ends in the middle of a frame";
static const char in_the_table[] = "the file ends in its table of frames";

int frame_reader_init(struct frame_reader *reader, FILE *file, const void *head, size_t size)
{
	*reader = (struct frame_reader){
		.file = file,
		.zstd = ZSTD_createDCtx(),
		.input = malloc(FRAME_MAX_HEAD),
	};
	if (!reader->zstd || !reader->input) {
		frame_reader_finish(reader);
		return -ENOMEM;
	}
	ZSTD_DCtx_setParameter(reader->zstd, ZSTD_d_windowLogMax, WINDOW_LOG);
	if (size)
		memcpy(reader->input, head, size);
	reader->input_end = size;
	return 0;
}

void frame_reader_finish(struct frame_reader *reader)
{
	ZSTD_freeDCtx(reader->zstd);
	free(reader->input);
	bytes_finish(&reader->content);
	bytes_finish(&reader->table);
	*reader = (struct frame_reader){ 0 };
}

__attribute__((format(printf, 5, 6))) static int broken(const struct frame_reader *reader, int err,
                                                        char *why, size_t why_size,
                                                        const char *format, ...)
{
	va_list args;
	int n = snprintf(why, why_size, "frame %u, byte %llu: ", reader->nr_frames + 1,
	                 (unsigned long long)reader->offset);

	if (n < 0 || (size_t)n >= why_size)
		return err;
	va_start(args, format);
	vsnprintf(why + n, why_size - (size_t)n, format, args);
	va_end(args);
	return err;
}

/* More input behind what there is. 0: the file's end, or -errno. */
static ssize_t fill_input(struct frame_reader *reader)
{
	size_t n, left = reader->input_end - reader->input_next;

	memmove(reader->input, reader->input + reader->input_next, left);
	reader->input_next = 0;
	reader->input_end = left;
	errno = 0;
	n = fread(reader->input + left, 1, FRAME_MAX_HEAD - left, reader->file);
	if (!n && ferror(reader->file))
		return errno ? -errno : -EIO;
	reader->input_end += n;
	return (ssize_t)n;
}

static const uint8_t *input_at(const struct frame_reader *reader)
{
	return reader->input + reader->input_next;
}

static size_t input_left(const struct frame_reader *reader)
{
	return reader->input_end - reader->input_next;
}

static void input_skip(struct frame_reader *reader, size_t n)
{
	reader->input_next += n;
	reader->offset += n;
}

/* At least n bytes of input (few). 1; 0: the file ends before; -errno. */
static int want_input(struct frame_reader *reader, size_t n)
{
	while (input_left(reader) < n) {
		ssize_t more = fill_input(reader);

		if (more <= 0)
			return (int)more;
	}
	return 1;
}

static uint32_t u32_at(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return le32toh(value);
}

/* The file's rest must be the table, byte for byte. */
static int read_table(struct frame_reader *reader, char *why, size_t why_size)
{
	size_t done = 0;

	put_table_footer(&reader->table, reader->nr_frames);
	if (reader->table.failed)
		return broken(reader, -ENOMEM, why, why_size, "out of memory");
	while (done < reader->table.size) {
		size_t left = reader->table.size - done;
		int err = want_input(reader, 1);
		size_t n;

		if (err < 0)
			return broken(reader, err, why, why_size, "%s", strerror(-err));
		if (!err)
			return broken(reader, -EBADMSG, why, why_size, "%s", in_the_table);
		n = input_left(reader) < left ? input_left(reader) : left;
		for (size_t i = 0; i < n; i++, input_skip(reader, 1))
			if (*input_at(reader) != reader->table.data[done + i])
				return broken(reader, -EBADMSG, why, why_size,
				              "the table of frames is broken");
		done += n;
	}
	if (want_input(reader, 1))
		return broken(reader, -EBADMSG, why, why_size,
		              "something follows the table of frames");
	return 0;
}

/* Its magic and size, then itself. */
static int read_end(struct frame_reader *reader, char *why, size_t why_size)
{
	size_t size = (size_t)reader->nr_frames * TABLE_ENTRY_BYTES + TABLE_FOOTER_BYTES;
	int err = want_input(reader, 8);

	if (err < 0)
		return broken(reader, err, why, why_size, "%s", strerror(-err));
	if (!err)
		return broken(reader, -EBADMSG, why, why_size, "%s", in_the_table);
	if (u32_at(input_at(reader) + 4) != size)
		return broken(reader, -EBADMSG, why, why_size,
		              "the table of frames is not that of %u frames", reader->nr_frames);
	input_skip(reader, 8);
	return read_table(reader, why, why_size);
}

/* One call of zstd. As ZSTD_decompressStream(). */
static size_t decompress_some(struct frame_reader *reader)
{
	struct bytes *content = &reader->content;
	ZSTD_outBuffer out = { content->data, content->room, content->size };
	ZSTD_inBuffer in = { input_at(reader), input_left(reader), 0 };
	size_t left = ZSTD_decompressStream(reader->zstd, &out, &in);

	content->size = out.pos;
	input_skip(reader, in.pos);
	return left;
}

/* Room for output, or else input. 0, or as broken(). */
static int prepare_for_more(struct frame_reader *reader, char *why, size_t why_size)
{
	struct bytes *content = &reader->content;
	int err;

	if (content->size == content->room) {
		if (content->size < FRAME_MAX_BYTES && bytes_grow(content, FRAME_MAX_HEAD))
			return 0;
		return broken(reader, -EBADMSG, why, why_size, "a frame of more than %zu MB",
		              FRAME_MAX_BYTES >> 20);
	}
	err = want_input(reader, 1);
	if (err < 0)
		return broken(reader, err, why, why_size, "%s", strerror(-err));
	if (!err)
		return broken(reader, -EBADMSG, why, why_size, "%s", in_the_middle);
	return 0;
}

static int read_content(struct frame_reader *reader, char *why, size_t why_size)
{
	size_t left;

	reader->content.size = 0;
	ZSTD_DCtx_reset(reader->zstd, ZSTD_reset_session_only);
	do {
		int err = prepare_for_more(reader, why, why_size);

		if (err)
			return err;
		left = decompress_some(reader);
		if (ZSTD_isError(left))
			return broken(reader, -EBADMSG, why, why_size, "%s",
			              ZSTD_getErrorName(left));
	} while (left);
	return 1;
}

int frame_read(struct frame_reader *reader, char *why, size_t why_size)
{
	int err = want_input(reader, 4);
	uint32_t magic;

	if (err < 0)
		return broken(reader, err, why, why_size, "%s", strerror(-err));
	if (!err && !input_left(reader))
		return broken(reader, -ENODATA, why, why_size,
		              "the file ends without its table of frames: it was not completed");
	magic = err ? u32_at(input_at(reader)) : 0;
	reader->frame_start = reader->offset;
	if (magic == TABLE_MAGIC)
		return read_end(reader, why, why_size);
	if (magic != ZSTD_MAGICNUMBER)
		return broken(reader, -EBADMSG, why, why_size, "%s",
		              err ? "no zstd frame" : in_the_middle);
	err = read_content(reader, why, why_size);
	if (err < 0)
		return err;
	put_table_entry(&reader->table, reader->offset - reader->frame_start, reader->content.data,
	                reader->content.size);
	reader->nr_frames++;
	return 1;
}

size_t frame_peek(const void *file, size_t size, void *content, size_t content_size)
{
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	ZSTD_outBuffer out = { content, content_size, 0 };
	ZSTD_inBuffer in = { file, size, 0 };

	if (zstd && size >= 4 && u32_at(file) == ZSTD_MAGICNUMBER) {
		ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, WINDOW_LOG);
		ZSTD_decompressStream(zstd, &out, &in);
	}
	ZSTD_freeDCtx(zstd);
	return out.pos;
}
