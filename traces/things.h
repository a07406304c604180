/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * things - what the numbers of a trace stand for in a replay: tasks, address spaces, files.
 */
#ifndef PW_TRACES_THINGS_H
#define PW_TRACES_THINGS_H

#include "traces/id_map.h"

/* All zero: empty. */
struct things {
	struct id_map map; /* its values are pointers */
};

/* NULL: there is none. */
void *things_find(const struct things *things, uint64_t id);

/* Another thing that the id stood for is forgotten. 0 or -ENOMEM. */
int things_set(struct things *things, uint64_t id, void *thing);

/* The thing, which is forgotten; NULL: there was none. */
void *things_take(struct things *things, uint64_t id);

/* Forgets the thing, if it is there. */
void things_forget(struct things *things, const void *thing);

/* Any one, which is forgotten; NULL: there are no more. The same one in every run. */
void *things_take_any(struct things *things);

void things_finish(struct things *things); /* what is in it stays the caller's */

#endif
