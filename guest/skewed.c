// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * skewed [SIZE [ACCESSES]] - writes every page of SIZE bytes once (default 24M), then
 * reads words of pages drawn so that some are read far more often than others (200000).
 *
 * What it shows: the k-th page in order of use has 1/k of the reads of the first (Zipf's
 * law, as words and web pages have it). With less RAM than SIZE it matters which pages
 * reclaim gives up: best those that are read least.
 * What to look at: faults.major and vmstat.pswpin with --set reclaim.policy=two-list,
 * fifo, clock, lru, random and --set swap_read_ahead=0.
 */
#include "guest.h"

/* A number below n, and k with a probability of about 1/k: 1, 2 to 3, 4 to 7, 8 to 15
 * ... are equally likely, and all numbers of one of these. */
static uint64_t skewed(uint64_t *state, uint64_t n)
{
	uint64_t octaves = 64 - (uint64_t)__builtin_clzll(n), k;

	do {
		uint64_t first = (uint64_t)1 << random_next(state) % octaves;

		k = first + random_next(state) % first;
	} while (k > n);
	return k - 1;
}

int guest_main(int argc, char **argv)
{
	const uint64_t pages = size_argument(argc, argv, 1, 24 * MIB) / PAGE_BYTES;
	const uint64_t accesses = size_argument(argc, argv, 2, 200000);
	const uint64_t step = 1000003; /* a prime: often-read pages lie far apart */
	volatile uint64_t *memory;
	uint64_t state = 1;

	if (!pages || pages % step == 0)
		fail("skewed: SIZE must be a page or more\n");
	memory = map(pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	for (uint64_t page = 0; page < pages; page++)
		memory[page * (PAGE_BYTES / 8)] = pattern(page, 0);
	for (uint64_t i = 0; i < accesses; i++) {
		uint64_t page = skewed(&state, pages) * step % pages;

		if (memory[page * (PAGE_BYTES / 8)] != pattern(page, 0))
			fail("skewed: page %u is wrong\n", page);
	}
	print("skewed: %u reads of %u pages\n", accesses, pages);
	return 0;
}
