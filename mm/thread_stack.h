/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread_stack - the kernel stack of each task (Linux 4.4, kernel/fork.c,
 * alloc_thread_info_node(); arch/x86/include/asm/page_{32,64}_types.h,
 * THREAD_SIZE_ORDER). Counted as KernelStack in /proc/meminfo.
 */
#ifndef PW_MM_THREAD_STACK_H
#define PW_MM_THREAD_STACK_H

#include "mm/kernel.h"

/* 8 KB on 32-bit, 16 KB on 64-bit: order 1 or 2. */
static inline unsigned thread_size_order(const struct kernel *k)
{
	return k->config.paging->va_bits == 32 ? 1 : 2;
}

/* The lowest address of a stack, its content undefined; NULL: no memory. Give it
 * back with free_thread_stack(), which takes NULL. */
void *alloc_thread_stack(struct kernel *k);
void free_thread_stack(struct kernel *k, void *stack);

#endif
