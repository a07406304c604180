/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/container.h"

#include "traces/container_zip.h"
#include "traces/unpacker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct unpacker *const unpackers[] = { &unpacker_gz, &unpacker_xz, &unpacker_bz2,
	                                            &unpacker_zst };

#define NR_UNPACKERS (sizeof(unpackers) / sizeof(unpackers[0]))

static const uint8_t zip_magic[] = { 'P', 'K', 3, 4 };

static void fail(struct container *container, int err, const char *reason)
{
	container->err = err;
	snprintf(container->error, sizeof(container->error), "%s", reason);
}

/* ---- bytes of the file itself ---- */

/* Bytes read, at most n; 0 at the end or after an error. */
static size_t read_file(struct container *container, uint8_t *bytes, size_t n)
{
	size_t got;

	errno = 0;
	got = fread(bytes, 1, n, container->file);
	container->file_done += got;
	if (!got && ferror(container->file))
		fail(container, errno ? -errno : -EIO, strerror(errno ? errno : EIO));
	return got;
}

static bool refill_packed(struct container *container)
{
	size_t got = read_file(container, container->packed_buffer, CONTAINER_BUFFER);

	container->packed = container->packed_buffer;
	container->packed_end = container->packed + got;
	return got;
}

/* ---- unpacking ---- */

static void fail_packed(struct container *container, int err, const char *reason)
{
	uint64_t at = container->file_done - (uint64_t)(container->packed_end - container->packed);

	container->err = err;
	snprintf(container->error, sizeof(container->error), "%s at byte %llu (%s)", reason,
	         (unsigned long long)at, container->unpacker->name);
}

/* As read_file(). An unpacker may hold bytes back after it has had the whole file. */
static size_t read_unpacked(struct container *container, uint8_t *bytes, size_t n)
{
	struct unpacker_io io = { .out = bytes, .out_left = n };

	while (io.out_left == n) {
		bool at_end =
		    container->packed == container->packed_end && !refill_packed(container);
		int status;

		if (at_end && (container->err || !container->in_stream))
			return 0;
		io.in = container->packed;
		io.in_left = (size_t)(container->packed_end - container->packed);
		status = container->unpacker->decode(container->unpacker_state, &io);
		container->packed = io.in;
		container->in_stream = status > 0;
		if (status > 0 && at_end && io.out_left == n)
			fail_packed(container, -EINVAL, "cut short");
		else if (status < 0)
			fail_packed(container, status,
			            status == -ENOMEM ? "too much memory is needed" : "broken");
		if (container->err)
			break;
	}
	return n - io.out_left;
}

/* As read_file(). */
static size_t read_zip(struct container *container, uint8_t *bytes, size_t n)
{
	char why[200];
	long got = zip_members_read(container->zip, bytes, n, why, sizeof(why));

	if (got < 0) {
		fail(container, (int)got, why);
		return 0;
	}
	return (size_t)got;
}

static size_t read_some(struct container *container, uint8_t *bytes, size_t n)
{
	if (container->zip)
		return read_zip(container, bytes, n);
	if (container->unpacker)
		return read_unpacked(container, bytes, n);
	return read_file(container, bytes, n);
}

void container_fill(struct container *container)
{
	uint8_t *const limit = container->buffer + CONTAINER_BUFFER;
	size_t left = (size_t)(container->end - container->next);
	uint8_t *end = container->buffer + left;

	memmove(container->buffer, container->next, left);
	while (end < limit && !container->ended && !container->err) {
		size_t got = read_some(container, end, (size_t)(limit - end));

		end += got;
		container->filled += got;
		container->ended = !got;
	}
	container->next = container->buffer;
	container->end = end;
}

const char *container_line(struct container *container, size_t *len)
{
	const uint8_t *start, *newline;
	size_t left;

	newline = memchr(container->next, '\n', (size_t)(container->end - container->next));
	if (!newline) {
		container_fill(container);
		left = (size_t)(container->end - container->next);
		newline = memchr(container->next, '\n', left);
		if (!newline && left == CONTAINER_BUFFER)
			fail(container, -EINVAL, "a line without an end");
		if (!newline && (!left || container->err))
			return NULL;
	}
	start = container->next;
	container->next = newline ? newline + 1 : container->end;
	*len = (size_t)((newline ? newline : container->end) - start);
	if (*len && start[*len - 1] == '\r')
		--*len;
	return (const char *)start;
}

uint64_t container_done(const struct container *container)
{
	return container->zip ? zip_members_done(container->zip) : container->file_done;
}

/* ---- opening ---- */

/* What the buffer had was packed; from here on it is not. */
static void begin_anew(struct container *container)
{
	container->next = container->end = container->buffer;
	container->filled = 0;
	container->ended = false;
}

/* A zip's directory is at its end: what cannot go back is copied first. */
static FILE *copy_of(struct container *container)
{
	FILE *copy = tmpfile();
	size_t n = (size_t)(container->end - container->next);

	while (copy && n) {
		if (fwrite(container->next, 1, n, copy) != n) {
			fclose(copy);
			return NULL;
		}
		n = read_file(container, container->buffer, CONTAINER_BUFFER);
		container->next = container->buffer;
	}
	if (copy && (fflush(copy) || container->err)) {
		fclose(copy);
		return NULL;
	}
	return copy;
}

static void open_zip(struct container *container)
{
	char why[200] = "out of memory";
	FILE *file = container->file;
	int err;

	if (container->file_bytes && file != stdin)
		container->file = NULL; /* the zip's from here on */
	else
		file = copy_of(container);
	begin_anew(container);
	if (!file) {
		if (!container->err)
			fail(container, -EIO, "it cannot be copied to a temporary file");
		return;
	}
	err = zip_members_open(&container->zip, file, why, sizeof(why));
	if (err)
		fail(container, err, why);
}

/* What was read first is packed. */
static void open_packed(struct container *container, const struct unpacker *unpacker)
{
	size_t n = (size_t)(container->end - container->next);

	container->packed_buffer = malloc(CONTAINER_BUFFER);
	if (!container->packed_buffer || unpacker->create(&container->unpacker_state)) {
		fail(container, -ENOMEM, "out of memory");
		return;
	}
	memcpy(container->packed_buffer, container->next, n);
	container->packed = container->packed_buffer;
	container->packed_end = container->packed + n;
	container->unpacker = unpacker;
	begin_anew(container);
}

static bool begins_with(const struct container *container, const uint8_t *magic, size_t len)
{
	return (size_t)(container->end - container->next) >= len &&
	       !memcmp(container->next, magic, len);
}

static void find_packing(struct container *container)
{
	container_fill(container);
	if (begins_with(container, zip_magic, sizeof(zip_magic))) {
		open_zip(container);
		return;
	}
	for (size_t i = 0; i < NR_UNPACKERS; i++)
		if (begins_with(container, unpackers[i]->magic, unpackers[i]->magic_len)) {
			open_packed(container, unpackers[i]);
			return;
		}
}

static uint64_t size_of(FILE *file)
{
	struct stat st;
	int fd = fileno(file);

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return 0;
	return (uint64_t)st.st_size;
}

int container_open_file(struct container **out, FILE *file, const char *name, char *why,
                        size_t why_size)
{
	struct container *container = malloc(sizeof(*container));
	int err;

	if (!container) {
		fclose(file);
		snprintf(why, why_size, "%s: out of memory", name);
		return -ENOMEM;
	}
	memset(container, 0, offsetof(struct container, buffer));
	container->next = container->end = container->buffer;
	container->name = name;
	container->file = file;
	container->file_bytes = size_of(file);
	find_packing(container);
	err = container->err;
	if (err && container->next == container->end) {
		snprintf(why, why_size, "%s: %s", name, container->error);
		container_close(container);
		return err;
	}
	*out = container;
	return 0;
}

int container_open(struct container **out, const char *path, char *why, size_t why_size)
{
	bool is_input = !strcmp(path, "-");
	FILE *file = is_input ? stdin : fopen(path, "re");
	int err = -errno;

	if (!file) {
		snprintf(why, why_size, "%s: %s", path, strerror(-err));
		return err;
	}
	return container_open_file(out, file, is_input ? "standard input" : path, why, why_size);
}

void container_close(struct container *container)
{
	if (!container)
		return;
	if (container->file && container->file != stdin)
		fclose(container->file);
	zip_members_close(container->zip);
	if (container->unpacker)
		container->unpacker->destroy(container->unpacker_state);
	free(container->packed_buffer);
	free(container);
}

FILE *container_give_file(struct container *container, void **head, size_t *size)
{
	FILE *file = container->file;

	*size = (size_t)(container->packed_end - container->packed);
	*head = malloc(*size + 1);
	if (!*head) {
		container_close(container);
		return NULL;
	}
	memcpy(*head, container->packed, *size);
	container->file = NULL;
	container_close(container);
	return file;
}
