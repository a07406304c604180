/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_percpu - the shell's commands over per-CPU variables.
 */
#include "mm/percpu.h"
#include "tools/mm_shell.h"

#include <string.h>

static int release_percpu(struct mm_shell *sh, struct handle *handle)
{
	free_percpu(shell_kernel(sh), handle->object);
	return 0;
}

/* A number for each CPU; the handle's address is CPU 0's copy. */
static int64_t *copy_of(const struct handle *handle, uint64_t cpu)
{
	return per_cpu_ptr((int64_t *)handle->object, cpu);
}

static void ask_this(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, *copy_of(handle, shell_kernel(sh)->cpu));
}

static void ask_sum(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	int64_t sum = 0;

	for (uint32_t cpu = 0; cpu < shell_kernel(sh)->config.nr_cpus; cpu++)
		sum += *copy_of(handle, cpu);
	value_set_number(value, sum);
}

static void ask_this_pa(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct kernel *k = shell_kernel(sh);

	value_set_number(value, (uint8_t *)copy_of(handle, k->cpu) - k->ram->base);
}

static const struct handle_field percpu_fields[] = {
	{ "this", ask_this, "the running CPU's copy" },
	{ "this_pa", ask_this_pa, "where that lies" },
	{ "sum", ask_sum, "of all copies" },
	{ 0 },
};

static const struct handle_kind handle_percpu = {
	.name = "a per-CPU number",
	.object = KERNEL_ADDRESS,
	.release = release_percpu,
	.fields = percpu_fields,
};

static int run_alloc(struct mm_shell *sh, const struct mm_call *call)
{
	int64_t *number = alloc_percpu(shell_kernel(sh), int64_t);

	shell_say(sh, "%s = %s", call->result, number ? handle_percpu.name : "NULL");
	return handle_make(sh, call->result, &handle_percpu, number, sizeof(*number));
}

/* this_cpu_add(): the running CPU's copy alone. */
static int run_add(struct mm_shell *sh, const struct mm_call *call)
{
	const struct handle *handle = handle_of_kind(sh, call->argv[0], &handle_percpu);
	uint64_t number;

	if (!handle || shell_read_number(sh, call->argv[1], UINT32_MAX, &number))
		return EXIT_MISTAKE;
	*copy_of(handle, shell_kernel(sh)->cpu) += (int64_t)number;
	return 0;
}

const struct mm_command mm_percpu_commands[] = {
	{ "alloc_percpu", "", 0, 0, MUST_NAME, run_alloc, "a number of which each CPU has a copy" },
	{ "this_cpu_add", "NAME N", 2, 2, NAMES_NOTHING, run_add, "to the running CPU's copy" },
	{ 0 },
};
