/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bindings - from a frame back to the virtual page that it is seen through.
 *
 * The engine's emulator reports accesses by physical address. So each frame
 * remembers the one virtual page through which the emulator has it. When a frame
 * is mapped twice and the other page is touched, the emulator must forget all its
 * pages first. The one frame that is mapped at many places is the zero page, which
 * is only read: it is given to the emulator as any of many slots, pages of zeroes
 * behind RAM:
 *
 *   physical   | RAM: frame 0 1 2 ... | zero slot 0 1 2 ... |
 */
#ifndef PW_SIM_BINDINGS_H
#define PW_SIM_BINDINGS_H

#include "mmu/types.h"

#define NR_ZERO_SLOTS ((uint64_t)1024) /* a power of two */

/* A binding is the virtual page number, and the generation that it was made in:
 * of an older one it is void. User addresses have 47 bits, so 36 bits do. */
#define BINDINGS_VPN_BITS 36
#define BINDINGS_VPN_MASK (((uint64_t)1 << BINDINGS_VPN_BITS) - 1)

struct bindings {
	uint64_t nr_frames; /* of RAM */
	uint64_t *bound;    /* by frame, then slot: generation << BINDINGS_VPN_BITS | vpn */
	size_t bound_bytes;
	uint64_t generation;
};

/* 0 or -ENOMEM. */
int bindings_init(struct bindings *bindings, uint64_t ram_bytes);
void bindings_finish(struct bindings *bindings); /* zeroed is fine */

/* Binds the frame, or zero slot, to vpn. False: another page has it. */
bool bindings_bind(struct bindings *bindings, uint64_t frame, uint64_t vpn);

/* All bindings are void. */
void bindings_forget(struct bindings *bindings);

/* The frame number of the zero slot that vpn uses. */
static inline uint64_t bindings_zero_frame(const struct bindings *bindings, uint64_t vpn)
{
	return bindings->nr_frames + (vpn & (NR_ZERO_SLOTS - 1));
}

static inline bool bindings_is_zero_slot(const struct bindings *bindings, pa_t pa)
{
	return pa >> PAGE_SHIFT >= bindings->nr_frames;
}

/* The virtual address of an access that the emulator made at pa. */
static inline va_t bindings_va(const struct bindings *bindings, pa_t pa)
{
	return (bindings->bound[pa >> PAGE_SHIFT] & BINDINGS_VPN_MASK) << PAGE_SHIFT |
	       (pa & ~PAGE_MASK);
}

#endif
