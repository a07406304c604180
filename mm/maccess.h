/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maccess - the kernel reads and writes at its own virtual addresses: direct map,
 * vmalloc area, ioremap()ed devices (Linux 4.4, mm/maccess.c, probe_kernel_read()).
 *
 * Each aligned 8 bytes that are touched are one access of the kernel's through the
 * MMU, in the order of their addresses. RAM is read and written then; elsewhere the
 * device that is there is asked, in the largest aligned pieces of up to 8 bytes.
 *
 * What the kernel does to the contents of pages (mm/highmem.h) and to page tables is
 * counted in the same way while kernel.counts_accesses is set: a machine sets it once
 * it can count, if it has TLBs to count.
 */
#ifndef PW_MM_MACCESS_H
#define PW_MM_MACCESS_H

#include "mm/kernel.h"

/* Aligned 8-byte words that [va, va + len) touches: 3 for 16 bytes at 0x1004. */
static inline uint64_t words_touched(va_t va, uint64_t len)
{
	return (va + len - 1) / 8 - va / 8 + 1;
}

/* 0; -EFAULT: an address is not the kernel's or not mapped (as Linux would oops);
 * what comes before it has been done. */
int kernel_read(struct kernel *k, va_t src, void *dst, uint64_t len);
int kernel_write(struct kernel *k, va_t dst, const void *src, uint64_t len);
int kernel_memset(struct kernel *k, va_t dst, uint8_t byte, uint64_t len);

/* Where the byte at va lies; [va, va + len) is about to be accessed. It lies in one page,
 * which is mapped, and RAM. */
void *kernel_touch(struct kernel *k, va_t va, enum access_kind kind, uint64_t len);

#endif
