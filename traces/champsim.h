/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * champsim - an instruction in a trace of ChampSim (inc/trace_instruction.h, input_instr):
 * 64 bytes, little-endian, no header. An address of 0 is an unused slot.
 *
 *	 0 ip   8 is_branch, 9 taken   10 registers written (2), 12 read (4)
 *	16 addresses written (2)       32 addresses read (4)
 */
#ifndef PW_TRACES_CHAMPSIM_H
#define PW_TRACES_CHAMPSIM_H

enum {
	CHAMPSIM_BYTES = 64,
	CHAMPSIM_IS_BRANCH = 8,
	CHAMPSIM_TAKEN = 9,
	CHAMPSIM_REGISTERS_WRITTEN = 10,
	CHAMPSIM_REGISTERS_READ = 12,
	CHAMPSIM_STORES = 16,
	CHAMPSIM_NR_STORES = 2,
	CHAMPSIM_LOADS = 32,
	CHAMPSIM_NR_LOADS = 4,
};

#endif
