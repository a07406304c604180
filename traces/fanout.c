/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/fanout.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A megabyte of accesses: so much stays in a cache, and the change of turns behind it, ten
 * microseconds, is a small part of its replay. */
#define CHUNK_BATCHES 128
#define CHUNK_ACCESSES (32 * TRACE_BATCH)

struct chunk {
	uint32_t nr_batches, nr_accesses, nr_events;
	int status; /* behind it: 1: there is more; 0: the end; -errno */
	struct trace_batch batches[CHUNK_BATCHES];
	struct record_event events[CHUNK_BATCHES]; /* their texts are malloc'ed */
	struct trace_access accesses[CHUNK_ACCESSES];
};

struct reader {
	struct trace_source source;
	struct fanout *fanout;
	pthread_cond_t has_turn;
	uint64_t nr_chunks; /* begun */
	uint32_t at;        /* the next batch of the chunk */
	bool is_closed;
};

struct fanout {
	struct trace_source *source;
	pthread_mutex_t mutex; /* of turn and reader.is_closed; the rest is who's turn it is */
	unsigned turn, nr_readers;
	uint64_t nr_chunks; /* read */
	struct chunk chunk; /* the last */
	struct reader readers[];
};

/* ---- chunks ---- */

static void forget_texts(struct chunk *chunk)
{
	for (uint32_t i = 0; i < chunk->nr_events; i++)
		free((char *)chunk->events[i].text);
	chunk->nr_events = 0;
}

/* The source's records are good until its next call only. */
static int copy_event(struct chunk *chunk, struct trace_batch *batch)
{
	struct record_event *event = &chunk->events[chunk->nr_events];

	*event = *batch->event;
	if (event->text) {
		event->text = strdup(event->text);
		if (!event->text)
			return -ENOMEM;
	}
	chunk->nr_events++;
	batch->event = event;
	return 0;
}

static void copy_accesses(struct chunk *chunk, struct trace_batch *batch)
{
	struct trace_access *accesses = &chunk->accesses[chunk->nr_accesses];

	memcpy(accesses, batch->accesses, batch->nr * sizeof(*accesses));
	for (uint32_t i = 0; i < batch->nr; i++)
		if (accesses[i].kind == ACCESS_FETCH)
			accesses[i].block = NULL;
	batch->accesses = accesses;
	chunk->nr_accesses += batch->nr;
}

/* 1 and a batch is added, 0: the end, or -errno. */
static int copy_batch(struct chunk *chunk, struct trace_source *source)
{
	struct trace_batch *batch = &chunk->batches[chunk->nr_batches];
	int status = trace_next(source, batch);

	if (status <= 0)
		return status;
	if (batch->nr)
		copy_accesses(chunk, batch);
	if (batch->event && copy_event(chunk, batch)) {
		snprintf(source->error, sizeof(source->error), "out of memory");
		return -ENOMEM;
	}
	chunk->nr_batches++;
	return 1;
}

static void read_chunk(struct chunk *chunk, struct trace_source *source)
{
	forget_texts(chunk);
	chunk->nr_batches = chunk->nr_accesses = 0;
	chunk->status = 1;
	while (chunk->status > 0 && chunk->nr_batches < CHUNK_BATCHES &&
	       chunk->nr_accesses + TRACE_BATCH <= CHUNK_ACCESSES)
		chunk->status = copy_batch(chunk, source);
}

/* ---- turns ---- */

/* Gives the turn to the next reader that is not closed. The mutex is held. */
static void pass_turn(struct fanout *fanout)
{
	unsigned next = fanout->turn;

	do
		next = (next + 1) % fanout->nr_readers;
	while (fanout->readers[next].is_closed && next != fanout->turn);
	fanout->turn = next;
	pthread_cond_signal(&fanout->readers[next].has_turn);
}

/* Lets the others have theirs, if the reader has had one, and waits for its own. */
static void take_turn(struct reader *reader)
{
	struct fanout *fanout = reader->fanout;

	pthread_mutex_lock(&fanout->mutex);
	if (reader->nr_chunks)
		pass_turn(fanout);
	while (&fanout->readers[fanout->turn] != reader)
		pthread_cond_wait(&reader->has_turn, &fanout->mutex);
	pthread_mutex_unlock(&fanout->mutex);
	if (reader->nr_chunks == fanout->nr_chunks) { /* so everybody has had the last one */
		read_chunk(&fanout->chunk, fanout->source);
		fanout->nr_chunks++;
	}
	reader->nr_chunks++;
	reader->at = 0;
	reader->source.nr_records = fanout->source->nr_records;
	reader->source.bytes_done = fanout->source->bytes_done;
}

/* ---- readers ---- */

static struct reader *reader_of(struct trace_source *source)
{
	return (struct reader *)((char *)source - offsetof(struct reader, source));
}

static int reader_next(struct trace_source *source, struct trace_batch *batch)
{
	struct reader *reader = reader_of(source);
	const struct fanout *fanout = reader->fanout;
	const struct chunk *chunk = &fanout->chunk;

	while (!reader->nr_chunks || reader->at == chunk->nr_batches) {
		if (reader->nr_chunks && chunk->status <= 0) {
			memcpy(source->error, fanout->source->error, sizeof(source->error));
			return chunk->status;
		}
		take_turn(reader);
	}
	*batch = chunk->batches[reader->at++];
	return 1;
}

static void reader_close(struct trace_source *source)
{
	struct reader *reader = reader_of(source);
	struct fanout *fanout = reader->fanout;

	pthread_mutex_lock(&fanout->mutex);
	reader->is_closed = true;
	if (&fanout->readers[fanout->turn] == reader)
		pass_turn(fanout);
	pthread_mutex_unlock(&fanout->mutex);
}

static const struct trace_source_ops reader_ops = { .next = reader_next, .close = reader_close };

struct trace_source *fanout_reader(struct fanout *fanout, unsigned i)
{
	return &fanout->readers[i].source;
}

/* ---- life ---- */

int fanout_create(struct fanout **out, struct trace_source *source, unsigned nr_readers)
{
	struct fanout *fanout =
	    calloc(1, sizeof(*fanout) + nr_readers * sizeof(fanout->readers[0]));

	if (!fanout)
		return -ENOMEM;
	fanout->source = source;
	fanout->nr_readers = nr_readers;
	pthread_mutex_init(&fanout->mutex, NULL);
	for (unsigned i = 0; i < nr_readers; i++) {
		struct reader *reader = &fanout->readers[i];

		reader->source = (struct trace_source){ .ops = &reader_ops,
			                                .info = source->info,
			                                .bytes = source->bytes };
		reader->fanout = fanout;
		pthread_cond_init(&reader->has_turn, NULL);
	}
	*out = fanout;
	return 0;
}

void fanout_destroy(struct fanout *fanout)
{
	if (!fanout)
		return;
	for (unsigned i = 0; i < fanout->nr_readers; i++)
		pthread_cond_destroy(&fanout->readers[i].has_turn);
	pthread_mutex_destroy(&fanout->mutex);
	forget_texts(&fanout->chunk);
	free(fanout);
}
