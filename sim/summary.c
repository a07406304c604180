/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/summary.h"

#include "mm/page_alloc.h"
#include "sim/machine.h"
#include "sim/stats.h"
#include "sim/syscall.h"

#include <inttypes.h>
#include <string.h>

/*
 * Five columns: what, and four numbers.
 *
 *	             |              |              |              |
 *	tlb                look-ups           hits         misses   missed
 */
#define WHAT_WIDTH 14
#define NUMBER_WIDTH 15

/* 1,234,567 */
struct number {
	char text[28];
};

static struct number grouped(uint64_t value)
{
	struct number number;
	char digits[24];
	size_t at = 0;
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, value);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			number.text[at++] = ',';
		number.text[at++] = digits[i];
	}
	number.text[at] = '\0';
	return number;
}

/* part of whole as 12.34 %, rounded to the nearest; "-" of nothing. */
static struct number percent(uint64_t part, uint64_t whole)
{
	struct number number;
	uint64_t hundredths;

	if (!whole) {
		strcpy(number.text, "-");
		return number;
	}
	hundredths = (uint64_t)(((unsigned __int128)part * 10000 + whole / 2) / whole);
	snprintf(number.text, sizeof(number.text), "%" PRIu64 ".%02u%%", hundredths / 100,
	         (unsigned)(hundredths % 100));
	return number;
}

/* a / b as 1.57 */
static struct number ratio(uint64_t a, uint64_t b)
{
	struct number number = percent(a, b);
	char *sign = strchr(number.text, '%');
	uint64_t hundredths;

	if (!sign)
		return number;
	hundredths = (uint64_t)(((unsigned __int128)a * 100 + b / 2) / b);
	snprintf(number.text, sizeof(number.text), "%" PRIu64 ".%02u", hundredths / 100,
	         (unsigned)(hundredths % 100));
	return number;
}

static void heading(FILE *out, const char *what, const char *const columns[4])
{
	fprintf(out, "\n%-*s", WHAT_WIDTH, what);
	for (int i = 0; i < 4 && columns[i]; i++)
		fprintf(out, "%*s", NUMBER_WIDTH, columns[i]);
	putc('\n', out);
}

static void cell(FILE *out, struct number number)
{
	fprintf(out, "%*s", NUMBER_WIDTH, number.text);
}

static void what(FILE *out, int indent, const char *name)
{
	fprintf(out, "%*s%-*s", indent, "", WHAT_WIDTH - indent, name);
}

static const char *engine_name(const struct machine *machine)
{
	if (!machine->engine)
		return "replay";
	return machine_counts_accesses(machine) ? "engine exact" : "engine faults";
}

/* A trace may end before its program. */
static bool has_ended(const struct machine *machine)
{
	return !list_empty(&machine->reports) && machine_first_report(machine)->has_ended;
}

/* Foreign traces do not tell it. */
static void write_command(const struct machine *machine, FILE *out)
{
	char **arg = list_empty(&machine->reports) ? NULL : machine_first_report(machine)->argv;

	if (!arg)
		return;
	fputs("pagewalk:", out);
	for (; *arg; arg++)
		fprintf(out, " %s", *arg);
	putc('\n', out);
}

static void write_head(const struct machine *machine, FILE *out)
{
	uint64_t now = machine_now_ns(machine);

	write_command(machine, out);
	fprintf(out, "machine %s, %s", machine->config.name, engine_name(machine));
	if (has_ended(machine))
		fprintf(out, ", exit status %d", machine_exit_status(machine));
	putc('\n', out);
	if (!machine_knows_program(machine))
		return;
	if (machine_counts_instructions(machine))
		fprintf(out, "%s instructions, ", grouped(machine_instructions(machine)).text);
	fprintf(out, "%s system calls", grouped(machine->nr_syscalls).text);
	if (machine->engine) /* else nobody knows the time */
		fprintf(out, ", %" PRIu64 ".%06u simulated seconds", now / 1000000000,
		        (unsigned)(now % 1000000000 / 1000));
	putc('\n', out);
}

/* ---- the mmu ---- */

static void write_accesses(const struct machine *machine, FILE *out)
{
	static const char *const names[NR_ACCESS_KINDS] = { "loads", "stores", "fetches" };
	struct mmu_counts user, kernel;

	mmu_counts_of_all(machine, PRIV_USER, &user);
	mmu_counts_of_all(machine, PRIV_KERNEL, &kernel);
	heading(out, "accesses", (const char *const[4]){ "all", "user", "kernel" });
	for (int kind = 0; kind < NR_ACCESS_KINDS; kind++) {
		what(out, 2, names[kind]);
		cell(out, grouped(user.accesses[kind] + kernel.accesses[kind]));
		cell(out, grouped(user.accesses[kind]));
		cell(out, grouped(kernel.accesses[kind]));
		putc('\n', out);
	}
}

static void write_lookups(FILE *out, int indent, const char *name, uint64_t hits, uint64_t misses)
{
	what(out, indent, name);
	cell(out, grouped(hits + misses));
	cell(out, grouped(hits));
	cell(out, grouped(misses));
	cell(out, percent(misses, hits + misses));
	putc('\n', out);
}

static void write_level(FILE *out, const char *name, const struct tlb_counts *counts)
{
	static const char *const sizes[NR_PAGE_SIZES] = { "4k", "2m", "4m", "1g" };
	bool has_large = false;

	write_lookups(out, 2, name, tlb_counts_hits(counts), tlb_counts_misses(counts));
	for (int i = PAGE_2M; i < NR_PAGE_SIZES; i++)
		has_large = has_large || counts->hits[i] || counts->misses[i];
	for (int i = 0; has_large && i < NR_PAGE_SIZES; i++)
		if (counts->hits[i] || counts->misses[i])
			write_lookups(out, 4, sizes[i], counts->hits[i], counts->misses[i]);
}

static void write_tlbs(const struct machine *machine, const struct mmu_counts *c, FILE *out)
{
	static const char *const names[NR_TLB_LEVELS] = { "l1i", "l1d", "stlb" };

	heading(out, "tlb", (const char *const[4]){ "look-ups", "hits", "misses", "missed" });
	for (int level = 0; level < NR_TLB_LEVELS; level++)
		if (machine->config.mmu.tlb[level].nr_arrays)
			write_level(out, names[level], &c->tlb[level]);
}

static void write_walks(const struct machine *machine, const struct mmu_counts *c, FILE *out)
{
	static const char *const names[NR_WALK_CACHES] = { "pml4", "pdpt", "pd" };
	const struct walk_cache_counts *cache = &c->walk_cache;

	heading(out, "page walks",
	        (const char *const[4]){ "walks", "memory refs", "refs per walk", "cycles" });
	what(out, 2, "all");
	cell(out, grouped(c->walks));
	cell(out, grouped(c->walk_memory_refs));
	cell(out, ratio(c->walk_memory_refs, c->walks));
	cell(out, grouped(c->walk_cycles));
	putc('\n', out);
	for (int i = NR_WALK_CACHES - 1; i >= 0; i--) {
		if (cache->hits[i] + cache->misses[i] == 0)
			continue;
		if (i == NR_WALK_CACHES - 1)
			heading(out, "walk caches",
			        (const char *const[4]){ "look-ups", "hits", "misses", "missed" });
		write_lookups(out, 2, names[i], cache->hits[i], cache->misses[i]);
	}
}

/* ---- CPUs ---- */

static void write_cpus(const struct machine *machine, FILE *out)
{
	heading(out, "cpus",
	        (const char *const[4]){ "instructions", "flushes", "shootdowns", "walks" });
	for (uint32_t i = 0; i < machine->config.cpus; i++) {
		const struct cpu *cpu = &machine->cpus[i];
		const struct mmu_flush_counts *flushes = mmu_flush_counts(cpu->mmu);
		char name[16];

		snprintf(name, sizeof(name), "cpu %u", i);
		what(out, 2, name);
		cell(out, machine_counts_instructions(machine) ? grouped(cpu_instructions(cpu))
		                                               : (struct number){ "-" });
		cell(out, grouped(flushes->all + flushes->page + flushes->pcid));
		cell(out, grouped(cpu_shootdowns(cpu)));
		if (machine_counts_accesses(machine))
			cell(out, grouped(mmu_counts(cpu->mmu, PRIV_USER)->walks +
			                  mmu_counts(cpu->mmu, PRIV_KERNEL)->walks));
		putc('\n', out);
	}
}

/* ---- the kernel ---- */

static void write_faults(const struct machine *machine, const struct fault_totals *totals,
                         FILE *out)
{
	const struct kernel *k = &machine->kernel;
	int nr = 0;

	heading(out, "page faults", (const char *const[4]){ "minor", "major", "segv" });
	what(out, 2, "all");
	cell(out, grouped(totals->minor));
	cell(out, grouped(totals->major));
	cell(out, grouped(k->nr_segv));
	putc('\n', out);
	for (int kind = 0; kind < NR_VM_FAULT_KINDS; kind++) {
		if (!k->fault_kinds[kind])
			continue;
		fprintf(out, "  %-10s %13s", vm_fault_kind_names[kind],
		        grouped(k->fault_kinds[kind]).text);
		if (++nr % 3 == 0)
			putc('\n', out);
	}
	if (nr % 3)
		putc('\n', out);
}

static void write_memory(const struct machine *machine, const struct fault_totals *totals,
                         FILE *out)
{
	const struct kernel *k = &machine->kernel;
	uint64_t file_pages = vmstat_value(k, NR_FILE_PAGES) - vmstat_value(k, NR_SWAPCACHED);

	heading(out, "memory", (const char *const[4]){ "ram", "free", "page cache", "peak rss" });
	what(out, 2, "pages");
	cell(out, grouped(machine->ram.size_bytes >> PAGE_SHIFT));
	cell(out, grouped(nr_free_pages(k)));
	cell(out, grouped(file_pages));
	cell(out, grouped(totals->rss_peak_pages));
	putc('\n', out);
	if (!k->swap.total_swap_pages)
		return;
	heading(out, "swap", (const char *const[4]){ "slots", "used", "in", "out" });
	what(out, 2, "pages");
	cell(out, grouped(k->swap.total_swap_pages));
	cell(out, grouped(k->swap.total_swap_pages - k->swap.nr_swap_pages));
	cell(out, grouped(k->vm_events[PSWPIN]));
	cell(out, grouped(k->vm_events[PSWPOUT]));
	putc('\n', out);
}

/* ---- system calls ---- */

static void add_count(void *sum, const char *name, uint64_t count)
{
	(void)name;
	*(uint64_t *)sum += count;
}

/* Their names may be longer than others. */
static void write_unknown_syscall(void *out, const char *name, uint64_t count)
{
	fprintf(out, "  %-17s%*s\n", name, WHAT_WIDTH + NUMBER_WIDTH - 19, grouped(count).text);
}

/* Answered with ENOSYS: why a program may not have done what it does elsewhere. */
static void write_unknown_syscalls(const struct machine *machine, FILE *out)
{
	uint64_t nr = 0;

	syscall_each_unknown(machine, add_count, &nr);
	if (!nr)
		return;
	heading(out, "unknown calls", (const char *const[4]){ "ENOSYS" });
	syscall_each_unknown(machine, write_unknown_syscall, out);
}

void summary_write(const struct machine *machine, FILE *out)
{
	struct fault_totals totals;
	struct mmu_counts counts;

	fault_totals(machine, &totals);
	mmu_counts_total(machine, &counts);
	write_head(machine, out);
	if (machine_counts_accesses(machine)) {
		write_accesses(machine, out);
		write_tlbs(machine, &counts, out);
		write_walks(machine, &counts, out);
	}
	if (machine->config.cpus > 1)
		write_cpus(machine, out);
	write_faults(machine, &totals, out);
	write_memory(machine, &totals, out);
	write_unknown_syscalls(machine, out);
}
