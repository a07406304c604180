/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_curve - `pagewalk replay --curve`: its options, and a curve beside the replay.
 */
#ifndef PW_TOOLS_REPLAY_CURVE_H
#define PW_TOOLS_REPLAY_CURVE_H

#include "tools/options.h"
#include "tools/output.h"
#include "traces/curve.h"

struct replay_curve {
	/* options */
	const char *path; /* NULL: no curve */
	const char *page, *sets, *ways, *sample;
	bool opt, flush, only;

	struct curve *curve;
	struct trace_source *tap; /* the trace, as the replay is to read it */
	struct output csv;
};

/* Of a struct replay_curve at `at` of the command's context. */
#define REPLAY_CURVE_ROW(at, name, arg, kind, member, doc)                                         \
	{                                                                                          \
		name, 0, arg, kind, (at) + offsetof(struct replay_curve, member), NULL, doc        \
	}

#define REPLAY_CURVE_ROWS(at)                                                                      \
	REPLAY_CURVE_ROW(                                                                          \
	    at, "curve", "FILE", OPTION_TEXT, path,                                                \
	    "what TLBs and RAM of every size would have missed, as CSV (-: standard output)"),     \
	    REPLAY_CURVE_ROW(at, "curve-opt", NULL, OPTION_FLAG, opt,                              \
	                     "--curve: the least possible misses, too (Belady's policy)"),         \
	    REPLAY_CURVE_ROW(at, "curve-sets", "N", OPTION_TEXT, sets,                             \
	                     "--curve: TLBs of up to so many sets (1024; a power of two)"),        \
	    REPLAY_CURVE_ROW(at, "curve-ways", "N", OPTION_TEXT, ways,                             \
	                     "--curve: so many ways of more sets than one (64)"),                  \
	    REPLAY_CURVE_ROW(at, "curve-sample", "PART|PAGES", OPTION_TEXT, sample,                \
	                     "--curve: an estimate from a part of the pages (0.01), or from so "   \
	                     "many at a time (8192)"),                                             \
	    REPLAY_CURVE_ROW(at, "curve-page", "SIZE", OPTION_TEXT, page,                          \
	                     "--curve: as if all pages had this size (4K)"),                       \
	    REPLAY_CURVE_ROW(at, "curve-flush", NULL, OPTION_FLAG, flush,                          \
	                     "--curve: a change of address space empties the TLBs, as without "    \
	                     "PCIDs"),                                                             \
	    REPLAY_CURVE_ROW(at, "curve-only", NULL, OPTION_FLAG, only, "--curve, and no replay")

/* `path` names the trace. 0, or EXIT_MISTAKE and told: an option is wrong, or the file cannot be
 * written. From here on the trace is to be read from curve->tap. */
int replay_curve_begin(struct replay_curve *curve, struct trace_source *source, const char *path);

/* Writes what there is: the file, and a table on standard error unless quiet. 0, or
 * EXIT_MISTAKE and told. */
int replay_curve_write(struct replay_curve *curve, bool quiet);

void replay_curve_finish(struct replay_curve *curve);

#endif
