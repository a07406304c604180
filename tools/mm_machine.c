/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/mm_machine.h"

#include "mm/kernel_map.h"
#include "sim/boot.h"
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
	err = boot_kernel(&m->kernel, &m->ram, &m->config, check, &m->events, &machine_ops, m, why,
	                  why_size);
	m->booted = !err;
	if (!err)
		err = boot_swap(&m->kernel, &m->config, &m->swap, why, why_size);
	if (err) {
		mm_machine_destroy(m);
		return err;
	}
	boot_fault_injection(&m->kernel, &m->config);
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
