/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_complete - how the last word of a line of the shell could go on: commands, GFP
 * masks, figures, and the names of what there is.
 */
#ifndef PW_TOOLS_MM_COMPLETE_H
#define PW_TOOLS_MM_COMPLETE_H

#include "tools/mm_shell.h"

#define MM_COMPLETIONS_MAX 256

struct mm_completions {
	size_t word_len;                            /* bytes of the line's end that they replace */
	size_t nr;                                  /* what there is beyond MAX is left out */
	char text[MM_COMPLETIONS_MAX][MM_NAME_MAX]; /* sorted, no two alike */
};

/* Of the first `len` bytes of the line. */
void mm_complete(const struct mm_shell *sh, const char *line, size_t len,
                 struct mm_completions *out);

/* Bytes that all of them have in common; 0 if there are none. */
size_t mm_completions_common(const struct mm_completions *completions);

#endif
