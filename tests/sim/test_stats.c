/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures of a machine without a guest: its MMU is driven by hand, as a task would,
 * over page tables made here.
 */
#include "sim/stats.h"

#include "mm/page_alloc.h"
#include "sim/fault_list.h"
#include "sim/machine.h"
#include "sim/summary.h"
#include "tests/run_suite.h"

#include <check.h>
#include <errno.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

#define BASE ((va_t)0x400000) /* mapped from here on, for the user, writable */
#define NR_PAGES 200          /* more than the teaching machine's TLBs hold */

static struct machine *machine;
static struct task *task;
static char what[512];

/* ---- a machine with a task that has page tables, but no program ---- */

static uint64_t *new_table(pfn_t *pfn)
{
	struct page *page = alloc_page(&machine->kernel, GFP_KERNEL | __GFP_ZERO);

	ck_assert_ptr_nonnull(page);
	*pfn = page_to_pfn(&machine->kernel, page);
	return page_address(&machine->kernel, page);
}

/* pml4 -> pdpt -> pd -> pt, which maps pages to frames from 0 on. */
static pfn_t make_tables(void)
{
	const uint64_t rights = PTE_P | PTE_RW | PTE_US;
	pfn_t top, pfn[3];
	uint64_t *pml4 = new_table(&top), *pdpt = new_table(&pfn[0]);
	uint64_t *pd = new_table(&pfn[1]), *pt = new_table(&pfn[2]);

	pml4[0] = pfn[0] << PAGE_SHIFT | rights;
	pdpt[0] = pfn[1] << PAGE_SHIFT | rights;
	pd[BASE >> 21] = pfn[2] << PAGE_SHIFT | rights;
	for (uint64_t i = 0; i < NR_PAGES; i++)
		pt[i] = i << PAGE_SHIFT | rights;
	return top;
}

static void turn_paging_on(struct mmu *mmu, pfn_t top)
{
	ck_assert_int_eq(mmu_write_cr4(mmu, CR4_PSE | CR4_PGE | CR4_PAE), 0);
	ck_assert_int_eq(mmu_write_efer(mmu, EFER_LME | EFER_NXE), 0);
	ck_assert_int_eq(mmu_write_cr3(mmu, top << PAGE_SHIFT), 0);
	ck_assert_int_eq(mmu_write_cr0(mmu, CR0_PE | CR0_WP | CR0_PG), 0);
}

static void set_up(const char *name, enum engine_mode mode)
{
	static char name_arg[] = "guest", quoted_arg[] = "an \"argument\"";
	static char *const argv[] = { name_arg, quoted_arg, NULL };
	static struct machine_config config;
	const struct config_override small = { "ram", "16M" };
	struct machine_options options = {
		.engine = mode, .vfs = { .stdin_fd = 0, .stdout_fd = 1, .stderr_fd = 2 }
	};

	ck_assert_msg(!machine_config_load(&config, name, &small, 1, what, sizeof(what)), "%s",
	              what);
	ck_assert_msg(!machine_create(&machine, &config, &options, what, sizeof(what)), "%s", what);
	machine->kernel.counts_accesses = false; /* all accesses are the test's */
	turn_paging_on(machine->cpus[0].mmu, make_tables());
	ck_assert_int_eq(task_create(&task, machine, "/"), 0);
	ck_assert_int_eq(task_set_argv(task, argv), 0);
	machine->running->current = task;
	task_figures_resume(task);
}

static void tear_down(void)
{
	machine_destroy(machine);
}

/* Accesses of all kinds, which hit and miss everywhere, and some that fault. */
static void be_busy(unsigned n)
{
	struct mmu *mmu = machine->cpus[0].mmu;
	struct translation to;
	struct page_fault fault;
	uint64_t random = 12345;

	for (unsigned i = 0; i < n; i++) {
		va_t va;

		random = random * 6364136223846793005 + 1442695040888963407;
		va = BASE + ((random >> 33) % (NR_PAGES + 1)) * PAGE_SIZE;
		mmu_translate(mmu, va, (random >> 20) % NR_ACCESS_KINDS, (random >> 30) & 1, &to,
		              &fault);
		mmu_access_again(mmu, BASE, ACCESS_LOAD, PRIV_USER, i % 3 + 1);
	}
}

static char *written_json(void)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	stats_write_json(machine, out);
	fclose(out);
	return text;
}

/* "mmu/walks/count" of a document. -1: it is not there. */
static long long figure(struct fy_document *document, const char *path)
{
	struct fy_node *node =
	    fy_node_by_path(fy_document_root(document), path, FY_NT, FYNWF_DONT_FOLLOW);
	const char *text = node ? fy_node_get_scalar0(node) : NULL;

	return text ? strtoll(text, NULL, 10) : -1;
}

static struct fy_document *parsed_json(void)
{
	struct fy_document *document = fy_document_build_from_malloc_string(
	    &(struct fy_parse_cfg){ .flags = FYPCF_JSON_FORCE }, written_json(), FY_NT);

	ck_assert_ptr_nonnull(document);
	return document; /* the text is its own now */
}

#define ck_sums_agree() ck_assert_msg(stats_check_sums(machine, what, sizeof(what)), "%s", what)

#define ck_sums_differ(start)                                                                      \
	do {                                                                                       \
		ck_assert(!stats_check_sums(machine, what, sizeof(what)));                         \
		ck_assert_msg(!strncmp(what, start, strlen(start)), "%s", what);                   \
	} while (0)

/* ---- sums ---- */

static const char *const machines[] = { "skylake",  "zen2",  "nehalem",
	                                "teaching", "numa4", "champsim" };

START_TEST(sums_agree_on_every_machine)
{
	set_up(machines[_i], ENGINE_EXACT);
	ck_sums_agree();
	be_busy(5000);
	ck_sums_agree();
	task_figures_pause(task);
	task_figures_resume(task);
	be_busy(5000);
	ck_sums_agree();
	task_exit(task, 0);
	ck_sums_agree();
	tear_down();
}
END_TEST

/* Counters that are off by one, and the sum that has to show it. */
START_TEST(each_wrong_counter_is_found)
{
	struct mmu_counts *user, *kernel;
	struct kernel *k;

	set_up("skylake", ENGINE_EXACT);
	be_busy(1000);
	user = (struct mmu_counts *)mmu_counts(machine->cpus[0].mmu, PRIV_USER);
	kernel = (struct mmu_counts *)mmu_counts(machine->cpus[0].mmu, PRIV_KERNEL);
	k = &machine->kernel;
#define BREAK(counter, sum)                                                                        \
	do {                                                                                       \
		(counter)++;                                                                       \
		ck_sums_differ(sum);                                                               \
		(counter)--;                                                                       \
		ck_sums_agree();                                                                   \
	} while (0)
	BREAK(user->accesses[ACCESS_FETCH], "user: accesses.fetch = tlb.l1i");
	BREAK(kernel->accesses[ACCESS_STORE], "kernel: accesses.load + store = tlb.l1d");
	BREAK(user->tlb[TLB_L1D].hits[PAGE_2M], "user: accesses.load + store = tlb.l1d");
	BREAK(user->tlb[TLB_STLB].hits[PAGE_4K], "user: tlb.l1i.misses + l1d.misses = tlb.stlb");
	BREAK(user->walks, "user: walks.count = misses");
	BREAK(user->walks_faulted, "user: walks.faulted = misses_no_page");
	BREAK(user->stlb_hit_cycles, "user: stlb_hit_cycles");
	BREAK(user->walk_cache.hits[WALK_CACHE_PD], "user: walk_cache: hits");
	BREAK(kernel->walk_cache.misses[WALK_CACHE_PML4], "kernel: walk_cache: hits");
	BREAK(user->walk_memory_refs, "user: walks.");
	BREAK(user->walk_cycles, "user: walks.cycles");
	BREAK(task->report->figures.mmu[PRIV_USER].walk_memory_refs, "task, user: walks.");
	BREAK(task->report->figures.min_flt, "faults.minor + major = the sum");
	BREAK(k->fault_kinds[FAULT_STACK], "faults.minor + major = the sum");
	BREAK(k->totalram_pages, "memory.managed_pages = the sum of the zones'");
	BREAK(k->vm_events[PGFREE], "memory.managed_pages + vmstat.pgfree");
	BREAK(k->vm_quantities.value[NR_PAGE_TABLE_PAGES], "memory.page_table_pages");
	BREAK(k->vm_quantities.value[NR_KERNEL_STACK], "vmstat.nr_kernel_stack");
	BREAK(k->swap.total_swap_pages, "swap.total_slots");
	BREAK(k->vm_events[PSWPIN], "vmstat.pgpgin >= 4 * pswpin");
	BREAK(machine->nr_syscalls, "guest.syscalls");
#undef BREAK
	k->fault_kinds[FAULT_SWAP_IN]++;
	task->report->figures.maj_flt++;
	ck_sums_differ("vmstat.pgmajfault >= faults.major");
	k->vm_events[PGMAJFAULT]++;
	ck_sums_differ("vmstat.pgfault >= faults.minor + major");
	k->vm_events[PGFAULT]++;
	ck_sums_agree();
	tear_down();
}
END_TEST

START_TEST(figures_belong_to_the_task_that_had_the_cpu)
{
	struct task *second;
	struct task_figures figures;
	uint64_t first_walks;

	set_up("teaching", ENGINE_EXACT);
	be_busy(100);
	task_figures_pause(task);
	task_figures_now(task, &figures);
	first_walks = figures.mmu[PRIV_USER].walks;
	ck_assert_uint_gt(first_walks, 0);

	ck_assert_int_eq(task_create(&second, machine, "/"), 0);
	machine->running->current = second;
	task_figures_resume(second);
	be_busy(100);
	task_figures_now(task, &figures);
	ck_assert_uint_eq(figures.mmu[PRIV_USER].walks, first_walks);
	task_figures_now(second, &figures);
	ck_assert_uint_eq(figures.mmu[PRIV_USER].walks,
	                  mmu_counts(machine->cpus[0].mmu, PRIV_USER)->walks - first_walks);
	ck_sums_agree();
	tear_down();
}
END_TEST

/* ---- JSON ---- */

START_TEST(json_has_the_figures)
{
	const struct mmu_counts *user, *kernel;
	struct fy_document *json;

	set_up("skylake", ENGINE_EXACT);
	be_busy(2000);
	user = mmu_counts(machine->cpus[0].mmu, PRIV_USER);
	kernel = mmu_counts(machine->cpus[0].mmu, PRIV_KERNEL);
	json = parsed_json();
	ck_assert_int_eq(figure(json, "mmu/walks/count"), user->walks + kernel->walks);
	ck_assert_int_eq(figure(json, "mmu/user/walks/count"), user->walks);
	ck_assert_int_eq(figure(json, "mmu/kernel/accesses/store"), kernel->accesses[ACCESS_STORE]);
	ck_assert_int_eq(figure(json, "mmu/user/tlb/l1d/4k/misses"),
	                 user->tlb[TLB_L1D].misses[PAGE_4K]);
	ck_assert_int_eq(figure(json, "mmu/user/tlb/l1d/2m/hits"), 0);
	ck_assert_int_eq(figure(json, "mmu/user/walk_cache/pd/hits"),
	                 user->walk_cache.hits[WALK_CACHE_PD]);
	ck_assert_int_eq(figure(json, "mmu/cr3_writes"),
	                 mmu_flush_counts(machine->cpus[0].mmu)->cr3_writes);
	ck_assert_int_eq(figure(json, "tasks/0/mmu/user/walks/count"), user->walks);
	ck_assert_int_eq(figure(json, "tasks/0/pid"), task->pid);
	ck_assert_int_eq(figure(json, "memory/ram_pages"), 4096);
	ck_assert_int_eq(figure(json, "machine/ram"), 16 * MIB);
	ck_assert_int_eq(figure(json, "swap/total_slots"), 0);
	ck_assert_int_eq(figure(json, "vmstat/pswpout"), 0);
	ck_assert_int_ge(figure(json, "vmstat/nr_free_pages"), 1);
	ck_assert_int_eq(figure(json, "faults/by_kind/swap_in"), 0);
	fy_document_destroy(json);
	tear_down();
}
END_TEST

START_TEST(what_a_machine_has_not_is_absent)
{
	struct fy_document *json;

	set_up("teaching", ENGINE_EXACT);
	json = parsed_json();
	ck_assert_int_eq(figure(json, "mmu/tlb/l1d/hits"), 0);
	ck_assert_int_eq(figure(json, "mmu/tlb/stlb/hits"), -1);
	ck_assert_int_eq(figure(json, "mmu/walk_cache/pd/hits"), -1);
	ck_assert_int_eq(figure(json, "interval/every"), -1);
	fy_document_destroy(json);
	tear_down();
}
END_TEST

START_TEST(without_tlbs_there_are_no_tlb_figures)
{
	struct fy_document *json;

	set_up("skylake", ENGINE_FAULTS);
	json = parsed_json();
	ck_assert_int_eq(figure(json, "mmu/accesses/load"), -1);
	ck_assert_int_eq(figure(json, "mmu/tlb/l1d/hits"), -1);
	ck_assert_int_eq(figure(json, "mmu/walks/count"), -1);
	ck_assert_int_eq(figure(json, "mmu/user/walks/count"), -1);
	ck_assert_int_eq(figure(json, "tasks/0/mmu/walks/count"), -1);
	ck_assert_int_ge(figure(json, "mmu/cr3_writes"), 1);
	ck_sums_agree();
	fy_document_destroy(json);
	tear_down();
}
END_TEST

START_TEST(the_same_figures_are_the_same_bytes)
{
	char *first, *second;

	set_up("skylake", ENGINE_EXACT);
	be_busy(100);
	first = written_json();
	second = written_json();
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
	tear_down();
}
END_TEST

/* ---- the other outputs ---- */

START_TEST(the_summary_is_plain_and_narrow)
{
	char *text;
	size_t size, column = 0;
	FILE *out = open_memstream(&text, &size);

	set_up("skylake", ENGINE_EXACT);
	be_busy(2000);
	summary_write(machine, out);
	fclose(out);
	for (size_t i = 0; i < size; i++) {
		ck_assert(text[i] == '\n' || (text[i] >= ' ' && text[i] < 0x7f));
		column = text[i] == '\n' ? 0 : column + 1;
		ck_assert_uint_le(column, 80);
	}
	ck_assert_ptr_nonnull(strstr(text, "stlb"));
	free(text);
	tear_down();
}
END_TEST

START_TEST(faults_are_listed_as_perf_lists_them)
{
	struct event event = { .kind = EVENT_PAGE_FAULT, .va = 0x5e4710, .code = PF_W };
	struct fault_list *list;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	set_up("teaching", ENGINE_EXACT);
	ck_assert_int_eq(fault_list_create(&list, machine, out), 0);
	machine->kernel_function = "clear_user";
	event_raise(&machine->events, &event);
	machine->kernel_function = NULL;
	event.va = event.ip = 0x40ebf0;
	event.code = PF_U | PF_I;
	event_raise(&machine->events, &event);
	event.va = 0;
	event.code = 0;
	event_raise(&machine->events, &event);
	fault_list_destroy(list);
	event_raise(&machine->events, &event);
	fclose(out);
	ck_assert_str_eq(text, "n,task,mode,ip,address,error_code\n"
	                       "0,0,k,clear_user,0x5e4710,0x2\n"
	                       "1,0,u,0x40ebf0,0x40ebf0,0x14\n"
	                       "2,0,k,kernel,0x0,0x0\n");
	free(text);
	tear_down();
}
END_TEST

START_TEST(a_row_is_due_every_n_instructions)
{
	struct interval *interval;

	ck_assert_int_eq(interval_create(&interval, 0, ENGINE_EXACT), -EINVAL);
	ck_assert_int_eq(interval_create(&interval, 1000, ENGINE_EXACT), 0);
	ck_assert_uint_eq(interval_left(interval, 0), 1000);
	ck_assert_uint_eq(interval_left(interval, 999), 1);
	ck_assert_uint_eq(interval_left(interval, 1000), 1);
	ck_assert_uint_eq(interval_left(interval, 5000), 1);
	interval_destroy(interval);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stats");
	TCase *tcase = tcase_create("stats");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, sums_agree_on_every_machine, 0,
	                    sizeof(machines) / sizeof(machines[0]));
	tcase_add_test(tcase, each_wrong_counter_is_found);
	tcase_add_test(tcase, figures_belong_to_the_task_that_had_the_cpu);
	tcase_add_test(tcase, json_has_the_figures);
	tcase_add_test(tcase, what_a_machine_has_not_is_absent);
	tcase_add_test(tcase, without_tlbs_there_are_no_tlb_figures);
	tcase_add_test(tcase, the_same_figures_are_the_same_bytes);
	tcase_add_test(tcase, the_summary_is_plain_and_narrow);
	tcase_add_test(tcase, faults_are_listed_as_perf_lists_them);
	tcase_add_test(tcase, a_row_is_due_every_n_instructions);
	return run_suite(suite);
}
