/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/turns.h"

#include "sim/machine.h"
#include "sim/tell.h"

/* The engine shows its user translations as the page tables have them, whichever CPU
 * asks: what it knows is void only if these are other tables. */
static bool has_same_tables(const struct cpu *a, const struct cpu *b)
{
	return mmu_cr3(a->mmu) >> PAGE_SHIFT == mmu_cr3(b->mmu) >> PAGE_SHIFT;
}

static void switch_engine(struct engine *engine, const struct cpu *from, struct cpu *to)
{
	engine_switch(engine, from->context, to->context, to->mmu, to);
	if (!has_same_tables(to, from))
		engine_flush(engine);
}

void turns_begin(struct cpu *cpu)
{
	struct machine *machine = cpu->machine;
	struct cpu *last = machine->running;

	if (cpu == last)
		return;
	last->instructions = cpu_instructions(last);
	machine->turns.instructions_then = machine_instructions(machine);
	if (machine->engine)
		switch_engine(machine->engine, last, cpu);
	machine->running = cpu;
	machine->kernel.cpu = cpu->id;
	TELL(machine, RECORD_TURN);
}

void turns_begin_round(struct machine *machine)
{
	machine->turns.round_start_ns = machine_now_ns(machine);
	machine->turns.longest_ns = 0;
}

/* Time goes back to where the round began, for the next CPU. */
void turns_end(struct cpu *cpu)
{
	struct turns *turns = &cpu->machine->turns;
	uint64_t used_ns = machine_now_ns(cpu->machine) - turns->round_start_ns;

	if (used_ns > turns->longest_ns)
		turns->longest_ns = used_ns;
	turns->overlap_ns += used_ns;
}

void turns_wait_until(struct machine *machine, uint64_t ns)
{
	uint64_t now;

	if (machine->config.cpus == 1) /* its clock never goes back */
		return;
	now = machine_now_ns(machine);
	if (now < ns)
		machine->turns.overlap_ns -= ns - now;
}

void turns_end_round(struct machine *machine)
{
	machine->turns.overlap_ns -= machine->turns.longest_ns;
}

uint64_t cpu_instructions(const struct cpu *cpu)
{
	const struct machine *machine = cpu->machine;

	if (cpu != machine->running || !machine->engine)
		return cpu->instructions;
	return cpu->instructions + machine_instructions(machine) - machine->turns.instructions_then;
}
