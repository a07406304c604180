/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_image - what exec needs to know of an ELF file, checked (libelf).
 */
#ifndef PW_SIM_ELF_IMAGE_H
#define PW_SIM_ELF_IMAGE_H

#include "mmu/types.h"

#define ELF_MAX_SEGMENTS 64

struct elf_segment {
	va_t va;
	uint64_t file_offset, file_size, mem_size;
	bool read, write, exec;
};

struct elf_image {
	bool is_64;      /* else i386 */
	bool is_dynamic; /* ET_DYN: may lie anywhere */
	va_t entry;
	va_t phdr_va; /* where the program headers will be; 0: in no segment */
	uint16_t phnum, phentsize;
	uint32_t nr_segments; /* PT_LOAD, by rising address, none overlapping */
	struct elf_segment segments[ELF_MAX_SEGMENTS];
	char interp[256];   /* PT_INTERP, or "" */
	bool exec_stack;    /* PT_GNU_STACK asks for it */
	uint64_t max_align; /* largest p_align of PT_LOAD */
};

/* Reads and checks. bytes is the whole file, `name` stands in messages. 0; else
 * -ENOEXEC (broken, truncated, hostile) or -ENOTSUP (another architecture or
 * kind), and why[] says what and where, naming the file. */
int elf_image_parse(const void *bytes, uint64_t size, const char *name, struct elf_image *image,
                    char *why, size_t why_size);

#endif
