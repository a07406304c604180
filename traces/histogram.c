/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/histogram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int histogram_reserve(struct histogram *histogram, uint32_t nr_depths)
{
	uint64_t *counts;

	if (nr_depths <= histogram->nr_depths)
		return 0;
	counts = realloc(histogram->counts, nr_depths * sizeof(*counts));
	if (!counts)
		return -ENOMEM;
	memset(counts + histogram->nr_depths, 0,
	       (nr_depths - histogram->nr_depths) * sizeof(*counts));
	histogram->counts = counts;
	histogram->nr_depths = nr_depths;
	return 0;
}

int histogram_copy(struct histogram *to, const struct histogram *from)
{
	int err = histogram_reserve(to, from->nr_depths);

	if (!err && from->nr_depths)
		memcpy(to->counts, from->counts, from->nr_depths * sizeof(*to->counts));
	return err;
}

void histogram_finish(struct histogram *histogram)
{
	free(histogram->counts);
	*histogram = (struct histogram){ .nr_depths = 0 };
}

uint64_t histogram_sum(const struct histogram *histogram, uint32_t depth)
{
	uint64_t sum = 0;

	for (uint32_t i = 1; i <= depth && i < histogram->nr_depths; i++)
		sum += histogram->counts[i];
	return sum;
}
