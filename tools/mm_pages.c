/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_pages - the shell's commands over the buddy allocator.
 */
#include "mm/page_alloc.h"
#include "mm/thread_stack.h"
#include "tools/mm_shell.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define ORDER_MAX 30 /* that can be asked for; the allocator has fewer */

static unsigned order_of_bytes(uint64_t bytes)
{
	unsigned order = 0;

	while (PAGE_SIZE << order < bytes)
		order++;
	return order;
}

static void ask_order(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, order_of_bytes(handle->size));
}

static void ask_nr_pages(const struct mm_shell *sh, const struct handle *handle,
                         struct value *value)
{
	value_set_number(value, (int64_t)(handle->size >> PAGE_SHIFT));
}

static void ask_zeroed(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, handle_is_zero(sh, handle, handle->size));
}

static const struct handle_field block_fields[] = {
	{ "order", ask_order, "it is 2^order pages" },
	{ "pages", ask_nr_pages, "pages" },
	{ "zeroed", ask_zeroed, "1: all its bytes are 0" },
	{ 0 },
};

/* ---- pages, known by struct page ---- */

static int release_pages(struct mm_shell *sh, struct handle *handle)
{
	__free_pages(shell_kernel(sh), handle->object, order_of_bytes(handle->size));
	return 0;
}

const struct handle_kind handle_pages = {
	.name = "pages",
	.object = STRUCT_PAGE,
	.release = release_pages,
	.fields = block_fields,
};

/* ---- pages, known by address ---- */

static int release_address(struct mm_shell *sh, struct handle *handle)
{
	free_pages(shell_kernel(sh), handle->object, order_of_bytes(handle->size));
	return 0;
}

static const struct handle_kind handle_address_pages = {
	.name = "pages by address",
	.object = KERNEL_ADDRESS,
	.release = release_address,
	.fields = block_fields,
};

/* ---- allocating ---- */

/* Names what was had, and says where it lies. */
static int name_block(struct mm_shell *sh, const char *name, const struct handle_kind *kind,
                      void *object, unsigned order)
{
	const struct kernel *k = shell_kernel(sh);
	int status = handle_make(sh, name, kind, object, PAGE_SIZE << order);
	const struct page *page;
	char zone[MM_NAME_MAX];

	if (status || !object) {
		shell_say(sh, "%s = NULL", name);
		return status;
	}
	page = handle_page(sh, handle_find(sh, name));
	mm_zone_name(sh, page_zone(k, page), zone);
	shell_say(sh, "%s = %lu page%s from frame %lu on, zone %s", name, 1ul << order,
	          order ? "s" : "", (unsigned long)page_to_pfn(k, page), zone);
	return 0;
}

static int read_gfp_and_order(struct mm_shell *sh, const struct mm_call *call, gfp_t *gfp,
                              unsigned *order)
{
	uint64_t number = 0;
	int status = shell_read_gfp(sh, call->argv[0], gfp);

	if (!status && call->argc > 1)
		status = shell_read_number(sh, call->argv[1], ORDER_MAX, &number);
	*order = (unsigned)number;
	return status;
}

/* alloc_page is alloc_pages without an order. */
static int run_alloc_pages(struct mm_shell *sh, const struct mm_call *call)
{
	unsigned order;
	gfp_t gfp;
	int status = read_gfp_and_order(sh, call, &gfp, &order);

	if (status)
		return status;
	return name_block(sh, call->result, &handle_pages,
	                  alloc_pages(shell_kernel(sh), gfp, order), order);
}

/* alloc_pages_node NODE GFP ORDER */
static int run_alloc_pages_node(struct mm_shell *sh, const struct mm_call *call)
{
	const struct pglist_data *node = shell_read_node(sh, call->argv[0]);
	uint64_t order;
	gfp_t gfp = 0;

	if (!node || shell_read_gfp(sh, call->argv[1], &gfp) ||
	    shell_read_number(sh, call->argv[2], ORDER_MAX, &order))
		return EXIT_MISTAKE;
	return name_block(sh, call->result, &handle_pages,
	                  alloc_pages_node(shell_kernel(sh), node->node_id, gfp, (unsigned)order),
	                  (unsigned)order);
}

/* By address: what may have none is refused, where Linux has a BUG. */
static int read_addressable(struct mm_shell *sh, const struct mm_call *call, gfp_t *gfp,
                            unsigned *order)
{
	int status = read_gfp_and_order(sh, call, gfp, order);

	if (!status && *gfp & __GFP_HIGHMEM)
		return shell_mistake(sh, "%s: pages of high memory may have no address",
		                     call->argv[0]);
	return status;
}

static int run_get_free_pages(struct mm_shell *sh, const struct mm_call *call)
{
	unsigned order;
	gfp_t gfp;
	int status = read_addressable(sh, call, &gfp, &order);

	if (status)
		return status;
	return name_block(sh, call->result, &handle_address_pages,
	                  __get_free_pages(shell_kernel(sh), gfp, order), order);
}

static int run_get_zeroed_page(struct mm_shell *sh, const struct mm_call *call)
{
	unsigned order;
	gfp_t gfp;
	int status = read_addressable(sh, call, &gfp, &order);

	if (status)
		return status;
	return name_block(sh, call->result, &handle_address_pages,
	                  get_zeroed_page(shell_kernel(sh), gfp), order);
}

static int run_get_dma_pages(struct mm_shell *sh, const struct mm_call *call)
{
	unsigned order;
	gfp_t gfp;
	int status = read_addressable(sh, call, &gfp, &order);

	if (status)
		return status;
	return name_block(sh, call->result, &handle_address_pages,
	                  get_dma_pages(shell_kernel(sh), gfp, order), order);
}

/* ---- kernel stacks ---- */

static int release_stack(struct mm_shell *sh, struct handle *handle)
{
	free_thread_stack(shell_kernel(sh), handle->object);
	return 0;
}

static const struct handle_kind handle_stack = {
	.name = "a kernel stack",
	.object = KERNEL_ADDRESS,
	.release = release_stack,
	.fields = block_fields,
};

static int run_alloc_stack(struct mm_shell *sh, const struct mm_call *call)
{
	struct kernel *k = shell_kernel(sh);

	return name_block(sh, call->result, &handle_stack, alloc_thread_stack(k),
	                  thread_size_order(k));
}

/* ---- taking all there is ---- */

/* Blocks of one order, linked by page.lru as Linux's own drivers keep theirs. */
struct hog {
	struct list_head blocks;
	uint64_t nr_blocks;
	unsigned order;
};

static int release_hog(struct mm_shell *sh, struct handle *handle)
{
	struct hog *hog = handle->object;
	struct page *page, *next;

	list_for_each_entry_safe (page, next, &hog->blocks, lru)
		__free_pages(shell_kernel(sh), page, hog->order);
	free(hog);
	return 0;
}

static void ask_blocks(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct hog *hog = handle->object;

	value_set_number(value, (int64_t)hog->nr_blocks);
}

static void ask_hog_pages(const struct mm_shell *sh, const struct handle *handle,
                          struct value *value)
{
	const struct hog *hog = handle->object;

	value_set_number(value, (int64_t)(hog->nr_blocks << hog->order));
}

static const struct handle_field hog_fields[] = {
	{ "blocks", ask_blocks, "blocks that it holds" },
	{ "pages", ask_hog_pages, "pages that it holds" },
	{ 0 },
};

static const struct handle_kind handle_hog = {
	.name = "a hog",
	.release = release_hog,
	.fields = hog_fields,
};

/* Until there is no more, or MAX blocks are had. */
static int run_hog(struct mm_shell *sh, const struct mm_call *call)
{
	struct kernel *k = shell_kernel(sh);
	struct hog *hog = malloc(sizeof(*hog));
	uint64_t max = UINT64_MAX;
	struct page *page;
	gfp_t gfp = 0;
	int status;

	if (!hog)
		return shell_mistake(sh, "out of memory");
	INIT_LIST_HEAD(&hog->blocks);
	hog->nr_blocks = 0;
	status = read_gfp_and_order(sh, call, &gfp, &hog->order);
	if (!status && call->argc > 2)
		status = shell_read_number(sh, call->argv[2], UINT64_MAX, &max);
	if (status) {
		free(hog);
		return status;
	}
	while (hog->nr_blocks < max &&
	       (page = alloc_pages(k, gfp | __GFP_NOWARN, hog->order)) != NULL) {
		list_add(&page->lru, &hog->blocks);
		hog->nr_blocks++;
	}
	shell_say(sh, "%s = %lu blocks of order %u", call->result, (unsigned long)hog->nr_blocks,
	          hog->order);
	return handle_make(sh, call->result, &handle_hog, hog, 0);
}

/* ---- giving back ---- */

static int free_handle(struct mm_shell *sh, struct handle *handle)
{
	const char *kind = handle->kind->name;
	int err = handle_release(sh, handle);

	return err ? shell_mistake(sh, "%s %s: %s", kind, handle->name, strerror(-err)) : 0;
}

/* Names may be patterns, as o*: all that match, oldest first. kind NULL: any. */
static int free_matching(struct mm_shell *sh, const char *pattern, const struct handle_kind *kind)
{
	struct handle *handle, *next;
	unsigned nr = 0;
	int status = 0;

	list_for_each_entry_safe (handle, next, &sh->handles, handles) {
		if (status || fnmatch(pattern, handle->name, 0) != 0)
			continue;
		nr++;
		if (kind && handle->kind != kind)
			return shell_mistake(sh, "%s is not %s but %s", handle->name, kind->name,
			                     handle->kind->name);
		status = free_handle(sh, handle);
	}
	return nr ? status : shell_mistake(sh, "nothing is called %s", pattern);
}

int shell_free_kind(struct mm_shell *sh, const struct mm_call *call, const struct handle_kind *kind)
{
	int status = 0;

	for (int i = 0; !status && i < call->argc; i++)
		status = free_matching(sh, call->argv[i], kind);
	return status;
}

static int run_free(struct mm_shell *sh, const struct mm_call *call)
{
	return shell_free_kind(sh, call, NULL);
}

static int run_free_page_structs(struct mm_shell *sh, const struct mm_call *call)
{
	return shell_free_kind(sh, call, &handle_pages);
}

static int run_free_pages(struct mm_shell *sh, const struct mm_call *call)
{
	return shell_free_kind(sh, call, &handle_address_pages);
}

static int run_drain(struct mm_shell *sh, const struct mm_call *call)
{
	drain_all_pages(shell_kernel(sh));
	return 0;
}

const struct mm_command mm_page_commands[] = {
	{ "alloc_pages", "GFP ORDER", 2, 2, MUST_NAME, run_alloc_pages, "2^ORDER pages, or NULL" },
	{ "alloc_page", "GFP", 1, 1, MUST_NAME, run_alloc_pages, "one page" },
	{ "alloc_pages_node", "NODE GFP ORDER", 3, 3, MUST_NAME, run_alloc_pages_node,
	  "of that node, or the nearest that has some" },
	{ "__get_free_pages", "GFP ORDER", 2, 2, MUST_NAME, run_get_free_pages,
	  "the same, by address" },
	{ "get_zeroed_page", "GFP", 1, 1, MUST_NAME, run_get_zeroed_page, "one page of zeroes" },
	{ "get_dma_pages", "GFP ORDER", 2, 2, MUST_NAME, run_get_dma_pages,
	  "from the zone that old devices reach" },
	{ "alloc_thread_stack", "", 0, 0, MUST_NAME, run_alloc_stack,
	  "as a task in the kernel has one" },
	{ "hog", "GFP ORDER [MAX]", 2, 3, MUST_NAME, run_hog, "all there is, or MAX blocks of it" },
	{ "__free_pages", "NAME|PATTERN ...", 1, MM_ARGS_MAX, NAMES_NOTHING, run_free_page_structs,
	  "gives back what alloc_pages gave" },
	{ "free_pages", "NAME|PATTERN ...", 1, MM_ARGS_MAX, NAMES_NOTHING, run_free_pages,
	  "gives back what __get_free_pages and its like gave" },
	{ "free", "NAME|PATTERN ...", 1, MM_ARGS_MAX, NAMES_NOTHING, run_free,
	  "gives back what has these names, of any kind" },
	{ "drain", "", 0, 0, NAMES_NOTHING, run_drain, "per-CPU lists back to the buddy lists" },
	{ 0 },
};
