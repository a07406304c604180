/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_highmem - the shell's commands over high memory: kernel addresses for pages that
 * have none.
 */
#include "mm/highmem.h"
#include "mm/page_alloc.h"
#include "tools/mm_shell.h"

#include <errno.h>

#define ATOMIC_MAX (KM_TYPE_NR / 2) /* slots that the shell takes, of each CPU */

/* The page of pages or of an element; NULL: the mistake has been told. */
static struct page *read_mappable(const struct mm_shell *sh, const char *name)
{
	const struct handle *handle = handle_find(sh, name);
	struct page *page = handle ? handle_page(sh, handle) : NULL;

	if (!page)
		shell_mistake(sh, "%s has no frame", name);
	return page;
}

static int name_mapping(struct mm_shell *sh, const struct mm_call *call,
                        const struct handle_kind *kind, va_t va, struct page *page)
{
	int status = handle_make(sh, call->result, kind, (void *)(uintptr_t)va, va ? PAGE_SIZE : 0);

	if (status)
		return status;
	handle_find(sh, call->result)->owner = page;
	if (va)
		shell_say(sh, "%s = frame %lu at %#lx", call->result,
		          (unsigned long)page_to_pfn(shell_kernel(sh), page), (unsigned long)va);
	else
		shell_say(sh, "%s = NULL", call->result);
	return 0;
}

/* ---- kmap ---- */

static int release_kmap(struct mm_shell *sh, struct handle *handle)
{
	kunmap(shell_kernel(sh), handle->owner);
	return 0;
}

static const struct handle_kind handle_kmap = {
	.name = "a mapping of kmap",
	.object = KERNEL_VA,
	.maps = true,
	.release = release_kmap,
};

static int run_kmap(struct mm_shell *sh, const struct mm_call *call)
{
	struct page *page = read_mappable(sh, call->argv[0]);

	if (!page)
		return EXIT_MISTAKE;
	return name_mapping(sh, call, &handle_kmap, kmap(shell_kernel(sh), page), page);
}

static int run_kunmap(struct mm_shell *sh, const struct mm_call *call)
{
	return shell_free_kind(sh, call, &handle_kmap);
}

/* ---- kmap_atomic ---- */

static const struct handle_kind handle_kmap_atomic;

/* A CPU's slots are a stack: the last one that was mapped goes first. */
static int release_atomic(struct mm_shell *sh, struct handle *handle)
{
	struct machine *machine = sh->machine;
	struct cpu *running = machine->running;
	const struct handle *other, *last = handle;

	list_for_each_entry (other, &sh->handles, handles)
		if (other->kind == &handle_kmap_atomic && other->cpu == handle->cpu)
			last = other;
	if (last != handle)
		return -EBUSY;
	turns_begin(&machine->cpus[handle->cpu]);
	kunmap_atomic(shell_kernel(sh), (va_t)(uintptr_t)handle->object);
	turns_begin(running);
	return 0;
}

static const struct handle_kind handle_kmap_atomic = {
	.name = "a mapping of kmap_atomic",
	.object = KERNEL_VA,
	.maps = true,
	.release = release_atomic,
};

static int run_kmap_atomic(struct mm_shell *sh, const struct mm_call *call)
{
	struct page *page = read_mappable(sh, call->argv[0]);
	struct kernel *k = shell_kernel(sh);

	if (!page)
		return EXIT_MISTAKE;
	if (k->kmaps.nr_atomic[k->cpu] >= ATOMIC_MAX)
		return shell_mistake(sh, "the kernel needs the other slots itself");
	return name_mapping(sh, call, &handle_kmap_atomic, kmap_atomic(k, page), page);
}

static int run_kunmap_atomic(struct mm_shell *sh, const struct mm_call *call)
{
	return shell_free_kind(sh, call, &handle_kmap_atomic);
}

const struct mm_command mm_highmem_commands[] = {
	{ "kmap", "NAME", 1, 1, MUST_NAME, run_kmap,
	  "an address for its (first) frame, for as long as it is wanted; NULL: none is left" },
	{ "kunmap", "NAME|PATTERN ...", 1, MM_ARGS_MAX, NAMES_NOTHING, run_kunmap,
	  "not wanted any more" },
	{ "kmap_atomic", "NAME", 1, 1, MUST_NAME, run_kmap_atomic,
	  "an address on this CPU, for a moment" },
	{ "kunmap_atomic", "NAME|PATTERN ...", 1, MM_ARGS_MAX, NAMES_NOTHING, run_kunmap_atomic,
	  "the last one first" },
	{ 0 },
};
