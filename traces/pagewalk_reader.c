/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/pagewalk_format.h"

#include "traces/decoder.h"
#include "traces/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct reader {
	struct trace_source source; /* first */
	FILE *file;
	char *name;
	struct frame_reader frames;
	struct header header;
	struct trace_decoder *decoder;
	bool in_frame;
	int error; /* what was returned last, if below 0 */
};

/* Names the file, the record, and what is wrong. */
static int fail(struct reader *r, int err, const char *why)
{
	snprintf(r->source.error, sizeof(r->source.error), "%s: record %llu, %s", r->name,
	         (unsigned long long)r->source.nr_records + 1, why);
	r->error = err;
	return err;
}

/* The same of what the decoder says, which knows no places in the file. */
static int fail_in_frame(struct reader *r, int err, const char *why)
{
	char where[400];

	snprintf(where, sizeof(where), "frame %u, which begins at byte %llu: %s",
	         r->frames.nr_frames, (unsigned long long)r->frames.frame_start, why);
	return fail(r, err, where);
}

/* As trace_source_ops.next. */
static int begin_frame(struct reader *r)
{
	char why[300];
	int err = frame_read(&r->frames, why, sizeof(why));

	r->source.bytes_done = r->frames.offset;
	r->source.nr_frames = r->frames.nr_frames;
	if (err < 0)
		return fail(r, err, why);
	if (!err)
		return 0;
	err = trace_decoder_begin(r->decoder, r->frames.content.data, r->frames.content.size, why,
	                          sizeof(why));
	if (err)
		return fail_in_frame(r, err, why);
	r->in_frame = true;
	return 1;
}

static int reader_next(struct trace_source *source, struct trace_batch *batch)
{
	struct reader *r = (struct reader *)source;
	char why[300];
	int more = r->error;

	while (!more) {
		if (!r->in_frame) {
			more = begin_frame(r);
			if (more <= 0)
				return more;
		}
		more = trace_decoder_next(r->decoder, batch, why, sizeof(why));
		r->in_frame = more != 0;
		if (more < 0)
			return fail_in_frame(r, more, why);
	}
	if (more > 0)
		source->nr_records += batch->nr + (batch->event != NULL);
	return more;
}

static void reader_close(struct trace_source *source)
{
	struct reader *r = (struct reader *)source;

	trace_decoder_destroy(r->decoder);
	header_finish(&r->header);
	frame_reader_finish(&r->frames);
	free(r->name);
	if (r->file != stdin)
		fclose(r->file);
	free(r);
}

static const struct trace_source_ops reader_ops = { .next = reader_next, .close = reader_close };

static int read_header(struct reader *r)
{
	char why[300];
	int err = frame_read(&r->frames, why, sizeof(why));

	if (err <= 0)
		return fail(r, err ? err : -EBADMSG, err ? why : "no frame");
	err = header_read(&r->header, r->frames.content.data, r->frames.content.size, why,
	                  sizeof(why));
	if (err)
		return fail(r, err, err == -ENOMEM ? "out of memory" : why);
	r->source.info = r->header.info;
	return 0;
}

static int reader_init(struct reader *r, const void *head, size_t head_size, const char *name)
{
	struct stat st;
	int err;

	r->source.ops = &reader_ops;
	r->name = strdup(name);
	if (!r->name)
		return -ENOMEM;
	if (!fstat(fileno(r->file), &st) && S_ISREG(st.st_mode))
		r->source.bytes = (uint64_t)st.st_size;
	err = frame_reader_init(&r->frames, r->file, head, head_size);
	if (!err)
		err = read_header(r);
	if (!err)
		err = trace_decoder_create(&r->decoder, &r->header);
	return err;
}

int trace_open_pagewalk(struct trace_source **out, FILE *file, const void *head, size_t head_size,
                        const char *name, char *why, size_t why_size)
{
	struct reader *r = calloc(1, sizeof(*r));
	int err;

	if (!r) {
		fclose(file);
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	r->file = file;
	err = reader_init(r, head, head_size, name);
	if (err) {
		snprintf(why, why_size, "%s", r->error ? r->source.error : strerror(-err));
		reader_close(&r->source);
		return err;
	}
	*out = &r->source;
	return 0;
}

bool trace_is_pagewalk(const void *head, size_t size)
{
	char content[sizeof(HEADER_FIRST_LINE) - 1];

	return frame_peek(head, size, content, sizeof(content)) == sizeof(content) &&
	       !memcmp(content, HEADER_FIRST_LINE, sizeof(content));
}
