/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walker against a second, small model: entry bits and control registers are
 * enumerated, the model predicts fault, error code, place and A and D bits.
 *
 * The model knows nothing of levels' tables or masks: it is given the entries on the
 * way and follows the wording of SDM Vol. 3A, "Determination of Access Rights" and
 * "Page-Fault Exceptions".
 */
#include "mmu/walker.h"
#include "tests/mmu/random_stream.h"
#include "tests/run_suite.h"

#include <check.h>
#include <string.h>

/* ---- the second model ---- */

enum verdict { GOES_ON, NOT_PRESENT, RESERVED };

enum model_mode { TWO_LEVEL, PAE, FOUR_LEVEL, NR_MODES };

static const struct {
	const char *name;
	unsigned levels, entry_bytes, shift, bits; /* the topmost entry's shift; bits a level */
} modes[NR_MODES] = {
	[TWO_LEVEL] = { "two-level", 2, 4, 22, 10 },
	[PAE] = { "pae", 3, 8, 30, 9 },
	[FOUR_LEVEL] = { "four-level", 4, 8, 39, 9 },
};

struct model_registers {
	bool wp, nxe, pse, smep, smap, ac;
	enum model_mode mode;
	unsigned physical_bits;
};

struct model_access {
	bool user, write, fetch;
};

/* Bits that the manual's tables of entries call reserved. level 1 is the page
 * table; M = MAXPHYADDR. */
static enum verdict judge_four_level(const struct model_registers *r, unsigned level, uint64_t e)
{
	bool large = (level == 2 || level == 3) && (e & 0x80);

	for (unsigned bit = r->physical_bits; bit < 52; bit++)
		if (e >> bit & 1)
			return RESERVED;
	if (!r->nxe && e >> 63)
		return RESERVED;
	if (level == 4 && e & 0x80)
		return RESERVED;
	if (large && level == 2 && e & 0x00000000001fe000)
		return RESERVED;
	if (large && level == 3 && e & 0x000000003fffe000)
		return RESERVED;
	return GOES_ON;
}

/* PDPTEs (level 3) have been judged when they were loaded. */
static enum verdict judge_pae(const struct model_registers *r, unsigned level, uint64_t e)
{
	if (level == 3)
		return GOES_ON;
	for (unsigned bit = r->physical_bits; bit < 63; bit++)
		if (e >> bit & 1)
			return RESERVED;
	if (!r->nxe && e >> 63)
		return RESERVED;
	if (level == 2 && e & 0x80 && e & 0x00000000001fe000)
		return RESERVED;
	return GOES_ON;
}

static bool model_loads_pdpte(const struct model_registers *r, uint64_t e)
{
	for (unsigned bit = 0; bit < 64; bit++)
		if (e >> bit & 1 &&
		    (bit == 1 || bit == 2 || (bit >= 5 && bit <= 8) || bit >= r->physical_bits))
			return !(e & 1);
	return true;
}

static enum verdict judge_two_level(const struct model_registers *r, unsigned level, uint64_t e)
{
	if (level == 2 && r->pse && e & 0x80) {
		if (e & 0x200000)
			return RESERVED;
		for (unsigned bit = r->physical_bits; bit < 40; bit++)
			if (e >> (bit - 32 + 13) & 1)
				return RESERVED;
	}
	return GOES_ON;
}

static bool model_allows(const struct model_registers *r, const struct model_access *a,
                         const uint64_t *entries, unsigned n)
{
	bool user_address = true, writable = true, xd = false;

	for (unsigned i = r->mode == PAE; i < n; i++) {
		user_address = user_address && entries[i] & 4;
		writable = writable && entries[i] & 2;
		xd = xd || (r->mode != TWO_LEVEL && r->nxe && entries[i] >> 63);
	}
	if (a->user)
		return user_address && (!a->write || writable) && (!a->fetch || !xd);
	if (a->fetch)
		return !xd && !(r->smep && user_address);
	if (r->smap && user_address && !r->ac)
		return false;
	return !a->write || writable || !r->wp;
}

static bool model_is_large(const struct model_registers *r, unsigned level, uint64_t e)
{
	if (!(e & 0x80))
		return false;
	if (r->mode == TWO_LEVEL)
		return level == 2 && r->pse;
	return level == 2 || (level == 3 && r->mode == FOUR_LEVEL);
}

static enum verdict judge(const struct model_registers *r, unsigned level, uint64_t e)
{
	switch (r->mode) {
	case TWO_LEVEL:
		return judge_two_level(r, level, e);
	case PAE:
		return judge_pae(r, level, e);
	default:
		return judge_four_level(r, level, e);
	}
}

/* -1: no fault; else the error code. `used`: how many entries the walk comes by. */
static int model_walk(const struct model_registers *r, const struct model_access *a,
                      const uint64_t *entries, unsigned *used)
{
	unsigned levels = modes[r->mode].levels;
	int code = (a->write ? 2 : 0) | (a->user ? 4 : 0);

	if (a->fetch && ((r->mode != TWO_LEVEL && r->nxe) || r->smep))
		code |= 16;
	*used = 0;
	for (unsigned i = 0; i < levels; i++) {
		unsigned level = levels - i;

		*used = i + 1;
		if (!(entries[i] & 1))
			return code;
		if (judge(r, level, entries[i]) == RESERVED)
			return code | 9;
		if (model_is_large(r, level, entries[i]))
			break;
	}
	return model_allows(r, a, entries, *used) ? -1 : code | 1;
}

/* Of a walk that succeeds. */
static uint64_t model_pa(const struct model_registers *r, uint64_t leaf, unsigned used, uint64_t va)
{
	if (r->mode == TWO_LEVEL && used == 1)
		return (leaf & 0xffc00000) | (leaf & 0x1fe000) << 19 | (va & 0x3fffff);
	switch (modes[r->mode].levels - used) {
	case 2:
		return (leaf & 0xfffffc0000000) | (va & 0x3fffffff);
	case 1:
		return (leaf & 0xfffffffe00000) | (va & 0x1fffff);
	default:
		return (leaf & 0xffffffffff000) | (va & 0xfff);
	}
}

/* ---- the bench: tables at fixed places, one path through them ---- */

#define NR_LEVELS 4

struct bench {
	struct ram ram;
	struct cpu_features cpu;
	struct control control;
	struct walker walker;
	struct model_registers registers;
	pa_t place[NR_LEVELS];
	unsigned entry_bytes;
	va_t va;
	unsigned long checked;
};

static pa_t table_pa(unsigned i)
{
	return 0x10000 + i * PAGE_SIZE;
}

/* Where the entries for va stand, top first. */
static void aim(struct bench *bench, va_t va)
{
	memset(ram_at(&bench->ram, table_pa(0)), 0, PAGE_SIZE); /* no PDPTE of another */
	bench->va = va;
	bench->entry_bytes = modes[bench->registers.mode].entry_bytes;
	for (unsigned i = 0; i < modes[bench->registers.mode].levels; i++) {
		unsigned shift = modes[bench->registers.mode].shift,
		         bits = modes[bench->registers.mode].bits;

		bench->place[i] = table_pa(i) + (va >> (shift - bits * i) & ((1u << bits) - 1)) *
		                                    bench->entry_bytes;
	}
}

static void bench_init(struct bench *bench, enum model_mode mode, va_t va)
{
	*bench = (struct bench){ 0 };
	ck_assert_int_eq(ram_init(&bench->ram, MIB), 0);
	bench->cpu = (struct cpu_features){ .physical_bits = 40, .has_1g_pages = true };
	bench->registers.mode = mode;
	bench->registers.physical_bits = 40;
	aim(bench, va);
}

static void bench_finish(struct bench *bench)
{
	ram_finish(&bench->ram);
}

static void load_registers(struct bench *bench)
{
	const struct model_registers *r = &bench->registers;
	struct control *control = &bench->control;

	bench->cpu.physical_bits = r->physical_bits;
	control->cr0 = CR0_PG | CR0_PE | (r->wp ? CR0_WP : 0);
	control->cr3 = table_pa(0);
	control->cr4 = (r->mode != TWO_LEVEL ? CR4_PAE : 0) | (r->pse ? CR4_PSE : 0) |
	               (r->smep ? CR4_SMEP : 0) | (r->smap ? CR4_SMAP : 0);
	control->efer = (r->mode == FOUR_LEVEL ? EFER_LME | EFER_LMA : 0) | (r->nxe ? EFER_NXE : 0);
	control->ac = r->ac;
	walker_setup(&bench->walker, &bench->ram, control, &bench->cpu);
}

static void put(const struct bench *bench, unsigned i, uint64_t entry)
{
	memcpy(ram_at(&bench->ram, bench->place[i]), &entry, bench->entry_bytes);
}

static uint64_t get(const struct bench *bench, unsigned i)
{
	uint64_t entry = 0;

	memcpy(&entry, ram_at(&bench->ram, bench->place[i]), bench->entry_bytes);
	return entry;
}

static unsigned nr_levels(const struct bench *bench)
{
	return modes[bench->registers.mode].levels;
}

static void explain(const struct bench *bench, const uint64_t *entries, const struct walk *walk,
                    int expected, const char *what)
{
	const struct model_registers *r = &bench->registers;

	ck_abort_msg("%s: %s%s%s%s%s%s%s M=%u, %s %s, va %#llx, entries %#llx %#llx %#llx %#llx: "
	             "error code %x, expected %x",
	             what, modes[r->mode].name, r->wp ? " WP" : "", r->nxe ? " NXE" : "",
	             r->pse ? " PSE" : "", r->smep ? " SMEP" : "", r->smap ? " SMAP" : "",
	             r->ac ? " AC" : "", r->physical_bits,
	             walk->priv == PRIV_USER ? "user" : "kernel",
	             (const char *[]){ "load", "store", "fetch" }[walk->kind],
	             (unsigned long long)walk->va, (unsigned long long)entries[0],
	             (unsigned long long)entries[1], (unsigned long long)entries[2],
	             (unsigned long long)entries[3], walk->error_code, (unsigned)expected);
}

/* An entry that points to some other table makes a walk that the model is not told of. */
static bool path_is_ours(const struct bench *bench, const uint64_t *entries, unsigned used)
{
	for (unsigned i = 0; i + 1 < used; i++)
		if ((entries[i] & bench->walker.mode->pa_mask) != table_pa(i + 1))
			return false;
	return true;
}

/* As a write of CR3 does in PAE paging. False: refused. */
static bool load_pdptes(struct bench *bench)
{
	int err = control_load_pdptes(&bench->control, &bench->cpu, &bench->ram);

	walker_setup(&bench->walker, &bench->ram, &bench->control, &bench->cpu);
	return !err;
}

/* One walk, and all that the model says of it. */
static void check_walk(struct bench *bench, const uint64_t *entries, enum access_kind kind,
                       enum privilege priv)
{
	struct model_access access = { priv == PRIV_USER, kind == ACCESS_STORE,
		                       kind == ACCESS_FETCH };
	struct walk walk = { .va = bench->va, .kind = kind, .priv = priv };
	unsigned used, in_registers = bench->registers.mode == PAE;
	int expected = model_walk(&bench->registers, &access, entries, &used);
	bool ok;

	for (unsigned i = 0; i < nr_levels(bench); i++)
		put(bench, i, entries[i]);
	if (!load_pdptes(bench)) {
		if (model_loads_pdpte(&bench->registers, entries[0]))
			explain(bench, entries, &walk, expected, "refused CR3");
		bench->checked++;
		return;
	}
	if (!path_is_ours(bench, entries, used))
		return;
	bench->checked++;
	ok = walker_walk(&bench->walker, NULL, NULL, &walk);
	if (ok)
		walker_commit(&bench->walker, NULL, &walk);
	if (ok != (expected < 0) || (!ok && walk.error_code != (uint32_t)expected))
		explain(bench, entries, &walk, expected, "verdict");
	if (walk.refs != used - in_registers)
		explain(bench, entries, &walk, expected, "references");
	if (ok && walk_pa(&walk) != model_pa(&bench->registers, entries[used - 1], used, bench->va))
		explain(bench, entries, &walk, expected, "place");
	for (unsigned i = 0; i < nr_levels(bench); i++) {
		uint64_t after = entries[i];

		if (ok && i < used && i >= in_registers)
			after |= 0x20;
		if (ok && i == used - 1 && access.write)
			after |= 0x40;
		if (get(bench, i) != after)
			explain(bench, entries, &walk, expected, "A and D bits");
	}
}

static void check_all_accesses(struct bench *bench, const uint64_t *entries)
{
	for (enum privilege priv = 0; priv < NR_PRIVS; priv++)
		for (enum access_kind kind = 0; kind < NR_ACCESS_KINDS; kind++)
			check_walk(bench, entries, kind, priv);
}

/* The i-th of 64 settings. */
static void set_registers(struct bench *bench, unsigned i)
{
	struct model_registers *r = &bench->registers;

	r->wp = i & 1;
	r->nxe = i & 2;
	r->smep = i & 4;
	r->smap = i & 8;
	r->ac = i & 16;
	r->pse = i & 32;
	load_registers(bench);
}

/* ---- enumeration ---- */

static const uint64_t toggled_8[] = { PTE_P, PTE_RW, PTE_US, PTE_NX, (uint64_t)1 << 45 };
static const uint64_t toggled_4[] = { PTE_P, PTE_RW, PTE_US, PTE_A, PTE_G };

/* Takes the set bits of `choice` out of an entry that has them (or puts in). */
static uint64_t toggle(const struct bench *bench, uint64_t entry, unsigned choice)
{
	const uint64_t *bits = bench->entry_bytes == 8 ? toggled_8 : toggled_4;

	for (unsigned i = 0; i < 5; i++)
		if (choice >> i & 1)
			entry ^= bits[i];
	return entry;
}

/* Every combination of P, RW, US, NX and a reserved bit (32-bit: A and G) in the
 * leaf and in one entry above it. */
static void enumerate_pair(struct bench *bench, const uint64_t *base, unsigned above, unsigned leaf)
{
	uint64_t entries[NR_LEVELS];

	memcpy(entries, base, sizeof(entries));
	for (unsigned choice = 0; choice < 1024; choice++) {
		entries[above] = toggle(bench, base[above], choice >> 5);
		entries[leaf] = toggle(bench, base[leaf], choice & 31);
		check_all_accesses(bench, entries);
	}
}

static uint64_t base_entry(const struct bench *bench, unsigned i, unsigned leaf)
{
	if (i < leaf)
		return table_pa(i + 1) | (!i && bench->registers.mode == PAE ? 1 : 7);
	/* Aligned to any size, a place outside of the tables. */
	return (bench->entry_bytes == 8 ? 3 * GIB : 512 * MIB) | 7 |
	       (i + 1 < nr_levels(bench) ? PTE_PS : 0);
}

static void enumerate(struct bench *bench)
{
	static const unsigned long pairs[NR_MODES] = { 1, 3, 6 }; /* of levels */

	for (unsigned registers = 0; registers < 64; registers++) {
		set_registers(bench, registers);
		for (unsigned leaf = nr_levels(bench) - 1; leaf >= 1; leaf--) {
			uint64_t base[NR_LEVELS];

			for (unsigned i = 0; i < NR_LEVELS; i++)
				base[i] = base_entry(bench, i, leaf);
			for (unsigned above = 0; above < leaf; above++)
				enumerate_pair(bench, base, above, leaf);
		}
	}
	printf("# %lu walks\n", bench->checked);
	/* 64 settings, 1024 choices, 6 accesses. */
	ck_assert_uint_eq(bench->checked, 64 * pairs[bench->registers.mode] * 1024 * 6);
}

START_TEST(four_level_walks_agree_with_the_model)
{
	struct bench bench;

	bench_init(&bench, FOUR_LEVEL, 0xffff812345678abc);
	enumerate(&bench);
	bench_finish(&bench);
}
END_TEST

START_TEST(pae_walks_agree_with_the_model)
{
	struct bench bench;

	bench_init(&bench, PAE, 0xa2345abc);
	enumerate(&bench);
	bench_finish(&bench);
}
END_TEST

START_TEST(two_level_walks_agree_with_the_model)
{
	struct bench bench;

	bench_init(&bench, TWO_LEVEL, 0x92345abc);
	enumerate(&bench);
	bench_finish(&bench);
}
END_TEST

/* ---- every bit of every entry, for several MAXPHYADDR ---- */

static void flip_every_bit(struct bench *bench, unsigned leaf)
{
	uint64_t base[NR_LEVELS], entries[NR_LEVELS];

	for (unsigned i = 0; i < NR_LEVELS; i++)
		base[i] = base_entry(bench, i, leaf);
	for (unsigned i = 0; i <= leaf; i++)
		for (unsigned bit = 0; bit < 8 * bench->entry_bytes; bit++) {
			memcpy(entries, base, sizeof(entries));
			entries[i] ^= (uint64_t)1 << bit;
			check_all_accesses(bench, entries);
		}
}

START_TEST(every_bit_is_used_ignored_or_reserved_as_the_model_says)
{
	static const unsigned physical_bits[] = { 32, 33, 36, 39, 40, 46, 51, 52 };
	struct bench bench;

	bench_init(&bench, (enum model_mode)(_i % NR_MODES), 0x12345678);
	bench.registers.physical_bits = physical_bits[_i / NR_MODES];
	for (unsigned registers = 0; registers < 64; registers++) {
		set_registers(&bench, registers);
		for (unsigned leaf = 1; leaf < nr_levels(&bench); leaf++)
			flip_every_bit(&bench, leaf);
		if (bench.registers.mode == TWO_LEVEL)
			flip_every_bit(&bench, 0);
	}
	ck_assert_uint_gt(bench.checked, 64 * 6 * 2 * 20);
	bench_finish(&bench);
}
END_TEST

/* ---- random entries all the way ---- */

static uint64_t random_entry(struct bench *bench, struct random_stream *random, unsigned i)
{
	bool last = i + 1 == nr_levels(bench);
	uint64_t entry = random_next(random) & 0xe7a; /* all low bits but P, US, PS, G */

	if (!i && bench->registers.mode == PAE)
		return (random_one_in(random, 16) ? 0 : PTE_P) | table_pa(1) |
		       (random_one_in(random, 16) ? entry : entry & 0xe18);
	entry |= random_one_in(random, 16) ? 0 : PTE_P;
	entry |= random_one_in(random, 4) ? 0 : PTE_US | PTE_RW;
	if (last || random_one_in(random, 5))
		entry |= (random_next(random) & 0xffffe00000) | PTE_PS;
	else
		entry |= table_pa(i + 1);
	if (random_one_in(random, 20))
		entry ^= (uint64_t)1 << random_below(random, 8 * bench->entry_bytes);
	return bench->entry_bytes == 4 ? (uint32_t)entry : entry;
}

static void check_random(enum model_mode mode)
{
	struct random_stream random = random_start("random_entries_agree_with_the_model");
	uint64_t cases = random_cases(200000);
	struct bench bench;

	bench_init(&bench, mode, 0);
	for (uint64_t n = 0; n < cases; n++) {
		uint64_t entries[NR_LEVELS];

		bench.registers.physical_bits = 32 + (unsigned)random_below(&random, 21);
		set_registers(&bench, (unsigned)random_below(&random, 64));
		aim(&bench, mode == FOUR_LEVEL ? random_next(&random) << 16 >> 17
		                               : random_next(&random) & UINT32_MAX);
		for (unsigned i = 0; i < NR_LEVELS; i++)
			entries[i] = random_entry(&bench, &random, i);
		check_walk(&bench, entries, (enum access_kind)random_below(&random, 3),
		           (enum privilege)random_below(&random, 2));
	}
	printf("# %lu walks\n", bench.checked);
	ck_assert_uint_gt(bench.checked, cases / 2);
	bench_finish(&bench);
}

START_TEST(random_entries_agree_with_the_model)
{
	check_random((enum model_mode)_i);
}
END_TEST

/* ---- corners by hand ---- */

START_TEST(pages_are_mapped_from_their_first_to_their_last_byte)
{
	static const struct {
		enum model_mode mode;
		unsigned leaf;
		va_t va;
		uint64_t entry;
		pa_t first;
	} corners[] = {
		{ FOUR_LEVEL, 3, 0x7fffffffe000, 0x123456000, 0x123456000 },
		{ FOUR_LEVEL, 2, 0x7fffffe00000, 0x40000000, 0x40000000 },
		{ FOUR_LEVEL, 1, 0x7fffc0000000, 0x80000000, 0x80000000 },
		{ FOUR_LEVEL, 1, 0xffff800000000000, 0xc0000000, 0xc0000000 },
		{ FOUR_LEVEL, 2, 0xffffffffffe00000, 0x7fe00000, 0x7fe00000 },
		{ TWO_LEVEL, 1, 0xfffff000, 0xfffff000, 0xfffff000 },
		{ TWO_LEVEL, 0, 0xffc00000, 0xffc00000, 0xffc00000 },
		{ PAE, 2, 0xfffff000, 0xffffffffff000, 0xffffffffff000 },
		{ PAE, 1, 0x3fe00000, 0xfffffffe00000, 0xfffffffe00000 },
		/* PSE-36: bits 20:13 are bits 39:32. */
		{ TWO_LEVEL, 0, 0x00400000, 0x00c00000 | 0x1fe000, 0xff00c00000 },
		{ TWO_LEVEL, 0, 0x00400000, 0x00c00000 | 0x002000, 0x0100c00000 },
		/* Bit 12 of a large page is PAT, no address. */
		{ FOUR_LEVEL, 2, 0x200000, 0x40000000 | 1 << 12, 0x40000000 },
		{ FOUR_LEVEL, 1, 0x40000000, 0x80000000 | 1 << 12, 0x80000000 },
		{ PAE, 1, 0x200000, 0x40000000 | 1 << 12, 0x40000000 },
		{ TWO_LEVEL, 0, 0x400000, 0x400000 | 1 << 12, 0x400000 },
	};
	static const uint64_t sizes[NR_MODES][4] = {
		[TWO_LEVEL] = { 4 * MIB, PAGE_SIZE },
		[PAE] = { 0, 2 * MIB, PAGE_SIZE },
		[FOUR_LEVEL] = { 0, GIB, 2 * MIB, PAGE_SIZE },
	};

	for (size_t i = 0; i < sizeof(corners) / sizeof(corners[0]); i++) {
		uint64_t size = sizes[corners[i].mode][corners[i].leaf];
		struct bench bench;

		bench_init(&bench, corners[i].mode, corners[i].va);
		bench.registers.pse = true;
		bench.registers.physical_bits = 52;
		for (unsigned level = 0; level < corners[i].leaf; level++)
			put(&bench, level, base_entry(&bench, level, corners[i].leaf));
		load_registers(&bench);
		ck_assert(load_pdptes(&bench));
		put(&bench, corners[i].leaf,
		    corners[i].entry | 7 | (size > PAGE_SIZE ? PTE_PS : 0));
		for (uint64_t offset = 0; offset < size; offset += size - 1) {
			struct walk walk = { .va = corners[i].va + offset, .priv = PRIV_USER };

			ck_assert(walker_walk(&bench.walker, NULL, NULL, &walk));
			ck_assert_uint_eq(walk_pa(&walk), corners[i].first + offset);
			ck_assert_uint_eq(page_size_bytes(walk.size), size);
		}
		bench_finish(&bench);
	}
}
END_TEST

START_TEST(a_1g_entry_is_reserved_on_a_cpu_without_1g_pages)
{
	struct walk walk = { .va = 0, .priv = PRIV_USER };
	struct bench bench;

	bench_init(&bench, FOUR_LEVEL, 0);
	bench.cpu.has_1g_pages = false;
	load_registers(&bench);
	put(&bench, 0, table_pa(1) | 7);
	put(&bench, 1, PTE_PS | 7);
	ck_assert(!walker_walk(&bench.walker, NULL, NULL, &walk));
	ck_assert_uint_eq(walk.error_code, PF_P | PF_RSVD | PF_U);
	bench_finish(&bench);
}
END_TEST

START_TEST(tables_outside_of_ram_read_as_not_present)
{
	struct walk walk = { .va = 0, .priv = PRIV_KERNEL };
	struct bench bench;

	bench_init(&bench, FOUR_LEVEL, 0);
	load_registers(&bench);
	put(&bench, 0, GIB | 7);
	ck_assert(!walker_walk(&bench.walker, NULL, NULL, &walk));
	ck_assert_uint_eq(walk.error_code, 0);
	ck_assert_uint_eq(walk.refs, 2);
	bench_finish(&bench);
}
END_TEST

START_TEST(a_pae_walk_reads_no_pdpte_from_memory)
{
	struct walk walk = { .va = GIB, .priv = PRIV_KERNEL };
	struct bench bench;

	bench_init(&bench, PAE, GIB);
	put(&bench, 0, table_pa(1) | PTE_P);
	put(&bench, 1, PTE_PS | PTE_P);
	load_registers(&bench);
	ck_assert(load_pdptes(&bench));
	put(&bench, 0, 0);
	ck_assert(walker_walk(&bench.walker, NULL, NULL, &walk));
	ck_assert_uint_eq(walk.refs, 1);
	ck_assert(load_pdptes(&bench));
	ck_assert(!walker_walk(&bench.walker, NULL, NULL, &walk));
	ck_assert_uint_eq(walk.refs, 0);
	bench_finish(&bench);
}
END_TEST

START_TEST(only_48_bit_addresses_with_repeated_sign_are_canonical)
{
	struct bench bench;

	bench_init(&bench, FOUR_LEVEL, 0);
	load_registers(&bench);
	ck_assert(walker_is_canonical(&bench.walker, 0));
	ck_assert(walker_is_canonical(&bench.walker, 0x00007fffffffffff));
	ck_assert(!walker_is_canonical(&bench.walker, 0x0000800000000000));
	ck_assert(!walker_is_canonical(&bench.walker, 0xffff7fffffffffff));
	ck_assert(walker_is_canonical(&bench.walker, 0xffff800000000000));
	ck_assert(walker_is_canonical(&bench.walker, UINT64_MAX));
	bench_finish(&bench);
}
END_TEST

START_TEST(modes_are_found_by_name)
{
	ck_assert_ptr_eq(paging_mode_by_name("two-level"), &paging_two_level);
	ck_assert_ptr_eq(paging_mode_by_name("pae"), &paging_pae);
	ck_assert_ptr_eq(paging_mode_by_name("four-level"), &paging_four_level);
	ck_assert_ptr_null(paging_mode_by_name("nine-level"));
}
END_TEST

/* Levels meet without gap or overlap, from the offset to the last address bit. */
START_TEST(levels_divide_the_address)
{
	const struct paging_mode *all[] = { &paging_two_level, &paging_pae, &paging_four_level };
	const struct paging_mode *mode = all[_i];
	unsigned bit = PAGE_SHIFT;

	for (unsigned i = mode->nr_levels; i-- > 0;) {
		ck_assert_uint_eq(mode->level[i].shift, bit);
		if (mode->level[i].leaf)
			ck_assert_uint_eq(page_size_shift(mode->level[i].leaf_size), bit);
		if (i >= mode->first_in_memory)
			ck_assert_uint_eq(mode->entry_bytes << mode->level[i].index_bits,
			                  PAGE_SIZE);
		bit += mode->level[i].index_bits;
	}
	ck_assert_uint_eq(bit, mode->va_bits);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("walker");
	TCase *tcase = tcase_create("walker");

	tcase_add_test(tcase, four_level_walks_agree_with_the_model);
	tcase_add_test(tcase, pae_walks_agree_with_the_model);
	tcase_add_test(tcase, two_level_walks_agree_with_the_model);
	tcase_add_loop_test(tcase, every_bit_is_used_ignored_or_reserved_as_the_model_says, 0,
	                    8 * NR_MODES);
	tcase_add_loop_test(tcase, random_entries_agree_with_the_model, 0, NR_MODES);
	tcase_add_test(tcase, pages_are_mapped_from_their_first_to_their_last_byte);
	tcase_add_test(tcase, a_1g_entry_is_reserved_on_a_cpu_without_1g_pages);
	tcase_add_test(tcase, tables_outside_of_ram_read_as_not_present);
	tcase_add_test(tcase, a_pae_walk_reads_no_pdpte_from_memory);
	tcase_add_test(tcase, only_48_bit_addresses_with_repeated_sign_are_canonical);
	tcase_add_test(tcase, modes_are_found_by_name);
	tcase_add_loop_test(tcase, levels_divide_the_address, 0, 3);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
