/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tell - events of the run, for the machine's recorder if it has one (sim/record.h), in
 * the name of the task and the CPU that run.
 *
 *	TELL(machine, RECORD_SWITCH, mm_id(task->mm));
 */
#ifndef PW_SIM_TELL_H
#define PW_SIM_TELL_H

#include "mm/kernel_map.h"
#include "sim/machine.h"

/* args are as many as the event's names. text: as the kind has it, or NULL. */
void tell_event(struct machine *machine, enum record_kind kind, const char *text,
                const uint64_t *args, uint32_t nr_args);

/* The arguments, behind a 0 that lets there be none. */
#define TELL_ARGS(...) ((const uint64_t[]){ 0, ##__VA_ARGS__ })
#define TELL_TEXT(machine, kind, text, ...)                                                        \
	tell_event(machine, kind, text, TELL_ARGS(__VA_ARGS__) + 1,                                \
	           sizeof(TELL_ARGS(__VA_ARGS__)) / sizeof(uint64_t) - 1)
#define TELL(machine, kind, ...) TELL_TEXT(machine, kind, NULL, ##__VA_ARGS__)

static inline uint64_t mm_id(const struct mm_struct *mm)
{
	return mm ? mm->context.ctx_id : 0;
}

/* Of the kernel's memory. */
static inline uint64_t object_id(const struct kernel *k, const void *object)
{
	return object ? direct_map_va(k, object) : 0;
}

#endif
