// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stack [SIZE] - calls itself until SIZE of stack is in use (4M), and checks every
 * frame on the way back. With more than the limit (8 MB) it dies of SIGSEGV: 139.
 *
 * What it shows: a stack that grows. The kernel extends its VMA at each fault below
 * it, as far as RLIMIT_STACK allows.
 * What to look at: faults.by_kind.stack, which is SIZE / 4096 less what execve made
 * room for (132 KB).
 */
#include "guest.h"

#define FRAME_WORDS 126 /* with its surroundings about 1 KB */

static bool descend(uint64_t depth)
{
	volatile uint64_t frame[FRAME_WORDS];

	for (int i = 0; i < FRAME_WORDS; i++)
		frame[i] = pattern(depth, (uint64_t)i);
	if (depth && !descend(depth - 1))
		return false;
	for (int i = 0; i < FRAME_WORDS; i++)
		if (frame[i] != pattern(depth, (uint64_t)i))
			return false;
	return true;
}

int guest_main(int argc, char **argv)
{
	const uint64_t size = size_argument(argc, argv, 1, 4 * MIB);

	if (!descend(size / 1024))
		fail("stack: a frame has changed\n");
	print("stack: %u bytes deep and back\n", size);
	return 0;
}
