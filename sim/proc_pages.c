// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc's files with a word for each page: kpagecount, kpageflags, PID/pagemap
 * (Linux 6.1, fs/proc/page.c, task_mmu.c; Documentation/admin-guide/mm/pagemap.rst). */
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/task_mmu.h"
#include "sim/machine.h"
#include "sim/proc_files.h"

/* The order of Linux 6.1, include/uapi/linux/kernel-page-flags.h. */
enum {
	KPF_LOCKED = 0,
	KPF_REFERENCED = 2,
	KPF_UPTODATE = 3,
	KPF_DIRTY = 4,
	KPF_LRU = 5,
	KPF_ACTIVE = 6,
	KPF_SLAB = 7,
	KPF_WRITEBACK = 8,
	KPF_RECLAIM = 9,
	KPF_BUDDY = 10,
	KPF_MMAP = 11,
	KPF_ANON = 12,
	KPF_SWAPCACHE = 13,
	KPF_SWAPBACKED = 14,
	KPF_COMPOUND_HEAD = 15,
	KPF_COMPOUND_TAIL = 16,
	KPF_UNEVICTABLE = 18,
	KPF_ZERO_PAGE = 24,
	KPF_PGTABLE = 26,
	KPF_RESERVED = 32,
	KPF_MLOCKED = 33,
};

static uint64_t stable_page_flags(const struct kernel *k, const struct page *page)
{
	static const struct {
		uint8_t flag, shown;
	} flags[] = {
		{ PG_locked, KPF_LOCKED },
		{ PG_referenced, KPF_REFERENCED },
		{ PG_uptodate, KPF_UPTODATE },
		{ PG_dirty, KPF_DIRTY },
		{ PG_lru, KPF_LRU },
		{ PG_active, KPF_ACTIVE },
		{ PG_slab, KPF_SLAB },
		{ PG_writeback, KPF_WRITEBACK },
		{ PG_reclaim, KPF_RECLAIM },
		{ PG_buddy, KPF_BUDDY },
		{ PG_swapcache, KPF_SWAPCACHE },
		{ PG_swapbacked, KPF_SWAPBACKED },
		{ PG_head, KPF_COMPOUND_HEAD },
		{ PG_tail, KPF_COMPOUND_TAIL },
		{ PG_unevictable, KPF_UNEVICTABLE },
		{ PG_table, KPF_PGTABLE },
		{ PG_reserved, KPF_RESERVED },
		{ PG_mlocked, KPF_MLOCKED },
	};
	uint64_t word = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		word |= (page->flags >> flags[i].flag & 1) << flags[i].shown;
	if (!PageSlab(page) && page_mapped(page))
		word |= (uint64_t)1 << KPF_MMAP;
	if (!PageSlab(page) && PageAnon(page))
		word |= (uint64_t)1 << KPF_ANON;
	if (page == k->zero_page)
		word |= (uint64_t)1 << KPF_ZERO_PAGE;
	return word;
}

bool kpageflags_word(const struct proc_about *about, uint64_t index, uint64_t *word)
{
	const struct kernel *k = &about->machine->kernel;

	if (!pfn_valid(k, index))
		return false;
	*word = stable_page_flags(k, pfn_to_page(k, index));
	return true;
}

bool kpagecount_word(const struct proc_about *about, uint64_t index, uint64_t *word)
{
	const struct kernel *k = &about->machine->kernel;

	if (!pfn_valid(k, index))
		return false;
	*word = (uint64_t)pfn_to_page(k, index)->_mapcount;
	return true;
}

/* Frame numbers are for root's eyes alone. */
bool pagemap_word(const struct proc_about *about, uint64_t index, uint64_t *word)
{
	struct mm_struct *mm = about->task->mm;

	if (!mm || index >= mm->task_size >> PAGE_SHIFT)
		return false;
	*word = pagemap_entry(&about->machine->kernel, mm, index << PAGE_SHIFT,
	                      vfs_is_superuser(about->machine->vfs));
	return true;
}
