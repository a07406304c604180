/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * curve - what every size would have cost: misses of TLBs of all sizes, set counts and
 * numbers of ways, and page faults of RAM of all sizes, under LRU and under the optimal
 * policy, in one pass over a trace. What each curve means: docs/curves.md.
 */
#ifndef PW_TRACES_CURVE_H
#define PW_TRACES_CURVE_H

#include "traces/trace.h"

#include <stdio.h>

struct curve;

/* X(id, name) */
#define CURVE_KINDS(X)                                                                             \
	X(CURVE_L1D, "l1d")         /* a TLB for loads and stores alone */                         \
	X(CURVE_L1I, "l1i")         /* for fetches alone */                                        \
	X(CURVE_UNIFIED, "unified") /* for all */                                                  \
	X(CURVE_RAM, "ram")         /* RAM, for all CPUs and address spaces */

enum curve_kind {
#define X(id, name) id,
	CURVE_KINDS(X)
#undef X
	    NR_CURVES
};

struct curve_options {
	uint32_t page_shift;  /* 12: pages of 4 KB; 21: as if all were of 2 MB */
	bool flush_on_switch; /* no PCIDs: a change of address space empties the CPU's TLBs */
	bool opt;             /* the optimal policy, too */
	uint32_t max_sets;    /* a power of two, up to 2^16; 1: fully associative only */
	uint32_t max_ways;    /* of more than one set; full associativity has no bound */
	/* All pages, or a sample (traces/shards.h), of which no sets and no rewalks are told. */
	double sample_rate;    /* 0: all; else the part of the pages */
	uint32_t sample_pages; /* 0; else so many at a time, and no OPT */
};

/* All of it, exactly, with PCIDs, without OPT; up to 1024 sets and 64 ways. */
extern const struct curve_options curve_defaults;

/* 0; -EINVAL and why[] (size bytes): an option is impossible; -ENOMEM. `info` is only
 * looked at. */
int curve_create(struct curve **out, const struct curve_options *options,
                 const struct trace_info *info, char *why, size_t why_size);
void curve_destroy(struct curve *curve); /* NULL is fine */

/* Takes in what a source gave. 0; -ENOMEM; -EOVERFLOW: more than 2^28 pages at a time. */
int curve_feed(struct curve *curve, const struct trace_batch *batch);

/* ---- results; any time ---- */

uint64_t curve_references(const struct curve *curve, enum curve_kind kind);

/* The following are of all pages, not of a sample. Of an LRU cache that is empty at first. ways: up
 * to max_ways, or any if sets is 1. With CURVE_RAM, sets is 1. */
uint64_t curve_misses(const struct curve *curve, enum curve_kind kind, uint32_t sets,
                      uint32_t ways);

/* Of the hits of that cache, those that need a walk all the same, as the entry lacks D or
 * was dropped by a fault. */
uint64_t curve_rewalks(const struct curve *curve, enum curve_kind kind, uint32_t sets,
                       uint32_t ways);

/* Of the optimal policy, fully associative; options.opt. */
uint64_t curve_opt_misses(const struct curve *curve, enum curve_kind kind, uint32_t entries);

/* Of a sample: misses of so many entries, LRU's or the optimal policy's, and the standard
 * error. */
double curve_estimate(const struct curve *curve, enum curve_kind kind, bool opt, uint64_t entries,
                      double *error);

/* ---- results, printed (curve_csv.c, curve_table.c) ---- */

/* CSV, a line for each size at which something changes: docs/curves.md. */
void curve_write_csv(const struct curve *curve, FILE *file);

/* For people: powers of two. */
void curve_print_table(const struct curve *curve, FILE *file);

#endif
