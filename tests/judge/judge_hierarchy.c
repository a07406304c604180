/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole runs of real programs against the brute-force MMU of tests/mmu: an observer
 * hands each access of the guest and of the kernel, and each flush, to the model in
 * the order in which they happen. At every walk, and at the end, all of the model's
 * counters must be the machine's. The model has its own reading of the page tables,
 * and of when an access faults.
 *
 * An observer of EVENT_ACCESS keeps accesses off the MMU's fast path, so each program
 * also runs unobserved, and must come to the same figures.
 */
#include "sim/machine.h"
#include "tests/mmu/model_mmu.h"
#include "tests/run_suite.h"

#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUSYBOX "/bin/busybox"

#define MAX_ARGUMENTS 5
#define PA_MASK ((uint64_t)0x000ffffffffff000) /* of a page-table entry, and of CR3 */

/* ---- runs ---- */

/* $GUEST and $TEXT in front of a word: the folder of our guest programs, and a text
 * of some 20 KB. */
struct program {
	const char *machine;
	const char *argv[MAX_ARGUMENTS];
};

static const struct program programs[] = {
	{ "skylake", { "$GUEST/random", "8M", "100000" } },
	{ "nehalem", { "$GUEST/random", "8M", "100000" } },
	{ "zen2", { "$GUEST/random", "12M", "20000" } },
	{ "drcachesim", { "$GUEST/random", "8M", "20000" } },
	{ "teaching", { "$GUEST/random", "6M", "3000" } }, /* swaps */
	{ "skylake", { BUSYBOX, "sort", "$TEXT" } },
	{ "nehalem", { BUSYBOX, "sort", "$TEXT" } },
};

#define NR_PROGRAMS (int)(sizeof(programs) / sizeof(programs[0]))

/* Everything that a run counts of its MMU. */
struct figures {
	struct mmu_counts counts[NR_PRIVS];
	struct mmu_flush_counts flushes;
};

static struct figures figures_of(const struct mmu *mmu)
{
	return (struct figures){
		.counts = { *mmu_counts(mmu, PRIV_USER), *mmu_counts(mmu, PRIV_KERNEL) },
		.flushes = *mmu_flush_counts(mmu),
	};
}

static const char *from_environment(const char *name)
{
	const char *value = getenv(name);

	ck_assert_msg(value, "%s is not set: run it by meson test", name);
	return value;
}

static void expand(const char *word, char *out, size_t size)
{
	if (!strncmp(word, "$GUEST", 6))
		snprintf(out, size, "%s%s", from_environment("PW_GUEST"), word + 6);
	else if (!strcmp(word, "$TEXT"))
		snprintf(out, size, "%s/LICENSE", from_environment("PW_SOURCE_ROOT"));
	else
		snprintf(out, size, "%s", word);
}

static struct machine *boot(const struct program *program, int null_fd)
{
	const struct machine_options options = {
		.engine = ENGINE_EXACT,
		.vfs = { .stdin_fd = null_fd, .stdout_fd = null_fd, .stderr_fd = null_fd },
	};
	struct machine_config config;
	struct machine *machine;
	char why[512] = "";

	ck_assert_msg(!machine_config_load(&config, program->machine, NULL, 0, why, sizeof(why)),
	              "%s", why);
	ck_assert_msg(!machine_create(&machine, &config, &options, why, sizeof(why)), "%s", why);
	return machine;
}

static void run_to_the_end(struct machine *machine, const struct program *program)
{
	char words[MAX_ARGUMENTS][512], *argv[MAX_ARGUMENTS + 1] = { NULL }, *envp[] = { NULL };
	char why[512] = "";

	for (int i = 0; i < MAX_ARGUMENTS && program->argv[i]; i++) {
		expand(program->argv[i], words[i], sizeof(words[i]));
		argv[i] = words[i];
	}
	ck_assert_msg(!machine_start(machine, argv[0], argv, envp, why, sizeof(why)), "%s", why);
	ck_assert_msg(!machine_run(machine), "%s", machine->broken);
	ck_assert_int_eq(machine_exit_status(machine), 0); /* random checks its own memory */
}

static struct figures run_unobserved(const struct program *program)
{
	int null_fd = open("/dev/null", O_RDWR);
	struct machine *machine = boot(program, null_fd);
	struct figures figures;

	run_to_the_end(machine, program);
	figures = figures_of(machine->cpus[0].mmu);
	machine_destroy(machine);
	close(null_fd);
	return figures;
}

/* ---- figures ---- */

static uint64_t sum(const uint64_t *values)
{
	return values[PAGE_4K] + values[PAGE_2M] + values[PAGE_4M] + values[PAGE_1G];
}

static uint64_t hits(const struct figures *figures, enum tlb_level level)
{
	return sum(figures->counts[PRIV_USER].tlb[level].hits) +
	       sum(figures->counts[PRIV_KERNEL].tlb[level].hits);
}

/* Those that ended in a page fault are counted apart. */
static uint64_t misses(const struct figures *figures, enum tlb_level level)
{
	return sum(figures->counts[PRIV_USER].tlb[level].misses) +
	       sum(figures->counts[PRIV_KERNEL].tlb[level].misses);
}

static uint64_t misses_no_page(const struct figures *figures, enum tlb_level level)
{
	return figures->counts[PRIV_USER].tlb[level].misses_no_page +
	       figures->counts[PRIV_KERNEL].tlb[level].misses_no_page;
}

static void print_figures(const char *who, const struct figures *figures)
{
	static const char *const levels[NR_TLB_LEVELS] = { "l1i", "l1d", "stlb" };

	for (unsigned level = 0; level < NR_TLB_LEVELS; level++)
		printf("#   %-7s %-4s hits %-9" PRIu64 " misses %-7" PRIu64 " no page %" PRIu64
		       "\n",
		       who, levels[level], hits(figures, level), misses(figures, level),
		       misses_no_page(figures, level));
}

/* ---- the observer ---- */

struct judge {
	struct observer observer; /* first */
	const struct machine *machine;
	struct model *model;
	struct mmu_flush_counts flushes_before;
	uint64_t nr_accesses, nr_kernel_accesses, nr_flushes, nr_comparisons;
};

static struct figures figures_of_model(const struct judge *judge)
{
	struct figures figures = {
		.counts = { *model_counts(judge->model, PRIV_USER),
		            *model_counts(judge->model, PRIV_KERNEL) },
		.flushes = *model_flush_counts(judge->model),
	};

	figures.flushes.all += judge->flushes_before.all;
	figures.flushes.page += judge->flushes_before.page;
	figures.flushes.pcid += judge->flushes_before.pcid;
	/* Some writes of CR3 flush nothing, and nobody is told. */
	figures.flushes.cr3_writes = mmu_flush_counts(judge->machine->cpus[0].mmu)->cr3_writes;
	return figures;
}

/* `asked`: an access that the machine has counted as asked for, but no more; or NULL. */
static void compare(struct judge *judge, const struct event *asked)
{
	struct figures machine = figures_of(judge->machine->cpus[0].mmu);
	struct figures model = figures_of_model(judge);

	if (asked)
		machine.counts[asked->priv].accesses[asked->access]--;
	judge->nr_comparisons++;
	if (!memcmp(&machine, &model, sizeof(machine)))
		return;
	print_figures("machine", &machine);
	print_figures("model", &model);
	fflush(stdout);
	ck_abort_msg("they differ after %" PRIu64 " accesses", judge->nr_accesses);
}

static uint64_t read_entry(const struct ram *ram, pa_t pa)
{
	uint64_t entry;

	if (!ram_has(ram, pa, sizeof(entry)))
		ck_abort_msg("a page table at %#" PRIx64, pa);
	memcpy(&entry, ram_at(ram, pa), sizeof(entry));
	return entry;
}

/* The access, and what the four levels of page tables say of its page. */
static struct model_access read_tables(const struct judge *judge, const struct event *event)
{
	static const enum page_size sizes[] = { PAGE_4K /* none */, PAGE_1G, PAGE_2M, PAGE_4K };
	const struct mmu *mmu = judge->machine->cpus[0].mmu;
	uint64_t cr3 = mmu_cr3(mmu), cr4 = mmu_cr4(mmu), entry = cr3;
	struct model_access access = {
		.va = event->va,
		.kind = event->access,
		.priv = event->priv,
		.pcid = cr4 & CR4_PCIDE ? (uint16_t)(cr3 & CR3_PCID_MASK) : 0,
		.writable = true,
		.user = true,
		.executable = true,
	};

	for (access.depth = 0;; access.depth++) {
		uint64_t index = event->va >> (39 - 9 * access.depth) & 511;

		entry = read_entry(&judge->machine->ram, (entry & PA_MASK) + 8 * index);
		if (!(entry & PTE_P))
			return access;
		access.writable &= (entry & PTE_RW) != 0;
		access.user &= (entry & PTE_US) != 0;
		access.executable &= !(entry & PTE_NX);
		if (access.depth == 3 || (access.depth > 0 && entry & PTE_PS))
			break;
	}
	access.present = true;
	access.size = sizes[access.depth];
	access.page_pa = entry & PA_MASK & ~(page_size_bytes(access.size) - 1);
	access.dirty = entry & PTE_D;
	access.global = entry & PTE_G && cr4 & CR4_PGE;
	return access;
}

static bool may(const struct model_access *access)
{
	if (!access->present || (access->priv == PRIV_USER && !access->user))
		return false;
	return (access->kind != ACCESS_STORE || access->writable) &&
	       (access->kind != ACCESS_FETCH || access->executable);
}

/* A fault has no EVENT_ACCESS, so the model hears of it here. */
static void notice_tlb_miss(struct judge *judge, const struct event *event)
{
	struct model_access access = read_tables(judge, event);
	pa_t pa;

	compare(judge, event);
	if (!may(&access) && model_translate(judge->model, &access, &pa))
		ck_abort_msg("the model's TLBs still allow %#" PRIx64, event->va);
}

static void notice_access(struct judge *judge, const struct event *event)
{
	struct model_access access = read_tables(judge, event);
	pa_t pa;

	judge->nr_accesses++;
	judge->nr_kernel_accesses += event->priv == PRIV_KERNEL;
	if (!model_translate(judge->model, &access, &pa))
		ck_abort_msg("%#" PRIx64 " should fault", event->va);
	if (pa != event->pa)
		ck_abort_msg("%#" PRIx64 " went to %#" PRIx64 ", not %#" PRIx64, event->va,
		             event->pa, pa);
}

static void notice(struct observer *self, const struct event *event)
{
	struct judge *judge = (struct judge *)self;

	if (event->kind == EVENT_TLB_MISS) {
		notice_tlb_miss(judge, event);
	} else if (event->kind == EVENT_ACCESS) {
		notice_access(judge, event);
	} else {
		judge->nr_flushes++;
		model_flush(judge->model, (enum tlb_flush_reason)event->arg, event->va,
		            (uint16_t)event->code);
	}
}

static void judge_init(struct judge *judge, struct machine *machine)
{
	*judge = (struct judge){
		.observer = { .wants =
		                  1u << EVENT_TLB_MISS | 1u << EVENT_ACCESS | 1u << EVENT_TLB_FLUSH,
		              .notice = notice },
		.machine = machine,
		.model = model_create(&machine->config.mmu, 4),
		.flushes_before = *mmu_flush_counts(machine->cpus[0].mmu),
	};
	/* Nothing has gone by unseen. */
	ck_assert(!(mmu_cr0(machine->cpus[0].mmu) & CR0_PG));
	event_observe(&machine->events, &judge->observer);
}

static struct figures run_observed(const struct program *program)
{
	int null_fd = open("/dev/null", O_RDWR);
	struct machine *machine = boot(program, null_fd);
	struct figures figures;
	struct judge judge;

	judge_init(&judge, machine);
	run_to_the_end(machine, program);
	compare(&judge, NULL);
	figures = figures_of(machine->cpus[0].mmu);
	printf("# %s, %s %s: %" PRIu64 " accesses (%" PRIu64 " of the kernel), %" PRIu64
	       " flushes, compared %" PRIu64 " times\n",
	       program->machine, program->argv[0], program->argv[1], judge.nr_accesses,
	       judge.nr_kernel_accesses, judge.nr_flushes, judge.nr_comparisons);
	print_figures("both", &figures);
	fflush(stdout);
	/* Or the run has shown little. */
	ck_assert_uint_gt(judge.nr_kernel_accesses, 0);
	ck_assert_uint_gt(judge.nr_flushes, 0);
	machine_destroy(machine);
	model_destroy(judge.model);
	close(null_fd);
	return figures;
}

/* ---- claims ---- */

static bool can_run(const struct program *program)
{
#ifdef __x86_64__
	return strcmp(program->argv[0], BUSYBOX) || !access(BUSYBOX, X_OK);
#else
	return strcmp(program->argv[0], BUSYBOX);
#endif
}

START_TEST(a_whole_run_counts_as_brute_force_and_as_unobserved)
{
	const struct program *program = &programs[_i];
	struct figures observed, unobserved;

	if (!can_run(program)) {
		printf("# %s: not here\n", program->argv[0]);
		fflush(stdout);
		return;
	}
	observed = run_observed(program);
	unobserved = run_unobserved(program);
	if (memcmp(&observed, &unobserved, sizeof(observed))) {
		print_figures("unobserved", &unobserved);
		fflush(stdout);
		ck_abort_msg("the fast path counts otherwise");
	}
}
END_TEST

/*
 * Any page of 2048 is as likely as any other, so with N pages in the second level
 * an access misses in (2048 - N) of 2048 cases; the L1's 64 pages may be others. To
 * this come the first touch of each page, and the last, in order: at most one miss
 * each.
 *
 *   skylake  N = 1536:  21,875 to 25,000 of 100,000, and 2048 to 4096
 *   nehalem  N = 512:   71,875 to 75,000 of 100,000, and 2048 to 4096
 *
 * One in a hundred more or less is left to chance and to code and stack.
 */
static uint64_t check_reach(const struct program *program, uint64_t nr_entries)
{
	const uint64_t pages = 2048, accesses = 100000, slack = accesses / 100;
	struct figures figures = run_unobserved(program);
	uint64_t n = misses(&figures, TLB_STLB);

	printf("# %s: %" PRIu64 " misses of the second level on random 8M 100000\n",
	       program->machine, n);
	fflush(stdout);
	ck_assert_uint_ge(n, accesses * (pages - nr_entries - 64) / pages + pages - slack);
	ck_assert_uint_le(n, accesses * (pages - nr_entries) / pages + 2 * pages + slack);
	return n;
}

START_TEST(random_misses_the_second_level_by_its_reach)
{
	uint64_t skylake = check_reach(&programs[0], 1536);
	uint64_t nehalem = check_reach(&programs[1], 512);

	ck_assert_uint_gt(nehalem, 2 * skylake);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hierarchy");
	TCase *tcase = tcase_create("hierarchy");

	tcase_add_loop_test(tcase, a_whole_run_counts_as_brute_force_and_as_unobserved, 0,
	                    NR_PROGRAMS);
	tcase_add_test(tcase, random_misses_the_second_level_by_its_reach);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
