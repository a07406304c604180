/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory - what a page fault puts into a page table entry, and what unmapping takes
 * out of it (Linux 4.4 and 6.1, mm/memory.c; newer where said).
 *
 *                       read                     write
 *   no entry, anonymous the zero page            a cleared page
 *   no entry, private   the file's page, and     a copy of it
 *     file                its neighbours
 *   no entry, shared    the same                 the file's page, dirty
 *   swap entry          the page, from the swap cache or the device
 *   read-only entry     -                        take it if nobody else has it, else copy
 *
 * Any allocation may reclaim, and so change entries: whoever allocates looks at the
 * entry again before writing it. Page tables and VMAs stay where they are.
 */
#include "mm/vma.h"

#include "mm/mempolicy.h"
#include "mm/pagemap.h"
#include "mm/reclaim_policy.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/tlbflush.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* One fault on its way; the handlers fill in the last two. */
struct vm_fault {
	struct kernel *k;
	struct mm_struct *mm;
	struct vm_area_struct *vma;
	va_t va; /* of the page */
	bool write;
	pte_slot_t *ptep;
	pte_t orig_pte; /* the entry as it was found */
	enum vm_fault_kind kind;
	bool major;
};

/* ---- unmapping ---- */

void tlb_gather_flush(struct kernel *k, struct mm_struct *mm, const struct tlb_gather *tlb)
{
	if (!tlb->end)
		return;
	k->ops->flush_tlb_mm_range(
	    k->machine, mm,
	    &(struct tlb_flush){ tlb->start, tlb->end, tlb->freed_tables, tlb->cause });
}

/* A present entry of the VMA is gone: what it says goes to the page. */
static void zap_present(struct kernel *k, struct vm_area_struct *vma, pte_t pte)
{
	struct page *page = vm_normal_page(k, vma, pte);

	if (!page)
		return;
	if (!PageAnon(page)) {
		if (pte_dirty(pte))
			set_page_dirty(k, page);
		if (pte_young(pte) && !(vma->vm_flags & VM_SEQ_READ) &&
		    !k->config.reclaim_policy->needs_accesses)
			mark_page_accessed(k, page);
	}
	vma->vm_mm->rss_stat[mm_counter(page)]--;
	page_remove_rmap(k, page);
	if (unlikely(vma->vm_flags & VM_LOCKED))
		munlock_vma_page(k, page);
	/* Its slot would wait for reclaim to find it. */
	if (PageSwapCache(page) && !page_mapped(page))
		try_to_free_swap(k, page);
	put_page(k, page);
}

void unmap_page_range(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end,
                      struct tlb_gather *tlb)
{
	struct pte_walk w = pte_walk_range(k, vma->vm_mm, start, end);

	while (pte_walk_next(&w)) {
		pte_t pte = pte_walk_get(&w);

		if (pte_none(pte))
			continue;
		set_pte(k, w.ptep, (pte_t){ 0 });
		if (pte_accessible(pte))
			tlb_gather_page(tlb, w.va);
		if (pte_present(pte)) {
			zap_present(k, vma, pte);
		} else {
			vma->vm_mm->rss_stat[MM_SWAPENTS]--;
			free_swap_and_cache(k, pte_to_swp_entry(k, pte));
		}
	}
}

void zap_page_range(struct kernel *k, struct vm_area_struct *vma, va_t start, va_t end)
{
	struct tlb_gather tlb = TLB_GATHER_INIT(FLUSH_ZAP);

	update_hiwater_rss(vma->vm_mm);
	unmap_page_range(k, vma, start, end, &tlb);
	tlb_gather_flush(k, vma->vm_mm, &tlb);
}

/* Private copies go too: what lies past the end of its file is nobody's. */
void unmap_mapping_pages(struct kernel *k, struct address_space *mapping, pgoff_t start)
{
	struct vm_area_struct *vma;

	list_for_each_entry (vma, &mapping->i_mmap, shared) {
		pgoff_t first = start > vma->vm_pgoff ? start - vma->vm_pgoff : 0;

		if (first < vma_pages(vma))
			zap_page_range(k, vma, vma->vm_start + (first << PAGE_SHIFT), vma->vm_end);
	}
}

/* ---- writing an entry ---- */

static pte_t page_prot(const struct vm_fault *vmf)
{
	return (pte_t){ vmf->vma->vm_page_prot };
}

/* The entry is what it was when the fault began. */
static bool pte_unchanged(const struct vm_fault *vmf)
{
	return pte_same(pte_get(vmf->k, vmf->ptep), vmf->orig_pte);
}

/* A page of a file (or of the kernel's own); takes the reference over. */
static void set_file_pte(struct vm_fault *vmf, pte_slot_t *ptep, struct page *page, bool write)
{
	struct kernel *k = vmf->k;
	pte_t pte = mk_pte(k, page, page_prot(vmf));

	if (write)
		pte = maybe_mkwrite(pte_mkdirty(pte), vmf->vma);
	if (unlikely(vmf->vma->vm_flags & VM_PFNMAP)) {
		put_page(k, page); /* its owner keeps it */
	} else {
		vmf->mm->rss_stat[mm_counter(page)]++;
		page_add_file_rmap(k, page);
		if (unlikely(vmf->vma->vm_flags & VM_LOCKED) && !vmf->vma->vm_special)
			mlock_vma_page(k, page);
	}
	set_pte(k, ptep, pte);
}

/* A new page, the VMA's own; takes the reference over. */
static void set_anon_pte(struct vm_fault *vmf, struct page *page, bool writable)
{
	pte_t pte = mk_pte(vmf->k, page, page_prot(vmf));

	if (writable)
		pte = maybe_mkwrite(pte_mkdirty(pte), vmf->vma);
	SetPageUptodate(page);
	vmf->mm->rss_stat[MM_ANONPAGES]++;
	page_add_new_anon_rmap(vmf->k, page, vmf->vma, vmf->va);
	lru_cache_add_active_or_unevictable(vmf->k, page, vmf->vma->vm_flags);
	set_pte(vmf->k, vmf->ptep, pte);
}

/* A frame for a page of the VMA's own, cleared or with what it held before. */
static struct page *alloc_anon_page(struct vm_fault *vmf, gfp_t zero)
{
	if (anon_vma_prepare(vmf->k, vmf->vma))
		return NULL;
	return alloc_page_vma(vmf->k, GFP_HIGHUSER_MOVABLE | zero, vmf->vma, vmf->va);
}

/* ---- anonymous memory ---- */

static enum fault_outcome do_anonymous_page(struct vm_fault *vmf)
{
	struct kernel *k = vmf->k;
	struct page *page;

	if (!vmf->write) {
		vmf->kind = FAULT_ANON_ZERO;
		set_pte(k, vmf->ptep, mk_pte(k, k->zero_page, page_prot(vmf)));
		return FAULT_MINOR_DONE;
	}
	vmf->kind = FAULT_ANON;
	page = alloc_anon_page(vmf, __GFP_ZERO);
	if (!page)
		return FAULT_OOM;
	set_anon_pte(vmf, page, true);
	return FAULT_MINOR_DONE;
}

/* ---- files ---- */

static pgoff_t fault_index(const struct vm_fault *vmf)
{
	return linear_page_index(vmf->vma, vmf->va);
}

static bool vma_is_shmem(const struct vm_area_struct *vma)
{
	return vma->vm_file && vma->vm_file->f_mapping->shmem;
}

/* A page that the kernel provides ([vdso]): special_mapping_fault(). */
static enum fault_outcome get_special_page(struct vm_fault *vmf, struct page **out)
{
	const struct vm_special_mapping *special = vmf->vma->vm_special;
	pgoff_t index = fault_index(vmf);

	if (index >= special->nr_pages || !special->pages[index])
		return FAULT_SIGBUS;
	*out = special->pages[index];
	get_page(*out);
	return FAULT_MINOR_DONE;
}

/* The page that the fault is about, with a reference: __do_fault(). */
static enum fault_outcome get_fault_page(struct vm_fault *vmf, struct page **out)
{
	struct file *file = vmf->vma->vm_file;

	if (vmf->vma->vm_special)
		return get_special_page(vmf, out);
	switch (filemap_get_page(vmf->k, file->f_mapping, &file->f_ra, vmf->vma->vm_flags,
	                         fault_index(vmf), out)) {
	case FILEMAP_HIT:
		return FAULT_MINOR_DONE;
	case FILEMAP_MAJOR:
		vmf->major = true;
		return FAULT_MINOR_DONE;
	case FILEMAP_NOMEM:
		return FAULT_OOM;
	case FILEMAP_ERROR:
	case FILEMAP_EOF:
		break;
	}
	return FAULT_SIGBUS;
}

/*
 * Maps what the cache has around the fault: the aligned window of
 * fault_around_pages, from the start of the VMA on and up to its end and that of
 * the page table (Linux 6.1, do_fault_around() and filemap_map_pages()):
 *
 *    window 16 pages, VMA from page 5 on, fault at page 9: pages 5 to 20
 *
 * True if the fault's own page was among them.
 */
static bool do_fault_around(struct vm_fault *vmf)
{
	struct kernel *k = vmf->k;
	struct file *file = vmf->vma->vm_file;
	uint64_t nr_pages = k->config.fault_around_pages;
	uint64_t at = pte_index(k, vmf->va), in_vma = (vmf->va - vmf->vma->vm_start) >> PAGE_SHIFT;
	uint64_t from = at & ~(nr_pages - 1), to, mapped = 0;
	bool done = false;

	if (at - from > in_vma)
		from = at - in_vma;
	to = at + vma_pages(vmf->vma) - in_vma;
	if (to > from + nr_pages)
		to = from + nr_pages;
	if (to > ptrs_per_pte(k))
		to = ptrs_per_pte(k);

	for (uint64_t i = from; i < to; i++) {
		pte_slot_t *ptep = pte_advance(k, vmf->ptep, (int64_t)(i - at));
		struct page *page;

		if (!pte_none(pte_get(k, ptep)) ||
		    !filemap_peek_page(k, file->f_mapping, fault_index(vmf) + i - at, &page))
			continue;
		/* Peeking may have allocated. A page marked for read-ahead has to fault. */
		if (PageReadahead(page) || !pte_none(pte_get(k, ptep))) {
			put_page(k, page);
			continue;
		}
		set_file_pte(vmf, ptep, page, false);
		mapped++;
		done |= i == at;
	}
	file->f_ra.mmap_miss -=
	    mapped < file->f_ra.mmap_miss ? (uint32_t)mapped : file->f_ra.mmap_miss;
	return done;
}

static enum fault_outcome do_read_fault(struct vm_fault *vmf)
{
	enum fault_outcome outcome;
	struct page *page;

	vmf->kind = vma_is_shmem(vmf->vma) ? FAULT_SHMEM : FAULT_FILE_READ;
	if (vmf->vma->vm_file && vmf->k->config.fault_around_pages > 1 && do_fault_around(vmf))
		return FAULT_MINOR_DONE;
	outcome = get_fault_page(vmf, &page);
	if (outcome != FAULT_MINOR_DONE)
		return outcome;
	if (pte_unchanged(vmf))
		set_file_pte(vmf, vmf->ptep, page, false);
	else
		put_page(vmf->k, page);
	return FAULT_MINOR_DONE;
}

/* A first write to a private page: straight to the copy. */
static enum fault_outcome do_cow_fault(struct vm_fault *vmf)
{
	struct kernel *k = vmf->k;
	struct page *page, *copy;
	enum fault_outcome outcome;

	vmf->kind = FAULT_FILE_WRITE;
	copy = alloc_anon_page(vmf, 0);
	if (!copy)
		return FAULT_OOM;
	outcome = get_fault_page(vmf, &page);
	if (outcome == FAULT_MINOR_DONE) {
		copy_highpage(k, copy, page);
		put_page(k, page);
	}
	if (outcome == FAULT_MINOR_DONE && pte_unchanged(vmf))
		set_anon_pte(vmf, copy, true);
	else
		put_page(k, copy);
	return outcome;
}

/*
 * A shared page is written for the first time since it was clean. Simplified: Linux makes it
 * dirty, then waits for write-back if there is too much dirt
 * (fault_dirty_shared_page()); here write-back is done when this returns, so it
 * comes first: else it could clean this very page, and the write would fault again
 * for ever.
 */
static bool may_dirty_shared_page(struct vm_fault *vmf)
{
	balance_dirty_pages(vmf->k);
	return pte_unchanged(vmf);
}

static enum fault_outcome do_shared_fault(struct vm_fault *vmf)
{
	enum fault_outcome outcome;
	struct page *page;

	vmf->kind = vma_is_shmem(vmf->vma) ? FAULT_SHMEM : FAULT_FILE_WRITE;
	outcome = get_fault_page(vmf, &page);
	if (outcome != FAULT_MINOR_DONE)
		return outcome;
	if (!may_dirty_shared_page(vmf)) {
		put_page(vmf->k, page);
		return FAULT_MINOR_DONE;
	}
	set_file_pte(vmf, vmf->ptep, page, true);
	set_page_dirty(vmf->k, page);
	return FAULT_MINOR_DONE;
}

static enum fault_outcome do_fault(struct vm_fault *vmf)
{
	if (!vmf->write)
		return do_read_fault(vmf);
	if (!(vmf->vma->vm_flags & VM_SHARED))
		return do_cow_fault(vmf);
	return do_shared_fault(vmf);
}

/* ---- write protection ---- */

/* The page is the VMA's alone, or shared and meant to be written. */
static enum fault_outcome wp_page_reuse(struct vm_fault *vmf)
{
	pte_t pte = pte_mkyoung(pte_mkdirty(pte_get(vmf->k, vmf->ptep)));

	set_pte(vmf->k, vmf->ptep, maybe_mkwrite(pte, vmf->vma));
	count_vm_event(vmf->k, PGREUSE);
	return FAULT_MINOR_DONE;
}

/* old NULL: the zero page. The caller's reference to old goes here. */
static enum fault_outcome wp_page_copy(struct vm_fault *vmf, struct page *old)
{
	struct kernel *k = vmf->k;
	struct page *new = alloc_anon_page(vmf, old ? 0 : __GFP_ZERO);

	if (new &&old)
		copy_highpage(k, new, old);
	if (!new || !pte_unchanged(vmf)) {
		if (new)
			put_page(k, new);
		if (old)
			put_page(k, old);
		return new ? FAULT_MINOR_DONE : FAULT_OOM;
	}
	set_pte(k, vmf->ptep, (pte_t){ 0 });
	flush_tlb_page(k, vmf->mm, vmf->va, FLUSH_COW);
	if (old) {
		zap_present(k, vmf->vma, vmf->orig_pte);
		put_page(k, old);
	}
	set_anon_pte(vmf, new, true);
	return FAULT_MINOR_DONE;
}

static enum fault_outcome wp_page_shared(struct vm_fault *vmf, struct page *page)
{
	if (!may_dirty_shared_page(vmf))
		return FAULT_MINOR_DONE;
	if (page)
		set_page_dirty(vmf->k, page);
	return wp_page_reuse(vmf);
}

/* A write to a present read-only entry. */
static enum fault_outcome do_wp_page(struct vm_fault *vmf)
{
	struct page *page = vm_normal_page(vmf->k, vmf->vma, vmf->orig_pte);

	vmf->kind = FAULT_COW;
	if (vmf->vma->vm_flags & VM_SHARED) {
		vmf->kind = vma_is_shmem(vmf->vma) ? FAULT_SHMEM : FAULT_FILE_WRITE;
		return wp_page_shared(vmf, page);
	}
	if (page && PageAnon(page) && reuse_swap_page(vmf->k, page))
		return wp_page_reuse(vmf);
	if (page)
		get_page(page); /* reclaim may unmap it while we copy */
	return wp_page_copy(vmf, page);
}

/* ---- swap ---- */

/* The page for a swap entry, with a reference: a hit in the swap cache is a minor
 * fault even if read-ahead put it there. */
static int get_swap_fault_page(struct vm_fault *vmf, swp_entry_t entry, struct page **out)
{
	*out = lookup_swap_cache(vmf->k, entry);
	if (*out)
		return 0;
	vmf->major = true;
	return swapin_page(vmf->k, entry, GFP_HIGHUSER_MOVABLE, out);
}

static bool is_exclusive(struct kernel *k, struct page *page)
{
	return page->_mapcount == 1 && (!PageSwapCache(page) || !page_swapcount(k, page));
}

static enum fault_outcome do_swap_page(struct vm_fault *vmf)
{
	struct kernel *k = vmf->k;
	swp_entry_t entry = pte_to_swp_entry(k, vmf->orig_pte);
	struct page *page;
	pte_t pte;
	int err;

	vmf->kind = FAULT_SWAP_IN;
	if (anon_vma_prepare(k, vmf->vma))
		return FAULT_OOM;
	err = get_swap_fault_page(vmf, entry, &page);
	if (!pte_unchanged(vmf)) {
		if (!err)
			put_page(k, page);
		return FAULT_MINOR_DONE;
	}
	if (err)
		return err == -ENOMEM ? FAULT_OOM : FAULT_SIGBUS;

	vmf->mm->rss_stat[MM_SWAPENTS]--;
	vmf->mm->rss_stat[MM_ANONPAGES]++;
	page_add_anon_rmap(k, page, vmf->vma, vmf->va);
	if (unlikely(vmf->vma->vm_flags & VM_LOCKED))
		mlock_vma_page(k, page);
	pte = mk_pte(k, page, page_prot(vmf));
	set_pte(k, vmf->ptep, pte);
	swap_free(k, entry);
	if (vm_swap_full(k) || PageMlocked(page))
		try_to_free_swap(k, page);
	/* As 6.18: the only user may write at once, though it only reads now. */
	if (vmf->write ? reuse_swap_page(k, page) : is_exclusive(k, page)) {
		pte = maybe_mkwrite(pte, vmf->vma);
		set_pte(k, vmf->ptep, vmf->write ? pte_mkdirty(pte) : pte);
		return FAULT_MINOR_DONE;
	}
	if (!vmf->write)
		return FAULT_MINOR_DONE;
	vmf->orig_pte = pte;
	get_page(page);
	return wp_page_copy(vmf, page);
}

/* ---- the fault ---- */

static enum fault_outcome handle_pte_fault(struct vm_fault *vmf)
{
	struct kernel *k = vmf->k;
	pte_t pte = vmf->orig_pte;

	if (pte_none(pte))
		return vma_is_anonymous(vmf->vma) ? do_anonymous_page(vmf) : do_fault(vmf);
	if (!pte_present(pte))
		return do_swap_page(vmf);
	if (vmf->write && !pte_write(pte))
		return do_wp_page(vmf);
	/* Somebody was faster, or a TLB had an old entry. */
	vmf->kind = FAULT_SPURIOUS;
	pte = pte_mkyoung(pte);
	set_pte(k, vmf->ptep, vmf->write ? pte_mkdirty(pte) : pte);
	return FAULT_MINOR_DONE;
}

/* mm_account_fault(): failed faults count in /proc/vmstat, but for no task. */
static void account_fault(const struct vm_fault *vmf, const struct fault_result *result)
{
	struct kernel *k = vmf->k;

	count_vm_event(k, PGFAULT);
	if (vmf->major)
		count_vm_event(k, PGMAJFAULT);
	if (result->outcome > FAULT_MAJOR_DONE)
		return;
	if (vmf->major) {
		vmf->mm->maj_flt++;
		this_cpu(k)->maj_flt++;
	} else {
		vmf->mm->min_flt++;
		this_cpu(k)->min_flt++;
	}
	k->fault_kinds[result->kind]++;
}

struct fault_result handle_mm_fault(struct kernel *k, struct vm_area_struct *vma, va_t va,
                                    bool write, bool stack_grew)
{
	struct vm_fault vmf = {
		.k = k, .mm = vma->vm_mm, .vma = vma, .va = va & PAGE_MASK, .write = write
	};
	struct fault_result result = { .outcome = FAULT_OOM };

	vmf.ptep = pte_alloc(k, vmf.mm, vmf.va);
	if (likely(vmf.ptep)) {
		vmf.orig_pte = pte_get(k, vmf.ptep);
		result.outcome = handle_pte_fault(&vmf);
	}
	if (result.outcome == FAULT_MINOR_DONE && vmf.major)
		result.outcome = FAULT_MAJOR_DONE;
	if (result.outcome == FAULT_SIGBUS)
		result.si_code = BUS_ADRERR_;
	result.kind = stack_grew ? FAULT_STACK : vmf.kind;
	account_fault(&vmf, &result);
	return result;
}
