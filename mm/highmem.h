/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * highmem - reaching what is in a page, whether it has an address of its own or not
 * (Linux 4.4, mm/highmem.c, include/linux/highmem.h, arch/x86/mm/highmem_32.c;
 * memcpy_to_page() and its like as of 5.12).
 *
 *   lowmem    RAM of the direct map: all of it in 64-bit kernels, 896 MB in 32-bit
 *   highmem   the rest. It has no kernel address until it is given one:
 *
 *     kmap()          one of 1024 (PAE: 512) slots of the PKMAP area, as long as it
 *                     is wanted. Slots that nobody uses any more keep their page
 *                     until all have been given out; then all of them are cleared and
 *                     flushed from the TLBs at once.
 *     kmap_atomic()   one of the CPU's KM_TYPE_NR slots of the fixmap, a stack: the
 *                     last one mapped goes first, and is flushed by itself.
 *
 *   two-level     pae           (32-bit kernel addresses above the vmalloc area)
 *   0xff800000    0xffc00000    PKMAP
 *   0xfff5f000    0xfff5f000    fixmap: FIX_KMAP_END's page
 *   0xffffe000    0xffffe000    FIX_KMAP_BEGIN's, CPU 0's first slot; one page above
 *                               is a hole
 *
 * For lowmem all of these give the direct map's address, and cost nothing.
 *
 * What these functions do to contents is the kernel's access, and counted: see
 * kernel_touch() in mm/maccess.h.
 *
 * Simplified: where Linux's kmap() would sleep until somebody calls kunmap(), it fails
 * here: one thread runs in this kernel, and nobody else could call it.
 */
#ifndef PW_MM_HIGHMEM_H
#define PW_MM_HIGHMEM_H

#include "mm/mmzone.h"

#define LAST_PKMAP_MAX 1024
#define KM_TYPE_NR 20

struct kmaps {
	/* Of each slot of the PKMAP area: 0: free. 1: mapped, but nobody uses it any
	 * more. n: n - 1 users. */
	uint16_t pkmap_count[LAST_PKMAP_MAX];
	struct page *pkmap_page[LAST_PKMAP_MAX]; /* NULL: free */
	uint32_t last_pkmap_nr;                  /* given out last */
	uint32_t nr_atomic[NR_CPUS_MAX];         /* atomic slots in use */
	uint64_t nr_kmap_high, nr_kmap_atomic;   /* slots given out, ever */
	uint64_t nr_flushes;                     /* of all slots that nobody used */
};

/* The kernel address of a page. 0: all slots of kmap() are in use. */
va_t kmap(struct kernel *k, struct page *page);
void kunmap(struct kernel *k, struct page *page);

/* Never fails; unmap in reverse order. Allocate nothing meanwhile: who reclaims maps
 * pages, too. */
va_t kmap_atomic(struct kernel *k, struct page *page);
void kunmap_atomic(struct kernel *k, va_t va);

/* ---- contents; offset + len lie in the page ---- */

void clear_highpage(struct kernel *k, struct page *page);
void copy_highpage(struct kernel *k, struct page *to, struct page *from);
/* The same part of both; len is not 0. */
void memcpy_page(struct kernel *k, struct page *to, struct page *from, uint64_t offset,
                 uint64_t len);
void memcpy_from_page(struct kernel *k, void *to, struct page *page, uint64_t offset, uint64_t len);
void memcpy_to_page(struct kernel *k, struct page *page, uint64_t offset, const void *from,
                    uint64_t len);
/* [start, end) */
void zero_user_segment(struct kernel *k, struct page *page, uint64_t start, uint64_t end);

/* ---- figures ---- */

/* Slots of kmap() that somebody uses. */
uint32_t nr_kmaps(const struct kernel *k);
uint64_t totalhigh_pages(const struct kernel *k);   /* managed */
uint64_t nr_free_highpages(const struct kernel *k); /* buddy and per-CPU lists */

/* Slots against page tables, and both against struct page. */
bool highmem_is_valid(const struct kernel *k, char *what, size_t size);

#endif
