/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sweep - many machines over traces and programs: a matrix says which, its cells are
 * run by several processes at once, and their results gathered into tables.
 *
 *   matrix (a file, options)  ->  cells  ->  a result file each, in a folder  ->  CSV, SQLite
 *
 * A cell's name is a hash of all that its result depends on, so that what is there need
 * not be run again: after an interruption, or for another matrix with the same cell.
 * Of each cell the folder has
 *
 *   NAME.cell   what it is, and what came of it if there are no statistics
 *   NAME.json   its statistics, as run and replay write them; there once it is done
 *
 * and both are there whole or not at all.
 *
 * Functions that return int return 0, or EXIT_MISTAKE with the mistake told.
 */
#ifndef PW_TOOLS_SWEEP_H
#define PW_TOOLS_SWEEP_H

#include "sim/config.h"
#include "tools/words.h"

#include <stdbool.h>

#define SWEEP_RECORDED "recorded" /* the machine that a trace says it was recorded on */

#define SWEEP_NAME 33 /* a hash of 128 bits in hex, with its NUL */

struct sweep_input {
	char *trace;              /* its file; NULL: a program */
	struct words program;     /* and its arguments */
	char *label;              /* the trace's file, or the program as in a shell */
	char *machine;            /* that the trace was recorded on, as YAML; NULL: unknown */
	char content[SWEEP_NAME]; /* hash of the trace, of the program's file; "": unknown */
};

/* One key of the machine in several values. */
struct sweep_axis {
	char *key;
	struct words values;
};

struct sweep_matrix {
	struct sweep_input *inputs;
	size_t nr_inputs;
	struct words machines; /* none: the recorded one, or the one that `run` takes */
	struct sweep_axis *axes;
	size_t nr_axes;
	/* as in `run` and `replay`, for all cells */
	char *engine, *root; /* of programs; NULL: not said */
	struct words env;
	char *format; /* of traces */
	bool fold;
	bool check;           /* of both */
	struct words outputs; /* statistics that are wanted, with all below; none: all */
};

struct sweep_cell {
	char name[SWEEP_NAME];
	const struct sweep_matrix *matrix;
	const struct sweep_input *input;
	const char *machine;         /* a name, a file, or SWEEP_RECORDED */
	struct config_override *set; /* one value of each axis, in their order */
	size_t nr_set;
	size_t index;     /* in the matrix, to sort by */
	char *impossible; /* why there is no such machine; NULL: there is */
};

struct sweep_cells {
	struct sweep_cell *list;
	size_t nr;
};

/* ---- sweep_matrix.c. `where` says in a mistake's message who wanted it. ---- */

int sweep_matrix_read(struct sweep_matrix *matrix, const char *path);
int sweep_matrix_add_trace(struct sweep_matrix *matrix, const char *where, const char *path);
int sweep_matrix_add_program(struct sweep_matrix *matrix, const struct words *program);
int sweep_matrix_add_machine(struct sweep_matrix *matrix, const char *where, const char *name);
int sweep_matrix_add_value(struct sweep_matrix *matrix, const char *where, const char *key,
                           const char *value);
int sweep_matrix_add_option(struct sweep_matrix *matrix, const char *where, const char *name,
                            const char *value);
/* With all added: is it a matrix, and are its inputs what they should be? */
int sweep_matrix_complete(struct sweep_matrix *matrix);
size_t sweep_matrix_nr_cells(const struct sweep_matrix *matrix);
void sweep_matrix_finish(struct sweep_matrix *matrix);

/* "a,b" in its parts; a value with commas stands in brackets: "[a,b],c". */
int sweep_split(struct words *parts, const char *text);

/* ---- sweep_cell.c ---- */

/* The cells of a matrix, in its order, each name once. The matrix must stay. */
int sweep_cells_make(struct sweep_cells *cells, const struct sweep_matrix *matrix);
void sweep_cells_finish(struct sweep_cells *cells);

/* 0; -EINVAL or -errno and why[]: there is no such machine. */
int sweep_cell_load_machine(const struct sweep_cell *cell, struct machine_config *config, char *why,
                            size_t why_size);

/* The folder's files of a cell: FOLDER/NAMESUFFIX, malloc'ed; NULL: no memory. */
char *sweep_file(const char *folder, const char *name, const char *suffix);

bool sweep_cell_is_done(const struct sweep_cell *cell, const char *folder);

/* Its NAME.cell. Of one that is done, `status` and `message` mean nothing. */
int sweep_cell_write(const struct sweep_cell *cell, const char *folder, const char *status,
                     const char *message);

/* ---- sweep_jobs.c ---- */

/* The options that all cells of a kind have, as one writes them for `run` and `sweep`. */
int sweep_add_options(struct words *command, const struct sweep_matrix *matrix, bool is_trace);

/* The arguments of `pagewalk`, from "run" on, that make the NAME.json of a program's cell. */
int sweep_cell_command(const struct sweep_cell *cell, const char *folder, struct words *command);

/* A line for a shell that runs this cell alone. */
int sweep_print_job(const struct sweep_cell *cell, const char *folder);

/* ---- sweep_replay.c ---- */

#define SWEEP_REPLAY_MAX 8 /* cells at once */

/* Makes the NAME.json of cells of one trace, which is read once; or says in NAME.cell why
 * there is none. */
int sweep_replay(const struct sweep_cell *const *cells, size_t nr_cells, const char *folder);

/* ---- sweep_run.c ---- */

struct sweep_run {
	const char *folder;
	unsigned nr_workers; /* processes at a time */
	bool keep_output;    /* what programs print */
	bool quiet;

	/* what comes of it */
	size_t nr_done;  /* cells, by these processes */
	int interrupted; /* the signal that ended it; 0: none */
};

/* Runs what is not done yet. */
int sweep_run(struct sweep_run *run, const struct sweep_cells *cells);

#endif
