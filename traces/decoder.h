/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decoder - accesses and events out of frames (traces/codec.h).
 */
#ifndef PW_TRACES_DECODER_H
#define PW_TRACES_DECODER_H

#include "traces/header.h"
#include "traces/trace.h"

struct trace_decoder;

/* 0 or -ENOMEM. The header must outlive it. */
int trace_decoder_create(struct trace_decoder **out, const struct header *header);
void trace_decoder_destroy(struct trace_decoder *decoder); /* NULL is fine */

/* Begins a frame; its content must stay until its last batch is done with. 0; -EBADMSG
 * and why[], -ENOMEM. */
int trace_decoder_begin(struct trace_decoder *decoder, const void *content, size_t size, char *why,
                        size_t why_size);

/* 1 and *batch; 0: the frame is over; -EBADMSG and why[]. What came before counts. */
int trace_decoder_next(struct trace_decoder *decoder, struct trace_batch *batch, char *why,
                       size_t why_size);

#endif
