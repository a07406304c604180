// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shared [KIND [BYTES]] - memory that two processes share: the parent writes the even
 * pages, its child the odd ones, each checks the other's, twice. KIND is how they come
 * to it: anon (mmap before fork), memfd (memfd_create), file (a file in /dev/shm),
 * sysv (shmget), or all (one after the other).
 *
 * What it shows: pages of a shmem mapping: in the page cache, but written to swap.
 * What to look at: faults.by_kind shmem, vmstat.pswpout with less RAM than BYTES, and
 * that Shmem of /proc/meminfo is 0 again at the end.
 */
#include "guest.h"

#ifdef __i386__
enum {
	SYS_ipc = 117,
	SYS_unlink = 10,
	SYS_ftruncate = 93,
	SYS_memfd_create = 356,
	SYS_fcntl = 221,
};
#else
enum {
	SYS_shmget = 29,
	SYS_shmat = 30,
	SYS_shmctl = 31,
	SYS_shmdt = 67,
	SYS_unlink = 87,
	SYS_ftruncate = 77,
	SYS_memfd_create = 319,
	SYS_fcntl = 72,
};
#endif
enum { O_RDWR = 2, O_CREAT = 0100, O_EXCL = 0200 };
enum { IPC_PRIVATE = 0, IPC_RMID = 0, IPC_STAT = 2, IPC_64 = 0x100 };
enum { MFD_ALLOW_SEALING = 2, F_ADD_SEALS = 1033, F_GET_SEALS = 1034 };
enum { SEAL_SEAL = 1, SEAL_SHRINK = 2, SEAL_GROW = 4, SEAL_WRITE = 8 };
enum { EPERM = 1, EIDRM = 43, EINVAL = 22, EBUSY = 16 };

#define NR_ROUNDS 2
#define FILE_NAME "/dev/shm/pagewalk-shared"

static int64_t check(int64_t result, const char *what)
{
	if (result < 0 && result > -4096)
		fail("shared: %s: error %d\n", what, (int)-result);
	return result;
}

static void expect(int64_t result, int error, const char *what)
{
	if (result != -error)
		fail("shared: %s: %d and not %d\n", what, (int)result, -error);
}

/* ---- System V calls of the two ABIs ---- */

#ifdef __i386__
static int64_t shmget(int key, uint64_t bytes, unsigned flags)
{
	return syscall6(SYS_ipc, 23, (unsigned)key, (uintptr_t)bytes, flags, 0, 0);
}

static void *shmat(int64_t id)
{
	uintptr_t at = 0;

	check(syscall6(SYS_ipc, 21, (uintptr_t)id, 0, (uintptr_t)&at, 0, 0), "shmat");
	return (void *)at;
}

static int64_t shmdt(void *at)
{
	return syscall6(SYS_ipc, 22, 0, 0, 0, (uintptr_t)at, 0);
}

static int64_t shmctl(int64_t id, unsigned command, void *buffer)
{
	return syscall6(SYS_ipc, 24, (uintptr_t)id, command | IPC_64, 0, (uintptr_t)buffer, 0);
}

enum { NATTCH = 18 };
#else
static int64_t shmget(int key, uint64_t bytes, unsigned flags)
{
	return syscall3(SYS_shmget, (unsigned)key, bytes, flags);
}

static void *shmat(int64_t id)
{
	return (void *)check(syscall3(SYS_shmat, id, 0, 0), "shmat");
}

static int64_t shmdt(void *at)
{
	return syscall3(SYS_shmdt, at, 0, 0);
}

static int64_t shmctl(int64_t id, unsigned command, void *buffer)
{
	return syscall3(SYS_shmctl, id, command, buffer);
}

enum { NATTCH = 22 };
#endif

static uint32_t nr_attached(int64_t id)
{
	uint32_t ds[32];

	check(shmctl(id, IPC_STAT, ds), "shmctl");
	return ds[NATTCH];
}

/* ---- the two processes ---- */

static volatile uint64_t *word_at(uint8_t *memory, uint64_t page)
{
	return (volatile uint64_t *)(memory + page * PAGE_BYTES);
}

static void write_pages(uint8_t *memory, uint64_t bytes, uint64_t first, uint64_t round)
{
	for (uint64_t page = first; page < bytes / PAGE_BYTES; page += 2)
		*word_at(memory, page) = pattern(page, round);
}

static void check_pages(uint8_t *memory, uint64_t bytes, uint64_t first, uint64_t round)
{
	for (uint64_t page = first; page < bytes / PAGE_BYTES; page += 2)
		if (*word_at(memory, page) != pattern(page, round))
			fail("shared: page %u is wrong in round %u\n", page, round);
}

/* The parent writes, forks; the child checks and writes, and ends; the parent checks. */
static void share(uint8_t *memory, uint64_t bytes)
{
	for (uint64_t round = 0; round < NR_ROUNDS; round++) {
		uint32_t status = 1;
		int64_t pid;

		write_pages(memory, bytes, 0, round);
		pid = check((int32_t)syscall3(SYS_fork, 0, 0, 0), "fork");
		if (!pid) {
			check_pages(memory, bytes, 0, round);
			write_pages(memory, bytes, 1, round);
			quit(0);
		}
		check(syscall6(SYS_wait4, (uintptr_t)pid, (uintptr_t)&status, 0, 0, 0, 0), "wait4");
		if (status)
			quit(1);
		check_pages(memory, bytes, 1, round);
		check_pages(memory, bytes, 0, round);
	}
}

/* ---- kinds ---- */

static void share_anon(uint64_t bytes)
{
	void *memory = map(bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);

	share(memory, bytes);
	unmap(memory, bytes);
}

static int64_t add_seals(int64_t fd, unsigned seals)
{
	return (int32_t)syscall3(SYS_fcntl, fd, F_ADD_SEALS, seals);
}

static void share_memfd(uint64_t bytes)
{
	int64_t fd = check((int32_t)syscall3(SYS_memfd_create, "shared", MFD_ALLOW_SEALING, 0),
	                   "memfd_create");
	uint8_t *memory;

	check((int32_t)syscall3(SYS_ftruncate, fd, bytes, 0), "ftruncate");
	memory = map(bytes, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd);
	check(add_seals(fd, SEAL_SHRINK | SEAL_GROW), "F_ADD_SEALS");
	expect((int32_t)syscall3(SYS_ftruncate, fd, bytes + 1, 0), EPERM, "growing");
	expect((int32_t)syscall3(SYS_ftruncate, fd, bytes - 1, 0), EPERM, "shrinking");
	expect(add_seals(fd, SEAL_WRITE), EBUSY, "sealing what is mapped");
	share(memory, bytes);
	unmap(memory, bytes);
	check(add_seals(fd, SEAL_WRITE | SEAL_SEAL), "F_ADD_SEALS");
	expect((int32_t)syscall3(SYS_write, fd, "x", 1), EPERM, "writing");
	expect(add_seals(fd, SEAL_SHRINK), EPERM, "sealing what is sealed");
	if (syscall3(SYS_fcntl, fd, F_GET_SEALS, 0) != 15)
		fail("shared: F_GET_SEALS\n");
	memory = map(bytes, PROT_READ, MAP_PRIVATE, (int)fd);
	check_pages(memory, bytes, 0, NR_ROUNDS - 1);
	unmap(memory, bytes);
	syscall3(SYS_close, fd, 0, 0);
}

static void share_file(uint64_t bytes)
{
	int64_t fd = check((int32_t)syscall3(SYS_open, FILE_NAME, O_RDWR | O_CREAT | O_EXCL, 0600),
	                   "open " FILE_NAME);
	uint64_t word;
	void *memory;

	check((int32_t)syscall3(SYS_ftruncate, fd, bytes, 0), "ftruncate");
	memory = map(bytes, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd);
	check((int32_t)syscall3(SYS_unlink, FILE_NAME, 0, 0), "unlink");
	share(memory, bytes);
	check(syscall3(SYS_read, fd, &word, sizeof(word)), "read");
	if (word != pattern(0, NR_ROUNDS - 1))
		fail("shared: read(2) sees something else\n");
	syscall3(SYS_close, fd, 0, 0);
	unmap(memory, bytes);
}

static void share_sysv(uint64_t bytes)
{
	int64_t id = check((int32_t)shmget(IPC_PRIVATE, bytes, 0600), "shmget");
	uint8_t *memory = shmat(id), *again = shmat(id);

	if (nr_attached(id) != 2)
		fail("shared: %u are attached, and not 2\n", (uint64_t)nr_attached(id));
	check(shmctl(id, IPC_RMID, NULL), "IPC_RMID");
	share(memory, bytes);
	check_pages(again, bytes, 1, NR_ROUNDS - 1);
	check(shmdt(memory), "shmdt");
	expect((int32_t)shmdt(memory), EINVAL, "shmdt once more");
	check_pages(again, bytes, 0, NR_ROUNDS - 1);
	check(shmdt(again), "shmdt");
	if ((int32_t)shmctl(id, IPC_RMID, NULL) != -EINVAL)
		fail("shared: the segment is still there\n");
}

static const struct {
	const char *name;
	void (*share)(uint64_t bytes);
} kinds[] = {
	{ "anon", share_anon },
	{ "memfd", share_memfd },
	{ "file", share_file },
	{ "sysv", share_sysv },
};

int guest_main(int argc, char **argv)
{
	const char *wanted = argc > 1 ? argv[1] : "all";
	uint64_t bytes = size_argument(argc, argv, 2, MIB);
	bool found = false;

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!equal(wanted, "all") && !equal(wanted, kinds[i].name))
			continue;
		kinds[i].share(bytes);
		print("shared: %s: %u pages, as both wrote them\n", kinds[i].name,
		      bytes / PAGE_BYTES);
		found = true;
	}
	if (!found)
		fail("shared: anon, memfd, file, sysv or all, and not %s\n", wanted);
	return 0;
}
