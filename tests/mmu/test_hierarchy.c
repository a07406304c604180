/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole MMU against a brute-force model of it, on random streams of accesses,
 * invalidations, address-space switches and page-table changes, and the fast path
 * against the slow one, for every policy: every counter must agree after every step.
 */
#include "mmu/mmu.h"
#include "tests/mmu/model_mmu.h"
#include "tests/mmu/random_stream.h"
#include "tests/run_suite.h"

#include <check.h>
#include <string.h>

#define NR_SPACES 3
#define MAX_PAGES 1024

/* ---- machines ---- */

#define K4 (1 << PAGE_4K)
#define M2 (1 << PAGE_2M)
#define M4 (1 << PAGE_4M)
#define G1 (1 << PAGE_1G)
#define ARRAY(n, w, s)                                                                             \
	{                                                                                          \
		.name = "array", .entries = (n), .ways = (w), .page_sizes = (s)                    \
	}

struct machine_row {
	const char *name;
	unsigned nr_levels;
	struct mmu_config config;
};

static const struct machine_row machines[] = {
	{ "skylake",
	  4,
	  { .tlb = { { 2, { ARRAY(128, 8, K4), ARRAY(8, 0, M2) } },
	             { 3, { ARRAY(64, 4, K4), ARRAY(32, 4, M2), ARRAY(4, 4, G1) } },
	             { 2, { ARRAY(1536, 12, K4 | M2), ARRAY(16, 4, G1) } } },
	    .walk_cache = { { 2, 4, 32 } },
	    .costs = { 7, 10, 20 },
	    .physical_bits = 39,
	    .has_pcid = true,
	    .has_1g_pages = true } },
	{ "nehalem",
	  4,
	  { .tlb = { { 2, { ARRAY(128, 4, K4), ARRAY(7, 0, M2) } },
	             { 2, { ARRAY(64, 4, K4), ARRAY(32, 4, M2) } },
	             { 1, { ARRAY(512, 4, K4) } } },
	    .walk_cache = { { 0, 3, 8 } },
	    .costs = { 7, 0, 30 },
	    .physical_bits = 40 } },
	{ "zen2",
	  4,
	  { .tlb = { { 1, { ARRAY(64, 0, K4 | M2 | G1) } },
	             { 1, { ARRAY(64, 0, K4 | M2 | G1) } },
	             { 1, { ARRAY(2048, 16, K4 | M2) } } },
	    .walk_cache = { { 4, 0, 16 } },
	    .physical_bits = 48,
	    .has_1g_pages = true } },
	{ "small, of 4 KB entries alone",
	  4,
	  { .tlb = { { 1, { ARRAY(4, 1, K4) } }, { 1, { ARRAY(8, 2, K4) } } },
	    .costs = { 1, 1, 1 },
	    .physical_bits = 36,
	    .has_pcid = true,
	    .has_1g_pages = true } },
	{ "without an L1 for code",
	  4,
	  { .tlb = { { 0 }, { 1, { ARRAY(3, 0, K4) } }, { 1, { ARRAY(32, 4, K4 | M2) } } },
	    .walk_cache = { { 1, 1, 1 } },
	    .physical_bits = 36,
	    .has_pcid = true } },
	{ "p6",
	  2,
	  { .tlb = { { 2, { ARRAY(32, 4, K4), ARRAY(2, 0, M4) } },
	             { 2, { ARRAY(64, 4, K4), ARRAY(8, 4, M4) } } },
	    .walk_cache = { { 3, 3, 0 } },
	    .costs = { 0, 2, 12 },
	    .physical_bits = 36 } },
	{ "a P6 with PAE",
	  3,
	  { .tlb = { { 2, { ARRAY(32, 4, K4), ARRAY(2, 0, M2) } },
	             { 2, { ARRAY(64, 4, K4), ARRAY(8, 4, M2) } } },
	    .walk_cache = { { 3, 3, 5 } },
	    .costs = { 0, 2, 12 },
	    .physical_bits = 36 } },
	{ "geode",
	  2,
	  { .tlb = { { 1, { ARRAY(16, 0, K4) } },
	             { 1, { ARRAY(16, 0, K4 | M4) } },
	             { 1, { ARRAY(64, 2, K4) } } },
	    .walk_cache = { { 0, 0, 12 } },
	    .physical_bits = 32 } },
};

#define NR_MACHINES (int)(sizeof(machines) / sizeof(machines[0]))

/* ---- the world: pages that the test maps, and their tables ---- */

struct page {
	unsigned space; /* NR_SPACES: in all of them, and global */
	va_t va;
	enum page_size size;
	pa_t pa, entry_pa;
	bool present, writable, user, executable, dirty;
};

struct world {
	struct ram ram;
	unsigned nr_levels; /* 2: two-level paging, 3: PAE, 4: four-level */
	pa_t next_table;
	pa_t roots[NR_SPACES];
	struct page pages[MAX_PAGES];
	unsigned nr_pages;
	struct random_stream random;
	unsigned recent[4]; /* pages used lately */
};

/* Depth at which a page of that size is mapped, top = 0. */
static unsigned depth_of(const struct world *world, enum page_size size)
{
	static const unsigned above_last[NR_PAGE_SIZES] = {
		[PAGE_2M] = 1, [PAGE_4M] = 1, [PAGE_1G] = 2
	};

	return world->nr_levels - 1 - above_last[size];
}

static unsigned entry_bytes(const struct world *world)
{
	return world->nr_levels == 2 ? 4 : 8;
}

static unsigned index_bits(const struct world *world)
{
	return world->nr_levels == 2 ? 10 : 9;
}

static unsigned shift_of(const struct world *world, unsigned depth)
{
	return PAGE_SHIFT + index_bits(world) * (world->nr_levels - 1 - depth);
}

static uint64_t read_entry(const struct world *world, pa_t pa)
{
	uint64_t entry = 0;

	memcpy(&entry, ram_at(&world->ram, pa), entry_bytes(world));
	return entry;
}

static void write_entry(const struct world *world, pa_t pa, uint64_t entry)
{
	memcpy(ram_at(&world->ram, pa), &entry, entry_bytes(world));
}

static pa_t new_table(struct world *world)
{
	world->next_table += PAGE_SIZE;
	ck_assert(ram_has(&world->ram, world->next_table, PAGE_SIZE));
	return world->next_table;
}

static pa_t place_of(const struct world *world, pa_t table, va_t va, unsigned depth)
{
	uint64_t index = va >> shift_of(world, depth) & ((1u << index_bits(world)) - 1);

	return table + index * entry_bytes(world);
}

/* Where the entry for va at that depth stands; tables on the way are made. */
static pa_t reach(struct world *world, pa_t root, va_t va, unsigned depth)
{
	pa_t table = root;

	for (unsigned i = 0; i < depth; i++) {
		pa_t place = place_of(world, table, va, i);

		if (!read_entry(world, place))
			write_entry(world, place,
			            new_table(world) | (world->nr_levels == 3 && !i ? 1 : 7));
		table = read_entry(world, place) & 0xfffff000;
	}
	return place_of(world, table, va, depth);
}

static void write_page(const struct world *world, const struct page *page)
{
	uint64_t entry = page->pa | (page->present ? PTE_P : 0) | (page->writable ? PTE_RW : 0) |
	                 (page->user ? PTE_US : 0) | (page->dirty ? PTE_D : 0);

	if (page->size != PAGE_4K)
		entry |= PTE_PS;
	if (page->space == NR_SPACES)
		entry |= PTE_G;
	if (!page->executable)
		entry |= PTE_NX;
	write_entry(world, page->entry_pa, entry);
}

/* A page of all spaces has one entry, in a table that they share: the top entries
 * of the spaces are copied when all is mapped. */
static void map(struct world *world, unsigned space, va_t va, enum page_size size)
{
	struct page *page = &world->pages[world->nr_pages++];
	struct random_stream *random = &world->random;

	ck_assert_uint_lt(world->nr_pages, MAX_PAGES);
	*page = (struct page){
		.space = space,
		.va = va,
		.size = size,
		.pa = random_below(random, 3) * GIB + random_below(random, 512) * 4 * MIB,
		.present = !random_one_in(random, 12),
		.writable = !random_one_in(random, 4),
		.user = space != NR_SPACES,
		.executable = world->nr_levels == 2 || !random_one_in(random, 3),
	};
	if (size == PAGE_4K)
		page->pa += random_below(random, 1024) * PAGE_SIZE;
	if (size == PAGE_1G)
		page->pa &= ~(GIB - 1);
	page->entry_pa = reach(world, world->roots[space % NR_SPACES], va, depth_of(world, size));
	write_page(world, page);
}

static void map_some(struct world *world, unsigned space, va_t base, bool has_1g)
{
	enum page_size large = world->nr_levels == 2 ? PAGE_4M : PAGE_2M;

	for (unsigned i = 0; i < 100; i++)
		map(world, space, base + i * PAGE_SIZE * (i < 60 ? 1 : 700), PAGE_4K);
	/* A large page of 32-bit paging stands in the top table, which is not shared. */
	for (unsigned i = 0; i < 12 && !(world->nr_levels == 2 && space == NR_SPACES); i++)
		map(world, space, base + (100 + i) * 4 * MIB, large);
	for (unsigned i = 0; has_1g && i < 3; i++)
		map(world, space, ((base + 4 * GIB) & ~(GIB - 1)) + i * GIB, PAGE_1G);
}

static void world_init(struct world *world, unsigned nr_levels, bool has_1g,
                       struct random_stream random)
{
	va_t kernel = nr_levels < 4 ? 0xc0000000 : 0xffff888000000000;
	/* of the top table's entries, the kernel's */
	unsigned first = nr_levels == 2 ? 768 : nr_levels == 3 ? 3 : 256;
	unsigned end = nr_levels == 2 ? 1024 : nr_levels == 3 ? 4 : 512;

	*world = (struct world){ .nr_levels = nr_levels, .random = random };
	ck_assert_int_eq(ram_init(&world->ram, 4 * MIB), 0);
	for (unsigned i = 0; i < NR_SPACES; i++)
		world->roots[i] = new_table(world);
	for (unsigned i = 0; i < NR_SPACES; i++) {
		map_some(world, i, 0x400000, has_1g);
		if (nr_levels == 4)
			map_some(world, i, 0x7f5000000000, has_1g);
	}
	map_some(world, NR_SPACES, kernel, has_1g);
	for (unsigned i = 1; i < NR_SPACES; i++)
		for (unsigned j = first; j < end; j++) {
			pa_t place = entry_bytes(world) * j;

			write_entry(world, world->roots[i] + place,
			            read_entry(world, world->roots[0] + place));
		}
}

static void world_finish(struct world *world)
{
	ram_finish(&world->ram);
}

/* ---- the run: both MMUs and the model in step ---- */

struct run {
	struct world world;
	struct mmu *slow, *fast;
	struct model *model;
	bool has_pcid;
	unsigned space;
	uint64_t cr3_writes;                    /* behind those of boot() */
	struct mmu_flush_counts flushes_before; /* boot()'s */
	uint64_t step;
};

static void boot(struct mmu *mmu, const struct run *run)
{
	uint64_t cr4 = CR4_PGE | (run->world.nr_levels == 2 ? CR4_PSE : CR4_PAE);
	uint64_t lme = run->world.nr_levels == 4 ? EFER_LME : 0;

	ck_assert_int_eq(mmu_write_efer(mmu, lme | EFER_NXE), 0);
	ck_assert_int_eq(mmu_write_cr4(mmu, cr4), 0);
	ck_assert_int_eq(mmu_write_cr3(mmu, run->world.roots[0]), 0);
	ck_assert_int_eq(mmu_write_cr0(mmu, CR0_PG | CR0_PE | CR0_WP), 0);
	if (run->has_pcid)
		ck_assert_int_eq(mmu_write_cr4(mmu, cr4 | CR4_PCIDE), 0);
}

static void run_init(struct run *run, const struct machine_row *row, struct mmu_config *config,
                     const struct event_stream *events, const struct tlb_policy *policy)
{
	struct random_stream random = random_start(row->name);

	*config = row->config;
	for (unsigned level = 0; level < NR_TLB_LEVELS; level++)
		for (unsigned i = 0; i < config->tlb[level].nr_arrays; i++) {
			config->tlb[level].arrays[i].policy = policy;
			config->tlb[level].arrays[i].seed = random_next(&random);
		}
	*run = (struct run){ .has_pcid = config->has_pcid };
	world_init(&run->world, row->nr_levels, config->has_1g_pages, random);
	ck_assert_int_eq(mmu_create(&run->slow, config, &run->world.ram, events), 0);
	ck_assert_int_eq(mmu_create(&run->fast, config, &run->world.ram, events), 0);
	boot(run->slow, run);
	boot(run->fast, run);
	run->model = model_create(config, run->world.nr_levels);
	run->flushes_before = *mmu_flush_counts(run->slow);
}

static void run_finish(struct run *run)
{
	mmu_destroy(run->slow);
	mmu_destroy(run->fast);
	model_destroy(run->model);
	world_finish(&run->world);
}

static bool is_here(const struct run *run, const struct page *page)
{
	return page->space == NR_SPACES || page->space == run->space;
}

/* Three in four times one of the last few, else any page of this space. */
static struct page *next_page(struct run *run)
{
	struct world *world = &run->world;
	unsigned *recent = &world->recent[random_below(&world->random, 4)];

	if (!random_one_in(&world->random, 4) && is_here(run, &world->pages[*recent]))
		return &world->pages[*recent];
	do {
		*recent = (unsigned)random_below(&world->random, world->nr_pages);
	} while (!is_here(run, &world->pages[*recent]));
	return &world->pages[*recent];
}

static uint16_t current_pcid(const struct run *run)
{
	return run->has_pcid ? (uint16_t)(mmu_cr3(run->slow) & CR3_PCID_MASK) : 0;
}

static struct model_access next_access(struct run *run, struct page *page)
{
	struct random_stream *random = &run->world.random;

	return (struct model_access){
		.va = page->va + random_next(random) % page_size_bytes(page->size),
		.kind = (enum access_kind)random_below(random, 3),
		.priv = random_one_in(random, page->user ? 3 : 2) ? PRIV_KERNEL : PRIV_USER,
		.pcid = current_pcid(run),
		.depth = depth_of(&run->world, page->size),
		.present = page->present,
		.size = page->size,
		.page_pa = page->pa,
		.writable = page->writable,
		.user = page->user,
		.executable = page->executable,
		.dirty = page->dirty,
		.global = page->space == NR_SPACES && mmu_cr4(run->slow) & CR4_PGE,
	};
}

/* Check's own assertions cost a system call each: too much for every step. */
static void differs(const struct run *run, const char *what)
{
	ck_abort_msg("%s differs at step %llu", what, (unsigned long long)run->step);
}

static void check_access(struct run *run)
{
	struct page *page = next_page(run);
	struct model_access access = next_access(run, page);
	uint64_t times =
	    random_one_in(&run->world.random, 8) ? random_below(&run->world.random, 9) : 0;
	struct translation out = { 0 };
	struct page_fault fault;
	bool ok = mmu_translate(run->slow, access.va, access.kind, access.priv, &out, &fault);
	pa_t pa = 0;

	if (model_translate(run->model, &access, &pa) != ok || out.pa != pa)
		differs(run, "the model's translation");
	if (!ok) {
		ck_assert(
		    !mmu_translate(run->fast, access.va, access.kind, access.priv, &out, &fault));
		return;
	}
	page->dirty |= access.kind == ACCESS_STORE;
	mmu_access(run->fast, access.va, access.kind, access.priv);
	mmu_access_again(run->fast, access.va, access.kind, access.priv, times);
	for (; times; times--) {
		ck_assert(
		    mmu_translate(run->slow, access.va, access.kind, access.priv, &out, &fault));
		ck_assert(model_translate(run->model, &access, &pa));
	}
}

static uint16_t pcid_of(unsigned space)
{
	return (uint16_t)(space * 0x7ff);
}

static void switch_space(struct run *run)
{
	bool keep = run->has_pcid && random_one_in(&run->world.random, 2);
	unsigned space = (unsigned)random_below(&run->world.random, NR_SPACES);
	uint16_t pcid = run->has_pcid ? pcid_of(space) : 0;
	uint64_t cr3 = run->world.roots[space] | pcid | (keep ? CR3_NOFLUSH : 0);

	run->space = space;
	ck_assert_int_eq(mmu_write_cr3(run->slow, cr3), 0);
	ck_assert_int_eq(mmu_write_cr3(run->fast, cr3), 0);
	run->cr3_writes++;
	if (!keep)
		model_flush(run->model, TLB_FLUSH_CR3_WRITE, 0, pcid);
}

static void invalidate_page(struct run *run, va_t va)
{
	mmu_invlpg(run->slow, va);
	mmu_invlpg(run->fast, va);
	model_flush(run->model, TLB_FLUSH_INVLPG, va, current_pcid(run));
}

/* As a kernel does: what takes a right away invalidates, what grants one need not. */
static void change_page(struct run *run)
{
	struct page *page = next_page(run);
	struct page old = *page;

	/* Without PGE it may be cached under any PCID, and INVLPG is not enough. */
	if (page->space == NR_SPACES && !(mmu_cr4(run->slow) & CR4_PGE))
		return;
	switch (random_below(&run->world.random, 4)) {
	case 0:
		page->present = !page->present;
		break;
	case 1:
		page->writable = !page->writable;
		break;
	case 2:
		page->dirty = false;
		break;
	case 3:
		page->executable = run->world.nr_levels == 2 || !page->executable;
		break;
	}
	write_page(&run->world, page);
	if ((old.present && !page->present) || (old.writable && !page->writable) ||
	    (old.executable && !page->executable) || (old.dirty && !page->dirty))
		invalidate_page(run, page->va + random_next(&run->world.random) %
		                                    page_size_bytes(page->size));
}

/* Types 0 and 1 name any space's PCID, as a kernel does for an address space that
 * is not loaded. */
static void invalidate_by_type(struct run *run)
{
	static const enum tlb_flush_reason reasons[] = {
		TLB_FLUSH_INVPCID_PAGE,
		TLB_FLUSH_INVPCID_CONTEXT,
		TLB_FLUSH_INVPCID_ALL,
		TLB_FLUSH_INVPCID_ALL_BUT_GLOBAL,
	};
	unsigned type = (unsigned)random_below(&run->world.random, 4);
	uint16_t pcid = pcid_of((unsigned)random_below(&run->world.random, NR_SPACES));
	va_t va = next_page(run)->va;

	if (!run->has_pcid)
		return;
	ck_assert_int_eq(mmu_invpcid(run->slow, type, pcid, va), 0);
	ck_assert_int_eq(mmu_invpcid(run->fast, type, pcid, va), 0);
	model_flush(run->model, reasons[type], va, pcid);
}

static void toggle_pge(struct run *run)
{
	uint64_t cr4 = mmu_cr4(run->slow) ^ CR4_PGE;

	ck_assert_int_eq(mmu_write_cr4(run->slow, cr4), 0);
	ck_assert_int_eq(mmu_write_cr4(run->fast, cr4), 0);
	model_flush(run->model, TLB_FLUSH_CONTROL_WRITE, 0, 0);
}

static uint64_t sum(const uint64_t *values)
{
	return values[PAGE_4K] + values[PAGE_2M] + values[PAGE_4M] + values[PAGE_1G];
}

static void check_sums(const struct mmu_counts *c, bool has_stlb)
{
	uint64_t hits[NR_TLB_LEVELS], misses[NR_TLB_LEVELS];

	for (unsigned i = 0; i < NR_TLB_LEVELS; i++) {
		hits[i] = sum(c->tlb[i].hits);
		misses[i] = sum(c->tlb[i].misses) + c->tlb[i].misses_no_page;
	}
	ck_assert_uint_eq(c->accesses[ACCESS_FETCH], hits[TLB_L1I] + misses[TLB_L1I]);
	ck_assert_uint_eq(c->accesses[ACCESS_LOAD] + c->accesses[ACCESS_STORE],
	                  hits[TLB_L1D] + misses[TLB_L1D]);
	if (has_stlb) {
		ck_assert_uint_eq(misses[TLB_L1I] + misses[TLB_L1D],
		                  hits[TLB_STLB] + misses[TLB_STLB]);
		ck_assert_uint_eq(c->walks, misses[TLB_STLB]);
		ck_assert_uint_eq(c->walks_faulted, c->tlb[TLB_STLB].misses_no_page);
	} else {
		ck_assert_uint_eq(c->walks, misses[TLB_L1I] + misses[TLB_L1D]);
	}
	ck_assert_uint_ge(c->walk_memory_refs, c->walks);
}

static bool flushes_agree(const struct run *run)
{
	const struct mmu_flush_counts *now = mmu_flush_counts(run->slow);
	const struct mmu_flush_counts *before = &run->flushes_before;
	const struct mmu_flush_counts *model = model_flush_counts(run->model);

	return now->cr3_writes - before->cr3_writes == run->cr3_writes &&
	       now->all - before->all == model->all && now->page - before->page == model->page &&
	       now->pcid - before->pcid == model->pcid;
}

static void compare(const struct run *run)
{
	for (enum privilege priv = 0; priv < NR_PRIVS; priv++) {
		const struct mmu_counts *slow = mmu_counts(run->slow, priv);

		if (memcmp(slow, mmu_counts(run->fast, priv), sizeof(*slow)))
			differs(run, "the fast path");
		if (memcmp(slow, model_counts(run->model, priv), sizeof(*slow)))
			differs(run, "the model");
	}
	if (!flushes_agree(run))
		differs(run, "the model's flushes");
}

static void check_state(const struct run *run, const struct mmu_config *config)
{
	char what[256];

	ck_assert_msg(mmu_is_valid(run->slow, what, sizeof(what)), "%s", what);
	ck_assert_msg(mmu_is_valid(run->fast, what, sizeof(what)), "%s", what);
	for (enum privilege priv = 0; priv < NR_PRIVS; priv++)
		check_sums(mmu_counts(run->slow, priv), config->tlb[TLB_STLB].nr_arrays);
}

static void one_step(struct run *run)
{
	struct random_stream *random = &run->world.random;

	if (random_one_in(random, 4000))
		toggle_pge(run);
	else if (random_one_in(random, 2000))
		invalidate_by_type(run);
	else if (random_one_in(random, 500))
		switch_space(run);
	else if (random_one_in(random, 100))
		invalidate_page(run, next_page(run)->va);
	else if (random_one_in(random, 50))
		change_page(run);
	else
		check_access(run);
}

static void check_run(const struct machine_row *row, const struct tlb_policy *policy,
                      uint64_t steps)
{
	struct event_stream events = { 0 };
	struct mmu_config config;
	struct run run;

	run_init(&run, row, &config, &events, policy);
	for (run.step = 1; run.step <= steps; run.step++) {
		one_step(&run);
		compare(&run);
		if (run.step % 1024 == 0)
			check_state(&run, &config);
	}
	run_finish(&run);
}

/* LRU, as most machines have it, longest. */
START_TEST(every_counter_agrees_with_brute_force)
{
	check_run(&machines[_i], &tlb_policy_lru, random_cases(20000));
}
END_TEST

START_TEST(every_counter_agrees_with_brute_force_whatever_the_policy)
{
	for (size_t i = 0; tlb_policy_at(i); i++)
		check_run(&machines[_i], tlb_policy_at(i), random_cases(20000) / 8);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hierarchy");
	TCase *tcase = tcase_create("hierarchy");

	tcase_add_loop_test(tcase, every_counter_agrees_with_brute_force, 0, NR_MACHINES);
	tcase_add_loop_test(tcase, every_counter_agrees_with_brute_force_whatever_the_policy, 0,
	                    NR_MACHINES);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
