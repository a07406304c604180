/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vdso - the small shared object that the kernel maps into every program, and
 * the data pages in front of it (Linux 6.18, arch/x86/entry/vdso/vma.c).
 *
 *   [vvar] 4 pages | [vvar_vclock] 2 pages | [vdso] 2 pages
 *
 * Ours (sim/vdso/) makes the system calls that it stands for, and reads no data
 * page. There is one for 64-bit programs, and one for 32-bit ones, which also has what
 * the kernel itself leads them to: the way into a system call, and back from a signal
 * handler.
 */
#ifndef PW_SIM_VDSO_H
#define PW_SIM_VDSO_H

#include "mm/mm_types.h"
#include "sim/vdso/vdso32_layout.h"

#define VDSO_VVAR_PAGES 4
#define VDSO_VCLOCK_PAGES 2
#define VDSO_TEXT_PAGES 2
#define VDSO_TOTAL_BYTES ((VDSO_VVAR_PAGES + VDSO_VCLOCK_PAGES + VDSO_TEXT_PAGES) * PAGE_SIZE)

struct vdso_text {
	struct page *pages[VDSO_TEXT_PAGES];
	struct vm_special_mapping mapping;
};

/* One per machine: every mm maps the same frames. */
struct vdso {
	struct vdso_text text[2]; /* for 64-bit, for 32-bit programs */
	struct vm_special_mapping vvar, vclock;
};

/* What can be mapped of it. */
enum vdso_part { VDSO_NOTHING, VDSO_TEXT_64, VDSO_TEXT_32, VDSO_VVAR, VDSO_VCLOCK, NR_VDSO_PARTS };

/* NULL: VDSO_NOTHING. */
const struct vm_special_mapping *vdso_part(const struct vdso *vdso, enum vdso_part part);

/* Puts the images into frames of the kernel's. 0 or -ENOMEM. */
int vdso_init(struct vdso *vdso, struct kernel *k);
void vdso_finish(struct vdso *vdso, struct kernel *k); /* zeroed is fine */

/* Maps all three of the machine's into a task's new mm, and notes in mm->vdso where [vdso] is. 0 or
 * -ENOMEM. */
int vdso_map(struct kernel *k, struct mm_struct *mm, bool is_32);

#endif
