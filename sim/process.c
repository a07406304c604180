/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/process.h"

#include "sim/machine.h"

#include <stdlib.h>
#include <string.h>

/* What Linux's first process has (include/asm-generic/resource.h: INIT_RLIMITS). */
static const uint64_t default_rlimits[NR_RLIMITS][2] = {
	{ UINT64_MAX, UINT64_MAX }, /* CPU */
	{ UINT64_MAX, UINT64_MAX }, /* FSIZE */
	{ UINT64_MAX, UINT64_MAX }, /* DATA */
	{ 8 * MIB, UINT64_MAX },    /* STACK */
	{ 0, UINT64_MAX },          /* CORE */
	{ UINT64_MAX, UINT64_MAX }, /* RSS */
	{ 0, 0 },                   /* NPROC: by the size of RAM */
	{ 1024, 4096 },             /* NOFILE */
	{ 8 * MIB, 8 * MIB },       /* MEMLOCK */
	{ UINT64_MAX, UINT64_MAX }, /* AS */
	{ UINT64_MAX, UINT64_MAX }, /* LOCKS */
	{ 0, 0 },                   /* SIGPENDING: as NPROC */
	{ 819200, 819200 },         /* MSGQUEUE */
	{ 0, 0 },                   /* NICE */
	{ 0, 0 },                   /* RTPRIO */
	{ UINT64_MAX, UINT64_MAX }, /* RTTIME */
};

/* Half of the threads whose 16 KB stacks would fill an eighth of RAM (Linux:
 * kernel/fork.c, set_max_threads and fork_init). 64 MB: 256. */
static uint64_t default_nproc(const struct machine *machine)
{
	return machine->kernel.totalram_pages / 64;
}

struct process *process_create(struct machine *machine)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	process->machine = machine;
	INIT_LIST_HEAD(&process->threads);
	memcpy(process->rlimits, default_rlimits, sizeof(process->rlimits));
	for (int i = 0; i < 2; i++) {
		process->rlimits[LIMIT_NPROC][i] = default_nproc(machine);
		process->rlimits[LIMIT_SIGPENDING][i] = default_nproc(machine);
	}
	return process;
}

void process_destroy(struct process *process)
{
	free(process);
}
