/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/import.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- batches ---- */

static bool has_room(const struct import *import)
{
	return import->nr + IMPORT_RECORD_ACCESSES <= TRACE_BATCH && !import->has_event;
}

static int next(struct trace_source *source, struct trace_batch *batch)
{
	struct import *import = (struct import *)source;

	memmove(import->accesses, import->accesses + import->nr,
	        import->nr_later * sizeof(import->accesses[0]));
	import->nr = import->nr_later;
	import->nr_later = 0;
	import->has_event = false;
	*batch = (struct trace_batch){ .task = import->task,
		                       .cpu = import->cpu,
		                       .accesses = import->accesses };
	while (has_room(import) && import->status > 0)
		import->status = import->format->read(import);
	source->bytes_done = container_done(import->container);
	batch->nr = import->nr;
	batch->event = import->has_event ? &import->event : NULL;
	return batch->nr || batch->event ? 1 : import->status;
}

static void close_import(struct trace_source *source)
{
	struct import *import = (struct import *)source;

	if (import->format->finish && import->state)
		import->format->finish(import);
	free(import->state);
	container_close(import->container);
	free(import);
}

static const struct trace_source_ops import_ops = { .next = next, .close = close_import };

static struct import *create(const struct import_format *format, struct container *container)
{
	struct import *import = calloc(1, sizeof(*import));

	if (!import)
		return NULL;
	import->state = calloc(1, format->state_bytes + 1);
	if (!import->state) {
		free(import);
		return NULL;
	}
	import->source.ops = &import_ops;
	import->source.bytes = container->file_bytes;
	import->source.info.format = format->name;
	import->format = format;
	import->container = container;
	import->status = 1;
	return import;
}

int import_open(struct trace_source **out, const struct import_format *format,
                struct container *container, char *why, size_t why_size)
{
	struct import *import = create(format, container);
	int err;

	if (!import) {
		snprintf(why, why_size, "%s: out of memory", container->name);
		container_close(container);
		return -ENOMEM;
	}
	err = format->begin ? format->begin(import) : 0;
	if (err) {
		snprintf(why, why_size, "%s", import->source.error);
		close_import(&import->source);
		return err;
	}
	*out = &import->source;
	return 0;
}

/* ---- what a reader found ---- */

void import_add(struct import *import, const struct trace_access *access)
{
	uint32_t *nr = import->has_event ? &import->nr_later : &import->nr;

	import->accesses[import->nr + import->nr_later] = *access;
	++*nr;
}

void import_access(struct import *import, enum access_kind kind, va_t va, uint16_t size)
{
	const struct trace_access access = {
		.va = va,
		.ip = kind == ACCESS_FETCH ? 0 : import->ip,
		.count = 1,
		.kind = (uint8_t)kind,
		.priv = PRIV_USER,
		.size = size,
	};

	import_add(import, &access);
}

void import_event(struct import *import, enum record_kind kind)
{
	import->has_event = true;
	import->event =
	    (struct record_event){ .kind = kind, .task = import->task, .cpu = import->cpu };
}

void import_switch(struct import *import, int32_t task, uint32_t cpu, uint64_t mm)
{
	import->task = task;
	import->cpu = cpu;
	import->mm = mm;
	import_event(import, RECORD_SWITCH);
	import->event.nr_args = 1;
	import->event.args[0] = mm;
}

const uint8_t *import_record(struct import *import, size_t n, int *status)
{
	struct container *container = import->container;
	const uint8_t *bytes = container_take(container, n);

	import->record_bytes = n;
	import->record_taken = bytes;
	if (likely(bytes)) {
		import->source.nr_records++;
		return bytes;
	}
	*status = 0;
	if (container->next != container->end || container->err) {
		import->source.nr_records++;
		*status = import_fail(import, "%s",
		                      container->err ? container->error
		                                     : "the file ends in the middle of it");
	}
	return NULL;
}

const char *import_line(struct import *import, size_t *len, int *status)
{
	struct container *container = import->container;
	const char *line;

	while ((line = container_line(container, len))) {
		import->source.nr_records++;
		if (*len)
			return line;
	}
	*status = 0;
	if (container->err) {
		import->source.nr_records++;
		*status = import_fail(import, "%s", container->error);
	}
	return NULL;
}

/* In the unpacked file. A record that is not all there was not taken. */
static uint64_t start_of_record(const struct import *import)
{
	uint64_t position = container_position(import->container);

	return import->record_taken ? position - import->record_bytes : position;
}

int import_fail(struct import *import, const char *format, ...)
{
	char *error = import->source.error;
	size_t size = sizeof(import->source.error);
	va_list args;
	int n;

	if (import->record_bytes)
		n = snprintf(error, size, "%s: record %llu, byte %llu: ", import->container->name,
		             (unsigned long long)import->source.nr_records,
		             (unsigned long long)start_of_record(import));
	else
		n = snprintf(error, size, "%s: line %llu: ", import->container->name,
		             (unsigned long long)import->source.nr_records);
	if (n < 0 || (size_t)n >= size)
		return -EINVAL;
	va_start(args, format);
	vsnprintf(error + n, size - (size_t)n, format, args);
	va_end(args);
	return -EINVAL;
}

#define SHOWN 60 /* characters of text */

int import_fail_text(struct import *import, const char *text, size_t len, const char *expected)
{
	char shown[SHOWN + 1];
	size_t n = len < SHOWN ? len : SHOWN;

	for (size_t i = 0; i < n; i++)
		shown[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
	shown[n] = 0;
	return import_fail(import, "\"%s\" is not %s", shown, expected);
}

/* ---- text ---- */

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

static bool number(const char **text, const char *end, unsigned base, uint64_t *value)
{
	const uint64_t limit = UINT64_MAX / base;
	const char *p = *text;
	uint64_t sum = 0;

	for (; p < end; p++) {
		unsigned digit = (unsigned)digit_of(*p);

		if (digit >= base)
			break;
		if (sum > limit || sum * base > UINT64_MAX - digit)
			return false;
		sum = sum * base + digit;
	}
	if (p == *text)
		return false;
	*text = p;
	*value = sum;
	return true;
}

bool text_hex(const char **text, const char *end, uint64_t *value)
{
	if (end - *text > 2 && (*text)[0] == '0' && ((*text)[1] | 0x20) == 'x')
		*text += 2;
	return number(text, end, 16, value);
}

bool text_decimal(const char **text, const char *end, uint64_t *value)
{
	return number(text, end, 10, value);
}

bool text_char(const char **text, const char *end, char c)
{
	if (*text == end || **text != c)
		return false;
	++*text;
	return true;
}

bool text_read_or_write(const char **text, const char *end, enum access_kind *kind)
{
	if (*text == end || (**text != 'R' && **text != 'W'))
		return false;
	*kind = **text == 'R' ? ACCESS_LOAD : ACCESS_STORE;
	++*text;
	return true;
}

void text_blanks(const char **text, const char *end)
{
	while (*text < end && (**text == ' ' || **text == '\t'))
		++*text;
}

bool text_probe(const uint8_t *bytes, size_t n, bool whole,
                int (*is_line)(const char *line, const char *end))
{
	const char *line = (const char *)bytes, *end = line + n;
	size_t nr_lines = 0;

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline ? newline : end;
		int verdict;

		if (!newline && !whole)
			break;
		if (line_end > line && line_end[-1] == '\r')
			line_end--;
		verdict = line_end > line ? is_line(line, line_end) : 0;
		if (verdict < 0)
			return false;
		nr_lines += verdict;
		line = newline ? newline + 1 : end;
	}
	return nr_lines;
}
