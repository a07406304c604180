/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torture_model - who owns what, and what has to stand there.
 */
#include "torture.h"

#define DENSE 512 /* bytes of an extent that have words in them throughout */
#define STEP 64   /* behind those: bytes from word to word */

static int extent_order(const struct extent *a, const struct extent *b)
{
	return (a->start > b->start) - (a->start < b->start);
}

RB_GENERATE_INTERNAL(extent_tree, extent, node, extent_order, static __attribute__((unused)))

/* The last that begins below `end`, or NULL. */
static struct extent *last_below(struct torture *t, uint64_t end)
{
	struct extent *found = NULL, *extent = RB_ROOT(&t->extents);

	while (extent) {
		if (extent->start < end) {
			found = extent;
			extent = RB_RIGHT(extent, node);
		} else {
			extent = RB_LEFT(extent, node);
		}
	}
	return found;
}

static void check_free(struct torture *t, uint64_t start, uint64_t size)
{
	const struct extent *other = last_below(t, start + size);

	if (other && other->start + other->size > start)
		torture_fail(t, "[%#llx, %#llx) was handed out, of which [%#llx, %#llx) is taken",
		             (unsigned long long)start, (unsigned long long)(start + size),
		             (unsigned long long)other->start,
		             (unsigned long long)(other->start + other->size));
}

void claim(struct torture *t, struct extent *extent, uint64_t start, uint64_t size)
{
	check_free(t, start, size);
	extent->start = start;
	extent->size = size;
	RB_INSERT(extent_tree, &t->extents, extent);
}

void release(struct torture *t, struct extent *extent)
{
	RB_REMOVE(extent_tree, &t->extents, extent);
	extent->size = 0;
}

void check_unowned(struct torture *t, pfn_t pfn)
{
	check_free(t, pfn << PAGE_SHIFT, PAGE_SIZE);
}

/* ---- of a held thing ---- */

static struct extent *new_extent(struct torture *t, struct held *held)
{
	if (held->nr_extents == EXTENTS_MAX)
		torture_fail(t, "more than %d extents", EXTENTS_MAX);
	return &held->extents[held->nr_extents++];
}

void held_claim_ram(struct torture *t, struct held *held, pa_t pa, uint64_t size)
{
	if (pa + size > t->f.ram.size_bytes)
		torture_fail(t, "%#llx is beyond RAM", (unsigned long long)pa);
	claim(t, new_extent(t, held), pa, size);
	held->nr_ram++;
}

void held_claim_object(struct torture *t, struct held *held, const void *object, uint64_t size)
{
	held_claim_ram(t, held, (pa_t)((const uint8_t *)object - t->f.ram.base), size);
}

void held_claim_va(struct torture *t, struct held *held, va_t va, uint64_t size)
{
	claim(t, new_extent(t, held), va, size);
}

void held_release(struct torture *t, struct held *held)
{
	for (unsigned i = 0; i < held->nr_extents; i++)
		release(t, &held->extents[i]);
	held->nr_extents = held->nr_ram = 0;
}

/* ---- contents ---- */

static uint64_t word_of(const struct held *held, unsigned extent, uint64_t offset)
{
	return held->mark + (offset + ((uint64_t)extent << 32)) * 0x9e3779b97f4a7c15;
}

static uint64_t next_word(uint64_t offset)
{
	return offset + (offset < DENSE ? 8 : STEP);
}

void held_fill(struct torture *t, struct held *held)
{
	held->mark = fixture_random(&t->random);
	for (unsigned i = 0; i < held->nr_ram; i++) {
		const struct extent *extent = &held->extents[i];
		uint8_t *memory = ram_at(&t->f.ram, extent->start);

		for (uint64_t at = held->skip; at + 8 <= extent->size; at = next_word(at))
			memcpy(memory + at, &(uint64_t){ word_of(held, i, at) }, 8);
	}
}

void held_check(struct torture *t, const struct held *held, uint64_t nr)
{
	for (unsigned i = 0; i < held->nr_ram; i++) {
		const struct extent *extent = &held->extents[i];
		const uint8_t *memory = ram_at(&t->f.ram, extent->start);
		uint64_t end = extent->size < nr ? extent->size : nr, word;

		for (uint64_t at = held->skip; at + 8 <= end; at = next_word(at)) {
			memcpy(&word, memory + at, 8);
			if (word != word_of(held, i, at))
				torture_fail(t, "%s: byte %llu of [%#llx, +%#llx) has changed",
				             held->kind->name, (unsigned long long)at,
				             (unsigned long long)extent->start,
				             (unsigned long long)extent->size);
		}
	}
}

void held_check_zero(struct torture *t, const struct held *held)
{
	for (unsigned i = 0; i < held->nr_ram; i++) {
		const uint8_t *memory = ram_at(&t->f.ram, held->extents[i].start);

		if (*memory || memcmp(memory, memory + 1, held->extents[i].size - 1))
			torture_fail(t, "%#llx is not cleared",
			             (unsigned long long)held->extents[i].start);
	}
}
