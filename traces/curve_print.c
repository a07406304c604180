/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/curve_parts.h"

#include <inttypes.h>

static const char *const curve_names[NR_CURVES] = {
#define X(id, name) [id] = name,
	CURVE_KINDS(X)
#undef X
};

static double ratio(uint64_t misses, uint64_t references)
{
	return references ? (double)misses / (double)references : 0;
}

/* ---- CSV ---- */

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
	putc('\n', csv->file);
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
	fputs("curve,policy,sets,ways,entries,references,misses,miss_ratio,rewalks\n", file);
	for (unsigned kind = 0; kind < NR_CURVES; kind++)
		write_curve(curve, (enum curve_kind)kind, file);
}

/* ---- for people ---- */

#define TABLE_WAYS 4 /* what the set-associative column has */

static void print_percent(FILE *file, uint64_t misses, uint64_t references)
{
	fprintf(file, " %7.3f%%", 100 * ratio(misses, references));
}

static void print_cell(const struct curve *curve, enum curve_kind kind, uint32_t entries,
                       FILE *file)
{
	uint64_t references = curve_references(curve, kind);

	print_percent(file, curve_misses(curve, kind, 1, entries), references);
	if (kind != CURVE_RAM) {
		uint32_t sets = entries / TABLE_WAYS;

		if (sets && sets <= curve->options.max_sets &&
		    curve->options.max_ways >= TABLE_WAYS)
			print_percent(file, curve_misses(curve, kind, sets, TABLE_WAYS),
			              references);
		else
			fprintf(file, " %8s", "");
	}
	if (curve->options.opt)
		print_percent(file, curve_opt_misses(curve, kind, entries), references);
}

/* The least size that no larger one is better than, in any of the curves. */
static uint32_t useful_entries(const struct curve *curve, enum curve_kind first,
                               enum curve_kind end)
{
	uint32_t most = 1;

	for (unsigned kind = first; kind < end; kind++) {
		const struct depth_counts *lru = &curve_tally_of(curve, (enum curve_kind)kind)->lru;

		for (uint32_t depth = 1; depth < lru->clean.nr_depths; depth++)
			if (depth > most && lru->clean.counts[depth] + lru->walked.counts[depth])
				most = depth;
	}
	return most;
}

static void print_heads(const struct curve *curve, enum curve_kind first, enum curve_kind end,
                        FILE *file)
{
	for (unsigned kind = first; kind < end; kind++) {
		fprintf(file, " %8s", curve_names[kind]);
		if (kind != CURVE_RAM)
			fprintf(file, "    %d-way", TABLE_WAYS);
		if (curve->options.opt)
			fprintf(file, "      opt");
	}
	putc('\n', file);
}

static void print_size(uint64_t kib, FILE *file)
{
	if (kib >= 1 << 20)
		fprintf(file, "%9" PRIu64 "G", kib >> 20);
	else if (kib >= 1 << 10)
		fprintf(file, "%9" PRIu64 "M", kib >> 10);
	else
		fprintf(file, "%9" PRIu64 "K", kib);
}

void curve_print_table(const struct curve *curve, FILE *file)
{
	uint32_t most = useful_entries(curve, CURVE_L1D, CURVE_RAM);

	fprintf(file, "TLB misses by entries (LRU, fully associative and of %d ways%s)\n   entries",
	        TABLE_WAYS, curve->options.opt ? "; opt: the least possible" : "");
	print_heads(curve, CURVE_L1D, CURVE_RAM, file);
	for (uint64_t entries = 4; entries < 2 * (uint64_t)most; entries *= 2) {
		fprintf(file, "%10" PRIu64, entries);
		for (unsigned kind = CURVE_L1D; kind < CURVE_RAM; kind++)
			print_cell(curve, (enum curve_kind)kind, (uint32_t)entries, file);
		putc('\n', file);
	}
	most = useful_entries(curve, CURVE_RAM, NR_CURVES);
	fprintf(file, "page faults by RAM (LRU), %" PRIu64 " references\n       RAM",
	        curve_references(curve, CURVE_RAM));
	print_heads(curve, CURVE_RAM, NR_CURVES, file);
	for (uint64_t pages = 4; pages < 2 * (uint64_t)most; pages *= 2) {
		print_size(pages << (curve->options.page_shift - 10), file);
		print_cell(curve, CURVE_RAM, (uint32_t)pages, file);
		putc('\n', file);
	}
}
