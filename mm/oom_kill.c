/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oom_kill - when reclaim finds nothing more: whom to kill, and why (Linux 4.4,
 * mm/oom_kill.c; the reaper is Linux 4.6's).
 */
#include "mm/swap.h"

#include "mm/kernel.h"
#include "mm/mm.h"
#include "mm/page_alloc.h"

#include <assert.h>

#define OOM_SCORE_ADJ_MIN (-1000) /* never killed */
#define MADV_DONTNEED_ 4

static unsigned long long page_kb(uint64_t pages)
{
	return pages * (PAGE_SIZE / KIB);
}

bool oom_badness(const struct kernel *k, const struct mm_struct *mm, int64_t *points)
{
	int64_t total = (int64_t)(k->totalram_pages + k->swap.total_swap_pages);

	if (mm->oom_victim || mm->oom_score_adj == OOM_SCORE_ADJ_MIN)
		return false;
	*points = (int64_t)get_mm_rss(mm) + mm->rss_stat[MM_SWAPENTS] + (int64_t)mm->nr_ptes;
	*points += mm->oom_score_adj * (total / 1000);
	return true;
}

/* Of equals, the oldest. */
static struct mm_struct *select_bad_process(struct kernel *k)
{
	struct mm_struct *mm, *chosen = NULL;
	int64_t most = INT64_MIN, points;

	list_for_each_entry (mm, &k->mmlist, mmlist) {
		if (oom_badness(k, mm, &points) && points > most) {
			most = points;
			chosen = mm;
		}
	}
	return chosen;
}

/* ---- the report ---- */

static void show_zones(struct kernel *k)
{
	for_each_zone (k, zone)
		printk(k, "%s free:%llukB min:%llukB low:%llukB high:%llukB managed:%llukB",
		       zone->name, page_kb(zone->nr_free_pages),
		       page_kb(zone->watermark[WMARK_MIN]), page_kb(zone->watermark[WMARK_LOW]),
		       page_kb(zone->watermark[WMARK_HIGH]), page_kb(zone->managed_pages));
}

static unsigned long long pages_of(const struct kernel *k, enum vm_quantity quantity)
{
	return vmstat_value(k, quantity);
}

static void show_mem(struct kernel *k)
{
	printk(k, "Mem-Info:");
	printk(k, "active_anon:%llu inactive_anon:%llu active_file:%llu inactive_file:%llu",
	       pages_of(k, NR_ACTIVE_ANON), pages_of(k, NR_INACTIVE_ANON),
	       pages_of(k, NR_ACTIVE_FILE), pages_of(k, NR_INACTIVE_FILE));
	printk(k, " unevictable:%llu dirty:%llu slab_reclaimable:%llu slab_unreclaimable:%llu",
	       pages_of(k, NR_UNEVICTABLE), pages_of(k, NR_DIRTY), pages_of(k, NR_SLAB_RECLAIMABLE),
	       pages_of(k, NR_SLAB_UNRECLAIMABLE));
	printk(k, " mapped:%llu shmem:%llu pagetables:%llu free:%llu", pages_of(k, NR_MAPPED),
	       pages_of(k, NR_SHMEM), pages_of(k, NR_PAGE_TABLE_PAGES), pages_of(k, NR_FREE_PAGES));
	show_zones(k);
	printk(k, "Free swap  = %llukB", page_kb(k->swap.nr_swap_pages));
	printk(k, "Total swap = %llukB", page_kb(k->swap.total_swap_pages));
}

static void dump_tasks(struct kernel *k)
{
	const struct mm_struct *mm;

	printk(k, "[  pid  ] total_vm      rss nr_ptes swapents oom_score_adj");
	list_for_each_entry (mm, &k->mmlist, mmlist)
		printk(k, "[%7d] %8llu %8llu %7llu %8lld %13d", mm->owner_pid,
		       (unsigned long long)mm->total_vm, (unsigned long long)get_mm_rss(mm),
		       (unsigned long long)mm->nr_ptes, (long long)mm->rss_stat[MM_SWAPENTS],
		       mm->oom_score_adj);
}

/* The last line is Linux 5.3's, without the name, which only the machine knows. */
static void report(struct kernel *k, gfp_t gfp, unsigned order, const struct mm_struct *victim)
{
	printk(k, "oom-killer invoked: gfp_mask=0x%x, order=%u", gfp, order);
	show_mem(k);
	if (k->config.oom_dump_tasks)
		dump_tasks(k);
	printk(k,
	       "Out of memory: Killed process %d total-vm:%llukB, anon-rss:%llukB, "
	       "file-rss:%llukB, shmem-rss:%llukB, pgtables:%llukB oom_score_adj:%d",
	       victim->owner_pid, page_kb(victim->total_vm),
	       page_kb((uint64_t)victim->rss_stat[MM_ANONPAGES]),
	       page_kb((uint64_t)victim->rss_stat[MM_FILEPAGES]),
	       page_kb((uint64_t)victim->rss_stat[MM_SHMEMPAGES]), page_kb(victim->nr_ptes),
	       victim->oom_score_adj);
}

/* ---- the kill ---- */

/* Takes back at once what nobody will look at again: the victim's private memory.
 * Locked memory stays until it has died. */
static void reap(struct kernel *k, struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	for_each_vma (mm, vma)
		if (!(vma->vm_flags & (VM_SHARED | VM_LOCKED | VM_PFNMAP)))
			do_madvise(k, mm, vma->vm_start, vma->vm_end - vma->vm_start,
			           MADV_DONTNEED_);
}

/* vm.panic_on_oom. Simplified: the machine does not halt, all its tasks end. */
static void panic(struct kernel *k)
{
	struct mm_struct *mm;

	printk(k, "Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled");
	list_for_each_entry (mm, &k->mmlist, mmlist) {
		mm->oom_victim = true;
		k->ops->oom_kill(k->machine, mm);
	}
}

bool out_of_memory(struct kernel *k, gfp_t gfp, unsigned order)
{
	struct mm_struct *victim = select_bad_process(k);

	if (victim && k->config.panic_on_oom) {
		panic(k);
		return true;
	}
	if (!victim) {
		printk(k, "Out of memory and no killable processes...");
		return false;
	}
	report(k, gfp, order, victim);
	victim->oom_victim = true;
	k->nr_oom_kills++;
	count_vm_event(k, OOM_KILL);
	event_raise(k->events,
	            &(struct event){ .kind = EVENT_OOM_KILL, .arg = (uint64_t)victim->owner_pid });
	k->ops->oom_kill(k->machine, victim);
	reap(k, victim);
	return true;
}
