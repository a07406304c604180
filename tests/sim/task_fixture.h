/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * task_fixture - tasks that run no code: they have memory and registers, and the test
 * makes their system calls, by the dispatcher that a program's go through.
 */
#ifndef PW_TESTS_TASK_FIXTURE_H
#define PW_TESTS_TASK_FIXTURE_H

#include "mm/mm.h"
#include "sim/machine.h"
#include "sim/sched.h"
#include "sim/syscall.h"
#include "sim/usercopy.h"

#include <check.h>
#include <stdlib.h>
#include <sys/syscall.h>

#define BLOCKED INT64_MIN /* what call() says of a task that waits */

struct task_fixture {
	struct machine *machine;
	struct task *task; /* the first */
	va_t page;         /* private memory, zero */
};

static inline va_t task_fixture_map(struct task *task, uint32_t flags)
{
	int64_t va = do_mmap(&task->machine->kernel, task->mm, NULL, 0, PAGE_SIZE,
	                     PROT_READ_ | PROT_WRITE_, flags | MAP_ANONYMOUS_, 0);

	ck_assert_int_gt(va, 0);
	return (va_t)va;
}

static inline void task_fixture_setup(struct task_fixture *f, const char *cpus)
{
	const struct config_override overrides[] = { { "ram", "32M" }, { "cpus", cpus } };
	const struct machine_options options = { .engine = ENGINE_FAULTS };
	struct machine_config *config = malloc(sizeof(*config));
	char why[512] = "";

	ck_assert(config);
	ck_assert_msg(!machine_config_load(config, "skylake", overrides, 2, why, sizeof(why)), "%s",
	              why);
	ck_assert_msg(!machine_create(&f->machine, config, &options, why, sizeof(why)), "%s", why);
	free(config);
	ck_assert_int_eq(task_create(&f->task, f->machine, "/"), 0);
	f->task->mm = mm_alloc(&f->machine->kernel);
	ck_assert(f->task->mm);
	f->task->mm->task_size = 0x7ffffffff000;
	f->task->mm->mmap_base = 0x7ffff7fff000;
	task_apply_limits(f->task);
	machine_activate_mm(f->machine, f->task);
	task_reset_fpu(f->task);
	f->page = task_fixture_map(f->task, MAP_PRIVATE_);
}

static inline struct cpu *task_fixture_cpu(const struct task_fixture *f)
{
	return &f->machine->cpus[0];
}

/* Gives the task the CPU, as if all others before it had had theirs. */
static inline void switch_to_task(struct task *task)
{
	struct cpu *cpu = task_cpu(task);

	for (int i = 0; i < 1000 && cpu->current != task; i++) {
		if (cpu->current)
			sched_yield_cpu(cpu);
		ck_assert(sched_pick(cpu));
	}
	ck_assert_ptr_eq(cpu->current, task);
}

static inline int64_t result_of(const struct task *task)
{
	if (task->state == TASK_SLEEPING)
		return BLOCKED;
	return (int64_t)task->regs.gpr[REG_AX];
}

/* A system call of the task, which gets the CPU for it. */
static inline int64_t call(struct task *task, long nr, uint64_t a, uint64_t b, uint64_t c,
                           uint64_t d, uint64_t e, uint64_t f)
{
	uint64_t *gpr = task->regs.gpr;

	switch_to_task(task);
	gpr[REG_AX] = (uint64_t)nr;
	gpr[REG_DI] = a;
	gpr[REG_SI] = b;
	gpr[REG_DX] = c;
	gpr[REG_10] = d;
	gpr[REG_8] = e;
	gpr[REG_9] = f;
	syscall_dispatch(task);
	return result_of(task);
}

/* The task has been woken: its call goes on. */
static inline int64_t call_again(struct task *task)
{
	ck_assert_int_eq(task->state, TASK_RUNNING);
	switch_to_task(task);
	ck_assert(syscall_is_unfinished(task));
	syscall_resume(task);
	return result_of(task);
}

static inline uint32_t load_word(struct task *task, va_t va)
{
	uint32_t value;

	switch_to_task(task);
	ck_assert_int_eq(copy_from_user(task, &value, va, sizeof(value)), 0);
	return value;
}

static inline void store_word(struct task *task, va_t va, uint32_t value)
{
	switch_to_task(task);
	ck_assert_int_eq(copy_to_user(task, va, &value, sizeof(value)), 0);
}

static inline struct task *fork_task(struct task *parent)
{
	int64_t pid = call(parent, SYS_fork, 0, 0, 0, 0, 0, 0);
	struct task *child;

	ck_assert_int_gt(pid, 0);
	child = task_find(parent->machine, (int32_t)pid);
	ck_assert(child);
	return child;
}

#endif
