/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/process_vm_access.h"

#include "mm/highmem.h"
#include "mm/pagemap.h"
#include "mm/vma.h"

/* The page at va, for the access; NULL: it cannot be had. */
static struct page *get_user_page(struct kernel *k, struct mm_struct *mm, va_t va, bool write)
{
	const struct vm_area_struct *vma = vma_lookup(mm, va);
	const pte_slot_t *ptep;

	if (!vma || !(vma->vm_flags & (write ? VM_WRITE : VM_READ)) ||
	    madvise_populate(k, mm, va, va + PAGE_SIZE, write))
		return NULL;
	ptep = pte_lookup(k, mm, va);
	return ptep && pte_present(pte_get(k, ptep)) ? pfn_to_page(k, pte_pfn(pte_get(k, ptep)))
	                                             : NULL;
}

uint64_t access_process_vm(struct kernel *k, struct mm_struct *mm, va_t va, void *data,
                           uint64_t len, bool write)
{
	uint64_t done = 0;

	while (done < len) {
		uint64_t offset = (va + done) & ~PAGE_MASK, n = PAGE_SIZE - offset;
		struct page *page = get_user_page(k, mm, (va + done) & PAGE_MASK, write);

		if (!page)
			break;
		n = n < len - done ? n : len - done;
		if (write) {
			memcpy_to_page(k, page, offset, (const uint8_t *)data + done, n);
			set_page_dirty(k, page); /* the entry may have been writable, and clean */
		} else {
			memcpy_from_page(k, (uint8_t *)data + done, page, offset, n);
		}
		done += n;
	}
	return done;
}
