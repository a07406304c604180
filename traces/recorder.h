/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorder - a run into a trace of our own format.
 *
 *   machine -> chunks of accesses, events, blocks -> second host thread: encoder, zstd, file
 *
 * The machine fills one chunk after the other; what is in them, and so the file, does not
 * depend on when the second thread gets to run. There are few chunks: a machine that is
 * faster waits.
 */
#ifndef PW_TRACES_RECORDER_H
#define PW_TRACES_RECORDER_H

#include "sim/machine.h"
#include "traces/trace.h"

struct trace_recorder;

/*
 * Records the machine's run from here on; machine_start() is to come. producer: program
 * and version; argv: the guest's. Nothing is written before some is recorded; then what
 * the file had is gone. file and machine stay the caller's, and must outlive it. If
 * writing fails, the run ends with machine->broken. 0; -ENOMEM, -EAGAIN (no thread).
 */
int trace_recorder_create(struct trace_recorder **out, struct machine *machine, FILE *file,
                          enum trace_detail detail, const char *producer, char *const *argv);

/* The run is over: completes the file. 0 or -errno. */
int trace_recorder_complete(struct trace_recorder *recorder);

/* The process ends: completes the file with what the machine has handed over by now, from
 * another thread than the machine's, which is held for good when it comes to hand over more. */
void trace_recorder_cut(struct trace_recorder *recorder);

/* Without trace_recorder_complete() the file stays as it is. NULL is fine. */
void trace_recorder_destroy(struct trace_recorder *recorder);

#endif
