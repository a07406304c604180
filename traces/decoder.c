/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/decoder.h"

#include "traces/codec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BLOCKS ((uint32_t)1 << 10)
#define NR_BLOCK_PIECES (FRAME_MAX_SHAPES / PIECE_BLOCKS)

struct shape {
	uint32_t first, nr;  /* in accesses and histories */
	uint32_t last_count; /* if it is counted */
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
	struct guesses steps, counts, vas;
	struct step_history step_history;
	struct va_stream va_stream;
	struct shape *shapes;
	struct trace_access *accesses; /* of the shapes' elements: all but va where it is guessed */
	struct va_history *histories;
	uint32_t nr_shapes, nr_elements;
	uint32_t room_shapes, room_elements;
	va_t last_base;
	/* In pieces that stay where they are, since accesses point to them. */
	struct trace_block *blocks[NR_BLOCK_PIECES];
	uint32_t nr_blocks;
	struct successor successors[1 << SUCCESSOR_BITS];
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
	free(decoder->shapes);
	free(decoder->accesses);
	free(decoder->histories);
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

/* True: the guess is right. If not, next_run() follows. */
static inline bool is_right(struct guesses *g)
{
	return likely(g->right-- != 0);
}

static void decode_count(struct trace_decoder *d, struct shape *shape, struct successor *successor,
                         struct trace_access *access)
{
	uint64_t count = successor->count;

	if (!is_right(&d->counts)) {
		count = cursor_varint(&d->columns[COLUMN_COUNTS]);
		next_run(&d->counts);
	}
	if (!count || count > UINT32_MAX)
		refuse(d, "a count that is none");
	access->count = shape->last_count = successor->count = (uint32_t)count;
}

__attribute__((noinline)) static va_t decode_wrong_va(struct trace_decoder *d, struct va_history *h)
{
	uint8_t way = cursor_byte(&d->columns[COLUMN_VA_WAYS]);
	va_t va = 0;

	if (way == VA_OTHER_WAY) {
		h->way = !h->way;
		va = va_guess(h, &d->va_stream, h->way);
	} else if (way < NR_VA_WAYS) {
		va = va_origin(h, &d->va_stream, (enum va_way)way) +
		     (va_t)unfold_sign(cursor_varint(&d->columns[COLUMN_VA_DELTAS]));
	} else {
		refuse(d, "an address in no known way");
	}
	next_run(&d->vas);
	return va;
}

static inline va_t decode_va(struct trace_decoder *d, struct va_history *h)
{
	va_t va = va_guess(h, &d->va_stream, h->way);

	if (!is_right(&d->vas))
		va = decode_wrong_va(d, h);
	va_learn(h, &d->va_stream, va);
	return va;
}

/* ---- shapes ---- */

/* At least nr_shapes + 1 of them, and nr more elements. */
static bool make_room(struct trace_decoder *d, uint64_t nr)
{
	uint32_t room = d->room_shapes ? d->room_shapes * 2 : 1024;

	if (d->nr_shapes == d->room_shapes) {
		struct shape *shapes = reallocarray(d->shapes, room, sizeof(*shapes));

		if (!shapes)
			return refuse(d, no_memory);
		d->shapes = shapes;
		d->room_shapes = room;
	}
	room = d->room_elements ? d->room_elements : 1024;
	while (room < d->nr_elements + nr)
		room *= 2;
	if (room != d->room_elements) {
		struct trace_access *accesses = reallocarray(d->accesses, room, sizeof(*accesses));
		struct va_history *histories;

		if (!accesses)
			return refuse(d, no_memory);
		d->accesses = accesses;
		histories = reallocarray(d->histories, room, sizeof(*histories));
		if (!histories)
			return refuse(d, no_memory);
		d->histories = histories;
		d->room_elements = room;
	}
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

	if (!lengths || !nr || d->nr_blocks == FRAME_MAX_SHAPES)
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
	       (!(bits & ELEMENT_BLOCK) || (is_fetch && block)) &&
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
	    (!count && !(bits & ELEMENT_COUNTED)))
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
	d->histories[d->nr_elements++] = (struct va_history){ 0 };
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
	if (!make_room(d, nr))
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

/* The shape was guessed wrong: which it is. NULL: broken. */
__attribute__((noinline)) static struct shape *decode_wrong_step(struct trace_decoder *d,
                                                                 struct successor *successor)
{
	uint64_t which = cursor_varint(&d->columns[COLUMN_STEPS]);

	next_run(&d->steps);
	if (!which) {
		which = d->nr_shapes + 1;
		if (!read_shape(d))
			return NULL;
	}
	if (which > d->nr_shapes) {
		refuse(d, "a shape that was never told");
		return NULL;
	}
	*successor = (struct successor){ (uint32_t)which, d->shapes[which - 1].last_count };
	return &d->shapes[which - 1];
}

static inline struct shape *next_shape(struct trace_decoder *d, struct successor *successor)
{
	if (is_right(&d->steps) && likely(successor->shape))
		return &d->shapes[successor->shape - 1];
	return decode_wrong_step(d, successor);
}

/* The step's accesses to `to`, where there is room. Returns how many; 0: broken. */
static inline uint32_t decode_step(struct trace_decoder *d, struct trace_access *to)
{
	struct successor *successor =
	    &d->successors[successor_index(&d->step_history, d->is_page_detail)];
	struct shape *shape = next_shape(d, successor);
	const struct trace_access *from;
	struct va_history *history;

	if (unlikely(!shape))
		return 0;
	step_history_push(&d->step_history, successor->shape - 1);
	from = &d->accesses[shape->first];
	history = &d->histories[shape->first];
	if (shape->is_counted) {
		*to = *from;
		decode_count(d, shape, successor, to);
		if (!d->is_page_detail)
			to->va = decode_va(d, history);
		return 1;
	}
	for (uint32_t i = 0; i < shape->nr; i++) {
		to[i] = from[i];
		if (from[i].kind != ACCESS_FETCH)
			to[i].va = decode_va(d, &history[i]);
	}
	return shape->nr;
}

/* Steps into the batch, up to the next mark. */
static void decode_steps(struct trace_decoder *d, struct trace_batch *batch)
{
	while (d->steps_left && d->steps_to_mark && batch->nr <= TRACE_BATCH - STEP_MAX_ELEMENTS) {
		uint32_t n = decode_step(d, &d->batch[batch->nr]);

		if (unlikely(n > d->accesses_left))
			refuse(d, "more accesses than it says");
		if (unlikely(d->broken != NULL))
			return;
		batch->nr += n;
		d->accesses_left -= n;
		d->steps_left--;
		d->steps_to_mark--;
	}
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

		if (!data)
			sizes[i] = 0;
		d->columns[i] = (struct cursor){ .next = data, .end = data + sizes[i] };
	}
	if (in->failed || cursor_left(in))
		refuse(d, "columns of other sizes than it says");
	d->steps.runs = d->columns[COLUMN_STEP_RUNS];
	d->counts.runs = d->columns[COLUMN_COUNT_RUNS];
	d->vas.runs = d->columns[COLUMN_VA_RUNS];
}

static void forget(struct trace_decoder *d)
{
	d->step_history = (struct step_history){ 0 };
	d->va_stream = (struct va_stream){ 0 };
	d->nr_shapes = d->nr_elements = d->nr_blocks = 0;
	d->last_base = 0;
	d->broken = NULL;
	memset(d->successors, 0, sizeof(d->successors));
}

int trace_decoder_begin(struct trace_decoder *decoder, const void *content, size_t size, char *why,
                        size_t why_size)
{
	struct cursor in = { .next = content, .end = (const uint8_t *)content + size };

	forget(decoder);
	read_head(decoder, &in);
	read_columns(decoder, &in);
	next_run(&decoder->steps);
	next_run(&decoder->counts);
	next_run(&decoder->vas);
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
		const struct cursor *column = i == COLUMN_STEP_RUNS    ? &d->steps.runs
		                              : i == COLUMN_COUNT_RUNS ? &d->counts.runs
		                              : i == COLUMN_VA_RUNS    ? &d->vas.runs
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
		if (d->steps_to_mark) {
			decode_steps(d, batch);
			if (d->steps_to_mark || d->broken)
				return;
		}
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
