/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/control.h"

#include <errno.h>
#include <string.h>

/* Bits that software may set: to set another raises #GP. Bits 0 to 11 are VME to
 * UMIP; 16 FSGSBASE, 18 OSXSAVE. */
#define CR4_ALLOWED                                                                                \
	((uint64_t)0xfff | (uint64_t)1 << 16 | CR4_PCIDE | (uint64_t)1 << 18 | CR4_SMEP | CR4_SMAP)
#define EFER_ALLOWED (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)

void control_init(struct control *control)
{
	*control = (struct control){ .cr0 = CR0_CD | CR0_NW | CR0_ET };
}

/* Long mode needs PAE. */
static bool is_illegal_mode(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
	return cr0 & CR0_PG && efer & EFER_LME && !(cr4 & CR4_PAE);
}

int control_write_cr0(struct control *control, uint64_t value)
{
	bool enters = value & ~control->cr0 & CR0_PG, leaves = ~value & control->cr0 & CR0_PG;

	if (value >> 32)
		return -EINVAL;
	if ((value & CR0_PG && !(value & CR0_PE)) || (value & CR0_NW && !(value & CR0_CD)))
		return -EINVAL;
	if (leaves && control->cr4 & CR4_PCIDE)
		return -EINVAL;
	if (enters && is_illegal_mode(value, control->cr4, control->efer))
		return -EINVAL;
	control->cr0 = value | CR0_ET;
	if (enters && control->efer & EFER_LME)
		control->efer |= EFER_LMA;
	if (leaves)
		control->efer &= ~EFER_LMA;
	return 0;
}

/*
 * Simplified: address bits above MAXPHYADDR are refused in every mode; a 32-bit
 * MOV could not name them.
 */
int control_write_cr3(struct control *control, const struct cpu_features *cpu, uint64_t value)
{
	if (control->cr4 & CR4_PCIDE)
		value &= ~CR3_NOFLUSH;
	if (value >> cpu->physical_bits)
		return -EINVAL;
	control->cr3 = value;
	return 0;
}

int control_write_cr4(struct control *control, const struct cpu_features *cpu, uint64_t value)
{
	if (value & ~CR4_ALLOWED || (value & CR4_PCIDE && !cpu->has_pcid))
		return -EINVAL;
	if (value & ~control->cr4 & CR4_PCIDE &&
	    (!(control->efer & EFER_LMA) || control->cr3 & CR3_PCID_MASK))
		return -EINVAL;
	if (is_illegal_mode(control->cr0, value, control->efer))
		return -EINVAL;
	control->cr4 = value;
	return 0;
}

int control_write_efer(struct control *control, uint64_t value)
{
	if (value & ~EFER_ALLOWED)
		return -EINVAL;
	if ((value ^ control->efer) & EFER_LME && control->cr0 & CR0_PG)
		return -EINVAL;
	/* LMA is the CPU's own: what is written to it is ignored. */
	control->efer = (value & ~EFER_LMA) | (control->efer & EFER_LMA);
	return 0;
}

/* SDM Vol. 3A, "PDPTE Registers". */
bool control_reloads_pdptes(const struct control *old, const struct control *now)
{
	const uint64_t in_cr0 = CR0_CD | CR0_NW | CR0_PG;
	const uint64_t in_cr4 = CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP;

	return (old->cr0 ^ now->cr0) & in_cr0 || (old->cr4 ^ now->cr4) & in_cr4;
}

/* The table is 32 bytes at CR3's bits 31:5. In a present entry PWT (3), PCD (4) and
 * bits 11:9 are free, those of the address too; what is left is reserved. */
int control_load_pdptes(struct control *control, const struct cpu_features *cpu,
                        const struct ram *ram)
{
	const uint64_t allowed = PTE_P | PTE_PWT | PTE_PCD | (uint64_t)7 << 9 |
	                         (((uint64_t)1 << cpu->physical_bits) - PAGE_SIZE);
	pa_t table = control->cr3 & 0xffffffe0;
	uint64_t pdptes[NR_PDPTES] = { 0 };

	if (control_paging_mode(control) != &paging_pae)
		return 0;
	if (ram_has(ram, table, sizeof(pdptes)))
		memcpy(pdptes, ram_at(ram, table), sizeof(pdptes));
	for (unsigned i = 0; i < NR_PDPTES; i++)
		if (pdptes[i] & PTE_P && pdptes[i] & ~allowed)
			return -EINVAL;
	memcpy(control->pdptes, pdptes, sizeof(pdptes));
	return 0;
}

const struct paging_mode *control_paging_mode(const struct control *control)
{
	if (!(control->cr0 & CR0_PG))
		return NULL;
	if (control->efer & EFER_LMA)
		return &paging_four_level;
	return control->cr4 & CR4_PAE ? &paging_pae : &paging_two_level;
}

uint16_t control_pcid(const struct control *control)
{
	return control->cr4 & CR4_PCIDE ? control->cr3 & CR3_PCID_MASK : 0;
}
