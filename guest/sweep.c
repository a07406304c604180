// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sweep [SIZE [PASSES]] - goes over SIZE from end to end, PASSES times, writing
 * every word and checking what the pass before left (32M, 2).
 *
 * What it shows: swapping at its worst. With less RAM than SIZE, LRU drops each
 * page just before it is needed again, so every pass but the first reads every
 * page back.
 * What to look at: faults.minor is SIZE / 4096 on the first pass; faults.major and
 * vmstat.pswpin and pswpout of the others, with swap_read_ahead on and off; without
 * swap, the OOM killer and exit status 137.
 */
#include "guest.h"

int guest_main(int argc, char **argv)
{
	const uint64_t words = size_argument(argc, argv, 1, 32 * MIB) / sizeof(uint64_t);
	const uint64_t passes = size_argument(argc, argv, 2, 2);
	volatile uint64_t *memory;

	/* Else Linux refuses at once what RAM and swap together cannot hold. */
	memory =
	    map(words * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, -1);
	for (uint64_t pass = 0; pass < passes; pass++)
		for (uint64_t i = 0; i < words; i++) {
			uint64_t expected = pass ? pattern(i, pass - 1) : 0;

			/* The first pass writes without a look: a read would map the zero
			 * page first. */
			if (pass && memory[i] != expected)
				fail("sweep: pass %u: wrong content at word %u\n", pass, i);
			memory[i] = pattern(i, pass);
		}
	for (uint64_t i = 0; i < words; i += PAGE_BYTES / sizeof(uint64_t))
		if (passes && memory[i] != pattern(i, passes - 1))
			fail("sweep: wrong content at word %u in the end\n", i);
	print("sweep: %u bytes, %u passes\n", words * sizeof(uint64_t), passes);
	return 0;
}
