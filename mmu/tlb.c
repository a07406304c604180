/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/tlb.h"

#include "mmu/paging.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct tlb {
	struct tlb_config config;
	uint32_t ways;
	uint32_t set_mask;
	uint32_t nr_valid;
	uint32_t nr_pieces; /* valid entries whose span is less than their page */
	struct tlb_policy_array policy_array;
	size_t set_state_bytes;
	uint8_t *set_states;
	uint32_t *touched_last;    /* the way of each set, under TLB_HIT_MARKS */
	struct tlb_entry *entries; /* set by set */
};

static bool config_is_valid(const struct tlb_config *config)
{
	uint32_t ways = config->ways ? config->ways : config->entries;
	uint32_t sets;

	if (!config->entries || config->entries > TLB_MAX_ENTRIES || config->entries % ways)
		return false;
	if (!config->page_sizes || config->page_sizes >> NR_PAGE_SIZES || !config->policy)
		return false;
	sets = config->entries / ways;
	return !(sets & (sets - 1));
}

int tlb_create(struct tlb **out, const struct tlb_config *config)
{
	struct tlb *tlb;
	uint32_t sets;

	if (!config_is_valid(config))
		return -EINVAL;
	tlb = calloc(1, sizeof(*tlb));
	if (!tlb)
		return -ENOMEM;
	tlb->config = *config;
	tlb->ways = config->ways ? config->ways : config->entries;
	sets = config->entries / tlb->ways;
	tlb->set_mask = sets - 1;
	tlb->policy_array.ways = tlb->ways;
	tlb->policy_array.random = config->seed;
	/* Whole words, so that each set's state is aligned for any policy. */
	tlb->set_state_bytes = (tlb->ways * config->policy->way_bytes + 7) & ~(size_t)7;
	tlb->set_states = calloc(sets, tlb->set_state_bytes ? tlb->set_state_bytes : 1);
	tlb->touched_last = calloc(sets, sizeof(*tlb->touched_last));
	tlb->entries = calloc(config->entries, sizeof(*tlb->entries));
	if (!tlb->set_states || !tlb->touched_last || !tlb->entries) {
		tlb_destroy(tlb);
		return -ENOMEM;
	}
	*out = tlb;
	return 0;
}

void tlb_destroy(struct tlb *tlb)
{
	if (!tlb)
		return;
	free(tlb->entries);
	free(tlb->touched_last);
	free(tlb->set_states);
	free(tlb);
}

const struct tlb_config *tlb_config(const struct tlb *tlb)
{
	return &tlb->config;
}

static uint32_t set_of(const struct tlb *tlb, va_t va, enum page_size span)
{
	return (uint32_t)(va >> page_size_shift(span)) & tlb->set_mask;
}

static struct tlb_entry *first_way(const struct tlb *tlb, uint32_t set)
{
	return tlb->entries + (size_t)set * tlb->ways;
}

static void *set_state(const struct tlb *tlb, uint32_t set)
{
	return tlb->set_states + set * tlb->set_state_bytes;
}

/* tag: of the entry wanted. A global entry matches whatever its PCID. */
static bool matches(const struct tlb_entry *entry, uint64_t tag, enum page_size span)
{
	uint64_t different = entry->tag ^ tag;

	if (different & PAGE_MASK || !(entry->data & TLB_VALID) || tlb_entry_span(entry) != span)
		return false;
	return !different || entry->data & TLB_G;
}

static uint64_t tag_of(va_t va, uint16_t pcid, enum page_size span)
{
	return (va & ~(page_size_bytes(span) - 1)) | pcid;
}

struct tlb_entry *tlb_peek(const struct tlb *tlb, va_t va, uint16_t pcid, enum page_size span)
{
	uint64_t tag = tag_of(va, pcid, span);
	struct tlb_entry *entry = first_way(tlb, set_of(tlb, va, span));

	for (uint32_t way = 0; way < tlb->ways; way++, entry++)
		if (matches(entry, tag, span))
			return entry;
	return NULL;
}

/* The way was touched last in its set, so that no other is settled any more. */
static void settle(struct tlb *tlb, uint32_t set, uint32_t way)
{
	struct tlb_entry *first = first_way(tlb, set);

	switch (tlb->config.policy->hit_effect) {
	case TLB_HIT_COUNTS:
		return;
	case TLB_HIT_MARKS:
		first[tlb->touched_last[set]].data &= ~TLB_SETTLED;
		tlb->touched_last[set] = way;
		break;
	case TLB_HIT_IGNORED:
		break;
	}
	first[way].data |= TLB_SETTLED;
}

void tlb_touch(struct tlb *tlb, struct tlb_entry *entry, uint64_t times)
{
	size_t i = (size_t)(entry - tlb->entries);
	uint32_t set = (uint32_t)(i / tlb->ways), way = (uint32_t)(i % tlb->ways);

	if (entry->data & TLB_SETTLED)
		return;
	tlb->config.policy->hit(&tlb->policy_array, set_state(tlb, set), way, times);
	settle(tlb, set, way);
}

static bool is_piece(const struct tlb_entry *entry)
{
	return tlb_entry_span(entry) != tlb_entry_size(entry);
}

void tlb_drop(struct tlb *tlb, struct tlb_entry *entry)
{
	assert(entry->data & TLB_VALID);
	tlb->nr_valid--;
	tlb->nr_pieces -= is_piece(entry);
	*entry = (struct tlb_entry){ 0 };
}

static uint32_t free_way(const struct tlb *tlb, const struct tlb_entry *first)
{
	uint32_t way = 0;

	while (way < tlb->ways && first[way].data & TLB_VALID)
		way++;
	return way;
}

struct tlb_entry *tlb_fill(struct tlb *tlb, const struct tlb_entry *entry)
{
	enum page_size span = tlb_entry_span(entry);
	uint32_t set = set_of(tlb, entry->tag, span);
	struct tlb_entry *first = first_way(tlb, set);
	const struct tlb_policy *policy = tlb->config.policy;
	uint32_t way = free_way(tlb, first);

	assert(tlb->config.page_sizes >> span & 1);
	if (way == tlb->ways) {
		way = policy->victim(&tlb->policy_array, set_state(tlb, set));
		tlb_drop(tlb, &first[way]);
	}
	first[way].tag = entry->tag;
	first[way].data = (entry->data & ~TLB_SETTLED) | TLB_VALID;
	tlb->nr_valid++;
	tlb->nr_pieces += is_piece(entry);
	policy->fill(&tlb->policy_array, set_state(tlb, set), way);
	settle(tlb, set, way);
	return &first[way];
}

void tlb_drop_all(struct tlb *tlb)
{
	for (uint32_t i = 0; tlb->nr_valid && i < tlb->config.entries; i++)
		if (tlb->entries[i].data & TLB_VALID)
			tlb_drop(tlb, &tlb->entries[i]);
}

void tlb_drop_not_global(struct tlb *tlb)
{
	for (uint32_t i = 0; tlb->nr_valid && i < tlb->config.entries; i++)
		if ((tlb->entries[i].data & (TLB_VALID | TLB_G)) == TLB_VALID)
			tlb_drop(tlb, &tlb->entries[i]);
}

void tlb_drop_pcid(struct tlb *tlb, uint16_t pcid)
{
	for (uint32_t i = 0; tlb->nr_valid && i < tlb->config.entries; i++)
		if ((tlb->entries[i].data & (TLB_VALID | TLB_G)) == TLB_VALID &&
		    tlb_entry_pcid(&tlb->entries[i]) == pcid)
			tlb_drop(tlb, &tlb->entries[i]);
}

/* Whole pages and pieces alike, by the size of the page. */
static bool is_for_page(const struct tlb_entry *entry, va_t va, uint16_t pcid, bool with_global)
{
	va_t different = (entry->tag ^ va) & ~(page_size_bytes(tlb_entry_size(entry)) - 1);

	if (different || !(entry->data & TLB_VALID))
		return false;
	return entry->data & TLB_G ? with_global : tlb_entry_pcid(entry) == pcid;
}

static void drop_page_among(struct tlb *tlb, struct tlb_entry *first, uint32_t nr, va_t va,
                            uint16_t pcid, bool with_global)
{
	for (struct tlb_entry *entry = first; entry < first + nr; entry++)
		if (is_for_page(entry, va, pcid, with_global))
			tlb_drop(tlb, entry);
}

void tlb_drop_page(struct tlb *tlb, va_t va, uint16_t pcid, bool with_global)
{
	if (!tlb->nr_valid)
		return;
	/* Pieces of a page may stand in any set. */
	if (tlb->nr_pieces) {
		drop_page_among(tlb, tlb->entries, tlb->config.entries, va, pcid, with_global);
		return;
	}
	for (enum page_size span = 0; span < NR_PAGE_SIZES; span++)
		if (tlb->config.page_sizes >> span & 1)
			drop_page_among(tlb, first_way(tlb, set_of(tlb, va, span)), tlb->ways, va,
			                pcid, with_global);
}

const struct tlb_entry *tlb_at(const struct tlb *tlb, uint32_t i)
{
	return i < tlb->config.entries ? &tlb->entries[i] : NULL;
}
