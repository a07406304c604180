/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * futex - tasks that wait for a word of user memory to change (Linux 6.1,
 * kernel/futex/). A word is known by its key: private ones by address space and
 * address, those in shared mappings by file and place in it.
 */
#ifndef PW_SIM_FUTEX_H
#define PW_SIM_FUTEX_H

#include "mm/list.h"
#include "mmu/types.h"

#include <stdbool.h>

struct machine;
struct task;

struct futex_key {
	const void *space; /* struct mm_struct, or struct address_space */
	uint64_t offset;   /* in it, bytes */
};

/* A task's place among the waiters; part of struct task_wait. */
struct futex_waiter {
	struct list_head list; /* machine.futex_waiters; empty: it waits for none */
	struct futex_key key;
	uint32_t bitset;
	bool is_woken;
};

/* The task ends: its robust futexes are marked and given on, and who waits for its end
 * is told (Linux: futex_exit_release(), mm_release()). It still has its mm. */
void futex_exit(struct task *task);

#endif
