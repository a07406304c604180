// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID/stat, statm, status: what a task is and has done (Linux 6.1,
 * fs/proc/array.c, task_mmu.c). */
#include "mm/mm.h"
#include "sim/clock.h"
#include "sim/files.h"
#include "sim/machine.h"
#include "sim/proc_files.h"
#include "sim/usage.h"

#include <inttypes.h>

#define LIMIT_RSS 5

static uint64_t text_bytes(const struct mm_struct *mm)
{
	uint64_t bytes =
	    ((mm->end_code + PAGE_SIZE - 1) & PAGE_MASK) - (mm->start_code & PAGE_MASK);
	uint64_t exec_bytes = mm->exec_vm << PAGE_SHIFT;

	return bytes < exec_bytes ? bytes : exec_bytes;
}

/* Pages: size, resident, shared, text, lib (0 since 2.6), data, dt (0). */
void show_statm(struct proc_text *text, const struct proc_about *about)
{
	const struct mm_struct none = { 0 }, *mm = about->task->mm ? about->task->mm : &none;

	proc_printf(text, "%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRIu64 " 0 %" PRIu64 " 0\n",
	            mm->total_vm, get_mm_rss(mm),
	            mm->rss_stat[MM_FILEPAGES] + mm->rss_stat[MM_SHMEMPAGES],
	            text_bytes(mm) >> PAGE_SHIFT, mm->data_vm + mm->stack_vm);
}

static const char *state_of(const struct task *task)
{
	switch (task->state) {
	case TASK_RUNNING:
		return "R (running)";
	case TASK_SLEEPING:
		return "S (sleeping)";
	case TASK_STOPPED:
		return "T (stopped)";
	case TASK_ZOMBIE:
		return "Z (zombie)";
	case TASK_DEAD:
		break;
	}
	return "X (dead)";
}

static void handled_signals(const struct task *task, uint64_t *ignored, uint64_t *caught)
{
	const struct signal_action *actions = task->sighand->actions;

	*ignored = *caught = 0;
	for (int i = 1; i <= NR_SIGNALS; i++) {
		uint64_t bit = (uint64_t)1 << (i - 1);

		*ignored |= actions[i].handler == 1 ? bit : 0;
		*caught |= actions[i].handler > 1 ? bit : 0;
	}
}

/* ---- stat: the order is that of proc(5) ---- */

/* 1 to 22: the task, its faults and times, its children's. Simplified: all time is user
 * time. */
static void show_stat_task(struct proc_text *text, const struct proc_about *about)
{
	const uint64_t tick_ns = NSEC_PER_SEC / USER_HZ;
	const uint32_t forked_not_execed = 0x40; /* PF_FORKNOEXEC */
	const struct task *task = about->task;
	const struct process *process = task->process;
	const struct usage *children = &process->children_usage;
	struct usage own;

	if (about->is_thread)
		usage_of_task(task, &own);
	else
		process_usage(process, &own);
	proc_printf(text, "%d (%s) %c %d %d %d %d %d %u", task->pid, task->comm, *state_of(task),
	            process->ppid, process->pgid, process->sid, 0, -1,
	            process->has_execed || !process->ppid ? 0 : forked_not_execed);
	proc_printf(text, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, own.min_flt,
	            children->min_flt, own.maj_flt, children->maj_flt);
	proc_printf(text, " %" PRIu64 " 0 %" PRIu64 " 0 20 0 %u 0 %" PRIu64, own.cpu_ns / tick_ns,
	            children->cpu_ns / tick_ns, process->nr_alive, task->start_ns / tick_ns);
}

/* 23 to 30: the address space. */
static void show_stat_mm(struct proc_text *text, const struct task *task,
                         const struct mm_struct *mm)
{
	proc_printf(text, " %" PRIu64 " %" PRIu64 " %" PRIu64, mm->total_vm << PAGE_SHIFT,
	            get_mm_rss(mm), task->process->rlimits[LIMIT_RSS][0]);
	proc_printf(text, " %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 0", mm->start_code, mm->end_code,
	            mm->start_stack);
}

/* 31 to 44: the first 31 signals, and nothing to wait for. */
static void show_stat_signals(struct proc_text *text, const struct task *task)
{
	const uint64_t old_signals = INT32_MAX;
	uint64_t ignored, caught;

	handled_signals(task, &ignored, &caught);
	proc_printf(text, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
	            task->signals.pending.set & old_signals, task->signals.blocked & old_signals,
	            ignored & old_signals, caught & old_signals);
	proc_printf(text, " 0 0 0 %d %u 0 0 0 0 0", task->process->exit_signal, task->cpu);
}

void show_stat(struct proc_text *text, const struct proc_about *about)
{
	const struct task *task = about->task;
	const struct mm_struct none = { 0 }, *mm = task->mm ? task->mm : &none;

	show_stat_task(text, about);
	show_stat_mm(text, task, mm);
	show_stat_signals(text, task);
	proc_printf(text, " %" PRIu64 " %" PRIu64 " %" PRIu64, mm->start_data, mm->end_data,
	            mm->start_brk);
	proc_printf(text, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d\n", mm->arg_start,
	            mm->arg_end, mm->env_start, mm->env_end, task->process->exit_code);
}

/* ---- status ---- */

static void status_kb(struct proc_text *text, const char *name, uint64_t pages)
{
	proc_printf(text, "%s:\t%8lu kB\n", name, PROC_KB(pages));
}

/* Linux's tables of descriptors grow by doubling from a word's bits. */
static uint32_t fd_size(const struct task *task)
{
	uint32_t size = 64;

	while (task->files && size < files_nr_slots(task->files))
		size *= 2;
	return task->files ? size : 0;
}

static void show_status_who(struct proc_text *text, const struct task *task)
{
	const struct vfs *vfs = task->machine->vfs;

	proc_printf(text, "Name:\t%s\nUmask:\t%04o\nState:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\n",
	            task->comm, task->fs->umask, state_of(task), task->process->pid, task->pid);
	proc_printf(text, "PPid:\t%d\nTracerPid:\t0\nUid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n",
	            task->process->ppid, vfs->uid, vfs->uid, vfs->uid, vfs->uid, vfs->gid, vfs->gid,
	            vfs->gid, vfs->gid);
	proc_printf(text, "FDSize:\t%u\nGroups:\t", fd_size(task));
	for (uint32_t i = 0; i < vfs->nr_groups; i++)
		proc_printf(text, "%u ", vfs->groups[i]);
	proc_printf(text, "%s\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n",
	            vfs->nr_groups ? "" : " ", task->process->pid, task->pid, task->process->pgid,
	            task->process->sid);
}

static void show_status_mm(struct proc_text *text, const struct mm_struct *mm)
{
	uint64_t code = text_bytes(mm) >> PAGE_SHIFT;

	status_kb(text, "VmPeak", mm->hiwater_vm > mm->total_vm ? mm->hiwater_vm : mm->total_vm);
	status_kb(text, "VmSize", mm->total_vm);
	status_kb(text, "VmLck", mm->locked_vm);
	status_kb(text, "VmPin", mm->pinned_vm);
	status_kb(text, "VmHWM", get_mm_hiwater_rss(mm));
	status_kb(text, "VmRSS", get_mm_rss(mm));
	status_kb(text, "RssAnon", (uint64_t)mm->rss_stat[MM_ANONPAGES]);
	status_kb(text, "RssFile", (uint64_t)mm->rss_stat[MM_FILEPAGES]);
	status_kb(text, "RssShmem", (uint64_t)mm->rss_stat[MM_SHMEMPAGES]);
	status_kb(text, "VmData", mm->data_vm);
	status_kb(text, "VmStk", mm->stack_vm);
	status_kb(text, "VmExe", code);
	status_kb(text, "VmLib", mm->exec_vm - code);
	status_kb(text, "VmPTE", mm->nr_ptes);
	status_kb(text, "VmSwap", (uint64_t)mm->rss_stat[MM_SWAPENTS]);
	status_kb(text, "HugetlbPages", 0);
	proc_printf(text, "CoreDumping:\t0\nTHP_enabled:\t0\n");
}

static void show_status_signals(struct proc_text *text, const struct task *task)
{
	uint64_t own = task->signals.pending.set, shared = task->process->shared.set;
	uint64_t ignored, caught;

	handled_signals(task, &ignored, &caught);
	proc_printf(text, "Threads:\t%u\nSigQ:\t%d/%" PRIu64 "\n", task->process->nr_alive,
	            __builtin_popcountll(own) + __builtin_popcountll(shared),
	            task->process->rlimits[LIMIT_SIGPENDING][0]);
	proc_printf(text,
	            "SigPnd:\t%016" PRIx64 "\nShdPnd:\t%016" PRIx64 "\nSigBlk:\t%016" PRIx64 "\n",
	            own, shared, task->signals.blocked);
	proc_printf(text, "SigIgn:\t%016" PRIx64 "\nSigCgt:\t%016" PRIx64 "\n", ignored, caught);
}

/* Root has all 41 of 6.1's, others none. */
static void show_status_capabilities(struct proc_text *text, const struct vfs *vfs)
{
	const uint64_t all = 0x1ffffffffff, has = vfs_is_superuser(vfs) ? all : 0;

	proc_printf(text,
	            "CapInh:\t%016x\nCapPrm:\t%016" PRIx64 "\nCapEff:\t%016" PRIx64
	            "\nCapBnd:\t%016" PRIx64 "\nCapAmb:\t%016x\n",
	            0, has, has, all, 0);
	proc_printf(text, "NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n"
	                  "Speculation_Store_Bypass:\tnot vulnerable\n"
	                  "SpeculationIndirectBranch:\talways enabled\n");
}

static void show_status_cpus(struct proc_text *text, const struct machine *machine)
{
	const unsigned max_nodes = 1024; /* as a distribution's kernel is built */
	uint32_t nr_cpus = machine->config.cpus, nr_nodes = machine->kernel.nr_nodes;

	proc_printf(text, "Cpus_allowed:\t%0*x\nCpus_allowed_list:\t", (int)(nr_cpus + 3) / 4,
	            (1u << nr_cpus) - 1);
	proc_printf(text, nr_cpus > 1 ? "0-%u\n" : "0\n", nr_cpus - 1);
	proc_printf(text, "Mems_allowed:\t");
	for (unsigned word = max_nodes / 32; word-- > 0;)
		proc_printf(text, "%08x%s", word ? 0 : (1u << nr_nodes) - 1, word ? "," : "\n");
	proc_printf(text, nr_nodes > 1 ? "Mems_allowed_list:\t0-%u\n" : "Mems_allowed_list:\t0\n",
	            nr_nodes - 1);
}

void show_status(struct proc_text *text, const struct proc_about *about)
{
	const struct task *task = about->task;

	show_status_who(text, task);
	if (task->mm)
		show_status_mm(text, task->mm);
	show_status_signals(text, task);
	show_status_capabilities(text, about->machine->vfs);
	show_status_cpus(text, about->machine);
}
