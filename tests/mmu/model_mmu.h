/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model_mmu - an MMU by brute force: what mmu/mmu.c and all below it count, worked
 * out once more from plain lists and the rules in mmu/mmu.h.
 *
 * It never reads page tables: whoever asks says what they hold for the address.
 */
#ifndef PW_TESTS_MMU_MODEL_MMU_H
#define PW_TESTS_MMU_MODEL_MMU_H

#include "mmu/mmu.h"

struct model;

/* What the page tables say of an address, and what one access asks of it. */
struct model_access {
	va_t va;
	enum access_kind kind;
	enum privilege priv;
	uint16_t pcid; /* the current one */

	unsigned depth; /* of the last entry that a walk reads, top = 0 */
	bool present;   /* that entry maps a page; what follows is about it */
	enum page_size size;
	pa_t page_pa;
	/* rights over all levels */
	bool writable, user, executable;
	bool dirty, global;
};

/* nr_levels: of the page tables, 2, 3 (PAE: the top one in registers) or 4. config must outlive the
 * model; every policy in it has a model, and no array more than MODEL_MAX_WAYS ways. */
struct model *model_create(const struct mmu_config *config, unsigned nr_levels);
void model_destroy(struct model *model); /* NULL is fine */

/* As mmu_translate(). False: a page fault. */
bool model_translate(struct model *model, const struct model_access *access, pa_t *pa);

/* As what raises EVENT_TLB_FLUSH with this reason; pcid: whose entries, where it is
 * about one PCID's. */
void model_flush(struct model *model, enum tlb_flush_reason reason, va_t va, uint16_t pcid);

const struct mmu_counts *model_counts(const struct model *model, enum privilege priv);

/* cr3_writes stays zero: the model hears only of those that flush. */
const struct mmu_flush_counts *model_flush_counts(const struct model *model);

#endif
