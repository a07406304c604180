// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls on files and their cached pages. */
#include "sim/calls.h"

#include "sim/tell.h"

#include <fcntl.h>

/* ---- what a recorder knows of them ---- */

static uint64_t new_id(struct machine *machine)
{
	return ++machine->last_record_id;
}

/* Its id for the recorder, which hears of it now if it has not before. 0: there is none. */
static uint64_t mapping_id(struct kernel *k, struct address_space *mapping)
{
	struct machine *machine = k->machine;

	if (!machine->recorder || !mapping)
		return 0;
	if (!mapping->id) {
		mapping->id = new_id(machine);
		TELL(machine, RECORD_MAPPING, mapping->id, mapping->i_size);
	}
	return mapping->id;
}

uint64_t call_file_id(struct kernel *k, struct file *file)
{
	struct machine *machine = k->machine;
	uint64_t mapping;

	if (!machine->recorder || !file)
		return 0;
	if (!file->id) {
		mapping = mapping_id(k, file->f_mapping);
		file->id = new_id(machine);
		TELL(machine, RECORD_FILE, file->id, mapping, file->f_mode);
	}
	return file->id;
}

void call_set_size(struct kernel *k, struct address_space *mapping, uint64_t size)
{
	mapping->i_size = size;
	if (mapping->id)
		TELL(k->machine, RECORD_SIZE, mapping->id, size);
}

int call_shmem_mapping_init(struct kernel *k, const struct mm_struct *mm,
                            struct address_space *mapping, void *host, uint64_t size)
{
	struct machine *machine = call_begin(k);
	uint64_t id = mapping->id;
	int err = shmem_mapping_init(k, mm, mapping, host, size);

	if (machine->recorder && !id)
		id = new_id(machine);
	mapping->id = id;
	CALL_END(machine, RECORD_SHMEM, id, mm_id(mm), size, (uint64_t)err);
	return err;
}

void call_mapping_end(struct kernel *k, struct address_space *mapping)
{
	struct machine *machine = call_begin(k);

	if (mapping->shmem)
		shmem_mapping_finish(k, mapping);
	else
		truncate_inode_pages(k, mapping, 0);
	call_unpause(machine);
	if (mapping->id)
		TELL(machine, RECORD_MAPPING_END, mapping->id);
	call_end(machine);
}

void call_file_end(struct kernel *k, const struct file *file)
{
	if (file->id)
		TELL(k->machine, RECORD_FILE_END, file->id);
}

/* ---- reading and writing ---- */

/* A copy, which comes back to the machine: its accesses and faults are recorded. */
struct told_copy {
	struct machine *machine;
	filemap_actor actor;
	void *context;
};

static int64_t tell_copy(void *context, void *page_memory, uint64_t offset, uint64_t len)
{
	struct told_copy *copy = context;
	struct machine *machine = copy->machine;
	struct recorder *recorder = machine->recorder;
	uint32_t paused = recorder ? recorder->paused : 0;
	int64_t done;

	if (recorder)
		recorder->paused = 0;
	done = copy->actor(copy->context, page_memory, offset, len);
	TELL(machine, RECORD_COPIED, (uint64_t)done);
	if (recorder)
		recorder->paused = paused;
	return done;
}

int64_t call_filemap_read(struct kernel *k, struct file *file, uint64_t pos, uint64_t len,
                          filemap_actor actor, void *context)
{
	struct told_copy copy = { k->machine, actor, context };
	int64_t done;

	TELL(copy.machine, RECORD_READ, call_file_id(k, file), pos, len);
	call_begin(k);
	done = filemap_read(k, file, pos, len, tell_copy, &copy);
	CALL_END(copy.machine, RECORD_RW_END, (uint64_t)done);
	return done;
}

int64_t call_filemap_write(struct kernel *k, struct file *file, uint64_t pos, uint64_t len,
                           filemap_actor actor, void *context)
{
	struct told_copy copy = { k->machine, actor, context };
	int64_t done;

	TELL(copy.machine, RECORD_WRITE, call_file_id(k, file), pos, len);
	call_begin(k);
	done = filemap_write(k, file, pos, len, tell_copy, &copy);
	CALL_END(copy.machine, RECORD_RW_END, (uint64_t)done);
	return done;
}

/* ---- the cache ---- */

int call_filemap_write_and_wait_range(struct kernel *k, struct address_space *mapping,
                                      pgoff_t start, pgoff_t end)
{
	const uint64_t id = mapping_id(k, mapping);
	struct machine *machine = call_begin(k);
	int err = filemap_write_and_wait_range(k, mapping, start, end);

	CALL_END(machine, RECORD_SYNC, id, start, end, (uint64_t)err);
	return err;
}

void call_invalidate_mapping_pages(struct kernel *k, struct address_space *mapping, pgoff_t start,
                                   pgoff_t end)
{
	const uint64_t id = mapping_id(k, mapping);
	struct machine *machine = call_begin(k);

	invalidate_mapping_pages(k, mapping, start, end);
	CALL_END(machine, RECORD_INVALIDATE, id, start, end);
}

void call_force_page_cache_readahead(struct kernel *k, struct address_space *mapping, pgoff_t start,
                                     uint64_t nr)
{
	const uint64_t id = mapping_id(k, mapping);
	struct machine *machine = call_begin(k);

	force_page_cache_readahead(k, mapping, start, nr);
	CALL_END(machine, RECORD_READAHEAD, id, start, nr);
}

void call_truncate_inode_pages(struct kernel *k, struct address_space *mapping, pgoff_t start)
{
	const uint64_t id = mapping_id(k, mapping);
	struct machine *machine = call_begin(k);

	truncate_inode_pages(k, mapping, start);
	CALL_END(machine, RECORD_DROP_PAGES, id, start);
}

void call_truncate_setsize(struct kernel *k, struct address_space *mapping, uint64_t size)
{
	const uint64_t id = mapping_id(k, mapping);
	struct machine *machine = call_begin(k);

	truncate_setsize(k, mapping, size);
	CALL_END(machine, RECORD_TRUNCATE, id, size);
}

void call_clear_tail(struct kernel *k, struct address_space *mapping)
{
	const uint64_t id = mapping_id(k, mapping);
	const uint64_t used = mapping->i_size & ~PAGE_MASK;
	struct machine *machine = call_begin(k);
	struct page *page = used ? find_get_page(k, mapping, mapping->i_size >> PAGE_SHIFT) : NULL;

	if (page) {
		zero_user_segment(k, page, used, PAGE_SIZE);
		put_page(k, page);
	}
	CALL_END(machine, RECORD_CLEAR_TAIL, id);
}

void call_fadvise(struct kernel *k, struct file *file, int advice)
{
	const uint32_t window = k->config.read_ahead_pages;

	if (advice == POSIX_FADV_NORMAL)
		file->f_ra.ra_pages = window;
	else if (advice == POSIX_FADV_RANDOM)
		file->f_ra.ra_pages = 0;
	else if (advice == POSIX_FADV_SEQUENTIAL)
		file->f_ra.ra_pages = window * 2;
	else
		return;
	TELL(k->machine, RECORD_FADVISE, call_file_id(k, file), (uint64_t)advice);
}
