/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The traces that courses on operating systems hand out (gcc.trace, bzip.trace ...): an
 * address and R or W on each line.
 *
 *	0041f7a0 R
 */
#include "traces/import.h"

static bool parse(const char *line, const char *end, va_t *va, enum access_kind *kind)
{
	text_blanks(&line, end);
	if (!text_hex(&line, end, va))
		return false;
	text_blanks(&line, end);
	if (!text_read_or_write(&line, end, kind))
		return false;
	text_blanks(&line, end);
	return line == end;
}

static int is_line(const char *line, const char *end)
{
	enum access_kind kind;
	va_t va;

	return parse(line, end, &va, &kind) ? 1 : -1;
}

static bool probe(const uint8_t *bytes, size_t n, bool whole)
{
	return text_probe(bytes, n, whole, is_line);
}

static int read_line(struct import *import)
{
	enum access_kind kind;
	const char *line;
	size_t len;
	int status;
	va_t va;

	line = import_line(import, &len, &status);
	if (!line)
		return status;
	if (!parse(line, line + len, &va, &kind))
		return import_fail_text(import, line, len, "ADDRESS R|W");
	import_access(import, kind, va, 0);
	return 1;
}

const struct import_format import_course = {
	.name = "course",
	.doc = "lines of ADDRESS R|W, as many courses' traces",
	.probe = probe,
	.read = read_line,
};
