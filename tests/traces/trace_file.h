/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace_file - small trace files for tests, and what is read from them, one line for
 * each access and event:
 *
 *	fetch 401000 3 task 7 ip 0
 */
#ifndef PW_TESTS_TRACE_FILE_H
#define PW_TESTS_TRACE_FILE_H

#include "traces/formats.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file with these bytes; its name, which trace_file_remove() frees. */
static inline char *trace_file_make(const void *bytes, size_t n)
{
	char *path = strdup("/tmp/pagewalk-trace-XXXXXX");
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	close(fd);
	return path;
}

static inline void trace_file_remove(char *path)
{
	unlink(path);
	free(path);
}

static inline void trace_print_batch(FILE *out, const struct trace_batch *batch)
{
	static const char *const kinds[] = { "load", "store", "fetch" };

	for (uint32_t i = 0; i < batch->nr; i++) {
		const struct trace_access *access = &batch->accesses[i];

		fprintf(out, "%s %llx %u task %d ip %llx\n", kinds[access->kind],
		        (unsigned long long)access->va, access->size, batch->task,
		        access->kind == ACCESS_FETCH ? 0ULL : (unsigned long long)access->ip);
	}
	if (batch->event)
		fprintf(out, "%s %d mm %llu\n", trace_event_names[batch->event->kind],
		        batch->event->task, (unsigned long long)batch->event->args[0]);
}

/* What is in a file of `format` (NULL: what it looks like), and then "error: ..." if it
 * is broken; malloc'ed. */
static inline char *trace_read_bytes(const char *format, const void *bytes, size_t n)
{
	char *path = trace_file_make(bytes, n), *text, why[512];
	struct trace_source *source;
	struct trace_batch batch;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int status;

	if (trace_open(&source, path, format, why, sizeof(why))) {
		ck_assert_ptr_eq(strstr(why, path), why);
		fprintf(out, "error: %s\n", why + strlen(path));
	} else {
		while ((status = trace_next(source, &batch)) > 0)
			trace_print_batch(out, &batch);
		if (status < 0) {
			ck_assert_ptr_eq(strstr(source->error, path), source->error);
			fprintf(out, "error: %s\n", source->error + strlen(path));
		}
		trace_close(source);
	}
	fclose(out);
	trace_file_remove(path);
	return text;
}

static inline char *trace_read_text(const char *format, const char *text)
{
	return trace_read_bytes(format, text, strlen(text));
}

#endif
