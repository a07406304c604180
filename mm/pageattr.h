/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pageattr - other rights for pages of the kernel's own mappings (Linux 4.4,
 * arch/x86/mm/pageattr.c).
 *
 * A large page of the direct map that is to change as a whole changes its one entry.
 * Else it is split: a page table takes its place, in which all small pages have its
 * rights, and then some of them others. Nothing makes it whole again, as in Linux.
 *
 * mm/ reaches its own objects by host pointers and is not stopped by these rights;
 * what is accessed through the MMU is (mm/maccess.h).
 */
#ifndef PW_MM_PAGEATTR_H
#define PW_MM_PAGEATTR_H

#include "mm/kernel.h"

/* [va, va + nr_pages pages) of kernel addresses. 0; -EFAULT: a page is not mapped;
 * -ENOMEM: no page for a table. On error the pages before are changed. */
int set_memory_ro(struct kernel *k, va_t va, uint64_t nr_pages);
int set_memory_rw(struct kernel *k, va_t va, uint64_t nr_pages);
/* Without NX in the entries (two-level paging) nothing happens. */
int set_memory_nx(struct kernel *k, va_t va, uint64_t nr_pages);
int set_memory_x(struct kernel *k, va_t va, uint64_t nr_pages);

#endif
