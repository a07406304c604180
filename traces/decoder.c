/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/decoder.h"

#include "traces/codec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_AHEAD 256 /* steps */

#define PIECE_BLOCKS ((uint32_t)1 << 10)
#define NR_BLOCK_PIECES (FRAME_MAX_SHAPES / PIECE_BLOCKS)

struct shape {
	uint32_t first, nr; /* in accesses and va_histories */
	bool is_counted;
};

/* Guesses are right this often before the next wrong one. */
struct guesses {
	uint64_t right;
	struct cursor runs;
};

struct trace_decoder {
	const struct header *header;
	bool is_page_detail;
	uint64_t nr_accesses_before; /* this frame */

	/* of the frame */
	int32_t task;
	uint32_t cpu;
	uint32_t accesses_left, steps_left, marks_left;
	uint64_t steps_to_mark;
	struct cursor columns[NR_COLUMNS];
	struct guesses steps, vas;
	struct step_symbol *history;
	uint32_t nr_steps, nr_told, room_steps; /* of history; told: in batches */
	uint32_t guess;                         /* the step that should be the next; or NO_GUESS */
	uint32_t places[1 << GUESS_BITS];
	struct va_stream va_stream;
	struct shape *shapes;
	struct trace_access *accesses; /* of the shapes' elements: all but va where it is guessed */
	struct va_history *va_histories;
	uint32_t nr_shapes, nr_elements;
	uint32_t room_shapes, room_elements;
	va_t last_base;
	/* In pieces that stay where they are, since accesses point to them. */
	struct trace_block *blocks[NR_BLOCK_PIECES];
	uint32_t nr_blocks;
	const char *broken; /* what is wrong with the frame; NULL: nothing */

	struct trace_access batch[TRACE_BATCH];
	struct record_event event;
};

/* ---- life ---- */

int trace_decoder_create(struct trace_decoder **out, const struct header *header)
{
	struct trace_decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->header = header;
	d->is_page_detail = header->info.detail == TRACE_PAGE;
	*out = d;
	return 0;
}

void trace_decoder_destroy(struct trace_decoder *decoder)
{
	if (!decoder)
		return;
	free(decoder->history);
	free(decoder->shapes);
	free(decoder->accesses);
	free(decoder->va_histories);
	for (uint32_t i = 0; i < NR_BLOCK_PIECES; i++)
		free(decoder->blocks[i]);
	free(decoder);
}

static const char no_memory[] = "more than there is memory for";

/* Notes the first thing that is wrong. */
static bool refuse(struct trace_decoder *d, const char *what)
{
	if (!d->broken)
		d->broken = what;
	return false;
}

/* ---- guesses ---- */

static void next_run(struct guesses *g)
{
	g->right = cursor_left(&g->runs) ? cursor_varint(&g->runs) : UINT64_MAX;
}

__attribute__((noinline)) static va_t decode_wrong_va(struct trace_decoder *d, struct va_history *h,
                                                      const struct va_stream *stream)
{
	uint8_t way = cursor_byte(&d->columns[COLUMN_VA_WAYS]);
	va_t va = 0;

	if (way == VA_OTHER_WAY) {
		h->way = !h->way;
		va = va_guess(h, stream, h->way);
	} else if (way < NR_VA_WAYS) {
		va = va_origin(h, stream, (enum va_way)way) +
		     (va_t)unfold_sign(cursor_varint(&d->columns[COLUMN_VA_DELTAS]));
	} else {
		refuse(d, "an address in no known way");
	}
	next_run(&d->vas);
	return va;
}

/* ---- shapes ---- */

static bool make_room_for_shape(struct trace_decoder *d)
{
	uint32_t room = d->room_shapes ? d->room_shapes * 2 : 1024;
	struct shape *shapes;

	if (d->nr_shapes < d->room_shapes)
		return true;
	shapes = reallocarray(d->shapes, room, sizeof(*shapes));
	if (!shapes)
		return refuse(d, no_memory);
	d->shapes = shapes;
	d->room_shapes = room;
	return true;
}

static bool make_room_for_elements(struct trace_decoder *d, uint64_t nr)
{
	uint32_t room = d->room_elements ? d->room_elements : 1024;
	struct trace_access *accesses;
	struct va_history *va_histories;

	while (room < d->nr_elements + nr)
		room *= 2;
	if (room == d->room_elements)
		return true;
	accesses = reallocarray(d->accesses, room, sizeof(*accesses));
	if (accesses)
		d->accesses = accesses;
	va_histories = reallocarray(d->va_histories, room, sizeof(*va_histories));
	if (va_histories)
		d->va_histories = va_histories;
	if (!accesses || !va_histories)
		return refuse(d, no_memory);
	d->room_elements = room;
	return true;
}

static struct trace_block *block_at(const struct trace_decoder *d, uint32_t i)
{
	return &d->blocks[i / PIECE_BLOCKS][i % PIECE_BLOCKS];
}

static bool read_new_block(struct trace_decoder *d, va_t base, struct trace_block **out)
{
	struct cursor *in = &d->columns[COLUMN_SHAPES];
	uint64_t nr = cursor_varint(in);
	const uint8_t *lengths = cursor_take(in, nr);
	struct trace_block **piece;

	if (!lengths || !nr || nr > BLOCK_MAX_INSTRUCTIONS || d->nr_blocks == FRAME_MAX_SHAPES)
		return refuse(d, "a block that is none");
	piece = &d->blocks[d->nr_blocks / PIECE_BLOCKS];
	if (!*piece)
		*piece = calloc(PIECE_BLOCKS, sizeof(**piece));
	if (!*piece)
		return refuse(d, no_memory);
	*out = block_at(d, d->nr_blocks++);
	**out = (struct trace_block){ base, (uint32_t)nr, lengths };
	return true;
}

static bool read_block(struct trace_decoder *d, va_t base, struct trace_block **out)
{
	uint64_t which = cursor_varint(&d->columns[COLUMN_SHAPES]);

	*out = NULL;
	if (!which)
		return true;
	if (which == 1)
		return read_new_block(d, base, out);
	if (which - 2 >= d->nr_blocks)
		return refuse(d, "a block that was never told");
	*out = block_at(d, d->nr_blocks - 1 - (uint32_t)(which - 2));
	return (*out)->va == base || refuse(d, "a block that is elsewhere");
}

static bool element_is_possible(const struct trace_decoder *d, uint32_t bits, uint64_t nr,
                                const struct trace_block *block)
{
	bool is_fetch = (bits & ELEMENT_KIND) == ACCESS_FETCH;
	bool is_fixed = bits & ELEMENT_FIXED, is_counted = bits & ELEMENT_COUNTED;

	if (bits & ~(uint32_t)ELEMENT_BITS || (bits & ELEMENT_KIND) >= NR_ACCESS_KINDS)
		return false;
	if (d->is_page_detail)
		return is_fixed && is_counted && nr == 1 && !(bits & (ELEMENT_BLOCK | ELEMENT_IP));
	return is_fixed == is_fetch && (!is_counted || (nr == 1 && !is_fetch)) &&
	       (!(bits & ELEMENT_BLOCK) || (bits == ELEMENT_OF_BLOCK && block)) &&
	       (!(bits & ELEMENT_IP) || !is_fetch);
}

static bool read_element(struct trace_decoder *d, va_t base, uint64_t nr,
                         const struct trace_block *block, uint64_t *offset)
{
	struct cursor *in = &d->columns[COLUMN_SHAPES];
	struct trace_access *a = &d->accesses[d->nr_elements];
	uint32_t bits = cursor_byte(in);
	uint64_t size = cursor_varint(in), count = 0;

	if (!element_is_possible(d, bits, nr, block))
		return refuse(d, "a shape that is none");
	if (bits & (ELEMENT_FIXED | ELEMENT_IP))
		*offset += (uint64_t)unfold_sign(cursor_varint(in));
	if (!(bits & ELEMENT_COUNTED))
		count = cursor_varint(in);
	if (size > UINT16_MAX || count > UINT32_MAX || *offset > ELEMENT_MAX_OFFSET ||
	    (!count && !(bits & ELEMENT_COUNTED)) || (bits & ELEMENT_BLOCK && (size || *offset)))
		return refuse(d, "a shape with impossible numbers");
	*a = (struct trace_access){
		.va = bits & ELEMENT_FIXED ? base + *offset : 0,
		.count = (uint32_t)count,
		.kind = bits & ELEMENT_KIND,
		.priv = bits & ELEMENT_KERNEL ? PRIV_KERNEL : PRIV_USER,
		.size = (uint16_t)size,
	};
	if (bits & ELEMENT_BLOCK)
		a->block = block;
	else if (bits & ELEMENT_IP)
		a->ip = base + *offset;
	d->va_histories[d->nr_elements++] = (struct va_history){ 0 };
	return true;
}

static bool read_shape(struct trace_decoder *d)
{
	struct cursor *in = &d->columns[COLUMN_SHAPES];
	struct trace_block *block;
	struct shape *shape;
	uint64_t nr, offset = 0;

	if (d->nr_shapes == FRAME_MAX_SHAPES)
		return refuse(d, "too many shapes");
	d->last_base += (va_t)unfold_sign(cursor_varint(in));
	if (!read_block(d, d->last_base, &block))
		return false;
	nr = cursor_varint(in);
	if (!nr || nr > STEP_MAX_ELEMENTS || nr > FRAME_MAX_ELEMENTS - d->nr_elements)
		return refuse(d, "a shape that is too long");
	if (!make_room_for_shape(d) || !make_room_for_elements(d, nr))
		return false;
	shape = &d->shapes[d->nr_shapes];
	*shape = (struct shape){ .first = d->nr_elements, .nr = (uint32_t)nr };
	for (uint64_t i = 0; i < nr; i++)
		if (!read_element(d, d->last_base, nr, block, &offset))
			return false;
	if (in->failed)
		return refuse(d, "shapes that end early");
	shape->is_counted = !d->accesses[shape->first].count;
	d->nr_shapes++;
	return true;
}

/* ---- steps ---- */

/* Room for all that the frame says it has; the caller has a limit for that. */
static bool make_room_for_history(struct trace_decoder *d)
{
	struct step_symbol *history;

	if (d->steps_left <= d->room_steps)
		return true;
	history = reallocarray(d->history, d->steps_left, sizeof(*history));
	if (!history)
		return refuse(d, no_memory);
	d->history = history;
	d->room_steps = d->steps_left;
	return true;
}

/* A step was guessed wrong: goes into the history as what it is. */
static bool decode_wrong_step(struct trace_decoder *d)
{
	uint64_t which = cursor_varint(&d->columns[COLUMN_STEPS]), count = 0;

	if (!which) {
		if (!read_shape(d))
			return false;
		which = d->nr_shapes;
	}
	if (which > d->nr_shapes)
		return refuse(d, "a shape that was never told");
	if (d->shapes[which - 1].is_counted) {
		count = cursor_varint(&d->columns[COLUMN_COUNTS]);
		if (!count || count > UINT32_MAX)
			return refuse(d, "a count that is none");
	}
	d->history[d->nr_steps++] = (struct step_symbol){ (uint32_t)which - 1, (uint32_t)count };
	d->guess = guess_begin(d->places, d->history, d->nr_steps);
	next_run(&d->steps);
	return true;
}

/* At most n steps that are guessed right go into the history; if the next one is not, that
 * one alone. Returns how many; 0: broken. */
static uint32_t decode_symbols(struct trace_decoder *d, uint32_t n)
{
	struct step_symbol *to = &d->history[d->nr_steps];
	const struct step_symbol *from;

	if (!d->steps.right)
		return decode_wrong_step(d);
	if (d->guess == NO_GUESS)
		return refuse(d, "a step like one that never was");
	from = &d->history[d->guess];
	if (n > d->steps.right)
		n = (uint32_t)d->steps.right;
	for (uint32_t i = 0; i < n; i++) /* they may overlap */
		to[i] = from[i];
	d->steps.right -= n;
	d->nr_steps += n;
	d->guess += n;
	return n;
}

/* Accesses of the next steps of the history, at most *n and what has room; *n: how many
 * steps that is. All that changes with each of them is kept at hand. */
static uint32_t decode_accesses(struct trace_decoder *d, uint32_t *n, struct trace_access *to,
                                uint32_t room)
{
	const struct step_symbol *symbols = &d->history[d->nr_told];
	struct va_stream stream = d->va_stream;
	uint64_t right = d->vas.right;
	uint32_t done = 0, nr = 0;

	for (; done < *n; done++) {
		const struct shape *shape = &d->shapes[symbols[done].shape];
		const struct trace_access *from = &d->accesses[shape->first];
		struct va_history *history = &d->va_histories[shape->first];

		if (shape->nr > room - nr)
			break;
		for (uint32_t i = 0; i < shape->nr; i++, nr++) {
			to[nr] = from[i];
			if (from[i].kind == ACCESS_FETCH)
				continue;
			if (likely(right)) {
				to[nr].va = va_guess(&history[i], &stream, history[i].way);
				right--;
			} else {
				to[nr].va = decode_wrong_va(d, &history[i], &stream);
				right = d->vas.right;
			}
			va_learn(&history[i], &stream, to[nr].va);
		}
		if (unlikely(symbols[done].count))
			to[nr - 1].count = symbols[done].count;
	}
	d->va_stream = stream;
	d->vas.right = right;
	*n = done;
	return nr;
}

/* The same at page detail: an access each, which its shape, of the same number, has. */
static uint32_t decode_pages(const struct trace_decoder *d, uint32_t *n, struct trace_access *to,
                             uint32_t room)
{
	const struct step_symbol *symbols = &d->history[d->nr_told];
	const struct trace_access *accesses = d->accesses;

	if (*n > room)
		*n = room;
	for (uint32_t i = 0; i < *n; i++) {
		to[i] = accesses[symbols[i].shape];
		to[i].count = symbols[i].count;
	}
	return *n;
}

/* Steps into the batch, up to the next mark. False: there is no room for the next one. */
static bool decode_steps(struct trace_decoder *d, struct trace_batch *batch)
{
	uint32_t n = d->nr_steps - d->nr_told, nr;
	struct trace_access *to = &d->batch[batch->nr];

	if (!n)
		n = decode_symbols(d, d->steps_left < MAX_AHEAD ? d->steps_left : MAX_AHEAD);
	if (n > d->steps_to_mark)
		n = (uint32_t)d->steps_to_mark;
	nr = d->is_page_detail ? decode_pages(d, &n, to, TRACE_BATCH - batch->nr)
	                       : decode_accesses(d, &n, to, TRACE_BATCH - batch->nr);
	if (nr > d->accesses_left)
		return refuse(d, "more accesses than it says");
	batch->nr += nr;
	d->nr_told += n;
	d->accesses_left -= nr;
	d->steps_left -= n;
	d->steps_to_mark -= n;
	return n;
}

/* ---- marks ---- */

/* The step at which the next one stands. */
static void approach_mark(struct trace_decoder *d)
{
	d->steps_to_mark = d->marks_left ? cursor_varint(&d->columns[COLUMN_MARKS]) : UINT64_MAX;
	if (d->marks_left && d->steps_to_mark > d->steps_left)
		refuse(d, "an event behind the last access");
}

static void read_context(struct trace_decoder *d)
{
	struct cursor *in = &d->columns[COLUMN_MARKS];
	int64_t task = unfold_sign(cursor_varint(in));
	uint64_t cpu = cursor_varint(in);

	if (task < INT32_MIN || task > INT32_MAX || cpu > UINT32_MAX)
		refuse(d, "a task or CPU that is none");
	d->task = (int32_t)task;
	d->cpu = (uint32_t)cpu;
}

static bool read_text(struct trace_decoder *d, const char **out)
{
	struct cursor *in = &d->columns[COLUMN_MARKS];
	uint64_t size = cursor_varint(in);
	const uint8_t *text;

	*out = NULL;
	if (!size)
		return true;
	text = cursor_take(in, size);
	if (!text || memchr(text, 0, size) != text + size - 1)
		return refuse(d, "an event whose text has no end");
	*out = (const char *)text;
	return true;
}

static bool read_event(struct trace_decoder *d, const struct header_kind *kind)
{
	struct cursor *in = &d->columns[COLUMN_MARKS];
	int64_t task = unfold_sign(cursor_varint(in));
	uint64_t cpu = cursor_varint(in), nr_args = cursor_varint(in);

	if (task < INT32_MIN || task > INT32_MAX || cpu > UINT32_MAX || nr_args > kind->nr_args)
		return refuse(d, "an event with impossible numbers");
	d->event = (struct record_event){
		.kind = (enum record_kind)kind->kind,
		.task = (int32_t)task,
		.cpu = (uint32_t)cpu,
	};
	for (uint32_t i = 0; i < nr_args; i++) {
		uint64_t value = (uint64_t)unfold_sign(cursor_varint(in));
		int8_t place = kind->args[i];

		if (place < 0)
			continue;
		d->event.args[place] = value;
		if (d->event.nr_args <= (uint32_t)place)
			d->event.nr_args = (uint32_t)place + 1;
	}
	return read_text(d, &d->event.text);
}

/* The mark at which the steps stand. True: it is an event, now in d->event. */
static bool read_mark(struct trace_decoder *d)
{
	uint64_t mark = cursor_varint(&d->columns[COLUMN_MARKS]);
	const struct header_kind *kind;

	d->marks_left--;
	if (mark == MARK_CONTEXT) {
		read_context(d);
		approach_mark(d);
		return false;
	}
	if (mark - MARK_EVENT >= d->header->nr_kinds)
		return refuse(d, "an event of a kind that the header does not have");
	kind = &d->header->kinds[mark - MARK_EVENT];
	if (kind->kind < 0)
		return refuse(d, kind->name);
	if (!read_event(d, kind))
		return false;
	approach_mark(d);
	return true;
}

/* ---- frames ---- */

static int tell_broken(const struct trace_decoder *d, char *why, size_t why_size)
{
	for (uint32_t i = 0; i < d->header->nr_kinds; i++)
		if (d->broken == d->header->kinds[i].name) {
			snprintf(why, why_size,
			         "an event of the kind \"%s\", which is not known "
			         "to this version",
			         d->broken);
			return -EBADMSG;
		}
	snprintf(why, why_size, "it has %s", d->broken);
	return -EBADMSG;
}

/* A number of the frame's head, at most max. */
static uint32_t read_number(struct trace_decoder *d, struct cursor *in, uint32_t max)
{
	uint64_t number = cursor_varint(in);

	if (number > max)
		refuse(d, "more than a frame may have");
	return number > max ? 0 : (uint32_t)number;
}

static void read_head(struct trace_decoder *d, struct cursor *in)
{
	int64_t task;

	if (cursor_varint(in) != d->nr_accesses_before)
		refuse(d, "another place in the trace: frames are missing, or in disorder");
	task = unfold_sign(cursor_varint(in));
	if (task < INT32_MIN || task > INT32_MAX)
		refuse(d, "a task that is none");
	d->task = (int32_t)task;
	d->cpu = read_number(d, in, UINT32_MAX);
	d->accesses_left = read_number(d, in, FRAME_MAX_ACCESSES);
	d->steps_left = read_number(d, in, FRAME_MAX_ACCESSES);
	d->marks_left = read_number(d, in, (uint32_t)cursor_left(in));
}

static void read_columns(struct trace_decoder *d, struct cursor *in)
{
	uint64_t sizes[NR_COLUMNS];

	for (int i = 0; i < NR_COLUMNS; i++)
		sizes[i] = cursor_varint(in);
	for (int i = 0; i < NR_COLUMNS; i++) {
		const uint8_t *data = cursor_take(in, sizes[i]);

		d->columns[i] =
		    (struct cursor){ .next = data, .end = data ? data + sizes[i] : NULL };
	}
	if (in->failed || cursor_left(in))
		refuse(d, "columns of other sizes than it says");
	d->steps.runs = d->columns[COLUMN_STEP_RUNS];
	d->vas.runs = d->columns[COLUMN_VA_RUNS];
}

static void forget(struct trace_decoder *d)
{
	d->nr_steps = d->nr_told = 0;
	d->guess = NO_GUESS;
	d->va_stream = (struct va_stream){ 0 };
	d->nr_shapes = d->nr_elements = d->nr_blocks = 0;
	d->last_base = 0;
	d->broken = NULL;
	memset(d->places, 0, sizeof(d->places));
}

int trace_decoder_begin(struct trace_decoder *decoder, const void *content, size_t size, char *why,
                        size_t why_size)
{
	struct cursor in = { .next = content, .end = (const uint8_t *)content + size };

	forget(decoder);
	read_head(decoder, &in);
	read_columns(decoder, &in);
	next_run(&decoder->steps);
	next_run(&decoder->vas);
	make_room_for_history(decoder);
	decoder->nr_accesses_before += decoder->accesses_left;
	if (!decoder->broken)
		approach_mark(decoder);
	return decoder->broken ? tell_broken(decoder, why, why_size) : 0;
}

/* Its last step and mark are done: nothing may be left. */
static void check_end(struct trace_decoder *d)
{
	if (d->accesses_left)
		refuse(d, "fewer accesses than it says");
	for (int i = 0; i < NR_COLUMNS; i++) {
		const struct cursor *column = i == COLUMN_STEP_RUNS ? &d->steps.runs
		                              : i == COLUMN_VA_RUNS ? &d->vas.runs
		                                                    : &d->columns[i];

		if (column->failed || cursor_left(column))
			refuse(d, "columns that do not end together");
	}
}

/* Before the mark at which the steps stand: is it one that begins another batch? */
static bool is_context_next(const struct trace_decoder *d)
{
	const struct cursor *marks = &d->columns[COLUMN_MARKS];

	return cursor_left(marks) && *marks->next == MARK_CONTEXT;
}

/* Accesses up to the next event, context, or as many as fit. */
static void fill_batch(struct trace_decoder *d, struct trace_batch *batch)
{
	while (!d->broken) {
		if (d->steps_to_mark && d->steps_left) {
			if (!decode_steps(d, batch))
				return;
			continue;
		}
		if (d->steps_to_mark)
			return;
		if (batch->nr && is_context_next(d))
			return;
		if (read_mark(d)) {
			batch->event = &d->event;
			return;
		}
		batch->task = d->task;
		batch->cpu = d->cpu;
	}
}

int trace_decoder_next(struct trace_decoder *decoder, struct trace_batch *batch, char *why,
                       size_t why_size)
{
	*batch = (struct trace_batch){
		.task = decoder->task,
		.cpu = decoder->cpu,
		.accesses = decoder->batch,
	};
	fill_batch(decoder, batch);
	if (batch->nr || batch->event)
		return 1;
	if (!decoder->broken)
		check_end(decoder);
	return decoder->broken ? tell_broken(decoder, why, why_size) : 0;
}
