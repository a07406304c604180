/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vDSO of 32-bit programs (Linux 6.18, arch/x86/entry/vdso/vdso32/). As in
 * vdso.S, functions make the system calls that they stand for.
 */
#include "vdso32_layout.h"

	.text
	.code32

	.globl __kernel_vsyscall
	.type __kernel_vsyscall, @function
	.org VDSO32_KERNEL_VSYSCALL - VDSO32_TEXT
/* sysenter keeps neither ip nor sp: the kernel returns to the landing pad, and finds
 * the stack, and the sixth argument on it, by ebp. A call that is made again goes
 * through the int. */
__kernel_vsyscall:
	.cfi_startproc
	pushl %ecx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ecx, 0
	pushl %edx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset edx, 0
	pushl %ebp
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ebp, 0
	movl %esp, %ebp
	sysenter
	int $0x80
	.org VDSO32_LANDING_PAD - VDSO32_TEXT
	popl %ebp
	.cfi_restore ebp
	.cfi_adjust_cfa_offset -4
	popl %edx
	.cfi_restore edx
	.cfi_adjust_cfa_offset -4
	popl %ecx
	.cfi_restore ecx
	.cfi_adjust_cfa_offset -4
	ret
	.cfi_endproc
	.size __kernel_vsyscall, . - __kernel_vsyscall

	.globl __kernel_sigreturn
	.type __kernel_sigreturn, @function
	.org VDSO32_SIGRETURN - VDSO32_TEXT
__kernel_sigreturn:
	popl %eax
	movl $119, %eax
	int $0x80
	.size __kernel_sigreturn, . - __kernel_sigreturn

	.globl __kernel_rt_sigreturn
	.type __kernel_rt_sigreturn, @function
	.org VDSO32_RT_SIGRETURN - VDSO32_TEXT
__kernel_rt_sigreturn:
	movl $173, %eax
	int $0x80
	.size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn

/* Up to three arguments from the stack. */
.macro FUNCTION name, nr
	.globl __vdso_\name
	.type __vdso_\name, @function
	.balign 16
__vdso_\name:
	.cfi_startproc
	pushl %ebx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ebx, 0
	movl 8(%esp), %ebx
	movl 12(%esp), %ecx
	movl 16(%esp), %edx
	movl $\nr, %eax
	int $0x80
	popl %ebx
	.cfi_restore ebx
	.cfi_adjust_cfa_offset -4
	ret
	.cfi_endproc
	.size __vdso_\name, . - __vdso_\name
.endm

	.org VDSO32_FUNCTIONS - VDSO32_TEXT
	FUNCTION clock_gettime, 265
	FUNCTION gettimeofday, 78
	FUNCTION time, 13
	FUNCTION clock_getres, 266
	FUNCTION clock_gettime64, 403
	FUNCTION getcpu, 318

	.section .note.GNU-stack, "", @progbits
