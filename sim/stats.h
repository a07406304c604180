/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats - the figures of a run. Each is asked of the layer that keeps it; what
 * they mean, and which sums they belong to, is in docs/accounting.md.
 */
#ifndef PW_SIM_STATS_H
#define PW_SIM_STATS_H

#include "mmu/mmu.h"

#include <stdio.h>

struct cpu;
struct machine;
struct mm_struct;
struct task;

/* What a task had done, kept when what it is read from goes. Zero-initialised is
 * a task that has done nothing. */
struct task_figures {
	uint64_t min_flt, maj_flt;
	uint64_t rss_peak_pages; /* the largest of its address spaces so far */
	uint64_t cpu_ns;         /* on a CPU */
	struct mmu_counts mmu[NR_PRIVS];
};

/* What the CPU had counted when a task got it: the rest is the task's. */
struct task_figures_since {
	uint64_t min_flt, maj_flt;
	uint64_t busy_ns;
	struct mmu_counts mmu[NR_PRIVS];
};

/* Called when the task gets the CPU, and when it loses it. */
void task_figures_resume(struct task *task);
void task_figures_pause(struct task *task);

/* Before the task leaves the mm: keeps its figures. mm may be NULL. */
void task_figures_leave_mm(struct task *task, const struct mm_struct *mm);

/* Before an ending task lets go of the CPU. */
void task_figures_take(struct task *task);

/* The task's figures up to now, whether it still runs or has ended. */
void task_figures_now(const struct task *task, struct task_figures *figures);

/* The same of a task that may have been freed. */
struct task_report;
void task_report_now(const struct task_report *report, struct task_figures *figures);

/* Figures that are summed over tasks. */
struct fault_totals {
	uint64_t minor, major;
	uint64_t rss_pages;      /* of live address spaces */
	uint64_t rss_peak_pages; /* the largest of any task */
};
void fault_totals(const struct machine *machine, struct fault_totals *totals);

void mmu_counts_add(struct mmu_counts *sum, const struct mmu_counts *counts);

/* All CPUs' counters, added: of one privilege, of both. */
void mmu_counts_of_all(const struct machine *machine, enum privilege priv,
                       struct mmu_counts *total);
void mmu_flush_counts_of_all(const struct machine *machine, struct mmu_flush_counts *total);

/* Flushes that other CPUs made it do. */
uint64_t cpu_shootdowns(const struct cpu *cpu);
void mmu_counts_total(const struct machine *machine, struct mmu_counts *total);

uint64_t tlb_counts_hits(const struct tlb_counts *counts);
uint64_t tlb_counts_misses(const struct tlb_counts *counts);

/* Everything as JSON, schema "pagewalk-stats/1". */
void stats_write_json(const struct machine *machine, FILE *out);

/* Adds up the sums of docs/accounting.md. True if all agree; else `what` (size
 * bytes) says which does not, with both sides. */
bool stats_check_sums(const struct machine *machine, char *what, size_t size);

#endif
