/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paging - entry formats and paging modes of x86, as rows of a table
 * (Intel SDM Vol. 3A, "Paging").
 *
 * A four-level address:
 *
 *    63      48 47     39 38     30 29     21 20     12 11        0
 *   | sign     | PML4    | PDPT    | PD      | PT      | offset    |
 *
 * A two-level one:
 *
 *    31     22 21     12 11        0
 *   | PD      | PT      | offset    |
 *
 * A PAE one, whose four PDPT entries are loaded into registers with CR3:
 *
 *    31  30 29     21 20     12 11        0
 *   | PDPT | PD      | PT      | offset    |
 */
#ifndef PW_MMU_PAGING_H
#define PW_MMU_PAGING_H

#include "mmu/types.h"

/* Entry bits, the same in all modes and levels. */
#define PTE_P ((uint64_t)1 << 0)
#define PTE_RW ((uint64_t)1 << 1)
#define PTE_US ((uint64_t)1 << 2)
#define PTE_PWT ((uint64_t)1 << 3)
#define PTE_PCD ((uint64_t)1 << 4)
#define PTE_A ((uint64_t)1 << 5)
#define PTE_D ((uint64_t)1 << 6)
#define PTE_PS ((uint64_t)1 << 7) /* above the last level: a large page */
#define PTE_G ((uint64_t)1 << 8)
#define PTE_NX ((uint64_t)1 << 63) /* 8-byte entries, with EFER.NXE */

/* Page-fault error code (SDM Vol. 3A, "Page-Fault Exceptions"). */
#define PF_P 0x01u /* a right was missing; clear: not present */
#define PF_W 0x02u
#define PF_U 0x04u
#define PF_RSVD 0x08u
#define PF_I 0x10u /* fetch, when NX or SMEP is on */

#define CR0_PE ((uint64_t)1 << 0)
#define CR0_ET ((uint64_t)1 << 4)
#define CR0_WP ((uint64_t)1 << 16)
#define CR0_NW ((uint64_t)1 << 29)
#define CR0_CD ((uint64_t)1 << 30)
#define CR0_PG ((uint64_t)1 << 31)
#define CR4_PSE ((uint64_t)1 << 4)
#define CR4_PAE ((uint64_t)1 << 5)
#define CR4_PGE ((uint64_t)1 << 7)
#define CR4_PCIDE ((uint64_t)1 << 17)
#define CR4_SMEP ((uint64_t)1 << 20)
#define CR4_SMAP ((uint64_t)1 << 21)
#define EFER_SCE ((uint64_t)1 << 0)
#define EFER_LME ((uint64_t)1 << 8)
#define EFER_LMA ((uint64_t)1 << 10)
#define EFER_NXE ((uint64_t)1 << 11)

#define CR3_NOFLUSH ((uint64_t)1 << 63)
#define CR3_PCID_MASK ((uint64_t)0xfff)

#define PAGING_MAX_LEVELS 4
#define NR_PDPTES 4 /* of PAE paging */

/* One level of a mode; levels count from the top, the page table last. */
struct paging_level {
	const char *name; /* "pml4", "pdpt", "pd", "pt" */
	uint8_t shift;    /* lowest bit of the index in va */
	uint8_t index_bits;
	bool leaf;                /* may map a page here (by PS, or always at the last) */
	enum page_size leaf_size; /* if so */
	bool leaf_needs_pse;      /* PS counts only with CR4.PSE */
	uint64_t table_reserved;  /* bits that must be 0 where the entry points to a table */
	uint64_t leaf_reserved;   /* and where it maps a page */
	uint8_t high_pa_bits;     /* PSE-36: this many bits of a leaf, from bit 13 on, */
};                                /* are bits 32 and up of the page's address */

struct paging_mode {
	const char *name; /* "two-level", "pae", "four-level", as machine files say */
	uint8_t nr_levels;
	uint8_t first_in_memory; /* level whose entries a walk reads first: 1 where those */
	                         /* above are in registers (struct control, pdptes) */
	uint8_t entry_bytes;     /* 4 or 8 */
	uint8_t va_bits;         /* 32, or 48: above it the sign must repeat */
	bool has_nx;             /* entries have bit 63, with EFER.NXE */
	uint64_t pa_mask;        /* where an entry holds an address */
	struct paging_level level[PAGING_MAX_LEVELS];
};

extern const struct paging_mode paging_two_level;
extern const struct paging_mode paging_pae;
extern const struct paging_mode paging_four_level;

/* NULL: no such mode. */
const struct paging_mode *paging_mode_by_name(const char *name);

static inline unsigned page_size_shift(enum page_size size)
{
	static const uint8_t shifts[NR_PAGE_SIZES] = { 12, 21, 22, 30 };

	return shifts[size];
}

static inline uint64_t page_size_bytes(enum page_size size)
{
	return (uint64_t)1 << page_size_shift(size);
}

#endif
