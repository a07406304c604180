/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/commands.h"
#include "tools/mm_edit.h"
#include "tools/mm_shell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct mm_options {
	struct machine_choice choice;
	bool check, quiet;
};

#define AT(member) offsetof(struct mm_options, member)

static const struct option_row option_rows[] = {
	MACHINE_OPTION_ROWS(AT(choice)),
	{ "check", 0, NULL, OPTION_FLAG, AT(check), NULL, "every invariant after every line" },
	{ "quiet", 'q', NULL, OPTION_FLAG, AT(quiet), NULL, "do not repeat the script's lines" },
};

#undef AT

/* Line by line until one fails; its status. `repeat`: prints each before its output. */
static int run_lines(struct mm_shell *sh, FILE *in, bool repeat)
{
	char *line = NULL;
	size_t room = 0;
	int status = 0;

	while (!sh->ended && !status && getline(&line, &room, in) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		sh->line++;
		if (repeat)
			shell_say(sh, *line && *line != '#' ? "> %s" : "%s", line);
		status = shell_run_line(sh, line);
	}
	free(line);
	if (ferror(in))
		status = complain("%s: cannot be read", sh->file);
	return status;
}

static int run_script(struct mm_shell *sh, const char *path, bool repeat)
{
	FILE *in = fopen(path, "re");
	int status;

	if (!in)
		return complain("%s: %s", path, strerror(errno));
	sh->file = path;
	status = run_lines(sh, in, repeat);
	fclose(in);
	return status;
}

/* At a terminal a line that fails ends nothing. */
static int run_terminal(struct mm_shell *sh)
{
	struct mm_editor *editor = mm_editor_create(sh);
	const char *line;

	if (!editor)
		return complain("mm: out of memory");
	while (!sh->ended && (line = mm_editor_line(editor)) != NULL) {
		sh->line++;
		shell_run_line(sh, line);
		fflush(sh->out);
	}
	if (!sh->ended)
		putc('\n', sh->out);
	mm_editor_destroy(editor);
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct mm_options options = { 0 };
	struct mm_shell sh = { .choice = &options.choice, .file = "-", .out = stdout };
	int first, status;

	INIT_LIST_HEAD(&sh.handles);
	if (!options_read(command, argc, argv, &options, &first, &status)) {
		sh.check = options.check;
		if (argc - first > 1)
			status = complain("mm: one script at most; see pagewalk mm --help");
		else if (argc > first)
			status = run_script(&sh, argv[first], !options.quiet);
		else if (isatty(STDIN_FILENO))
			status = run_terminal(&sh);
		else
			status = run_lines(&sh, stdin, !options.quiet);
	}
	shell_finish(&sh);
	machine_choice_finish(&options.choice);
	return status;
}

const struct command command_mm = {
	.name = "mm",
	.synopsis = "[OPTIONS] [SCRIPT]",
	.brief = "a shell over the kernel's allocators, interactive or from a script",
	.doc = "Boots a kernel without a guest and takes commands from the SCRIPT, or from\n"
	       "standard input (docs/mm-shell.md; `help` lists them). A script ends at its\n"
	       "first line that fails: 1 for an assert that does not hold, 125 for a mistake.\n",
	.options = option_rows,
	.nr_options = sizeof(option_rows) / sizeof(option_rows[0]),
	.run = run,
};
