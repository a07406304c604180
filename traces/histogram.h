/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * histogram - how often each depth came. Depth 0: was not there at all.
 */
#ifndef PW_TRACES_HISTOGRAM_H
#define PW_TRACES_HISTOGRAM_H

#include <stdint.h>

/* All zero: empty. */
struct histogram {
	uint64_t *counts;
	uint32_t nr_depths; /* below it */
};

/* Room for depths below nr_depths. 0 or -ENOMEM. */
int histogram_reserve(struct histogram *histogram, uint32_t nr_depths);
int histogram_copy(struct histogram *to, const struct histogram *from); /* to: all zero */
void histogram_finish(struct histogram *histogram);

static inline void histogram_add(struct histogram *histogram, uint32_t depth)
{
	histogram->counts[depth]++;
}

/* How many came from 1 to depth. */
uint64_t histogram_sum(const struct histogram *histogram, uint32_t depth);

#endif
