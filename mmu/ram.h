/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ram - the simulated machine's physical memory: one host mapping, physical
 * address 0 first. Reads as zero until written; the host backs only what has
 * been touched.
 */
#ifndef PW_MMU_RAM_H
#define PW_MMU_RAM_H

#include "mmu/types.h"

struct ram {
	uint8_t *base;
	uint64_t size_bytes; /* whole pages */
};

/* 0; -EINVAL if size_bytes is 0 or no whole number of pages, -ENOMEM. */
int ram_init(struct ram *ram, uint64_t size_bytes);
void ram_finish(struct ram *ram);

/* [pa, pa + len) will be touched here and there: the host should back it in small
 * pieces. */
void ram_expect_sparse(const struct ram *ram, pa_t pa, uint64_t len);

/* True if [pa, pa + len) lies in RAM. */
static inline bool ram_has(const struct ram *ram, pa_t pa, uint64_t len)
{
	return pa < ram->size_bytes && len <= ram->size_bytes - pa;
}

static inline void *ram_at(const struct ram *ram, pa_t pa)
{
	return ram->base + pa;
}

#endif
