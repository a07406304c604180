/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/mm_complete.h"

#include "tools/mm_gfp.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What is being completed, and what has been found. */
struct search {
	const struct mm_shell *sh;
	const char *word; /* not terminated */
	struct mm_completions *out;
};

static void offer(struct search *s, const char *text, size_t len)
{
	struct mm_completions *out = s->out;

	if (len < out->word_len || strncmp(text, s->word, out->word_len) != 0 ||
	    len >= MM_NAME_MAX || out->nr == MM_COMPLETIONS_MAX)
		return;
	memcpy(out->text[out->nr], text, len);
	out->text[out->nr++][len] = '\0';
}

static void offer_commands(struct search *s)
{
	for (const struct mm_command_group *group = mm_command_groups; group->title; group++)
		for (const struct mm_command *c = group->commands; c->name; c++)
			offer(s, c->name, strlen(c->name));
}

static void offer_masks(struct search *s)
{
	const char *name;
	gfp_t gfp;

	for (size_t i = 0; (name = gfp_name(i, &gfp)) != NULL; i++)
		offer(s, name, strlen(name));
}

static void offer_figures(struct search *s)
{
	char text[MM_NAME_MAX];

	for (const struct mm_figure *figure = mm_figures; figure->name; figure++) {
		snprintf(text, sizeof(text), "%s(", figure->name);
		offer(s, text, strlen(text));
	}
}

static void offer_shows(struct search *s)
{
	const char *name;

	for (size_t i = 0; (name = mm_show_name(i)) != NULL; i++)
		offer(s, name, strlen(name));
}

static void offer_handles(struct search *s)
{
	const struct handle *handle;

	list_for_each_entry (handle, &s->sh->handles, handles)
		offer(s, handle->name, strlen(handle->name));
}

static void offer_caches(struct search *s)
{
	const struct kmem_cache *cache;

	if (!s->sh->machine)
		return;
	list_for_each_entry (cache, &shell_kernel(s->sh)->slab_caches, list)
		offer(s, cache->name, strlen(cache->name));
}

/* The words of `read|write`, but not NAME of `NAME|PATTERN`. */
static void offer_alternatives(struct search *s, const char *args, size_t len)
{
	for (const char *end = args + len; args < end;) {
		size_t word = strcspn(args, "[]|. ");

		if (word > (size_t)(end - args))
			word = (size_t)(end - args);
		if (word && islower((unsigned char)*args))
			offer(s, args, word);
		args += word ? word : 1;
	}
}

/* By what the command's help calls its i-th argument; the last one may repeat. */
static void offer_arguments(struct search *s, const struct mm_command *command, int i)
{
	const char *args = command->args;
	size_t len;

	for (;;) {
		args += strspn(args, " [");
		len = strcspn(args, " ");
		if (!i-- || !args[len])
			break;
		args += len;
	}
	if (!strncmp(args, "COMMAND", 7))
		offer_commands(s);
	else if (!strncmp(args, "GFP", 3))
		offer_masks(s);
	else if (!strncmp(args, "WHAT", 4))
		offer_shows(s);
	else if (!strncmp(args, "CACHE", 5))
		offer_caches(s);
	else if (!strncmp(args, "EXPRESSION", 10))
		offer_figures(s);
	else
		offer_alternatives(s, args, len);
	offer_handles(s);
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void sort(struct mm_completions *out)
{
	size_t nr = 0;

	qsort(out->text, out->nr, MM_NAME_MAX, compare);
	for (size_t i = 0; i < out->nr; i++)
		if (!nr || strcmp(out->text[nr - 1], out->text[i]) != 0)
			memmove(out->text[nr++], out->text[i], MM_NAME_MAX);
	out->nr = nr;
}

/* What stands before the word: which command, and how many of its arguments. */
struct place {
	const struct mm_command *command; /* NULL: the word is one */
	int argument;
};

static struct place find_place(const char *line, size_t len)
{
	struct place place = { 0 };
	char name[MM_NAME_MAX];
	size_t at = 0;

	for (;;) {
		size_t word;

		while (at < len && isblank((unsigned char)line[at]))
			at++;
		for (word = at; word < len && !isblank((unsigned char)line[word]); word++)
			;
		if (word == len)
			return place;
		snprintf(name, sizeof(name), "%.*s", (int)(word - at), line + at);
		if (place.command && strncmp(place.command->args, "[NAME =] COMMAND", 16) != 0)
			place.argument++;
		else if (mm_find_command(name))
			place.command = mm_find_command(name);
		at = word;
	}
}

void mm_complete(const struct mm_shell *sh, const char *line, size_t len,
                 struct mm_completions *out)
{
	struct place place = find_place(line, len);
	struct search s = { .sh = sh, .out = out };

	out->nr = 0;
	out->word_len = 0;
	while (out->word_len < len && !strchr(" \t|(,", line[len - 1 - out->word_len]))
		out->word_len++;
	s.word = line + len - out->word_len;
	if (place.command)
		offer_arguments(&s, place.command, place.argument);
	else
		offer_commands(&s);
	sort(out);
}

size_t mm_completions_common(const struct mm_completions *completions)
{
	size_t len = completions->nr ? strlen(completions->text[0]) : 0;

	for (size_t i = 1; i < completions->nr; i++)
		while (strncmp(completions->text[0], completions->text[i], len) != 0)
			len--;
	return len;
}
