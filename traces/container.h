/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * container - the bytes of a file, plain or packed: gzip, xz, bzip2, zstd, or the
 * members of a zip one after the other. Which one it is its first bytes tell, not its
 * name. Read forwards only, with a buffer that does not grow.
 */
#ifndef PW_TRACES_CONTAINER_H
#define PW_TRACES_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONTAINER_BUFFER ((size_t)128 << 10)

struct unpacker;
struct zip_members;

/* Only next and end concern others; and err and error (which does not name the file) once
 * a call has failed. */
struct container {
	const uint8_t *next, *end; /* what has been read and not taken */
	const char *name;          /* of the file, for messages; the opener's */
	FILE *file;
	uint64_t filled;     /* bytes that came into the buffer so far */
	uint64_t file_bytes; /* its size; 0: unknown */
	uint64_t file_done;  /* read of it */
	const struct unpacker *unpacker;
	void *unpacker_state;
	bool in_stream; /* of the unpacker: the file must not end here */
	struct zip_members *zip;
	const uint8_t *packed, *packed_end; /* of packed_buffer, not decoded yet */
	int err;                            /* after what is in the buffer; -errno */
	bool ended;
	char error[256];
	uint8_t *packed_buffer; /* CONTAINER_BUFFER bytes */
	uint8_t buffer[CONTAINER_BUFFER];
};

/* path: "-" is standard input. 0 and *out; -errno and why[], which names the file.
 * path must last as long as the container. */
int container_open(struct container **out, const char *path, char *why, size_t why_size);

/* The same of an open file, which belongs to the container afterwards, in any case. */
int container_open_file(struct container **out, FILE *file, const char *name, char *why,
                        size_t why_size);
void container_close(struct container *container); /* NULL is fine */

/* Instead of container_close(): gives the packed file away, and closes the rest. What it
 * has read of the file so far, *size bytes of it, is malloc'ed in *head. NULL: no memory,
 * and all is closed. */
FILE *container_give_file(struct container *container, void **head, size_t *size);

/* Reads on until the buffer is full, or the file at its end. */
void container_fill(struct container *container);

/* The next n bytes, taken; valid until the next call. NULL: that many are not left;
 * err says whether that is the file's end. n at most CONTAINER_BUFFER. */
static inline const uint8_t *container_take(struct container *container, size_t n)
{
	const uint8_t *bytes;

	if ((size_t)(container->end - container->next) < n) {
		container_fill(container);
		if ((size_t)(container->end - container->next) < n)
			return NULL;
	}
	bytes = container->next;
	container->next += n;
	return bytes;
}

/* The next line, taken, without its end; valid until the next call. NULL: the end, or
 * an error (err), which a line longer than the buffer is too. */
const char *container_line(struct container *container, size_t *len);

/* Bytes taken so far. */
static inline uint64_t container_position(const struct container *container)
{
	return container->filled - (uint64_t)(container->end - container->next);
}

/* How far it is, in bytes of the file itself. */
uint64_t container_done(const struct container *container);

#endif
