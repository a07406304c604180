// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * working-set [TOTAL [WINDOW [PHASES [ACCESSES]]]] - in each phase random words of
 * one window of TOTAL; the windows follow one another (32M, 1M, 16, 100000).
 *
 * What it shows: a program that has much memory and uses little of it at a time.
 * Each change of phase costs a burst of faults and misses, then it is quiet if
 * WINDOW fits.
 * What to look at: --interval rows of minor and major faults and of TLB misses;
 * with RAM between WINDOW and TOTAL, reclaim takes the old windows and leaves the
 * present one alone: vmstat.pgsteal_* and pswpout, but hardly any pswpin.
 */
#include "guest.h"

struct working_set {
	uint8_t *memory;
	uint64_t window_pages;
	uint64_t state;
};

static volatile uint64_t *counter(const struct working_set *w, uint64_t page)
{
	return (uint64_t *)(w->memory + page * PAGE_BYTES + page % 64 * 64);
}

static void run_phase(struct working_set *w, uint64_t first_page, uint64_t accesses)
{
	for (uint64_t i = 0; i < accesses; i++)
		++*counter(w, first_page + random_next(&w->state) % w->window_pages);
}

int guest_main(int argc, char **argv)
{
	const uint64_t pages = size_argument(argc, argv, 1, 32 * MIB) / PAGE_BYTES;
	const uint64_t phases = size_argument(argc, argv, 3, 16);
	const uint64_t accesses = size_argument(argc, argv, 4, 100000);
	struct working_set w = {
		.window_pages = size_argument(argc, argv, 2, MIB) / PAGE_BYTES,
		.state = 1,
	};
	uint64_t sum = 0;

	if (!w.window_pages || w.window_pages > pages)
		fail("working-set: WINDOW must be a page or more, and TOTAL not less\n");
	w.memory = map(pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	for (uint64_t phase = 0; phase < phases; phase++)
		run_phase(&w, phase * w.window_pages % (pages - w.window_pages + 1), accesses);
	for (uint64_t page = 0; page < pages; page++)
		sum += *counter(&w, page);
	if (sum != phases * accesses)
		fail("working-set: %u updates, but %u were made\n", sum, phases * accesses);
	print("working-set: %u phases of %u updates in %u of %u pages\n", phases, accesses,
	      w.window_pages, pages);
	return 0;
}
