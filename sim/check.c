/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/check.h"

#include <stdarg.h>
#include <stdio.h>

#define CHECKS_PER_KERNEL_CHECK 64

void check_fail(struct machine *machine, const char *format, ...)
{
	va_list args;

	if (machine->check_failure[0])
		return;
	va_start(args, format);
	vsnprintf(machine->check_failure, sizeof(machine->check_failure), format, args);
	va_end(args);
}

static void check_mmu(struct machine *machine)
{
	char what[256];

	for (uint32_t i = 0; i < machine->config.cpus; i++) {
		const struct cpu *cpu = &machine->cpus[i];

		if (!cpu_tlb_is_valid(cpu, what, sizeof(what)))
			check_fail(machine, "CPU %u: %s", i, what);
	}
}

static void check_kernel(struct machine *machine)
{
	char what[256];

	if (!kernel_is_valid(&machine->kernel, what, sizeof(what)))
		check_fail(machine, "%s", what);
}

void check_machine(struct machine *machine)
{
	if (likely(!machine->options.check))
		return;
	check_mmu(machine);
	if (++machine->nr_checks % CHECKS_PER_KERNEL_CHECK == 0)
		check_kernel(machine);
}

void check_machine_at_end(struct machine *machine)
{
	char what[256];

	if (!machine->options.check)
		return;
	check_kernel(machine);
	if (!stats_check_sums(machine, what, sizeof(what)))
		check_fail(machine, "%s", what);
}
