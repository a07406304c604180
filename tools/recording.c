/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/recording.h"

#include "tools/options.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int recording_open(struct recording *recording, enum engine_mode engine)
{
	int fd;

	if (!recording->path)
		return recording->has_detail
		           ? complain("--record-detail: there is no --record FILE")
		           : 0;
	if (engine != ENGINE_EXACT)
		return complain("--record: the engine \"faults\" does not see every access; "
		                "\"exact\" does");
	recording->is_new = access(recording->path, F_OK) != 0;
	fd = open(recording->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd >= 0)
		recording->file = fdopen(fd, "w");
	if (recording->file)
		return 0;
	return complain("--record %s: %s", recording->path, strerror(errno));
}

int recording_begin(struct recording *recording, struct machine *machine, char *const *argv)
{
	int err;

	if (!recording->file)
		return 0;
	err = trace_recorder_create(&recording->recorder, machine, recording->file,
	                            recording->detail, "pagewalk " PAGEWALK_VERSION, argv);
	return err ? complain("--record: %s", strerror(-err)) : 0;
}

int recording_complete(struct recording *recording)
{
	int err;

	if (!recording->file)
		return 0;
	err = trace_recorder_complete(recording->recorder);
	return err ? complain("--record %s: %s", recording->path, strerror(-err)) : 0;
}

void recording_finish(struct recording *recording)
{
	bool is_empty;

	trace_recorder_destroy(recording->recorder);
	if (!recording->file)
		return;
	is_empty = ftell(recording->file) == 0;
	fclose(recording->file);
	if (is_empty && recording->is_new)
		unlink(recording->path);
	*recording = (struct recording){ 0 };
}
