/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bare_guest - a program on Unicorn alone. Loads a static, position-dependent ELF at its
 * own addresses in flat memory, translates by identity, and passes the few system calls
 * that busybox needs on to the host.
 */
#include "tests/judge/bare_guest.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MMAP_BASE ((uint64_t)0x20000000)
#define STACK_TOP (FLAT_BYTES - 4096)

static bool on_fill(uc_engine *uc, uint64_t va, uc_mem_type type, uc_tlb_entry *out, void *user)
{
	(void)uc, (void)type, (void)user;
	out->paddr = va;
	out->perms = UC_PROT_ALL;
	return va < FLAT_BYTES;
}

static uint64_t reg(struct guest *g, int id)
{
	uint64_t value = 0;

	uc_reg_read(g->uc, id, &value);
	return value;
}

static void set_reg(struct guest *g, int id, uint64_t value)
{
	uc_reg_write(g->uc, id, &value);
}

static uint64_t do_brk(struct guest *g, uint64_t brk)
{
	if (brk > g->brk && brk < MMAP_BASE)
		g->brk = brk;
	return g->brk;
}

static uint64_t do_mmap(struct guest *g, uint64_t length)
{
	uint64_t va = g->mmap_next;

	g->mmap_next += (length + 4095) & ~(uint64_t)4095;
	return va;
}

static int64_t host(int64_t result)
{
	return result < 0 ? -errno : result;
}

static int64_t do_syscall(struct guest *g, uint64_t nr, uint64_t a, uint64_t b, uint64_t c)
{
	switch (nr) {
	case SYS_read:
		return host(read((int)a, g->memory + b, c));
	case SYS_write:
		return host(write((int)a, g->memory + b, c));
	case SYS_open:
		return host(open((char *)g->memory + a, (int)b));
	case SYS_openat:
		return host(openat((int)a, (char *)g->memory + b, (int)c));
	case SYS_close:
		return a > 2 ? host(close((int)a)) : 0;
	case SYS_fstat:
		return host(fstat((int)a, (struct stat *)(g->memory + b)));
	case SYS_newfstatat:
		return host(fstatat((int)a, (char *)g->memory + b, (struct stat *)(g->memory + c),
		                    AT_EMPTY_PATH));
	case SYS_brk:
		return (int64_t)do_brk(g, a);
	case SYS_mmap:
		return (int64_t)do_mmap(g, b);
	case SYS_munmap:
	case SYS_mprotect:
	case SYS_rt_sigaction:
	case SYS_rt_sigprocmask:
	case SYS_set_robust_list:
		return 0;
	case SYS_arch_prctl:
		set_reg(g, UC_X86_REG_FS_BASE, b);
		return 0;
	case SYS_set_tid_address:
	case SYS_getuid:
		return 1;
	default:
		return -ENOSYS;
	}
}

static void on_syscall(uc_engine *uc, void *user)
{
	struct guest *g = user;
	uint64_t nr = reg(g, UC_X86_REG_RAX);

	if (nr == SYS_exit_group || nr == SYS_exit) {
		g->exit_status = (int)reg(g, UC_X86_REG_RDI);
		g->exited = true;
		uc_emu_stop(uc);
		return;
	}
	set_reg(g, UC_X86_REG_RAX,
	        (uint64_t)do_syscall(g, nr, reg(g, UC_X86_REG_RDI), reg(g, UC_X86_REG_RSI),
	                             reg(g, UC_X86_REG_RDX)));
}

/* The entry point; 0 if the file is no ELF for us. */
static uint64_t load(struct guest *g, const char *path, uint64_t *phdr, uint64_t *phnum)
{
	Elf64_Ehdr header;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, &header, sizeof(header)) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_type != ET_EXEC)
		return 0;
	for (int i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr p;

		if (pread(fd, &p, sizeof(p), (off_t)(header.e_phoff + i * sizeof(p))) != sizeof(p))
			return 0;
		if (p.p_type != PT_LOAD)
			continue;
		if (p.p_vaddr + p.p_memsz > MMAP_BASE ||
		    pread(fd, g->memory + p.p_vaddr, p.p_filesz, (off_t)p.p_offset) !=
		        (ssize_t)p.p_filesz)
			return 0;
		if (!p.p_offset)
			*phdr = p.p_vaddr + header.e_phoff;
		g->brk = (p.p_vaddr + p.p_memsz + 4095) & ~(uint64_t)4095;
	}
	close(fd);
	*phnum = header.e_phnum;
	return header.e_entry;
}

static uint64_t push_string(struct guest *g, uint64_t *top, const char *string)
{
	*top -= strlen(string) + 1;
	strcpy((char *)g->memory + *top, string);
	return *top;
}

static uint64_t build_stack(struct guest *g, int argc, char **argv, uint64_t phdr, uint64_t phnum)
{
	uint64_t top = STACK_TOP, words[64], n = 0, sp, random;

	words[n++] = (uint64_t)argc;
	for (int i = 0; i < argc; i++)
		words[n++] = push_string(g, &top, argv[i]);
	words[n++] = 0;
	words[n++] = 0;
	random = push_string(g, &top, "sixteen bytes...");
	const uint64_t auxv[] = { AT_PHDR,   phdr, AT_PHNUM,  phnum,  AT_PHENT, sizeof(Elf64_Phdr),
		                  AT_PAGESZ, 4096, AT_RANDOM, random, AT_NULL,  0 };
	memcpy(words + n, auxv, sizeof(auxv));
	n += sizeof(auxv) / 8;
	sp = (top - n * 8) & ~(uint64_t)15;
	memcpy(g->memory + sp, words, n * 8);
	return sp;
}

int guest_open(struct guest *g, const char *path, int argc, char **argv)
{
	uint64_t phdr = 0, phnum = 0;
	uc_hook hook;

	*g = (struct guest){ .mmap_next = MMAP_BASE };
	g->memory = mmap(NULL, FLAT_BYTES, PROT_READ | PROT_WRITE,
	                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	g->entry = g->memory == MAP_FAILED ? 0 : load(g, path, &phdr, &phnum);
	if (!g->entry || argc > GUEST_MAX_ARGS)
		return -1;
	if (uc_open(UC_ARCH_X86, UC_MODE_64, &g->uc) || uc_ctl_tlb_mode(g->uc, UC_TLB_VIRTUAL) ||
	    uc_mem_map_ptr(g->uc, 0, FLAT_BYTES, UC_PROT_ALL, g->memory) ||
	    uc_hook_add(g->uc, &hook, UC_HOOK_TLB_FILL, (void *)on_fill, g, 1, 0) ||
	    uc_hook_add(g->uc, &hook, UC_HOOK_INSN, (void *)on_syscall, g, 1, 0,
	                UC_X86_INS_SYSCALL))
		return -1;
	set_reg(g, UC_X86_REG_RSP, build_stack(g, argc, argv, phdr, phnum));
	return 0;
}

int guest_run(struct guest *g)
{
	uc_err err = uc_emu_start(g->uc, g->entry, (uint64_t)1 << 63, 0, 0);

	if (err && !g->exited) {
		fprintf(stderr, "%s at 0x%lx\n", uc_strerror(err),
		        (unsigned long)reg(g, UC_X86_REG_RIP));
		return -1;
	}
	uc_close(g->uc);
	return g->exit_status;
}
