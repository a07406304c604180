/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cells as command lines: of the process that runs one, and of a job elsewhere. */
#include "tools/options.h"
#include "tools/sweep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For `sweep`, to which a value with commas is several. */
static const char *bracket(const char *value, const char *bracket)
{
	return strchr(value, ',') ? bracket : "";
}

int sweep_add_options(struct words *command, const struct sweep_matrix *matrix, bool is_trace)
{
	if (matrix->check)
		words_add(command, "--check");
	if (is_trace && matrix->fold)
		words_add(command, "--fold");
	if (is_trace && matrix->format)
		words_print(command, "--format=%s", matrix->format);
	if (!is_trace && matrix->engine)
		words_print(command, "--engine=%s", matrix->engine);
	if (!is_trace && matrix->root)
		words_print(command, "--root=%s", matrix->root);
	for (size_t i = 0; i < matrix->env.nr && !is_trace; i++)
		words_print(command, "--env=%s", matrix->env.list[i]);
	return command->is_broken ? EXIT_MISTAKE : 0;
}

static int add_program(struct words *command, const struct sweep_cell *cell)
{
	words_add(command, "--");
	return words_add_all(command, &cell->input->program);
}

/* As one word each, so that values may begin with a dash. */
int sweep_cell_command(const struct sweep_cell *cell, const char *folder, struct words *command)
{
	words_add(command, "run");
	words_add(command, "--quiet");
	words_print(command, "--stats=%s/%s.json", folder, cell->name);
	words_print(command, "--machine=%s", cell->machine);
	for (size_t i = 0; i < cell->nr_set; i++)
		words_print(command, "--set=%s=%s", cell->set[i].key, cell->set[i].value);
	sweep_add_options(command, cell->matrix, false);
	return add_program(command, cell);
}

static int job(const struct sweep_cell *cell, const char *folder, struct words *command)
{
	const char *machine = cell->machine, *trace = cell->input->trace;

	words_add(command, program_invocation_name);
	words_add(command, "sweep");
	words_add(command, "--quiet");
	words_add(command, "--no-tables");
	words_print(command, "--results=%s", folder);
	words_print(command, "--machine=%s%s%s", bracket(machine, "["), machine,
	            bracket(machine, "]"));
	for (size_t i = 0; i < cell->nr_set; i++)
		words_print(command, "--set=%s=%s%s%s", cell->set[i].key,
		            bracket(cell->set[i].value, "["), cell->set[i].value,
		            bracket(cell->set[i].value, "]"));
	sweep_add_options(command, cell->matrix, trace);
	return trace ? words_print(command, "--trace=%s", trace) : add_program(command, cell);
}

int sweep_print_job(const struct sweep_cell *cell, const char *folder)
{
	struct words command = { 0 };
	int status = job(cell, folder, &command);
	char *line = status ? NULL : words_as_shell(&command);

	words_finish(&command);
	if (line)
		puts(line);
	else if (!status)
		status = complain("out of memory");
	free(line);
	return status;
}
