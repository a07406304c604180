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

/* Loads CR3; turns paging on the first time. Which value: sim/tlb_flush.h. */
void cpu_load_cr3(struct cpu *cpu, uint64_t cr3);

/* machine_ops.kernel_access */
bool cpu_kernel_access(struct cpu *cpu, va_t va, enum access_kind kind, uint64_t words, pa_t *pa);

#endif
