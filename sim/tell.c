// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/tell.h"

#include <string.h>

void tell_event(struct machine *machine, enum record_kind kind, const char *text,
                const uint64_t *args, uint32_t nr_args)
{
	const struct cpu *cpu = machine->running;
	struct record_event event = {
		.kind = kind, .cpu = cpu->id, .nr_args = nr_args, .text = text
	};

	if (!machine->recorder || machine->recorder->paused)
		return;
	if (cpu->current)
		event.task = cpu->current->pid;
	assert(nr_args <= RECORD_NR_ARGS);
	memcpy(event.args, args, nr_args * sizeof(*args));
	record_event(machine->recorder, &event);
}
