// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hostile [MODE [SEED [COUNT]]] - does COUNT times what no program should:
 *
 *	calls   random system calls with hostile arguments
 *	code    jumps into random bytes
 *	modify  rewrites the code that runs
 *	frames  returns from signals that never were
 *	storm   timers of 1 us, handlers that fault themselves
 *	stack   recursion into the guard, stack pointers that point nowhere
 *	exec    executes broken programs
 *	argv    argument lists beyond every limit
 *	files   reads /proc at odd places, in odd sizes
 *
 * It may well die of a signal; nothing else may be harmed.
 * What to look at: --check, the exit status, the host.
 * Never natively: as root it would do what it asks for, so it looks where it runs.
 */
#include "hostile.h"

#define ALTSTACK_BYTES 16384

enum { SYS_getrlimit = 97, SYS_setrlimit = 160, RLIMIT_MEMLOCK = 8 };

uint64_t odd_number(struct dice *dice)
{
	static const uint64_t bases[] = {
		0,
		PAGE_BYTES,
		(uint64_t)1 << 15,
		(uint64_t)1 << 16,
		(uint64_t)1 << 31,
		(uint64_t)1 << 32,
		(uint64_t)1 << 47,
		((uint64_t)1 << 47) - PAGE_BYTES,
		(uint64_t)1 << 63,
		0xffff800000000000,
		0xffff888000000000,
		0xffffffff80000000,
		0xffffffffff600000,
		0 - (uint64_t)PAGE_BYTES,
	};
	const uint64_t nr_bases = sizeof(bases) / sizeof(bases[0]);

	switch (below(dice, 6)) {
	case 0:
		return below(dice, 64);
	case 1:
		return (uint64_t)1 << below(dice, 64);
	case 2:
		return roll(dice) << below(dice, 64);
	case 3:
		return bases[below(dice, nr_bases)];
	case 4:
		return bases[below(dice, nr_bases)] - 1 - below(dice, 32);
	default:
		return bases[below(dice, nr_bases)] + below(dice, 32);
	}
}

/* ---- going on after a signal ---- */

extern uint64_t attempt_sp, attempt_over;

__asm__(".bss\n"
        "	.balign 8\n"
        "attempt_sp: .quad 0\n"
        ".text\n"
        ".globl attempt, attempt_over\n"
        "attempt:\n"
        "	pushq %rbx\n"
        "	pushq %rbp\n"
        "	pushq %r12\n"
        "	pushq %r13\n"
        "	pushq %r14\n"
        "	pushq %r15\n"
        "	subq $8, %rsp\n"
        "	movq %rsp, attempt_sp(%rip)\n"
        "	movq %rdi, %rax\n"
        "	movq %rsi, %rdi\n"
        "	call *%rax\n"
        "	xorl %eax, %eax\n"
        "	jmp 1f\n"
        "attempt_over:\n"
        "	movl $1, %eax\n"
        "1:	movq attempt_sp(%rip), %rsp\n"
        "	movq $0, attempt_sp(%rip)\n"
        "	pushq $0x202\n"
        "	popfq\n"
        "	addq $8, %rsp\n"
        "	popq %r15\n"
        "	popq %r14\n"
        "	popq %r13\n"
        "	popq %r12\n"
        "	popq %rbp\n"
        "	popq %rbx\n"
        "	ret\n");

static uint8_t altstack[ALTSTACK_BYTES] __attribute__((aligned(16)));
static uint64_t nr_caught;

static void on_signal(int signo, struct siginfo *info, struct ucontext *context)
{
	(void)info;
	nr_caught++;
	if (!attempt_sp && signo == SIGALRM)
		return;
	if (!attempt_sp)
		fail("hostile: signal %d outside of an attempt, at %x\n", signo, context->ip);
	context->ip = (uint64_t)&attempt_over;
	context->sp = attempt_sp;
	context->eflags = 0x202;
}

uint64_t signals_caught(void)
{
	return nr_caught;
}

void catch_signals(void)
{
	static const uint64_t each_50_us[4] = { 0, 50, 0, 50 };
	static const uint64_t stack[3] = { (uint64_t)altstack, 0, ALTSTACK_BYTES };

	syscall3(SYS_sigaltstack, stack, 0, 0);
	for (int signo = 1; signo < 32; signo++)
		if (signo != 9 && signo != 19)
			set_handler(signo, on_signal, SA_ONSTACK | SA_NODEFER, 0);
	block_signals(0);
	syscall3(SYS_setitimer, 0, each_50_us, 0);
}

/* ---- the program ---- */

static const struct {
	const char *name;
	void (*act)(struct dice *dice, uint64_t count);
	uint64_t count;
} modes[] = {
	{ "calls", hostile_calls, 2000 },  { "code", hostile_code, 300 },
	{ "modify", hostile_modify, 300 }, { "frames", hostile_frames, 300 },
	{ "storm", hostile_storm, 2000 },  { "stack", hostile_stack, 50 },
	{ "exec", hostile_exec, 50 },      { "argv", hostile_argv, 6 },
	{ "files", hostile_files, 500 },
};

static bool is_simulated(void)
{
	char names[6][65] = { 0 };

	return syscall3(SYS_uname, names, 0, 0) == 0 && equal(names[1], "pagewalk");
}

/* On small machines nothing may be locked, unless one asks. */
static void allow_locks(void)
{
	uint64_t limit[2];

	syscall3(SYS_getrlimit, RLIMIT_MEMLOCK, limit, 0);
	limit[0] = limit[1];
	syscall3(SYS_setrlimit, RLIMIT_MEMLOCK, limit, 0);
}

int guest_main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "calls";
	uint64_t seed = size_argument(argc, argv, 2, 1);
	struct dice dice = { pattern(seed, 0) | 1 };

	if (!is_simulated())
		fail("hostile: not on a real machine\n");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (equal(mode, modes[i].name)) {
			uint64_t count = size_argument(argc, argv, 3, modes[i].count);

			allow_locks();
			catch_signals();
			modes[i].act(&dice, count);
			catch_signals();
			print("hostile: %s: seed %u, %u times\n", mode, seed, count);
			return 0;
		}
	fail("hostile: no such mode: %s\n", mode);
}
