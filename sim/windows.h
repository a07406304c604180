/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * windows - from a frame back to the virtual page that it is seen through.
 *
 * The engine's emulator reports accesses by physical address. So each frame
 * remembers the virtual page through which the emulator has it. A frame that is
 * mapped twice needs two such memories: RAM appears several times in the
 * emulator's physical address space, and each window has its own.
 *
 *   physical   | window 0          | window 1          | ...
 *   RAM        | frame 0 1 2 ...   | frame 0 1 2 ...   |
 *
 * When all windows of a frame are taken, the emulator must forget all its pages,
 * and everything is free again.
 */
#ifndef PW_SIM_WINDOWS_H
#define PW_SIM_WINDOWS_H

#include "mmu/types.h"

#define NR_WINDOWS 8

/* A binding is the virtual page number, and the generation that it was made in:
 * of an older one it is void. User addresses have 47 bits, so 36 bits do. */
#define WINDOWS_VPN_BITS 36
#define WINDOWS_VPN_MASK (((uint64_t)1 << WINDOWS_VPN_BITS) - 1)

struct windows {
	uint32_t shift;  /* log2 of a window's bytes */
	uint64_t *bound; /* by (window, pfn): generation << WINDOWS_VPN_BITS | vpn */
	size_t bound_bytes;
	uint64_t generation;
};

/* 0 or -ENOMEM. */
int windows_init(struct windows *windows, uint64_t ram_bytes);
void windows_finish(struct windows *windows); /* zeroed is fine */

/* Binds the frame to vpn in the first window that is free or has it already, of
 * the first nr_windows ones. False: all are taken. */
bool windows_bind(struct windows *windows, pfn_t pfn, uint64_t vpn, uint32_t nr_windows,
                  uint32_t *window);

/* True if the frame is bound in another window than the first. */
bool windows_bound_outside_first(const struct windows *windows, pfn_t pfn);

/* Everything is free again. */
void windows_forget(struct windows *windows);

static inline pa_t windows_pa(const struct windows *windows, uint32_t window, pfn_t pfn)
{
	return ((pa_t)window << windows->shift) + (pfn << PAGE_SHIFT);
}

/* The virtual address of an access at a window's physical address. */
static inline va_t windows_va(const struct windows *windows, pa_t pa)
{
	return (windows->bound[pa >> PAGE_SHIFT] & WINDOWS_VPN_MASK) << PAGE_SHIFT |
	       (pa & ~PAGE_MASK);
}

/* The same physical address in RAM itself. */
static inline pa_t windows_ram_pa(const struct windows *windows, pa_t pa)
{
	return pa & (((pa_t)1 << windows->shift) - 1);
}

#endif
