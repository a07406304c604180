/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event - what the layers raise as they work, and who listens.
 *
 * One stream: statistics that are not plain counters, the fault list, the
 * trace recorder and the profiler are observers of it; no layer knows them.
 * Names follow the kernel's tracepoints and perf events. A kind that nobody
 * wants costs one test of a bit.
 */
#ifndef PW_MMU_EVENT_H
#define PW_MMU_EVENT_H

#include "mmu/types.h"

enum event_kind {
	EVENT_ACCESS,         /* va, pa, access, priv: each translation that did not fault */
	EVENT_TLB_MISS,       /* va, access, priv: missed every TLB level */
	EVENT_WALK,           /* va, access, priv, arg = memory references */
	EVENT_TLB_FLUSH,      /* va (page) or 0; code = PCID or 0; arg = enum tlb_flush_reason */
	EVENT_PAGE_FAULT,     /* va, ip, priv, code = error code: exceptions:page_fault_* */
	EVENT_FAULT_DONE,     /* va, arg = enum vm_fault_kind, code: 1 if major */
	EVENT_PAGE_ALLOC,     /* pfn, order, arg = gfp: kmem:mm_page_alloc */
	EVENT_PAGE_FREE,      /* pfn, order: kmem:mm_page_free */
	EVENT_KSWAPD_WAKE,    /* arg = order: vmscan:mm_vmscan_kswapd_wake */
	EVENT_KSWAPD_SLEEP,   /* vmscan:mm_vmscan_kswapd_sleep */
	EVENT_DIRECT_RECLAIM, /* arg = pages reclaimed: mm_vmscan_direct_reclaim_end */
	EVENT_PAGE_RECLAIMED, /* pfn, arg = 1 if anonymous */
	EVENT_SWAP_IN,        /* pfn, arg = swap slot */
	EVENT_SWAP_OUT,       /* pfn, arg = swap slot */
	EVENT_FILE_READ,      /* pfn, arg = page index in the file */
	EVENT_FILE_WRITE,     /* pfn, arg = page index in the file */
	EVENT_OOM_KILL,       /* arg = pid */
	EVENT_SYSCALL,        /* ip, arg = number */
	EVENT_MMAP,           /* va, arg = length, code = prot */
	EVENT_MUNMAP,         /* va, arg = length */
	EVENT_CONTEXT_SWITCH, /* arg = pid of the next task */
	NR_EVENT_KINDS
};

/* Fields without a meaning for a kind (see the list above) are zero. */
struct event {
	enum event_kind kind;
	uint8_t access; /* enum access_kind */
	uint8_t priv;   /* enum privilege */
	uint8_t order;
	uint32_t code;
	va_t va;
	pa_t pa;
	pfn_t pfn;
	uint64_t ip;
	uint64_t arg;
};

struct observer {
	uint32_t wants; /* bit per enum event_kind */
	void (*notice)(struct observer *self, const struct event *event);
	struct observer *next; /* owned by the event_stream */
};

/* Zero-initialised is a stream without observers. */
struct event_stream {
	uint32_t wanted; /* union of all wants */
	struct observer *observers;
};

/* The observer stays the caller's, and must outlive its place in the stream.
 * Observers are told in the order in which they were added. */
void event_observe(struct event_stream *stream, struct observer *observer);
void event_ignore(struct event_stream *stream, struct observer *observer);

/* Tell all who want it; use event_raise(), which is free when nobody does. */
void event_tell(const struct event_stream *stream, const struct event *event);

static inline bool event_is_wanted(const struct event_stream *stream, enum event_kind kind)
{
	return unlikely(stream->wanted >> kind & 1);
}

static inline void event_raise(const struct event_stream *stream, const struct event *event)
{
	if (event_is_wanted(stream, event->kind))
		event_tell(stream, event);
}

#endif
