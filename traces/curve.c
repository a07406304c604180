/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traces/curve.h"

#include "traces/curve_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct curve_options curve_defaults = {
	.page_shift = PAGE_SHIFT,
	.max_sets = 1024,
	.max_ways = 64,
};

/* ---- life ---- */

uint32_t curve_nr_levels(const struct curve_options *options)
{
	return (uint32_t)__builtin_ctz(options->max_sets);
}

static int complain(char *why, size_t why_size, const char *what)
{
	snprintf(why, why_size, "%s", what);
	return -EINVAL;
}

static int check_options(const struct curve_options *options, char *why, size_t why_size)
{
	if (!options->max_sets || (options->max_sets & (options->max_sets - 1)) ||
	    curve_nr_levels(options) > SET_STACKS_MAX_LEVELS)
		return complain(why, why_size, "sets must be a power of two, at most 65536");
	if (!options->max_ways || options->max_ways > 4096)
		return complain(why, why_size, "ways must be 1 to 4096");
	if (options->page_shift < PAGE_SHIFT || options->page_shift > 30)
		return complain(why, why_size, "pages must have 4K to 1G");
	if (!(options->sample_rate >= 0 && options->sample_rate <= 1))
		return complain(why, why_size, "a sample is a part of the pages, from 0 to 1");
	if (options->sample_pages && options->opt)
		return complain(why, why_size,
		                "the optimal policy needs a sample of a fixed rate, or all pages");
	return 0;
}

static void init_sample(struct curve *curve)
{
	uint32_t threshold = (uint32_t)(curve->options.sample_rate * SHARDS_ALL);

	curve->is_sample = curve->options.sample_rate > 0 || curve->options.sample_pages;
	if (curve->is_sample)
		curve->options.max_sets = 1;
	curve->shards.threshold = curve->options.sample_rate == 0 ? SHARDS_ALL
	                          : threshold                     ? threshold
	                                                          : 1;
	curve->shards.max_pages = curve->options.sample_pages;
}

/* Where the user's addresses end, by Linux: Documentation/arch/x86/x86_64/mm.rst; 3 GB of
 * 32 bits. */
static uint64_t user_end(const struct trace_info *info)
{
	if (!info->has_events)
		return 0;
	return info->va_bits == 32 ? 3 * GIB : (uint64_t)1 << 47;
}

static int init_tallies(struct curve *curve)
{
	int err = 0;

	for (unsigned i = 0; !err && i < NR_CURVES; i++)
		err = curve_tally_init(
		    &curve->tallies[i], i == CURVE_RAM ? 0 : curve_nr_levels(&curve->options),
		    curve->options.max_ways, curve->is_sample ? &curve->shards : NULL);
	return err ? err
	           : curve_stream_init(&curve->ram, &curve->tallies[CURVE_RAM], 0, 0,
	                               curve->options.opt);
}

int curve_create(struct curve **out, const struct curve_options *options,
                 const struct trace_info *info, char *why, size_t why_size)
{
	int err = check_options(options, why, why_size);
	struct curve *curve;

	if (err)
		return err;
	curve = calloc(1, sizeof(*curve));
	if (!curve)
		return -ENOMEM;
	curve->options = *options;
	curve->has_events = info->has_events;
	curve->user_end = user_end(info);
	init_sample(curve);
	curve->unified_is_ram = !options->flush_on_switch && !curve->is_sample;
	err = init_tallies(curve);
	if (err) {
		curve_destroy(curve);
		return err;
	}
	*out = curve;
	return 0;
}

static void destroy_cpu(struct curve_cpu *cpu)
{
	if (!cpu)
		return;
	for (unsigned i = 0; i < NR_TLB_CURVES; i++)
		curve_stream_finish(&cpu->tlbs[i]);
	free(cpu);
}

void curve_destroy(struct curve *curve)
{
	if (!curve)
		return;
	for (unsigned i = 0; i < NR_CPUS_MAX; i++)
		destroy_cpu(curve->cpus[i]);
	curve_stream_finish(&curve->ram);
	for (unsigned i = 0; i < NR_CURVES; i++)
		curve_tally_finish(&curve->tallies[i]);
	page_ids_finish(&curve->pages);
	id_map_finish(&curve->users);
	id_map_finish(&curve->brks);
	id_map_finish(&curve->spaces);
	free(curve);
}

static int reserve_tlbs(struct curve_cpu *cpu, uint32_t nr_pages)
{
	int err = 0;

	for (unsigned i = 0; !err && i < NR_TLB_CURVES; i++)
		err = curve_stream_reserve(&cpu->tlbs[i], nr_pages);
	return err;
}

/* From here on RAM sees more than the only CPU until now. */
static int part_ram(struct curve *curve)
{
	curve->unified_is_ram = false;
	for (unsigned i = 0; i < NR_CPUS_MAX; i++)
		if (curve->cpus[i])
			return curve_stream_copy(&curve->ram, &curve->cpus[i]->tlbs[CURVE_UNIFIED]);
	return 0;
}

static int create_cpu(struct curve *curve, uint32_t id)
{
	struct curve_cpu *cpu = calloc(1, sizeof(*cpu));
	int err = 0;

	if (!cpu)
		return -ENOMEM;
	if (curve->nr_cpus && curve->unified_is_ram)
		err = part_ram(curve);
	curve->cpus[id] = cpu;
	curve->nr_cpus++;
	for (unsigned i = 0; !err && i < NR_TLB_CURVES; i++)
		err = curve_stream_init(&cpu->tlbs[i], &curve->tallies[i],
		                        curve_nr_levels(&curve->options), curve->options.max_ways,
		                        curve->options.opt);
	return err ? err : reserve_tlbs(cpu, curve->pages.nr_pages);
}

int curve_cpu_of(struct curve *curve, uint32_t id, struct curve_cpu **out)
{
	int err = 0;

	if (id >= NR_CPUS_MAX)
		return -EOVERFLOW;
	if (!curve->cpus[id])
		err = create_cpu(curve, id);
	*out = curve->cpus[id];
	return err;
}

/* ---- pages ---- */

static int grow_pages(struct curve *curve)
{
	int err = page_ids_grow(&curve->pages);
	uint32_t nr_pages = curve->pages.nr_pages;

	for (unsigned i = 0; !err && i < NR_CPUS_MAX; i++)
		if (curve->cpus[i])
			err = reserve_tlbs(curve->cpus[i], nr_pages);
	if (!err && !curve->unified_is_ram)
		err = curve_stream_reserve(&curve->ram, nr_pages);
	for (unsigned i = 0; !err && i < NR_CURVES; i++)
		err = curve_tally_reserve(&curve->tallies[i], nr_pages);
	return err;
}

static void forget_page(struct curve *curve, uint32_t page)
{
	for (unsigned i = 0; i < NR_CPUS_MAX; i++)
		for (unsigned j = 0; curve->cpus[i] && j < NR_TLB_CURVES; j++)
			curve_stream_forget(&curve->cpus[i]->tlbs[j], page);
	curve_stream_forget(&curve->ram, page);
	page_ids_remove(&curve->pages, page);
}

/* Until there are not too many. */
static void shrink_sample(struct curve *curve)
{
	const struct page_id *pages = curve->pages.pages;

	while (curve->pages.nr_used > curve->shards.max_pages && shards_lower(&curve->shards))
		for (uint32_t id = 1; id < curve->pages.nr_numbered; id++)
			if (pages[id].is_used &&
			    !shards_takes(&curve->shards,
			                  page_hash(pages[id].space, pages[id].vpn)))
				forget_page(curve, id);
	memset(curve->memos, 0, sizeof(curve->memos));
}

/* What no memo tells. */
static int find_page(struct curve *curve, uint64_t space, uint64_t vpn, uint32_t *page)
{
	uint64_t hash = page_hash(space, vpn);
	int err;

	*page = 0;
	if (curve->is_sample && !shards_takes(&curve->shards, hash))
		return 0;
	*page = page_ids_find(&curve->pages, space, vpn, hash);
	if (!*page)
		*page = page_ids_add(&curve->pages, space, vpn, hash);
	if (*page)
		return 0;
	err = grow_pages(curve);
	*page = err ? 0 : page_ids_add(&curve->pages, space, vpn, hash);
	return err;
}

static struct page_memo *memo_of(struct curve *curve, uint64_t vpn)
{
	return &curve->memos[(vpn ^ vpn >> 8) % CURVE_NR_MEMOS];
}

static int page_of(struct curve *curve, uint64_t space, uint64_t vpn, uint32_t *page)
{
	struct page_memo *memo = memo_of(curve, vpn);
	int err;

	if (likely(memo->vpn == vpn && memo->space == space && memo->page)) {
		*page = memo->page;
		return 0;
	}
	err = find_page(curve, space, vpn, page);
	if (unlikely(curve->shards.max_pages && curve->pages.nr_used > curve->shards.max_pages)) {
		shrink_sample(curve);
		return find_page(curve, space, vpn, page);
	}
	*memo = (struct page_memo){ .space = space, .vpn = vpn, .page = *page };
	return err;
}

static int mark(struct curve *curve, uint64_t space, va_t va, uint8_t marks)
{
	uint32_t page;
	int err;

	if (curve->is_sample || (curve->user_end && va >= curve->user_end))
		return 0;
	err = page_of(curve, space, va >> curve->options.page_shift, &page);
	if (!err)
		curve->pages.pages[page].marks |= marks;
	return err;
}

int curve_fault(struct curve *curve, uint64_t space, va_t va, bool store)
{
	return mark(curve, space, va, PAGE_FAULTED | (store ? PAGE_STORED : 0));
}

int curve_mark_stored(struct curve *curve, uint64_t space, va_t va)
{
	return mark(curve, space, va, PAGE_STORED);
}

bool curve_is_stored(const struct curve *curve, uint64_t space, va_t va)
{
	uint64_t vpn = va >> curve->options.page_shift;
	uint32_t page = page_ids_find(&curve->pages, space, vpn, page_hash(space, vpn));

	return page && curve->pages.pages[page].marks & PAGE_STORED;
}

static void drop_page(struct curve *curve, uint32_t page)
{
	const struct page_id was = curve->pages.pages[page];

	for (unsigned i = 0; i < NR_CPUS_MAX; i++) {
		struct curve_stream *tlbs;

		if (!curve->cpus[i])
			continue;
		tlbs = curve->cpus[i]->tlbs;
		if (was.marks & PAGE_ACCESSED)
			curve_stream_drop(&tlbs[CURVE_L1D], page, was.space, was.vpn);
		if (was.marks & PAGE_FETCHED)
			curve_stream_drop(&tlbs[CURVE_L1I], page, was.space, was.vpn);
		curve_stream_drop(&tlbs[CURVE_UNIFIED], page, was.space, was.vpn);
	}
	if (!curve->unified_is_ram)
		curve_stream_drop(&curve->ram, page, was.space, was.vpn);
	if (memo_of(curve, was.vpn)->page == page)
		memo_of(curve, was.vpn)->page = 0;
	page_ids_remove(&curve->pages, page);
}

void curve_drop_pages(struct curve *curve, uint64_t space, uint64_t first, uint64_t end)
{
	const struct page_id *pages = curve->pages.pages;

	if (first >= end)
		return;
	if (end - first > curve->pages.nr_used) {
		for (uint32_t id = 1; id < curve->pages.nr_numbered; id++)
			if (pages[id].is_used && pages[id].space == space &&
			    pages[id].vpn >= first && pages[id].vpn < end)
				drop_page(curve, id);
		return;
	}
	for (uint64_t vpn = first; vpn < end; vpn++) {
		uint32_t page = page_ids_find(&curve->pages, space, vpn, page_hash(space, vpn));

		if (page)
			drop_page(curve, page);
	}
}

/* ---- references ---- */

/* An entry for the page, if there is one, is not enough. Simplified: another CPU's, which has
 * been there since before the first store, would not be either. */
static bool is_rewalk(uint8_t marks, enum access_kind kind)
{
	return marks & PAGE_FAULTED || (kind == ACCESS_STORE && !(marks & PAGE_STORED));
}

static uint8_t marks_after(uint8_t marks, enum access_kind kind)
{
	static const uint8_t mark_of[NR_ACCESS_KINDS] = {
		[ACCESS_LOAD] = PAGE_ACCESSED,
		[ACCESS_STORE] = PAGE_ACCESSED | PAGE_STORED,
		[ACCESS_FETCH] = PAGE_FETCHED,
	};

	return (marks & ~PAGE_FAULTED) | mark_of[kind];
}

static int refer(struct curve *curve, struct curve_cpu *cpu, enum access_kind kind, uint64_t vpn,
                 uint32_t count)
{
	struct curve_stream *l1 = &cpu->tlbs[kind == ACCESS_FETCH ? CURVE_L1I : CURVE_L1D];
	uint8_t *marks;
	uint32_t page = l1->page;
	bool rewalk;

	if (l1->vpn != vpn || l1->space != cpu->space) {
		int err = page_of(curve, cpu->space, vpn, &page);

		if (unlikely(err))
			return err;
	}
	if (curve->is_sample) {
		if (page)
			curve->pages.pages[page].marks |= marks_after(0, kind);
		curve_stream_refer(l1, page, cpu->space, vpn, count, false);
		curve_stream_refer(&cpu->tlbs[CURVE_UNIFIED], page, cpu->space, vpn, count, false);
		curve_stream_refer(&curve->ram, page, cpu->space, vpn, count, false);
		return 0;
	}
	marks = &curve->pages.pages[page].marks;
	rewalk = curve->has_events && is_rewalk(*marks, kind);
	*marks = marks_after(*marks, kind);
	curve_stream_refer(l1, page, cpu->space, vpn, count, rewalk);
	curve_stream_refer(&cpu->tlbs[CURVE_UNIFIED], page, cpu->space, vpn, count, rewalk);
	if (!curve->unified_is_ram)
		curve_stream_refer(&curve->ram, page, cpu->space, vpn, count, false);
	return 0;
}

/* The second page of an access that our own traces, which have it as two, do not tell. */
static int refer_beyond(struct curve *curve, struct curve_cpu *cpu,
                        const struct trace_access *access)
{
	uint64_t page_mask = ((uint64_t)1 << curve->options.page_shift) - 1;

	if (curve->has_events || access->count != 1 ||
	    (access->va & page_mask) + access->size <= page_mask + 1)
		return 0;
	return refer(curve, cpu, (enum access_kind)access->kind,
	             (access->va >> curve->options.page_shift) + 1, 1);
}

static int feed_accesses(struct curve *curve, struct curve_cpu *cpu,
                         const struct trace_batch *batch)
{
	uint32_t shift = curve->options.page_shift;
	int err = 0;

	for (uint32_t i = 0; !err && i < batch->nr; i++) {
		const struct trace_access *access = &batch->accesses[i];

		if (!access->count || access->kind >= NR_ACCESS_KINDS ||
		    (curve->user_end && access->va >= curve->user_end))
			continue;
		err = refer(curve, cpu, (enum access_kind)access->kind, access->va >> shift,
		            access->count);
		if (!err)
			err = refer_beyond(curve, cpu, access);
	}
	return err;
}

void curve_set_space(struct curve *curve, struct curve_cpu *cpu, uint64_t space)
{
	if (cpu->space == space)
		return;
	cpu->space = space;
	if (curve->options.flush_on_switch)
		for (unsigned i = 0; i < NR_TLB_CURVES; i++)
			curve_stream_clear(&cpu->tlbs[i]);
}

/* Where events do not tell: what RECORD_SWITCH last said of the task, or its own. */
static void set_space_of_task(struct curve *curve, struct curve_cpu *cpu, int32_t task)
{
	const struct id_pair *pair = id_map_find(&curve->spaces, (uint64_t)task);

	curve_set_space(curve, cpu, pair ? pair->value : (uint64_t)task);
}

int curve_feed(struct curve *curve, const struct trace_batch *batch)
{
	struct curve_cpu *cpu;
	int err = curve_cpu_of(curve, batch->cpu, &cpu);

	if (!err && batch->nr) {
		if (!curve->has_events)
			set_space_of_task(curve, cpu, batch->task);
		err = feed_accesses(curve, cpu, batch);
	}
	if (!err && batch->event)
		err = curve_feed_event(curve, batch->event);
	return err;
}

/* ---- results ---- */

const struct curve_tally *curve_tally_of(const struct curve *curve, enum curve_kind kind)
{
	bool is_unified = kind == CURVE_RAM && curve->unified_is_ram;

	return &curve->tallies[is_unified ? CURVE_UNIFIED : kind];
}

uint64_t curve_references(const struct curve *curve, enum curve_kind kind)
{
	return curve_tally_of(curve, kind)->references;
}

uint64_t curve_misses(const struct curve *curve, enum curve_kind kind, uint32_t sets, uint32_t ways)
{
	return curve_tally_misses(curve_tally_of(curve, kind), sets, ways);
}

uint64_t curve_rewalks(const struct curve *curve, enum curve_kind kind, uint32_t sets,
                       uint32_t ways)
{
	return curve_tally_rewalks(curve_tally_of(curve, kind), sets, ways);
}

uint64_t curve_opt_misses(const struct curve *curve, enum curve_kind kind, uint32_t entries)
{
	return curve_tally_opt_misses(curve_tally_of(curve, kind), entries);
}

double curve_estimate(const struct curve *curve, enum curve_kind kind, bool opt, uint64_t entries,
                      double *error)
{
	const struct curve_tally *tally = curve_tally_of(curve, kind);
	struct shards_point points[SHARDS_NR_BINS];
	uint32_t bin = 1;

	shards_points(opt ? &tally->sampled_opt : &tally->sampled_lru, &curve->shards, points);
	while (bin + 1 < SHARDS_NR_BINS && shards_last_depth(bin + 1) <= entries)
		bin++;
	*error = points[bin].error;
	return points[bin].misses;
}
