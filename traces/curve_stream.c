/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/curve_stream.h"

#include "traces/page_ids.h"

#include <errno.h>
#include <stdlib.h>

/* ---- life ---- */

int curve_tally_init(struct curve_tally *tally, uint32_t nr_levels, uint32_t nr_ways,
                     const struct shards *shards)
{
	tally->nr_ways = nr_ways;
	tally->shards = shards;
	if (shards &&
	    (shards_counts_init(&tally->sampled_lru) || shards_counts_init(&tally->sampled_opt)))
		return -ENOMEM;
	for (uint32_t level = 0; level < nr_levels; level++) {
		tally->clean_sets[level] = calloc(nr_ways + 1, sizeof(uint64_t));
		tally->walked_sets[level] = calloc(nr_ways + 1, sizeof(uint64_t));
		if (!tally->clean_sets[level] || !tally->walked_sets[level])
			return -ENOMEM;
	}
	return 0;
}

int curve_tally_reserve(struct curve_tally *tally, uint32_t nr_pages)
{
	int err = histogram_reserve(&tally->lru.clean, nr_pages);

	if (!err)
		err = histogram_reserve(&tally->lru.walked, nr_pages);
	if (!err)
		err = histogram_reserve(&tally->opt, nr_pages);
	return err;
}

void curve_tally_finish(struct curve_tally *tally)
{
	histogram_finish(&tally->lru.clean);
	histogram_finish(&tally->lru.walked);
	histogram_finish(&tally->opt);
	shards_counts_finish(&tally->sampled_lru);
	shards_counts_finish(&tally->sampled_opt);
	for (uint32_t level = 0; level < SET_STACKS_MAX_LEVELS; level++) {
		free(tally->clean_sets[level]);
		free(tally->walked_sets[level]);
	}
}

int curve_stream_init(struct curve_stream *stream, struct curve_tally *tally, uint32_t nr_levels,
                      uint32_t nr_ways, bool has_opt)
{
	*stream = (struct curve_stream){ .tally = tally, .has_opt = has_opt, .vpn = NO_VPN };
	return set_stacks_init(&stream->sets, nr_levels, nr_ways);
}

int curve_stream_reserve(struct curve_stream *stream, uint32_t nr_pages)
{
	int err = lru_stack_reserve(&stream->lru, nr_pages);

	if (!err && stream->has_opt)
		err = opt_stack_reserve(&stream->opt, nr_pages);
	return err;
}

void curve_stream_finish(struct curve_stream *stream)
{
	lru_stack_finish(&stream->lru);
	opt_stack_finish(&stream->opt);
	set_stacks_finish(&stream->sets);
}

static int copy_tally(struct curve_tally *to, const struct curve_tally *from)
{
	int err = histogram_copy(&to->lru.clean, &from->lru.clean);

	to->references = from->references;
	to->again = from->again;
	if (!err)
		err = histogram_copy(&to->lru.walked, &from->lru.walked);
	return err ? err : histogram_copy(&to->opt, &from->opt);
}

int curve_stream_copy(struct curve_stream *to, struct curve_stream *from)
{
	int err = copy_tally(to->tally, from->tally);

	to->space = from->space;
	to->vpn = from->vpn;
	to->page = from->page;
	if (!err)
		err = lru_stack_copy(&to->lru, &from->lru);
	if (!err && from->has_opt)
		err = opt_stack_copy(&to->opt, &from->opt);
	return err;
}

/* ---- references ---- */

static void touch_sets(struct curve_stream *stream, uint32_t page, uint64_t vpn, bool rewalk)
{
	struct curve_tally *tally = stream->tally;
	uint32_t nr_levels = stream->sets.nr_levels;
	uint32_t nr_seen = set_stacks_touch(&stream->sets, page, vpn,
	                                    rewalk ? tally->walked_sets : tally->clean_sets);

	if (!rewalk)
		tally->settled[nr_seen]++;
	for (uint32_t level = nr_seen; rewalk && level < nr_levels; level++)
		tally->walked_sets[level][1]++;
}

static void touch_sampled(struct curve_stream *stream, uint32_t page, uint64_t vpn)
{
	struct curve_tally *tally = stream->tally;
	uint64_t hash = page_hash(stream->space, vpn);

	shards_count(&tally->sampled_lru, tally->shards, hash, lru_stack_touch(&stream->lru, page));
	if (stream->has_opt)
		shards_count(&tally->sampled_opt, tally->shards, hash,
		             opt_stack_touch(&stream->opt, page));
}

void curve_stream_touch(struct curve_stream *stream, uint32_t page, uint64_t vpn, bool rewalk)
{
	struct depth_counts *lru = &stream->tally->lru;

	if (unlikely(stream->tally->shards != NULL)) {
		touch_sampled(stream, page, vpn);
		return;
	}
	histogram_add(rewalk ? &lru->walked : &lru->clean, lru_stack_touch(&stream->lru, page));
	touch_sets(stream, page, vpn, rewalk);
	if (stream->has_opt)
		histogram_add(&stream->tally->opt, opt_stack_touch(&stream->opt, page));
}

void curve_stream_drop(struct curve_stream *stream, uint32_t page, uint64_t space, uint64_t vpn)
{
	if (stream->vpn == vpn && stream->space == space)
		stream->vpn = NO_VPN;
	lru_stack_drop(&stream->lru, page);
	set_stacks_drop(&stream->sets, page, vpn);
	if (stream->has_opt)
		opt_stack_drop(&stream->opt, page);
}

void curve_stream_forget(struct curve_stream *stream, uint32_t page)
{
	if (stream->page == page)
		stream->page = 0;
	lru_stack_forget(&stream->lru, page);
}

void curve_stream_clear(struct curve_stream *stream)
{
	stream->vpn = NO_VPN;
	lru_stack_clear(&stream->lru);
	set_stacks_clear(&stream->sets);
	if (stream->has_opt)
		opt_stack_clear(&stream->opt);
}

/* ---- results ---- */

/* 2 sets are level 0. */
static uint32_t level_of(uint32_t sets)
{
	return (uint32_t)__builtin_ctz(sets) - 1;
}

struct histogram curve_tally_clean(const struct curve_tally *tally, uint32_t sets)
{
	return sets == 1 ? tally->lru.clean
	                 : (struct histogram){ .counts = tally->clean_sets[level_of(sets)],
		                               .nr_depths = tally->nr_ways + 1 };
}

struct histogram curve_tally_walked(const struct curve_tally *tally, uint32_t sets)
{
	return sets == 1 ? tally->lru.walked
	                 : (struct histogram){ .counts = tally->walked_sets[level_of(sets)],
		                               .nr_depths = tally->nr_ways + 1 };
}

uint64_t curve_tally_settled(const struct curve_tally *tally, uint32_t sets)
{
	uint64_t hits = tally->again;

	for (uint32_t level = 0; sets > 1 && level <= level_of(sets); level++)
		hits += tally->settled[level];
	return hits;
}

uint64_t curve_tally_rewalks(const struct curve_tally *tally, uint32_t sets, uint32_t ways)
{
	const struct histogram walked = curve_tally_walked(tally, sets);

	return histogram_sum(&walked, ways);
}

uint64_t curve_tally_misses(const struct curve_tally *tally, uint32_t sets, uint32_t ways)
{
	const struct histogram clean = curve_tally_clean(tally, sets);

	return tally->references - curve_tally_settled(tally, sets) - histogram_sum(&clean, ways) -
	       curve_tally_rewalks(tally, sets, ways);
}

uint64_t curve_tally_opt_misses(const struct curve_tally *tally, uint32_t entries)
{
	return tally->references - tally->again - histogram_sum(&tally->opt, entries);
}
