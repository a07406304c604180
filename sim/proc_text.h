/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proc_text - the text of a file in /proc, as it is printed.
 */
#ifndef PW_SIM_PROC_TEXT_H
#define PW_SIM_PROC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Starts zeroed; data is malloc'ed, the caller's to free. */
struct proc_text {
	char *data;
	size_t len, room;
	bool no_memory; /* what is there is incomplete */
};

void proc_printf(struct proc_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void proc_write(struct proc_text *text, const void *bytes, size_t len);
/* Blanks up to column `width` of the line that began at `line_start`. */
void proc_pad(struct proc_text *text, size_t line_start, size_t width);

#endif
