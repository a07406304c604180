/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/words.h"

#include "tools/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int words_take(struct words *words, char *word)
{
	char **list = NULL;

	if (word && !words->is_broken)
		list = reallocarray(words->list, words->nr + 2, sizeof(*list));
	if (!list) {
		free(word);
		if (!words->is_broken)
			complain("out of memory");
		words->is_broken = true;
		return EXIT_MISTAKE;
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
	for (size_t i = 0; i < more->nr; i++)
		words_add(words, more->list[i]);
	return words->is_broken ? EXIT_MISTAKE : 0;
}

int words_print(struct words *words, const char *format, ...)
{
	char *word;
	va_list args;

	va_start(args, format);
	if (vasprintf(&word, format, args) < 0)
		word = NULL;
	va_end(args);
	return words_take(words, word);
}

static bool is_plain(const char *word)
{
	return *word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                                   "0123456789_-./=:,+@%")];
}

/* In single quotes, where only they mean something: it's -> 'it'\''s'. */
static void quote(FILE *out, const char *word)
{
	putc('\'', out);
	for (const char *c = word; *c; c++) {
		if (*c == '\'')
			fputs("'\\'", out);
		putc(*c, out);
	}
	putc('\'', out);
}

char *words_as_shell(const struct words *words)
{
	char *line = NULL;
	size_t len;
	FILE *out = open_memstream(&line, &len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < words->nr; i++) {
		if (i)
			putc(' ', out);
		if (is_plain(words->list[i]))
			fputs(words->list[i], out);
		else
			quote(out, words->list[i]);
	}
	if (!fclose(out))
		return line;
	free(line);
	return NULL;
}

void words_finish(struct words *words)
{
	for (size_t i = 0; i < words->nr; i++)
		free(words->list[i]);
	free(words->list);
	*words = (struct words){ 0 };
}
