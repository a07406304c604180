/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walker - from a virtual address to a page, through the tables in RAM (Intel SDM
 * Vol. 3A, "Hierarchical Paging Structures", "Determination of Access Rights",
 * "Page-Fault Exceptions", "Accessed and Dirty Flags").
 *
 * One loop serves all modes: a mode is a row in paging.c, and what the control
 * registers and the CPU add to it is worked out once, in struct walker.
 */
#ifndef PW_MMU_WALKER_H
#define PW_MMU_WALKER_H

#include "mmu/control.h"
#include "mmu/paging.h"
#include "mmu/ram.h"
#include "mmu/tlb.h"
#include "mmu/walk_cache.h"

/* An access is allowed if all of `need` is among the rights, and none of `bar`:
 * bits TLB_W, TLB_U, TLB_X. */
struct access_rule {
	uint64_t need;
	uint64_t bar;
};

/* What a walk needs to know of the CPU: derived from the control registers by
 * walker_setup(), and constant until they change. */
struct walker {
	const struct ram *ram;
	const struct paging_mode *mode; /* NULL: paging is off */
	pa_t root;
	uint64_t pdptes[NR_PDPTES]; /* what stands for it in PAE paging */
	uint16_t pcid;
	bool nx;                              /* bit 63 of an entry forbids fetches */
	bool global;                          /* G of a leaf counts */
	uint64_t leaf_bit[PAGING_MAX_LEVELS]; /* an entry with it maps a page */
	uint64_t table_reserved[PAGING_MAX_LEVELS];
	uint64_t leaf_reserved[PAGING_MAX_LEVELS];
	struct access_rule rules[NR_PRIVS][NR_ACCESS_KINDS];
	uint32_t error_bits[NR_PRIVS][NR_ACCESS_KINDS]; /* PF_W, PF_U, PF_I of the access */
};

/* One entry that a walk has read. */
struct walk_step {
	pa_t pa;
	uint64_t entry;  /* as read */
	uint64_t rights; /* TLB_W, TLB_U, TLB_X of all entries down to this one */
};

/* A walk: the upper half is asked, the lower is the answer. */
struct walk {
	va_t va;
	enum access_kind kind;
	enum privilege priv;

	uint32_t error_code; /* of a walk that failed */
	unsigned first;      /* steps from here to `last` were read */
	unsigned last;       /* leaf, or where it failed: 0 at a PDPTE, which is not read */
	unsigned refs;       /* memory references: last - first + 1; 0 at a PDPTE */
	enum page_size size;
	pa_t page;       /* the page's first byte */
	uint64_t rights; /* TLB_W, TLB_U, TLB_X over all levels; TLB_G, TLB_D of the leaf */
	struct walk_step step[PAGING_MAX_LEVELS];
};

void walker_setup(struct walker *walker, const struct ram *ram, const struct control *control,
                  const struct cpu_features *cpu);

/* Modes of 32-bit addresses cut what is above. */
static inline va_t walker_cut(const struct walker *walker, va_t va)
{
	return walker->mode->va_bits == 32 ? (uint32_t)va : va;
}

/* True if the sign repeats above the mode's addresses; else the CPU raises #GP
 * before it thinks of paging. */
bool walker_is_canonical(const struct walker *walker, va_t va);

/*
 * Walks for walk->va, starting as far down as the cache (NULL: none) allows.
 * False: walk->error_code is set, and nothing was written.
 *
 * Reserved bits are found as the walk comes by; rights are judged at its end. An
 * entry outside of RAM reads as zero, hence as not present.
 */
bool walker_walk(const struct walker *walker, struct walk_cache *cache,
                 struct walk_cache_counts *counts, struct walk *walk);

/*
 * Sets A in every entry that a successful walk read and D in its leaf if the access
 * is a store, and fills the walk caches.
 *
 * The manual says that A is set when an entry is "used ... as part of a
 * translation": a walk that faults yields none, and leaves all bits alone here.
 * (Real CPUs may set A in the upper entries of such a walk; QEMU 5 does.)
 */
void walker_commit(const struct walker *walker, struct walk_cache *cache, struct walk *walk);

/* Where the tables say that a successful walk's address is. */
static inline pa_t walk_pa(const struct walk *walk)
{
	return walk->page + (walk->va & (page_size_bytes(walk->size) - 1));
}

/* Drops what the walk caches hold for va, as a page fault does. */
void walker_drop_cached(const struct walker *walker, struct walk_cache *cache, va_t va);

static inline bool access_allowed(const struct access_rule *rule, uint64_t rights)
{
	return (rights & rule->need) == rule->need && !(rights & rule->bar);
}

/* Which walk cache holds a level's entries: the PD cache is that of the last level
 * but one in every mode. Levels count from the top; the last has none, nor has one
 * that is in registers. */
static inline unsigned walk_cache_of_level(const struct paging_mode *mode, unsigned level)
{
	return NR_WALK_CACHES + 1 - mode->nr_levels + level;
}

#endif
