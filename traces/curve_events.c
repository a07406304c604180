/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/mm.h"
#include "traces/curve_parts.h"

#include <errno.h>

#define MAX_MOVED (4 * GIB) /* of larger moves, which pages had D is not looked up */
#define MAX_ERROR 4095      /* results from -4095 to -1 are errors, as in Linux */

static int set_value(struct id_map *map, uint64_t key, uint64_t value)
{
	struct id_pair *pair = id_map_add(map, key, value);

	if (!pair)
		return -ENOMEM;
	pair->value = value;
	return 0;
}

/* An address space has lost a user; after the last it has no pages. */
static void put_space(struct curve *curve, uint64_t space)
{
	struct id_pair *users = id_map_find(&curve->users, space);

	if (!users || --users->value)
		return;
	id_map_remove(&curve->users, space);
	id_map_remove(&curve->brks, space);
	curve_drop_pages(curve, space, 0, UINT64_MAX);
}

static void get_space(struct curve *curve, uint64_t space)
{
	struct id_pair *users = id_map_find(&curve->users, space);

	if (users)
		users->value++;
}

/* All of its bytes, and so the pages that lie in it as a whole. */
static void drop_bytes(struct curve *curve, uint64_t space, uint64_t start, uint64_t len)
{
	uint32_t shift = curve->options.page_shift;
	uint64_t page_mask = ((uint64_t)1 << shift) - 1;

	if (start + page_mask < start || start + len < start)
		return;
	curve_drop_pages(curve, space, (start + page_mask) >> shift,
	                 (start + len + PAGE_SIZE - 1) >> shift);
}

static bool failed(uint64_t result)
{
	return (int64_t)result < 0 && (int64_t)result >= -MAX_ERROR;
}

/* Simplified: moved pages are new ones, but for their D. */
static int move_bytes(struct curve *curve, uint64_t space, va_t old, va_t new, uint64_t len)
{
	uint64_t bytes = (uint64_t)1 << curve->options.page_shift;
	int err = 0;

	for (uint64_t at = 0; !err && at < len && len <= MAX_MOVED; at += bytes)
		if (curve_is_stored(curve, space, old + at))
			err = curve_mark_stored(curve, space, new + at);
	drop_bytes(curve, space, old, len);
	return err;
}

static int feed_mremap(struct curve *curve, const struct record_event *event)
{
	uint64_t space = event->args[0], old = event->args[1], va = event->args[6];
	uint64_t old_len = event->args[2], new_len = event->args[3];
	uint64_t moved = new_len < old_len ? new_len : old_len;

	if (failed(va) || old + old_len < old)
		return 0;
	if (new_len < old_len)
		drop_bytes(curve, space, old + new_len, old_len - new_len);
	if (va == old)
		return 0;
	drop_bytes(curve, space, va, new_len);
	return move_bytes(curve, space, old, va, moved);
}

/* What lies above the new end is gone. */
static int feed_brk(struct curve *curve, uint64_t space, uint64_t brk)
{
	const struct id_pair *pair = id_map_find(&curve->brks, space);

	if (pair && brk < pair->value)
		drop_bytes(curve, space, brk, pair->value - brk);
	return set_value(&curve->brks, space, brk);
}

static bool frees(uint64_t advice)
{
	return advice == MADV_DONTNEED_ || advice == MADV_FREE_;
}

/* What takes pages away. */
static int feed_mm_event(struct curve *curve, const struct record_event *event)
{
	const uint64_t *args = event->args;

	switch (event->kind) {
	case RECORD_MM_ALLOC:
		return set_value(&curve->users, args[0], 1);
	case RECORD_MM_DUP:
		return failed(args[1]) || !args[1] ? 0 : set_value(&curve->users, args[1], 1);
	case RECORD_MM_GET:
		get_space(curve, args[0]);
		return 0;
	case RECORD_MM_PUT:
		put_space(curve, args[0]);
		return 0;
	case RECORD_MM_LAYOUT:
		return set_value(&curve->brks, args[0], args[4]);
	case RECORD_BRK:
		return feed_brk(curve, args[0], args[2]);
	case RECORD_MMAP: /* over what was there */
		if (!failed(args[7]))
			drop_bytes(curve, args[0], args[7], args[3]);
		return 0;
	case RECORD_MUNMAP:
		if (!args[3])
			drop_bytes(curve, args[0], args[1], args[2]);
		return 0;
	case RECORD_MADVISE:
		if (!args[4] && frees(args[3]))
			drop_bytes(curve, args[0], args[1], args[2]);
		return 0;
	case RECORD_MREMAP:
		return feed_mremap(curve, event);
	default:
		return 0;
	}
}

/* Which address space the CPU has. */
static int feed_space(struct curve *curve, const struct record_event *event)
{
	struct curve_cpu *cpu;
	int err;

	if (!curve->has_events)
		return set_value(&curve->spaces, (uint64_t)event->task, event->args[0]);
	err = curve_cpu_of(curve, event->cpu, &cpu);
	if (!err)
		curve_set_space(curve, cpu, event->args[0]);
	return err;
}

static int feed_fault(struct curve *curve, const struct record_event *event)
{
	struct curve_cpu *cpu;
	int err = curve->has_events ? curve_cpu_of(curve, event->cpu, &cpu) : 0;

	return err || !curve->has_events
	           ? err
	           : curve_fault(curve, cpu->space, event->args[0], event->args[1] == ACCESS_STORE);
}

int curve_feed_event(struct curve *curve, const struct record_event *event)
{
	if (event->kind == RECORD_SWITCH || event->kind == RECORD_LOAD_MM)
		return feed_space(curve, event);
	if (event->kind == RECORD_FAULT)
		return feed_fault(curve, event);
	return curve->has_events ? feed_mm_event(curve, event) : 0;
}
