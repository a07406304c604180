/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_unicorn - the engine over Unicorn, the only file that knows it.
 *
 * Unicorn keeps a small cache of its own from virtual pages to "physical" ones
 * (softmmu), asks on_fill() for what is not in it, and reports memory accesses by
 * physical address; sim/bindings.h leads back to the virtual one.
 *
 *   physical   | RAM | zero slots | own page |
 */
#include "sim/engine.h"

#include "sim/bindings.h"
#include "sim/code.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unicorn/unicorn.h>

/* Not canonical, so no instruction is ever there. */
#define NO_ADDRESS ((uint64_t)1 << 63)

/* When it stops, Unicorn looks at the page before the address that it was told to
 * stop at: no access of the guest's. */
#define CLEANUP_PAGE ((NO_ADDRESS - 1) & PAGE_MASK)

/* Where the engine's own page (GDT, code to enter CPL 3) is while it starts; 32-bit
 * code, whose addresses do not reach it, has its GDT there for good. The low half is
 * for the first 32-bit instruction. */
#define OWN_PAGE_VA ((va_t)0xffffffffff000000)
#define OWN_PAGE_VA_32 ((va_t)(uint32_t)OWN_PAGE_VA)

/* Where the engine sees a frame whose translated code it drops: this plus pa. */
#define FRAMES_VA ((va_t)0xffff900000000000)

#define CR4_TSD ((uint64_t)1 << 2)
#define CR4_OSFXSR ((uint64_t)1 << 9)
#define CR4_OSXMMEXCPT ((uint64_t)1 << 10)

#define SELECTOR_USER_DATA 0x2b /* as Linux: GDT entries 5 and 6, RPL 3 */
#define SELECTOR_USER_CODE 0x33

/* Flat segments of CPL 3 (Intel SDM Vol. 3A, "Segment Descriptors"). */
#define DESCRIPTOR_DATA ((uint64_t)0x00cff3000000ffff)
#define DESCRIPTOR_CODE_32 ((uint64_t)0x00cffb000000ffff)
#define DESCRIPTOR_CODE_64 ((uint64_t)0x00affb000000ffff)
#define GDT_ENTRIES 16

struct engine {
	uc_engine *uc;
	uc_context *fresh[2]; /* before the first instruction of 64-bit, of 32-bit code */
	enum engine_mode mode;
	const struct ram *ram;
	struct mmu *mmu;
	struct recorder *recorder; /* NULL: nobody wants to know */
	const struct segment_layout *segments;
	const struct engine_ops *ops;
	void *owner;

	bool is_32;                   /* what runs */
	uint64_t tls[NR_TLS_ENTRIES]; /* as the GDT has them */

	struct bindings bindings;
	struct code code;
	uint8_t *fetched; /* by pfn: translated code may exist */
	uint8_t *own_page;
	uint8_t *zeroes; /* the zero slots */
	bool flush_wanted;
	bool counting;

	uint64_t ip;             /* while not running */
	bool starting, dropping; /* what on_fill() is asked for by the engine itself */
	struct engine_stopped stopped;
	bool has_stopped;

	uint64_t instructions, budget_end;
	/* The block that began last, NULL if what it did is not known any more; the
	 * instructions that were counted for it, and how many of them are still to be
	 * fetched (exact engine). */
	const struct code_block *current;
	uint32_t counted, unfetched;
	bool is_split; /* it reaches into a second page */

	/* The load across two pages whose halves come next; size 0: none. */
	va_t crossing_va;
	uint32_t crossing_size;

	/* The page that on_fill() could not give. */
	bool has_fault;
	va_t fault_va;
	enum access_kind fault_kind;
};

/* ---- softmmu ---- */

static void flush_softmmu(struct engine *e)
{
	e->flush_wanted = false;
	uc_ctl_flush_tlb(e->uc);
	bindings_forget(&e->bindings);
}

static void describe_fill(struct engine *e, va_t va, enum access_kind kind,
                          const struct engine_page *page, uc_tlb_entry *out)
{
	uint64_t vpn = va >> PAGE_SHIFT, frame = page->pfn;

	if (page->is_zero && kind != ACCESS_FETCH)
		frame = bindings_zero_frame(&e->bindings, vpn);
	if (!bindings_bind(&e->bindings, frame, vpn)) {
		flush_softmmu(e);
		bindings_bind(&e->bindings, frame, vpn);
	}
	if (kind == ACCESS_FETCH) {
		e->fetched[page->pfn] = 1;
		code_note_page(&e->code, vpn, page->pfn);
	}
	out->paddr = frame << PAGE_SHIFT;
	out->perms = UC_PROT_NONE;
	if (page->readable)
		out->perms |= UC_PROT_READ;
	if (page->writable)
		out->perms |= UC_PROT_WRITE;
	if (page->executable && kind == ACCESS_FETCH)
		out->perms |= UC_PROT_EXEC;
}

/* ---- recording ---- */

/* The current block has begun, and its first fetch is made. If it lies in one page all
 * its fetches are told now: those that follow hit, whatever comes between. */
static void record_block(struct engine *e)
{
	struct recorder *r = e->recorder;

	if (likely(!r))
		return;
	record_access(r, e->current->va, ACCESS_FETCH, PRIV_USER,
	              code_block_number(&e->code, e->current), e->is_split ? 1 : e->counted);
	r->open = e->is_split ? NULL : r->next - 1;
}

/* What followed its first fetch, where it was not told before. */
static void record_block_rest(struct engine *e)
{
	if (unlikely(e->is_split))
		record_access(e->recorder, e->current->va, ACCESS_FETCH, PRIV_USER, 0,
		              e->unfetched);
}

/* Nothing cuts it short any more, as its last instruction, a rep one, begins another round:
 * of these there may be more than a recorder can hold back. */
static void record_block_done(struct engine *e)
{
	if (e->recorder)
		e->recorder->open = NULL;
}

/* It came only as far as this many fetches. */
static void record_block_cut(struct engine *e, uint32_t nr_fetches)
{
	if (e->recorder && e->recorder->open)
		e->recorder->open->count = nr_fetches;
}

/* A load across two pages is told by its halves, which are aligned: cut to what it is. */
static void cut_crossing_half(struct engine *e, va_t *va, uint32_t *size)
{
	va_t second = (e->crossing_va & PAGE_MASK) + PAGE_SIZE;
	uint32_t in_first = (uint32_t)(second - e->crossing_va);

	if (*va == (e->crossing_va & ~(va_t)(*size - 1))) {
		*va = e->crossing_va;
		*size = in_first;
		return;
	}
	if (*va == second)
		*size = e->crossing_size - in_first;
	e->crossing_size = 0;
}

static void record_load(struct engine *e, va_t va, uint32_t size)
{
	if (likely(!e->recorder))
		return;
	if (unlikely(e->crossing_size))
		cut_crossing_half(e, &va, &size);
	record_access(e->recorder, va, ACCESS_LOAD, PRIV_USER, size, 1);
}

static void learn_block(struct engine *e, const struct code_block *block)
{
	uint8_t bytes[CODE_MAX_BLOCK_BYTES];
	bool writable;
	const struct record_block told = {
		.number = code_block_number(&e->code, block),
		.is_32 = e->is_32,
		.va = block->va,
		.bytes = bytes,
		.size = code_read(&e->code, block->va, bytes, block->size, &writable),
	};

	e->recorder->learn(e->recorder, &told);
}

/* ---- counting instructions ---- */

/* The current block is over: all its instructions have been fetched. */
static void settle_whole_block(struct engine *e)
{
	if (e->unfetched) {
		mmu_access_again(e->mmu, e->current->va, ACCESS_FETCH, PRIV_USER, e->unfetched);
		record_block_rest(e);
	}
	e->unfetched = 0;
}

/* The instruction at ip has begun, but is not done. */
static void settle_block_before(struct engine *e, uint64_t ip)
{
	const struct code_block *block = e->current;

	if (block && ip >= block->va && ip < block->va + block->size) {
		uint32_t done = code_instructions_before(&e->code, block, ip);

		if (done < e->counted) {
			e->instructions -= e->counted - done;
			e->unfetched = e->mode == ENGINE_EXACT ? done : 0;
			record_block_cut(e, done + 1);
			settle_whole_block(e);
			e->current = NULL;
		}
	}
	settle_whole_block(e);
}

/* ---- hooks ---- */

static void stop(struct engine *e, enum engine_stop why, uint8_t vector)
{
	e->has_stopped = true;
	e->stopped = (struct engine_stopped){ .why = why, .vector = vector };
	uc_emu_stop(e->uc);
}

static pa_t own_page_pa(const struct engine *e)
{
	return (e->bindings.nr_frames + NR_ZERO_SLOTS) << PAGE_SHIFT;
}

/* The engine's own business: its page while it starts, a frame while it drops the
 * code translated from it, the GDT when 32-bit code loads a segment. */
static bool on_own_fill(const struct engine *e, va_t va, uc_tlb_entry *out)
{
	out->perms = UC_PROT_ALL;
	if (e->dropping && va >= FRAMES_VA) {
		out->paddr = va - FRAMES_VA;
		return out->paddr < own_page_pa(e);
	}
	out->paddr = own_page_pa(e);
	if (va == OWN_PAGE_VA)
		return e->starting || e->is_32;
	return e->starting && va == OWN_PAGE_VA_32;
}

/* Unicorn tells no exact instruction pointer here. It does once it has stopped, so
 * a page fault is dealt with there, and the instruction is tried again. */
static bool on_fill(uc_engine *uc, uint64_t va, uc_mem_type type, uc_tlb_entry *out, void *user)
{
	struct engine *e = user;
	struct engine_page page;
	enum access_kind kind = type == UC_MEM_READ    ? ACCESS_LOAD
	                        : type == UC_MEM_WRITE ? ACCESS_STORE
	                                               : ACCESS_FETCH;

	(void)uc;
	if (unlikely(e->starting || e->dropping || va == OWN_PAGE_VA))
		return on_own_fill(e, va, out);
	if (likely(e->ops->look_up(e->owner, va, kind, &page))) {
		describe_fill(e, va, kind, &page, out);
		return true;
	}
	if (va != CLEANUP_PAGE) {
		e->has_fault = true;
		e->fault_va = va;
		e->fault_kind = kind;
	}
	return false;
}

static bool crosses_page(pa_t pa, int size)
{
	return unlikely((pa & ~PAGE_MASK) + (uint32_t)size > PAGE_SIZE);
}

static void on_access(struct engine *e, va_t va, enum access_kind kind, pa_t pa)
{
	mmu_access(e->mmu, va, kind, PRIV_USER);
	if (unlikely(e->ops->check_access != NULL) && !bindings_is_zero_slot(&e->bindings, pa))
		e->ops->check_access(e->owner, va, kind, pa);
}

static void on_load(uc_engine *uc, uc_mem_type type, uint64_t pa, int size, int64_t value,
                    void *user)
{
	struct engine *e = user;
	va_t va;

	(void)uc, (void)type, (void)value;
	/* Simplified: the CPU's reading of a descriptor is not counted. */
	if (unlikely(pa >= own_page_pa(e)))
		return;
	va = bindings_va(&e->bindings, pa);
	if (crosses_page(pa, size)) { /* its two aligned halves are reported after it */
		e->crossing_va = va;
		e->crossing_size = (uint32_t)size;
		return;
	}
	on_access(e, va, ACCESS_LOAD, pa);
	record_load(e, va, (uint32_t)size);
}

static void on_store(uc_engine *uc, uc_mem_type type, uint64_t pa, int size, int64_t value,
                     void *user)
{
	struct engine *e = user;
	va_t va = bindings_va(&e->bindings, pa);

	(void)uc, (void)type, (void)value;
	on_access(e, va, ACCESS_STORE, pa);
	if (crosses_page(pa, size)) {
		va_t second = (va & PAGE_MASK) + PAGE_SIZE;
		uint32_t in_first = (uint32_t)(second - va);

		record_access(e->recorder, va, ACCESS_STORE, PRIV_USER, in_first, 1);
		/* If it is absent, the whole store will come again. */
		if (!mmu_probe(e->mmu, second, ACCESS_STORE, PRIV_USER, NULL, NULL))
			return;
		mmu_access(e->mmu, second, ACCESS_STORE, PRIV_USER);
		record_access(e->recorder, second, ACCESS_STORE, PRIV_USER,
		              (uint32_t)size - in_first, 1);
	} else {
		record_access(e->recorder, va, ACCESS_STORE, PRIV_USER, (uint32_t)size, 1);
	}
}

/* True if a block at va is another round of the rep instruction that ended the one
 * before: the same instruction, which has been counted. */
static bool goes_on_repeating(const struct engine *e, va_t va)
{
	const struct code_block *last = e->current;

	return last && last->rep_offset != CODE_NO_REP && last->va + last->rep_offset == va;
}

static void count_block(struct engine *e, const struct code_block *block, uint32_t n)
{
	e->instructions += n;
	e->current = block;
	e->counted = n;
}

/* Called before the block runs; a stop from here comes before its first
 * instruction. */
static void begin_block(struct engine *e, va_t va, uint32_t size)
{
	const struct code_block *block;
	uint32_t repeated;
	bool is_new;

	if (e->instructions >= e->budget_end) {
		stop(e, ENGINE_STOP_BUDGET, 0);
		return;
	}
	repeated = goes_on_repeating(e, va) ? 1 : 0; /* before its place is used anew */
	block = code_find_block(&e->code, va, size, &is_new);
	if (is_new && e->recorder)
		learn_block(e, block);
	count_block(e, block, block->nr_instructions - repeated);
}

/* Most blocks: known, and no rep instruction in sight. */
static bool is_plain(const struct engine *e, const struct code_block *block, va_t va, uint32_t size)
{
	return code_is_known(&e->code, block, va, size) && block->rep_offset == CODE_NO_REP &&
	       likely(e->instructions < e->budget_end);
}

static void on_block(uc_engine *uc, uint64_t va, uint32_t size, void *user)
{
	struct engine *e = user;
	const struct code_block *block = code_slot(&e->code, va);

	(void)uc;
	if (likely(is_plain(e, block, va, size)))
		count_block(e, block, block->nr_instructions);
	else
		begin_block(e, va, size);
}

/* The same with the block's first fetch, and one more if it reaches into another
 * page. The other fetches follow when it is over, as they all hit. */
static void on_exact_block(uc_engine *uc, uint64_t va, uint32_t size, void *user)
{
	struct engine *e = user;
	va_t last_page = (va + size - 1) & PAGE_MASK;

	settle_whole_block(e);
	on_block(uc, va, size, user);
	if (unlikely(e->has_stopped))
		return;
	if (unlikely(!e->counted)) {
		record_block_done(e);
		return;
	}
	mmu_access(e->mmu, va, ACCESS_FETCH, PRIV_USER);
	e->unfetched = e->counted - 1;
	e->is_split = (va & PAGE_MASK) != last_page;
	record_block(e);
	if (unlikely(e->is_split) &&
	    mmu_probe(e->mmu, last_page, ACCESS_FETCH, PRIV_USER, NULL, NULL)) {
		mmu_access(e->mmu, last_page, ACCESS_FETCH, PRIV_USER);
		record_access(e->recorder, last_page, ACCESS_FETCH, PRIV_USER, 0, 1);
	}
}

static void on_syscall(uc_engine *uc, void *user)
{
	(void)uc;
	stop(user, ENGINE_STOP_SYSCALL, 0);
}

static void on_sysenter(uc_engine *uc, void *user)
{
	(void)uc;
	stop(user, ENGINE_STOP_SYSENTER, 0);
}

/* Unicorn lets CPL 3 use ports; a CPU whose kernel has allowed none does not. */
static uint32_t on_port_read(uc_engine *uc, uint32_t port, int size, void *user)
{
	(void)uc, (void)port, (void)size;
	stop(user, ENGINE_STOP_EXCEPTION, 13);
	return 0;
}

static void on_port_write(uc_engine *uc, uint32_t port, int size, uint32_t value, void *user)
{
	(void)uc, (void)port, (void)size, (void)value;
	stop(user, ENGINE_STOP_EXCEPTION, 13);
}

static void on_interrupt(uc_engine *uc, uint32_t vector, void *user)
{
	(void)uc;
	stop(user, vector < 32 && vector != 3 ? ENGINE_STOP_EXCEPTION : ENGINE_STOP_INTERRUPT,
	     (uint8_t)vector);
}

/* ---- registers ---- */

static int gpr_ids[] = {
	UC_X86_REG_RAX, UC_X86_REG_RCX,    UC_X86_REG_RDX,     UC_X86_REG_RBX,     UC_X86_REG_RSP,
	UC_X86_REG_RBP, UC_X86_REG_RSI,    UC_X86_REG_RDI,     UC_X86_REG_R8,      UC_X86_REG_R9,
	UC_X86_REG_R10, UC_X86_REG_R11,    UC_X86_REG_R12,     UC_X86_REG_R13,     UC_X86_REG_R14,
	UC_X86_REG_R15, UC_X86_REG_RFLAGS, UC_X86_REG_FS_BASE, UC_X86_REG_GS_BASE,
};

#define NR_BATCH ((int)(sizeof(gpr_ids) / sizeof(gpr_ids[0])))
#define NR_BASES 2 /* at the end of the batch */

static int segment_ids[] = {
	UC_X86_REG_CS, UC_X86_REG_SS, UC_X86_REG_DS, UC_X86_REG_ES, UC_X86_REG_FS, UC_X86_REG_GS,
};

#define NR_SEGMENTS ((int)(sizeof(segment_ids) / sizeof(segment_ids[0])))
_Static_assert(sizeof(struct x86_segments) == NR_SEGMENTS * sizeof(uint16_t), "as an array");

static void get_selectors(struct engine *e, uint16_t selectors[NR_SEGMENTS])
{
	for (int i = 0; i < NR_SEGMENTS; i++)
		uc_reg_read(e->uc, segment_ids[i], &selectors[i]);
}

static void get_segments(struct engine *e, struct x86_segments *segments)
{
	uint16_t selectors[NR_SEGMENTS];

	get_selectors(e, selectors);
	memcpy(segments, selectors, sizeof(*segments));
}

/* True if the task's entries in the GDT are others than before. */
static bool set_tls(struct engine *e, const uint64_t tls[NR_TLS_ENTRIES])
{
	if (!memcmp(e->tls, tls, sizeof(e->tls)))
		return false;
	memcpy(e->tls, tls, sizeof(e->tls));
	memcpy(e->own_page + e->segments->first_tls * sizeof(uint64_t), tls, sizeof(e->tls));
	return true;
}

/* A load reads the descriptor, so it is done where something has changed. */
static void set_segments(struct engine *e, const struct x86_segments *segments, bool all)
{
	uint16_t wanted[NR_SEGMENTS], now[NR_SEGMENTS];
	const uint16_t none = 0;

	memcpy(wanted, segments, sizeof(wanted));
	get_selectors(e, now);
	for (int i = 1; i < NR_SEGMENTS; i++) /* cs is what it is in this mode */
		if ((all || wanted[i] != now[i]) &&
		    uc_reg_write(e->uc, segment_ids[i], &wanted[i]) != UC_ERR_OK)
			uc_reg_write(e->uc, segment_ids[i], &none);
}

/* To the other kind of code. */
static void change_mode(struct engine *e, bool is_32)
{
	struct x86_fpu fpu;

	engine_get_fpu(e, &fpu);
	e->is_32 = is_32;
	uc_context_restore(e->uc, e->fresh[is_32]);
	engine_set_fpu(e, &fpu);
	code_set_mode(&e->code, is_32);
	e->current = NULL;
	e->flush_wanted = true;
}

void engine_get_regs(struct engine *engine, struct x86_regs *regs)
{
	void *values[NR_BATCH];

	for (int i = 0; i < NR_GPRS; i++)
		values[i] = &regs->gpr[i];
	values[NR_GPRS] = &regs->flags;
	values[NR_GPRS + 1] = &regs->fs_base;
	values[NR_GPRS + 2] = &regs->gs_base;
	uc_reg_read_batch(engine->uc, gpr_ids, values, NR_BATCH);
	regs->ip = engine->ip;
	regs->is_32 = engine->is_32;
	if (regs->is_32)
		get_segments(engine, &regs->segments);
	memcpy(regs->tls, engine->tls, sizeof(regs->tls));
}

void engine_set_regs(struct engine *engine, const struct x86_regs *regs)
{
	void *values[NR_BATCH];
	bool other_tls;

	if (regs->is_32 != engine->is_32)
		change_mode(engine, regs->is_32);
	for (int i = 0; i < NR_GPRS; i++)
		values[i] = (void *)&regs->gpr[i];
	values[NR_GPRS] = (void *)&regs->flags;
	values[NR_GPRS + 1] = (void *)&regs->fs_base;
	values[NR_GPRS + 2] = (void *)&regs->gs_base;
	uc_reg_write_batch(engine->uc, gpr_ids, values,
	                   regs->is_32 ? NR_BATCH - NR_BASES : NR_BATCH);
	engine->ip = regs->ip;
	other_tls = set_tls(engine, regs->tls);
	if (regs->is_32)
		set_segments(engine, &regs->segments, other_tls);
}

/* Offsets in the FXSAVE area. */
enum {
	FX_FCW = 0,
	FX_FSW = 2,
	FX_FTW = 4,
	FX_MXCSR = 24,
	FX_MXCSR_MASK = 28,
	FX_ST = 32,
	FX_XMM = 160
};

void engine_get_fpu(struct engine *engine, struct x86_fpu *fpu)
{
	uint8_t *area = fpu->fxsave;
	uint64_t word = 0;

	memset(area, 0, sizeof(fpu->fxsave));
	uc_reg_read(engine->uc, UC_X86_REG_FPCW, &word);
	memcpy(area + FX_FCW, &word, 2);
	uc_reg_read(engine->uc, UC_X86_REG_FPSW, &word);
	memcpy(area + FX_FSW, &word, 2);
	/* The full tag word has two bits a register, 3 for empty; FXSAVE's has one,
	 * 0 for empty. */
	uc_reg_read(engine->uc, UC_X86_REG_FPTAG, &word);
	for (int i = 0; i < 8; i++)
		if ((word >> (2 * i) & 3) != 3)
			area[FX_FTW] |= (uint8_t)(1 << i);
	uc_reg_read(engine->uc, UC_X86_REG_MXCSR, &word);
	memcpy(area + FX_MXCSR, &word, 4);
	word = 0xffff;
	memcpy(area + FX_MXCSR_MASK, &word, 4);
	for (int i = 0; i < 8; i++)
		uc_reg_read(engine->uc, UC_X86_REG_ST0 + i, area + FX_ST + 16 * i);
	for (int i = 0; i < 16; i++)
		uc_reg_read(engine->uc, UC_X86_REG_XMM0 + i, area + FX_XMM + 16 * i);
}

void engine_set_fpu(struct engine *engine, const struct x86_fpu *fpu)
{
	const uint8_t *area = fpu->fxsave;
	uint64_t word = 0;

	memcpy(&word, area + FX_FCW, 2);
	uc_reg_write(engine->uc, UC_X86_REG_FPCW, &word);
	word = 0;
	memcpy(&word, area + FX_FSW, 2);
	uc_reg_write(engine->uc, UC_X86_REG_FPSW, &word);
	for (int i = 0; i < 8; i++)
		uc_reg_write(engine->uc, UC_X86_REG_ST0 + i, area + FX_ST + 16 * i);
	word = 0;
	for (int i = 0; i < 8; i++)
		if (!(area[FX_FTW] >> i & 1))
			word |= (uint64_t)3 << (2 * i);
	uc_reg_write(engine->uc, UC_X86_REG_FPTAG, &word);
	word = 0;
	memcpy(&word, area + FX_MXCSR, 4);
	uc_reg_write(engine->uc, UC_X86_REG_MXCSR, &word);
	for (int i = 0; i < 16; i++)
		uc_reg_write(engine->uc, UC_X86_REG_XMM0 + i, area + FX_XMM + 16 * i);
}

/* ---- running ---- */

/* Unicorn remembers the last exception, and makes a double fault of the next. */
static void forget_exception(struct engine *e)
{
	struct x86_regs regs;
	struct x86_fpu fpu;

	engine_get_regs(e, &regs);
	engine_get_fpu(e, &fpu);
	uc_context_restore(e->uc, e->fresh[e->is_32]);
	engine_set_regs(e, &regs);
	engine_set_fpu(e, &fpu);
	e->flush_wanted = true;
}

/* One uc_emu_start(), up to `until`; ip is true again afterwards. */
static uc_err run_until(struct engine *e, va_t until)
{
	uc_err err;

	if (e->flush_wanted)
		flush_softmmu(e);
	e->has_fault = false;
	err = uc_emu_start(e->uc, e->ip, until, 0, 0);
	uc_reg_read(e->uc, UC_X86_REG_RIP, &e->ip);
	return err;
}

/*
 * Unicorn translates a block before it runs it, and the block may reach into a
 * second page that is not there. A CPU would first run what lies before, and fault
 * at the instruction that needs the second page. Where that instruction is; the
 * engine's ip if nothing lies before it.
 */
static va_t where_fetch_faults(struct engine *e)
{
	if ((e->ip & PAGE_MASK) + PAGE_SIZE != e->fault_va)
		return e->ip;
	return e->ip + code_bytes_before_next_page(&e->code, e->ip);
}

static void read_gpr(struct engine *e, uint8_t gpr, struct x86_regs *regs)
{
	if (gpr < NR_GPRS)
		uc_reg_read(e->uc, gpr_ids[gpr], &regs->gpr[gpr]);
}

/* The registers that the instruction's addresses are made of: faults are frequent,
 * and reading all takes longer than anything else about them. */
static void read_address_registers(struct engine *e, const struct decoded_instruction *instruction,
                                   struct x86_regs *regs)
{
	regs->ip = e->ip;
	regs->is_32 = e->is_32;
	read_gpr(e, REG_SP, regs);
	for (uint8_t i = 0; i < instruction->nr_operands; i++) {
		const struct decoded_operand *op = &instruction->operands[i];

		read_gpr(e, op->base, regs);
		read_gpr(e, op->index, regs);
		read_gpr(e, op->bit_index, regs);
		if (op->segment)
			uc_reg_read(e->uc,
			            op->segment == 'f' ? UC_X86_REG_FS_BASE : UC_X86_REG_GS_BASE,
			            op->segment == 'f' ? &regs->fs_base : &regs->gs_base);
	}
}

/* The exact access behind a fault, and what the owner does about it. */
static bool handle_fault(struct engine *e)
{
	va_t va = e->fault_va;
	enum access_kind kind = e->fault_kind;
	const struct decoded_instruction *instruction;
	struct decoded_access access;
	struct x86_regs regs;

	if (kind == ACCESS_FETCH) {
		if ((e->ip & PAGE_MASK) == va)
			va = e->ip;
	} else {
		instruction = code_find_instruction(&e->code, e->ip);
		read_address_registers(e, instruction, &regs);
		if (decode_access(instruction, &regs, va, &access)) {
			va = access.va;
			kind = access.writes ? ACCESS_STORE : kind;
		}
	}
	return e->ops->fault(e->owner, va, kind, e->ip);
}

static void stop_here(struct engine *e, enum engine_stop why, uint8_t vector)
{
	e->has_stopped = true;
	e->stopped = (struct engine_stopped){ .why = why, .vector = vector };
	e->current = NULL;
}

/* A page fault, after which the guest goes on, or not. *until: where it must stop
 * first, as a fetch faults there. */
static void on_fault(struct engine *e, va_t *until)
{
	if (e->fault_kind == ACCESS_FETCH) {
		va_t place = where_fetch_faults(e);

		settle_whole_block(e);
		if (place != e->ip) {
			*until = place;
			return;
		}
	} else {
		settle_block_before(e, e->ip);
	}
	if (!handle_fault(e))
		stop_here(e, ENGINE_STOP_FAULT, 14);
}

/* The length of the rdtsc at ip, or 0. */
static uint32_t tsc_read_length(const struct engine *e)
{
	uint8_t bytes[DECODE_MAX_INSTRUCTION];
	bool writable;

	return decode_rdtsc_length(e->code.decoder, bytes,
	                           code_read(&e->code, e->ip, bytes, sizeof(bytes), &writable));
}

/* The kernel lets user mode read it, and here it is: edx:eax. */
static void read_tsc(struct engine *e, uint32_t length)
{
	uint64_t tsc = e->ops->read_tsc(e->owner);
	struct x86_regs regs;

	engine_get_regs(e, &regs);
	regs.gpr[REG_AX] = (uint32_t)tsc;
	regs.gpr[REG_DX] = tsc >> 32;
	regs.ip += length;
	engine_set_regs(e, &regs);
	if (e->counting)
		e->instructions++;
	e->current = NULL;
	e->has_stopped = false;
}

/* A hook has stopped it. */
static void settle_stopped(struct engine *e)
{
	uint32_t length;

	if (e->stopped.why != ENGINE_STOP_EXCEPTION) {
		settle_whole_block(e);
		return;
	}
	settle_block_before(e, e->ip);
	forget_exception(e);
	if (e->stopped.vector == 13 && e->ops->read_tsc && (length = tsc_read_length(e)) != 0)
		read_tsc(e, length);
}

/* Unicorn stops at instructions that it does not know, and says nothing. */
static void on_no_reason(struct engine *e)
{
	settle_block_before(e, e->ip);
	forget_exception(e);
	if ((e->ip & PAGE_MASK) == CLEANUP_PAGE) {
		e->ops->fault(e->owner, e->ip, ACCESS_FETCH, e->ip);
		stop_here(e, ENGINE_STOP_FAULT, 14);
	} else {
		stop_here(e, ENGINE_STOP_ILLEGAL, 6);
	}
}

int engine_run(struct engine *engine, uint64_t max_instructions, struct engine_stopped *stopped)
{
	va_t until = NO_ADDRESS;

	engine->has_stopped = false;
	engine->budget_end = engine->instructions + max_instructions;
	if (engine->budget_end < max_instructions)
		engine->budget_end = UINT64_MAX;
	while (!engine->has_stopped) {
		uc_err err = run_until(engine, until);
		bool was_there = until != NO_ADDRESS && engine->ip == until;

		until = NO_ADDRESS;
		if (engine->has_stopped)
			settle_stopped(engine);
		else if (engine->has_fault && err == UC_ERR_EXCEPTION)
			on_fault(engine, &until);
		else if (was_there)
			settle_whole_block(engine);
		else if (err == UC_ERR_OK || err == UC_ERR_INSN_INVALID || err == UC_ERR_EXCEPTION)
			on_no_reason(engine);
		else
			return -EIO;
	}
	*stopped = engine->stopped;
	return 0;
}

void engine_interrupt(struct engine *engine)
{
	engine->budget_end = 0;
}

void engine_flush(struct engine *engine)
{
	engine->flush_wanted = true;
}

void engine_frame_changed(struct engine *engine, pfn_t pfn)
{
	va_t va = FRAMES_VA + (pfn << PAGE_SHIFT);

	if (likely(!engine->fetched[pfn]))
		return;
	engine->dropping = true;
	uc_ctl_remove_cache(engine->uc, va, va + PAGE_SIZE);
	engine->dropping = false;
	engine->fetched[pfn] = 0;
	code_forget(&engine->code);
	engine->flush_wanted = true;
}

void engine_set_recorder(struct engine *engine, struct recorder *recorder)
{
	engine->recorder = recorder;
	code_forget(&engine->code); /* so that it is told of all blocks */
}

uint64_t engine_instructions(const struct engine *engine)
{
	return engine->instructions;
}

/* ---- several CPUs ---- */

struct engine_context {
	uc_context *registers;
	uint64_t ip;
	bool is_32;
	uint64_t tls[NR_TLS_ENTRIES];
};

static void put_away(const struct engine *e, struct engine_context *context)
{
	uc_context_save(e->uc, context->registers);
	context->ip = e->ip;
	context->is_32 = e->is_32;
	memcpy(context->tls, e->tls, sizeof(context->tls));
}

int engine_context_create(struct engine_context **out, const struct engine *engine)
{
	struct engine_context *context = calloc(1, sizeof(*context));

	if (!context)
		return -ENOMEM;
	if (uc_context_alloc(engine->uc, &context->registers) != UC_ERR_OK) {
		free(context);
		return -ENOMEM;
	}
	put_away(engine, context);
	*out = context;
	return 0;
}

void engine_context_destroy(struct engine_context *context)
{
	if (!context)
		return;
	uc_context_free(context->registers);
	free(context);
}

void engine_switch(struct engine *engine, struct engine_context *from,
                   const struct engine_context *to, struct mmu *mmu, void *owner)
{
	put_away(engine, from);
	uc_context_restore(engine->uc, to->registers);
	engine->ip = to->ip;
	if (engine->is_32 != to->is_32)
		code_set_mode(&engine->code, to->is_32);
	engine->is_32 = to->is_32;
	set_tls(engine, to->tls);
	engine->mmu = mmu;
	engine->owner = owner;
	engine->current = NULL;
	code_use_mmu(&engine->code, mmu);
}

/* ---- life ---- */

static bool add_hook(struct engine *e, uc_hook_type type, void *callback)
{
	uc_hook hook;

	return uc_hook_add(e->uc, &hook, type, callback, e, 1, 0) == UC_ERR_OK;
}

static bool add_instruction_hook(struct engine *e, uc_x86_insn instruction, void *callback)
{
	uc_hook hook;

	return uc_hook_add(e->uc, &hook, UC_HOOK_INSN, callback, e, 1, 0, instruction) == UC_ERR_OK;
}

/* What entering user mode needs already; its own accesses are nobody's. */
static bool add_first_hooks(struct engine *e)
{
	return add_hook(e, UC_HOOK_TLB_FILL, (void *)on_fill) &&
	       add_instruction_hook(e, UC_X86_INS_SYSCALL, (void *)on_syscall) &&
	       add_instruction_hook(e, UC_X86_INS_SYSENTER, (void *)on_sysenter);
}

static bool add_other_hooks(struct engine *e)
{
	bool exact = e->mode == ENGINE_EXACT;

	return add_hook(e, UC_HOOK_INTR, (void *)on_interrupt) &&
	       add_instruction_hook(e, UC_X86_INS_IN, (void *)on_port_read) &&
	       add_instruction_hook(e, UC_X86_INS_OUT, (void *)on_port_write) &&
	       (!e->counting ||
	        add_hook(e, UC_HOOK_BLOCK, exact ? (void *)on_exact_block : (void *)on_block)) &&
	       (!exact || (add_hook(e, UC_HOOK_MEM_READ, (void *)on_load) &&
	                   add_hook(e, UC_HOOK_MEM_WRITE, (void *)on_store)));
}

static bool map_memory(struct engine *e)
{
	pa_t zeroes_pa = e->ram->size_bytes;

	return uc_mem_map_ptr(e->uc, 0, e->ram->size_bytes, UC_PROT_ALL, e->ram->base) ==
	           UC_ERR_OK &&
	       uc_mem_map_ptr(e->uc, zeroes_pa, NR_ZERO_SLOTS * PAGE_SIZE, UC_PROT_READ,
	                      e->zeroes) == UC_ERR_OK &&
	       uc_mem_map_ptr(e->uc, own_page_pa(e), PAGE_SIZE, UC_PROT_ALL, e->own_page) ==
	           UC_ERR_OK;
}

static void set_descriptor(struct engine *e, uint16_t selector, uint64_t descriptor)
{
	memcpy(e->own_page + (selector & ~7), &descriptor, sizeof(descriptor));
}

/*
 * Unicorn begins at CPL 0, where a guest could reload control registers. An iret
 * from the engine's own page goes to CPL 3, to a `syscall` that stops it there.
 */
static bool iret_to(struct engine *e, uint16_t cs, uint16_t ss, va_t page)
{
	enum { IRETQ = 0x100, SYSCALL = 0x110, STACK = 0x200 };
	static const uint8_t iretq[] = { 0x48, 0xcf }, syscall[] = { 0x0f, 0x05 };
	const uint64_t frame[] = { page + SYSCALL, cs, 0x202, page + STACK, ss };
	uint64_t sp = OWN_PAGE_VA + STACK, empty_tags = 0xffff;
	uint16_t now = 0;

	memcpy(e->own_page + IRETQ, iretq, sizeof(iretq));
	memcpy(e->own_page + SYSCALL, syscall, sizeof(syscall));
	memcpy(e->own_page + STACK, frame, sizeof(frame));
	uc_reg_write(e->uc, UC_X86_REG_RSP, &sp);
	uc_emu_start(e->uc, OWN_PAGE_VA + IRETQ, NO_ADDRESS, 0, 0);
	uc_reg_read(e->uc, UC_X86_REG_CS, &now);
	/* As fninit leaves it; Unicorn's registers are not empty at first. */
	uc_reg_write(e->uc, UC_X86_REG_FPTAG, &empty_tags);
	return now == cs;
}

static bool save_context(struct engine *e, uc_context **context)
{
	return uc_context_alloc(e->uc, context) == UC_ERR_OK &&
	       uc_context_save(e->uc, *context) == UC_ERR_OK;
}

/* 64-bit code can load no selector: it has no GDT. */
static bool prepare_64(struct engine *e)
{
	uc_x86_mmr no_gdt = { .base = OWN_PAGE_VA, .limit = 0 };

	set_descriptor(e, SELECTOR_USER_DATA, DESCRIPTOR_DATA);
	set_descriptor(e, SELECTOR_USER_CODE, DESCRIPTOR_CODE_64);
	if (!iret_to(e, SELECTOR_USER_CODE, SELECTOR_USER_DATA, OWN_PAGE_VA))
		return false;
	uc_reg_write(e->uc, UC_X86_REG_GDTR, &no_gdt);
	return save_context(e, &e->fresh[0]);
}

/* 32-bit code runs in compatibility mode, and can load what segments are its own. */
static bool prepare_32(struct engine *e)
{
	const uint16_t code = e->segments->code, data = e->segments->data;

	memset(e->own_page, 0, PAGE_SIZE);
	set_descriptor(e, data, DESCRIPTOR_DATA);
	set_descriptor(e, code, DESCRIPTOR_CODE_32);
	return iret_to(e, code, data, OWN_PAGE_VA_32) &&
	       uc_reg_write(e->uc, UC_X86_REG_DS, &data) == UC_ERR_OK &&
	       uc_reg_write(e->uc, UC_X86_REG_ES, &data) == UC_ERR_OK &&
	       save_context(e, &e->fresh[1]);
}

static bool enter_user_mode(struct engine *e)
{
	uc_x86_mmr gdtr = { .base = OWN_PAGE_VA, .limit = GDT_ENTRIES * 8 - 1 };
	uc_context *supervisor = NULL;
	uint64_t cr4 = 0;
	bool done;

	uc_reg_write(e->uc, UC_X86_REG_GDTR, &gdtr);
	uc_reg_read(e->uc, UC_X86_REG_CR4, &cr4);
	cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT; /* else FXSAVE leaves the XMM registers out */
	cr4 |= CR4_TSD;                     /* Unicorn's counter is the host's */
	uc_reg_write(e->uc, UC_X86_REG_CR4, &cr4);
	e->starting = true;
	done = save_context(e, &supervisor) && prepare_64(e) &&
	       uc_context_restore(e->uc, supervisor) == UC_ERR_OK && prepare_32(e) &&
	       uc_context_restore(e->uc, e->fresh[0]) == UC_ERR_OK;
	e->starting = false;
	if (supervisor)
		uc_context_free(supervisor);
	flush_softmmu(e);
	return done;
}

static bool allocate(struct engine *e)
{
	e->zeroes = mmap(NULL, NR_ZERO_SLOTS * PAGE_SIZE, PROT_READ,
	                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (e->zeroes == MAP_FAILED)
		e->zeroes = NULL;
	e->own_page = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
	e->fetched = calloc(e->ram->size_bytes >> PAGE_SHIFT, 1);
	if (!e->zeroes || !e->own_page || !e->fetched)
		return false;
	memset(e->own_page, 0, PAGE_SIZE);
	return bindings_init(&e->bindings, e->ram->size_bytes) == 0 &&
	       code_init(&e->code, e->ram, e->mmu) == 0;
}

static bool open_unicorn(struct engine *e)
{
	return uc_open(UC_ARCH_X86, UC_MODE_64, &e->uc) == UC_ERR_OK &&
	       uc_ctl_tlb_mode(e->uc, UC_TLB_VIRTUAL) == UC_ERR_OK && map_memory(e) &&
	       add_first_hooks(e) && enter_user_mode(e) && add_other_hooks(e);
}

static void close_unicorn(struct engine *e)
{
	for (int i = 0; i < 2; i++) {
		if (e->fresh[i])
			uc_context_free(e->fresh[i]);
		e->fresh[i] = NULL;
	}
	if (e->uc)
		uc_close(e->uc);
	e->uc = NULL;
}

int engine_create(struct engine **out, enum engine_mode mode, const struct ram *ram,
                  struct mmu *mmu, const struct segment_layout *segments,
                  const struct engine_ops *ops, void *owner)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->mode = mode;
	e->counting = mode == ENGINE_EXACT;
	e->ram = ram;
	e->mmu = mmu;
	e->segments = segments;
	e->ops = ops;
	e->owner = owner;
	if (!allocate(e)) {
		engine_destroy(e);
		return -ENOMEM;
	}
	if (!open_unicorn(e)) {
		engine_destroy(e);
		return -ENOTSUP;
	}
	*out = e;
	return 0;
}

/* Which hooks there are is fixed in the code that Unicorn has translated, so it
 * takes a fresh Unicorn over the same memory. */
int engine_start_counting(struct engine *engine)
{
	struct x86_regs regs;
	struct x86_fpu fpu;

	if (engine->counting)
		return 0;
	engine_get_regs(engine, &regs);
	engine_get_fpu(engine, &fpu);
	close_unicorn(engine);
	memset(engine->fetched, 0, engine->ram->size_bytes >> PAGE_SHIFT);
	memset(engine->own_page, 0, PAGE_SIZE);
	memset(engine->tls, 0, sizeof(engine->tls));
	engine->is_32 = false;
	code_set_mode(&engine->code, false);
	engine->counting = true;
	if (!open_unicorn(engine))
		return -ENOTSUP;
	engine_set_regs(engine, &regs);
	engine_set_fpu(engine, &fpu);
	return 0;
}

bool engine_is_counting(const struct engine *engine)
{
	return engine->counting;
}

void engine_destroy(struct engine *engine)
{
	if (!engine)
		return;
	close_unicorn(engine);
	bindings_finish(&engine->bindings);
	if (engine->zeroes)
		munmap(engine->zeroes, NR_ZERO_SLOTS * PAGE_SIZE);
	code_finish(&engine->code);
	free(engine->fetched);
	free(engine->own_page);
	free(engine);
}
