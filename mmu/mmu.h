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

/*
 * Counters of one privilege. What each means in full: docs/accounting.md.
 *
 * A look-up hits if a level holds an entry that allows the access and, for a store,
 * has D. An entry that does not is dropped and the look-up is a miss: the walk that
 * follows sets D, or finds that the tables grant more by now, or faults. (Hardware
 * may fault on the entry's word instead; a kernel sees no difference but spurious
 * faults.) So it is always true that
 *
 *   accesses.load + .store = L1D hits + misses;  accesses.fetch = L1I hits + misses
 *   L1I misses + L1D misses = STLB hits + misses, if the CPU has an STLB
 *   walks = misses of the last level;  walks_faulted = its misses_no_page
 *   walk_memory_refs >= walks
 *
 * where misses = all of misses[] and misses_no_page. A CPU without an L1 for some
 * kind counts every such access as that L1's miss. Nothing at all is counted while
 * paging is off, nor for an address that is not canonical.
 */
struct tlb_counts {
	uint64_t hits[NR_PAGE_SIZES];   /* by the size of the page, as the tables have it */
	uint64_t misses[NR_PAGE_SIZES]; /* by the size of the page that was found in the end */
	uint64_t misses_no_page;        /* the walk ended in a fault */
};

struct mmu_counts {
	uint64_t accesses[NR_ACCESS_KINDS]; /* translations asked for, faulting ones too */
	struct tlb_counts tlb[NR_TLB_LEVELS];
	uint64_t walks;
	uint64_t walks_faulted;
	uint64_t walk_memory_refs; /* entries read; setting A and D costs nothing more */
	uint64_t walk_cycles;      /* walks * walk_base + walk_memory_refs * walk_ref */
	uint64_t stlb_hit_cycles;  /* STLB hits * stlb_hit */
	struct walk_cache_counts walk_cache;
};

/* all + page + pcid = EVENT_TLB_FLUSH events. */
struct mmu_flush_counts {
	uint64_t cr3_writes;
	uint64_t all;  /* everything, or all of the current PCID by a CR3 load, INVPCID 2 and 3 */
	uint64_t page; /* INVLPG, INVPCID type 0 */
	uint64_t pcid; /* INVPCID type 1 */
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
	bool non_canonical;  /* no page fault: #GP(0), or #SS(0); CR2 stays as it was */
};

/* 0 and *out set; -EINVAL if config breaks a rule of tlb.h or above, or two arrays
 * of a level hold the same page size; -ENOMEM. On error *out is untouched. ram,
 * events and the config's strings and policies must outlive the mmu; the config
 * itself need not. Registers are as after RESET: paging off. */
int mmu_create(struct mmu **out, const struct mmu_config *config, const struct ram *ram,
               const struct event_stream *events);
void mmu_destroy(struct mmu *mmu); /* NULL is fine */

/*
 * Translate as the hardware does for an access: look-ups, walk, A and D bits, TLB
 * fill, all counted. False: *fault is set, CR2 too, and nothing was filled; entries
 * that the TLBs and walk caches had for the address are gone, as after any page
 * fault (SDM, "Operations that Invalidate TLBs and Paging-Structure Caches").
 * One call is one translation: an access across two pages is two. While paging is
 * off pa = va, with every right. A 32-bit mode ignores the upper half of va. An
 * address that is not canonical gives false and fault->non_canonical, no more.
 *
 * Page sizes that an L1 array does not hold are cached there in pieces of the
 * largest smaller size that it does hold; the STLB takes whole pages only.
 */
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

/* One counted access whose page tables are known to allow it: as mmu_translate(),
 * but fast. EVENT_ACCESS has arg = 0, since the MMU knows no sizes. (If the tables
 * do not allow it after all, it is counted as the fault that it is.) */
static inline void mmu_access(struct mmu *mmu, va_t va, enum access_kind kind, enum privilege priv);

/* n more accesses to the page that this kind last translated: n hits. The same as
 * n calls of mmu_access(). */
static inline void mmu_access_again(struct mmu *mmu, va_t va, enum access_kind kind,
                                    enum privilege priv, uint64_t n);

/* n accesses to va's page, counted, which the tables may not allow: as n calls of
 * mmu_translate() up to the first that faults. How many are left: 0, or with *fault set the
 * one that faulted (and is counted as such), and those behind it. */
static inline uint64_t mmu_try_access(struct mmu *mmu, va_t va, enum access_kind kind,
                                      enum privilege priv, uint64_t n, struct page_fault *fault);

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

/* EFLAGS.AC: with CR4.SMAP, lets the kernel touch user pages. Clear at first. */
void mmu_set_ac(struct mmu *mmu, bool ac);

void mmu_invlpg(struct mmu *mmu, va_t va);
/* type 0 to 3 as the instruction's; -EINVAL where it raises #GP (or #UD, without
 * PCIDs). */
int mmu_invpcid(struct mmu *mmu, unsigned type, uint16_t pcid, va_t va);

/* ---- figures ---- */

const struct mmu_counts *mmu_counts(const struct mmu *mmu, enum privilege priv);
const struct mmu_flush_counts *mmu_flush_counts(const struct mmu *mmu);

/*
 * Slow: every TLB entry against a fresh walk, and the walk caches too. True if all
 * agree; else `what` (size bytes) says which entry does not. A stale entry is legal
 * hardware state, but the kernel must leave none.
 *
 * An entry agrees if the tables map its page to the same place and grant at least
 * its rights and its D. Fewer rights than the tables' do no harm (the MMU walks
 * again), and a kernel that grants a right need not flush; nor need it when it
 * clears A. Entries of PCIDs other than the current one cannot be checked, unless
 * global.
 */
bool mmu_is_valid(const struct mmu *mmu, char *what, size_t size);

/* The same for the entries of a PCID whose CR3 would point to the table at root, and
 * global ones. */
bool mmu_pcid_is_valid(const struct mmu *mmu, uint16_t pcid, pa_t root, char *what, size_t size);

#include "mmu/mmu_fast.h" /* the inline functions above */

#endif
