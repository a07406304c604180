/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_fixture - a kernel on a machine that only takes notes: RAM, an event stream
 * without observers, and operations that record how they were called.
 */
#ifndef PW_TESTS_MM_FIXTURE_H
#define PW_TESTS_MM_FIXTURE_H

#include "mm/kernel.h"
#include "mm/page_alloc.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIXTURE_LINES 64

struct fixture {
	struct ram ram;
	struct event_stream events;
	struct kernel k;
	/* what machine_ops were called with; tests may clear it */
	struct {
		uint64_t flush_page, flush_range, flush_mm, flush_all, flush_kernel_range,
		    flush_one_kernel;
		uint64_t kernel_loads, kernel_stores; /* words */
		uint64_t frames_changed;
		pfn_t last_frame;
		uint64_t disk_reads, disk_writes; /* requests */
		uint64_t disk_read_pages, disk_write_pages;
		uint64_t oom_kills;
		struct mm_struct *oom_victim; /* the last */
		uint32_t nr_lines;            /* may exceed FIXTURE_LINES: the first are kept */
		char lines[FIXTURE_LINES][256];
	} seen;
};

static inline void fixture_flush_tlb_mm_range(void *machine, struct mm_struct *mm,
                                              const struct tlb_flush *flush)
{
	struct fixture *f = machine;

	if (flush->end == TLB_FLUSH_ALL)
		f->seen.flush_mm++;
	else if (flush->end - flush->start == PAGE_SIZE)
		f->seen.flush_page++;
	else
		f->seen.flush_range++;
}

static inline void fixture_flush_tlb_all(void *machine)
{
	((struct fixture *)machine)->seen.flush_all++;
}

static inline void fixture_flush_tlb_kernel_range(void *machine, va_t start, va_t end)
{
	((struct fixture *)machine)->seen.flush_kernel_range++;
}

static inline void fixture_flush_tlb_one_kernel(void *machine, va_t va)
{
	((struct fixture *)machine)->seen.flush_one_kernel++;
}

/* A walk of init_mm's tables by the mode's table of levels alone; 0: not mapped.
 * *span is the size of the page. */
static inline uint64_t fixture_kernel_entry(struct fixture *f, va_t va, uint64_t *span)
{
	const struct paging_mode *mode = f->k.config.paging;
	uint64_t table = f->k.init_mm.pgd << PAGE_SHIFT, entry = 0;

	*span = PAGE_SIZE;
	for (unsigned i = 0; i < mode->nr_levels; i++) {
		uint64_t index =
		    va >> mode->level[i].shift & ((1u << mode->level[i].index_bits) - 1);

		entry = 0;
		memcpy(&entry, (uint8_t *)ram_at(&f->ram, table) + index * mode->entry_bytes,
		       mode->entry_bytes);
		*span = (uint64_t)1 << mode->level[i].shift;
		ck_assert_msg(!(entry & PTE_US), "%#lx is the user's", (unsigned long)va);
		if (!(entry & PTE_P) || (mode->level[i].leaf && entry & PTE_PS))
			break;
		table = entry & mode->pa_mask & PAGE_MASK;
	}
	return entry & PTE_P ? entry : 0;
}

static inline bool fixture_kernel_access(void *machine, va_t va, enum access_kind kind,
                                         uint64_t words, pa_t *pa)
{
	struct fixture *f = machine;
	uint64_t span = 0, entry = fixture_kernel_entry(f, va, &span);

	if (!(entry & PTE_P) || (kind == ACCESS_STORE && !(entry & PTE_RW)))
		return false;
	*(kind == ACCESS_STORE ? &f->seen.kernel_stores : &f->seen.kernel_loads) += words;
	*pa = (entry & f->k.config.paging->pa_mask & ~(span - 1)) + (va & (span - 1));
	return true;
}

static inline void fixture_frame_changed(void *machine, pfn_t pfn)
{
	struct fixture *f = machine;

	f->seen.frames_changed++;
	f->seen.last_frame = pfn;
}

static inline void fixture_disk_wait(void *machine, uint32_t nr_pages, bool write)
{
	struct fixture *f = machine;

	if (write) {
		f->seen.disk_writes++;
		f->seen.disk_write_pages += nr_pages;
	} else {
		f->seen.disk_reads++;
		f->seen.disk_read_pages += nr_pages;
	}
}

static inline void fixture_oom_kill(void *machine, struct mm_struct *mm)
{
	struct fixture *f = machine;

	f->seen.oom_kills++;
	f->seen.oom_victim = mm;
}

static inline void fixture_printk(void *machine, const char *line)
{
	struct fixture *f = machine;

	if (f->seen.nr_lines < FIXTURE_LINES)
		snprintf(f->seen.lines[f->seen.nr_lines], sizeof(f->seen.lines[0]), "%s", line);
	f->seen.nr_lines++;
}

static const struct machine_ops fixture_ops = {
	.flush_tlb_mm_range = fixture_flush_tlb_mm_range,
	.flush_tlb_all = fixture_flush_tlb_all,
	.flush_tlb_kernel_range = fixture_flush_tlb_kernel_range,
	.flush_tlb_one_kernel = fixture_flush_tlb_one_kernel,
	.kernel_access = fixture_kernel_access,
	.frame_changed = fixture_frame_changed,
	.disk_wait = fixture_disk_wait,
	.oom_kill = fixture_oom_kill,
	.printk = fixture_printk,
};

/* Linux's defaults, one CPU, four-level tables, invariant checks on. */
static inline struct kernel_config fixture_config(void)
{
	return (struct kernel_config){
		.paging = &paging_four_level,
		.nr_cpus = 1,
		.kernel_image_bytes = MIB,
		.swappiness = 60,
		.page_cluster = 3,
		.fault_around_pages = 16,
		.read_ahead_pages = 32,
		.dirty_ratio = 20,
		.dirty_background_ratio = 10,
		.overcommit_ratio = 50,
		.oom_dump_tasks = 1,
		.check = true,
	};
}

/* Fresh RAM and a booted kernel; NULL config: fixture_config(). Fails the test if it
 * does not boot. Release with fixture_finish(). */
static inline void fixture_boot(struct fixture *f, uint64_t ram_bytes,
                                const struct kernel_config *config)
{
	struct kernel_config usual = fixture_config();

	memset(f, 0, sizeof(*f));
	ck_assert_int_eq(ram_init(&f->ram, ram_bytes), 0);
	ck_assert_int_eq(
	    kernel_boot(&f->k, config ? config : &usual, &f->ram, &f->events, &fixture_ops, f), 0);
}

/* Every invariant of the kernel holds, or the test fails with the one that does not. */
static inline void fixture_check(struct fixture *f)
{
	char what[256] = "";

	ck_assert_msg(kernel_is_valid(&f->k, what, sizeof(what)), "%s", what);
}

/* Direct reclaim, as an allocation with the mask would start it. Pages reclaimed. */
static inline uint64_t reclaim_for(struct kernel *k, gfp_t gfp)
{
	return try_to_free_pages(k, node_zonelist(k, numa_node_id(k), gfp), 0, gfp, NULL);
}

/* All mms are gone. Does not shut the kernel down: its last state can be checked
 * before. */
static inline void fixture_finish(struct fixture *f)
{
	ram_finish(&f->ram);
}

/* True if a line of the kernel log has `text` in it. */
static inline bool fixture_logged(const struct fixture *f, const char *text)
{
	for (uint32_t i = 0; i < f->seen.nr_lines && i < FIXTURE_LINES; i++)
		if (strstr(f->seen.lines[i], text))
			return true;
	return false;
}

/* ---- random tests ---- */

/* xorshift64*: the same stream on every host. */
struct fixture_random {
	uint64_t state;
};

/* From PW_SEED if set; prints it, as TAP diagnostics. */
static inline struct fixture_random fixture_seed(uint64_t seed)
{
	const char *text = getenv("PW_SEED");

	if (text)
		seed = strtoull(text, NULL, 0);
	printf("# PW_SEED=%#llx\n", (unsigned long long)seed);
	return (struct fixture_random){ seed ? seed : 1 };
}

static inline uint64_t fixture_random(struct fixture_random *random)
{
	uint64_t x = random->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->state = x;
	return x * 0x2545f4914f6cdd1d;
}

/* 0 to n - 1. */
static inline uint64_t fixture_below(struct fixture_random *random, uint64_t n)
{
	return (fixture_random(random) >> 16) % n;
}

/* How many steps a random test takes: PW_CASES, or `usual`. */
static inline uint64_t fixture_cases(uint64_t usual)
{
	const char *text = getenv("PW_CASES");

	return text ? strtoull(text, NULL, 0) : usual;
}

#endif
