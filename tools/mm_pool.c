/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_pool - the shell's commands over memory pools.
 */
#include "mm/mempool.h"
#include "mm/mmzone.h"
#include "tools/mm_shell.h"

#include <errno.h>
#include <string.h>

/* ---- pools ---- */

static bool has_elements_out(const struct mm_shell *sh, const struct mempool *pool)
{
	const struct handle *handle;

	list_for_each_entry (handle, &sh->handles, handles)
		if (handle->owner == pool)
			return true;
	return false;
}

/* Linux leaves it to the caller that every element has come back. */
static int release_pool(struct mm_shell *sh, struct handle *handle)
{
	if (has_elements_out(sh, handle->object))
		return -EBUSY;
	mempool_destroy(shell_kernel(sh), handle->object);
	return 0;
}

static void ask_min(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct mempool *pool = handle->object;

	value_set_number(value, pool->min_nr);
}

static void ask_reserve(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct mempool *pool = handle->object;

	value_set_number(value, pool->curr_nr);
}

static void ask_answered(const struct mm_shell *sh, const struct handle *handle,
                         struct value *value)
{
	const struct mempool *pool = handle->object;

	value_set_number(value, (int64_t)pool->nr_from_reserve);
}

static const struct handle_field pool_fields[] = {
	{ "min", ask_min, "elements of a full reserve" },
	{ "reserve", ask_reserve, "elements that it holds now" },
	{ "answered", ask_answered, "allocations that the reserve has answered" },
	{ 0 },
};

static const struct handle_kind handle_pool = {
	.name = "a memory pool",
	.release = release_pool,
	.fields = pool_fields,
};

/* `slab CACHE`, `kmalloc SIZE` or `pages ORDER`. NULL and *status: a mistake; NULL
 * without: no memory. */
static struct mempool *create_pool(struct mm_shell *sh, uint32_t min_nr, const char *kind,
                                   const char *of, int *status)
{
	struct kernel *k = shell_kernel(sh);
	struct kmem_cache *cache;
	uint64_t number;

	if (!strcmp(kind, "slab")) {
		cache = shell_read_cache(sh, of);
		*status = cache ? 0 : EXIT_MISTAKE;
		return cache ? mempool_create_slab_pool(k, min_nr, cache) : NULL;
	}
	if (!strcmp(kind, "kmalloc")) {
		*status = shell_read_size(sh, of, &number);
		return *status ? NULL : mempool_create_kmalloc_pool(k, min_nr, number);
	}
	if (!strcmp(kind, "pages")) {
		*status = shell_read_number(sh, of, MAX_ORDER - 1, &number);
		return *status ? NULL
		               : mempool_create(k, min_nr, mempool_alloc_pages, mempool_free_pages,
		                                (void *)number);
	}
	*status = shell_mistake(sh, "a pool is of slab CACHE, kmalloc SIZE or pages ORDER");
	return NULL;
}

static int run_create(struct mm_shell *sh, const struct mm_call *call)
{
	struct mempool *pool;
	uint64_t min_nr;
	int status = shell_read_number(sh, call->argv[0], UINT16_MAX, &min_nr);

	if (status)
		return status;
	if (!min_nr)
		return shell_mistake(sh, "a pool has one element at least");
	pool = create_pool(sh, (uint32_t)min_nr, call->argv[1], call->argv[2], &status);
	if (status)
		return status;
	shell_say(sh, "%s = %s", call->result, pool ? "a memory pool" : "NULL");
	return handle_make(sh, call->result, &handle_pool, pool, 0);
}

static int run_resize(struct mm_shell *sh, const struct mm_call *call)
{
	const struct handle *handle = handle_of_kind(sh, call->argv[0], &handle_pool);
	uint64_t min_nr;
	int err;

	if (!handle || shell_read_number(sh, call->argv[1], UINT16_MAX, &min_nr))
		return EXIT_MISTAKE;
	err = mempool_resize(shell_kernel(sh), handle->object, (uint32_t)min_nr);
	if (err)
		shell_say(sh, "%s", strerror(-err));
	if (!call->result)
		return 0;
	return handle_make(sh, call->result, &handle_number, NULL, (uint64_t)(int64_t)err);
}

/* ---- elements ---- */

static int release_element(struct mm_shell *sh, struct handle *handle)
{
	mempool_free(shell_kernel(sh), handle->owner, handle->object);
	return 0;
}

static const struct handle_kind handle_element = {
	.name = "an element",
	.object = KERNEL_ADDRESS,
	.release = release_element,
};

static const struct handle_kind handle_page_element = {
	.name = "an element of pages",
	.object = STRUCT_PAGE,
	.release = release_element,
};

static uint64_t element_bytes(const struct mm_shell *sh, const struct mempool *pool,
                              const void *element)
{
	if (!element)
		return 0;
	if (pool->alloc == mempool_alloc_pages)
		return PAGE_SIZE << (uintptr_t)pool->pool_data;
	return ksize(shell_kernel(sh), element);
}

static int run_alloc(struct mm_shell *sh, const struct mm_call *call)
{
	const struct handle *handle = handle_of_kind(sh, call->argv[0], &handle_pool);
	const struct handle_kind *kind;
	struct mempool *pool;
	gfp_t gfp = 0;
	void *element;
	uint64_t answered;
	int status;

	if (!handle || shell_read_gfp(sh, call->argv[1], &gfp))
		return EXIT_MISTAKE;
	pool = handle->object;
	answered = pool->nr_from_reserve;
	kind = pool->alloc == mempool_alloc_pages ? &handle_page_element : &handle_element;
	element = mempool_alloc(shell_kernel(sh), pool, gfp & ~__GFP_ZERO);
	status = handle_make(sh, call->result, kind, element, element_bytes(sh, pool, element));
	if (!status && element)
		handle_find(sh, call->result)->owner = pool;
	shell_say(sh, "%s = %s%s", call->result, element ? "an element" : "NULL",
	          pool->nr_from_reserve > answered ? ", from the reserve" : "");
	return status;
}

const struct mm_command mm_pool_commands[] = {
	{ "mempool_create", "MIN slab CACHE|kmalloc SIZE|pages ORDER", 3, 3, MUST_NAME, run_create,
	  "with MIN elements in reserve" },
	{ "mempool_resize", "POOL MIN", 2, 2, MAY_NAME, run_resize, "0 or -ENOMEM" },
	{ "mempool_alloc", "POOL GFP", 2, 2, MUST_NAME, run_alloc,
	  "an element; the reserve's if there is no other" },
	{ 0 },
};
