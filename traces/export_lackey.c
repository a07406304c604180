/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As Valgrind's lackey writes them (traces/import_lackey.c). Sizes that are not known
 * are 0.
 */
#include "traces/export.h"

static int write_access(struct export *export, const struct trace_access *access)
{
	static const char *const heads[] = {
		[ACCESS_LOAD] = " L ", [ACCESS_STORE] = " S ", [ACCESS_FETCH] = "I  "
	};

	fprintf(export->file, "%s%08llx,%u\n", heads[access->kind], (unsigned long long)access->va,
	        access->size);
	return 0;
}

const struct export_format export_lackey = {
	.name = "lackey",
	.doc = "Valgrind's lackey --trace-mem=yes",
	.access = write_access,
};
