/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_map - the kernel's own half of every address space: page tables that all
 * mms share, and the direct map of RAM (Linux 4.4, arch/x86/mm/init.c; addresses:
 * Documentation/x86/x86_64/mm.txt, those of 4.20 and later).
 *
 *   four-level                                two-level (pae)
 *   0xffff888000000000  RAM, all of it        0xc0000000  RAM, its first 896 MB
 *   0xffffc90000000000  vmalloc, ioremap      8 to 16 MB on, at 8 MB  vmalloc, ioremap
 *   0xffffe8ffffffffff  its last byte         0xff7fdfff  its last byte (0xffbfdfff)
 *                                             0xff800000  kmap() (0xffc00000)
 *                                             0xfffff000  fixmap, downwards
 *
 * The direct map has the largest pages that fit. Its tables lie in the kernel image
 * (Linux: the first of them in brk), so that they take none of the pages that zones
 * manage. Tables of the vmalloc area come from the buddy allocator when they are
 * needed and stay until kernel_shutdown(), as Linux keeps them; /proc/meminfo's
 * PageTables counts neither (Linux: the same), init_mm.nr_ptes all but the top one.
 *
 * mm/ reads and writes its own objects by host pointers (page_address()); that is the
 * direct map without its cost. What is in pages and page tables has it: mm/highmem.h,
 * mm/maccess.h.
 *
 * RAM above 896 MB has no address in a 32-bit kernel but by mm/highmem.h.
 *
 * Simplified: no mapping of the kernel's text at 0xffffffff80000000, no vmemmap; no
 * fixmap in 64-bit kernels.
 */
#ifndef PW_MM_KERNEL_MAP_H
#define PW_MM_KERNEL_MAP_H

#include "mm/pgtable.h"

/* Rights of kernel pages: the hardware need not set A and D. */
#define PAGE_KERNEL_BITS (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_G)
/* An entry of the kernel's that points to a table: not for user mode. */
#define KERNEL_TABLE (PTE_P | PTE_RW | PTE_A | PTE_D)

static inline pte_t PAGE_KERNEL(const struct kernel *k)
{
	return (pte_t){ PAGE_KERNEL_BITS | (k->config.paging->has_nx ? PTE_NX : 0) };
}

/* Device memory: not cached. */
static inline pte_t PAGE_KERNEL_NOCACHE(const struct kernel *k)
{
	return (pte_t){ PAGE_KERNEL(k).val | PTE_PCD };
}

/* ---- addresses ---- */

static inline va_t page_offset(const struct kernel *k)
{
	return k->config.paging->va_bits == 32 ? 0xc0000000 : 0xffff888000000000;
}

static inline va_t vmalloc_start(const struct kernel *k)
{
	const va_t gap = 8 * MIB; /* VMALLOC_OFFSET: catches overruns of the direct map */

	if (k->config.paging->va_bits == 32)
		return (k->high_memory + 2 * gap - 1) & ~(gap - 1);
	return 0xffffc90000000000;
}

/* Slots of kmap(): what one page table holds. 64-bit: none. */
static inline uint32_t last_pkmap(const struct kernel *k)
{
	if (k->config.paging->va_bits != 32)
		return 0;
	return k->config.paging->entry_bytes == 8 ? 512 : LAST_PKMAP_MAX;
}

/* Where they begin: the last page table but one, or two. */
static inline va_t pkmap_base(const struct kernel *k)
{
	return k->config.paging->entry_bytes == 8 ? 0xffc00000 : 0xff800000;
}

/* The first address after it. 32-bit: two pages below the area of kmap(). */
static inline va_t vmalloc_end(const struct kernel *k)
{
	if (k->config.paging->va_bits == 32)
		return pkmap_base(k) - 2 * PAGE_SIZE;
	return 0xffffe90000000000;
}

/* The fixmap: pages at addresses known when the kernel is built, counted from the
 * top down. 32-bit kernels alone have one here. */
enum fixed_addresses {
	FIX_HOLE,
	FIX_KMAP_BEGIN, /* for kmap_atomic(): KM_TYPE_NR a CPU */
	FIX_KMAP_END = FIX_KMAP_BEGIN + KM_TYPE_NR * NR_CPUS_MAX - 1,
};
#define FIXADDR_TOP ((va_t)0xfffff000)

static inline va_t fix_to_virt(uint32_t index)
{
	return FIXADDR_TOP - index * PAGE_SIZE;
}

static inline bool is_vmalloc_va(const struct kernel *k, va_t va)
{
	return va >= vmalloc_start(k) && va < vmalloc_end(k);
}

/* Kernel addresses of RAM below high_memory. */
static inline va_t __va(const struct kernel *k, pa_t pa)
{
	return page_offset(k) + pa;
}

static inline bool is_direct_map_va(const struct kernel *k, va_t va)
{
	return va >= page_offset(k) && va < k->high_memory;
}

/* The kernel address of what kmalloc() and page_address() of lowmem gave. */
static inline va_t direct_map_va(const struct kernel *k, const void *object)
{
	va_t va = __va(k, (pa_t)((const uint8_t *)object - k->ram->base));

	assert(is_direct_map_va(k, va));
	return va;
}

/* And back. */
static inline void *direct_map_object(const struct kernel *k, va_t va)
{
	assert(is_direct_map_va(k, va));
	return ram_at(k->ram, va - page_offset(k));
}

/* ---- tables ---- */

/* The entry of a vmalloc address, tables made as needed and shown to every mm; NULL:
 * no memory. */
pte_slot_t *pte_alloc_kernel(struct kernel *k, va_t va);

/* Writes an entry of init_mm's tables; one of the top level is shown to every mm. */
void kernel_map_write(struct kernel *k, void *slot, uint64_t entry);

/* Copies the kernel's top-level entries into a new mm's table. */
void pgd_ctor(const struct kernel *k, struct mm_struct *mm);

/* Where the kernel's page tables say that va lies, of whatever page size. */
bool slow_virt_to_phys(const struct kernel *k, va_t va, pa_t *pa);

/* Called by kernel_boot(), after mem_init(): the direct map. 0; -ENOMEM if the
 * kernel image is too small for its tables. */
int kernel_map_init(struct kernel *k);
/* Called by kernel_shutdown(): frees the tables that were made since boot. */
void kernel_map_finish(struct kernel *k);

/* Every mm has the kernel's top-level entries, and nr_ptes is true. */
bool kernel_map_is_valid(const struct kernel *k, char *what, size_t size);

#endif
