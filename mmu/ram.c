/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmu/ram.h"

#include <errno.h>
#include <sys/mman.h>

int ram_init(struct ram *ram, uint64_t size_bytes)
{
	void *base;

	if (!size_bytes || size_bytes % PAGE_SIZE)
		return -EINVAL;
	base = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
	            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return -ENOMEM;
	/* Fewer and larger page faults of the host's; it may refuse. */
	madvise(base, size_bytes, MADV_HUGEPAGE);
	ram->base = base;
	ram->size_bytes = size_bytes;
	return 0;
}

void ram_expect_sparse(const struct ram *ram, pa_t pa, uint64_t len)
{
	madvise(ram->base + (pa & PAGE_MASK), len, MADV_NOHUGEPAGE);
}

void ram_finish(struct ram *ram)
{
	if (ram->base)
		munmap(ram->base, ram->size_bytes);
	ram->base = NULL;
	ram->size_bytes = 0;
}
