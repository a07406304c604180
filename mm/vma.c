/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vma - the red-black tree and list of VMAs, merge and split, limits
 * (Linux 4.4, mm/mmap.c; limits and accounts as in 6.1).
 */
#include "mm/vma.h"

#include "mm/mempolicy.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"

#include <assert.h>
#include <errno.h>

static int vma_cmp(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	return (a->vm_start > b->vm_start) - (a->vm_start < b->vm_start);
}

RB_GENERATE_INTERNAL(vma_tree, vm_area_struct, vm_rb, vma_cmp, static __attribute__((unused)))

/* ---- tree and list ---- */

struct vm_area_struct *find_vma(struct mm_struct *mm, va_t va)
{
	struct vm_area_struct *vma = mm->mmap_cache, *found = NULL;

	if (likely(vma && vma->vm_start <= va && va < vma->vm_end))
		return vma;
	vma = RB_ROOT(&mm->mm_rb);
	while (vma) {
		if (vma->vm_end <= va) {
			vma = RB_RIGHT(vma, vm_rb);
			continue;
		}
		found = vma;
		if (vma->vm_start <= va)
			break;
		vma = RB_LEFT(vma, vm_rb);
	}
	if (found)
		mm->mmap_cache = found;
	return found;
}

struct vm_area_struct *find_vma_intersection(struct mm_struct *mm, va_t start, va_t end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}

struct vm_area_struct *vma_lookup(struct mm_struct *mm, va_t va)
{
	return find_vma_intersection(mm, va, va + 1);
}

struct vm_area_struct *vma_next(const struct mm_struct *mm, const struct vm_area_struct *vma)
{
	if (vma->vm_list.next == &mm->mmap)
		return NULL;
	return list_entry(vma->vm_list.next, struct vm_area_struct, vm_list);
}

struct vm_area_struct *vma_prev(const struct mm_struct *mm, const struct vm_area_struct *vma)
{
	if (vma->vm_list.prev == &mm->mmap)
		return NULL;
	return list_entry(vma->vm_list.prev, struct vm_area_struct, vm_list);
}

struct vm_area_struct *find_vma_prev(struct mm_struct *mm, va_t va)
{
	struct vm_area_struct *vma = find_vma(mm, va);

	if (vma)
		return vma_prev(mm, vma);
	return list_empty(&mm->mmap) ? NULL
	                             : list_last_entry(&mm->mmap, struct vm_area_struct, vm_list);
}

struct vm_area_struct *vma_alloc(struct kernel *k, const struct vm_area_struct *from)
{
	struct vm_area_struct *vma = kmem_cache_zalloc(k, k->vm_area_cachep, GFP_KERNEL);

	if (!vma)
		return NULL;
	if (from) {
		*vma = *from;
		mpol_get(vma->vm_policy);
	}
	return vma;
}

void vma_link(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *next = find_vma(mm, vma->vm_start);

	assert(!next || next->vm_start >= vma->vm_end);
	vma->vm_mm = mm;
	list_add_tail(&vma->vm_list, next ? &next->vm_list : &mm->mmap);
	RB_INSERT(vma_tree, &mm->mm_rb, vma);
	if (vma->vm_file)
		list_add_tail(&vma->shared, &vma->vm_file->f_mapping->i_mmap);
	if (vma->anon_vma)
		anon_vma_link(vma);
	mm->map_count++;
}

void vma_remove(struct kernel *k, struct mm_struct *mm, struct vm_area_struct *vma)
{
	if (mm->mmap_cache == vma)
		mm->mmap_cache = NULL;
	RB_REMOVE(vma_tree, &mm->mm_rb, vma);
	list_del(&vma->vm_list);
	mm->map_count--;
	anon_vma_unlink(k, vma);
	if (vma->vm_file) {
		list_del(&vma->shared);
		fput(k, vma->vm_file);
	}
	mpol_put(k, vma->vm_policy);
	kmem_cache_free(k, k->vm_area_cachep, vma);
}

/* ---- merge ---- */

static bool is_mergeable_vma(const struct vm_area_struct *vma, const struct vma_traits *t)
{
	return vma->vm_flags == t->vm_flags && vma->vm_file == t->file && !vma->vm_special &&
	       mpol_equal(vma->vm_policy, t->policy);
}

static bool is_mergeable_anon_vma(const struct anon_vma *a, const struct anon_vma *b)
{
	return a == b || !a || !b;
}

static bool can_merge_after(const struct vm_area_struct *prev, va_t start,
                            const struct vma_traits *t)
{
	return prev && prev->vm_end == start && is_mergeable_vma(prev, t) &&
	       is_mergeable_anon_vma(prev->anon_vma, t->anon_vma) &&
	       prev->vm_pgoff + vma_pages(prev) == t->pgoff;
}

static bool can_merge_before(const struct vm_area_struct *next, va_t start, va_t end,
                             const struct vma_traits *t)
{
	return next && next->vm_start == end && is_mergeable_vma(next, t) &&
	       is_mergeable_anon_vma(next->anon_vma, t->anon_vma) &&
	       t->pgoff + ((end - start) >> PAGE_SHIFT) == next->vm_pgoff;
}

/* The anonymous pages of [start, end) belong to `from` and will be vma's. */
static void adopt_anon_vma(struct vm_area_struct *vma, const struct vm_area_struct *from)
{
	if (vma->anon_vma || !from->anon_vma)
		return;
	vma->anon_vma = from->anon_vma;
	anon_vma_link(vma);
}

static void move_start(struct vm_area_struct *vma, va_t start)
{
	/* Modulo 2^64 this serves both ways. */
	vma->vm_pgoff += (pgoff_t)((int64_t)(start - vma->vm_start) >> PAGE_SHIFT);
	vma->vm_start = start;
}

/* vma takes [start, end), which it touches or lies in; others' parts of it end. */
static void vma_take_over(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *other, *next;

	for (other = find_vma(mm, start); other && other->vm_start < end; other = next) {
		next = vma_next(mm, other);
		if (other == vma)
			continue;
		adopt_anon_vma(vma, other);
		if (other->vm_start >= start && other->vm_end <= end)
			vma_remove(k, mm, other);
		else if (other->vm_start >= start)
			move_start(other, end);
		else
			other->vm_end = start;
	}
	if (vma->vm_start > start)
		move_start(vma, start);
	if (vma->vm_end < end)
		vma->vm_end = end;
}

struct vm_area_struct *vma_merge(struct kernel *k, struct mm_struct *mm, va_t start, va_t end,
                                 const struct vma_traits *t)
{
	struct vm_area_struct *next = find_vma(mm, end), *prev;
	bool after, before;

	if (t->vm_flags & VM_SPECIAL)
		return NULL;
	/* The one that ends where the range starts: below it, or (when the range is
	 * the end of a VMA) the first that reaches into it. */
	prev = find_vma_prev(mm, start);
	after = can_merge_after(prev, start, t);
	before = can_merge_before(next, start, end, t);
	if (after && before && is_mergeable_anon_vma(prev->anon_vma, next->anon_vma)) {
		vma_take_over(k, prev, prev->vm_start, next->vm_end);
		return prev;
	}
	if (after) {
		vma_take_over(k, prev, prev->vm_start, end);
		return prev;
	}
	if (before) {
		vma_take_over(k, next, start, next->vm_end);
		return next;
	}
	return NULL;
}

/* ---- split ---- */

int __split_vma(struct kernel *k, struct vm_area_struct *vma, va_t va, bool new_below)
{
	struct vm_area_struct *new;

	assert(vma->vm_start < va && va < vma->vm_end);
	new = vma_alloc(k, vma);
	if (!new)
		return -ENOMEM;
	if (new->vm_file)
		get_file(new->vm_file);
	if (new_below) {
		new->vm_end = va;
		move_start(vma, va);
	} else {
		move_start(new, va);
		vma->vm_end = va;
	}
	vma_link(vma->vm_mm, new);
	return 0;
}

int split_vma(struct kernel *k, struct vm_area_struct *vma, va_t va, bool new_below)
{
	if (vma->vm_mm->map_count >= MAX_MAP_COUNT)
		return -ENOMEM;
	return __split_vma(k, vma, va, new_below);
}

int vma_change_flags(struct kernel *k, struct vm_area_struct **vmap, va_t start, va_t end,
                     uint64_t vm_flags)
{
	struct vm_area_struct *vma = *vmap, *merged;
	const struct vma_traits traits = { vm_flags, vma->anon_vma, vma->vm_file,
		                           linear_page_index(vma, start), vma->vm_policy };
	int err = 0;

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
	vma->vm_flags = vm_flags;
	vma_set_page_prot(k, vma);
	return 0;
}

bool vma_wants_writenotify(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED) && vma->vm_file &&
	       !vma->vm_file->f_mapping->shmem;
}

void vma_set_page_prot(const struct kernel *k, struct vm_area_struct *vma)
{
	uint64_t vm_flags = vma->vm_flags;

	if (vma_wants_writenotify(vma))
		vm_flags &= ~(uint64_t)VM_SHARED;
	vma->vm_page_prot = vm_get_page_prot(k, vm_flags).val;
}

/* ---- limits and accounts ---- */

static bool is_exec_mapping(uint64_t vm_flags)
{
	return (vm_flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) == VM_EXEC;
}

bool is_data_mapping(uint64_t vm_flags)
{
	return (vm_flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE;
}

bool may_expand_vm(const struct mm_struct *mm, uint64_t vm_flags, uint64_t nr_pages)
{
	if (mm->total_vm + nr_pages > mm->as_limit >> PAGE_SHIFT)
		return false;
	return !is_data_mapping(vm_flags) || mm->data_vm + nr_pages <= mm->data_limit >> PAGE_SHIFT;
}

bool mlock_future_ok(const struct mm_struct *mm, uint64_t vm_flags, uint64_t len)
{
	return !(vm_flags & VM_LOCKED) ||
	       (len >> PAGE_SHIFT) + mm->locked_vm <= mm->memlock_limit >> PAGE_SHIFT;
}

bool can_do_mlock(const struct mm_struct *mm)
{
	return mm->memlock_limit != 0;
}

void vm_stat_account(struct mm_struct *mm, uint64_t vm_flags, const struct file *file,
                     int64_t nr_pages)
{
	uint64_t pages = (uint64_t)nr_pages;

	mm->total_vm += pages;
	if (file)
		mm->shared_vm += pages;
	if (is_exec_mapping(vm_flags))
		mm->exec_vm += pages;
	else if (vm_flags & VM_GROWSDOWN)
		mm->stack_vm += pages;
	else if (is_data_mapping(vm_flags))
		mm->data_vm += pages;
}

bool accountable_mapping(const struct file *file, uint64_t vm_flags)
{
	return (vm_flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

uint64_t vm_commit_limit(const struct kernel *k)
{
	uint64_t pages = k->config.overcommit_kbytes / (PAGE_SIZE / KIB);

	if (!pages)
		pages = k->totalram_pages * k->config.overcommit_ratio / 100;
	return pages + k->swap.total_swap_pages;
}

/* What mode 2 allows the mm (NULL: a file, whoever writes it): not the last of it, so that root can
 * act and the user can log in. */
static uint64_t commit_allowed(const struct kernel *k, const struct mm_struct *mm)
{
	uint64_t reserve = k->config.user_reserve_kbytes / (PAGE_SIZE / KIB);
	uint64_t kept = k->config.admin_reserve_kbytes / (PAGE_SIZE / KIB);
	uint64_t limit = vm_commit_limit(k);

	if (mm)
		kept += mm->total_vm / 32 < reserve ? mm->total_vm / 32 : reserve;
	return limit > kept ? limit - kept : 0;
}

/* Linux 6.1: __vm_enough_memory(), mm/util.c. */
int vm_enough_memory(struct kernel *k, const struct mm_struct *mm, uint64_t nr_pages)
{
	uint64_t committed = k->total_vm_committed + nr_pages;
	bool enough = true;

	if (k->config.overcommit_memory == OVERCOMMIT_GUESS)
		enough = nr_pages <= k->totalram_pages + k->swap.total_swap_pages;
	else if (k->config.overcommit_memory == OVERCOMMIT_NEVER)
		enough = committed < commit_allowed(k, mm);
	if (!enough)
		return -ENOMEM;
	k->total_vm_committed = committed;
	return 0;
}

void vm_unacct_memory(struct kernel *k, uint64_t nr_pages)
{
	assert(k->total_vm_committed >= nr_pages);
	k->total_vm_committed -= nr_pages;
}
