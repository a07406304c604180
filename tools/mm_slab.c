/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_slab - the shell's commands over slab caches and kmalloc().
 */
#include "mm/kernel_map.h"
#include "mm/page_alloc.h"
#include "mm/slab.h"
#include "tools/mm_shell.h"

#include <string.h>

/* ---- caches ---- */

static int release_cache(struct mm_shell *sh, struct handle *handle)
{
	return kmem_cache_destroy(shell_kernel(sh), handle->object);
}

const struct handle_kind handle_cache = { .name = "a cache", .release = release_cache };

/* Flags of kmem_cache_create, joined by |. */
static int read_flags(const struct mm_shell *sh, const char *text, uint32_t *flags)
{
	static const struct {
		const char *name;
		uint32_t flag;
	} names[] = {
		{ "SLAB_HWCACHE_ALIGN", SLAB_HWCACHE_ALIGN },
		{ "SLAB_CACHE_DMA", SLAB_CACHE_DMA },
		{ "SLAB_RECLAIM_ACCOUNT", SLAB_RECLAIM_ACCOUNT },
	};

	*flags = 0;
	if (!strcmp(text, "0"))
		return 0;
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, "|"), i;

		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strlen(names[i].name) == len && !strncmp(names[i].name, at, len))
				break;
		if (i == sizeof(names) / sizeof(names[0]))
			return shell_mistake(sh, "\"%.*s\" is no flag of a cache", (int)len, at);
		*flags |= names[i].flag;
		at += len;
		if (!*at)
			return 0;
	}
}

#define CONSTRUCTED UINT64_C(0x646574637572) /* what it leaves in the first 8 bytes */

static void construct(void *object)
{
	const uint64_t mark = CONSTRUCTED;

	memcpy(object, &mark, sizeof(mark));
}

static int run_create(struct mm_shell *sh, const struct mm_call *call)
{
	struct kmem_cache *cache;
	uint64_t size, align = 0;
	uint32_t flags = 0;
	int status = shell_read_size(sh, call->argv[1], &size);

	if (!status && call->argc > 2)
		status = shell_read_size(sh, call->argv[2], &align);
	if (!status && call->argc > 3)
		status = read_flags(sh, call->argv[3], &flags);
	if (status)
		return status;
	if (call->argc > 4 && (strcmp(call->argv[4], "ctor") != 0 || size < sizeof(uint64_t)))
		return shell_mistake(sh, "a constructor is \"ctor\", for 8 bytes or more");
	cache = kmem_cache_create(shell_kernel(sh), call->argv[0], size, align, flags,
	                          call->argc > 4 ? construct : NULL);
	if (cache)
		shell_say(sh, "%s = a cache: %u bytes an object, %u in a slab of %u page%s",
		          call->result, cache->size, cache->num, 1u << cache->gfporder,
		          cache->gfporder ? "s" : "");
	else
		shell_say(sh, "%s = NULL", call->result);
	return handle_make(sh, call->result, &handle_cache, cache, 0);
}

static int run_destroy(struct mm_shell *sh, const struct mm_call *call)
{
	return shell_try_release(sh, call, &handle_cache);
}

static int run_shrink(struct mm_shell *sh, const struct mm_call *call)
{
	struct kmem_cache *cache = shell_read_cache(sh, call->argv[0]);
	uint64_t pages;

	if (!cache)
		return EXIT_MISTAKE;
	pages = kmem_cache_shrink(shell_kernel(sh), cache);
	shell_say(sh, "%lu pages freed", (unsigned long)pages);
	return call->result ? handle_make(sh, call->result, &handle_number, NULL, pages) : 0;
}

static int run_shrink_slab(struct mm_shell *sh, const struct mm_call *call)
{
	uint64_t pages = shrink_slab(shell_kernel(sh));

	shell_say(sh, "%lu pages freed", (unsigned long)pages);
	return call->result ? handle_make(sh, call->result, &handle_number, NULL, pages) : 0;
}

/* ---- objects, of caches and of kmalloc() ---- */

/* NULL: not from a cache. */
static const struct page *slab_of(const struct mm_shell *sh, const struct handle *handle)
{
	const struct page *page = compound_head(handle_page(sh, handle));

	return PageSlab(page) ? page : NULL;
}

static void ask_ksize(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, (int64_t)ksize(shell_kernel(sh), handle->object));
}

static void ask_cache(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct page *slab = slab_of(sh, handle);

	value_set_word(value, slab ? slab->slab_cache->name : "none");
}

static void ask_slab(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct page *page = compound_head(handle_page(sh, handle));

	value_set_number(value, (int64_t)page_to_pfn(shell_kernel(sh), page));
}

static void ask_offset(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct kernel *k = shell_kernel(sh);
	const struct page *page = compound_head(handle_page(sh, handle));

	value_set_number(value, (uint8_t *)handle->object - (uint8_t *)page_address(k, page));
}

static void ask_size(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, (int64_t)handle->size);
}

static void ask_zeroed(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, handle_is_zero(sh, handle, handle->size));
}

static void ask_constructed(const struct mm_shell *sh, const struct handle *handle,
                            struct value *value)
{
	uint64_t mark;

	memcpy(&mark, handle->object, sizeof(mark));
	value_set_number(value, handle->size >= sizeof(mark) && mark == CONSTRUCTED);
}

static const struct handle_field object_fields[] = {
	{ "size", ask_size, "bytes that were asked for" },
	{ "ksize", ask_ksize, "bytes that were had" },
	{ "cache", ask_cache, "the cache's name; none: whole pages" },
	{ "slab", ask_slab, "first frame of its slab or block" },
	{ "offset", ask_offset, "bytes from there" },
	{ "zeroed", ask_zeroed, "1: all its bytes are 0" },
	{ "constructed", ask_constructed, "1: begins with what a ctor wrote" },
	{ 0 },
};

static int release_kmalloc(struct mm_shell *sh, struct handle *handle)
{
	kfree(shell_kernel(sh), handle->object);
	return 0;
}

static int release_object(struct mm_shell *sh, struct handle *handle)
{
	kmem_cache_free(shell_kernel(sh), slab_of(sh, handle)->slab_cache, handle->object);
	return 0;
}

static const struct handle_kind handle_kmalloc = {
	.name = "kmalloc memory",
	.object = KERNEL_ADDRESS,
	.release = release_kmalloc,
	.fields = object_fields,
};

static const struct handle_kind handle_object = {
	.name = "an object",
	.object = KERNEL_ADDRESS,
	.release = release_object,
	.fields = object_fields,
};

static int name_object(struct mm_shell *sh, const char *name, const struct handle_kind *kind,
                       void *object, uint64_t size)
{
	const struct kernel *k = shell_kernel(sh);
	const struct page *page;

	if (!object) {
		shell_say(sh, "%s = NULL", name);
		return handle_make(sh, name, kind, NULL, size);
	}
	page = compound_head(virt_to_page(k, object));
	shell_say(sh, "%s = %lu bytes at %#lx, of %s%s", name, (unsigned long)ksize(k, object),
	          (unsigned long)direct_map_va(k, object),
	          PageSlab(page) ? "cache " : "whole pages",
	          PageSlab(page) ? page->slab_cache->name : "");
	return handle_make(sh, name, kind, object, size);
}

static int allocate_object(struct mm_shell *sh, const struct mm_call *call, gfp_t more)
{
	struct kmem_cache *cache = shell_read_cache(sh, call->argv[0]);
	gfp_t gfp = 0;

	if (!cache || shell_read_gfp(sh, call->argv[1], &gfp))
		return EXIT_MISTAKE;
	return name_object(sh, call->result, &handle_object,
	                   kmem_cache_alloc(shell_kernel(sh), cache, gfp | more),
	                   cache->object_size);
}

static int run_cache_alloc(struct mm_shell *sh, const struct mm_call *call)
{
	return allocate_object(sh, call, 0);
}

static int run_cache_zalloc(struct mm_shell *sh, const struct mm_call *call)
{
	return allocate_object(sh, call, __GFP_ZERO);
}

static int allocate_kmalloc(struct mm_shell *sh, const struct mm_call *call, gfp_t more)
{
	gfp_t gfp = 0;
	uint64_t size;
	int status = shell_read_size(sh, call->argv[0], &size);

	if (!status)
		status = shell_read_gfp(sh, call->argv[1], &gfp);
	if (status)
		return status;
	return name_object(sh, call->result, &handle_kmalloc,
	                   kmalloc(shell_kernel(sh), size, gfp | more), size);
}

static int run_kmalloc(struct mm_shell *sh, const struct mm_call *call)
{
	return allocate_kmalloc(sh, call, 0);
}

/* The handle keeps its name, wherever its object goes. */
static int run_krealloc(struct mm_shell *sh, const struct mm_call *call)
{
	struct handle *handle = handle_of_kind(sh, call->argv[0], &handle_kmalloc);
	uint64_t size;
	gfp_t gfp = 0;
	void *object;

	if (!handle || shell_read_size(sh, call->argv[1], &size) ||
	    shell_read_gfp(sh, call->argv[2], &gfp))
		return EXIT_MISTAKE;
	if (!size)
		return shell_mistake(sh, "krealloc to 0 bytes is kfree");
	object = krealloc(shell_kernel(sh), handle->object, size, gfp);
	if (object) {
		handle->object = object;
		handle->size = size;
	}
	shell_say(sh, "%s: %s", handle->name, object ? "done" : "no memory, as it was");
	return 0;
}

static int run_kzalloc(struct mm_shell *sh, const struct mm_call *call)
{
	return allocate_kmalloc(sh, call, __GFP_ZERO);
}

static int run_kfree(struct mm_shell *sh, const struct mm_call *call)
{
	return shell_free_kind(sh, call, &handle_kmalloc);
}

static int run_cache_free(struct mm_shell *sh, const struct mm_call *call)
{
	return shell_free_kind(sh, call, &handle_object);
}

const struct mm_command mm_slab_commands[] = {
	{ "kmalloc", "SIZE GFP", 2, 2, MUST_NAME, run_kmalloc, "contiguous bytes, not cleared" },
	{ "kzalloc", "SIZE GFP", 2, 2, MUST_NAME, run_kzalloc, "cleared" },
	{ "krealloc", "NAME SIZE GFP", 3, 3, NAMES_NOTHING, run_krealloc,
	  "with room for SIZE bytes, moved if it must be" },
	{ "kfree", "NAME|PATTERN ...", 1, MM_ARGS_MAX, NAMES_NOTHING, run_kfree,
	  "gives either back" },
	{ "kmem_cache_create", "CACHE SIZE [ALIGN [FLAGS [ctor]]]", 2, 5, MUST_NAME, run_create,
	  "a cache of objects of SIZE bytes" },
	{ "kmem_cache_alloc", "CACHE GFP", 2, 2, MUST_NAME, run_cache_alloc, "one of them" },
	{ "kmem_cache_zalloc", "CACHE GFP", 2, 2, MUST_NAME, run_cache_zalloc, "cleared" },
	{ "kmem_cache_free", "NAME|PATTERN ...", 1, MM_ARGS_MAX, NAMES_NOTHING, run_cache_free,
	  "gives objects back" },
	{ "kmem_cache_shrink", "CACHE", 1, 1, MAY_NAME, run_shrink, "frees its empty slabs" },
	{ "shrink_slab", "", 0, 0, MAY_NAME, run_shrink_slab, "those of all caches" },
	{ "kmem_cache_destroy", "CACHE", 1, 1, MAY_NAME, run_destroy,
	  "0, or -EBUSY while it has objects" },
	{ 0 },
};
