/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mempolicy - from which node memory is taken: of a task, or of a VMA, whose policy
 * goes before the task's (Linux 6.1, mm/mempolicy.c). NULL is the default: the node of
 * the CPU that asks, then the next by distance.
 */
#ifndef PW_MM_MEMPOLICY_H
#define PW_MM_MEMPOLICY_H

#include "mm/kernel.h"

/* Of the ABI (include/uapi/linux/mempolicy.h). */
enum mempolicy_mode {
	MPOL_DEFAULT,
	MPOL_PREFERRED,  /* one node first */
	MPOL_BIND,       /* these nodes and no others */
	MPOL_INTERLEAVE, /* these in turn */
	MPOL_LOCAL,      /* the default, where a task's policy is another */
	MPOL_PREFERRED_MANY,
	NR_MPOL_MODES
};

#define MPOL_F_STATIC_NODES (1u << 15)
#define MPOL_F_RELATIVE_NODES (1u << 14)
#define MPOL_F_NUMA_BALANCING (1u << 13)
#define MPOL_MODE_FLAGS (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES | MPOL_F_NUMA_BALANCING)

#define MPOL_MF_STRICT 1u
#define MPOL_MF_MOVE 2u
#define MPOL_MF_MOVE_ALL 4u

#define NO_NODE UINT32_MAX

/* Never changes but for home_node, so that many may share it. */
struct mempolicy {
	uint32_t refcount;
	uint16_t mode, flags; /* MPOL_*, MPOL_F_* */
	uint32_t home_node;   /* of MPOL_BIND and MPOL_PREFERRED_MANY: where to begin; NO_NODE */
	nodemask_t nodes;
	nodemask_t user_nodes; /* as they were given, with MPOL_F_STATIC_ or _RELATIVE_NODES */
};

/* What a task has. Zeroes: the default. */
struct task_policy {
	struct mempolicy *policy;
	uint32_t il_next; /* MPOL_INTERLEAVE: no node below it before the last has had its turn */
};

/* The policy that mode (with MPOL_MODE_FLAGS) and nodes name, in *out; NULL for the
 * default. 0, -EINVAL, -ENOMEM. */
int mpol_new(struct kernel *k, uint32_t mode, nodemask_t nodes, struct mempolicy **out);
void mpol_put(struct kernel *k, struct mempolicy *policy); /* NULL is fine */

static inline struct mempolicy *mpol_get(struct mempolicy *policy)
{
	if (policy)
		policy->refcount++;
	return policy;
}

bool mpol_equal(const struct mempolicy *a, const struct mempolicy *b);

/* ---- tasks ---- */

/* The reference is taken over. */
void set_task_policy(struct kernel *k, struct task_policy *task, struct mempolicy *policy);
void copy_task_policy(struct task_policy *child, const struct task_policy *parent);
/* The node that a task with MPOL_INTERLEAVE takes from next. */
uint32_t next_interleave_node(const struct task_policy *task);

/* ---- VMAs: the system calls of these names ---- */

/* The policy of [start, start + len) is *policy from now on; flags: MPOL_MF_*. Pages
 * that lie elsewhere are an error (STRICT), or moved. 0, -EINVAL, -EFAULT, -EIO,
 * -ENOMEM. */
int do_mbind(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len,
             struct mempolicy *policy, uint32_t flags);
int do_set_home_node(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len,
                     uint32_t home_node);

/* ---- allocating ---- */

/* As alloc_pages(), as the VMA's policy or the task's has it for its page at va. */
struct page *alloc_page_vma(struct kernel *k, gfp_t gfp, const struct vm_area_struct *vma, va_t va);

/* A policy for /proc/PID/numa_maps: "interleave:0-3". NULL: default. */
void mpol_to_str(char *text, size_t size, const struct mempolicy *policy);

static inline uint32_t first_node(nodemask_t nodes)
{
	return (uint32_t)__builtin_ctz(nodes);
}

#endif
