/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tlbflush - what the kernel calls when translations have changed (Linux 6.1,
 * arch/x86/include/asm/tlbflush.h). Page tables are written first; the machine then
 * makes every CPU forget that may know what was there.
 */
#ifndef PW_MM_TLBFLUSH_H
#define PW_MM_TLBFLUSH_H

#include "mm/kernel.h"

static inline void flush_tlb_range(struct kernel *k, struct mm_struct *mm, va_t start, va_t end,
                                   enum tlb_flush_cause cause)
{
	k->ops->flush_tlb_mm_range(k->machine, mm, &(struct tlb_flush){ start, end, false, cause });
}

static inline void flush_tlb_page(struct kernel *k, struct mm_struct *mm, va_t va,
                                  enum tlb_flush_cause cause)
{
	flush_tlb_range(k, mm, va & PAGE_MASK, (va & PAGE_MASK) + PAGE_SIZE, cause);
}

/* All that the mm maps, its page tables perhaps too. */
static inline void flush_tlb_mm(struct kernel *k, struct mm_struct *mm, enum tlb_flush_cause cause)
{
	k->ops->flush_tlb_mm_range(k->machine, mm,
	                           &(struct tlb_flush){ 0, TLB_FLUSH_ALL, true, cause });
}

static inline void flush_tlb_all(struct kernel *k)
{
	k->ops->flush_tlb_all(k->machine);
}

/* Kernel addresses, which all mms share. */
static inline void flush_tlb_kernel_range(struct kernel *k, va_t start, va_t end)
{
	k->ops->flush_tlb_kernel_range(k->machine, start, end);
}

#endif
