/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm/maccess.h"

#include "mm/ioremap.h"
#include "mm/kernel_map.h"

#include <errno.h>
#include <string.h>

/* One of three: memory is copied to `read`, or from `write`, or filled with `byte`. */
struct transfer {
	uint8_t *read;        /* or NULL */
	const uint8_t *write; /* or NULL */
	uint8_t byte;         /* if both are */
	uint64_t len;
};

static bool is_kernel_va(const struct kernel *k, va_t va)
{
	return va >= page_offset(k) && (k->config.paging->va_bits != 32 || va <= UINT32_MAX);
}

/* The largest power of two up to 8 that divides pa and is at most left. */
static unsigned bus_width(pa_t pa, uint64_t left)
{
	unsigned len = 8;

	while (pa % len || len > left)
		len /= 2;
	return len;
}

/* memcpy_fromio(), memcpy_toio(), memset_io() */
static void access_device(struct kernel *k, pa_t pa, const struct transfer *piece)
{
	unsigned n;

	for (uint64_t done = 0; done < piece->len; done += n) {
		uint64_t value = piece->byte * (uint64_t)0x0101010101010101;

		n = bus_width(pa + done, piece->len - done);
		if (piece->read) {
			value = mmio_read(k, pa + done, n);
			memcpy(piece->read + done, &value, n);
			continue;
		}
		if (piece->write) {
			value = 0;
			memcpy(&value, piece->write + done, n);
		}
		mmio_write(k, pa + done, n, value);
	}
}

static void access_ram(struct kernel *k, pa_t pa, const struct transfer *piece)
{
	uint8_t *memory = ram_at(k->ram, pa);

	if (piece->read) {
		memcpy(piece->read, memory, piece->len);
		return;
	}
	k->ops->frame_changed(k->machine, pa >> PAGE_SHIFT);
	if (piece->write)
		memcpy(memory, piece->write, piece->len);
	else
		memset(memory, piece->byte, piece->len);
}

static int access_range(struct kernel *k, va_t va, struct transfer all)
{
	enum access_kind kind = all.read ? ACCESS_LOAD : ACCESS_STORE;
	pa_t pa;

	for (uint64_t done = 0, n; done < all.len; done += n) {
		va_t at = va + done;
		uint64_t left = PAGE_SIZE - (at & ~PAGE_MASK);

		n = left < all.len - done ? left : all.len - done;
		if (!is_kernel_va(k, at) ||
		    !k->ops->kernel_access(k->machine, at, kind, words_touched(at, n), &pa))
			return -EFAULT;
		const struct transfer piece = { all.read ? all.read + done : NULL,
			                        all.write ? all.write + done : NULL, all.byte, n };

		if (ram_has(k->ram, pa, n))
			access_ram(k, pa, &piece);
		else
			access_device(k, pa, &piece);
	}
	return 0;
}

void *kernel_touch(struct kernel *k, va_t va, enum access_kind kind, uint64_t len)
{
	bool mapped;
	pa_t pa;

	if (k->counts_accesses)
		mapped = k->ops->kernel_access(k->machine, va, kind, words_touched(va, len), &pa);
	else if (is_direct_map_va(k, va))
		return direct_map_object(k, va);
	else
		mapped = slow_virt_to_phys(k, va, &pa);
	assert(mapped && ram_has(k->ram, pa, len));
	return ram_at(k->ram, pa);
}

int kernel_read(struct kernel *k, va_t src, void *dst, uint64_t len)
{
	return access_range(k, src, (struct transfer){ .read = dst, .len = len });
}

int kernel_write(struct kernel *k, va_t dst, const void *src, uint64_t len)
{
	return access_range(k, dst, (struct transfer){ .write = src, .len = len });
}

int kernel_memset(struct kernel *k, va_t dst, uint8_t byte, uint64_t len)
{
	return access_range(k, dst, (struct transfer){ .byte = byte, .len = len });
}
