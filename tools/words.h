/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * words - a list of strings that grows, with a NULL behind the last, as execve(2) wants
 * them. Zeroed it is empty. Once there was no memory for a word, which is told, the
 * list takes no more: who adds many may look at the last status alone.
 */
#ifndef PW_TOOLS_WORDS_H
#define PW_TOOLS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct words {
	char **list; /* NULL: empty */
	size_t nr;
	bool is_broken; /* there was no memory */
};

/* Each 0, or EXIT_MISTAKE: no memory, now or before. */
int words_take(struct words *words, char *word);      /* malloc'ed, and ours now; NULL: no memory */
int words_add(struct words *words, const char *word); /* a copy */
int words_add_all(struct words *words, const struct words *more);
int words_print(struct words *words, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* one word */

/* On one line as a shell reads them, malloc'ed; NULL: no memory. */
char *words_as_shell(const struct words *words);

void words_finish(struct words *words);

#endif
