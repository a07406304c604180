/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_process - processes without a program, to make memory short: an address space
 * with one anonymous mapping, which is accessed through the running CPU's MMU.
 */
#include "mm/mm.h"
#include "mm/page_alloc.h"
#include "tools/mm_shell.h"

#include <inttypes.h>
#include <string.h>

/* ---- the process ---- */

va_t process_va(const struct handle *handle)
{
	return find_vma(handle->object, 0)->vm_start;
}

/* A CPU that ran it last is idle now. */
static int release_process(struct mm_shell *sh, struct handle *handle)
{
	struct machine *machine = sh->machine;

	for (uint32_t i = 0; i < machine->config.cpus; i++)
		if (machine->cpus[i].tlb.loaded_mm == handle->object)
			cpu_enter_lazy_tlb(&machine->cpus[i]);
	mmput(shell_kernel(sh), handle->object);
	return 0;
}

static void ask_rss(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, (int64_t)get_mm_rss(handle->object));
}

static void ask_swapped(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct mm_struct *mm = handle->object;

	value_set_number(value, mm->rss_stat[MM_SWAPENTS]);
}

static void ask_minor(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct mm_struct *mm = handle->object;

	value_set_number(value, (int64_t)mm->min_flt);
}

static void ask_major(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct mm_struct *mm = handle->object;

	value_set_number(value, (int64_t)mm->maj_flt);
}

static void ask_pages(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, (int64_t)(handle->size >> PAGE_SHIFT));
}

static void ask_page_tables(const struct mm_shell *sh, const struct handle *handle,
                            struct value *value)
{
	const struct mm_struct *mm = handle->object;

	value_set_number(value, (int64_t)mm->nr_ptes);
}

static void ask_killed(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct mm_struct *mm = handle->object;

	value_set_number(value, mm->oom_victim);
}

static const struct handle_field process_fields[] = {
	{ "pages", ask_pages, "pages of its mapping" },
	{ "rss", ask_rss, "pages of it in RAM" },
	{ "swapped", ask_swapped, "pages of it in swap" },
	{ "minor", ask_minor, "faults that needed no disk" },
	{ "major", ask_major, "faults that read a disk" },
	{ "page_tables", ask_page_tables, "pages of its page tables" },
	{ "killed", ask_killed, "1: the OOM killer chose it" },
	{ 0 },
};

const struct handle_kind handle_process = {
	.name = "a process",
	.release = release_process,
	.fields = process_fields,
};

/* ---- its accesses ---- */

/* As a program's access on the running CPU: through its MMU, with a page fault for as
 * long as the page tables do not allow it. The frame, or NULL: it gets a signal. */
static uint8_t *access_page(struct mm_shell *sh, struct mm_struct *mm, va_t va, bool write)
{
	enum access_kind kind = write ? ACCESS_STORE : ACCESS_LOAD;
	struct cpu *cpu = sh->machine->running;
	struct kernel *k = shell_kernel(sh);
	struct page_fault fault;
	struct translation t;

	while (!mm->oom_victim) {
		struct fault_result result;

		cpu_switch_mm(cpu, mm);
		if (mmu_translate(cpu->mmu, va, kind, PRIV_USER, &t, &fault))
			return ram_at(k->ram, t.pa);
		result = do_page_fault(k, mm, va, fault.error_code, 0);
		if (!sh->kswapd_held)
			kernel_run_threads(k);
		if (result.outcome != FAULT_MINOR_DONE && result.outcome != FAULT_MAJOR_DONE)
			return NULL;
	}
	return NULL;
}

/* Pages carry their number, so that one that comes back wrong from swap shows. */
static int touch_page(struct mm_shell *sh, struct mm_struct *mm, va_t start, uint64_t i, bool write)
{
	uint8_t *frame = access_page(sh, mm, start + (i << PAGE_SHIFT), write);
	uint64_t number;

	if (!frame)
		return -1;
	if (write)
		memcpy(frame, &i, sizeof(i));
	memcpy(&number, frame, sizeof(number));
	return number == i || !number
	           ? 0
	           : shell_failure(sh, "page %" PRIu64 " came back as %" PRIu64, i, number);
}

static int touch_pages(struct mm_shell *sh, const struct handle *handle, uint64_t first,
                       uint64_t last, bool write)
{
	struct mm_struct *mm = handle->object;
	va_t start = process_va(handle);
	int status = 0;

	for (uint64_t i = first; !status && i <= last; i++)
		status = touch_page(sh, mm, start, i, write);
	shell_say(sh,
	          "%s: %" PRIu64 " pages in RAM, %" PRId64 " in swap; faults: %" PRIu64
	          " minor, %" PRIu64 " major%s",
	          handle->name, get_mm_rss(mm), mm->rss_stat[MM_SWAPENTS], mm->min_flt, mm->maj_flt,
	          status < 0 ? "; no memory: stopped" : "");
	return status > 0 ? status : 0;
}

static int make_process(struct mm_shell *sh, const char *name, uint64_t bytes)
{
	struct kernel *k = shell_kernel(sh);
	struct mm_struct *mm = mm_alloc(k);
	int64_t start;

	if (!mm)
		return shell_mistake(sh, "no memory for a process");
	mm->owner_pid = sh->next_pid++;
	start = do_mmap(k, mm, NULL, 0, bytes, PROT_READ_ | PROT_WRITE_,
	                MAP_PRIVATE_ | MAP_ANONYMOUS_ | MAP_NORESERVE_, 0);
	if (start < 0) {
		mmput(k, mm);
		return shell_mistake(sh, "mmap: %s", strerror((int)-start));
	}
	return handle_make(sh, name, &handle_process, mm, bytes);
}

/* Pages that a process has written to fill memory up. */
static int run_pressure(struct mm_shell *sh, const struct mm_call *call)
{
	uint64_t bytes;
	int status = shell_read_size(sh, call->argv[0], &bytes);

	if (status)
		return status;
	if (!bytes || bytes & ~PAGE_MASK)
		return shell_mistake(sh, "pressure: whole pages, at least one");
	status = make_process(sh, call->result, bytes);
	if (status)
		return status;
	return touch_pages(sh, handle_find(sh, call->result), 0, (bytes >> PAGE_SHIFT) - 1, true);
}

/* touch NAME read|write [FIRST LAST] */
static int run_touch(struct mm_shell *sh, const struct mm_call *call)
{
	const struct handle *handle = handle_of_kind(sh, call->argv[0], &handle_process);
	bool write = !strcmp(call->argv[1], "write");
	uint64_t first = 0, last, pages;

	if (!handle)
		return EXIT_MISTAKE;
	if (!write && strcmp(call->argv[1], "read") != 0)
		return shell_mistake(sh, "touch: it is read or write, not %s", call->argv[1]);
	pages = handle->size >> PAGE_SHIFT;
	last = pages - 1;
	if (call->argc > 2 && shell_read_number(sh, call->argv[2], pages - 1, &first))
		return EXIT_MISTAKE;
	if (call->argc > 3 && shell_read_number(sh, call->argv[3], pages - 1, &last))
		return EXIT_MISTAKE;
	return touch_pages(sh, handle, first, last, write);
}

/* A child with all of the parent's pages, shared until one of them writes. */
static int run_fork(struct mm_shell *sh, const struct mm_call *call)
{
	const struct handle *parent = handle_of_kind(sh, call->argv[0], &handle_process);
	struct mm_struct *child;

	if (!parent)
		return EXIT_MISTAKE;
	child = dup_mm(shell_kernel(sh), parent->object);
	if (child)
		child->owner_pid = sh->next_pid++;
	shell_say(sh, "%s = %s", call->result, child ? "a process" : "NULL");
	return handle_make(sh, call->result, &handle_process, child, parent->size);
}

/* ---- what the kernel knows of it ---- */

static void say_figures(const struct mm_shell *sh, const struct mm_struct *mm)
{
	shell_say(sh, "mmap_base %#" PRIx64 "  task_size %#" PRIx64 "  pgd %" PRIu64, mm->mmap_base,
	          mm->task_size, mm->pgd);
	shell_say(sh, "mm_users %d  mm_count %d  nr_ptes %" PRIu64 "  map_count %d", mm->mm_users,
	          mm->mm_count, mm->nr_ptes, mm->map_count);
	shell_say(sh, "hiwater_rss %" PRIu64 "  hiwater_vm %" PRIu64, get_mm_hiwater_rss(mm),
	          mm->hiwater_vm);
	shell_say(sh,
	          "total_vm %" PRIu64 "  locked_vm %" PRIu64 "  pinned_vm %" PRIu64
	          "  shared_vm %" PRIu64 "  exec_vm %" PRIu64 "  stack_vm %" PRIu64,
	          mm->total_vm, mm->locked_vm, mm->pinned_vm, mm->shared_vm, mm->exec_vm,
	          mm->stack_vm);
	shell_say(sh,
	          "rss_stat: MM_FILEPAGES %" PRId64 "  MM_ANONPAGES %" PRId64
	          "  MM_SWAPENTS %" PRId64 "  MM_SHMEMPAGES %" PRId64,
	          mm->rss_stat[MM_FILEPAGES], mm->rss_stat[MM_ANONPAGES], mm->rss_stat[MM_SWAPENTS],
	          mm->rss_stat[MM_SHMEMPAGES]);
}

/* The mm_struct as a debugger has it, in pages and bytes, and its VMAs. */
static int run_mm_struct(struct mm_shell *sh, const struct mm_call *call)
{
	const struct handle *handle = handle_of_kind(sh, call->argv[0], &handle_process);
	const struct vm_area_struct *vma;

	if (!handle)
		return EXIT_MISTAKE;
	say_figures(sh, handle->object);
	for_each_vma ((struct mm_struct *)handle->object, vma)
		shell_say(sh,
		          "vma %#" PRIx64 "-%#" PRIx64 "  %c%c%c%c  vm_flags %#" PRIx64
		          "  vm_pgoff %#" PRIx64,
		          vma->vm_start, vma->vm_end, vma->vm_flags & VM_READ ? 'r' : '-',
		          vma->vm_flags & VM_WRITE ? 'w' : '-', vma->vm_flags & VM_EXEC ? 'x' : '-',
		          vma->vm_flags & VM_SHARED ? 's' : 'p', vma->vm_flags, vma->vm_pgoff);
	return 0;
}

const struct mm_command mm_process_commands[] = {
	{ "pressure", "SIZE", 1, 1, MUST_NAME, run_pressure,
	  "a process that writes to SIZE bytes of its own" },
	{ "touch", "NAME read|write [FIRST [LAST]]", 2, 4, NAMES_NOTHING, run_touch,
	  "it does so again, page FIRST to page LAST" },
	{ "fork", "NAME", 1, 1, MUST_NAME, run_fork, "its child, copy on write" },
	{ "mm_struct", "NAME", 1, 1, NAMES_NOTHING, run_mm_struct,
	  "what the kernel knows of its address space" },
	{ 0 },
};
