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

/* As one word each, so that values may begin with a dash. */
int sweep_cell_command(const struct sweep_cell *cell, const char *folder, struct words *command)
{
	bool is_trace = cell->input->trace;

	words_add(command, is_trace ? "replay" : "run");
	words_add(command, "--quiet");
	words_print(command, "--stats=%s/%s.json", folder, cell->name);
	words_print(command, "--machine=%s", cell->machine);
	for (size_t i = 0; i < cell->nr_set; i++)
		words_print(command, "--set=%s=%s", cell->set[i].key, cell->set[i].value);
	words_add_all(command, &cell->matrix->options);
	if (!is_trace)
		words_add_all(command, &cell->matrix->run_options);
	words_add(command, "--");
	return is_trace ? words_add(command, cell->input->trace)
	                : words_add_all(command, &cell->input->program);
}

static int job(const struct sweep_cell *cell, const char *folder, struct words *command)
{
	const char *machine = cell->machine;

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
	words_add_all(command, &cell->matrix->options);
	if (cell->input->trace)
		return words_print(command, "--trace=%s", cell->input->trace);
	words_add_all(command, &cell->matrix->run_options);
	words_add(command, "--");
	return words_add_all(command, &cell->input->program);
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
