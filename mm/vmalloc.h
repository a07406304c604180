/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmalloc - kernel memory that is contiguous in virtual addresses alone: single
 * frames from anywhere, mapped page by page (Linux 4.4, mm/vmalloc.c).
 *
 *   | area: pages ... | guard | area: pages ... | guard | ...     by address
 *
 * The guard page after each area is never mapped, so that running past the end
 * faults. What these functions return are addresses of the simulated kernel, not
 * host pointers: kernel_read() and kernel_write() (mm/maccess.h) get at what is there.
 *
 * Simplified: an unmapped range is flushed from the TLBs at once (Linux gathers up to
 * 32 MB per CPU, to flush it all at a time), and the page tables are the only list
 * of an area's frames (Linux: vm_struct.pages).
 */
#ifndef PW_MM_VMALLOC_H
#define PW_MM_VMALLOC_H

#include "mm/pgtable.h"

#define VM_IOREMAP 0x00000001u
#define VM_ALLOC 0x00000002u /* vmalloc(): the frames are the area's own */
#define VM_MAP 0x00000004u   /* vmap() */

/* An area of the vmalloc range (Linux: vm_struct and vmap_area). From kmalloc(). */
struct vm_struct {
	RB_ENTRY(vm_struct) node; /* kernel.vmap_areas */
	va_t va;
	uint64_t size; /* bytes, the guard page too */
	uint32_t flags;
	uint64_t nr_pages;  /* frames of RAM */
	pa_t phys_addr;     /* VM_IOREMAP */
	const char *caller; /* who asked: a function's name, which must stay */
};

/* Page-aligned addresses of size bytes, rounded up to pages; false (and nothing
 * taken): size is 0, more than RAM, no memory, or no room between the areas.
 * vzalloc()'s are zero, vmalloc_32()'s lie below 4 GB. */
#define vmalloc(k, size, va) __vmalloc_node_range(k, size, GFP_KERNEL | __GFP_HIGHMEM, __func__, va)
#define vzalloc(k, size, va)                                                                       \
	__vmalloc_node_range(k, size, GFP_KERNEL | __GFP_HIGHMEM | __GFP_ZERO, __func__, va)
#define vmalloc_32(k, size, va) __vmalloc_node_range(k, size, GFP_DMA32 | GFP_KERNEL, __func__, va)
bool __vmalloc_node_range(struct kernel *k, uint64_t size, gfp_t gfp, const char *caller, va_t *va);
/* Of an address that one of these gave. */
void vfree(struct kernel *k, va_t va);

/* Maps frames that stay the caller's; each may be there more than once. */
#define vmap(k, pages, count, va) __vmap(k, pages, count, __func__, va)
bool __vmap(struct kernel *k, struct page *const *pages, uint64_t count, const char *caller,
            va_t *va);
void vunmap(struct kernel *k, va_t va);

/* The frame behind an address of the vmalloc area; NULL: none, or not RAM. */
struct page *vmalloc_to_page(const struct kernel *k, va_t va);

/* ---- areas, for ioremap() and /proc ---- */

/* Finds the lowest room for size bytes (whole pages) and a guard page. NULL: no
 * memory, or no room. Nothing is mapped yet. */
struct vm_struct *get_vm_area(struct kernel *k, uint64_t size, uint64_t align, uint32_t flags,
                              const char *caller);
/* Maps one page of the area. False: no memory for a page table. */
bool vmap_page(struct kernel *k, va_t va, pfn_t pfn, pte_t prot);
/* Unmaps and flushes, then forgets the area; frames that are its own are freed. */
void free_vm_area(struct kernel *k, struct vm_struct *area);
/* The area that begins at va, or NULL. */
struct vm_struct *find_vm_area(const struct kernel *k, va_t va);
/* The first area that begins at va or above, or NULL. */
struct vm_struct *vm_area_from(const struct kernel *k, va_t va);

/* The area's line of /proc/vmallocinfo, without newline; returns as snprintf(). */
int vmallocinfo_show(const struct kernel *k, const struct vm_struct *area, char *line, size_t size);

/* Called by kernel_is_valid(): order, guards, entries against areas. */
bool vmalloc_is_valid(const struct kernel *k, char *what, size_t size);

#endif
