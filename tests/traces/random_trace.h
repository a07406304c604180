/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * random_trace - traces by chance, as programs make them and as they never would, and
 * traces as lines of text, to compare them.
 */
#ifndef PW_TESTS_TRACES_RANDOM_TRACE_H
#define PW_TESTS_TRACES_RANDOM_TRACE_H

#include "tests/mmu/random_stream.h"
#include "traces/trace.h"

#include <inttypes.h>
#include <stdio.h>

#define RANDOM_NR_BLOCKS 40
#define RANDOM_MAX_LENGTHS 20

struct random_trace {
	struct random_stream random;
	enum trace_detail detail;
	struct trace_block blocks[RANDOM_NR_BLOCKS];
	uint8_t lengths[RANDOM_NR_BLOCKS][RANDOM_MAX_LENGTHS];
	va_t places[16]; /* where data is accessed */
	struct trace_access accesses[TRACE_BATCH];
	struct record_event event;
	char text[32];
};

static inline va_t random_va(struct random_stream *random)
{
	return random_next(random) >> random_below(random, 64);
}

static inline void random_trace_init(struct random_trace *t, struct random_stream random,
                                     enum trace_detail detail)
{
	*t = (struct random_trace){ .random = random, .detail = detail };
	for (int i = 0; i < RANDOM_NR_BLOCKS; i++) {
		uint32_t nr = 1 + (uint32_t)random_below(&t->random, RANDOM_MAX_LENGTHS);

		for (uint32_t j = 0; j < nr; j++)
			t->lengths[i][j] = (uint8_t)(1 + random_below(&t->random, 15));
		t->blocks[i] = (struct trace_block){ random_va(&t->random), nr, t->lengths[i] };
	}
	for (int i = 0; i < 16; i++)
		t->places[i] = random_va(&t->random);
}

static inline struct trace_access random_data(struct random_trace *t, const struct trace_block *b)
{
	struct random_stream *random = &t->random;
	va_t *place = &t->places[random_below(random, 16)];
	struct trace_access a = {
		.va = *place,
		.count = 1,
		.kind = (uint8_t)random_below(random, 2),
		.priv = random_one_in(random, 20),
		.size = (uint16_t)(1 << random_below(random, 4)),
	};

	*place += random_one_in(random, 10) ? random_va(random) : 8;
	if (b && random_below(random, 2))
		a.ip = b->va + random_below(random, 40);
	else if (random_one_in(random, 20))
		a.ip = random_va(random);
	if (random_one_in(random, 10))
		a.count = 1 + (uint32_t)random_below(random, 1000);
	if (random_one_in(random, 1000))
		a.count = UINT32_MAX;
	if (random_one_in(random, 100))
		a.size = (uint16_t)random_next(random);
	return a;
}

static inline struct trace_access random_fetch(struct random_trace *t, const struct trace_block **b)
{
	struct random_stream *random = &t->random;

	*b = &t->blocks[random_below(random, RANDOM_NR_BLOCKS)];
	if (random_below(random, 4))
		return (struct trace_access){
			.va = (*b)->va,
			.block = *b,
			.count = 1 + (uint32_t)random_below(random, (*b)->nr_instructions),
			.kind = ACCESS_FETCH,
		};
	return (struct trace_access){
		.va = (*b)->va + random_below(random, 30),
		.count = 1 + (uint32_t)random_below(random, 3),
		.kind = ACCESS_FETCH,
		.priv = random_one_in(random, 10),
		.size = (uint16_t)(1 + random_below(random, 15)),
	};
}

static inline const struct record_event *random_event(struct random_trace *t)
{
	struct random_stream *random = &t->random;
	struct record_event *event = &t->event;

	*event = (struct record_event){
		.kind = (enum record_kind)random_below(random, NR_RECORD_KINDS),
		.task = (int32_t)random_next(random),
		.cpu = (uint32_t)random_below(random, 64),
	};
	for (const char *names = trace_event_args[event->kind]; *names; names++)
		if (names == trace_event_args[event->kind] || names[-1] == ' ')
			event->args[event->nr_args++] = random_va(random);
	if (random_one_in(random, 3)) {
		snprintf(t->text, sizeof(t->text), "%" PRIx64, random_va(random));
		event->text = random_below(random, 4) ? t->text : "";
	}
	return event;
}

/* The next batch; page detail has loads and stores of whole pages alone. */
static inline void random_batch(struct random_trace *t, struct trace_batch *batch)
{
	const struct trace_block *block = NULL;
	uint32_t nr =
	    (uint32_t)random_below(&t->random, random_one_in(&t->random, 10) ? TRACE_BATCH : 30);

	if (random_one_in(&t->random, 5)) {
		batch->task = (int32_t)random_below(&t->random, 5);
		batch->cpu = (uint32_t)random_below(&t->random, 4);
	}
	for (uint32_t i = 0; i < nr; i++)
		t->accesses[i] =
		    random_below(&t->random, 3) ? random_data(t, block) : random_fetch(t, &block);
	batch->nr = nr;
	batch->accesses = t->accesses;
	batch->event = random_below(&t->random, 3) ? NULL : random_event(t);
}

/* ---- as text ---- */

static inline void print_access(FILE *out, const struct trace_batch *batch,
                                const struct trace_access *a)
{
	fprintf(out, "%d/%u %c%d %" PRIx64 " x%u %u", batch->task, batch->cpu, "LSF"[a->kind],
	        a -> priv, a -> va, a -> count, a -> size);
	if (a->kind != ACCESS_FETCH && a->ip)
		fprintf(out, " ip %" PRIx64, a->ip);
	if (a->kind == ACCESS_FETCH && a->block) {
		fprintf(out, " block %" PRIx64, a->block->va);
		for (uint32_t i = 0; i < a->block->nr_instructions; i++)
			fprintf(out, " %u", a->block->lengths[i]);
	}
	fputc('\n', out);
}

static inline void print_batch(FILE *out, const struct trace_batch *batch)
{
	const struct record_event *event = batch->event;

	for (uint32_t i = 0; i < batch->nr; i++)
		print_access(out, batch, &batch->accesses[i]);
	if (!event)
		return;
	fprintf(out, "%s %d %u", trace_event_names[event->kind], event->task, event->cpu);
	for (uint32_t i = 0; i < event->nr_args; i++)
		fprintf(out, " %" PRIx64, event->args[i]);
	fprintf(out, event->text ? " \"%s\"\n" : "\n", event->text);
}

#endif
