/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_source - a trace that a test makes up, one record after the other.
 */
#ifndef PW_TESTS_LIST_SOURCE_H
#define PW_TESTS_LIST_SOURCE_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traces/trace.h"

/* An access, or an event. */
struct list_record {
	int32_t task;
	uint32_t cpu;
	bool is_event;
	struct trace_access access;
	struct record_event event;
};

struct list_source {
	struct trace_source source; /* first */
	struct list_record *records;
	size_t nr, room, at;
	size_t breaks_at;     /* the record that is broken; 0: none is */
	int32_t task;         /* of what is added */
	uint32_t cpu;         /* the same */
	uint32_t batch_limit; /* accesses; 0: as many as there may be */
	struct trace_access batch[TRACE_BATCH];
};

static inline int list_source_next(struct trace_source *source, struct trace_batch *batch)
{
	struct list_source *list = (struct list_source *)source;
	const struct list_record *first = &list->records[list->at];
	uint32_t limit = list->batch_limit ? list->batch_limit : TRACE_BATCH;

	if (list->at == list->nr)
		return 0;
	*batch =
	    (struct trace_batch){ .task = first->task, .cpu = first->cpu, .accesses = list->batch };
	while (list->at < list->nr && batch->nr < limit && !batch->event) {
		const struct list_record *record = &list->records[list->at];

		if (list->breaks_at && list->at + 1 == list->breaks_at) {
			if (list->at > (size_t)(first - list->records))
				return 1;
			snprintf(source->error, sizeof(source->error), "list: record %zu: broken",
			         list->breaks_at);
			return -EINVAL;
		}
		if (record->task != first->task || record->cpu != first->cpu)
			break;
		if (record->is_event)
			batch->event = &record->event;
		else
			list->batch[batch->nr++] = record->access;
		list->at++;
	}
	source->nr_records = list->at;
	return 1;
}

static inline void list_source_close(struct trace_source *source)
{
	struct list_source *list = (struct list_source *)source;

	free(list->records);
	list->records = NULL;
	list->nr = list->room = list->at = 0;
}

static const struct trace_source_ops list_source_ops = { .next = list_source_next,
	                                                 .close = list_source_close };

/* An empty one, of a run that has memory management events or not. */
static inline void list_source_init(struct list_source *list, bool has_events)
{
	*list = (struct list_source){
		.source = { .ops = &list_source_ops,
		            .info = { .format = "list", .has_events = has_events } },
	};
}

static inline struct list_record *list_source_add(struct list_source *list)
{
	if (list->nr == list->room) {
		list->room = list->room ? 2 * list->room : 64;
		list->records = reallocarray(list->records, list->room, sizeof(*list->records));
		ck_assert_ptr_nonnull(list->records);
	}
	list->records[list->nr] = (struct list_record){ .task = list->task, .cpu = list->cpu };
	return &list->records[list->nr++];
}

static inline struct trace_access *list_source_access(struct list_source *list,
                                                      enum access_kind kind, va_t va)
{
	struct trace_access *access = &list_source_add(list)->access;

	*access = (struct trace_access){ .va = va, .kind = kind, .count = 1 };
	return access;
}

/* args: as many as there are, zeroes behind them. */
static inline struct record_event *list_source_event(struct list_source *list,
                                                     enum record_kind kind, uint64_t a, uint64_t b,
                                                     uint64_t c, uint64_t d)
{
	struct list_record *record = list_source_add(list);

	record->is_event = true;
	record->event = (struct record_event){ .kind = kind,
		                               .task = list->task,
		                               .cpu = list->cpu,
		                               .nr_args = 4,
		                               .args = { a, b, c, d } };
	return &record->event;
}

#endif
