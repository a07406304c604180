/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/boot.h"

#include "sim/config_nodes.h"
#include "sim/swap_disk.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* About what a Linux of RAM's era would take: 1/32, from 256 KB to 16 MB. */
static uint64_t kernel_image_bytes(uint64_t ram_bytes)
{
	uint64_t bytes = ram_bytes / 32;

	if (bytes < 256 * KIB)
		bytes = 256 * KIB;
	if (bytes > 16 * MIB)
		bytes = 16 * MIB;
	return bytes & PAGE_MASK;
}

int boot_kernel(struct kernel *k, struct ram *ram, const struct machine_config *config, bool check,
                const struct event_stream *events, const struct machine_ops *ops, void *machine,
                char *why, size_t why_size)
{
	struct kernel_config kernel_config = {
		.paging = config->paging,
		.nr_cpus = config->cpus,
		.kernel_image_bytes = kernel_image_bytes(config->ram_bytes),
		.has_1g_pages = config->mmu.has_1g_pages,
		.highpte = config->highpte,
		.small_stacks = config->small_stacks,
		.movable_bytes = config->movable_bytes,
		.min_free_kbytes = config->min_free_bytes / KIB,
		.reclaim_policy = config->reclaim_policy,
		.reclaim_seed = config->seed,
		.swappiness = config->swappiness,
		.page_cluster = config->swap_page_cluster,
		.fault_around_pages = (uint32_t)(config->fault_around_bytes >> PAGE_SHIFT),
		.read_ahead_pages = (uint32_t)(config->read_ahead_bytes >> PAGE_SHIFT),
		.dirty_ratio = 20,
		.dirty_background_ratio = 10,
		.overcommit_ratio = 50,
		.oom_dump_tasks = 1,
		.page_cache_warm = config->page_cache_warm,
		.check = check,
	};
	struct config_mistake none;
	bool is_right = config_nodes(config, &kernel_config, &none);
	int err;

	assert(is_right); /* machine_config_parse() has seen to it */
	(void)is_right;
	err = ram_init(ram, config->ram_bytes);
	if (!err) {
		err = kernel_boot(k, &kernel_config, ram, events, ops, machine);
		if (err)
			ram_finish(ram);
	}
	if (err == -ENOMEM && config->paging->va_bits == 32 && config->ram_bytes > 4 * GIB)
		snprintf(
		    why, why_size,
		    "cannot boot with %lu MB of RAM: its page array, 1/64 of it, has to lie below "
		    "896 MB",
		    (unsigned long)(config->ram_bytes / MIB));
	else if (err)
		snprintf(why, why_size, "cannot boot with %lu KB of RAM: %s",
		         (unsigned long)(config->ram_bytes / KIB), strerror(-err));
	return err;
}

int boot_swap(struct kernel *k, const struct machine_config *config, struct swap_device **swap,
              char *why, size_t why_size)
{
	const char *file = config->swap_file[0] ? config->swap_file : NULL;
	int err;

	if (!config->swap_bytes)
		return 0;
	err = swap_disk_open(swap, file, config->swap_bytes, why, why_size);
	if (err)
		return err;
	err = mkswap(*swap);
	if (!err)
		err = swapon(k, *swap, -1);
	if (err)
		snprintf(why, why_size, "%s: cannot swap on it: %s", (*swap)->name, strerror(-err));
	return err;
}

void boot_fault_injection(struct kernel *k, const struct machine_config *config)
{
	for (int site = 0; site < NR_FAULT_SITES; site++)
		fault_inject_set(&k->fault_inject, site, config->fault_inject[site], config->seed);
}
