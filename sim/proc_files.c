/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proc_files - what stands in /proc's files (Linux 6.1, fs/proc/; the exact
 * formats are those of Documentation/filesystems/proc.rst).
 */
#include "mm/mm.h"
#include "sim/clock.h"
#include "sim/proc_mm.h"
#include "sim/procfs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#define KB(pages) ((unsigned long)((pages) * (PAGE_SIZE / KIB)))
#define USER_HZ 100 /* clock ticks a second, as /proc counts */

/* ---- the machine ---- */

static void show_version(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "Linux version 6.18.0-pagewalk (pagewalk@pagewalk) "
	                  "#1 SMP PREEMPT_DYNAMIC\n");
}

static void show_osrelease(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "6.18.0-pagewalk\n");
}

static void show_ostype(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "Linux\n");
}

static void show_hostname(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "pagewalk\n");
}

static void show_kernel_version(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "#1 SMP PREEMPT_DYNAMIC\n");
}

static void show_kernel_cmdline(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "nokaslr\n");
}

static void show_uptime(struct proc_text *text, struct machine *machine, struct task *task)
{
	uint64_t up = machine_now_ns(machine) / (NSEC_PER_SEC / 100);
	uint64_t idle = machine->sleep_ns / (NSEC_PER_SEC / 100);

	proc_printf(text, "%lu.%02lu %lu.%02lu\n", (unsigned long)(up / 100),
	            (unsigned long)(up % 100), (unsigned long)(idle / 100),
	            (unsigned long)(idle % 100));
}

static unsigned nr_tasks(const struct machine *machine)
{
	const struct list_head *task;
	unsigned nr = 0;

	list_for_each (task, &machine->tasks)
		nr++;
	return nr;
}

static void show_loadavg(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "0.00 0.00 0.00 1/%u %d\n", nr_tasks(machine), machine->next_pid - 1);
}

static void show_filesystems(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "nodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tpipefs\n"
	                  "nodev\toverlay\n");
}

static void show_stat_cpu(struct proc_text *text, const char *name, const struct machine *machine)
{
	uint64_t tick_ns = NSEC_PER_SEC / USER_HZ;

	proc_printf(
	    text, "%s %lu 0 0 %lu %lu 0 0 0 0 0\n", name,
	    (unsigned long)((machine_now_ns(machine) - machine->sleep_ns - machine->disk_ns) /
	                    tick_ns),
	    (unsigned long)(machine->sleep_ns / tick_ns),
	    (unsigned long)(machine->disk_ns / tick_ns));
}

static void show_machine_stat(struct proc_text *text, struct machine *machine, struct task *task)
{
	show_stat_cpu(text, "cpu ", machine);
	show_stat_cpu(text, "cpu0", machine);
	proc_printf(text,
	            "intr 0\nctxt 0\nbtime %d\nprocesses %d\nprocs_running 1\n"
	            "procs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n",
	            CLOCK_BOOT_SECONDS, machine->next_pid - 1);
}

static void show_cpuinfo(struct proc_text *text, struct machine *machine, struct task *task)
{
	uint64_t khz = machine->config.cpu_hz / 1000;

	/* Simplified: the processor's name is the machine description's. */
	proc_printf(text,
	            "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: %s\n"
	            "cpu MHz\t\t: %lu.%03lu\nphysical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\n"
	            "cpu cores\t: 1\nfpu\t\t: yes\nwp\t\t: yes\n"
	            "flags\t\t: fpu de pse tsc msr pae cx8 sep pge cmov clflush mmx fxsr sse sse2 "
	            "syscall nx lm\n"
	            "clflush size\t: 64\naddress sizes\t: %u bits physical, %u bits virtual\n\n",
	            machine->config.name, (unsigned long)(khz / 1000), (unsigned long)(khz % 1000),
	            machine->config.mmu.physical_bits, machine->config.paging->va_bits);
}

/* ---- the kernel's memory manager ---- */

#define SHOW_MM(name)                                                                              \
	static void show_##name(struct proc_text *text, struct machine *machine,                   \
	                        struct task *task)                                                 \
	{                                                                                          \
		proc_##name(text, &machine->kernel);                                               \
	}

SHOW_MM(buddyinfo)
SHOW_MM(meminfo)
SHOW_MM(pagetypeinfo)
SHOW_MM(slabinfo)
SHOW_MM(swaps)
SHOW_MM(vmallocinfo)
SHOW_MM(vmstat)
SHOW_MM(zoneinfo)

#undef SHOW_MM

static void show_swappiness(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "%u\n", machine->kernel.config.swappiness);
}

static void show_page_cluster(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "%u\n", machine->kernel.config.page_cluster);
}

static void show_zero(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "0\n");
}

static void show_pid_max(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "4194304\n");
}

static void show_mounts(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "overlay / overlay rw,relatime 0 0\n"
	                  "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n"
	                  "devtmpfs /dev devtmpfs rw,nosuid,relatime 0 0\n");
}

/* ---- links ---- */

static void link_self(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "%d", machine->running->current ? machine->running->current->pid : 1);
}

static void link_mounts(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "self/mounts");
}

static void link_exe(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "%s", task->exe ? task->exe : "");
}

static void link_cwd(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "%s", task->fs->cwd);
}

static void link_root(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "/");
}

/* ---- a task ---- */

static void show_comm(struct proc_text *text, struct machine *machine, struct task *task)
{
	proc_printf(text, "%s\n", task->comm);
}

/* Bytes of the task's memory as they stand, without a fault or a count; zeroes
 * where a page is not in RAM. */
static void show_memory(struct proc_text *text, struct task *task, va_t start, va_t end)
{
	struct machine *machine = task->machine;

	while (start < end) {
		uint64_t left = PAGE_SIZE - (start & ~PAGE_MASK);
		uint64_t n = left < end - start ? left : end - start;
		static const uint8_t zeroes[PAGE_SIZE];
		struct translation t;

		if (mmu_probe(machine->running->mmu, start, ACCESS_LOAD, PRIV_KERNEL, &t, NULL))
			proc_write(text, ram_at(&machine->ram, t.pa), n);
		else
			proc_write(text, zeroes, n);
		start += n;
	}
}

static void show_cmdline(struct proc_text *text, struct machine *machine, struct task *task)
{
	if (task->mm)
		show_memory(text, task, task->mm->arg_start, task->mm->arg_end);
}

static void show_environ(struct proc_text *text, struct machine *machine, struct task *task)
{
	if (task->mm)
		show_memory(text, task, task->mm->env_start, task->mm->env_end);
}

/* Pairs of type and value up to AT_NULL, which is shown too. */
static void show_auxv(struct proc_text *text, struct machine *machine, struct task *task)
{
	size_t nr = 0, max = sizeof(task->mm->saved_auxv) / sizeof(task->mm->saved_auxv[0]);

	if (!task->mm)
		return;
	do
		nr += 2;
	while (nr < max && task->mm->saved_auxv[nr - 2]);
	proc_write(text, task->mm->saved_auxv, nr * sizeof(task->mm->saved_auxv[0]));
}

/* Linux 6.18, fs/proc/task_mmu.c, get_vma_name(): the heap is what overlaps the
 * break's range, the stack what holds its first byte. */
static const char *vma_name(const struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;

	if (vma->vm_file)
		return vma->vm_file->f_op->path(vma->vm_file);
	if (vma->vm_special)
		return vma->vm_special->name;
	if (vma->vm_start < mm->brk && vma->vm_end > mm->start_brk)
		return "[heap]";
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return "[stack]";
	return NULL;
}

/* Shared anonymous memory is on the kernel's own tmpfs, the first device without a
 * disk. Simplified: its inode's number is 0. */
static struct inode_attr attributes_of(struct file *file)
{
	const struct open_file *open_file = open_file_behind(file);
	struct inode_attr attr = { .dev = makedev(0, 1) };

	if (open_file && open_file->inode->ops->getattr(open_file->inode, &attr))
		attr = (struct inode_attr){ 0 };
	return attr;
}

static void show_vma(struct proc_text *text, const struct vm_area_struct *vma)
{
	size_t start = text->len;
	struct inode_attr attr = { 0 };
	const char *name = vma_name(vma);

	if (vma->vm_file)
		attr = attributes_of(vma->vm_file);
	proc_printf(text, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ", (unsigned long)vma->vm_start,
	            (unsigned long)vma->vm_end, vma->vm_flags & VM_READ ? 'r' : '-',
	            vma->vm_flags & VM_WRITE ? 'w' : '-', vma->vm_flags & VM_EXEC ? 'x' : '-',
	            vma->vm_flags & VM_MAYSHARE ? 's' : 'p',
	            vma->vm_file ? (unsigned long)(vma->vm_pgoff << PAGE_SHIFT) : 0ul,
	            major(attr.dev), minor(attr.dev), (unsigned long)attr.ino);
	if (name) {
		/* 25 + 6 * sizeof(void *) - 1, and a space */
		proc_pad(text, start, 73);
		proc_printf(text, "%s", name);
	}
	proc_printf(text, "\n");
}

static void show_maps(struct proc_text *text, struct machine *machine, struct task *task)
{
	struct vm_area_struct *vma;

	if (!task->mm)
		return;
	for_each_vma (task->mm, vma)
		show_vma(text, vma);
	if (task->mm->task_size > UINT32_MAX) /* 64-bit: the gate's page, which no VMA stands for */
		proc_printf(text, "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 "
		                  "                 [vsyscall]\n");
}

static uint64_t text_pages(const struct mm_struct *mm)
{
	return (((mm->end_code + PAGE_SIZE - 1) & PAGE_MASK) - (mm->start_code & PAGE_MASK)) >>
	       PAGE_SHIFT;
}

static void show_statm(struct proc_text *text, struct machine *machine, struct task *task)
{
	const struct mm_struct *mm = task->mm;

	if (!mm) {
		proc_printf(text, "0 0 0 0 0 0 0\n");
		return;
	}
	proc_printf(text, "%lu %lu %lu %lu 0 %lu 0\n", (unsigned long)mm->total_vm,
	            (unsigned long)get_mm_rss(mm),
	            (unsigned long)(mm->rss_stat[MM_FILEPAGES] + mm->rss_stat[MM_SHMEMPAGES]),
	            (unsigned long)text_pages(mm), (unsigned long)(mm->data_vm + mm->stack_vm));
}

static char task_state_letter(const struct task *task)
{
	return task->state == TASK_ZOMBIE ? 'Z' : 'R';
}

/* The numbers stand in the order of proc(5). */
static void show_stat(struct proc_text *text, struct machine *machine, struct task *task)
{
	const struct mm_struct none = { 0 }, *mm = task->mm ? task->mm : &none;
	uint64_t ticks = machine_now_ns(machine) / (NSEC_PER_SEC / USER_HZ);

	proc_printf(text, "%d (%s) %c %d %d 0 0 -1 4194304 %lu 0 %lu 0 %lu 0 0 0 20 0 1 0 0 ",
	            task->pid, task->comm, task_state_letter(task), task->process->ppid, task->pid,
	            (unsigned long)mm->min_flt, (unsigned long)mm->maj_flt, (unsigned long)ticks);
	proc_printf(text,
	            "%lu %lu 18446744073709551615 %lu %lu %lu 0 0 0 0 0 0 0 0 0 17 0 0 0 0 "
	            "0 0 ",
	            (unsigned long)(mm->total_vm << PAGE_SHIFT), (unsigned long)get_mm_rss(mm),
	            (unsigned long)mm->start_code, (unsigned long)mm->end_code,
	            (unsigned long)mm->start_stack);
	proc_printf(text, "%lu %lu %lu %lu %lu %lu %lu %d\n", (unsigned long)mm->start_data,
	            (unsigned long)mm->end_data, (unsigned long)mm->start_brk,
	            (unsigned long)mm->arg_start, (unsigned long)mm->arg_end,
	            (unsigned long)mm->env_start, (unsigned long)mm->env_end, task->exit_code);
}

static void status_kb(struct proc_text *text, const char *name, uint64_t pages)
{
	proc_printf(text, "%s:\t%8lu kB\n", name, KB(pages));
}

static void show_status_mm(struct proc_text *text, const struct mm_struct *mm)
{
	uint64_t code = text_pages(mm);
	uint64_t peak = mm->hiwater_vm > mm->total_vm ? mm->hiwater_vm : mm->total_vm;

	status_kb(text, "VmPeak", peak);
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
	status_kb(text, "VmLib", mm->exec_vm > code ? mm->exec_vm - code : 0);
	status_kb(text, "VmPTE", mm->nr_ptes);
	status_kb(text, "VmSwap", (uint64_t)mm->rss_stat[MM_SWAPENTS]);
}

static void show_status_signals(struct proc_text *text, const struct task *task)
{
	const struct signal_action *actions = task->sighand->actions;
	uint64_t ignored = 0, caught = 0;

	for (int i = 1; i <= NR_SIGNALS; i++) {
		uint64_t bit = (uint64_t)1 << (i - 1);

		ignored |= actions[i].handler == 1 ? bit : 0;
		caught |= actions[i].handler > 1 ? bit : 0;
	}
	proc_printf(text,
	            "SigQ:\t0/1024\nSigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\n"
	            "SigIgn:\t%016lx\nSigCgt:\t%016lx\n",
	            (unsigned long)task->signals.pending.set,
	            (unsigned long)task->process->shared.set, (unsigned long)task->signals.blocked,
	            (unsigned long)ignored, (unsigned long)caught);
}

static void show_status(struct proc_text *text, struct machine *machine, struct task *task)
{
	const struct vfs *vfs = machine->vfs;

	proc_printf(text, "Name:\t%s\nUmask:\t%04o\nState:\t%s\n", task->comm, task->fs->umask,
	            task->state == TASK_ZOMBIE ? "Z (zombie)" : "R (running)");
	proc_printf(text, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", task->pid,
	            task->pid, task->process->ppid);
	proc_printf(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", vfs->uid, vfs->uid,
	            vfs->uid, vfs->uid, vfs->gid, vfs->gid, vfs->gid, vfs->gid);
	proc_printf(text, "FDSize:\t64\nGroups:\t");
	for (uint32_t i = 0; i < vfs->nr_groups; i++)
		proc_printf(text, "%u ", vfs->groups[i]);
	proc_printf(text, "\n");
	if (task->mm)
		show_status_mm(text, task->mm);
	proc_printf(text, "Threads:\t1\n");
	show_status_signals(text, task);
	proc_printf(text, "Cpus_allowed:\t1\nCpus_allowed_list:\t0\nMems_allowed:\t1\n"
	                  "Mems_allowed_list:\t0\nvoluntary_ctxt_switches:\t0\n"
	                  "nonvoluntary_ctxt_switches:\t0\n");
}

const struct proc_file proc_files[] = {
	{ "buddyinfo", 0444, show_buddyinfo },
	{ "cmdline", 0444, show_kernel_cmdline },
	{ "cpuinfo", 0444, show_cpuinfo },
	{ "filesystems", 0444, show_filesystems },
	{ "loadavg", 0444, show_loadavg },
	{ "meminfo", 0444, show_meminfo },
	{ "mounts", S_IFLNK | 0777, link_mounts },
	{ "pagetypeinfo", 0400, show_pagetypeinfo },
	{ "self", S_IFLNK | 0777, link_self },
	{ "slabinfo", 0400, show_slabinfo },
	{ "stat", 0444, show_machine_stat },
	{ "swaps", 0444, show_swaps },
	{ "uptime", 0444, show_uptime },
	{ "version", 0444, show_version },
	{ "vmallocinfo", 0400, show_vmallocinfo },
	{ "vmstat", 0444, show_vmstat },
	{ "zoneinfo", 0444, show_zoneinfo },
	{ "sys/kernel/hostname", 0444, show_hostname },
	{ "sys/kernel/osrelease", 0444, show_osrelease },
	{ "sys/kernel/ostype", 0444, show_ostype },
	{ "sys/kernel/pid_max", 0444, show_pid_max },
	{ "sys/kernel/version", 0444, show_kernel_version },
	{ "sys/vm/overcommit_memory", 0444, show_zero },
	{ "sys/vm/page-cluster", 0444, show_page_cluster },
	{ "sys/vm/swappiness", 0444, show_swappiness },
	{ "PID/auxv", 0400, show_auxv },
	{ "PID/cmdline", 0444, show_cmdline },
	{ "PID/comm", 0644, show_comm },
	{ "PID/cwd", S_IFLNK | 0777, link_cwd },
	{ "PID/environ", 0400, show_environ },
	{ "PID/exe", S_IFLNK | 0777, link_exe },
	{ "PID/fd/", 0, NULL }, /* its links are made by procfs.c */
	{ "PID/maps", 0444, show_maps },
	{ "PID/mounts", 0444, show_mounts },
	{ "PID/root", S_IFLNK | 0777, link_root },
	{ "PID/stat", 0444, show_stat },
	{ "PID/statm", 0444, show_statm },
	{ "PID/status", 0444, show_status },
};

const size_t nr_proc_files = sizeof(proc_files) / sizeof(proc_files[0]);
