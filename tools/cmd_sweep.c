/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/commands.h"
#include "tools/sweep_table.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_FOLDER "sweep-results"
#define MAX_WORKERS 1024

/* One `pagewalk sweep`. */
struct sweep {
	/* options; what they add to the matrix waits for its file, which comes first */
	struct words traces, machines, sets;
	struct sweep_matrix matrix;
	struct words program;
	const char *file; /* of the matrix; NULL: options alone */
	const char *results, *collect;
	const char *csv, *sqlite; /* NULL: in the folder */
	bool print_jobs, no_tables, quiet;

	/* what comes of them */
	const char *folder;
	struct sweep_cells cells;
	struct sweep_table table;
	struct sweep_run run;
};

/* ---- options ---- */

static int add_trace(void *context, const char *value)
{
	return words_add(&((struct sweep *)context)->traces, value);
}

static int add_machines(void *context, const char *value)
{
	return sweep_split(&((struct sweep *)context)->machines, value);
}

static int add_set(void *context, const char *value)
{
	return words_add(&((struct sweep *)context)->sets, value);
}

static int add_outputs(void *context, const char *value)
{
	return sweep_split(&((struct sweep *)context)->matrix.outputs, value);
}

static int set_engine(void *context, const char *value)
{
	return sweep_matrix_add_option(&((struct sweep *)context)->matrix, "--engine", "engine",
	                               value);
}

static int set_root(void *context, const char *value)
{
	return sweep_matrix_add_option(&((struct sweep *)context)->matrix, "--root", "root", value);
}

static int add_env(void *context, const char *value)
{
	return sweep_matrix_add_option(&((struct sweep *)context)->matrix, "--env", "env", value);
}

static int set_format(void *context, const char *value)
{
	return sweep_matrix_add_option(&((struct sweep *)context)->matrix, "--format", "format",
	                               value);
}

static int set_workers(void *context, const char *value)
{
	char *end;
	unsigned long nr = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || nr < 1 || nr > MAX_WORKERS)
		return complain("--jobs is a number from 1 to %d, not \"%s\"", MAX_WORKERS, value);
	((struct sweep *)context)->run.nr_workers = (unsigned)nr;
	return 0;
}

#define AT(member) offsetof(struct sweep, member)

static const struct option_row option_rows[] = {
	{ "trace", 0, "FILE", OPTION_CALL, 0, add_trace, "a trace to replay (repeatable)" },
	{ "machine", 'm', "A,B,...", OPTION_CALL, 0, add_machines,
	  "machine descriptions (see pagewalk machine)" },
	{ "set", 0, "KEY=A,B,...", OPTION_CALL, 0, add_set,
	  "a key of them, with each of these values (repeatable)" },
	{ "engine", 0, "MODE", OPTION_CALL, 0, set_engine, "of programs, as in run" },
	{ "root", 0, "DIR", OPTION_CALL, 0, set_root, "of programs, as in run" },
	{ "env", 0, "NAME=VALUE", OPTION_CALL, 0, add_env, "of programs (repeatable)" },
	{ "format", 0, "NAME", OPTION_CALL, 0, set_format, "of traces, as in replay" },
	{ "fold", 0, NULL, OPTION_FLAG, AT(matrix.fold), NULL, "of traces, as in replay" },
	{ "check", 0, NULL, OPTION_FLAG, AT(matrix.check), NULL, "of both" },
	{ "outputs", 0, "A,B,...", OPTION_CALL, 0, add_outputs,
	  "statistics for the tables, with all below; else all but lists" },
	{ "jobs", 'j', "N", OPTION_CALL, 0, set_workers, "processes at a time; else one a CPU" },
	{ "results", 0, "DIR", OPTION_TEXT, AT(results), NULL,
	  "folder of the results; else " DEFAULT_FOLDER },
	{ "csv", 0, "FILE", OPTION_TEXT, AT(csv), NULL, "the table; else sweep.csv in the folder" },
	{ "sqlite", 0, "FILE", OPTION_TEXT, AT(sqlite), NULL,
	  "the database; else sweep.sqlite in the folder" },
	{ "no-tables", 0, NULL, OPTION_FLAG, AT(no_tables), NULL, "write neither" },
	{ "keep-output", 0, NULL, OPTION_FLAG, AT(run.keep_output), NULL,
	  "keep what programs print, as CELL.out and CELL.err" },
	{ "print-jobs", 0, NULL, OPTION_FLAG, AT(print_jobs), NULL,
	  "run nothing: print a command line for each cell" },
	{ "collect", 0, "DIR", OPTION_TEXT, AT(collect), NULL,
	  "run nothing: make the tables of what is in DIR" },
	{ "quiet", 'q', NULL, OPTION_FLAG, AT(quiet), NULL, "no summary" },
};

/* ---- the matrix ---- */

static int apply_set(struct sweep *sweep, const char *key_is_values)
{
	const char *is = strchr(key_is_values, '=');
	struct words values = { 0 };
	char *key;
	int status;

	if (!is)
		return complain("--set %s: it is --set KEY=A,B,...", key_is_values);
	key = strndup(key_is_values, (size_t)(is - key_is_values));
	status = key ? sweep_split(&values, is + 1) : complain("out of memory");
	for (size_t i = 0; i < values.nr && !status; i++)
		status = sweep_matrix_add_value(&sweep->matrix, "sweep", key, values.list[i]);
	words_finish(&values);
	free(key);
	return status;
}

static int build_matrix(struct sweep *sweep)
{
	struct sweep_matrix *matrix = &sweep->matrix;
	int status = sweep->file ? sweep_matrix_read(matrix, sweep->file) : 0;

	for (size_t i = 0; i < sweep->traces.nr && !status; i++)
		status = sweep_matrix_add_trace(matrix, "--trace", sweep->traces.list[i]);
	if (!status && sweep->program.nr)
		status = sweep_matrix_add_program(matrix, &sweep->program);
	for (size_t i = 0; i < sweep->machines.nr && !status; i++)
		status = sweep_matrix_add_machine(matrix, "--machine", sweep->machines.list[i]);
	for (size_t i = 0; i < sweep->sets.nr && !status; i++)
		status = apply_set(sweep, sweep->sets.list[i]);
	if (!status)
		status = sweep_matrix_complete(matrix);
	return status ? status : sweep_cells_make(&sweep->cells, matrix);
}

/* ---- results ---- */

static int write_tables(const struct sweep *sweep)
{
	char *csv = sweep->csv ? strdup(sweep->csv) : sweep_file(sweep->folder, "sweep", ".csv");
	char *sqlite =
	    sweep->sqlite ? strdup(sweep->sqlite) : sweep_file(sweep->folder, "sweep", ".sqlite");
	int status = csv && sqlite ? 0 : complain("out of memory");

	if (!status)
		status = sweep_write_csv(&sweep->table, csv);
	if (!status)
		status = sweep_write_sqlite(&sweep->table, sqlite);
	free(csv);
	free(sqlite);
	return status;
}

static void tell_of_row(const struct sweep_row *row)
{
	fprintf(stderr, "pagewalk: sweep: %s: %s: %s", row->status, row->input, row->machine);
	for (size_t i = 0; i < row->set.nr; i++)
		fprintf(stderr, " %s=%s", row->set.list[i].name, row->set.list[i].text);
	fprintf(stderr, "%s%s\n", *row->message ? ": " : "", row->message);
}

/* Exit status 1: not all that can be done is. */
static int report(const struct sweep *sweep)
{
	size_t nr_done = 0, nr_impossible = 0, nr_rows = sweep->table.nr_rows, nr_left;

	for (size_t i = 0; i < nr_rows; i++) {
		const struct sweep_row *row = &sweep->table.rows[i];

		if (!strcmp(row->status, "done"))
			nr_done++;
		else if (!strcmp(row->status, "impossible"))
			nr_impossible++;
		else
			tell_of_row(row);
	}
	nr_left = nr_rows - nr_done - nr_impossible;
	if (!sweep->quiet)
		fprintf(stderr,
		        "sweep: %zu cells: %zu done (%zu of them before), %zu impossible, %zu not "
		        "done\n",
		        nr_rows, nr_done, nr_done - sweep->run.nr_done, nr_impossible, nr_left);
	return nr_left ? 1 : 0;
}

static int gather(struct sweep *sweep)
{
	const struct words *outputs = &sweep->matrix.outputs;
	int status = sweep->cells.nr
	                 ? sweep_gather_cells(&sweep->table, &sweep->cells, sweep->folder, outputs)
	                 : sweep_gather_folder(&sweep->table, sweep->folder, outputs);

	if (!status && !sweep->no_tables)
		status = write_tables(sweep);
	return status ? status : report(sweep);
}

/* ---- what to do ---- */

static int print_jobs(const struct sweep *sweep)
{
	int status = 0;

	for (size_t i = 0; i < sweep->cells.nr && !status; i++)
		status = sweep_print_job(&sweep->cells.list[i], sweep->folder);
	return status;
}

static unsigned nr_cpus(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : (unsigned)CPU_COUNT(&cpus);
}

static int run_cells(struct sweep *sweep)
{
	struct sweep_run *run = &sweep->run;
	int status;

	if (mkdir(sweep->folder, 0777) && errno != EEXIST)
		return complain("%s: %s", sweep->folder, strerror(errno));
	run->folder = sweep->folder;
	run->quiet = sweep->quiet;
	if (!run->nr_workers)
		run->nr_workers = nr_cpus();
	status = sweep_run(run, &sweep->cells);
	if (status || !run->interrupted)
		return status;
	complain("sweep: interrupted; the same command goes on where it was");
	return 128 + run->interrupted;
}

static int do_sweep(struct sweep *sweep)
{
	bool has_matrix = sweep->file || sweep->traces.nr || sweep->program.nr;
	int status = 0;

	sweep->folder = sweep->collect   ? sweep->collect
	                : sweep->results ? sweep->results
	                                 : DEFAULT_FOLDER;
	if (sweep->print_jobs && sweep->collect)
		return complain("sweep: --print-jobs or --collect, not both");
	if (has_matrix || !sweep->collect)
		status = build_matrix(sweep);
	if (!status && sweep->print_jobs)
		return print_jobs(sweep);
	if (!status && !sweep->collect)
		status = run_cells(sweep);
	return status ? status : gather(sweep);
}

/* A program and its arguments stand behind "--": what is left of argc. */
static int take_program(struct sweep *sweep, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		for (int j = i + 1; j < argc; j++)
			words_add(&sweep->program, argv[j]);
		return i;
	}
	return argc;
}

static void finish(struct sweep *sweep)
{
	words_finish(&sweep->traces);
	words_finish(&sweep->machines);
	words_finish(&sweep->sets);
	words_finish(&sweep->program);
	sweep_table_finish(&sweep->table);
	sweep_cells_finish(&sweep->cells);
	sweep_matrix_finish(&sweep->matrix);
}

static int run(const struct command *command, int argc, char **argv)
{
	struct sweep sweep = { 0 };
	int first, status;

	argc = take_program(&sweep, argc, argv);
	if (!options_read(command, argc, argv, &sweep, &first, &status)) {
		if (argc - first > 1)
			status = complain("sweep: one MATRIX, or -- PROGRAM; see pagewalk sweep "
			                  "--help");
		if (argc - first == 1)
			sweep.file = argv[first];
		if (!status)
			status = do_sweep(&sweep);
	}
	finish(&sweep);
	return status;
}

const struct command command_sweep = {
	.name = "sweep",
	.synopsis = "[OPTIONS] [MATRIX] [-- PROGRAM [ARG ...]]",
	.brief = "many machines over traces and programs, at once, into tables",
	.doc = "Runs each trace and program on each machine with each combination of the --set\n"
	       "values: a cell each. MATRIX is a YAML file that says the same (docs/sweep.md).\n"
	       "Finished cells are found again in the folder of results, so that an interrupted\n"
	       "sweep goes on where it was. Exit status: 0 if each cell is done or impossible, 1\n"
	       "if one is not, 125 for a mistake, 128+N if signal N interrupted it.\n",
	.options = option_rows,
	.nr_options = sizeof(option_rows) / sizeof(option_rows[0]),
	.run = run,
};
