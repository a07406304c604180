/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk trace info: what is in a trace, by reading all of it.
 */
#include "sim/json.h"
#include "tools/options.h"
#include "tools/progress.h"
#include "tools/trace_verbs.h"
#include "traces/id_map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct task_tally {
	int32_t pid;
	uint64_t accesses;
};

struct tally {
	uint64_t records; /* accesses as they were recorded, and events */
	uint64_t accesses[NR_PRIVS][NR_ACCESS_KINDS];
	uint64_t events[NR_RECORD_KINDS];
	struct id_map by_pid; /* index in tasks */
	struct task_tally *tasks;
	size_t nr_tasks;
	uint32_t nr_cpus;
};

static uint64_t sum_of(const struct tally *tally)
{
	uint64_t sum = 0;

	for (int priv = 0; priv < NR_PRIVS; priv++)
		for (int kind = 0; kind < NR_ACCESS_KINDS; kind++)
			sum += tally->accesses[priv][kind];
	return sum;
}

static uint64_t nr_events(const struct tally *tally)
{
	uint64_t sum = 0;

	for (int kind = 0; kind < NR_RECORD_KINDS; kind++)
		sum += tally->events[kind];
	return sum;
}

/* ---- counting ---- */

/* NULL: no memory. */
static struct task_tally *task_of(struct tally *tally, int32_t pid)
{
	size_t nr_before = tally->by_pid.nr_used;
	struct id_pair *pair = id_map_add(&tally->by_pid, (uint64_t)pid, tally->nr_tasks);
	struct task_tally *tasks = tally->tasks;

	if (!pair)
		return NULL;
	if (tally->by_pid.nr_used != nr_before) {
		tasks = reallocarray(tasks, tally->nr_tasks + 1, sizeof(*tasks));
		if (!tasks)
			return NULL;
		tally->tasks = tasks;
		tasks[tally->nr_tasks++] = (struct task_tally){ .pid = pid };
	}
	return &tasks[pair->value];
}

static int count(struct tally *tally, const struct trace_batch *batch)
{
	if (batch->nr) {
		struct task_tally *task = task_of(tally, batch->task);

		if (!task)
			return -ENOMEM;
		for (uint32_t i = 0; i < batch->nr; i++) {
			const struct trace_access *access = &batch->accesses[i];

			tally->accesses[access->priv][access->kind] += access->count;
			task->accesses += access->count;
		}
		if (batch->cpu >= tally->nr_cpus)
			tally->nr_cpus = batch->cpu + 1;
	}
	tally->records += batch->nr + (batch->event != NULL);
	if (batch->event)
		tally->events[batch->event->kind]++;
	return 0;
}

static void finish(struct tally *tally)
{
	id_map_finish(&tally->by_pid);
	free(tally->tasks);
}

/* ---- showing ---- */

static const char *const kind_names[] = { "load", "store", "fetch" };
static const char *const priv_names[] = { "user", "kernel" };
static const char *const detail_names[] = { "full", "page" };

#define TITLE "%-12s "
#define MAX_TASKS_SHOWN 16

/* A line of a file's own text: what could upset a terminal is left out. */
static void print_text(const char *title, const char *text)
{
	if (!text)
		return;
	printf(TITLE, title);
	for (; *text && *text != '\n'; text++)
		if ((unsigned char)*text >= ' ' && *text != 0x7f)
			putchar(*text);
	putchar('\n');
}

/* Three digits behind the point: a/b. */
static void print_ratio(const char *title, uint64_t a, uint64_t b)
{
	printf(TITLE "%.3f\n", title, (double)a / (double)b);
}

static void print_accesses(const struct tally *tally, enum privilege priv, const char *title)
{
	const uint64_t *of = tally->accesses[priv];

	if (priv != PRIV_USER && !of[ACCESS_LOAD] && !of[ACCESS_STORE] && !of[ACCESS_FETCH])
		return;
	printf(TITLE "%llu loads, %llu stores, %llu fetches\n", title,
	       (unsigned long long)of[ACCESS_LOAD], (unsigned long long)of[ACCESS_STORE],
	       (unsigned long long)of[ACCESS_FETCH]);
}

static void print_tasks(const struct tally *tally)
{
	size_t nr = tally->nr_tasks < MAX_TASKS_SHOWN ? tally->nr_tasks : MAX_TASKS_SHOWN;

	printf(TITLE "%zu, on %u CPU%s\n", "tasks", tally->nr_tasks, tally->nr_cpus,
	       tally->nr_cpus == 1 ? "" : "s");
	for (size_t i = 0; i < nr; i++)
		printf(TITLE "task %d: %llu accesses\n", "", tally->tasks[i].pid,
		       (unsigned long long)tally->tasks[i].accesses);
	if (nr < tally->nr_tasks)
		printf(TITLE "and %zu more\n", "", tally->nr_tasks - nr);
}

static void print_events(const struct tally *tally)
{
	printf(TITLE "%llu\n", "events", (unsigned long long)nr_events(tally));
	for (int kind = 0; kind < NR_RECORD_KINDS; kind++)
		if (tally->events[kind])
			printf(TITLE "%llu %s\n", "", (unsigned long long)tally->events[kind],
			       trace_event_names[kind]);
}

static void print_info(const struct trace_source *source, const struct tally *tally)
{
	const struct trace_info *info = &source->info;

	print_text("format", info->format);
	printf(TITLE "%s\n", "detail",
	       info->detail == TRACE_FULL ? "full: every access" : "page: each change of page");
	print_text("producer", info->producer);
	print_text("command", info->command);
	print_text("machine", info->machine);
	if (info->va_bits)
		printf(TITLE "%u bits%s\n", "addresses", info->va_bits,
		       info->is_physical ? ", physical" : "");
	print_tasks(tally);
	printf(TITLE "%llu\n", "records", (unsigned long long)tally->records);
	print_accesses(tally, PRIV_USER, "accesses");
	print_accesses(tally, PRIV_KERNEL, "  kernel's");
	print_events(tally);
	if (source->nr_frames)
		printf(TITLE "%llu\n", "frames", (unsigned long long)source->nr_frames);
	if (!source->bytes)
		return;
	printf(TITLE "%llu\n", "bytes", (unsigned long long)source->bytes);
	if (sum_of(tally))
		print_ratio("per access", source->bytes, sum_of(tally));
}

/* ---- as JSON ---- */

static void write_optional(struct json *json, const char *key, const char *value)
{
	if (value)
		json_string(json, key, value);
}

static void write_accesses(struct json *json, const struct tally *tally)
{
	json_begin_object(json, "accesses");
	json_uint(json, "all", sum_of(tally));
	for (int priv = 0; priv < NR_PRIVS; priv++) {
		json_begin_object(json, priv_names[priv]);
		for (int kind = 0; kind < NR_ACCESS_KINDS; kind++)
			json_uint(json, kind_names[kind], tally->accesses[priv][kind]);
		json_end(json);
	}
	json_end(json);
}

static void write_tasks(struct json *json, const struct tally *tally)
{
	json_begin_array(json, "tasks");
	for (size_t i = 0; i < tally->nr_tasks; i++) {
		json_begin_object(json, NULL);
		json_int(json, "pid", tally->tasks[i].pid);
		json_uint(json, "accesses", tally->tasks[i].accesses);
		json_end(json);
	}
	json_end(json);
}

static void write_events(struct json *json, const struct tally *tally)
{
	json_begin_object(json, "events");
	for (int kind = 0; kind < NR_RECORD_KINDS; kind++)
		if (tally->events[kind])
			json_uint(json, trace_event_names[kind], tally->events[kind]);
	json_end(json);
}

static void write_info(const struct trace_source *source, const struct tally *tally)
{
	const struct trace_info *info = &source->info;
	struct json json;

	json_init(&json, stdout);
	json_begin_object(&json, NULL);
	json_string(&json, "schema", "pagewalk-trace-info/1");
	json_string(&json, "format", info->format);
	json_string(&json, "detail", detail_names[info->detail]);
	write_optional(&json, "producer", info->producer);
	write_optional(&json, "command", info->command);
	write_optional(&json, "machine", info->machine);
	if (info->va_bits)
		json_uint(&json, "va_bits", info->va_bits);
	json_bool(&json, "physical", info->is_physical);
	json_bool(&json, "has_events", info->has_events);
	json_uint(&json, "cpus", tally->nr_cpus);
	json_uint(&json, "records", tally->records);
	write_accesses(&json, tally);
	write_tasks(&json, tally);
	write_events(&json, tally);
	if (source->nr_frames)
		json_uint(&json, "frames", source->nr_frames);
	if (source->bytes)
		json_uint(&json, "bytes", source->bytes);
	json_end(&json);
}

/* What was read of a broken trace is shown, and then what is wrong. */
int trace_verb_info(const struct trace_options *options, char **paths, int nr_paths)
{
	struct trace_source *source = trace_verb_open(options, paths[0]);
	struct tally tally = { 0 };
	struct progress progress;
	struct trace_batch batch;
	int status, err = 0;

	if (!source)
		return EXIT_MISTAKE;
	progress_begin(&progress, paths[0], options->quiet);
	while ((status = trace_next(source, &batch)) > 0 && !(err = count(&tally, &batch)))
		progress_show(&progress, source);
	progress_end(&progress);
	if (err)
		complain("%s: out of memory", paths[0]);
	else
		(options->json ? write_info : print_info)(source, &tally);
	if (status < 0)
		complain("%s", source->error);
	finish(&tally);
	trace_close(source);
	return err || status < 0 ? EXIT_MISTAKE : 0;
}
