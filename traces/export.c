/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/export.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct export_format *const exports[] = { &export_drmemtrace, &export_champsim,
	                                               &export_lackey, &export_csv };

#define NR_EXPORTS (sizeof(exports) / sizeof(exports[0]))

const char *trace_export_format(size_t i, const char **doc)
{
	if (i >= NR_EXPORTS)
		return NULL;
	*doc = exports[i]->doc;
	return exports[i]->name;
}

/* ---- who ---- */

static uint64_t value_or(const struct id_map *map, int32_t task, uint64_t otherwise)
{
	const struct id_pair *pair = id_map_find(map, (uint64_t)task);

	return pair ? pair->value : otherwise;
}

uint64_t export_mm(const struct export *export)
{
	return value_or(&export->mm_of, export->task, (uint64_t) export->task);
}

uint64_t export_process(const struct export *export)
{
	return value_or(&export->process_of, export->task, export_mm(export));
}

static int remember(struct id_map *map, uint64_t task, uint64_t value)
{
	struct id_pair *pair = id_map_add(map, task, value);

	if (!pair)
		return -ENOMEM;
	pair->value = value;
	return 0;
}

static int follow_event(struct export *export, const struct record_event *event)
{
	switch (event->kind) {
	case RECORD_SWITCH:
		return remember(&export->mm_of, (uint64_t)event->task, event->args[0]);
	case RECORD_USE_MM:
		return remember(&export->mm_of, event->args[0], event->args[1]);
	case RECORD_TASK:
		return remember(&export->process_of, event->args[0], event->args[1]);
	default:
		return 0;
	}
}

/* ---- a sink ---- */

int export_refuse(struct export *export, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(export->sink.error, sizeof(export->sink.error), format, args);
	va_end(args);
	return -EINVAL;
}

static int write_failed(struct export *export, int err)
{
	if (!export->sink.error[0])
		snprintf(export->sink.error, sizeof(export->sink.error), "%s", strerror(-err));
	return err;
}

/* For unroll. */
static int emit(void *context, const struct trace_access *access)
{
	struct export *export = context;
	const struct export_format *format = export->format;
	uint32_t times = format->has_counts ? 1 : access->count;
	int err = 0;

	if (access->priv == PRIV_KERNEL && !format->has_kernel) {
		export->sink.nr_left_out += access->count;
		return 0;
	}
	while (!err && times--)
		err = format->access(export, access);
	return err;
}

/* Counts are written as they are where detail is that of pages. */
static int write_accesses(struct export *export, const struct trace_batch *batch)
{
	bool is_full = export->info.detail == TRACE_FULL;
	int err = 0;

	for (uint32_t i = 0; i < batch->nr && !err; i++)
		err = is_full ? unroll_access(&export->unroll, &batch->accesses[i])
		              : emit(export, &batch->accesses[i]);
	return err;
}

static int write_batch(struct trace_sink *sink, const struct trace_batch *batch)
{
	struct export *export = (struct export *)sink;
	int err = 0;

	errno = 0;
	if (batch->task != export->task || batch->cpu != export->cpu)
		err = unroll_flush(&export->unroll);
	export->task = batch->task;
	export->cpu = batch->cpu;
	if (!err)
		err = write_accesses(export, batch);
	if (!err && batch->event)
		err = unroll_flush(&export->unroll);
	if (!err && batch->event)
		err = follow_event(export, batch->event);
	if (!err && ferror(export->file))
		err = errno ? -errno : -EIO;
	return err ? write_failed(export, err) : 0;
}

static void destroy(struct export *export)
{
	if (export->format->finish && export->state)
		export->format->finish(export);
	unroll_finish(&export->unroll);
	id_map_finish(&export->mm_of);
	id_map_finish(&export->process_of);
	free(export->state);
	free(export);
}

static void abandon(struct trace_sink *sink)
{
	destroy((struct export *)sink);
}

static int commit(struct trace_sink *sink, char *why, size_t why_size)
{
	struct export *export = (struct export *)sink;
	int err;

	errno = 0;
	err = unroll_flush(&export->unroll);
	if (!err && export->format->end)
		err = export->format->end(export);
	if (!err && (fflush(export->file) || ferror(export->file)))
		err = errno ? -errno : -EIO;
	if (err)
		write_failed(export, err);
	snprintf(why, why_size, "%s", sink->error);
	destroy(export);
	return err;
}

static const struct trace_sink_ops export_ops = { .write = write_batch,
	                                          .commit = commit,
	                                          .abandon = abandon };

/* ---- creating ---- */

static const struct export_format *find_format(const char *name)
{
	for (size_t i = 0; i < NR_EXPORTS; i++)
		if (!strcmp(exports[i]->name, name))
			return exports[i];
	return NULL;
}

static struct export *create(const struct export_format *format, FILE *file,
                             const struct trace_info *info)
{
	struct export *export = calloc(1, sizeof(*export));

	if (!export)
		return NULL;
	export->sink.ops = &export_ops;
	export->format = format;
	export->file = file;
	export->info = *info;
	export->state = calloc(1, format->state_bytes + 1);
	unroll_init(&export->unroll, emit, export);
	if (!export->state) {
		destroy(export);
		return NULL;
	}
	return export;
}

int trace_export_create(struct trace_sink **out, const char *name, FILE *file,
                        const struct trace_info *info, char *why, size_t why_size)
{
	const struct export_format *format = find_format(name);
	struct export *export;
	int err;

	if (!format) {
		snprintf(why, why_size, "no such format to write: %s; see pagewalk trace formats",
		         name);
		return -EINVAL;
	}
	if (format->needs_instructions && info->detail == TRACE_PAGE) {
		snprintf(why, why_size,
		         "%s is written instruction by instruction, and this trace tells only "
		         "which pages were accessed how often",
		         name);
		return -EINVAL;
	}
	export = create(format, file, info);
	err = export ? (format->begin ? format->begin(export) : 0) : -ENOMEM;
	if (err) {
		snprintf(why, why_size, "%s", strerror(-err));
		if (export)
			destroy(export);
		return err;
	}
	*out = &export->sink;
	return 0;
}
