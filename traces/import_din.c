/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * din, of the cache simulator Dinero (dineroIII(1), "din" input): a label and an address
 * on each line, and what else is there does not matter.
 *
 *	2 430d70        0 read, 1 write, 2 instruction fetch, 3 other, 4 flush of the cache
 */
#include "traces/import.h"

enum { LABEL_READ, LABEL_WRITE, LABEL_FETCH, LABEL_OTHER, LABEL_FLUSH, NR_LABELS };

static bool parse(const char *line, const char *end, uint64_t *label, va_t *va)
{
	text_blanks(&line, end);
	if (!text_decimal(&line, end, label) || *label >= NR_LABELS)
		return false;
	if (line == end || (*line != ' ' && *line != '\t'))
		return false;
	text_blanks(&line, end);
	return text_hex(&line, end, va) && (line == end || *line == ' ' || *line == '\t');
}

static int is_line(const char *line, const char *end)
{
	uint64_t label;
	va_t va;

	return parse(line, end, &label, &va) ? 1 : -1;
}

static bool probe(const uint8_t *bytes, size_t n, bool whole)
{
	return text_probe(bytes, n, whole, is_line);
}

static int read_line(struct import *import)
{
	static const enum access_kind kinds[] = { [LABEL_READ] = ACCESS_LOAD,
		                                  [LABEL_WRITE] = ACCESS_STORE,
		                                  [LABEL_FETCH] = ACCESS_FETCH };
	const char *line;
	uint64_t label;
	size_t len;
	int status;
	va_t va;

	line = import_line(import, &len, &status);
	if (!line)
		return status;
	if (!parse(line, line + len, &label, &va))
		return import_fail_text(import, line, len,
		                        "LABEL ADDRESS, with labels from 0 to 4");
	if (label == LABEL_FLUSH)
		import_event(import, RECORD_CACHE_FLUSH);
	else if (label != LABEL_OTHER)
		import_access(import, kinds[label], va, 0);
	return 1;
}

const struct import_format import_din = {
	.name = "din",
	.doc = "Dinero's din",
	.probe = probe,
	.read = read_line,
};
