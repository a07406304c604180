// SPDX-License-Identifier: GPL-2.0-or-later
/* Events of kernel memory, and of the kernel's settings. */
#include "mm/kernel_map.h"
#include "sim/calls.h"
#include "traces/replay_handlers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_IOREMAP_BYTES MIB

enum object_kind { STACK, CACHE, CACHED, KMALLOCED, PAGES, VMALLOCED, IOREMAPPED };

/* A piece of kernel memory. */
struct replay_object {
	enum object_kind kind;
	va_t va;
	uint64_t size_bytes;      /* that may be accessed: STACK, CACHE: none */
	struct kmem_cache *cache; /* CACHED: from which; CACHE: itself */
	unsigned order;           /* PAGES */
	uint32_t nr_objects;      /* CACHE */
};

static struct kernel *kernel_of(const struct replay *replay)
{
	return &replay->machine->kernel;
}

/* ---- objects ---- */

static void *memory_of(struct kernel *k, const struct replay_object *object)
{
	return direct_map_object(k, object->va);
}

static struct replay_object *find_object(const struct replay *replay, uint64_t id,
                                         enum object_kind kind)
{
	struct replay_object *object = things_find(&replay->objects, id);

	return object && object->kind == kind ? object : NULL;
}

/* The object of this kind, which is forgotten. */
static struct replay_object *take_object(struct replay *replay, uint64_t id, enum object_kind kind)
{
	return find_object(replay, id, kind) ? things_take(&replay->objects, id) : NULL;
}

static void free_object(struct kernel *k, struct replay_object *object)
{
	switch (object->kind) {
	case STACK:
		call_free_thread_stack(k, memory_of(k, object));
		break;
	case CACHE:
		call_kmem_cache_destroy(k, object->cache);
		break;
	case CACHED:
		call_kmem_cache_free(k, object->cache, memory_of(k, object));
		break;
	case KMALLOCED:
		call_kfree(k, memory_of(k, object));
		break;
	case PAGES:
		call_free_pages(k, memory_of(k, object), object->order);
		break;
	case VMALLOCED:
		call_vfree(k, object->va);
		break;
	case IOREMAPPED:
		call_iounmap(k, object->va);
		break;
	}
	free(object);
}

/* What was got, known by its recorded id. va 0: nothing was. */
static int add_object(struct replay *replay, uint64_t id, const struct replay_object *got)
{
	struct replay_object *object;

	if (!got->va)
		return id ? replay_skip(replay) : 0;
	object = malloc(sizeof(*object));
	if (!object)
		return replay_refuse(replay, "%s", strerror(ENOMEM));
	*object = *got;
	if (id && !things_find(&replay->objects, id) && !things_set(&replay->objects, id, object))
		return 0;
	free_object(kernel_of(replay), object);
	return id ? replay_refuse(replay, "object 0x%lx is not new", (unsigned long)id)
	          : replay_skip(replay);
}

static va_t va_of(struct kernel *k, const void *memory)
{
	return memory ? direct_map_va(k, memory) : 0;
}

static int give_back(struct replay *replay, uint64_t id, enum object_kind kind)
{
	struct replay_object *object = take_object(replay, id, kind);

	if (!object)
		return id ? replay_skip(replay) : 0;
	free_object(kernel_of(replay), object);
	return 0;
}

/* Caches last: the others may be objects of theirs. */
void replay_release_objects(struct replay *replay)
{
	struct things caches = { 0 };
	struct replay_object *object;

	while ((object = things_take_any(&replay->objects))) {
		if (object->kind != CACHE || things_set(&caches, object->va, object))
			free_object(kernel_of(replay), object);
	}
	while ((object = things_take_any(&caches)))
		free_object(kernel_of(replay), object);
	things_finish(&caches);
}

/* ---- stacks ---- */

int replay_stack_alloc(struct replay *replay, const struct record_event *event)
{
	struct kernel *k = kernel_of(replay);
	const struct replay_object stack = { .kind = STACK,
		                             .va = va_of(k, call_alloc_thread_stack(k)) };

	return add_object(replay, event->args[0], &stack);
}

void *replay_find_stack(const struct replay *replay, uint64_t id)
{
	const struct replay_object *stack = find_object(replay, id, STACK);

	return stack ? memory_of(kernel_of(replay), stack) : NULL;
}

int replay_stack_free(struct replay *replay, const struct record_event *event)
{
	return give_back(replay, event->args[0], STACK);
}

/* ---- slab caches ---- */

int replay_cache_create(struct replay *replay, const struct record_event *event)
{
	struct kernel *k = kernel_of(replay);
	struct kmem_cache *cache;

	if (!event->text || event->args[1] & ~(uint64_t)SLAB_HWCACHE_ALIGN)
		return replay_refuse(replay, "no slab cache");
	cache = call_kmem_cache_create(k, event->text, event->args[0], (uint32_t)event->args[1]);
	return add_object(
	    replay, event->args[2],
	    &(struct replay_object){ .kind = CACHE, .va = va_of(k, cache), .cache = cache });
}

int replay_cache_destroy(struct replay *replay, const struct record_event *event)
{
	const struct replay_object *cache = find_object(replay, event->args[0], CACHE);

	if (cache && cache->nr_objects)
		return replay_refuse(replay, "objects of the cache are left");
	return give_back(replay, event->args[0], CACHE);
}

int replay_cache_alloc(struct replay *replay, const struct record_event *event)
{
	struct replay_object *cache = find_object(replay, event->args[0], CACHE);
	struct kernel *k = kernel_of(replay);
	void *memory;
	int err;

	if (!cache)
		return replay_skip(replay);
	memory = call_kmem_cache_alloc(k, cache->cache);
	err = add_object(replay, event->args[1],
	                 &(struct replay_object){ .kind = CACHED,
	                                          .va = va_of(k, memory),
	                                          .size_bytes = cache->cache->object_size,
	                                          .cache = cache->cache });
	cache->nr_objects += !err && memory && event->args[1];
	return err;
}

int replay_cache_free(struct replay *replay, const struct record_event *event)
{
	struct replay_object *cache = find_object(replay, event->args[0], CACHE);
	const struct replay_object *object = find_object(replay, event->args[1], CACHED);

	if (!cache || !object)
		return replay_skip(replay);
	if (object->cache != cache->cache)
		return replay_refuse(replay, "an object of another cache");
	cache->nr_objects--;
	return give_back(replay, event->args[1], CACHED);
}

/* ---- kmalloc(), pages, areas ---- */

int replay_kzalloc(struct replay *replay, const struct record_event *event)
{
	struct kernel *k = kernel_of(replay);
	const uint64_t size = event->args[0];

	return add_object(replay, event->args[1],
	                  &(struct replay_object){ .kind = KMALLOCED,
	                                           .va = va_of(k, call_kzalloc(k, size)),
	                                           .size_bytes = size });
}

int replay_kfree(struct replay *replay, const struct record_event *event)
{
	return give_back(replay, event->args[0], KMALLOCED);
}

int replay_pages_alloc(struct replay *replay, const struct record_event *event)
{
	struct kernel *k = kernel_of(replay);
	const uint64_t order = event->args[0];

	if (order >= MAX_ORDER)
		return replay_refuse(replay, "no order: %lu", (unsigned long)order);
	return add_object(
	    replay, event->args[1],
	    &(struct replay_object){ .kind = PAGES,
	                             .va = va_of(k, call_get_free_pages(k, (unsigned)order)),
	                             .size_bytes = PAGE_SIZE << order,
	                             .order = (unsigned)order });
}

int replay_pages_free(struct replay *replay, const struct record_event *event)
{
	return give_back(replay, event->args[0], PAGES);
}

int replay_vmalloc(struct replay *replay, const struct record_event *event)
{
	struct replay_object area = { .kind = VMALLOCED, .size_bytes = event->args[0] };

	if (!call_vmalloc(kernel_of(replay), area.size_bytes, __func__, &area.va))
		area.va = 0;
	return add_object(replay, event->args[1], &area);
}

int replay_vfree(struct replay *replay, const struct record_event *event)
{
	return give_back(replay, event->args[0], VMALLOCED);
}

int replay_ioremap(struct replay *replay, const struct record_event *event)
{
	struct replay_object area = { .kind = IOREMAPPED, .size_bytes = event->args[1] };

	if (area.size_bytes > MAX_IOREMAP_BYTES || event->args[0] > GIB)
		return replay_refuse(replay, "no device's memory");
	if (!call_ioremap(kernel_of(replay), event->args[0], area.size_bytes, __func__, &area.va))
		area.va = 0;
	return add_object(replay, event->args[2], &area);
}

int replay_iounmap(struct replay *replay, const struct record_event *event)
{
	return give_back(replay, event->args[0], IOREMAPPED);
}

/* ---- accesses ---- */

/* Loads are of a buffer's size, stores may be of a whole piece. */
int replay_kernel_access(struct replay *replay, const struct record_event *event)
{
	const struct replay_object *object = things_find(&replay->objects, event->args[0]);
	const uint64_t offset = event->args[1], len = event->args[2];
	struct kernel *k = kernel_of(replay);
	uint8_t bytes[PAGE_SIZE];

	if (!object)
		return replay_skip(replay);
	if (offset > object->size_bytes || len > object->size_bytes - offset ||
	    (!event->args[3] && len > sizeof(bytes)))
		return replay_refuse(replay, "bytes that the object does not have");
	if (event->args[3])
		call_kernel_memset(k, object->va + offset, 0, len);
	else
		call_kernel_read(k, object->va, offset, bytes, len);
	return 0;
}

/* ---- settings ---- */

int replay_sysctl(struct replay *replay, const struct record_event *event)
{
	if (!event->text ||
	    call_set_sysctl(kernel_of(replay), event->text, (int64_t)event->args[0]))
		return replay_refuse(replay, "no such setting: %s", event->text ? event->text : "");
	return 0;
}

int replay_lowmem_ratio(struct replay *replay, const struct record_event *event)
{
	uint32_t ratio[MAX_NR_ZONES - 1];

	for (int i = 0; i < MAX_NR_ZONES - 1; i++) {
		ratio[i] = (uint32_t)event->args[i];
		if (event->args[i] > UINT32_MAX)
			return replay_refuse(replay, "no ratio");
	}
	call_set_lowmem_ratio(kernel_of(replay), ratio);
	return 0;
}

int replay_drop_caches(struct replay *replay, const struct record_event *event)
{
	call_drop_caches(kernel_of(replay), (int)(event->args[0] & 3));
	return 0;
}
