/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A row a cell, a column for each key and statistic that any of them has (RFC 4180). */
#include "tools/options.h"
#include "tools/output.h"
#include "tools/sweep_table.h"

#include <stdlib.h>
#include <string.h>

static void write_field(FILE *out, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

static void write_names(FILE *out, const struct sweep_columns *columns)
{
	for (size_t i = columns->first; i != NO_COLUMN; i = columns->list[i].next) {
		putc(',', out);
		write_field(out, columns->list[i].name);
	}
}

/* `texts` has room for every column. */
static void write_values(FILE *out, const struct sweep_columns *columns,
                         const struct sweep_values *values, const char **texts)
{
	memset(texts, 0, columns->nr * sizeof(*texts));
	for (size_t i = 0; i < values->nr; i++)
		texts[values->list[i].column] = values->list[i].text;
	for (size_t i = columns->first; i != NO_COLUMN; i = columns->list[i].next) {
		putc(',', out);
		if (texts[i])
			write_field(out, texts[i]);
	}
}

static void write_row(FILE *out, const struct sweep_table *table, const struct sweep_row *row,
                      const char **texts)
{
	write_field(out, row->input);
	putc(',', out);
	write_field(out, row->machine);
	write_values(out, &table->set, &row->set, texts);
	fprintf(out, ",%s,", row->status);
	write_field(out, row->message);
	fprintf(out, ",%s,%s", row->cell, row->version);
	write_values(out, &table->stats, &row->stats, texts);
	putc('\n', out);
}

static void write_table(FILE *out, const struct sweep_table *table, const char **texts)
{
	fputs("input,machine", out);
	write_names(out, &table->set);
	fputs(",status,message,cell,version", out);
	write_names(out, &table->stats);
	putc('\n', out);
	for (size_t i = 0; i < table->nr_rows; i++)
		write_row(out, table, &table->rows[i], texts);
}

int sweep_write_csv(const struct sweep_table *table, const char *path)
{
	const char **texts = calloc(table->set.nr + table->stats.nr + 1, sizeof(*texts));
	struct output output;
	int err;

	if (!texts)
		return complain("out of memory");
	err = output_open(&output, path);
	if (!err) {
		write_table(output.file, table, texts);
		err = output_commit(&output);
	}
	free(texts);
	return err ? complain("%s: %s", path, strerror(-err)) : 0;
}
