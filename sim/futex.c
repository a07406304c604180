/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/futex.h"

#include "mm/mm.h"
#include "sim/clock.h"
#include "sim/machine.h"
#include "sim/syscall.h"
#include "sim/usercopy.h"

#include <errno.h>
#include <linux/futex.h>

#define ANY_BIT UINT32_MAX

/* ---- keys ---- */

/* 0; -EINVAL, -EFAULT. Simplified: private futexes of two address spaces never meet,
 * even on a page that both still share since a fork. */
static int get_key(const struct task *task, va_t va, bool is_private, struct futex_key *key)
{
	const struct vm_area_struct *vma;

	if (va % sizeof(uint32_t))
		return -EINVAL;
	if (!access_ok(task, va, sizeof(uint32_t)))
		return -EFAULT;
	*key = (struct futex_key){ task->mm, va };
	if (is_private)
		return 0;
	vma = find_vma(task->mm, va);
	if (!vma || vma->vm_start > va)
		return -EFAULT;
	if (vma->vm_flags & VM_SHARED && vma->vm_file)
		*key = (struct futex_key){ vma->vm_file->f_mapping,
			                   (vma->vm_pgoff << PAGE_SHIFT) + va - vma->vm_start };
	return 0;
}

static bool is_same(const struct futex_key *a, const struct futex_key *b)
{
	return a->space == b->space && a->offset == b->offset;
}

/* ---- waking ---- */

static struct task *task_of(struct futex_waiter *waiter)
{
	return container_of(waiter, struct task, wait.futex);
}

static void wake_waiter(struct futex_waiter *waiter)
{
	list_del_init(&waiter->list);
	waiter->is_woken = true;
	wake_task(task_of(waiter));
}

/* The first nr_wake waiters are woken, the next nr_requeue wait for `to` from now on.
 * How many of both. */
static int64_t wake_and_requeue(struct machine *machine, const struct futex_key *key,
                                uint32_t bitset, int64_t nr_wake, int64_t nr_requeue,
                                const struct futex_key *to)
{
	struct futex_waiter *waiter, *next;
	struct list_head moved;
	int64_t nr = 0;

	INIT_LIST_HEAD(&moved);
	list_for_each_entry_safe (waiter, next, &machine->futex_waiters, list) {
		if (nr == nr_wake + nr_requeue)
			break;
		if (!is_same(&waiter->key, key) || !(waiter->bitset & bitset))
			continue;
		if (nr++ < nr_wake) {
			wake_waiter(waiter);
		} else {
			waiter->key = *to;
			list_move_tail(&waiter->list, &moved);
		}
	}
	list_for_each_entry_safe (waiter, next, &moved, list)
		list_move_tail(&waiter->list, &machine->futex_waiters);
	return nr;
}

static int64_t wake(struct machine *machine, const struct futex_key *key, int64_t nr,
                    uint32_t bitset)
{
	return wake_and_requeue(machine, key, bitset, nr, 0, NULL);
}

/* ---- FUTEX_WAIT ---- */

/* When to give up; 0 or -errno. */
static int get_deadline(struct task *task, const uint64_t arg[6], uint64_t *until)
{
	const uint64_t boot_ns = (uint64_t)CLOCK_BOOT_SECONDS * NSEC_PER_SEC;
	bool is_absolute = ((uint32_t)arg[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
	int64_t t[2];
	uint64_t ns;

	*until = WAIT_FOREVER;
	if (!arg[3])
		return 0;
	if (copy_from_user(task, t, arg[3], sizeof(t)))
		return -EFAULT;
	if (t[0] < 0 || t[1] < 0 || t[1] >= NSEC_PER_SEC)
		return -EINVAL;
	ns = t[0] >= INT64_MAX / NSEC_PER_SEC ? INT64_MAX
	                                      : (uint64_t)t[0] * NSEC_PER_SEC + (uint64_t)t[1];
	if (!is_absolute)
		*until = wait_deadline(task, ns);
	else if ((uint32_t)arg[1] & FUTEX_CLOCK_REALTIME)
		*until = ns > boot_ns ? ns - boot_ns : 0;
	else
		*until = ns;
	return 0;
}

/* 0: it waits from here on. */
static int begin_wait(struct task *task, const uint64_t arg[6], uint32_t bitset)
{
	struct futex_waiter *waiter = &task->wait.futex;
	bool is_private = (uint32_t)arg[1] & FUTEX_PRIVATE_FLAG;
	int error = get_key(task, arg[0], is_private, &waiter->key);
	uint32_t value;

	if (error)
		return error;
	if (copy_from_user(task, &value, arg[0], sizeof(value)))
		return -EFAULT;
	if (value != (uint32_t)arg[2])
		return -EAGAIN;
	waiter->bitset = bitset;
	list_add_tail(&waiter->list, &task->machine->futex_waiters);
	return 0;
}

static int64_t futex_wait(struct task *task, const uint64_t arg[6], uint32_t bitset)
{
	uint64_t until;
	int error;

	if (!bitset)
		return -EINVAL;
	if (task->wait.futex.is_woken)
		return 0;
	error = get_deadline(task, arg, &until);
	if (!error && !task->wait.again)
		error = begin_wait(task, arg, bitset);
	if (error)
		return error;
	if (machine_now_ns(task->machine) >= until)
		return -ETIMEDOUT;
	if (signal_is_deliverable(task))
		return arg[3] ? SYSCALL_EINTR : SYSCALL_ERESTARTSYS;
	wait_until(task, until);
	return wait_block(task, "futex");
}

/* ---- the other commands ---- */

static int64_t futex_wake(struct task *task, const uint64_t arg[6], uint32_t bitset)
{
	int32_t nr = (int32_t)arg[2];
	struct futex_key key;
	int error;

	if (!bitset)
		return -EINVAL;
	error = get_key(task, arg[0], (uint32_t)arg[1] & FUTEX_PRIVATE_FLAG, &key);
	return error ? error : wake(task->machine, &key, nr > 0 ? nr : 1, bitset);
}

/* arg: uaddr, op, nr_wake, nr_requeue, uaddr2, expected value */
static int64_t futex_requeue(struct task *task, const uint64_t arg[6], bool compare)
{
	bool is_private = (uint32_t)arg[1] & FUTEX_PRIVATE_FLAG;
	int32_t nr_wake = (int32_t)arg[2], nr_requeue = (int32_t)arg[3];
	struct futex_key from, to;
	uint32_t value;
	int error;

	if (nr_wake < 0 || nr_requeue < 0)
		return -EINVAL;
	error = get_key(task, arg[0], is_private, &from);
	if (!error)
		error = get_key(task, arg[4], is_private, &to);
	if (error)
		return error;
	if (compare) {
		if (copy_from_user(task, &value, arg[0], sizeof(value)))
			return -EFAULT;
		if (value != (uint32_t)arg[5])
			return -EAGAIN;
	}
	return wake_and_requeue(task->machine, &from, ANY_BIT, nr_wake, nr_requeue, &to);
}

/* What FUTEX_WAKE_OP does to the second word. False: no such operation. */
static bool apply_op(uint32_t how, uint32_t old, uint32_t *new_value)
{
	uint32_t op = how >> 28 & 7, arg = (uint32_t)((int32_t)(how << 8) >> 20);

	if (how >> 28 & 8) /* FUTEX_OP_OPARG_SHIFT */
		arg = (uint32_t)1 << (arg & 31);
	switch (op) {
	case FUTEX_OP_SET:
		*new_value = arg;
		return true;
	case FUTEX_OP_ADD:
		*new_value = old + arg;
		return true;
	case FUTEX_OP_OR:
		*new_value = old | arg;
		return true;
	case FUTEX_OP_ANDN:
		*new_value = old & ~arg;
		return true;
	case FUTEX_OP_XOR:
		*new_value = old ^ arg;
		return true;
	}
	return false;
}

/* 1, 0, or -ENOSYS. */
static int compare_op(uint32_t how, uint32_t old_value)
{
	int32_t arg = (int32_t)(how << 20) >> 20, old = (int32_t)old_value;

	switch (how >> 24 & 15) {
	case FUTEX_OP_CMP_EQ:
		return old == arg;
	case FUTEX_OP_CMP_NE:
		return old != arg;
	case FUTEX_OP_CMP_LT:
		return old < arg;
	case FUTEX_OP_CMP_LE:
		return old <= arg;
	case FUTEX_OP_CMP_GT:
		return old > arg;
	case FUTEX_OP_CMP_GE:
		return old >= arg;
	}
	return -ENOSYS;
}

/* arg: uaddr, op, nr_wake, nr_wake2, uaddr2, operation and comparison */
static int64_t futex_wake_op(struct task *task, const uint64_t arg[6])
{
	bool is_private = (uint32_t)arg[1] & FUTEX_PRIVATE_FLAG;
	uint32_t how = (uint32_t)arg[5], old, new_value;
	struct futex_key first, second;
	int64_t nr;
	int error = get_key(task, arg[0], is_private, &first), is_true;

	if (!error)
		error = get_key(task, arg[4], is_private, &second);
	if (error)
		return error;
	if (copy_from_user(task, &old, arg[4], sizeof(old)))
		return -EFAULT;
	is_true = compare_op(how, old);
	if (!apply_op(how, old, &new_value) || is_true < 0)
		return -ENOSYS;
	if (copy_to_user(task, arg[4], &new_value, sizeof(new_value)))
		return -EFAULT;
	nr = wake(task->machine, &first, (int32_t)arg[2] > 0 ? (int32_t)arg[2] : 1, ANY_BIT);
	if (is_true)
		nr += wake(task->machine, &second, (int32_t)arg[3] > 0 ? (int32_t)arg[3] : 1,
		           ANY_BIT);
	return nr;
}

/* Priority inheritance is not there (ENOSYS), as in kernels built without it. */
int64_t sys_futex(struct task *task, const uint64_t arg[6])
{
	switch ((uint32_t)arg[1] & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
		return futex_wait(task, arg, ANY_BIT);
	case FUTEX_WAIT_BITSET:
		return futex_wait(task, arg, (uint32_t)arg[5]);
	case FUTEX_WAKE:
		return futex_wake(task, arg, ANY_BIT);
	case FUTEX_WAKE_BITSET:
		return futex_wake(task, arg, (uint32_t)arg[5]);
	case FUTEX_REQUEUE:
		return futex_requeue(task, arg, false);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(task, arg, true);
	case FUTEX_WAKE_OP:
		return futex_wake_op(task, arg);
	default:
		return -ENOSYS;
	}
}

/* ---- the end of a task ---- */

/* A word that the task held: the next owner learns that it died. `via` has the same mm,
 * and the CPU. */
static void mark_dead_owner(struct task *via, const struct task *dead, va_t va)
{
	struct futex_key key;
	uint32_t value;

	if (va % sizeof(value) || copy_from_user(via, &value, va, sizeof(value)) ||
	    (value & FUTEX_TID_MASK) != (uint32_t)dead->pid)
		return;
	value = (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
	if (copy_to_user(via, va, &value, sizeof(value)))
		return;
	if (value & FUTEX_WAITERS && !get_key(via, va, false, &key))
		wake(via->machine, &key, 1, ANY_BIT);
}

/* struct robust_list_head, in words of the task's: first entry, offset from an entry to
 * its word, the entry that was being taken or given. */
static int get_robust_head(struct task *via, va_t va, uint64_t head[3])
{
	int err = 0;

	for (uint64_t i = 0; i < 3 && !err; i++)
		err = get_user_pointer(via, &head[i], va, i);
	if (via->regs.is_32)
		head[1] = (uint64_t)(int32_t)head[1];
	return err;
}

/* Lowest bits of entries are flags. */
static void release_robust_list(struct task *via, const struct task *dead)
{
	uint64_t head[3], entry;

	if (!dead->robust_list || get_robust_head(via, dead->robust_list, head))
		return;
	entry = head[0] & ~(uint64_t)1;
	for (int i = 0; i < ROBUST_LIST_LIMIT && entry != dead->robust_list; i++) {
		uint64_t next;
		bool is_read = !get_user_pointer(via, &next, entry, 0);

		if (entry != (head[2] & ~(uint64_t)1))
			mark_dead_owner(via, dead, entry + head[1]);
		if (!is_read)
			break;
		entry = next & ~(uint64_t)1;
	}
	if (head[2])
		mark_dead_owner(via, dead, (head[2] & ~(uint64_t)1) + head[1]);
}

void futex_exit(struct task *task)
{
	struct task *via = task->machine->running->current;
	const int32_t zero = 0;
	struct futex_key key;

	/* Simplified: threads that exec ends, or the machine's end, tell nobody. */
	if (!task->mm || !via || via->mm != task->mm)
		return;
	release_robust_list(via, task);
	if (!task->clear_child_tid || task->mm->mm_users < 2)
		return;
	if (!copy_to_user(via, task->clear_child_tid, &zero, sizeof(zero)) &&
	    !get_key(via, task->clear_child_tid, false, &key))
		wake(via->machine, &key, 1, ANY_BIT);
}
