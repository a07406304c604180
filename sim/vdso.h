/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vdso - the small shared object that the kernel maps into every program, and
 * the data pages in front of it (Linux 6.18, arch/x86/entry/vdso/vma.c).
 *
 *   [vvar] 4 pages | [vvar_vclock] 2 pages | [vdso] 2 pages
 *
 * Ours (sim/vdso/) makes the system calls that it stands for, and reads no data
 * page.
 */
#ifndef PW_SIM_VDSO_H
#define PW_SIM_VDSO_H

#include "mm/mm_types.h"

#define VDSO_VVAR_PAGES 4
#define VDSO_VCLOCK_PAGES 2
#define VDSO_TEXT_PAGES 2
#define VDSO_TOTAL_BYTES ((VDSO_VVAR_PAGES + VDSO_VCLOCK_PAGES + VDSO_TEXT_PAGES) * PAGE_SIZE)

/* One per machine: every mm maps the same frames. */
struct vdso {
	struct page *pages[VDSO_TEXT_PAGES];
	struct vm_special_mapping text, vvar, vclock;
};

/* Puts the image into frames of the kernel's. 0 or -ENOMEM. */
int vdso_init(struct vdso *vdso, struct kernel *k);
void vdso_finish(struct vdso *vdso, struct kernel *k); /* zeroed is fine */

/* Maps all three into a task's new mm. The address of [vdso] in *text, or
 * -ENOMEM. */
int vdso_map(struct vdso *vdso, struct kernel *k, struct mm_struct *mm, va_t *text);

#endif
