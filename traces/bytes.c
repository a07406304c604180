/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/bytes.h"

#include <stdlib.h>
#include <string.h>

void bytes_finish(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ 0 };
}

bool bytes_grow(struct bytes *bytes, size_t more)
{
	size_t room = bytes->room * 2 > bytes->size + more ? bytes->room * 2 : bytes->size + more;
	uint8_t *data = realloc(bytes->data, room);

	if (!data) {
		bytes->failed = true;
		return false;
	}
	bytes->data = data;
	bytes->room = room;
	return true;
}

void bytes_put(struct bytes *bytes, const void *data, size_t size)
{
	if (!size || !bytes_reserve(bytes, size))
		return;
	memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

const uint8_t *cursor_take(struct cursor *cursor, size_t size)
{
	const uint8_t *taken = cursor->next;

	if (size > cursor_left(cursor)) {
		cursor->failed = true;
		return NULL;
	}
	cursor->next += size;
	return taken;
}

uint64_t cursor_long_varint(struct cursor *cursor)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = cursor_byte(cursor);

		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	cursor->failed = true;
	return 0;
}
