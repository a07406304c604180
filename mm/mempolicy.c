/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/mempolicy.h"

#include "mm/migrate.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/vma.h"

#include <errno.h>
#include <stdio.h>

/* ---- policies ---- */

static uint32_t nr_nodes_in(nodemask_t nodes)
{
	return (uint32_t)__builtin_popcount(nodes);
}

/* The nth node of the mask. */
static uint32_t nth_node(nodemask_t nodes, uint32_t n)
{
	for (; n; n--)
		nodes &= nodes - 1;
	return first_node(nodes);
}

/* Node n of `relative` is the nth of those allowed, around and around. */
static nodemask_t relative_nodes(nodemask_t relative, nodemask_t allowed)
{
	nodemask_t nodes = 0;

	for (uint32_t n = 0; n < MAX_NUMNODES; n++)
		if (relative >> n & 1)
			nodes |= (nodemask_t)1 << nth_node(allowed, n % nr_nodes_in(allowed));
	return nodes;
}

/* What is wrong with the mode and the nodes as given: sanitize_mpol_flags(), mpol_new(). */
static int check_mode(uint32_t mode, uint32_t flags, nodemask_t nodes)
{
	const uint32_t where = flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES);

	if (mode >= NR_MPOL_MODES || where == (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES))
		return -EINVAL;
	if (flags & MPOL_F_NUMA_BALANCING && mode != MPOL_BIND)
		return -EINVAL;
	switch (mode) {
	case MPOL_DEFAULT:
		return nodes ? -EINVAL : 0;
	case MPOL_LOCAL:
		return nodes || where ? -EINVAL : 0;
	case MPOL_PREFERRED:
		return !nodes && where ? -EINVAL : 0;
	}
	return nodes ? 0 : -EINVAL;
}

int mpol_new(struct kernel *k, uint32_t mode, nodemask_t user_nodes, struct mempolicy **out)
{
	uint32_t flags = mode & MPOL_MODE_FLAGS;
	nodemask_t nodes;
	int err;

	mode &= ~MPOL_MODE_FLAGS;
	err = check_mode(mode, flags, user_nodes);
	if (err)
		return err;
	*out = NULL;
	if (mode == MPOL_DEFAULT)
		return 0;
	if (mode == MPOL_PREFERRED && !user_nodes)
		mode = MPOL_LOCAL;
	nodes = flags & MPOL_F_RELATIVE_NODES ? relative_nodes(user_nodes, k->mems_allowed)
	                                      : user_nodes & k->mems_allowed;
	if (mode != MPOL_LOCAL && !nodes)
		return -EINVAL;
	if (mode == MPOL_PREFERRED)
		nodes = (nodemask_t)1 << first_node(nodes);
	*out = kzalloc(k, sizeof(**out), GFP_KERNEL);
	if (!*out)
		return -ENOMEM;
	**out = (struct mempolicy){ .refcount = 1,
		                    .mode = (uint16_t)mode,
		                    .flags = (uint16_t)flags,
		                    .home_node = NO_NODE,
		                    .nodes = nodes,
		                    .user_nodes = user_nodes };
	return 0;
}

void mpol_put(struct kernel *k, struct mempolicy *policy)
{
	if (policy && !--policy->refcount)
		kfree(k, policy);
}

bool mpol_equal(const struct mempolicy *a, const struct mempolicy *b)
{
	if (a == b)
		return true;
	return a && b && a->mode == b->mode && a->flags == b->flags && a->nodes == b->nodes &&
	       a->user_nodes == b->user_nodes && a->home_node == b->home_node;
}

/* ---- tasks ---- */

void set_task_policy(struct kernel *k, struct task_policy *task, struct mempolicy *policy)
{
	struct mempolicy *old = task->policy;

	task->policy = policy;
	if (policy && policy->mode == MPOL_INTERLEAVE)
		task->il_next = 0;
	mpol_put(k, old);
}

void copy_task_policy(struct task_policy *child, const struct task_policy *parent)
{
	child->policy = mpol_get(parent->policy);
	child->il_next = parent->il_next;
}

uint32_t next_interleave_node(const struct task_policy *task)
{
	nodemask_t nodes = task->policy->nodes;
	nodemask_t rest =
	    task->il_next < MAX_NUMNODES ? nodes >> task->il_next << task->il_next : 0;

	return first_node(rest ? rest : nodes);
}

/* ---- allocating ---- */

/* Policies bind what may come from the highest zones: lower ones may be on one node
 * alone, and who needs them cannot choose (Linux: apply_policy_zone()). */
static bool applies_to(const struct kernel *k, gfp_t gfp)
{
	enum zone_type highest = ZONE_DMA;

	for_each_zone (k, zone)
		if (zone->type != ZONE_MOVABLE && zone->type > highest)
			highest = zone->type;
	return gfp_zone(gfp) >= highest;
}

static struct page *alloc_interleaved(struct kernel *k, gfp_t gfp, unsigned order, uint32_t nid)
{
	struct page *page = alloc_pages_node(k, nid, gfp, order);

	if (page && page_to_nid(k, page) == nid)
		page_zone(k, page)->numa_stat[NUMA_STAT_INTERLEAVE]++;
	return page;
}

static uint32_t first_choice(const struct kernel *k, const struct mempolicy *policy)
{
	if (policy->mode == MPOL_PREFERRED)
		return first_node(policy->nodes);
	return policy->home_node != NO_NODE ? policy->home_node : numa_node_id(k);
}

/* Any of the nodes, if that takes no effort; else wherever there is memory. */
static struct page *alloc_preferred_many(struct kernel *k, gfp_t gfp, unsigned order,
                                         const struct mempolicy *policy)
{
	gfp_t easy = (gfp | __GFP_NOWARN) & ~(gfp_t)(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL);
	uint32_t nid = first_choice(k, policy);
	struct page *page = alloc_pages_nodemask(k, easy, order, nid, &policy->nodes);

	return page ? page : alloc_pages_nodemask(k, gfp, order, nid, NULL);
}

static struct page *alloc_by_policy(struct kernel *k, gfp_t gfp, unsigned order,
                                    const struct mempolicy *policy)
{
	switch (policy->mode) {
	case MPOL_PREFERRED_MANY:
		return alloc_preferred_many(k, gfp, order, policy);
	case MPOL_BIND:
		return alloc_pages_nodemask(k, gfp, order, first_choice(k, policy),
		                            applies_to(k, gfp) ? &policy->nodes : NULL);
	}
	return alloc_pages_node(k, first_choice(k, policy), gfp, order);
}

struct page *alloc_pages_task(struct kernel *k, gfp_t gfp, unsigned order, struct task_policy *task)
{
	uint32_t nid;

	if (gfp & __GFP_THISNODE)
		return alloc_pages_node(k, numa_node_id(k), gfp, order);
	if (task->policy->mode != MPOL_INTERLEAVE)
		return alloc_by_policy(k, gfp, order, task->policy);
	nid = next_interleave_node(task);
	task->il_next = nid + 1;
	return alloc_interleaved(k, gfp, order, nid);
}

/* Simplified: pages of shared memory are the page cache's, and follow the task.
 *
 * A page's node does not depend on when it is touched (Linux: interleave_nid()). */
static uint32_t interleave_nid(const struct mempolicy *policy, const struct vm_area_struct *vma,
                               va_t va)
{
	return nth_node(policy->nodes,
	                (uint32_t)(linear_page_index(vma, va) % nr_nodes_in(policy->nodes)));
}

struct page *alloc_page_vma(struct kernel *k, gfp_t gfp, const struct vm_area_struct *vma, va_t va)
{
	const struct task_policy *task = k->task_policy[k->cpu];
	const struct mempolicy *policy = vma->vm_policy;

	if (!policy && task)
		policy = task->policy;
	if (likely(!policy))
		return alloc_pages_node(k, numa_node_id(k), gfp, 0);
	if (policy->mode == MPOL_INTERLEAVE)
		return alloc_interleaved(k, gfp, 0, interleave_nid(policy, vma, va));
	return alloc_by_policy(k, gfp, 0, policy);
}

/* ---- mbind ---- */

/* [start, end) has no hole. */
static bool is_mapped(struct mm_struct *mm, va_t start, va_t end)
{
	const struct vm_area_struct *vma = vma_lookup(mm, start);

	for (; vma && vma->vm_end < end; vma = vma_next(mm, vma)) {
		const struct vm_area_struct *next = vma_next(mm, vma);

		if (!next || next->vm_start != vma->vm_end)
			return false;
	}
	return vma;
}

/* Gives a VMA's part of the range its policy. */
static int set_vma_policy(struct kernel *k, struct vm_area_struct **vmap, va_t start, va_t end,
                          struct mempolicy *policy)
{
	struct vm_area_struct *vma = *vmap, *merged;
	const struct vma_traits traits = { vma->vm_flags, vma->anon_vma, vma->vm_file,
		                           linear_page_index(vma, start), policy };
	int err = 0;

	if (mpol_equal(vma->vm_policy, policy))
		return 0;
	merged = vma->vm_special ? NULL : vma_merge(k, vma->vm_mm, start, end, &traits);
	if (merged) {
		*vmap = merged;
		return 0;
	}
	if (start != vma->vm_start)
		err = split_vma(k, vma, start, true);
	if (!err && end != vma->vm_end)
		err = split_vma(k, vma, end, false);
	if (err)
		return err;
	mpol_put(k, vma->vm_policy);
	vma->vm_policy = mpol_get(policy);
	return 0;
}

static int set_range_policy(struct kernel *k, struct mm_struct *mm, va_t start, va_t end,
                            struct mempolicy *policy)
{
	while (start < end) {
		struct vm_area_struct *vma = vma_lookup(mm, start);
		va_t stop = vma->vm_end < end ? vma->vm_end : end;
		int err = set_vma_policy(k, &vma, start, stop, policy);

		if (err)
			return err;
		start = stop;
	}
	return 0;
}

/* Where pages of the range may be: as the policy says; with the default, anywhere. */
static nodemask_t nodes_of(const struct kernel *k, const struct mempolicy *policy)
{
	if (!policy)
		return NODE_MASK_ALL;
	if (policy->mode == MPOL_LOCAL)
		return (nodemask_t)1 << numa_node_id(k);
	return policy->nodes;
}

int do_mbind(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len,
             struct mempolicy *policy, uint32_t flags)
{
	uint64_t misplaced = 0;
	va_t end = start + page_align(len);
	int err;

	if (start & ~PAGE_MASK || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (!is_mapped(mm, start, end))
		return -EFAULT;
	if (!policy)
		flags &= ~MPOL_MF_STRICT;
	if (flags & MPOL_MF_STRICT && !(flags & (MPOL_MF_MOVE | MPOL_MF_MOVE_ALL)) &&
	    count_misplaced_pages(k, mm, start, end, nodes_of(k, policy)))
		return -EIO;
	err = set_range_policy(k, mm, start, end, policy);
	if (err)
		return err;
	if (flags & (MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		misplaced =
		    migrate_range(k, mm, start, end, nodes_of(k, policy), flags & MPOL_MF_MOVE_ALL);
	return misplaced && flags & MPOL_MF_STRICT ? -EIO : 0;
}

int do_set_home_node(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len,
                     uint32_t home_node)
{
	va_t end = start + page_align(len);

	if (start & ~PAGE_MASK || end < start)
		return -EINVAL;
	while (start < end) {
		struct vm_area_struct *vma = find_vma_intersection(mm, start, end);
		struct mempolicy *policy;
		va_t stop;
		int err;

		if (!vma)
			break;
		start = vma->vm_start > start ? vma->vm_start : start;
		stop = vma->vm_end < end ? vma->vm_end : end;
		if (vma->vm_policy) {
			if (vma->vm_policy->mode != MPOL_BIND &&
			    vma->vm_policy->mode != MPOL_PREFERRED_MANY)
				return -EOPNOTSUPP;
			policy = kzalloc(k, sizeof(*policy), GFP_KERNEL);
			if (!policy)
				return -ENOMEM;
			*policy = *vma->vm_policy;
			policy->refcount = 1;
			policy->home_node = home_node;
			err = set_vma_policy(k, &vma, start, stop, policy);
			mpol_put(k, policy);
			if (err)
				return err;
		}
		start = stop;
	}
	return 0;
}

/* ---- telling ---- */

static const char *const mode_names[NR_MPOL_MODES] = {
	[MPOL_DEFAULT] = "default", [MPOL_PREFERRED] = "prefer",
	[MPOL_BIND] = "bind",       [MPOL_INTERLEAVE] = "interleave",
	[MPOL_LOCAL] = "local",     [MPOL_PREFERRED_MANY] = "prefer (many)",
};

/* Appends "0-1,3". */
static void put_nodes(char *text, size_t size, size_t at, nodemask_t nodes)
{
	const char *before = ":";

	for (uint32_t nid = 0; nid < MAX_NUMNODES && at < size; nid++) {
		uint32_t last = nid;

		if (!(nodes >> nid & 1))
			continue;
		while (nodes >> (last + 1) & 1)
			last++;
		at += (size_t)snprintf(text + at, size - at, "%s%u", before, nid);
		if (last > nid && at < size)
			at += (size_t)snprintf(text + at, size - at, "-%u", last);
		before = ",";
		nid = last;
	}
}

void mpol_to_str(char *text, size_t size, const struct mempolicy *policy)
{
	const char *flag = "";
	int len;

	if (!policy) {
		snprintf(text, size, "default");
		return;
	}
	if (policy->flags & MPOL_F_STATIC_NODES)
		flag = "=static";
	else if (policy->flags & MPOL_F_RELATIVE_NODES)
		flag = "=relative";
	len = snprintf(text, size, "%s%s", mode_names[policy->mode], flag);
	if (policy->mode != MPOL_LOCAL)
		put_nodes(text, size, (size_t)len, policy->nodes);
}
