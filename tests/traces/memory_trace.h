/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_trace - a run recorded into memory as it is told, and the same as a trace: no
 * format in between.
 */
#ifndef PW_TESTS_MEMORY_TRACE_H
#define PW_TESTS_MEMORY_TRACE_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "traces/trace.h"

/* An event, behind the accesses that came before it. */
struct memory_event {
	size_t nr_accesses; /* all before it */
	struct record_event event;
};

struct memory_trace {
	struct recorder recorder;   /* first */
	struct trace_source source; /* memory_trace_rewind() */
	struct record_access *accesses;
	size_t room;
	struct memory_event *events;
	size_t nr_events, events_room;
	bool is_skipped[NR_RECORD_KINDS]; /* the source leaves them out */
	bool is_broken;                   /* no memory, or an event with too few arguments */

	size_t access_at, event_at; /* of the source */
	int32_t task;
	uint32_t cpu;
	struct trace_access batch[TRACE_BATCH];
};

static inline struct memory_trace *memory_trace_of(struct trace_source *source)
{
	return (struct memory_trace *)((char *)source - offsetof(struct memory_trace, source));
}

static inline size_t memory_nr_accesses(const struct memory_trace *trace)
{
	return (size_t)(trace->recorder.next - trace->accesses);
}

static inline void memory_drain(struct recorder *recorder)
{
	struct memory_trace *trace = (struct memory_trace *)recorder;
	size_t nr = memory_nr_accesses(trace);
	size_t open = recorder->open ? (size_t)(recorder->open - trace->accesses) : 0;

	trace->room = trace->room ? 2 * trace->room : 1 << 20;
	trace->accesses = reallocarray(trace->accesses, trace->room, sizeof(*trace->accesses));
	if (!trace->accesses)
		abort();
	recorder->next = trace->accesses + nr;
	recorder->end = trace->accesses + trace->room;
	if (recorder->open)
		recorder->open = trace->accesses + open;
}

static inline void memory_learn(struct recorder *recorder, const struct record_block *block)
{
	(void)recorder;
	(void)block;
}

static inline uint32_t memory_nr_args(enum record_kind kind)
{
	const char *args = trace_event_args[kind];
	uint32_t nr = *args != '\0';

	for (; *args; args++)
		nr += *args == ' ';
	return nr;
}

static inline void memory_notice(struct recorder *recorder, const struct record_event *event)
{
	struct memory_trace *trace = (struct memory_trace *)recorder;
	struct memory_event *last;

	if (event->nr_args != memory_nr_args(event->kind))
		trace->is_broken = true;
	if (trace->nr_events == trace->events_room) {
		trace->events_room = trace->events_room ? 2 * trace->events_room : 4096;
		trace->events =
		    reallocarray(trace->events, trace->events_room, sizeof(*trace->events));
		if (!trace->events)
			abort();
	}
	last = &trace->events[trace->nr_events++];
	*last = (struct memory_event){ memory_nr_accesses(trace), *event };
	if (event->text)
		last->event.text = strdup(event->text);
}

static inline void memory_trace_init(struct memory_trace *trace)
{
	*trace = (struct memory_trace){ .recorder = { .drain = memory_drain,
		                                      .learn = memory_learn,
		                                      .notice = memory_notice } };
}

static inline void memory_trace_finish(struct memory_trace *trace)
{
	for (size_t i = 0; i < trace->nr_events; i++)
		free((char *)trace->events[i].event.text);
	free(trace->events);
	free(trace->accesses);
}

static inline void memory_fill(struct memory_trace *trace, struct trace_batch *batch, size_t end)
{
	while (batch->nr < TRACE_BATCH && trace->access_at < end) {
		const struct record_access *access = &trace->accesses[trace->access_at++];
		bool is_fetch = access->kind == ACCESS_FETCH;

		if (access->count) /* a block may have been stopped before its first */
			trace->batch[batch->nr++] =
			    (struct trace_access){ .va = access->va,
				                   .count = access->count,
				                   .kind = access->kind,
				                   .priv = access->priv,
				                   .size = is_fetch ? 0 : access->size };
	}
}

static inline int memory_next(struct trace_source *source, struct trace_batch *batch)
{
	struct memory_trace *trace = memory_trace_of(source);
	const struct memory_event *event =
	    trace->event_at < trace->nr_events ? &trace->events[trace->event_at] : NULL;
	size_t end = event ? event->nr_accesses : memory_nr_accesses(trace);

	if (!event && trace->access_at == end)
		return 0;
	*batch = (struct trace_batch){ .task = trace->task,
		                       .cpu = trace->cpu,
		                       .accesses = trace->batch };
	memory_fill(trace, batch, end);
	if (event && trace->access_at == end) {
		if (!trace->is_skipped[event->event.kind])
			batch->event = &event->event;
		trace->event_at++;
		trace->task = event->event.task;
		trace->cpu = event->event.cpu;
	}
	source->nr_records += batch->nr + !!batch->event;
	return 1;
}

static inline void memory_close(struct trace_source *source)
{
	(void)source;
}

/* The trace from its beginning on, for a machine whose addresses have va_bits. */
static inline struct trace_source *memory_trace_rewind(struct memory_trace *trace, uint32_t va_bits)
{
	static const struct trace_source_ops ops = { .next = memory_next, .close = memory_close };

	trace->source = (struct trace_source){
		.ops = &ops,
		.info = { .format = "memory", .has_events = true, .va_bits = va_bits },
	};
	trace->access_at = trace->event_at = 0;
	trace->task = 0;
	trace->cpu = 0;
	return &trace->source;
}

#endif
