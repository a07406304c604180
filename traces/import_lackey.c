/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Valgrind's lackey with --trace-mem=yes (Valgrind User Manual, "Lackey: an example
 * tool"; lackey/lk_main.c):
 *
 *	I  04001000,3           an instruction: address, length
 *	 L 1ffeffe7e0,8         a load; S: a store; M: a load, then a store
 *	==123== ...             what Valgrind itself says
 */
#include "traces/import.h"

/* "==123==" or "--123--": with a process id between two equal marks. */
static bool is_valgrinds(const char *line, const char *end)
{
	const char *p = line + 2;
	uint64_t pid;

	return end - line > 4 && line[0] == line[1] && (line[0] == '=' || line[0] == '-') &&
	       text_decimal(&p, end, &pid) && text_char(&p, end, line[0]) &&
	       text_char(&p, end, line[0]);
}

struct lackey_line {
	char what; /* I, L, S, M */
	va_t va;
	uint64_t size;
};

static bool parse(const char *line, const char *end, struct lackey_line *out)
{
	const char *p = line + 3;

	if (end - line < 4 || line[2] != ' ')
		return false;
	if (line[0] == 'I' && line[1] == ' ')
		out->what = 'I';
	else if (line[0] == ' ' && (line[1] == 'L' || line[1] == 'S' || line[1] == 'M'))
		out->what = line[1];
	else
		return false;
	return text_hex(&p, end, &out->va) && text_char(&p, end, ',') &&
	       text_decimal(&p, end, &out->size) && p == end && out->size <= UINT16_MAX;
}

static int is_line(const char *line, const char *end)
{
	struct lackey_line parsed;

	if (is_valgrinds(line, end))
		return 0;
	return parse(line, end, &parsed) ? 1 : -1;
}

static bool probe(const uint8_t *bytes, size_t n, bool whole)
{
	return text_probe(bytes, n, whole, is_line);
}

static int begin(struct import *import)
{
	import->source.info.producer = "valgrind --tool=lackey";
	return 0;
}

static int read_line(struct import *import)
{
	struct lackey_line line;
	const char *text;
	size_t len;
	int status;

	do {
		text = import_line(import, &len, &status);
		if (!text)
			return status;
	} while (is_valgrinds(text, text + len));
	if (!parse(text, text + len, &line))
		return import_fail_text(import, text, len,
		                        "an access (\" L 1ffe0,8\"), nor Valgrind's own "
		                        "(\"==PID==\")");
	if (line.what == 'I') {
		import->ip = line.va;
		import_access(import, ACCESS_FETCH, line.va, (uint16_t)line.size);
		return 1;
	}
	if (line.what != 'S')
		import_access(import, ACCESS_LOAD, line.va, (uint16_t)line.size);
	if (line.what != 'L')
		import_access(import, ACCESS_STORE, line.va, (uint16_t)line.size);
	return 1;
}

const struct import_format import_lackey = {
	.name = "lackey",
	.doc = "Valgrind's lackey --trace-mem=yes",
	.probe = probe,
	.begin = begin,
	.read = read_line,
};
