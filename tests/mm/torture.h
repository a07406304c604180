/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torture - random work for every allocator at once, against a model that knows
 * nothing of them but who owns what.
 *
 *   extent   addresses that one owner has and nobody else may be given: physical
 *            ones (below RAM's end), or virtual ones of the kernel's
 *   held     one thing taken from an allocator, and its extents. Its RAM is filled
 *            with words that only this holder would write there, and is read again
 *            before it goes back: by physical address, whatever the kernel calls it
 *   space    a process: an address space and what its memory has to contain
 *
 * One operation takes, changes or gives back one thing, on a CPU by chance.
 */
#ifndef PW_TESTS_TORTURE_H
#define PW_TESTS_TORTURE_H

#include "disk_file.h"
#include "mm_fixture.h"
#include "ram_swap.h"

#include "mm/ioremap.h"
#include "mm/mempool.h"
#include "mm/mm.h"

#define NR_HELD 768
#define EXTENTS_MAX 18 /* 16 pages, and the kernel addresses they are mapped at */
#define NR_CACHES 8
#define NR_POOLS 3
#define DEVICE_PAGES 16
#define NR_BLOCKS_MAX 256 /* of the largest order, taken for the whole test */

#define NR_SPACES 4
#define SPACE_PAGES 1536 /* of anonymous memory */
#define NR_FILES 2
#define FILE_PAGES 256

struct extent {
	RB_ENTRY(extent) node;
	uint64_t start, size; /* bytes; size 0: not in the tree */
};
RB_HEAD(extent_tree, extent);

struct held {
	const struct torture_kind *kind; /* NULL: the place is free */
	void *object;                    /* a kernel pointer, or struct page */
	va_t va;                         /* of what is mapped into the vmalloc area, else 0 */
	unsigned which;                  /* order, cache or pool */
	bool referenced;                 /* has a second reference */
	uint32_t skip;                   /* bytes at the front that are not to be written */
	uint64_t mark;                   /* what its words are made of */
	unsigned nr_ram;                 /* extents that are RAM; others follow */
	unsigned nr_extents;
	struct extent extents[EXTENTS_MAX];
};

struct torture_cache {
	struct kmem_cache *cache; /* NULL: none */
	uint32_t size;
	bool constructed;
	uint32_t nr_objects;
};

struct torture_pool {
	struct mempool *pool;
	uint64_t element_bytes;
	uint32_t nr_elements; /* handed out */
};

struct torture_space {
	struct mm_struct *mm; /* NULL: none */
	bool killed;          /* by the OOM killer: its memory is gone */
	struct {
		bool mapped, writable;
		uint64_t word; /* what stands in it */
	} pages[SPACE_PAGES];
};

/* What a machine of the torture has. */
struct torture_machine {
	const char *name;
	const struct paging_mode *paging;
	uint64_t ram_bytes;
	uint32_t nr_nodes;
	uint64_t swap_pages;
	uint64_t low_bytes; /* of 32-bit machines: low memory that is left; 0: all */
};

struct torture {
	struct fixture f; /* first: the machine_ops' machine */
	struct kernel *k;
	const struct torture_machine *machine;
	struct machine_ops ops;
	struct fixture_random random;
	uint64_t operation; /* from 1 on */
	uint64_t nr_taken, nr_refused;

	struct extent_tree extents;
	struct held held[NR_HELD];
	struct extent blocks[NR_BLOCKS_MAX];
	uint32_t nr_blocks;
	struct torture_cache caches[NR_CACHES];
	struct torture_pool pools[NR_POOLS];
	struct kmem_cache *pool_cache;
	struct mmio_device device; /* behind all of RAM */
	uint64_t registers[DEVICE_PAGES * PAGE_SIZE / 8], expected[DEVICE_PAGES * PAGE_SIZE / 8];

	struct torture_space spaces[NR_SPACES];
	struct disk_file files[NR_FILES];
	uint8_t contents[NR_FILES][FILE_PAGES * PAGE_SIZE];
	struct ram_swap swap;
};

/* The kernel and the model differ: ends the test, and says where. */
#define torture_fail(t, format, ...)                                                               \
	ck_abort_msg("operation %llu: " format, (unsigned long long)(t)->operation, ##__VA_ARGS__)

static inline uint64_t below(struct torture *t, uint64_t n)
{
	return fixture_below(&t->random, n);
}

static inline bool one_in(struct torture *t, uint64_t n)
{
	return !below(t, n);
}

/* ---- who owns what (torture_model.c) ---- */

/* Fails if somebody has any of it. */
void claim(struct torture *t, struct extent *extent, uint64_t start, uint64_t size);
void release(struct torture *t, struct extent *extent);
/* The frame is of no held thing. */
void check_unowned(struct torture *t, pfn_t pfn);

/* Extents of held: RAM first, then addresses where it is mapped. */
void held_claim_ram(struct torture *t, struct held *held, pa_t pa, uint64_t size);
void held_claim_object(struct torture *t, struct held *held, const void *object, uint64_t size);
void held_claim_va(struct torture *t, struct held *held, va_t va, uint64_t size);
void held_release(struct torture *t, struct held *held);

void held_fill(struct torture *t, struct held *held);
/* Up to nr bytes of its RAM are as they were filled. */
void held_check(struct torture *t, const struct held *held, uint64_t nr);
void held_check_zero(struct torture *t, const struct held *held);

/* ---- what is done ---- */

/* Things from allocators (torture_things.c). */
struct torture_kind {
	const char *name;
	bool (*take)(struct torture *t, struct held *held); /* false: there is none */
	void (*give)(struct torture *t, struct held *held);
	void (*change)(struct torture *t, struct held *held); /* may be NULL */
};
extern const struct torture_kind torture_kinds[];
extern const size_t nr_torture_kinds;

bool things_start(struct torture *t);
void things_end(struct torture *t); /* nothing is held any more */

/* Processes and files (torture_users.c). */
void users_start(struct torture *t);
void users_operate(struct torture *t);
void users_end(struct torture *t);

#endif
