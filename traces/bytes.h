/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bytes - an array of bytes that grows, and numbers in it: LEB128, seven bits a byte,
 * the lowest first; signed ones folded so that small ones are short (0, -1, 1, -2 ...).
 */
#ifndef PW_TRACES_BYTES_H
#define PW_TRACES_BYTES_H

#include "mmu/types.h"

#define VARINT_MAX_BYTES 10

struct bytes {
	uint8_t *data; /* malloc'ed */
	size_t size, room;
	bool failed; /* no memory: what was put since is lost */
};

void bytes_finish(struct bytes *bytes); /* zeroed is fine */

/* Room for that many more. False: there is no memory. */
bool bytes_grow(struct bytes *bytes, size_t more);

static inline bool bytes_reserve(struct bytes *bytes, size_t more)
{
	return likely(bytes->room - bytes->size >= more) || bytes_grow(bytes, more);
}

void bytes_put(struct bytes *bytes, const void *data, size_t size);

static inline void bytes_put_byte(struct bytes *bytes, uint8_t byte)
{
	if (bytes_reserve(bytes, 1))
		bytes->data[bytes->size++] = byte;
}

static inline void bytes_put_varint(struct bytes *bytes, uint64_t value)
{
	if (!bytes_reserve(bytes, VARINT_MAX_BYTES))
		return;
	for (; value >= 0x80; value >>= 7)
		bytes->data[bytes->size++] = (uint8_t)value | 0x80;
	bytes->data[bytes->size++] = (uint8_t)value;
}

static inline uint64_t fold_sign(int64_t value)
{
	return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t unfold_sign(uint64_t folded)
{
	return (int64_t)(folded >> 1 ^ (0 - (folded & 1)));
}

/* Bytes that are read one after the other; they are somebody else's. */
struct cursor {
	const uint8_t *next, *end;
	bool failed; /* something was wanted that is not there: zeroes were given */
};

static inline size_t cursor_left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->next);
}

/* The next size bytes, or NULL. */
const uint8_t *cursor_take(struct cursor *cursor, size_t size);

uint64_t cursor_long_varint(struct cursor *cursor);

static inline uint64_t cursor_varint(struct cursor *cursor)
{
	if (likely(cursor->next != cursor->end && *cursor->next < 0x80))
		return *cursor->next++;
	return cursor_long_varint(cursor);
}

static inline uint8_t cursor_byte(struct cursor *cursor)
{
	if (likely(cursor->next != cursor->end))
		return *cursor->next++;
	cursor->failed = true;
	return 0;
}

#endif
