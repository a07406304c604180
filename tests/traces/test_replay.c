/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replay of made-up traces: foreign ones, whose memory is there on demand, against a
 * brute-force MMU; and what happens to accesses and recorded faults where the tables do not
 * allow them.
 */
#include "traces/replay.h"

#include "mm/mm.h"
#include "sim/stats.h"
#include "tests/mmu/model_mmu.h"
#include "tests/mmu/random_stream.h"
#include "tests/run_suite.h"
#include "tests/traces/list_source.h"

#define PAGE(n) (0x10000000 + (n)*PAGE_SIZE)

static struct fixture {
	struct list_source list;
	struct replay *replay;
	struct kernel *k;
} f;

static void begin(bool has_events)
{
	list_source_init(&f.list, has_events);
	f.list.task = 7;
}

static int build(const char *machine, const char *ram, struct replay_options options, char *why)
{
	const struct config_override overrides[] = { { "ram", ram ? ram : "64M" } };
	struct machine_config config;

	ck_assert_msg(!machine_config_load(&config, machine, overrides, 1, why, 512), "%s", why);
	return replay_create(&f.replay, &f.list.source, &config, &options, why, 512);
}

static void boot_with(const char *machine, const char *ram, struct replay_options options)
{
	char why[512] = "";

	options.check = true;
	ck_assert_msg(!build(machine, ram, options, why), "%s", why);
	f.k = &f.replay->machine->kernel;
}

static void boot(const char *machine)
{
	boot_with(machine, NULL, (struct replay_options){ 0 });
}

static void end(void)
{
	replay_destroy(f.replay);
	trace_close(&f.list.source);
	f.replay = NULL;
}

static void run(void)
{
	char what[512];

	ck_assert_msg(!replay_run(f.replay), "%s", f.replay->error);
	ck_assert_msg(stats_check_sums(f.replay->machine, what, sizeof(what)), "%s", what);
}

static const struct mmu_counts *user_counts(void)
{
	return mmu_counts(f.replay->machine->cpus[0].mmu, PRIV_USER);
}

static void load(va_t va)
{
	list_source_access(&f.list, ACCESS_LOAD, va);
}

static void store(va_t va)
{
	list_source_access(&f.list, ACCESS_STORE, va);
}

/* ---- memory on demand ---- */

START_TEST(a_page_comes_before_its_first_access)
{
	begin(false);
	for (int i = 0; i < 3; i++) {
		load(PAGE(0));
		store(PAGE(0) + 8);
		load(PAGE(1));
	}
	boot("skylake");
	run();
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_LOAD], 6);
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_STORE], 3);
	ck_assert_uint_eq(tlb_counts_misses(&user_counts()->tlb[TLB_L1D]), 2);
	ck_assert_uint_eq(user_counts()->walks, 2);
	ck_assert_uint_eq(user_counts()->walks_faulted, 0);
	ck_assert_uint_eq(f.k->fault_kinds[FAULT_ANON], 2);
	ck_assert_uint_eq(f.k->vm_events[PGFAULT], 2);
	ck_assert_uint_eq(
	    mmu_counts(f.replay->machine->cpus[0].mmu, PRIV_KERNEL)->accesses[ACCESS_STORE], 0);
	end();
}
END_TEST

START_TEST(an_access_across_pages_counts_in_both)
{
	begin(false);
	list_source_access(&f.list, ACCESS_LOAD, PAGE(1) - 4)->size = 8;
	list_source_access(&f.list, ACCESS_LOAD, PAGE(1) - 8)->size = 8;
	list_source_access(&f.list, ACCESS_FETCH, PAGE(9) - 1)->size = 2;
	boot("skylake");
	run();
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_LOAD], 3);
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_FETCH], 2);
	ck_assert_uint_eq(f.k->fault_kinds[FAULT_ANON], 4);
	ck_assert_uint_eq(f.replay->counts.accesses, 3);
	end();
}
END_TEST

START_TEST(tasks_have_pages_of_their_own_and_threads_share_them)
{
	begin(false);
	load(PAGE(0)); /* 7, in an address space of its own */
	f.list.task = 8;
	load(PAGE(0)); /* 8, in another */
	list_source_event(&f.list, RECORD_SWITCH, 8, 0, 0, 0)->task = 9;
	f.list.task = 9;
	load(PAGE(0)); /* 9, in that of 8 */
	boot("skylake");
	run();
	ck_assert_uint_eq(f.k->fault_kinds[FAULT_ANON], 2);
	ck_assert_int_eq(
	    list_first_entry(&f.replay->machine->reports, struct task_report, list)->pid, 7);
	ck_assert_uint_eq(f.replay->machine->nr_alive, 3);
	end();
}
END_TEST

START_TEST(drcachesim_keeps_what_a_process_had_while_others_run)
{
	begin(false);
	for (int round = 0; round < 5; round++)
		for (f.list.task = 1; f.list.task <= 6; f.list.task++)
			for (int i = 0; i < 5; i++)
				load(PAGE(i));
	boot("drcachesim");
	run();
	ck_assert_uint_eq(tlb_counts_misses(&user_counts()->tlb[TLB_L1D]), 6 * 5);
	ck_assert_uint_eq(tlb_counts_hits(&user_counts()->tlb[TLB_L1D]), 4 * 6 * 5);
	end();
}
END_TEST

START_TEST(addresses_that_no_program_has_are_refused_or_folded)
{
	const va_t kernel_half = 0xffffffff81000123, beyond_32 = 0x7fff12345678;

	for (int fold = 0; fold < 2; fold++)
		for (int i = 0; i < 2; i++) {
			begin(false);
			load(PAGE(0));
			load(i ? beyond_32 : kernel_half);
			boot_with(i ? "p6" : "skylake", NULL,
			          (struct replay_options){ .fold = fold });
			if (fold) {
				run();
				ck_assert_uint_eq(user_counts()->accesses[ACCESS_LOAD], 2);
			} else {
				ck_assert_int_eq(replay_run(f.replay), -EINVAL);
				ck_assert_msg(strstr(f.replay->error, "record 2: ") != NULL, "%s",
				              f.replay->error);
				ck_assert_uint_eq(user_counts()->accesses[ACCESS_LOAD], 1);
			}
			end();
		}
}
END_TEST

START_TEST(what_does_not_fit_the_machine_is_refused_before_it_begins)
{
	char why[512] = "";

	begin(true);
	f.list.source.info.va_bits = 48;
	ck_assert_int_eq(build("p6", NULL, (struct replay_options){ 0 }, why), -EINVAL);
	ck_assert_str_ne(why, "");
	begin(false);
	f.list.source.info.is_physical = true;
	ck_assert_int_eq(build("skylake", NULL, (struct replay_options){ 0 }, why), -EINVAL);
}
END_TEST

START_TEST(a_task_that_is_too_large_for_the_machine_is_killed_and_skipped)
{
	const unsigned nr_pages = 8 * MIB / PAGE_SIZE;

	begin(false);
	for (unsigned i = 0; i < nr_pages; i++)
		store(PAGE(i));
	f.list.task = 8;
	store(PAGE(0));
	boot_with("skylake", "8M", (struct replay_options){ 0 });
	run();
	ck_assert_uint_eq(f.k->nr_oom_kills, 1);
	ck_assert_uint_gt(f.replay->counts.skipped, 0);
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_STORE] + f.replay->counts.skipped,
	                  nr_pages + 1);
	ck_assert_uint_lt(f.replay->counts.skipped, nr_pages);
	end();
}
END_TEST

START_TEST(a_broken_trace_counts_up_to_the_broken_record)
{
	begin(false);
	for (unsigned i = 0; i < 10; i++)
		load(PAGE(i));
	f.list.breaks_at = 6;
	boot("skylake");
	ck_assert_int_eq(replay_run(f.replay), -EINVAL);
	ck_assert_str_eq(f.replay->error, "list: record 6: broken");
	ck_assert(!f.replay->complete);
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_LOAD], 5);
	end();
}
END_TEST

/* ---- a recorded run ---- */

/* As the events of its making would: a task with 16 pages of memory, the last four of which
 * cannot be written. */
static void give_task(int32_t pid)
{
	struct replay *replay = f.replay;
	struct mm_struct *mm;
	struct task *task;

	f.k->counts_accesses = false; /* in nobody's name */
	mm = mm_alloc(f.k);
	ck_assert_int_eq(task_create_bare(&task, replay->machine, pid, pid, 0), 0);
	ck_assert_int_eq(insert_vma(f.k, mm, PAGE(0), PAGE(12),
	                            VM_READ | VM_WRITE | VM_EXEC | VM_MAYREAD | VM_MAYWRITE, NULL),
	                 0);
	ck_assert_int_eq(insert_vma(f.k, mm, PAGE(12), PAGE(16), VM_READ | VM_MAYREAD, NULL), 0);
	task->mm = mm;
	ck_assert_int_eq(things_set(&replay->tasks, (uint64_t)pid, task), 0);
	ck_assert_int_eq(things_set(&replay->mms, (uint64_t)pid, mm), 0);
	f.k->counts_accesses = true;
}

static void switch_task(int32_t pid)
{
	f.list.task = pid;
	list_source_event(&f.list, RECORD_SWITCH, (uint64_t)pid, 0, 0, 0);
}

static void fault(enum access_kind kind, va_t va)
{
	list_source_event(&f.list, RECORD_FAULT, va, kind, PRIV_USER, 0x401000);
}

static void begin_recorded(void)
{
	begin(true);
	switch_task(7);
}

static void boot_recorded(void)
{
	boot("skylake");
	give_task(7);
}

START_TEST(a_recorded_fault_is_made_and_answered)
{
	begin_recorded();
	fault(ACCESS_LOAD, PAGE(0));
	load(PAGE(0));
	fault(ACCESS_STORE, PAGE(0));
	store(PAGE(0));
	boot_recorded();
	run();
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_LOAD], 2);
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_STORE], 2);
	ck_assert_uint_eq(user_counts()->walks_faulted, 2);
	ck_assert_uint_eq(f.k->fault_kinds[FAULT_ANON_ZERO], 1);
	ck_assert_uint_eq(f.k->fault_kinds[FAULT_COW], 1);
	end();
}
END_TEST

START_TEST(a_recorded_fault_that_is_none_here_is_not_made)
{
	begin_recorded();
	fault(ACCESS_LOAD, PAGE(0));
	load(PAGE(0));
	fault(ACCESS_LOAD, PAGE(0) + 8);
	load(PAGE(0) + 8);
	boot_recorded();
	run();
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_LOAD], 3);
	ck_assert_uint_eq(f.k->vm_events[PGFAULT], 1);
	end();
}
END_TEST

/* mov (A), (B), if there were such: its fault at B was recorded, and its second try. */
START_TEST(an_instruction_without_its_fault_is_not_tried_twice)
{
	const uint64_t ip = PAGE(8);

	begin_recorded();
	store(PAGE(1));
	list_source_access(&f.list, ACCESS_FETCH, ip)->count = 3;
	list_source_access(&f.list, ACCESS_LOAD, PAGE(0))->ip = ip + 4;
	list_source_event(&f.list, RECORD_FAULT, PAGE(1), ACCESS_STORE, PRIV_USER, ip + 4);
	list_source_access(&f.list, ACCESS_FETCH, ip + 4)->count = 2;
	list_source_access(&f.list, ACCESS_LOAD, PAGE(0))->ip = ip + 4;
	list_source_access(&f.list, ACCESS_STORE, PAGE(1))->ip = ip + 4;
	list_source_access(&f.list, ACCESS_LOAD, PAGE(0))->ip = ip + 7;
	boot_recorded();
	run();
	/* Those that fault here are made twice. */
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_FETCH], 3 + 1 + 2 - 1 + 1);
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_LOAD], 1 + 1 + 1);
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_STORE], 1 + 1 + 1);
	ck_assert_uint_eq(f.replay->counts.accesses, 1 + 3 + 1 + 2 + 1 + 1 + 1);
	end();
}
END_TEST

/* add r, (A); then mov (A), (B), neither of which faulted when they were recorded. */
START_TEST(an_instruction_that_faults_here_alone_is_tried_again_from_its_start)
{
	const uint64_t ip = PAGE(8);

	begin_recorded();
	list_source_access(&f.list, ACCESS_FETCH, ip)->count = 3;
	list_source_access(&f.list, ACCESS_LOAD, PAGE(0))->ip = ip;
	list_source_access(&f.list, ACCESS_STORE, PAGE(0))->ip = ip;
	list_source_access(&f.list, ACCESS_LOAD, PAGE(0))->ip = ip + 4;
	list_source_access(&f.list, ACCESS_STORE, PAGE(1))->ip = ip + 4;
	boot_recorded();
	run();
	/* its own fault; the block; for each data fault another */
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_FETCH], 1 + 3 + 2);
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_LOAD], 1 + 2);
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_STORE], 2 + 2);
	ck_assert_uint_eq(f.k->fault_kinds[FAULT_ANON_ZERO], 1); /* the code's page */
	ck_assert_uint_eq(f.k->fault_kinds[FAULT_ANON], 2);
	ck_assert_uint_eq(f.k->fault_kinds[FAULT_COW], 0);
	end();
}
END_TEST

START_TEST(a_fault_that_nobody_answered_is_made_alone)
{
	begin_recorded();
	list_source_event(&f.list, RECORD_GIVE_UP, PAGE(0), ACCESS_LOAD, PRIV_USER, 0x401000);
	boot_recorded();
	run();
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_LOAD], 1);
	ck_assert_uint_eq(user_counts()->walks_faulted, 1);
	ck_assert_uint_eq(f.k->vm_events[PGFAULT], 0);
	end();
}
END_TEST

START_TEST(an_access_that_faults_here_alone_is_answered_and_made_again)
{
	begin_recorded();
	list_source_access(&f.list, ACCESS_STORE, PAGE(3))->count = 5;
	boot_recorded();
	run();
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_STORE], 6);
	ck_assert_uint_eq(user_counts()->walks_faulted, 1);
	ck_assert_uint_eq(f.k->fault_kinds[FAULT_ANON], 1);
	ck_assert_uint_eq(f.replay->counts.accesses, 5);
	ck_assert_uint_eq(f.replay->counts.segv, 0);
	end();
}
END_TEST

START_TEST(an_access_that_nothing_allows_is_left_out)
{
	begin_recorded();
	list_source_access(&f.list, ACCESS_LOAD, PAGE(100))->count = 5; /* no area */
	store(PAGE(12));                                                /* read-only */
	load((va_t)1 << 50);                                            /* not canonical */
	load(PAGE(12));
	boot_recorded();
	run();
	ck_assert_uint_eq(f.replay->counts.segv, 7);
	ck_assert_uint_eq(f.replay->counts.skipped, 0);
	ck_assert_uint_eq(f.k->nr_segv, 2);
	ck_assert_uint_eq(user_counts()->walks, 4);
	end();
}
END_TEST

START_TEST(a_task_that_was_killed_here_is_skipped_from_its_next_fault_on)
{
	struct mm_struct *mm;

	begin_recorded();
	store(PAGE(0));
	list_source_event(&f.list, RECORD_FAULT, PAGE(1), ACCESS_LOAD, PRIV_USER, 0);
	store(PAGE(2));
	fault(ACCESS_STORE, PAGE(3));
	load(PAGE(3));
	boot_recorded();
	mm = things_find(&f.replay->mms, 7);
	mm->oom_victim = true; /* which nothing has told the replay */
	run();
	ck_assert_ptr_null(things_find(&f.replay->mms, 7));
	ck_assert_uint_eq(f.replay->counts.skipped, 5);
	ck_assert_int_eq(mm->mm_users, 0);
	end();
}
END_TEST

START_TEST(several_recorded_cpus_may_share_one)
{
	struct task_figures figures[2];
	int i = 0;

	begin(true);
	for (f.list.cpu = 0; f.list.cpu < 2; f.list.cpu++)
		switch_task(f.list.cpu ? 8 : 7);
	for (int round = 0; round < 3; round++)
		for (f.list.cpu = 0; f.list.cpu < 2; f.list.cpu++) {
			f.list.task = f.list.cpu ? 8 : 7;
			list_source_access(&f.list, ACCESS_STORE, PAGE(0))->count =
			    f.list.cpu ? 10 : 1;
		}
	boot_recorded();
	give_task(8);
	run();
	{
		const struct task_report *report;

		list_for_each_entry (report, &f.replay->machine->reports, list)
			task_report_now(report, &figures[i++]);
	}
	ck_assert_int_eq(i, 2);
	ck_assert_uint_eq(figures[0].mmu[PRIV_USER].accesses[ACCESS_STORE], 3 + 1);
	ck_assert_uint_eq(figures[1].mmu[PRIV_USER].accesses[ACCESS_STORE], 30 + 1);
	end();
}
END_TEST

START_TEST(the_kernels_accesses_are_the_kernels)
{
	begin_recorded();
	list_source_access(&f.list, ACCESS_STORE, PAGE(0))->priv = PRIV_KERNEL;
	boot_recorded();
	run();
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_STORE], 0);
	ck_assert_uint_eq(f.k->fault_kinds[FAULT_ANON], 1);
	end();
}
END_TEST

START_TEST(accesses_of_nobody_are_skipped)
{
	begin(true);
	load(PAGE(0));
	switch_task(99);
	load(PAGE(0));
	fault(ACCESS_LOAD, PAGE(0));
	boot_recorded();
	run();
	ck_assert_uint_eq(f.replay->counts.skipped, 4);
	ck_assert_uint_eq(user_counts()->accesses[ACCESS_LOAD], 0);
	end();
}
END_TEST

/* What a trace may say, and no run can have done. */
static const struct {
	uint32_t cpu;
	int kind;
	uint64_t args[4];
} wrong[] = {
	{ NR_CPUS_MAX, RECORD_SWITCH, { 0 } },
	{ UINT32_MAX, RECORD_FAULT, { 0 } },
	{ 0, NR_RECORD_KINDS, { 0 } },
	{ 0, -1, { 0 } },
	{ 0, RECORD_FAULT, { PAGE(0), NR_ACCESS_KINDS, PRIV_USER, 0 } },
	{ 0, RECORD_FAULT, { PAGE(0), ACCESS_LOAD, UINT64_MAX, 0 } },
};

START_TEST(records_that_cannot_be_are_refused_with_their_number)
{
	struct record_event *event;

	begin_recorded();
	load(PAGE(0));
	event = list_source_event(&f.list, (enum record_kind)wrong[_i].kind, wrong[_i].args[0],
	                          wrong[_i].args[1], wrong[_i].args[2], wrong[_i].args[3]);
	event->cpu = wrong[_i].cpu;
	boot_recorded();
	ck_assert_int_eq(replay_run(f.replay), -EINVAL);
	ck_assert_msg(!strncmp(f.replay->error, "record 3: ", 10), "%s", f.replay->error);
	end();
}
END_TEST

/* ---- against a brute-force MMU ---- */

/* A machine replays a random trace; the model is told of the same accesses. */
struct judge {
	struct observer observer; /* first */
	struct model *model;
	struct mmu_flush_counts before;
};

static void notice_flush(struct observer *self, const struct event *event)
{
	struct judge *judge = (struct judge *)self;

	model_flush(judge->model, (enum tlb_flush_reason)event->arg, event->va,
	            (uint16_t)event->code);
}

static void tell_model(struct judge *judge, enum access_kind kind, va_t va)
{
	const struct mmu *mmu = f.replay->machine->cpus[0].mmu;
	bool has_pcid = mmu_cr4(mmu) & CR4_PCIDE;
	const struct model_access access = {
		.va = va,
		.kind = kind,
		.priv = PRIV_USER,
		.pcid = has_pcid ? (uint16_t)(mmu_cr3(mmu) & CR3_PCID_MASK) : 0,
		.depth = f.replay->machine->config.paging->nr_levels - 1,
		.present = true,
		.size = PAGE_4K,
		.page_pa = va & PAGE_MASK & 0xfffff000,
		.writable = true,
		.user = true,
		.executable = true,
		.dirty = true,
	};
	pa_t pa;

	ck_assert(model_translate(judge->model, &access, &pa));
}

/* A task mostly stays, and an address is mostly near the last. */
static void add_random(struct random_stream *random, va_t *last)
{
	struct trace_access *access;

	if (random_one_in(random, 200))
		f.list.task = 7 + (int32_t)random_below(random, 8);
	if (random_one_in(random, 5))
		*last = PAGE(random_below(random, random_one_in(random, 4) ? 3000 : 40));
	*last += random_below(random, 64);
	access = list_source_access(&f.list, (enum access_kind)random_below(random, 3), *last);
	if (random_one_in(random, 3))
		access->count = (uint32_t)random_below(random, 9);
	else
		access->size = (uint16_t)random_below(random, 65);
}

static void judge_trace(struct judge *judge)
{
	struct trace_batch batch;

	while (trace_next(&f.list.source, &batch) > 0) {
		size_t at = f.list.at;
		size_t nr = f.list.nr;

		/* That batch alone, on the machine; then on the model, which has heard of
		 * the flushes. */
		f.list.at -= batch.nr;
		f.list.nr = at;
		run();
		for (uint32_t i = 0; i < batch.nr; i++) {
			const struct trace_access *access = &batch.accesses[i];

			for (uint32_t j = 0; j < access->count; j++)
				tell_model(judge, access->kind, access->va);
			if (access->count == 1 &&
			    (access->va & ~PAGE_MASK) + access->size > PAGE_SIZE)
				tell_model(judge, access->kind, (access->va | ~PAGE_MASK) + 1);
		}
		f.list.nr = nr;
	}
}

static const char *const machines[] = {
	"drcachesim", "skylake", "zen2", "nehalem", "p6", "champsim"
};

START_TEST(foreign_traces_count_as_the_brute_force_mmu)
{
	struct random_stream random = random_start(machines[_i]);
	struct judge judge = { .observer = { .wants = 1u << EVENT_TLB_FLUSH,
		                             .notice = notice_flush } };
	va_t last = PAGE(0);

	begin(false);
	f.list.batch_limit = 300;
	for (uint64_t n = random_cases(20000); n; n--)
		add_random(&random, &last);
	boot_with(machines[_i], NULL, (struct replay_options){ 0 });
	f.replay->machine->options.check = false; /* the model does */
	judge.model = model_create(&f.replay->machine->config.mmu,
	                           f.replay->machine->config.paging->nr_levels);
	event_observe(&f.replay->machine->events, &judge.observer);
	judge_trace(&judge);
	ck_assert_mem_eq(user_counts(), model_counts(judge.model, PRIV_USER),
	                 sizeof(struct mmu_counts));
	event_ignore(&f.replay->machine->events, &judge.observer);
	model_destroy(judge.model);
	end();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("replay");
	TCase *demand = tcase_create("memory on demand");
	TCase *recorded = tcase_create("a recorded run");
	TCase *judged = tcase_create("against a brute-force MMU");

	tcase_add_test(demand, a_page_comes_before_its_first_access);
	tcase_add_test(demand, an_access_across_pages_counts_in_both);
	tcase_add_test(demand, tasks_have_pages_of_their_own_and_threads_share_them);
	tcase_add_test(demand, drcachesim_keeps_what_a_process_had_while_others_run);
	tcase_add_test(demand, addresses_that_no_program_has_are_refused_or_folded);
	tcase_add_test(demand, what_does_not_fit_the_machine_is_refused_before_it_begins);
	tcase_add_test(demand, a_task_that_is_too_large_for_the_machine_is_killed_and_skipped);
	tcase_add_test(demand, a_broken_trace_counts_up_to_the_broken_record);
	suite_add_tcase(s, demand);
	tcase_add_test(recorded, a_recorded_fault_is_made_and_answered);
	tcase_add_test(recorded, a_recorded_fault_that_is_none_here_is_not_made);
	tcase_add_test(recorded, an_instruction_without_its_fault_is_not_tried_twice);
	tcase_add_test(recorded,
	               an_instruction_that_faults_here_alone_is_tried_again_from_its_start);
	tcase_add_test(recorded, a_fault_that_nobody_answered_is_made_alone);
	tcase_add_test(recorded, an_access_that_faults_here_alone_is_answered_and_made_again);
	tcase_add_test(recorded, an_access_that_nothing_allows_is_left_out);
	tcase_add_test(recorded, a_task_that_was_killed_here_is_skipped_from_its_next_fault_on);
	tcase_add_test(recorded, several_recorded_cpus_may_share_one);
	tcase_add_test(recorded, the_kernels_accesses_are_the_kernels);
	tcase_add_test(recorded, accesses_of_nobody_are_skipped);
	tcase_add_loop_test(recorded, records_that_cannot_be_are_refused_with_their_number, 0,
	                    sizeof(wrong) / sizeof(wrong[0]));
	suite_add_tcase(s, recorded);
	tcase_add_loop_test(judged, foreign_traces_count_as_the_brute_force_mmu, 0,
	                    sizeof(machines) / sizeof(machines[0]));
	suite_add_tcase(s, judged);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
