// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cow [FILE] - writes into a private mapping of FILE (its own program file), and
 * sees that neither the file nor other mappings of it change.
 *
 * What it shows: copy-on-write. All mappings share the page cache's frames until a
 * write gives the writer a frame of its own.
 * What to look at: faults.by_kind: file_read for pages that are read, cow for pages
 * that are there and then written, file_write for the first page, which is written
 * before anything is read. Reading one page maps its cached neighbours too: with
 * fault_around 4K there are more of file_write and fewer of cow.
 */
#include "guest.h"

#define MAX_BYTES (16 * PAGE_BYTES)

/* st_size of the kernel's struct stat. */
static uint64_t file_size(int fd)
{
	unsigned long stat[18];

	if (syscall3(SYS_fstat, (unsigned)fd, stat, 0) < 0)
		fail("cow: cannot stat the file\n");
	return stat[sizeof(long) == 4 ? 5 : 6]; /* at 20 of 64 bytes, or at 48 of 144 */
}

static void check_same(const volatile uint8_t *memory, const uint8_t *content, uint64_t bytes,
                       const char *what)
{
	for (uint64_t i = 0; i < bytes; i++)
		if (memory[i] != content[i])
			fail("cow: %s changed at %x\n", what, i);
}

/* The first byte of each page; every other page is read before. */
static uint64_t write_pages(volatile uint8_t *memory, uint64_t bytes)
{
	uint64_t pages = 0;

	for (uint64_t at = 0; at < bytes; at += PAGE_BYTES, pages++) {
		uint8_t old = pages % 2 ? memory[at] : 0;

		memory[at] = (uint8_t)(pages % 2 ? ~old : 0xa5);
	}
	return pages;
}

static void check_written(const volatile uint8_t *memory, const uint8_t *content, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes; i++) {
		bool odd = i / PAGE_BYTES % 2;
		uint8_t expected = content[i];

		if (i % PAGE_BYTES == 0)
			expected = (uint8_t)(odd ? ~content[i] : 0xa5);
		if (memory[i] != expected)
			fail("cow: the written mapping is wrong at %x\n", i);
	}
}

int guest_main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : argv[0];
	static uint8_t before[MAX_BYTES], after[MAX_BYTES];
	int fd = (int)syscall3(SYS_open, path, 0, 0);
	uint64_t bytes, pages;
	uint8_t *writer, *reader, *shared;

	if (fd < 0)
		fail("cow: %s: cannot be opened\n", path);
	bytes = file_size(fd) < MAX_BYTES ? file_size(fd) : MAX_BYTES;
	if (!bytes)
		fail("cow: %s: empty\n", path);
	if (syscall6(SYS_pread64, (unsigned)fd, (uintptr_t)before, bytes, 0, 0, 0) !=
	    (int64_t)bytes)
		fail("cow: %s: cannot be read\n", path);

	writer = map(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	reader = map(bytes, PROT_READ, MAP_PRIVATE, fd);
	shared = map(bytes, PROT_READ, MAP_SHARED, fd);
	check_same(reader, before, bytes, "the private mapping");
	pages = write_pages(writer, bytes);
	check_written(writer, before, bytes);
	check_same(reader, before, bytes, "another private mapping");
	check_same(shared, before, bytes, "a shared mapping");
	syscall6(SYS_pread64, (unsigned)fd, (uintptr_t)after, bytes, 0, 0, 0);
	check_same(after, before, bytes, "the file");
	print("cow: %u pages written, the file unchanged\n", pages);
	return 0;
}
