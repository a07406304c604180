// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * abi32 - what only 32-bit programs have, each checked against itself: thread-local
 * storage through the GDT, system calls through the vDSO, both kinds of signal frames,
 * structures whose words have 4 bytes.
 *
 * What it shows: the i386 ABI, under a 32-bit kernel (-m p6) and a 64-bit one.
 * What to look at: --syscalls; mmu.walks on a machine with two-level tables.
 */
#include "guest.h"

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what))                                                                       \
			fail("abi32: line %d: not so: " #what "\n", __LINE__);                     \
	} while (0)

enum { EINVAL = 22, EFAULT = 14 };
enum { SIGFPE = 8, SIGUSR1 = 10, SIGSEGV = 11, SIGALRM = 14 };
enum { SA_SIGINFO = 4 };
enum { AT_SYSINFO = 32, AT_SYSINFO_EHDR = 33 };

/* ---- thread-local storage ---- */

struct user_desc {
	uint32_t entry, base, limit, flags;
};

static uint32_t areas[2][4] = { { 11, 12, 13, 14 }, { 21, 22, 23, 24 } };

static uint32_t load_gs(uint32_t selector, uint32_t offset)
{
	uint32_t value;

	__asm__ volatile("movw %w1, %%gs\n\tmovl %%gs:(%2), %0"
	                 : "=r"(value)
	                 : "r"(selector), "r"(offset)
	                 : "memory");
	return value;
}

static uint32_t read_gs(void)
{
	uint32_t selector;

	__asm__ volatile("movl %%gs, %0" : "=r"(selector));
	return selector & 0xffff;
}

static uint32_t make_area(uint32_t base)
{
	struct user_desc desc = { UINT32_MAX, base, 0xfffff, 0x51 };

	CHECK(syscall3(SYS_set_thread_area, &desc, 0, 0) == 0);
	return desc.entry;
}

static void check_tls(void)
{
	uint32_t first = make_area((uintptr_t)areas[0]), second = make_area((uintptr_t)areas[1]);
	struct user_desc desc = { .entry = second };

	CHECK(second == first + 1);
	CHECK(load_gs(first * 8 + 3, 0) == 11 && load_gs(first * 8 + 3, 12) == 14);
	CHECK(load_gs(second * 8 + 3, 4) == 22);
	CHECK(load_gs(second * 8 + 3, (uint32_t)-4) == areas[0][3]); /* wraps around */
	CHECK(syscall3(SYS_get_thread_area, &desc, 0, 0) == 0);
	CHECK(desc.base == (uintptr_t)areas[1] && desc.limit == 0xfffff && desc.flags == 0x51);
	/* The selector that is loaded follows its descriptor. */
	desc.base = (uintptr_t)(areas[0] + 1);
	CHECK(syscall3(SYS_set_thread_area, &desc, 0, 0) == 0);
	CHECK(load_gs(read_gs(), 0) == 12);
	desc.entry = 1;
	CHECK(syscall3(SYS_set_thread_area, &desc, 0, 0) == -EINVAL);
	desc = (struct user_desc){ first, 1, 1, 0x10 };
	CHECK(syscall3(SYS_set_thread_area, &desc, 0, 0) == -EINVAL); /* 16 bits */
	CHECK(syscall3(SYS_set_thread_area, 4, 0, 0) == -EFAULT);
	load_gs(first * 8 + 3, 0);
	print("abi32: thread-local storage\n");
}

/* ---- the vDSO ---- */

static uintptr_t auxiliary(char **argv, uint32_t type)
{
	const uint32_t *at = (const uint32_t *)argv;

	while (*at) /* arguments */
		at++;
	for (at++; *at; at++) /* environment */
		;
	for (at++; at[0]; at += 2)
		if (at[0] == type)
			return at[1];
	return 0;
}

int32_t vsyscall(uintptr_t entry, uint32_t nr, uint32_t a, uint32_t b, uint32_t c, uint32_t d,
                 uint32_t e, uint32_t f);
__asm__("vsyscall:\n"
        "	pushl %ebx\n"
        "	pushl %esi\n"
        "	pushl %edi\n"
        "	pushl %ebp\n"
        "	movl 24(%esp), %eax\n"
        "	movl 28(%esp), %ebx\n"
        "	movl 32(%esp), %ecx\n"
        "	movl 36(%esp), %edx\n"
        "	movl 40(%esp), %esi\n"
        "	movl 44(%esp), %edi\n"
        "	movl 48(%esp), %ebp\n"
        "	call *20(%esp)\n"
        "	popl %ebp\n"
        "	popl %edi\n"
        "	popl %esi\n"
        "	popl %ebx\n"
        "	ret\n");

static void check_vdso(char **argv)
{
	uintptr_t image = auxiliary(argv, AT_SYSINFO_EHDR), entry = auxiliary(argv, AT_SYSINFO);
	uint8_t *page;

	CHECK(image && *(const uint32_t *)image == 0x464c457f);
	CHECK(entry > image && entry < image + 2 * PAGE_BYTES);
	CHECK(vsyscall(entry, SYS_getpid, 0, 0, 0, 0, 0, 0) == syscall3(SYS_getpid, 0, 0, 0));
	/* Six arguments: the program's second page, if the sixth arrives. */
	int fd = syscall3(SYS_open, argv[0], 0, 0);
	page = (uint8_t *)vsyscall(entry, SYS_mmap, 0, PAGE_BYTES, PROT_READ, MAP_PRIVATE,
	                           (uint32_t)fd, 0);
	CHECK(*(const uint32_t *)page == 0x464c457f);
	CHECK(vsyscall(entry, SYS_mmap, (uintptr_t)page, PAGE_BYTES, PROT_READ, MAP_PRIVATE | 0x10,
	               (uint32_t)fd, 1) == (int32_t)(uintptr_t)page);
	CHECK(*(const uint32_t *)page != 0x464c457f);
	CHECK(syscall3(SYS_close, fd, 0, 0) == 0);
	print("abi32: the vDSO\n");
}

/* ---- signal frames ---- */

struct context {
	uint32_t gs, fs, es, ds, di, si, bp, sp, bx, dx, cx, ax, trapno, err, ip, cs, flags;
	uint32_t sp_at_signal, ss, fpstate, oldmask, cr2;
};

struct siginfo {
	int32_t signo, error, code;
	uint32_t va;
	uint32_t rest[28];
};

struct ucontext {
	uint32_t flags, link, stack[3];
	struct context context;
	uint64_t mask;
};

static volatile struct {
	int calls;
	uint32_t va, cr2, trapno, err, signo, gs;
	uint64_t mask;
} seen;

/* No SA_RESTORER: the vDSO leads back. */
static void handle(int signo, void *handler, uint32_t flags, uint64_t mask)
{
	const uint32_t action[5] = { (uintptr_t)handler, flags, 0, (uint32_t)mask,
		                     (uint32_t)(mask >> 32) };

	CHECK(syscall6(SYS_rt_sigaction, (unsigned)signo, (uintptr_t)action, 0, 8, 0, 0) == 0);
}

/* The context follows the number on the stack, by value. */
static void on_old(int signo, struct context context)
{
	seen.calls++;
	seen.signo = (uint32_t)signo;
	seen.gs = context.gs & 0xffff;
	__asm__ volatile("fninit\n\tfldz\n\tpxor %%xmm3, %%xmm3" : : : "memory", "xmm3");
}

static void on_info(int signo, struct siginfo *info, struct ucontext *context)
{
	seen.calls++;
	seen.signo = (uint32_t)signo;
	seen.va = info->va;
	seen.cr2 = context->context.cr2;
	seen.trapno = context->context.trapno;
	seen.err = context->context.err;
	seen.mask = context->mask;
	context->context.ip += 2; /* over the instruction */
}

/* A signal of its own, with values in registers that a handler must not change. */
static void check_old_frame(void)
{
	const double in = 1234.5;
	const uint32_t vector[4] = { 1, 2, 3, 4 };
	uint32_t out[4];
	double st = 0;
	int32_t result;

	seen.calls = 0;
	handle(SIGUSR1, on_old, 0, 0);
	__asm__ volatile("fldl %[in]\n"
	                 "	movups %[vector], %%xmm3\n"
	                 "	int $0x80\n"
	                 "	fstpl %[st]\n"
	                 "	movups %%xmm3, %[out]\n"
	                 : "=a"(result), [st] "=m"(st), [out] "=m"(out)
	                 : "a"(SYS_kill), "b"(syscall3(SYS_getpid, 0, 0, 0)),
	                   "c"(SIGUSR1), [in] "m"(in), [vector] "m"(vector)
	                 : "memory", "xmm3");
	CHECK(seen.calls == 1 && seen.signo == SIGUSR1 && result == 0);
	CHECK(seen.gs == read_gs());
	CHECK(st == in && out[0] == 1 && out[3] == 4);
	print("abi32: old signal frame\n");
}

static void check_rt_frame(void)
{
	const uint64_t blocked = (uint64_t)1 << 40 | (uint64_t)1 << (SIGALRM - 1);

	seen.calls = 0;
	syscall6(SYS_rt_sigprocmask, 2, (uintptr_t)&blocked, 0, 8, 0, 0);
	handle(SIGSEGV, on_info, SA_SIGINFO, 0);
	/* Two bytes long. */
	__asm__ volatile("movl %%eax, (%%ecx)" : : "a"(1), "c"(0x123) : "memory");
	CHECK(seen.calls == 1 && seen.signo == SIGSEGV && seen.va == 0x123 && seen.cr2 == 0x123);
	CHECK(seen.trapno == 14 && seen.err == 6 && seen.mask == blocked);
	__asm__ volatile("movb (%%ecx), %%al" : : "c"(0xfffff000) : "memory", "eax");
	/* A 32-bit kernel does not tell that it has nothing there. */
	CHECK(seen.calls == 2 && seen.va == 0xfffff000 && (seen.err & ~1u) == 4);
	handle(SIGFPE, on_info, SA_SIGINFO, 0);
	__asm__ volatile("divl %%ecx" : : "a"(1), "d"(0), "c"(0) : "memory");
	CHECK(seen.calls == 3 && seen.signo == SIGFPE && seen.trapno == 0);
	print("abi32: signal frame with siginfo\n");
}

/* ---- structures ---- */

static void check_structures(char **argv)
{
	uint32_t stat[16], stat64[24], position[2], limit[2], time[2], time64[4], iovec[4];
	const uint32_t map_arguments[6] = { 0,          PAGE_BYTES,
		                            PROT_READ,  MAP_PRIVATE | MAP_ANONYMOUS,
		                            UINT32_MAX, 0 };
	uint8_t bytes[8];
	int fd = syscall3(SYS_open, argv[0], 0, 0);
	uint8_t *page;

	CHECK(syscall3(SYS_fstat64, fd, stat64, 0) == 0);
	CHECK((stat64[4] & 0170000) == 0100000 && stat64[11] > PAGE_BYTES && !stat64[12]);
	if (syscall3(SYS_fstat, fd, stat, 0) == 0) /* else the inode's number is too large */
		CHECK(stat[5] == stat64[11] && stat[1] == stat64[22]);
	CHECK(syscall6(SYS_llseek, (unsigned)fd, UINT32_MAX, (uint32_t)-8, (uintptr_t)position, 2,
	               0) == 0);
	CHECK(position[0] == stat64[11] - 8 && position[1] == 0);
	CHECK(syscall6(SYS_pread64, (unsigned)fd, (uintptr_t)bytes, 4, 1, 0, 0) == 4);
	CHECK(bytes[0] == 'E' && bytes[2] == 'F');
	CHECK(syscall6(SYS_pread64, (unsigned)fd, (uintptr_t)bytes, 4, 0, 1, 0) == 0); /* at 4 GB */
	iovec[0] = (uintptr_t)bytes;
	iovec[1] = 3;
	iovec[2] = (uintptr_t)bytes + 4;
	iovec[3] = 2;
	CHECK(syscall3(SYS_readv, fd, iovec, 2) == 5);
	page = (uint8_t *)(uintptr_t)syscall3(SYS_old_mmap, map_arguments, 0, 0);
	CHECK((uintptr_t)page < (uintptr_t)-4096 && *page == 0);
	CHECK(syscall3(SYS_ugetrlimit, 5, limit, 0) == 0 && limit[0] == UINT32_MAX);
	CHECK(syscall3(SYS_clock_gettime, 0, time, 0) == 0 && time[1] < 1000000000);
	CHECK(syscall3(SYS_clock_gettime64, 0, time64, 0) == 0 && time64[0] - time[0] <= 1);
	time[0] = 0;
	time[1] = 1000;
	CHECK(syscall3(SYS_nanosleep, time, 0, 0) == 0);
	time[1] = 1000000000;
	CHECK(syscall3(SYS_nanosleep, time, 0, 0) == -EINVAL);
	CHECK(syscall3(SYS_readv, fd, 8, 1) == -EFAULT);
	print("abi32: structures\n");
}

int guest_main(int argc, char **argv)
{
	(void)argc;
	check_tls();
	check_vdso(argv);
	check_old_frame();
	check_rt_frame();
	check_structures(argv);
	return 0;
}
