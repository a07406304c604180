// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/vdso.h"

#include "mm/mm.h"
#include "mm/page_alloc.h"
#include "sim/calls.h"
#include "sim/vdso/vdso_image.h"

#include <assert.h>
#include <errno.h>

static int init_text(struct vdso_text *text, struct kernel *k, const uint8_t *image, size_t bytes)
{
	assert(bytes <= VDSO_TEXT_PAGES * PAGE_SIZE);
	for (size_t i = 0; i < VDSO_TEXT_PAGES; i++) {
		size_t offset = i * PAGE_SIZE;
		size_t left = bytes > offset ? bytes - offset : 0;

		text->pages[i] = alloc_page(k, GFP_KERNEL | __GFP_ZERO);
		if (!text->pages[i])
			return -ENOMEM;
		memcpy_to_page(k, text->pages[i], 0, image + offset,
		               left < PAGE_SIZE ? left : PAGE_SIZE);
	}
	text->mapping = (struct vm_special_mapping){ .name = "[vdso]",
		                                     .pages = text->pages,
		                                     .nr_pages = VDSO_TEXT_PAGES };
	return 0;
}

int vdso_init(struct vdso *vdso, struct kernel *k)
{
	/* A 32-bit kernel runs no 64-bit programs, and has no image for them. */
	int err = init_text(&vdso->text[1], k, vdso32_image, vdso32_image_bytes);

	if (!err && k->config.paging->va_bits > 32)
		err = init_text(&vdso->text[0], k, vdso_image, vdso_image_bytes);
	if (err) {
		vdso_finish(vdso, k);
		return err;
	}
	/* Simplified: the data pages do not exist, and touching them is a SIGBUS. */
	vdso->vvar = (struct vm_special_mapping){ .name = "[vvar]" };
	vdso->vclock = (struct vm_special_mapping){ .name = "[vvar_vclock]" };
	return 0;
}

void vdso_finish(struct vdso *vdso, struct kernel *k)
{
	for (size_t i = 0; i < 2 * VDSO_TEXT_PAGES; i++) {
		struct page **page = &vdso->text[i / VDSO_TEXT_PAGES].pages[i % VDSO_TEXT_PAGES];

		if (*page)
			put_page(k, *page);
		*page = NULL;
	}
}

const struct vm_special_mapping *vdso_part(const struct vdso *vdso, enum vdso_part part)
{
	switch (part) {
	case VDSO_TEXT_64:
		return &vdso->text[0].mapping;
	case VDSO_TEXT_32:
		return &vdso->text[1].mapping;
	case VDSO_VVAR:
		return &vdso->vvar;
	case VDSO_VCLOCK:
		return &vdso->vclock;
	default:
		return NULL;
	}
}

/* Free space for len bytes where mmap(2) would take it: by asking for it. Linux
 * asks get_unmapped_area() alone, which has the same answer. */
static int find_space(struct kernel *k, struct mm_struct *mm, uint64_t len, va_t *start)
{
	int64_t va =
	    call_do_mmap(k, mm, NULL, 0, len, PROT_NONE_, MAP_PRIVATE_ | MAP_ANONYMOUS_, 0);

	if (va < 0)
		return (int)va;
	*start = (va_t)va;
	return call_do_munmap(k, mm, *start, len);
}

int vdso_map(struct kernel *k, struct mm_struct *mm, bool is_32)
{
	const uint64_t data_flags =
	    VM_READ | VM_MAYREAD | VM_IO | VM_DONTDUMP | VM_PFNMAP | VM_DONTEXPAND;
	const uint64_t text_flags =
	    VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_DONTEXPAND;
	va_t vvar = 0, vclock, text;
	int err = find_space(k, mm, VDSO_TOTAL_BYTES, &vvar);

	if (err)
		return err;
	vclock = vvar + VDSO_VVAR_PAGES * PAGE_SIZE;
	text = vclock + VDSO_VCLOCK_PAGES * PAGE_SIZE;
	err = call_insert_vma(k, mm, text, vvar + VDSO_TOTAL_BYTES, text_flags,
	                      is_32 ? VDSO_TEXT_32 : VDSO_TEXT_64);
	if (!err)
		err = call_insert_vma(k, mm, vvar, vclock, data_flags, VDSO_VVAR);
	if (!err)
		err = call_insert_vma(k, mm, vclock, text, data_flags, VDSO_VCLOCK);
	mm->vdso = text;
	return err;
}
