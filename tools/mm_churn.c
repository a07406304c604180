/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_churn - random work for all allocators at once: things are taken and given back
 * in any order, and each has to come back with what was written to it.
 */
#include "mm/kernel_map.h"
#include "mm/maccess.h"
#include "mm/mempool.h"
#include "mm/page_alloc.h"
#include "mm/percpu.h"
#include "mm/thread_stack.h"
#include "mm/vmalloc.h"
#include "tools/mm_shell.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HELD_MAX 512
#define NR_CACHES 3
#define CHECK_EVERY 4096 /* operations, with --check */

/* One thing taken. Its first and its last 8 bytes are its mark. */
struct held {
	const struct churn_kind *kind; /* NULL: the place is free */
	void *object;
	va_t va;        /* of a vmalloc area */
	uint64_t size;  /* bytes */
	unsigned which; /* order, or cache */
	uint64_t mark;
};

struct churn {
	struct mm_shell *sh;
	struct kernel *k;
	struct kmem_cache *caches[NR_CACHES];
	struct mempool *pool;
	uint64_t random_state;
	uint64_t nr_taken, nr_refused;
	struct held held[HELD_MAX];
};

struct churn_kind {
	bool (*take)(struct churn *churn, struct held *held); /* false: there is none */
	void (*give)(struct churn *churn, struct held *held);
};

/* splitmix64 (Steele, Lea, Flood, OOPSLA 2014), below n */
static uint64_t random_below(struct churn *churn, uint64_t n)
{
	uint64_t z = churn->random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % n;
}

static gfp_t random_gfp(struct churn *churn)
{
	static const gfp_t masks[] = { GFP_KERNEL, GFP_ATOMIC,           GFP_NOWAIT,
		                       GFP_NOIO,   GFP_KERNEL | GFP_DMA, GFP_KERNEL | __GFP_ZERO };

	return masks[random_below(churn, sizeof(masks) / sizeof(masks[0]))] | __GFP_NOWARN |
	       __GFP_NORETRY;
}

/* ---- kinds ---- */

static bool take_pages(struct churn *churn, struct held *held)
{
	held->which = (unsigned)random_below(churn, 5);
	held->size = PAGE_SIZE << held->which;
	held->object = __get_free_pages(churn->k, random_gfp(churn), held->which);
	return held->object;
}

static void give_pages(struct churn *churn, struct held *held)
{
	free_pages(churn->k, held->object, held->which);
}

static bool take_kmalloc(struct churn *churn, struct held *held)
{
	held->size = 8 + random_below(churn, (uint64_t)16 << random_below(churn, 11));
	held->object = kmalloc(churn->k, held->size, random_gfp(churn));
	return held->object;
}

static void give_kmalloc(struct churn *churn, struct held *held)
{
	kfree(churn->k, held->object);
}

static bool take_object(struct churn *churn, struct held *held)
{
	held->which = (unsigned)random_below(churn, NR_CACHES);
	held->size = churn->caches[held->which]->object_size;
	held->object =
	    kmem_cache_alloc(churn->k, churn->caches[held->which], random_gfp(churn) & ~__GFP_DMA);
	return held->object;
}

static void give_object(struct churn *churn, struct held *held)
{
	kmem_cache_free(churn->k, churn->caches[held->which], held->object);
}

static bool take_element(struct churn *churn, struct held *held)
{
	held->size = 256;
	held->object = mempool_alloc(churn->k, churn->pool, GFP_NOWAIT | __GFP_NOWARN);
	return held->object;
}

static void give_element(struct churn *churn, struct held *held)
{
	mempool_free(churn->k, churn->pool, held->object);
}

static bool take_vmalloc(struct churn *churn, struct held *held)
{
	held->size = 8 + random_below(churn, 16 * PAGE_SIZE);
	return vmalloc(churn->k, held->size, &held->va);
}

static void give_vmalloc(struct churn *churn, struct held *held)
{
	vfree(churn->k, held->va);
}

static bool take_percpu(struct churn *churn, struct held *held)
{
	held->size = 8 + random_below(churn, 256);
	held->object = __alloc_percpu(churn->k, held->size, 8);
	return held->object;
}

static void give_percpu(struct churn *churn, struct held *held)
{
	free_percpu(churn->k, held->object);
}

static bool take_stack(struct churn *churn, struct held *held)
{
	held->size = PAGE_SIZE << thread_size_order(churn->k);
	held->object = alloc_thread_stack(churn->k);
	return held->object;
}

static void give_stack(struct churn *churn, struct held *held)
{
	free_thread_stack(churn->k, held->object);
}

static const struct churn_kind kinds[] = {
	{ take_pages, give_pages },     { take_kmalloc, give_kmalloc },
	{ take_object, give_object },   { take_element, give_element },
	{ take_vmalloc, give_vmalloc }, { take_percpu, give_percpu },
	{ take_stack, give_stack },
};

/* ---- taking and giving back ---- */

/* By address through the MMU, or directly. */
static void write_mark(struct churn *churn, const struct held *held, uint64_t offset)
{
	if (held->va)
		kernel_write(churn->k, held->va + offset, &held->mark, sizeof(held->mark));
	else
		memcpy((uint8_t *)held->object + offset, &held->mark, sizeof(held->mark));
}

static bool has_mark(struct churn *churn, const struct held *held, uint64_t offset)
{
	uint64_t found = 0;

	if (held->va)
		kernel_read(churn->k, held->va + offset, &found, sizeof(found));
	else
		memcpy(&found, (uint8_t *)held->object + offset, sizeof(found));
	return found == held->mark;
}

static void take(struct churn *churn, struct held *held)
{
	const struct churn_kind *kind =
	    &kinds[random_below(churn, sizeof(kinds) / sizeof(kinds[0]))];

	*held = (struct held){ .mark = random_below(churn, UINT64_MAX) };
	if (!kind->take(churn, held)) {
		churn->nr_refused++;
		return;
	}
	held->kind = kind;
	churn->nr_taken++;
	write_mark(churn, held, 0);
	write_mark(churn, held, held->size - sizeof(held->mark));
}

/* False: it is not as it was. */
static bool give_back(struct churn *churn, struct held *held)
{
	bool whole = has_mark(churn, held, held->size - sizeof(held->mark)) &&
	             (held->size < 2 * sizeof(held->mark) || has_mark(churn, held, 0));

	held->kind->give(churn, held);
	held->kind = NULL;
	return whole;
}

static int operate(struct churn *churn, uint64_t nr)
{
	char what[256];

	for (uint64_t i = 1; i <= nr; i++) {
		struct held *held = &churn->held[random_below(churn, HELD_MAX)];

		churn->k->cpu = (uint32_t)random_below(churn, churn->k->config.nr_cpus);
		if (!held->kind)
			take(churn, held);
		else if (!give_back(churn, held))
			return shell_failure(churn->sh,
			                     "operation %" PRIu64 ": it is not as it was", i);
		kernel_run_threads(churn->k);
		if (churn->sh->check && !(i % CHECK_EVERY) &&
		    !kernel_is_valid(churn->k, what, sizeof(what)))
			return shell_failure(churn->sh, "operation %" PRIu64 ": %s", i, what);
	}
	return 0;
}

/* ---- before and after ---- */

/* Pages that are free, or have become the kernel's for good: tables of the vmalloc
 * area, and chunks of per-CPU variables. */
static uint64_t accounted_pages(const struct kernel *k)
{
	return nr_free_pages(k) + k->init_mm.nr_ptes + pcpu_nr_pages(k);
}

/* With what caches keep for the next to come given back. */
static uint64_t settled_pages(struct kernel *k)
{
	struct kmem_cache *cache;

	list_for_each_entry (cache, &k->slab_caches, list)
		kmem_cache_shrink(k, cache);
	return accounted_pages(k);
}

/* Caches of DMA memory are made at their first use, and stay. */
static void make_dma_caches(struct kernel *k)
{
	for (size_t size = 8; size <= 8192; size *= 2)
		kfree(k, kmalloc(k, size, GFP_KERNEL | GFP_DMA));
	kfree(k, kmalloc(k, 96, GFP_KERNEL | GFP_DMA));
	kfree(k, kmalloc(k, 192, GFP_KERNEL | GFP_DMA));
}

static bool prepare(struct churn *churn)
{
	static const struct {
		const char *name;
		size_t size;
	} caches[NR_CACHES] = { { "churn-40", 40 }, { "churn-700", 700 }, { "churn-5000", 5000 } };

	for (int i = 0; i < NR_CACHES; i++) {
		churn->caches[i] =
		    kmem_cache_create(churn->k, caches[i].name, caches[i].size, 0, 0, NULL);
		if (!churn->caches[i])
			return false;
	}
	churn->pool = mempool_create_kmalloc_pool(churn->k, 8, 256);
	return churn->pool;
}

static int clean_up(struct churn *churn, int status)
{
	for (int i = 0; i < HELD_MAX; i++)
		if (churn->held[i].kind && !give_back(churn, &churn->held[i]) && !status)
			status = shell_failure(churn->sh, "at the end: one is not as it was");
	mempool_destroy(churn->k, churn->pool);
	for (int i = 0; i < NR_CACHES; i++)
		if (churn->caches[i] && kmem_cache_destroy(churn->k, churn->caches[i]) && !status)
			status = shell_failure(churn->sh, "a cache still has objects");
	return status;
}

/* churn N [SEED] */
static int run_churn(struct mm_shell *sh, const struct mm_call *call)
{
	struct churn *churn = calloc(1, sizeof(*churn));
	uint32_t cpu = shell_kernel(sh)->cpu;
	uint64_t nr, before, after;
	int status;

	if (!churn)
		return shell_mistake(sh, "out of memory");
	churn->sh = sh;
	churn->k = shell_kernel(sh);
	churn->random_state = sh->machine->config.seed;
	status = shell_read_number(sh, call->argv[0], UINT64_MAX, &nr);
	if (!status && call->argc > 1)
		status = shell_read_number(sh, call->argv[1], UINT64_MAX, &churn->random_state);
	if (!status) {
		make_dma_caches(churn->k);
		before = settled_pages(churn->k);
		if (prepare(churn))
			status = operate(churn, nr);
		status = clean_up(churn, status);
		shell_say(sh, "%" PRIu64 " taken and given back, %" PRIu64 " refused",
		          churn->nr_taken, churn->nr_refused);
		after = settled_pages(churn->k);
		if (!status && after != before)
			status = shell_failure(sh, "%" PRIu64 " pages before, %" PRIu64 " after",
			                       before, after);
	}
	churn->k->cpu = cpu;
	free(churn);
	return status;
}

const struct mm_command mm_churn_commands[] = {
	{ "churn", "N [SEED]", 1, 2, NAMES_NOTHING, run_churn,
	  "N times, something is taken from some allocator, or given back" },
	{ 0 },
};
