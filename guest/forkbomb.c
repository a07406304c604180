// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * forkbomb [BYTES] - every process makes children for as long as it can, and touches
 * BYTES of memory of its own (none); one that cannot make more waits for its children.
 *
 * What it shows: RLIMIT_NPROC (EAGAIN), or memory (ENOMEM, the OOM killer), ends it.
 * What to look at: tasks[], vmstat.nr_kernel_stack on the way, vmstat.oom_kill.
 */
#include "guest.h"

#define EAGAIN 11
#define ENOMEM 12

static void touch(uint64_t bytes)
{
	volatile uint8_t *memory =
	    bytes ? map(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1) : NULL;

	for (uint64_t at = 0; at < bytes; at += PAGE_BYTES)
		memory[at] = 1;
}

int guest_main(int argc, char **argv)
{
	uint64_t bytes = size_argument(argc, argv, 1, 0), children = 0;
	int64_t first = syscall3(SYS_getpid, 0, 0, 0), pid;

	touch(bytes);
	for (;;) {
		pid = syscall3(SYS_fork, 0, 0, 0);
		if (pid < 0)
			break;
		if (pid) {
			children++;
		} else {
			touch(bytes);
			children = 0;
		}
	}
	if (pid != -EAGAIN && pid != -ENOMEM)
		fail("forkbomb: fork: %d\n", (int)pid);
	while (syscall6(SYS_wait4, (uint64_t)-1, 0, 0, 0, 0, 0) > 0)
		;
	if (syscall3(SYS_getpid, 0, 0, 0) == first)
		print("forkbomb: the limit stopped it after %u children of the first process\n",
		      children);
	return 0;
}
