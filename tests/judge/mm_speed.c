/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_speed - how fast the kernel's memory manager is on this host, without a CPU
 * around it. Prints millions a second, by CPU time, of
 *
 *   pages     order-0 pages allocated and freed again, through the per-CPU lists
 *   kmalloc   128 bytes allocated and freed again
 *   reclaim   clean file pages found and freed, with no I/O to do
 *
 * The best of some rounds. For tools/bench.
 */
#include "mm/page_alloc.h"
#include "mm/pagemap.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "tests/mm/mm_fixture.h"

#include <time.h>

#define ROUNDS 5
#define NR_PAIRS 10000000u
#define RAM_BYTES (512 * MIB)
#define NR_FILE_PAGES ((uint64_t)100000)

static struct fixture f;

static double cpu_seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static double time_pages(struct kernel *k)
{
	double start = cpu_seconds();

	for (uint32_t i = 0; i < NR_PAIRS; i++)
		__free_page(k, alloc_page(k, GFP_KERNEL));
	return NR_PAIRS / (cpu_seconds() - start);
}

static double time_kmalloc(struct kernel *k)
{
	double start = cpu_seconds();

	for (uint32_t i = 0; i < NR_PAIRS; i++)
		kfree(k, kmalloc(k, 128, GFP_KERNEL));
	return NR_PAIRS / (cpu_seconds() - start);
}

/* ---- reclaim ---- */

static int read_nothing(struct address_space *mapping, pgoff_t index, void *data)
{
	return 0;
}

static const struct address_space_operations aops = { .readpage = read_nothing };

static int64_t touch(void *context, void *page_memory, uint64_t offset, uint64_t len)
{
	return (int64_t)len;
}

/* A file's pages, read once and in order. */
static void fill_cache(struct kernel *k, struct address_space *mapping)
{
	struct file file = { .f_mapping = mapping, .f_mode = FMODE_READ };

	file_ra_state_init(k, &file.f_ra);
	for (uint64_t page = 0; page < NR_FILE_PAGES; page++)
		filemap_read(k, &file, page * PAGE_SIZE, PAGE_SIZE, touch, NULL);
}

static double time_reclaim(struct kernel *k)
{
	struct address_space mapping;
	uint64_t reclaimed = 0;
	double start, seconds;

	address_space_init(k, &mapping, &aops, NULL, NR_FILE_PAGES * PAGE_SIZE);
	fill_cache(k, &mapping);
	start = cpu_seconds();
	while (mapping.nrpages > NR_FILE_PAGES / 10)
		reclaimed +=
		    try_to_free_pages(k, node_zonelist(k, 0, GFP_KERNEL), 0, GFP_KERNEL, NULL);
	seconds = cpu_seconds() - start;
	truncate_inode_pages(k, &mapping, 0);
	return (double)reclaimed / seconds;
}

int main(void)
{
	static const struct {
		const char *name;
		double (*time)(struct kernel *k);
	} figures[] = { { "pages", time_pages },
		        { "kmalloc", time_kmalloc },
		        { "reclaim", time_reclaim } };
	struct kernel_config config = fixture_config();

	config.check = false;
	/* Not fixture_boot(), whose assertions want a test around them. */
	if (ram_init(&f.ram, RAM_BYTES) ||
	    kernel_boot(&f.k, &config, &f.ram, &f.events, &fixture_ops, &f)) {
		fprintf(stderr, "mm_speed: the kernel does not boot\n");
		return 1;
	}
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		double best = 0;

		for (int round = 0; round < ROUNDS; round++) {
			double speed = figures[i].time(&f.k);

			best = speed > best ? speed : best;
		}
		printf("%s %.1f\n", figures[i].name, best / 1e6);
	}
	kernel_shutdown(&f.k);
	fixture_finish(&f);
	return 0;
}
