// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID's files about its VMAs (Linux 6.1, fs/proc/task_mmu.c). */
#include "mm/mm.h"
#include "mm/page_alloc.h"
#include "mm/task_mmu.h"
#include "sim/calls.h"
#include "sim/machine.h"
#include "sim/proc_files.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/sysmacros.h>

/* 64-bit: the gate's page, which no VMA stands for. */
#define VSYSCALL_START 0xffffffffff600000u

/* ---- a VMA's line ---- */

static bool is_heap(const struct vm_area_struct *vma)
{
	return vma->vm_start < vma->vm_mm->brk && vma->vm_end > vma->vm_mm->start_brk;
}

static bool is_stack(const struct vm_area_struct *vma)
{
	va_t start_stack = vma->vm_mm->start_stack;

	return vma->vm_start <= start_stack && vma->vm_end >= start_stack;
}

/* Linux 6.18, fs/proc/task_mmu.c, get_vma_name(): the heap is what overlaps the
 * break's range, the stack what holds its first byte. */
static const char *vma_name(const struct vm_area_struct *vma)
{
	if (vma->vm_file)
		return vma->vm_file->f_op->path(vma->vm_file);
	if (vma->vm_special)
		return vma->vm_special->name;
	if (is_heap(vma))
		return "[heap]";
	return is_stack(vma) ? "[stack]" : NULL;
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

/* All of a line but its name, and the blanks that stand before that. */
static void show_range(struct proc_text *text, va_t start, va_t end, uint64_t vm_flags,
                       uint64_t offset, const struct inode_attr *attr, const char *name)
{
	size_t line = text->len;

	proc_printf(text,
	            "%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64 " %02x:%02x %" PRIu64 " ",
	            start, end, vm_flags & VM_READ ? 'r' : '-', vm_flags & VM_WRITE ? 'w' : '-',
	            vm_flags & VM_EXEC ? 'x' : '-', vm_flags & VM_MAYSHARE ? 's' : 'p', offset,
	            major(attr->dev), minor(attr->dev), attr->ino);
	if (name) {
		proc_pad(text, line, 73); /* 25 + 6 * sizeof(void *) - 1, and a space */
		proc_printf(text, "%s", name);
	}
	proc_printf(text, "\n");
}

static void show_vma(struct proc_text *text, const struct vm_area_struct *vma)
{
	struct inode_attr attr = { 0 };

	if (vma->vm_file)
		attr = attributes_of(vma->vm_file);
	show_range(text, vma->vm_start, vma->vm_end, vma->vm_flags,
	           vma->vm_file ? vma->vm_pgoff << PAGE_SHIFT : 0, &attr, vma_name(vma));
}

static bool has_vsyscall(const struct mm_struct *mm)
{
	return mm->task_size > UINT32_MAX;
}

static void show_vsyscall(struct proc_text *text)
{
	const struct inode_attr none = { 0 };

	show_range(text, VSYSCALL_START, VSYSCALL_START + PAGE_SIZE, VM_EXEC, 0, &none,
	           "[vsyscall]");
}

void show_maps(struct proc_text *text, const struct proc_about *about)
{
	struct mm_struct *mm = about->task->mm;
	struct vm_area_struct *vma;

	if (!mm)
		return;
	for_each_vma (mm, vma)
		show_vma(text, vma);
	if (has_vsyscall(mm))
		show_vsyscall(text);
}

/* ---- smaps ---- */

static void show_kb(struct proc_text *text, const char *name, uint64_t bytes)
{
	int width = 24 - (int)__builtin_strlen(name) - 1;

	proc_printf(text, "%s:%*" PRIu64 " kB\n", name, width, bytes / KIB);
}

static void show_pss(struct proc_text *text, const char *name, uint64_t pss)
{
	show_kb(text, name, pss >> PSS_SHIFT);
}

/* Large pages, lazy freeing and hugetlbfs are not there: their lines are 0. */
static void show_mem_size_stats(struct proc_text *text, const struct mem_size_stats *mss,
                                bool is_rollup)
{
	show_kb(text, "Rss", mss->resident);
	show_pss(text, "Pss", mss->pss);
	show_pss(text, "Pss_Dirty", mss->pss_dirty);
	if (is_rollup) {
		show_pss(text, "Pss_Anon", mss->pss_anon);
		show_pss(text, "Pss_File", mss->pss_file);
		show_pss(text, "Pss_Shmem", mss->pss_shmem);
	}
	show_kb(text, "Shared_Clean", mss->shared_clean);
	show_kb(text, "Shared_Dirty", mss->shared_dirty);
	show_kb(text, "Private_Clean", mss->private_clean);
	show_kb(text, "Private_Dirty", mss->private_dirty);
	show_kb(text, "Referenced", mss->referenced);
	show_kb(text, "Anonymous", mss->anonymous);
	show_kb(text, "LazyFree", 0);
	show_kb(text, "AnonHugePages", 0);
	show_kb(text, "ShmemPmdMapped", 0);
	show_kb(text, "FilePmdMapped", 0);
	show_kb(text, "Shared_Hugetlb", 0);
	show_kb(text, "Private_Hugetlb", 0);
	show_kb(text, "Swap", mss->swap);
	show_pss(text, "SwapPss", mss->swap_pss);
	show_pss(text, "Locked", mss->pss_locked);
}

/* Linux 6.1: show_smap_vma_flags(). */
static void show_vma_flags(struct proc_text *text, uint64_t vm_flags)
{
	static const struct {
		uint32_t flag;
		char letters[3];
	} flags[] = {
		{ VM_READ, "rd" },       { VM_WRITE, "wr" },       { VM_EXEC, "ex" },
		{ VM_SHARED, "sh" },     { VM_MAYREAD, "mr" },     { VM_MAYWRITE, "mw" },
		{ VM_MAYEXEC, "me" },    { VM_MAYSHARE, "ms" },    { VM_GROWSDOWN, "gd" },
		{ VM_PFNMAP, "pf" },     { VM_LOCKED, "lo" },      { VM_IO, "io" },
		{ VM_SEQ_READ, "sr" },   { VM_RAND_READ, "rr" },   { VM_DONTCOPY, "dc" },
		{ VM_DONTEXPAND, "de" }, { VM_LOCKONFAULT, "lf" }, { VM_ACCOUNT, "ac" },
		{ VM_NORESERVE, "nr" },  { VM_DONTDUMP, "dd" },
	};

	proc_printf(text, "VmFlags: ");
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (vm_flags & flags[i].flag)
			proc_printf(text, "%s ", flags[i].letters);
	proc_printf(text, "\n");
}

static void show_smap(struct proc_text *text, uint64_t bytes, const struct mem_size_stats *mss,
                      uint64_t vm_flags)
{
	show_kb(text, "Size", bytes);
	show_kb(text, "KernelPageSize", PAGE_SIZE);
	show_kb(text, "MMUPageSize", PAGE_SIZE);
	show_mem_size_stats(text, mss, false);
	proc_printf(text, "THPeligible:    0\n");
	show_vma_flags(text, vm_flags);
}

void show_smaps(struct proc_text *text, const struct proc_about *about)
{
	struct mm_struct *mm = about->task->mm;
	struct vm_area_struct *vma;

	if (!mm)
		return;
	for_each_vma (mm, vma) {
		struct mem_size_stats mss = { 0 };

		smap_gather_stats(&about->machine->kernel, vma, &mss);
		show_vma(text, vma);
		show_smap(text, vma->vm_end - vma->vm_start, &mss, vma->vm_flags);
	}
	if (has_vsyscall(mm)) {
		const struct mem_size_stats none = { 0 };

		show_vsyscall(text);
		show_smap(text, PAGE_SIZE, &none, VM_EXEC);
	}
}

void show_smaps_rollup(struct proc_text *text, const struct proc_about *about)
{
	struct mm_struct *mm = about->task->mm;
	const struct inode_attr none = { 0 };
	struct mem_size_stats mss = { 0 };
	va_t start = UINT64_MAX, end = 0;
	struct vm_area_struct *vma;

	if (!mm)
		return;
	for_each_vma (mm, vma) {
		start = vma->vm_start < start ? vma->vm_start : start;
		end = vma->vm_end;
		smap_gather_stats(&about->machine->kernel, vma, &mss);
	}
	show_range(text, end ? start : 0, end, 0, 0, &none, "[rollup]");
	show_mem_size_stats(text, &mss, true);
}

/* ---- numa_maps ---- */

static void show_count(struct proc_text *text, const char *name, uint64_t pages, bool is_shown)
{
	if (is_shown)
		proc_printf(text, " %s=%" PRIu64, name, pages);
}

/* Linux 6.1: show_numa_map(). */
static void show_numa_map(struct proc_text *text, struct kernel *k,
                          const struct vm_area_struct *vma, const struct mempolicy *of_task)
{
	struct numa_maps maps = { 0 };
	char policy[64];

	gather_numa_stats(k, vma, &maps);
	mpol_to_str(policy, sizeof(policy), vma->vm_policy ? vma->vm_policy : of_task);
	proc_printf(text, "%08" PRIx64 " %s", vma->vm_start, policy);
	if (vma->vm_file)
		proc_printf(text, " file=%s", vma_name(vma));
	else if (is_heap(vma))
		proc_printf(text, " heap");
	else if (is_stack(vma))
		proc_printf(text, " stack");
	if (maps.pages) {
		show_count(text, "anon", maps.anon, maps.anon);
		show_count(text, "dirty", maps.dirty, maps.dirty);
		show_count(text, "mapped", maps.pages,
		           maps.pages != maps.anon && maps.pages != maps.dirty);
		show_count(text, "mapmax", (uint64_t)maps.mapcount_max, maps.mapcount_max > 1);
		show_count(text, "swapcache", maps.swapcache, maps.swapcache);
		show_count(text, "active", maps.active, maps.active < maps.pages);
		show_count(text, "writeback", maps.writeback, maps.writeback);
		for_each_node (k, nid)
			if (maps.node[nid])
				proc_printf(text, " N%u=%" PRIu64, nid, maps.node[nid]);
		proc_printf(text, " kernelpagesize_kB=4");
	}
	proc_printf(text, "\n");
}

void show_numa_maps(struct proc_text *text, const struct proc_about *about)
{
	struct vm_area_struct *vma;

	if (!about->task->mm)
		return;
	for_each_vma (about->task->mm, vma)
		show_numa_map(text, &about->machine->kernel, vma, about->task->numa.policy);
}

/* ---- clear_refs ---- */

/* Simplified: 4, soft-dirty bits, is refused
 * as by a kernel that is built without them. */
int store_clear_refs(const char *text, const struct proc_about *about)
{
	struct mm_struct *mm = about->task->mm;
	int64_t type;

	if (!proc_parse(text, CLEAR_REFS_ALL, CLEAR_REFS_PEAK, &type) || type == 4)
		return -EINVAL;
	if (!mm)
		return 0;
	call_clear_refs(&about->machine->kernel, mm, (int)type);
	return 0;
}
