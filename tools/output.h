/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output - a result file that is there whole or not at all. It is opened before
 * the run, so that a mistake in its name shows then, and takes its name when it is
 * complete. "-" is standard output.
 */
#ifndef PW_TOOLS_OUTPUT_H
#define PW_TOOLS_OUTPUT_H

#include <stdio.h>
#include <sys/types.h>

struct output {
	FILE *file;      /* write here; NULL: not open */
	char *path;      /* the name it will have; malloc'ed */
	char *temporary; /* the name it has until then, or NULL; malloc'ed */
	enum { OUTPUT_IN_PLACE, OUTPUT_NAMELESS, OUTPUT_TEMPORARY } kind;
};

/* 0, or -errno; *output needs no closing then. */
int output_open(struct output *output, const char *path);

/* Closes it and gives it its name. 0, or -errno, and nothing is left. */
int output_commit(struct output *output);

/* The same for the file that an option of the command line names (NULL: none): 0, or
 * EXIT_MISTAKE and told. */
int output_open_for(struct output *output, const char *option, const char *path);
int output_commit_for(struct output *output, const char *option, const char *path);

/* Closes it and leaves nothing. Fine for one that is not open (all zero). */
void output_abandon(struct output *output);

/* Removes what a process that was killed while it had `path` open may have left, where
 * the file system has no files without names. */
void output_clean_up(const char *path, pid_t pid);

#endif
