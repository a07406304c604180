/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/shards.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define WEIGHT_ONE 256 /* weights are fractions of it */

/* ---- the sample ---- */

bool shards_lower(struct shards *shards)
{
	uint32_t lower = shards->threshold - (shards->threshold + 7) / 8;

	if (!lower)
		return false;
	shards->threshold = lower;
	return true;
}

/* Not of the bits that the threshold is compared with. */
static uint32_t group_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32) % SHARDS_GROUPS;
}

/* As many pages of the whole lie above, and then there is the page itself. */
static uint64_t whole_depth(const struct shards *shards, uint32_t depth)
{
	return (uint64_t)(depth - 1) * SHARDS_ALL / shards->threshold + 1;
}

/* ---- bins: 256 for each power of two, from 256 on ---- */

static uint32_t bin_of(uint64_t depth)
{
	uint32_t shift;

	if (depth < 512)
		return (uint32_t)depth;
	shift = 63 - 8 - (uint32_t)__builtin_clzll(depth);
	return shift * 256 + (uint32_t)(depth >> shift);
}

uint64_t shards_last_depth(uint32_t bin)
{
	uint32_t shift = bin < 512 ? 0 : bin / 256 - 1;
	uint64_t first = bin - shift * 256;

	return ((first + 1) << shift) - 1;
}

/* ---- counts ---- */

int shards_counts_init(struct shards_counts *counts)
{
	counts->weights = calloc((size_t)SHARDS_NR_BINS * SHARDS_GROUPS, sizeof(uint64_t));
	return counts->weights ? 0 : -ENOMEM;
}

void shards_counts_finish(struct shards_counts *counts)
{
	free(counts->weights);
	counts->weights = NULL;
}

void shards_count(struct shards_counts *counts, const struct shards *shards, uint64_t hash,
                  uint32_t depth)
{
	uint32_t bin = depth ? bin_of(whole_depth(shards, depth)) : 0;

	counts->weights[(size_t)bin * SHARDS_GROUPS + group_of(hash)] +=
	    (uint64_t)SHARDS_ALL * WEIGHT_ONE / shards->threshold;
}

/* ---- results ---- */

static double sum_of(const uint64_t of_group[SHARDS_GROUPS])
{
	uint64_t sum = 0;

	for (uint32_t group = 0; group < SHARDS_GROUPS; group++)
		sum += of_group[group];
	return (double)sum / WEIGHT_ONE;
}

/* Without group g, a sample of the others gives G / (G - 1) * (sum - sum of g). The jackknife's
 * (G - 1) / G times the squares of these estimates' distances from their mean comes to what
 * stands here; and a sample of nearly all pages errs less (finite population). */
static double squared_error_of_pages(const uint64_t of_group[SHARDS_GROUPS], double rate)
{
	double mean = sum_of(of_group) / SHARDS_GROUPS, squares = 0;

	for (uint32_t group = 0; group < SHARDS_GROUPS; group++) {
		double distance = (double)of_group[group] / WEIGHT_ONE - mean;

		squares += distance * distance;
	}
	return squares * SHARDS_GROUPS / (SHARDS_GROUPS - 1) * (1 - rate);
}

/* By how much the curve differs within what the depth may really be: two standard errors of
 * it to both sides, of which half is one of the curve. */
static double error_of_depth(const struct shards_point points[SHARDS_NR_BINS], uint32_t bin,
                             double rate)
{
	double depth = (double)shards_last_depth(bin), off = 2 * sqrt(depth * (1 - rate) / rate);
	uint32_t low = bin_of(off < depth ? (uint64_t)(depth - off) : 0);
	uint32_t high = bin_of((uint64_t)(depth + off));

	if (high >= SHARDS_NR_BINS)
		high = SHARDS_NR_BINS - 1;
	return (points[low].misses - points[high].misses) / 2;
}

void shards_points(const struct shards_counts *counts, const struct shards *shards,
                   struct shards_point points[SHARDS_NR_BINS])
{
	double rate = (double)shards->threshold / SHARDS_ALL;
	uint64_t of_group[SHARDS_GROUPS] = { 0 };

	/* What does not hit up to a bin hits later, or never: bin 0. */
	for (uint32_t group = 0; group < SHARDS_GROUPS; group++)
		of_group[group] = counts->weights[group];
	for (uint32_t bin = SHARDS_NR_BINS; bin--;) {
		const uint64_t *weights = counts->weights + (size_t)bin * SHARDS_GROUPS;
		uint64_t here = 0;

		points[bin].misses = sum_of(of_group);
		points[bin].error = squared_error_of_pages(of_group, rate);
		for (uint32_t group = 0; bin && group < SHARDS_GROUPS; group++) {
			of_group[group] += weights[group];
			here += weights[group];
		}
		points[bin].has_references = here;
	}
	for (uint32_t bin = 1; bin < SHARDS_NR_BINS; bin++) {
		double of_depth = error_of_depth(points, bin, rate);

		points[bin].error = sqrt(points[bin].error + of_depth * of_depth);
	}
}
