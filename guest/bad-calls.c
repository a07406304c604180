// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bad-calls [SEED [ROUNDS [CALLS]]] - in each of ROUNDS children makes CALLS random
 * system calls of its ABI with wild arguments, for half a simulated millisecond at most.
 *
 * What it shows: none of them harms anybody else, and the parent can tell all ends.
 * What to look at: the exit status, --check, guest.unknown_syscalls.
 * Never natively: as root it would do what it asks for, so it looks where it runs.
 */
#include "guest.h"

#define NR_CALLS 471u
#define ARENA_PAGES 64u

/* Signals to others, by chance to all, would end the test. */
static bool is_spared(uintptr_t nr)
{
	static const uintptr_t spared[] = { SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo,
		                            SYS_rt_tgsigqueueinfo };

	for (size_t i = 0; i < sizeof(spared) / sizeof(spared[0]); i++)
		if (nr == spared[i])
			return true;
	return false;
}

/* Zero, ends of pages and of address spaces, small numbers, noise, and the arena. */
static uintptr_t wild(uint64_t *state, uintptr_t arena)
{
	static const uintptr_t ends[] = { 0, 0xc0000000, 0xfffff000, 0x80000000, UINTPTR_MAX };
	const uintptr_t noise = (uintptr_t)(random_next(state) >> 8);

	switch (noise % 8) {
	case 0:
		return noise / 8;
	case 1:
		return ends[noise / 8 % 5] - noise / 64 % 9;
	case 2: /* an operand across two pages, of which the second may be missing */
		return arena + noise / 8 % ARENA_PAGES * PAGE_BYTES - noise % 64 / 8;
	case 3:
	case 4:
		return noise / 8 % 40;
	default:
		return arena + noise / 8 % (ARENA_PAGES * PAGE_BYTES) / 4 * 4;
	}
}

/* Words that are pointers, lengths and flags to whoever reads them. */
static void fill(uint64_t *state, uintptr_t arena)
{
	uintptr_t *words = (uintptr_t *)arena;

	for (size_t i = 0; i < PAGE_BYTES / sizeof(*words); i++)
		words[i] = wild(state, arena);
}

static _Noreturn void misbehave(uint64_t state, uint64_t calls)
{
	const uintptr_t arena = (uintptr_t)map(ARENA_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
	                                       MAP_PRIVATE | MAP_ANONYMOUS, -1);

	unmap((void *)(arena + PAGE_BYTES * ARENA_PAGES / 2), PAGE_BYTES);
	for (uint64_t i = 0; i < calls; i++) {
		const uintptr_t nr = (uintptr_t)(random_next(&state) >> 8) % NR_CALLS;
		uintptr_t arg[6];

		if (is_spared(nr))
			continue;
		if (i % 16 == 0)
			fill(&state, arena);
		for (int j = 0; j < 6; j++)
			arg[j] = wild(&state, arena);
		syscall6(nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
	}
	quit(0);
}

static bool is_simulated(void)
{
	char names[6][65] = { 0 };

	return syscall3(SYS_uname, names, 0, 0) == 0 && equal(names[1], "pagewalk");
}

int guest_main(int argc, char **argv)
{
	static const uintptr_t slice[2] = { 0, 500000 }; /* ns */
	uint64_t seed = size_argument(argc, argv, 1, 1), rounds = size_argument(argc, argv, 2, 20);
	uint64_t calls = size_argument(argc, argv, 3, 200), nr_killed = 0;

	if (!is_simulated())
		fail("bad-calls: not on a real machine\n");
	for (uint64_t i = 0; i < rounds; i++) {
		int32_t status = 0;
		const int64_t pid = syscall3(SYS_fork, 0, 0, 0);

		if (pid < 0)
			fail("bad-calls: fork: %d\n", (int)pid);
		if (pid == 0)
			misbehave(pattern(seed, i) | 1, calls);
		/* Then it waits for ever or loops, or has left others who do. */
		syscall3(SYS_nanosleep, slice, 0, 0);
		syscall3(SYS_kill, -1, 9, 0);
		if (syscall6(SYS_wait4, (uintptr_t)pid, (uintptr_t)&status, 0, 0, 0, 0) != pid)
			fail("bad-calls: a child is lost\n");
		nr_killed += status & 127 ? 1 : 0;
	}
	print("bad-calls: seed %u: %u children, %u of them killed\n", seed, rounds, nr_killed);
	return 0;
}
