/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls on memory policies and the moving of pages (Linux 6.1, mm/mempolicy.c,
 * mm/migrate.c).
 */
#include "mm/mempolicy.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "sim/calls.h"
#include "sim/machine.h"
#include "sim/syscall.h"
#include "sim/usercopy.h"
#include "sim/vfs.h"

#include <errno.h>

#define MPOL_F_NODE 1u
#define MPOL_F_ADDR 2u
#define MPOL_F_MEMS_ALLOWED 4u

#define MAX_MASK_BITS (PAGE_SIZE * 8)

static struct kernel *kernel_of(struct task *task)
{
	return &task->machine->kernel;
}

/* ---- node masks in user memory: longs, of the task's size ---- */

static unsigned long_bits(const struct task *task)
{
	return task->regs.is_32 ? 32 : 64;
}

static int get_long(struct task *task, uint64_t *value, va_t va, uint64_t index)
{
	return get_user_pointer(task, value, va, index) ? -EFAULT : 0;
}

/* Linux: get_nodes(). maxnode counts one bit too many, as it always has. */
static int get_nodes(struct task *task, nodemask_t *nodes, va_t va, uint64_t maxnode)
{
	const unsigned bits = long_bits(task);

	*nodes = 0;
	if (--maxnode == 0 || !va)
		return 0;
	if (maxnode > MAX_MASK_BITS)
		return -EINVAL;
	for (uint64_t i = 0; i * bits < maxnode; i++) {
		uint64_t word, left = maxnode - i * bits;
		int err = get_long(task, &word, va, i);

		if (err)
			return err;
		if (left < bits)
			word &= ((uint64_t)1 << left) - 1;
		if (i ? word : word & ~(uint64_t)NODE_MASK_ALL)
			return -EINVAL;
		if (!i)
			*nodes = (nodemask_t)word;
	}
	return 0;
}

/* Linux: copy_nodes_to_user(): all longs that maxnode reaches into. */
static int put_nodes(struct task *task, va_t va, uint64_t maxnode, nodemask_t nodes)
{
	const unsigned bits = long_bits(task);
	const uint64_t bytes = (maxnode - 1 + bits - 1) / bits * (bits / 8), word = nodes;
	const uint64_t first = bytes < sizeof(word) ? bytes : sizeof(word);

	if (bytes > PAGE_SIZE)
		return -EINVAL;
	if (copy_to_user(task, va, &word, first))
		return -EFAULT;
	return bytes > first ? clear_user(task, va + first, bytes - first) : 0;
}

/* ---- policies ---- */

int64_t sys_set_mempolicy(struct task *task, const uint64_t arg[6])
{
	nodemask_t nodes;
	int err;

	if ((int32_t)arg[0] < 0)
		return -EINVAL;
	err = get_nodes(task, &nodes, arg[1], arg[2]);
	return err ? err : call_set_mempolicy(task, (uint32_t)arg[0], nodes);
}

int64_t sys_mbind(struct task *task, const uint64_t arg[6])
{
	uint32_t flags = (uint32_t)arg[5];
	nodemask_t nodes;
	int err;

	err = get_nodes(task, &nodes, arg[3], arg[4]);
	if (err)
		return err;
	if (flags & ~(MPOL_MF_STRICT | MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if (flags & MPOL_MF_MOVE_ALL && !vfs_is_superuser(task->machine->vfs))
		return -EPERM;
	return call_do_mbind(kernel_of(task), task->mm, arg[0], arg[1], (uint32_t)arg[2], nodes,
	                     flags);
}

int64_t sys_set_mempolicy_home_node(struct task *task, const uint64_t arg[6])
{
	if (arg[3] || arg[2] >= kernel_of(task)->nr_nodes)
		return -EINVAL;
	return call_do_set_home_node(kernel_of(task), task->mm, arg[0], arg[1], (uint32_t)arg[2]);
}

/* The node of the page at va, which is faulted in. */
static int node_of(struct task *task, va_t va)
{
	int err = call_mm_populate(kernel_of(task), task->mm, va & PAGE_MASK,
	                           (va & PAGE_MASK) + PAGE_SIZE);
	const pte_slot_t *ptep = err ? NULL : pte_lookup(kernel_of(task), task->mm, va);

	if (!ptep || !pte_present(pte_get(kernel_of(task), ptep)))
		return err ? err : -EFAULT;
	return (int)page_to_nid(
	    kernel_of(task), pfn_to_page(kernel_of(task), pte_pfn(pte_get(kernel_of(task), ptep))));
}

/* What get_mempolicy(2) tells: a mode or a node, and nodes. 0 or -errno. */
static int query_policy(struct task *task, va_t va, uint32_t flags, int32_t *mode,
                        nodemask_t *nodes)
{
	const struct mempolicy *policy = task->numa.policy;
	const struct vm_area_struct *vma;
	int nid;

	if (flags & MPOL_F_ADDR) {
		vma = find_vma_intersection(task->mm, va, va + 1);
		if (!vma)
			return -EFAULT;
		policy = vma->vm_policy;
	} else if (va) {
		return -EINVAL;
	}
	*mode = policy ? policy->mode | policy->flags : MPOL_DEFAULT;
	if (flags & MPOL_F_NODE && flags & MPOL_F_ADDR) {
		nid = node_of(task, va);
		if (nid < 0)
			return nid;
		*mode = nid;
	} else if (flags & MPOL_F_NODE) {
		if (!policy || policy->mode != MPOL_INTERLEAVE)
			return -EINVAL;
		*mode = (int32_t)next_interleave_node(&task->numa);
	}
	*nodes = 0;
	if (policy && policy->mode != MPOL_LOCAL)
		*nodes = policy->flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES)
		             ? policy->user_nodes
		             : policy->nodes;
	return 0;
}

int64_t sys_get_mempolicy(struct task *task, const uint64_t arg[6])
{
	uint32_t flags = (uint32_t)arg[4];
	nodemask_t nodes = kernel_of(task)->mems_allowed;
	int32_t mode = 0;
	int err = 0;

	if (arg[1] && arg[2] < kernel_of(task)->nr_nodes)
		return -EINVAL;
	if (flags & ~(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED))
		return -EINVAL;
	if (!(flags & MPOL_F_MEMS_ALLOWED))
		err = query_policy(task, arg[3], flags, &mode, &nodes);
	else if (flags & (MPOL_F_NODE | MPOL_F_ADDR))
		err = -EINVAL;
	if (err)
		return err;
	if (arg[0] && copy_to_user(task, arg[0], &mode, sizeof(mode)))
		return -EFAULT;
	return arg[1] ? put_nodes(task, arg[1], arg[2], nodes) : 0;
}

/* ---- moving pages ---- */

/* Whose memory it is about; 0: the caller's. */
static const struct task *find_other(struct task *task, int32_t pid)
{
	const struct task *other = pid ? task_find(task->machine, pid) : task;

	return other && other->mm ? other : NULL;
}

int64_t sys_migrate_pages(struct task *task, const uint64_t arg[6])
{
	const struct task *other;
	nodemask_t from, to;
	int err = get_nodes(task, &from, arg[2], arg[1]);

	if (!err)
		err = get_nodes(task, &to, arg[3], arg[1]);
	if (err)
		return err;
	other = find_other(task, (int32_t)arg[0]);
	if (!other)
		return -ESRCH;
	if (to & ~kernel_of(task)->mems_allowed && !vfs_is_superuser(task->machine->vfs))
		return -EPERM;
	to &= kernel_of(task)->mems_allowed;
	if (!to)
		return -EINVAL;
	return (int64_t)call_do_migrate_pages(kernel_of(task), other->mm, from, to,
	                                      vfs_is_superuser(task->machine->vfs));
}

static int put_status(struct task *task, va_t va, uint64_t i, int32_t status)
{
	return copy_to_user(task, va + i * sizeof(status), &status, sizeof(status));
}

/* One entry of move_pages(2): to where, *nid; 0, or an error that ends the call. */
static int get_wanted_node(struct task *task, va_t nodes, uint64_t i, uint32_t *nid)
{
	int32_t wanted;

	*nid = NO_NODE;
	if (!nodes)
		return 0;
	if (copy_from_user(task, &wanted, nodes + i * sizeof(wanted), sizeof(wanted)))
		return -EFAULT;
	if (wanted < 0 || (uint32_t)wanted >= kernel_of(task)->nr_nodes)
		return -ENODEV;
	*nid = (uint32_t)wanted;
	return kernel_of(task)->mems_allowed >> *nid & 1 ? 0 : -EACCES;
}

int64_t sys_move_pages(struct task *task, const uint64_t arg[6])
{
	const va_t pages = arg[2], nodes = arg[3], status = arg[4];
	uint32_t flags = (uint32_t)arg[5];
	const struct task *other;

	if (flags & ~(MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if (flags & MPOL_MF_MOVE_ALL && !vfs_is_superuser(task->machine->vfs))
		return -EPERM;
	other = find_other(task, (int32_t)arg[0]);
	if (!other)
		return -ESRCH;
	for (uint64_t i = 0; i < arg[1]; i++) {
		uint32_t nid;
		uint64_t va;
		int err;

		if (get_long(task, &va, pages, i))
			return -EFAULT;
		err = get_wanted_node(task, nodes, i, &nid);
		if (err)
			return err;
		err = call_do_move_page(kernel_of(task), other->mm, va, nid,
		                        flags & MPOL_MF_MOVE_ALL);
		if (put_status(task, status, i, err))
			return -EFAULT;
	}
	return 0;
}
