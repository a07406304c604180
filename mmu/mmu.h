/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmu - one CPU's memory management unit: control registers, TLBs, page-walk
 * caches and the walker, over page tables in RAM.
 *
 *   va -> L1 I or D TLB -> second-level TLB -> walk caches -> walker -> pa
 *
 * Knows no kernel: a fault is a result, and whoever asked deals with it.
 */
#ifndef PW_MMU_MMU_H
#define PW_MMU_MMU_H

#include "mmu/event.h"
#include "mmu/paging.h"
#include "mmu/ram.h"
#include "mmu/tlb.h"
#include "mmu/types.h"
#include "mmu/walk_cache.h"

/* TLB levels, in the order in which they are asked. */
enum tlb_level { TLB_L1I, TLB_L1D, TLB_STLB, NR_TLB_LEVELS };

#define TLB_MAX_ARRAYS 4 /* per level: an array holds one or more page sizes */

/* A TLB level: arrays side by side, all asked at once. nr_arrays 0: the CPU has
 * no such level. */
struct tlb_level_config {
	uint32_t nr_arrays;
	struct tlb_config arrays[TLB_MAX_ARRAYS];
};

/* What each outcome costs, in CPU cycles beyond an L1 hit. */
struct mmu_costs {
	uint32_t stlb_hit;  /* L1 miss that the second level answers */
	uint32_t walk_base; /* starting a walk */
	uint32_t walk_ref;  /* each memory reference of a walk */
};

struct mmu_config {
	struct tlb_level_config tlb[NR_TLB_LEVELS];
	struct walk_cache_config walk_cache;
	struct mmu_costs costs;
	uint32_t physical_bits; /* MAXPHYADDR, 32 to 52 */
	bool has_pcid;
	bool has_1g_pages;
};

/* Counters of one privilege. Each sum is given in docs/accounting.md. */
struct tlb_counts {
	uint64_t hits[NR_PAGE_SIZES];
	uint64_t misses[NR_PAGE_SIZES]; /* by the size of the page that the walk found */
	uint64_t misses_no_page;        /* the walk ended in a fault */
};

struct mmu_counts {
	uint64_t accesses[NR_ACCESS_KINDS]; /* translations asked for, faulting ones too */
	struct tlb_counts tlb[NR_TLB_LEVELS];
	uint64_t walks;
	uint64_t walks_faulted;
	uint64_t walk_memory_refs;
	uint64_t walk_cycles;
	uint64_t stlb_hit_cycles;
	struct walk_cache_counts walk_cache;
};

struct mmu_flush_counts {
	uint64_t cr3_writes;
	uint64_t all;  /* everything, or all of the current PCID by a CR3 load */
	uint64_t page; /* INVLPG, INVPCID type 0 */
	uint64_t pcid; /* INVPCID types 1 */
};

struct mmu; /* opaque but for the fast path: mmu_fast.h */

/* The translation of one address. */
struct translation {
	pa_t pa; /* of the byte asked for */
	enum page_size size;
	bool writable; /* by the privilege that asked */
	bool user;
	bool executable;
	bool dirty; /* D is set: a store needs no walk */
};

/* A page fault as hardware reports it. */
struct page_fault {
	va_t va;             /* CR2 */
	uint32_t error_code; /* PF_* in paging.h */
};

/* 0 and *out set; -EINVAL if config breaks a rule of tlb.h or above, -ENOMEM.
 * On error *out is untouched. ram and events must outlive the mmu. */
int mmu_create(struct mmu **out, const struct mmu_config *config, const struct ram *ram,
               const struct event_stream *events);
void mmu_destroy(struct mmu *mmu); /* NULL is fine */

/* Translate as the hardware does for an access: look-ups, walk, A and D bits,
 * TLB fill, all counted. False: *fault is set, CR2 too, and nothing was filled.
 * One call is one translation: an access across two pages is two. */
bool mmu_translate(struct mmu *mmu, va_t va, enum access_kind kind, enum privilege priv,
                   struct translation *out, struct page_fault *fault);

/* As mmu_translate(), but looks at the page tables alone and leaves no trace:
 * no look-up, no count, no A or D bit. `out` and `fault` may be NULL. */
bool mmu_probe(const struct mmu *mmu, va_t va, enum access_kind kind, enum privilege priv,
               struct translation *out, struct page_fault *fault);

/* As mmu_translate() without TLBs: a walk that sets A and D; counts nothing.
 * For the engine that leaves TLBs out. */
bool mmu_walk_only(struct mmu *mmu, va_t va, enum access_kind kind, enum privilege priv,
                   struct translation *out, struct page_fault *fault);

/* One counted access whose page tables are known to allow it. */
static inline void mmu_access(struct mmu *mmu, va_t va, enum access_kind kind, enum privilege priv);

/* n more accesses to the page that this kind last translated: n hits. */
static inline void mmu_access_again(struct mmu *mmu, va_t va, enum access_kind kind,
                                    enum privilege priv, uint64_t n);

/* ---- control registers (Intel SDM Vol. 3A, "Control Registers") ---- */

uint64_t mmu_cr0(const struct mmu *mmu);
uint64_t mmu_cr2(const struct mmu *mmu);
uint64_t mmu_cr3(const struct mmu *mmu);
uint64_t mmu_cr4(const struct mmu *mmu);
uint64_t mmu_efer(const struct mmu *mmu);

/* 0, or -EINVAL where the CPU would raise #GP (the register keeps its value).
 * Flushes follow the SDM's "Operations that Invalidate TLBs". Bit 63 of a CR3
 * value with CR4.PCIDE set asks to keep the new PCID's entries. */
int mmu_write_cr0(struct mmu *mmu, uint64_t value);
int mmu_write_cr3(struct mmu *mmu, uint64_t value);
int mmu_write_cr4(struct mmu *mmu, uint64_t value);
int mmu_write_efer(struct mmu *mmu, uint64_t value);

void mmu_invlpg(struct mmu *mmu, va_t va);
/* type 0 to 3 as the instruction's; -EINVAL where it raises #GP. */
int mmu_invpcid(struct mmu *mmu, unsigned type, uint16_t pcid, va_t va);

/* ---- figures ---- */

const struct mmu_counts *mmu_counts(const struct mmu *mmu, enum privilege priv);
const struct mmu_flush_counts *mmu_flush_counts(const struct mmu *mmu);

/* Slow: every TLB entry against a fresh walk, and the walk caches too. True if
 * all agree; else `what` (size bytes) says which entry does not. A stale entry is
 * legal hardware state, but the kernel must leave none. */
bool mmu_is_valid(const struct mmu *mmu, char *what, size_t size);

#include "mmu/mmu_fast.h" /* the inline functions above */

#endif
