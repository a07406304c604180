/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/merge.h"

#include "traces/id_map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* New numbers, of one trace or of all. */
struct numbers {
	struct id_map tasks;
	struct id_map mms;
	struct id_map mm_of; /* what was told of tasks: old to old */
};

/* One of the traces. */
struct part {
	struct trace_source *source;
	bool is_over;
	struct trace_batch batch;
	uint32_t next;  /* of its accesses */
	bool has_batch; /* with something left in it */
	struct numbers own_numbers, *numbers;
};

struct merge {
	struct trace_source source;
	uint64_t quantum, left; /* accesses; left: of the current part's */
	uint32_t nr, current, nr_open;
	uint64_t nr_tasks, nr_mms;
	struct id_map running; /* on each CPU: the task, by its new number */
	struct record_event event;
	struct trace_access accesses[TRACE_BATCH];
	struct part parts[];
};

/* Numbers of address spaces that were not told: of the task. */
#define MM_OF_TASK ((uint64_t)1 << 63)

/* ---- numbers ---- */

/* The new number of an old one; 0: no memory. */
static uint64_t renumber(struct id_map *map, uint64_t old, uint64_t *last)
{
	size_t nr_before = map->nr_used;
	struct id_pair *pair = id_map_add(map, old, *last + 1);

	if (!pair)
		return 0;
	*last += map->nr_used != nr_before;
	return pair->value;
}

static int follow_event(struct part *part, const struct record_event *event)
{
	struct id_pair *pair;
	uint64_t task, mm;

	if (event->kind == RECORD_SWITCH) {
		task = (uint64_t)event->task;
		mm = event->args[0];
	} else if (event->kind == RECORD_USE_MM) {
		task = event->args[0];
		mm = event->args[1];
	} else {
		return 0;
	}
	pair = id_map_add(&part->numbers->mm_of, task, mm);
	if (!pair)
		return -ENOMEM;
	pair->value = mm;
	return 0;
}

/* Whose accesses come now, on which CPU. 1: it was another before, and *batch says so; 0; or
 * -ENOMEM. */
static int switch_task(struct merge *own, struct part *part, struct trace_batch *batch)
{
	uint64_t old = (uint64_t)part->batch.task;
	const struct id_pair *told = id_map_find(&part->numbers->mm_of, old);
	uint64_t task = renumber(&part->numbers->tasks, old, &own->nr_tasks);
	uint64_t mm =
	    renumber(&part->numbers->mms, told ? told->value : MM_OF_TASK | old, &own->nr_mms);
	struct id_pair *running = id_map_add(&own->running, part->batch.cpu, 0);
	uint64_t now = task << 32 | mm;

	if (!task || !mm || !running)
		return -ENOMEM;
	batch->task = (int32_t)task;
	if (running->value == now)
		return 0;
	running->value = now;
	own->event = (struct record_event){ .kind = RECORD_SWITCH,
		                            .task = (int32_t)task,
		                            .cpu = part->batch.cpu,
		                            .nr_args = 1,
		                            .args = { mm } };
	batch->event = &own->event;
	return 1;
}

/* ---- turns ---- */

static void count_progress(struct merge *own)
{
	own->source.nr_records = own->source.bytes_done = 0;
	for (uint32_t i = 0; i < own->nr; i++) {
		own->source.nr_records += own->parts[i].source->nr_records;
		own->source.bytes_done += own->parts[i].source->bytes_done;
	}
}

/* 1: the part has accesses; 0: it is over; -errno. */
static int refill(struct merge *own, struct part *part)
{
	int status;

	while (!part->has_batch) {
		status = trace_next(part->source, &part->batch);
		if (status < 0)
			memcpy(own->source.error, part->source->error, sizeof(own->source.error));
		if (status <= 0)
			return status;
		part->next = 0;
		part->has_batch = true;
		if (!part->batch.nr && part->batch.event) {
			part->has_batch = false;
			status = follow_event(part, part->batch.event);
			if (status)
				return status;
		}
	}
	return 1;
}

/* The part's next accesses, as many as its turn has left: those of programs. */
static uint32_t take_accesses(struct merge *own, struct part *part)
{
	uint32_t nr = 0;

	while (part->next < part->batch.nr && own->left) {
		const struct trace_access *access = &part->batch.accesses[part->next++];

		if (access->priv != PRIV_USER)
			continue;
		own->left -= access->count < own->left ? access->count : own->left;
		own->accesses[nr++] = *access;
	}
	if (part->next < part->batch.nr)
		return nr;
	part->has_batch = false;
	return nr;
}

static void begin_turn(struct merge *own)
{
	do
		own->current = (own->current + 1) % own->nr;
	while (own->parts[own->current].is_over);
	own->left = own->quantum;
}

/* 1 and *batch, which may be empty; 0: the part is over; -errno. */
static int go_on(struct merge *own, struct part *part, struct trace_batch *batch)
{
	int status = refill(own, part);

	if (status <= 0)
		return status;
	*batch = (struct trace_batch){ .cpu = part->batch.cpu, .accesses = own->accesses };
	status = switch_task(own, part, batch);
	if (status)
		return status;
	batch->nr = take_accesses(own, part);
	if (!part->has_batch && part->batch.event)
		status = follow_event(part, part->batch.event);
	return status < 0 ? status : 1;
}

static int next(struct trace_source *source, struct trace_batch *batch)
{
	struct merge *own = (struct merge *)source;

	while (own->nr_open) {
		struct part *part = &own->parts[own->current];
		int status = go_on(own, part, batch);

		if (status < 0) {
			if (!source->error[0])
				snprintf(source->error, sizeof(source->error), "%s",
				         strerror(-status));
			return status;
		}
		count_progress(own);
		if (!status) {
			part->is_over = true;
			own->nr_open--;
		}
		if (own->nr_open && (!status || !own->left))
			begin_turn(own);
		if (status && (batch->nr || batch->event))
			return 1;
	}
	return 0;
}

static void close_merge(struct trace_source *source)
{
	struct merge *own = (struct merge *)source;

	for (uint32_t i = 0; i < own->nr; i++) {
		id_map_finish(&own->parts[i].own_numbers.tasks);
		id_map_finish(&own->parts[i].own_numbers.mms);
		id_map_finish(&own->parts[i].own_numbers.mm_of);
	}
	id_map_finish(&own->running);
	free(own);
}

static const struct trace_source_ops merge_ops = { .next = next, .close = close_merge };

/* What is known of all of them. 0 or -EINVAL. */
static int join_info(struct merge *own, struct trace_source *const *sources)
{
	struct trace_source *joined = &own->source;
	bool all_sizes_known = true;

	joined->info = (struct trace_info){ .format = "merged",
		                            .producer = "pagewalk trace merge",
		                            .detail = sources[0]->info.detail };
	for (uint32_t i = 0; i < own->nr; i++) {
		const struct trace_info *info = &sources[i]->info;

		if (info->detail != joined->info.detail)
			return -EINVAL;
		if (info->va_bits > joined->info.va_bits)
			joined->info.va_bits = info->va_bits;
		joined->info.is_physical |= info->is_physical;
		joined->bytes += sources[i]->bytes;
		all_sizes_known &= sources[i]->bytes != 0;
	}
	if (!all_sizes_known)
		joined->bytes = 0;
	return 0;
}

int trace_merge_open(struct trace_source **out, struct trace_source **sources, uint32_t nr,
                     uint64_t quantum, bool one_system, char *why, size_t why_size)
{
	struct merge *own = calloc(1, sizeof(*own) + nr * sizeof(own->parts[0]));

	if (!own) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	own->source.ops = &merge_ops;
	own->quantum = own->left = quantum;
	own->nr = own->nr_open = nr;
	for (uint32_t i = 0; i < nr; i++) {
		own->parts[i].source = sources[i];
		own->parts[i].numbers = &own->parts[one_system ? 0 : i].own_numbers;
	}
	if (join_info(own, sources)) {
		snprintf(why, why_size, "some tell every access, others pages");
		free(own);
		return -EINVAL;
	}
	*out = &own->source;
	return 0;
}
