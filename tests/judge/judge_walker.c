/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walker against Unicorn's own paging (QEMU 5's), with the same tables in the
 * same RAM: random entries, control registers and accesses. Compared: fault or not
 * and its vector, error code, CR2, the place in RAM that was read, written or run,
 * and every entry on the way (A and D bits).
 *
 *   judge_walker [CASES-PER-MODE [SEED]]      or PW_CASES and PW_SEED
 *
 * Allowed differences, counted apart; both are about walks that fault, where the
 * manual leaves A open (walker.h, walker_commit()):
 *
 *   1. QEMU sets A in each entry as it passes; ours leaves them alone.
 *   2. It sets A in a 1 GB leaf too before it looks at the rights.
 *
 * Not compared: PCIDs and INVLPG, which Unicorn does not have, and pages outside
 * of RAM.
 */
#include "mmu/mmu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

#define RAM_BYTES (16 * MIB)
#define MAX_LEVELS 4
#define MAX_REPORTS 10

/*
 * Physical memory:              at virtual (all modes):
 *   0x01000 kernel code           0xc0000000
 *   0x02000 user code             0xc0001000
 *   0x03000 GDT                   0xc0002000
 *   0x04000 stack                 0xc0003000
 *   0x10000 tables that map these
 *   0x20000 tables under test
 *   0x40000 and up: data          wherever the tables say
 */
#define FIXED_VA ((va_t)0xc0000000)
#define KERNEL_CODE_PA 0x1000
#define USER_CODE_PA 0x2000
#define GDT_PA 0x3000
#define STACK_PA 0x4000
#define FIXED_TABLES_PA 0x10000
#define TEST_TABLES_PA 0x20000
#define DATA_PA 0x40000

/* RAM can be reached here too, to see the upper bits of addresses at work. Each
 * starts elsewhere in its gigabyte, so that a lost upper bit leads to other bytes. */
static const pa_t windows[] = { 0, ((pa_t)1 << 32) + 4 * MIB, ((pa_t)5 << 33) + 8 * MIB,
	                        ((pa_t)1 << 39) + 12 * MIB };

#define NR_WINDOWS (sizeof(windows) / sizeof(windows[0]))

#define CODE_STRIDE 16

static const char *const code[NR_ACCESS_KINDS] = {
	[ACCESS_LOAD] = "\x8b\x03",  /* mov (%rbx), %eax */
	[ACCESS_STORE] = "\x89\x03", /* mov %eax, (%rbx) */
	[ACCESS_FETCH] = "\x90\x90", /* not used: these start at their target */
};

/* One case. */
struct setup {
	enum access_kind kind;
	enum privilege priv;
	bool wp, pse, smep, smap, ac, nxe;
	va_t va;
	pa_t place[MAX_LEVELS]; /* of the entries, top first */
	uint64_t entry[MAX_LEVELS];
	uint32_t value; /* what is loaded, stored, or shown to have run */
};

/* What came of it. */
struct outcome {
	bool faulted;
	unsigned vector;
	uint32_t error_code;
	va_t cr2;
	pa_t pa;       /* ours, if it did not fault */
	unsigned refs; /* ours */
	uint64_t after[MAX_LEVELS];
};

struct judge {
	const struct paging_mode *mode;
	unsigned nr_levels, entry_bytes;
	struct ram ram;
	struct mmu *mmu;
	struct event_stream events;

	uc_engine *uc;
	uc_context *at_priv[NR_PRIVS]; /* registers to start a case from */
	uc_context *in_fault;          /* scratch */
	size_t error_code_offset;      /* in a saved context; 0 until it is found */
	struct outcome *raised;        /* where the hook puts a fault */

	uint64_t seed;
	uint64_t compared, faulted, skipped, upper_a, huge_a, different;
	uint64_t by_code[32];
};

/* Unicorn 2.1.1 loses 32 bytes per engine at its first mapping. LeakSanitizer asks
 * for this by name; without it nobody calls it. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libunicorn";
}

/* ---- helpers ---- */

static uint64_t random_next(struct judge *judge)
{
	uint64_t z = judge->seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t below(struct judge *judge, uint64_t n)
{
	return random_next(judge) % n;
}

static bool one_in(struct judge *judge, uint64_t n)
{
	return below(judge, n) == 0;
}

static void must(uc_err err, const char *what)
{
	if (!err)
		return;
	printf("Bail out! %s: %s\n", what, uc_strerror(err));
	exit(1);
}

static bool is_four_level(const struct judge *judge)
{
	return judge->mode == &paging_four_level;
}

static bool is_pae(const struct judge *judge)
{
	return judge->mode == &paging_pae;
}

static uint64_t get_entry(const struct judge *judge, pa_t pa)
{
	uint64_t entry = 0;

	memcpy(&entry, ram_at(&judge->ram, pa), judge->entry_bytes);
	return entry;
}

static void put_entry(const struct judge *judge, pa_t pa, uint64_t entry)
{
	memcpy(ram_at(&judge->ram, pa), &entry, judge->entry_bytes);
}

static void put_entries(const struct judge *judge, const struct setup *setup)
{
	for (unsigned i = 0; i < judge->nr_levels; i++)
		put_entry(judge, setup->place[i], setup->entry[i]);
}

static void get_entries(const struct judge *judge, const struct setup *setup, uint64_t *entries)
{
	for (unsigned i = 0; i < judge->nr_levels; i++)
		entries[i] = get_entry(judge, setup->place[i]);
}

static void clear_entries(const struct judge *judge, const struct setup *setup)
{
	for (unsigned i = 0; i < judge->nr_levels; i++)
		put_entry(judge, setup->place[i], 0);
}

static pa_t table_pa(const struct judge *judge, unsigned level)
{
	/* The top table is the fixed one: Unicorn's code must stay mapped. */
	return level ? TEST_TABLES_PA + level * PAGE_SIZE : FIXED_TABLES_PA;
}

static uint64_t index_of(const struct judge *judge, va_t va, unsigned level)
{
	static const unsigned shift[] = { [2] = 22, [3] = 30, [4] = 39 };
	unsigned bits = judge->entry_bytes == 8 ? 9 : 10;
	uint64_t index = va >> (shift[judge->nr_levels] - bits * level);

	return is_pae(judge) && !level ? index & 3 : index & ((1u << bits) - 1);
}

/* Data may be anywhere in RAM, through any window, but not on our own tables. */
static uint8_t *data_at(const struct judge *judge, pa_t pa)
{
	for (unsigned i = 0; i < NR_WINDOWS; i++)
		if (pa - windows[i] >= DATA_PA && ram_has(&judge->ram, pa - windows[i], 8))
			return ram_at(&judge->ram, pa - windows[i]);
	return NULL;
}

/* ---- random cases ---- */

static uint64_t random_flags(struct judge *judge)
{
	uint64_t flags = random_next(judge) & (PTE_PWT | PTE_PCD | PTE_A | PTE_D | PTE_G | 0xe00);

	flags |= one_in(judge, 20) ? 0 : PTE_P;
	flags |= one_in(judge, 4) ? 0 : PTE_RW;
	flags |= one_in(judge, 4) ? 0 : PTE_US;
	if (judge->entry_bytes == 8) {
		flags |= one_in(judge, 8) ? PTE_NX : 0;
		if (is_four_level(judge) && one_in(judge, 4))
			flags |= below(judge, 0x800) << 52; /* ignored */
	}
	return flags;
}

/* One in many entries gets any one bit turned: mostly reserved ones. */
static uint64_t spoil(struct judge *judge, uint64_t entry, unsigned low, unsigned high)
{
	if (one_in(judge, 24))
		entry ^= (uint64_t)1 << (low + below(judge, high - low));
	return entry;
}

static uint64_t random_table_entry(struct judge *judge, unsigned level)
{
	uint64_t entry = random_flags(judge) | table_pa(judge, level + 1);

	/* A PDPTE's reserved bits are not spoiled: to Unicorn they are ignored, in part. */
	if (is_pae(judge))
		return level ? spoil(judge, entry, 40, 63)
		             : entry & (PTE_P | PTE_PWT | PTE_PCD | 0xe00 | table_pa(judge, 1));
	if (is_four_level(judge))
		return spoil(judge, one_in(judge, 24) && !level ? entry | PTE_PS : entry, 40, 52);
	return entry;
}

/* `size` bytes, at a place where some of it is data; the rest of RAM is skipped. */
static uint64_t random_leaf(struct judge *judge, uint64_t size)
{
	pa_t window = windows[one_in(judge, 3) ? below(judge, NR_WINDOWS) : 0];
	pa_t pa = (window + below(judge, RAM_BYTES)) & ~(size - 1);
	uint64_t entry = random_flags(judge) | (one_in(judge, 2) ? PTE_PS : 0);

	if (size > PAGE_SIZE)
		entry |= PTE_PS | (random_next(judge) & 1 << 12); /* PAT */
	if (judge->entry_bytes == 8)
		return spoil(judge, entry | pa, size > PAGE_SIZE ? 13 : 40,
		             is_pae(judge) ? 63 : 52);
	if (size > PAGE_SIZE)
		return spoil(judge, entry | (uint32_t)pa | pa >> 32 << 13, 13, 22);
	return entry | (uint32_t)pa;
}

/* Where the walk will end, if nothing stops it. */
static unsigned random_leaf_level(struct judge *judge)
{
	unsigned last = judge->nr_levels - 1;

	if (!one_in(judge, 3))
		return last;
	return is_four_level(judge) ? last - 1 - (unsigned)below(judge, 2) : last - 1;
}

static va_t random_va(struct judge *judge, unsigned leaf_level)
{
	va_t va;

	do {
		va = random_next(judge) & ~(va_t)7;
		if (!is_four_level(judge))
			va = (uint32_t)va;
		else if (!one_in(judge, 200))
			va = (va_t)((int64_t)(va << 16) >> 16);
		if (is_four_level(judge) && leaf_level == 1)
			va = (va & ~(GIB - 1)) | (DATA_PA + below(judge, RAM_BYTES - DATA_PA - 8));
		va &= ~(va_t)7;
	} while (index_of(judge, va, 0) == index_of(judge, FIXED_VA, 0));
	return va;
}

static void random_setup(struct judge *judge, struct setup *setup)
{
	uint64_t bits = random_next(judge);
	unsigned leaf = random_leaf_level(judge);

	*setup = (struct setup){
		.kind = (enum access_kind)below(judge, NR_ACCESS_KINDS),
		.priv = bits & 1 ? PRIV_USER : PRIV_KERNEL,
		.wp = bits & 2,
		.pse = bits & 4,
		.smep = bits & 8,
		.smap = bits & 16,
		.ac = bits & 32,
		.nxe = bits & (64 + 128),
		.va = random_va(judge, leaf),
		.value = (uint32_t)random_next(judge),
	};
	for (unsigned i = 0; i < judge->nr_levels; i++) {
		uint64_t size = (uint64_t)1 << judge->mode->level[i].shift;

		setup->place[i] =
		    table_pa(judge, i) + index_of(judge, setup->va, i) * judge->entry_bytes;
		if (i < leaf)
			setup->entry[i] = random_table_entry(judge, i);
		else if (i == leaf && size < 512 * GIB)
			setup->entry[i] = random_leaf(judge, size);
	}
	/* Without CR4.PSE, PS of a 32-bit entry is ignored: let it lead to the table. */
	if (judge->nr_levels == 2 && leaf == 0 && !setup->pse) {
		setup->entry[0] = random_table_entry(judge, 0) | PTE_PS;
		setup->entry[1] = random_leaf(judge, PAGE_SIZE);
	}
}

/* ---- ours ---- */

static uint64_t cr0_of(const struct setup *setup)
{
	return CR0_PG | CR0_PE | CR0_ET | (setup->wp ? CR0_WP : 0);
}

static uint64_t cr4_of(const struct judge *judge, const struct setup *setup)
{
	return (judge->entry_bytes == 8 ? CR4_PAE : 0) | (setup->pse ? CR4_PSE : 0) |
	       (setup->smep ? CR4_SMEP : 0) | (setup->smap ? CR4_SMAP : 0);
}

static uint64_t efer_of(const struct judge *judge, const struct setup *setup)
{
	return EFER_SCE | (is_four_level(judge) ? EFER_LME | EFER_LMA : 0) |
	       (setup->nxe ? EFER_NXE : 0);
}

static void load_ours(struct judge *judge, const struct setup *setup)
{
	int err = mmu_write_efer(judge->mmu, efer_of(judge, setup));

	err = err ? err : mmu_write_cr4(judge->mmu, cr4_of(judge, setup));
	err = err ? err : mmu_write_cr3(judge->mmu, table_pa(judge, 0));
	err = err ? err : mmu_write_cr0(judge->mmu, cr0_of(setup));
	if (err)
		must(UC_ERR_ARG, "our MMU refuses its registers");
	mmu_set_ac(judge->mmu, setup->ac);
}

static void run_ours(struct judge *judge, const struct setup *setup, struct outcome *outcome)
{
	const struct mmu_counts *counts = mmu_counts(judge->mmu, setup->priv);
	uint64_t refs = counts->walk_memory_refs;
	struct translation out = { 0 };
	struct page_fault fault = { 0 };

	*outcome = (struct outcome){ 0 };
	put_entries(judge, setup); /* first: CR3 loads PDPTEs */
	load_ours(judge, setup);
	outcome->faulted =
	    !mmu_translate(judge->mmu, setup->va, setup->kind, setup->priv, &out, &fault);
	get_entries(judge, setup, outcome->after);
	outcome->refs = (unsigned)(counts->walk_memory_refs - refs);
	outcome->pa = out.pa;
	if (!outcome->faulted)
		return;
	outcome->vector = fault.non_canonical ? 13 : 14;
	outcome->error_code = fault.error_code;
	outcome->cr2 = mmu_cr2(judge->mmu);
}

/* ---- Unicorn's ---- */

/* The error code is in no register, but somewhere in a context saved now. */
static void notice_interrupt(uc_engine *uc, uint32_t number, void *user_data)
{
	struct judge *judge = user_data;
	struct outcome *outcome = judge->raised;

	outcome->faulted = true;
	outcome->vector = number;
	uc_reg_read(uc, UC_X86_REG_CR2, &outcome->cr2);
	uc_context_save(uc, judge->in_fault);
	memcpy(&outcome->error_code, (char *)judge->in_fault + judge->error_code_offset, 4);
	uc_emu_stop(uc);
}

static void load_unicorn(struct judge *judge, const struct setup *setup)
{
	uint64_t cr0 = cr0_of(setup), cr3 = table_pa(judge, 0), cr4 = cr4_of(judge, setup);
	uint64_t flags = 2 | (setup->ac ? 1 << 18 : 0);
	uc_x86_msr efer = { 0xc0000080, efer_of(judge, setup) };
	uint64_t eax = setup->value;
	uc_engine *uc = judge->uc;

	/* A whole context first, else a second fault would be a double fault. */
	must(uc_context_restore(uc, judge->at_priv[setup->priv]), "restore");
	uc_reg_write(uc, UC_X86_REG_MSR, &efer);
	uc_reg_write(uc, UC_X86_REG_CR4, &cr4);
	uc_reg_write(uc, UC_X86_REG_CR0, &cr0);
	uc_reg_write(uc, UC_X86_REG_CR3, &cr3); /* drops its TLB, cheaper than a flush */
	uc_reg_write(uc, UC_X86_REG_EFLAGS, &flags);
	uc_reg_write(uc, is_four_level(judge) ? UC_X86_REG_RBX : UC_X86_REG_EBX, &setup->va);
	if (setup->kind != ACCESS_STORE)
		eax = ~eax;
	uc_reg_write(uc, UC_X86_REG_EAX, &eax);
}

/* What Unicorn will find where our walk arrived: a value, or code that makes one
 * (written through Unicorn, which else may run what it translated before). */
static void place_data(struct judge *judge, const struct setup *setup, pa_t pa)
{
	uint8_t instruction[5] = { 0xb8 }; /* mov $value, %eax */

	if (setup->kind == ACCESS_LOAD)
		memcpy(data_at(judge, pa), &setup->value, 4);
	else if (setup->kind == ACCESS_STORE)
		memset(data_at(judge, pa), 0, 4);
	else {
		memcpy(instruction + 1, &setup->value, 4);
		must(uc_mem_write(judge->uc, pa, instruction, sizeof(instruction)), "code");
	}
}

static uint32_t find_value(struct judge *judge, const struct setup *setup, pa_t pa)
{
	uint32_t value = 0;
	uint64_t eax = 0;

	uc_reg_read(judge->uc, UC_X86_REG_EAX, &eax);
	if (setup->kind == ACCESS_STORE)
		memcpy(&value, data_at(judge, pa), 4);
	return setup->kind == ACCESS_STORE ? value : (uint32_t)eax;
}

static uc_err run_unicorn(struct judge *judge, const struct setup *setup, struct outcome *outcome)
{
	va_t ip = FIXED_VA + (setup->priv == PRIV_USER ? PAGE_SIZE : 0) + setup->kind * CODE_STRIDE;
	uc_err err;

	*outcome = (struct outcome){ 0 };
	judge->raised = outcome;
	put_entries(judge, setup);
	load_unicorn(judge, setup);
	if (setup->kind == ACCESS_FETCH)
		err = uc_emu_start(judge->uc, setup->va, setup->va + 5, 0, 0);
	else
		err = uc_emu_start(judge->uc, ip, ip + 2, 0, 0);
	get_entries(judge, setup, outcome->after);
	return err;
}

/* ---- the comparison ---- */

static bool is_1g_leaf(const struct judge *judge, const struct setup *setup, unsigned level)
{
	return is_four_level(judge) && level == 1 && setup->entry[1] & PTE_PS;
}

/* True if all entries are as they must be; the two allowed differences are counted. */
static bool same_entries(struct judge *judge, const struct setup *setup, const struct outcome *ours,
                         const struct outcome *theirs)
{
	unsigned seen = judge->mode->first_in_memory + ours->refs;
	bool upper = false, huge = false;

	for (unsigned i = 0; i < judge->nr_levels; i++) {
		if (theirs->after[i] == ours->after[i])
			continue;
		if (!ours->faulted || theirs->after[i] != (ours->after[i] | PTE_A))
			return false;
		if (i + 1 < seen)
			upper = true;
		else if (i + 1 == seen && is_1g_leaf(judge, setup, i))
			huge = true;
		else
			return false;
	}
	judge->upper_a += upper;
	judge->huge_a += huge;
	return true;
}

static const char *difference(struct judge *judge, const struct setup *setup,
                              const struct outcome *ours, const struct outcome *theirs, uc_err err)
{
	if (ours->faulted != theirs->faulted)
		return "fault or not";
	if (err)
		return uc_strerror(err);
	if (ours->vector != theirs->vector)
		return "vector";
	if (ours->vector == 14 && ours->error_code != theirs->error_code)
		return "error code";
	if (ours->vector == 14 && ours->cr2 != theirs->cr2)
		return "CR2";
	if (!same_entries(judge, setup, ours, theirs))
		return "A and D bits";
	if (!ours->faulted && find_value(judge, setup, ours->pa) != setup->value)
		return "physical address";
	return NULL;
}

static void report(struct judge *judge, const struct setup *setup, const struct outcome *ours,
                   const struct outcome *theirs, const char *what)
{
	static const char *const kinds[] = { "load", "store", "fetch" };

	if (judge->different++ >= MAX_REPORTS)
		return;
	printf("# %s: %s %s of %#llx,%s%s%s%s%s%s\n", what,
	       setup->priv == PRIV_USER ? "user" : "kernel", kinds[setup->kind],
	       (unsigned long long)setup->va, setup->wp ? " WP" : "", setup->pse ? " PSE" : "",
	       setup->smep ? " SMEP" : "", setup->smap ? " SMAP" : "", setup->ac ? " AC" : "",
	       setup->nxe ? " NXE" : "");
	printf("#   ours: vector %u code %x cr2 %#llx pa %#llx\n", ours->vector, ours->error_code,
	       (unsigned long long)ours->cr2, (unsigned long long)ours->pa);
	printf("#   Unicorn's: vector %u code %x cr2 %#llx\n", theirs->vector, theirs->error_code,
	       (unsigned long long)theirs->cr2);
	for (unsigned i = 0; i < judge->nr_levels; i++)
		printf("#   entry %#llx -> ours %#llx, Unicorn's %#llx\n",
		       (unsigned long long)setup->entry[i], (unsigned long long)ours->after[i],
		       (unsigned long long)theirs->after[i]);
}

static void judge_one(struct judge *judge)
{
	struct outcome ours, theirs;
	struct setup setup;
	const char *what;
	uc_err err;

	random_setup(judge, &setup);
	run_ours(judge, &setup, &ours);
	if (!ours.faulted && !data_at(judge, ours.pa)) {
		judge->skipped++;
		clear_entries(judge, &setup);
		return;
	}
	if (!ours.faulted)
		place_data(judge, &setup, ours.pa);
	err = run_unicorn(judge, &setup, &theirs);
	what = difference(judge, &setup, &ours, &theirs, err);
	if (what)
		report(judge, &setup, &ours, &theirs, what);
	clear_entries(judge, &setup);
	judge->compared++;
	judge->faulted += ours.faulted;
	if (ours.vector == 14)
		judge->by_code[ours.error_code & 31]++;
}

/* ---- getting ready ---- */

static void build_fixed_tables(struct judge *judge)
{
	unsigned last = judge->nr_levels - 1;
	pa_t table = FIXED_TABLES_PA;

	for (unsigned i = 0; i < last; i++) {
		pa_t next = FIXED_TABLES_PA + (i + 1) * PAGE_SIZE;

		put_entry(judge, table + index_of(judge, FIXED_VA, i) * judge->entry_bytes,
		          next | PTE_P | (is_pae(judge) && !i ? 0 : PTE_RW | PTE_US | PTE_A));
		table = next;
	}
	for (unsigned i = 0; i < 4; i++) {
		pa_t pa = KERNEL_CODE_PA + i * PAGE_SIZE;

		put_entry(judge, table + i * judge->entry_bytes,
		          pa | PTE_P | PTE_RW | PTE_A | PTE_D | (pa == USER_CODE_PA ? PTE_US : 0));
	}
}

/* Selectors: 0x08 kernel code, 0x10 kernel data, 0x18 user code, 0x20 user data. */
static void build_code(struct judge *judge)
{
	uint64_t long_code = is_four_level(judge) ? 0x0020000000000000 : 0x0040000000000000;
	uint64_t gdt[] = { 0, 0x008f9b000000ffff | long_code, 0x00cf93000000ffff,
		           0x008ffb000000ffff | long_code, 0x00cff3000000ffff };

	memcpy(ram_at(&judge->ram, GDT_PA), gdt, sizeof(gdt));
	for (unsigned kind = 0; kind < NR_ACCESS_KINDS; kind++) {
		memcpy(ram_at(&judge->ram, KERNEL_CODE_PA + kind * CODE_STRIDE), code[kind], 2);
		memcpy(ram_at(&judge->ram, USER_CODE_PA + kind * CODE_STRIDE), code[kind], 2);
	}
	/* iret */
	memcpy(ram_at(&judge->ram, KERNEL_CODE_PA + 0x100),
	       is_four_level(judge) ? "\x48\xcf" : "\xcf\x90", 2);
}

static void start_paging(struct judge *judge)
{
	struct setup setup = { .pse = true };
	uint64_t cr0 = cr0_of(&setup), cr3 = table_pa(judge, 0), cr4 = cr4_of(judge, &setup);
	uc_x86_msr efer = { 0xc0000080, efer_of(judge, &setup) };
	uc_x86_mmr gdtr = { .base = FIXED_VA + 2 * PAGE_SIZE, .limit = 5 * 8 - 1 };
	uint64_t code_segment = 0x08, data_segment = 0x10;

	must(uc_reg_write(judge->uc, UC_X86_REG_CR4, &cr4), "CR4");
	must(uc_reg_write(judge->uc, UC_X86_REG_MSR, &efer), "EFER");
	must(uc_reg_write(judge->uc, UC_X86_REG_CR3, &cr3), "CR3");
	must(uc_reg_write(judge->uc, UC_X86_REG_CR0, &cr0), "CR0");
	must(uc_reg_write(judge->uc, UC_X86_REG_GDTR, &gdtr), "GDTR");
	must(uc_reg_write(judge->uc, UC_X86_REG_CS, &code_segment), "CS");
	must(uc_reg_write(judge->uc, UC_X86_REG_SS, &data_segment), "SS");
	must(uc_reg_write(judge->uc, UC_X86_REG_DS, &data_segment), "DS");
	must(uc_reg_write(judge->uc, UC_X86_REG_ES, &data_segment), "ES");
}

/* To CPL 3 as a kernel goes there, by iret. */
static void go_to_user(struct judge *judge)
{
	va_t stack = FIXED_VA + 3 * PAGE_SIZE + 0xf00;
	uint64_t frame[] = { FIXED_VA + PAGE_SIZE, 0x18 | 3, 2, stack, 0x20 | 3 };
	size_t word = is_four_level(judge) ? 8 : 4;
	uint64_t cs = 0;

	for (size_t i = 0; i < 5; i++)
		memcpy(ram_at(&judge->ram, STACK_PA + 0xf00 + i * word), &frame[i], word);
	uc_reg_write(judge->uc, is_four_level(judge) ? UC_X86_REG_RSP : UC_X86_REG_ESP, &stack);
	must(uc_emu_start(judge->uc, FIXED_VA + 0x100, 0, 0, 1), "iret");
	uc_reg_read(judge->uc, UC_X86_REG_CS, &cs);
	if ((cs & 3) != 3)
		must(UC_ERR_EXCEPTION, "iret did not reach CPL 3");
}

/* Four faults with known codes (not present; load, store; kernel, user) tell where
 * a saved context has the error code. */
static void find_error_code(struct judge *judge)
{
	size_t size = uc_context_size(judge->uc), found = 0;
	bool *fits = malloc(size);
	struct outcome outcome;

	memset(fits, true, size);
	for (unsigned i = 0; i < 4; i++) {
		struct setup setup = { .kind = i & 1 ? ACCESS_STORE : ACCESS_LOAD,
			               .priv = i & 2 ? PRIV_USER : PRIV_KERNEL,
			               .va = 0x80000000 };
		uint32_t code_here, expected = (i & 1 ? PF_W : 0) | (i & 2 ? PF_U : 0);

		for (unsigned level = 0; level < judge->nr_levels; level++)
			setup.place[level] = TEST_TABLES_PA;
		run_unicorn(judge, &setup, &outcome);
		if (!outcome.faulted || outcome.vector != 14)
			must(UC_ERR_EXCEPTION, "no fault where nothing is mapped");
		for (size_t at = 0; at + 4 <= size; at += 4) {
			memcpy(&code_here, (char *)judge->in_fault + at, 4);
			fits[at] = fits[at] && code_here == expected;
		}
	}
	for (size_t at = 0; at + 4 <= size; at += 4)
		if (fits[at] && !found)
			found = at;
	free(fits);
	if (!found)
		must(UC_ERR_EXCEPTION, "no error code in the context");
	judge->error_code_offset = found;
}

static void make_ours(struct judge *judge)
{
	struct tlb_config tlb = { .name = "tlb",
		                  .entries = 16,
		                  .ways = 4,
		                  .page_sizes = (1 << NR_PAGE_SIZES) - 1,
		                  .policy = &tlb_policy_lru };
	struct mmu_config config = {
		.tlb = { { 1, { tlb } }, { 1, { tlb } }, { 1, { tlb } } },
		.physical_bits = 40, /* as Unicorn has */
		.has_1g_pages = true,
	};

	if (ram_init(&judge->ram, RAM_BYTES) ||
	    mmu_create(&judge->mmu, &config, &judge->ram, &judge->events))
		must(UC_ERR_NOMEM, "our MMU");
}

static void make_unicorn(struct judge *judge)
{
	uc_hook hook;

	must(uc_open(UC_ARCH_X86, is_four_level(judge) ? UC_MODE_64 : UC_MODE_32, &judge->uc),
	     "open");
	/* The first model in its list with SMEP and SMAP. */
	must(uc_ctl_set_cpu_model(judge->uc, UC_CPU_X86_BROADWELL), "model");
	must(uc_ctl_tlb_mode(judge->uc, UC_TLB_CPU), "TLB mode");
	for (unsigned i = 0; i < NR_WINDOWS; i++)
		must(uc_mem_map_ptr(judge->uc, windows[i], RAM_BYTES, UC_PROT_ALL, judge->ram.base),
		     "map");
	must(uc_hook_add(judge->uc, &hook, UC_HOOK_INTR, (void *)notice_interrupt, judge, 1, 0),
	     "hook");
	build_fixed_tables(judge);
	build_code(judge);
	start_paging(judge);
	for (unsigned i = 0; i < NR_PRIVS; i++)
		must(uc_context_alloc(judge->uc, &judge->at_priv[i]), "context");
	must(uc_context_alloc(judge->uc, &judge->in_fault), "context");
	must(uc_context_save(judge->uc, judge->at_priv[PRIV_KERNEL]), "save");
	go_to_user(judge);
	must(uc_context_save(judge->uc, judge->at_priv[PRIV_USER]), "save");
	find_error_code(judge);
}

static void judge_finish(struct judge *judge)
{
	for (unsigned i = 0; i < NR_PRIVS; i++)
		uc_context_free(judge->at_priv[i]);
	uc_context_free(judge->in_fault);
	uc_close(judge->uc);
	mmu_destroy(judge->mmu);
	ram_finish(&judge->ram);
}

static bool judge_mode(unsigned number, const struct paging_mode *mode, uint64_t cases,
                       uint64_t seed)
{
	struct judge judge = {
		.mode = mode,
		.nr_levels = mode->nr_levels,
		.entry_bytes = mode->entry_bytes,
		.seed = seed,
	};
	bool ok;

	make_ours(&judge);
	make_unicorn(&judge);
	while (judge.compared < cases)
		judge_one(&judge);
	printf("# %s: %llu compared (%llu faulted), %llu skipped as outside of RAM\n", mode->name,
	       (unsigned long long)judge.compared, (unsigned long long)judge.faulted,
	       (unsigned long long)judge.skipped);
	printf("#   allowed: A of upper entries in %llu faults, of a 1 GB leaf in %llu\n",
	       (unsigned long long)judge.upper_a, (unsigned long long)judge.huge_a);
	printf("#   error codes:");
	for (unsigned i = 0; i < 32; i++)
		if (judge.by_code[i])
			printf(" %x:%llu", i, (unsigned long long)judge.by_code[i]);
	printf("\n");
	/* A judge that saw only faults, or none, has judged nothing. */
	ok = !judge.different && judge.faulted && judge.faulted < judge.compared;
	printf("%sok %u - %s: %llu differences\n", ok ? "" : "not ", number, mode->name,
	       (unsigned long long)judge.different);
	judge_finish(&judge);
	return ok;
}

static uint64_t setting(int argc, char **argv, int i, const char *variable, uint64_t standard)
{
	const char *text = argc > i ? argv[i] : getenv(variable);

	return text ? strtoull(text, NULL, 0) : standard;
}

int main(int argc, char **argv)
{
	uint64_t cases = setting(argc, argv, 1, "PW_CASES", 20000);
	uint64_t seed = setting(argc, argv, 2, "PW_SEED", 1);
	bool ok;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..3\n# %llu cases per mode, seed %llu\n", (unsigned long long)cases,
	       (unsigned long long)seed);
	ok = judge_mode(1, &paging_two_level, cases, seed);
	ok = judge_mode(2, &paging_pae, cases, seed) && ok;
	ok = judge_mode(3, &paging_four_level, cases, seed) && ok;
	return ok ? 0 : 1;
}
