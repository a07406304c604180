/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_access - the kernel reads and writes at its own addresses, through the MMU.
 */
#include "mm/maccess.h"

#include "tools/mm_shell.h"

#include <inttypes.h>

/* Bytes that may be asked for: its own, and the guard page of an area that has one. What
 * is behind the others belongs to somebody. */
static uint64_t accessible_bytes(const struct handle *handle)
{
	if (handle->kind->object != KERNEL_VA)
		return handle->size;
	return ((handle->size + PAGE_SIZE - 1) & PAGE_MASK) + PAGE_SIZE;
}

/* The address of `len` bytes in what NAME has. */
static int read_place(const struct mm_shell *sh, const char *name, const char *offset_text,
                      uint64_t len, va_t *va)
{
	const struct handle *handle = handle_find(sh, name);
	uint64_t offset = 0, size;

	if (!handle || handle->kind->object == NO_FRAME || !handle_va(sh, handle, va))
		return shell_mistake(sh, "%s has no address", name);
	if (offset_text && shell_read_size(sh, offset_text, &offset))
		return EXIT_MISTAKE;
	size = accessible_bytes(handle);
	if (len > size || offset > size - len)
		return shell_mistake(sh, "%s has no %lu bytes from %lu on", name,
		                     (unsigned long)len, (unsigned long)offset);
	*va += offset;
	return 0;
}

static void say_oops(const struct mm_shell *sh, va_t va)
{
	shell_say(sh, "BUG: unable to handle page fault for address: %#" PRIx64, va);
}

/* Eight bytes at NAME + OFFSET; the number is the loaded one, or -EFAULT. */
static int run_read(struct mm_shell *sh, const struct mm_call *call)
{
	uint64_t number = 0;
	va_t va;
	int err;

	if (read_place(sh, call->argv[0], call->argc > 1 ? call->argv[1] : NULL, sizeof(number),
	               &va))
		return EXIT_MISTAKE;
	err = kernel_read(shell_kernel(sh), va, &number, sizeof(number));
	if (err) {
		say_oops(sh, va);
		number = (uint64_t)(int64_t)err;
	} else {
		shell_say(sh, "%#" PRIx64 ": %#018" PRIx64, va, number);
	}
	return call->result ? handle_make(sh, call->result, &handle_number, NULL, number) : 0;
}

static int run_write(struct mm_shell *sh, const struct mm_call *call)
{
	uint64_t number;
	va_t va;
	int err;

	if (read_place(sh, call->argv[0], call->argv[1], sizeof(number), &va) ||
	    shell_read_number(sh, call->argv[2], UINT64_MAX, &number))
		return EXIT_MISTAKE;
	err = kernel_write(shell_kernel(sh), va, &number, sizeof(number));
	if (err)
		say_oops(sh, va);
	if (!call->result)
		return 0;
	return handle_make(sh, call->result, &handle_number, NULL, (uint64_t)(int64_t)err);
}

static int run_fill(struct mm_shell *sh, const struct mm_call *call)
{
	const struct handle *handle;
	uint64_t byte;
	va_t va;

	if (read_place(sh, call->argv[0], NULL, 0, &va) ||
	    shell_read_number(sh, call->argv[1], 255, &byte))
		return EXIT_MISTAKE;
	handle = handle_find(sh, call->argv[0]);
	if (kernel_memset(shell_kernel(sh), va, (uint8_t)byte, handle->size))
		say_oops(sh, va);
	return 0;
}

/* A load each STRIDE bytes of NAME, from its beginning to its end, ROUNDS times. */
static int run_sweep(struct mm_shell *sh, const struct mm_call *call)
{
	uint64_t stride = PAGE_SIZE, rounds = 1, word;
	const struct handle *handle;
	va_t va;

	if (read_place(sh, call->argv[0], NULL, 0, &va) ||
	    (call->argc > 1 && shell_read_size(sh, call->argv[1], &stride)) ||
	    (call->argc > 2 && shell_read_number(sh, call->argv[2], UINT32_MAX, &rounds)))
		return EXIT_MISTAKE;
	if (!stride || stride % sizeof(word))
		return shell_mistake(sh, "a stride is a multiple of 8 bytes");
	handle = handle_find(sh, call->argv[0]);
	for (uint64_t i = 0; i < rounds; i++)
		for (uint64_t at = 0; at + sizeof(word) <= handle->size; at += stride)
			if (kernel_read(shell_kernel(sh), va + at, &word, sizeof(word))) {
				say_oops(sh, va + at);
				return 0;
			}
	return 0;
}

const struct mm_command mm_access_commands[] = {
	{ "read", "NAME [OFFSET]", 1, 2, MAY_NAME, run_read,
	  "8 bytes from there on, as a number; -EFAULT" },
	{ "write", "NAME OFFSET NUMBER", 3, 3, MAY_NAME, run_write, "8 bytes; 0 or -EFAULT" },
	{ "fill", "NAME BYTE", 2, 2, NAMES_NOTHING, run_fill, "writes it all over" },
	{ "sweep", "NAME [STRIDE [ROUNDS]]", 1, 3, NAMES_NOTHING, run_sweep,
	  "a load each STRIDE bytes, or in each page" },
	{ 0 },
};
