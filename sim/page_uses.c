/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/page_uses.h"

#include "mm/reclaim_policy.h"

static void notice(struct observer *observer, const struct event *event)
{
	reclaim_page_accessed(((struct page_uses *)observer)->kernel, event->pa >> PAGE_SHIFT);
}

void page_uses_init(struct page_uses *uses, struct kernel *k, struct event_stream *events)
{
	if (!k->config.reclaim_policy->needs_accesses)
		return;
	uses->kernel = k;
	uses->observer.wants = 1u << EVENT_ACCESS;
	uses->observer.notice = notice;
	event_observe(events, &uses->observer);
}
