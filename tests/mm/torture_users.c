/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torture_users - processes with anonymous memory and a mapped file, and files that
 * are read and written: memory that reclaim may take, as the allocators press.
 */
#include "torture.h"
#include "user_access.h"

#define ANON_AT ((va_t)0x10000000)
#define FILE_AT ((va_t)0x20000000)
#define RW (PROT_READ_ | PROT_WRITE_)
#define MAPPED_FILE 0 /* never truncated; the others are */

/* ---- spaces ---- */

static void space_end(struct torture *t, struct torture_space *space)
{
	mmput(t->k, space->mm);
	space->mm = NULL;
	space->killed = false;
}

/* A new process with all of its memory and the file mapped, or a child. */
static void space_start(struct torture *t, struct torture_space *space)
{
	const struct torture_space *parent = &t->spaces[below(t, NR_SPACES)];

	if (parent->mm) {
		memcpy(space->pages, parent->pages, sizeof(space->pages));
		space->mm = dup_mm(t->k, parent->mm);
		if (!space->mm)
			t->nr_refused++;
		return;
	}
	memset(space->pages, 0, sizeof(space->pages));
	space->mm = mm_alloc(t->k);
	if (!space->mm) {
		t->nr_refused++;
		return;
	}
	for (int i = 0; i < SPACE_PAGES; i++)
		space->pages[i].mapped = space->pages[i].writable = true;
	if (do_mmap(t->k, space->mm, NULL, ANON_AT, SPACE_PAGES * PAGE_SIZE, RW,
	            MAP_PRIVATE_ | MAP_ANONYMOUS_ | MAP_FIXED_, 0) != (int64_t)ANON_AT ||
	    do_mmap(t->k, space->mm, &t->files[MAPPED_FILE].file, FILE_AT, FILE_PAGES * PAGE_SIZE,
	            RW, MAP_SHARED_ | MAP_FIXED_, 0) != (int64_t)FILE_AT) {
		t->nr_refused++;
		space_end(t, space);
	}
}

/* The word at va; NULL: the access was refused, as the model says it has to be, or
 * the space has been killed for want of memory. */
static uint64_t *space_word(struct torture *t, struct torture_space *space, va_t va, bool write,
                            bool allowed)
{
	enum fault_outcome outcome = FAULT_MINOR_DONE;
	uint64_t *word = user_at(t->k, space->mm, va, write, &outcome);

	if (space->killed)
		return NULL;
	if (!word && outcome == FAULT_OOM) {
		t->nr_refused++;
		return NULL;
	}
	if (!word != !allowed || (!word && outcome != FAULT_SIGSEGV))
		torture_fail(t, "%s of %#llx: outcome %d", write ? "store" : "load",
		             (unsigned long long)va, outcome);
	if (word)
		check_unowned(t, (pfn_t)((uint8_t *)word - t->f.ram.base) >> PAGE_SHIFT);
	return word;
}

static void space_access(struct torture *t, struct torture_space *space)
{
	uint64_t page = below(t, SPACE_PAGES), *word;
	bool write = one_in(t, 2);

	word = space_word(t, space, ANON_AT + page * PAGE_SIZE + page % 512 * 8, write,
	                  space->pages[page].mapped && (!write || space->pages[page].writable));
	if (!word)
		return;
	if (*word != space->pages[page].word)
		torture_fail(t, "page %d of a space has %#llx, not %#llx", (int)page,
		             (unsigned long long)*word,
		             (unsigned long long)space->pages[page].word);
	if (write)
		*word = space->pages[page].word = fixture_random(&t->random);
}

static void space_access_file(struct torture *t, struct torture_space *space)
{
	uint64_t offset = below(t, FILE_PAGES * PAGE_SIZE / 8) * 8, value;
	uint8_t *expected = &t->contents[MAPPED_FILE][offset];
	bool write = one_in(t, 2);
	uint64_t *word = space_word(t, space, FILE_AT + offset, write, true);

	if (!word)
		return;
	if (memcmp(word, expected, 8))
		torture_fail(t, "the mapped file differs at %#llx", (unsigned long long)offset);
	if (write) {
		value = fixture_random(&t->random);
		memcpy(word, &value, 8);
		memcpy(expected, &value, 8);
	}
}

/* A call for a range of pages, and what becomes of them. One that found no memory
 * may have stopped anywhere: the process ends. */
static void space_call(struct torture *t, struct torture_space *space)
{
	uint64_t first = below(t, SPACE_PAGES), nr = 1 + below(t, one_in(t, 8) ? 512 : 24);
	uint64_t call = below(t, 4);
	va_t va = ANON_AT + first * PAGE_SIZE;
	bool writable = one_in(t, 2);
	int64_t result;

	if (first + nr > SPACE_PAGES)
		nr = SPACE_PAGES - first;
	if (call == 0)
		result = do_munmap(t->k, space->mm, va, nr * PAGE_SIZE);
	else if (call == 1)
		result =
		    do_mprotect(t->k, space->mm, va, nr * PAGE_SIZE, writable ? RW : PROT_READ_);
	else if (call == 2)
		result = do_madvise(t->k, space->mm, va, nr * PAGE_SIZE, MADV_DONTNEED_);
	else
		result = do_mmap(t->k, space->mm, NULL, va, nr * PAGE_SIZE, RW,
		                 MAP_PRIVATE_ | MAP_ANONYMOUS_ | MAP_FIXED_, 0);
	if (space->killed)
		return;
	for (uint64_t i = first; i < first + nr; i++) {
		if (call == 1 && !space->pages[i].mapped) { /* mprotect() ends at a hole */
			if (result != -ENOMEM)
				torture_fail(t, "mprotect() over a hole: %d", (int)result);
			return;
		}
		if (call == 1) {
			space->pages[i].writable = writable;
			continue;
		}
		space->pages[i].word = 0;
		if (call != 2)
			space->pages[i].mapped = space->pages[i].writable = call == 3;
	}
	/* madvise() goes on behind holes, and tells of them. */
	if (call == 2 ? result && result != -ENOMEM : result < 0) {
		if (result != -ENOMEM)
			torture_fail(t, "call %d: %d", (int)call, (int)result);
		t->nr_refused++;
		space_end(t, space);
	}
}

static void space_operate(struct torture *t, struct torture_space *space)
{
	uint64_t what = below(t, 4096);

	if (!space->mm)
		space_start(t, space);
	else if (what == 0)
		space_end(t, space);
	else if (what < 64)
		space_call(t, space);
	else if (what < 800)
		space_access_file(t, space);
	else
		space_access(t, space);
}

static void bury_the_killed(struct torture *t)
{
	for (int i = 0; i < NR_SPACES; i++)
		if (t->spaces[i].mm && t->spaces[i].killed)
			space_end(t, &t->spaces[i]);
}

/* ---- files ---- */

struct transfer {
	struct torture *t;
	uint8_t *expected; /* of the next byte */
};

static int64_t write_some(void *context, void *page_memory, uint64_t offset, uint64_t len)
{
	struct transfer *transfer = context;
	uint8_t byte = (uint8_t)fixture_random(&transfer->t->random);

	memset((uint8_t *)page_memory + offset, byte, len);
	memset(transfer->expected, byte, len);
	transfer->expected += len;
	return (int64_t)len;
}

static int64_t read_some(void *context, void *page_memory, uint64_t offset, uint64_t len)
{
	struct transfer *transfer = context;

	if (memcmp((uint8_t *)page_memory + offset, transfer->expected, len))
		torture_fail(transfer->t, "a file reads wrong");
	transfer->expected += len;
	return (int64_t)len;
}

static void file_transfer(struct torture *t, int i)
{
	struct disk_file *file = &t->files[i];
	uint64_t at = below(t, FILE_PAGES * PAGE_SIZE), len = 1 + below(t, 3 * PAGE_SIZE), end;
	struct transfer transfer = { t, &t->contents[i][at] };
	bool write = one_in(t, 2);
	int64_t done;

	if (at + len > FILE_PAGES * PAGE_SIZE)
		len = FILE_PAGES * PAGE_SIZE - at;
	end = file->mapping.i_size;
	done = write ? filemap_write(t->k, &file->file, at, len, write_some, &transfer)
	             : filemap_read(t->k, &file->file, at, len, read_some, &transfer);
	if (!write)
		len = at >= end ? 0 : at + len > end ? end - at : len;
	if (done == (int64_t)len)
		return;
	if (done < 0 ? done != -ENOMEM : done > (int64_t)len)
		torture_fail(t, "%s of %llu bytes: %lld", write ? "write" : "read",
		             (unsigned long long)len, (long long)done);
	t->nr_refused++;
}

static void file_operate(struct torture *t)
{
	int i = (int)below(t, NR_FILES);
	struct disk_file *file = &t->files[i];
	uint64_t first = below(t, FILE_PAGES), size;

	switch (below(t, 32)) {
	case 0:
		filemap_write_and_wait_range(t->k, &file->mapping, first, first + 64);
		break;
	case 1:
		invalidate_mapping_pages(t->k, &file->mapping, first, first + 64);
		break;
	case 2:
		if (i == MAPPED_FILE)
			break;
		size = below(t, FILE_PAGES * PAGE_SIZE + 1);
		truncate_setsize(t->k, &file->mapping, size);
		/* A file system gives the blocks behind the end up. */
		memset(file->data + size, 0, FILE_PAGES * PAGE_SIZE - size);
		memset(t->contents[i] + size, 0, FILE_PAGES * PAGE_SIZE - size);
		break;
	case 3:
		if (one_in(t, 16))
			drop_pagecache(t->k);
		break;
	default:
		file_transfer(t, i);
	}
}

/* ---- all of them ---- */

/* Linux would send SIGKILL. */
static void oom_kill_space(void *machine, struct mm_struct *mm)
{
	struct torture *t = machine;

	fixture_oom_kill(machine, mm);
	for (int i = 0; i < NR_SPACES; i++)
		if (t->spaces[i].mm == mm)
			t->spaces[i].killed = true;
}

void users_start(struct torture *t)
{
	t->ops.oom_kill = oom_kill_space;
	for (int i = 0; i < NR_FILES; i++) {
		disk_file_open(t->k, &t->files[i], FILE_PAGES * PAGE_SIZE, FILE_PAGES);
		t->files[i].mapping.gfp_mask = GFP_HIGHUSER_MOVABLE;
		memcpy(t->contents[i], t->files[i].data, sizeof(t->contents[i]));
	}
	ram_swap_on(t->k, &t->swap, t->machine->swap_pages, -1);
}

void users_operate(struct torture *t)
{
	if (one_in(t, 3))
		file_operate(t);
	else
		space_operate(t, &t->spaces[below(t, NR_SPACES)]);
	bury_the_killed(t);
}

void users_end(struct torture *t)
{
	for (int i = 0; i < NR_SPACES; i++)
		if (t->spaces[i].mm)
			space_end(t, &t->spaces[i]);
	for (int i = 0; i < NR_FILES; i++) {
		struct disk_file *file = &t->files[i];

		ck_assert_int_eq(filemap_write_and_wait_range(t->k, &file->mapping, 0, UINT64_MAX),
		                 0);
		if (memcmp(file->data, t->contents[i], file->mapping.i_size))
			torture_fail(t, "file %d was not written back as it was", i);
		disk_file_close(t->k, file);
	}
}
