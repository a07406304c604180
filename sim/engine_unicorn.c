/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_unicorn - the engine over Unicorn, the only file that knows it.
 *
 * Unicorn keeps a small cache of its own from virtual pages to "physical" ones
 * (softmmu), asks on_fill() for what is not in it, and reports memory accesses by
 * physical address; sim/windows.h leads back to the virtual one. Code runs from
 * window 0 alone, and a frame that code was fetched from is written through
 * window 0 alone, since Unicorn notices self-modifying code by physical address.
 */
#include "sim/engine.h"

#include "sim/code.h"
#include "sim/windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

/* Not canonical, so no instruction is ever there. */
#define NO_ADDRESS ((uint64_t)1 << 63)

/* Where the engine's own page (GDT, code to enter CPL 3) is while it starts. */
#define OWN_PAGE_VA ((va_t)0xffffffffff000000)

#define SELECTOR_USER_DATA 0x2b /* as Linux: GDT entries 5 and 6, RPL 3 */
#define SELECTOR_USER_CODE 0x33

struct engine {
	uc_engine *uc;
	uc_context *fresh; /* as it was before the first instruction */
	enum engine_mode mode;
	const struct ram *ram;
	struct mmu *mmu;
	const struct engine_ops *ops;
	void *owner;

	struct windows windows;
	struct code code;
	uint8_t *fetched; /* by pfn: translated code may exist */
	uint8_t *own_page;
	bool flush_wanted;

	uint64_t ip; /* while not running */
	bool running, starting;
	struct engine_stopped stopped;
	bool has_stopped;
	va_t stop_before; /* a fetch fault lies there: see on_straddling_fetch() */

	uint64_t instructions, budget_end;
	struct code_block current; /* the block that runs, with what was counted for it */
	va_t rep_ip;               /* of a rep instruction that may go on */

	va_t fill_va; /* what resolve() is asked */
	enum access_kind fill_kind;
	va_t crossing_store; /* second page of a store that has only done its first */
};

/* ---- softmmu ---- */

static void flush_softmmu(struct engine *e)
{
	e->flush_wanted = false;
	uc_ctl_flush_tlb(e->uc);
	windows_forget(&e->windows);
}

/* From the first fetch on, writes to the frame must go through window 0. */
static void note_fetch(struct engine *e, pfn_t pfn)
{
	if (e->fetched[pfn])
		return;
	e->fetched[pfn] = 1;
	if (windows_bound_outside_first(&e->windows, pfn))
		flush_softmmu(e);
}

static void describe_fill(struct engine *e, va_t va, enum access_kind kind,
                          const struct engine_page *page, uc_tlb_entry *out)
{
	uint32_t windows, window;

	if (kind == ACCESS_FETCH)
		note_fetch(e, page->pfn);
	windows = e->fetched[page->pfn] ? 1 : NR_WINDOWS;
	if (!windows_bind(&e->windows, page->pfn, va >> PAGE_SHIFT, windows, &window)) {
		flush_softmmu(e);
		windows_bind(&e->windows, page->pfn, va >> PAGE_SHIFT, 1, &window);
	}
	out->paddr = windows_pa(&e->windows, window, page->pfn);
	out->perms = UC_PROT_NONE;
	if (page->readable)
		out->perms |= UC_PROT_READ;
	if (page->writable)
		out->perms |= UC_PROT_WRITE;
	if (page->executable && kind == ACCESS_FETCH)
		out->perms |= UC_PROT_EXEC;
}

/* The running block ended before its end: counts what was done alone. */
static void uncount_rest_of_block(struct engine *e, va_t ip)
{
	struct code_block *block = &e->current;
	uint32_t done;

	if (!block->size || ip < block->va || ip >= block->va + block->size)
		return;
	done = code_instructions_before(&e->code, block, ip);
	if (done < block->nr_instructions)
		e->instructions -= block->nr_instructions - done;
	block->size = 0;
}

/* ---- hooks ---- */

static void stop(struct engine *e, enum engine_stop why, uint8_t vector)
{
	e->has_stopped = true;
	e->stopped = (struct engine_stopped){ .why = why, .vector = vector };
	uc_emu_stop(e->uc);
}

uint64_t engine_current_ip(struct engine *engine)
{
	uint64_t ip = engine->ip;

	if (engine->running)
		uc_reg_read(engine->uc, UC_X86_REG_RIP, &ip);
	return ip;
}

/*
 * Unicorn translates a block before it runs it, and the block may reach into a
 * second page that is not there. A CPU would first run what lies before, and
 * fault at the instruction that needs the second page. So if there is anything
 * before that instruction, the block is refused, and engine_run() runs up to the
 * instruction first. True: refused.
 */
static bool on_straddling_fetch(struct engine *e, va_t va)
{
	uint64_t ip = engine_current_ip(e);
	uint32_t before;

	if ((ip & PAGE_MASK) + PAGE_SIZE != va)
		return false;
	if (mmu_probe(e->mmu, va, ACCESS_FETCH, PRIV_USER, NULL, NULL))
		return false;
	before = code_bytes_before_next_page(&e->code, ip);
	if (!before)
		return false;
	e->stop_before = ip + before;
	return true;
}

static bool on_start_fill(struct engine *e, va_t va, uc_tlb_entry *out)
{
	out->paddr = windows_pa(&e->windows, NR_WINDOWS, 0);
	out->perms = UC_PROT_ALL;
	return (va & PAGE_MASK) == OWN_PAGE_VA;
}

static bool on_fill(uc_engine *uc, uint64_t va, uc_mem_type type, uc_tlb_entry *out, void *user)
{
	struct engine *e = user;
	struct engine_page page;
	enum access_kind kind = type == UC_MEM_READ    ? ACCESS_LOAD
	                        : type == UC_MEM_WRITE ? ACCESS_STORE
	                                               : ACCESS_FETCH;
	bool ok;

	(void)uc;
	if (unlikely(e->starting))
		return on_start_fill(e, va, out);
	if (unlikely(!e->running))
		return false;
	if (kind == ACCESS_FETCH && unlikely(on_straddling_fetch(e, va)))
		return false;
	e->fill_va = va;
	e->fill_kind = kind;
	ok = e->ops->resolve(e->owner, va, kind, &page);
	if (e->flush_wanted)
		flush_softmmu(e);
	if (!ok) {
		if (kind != ACCESS_FETCH)
			uncount_rest_of_block(e, engine_current_ip(e));
		stop(e, ENGINE_STOP_FAULT, 14);
		return false;
	}
	describe_fill(e, va, kind, &page, out);
	if (unlikely(e->crossing_store == va) && kind == ACCESS_STORE) {
		mmu_access(e->mmu, va, ACCESS_STORE, PRIV_USER);
		e->crossing_store = NO_ADDRESS;
	}
	return true;
}

static bool crosses_page(pa_t pa, int size)
{
	return unlikely((pa & ~PAGE_MASK) + (uint32_t)size > PAGE_SIZE);
}

static void on_access(struct engine *e, va_t va, enum access_kind kind, pa_t pa)
{
	mmu_access(e->mmu, va, kind, PRIV_USER);
	if (unlikely(e->ops->check_access != NULL))
		e->ops->check_access(e->owner, va, kind, windows_ram_pa(&e->windows, pa));
}

static void on_load(uc_engine *uc, uc_mem_type type, uint64_t pa, int size, int64_t value,
                    void *user)
{
	struct engine *e = user;

	(void)uc, (void)type, (void)value;
	/* Its two aligned halves are reported after it. */
	if (crosses_page(pa, size))
		return;
	on_access(e, windows_va(&e->windows, pa), ACCESS_LOAD, pa);
}

static void on_store(uc_engine *uc, uc_mem_type type, uint64_t pa, int size, int64_t value,
                     void *user)
{
	struct engine *e = user;
	va_t va = windows_va(&e->windows, pa);

	(void)uc, (void)type, (void)value;
	on_access(e, va, ACCESS_STORE, pa);
	if (crosses_page(pa, size)) {
		va_t second = (va & PAGE_MASK) + PAGE_SIZE;

		if (mmu_probe(e->mmu, second, ACCESS_STORE, PRIV_USER, NULL, NULL))
			mmu_access(e->mmu, second, ACCESS_STORE, PRIV_USER);
		else
			e->crossing_store = second;
	}
}

/* n fetches of instructions in [va, va + size), of which the second page, if
 * there is one, gets the last: where the others lie does not change what hits. */
static void count_fetches(struct engine *e, va_t va, uint32_t size, uint32_t n)
{
	va_t last_page = (va + size - 1) & PAGE_MASK;

	mmu_access(e->mmu, va, ACCESS_FETCH, PRIV_USER);
	if (n > 1)
		mmu_access_again(e->mmu, va, ACCESS_FETCH, PRIV_USER, n - 1);
	if (unlikely((va & PAGE_MASK) != last_page) &&
	    mmu_probe(e->mmu, last_page, ACCESS_FETCH, PRIV_USER, NULL, NULL))
		mmu_access(e->mmu, last_page, ACCESS_FETCH, PRIV_USER);
}

/* Called before the block runs; a stop from here comes before its first
 * instruction. */
static void on_block(uc_engine *uc, uint64_t va, uint32_t size, void *user)
{
	struct engine *e = user;
	const struct code_block *block;
	uint32_t n;

	(void)uc;
	if (unlikely(e->instructions >= e->budget_end)) {
		stop(e, ENGINE_STOP_BUDGET, 0);
		return;
	}
	block = code_find_block(&e->code, va, size);
	n = block->nr_instructions;
	/* Each round of a rep instruction is a block, but the same instruction. */
	if (unlikely(va == e->rep_ip))
		n--;
	e->rep_ip = block->rep_offset == CODE_NO_REP ? NO_ADDRESS : va + block->rep_offset;
	e->instructions += n;
	e->current.va = va;
	e->current.size = size;
	e->current.nr_instructions = n;
	if (e->mode == ENGINE_EXACT && n)
		count_fetches(e, va, size, n);
}

static void on_syscall(uc_engine *uc, void *user)
{
	(void)uc;
	stop(user, ENGINE_STOP_SYSCALL, 0);
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

void engine_get_regs(struct engine *engine, struct x86_regs *regs)
{
	void *values[NR_BATCH];

	for (int i = 0; i < NR_GPRS; i++)
		values[i] = &regs->gpr[i];
	values[NR_GPRS] = &regs->flags;
	values[NR_GPRS + 1] = &regs->fs_base;
	values[NR_GPRS + 2] = &regs->gs_base;
	uc_reg_read_batch(engine->uc, gpr_ids, values, NR_BATCH);
	regs->ip = engine_current_ip(engine);
}

void engine_set_regs(struct engine *engine, const struct x86_regs *regs)
{
	void *values[NR_BATCH];

	for (int i = 0; i < NR_GPRS; i++)
		values[i] = (void *)&regs->gpr[i];
	values[NR_GPRS] = (void *)&regs->flags;
	values[NR_GPRS + 1] = (void *)&regs->fs_base;
	values[NR_GPRS + 2] = (void *)&regs->gs_base;
	uc_reg_write_batch(engine->uc, gpr_ids, values, NR_BATCH);
	engine->ip = regs->ip;
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

uint64_t engine_current_sp(struct engine *engine)
{
	uint64_t sp = 0;

	uc_reg_read(engine->uc, UC_X86_REG_RSP, &sp);
	return sp;
}

void engine_current_access(struct engine *engine, va_t *va, enum access_kind *kind)
{
	uint8_t bytes[DECODE_MAX_INSTRUCTION];
	struct decoded_access access;
	struct x86_regs regs;
	uint32_t size;
	bool writable;

	engine_get_regs(engine, &regs);
	*va = engine->fill_va;
	*kind = engine->fill_kind;
	if (engine->fill_kind == ACCESS_FETCH) {
		if ((regs.ip & PAGE_MASK) == engine->fill_va)
			*va = regs.ip;
		return;
	}
	size = code_read(&engine->code, regs.ip, bytes, sizeof(bytes), &writable);
	if (!decode_access(engine->code.decoder, bytes, size, &regs, engine->fill_va, &access))
		return;
	*va = access.va;
	if (access.writes)
		*kind = ACCESS_STORE;
}

/* ---- running ---- */

/* Unicorn remembers the last exception, and makes a double fault of the next. */
static void forget_exception(struct engine *e)
{
	struct x86_regs regs;
	struct x86_fpu fpu;

	engine_get_regs(e, &regs);
	engine_get_fpu(e, &fpu);
	uc_context_restore(e->uc, e->fresh);
	engine_set_regs(e, &regs);
	engine_set_fpu(e, &fpu);
	e->flush_wanted = true;
}

/* One uc_emu_start(); ip is true again afterwards. */
static uc_err run_until(struct engine *e, va_t until)
{
	uc_err err;

	if (e->flush_wanted)
		flush_softmmu(e);
	e->running = true;
	err = uc_emu_start(e->uc, e->ip, until, 0, 0);
	uc_reg_read(e->uc, UC_X86_REG_RIP, &e->ip);
	e->running = false;
	return err;
}

int engine_run(struct engine *engine, uint64_t max_instructions, struct engine_stopped *stopped)
{
	va_t until = NO_ADDRESS;
	uc_err err;

	engine->has_stopped = false;
	engine->current.size = 0;
	engine->crossing_store = NO_ADDRESS;
	engine->budget_end = engine->instructions + max_instructions;
	if (engine->budget_end < max_instructions)
		engine->budget_end = UINT64_MAX;
	for (;;) {
		engine->stop_before = NO_ADDRESS;
		err = run_until(engine, until);
		if (engine->has_stopped)
			break;
		if (engine->stop_before != NO_ADDRESS) /* refused: run up to there */
			until = engine->stop_before;
		else if (until != NO_ADDRESS && engine->ip == until) /* been there: go on */
			until = NO_ADDRESS;
		else
			break;
	}
	if (!engine->has_stopped) {
		if (err != UC_ERR_OK && err != UC_ERR_INSN_INVALID && err != UC_ERR_EXCEPTION)
			return -EIO;
		engine->stopped =
		    (struct engine_stopped){ .why = ENGINE_STOP_ILLEGAL, .vector = 6 };
	}
	*stopped = engine->stopped;
	if (stopped->why == ENGINE_STOP_FAULT)
		engine->rep_ip = NO_ADDRESS;
	if (stopped->why == ENGINE_STOP_EXCEPTION || stopped->why == ENGINE_STOP_ILLEGAL) {
		uncount_rest_of_block(engine, engine->ip);
		forget_exception(engine);
	}
	return 0;
}

void engine_flush(struct engine *engine)
{
	engine->flush_wanted = true;
}

void engine_frame_changed(struct engine *engine, pfn_t pfn)
{
	void *frame = ram_at(engine->ram, pfn << PAGE_SHIFT);

	if (likely(!engine->fetched[pfn]))
		return;
	/* Writing through Unicorn drops what was translated from the frame; what is
	 * written does not matter, as the new content follows. */
	uc_mem_write(engine->uc, pfn << PAGE_SHIFT, frame, PAGE_SIZE);
	engine->fetched[pfn] = 0;
	code_forget(&engine->code);
	engine->flush_wanted = true;
}

uint64_t engine_instructions(const struct engine *engine)
{
	return engine->instructions;
}

/* ---- life ---- */

static bool add_hook(struct engine *e, int type, void *callback)
{
	uc_hook hook;

	return uc_hook_add(e->uc, &hook, type, callback, e, 1, 0, UC_X86_INS_SYSCALL) == UC_ERR_OK;
}

static bool add_hooks(struct engine *e)
{
	return add_hook(e, UC_HOOK_TLB_FILL, (void *)on_fill) &&
	       add_hook(e, UC_HOOK_BLOCK, (void *)on_block) &&
	       add_hook(e, UC_HOOK_INSN, (void *)on_syscall) &&
	       add_hook(e, UC_HOOK_INTR, (void *)on_interrupt) &&
	       (e->mode != ENGINE_EXACT || (add_hook(e, UC_HOOK_MEM_READ, (void *)on_load) &&
	                                    add_hook(e, UC_HOOK_MEM_WRITE, (void *)on_store)));
}

static bool map_windows(struct engine *e)
{
	for (uint32_t w = 0; w < NR_WINDOWS; w++)
		if (uc_mem_map_ptr(e->uc, windows_pa(&e->windows, w, 0), e->ram->size_bytes,
		                   UC_PROT_ALL, e->ram->base))
			return false;
	return uc_mem_map_ptr(e->uc, windows_pa(&e->windows, NR_WINDOWS, 0), PAGE_SIZE, UC_PROT_ALL,
	                      e->own_page) == UC_ERR_OK;
}

/*
 * Unicorn begins at CPL 0, where a guest could reload control registers. An iret
 * from the engine's own page goes to CPL 3, to a `syscall` that stops it there.
 * Then the GDT is taken away, so that no selector can be loaded any more.
 */
static bool enter_user_mode(struct engine *e)
{
	enum { GDT = 0, IRETQ = 0x100, SYSCALL = 0x110, STACK = 0x200 };
	static const uint8_t iretq[] = { 0x48, 0xcf }, syscall[] = { 0x0f, 0x05 };
	const uint64_t data = 0x00cff3000000ffff, code = 0x00affb000000ffff;
	const uint64_t frame[] = { OWN_PAGE_VA + SYSCALL, SELECTOR_USER_CODE, 0x202,
		                   OWN_PAGE_VA + STACK, SELECTOR_USER_DATA };
	uint64_t sp = OWN_PAGE_VA + STACK, cs = 0;
	uc_x86_mmr gdtr = { .base = OWN_PAGE_VA, .limit = 7 * 8 - 1 };

	memcpy(e->own_page + GDT + (SELECTOR_USER_DATA & ~7), &data, 8);
	memcpy(e->own_page + GDT + (SELECTOR_USER_CODE & ~7), &code, 8);
	memcpy(e->own_page + IRETQ, iretq, sizeof(iretq));
	memcpy(e->own_page + SYSCALL, syscall, sizeof(syscall));
	memcpy(e->own_page + STACK, frame, sizeof(frame));
	uc_reg_write(e->uc, UC_X86_REG_GDTR, &gdtr);
	uc_reg_write(e->uc, UC_X86_REG_RSP, &sp);
	e->starting = true;
	e->budget_end = UINT64_MAX;
	uc_emu_start(e->uc, OWN_PAGE_VA + IRETQ, NO_ADDRESS, 0, 0);
	e->starting = false;
	e->instructions = 0;
	uc_reg_read(e->uc, UC_X86_REG_CS, &cs);
	gdtr.limit = 0;
	uc_reg_write(e->uc, UC_X86_REG_GDTR, &gdtr);
	flush_softmmu(e);
	return cs == SELECTOR_USER_CODE && uc_context_alloc(e->uc, &e->fresh) == UC_ERR_OK &&
	       uc_context_save(e->uc, e->fresh) == UC_ERR_OK;
}

static bool allocate(struct engine *e)
{
	e->own_page = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
	e->fetched = calloc(e->ram->size_bytes >> PAGE_SHIFT, 1);
	if (!e->own_page || !e->fetched)
		return false;
	memset(e->own_page, 0, PAGE_SIZE);
	return windows_init(&e->windows, e->ram->size_bytes) == 0 &&
	       code_init(&e->code, e->ram, e->mmu) == 0;
}

int engine_create(struct engine **out, enum engine_mode mode, const struct ram *ram,
                  struct mmu *mmu, const struct engine_ops *ops, void *owner)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->mode = mode;
	e->ram = ram;
	e->mmu = mmu;
	e->ops = ops;
	e->owner = owner;
	e->rep_ip = NO_ADDRESS;
	e->crossing_store = NO_ADDRESS;
	if (!allocate(e)) {
		engine_destroy(e);
		return -ENOMEM;
	}
	if (uc_open(UC_ARCH_X86, UC_MODE_64, &e->uc) || uc_ctl_tlb_mode(e->uc, UC_TLB_VIRTUAL) ||
	    !map_windows(e) || !add_hooks(e) || !enter_user_mode(e)) {
		engine_destroy(e);
		return -ENOTSUP;
	}
	*out = e;
	return 0;
}

void engine_destroy(struct engine *engine)
{
	if (!engine)
		return;
	if (engine->fresh)
		uc_context_free(engine->fresh);
	if (engine->uc)
		uc_close(engine->uc);
	windows_finish(&engine->windows);
	code_finish(&engine->code);
	free(engine->fetched);
	free(engine->own_page);
	free(engine);
}
