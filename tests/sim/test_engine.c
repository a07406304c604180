/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine with page tables of the test's own and no kernel: code snippets run
 * at CODE_VA, data lies at DATA_VA. Pages listed in absent[] are mapped when the
 * engine asks for them, and each question is noted.
 */
#include "sim/engine.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define CODE_VA ((va_t)0x400000)
#define DATA_VA ((va_t)0x600000)
#define NR_CODE_PAGES 3
#define NR_DATA_PAGES 8

/* Frames: 0 to 15 for page tables, then code, then data. */
#define CODE_PFN ((pfn_t)16)
#define DATA_PFN ((pfn_t)32)
#define ZERO_PFN ((pfn_t)64)

/* Snippets: snippet_NAME to snippet_NAME_end. */
#define SNIPPET(name, text)                                                                        \
	__asm__(".pushsection .rodata\n.balign 64\nsnippet_" #name ":\n" text "\nsnippet_" #name   \
	        "_end:\n.popsection");                                                             \
	extern const uint8_t snippet_##name[], snippet_##name##_end[];

struct question {
	va_t va; /* exact */
	enum access_kind kind;
	uint64_t ip;
};

struct fixture {
	struct ram ram;
	struct event_stream events;
	struct mmu *mmu;
	struct engine *engine;
	struct question questions[64];
	int nr_questions;
	bool refuse;
	uint64_t tsc;
	struct x86_regs regs;
	struct engine_stopped stopped;
};

static struct fixture f;

/* The last-level entry of va; tables are at fixed frames, one for each level. */
static uint64_t *entry_of(va_t va)
{
	uint64_t *tables[4];

	for (int i = 0; i < 4; i++)
		tables[i] = ram_at(&f.ram, (pa_t)(1 + i) << PAGE_SHIFT);
	tables[0][0] = (pa_t)2 << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US;
	tables[1][0] = (pa_t)3 << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US;
	/* 0x400000 to 0x5fffff in frame 4, 0x600000 on in frame 5. */
	tables[2][2] = (pa_t)4 << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US;
	tables[2][3] = (pa_t)5 << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US;
	return (uint64_t *)ram_at(&f.ram, (pa_t)(va < DATA_VA ? 4 : 5) << PAGE_SHIFT) +
	       (va >> PAGE_SHIFT & 511);
}

static void map(va_t va, pfn_t pfn, uint64_t flags)
{
	*entry_of(va) = pfn << PAGE_SHIFT | PTE_P | PTE_US | flags;
}

static void map_page(va_t va)
{
	if (va < DATA_VA)
		map(va, CODE_PFN + ((va - CODE_VA) >> PAGE_SHIFT), 0);
	else
		map(va, DATA_PFN + ((va - DATA_VA) >> PAGE_SHIFT), PTE_RW);
}

static bool look_up(void *owner, va_t va, enum access_kind kind, struct engine_page *page)
{
	struct translation tr;

	if (!mmu_probe(((struct fixture *)owner)->mmu, va, kind, PRIV_USER, &tr, NULL))
		return false;
	*page = (struct engine_page){ tr.pa >> PAGE_SHIFT, true, tr.writable, tr.executable,
		                      tr.pa >> PAGE_SHIFT == ZERO_PFN };
	return true;
}

static bool fault(void *owner, va_t va, enum access_kind kind, uint64_t ip)
{
	struct fixture *fixture = owner;

	fixture->questions[fixture->nr_questions++] = (struct question){ va, kind, ip };
	if (!fixture->refuse)
		map_page(va & PAGE_MASK);
	return !fixture->refuse;
}

static void check_access(void *owner, va_t va, enum access_kind kind, pa_t pa)
{
	struct fixture *fixture = owner;
	struct translation tr;

	ck_assert(mmu_probe(fixture->mmu, va, kind, PRIV_USER, &tr, NULL));
	ck_assert_uint_eq(tr.pa, pa);
}

static uint64_t read_tsc(void *owner)
{
	return ((struct fixture *)owner)->tsc += 0x100000001;
}

static const struct engine_ops ops = {
	.look_up = look_up, .fault = fault, .read_tsc = read_tsc, .check_access = check_access
};

static struct mmu_config one_level_config(void)
{
	struct mmu_config config = { .physical_bits = 40, .has_1g_pages = true };

	for (int level = TLB_L1I; level <= TLB_L1D; level++) {
		config.tlb[level].nr_arrays = 1;
		config.tlb[level].arrays[0] = (struct tlb_config){ .name = "l1",
			                                           .entries = 16,
			                                           .page_sizes = 1 << PAGE_4K,
			                                           .policy = &tlb_policy_lru };
	}
	return config;
}

static void turn_paging_on(struct mmu *mmu)
{
	mmu_write_cr0(mmu, CR0_PE | CR0_WP);
	mmu_write_cr4(mmu, CR4_PAE);
	mmu_write_efer(mmu, EFER_LME | EFER_NXE);
	mmu_write_cr3(mmu, (pa_t)1 << PAGE_SHIFT);
	mmu_write_cr0(mmu, CR0_PE | CR0_WP | CR0_PG);
}

static void set_up_mode(enum engine_mode mode)
{
	struct mmu_config config = one_level_config();

	memset(&f, 0, sizeof(f));
	ck_assert_int_eq(ram_init(&f.ram, 4 * MIB), 0);
	ck_assert_int_eq(mmu_create(&f.mmu, &config, &f.ram, &f.events), 0);
	turn_paging_on(f.mmu);
	for (int i = 0; i < NR_CODE_PAGES; i++)
		map_page(CODE_VA + (va_t)i * PAGE_SIZE);
	for (int i = 0; i < NR_DATA_PAGES; i++)
		map_page(DATA_VA + (va_t)i * PAGE_SIZE);
	ck_assert_int_eq(
	    engine_create(&f.engine, mode, &f.ram, f.mmu, &segments_kernel64, &ops, &f), 0);
}

static void set_up(void)
{
	set_up_mode(ENGINE_EXACT);
}

static void tear_down(void)
{
	engine_destroy(f.engine);
	mmu_destroy(f.mmu);
	ram_finish(&f.ram);
}

static void put_code(va_t va, const uint8_t *from, const uint8_t *end)
{
	memcpy(ram_at(&f.ram, (CODE_PFN << PAGE_SHIFT) + (va - CODE_VA)), from,
	       (size_t)(end - from));
}

/* Runs the snippet from va on until it stops. */
static void run_at(va_t va)
{
	f.regs.ip = va;
	f.regs.flags = 0x202;
	engine_set_regs(f.engine, &f.regs);
	ck_assert_int_eq(engine_run(f.engine, UINT64_MAX, &f.stopped), 0);
	engine_get_regs(f.engine, &f.regs);
}

#define RUN_AT(va, name)                                                                           \
	do {                                                                                       \
		put_code(va, snippet_##name, snippet_##name##_end);                                \
		run_at(va);                                                                        \
	} while (0)
#define RUN(name) RUN_AT(CODE_VA, name)

static const uint64_t *accesses(void)
{
	return mmu_counts(f.mmu, PRIV_USER)->accesses;
}

static void assert_stop(enum engine_stop why, va_t ip)
{
	ck_assert_int_eq(f.stopped.why, why);
	ck_assert_uint_eq(f.regs.ip, ip);
}

SNIPPET(count, "mov (%rbx),%rax\n"
               "mov %rax,8(%rbx)\n"
               "add %rax,(%rbx)\n"
               "syscall")

START_TEST(each_instruction_and_access_is_counted_once)
{
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN(count);
	/* cppcheck-suppress comparePointers ; labels around one piece of code */
	assert_stop(ENGINE_STOP_SYSCALL, CODE_VA + (va_t)(snippet_count_end - snippet_count));
	ck_assert_uint_eq(engine_instructions(f.engine), 4);
	ck_assert_uint_eq(accesses()[ACCESS_FETCH], 4);
	ck_assert_uint_eq(accesses()[ACCESS_LOAD], 2);
	ck_assert_uint_eq(accesses()[ACCESS_STORE], 2);
}
END_TEST

SNIPPET(cross, "mov 0xffc(%rbx),%rax\n"
               "mov %rax,0xffc(%rbx)\n"
               "syscall")

START_TEST(an_access_across_pages_counts_twice)
{
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN(cross);
	ck_assert_uint_eq(accesses()[ACCESS_LOAD], 2);
	ck_assert_uint_eq(accesses()[ACCESS_STORE], 2);
	ck_assert_int_eq(f.nr_questions, 0);
}
END_TEST

START_TEST(a_store_into_an_absent_second_page_asks_for_that_page)
{
	*entry_of(DATA_VA + PAGE_SIZE) = 0;
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN(cross);
	ck_assert_int_eq(f.nr_questions, 1);
	ck_assert_uint_eq(f.questions[0].va, DATA_VA + PAGE_SIZE);
	ck_assert_uint_eq(accesses()[ACCESS_STORE], 2);
}
END_TEST

SNIPPET(repeat, "mov $100,%ecx\n"
                "rep stosb\n"
                "syscall")

START_TEST(a_rep_instruction_is_one_instruction_and_many_accesses)
{
	f.regs.gpr[REG_DI] = DATA_VA;
	RUN(repeat);
	ck_assert_uint_eq(engine_instructions(f.engine), 3);
	ck_assert_uint_eq(accesses()[ACCESS_STORE], 100);
}
END_TEST

SNIPPET(rmw, "nop\n"
             "lock addl $1,12(%rbx)\n"
             "syscall")

START_TEST(a_read_modify_write_asks_once_as_a_store_at_its_exact_address)
{
	*entry_of(DATA_VA) = 0;
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN(rmw);
	ck_assert_int_eq(f.nr_questions, 1);
	ck_assert_uint_eq(f.questions[0].va, DATA_VA + 12);
	ck_assert_int_eq(f.questions[0].kind, ACCESS_STORE);
	ck_assert_uint_eq(f.questions[0].ip, CODE_VA + 1);
}
END_TEST

SNIPPET(refused, "inc %rax\n"
                 "inc %rax\n"
                 "mov 0x18(%rbx),%rcx\n"
                 "inc %rax\n"
                 "syscall")

START_TEST(a_refused_page_stops_before_the_instruction)
{
	*entry_of(DATA_VA) = 0;
	f.refuse = true;
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN(refused);
	assert_stop(ENGINE_STOP_FAULT, CODE_VA + 6);
	ck_assert_uint_eq(f.regs.gpr[REG_AX], 2);
	ck_assert_uint_eq(engine_instructions(f.engine), 2);
	f.refuse = false;
	run_at(f.regs.ip);
	ck_assert_int_eq(f.stopped.why, ENGINE_STOP_SYSCALL);
	ck_assert_uint_eq(f.regs.gpr[REG_AX], 3);
	ck_assert_uint_eq(engine_instructions(f.engine), 5);
}
END_TEST

SNIPPET(straddle, "inc %rax\n"            /* 3 bytes: from CODE_VA + 0xff8 */
                  "mov (%rbx),%rcx\n"     /* 3 bytes: touches data first */
                  "movabs $0x1234,%rdx\n" /* 10 bytes: 2 of them in the first page */
                  "syscall")

START_TEST(an_absent_second_code_page_is_asked_for_after_what_lies_before_it)
{
	*entry_of(CODE_VA + PAGE_SIZE) = 0;
	*entry_of(DATA_VA) = 0;
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN_AT(CODE_VA + 0xff8, straddle);
	ck_assert_int_eq(f.stopped.why, ENGINE_STOP_SYSCALL);
	ck_assert_int_eq(f.nr_questions, 2);
	ck_assert_uint_eq(f.questions[0].va, DATA_VA);
	ck_assert_uint_eq(f.questions[0].ip, CODE_VA + 0xffb);
	ck_assert_uint_eq(f.questions[1].va, CODE_VA + PAGE_SIZE);
	ck_assert_uint_eq(f.questions[1].ip, CODE_VA + 0xffe);
	ck_assert_int_eq(f.questions[1].kind, ACCESS_FETCH);
	ck_assert_uint_eq(f.regs.gpr[REG_DX], 0x1234);
	ck_assert_uint_eq(engine_instructions(f.engine), 4);
}
END_TEST

SNIPPET(divide, "xor %ecx,%ecx\n"
                "div %rcx")

START_TEST(an_exception_stops_at_its_instruction_each_time)
{
	for (int i = 0; i < 3; i++) {
		RUN(divide);
		assert_stop(ENGINE_STOP_EXCEPTION, CODE_VA + 2);
		ck_assert_int_eq(f.stopped.vector, 0);
	}
	ck_assert_uint_eq(engine_instructions(f.engine), 3);
}
END_TEST

SNIPPET(undefined, "nop\nud2")

START_TEST(an_unknown_instruction_stops_at_itself)
{
	RUN(undefined);
	assert_stop(ENGINE_STOP_ILLEGAL, CODE_VA + 1);
	ck_assert_uint_eq(engine_instructions(f.engine), 1);
}
END_TEST

SNIPPET(halt, "hlt")
SNIPPET(load_cr3, "mov %rax,%cr3")
SNIPPET(write_msr, "wrmsr")
SNIPPET(port, "in $0x60,%al")

START_TEST(privileged_instructions_raise_a_protection_fault)
{
	RUN(halt);
	assert_stop(ENGINE_STOP_EXCEPTION, CODE_VA);
	ck_assert_int_eq(f.stopped.vector, 13);
	RUN_AT(CODE_VA + 64, load_cr3);
	assert_stop(ENGINE_STOP_EXCEPTION, CODE_VA + 64);
	ck_assert_int_eq(f.stopped.vector, 13);
	RUN_AT(CODE_VA + 128, write_msr);
	assert_stop(ENGINE_STOP_EXCEPTION, CODE_VA + 128);
	RUN_AT(CODE_VA + 192, port);
	ck_assert_int_eq(f.stopped.why, ENGINE_STOP_EXCEPTION);
	ck_assert_int_eq(f.stopped.vector, 13);
}
END_TEST

SNIPPET(time_stamp, "inc %rbx\n"
                    "rdtsc\n"
                    "mov %rax,%rcx\n"
                    "data16 rdtsc\n"
                    "syscall")

START_TEST(the_time_stamp_counter_is_the_owners)
{
	f.regs.gpr[REG_AX] = UINT64_MAX;
	RUN(time_stamp);
	assert_stop(ENGINE_STOP_SYSCALL, CODE_VA + 13);
	ck_assert_uint_eq(f.regs.gpr[REG_CX], 1);
	ck_assert_uint_eq(f.regs.gpr[REG_AX], 2);
	ck_assert_uint_eq(f.regs.gpr[REG_DX], 2);
	ck_assert_uint_eq(engine_instructions(f.engine), 5);
	ck_assert_uint_eq(accesses()[ACCESS_FETCH], 5);
}
END_TEST

SNIPPET(breakpoint, "int3")

START_TEST(a_software_interrupt_stops_behind_itself)
{
	RUN(breakpoint);
	assert_stop(ENGINE_STOP_INTERRUPT, CODE_VA + 1);
	ck_assert_int_eq(f.stopped.vector, 3);
}
END_TEST

SNIPPET(loop, "1: inc %rax\n"
              "jmp 1b")

START_TEST(a_budget_stops_at_a_block_and_counts_exactly)
{
	put_code(CODE_VA, snippet_loop, snippet_loop_end);
	f.regs.ip = CODE_VA;
	engine_set_regs(f.engine, &f.regs);
	ck_assert_int_eq(engine_run(f.engine, 1000, &f.stopped), 0);
	engine_get_regs(f.engine, &f.regs);
	ck_assert_int_eq(f.stopped.why, ENGINE_STOP_BUDGET);
	ck_assert_uint_eq(engine_instructions(f.engine), 1000);
	ck_assert_uint_eq(f.regs.gpr[REG_AX], 500);
}
END_TEST

SNIPPET(aliases, "mov $200,%ecx\n"
                 "1: mov (%rbx),%rax\n"
                 "add $0x1000,%rbx\n"
                 "cmp %rdx,%rbx\n"
                 "cmove %rsi,%rbx\n"
                 "dec %ecx\n"
                 "jnz 1b\n"
                 "syscall")

/* check_access() fails if the engine mixes up which page an access came through. */
START_TEST(one_frame_under_many_addresses_keeps_them_apart)
{
	va_t first = DATA_VA + 0x10000;
	const struct mmu_counts *counts = mmu_counts(f.mmu, PRIV_USER);

	for (int i = 0; i < 20; i++)
		map(first + (va_t)i * PAGE_SIZE, DATA_PFN, 0);
	f.regs.gpr[REG_BX] = first;
	f.regs.gpr[REG_SI] = first;
	f.regs.gpr[REG_DX] = first + 20 * PAGE_SIZE;
	RUN(aliases);
	ck_assert_uint_eq(accesses()[ACCESS_LOAD], 200);
	/* 20 pages in turn through 16 entries with LRU: never a hit. */
	ck_assert_uint_eq(counts->tlb[TLB_L1D].misses[PAGE_4K], 200);
}
END_TEST

SNIPPET(patch_me, "mov $1,%eax\nsyscall")
SNIPPET(patched, "mov $2,%eax\nsyscall")

START_TEST(code_that_the_kernel_overwrites_is_not_run_again)
{
	RUN(patch_me);
	ck_assert_uint_eq(f.regs.gpr[REG_AX], 1);
	engine_frame_changed(f.engine, CODE_PFN);
	RUN(patched);
	ck_assert_uint_eq(f.regs.gpr[REG_AX], 2);
}
END_TEST

/* Writes `mov $2` over `mov $1` through another mapping of the same frame. */
SNIPPET(self_modify, "call 1f\n"
                     "movb $2,(%rbx)\n"
                     "call 1f\n"
                     "syscall\n"
                     ".balign 64\n"
                     "1: mov $1,%eax\n"
                     "add %rax,%rdx\n"
                     "ret")

START_TEST(code_that_the_guest_overwrites_is_not_run_again)
{
	map(DATA_VA + 0x20000, CODE_PFN, PTE_RW);
	f.regs.gpr[REG_BX] = DATA_VA + 0x20000 + 64 + 1;
	f.regs.gpr[REG_SP] = DATA_VA + 0x1000;
	f.regs.gpr[REG_DX] = 0;
	RUN(self_modify);
	ck_assert_int_eq(f.stopped.why, ENGINE_STOP_SYSCALL);
	ck_assert_uint_eq(f.regs.gpr[REG_DX], 3);
}
END_TEST

SNIPPET(load_twice, "mov (%rbx),%rax\n"
                    "syscall")

START_TEST(a_flush_makes_the_engine_ask_again)
{
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN(load_twice);
	map(DATA_VA, DATA_PFN + 5, PTE_RW);
	memset(ram_at(&f.ram, (DATA_PFN + 5) << PAGE_SHIFT), 0x77, PAGE_SIZE);
	mmu_invlpg(f.mmu, DATA_VA);
	engine_flush(f.engine);
	run_at(CODE_VA);
	ck_assert_uint_eq(f.regs.gpr[REG_AX], 0x7777777777777777);
}
END_TEST

SNIPPET(float_work, "movaps %xmm3,%xmm5\n"
                    "fld1\n"
                    "syscall")

START_TEST(fpu_state_can_be_taken_and_given_back)
{
	struct x86_fpu before, after;

	engine_get_fpu(f.engine, &before);
	memset(before.fxsave + 160 + 3 * 16, 0x5a, 16);
	engine_set_fpu(f.engine, &before);
	RUN(float_work);
	engine_get_fpu(f.engine, &after);
	ck_assert_mem_eq(after.fxsave + 160 + 5 * 16, before.fxsave + 160 + 3 * 16, 16);
	ck_assert_uint_eq(after.fxsave[4], 0x80); /* one register in use */
	engine_set_fpu(f.engine, &before);
	engine_get_fpu(f.engine, &after);
	ck_assert_mem_eq(after.fxsave, before.fxsave, sizeof(after.fxsave));
}
END_TEST

SNIPPET(save, "fxsave (%rbx)\n"
              "syscall")

START_TEST(fxsave_saves_the_xmm_registers)
{
	struct x86_fpu fpu;

	engine_get_fpu(f.engine, &fpu);
	memset(fpu.fxsave + 160 + 7 * 16, 0x3c, 16);
	engine_set_fpu(f.engine, &fpu);
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN(save);
	ck_assert_int_eq(f.stopped.why, ENGINE_STOP_SYSCALL);
	ck_assert_mem_eq((uint8_t *)ram_at(&f.ram, DATA_PFN << PAGE_SHIFT) + 160, fpu.fxsave + 160,
	                 256);
}
END_TEST

START_TEST(without_tlbs_faults_and_results_are_the_same)
{
	tear_down();
	set_up_mode(ENGINE_FAULTS);
	*entry_of(DATA_VA) = 0;
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN(count);
	ck_assert_int_eq(f.nr_questions, 1);
	ck_assert_uint_eq(engine_instructions(f.engine), 0);
	ck_assert_uint_eq(accesses()[ACCESS_LOAD], 0);
}
END_TEST

START_TEST(counting_can_begin_in_the_middle)
{
	tear_down();
	set_up_mode(ENGINE_FAULTS);
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN(count);
	f.regs.gpr[REG_12] = 0x1234;
	engine_set_regs(f.engine, &f.regs);
	ck_assert_int_eq(engine_start_counting(f.engine), 0);
	engine_get_regs(f.engine, &f.regs);
	ck_assert_uint_eq(f.regs.gpr[REG_12], 0x1234);
	RUN(count);
	ck_assert_int_eq(f.stopped.why, ENGINE_STOP_SYSCALL);
	ck_assert_uint_eq(engine_instructions(f.engine), 4);
}
END_TEST

/* A loop on each CPU, in slices; each ends with what it counted, in its own MMU. */
START_TEST(cpus_in_turn_keep_registers_and_counts_apart)
{

	struct mmu_config config = one_level_config();
	struct engine_context *contexts[2];
	struct x86_fpu fpu[2];
	struct mmu *mmus[2] = { f.mmu };

	put_code(CODE_VA, snippet_loop, snippet_loop_end);
	ck_assert_int_eq(mmu_create(&mmus[1], &config, &f.ram, &f.events), 0);
	turn_paging_on(mmus[1]);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(engine_context_create(&contexts[i], f.engine), 0);
	for (int i = 0; i < 10; i++) {
		int cpu = i % 2;
		uint64_t before = mmu_counts(mmus[cpu], PRIV_USER)->accesses[ACCESS_FETCH];

		if (i == cpu) { /* its first turn */
			f.regs = (struct x86_regs){ .ip = CODE_VA, .flags = 0x202 };
			f.regs.gpr[REG_AX] = cpu ? 1000000 : 0;
			engine_set_regs(f.engine, &f.regs);
			engine_get_fpu(f.engine, &fpu[cpu]);
			memset(fpu[cpu].fxsave + 160, cpu + 1, 16);
			engine_set_fpu(f.engine, &fpu[cpu]);
		}
		ck_assert_int_eq(engine_run(f.engine, 100, &f.stopped), 0);
		engine_get_regs(f.engine, &f.regs);
		ck_assert_uint_eq(f.regs.gpr[REG_AX], (cpu ? 1000000u : 0u) + 50u * (i / 2 + 1u));
		ck_assert_uint_eq(mmu_counts(mmus[cpu], PRIV_USER)->accesses[ACCESS_FETCH] - before,
		                  100);
		engine_switch(f.engine, contexts[cpu], contexts[!cpu], mmus[!cpu], &f);
	}
	for (int cpu = 0; cpu < 2; cpu++) {
		struct x86_fpu after;

		engine_get_fpu(f.engine, &after);
		ck_assert_mem_eq(after.fxsave, fpu[cpu].fxsave, sizeof(after.fxsave));
		engine_switch(f.engine, contexts[cpu], contexts[!cpu], mmus[!cpu], &f);
	}
	ck_assert_uint_eq(engine_instructions(f.engine), 1000);
	for (int i = 0; i < 2; i++)
		engine_context_destroy(contexts[i]);
	mmu_destroy(mmus[1]);
}
END_TEST

/* ---- 32-bit code ---- */

#define CODE32 0x23
#define DATA32 0x2b
#define TLS_SELECTOR (12 * 8 + 3)

static void be_32(void)
{
	const struct user_desc desc = { .base = DATA_VA + 0x100, .limit = 0xfffff, .flags = 0x51 };

	f.regs.is_32 = true;
	f.regs.segments = (struct x86_segments){ CODE32, DATA32, DATA32, DATA32, 0, 0 };
	f.regs.tls[0] = user_desc_pack(&desc);
	f.regs.gpr[REG_SP] = DATA_VA + 2 * PAGE_SIZE;
}

/* inc %eax has a REX prefix's byte: only 32-bit code counts it as an instruction. */
SNIPPET(words_32, ".code32\n"
                  "inc %eax\n"
                  "push %eax\n"
                  "push %eax\n"
                  "movw %bx,%gs\n"
                  "mov %gs:4,%ecx\n"
                  "mov %gs:-0x100,%edx\n"
                  "int $0x80\n"
                  ".code64")

START_TEST(code_of_32_bits_has_words_of_4_bytes_and_segments_of_its_own)
{
	uint32_t *data = (uint32_t *)ram_at(&f.ram, DATA_PFN << PAGE_SHIFT);
	va_t end;

	data[0] = 0x11111111;
	data[0x104 / 4] = 0x22222222;
	be_32();
	f.regs.gpr[REG_AX] = 6;
	f.regs.gpr[REG_BX] = TLS_SELECTOR;
	RUN(words_32);
	/* cppcheck-suppress comparePointers ; labels around one piece of code */
	end = CODE_VA + (va_t)(snippet_words_32_end - snippet_words_32);
	assert_stop(ENGINE_STOP_INTERRUPT, end);
	ck_assert_int_eq(f.stopped.vector, 0x80);
	ck_assert_uint_eq(f.regs.gpr[REG_SP], DATA_VA + 2 * PAGE_SIZE - 8);
	ck_assert_uint_eq(f.regs.gpr[REG_CX], 0x22222222);
	ck_assert_uint_eq(f.regs.gpr[REG_DX], 0x11111111);
	ck_assert_uint_eq(f.regs.segments.gs, TLS_SELECTOR);
	ck_assert_uint_eq(f.regs.segments.cs, CODE32);
	ck_assert_uint_eq(engine_instructions(f.engine), 7);
	/* The descriptor's is no access of the guest's. */
	ck_assert_uint_eq(accesses()[ACCESS_LOAD], 2);
	ck_assert_uint_eq(accesses()[ACCESS_STORE], 2);
}
END_TEST

SNIPPET(sysenter_32, ".code32\nsysenter\n.code64")

START_TEST(code_of_both_kinds_runs_by_turns)
{
	be_32();
	f.regs.gpr[REG_BX] = TLS_SELECTOR;
	RUN(words_32);
	f.regs.is_32 = false;
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN_AT(CODE_VA + PAGE_SIZE, count);
	ck_assert_int_eq(f.stopped.why, ENGINE_STOP_SYSCALL);
	f.regs.is_32 = true;
	RUN_AT(CODE_VA + 2 * PAGE_SIZE, sysenter_32);
	assert_stop(ENGINE_STOP_SYSENTER, CODE_VA + 2 * PAGE_SIZE + 2);
	ck_assert_uint_eq(f.regs.segments.gs, TLS_SELECTOR);
}
END_TEST

SNIPPET(load_bad_selector, ".code32\nmovw %bx,%gs\n.code64")

START_TEST(segments_that_are_not_the_tasks_raise_a_protection_fault)
{
	static const uint16_t bad[] = { 0x33, 0x7b, 14 * 8 + 3, 15 * 8 + 3, 0x1000 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		be_32();
		f.regs.gpr[REG_BX] = bad[i];
		RUN(load_bad_selector);
		ck_assert_int_ne(f.stopped.why, ENGINE_STOP_INTERRUPT);
		assert_stop(ENGINE_STOP_EXCEPTION, CODE_VA);
		ck_assert_uint_eq(f.regs.segments.gs, 0);
	}
}
END_TEST

SNIPPET(pusha_32, ".code32\npusha\nint $0x80\n.code64")

START_TEST(what_pusha_needs_is_asked_for_as_a_store)
{
	be_32();
	f.regs.gpr[REG_SP] = DATA_VA + PAGE_SIZE + 8; /* two words fit */
	*entry_of(DATA_VA) = 0;
	RUN(pusha_32);
	ck_assert_int_eq(f.stopped.why, ENGINE_STOP_INTERRUPT);
	ck_assert_int_eq(f.nr_questions, 1);
	ck_assert_int_eq(f.questions[0].kind, ACCESS_STORE);
	ck_assert_uint_eq(f.questions[0].va & PAGE_MASK, DATA_VA);
}
END_TEST

/* ---- recording ---- */

/* A recorder with room for all, and the blocks by number. */
static struct {
	struct recorder recorder; /* first */
	struct record_access accesses[256];
	va_t learnt[64];
} r;

static void never_full(struct recorder *self)
{
	(void)self;
	ck_abort_msg("the recorder is full");
}

static void learn(struct recorder *self, const struct record_block *block)
{
	(void)self;
	ck_assert_mem_eq(block->bytes,
	                 ram_at(&f.ram, (CODE_PFN << PAGE_SHIFT) + (block->va - CODE_VA)),
	                 block->size);
	r.learnt[block->number % 64] = block->va;
}

static void start_recording(void)
{
	memset(&r, 0, sizeof(r));
	r.recorder = (struct recorder){
		.next = r.accesses, .end = r.accesses + 256, .drain = never_full, .learn = learn
	};
	engine_set_recorder(f.engine, &r.recorder);
}

/* The next record is this one; size: of a fetch, whether a block begins. */
static const struct record_access *assert_told(const struct record_access *a, enum access_kind kind,
                                               va_t va, uint32_t count, uint32_t size)
{
	ck_assert_msg(a < r.recorder.next, "nothing more was told");
	ck_assert_msg(a->kind == kind && a->va == va && a->count == count, "%d 0x%lx x%u", a->kind,
	              (unsigned long)a->va, a->count);
	ck_assert_uint_eq(a->priv, PRIV_USER);
	if (kind != ACCESS_FETCH)
		ck_assert_uint_eq(a->size, size);
	else
		ck_assert_int_eq(a->block != 0, size != 0);
	if (kind == ACCESS_FETCH && a->block)
		ck_assert_uint_eq(r.learnt[a->block % 64], va);
	return a + 1;
}

START_TEST(a_block_is_told_before_its_accesses)
{
	const struct record_access *a = r.accesses;

	start_recording();
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN(count);
	a = assert_told(a, ACCESS_FETCH, CODE_VA, 4, true);
	a = assert_told(a, ACCESS_LOAD, DATA_VA, 1, 8);
	a = assert_told(a, ACCESS_STORE, DATA_VA + 8, 1, 8);
	a = assert_told(a, ACCESS_LOAD, DATA_VA, 1, 8);
	a = assert_told(a, ACCESS_STORE, DATA_VA, 1, 8);
	ck_assert_ptr_eq(a, r.recorder.next);
}
END_TEST

START_TEST(an_access_across_pages_is_told_in_its_two_parts)
{
	const struct record_access *a = r.accesses;

	start_recording();
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN(cross);
	a = assert_told(a, ACCESS_FETCH, CODE_VA, 3, true);
	a = assert_told(a, ACCESS_LOAD, DATA_VA + 0xffc, 1, 4);
	a = assert_told(a, ACCESS_LOAD, DATA_VA + 0x1000, 1, 4);
	a = assert_told(a, ACCESS_STORE, DATA_VA + 0xffc, 1, 4);
	a = assert_told(a, ACCESS_STORE, DATA_VA + 0x1000, 1, 4);
	ck_assert_ptr_eq(a, r.recorder.next);
}
END_TEST

START_TEST(a_block_that_a_fault_cuts_is_told_as_far_as_it_came)
{
	const struct record_access *a = r.accesses;

	start_recording();
	*entry_of(DATA_VA) = 0;
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN(rmw);
	ck_assert_int_eq(f.nr_questions, 1);
	a = assert_told(a, ACCESS_FETCH, CODE_VA, 2, true);
	a = assert_told(a, ACCESS_FETCH, CODE_VA + 1, 2, true);
	a = assert_told(a, ACCESS_LOAD, DATA_VA + 12, 1, 4);
	a = assert_told(a, ACCESS_STORE, DATA_VA + 12, 1, 4);
	ck_assert_ptr_eq(a, r.recorder.next);
}
END_TEST

START_TEST(a_block_in_two_pages_is_told_as_it_is_fetched)
{
	const va_t va = CODE_VA + PAGE_SIZE - 5; /* its second instruction lies across */
	const struct record_access *a = r.accesses;

	start_recording();
	f.regs.gpr[REG_BX] = DATA_VA;
	RUN_AT(va, count);
	a = assert_told(a, ACCESS_FETCH, va, 1, true);
	a = assert_told(a, ACCESS_FETCH, CODE_VA + PAGE_SIZE, 1, false);
	a = assert_told(a, ACCESS_LOAD, DATA_VA, 1, 8) + 3;
	a = assert_told(a, ACCESS_FETCH, va, 3, false);
	ck_assert_ptr_eq(a, r.recorder.next);
	ck_assert_uint_eq(accesses()[ACCESS_FETCH], 5);
}
END_TEST

/* What was told can go; of a block that is open it could not. */
static void let_go(struct recorder *self)
{
	ck_assert_ptr_null(self->open);
	self->next = r.accesses;
}

SNIPPET(long_repeat, "mov $1000,%ecx\n"
                     "rep stosb\n"
                     "syscall")

START_TEST(a_recorder_need_not_hold_back_the_rounds_of_a_rep_instruction)
{
	start_recording();
	r.recorder.drain = let_go;
	f.regs.gpr[REG_DI] = DATA_VA;
	RUN(long_repeat);
	ck_assert_uint_eq(accesses()[ACCESS_STORE], 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sim/engine");
	TCase *tcase = tcase_create("engine");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, each_instruction_and_access_is_counted_once);
	tcase_add_test(tcase, an_access_across_pages_counts_twice);
	tcase_add_test(tcase, a_store_into_an_absent_second_page_asks_for_that_page);
	tcase_add_test(tcase, a_rep_instruction_is_one_instruction_and_many_accesses);
	tcase_add_test(tcase, a_read_modify_write_asks_once_as_a_store_at_its_exact_address);
	tcase_add_test(tcase, a_refused_page_stops_before_the_instruction);
	tcase_add_test(tcase, an_absent_second_code_page_is_asked_for_after_what_lies_before_it);
	tcase_add_test(tcase, an_exception_stops_at_its_instruction_each_time);
	tcase_add_test(tcase, an_unknown_instruction_stops_at_itself);
	tcase_add_test(tcase, privileged_instructions_raise_a_protection_fault);
	tcase_add_test(tcase, the_time_stamp_counter_is_the_owners);
	tcase_add_test(tcase, a_software_interrupt_stops_behind_itself);
	tcase_add_test(tcase, a_budget_stops_at_a_block_and_counts_exactly);
	tcase_add_test(tcase, one_frame_under_many_addresses_keeps_them_apart);
	tcase_add_test(tcase, code_that_the_kernel_overwrites_is_not_run_again);
	tcase_add_test(tcase, code_that_the_guest_overwrites_is_not_run_again);
	tcase_add_test(tcase, a_flush_makes_the_engine_ask_again);
	tcase_add_test(tcase, fpu_state_can_be_taken_and_given_back);
	tcase_add_test(tcase, fxsave_saves_the_xmm_registers);
	tcase_add_test(tcase, without_tlbs_faults_and_results_are_the_same);
	tcase_add_test(tcase, counting_can_begin_in_the_middle);
	tcase_add_test(tcase, cpus_in_turn_keep_registers_and_counts_apart);
	tcase_add_test(tcase, code_of_32_bits_has_words_of_4_bytes_and_segments_of_its_own);
	tcase_add_test(tcase, code_of_both_kinds_runs_by_turns);
	tcase_add_test(tcase, segments_that_are_not_the_tasks_raise_a_protection_fault);
	tcase_add_test(tcase, what_pusha_needs_is_asked_for_as_a_store);
	tcase_add_test(tcase, a_block_is_told_before_its_accesses);
	tcase_add_test(tcase, an_access_across_pages_is_told_in_its_two_parts);
	tcase_add_test(tcase, a_block_that_a_fault_cuts_is_told_as_far_as_it_came);
	tcase_add_test(tcase, a_block_in_two_pages_is_told_as_it_is_fetched);
	tcase_add_test(tcase, a_recorder_need_not_hold_back_the_rounds_of_a_rep_instruction);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
