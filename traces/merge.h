/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * merge - several traces as one, as if their programs shared a machine: each makes so many
 * accesses, then the next one does. Tasks and address spaces get new numbers, from 1 on in
 * the order in which they come.
 *
 * What a trace tells of its machine's memory manager and kernel names objects of that
 * machine, and is left out: in the merged trace memory is there on demand.
 */
#ifndef PW_TRACES_MERGE_H
#define PW_TRACES_MERGE_H

#include "traces/trace.h"

/* The sources stay the caller's, and must last. All must have the same detail. quantum:
 * accesses, at least 1. one_system: equal numbers of tasks and address spaces mean the same
 * ones in all of them, as in a file for each thread of a program. 0 and *out; -EINVAL or -ENOMEM,
 * and why[]. */
int trace_merge_open(struct trace_source **out, struct trace_source **sources, uint32_t nr,
                     uint64_t quantum, bool one_system, char *why, size_t why_size);

#endif
