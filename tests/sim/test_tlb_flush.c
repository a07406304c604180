/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces on CPUs: what a CPU's TLBs keep over a switch, whom a flush reaches,
 * and that no CPU is left with a translation that is not so any more. No guest runs:
 * the test takes turns on the CPUs, and touches memory as a task there would.
 */
#include "sim/tlb_flush.h"

#include "mm/maccess.h"
#include "mm/mm.h"
#include "mm/pgtable.h"
#include "mm/tlbflush.h"
#include "mm/vmalloc.h"
#include "sim/machine.h"
#include "tests/mmu/random_stream.h"
#include "tests/run_suite.h"

#define NR_CPUS 4
#define NR_PAGES 64 /* of each mm */
#define BASE ((va_t)0x400000)

static struct machine *machine;
static struct kernel *k;

static void boot(bool pcid)
{
	const struct config_override overrides[] = { { "ram", "32M" },
		                                     { "cpus", "4" },
		                                     { "pcid", pcid ? "true" : "false" } };
	struct machine_options options = {
		.engine = ENGINE_EXACT,
		.check = true,
		.vfs = { .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 },
	};
	struct machine_config config;
	char why[512] = "";

	ck_assert_msg(!machine_config_load(&config, "skylake", overrides, 3, why, sizeof(why)),
	              "%s", why);
	ck_assert_msg(!machine_create(&machine, &config, &options, why, sizeof(why)), "%s", why);
	k = &machine->kernel;
	k->counts_accesses = false; /* all accesses are the test's */
}

static void shut_down(void)
{
	machine_destroy(machine);
}

/* ---- address spaces and CPUs ---- */

static void map(struct mm_struct *mm)
{
	ck_assert_int_eq(do_mmap(k, mm, NULL, BASE, NR_PAGES * PAGE_SIZE, PROT_READ_ | PROT_WRITE_,
	                         MAP_PRIVATE_ | MAP_ANONYMOUS_ | MAP_FIXED_, 0),
	                 (int64_t)BASE);
}

static struct mm_struct *new_mm(void)
{
	struct mm_struct *mm = mm_alloc(k);

	ck_assert_ptr_nonnull(mm);
	map(mm);
	return mm;
}

static va_t page(unsigned i)
{
	return BASE + i * PAGE_SIZE;
}

static struct cpu *on(unsigned cpu)
{
	turns_begin(&machine->cpus[cpu]);
	return &machine->cpus[cpu];
}

static void use(unsigned cpu, struct mm_struct *mm)
{
	cpu_switch_mm(on(cpu), mm);
}

static uint64_t misses(unsigned cpu)
{
	return mmu_counts(machine->cpus[cpu].mmu, PRIV_USER)->walks;
}

/* As a task on that CPU; faults are the kernel's. False: SIGSEGV. */
static bool try_touch(unsigned cpu, unsigned i, enum access_kind kind)
{
	struct mmu *mmu = on(cpu)->mmu;
	struct translation hit, walk;
	struct page_fault fault;

	while (!mmu_translate(mmu, page(i), kind, PRIV_USER, &hit, &fault)) {
		struct fault_result result = do_page_fault(k, machine->cpus[cpu].tlb.loaded_mm,
		                                           fault.va, fault.error_code, 0);

		if (result.outcome == FAULT_SIGSEGV)
			return false;
		ck_assert_int_eq(result.outcome, FAULT_MINOR_DONE);
	}
	ck_assert(mmu_probe(mmu, page(i), kind, PRIV_USER, &walk, NULL));
	ck_assert_uint_eq(hit.pa, walk.pa);
	return true;
}

static void touch(unsigned cpu, unsigned i)
{
	ck_assert(try_touch(cpu, i, ACCESS_STORE));
}

/* Walks that touching the page again takes: 0 if the TLBs still know it. */
static uint64_t walks_of(unsigned cpu, unsigned i)
{
	uint64_t before = misses(cpu);

	ck_assert(try_touch(cpu, i, ACCESS_STORE));
	return misses(cpu) - before;
}

static struct mmu_flush_counts flushes(unsigned cpu)
{
	return *mmu_flush_counts(machine->cpus[cpu].mmu);
}

static uint64_t shootdowns(unsigned cpu)
{
	uint64_t n = 0;

	for (int cause = 0; cause < NR_TLB_FLUSH_CAUSES; cause++)
		n += machine->cpus[cpu].tlb.shootdowns[cause];
	return n;
}

static void ck_valid(void)
{
	char what[256] = "";

	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++)
		ck_assert_msg(cpu_tlb_is_valid(&machine->cpus[cpu], what, sizeof(what)),
		              "CPU %u: %s", cpu, what);
}

/* ---- switching ---- */

START_TEST(with_pcids_translations_outlive_a_switch)
{
	struct mm_struct *a, *b;

	boot(true);
	a = new_mm();
	b = new_mm();
	use(0, a);
	touch(0, 1);
	use(0, b);
	touch(0, 1);
	use(0, a);
	ck_assert_uint_eq(walks_of(0, 1), 0);
	use(0, b);
	ck_assert_uint_eq(walks_of(0, 1), 0);
	ck_valid();
	mmput(k, a);
	mmput(k, b);
	shut_down();
}
END_TEST

START_TEST(without_pcids_each_switch_flushes)
{
	struct mm_struct *a, *b;
	struct mmu_flush_counts before;

	boot(false);
	a = new_mm();
	b = new_mm();
	use(0, a);
	touch(0, 1);
	use(0, b);
	touch(0, 1);
	before = flushes(0);
	use(0, a);
	ck_assert_uint_eq(flushes(0).cr3_writes - before.cr3_writes, 1);
	ck_assert_uint_eq(flushes(0).all - before.all, 1);
	ck_assert_uint_eq(walks_of(0, 1), 1);
	use(0, a); /* is loaded */
	ck_assert_uint_eq(walks_of(0, 1), 0);
	ck_valid();
	mmput(k, a);
	mmput(k, b);
	shut_down();
}
END_TEST

/* The same address in two mms is two pages, with PCIDs as without. */
START_TEST(processes_do_not_see_each_others_pages)
{
	struct mm_struct *mms[2];
	pa_t pa[2];

	boot(_i);
	for (int i = 0; i < 2; i++) {
		mms[i] = new_mm();
		use(0, mms[i]);
		touch(0, 5);
	}
	for (int i = 0; i < 6; i++) {
		struct translation t;
		struct page_fault fault;

		use(0, mms[i % 2]);
		ck_assert(mmu_translate(machine->cpus[0].mmu, page(5), ACCESS_LOAD, PRIV_USER, &t,
		                        &fault));
		if (i < 2)
			pa[i] = t.pa;
		ck_assert_uint_eq(t.pa, pa[i % 2]);
	}
	ck_assert_uint_ne(pa[0], pa[1]);
	mmput(k, mms[0]);
	mmput(k, mms[1]);
	shut_down();
}
END_TEST

START_TEST(the_seventh_mm_takes_the_first_ones_asid)
{
	struct mm_struct *mms[TLB_NR_DYN_ASIDS + 1];

	boot(true);
	for (int i = 0; i <= TLB_NR_DYN_ASIDS; i++) {
		mms[i] = new_mm();
		use(0, mms[i]);
		touch(0, 1);
		ck_assert_uint_eq(machine->cpus[0].tlb.loaded_asid, i % TLB_NR_DYN_ASIDS);
	}
	ck_valid();
	for (int i = TLB_NR_DYN_ASIDS; i > 0; i--) {
		use(0, mms[i]);
		ck_assert_uint_eq(walks_of(0, 1), 0);
	}
	use(0, mms[0]); /* in the place of the second */
	ck_assert_uint_eq(machine->cpus[0].tlb.loaded_asid, 1);
	ck_assert_uint_eq(walks_of(0, 1), 1);
	ck_valid();
	for (int i = 0; i <= TLB_NR_DYN_ASIDS; i++)
		mmput(k, mms[i]);
	shut_down();
}
END_TEST

/* ---- flushing ---- */

START_TEST(a_flush_reaches_the_cpus_that_have_the_mm_loaded_and_no_other)
{
	struct mmu_flush_counts before[NR_CPUS];
	struct mm_struct *a, *b;

	boot(_i);
	a = new_mm();
	b = new_mm();
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		use(cpu, cpu == 2 ? b : a);
		touch(cpu, 1);
		touch(cpu, 2);
		before[cpu] = flushes(cpu);
	}
	on(0);
	ck_assert_int_eq(do_madvise(k, a, page(1), PAGE_SIZE, MADV_DONTNEED_), 0);
	ck_valid();
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		ck_assert_uint_eq(flushes(cpu).page - before[cpu].page, cpu != 2);
		ck_assert_uint_eq(flushes(cpu).all, before[cpu].all);
		ck_assert_uint_eq(shootdowns(cpu), cpu == 1 || cpu == 3);
		ck_assert_uint_eq(machine->cpus[cpu].tlb.shootdowns[FLUSH_ZAP], shootdowns(cpu));
		ck_assert_uint_eq(walks_of(cpu, 2), 0);
	}
	ck_assert_uint_eq(k->vm_events[NR_TLB_REMOTE_FLUSH], 1);
	ck_assert_uint_eq(k->vm_events[NR_TLB_REMOTE_FLUSH_RECEIVED], 2);
	ck_assert_uint_eq(k->vm_events[NR_TLB_LOCAL_FLUSH_ONE], 1);
	mmput(k, a);
	mmput(k, b);
	shut_down();
}
END_TEST

START_TEST(more_than_33_pages_are_flushed_by_cr3)
{
	struct mmu_flush_counts before;
	struct mm_struct *mm;
	uint64_t one;

	boot(true);
	mm = new_mm();
	use(0, mm);
	for (unsigned i = 0; i < NR_PAGES; i++)
		touch(0, i);
	before = flushes(0);
	one = k->vm_events[NR_TLB_LOCAL_FLUSH_ONE];
	ck_assert_int_eq(do_madvise(k, mm, page(0), 33 * PAGE_SIZE, MADV_DONTNEED_), 0);
	ck_assert_uint_eq(flushes(0).page - before.page, 33);
	ck_assert_uint_eq(k->vm_events[NR_TLB_LOCAL_FLUSH_ONE] - one, 33);
	for (unsigned i = 0; i < NR_PAGES; i++)
		touch(0, i);
	before = flushes(0);
	ck_assert_int_eq(do_madvise(k, mm, page(0), 34 * PAGE_SIZE, MADV_DONTNEED_), 0);
	ck_assert_uint_eq(flushes(0).page, before.page);
	ck_assert_uint_eq(flushes(0).cr3_writes - before.cr3_writes, 1);
	ck_assert_uint_eq(k->vm_events[NR_TLB_LOCAL_FLUSH_ALL], 1);
	ck_valid();
	mmput(k, mm);
	shut_down();
}
END_TEST

START_TEST(a_cpu_that_has_left_finds_out_when_it_comes_back)
{
	struct mm_struct *a, *b;

	boot(true);
	a = new_mm();
	b = new_mm();
	use(1, a);
	touch(1, 1);
	touch(1, 2);
	use(1, b);
	use(0, a);
	ck_assert_int_eq(do_mprotect(k, a, page(1), PAGE_SIZE, PROT_READ_), 0);
	ck_assert_uint_eq(shootdowns(1), 0);
	ck_valid();
	use(1, a);
	ck_assert(!try_touch(1, 1, ACCESS_STORE));
	ck_assert_uint_eq(walks_of(1, 2), 1); /* all of the ASID went */
	ck_valid();
	mmput(k, a);
	mmput(k, b);
	shut_down();
}
END_TEST

START_TEST(kernel_addresses_are_flushed_on_all_cpus)
{
	uint64_t word = 1;
	va_t va;

	boot(_i);
	ck_assert(vmalloc(k, PAGE_SIZE, &va));
	for (unsigned cpu = 0; cpu < 3; cpu++) { /* the fourth is not up yet */
		on(cpu);
		ck_assert_int_eq(kernel_write(k, va, &word, sizeof(word)), 0);
	}
	on(0);
	vfree(k, va);
	ck_valid();
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++)
		ck_assert_uint_eq(machine->cpus[cpu].tlb.shootdowns[FLUSH_KERNEL],
		                  cpu == 1 || cpu == 2);
	flush_tlb_all(k);
	ck_assert_uint_eq(k->vm_events[NR_TLB_REMOTE_FLUSH_RECEIVED], 3);
	shut_down();
}
END_TEST

/* ---- lazy TLB ---- */

START_TEST(an_idle_cpu_is_not_told_and_catches_up)
{
	struct mm_struct *mm;

	boot(_i);
	mm = new_mm();
	use(0, mm);
	use(1, mm);
	touch(1, 1);
	touch(1, 2);
	cpu_enter_lazy_tlb(on(1));
	use(1, mm); /* nothing was missed */
	ck_assert_uint_eq(walks_of(1, 2), 0);
	cpu_enter_lazy_tlb(on(1));
	on(0);
	ck_assert_int_eq(do_madvise(k, mm, page(1), PAGE_SIZE, MADV_DONTNEED_), 0);
	ck_assert_uint_eq(shootdowns(1), 0);
	ck_assert_ptr_eq(machine->cpus[1].tlb.loaded_mm, mm);
	ck_valid();
	use(1, mm);
	ck_assert_uint_eq(walks_of(1, 2), 1);
	ck_valid();
	mmput(k, mm);
	shut_down();
}
END_TEST

START_TEST(an_idle_cpu_leaves_an_mm_whose_tables_go)
{
	struct mm_struct *mm;
	uint64_t nr_tables;

	boot(_i);
	use(0, &k->init_mm);
	nr_tables = vmstat_value(k, NR_PAGE_TABLE_PAGES);
	mm = new_mm();
	use(1, mm);
	touch(1, 1);
	cpu_enter_lazy_tlb(on(1));
	on(0);
	mmput(k, mm); /* its last task ends, on another CPU */
	ck_assert_ptr_eq(machine->cpus[1].tlb.loaded_mm, &k->init_mm);
	ck_assert_uint_eq(machine->cpus[1].tlb.shootdowns[FLUSH_EXIT], 1);
	ck_assert(list_empty(&k->mmlist));
	ck_assert_uint_eq(vmstat_value(k, NR_PAGE_TABLE_PAGES), nr_tables);
	ck_valid();
	shut_down();
}
END_TEST

START_TEST(an_mm_outlives_its_users_on_a_cpu_that_has_it_loaded)
{
	struct mm_struct *mm;

	boot(true);
	mm = mm_alloc(k);
	use(0, mm);
	cpu_enter_lazy_tlb(on(0));
	mmput(k, mm); /* nothing was mapped: there is nothing to flush */
	ck_assert_ptr_eq(machine->cpus[0].tlb.loaded_mm, mm);
	ck_assert(!list_empty(&k->mmlist));
	ck_valid();
	use(0, &k->init_mm);
	ck_assert(list_empty(&k->mmlist));
	shut_down();
}
END_TEST

/* ---- the check can fail ---- */

/* A flush that skips CPU 1, of a page that it knows; its notes then say that all is
 * well, or do not. */
static void leave_a_shootdown_out(bool forge_notes)
{
	struct tlb_state *tlb = &machine->cpus[1].tlb;
	struct mm_struct *mm = new_mm();

	use(0, mm);
	use(1, mm);
	touch(1, 1);
	on(0);
	mm->context.cpumask &= ~(uint64_t)2;
	ck_assert_int_eq(do_madvise(k, mm, page(1), PAGE_SIZE, MADV_DONTNEED_), 0);
	mm->context.cpumask |= 2;
	if (forge_notes)
		tlb->ctxs[tlb->loaded_asid].tlb_gen = mm->context.tlb_gen;
}

START_TEST(a_shootdown_that_is_left_out_is_found)
{
	char what[256] = "";

	boot(_i & 1);
	leave_a_shootdown_out(_i & 2);
	ck_assert(cpu_tlb_is_valid(&machine->cpus[0], what, sizeof(what)));
	ck_assert(!cpu_tlb_is_valid(&machine->cpus[1], what, sizeof(what)));
	ck_assert_ptr_nonnull(
	    strstr(what, _i & 2 ? "is not what the page tables say" : "is at generation"));
	mmput(k, machine->cpus[0].tlb.loaded_mm);
	shut_down();
}
END_TEST

/* ---- anything goes ---- */

#define NR_MMS 9

struct play {
	struct random_stream random;
	struct mm_struct *mms[NR_MMS];
};

static void replace_mm(struct play *p, unsigned i)
{
	struct mm_struct *old = p->mms[i];

	p->mms[i] = random_one_in(&p->random, 2) ? new_mm() : dup_mm(k, old);
	ck_assert_ptr_nonnull(p->mms[i]);
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++)
		if (machine->cpus[cpu].tlb.loaded_mm == old)
			cpu_enter_lazy_tlb(&machine->cpus[cpu]); /* its task has ended */
	mmput(k, old);
}

static bool can_touch(unsigned cpu)
{
	const struct tlb_state *tlb = &machine->cpus[cpu].tlb;

	return tlb->loaded_mm && tlb->loaded_mm != &k->init_mm && !tlb->is_lazy;
}

static void do_something(struct play *p)
{
	unsigned cpu = (unsigned)random_below(&p->random, NR_CPUS);
	unsigned i = (unsigned)random_below(&p->random, NR_MMS);
	unsigned at = (unsigned)random_below(&p->random, NR_PAGES);
	uint64_t len = (1 + random_below(&p->random, NR_PAGES - at)) * PAGE_SIZE;

	on(cpu);
	switch (random_below(&p->random, 24)) {
	case 0:
		do_munmap(k, p->mms[i], page(at), len);
		break;
	case 1:
		map(p->mms[i]);
		break;
	case 2:
		do_mprotect(k, p->mms[i], page(at), len,
		            random_one_in(&p->random, 2) ? PROT_READ_ : PROT_READ_ | PROT_WRITE_);
		break;
	case 3:
		do_madvise(k, p->mms[i], page(at), len, MADV_DONTNEED_);
		break;
	case 4:
		if (random_one_in(&p->random, 4))
			replace_mm(p, i);
		break;
	case 5:
		cpu_enter_lazy_tlb(&machine->cpus[cpu]);
		break;
	case 6: /* what it had can go on */
		if (machine->cpus[cpu].tlb.loaded_mm)
			use(cpu, machine->cpus[cpu].tlb.loaded_mm);
		break;
	case 7:
	case 8:
	case 9:
		use(cpu, p->mms[i]);
		break;
	default:
		if (can_touch(cpu))
			try_touch(cpu, at,
			          random_one_in(&p->random, 2) ? ACCESS_LOAD : ACCESS_STORE);
		break;
	}
}

/* try_touch() compares each hit with a walk. */
START_TEST(nothing_leaves_a_stale_translation)
{
	uint64_t cases = random_cases(4000);
	struct play p = { .random = random_start("nothing_leaves_a_stale_translation") };
	uint64_t received = 0;
	char what[256] = "";

	boot(_i);
	for (unsigned i = 0; i < NR_MMS; i++)
		p.mms[i] = new_mm();
	while (cases--) {
		do_something(&p);
		ck_valid();
	}
	ck_assert_msg(kernel_is_valid(k, what, sizeof(what)), "%s", what);
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++)
		received += shootdowns(cpu);
	ck_assert_uint_eq(k->vm_events[NR_TLB_REMOTE_FLUSH_RECEIVED], received);
	ck_assert_uint_ge(received, k->vm_events[NR_TLB_REMOTE_FLUSH] / 2);
	for (unsigned i = 0; i < NR_MMS; i++)
		mmput(k, p.mms[i]);
	shut_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sim/tlb_flush");
	TCase *tcase = tcase_create("tlb_flush");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, with_pcids_translations_outlive_a_switch);
	tcase_add_test(tcase, without_pcids_each_switch_flushes);
	tcase_add_loop_test(tcase, processes_do_not_see_each_others_pages, 0, 2);
	tcase_add_test(tcase, the_seventh_mm_takes_the_first_ones_asid);
	tcase_add_loop_test(tcase, a_flush_reaches_the_cpus_that_have_the_mm_loaded_and_no_other, 0,
	                    2);
	tcase_add_test(tcase, more_than_33_pages_are_flushed_by_cr3);
	tcase_add_test(tcase, a_cpu_that_has_left_finds_out_when_it_comes_back);
	tcase_add_loop_test(tcase, kernel_addresses_are_flushed_on_all_cpus, 0, 2);
	tcase_add_loop_test(tcase, an_idle_cpu_is_not_told_and_catches_up, 0, 2);
	tcase_add_loop_test(tcase, an_idle_cpu_leaves_an_mm_whose_tables_go, 0, 2);
	tcase_add_test(tcase, an_mm_outlives_its_users_on_a_cpu_that_has_it_loaded);
	tcase_add_loop_test(tcase, a_shootdown_that_is_left_out_is_found, 0, 4);
	tcase_add_loop_test(tcase, nothing_leaves_a_stale_translation, 0, 2);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
