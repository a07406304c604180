/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/mm_edit.h"

#include "tools/mm_complete.h"

#include <histedit.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY_LINES 1000

struct mm_editor {
	const struct mm_shell *sh;
	EditLine *el;
	History *history;
	char line[1024];
	struct mm_completions completions;
};

static char *prompt(EditLine *el)
{
	return (char *)"mm> ";
}

/* ---- completion ---- */

static void list_completions(const struct mm_editor *editor)
{
	const struct mm_completions *completions = &editor->completions;
	FILE *out = editor->sh->out;

	putc('\n', out);
	for (size_t i = 0; i < completions->nr; i++)
		fprintf(out, "%s%s", completions->text[i],
		        (i + 1) % 4 && i + 1 < completions->nr ? "  " : "\n");
	fflush(out);
}

/* Puts in what is certain; if that is nothing, shows what there is. */
static unsigned char complete(EditLine *el, int key)
{
	const LineInfo *info = el_line(el);
	struct mm_editor *editor;
	struct mm_completions *completions;
	size_t common;

	el_get(el, EL_CLIENTDATA, &editor);
	completions = &editor->completions;
	mm_complete(editor->sh, info->buffer, (size_t)(info->cursor - info->buffer), completions);
	common = mm_completions_common(completions);
	if (!completions->nr)
		return CC_REFRESH_BEEP;
	if (completions->nr > 1 && common == completions->word_len) {
		list_completions(editor);
		return CC_REDISPLAY;
	}
	completions->text[0][common] = '\0';
	el_insertstr(el, completions->text[0] + completions->word_len);
	if (completions->nr == 1 && common && completions->text[0][common - 1] != '(')
		el_insertstr(el, " ");
	return CC_REFRESH;
}

/* ---- life ---- */

struct mm_editor *mm_editor_create(const struct mm_shell *sh)
{
	struct mm_editor *editor = calloc(1, sizeof(*editor));
	HistEvent event;

	if (!editor)
		return NULL;
	editor->sh = sh;
	editor->history = history_init();
	editor->el = el_init("pagewalk", stdin, stdout, stderr);
	if (!editor->history || !editor->el) {
		mm_editor_destroy(editor);
		return NULL;
	}
	history(editor->history, &event, H_SETSIZE, HISTORY_LINES);
	history(editor->history, &event, H_SETUNIQUE, 1);
	el_set(editor->el, EL_CLIENTDATA, editor);
	el_set(editor->el, EL_PROMPT, prompt);
	el_set(editor->el, EL_EDITOR, "emacs");
	el_set(editor->el, EL_SIGNAL, 1); /* the terminal is as before after ^C and ^Z */
	el_set(editor->el, EL_HIST, history, editor->history);
	el_set(editor->el, EL_ADDFN, "complete", "complete the word", complete);
	el_set(editor->el, EL_BIND, "^I", "complete", NULL);
	el_set(editor->el, EL_BIND, "^R", "em-inc-search-prev", NULL);
	return editor;
}

void mm_editor_destroy(struct mm_editor *editor)
{
	if (!editor)
		return;
	if (editor->el)
		el_end(editor->el);
	if (editor->history)
		history_end(editor->history);
	free(editor);
}

const char *mm_editor_line(struct mm_editor *editor)
{
	HistEvent event;
	const char *line;
	int len;

	line = el_gets(editor->el, &len);
	if (!line || len <= 0)
		return NULL;
	if (line[strspn(line, " \t\n")])
		history(editor->history, &event, H_ENTER, line);
	snprintf(editor->line, sizeof(editor->line), "%.*s", (int)strcspn(line, "\n"), line);
	return editor->line;
}
