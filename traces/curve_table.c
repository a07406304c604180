/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/curve_parts.h"

#include <inttypes.h>
#include <math.h>

#define TABLE_WAYS 4 /* what the set-associative column has */

/* What there may be of each curve. */
enum column { COLUMN_LRU, COLUMN_WAYS, COLUMN_ERROR, COLUMN_OPT, NR_COLUMNS };

static bool has_column(const struct curve *curve, enum curve_kind kind, enum column column)
{
	switch (column) {
	case COLUMN_WAYS:
		return !curve->is_sample && kind != CURVE_RAM;
	case COLUMN_ERROR:
		return curve->is_sample;
	case COLUMN_OPT:
		return curve->options.opt;
	default:
		return true;
	}
}

static void print_heads(const struct curve *curve, enum curve_kind first, enum curve_kind end,
                        FILE *file)
{
	for (unsigned kind = first; kind < end; kind++) {
		const char *const heads[NR_COLUMNS] = { curve_names[kind], "4-way", "+-", "opt" };

		for (unsigned column = 0; column < NR_COLUMNS; column++)
			if (has_column(curve, (enum curve_kind)kind, (enum column)column))
				fprintf(file, " %8s", heads[column]);
	}
	putc('\n', file);
}

static double estimate(const struct curve *curve, enum curve_kind kind, enum column column,
                       uint64_t entries)
{
	double error, misses = curve_estimate(curve, kind, column == COLUMN_OPT, entries, &error);

	return column == COLUMN_ERROR ? error : misses;
}

/* NAN: it is not known. */
static double misses_of(const struct curve *curve, enum curve_kind kind, enum column column,
                        uint64_t entries)
{
	uint64_t sets = column == COLUMN_WAYS ? entries / TABLE_WAYS : 1;

	if (curve->is_sample)
		return estimate(curve, kind, column, entries);
	if (column == COLUMN_OPT)
		return (double)curve_opt_misses(curve, kind, (uint32_t)entries);
	if (sets > curve->options.max_sets || (sets > 1 && curve->options.max_ways < TABLE_WAYS))
		return NAN;
	return (double)curve_misses(curve, kind, (uint32_t)sets, (uint32_t)(entries / sets));
}

static void print_cells(const struct curve *curve, enum curve_kind kind, uint64_t entries,
                        FILE *file)
{
	uint64_t references = curve_references(curve, kind);

	for (unsigned column = 0; column < NR_COLUMNS; column++) {
		double misses;

		if (!has_column(curve, kind, (enum column)column))
			continue;
		misses = misses_of(curve, kind, (enum column)column, entries);
		if (isnan(misses))
			fprintf(file, " %8s", "");
		else
			fprintf(file, " %7.3f%%",
			        references ? 100 * misses / (double)references : 0);
	}
}

/* The smallest cache than which no larger one is better. */
static uint64_t useful_entries(const struct curve *curve, enum curve_kind kind)
{
	const struct curve_tally *tally = curve_tally_of(curve, kind);
	const struct histogram *clean = &tally->lru.clean, *walked = &tally->lru.walked;
	uint64_t most = 1;
	struct shards_point points[SHARDS_NR_BINS];

	if (!curve->is_sample) {
		for (uint32_t depth = 1; depth < clean->nr_depths; depth++)
			if (clean->counts[depth] + walked->counts[depth])
				most = depth;
		return most;
	}
	shards_points(&tally->sampled_lru, &curve->shards, points);
	for (uint32_t bin = 1; bin < SHARDS_NR_BINS; bin++)
		if (points[bin].has_references)
			most = shards_last_depth(bin);
	return most;
}

static void print_size(const struct curve *curve, enum curve_kind kind, uint64_t entries,
                       FILE *file)
{
	uint64_t kib = entries << (curve->options.page_shift - 10);

	if (kind != CURVE_RAM)
		fprintf(file, "%10" PRIu64, entries);
	else if (kib >= 1 << 20)
		fprintf(file, "%9" PRIu64 "G", kib >> 20);
	else if (kib >= 1 << 10)
		fprintf(file, "%9" PRIu64 "M", kib >> 10);
	else
		fprintf(file, "%9" PRIu64 "K", kib);
}

static void print_curves(const struct curve *curve, enum curve_kind first, enum curve_kind end,
                         FILE *file)
{
	uint64_t most = 1;

	print_heads(curve, first, end, file);
	for (unsigned kind = first; kind < end; kind++) {
		uint64_t useful = useful_entries(curve, (enum curve_kind)kind);

		most = useful > most ? useful : most;
	}
	for (uint64_t entries = 4; entries < 2 * most; entries *= 2) {
		print_size(curve, first, entries, file);
		for (unsigned kind = first; kind < end; kind++)
			print_cells(curve, (enum curve_kind)kind, entries, file);
		putc('\n', file);
	}
}

void curve_print_table(const struct curve *curve, FILE *file)
{
	if (curve->is_sample)
		fprintf(file, "estimates from one page in %.1f; +-: standard error\n",
		        (double)SHARDS_ALL / curve->shards.threshold);
	fprintf(file, "TLB misses by entries (LRU, fully associative%s%s)\n   entries",
	        curve->is_sample ? "" : " and of 4 ways",
	        curve->options.opt ? "; opt: the least possible" : "");
	print_curves(curve, CURVE_L1D, CURVE_RAM, file);
	fprintf(file, "page faults by RAM (LRU), %" PRIu64 " references\n       RAM",
	        curve_references(curve, CURVE_RAM));
	print_curves(curve, CURVE_RAM, NR_CURVES, file);
}
