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
	const char *sets, *ways;
	bool opt, flush, only;

	struct curve *curve;
	struct trace_source *tap; /* the trace, as the replay is to read it */
	struct output csv;
};

/* Of a struct replay_curve at `offset` of the command's context. */
#define REPLAY_CURVE_ROWS(offset)                                                                  \
	{ "curve",                                                                                 \
	  0,                                                                                       \
	  "FILE",                                                                                  \
	  OPTION_TEXT,                                                                             \
	  (offset) + offsetof(struct replay_curve, path),                                          \
	  NULL,                                                                                    \
	  "what TLBs and RAM of every size would have missed, as CSV (-: standard output)" },      \
	    { "curve-opt",                                                                         \
	      0,                                                                                   \
	      NULL,                                                                                \
	      OPTION_FLAG,                                                                         \
	      (offset) + offsetof(struct replay_curve, opt),                                       \
	      NULL,                                                                                \
	      "--curve: the least possible misses, too (Belady's policy)" },                       \
	    { "curve-sets",                                                                        \
	      0,                                                                                   \
	      "N",                                                                                 \
	      OPTION_TEXT,                                                                         \
	      (offset) + offsetof(struct replay_curve, sets),                                      \
	      NULL,                                                                                \
	      "--curve: TLBs of up to so many sets (1024; a power of two)" },                      \
	    { "curve-ways",                                                                        \
	      0,                                                                                   \
	      "N",                                                                                 \
	      OPTION_TEXT,                                                                         \
	      (offset) + offsetof(struct replay_curve, ways),                                      \
	      NULL,                                                                                \
	      "--curve: so many ways of more sets than one (64)" },                                \
	    { "curve-flush",                                                                       \
	      0,                                                                                   \
	      NULL,                                                                                \
	      OPTION_FLAG,                                                                         \
	      (offset) + offsetof(struct replay_curve, flush),                                     \
	      NULL,                                                                                \
	      "--curve: a change of address space empties the TLBs, as without PCIDs" },           \
	{                                                                                          \
		"curve-only", 0, NULL, OPTION_FLAG,                                                \
		    (offset) + offsetof(struct replay_curve, only), NULL, "--curve, and no replay" \
	}

/* 0, or EXIT_MISTAKE and told: an option is wrong, or the file cannot be written. From here
 * on the trace is to be read from curve->tap. */
int replay_curve_begin(struct replay_curve *curve, struct trace_source *source);

/* Writes what there is: the file, and a table on standard error unless quiet. 0, or
 * EXIT_MISTAKE and told. */
int replay_curve_write(struct replay_curve *curve, bool quiet);

void replay_curve_finish(struct replay_curve *curve);

#endif
