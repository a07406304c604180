/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine - the simulated computer and its Linux: RAM, CPUs, kernel, tasks,
 * clock. All state of a run hangs off struct machine.
 */
#ifndef PW_SIM_MACHINE_H
#define PW_SIM_MACHINE_H

#include "mm/kernel.h"
#include "sim/config.h"
#include "sim/elf_image.h"
#include "sim/engine.h"
#include "sim/file.h"
#include "sim/interval.h"
#include "sim/ipc_shm.h"
#include "sim/page_uses.h"
#include "sim/record.h"
#include "sim/task.h"
#include "sim/terminal.h"
#include "sim/tlb_flush.h"
#include "sim/turns.h"
#include "sim/vdso.h"

#include <stdio.h>

struct json;

/* Tasks that could run on a CPU, the next one first (sim/sched.h). */
struct run_queue {
	struct list_head tasks; /* task.ready */
	uint32_t nr;
};

/* All CPUs share one engine, by turns (sim/turns.h). */
struct cpu {
	struct machine *machine;
	uint32_t id; /* its index in machine.cpus */
	struct mmu *mmu;
	/* Its registers while another CPU has the engine; NULL on a machine with one. */
	struct engine_context *context;
	struct task *current; /* NULL: none yet */
	struct run_queue queue;
	struct tlb_state tlb;
	pfn_t zero_pfn; /* of the kernel's zero page */
	/* of the last page fault, to notice one that never ends */
	va_t last_fault_va;
	uint64_t last_fault_ip;
	uint32_t nr_same_faults;
	/* In turns that are over: cpu_instructions(); without an engine as the driver says. */
	uint64_t instructions;
};

#define NR_COUNTED_SYSCALLS 512 /* the last stands for all above, too */

/* Who makes the accesses of a machine without an engine: a replay. */
struct driver {
	/* Instructions and system calls are known: what the machine says of them is true. */
	bool knows_program;
	uint64_t position; /* how far it is, in accesses that it has come to: for --interval */
	/* SIGKILL to every task of mm: the OOM killer chose it. Takes no memory back. */
	void (*oom_kill)(struct driver *driver, struct mm_struct *mm);
	/* More members of the statistics' outermost object. */
	void (*write_stats)(const struct driver *driver, struct json *json);
};

struct machine_options {
	enum engine_mode engine;
	struct driver *driver; /* ENGINE_NONE's, and must outlive the machine; else NULL */
	bool check;            /* --check */
	bool count;            /* instructions, whatever the engine */
	FILE *syscalls;        /* --syscalls: where to print them, or NULL */
	FILE *kernel_log;      /* printk lines; NULL: nowhere */
	struct vfs_config vfs;
	const char *cwd; /* guest path that the first task is in; NULL: / */
};

struct machine {
	struct machine_config config;
	struct machine_options options;
	struct ram ram;
	struct event_stream events;
	struct kernel kernel;
	bool booted;                  /* kernel_boot() has been done */
	struct cpu cpus[NR_CPUS_MAX]; /* the first config.cpus of them */
	struct cpu *running;          /* has the engine, and runs the kernel */
	struct engine *engine;        /* NULL: ENGINE_NONE */
	uint64_t driver_instructions; /* without an engine: those that its driver knows of */
	struct turns turns;
	struct vfs *vfs;
	struct terminal terminal;
	struct vdso vdso; /* vdso_init() after kernel_boot(), finish before shutdown */
	struct swap_device *swap;
	struct shm_ids shm_ids;
	struct page_uses page_uses;
	struct list_head tasks;         /* by pid, dead ones included until they are freed */
	struct list_head reports;       /* of all tasks there ever were, by pid */
	struct list_head futex_waiters; /* futex_waiter.list, the oldest first */
	uint32_t nr_alive;              /* tasks that have not ended */
	bool has_dead;                  /* tasks to be freed */
	int32_t next_pid;
	uint64_t next_due_ns;  /* nothing is due before it: sim/sched.h */
	uint64_t nr_switches;  /* of tasks on CPUs */
	uint64_t disk_ns;      /* time spent waiting for disks */
	uint64_t sleep_ns;     /* time that tasks slept while nothing ran */
	uint64_t random_state; /* getrandom, AT_RANDOM: from config.seed */
	uint64_t nr_syscalls;
	uint64_t nr_tsc_reads;
	/* what the kernel is in while it touches user memory, for the fault list:
	 * "copy_to_user"; NULL: nothing in particular */
	const char *kernel_function;
	uint64_t usercopy_done;    /* bytes that the last copy moved: sim/usercopy.h */
	struct interval *interval; /* --interval, the caller's; or NULL */
	struct recorder *recorder; /* machine_set_recorder() */
	uint64_t last_record_id;   /* mapping or file: sim/calls.h */
	uint32_t nr_calls;         /* into mm/, under way */
	struct list_head delayed;  /* open_file.delayed, to be closed when none is */
	/* calls that got ENOSYS, by number: of 64-bit and of 32-bit tasks */
	uint64_t nr_unknown_syscalls[NR_COUNTED_SYSCALLS];
	uint64_t nr_unknown_syscalls32[NR_COUNTED_SYSCALLS];
	/* --check: the first broken invariant, or "" */
	char check_failure[512];
	uint64_t nr_checks;
	/* the machine itself cannot go on: why, or "" */
	char broken[512];
};

/* 0; -errno and why[]. config is copied. */
int machine_create(struct machine **out, const struct machine_config *config,
                   const struct machine_options *options, char *why, size_t why_size);
void machine_destroy(struct machine *machine); /* NULL is fine */

/* The first task, ready at the program's entry. As task_exec(). */
int machine_start(struct machine *machine, const char *path, char *const argv[], char *const envp[],
                  char *why, size_t why_size);

/* From here on the run is told to the recorder, which is the caller's. Only with the exact
 * engine: the other does not see accesses. */
void machine_set_recorder(struct machine *machine, struct recorder *recorder);

/* Until every task has ended. 0, or -errno if the machine broke (machine->broken,
 * machine->check_failure). */
int machine_run(struct machine *machine);

/* The first task's exit status as a shell gives it: 0 to 255, 128 + signal. */
int machine_exit_status(const struct machine *machine);

/* Simulated time since boot: instructions, if they are counted, one a cycle; system
 * calls, 100 ns each; waits for disks; sleep. What several CPUs do at the same time
 * counts once (sim/turns.h). */
uint64_t machine_now_ns(const struct machine *machine);

/* True if every instruction since the start has been counted: always with several
 * CPUs, whose turns end by them. */
bool machine_counts_instructions(const struct machine *machine);

/* That have been counted. */
uint64_t machine_instructions(const struct machine *machine);

/* Every access goes through the TLBs, and is counted. */
static inline bool machine_counts_accesses(const struct machine *machine)
{
	return machine->options.engine != ENGINE_FAULTS;
}

/* A program runs, or the driver knows what it did beside its accesses. */
static inline bool machine_knows_program(const struct machine *machine)
{
	return machine->engine || machine->options.driver->knows_program;
}

/* The CPU uses the task's mm from here on (Linux: switch_mm): loads CR3. */
void machine_activate_mm(struct machine *machine, struct task *task);

/* Deterministic bytes from the seed. */
void machine_random(struct machine *machine, void *dst, size_t len);

/* With paging for 32-bit addresses the kernel is one of 32 bits. */
static inline bool machine_is_32(const struct machine *machine)
{
	return machine->config.paging->va_bits == 32;
}

/* Where the kernel's addresses may begin (Linux: TASK_SIZE_MAX). */
static inline va_t machine_task_size_max(const struct machine *machine)
{
	return machine_is_32(machine) ? ELF_TASK_SIZE_KERNEL_32 : ELF_TASK_SIZE_64;
}

static inline const struct segment_layout *machine_segments(const struct machine *machine)
{
	return machine_is_32(machine) ? &segments_kernel32 : &segments_kernel64;
}

/* Simulated time in which CPUs worked: neither waits for disks nor sleep. */
static inline uint64_t machine_busy_ns(const struct machine *machine)
{
	return machine_now_ns(machine) - machine->disk_ns - machine->sleep_ns;
}

/* The first task's; there must be one. */
static inline struct task_report *machine_first_report(const struct machine *machine)
{
	return list_first_entry(&machine->reports, struct task_report, list);
}

/* The CPU runs the task, or (NULL) none. */
static inline void cpu_set_current(struct cpu *cpu, struct task *task)
{
	cpu->current = task;
	cpu->machine->kernel.task_policy[cpu->id] = task ? &task->numa : NULL;
}

/* That runs it, or ran it last. */
static inline struct cpu *task_cpu(const struct task *task)
{
	return &task->machine->cpus[task->cpu];
}

#endif
