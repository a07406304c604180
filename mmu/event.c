/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/event.h"

static void gather_wants(struct event_stream *stream)
{
	stream->wanted = 0;
	for (const struct observer *o = stream->observers; o; o = o->next)
		stream->wanted |= o->wants;
}

void event_observe(struct event_stream *stream, struct observer *observer)
{
	struct observer **link = &stream->observers;

	while (*link)
		link = &(*link)->next;
	observer->next = NULL;
	*link = observer;
	gather_wants(stream);
}

void event_ignore(struct event_stream *stream, struct observer *observer)
{
	struct observer **link = &stream->observers;

	while (*link && *link != observer)
		link = &(*link)->next;
	if (*link)
		*link = observer->next;
	gather_wants(stream);
}

void event_tell(const struct event_stream *stream, const struct event *event)
{
	for (struct observer *o = stream->observers; o; o = o->next)
		if (o->wants >> event->kind & 1)
			o->notice(o, event);
}
