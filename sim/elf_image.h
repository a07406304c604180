/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_image - what exec needs to know of an ELF file, checked (libelf).
 */
#ifndef PW_SIM_ELF_IMAGE_H
#define PW_SIM_ELF_IMAGE_H

#include "mmu/types.h"

#define ELF_MAX_SEGMENTS 64
#define ELF_INTERP_MAX 4096 /* Linux: PATH_MAX */

/* Where user addresses end (Linux 6.1, arch/x86/include/asm/page_{64,32}_types.h:
 * TASK_SIZE_MAX and IA32_PAGE_OFFSET): of 64-bit programs, of 32-bit ones, and of these
 * under a 32-bit kernel. */
#define ELF_TASK_SIZE_64 ((va_t)0x7ffffffff000)
#define ELF_TASK_SIZE_KERNEL_32 ((va_t)0xc0000000)
#define ELF_TASK_SIZE_32 ((va_t)0xffffe000)

struct elf_segment {
	va_t va;
	uint64_t file_offset, file_size, mem_size;
	bool read, write, exec;
};

struct elf_image {
	bool is_64;      /* else i386 */
	bool is_dynamic; /* ET_DYN: may lie anywhere */
	va_t entry;      /* need not lie in an executable segment: it faults then */
	va_t phdr_va;    /* where the program headers will be; 0: in no segment */
	uint16_t phnum, phentsize;
	uint32_t nr_segments; /* PT_LOAD with a size, by rising address, none overlapping */
	struct elf_segment segments[ELF_MAX_SEGMENTS];
	char interp[ELF_INTERP_MAX]; /* PT_INTERP, or "" */
	bool exec_stack;             /* PT_GNU_STACK asks for it */
	uint64_t max_align;          /* largest p_align of PT_LOAD that is a power of two */
};

/* A file that is read in pieces, so that no more of it need be in a page cache
 * than the kernel would read. */
struct elf_source {
	const char *name;    /* stands in messages */
	uint64_t size_bytes; /* of the whole file */
	/* Bytes read, or -errno; fewer than len only if the file shrank. */
	int64_t (*read)(void *context, void *dst, uint64_t len, uint64_t offset);
	void *context;
};

/* Reads and checks. 0; else -ENOEXEC (broken, truncated, hostile), -ENOTSUP
 * (another architecture or kind), -ENOMEM or what read() said, and why[] says what
 * and where: "a.out: program header 3: ...". */
int elf_image_read(const struct elf_source *source, struct elf_image *image, char *why,
                   size_t why_size);

/* The same for a file that is in memory as a whole. */
int elf_image_parse(const void *bytes, uint64_t size, const char *name, struct elf_image *image,
                    char *why, size_t why_size);

#endif
