/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a trace of each foreign format, packed or not. What is read must be
 * possible, what is refused be refused with a place and a reason; and what was read comes
 * back the same by way of a table (traces/export_csv.c).
 */
#include "traces/export.h"
#include "traces/import.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ACCESSES 4096 /* of an input that unpacks to very much: enough of it */

static const struct import_format *const formats[] = {
	&import_lackey,    &import_drmemtrace, &import_course, &import_din,
	&import_pinatrace, &import_champsim,   &import_oracle, &import_csv,
};

#define NR_FORMATS (sizeof(formats) / sizeof(formats[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* NULL: refused, and why was told. */
static struct trace_source *open_bytes(const struct import_format *format, const void *data,
                                       size_t size)
{
	FILE *file = fmemopen((void *)data, size, "r");
	struct container *container;
	struct trace_source *source;
	char why[600];
	size_t n;

	demand(file);
	if (container_open_file(&container, file, "fuzz", why, sizeof(why))) {
		demand(!strncmp(why, "fuzz: ", 6) && why[6]);
		return NULL;
	}
	container_fill(container);
	n = (size_t)(container->end - container->next);
	format->probe(container->next, n, container->ended); /* whatever it says */
	if (import_open(&source, format, container, why, sizeof(why))) {
		demand(!strncmp(why, "fuzz: ", 6) && why[6]);
		return NULL;
	}
	return source;
}

static void check_batch(const struct trace_batch *batch)
{
	demand(batch->nr <= TRACE_BATCH && (batch->nr || batch->event));
	demand(!batch->event || (unsigned)batch->event->kind < NR_RECORD_KINDS);
	demand(batch->task >= 0);
	for (uint32_t i = 0; i < batch->nr; i++) {
		const struct trace_access *access = &batch->accesses[i];

		demand(access->kind < NR_ACCESS_KINDS && access->priv < NR_PRIVS && access->count);
		demand(access->kind != ACCESS_FETCH || !access->block);
	}
}

/* Writes what there is, until there is more of it than max. */
static void read_into(struct trace_source *source, uint64_t max, struct trace_sink *sink)
{
	struct trace_batch batch;
	uint64_t nr = 0;
	int status = 1;

	while (nr < max && (status = trace_next(source, &batch)) > 0) {
		check_batch(&batch);
		nr += batch.nr;
		demand(!trace_write(sink, &batch));
	}
	demand(status >= 0 || !strncmp(source->error, "fuzz: ", 6));
}

struct table {
	char *text;
	size_t size;
};

static struct table table_of(struct trace_source *source, uint64_t max)
{
	struct trace_info info = source->info;
	struct trace_sink *sink = NULL;
	struct table table;
	char why[600];
	FILE *out = open_memstream(&table.text, &table.size);

	info.detail = TRACE_PAGE; /* with counts: an input may ask for 4G rows */
	demand(out && !trace_export_create(&sink, "csv", out, &info, why, sizeof(why)));
	read_into(source, max, sink);
	demand(!sink->ops->commit(sink, why, sizeof(why)));
	fclose(out);
	trace_close(source);
	return table;
}

static void check_format(const struct import_format *format, const uint8_t *data, size_t size)
{
	struct trace_source *source = open_bytes(format, data, size);
	struct table table, again;

	if (!source)
		return;
	table = table_of(source, MAX_ACCESSES);
	source = open_bytes(&import_csv, table.text, table.size);
	demand(source);
	again = table_of(source, UINT64_MAX);
	demand(again.size == table.size && !memcmp(again.text, table.text, table.size));
	free(table.text);
	free(again.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0; /* fmemopen(3) wants something */
	for (size_t i = 0; i < NR_FORMATS; i++)
		check_format(formats[i], data, size);
	return 0;
}
