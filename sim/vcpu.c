/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/vcpu.h"

#include "mm/mm.h"
#include "sim/check.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* A page fault that the kernel calls done may find its page gone again when
 * memory is short; it is taken again as often as this before the machine gives
 * up on the task. */
#define MAX_FAULTS_PER_ACCESS 64

#define FLUSH_CEILING_PAGES 33 /* Linux 6.1, arch/x86/mm/tlb.c */

/* ---- faults of the guest ---- */

static void send_fault_signal(struct task *task, int signo, int code, va_t va, uint32_t error_code)
{
	const struct signal_info info = {
		.signo = signo, .code = code, .fault_va = va, .error_code = error_code, .trapno = 14
	};

	signal_force(task, &info);
}

static bool is_dying(const struct task *task)
{
	return task->signals.pending >> (SIGKILL - 1) & 1;
}

/* The kernel's part of a page fault. False: a signal is pending instead. */
static bool handle_fault(struct cpu *cpu, const struct page_fault *fault, uint64_t ip)
{
	struct machine *machine = cpu->machine;
	struct task *task = cpu->current;
	struct fault_result result;

	result = do_page_fault(&machine->kernel, task->mm, fault->va, fault->error_code, ip);
	switch (result.outcome) {
	case FAULT_MINOR_DONE:
	case FAULT_MAJOR_DONE:
		break;
	case FAULT_SIGSEGV:
		send_fault_signal(task, SIGSEGV, result.si_code, fault->va, fault->error_code);
		return false;
	case FAULT_SIGBUS:
		send_fault_signal(task, SIGBUS, result.si_code, fault->va, fault->error_code);
		return false;
	case FAULT_OOM:
		break; /* again, unless it was this task that was killed */
	}
	kernel_run_threads(&machine->kernel);
	check_machine(machine);
	return !is_dying(task) && !machine->check_failure[0];
}

/* A CPU raises #GP, not #PF, for an address that is not canonical; Linux sends
 * SIGSEGV with SI_KERNEL and no address. */
static bool is_canonical(va_t va)
{
	return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

/* What the engine may keep of the page, or false and a fault. */
static bool look_up(struct cpu *cpu, va_t va, enum access_kind kind, struct translation *out,
                    struct page_fault *fault)
{
	if (cpu->machine->options.engine == ENGINE_FAULTS)
		return mmu_walk_only(cpu->mmu, va, kind, PRIV_USER, out, fault);
	return mmu_probe(cpu->mmu, va, kind, PRIV_USER, out, fault);
}

/* The access as the hardware makes it, which ends in a page fault. */
static bool make_access(struct cpu *cpu, va_t va, enum access_kind kind, struct page_fault *fault)
{
	struct translation ignored;

	if (cpu->machine->options.engine == ENGINE_FAULTS)
		return mmu_walk_only(cpu->mmu, va, kind, PRIV_USER, &ignored, fault);
	return mmu_translate(cpu->mmu, va, kind, PRIV_USER, &ignored, fault);
}

static void describe_page(const struct cpu *cpu, const struct translation *tr,
                          struct engine_page *page)
{
	page->pfn = tr->pa >> PAGE_SHIFT;
	page->readable = true;
	/* Without TLBs the first write to a clean page must come here, to set D. */
	page->writable =
	    tr->writable && (cpu->machine->options.engine != ENGINE_FAULTS || tr->dirty);
	page->executable = tr->executable;
}

static bool resolve(void *owner, va_t va, enum access_kind kind, struct engine_page *page)
{
	struct cpu *cpu = owner;
	struct translation tr;
	struct page_fault fault;

	for (int tries = 0; tries < MAX_FAULTS_PER_ACCESS; tries++) {
		va_t exact_va;
		enum access_kind exact_kind;

		if (likely(look_up(cpu, va, kind, &tr, &fault))) {
			describe_page(cpu, &tr, page);
			return true;
		}
		if (!is_canonical(va)) {
			send_fault_signal(cpu->current, SIGSEGV, SI_KERNEL, 0, 0);
			return false;
		}
		engine_current_access(cpu->engine, &exact_va, &exact_kind);
		if (make_access(cpu, exact_va, exact_kind, &fault))
			continue;
		if (!handle_fault(cpu, &fault, engine_current_ip(cpu->engine)))
			return false;
	}
	send_fault_signal(cpu->current, SIGKILL, SI_KERNEL, va, 0);
	return false;
}

/* --check: the physical address that an access really went to against a fresh
 * walk of the page tables. */
static void check_access(void *owner, va_t va, enum access_kind kind, pa_t pa)
{
	struct cpu *cpu = owner;
	struct translation tr;

	if (!mmu_probe(cpu->mmu, va, kind, PRIV_USER, &tr, NULL))
		check_fail(cpu->machine, "access to 0x%lx, which the page tables do not allow",
		           (unsigned long)va);
	else if (tr.pa != pa)
		check_fail(cpu->machine, "access to 0x%lx went to frame 0x%lx, not 0x%lx",
		           (unsigned long)va, (unsigned long)(pa >> PAGE_SHIFT),
		           (unsigned long)(tr.pa >> PAGE_SHIFT));
}

static const struct engine_ops engine_ops = { .resolve = resolve };
static const struct engine_ops checking_engine_ops = { .resolve = resolve,
	                                               .check_access = check_access };

/* ---- control registers ---- */

/* As Linux sets them up on a CPU with these features. */
static void turn_paging_on(struct cpu *cpu, uint64_t cr3)
{
	const struct machine_config *config = &cpu->machine->config;
	bool four_level = config->paging->entry_bytes == 8;

	mmu_write_cr0(cpu->mmu, CR0_PE | CR0_WP);
	mmu_write_cr4(cpu->mmu, CR4_PSE | CR4_PGE | (four_level ? CR4_PAE : 0));
	if (four_level)
		mmu_write_efer(cpu->mmu, EFER_LME | EFER_NXE);
	mmu_write_cr3(cpu->mmu, cr3 & ~CR3_PCID_MASK);
	mmu_write_cr0(cpu->mmu, CR0_PE | CR0_WP | CR0_PG);
	if (config->pcid) {
		mmu_write_cr4(cpu->mmu, mmu_cr4(cpu->mmu) | CR4_PCIDE);
		mmu_write_cr3(cpu->mmu, cr3);
	}
}

static uint64_t cr3_of(const struct cpu *cpu, const struct mm_struct *mm)
{
	return mm->pgd << PAGE_SHIFT | (cpu->machine->config.pcid ? mm->context_id : 0u);
}

void cpu_load_mm(struct cpu *cpu, const struct mm_struct *mm)
{
	if (mmu_cr0(cpu->mmu) & CR0_PG)
		mmu_write_cr3(cpu->mmu, cr3_of(cpu, mm));
	else
		turn_paging_on(cpu, cr3_of(cpu, mm));
	engine_flush(cpu->engine);
}

static bool is_loaded(const struct cpu *cpu, const struct mm_struct *mm)
{
	return mmu_cr3(cpu->mmu) >> PAGE_SHIFT == mm->pgd;
}

void cpu_flush_mm(struct cpu *cpu, const struct mm_struct *mm)
{
	if (is_loaded(cpu, mm)) {
		mmu_write_cr3(cpu->mmu, cr3_of(cpu, mm));
		engine_flush(cpu->engine);
	} else if (cpu->machine->config.pcid) {
		mmu_invpcid(cpu->mmu, 1, mm->context_id, 0);
	}
}

void cpu_flush_range(struct cpu *cpu, const struct mm_struct *mm, va_t start, va_t end)
{
	if (!is_loaded(cpu, mm) || (end - start) >> PAGE_SHIFT > FLUSH_CEILING_PAGES) {
		cpu_flush_mm(cpu, mm);
		return;
	}
	for (va_t va = start & PAGE_MASK; va < end; va += PAGE_SIZE)
		mmu_invlpg(cpu->mmu, va);
	engine_flush(cpu->engine);
}

/* ---- life ---- */

int cpu_init(struct cpu *cpu, struct machine *machine, uint32_t id, char *why, size_t why_size)
{
	const struct engine_ops *ops = machine->options.check ? &checking_engine_ops : &engine_ops;
	int err;

	cpu->machine = machine;
	cpu->id = id;
	err = mmu_create(&cpu->mmu, &machine->config.mmu, &machine->ram, &machine->events);
	if (err) {
		snprintf(why, why_size, "cannot make an MMU: %s", strerror(-err));
		return err;
	}
	err =
	    engine_create(&cpu->engine, machine->options.engine, &machine->ram, cpu->mmu, ops, cpu);
	if (err)
		snprintf(why, why_size, "cannot start Unicorn (version 2.1 or later is needed): %s",
		         strerror(-err));
	return err;
}

void cpu_finish(struct cpu *cpu)
{
	engine_destroy(cpu->engine);
	mmu_destroy(cpu->mmu);
	cpu->engine = NULL;
	cpu->mmu = NULL;
}
