/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_mmu - a whole MMU under a fixture's kernel: the kernel's own accesses go through
 * TLBs that keep what they are not told to forget.
 */
#ifndef PW_TESTS_MM_MMU_H
#define PW_TESTS_MM_MMU_H

#include "mm_fixture.h"

#include "mmu/mmu.h"

static struct mmu *fixture_mmu;
static struct machine_ops fixture_mmu_ops;
static const struct machine_ops *fixture_mmu_old_ops;

static inline void fixture_mmu_flush_kernel_range(void *machine, va_t start, va_t end)
{
	fixture_flush_tlb_kernel_range(machine, start, end);
	for (va_t va = start; va < end; va += PAGE_SIZE)
		mmu_invlpg(fixture_mmu, va);
}

static inline void fixture_mmu_flush_one_kernel(void *machine, va_t va)
{
	fixture_flush_tlb_one_kernel(machine, va);
	mmu_invlpg(fixture_mmu, va);
}

static inline void fixture_mmu_flush_all(void *machine)
{
	uint64_t cr4 = mmu_cr4(fixture_mmu);

	((struct fixture *)machine)->seen.flush_all++;
	mmu_write_cr4(fixture_mmu, cr4 ^ CR4_PGE);
	mmu_write_cr4(fixture_mmu, cr4);
}

static inline bool fixture_mmu_access(void *machine, va_t va, enum access_kind kind, uint64_t words,
                                      pa_t *pa)
{
	struct translation t;
	struct page_fault fault;

	if (!mmu_translate(fixture_mmu, va, kind, PRIV_KERNEL, &t, &fault))
		return false;
	if (words > 1)
		mmu_access_again(fixture_mmu, va, kind, PRIV_KERNEL, words - 1);
	*pa = t.pa;
	return true;
}

/* For a booted fixture: it runs on init_mm's tables, and counts from here on. */
static inline void fixture_mmu_start(struct fixture *f)
{
	const struct tlb_config tlb = { .name = "tlb",
		                        .entries = 2048,
		                        .ways = 4,
		                        .page_sizes = (1 << NR_PAGE_SIZES) - 1,
		                        .policy = &tlb_policy_lru };
	const struct mmu_config config = { .tlb = { { 1, { tlb } }, { 1, { tlb } } },
		                           .walk_cache = { { 4, 4, 4 } },
		                           .physical_bits = 40,
		                           .has_1g_pages = true };
	const struct paging_mode *mode = f->k.config.paging;
	uint64_t cr4 = CR4_PSE | CR4_PGE | (mode->entry_bytes == 8 ? CR4_PAE : 0);
	uint64_t efer = (mode->has_nx ? EFER_NXE : 0) | (mode->va_bits > 32 ? EFER_LME : 0);

	ck_assert_int_eq(mmu_create(&fixture_mmu, &config, &f->ram, &f->events), 0);
	ck_assert_int_eq(mmu_write_cr4(fixture_mmu, cr4), 0);
	ck_assert_int_eq(mmu_write_efer(fixture_mmu, efer), 0);
	ck_assert_int_eq(mmu_write_cr3(fixture_mmu, f->k.init_mm.pgd << PAGE_SHIFT), 0);
	ck_assert_int_eq(mmu_write_cr0(fixture_mmu, CR0_PE | CR0_WP | CR0_PG), 0);
	fixture_mmu_old_ops = f->k.ops;
	fixture_mmu_ops = *f->k.ops;
	fixture_mmu_ops.flush_tlb_all = fixture_mmu_flush_all;
	fixture_mmu_ops.flush_tlb_kernel_range = fixture_mmu_flush_kernel_range;
	fixture_mmu_ops.flush_tlb_one_kernel = fixture_mmu_flush_one_kernel;
	fixture_mmu_ops.kernel_access = fixture_mmu_access;
	f->k.ops = &fixture_mmu_ops;
	f->k.counts_accesses = true;
	memset(&f->seen, 0, sizeof(f->seen));
}

/* Every TLB entry is what the page tables say. */
static inline void fixture_mmu_check(void)
{
	char what[256] = "";

	ck_assert_msg(mmu_is_valid(fixture_mmu, what, sizeof(what)), "%s", what);
}

static inline void fixture_mmu_finish(struct fixture *f)
{
	fixture_mmu_check();
	f->k.counts_accesses = false;
	f->k.ops = fixture_mmu_old_ops;
	mmu_destroy(fixture_mmu);
}

#endif
