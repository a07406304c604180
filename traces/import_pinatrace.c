/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pin's example tool pinatrace (source/tools/ManualExamples/pinatrace.cpp): the address
 * of the instruction, R or W, that of the data; behind it some versions have the size in
 * bytes, and the value.
 *
 *	0x7f2a5a5c3090: R 0x7ffd4ae5f0b8
 *	#eof
 */
#include "traces/import.h"

struct pinatrace_line {
	uint64_t ip;
	va_t va;
	uint64_t size; /* 0: unknown */
	enum access_kind kind;
};

static bool parse(const char *p, const char *end, struct pinatrace_line *out)
{
	out->size = 0;
	if (end - p < 2 || p[0] != '0' || p[1] != 'x' || !text_hex(&p, end, &out->ip) ||
	    !text_char(&p, end, ':'))
		return false;
	text_blanks(&p, end);
	if (!text_read_or_write(&p, end, &out->kind))
		return false;
	text_blanks(&p, end);
	if (!text_hex(&p, end, &out->va))
		return false;
	text_blanks(&p, end);
	return p == end || (text_decimal(&p, end, &out->size) && out->size <= UINT16_MAX &&
	                    (p == end || *p == ' ' || *p == '\t'));
}

static int is_line(const char *line, const char *end)
{
	struct pinatrace_line parsed;

	if (*line == '#')
		return 0;
	return parse(line, end, &parsed) ? 1 : -1;
}

static bool probe(const uint8_t *bytes, size_t n, bool whole)
{
	return text_probe(bytes, n, whole, is_line);
}

static int begin(struct import *import)
{
	import->source.info.producer = "pin pinatrace";
	return 0;
}

static int read_line(struct import *import)
{
	struct pinatrace_line line;
	const char *text;
	size_t len;
	int status;

	do {
		text = import_line(import, &len, &status);
		if (!text)
			return status;
	} while (*text == '#');
	if (!parse(text, text + len, &line))
		return import_fail_text(import, text, len, "0xIP: R|W 0xADDRESS");
	import->ip = line.ip;
	import_access(import, line.kind, line.va, (uint16_t)line.size);
	return 1;
}

const struct import_format import_pinatrace = {
	.name = "pinatrace",
	.doc = "Pin's pinatrace",
	.probe = probe,
	.begin = begin,
	.read = read_line,
};
