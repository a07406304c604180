/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86_regs - a task's registers while no CPU runs it.
 */
#ifndef PW_SIM_X86_REGS_H
#define PW_SIM_X86_REGS_H

#include "sim/segments.h"

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

#define X86_FLAGS_IF 0x200u

/* Selectors. */
struct x86_segments {
	uint16_t cs, ss, ds, es, fs, gs;
};

struct x86_regs {
	uint64_t gpr[NR_GPRS];
	uint64_t ip;
	uint64_t flags;
	uint64_t fs_base, gs_base; /* in 32-bit mode as the selectors' descriptors say */
	/* 32-bit (or compatibility) mode: then gpr and ip have 32 bits, and these count. */
	bool is_32;
	struct x86_segments segments;
	uint64_t tls[NR_TLS_ENTRIES]; /* descriptors of the task's own (thread.tls_array) */
};

/* The value of a register as a system call's result. */
static inline int64_t x86_regs_result(const struct x86_regs *regs)
{
	return regs->is_32 ? (int32_t)regs->gpr[REG_AX] : (int64_t)regs->gpr[REG_AX];
}

static inline void x86_regs_set_result(struct x86_regs *regs, int64_t result)
{
	regs->gpr[REG_AX] = regs->is_32 ? (uint32_t)result : (uint64_t)result;
}

/* x87 and SSE state in FXSAVE's 64-bit layout (Intel SDM Vol. 1, "FXSAVE Area"). */
struct x86_fpu {
	uint8_t fxsave[512];
};

#endif
