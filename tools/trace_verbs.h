/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace_verbs - what `pagewalk trace` does, a function for each word that follows it.
 */
#ifndef PW_TOOLS_TRACE_VERBS_H
#define PW_TOOLS_TRACE_VERBS_H

#include "traces/cut.h"

struct trace_options {
	const char *format; /* of what is read; NULL: as it looks */
	const char *to;     /* format to write; NULL: our own */
	const char *output; /* file to write */
	uint64_t quantum;   /* merge: accesses; 0: not told */
	struct trace_cut cut;
	bool one_system; /* merge */
	bool json, quiet;
};

/* Each an exit status, with mistakes told. */
int trace_verb_info(const struct trace_options *options, char **paths, int nr_paths);
int trace_verb_cat(const struct trace_options *options, char **paths, int nr_paths);
int trace_verb_copy(const struct trace_options *options, char **paths, int nr_paths);
int trace_verb_export(const struct trace_options *options, char **paths, int nr_paths);
int trace_verb_merge(const struct trace_options *options, char **paths, int nr_paths);

/* A source that is to be read for the user; NULL, and told: it cannot. */
struct trace_source *trace_verb_open(const struct trace_options *options, const char *path);

#endif
