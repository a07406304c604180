/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPTIONS 32
#define HELP_LETTER 'h'
#define LONG_ONLY 0x100 /* getopt's value of row i without a letter: LONG_ONLY + i */

/* A broken file's words may be part of a message, but not of the terminal's control. */
static void disarm(char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < ' ' && *text != '\n' && *text != '\t') || *text == 0x7f)
			*text = '?';
}

int complain(const char *format, ...)
{
	char *text;
	va_list args;
	int len;

	fflush(stdout);
	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		text = NULL;
	else
		disarm(text);
	fprintf(stderr, "pagewalk: %s\n", text ? text : "out of memory");
	free(text);
	return EXIT_MISTAKE;
}

/* ---- help ---- */

static void print_option(const struct option_row *row)
{
	char left[64];

	snprintf(left, sizeof(left), "%c%c%s --%s%s%s", row->letter ? '-' : ' ',
	         row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
	         row->arg ? " " : "", row->arg ? row->arg : "");
	printf("  %-28s %s\n", left, row->doc);
}

void command_print_help(const struct command *command)
{
	printf("usage: pagewalk %s %s\n\n%s\noptions:\n", command->name, command->synopsis,
	       command->doc);
	for (size_t i = 0; i < command->nr_options; i++)
		if (command->options[i].kind != OPTION_LATER)
			print_option(&command->options[i]);
	printf("  %-28s %s\n", "-h, --help", "this text");
}

/* ---- reading ---- */

/* getopt's tables for a command's rows. */
struct getopt_tables {
	struct option longs[MAX_OPTIONS + 2]; /* with help and the end */
	char shorts[2 * MAX_OPTIONS + 4];
};

static void make_tables(const struct command *command, struct getopt_tables *tables)
{
	char *letter = tables->shorts;
	size_t n = command->nr_options;

	assert(n <= MAX_OPTIONS);
	memset(tables, 0, sizeof(*tables));
	if (command->runs_guest)
		*letter++ = '+'; /* stop at the first argument that is no option */
	*letter++ = ':';         /* leave the messages to us */
	*letter++ = HELP_LETTER;
	for (size_t i = 0; i < n; i++) {
		const struct option_row *row = &command->options[i];

		tables->longs[i] = (struct option){
			.name = row->name,
			.has_arg = row->arg ? required_argument : no_argument,
			.val = LONG_ONLY + (int)i,
		};
		if (!row->letter)
			continue;
		*letter++ = row->letter;
		if (row->arg)
			*letter++ = ':';
	}
	tables->longs[n] = (struct option){ .name = "help", .val = HELP_LETTER };
}

static const struct option_row *find_row(const struct command *command, int value)
{
	if (value >= LONG_ONLY)
		return &command->options[value - LONG_ONLY];
	for (size_t i = 0; i < command->nr_options; i++)
		if (command->options[i].letter == value)
			return &command->options[i];
	return NULL;
}

static int read_count(const struct option_row *row, uint64_t *count, const char *value)
{
	char *end;

	errno = 0;
	*count = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || !*count)
		return complain("--%s %s: it is a number, 1 or more", row->name, value);
	return 0;
}

static int apply(const struct option_row *row, void *context, const char *value)
{
	void *field = (char *)context + row->offset;

	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case OPTION_TEXT:
		*(const char **)field = value;
		return 0;
	case OPTION_COUNT:
		return read_count(row, field, value);
	case OPTION_CALL:
		return row->apply(field, value);
	case OPTION_LATER:
		break;
	}
	return complain("--%s: not in this version", row->name);
}

/* `said` is the argument that getopt did not understand. */
static int complain_of_option(const struct command *command, int value, const char *said)
{
	if (value == ':')
		return complain("%s: %s needs a value; see pagewalk %s --help", command->name, said,
		                command->name);
	if (!strncmp(said, "--", 2))
		return complain("%s: no such option: %s; see pagewalk %s --help", command->name,
		                said, command->name);
	return complain("%s: no such option: -%c; see pagewalk %s --help", command->name, optopt,
	                command->name);
}

int options_read(const struct command *command, int argc, char **argv, void *context, int *first,
                 int *status)
{
	struct getopt_tables tables;
	int value;

	make_tables(command, &tables);
	optind = 0; /* glibc: start anew, and look at shorts[0] */
	*status = 0;
	while (!*status &&
	       (value = getopt_long(argc, argv, tables.shorts, tables.longs, NULL)) != -1) {
		if (value == HELP_LETTER) {
			command_print_help(command);
			return -1;
		}
		if (value == '?' || value == ':')
			*status = complain_of_option(command, value, argv[optind - 1]);
		else
			*status = apply(find_row(command, value), context, optarg);
	}
	*first = optind;
	return *status ? -1 : 0;
}
