/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A matrix from its YAML file. */
#include "sim/yaml.h"
#include "tools/options.h"
#include "tools/sweep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1u << 20) /* a matrix larger than this is something else */
#define PLACE_MAX 4200      /* "FILE:LINE:COLUMN" */

struct reader {
	struct sweep_matrix *matrix;
	const char *file;
};

/* "FILE:LINE:COLUMN" of a value; of its key, or of what is first in it, if its own place
 * is unknown. */
static const char *place(const struct reader *reader, const struct yaml *yaml, char text[PLACE_MAX])
{
	if (!yaml->line && yaml->key)
		yaml = yaml->key;
	while (!yaml->line && yaml->first)
		yaml = yaml->first;
	if (yaml->line)
		snprintf(text, PLACE_MAX, "%s:%d:%d", reader->file, yaml->line, yaml->column);
	else
		snprintf(text, PLACE_MAX, "%s", reader->file);
	return text;
}

static int complain_at(const struct reader *reader, const struct yaml *yaml, const char *what)
{
	char where[PLACE_MAX];

	return complain("%s: %s", place(reader, yaml, where), what);
}

/* Calls take() for each item of a list of texts; a text alone is a list of one. */
static int each_text(const struct reader *reader, const struct yaml *yaml, const char *wanted,
                     int (*take)(const struct reader *, const struct yaml *))
{
	int status = 0;

	if (yaml->kind == YAML_TEXT)
		return take(reader, yaml);
	if (yaml->kind != YAML_LIST || !yaml->first)
		return complain_at(reader, yaml, wanted);
	for (const struct yaml *item = yaml->first; item && !status; item = item->next)
		status = item->kind == YAML_TEXT ? take(reader, item)
		                                 : complain_at(reader, yaml, wanted);
	return status;
}

static int take_trace(const struct reader *reader, const struct yaml *item)
{
	char where[PLACE_MAX];

	return sweep_matrix_add_trace(reader->matrix, place(reader, item, where), item->text);
}

static int read_traces(const struct reader *reader, const struct yaml *yaml)
{
	return each_text(reader, yaml, "traces is a list of files", take_trace);
}

static int take_machine(const struct reader *reader, const struct yaml *item)
{
	char where[PLACE_MAX];

	return sweep_matrix_add_machine(reader->matrix, place(reader, item, where), item->text);
}

static int read_machines(const struct reader *reader, const struct yaml *yaml)
{
	return each_text(reader, yaml, "machines is a list of names and files", take_machine);
}

static int take_output(const struct reader *reader, const struct yaml *item)
{
	return words_add(&reader->matrix->outputs, item->text);
}

static int read_outputs(const struct reader *reader, const struct yaml *yaml)
{
	return each_text(reader, yaml, "outputs is a list of statistics", take_output);
}

static int read_program(const struct reader *reader, const struct yaml *list)
{
	struct words program = { 0 };
	int status = 0;

	for (const struct yaml *item = list->first; item && !status; item = item->next)
		status = item->kind == YAML_TEXT
		             ? words_add(&program, item->text)
		             : complain_at(reader, list, "a program is a list of words");
	if (!status)
		status = sweep_matrix_add_program(reader->matrix, &program);
	words_finish(&program);
	return status;
}

static int read_programs(const struct reader *reader, const struct yaml *yaml)
{
	int status = yaml->kind == YAML_LIST && yaml->first ? 0 : EXIT_MISTAKE;

	for (const struct yaml *item = yaml->first; item && !status; item = item->next)
		status = item->kind == YAML_LIST && item->first ? 0 : EXIT_MISTAKE;
	if (status)
		return complain_at(reader, yaml, "programs is a list of lists of words");
	for (const struct yaml *item = yaml->first; item && !status; item = item->next)
		status = read_program(reader, item);
	return status;
}

/* One value of an axis: a text, or a list, which is one value with commas. */
static int read_value(const struct reader *reader, const char *key, const struct yaml *axis,
                      const struct yaml *value)
{
	char where[PLACE_MAX], text[4096] = "";
	size_t len = 0;

	if (value->kind == YAML_TEXT)
		return sweep_matrix_add_value(reader->matrix, place(reader, value, where), key,
		                              value->text);
	if (value->kind != YAML_LIST)
		return complain_at(reader, axis, "values are words or lists of words");
	for (const struct yaml *item = value->first; item; item = item->next) {
		if (item->kind != YAML_TEXT)
			return complain_at(reader, axis, "values are words or lists of words");
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? "," : "",
		                        item->text);
		if (len >= sizeof(text))
			return complain_at(reader, axis, "a value is too long");
	}
	return sweep_matrix_add_value(reader->matrix, place(reader, axis, where), key, text);
}

static int read_axis(const struct reader *reader, const char *key, const struct yaml *axis)
{
	int status = 0;

	if (axis->kind == YAML_TEXT)
		return read_value(reader, key, axis, axis);
	if (axis->kind != YAML_LIST || !axis->first)
		return complain_at(reader, axis, "an axis is a list of values");
	for (const struct yaml *value = axis->first; value && !status; value = value->next)
		status = read_value(reader, key, axis, value);
	return status;
}

/* Keys are dotted, or nested as in machine files. */
static int read_axes(const struct reader *reader, const struct yaml *mapping, const char *prefix)
{
	int status = 0;

	for (const struct yaml *axis = mapping->first; axis && !status; axis = axis->next) {
		char key[256];

		if (axis->key->kind != YAML_TEXT ||
		    (size_t)snprintf(key, sizeof(key), "%s%s%s", prefix, *prefix ? "." : "",
		                     axis->key->text) >= sizeof(key))
			return complain_at(reader, axis->key, "a key is a word");
		status = axis->kind == YAML_MAPPING ? read_axes(reader, axis, key)
		                                    : read_axis(reader, key, axis);
	}
	return status;
}

static int read_set(const struct reader *reader, const struct yaml *yaml)
{
	if (yaml->kind != YAML_MAPPING)
		return complain_at(reader, yaml, "set is a mapping of keys to lists of values");
	return read_axes(reader, yaml, "");
}

static int read_option(const struct reader *reader, const char *name, const struct yaml *value)
{
	char where[PLACE_MAX];

	if (value->kind != YAML_TEXT)
		return complain_at(reader, value, "an option has a word as its value");
	return sweep_matrix_add_option(reader->matrix, place(reader, value, where), name,
	                               value->text);
}

static int read_options(const struct reader *reader, const struct yaml *yaml)
{
	int status = 0;

	if (yaml->kind != YAML_MAPPING)
		return complain_at(reader, yaml, "options is a mapping");
	for (const struct yaml *option = yaml->first; option && !status; option = option->next) {
		const char *name = option->key->text ? option->key->text : "";

		if (option->kind != YAML_LIST)
			status = read_option(reader, name, option);
		for (const struct yaml *value = option->first; value && !status;
		     value = value->next)
			status = read_option(reader, name, value);
	}
	return status;
}

static const struct {
	const char *key;
	int (*read)(const struct reader *reader, const struct yaml *yaml);
} parts[] = {
	{ "traces", read_traces }, { "programs", read_programs }, { "machines", read_machines },
	{ "set", read_set },       { "options", read_options },   { "outputs", read_outputs },
};

static int read_part(const struct reader *reader, const struct yaml *yaml)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (yaml->key->text && !strcmp(yaml->key->text, parts[i].key))
			return parts[i].read(reader, yaml);
	return complain_at(
	    reader, yaml->key,
	    "no such key; it is traces, programs, machines, set, options or outputs");
}

static int read_tree(const struct reader *reader, const struct yaml *root)
{
	int status = 0;

	if (!root || root->kind != YAML_MAPPING)
		return complain("%s: a matrix is a mapping of keys to lists", reader->file);
	for (const struct yaml *yaml = root->first; yaml && !status; yaml = yaml->next)
		status = read_part(reader, yaml);
	return status;
}

int sweep_matrix_read(struct sweep_matrix *matrix, const char *path)
{
	struct reader reader = { .matrix = matrix, .file = path };
	struct yaml_mistake mistake;
	struct yaml *root;
	char *text;
	size_t len;
	int status, err = yaml_read_file(path, FILE_MAX, &text, &len);

	if (err)
		return complain("%s: %s", path, strerror(-err));
	err = yaml_parse(&root, text, len, &mistake);
	free(text);
	if (err == -EINVAL)
		return complain("%s:%d:%d: %s", path, mistake.line, mistake.column, mistake.what);
	status = err ? complain("%s: %s", path, strerror(-err)) : read_tree(&reader, root);
	yaml_destroy(root);
	return status;
}
