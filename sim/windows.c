/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/windows.h"

#include <errno.h>
#include <sys/mman.h>

#define GENERATION_MAX (((uint64_t)1 << (64 - WINDOWS_VPN_BITS)) - 1)

int windows_init(struct windows *windows, uint64_t ram_bytes)
{
	void *bound;

	windows->shift = PAGE_SHIFT;
	while ((uint64_t)1 << windows->shift < ram_bytes)
		windows->shift++;
	windows->bound_bytes =
	    ((size_t)NR_WINDOWS << (windows->shift - PAGE_SHIFT)) * sizeof(*windows->bound);
	/* Only what is used of it becomes memory of the host's. */
	bound = mmap(NULL, windows->bound_bytes, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bound == MAP_FAILED)
		return -ENOMEM;
	windows->bound = bound;
	windows->generation = 1;
	return 0;
}

void windows_finish(struct windows *windows)
{
	if (windows->bound)
		munmap(windows->bound, windows->bound_bytes);
	windows->bound = NULL;
}

static uint64_t *binding(const struct windows *windows, uint32_t window, pfn_t pfn)
{
	return &windows->bound[((uint64_t)window << (windows->shift - PAGE_SHIFT)) + pfn];
}

static bool is_free(const struct windows *windows, uint64_t bound)
{
	return bound >> WINDOWS_VPN_BITS != windows->generation;
}

bool windows_bind(struct windows *windows, pfn_t pfn, uint64_t vpn, uint32_t nr_windows,
                  uint32_t *window)
{
	uint64_t wanted = windows->generation << WINDOWS_VPN_BITS | (vpn & WINDOWS_VPN_MASK);

	for (uint32_t w = 0; w < nr_windows; w++) {
		uint64_t *bound = binding(windows, w, pfn);

		if (*bound != wanted && !is_free(windows, *bound))
			continue;
		*bound = wanted;
		*window = w;
		return true;
	}
	return false;
}

bool windows_bound_outside_first(const struct windows *windows, pfn_t pfn)
{
	for (uint32_t w = 1; w < NR_WINDOWS; w++)
		if (!is_free(windows, *binding(windows, w, pfn)))
			return true;
	return false;
}

void windows_forget(struct windows *windows)
{
	if (++windows->generation <= GENERATION_MAX)
		return;
	/* Fresh zero pages hold bindings of no generation. */
	madvise(windows->bound, windows->bound_bytes, MADV_DONTNEED);
	windows->generation = 1;
}
