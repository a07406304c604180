// SPDX-License-Identifier: GPL-2.0-or-later
/* Broken programs, endless arguments, odd places of /proc. */
#include "hostile.h"

enum { SYS_lseek = 8, SYS_execve = 59 };
enum { O_RDWR = 2, O_CREAT = 0100, O_TRUNC = 01000 };

/* ---- broken programs ---- */

#define BROKEN "/tmp/hostile-broken"
#define PROGRAM_MAX (128 * 1024u)

/* The program itself, 0 if that cannot be read. */
static uint64_t read_itself(uint8_t *image)
{
	int64_t fd = syscall3(SYS_open, "/proc/self/exe", 0, 0);
	int64_t got = syscall3(SYS_read, fd, image, PROGRAM_MAX);

	syscall3(SYS_close, fd, 0, 0);
	return got > 0 ? (uint64_t)got : 0;
}

static void damage(struct dice *dice, uint8_t *image)
{
	const uint64_t headers = 64 + 8 * 56; /* the ELF header, some program headers */

	for (uint64_t n = 1 + below(dice, 4); n; n--) {
		uint64_t value = odd_number(dice), bytes = (uint64_t)1 << below(dice, 4);

		memcpy(image + 16 + below(dice, (headers - 16) / bytes) * bytes, &value, bytes);
	}
}

static bool write_program(const uint8_t *image, uint64_t bytes)
{
	int64_t fd = syscall3(SYS_open, BROKEN, O_RDWR | O_CREAT | O_TRUNC, 0777);
	bool done = syscall3(SYS_write, fd, image, bytes) == (int64_t)bytes;

	syscall3(SYS_close, fd, 0, 0);
	return done;
}

/* What can be executed after all takes this program's place, and dies or ends. */
void hostile_exec(struct dice *dice, uint64_t count)
{
	static char name[] = BROKEN, mode[] = "files";
	uint8_t *image = map(PROGRAM_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	uint8_t *broken = map(PROGRAM_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	char *argv[] = { name, mode, NULL };
	uint64_t bytes = read_itself(image);

	for (uint64_t i = 0; i < count && bytes; i++) {
		memcpy(broken, image, bytes);
		damage(dice, broken);
		if (write_program(broken, below(dice, 4) ? bytes : below(dice, bytes)))
			syscall3(SYS_execve, BROKEN, argv, argv + 2);
	}
}

/* ---- arguments ---- */

#define STRING_BYTES (160 * 1024u)
#define STRINGS 300000u

/* Many pointers to one string, of lengths around the limits; then one execution
 * that is allowed, of a program that does not exist. */
void hostile_argv(struct dice *dice, uint64_t count)
{
	char *string = map(STRING_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	char **argv = map((STRINGS + 1) * sizeof(char *), PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);

	for (uint64_t i = 0; i < count; i++) {
		uint64_t bytes =
		    below(dice, 2) ? below(dice, STRING_BYTES) : 131070 + below(dice, 4);
		uint64_t nr = below(dice, 2) ? below(dice, STRINGS) : below(dice, 64);
		int64_t result;

		memset(string, 'x', bytes);
		string[bytes] = 0;
		for (uint64_t s = 0; s < nr; s++)
			argv[s] = string;
		argv[nr] = below(dice, 4) ? NULL : (char *)odd_number(dice);
		result = syscall3(SYS_execve, "/proc/self/exe", argv, below(dice, 2) ? argv : NULL);
		if (result != -7 && result != -14 && result != -12)
			fail("hostile: %u arguments of %u bytes: error %d\n", nr, bytes,
			     (int)-result);
	}
}

/* ---- /proc ---- */

static const char *const files[] = {
	"/proc/meminfo",      "/proc/vmstat",
	"/proc/self/maps",    "/proc/self/smaps",
	"/proc/self/stat",    "/proc/self/statm",
	"/proc/self/status",  "/proc/self/cmdline",
	"/proc/self/auxv",    "/proc/self/environ",
	"/proc/self/pagemap", "/proc/self/limits",
	"/proc/buddyinfo",    "/proc/zoneinfo",
	"/proc/slabinfo",     "/proc/swaps",
	"/proc/stat",         "/proc/uptime",
	"/proc/loadavg",      "/proc/cpuinfo",
	"/proc/self/fd",      "/proc",
	"/proc/self",         "/proc/self/mem",
	"/proc/self/mounts",  "/dev/zero",
	"/dev/urandom",       "/dev/full",
};
#define NR_FILES (sizeof(files) / sizeof(files[0]))

static void read_oddly(struct dice *dice, int64_t fd, uint8_t *buffer)
{
	for (uint64_t n = 1 + below(dice, 8); n; n--) {
		uint64_t bytes = below(dice, 2) ? below(dice, 3 * PAGE_BYTES) : odd_number(dice);
		uint64_t at = below(dice, 2) ? below(dice, 2 * PAGE_BYTES) : odd_number(dice);

		if (below(dice, 2))
			syscall3(SYS_lseek, fd, at, below(dice, 5));
		if (below(dice, 2))
			syscall3(SYS_read, fd, buffer, bytes);
		else if (below(dice, 2))
			syscall6(SYS_pread64, (uint64_t)fd, (uint64_t)buffer, bytes, at, 0, 0);
		else
			syscall3(217, fd, buffer, bytes); /* getdents64 */
	}
}

void hostile_files(struct dice *dice, uint64_t count)
{
	uint8_t *buffer = map(4 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);

	unmap(buffer + 3 * PAGE_BYTES, PAGE_BYTES);
	for (uint64_t i = 0; i < count; i++) {
		int64_t fd = syscall3(SYS_open, files[below(dice, NR_FILES)], 0, 0);

		read_oddly(dice, fd, buffer + below(dice, 3 * PAGE_BYTES));
		syscall3(SYS_close, fd, 0, 0);
	}
}
