/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmu_fast - the inlined hit path of mmu_access(). Include mmu/mmu.h instead.
 *
 * A memo remembers which TLB entry answered for a page. It is only a guess at the
 * way: the entry itself is compared before it is believed, so evictions, drops and
 * changes of rights need not tell the memos. Three things make the guess exact:
 *
 *  - tag and data are those of an entry that was found by the full look-up for this
 *    kind and privilege, so the same entry would be found and allowed again;
 *  - what an entry's bits do not show (control registers, the current PCID) wipes
 *    all memos when it changes. While it does not, an address cannot come to have
 *    two entries in a level: fills only follow misses;
 *  - a memo's data always has TLB_SETTLED, so that only a settled entry equals it:
 *    a hit now changes nothing in its set, and the policy need not hear of it.
 */
#ifndef PW_MMU_MMU_FAST_H
#define PW_MMU_MMU_FAST_H

#include "mmu/mmu.h" /* which ends by including this */

#define MMU_NR_MEMOS 64 /* per kind and privilege */

struct mmu_memo {
	va_t page;               /* 4 KB page; 1, which is none, if empty */
	struct tlb_entry *entry; /* its place in an L1 array */
	uint64_t tag, data;      /* what it must be for the memo to hold */
};

/* The first member of struct mmu. */
struct mmu_fast {
	const struct event_stream *events;
	struct mmu_counts counts[NR_PRIVS];
	struct mmu_memo memos[NR_PRIVS][NR_ACCESS_KINDS][MMU_NR_MEMOS];
};

/* Mixes in higher bits of the page number: text, heap and stack often agree in the
 * lowest ones. */
static inline struct mmu_memo *mmu_memo_of(struct mmu_fast *fast, va_t va, enum access_kind kind,
                                           enum privilege priv)
{
	return &fast->memos[priv][kind][(va >> 12 ^ va >> 18) & (MMU_NR_MEMOS - 1)];
}

/* mmu_access_again() and mmu_try_access() the slow way: any state of the memos will do. */
void mmu_access_slow(struct mmu *mmu, va_t va, enum access_kind kind, enum privilege priv,
                     uint64_t n);
uint64_t mmu_try_access_slow(struct mmu *mmu, va_t va, enum access_kind kind, enum privilege priv,
                             uint64_t n, struct page_fault *fault);

/* n hits, if the memo holds and nobody wants to hear of them. */
static inline bool mmu_hit_fast(struct mmu *mmu, va_t va, enum access_kind kind,
                                enum privilege priv, uint64_t n)
{
	struct mmu_fast *fast = (struct mmu_fast *)mmu;
	const struct mmu_memo *memo = mmu_memo_of(fast, va, kind, priv);
	enum tlb_level level = kind == ACCESS_FETCH ? TLB_L1I : TLB_L1D;
	struct mmu_counts *counts = &fast->counts[priv];

	if (unlikely(memo->page != (va & PAGE_MASK) || memo->entry->tag != memo->tag ||
	             memo->entry->data != memo->data ||
	             event_is_wanted(fast->events, EVENT_ACCESS)))
		return false;
	counts->accesses[kind] += n;
	counts->tlb[level].hits[memo->data >> TLB_SIZE_SHIFT & 3] += n;
	return true;
}

static inline void mmu_access_again(struct mmu *mmu, va_t va, enum access_kind kind,
                                    enum privilege priv, uint64_t n)
{
	if (unlikely(!mmu_hit_fast(mmu, va, kind, priv, n)))
		mmu_access_slow(mmu, va, kind, priv, n);
}

static inline uint64_t mmu_try_access(struct mmu *mmu, va_t va, enum access_kind kind,
                                      enum privilege priv, uint64_t n, struct page_fault *fault)
{
	if (likely(mmu_hit_fast(mmu, va, kind, priv, n)))
		return 0;
	return mmu_try_access_slow(mmu, va, kind, priv, n, fault);
}

static inline void mmu_access(struct mmu *mmu, va_t va, enum access_kind kind, enum privilege priv)
{
	mmu_access_again(mmu, va, kind, priv, 1);
}

#endif
