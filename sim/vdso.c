// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/vdso.h"

#include "mm/mm.h"
#include "mm/page_alloc.h"
#include "sim/vdso/vdso_image.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

int vdso_init(struct vdso *vdso, struct kernel *k)
{
	assert(vdso_image_bytes <= VDSO_TEXT_PAGES * PAGE_SIZE);
	for (size_t i = 0; i < VDSO_TEXT_PAGES; i++) {
		size_t offset = i * PAGE_SIZE;
		size_t left = vdso_image_bytes > offset ? vdso_image_bytes - offset : 0;

		vdso->pages[i] = alloc_page(k, GFP_KERNEL | __GFP_ZERO);
		if (!vdso->pages[i]) {
			vdso_finish(vdso, k);
			return -ENOMEM;
		}
		memcpy(page_address(k, vdso->pages[i]), vdso_image + offset,
		       left < PAGE_SIZE ? left : PAGE_SIZE);
	}
	vdso->text = (struct vm_special_mapping){ .name = "[vdso]",
		                                  .pages = vdso->pages,
		                                  .nr_pages = VDSO_TEXT_PAGES };
	/* Simplified: the data pages do not exist, and touching them is a SIGBUS. */
	vdso->vvar = (struct vm_special_mapping){ .name = "[vvar]" };
	vdso->vclock = (struct vm_special_mapping){ .name = "[vvar_vclock]" };
	return 0;
}

void vdso_finish(struct vdso *vdso, struct kernel *k)
{
	for (size_t i = 0; i < VDSO_TEXT_PAGES; i++) {
		if (vdso->pages[i])
			put_page(k, vdso->pages[i]);
		vdso->pages[i] = NULL;
	}
}

/* Free space for len bytes where mmap(2) would take it: by asking for it. Linux
 * asks get_unmapped_area() alone, which has the same answer. */
static int find_space(struct kernel *k, struct mm_struct *mm, uint64_t len, va_t *start)
{
	int64_t va = do_mmap(k, mm, NULL, 0, len, PROT_NONE_, MAP_PRIVATE_ | MAP_ANONYMOUS_, 0);

	if (va < 0)
		return (int)va;
	*start = (va_t)va;
	return do_munmap(k, mm, *start, len);
}

int vdso_map(struct vdso *vdso, struct kernel *k, struct mm_struct *mm, va_t *text)
{
	const uint64_t data_flags =
	    VM_READ | VM_MAYREAD | VM_IO | VM_DONTDUMP | VM_PFNMAP | VM_DONTEXPAND;
	const uint64_t text_flags =
	    VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_DONTEXPAND;
	va_t vvar = 0, vclock;
	int err = find_space(k, mm, VDSO_TOTAL_BYTES, &vvar);

	if (err)
		return err;
	vclock = vvar + VDSO_VVAR_PAGES * PAGE_SIZE;
	*text = vclock + VDSO_VCLOCK_PAGES * PAGE_SIZE;
	err = insert_vma(k, mm, *text, vvar + VDSO_TOTAL_BYTES, text_flags, &vdso->text);
	if (!err)
		err = insert_vma(k, mm, vvar, vclock, data_flags, &vdso->vvar);
	if (!err)
		err = insert_vma(k, mm, vclock, *text, data_flags, &vdso->vclock);
	return err;
}
