// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stride [SIZE [STEP [PASSES]]] - loads one word every STEP bytes of SIZE, PASSES
 * times (4M, 4096, 8).
 *
 * What it shows: how far a TLB reaches. While SIZE / 4096 pages fit a level, its
 * misses stop after the first pass; one page more and LRU misses on every access,
 * since the page that is needed next is always the one that was dropped last.
 * What to look at: mmu.tlb.l1d and stlb misses against SIZE / 4096; with STEP 64
 * each page gives 63 hits for a miss; faults.minor is one a page, whatever STEP
 * and PASSES are.
 */
#include "guest.h"

int guest_main(int argc, char **argv)
{
	const uint64_t size = size_argument(argc, argv, 1, 4 * MIB);
	const uint64_t step = size_argument(argc, argv, 2, PAGE_BYTES);
	const uint64_t passes = size_argument(argc, argv, 3, 8);
	uint64_t loads = 0;
	uint8_t *memory;

	if (step < 8 || step % 8 || size < step)
		fail("stride: STEP must be a multiple of 8, and SIZE not below it\n");
	memory = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	for (uint64_t at = 0; at + 8 <= size; at += step)
		*(volatile uint64_t *)(memory + at) = pattern(at, 0);
	for (uint64_t pass = 0; pass < passes; pass++)
		for (uint64_t at = 0; at + 8 <= size; at += step, loads++)
			if (*(volatile uint64_t *)(memory + at) != pattern(at, 0))
				fail("stride: wrong content at %x\n", at);
	print("stride: %u loads, every %u bytes of %u\n", loads, step, size);
	return 0;
}
