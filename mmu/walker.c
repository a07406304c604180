/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/walker.h"

#include <string.h>

#define ALL_RIGHTS (TLB_W | TLB_U | TLB_X)

static uint64_t bits_from(unsigned low)
{
	return ~(uint64_t)0 << low;
}

/*
 * PSE-36: bits 13 and up of a 4 MB page's entry are bits 32 and up of its address,
 * as far as the CPU's addresses go (at most to bit 39), and reserved beyond.
 */
static uint64_t reserved_high_pa_bits(const struct paging_level *level, unsigned physical_bits)
{
	unsigned has = physical_bits - 32;

	if (has >= level->high_pa_bits)
		return 0;
	return bits_from(13 + has) & ~bits_from(13 + level->high_pa_bits);
}

static bool has_leaf(const struct paging_level *level, const struct control *control,
                     const struct cpu_features *cpu)
{
	if (!level->leaf || (level->leaf_needs_pse && !(control->cr4 & CR4_PSE)))
		return false;
	return level->leaf_size != PAGE_1G || cpu->has_1g_pages;
}

static void setup_level(struct walker *walker, unsigned i, const struct control *control,
                        const struct cpu_features *cpu)
{
	const struct paging_level *level = &walker->mode->level[i];
	uint64_t reserved = 0;

	if (walker->mode->entry_bytes == 8) {
		reserved = walker->mode->pa_mask & bits_from(cpu->physical_bits);
		if (!walker->nx)
			reserved |= PTE_NX;
	}
	walker->table_reserved[i] = reserved | level->table_reserved;
	walker->leaf_reserved[i] =
	    reserved | level->leaf_reserved | reserved_high_pa_bits(level, cpu->physical_bits);
	if (i == walker->mode->nr_levels - 1u)
		walker->leaf_bit[i] = PTE_P;
	else if (has_leaf(level, control, cpu))
		walker->leaf_bit[i] = PTE_PS;
	else if (level->leaf_size == PAGE_1G && level->leaf)
		walker->table_reserved[i] |= PTE_PS;
}

/* SDM Vol. 3A, "Determination of Access Rights". */
static void setup_rules(struct walker *walker, const struct control *control)
{
	struct access_rule(*rules)[NR_ACCESS_KINDS] = walker->rules;
	bool smap = control->cr4 & CR4_SMAP && !control->ac;

	rules[PRIV_USER][ACCESS_LOAD].need = TLB_U;
	rules[PRIV_USER][ACCESS_STORE].need = TLB_U | TLB_W;
	rules[PRIV_USER][ACCESS_FETCH].need = TLB_U | TLB_X;
	rules[PRIV_KERNEL][ACCESS_LOAD].bar = smap ? TLB_U : 0;
	rules[PRIV_KERNEL][ACCESS_STORE].need = control->cr0 & CR0_WP ? TLB_W : 0;
	rules[PRIV_KERNEL][ACCESS_STORE].bar = smap ? TLB_U : 0;
	rules[PRIV_KERNEL][ACCESS_FETCH].need = TLB_X;
	rules[PRIV_KERNEL][ACCESS_FETCH].bar = control->cr4 & CR4_SMEP ? TLB_U : 0;
}

static void setup_error_bits(struct walker *walker, const struct control *control)
{
	bool shows_fetch = walker->nx || control->cr4 & CR4_SMEP;

	for (enum privilege priv = 0; priv < NR_PRIVS; priv++) {
		uint32_t user = priv == PRIV_USER ? PF_U : 0;

		walker->error_bits[priv][ACCESS_LOAD] = user;
		walker->error_bits[priv][ACCESS_STORE] = user | PF_W;
		walker->error_bits[priv][ACCESS_FETCH] = user | (shows_fetch ? PF_I : 0);
	}
}

void walker_setup(struct walker *walker, const struct ram *ram, const struct control *control,
                  const struct cpu_features *cpu)
{
	const struct paging_mode *mode = control_paging_mode(control);

	*walker = (struct walker){ .ram = ram, .mode = mode };
	if (!mode)
		return;
	walker->root = control->cr3 & mode->pa_mask;
	memcpy(walker->pdptes, control->pdptes, sizeof(walker->pdptes));
	walker->pcid = control_pcid(control);
	walker->nx = mode->has_nx && control->efer & EFER_NXE;
	walker->global = control->cr4 & CR4_PGE;
	for (unsigned i = 0; i < mode->nr_levels; i++)
		setup_level(walker, i, control, cpu);
	setup_rules(walker, control);
	setup_error_bits(walker, control);
}

bool walker_is_canonical(const struct walker *walker, va_t va)
{
	unsigned above = 64 - walker->mode->va_bits;

	return walker->mode->va_bits == 32 || (va_t)((int64_t)(va << above) >> above) == va;
}

static uint64_t read_entry(const struct walker *walker, pa_t pa)
{
	uint64_t entry = 0;

	if (ram_has(walker->ram, pa, walker->mode->entry_bytes))
		memcpy(&entry, ram_at(walker->ram, pa), walker->mode->entry_bytes);
	return entry;
}

static void write_entry(const struct walker *walker, pa_t pa, uint64_t entry)
{
	memcpy(ram_at(walker->ram, pa), &entry, walker->mode->entry_bytes);
}

static va_t level_base(const struct paging_level *level, va_t va)
{
	return va & bits_from(level->shift);
}

static uint64_t entry_rights(const struct walker *walker, uint64_t entry)
{
	uint64_t rights = entry & (PTE_RW | PTE_US);

	return walker->nx && entry & PTE_NX ? rights : rights | TLB_X;
}

static pa_t leaf_pa(const struct walker *walker, const struct paging_level *level, uint64_t entry)
{
	uint64_t high = entry >> 13 & ~bits_from(level->high_pa_bits);

	return (entry & walker->mode->pa_mask & ~(page_size_bytes(level->leaf_size) - 1)) |
	       high << 32;
}

/* The topmost table in memory. False: the PDPTE of this address is not present. */
static bool find_root(const struct walker *walker, va_t va, pa_t *table)
{
	uint64_t pdpte;

	*table = walker->root;
	if (!walker->mode->first_in_memory)
		return true;
	pdpte = walker->pdptes[va >> walker->mode->level[0].shift];
	*table = pdpte & walker->mode->pa_mask;
	return pdpte & PTE_P;
}

/* Where the walk starts: below the lowest entry that the caches hold for it. False:
 * it fails before it has read anything. */
static bool start(const struct walker *walker, struct walk_cache *cache,
                  struct walk_cache_counts *counts, struct walk *walk, pa_t *table)
{
	const struct paging_mode *mode = walker->mode;
	unsigned top = mode->first_in_memory;

	walk->rights = ALL_RIGHTS;
	for (walk->first = mode->nr_levels - 1u; cache && walk->first > top; walk->first--) {
		unsigned which = walk_cache_of_level(mode, walk->first - 1);
		const struct walk_cache_entry *entry;

		if (!walk_cache_has(cache, which))
			continue;
		entry = walk_cache_lookup(cache, which,
		                          level_base(&mode->level[walk->first - 1], walk->va),
		                          walker->pcid);
		if (entry) {
			counts->hits[which]++;
			walk->rights = entry->rights;
			*table = entry->table;
			return true;
		}
		counts->misses[which]++;
	}
	walk->first = top;
	return find_root(walker, walk->va, table);
}

/* The answer of a walk that has come to a leaf. */
static void arrive(const struct walker *walker, struct walk *walk)
{
	const struct paging_level *level = &walker->mode->level[walk->last];
	uint64_t leaf = walk->step[walk->last].entry;

	walk->size = level->leaf_size;
	walk->page = leaf_pa(walker, level, leaf);
	if (walker->global && leaf & PTE_G)
		walk->rights |= TLB_G;
	if (leaf & PTE_D)
		walk->rights |= TLB_D;
}

static bool fails(const struct walker *walker, struct walk *walk, uint32_t why)
{
	walk->error_code = walker->error_bits[walk->priv][walk->kind] | why;
	return false;
}

bool walker_walk(const struct walker *walker, struct walk_cache *cache,
                 struct walk_cache_counts *counts, struct walk *walk)
{
	const struct paging_mode *mode = walker->mode;
	pa_t table;

	walk->refs = 0;
	walk->last = 0;
	if (!start(walker, cache, counts, walk, &table))
		return fails(walker, walk, 0);
	for (walk->last = walk->first;; walk->last++) {
		const struct paging_level *level = &mode->level[walk->last];
		struct walk_step *step = &walk->step[walk->last];
		uint64_t index = walk->va >> level->shift & ~bits_from(level->index_bits);
		bool leaf;

		step->pa = table + index * mode->entry_bytes;
		step->entry = read_entry(walker, step->pa);
		walk->refs++;
		if (!(step->entry & PTE_P))
			return fails(walker, walk, 0);
		leaf = step->entry & walker->leaf_bit[walk->last];
		if (step->entry &
		    (leaf ? walker->leaf_reserved : walker->table_reserved)[walk->last])
			return fails(walker, walk, PF_P | PF_RSVD);
		walk->rights &= entry_rights(walker, step->entry);
		step->rights = walk->rights;
		if (leaf)
			break;
		table = step->entry & mode->pa_mask;
	}
	if (!access_allowed(&walker->rules[walk->priv][walk->kind], walk->rights))
		return fails(walker, walk, PF_P);
	arrive(walker, walk);
	return true;
}

static void set_bits(const struct walker *walker, const struct walk_step *step, uint64_t bits)
{
	if ((step->entry & bits) != bits)
		write_entry(walker, step->pa, step->entry | bits);
}

void walker_commit(const struct walker *walker, struct walk_cache *cache, struct walk *walk)
{
	const struct paging_mode *mode = walker->mode;

	for (unsigned i = walk->first; i < walk->last; i++) {
		const struct walk_step *step = &walk->step[i];

		set_bits(walker, step, PTE_A);
		if (cache)
			walk_cache_fill(cache, walk_cache_of_level(mode, i),
			                level_base(&mode->level[i], walk->va), walker->pcid,
			                step->entry & mode->pa_mask, step->rights);
	}
	if (walk->kind == ACCESS_STORE)
		walk->rights |= TLB_D;
	set_bits(walker, &walk->step[walk->last],
	         walk->kind == ACCESS_STORE ? PTE_A | PTE_D : PTE_A);
}

void walker_drop_cached(const struct walker *walker, struct walk_cache *cache, va_t va)
{
	const struct paging_mode *mode = walker->mode;

	for (unsigned i = mode->first_in_memory; i < mode->nr_levels - 1u; i++)
		walk_cache_drop(cache, walk_cache_of_level(mode, i),
		                level_base(&mode->level[i], va), walker->pcid);
}
