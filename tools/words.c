/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/words.h"

#include "tools/options.h"

#include <stdlib.h>
#include <string.h>

int words_take(struct words *words, char *word)
{
	char **list = word ? reallocarray(words->list, words->nr + 2, sizeof(*list)) : NULL;

	if (!list) {
		free(word);
		return complain("out of memory");
	}
	words->list = list;
	list[words->nr++] = word;
	list[words->nr] = NULL;
	return 0;
}

int words_add(struct words *words, const char *word)
{
	return words_take(words, strdup(word));
}

int words_add_all(struct words *words, const struct words *more)
{
	int status = 0;

	for (size_t i = 0; i < more->nr && !status; i++)
		status = words_add(words, more->list[i]);
	return status;
}

void words_finish(struct words *words)
{
	for (size_t i = 0; i < words->nr; i++)
		free(words->list[i]);
	free(words->list);
	*words = (struct words){ 0 };
}
