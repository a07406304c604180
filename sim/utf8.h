/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * utf8 - is it? (RFC 3629, "UTF-8 definition")
 */
#ifndef PW_SIM_UTF8_H
#define PW_SIM_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at text, of which `left` can be read; 0: it is none. */
static inline size_t utf8_length(const char *text, size_t left)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	uint32_t code = s[0];

	if (len < 2)
		return len;
	if (len > left || s[0] >= 0xf8)
		return 0;
	code &= 0x7fu >> len;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < smallest[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0; /* longer than need be, or no character */
	return len;
}

#endif
