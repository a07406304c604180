/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/recorder.h"

#include "traces/bytes.h"
#include "traces/recorded_blocks.h"
#include "traces/writer.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* More than any block has: at most 512 instructions of 66 accesses (fxsave64). */
#define CHUNK_ACCESSES ((uint32_t)1 << 16)
#define NR_CHUNKS 4

/* With so much besides its accesses a chunk is handed over early. */
#define CHUNK_NOTES 4096
#define CHUNK_TEXT_BYTES ((size_t)1 << 20)

/* Between two accesses of a chunk: an event, or a block. */
struct note {
	uint32_t position; /* accesses before it */
	bool is_block;
	bool has_text;
	size_t text; /* in the chunk's text: of the event, or the block's bytes */
	union {
		struct record_event event;
		struct record_block block;
	};
};

struct chunk {
	struct record_access accesses[CHUNK_ACCESSES];
	struct note notes[CHUNK_NOTES];
	uint32_t nr_accesses, nr_notes;
	struct bytes text;
};

struct trace_recorder {
	struct recorder recorder; /* first; what the machine sees */
	struct machine *machine;
	struct chunk *chunks[NR_CHUNKS];

	/* Chunks are used in turn; numbers only grow. */
	pthread_mutex_t lock;
	pthread_cond_t handed_over, done;
	uint64_t nr_handed_over; /* by the machine; it fills the chunk of this number */
	uint64_t nr_done;        /* by the thread */
	bool is_ending;          /* nothing more is handed over */
	bool is_cut;             /* and who tries is held */
	int error;               /* of writing: -errno */
	pthread_t thread;
	bool has_thread;

	/* the thread's own */
	struct trace_writer writer;
	struct recorded_blocks blocks;
};

/* ---- the machine's side ---- */

static struct chunk *current_chunk(const struct trace_recorder *r)
{
	return r->chunks[r->nr_handed_over % NR_CHUNKS];
}

/* The chunk is empty, and room for accesses is in it. */
static void open_chunk(struct trace_recorder *r)
{
	struct chunk *chunk = current_chunk(r);

	chunk->nr_notes = 0;
	chunk->text.size = 0;
	r->recorder.next = chunk->accesses;
	r->recorder.end = chunk->accesses + CHUNK_ACCESSES;
}

/* The next chunk, as soon as there is one. */
static void hand_over(struct trace_recorder *r)
{
	int error;

	pthread_mutex_lock(&r->lock);
	r->nr_handed_over++;
	pthread_cond_signal(&r->handed_over);
	while (r->nr_handed_over - r->nr_done == NR_CHUNKS || r->is_cut)
		pthread_cond_wait(&r->done, &r->lock);
	error = r->error;
	pthread_mutex_unlock(&r->lock);
	open_chunk(r);
	if (!error || r->machine->broken[0])
		return;
	snprintf(r->machine->broken, sizeof(r->machine->broken), "the trace cannot be written: %s",
	         strerror(-error));
	engine_interrupt(r->machine->engine);
}

/* What may yet change goes on to the next chunk. */
static void on_drain(struct recorder *self)
{
	struct trace_recorder *r = (struct trace_recorder *)self;
	struct chunk *chunk = current_chunk(r);
	struct record_access *open = self->open;
	size_t kept = open ? (size_t)(self->next - open) : 0;

	chunk->nr_accesses = (uint32_t)(self->next - chunk->accesses - kept);
	hand_over(r);
	if (!open)
		return;
	memcpy(self->next, open, kept * sizeof(*open));
	self->open = self->next;
	self->next += kept;
}

/* A note at this place. Its text is put behind the chunk's. */
static struct note *add_note(struct trace_recorder *r, const void *text, size_t size)
{
	struct chunk *chunk = current_chunk(r);
	struct note *note;

	if (chunk->nr_notes == CHUNK_NOTES || chunk->text.size > CHUNK_TEXT_BYTES) {
		on_drain(&r->recorder);
		chunk = current_chunk(r);
	}
	note = &chunk->notes[chunk->nr_notes++];
	*note = (struct note){
		.position = (uint32_t)(r->recorder.next - chunk->accesses),
		.has_text = text != NULL,
		.text = chunk->text.size,
	};
	bytes_put(&chunk->text, text, size);
	return note;
}

static void on_notice(struct recorder *self, const struct record_event *event)
{
	struct trace_recorder *r = (struct trace_recorder *)self;
	const char *text = event->text;

	self->open = NULL;
	add_note(r, text, text ? strlen(text) + 1 : 0)->event = *event;
}

static void on_learn(struct recorder *self, const struct record_block *block)
{
	struct note *note;

	self->open = NULL;
	note = add_note((struct trace_recorder *)self, block->bytes, block->size);
	note->is_block = true;
	note->block = *block;
}

/* ---- the thread's side ---- */

static void write_access(struct trace_recorder *r, const struct record_access *access)
{
	const struct coded_block *block = NULL;

	if (access->kind == ACCESS_FETCH && access->block)
		block = recorded_blocks_find(&r->blocks, access->block);
	if (block) {
		trace_writer_block(&r->writer, block, access->count);
		return;
	}
	trace_writer_access(&r->writer, &(struct trace_access){
	                                    .va = access->va,
	                                    .count = access->count,
	                                    .kind = access->kind,
	                                    .priv = access->priv,
	                                    .size = access->kind == ACCESS_FETCH ? 0 : access->size,
	                                });
}

/* Frames are closed before a block, if one is near. */
static bool is_place_to_pace(const struct record_access *access, uint32_t nr_since)
{
	return nr_since >= TRACE_BATCH ||
	       (nr_since >= TRACE_BATCH / 2 && access->kind == ACCESS_FETCH && access->block);
}

static void write_accesses(struct trace_recorder *r, const struct record_access *from,
                           const struct record_access *to)
{
	uint32_t nr_since = 0;

	for (; from < to; from++, nr_since++) {
		if (is_place_to_pace(from, nr_since)) {
			trace_writer_pace(&r->writer);
			nr_since = 0;
		}
		write_access(r, from);
	}
}

static void write_note(struct trace_recorder *r, struct note *note, const struct bytes *text)
{
	const uint8_t *at = note->has_text ? text->data + note->text : NULL;

	if (note->is_block) {
		trace_writer_forget_block(&r->writer);
		note->block.bytes = at;
		if (!recorded_blocks_learn(&r->blocks, &note->block) && !r->writer.error)
			r->writer.error = -ENOMEM;
		return;
	}
	note->event.text = (const char *)at;
	trace_writer_event(&r->writer, &note->event);
	trace_writer_context(&r->writer, note->event.task, note->event.cpu);
	trace_writer_pace(&r->writer);
}

static void write_chunk(struct trace_recorder *r, struct chunk *chunk)
{
	uint32_t at = 0;

	if (chunk->text.failed) {
		r->writer.error = -ENOMEM;
		return;
	}
	for (uint32_t i = 0; i < chunk->nr_notes; i++) {
		struct note *note = &chunk->notes[i];

		write_accesses(r, chunk->accesses + at, chunk->accesses + note->position);
		at = note->position;
		write_note(r, note, &chunk->text);
	}
	write_accesses(r, chunk->accesses + at, chunk->accesses + chunk->nr_accesses);
	trace_writer_pace(&r->writer);
}

/* Until there is a chunk to write, or there will be none. */
static struct chunk *wait_for_chunk(struct trace_recorder *r)
{
	struct chunk *chunk = NULL;

	pthread_mutex_lock(&r->lock);
	while (r->nr_done == r->nr_handed_over && !r->is_ending)
		pthread_cond_wait(&r->handed_over, &r->lock);
	if (r->nr_done != r->nr_handed_over)
		chunk = r->chunks[r->nr_done % NR_CHUNKS];
	pthread_mutex_unlock(&r->lock);
	return chunk;
}

static void *run_thread(void *recorder)
{
	struct trace_recorder *r = recorder;
	struct chunk *chunk;

	while ((chunk = wait_for_chunk(r)) != NULL) {
		if (!r->writer.error)
			write_chunk(r, chunk);
		pthread_mutex_lock(&r->lock);
		r->nr_done++;
		r->error = r->writer.error;
		pthread_cond_signal(&r->done);
		pthread_mutex_unlock(&r->lock);
	}
	return NULL;
}

static void end_thread(struct trace_recorder *r)
{
	if (!r->has_thread)
		return;
	pthread_mutex_lock(&r->lock);
	r->is_ending = true;
	pthread_cond_signal(&r->handed_over);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	r->has_thread = false;
}

/* ---- life ---- */

/* The machine as it is described; swap files are the host's matter. malloc'ed. */
static char *describe_machine(const struct machine_config *config)
{
	struct machine_config *copy = malloc(sizeof(*copy));
	char *text = NULL;
	size_t size;
	FILE *out = copy ? open_memstream(&text, &size) : NULL;

	if (out) {
		*copy = *config;
		copy->swap_file[0] = 0;
		machine_config_print(copy, out);
		fclose(out);
	}
	free(copy);
	return text;
}

/* Words with spaces between, as people write commands. malloc'ed. */
static char *join(char *const *argv)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; argv[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", argv[i]);
	return fclose(out) ? NULL : text;
}

static int init_writer(struct trace_recorder *r, FILE *file, enum trace_detail detail,
                       const char *producer, char *const *argv)
{
	char *machine = describe_machine(&r->machine->config), *command = join(argv);
	const struct trace_info info = {
		.producer = producer,
		.command = command,
		.machine = machine,
		.detail = detail,
		.va_bits = r->machine->config.paging->va_bits,
		.has_events = true,
	};
	int err = machine && command ? trace_writer_init(&r->writer, file, &info) : -ENOMEM;

	r->writer.cuts_off = true;
	free(machine);
	free(command);
	return err;
}

static int start(struct trace_recorder *r)
{
	int err = recorded_blocks_init(&r->blocks);

	for (int i = 0; i < NR_CHUNKS && !err; i++) {
		r->chunks[i] = calloc(1, sizeof(*r->chunks[i]));
		err = r->chunks[i] ? 0 : -ENOMEM;
	}
	if (err)
		return err;
	open_chunk(r);
	err = -pthread_create(&r->thread, NULL, run_thread, r);
	r->has_thread = !err;
	return err;
}

int trace_recorder_create(struct trace_recorder **out, struct machine *machine, FILE *file,
                          enum trace_detail detail, const char *producer, char *const *argv)
{
	struct trace_recorder *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->machine = machine;
	r->recorder.drain = on_drain;
	r->recorder.notice = on_notice;
	r->recorder.learn = on_learn;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->handed_over, NULL);
	pthread_cond_init(&r->done, NULL);
	err = init_writer(r, file, detail, producer, argv);
	if (!err)
		err = start(r);
	if (err) {
		trace_recorder_destroy(r);
		return err;
	}
	machine_set_recorder(machine, &r->recorder);
	*out = r;
	return 0;
}

int trace_recorder_complete(struct trace_recorder *recorder)
{
	recorder->recorder.open = NULL;
	on_drain(&recorder->recorder);
	machine_set_recorder(recorder->machine, NULL);
	end_thread(recorder);
	return trace_writer_complete(&recorder->writer);
}

void trace_recorder_cut(struct trace_recorder *recorder)
{
	pthread_mutex_lock(&recorder->lock);
	recorder->is_cut = true;
	pthread_mutex_unlock(&recorder->lock);
	end_thread(recorder);
	trace_writer_complete(&recorder->writer);
}

void trace_recorder_destroy(struct trace_recorder *recorder)
{
	if (!recorder)
		return;
	if (recorder->machine->recorder == &recorder->recorder)
		machine_set_recorder(recorder->machine, NULL);
	end_thread(recorder);
	trace_writer_finish(&recorder->writer);
	recorded_blocks_finish(&recorder->blocks);
	for (int i = 0; i < NR_CHUNKS; i++) {
		if (recorder->chunks[i])
			bytes_finish(&recorder->chunks[i]->text);
		free(recorder->chunks[i]);
	}
	pthread_cond_destroy(&recorder->handed_over);
	pthread_cond_destroy(&recorder->done);
	pthread_mutex_destroy(&recorder->lock);
	free(recorder);
}
