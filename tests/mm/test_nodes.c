/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk_file.h"
#include "mm_fixture.h"

#include "mm/nodes.h"
#include "tests/run_suite.h"

#include <errno.h>

#define NR_NODES 4u
#define NODE_BYTES (32 * MIB)
#define NODE_PAGES (NODE_BYTES / PAGE_SIZE)
#define RAM_BYTES (NR_NODES * NODE_BYTES)

/* Masks of who neither waits nor warns. */
#define GFP_TRY (GFP_NOWAIT | __GFP_NOWARN)
#define GFP_TRY_MOVABLE (GFP_TRY | __GFP_HIGHMEM | __GFP_MOVABLE)

static struct fixture f;
static struct kernel *const k = &f.k;
static struct page *taken[RAM_BYTES / PAGE_SIZE];

/* Four nodes in a ring, CPU n on node n: neighbours are 20 away, the opposite 30. */
static struct kernel_config ring(void)
{
	struct kernel_config config = fixture_config();

	config.nr_cpus = config.nr_nodes = NR_NODES;
	for (uint32_t from = 0; from < NR_NODES; from++) {
		config.cpu_node[from] = from;
		config.nodes[from].ram_bytes = NODE_BYTES;
		for (uint32_t to = 0; to < NR_NODES; to++)
			config.nodes[from].distance[to] = (uint8_t)(from == to        ? 10
			                                            : (from ^ to) & 1 ? 20
			                                                              : 30);
	}
	return config;
}

static void boot_ring(void)
{
	struct kernel_config config = ring();

	fixture_boot(&f, RAM_BYTES, &config);
}

static uint64_t nr_free_of(uint32_t nid)
{
	uint64_t pages = 0;

	for_each_zone_of_node (NODE_DATA(k, nid), zone)
		pages += zone_nr_free_pages(k, zone);
	return pages;
}

/* Pages of the mask that prefer the node, until there is none. */
static uint64_t take_all(uint32_t nid, gfp_t gfp, uint64_t from)
{
	uint64_t nr = from;

	while ((taken[nr] = alloc_pages_node(k, nid, gfp, 0)))
		nr++;
	return nr;
}

static void give_all(uint64_t nr)
{
	while (nr--)
		__free_page(k, taken[nr]);
}

/* ---- where nodes and zones lie ---- */

START_TEST(every_frame_is_of_one_node_and_zone)
{
	uint64_t managed = 0;

	boot_ring();
	for (uint32_t nid = 0; nid < NR_NODES; nid++) {
		const struct pglist_data *node = NODE_DATA(k, nid);

		ck_assert_uint_eq(node->node_start_pfn, nid * NODE_PAGES);
		ck_assert_uint_eq(node->node_spanned_pages, NODE_PAGES);
		/* the hole from 640 KB to 1 MB is node 0's */
		ck_assert_uint_eq(node->node_present_pages,
		                  NODE_PAGES - (nid ? 0 : 384 * KIB / PAGE_SIZE));
		ck_assert_uint_eq(page_to_nid(k, pfn_to_page(k, node->node_start_pfn)), nid);
		ck_assert_uint_eq(
		    page_to_nid(k, pfn_to_page(k, node->node_start_pfn + NODE_PAGES - 1)), nid);
	}
	for_each_zone (k, zone) {
		managed += zone->managed_pages;
		ck_assert(zone->type == ZONE_DMA32 || zone->zone_pgdat->node_id == 0);
	}
	ck_assert_uint_eq(managed, k->totalram_pages);
	ck_assert_uint_eq(NODE_DATA(k, 0)->node_zones[ZONE_DMA].spanned_pages, 4096);
	ck_assert_uint_eq(NODE_DATA(k, 0)->node_zones[ZONE_DMA32].spanned_pages, 4096);
	fixture_check(&f);
	fixture_finish(&f);
}
END_TEST

/* A node's last frame is no buddy of the next one's first, though both be free. */
START_TEST(free_blocks_end_at_the_node)
{
	struct kernel_config config = ring();

	config.nodes[0].ram_bytes = config.nodes[2].ram_bytes = NODE_BYTES - 4 * MIB;
	config.nodes[1].ram_bytes = config.nodes[3].ram_bytes = NODE_BYTES + 4 * MIB;
	fixture_boot(&f, RAM_BYTES, &config);
	fixture_check(&f);
	give_all(take_all(0, GFP_TRY, 0));
	drain_all_pages(k);
	fixture_check(&f);
	fixture_finish(&f);
}
END_TEST

static void leave_it(struct kernel_config *config)
{
}
static void leave_distances_out(struct kernel_config *config)
{
	memset(config->nodes[1].distance, 0, sizeof(config->nodes[1].distance));
}
static void drop_a_node(struct kernel_config *config)
{
	config->nr_nodes = 3;
}
static void have_too_many(struct kernel_config *config)
{
	config->nr_nodes = MAX_NUMNODES + 1;
}
static void move_a_border(struct kernel_config *config)
{
	config->nodes[0].ram_bytes += MIB;
	config->nodes[1].ram_bytes -= MIB;
}
static void empty_a_node(struct kernel_config *config)
{
	config->nodes[0].ram_bytes += config->nodes[1].ram_bytes;
	config->nodes[1].ram_bytes = 0;
}
static void wrap_around(struct kernel_config *config)
{
	config->nodes[1].ram_bytes = -NODE_BYTES;
}
static void be_near_another(struct kernel_config *config)
{
	config->nodes[1].distance[2] = 10;
}
static void be_far_from_itself(struct kernel_config *config)
{
	config->nodes[1].distance[1] = 20;
}
static void be_unreachable(struct kernel_config *config)
{
	config->nodes[1].distance[2] = 255;
}
static void seat_a_cpu_nowhere(struct kernel_config *config)
{
	config->cpu_node[3] = 4;
}

static const struct {
	const char *what;
	void (*spoil)(struct kernel_config *config);
	bool is_fine;
} configs[] = {
	{ "as it is", leave_it, true },
	{ "distances left out", leave_distances_out, true },
	{ "a node less than RAM", drop_a_node, false },
	{ "too many", have_too_many, false },
	{ "a border inside a block", move_a_border, false },
	{ "an empty node", empty_a_node, false },
	{ "more than RAM", wrap_around, false },
	{ "10 to another", be_near_another, false },
	{ "20 to itself", be_far_from_itself, false },
	{ "255", be_unreachable, false },
	{ "a CPU on no node", seat_a_cpu_nowhere, false },
};

START_TEST(nodes_that_cannot_be_do_not_boot)
{
	struct kernel_config config = ring();
	struct ram ram;

	configs[_i].spoil(&config);
	ck_assert_int_eq(ram_init(&ram, RAM_BYTES), 0);
	ck_assert_msg(kernel_boot(k, &config, &ram, &f.events, &fixture_ops, &f) ==
	                  (configs[_i].is_fine ? 0 : -EINVAL),
	              "%s", configs[_i].what);
	ram_finish(&ram);
}
END_TEST

/* ---- in which order nodes are tried ---- */

static void check_order(uint32_t nid, const uint32_t expected[])
{
	uint32_t last = UINT32_MAX, nr = 0;

	for_each_zone_zonelist (zone, z, node_zonelist(k, nid, 0), ZONE_MOVABLE, NULL) {
		uint32_t of = zone->zone_pgdat->node_id;

		if (of == last)
			continue;
		ck_assert_uint_lt(nr, k->nr_nodes);
		ck_assert_msg(of == expected[nr], "node %u tries node %u as number %u", nid, of,
		              nr);
		nr++;
		last = of;
	}
	ck_assert_uint_eq(nr, k->nr_nodes);
}

/* Of equally far ones first the next by number, and not the one that all others go to:
 * worked out by hand from Linux's find_next_best_node(). */
START_TEST(zonelists_go_by_distance)
{
	static const uint32_t expected[NR_NODES][NR_NODES] = {
		{ 0, 1, 3, 2 },
		{ 1, 2, 0, 3 },
		{ 2, 3, 1, 0 },
		{ 3, 0, 2, 1 },
	};

	boot_ring();
	for (uint32_t nid = 0; nid < NR_NODES; nid++)
		check_order(nid, expected[nid]);
	fixture_finish(&f);
}
END_TEST

START_TEST(of_equals_a_node_without_cpus_gives_first)
{
	static const uint32_t expected[] = { 0, 2, 1, 3 };
	struct kernel_config config = ring();

	memset(config.nodes[0].distance, 0, sizeof(config.nodes[0].distance));
	config.cpu_node[2] = 3;
	fixture_boot(&f, RAM_BYTES, &config);
	check_order(0, expected);
	fixture_finish(&f);
}
END_TEST

START_TEST(an_allocation_prefers_the_running_cpus_node)
{
	boot_ring();
	for (k->cpu = 0; k->cpu < NR_NODES; k->cpu++) {
		struct page *page = alloc_page(k, GFP_KERNEL);

		ck_assert_uint_eq(page_to_nid(k, page), k->cpu);
		__free_page(k, page);
	}
	k->cpu = 0;
	fixture_finish(&f);
}
END_TEST

START_TEST(a_full_node_falls_back_by_distance)
{
	static const uint32_t expected[] = { 1, 2, 0, 3 };
	uint32_t place = 0;
	uint64_t nr;

	boot_ring();
	k->cpu = 1;
	/* as long as the first node stands above low, nobody goes on to its min */
	for (nr = 0; place < NR_NODES - 1; nr++) {
		uint32_t nid;

		taken[nr] = alloc_page(k, GFP_TRY);
		nid = page_to_nid(k, taken[nr]);
		if (nid == expected[place])
			continue;
		ck_assert_uint_eq(nid, expected[++place]);
	}
	for (uint32_t nid = 0; nid < NR_NODES; nid++)
		ck_assert(!NODE_DATA(k, nid)->kswapd_wanted);
	give_all(nr);
	fixture_check(&f);
	fixture_finish(&f);
}
END_TEST

START_TEST(this_node_fails_rather_than_falls_back)
{
	uint64_t others, nr;

	boot_ring();
	others = nr_free_of(0) + nr_free_of(1) + nr_free_of(3);
	nr = take_all(2, GFP_TRY | __GFP_THISNODE, 0);
	for (uint64_t i = 0; i < nr; i++)
		ck_assert_uint_eq(page_to_nid(k, taken[i]), 2);
	ck_assert_uint_eq(nr_free_of(0) + nr_free_of(1) + nr_free_of(3), others);
	ck_assert_uint_eq(page_to_nid(k, alloc_pages_node(k, 2, GFP_TRY, 0)), 3);
	/* reclaiming for it finds nothing there, and kills nobody */
	ck_assert_ptr_null(alloc_pages_node(k, 2, GFP_KERNEL | __GFP_NOWARN | __GFP_THISNODE, 0));
	ck_assert_uint_eq(k->nr_oom_kills, 0);
	fixture_check(&f);
	fixture_finish(&f);
}
END_TEST

START_TEST(a_nodemask_binds)
{
	nodemask_t mask = 1u << 2 | 1u << 3, none = 0;
	uint64_t nr = 0;

	boot_ring();
	while ((taken[nr] = alloc_pages_nodemask(k, GFP_TRY, 0, 0, &mask)))
		ck_assert(mask >> page_to_nid(k, taken[nr++]) & 1);
	ck_assert_uint_eq(page_to_nid(k, taken[0]), 3); /* nearer to node 0 than 2 */
	ck_assert_uint_lt(nr_free_of(2) + nr_free_of(3), 2 * NODE_PAGES / 50);
	ck_assert_ptr_null(alloc_pages_nodemask(k, GFP_KERNEL | __GFP_NOWARN, 0, 0, &none));
	give_all(nr);
	fixture_finish(&f);
}
END_TEST

/* __GFP_HARDWALL is what makes GFP_USER differ from GFP_KERNEL. */
START_TEST(a_cpuset_binds_hardwall_allocations_alone)
{
	boot_ring();
	k->mems_allowed = 1u << 3;
	ck_assert_uint_eq(page_to_nid(k, alloc_page(k, GFP_USER)), 3);
	ck_assert_uint_eq(page_to_nid(k, alloc_page(k, GFP_HIGHUSER_MOVABLE)), 3);
	ck_assert_uint_eq(page_to_nid(k, alloc_page(k, GFP_KERNEL)), 0);
	take_all(3, GFP_TRY | __GFP_HARDWALL, 0);
	ck_assert_ptr_null(alloc_page(k, GFP_USER | __GFP_NOWARN));
	/* who cannot wait gets a page from elsewhere rather than none */
	ck_assert_ptr_nonnull(alloc_page(k, GFP_ATOMIC | __GFP_HARDWALL));
	fixture_finish(&f);
}
END_TEST

/* ---- numa_* ---- */

struct numa_model {
	uint64_t stat[MAX_NUMNODES][NR_NUMA_STATS];
	uint64_t allocations;
};

static void count_in_model(struct numa_model *model, const struct page *page, uint32_t preferred)
{
	uint32_t nid = page_to_nid(k, page);

	model->allocations++;
	model->stat[nid][nid == preferred ? NUMA_STAT_HIT : NUMA_STAT_MISS]++;
	if (nid != preferred)
		model->stat[preferred][NUMA_STAT_FOREIGN]++;
	model->stat[nid][nid == k->cpu ? NUMA_STAT_LOCAL : NUMA_STAT_OTHER]++;
}

static struct numa_model read_stats(void)
{
	struct numa_model seen = { 0 };

	for_each_zone (k, zone)
		for (int i = 0; i < NR_NUMA_STATS; i++)
			seen.stat[zone->zone_pgdat->node_id][i] += zone->numa_stat[i];
	return seen;
}

static void check_sums(const struct numa_model *model)
{
	uint64_t hit = vmstat_value(k, NUMA_HIT), miss = vmstat_value(k, NUMA_MISS);

	ck_assert_uint_eq(hit + miss, model->allocations);
	ck_assert_uint_eq(vmstat_value(k, NUMA_FOREIGN), miss);
	ck_assert_uint_eq(vmstat_value(k, NUMA_LOCAL) + vmstat_value(k, NUMA_OTHER),
	                  model->allocations);
	ck_assert_uint_gt(miss, 0);
	ck_assert_uint_eq(vmstat_value(k, NUMA_INTERLEAVE), 0);
}

START_TEST(numa_counters_agree_with_a_model)
{
	static const gfp_t masks[] = { GFP_TRY, GFP_TRY_MOVABLE, GFP_TRY | GFP_DMA,
		                       GFP_TRY | __GFP_THISNODE };
	struct fixture_random random = fixture_seed(0x6e756d61);
	uint64_t steps = fixture_cases(60000), nr = 0;
	struct numa_model model, seen;

	boot_ring();
	model = read_stats();
	model.allocations = vmstat_value(k, NUMA_HIT) + vmstat_value(k, NUMA_MISS);
	while (steps--) {
		uint32_t preferred = (uint32_t)fixture_below(&random, NR_NODES);
		gfp_t gfp = masks[fixture_below(&random, 4)];

		k->cpu = (uint32_t)fixture_below(&random, NR_NODES);
		if (gfp & __GFP_DMA)
			preferred = 0; /* the only node with such memory */
		if (fixture_below(&random, 8) && nr < NR_NODES * NODE_PAGES) {
			taken[nr] = alloc_pages_node(k, preferred, gfp, 0);
			if (taken[nr])
				count_in_model(&model, taken[nr++], preferred);
		} else if (nr) {
			uint64_t i = fixture_below(&random, nr);

			__free_page(k, taken[i]);
			taken[i] = taken[--nr];
		}
	}
	seen = read_stats();
	ck_assert_mem_eq(seen.stat, model.stat, sizeof(seen.stat));
	check_sums(&model);
	give_all(nr);
	fixture_check(&f);
	fixture_finish(&f);
}
END_TEST

/* DMA wanted from node 2, which has none: preferred is then the first zone that could
 * have given it, node 0's, and that is a hit. */
START_TEST(what_a_node_cannot_have_is_no_miss)
{
	boot_ring();
	k->cpu = 2;
	ck_assert_ptr_nonnull(alloc_page(k, GFP_KERNEL | GFP_DMA));
	ck_assert_uint_eq(vmstat_value(k, NUMA_MISS), 0);
	ck_assert_uint_eq(NODE_DATA(k, 0)->node_zones[ZONE_DMA].numa_stat[NUMA_STAT_OTHER], 1);
	fixture_finish(&f);
}
END_TEST

START_TEST(an_allocation_counts_once_whatever_its_order)
{
	uint64_t before;

	boot_ring();
	before = vmstat_value(k, NUMA_HIT);
	ck_assert_ptr_nonnull(alloc_pages(k, GFP_KERNEL, 5));
	ck_assert_uint_eq(vmstat_value(k, NUMA_HIT), before + 1);
	fixture_finish(&f);
}
END_TEST

/* ---- reclaim by node ---- */

START_TEST(kswapd_of_the_short_node_wakes)
{
	boot_ring();
	take_all(2, GFP_TRY | __GFP_THISNODE, 0);
	for (uint32_t nid = 0; nid < NR_NODES; nid++)
		ck_assert(NODE_DATA(k, nid)->kswapd_wanted == (nid == 2));
	kernel_run_threads(k);
	ck_assert(!NODE_DATA(k, 2)->kswapd_wanted);
	ck_assert_uint_eq(k->vm_events[PAGEOUTRUN], 1);
	fixture_finish(&f);
}
END_TEST

static int64_t ignore(void *context, void *memory, uint64_t offset, uint64_t len)
{
	return (int64_t)len;
}

/* The file's pages become the running CPU's node's. */
static void read_file(struct disk_file *file, uint64_t pages)
{
	disk_file_open(k, file, pages * PAGE_SIZE, pages);
	ck_assert_int_eq(filemap_read(k, &file->file, 0, pages * PAGE_SIZE, ignore, NULL),
	                 (int64_t)(pages * PAGE_SIZE));
}

START_TEST(each_node_has_its_own_lru_and_reclaim_keeps_to_it)
{
	enum { PAGES = 200 };
	const gfp_t gfp = GFP_KERNEL | __GFP_THISNODE;
	struct disk_file files[NR_NODES];
	uint64_t before, freed;

	boot_ring();
	for (k->cpu = 0; k->cpu < NR_NODES; k->cpu++)
		read_file(&files[k->cpu], PAGES);
	k->cpu = 1;
	for (uint32_t nid = 0; nid < NR_NODES; nid++)
		ck_assert_uint_eq(
		    lruvec_lru_size(NODE_DATA(k, nid), LRU_INACTIVE_FILE, MAX_NR_ZONES - 1), PAGES);
	before = nr_free_of(1);
	freed = try_to_free_pages(k, node_zonelist(k, 1, gfp), 0, gfp, NULL);
	ck_assert_uint_gt(freed, 0);
	ck_assert_uint_ge(nr_free_of(1), before + freed);
	ck_assert_uint_eq(files[1].mapping.nrpages, PAGES - freed);
	for (uint32_t nid = 0; nid < NR_NODES; nid++)
		ck_assert(nid == 1 || files[nid].mapping.nrpages == PAGES);
	fixture_check(&f);
	for (uint32_t nid = 0; nid < NR_NODES; nid++)
		disk_file_close(k, &files[nid]);
	fixture_finish(&f);
}
END_TEST

/* ---- zones ---- */

static struct zone *zone_of(uint32_t nid, enum zone_type type)
{
	return &NODE_DATA(k, nid)->node_zones[type];
}

/* The kernel's half is the same number of frames in each node, 4072, and then up to the
 * next block: node 0, with its hole, comes just past the one where the others end. */
START_TEST(movable_zones_are_spread_over_the_nodes)
{
	static const uint64_t kernels[NR_NODES] = { 5120, 4096, 4096, 4096 };
	struct kernel_config config = ring();

	config.movable_bytes = RAM_BYTES / 2;
	fixture_boot(&f, RAM_BYTES, &config);
	for (uint32_t nid = 0; nid < NR_NODES; nid++) {
		const struct zone *zone = zone_of(nid, ZONE_MOVABLE);

		ck_assert_uint_eq(zone->zone_start_pfn, nid * NODE_PAGES + kernels[nid]);
		ck_assert_uint_eq(zone->spanned_pages, NODE_PAGES - kernels[nid]);
		ck_assert_uint_eq(zone->present_pages, zone->spanned_pages);
	}
	ck_assert_uint_eq(zone_of(0, ZONE_DMA32)->spanned_pages, 1024);
	fixture_check(&f);
	fixture_finish(&f);
}
END_TEST

START_TEST(the_movable_zone_takes_only_movable_pages)
{
	static const gfp_t others[] = { GFP_TRY,
		                        GFP_TRY | __GFP_HIGHMEM,
		                        GFP_TRY | __GFP_MOVABLE,
		                        GFP_TRY | GFP_DMA32,
		                        GFP_TRY | __GFP_RECLAIMABLE,
		                        __GFP_MEMALLOC | __GFP_NOWARN };
	struct kernel_config config = ring();
	uint64_t movable = 0, nr = 0;

	config.movable_bytes = RAM_BYTES / 2;
	fixture_boot(&f, RAM_BYTES, &config);
	for (uint32_t nid = 0; nid < NR_NODES; nid++)
		movable += zone_of(nid, ZONE_MOVABLE)->nr_free_pages;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		nr = take_all(0, others[i], nr);
	for (uint64_t i = 0; i < nr; i++)
		ck_assert_int_ne(page_zone(k, taken[i])->type, ZONE_MOVABLE);
	for (uint32_t nid = 0; nid < NR_NODES; nid++)
		movable -= zone_of(nid, ZONE_MOVABLE)->nr_free_pages;
	ck_assert_uint_eq(movable, 0);
	ck_assert_int_eq(page_zone(k, alloc_page(k, GFP_TRY_MOVABLE))->type, ZONE_MOVABLE);
	give_all(nr);
	fixture_check(&f);
	fixture_finish(&f);
}
END_TEST

static void boot_32_bit(uint64_t ram_bytes)
{
	struct kernel_config config = fixture_config();

	config.paging = &paging_two_level;
	config.check = false; /* filling a gigabyte with junk takes its time */
	fixture_boot(&f, ram_bytes, &config);
}

START_TEST(a_32_bit_kernel_has_high_memory_from_896_mb_on)
{
	const struct zone *high = zone_of(0, ZONE_HIGHMEM), *normal = zone_of(0, ZONE_NORMAL);

	boot_32_bit(GIB);
	ck_assert_uint_eq(high->zone_start_pfn, 896 * MIB >> PAGE_SHIFT);
	ck_assert_uint_eq(high->spanned_pages, 128 * MIB >> PAGE_SHIFT);
	ck_assert_uint_eq(high->managed_pages,
	                  high->spanned_pages); /* all free: boot data is low */
	ck_assert_uint_eq(normal->zone_start_pfn, 4096);
	ck_assert_uint_eq(normal->spanned_pages, (880 * MIB) >> PAGE_SHIFT);
	ck_assert_uint_eq(zone_of(0, ZONE_DMA32)->spanned_pages, 0);
	/* 1/1024, between 32 and 128 pages, and then a quarter and a half of its share */
	ck_assert_uint_eq(high->watermark[WMARK_MIN], 32);
	ck_assert_uint_gt(high->watermark[WMARK_LOW], 32);
	/* who may use high memory leaves this much of low memory alone */
	ck_assert_uint_eq(normal->lowmem_reserve[ZONE_HIGHMEM], high->managed_pages / 32);
	fixture_finish(&f);
}
END_TEST

START_TEST(high_memory_is_for_who_asks_and_falls_back_to_normal)
{
	struct page *page;
	uint64_t nr;

	boot_32_bit(900 * MIB); /* 1024 frames of high memory */
	ck_assert_int_eq(page_zone(k, alloc_page(k, GFP_KERNEL))->type, ZONE_NORMAL);
	for (nr = 0; nr < 1024; nr++) {
		page = alloc_page(k, GFP_HIGHUSER);
		if (page_zone(k, page)->type != ZONE_HIGHMEM)
			break;
	}
	ck_assert_uint_ge(nr, 1024 - zone_of(0, ZONE_HIGHMEM)->watermark[WMARK_LOW] - 8);
	ck_assert_int_eq(page_zone(k, page)->type, ZONE_NORMAL);
	ck_assert_int_eq(page_zone(k, alloc_page(k, GFP_HIGHUSER_MOVABLE))->type, ZONE_NORMAL);
	fixture_finish(&f);
}
END_TEST

START_TEST(lowmem_reserve_goes_by_the_ratios)
{
	struct kernel_config config = fixture_config();
	const struct zone *dma = zone_of(0, ZONE_DMA);

	fixture_boot(&f, 64 * MIB, NULL);
	ck_assert_uint_eq(dma->lowmem_reserve[ZONE_DMA], 0);
	ck_assert_uint_eq(dma->lowmem_reserve[ZONE_DMA32],
	                  zone_of(0, ZONE_DMA32)->managed_pages / 256);
	fixture_finish(&f);
	config.lowmem_reserve_ratio[ZONE_DMA] = 8;
	fixture_boot(&f, 64 * MIB, &config);
	ck_assert_uint_eq(dma->lowmem_reserve[ZONE_DMA32],
	                  zone_of(0, ZONE_DMA32)->managed_pages / 8);
	fixture_finish(&f);
}
END_TEST

/* ---- fragmentation ---- */

/* 10 single pages and 5 pairs: 20 pages in 15 blocks. */
START_TEST(fragmentation_indices_by_hand)
{
	struct zone zone = { 0 };

	ck_assert_int_eq(unusable_free_index(&zone, 0), 1000);
	ck_assert_int_eq(fragmentation_index(&zone, 0), 0);
	zone.free_area[0].nr_free = 10;
	zone.free_area[1].nr_free = 5;
	ck_assert_int_eq(unusable_free_index(&zone, 0), 0);
	ck_assert_int_eq(unusable_free_index(&zone, 1), 500);
	ck_assert_int_eq(unusable_free_index(&zone, 2), 1000);
	ck_assert_int_eq(fragmentation_index(&zone, 1), -1000);
	/* 1000 - (1000 + 20 * 1000 / 4) / 15 */
	ck_assert_int_eq(fragmentation_index(&zone, 2), 600);
	/* 1000 - (1000 + 20 * 1000 / 1024) / 15: by far too little, yet in many pieces */
	ck_assert_int_eq(fragmentation_index(&zone, 10), 933);
	/* one page free, a pair wanted: a lack of memory, not fragmentation */
	zone.free_area[0].nr_free = 1;
	zone.free_area[1].nr_free = 0;
	ck_assert_int_eq(fragmentation_index(&zone, 1), -500);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nodes");
	TCase *tcase = tcase_create("nodes");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, every_frame_is_of_one_node_and_zone);
	tcase_add_test(tcase, free_blocks_end_at_the_node);
	tcase_add_loop_test(tcase, nodes_that_cannot_be_do_not_boot, 0,
	                    sizeof(configs) / sizeof(configs[0]));
	tcase_add_test(tcase, zonelists_go_by_distance);
	tcase_add_test(tcase, of_equals_a_node_without_cpus_gives_first);
	tcase_add_test(tcase, an_allocation_prefers_the_running_cpus_node);
	tcase_add_test(tcase, a_full_node_falls_back_by_distance);
	tcase_add_test(tcase, this_node_fails_rather_than_falls_back);
	tcase_add_test(tcase, a_nodemask_binds);
	tcase_add_test(tcase, a_cpuset_binds_hardwall_allocations_alone);
	tcase_add_test(tcase, numa_counters_agree_with_a_model);
	tcase_add_test(tcase, what_a_node_cannot_have_is_no_miss);
	tcase_add_test(tcase, an_allocation_counts_once_whatever_its_order);
	tcase_add_test(tcase, kswapd_of_the_short_node_wakes);
	tcase_add_test(tcase, each_node_has_its_own_lru_and_reclaim_keeps_to_it);
	tcase_add_test(tcase, movable_zones_are_spread_over_the_nodes);
	tcase_add_test(tcase, the_movable_zone_takes_only_movable_pages);
	tcase_add_test(tcase, a_32_bit_kernel_has_high_memory_from_896_mb_on);
	tcase_add_test(tcase, high_memory_is_for_who_asks_and_falls_back_to_normal);
	tcase_add_test(tcase, lowmem_reserve_goes_by_the_ratios);
	tcase_add_test(tcase, fragmentation_indices_by_hand);
	return run_suite(suite);
}
