/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/mmu/model_mmu.h"

#include "tests/mmu/model_policy.h"

#include <stdlib.h>
#include <string.h>

#define MAX_TABLES 256 /* in one walk cache */

struct entry {
	bool valid;
	va_t va;
	pa_t pa;
	enum page_size span, size; /* what it covers, and the page that this is of */
	uint16_t pcid;
	bool global, writable, user, executable, dirty;
};

struct set {
	struct model_ways ways;
	struct entry entries[MODEL_MAX_WAYS];
};

struct array {
	const struct model_policy *policy;
	uint32_t page_sizes;
	uint32_t nr_sets;
	uint64_t random;
	struct set *sets;
};

struct table { /* in a walk cache */
	va_t va;
	uint16_t pcid;
};

/* The last used in front. */
struct table_list {
	unsigned nr, max;
	struct table list[MAX_TABLES];
};

struct model {
	unsigned nr_levels;
	struct mmu_costs costs;
	unsigned nr_arrays[NR_TLB_LEVELS];
	struct array arrays[NR_TLB_LEVELS][TLB_MAX_ARRAYS];
	struct table_list walk_caches[NR_WALK_CACHES];
	struct mmu_counts counts[NR_PRIVS];
	struct mmu_flush_counts flushes;
};

/* ---- life ---- */

static void array_init(struct array *array, const struct tlb_config *config)
{
	uint32_t ways = config->ways ? config->ways : config->entries;

	array->policy = model_policy_by_name(config->policy->name);
	array->page_sizes = config->page_sizes;
	array->nr_sets = config->entries / ways;
	array->random = config->seed;
	array->sets = calloc(array->nr_sets, sizeof(*array->sets));
	if (!array->policy || !array->sets || ways > MODEL_MAX_WAYS)
		abort();
	for (uint32_t i = 0; i < array->nr_sets; i++)
		model_ways_init(&array->sets[i].ways, ways, &array->random);
}

struct model *model_create(const struct mmu_config *config, unsigned nr_levels)
{
	struct model *model = calloc(1, sizeof(*model));

	if (!model)
		abort();
	model->nr_levels = nr_levels;
	model->costs = config->costs;
	for (unsigned level = 0; level < NR_TLB_LEVELS; level++) {
		model->nr_arrays[level] = config->tlb[level].nr_arrays;
		for (unsigned i = 0; i < model->nr_arrays[level]; i++)
			array_init(&model->arrays[level][i], &config->tlb[level].arrays[i]);
	}
	for (unsigned i = 0; i < NR_WALK_CACHES; i++) {
		model->walk_caches[i].max = config->walk_cache.entries[i];
		if (model->walk_caches[i].max > MAX_TABLES)
			abort();
	}
	return model;
}

void model_destroy(struct model *model)
{
	if (!model)
		return;
	for (unsigned level = 0; level < NR_TLB_LEVELS; level++)
		for (unsigned i = 0; i < model->nr_arrays[level]; i++)
			free(model->arrays[level][i].sets);
	free(model);
}

/* ---- one array ---- */

static bool covers(va_t start, enum page_size size, va_t va)
{
	return va - start < page_size_bytes(size);
}

static struct set *set_of(const struct array *array, va_t va, enum page_size span)
{
	return &array->sets[va / page_size_bytes(span) % array->nr_sets];
}

/* No entry matches it yet. */
static void insert(struct array *array, struct entry entry)
{
	struct set *set = set_of(array, entry.va, entry.span);
	uint32_t way = 0;

	while (way < set->ways.nr && set->entries[way].valid)
		way++;
	if (way == set->ways.nr)
		way = array->policy->victim(&set->ways);
	set->entries[way] = entry;
	array->policy->touch(&set->ways, way, true);
}

static bool may(const struct entry *entry, const struct model_access *access)
{
	bool store = access->kind == ACCESS_STORE, fetch = access->kind == ACCESS_FETCH;

	if (access->priv == PRIV_USER && !entry->user)
		return false;
	return (!store || entry->writable) && (!fetch || entry->executable);
}

/* Finds and uses; what is of no use is thrown out. NULL: a miss. */
static const struct entry *use_set(const struct array *array, struct set *set, enum page_size span,
                                   const struct model_access *access)
{
	for (uint32_t way = 0; way < set->ways.nr; way++) {
		struct entry *entry = &set->entries[way];

		if (!entry->valid || entry->span != span || !covers(entry->va, span, access->va) ||
		    (!entry->global && entry->pcid != access->pcid))
			continue;
		if (may(entry, access) && (access->kind != ACCESS_STORE || entry->dirty)) {
			array->policy->touch(&set->ways, way, false);
			return entry;
		}
		entry->valid = false;
	}
	return NULL;
}

/* ---- the levels ---- */

static const struct entry *look_up(struct model *model, enum tlb_level level,
                                   const struct model_access *access)
{
	for (unsigned i = 0; i < model->nr_arrays[level]; i++) {
		const struct array *array = &model->arrays[level][i];

		for (enum page_size span = 0; span < NR_PAGE_SIZES; span++) {
			const struct entry *entry;

			if (!(array->page_sizes >> span & 1))
				continue;
			entry = use_set(array, set_of(array, access->va, span), span, access);
			if (entry)
				return entry;
		}
	}
	return NULL;
}

static struct array *array_for(struct model *model, enum tlb_level level, enum page_size size)
{
	for (unsigned i = 0; i < model->nr_arrays[level]; i++)
		if (model->arrays[level][i].page_sizes >> size & 1)
			return &model->arrays[level][i];
	return NULL;
}

/* In the largest piece of the page that the level has an array for. */
static void fill_l1(struct model *model, enum tlb_level level, const struct model_access *access,
                    struct entry entry)
{
	static const enum page_size descending[] = { PAGE_1G, PAGE_4M, PAGE_2M, PAGE_4K };

	for (unsigned i = 0; i < 4; i++) {
		enum page_size span = descending[i];
		va_t start = access->va / page_size_bytes(span) * page_size_bytes(span);

		if (page_size_bytes(span) > page_size_bytes(entry.size) ||
		    !array_for(model, level, span))
			continue;
		entry.pa += start > entry.va ? start - entry.va : 0;
		entry.va = start;
		entry.span = span;
		entry.pcid = access->pcid;
		insert(array_for(model, level, span), entry);
		return;
	}
}

typedef bool (*drop_rule)(const struct entry *entry, va_t va, uint16_t pcid);

static bool in_page(const struct entry *entry, va_t va)
{
	return !((entry->va ^ va) & ~(page_size_bytes(entry->size) - 1));
}

static bool page_goes(const struct entry *entry, va_t va, uint16_t pcid)
{
	return in_page(entry, va) && (entry->global || entry->pcid == pcid);
}

static bool page_but_global_goes(const struct entry *entry, va_t va, uint16_t pcid)
{
	return in_page(entry, va) && !entry->global && entry->pcid == pcid;
}

static bool context_goes(const struct entry *entry, va_t va, uint16_t pcid)
{
	return !entry->global && entry->pcid == pcid;
}

static bool all_go(const struct entry *entry, va_t va, uint16_t pcid)
{
	return true;
}

static bool all_but_global_go(const struct entry *entry, va_t va, uint16_t pcid)
{
	return !entry->global;
}

static void drop_of_array(const struct array *array, drop_rule goes, va_t va, uint16_t pcid)
{
	for (uint32_t i = 0; i < array->nr_sets; i++)
		for (uint32_t way = 0; way < array->sets[i].ways.nr; way++) {
			struct entry *entry = &array->sets[i].entries[way];

			if (entry->valid && goes(entry, va, pcid))
				entry->valid = false;
		}
}

static void drop(struct model *model, drop_rule goes, va_t va, uint16_t pcid)
{
	for (unsigned level = 0; level < NR_TLB_LEVELS; level++)
		for (unsigned i = 0; i < model->nr_arrays[level]; i++)
			drop_of_array(&model->arrays[level][i], goes, va, pcid);
}

/* ---- walk caches ---- */

/* What an entry at that depth covers begins here. */
static va_t base_of(const struct model *model, va_t va, unsigned depth)
{
	unsigned below = model->nr_levels - 1 - depth;
	unsigned shift = model->nr_levels == 2 ? 12 + 10 * below : 12 + 9 * below;

	return va >> shift << shift;
}

/* The cache of entries at that depth: the PD cache is of those that lead to page
 * tables. */
static unsigned cache_of(const struct model *model, unsigned depth)
{
	return WALK_CACHE_PD - (model->nr_levels - 2 - depth);
}

/* Levels that no walk reads: PAE's top one. */
static unsigned in_registers(const struct model *model)
{
	return model->nr_levels == 3;
}

static void use_table(struct table_list *cache, unsigned i)
{
	struct table used = cache->list[i];

	memmove(&cache->list[1], &cache->list[0], i * sizeof(used));
	cache->list[0] = used;
}

/* How many levels the walk caches spare. */
static unsigned skip(struct model *model, const struct model_access *access)
{
	struct walk_cache_counts *counts = &model->counts[access->priv].walk_cache;

	for (unsigned levels = model->nr_levels - 1; levels > in_registers(model); levels--) {
		unsigned which = cache_of(model, levels - 1);
		struct table_list *cache = &model->walk_caches[which];
		va_t va = base_of(model, access->va, levels - 1);

		for (unsigned i = 0; i < cache->nr; i++)
			if (cache->list[i].va == va && cache->list[i].pcid == access->pcid) {
				use_table(cache, i);
				counts->hits[which]++;
				return levels;
			}
		counts->misses[which] += cache->max != 0;
	}
	return in_registers(model);
}

static void cache_tables(struct model *model, const struct model_access *access, unsigned from)
{
	for (unsigned depth = from; depth < access->depth; depth++) {
		struct table_list *cache = &model->walk_caches[cache_of(model, depth)];

		if (!cache->max)
			continue;
		cache->nr -= cache->nr == cache->max;
		memmove(&cache->list[1], &cache->list[0], cache->nr * sizeof(cache->list[0]));
		cache->list[0] = (struct table){ base_of(model, access->va, depth), access->pcid };
		cache->nr++;
	}
}

/* Those of a PCID that lead to *va, or all of it. */
static void drop_tables(struct model *model, const va_t *va, uint16_t pcid)
{
	for (unsigned depth = in_registers(model); depth < model->nr_levels - 1; depth++) {
		struct table_list *cache = &model->walk_caches[cache_of(model, depth)];
		unsigned kept = 0;

		for (unsigned i = 0; i < cache->nr; i++)
			if (cache->list[i].pcid != pcid ||
			    (va && cache->list[i].va != base_of(model, *va, depth)))
				cache->list[kept++] = cache->list[i];
		cache->nr = kept;
	}
}

static void drop_all_tables(struct model *model)
{
	for (unsigned i = 0; i < NR_WALK_CACHES; i++)
		model->walk_caches[i].nr = 0;
}

/* ---- translation ---- */

static struct entry entry_of_page(const struct model_access *access)
{
	uint64_t bytes = page_size_bytes(access->size);

	return (struct entry){
		.valid = true,
		.va = access->va / bytes * bytes,
		.pa = access->page_pa,
		.span = access->size,
		.size = access->size,
		.pcid = access->pcid,
		.global = access->global,
		.writable = access->writable,
		.user = access->user,
		.executable = access->executable,
		.dirty = access->dirty || access->kind == ACCESS_STORE,
	};
}

/* True: *entry is the page's. */
static bool walk(struct model *model, const struct model_access *access, struct entry *entry)
{
	struct mmu_counts *counts = &model->counts[access->priv];
	unsigned skipped = skip(model, access), refs = access->depth + 1 - skipped;

	counts->walks++;
	counts->walk_memory_refs += refs;
	counts->walk_cycles += model->costs.walk_base + refs * model->costs.walk_ref;
	*entry = entry_of_page(access);
	if (!access->present || !may(entry, access)) {
		counts->walks_faulted++;
		drop(model, page_goes, access->va, access->pcid);
		drop_tables(model, &access->va, access->pcid);
		return false;
	}
	cache_tables(model, access, skipped);
	return true;
}

bool model_translate(struct model *model, const struct model_access *access, pa_t *pa)
{
	struct mmu_counts *counts = &model->counts[access->priv];
	enum tlb_level l1 = access->kind == ACCESS_FETCH ? TLB_L1I : TLB_L1D;
	bool has_stlb = model->nr_arrays[TLB_STLB];
	const struct entry *found;
	struct entry entry;

	counts->accesses[access->kind]++;
	if ((found = look_up(model, l1, access))) {
		entry = *found;
		counts->tlb[l1].hits[entry.size]++;
	} else if ((found = look_up(model, TLB_STLB, access))) {
		entry = *found;
		counts->tlb[l1].misses[entry.size]++;
		counts->tlb[TLB_STLB].hits[entry.size]++;
		counts->stlb_hit_cycles += model->costs.stlb_hit;
		fill_l1(model, l1, access, entry);
	} else if (walk(model, access, &entry)) {
		counts->tlb[l1].misses[entry.size]++;
		counts->tlb[TLB_STLB].misses[entry.size] += has_stlb;
		if (array_for(model, TLB_STLB, entry.size))
			insert(array_for(model, TLB_STLB, entry.size), entry);
		fill_l1(model, l1, access, entry);
	} else {
		counts->tlb[l1].misses_no_page++;
		counts->tlb[TLB_STLB].misses_no_page += has_stlb;
		return false;
	}
	*pa = entry.pa + (access->va - entry.va);
	return true;
}

/* ---- invalidation ---- */

void model_flush(struct model *model, enum tlb_flush_reason reason, va_t va, uint16_t pcid)
{
	static const drop_rule rules[NR_TLB_FLUSH_REASONS] = {
		[TLB_FLUSH_CR3_WRITE] = context_goes,
		[TLB_FLUSH_CONTROL_WRITE] = all_go,
		[TLB_FLUSH_INVLPG] = page_goes,
		[TLB_FLUSH_INVPCID_PAGE] = page_but_global_goes,
		[TLB_FLUSH_INVPCID_CONTEXT] = context_goes,
		[TLB_FLUSH_INVPCID_ALL] = all_go,
		[TLB_FLUSH_INVPCID_ALL_BUT_GLOBAL] = all_but_global_go,
	};
	bool of_page = reason == TLB_FLUSH_INVLPG || reason == TLB_FLUSH_INVPCID_PAGE;

	drop(model, rules[reason], va, pcid);
	if (of_page || rules[reason] == context_goes)
		drop_tables(model, NULL, pcid);
	else
		drop_all_tables(model);
	model->flushes.page += of_page;
	model->flushes.pcid += reason == TLB_FLUSH_INVPCID_CONTEXT;
	model->flushes.all += !of_page && reason != TLB_FLUSH_INVPCID_CONTEXT;
}

const struct mmu_counts *model_counts(const struct model *model, enum privilege priv)
{
	return &model->counts[priv];
}

const struct mmu_flush_counts *model_flush_counts(const struct model *model)
{
	return &model->flushes;
}
