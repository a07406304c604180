/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tlb_flush - which address space a CPU has loaded, and who must forget which
 * translations when page tables change (Linux 6.1, arch/x86/mm/tlb.c, without page
 * table isolation).
 *
 * Every flush that is asked for an mm makes its tlb_gen one more. A CPU notes up to
 * which generation it has followed each mm that its TLBs may know:
 *
 *   mm A: ctx_id 7, tlb_gen 5, cpumask 0b01      mm B: ctx_id 9, tlb_gen 2, cpumask 0b10
 *
 *                  ASID 0          ASID 1          loaded
 *   CPU 0   ctx 7, gen 5    ctx 9, gen 1    ASID 0: A
 *   CPU 1   ctx 7, gen 3    ctx 9, gen 2    ASID 1: B
 *
 * A flush of A goes to CPU 0 alone. CPU 1 finds out when it loads A again: its
 * generation is behind, and ASID 0 is flushed then. With PCIDs a CPU keeps the
 * translations of six mms in this way, one an ASID, whose PCID is one more; without,
 * there is ASID 0 alone, and each load of CR3 flushes it.
 *
 * Lazy TLB: an idle CPU keeps the mm that it had, and is not told of flushes, unless
 * page tables go. It catches up when it returns to user mode.
 *
 * Simplified: a shootdown is done at once and takes no time; those of reclaim are not
 * gathered (arch_tlbbatch_flush()); kswapd is no task that could be lazy.
 */
#ifndef PW_SIM_TLB_FLUSH_H
#define PW_SIM_TLB_FLUSH_H

#include "mm/kernel.h"

struct cpu;
struct machine;

#define TLB_NR_DYN_ASIDS 6

struct tlb_context {
	uint64_t ctx_id; /* mm_context.ctx_id; 0: none yet */
	uint64_t tlb_gen;
};

/* Of one CPU; zeroed is one that has loaded nothing yet. */
struct tlb_state {
	struct mm_struct *loaded_mm; /* holds a reference (mmgrab()); NULL: none yet */
	uint16_t loaded_asid, next_asid;
	bool is_lazy;
	struct tlb_context ctxs[TLB_NR_DYN_ASIDS];
	uint64_t shootdowns[NR_TLB_FLUSH_CAUSES]; /* received from other CPUs */
};

/* The CPU runs a task of mm from here on. Nothing to do if it has mm loaded, unless
 * it was lazy and has missed a flush. */
void cpu_switch_mm(struct cpu *cpu, struct mm_struct *mm);

/* The CPU has nothing to run, or its task lets go of its mm: to be called before
 * mmput(). */
void cpu_enter_lazy_tlb(struct cpu *cpu);

/* The CPU is switched off: it lets go of the mm that it has loaded. */
void cpu_drop_mm(struct cpu *cpu);

/* machine_ops */
void tlb_flush_mm_range(void *machine, struct mm_struct *mm, const struct tlb_flush *flush);
void tlb_flush_all(void *machine);
void tlb_flush_kernel_range(void *machine, va_t start, va_t end);
void tlb_flush_one_kernel(void *machine, va_t va);

/* Slow: what the CPU's TLBs and walk caches hold for any mm that they may still be
 * used for, against its page tables; and the notes above against each other. True if
 * all is right; else `what` (size bytes) says what is not. */
bool cpu_tlb_is_valid(const struct cpu *cpu, char *what, size_t size);

#endif
