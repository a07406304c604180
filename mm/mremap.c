/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mremap - growing, shrinking and moving a mapping: its page table entries move, no
 * page is copied (Linux 4.4, mm/mremap.c; what is checked, and that it is checked
 * before anything is unmapped: 6.18).
 *
 * Simplified: a range over several VMAs is -EFAULT, as before 6.17.
 */
#include "mm/vma.h"

#include "mm/rmap.h"

#include <assert.h>
#include <errno.h>

struct remap {
	struct kernel *k;
	struct mm_struct *mm;
	va_t old;
	uint64_t old_len, new_len; /* whole pages */
	uint32_t flags;
};

/* ---- moving entries ---- */

/* Up to the first page for whose table there is no memory. Where it stopped. */
static va_t move_entries(struct remap *r, va_t old, va_t new, uint64_t len, struct tlb_gather *tlb)
{
	struct pte_walk w = pte_walk_range(r->k, r->mm, old, old + len);

	while (pte_walk_next(&w)) {
		pte_t pte = pte_walk_get(&w);
		pte_slot_t *to;

		if (pte_none(pte))
			continue;
		to = pte_alloc(r->k, r->mm, new + (w.va - old));
		if (!to)
			return w.va;
		/* Making a table may have swapped the page out. */
		pte = pte_get_and_clear(r->k, w.ptep);
		assert(pte_none(pte_get(r->k, to)));
		set_pte(r->k, to, pte);
		if (pte_accessible(pte))
			tlb_gather_page(tlb, w.va);
	}
	return old + len;
}

/* move_page_tables(): all of them, or none. */
static bool move_page_tables(struct remap *r, va_t new, uint64_t len)
{
	struct tlb_gather tlb = TLB_GATHER_INIT(FLUSH_MREMAP), back = tlb;
	va_t stopped = move_entries(r, r->old, new, len, &tlb);
	bool done = stopped == r->old + len;

	tlb_gather_flush(r->k, r->mm, &tlb);
	if (!done) {
		move_entries(r, new, r->old, stopped - r->old, &back);
		tlb_gather_flush(r->k, r->mm, &back);
	}
	return done;
}

/* ---- moving a VMA ---- */

/* A VMA at the new place for what lies at the old one, in the same anon_vma: a page
 * keeps its index, and rmap finds it at either place. copy_vma() */
static struct vm_area_struct *copy_vma(struct remap *r, const struct vm_area_struct *vma, va_t new)
{
	struct vma_traits traits = { vma->vm_flags, vma->anon_vma, vma->vm_file,
		                     linear_page_index(vma, r->old), vma->vm_policy };
	struct vm_area_struct *copy;

	/* Without pages yet, anonymous memory is numbered by where it lies. */
	if (vma_is_anonymous(vma) && !vma->anon_vma)
		traits.pgoff = new >> PAGE_SHIFT;
	copy = vma->vm_special ? NULL : vma_merge(r->k, r->mm, new, new + r->new_len, &traits);
	if (copy)
		return copy;
	copy = vma_alloc(r->k, vma);
	if (!copy)
		return NULL;
	copy->vm_start = new;
	copy->vm_end = new + r->new_len;
	copy->vm_pgoff = traits.pgoff;
	if (copy->vm_file)
		get_file(copy->vm_file);
	vma_link(r->mm, copy);
	return copy;
}

static void account_range(struct remap *r, const struct vm_area_struct *vma, uint64_t len)
{
	vm_stat_account(r->mm, vma->vm_flags, vma->vm_file, (int64_t)(len >> PAGE_SHIFT));
	if (vma->vm_flags & VM_LOCKED)
		r->mm->locked_vm += len >> PAGE_SHIFT;
}

/* The old range loses its mapping, or with MREMAP_DONTUNMAP only its pages. */
static void leave_old_range(struct remap *r)
{
	struct vm_area_struct *vma;

	if (!(r->flags & MREMAP_DONTUNMAP_)) {
		do_munmap(r->k, r->mm, r->old, r->old_len);
		return;
	}
	vma = vma_lookup(r->mm, r->old);
	if (vma && vma->vm_flags & VM_LOCKED)
		do_mlock(r->k, r->mm, r->old, r->old_len, false);
}

static int64_t move_vma(struct remap *r, struct vm_area_struct *vma, va_t new)
{
	uint64_t hiwater_vm = r->mm->hiwater_vm, nr_pages = r->new_len >> PAGE_SHIFT;
	uint64_t moved = r->old_len < r->new_len ? r->old_len : r->new_len;
	bool accounted = vma->vm_flags & VM_ACCOUNT;
	struct vm_area_struct *copy;

	/* It takes at most three VMAs more. */
	if (r->mm->map_count >= MAX_MAP_COUNT - 3)
		return -ENOMEM;
	if (accounted && vm_enough_memory(r->k, r->mm, nr_pages))
		return -ENOMEM;
	copy = copy_vma(r, vma, new);
	if (!copy) {
		if (accounted)
			vm_unacct_memory(r->k, nr_pages);
		return -ENOMEM;
	}
	account_range(r, copy, r->new_len);
	if (!move_page_tables(r, new, moved)) {
		do_munmap(r->k, r->mm, new, r->new_len);
		return -ENOMEM;
	}
	leave_old_range(r);
	/* For a moment the range was there twice; that was no peak. */
	if (!(r->flags & MREMAP_DONTUNMAP_))
		r->mm->hiwater_vm = hiwater_vm > r->mm->total_vm ? hiwater_vm : r->mm->total_vm;
	if (r->new_len > r->old_len && vma_lookup(r->mm, new)->vm_flags & VM_LOCKED)
		mm_populate(r->k, r->mm, new + r->old_len, new + r->new_len);
	return (int64_t) new;
}

/* ---- checks ---- */

static bool moves_at_once(const struct remap *r)
{
	return r->flags & (MREMAP_FIXED_ | MREMAP_DONTUNMAP_);
}

/* check_mremap_params() */
static int check_params(const struct remap *r, va_t new)
{
	va_t task_size = r->mm->task_size;

	if (r->flags & ~(MREMAP_MAYMOVE_ | MREMAP_FIXED_ | MREMAP_DONTUNMAP_) ||
	    r->old & ~PAGE_MASK || !r->new_len || r->new_len > task_size)
		return -EINVAL;
	if (!moves_at_once(r))
		return 0;
	if (new > task_size - r->new_len || new & ~PAGE_MASK || !(r->flags & MREMAP_MAYMOVE_))
		return -EINVAL;
	if (r->flags & MREMAP_DONTUNMAP_ && r->old_len != r->new_len)
		return -EINVAL;
	if (r->old + r->old_len > new &&new + r->new_len > r->old)
		return -EINVAL;
	/* The two munmaps may split, and move_vma() takes more. */
	return r->mm->map_count + 2 >= MAX_MAP_COUNT - 3 ? -ENOMEM : 0;
}

/* check_prep_vma(): 0 if the range can have its new length, or place. */
static int check_vma(const struct remap *r, const struct vm_area_struct *vma)
{
	uint64_t more = r->new_len > r->old_len ? r->new_len - r->old_len : 0;
	uint64_t moved = r->old_len < r->new_len ? r->old_len : r->new_len;
	pgoff_t pgoff = linear_page_index(vma, r->old);

	/* Nothing of a private mapping can be had twice. */
	if (!r->old_len && !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL;
	if (r->flags & MREMAP_DONTUNMAP_ && vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP))
		return -EINVAL;
	if (moved > vma->vm_end - r->old)
		return -EFAULT;
	if (r->new_len == r->old_len)
		return 0;
	if (pgoff + (r->new_len >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	if (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP) || vma->vm_special)
		return -EFAULT;
	if (!mlock_future_ok(r->mm, vma->vm_flags, more))
		return -EAGAIN;
	return may_expand_vm(r->mm, vma->vm_flags, more >> PAGE_SHIFT) ? 0 : -ENOMEM;
}

/* mremap_to(): to a place that the caller names, or (MREMAP_DONTUNMAP) to any. */
static int64_t remap_to(struct remap *r, va_t new)
{
	struct vm_area_struct *vma;
	int64_t va;
	int err = 0;

	if (r->flags & MREMAP_FIXED_)
		err = do_munmap(r->k, r->mm, new, r->new_len);
	if (!err && r->old_len > r->new_len) {
		err = do_munmap(r->k, r->mm, r->old + r->new_len, r->old_len - r->new_len);
		r->old_len = r->new_len;
	}
	if (err)
		return err;
	/* It may have been cut, or be gone: a range of no length overlaps nothing. */
	vma = vma_lookup(r->mm, r->old);
	if (!vma)
		return -EFAULT;
	if (r->flags & MREMAP_DONTUNMAP_ &&
	    !may_expand_vm(r->mm, vma->vm_flags, r->old_len >> PAGE_SHIFT))
		return -ENOMEM;
	va = get_unmapped_area(r->mm, new, r->new_len, r->flags & MREMAP_FIXED_ ? MAP_FIXED_ : 0);
	return va < 0 ? va : move_vma(r, vma, (va_t)va);
}

/* ---- growing in place ---- */

static bool vma_expandable(struct remap *r, const struct vm_area_struct *vma)
{
	uint64_t delta = r->new_len - r->old_len;
	va_t end = vma->vm_end + delta;
	const struct vm_area_struct *next = vma_next(r->mm, vma);

	if (r->old + r->old_len != vma->vm_end || end < vma->vm_end || vma->vm_special)
		return false;
	if (next && next->vm_start < end)
		return false;
	return get_unmapped_area(r->mm, vma->vm_start, end - vma->vm_start, MAP_FIXED_) >= 0;
}

static int64_t expand_in_place(struct remap *r, struct vm_area_struct *vma)
{
	uint64_t delta = r->new_len - r->old_len;
	va_t end = vma->vm_end;
	const struct vma_traits traits = { vma->vm_flags, vma->anon_vma, vma->vm_file,
		                           linear_page_index(vma, end), vma->vm_policy };

	if (vma->vm_flags & VM_ACCOUNT && vm_enough_memory(r->k, r->mm, delta >> PAGE_SHIFT))
		return -ENOMEM;
	if (!vma_merge(r->k, r->mm, end, end + delta, &traits))
		vma->vm_end = end + delta;
	vma = vma_lookup(r->mm, r->old);
	account_range(r, vma, delta);
	if (vma->vm_flags & VM_LOCKED)
		mm_populate(r->k, r->mm, end, end + delta);
	return (int64_t)r->old;
}

/* mremap_at() for a range that grows. */
static int64_t expand(struct remap *r, struct vm_area_struct *vma)
{
	int64_t va;

	if (vma_expandable(r, vma))
		return expand_in_place(r, vma);
	if (!(r->flags & MREMAP_MAYMOVE_))
		return -ENOMEM;
	va = get_unmapped_area(r->mm, 0, r->new_len, 0);
	return va < 0 ? va : move_vma(r, vma, (va_t)va);
}

int64_t do_mremap(struct kernel *k, struct mm_struct *mm, va_t old, uint64_t old_len,
                  uint64_t new_len, uint32_t flags, va_t new_address)
{
	struct remap r = { k, mm, old, page_align(old_len), page_align(new_len), flags };
	int err = check_params(&r, new_address);
	struct vm_area_struct *vma;

	if (err)
		return err;
	vma = vma_lookup(mm, old);
	if (!vma)
		return -EFAULT;
	if (moves_at_once(&r) || r.new_len > r.old_len)
		err = check_vma(&r, vma);
	if (err)
		return err;
	if (moves_at_once(&r))
		return remap_to(&r, new_address);
	if (r.new_len > r.old_len)
		return expand(&r, vma);
	if (r.new_len < r.old_len)
		err = do_munmap(k, mm, old + r.new_len, r.old_len - r.new_len);
	return err ? err : (int64_t)old;
}
