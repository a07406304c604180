/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * curve_tap - a source that passes on what another one gives, and lets a curve see it.
 */
#ifndef PW_TRACES_CURVE_TAP_H
#define PW_TRACES_CURVE_TAP_H

#include "traces/curve.h"

/* 0 or -ENOMEM. What is given must outlive it, and is not closed with it; `name` is that of the
 * trace, for messages. */
int curve_tap_open(struct trace_source **out, struct trace_source *from, const char *name,
                   struct curve *curve);

#endif
