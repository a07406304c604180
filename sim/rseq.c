// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/rseq.h"

#include "sim/machine.h"
#include "sim/syscall.h"
#include "sim/usercopy.h"

#include <errno.h>
#include <signal.h>

/* struct rseq of the ABI. */
enum {
	AT_CPU_IDS = 0,  /* cpu_id_start, cpu_id */
	AT_SECTION = 8,  /* rseq_cs: address of a struct rseq_section, or 0 */
	AT_NODE_ID = 20, /* node_id, mm_cid */
	AREA_BYTES = 32,
};

#define FLAG_UNREGISTER 1u

/* struct rseq_cs of the ABI: what begins at start_ip and ends post_commit_offset later. */
struct rseq_section {
	uint32_t version, flags;
	uint64_t start_ip, post_commit_offset, abort_ip;
};

/* cpu < 0: the area is in use no more. Simplified: mm_cid is the CPU's number, which no
 * two running threads share either; Linux gives the smallest that is free. */
static int write_ids(struct task *task, int32_t cpu)
{
	const uint32_t id = cpu < 0 ? 0 : (uint32_t)cpu;
	const uint32_t cpus[2] = { id, (uint32_t)cpu };
	const uint32_t node[2] = { cpu_to_node(&task->machine->kernel, id), id };
	va_t va = task->rseq.va;

	if (copy_to_user(task, va + AT_CPU_IDS, cpus, sizeof(cpus)) ||
	    copy_to_user(task, va + AT_NODE_ID, node, sizeof(node)))
		return -EFAULT;
	return 0;
}

/* The descriptor of a critical section is what rseq(2) promises. */
static bool is_sound(const struct task *task, const struct rseq_section *section)
{
	va_t top = task->mm->task_size, end;

	return !section->version && !section->flags && section->start_ip < top &&
	       section->abort_ip < top &&
	       !__builtin_add_overflow(section->start_ip, section->post_commit_offset, &end) &&
	       end < top && section->abort_ip - section->start_ip >= section->post_commit_offset;
}

/* The task's critical section, or one with start_ip 0. 0, -EFAULT, -EINVAL. */
static int get_section(struct task *task, struct rseq_section *section)
{
	uint64_t va;
	uint32_t sig;

	*section = (struct rseq_section){ 0 };
	if (copy_from_user(task, &va, task->rseq.va + AT_SECTION, sizeof(va)))
		return -EFAULT;
	if (!va)
		return 0;
	if (va >= task->mm->task_size)
		return -EINVAL;
	if (copy_from_user(task, section, va, sizeof(*section)))
		return -EFAULT;
	if (!is_sound(task, section))
		return -EINVAL;
	if (copy_from_user(task, &sig, section->abort_ip - sizeof(sig), sizeof(sig)))
		return -EFAULT;
	return sig == task->rseq.sig ? 0 : -EINVAL;
}

/* A task outside of the section that its area names has left it: the area forgets it. */
static int abort_section(struct task *task)
{
	const uint64_t none = 0;
	struct rseq_section section;
	int err = get_section(task, &section);

	if (err || !section.start_ip)
		return err;
	if (copy_to_user(task, task->rseq.va + AT_SECTION, &none, sizeof(none)))
		return -EFAULT;
	if (task->regs.ip - section.start_ip < section.post_commit_offset) {
		task->regs.ip = section.abort_ip;
		task->regs_changed = true;
	}
	return 0;
}

static void kill_by_segv(struct task *task)
{
	task->sighand->actions[SIGSEGV].handler = (uintptr_t)SIG_DFL;
	signal_force(task, &(struct signal_info){ .signo = SIGSEGV, .code = SI_KERNEL });
}

void rseq_resume(struct task *task)
{
	if (!task->rseq.is_due)
		return;
	task->rseq.is_due = false;
	if (!task->rseq.va)
		return;
	task->machine->kernel_function = "rseq_handle_notify_resume";
	if (abort_section(task) || write_ids(task, (int32_t)task->cpu))
		kill_by_segv(task);
	task->machine->kernel_function = NULL;
}

void rseq_interrupt(struct task *task)
{
	if (!task->rseq.va)
		return;
	task->machine->kernel_function = "rseq_handle_notify_resume";
	if (abort_section(task))
		kill_by_segv(task);
	task->machine->kernel_function = NULL;
}

static int64_t unregister(struct task *task, const struct rseq_area *wanted)
{
	const struct rseq_area *area = &task->rseq;
	const int32_t uninitialised = -1;

	if (!area->va || wanted->va != area->va || wanted->len != area->len)
		return -EINVAL;
	if (wanted->sig != area->sig)
		return -EPERM;
	if (write_ids(task, uninitialised))
		return -EFAULT;
	task->rseq.va = 0;
	return 0;
}

/* The area is first written on the way back to user mode. */
int64_t sys_rseq(struct task *task, const uint64_t arg[6])
{
	const struct rseq_area wanted = { arg[0], (uint32_t)arg[1], (uint32_t)arg[3], true };
	const struct rseq_area *area = &task->rseq;
	const uint32_t flags = (uint32_t)arg[2];

	if (flags == FLAG_UNREGISTER)
		return unregister(task, &wanted);
	if (flags)
		return -EINVAL;
	if (area->va) {
		if (area->va != wanted.va || area->len != wanted.len)
			return -EINVAL;
		return area->sig == wanted.sig ? -EBUSY : -EPERM;
	}
	if (wanted.len < AREA_BYTES || wanted.va % AREA_BYTES)
		return -EINVAL;
	if (wanted.va >= task->mm->task_size)
		return -EFAULT;
	task->rseq = wanted;
	return 0;
}
