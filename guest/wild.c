// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wild [KIND] - uses bad pointers. Without KIND it tries each, catches the signal
 * on an alternate stack, checks what the kernel says of it, and goes on. With KIND
 * (null, unmapped, read-only, no-access, no-exec, kernel, non-canonical, past-end)
 * it does that one and dies: exit status 139, or 135 for past-end.
 *
 * What it shows: faults that the kernel cannot mend, and that a bad guest ends with
 * a signal and nothing worse.
 * What to look at: faults.segv, --syscalls, the exit status.
 */
#include "signals.h"

#define ALTSTACK_BYTES 16384

struct fault {
	const char *name;
	char how; /* r, w, x */
	int signo, code;
};

/* Where each points is set up by bad_pointer(). */
static const struct fault faults[] = {
	{ "null", 'r', SIGSEGV, SEGV_MAPERR },        { "unmapped", 'w', SIGSEGV, SEGV_MAPERR },
	{ "read-only", 'w', SIGSEGV, SEGV_ACCERR },   { "no-access", 'r', SIGSEGV, SEGV_ACCERR },
	{ "no-exec", 'x', SIGSEGV, SEGV_ACCERR },     { "kernel", 'r', SIGSEGV, SEGV_MAPERR },
	{ "non-canonical", 'r', SIGSEGV, SI_KERNEL }, { "past-end", 'r', SIGBUS, BUS_ADRERR },
};
#define NR_FAULTS (int)(sizeof(faults) / sizeof(faults[0]))

static uint64_t bad_pointer(int kind, const char *own_file)
{
	uint8_t *page = map(2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	int fd;

	switch (kind) {
	case 0:
		return 0;
	case 1:
		unmap(page, 2 * PAGE_BYTES);
		return (uint64_t)page + 0x123;
	case 2:
		*(volatile uint8_t *)page = 1;
		syscall3(SYS_mprotect, page, PAGE_BYTES, PROT_READ);
		return (uint64_t)page + 0xff8;
	case 3:
		syscall3(SYS_mprotect, page, PAGE_BYTES, PROT_NONE);
		return (uint64_t)page + 0x10;
	case 4:
		*(volatile uint8_t *)(page + 0x40) = 0xc3;
		return (uint64_t)page + 0x40;
	case 5:
		return 0xffff907fffffffff; /* the direct map's, behind all RAM */
	case 6:
		return 0x800000000000 + 0x77;
	default:
		fd = (int)syscall3(SYS_open, own_file, 0, 0);
		page = map(64 * MIB, PROT_READ, MAP_PRIVATE, fd);
		return (uint64_t)page + 64 * MIB - 0x100;
	}
}

/* ---- going on after the signal ---- */

/* 0 if the access went well, 1 if the handler has brought us here. */
int try_access(uint64_t va, char how);
extern uint64_t resume_ip, resume_sp;

__asm__(".bss\n"
        "	.balign 8\n"
        "resume_ip: .quad 0\n"
        "resume_sp: .quad 0\n"
        ".text\n"
        "try_access:\n"
        "	leaq 2f(%rip), %rax\n"
        "	movq %rax, resume_ip(%rip)\n"
        "	movq %rsp, resume_sp(%rip)\n"
        "	cmpb $'r', %sil\n"
        "	je 3f\n"
        "	cmpb $'x', %sil\n"
        "	je 4f\n"
        "	movb $1, (%rdi)\n"
        "	jmp 1f\n"
        "3:	movb (%rdi), %al\n"
        "	jmp 1f\n"
        "4:	call *%rdi\n"
        "1:	xorl %eax, %eax\n"
        "	ret\n"
        "2:	movl $1, %eax\n"
        "	ret\n");

static struct {
	int signo, code;
	uint64_t va, cr2, err, trapno;
	bool on_altstack;
} seen;

static uint8_t altstack[ALTSTACK_BYTES] __attribute__((aligned(16)));

static void on_fault(int signo, struct siginfo *info, struct ucontext *context)
{
	uint8_t *here = (uint8_t *)&signo;

	seen.signo = info->signo;
	seen.code = info->code;
	seen.va = info->va;
	seen.cr2 = context->cr2;
	seen.err = context->err;
	seen.trapno = context->trapno;
	seen.on_altstack = here >= altstack && here < altstack + ALTSTACK_BYTES;
	context->ip = resume_ip;
	context->sp = resume_sp;
}

static void check(const struct fault *fault, uint64_t va)
{
	const bool general_protection = fault->code == SI_KERNEL;
	const uint64_t expected_va = general_protection ? 0 : va;
	/* The page fault's error code: user, and what was tried. */
	const uint64_t access = 4 | (fault->how == 'w' ? 2 : 0) | (fault->how == 'x' ? 16 : 0);

	if (seen.signo != fault->signo || seen.code != fault->code)
		fail("wild: %s: signal %d, code %d\n", fault->name, seen.signo, seen.code);
	if (seen.va != expected_va)
		fail("wild: %s: si_addr %x, not %x\n", fault->name, seen.va, expected_va);
	if (!seen.on_altstack)
		fail("wild: %s: not on the alternate stack\n", fault->name);
	if (seen.trapno != (general_protection ? 13 : 14))
		fail("wild: %s: trap %u\n", fault->name, seen.trapno);
	if (!general_protection && va >> 47 && !(seen.err & 1))
		fail("wild: %s: told that the kernel has nothing there\n", fault->name);
	if (!general_protection && (seen.cr2 != va || (seen.err & ~(uint64_t)1) != access))
		fail("wild: %s: cr2 %x, error code %x\n", fault->name, seen.cr2, seen.err);
}

static void catch_all(const char *own_file)
{
	set_altstack(altstack, sizeof(altstack));
	set_handler(SIGSEGV, on_fault, SA_ONSTACK, 0);
	set_handler(SIGBUS, on_fault, SA_ONSTACK, 0);
	for (int i = 0; i < NR_FAULTS; i++) {
		uint64_t va = bad_pointer(i, own_file);

		if (!try_access(va, faults[i].how))
			fail("wild: %s: nothing happened\n", faults[i].name);
		check(&faults[i], va);
	}
	/* However often: each time the task went on. */
	for (int n = 0; n < 200; n++)
		if (!try_access(0, 'w') || seen.signo != SIGSEGV)
			fail("wild: null for the %dth time: nothing happened\n", n);
	print("wild: %d bad pointers caught\n", NR_FAULTS);
}

int guest_main(int argc, char **argv)
{
	if (argc < 2) {
		catch_all(argv[0]);
		return 0;
	}
	for (int i = 0; i < NR_FAULTS; i++)
		if (equal(argv[1], faults[i].name)) {
			try_access(bad_pointer(i, argv[0]), faults[i].how);
			fail("wild: %s: nothing happened\n", faults[i].name);
		}
	fail("wild: no such kind: %s\n", argv[1]);
}
