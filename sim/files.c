/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/files.h"

#include "sim/host_stream.h"
#include "sim/vfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIN_SLOTS 64

struct slot {
	struct open_file *file; /* a reference; NULL: free */
	bool close_on_exec;
};

struct files {
	uint32_t users;
	struct vfs *vfs;
	struct slot *slots;
	uint32_t nr_slots;
};

static int grow(struct files *files, uint64_t at_least)
{
	uint64_t nr = files->nr_slots ? files->nr_slots : MIN_SLOTS;
	struct slot *slots;

	while (nr < at_least)
		nr *= 2;
	if (nr <= files->nr_slots)
		return 0;
	slots = realloc(files->slots, nr * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	memset(slots + files->nr_slots, 0, (nr - files->nr_slots) * sizeof(*slots));
	files->slots = slots;
	files->nr_slots = (uint32_t)nr;
	return 0;
}

struct open_file *files_get(struct files *files, int64_t fd)
{
	return fd >= 0 && fd < (int64_t)files->nr_slots ? files->slots[fd].file : NULL;
}

int64_t files_add(struct files *files, struct open_file *file, uint64_t from, uint64_t limit,
                  bool close_on_exec)
{
	uint64_t fd = from;
	int error;

	if (limit > FILES_MAX)
		limit = FILES_MAX;
	while (fd < files->nr_slots && files->slots[fd].file)
		fd++;
	if (fd >= limit)
		return -EMFILE;
	error = grow(files, fd + 1);
	if (error)
		return error;
	files->slots[fd] = (struct slot){ file, close_on_exec };
	return (int64_t)fd;
}

int files_set(struct files *files, uint64_t fd, struct open_file *file, bool close_on_exec)
{
	int error = grow(files, fd + 1);

	if (error)
		return error;
	if (files->slots[fd].file)
		vfs_close(files->slots[fd].file);
	files->slots[fd] = (struct slot){ file, close_on_exec };
	return 0;
}

int files_close(struct files *files, int64_t fd)
{
	struct open_file *file = files_get(files, fd);

	if (!file)
		return -EBADF;
	files->slots[fd] = (struct slot){ 0 };
	vfs_close(file);
	return 0;
}

bool files_close_on_exec(const struct files *files, int64_t fd)
{
	return files->slots[fd].close_on_exec;
}

void files_set_close_on_exec(struct files *files, int64_t fd, bool close_on_exec)
{
	files->slots[fd].close_on_exec = close_on_exec;
}

void files_exec(struct files *files)
{
	for (uint32_t fd = 0; fd < files->nr_slots; fd++)
		if (files->slots[fd].file && files->slots[fd].close_on_exec)
			files_close(files, fd);
}

int64_t files_next(const struct files *files, int64_t fd)
{
	for (; fd < (int64_t)files->nr_slots; fd++)
		if (files->slots[fd].file)
			return fd;
	return -1;
}

uint32_t files_nr_slots(const struct files *files)
{
	return files->nr_slots;
}

int files_create(struct files **out, struct vfs *vfs)
{
	struct files *files = calloc(1, sizeof(*files));
	int error;

	if (!files)
		return -ENOMEM;
	files->users = 1;
	files->vfs = vfs;
	error = grow(files, MIN_SLOTS);
	for (int fd = 0; fd < 3 && !error; fd++) {
		struct open_file *file = NULL;

		error = host_stream_open_stdio(vfs, fd, &file);
		if (!error && file)
			files->slots[fd].file = file;
	}
	if (error)
		files_destroy(files);
	else
		*out = files;
	return error;
}

struct files *files_share(struct files *files)
{
	files->users++;
	return files;
}

bool files_is_shared(const struct files *files)
{
	return files->users > 1;
}

int files_clone(struct files **out, const struct files *from)
{
	struct files *files = calloc(1, sizeof(*files));
	int error;

	if (!files)
		return -ENOMEM;
	files->users = 1;
	files->vfs = from->vfs;
	error = grow(files, from->nr_slots);
	if (error) {
		free(files);
		return error;
	}
	for (uint32_t fd = 0; fd < from->nr_slots; fd++) {
		files->slots[fd] = from->slots[fd];
		if (files->slots[fd].file)
			get_file(&files->slots[fd].file->file);
	}
	*out = files;
	return 0;
}

void files_destroy(struct files *files)
{
	if (!files || --files->users)
		return;
	for (uint32_t fd = 0; fd < files->nr_slots; fd++)
		if (files->slots[fd].file)
			vfs_close(files->slots[fd].file);
	free(files->slots);
	free(files);
}
