// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events of files. Simplified: a recorded file's content is not in the trace; a replay's
 * reads as zeroes, at the recorded size, and takes what is written back without failing.
 */
#include "sim/calls.h"
#include "traces/replay_handlers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_BYTES ((uint64_t)INT64_MAX)
/* What one read ahead may be asked for, in pages: more cannot be cached. */
#define MAX_READAHEAD_PAGES ((uint64_t)1 << 20)

/* What is known of a file as such; whoever opened it has a reference, and the map. */
struct replay_mapping {
	struct address_space data; /* first */
	uint32_t count;
};

struct replay_file {
	struct file file;               /* first */
	struct replay_mapping *mapping; /* NULL: it has no pages */
};

static struct kernel *kernel_of(const struct replay *replay)
{
	return &replay->machine->kernel;
}

/* ---- their life ---- */

static int read_zeroes(struct address_space *mapping, pgoff_t index, void *data)
{
	(void)mapping;
	(void)index;
	memset(data, 0, PAGE_SIZE);
	return 0;
}

static int write_nowhere(struct address_space *mapping, pgoff_t index, const void *data)
{
	(void)mapping;
	(void)index;
	(void)data;
	return 0;
}

static const struct address_space_operations mapping_ops = { read_zeroes, write_nowhere };

/* Nobody maps it any more: a VMA holds its file, and the file holds this. */
static void put_mapping(struct kernel *k, struct replay_mapping *mapping)
{
	if (!mapping || --mapping->count)
		return;
	call_mapping_end(k, &mapping->data);
	free(mapping);
}

static void release(struct kernel *k, struct file *f)
{
	struct replay_file *file = (struct replay_file *)f;

	put_mapping(k, file->mapping);
	free(file);
}

static const char *path_of(const struct file *file)
{
	(void)file;
	return "";
}

static const struct file_operations file_ops = { release, path_of };

static struct replay_mapping *mapping_of(const struct replay *replay,
                                         const struct record_event *event)
{
	return things_find(&replay->mappings, event->args[0]);
}

/* NULL: no memory, the host's. */
static struct replay_mapping *add_mapping(struct replay *replay, uint64_t id, uint64_t size)
{
	struct replay_mapping *mapping = calloc(1, sizeof(*mapping));

	if (!mapping)
		return NULL;
	mapping->count = 1;
	address_space_init(kernel_of(replay), &mapping->data, &mapping_ops, mapping, size);
	if (!things_set(&replay->mappings, id, mapping))
		return mapping;
	free(mapping);
	return NULL;
}

static int check_size(struct replay *replay, uint64_t size)
{
	return size <= MAX_FILE_BYTES ? 0 : replay_refuse(replay, "no size of a file");
}

int replay_mapping(struct replay *replay, const struct record_event *event)
{
	int err = check_size(replay, event->args[1]);

	if (err)
		return err;
	if (!event->args[0] || mapping_of(replay, event))
		return replay_refuse(replay, "mapping %lu is not new",
		                     (unsigned long)event->args[0]);
	if (!add_mapping(replay, event->args[0], event->args[1]))
		return replay_refuse(replay, "%s", strerror(ENOMEM));
	return 0;
}

int replay_shmem(struct replay *replay, const struct record_event *event)
{
	struct replay_mapping *mapping = mapping_of(replay, event);
	const struct mm_struct *mm = things_find(&replay->mms, event->args[1]);
	int err = check_size(replay, event->args[2]);

	if (err)
		return err;
	if (event->args[1] && !mm)
		return replay_skip(replay);
	if (!mapping)
		mapping = add_mapping(replay, event->args[0], 0);
	if (!mapping)
		return replay_refuse(replay, "%s", strerror(ENOMEM));
	if (mapping->count > 1 || mapping->data.nrpages || mapping->data.nrexceptional ||
	    mapping->data.committed)
		return replay_refuse(replay, "mapping %lu is in use",
		                     (unsigned long)event->args[0]);
	return replay_compare(replay, event->args[3],
	                      call_shmem_mapping_init(kernel_of(replay), mm, &mapping->data,
	                                              mapping, event->args[2]));
}

int replay_size(struct replay *replay, const struct record_event *event)
{
	struct replay_mapping *mapping = mapping_of(replay, event);
	int err = check_size(replay, event->args[1]);

	if (err)
		return err;
	if (!mapping)
		return replay_skip(replay);
	call_set_size(kernel_of(replay), &mapping->data, event->args[1]);
	return 0;
}

/* Here somebody may still have it open, for whom it stays. */
int replay_mapping_end(struct replay *replay, const struct record_event *event)
{
	struct replay_mapping *mapping = things_take(&replay->mappings, event->args[0]);

	if (!mapping)
		return replay_skip(replay);
	put_mapping(kernel_of(replay), mapping);
	return 0;
}

int replay_file(struct replay *replay, const struct record_event *event)
{
	struct replay_mapping *mapping = things_find(&replay->mappings, event->args[1]);
	struct replay_file *file;

	if (!event->args[0] || things_find(&replay->files, event->args[0]))
		return replay_refuse(replay, "file %lu is not new", (unsigned long)event->args[0]);
	if (event->args[2] & ~(uint64_t)(FMODE_READ | FMODE_WRITE))
		return replay_refuse(replay, "no mode of an open file");
	if (event->args[1] && !mapping)
		return replay_skip(replay);
	file = calloc(1, sizeof(*file));
	if (!file || things_set(&replay->files, event->args[0], file)) {
		free(file);
		return replay_refuse(replay, "%s", strerror(ENOMEM));
	}
	file->file =
	    (struct file){ .f_op = &file_ops, .f_count = 1, .f_mode = (uint32_t)event->args[2] };
	call_fadvise(kernel_of(replay), &file->file, POSIX_FADV_NORMAL);
	if (mapping) {
		mapping->count++;
		file->mapping = mapping;
		file->file.f_mapping = &mapping->data;
	}
	return 0;
}

int replay_file_end(struct replay *replay, const struct record_event *event)
{
	struct file *file = things_take(&replay->files, event->args[0]);

	if (!file)
		return replay_skip(replay);
	fput(kernel_of(replay), file);
	return 0;
}

struct file *replay_find_file(const struct replay *replay, uint64_t id)
{
	return things_find(&replay->files, id);
}

void replay_release_files(struct replay *replay)
{
	struct replay_mapping *mapping;
	struct file *file;

	while ((file = things_take_any(&replay->files)))
		fput(kernel_of(replay), file);
	while ((mapping = things_take_any(&replay->mappings)))
		put_mapping(kernel_of(replay), mapping);
}

int replay_fadvise(struct replay *replay, const struct record_event *event)
{
	struct file *file = replay_find_file(replay, event->args[0]);

	if (!file)
		return replay_skip(replay);
	call_fadvise(kernel_of(replay), file, (int)event->args[1]);
	return 0;
}

/* ---- reading and writing ---- */

/* One read or write; the copies are in the trace. */
struct copies {
	struct replay *replay;
	bool is_over; /* the recorded one made no more copies */
	int err;      /* the replay cannot go on */
};

/* The accesses of a copy, as far as it came then. */
static int64_t copy(void *context, void *page_memory, uint64_t offset, uint64_t len)
{
	struct copies *copies = context;
	struct record_event end;
	int64_t done;
	int got;

	(void)page_memory;
	(void)offset;
	if (copies->is_over || copies->err)
		return -EFAULT;
	got = replay_copy(copies->replay, &end);
	if (got <= 0 || end.kind == RECORD_RW_END) {
		copies->err = got < 0 ? got : 0;
		copies->is_over = true;
		return -EFAULT;
	}
	done = (int64_t)end.args[0];
	return done < 0 || (uint64_t)done <= len ? done : (int64_t)len;
}

/* What the recorded one did beyond this one. */
static int skip_copies(struct copies *copies)
{
	struct record_event end = { .kind = RECORD_RW_END };
	int got = 1;

	while (!copies->is_over && !copies->err) {
		got = replay_copy(copies->replay, &end);
		copies->err = got < 0 ? got : 0;
		copies->is_over = got <= 0 || end.kind == RECORD_RW_END;
	}
	return copies->err;
}

int replay_read_write(struct replay *replay, const struct record_event *event)
{
	struct copies copies = { .replay = replay };
	struct file *file = replay_find_file(replay, event->args[0]);
	const uint64_t pos = event->args[1], len = event->args[2];
	struct kernel *k = kernel_of(replay);

	if (pos > MAX_FILE_BYTES || len > MAX_FILE_BYTES - pos)
		return replay_refuse(replay, "no place in a file");
	if (file && file->f_mapping) {
		get_file(file); /* it may be its last user who is killed while it is copied */
		if (event->kind == RECORD_READ)
			call_filemap_read(k, file, pos, len, copy, &copies);
		else
			call_filemap_write(k, file, pos, len, copy, &copies);
		fput(k, file);
	} else {
		replay_skip(replay);
	}
	return skip_copies(&copies);
}

/* ---- the cache ---- */

int replay_sync(struct replay *replay, const struct record_event *event)
{
	struct replay_mapping *mapping = mapping_of(replay, event);

	if (!mapping)
		return replay_skip(replay);
	return replay_compare(replay, event->args[3],
	                      call_filemap_write_and_wait_range(kernel_of(replay), &mapping->data,
	                                                        event->args[1], event->args[2]));
}

int replay_invalidate(struct replay *replay, const struct record_event *event)
{
	struct replay_mapping *mapping = mapping_of(replay, event);

	if (!mapping)
		return replay_skip(replay);
	call_invalidate_mapping_pages(kernel_of(replay), &mapping->data, event->args[1],
	                              event->args[2]);
	return 0;
}

int replay_readahead(struct replay *replay, const struct record_event *event)
{
	struct replay_mapping *mapping = mapping_of(replay, event);

	if (!mapping || event->args[2] > MAX_READAHEAD_PAGES)
		return replay_skip(replay);
	call_force_page_cache_readahead(kernel_of(replay), &mapping->data, event->args[1],
	                                event->args[2]);
	return 0;
}

int replay_drop_pages(struct replay *replay, const struct record_event *event)
{
	struct replay_mapping *mapping = mapping_of(replay, event);

	if (!mapping)
		return replay_skip(replay);
	call_truncate_inode_pages(kernel_of(replay), &mapping->data, event->args[1]);
	return 0;
}

int replay_clear_tail(struct replay *replay, const struct record_event *event)
{
	struct replay_mapping *mapping = mapping_of(replay, event);

	if (!mapping)
		return replay_skip(replay);
	call_clear_tail(kernel_of(replay), &mapping->data);
	return 0;
}

int replay_truncate(struct replay *replay, const struct record_event *event)
{
	struct replay_mapping *mapping = mapping_of(replay, event);
	int err = check_size(replay, event->args[1]);

	if (err)
		return err;
	if (!mapping)
		return replay_skip(replay);
	call_truncate_setsize(kernel_of(replay), &mapping->data, event->args[1]);
	return 0;
}
