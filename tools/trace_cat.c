/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk trace cat: a line for each record,
 *
 *	TASK CPU load|store|fetch user|kernel VA SIZE COUNT IP [LENGTHS]
 *	TASK CPU EVENT NAME=VALUE ... ["TEXT"]
 *
 * with "-" for what is not known. LENGTHS are those of a fetch's instructions.
 */
#include "tools/options.h"
#include "tools/trace_verbs.h"

#include <stdio.h>
#include <string.h>

static void print_lengths(const struct trace_block *block)
{
	putchar(' ');
	for (uint32_t i = 0; i < block->nr_instructions; i++)
		printf(i ? ",%u" : "%u", block->lengths[i]);
}

static void print_access(const struct trace_batch *batch, const struct trace_access *access)
{
	static const char *const kinds[] = { "load", "store", "fetch" };
	static const char *const privs[] = { "user", "kernel" };
	bool is_fetch = access->kind == ACCESS_FETCH;

	printf("%d %u %s %s 0x%llx ", batch->task, batch->cpu, kinds[access->kind],
	       privs[access->priv], (unsigned long long)access->va);
	printf(access->size ? "%u" : "-", access->size);
	printf(" %u ", access->count);
	printf(!is_fetch && access->ip ? "0x%llx" : "-", (unsigned long long)access->ip);
	if (is_fetch && access->block && access->block->lengths)
		print_lengths(access->block);
	putchar('\n');
}

/* Quoted as in C. */
static void print_text(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < ' ' || c == 0x7f)
			printf("\\%03o", c);
		else
			putchar(c);
	}
	putchar('"');
}

static bool is_address(const char *name, size_t len)
{
	static const char *const addresses[] = {
		"va",        "va_r",      "ip",        "start",      "end",
		"new",       "old",       "hint",      "brk",        "brk_r",
		"start_brk", "mmap_base", "task_size", "start_data", "end_data",
		"object",    "object_r",  "cache",     "flags"
	};

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		if (strlen(addresses[i]) == len && !memcmp(addresses[i], name, len))
			return true;
	return false;
}

static void print_event(const struct record_event *event)
{
	const char *name = trace_event_args[event->kind];

	printf("%d %u %s", event->task, event->cpu, trace_event_names[event->kind]);
	for (uint32_t i = 0; i < event->nr_args && *name; i++) {
		size_t len = strcspn(name, " ");

		printf(is_address(name, len) ? " %.*s=0x%llx" : " %.*s=%lld", (int)len, name,
		       (long long)event->args[i]);
		name += len + strspn(name + len, " ");
	}
	if (event->text) {
		putchar(' ');
		print_text(event->text);
	}
	putchar('\n');
}

static void print_batch(const struct trace_batch *batch)
{
	for (uint32_t i = 0; i < batch->nr; i++)
		print_access(batch, &batch->accesses[i]);
	if (batch->event)
		print_event(batch->event);
}

int trace_verb_cat(const struct trace_options *options, char **paths, int nr_paths)
{
	struct trace_source *source = trace_verb_open(options, paths[0]);
	struct trace_batch batch;
	int status = 0;

	if (!source)
		return EXIT_MISTAKE;
	while (!ferror(stdout) && (status = trace_next(source, &batch)) > 0)
		print_batch(&batch);
	if (status < 0)
		complain("%s", source->error);
	trace_close(source);
	return status < 0 ? EXIT_MISTAKE : 0;
}
