/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ram_swap - a swap device for tests, in host memory; transfers can be made to fail.
 */
#ifndef PW_TESTS_RAM_SWAP_H
#define PW_TESTS_RAM_SWAP_H

#include "mm/swap.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ram_swap {
	struct swap_device device; /* first */
	uint8_t *data;
	uint64_t nr_read, nr_written; /* pages */
	bool read_broken, write_broken;
};

static inline int ram_swap_read(struct swap_device *device, uint64_t slot, void *data)
{
	struct ram_swap *swap = (struct ram_swap *)device;

	ck_assert_uint_lt(slot, device->nr_pages);
	if (swap->read_broken)
		return -EIO;
	swap->nr_read++;
	memcpy(data, swap->data + slot * PAGE_SIZE, PAGE_SIZE);
	return 0;
}

static inline int ram_swap_write(struct swap_device *device, uint64_t slot, const void *data)
{
	struct ram_swap *swap = (struct ram_swap *)device;

	ck_assert_uint_lt(slot, device->nr_pages);
	if (swap->write_broken)
		return -EIO;
	swap->nr_written++;
	memcpy(swap->data + slot * PAGE_SIZE, data, PAGE_SIZE);
	return 0;
}

/* nr_pages with the header's; not yet mkswap()ed. */
static inline void ram_swap_open(struct ram_swap *swap, uint64_t nr_pages)
{
	*swap = (struct ram_swap){ .device = { .name = "/ram_swap",
		                               .nr_pages = nr_pages,
		                               .read = ram_swap_read,
		                               .write = ram_swap_write } };
	swap->data = calloc(nr_pages ? nr_pages : 1, PAGE_SIZE);
	ck_assert_ptr_nonnull(swap->data);
}

/* mkswap()ed and on. */
static inline void ram_swap_on(struct kernel *k, struct ram_swap *swap, uint64_t nr_pages, int prio)
{
	ram_swap_open(swap, nr_pages);
	ck_assert_int_eq(mkswap(&swap->device), 0);
	ck_assert_int_eq(swapon(k, &swap->device, prio), 0);
}

static inline void ram_swap_close(struct ram_swap *swap)
{
	free(swap->data);
	swap->data = NULL;
}

#endif
