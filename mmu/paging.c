/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/paging.h"

#include <string.h>

/* Bits from low to high, both included. */
#define BITS(low, high) (((uint64_t)2 << (high)) - ((uint64_t)1 << (low)))

/*
 * Reserved bits that depend on the CPU (above MAXPHYADDR, XD without EFER.NXE, PS
 * where it lacks the page size) are added when a walker is set up. Sources: SDM
 * Vol. 3A, "32-Bit Paging", "PAE Paging" and "4-Level Paging and 5-Level Paging",
 * their tables "Use of ... Entries".
 */
const struct paging_mode paging_two_level = {
	.name = "two-level",
	.nr_levels = 2,
	.entry_bytes = 4,
	.va_bits = 32,
	.pa_mask = BITS(12, 31),
	.level = {
		{ .name = "pd", .shift = 22, .index_bits = 10, .leaf = true, .leaf_size = PAGE_4M,
		  .leaf_needs_pse = true, .leaf_reserved = BITS(21, 21), .high_pa_bits = 8 },
		{ .name = "pt", .shift = 12, .index_bits = 10, .leaf = true, .leaf_size = PAGE_4K },
	},
};

/* As four-level paging, but that bits 62:52 are reserved, not ignored. What may stand
 * in a PDPTE is judged when it is loaded: control_load_pdptes(). */
const struct paging_mode paging_pae = {
	.name = "pae",
	.nr_levels = 3,
	.first_in_memory = 1,
	.entry_bytes = 8,
	.va_bits = 32,
	.has_nx = true,
	.pa_mask = BITS(12, 51),
	.level = {
		{ .name = "pdpt", .shift = 30, .index_bits = 2 },
		{ .name = "pd", .shift = 21, .index_bits = 9, .leaf = true, .leaf_size = PAGE_2M,
		  .table_reserved = BITS(52, 62), .leaf_reserved = BITS(13, 20) | BITS(52, 62) },
		{ .name = "pt", .shift = 12, .index_bits = 9, .leaf = true, .leaf_size = PAGE_4K,
		  .leaf_reserved = BITS(52, 62) },
	},
};

/* Bit 12 of a large page's entry is PAT, bit 7 of a PTE too: never reserved. */
const struct paging_mode paging_four_level = {
	.name = "four-level",
	.nr_levels = 4,
	.entry_bytes = 8,
	.va_bits = 48,
	.has_nx = true,
	.pa_mask = BITS(12, 51),
	.level = {
		{ .name = "pml4", .shift = 39, .index_bits = 9, .table_reserved = PTE_PS },
		{ .name = "pdpt", .shift = 30, .index_bits = 9, .leaf = true, .leaf_size = PAGE_1G,
		  .leaf_reserved = BITS(13, 29) },
		{ .name = "pd", .shift = 21, .index_bits = 9, .leaf = true, .leaf_size = PAGE_2M,
		  .leaf_reserved = BITS(13, 20) },
		{ .name = "pt", .shift = 12, .index_bits = 9, .leaf = true, .leaf_size = PAGE_4K },
	},
};

static const struct paging_mode *const modes[] = { &paging_two_level, &paging_pae,
	                                           &paging_four_level };

const struct paging_mode *paging_mode_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(modes[i]->name, name))
			return modes[i];
	return NULL;
}
