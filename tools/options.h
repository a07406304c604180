/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options - subcommands and their options as tables, from which command lines are
 * read and --help is written, so that the two cannot differ.
 */
#ifndef PW_TOOLS_OPTIONS_H
#define PW_TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Exit status for mistakes in the use of pagewalk, and broken inputs; and for
 * guests that cannot be run (as a shell has them). */
enum { EXIT_MISTAKE = 125, EXIT_CANNOT_EXECUTE = 126, EXIT_NOT_FOUND = 127 };

/* Where an option's value goes. */
enum option_kind {
	OPTION_FLAG,  /* bool: set */
	OPTION_TEXT,  /* const char *: the last one given */
	OPTION_COUNT, /* uint64_t: a number above 0 */
	OPTION_CALL,  /* apply() */
	OPTION_LATER  /* announced, but not in this version: refused, and not in --help */
};

struct option_row {
	const char *name; /* without dashes */
	char letter;      /* or 0 */
	const char *arg;  /* what its argument is called; NULL: it takes none */
	enum option_kind kind;
	size_t offset; /* in the context: of the value, of what apply() gets */
	/* 0, or EXIT_MISTAKE with the mistake told */
	int (*apply)(void *field, const char *value);
	const char *doc;
};

struct command {
	const char *name;
	const char *synopsis; /* what follows the name: "[OPTIONS] PROGRAM" */
	const char *brief;    /* for the list of commands */
	const char *doc;      /* for its own --help, lines with newlines */
	const struct option_row *options;
	size_t nr_options;
	bool runs_guest; /* options after the first other argument are the guest's */
	int (*run)(const struct command *command, int argc, char **argv); /* argv[0]: its name */
};

/* Reads the options into context. 0, and *first is the index of the first other
 * argument, behind which there are only such; or -1 and *status is what to exit with (after --help,
 * or a mistake). */
int options_read(const struct command *command, int argc, char **argv, void *context, int *first,
                 int *status);

void command_print_help(const struct command *command);

/* "pagewalk: ..." on standard error. Returns EXIT_MISTAKE. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
