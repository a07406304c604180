/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process_vm_access - one address space read or written by somebody else (Linux 6.1,
 * mm/memory.c, access_process_vm(); mm/process_vm_access.c).
 */
#ifndef PW_MM_PROCESS_VM_ACCESS_H
#define PW_MM_PROCESS_VM_ACCESS_H

#include "mm/kernel.h"

/* Copies len bytes at va of the mm to or from data. Pages that are not there are
 * faulted in, as the VMA allows the access, in the mm's name. Bytes done: fewer at
 * the first page that cannot be had. */
uint64_t access_process_vm(struct kernel *k, struct mm_struct *mm, va_t va, void *data,
                           uint64_t len, bool write);

#endif
