/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same as long tables: run (a cell each), param and stat (a value each). The database
 * is made in memory and written as a whole, so that its file is complete or absent.
 */
#include "tools/options.h"
#include "tools/output.h"
#include "tools/sweep_table.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static const char schema[] =
    "BEGIN;"
    "CREATE TABLE run (run INTEGER PRIMARY KEY, input TEXT NOT NULL, machine TEXT NOT NULL,"
    " status TEXT NOT NULL, message TEXT NOT NULL, cell TEXT NOT NULL, version TEXT NOT NULL);"
    "CREATE TABLE param (run INTEGER NOT NULL REFERENCES run, key TEXT NOT NULL, value,"
    " PRIMARY KEY (run, key)) WITHOUT ROWID;"
    "CREATE TABLE stat (run INTEGER NOT NULL REFERENCES run, name TEXT NOT NULL, value,"
    " PRIMARY KEY (run, name)) WITHOUT ROWID;";

struct writer {
	sqlite3 *db;
	sqlite3_stmt *insert_run, *insert_param, *insert_stat;
};

/* The functions below return SQLite's codes. */

static int prepare(struct writer *writer)
{
	int err = sqlite3_exec(writer->db, schema, NULL, NULL, NULL);

	if (!err)
		err = sqlite3_prepare_v2(writer->db, "INSERT INTO run VALUES (?,?,?,?,?,?,?)", -1,
		                         &writer->insert_run, NULL);
	if (!err)
		err = sqlite3_prepare_v2(writer->db, "INSERT INTO param VALUES (?,?,?)", -1,
		                         &writer->insert_param, NULL);
	if (!err)
		err = sqlite3_prepare_v2(writer->db, "INSERT INTO stat VALUES (?,?,?)", -1,
		                         &writer->insert_stat, NULL);
	return err;
}

static int step(sqlite3_stmt *insert)
{
	int err = sqlite3_step(insert);

	sqlite3_reset(insert);
	return err == SQLITE_DONE ? SQLITE_OK : err;
}

static int insert_row(struct writer *writer, sqlite3_int64 id, const struct sweep_row *row)
{
	const char *const texts[] = { row->input,   row->machine, row->status,
		                      row->message, row->cell,    row->version };
	int err = sqlite3_bind_int64(writer->insert_run, 1, id);

	for (int i = 0; i < (int)(sizeof(texts) / sizeof(texts[0])) && !err; i++)
		err = sqlite3_bind_text(writer->insert_run, i + 2, texts[i], -1, SQLITE_STATIC);
	return err ? err : step(writer->insert_run);
}

static int insert_value(sqlite3_stmt *insert, sqlite3_int64 id, const struct sweep_value *value)
{
	int err = sqlite3_bind_int64(insert, 1, id);

	if (!err)
		err = sqlite3_bind_text(insert, 2, value->name, -1, SQLITE_STATIC);
	if (err)
		return err;
	if (value->is_integer)
		err = sqlite3_bind_int64(insert, 3, strtoll(value->text, NULL, 10));
	else
		err = sqlite3_bind_text(insert, 3, value->text, -1, SQLITE_STATIC);
	return err ? err : step(insert);
}

static int insert_values(sqlite3_stmt *insert, sqlite3_int64 id, const struct sweep_values *values)
{
	int err = SQLITE_OK;

	for (size_t i = 0; i < values->nr && !err; i++)
		err = insert_value(insert, id, &values->list[i]);
	return err;
}

static int insert_table(struct writer *writer, const struct sweep_table *table)
{
	int err = prepare(writer);

	for (size_t i = 0; i < table->nr_rows && !err; i++) {
		const struct sweep_row *row = &table->rows[i];
		sqlite3_int64 id = (sqlite3_int64)i + 1;

		err = insert_row(writer, id, row);
		if (!err)
			err = insert_values(writer->insert_param, id, &row->set);
		if (!err)
			err = insert_values(writer->insert_stat, id, &row->stats);
	}
	return err ? err : sqlite3_exec(writer->db, "COMMIT", NULL, NULL, NULL);
}

static int write_file(const struct writer *writer, const char *path)
{
	sqlite3_int64 size;
	unsigned char *bytes = sqlite3_serialize(writer->db, "main", &size, 0);
	struct output output;
	int err;

	if (!bytes)
		return complain("out of memory");
	err = output_open(&output, path);
	if (!err) {
		fwrite(bytes, 1, (size_t)size, output.file);
		err = output_commit(&output);
	}
	sqlite3_free(bytes);
	return err ? complain("%s: %s", path, strerror(-err)) : 0;
}

int sweep_write_sqlite(const struct sweep_table *table, const char *path)
{
	struct writer writer = { 0 };
	int status = 0, err = sqlite3_open(":memory:", &writer.db);

	if (!err)
		err = insert_table(&writer, table);
	if (err)
		status = complain("%s: %s", path, sqlite3_errstr(err));
	else
		status = write_file(&writer, path);
	sqlite3_finalize(writer.insert_run);
	sqlite3_finalize(writer.insert_param);
	sqlite3_finalize(writer.insert_stat);
	sqlite3_close(writer.db);
	return status;
}
