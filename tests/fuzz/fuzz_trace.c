/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a trace of our own. The first byte says as what: 0 the file, 1 and 2 the
 * content of a frame of accesses at full and at page detail, 3 the header; what is missing
 * around it is made as it should be, checksums too. What is read must be possible, what is
 * refused be refused with a place and a reason; and what was read at full detail comes back
 * the same when it is written again.
 */
#include "traces/frames.h"
#include "traces/header.h"
#include "traces/pagewalk_format.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define MAX_ACCESSES 100000 /* of an input that is to be very much: enough of it */

enum { AS_FILE, AS_FULL, AS_PAGES, AS_HEADER, NR_WAYS };

/* What was read. */
struct digest {
	uint64_t hash;
	uint64_t nr_records;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static struct trace_info info_of(enum trace_detail detail)
{
	return (struct trace_info){ .producer = "fuzz", .detail = detail, .has_events = true };
}

/* A file around the bytes; malloc'ed. */
static char *make_file(unsigned as, const uint8_t *data, size_t size, size_t *file_size)
{
	const struct trace_info info = info_of(as == AS_PAGES ? TRACE_PAGE : TRACE_FULL);
	struct bytes header = { 0 };
	struct frame_writer frames;
	char *memory;
	FILE *file = open_memstream(&memory, file_size);

	demand(file && !frame_writer_init(&frames, file));
	header_write(&info, &header);
	if (as == AS_HEADER)
		demand(!frame_write(&frames, data, size));
	else
		demand(!frame_write(&frames, header.data, header.size) &&
		       !frame_write(&frames, data, size));
	demand(!frame_write_table(&frames));
	frame_writer_finish(&frames);
	bytes_finish(&header);
	fclose(file);
	return memory;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * 0x9e3779b97f4a7c15 + (hash >> 29);
}

static uint64_t mix_access(uint64_t hash, const struct trace_access *a)
{
	demand(a->kind < NR_ACCESS_KINDS && a->priv < NR_PRIVS && a->count);
	hash = mix(mix(mix(hash, a->va), a->count), (uint64_t)a->kind << 32 | a->size);
	hash = mix(hash, a->priv);
	if (a->kind != ACCESS_FETCH)
		return mix(hash, a->ip);
	if (!a->block)
		return hash;
	demand(a->block->nr_instructions);
	return mix(mix(hash, a->block->va), XXH64(a->block->lengths, a->block->nr_instructions, 0));
}

static uint64_t mix_event(uint64_t hash, const struct record_event *event)
{
	demand(event->kind < NR_RECORD_KINDS && event->nr_args <= RECORD_NR_ARGS);
	hash = mix(mix(mix(hash, event->kind), (uint64_t)event->task), event->cpu);
	for (uint32_t i = 0; i < event->nr_args; i++)
		hash = mix(hash, event->args[i]);
	return event->text ? mix(hash, XXH64(event->text, strlen(event->text), 0)) : hash;
}

static void add_batch(struct digest *digest, const struct trace_batch *batch)
{
	uint64_t hash = digest->hash;

	demand(batch->nr <= TRACE_BATCH && (batch->nr || batch->event));
	for (uint32_t i = 0; i < batch->nr; i++)
		hash = mix_access(mix(mix(hash, (uint64_t)batch->task), batch->cpu),
		                  &batch->accesses[i]);
	if (batch->event)
		hash = mix_event(hash, batch->event);
	digest->hash = hash;
	digest->nr_records += batch->nr + (batch->event != NULL);
}

/* False: it cannot be opened. What comes of it goes to the sink, if there is one. */
static bool read_file(const void *data, size_t size, struct digest *digest, struct trace_sink *sink)
{
	FILE *file = fmemopen((void *)data, size, "r");
	struct trace_source *source;
	struct trace_batch batch;
	char why[600];
	int more = 0;

	demand(file);
	if (trace_open_pagewalk(&source, file, NULL, 0, "fuzz", why, sizeof(why))) {
		demand(!strncmp(why, "fuzz: ", 6));
		return false;
	}
	while (digest->nr_records < MAX_ACCESSES && (more = trace_next(source, &batch)) > 0) {
		add_batch(digest, &batch);
		if (sink)
			demand(!trace_write(sink, &batch));
	}
	if (more < 0)
		demand(!strncmp(source->error, "fuzz: record ", 13) &&
		       trace_next(source, &batch) < 0);
	trace_close(source);
	return true;
}

/* Read, written, and read again. */
static void round_trip(const void *data, size_t size)
{
	const struct trace_info info = info_of(TRACE_FULL);
	struct digest first = { 0 }, second = { 0 };
	struct trace_sink *sink = NULL;
	size_t copy_size;
	char *copy, why[100];
	FILE *file = open_memstream(&copy, &copy_size);

	demand(file && !trace_create_pagewalk(&sink, file, &info));
	if (read_file(data, size, &first, sink)) {
		demand(!sink->ops->commit(sink, why, sizeof(why)));
		fclose(file);
		demand(read_file(copy, copy_size, &second, NULL));
		demand(second.nr_records >= MAX_ACCESSES ||
		       (first.hash == second.hash && first.nr_records == second.nr_records));
	} else {
		sink->ops->abandon(sink);
		fclose(file);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct digest digest = { 0 };
	unsigned as = size ? data[0] % NR_WAYS : 0;
	size_t file_size;
	char *file;

	if (size < 2)
		return 0;
	if (as == AS_FILE) {
		read_file(data + 1, size - 1, &digest, NULL);
		return 0;
	}
	file = make_file(as, data + 1, size - 1, &file_size);
	if (as == AS_FULL)
		round_trip(file, file_size);
	else
		read_file(file, file_size, &digest, NULL);
	free(file);
	return 0;
}
