/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap - address spaces made and ended; mmap, munmap, brk, stack growth
 * (Linux 4.4, mm/mmap.c; limits, errors and the choice of addresses as in 6.1,
 * there and in arch/x86/kernel/sys_x86_64.c).
 */
#include "mm/vma.h"

#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/tlbflush.h"

#include <assert.h>
#include <errno.h>

#define MAP_TYPE 0x0fu
#define MAP_NONBLOCK 0x10000u
#define MAP_HUGETLB 0x40000u
/* What a file is asked for by MAP_SHARED_VALIDATE and need not know
 * (Linux 6.1, include/linux/mman.h, LEGACY_MAP_MASK). */
#define LEGACY_MAP_MASK                                                                            \
	(MAP_SHARED_ | MAP_PRIVATE_ | MAP_FIXED_ | MAP_ANONYMOUS_ | MAP_32BIT_ | 0x80u |           \
	 MAP_GROWSDOWN_ | 0x800u | 0x1000u | MAP_LOCKED_ | MAP_NORESERVE_ | MAP_POPULATE_ |        \
	 MAP_NONBLOCK | MAP_STACK_ | MAP_HUGETLB | 0x4000000u)

/* Data that no flag says more of (VM_DATA_DEFAULT_FLAGS without READ_IMPLIES_EXEC). */
#define VM_DATA_FLAGS (VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)

/* ---- life of an mm ---- */

int mmap_init(struct kernel *k)
{
	/* An entry has to be able to name every frame. */
	if (!pgtable_is_wide(k) && k->max_pfn > 4 * GIB >> PAGE_SHIFT)
		return -EINVAL;
	k->mm_cachep = kmem_cache_create(k, "mm_struct", sizeof(struct mm_struct), 0,
	                                 SLAB_HWCACHE_ALIGN, NULL);
	k->vm_area_cachep =
	    kmem_cache_create(k, "vm_area_struct", sizeof(struct vm_area_struct), 0, 0, NULL);
	k->anon_vma_cachep = kmem_cache_create(k, "anon_vma", sizeof(struct anon_vma), 0, 0, NULL);
	return k->mm_cachep && k->vm_area_cachep && k->anon_vma_cachep ? 0 : -ENOMEM;
}

/* Where user addresses end: 3 GB of 4, or a page below half of the canonical ones, as
 * x86-64 keeps the last page free (arch/x86/include/asm/processor.h, TASK_SIZE_MAX). */
static va_t default_task_size(const struct kernel *k)
{
	if (k->config.paging->va_bits == 32)
		return 0xc0000000;
	return ((va_t)1 << (k->config.paging->va_bits - 1)) - PAGE_SIZE;
}

struct mm_struct *mm_alloc(struct kernel *k)
{
	struct mm_struct *mm = kmem_cache_zalloc(k, k->mm_cachep, GFP_KERNEL);

	if (!mm)
		return NULL;
	if (pgd_alloc(k, mm)) {
		kmem_cache_free(k, k->mm_cachep, mm);
		return NULL;
	}
	INIT_LIST_HEAD(&mm->mmap);
	RB_INIT(&mm->mm_rb);
	list_add_tail(&mm->mmlist, &k->mmlist);
	mm->mm_users = mm->mm_count = 1;
	init_new_context(k, mm);
	mm->task_size = default_task_size(k);
	mm->mmap_base = mm->task_size - 128 * MIB;
	mm->stack_limit = 8 * MIB;
	mm->data_limit = mm->as_limit = UINT64_MAX;
	mm->memlock_limit = 8 * MIB; /* Linux 5.16, include/uapi/linux/resource.h, MLOCK_LIMIT */
	return mm;
}

/* Takes the VMA's share of the accounts back, and the VMA itself. */
static void remove_vma(struct kernel *k, struct mm_struct *mm, struct vm_area_struct *vma)
{
	uint64_t nr_pages = vma_pages(vma);

	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm -= nr_pages;
	if (vma->vm_flags & VM_ACCOUNT)
		vm_unacct_memory(k, nr_pages);
	vm_stat_account(mm, vma->vm_flags, vma->vm_file, -(int64_t)nr_pages);
	vma_remove(k, mm, vma);
}

static void exit_mmap(struct kernel *k, struct mm_struct *mm)
{
	struct tlb_gather tlb = TLB_GATHER_INIT(FLUSH_EXIT);
	struct vm_area_struct *vma, *tmp;
	va_t top = pgd_user_end(k);
	bool freed;

	for_each_vma (mm, vma)
		unmap_page_range(k, vma, vma->vm_start, vma->vm_end, &tlb);
	freed = free_pgtables(k, mm, 0, top, 0, top);
	if (tlb.end || freed)
		flush_tlb_mm(k, mm, FLUSH_EXIT);
	list_for_each_entry_safe (vma, tmp, &mm->mmap, vm_list)
		remove_vma(k, mm, vma);
}

void mmput(struct kernel *k, struct mm_struct *mm)
{
	assert(mm->mm_users > 0);
	if (--mm->mm_users)
		return;
	exit_mmap(k, mm);
	for (int kind = 0; kind < NR_MM_COUNTERS; kind++)
		assert(!mm->rss_stat[kind]);
	mmdrop(k, mm);
}

void mmdrop(struct kernel *k, struct mm_struct *mm)
{
	assert(mm->mm_count > 0);
	if (--mm->mm_count)
		return;
	pgd_free(k, mm);
	list_del(&mm->mmlist);
	kmem_cache_free(k, k->mm_cachep, mm);
}

int insert_vma(struct kernel *k, struct mm_struct *mm, va_t start, va_t end, uint64_t vm_flags,
               const struct vm_special_mapping *special)
{
	struct vm_area_struct *vma;
	int err = 0;

	if (start >= end || end > mm->task_size)
		return -EINVAL;
	if (find_vma_intersection(mm, start, end))
		return -ENOMEM;
	vma = vma_alloc(k, NULL);
	if (!vma)
		return -ENOMEM;
	if (vm_flags & VM_ACCOUNT)
		err = vm_enough_memory(k, mm, (end - start) >> PAGE_SHIFT);
	if (err) {
		kmem_cache_free(k, k->vm_area_cachep, vma);
		return err;
	}
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_flags = vm_flags;
	vma->vm_special = special;
	vma->vm_pgoff = special ? 0 : start >> PAGE_SHIFT;
	vma_set_page_prot(k, vma);
	vma_link(mm, vma);
	vm_stat_account(mm, vm_flags, NULL, (int64_t)vma_pages(vma));
	if (vm_flags & VM_LOCKED)
		mm->locked_vm += vma_pages(vma);
	return 0;
}

/* ---- choosing an address ---- */

/* The highest gap of len bytes in [low, high), or -ENOMEM. */
static int64_t unmapped_area_topdown(struct mm_struct *mm, uint64_t len, va_t low, va_t high)
{
	struct vm_area_struct *above = find_vma(mm, high);
	struct vm_area_struct *vma;
	va_t gap_end = high;

	if (above && vm_start_gap(above) < gap_end)
		gap_end = vm_start_gap(above);
	for (vma = find_vma_prev(mm, high);; vma = vma_prev(mm, vma)) {
		va_t gap_start = vma && vma->vm_end > low ? vma->vm_end : low;

		if (gap_end > gap_start && gap_end - gap_start >= len)
			return (int64_t)(gap_end - len);
		if (!vma)
			return -ENOMEM;
		if (vm_start_gap(vma) < gap_end)
			gap_end = vm_start_gap(vma);
	}
}

/* The lowest one. */
static int64_t unmapped_area(struct mm_struct *mm, uint64_t len, va_t low, va_t high)
{
	struct vm_area_struct *vma = find_vma(mm, low);
	va_t gap_start = low;

	for (; vma && vma->vm_start < high; vma = vma_next(mm, vma)) {
		if (vm_start_gap(vma) > gap_start && vm_start_gap(vma) - gap_start >= len)
			break;
		gap_start = vma->vm_end;
	}
	if (gap_start >= high || high - gap_start < len)
		return -ENOMEM;
	return (int64_t)gap_start;
}

static bool range_is_free(struct mm_struct *mm, va_t start, uint64_t len)
{
	const struct vm_area_struct *vma = find_vma(mm, start);

	return !vma || start + len <= vm_start_gap(vma);
}

/* arch_get_unmapped_area() */
static int64_t find_bottomup(struct mm_struct *mm, va_t hint, uint64_t len, uint32_t flags)
{
	bool low = flags & MAP_32BIT_;
	va_t begin = low ? 0x40000000 : page_align(mm->task_size / 3);
	va_t end = low ? 0x80000000 : mm->task_size;

	if (hint && end >= len && end - len >= hint && range_is_free(mm, hint, len))
		return (int64_t)hint;
	return unmapped_area(mm, len, begin, end);
}

/* arch_get_unmapped_area_topdown(). Simplified: kernels with huge pages align
 * anonymous mappings of whole 2 MB to 2 MB since 6.7; there are none here. */
static int64_t find_topdown(struct mm_struct *mm, va_t hint, uint64_t len, uint32_t flags)
{
	int64_t va;

	if (flags & MAP_FIXED_)
		return (int64_t)hint;
	if (flags & MAP_32BIT_ && mm->task_size > 4 * GIB)
		return find_bottomup(mm, hint, len, flags);
	if (hint && mm->task_size - len >= hint && range_is_free(mm, hint, len))
		return (int64_t)hint;
	va = unmapped_area_topdown(mm, len, MMAP_MIN_ADDR, mm->mmap_base);
	return va >= 0 ? va : find_bottomup(mm, 0, len, 0);
}

int64_t get_unmapped_area(struct mm_struct *mm, va_t hint, uint64_t len, uint32_t flags)
{
	int64_t va;

	if (len > mm->task_size)
		return -ENOMEM;
	if (flags & MAP_FIXED_ && hint > mm->task_size - len)
		return -ENOMEM;
	va = find_topdown(mm, hint, len, flags);
	if (va < 0)
		return va;
	if ((va_t)va & ~PAGE_MASK)
		return -EINVAL;
	if ((va_t)va < MMAP_MIN_ADDR)
		return -EPERM;
	return va;
}

static va_t round_hint_to_min(va_t hint)
{
	hint &= PAGE_MASK;
	return hint && hint < MMAP_MIN_ADDR ? MMAP_MIN_ADDR : hint;
}

/* ---- mmap ---- */

/* What a file's mapping may do, by how it was opened. 0 or -errno. */
static int file_vm_flags(const struct file *file, uint64_t len, uint32_t prot, uint32_t flags,
                         pgoff_t pgoff, uint64_t *vm_flags)
{
	const uint64_t max = INT64_MAX; /* bytes in a file */
	uint32_t type = flags & MAP_TYPE;

	if (len > max || pgoff > (max - len) >> PAGE_SHIFT)
		return -EOVERFLOW;
	if (type == MAP_SHARED_VALIDATE_ && flags & ~(LEGACY_MAP_MASK | MAP_TYPE))
		return -EOPNOTSUPP;
	if (type == MAP_SHARED_ || type == MAP_SHARED_VALIDATE_) {
		if (prot & PROT_WRITE_ && !(file->f_mode & FMODE_WRITE))
			return -EACCES;
		*vm_flags |= VM_SHARED | VM_MAYSHARE;
		/* It can never be written, so it is as good as private. */
		if (!(file->f_mode & FMODE_WRITE))
			*vm_flags &= ~(uint64_t)(VM_MAYWRITE | VM_SHARED);
	} else if (type != MAP_PRIVATE_) {
		return -EINVAL;
	}
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	if (!file->f_mapping)
		return -ENODEV;
	return *vm_flags & VM_GROWSDOWN ? -EINVAL : 0;
}

static int anon_vm_flags(uint32_t flags, uint64_t *vm_flags)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED_:
		if (*vm_flags & VM_GROWSDOWN)
			return -EINVAL;
		*vm_flags |= VM_SHARED | VM_MAYSHARE;
		return 0;
	case MAP_PRIVATE_:
		return 0;
	default:
		return -EINVAL;
	}
}

/* Pages of [start, end) that are mapped already. */
static uint64_t count_vma_pages_range(struct mm_struct *mm, va_t start, va_t end)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, start, end);
	uint64_t nr_pages = 0;

	for (; vma && vma->vm_start < end; vma = vma_next(mm, vma)) {
		va_t first = vma->vm_start > start ? vma->vm_start : start;
		va_t last = vma->vm_end < end ? vma->vm_end : end;

		nr_pages += (last - first) >> PAGE_SHIFT;
	}
	return nr_pages;
}

/* A new VMA where there is room for it. Takes over the caller's reference to the
 * file, for better or worse. */
static int make_vma(struct kernel *k, struct mm_struct *mm, va_t start, va_t end,
                    const struct vma_traits *traits)
{
	struct vm_area_struct *vma = vma_alloc(k, NULL);

	if (!vma) {
		if (traits->file)
			fput(k, traits->file);
		return -ENOMEM;
	}
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_flags = traits->vm_flags;
	vma->vm_pgoff = traits->pgoff;
	vma->vm_file = traits->file;
	vma_set_page_prot(k, vma);
	vma_link(mm, vma);
	return 0;
}

/* Merges the range into a neighbour or makes a VMA of it. */
static int add_vma(struct kernel *k, struct mm_struct *mm, va_t start, va_t end,
                   struct vma_traits *traits)
{
	bool shared_anon = !traits->file && traits->vm_flags & VM_SHARED;

	if (!shared_anon && vma_merge(k, mm, start, end, traits))
		return 0;
	if (shared_anon) {
		traits->file = shmem_zero_file(k, mm, end - start, traits->vm_flags);
		if (!traits->file)
			return -ENOMEM;
	} else if (traits->file) {
		get_file(traits->file);
	}
	return make_vma(k, mm, start, end, traits);
}

static void raise_mmap(struct kernel *k, va_t start, uint64_t len, uint64_t vm_flags)
{
	event_raise(k->events, &(struct event){ .kind = EVENT_MMAP,
	                                        .va = start,
	                                        .arg = len,
	                                        .code = (uint32_t)(vm_flags & VM_ACCESS_FLAGS) });
}

static void account_new_range(struct mm_struct *mm, uint64_t nr_pages,
                              const struct vma_traits *traits)
{
	vm_stat_account(mm, traits->vm_flags, traits->file, (int64_t)nr_pages);
	if (traits->vm_flags & VM_LOCKED)
		mm->locked_vm += nr_pages;
}

static int mmap_region(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len,
                       struct vma_traits *traits)
{
	uint64_t nr_pages = len >> PAGE_SHIFT, charged = 0;
	int err;

	if (!may_expand_vm(mm, traits->vm_flags, nr_pages) &&
	    !may_expand_vm(mm, traits->vm_flags,
	                   nr_pages - count_vma_pages_range(mm, start, start + len)))
		return -ENOMEM;
	if (find_vma_intersection(mm, start, start + len) && do_munmap(k, mm, start, len))
		return -ENOMEM;
	if (accountable_mapping(traits->file, traits->vm_flags)) {
		if (vm_enough_memory(k, mm, nr_pages))
			return -ENOMEM;
		charged = nr_pages;
		traits->vm_flags |= VM_ACCOUNT;
	}
	err = add_vma(k, mm, start, start + len, traits);
	if (err) {
		vm_unacct_memory(k, charged);
		return err;
	}
	account_new_range(mm, nr_pages, traits);
	raise_mmap(k, start, len, traits->vm_flags);
	return 0;
}

static uint64_t calc_vm_flag_bits(uint32_t flags)
{
	return (flags & MAP_GROWSDOWN_ ? VM_GROWSDOWN : 0) | (flags & MAP_LOCKED_ ? VM_LOCKED : 0);
}

/* do_mmap()'s checks that come before an address is looked for. *len is aligned. */
static int check_mmap_range(const struct mm_struct *mm, uint64_t *len, uint32_t flags,
                            pgoff_t pgoff)
{
	if (!*len)
		return -EINVAL;
	*len = page_align(*len);
	if (!*len)
		return -ENOMEM;
	if (pgoff + (*len >> PAGE_SHIFT) < pgoff)
		return -EOVERFLOW;
	if (mm->map_count > MAX_MAP_COUNT)
		return -ENOMEM;
	/* There are no huge pages in reserve. */
	return flags & MAP_HUGETLB && flags & MAP_ANONYMOUS_ ? -ENOMEM : 0;
}

/* What the new VMA may do, and what the caller may ask of it. 0 or -errno. */
static int mmap_vm_flags(const struct mm_struct *mm, const struct file *file, uint64_t len,
                         uint32_t prot, uint32_t flags, pgoff_t pgoff, uint64_t *vm_flags)
{
	int err;

	*vm_flags = calc_vm_prot_bits(prot) | calc_vm_flag_bits(flags) | mm->def_flags |
	            VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	if (flags & MAP_LOCKED_ && !can_do_mlock(mm))
		return -EPERM;
	if (!mlock_future_ok(mm, *vm_flags, len))
		return -EAGAIN;
	if (file)
		err = file_vm_flags(file, len, prot, flags, pgoff, vm_flags);
	else
		err = anon_vm_flags(flags, vm_flags);
	if (flags & MAP_NORESERVE_)
		*vm_flags |= VM_NORESERVE;
	return err;
}

/* How the pages are numbered: as the file's; shared anonymous memory from 0 on,
 * private by its addresses, so that neighbours can merge. */
static pgoff_t first_index(const struct vma_traits *traits, va_t va, pgoff_t pgoff)
{
	if (traits->file)
		return pgoff;
	return traits->vm_flags & VM_SHARED ? 0 : va >> PAGE_SHIFT;
}

int64_t do_mmap(struct kernel *k, struct mm_struct *mm, struct file *file, va_t hint, uint64_t len,
                uint32_t prot, uint32_t flags, pgoff_t pgoff)
{
	struct vma_traits traits = { .file = file };
	int64_t found;
	va_t va;
	int err;

	if (flags & MAP_FIXED_NOREPLACE_)
		flags |= MAP_FIXED_;
	if (!(flags & MAP_FIXED_))
		hint = round_hint_to_min(hint);
	err = check_mmap_range(mm, &len, flags, pgoff);
	if (err)
		return err;
	found = get_unmapped_area(mm, hint, len, flags);
	if (found < 0)
		return found;
	va = (va_t)found;
	if (flags & MAP_FIXED_NOREPLACE_ && find_vma_intersection(mm, va, va + len))
		return -EEXIST;
	if (k->config.overcommit_memory == OVERCOMMIT_NEVER)
		flags &= ~MAP_NORESERVE_;
	err = mmap_vm_flags(mm, file, len, prot, flags, pgoff, &traits.vm_flags);
	if (err)
		return err;
	traits.pgoff = first_index(&traits, va, pgoff);
	err = mmap_region(k, mm, va, len, &traits);
	if (err)
		return err;
	if (traits.vm_flags & VM_LOCKED ||
	    (flags & (MAP_POPULATE_ | MAP_NONBLOCK)) == MAP_POPULATE_)
		mm_populate(k, mm, va, va + len);
	return found;
}

/* ---- munmap ---- */

/* Cuts VMAs at both ends of the range. */
static int split_at_ends(struct kernel *k, struct mm_struct *mm, va_t start, va_t end)
{
	struct vm_area_struct *vma = find_vma(mm, start), *last;
	int err;

	if (start > vma->vm_start) {
		/* A hole in the middle makes one VMA more. */
		if (end < vma->vm_end && mm->map_count >= MAX_MAP_COUNT)
			return -ENOMEM;
		err = __split_vma(k, vma, start, false);
		if (err)
			return err;
	}
	last = find_vma(mm, end);
	return last && end > last->vm_start ? __split_vma(k, last, end, true) : 0;
}

/* Takes the pages, tables and VMAs of [start, end), whose ends are VMA borders. */
static void unmap_region(struct kernel *k, struct mm_struct *mm, va_t start, va_t end)
{
	struct tlb_gather tlb = TLB_GATHER_INIT(FLUSH_MUNMAP);
	struct vm_area_struct *vma = find_vma(mm, start), *next;
	struct vm_area_struct *prev = find_vma_prev(mm, start);
	va_t floor = prev ? prev->vm_end : 0, ceiling;

	update_hiwater_rss(mm);
	update_hiwater_vm(mm);
	for (; vma && vma->vm_start < end; vma = next) {
		next = vma_next(mm, vma);
		unmap_page_range(k, vma, vma->vm_start, vma->vm_end, &tlb);
		remove_vma(k, mm, vma);
	}
	ceiling = vma ? vma->vm_start : pgd_user_end(k);
	/* The walk caches may have a table that goes, though no entry of it was present. */
	tlb.freed_tables = free_pgtables(k, mm, start, end, floor, ceiling);
	if (tlb.freed_tables && !tlb.end)
		tlb_gather_page(&tlb, start);
	tlb_gather_flush(k, mm, &tlb);
}

int do_munmap(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len)
{
	va_t end;
	int err;

	if (start & ~PAGE_MASK || start > mm->task_size || len > mm->task_size - start)
		return -EINVAL;
	end = start + page_align(len);
	if (end == start)
		return -EINVAL;
	if (!find_vma_intersection(mm, start, end))
		return 0;
	err = split_at_ends(k, mm, start, end);
	if (err)
		return err;
	unmap_region(k, mm, start, end);
	event_raise(k->events,
	            &(struct event){ .kind = EVENT_MUNMAP, .va = start, .arg = end - start });
	return 0;
}

/* ---- brk ---- */

/* do_brk_flags(): anonymous memory in a range that is free, as part of a neighbour if
 * it may be. */
static int brk_region(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len,
                      bool may_merge)
{
	struct vma_traits traits = { .vm_flags = VM_DATA_FLAGS | VM_ACCOUNT | mm->def_flags,
		                     .pgoff = start >> PAGE_SHIFT };
	uint64_t nr_pages = len >> PAGE_SHIFT;
	int err;

	if (!mlock_future_ok(mm, traits.vm_flags, len))
		return -EAGAIN;
	if (!may_expand_vm(mm, traits.vm_flags, nr_pages) || mm->map_count > MAX_MAP_COUNT)
		return -ENOMEM;
	err = vm_enough_memory(k, mm, nr_pages);
	if (err)
		return err;
	err = may_merge ? add_vma(k, mm, start, start + len, &traits)
	                : make_vma(k, mm, start, start + len, &traits);
	if (err) {
		vm_unacct_memory(k, nr_pages);
		return err;
	}
	account_new_range(mm, nr_pages, &traits);
	raise_mmap(k, start, len, traits.vm_flags);
	return 0;
}

int vm_brk(struct kernel *k, struct mm_struct *mm, va_t start, uint64_t len)
{
	int64_t va;
	int err;

	if (page_align(len) < len)
		return -ENOMEM;
	len = page_align(len);
	if (!len)
		return 0;
	va = get_unmapped_area(mm, start, len, MAP_FIXED_);
	if (va < 0)
		return (int)va;
	if (find_vma_intersection(mm, start, start + len) && do_munmap(k, mm, start, len))
		return -ENOMEM;
	err = brk_region(k, mm, start, len, true);
	if (!err && mm->def_flags & VM_LOCKED)
		mm_populate(k, mm, start, start + len);
	return err;
}

/* The heap and the data of the program together keep RLIMIT_DATA. */
static bool check_data_rlimit(const struct mm_struct *mm, va_t brk)
{
	return mm->data_limit == UINT64_MAX ||
	       brk - mm->start_brk + (mm->end_data - mm->start_data) <= mm->data_limit;
}

static bool grow_brk(struct kernel *k, struct mm_struct *mm, va_t old_end, va_t new_end)
{
	const struct vm_area_struct *next = find_vma(mm, old_end);
	const struct vm_area_struct *prev = find_vma_prev(mm, old_end);
	/* Since Linux 6.1 what lies below the heap is not asked: a program's bss stays
	 * a VMA of its own. */
	bool may_merge = prev && prev->vm_end > mm->start_brk;

	if (next && new_end + PAGE_SIZE > vm_start_gap(next))
		return false;
	if (get_unmapped_area(mm, old_end, new_end - old_end, MAP_FIXED_) < 0)
		return false;
	if (brk_region(k, mm, old_end, new_end - old_end, may_merge))
		return false;
	if (mm->def_flags & VM_LOCKED)
		mm_populate(k, mm, old_end, new_end);
	return true;
}

va_t do_brk(struct kernel *k, struct mm_struct *mm, va_t brk)
{
	va_t old_end = page_align(mm->brk), new_end = page_align(brk);
	bool done = true;

	if (brk < mm->start_brk || new_end < brk || !check_data_rlimit(mm, brk))
		return mm->brk;
	if (new_end < old_end)
		done = !do_munmap(k, mm, new_end, old_end - new_end);
	else if (new_end > old_end)
		done = grow_brk(k, mm, old_end, new_end);
	if (done)
		mm->brk = brk;
	return mm->brk;
}

/* ---- stack growth ---- */

static bool may_grow_stack(const struct vm_area_struct *vma, uint64_t size_bytes, uint64_t nr_pages)
{
	const struct mm_struct *mm = vma->vm_mm;

	return may_expand_vm(mm, vma->vm_flags, nr_pages) && size_bytes <= mm->stack_limit &&
	       mlock_future_ok(mm, vma->vm_flags, nr_pages << PAGE_SHIFT);
}

int expand_stack(struct kernel *k, struct vm_area_struct *vma, va_t va)
{
	struct mm_struct *mm = vma->vm_mm;
	const struct vm_area_struct *prev = vma_prev(mm, vma);
	uint64_t nr_pages;

	va &= PAGE_MASK;
	nr_pages = (vma->vm_start - va) >> PAGE_SHIFT;
	if (va < MMAP_MIN_ADDR)
		return -EPERM;
	if (prev && !(prev->vm_flags & VM_GROWSDOWN) && vma_is_accessible(prev) &&
	    va - prev->vm_end < STACK_GUARD_GAP)
		return -ENOMEM;
	if (nr_pages > vma->vm_pgoff || !may_grow_stack(vma, vma->vm_end - va, nr_pages))
		return -ENOMEM;
	if (anon_vma_prepare(k, vma))
		return -ENOMEM;
	if (vma->vm_flags & VM_ACCOUNT && vm_enough_memory(k, mm, nr_pages))
		return -ENOMEM;
	vma->vm_start = va;
	vma->vm_pgoff -= nr_pages;
	vm_stat_account(mm, vma->vm_flags, vma->vm_file, (int64_t)nr_pages);
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += nr_pages;
	return 0;
}
