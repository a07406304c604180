// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls on address spaces, and what all calls have in common. */
#include "sim/calls.h"

#include "mm/mempolicy.h"
#include "mm/migrate.h"
#include "mm/process_vm_access.h"
#include "mm/task_mmu.h"
#include "sim/tell.h"
#include "sim/vfs.h"

#include <errno.h>

/* ---- what all have in common ---- */

struct machine *call_begin(struct kernel *k)
{
	struct machine *machine = k->machine;

	machine->nr_calls++;
	if (machine->recorder)
		machine->recorder->paused++;
	return machine;
}

void call_unpause(struct machine *machine)
{
	if (machine->recorder)
		machine->recorder->paused--;
}

void call_end(struct machine *machine)
{
	if (!--machine->nr_calls)
		open_files_close_delayed(machine);
}

/* ---- life ---- */

struct mm_struct *call_mm_alloc(struct kernel *k)
{
	struct machine *machine = call_begin(k);
	struct mm_struct *mm = mm_alloc(k);

	CALL_END(machine, RECORD_MM_ALLOC, mm_id(mm));
	return mm;
}

struct mm_struct *call_dup_mm(struct kernel *k, struct mm_struct *mm)
{
	struct machine *machine = call_begin(k);
	struct mm_struct *copy = dup_mm(k, mm);

	CALL_END(machine, RECORD_MM_DUP, mm_id(mm), mm_id(copy));
	return copy;
}

void call_mmget(struct kernel *k, struct mm_struct *mm)
{
	mm->mm_users++;
	TELL(k->machine, RECORD_MM_GET, mm_id(mm));
}

void call_mmput(struct kernel *k, struct mm_struct *mm)
{
	const uint64_t id = mm_id(mm);
	struct machine *machine = call_begin(k);

	mmput(k, mm);
	CALL_END(machine, RECORD_MM_PUT, id);
}

/* ---- what others have set ---- */

void call_mm_layout(struct kernel *k, struct mm_struct *mm)
{
	TELL(k->machine, RECORD_MM_LAYOUT, mm_id(mm), mm->task_size, mm->mmap_base, mm->start_brk,
	     mm->brk, mm->start_data, mm->end_data);
}

void call_mm_limits(struct kernel *k, struct mm_struct *mm)
{
	TELL(k->machine, RECORD_MM_LIMITS, mm_id(mm), mm->stack_limit, mm->data_limit,
	     mm->memlock_limit, mm->as_limit);
}

void call_mm_owner(struct kernel *k, struct mm_struct *mm)
{
	TELL(k->machine, RECORD_MM_OWNER, mm_id(mm), (uint64_t)mm->owner_pid,
	     (uint64_t)mm->oom_score_adj);
}

/* ---- mappings ---- */

int call_insert_vma(struct kernel *k, struct mm_struct *mm, va_t start, va_t end, uint64_t vm_flags,
                    enum vdso_part special)
{
	struct machine *machine = call_begin(k);
	int err = insert_vma(k, mm, start, end, vm_flags, vdso_part(&machine->vdso, special));

	CALL_END(machine, RECORD_INSERT_VMA, mm_id(mm), start, end, vm_flags, special,
	         (uint64_t)err);
	return err;
}

int call_vm_brk(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len)
{
	struct machine *machine = call_begin(k);
	int err = vm_brk(k, mm, start, len);

	CALL_END(machine, RECORD_VM_BRK, mm_id(mm), start, len, (uint64_t)err);
	return err;
}

int64_t call_do_mmap(struct kernel *k, struct mm_struct *mm, struct file *file, va_t hint,
                     uint64_t len, uint32_t prot, uint32_t flags, pgoff_t pgoff)
{
	const uint64_t id = call_file_id(k, file);
	struct machine *machine = call_begin(k);
	int64_t va = do_mmap(k, mm, file, hint, len, prot, flags, pgoff);

	CALL_END(machine, RECORD_MMAP, mm_id(mm), id, hint, len, prot, flags, pgoff, (uint64_t)va);
	return va;
}

void call_forbid_writing(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	for (; vma && vma->vm_start < start + len; vma = vma_next(mm, vma))
		vma->vm_flags &= ~(uint64_t)VM_MAYWRITE;
	TELL(k->machine, RECORD_FORBID_WRITING, mm_id(mm), start, len);
}

int call_do_munmap(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len)
{
	struct machine *machine = call_begin(k);
	int err = do_munmap(k, mm, start, len);

	CALL_END(machine, RECORD_MUNMAP, mm_id(mm), start, len, (uint64_t)err);
	return err;
}

int call_do_mprotect(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len,
                     uint32_t prot)
{
	struct machine *machine = call_begin(k);
	int err = do_mprotect(k, mm, start, len, prot);

	CALL_END(machine, RECORD_MPROTECT, mm_id(mm), start, len, prot, (uint64_t)err);
	return err;
}

int64_t call_do_mremap(struct kernel *k, struct mm_struct *mm, va_t old, uint64_t old_len,
                       uint64_t new_len, uint32_t flags, va_t new_address)
{
	struct machine *machine = call_begin(k);
	int64_t va = do_mremap(k, mm, old, old_len, new_len, flags, new_address);

	CALL_END(machine, RECORD_MREMAP, mm_id(mm), old, old_len, new_len, flags, new_address,
	         (uint64_t)va);
	return va;
}

va_t call_do_brk(struct kernel *k, struct mm_struct *mm, va_t brk)
{
	struct machine *machine = call_begin(k);
	va_t result = do_brk(k, mm, brk);

	CALL_END(machine, RECORD_BRK, mm_id(mm), brk, result);
	return result;
}

int call_do_madvise(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, int advice)
{
	struct machine *machine = call_begin(k);
	int err = do_madvise(k, mm, start, len, advice);

	CALL_END(machine, RECORD_MADVISE, mm_id(mm), start, len, (uint64_t)advice, (uint64_t)err);
	return err;
}

int call_do_msync(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, int flags)
{
	struct machine *machine = call_begin(k);
	int err = do_msync(k, mm, start, len, flags);

	CALL_END(machine, RECORD_MSYNC, mm_id(mm), start, len, (uint64_t)flags, (uint64_t)err);
	return err;
}

int call_do_mlock(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, bool lock)
{
	struct machine *machine = call_begin(k);
	int err = do_mlock(k, mm, start, len, lock);

	CALL_END(machine, RECORD_MLOCK, mm_id(mm), start, len, lock, (uint64_t)err);
	return err;
}

int call_do_mlockall(struct kernel *k, struct mm_struct *mm, int flags)
{
	struct machine *machine = call_begin(k);
	int err = do_mlockall(k, mm, flags);

	CALL_END(machine, RECORD_MLOCKALL, mm_id(mm), (uint64_t)flags, (uint64_t)err);
	return err;
}

int call_mm_populate(struct kernel *k, struct mm_struct *mm, va_t start, va_t end)
{
	struct machine *machine = call_begin(k);
	int err = mm_populate(k, mm, start, end);

	CALL_END(machine, RECORD_POPULATE, mm_id(mm), start, end, (uint64_t)err);
	return err;
}

/* ---- policies, and pages that move ---- */

int call_do_mbind(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len, uint32_t mode,
                  nodemask_t nodes, uint32_t flags)
{
	struct machine *machine = call_begin(k);
	struct mempolicy *policy;
	int err = mpol_new(k, mode, nodes, &policy);

	if (!err) {
		err = do_mbind(k, mm, start, len, policy, flags);
		mpol_put(k, policy);
	}
	CALL_END(machine, RECORD_MBIND, mm_id(mm), start, len, mode, nodes, flags, (uint64_t)err);
	return err;
}

int call_do_set_home_node(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len,
                          uint32_t home_node)
{
	struct machine *machine = call_begin(k);
	int err = do_set_home_node(k, mm, start, len, home_node);

	CALL_END(machine, RECORD_HOME_NODE, mm_id(mm), start, len, home_node, (uint64_t)err);
	return err;
}

int call_set_mempolicy(struct task *task, uint32_t mode, nodemask_t nodes)
{
	struct kernel *k = &task->machine->kernel;
	struct machine *machine = call_begin(k);
	struct mempolicy *policy;
	int err = mpol_new(k, mode, nodes, &policy);

	if (!err)
		set_task_policy(k, &task->numa, policy);
	CALL_END(machine, RECORD_SET_POLICY, (uint64_t)task->pid, mode, nodes, (uint64_t)err);
	return err;
}

uint64_t call_do_migrate_pages(struct kernel *k, struct mm_struct *mm, nodemask_t from,
                               nodemask_t to, bool shared_too)
{
	struct machine *machine = call_begin(k);
	uint64_t left = do_migrate_pages(k, mm, from, to, shared_too);

	CALL_END(machine, RECORD_MIGRATE_PAGES, mm_id(mm), from, to, shared_too);
	return left;
}

int call_do_move_page(struct kernel *k, struct mm_struct *mm, va_t va, uint32_t nid,
                      bool shared_too)
{
	struct machine *machine = call_begin(k);
	int result = do_move_page(k, mm, va, nid, shared_too);

	CALL_END(machine, RECORD_MOVE_PAGE, mm_id(mm), va, nid, shared_too, (uint64_t)result);
	return result;
}

/* ---- from outside ---- */

uint64_t call_access_process_vm(struct kernel *k, struct mm_struct *mm, va_t va, void *data,
                                uint64_t len, bool write)
{
	struct machine *machine = call_begin(k);
	uint64_t done = access_process_vm(k, mm, va, data, len, write);

	CALL_END(machine, RECORD_ACCESS_VM, mm_id(mm), va, len, write, done);
	return done;
}

void call_clear_refs(struct kernel *k, struct mm_struct *mm, int type)
{
	struct machine *machine = call_begin(k);

	if (type == CLEAR_REFS_PEAK)
		mm->hiwater_rss = get_mm_rss(mm);
	else
		clear_refs(k, mm, (enum clear_refs_type)type);
	CALL_END(machine, RECORD_CLEAR_REFS, mm_id(mm), (uint64_t)type);
}

/* ---- page faults ---- */

struct fault_result call_do_page_fault(struct kernel *k, struct mm_struct *mm,
                                       const struct page_fault *fault, enum access_kind kind,
                                       enum privilege priv, uint64_t ip)
{
	struct fault_result result;
	struct machine *machine;

	TELL(k->machine, RECORD_FAULT, fault->va, kind, priv, ip);
	machine = call_begin(k);
	result = do_page_fault(k, mm, fault->va, fault->error_code, ip);
	if (priv == PRIV_USER && result.outcome != FAULT_SIGSEGV && result.outcome != FAULT_SIGBUS)
		kernel_run_threads(k);
	call_unpause(machine);
	call_end(machine);
	return result;
}

void call_kernel_run_threads(struct kernel *k)
{
	struct machine *machine = call_begin(k);

	kernel_run_threads(k);
	CALL_END(machine, RECORD_THREADS);
}
