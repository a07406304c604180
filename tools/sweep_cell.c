/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/json.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/sweep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

/* ---- names ---- */

/* All that the result depends on. A machine that cannot be has no description, only what
 * was asked for. */
static void print_identity(const struct sweep_cell *cell, const struct machine_config *config,
                           const struct words *options, FILE *out)
{
	bool is_trace = cell->input->trace;

	fprintf(out, "pagewalk %s\n%s %s\n", PAGEWALK_VERSION, is_trace ? "trace" : "program",
	        cell->input->content);
	for (size_t i = 0; i < cell->input->program.nr; i++)
		fprintf(out, "%s%c", cell->input->program.list[i], '\0');
	for (size_t i = 0; i < options->nr; i++)
		fprintf(out, "%s%c", options->list[i], '\0');
	if (!cell->impossible) {
		machine_config_print(config, out);
		return;
	}
	fprintf(out, "impossible: %s\n", cell->machine);
	for (size_t i = 0; i < cell->nr_set; i++)
		fprintf(out, "%s=%s\n", cell->set[i].key, cell->set[i].value);
}

/* The text, malloc'ed; NULL: no memory. */
static char *identity(const struct sweep_cell *cell, const struct machine_config *config,
                      size_t *len)
{
	struct words options = { 0 };
	char *text = NULL;
	FILE *out = sweep_add_options(&options, cell->matrix, cell->input->trace)
	                ? NULL
	                : open_memstream(&text, len);

	if (out)
		print_identity(cell, config, &options, out);
	words_finish(&options);
	if (!out || !fclose(out))
		return text;
	free(text);
	return NULL;
}

static int give_name(struct sweep_cell *cell, const struct machine_config *config)
{
	size_t len;
	char *text = identity(cell, config, &len);
	XXH128_hash_t hash;

	if (!text)
		return complain("out of memory");
	hash = XXH3_128bits(text, len);
	free(text);
	snprintf(cell->name, sizeof(cell->name), "%016llx%016llx", (unsigned long long)hash.high64,
	         (unsigned long long)hash.low64);
	return 0;
}

/* ---- machines ---- */

/* As `replay` has it: a swap file of the host's was the recorded run's. */
static int load_recorded(const struct sweep_cell *cell, struct machine_config *config, char *why,
                         size_t why_size)
{
	const char *text = cell->input->machine;
	struct config_override *set = calloc(cell->nr_set + 1, sizeof(*set));
	int err;

	if (!set) {
		snprintf(why, why_size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	set[0] = (struct config_override){ "swap.file", "" };
	for (size_t i = 0; i < cell->nr_set; i++)
		set[i + 1] = cell->set[i];
	err = machine_config_parse(config, cell->input->trace, text, strlen(text), set,
	                           cell->nr_set + 1, why, why_size);
	free(set);
	return err;
}

int sweep_cell_load_machine(const struct sweep_cell *cell, struct machine_config *config, char *why,
                            size_t why_size)
{
	if (!strcmp(cell->machine, SWEEP_RECORDED))
		return load_recorded(cell, config, why, why_size);
	return machine_config_load(config, cell->machine, cell->set, cell->nr_set, why, why_size);
}

/* The machine and each value are right by themselves, so what is wrong is the combination. */
static int resolve(struct sweep_cell *cell, struct machine_config *config)
{
	char why[512];

	if (sweep_cell_load_machine(cell, config, why, sizeof(why))) {
		cell->impossible = strdup(why);
		if (!cell->impossible)
			return complain("out of memory");
	}
	return give_name(cell, config);
}

/* ---- all of a matrix ---- */

/* Which value each axis has: counts up like an odometer, the last axis fastest. False:
 * it has been all round. */
static bool next_values(const struct sweep_matrix *matrix, size_t *at)
{
	for (size_t i = matrix->nr_axes; i-- > 0;) {
		if (++at[i] < matrix->axes[i].values.nr)
			return true;
		at[i] = 0;
	}
	return false;
}

static int add_cell(struct sweep_cells *cells, const struct sweep_cell *model, const size_t *at,
                    struct machine_config *config)
{
	const struct sweep_matrix *matrix = model->matrix;
	struct sweep_cell *cell = &cells->list[cells->nr];

	*cell = *model;
	cell->index = cells->nr++;
	cell->nr_set = matrix->nr_axes;
	cell->set = calloc(matrix->nr_axes + 1, sizeof(*cell->set));
	if (!cell->set)
		return complain("out of memory");
	for (size_t i = 0; i < matrix->nr_axes; i++) {
		cell->set[i].key = matrix->axes[i].key;
		cell->set[i].value = matrix->axes[i].values.list[at[i]];
	}
	return resolve(cell, config);
}

static int add_cells(struct sweep_cells *cells, const struct sweep_cell *model,
                     struct machine_config *config)
{
	size_t *at = calloc(model->matrix->nr_axes + 1, sizeof(*at));
	int status;

	if (!at)
		return complain("out of memory");
	do
		status = add_cell(cells, model, at, config);
	while (!status && next_values(model->matrix, at));
	free(at);
	return status;
}

static void free_cell(struct sweep_cell *cell)
{
	free(cell->set);
	free(cell->impossible);
}

static int compare_names(const void *left, const void *right)
{
	const struct sweep_cell *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int compare_indices(const void *left, const void *right)
{
	const struct sweep_cell *a = left, *b = right;

	return (a->index > b->index) - (a->index < b->index);
}

/* 64K and 65536, or a value that the machine has anyway: the first one stays. */
static void drop_twins(struct sweep_cells *cells)
{
	size_t nr = 0;

	qsort(cells->list, cells->nr, sizeof(*cells->list), compare_names);
	for (size_t i = 0; i < cells->nr; i++) {
		if (nr && !strcmp(cells->list[nr - 1].name, cells->list[i].name))
			free_cell(&cells->list[i]);
		else
			cells->list[nr++] = cells->list[i];
	}
	cells->nr = nr;
	qsort(cells->list, nr, sizeof(*cells->list), compare_indices);
}

/* Of one input. */
static int add_machines(struct sweep_cells *cells, struct sweep_cell *model,
                        struct machine_config *config)
{
	const struct words *machines = &model->matrix->machines;
	int status = 0;

	if (!machines->nr) {
		model->machine = SWEEP_RECORDED;
		if (!model->input->machine)
			machine_config_shipped(0, &model->machine);
		return add_cells(cells, model, config);
	}
	for (size_t i = 0; i < machines->nr && !status; i++) {
		model->machine = machines->list[i];
		status = add_cells(cells, model, config);
	}
	return status;
}

int sweep_cells_make(struct sweep_cells *cells, const struct sweep_matrix *matrix)
{
	size_t nr = sweep_matrix_nr_cells(matrix);
	struct machine_config *config = malloc(sizeof(*config));
	struct sweep_cell model = { .matrix = matrix };
	int status = 0;

	*cells = (struct sweep_cells){ .list = calloc(nr, sizeof(*cells->list)) };
	if (!config || !cells->list)
		status = complain("out of memory");
	for (size_t i = 0; i < matrix->nr_inputs && !status; i++) {
		model.input = &matrix->inputs[i];
		status = add_machines(cells, &model, config);
	}
	free(config);
	if (!status)
		drop_twins(cells);
	return status;
}

void sweep_cells_finish(struct sweep_cells *cells)
{
	for (size_t i = 0; i < cells->nr; i++)
		free_cell(&cells->list[i]);
	free(cells->list);
	*cells = (struct sweep_cells){ 0 };
}

/* ---- files ---- */

char *sweep_file(const char *folder, const char *name, const char *suffix)
{
	char *path;

	return asprintf(&path, "%s/%s%s", folder, name, suffix) < 0 ? NULL : path;
}

bool sweep_cell_is_done(const struct sweep_cell *cell, const char *folder)
{
	char *path = sweep_file(folder, cell->name, ".json");
	bool is_done = path && !access(path, F_OK);

	free(path);
	return is_done;
}

static void write_json(const struct sweep_cell *cell, const char *status, const char *message,
                       FILE *out)
{
	struct json json;

	json_init(&json, out);
	json_begin_object(&json, NULL);
	json_string(&json, "schema", "pagewalk-cell/1");
	json_string(&json, "cell", cell->name);
	json_string(&json, "version", PAGEWALK_VERSION);
	json_string(&json, "input", cell->input->label);
	json_string(&json, "content", cell->input->content);
	json_string(&json, "machine", cell->machine);
	json_begin_object(&json, "set");
	for (size_t i = 0; i < cell->nr_set; i++)
		json_string(&json, cell->set[i].key, cell->set[i].value);
	json_end(&json);
	json_string(&json, "status", status);
	json_string(&json, "message", message);
	json_end(&json);
}

int sweep_cell_write(const struct sweep_cell *cell, const char *folder, const char *status,
                     const char *message)
{
	char *path = sweep_file(folder, cell->name, ".cell");
	struct output output = { 0 };
	int err;

	if (!path)
		return complain("out of memory");
	err = output_open(&output, path);
	if (!err) {
		write_json(cell, status, message, output.file);
		err = output_commit(&output);
	}
	if (err)
		complain("%s: %s", path, strerror(-err));
	free(path);
	return err ? EXIT_MISTAKE : 0;
}
