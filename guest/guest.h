/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest - what our guest programs have instead of a C library: the entry, system
 * calls, a little output, and memory that can be checked.
 *
 * The programs run natively too: what they verify is Linux's behaviour.
 */
#ifndef PW_GUEST_GUEST_H
#define PW_GUEST_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096u
#define MIB ((uint64_t)1 << 20)

/* The program. Its result is the exit status. */
int guest_main(int argc, char **argv);

/* ---- system calls: results as the kernel gives them, -errno for errors ---- */

/* SYS_* and syscall6(), of the program's own ABI. */
#ifdef __i386__
#include "abi_i386.h"
#else
#include "abi_x86_64.h"
#endif

#define syscall3(nr, a, b, c) syscall6(nr, (uintptr_t)(a), (uintptr_t)(b), (uintptr_t)(c), 0, 0, 0)

enum { PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4 };
enum { MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20, MAP_NORESERVE = 0x4000 };

/* fd -1: anonymous. Ends the program if there is no memory. */
void *map(uint64_t bytes, int prot, int flags, int fd);
void unmap(void *memory, uint64_t bytes);
_Noreturn void quit(int status);

/* ---- output and arguments ---- */

/* %s, %d (int), %u (uint64_t), %x (uint64_t, with 0x): no widths. One write(2). */
void print(const char *format, ...);
/* The same, and exit status 1. */
_Noreturn void fail(const char *format, ...);

/* The argument as a size (64K, 32M, 1G, 4096), or fallback if it is not given. */
uint64_t size_argument(int argc, char **argv, int index, uint64_t fallback);

bool equal(const char *a, const char *b);

/* What the compiler may call though nobody wrote it. */
void *memset(void *dst, int byte, size_t len);
void *memcpy(void *restrict dst, const void *restrict src, size_t len);

/* ---- patterns ---- */

/* A value that depends on all bits of both (splitmix64's finalizer). */
static inline uint64_t pattern(uint64_t place, uint64_t pass)
{
	uint64_t z = place + (pass + 1) * 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* xorshift64 (Marsaglia, "Xorshift RNGs"); state must not be 0. */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

#endif
