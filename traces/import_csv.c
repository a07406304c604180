/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables with commas, whose first line names the columns: those that we export
 * (traces/export_csv.c), with the address of each access, and how many there were if detail is
 * that of pages; and those of libCacheSim, in
 * which requests name objects, and an object is a page.
 *
 *	task,cpu,mm,kind,privilege,va,size,ip
 *	7,0,7,load,user,0x7ffe10,8,0x401000
 *
 *	version,time,op,size,lbn
 */
#include "traces/import.h"
#include "traces/object_pages.h"

#include <string.h>
#include <strings.h>

enum column {
	COLUMN_OTHER,
	COLUMN_TASK,
	COLUMN_CPU,
	COLUMN_MM,
	COLUMN_KIND,
	COLUMN_PRIVILEGE,
	COLUMN_VA,
	COLUMN_SIZE,
	COLUMN_COUNT,
	COLUMN_IP,
	COLUMN_OBJECT,
	COLUMN_OP,
	NR_COLUMNS
};

static const struct {
	const char *name;
	enum column column;
} names[] = {
	{ "task", COLUMN_TASK },
	{ "cpu", COLUMN_CPU },
	{ "mm", COLUMN_MM },
	{ "kind", COLUMN_KIND },
	{ "va", COLUMN_VA },
	{ "size", COLUMN_SIZE },
	{ "privilege", COLUMN_PRIVILEGE },
	{ "count", COLUMN_COUNT },
	{ "ip", COLUMN_IP },
	{ "lbn", COLUMN_OBJECT },
	{ "obj_id", COLUMN_OBJECT },
	{ "object", COLUMN_OBJECT },
	{ "obj", COLUMN_OBJECT },
	{ "id", COLUMN_OBJECT },
	{ "key", COLUMN_OBJECT },
	{ "op", COLUMN_OP },
};

#define NR_NAMES (sizeof(names) / sizeof(names[0]))
#define MAX_FIELDS 32

struct field {
	const char *text, *end;
};

struct csv {
	unsigned nr_fields;              /* of the first line */
	enum column columns[MAX_FIELDS]; /* of its fields */
	bool has[NR_COLUMNS];
	struct object_pages pages;
};

/* ---- lines ---- */

static bool is_field(struct field field, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(field.end - field.text) == len && !strncasecmp(field.text, word, len);
}

/* The number of fields; MAX_FIELDS + 1: too many. */
static unsigned split(const char *line, const char *end, struct field *fields)
{
	unsigned nr = 0;

	for (;;) {
		const char *comma = memchr(line, ',', (size_t)(end - line));
		const char *field_end = comma ? comma : end;

		if (nr == MAX_FIELDS)
			return nr + 1;
		text_blanks(&line, field_end);
		while (field_end > line && (field_end[-1] == ' ' || field_end[-1] == '\t'))
			field_end--;
		fields[nr++] = (struct field){ line, field_end };
		if (!comma)
			return nr;
		line = comma + 1;
	}
}

static enum column column_named(struct field field)
{
	for (size_t i = 0; i < NR_NAMES; i++)
		if (is_field(field, names[i].name))
			return names[i].column;
	return COLUMN_OTHER;
}

/* Does the first line name a column with addresses, or one with objects? */
static bool read_header(struct csv *csv, const char *line, const char *end)
{
	struct field fields[MAX_FIELDS];

	if (line < end && *line == '#')
		line++;
	csv->nr_fields = split(line, end, fields);
	if (csv->nr_fields > MAX_FIELDS)
		return false;
	for (unsigned i = 0; i < csv->nr_fields; i++) {
		csv->columns[i] = column_named(fields[i]);
		csv->has[csv->columns[i]] = true;
	}
	return csv->has[COLUMN_VA] || csv->has[COLUMN_OBJECT];
}

static bool probe(const uint8_t *bytes, size_t n, bool whole)
{
	const uint8_t *newline = memchr(bytes, '\n', n);
	const char *end = (const char *)newline;
	struct csv csv = { 0 };

	if (!newline)
		return false;
	if (end > (const char *)bytes && end[-1] == '\r')
		end--;
	return read_header(&csv, (const char *)bytes, end);
}

static int begin(struct import *import)
{
	struct csv *csv = import->state;
	const char *line;
	int status = 0;
	size_t len;

	line = import_line(import, &len, &status);
	if (status)
		return status;
	if (!line || !read_header(csv, line, line + len))
		return import_fail(import, "the first line should name the columns, one of them "
		                           "va, or obj_id (or lbn, object, id, key)");
	if (csv->has[COLUMN_COUNT])
		import->source.info.detail = TRACE_PAGE;
	if (!csv->has[COLUMN_VA]) {
		import->source.info.producer = "libCacheSim";
		import->source.info.va_bits = 48;
	}
	return 0;
}

/* ---- values ---- */

/* Decimal, or hexadecimal with 0x; an empty field is 0. */
static bool read_number(struct field field, uint64_t limit, uint64_t *value)
{
	bool is_hex = field.end - field.text > 2 && field.text[0] == '0' &&
	              (field.text[1] == 'x' || field.text[1] == 'X');

	*value = 0;
	if (field.text == field.end)
		return true;
	if (!(is_hex ? text_hex : text_decimal)(&field.text, field.end, value))
		return false;
	return field.text == field.end && *value <= limit;
}

static bool read_word(struct field field, const char *const *words, unsigned nr, uint64_t *value)
{
	for (*value = 0; *value < nr; ++*value)
		if (is_field(field, words[*value]))
			return true;
	return false;
}

/* What programs call a write; 2a and 8a are SCSI's WRITE(10) and WRITE(16), as block
 * traces have them. All else is a read. */
static bool is_write(struct field op)
{
	static const char *const writes[] = { "w", "write", "set", "put", "2a", "8a" };
	uint64_t i;

	return read_word(op, writes, sizeof(writes) / sizeof(writes[0]), &i);
}

static bool read_value(enum column column, struct field field, uint64_t *value)
{
	static const char *const kinds[] = { "load", "store", "fetch" };
	static const char *const privs[] = { "user", "kernel" };

	switch (column) {
	case COLUMN_KIND:
		return read_word(field, kinds, NR_ACCESS_KINDS, value);
	case COLUMN_PRIVILEGE:
		return read_word(field, privs, NR_PRIVS, value);
	case COLUMN_OP:
		*value = is_write(field);
		return true;
	case COLUMN_TASK:
		return read_number(field, INT32_MAX, value);
	case COLUMN_CPU:
	case COLUMN_COUNT:
		return read_number(field, UINT32_MAX, value);
	case COLUMN_SIZE:
	case COLUMN_MM:
	case COLUMN_IP:
		return read_number(field, UINT64_MAX, value);
	case COLUMN_VA:
	case COLUMN_OBJECT:
		return field.text < field.end && read_number(field, UINT64_MAX, value);
	default:
		return true;
	}
}

/* ---- requests and accesses ---- */

static int add_request(struct import *import, const uint64_t *values)
{
	struct csv *csv = import->state;
	va_t va;

	if (csv->has[COLUMN_SIZE] && !values[COLUMN_SIZE])
		return 1; /* no request, as for libCacheSim */
	if (!object_page(&csv->pages, values[COLUMN_OBJECT], &va))
		return import_fail(import, "too many objects");
	import_access(import, values[COLUMN_OP] ? ACCESS_STORE : ACCESS_LOAD, va, 0);
	return 1;
}

/* Without a column mm each task has its own. */
static void set_context(struct import *import, const uint64_t *values)
{
	const struct csv *csv = import->state;
	int32_t task = (int32_t)values[COLUMN_TASK];
	uint32_t cpu = (uint32_t)values[COLUMN_CPU];
	uint64_t mm = csv->has[COLUMN_MM] ? values[COLUMN_MM] : values[COLUMN_TASK];

	if (task != import->task || cpu != import->cpu || mm != import->mm)
		import_switch(import, task, cpu, mm);
}

static int add_access(struct import *import, const uint64_t *values)
{
	const struct csv *csv = import->state;
	struct trace_access access = {
		.va = values[COLUMN_VA],
		.count = csv->has[COLUMN_COUNT] ? (uint32_t)values[COLUMN_COUNT] : 1,
		.kind = (uint8_t)values[COLUMN_KIND],
		.priv = (uint8_t)values[COLUMN_PRIVILEGE],
		.size = (uint16_t)values[COLUMN_SIZE],
	};

	if (values[COLUMN_SIZE] > UINT16_MAX)
		return import_fail(import, "an access of %llu bytes",
		                   (unsigned long long)values[COLUMN_SIZE]);
	if (!access.count)
		return import_fail(import, "an access made 0 times");
	if (access.kind != ACCESS_FETCH)
		access.ip = values[COLUMN_IP];
	set_context(import, values);
	import_add(import, &access);
	return 1;
}

static int read_row(struct import *import)
{
	struct csv *csv = import->state;
	struct field fields[MAX_FIELDS];
	uint64_t values[NR_COLUMNS] = { 0 };
	const char *line;
	size_t len;
	int status;

	line = import_line(import, &len, &status);
	if (!line)
		return status;
	if (split(line, line + len, fields) != csv->nr_fields)
		return import_fail(import, "not %u fields, as in the first line", csv->nr_fields);
	for (unsigned i = 0; i < csv->nr_fields; i++)
		if (!read_value(csv->columns[i], fields[i], &values[csv->columns[i]]))
			return import_fail_text(import, fields[i].text,
			                        (size_t)(fields[i].end - fields[i].text),
			                        "what its column can have");
	return csv->has[COLUMN_VA] ? add_access(import, values) : add_request(import, values);
}

static void finish(struct import *import)
{
	struct csv *csv = import->state;

	object_pages_finish(&csv->pages);
}

const struct import_format import_csv = {
	.name = "csv",
	.doc = "tables: those that are exported; libCacheSim's, an object a page",
	.state_bytes = sizeof(struct csv),
	.probe = probe,
	.begin = begin,
	.read = read_row,
	.finish = finish,
};
