// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * numa [PAGES] - memory policies, on a machine with four nodes (-m numa4) and a program
 * that runs on the first: where its pages (64 of each kind) come to lie, by
 * get_mempolicy(2) and move_pages(2), and that they keep their content when they are
 * moved.
 *
 * What it shows: bind, interleave and prefer, of the task and of areas; migration.
 * What to look at: vmstat.numa_interleave, numa_miss, pgmigrate_success.
 */
#include "guest.h"

enum {
	SYS_mbind = 237,
	SYS_set_mempolicy = 238,
	SYS_get_mempolicy = 239,
	SYS_migrate_pages = 256,
	SYS_move_pages = 279,
};
enum { DEFAULT, PREFERRED, BIND, INTERLEAVE, LOCAL, PREFERRED_MANY };
enum { F_NODE = 1, F_ADDR = 2, F_MEMS_ALLOWED = 4 };
enum { MF_STRICT = 1, MF_MOVE = 2 };
enum { EIO = 5, ENOENT = 2, EFAULT = 14, ENODEV = 19, EINVAL = 22 };

#define NR_NODES 4
#define MAX_PAGES 1024
#define MASK_BITS 64

static uint64_t nr_pages;

static void expect(int64_t result, int64_t wanted, const char *what)
{
	if ((int32_t)result != wanted)
		fail("numa: %s: %d and not %d\n", what, (int)result, (int)wanted);
}

static int64_t set_policy(int mode, uint64_t nodes)
{
	return syscall3(SYS_set_mempolicy, mode, &nodes, MASK_BITS);
}

static int64_t bind(void *memory, uint64_t pages, int mode, uint64_t nodes, unsigned flags)
{
	return syscall6(SYS_mbind, (uint64_t)memory, pages * PAGE_BYTES, (unsigned)mode,
	                (uint64_t)&nodes, MASK_BITS, flags);
}

static int node_of(const uint8_t *memory, uint64_t page)
{
	int node = -1;

	expect(syscall6(SYS_get_mempolicy, (uint64_t)&node, 0, 0,
	                (uint64_t)(memory + page * PAGE_BYTES), F_NODE | F_ADDR, 0),
	       0, "get_mempolicy");
	return node;
}

static uint8_t *area(void)
{
	return map(nr_pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
}

static void fill(uint8_t *memory)
{
	for (uint64_t i = 0; i < nr_pages; i++)
		*(volatile uint64_t *)(memory + i * PAGE_BYTES) = pattern(i, 0);
}

static void check_content(const uint8_t *memory)
{
	for (uint64_t i = 0; i < nr_pages; i++)
		if (*(const volatile uint64_t *)(memory + i * PAGE_BYTES) != pattern(i, 0))
			fail("numa: page %u has lost its content\n", i);
}

/* Every page is on the node, or (-1) on the next one after the page's before. */
static void check_nodes(const uint8_t *memory, int node, const char *what)
{
	int last = node_of(memory, 0);

	if (node >= 0 && last != node)
		fail("numa: %s: page 0 is on node %d\n", what, last);
	for (uint64_t i = 1; i < nr_pages; i++) {
		int now = node_of(memory, i), wanted = node < 0 ? (last + 1) % NR_NODES : node;

		if (now != wanted)
			fail("numa: %s: page %u is on node %d and not %d\n", what, i, now, wanted);
		last = now;
	}
}

static void check_areas(void)
{
	uint8_t *memory = area();

	expect(bind(memory, nr_pages, BIND, 1 << 2, 0), 0, "mbind bind");
	fill(memory);
	check_nodes(memory, 2, "bind");
	expect(bind(memory, nr_pages, PREFERRED, 1 << 3, MF_STRICT), -EIO, "mbind strict");
	expect(bind(memory, nr_pages, PREFERRED, 1 << 3, MF_STRICT | MF_MOVE), 0, "mbind move");
	check_nodes(memory, 3, "moved");
	check_content(memory);
	unmap(memory, nr_pages * PAGE_BYTES);

	memory = area();
	expect(bind(memory, nr_pages, INTERLEAVE, 0xf, 0), 0, "mbind interleave");
	fill(memory);
	check_nodes(memory, -1, "interleave");
	unmap(memory, nr_pages * PAGE_BYTES);

	memory = area();
	fill(memory);
	check_nodes(memory, 0, "default");
	expect(bind(memory, 1, BIND, 1 << NR_NODES, 0), -EINVAL, "mbind to no node");
	expect(bind(memory, 1, BIND, 0, 0), -EINVAL, "mbind to nothing");
	expect(bind(memory, 1, DEFAULT, 1, 0), -EINVAL, "mbind default with nodes");
	expect(bind(memory, 1, 17, 1, 0), -EINVAL, "mbind by an unknown mode");
	unmap(memory, nr_pages * PAGE_BYTES);
	expect(bind(memory, nr_pages, BIND, 1, 0), -EFAULT, "mbind of a hole");
}

static void check_task(void)
{
	uint64_t nodes = 0;
	uint8_t *memory;
	int mode = -1;

	expect(set_policy(PREFERRED, 1 << 1), 0, "set_mempolicy preferred");
	memory = area();
	fill(memory);
	check_nodes(memory, 1, "preferred");
	expect(syscall6(SYS_get_mempolicy, (uint64_t)&mode, (uint64_t)&nodes, MASK_BITS, 0, 0, 0),
	       0, "get_mempolicy");
	if (mode != PREFERRED || nodes != 1 << 1)
		fail("numa: get_mempolicy: mode %d, nodes %x\n", mode, nodes);
	unmap(memory, nr_pages * PAGE_BYTES);
	expect(set_policy(PREFERRED_MANY, 0xc), 0, "set_mempolicy preferred many");
	memory = area();
	*memory = 1;
	if (!(0xc >> node_of(memory, 0) & 1))
		fail("numa: preferred many: node %d\n", node_of(memory, 0));
	unmap(memory, nr_pages * PAGE_BYTES);
	expect(set_policy(LOCAL, 1), -EINVAL, "set_mempolicy local with nodes");
	expect(set_policy(DEFAULT, 0), 0, "set_mempolicy default");
}

static void check_moving(void)
{
	static void *pages[MAX_PAGES];
	static int nodes[MAX_PAGES], status[MAX_PAGES];
	uint64_t from = 1, to = 1 << 2;
	uint8_t *memory = area();

	fill(memory);
	for (uint64_t i = 0; i < nr_pages; i++) {
		pages[i] = memory + i * PAGE_BYTES;
		nodes[i] = (int)(i % NR_NODES);
	}
	expect(syscall6(SYS_move_pages, 0, nr_pages, (uint64_t)pages, (uint64_t)nodes,
	                (uint64_t)status, MF_MOVE),
	       0, "move_pages");
	for (uint64_t i = 0; i < nr_pages; i++)
		if (status[i] != nodes[i])
			fail("numa: page %u: status %d\n", i, status[i]);
	check_nodes(memory, -1, "move_pages");
	check_content(memory);
	nodes[0] = NR_NODES;
	expect(syscall6(SYS_move_pages, 0, 1, (uint64_t)pages, (uint64_t)nodes, (uint64_t)status,
	                MF_MOVE),
	       -ENODEV, "move_pages to no node");
	unmap(memory, nr_pages * PAGE_BYTES);
	memory = area();
	pages[0] = memory;
	pages[1] = NULL;
	expect(syscall6(SYS_move_pages, 0, 2, (uint64_t)pages, 0, (uint64_t)status, 0), 0,
	       "move_pages query");
	expect(status[0], -ENOENT, "a page that was never touched");
	expect(status[1], -EFAULT, "a page that cannot be");
	fill(memory);
	expect(syscall6(SYS_migrate_pages, 0, MASK_BITS, (uint64_t)&from, (uint64_t)&to, 0, 0), 0,
	       "migrate_pages");
	check_nodes(memory, 2, "migrate_pages");
	check_content(memory);
	unmap(memory, nr_pages * PAGE_BYTES);
}

int guest_main(int argc, char **argv)
{
	nr_pages = size_argument(argc, argv, 1, 64);
	if (!nr_pages || nr_pages > MAX_PAGES)
		fail("numa: 1 to %u pages\n", (uint64_t)MAX_PAGES);
	check_areas();
	check_task();
	check_moving();
	print("numa: pages lie where they were wanted\n");
	return 0;
}
