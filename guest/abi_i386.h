/* SPDX-License-Identifier: GPL-2.0-or-later */
/* abi_i386 - system calls of 32-bit programs, for guest.h. */
#ifndef PW_GUEST_ABI_I386_H
#define PW_GUEST_ABI_I386_H

#include <stdint.h>

enum {
	SYS_read = 3,
	SYS_write = 4,
	SYS_open = 5,
	SYS_close = 6,
	SYS_getpid = 20,
	SYS_fork = 2,
	SYS_wait4 = 114,
	SYS_kill = 37,
	SYS_sigaction = 67,
	SYS_gettimeofday = 78,
	SYS_old_mmap = 90,
	SYS_munmap = 91,
	SYS_setitimer = 104,
	SYS_fstat = 108,
	SYS_uname = 122,
	SYS_mprotect = 125,
	SYS_llseek = 140,
	SYS_readv = 145,
	SYS_nanosleep = 162,
	SYS_rt_sigreturn = 173,
	SYS_rt_sigaction = 174,
	SYS_rt_sigprocmask = 175,
	SYS_rt_sigqueueinfo = 178,
	SYS_rt_sigsuspend = 179,
	SYS_pread64 = 180,
	SYS_sigaltstack = 186,
	SYS_ugetrlimit = 191,
	SYS_mmap = 192, /* mmap2: the offset in pages */
	SYS_fstat64 = 197,
	SYS_set_thread_area = 243,
	SYS_get_thread_area = 244,
	SYS_tkill = 238,
	SYS_exit_group = 252,
	SYS_clock_gettime = 265,
	SYS_tgkill = 270,
	SYS_rt_tgsigqueueinfo = 335,
	SYS_clock_gettime64 = 403,
};

/* ebp is the compiler's while a call has all its arguments in registers. */
static inline int32_t syscall6(uintptr_t nr, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d,
                               uintptr_t e, uintptr_t f)
{
	int32_t result;

	__asm__ volatile("pushl %[sixth]\n"
	                 "	pushl %%ebp\n"
	                 "	movl 4(%%esp), %%ebp\n"
	                 "	int $0x80\n"
	                 "	popl %%ebp\n"
	                 "	addl $4, %%esp\n"
	                 : "=a"(result)
	                 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e), [sixth] "m"(f)
	                 : "memory");
	return result;
}

#endif
