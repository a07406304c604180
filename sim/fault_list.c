/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/fault_list.h"

#include "sim/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct fault_list {
	struct observer observer; /* first, so that it is found from it */
	struct machine *machine;
	FILE *out;
	uint64_t nr;
};

/* Pids are given in order of creation, from the first task's on. */
static int32_t task_index(const struct machine *machine)
{
	const struct task *current = machine->running->current;

	return current ? current->pid - machine_first_report(machine)->pid : 0;
}

static void notice(struct observer *observer, const struct event *event)
{
	struct fault_list *list = (struct fault_list *)observer;
	const char *function = list->machine->kernel_function;

	fprintf(list->out, "%" PRIu64 ",%" PRId32 ",", list->nr++, task_index(list->machine));
	if (event->code & PF_U)
		fprintf(list->out, "u,0x%" PRIx64, event->ip);
	else
		fprintf(list->out, "k,%s", function ? function : "kernel");
	fprintf(list->out, ",0x%" PRIx64 ",0x%" PRIx32 "\n", event->va, event->code);
}

int fault_list_create(struct fault_list **out, struct machine *machine, FILE *file)
{
	struct fault_list *list = calloc(1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	list->observer.wants = 1u << EVENT_PAGE_FAULT;
	list->observer.notice = notice;
	list->machine = machine;
	list->out = file;
	fputs("n,task,mode,ip,address,error_code\n", file);
	event_observe(&machine->events, &list->observer);
	*out = list;
	return 0;
}

void fault_list_destroy(struct fault_list *list)
{
	if (!list)
		return;
	event_ignore(&list->machine->events, &list->observer);
	free(list);
}
