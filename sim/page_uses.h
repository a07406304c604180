/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_uses - tells the kernel of every access to a frame, for a reclaim policy that
 * goes by them (mm/reclaim_policy.h). An observer of the event stream: the program's
 * and the kernel's accesses that the MMU translates.
 */
#ifndef PW_SIM_PAGE_USES_H
#define PW_SIM_PAGE_USES_H

#include "mm/kernel.h"
#include "mmu/event.h"

struct page_uses {
	struct observer observer; /* first, so that it is found from it */
	struct kernel *kernel;
};

/* If the kernel's policy needs it, it hears of accesses until event_ignore(). */
void page_uses_init(struct page_uses *uses, struct kernel *k, struct event_stream *events);

#endif
