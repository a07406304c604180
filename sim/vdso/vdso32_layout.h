/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where vdso32.S has what the kernel must find in it: offsets in the image. The
 * assembler reads this too.
 */
#ifndef PW_SIM_VDSO_VDSO32_LAYOUT_H
#define PW_SIM_VDSO_VDSO32_LAYOUT_H

#define VDSO32_TEXT 0x600 /* the first instruction; vdso32.lds */
#define VDSO32_KERNEL_VSYSCALL 0x600
#define VDSO32_LANDING_PAD 0x609 /* where sysenter returns to */
#define VDSO32_SIGRETURN 0x620
#define VDSO32_RT_SIGRETURN 0x640
#define VDSO32_FUNCTIONS 0x660

#endif
