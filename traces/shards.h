/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shards - curves from a sample of the pages (Waldspurger, Park, Garthwaite, Ahmad: Efficient
 * MRC construction with SHARDS, FAST 2015). Looked at are all references to the pages whose
 * hash is below a threshold. Of those that a reference finds above its page in an LRU list,
 * the sample has its part too: a depth in the sample, divided by the rate, is one of the whole.
 *
 * Where so many pages at a time are to be looked at, the threshold sinks when there are more.
 */
#ifndef PW_TRACES_SHARDS_H
#define PW_TRACES_SHARDS_H

#include <stdbool.h>
#include <stdint.h>

#define SHARDS_ALL ((uint32_t)1 << 24) /* threshold of all pages */
#define SHARDS_GROUPS 16               /* of pages, from whose differences the error is known */

struct shards {
	uint32_t threshold; /* from 1 */
	uint32_t max_pages; /* 0: the threshold stays */
};

static inline uint32_t shards_value(uint64_t hash)
{
	return (uint32_t)(hash >> 40);
}

static inline bool shards_takes(const struct shards *shards, uint64_t hash)
{
	return shards_value(hash) < shards->threshold;
}

/* A lower threshold, an eighth or so. False: it is the lowest. */
bool shards_lower(struct shards *shards);

/* What references came to, by depth: each counts for as many as were not looked at. All zero
 * is good for shards_counts_finish() alone. */
struct shards_counts {
	uint64_t *weights; /* by bin and group of pages */
};

/* 0 or -ENOMEM. */
int shards_counts_init(struct shards_counts *counts);
void shards_counts_finish(struct shards_counts *counts);

/* A reference that hit at `depth` of the sample; 0: it did not. */
void shards_count(struct shards_counts *counts, const struct shards *shards, uint64_t hash,
                  uint32_t depth);

/* Depths of the whole are told apart exactly up to 511, and to 0.4 % from there on: in bins,
 * from 1. */
#define SHARDS_NR_BINS 11520
uint64_t shards_last_depth(uint32_t bin);

/* Of caches that hit up to the last depth of a bin. */
struct shards_point {
	double misses;       /* of all references of the trace */
	double error;        /* the standard error of that */
	bool has_references; /* some are of this bin */
};

/* The whole curve. Of the error one part is which pages are in the sample: it is known from
 * what the estimate would be without each group of pages (jackknife). The other is how many of
 * those above a page are: a depth d is known to (d / rate)^1/2, which matters where the curve
 * is steep. */
void shards_points(const struct shards_counts *counts, const struct shards *shards,
                   struct shards_point points[SHARDS_NR_BINS]);

#endif
