/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sweep_table - the results of cells as rows, in an order that depends on nothing but
 * what is in them, and the files made of them.
 */
#ifndef PW_TOOLS_SWEEP_TABLE_H
#define PW_TOOLS_SWEEP_TABLE_H

#include "tools/sweep.h"

/* A name and what it is; malloc'ed. */
struct sweep_value {
	char *name, *text;
	bool is_integer;
	size_t column; /* of the table, by name */
};

struct sweep_values {
	struct sweep_value *list;
	size_t nr;
};

struct sweep_row {
	char *cell, *version, *input, *machine; /* malloc'ed, as the next */
	char *status, *message;                 /* done, impossible, failed, unfinished; why */
	struct sweep_values set, stats;
};

/* All names that any row has, in an order that keeps that of each row. */
struct sweep_columns {
	struct sweep_column {
		const char *name; /* a row's */
		size_t next;      /* NO_COLUMN: the last */
	} * list;
	size_t nr, first;
};

#define NO_COLUMN ((size_t)-1)

struct sweep_table {
	struct sweep_row *rows;
	size_t nr_rows;
	struct sweep_columns set, stats;
};

/* ---- sweep_table.c ---- */

/* An empty row, or NULL: no memory, and told. */
struct sweep_row *sweep_table_add(struct sweep_table *table);
/* Copies. 0, or EXIT_MISTAKE: no memory, and told. */
int sweep_values_add(struct sweep_values *values, const char *name, const char *text,
                     bool is_integer);
/* With all rows added: sorts them, and finds the columns. */
int sweep_table_complete(struct sweep_table *table);
void sweep_table_finish(struct sweep_table *table);

/* ---- sweep_gather.c ---- */

/* A row for each cell, or for each in the folder. `outputs`: statistics that are wanted. */
int sweep_gather_cells(struct sweep_table *table, const struct sweep_cells *cells,
                       const char *folder, const struct words *outputs);
int sweep_gather_folder(struct sweep_table *table, const char *folder, const struct words *outputs);

/* ---- sweep_csv.c, sweep_sqlite.c ---- */

int sweep_write_csv(const struct sweep_table *table, const char *path);
int sweep_write_sqlite(const struct sweep_table *table, const char *path);

#endif
