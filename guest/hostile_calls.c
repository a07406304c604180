// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random system calls. Their playground:
 *
 *	ARENA   buffers   pages that come, go and change all the time
 *	        read only, no access, a file's, shared, nothing ...
 *
 * What the calls do to the program's own text and stack is kept away from it as far
 * as that is simple.
 */
#include "hostile.h"

#define ARENA 0x20000000u
#define BUFFERS_PAGES 16u
#define ARENA_PAGES 256u
#define ARENA_END (ARENA + ARENA_PAGES * PAGE_BYTES)
#define TEXT_START 0x400000u
#define TEXT_END 0x800000u

#define NR_CALLS 471

enum {
	SYS_lseek = 8,
	SYS_brk = 12,
	SYS_mremap = 25,
	SYS_madvise = 28,
	SYS_pause = 34,
	SYS_execve = 59,
	SYS_exit = 60,
	SYS_prctl = 157,
};
enum { MAP_FIXED = 0x10 };

/*
 * Calls that random arguments alone would hardly get into, and what they want:
 * f descriptor, d the same or AT_FDCWD, b buffer, l length, s path, a page in the
 * arena, z size there, p protection, m flags of mmap, i small number, v iovec,
 * A strings, o offset, w whatever.
 */
static const struct hint {
	uint16_t nr;
	const char *arguments;
} hints[] = {
	{ 0, "fbl" },    { 1, "fbl" },     { 2, "sii" },    { 3, "f" },        { 4, "sb" },
	{ 5, "fb" },     { 6, "sb" },      { 7, "bii" },    { 8, "foi" },      { 9, "azpmfo" },
	{ 9, "azpmfo" }, { 9, "azpmfo" },  { 9, "wzpmfo" }, { 10, "azp" },     { 10, "azp" },
	{ 11, "az" },    { 11, "az" },     { 12, "w" },     { 13, "ibbi" },    { 14, "ibbi" },
	{ 16, "fwb" },   { 17, "fblo" },   { 18, "fblo" },  { 19, "fvi" },     { 20, "fvi" },
	{ 21, "si" },    { 22, "b" },      { 25, "azzia" }, { 25, "azzia" },   { 26, "azi" },
	{ 27, "azb" },   { 28, "azi" },    { 28, "azi" },   { 32, "f" },       { 33, "ff" },
	{ 35, "bb" },    { 36, "ib" },     { 37, "w" },     { 38, "ibb" },     { 40, "ffbl" },
	{ 59, "sAA" },   { 63, "b" },      { 72, "fiw" },   { 73, "fi" },      { 74, "f" },
	{ 76, "so" },    { 77, "fo" },     { 79, "bl" },    { 80, "s" },       { 81, "f" },
	{ 82, "ss" },    { 83, "si" },     { 84, "s" },     { 85, "si" },      { 86, "ss" },
	{ 87, "s" },     { 88, "ss" },     { 89, "sbl" },   { 90, "si" },      { 95, "i" },
	{ 97, "ib" },    { 98, "ib" },     { 99, "b" },     { 131, "bb" },     { 132, "sb" },
	{ 137, "sb" },   { 138, "fb" },    { 149, "az" },   { 150, "az" },     { 151, "i" },
	{ 152, "" },     { 157, "iwwww" }, { 158, "ww" },   { 160, "ib" },     { 202, "biwbbi" },
	{ 204, "ilb" },  { 217, "fbl" },   { 218, "b" },    { 221, "foli" },   { 228, "ib" },
	{ 230, "iibb" }, { 257, "dsii" },  { 262, "dsbi" }, { 263, "dsi" },    { 264, "dsds" },
	{ 266, "sds" },  { 267, "dsbl" },  { 280, "dsbi" }, { 285, "fioo" },   { 292, "ffi" },
	{ 293, "bi" },   { 302, "iibb" },  { 318, "bli" },  { 326, "fbfbli" }, { 332, "dsiib" },
	{ 334, "bliw" }, { 439, "dsii" },
};
#define NR_HINTS (sizeof(hints) / sizeof(hints[0]))

static const char *const paths[] = {
	"/",
	".",
	"..",
	"",
	"//",
	"a",
	"b",
	"a/b",
	"./a/../b",
	"a/",
	"/tmp",
	"/tmp/a",
	"/tmp/b",
	"/tmp/link",
	"/etc/passwd",
	"/etc/passwd/a",
	"/no/such",
	"/dev",
	"/dev/null",
	"/dev/zero",
	"/dev/full",
	"/dev/urandom",
	"/dev/stdout",
	"/proc",
	"/proc/meminfo",
	"/proc/vmstat",
	"/proc/self",
	"/proc/self/exe",
	"/proc/self/cwd",
	"/proc/self/fd",
	"/proc/self/fd/0",
	"/proc/self/fd/4",
	"/proc/self/fd/4/a",
	"/proc/self/maps",
	"/proc/self/smaps",
	"/proc/self/stat",
	"/proc/self/status",
	"/proc/self/cmdline",
	"/proc/self/environ",
	"/proc/self/auxv",
	"/proc/self/pagemap",
	"/proc/99999999999999999999",
	"/bin/busybox",
	"/usr/bin",
};
#define NR_PATHS (sizeof(paths) / sizeof(paths[0]))

/* ---- arguments ---- */

static uint64_t fd(struct dice *dice)
{
	switch (below(dice, 16)) {
	case 0:
		return odd_number(dice);
	case 1:
		return (uint32_t)-100; /* AT_FDCWD */
	default:
		return below(dice, 14);
	}
}

/* Mostly inside the arena, at whatever is there now. */
static uint64_t buffer(struct dice *dice)
{
	switch (below(dice, 12)) {
	case 0:
		return odd_number(dice);
	case 1: /* just before a page's end */
		return ARENA + (1 + below(dice, ARENA_PAGES)) * PAGE_BYTES - 1 - below(dice, 40);
	case 2:
		return ARENA + below(dice, ARENA_PAGES * PAGE_BYTES);
	default:
		return ARENA + below(dice, BUFFERS_PAGES * PAGE_BYTES / 64) * 64;
	}
}

static uint64_t length(struct dice *dice)
{
	switch (below(dice, 8)) {
	case 0:
		return odd_number(dice);
	case 1:
		return below(dice, 64 * PAGE_BYTES);
	default:
		return below(dice, 2 * PAGE_BYTES);
	}
}

/* Paths that are too long, or have no end, begin in the arena. */
static uint64_t path(struct dice *dice)
{
	uint8_t *own = (uint8_t *)(uint64_t)ARENA;

	switch (below(dice, 12)) {
	case 0:
		return buffer(dice);
	case 1:
		memset(own, 'a', 255 + below(dice, 2));
		own[257] = 0;
		return (uint64_t)own;
	case 2:
		for (int i = 0; i < 5000; i += 2) {
			own[i] = '.';
			own[i + 1] = '/';
		}
		own[4094 + below(dice, 4)] = 0;
		return (uint64_t)own;
	default:
		return (uint64_t)paths[below(dice, NR_PATHS)];
	}
}

static uint64_t page(struct dice *dice)
{
	uint64_t va = ARENA + below(dice, ARENA_PAGES) * PAGE_BYTES;

	switch (below(dice, 12)) {
	case 0:
		return odd_number(dice);
	case 1:
		return va + below(dice, PAGE_BYTES);
	default:
		return va;
	}
}

static uint64_t size(struct dice *dice)
{
	switch (below(dice, 12)) {
	case 0:
		return odd_number(dice);
	case 1:
		return below(dice, 1 << 16);
	case 2:
		return (uint64_t)1 << (20 + below(dice, 26));
	default:
		return (1 + below(dice, 32)) * PAGE_BYTES;
	}
}

static uint64_t map_flags(struct dice *dice)
{
	uint64_t flags = 1 + below(dice, 3);

	if (below(dice, 2))
		flags |= MAP_ANONYMOUS;
	if (below(dice, 2))
		flags |= MAP_FIXED;
	if (!below(dice, 4))
		flags |= (uint64_t)1 << below(dice, 32);
	return flags;
}

/* Words in a row, each of them a pointer, a length or anything: as iovec, strings,
 * timespec, sigaction ... */
static uint64_t words(struct dice *dice, const char *kinds);

static uint64_t argument(struct dice *dice, char kind)
{
	switch (kind) {
	case 'f':
	case 'd':
		return fd(dice);
	case 'b':
		return below(dice, 4) ? buffer(dice) : words(dice, "w");
	case 'l':
		return length(dice);
	case 's':
		return path(dice);
	case 'a':
		return page(dice);
	case 'z':
		return size(dice);
	case 'p':
		return below(dice, 16) ? below(dice, 8) : odd_number(dice);
	case 'm':
		return map_flags(dice);
	case 'i':
		return below(dice, 8) ? below(dice, 33) : odd_number(dice);
	case 'v':
		return words(dice, "bl");
	case 'A':
		return words(dice, "s");
	case 'o':
		return below(dice, 3) ? below(dice, 64) * PAGE_BYTES : odd_number(dice);
	default:
		return below(dice, 2) ? odd_number(dice) : buffer(dice);
	}
}

static uint64_t words(struct dice *dice, const char *kinds)
{
	uint64_t *first = (uint64_t *)(ARENA + (1 + below(dice, BUFFERS_PAGES - 1)) * PAGE_BYTES);
	uint64_t n = 1 + below(dice, 16);
	const char *kind = kinds;

	for (uint64_t i = 0; i < n; i++) {
		first[i] =
		    *kind == 'w' && below(dice, 2) ? below(dice, 2000) : argument(dice, *kind);
		if (!*++kind)
			kind = kinds;
	}
	first[n] = 0;
	return (uint64_t)first;
}

/* ---- what it may not do ---- */

static bool overlaps(uint64_t start, uint64_t bytes, uint64_t low, uint64_t high)
{
	return start + bytes >= start && start < high && start + bytes > low;
}

static bool is_suicide(uint64_t nr, const uint64_t arg[6])
{
	const uint64_t stack = (uint64_t)__builtin_frame_address(0);

	switch (nr) {
	case SYS_rt_sigreturn:
	case SYS_pause:
	case SYS_exit:
	case SYS_exit_group:
	case SYS_kill:
	case SYS_tkill:
	case SYS_tgkill:
	case SYS_rt_sigsuspend:
		return true;
	case SYS_mmap:
		if (!(arg[3] & MAP_FIXED))
			return false;
		break;
	case SYS_mprotect:
	case SYS_munmap:
	case SYS_mremap:
	case SYS_madvise:
		break;
	default:
		return false;
	}
	return overlaps(arg[0], arg[1], TEXT_START, TEXT_END) ||
	       overlaps(arg[0], arg[1], stack - 16 * PAGE_BYTES, stack + 64 * PAGE_BYTES) ||
	       (nr == SYS_mremap && overlaps(arg[4], arg[2], TEXT_START, TEXT_END));
}

/* ---- the calls ---- */

struct act {
	struct dice *dice;
	uint64_t chosen[2]; /* of the hints, those that this run uses */
	bool with_exec;
};

static void make_call(void *context)
{
	struct act *act = context;
	struct dice *dice = act->dice;
	uint64_t nr = below(dice, NR_CALLS), arg[6];
	const char *kinds = "wwwwww";

	if (below(dice, 8)) {
		uint64_t i = below(dice, NR_HINTS);

		if (!(act->chosen[i / 64] >> i % 64 & 1))
			return;
		nr = hints[i].nr;
		kinds = hints[i].arguments;
	}
	for (int i = 0; i < 6; i++) {
		bool known = *kinds && below(dice, 24);

		arg[i] = argument(dice, known ? *kinds : 'w');
		kinds += *kinds != 0;
	}
	if (is_suicide(nr, arg) || (nr == SYS_execve && !act->with_exec))
		return;
	syscall6(nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

static void map_buffers(void)
{
	syscall6(SYS_mmap, ARENA, BUFFERS_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
	         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, (uint64_t)-1, 0);
}

/* Some of what is mapped is also used, by the program itself. */
static void touch_something(void *context)
{
	struct act *act = context;
	volatile uint64_t *word = (volatile uint64_t *)(page(act->dice) & ~(uint64_t)7);

	if (below(act->dice, 2))
		*word = roll(act->dice);
	else
		(void)*word;
}

void hostile_calls(struct dice *dice, uint64_t count)
{
	struct act act = { dice,
		           { roll(dice) | roll(dice) << 32, roll(dice) | roll(dice) << 32 },
		           !below(dice, 4) };

	for (uint64_t i = 0; i < count; i++) {
		if (i % 32 == 0) {
			map_buffers();
			catch_signals();
		}
		attempt(make_call, &act);
		attempt(touch_something, &act);
	}
}
