/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * percpu - variables of which each CPU has its own copy, so that none ever waits
 * for another's cache line (Linux 4.4, include/linux/percpu.h, mm/percpu.c).
 *
 *   unit     one CPU's share of a chunk: PCPU_UNIT_SIZE bytes
 *   chunk    the units of all CPUs, one behind the other, in whole pages
 *
 *              unit of CPU 0          unit of CPU 1
 *   first    | static |  dynamic   | static |  dynamic   | ...
 *   others   |       dynamic       |       dynamic       | ...
 *                 ^ a per-CPU pointer      ^ CPU 1's copy: PCPU_UNIT_SIZE behind it
 *
 * A per-CPU pointer stands for all copies at once; it happens to be CPU 0's address
 * but is never dereferenced: per_cpu_ptr() and this_cpu_ptr() say whose copy.
 */
#ifndef PW_MM_PERCPU_H
#define PW_MM_PERCPU_H

#include "mm/mm_types.h"

#define PCPU_UNIT_SIZE PAGE_SIZE
#define PCPU_MIN_ALLOC 8 /* bytes; sizes are rounded up to it */
#define PCPU_MAP_WORDS (PCPU_UNIT_SIZE / PCPU_MIN_ALLOC / 64)

/* What Linux would DEFINE_PER_CPU(): laid out at the start of each unit of the first
 * chunk, zero at boot. */
struct percpu_static {
	/* How often a CPU's lists of hot pages and arrays of objects had to turn to
	 * what all CPUs share. */
	uint64_t pcp_refills, pcp_drains;
	uint64_t slab_refills, slab_flushes;
	uint64_t min_flt, maj_flt; /* page faults answered on it */
};

struct pcpu_chunk {
	struct list_head list; /* kernel.percpu.chunks, the first chunk first */
	void *base;            /* unit of CPU 0 */
	/* By PCPU_MIN_ALLOC bytes of a unit: in use; and in use by an area that begins
	 * here. */
	uint64_t used[PCPU_MAP_WORDS], begins[PCPU_MAP_WORDS];
};

struct percpu {
	struct list_head chunks;
	struct percpu_static *statics; /* a per-CPU pointer */
	struct pcpu_chunk first;
	uint64_t nr_areas; /* dynamic ones */
};

/* The first chunk is there before the allocators are, so that they can count in it:
 * mem_init() reserves percpu_first_bytes() of fresh RAM, and hands them over. */
uint64_t percpu_first_bytes(const struct kernel *k);
void percpu_init(struct kernel *k, void *first);

/* size 1 to PCPU_UNIT_SIZE, align a power of two to PCPU_UNIT_SIZE. All copies are
 * zero. NULL: no memory, or a rule is broken. */
void *__alloc_percpu(struct kernel *k, size_t size, size_t align);
void free_percpu(struct kernel *k, void *ptr); /* NULL is fine */

#define alloc_percpu(k, type) ((type *)__alloc_percpu(k, sizeof(type), _Alignof(type)))

/* The type of ptr is kept. */
#define per_cpu_ptr(ptr, cpu)                                                                      \
	((__typeof__(ptr))((uintptr_t)(ptr) + (uintptr_t)(cpu)*PCPU_UNIT_SIZE))
#define this_cpu_ptr(k, ptr) per_cpu_ptr(ptr, (k)->cpu)

/* DEFINE_PER_CPU()ed ones by name: this_cpu(k)->pcp_refills++. */
#define per_cpu(k, cpu) per_cpu_ptr((k)->percpu.statics, cpu)
#define this_cpu(k) this_cpu_ptr(k, (k)->percpu.statics)

/* Pages that back all chunks: Percpu of /proc/meminfo. */
uint64_t pcpu_nr_pages(const struct kernel *k);

bool percpu_is_valid(const struct kernel *k, char *what, size_t size);

#endif
