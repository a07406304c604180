/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interval - a time series of a run: a row every N guest instructions, or accesses where
 * a driver makes them (struct driver), which the statistics carry as "interval". The columns are in
 * interval.c's table and in docs/accounting.md.
 */
#ifndef PW_SIM_INTERVAL_H
#define PW_SIM_INTERVAL_H

#include "sim/engine.h"

struct interval;
struct json;
struct machine;

/* mode: what there are columns of. 0; -EINVAL if every is 0, -ENOMEM. */
int interval_create(struct interval **out, uint64_t every, enum engine_mode mode);
void interval_destroy(struct interval *interval); /* NULL is fine */

/* Instructions from `now` on until the next row is due, at least 1: how far the
 * engine may run. */
uint64_t interval_left(const struct interval *interval, uint64_t now);

/* The engine has stopped, or the driver: adds a row if one is due. A row stands at the end
 * of the block in which it fell due; its first column says exactly where. */
void interval_sample(struct interval *interval, const struct machine *machine);

/* The run is over: adds the last row, which may be a short one. */
void interval_finish(struct interval *interval, const struct machine *machine);

/* {"every": N, "columns": [...], "rows": [[...], ...]} under `key`. */
void interval_write_json(const struct interval *interval, struct json *json, const char *key);

#endif
