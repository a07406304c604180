/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/thread_stack.h"

#include "mm/page_alloc.h"

#include <errno.h>

static int64_t thread_size_kb(const struct kernel *k)
{
	return (int64_t)(PAGE_SIZE << thread_size_order(k)) / KIB;
}

void *alloc_thread_stack(struct kernel *k)
{
	void *stack = __get_free_pages(k, GFP_KERNEL, thread_size_order(k));

	if (stack)
		mod_vm_quantity(k, NR_KERNEL_STACK, thread_size_kb(k));
	return stack;
}

void free_thread_stack(struct kernel *k, void *stack)
{
	if (!stack)
		return;
	mod_vm_quantity(k, NR_KERNEL_STACK, -thread_size_kb(k));
	free_pages(k, stack, thread_size_order(k));
}

int irq_ctx_init(struct kernel *k)
{
	for (uint32_t cpu = 0; k->config.small_stacks && cpu < k->config.nr_cpus; cpu++) {
		k->irq_stacks[cpu] = alloc_thread_stack(k);
		if (!k->irq_stacks[cpu])
			return -ENOMEM;
	}
	return 0;
}

void irq_ctx_exit(struct kernel *k)
{
	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++) {
		free_thread_stack(k, k->irq_stacks[cpu]);
		k->irq_stacks[cpu] = NULL;
	}
}
