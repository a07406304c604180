/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_handle - the shell's named results, and what can be asked of any that has a
 * frame.
 */
#include "mm/kernel_map.h"
#include "mm/page_alloc.h"
#include "tools/mm_shell.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- kinds that belong to no allocator ---- */

const struct handle_kind handle_number = { .name = "number" };

/* ---- names ---- */

static bool is_name(const char *text)
{
	size_t len = strlen(text);

	if (!len || len >= MM_NAME_MAX || (!isalpha((unsigned char)*text) && *text != '_'))
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && *text != '_')
			return false;
	return true;
}

struct handle *handle_find(const struct mm_shell *sh, const char *name)
{
	struct handle *handle;

	list_for_each_entry (handle, &sh->handles, handles)
		if (!strcmp(handle->name, name))
			return handle;
	return NULL;
}

struct handle *handle_of_kind(const struct mm_shell *sh, const char *name,
                              const struct handle_kind *kind)
{
	struct handle *handle = handle_find(sh, name);

	if (handle && handle->kind == kind && handle->object)
		return handle;
	shell_mistake(sh, "%s is not %s", name, kind->name);
	return NULL;
}

/* Numbers, and allocations that failed, hold nothing. */
static bool holds_something(const struct handle *handle)
{
	return handle->object && handle->kind->release;
}

int handle_check_name(const struct mm_shell *sh, const char *name)
{
	const struct handle *old = handle_find(sh, name);

	if (!is_name(name))
		return shell_mistake(sh, "\"%s\" is no name: letters, digits and _, fewer than %d",
		                     name, MM_NAME_MAX);
	if (old && holds_something(old))
		return shell_mistake(sh, "%s holds %s: free it first", name, old->kind->name);
	return 0;
}

static void forget(struct handle *handle)
{
	list_del(&handle->handles);
	free(handle);
}

int handle_make(struct mm_shell *sh, const char *name, const struct handle_kind *kind, void *object,
                uint64_t size)
{
	struct handle *old = handle_find(sh, name);
	struct handle *handle = malloc(sizeof(*handle));

	if (!handle)
		return shell_mistake(sh, "out of memory");
	if (old)
		forget(old);
	*handle = (struct handle){
		.kind = kind, .object = object, .size = size, .cpu = shell_kernel(sh)->cpu
	};
	snprintf(handle->name, sizeof(handle->name), "%s", name);
	list_add_tail(&handle->handles, &sh->handles);
	return 0;
}

/* The frame behind an address of the kernel's; NULL: none, or not RAM. */
static struct page *page_at(const struct kernel *k, va_t va)
{
	pa_t pa;

	return slow_virt_to_phys(k, va, &pa) && ram_has(k->ram, pa, 1)
	           ? pfn_to_page(k, pa >> PAGE_SHIFT)
	           : NULL;
}

/* Its i-th frame, or NULL. */
static const struct page *frame_of(const struct mm_shell *sh, const struct handle *handle,
                                   uint64_t i)
{
	const struct page *first = handle_page(sh, handle);

	if (!first || handle->kind->object != KERNEL_VA)
		return first ? first + i : NULL;
	return page_at(shell_kernel(sh), (va_t)(uintptr_t)handle->object + (i << PAGE_SHIFT));
}

static uint64_t nr_frames(const struct handle *handle)
{
	return handle->size ? (handle->size + PAGE_SIZE - 1) >> PAGE_SHIFT : 1;
}

static bool shares_a_frame(const struct mm_shell *sh, const struct handle *a,
                           const struct handle *b)
{
	for (uint64_t i = 0; i < nr_frames(a); i++)
		for (uint64_t j = 0; j < nr_frames(b); j++)
			if (frame_of(sh, a, i) && frame_of(sh, a, i) == frame_of(sh, b, j))
				return true;
	return false;
}

/* Linux lets a page go that is mapped still, and trouble begin. */
static bool is_mapped(const struct mm_shell *sh, const struct handle *handle)
{
	const struct handle *other;

	list_for_each_entry (other, &sh->handles, handles)
		if (other != handle && other->kind->maps && other->object && !handle->kind->maps &&
		    shares_a_frame(sh, other, handle))
			return true;
	return false;
}

int handle_release(struct mm_shell *sh, struct handle *handle)
{
	int err = 0;

	if (holds_something(handle))
		err = is_mapped(sh, handle) ? -EBUSY : handle->kind->release(sh, handle);
	if (!err)
		forget(handle);
	return err;
}

int shell_try_release(struct mm_shell *sh, const struct mm_call *call,
                      const struct handle_kind *kind)
{
	struct handle *handle = handle_of_kind(sh, call->argv[0], kind);
	int err;

	if (!handle)
		return EXIT_MISTAKE;
	err = handle_release(sh, handle);
	if (err)
		shell_say(sh, "%s", strerror(-err));
	if (!call->result)
		return 0;
	return handle_make(sh, call->result, &handle_number, NULL, (uint64_t)(int64_t)err);
}

/* What others still use stays, and is tried again when those have gone: a swap area
 * is older than the processes whose pages it has, but may also be younger. */
void handle_release_all(struct mm_shell *sh)
{
	struct list_head *pos, *previous;
	bool again = true;

	while (again) {
		again = false;
		for (pos = sh->handles.prev; pos != &sh->handles; pos = previous) {
			previous = pos->prev;
			again |= !handle_release(sh, list_entry(pos, struct handle, handles));
		}
	}
	assert(list_empty(&sh->handles));
}

/* ---- what a frame says of itself ---- */

struct page *handle_page(const struct mm_shell *sh, const struct handle *handle)
{
	if (!handle->object || handle->kind->object == NO_FRAME)
		return NULL;
	if (handle->kind->object == STRUCT_PAGE)
		return handle->object;
	if (handle->kind->object == KERNEL_VA)
		return page_at(shell_kernel(sh), (va_t)(uintptr_t)handle->object);
	return virt_to_page(shell_kernel(sh), handle->object);
}

bool handle_va(const struct mm_shell *sh, const struct handle *handle, va_t *va)
{
	const struct kernel *k = shell_kernel(sh);
	const void *object = handle->object;

	if (handle->kind->object == KERNEL_VA) {
		*va = (va_t)(uintptr_t)object;
		return object;
	}
	if (object && handle->kind->object == STRUCT_PAGE)
		object = page_address(k, object);
	/* The direct map has all frames but those of high memory. */
	if (!object || (const uint8_t *)object < k->ram->base ||
	    (uint64_t)((const uint8_t *)object - k->ram->base) >= k->high_memory - page_offset(k))
		return false;
	*va = direct_map_va(k, object);
	return true;
}

bool handle_is_zero(const struct mm_shell *sh, const struct handle *handle, uint64_t len)
{
	const struct kernel *k = shell_kernel(sh);
	va_t va;
	pa_t pa;

	if (!handle_va(sh, handle, &va))
		return false;
	for (uint64_t done = 0; done < len; done++) {
		if (!slow_virt_to_phys(k, va + done, &pa) || !ram_has(k->ram, pa, 1) ||
		    *(const uint8_t *)ram_at(k->ram, pa))
			return false;
	}
	return true;
}

static void ask_va(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	va_t va = 0;

	handle_va(sh, handle, &va);
	value_set_address(value, va);
}

const struct handle_field address_fields[] = {
	{ "va", ask_va, "the kernel's address of its first byte; NULL: none" },
	{ 0 },
};

static const struct handle_field *find_field(const struct handle_field *fields, const char *name)
{
	for (; fields && fields->name; fields++)
		if (!strcmp(fields->name, name))
			return fields;
	return NULL;
}

bool handle_ask(const struct mm_shell *sh, const struct handle *handle, const char *name,
                struct value *value)
{
	const struct handle_field *field;
	bool has_place = handle->kind->object != NO_FRAME;

	if (!handle->object)
		return false;
	field = find_field(handle->kind->fields, name);
	if (!field && handle_page(sh, handle))
		field = find_field(frame_fields, name);
	if (!field && has_place)
		field = find_field(address_fields, name);
	if (field)
		field->ask(sh, handle, value);
	return field;
}
