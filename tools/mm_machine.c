/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/mm_machine.h"

#include "mm/kernel_map.h"
#include "sim/swap_disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the kernel asks of the machine ---- */

static void flush_tlb_page(void *machine, struct mm_struct *mm, va_t va)
{
}

static void flush_tlb_range(void *machine, struct mm_struct *mm, va_t start, va_t end)
{
}

static void flush_tlb_mm(void *machine, struct mm_struct *mm)
{
}

static void flush_tlb_all(void *machine)
{
}

static void flush_tlb_kernel_range(void *machine, va_t start, va_t end)
{
}

/* There is no CPU: by the kernel's page tables alone. */
static bool kernel_access(void *machine, va_t va, enum access_kind kind, uint64_t words, pa_t *pa)
{
	return slow_virt_to_phys(&((struct mm_machine *)machine)->kernel, va, pa);
}

static void frame_changed(void *machine, pfn_t pfn)
{
}

static void disk_wait(void *machine, uint32_t nr_pages, bool write)
{
	struct mm_machine *m = machine;

	m->disk_ns += (write ? m->config.disk_write_ns : m->config.disk_read_ns) +
	              nr_pages * m->config.disk_page_ns;
}

/* The victim's memory is the kernel's to reap; there is no task to signal. */
static void oom_kill(void *machine, struct mm_struct *mm)
{
}

static void print_kernel_line(void *machine, const char *line)
{
	struct mm_machine *m = machine;

	fprintf(m->log, "kernel: %s\n", line);
}

static const struct machine_ops machine_ops = {
	.flush_tlb_page = flush_tlb_page,
	.flush_tlb_range = flush_tlb_range,
	.flush_tlb_mm = flush_tlb_mm,
	.flush_tlb_all = flush_tlb_all,
	.flush_tlb_kernel_range = flush_tlb_kernel_range,
	.kernel_access = kernel_access,
	.frame_changed = frame_changed,
	.disk_wait = disk_wait,
	.oom_kill = oom_kill,
	.printk = print_kernel_line,
};

/* ---- building it ---- */

/* As sim/machine.c has it. */
static uint64_t kernel_image_bytes(uint64_t ram_bytes)
{
	uint64_t bytes = ram_bytes / 32;

	if (bytes < 256 * KIB)
		bytes = 256 * KIB;
	if (bytes > 16 * MIB)
		bytes = 16 * MIB;
	return bytes & PAGE_MASK;
}

static int boot_kernel(struct mm_machine *m, bool check, char *why, size_t why_size)
{
	const struct machine_config *c = &m->config;
	const struct kernel_config config = {
		.paging = c->paging,
		.nr_cpus = c->cpus,
		.kernel_image_bytes = kernel_image_bytes(c->ram_bytes),
		.has_1g_pages = c->mmu.has_1g_pages,
		.min_free_kbytes = c->min_free_bytes / KIB,
		.swappiness = c->swappiness,
		.page_cluster = c->swap_page_cluster,
		.fault_around_pages = (uint32_t)(c->fault_around_bytes >> PAGE_SHIFT),
		.read_ahead_pages = (uint32_t)(c->read_ahead_bytes >> PAGE_SHIFT),
		.dirty_ratio = 20,
		.dirty_background_ratio = 10,
		.page_cache_warm = c->page_cache_warm,
		.check = check,
	};
	int err;

	err = ram_init(&m->ram, c->ram_bytes);
	if (!err)
		err = kernel_boot(&m->kernel, &config, &m->ram, &m->events, &machine_ops, m);
	if (err)
		snprintf(why, why_size, "cannot boot with %lu KB of RAM: %s",
		         (unsigned long)(c->ram_bytes / KIB), strerror(-err));
	m->booted = !err;
	return err;
}

static int add_swap(struct mm_machine *m, char *why, size_t why_size)
{
	const char *file = m->config.swap_file[0] ? m->config.swap_file : NULL;
	int err;

	if (!m->config.swap_bytes)
		return 0;
	err = swap_disk_open(&m->swap, file, m->config.swap_bytes, why, why_size);
	if (err)
		return err;
	err = mkswap(m->swap);
	if (!err)
		err = swapon(&m->kernel, m->swap, -1);
	if (err)
		snprintf(why, why_size, "%s: cannot swap on it: %s", m->swap->name, strerror(-err));
	return err;
}

/* Not before the machine stands: what fails is the script's, not its making. */
static void start_fault_injection(struct mm_machine *m)
{
	for (int site = 0; site < NR_FAULT_SITES; site++)
		fault_inject_set(&m->kernel.fault_inject, site, m->config.fault_inject[site],
		                 m->config.seed);
}

int mm_machine_create(struct mm_machine **out, const struct machine_config *config, bool check,
                      FILE *log, char *why, size_t why_size)
{
	struct mm_machine *m = calloc(1, sizeof(*m));
	int err;

	if (!m) {
		snprintf(why, why_size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	m->config = *config;
	m->log = log;
	err = boot_kernel(m, check, why, why_size);
	if (!err)
		err = add_swap(m, why, why_size);
	if (err) {
		mm_machine_destroy(m);
		return err;
	}
	start_fault_injection(m);
	*out = m;
	return 0;
}

void mm_machine_destroy(struct mm_machine *machine)
{
	if (!machine)
		return;
	if (machine->booted)
		kernel_shutdown(&machine->kernel);
	if (machine->swap)
		swap_disk_close(machine->swap);
	ram_finish(&machine->ram);
	free(machine);
}
