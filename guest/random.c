// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * random [SIZE [ACCESSES [SEED]]] - reads and updates words on random pages of
 * SIZE (8M, 1000000, 1).
 *
 * What it shows: a TLB without locality to live on. Every page is as likely as any
 * other, so a level of N entries hits N in SIZE / 4096 times, whatever its policy:
 * machines differ by reach alone.
 * What to look at: mmu.tlb.stlb.misses on machines whose second level differs;
 * with less RAM than SIZE, faults.major and vmstat.pswpin.
 */
#include "guest.h"

struct cell {
	uint64_t count;
	uint64_t check; /* pattern(page, count) */
};

static struct cell *cell(uint8_t *memory, uint64_t page)
{
	/* Not always the first line of the page: caches are no concern here, but real
	 * programs do not align either. */
	return (struct cell *)(memory + page * PAGE_BYTES + page % 128 * 32);
}

int guest_main(int argc, char **argv)
{
	const uint64_t pages = size_argument(argc, argv, 1, 8 * MIB) / PAGE_BYTES;
	const uint64_t accesses = size_argument(argc, argv, 2, 1000000);
	uint64_t state = size_argument(argc, argv, 3, 1) * 2 + 1;
	uint64_t sum = 0;
	uint8_t *memory;

	if (!pages)
		fail("random: SIZE is less than a page\n");
	memory = map(pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	for (uint64_t page = 0; page < pages; page++)
		cell(memory, page)->check = pattern(page, 0);
	for (uint64_t i = 0; i < accesses; i++) {
		uint64_t page = random_next(&state) % pages;
		volatile struct cell *c = cell(memory, page);

		if (c->check != pattern(page, c->count))
			fail("random: wrong content in page %u\n", page);
		c->count++;
		c->check = pattern(page, c->count);
	}
	for (uint64_t page = 0; page < pages; page++)
		sum += cell(memory, page)->count;
	if (sum != accesses)
		fail("random: %u updates, but %u were made\n", sum, accesses);
	print("random: %u updates on %u pages\n", accesses, pages);
	return 0;
}
