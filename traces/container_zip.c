/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/container_zip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

struct zip_members {
	zip_t *archive;
	zip_file_t *member;   /* NULL: none is open */
	zip_uint64_t index;   /* of the next */
	zip_stat_t stat;      /* of the open one */
	uint64_t member_read; /* of it */
	uint64_t done;        /* packed bytes of those before */
};

int zip_members_open(struct zip_members **out, FILE *file, char *why, size_t why_size)
{
	struct zip_members *zip = calloc(1, sizeof(*zip));
	zip_source_t *source;
	zip_error_t error;

	if (!zip) {
		fclose(file);
		return -ENOMEM;
	}
	zip_error_init(&error);
	source = zip_source_filep_create(file, 0, -1, &error);
	if (!source)
		fclose(file);
	else
		zip->archive = zip_open_from_source(source, ZIP_RDONLY, &error);
	if (!zip->archive) {
		snprintf(why, why_size, "not a whole zip file: %s", zip_error_strerror(&error));
		zip_source_free(source);
		free(zip);
		zip_error_fini(&error);
		return -EINVAL;
	}
	zip_error_fini(&error);
	*out = zip;
	return 0;
}

void zip_members_close(struct zip_members *zip)
{
	if (!zip)
		return;
	if (zip->member)
		zip_fclose(zip->member);
	zip_discard(zip->archive);
	free(zip);
}

static int fail(struct zip_members *zip, const char *reason, char *why, size_t why_size)
{
	snprintf(why, why_size, "zip member %s, byte %llu: %s", zip->stat.name,
	         (unsigned long long)zip->member_read, reason);
	return -EINVAL;
}

/* 1: a member is open; 0: there are no more. */
static int open_next(struct zip_members *zip, char *why, size_t why_size)
{
	if (zip->index == (zip_uint64_t)zip_get_num_entries(zip->archive, 0))
		return 0;
	zip->member_read = 0;
	if (zip_stat_index(zip->archive, zip->index, 0, &zip->stat)) {
		zip->stat.name = "?";
		return fail(zip, zip_strerror(zip->archive), why, why_size);
	}
	zip->member = zip_fopen_index(zip->archive, zip->index, 0);
	if (!zip->member)
		return fail(zip, zip_strerror(zip->archive), why, why_size);
	zip->index++;
	return 1;
}

long zip_members_read(struct zip_members *zip, void *bytes, size_t n, char *why, size_t why_size)
{
	for (;;) {
		zip_int64_t got;

		if (!zip->member) {
			int status = open_next(zip, why, why_size);

			if (status <= 0)
				return status;
		}
		got = zip_fread(zip->member, bytes, n);
		if (got < 0)
			return fail(zip, zip_file_strerror(zip->member), why, why_size);
		zip->member_read += (uint64_t)got;
		if (got)
			return (long)got;
		zip_fclose(zip->member);
		zip->member = NULL;
		zip->done += zip->stat.comp_size;
	}
}

uint64_t zip_members_done(const struct zip_members *zip)
{
	double part = 0;

	/* The directory may say anything. */
	if (zip->member && zip->stat.size && zip->member_read <= zip->stat.size &&
	    zip->stat.comp_size <= INT64_MAX)
		part = (double)zip->member_read / (double)zip->stat.size;
	return zip->done + (uint64_t)(part * (double)zip->stat.comp_size);
}
