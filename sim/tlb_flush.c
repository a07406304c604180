/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/tlb_flush.h"

#include "mm/mm.h"
#include "sim/machine.h"
#include "sim/tell.h"
#include "sim/vcpu.h"

#include <inttypes.h>

#define SINGLE_PAGE_FLUSH_CEILING 33 /* tlb_single_page_flush_ceiling */

static bool has_pcid(const struct cpu *cpu)
{
	return cpu->machine->config.pcid;
}

/* PCID 0 is for those who know nothing of ASIDs. */
static uint16_t pcid_of(const struct cpu *cpu, uint16_t asid)
{
	return has_pcid(cpu) ? asid + 1 : 0;
}

static bool is_running(const struct cpu *cpu)
{
	return cpu == cpu->machine->running;
}

/* What the engine knows is of the mm that the running CPU has loaded. */
static void user_pages_changed(const struct cpu *cpu)
{
	if (is_running(cpu) && cpu->machine->engine)
		engine_flush(cpu->machine->engine);
}

/* ---- loading an mm ---- */

/* True: what the TLBs hold under *asid is void. */
static bool choose_new_asid(struct cpu *cpu, const struct mm_struct *next, uint16_t *asid)
{
	struct tlb_state *tlb = &cpu->tlb;

	*asid = 0;
	if (!has_pcid(cpu))
		return true;
	for (; *asid < TLB_NR_DYN_ASIDS; (*asid)++)
		if (tlb->ctxs[*asid].ctx_id == next->context.ctx_id)
			return tlb->ctxs[*asid].tlb_gen < next->context.tlb_gen;
	/* None is free: in turn. */
	*asid = tlb->next_asid++;
	if (*asid >= TLB_NR_DYN_ASIDS) {
		*asid = 0;
		tlb->next_asid = 1;
	}
	return true;
}

static void load_cr3(struct cpu *cpu, const struct mm_struct *mm, uint16_t asid, bool flush)
{
	uint64_t cr3 = mm->pgd << PAGE_SHIFT | pcid_of(cpu, asid);

	if (flush)
		cpu->tlb.ctxs[asid] =
		    (struct tlb_context){ mm->context.ctx_id, mm->context.tlb_gen };
	cpu_load_cr3(cpu, flush ? cr3 : cr3 | CR3_NOFLUSH);
	user_pages_changed(cpu);
}

/* The kernel's own mm is loaded by no user, so that nobody asks who has. */
static void note_loaded(struct cpu *cpu, struct mm_struct *mm)
{
	struct kernel *k = &cpu->machine->kernel;
	struct mm_struct *last = cpu->tlb.loaded_mm;
	uint64_t bit = (uint64_t)1 << cpu->id;

	mmgrab(mm);
	if (mm != &k->init_mm)
		mm->context.cpumask |= bit;
	cpu->tlb.loaded_mm = mm;
	if (!last)
		return;
	last->context.cpumask &= ~bit;
	mmdrop(k, last);
}

/* switch_mm_irqs_off() */
void cpu_switch_mm(struct cpu *cpu, struct mm_struct *mm)
{
	struct tlb_state *tlb = &cpu->tlb;
	bool was_lazy = tlb->is_lazy, flush;
	uint16_t asid;

	if (was_lazy || mm != tlb->loaded_mm)
		TELL(cpu->machine, RECORD_LOAD_MM, mm_id(mm));
	tlb->is_lazy = false;
	if (mm == tlb->loaded_mm) {
		if (was_lazy && tlb->ctxs[tlb->loaded_asid].tlb_gen != mm->context.tlb_gen)
			load_cr3(cpu, mm, tlb->loaded_asid, true);
		return;
	}
	flush = choose_new_asid(cpu, mm, &asid);
	load_cr3(cpu, mm, asid, flush);
	tlb->loaded_asid = asid;
	note_loaded(cpu, mm);
}

/* enter_lazy_tlb() */
void cpu_enter_lazy_tlb(struct cpu *cpu)
{
	const struct mm_struct *loaded = cpu->tlb.loaded_mm;

	if (cpu->tlb.is_lazy || !loaded || loaded == &cpu->machine->kernel.init_mm)
		return;
	cpu->tlb.is_lazy = true;
	TELL(cpu->machine, RECORD_LAZY_TLB, cpu->id);
}

void cpu_drop_mm(struct cpu *cpu)
{
	struct mm_struct *mm = cpu->tlb.loaded_mm;

	if (!mm)
		return;
	cpu->tlb.loaded_mm = NULL;
	mm->context.cpumask &= ~((uint64_t)1 << cpu->id);
	mmdrop(&cpu->machine->kernel, mm);
}

/* ---- flushing ---- */

static void receive_shootdown(struct cpu *cpu, enum tlb_flush_cause cause)
{
	cpu->tlb.shootdowns[cause]++;
	count_vm_event(&cpu->machine->kernel, NR_TLB_REMOTE_FLUSH_RECEIVED);
}

static void flush_pages(struct cpu *cpu, va_t start, va_t end)
{
	for (va_t va = start; va < end; va += PAGE_SIZE)
		mmu_invlpg(cpu->mmu, va);
}

/* One generation behind, and told of just that one: page by page will do. */
static bool can_flush_pages(const struct tlb_context *ctx, const struct mm_struct *mm,
                            const struct tlb_flush *flush)
{
	return flush->end != TLB_FLUSH_ALL && ctx->tlb_gen + 1 == mm->context.tlb_gen;
}

/* flush_tlb_func(): a CPU's part in a flush of mm, which it has loaded. */
static void follow_flush(struct cpu *cpu, struct mm_struct *mm, const struct tlb_flush *flush)
{
	struct kernel *k = &cpu->machine->kernel;
	struct tlb_context *ctx = &cpu->tlb.ctxs[cpu->tlb.loaded_asid];

	if (cpu->tlb.is_lazy) { /* may walk freed tables otherwise; flushed on return */
		cpu_switch_mm(cpu, &k->init_mm);
		return;
	}
	if (can_flush_pages(ctx, mm, flush)) {
		flush_pages(cpu, flush->start, flush->end);
		if (is_running(cpu))
			count_vm_events(k, NR_TLB_LOCAL_FLUSH_ONE,
			                (flush->end - flush->start) >> PAGE_SHIFT);
	} else {
		mmu_write_cr3(cpu->mmu, mmu_cr3(cpu->mmu));
		if (is_running(cpu))
			count_vm_event(k, NR_TLB_LOCAL_FLUSH_ALL);
	}
	ctx->tlb_gen = mm->context.tlb_gen;
	user_pages_changed(cpu);
}

static bool has_loaded(const struct cpu *cpu, const struct mm_struct *mm)
{
	return mm->context.cpumask >> cpu->id & 1;
}

/* flush_tlb_multi(): lazy CPUs are spared unless tables are gone. */
static void shoot_down(struct machine *m, struct mm_struct *mm, const struct tlb_flush *flush)
{
	count_vm_event(&m->kernel, NR_TLB_REMOTE_FLUSH);
	for (uint32_t i = 0; i < m->config.cpus; i++) {
		struct cpu *cpu = &m->cpus[i];

		if (is_running(cpu) || !has_loaded(cpu, mm))
			continue;
		if (cpu->tlb.is_lazy && !flush->freed_tables)
			continue;
		receive_shootdown(cpu, flush->cause);
		follow_flush(cpu, mm, flush);
	}
}

/* flush_tlb_mm_range() */
void tlb_flush_mm_range(void *machine, struct mm_struct *mm, const struct tlb_flush *flush)
{
	struct machine *m = machine;
	struct tlb_flush info = *flush;

	if ((info.end - info.start) >> PAGE_SHIFT > SINGLE_PAGE_FLUSH_CEILING)
		info.end = TLB_FLUSH_ALL;
	mm->context.tlb_gen++;
	if (mm->context.cpumask & ~((uint64_t)1 << m->running->id))
		shoot_down(m, mm, &info);
	if (has_loaded(m->running, mm))
		follow_flush(m->running, mm, &info);
}

/* With what everybody shares: __flush_tlb_all(). */
static void flush_everything(struct cpu *cpu)
{
	uint64_t cr4 = mmu_cr4(cpu->mmu);

	if (has_pcid(cpu) && cr4 & CR4_PCIDE) {
		mmu_invpcid(cpu->mmu, 2, 0, 0);
	} else {
		mmu_write_cr4(cpu->mmu, cr4 ^ CR4_PGE);
		mmu_write_cr4(cpu->mmu, cr4);
	}
	user_pages_changed(cpu);
}

/* A CPU that has loaded nothing yet has no translations; the one that runs does what
 * the kernel's code says all the same. */
static bool takes_part(const struct cpu *cpu)
{
	return is_running(cpu) || cpu->tlb.loaded_mm;
}

/* flush_tlb_all(): the CPU that asks counts as having received it, too. */
void tlb_flush_all(void *machine)
{
	struct machine *m = machine;

	count_vm_event(&m->kernel, NR_TLB_REMOTE_FLUSH);
	for (uint32_t i = 0; i < m->config.cpus; i++) {
		struct cpu *cpu = &m->cpus[i];

		if (!takes_part(cpu))
			continue;
		count_vm_event(&m->kernel, NR_TLB_REMOTE_FLUSH_RECEIVED);
		cpu->tlb.shootdowns[FLUSH_KERNEL] += !is_running(cpu);
		flush_everything(cpu);
	}
}

/* flush_tlb_kernel_range(). Kernel pages are global: INVLPG drops them whatever the
 * PCID. No guest code runs from them, so that the engine knows nothing of them. */
void tlb_flush_kernel_range(void *machine, va_t start, va_t end)
{
	struct machine *m = machine;

	start &= PAGE_MASK;
	if ((end - start) >> PAGE_SHIFT > SINGLE_PAGE_FLUSH_CEILING) {
		tlb_flush_all(machine);
		return;
	}
	for (uint32_t i = 0; i < m->config.cpus; i++) {
		struct cpu *cpu = &m->cpus[i];

		if (!takes_part(cpu))
			continue;
		cpu->tlb.shootdowns[FLUSH_KERNEL] += !is_running(cpu);
		count_vm_events(&m->kernel, NR_TLB_LOCAL_FLUSH_ONE,
		                (end - start + PAGE_SIZE - 1) >> PAGE_SHIFT);
		flush_pages(cpu, start, end);
	}
}

/* __flush_tlb_one() of kmap_atomic()'s slots: another CPU's are others. */
void tlb_flush_one_kernel(void *machine, va_t va)
{
	struct machine *m = machine;

	count_vm_event(&m->kernel, NR_TLB_LOCAL_FLUSH_ONE);
	flush_pages(m->running, va, va + PAGE_SIZE);
}

/* ---- checks ---- */

/* NULL: it is gone, and its translations cannot be used any more. */
static const struct mm_struct *mm_of_context(const struct kernel *k, uint64_t ctx_id)
{
	const struct mm_struct *mm;

	if (ctx_id == k->init_mm.context.ctx_id)
		return &k->init_mm;
	list_for_each_entry (mm, &k->mmlist, mmlist)
		if (mm->context.ctx_id == ctx_id)
			return mm;
	return NULL;
}

static bool notes_are_valid(const struct cpu *cpu, char *what, size_t size)
{
	const struct kernel *k = &cpu->machine->kernel;
	const struct mm_struct *loaded = cpu->tlb.loaded_mm, *mm;
	const struct tlb_context *ctx = &cpu->tlb.ctxs[cpu->tlb.loaded_asid];

	list_for_each_entry (mm, &k->mmlist, mmlist) {
		if (has_loaded(cpu, mm) == (mm == loaded))
			continue;
		snprintf(what, size, "the cpumask of mm %" PRIu64 " is wrong", mm->context.ctx_id);
		return false;
	}
	if (mmu_cr3(cpu->mmu) >> PAGE_SHIFT != loaded->pgd ||
	    ctx->ctx_id != loaded->context.ctx_id) {
		snprintf(what, size, "CR3 or ASID is not that of mm %" PRIu64,
		         loaded->context.ctx_id);
		return false;
	}
	if (!cpu->tlb.is_lazy && loaded != &k->init_mm && ctx->tlb_gen != loaded->context.tlb_gen) {
		snprintf(what, size, "mm %" PRIu64 " is at generation %" PRIu64 ", not %" PRIu64,
		         loaded->context.ctx_id, ctx->tlb_gen, loaded->context.tlb_gen);
		return false;
	}
	return true;
}

bool cpu_tlb_is_valid(const struct cpu *cpu, char *what, size_t size)
{
	const struct kernel *k = &cpu->machine->kernel;

	if (!cpu->tlb.loaded_mm)
		return true;
	if (!notes_are_valid(cpu, what, size))
		return false;
	for (uint16_t asid = 0; asid < TLB_NR_DYN_ASIDS; asid++) {
		const struct tlb_context *ctx = &cpu->tlb.ctxs[asid];
		const struct mm_struct *mm = mm_of_context(k, ctx->ctx_id);

		/* Else it will be flushed before it is used again. */
		if (mm && ctx->tlb_gen == mm->context.tlb_gen &&
		    !mmu_pcid_is_valid(cpu->mmu, pcid_of(cpu, asid), mm->pgd << PAGE_SHIFT, what,
		                       size))
			return false;
	}
	return true;
}
