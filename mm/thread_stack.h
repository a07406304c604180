/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread_stack - the kernel stack of each task (Linux 4.4, kernel/fork.c,
 * alloc_thread_info_node(); arch/x86/include/asm/page_{32,64}_types.h,
 * THREAD_SIZE_ORDER). Counted as KernelStack in /proc/meminfo.
 *
 *   config.small_stacks    a task             a CPU, for interrupts
 *   false                  8 KB (64-bit: 16)  none: they use the task's
 *   true                   4 KB               4 KB
 *
 * The latter is the single-page kernel stack of 32-bit kernels, CONFIG_4KSTACKS, from
 * 2.6.6 to 2.6.36 (arch/i386/kernel/irq.c, irq_ctx_init()); these had one stack more
 * for softirqs, which this kernel does not have. Linux does not count a CPU's stack
 * in KernelStack; here it is one more kernel stack.
 */
#ifndef PW_MM_THREAD_STACK_H
#define PW_MM_THREAD_STACK_H

#include "mm/kernel.h"

static inline unsigned thread_size_order(const struct kernel *k)
{
	if (k->config.small_stacks)
		return 0;
	return k->config.paging->va_bits == 32 ? 1 : 2;
}

/* The lowest address of a stack, its content undefined; NULL: no memory. Give it
 * back with free_thread_stack(), which takes NULL. */
void *alloc_thread_stack(struct kernel *k);
void free_thread_stack(struct kernel *k, void *stack);

/* Called by kernel_boot() and kernel_shutdown(). 0 or -ENOMEM. */
int irq_ctx_init(struct kernel *k);
void irq_ctx_exit(struct kernel *k);

#endif
