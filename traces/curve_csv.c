/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/curve_parts.h"

#include <inttypes.h>

const char *const curve_names[NR_CURVES] = {
#define X(id, name) [id] = name,
	CURVE_KINDS(X)
#undef X
};

static double ratio(uint64_t misses, uint64_t references)
{
	return references ? (double)misses / (double)references : 0;
}

/* The columns that the rows of a curve share, and what is hit so far. */
struct csv_curve {
	FILE *file;
	const char *name, *policy;
	uint32_t sets;
	uint64_t references, hits, rewalks;
	bool has_rewalks; /* they are known */
};

static void write_row(const struct csv_curve *csv, uint32_t ways)
{
	uint64_t misses = csv->references - csv->hits;

	fprintf(csv->file,
	        "%s,%s,%" PRIu32 ",%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.9f,",
	        csv->name, csv->policy, csv->sets, ways, (uint64_t)csv->sets * ways,
	        csv->references, misses, ratio(misses, csv->references));
	if (csv->has_rewalks)
		fprintf(csv->file, "%" PRIu64, csv->rewalks);
	fputs(",\n", csv->file);
}

/* A row for the first size, and for each at which something changes. walked may be NULL. */
static void write_rows(struct csv_curve *csv, const struct histogram *clean,
                       const struct histogram *walked)
{
	for (uint32_t ways = 1; ways == 1 || ways < clean->nr_depths; ways++) {
		uint64_t walks = walked && ways < walked->nr_depths ? walked->counts[ways] : 0;
		uint64_t hits = walks + (ways < clean->nr_depths ? clean->counts[ways] : 0);

		csv->hits += hits;
		csv->rewalks += walks;
		if (hits || ways == 1)
			write_row(csv, ways);
	}
}

static void write_sampled(const struct curve *curve, enum curve_kind kind, bool opt, FILE *file)
{
	const struct curve_tally *tally = curve_tally_of(curve, kind);
	double references = tally->references ? (double)tally->references : 1;
	struct shards_point points[SHARDS_NR_BINS];

	shards_points(opt ? &tally->sampled_opt : &tally->sampled_lru, &curve->shards, points);
	for (uint32_t bin = 1; bin < SHARDS_NR_BINS; bin++) {
		uint64_t entries = shards_last_depth(bin);

		if (!points[bin].has_references && bin > 1)
			continue;
		fprintf(file, "%s,%s,1,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.0f,%.9f,,%.9f\n",
		        curve_names[kind], opt ? "opt" : "lru", entries, entries, tally->references,
		        points[bin].misses, points[bin].misses / references,
		        points[bin].error / references);
	}
}

static void write_curve(const struct curve *curve, enum curve_kind kind, FILE *file)
{
	const struct curve_tally *tally = curve_tally_of(curve, kind);
	const bool is_tlb = kind != CURVE_RAM;
	struct csv_curve csv = {
		.file = file,
		.name = curve_names[kind],
		.policy = "lru",
		.references = tally->references,
		.has_rewalks = is_tlb && curve->has_events,
	};

	for (csv.sets = 1; csv.sets <= (is_tlb ? curve->options.max_sets : 1); csv.sets *= 2) {
		const struct histogram clean = curve_tally_clean(tally, csv.sets);
		const struct histogram walked = curve_tally_walked(tally, csv.sets);

		csv.hits = curve_tally_settled(tally, csv.sets);
		csv.rewalks = 0;
		write_rows(&csv, &clean, &walked);
	}
	if (!curve->options.opt)
		return;
	csv.policy = "opt";
	csv.sets = 1;
	csv.has_rewalks = false;
	csv.hits = tally->again;
	write_rows(&csv, &tally->opt, NULL);
}

void curve_write_csv(const struct curve *curve, FILE *file)
{
	fputs("curve,policy,sets,ways,entries,references,misses,miss_ratio,rewalks,"
	      "error\n",
	      file);
	for (unsigned kind = 0; kind < NR_CURVES; kind++) {
		if (!curve->is_sample) {
			write_curve(curve, (enum curve_kind)kind, file);
			continue;
		}
		write_sampled(curve, (enum curve_kind)kind, false, file);
		if (curve->options.opt)
			write_sampled(curve, (enum curve_kind)kind, true, file);
	}
}
