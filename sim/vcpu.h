/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vcpu - one CPU of the machine: its MMU, its engine, and what happens between
 * them when a task touches memory: translation, page fault, kernel, signal.
 */
#ifndef PW_SIM_VCPU_H
#define PW_SIM_VCPU_H

#include "sim/machine.h"

/* What the engine asks of the CPU that it runs; owner: struct cpu. */
extern const struct engine_ops cpu_engine_ops, cpu_checking_engine_ops;

/* Its MMU. 0; -errno and why[]. */
int cpu_init(struct cpu *cpu, struct machine *machine, uint32_t id, char *why, size_t why_size);
void cpu_finish(struct cpu *cpu); /* zeroed is fine */

/* Loads the mm's page tables into CR3; turns paging on the first time. */
void cpu_load_mm(struct cpu *cpu, const struct mm_struct *mm);

/* Drops the CPU's translations of [start, end) of mm, as Linux's flush_tlb_func():
 * page by page up to 33 pages (tlb_single_page_flush_ceiling), else all. */
void cpu_flush_range(struct cpu *cpu, const struct mm_struct *mm, va_t start, va_t end);
void cpu_flush_mm(struct cpu *cpu, const struct mm_struct *mm);

/* The same for kernel addresses. True: done page by page; else the caller flushes
 * everything. */
bool cpu_flush_kernel_range(struct cpu *cpu, va_t start, va_t end);

/* machine_ops.kernel_access */
bool cpu_kernel_access(struct cpu *cpu, va_t va, enum access_kind kind, uint64_t words, pa_t *pa);

#endif
