/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/machine.h"

#include "mm/mm.h"
#include "mm/reclaim_policy.h"
#include "sim/boot.h"
#include "sim/calls.h"
#include "sim/check.h"
#include "sim/clock.h"
#include "sim/exec.h"
#include "sim/sched.h"
#include "sim/swap_disk.h"
#include "sim/syscall.h"
#include "sim/tell.h"
#include "sim/vcpu.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* What entering the kernel costs: so that time passes for a guest that waits for
 * it in a loop, whether instructions are counted or not. */
#define SYSCALL_NS 100

#define INVALID_OPCODE_VECTOR 6
#define INT80_VECTOR 0x80 /* Linux: IA32_SYSCALL_VECTOR */

/* ---- what the kernel asks of the machine ---- */

static bool kernel_access(void *machine, va_t va, enum access_kind kind, uint64_t words, pa_t *pa)
{
	return cpu_kernel_access(((struct machine *)machine)->running, va, kind, words, pa);
}

static void frame_changed(void *machine, pfn_t pfn)
{
	struct engine *engine = ((struct machine *)machine)->engine;

	if (engine) /* there is none yet while the kernel boots */
		engine_frame_changed(engine, pfn);
}

static void disk_wait(void *machine, uint32_t nr_pages, bool write)
{
	struct machine *m = machine;

	m->disk_ns += (write ? m->config.disk_write_ns : m->config.disk_read_ns) +
	              nr_pages * m->config.disk_page_ns;
}

static void oom_kill(void *machine, struct mm_struct *mm)
{
	const struct signal_info info = { .signo = SIGKILL, .code = SI_KERNEL };
	struct machine *m = machine;
	struct task *task;

	if (m->options.driver) {
		m->options.driver->oom_kill(m->options.driver, mm);
		return;
	}
	list_for_each_entry (task, &m->tasks, tasks)
		if (task->mm == mm)
			signal_send_process(task->process, &info);
}

/* As dmesg shows it, in simulated time where that is known. */
static void print_kernel_line(void *machine, const char *line)
{
	struct machine *m = machine;
	uint64_t us = machine_now_ns(m) / 1000;

	if (m->options.kernel_log && m->options.engine == ENGINE_NONE)
		fprintf(m->options.kernel_log, "%s\n", line);
	else if (m->options.kernel_log)
		fprintf(m->options.kernel_log, "[%5lu.%06lu] %s\n", (unsigned long)(us / 1000000),
		        (unsigned long)(us % 1000000), line);
}

static const struct machine_ops machine_ops = {
	.flush_tlb_mm_range = tlb_flush_mm_range,
	.flush_tlb_all = tlb_flush_all,
	.flush_tlb_kernel_range = tlb_flush_kernel_range,
	.flush_tlb_one_kernel = tlb_flush_one_kernel,
	.kernel_access = kernel_access,
	.frame_changed = frame_changed,
	.disk_wait = disk_wait,
	.oom_kill = oom_kill,
	.printk = print_kernel_line,
};

/* ---- building it ---- */

static int boot(struct machine *m, char *why, size_t why_size)
{
	const struct reclaim_policy *policy = m->config.reclaim_policy;
	int err;

	if (policy->needs_accesses && !machine_counts_accesses(m)) {
		snprintf(why, why_size,
		         "reclaim.policy is %s, which has to see every access: --engine exact does",
		         policy->name);
		return -EINVAL;
	}
	err = boot_kernel(&m->kernel, &m->ram, &m->config, m->options.check, &m->events,
	                  &machine_ops, m, why, why_size);
	if (err)
		return err;
	m->booted = true;
	page_uses_init(&m->page_uses, &m->kernel, &m->events);
	err = vdso_init(&m->vdso, &m->kernel);
	if (err)
		snprintf(why, why_size, "no memory for the vdso");
	return err;
}

/* One engine for all CPUs, which begins as CPU 0. */
static int create_engine(struct machine *m, char *why, size_t why_size)
{
	const struct engine_ops *ops =
	    m->options.check ? &cpu_checking_engine_ops : &cpu_engine_ops;
	struct cpu *first = &m->cpus[0];
	int err;

	err = engine_create(&m->engine, m->options.engine, &m->ram, first->mmu, machine_segments(m),
	                    ops, first);
	if (!err && machine_counts_instructions(m))
		err = engine_start_counting(m->engine);
	for (uint32_t i = 0; !err && m->config.cpus > 1 && i < m->config.cpus; i++)
		err = engine_context_create(&m->cpus[i].context, m->engine);
	if (err)
		snprintf(why, why_size, "cannot start Unicorn (version 2.1 or later is needed): %s",
		         strerror(-err));
	return err;
}

static int create_cpus(struct machine *m, char *why, size_t why_size)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < m->config.cpus; i++)
		err = cpu_init(&m->cpus[i], m, i, why, why_size);
	if (!err && m->options.engine != ENGINE_NONE)
		err = create_engine(m, why, why_size);
	return err;
}

int machine_create(struct machine **out, const struct machine_config *config,
                   const struct machine_options *options, char *why, size_t why_size)
{
	struct machine *m = calloc(1, sizeof(*m));
	int err;

	if (!m) {
		snprintf(why, why_size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	m->config = *config;
	m->options = *options;
	m->random_state = config->seed;
	m->next_pid = 1000; /* a user's, not init's */
	m->running = &m->cpus[0];
	m->next_due_ns = UINT64_MAX;
	INIT_LIST_HEAD(&m->tasks);
	INIT_LIST_HEAD(&m->reports);
	INIT_LIST_HEAD(&m->futex_waiters);
	INIT_LIST_HEAD(&m->delayed);
	shm_ids_init(&m->shm_ids);
	terminal_init(&m->terminal, options->vfs.stdin_fd);
	for (uint32_t i = 0; i < NR_CPUS_MAX; i++)
		run_queue_init(&m->cpus[i].queue);
	err = boot(m, why, why_size);
	if (!err)
		err = create_cpus(m, why, why_size);
	if (!err)
		err = boot_swap(&m->kernel, &m->config, &m->swap, why, why_size);
	if (!err) {
		err = vfs_create(&m->vfs, m, &options->vfs);
		if (err)
			snprintf(why, why_size, "%s: %s",
			         options->vfs.root ? options->vfs.root : "/", strerror(-err));
	}
	if (err) {
		machine_destroy(m);
		return err;
	}
	boot_fault_injection(&m->kernel, &m->config);
	m->kernel.counts_accesses = machine_counts_accesses(m);
	*out = m;
	return 0;
}

void machine_destroy(struct machine *machine)
{
	struct task_report *report, *next_report;
	struct task *task, *next;

	if (!machine)
		return;
	machine->kernel.counts_accesses = false; /* what is left to do is no part of the run */
	machine->recorder = NULL;
	list_for_each_entry_safe (task, next, &machine->tasks, tasks)
		task_destroy(task);
	list_for_each_entry_safe (report, next_report, &machine->reports, list)
		task_report_destroy(report);
	if (machine->booted) {
		shm_ids_finish(&machine->shm_ids);
		vfs_destroy(machine->vfs);
		vdso_finish(&machine->vdso, &machine->kernel);
		for (uint32_t i = 0; i < machine->config.cpus; i++)
			cpu_drop_mm(&machine->cpus[i]);
		kernel_shutdown(&machine->kernel);
	}
	if (machine->swap)
		swap_disk_close(machine->swap);
	for (uint32_t i = 0; i < machine->config.cpus; i++)
		cpu_finish(&machine->cpus[i]);
	engine_destroy(machine->engine);
	terminal_finish(&machine->terminal);
	ram_finish(&machine->ram);
	free(machine);
}

/* ---- running it ---- */

void machine_activate_mm(struct machine *machine, struct task *task)
{
	cpu_set_current(machine->running, task);
	cpu_switch_mm(machine->running, task->mm);
}

int machine_start(struct machine *machine, const char *path, char *const argv[], char *const envp[],
                  char *why, size_t why_size)
{
	struct task *task;
	int err;

	err = task_create(&task, machine, machine->options.cwd ? machine->options.cwd : "/");
	if (err) {
		snprintf(why, why_size, "%s: no task for it: %s", path, strerror(-err));
		return err;
	}
	cpu_set_current(machine->running, task);
	TELL(machine, RECORD_SWITCH, 0);
	task_figures_resume(task); /* what exec does is done in its name */
	err = task_exec(task, path, argv, envp, why, why_size);
	if (err) {
		cpu_set_current(machine->running, NULL);
		task_destroy(task);
		return err;
	}
	return 0;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Instructions until something is due: a row of --interval, a timer, one that sleeps,
 * another task's turn on this CPU, another CPU's. */
static uint64_t instructions_left(const struct machine *m, const struct task *task,
                                  uint64_t turn_left)
{
	uint64_t left = lesser(turn_left, sched_slice_left(m->running));
	uint64_t due_ns = lesser(signal_next_timer_ns(task), m->next_due_ns);
	uint64_t now_ns = machine_now_ns(m);

	if (m->interval)
		left = lesser(left, interval_left(m->interval, engine_instructions(m->engine)));
	if (due_ns != UINT64_MAX) {
		uint64_t ns = due_ns > now_ns ? due_ns - now_ns : 0;

		left = lesser(
		    left, (uint64_t)((unsigned __int128)ns * m->config.cpu_hz / NSEC_PER_SEC) + 1);
	}
	return left;
}

/* The signals of CPU exceptions (Linux 6.1, arch/x86/kernel/traps.c). */
static void send_exception_signal(struct task *task, uint8_t vector)
{
	static const struct {
		uint8_t vector, signo;
		int code;
	} map[] = {
		{ 0, SIGFPE, FPE_INTDIV },  { 1, SIGTRAP, TRAP_TRACE }, { 3, SIGTRAP, SI_KERNEL },
		{ 4, SIGSEGV, SI_KERNEL },  { 5, SIGSEGV, SI_KERNEL },  { 6, SIGILL, ILL_ILLOPN },
		{ 12, SIGBUS, SI_KERNEL },  { 16, SIGFPE, FPE_FLTINV }, { 17, SIGBUS, BUS_ADRALN },
		{ 19, SIGFPE, FPE_FLTINV },
	};
	struct signal_info info = { .signo = SIGSEGV, .code = SI_KERNEL, .trapno = vector };

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		if (map[i].vector != vector)
			continue;
		info.signo = map[i].signo;
		info.code = map[i].code;
		if (info.signo == SIGFPE || info.signo == SIGILL)
			info.fault_va = task->regs.ip;
	}
	signal_force(task, &info);
}

/* An Intel CPU has `syscall` for 64-bit code alone, and Linux `sysenter` for 32-bit code:
 * the other is no instruction. Both are 2 bytes long. */
static void enter_by_instruction(struct task *task, enum engine_stop why)
{
	if (why == ENGINE_STOP_SYSCALL && !task->regs.is_32) {
		syscall_dispatch(task);
	} else if (why == ENGINE_STOP_SYSENTER && task->regs.is_32) {
		syscall32_sysenter(task);
	} else {
		task->regs.ip -= 2;
		task->regs_changed = true;
		send_exception_signal(task, INVALID_OPCODE_VECTOR);
	}
}

/* The task is in the kernel: a system call, an exception, or time is up. */
static void handle_stop(struct machine *m, struct task *task, const struct engine_stopped *stopped)
{
	switch (stopped->why) {
	case ENGINE_STOP_SYSCALL:
	case ENGINE_STOP_SYSENTER:
		enter_by_instruction(task, stopped->why);
		break;
	case ENGINE_STOP_INTERRUPT:
		if (stopped->vector == INT80_VECTOR && task->regs.is_32)
			syscall32_dispatch(task);
		else
			send_exception_signal(task, stopped->vector);
		break;
	case ENGINE_STOP_EXCEPTION:
	case ENGINE_STOP_ILLEGAL:
		send_exception_signal(task, stopped->vector);
		break;
	case ENGINE_STOP_FAULT: /* its signal is pending */
		break;
	case ENGINE_STOP_BUDGET:
		if (m->interval)
			interval_sample(m->interval, m);
		break;
	}
}

static bool is_broken(const struct machine *m)
{
	return m->broken[0] || m->check_failure[0];
}

/* Frees tasks that nobody asks for, now that nothing stands on them. */
static void free_dead(struct machine *m)
{
	struct task *task, *next;

	if (!m->has_dead)
		return;
	m->has_dead = false;
	list_for_each_entry_safe (task, next, &m->tasks, tasks) {
		if (task->state == TASK_DEAD)
			task_destroy(task);
	}
}

/* In user mode until it must enter the kernel. */
static int run_user(struct machine *m, struct task *task, uint64_t turn_left)
{
	struct engine *engine = m->engine;
	struct engine_stopped stopped;
	uint64_t left, before;
	int err;

	if (task->regs_changed)
		engine_set_regs(engine, &task->regs);
	task->regs_changed = false;
	m->running->nr_same_faults = 0;
	left = instructions_left(m, task, turn_left);
	err = left == UINT64_MAX ? 0 : engine_start_counting(engine);
	before = engine_instructions(engine);
	if (!err)
		err = engine_run(engine, left, &stopped);
	if (err) {
		snprintf(m->broken, sizeof(m->broken),
		         "Unicorn itself failed after %lu instructions",
		         (unsigned long)engine_instructions(engine));
		return err;
	}
	engine_get_regs(engine, &task->regs);
	sched_charge(m->running, engine_instructions(engine) - before);
	handle_stop(m, task, &stopped);
	return 0;
}

/* The task is in the kernel, and has the CPU: to user mode and back, if it can. */
static int run_task(struct machine *m, struct task *task, uint64_t turn_left)
{
	int err = 0;

	if (syscall_is_unfinished(task))
		syscall_resume(task);
	else if (task->set_child_tid)
		task_begin(task);
	if (task->state == TASK_RUNNING)
		rseq_resume(task);
	if (task->state == TASK_RUNNING)
		signal_deliver(task);
	if (task->state == TASK_RUNNING)
		err = run_user(m, task, turn_left);
	call_kernel_run_threads(&m->kernel);
	check_machine(m);
	return err ? err : is_broken(m) ? -EIO : 0;
}

/* Instructions of a CPU's turn that are left; it has no end while no other CPU has
 * anything to do. */
static uint64_t turn_left(const struct machine *m, uint64_t begun)
{
	uint64_t done = engine_instructions(m->engine) - begun;

	if (sched_is_alone(m->running))
		return UINT64_MAX;
	return done < m->config.sched_turn ? m->config.sched_turn - done : 0;
}

static void run_turn(struct machine *m, struct cpu *cpu, int *err)
{
	uint64_t begun = engine_instructions(m->engine), left;
	struct task *task;

	turns_begin(cpu);
	while (!*err && (left = turn_left(m, begun)) != 0 && (task = sched_pick(cpu))) {
		*err = run_task(m, task, left);
		sched_run_due(m);
		free_dead(m);
	}
	turns_end(cpu);
}

/* A turn of each CPU that has something to run. True: there was one. */
static bool run_round(struct machine *m, int *err)
{
	bool did_run = false;

	turns_begin_round(m);
	for (uint32_t i = 0; i < m->config.cpus; i++) {
		if (!sched_has_work(&m->cpus[i])) {
			cpu_enter_lazy_tlb(&m->cpus[i]);
			continue;
		}
		run_turn(m, &m->cpus[i], err);
		did_run = true;
	}
	turns_end_round(m);
	return did_run;
}

/* Whoever was left behind by the first process, and waits for what cannot come. */
static void end_leftovers(struct machine *m)
{
	struct task *task;

	list_for_each_entry (task, &m->tasks, tasks)
		if (!task_has_ended(task))
			process_end_threads(task->process, NULL, SIGKILL);
	free_dead(m);
}

void machine_set_recorder(struct machine *machine, struct recorder *recorder)
{
	machine->recorder = recorder;
	engine_set_recorder(machine->engine, recorder);
}

static void tell_end(struct machine *m)
{
	for (uint32_t i = 0; i < m->config.cpus; i++)
		TELL(m, RECORD_CPU_END, i, cpu_instructions(&m->cpus[i]));
	TELL(m, RECORD_END, engine_instructions(m->engine), m->nr_syscalls);
}

int machine_run(struct machine *machine)
{
	bool did_run = true;
	int err = 0;

	while (!err && machine->nr_alive && (did_run || sched_idle(machine)))
		did_run = run_round(machine, &err);

	if (!err && !is_broken(machine)) {
		end_leftovers(machine);
		check_machine_at_end(machine);
	}
	tell_end(machine);
	return err ? err : is_broken(machine) ? -EIO : 0;
}

int machine_exit_status(const struct machine *machine)
{
	int code = machine_first_report(machine)->exit_code, signo = code & 0x7f;

	return signo ? 128 + signo : code >> 8 & 0xff;
}

bool machine_counts_instructions(const struct machine *machine)
{
	if (machine->options.engine == ENGINE_NONE)
		return machine->options.driver->knows_program;
	return machine->options.count || machine->options.engine == ENGINE_EXACT ||
	       machine->config.cpus > 1;
}

uint64_t machine_instructions(const struct machine *machine)
{
	return machine->engine ? engine_instructions(machine->engine)
	                       : machine->driver_instructions;
}

uint64_t machine_now_ns(const struct machine *machine)
{
	uint64_t instructions = machine_instructions(machine);

	return (uint64_t)((unsigned __int128)instructions * NSEC_PER_SEC / machine->config.cpu_hz) +
	       machine->nr_syscalls * SYSCALL_NS + machine->disk_ns + machine->sleep_ns -
	       machine->turns.overlap_ns;
}

/* splitmix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
 * Generators", OOPSLA 2014). */
void machine_random(struct machine *machine, void *dst, size_t len)
{
	uint8_t *bytes = dst;

	for (size_t i = 0; i < len; i += 8) {
		uint64_t z = machine->random_state += 0x9e3779b97f4a7c15;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		z ^= z >> 31;
		memcpy(bytes + i, &z, len - i < 8 ? len - i : 8);
	}
}
