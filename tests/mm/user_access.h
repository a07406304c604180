/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user_access - loads and stores of a user program, for tests without a CPU: looks
 * the entry up, takes the page faults that hardware would raise, and sets A and D.
 * There is no TLB: every access walks.
 */
#ifndef PW_TESTS_USER_ACCESS_H
#define PW_TESTS_USER_ACCESS_H

#include "mm/mm.h"
#include "mm/pgtable.h"

#include <check.h>

/* The kernel's memory at va, or NULL: the access ends in a signal or OOM, and
 * *outcome (which may be NULL) says in which. */
static inline void *user_at(struct kernel *k, struct mm_struct *mm, va_t va, bool write,
                            enum fault_outcome *outcome)
{
	for (int tries = 0; tries < 16; tries++) {
		pte_slot_t *ptep = pte_lookup(k, mm, va);
		pte_t pte = ptep ? pte_get(k, ptep) : (pte_t){ 0 };
		struct fault_result result;

		if (pte_accessible(pte) && (!write || pte_write(pte))) {
			set_pte(k, ptep, write ? pte_mkdirty(pte_mkyoung(pte)) : pte_mkyoung(pte));
			return (uint8_t *)ram_at(k->ram, pte_pfn(pte) << PAGE_SHIFT) +
			       va % PAGE_SIZE;
		}
		result = do_page_fault(
		    k, mm, va, PF_U | (write ? PF_W : 0) | (pte_accessible(pte) ? PF_P : 0), 0);
		kernel_run_threads(k);
		if (outcome)
			*outcome = result.outcome;
		if (result.outcome != FAULT_MINOR_DONE && result.outcome != FAULT_MAJOR_DONE)
			return NULL;
	}
	ck_abort_msg("va %#llx faults for ever", (unsigned long long)va);
	return NULL;
}

/* An aligned word; the access must succeed. (Check's assertions write to a file even
 * when they hold: too slow for each access.) */
static inline uint64_t user_load(struct kernel *k, struct mm_struct *mm, va_t va)
{
	const uint64_t *word = user_at(k, mm, va, false, NULL);

	if (!word)
		ck_abort_msg("load from %#llx failed", (unsigned long long)va);
	return *word;
}

static inline void user_store(struct kernel *k, struct mm_struct *mm, va_t va, uint64_t value)
{
	uint64_t *word = user_at(k, mm, va, true, NULL);

	if (!word)
		ck_abort_msg("store to %#llx failed", (unsigned long long)va);
	*word = value;
}

#endif
