/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/formats.h"

#include "traces/container.h"
#include "traces/export.h"
#include "traces/import.h"
#include "traces/pagewalk_format.h"
#include "traces/unpacker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct import_format *const imports[] = {
	&import_lackey,    &import_drmemtrace, &import_course, &import_din,
	&import_pinatrace, &import_champsim,   &import_oracle, &import_csv,
};

#define NR_IMPORTS (sizeof(imports) / sizeof(imports[0]))

#define OURS "pagewalk"
#define OURS_DOC "our own (docs/trace-format.md)"

const char *trace_read_format(size_t i, const char **doc)
{
	if (i > NR_IMPORTS)
		return NULL;
	*doc = i ? imports[i - 1]->doc : OURS_DOC;
	return i ? imports[i - 1]->name : OURS;
}

static const struct import_format *find_named(const char *name)
{
	for (size_t i = 0; i < NR_IMPORTS; i++)
		if (!strcmp(imports[i]->name, name))
			return imports[i];
	return NULL;
}

/* Of the formats that guess, or of those that know: the one whose files begin like this
 * one. NULL: none. If there are two, *other is one of them. */
static const struct import_format *find_among(bool guesses, const struct container *container,
                                              const struct import_format **other)
{
	const struct import_format *found = NULL;
	size_t n = (size_t)(container->end - container->next);

	for (size_t i = 0; i < NR_IMPORTS; i++) {
		if (imports[i]->is_guess != guesses ||
		    !imports[i]->probe(container->next, n, container->ended || container->err))
			continue;
		*other = found;
		found = imports[i];
	}
	return found;
}

static const struct import_format *find_fitting(struct container *container,
                                                const struct import_format **other)
{
	const struct import_format *found;

	container_fill(container);
	found = find_among(false, container, other);
	return found ? found : find_among(true, container, other);
}

static int choose(const struct import_format **out, struct container *container, const char *format,
                  char *why, size_t why_size)
{
	const struct import_format *other = NULL;

	if (format && !strcmp(format, OURS)) {
		snprintf(why, why_size, "%s: no trace of ours", container->name);
		return -EINVAL;
	}
	if (format) {
		*out = find_named(format);
		if (*out)
			return 0;
		snprintf(why, why_size, "%s: no such trace format; see pagewalk trace formats",
		         format);
		return -EINVAL;
	}
	*out = find_fitting(container, &other);
	if (*out && !other)
		return 0;
	if (!*out && container->err)
		snprintf(why, why_size, "%s: %s", container->name, container->error);
	else if (!*out)
		snprintf(why, why_size,
		         "%s: it looks like no trace format that is known: which one is it? "
		         "--format NAME",
		         container->name);
	else
		snprintf(why, why_size, "%s: it may be %s or %s: which one is it? --format NAME",
		         container->name, other->name, (*out)->name);
	return -EINVAL;
}

/* Our own frames are zstd's. */
static bool is_ours(const struct container *container)
{
	return container->unpacker == &unpacker_zst &&
	       trace_is_pagewalk(container->packed,
	                         (size_t)(container->packed_end - container->packed));
}

static int open_ours(struct trace_source **out, struct container *container, char *why,
                     size_t why_size)
{
	const char *name = container->name;
	size_t size;
	void *head;
	FILE *file = container_give_file(container, &head, &size);
	int err;

	if (!file) {
		snprintf(why, why_size, "%s: out of memory", name);
		return -ENOMEM;
	}
	err = trace_open_pagewalk(out, file, head, size, name, why, why_size);
	free(head);
	return err;
}

int trace_open(struct trace_source **out, const char *path, const char *format, char *why,
               size_t why_size)
{
	const struct import_format *chosen;
	struct container *container;
	int err = container_open(&container, path, why, why_size);

	if (err)
		return err;
	if ((!format || !strcmp(format, OURS)) && is_ours(container))
		return open_ours(out, container, why, why_size);
	err = choose(&chosen, container, format, why, why_size);
	if (err) {
		container_close(container);
		return err;
	}
	return import_open(out, chosen, container, why, why_size);
}

int trace_create(struct trace_sink **out, const char *format, FILE *file,
                 const struct trace_info *info, char *why, size_t why_size)
{
	int err;

	if (strcmp(format, OURS) != 0)
		return trace_export_create(out, format, file, info, why, why_size);
	err = trace_create_pagewalk(out, file, info);
	if (err)
		snprintf(why, why_size, "%s", strerror(-err));
	return err;
}
