/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of the vDSO (Linux 6.18, arch/x86/entry/vdso/vdso.lds.S names
 * them). Each makes the system call that it stands for: simulated time is not to
 * be had without the kernel.
 */

.macro FUNCTION name, nr
	.globl __vdso_\name
	.type __vdso_\name, @function
	.weak \name
	.set \name, __vdso_\name
	.balign 16
__vdso_\name:
	.cfi_startproc
	movl $\nr, %eax
	syscall
	ret
	.cfi_endproc
	.size __vdso_\name, . - __vdso_\name
.endm

	.text
	FUNCTION clock_gettime, 228
	FUNCTION gettimeofday, 96
	FUNCTION time, 201
	FUNCTION clock_getres, 229
	FUNCTION getcpu, 309

	.section .note.GNU-stack, "", @progbits
