// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as an ELF file: refused with a reason, or an image that keeps what
 * elf_image.h promises. */
#include "sim/elf_image.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check(const struct elf_image *image, size_t size)
{
	const va_t top = image->is_64 ? ELF_TASK_SIZE_64 : ELF_TASK_SIZE_32;
	va_t end = 0;

	require(image->nr_segments > 0 && image->nr_segments <= ELF_MAX_SEGMENTS);
	require(memchr(image->interp, 0, sizeof(image->interp)) != NULL);
	require((image->max_align & (image->max_align - 1)) == 0);
	for (uint32_t i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *s = &image->segments[i];

		require(s->va >= end && s->mem_size > 0);
		require(s->va <= top && s->mem_size <= top - s->va);
		require(s->file_size <= s->mem_size);
		require(s->file_offset <= size && s->file_size <= size - s->file_offset);
		require(!s->file_size || (s->file_offset - s->va) % PAGE_SIZE == 0);
		end = s->va + s->mem_size;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_image image;
	char why[128] = "";

	if (elf_image_parse(data, size, "input", &image, why, sizeof(why)) == 0)
		check(&image, size);
	else
		require(strncmp(why, "input: ", 7) == 0);
	return 0;
}
