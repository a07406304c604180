/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_stream - references as programs make them, at random: phases of loops, sweeps to
 * and fro, skewed and even chance, over parts of some pages.
 */
#ifndef PW_TESTS_TRACES_PAGE_STREAM_H
#define PW_TESTS_TRACES_PAGE_STREAM_H

#include "tests/mmu/random_stream.h"

struct page_stream {
	struct random_stream *random;
	uint32_t nr_pages; /* 0 to nr_pages - 1 */
	uint32_t left;     /* of the phase */
	uint32_t kind, first, length, at;
};

static inline uint32_t page_stream_next(struct page_stream *stream)
{
	uint64_t chance = random_next(stream->random);
	uint32_t step;

	if (!stream->left--) {
		stream->left = (uint32_t)random_below(stream->random, 4 * stream->nr_pages) + 1;
		stream->kind = (uint32_t)random_below(stream->random, 5);
		stream->first = (uint32_t)random_below(stream->random, stream->nr_pages);
		stream->length = 1 + (uint32_t)random_below(stream->random, stream->nr_pages);
		stream->at = 0;
	}
	switch (stream->kind) {
	case 0: /* a loop */
		step = stream->at++ % stream->length;
		break;
	case 1: /* to and fro */
		step = stream->at++ % (2 * stream->length);
		step = step < stream->length ? step : 2 * stream->length - 1 - step;
		break;
	case 2: /* some far more often than others */
		step = (uint32_t)(chance % stream->length * (chance >> 32 & 0xffff) / 0xffff *
		                  (chance >> 48) / 0xffff);
		break;
	case 3: /* two by turns, and now and then another */
		step = chance % 8 ? stream->at++ % 2 : (uint32_t)(chance >> 8) % stream->length;
		break;
	default:
		step = (uint32_t)(chance % stream->length);
	}
	return (stream->first + step) % stream->nr_pages;
}

#endif
