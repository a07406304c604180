/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows from the files of cells. */
#include "sim/yaml.h"
#include "tools/options.h"
#include "tools/sweep_table.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (256u << 20)
#define NAME_MAX_BYTES 256 /* of a statistic, with its NUL */

/* ---- files ---- */

/* *root: NULL if there is no such file. */
static int read_json(const char *path, struct yaml **root)
{
	struct yaml_mistake mistake;
	char *text;
	size_t len;
	int err = yaml_read_file(path, FILE_MAX, &text, &len);

	*root = NULL;
	if (err == -ENOENT)
		return 0;
	if (err)
		return complain("%s: %s", path, strerror(-err));
	err = yaml_parse(root, text, len, &mistake);
	free(text);
	if (err == -EINVAL)
		return complain("%s:%d:%d: %s", path, mistake.line, mistake.column, mistake.what);
	if (err)
		return complain("%s: %s", path, strerror(-err));
	return *root ? 0 : complain("%s: empty", path);
}

static int read_cell_file(const char *folder, const char *name, const char *suffix,
                          struct yaml **root)
{
	char *path = sweep_file(folder, name, suffix);
	int status = path ? read_json(path, root) : complain("out of memory");

	free(path);
	return status;
}

/* ---- statistics ---- */

/* Wanted by its name, or by that of something around it; without wishes, all but lists. */
static bool is_wanted(const struct words *outputs, const char *name, bool is_in_list)
{
	if (!outputs->nr)
		return !is_in_list;
	for (size_t i = 0; i < outputs->nr; i++) {
		size_t len = strlen(outputs->list[i]);

		if (!strncmp(name, outputs->list[i], len) && (!name[len] || name[len] == '.'))
			return true;
	}
	return false;
}

/* One that SQLite holds as such: of 64 bits, signed. */
static bool is_integer(const char *text)
{
	char *end;

	if (!text[strspn(text, "-")])
		return false;
	errno = 0;
	strtoll(text, &end, 10);
	return !*end && !errno;
}

/* Everything below `yaml`, whose name is `prefix`, in dotted names. */
static int add_stats(struct sweep_row *row, const struct yaml *yaml, const char *prefix,
                     bool is_in_list, const struct words *outputs)
{
	unsigned long index = 0;
	int status = 0;

	if (yaml->kind == YAML_TEXT && is_wanted(outputs, prefix, is_in_list))
		return sweep_values_add(&row->stats, prefix, yaml->text,
		                        !yaml->is_quoted && is_integer(yaml->text));
	if (yaml->kind == YAML_LIST)
		is_in_list = true;
	for (const struct yaml *item = yaml->first; item && !status; item = item->next) {
		char name[NAME_MAX_BYTES], number[24];

		snprintf(number, sizeof(number), "%lu", index++);
		snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "",
		         item->key && item->key->text ? item->key->text : number);
		status = add_stats(row, item, name, is_in_list, outputs);
	}
	return status;
}

/* If there are statistics, the cell is done, whatever its other file says. */
static int read_stats(struct sweep_row *row, const char *folder, const struct words *outputs)
{
	struct yaml *stats;
	int status = read_cell_file(folder, row->cell, ".json", &stats);

	if (!status && stats) {
		free(row->status);
		free(row->message);
		row->status = strdup("done");
		row->message = strdup("");
		status = row->status && row->message ? add_stats(row, stats, "", false, outputs)
		                                     : complain("out of memory");
	}
	yaml_destroy(stats);
	return status;
}

/* ---- rows ---- */

/* A text of a cell's file, malloc'ed. */
static char *get_text(const struct yaml *root, const char *key)
{
	const struct yaml *value = yaml_find(root, key);

	return strdup(value && value->text ? value->text : "");
}

/* From NAME.cell: how it went, if there are no statistics. */
static int take_outcome(struct sweep_row *row, const struct yaml *root)
{
	row->version = get_text(root, "version");
	row->status = root ? get_text(root, "status") : strdup("unfinished");
	row->message = get_text(root, "message");
	return row->version && row->status && row->message ? 0 : complain("out of memory");
}

static int add_cell(struct sweep_table *table, const struct sweep_cell *cell, const char *folder,
                    const struct words *outputs)
{
	struct sweep_row *row = sweep_table_add(table);
	struct yaml *root = NULL;
	int status = row ? read_cell_file(folder, cell->name, ".cell", &root) : EXIT_MISTAKE;

	if (status)
		return status;
	status = take_outcome(row, root);
	yaml_destroy(root);
	row->cell = strdup(cell->name);
	row->input = strdup(cell->input->label);
	row->machine = strdup(cell->machine);
	if (!status && (!row->cell || !row->input || !row->machine))
		status = complain("out of memory");
	for (size_t i = 0; i < cell->nr_set && !status; i++)
		status = sweep_values_add(&row->set, cell->set[i].key, cell->set[i].value,
		                          is_integer(cell->set[i].value));
	return status ? status : read_stats(row, folder, outputs);
}

int sweep_gather_cells(struct sweep_table *table, const struct sweep_cells *cells,
                       const char *folder, const struct words *outputs)
{
	int status = 0;

	for (size_t i = 0; i < cells->nr && !status; i++)
		status = add_cell(table, &cells->list[i], folder, outputs);
	return status ? status : sweep_table_complete(table);
}

/* ---- the rows of a folder ---- */

static int take_label(struct sweep_row *row, const struct yaml *root)
{
	const struct yaml *found = yaml_find(root, "set");
	const struct yaml *set = found && found->kind == YAML_MAPPING ? found : NULL;
	int status = 0;

	row->input = get_text(root, "input");
	row->machine = get_text(root, "machine");
	if (!row->input || !row->machine)
		return complain("out of memory");
	for (const struct yaml *value = set ? set->first : NULL; value && !status;
	     value = value->next)
		if (value->text && value->key->text)
			status = sweep_values_add(&row->set, value->key->text, value->text,
			                          is_integer(value->text));
	return status;
}

/* `name`: of a file that ends in .cell. */
static int add_found(struct sweep_table *table, const char *folder, const char *name, size_t len,
                     const struct words *outputs)
{
	struct sweep_row *row = sweep_table_add(table);
	struct yaml *root;
	int status;

	if (!row)
		return EXIT_MISTAKE;
	row->cell = strndup(name, len);
	status = row->cell ? read_cell_file(folder, row->cell, ".cell", &root)
	                   : complain("out of memory");
	if (status)
		return status;
	status = take_outcome(row, root);
	if (!status)
		status = take_label(row, root);
	yaml_destroy(root);
	return status ? status : read_stats(row, folder, outputs);
}

int sweep_gather_folder(struct sweep_table *table, const char *folder, const struct words *outputs)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	int status = 0;

	if (!directory)
		return complain("%s: %s", folder, strerror(errno));
	while (!status && (entry = readdir(directory))) {
		const char *suffix = strrchr(entry->d_name, '.');

		if (suffix && !strcmp(suffix, ".cell"))
			status = add_found(table, folder, entry->d_name,
			                   (size_t)(suffix - entry->d_name), outputs);
	}
	closedir(directory);
	return status ? status : sweep_table_complete(table);
}
