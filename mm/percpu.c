/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * percpu - see mm/percpu.h. First fit over two bitmaps a chunk (the way of Linux
 * 4.14; 4.4 keeps an array of areas). A chunk with nothing in it goes back at once,
 * but for the first, which is there for ever.
 */
#include "mm/percpu.h"

#include "mm/page_alloc.h"

#include <stdio.h>
#include <string.h>

#define UNIT_SLOTS (PCPU_UNIT_SIZE / PCPU_MIN_ALLOC)
#define STATIC_SLOTS ((sizeof(struct percpu_static) + PCPU_MIN_ALLOC - 1) / PCPU_MIN_ALLOC)
_Static_assert(STATIC_SLOTS <= UNIT_SLOTS / 2, "the first chunk has room for dynamic areas");

/* ---- bitmaps ---- */

static bool test_bit(const uint64_t *map, size_t bit)
{
	return map[bit / 64] >> bit % 64 & 1;
}

static void set_bit(uint64_t *map, size_t bit)
{
	map[bit / 64] |= (uint64_t)1 << bit % 64;
}

static void clear_bit(uint64_t *map, size_t bit)
{
	map[bit / 64] &= ~((uint64_t)1 << bit % 64);
}

/* ---- areas of a chunk, in slots of PCPU_MIN_ALLOC bytes ---- */

static bool is_free(const struct pcpu_chunk *chunk, size_t slot, size_t slots)
{
	for (size_t i = slot; i < slot + slots; i++)
		if (test_bit(chunk->used, i))
			return false;
	return true;
}

static void take(struct pcpu_chunk *chunk, size_t slot, size_t slots)
{
	set_bit(chunk->begins, slot);
	for (size_t i = slot; i < slot + slots; i++)
		set_bit(chunk->used, i);
}

/* Up to where the next area, or free space, begins. Returns the slots. */
static size_t give_back(struct pcpu_chunk *chunk, size_t slot)
{
	size_t end = slot;

	assert(test_bit(chunk->used, slot) && test_bit(chunk->begins, slot));
	clear_bit(chunk->begins, slot);
	while (end < UNIT_SLOTS && test_bit(chunk->used, end) && !test_bit(chunk->begins, end))
		clear_bit(chunk->used, end++);
	return end - slot;
}

/* The first fit's slot, taken; UNIT_SLOTS: none. */
static size_t find_and_take(struct pcpu_chunk *chunk, size_t slots, size_t align)
{
	for (size_t slot = 0; slot + slots <= UNIT_SLOTS; slot += align) {
		if (!is_free(chunk, slot, slots))
			continue;
		take(chunk, slot, slots);
		return slot;
	}
	return UNIT_SLOTS;
}

static bool is_empty(const struct pcpu_chunk *chunk)
{
	for (size_t i = 0; i < PCPU_MAP_WORDS; i++)
		if (chunk->used[i])
			return false;
	return true;
}

/* ---- chunks ---- */

static unsigned chunk_order(const struct kernel *k)
{
	unsigned order = 0;

	while (PAGE_SIZE << order < k->config.nr_cpus * PCPU_UNIT_SIZE)
		order++;
	return order;
}

static struct pcpu_chunk *chunk_create(struct kernel *k)
{
	struct pcpu_chunk *chunk = kzalloc(k, sizeof(*chunk), GFP_KERNEL);

	if (!chunk)
		return NULL;
	chunk->base = __get_free_pages(k, GFP_KERNEL, chunk_order(k));
	if (!chunk->base) {
		kfree(k, chunk);
		return NULL;
	}
	list_add_tail(&chunk->list, &k->percpu.chunks);
	return chunk;
}

static void chunk_destroy(struct kernel *k, struct pcpu_chunk *chunk)
{
	list_del(&chunk->list);
	free_pages(k, chunk->base, chunk_order(k));
	kfree(k, chunk);
}

/* The chunk in whose unit of CPU 0 the pointer lies. */
static struct pcpu_chunk *chunk_of(struct kernel *k, const void *ptr)
{
	struct pcpu_chunk *chunk;

	list_for_each_entry (chunk, &k->percpu.chunks, list)
		if ((uintptr_t)ptr - (uintptr_t)chunk->base < PCPU_UNIT_SIZE)
			return chunk;
	return NULL;
}

uint64_t percpu_first_bytes(const struct kernel *k)
{
	return k->config.nr_cpus * PCPU_UNIT_SIZE;
}

void percpu_init(struct kernel *k, void *first)
{
	struct percpu *percpu = &k->percpu;

	INIT_LIST_HEAD(&percpu->chunks);
	percpu->first.base = first;
	list_add_tail(&percpu->first.list, &percpu->chunks);
	take(&percpu->first, 0, STATIC_SLOTS);
	percpu->statics = first;
}

/* ---- dynamic areas ---- */

static void *take_from(struct kernel *k, struct pcpu_chunk *chunk, size_t slots, size_t align)
{
	size_t slot = find_and_take(chunk, slots, align);
	uint8_t *ptr = (uint8_t *)chunk->base + slot * PCPU_MIN_ALLOC;

	if (slot == UNIT_SLOTS)
		return NULL;
	for (uint32_t cpu = 0; cpu < k->config.nr_cpus; cpu++)
		memset(per_cpu_ptr(ptr, cpu), 0, slots * PCPU_MIN_ALLOC);
	k->percpu.nr_areas++;
	return ptr;
}

void *__alloc_percpu(struct kernel *k, size_t size, size_t align)
{
	size_t slots = (size + PCPU_MIN_ALLOC - 1) / PCPU_MIN_ALLOC;
	size_t align_slots = align > PCPU_MIN_ALLOC ? align / PCPU_MIN_ALLOC : 1;
	struct pcpu_chunk *chunk;

	if (!size || size > PCPU_UNIT_SIZE || !align || align & (align - 1) ||
	    align > PCPU_UNIT_SIZE)
		return NULL;
	list_for_each_entry (chunk, &k->percpu.chunks, list) {
		void *ptr = take_from(k, chunk, slots, align_slots);

		if (ptr)
			return ptr;
	}
	chunk = chunk_create(k);
	return chunk ? take_from(k, chunk, slots, align_slots) : NULL;
}

void free_percpu(struct kernel *k, void *ptr)
{
	struct pcpu_chunk *chunk;
	size_t offset;

	if (!ptr)
		return;
	chunk = chunk_of(k, ptr);
	assert(chunk && ptr != k->percpu.statics);
	offset = (size_t)((uint8_t *)ptr - (uint8_t *)chunk->base);
	assert(offset % PCPU_MIN_ALLOC == 0);
	give_back(chunk, offset / PCPU_MIN_ALLOC);
	k->percpu.nr_areas--;
	if (chunk != &k->percpu.first && is_empty(chunk))
		chunk_destroy(k, chunk);
}

/* ---- figures and invariants ---- */

uint64_t pcpu_nr_pages(const struct kernel *k)
{
	const struct pcpu_chunk *chunk;
	uint64_t pages = percpu_first_bytes(k) >> PAGE_SHIFT;

	list_for_each_entry (chunk, &k->percpu.chunks, list)
		if (chunk != &k->percpu.first)
			pages += (uint64_t)1 << chunk_order(k);
	return pages;
}

/* Areas begin where something is in use, and whatever follows free space begins
 * one. */
static bool maps_are_valid(const struct pcpu_chunk *chunk)
{
	bool before = false;

	for (size_t i = 0; i < UNIT_SLOTS; i++) {
		bool used = test_bit(chunk->used, i), begins = test_bit(chunk->begins, i);

		if (begins ? !used : used && !before)
			return false;
		before = used;
	}
	return true;
}

static uint64_t nr_areas(const struct pcpu_chunk *chunk)
{
	uint64_t areas = 0;

	for (size_t i = 0; i < PCPU_MAP_WORDS; i++)
		areas += (uint64_t)__builtin_popcountll(chunk->begins[i]);
	return areas;
}

bool percpu_is_valid(const struct kernel *k, char *what, size_t size)
{
	const struct pcpu_chunk *chunk;
	uint64_t areas = 0;

	list_for_each_entry (chunk, &k->percpu.chunks, list) {
		areas += nr_areas(chunk);
		if (maps_are_valid(chunk) && (chunk == &k->percpu.first || !is_empty(chunk)))
			continue;
		snprintf(what, size, "percpu: a chunk's maps");
		return false;
	}
	if (areas != k->percpu.nr_areas + 1) {
		snprintf(what, size, "percpu: number of areas");
		return false;
	}
	return true;
}
