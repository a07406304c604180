/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel - boot, shutdown, and what concerns the memory manager as a whole
 * (Linux 4.4, init/main.c, mm_init()).
 */
#include "mm/kernel.h"

#include "mm/kernel_map.h"
#include "mm/mm.h"
#include "mm/nodes.h"
#include "mm/page_alloc.h"
#include "mm/pagemap.h"
#include "mm/reclaim_policy.h"
#include "mm/rmap.h"
#include "mm/thread_stack.h"
#include "mm/vmalloc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool config_is_valid(const struct kernel_config *config, const struct ram *ram)
{
	return config->paging && config->nr_cpus >= 1 && config->nr_cpus <= NR_CPUS_MAX &&
	       node_config_is_valid(config, ram->size_bytes) &&
	       config->min_free_kbytes <= ram->size_bytes / KIB / 2 && config->swappiness <= 100 &&
	       config->fault_around_pages &&
	       !(config->fault_around_pages & (config->fault_around_pages - 1)) &&
	       config->dirty_ratio <= 100 && config->dirty_background_ratio <= 100;
}

/* With nothing kept at hand by caches of caches. */
static uint64_t free_pages_at_rest(struct kernel *k)
{
	shrink_slab(k);
	drain_all_pages(k);
	return nr_free_pages(k);
}

int kernel_boot(struct kernel *k, const struct kernel_config *config, struct ram *ram,
                const struct event_stream *events, const struct machine_ops *ops, void *machine)
{
	int err;

	memset(k, 0, sizeof(*k));
	k->config = *config;
	if (!config->reclaim_policy)
		k->config.reclaim_policy = &reclaim_two_list;
	k->reclaim_random = config->reclaim_seed;
	complete_node_config(&k->config, ram->size_bytes);
	if (!config_is_valid(&k->config, ram))
		return -EINVAL;
	k->ram = ram;
	k->events = events;
	k->ops = ops;
	k->machine = machine;
	INIT_LIST_HEAD(&k->slab_caches);
	INIT_LIST_HEAD(&k->mmlist);
	INIT_LIST_HEAD(&k->mappings);
	INIT_LIST_HEAD(&k->mmio_devices);
	RB_INIT(&k->vmap_areas);

	err = mem_init(k);
	if (!err)
		err = kernel_map_init(k);
	if (!err)
		err = kmem_cache_init(k);
	if (!err)
		err = mmap_init(k);
	if (!err)
		err = filemap_init(k);
	if (!err)
		k->boot_free_pages = free_pages_at_rest(k);
	if (!err)
		err = irq_ctx_init(k);
	return err;
}

static void drop_page_cache(struct kernel *k)
{
	struct address_space *mapping, *tmp;

	list_for_each_entry_safe (mapping, tmp, &k->mappings, mappings) {
		filemap_write_and_wait_range(k, mapping, 0, UINT64_MAX);
		truncate_inode_pages(k, mapping, 0);
	}
}

/* Those that were made since boot, at their first use. */
static void destroy_dma_caches(struct kernel *k)
{
	for (unsigned i = 0; i <= KMALLOC_SHIFT_HIGH; i++) {
		if (!k->kmalloc_dma_caches[i])
			continue;
		if (!kmem_cache_destroy(k, k->kmalloc_dma_caches[i]))
			k->kmalloc_dma_caches[i] = NULL;
	}
}

/* Everything valid, and every frame back that was taken since boot. */
static void check_at_shutdown(struct kernel *k)
{
	uint64_t free_pages = free_pages_at_rest(k);
	char what[256];
	bool valid = kernel_is_valid(k, what, sizeof(what));

	if (!valid)
		printk(k, "shutdown: %s", what);
	if (free_pages != k->boot_free_pages)
		printk(k, "shutdown: %" PRIu64 " pages free, but %" PRIu64 " at boot", free_pages,
		       k->boot_free_pages);
	assert(valid);
	assert(free_pages == k->boot_free_pages);
}

void kernel_shutdown(struct kernel *k)
{
	assert(list_empty(&k->mmlist));
	assert(RB_EMPTY(&k->vmap_areas));
	drop_page_cache(k);
	for (uint32_t i = 0; i < MAX_SWAPFILES; i++)
		if (k->swap.info[i].device)
			swapoff(k, k->swap.info[i].device);
	destroy_dma_caches(k);
	irq_ctx_exit(k);
	kernel_map_finish(k);
	if (k->config.check)
		check_at_shutdown(k);
}

void kernel_run_threads(struct kernel *k)
{
	for_each_node (k, nid)
		if (NODE_DATA(k, nid)->kswapd_wanted)
			kswapd_run(k, NODE_DATA(k, nid));
}

bool kernel_is_valid(struct kernel *k, char *what, size_t size)
{
	struct mm_struct *mm;

	/* The allocators first: the others walk what these hold. */
	if (!page_alloc_is_valid(k, what, size) || !slab_is_valid(k, what, size) ||
	    !percpu_is_valid(k, what, size) || !kernel_map_is_valid(k, what, size) ||
	    !vmalloc_is_valid(k, what, size) || !highmem_is_valid(k, what, size))
		return false;
	list_for_each_entry (mm, &k->mmlist, mmlist)
		if (!mm_is_valid(k, mm, what, size))
			return false;
	return rmap_is_valid(k, what, size) && filemap_is_valid(k, what, size) &&
	       swap_is_valid(k, what, size);
}

void printk(struct kernel *k, const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	k->ops->printk(k->machine, line);
}
