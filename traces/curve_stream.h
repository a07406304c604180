/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * curve_stream - one stream of page references, and what it came to: the loads and stores
 * of a CPU, say. Several streams may be told in one tally: those of all CPUs.
 */
#ifndef PW_TRACES_CURVE_STREAM_H
#define PW_TRACES_CURVE_STREAM_H

#include "traces/histogram.h"
#include "traces/lru_stack.h"
#include "traces/opt_stack.h"
#include "traces/set_stacks.h"
#include "traces/shards.h"

#include "mmu/types.h"

#include <stdbool.h>

/* By depth: of references that need a walk though they hit (curve_rewalks()), and of all
 * others. */
struct depth_counts {
	struct histogram clean, walked;
};

struct curve_tally {
	uint64_t references;
	uint64_t again; /* of these, to the page of the one before: depth 1 in all that follows */
	struct depth_counts lru;
	struct histogram opt;
	/* As set_stacks.h has levels, by depth. Of clean ones only the first level is told at
	 * which, and at all further ones, it is 1. */
	uint32_t nr_ways;
	uint64_t *clean_sets[SET_STACKS_MAX_LEVELS], *walked_sets[SET_STACKS_MAX_LEVELS];
	uint64_t settled[SET_STACKS_MAX_LEVELS + 1];
	/* Of a sample: instead of all of these but the first two. NULL: of all pages. */
	const struct shards *shards;
	struct shards_counts sampled_lru, sampled_opt;
};

struct curve_stream {
	struct curve_tally *tally; /* the owner's */
	bool has_opt;
	struct lru_stack lru;
	struct opt_stack opt;
	struct set_stacks sets;
	/* The last reference. */
	uint64_t space, vpn; /* vpn NO_VPN: there was none, or the page is gone */
	uint32_t page;
};

#define NO_VPN UINT64_MAX

/* 0 or -ENOMEM. Finish both in any case; all zero is fine for that. */
int curve_tally_init(struct curve_tally *tally, uint32_t nr_levels, uint32_t nr_ways,
                     const struct shards *shards);
int curve_tally_reserve(struct curve_tally *tally, uint32_t nr_pages);
void curve_tally_finish(struct curve_tally *tally);
int curve_stream_init(struct curve_stream *stream, struct curve_tally *tally, uint32_t nr_levels,
                      uint32_t nr_ways, bool has_opt);
int curve_stream_reserve(struct curve_stream *stream, uint32_t nr_pages);
void curve_stream_finish(struct curve_stream *stream);

/* A stream without sets, in a tally of its own, that is where `from` is. `to` has been
 * initialized, and its tally; nothing was told to them. 0 or -ENOMEM. */
int curve_stream_copy(struct curve_stream *to, struct curve_stream *from);

/* With so many sets: how many references hit at each depth, and how many hit at once,
 * which are in neither. */
struct histogram curve_tally_clean(const struct curve_tally *tally, uint32_t sets);
struct histogram curve_tally_walked(const struct curve_tally *tally, uint32_t sets);
uint64_t curve_tally_settled(const struct curve_tally *tally, uint32_t sets);

/* Of a cache of so many sets of so many ways. */
uint64_t curve_tally_misses(const struct curve_tally *tally, uint32_t sets, uint32_t ways);
uint64_t curve_tally_rewalks(const struct curve_tally *tally, uint32_t sets, uint32_t ways);
uint64_t curve_tally_opt_misses(const struct curve_tally *tally, uint32_t entries);

/* The page is no longer in the sample. */
void curve_stream_forget(struct curve_stream *stream, uint32_t page);

/* A reference to another page than the last one, or one that needs a walk if it hits. */
void curve_stream_touch(struct curve_stream *stream, uint32_t page, uint64_t vpn, bool rewalk);

/* The page's number will be another page's. */
void curve_stream_drop(struct curve_stream *stream, uint32_t page, uint64_t space, uint64_t vpn);

/* All caches are empty. */
void curve_stream_clear(struct curve_stream *stream);

/* `count` references to a page in a row. page 0: it is not in the sample. */
static inline void curve_stream_refer(struct curve_stream *stream, uint32_t page, uint64_t space,
                                      uint64_t vpn, uint32_t count, bool rewalk)
{
	stream->tally->references += count;
	if (stream->vpn == vpn && stream->space == space && !rewalk) {
		stream->tally->again += count;
		return;
	}
	stream->tally->again += count - 1;
	stream->space = space;
	stream->vpn = vpn;
	stream->page = page;
	if (likely(page))
		curve_stream_touch(stream, page, vpn, rewalk);
}

#endif
