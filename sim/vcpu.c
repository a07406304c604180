/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/vcpu.h"

#include "mm/page_alloc.h"
#include "sim/calls.h"
#include "sim/check.h"
#include "sim/clock.h"
#include "sim/tell.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* A page fault that the kernel calls done may find its page gone again when
 * memory is short; the same access faults as often as this, without a system call or
 * a signal in between, before the machine gives up on the task. */
#define MAX_FAULTS_PER_ACCESS 64

/* ---- faults of the guest ---- */

/* User mode is not told what the kernel has mapped (Linux: sanitize_error_code()). */
static void send_fault_signal(struct task *task, int signo, int code, va_t va, uint32_t error_code)
{
	struct signal_info info = {
		.signo = signo, .code = code, .fault_va = va, .error_code = error_code, .trapno = 14
	};

	if (va >= machine_task_size_max(task->machine))
		info.error_code |= PF_P;
	signal_force(task, &info);
}

/* The kernel's part of a page fault. False: a signal is pending instead. */
static bool handle_fault(struct cpu *cpu, const struct page_fault *fault, enum access_kind kind,
                         uint64_t ip)
{
	struct machine *machine = cpu->machine;
	struct task *task = cpu->current;
	struct fault_result result;

	result = call_do_page_fault(&machine->kernel, task->mm, fault, kind, PRIV_USER, ip);
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
	check_machine(machine);
	return !signal_is_dying(task) && !machine->check_failure[0];
}

/* A CPU raises #GP, not #PF, for an address that is not canonical; Linux sends
 * SIGSEGV with SI_KERNEL and no address. */
static bool is_canonical(va_t va)
{
	return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

/* The page tables as they stand. Without TLBs this is also the access itself, which
 * sets A and D. */
static bool walk(const struct cpu *cpu, va_t va, enum access_kind kind, struct translation *out)
{
	struct page_fault ignored;

	if (!machine_counts_accesses(cpu->machine))
		return mmu_walk_only(cpu->mmu, va, kind, PRIV_USER, out, &ignored);
	return mmu_probe(cpu->mmu, va, kind, PRIV_USER, out, NULL);
}

static bool look_up(void *owner, va_t va, enum access_kind kind, struct engine_page *page)
{
	const struct cpu *cpu = owner;
	struct translation tr;

	if (!walk(cpu, va, kind, &tr))
		return false;
	page->pfn = tr.pa >> PAGE_SHIFT;
	page->readable = true;
	/* Without TLBs the first write to a clean page must come here, to set D. */
	page->writable = tr.writable && (machine_counts_accesses(cpu->machine) || tr.dirty);
	page->executable = tr.executable;
	page->is_zero = page->pfn == cpu->zero_pfn;
	return true;
}

/* The access as the hardware makes it, which ends in a page fault. */
static bool make_access(struct cpu *cpu, va_t va, enum access_kind kind, struct page_fault *fault)
{
	struct translation ignored;

	if (!machine_counts_accesses(cpu->machine))
		return mmu_walk_only(cpu->mmu, va, kind, PRIV_USER, &ignored, fault);
	return mmu_translate(cpu->mmu, va, kind, PRIV_USER, &ignored, fault);
}

/* Counts faults of the same instruction at the same address. True: too many. */
static bool is_stuck(struct cpu *cpu, va_t va, uint64_t ip)
{
	if (cpu->last_fault_va != va || cpu->last_fault_ip != ip)
		cpu->nr_same_faults = 0;
	cpu->last_fault_va = va;
	cpu->last_fault_ip = ip;
	return ++cpu->nr_same_faults > MAX_FAULTS_PER_ACCESS;
}

static bool on_fault(void *owner, va_t va, enum access_kind kind, uint64_t ip)
{
	struct cpu *cpu = owner;
	struct page_fault fault;

	if (!is_canonical(va)) {
		signal_force(cpu->current, &(struct signal_info){
		                               .signo = SIGSEGV, .code = SI_KERNEL, .trapno = 13 });
		return false;
	}
	if (make_access(cpu, va, kind, &fault)) {
		record_access(cpu->machine->recorder, va, kind, PRIV_USER, 0, 1);
		return true;
	}
	if (is_stuck(cpu, va, ip)) {
		TELL(cpu->machine, RECORD_GIVE_UP, va, kind, PRIV_USER, ip);
		printk(&cpu->machine->kernel, "pid %d makes no progress at 0x%lx: killed",
		       cpu->current->pid, (unsigned long)va);
		send_fault_signal(cpu->current, SIGKILL, SI_KERNEL, va, 0);
		return false;
	}
	return handle_fault(cpu, &fault, kind, ip);
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

/* Each reading takes time itself, so that a guest that waits in a loop gets on even
 * where nobody counts its instructions. */
static uint64_t read_tsc(void *owner)
{
	const uint64_t cycles_per_read = 25;
	struct machine *machine = ((struct cpu *)owner)->machine;
	unsigned __int128 now_ns = machine_now_ns(machine);

	return (uint64_t)(now_ns * machine->config.cpu_hz / NSEC_PER_SEC) +
	       ++machine->nr_tsc_reads * cycles_per_read;
}

const struct engine_ops cpu_engine_ops = { .look_up = look_up,
	                                   .fault = on_fault,
	                                   .read_tsc = read_tsc };
const struct engine_ops cpu_checking_engine_ops = {
	.look_up = look_up, .fault = on_fault, .read_tsc = read_tsc, .check_access = check_access
};

/* ---- control registers ---- */

/* As Linux sets them up on a CPU with these features. */
static void turn_paging_on(struct cpu *cpu, uint64_t cr3)
{
	const struct machine_config *config = &cpu->machine->config;
	uint64_t pae = config->paging->entry_bytes == 8 ? CR4_PAE : 0;
	uint64_t lme = config->paging->va_bits > 32 ? EFER_LME : 0;

	mmu_write_cr0(cpu->mmu, CR0_PE | CR0_WP);
	mmu_write_cr4(cpu->mmu, CR4_PSE | CR4_PGE | pae);
	if (config->paging->has_nx)
		mmu_write_efer(cpu->mmu, lme | EFER_NXE);
	mmu_write_cr3(cpu->mmu, cr3 & ~CR3_PCID_MASK);
	mmu_write_cr0(cpu->mmu, CR0_PE | CR0_WP | CR0_PG);
	if (config->pcid) {
		mmu_write_cr4(cpu->mmu, mmu_cr4(cpu->mmu) | CR4_PCIDE);
		mmu_write_cr3(cpu->mmu, cr3);
	}
}

void cpu_load_cr3(struct cpu *cpu, uint64_t cr3)
{
	if (mmu_cr0(cpu->mmu) & CR0_PG)
		mmu_write_cr3(cpu->mmu, cr3);
	else
		turn_paging_on(cpu, cr3);
}

/* ---- the kernel's accesses ---- */

static bool kernel_translate(struct cpu *cpu, va_t va, enum access_kind kind,
                             struct translation *out)
{
	struct page_fault ignored;

	if (machine_counts_accesses(cpu->machine))
		return mmu_translate(cpu->mmu, va, kind, PRIV_KERNEL, out, &ignored);
	return mmu_walk_only(cpu->mmu, va, kind, PRIV_KERNEL, out, &ignored);
}

bool cpu_kernel_access(struct cpu *cpu, va_t va, enum access_kind kind, uint64_t words, pa_t *pa)
{
	struct translation t;

	if (!cpu->tlb.loaded_mm) /* nobody has run yet */
		cpu_switch_mm(cpu, &cpu->machine->kernel.init_mm);
	if (!kernel_translate(cpu, va, kind, &t))
		return false;
	if (machine_counts_accesses(cpu->machine) && words > 1)
		mmu_access_again(cpu->mmu, va, kind, PRIV_KERNEL, words - 1);
	*pa = t.pa;
	return true;
}

/* ---- life ---- */

int cpu_init(struct cpu *cpu, struct machine *machine, uint32_t id, char *why, size_t why_size)
{
	int err;

	cpu->machine = machine;
	cpu->id = id;
	cpu->zero_pfn = page_to_pfn(&machine->kernel, machine->kernel.zero_page);
	err = mmu_create(&cpu->mmu, &machine->config.mmu, &machine->ram, &machine->events);
	if (err)
		snprintf(why, why_size, "cannot make an MMU: %s", strerror(-err));
	return err;
}

void cpu_finish(struct cpu *cpu)
{
	engine_context_destroy(cpu->context);
	mmu_destroy(cpu->mmu);
	cpu->context = NULL;
	cpu->mmu = NULL;
}
