/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control - the control registers that paging obeys, and which values the CPU
 * refuses (Intel SDM Vol. 3A, "Control Registers"; Vol. 2, "MOV - Move to/from
 * Control Registers").
 */
#ifndef PW_MMU_CONTROL_H
#define PW_MMU_CONTROL_H

#include "mmu/paging.h"
#include "mmu/ram.h"

struct control {
	uint64_t cr0, cr2, cr3, cr4, efer;
	uint64_t pdptes[NR_PDPTES]; /* of PAE paging, which never reads them from memory */
	bool ac;                    /* EFLAGS.AC, which lifts SMAP */
};

struct cpu_features {
	uint32_t physical_bits; /* MAXPHYADDR */
	bool has_pcid;
	bool has_1g_pages;
};

/* As after RESET: paging off. */
void control_init(struct control *control);

/* 0; -EINVAL where the CPU raises #GP, and nothing has changed. Flushing is the
 * caller's. */
int control_write_cr0(struct control *control, uint64_t value);
int control_write_cr3(struct control *control, const struct cpu_features *cpu, uint64_t value);
int control_write_cr4(struct control *control, const struct cpu_features *cpu, uint64_t value);
int control_write_efer(struct control *control, uint64_t value);

/*
 * PAE paging: reads the PDPTEs at CR3, as the CPU does with each write of CR3, and
 * of CR0 or CR4 bits that control_reloads_pdptes() names. 0, in other modes without
 * doing anything; -EINVAL where the CPU raises #GP since a present one has a reserved
 * bit set. A table outside of RAM reads as zeroes.
 */
int control_load_pdptes(struct control *control, const struct cpu_features *cpu,
                        const struct ram *ram);
bool control_reloads_pdptes(const struct control *old, const struct control *now);

/* NULL: paging is off. */
const struct paging_mode *control_paging_mode(const struct control *control);

/* 0 without CR4.PCIDE. */
uint16_t control_pcid(const struct control *control);

#endif
