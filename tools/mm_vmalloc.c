/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_vmalloc - the shell's commands over memory that is contiguous in kernel
 * addresses alone, and over devices' memory.
 */
#include "mm/vmalloc.h"

#include "mm/ioremap.h"
#include "mm/page_alloc.h"
#include "tools/mm_shell.h"

#include <string.h>

static va_t va_of(const struct handle *handle)
{
	return (va_t)(uintptr_t)handle->object;
}

/* ---- what can be asked of an area ---- */

static uint64_t nr_pages(const struct handle *handle)
{
	return (handle->size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

static void ask_pages(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, (int64_t)nr_pages(handle));
}

static void ask_size(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, (int64_t)handle->size);
}

static void ask_zeroed(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, handle_is_zero(sh, handle, handle->size));
}

/* Runs of frames that follow each other: 1 if the area is physically contiguous. */
static void ask_runs(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	const struct kernel *k = shell_kernel(sh);
	pfn_t expected = 0;
	int64_t runs = 0;

	for (uint64_t i = 0; i < nr_pages(handle); i++) {
		pfn_t pfn = page_to_pfn(k, vmalloc_to_page(k, va_of(handle) + (i << PAGE_SHIFT)));

		runs += !i || pfn != expected;
		expected = pfn + 1;
	}
	value_set_number(value, runs);
}

static const struct handle_field area_fields[] = {
	{ "size", ask_size, "bytes that were asked for" },
	{ "pages", ask_pages, "pages" },
	{ "runs", ask_runs, "runs of frames that follow each other" },
	{ "zeroed", ask_zeroed, "1: all its bytes are 0" },
	{ 0 },
};

/* ---- vmalloc ---- */

static int release_vmalloc(struct mm_shell *sh, struct handle *handle)
{
	vfree(shell_kernel(sh), va_of(handle));
	return 0;
}

static const struct handle_kind handle_vmalloc = {
	.name = "a vmalloc area",
	.object = KERNEL_VA,
	.release = release_vmalloc,
	.fields = area_fields,
};

/* va 0: it could not be had. */
static int name_area(struct mm_shell *sh, const struct mm_call *call,
                     const struct handle_kind *kind, va_t va, uint64_t size)
{
	if (va)
		shell_say(sh, "%s = %lu bytes at %#lx", call->result, (unsigned long)size,
		          (unsigned long)va);
	else
		shell_say(sh, "%s = NULL", call->result);
	return handle_make(sh, call->result, kind, (void *)(uintptr_t)va, size);
}

static int run_vmalloc(struct mm_shell *sh, const struct mm_call *call)
{
	uint64_t size;
	va_t va = 0;

	if (shell_read_size(sh, call->argv[0], &size))
		return EXIT_MISTAKE;
	vmalloc(shell_kernel(sh), size, &va);
	return name_area(sh, call, &handle_vmalloc, va, size);
}

static int run_vzalloc(struct mm_shell *sh, const struct mm_call *call)
{
	uint64_t size;
	va_t va = 0;

	if (shell_read_size(sh, call->argv[0], &size))
		return EXIT_MISTAKE;
	vzalloc(shell_kernel(sh), size, &va);
	return name_area(sh, call, &handle_vmalloc, va, size);
}

static int run_vmalloc_32(struct mm_shell *sh, const struct mm_call *call)
{
	uint64_t size;
	va_t va = 0;

	if (shell_read_size(sh, call->argv[0], &size))
		return EXIT_MISTAKE;
	vmalloc_32(shell_kernel(sh), size, &va);
	return name_area(sh, call, &handle_vmalloc, va, size);
}

static int run_vfree(struct mm_shell *sh, const struct mm_call *call)
{
	return shell_free_kind(sh, call, &handle_vmalloc);
}

/* ---- vmap ---- */

static int release_vmap(struct mm_shell *sh, struct handle *handle)
{
	vunmap(shell_kernel(sh), va_of(handle));
	return 0;
}

static const struct handle_kind handle_vmap = {
	.name = "a vmap area",
	.object = KERNEL_VA,
	.maps = true,
	.release = release_vmap,
	.fields = area_fields,
};

/* The first frame of each NAME, in this order. */
static int run_vmap(struct mm_shell *sh, const struct mm_call *call)
{
	struct page *pages[MM_ARGS_MAX];
	va_t va = 0;

	for (int i = 0; i < call->argc; i++) {
		const struct handle *handle = handle_find(sh, call->argv[i]);

		pages[i] = handle ? handle_page(sh, handle) : NULL;
		if (!pages[i])
			return shell_mistake(sh, "%s has no frame", call->argv[i]);
	}
	vmap(shell_kernel(sh), pages, (uint64_t)call->argc, &va);
	return name_area(sh, call, &handle_vmap, va, (uint64_t)call->argc << PAGE_SHIFT);
}

static int run_vunmap(struct mm_shell *sh, const struct mm_call *call)
{
	return shell_free_kind(sh, call, &handle_vmap);
}

/* ---- ioremap ---- */

static int release_ioremap(struct mm_shell *sh, struct handle *handle)
{
	iounmap(shell_kernel(sh), va_of(handle));
	return 0;
}

static const struct handle_field device_fields[] = {
	{ "size", ask_size, "bytes of the range" },
	{ "pages", ask_pages, "pages" },
	{ 0 },
};

static const struct handle_kind handle_ioremap = {
	.name = "a device's memory",
	.object = KERNEL_VA,
	.release = release_ioremap,
	.fields = device_fields,
};

static int run_ioremap(struct mm_shell *sh, const struct mm_call *call)
{
	uint64_t pa, size;
	va_t va = 0;

	if (shell_read_number(sh, call->argv[0], UINT64_MAX, &pa) ||
	    shell_read_size(sh, call->argv[1], &size))
		return EXIT_MISTAKE;
	ioremap(shell_kernel(sh), pa, size, &va);
	return name_area(sh, call, &handle_ioremap, va, size);
}

static int run_iounmap(struct mm_shell *sh, const struct mm_call *call)
{
	return shell_free_kind(sh, call, &handle_ioremap);
}

const struct mm_command mm_vmalloc_commands[] = {
	{ "vmalloc", "SIZE", 1, 1, MUST_NAME, run_vmalloc,
	  "pages from anywhere, addresses in a row" },
	{ "vzalloc", "SIZE", 1, 1, MUST_NAME, run_vzalloc, "cleared" },
	{ "vmalloc_32", "SIZE", 1, 1, MUST_NAME, run_vmalloc_32, "of frames below 4 GB" },
	{ "vfree", "NAME|PATTERN ...", 1, MM_ARGS_MAX, NAMES_NOTHING, run_vfree,
	  "gives any of them back" },
	{ "vmap", "NAME ...", 1, MM_ARGS_MAX, MUST_NAME, run_vmap,
	  "the first frame of each, at addresses in a row" },
	{ "vunmap", "NAME|PATTERN ...", 1, MM_ARGS_MAX, NAMES_NOTHING, run_vunmap,
	  "the frames stay" },
	{ "ioremap", "PA SIZE", 2, 2, MUST_NAME, run_ioremap,
	  "a device's registers; show devices has their addresses" },
	{ "iounmap", "NAME|PATTERN ...", 1, MM_ARGS_MAX, NAMES_NOTHING, run_iounmap,
	  "forgets where they were mapped" },
	{ 0 },
};
