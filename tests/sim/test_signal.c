// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals of a task that runs no code: it has a stack, registers and actions, and
 * the test plays its part. Handlers that run are in guest/handlers.c and wild.c.
 */
#include "mm/mm.h"
#include "sim/machine.h"
#include "sim/sched.h"
#include "sim/syscall.h"
#include "sim/usercopy.h"
#include "tests/run_suite.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define STACK_BYTES (16 * PAGE_SIZE)
#define ALTSTACK_BYTES (4 * PAGE_SIZE)
#define HANDLER ((va_t)0x401000)
#define RESTORER ((va_t)0x402000)
#define GUEST_SA_RESTORER 0x04000000u

/* Places in the frame, from its lowest byte (System V ABI AMD64 supplement and
 * Linux's asm/ucontext.h, asm/sigcontext.h). */
enum {
	AT_UC_FLAGS = 8,
	AT_STACK_SP = 24,
	AT_R8 = 48,
	AT_DI = 112,
	AT_BX = 136,
	AT_AX = 152,
	AT_SP = 168,
	AT_IP = 176,
	AT_FLAGS = 184,
	AT_CS = 192,
	AT_ERR = 200,
	AT_TRAPNO = 208,
	AT_CR2 = 224,
	AT_FPSTATE = 232,
	AT_MASK = 304,
	AT_SIGNO = 312,
	AT_CODE = 320,
	AT_ADDR = 328,
};

static struct machine *machine;
static struct task *task;
static va_t stack_top, altstack;

static va_t map(uint64_t bytes)
{
	int64_t va = do_mmap(&machine->kernel, task->mm, NULL, 0, bytes, PROT_READ_ | PROT_WRITE_,
	                     MAP_PRIVATE_ | MAP_ANONYMOUS_, 0);

	ck_assert_int_gt(va, 0);
	return (va_t)va;
}

static void setup(void)
{
	const struct config_override ram = { "ram", "32M" };
	const struct machine_options options = { .engine = ENGINE_FAULTS };
	static struct machine_config config;
	char why[512] = "";

	ck_assert_msg(machine_config_load(&config, "skylake", &ram, 1, why, sizeof(why)) == 0, "%s",
	              why);
	ck_assert_msg(machine_create(&machine, &config, &options, why, sizeof(why)) == 0, "%s",
	              why);
	ck_assert_int_eq(task_create(&task, machine, "/"), 0);
	task->mm = mm_alloc(&machine->kernel);
	ck_assert(task->mm);
	task->mm->task_size = 0x7ffffffff000;
	task->mm->mmap_base = 0x7ffff7fff000;
	task_apply_limits(task);
	machine_activate_mm(machine, task);
	stack_top = map(STACK_BYTES) + STACK_BYTES;
	altstack = map(ALTSTACK_BYTES);
	task->regs.gpr[REG_SP] = stack_top - 0x123;
	task->regs.ip = 0x400100;
	task->regs.flags = 0x202;
	task_reset_fpu(task);
}

static void teardown(void)
{
	machine_destroy(machine);
}

static void handle(int signo, uint64_t flags, uint64_t mask)
{
	task->sighand->actions[signo] = (struct signal_action){
		.handler = HANDLER,
		.flags = flags | GUEST_SA_RESTORER,
		.restorer = RESTORER,
		.mask = mask,
	};
}

static void send(int signo)
{
	signal_send(task, &(struct signal_info){ .signo = signo, .pid = 7 });
}

static uint64_t bit(int signo)
{
	return (uint64_t)1 << (signo - 1);
}

static uint64_t word(va_t va)
{
	uint64_t value;

	ck_assert_int_eq(copy_from_user(task, &value, va, sizeof(value)), 0);
	return value;
}

static va_t frame(void)
{
	return task->regs.gpr[REG_SP];
}

/* ---- sending ---- */

START_TEST(signal_that_is_ignored_is_dropped)
{
	send(SIGCHLD);
	send(SIGWINCH);
	ck_assert_uint_eq(task->signals.pending.set, 0);
	task->sighand->actions[SIGTERM].handler = 1;
	send(SIGTERM);
	ck_assert_uint_eq(task->signals.pending.set, 0);
}
END_TEST

START_TEST(ignored_signal_is_kept_while_it_is_blocked)
{
	task->signals.blocked = bit(SIGCHLD);
	send(SIGCHLD);
	ck_assert_uint_eq(task->signals.pending.set, bit(SIGCHLD));
	ck_assert(!signal_is_deliverable(task));
	task->signals.blocked = 0;
	signal_deliver(task);
	ck_assert_int_eq(task->state, TASK_RUNNING);
	ck_assert_uint_eq(task->signals.pending.set, 0);
}
END_TEST

START_TEST(default_action_ends_the_task)
{
	send(SIGTERM);
	ck_assert(signal_is_deliverable(task));
	signal_deliver(task);
	ck_assert_int_eq(task->state, TASK_ZOMBIE);
	ck_assert_int_eq(task->process->exit_code, SIGTERM);
	ck_assert(task->mm == NULL);
	send(SIGKILL); /* to the dead */
	signal_deliver(task);
	ck_assert_int_eq(task->process->exit_code, SIGTERM);
}
END_TEST

START_TEST(kill_comes_before_everything)
{
	handle(SIGHUP, 0, 0);
	send(SIGHUP);
	send(SIGKILL);
	signal_deliver(task);
	ck_assert_int_eq(task->process->exit_code, SIGKILL);
}
END_TEST

START_TEST(stop_signal_stops_until_sigcont)
{
	send(SIGSTOP);
	signal_deliver(task);
	ck_assert_int_eq(task->state, TASK_STOPPED);
	send(SIGTERM);
	ck_assert_int_eq(task->state, TASK_STOPPED);
	send(SIGCONT);
	ck_assert_int_eq(task->state, TASK_RUNNING);
	signal_deliver(task);
	ck_assert_int_eq(task->process->exit_code, SIGTERM);
}
END_TEST

START_TEST(stop_and_continue_drop_each_other)
{
	send(SIGTSTP);
	send(SIGCONT);
	signal_deliver(task);
	ck_assert_int_eq(task->state, TASK_RUNNING);
	handle(SIGCONT, 0, 0);
	task->signals.blocked = bit(SIGCONT);
	send(SIGCONT);
	send(SIGSTOP);
	ck_assert_uint_eq(task->signals.pending.set, bit(SIGSTOP));
}
END_TEST

START_TEST(sigkill_ends_what_is_stopped)
{
	send(SIGSTOP);
	signal_deliver(task);
	send(SIGKILL);
	ck_assert_int_eq(task->state, TASK_RUNNING);
	signal_deliver(task);
	ck_assert_int_eq(task->process->exit_code, SIGKILL);
}
END_TEST

START_TEST(forced_signal_kills_through_a_mask)
{
	handle(SIGSEGV, 0, 0);
	task->signals.blocked = bit(SIGSEGV);
	signal_force(task, &(struct signal_info){ .signo = SIGSEGV, .code = SEGV_MAPERR });
	signal_deliver(task);
	ck_assert_int_eq(task->process->exit_code, SIGSEGV);
}
END_TEST

START_TEST(forced_signal_kills_through_ignore)
{
	task->sighand->actions[SIGFPE].handler = 1;
	signal_force(task, &(struct signal_info){ .signo = SIGFPE, .code = FPE_INTDIV });
	signal_deliver(task);
	ck_assert_int_eq(task->process->exit_code, SIGFPE);
}
END_TEST

START_TEST(exec_keeps_what_is_ignored_and_nothing_else)
{
	handle(SIGUSR1, SA_SIGINFO, ~(uint64_t)0);
	task->sighand->actions[SIGUSR2].handler = 1;
	task->signals.blocked = bit(SIGHUP);
	task->signals.altstack = altstack;
	task->signals.altstack_size = ALTSTACK_BYTES;
	signal_exec(task);
	ck_assert_uint_eq(task->sighand->actions[SIGUSR1].handler, 0);
	ck_assert_uint_eq(task->sighand->actions[SIGUSR1].mask, 0);
	ck_assert_uint_eq(task->sighand->actions[SIGUSR2].handler, 1);
	ck_assert_uint_eq(task->signals.blocked, bit(SIGHUP));
	ck_assert_uint_eq(task->signals.altstack_size, 0);
}
END_TEST

/* ---- frames ---- */

START_TEST(frame_is_the_abis)
{
	const struct x86_regs before = task->regs;
	struct x86_fpu fpu = { .fxsave = { [0] = 0x7f, [1] = 3, [24] = 0x80, [25] = 0x1f } };
	struct x86_fpu saved;

	fpu.fxsave[160] = 0x5a; /* XMM0 */
	engine_set_fpu(machine->engine, &fpu);
	for (int i = 0; i < NR_GPRS; i++)
		if (i != REG_SP)
			task->regs.gpr[i] = 0x1000 + (uint64_t)i;
	task->regs.flags |= 0x400; /* DF */
	task->signals.blocked = bit(SIGHUP);
	handle(SIGSEGV, SA_SIGINFO, bit(SIGINT));
	signal_force(task, &(struct signal_info){ .signo = SIGSEGV,
	                                          .code = SEGV_ACCERR,
	                                          .fault_va = 0x1234567,
	                                          .error_code = 7,
	                                          .trapno = 14 });
	signal_deliver(task);

	ck_assert_uint_eq(task->regs.ip, HANDLER);
	ck_assert_uint_eq(frame() % 16, 8);
	ck_assert_uint_eq(task->regs.gpr[REG_DI], SIGSEGV);
	ck_assert_uint_eq(task->regs.gpr[REG_SI], frame() + AT_SIGNO);
	ck_assert_uint_eq(task->regs.gpr[REG_DX], frame() + AT_UC_FLAGS);
	ck_assert_uint_eq(task->regs.gpr[REG_AX], 0);
	ck_assert_uint_eq(task->regs.flags & 0x400, 0);
	ck_assert(task->regs_changed);

	ck_assert_uint_eq(word(frame()), RESTORER);
	ck_assert_uint_eq(word(frame() + AT_R8), 0x1000 + REG_8);
	ck_assert_uint_eq(word(frame() + AT_DI), 0x1000 + REG_DI);
	ck_assert_uint_eq(word(frame() + AT_BX), 0x1000 + REG_BX);
	ck_assert_uint_eq(word(frame() + AT_AX), 0x1000 + REG_AX);
	ck_assert_uint_eq(word(frame() + AT_SP), before.gpr[REG_SP]);
	ck_assert_uint_eq(word(frame() + AT_IP), before.ip);
	ck_assert_uint_eq(word(frame() + AT_FLAGS), before.flags | 0x400);
	ck_assert_uint_eq(word(frame() + AT_CS), 0x002b000000000033);
	ck_assert_uint_eq(word(frame() + AT_ERR), 7);
	ck_assert_uint_eq(word(frame() + AT_TRAPNO), 14);
	ck_assert_uint_eq(word(frame() + AT_CR2), 0x1234567);
	ck_assert_uint_eq(word(frame() + AT_MASK), bit(SIGHUP));
	ck_assert_uint_eq(word(frame() + AT_SIGNO), SIGSEGV);
	ck_assert_uint_eq((uint32_t)word(frame() + AT_CODE), SEGV_ACCERR);
	ck_assert_uint_eq(word(frame() + AT_ADDR), 0x1234567);

	/* What the FXSAVE image says, and where it lies: below the red zone. */
	ck_assert_uint_eq(word(frame() + AT_FPSTATE) % 64, 0);
	ck_assert_uint_le(word(frame() + AT_FPSTATE) + 512, before.gpr[REG_SP] - 128);
	ck_assert_int_eq(copy_from_user(task, &saved, word(frame() + AT_FPSTATE), sizeof(saved)),
	                 0);
	ck_assert_uint_eq(saved.fxsave[160], 0x5a);
	ck_assert_uint_eq(task->signals.blocked, bit(SIGHUP) | bit(SIGINT) | bit(SIGSEGV));
}
END_TEST

START_TEST(red_zone_is_left_alone)
{
	uint8_t pattern[128], after[128];
	va_t sp = task->regs.gpr[REG_SP];

	memset(pattern, 0x77, sizeof(pattern));
	ck_assert_int_eq(copy_to_user(task, sp - 128, pattern, sizeof(pattern)), 0);
	handle(SIGUSR1, SA_SIGINFO, 0);
	send(SIGUSR1);
	signal_deliver(task);
	ck_assert_int_eq(copy_from_user(task, after, sp - 128, sizeof(after)), 0);
	ck_assert_mem_eq(pattern, after, sizeof(after));
}
END_TEST

START_TEST(frame_needs_no_more_than_minsigstksz)
{
	handle(SIGUSR1, SA_SIGINFO | SA_NODEFER, 0);
	for (va_t offset = 0; offset < 64; offset++) {
		va_t sp = task->regs.gpr[REG_SP] = stack_top - offset;

		send(SIGUSR1);
		signal_deliver(task);
		ck_assert_uint_le(sp - 128 - frame(), SIGNAL_MIN_FRAME_BYTES);
	}
}
END_TEST

START_TEST(return_restores_what_was)
{
	struct x86_regs before;
	struct x86_fpu fpu = { .fxsave = { [0] = 0x7f, [1] = 3, [24] = 0x80, [25] = 0x1f } };
	struct x86_fpu after;

	fpu.fxsave[160] = 0x5a;
	engine_set_fpu(machine->engine, &fpu);
	for (int i = 0; i < NR_GPRS; i++)
		if (i != REG_SP)
			task->regs.gpr[i] = 0x1000 + (uint64_t)i;
	before = task->regs;
	task->signals.blocked = bit(SIGHUP);
	handle(SIGUSR1, 0, bit(SIGINT));
	send(SIGUSR1);
	signal_deliver(task);

	task->regs.gpr[REG_SP] += 8; /* the handler's ret */
	memset(task->regs.gpr, 0x33, sizeof(uint64_t) * REG_SP);
	task_reset_fpu(task);
	ck_assert_int_eq(signal_return(task), (int64_t)before.gpr[REG_AX]);
	ck_assert_mem_eq(&task->regs, &before, sizeof(before));
	ck_assert_uint_eq(task->signals.blocked, bit(SIGHUP));
	engine_get_fpu(machine->engine, &after);
	ck_assert_uint_eq(after.fxsave[160], 0x5a);
}
END_TEST

START_TEST(return_cannot_raise_privilege)
{
	const uint64_t flags = UINT64_MAX;

	handle(SIGUSR1, 0, 0);
	send(SIGUSR1);
	signal_deliver(task);
	ck_assert_int_eq(copy_to_user(task, frame() + AT_FLAGS, &flags, 8), 0);
	ck_assert_int_eq(copy_to_user(task, frame() + AT_MASK, &flags, 8), 0);
	task->regs.gpr[REG_SP] += 8;
	signal_return(task);
	/* IOPL, NT, VM and the like are as before; KILL and STOP cannot be blocked. */
	ck_assert_uint_eq(task->regs.flags, 0x202 | 0x50dd5);
	ck_assert_uint_eq(task->signals.blocked, ~(bit(SIGKILL) | bit(SIGSTOP)));
}
END_TEST

START_TEST(return_from_nowhere_is_a_fault)
{
	task->regs.gpr[REG_SP] = 0x1000;
	signal_return(task);
	signal_deliver(task);
	ck_assert_int_eq(task->process->exit_code, SIGSEGV);
}
END_TEST

START_TEST(handler_without_a_restorer_is_a_fault)
{
	handle(SIGUSR1, 0, 0);
	task->sighand->actions[SIGUSR1].flags = 0;
	send(SIGUSR1);
	signal_deliver(task);
	ck_assert_int_eq(task->process->exit_code, SIGSEGV);
}
END_TEST

START_TEST(stack_that_cannot_be_written_ends_in_a_fault)
{
	task->regs.gpr[REG_SP] = 0x2000;
	handle(SIGSEGV, 0, 0);
	signal_force(task, &(struct signal_info){ .signo = SIGSEGV, .code = SEGV_MAPERR });
	signal_deliver(task);
	ck_assert_int_eq(task->process->exit_code, SIGSEGV);
}
END_TEST

/* ---- the alternate stack ---- */

static void use_altstack(uint64_t size)
{
	task->signals.altstack = altstack;
	task->signals.altstack_size = size;
	task->signals.altstack_flags = 0;
}

START_TEST(alternate_stack_is_used_if_the_action_says_so)
{
	use_altstack(ALTSTACK_BYTES);
	handle(SIGUSR1, 0, 0);
	send(SIGUSR1);
	signal_deliver(task);
	ck_assert_uint_gt(frame(), stack_top - STACK_BYTES);

	handle(SIGUSR2, SA_ONSTACK, 0);
	send(SIGUSR2);
	signal_deliver(task);
	ck_assert(frame() > altstack && frame() < altstack + ALTSTACK_BYTES);
	ck_assert_uint_eq(word(frame() + AT_STACK_SP), altstack);

	/* The next one goes below, not to the top again. */
	handle(SIGINT, SA_ONSTACK, 0);
	va_t first = frame();
	send(SIGINT);
	signal_deliver(task);
	ck_assert(frame() > altstack && frame() < first);
}
END_TEST

START_TEST(alternate_stack_does_not_overflow)
{
	use_altstack(2048);
	handle(SIGUSR1, SA_ONSTACK, 0);
	send(SIGUSR1);
	signal_deliver(task);
	ck_assert_int_eq(task->state, TASK_RUNNING);
	handle(SIGUSR2, SA_ONSTACK, 0);
	task->regs.gpr[REG_SP] = altstack + 600;
	send(SIGUSR2);
	signal_deliver(task);
	ck_assert_int_eq(task->process->exit_code, SIGSEGV);
}
END_TEST

/* ---- interrupted calls ---- */

static void interrupted_call(int64_t result)
{
	task->regs.ip = 0x400102;
	task->syscall_nr = 35;
	task->regs.gpr[REG_AX] = (uint64_t)result;
}

START_TEST(call_is_made_again_if_no_handler_runs)
{
	interrupted_call(SYSCALL_ERESTARTNOHAND);
	send(SIGCHLD);
	signal_deliver(task);
	ck_assert_uint_eq(task->regs.ip, 0x400100);
	ck_assert_uint_eq(task->regs.gpr[REG_AX], 35);
	ck_assert_int_eq(task->syscall_nr, -1);
}
END_TEST

START_TEST(call_is_made_again_after_a_handler_with_restart)
{
	interrupted_call(SYSCALL_ERESTARTSYS);
	handle(SIGUSR1, SA_RESTART, 0);
	send(SIGUSR1);
	signal_deliver(task);
	ck_assert_uint_eq(word(frame() + AT_IP), 0x400100);
	ck_assert_uint_eq(word(frame() + AT_AX), 35);
}
END_TEST

START_TEST(call_ends_with_eintr_otherwise)
{
	interrupted_call(_i ? SYSCALL_ERESTARTSYS : SYSCALL_ERESTARTNOHAND);
	handle(SIGUSR1, _i ? 0 : SA_RESTART, 0);
	send(SIGUSR1);
	signal_deliver(task);
	ck_assert_uint_eq(word(frame() + AT_IP), 0x400102);
	ck_assert_int_eq((int64_t)word(frame() + AT_AX), -EINTR);
}
END_TEST

START_TEST(other_results_that_look_like_it_are_left_alone)
{
	interrupted_call(SYSCALL_ERESTARTSYS);
	task->syscall_nr = -1; /* rax is the program's own */
	signal_deliver(task);
	ck_assert_uint_eq(task->regs.ip, 0x400102);
	ck_assert_int_eq((int64_t)task->regs.gpr[REG_AX], SYSCALL_ERESTARTSYS);
}
END_TEST

/* ---- timers and sleep ---- */

START_TEST(timer_sends_when_it_is_due)
{
	uint64_t now = machine_now_ns(machine);

	task->process->itimers[ITIMER_REAL_] = (struct itimer){ .expires_ns = now + 1000 };
	ck_assert_uint_eq(signal_next_timer_ns(task), now + 1000);
	machine->sleep_ns += 999;
	signal_run_timers(task->process);
	ck_assert_uint_eq(task->process->shared.set, 0);
	machine->sleep_ns += 1;
	signal_run_timers(task->process);
	ck_assert_uint_eq(task->process->shared.set, bit(SIGALRM));
	ck_assert_uint_eq(signal_next_timer_ns(task), UINT64_MAX);
}
END_TEST

START_TEST(periodic_timer_skips_what_it_missed)
{
	uint64_t now = machine_now_ns(machine);

	task->process->itimers[ITIMER_REAL_] =
	    (struct itimer){ .expires_ns = now + 100, .interval_ns = 100 };
	machine->sleep_ns += 350;
	signal_run_timers(task->process);
	ck_assert_uint_eq(task->process->shared.set, bit(SIGALRM));
	ck_assert_uint_eq(signal_next_timer_ns(task), now + 400);
}
END_TEST

START_TEST(cpu_timers_stand_still_in_sleep)
{
	uint64_t now = signal_timer_clock_ns(task->process, ITIMER_PROF_);

	task->process->itimers[ITIMER_PROF_] = (struct itimer){ .expires_ns = now + 1 };
	machine->sleep_ns += 1000;
	machine->disk_ns += 1000;
	signal_run_timers(task->process);
	ck_assert_uint_eq(task->process->shared.set, 0);
	/* They do tell the machine how long the task may run. */
	ck_assert_uint_eq(signal_next_timer_ns(task), machine_now_ns(machine) + 1);
	ck_assert_uint_eq(signal_next_wakeup_ns(task), UINT64_MAX);
}
END_TEST

/* As a system call that waits leaves the task. */
static void fall_asleep(uint64_t until_ns)
{
	wait_until(task, until_ns);
	wait_block(task, "test");
	task->state = TASK_SLEEPING;
}

START_TEST(sleep_takes_simulated_time)
{
	uint64_t now = machine_now_ns(machine);

	fall_asleep(now + 5000);
	ck_assert(sched_idle(machine));
	ck_assert_int_eq(task->state, TASK_RUNNING);
	ck_assert_uint_eq(machine_now_ns(machine), now + 5000);
	fall_asleep(now); /* in the past: no time at all */
	ck_assert(sched_idle(machine));
	ck_assert_int_eq(task->state, TASK_RUNNING);
	ck_assert_uint_eq(machine_now_ns(machine), now + 5000);
}
END_TEST

START_TEST(sleep_ends_at_a_timers_signal)
{
	uint64_t now = machine_now_ns(machine);

	handle(SIGALRM, 0, 0);
	task->process->itimers[ITIMER_REAL_] = (struct itimer){ .expires_ns = now + 3000 };
	fall_asleep(now + 5000);
	sched_expect(machine, now + 3000);
	ck_assert(sched_idle(machine));
	ck_assert_int_eq(task->state, TASK_RUNNING);
	ck_assert(signal_is_deliverable(task));
	ck_assert_uint_eq(machine_now_ns(machine), now + 3000);
	ck_assert_str_eq(machine->broken, "");
}
END_TEST

START_TEST(blocked_timer_does_not_end_a_sleep)
{
	uint64_t now = machine_now_ns(machine);

	task->signals.blocked = bit(SIGALRM);
	task->process->itimers[ITIMER_REAL_] =
	    (struct itimer){ .expires_ns = now + 1000, .interval_ns = 1000 };
	fall_asleep(now + 5500);
	ck_assert(sched_idle(machine));
	ck_assert_uint_eq(machine_now_ns(machine), now + 5500);
	ck_assert_int_eq(task->state, TASK_RUNNING);
	ck_assert_str_eq(machine->broken, "");
	fall_asleep(WAIT_FOREVER);
	ck_assert(!sched_idle(machine));
	ck_assert(strstr(machine->broken, "nothing can wake"));
}
END_TEST

START_TEST(sleep_for_ever_breaks_the_machine)
{
	fall_asleep(WAIT_FOREVER);
	ck_assert(!sched_idle(machine));
	ck_assert_str_eq(machine->broken, "deadlock: nothing can wake task 1000 () in test");
}
END_TEST

static Suite *signal_suite(void)
{
	Suite *s = suite_create("signal");
	TCase *sending = tcase_create("sending"), *frames = tcase_create("frames");
	TCase *calls = tcase_create("calls"), *timers = tcase_create("timers");
	TCase *const cases[] = { sending, frames, calls, timers };

	tcase_add_test(sending, signal_that_is_ignored_is_dropped);
	tcase_add_test(sending, ignored_signal_is_kept_while_it_is_blocked);
	tcase_add_test(sending, default_action_ends_the_task);
	tcase_add_test(sending, kill_comes_before_everything);
	tcase_add_test(sending, stop_signal_stops_until_sigcont);
	tcase_add_test(sending, stop_and_continue_drop_each_other);
	tcase_add_test(sending, sigkill_ends_what_is_stopped);
	tcase_add_test(sending, forced_signal_kills_through_a_mask);
	tcase_add_test(sending, forced_signal_kills_through_ignore);
	tcase_add_test(sending, exec_keeps_what_is_ignored_and_nothing_else);

	tcase_add_test(frames, frame_is_the_abis);
	tcase_add_test(frames, red_zone_is_left_alone);
	tcase_add_test(frames, frame_needs_no_more_than_minsigstksz);
	tcase_add_test(frames, return_restores_what_was);
	tcase_add_test(frames, return_cannot_raise_privilege);
	tcase_add_test(frames, return_from_nowhere_is_a_fault);
	tcase_add_test(frames, handler_without_a_restorer_is_a_fault);
	tcase_add_test(frames, stack_that_cannot_be_written_ends_in_a_fault);
	tcase_add_test(frames, alternate_stack_is_used_if_the_action_says_so);
	tcase_add_test(frames, alternate_stack_does_not_overflow);

	tcase_add_test(calls, call_is_made_again_if_no_handler_runs);
	tcase_add_test(calls, call_is_made_again_after_a_handler_with_restart);
	tcase_add_loop_test(calls, call_ends_with_eintr_otherwise, 0, 2);
	tcase_add_test(calls, other_results_that_look_like_it_are_left_alone);

	tcase_add_test(timers, timer_sends_when_it_is_due);
	tcase_add_test(timers, periodic_timer_skips_what_it_missed);
	tcase_add_test(timers, cpu_timers_stand_still_in_sleep);
	tcase_add_test(timers, sleep_takes_simulated_time);
	tcase_add_test(timers, sleep_ends_at_a_timers_signal);
	tcase_add_test(timers, blocked_timer_does_not_end_a_sleep);
	tcase_add_test(timers, sleep_for_ever_breaks_the_machine);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tcase_add_checked_fixture(cases[i], setup, teardown);
		tcase_set_timeout(cases[i], 30);
		suite_add_tcase(s, cases[i]);
	}
	return s;
}

int main(void)
{
	return run_suite(signal_suite());
}
