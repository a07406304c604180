/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/sweep_table.h"

#include "tools/options.h"

#include <stdlib.h>
#include <string.h>

/* ---- rows ---- */

struct sweep_row *sweep_table_add(struct sweep_table *table)
{
	struct sweep_row *rows =
	    reallocarray(table->rows, table->nr_rows + 1, sizeof(*table->rows));

	if (!rows) {
		complain("out of memory");
		return NULL;
	}
	table->rows = rows;
	rows += table->nr_rows++;
	*rows = (struct sweep_row){ 0 };
	return rows;
}

int sweep_values_add(struct sweep_values *values, const char *name, const char *text,
                     bool is_integer)
{
	struct sweep_value *list = values->list;
	bool is_full = !(values->nr & (values->nr - 1)); /* room grows by powers of two */

	if (is_full)
		list = reallocarray(list, values->nr ? 2 * values->nr : 1, sizeof(*list));
	if (!list)
		return complain("out of memory");
	values->list = list;
	list += values->nr++;
	*list = (struct sweep_value){ .name = strdup(name),
		                      .text = strdup(text),
		                      .is_integer = is_integer };
	return list->name && list->text ? 0 : complain("out of memory");
}

static void free_values(struct sweep_values *values)
{
	for (size_t i = 0; i < values->nr; i++) {
		free(values->list[i].name);
		free(values->list[i].text);
	}
	free(values->list);
}

void sweep_table_finish(struct sweep_table *table)
{
	for (size_t i = 0; i < table->nr_rows; i++) {
		struct sweep_row *row = &table->rows[i];

		free(row->cell);
		free(row->version);
		free(row->input);
		free(row->machine);
		free(row->status);
		free(row->message);
		free_values(&row->set);
		free_values(&row->stats);
	}
	free(table->rows);
	free(table->set.list);
	free(table->stats.list);
	*table = (struct sweep_table){ 0 };
}

/* ---- order ---- */

/* Numbers and sizes come first, by what they are; then other values as text. */
static int compare_texts(const char *a, const char *b)
{
	uint64_t size_a = 0, size_b = 0;
	bool is_size_a = parse_size(a, &size_a), is_size_b = parse_size(b, &size_b);

	if (is_size_a != is_size_b)
		return is_size_a ? -1 : 1;
	if (size_a != size_b)
		return size_a < size_b ? -1 : 1;
	return strcmp(a, b);
}

static int compare_values(const struct sweep_values *a, const struct sweep_values *b)
{
	for (size_t i = 0; i < a->nr && i < b->nr; i++) {
		int order = strcmp(a->list[i].name, b->list[i].name);

		if (!order)
			order = compare_texts(a->list[i].text, b->list[i].text);
		if (order)
			return order;
	}
	return (a->nr > b->nr) - (a->nr < b->nr);
}

static int compare_rows(const void *left, const void *right)
{
	const struct sweep_row *a = left, *b = right;
	int order = strcmp(a->input, b->input);

	if (!order)
		order = strcmp(a->machine, b->machine);
	if (!order)
		order = compare_values(&a->set, &b->set);
	return order ? order : strcmp(a->cell, b->cell);
}

/* ---- columns ---- */

/* A column behind `after`; NO_COLUMN: before all. Room for it is there. */
static size_t insert_column(struct sweep_columns *columns, size_t after, const char *name)
{
	size_t *link = after == NO_COLUMN ? &columns->first : &columns->list[after].next;

	columns->list[columns->nr] = (struct sweep_column){ .name = name, .next = *link };
	*link = columns->nr;
	return columns->nr++;
}

/* Rows have nearly the same names in the same order, so it is mostly the next one. */
static size_t find_column(const struct sweep_columns *columns, size_t after, const char *name)
{
	size_t next = after == NO_COLUMN ? columns->first : columns->list[after].next;

	if (next != NO_COLUMN && !strcmp(columns->list[next].name, name))
		return next;
	for (size_t i = 0; i < columns->nr; i++)
		if (!strcmp(columns->list[i].name, name))
			return i;
	return NO_COLUMN;
}

static int add_columns(struct sweep_columns *columns, const struct sweep_values *values)
{
	struct sweep_column *list =
	    reallocarray(columns->list, columns->nr + values->nr + 1, sizeof(*list));
	size_t last = NO_COLUMN;

	if (!list)
		return complain("out of memory");
	columns->list = list;
	for (size_t i = 0; i < values->nr; i++) {
		struct sweep_value *value = &values->list[i];

		value->column = find_column(columns, last, value->name);
		if (value->column == NO_COLUMN)
			value->column = insert_column(columns, last, value->name);
		last = value->column;
	}
	return 0;
}

int sweep_table_complete(struct sweep_table *table)
{
	int status = 0;

	table->set.first = table->stats.first = NO_COLUMN;
	if (table->nr_rows)
		qsort(table->rows, table->nr_rows, sizeof(*table->rows), compare_rows);
	for (size_t i = 0; i < table->nr_rows && !status; i++) {
		status = add_columns(&table->set, &table->rows[i].set);
		if (!status)
			status = add_columns(&table->stats, &table->rows[i].stats);
	}
	return status;
}
