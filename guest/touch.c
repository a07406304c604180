// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * touch [SIZE [ROUNDS]] - maps SIZE, writes a word into each page, checks the words
 * and unmaps, ROUNDS times (32M, 4).
 *
 * What it shows: demand zero. Memory that was mapped costs nothing until it is
 * touched, and then a minor fault a page; given back, its frames serve the next
 * round. What to look at: faults.by_kind.anon is SIZE / 4096 times ROUNDS, while
 * memory.rss_peak_pages stays at SIZE / 4096. A page that kept an earlier round's
 * word would show here: the kernel must hand out cleared ones.
 */
#include "guest.h"

static void touch(uint64_t size, uint64_t round)
{
	uint8_t *memory = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);

	for (uint64_t at = 0; at < size; at += PAGE_BYTES) {
		volatile uint64_t *words = (volatile uint64_t *)(memory + at);

		words[1] = pattern(at, round);
		if (words[0] || words[2])
			fail("touch: a new page at %x is not clear\n", at);
	}
	for (uint64_t at = 0; at < size; at += PAGE_BYTES)
		if (((volatile uint64_t *)(memory + at))[1] != pattern(at, round))
			fail("touch: wrong content at %x\n", at);
	unmap(memory, size);
}

int guest_main(int argc, char **argv)
{
	const uint64_t size = size_argument(argc, argv, 1, 32 * MIB);
	const uint64_t rounds = size_argument(argc, argv, 2, 4);

	for (uint64_t round = 0; round < rounds; round++)
		touch(size, round);
	print("touch: %u pages, %u times\n", size / PAGE_BYTES, rounds);
	return 0;
}
