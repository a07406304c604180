/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_cost - what commands cost in the MMU: look-ups, walks, flushes, of all CPUs
 * together (docs/accounting.md has what each counter means).
 */
#include "sim/stats.h"
#include "tools/mm_shell.h"

#include <inttypes.h>
#include <string.h>

#define NR_COUNTS (sizeof(struct mm_cost) / sizeof(uint64_t))
_Static_assert(sizeof(struct mm_cost) % sizeof(uint64_t) == 0, "counters alone");

static struct mm_cost cost_so_far(const struct mm_shell *sh)
{
	const struct machine *machine = sh->machine;
	struct mm_cost cost = { .disk_ns = machine->disk_ns };

	for (int priv = 0; priv < NR_PRIVS; priv++)
		mmu_counts_of_all(machine, priv, &cost.mmu[priv]);
	mmu_flush_counts_of_all(machine, &cost.flushes);
	for (uint32_t i = 0; i < machine->config.cpus; i++)
		for (int cause = 0; cause < NR_TLB_FLUSH_CAUSES; cause++)
			cost.shootdowns += machine->cpus[i].tlb.shootdowns[cause];
	return cost;
}

static struct mm_cost difference(const struct mm_cost *now, const struct mm_cost *then)
{
	const uint64_t *a = (const uint64_t *)now, *b = (const uint64_t *)then;
	struct mm_cost cost = { 0 };
	uint64_t *to = (uint64_t *)&cost;

	for (size_t i = 0; i < NR_COUNTS; i++)
		to[i] = a[i] - b[i];
	return cost;
}

/* ---- saying it ---- */

static void say_level(FILE *out, const char *name, const struct tlb_counts *counts)
{
	fprintf(out, "; %s %" PRIu64 " hits, %" PRIu64 " misses", name, tlb_counts_hits(counts),
	        tlb_counts_misses(counts));
}

static void say_mmu(FILE *out, const char *who, const struct mmu_counts *counts)
{
	const uint64_t *accesses = counts->accesses;

	if (!accesses[ACCESS_LOAD] && !accesses[ACCESS_STORE])
		return;
	fprintf(out, "  %s: %" PRIu64 " loads, %" PRIu64 " stores", who, accesses[ACCESS_LOAD],
	        accesses[ACCESS_STORE]);
	say_level(out, "L1D", &counts->tlb[TLB_L1D]);
	if (tlb_counts_hits(&counts->tlb[TLB_STLB]) || tlb_counts_misses(&counts->tlb[TLB_STLB]))
		say_level(out, "STLB", &counts->tlb[TLB_STLB]);
	fprintf(out, "; %" PRIu64 " walks of %" PRIu64 " entries\n", counts->walks,
	        counts->walk_memory_refs);
}

static void say_cost(const struct mm_shell *sh, const struct mm_cost *cost)
{
	const struct mmu_flush_counts *flushes = &cost->flushes;

	say_mmu(sh->out, "user", &cost->mmu[PRIV_USER]);
	say_mmu(sh->out, "kernel", &cost->mmu[PRIV_KERNEL]);
	if (flushes->cr3_writes || flushes->all || flushes->page || flushes->pcid)
		shell_say(sh,
		          "  flushes: %" PRIu64 " of a page, %" PRIu64 " of all, %" PRIu64
		          " of a PCID; %" PRIu64 " writes to CR3",
		          flushes->page, flushes->all, flushes->pcid, flushes->cr3_writes);
	if (cost->shootdowns)
		shell_say(sh, "  shootdowns: %" PRIu64, cost->shootdowns);
	if (cost->disk_ns)
		shell_say(sh, "  disk: %" PRIu64 " us", cost->disk_ns / 1000);
}

/* ---- asking for it ---- */

struct cost_row {
	const char *name;
	uint64_t (*count)(const struct mmu_counts *c);
};

#define COUNT(name, expression)                                                                    \
	static uint64_t count_##name(const struct mmu_counts *c)                                   \
	{                                                                                          \
		return (expression);                                                               \
	}

COUNT(loads, c->accesses[ACCESS_LOAD])
COUNT(stores, c->accesses[ACCESS_STORE])
COUNT(l1d_hits, tlb_counts_hits(&c->tlb[TLB_L1D]))
COUNT(l1d_misses, tlb_counts_misses(&c->tlb[TLB_L1D]))
COUNT(stlb_hits, tlb_counts_hits(&c->tlb[TLB_STLB]))
COUNT(stlb_misses, tlb_counts_misses(&c->tlb[TLB_STLB]))
COUNT(walks, c->walks)
COUNT(memory_refs, c->walk_memory_refs)
COUNT(walk_cycles, c->walk_cycles)

#undef COUNT

static const struct cost_row rows[] = {
	{ "loads", count_loads },
	{ "stores", count_stores },
	{ "l1d_hits", count_l1d_hits },
	{ "l1d_misses", count_l1d_misses },
	{ "stlb_hits", count_stlb_hits },
	{ "stlb_misses", count_stlb_misses },
	{ "walks", count_walks },
	{ "memory_refs", count_memory_refs },
	{ "walk_cycles", count_walk_cycles },
};

static bool find_flush(const struct mm_cost *cost, const char *what, uint64_t *count)
{
	const struct mmu_flush_counts *flushes = &cost->flushes;

	if (!strcmp(what, "page"))
		*count = flushes->page;
	else if (!strcmp(what, "all"))
		*count = flushes->all;
	else if (!strcmp(what, "pcid"))
		*count = flushes->pcid;
	else if (!strcmp(what, "cr3_writes"))
		*count = flushes->cr3_writes;
	else if (!strcmp(what, "shootdowns"))
		*count = cost->shootdowns;
	else
		return false;
	return true;
}

static bool find_count(const struct mm_cost *cost, const char *who, const char *what,
                       uint64_t *count)
{
	enum privilege priv = !strcmp(who, "kernel") ? PRIV_KERNEL : PRIV_USER;

	if (!strcmp(who, "flushes"))
		return find_flush(cost, what, count);
	if (priv == PRIV_USER && strcmp(who, "user") != 0)
		return false;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, what) != 0)
			continue;
		*count = rows[i].count(&cost->mmu[priv]);
		return true;
	}
	return false;
}

/* `cost(kernel, l1d_misses)`: of the last line that `cost` ran. */
int mm_ask_cost(const struct mm_shell *sh, const char *const *args, struct value *value)
{
	uint64_t count;

	if (!find_count(&sh->cost, args[0], args[1], &count))
		return shell_mistake(sh, "there is no %s of %s; see help cost", args[1], args[0]);
	value_set_number(value, (int64_t)count);
	return 0;
}

/* ---- commands ---- */

/* `cost p = alloc_page GFP_KERNEL` names p as without it. */
static int run_cost(struct mm_shell *sh, const struct mm_call *call)
{
	struct mm_cost before = cost_so_far(sh), now;
	int status = shell_run_line(sh, call->rest);

	if (status)
		return status;
	now = cost_so_far(sh);
	sh->cost = difference(&now, &before);
	say_cost(sh, &sh->cost);
	return 0;
}

/* Since the machine was booted. */
static int run_costs(struct mm_shell *sh, const struct mm_call *call)
{
	struct mm_cost cost = cost_so_far(sh);

	say_cost(sh, &cost);
	return 0;
}

const struct mm_command mm_cost_commands[] = {
	{ "cost", "[NAME =] COMMAND ...", 1, MM_ARGS_MAX, NAMES_NOTHING, run_cost,
	  "runs it, and says what it cost in the MMU" },
	{ "costs", "", 0, 0, NAMES_NOTHING, run_costs, "all since the machine was booted" },
	{ 0 },
};
