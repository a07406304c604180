/* SPDX-License-Identifier: GPL-2.0-or-later */
/* abi_x86_64 - system calls of 64-bit programs, for guest.h. */
#ifndef PW_GUEST_ABI_X86_64_H
#define PW_GUEST_ABI_X86_64_H

#include <stdint.h>

enum {
	SYS_read = 0,
	SYS_write = 1,
	SYS_open = 2,
	SYS_close = 3,
	SYS_fstat = 5,
	SYS_mmap = 9,
	SYS_mprotect = 10,
	SYS_munmap = 11,
	SYS_rt_sigaction = 13,
	SYS_rt_sigprocmask = 14,
	SYS_rt_sigreturn = 15,
	SYS_pread64 = 17,
	SYS_nanosleep = 35,
	SYS_setitimer = 38,
	SYS_getpid = 39,
	SYS_fork = 57,
	SYS_wait4 = 61,
	SYS_kill = 62,
	SYS_uname = 63,
	SYS_rt_sigqueueinfo = 129,
	SYS_rt_sigsuspend = 130,
	SYS_sigaltstack = 131,
	SYS_tkill = 200,
	SYS_exit_group = 231,
	SYS_tgkill = 234,
	SYS_rt_tgsigqueueinfo = 297,
};

static inline int64_t syscall6(uint64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                               uint64_t e, uint64_t f)
{
	register uint64_t r10 __asm__("r10") = d;
	register uint64_t r8 __asm__("r8") = e;
	register uint64_t r9 __asm__("r9") = f;
	int64_t result;

	__asm__ volatile("syscall"
	                 : "=a"(result)
	                 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
	                 : "rcx", "r11", "memory");
	return result;
}

#endif
