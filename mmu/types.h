/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * types - addresses, page sizes and kinds of access, as all layers use them.
 */
#ifndef PW_MMU_TYPES_H
#define PW_MMU_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t va_t;  /* virtual (linear) address */
typedef uint64_t pa_t;  /* physical address */
typedef uint64_t pfn_t; /* page frame number: pa >> PAGE_SHIFT */

#define PAGE_SHIFT 12
#define PAGE_SIZE ((uint64_t)1 << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* What an instruction does at an address. A read-modify-write instruction
 * asks for its translation once, as a store. */
enum access_kind { ACCESS_LOAD, ACCESS_STORE, ACCESS_FETCH, NR_ACCESS_KINDS };

/* Who does it: CPL 3, or CPL 0 to 2. */
enum privilege { PRIV_USER, PRIV_KERNEL, NR_PRIVS };

/* Page sizes that x86 has; a mode has a subset. */
enum page_size { PAGE_4K, PAGE_2M, PAGE_4M, PAGE_1G, NR_PAGE_SIZES };

#endif
