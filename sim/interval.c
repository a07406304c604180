/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/interval.h"

#include "mm/page_alloc.h"
#include "sim/json.h"
#include "sim/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a row is made of, gathered once a row. */
struct reading {
	const struct machine *machine;
	struct mmu_counts mmu;
	struct fault_totals faults;
};

static uint64_t read_instructions(const struct reading *r)
{
	return machine_instructions(r->machine);
}

static uint64_t read_accesses(const struct reading *r)
{
	return r->machine->options.driver->position;
}

static uint64_t read_loads(const struct reading *r)
{
	return r->mmu.accesses[ACCESS_LOAD];
}

static uint64_t read_stores(const struct reading *r)
{
	return r->mmu.accesses[ACCESS_STORE];
}

static uint64_t read_fetches(const struct reading *r)
{
	return r->mmu.accesses[ACCESS_FETCH];
}

static uint64_t read_l1i_misses(const struct reading *r)
{
	return tlb_counts_misses(&r->mmu.tlb[TLB_L1I]);
}

static uint64_t read_l1d_misses(const struct reading *r)
{
	return tlb_counts_misses(&r->mmu.tlb[TLB_L1D]);
}

static uint64_t read_stlb_misses(const struct reading *r)
{
	return tlb_counts_misses(&r->mmu.tlb[TLB_STLB]);
}

static uint64_t read_walks(const struct reading *r)
{
	return r->mmu.walks;
}

static uint64_t read_walk_refs(const struct reading *r)
{
	return r->mmu.walk_memory_refs;
}

static uint64_t read_walk_cycles(const struct reading *r)
{
	return r->mmu.walk_cycles;
}

static uint64_t read_minor(const struct reading *r)
{
	return r->faults.minor;
}

static uint64_t read_major(const struct reading *r)
{
	return r->faults.major;
}

static uint64_t read_pswpin(const struct reading *r)
{
	return r->machine->kernel.vm_events[PSWPIN];
}

static uint64_t read_pswpout(const struct reading *r)
{
	return r->machine->kernel.vm_events[PSWPOUT];
}

static uint64_t read_rss(const struct reading *r)
{
	return r->faults.rss_pages;
}

static uint64_t read_free(const struct reading *r)
{
	return nr_free_pages(&r->machine->kernel);
}

enum column_kind {
	GROWTH,       /* since the row before */
	TLB_GROWTH,   /* the same, but not in the engine mode that leaves TLBs out */
	STATE,        /* the value itself */
	ENGINE_STATE, /* the same, if there is an engine */
	DRIVER_STATE  /* the same, if there is none */
};

/* The columns, as docs/accounting.md explains them. */
static const struct column {
	const char *name;
	enum column_kind kind;
	uint64_t (*read)(const struct reading *reading);
} columns[] = {
	{ "instructions", ENGINE_STATE, read_instructions },
	{ "accesses", DRIVER_STATE, read_accesses },
	{ "loads", TLB_GROWTH, read_loads },
	{ "stores", TLB_GROWTH, read_stores },
	{ "fetches", TLB_GROWTH, read_fetches },
	{ "l1i_misses", TLB_GROWTH, read_l1i_misses },
	{ "l1d_misses", TLB_GROWTH, read_l1d_misses },
	{ "stlb_misses", TLB_GROWTH, read_stlb_misses },
	{ "walks", TLB_GROWTH, read_walks },
	{ "walk_memory_refs", TLB_GROWTH, read_walk_refs },
	{ "walk_cycles", TLB_GROWTH, read_walk_cycles },
	{ "minor", GROWTH, read_minor },
	{ "major", GROWTH, read_major },
	{ "pswpin", GROWTH, read_pswpin },
	{ "pswpout", GROWTH, read_pswpout },
	{ "rss_pages", STATE, read_rss },
	{ "free_pages", STATE, read_free },
};

#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

struct row {
	uint64_t value[NR_COLUMNS];
};

struct interval {
	uint64_t every, next, last; /* instructions, or accesses */
	enum engine_mode mode;
	struct row before; /* what was read for the last row */
	struct row *rows;
	size_t nr_rows, max_rows;
	uint64_t nr_lost; /* rows for which the host had no memory */
};

int interval_create(struct interval **out, uint64_t every, enum engine_mode mode)
{
	struct interval *interval;

	if (!every)
		return -EINVAL;
	interval = calloc(1, sizeof(*interval));
	if (!interval)
		return -ENOMEM;
	interval->every = interval->next = every;
	interval->mode = mode;
	*out = interval;
	return 0;
}

void interval_destroy(struct interval *interval)
{
	if (!interval)
		return;
	free(interval->rows);
	free(interval);
}

uint64_t interval_left(const struct interval *interval, uint64_t now)
{
	return now < interval->next ? interval->next - now : 1;
}

static uint64_t position(const struct machine *machine)
{
	return machine->engine ? machine_instructions(machine) : machine->options.driver->position;
}

static bool is_shown(const struct interval *interval, const struct column *column)
{
	switch (column->kind) {
	case TLB_GROWTH:
		return interval->mode != ENGINE_FAULTS;
	case ENGINE_STATE:
		return interval->mode != ENGINE_NONE;
	case DRIVER_STATE:
		return interval->mode == ENGINE_NONE;
	case GROWTH:
	case STATE:
		break;
	}
	return true;
}

static struct row *new_row(struct interval *interval)
{
	if (interval->nr_rows == interval->max_rows) {
		size_t max = interval->max_rows ? 2 * interval->max_rows : 64;
		struct row *rows = reallocarray(interval->rows, max, sizeof(*rows));

		if (!rows)
			return NULL;
		interval->rows = rows;
		interval->max_rows = max;
	}
	return &interval->rows[interval->nr_rows++];
}

static void add_row(struct interval *interval, const struct machine *machine)
{
	struct reading reading = { .machine = machine };
	struct row *row = new_row(interval);

	if (!row) {
		interval->nr_lost++;
		return;
	}
	mmu_counts_total(machine, &reading.mmu);
	fault_totals(machine, &reading.faults);
	for (size_t i = 0; i < NR_COLUMNS; i++) {
		bool grows = columns[i].kind == GROWTH || columns[i].kind == TLB_GROWTH;
		uint64_t now = is_shown(interval, &columns[i]) ? columns[i].read(&reading) : 0;

		row->value[i] = grows ? now - interval->before.value[i] : now;
		interval->before.value[i] = now;
	}
	interval->last = position(machine);
}

void interval_sample(struct interval *interval, const struct machine *machine)
{
	uint64_t now = position(machine);

	if (now < interval->next)
		return;
	add_row(interval, machine);
	interval->next = now - now % interval->every + interval->every;
}

void interval_finish(struct interval *interval, const struct machine *machine)
{
	if (position(machine) != interval->last)
		add_row(interval, machine);
}

void interval_write_json(const struct interval *interval, struct json *json, const char *key)
{
	json_begin_object(json, key);
	json_uint(json, "every", interval->every);
	if (interval->nr_lost)
		json_uint(json, "lost_rows", interval->nr_lost);
	json_begin_row(json, "columns");
	for (size_t i = 0; i < NR_COLUMNS; i++)
		if (is_shown(interval, &columns[i]))
			json_string(json, NULL, columns[i].name);
	json_end(json);
	json_begin_array(json, "rows");
	for (size_t r = 0; r < interval->nr_rows; r++) {
		json_begin_row(json, NULL);
		for (size_t i = 0; i < NR_COLUMNS; i++)
			if (is_shown(interval, &columns[i]))
				json_uint(json, NULL, interval->rows[r].value[i]);
		json_end(json);
	}
	json_end(json);
	json_end(json);
}
