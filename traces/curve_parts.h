/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * curve_parts - what the parts of a curve (curve*.c) share.
 */
#ifndef PW_TRACES_CURVE_PARTS_H
#define PW_TRACES_CURVE_PARTS_H

#include "mm/mmzone.h"
#include "traces/curve.h"
#include "traces/curve_stream.h"
#include "traces/id_map.h"
#include "traces/page_ids.h"

#define NR_TLB_CURVES CURVE_RAM /* those before it */

/* Marks of a page. */
enum { PAGE_STORED = 1, PAGE_FETCHED = 2, PAGE_ACCESSED = 4, PAGE_FAULTED = 8 };

struct curve_cpu {
	uint64_t space; /* that it has loaded */
	struct curve_stream tlbs[NR_TLB_CURVES];
};

/* Which number a page has, of the last ones that were looked up. */
struct page_memo {
	uint64_t space, vpn;
	uint32_t page; /* 0: nothing */
};

#define CURVE_NR_MEMOS 256

struct curve {
	struct curve_options options;
	bool has_events;      /* spaces are told; D bits matter */
	uint64_t user_end;    /* addresses from here on are the kernel's; 0: there are none */
	struct shards shards; /* if is_sample */
	bool is_sample;
	struct page_ids pages;
	struct page_memo memos[CURVE_NR_MEMOS]; /* by vpn */
	struct id_map spaces;                   /* of tasks, where no events tell */
	struct id_map users;                    /* of address spaces: how many */
	struct id_map brks;                     /* of address spaces: the end of the heap */
	struct curve_cpu *cpus[NR_CPUS_MAX];
	uint32_t nr_cpus; /* of them there */
	/* One CPU's unified TLB has seen all that RAM has, and nothing else has happened to
	 * it: it stands for RAM, too. */
	bool unified_is_ram;
	struct curve_stream ram;
	struct curve_tally tallies[NR_CURVES];
};

extern const char *const curve_names[NR_CURVES];

/* Set counts but 1: 2, 4, 8 ... */
uint32_t curve_nr_levels(const struct curve_options *options);

/* Where the curve's results are. */
const struct curve_tally *curve_tally_of(const struct curve *curve, enum curve_kind kind);

/* *out; -ENOMEM, or -EOVERFLOW for more CPUs than a machine has. */
int curve_cpu_of(struct curve *curve, uint32_t id, struct curve_cpu **out);

/* The CPU loads another address space. */
void curve_set_space(struct curve *curve, struct curve_cpu *cpu, uint64_t space);

/* The pages from `first` to below `end` are no longer there. */
void curve_drop_pages(struct curve *curve, uint64_t space, uint64_t first, uint64_t end);

/* An access to va's page has faulted. The CPU dropped its entry, so the next access, which
 * is the same one, walks; and the kernel left a page with D, if it was a store. 0 or -errno,
 * as curve_feed(). */
int curve_fault(struct curve *curve, uint64_t space, va_t va, bool store);

/* Whether va's page has D; that it has. */
bool curve_is_stored(const struct curve *curve, uint64_t space, va_t va);
int curve_mark_stored(struct curve *curve, uint64_t space, va_t va);

/* 0 or -errno, as curve_feed(). */
int curve_feed_event(struct curve *curve, const struct record_event *event);

#endif
