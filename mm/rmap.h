/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rmap - from a page to the page table entries that map it (Linux 2.6.18's
 * anon_vma and Linux 4.4's page_referenced(), try_to_unmap(); mm/rmap.c).
 */
#ifndef PW_MM_RMAP_H
#define PW_MM_RMAP_H

#include "mm/kernel.h"

int anon_vma_prepare(struct kernel *k, struct vm_area_struct *vma); /* 0 or -ENOMEM */
void anon_vma_link(struct vm_area_struct *vma);                     /* vma->anon_vma is set */
void anon_vma_unlink(struct kernel *k, struct vm_area_struct *vma);

/* One more page table entry maps the page. */
void page_add_new_anon_rmap(struct kernel *k, struct page *page, struct vm_area_struct *vma,
                            va_t address);
void page_add_anon_rmap(struct kernel *k, struct page *page, struct vm_area_struct *vma,
                        va_t address);
void page_add_file_rmap(struct kernel *k, struct page *page);
void page_remove_rmap(struct kernel *k, struct page *page);

/* How many mappings had the A bit set, which it clears (no TLB flush, as x86
 * Linux). *vm_flags: union of the flags of the VMAs that mapped it. */
uint32_t page_referenced(struct kernel *k, struct page *page, uint64_t *vm_flags);

enum try_to_unmap_result {
	SWAP_SUCCESS, /* no mapping left */
	SWAP_AGAIN,   /* some could not be taken now */
	SWAP_FAIL,
	SWAP_MLOCK /* a locked VMA maps it */
};

/* Takes every mapping away: anonymous pages' entries become swap entries (the
 * page is in the swap cache), D bits go to the page, TLBs are flushed. */
enum try_to_unmap_result try_to_unmap(struct kernel *k, struct page *page);

/* Every entry that maps the page maps the other one from now on, which has the same
 * content, mapping and index; TLBs are flushed. */
void rmap_replace(struct kernel *k, struct page *page, struct page *new);

/* For write-back: makes every mapping clean and read-only; entries that were dirty. */
uint32_t page_mkclean(struct kernel *k, struct page *page);

/* A VM_LOCKED area maps it. */
bool page_is_mapped_locked(struct kernel *k, struct page *page);

/* page->_mapcount of every page against the page tables of every mm. */
bool rmap_is_valid(struct kernel *k, char *what, size_t size);

#endif
