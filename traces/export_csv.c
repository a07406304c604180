/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table with commas (traces/import_csv.c): a row for each access, and how many there
 * were if detail is that of pages. What is not known is empty.
 *
 *	task,cpu,mm,kind,privilege,va,size,ip
 *	7,0,7,load,user,0x7ffe10,8,0x401000
 */
#include "traces/export.h"

static bool has_counts(const struct export *export)
{
	return export->info.detail == TRACE_PAGE;
}

static int write_head(struct export *export)
{
	fprintf(export->file, "task,cpu,mm,kind,privilege,va,size,%sip\n",
	        has_counts(export) ? "count," : "");
	return 0;
}

static void write_row(struct export *export, const struct trace_access *access)
{
	static const char *const kinds[] = { "load", "store", "fetch" };
	static const char *const privs[] = { "user", "kernel" };
	FILE *file = export->file;

	fprintf(file, "%d,%u,%llu,%s,%s,0x%llx,", export->task, export->cpu,
	        (unsigned long long)export_mm(export), kinds[access->kind], privs[access->priv],
	        (unsigned long long)access->va);
	if (access->size)
		fprintf(file, "%u", access->size);
	putc(',', file);
	if (has_counts(export))
		fprintf(file, "%u,", access->count);
	if (access->kind != ACCESS_FETCH && access->ip)
		fprintf(file, "0x%llx", (unsigned long long)access->ip);
	putc('\n', file);
}

static int write_access(struct export *export, const struct trace_access *access)
{
	uint32_t times = has_counts(export) ? 1 : access->count;

	while (times--)
		write_row(export, access);
	return 0;
}

const struct export_format export_csv = {
	.name = "csv",
	.doc = "a table: task, kind, address, size, instruction",
	.has_kernel = true,
	.has_counts = true,
	.begin = write_head,
	.access = write_access,
};
