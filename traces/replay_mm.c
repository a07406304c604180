// SPDX-License-Identifier: GPL-2.0-or-later
/* Events of address spaces. */
#include "mm/mempolicy.h"
#include "sim/calls.h"
#include "traces/replay_handlers.h"

#include <errno.h>
#include <string.h>

/* What /proc/PID/oom_score_adj may hold. */
#define MAX_OOM_SCORE_ADJ 1000

/* ---- what all have in common ---- */

static struct kernel *kernel_of(const struct replay *replay)
{
	return &replay->machine->kernel;
}

/* Of the event's first argument. */
static struct mm_struct *mm_of(const struct replay *replay, const struct record_event *event)
{
	return things_find(&replay->mms, event->args[0]);
}

int replay_compare(struct replay *replay, uint64_t recorded, int64_t result)
{
	return ((int64_t)recorded < 0) == (result < 0) ? 0 : replay_skip(replay);
}

static uint32_t nr_tasks_of(const struct replay *replay, const struct mm_struct *mm)
{
	const struct task *task;
	uint32_t nr = 0;

	list_for_each_entry (task, &replay->machine->tasks, tasks)
		nr += task->mm == mm;
	return nr;
}

uint32_t replay_spare_users(const struct replay *replay, const struct mm_struct *mm)
{
	return (uint32_t)mm->mm_users - nr_tasks_of(replay, mm);
}

/* ---- life ---- */

static int add_mm(struct replay *replay, uint64_t id, struct mm_struct *mm)
{
	if (!id && mm) /* it had no memory for it then */
		call_mmput(kernel_of(replay), mm);
	if (!id || !mm)
		return replay_compare(replay, id ? 0 : (uint64_t)-ENOMEM, mm ? 0 : -ENOMEM);
	if (!things_set(&replay->mms, id, mm))
		return 0;
	call_mmput(kernel_of(replay), mm);
	return replay_refuse(replay, "%s", strerror(ENOMEM));
}

static int refuse_known(struct replay *replay, uint64_t id)
{
	return replay_refuse(replay, "address space %lu is not new", (unsigned long)id);
}

int replay_mm_alloc(struct replay *replay, const struct record_event *event)
{
	if (things_find(&replay->mms, event->args[0]))
		return refuse_known(replay, event->args[0]);
	return add_mm(replay, event->args[0], call_mm_alloc(kernel_of(replay)));
}

int replay_mm_dup(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);

	if (things_find(&replay->mms, event->args[1]))
		return refuse_known(replay, event->args[1]);
	if (!mm)
		return replay_skip(replay);
	return add_mm(replay, event->args[1], call_dup_mm(kernel_of(replay), mm));
}

int replay_mm_get(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	if (mm->mm_users == INT32_MAX)
		return replay_refuse(replay, "too many users of one address space");
	call_mmget(kernel_of(replay), mm);
	return 0;
}

int replay_mm_put(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	if (!replay_spare_users(replay, mm))
		return replay_refuse(replay, "tasks still have address space %lu",
		                     (unsigned long)event->args[0]);
	if (mm->mm_users == 1)
		things_take(&replay->mms, event->args[0]);
	call_mmput(kernel_of(replay), mm);
	return 0;
}

void replay_release_mms(struct replay *replay)
{
	struct mm_struct *mm;

	while ((mm = things_take_any(&replay->mms)))
		replay_kill(replay, mm);
}

/* ---- what others have set ---- */

/* mm/ takes it as exec's, who knows what he says. */
static bool is_layout(const struct replay *replay, const struct mm_struct *mm,
                      const struct record_event *event)
{
	const va_t task_size = event->args[1], mmap_base = event->args[2];
	const va_t start_brk = event->args[3], brk = event->args[4];

	if (task_size & ~PAGE_MASK || task_size > machine_task_size_max(replay->machine) ||
	    (mm->map_count && task_size != mm->task_size))
		return false;
	return !(mmap_base & ~PAGE_MASK) && mmap_base <= task_size && start_brk <= brk &&
	       brk <= task_size;
}

int replay_mm_layout(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	if (!is_layout(replay, mm, event))
		return replay_refuse(replay, "no layout of an address space");
	mm->task_size = event->args[1];
	mm->mmap_base = event->args[2];
	mm->start_brk = event->args[3];
	mm->brk = event->args[4];
	mm->start_data = event->args[5];
	mm->end_data = event->args[6];
	return 0;
}

int replay_mm_limits(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	mm->stack_limit = event->args[1];
	mm->data_limit = event->args[2];
	mm->memlock_limit = event->args[3];
	mm->as_limit = event->args[4];
	return 0;
}

int replay_mm_owner(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);
	int64_t adj = (int64_t)event->args[2];

	if (!mm)
		return replay_skip(replay);
	if (adj < -MAX_OOM_SCORE_ADJ || adj > MAX_OOM_SCORE_ADJ)
		return replay_refuse(replay, "no oom_score_adj: %ld", (long)adj);
	mm->owner_pid = (int32_t)event->args[1];
	mm->oom_score_adj = (int32_t)adj;
	return 0;
}

/* ---- mappings ---- */

/* What exec and the vdso ask for. */
static bool is_insertable(uint64_t vm_flags, uint64_t special)
{
	const uint64_t any = VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;

	if (special >= NR_VDSO_PARTS)
		return false;
	if (special == VDSO_NOTHING)
		return !(vm_flags & ~(any | VM_WRITE | VM_GROWSDOWN | VM_ACCOUNT));
	return !(vm_flags & ~(any | VM_IO | VM_DONTDUMP | VM_PFNMAP | VM_DONTEXPAND));
}

int replay_insert_vma(struct replay *replay, const struct record_event *event)
{
	const va_t start = event->args[1], end = event->args[2];
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	if ((start | end) & ~PAGE_MASK || !is_insertable(event->args[3], event->args[4]))
		return replay_refuse(replay, "no area that exec makes");
	return replay_compare(replay, event->args[5],
	                      call_insert_vma(kernel_of(replay), mm, start, end, event->args[3],
	                                      (enum vdso_part)event->args[4]));
}

int replay_vm_brk(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	return replay_compare(replay, event->args[3],
	                      call_vm_brk(kernel_of(replay), mm, event->args[1], event->args[2]));
}

/* The accesses that follow go to where it was: nowhere else will do. */
static int64_t map_as_recorded(struct replay *replay, struct mm_struct *mm, struct file *file,
                               const struct record_event *event)
{
	const uint64_t len = event->args[3], va = event->args[7];
	const bool was_chosen =
	    (int64_t)va >= 0 && !(event->args[5] & (MAP_FIXED_ | MAP_FIXED_NOREPLACE_));

	if (was_chosen && find_vma_intersection(mm, va, va + len))
		return -EEXIST;
	return call_do_mmap(kernel_of(replay), mm, file, was_chosen ? va : event->args[2], len,
	                    (uint32_t)event->args[4],
	                    (uint32_t)event->args[5] | (was_chosen ? MAP_FIXED_ : 0),
	                    event->args[6]);
}

int replay_mmap(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);
	struct file *file = replay_find_file(replay, event->args[1]);
	int64_t va;

	if (!mm || (event->args[1] && !file))
		return replay_skip(replay);
	va = map_as_recorded(replay, mm, file, event);
	if (va >= 0 && (int64_t)event->args[7] < 0) /* the program knows nothing of it */
		call_do_munmap(kernel_of(replay), mm, (va_t)va,
		               (event->args[3] + PAGE_SIZE - 1) & PAGE_MASK);
	return replay_compare(replay, event->args[7], va);
}

int replay_forbid_writing(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	call_forbid_writing(kernel_of(replay), mm, event->args[1], event->args[2]);
	return 0;
}

int replay_munmap(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	return replay_compare(
	    replay, event->args[3],
	    call_do_munmap(kernel_of(replay), mm, event->args[1], event->args[2]));
}

int replay_mprotect(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	return replay_compare(replay, event->args[4],
	                      call_do_mprotect(kernel_of(replay), mm, event->args[1],
	                                       event->args[2], (uint32_t)event->args[3]));
}

/* Simplified: what was moved then goes where there is room now. */
int replay_mremap(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);
	int64_t va;

	if (!mm)
		return replay_skip(replay);
	va = call_do_mremap(kernel_of(replay), mm, event->args[1], event->args[2], event->args[3],
	                    (uint32_t)event->args[4], event->args[5]);
	return va == (int64_t)event->args[6] ? 0 : replay_skip(replay);
}

int replay_brk(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	if (call_do_brk(kernel_of(replay), mm, event->args[1]) == event->args[2])
		return 0;
	return replay_skip(replay);
}

/* ---- advice and locks ---- */

int replay_madvise(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	return replay_compare(replay, event->args[4],
	                      call_do_madvise(kernel_of(replay), mm, event->args[1], event->args[2],
	                                      (int)event->args[3]));
}

int replay_msync(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	return replay_compare(replay, event->args[4],
	                      call_do_msync(kernel_of(replay), mm, event->args[1], event->args[2],
	                                    (int)event->args[3]));
}

int replay_mlock(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	return replay_compare(
	    replay, event->args[4],
	    call_do_mlock(kernel_of(replay), mm, event->args[1], event->args[2], event->args[3]));
}

int replay_mlockall(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);
	const uint64_t flags = event->args[1];

	if (!mm)
		return replay_skip(replay);
	if (flags & ~(uint64_t)(MCL_CURRENT_ | MCL_FUTURE_ | MCL_ONFAULT_))
		return replay_refuse(replay, "mlockall() knows no flags 0x%lx",
		                     (unsigned long)flags);
	return replay_compare(replay, event->args[2],
	                      call_do_mlockall(kernel_of(replay), mm, (int)flags));
}

int replay_populate(struct replay *replay, const struct record_event *event)
{
	const va_t start = event->args[1], end = event->args[2];
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	if ((start | end) & ~PAGE_MASK)
		return replay_refuse(replay, "no whole pages");
	return replay_compare(replay, event->args[3],
	                      call_mm_populate(kernel_of(replay), mm, start, end));
}

/* ---- policies, and pages that move ---- */

int replay_mbind(struct replay *replay, const struct record_event *event)
{
	const uint64_t mode = event->args[3], nodes = event->args[4], flags = event->args[5];
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm)
		return replay_skip(replay);
	if (mode > UINT32_MAX || nodes > NODE_MASK_ALL ||
	    flags & ~(uint64_t)(MPOL_MF_STRICT | MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return replay_refuse(replay, "no memory policy");
	return replay_compare(replay, event->args[6],
	                      call_do_mbind(kernel_of(replay), mm, event->args[1], event->args[2],
	                                    (uint32_t)mode, (nodemask_t)nodes, (uint32_t)flags));
}

int replay_home_node(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);

	if (!mm || event->args[3] >= kernel_of(replay)->nr_nodes)
		return replay_skip(replay);
	return replay_compare(replay, event->args[4],
	                      call_do_set_home_node(kernel_of(replay), mm, event->args[1],
	                                            event->args[2], (uint32_t)event->args[3]));
}

int replay_migrate_pages(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);
	const nodemask_t from = (nodemask_t)event->args[1];
	const nodemask_t to = (nodemask_t)event->args[2] & kernel_of(replay)->mems_allowed;

	if (!mm || !to)
		return replay_skip(replay);
	if ((event->args[1] | event->args[2]) & ~(uint64_t)NODE_MASK_ALL)
		return replay_refuse(replay, "no nodes");
	call_do_migrate_pages(kernel_of(replay), mm, from, to, event->args[3]);
	return 0;
}

int replay_move_page(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);
	const uint64_t nid = event->args[2];

	if (!mm || (nid != NO_NODE && nid >= kernel_of(replay)->nr_nodes))
		return replay_skip(replay);
	return replay_compare(replay, event->args[4],
	                      call_do_move_page(kernel_of(replay), mm, event->args[1],
	                                        (uint32_t)nid, event->args[3]));
}

/* ---- from outside ---- */

int replay_access_vm(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);
	uint8_t bytes[PAGE_SIZE] = { 0 };

	if (!mm)
		return replay_skip(replay);
	if (event->args[2] > sizeof(bytes))
		return replay_refuse(replay, "more than a page at once");
	if (call_access_process_vm(kernel_of(replay), mm, event->args[1], bytes, event->args[2],
	                           event->args[3]) == event->args[4])
		return 0;
	return replay_skip(replay);
}

int replay_clear_refs(struct replay *replay, const struct record_event *event)
{
	struct mm_struct *mm = mm_of(replay, event);
	const uint64_t type = event->args[1];

	if (!mm)
		return replay_skip(replay);
	if (!type || type > CLEAR_REFS_PEAK || type == 4)
		return replay_refuse(replay, "clear_refs knows no type %lu", (unsigned long)type);
	call_clear_refs(kernel_of(replay), mm, (int)type);
	return 0;
}
