/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * words - a list of strings that grows, with a NULL behind the last, as execve(2) wants
 * them. Zeroed it is empty.
 */
#ifndef PW_TOOLS_WORDS_H
#define PW_TOOLS_WORDS_H

#include <stddef.h>

struct words {
	char **list; /* NULL: empty */
	size_t nr;
};

/* Takes the word over; it is malloc'ed, or NULL if there was no memory for it. 0, or
 * EXIT_MISTAKE and told: no memory. */
int words_take(struct words *words, char *word);
int words_add(struct words *words, const char *word); /* a copy */
int words_add_all(struct words *words, const struct words *more);

void words_finish(struct words *words);

#endif
