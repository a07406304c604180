/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_swap - the shell's commands over swap areas.
 */
#include "mm/swap.h"

#include "sim/swap_disk.h"
#include "tools/mm_shell.h"

#include <string.h>

/* The kernel's record of the area. */
static const struct swap_info *info_of(const struct mm_shell *sh, const struct handle *handle)
{
	const struct swap_state *swap = &shell_kernel(sh)->swap;

	for (int i = 0; i < MAX_SWAPFILES; i++)
		if (swap->info[i].device == handle->object)
			return &swap->info[i];
	return NULL;
}

static int release_area(struct mm_shell *sh, struct handle *handle)
{
	int err = swapoff(shell_kernel(sh), handle->object);

	if (!err)
		swap_disk_close(handle->object);
	return err;
}

static void ask_pages(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, (int64_t)info_of(sh, handle)->pages);
}

static void ask_used(const struct mm_shell *sh, const struct handle *handle, struct value *value)
{
	value_set_number(value, (int64_t)info_of(sh, handle)->inuse_pages);
}

static void ask_priority(const struct mm_shell *sh, const struct handle *handle,
                         struct value *value)
{
	value_set_number(value, info_of(sh, handle)->prio);
}

static const struct handle_field area_fields[] = {
	{ "pages", ask_pages, "slots" },
	{ "used", ask_used, "slots that hold a page" },
	{ "priority", ask_priority, "the higher, the earlier used" },
	{ 0 },
};

static const struct handle_kind handle_swap_area = {
	.name = "a swap area",
	.release = release_area,
	.fields = area_fields,
};

/* On a temporary file, with a fresh header. */
static int run_swapon(struct mm_shell *sh, const struct mm_call *call)
{
	struct swap_device *device;
	uint64_t size, priority = 0;
	char why[256];
	int err;

	if (shell_read_size(sh, call->argv[0], &size) ||
	    (call->argc > 1 && shell_read_number(sh, call->argv[1], INT16_MAX, &priority)))
		return EXIT_MISTAKE;
	if (swap_disk_open(&device, NULL, size, why, sizeof(why)))
		return shell_mistake(sh, "%s", why);
	err = mkswap(device);
	if (!err)
		err = swapon(shell_kernel(sh), device, call->argc > 1 ? (int)priority : -1);
	if (err) {
		swap_disk_close(device);
		shell_say(sh, "%s = NULL: %s", call->result, strerror(-err));
		device = NULL;
	}
	return handle_make(sh, call->result, &handle_swap_area, device, size);
}

/* Brings its pages back; -ENOMEM if they do not fit. */
static int run_swapoff(struct mm_shell *sh, const struct mm_call *call)
{
	return shell_try_release(sh, call, &handle_swap_area);
}

const struct mm_command mm_swap_commands[] = {
	{ "swapon", "SIZE [PRIORITY]", 1, 2, MUST_NAME, run_swapon,
	  "an area more; without a priority, it comes after the others" },
	{ "swapoff", "NAME", 1, 1, MAY_NAME, run_swapoff,
	  "brings all pages back; 0, or -ENOMEM and it stays on" },
	{ 0 },
};
