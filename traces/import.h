/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import - what the readers of foreign formats share: a reader reads one record after
 * the other and says which accesses are in it; batches, places of errors and progress
 * are made here. A format is a file import_NAME.c and a row in formats.c.
 */
#ifndef PW_TRACES_IMPORT_H
#define PW_TRACES_IMPORT_H

#include "traces/container.h"
#include "traces/trace.h"

#define IMPORT_RECORD_ACCESSES 8 /* that one record makes, at most */

struct import;

struct import_format {
	const char *name;
	const char *doc;
	size_t state_bytes; /* of the reader's own, zeroed */
	/* Do the first bytes of a file look like it? whole: these are all its bytes. */
	bool (*probe)(const uint8_t *bytes, size_t n, bool whole);
	bool is_guess; /* files have no header: what another format knows is not this one */
	/* Optional: sets info, looks at the first bytes. 0; -errno and source.error. */
	int (*begin)(struct import *import);
	/* Reads a record. 1; 0: the end; -errno after import_fail(). */
	int (*read)(struct import *import);
	void (*finish)(struct import *import); /* optional: what is in state */
};

struct import {
	struct trace_source source;
	const struct import_format *format;
	struct container *container;
	void *state;
	uint64_t ip;  /* of the instruction that data accesses belong to; 0: unknown */
	int32_t task; /* whose accesses come now; 0: unknown */
	uint32_t cpu;
	uint64_t mm;         /* of task */
	size_t record_bytes; /* of the last record; 0: it was a line */
	bool record_taken;   /* else the file ends in it */
	uint32_t nr;         /* accesses read since the last batch */
	uint32_t nr_later;   /* those behind the event: they are for the next batch */
	int status;          /* what the last read() gave; the batch before it comes first */
	bool has_event;      /* what the record said comes after these accesses */
	struct record_event event;
	struct trace_access accesses[TRACE_BATCH];
};

extern const struct import_format import_lackey, import_drmemtrace, import_course, import_din,
    import_pinatrace, import_champsim, import_oracle, import_csv;

/* 0 and *out. Takes the container over in any case. */
int import_open(struct trace_source **out, const struct import_format *format,
                struct container *container, char *why, size_t why_size);

/* For read(): an access of so many bytes (0: unknown). */
void import_access(struct import *import, enum access_kind kind, va_t va, uint16_t size);

/* The same with all that there is to say. */
void import_add(struct import *import, const struct trace_access *access);

/* What happened after these accesses. Others of the same record may follow; not a second
 * event. */
void import_event(struct import *import, enum record_kind kind);

/* From here on it is task that accesses memory, on cpu, and its address space is mm. */
void import_switch(struct import *import, int32_t task, uint32_t cpu, uint64_t mm);

/* The next n bytes; NULL: the end, or an error: return *status then. Counts a record. */
const uint8_t *import_record(struct import *import, size_t n, int *status);

/* The next line that is not empty. NULL: as above. Counts as a record, so that the
 * number of records is that of the line; lines have no NUL at their ends. */
const char *import_line(struct import *import, size_t *len, int *status);

/* The record is broken: a reason. -EINVAL, as the next one. */
int import_fail(struct import *import, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The record, or a part of it, is this text, and should be something else. */
int import_fail_text(struct import *import, const char *text, size_t len, const char *expected);

/* ---- text ---- */

/* Each moves *text behind what it read; false: it is not there, or too large. */
bool text_hex(const char **text, const char *end, uint64_t *value); /* with or without 0x */
bool text_decimal(const char **text, const char *end, uint64_t *value);
bool text_char(const char **text, const char *end, char c);
bool text_read_or_write(const char **text, const char *end, enum access_kind *kind); /* R, W */
void text_blanks(const char **text, const char *end);

/* For probe(): do the whole lines among the first bytes, and at least one, look as is_line
 * says? is_line: 1 yes, 0 neither yes nor no (a comment, an empty one), -1 no. */
bool text_probe(const uint8_t *bytes, size_t n, bool whole,
                int (*is_line)(const char *line, const char *end));

/* ---- little-endian numbers ---- */

static inline uint64_t read_le(const uint8_t *bytes, unsigned nr_bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < nr_bytes; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

#endif
