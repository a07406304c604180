/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/bindings.h"

#include <errno.h>
#include <sys/mman.h>

#define GENERATION_MAX (((uint64_t)1 << (64 - BINDINGS_VPN_BITS)) - 1)

int bindings_init(struct bindings *bindings, uint64_t ram_bytes)
{
	void *bound;

	bindings->nr_frames = ram_bytes >> PAGE_SHIFT;
	bindings->bound_bytes = (bindings->nr_frames + NR_ZERO_SLOTS) * sizeof(*bindings->bound);
	/* Only what is used of it becomes memory of the host's. */
	bound = mmap(NULL, bindings->bound_bytes, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bound == MAP_FAILED)
		return -ENOMEM;
	bindings->bound = bound;
	bindings->generation = 1;
	return 0;
}

void bindings_finish(struct bindings *bindings)
{
	if (bindings->bound)
		munmap(bindings->bound, bindings->bound_bytes);
	bindings->bound = NULL;
}

bool bindings_bind(struct bindings *bindings, uint64_t frame, uint64_t vpn)
{
	uint64_t wanted = bindings->generation << BINDINGS_VPN_BITS | (vpn & BINDINGS_VPN_MASK);
	uint64_t *bound = &bindings->bound[frame];

	if (*bound != wanted && *bound >> BINDINGS_VPN_BITS == bindings->generation)
		return false;
	*bound = wanted;
	return true;
}

void bindings_forget(struct bindings *bindings)
{
	if (++bindings->generation <= GENERATION_MAX)
		return;
	/* Fresh zero pages hold bindings of no generation. */
	madvise(bindings->bound, bindings->bound_bytes, MADV_DONTNEED);
	bindings->generation = 1;
}
