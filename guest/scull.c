// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scull DEVICE [SIZE [UNIT]] - writes SIZE bytes (default 1M) into /dev/scullc,
 * /dev/scullp or /dev/scullv, a page at a time, reads them back, verifies them, and
 * empties the device. UNIT is the quantum (scullc) or order (others) to set before.
 *
 * What it shows: what a kernel buffer costs by where it comes from. The program is the
 * same for all; the kernel's side of the copies lies in the direct map, where a few
 * large pages cover it (scullc: slabs; scullp: whole pages), or behind page tables of
 * 4 KB pages (scullv: vmalloc()).
 * What to look at: mmu.kernel.tlb.l1d.misses: on skylake a few for scullp, and one for
 * each of the area's pages and pass for scullv.
 */
#include "guest.h"

enum { SYS_lseek = 8, SYS_ioctl = 16 };
enum { O_RDONLY = 0, O_WRONLY = 1, SEEK_END = 2 };

/* The requests of "Linux Device Drivers", chapter 8: _IO('K', 2), _IOR('K', 3, int). */
#define SCULL_IOCTUNIT 0x4b02u
#define SCULL_IOCGUNIT 0x80044b03u

static uint64_t buffer[PAGE_BYTES / 8];

static int open_device(const char *path, int flags)
{
	int64_t fd = syscall3(SYS_open, path, (unsigned)flags, 0);

	if (fd < 0)
		fail("scull: %s: cannot be opened: error %d\n", path, (int)-fd);
	return (int)fd;
}

static void close_device(int fd)
{
	syscall3(SYS_close, (unsigned)fd, 0, 0);
}

static void set_unit(const char *path, uint64_t unit)
{
	int fd = open_device(path, O_RDONLY), now = -1;
	int64_t error = syscall3(SYS_ioctl, (unsigned)fd, SCULL_IOCTUNIT, unit);

	if (error)
		fail("scull: %s: cannot be set to %u: error %d\n", path, unit, (int)-error);
	syscall3(SYS_ioctl, (unsigned)fd, SCULL_IOCGUNIT, &now);
	if ((uint64_t)now != unit)
		fail("scull: %s: set to %u, and is %d\n", path, unit, now);
	close_device(fd);
}

/* The device may take or give less than asked for: what is left is asked for again. */
static void transfer(int fd, uint64_t call, uint64_t bytes)
{
	for (uint64_t done = 0; done < bytes;) {
		int64_t n = syscall3(call, (unsigned)fd, (uint8_t *)buffer + done, bytes - done);

		if (n <= 0)
			fail("scull: %s gave %d\n", call == SYS_read ? "read" : "write", (int)n);
		done += (uint64_t)n;
	}
}

static uint64_t piece(uint64_t bytes, uint64_t at)
{
	return bytes - at < PAGE_BYTES ? bytes - at : PAGE_BYTES;
}

static void write_all(const char *path, uint64_t bytes)
{
	int fd = open_device(path, O_WRONLY);

	for (uint64_t at = 0; at < bytes; at += PAGE_BYTES) {
		for (uint64_t i = 0; i < PAGE_BYTES / 8; i++)
			buffer[i] = pattern(at + i, 0);
		transfer(fd, SYS_write, piece(bytes, at));
	}
	close_device(fd);
}

static void verify_all(const char *path, uint64_t bytes)
{
	int fd = open_device(path, O_RDONLY);
	int64_t end = syscall3(SYS_lseek, (unsigned)fd, 0, SEEK_END);

	if (end != (int64_t)bytes)
		fail("scull: %s ends at %u\n", path, (uint64_t)end);
	syscall3(SYS_lseek, (unsigned)fd, 0, 0);
	for (uint64_t at = 0; at < bytes; at += PAGE_BYTES) {
		uint64_t n = piece(bytes, at);

		transfer(fd, SYS_read, n);
		for (uint64_t i = 0; i < n / 8; i++)
			if (buffer[i] != pattern(at + i, 0))
				fail("scull: %s: wrong at %x\n", path, at + 8 * i);
	}
	if (syscall3(SYS_read, (unsigned)fd, buffer, 1))
		fail("scull: %s does not end\n", path);
	close_device(fd);
}

static void empty(const char *path)
{
	int fd;

	close_device(open_device(path, O_WRONLY));
	fd = open_device(path, O_RDONLY);
	if (syscall3(SYS_read, (unsigned)fd, buffer, 1))
		fail("scull: %s is not empty\n", path);
	close_device(fd);
}

int guest_main(int argc, char **argv)
{
	uint64_t bytes = size_argument(argc, argv, 2, MIB);

	if (argc < 2)
		fail("usage: scull DEVICE [SIZE [UNIT]]\n");
	if (argc > 3)
		set_unit(argv[1], size_argument(argc, argv, 3, 0));
	write_all(argv[1], bytes);
	verify_all(argv[1], bytes);
	empty(argv[1]);
	print("scull: %u bytes through %s\n", bytes, argv[1]);
	return 0;
}
