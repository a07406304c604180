/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tlb - one set-associative cache of finished translations. Never reads page
 * tables. Tagged by PCID; global entries match under any (Intel SDM Vol. 3A,
 * "Caching Translation Information").
 *
 * An array counts nothing: mmu.c does, since a look-up asks the arrays of a
 * level together.
 */
#ifndef PW_MMU_TLB_H
#define PW_MMU_TLB_H

#include "mmu/tlb_policy.h"
#include "mmu/types.h"

struct tlb;

#define TLB_MAX_ENTRIES ((uint32_t)1 << 20)

struct tlb_config {
	const char *name;    /* in statistics, e.g. "l1d" */
	uint32_t entries;    /* a multiple of ways, up to TLB_MAX_ENTRIES */
	uint32_t ways;       /* 0: fully associative; sets must come out a power of two */
	uint32_t page_sizes; /* bit per enum page_size that the array holds */
	const struct tlb_policy *policy;
	uint64_t seed; /* of the random policy */
};

/* Why translations are dropped: arg of EVENT_TLB_FLUSH. */
enum tlb_flush_reason {
	TLB_FLUSH_CR3_WRITE,     /* the PCID's entries but global ones */
	TLB_FLUSH_CONTROL_WRITE, /* CR0, CR4 or EFER: everything */
	TLB_FLUSH_INVLPG,
	TLB_FLUSH_INVPCID_PAGE, /* types 0 to 3 of INVPCID */
	TLB_FLUSH_INVPCID_CONTEXT,
	TLB_FLUSH_INVPCID_ALL,
	TLB_FLUSH_INVPCID_ALL_BUT_GLOBAL,
	NR_TLB_FLUSH_REASONS
};

/*
 * An entry. tag is the first address of its span, with the PCID in the low bits.
 *
 *    63                                   12 11             0
 *   | va                                    | PCID           |   tag
 *
 *    63    52 51                          12 11  10 9  8 7 6  5 4 3 2 1 0
 *   | 0      | pa of the span's first byte  | 0|span|size|S|G|D|X|U|W|V|   data
 *
 * size is the page's as the tables have it. span is what this entry covers: less
 * than size where an array without that size holds a piece of a larger page
 * (SDM, "Details of TLB Use": the processor may do so). W, U and X are the
 * rights gathered over the walk; S is the TLB's own.
 */
struct tlb_entry {
	uint64_t tag;
	uint64_t data;
};

#define TLB_VALID ((uint64_t)1 << 0)
#define TLB_W ((uint64_t)1 << 1) /* where PTE_RW is */
#define TLB_U ((uint64_t)1 << 2) /* where PTE_US is */
#define TLB_X ((uint64_t)1 << 3)
#define TLB_D ((uint64_t)1 << 4)
#define TLB_G ((uint64_t)1 << 5)
#define TLB_SETTLED ((uint64_t)1 << 6) /* a hit now would change nothing in its set */
#define TLB_SIZE_SHIFT 7
#define TLB_SPAN_SHIFT 9
#define TLB_PA_MASK ((uint64_t)0x000ffffffffff000)

static inline enum page_size tlb_entry_size(const struct tlb_entry *entry)
{
	return (enum page_size)(entry->data >> TLB_SIZE_SHIFT & 3);
}

static inline enum page_size tlb_entry_span(const struct tlb_entry *entry)
{
	return (enum page_size)(entry->data >> TLB_SPAN_SHIFT & 3);
}

static inline va_t tlb_entry_va(const struct tlb_entry *entry)
{
	return entry->tag & PAGE_MASK;
}

static inline uint16_t tlb_entry_pcid(const struct tlb_entry *entry)
{
	return (uint16_t)(entry->tag & ~PAGE_MASK);
}

/* 0 and *out set; -EINVAL if config breaks a rule above, -ENOMEM. On error *out
 * is untouched. The config's strings and policy must outlive the array. */
int tlb_create(struct tlb **out, const struct tlb_config *config);
void tlb_destroy(struct tlb *tlb); /* NULL is fine */

const struct tlb_config *tlb_config(const struct tlb *tlb);

/* The entry of that span which matches va under pcid, or NULL. Ages nothing. */
struct tlb_entry *tlb_peek(const struct tlb *tlb, va_t va, uint16_t pcid, enum page_size span);

/* `times` hits on an entry of this array: the policy hears of those that matter. */
void tlb_touch(struct tlb *tlb, struct tlb_entry *entry, uint64_t times);

/* Puts in a copy of `entry` (V and S need not be set), in a free way of its set
 * or the policy's victim. Its span must be one of the array's sizes, and no entry
 * of the array may match it already. Returns the place it got. */
struct tlb_entry *tlb_fill(struct tlb *tlb, const struct tlb_entry *entry);

void tlb_drop(struct tlb *tlb, struct tlb_entry *entry);

/* All entries; all but global ones; those of one PCID but global ones. */
void tlb_drop_all(struct tlb *tlb);
void tlb_drop_not_global(struct tlb *tlb);
void tlb_drop_pcid(struct tlb *tlb, uint16_t pcid);

/* Every entry for the page that holds va, pieces of it elsewhere in the page too.
 * with_global: and global ones, whatever their PCID. */
void tlb_drop_page(struct tlb *tlb, va_t va, uint16_t pcid, bool with_global);

/* The i-th place of the array, valid or not, set by set; NULL behind the last. */
const struct tlb_entry *tlb_at(const struct tlb *tlb, uint32_t i);

#endif
