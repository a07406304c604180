/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/json.h"

#include "sim/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static void write_string(FILE *out, const char *text)
{
	size_t left = strlen(text);

	putc('"', out);
	while (left) {
		size_t len = utf8_length(text, left);

		if (!len)
			fputs("\\ufffd", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20 || *text == 0x7f)
			fprintf(out, "\\u%04x", (unsigned char)*text);
		else
			fwrite(text, 1, len, out);
		len = len ? len : 1;
		text += len;
		left -= len;
	}
	putc('"', out);
}

static void new_line(struct json *json)
{
	fprintf(json->out, "\n%*s", 2 * (int)json->depth, "");
}

/* Whatever stands before a value: comma, line, key. */
static void begin_value(struct json *json, const char *key)
{
	if (json->depth) {
		bool is_compact = json->open[json->depth - 1].compact;

		if (json->open[json->depth - 1].filled)
			fputs(is_compact ? ", " : ",", json->out);
		if (!is_compact)
			new_line(json);
		json->open[json->depth - 1].filled = true;
		assert(!key == (json->open[json->depth - 1].close == ']'));
	}
	if (key) {
		write_string(json->out, key);
		fputs(": ", json->out);
	}
}

static void begin(struct json *json, const char *key, char open, char close, bool is_compact)
{
	assert(json->depth < JSON_MAX_DEPTH);
	begin_value(json, key);
	putc(open, json->out);
	json->open[json->depth].close = close;
	json->open[json->depth].filled = false;
	json->open[json->depth].compact = is_compact;
	json->depth++;
}

void json_init(struct json *json, FILE *out)
{
	json->out = out;
	json->depth = 0;
}

void json_begin_object(struct json *json, const char *key)
{
	begin(json, key, '{', '}', false);
}

void json_begin_array(struct json *json, const char *key)
{
	begin(json, key, '[', ']', false);
}

void json_begin_row(struct json *json, const char *key)
{
	begin(json, key, '[', ']', true);
}

void json_end(struct json *json)
{
	assert(json->depth);
	json->depth--;
	if (json->open[json->depth].filled && !json->open[json->depth].compact)
		new_line(json);
	putc(json->open[json->depth].close, json->out);
	if (!json->depth)
		putc('\n', json->out);
}

void json_uint(struct json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void json_int(struct json *json, const char *key, int64_t value)
{
	begin_value(json, key);
	fprintf(json->out, "%" PRId64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_string(struct json *json, const char *key, const char *value)
{
	begin_value(json, key);
	write_string(json->out, value);
}

void json_literal(struct json *json, const char *key, const char *text)
{
	begin_value(json, key);
	fputs(text, json->out);
}
