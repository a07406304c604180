/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86_regs - a task's registers while no CPU runs it.
 */
#ifndef PW_SIM_X86_REGS_H
#define PW_SIM_X86_REGS_H

#include <stdint.h>

/* In the order of instruction encoding. */
enum x86_gpr {
	REG_AX,
	REG_CX,
	REG_DX,
	REG_BX,
	REG_SP,
	REG_BP,
	REG_SI,
	REG_DI,
	REG_8,
	REG_9,
	REG_10,
	REG_11,
	REG_12,
	REG_13,
	REG_14,
	REG_15,
	NR_GPRS
};

struct x86_regs {
	uint64_t gpr[NR_GPRS];
	uint64_t ip;
	uint64_t flags;
	uint64_t fs_base, gs_base;
};

/* x87 and SSE state in FXSAVE's 64-bit layout (Intel SDM Vol. 1, "FXSAVE Area"). */
struct x86_fpu {
	uint8_t fxsave[512];
};

#endif
