/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/header.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

static void put_text(struct bytes *out, const char *text)
{
	bytes_put(out, text, strlen(text));
}

/* A line "key value"; in the value a backslash and what would end the line become \xHH. */
static void put_line(struct bytes *out, const char *key, const char *value, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	put_text(out, key);
	bytes_put_byte(out, ' ');
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)value[i];

		if (c >= ' ' && c != '\\' && c != 0x7f) {
			bytes_put_byte(out, c);
			continue;
		}
		put_text(out, "\\x");
		bytes_put_byte(out, (uint8_t)digits[c >> 4]);
		bytes_put_byte(out, (uint8_t)digits[c & 15]);
	}
	bytes_put_byte(out, '\n');
}

static void put_string(struct bytes *out, const char *key, const char *value)
{
	if (value)
		put_line(out, key, value, strlen(value));
}

/* Each line of it under the same key. */
static void put_lines(struct bytes *out, const char *key, const char *text)
{
	while (text && *text) {
		size_t len = strcspn(text, "\n");

		put_line(out, key, text, len);
		text += len + (text[len] == '\n');
	}
}

static void put_events(struct bytes *out)
{
	for (int kind = 0; kind < NR_RECORD_KINDS; kind++) {
		put_text(out, "event ");
		put_text(out, trace_event_names[kind]);
		if (*trace_event_args[kind])
			bytes_put_byte(out, ' ');
		put_text(out, trace_event_args[kind]);
		bytes_put_byte(out, '\n');
	}
}

void header_write(const struct trace_info *info, struct bytes *out)
{
	char number[16];

	put_text(out, HEADER_FIRST_LINE);
	put_string(out, "producer", info->producer);
	put_string(out, "detail", info->detail == TRACE_PAGE ? "page" : "full");
	put_string(out, "command", info->command);
	snprintf(number, sizeof(number), "%u", info->va_bits);
	if (info->va_bits)
		put_string(out, "va-bits", number);
	put_string(out, "memory", info->has_events ? "events" : "on-demand");
	put_string(out, "addresses", info->is_physical ? "physical" : "virtual");
	put_lines(out, "machine", info->machine);
	put_events(out);
	put_text(out, "end\n");
}

/* ---- reading ---- */

struct parser {
	struct header *header;
	struct bytes machine; /* its lines, together */
	bool has_detail, has_end;
	uint32_t line;
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct parser *p, const char *format, ...)
{
	va_list args;
	int n = snprintf(p->why, p->why_size, "header, line %u: ", p->line);

	if (n < 0 || (size_t)n >= p->why_size)
		return -EBADMSG;
	va_start(args, format);
	vsnprintf(p->why + n, p->why_size - (size_t)n, format, args);
	va_end(args);
	return -EBADMSG;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes put_line(), in place. False: it is not what that writes. */
static bool unescape(char *text)
{
	char *to = text;

	while (*text) {
		int high, low;

		if (*text != '\\') {
			*to++ = *text++;
			continue;
		}
		high = text[1] == 'x' ? hex_digit(text[2]) : -1;
		low = high < 0 ? -1 : hex_digit(text[3]);
		if (low < 0 || !(high << 4 | low))
			return false;
		*to++ = (char)(high << 4 | low);
		text += 4;
	}
	*to = 0;
	return true;
}

static int choose(struct parser *p, const char *value, const char *no, const char *yes, bool *out)
{
	*out = !strcmp(value, yes);
	return *out || !strcmp(value, no) ? 0 : refuse(p, "%s or %s, not \"%s\"", no, yes, value);
}

static int set_string(const char **out, const char *value)
{
	free((char *)*out);
	*out = strdup(value);
	return *out ? 0 : -ENOMEM;
}

static int on_detail(struct parser *p, char *value)
{
	bool is_page;
	int err = choose(p, value, "full", "page", &is_page);

	p->header->info.detail = is_page ? TRACE_PAGE : TRACE_FULL;
	p->has_detail = true;
	return err;
}

static int on_memory(struct parser *p, char *value)
{
	return choose(p, value, "on-demand", "events", &p->header->info.has_events);
}

static int on_addresses(struct parser *p, char *value)
{
	return choose(p, value, "virtual", "physical", &p->header->info.is_physical);
}

static int on_va_bits(struct parser *p, char *value)
{
	char *end;
	unsigned long bits = strtoul(value, &end, 10);

	if (*value < '1' || *value > '9' || *end || bits > 64)
		return refuse(p, "\"%s\" is no number of bits", value);
	p->header->info.va_bits = (uint32_t)bits;
	return 0;
}

static int on_producer(struct parser *p, char *value)
{
	return set_string(&p->header->info.producer, value);
}

static int on_command(struct parser *p, char *value)
{
	return set_string(&p->header->info.command, value);
}

static int on_machine(struct parser *p, char *value)
{
	bytes_put(&p->machine, value, strlen(value));
	bytes_put_byte(&p->machine, '\n');
	return p->machine.failed ? -ENOMEM : 0;
}

/* Which of the words of `names` it is, or -1. */
static int word_index(const char *names, const char *word)
{
	size_t len = strlen(word);

	for (int i = 0; *names; i++) {
		size_t n = strcspn(names, " ");

		if (n == len && !memcmp(names, word, n))
			return i;
		names += n + (names[n] == ' ');
	}
	return -1;
}

static int find_kind(const char *name)
{
	for (int kind = 0; kind < NR_RECORD_KINDS; kind++)
		if (!strcmp(trace_event_names[kind], name))
			return kind;
	return -1;
}

static int on_event(struct parser *p, char *value)
{
	struct header *h = p->header;
	struct header_kind *kind;
	char *save, *word = strtok_r(value, " ", &save);

	if (!word || h->nr_kinds == HEADER_MAX_KINDS)
		return refuse(p, word ? "too many kinds of events" : "an event without a name");
	kind = reallocarray(h->kinds, h->nr_kinds + 1, sizeof(*kind));
	if (!kind)
		return -ENOMEM;
	h->kinds = kind;
	kind += h->nr_kinds++;
	*kind = (struct header_kind){ .name = strdup(word), .kind = find_kind(word) };
	if (!kind->name)
		return -ENOMEM;
	while ((word = strtok_r(NULL, " ", &save)) != NULL) {
		if (kind->nr_args == RECORD_NR_ARGS)
			return refuse(p, "event %s has more than %d arguments", kind->name,
			              RECORD_NR_ARGS);
		kind->args[kind->nr_args++] =
		    (int8_t)(kind->kind < 0 ? -1 : word_index(trace_event_args[kind->kind], word));
	}
	return 0;
}

static int on_end(struct parser *p, char *value)
{
	p->has_end = true;
	return *value ? refuse(p, "\"end\" stands alone") : 0;
}

static const struct {
	const char *key;
	int (*read)(struct parser *p, char *value);
} keys[] = {
	{ "producer", on_producer }, { "detail", on_detail }, { "command", on_command },
	{ "va-bits", on_va_bits },   { "memory", on_memory }, { "addresses", on_addresses },
	{ "machine", on_machine },   { "event", on_event },   { "end", on_end },
};

/* A line without its end, which may be written to. */
static int read_line(struct parser *p, char *line)
{
	char *value = line + strcspn(line, " ");

	p->line++;
	if (p->line == 1)
		return 0; /* it was compared */
	if (p->has_end)
		return refuse(p, "something follows the end");
	if (*value)
		*value++ = 0;
	if (!unescape(value))
		return refuse(p, "a backslash is written \\x5c");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(keys[i].key, line))
			return keys[i].read(p, value);
	return refuse(p, "\"%s\" is not known to this version", line);
}

static int read_lines(struct parser *p, char *text, size_t size)
{
	size_t first = strlen(HEADER_FIRST_LINE);
	int err = 0;

	p->line = 1;
	if (size < first || memcmp(text, HEADER_FIRST_LINE, first))
		return refuse(p, "it does not begin with \"%.*s\"", (int)first - 1,
		              HEADER_FIRST_LINE);
	if (text[size - 1] != '\n')
		return refuse(p, "it is not lines of text");
	p->line = 0;
	for (char *end; !err && *text; text = end + 1) {
		end = strchr(text, '\n');
		*end = 0;
		err = read_line(p, text);
	}
	return err;
}

/* All lines are read. */
static int take_together(struct parser *p)
{
	if (!p->has_end || !p->has_detail)
		return refuse(p, p->has_end ? "no \"detail\"" : "no \"end\"");
	if (!p->machine.size)
		return 0;
	bytes_put_byte(&p->machine, 0);
	if (p->machine.failed)
		return -ENOMEM;
	return set_string(&p->header->info.machine, (const char *)p->machine.data);
}

int header_read(struct header *header, const void *text, size_t size, char *why, size_t why_size)
{
	struct parser p = { .header = header, .why = why, .why_size = why_size };
	char *copy = strndup(text, size);
	int err = -ENOMEM;

	*header = (struct header){ .info = { .format = "pagewalk" } };
	if (copy)
		err = strlen(copy) == size ? read_lines(&p, copy, size) : refuse(&p, "no text");
	if (!err)
		err = take_together(&p);
	free(copy);
	bytes_finish(&p.machine);
	return err;
}

void header_finish(struct header *header)
{
	for (uint32_t i = 0; i < header->nr_kinds; i++)
		free(header->kinds[i].name);
	free(header->kinds);
	free((char *)header->info.producer);
	free((char *)header->info.command);
	free((char *)header->info.machine);
	*header = (struct header){ 0 };
}
