/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/mmu.h"

#include "mmu/walker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct level {
	uint32_t nr_arrays;
	struct tlb *arrays[TLB_MAX_ARRAYS];
	struct tlb *of_span[NR_PAGE_SIZES]; /* the one that holds it, or NULL */
};

struct mmu {
	struct mmu_fast fast; /* first: mmu_fast.h */
	struct mmu_costs costs;
	struct cpu_features cpu;
	const struct ram *ram;
	struct control control;
	struct walker walker; /* derived from control */
	struct level levels[NR_TLB_LEVELS];
	struct walk_cache *walk_cache;
	struct mmu_flush_counts flushes;
};

/* One translation on its way. */
struct access {
	va_t va; /* canonical */
	enum access_kind kind;
	enum privilege priv;
	enum tlb_level l1;
	struct mmu_counts *counts; /* of priv */
};

/* ---- creation ---- */

static int create_level(struct level *level, const struct tlb_level_config *config)
{
	if (config->nr_arrays > TLB_MAX_ARRAYS)
		return -EINVAL;
	for (uint32_t i = 0; i < config->nr_arrays; i++) {
		int err = tlb_create(&level->arrays[i], &config->arrays[i]);

		if (err)
			return err;
		level->nr_arrays++;
		for (enum page_size span = 0; span < NR_PAGE_SIZES; span++) {
			if (!(config->arrays[i].page_sizes >> span & 1))
				continue;
			if (level->of_span[span])
				return -EINVAL;
			level->of_span[span] = level->arrays[i];
		}
	}
	return 0;
}

static int create_parts(struct mmu *mmu, const struct mmu_config *config)
{
	if (config->physical_bits < 32 || config->physical_bits > 52)
		return -EINVAL;
	for (unsigned i = 0; i < NR_TLB_LEVELS; i++) {
		int err = create_level(&mmu->levels[i], &config->tlb[i]);

		if (err)
			return err;
	}
	return walk_cache_create(&mmu->walk_cache, &config->walk_cache);
}

static void wipe_memos(struct mmu *mmu)
{
	struct mmu_memo *memo = &mmu->fast.memos[0][0][0];

	for (size_t i = 0; i < sizeof(mmu->fast.memos) / sizeof(*memo); i++)
		memo[i].page = 1;
}

/* After any change of `control`. */
static void registers_changed(struct mmu *mmu)
{
	walker_setup(&mmu->walker, mmu->ram, &mmu->control, &mmu->cpu);
	wipe_memos(mmu);
}

int mmu_create(struct mmu **out, const struct mmu_config *config, const struct ram *ram,
               const struct event_stream *events)
{
	struct mmu *mmu = calloc(1, sizeof(*mmu));
	int err;

	if (!mmu)
		return -ENOMEM;
	err = create_parts(mmu, config);
	if (err) {
		mmu_destroy(mmu);
		return err;
	}
	mmu->fast.events = events;
	mmu->ram = ram;
	mmu->costs = config->costs;
	mmu->cpu = (struct cpu_features){
		.physical_bits = config->physical_bits,
		.has_pcid = config->has_pcid,
		.has_1g_pages = config->has_1g_pages,
	};
	control_init(&mmu->control);
	registers_changed(mmu);
	*out = mmu;
	return 0;
}

void mmu_destroy(struct mmu *mmu)
{
	if (!mmu)
		return;
	for (unsigned i = 0; i < NR_TLB_LEVELS; i++)
		for (uint32_t j = 0; j < mmu->levels[i].nr_arrays; j++)
			tlb_destroy(mmu->levels[i].arrays[j]);
	walk_cache_destroy(mmu->walk_cache);
	free(mmu);
}

/* ---- translation ---- */

/* A store needs D in the entry besides the right: to set D takes a walk. */
static bool entry_allows(const struct mmu *mmu, const struct tlb_entry *entry,
                         const struct access *access)
{
	if (access->kind == ACCESS_STORE && !(entry->data & TLB_D))
		return false;
	return access_allowed(&mmu->walker.rules[access->priv][access->kind], entry->data);
}

/* Small spans first, so that the answer does not hang on the order of arrays. What
 * matches but does not allow the access is dropped: the walk will bring better. */
static struct tlb_entry *level_lookup(struct mmu *mmu, enum tlb_level which,
                                      const struct access *access)
{
	for (enum page_size span = 0; span < NR_PAGE_SIZES; span++) {
		struct tlb *tlb = mmu->levels[which].of_span[span];
		struct tlb_entry *entry;

		while (tlb && (entry = tlb_peek(tlb, access->va, mmu->walker.pcid, span))) {
			if (entry_allows(mmu, entry, access)) {
				tlb_touch(tlb, entry, 1);
				return entry;
			}
			tlb_drop(tlb, entry);
		}
	}
	return NULL;
}

/* The part of `whole` around va that one entry of the given span covers. */
static struct tlb_entry cut_piece(const struct tlb_entry *whole, va_t va, uint16_t pcid,
                                  enum page_size span)
{
	uint64_t offset_mask = page_size_bytes(tlb_entry_size(whole)) - 1;
	uint64_t span_mask = page_size_bytes(span) - 1;
	uint64_t attributes = whole->data & ~TLB_PA_MASK & ~((uint64_t)3 << TLB_SPAN_SHIFT);
	pa_t pa = (whole->data & TLB_PA_MASK) + (va & offset_mask & ~span_mask);

	return (struct tlb_entry){
		.tag = (va & ~span_mask) | pcid,
		.data = attributes | pa | (uint64_t)span << TLB_SPAN_SHIFT,
	};
}

/* NULL: the CPU has no L1 for it. */
static struct tlb_entry *fill_l1(struct mmu *mmu, const struct access *access,
                                 const struct tlb_entry *whole)
{
	const struct level *level = &mmu->levels[access->l1];

	for (int span = (int)tlb_entry_size(whole); span >= 0; span--)
		if (level->of_span[span]) {
			struct tlb_entry piece =
			    cut_piece(whole, access->va, mmu->walker.pcid, (enum page_size)span);

			return tlb_fill(level->of_span[span], &piece);
		}
	return NULL;
}

static void fill_stlb(struct mmu *mmu, const struct tlb_entry *whole)
{
	struct tlb *tlb = mmu->levels[TLB_STLB].of_span[tlb_entry_size(whole)];

	if (tlb)
		tlb_fill(tlb, whole);
}

static struct tlb_entry entry_of_walk(const struct walker *walker, const struct walk *walk)
{
	return (struct tlb_entry){
		.tag = (walk->va & ~(page_size_bytes(walk->size) - 1)) | walker->pcid,
		.data = walk->page | walk->rights | (uint64_t)walk->size << TLB_SIZE_SHIFT |
		        (uint64_t)walk->size << TLB_SPAN_SHIFT,
	};
}

/* SDM Vol. 3A, "Operations that Invalidate TLBs and Paging-Structure Caches": a
 * page fault drops what might have caused it. */
static void take_fault(struct mmu *mmu, va_t va)
{
	mmu->control.cr2 = va;
	for (unsigned i = 0; i < NR_TLB_LEVELS; i++)
		for (uint32_t j = 0; j < mmu->levels[i].nr_arrays; j++)
			tlb_drop_page(mmu->levels[i].arrays[j], va, mmu->walker.pcid, true);
	walker_drop_cached(&mmu->walker, mmu->walk_cache, va);
}

static void count_walk(struct mmu *mmu, const struct access *access, const struct walk *walk,
                       bool ok)
{
	struct mmu_counts *counts = access->counts;
	const struct event event = {
		.kind = EVENT_WALK,
		.va = access->va,
		.access = access->kind,
		.priv = access->priv,
		.arg = walk->refs,
	};

	counts->walks++;
	counts->walks_faulted += !ok;
	counts->walk_memory_refs += walk->refs;
	counts->walk_cycles += mmu->costs.walk_base + (uint64_t)mmu->costs.walk_ref * walk->refs;
	event_raise(mmu->fast.events, &event);
}

/* All TLBs have missed. True: *whole is the page's entry. */
static bool walk_after_miss(struct mmu *mmu, const struct access *access, struct tlb_entry *whole,
                            uint32_t *error_code)
{
	struct mmu_counts *counts = access->counts;
	struct walk walk = { .va = access->va, .kind = access->kind, .priv = access->priv };
	bool has_stlb = mmu->levels[TLB_STLB].nr_arrays != 0;
	bool ok;

	event_raise(mmu->fast.events, &(struct event){ .kind = EVENT_TLB_MISS,
	                                               .va = access->va,
	                                               .access = access->kind,
	                                               .priv = access->priv });
	ok = walker_walk(&mmu->walker, mmu->walk_cache, &counts->walk_cache, &walk);
	count_walk(mmu, access, &walk, ok);
	if (!ok) {
		counts->tlb[access->l1].misses_no_page++;
		counts->tlb[TLB_STLB].misses_no_page += has_stlb;
		take_fault(mmu, access->va);
		*error_code = walk.error_code;
		return false;
	}
	walker_commit(&mmu->walker, mmu->walk_cache, &walk);
	counts->tlb[access->l1].misses[walk.size]++;
	counts->tlb[TLB_STLB].misses[walk.size] += has_stlb;
	*whole = entry_of_walk(&mmu->walker, &walk);
	fill_stlb(mmu, whole);
	return true;
}

static void remember(struct mmu *mmu, const struct access *access, struct tlb_entry *entry)
{
	*mmu_memo_of(&mmu->fast, access->va, access->kind, access->priv) = (struct mmu_memo){
		.page = access->va & PAGE_MASK,
		.entry = entry,
		.tag = entry->tag,
		.data = entry->data | TLB_SETTLED,
	};
}

/* Counts, fills, and leaves a copy of the entry that answers in *found. */
static bool translate(struct mmu *mmu, const struct access *access, struct tlb_entry *found,
                      uint32_t *error_code)
{
	struct mmu_counts *counts = access->counts;
	struct tlb_entry *entry;

	counts->accesses[access->kind]++;
	entry = level_lookup(mmu, access->l1, access);
	if (entry) {
		counts->tlb[access->l1].hits[tlb_entry_size(entry)]++;
		remember(mmu, access, entry);
		*found = *entry;
		return true;
	}
	entry = level_lookup(mmu, TLB_STLB, access);
	if (entry) {
		counts->tlb[access->l1].misses[tlb_entry_size(entry)]++;
		counts->tlb[TLB_STLB].hits[tlb_entry_size(entry)]++;
		counts->stlb_hit_cycles += mmu->costs.stlb_hit;
		*found = *entry;
	} else if (!walk_after_miss(mmu, access, found, error_code)) {
		return false;
	}
	entry = fill_l1(mmu, access, found);
	if (entry) {
		remember(mmu, access, entry);
		*found = *entry;
	}
	return true;
}

static void describe(const struct mmu *mmu, enum privilege priv, uint64_t rights,
                     struct translation *out)
{
	out->writable = access_allowed(&mmu->walker.rules[priv][ACCESS_STORE], rights);
	out->executable = access_allowed(&mmu->walker.rules[priv][ACCESS_FETCH], rights);
	out->user = rights & TLB_U;
	out->dirty = rights & TLB_D;
}

static void describe_straight(va_t va, struct translation *out)
{
	*out = (struct translation){
		.pa = va,
		.size = PAGE_4K,
		.writable = true,
		.user = true,
		.executable = true,
		.dirty = true,
	};
}

static void describe_walk(const struct mmu *mmu, const struct walk *walk, struct translation *out)
{
	out->pa = walk_pa(walk);
	out->size = walk->size;
	describe(mmu, walk->priv, walk->rights, out);
}

static void describe_entry(const struct mmu *mmu, const struct access *access,
                           const struct tlb_entry *entry, struct translation *out)
{
	out->pa = (entry->data & TLB_PA_MASK) +
	          (access->va & (page_size_bytes(tlb_entry_span(entry)) - 1));
	out->size = tlb_entry_size(entry);
	describe(mmu, access->priv, entry->data, out);
}

static void raise_access(const struct mmu *mmu, const struct access *access, pa_t pa)
{
	const struct event event = {
		.kind = EVENT_ACCESS,
		.va = access->va,
		.pa = pa,
		.access = access->kind,
		.priv = access->priv,
	};

	event_raise(mmu->fast.events, &event);
}

bool mmu_translate(struct mmu *mmu, va_t va, enum access_kind kind, enum privilege priv,
                   struct translation *out, struct page_fault *fault)
{
	struct access access = {
		.kind = kind,
		.priv = priv,
		.l1 = kind == ACCESS_FETCH ? TLB_L1I : TLB_L1D,
		.counts = &mmu->fast.counts[priv],
	};
	struct tlb_entry found;

	if (!mmu->walker.mode) {
		describe_straight(va, out);
		return true;
	}
	access.va = walker_cut(&mmu->walker, va);
	*fault = (struct page_fault){ .va = access.va };
	if (!walker_is_canonical(&mmu->walker, access.va)) {
		fault->non_canonical = true;
		return false;
	}
	if (!translate(mmu, &access, &found, &fault->error_code))
		return false;
	describe_entry(mmu, &access, &found, out);
	raise_access(mmu, &access, out->pa);
	return true;
}

/* A walk without TLBs and walk caches. */
static bool plain_walk(const struct mmu *mmu, struct walk *walk, struct page_fault *fault)
{
	walk->va = walker_cut(&mmu->walker, walk->va);
	*fault = (struct page_fault){ .va = walk->va };
	if (!walker_is_canonical(&mmu->walker, walk->va)) {
		fault->non_canonical = true;
		return false;
	}
	if (walker_walk(&mmu->walker, NULL, NULL, walk))
		return true;
	fault->error_code = walk->error_code;
	return false;
}

bool mmu_probe(const struct mmu *mmu, va_t va, enum access_kind kind, enum privilege priv,
               struct translation *out, struct page_fault *fault)
{
	struct walk walk = { .va = va, .kind = kind, .priv = priv };
	struct translation ignored_out;
	struct page_fault ignored_fault;

	if (!out)
		out = &ignored_out;
	if (!fault)
		fault = &ignored_fault;
	if (!mmu->walker.mode) {
		describe_straight(va, out);
		return true;
	}
	if (!plain_walk(mmu, &walk, fault))
		return false;
	describe_walk(mmu, &walk, out);
	return true;
}

bool mmu_walk_only(struct mmu *mmu, va_t va, enum access_kind kind, enum privilege priv,
                   struct translation *out, struct page_fault *fault)
{
	struct walk walk = { .va = va, .kind = kind, .priv = priv };

	if (!mmu->walker.mode) {
		describe_straight(va, out);
		return true;
	}
	if (!plain_walk(mmu, &walk, fault)) {
		if (!fault->non_canonical)
			mmu->control.cr2 = fault->va;
		return false;
	}
	walker_commit(&mmu->walker, NULL, &walk);
	describe_walk(mmu, &walk, out);
	return true;
}

/* n hits on the entry that the memo names. False: it does not hold. */
static bool hit_remembered(struct mmu *mmu, va_t va, enum access_kind kind, enum privilege priv,
                           uint64_t n)
{
	const struct mmu_memo *memo = mmu_memo_of(&mmu->fast, va, kind, priv);
	struct mmu_counts *counts = &mmu->fast.counts[priv];
	struct access access = { .va = va, .kind = kind, .priv = priv };
	enum tlb_level l1 = kind == ACCESS_FETCH ? TLB_L1I : TLB_L1D;
	enum page_size span;

	if (memo->page != (va & PAGE_MASK) || memo->entry->tag != memo->tag ||
	    (memo->entry->data | TLB_SETTLED) != memo->data)
		return false;
	span = tlb_entry_span(memo->entry);
	tlb_touch(mmu->levels[l1].of_span[span], memo->entry, n);
	counts->accesses[kind] += n;
	counts->tlb[l1].hits[tlb_entry_size(memo->entry)] += n;
	if (event_is_wanted(mmu->fast.events, EVENT_ACCESS))
		for (; n; n--)
			raise_access(mmu, &access,
			             (memo->data & TLB_PA_MASK) +
			                 (va & (page_size_bytes(span) - 1)));
	return true;
}

uint64_t mmu_try_access_slow(struct mmu *mmu, va_t va, enum access_kind kind, enum privilege priv,
                             uint64_t n, struct page_fault *fault)
{
	struct translation out;

	for (; n; n--) {
		if (hit_remembered(mmu, va, kind, priv, n))
			return 0;
		if (!mmu_translate(mmu, va, kind, priv, &out, fault))
			break;
	}
	return n;
}

void mmu_access_slow(struct mmu *mmu, va_t va, enum access_kind kind, enum privilege priv,
                     uint64_t n)
{
	struct page_fault fault;

	while (n && (n = mmu_try_access_slow(mmu, va, kind, priv, n, &fault)) != 0)
		n--;
}

/* ---- control registers and invalidation ---- */

uint64_t mmu_cr0(const struct mmu *mmu)
{
	return mmu->control.cr0;
}

uint64_t mmu_cr2(const struct mmu *mmu)
{
	return mmu->control.cr2;
}

uint64_t mmu_cr3(const struct mmu *mmu)
{
	return mmu->control.cr3;
}

uint64_t mmu_cr4(const struct mmu *mmu)
{
	return mmu->control.cr4;
}

uint64_t mmu_efer(const struct mmu *mmu)
{
	return mmu->control.efer;
}

static void tell_flush(const struct mmu *mmu, enum tlb_flush_reason reason, va_t va, uint16_t pcid)
{
	const struct event event = {
		.kind = EVENT_TLB_FLUSH,
		.code = pcid,
		.va = va,
		.arg = reason,
	};

	event_raise(mmu->fast.events, &event);
}

static void drop_everything(struct mmu *mmu, enum tlb_flush_reason reason)
{
	for (unsigned i = 0; i < NR_TLB_LEVELS; i++)
		for (uint32_t j = 0; j < mmu->levels[i].nr_arrays; j++)
			tlb_drop_all(mmu->levels[i].arrays[j]);
	walk_cache_drop_all(mmu->walk_cache);
	mmu->flushes.all++;
	tell_flush(mmu, reason, 0, 0);
}

static void drop_not_global(struct mmu *mmu)
{
	for (unsigned i = 0; i < NR_TLB_LEVELS; i++)
		for (uint32_t j = 0; j < mmu->levels[i].nr_arrays; j++)
			tlb_drop_not_global(mmu->levels[i].arrays[j]);
	walk_cache_drop_all(mmu->walk_cache);
	mmu->flushes.all++;
	tell_flush(mmu, TLB_FLUSH_INVPCID_ALL_BUT_GLOBAL, 0, 0);
}

/* Global entries belong to no PCID. */
static void drop_context(struct mmu *mmu, uint16_t pcid, enum tlb_flush_reason reason)
{
	for (unsigned i = 0; i < NR_TLB_LEVELS; i++)
		for (uint32_t j = 0; j < mmu->levels[i].nr_arrays; j++)
			tlb_drop_pcid(mmu->levels[i].arrays[j], pcid);
	walk_cache_drop_pcid(mmu->walk_cache, pcid);
	tell_flush(mmu, reason, 0, pcid);
}

/* The walk caches' entries go for the whole PCID, whatever their addresses. */
static void drop_page(struct mmu *mmu, va_t va, uint16_t pcid, enum tlb_flush_reason reason)
{
	bool with_global = reason == TLB_FLUSH_INVLPG;

	for (unsigned i = 0; i < NR_TLB_LEVELS; i++)
		for (uint32_t j = 0; j < mmu->levels[i].nr_arrays; j++)
			tlb_drop_page(mmu->levels[i].arrays[j], va, pcid, with_global);
	walk_cache_drop_pcid(mmu->walk_cache, pcid);
	mmu->flushes.page++;
	tell_flush(mmu, reason, va, pcid);
}

/* What a write to CR0 or CR4 made of the registers. -EINVAL: the CPU refuses it. */
static int take_over(struct mmu *mmu, struct control *next)
{
	if (control_reloads_pdptes(&mmu->control, next) &&
	    control_load_pdptes(next, &mmu->cpu, mmu->ram))
		return -EINVAL;
	mmu->control = *next;
	registers_changed(mmu);
	return 0;
}

int mmu_write_cr0(struct mmu *mmu, uint64_t value)
{
	struct control next = mmu->control;
	uint64_t old = next.cr0;

	if (control_write_cr0(&next, value) || take_over(mmu, &next))
		return -EINVAL;
	if (old & ~value & CR0_PG)
		drop_everything(mmu, TLB_FLUSH_CONTROL_WRITE);
	return 0;
}

int mmu_write_cr3(struct mmu *mmu, uint64_t value)
{
	bool keeps = mmu->control.cr4 & CR4_PCIDE && value & CR3_NOFLUSH;
	struct control next = mmu->control;

	if (control_write_cr3(&next, &mmu->cpu, value) ||
	    control_load_pdptes(&next, &mmu->cpu, mmu->ram))
		return -EINVAL;
	mmu->control = next;
	registers_changed(mmu);
	mmu->flushes.cr3_writes++;
	if (keeps)
		return 0;
	mmu->flushes.all++;
	drop_context(mmu, control_pcid(&mmu->control), TLB_FLUSH_CR3_WRITE);
	return 0;
}

/* The manual asks for less on some of these (SMEP: the current PCID alone; PSE: not
 * at all); dropping more is always allowed. */
int mmu_write_cr4(struct mmu *mmu, uint64_t value)
{
	struct control next = mmu->control;
	uint64_t old = next.cr4;
	uint64_t always = CR4_PGE | CR4_PAE | CR4_PSE;

	if (control_write_cr4(&next, &mmu->cpu, value) || take_over(mmu, &next))
		return -EINVAL;
	if ((old ^ value) & always || old & ~value & CR4_PCIDE || ~old & value & CR4_SMEP)
		drop_everything(mmu, TLB_FLUSH_CONTROL_WRITE);
	return 0;
}

/* The manual leaves it to software to flush when NXE changes; entries made under
 * the old rule would be wrong, and hardware may drop at any time. */
int mmu_write_efer(struct mmu *mmu, uint64_t value)
{
	uint64_t old = mmu->control.efer;

	if (control_write_efer(&mmu->control, value))
		return -EINVAL;
	registers_changed(mmu);
	if ((old ^ value) & EFER_NXE)
		drop_everything(mmu, TLB_FLUSH_CONTROL_WRITE);
	return 0;
}

void mmu_set_ac(struct mmu *mmu, bool ac)
{
	bool matters = mmu->control.cr4 & CR4_SMAP && mmu->control.ac != ac;

	mmu->control.ac = ac;
	if (matters)
		registers_changed(mmu);
}

/* SDM Vol. 2, "INVLPG": of an address that is not canonical, a no-op. */
void mmu_invlpg(struct mmu *mmu, va_t va)
{
	if (mmu->walker.mode) {
		va = walker_cut(&mmu->walker, va);
		if (!walker_is_canonical(&mmu->walker, va))
			return;
	}
	drop_page(mmu, va, control_pcid(&mmu->control), TLB_FLUSH_INVLPG);
}

/* SDM Vol. 2, "INVPCID". */
int mmu_invpcid(struct mmu *mmu, unsigned type, uint16_t pcid, va_t va)
{
	bool names_pcid = type < 2;

	if (!mmu->cpu.has_pcid || type > 3)
		return -EINVAL;
	if (names_pcid && (pcid & ~CR3_PCID_MASK || (pcid && !(mmu->control.cr4 & CR4_PCIDE))))
		return -EINVAL;
	switch (type) {
	case 0:
		if (mmu->walker.mode && !walker_is_canonical(&mmu->walker, va))
			return -EINVAL;
		drop_page(mmu, va, pcid, TLB_FLUSH_INVPCID_PAGE);
		break;
	case 1:
		mmu->flushes.pcid++;
		drop_context(mmu, pcid, TLB_FLUSH_INVPCID_CONTEXT);
		break;
	case 2:
		drop_everything(mmu, TLB_FLUSH_INVPCID_ALL);
		break;
	case 3:
		drop_not_global(mmu);
		break;
	}
	return 0;
}

/* ---- figures and checks ---- */

const struct mmu_counts *mmu_counts(const struct mmu *mmu, enum privilege priv)
{
	return &mmu->fast.counts[priv];
}

const struct mmu_flush_counts *mmu_flush_counts(const struct mmu *mmu)
{
	return &mmu->flushes;
}

static bool entry_agrees(const struct walker *walker, const struct tlb_entry *entry)
{
	const uint64_t granted = TLB_W | TLB_U | TLB_X | TLB_G | TLB_D;
	struct walk walk = { .va = tlb_entry_va(entry), .priv = PRIV_KERNEL };

	if (!walker_walk(walker, NULL, NULL, &walk))
		return false;
	return walk_pa(&walk) == (entry->data & TLB_PA_MASK) &&
	       page_size_shift(walk.size) >= page_size_shift(tlb_entry_span(entry)) &&
	       !(entry->data & granted & ~walk.rights);
}

static bool array_is_valid(const struct walker *walker, const struct tlb *tlb, char *what,
                           size_t size)
{
	const struct tlb_entry *entry;

	for (uint32_t i = 0; (entry = tlb_at(tlb, i)); i++) {
		bool checkable = entry->data & TLB_G || tlb_entry_pcid(entry) == walker->pcid;

		if (!(entry->data & TLB_VALID) || !checkable || entry_agrees(walker, entry))
			continue;
		snprintf(what, size,
		         "%s entry %" PRIu32 ": va %#" PRIx64 " pcid %u -> %#" PRIx64
		         " is not what the page tables say",
		         tlb_config(tlb)->name, i, tlb_entry_va(entry),
		         (unsigned)tlb_entry_pcid(entry), entry->data);
		return false;
	}
	return true;
}

static bool cached_table_agrees(const struct walker *walker, unsigned level,
                                const struct walk_cache_entry *entry)
{
	struct walk walk = { .va = entry->tag & PAGE_MASK, .priv = PRIV_KERNEL };

	walker_walk(walker, NULL, NULL, &walk);
	return walk.last > level &&
	       (walk.step[level].entry & walker->mode->pa_mask) == entry->table &&
	       !(entry->rights & ~walk.step[level].rights);
}

static bool walk_cache_is_valid(const struct walker *walker, const struct walk_cache *cache,
                                unsigned level, char *what, size_t size)
{
	unsigned which = walk_cache_of_level(walker->mode, level);
	const struct walk_cache_entry *entry;

	for (uint32_t i = 0; (entry = walk_cache_at(cache, which, i)); i++) {
		if (!entry->valid || (entry->tag & ~PAGE_MASK) != walker->pcid ||
		    cached_table_agrees(walker, level, entry))
			continue;
		snprintf(what, size,
		         "walk cache of %s entry %" PRIu32 ": va %#" PRIx64 " -> table %#" PRIx64
		         " is not what the page tables say",
		         walker->mode->level[level].name, i, entry->tag & PAGE_MASK, entry->table);
		return false;
	}
	return true;
}

bool mmu_pcid_is_valid(const struct mmu *mmu, uint16_t pcid, pa_t root, char *what, size_t size)
{
	struct walker walker = mmu->walker;

	if (!walker.mode)
		return true;
	walker.pcid = pcid;
	walker.root = root;
	memset(walker.rules, 0, sizeof(walker.rules)); /* no rights stop it */
	for (unsigned i = 0; i < NR_TLB_LEVELS; i++)
		for (uint32_t j = 0; j < mmu->levels[i].nr_arrays; j++)
			if (!array_is_valid(&walker, mmu->levels[i].arrays[j], what, size))
				return false;
	for (unsigned level = walker.mode->first_in_memory; level < walker.mode->nr_levels - 1u;
	     level++)
		if (!walk_cache_is_valid(&walker, mmu->walk_cache, level, what, size))
			return false;
	return true;
}

bool mmu_is_valid(const struct mmu *mmu, char *what, size_t size)
{
	return mmu_pcid_is_valid(mmu, mmu->walker.pcid, mmu->walker.root, what, size);
}
