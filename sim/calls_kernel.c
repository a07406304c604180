// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls for kernel memory: of devices, of tasks; and the kernel's settings. */
#include "sim/calls.h"

#include "mm/ioremap.h"
#include "mm/maccess.h"
#include "mm/thread_stack.h"
#include "mm/vmalloc.h"
#include "sim/proc_files.h"
#include "sim/tell.h"

#include <string.h>

/* ---- stacks ---- */

void *call_alloc_thread_stack(struct kernel *k)
{
	struct machine *machine = call_begin(k);
	void *stack = alloc_thread_stack(k);

	CALL_END(machine, RECORD_STACK_ALLOC, object_id(k, stack));
	return stack;
}

void call_free_thread_stack(struct kernel *k, void *stack)
{
	struct machine *machine = call_begin(k);

	free_thread_stack(k, stack);
	CALL_END(machine, RECORD_STACK_FREE, object_id(k, stack));
}

/* ---- slab caches ---- */

struct kmem_cache *call_kmem_cache_create(struct kernel *k, const char *name, size_t size,
                                          uint32_t flags)
{
	struct machine *machine = call_begin(k);
	struct kmem_cache *cache = kmem_cache_create(k, name, size, 0, flags, NULL);

	call_unpause(machine);
	TELL_TEXT(machine, RECORD_CACHE_CREATE, name, size, flags, object_id(k, cache));
	call_end(machine);
	return cache;
}

void call_kmem_cache_destroy(struct kernel *k, struct kmem_cache *cache)
{
	struct machine *machine = call_begin(k);

	kmem_cache_destroy(k, cache);
	CALL_END(machine, RECORD_CACHE_DESTROY, object_id(k, cache));
}

void *call_kmem_cache_alloc(struct kernel *k, struct kmem_cache *cache)
{
	struct machine *machine = call_begin(k);
	void *object = kmem_cache_alloc(k, cache, GFP_KERNEL);

	CALL_END(machine, RECORD_CACHE_ALLOC, object_id(k, cache), object_id(k, object));
	return object;
}

void call_kmem_cache_free(struct kernel *k, struct kmem_cache *cache, void *object)
{
	struct machine *machine = call_begin(k);

	kmem_cache_free(k, cache, object);
	CALL_END(machine, RECORD_CACHE_FREE, object_id(k, cache), object_id(k, object));
}

void *call_kzalloc(struct kernel *k, size_t size)
{
	struct machine *machine = call_begin(k);
	void *object = kzalloc(k, size, GFP_KERNEL);

	CALL_END(machine, RECORD_KZALLOC, size, object_id(k, object));
	return object;
}

void call_kfree(struct kernel *k, void *object)
{
	struct machine *machine = call_begin(k);

	kfree(k, object);
	CALL_END(machine, RECORD_KFREE, object_id(k, object));
}

/* ---- pages, areas ---- */

void *call_get_free_pages(struct kernel *k, unsigned order)
{
	struct machine *machine = call_begin(k);
	void *pages = __get_free_pages(k, GFP_KERNEL, order);

	CALL_END(machine, RECORD_PAGES_ALLOC, order, object_id(k, pages));
	return pages;
}

void call_free_pages(struct kernel *k, void *pages, unsigned order)
{
	struct machine *machine = call_begin(k);

	free_pages(k, pages, order);
	CALL_END(machine, RECORD_PAGES_FREE, object_id(k, pages));
}

bool call_vmalloc(struct kernel *k, uint64_t size, const char *caller, va_t *va)
{
	struct machine *machine = call_begin(k);
	bool is_there = __vmalloc_node_range(k, size, GFP_KERNEL | __GFP_HIGHMEM, caller, va);

	CALL_END(machine, RECORD_VMALLOC, size, is_there ? *va : 0);
	return is_there;
}

void call_vfree(struct kernel *k, va_t va)
{
	struct machine *machine = call_begin(k);

	vfree(k, va);
	CALL_END(machine, RECORD_VFREE, va);
}

bool call_ioremap(struct kernel *k, uint64_t behind_ram, uint64_t size, const char *caller,
                  va_t *va)
{
	struct machine *machine = call_begin(k);
	bool is_there = __ioremap_caller(k, k->ram->size_bytes + behind_ram, size, caller, va);

	CALL_END(machine, RECORD_IOREMAP, behind_ram, size, is_there ? *va : 0);
	return is_there;
}

void call_iounmap(struct kernel *k, va_t va)
{
	struct machine *machine = call_begin(k);

	iounmap(k, va);
	CALL_END(machine, RECORD_IOUNMAP, va);
}

/* ---- accesses ---- */

int call_kernel_read(struct kernel *k, va_t va, uint64_t offset, void *dst, uint64_t len)
{
	struct machine *machine = call_begin(k);
	int err = kernel_read(k, va + offset, dst, len);

	CALL_END(machine, RECORD_KERNEL_ACCESS, va, offset, len, false);
	return err;
}

int call_kernel_write(struct kernel *k, va_t va, uint64_t offset, const void *src, uint64_t len)
{
	struct machine *machine = call_begin(k);
	int err = kernel_write(k, va + offset, src, len);

	CALL_END(machine, RECORD_KERNEL_ACCESS, va, offset, len, true);
	return err;
}

int call_kernel_memset(struct kernel *k, va_t va, uint8_t byte, uint64_t len)
{
	struct machine *machine = call_begin(k);
	int err = kernel_memset(k, va, byte, len);

	CALL_END(machine, RECORD_KERNEL_ACCESS, va, 0, len, true);
	return err;
}

/* ---- settings ---- */

int call_set_sysctl(struct kernel *k, const char *name, int64_t value)
{
	struct machine *machine = call_begin(k);
	int err = set_sysctl(k, name, value);

	call_unpause(machine);
	if (!err)
		TELL_TEXT(machine, RECORD_SYSCTL, name, (uint64_t)value);
	call_end(machine);
	return err;
}

void call_set_lowmem_ratio(struct kernel *k, const uint32_t ratio[MAX_NR_ZONES - 1])
{
	struct machine *machine = call_begin(k);

	_Static_assert(MAX_NR_ZONES - 1 == 4, "all are told");
	memcpy(k->config.lowmem_reserve_ratio, ratio, sizeof(k->config.lowmem_reserve_ratio));
	setup_per_zone_wmarks(k);
	CALL_END(machine, RECORD_LOWMEM_RATIO, ratio[0], ratio[1], ratio[2], ratio[3]);
}

void call_drop_caches(struct kernel *k, int what)
{
	struct machine *machine = call_begin(k);

	if (what & 1)
		drop_pagecache(k);
	if (what & 2)
		drop_slab(k);
	CALL_END(machine, RECORD_DROP_CACHES, (uint64_t)what);
}
