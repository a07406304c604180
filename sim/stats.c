/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/stats.h"

#include "mm/mm.h"
#include "mm/page_alloc.h"
#include "mm/reclaim_policy.h"
#include "mm/thread_stack.h"
#include "sim/json.h"
#include "sim/machine.h"
#include "sim/syscall.h"
#include "sim/tell.h"

#include <inttypes.h>

static const char *const tlb_level_names[NR_TLB_LEVELS] = { "l1i", "l1d", "stlb" };
static const char *const page_size_names[NR_PAGE_SIZES] = { "4k", "2m", "4m", "1g" };
static const char *const walk_cache_names[NR_WALK_CACHES] = { "pml4", "pdpt", "pd" };

/* ---- adding and subtracting all counters of a CPU ---- */

/* struct mmu_counts is nothing but uint64_t. */
#define NR_MMU_COUNTS (sizeof(struct mmu_counts) / sizeof(uint64_t))
_Static_assert(sizeof(struct mmu_counts) % sizeof(uint64_t) == 0, "counters alone");

void mmu_counts_add(struct mmu_counts *sum, const struct mmu_counts *counts)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)counts;

	for (size_t i = 0; i < NR_MMU_COUNTS; i++)
		to[i] += from[i];
}

static void counts_add_difference(struct mmu_counts *sum, const struct mmu_counts *now,
                                  const struct mmu_counts *then)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *a = (const uint64_t *)now, *b = (const uint64_t *)then;

	for (size_t i = 0; i < NR_MMU_COUNTS; i++)
		to[i] += a[i] - b[i];
}

void mmu_counts_of_all(const struct machine *machine, enum privilege priv, struct mmu_counts *total)
{
	*total = *mmu_counts(machine->cpus[0].mmu, priv);
	for (uint32_t i = 1; i < machine->config.cpus; i++)
		mmu_counts_add(total, mmu_counts(machine->cpus[i].mmu, priv));
}

void mmu_counts_total(const struct machine *machine, struct mmu_counts *total)
{
	struct mmu_counts kernel;

	mmu_counts_of_all(machine, PRIV_USER, total);
	mmu_counts_of_all(machine, PRIV_KERNEL, &kernel);
	mmu_counts_add(total, &kernel);
}

void mmu_flush_counts_of_all(const struct machine *machine, struct mmu_flush_counts *total)
{
	*total = (struct mmu_flush_counts){ 0 };
	for (uint32_t i = 0; i < machine->config.cpus; i++) {
		const struct mmu_flush_counts *counts = mmu_flush_counts(machine->cpus[i].mmu);

		total->cr3_writes += counts->cr3_writes;
		total->all += counts->all;
		total->page += counts->page;
		total->pcid += counts->pcid;
	}
}

uint64_t cpu_shootdowns(const struct cpu *cpu)
{
	uint64_t n = 0;

	for (int cause = 0; cause < NR_TLB_FLUSH_CAUSES; cause++)
		n += cpu->tlb.shootdowns[cause];
	return n;
}

static uint64_t shootdowns_of_all(const struct machine *machine)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < machine->config.cpus; i++)
		n += cpu_shootdowns(&machine->cpus[i]);
	return n;
}

uint64_t tlb_counts_hits(const struct tlb_counts *counts)
{
	uint64_t hits = 0;

	for (int i = 0; i < NR_PAGE_SIZES; i++)
		hits += counts->hits[i];
	return hits;
}

uint64_t tlb_counts_misses(const struct tlb_counts *counts)
{
	uint64_t misses = counts->misses_no_page;

	for (int i = 0; i < NR_PAGE_SIZES; i++)
		misses += counts->misses[i];
	return misses;
}

/* ---- figures of tasks ---- */

static const struct percpu_static *faults_of_cpu(const struct task *task)
{
	return per_cpu(&task->machine->kernel, task->cpu);
}

void task_figures_resume(struct task *task)
{
	struct task_figures_since *since = &task->since;

	for (int priv = 0; priv < NR_PRIVS; priv++)
		since->mmu[priv] = *mmu_counts(task_cpu(task)->mmu, priv);
	since->min_flt = faults_of_cpu(task)->min_flt;
	since->maj_flt = faults_of_cpu(task)->maj_flt;
	since->busy_ns = machine_busy_ns(task->machine);
}

/* What the CPU has counted since the task got it. */
static void add_since(const struct task *task, struct task_figures *figures)
{
	const struct task_figures_since *since = &task->since;

	for (int priv = 0; priv < NR_PRIVS; priv++)
		counts_add_difference(&figures->mmu[priv], mmu_counts(task_cpu(task)->mmu, priv),
		                      &since->mmu[priv]);
	figures->min_flt += faults_of_cpu(task)->min_flt - since->min_flt;
	figures->maj_flt += faults_of_cpu(task)->maj_flt - since->maj_flt;
	figures->cpu_ns += machine_busy_ns(task->machine) - since->busy_ns;
}

void task_figures_pause(struct task *task)
{
	add_since(task, &task->report->figures);
	task_figures_resume(task);
}

static void add_mm(const struct mm_struct *mm, struct task_figures *figures)
{
	uint64_t peak = get_mm_hiwater_rss(mm);

	if (peak > figures->rss_peak_pages)
		figures->rss_peak_pages = peak;
}

void task_figures_leave_mm(struct task *task, const struct mm_struct *mm)
{
	if (!mm)
		return;
	add_mm(mm, &task->report->figures);
	TELL(task->machine, RECORD_LEAVE_MM, (uint64_t)task->pid, mm_id(mm));
}

static bool has_cpu(const struct task *task)
{
	return task_cpu(task)->current == task && !task_has_ended(task);
}

void task_figures_take(struct task *task)
{
	if (has_cpu(task))
		task_figures_pause(task);
}

void task_figures_now(const struct task *task, struct task_figures *figures)
{
	*figures = task->report->figures;
	if (task->mm)
		add_mm(task->mm, figures);
	if (has_cpu(task))
		add_since(task, figures);
}

void task_report_now(const struct task_report *report, struct task_figures *figures)
{
	if (report->task)
		task_figures_now(report->task, figures);
	else
		*figures = report->figures;
}

void fault_totals(const struct machine *machine, struct fault_totals *totals)
{
	const struct task_report *report;
	const struct mm_struct *mm;

	*totals = (struct fault_totals){ 0 };
	list_for_each_entry (report, &machine->reports, list) {
		struct task_figures figures;

		task_report_now(report, &figures);
		totals->minor += figures.min_flt;
		totals->major += figures.maj_flt;
		if (figures.rss_peak_pages > totals->rss_peak_pages)
			totals->rss_peak_pages = figures.rss_peak_pages;
	}
	list_for_each_entry (mm, &machine->kernel.mmlist, mmlist)
		totals->rss_pages += get_mm_rss(mm);
}

/* ---- JSON: the mmu ---- */

static uint32_t held_page_sizes(const struct tlb_level_config *level)
{
	uint32_t sizes = 0;

	for (uint32_t i = 0; i < level->nr_arrays; i++)
		sizes |= level->arrays[i].page_sizes;
	return sizes;
}

static void write_tlb_level(struct json *json, const struct machine *machine, enum tlb_level level,
                            const struct tlb_counts *counts)
{
	uint32_t held = held_page_sizes(&machine->config.mmu.tlb[level]);
	bool is_single = !(held & (held - 1));

	json_begin_object(json, tlb_level_names[level]);
	json_uint(json, "hits", tlb_counts_hits(counts));
	json_uint(json, "misses", tlb_counts_misses(counts));
	json_uint(json, "misses_no_page", counts->misses_no_page);
	for (int size = 0; size < NR_PAGE_SIZES; size++) {
		bool is_used = counts->hits[size] || counts->misses[size];

		if (is_single ? !is_used || held >> size & 1 : !is_used && !(held >> size & 1))
			continue;
		json_begin_object(json, page_size_names[size]);
		json_uint(json, "hits", counts->hits[size]);
		json_uint(json, "misses", counts->misses[size]);
		json_end(json);
	}
	json_end(json);
}

static void write_mmu_counts(struct json *json, const struct machine *machine,
                             const struct mmu_counts *counts)
{
	const struct mmu_config *config = &machine->config.mmu;

	json_begin_object(json, "accesses");
	json_uint(json, "load", counts->accesses[ACCESS_LOAD]);
	json_uint(json, "store", counts->accesses[ACCESS_STORE]);
	json_uint(json, "fetch", counts->accesses[ACCESS_FETCH]);
	json_end(json);
	json_begin_object(json, "tlb");
	for (int level = 0; level < NR_TLB_LEVELS; level++)
		if (config->tlb[level].nr_arrays)
			write_tlb_level(json, machine, level, &counts->tlb[level]);
	json_end(json);
	json_begin_object(json, "walks");
	json_uint(json, "count", counts->walks);
	json_uint(json, "faulted", counts->walks_faulted);
	json_uint(json, "memory_refs", counts->walk_memory_refs);
	json_uint(json, "cycles", counts->walk_cycles);
	json_end(json);
	if (config->tlb[TLB_STLB].nr_arrays)
		json_uint(json, "stlb_hit_cycles", counts->stlb_hit_cycles);
	json_begin_object(json, "walk_cache");
	for (int i = 0; i < NR_WALK_CACHES; i++) {
		if (!config->walk_cache.entries[i])
			continue;
		json_begin_object(json, walk_cache_names[i]);
		json_uint(json, "hits", counts->walk_cache.hits[i]);
		json_uint(json, "misses", counts->walk_cache.misses[i]);
		json_end(json);
	}
	json_end(json);
}

static void write_privileges(struct json *json, const struct machine *machine,
                             const struct mmu_counts *user, const struct mmu_counts *kernel)
{
	struct mmu_counts total = *user;

	mmu_counts_add(&total, kernel);
	write_mmu_counts(json, machine, &total);
	json_begin_object(json, "user");
	write_mmu_counts(json, machine, user);
	json_end(json);
	json_begin_object(json, "kernel");
	write_mmu_counts(json, machine, kernel);
	json_end(json);
}

static void write_flushes(struct json *json, const struct mmu_flush_counts *flushes)
{
	json_uint(json, "cr3_writes", flushes->cr3_writes);
	json_begin_object(json, "flushes");
	json_uint(json, "all", flushes->all);
	json_uint(json, "page", flushes->page);
	json_uint(json, "pcid", flushes->pcid);
	json_end(json);
}

static void write_shootdowns(struct json *json, const struct machine *machine)
{
	json_uint(json, "shootdowns", shootdowns_of_all(machine));
	if (machine->config.cpus == 1)
		return;
	json_begin_object(json, "shootdowns_by");
	for (int cause = 0; cause < NR_TLB_FLUSH_CAUSES; cause++) {
		uint64_t n = 0;

		for (uint32_t i = 0; i < machine->config.cpus; i++)
			n += machine->cpus[i].tlb.shootdowns[cause];
		json_uint(json, tlb_flush_cause_names[cause], n);
	}
	json_end(json);
}

static void write_mmu(struct json *json, const struct machine *machine)
{
	struct mmu_flush_counts flushes;
	struct mmu_counts user, kernel;

	mmu_flush_counts_of_all(machine, &flushes);
	mmu_counts_of_all(machine, PRIV_USER, &user);
	mmu_counts_of_all(machine, PRIV_KERNEL, &kernel);
	json_begin_object(json, "mmu");
	if (machine_counts_accesses(machine))
		write_privileges(json, machine, &user, &kernel);
	write_flushes(json, &flushes);
	write_shootdowns(json, machine);
	json_end(json);
}

/* ---- JSON: the rest ---- */

static void visit_key(void *context, const char *key, const char *value, bool is_literal)
{
	if (is_literal)
		json_literal(context, key, value);
	else
		json_string(context, key, value);
}

static void write_machine(struct json *json, const struct machine *machine)
{
	if (machine->engine)
		json_string(json, "engine", machine_counts_accesses(machine) ? "exact" : "faults");
	json_begin_object(json, "machine");
	machine_config_each(&machine->config, visit_key, json);
	json_end(json);
}

static void write_argv(struct json *json, const struct task_report *report)
{
	json_begin_row(json, "argv");
	for (char **arg = report->argv; arg && *arg; arg++)
		json_string(json, NULL, *arg);
	json_end(json);
}

static void write_unknown_syscall(void *json, const char *name, uint64_t count)
{
	json_uint(json, name, count);
}

static void write_unknown_syscalls(struct json *json, const struct machine *machine)
{
	json_begin_object(json, "unknown_syscalls");
	syscall_each_unknown(machine, write_unknown_syscall, json);
	json_end(json);
}

/* A driver tells no time; but what disks take is the machine's own. */
static void write_time(struct json *json, const struct machine *machine)
{
	if (!machine->engine) {
		json_uint(json, "disk_ns", machine->disk_ns);
		return;
	}
	json_uint(json, "time_ns", machine_now_ns(machine));
	json_uint(json, "disk_ns", machine->disk_ns);
	json_uint(json, "sleep_ns", machine->sleep_ns);
	if (machine->config.cpus > 1)
		json_uint(json, "overlap_ns", machine->turns.overlap_ns);
}

/* A driver may not know the program's arguments, nor its end. */
static void write_first_task(struct json *json, const struct machine *machine)
{
	const struct task_report *first = machine_first_report(machine);

	if (machine->engine || first->argv)
		write_argv(json, first);
	if (machine->engine || first->has_ended)
		json_int(json, "exit_status", machine_exit_status(machine));
}

static void write_guest(struct json *json, const struct machine *machine)
{
	json_begin_object(json, "guest");
	if (!list_empty(&machine->reports))
		write_first_task(json, machine);
	if (machine_counts_instructions(machine))
		json_uint(json, "instructions", machine_instructions(machine));
	if (machine_knows_program(machine))
		json_uint(json, "syscalls", machine->nr_syscalls);
	if (machine->engine)
		write_unknown_syscalls(json, machine);
	write_time(json, machine);
	json_end(json);
}

static void write_faults(struct json *json, const struct kernel *k,
                         const struct fault_totals *totals)
{
	json_begin_object(json, "faults");
	json_uint(json, "minor", totals->minor);
	json_uint(json, "major", totals->major);
	json_uint(json, "segv", k->nr_segv);
	json_uint(json, "cow", k->fault_kinds[FAULT_COW]);
	json_begin_object(json, "by_kind");
	for (int kind = 0; kind < NR_VM_FAULT_KINDS; kind++)
		json_uint(json, vm_fault_kind_names[kind], k->fault_kinds[kind]);
	json_end(json);
	json_end(json);
}

static uint64_t slab_pages(const struct kernel *k)
{
	return vmstat_value(k, NR_SLAB_RECLAIMABLE) + vmstat_value(k, NR_SLAB_UNRECLAIMABLE);
}

static void write_memory(struct json *json, const struct machine *machine,
                         const struct fault_totals *totals)
{
	const struct kernel *k = &machine->kernel;

	json_begin_object(json, "memory");
	json_uint(json, "ram_pages", machine->ram.size_bytes >> PAGE_SHIFT);
	json_uint(json, "managed_pages", k->totalram_pages);
	json_uint(json, "free_pages", nr_free_pages(k));
	json_uint(json, "rss_pages", totals->rss_pages);
	json_uint(json, "rss_peak_pages", totals->rss_peak_pages);
	json_uint(json, "page_table_pages", vmstat_value(k, NR_PAGE_TABLE_PAGES));
	json_uint(json, "slab_pages", slab_pages(k));
	json_uint(json, "page_cache_pages",
	          vmstat_value(k, NR_FILE_PAGES) - vmstat_value(k, NR_SWAPCACHED));
	json_end(json);
}

/* A CPU's part of `mmu`. */
static void write_cpu_mmu(struct json *json, const struct cpu *cpu)
{
	json_begin_object(json, "mmu");
	if (machine_counts_accesses(cpu->machine))
		write_privileges(json, cpu->machine, mmu_counts(cpu->mmu, PRIV_USER),
		                 mmu_counts(cpu->mmu, PRIV_KERNEL));
	write_flushes(json, mmu_flush_counts(cpu->mmu));
	json_uint(json, "shootdowns", cpu_shootdowns(cpu));
	json_end(json);
}

/* What each CPU counted for itself (mm/percpu.h), and its part of what is counted of
 * all; one CPU's would be the whole. */
static void write_cpus(struct json *json, const struct machine *machine)
{
	const struct kernel *k = &machine->kernel;

	json_begin_array(json, "cpus");
	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++) {
		const struct percpu_static *counts = per_cpu(k, cpu);

		json_begin_object(json, NULL);
		if (k->config.nr_cpus > 1) {
			if (machine_counts_instructions(machine))
				json_uint(json, "instructions",
				          cpu_instructions(&machine->cpus[cpu]));
			write_cpu_mmu(json, &machine->cpus[cpu]);
		}
		json_uint(json, "pcp_refills", counts->pcp_refills);
		json_uint(json, "pcp_drains", counts->pcp_drains);
		json_uint(json, "slab_refills", counts->slab_refills);
		json_uint(json, "slab_flushes", counts->slab_flushes);
		json_end(json);
	}
	json_end(json);
}

/* Sites without a rule are left out, and so is the whole if there is none. */
static void write_injected(struct json *json, const struct fault_inject *fi)
{
	if (!fi->armed)
		return;
	json_begin_object(json, "fault_inject");
	for (int site = 0; site < NR_FAULT_SITES; site++) {
		if (!(fi->armed >> site & 1))
			continue;
		json_begin_object(json, fault_site_names[site]);
		json_uint(json, "asked", fi->sites[site].nr_asked);
		json_uint(json, "failed", fi->sites[site].nr_failed);
		json_end(json);
	}
	json_end(json);
}

static void write_swap(struct json *json, const struct kernel *k)
{
	json_begin_object(json, "swap");
	json_uint(json, "total_slots", k->swap.total_swap_pages);
	json_uint(json, "used_slots", k->swap.total_swap_pages - k->swap.nr_swap_pages);
	json_uint(json, "pages_in", k->vm_events[PSWPIN]);
	json_uint(json, "pages_out", k->vm_events[PSWPOUT]);
	json_end(json);
}

static uint64_t pages_scanned(const struct kernel *k)
{
	return k->vm_events[PGSCAN_KSWAPD] + k->vm_events[PGSCAN_DIRECT];
}

static uint64_t pages_reclaimed(const struct kernel *k)
{
	return k->vm_events[PGSTEAL_KSWAPD] + k->vm_events[PGSTEAL_DIRECT];
}

static void write_reclaim(struct json *json, const struct kernel *k)
{
	json_begin_object(json, "reclaim");
	json_string(json, "policy", k->config.reclaim_policy->name);
	json_uint(json, "scanned", pages_scanned(k));
	json_uint(json, "reclaimed", pages_reclaimed(k));
	json_end(json);
}

static void write_vmstat(struct json *json, const struct kernel *k)
{
	json_begin_object(json, "vmstat");
	for (int i = 0; i < NR_VM_QUANTITIES; i++)
		json_uint(json, vm_quantity_names[i], vmstat_value(k, i));
	for (int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		json_uint(json, vm_event_names[i], k->vm_events[i]);
	json_end(json);
}

static void write_task(struct json *json, const struct machine *machine,
                       const struct task_report *report)
{
	struct task_figures figures;

	task_report_now(report, &figures);
	json_begin_object(json, NULL);
	json_int(json, "pid", report->pid);
	json_int(json, "tgid", report->tgid);
	json_int(json, "ppid", report->ppid);
	if (machine->engine || report->argv)
		write_argv(json, report);
	if (machine_knows_program(machine))
		json_uint(json, "syscalls", report->nr_syscalls);
	json_uint(json, "minor", figures.min_flt);
	json_uint(json, "major", figures.maj_flt);
	json_uint(json, "rss_peak_pages", figures.rss_peak_pages);
	if (machine->engine)
		json_uint(json, "cpu_ns", figures.cpu_ns);
	if (machine_counts_accesses(machine)) {
		json_begin_object(json, "mmu");
		write_privileges(json, machine, &figures.mmu[PRIV_USER], &figures.mmu[PRIV_KERNEL]);
		json_end(json);
	}
	json_end(json);
}

void stats_write_json(const struct machine *machine, FILE *out)
{
	const struct task_report *report;
	struct fault_totals totals;
	struct json json;

	fault_totals(machine, &totals);
	json_init(&json, out);
	json_begin_object(&json, NULL);
	json_string(&json, "schema", "pagewalk-stats/1");
	write_machine(&json, machine);
	write_guest(&json, machine);
	write_mmu(&json, machine);
	write_faults(&json, &machine->kernel, &totals);
	write_memory(&json, machine, &totals);
	write_swap(&json, &machine->kernel);
	write_reclaim(&json, &machine->kernel);
	write_vmstat(&json, &machine->kernel);
	write_cpus(&json, machine);
	write_injected(&json, &machine->kernel.fault_inject);
	json_begin_array(&json, "tasks");
	list_for_each_entry (report, &machine->reports, list)
		write_task(&json, machine, report);
	json_end(&json);
	if (machine->interval)
		interval_write_json(machine->interval, &json, "interval");
	if (machine->options.driver)
		machine->options.driver->write_stats(machine->options.driver, &json);
	json_end(&json);
}

/* ---- sums ---- */

/* The first sum that fails is kept; those after it are not looked at. */
struct sums {
	bool failed;
	char *what;
	size_t size;
	const char *scope; /* "user": whose figures are added up */
};

static void equal(struct sums *sums, const char *sum, uint64_t left, uint64_t right)
{
	if (sums->failed || left == right)
		return;
	sums->failed = true;
	snprintf(sums->what, sums->size, "%s%s%s: %" PRIu64 " is not %" PRIu64, sums->scope,
	         *sums->scope ? ": " : "", sum, left, right);
}

static void at_least(struct sums *sums, const char *sum, uint64_t left, uint64_t right)
{
	if (left < right)
		equal(sums, sum, left, right);
}

static uint64_t lookups(const struct tlb_counts *counts)
{
	return tlb_counts_hits(counts) + tlb_counts_misses(counts);
}

static void add_up_tlbs(struct sums *sums, const struct mmu_config *config,
                        const struct mmu_counts *c)
{
	const struct tlb_counts *l1i = &c->tlb[TLB_L1I], *l1d = &c->tlb[TLB_L1D];
	const struct tlb_counts *stlb = &c->tlb[TLB_STLB];
	uint64_t l1_misses = tlb_counts_misses(l1i) + tlb_counts_misses(l1d);
	uint64_t l1_no_page = l1i->misses_no_page + l1d->misses_no_page;
	bool has_stlb = config->tlb[TLB_STLB].nr_arrays;

	equal(sums, "accesses.fetch = tlb.l1i.hits + misses", c->accesses[ACCESS_FETCH],
	      lookups(l1i));
	equal(sums, "accesses.load + store = tlb.l1d.hits + misses",
	      c->accesses[ACCESS_LOAD] + c->accesses[ACCESS_STORE], lookups(l1d));
	if (has_stlb)
		equal(sums, "tlb.l1i.misses + l1d.misses = tlb.stlb.hits + misses", l1_misses,
		      lookups(stlb));
	equal(sums, "walks.count = misses of the last TLB level", c->walks,
	      has_stlb ? tlb_counts_misses(stlb) : l1_misses);
	equal(sums, "walks.faulted = misses_no_page of the last TLB level", c->walks_faulted,
	      has_stlb ? stlb->misses_no_page : l1_no_page);
	equal(sums, "stlb_hit_cycles = tlb.stlb.hits * costs.stlb_hit", c->stlb_hit_cycles,
	      tlb_counts_hits(stlb) * config->costs.stlb_hit);
}

static void add_up_walks(struct sums *sums, const struct machine *machine,
                         const struct mmu_counts *c)
{
	const struct mmu_config *config = &machine->config.mmu;
	const struct walk_cache_counts *cache = &c->walk_cache;
	const struct paging_mode *mode = machine->config.paging;
	bool is_four_level = mode == &paging_four_level;
	uint64_t asked = c->walks, refs = c->walks * (mode->nr_levels - mode->first_in_memory);

	/* from the cache nearest to the page upwards; a hit there saves most */
	for (int i = NR_WALK_CACHES - 1; i >= 0; i--) {
		if (!config->walk_cache.entries[i] || (i != WALK_CACHE_PD && !is_four_level))
			continue;
		equal(sums, "walk_cache: hits + misses = misses of the level below, or walks",
		      cache->hits[i] + cache->misses[i], asked);
		asked = cache->misses[i];
		refs -= cache->hits[i] * (is_four_level ? (uint64_t)i + 1 : 1);
	}
	at_least(sums, "walks.memory_refs >= walks.count", c->walk_memory_refs, c->walks);
	at_least(sums, "walks.memory_refs <= levels * walks - levels that walk caches saved", refs,
	         c->walk_memory_refs);
	equal(sums, "walks.cycles = count * costs.walk_base + memory_refs * costs.walk_ref",
	      c->walk_cycles,
	      c->walks * config->costs.walk_base + c->walk_memory_refs * config->costs.walk_ref);
}

static void add_up_mmu(struct sums *sums, const struct machine *machine, const char *scope,
                       const struct mmu_counts *counts)
{
	sums->scope = scope;
	add_up_tlbs(sums, &machine->config.mmu, counts);
	add_up_walks(sums, machine, counts);
	sums->scope = "";
}

static void add_up_tasks(struct sums *sums, const struct machine *machine)
{
	struct mmu_counts cpu, tasks = { 0 };
	const struct task_report *report;
	uint64_t syscalls = 0;

	list_for_each_entry (report, &machine->reports, list) {
		struct task_figures figures;

		task_report_now(report, &figures);
		mmu_counts_add(&tasks, &figures.mmu[PRIV_USER]);
		mmu_counts_add(&tasks, &figures.mmu[PRIV_KERNEL]);
		add_up_mmu(sums, machine, "task, user", &figures.mmu[PRIV_USER]);
		add_up_mmu(sums, machine, "task, kernel", &figures.mmu[PRIV_KERNEL]);
		syscalls += report->nr_syscalls;
	}
	mmu_counts_total(machine, &cpu);
	for (size_t i = 0; i < NR_MMU_COUNTS; i++)
		equal(sums, "each of mmu.* = the sum of tasks[].mmu.*", ((uint64_t *)&cpu)[i],
		      ((uint64_t *)&tasks)[i]);
	if (machine_knows_program(machine)) /* a trace may end before it tells */
		equal(sums, "guest.syscalls = the sum of tasks[].syscalls", machine->nr_syscalls,
		      syscalls);
}

static void add_up_cpus(struct sums *sums, const struct machine *machine)
{
	const struct kernel *k = &machine->kernel;
	uint64_t instructions = 0, from_kernel = 0;

	for (uint32_t i = 0; i < machine->config.cpus; i++) {
		instructions += cpu_instructions(&machine->cpus[i]);
		from_kernel += machine->cpus[i].tlb.shootdowns[FLUSH_KERNEL];
	}
	equal(sums, "guest.instructions = the sum of cpus[].instructions",
	      machine_instructions(machine), instructions);
	at_least(sums, "vmstat.nr_tlb_remote_flush_received >= mmu.shootdowns but for the kernel's",
	         k->vm_events[NR_TLB_REMOTE_FLUSH_RECEIVED],
	         shootdowns_of_all(machine) - from_kernel);
}

static void add_up_faults(struct sums *sums, const struct machine *machine)
{
	const struct kernel *k = &machine->kernel;
	struct fault_totals totals;
	uint64_t by_kind = 0;

	fault_totals(machine, &totals);
	for (int kind = 0; kind < NR_VM_FAULT_KINDS; kind++)
		by_kind += k->fault_kinds[kind];
	equal(sums, "faults.minor + major = the sum of faults.by_kind", totals.minor + totals.major,
	      by_kind);
	at_least(sums, "vmstat.pgmajfault >= faults.major", k->vm_events[PGMAJFAULT], totals.major);
	at_least(sums, "vmstat.pgfault >= faults.minor + major", k->vm_events[PGFAULT],
	         totals.minor + totals.major);
}

/* Frame by frame over the page array. */
static void add_up_frames(struct sums *sums, const struct kernel *k)
{
	uint64_t free = 0, reserved = 0, tables = 0, managed = 0, allocated = 0;

	for (pfn_t pfn = 0; pfn < k->max_pfn; pfn++) {
		const struct page *page = pfn_to_page(k, pfn);

		if (PageBuddy(page)) {
			free += (uint64_t)1 << page->private;
			pfn += ((uint64_t)1 << page->private) - 1;
			continue;
		}
		free += PagePcp(page);
		reserved += PageReserved(page);
		tables += PageTable(page);
	}
	for_each_zone (k, zone)
		managed += zone->managed_pages;
	for (int item = PGALLOC_DMA; item <= PGALLOC_MOVABLE; item++)
		allocated += k->vm_events[item];
	equal(sums, "memory.managed_pages = the sum of the zones'", k->totalram_pages, managed);
	equal(sums, "memory.managed_pages = frames that are not reserved", k->totalram_pages,
	      k->max_pfn - reserved);
	equal(sums, "memory.free_pages = frames on free lists", nr_free_pages(k), free);
	equal(sums, "memory.managed_pages + vmstat.pgfree = free_pages + the sum of pgalloc_*",
	      k->totalram_pages + k->vm_events[PGFREE], nr_free_pages(k) + allocated);
	equal(sums, "memory.page_table_pages = frames that hold page tables",
	      vmstat_value(k, NR_PAGE_TABLE_PAGES), tables);
}

static void add_up_stacks(struct sums *sums, const struct machine *machine)
{
	const struct kernel *k = &machine->kernel;
	const struct task *task;
	uint64_t stacks = 0;

	if (!machine->engine) /* whose tasks may have no stacks, and stacks no tasks yet */
		return;
	list_for_each_entry (task, &machine->tasks, tasks)
		stacks++;
	stacks += k->config.small_stacks ? k->config.nr_cpus : 0;
	equal(sums, "vmstat.nr_kernel_stack = a stack's KB * tasks (and CPUs, if small)",
	      vmstat_value(k, NR_KERNEL_STACK),
	      stacks * ((PAGE_SIZE << thread_size_order(k)) / KIB));
}

static void add_up_swap(struct sums *sums, const struct kernel *k)
{
	uint64_t used = 0, usable = 0;

	for (uint32_t i = 0; i < MAX_SWAPFILES; i++) {
		if (!k->swap.info[i].device)
			continue;
		used += k->swap.info[i].inuse_pages;
		usable += k->swap.info[i].pages;
	}
	equal(sums, "swap.total_slots = the sum of the areas'", k->swap.total_swap_pages, usable);
	equal(sums, "swap.used_slots = the sum of the areas'",
	      k->swap.total_swap_pages - k->swap.nr_swap_pages, used);
	at_least(sums, "swap.used_slots >= vmstat.nr_swapcached", used,
	         vmstat_value(k, NR_SWAPCACHED));
	at_least(sums, "vmstat.pgpgin >= 4 * pswpin", k->vm_events[PGPGIN],
	         4 * k->vm_events[PSWPIN]);
	at_least(sums, "vmstat.pgpgout >= 4 * pswpout", k->vm_events[PGPGOUT],
	         4 * k->vm_events[PSWPOUT]);
}

static void add_up_reclaim(struct sums *sums, const struct kernel *k)
{
	equal(sums, "reclaim.scanned = vmstat.pgscan_anon + pgscan_file", pages_scanned(k),
	      k->vm_events[PGSCAN_ANON] + k->vm_events[PGSCAN_FILE]);
	equal(sums, "reclaim.reclaimed = vmstat.pgsteal_anon + pgsteal_file", pages_reclaimed(k),
	      k->vm_events[PGSTEAL_ANON] + k->vm_events[PGSTEAL_FILE]);
	at_least(sums, "reclaim.scanned >= reclaimed", pages_scanned(k), pages_reclaimed(k));
}

bool stats_check_sums(const struct machine *machine, char *what, size_t size)
{
	struct sums sums = { .what = what, .size = size, .scope = "" };
	struct mmu_counts user, kernel;

	if (machine_counts_accesses(machine)) {
		mmu_counts_of_all(machine, PRIV_USER, &user);
		mmu_counts_of_all(machine, PRIV_KERNEL, &kernel);
		add_up_mmu(&sums, machine, "user", &user);
		add_up_mmu(&sums, machine, "kernel", &kernel);
		if (machine->engine) /* a driver's program may be killed here alone */
			at_least(&sums, "mmu.user.accesses.fetch >= guest.instructions",
			         user.accesses[ACCESS_FETCH], machine_instructions(machine));
		add_up_tasks(&sums, machine);
	}
	add_up_cpus(&sums, machine);
	add_up_faults(&sums, machine);
	add_up_frames(&sums, &machine->kernel);
	add_up_stacks(&sums, machine);
	add_up_swap(&sums, &machine->kernel);
	add_up_reclaim(&sums, &machine->kernel);
	return !sums.failed;
}
