/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/proc_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(struct proc_text *text, size_t len)
{
	size_t room = text->room ? text->room : 4096;
	char *grown;

	while (room < text->len + len)
		room *= 2;
	if (room == text->room)
		return true;
	grown = realloc(text->data, room);
	if (!grown) {
		text->no_memory = true;
		return false;
	}
	text->data = grown;
	text->room = room;
	return true;
}

void proc_write(struct proc_text *text, const void *bytes, size_t len)
{
	if (!make_room(text, len))
		return;
	memcpy(text->data + text->len, bytes, len);
	text->len += len;
}

void proc_printf(struct proc_text *text, const char *format, ...)
{
	char *line;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&line, format, args);
	va_end(args);
	if (len < 0) {
		text->no_memory = true;
		return;
	}
	proc_write(text, line, (size_t)len);
	free(line);
}

void proc_pad(struct proc_text *text, size_t line_start, size_t width)
{
	while (text->len - line_start < width && !text->no_memory)
		proc_write(text, " ", 1);
}
