/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/encoder.h"

#include "traces/bytes.h"
#include "traces/codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define NR_BUCKETS (FRAME_MAX_SHAPES * 2)

/* When a frame is closed. Far below what a reader takes, as the last step, and those of
 * a batch, still go in. */
#define CLOSE_SHAPES (FRAME_MAX_SHAPES / 2)
#define CLOSE_ELEMENTS (FRAME_MAX_ELEMENTS / 2)
#define CLOSE_ACCESSES (FRAME_MAX_ACCESSES / 2)
#define CLOSE_BYTES ((size_t)8 << 20)

/* A block's shapes come together mostly; one that is not found is written again. */
#define MAX_BLOCK_SEARCH 1024

/* What an element of a shape is, but for its address. No padding: it is hashed. */
struct element {
	uint32_t offset; /* as ELEMENT_FIXED or ELEMENT_IP say */
	uint32_t count;  /* 0 if it is counted */
	uint16_t size;
	uint16_t bits; /* ELEMENT_* */
};

struct shape {
	va_t base;
	uint64_t block_hash; /* 0: no block */
	uint32_t first, nr;  /* in elements and va_histories */
};

/* The step that is being put together. */
struct step {
	bool is_open;
	bool has_fetch;
	bool is_kernel;
	uint32_t count; /* if it is counted */
	va_t base;
	va_t repeat_ip; /* of the instruction that repeats its accesses; 0: none does */
	va_t fetch_end; /* behind the last fetched instruction that no block is known for */
	const struct coded_block *block; /* the caller's, until the next call */
	uint32_t nr, nr_data;
	struct element elements[STEP_MAX_ELEMENTS];
	va_t vas[STEP_MAX_ELEMENTS];
};

/* A guess that was right costs nothing but its place in a run. */
struct guesses {
	uint64_t right; /* since the last wrong one */
	struct bytes *runs;
};

struct encoder {
	bool is_page_detail;
	uint64_t nr_accesses_before; /* this frame */

	/* of the frame */
	int32_t first_task, task;
	uint32_t first_cpu, cpu;
	uint32_t nr_accesses, nr_steps, nr_marks;
	uint32_t nr_steps_at_mark; /* when the last mark was made */
	struct bytes columns[NR_COLUMNS];
	struct guesses steps, vas;
	struct step_symbol *history; /* nr_steps */
	uint32_t guess;              /* the step that should be the next; or NO_GUESS */
	uint32_t places[1 << GUESS_BITS];
	struct va_stream va_stream;
	struct shape *shapes;
	struct element *elements;
	struct va_history *va_histories;
	uint32_t nr_shapes, nr_elements;
	va_t last_base;
	uint64_t *blocks; /* hashes, by number */
	uint32_t nr_blocks;
	uint32_t buckets[NR_BUCKETS]; /* 1 + shape, by hash */

	struct step step;
	struct bytes frame;
};

/* ---- life ---- */

int encoder_create(struct encoder **out, enum trace_detail detail)
{
	struct encoder *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->is_page_detail = detail == TRACE_PAGE;
	e->shapes = calloc(FRAME_MAX_SHAPES, sizeof(*e->shapes));
	e->elements = calloc(FRAME_MAX_ELEMENTS, sizeof(*e->elements));
	e->va_histories = calloc(FRAME_MAX_ELEMENTS, sizeof(*e->va_histories));
	e->blocks = calloc(FRAME_MAX_SHAPES, sizeof(*e->blocks));
	e->history = calloc(FRAME_MAX_ACCESSES, sizeof(*e->history));
	e->guess = NO_GUESS;
	e->steps.runs = &e->columns[COLUMN_STEP_RUNS];
	e->vas.runs = &e->columns[COLUMN_VA_RUNS];
	if (!e->shapes || !e->elements || !e->va_histories || !e->blocks || !e->history) {
		encoder_destroy(e);
		return -ENOMEM;
	}
	*out = e;
	return 0;
}

void encoder_destroy(struct encoder *encoder)
{
	if (!encoder)
		return;
	for (int i = 0; i < NR_COLUMNS; i++)
		bytes_finish(&encoder->columns[i]);
	bytes_finish(&encoder->frame);
	free(encoder->shapes);
	free(encoder->elements);
	free(encoder->va_histories);
	free(encoder->blocks);
	free(encoder->history);
	free(encoder);
}

/* ---- what is guessed ---- */

static void guessed_right(struct guesses *g)
{
	g->right++;
}

static void guessed_wrong(struct guesses *g)
{
	bytes_put_varint(g->runs, g->right);
	g->right = 0;
}

/* The way with the smallest difference. */
static enum va_way best_way(const struct encoder *e, const struct va_history *h, va_t va)
{
	enum va_way best = VA_FROM_OWN;
	uint64_t least = UINT64_MAX;

	for (enum va_way way = VA_FROM_OWN; way < NR_VA_WAYS; way++) {
		uint64_t delta = fold_sign((int64_t)(va - va_origin(h, &e->va_stream, way)));

		if (delta < least) {
			least = delta;
			best = way;
		}
	}
	return best;
}

static void encode_wrong_va(struct encoder *e, struct va_history *h, va_t va)
{
	enum va_way way = VA_OTHER_WAY;

	guessed_wrong(&e->vas);
	if (va_guess(h, &e->va_stream, !h->way) == va) {
		h->way = !h->way;
	} else {
		way = best_way(e, h, va);
		bytes_put_varint(&e->columns[COLUMN_VA_DELTAS],
		                 fold_sign((int64_t)(va - va_origin(h, &e->va_stream, way))));
	}
	bytes_put_byte(&e->columns[COLUMN_VA_WAYS], way);
}

static void encode_va(struct encoder *e, struct va_history *h, va_t va)
{
	if (likely(va_guess(h, &e->va_stream, h->way) == va))
		guessed_right(&e->vas);
	else
		encode_wrong_va(e, h, va);
	va_learn(h, &e->va_stream, va);
}

/* ---- shapes ---- */

/* Most shapes have few: a call of memcmp() takes longer. */
static bool elements_are(const struct element *a, const struct element *b, uint32_t nr)
{
	uint32_t different = 0;

	for (uint32_t i = 0; i < nr && !different; i++)
		different = (a[i].offset ^ b[i].offset) | (a[i].count ^ b[i].count) |
		            (uint32_t)(a[i].size ^ b[i].size) | (uint32_t)(a[i].bits ^ b[i].bits);
	return !different;
}

/* The step's shape is no other than this one. */
static bool is_shape(const struct encoder *e, uint32_t number, uint64_t block_hash)
{
	const struct shape *shape = &e->shapes[number];
	const struct step *step = &e->step;

	return shape->base == step->base && shape->nr == step->nr &&
	       shape->block_hash == block_hash &&
	       elements_are(&e->elements[shape->first], step->elements, step->nr);
}

static uint32_t bucket_of(const struct step *step, uint64_t block_hash)
{
	uint64_t hash = XXH3_64bits_withSeed(step->elements, step->nr * sizeof(step->elements[0]),
	                                     step->base ^ block_hash);

	return (uint32_t)hash & (NR_BUCKETS - 1);
}

/* Its number, or that of the next one to be. *bucket: where it is. */
static uint32_t find_shape(const struct encoder *e, uint32_t *bucket)
{
	uint64_t block_hash = e->step.block ? e->step.block->hash : 0;
	uint32_t i = bucket_of(&e->step, block_hash);

	while (e->buckets[i] && !is_shape(e, e->buckets[i] - 1, block_hash))
		i = (i + 1) & (NR_BUCKETS - 1);
	*bucket = i;
	return e->buckets[i] ? e->buckets[i] - 1 : e->nr_shapes;
}

/* Accesses of the instructions before number n of the block. */
static uint32_t accesses_before(const struct coded_block *block, uint32_t n)
{
	uint32_t i = 0;

	while (i < block->nr_accesses && block->accesses[i].instruction < n)
		i++;
	return i;
}

/*
 * Matches the step's loads and stores with those that the block's instructions should
 * make, one for one; one across two pages comes in two parts. The offsets of their
 * instructions go into the elements. Returns how many of the block's it has, and in *rest
 * the first element that is none of them.
 */
static uint32_t match_accesses(const struct step *step, struct element *elements, uint32_t *rest)
{
	const struct coded_block *b = step->block;
	uint32_t matched = 0, part = 0, i;

	for (i = 0; i < step->nr; i++) {
		const struct block_access *wanted = &b->accesses[matched];

		if ((elements[i].bits & ELEMENT_KIND) == ACCESS_FETCH)
			continue;
		if (matched == b->nr_accesses || wanted->kind != (elements[i].bits & ELEMENT_KIND))
			break;
		part += elements[i].size;
		if (part > wanted->size)
			break;
		elements[i].bits |= ELEMENT_IP;
		elements[i].offset = wanted->offset;
		if (part == wanted->size) {
			matched++;
			part = 0;
		}
	}
	*rest = i;
	return matched;
}

/* The block's instructions that ran: of one in two pages the rest is told apart. */
static uint32_t instructions_run(const struct step *step)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < step->nr; i++)
		if ((step->elements[i].bits & ELEMENT_KIND) == ACCESS_FETCH &&
		    !step->elements[i].offset)
			n += step->elements[i].count;
	return n;
}

/* Which instruction makes each load and store of the step: said of all that is certain.
 * The last instruction that ran may have been stopped by a fault. */
static void find_instructions(const struct step *step, struct element *elements)
{
	const struct coded_block *b = step->block;
	uint32_t ran = instructions_run(step), rest;
	uint32_t matched = match_accesses(step, elements, &rest);
	bool is_certain =
	    matched >= accesses_before(b, ran - 1) && matched <= accesses_before(b, ran);

	if (is_certain && rest < step->nr)
		is_certain = matched == b->nr_accesses && ran > b->nr_known;
	for (uint32_t i = 0; i < step->nr; i++) {
		bool is_data = (elements[i].bits & ELEMENT_KIND) != ACCESS_FETCH;

		if (is_data && !is_certain) {
			elements[i].bits &= (uint16_t)~ELEMENT_IP;
			elements[i].offset = 0;
		} else if (is_data && i >= rest && b->rep_offset != NO_REP) {
			elements[i].bits |= ELEMENT_IP;
			elements[i].offset = b->rep_offset;
		}
	}
}

static void put_element(struct bytes *out, const struct element *element, uint32_t *last_offset)
{
	bytes_put_byte(out, (uint8_t)element->bits);
	bytes_put_varint(out, element->size);
	if (element->bits & (ELEMENT_FIXED | ELEMENT_IP)) {
		bytes_put_varint(out, fold_sign((int64_t)element->offset - *last_offset));
		*last_offset = element->offset;
	}
	if (!(element->bits & ELEMENT_COUNTED))
		bytes_put_varint(out, element->count);
}

uint64_t coded_block_hash(const struct trace_block *block)
{
	uint64_t lengths = XXH3_64bits(block->lengths, block->nr_instructions);

	return XXH3_64bits_withSeed(&block->va, sizeof(block->va), lengths);
}

/* 0: none; 1: a new one, which follows; 2 + how many others were new since. */
static void put_block(struct encoder *e, const struct coded_block *coded)
{
	struct bytes *out = &e->columns[COLUMN_SHAPES];
	uint32_t max = e->nr_blocks < MAX_BLOCK_SEARCH ? e->nr_blocks : MAX_BLOCK_SEARCH;
	uint32_t i = 0;

	if (!coded) {
		bytes_put_varint(out, 0);
		return;
	}
	while (i < max && e->blocks[e->nr_blocks - 1 - i] != coded->hash)
		i++;
	bytes_put_varint(out, i == max ? 1 : 2 + i);
	if (i < max)
		return;
	e->blocks[e->nr_blocks++] = coded->hash;
	bytes_put_varint(out, coded->block.nr_instructions);
	bytes_put(out, coded->block.lengths, coded->block.nr_instructions);
}

static void put_shape(struct encoder *e)
{
	struct step *step = &e->step;
	struct bytes *out = &e->columns[COLUMN_SHAPES];
	uint32_t last_offset = 0;

	/* The dictionary has the elements as they came. */
	if (step->block && step->block->accesses)
		find_instructions(step, step->elements);
	bytes_put_varint(out, fold_sign((int64_t)(step->base - e->last_base)));
	e->last_base = step->base;
	put_block(e, step->block);
	bytes_put_varint(out, step->nr);
	for (uint32_t i = 0; i < step->nr; i++)
		put_element(out, &step->elements[i], &last_offset);
}

static void add_shape(struct encoder *e, uint32_t bucket)
{
	const struct step *step = &e->step;
	struct shape *shape = &e->shapes[e->nr_shapes++];

	e->buckets[bucket] = e->nr_shapes;
	*shape = (struct shape){
		.base = step->base,
		.block_hash = step->block ? step->block->hash : 0,
		.first = e->nr_elements,
		.nr = step->nr,
	};
	memcpy(&e->elements[shape->first], step->elements, step->nr * sizeof(*e->elements));
	memset(&e->va_histories[shape->first], 0, step->nr * sizeof(*e->va_histories));
	e->nr_elements += step->nr;
	put_shape(e);
}

/* ---- steps ---- */

static bool is_guessed_right(const struct encoder *e)
{
	const struct step *step = &e->step;
	const struct step_symbol *guess;

	if (e->guess == NO_GUESS)
		return false;
	guess = &e->history[e->guess];
	return guess->count == step->count &&
	       is_shape(e, guess->shape, step->block ? step->block->hash : 0);
}

/* Writes the step's shape. */
static uint32_t encode_wrong_step(struct encoder *e)
{
	uint32_t bucket, number = find_shape(e, &bucket);
	bool is_new = number == e->nr_shapes;

	guessed_wrong(&e->steps);
	bytes_put_varint(&e->columns[COLUMN_STEPS], is_new ? 0 : number + 1);
	if (is_new)
		add_shape(e, bucket);
	if (e->step.count)
		bytes_put_varint(&e->columns[COLUMN_COUNTS], e->step.count);
	return number;
}

static void encode_vas(struct encoder *e, const struct shape *shape)
{
	const struct element *elements = &e->elements[shape->first];
	struct va_history *va_histories = &e->va_histories[shape->first];

	for (uint32_t i = 0; i < shape->nr; i++)
		if (!(elements[i].bits & ELEMENT_FIXED))
			encode_va(e, &va_histories[i], e->step.vas[i]);
}

static void encode_step(struct encoder *e)
{
	bool is_right = is_guessed_right(e);
	uint32_t number = is_right ? e->history[e->guess].shape : encode_wrong_step(e);

	e->history[e->nr_steps++] = (struct step_symbol){ number, e->step.count };
	if (is_right) {
		guessed_right(&e->steps);
		e->guess++;
	} else {
		e->guess = guess_begin(e->places, e->history, e->nr_steps);
	}
	if (!e->is_page_detail)
		encode_vas(e, &e->shapes[number]);
	e->nr_accesses += e->step.nr;
}

void encoder_end_step(struct encoder *encoder)
{
	if (encoder->step.is_open)
		encode_step(encoder);
	encoder->step.is_open = false;
}

/* What came before it no longer says where accesses belong. */
static void interrupt(struct encoder *e)
{
	encoder_end_step(e);
	e->step.repeat_ip = 0;
	e->step.base = 0;
}

static void begin_step(struct encoder *e, va_t base, const struct coded_block *block)
{
	struct step *step = &e->step;

	step->is_open = true;
	step->count = 0;
	step->base = base;
	step->block = block;
	step->fetch_end = 0;
	step->has_fetch = false;
	step->nr = step->nr_data = 0;
}

static void add_element(struct encoder *e, va_t va, const struct element *element)
{
	struct step *step = &e->step;

	step->vas[step->nr] = va;
	step->elements[step->nr++] = *element;
}

static uint16_t element_bits(const struct trace_access *a)
{
	return (uint16_t)(a->kind | (a->priv == PRIV_KERNEL ? ELEMENT_KERNEL : 0));
}

void encoder_block(struct encoder *encoder, const struct coded_block *block, uint32_t count)
{
	encoder_end_step(encoder);
	begin_step(encoder, block->block.va, block);
	encoder->step.has_fetch = true;
	encoder->step.repeat_ip = 0;
	encoder->step.is_kernel = false;
	add_element(encoder, block->block.va,
	            &(struct element){ .count = count, .bits = ELEMENT_OF_BLOCK });
}

/* More of the block that runs, or the instruction behind the last one. */
static bool fetch_goes_on(const struct step *step, const struct trace_access *a)
{
	if (!step->is_open || !step->has_fetch || step->nr == STEP_MAX_ELEMENTS ||
	    step->is_kernel != (a->priv == PRIV_KERNEL) || a->va - step->base > ELEMENT_MAX_OFFSET)
		return false;
	if (step->block)
		return a->va - step->base < step->block->size;
	return a->va == step->fetch_end;
}

static void add_fetch(struct encoder *e, const struct trace_access *a)
{
	struct step *step = &e->step;

	if (!fetch_goes_on(step, a)) {
		encoder_end_step(e);
		begin_step(e, a->va, NULL);
		step->has_fetch = true;
		step->repeat_ip = 0;
		step->is_kernel = a->priv == PRIV_KERNEL;
	}
	step->fetch_end = a->va + a->size;
	add_element(e, a->va,
	            &(struct element){ .offset = (uint32_t)(a->va - step->base),
	                               .count = a->count,
	                               .size = a->size,
	                               .bits = element_bits(a) | ELEMENT_FIXED });
}

/* An access that is a step of its own: its count changes. */
static void add_counted(struct encoder *e, const struct trace_access *a)
{
	const uint16_t fixed = e->is_page_detail ? ELEMENT_FIXED : 0;
	const uint16_t with_ip = !fixed && a->ip ? ELEMENT_IP : 0;

	encoder_end_step(e);
	begin_step(e, fixed ? a->va : a->ip, NULL);
	e->step.repeat_ip = 0;
	e->step.count = a->count;
	add_element(
	    e, a->va,
	    &(struct element){ .size = a->size,
	                       .bits = element_bits(a) | ELEMENT_COUNTED | fixed | with_ip });
	encoder_end_step(e);
	e->step.base = 0;
}

/* The block's own accesses are there, and its last instruction repeats the following ones:
 * as often as it likes, so they make steps of their own. */
static bool repeats_begin(const struct step *step)
{
	const struct coded_block *b = step->block;

	return step->is_open && b && b->rep_offset != NO_REP && b->accesses &&
	       step->nr_data == b->nr_accesses && step->elements[0].count > b->nr_known;
}

static void begin_repeats(struct encoder *e)
{
	struct element elements[STEP_MAX_ELEMENTS];
	struct step *step = &e->step;
	uint32_t rest;

	memcpy(elements, step->elements, step->nr * sizeof(elements[0]));
	if (match_accesses(step, elements, &rest) == step->block->nr_accesses)
		step->repeat_ip = step->base + step->block->rep_offset;
	encoder_end_step(e);
}

static bool data_goes_on(const struct step *step, const struct trace_access *a)
{
	uint32_t max = step->has_fetch ? STEP_MAX_ELEMENTS : STEP_MAX_LOOSE;

	return step->is_open && step->nr < max && step->is_kernel == (a->priv == PRIV_KERNEL) &&
	       (!a->ip || a->ip - step->base <= ELEMENT_MAX_OFFSET);
}

/* A step without a fetch. Its base tells it from others that look the same. */
static void begin_loose(struct encoder *e, const struct trace_access *a)
{
	struct step *step = &e->step;
	va_t base = step->base;

	step->is_kernel = a->priv == PRIV_KERNEL;
	if (a->ip)
		base = a->ip;
	else if (step->repeat_ip)
		base = step->repeat_ip;
	else if (step->is_kernel)
		base = 0;
	begin_step(e, base, NULL);
}

static void add_data(struct encoder *e, const struct trace_access *a)
{
	struct step *step = &e->step;
	struct element element = { .count = 1, .size = a->size, .bits = element_bits(a) };

	if (unlikely(repeats_begin(step)))
		begin_repeats(e);
	if (a->priv == PRIV_KERNEL)
		step->repeat_ip = 0;
	if (!data_goes_on(step, a)) {
		encoder_end_step(e);
		begin_loose(e, a);
	}
	if (a->ip || step->repeat_ip) {
		element.bits |= ELEMENT_IP;
		element.offset = a->ip ? (uint32_t)(a->ip - step->base) : 0;
	}
	step->nr_data++;
	add_element(e, a->va, &element);
}

void encoder_access(struct encoder *encoder, const struct trace_access *access)
{
	if (encoder->is_page_detail)
		add_counted(encoder, access);
	else if (access->kind == ACCESS_FETCH)
		add_fetch(encoder, access);
	else if (access->count != 1)
		add_counted(encoder, access);
	else
		add_data(encoder, access);
}

/* ---- marks ---- */

static struct bytes *begin_mark(struct encoder *e, unsigned mark)
{
	struct bytes *out = &e->columns[COLUMN_MARKS];

	interrupt(e);
	bytes_put_varint(out, e->nr_steps - e->nr_steps_at_mark);
	bytes_put_varint(out, mark);
	e->nr_steps_at_mark = e->nr_steps;
	e->nr_marks++;
	return out;
}

bool encoder_has_context(const struct encoder *encoder, int32_t task, uint32_t cpu)
{
	return encoder->task == task && encoder->cpu == cpu;
}

void encoder_context(struct encoder *encoder, int32_t task, uint32_t cpu)
{
	struct bytes *out;

	if (encoder_has_context(encoder, task, cpu))
		return;
	out = begin_mark(encoder, MARK_CONTEXT);
	bytes_put_varint(out, fold_sign(task));
	bytes_put_varint(out, cpu);
	encoder->task = task;
	encoder->cpu = cpu;
}

void encoder_event(struct encoder *encoder, const struct record_event *event)
{
	struct bytes *out = begin_mark(encoder, MARK_EVENT + event->kind);

	bytes_put_varint(out, fold_sign(event->task));
	bytes_put_varint(out, event->cpu);
	bytes_put_varint(out, event->nr_args);
	for (uint32_t i = 0; i < event->nr_args; i++)
		bytes_put_varint(out, fold_sign((int64_t)event->args[i]));
	if (!event->text) {
		bytes_put_varint(out, 0);
		return;
	}
	bytes_put_varint(out, strlen(event->text) + 1);
	bytes_put(out, event->text, strlen(event->text) + 1);
}

/* ---- frames ---- */

static size_t columns_size(const struct encoder *e)
{
	size_t size = 0;

	for (int i = 0; i < NR_COLUMNS; i++)
		size += e->columns[i].size;
	return size;
}

bool encoder_is_full(const struct encoder *encoder)
{
	return encoder->nr_accesses >= CLOSE_ACCESSES || encoder->nr_shapes >= CLOSE_SHAPES ||
	       encoder->nr_elements >= CLOSE_ELEMENTS || columns_size(encoder) >= CLOSE_BYTES;
}

bool encoder_is_empty(const struct encoder *encoder)
{
	return !encoder->step.is_open && !encoder->nr_steps && !encoder->nr_marks;
}

/* All that a frame begins without. */
static void forget(struct encoder *e)
{
	e->nr_accesses_before += e->nr_accesses;
	e->first_task = e->task;
	e->first_cpu = e->cpu;
	e->nr_accesses = e->nr_steps = e->nr_marks = e->nr_steps_at_mark = 0;
	for (int i = 0; i < NR_COLUMNS; i++)
		e->columns[i].size = 0;
	e->steps.right = e->vas.right = 0;
	e->guess = NO_GUESS;
	e->va_stream = (struct va_stream){ 0 };
	e->nr_shapes = e->nr_elements = e->nr_blocks = 0;
	e->last_base = 0;
	memset(e->buckets, 0, sizeof(e->buckets));
	memset(e->places, 0, sizeof(e->places));
}

const struct bytes *encoder_take_frame(struct encoder *encoder)
{
	struct bytes *frame = &encoder->frame;

	interrupt(encoder);
	frame->size = 0;
	bytes_put_varint(frame, encoder->nr_accesses_before);
	bytes_put_varint(frame, fold_sign(encoder->first_task));
	bytes_put_varint(frame, encoder->first_cpu);
	bytes_put_varint(frame, encoder->nr_accesses);
	bytes_put_varint(frame, encoder->nr_steps);
	bytes_put_varint(frame, encoder->nr_marks);
	for (int i = 0; i < NR_COLUMNS; i++)
		bytes_put_varint(frame, encoder->columns[i].size);
	for (int i = 0; i < NR_COLUMNS; i++) {
		bytes_put(frame, encoder->columns[i].data, encoder->columns[i].size);
		frame->failed |= encoder->columns[i].failed;
	}
	forget(encoder);
	return frame->failed ? NULL : frame;
}
